//! Policies on the same work.
//!
//! Random streams are keyed by seed, replication, entity and purpose, never by policy: every policy meets the same
//! arrivals and sizes, so that differences are taken in pairs, replication by replication.

mod best;
mod conclusion;
mod first;
mod rows;

use crate::metrics::MetricName;
use crate::precision::Precision;
use crate::run::{Failure, Progress, Replications, RunPlan, RunResult, find_warmup};
use reports::compare::{CompareRow, Conclusion, Selection};
use reports::condition::ConditionRow;
use rows::Compared;
use sim_core::model::Model;
use std::borrow::Cow;

pub use best::{USUAL_BUDGET, best};
pub use first::first_difference;
pub use rows::PolicyCondition;

/// What is compared.
#[derive(Clone, Copy, Debug)]
pub struct Alternative<'a> {
    /// Its name in the table: the policy.
    pub label: &'a str,
    /// The model with that policy.
    pub model: &'a Model,
}

/// What is asked of a comparison.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct CompareOptions {
    /// Index of the alternative that the others are compared with.
    pub reference: usize,
    /// The metrics that are compared, for every class and station that has them; empty: those of [`DEFAULT_METRICS`] over
    /// all jobs, without those that say nothing here. The first one decides who wins.
    pub metrics: Vec<MetricName>,
    /// Differences that lie within this part of the reference's value with their whole interval make no practical
    /// difference, in [0, 1).
    pub noise: f64,
    /// Conditions on one alternative each, or on all.
    pub conditions: Vec<PolicyCondition>,
}

/// What a comparison found.
#[derive(Clone, PartialEq, Debug)]
pub struct Comparison {
    /// One result an alternative.
    pub results: Vec<RunResult>,
    /// By metric, then alternative.
    pub rows: Vec<CompareRow>,
    /// Who wins, by how much, how sure, and at what cost elsewhere; `None` where nothing that was compared has a direction.
    pub conclusion: Option<Conclusion>,
    /// How the best was found, where it was looked for; see [`best`].
    pub selection: Option<Selection>,
    /// By condition, then alternative.
    pub conditions: Vec<ConditionRow>,
    /// Remarks for the user, one sentence each.
    pub notes: Vec<String>,
    /// Where the plan's precision was not reached, a sentence each.
    pub shortfalls: Vec<String>,
}

/// The metrics that are compared unless others are asked for.
pub const DEFAULT_METRICS: [&str; 10] = [
    "response/mean",
    "response/p99",
    "response/max",
    "waiting/mean",
    "first_response/mean",
    "throughput/rate",
    "jobs/lost",
    "deadline_misses/count",
    "context_switches/count",
    "preemptions/count",
];

/// Runs every alternative, as often as the plan says or as its precision takes of any of them, and compares the others with
/// the reference.
///
/// An automatic warm-up is found for every alternative; the longest is cut from all. `watch` is told which alternative is
/// running; see [`crate::run::Watch`].
///
/// # Errors
/// The index of the first alternative that could not be finished, with its first failing replication.
pub fn compare(
    alternatives: &[Alternative<'_>],
    options: &CompareOptions,
    plan: &RunPlan,
    watch: &(dyn Fn(usize, Progress) -> bool + Sync),
) -> Result<Comparison, (usize, Failure)> {
    let named = options.metrics.iter().any(|metric| metric.def.name == "waiting");
    let plan = &RunPlan { waiting_percentiles: plan.waiting_percentiles || named, ..plan.clone() };
    let (mut all, mut notes) = prepare(alternatives, plan, watch)?;
    let mut next = Some(plan.precision.as_ref().map_or(plan.replications, |precision| precision.least));
    // Pairs need as many of each: whoever is least precise decides.
    while let Some(total) = next {
        for (index, replications) in all.iter_mut().enumerate() {
            replications
                .extend_to(total, &|progress| watch(index, progress))
                .map_err(|failure| (index, failure))?;
        }
        let more =
            |precision: &Precision| all.iter().filter_map(|r| precision.next(r, plan.confidence)).max();
        next = plan.precision.as_ref().and_then(more);
    }
    let mut shortfalls = Vec::new();
    if let Some(precision) = &plan.precision {
        for (alternative, replications) in alternatives.iter().zip(&all) {
            let found = precision.shortfalls(replications, plan.confidence);
            shortfalls.extend(found.into_iter().map(|said| format!("{}: {said}", alternative.label)));
        }
    }
    let results: Vec<RunResult> = all.into_iter().map(Replications::into_result).collect();
    for result in &results {
        let new: Vec<String> = result.notes.iter().filter(|note| !notes.contains(note)).cloned().collect();
        notes.extend(new);
    }
    let labels: Vec<&str> = alternatives.iter().map(|alternative| alternative.label).collect();
    let compared = Compared { labels: &labels, results: &results, confidence: plan.confidence, options };
    let rows = compared.rows();
    let conclusion = compared.conclusion(&rows);
    let conditions = compared.conditions();
    Ok(Comparison { results, rows, conclusion, selection: None, conditions, notes, shortfalls })
}

/// The alternatives before their first replications, with one warm-up for all, and remarks on it.
fn prepare<'a>(
    alternatives: &[Alternative<'a>],
    plan: &RunPlan,
    watch: &(dyn Fn(usize, Progress) -> bool + Sync),
) -> Result<(Vec<Replications<'a>>, Vec<String>), (usize, Failure)> {
    let mut notes = Vec::new();
    let mut warmup = None;
    if plan.warmup_auto {
        // One window for all, the shortest: pairs must hold the same jobs.
        for (index, alternative) in alternatives.iter().enumerate() {
            let found = find_warmup(alternative.model, plan, &|progress| watch(index, progress));
            let (at, said) = found.map_err(|failure| (index, failure))?;
            notes.extend(said.into_iter().map(|note| format!("{}: {note}", alternative.label)));
            warmup = warmup.max(Some(at));
        }
    }
    let replications = alternatives.iter().map(|alternative| {
        let model = match warmup {
            Some(warmup) => Cow::Owned(Model { warmup, ..alternative.model.clone() }),
            None => Cow::Borrowed(alternative.model),
        };
        Replications::from_warmup(model, plan, Vec::new())
    });
    Ok((replications.collect(), notes))
}
