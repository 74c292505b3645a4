//! Priority scheduling, preemptive or not, with ageing and with round robin among equals where asked for.

use crate::def::{Build, Cost, Example, Input, PolicyDef, Traits, cite};
use crate::keyed::{Entry, KeyedQueue};
use crate::params::{ParamDef, ParamKind, Params};
use crate::ranked::{Ranked, Total};
use crate::slots::{PerSlot, time_of};
use sim_core::policy::{Blind, Cpu, CpuScheduler, Pick, Scheduler, Slot, Task, Why};
use sim_core::ties::{EqualKey, PreemptedTo, ResumeQuantum};
use sim_core::trace::Key;
use sim_core::units::{Span, Time, Work};
use std::collections::BTreeSet;

pub(crate) static DEF: PolicyDef = PolicyDef {
    id: "priority",
    title: "Priority",
    definition: "The ready job with the best priority runs; order says whether low or high numbers are better. With \
                 preemptive=true a ready job takes the core of a running one whose priority is strictly worse, on \
                 several cores that of the worst; with preemptive=false it waits until the core is free. With ageing=T the \
                 priority of a waiting job improves by one for each full T it has been in the ready queue, and a job \
                 that has thus become better preempts at that very instant; it keeps what it has gained while it \
                 runs and is back at its own priority when it is ready again. Jobs of equal priority: without a quantum the running job stays and among waiting jobs the earlier \
                 release goes first, then the place in the task list (tie rule equal_key); with a quantum they take \
                 turns of one quantum in the order of joining the queue, and a preempted job goes to the tail with a \
                 fresh quantum (tie rules preempted_to and resume_quantum).",
    rule: "best priority",
    tie: "running job stays; earlier release, then place in the list (with a quantum: order of joining)",
    keys: &["priority (smaller is better)", "turn among equals (0: it runs)"],
    keys_of: Some(keys_of),
    orders_by: Some(Input::Priority),
    draws: false,
    source: &[
        cite(
            "Silberschatz, Galvin, Gagne: Operating System Concepts, 10th ed.",
            "5.3.4 (low numbers are better)",
        ),
        cite("Tanenbaum, Bos: Modern Operating Systems", "2.4.3 (high numbers are better)"),
    ],
    params: &[
        ParamDef {
            name: "order",
            kind: ParamKind::Choice(&["low-first", "high-first"]),
            default: "low-first",
            help: "whether low or high priority numbers are better",
        },
        ParamDef {
            name: "preemptive",
            kind: ParamKind::Boolean,
            default: "true",
            help: "whether a better job takes the core of a running one",
        },
        ParamDef {
            name: "ageing",
            kind: ParamKind::SpanOrOff,
            default: "off",
            help: "waiting time after which a job's priority improves by one",
        },
        ParamDef {
            name: "quantum",
            kind: ParamKind::SpanOrOff,
            default: "off",
            help: "longest turn while jobs of equal priority wait",
        },
    ],
    cost: Cost { arrive: "O(log n)", pick: "O(log n)", memory: "O(ready)" },
    traits: Traits { preemptive: true, clairvoyant: false, work_conserving: true, random: false },
    example: Example {
        unit: "ms",
        params: "",
        jobs: "P1 0 4 priority=2 | P2 1 3 priority=1 | P3 2 1 priority=3",
        timeline: "P1 0-1 | P2 1-4 | P1 4-7 | P3 7-8",
    },
    build: Build::Scheduler(|params, _| {
        match (params.boolean("preemptive"), params.span("ageing") != Span::ZERO) {
            (true, false) => CpuScheduler::picks(Priority::<true, false>::new(params)),
            (true, true) => CpuScheduler::picks(Priority::<true, true>::new(params)),
            (false, false) => CpuScheduler::picks(Priority::<false, false>::new(params)),
            (false, true) => CpuScheduler::picks(Priority::<false, true>::new(params)),
        }
    }),
};

/// The priority as the input has it, and the turn where jobs of equal priority take turns.
fn keys_of(params: &Params) -> Vec<String> {
    let better = match (params.word("order"), params.span("ageing") != Span::ZERO) {
        ("low-first", false) => "priority (smaller is better)",
        ("low-first", true) => "priority less the steps of ageing (smaller is better)",
        (_, false) => "minus the priority (greater is better)",
        (_, true) => "minus the priority and the steps of ageing (greater is better)",
    };
    let takes_turns = params.span("quantum") != Span::ZERO;
    let turn = takes_turns.then(|| "turn among equals (0: it runs)".to_owned());
    std::iter::once(better.to_owned()).chain(turn).collect()
}

