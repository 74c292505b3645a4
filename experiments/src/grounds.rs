//! Why this one, asked afterwards: the grounds of decisions that were recorded without them.
//!
//! Nothing is kept for the question: the model is run again up to the decision, and as a run depends on nothing but its model
//! the same decision is taken there.

use crate::run::{Failure, Progress, RunPlan, Watch};
use sim_core::Limits;
use sim_core::model::Model;
use sim_core::record::Recorder;
use sim_core::trace::{Decision, DecisionKind, Grounds, settled_number};
use sim_core::units::Time;
use std::collections::{BTreeMap, BTreeSet};

/// The grounds of some decisions of replication 1, by their numbers from 0 in the order of the trace. `until`: the instant of
/// the last of them, after which the run ends. `of_sources`: see [`sim_core::trace::Trace`]. Numbers that the run does not get to are missing in the answer.
///
/// # Errors
/// The run reached a limit, or `watch` stopped it.
pub fn grounds(
    model: &Model,
    plan: &RunPlan,
    wanted: &BTreeSet<usize>,
    until: Time,
    of_sources: u64,
    watch: Watch<'_>,
) -> Result<BTreeMap<usize, Grounds>, Failure> {
    let mut model = model.clone();
    let end = Time(until.0.saturating_add(1).min(Time::LATEST.0));
    model.stop.after = Some(model.stop.after.map_or(end, |after| after.min(end)));
    model.warmup = Time::ZERO;
    let observer = |progress: sim_core::Progress| {
        let fraction = progress.now.0 as f64 / end.0.max(1) as f64;
        watch(Progress { done: 0, total: 1, fraction: fraction.clamp(0.0, 1.0), events: progress.events })
    };
    let limits = Limits {
        max_events: plan.max_events,
        max_jobs: plan.max_jobs,
        all_distributions: false,
        observer: Some(&observer),
    };
    let asked = Asked { wanted: wanted.iter().copied().collect(), of_sources, ..Asked::default() };
    let (_, asked) = sim_core::run(&model, 0, &limits, asked).map_err(|error| Failure {
        replication: 1,
        replications: 1,
        error: Box::new(error),
    })?;
    Ok(asked.found)
}

/// Counts decisions and keeps the grounds of those that are asked for.
#[derive(Default)]
struct Asked {
    /// Sorted.
    wanted: Vec<usize>,
    /// How many of all jobs are of sources: the others are numbered on from there.
    of_sources: u64,
    /// How many of these are past.
    past: usize,
    /// How many decisions were taken.
    taken: usize,
    found: BTreeMap<usize, Grounds>,
}

impl Recorder for Asked {
    fn wants_decisions(&self) -> bool {
        true
    }

    fn wants_grounds(&self) -> bool {
        self.wanted.get(self.past) == Some(&self.taken)
    }

    fn decision(&mut self, decision: Decision) {
        if let Some(mut grounds) = decision.grounds {
            if !matches!(decision.kind, DecisionKind::Balance { .. }) {
                for candidate in &mut grounds.candidates {
                    candidate.id = settled_number(candidate.id, self.of_sources);
                }
            }
            self.found.insert(self.taken, *grounds);
            self.past += 1;
        }
        self.taken += 1;
    }
}
