//! The first decision at which two policies part.

use super::Alternative;
use crate::grounds::grounds;
use crate::recording::{Decisions, Recording};
use crate::run::{Failure, RECORDED_JOBS, RunPlan, most_jobs};
use reports::compare::FirstDifferenceRow;
use reports::explain::Explainer;
use sim_core::model::Model;
use sim_core::trace::{Decision, Trace};
use sim_core::units::Time;
use sim_core::{Limits, RunError};
use std::collections::BTreeSet;

/// The first decision of replication 1 at which `other` parts with `reference`: in time, in what was decided, on which
/// core, or in who was chosen. Keys and notes do not count. Of larger runs the first [`RECORDED_JOBS`] jobs are looked at.
///
/// # Errors
/// The run that could not be finished; 0 is the reference.
pub fn first_difference(
    reference: Alternative<'_>,
    other: Alternative<'_>,
    plan: &RunPlan,
) -> Result<FirstDifferenceRow, (usize, Failure)> {
    let record = |index: usize, model: &Model| {
        Decided::record(model, plan)
            .map_err(|error| (index, Failure { replication: 1, replications: 1, error: Box::new(error) }))
    };
    let mut decided = [record(0, reference.model)?, record(1, other.model)?];
    if let Some(index) = parting(&decided) {
        for (number, model) in [reference.model, other.model].into_iter().enumerate() {
            decided[number].explain(index, model, plan).map_err(|failure| (number, failure))?;
        }
    }
    Ok(row(reference, other, &decided))
}

/// The decisions of replication 1, from the beginning.
struct Decided {
    trace: Trace,
    /// Whether these are all.
    complete: bool,
}

impl Decided {
    fn record(model: &Model, plan: &RunPlan) -> Result<Decided, RunError> {
        let limits = Limits { max_events: plan.max_events, max_jobs: plan.max_jobs, ..Limits::default() };
        let small = most_jobs(model).is_some_and(|jobs| jobs <= RECORDED_JOBS);
        let mut shortened = model.clone();
        if !small {
            let jobs = model.stop.jobs.unwrap_or(u64::MAX).min(RECORDED_JOBS);
            shortened.stop.jobs = Some(jobs);
        }
        let (measures, recording) = sim_core::run(&shortened, 0, &limits, Recording::new(Decisions::Chosen))?;
        let (mut trace, cut) = (recording.trace, recording.decisions_cut);
        let shorter = !small && measures.released >= RECORDED_JOBS;
        if shorter {
            // Behind the last arrival the shortened run lacks arrivals that the whole one has.
            let last = trace.jobs.last().map_or(Time::ZERO, |job| job.arrival);
            trace.decisions.retain(|decision| decision.at < last);
        }
        Ok(Decided { trace, complete: !shorter && !cut })
    }

    /// Sees to it that a decision has its grounds.
    fn explain(&mut self, index: usize, model: &Model, plan: &RunPlan) -> Result<(), Failure> {
        let of_sources = self.trace.of_sources;
        let Some(decision) = self.trace.decisions.get_mut(index) else { return Ok(()) };
        if decision.grounds.is_none() {
            let mut found =
                grounds(model, plan, &BTreeSet::from([index]), decision.at, of_sources, &|_| true)?;
            decision.grounds = found.remove(&index).map(Box::new);
        }
        Ok(())
    }
}

/// Number of the first decision, from 0, at which they part.
fn parting(decided: &[Decided; 2]) -> Option<usize> {
    let what = |decision: &Decision| (decision.at, decision.kind, decision.chosen);
    let [a, b] = [&decided[0].trace.decisions, &decided[1].trace.decisions];
    let same = a.iter().zip(b).take_while(|(a, b)| what(a) == what(b)).count();
    let complete = decided.iter().all(|decided| decided.complete);
    // Where one list was cut, its end is not the end of the run.
    let comparable = if complete { a.len().max(b.len()) } else { a.len().min(b.len()) };
    (same < comparable).then_some(same)
}

fn row(reference: Alternative<'_>, other: Alternative<'_>, decided: &[Decided; 2]) -> FirstDifferenceRow {
    let index = parting(decided);
    let row = |alternative: Alternative<'_>, trace: &Trace| {
        let words = crate::vocabulary(alternative.model);
        let explainer = Explainer::new(alternative.model, trace, &words);
        trace.decisions.get(index?).map(|decision| explainer.row(decision))
    };
    FirstDifferenceRow {
        policy: other.label.to_owned(),
        decision: index.map(|index| index as u64 + 1),
        complete: decided.iter().all(|decided| decided.complete),
        reference_decision: row(reference, &decided[0].trace),
        policy_decision: row(other, &decided[1].trace),
    }
}