/// Rank (smaller is better), then turn among equals; without a quantum all turns are 0.
type Order = (i128, i64);

/// A running job's turn with a quantum: it comes before all that wait.
const ITS_TURN: i64 = i64::MIN;

struct Priority<const PREEMPTIVE: bool, const AGEING: bool> {
    low_first: bool,
    ageing: Span,
    quantum: Option<Span>,
    /// Ready jobs by order, where it does not change with time.
    queue: KeyedQueue<Order>,
    /// Ready jobs with ageing.
    aging: Ageing,
    turns: PerSlot<Turn>,
    first_turn: i64,
    last_turn: i64,
}

/// Ready jobs whose ranks improve by one each time they have waited for a whole step.
///
/// Cut time into steps from its beginning. A job that began to wait in step q has gained p - q in step p, less one while the part
/// of the step that is over is smaller than the part that was over when it began. So its rank + q never changes, and at any
/// instant the jobs are of two kinds, divided by that part: those whose order is rank + q, and those for whom it is one more.
#[derive(Default)]
struct Ageing {
    /// By the part of the step that was over, then by serial number: the best under rank + q.
    waiting: Ranked<(u64, u64), Best>,
    /// When each would be of rank 0, with its serial number.
    zeros: BTreeSet<(i128, u64)>,
    serial: u64,
}

/// The best of some jobs.
#[derive(Clone, Copy, Debug)]
struct Best(Option<Entry<Order>>);

impl Total for Best {
    const NONE: Best = Best(None);

    fn plus(self, other: Best) -> Best {
        Best(self.0.into_iter().chain(other.0).min())
    }
}

#[derive(Clone, Copy, Debug, Default)]
struct Turn {
    /// Place among jobs of equal rank.
    number: i64,
    /// What is left of the quantum.
    left: Span,
    /// Steps gained by ageing before the present run.
    gained: i128,
    /// Under ageing: since when it waits, with its rank then and its serial number; 0 where it does not wait.
    since: Time,
    rank: i128,
    serial: u64,
}

impl<const PREEMPTIVE: bool, const AGEING: bool> Priority<PREEMPTIVE, AGEING> {
    fn new(params: &Params) -> Self {
        Priority {
            low_first: params.word("order") == "low-first",
            ageing: params.span("ageing"),
            quantum: Some(params.span("quantum")).filter(|quantum| *quantum != Span::ZERO),
            queue: KeyedQueue::default(),
            aging: Ageing::default(),
            turns: PerSlot::default(),
            first_turn: 0,
            last_turn: 0,
        }
    }

    fn rank(&self, task: &Task<'_, Blind>) -> i128 {
        let number = i128::from(task.priority());
        if self.low_first { number } else { -number }
    }

    /// The order of a running job.
    fn running(&self, task: &Task<'_, Blind>) -> Order {
        let gained = if AGEING { self.turns.get(task.slot()).gained } else { 0 };
        (self.rank(task) - gained, if self.quantum.is_some() { ITS_TURN } else { 0 })
    }

    /// Full ageing steps between two instants.
    fn steps(&self, since: Time, now: Time) -> i128 {
        i128::from(now.since(since).0 / self.ageing.0.max(1))
    }

    /// Where a job that joins stands among its equals, and with how much of its quantum.
    fn turn(&mut self, slot: Slot, why: Why, ran: Work, quantum: Span, cpu: &Cpu<'_, Blind>) -> i64 {
        let turn = self.turns.at(slot);
        let left = Span(turn.left.0.saturating_sub(time_of(ran, cpu).0));
        let preempted = why == Why::Preempted && left != Span::ZERO;
        let remainder = preempted && cpu.ties().resume_quantum == ResumeQuantum::Remainder;
        turn.left = if remainder { left } else { quantum };
        turn.number = if preempted && cpu.ties().preempted_to == PreemptedTo::Head {
            self.first_turn -= 1;
            self.first_turn
        } else {
            self.last_turn += 1;
            self.last_turn
        };
        turn.number
    }

    /// The best waiting job under ageing, under its present rank.
    fn best(&self, now: Time) -> Option<Entry<Order>> {
        let step = self.ageing.0.max(1);
        let (whole, behind) = self.aging.waiting.divided((now.0 % step + 1, 0));
        let behind = behind.0.map(|mut entry| {
            entry.key.0 += 1;
            entry
        });
        let mut best = whole.0.into_iter().chain(behind).min()?;
        best.key.0 -= i128::from(now.0 / step);
        Some(best)
    }

