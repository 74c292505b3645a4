//! Guessing the next burst of a task from its past ones.
//!
//! The exponential average of Silberschatz: after a burst of length `t` the prediction `tau` becomes
//! `alpha * t + (1 - alpha) * tau`. It is kept for each task, so that all jobs of a periodic task or of a source, and
//! all bursts of a row of a task list, teach the same prediction. Whole nanoseconds, rounded to the nearest; `alpha`
//! in millionths.

use crate::keyed::KeyedQueue;
use crate::params::{ParamDef, ParamKind, Params};
use crate::slots::PerSlot;
use sim_core::policy::{Blind, Cpu, Pick, Scheduler, Slot, Task, Why};
use sim_core::trace::Key;
use sim_core::units::{Span, Work};

/// Which knowledge of sizes the policy uses.
pub(crate) const PREDICTOR: ParamDef = ParamDef {
    name: "predictor",
    kind: ParamKind::Choice(&["exact", "exponential"]),
    default: "exact",
    help: "whether sizes are known (`exact`) or guessed from earlier bursts of the same task (`exponential`)",
};

/// The weight of the latest burst.
pub(crate) const ALPHA: ParamDef = ParamDef {
    name: "alpha",
    kind: ParamKind::Decimal { min_milli: 0, max_milli: 1000 },
    default: "0.5",
    help: "weight of the latest burst in the exponential average (predictor=exponential)",
};

/// The prediction before the first burst.
pub(crate) const INITIAL: ParamDef = ParamDef {
    name: "initial",
    kind: ParamKind::Span,
    default: "10ms",
    help: "prediction for a task's first burst (predictor=exponential)",
};

/// Whether the parameters ask for guesses.
pub(crate) fn guesses(params: &Params) -> bool {
    params.word(PREDICTOR.name) == "exponential"
}

const MILLION: u128 = 1_000_000;

#[derive(Clone, Debug)]
struct ExponentialAverage {
    alpha_ppm: u128,
    initial: u64,
    /// One prediction a task.
    tau: Vec<Option<u64>>,
}

impl ExponentialAverage {
    fn prediction(&self, task: u32) -> u64 {
        self.tau.get(task as usize).copied().flatten().unwrap_or(self.initial)
    }

    fn observe(&mut self, task: u32, burst: u64) {
        let next = self.alpha_ppm * u128::from(burst)
            + (MILLION - self.alpha_ppm) * u128::from(self.prediction(task))
            + MILLION / 2;
        let index = task as usize;
        if index >= self.tau.len() {
            self.tau.resize(index + 1, None);
        }
        // A weighted mean of two u64 is one.
        self.tau[index] = Some((next / MILLION) as u64);
    }
}

/// Shortest predicted burst first; with `PREEMPTIVE`, shortest predicted remaining burst first.
pub(crate) struct Predicted<const PREEMPTIVE: bool> {
    average: ExponentialAverage,
    queue: KeyedQueue<u64>,
    bursts: PerSlot<Burst>,
}

/// The present burst of a job.
#[derive(Clone, Copy, Debug, Default)]
struct Burst {
    predicted: u64,
    /// Served in earlier dispatches.
    served: u64,
}

impl<const PREEMPTIVE: bool> Predicted<PREEMPTIVE> {
    pub(crate) fn new(params: &Params) -> Self {
        let Span(initial) = params.span(INITIAL.name);
        // Whole millionths: the comparison of keys must not depend on how a float is rounded.
        let alpha_ppm = (params.decimal(ALPHA.name) * 1e6).round() as u128;
        Predicted {
            average: ExponentialAverage { alpha_ppm, initial, tau: Vec::new() },
            queue: KeyedQueue::default(),
            bursts: PerSlot::default(),
        }
    }

    fn left_to_serve(&self, task: &Task<'_, Blind>) -> u64 {
        self.bursts.get(task.slot()).predicted.saturating_sub(task.attained().0)
    }
}

impl<const PREEMPTIVE: bool> Scheduler for Predicted<PREEMPTIVE> {
    type Sees = Blind;
    const PREEMPTIVE: bool = PREEMPTIVE;
    const WATCHES: bool = true;

    fn ready(&mut self, task: Slot, why: Why, ran: Work, cpu: &mut Cpu<'_, Blind>) {
        let burst = self.bursts.at(task);
        match why {
            Why::Arrived | Why::Returned => {
                *burst = Burst { predicted: self.average.prediction(cpu.task(task).task()), served: 0 };
            }
            Why::SliceEnd | Why::Preempted => burst.served += ran.0,
        }
        let key = burst.predicted.saturating_sub(burst.served);
        self.queue.push(task, key, cpu);
    }

    fn pick(&mut self, _core: u32, _cpu: &mut Cpu<'_, Blind>) -> Pick {
        self.queue.pop().map_or(Pick::NONE, Pick::to_completion)
    }

    fn preempt(&mut self, cpu: &mut Cpu<'_, Blind>) -> Option<u32> {
        self.queue.displaces(cpu, |task| self.left_to_serve(task))
    }

    fn left(&mut self, task: Slot, ran: Work, cpu: &mut Cpu<'_, Blind>) {
        let burst = self.bursts.at(task).served + ran.0;
        self.average.observe(cpu.task(task).task(), burst);
    }

    fn withdraw(&mut self, task: Slot) {
        self.queue.remove(task);
    }

    fn key(&self, task: &Task<'_, Blind>, _cpu: &Cpu<'_, Blind>) -> Key {
        Key::of(self.left_to_serve(task))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Silberschatz, Galvin, Gagne: Operating System Concepts, figure 5.4 (alpha 1/2, first prediction 10).
    #[test]
    fn the_average_follows_the_textbook_figure() {
        let mut average = ExponentialAverage { alpha_ppm: 500_000, initial: 10, tau: Vec::new() };
        let mut predictions = vec![average.prediction(3)];
        for burst in [6, 4, 6, 4, 13, 13, 13] {
            average.observe(3, burst);
            predictions.push(average.prediction(3));
        }
        assert_eq!(predictions, [10, 8, 6, 6, 5, 9, 11, 12]);
        assert_eq!(average.prediction(0), 10, "tasks do not teach each other");
    }
}