    /// A job begins to wait under ageing.
    fn wait(&mut self, mut entry: Entry<Order>, now: Time) {
        let step = self.ageing.0.max(1);
        self.aging.serial += 1;
        let turn = self.turns.at(entry.slot);
        (turn.since, turn.rank, turn.serial) = (now, entry.key.0, self.aging.serial);
        self.aging.zeros.insert((zero(turn, step), turn.serial));
        entry.key.0 += i128::from(now.0 / step);
        self.aging.waiting.insert((now.0 % step, turn.serial), Best(Some(entry)));
    }

    /// A job waits no more under ageing.
    fn wait_no_more(&mut self, slot: Slot) {
        let step = self.ageing.0.max(1);
        let turn = self.turns.at(slot);
        self.aging.zeros.remove(&(zero(turn, step), turn.serial));
        self.aging.waiting.remove((turn.since.0 % step, turn.serial));
        turn.serial = 0;
    }
}

/// When a job that waits would be of rank 0.
fn zero(turn: &Turn, step: u64) -> i128 {
    i128::from(turn.since.0) + turn.rank * i128::from(step)
}

impl<const PREEMPTIVE: bool, const AGEING: bool> Scheduler for Priority<PREEMPTIVE, AGEING> {
    type Sees = Blind;
    const PREEMPTIVE: bool = PREEMPTIVE;
    const TICKS: bool = PREEMPTIVE && AGEING;

    fn ready(&mut self, task: Slot, why: Why, ran: Work, cpu: &mut Cpu<'_, Blind>) {
        let turn = match self.quantum {
            Some(quantum) => self.turn(task, why, ran, quantum, cpu),
            None => 0,
        };
        let view = cpu.task(task);
        let order = (self.rank(&view), turn);
        if AGEING {
            let entry = Entry::new(order, &view, cpu.ties().equal_key);
            self.wait(entry, cpu.now());
        } else {
            self.queue.push(task, order, cpu);
        }
    }

    fn pick(&mut self, _core: u32, cpu: &mut Cpu<'_, Blind>) -> Pick {
        let next = if AGEING {
            self.best(cpu.now()).map(|entry| {
                self.wait_no_more(entry.slot);
                let gained = self.steps(self.turns.get(entry.slot).since, cpu.now());
                self.turns.at(entry.slot).gained = gained;
                entry.slot
            })
        } else {
            self.queue.pop()
        };
        match next {
            None => Pick::NONE,
            Some(slot) if self.quantum.is_some() => Pick::for_slice(slot, self.turns.get(slot).left),
            Some(slot) => Pick::to_completion(slot),
        }
    }

    fn preempt(&mut self, cpu: &mut Cpu<'_, Blind>) -> Option<u32> {
        if AGEING {
            self.best(cpu.now())?.displaces(cpu, |task| self.running(task))
        } else {
            self.queue.displaces(cpu, |task| self.running(task))
        }
    }

    fn withdraw(&mut self, task: Slot) {
        if AGEING {
            self.wait_no_more(task);
        } else {
            self.queue.remove(task);
        }
    }

    /// The next instant at which a waiting job becomes better than the worst running one, or equal to it where the
    /// tie rule then lets it preempt.
    fn next_tick(&self, cpu: &Cpu<'_, Blind>) -> Time {
        let Some(worst) = cpu.running().map(|(_, task)| self.running(&task).0).max() else {
            return Time::NEVER;
        };
        let equal_may_do = self.quantum.is_none() && cpu.ties().equal_key != EqualKey::RunningStays;
        let now = cpu.now();
        let step = i128::from(self.ageing.0.max(1));
        // The first job to be of this rank after now.
        let reach = |rank: i128| {
            let later = (i128::from(now.0) + 1 + rank * step, 0);
            let (zero, _) = self.aging.zeros.range(later..).next()?;
            u64::try_from(zero - rank * step).ok().map(Time)
        };
        let equal = reach(worst).filter(|_| equal_may_do);
        equal.into_iter().chain(reach(worst - 1)).min().unwrap_or(Time::NEVER)
    }

    fn key(&self, task: &Task<'_, Blind>, cpu: &Cpu<'_, Blind>) -> Key {
        let slot = task.slot();
        if cpu.running().any(|(_, running)| running.slot() == slot) {
            return Key::pair(self.running(task).0, 0);
        }
        let waiting = Some(self.turns.get(slot)).filter(|turn| AGEING && turn.serial != 0);
        let rank = self.rank(task) - waiting.map_or(0, |turn| self.steps(turn.since, cpu.now()));
        // Counted from the first of all turns, so that it is at least 1; that of a running job is before it.
        let turn = self.turns.get(slot).number - self.first_turn.min(0) + 1;
        Key::pair(rank, if self.quantum.is_some() { turn } else { 0 })
    }
}
