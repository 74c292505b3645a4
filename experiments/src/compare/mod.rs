//! Policies on the same work.
//!
//! Random streams are keyed by seed, replication, entity and purpose, never by policy: every policy meets the same
//! arrivals and sizes, so that differences are taken in pairs, replication by replication.

mod best;
mod comparing;
mod conclusion;
mod first;
pub mod report;
mod rows;

use crate::finding::Finding;
use crate::metrics::MetricName;
use crate::run::{Failure, Progress, RunPlan, RunResult};
use reports::compare::{CompareRow, Conclusion, Selection};
use reports::condition::ConditionRow;
use sim_core::model::Model;
use std::borrow::Cow;

pub use best::{USUAL_BUDGET, best};
pub use comparing::Comparing;
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

impl<'a> Alternative<'a> {
    fn borrowed(&self) -> (String, Cow<'a, Model>) {
        (self.label.to_owned(), Cow::Borrowed(self.model))
    }
}

/// Watches a comparison: hears which alternative is running and how far it is; returning false cancels.
pub type WatchAll<'w> = &'w (dyn Fn(usize, Progress) -> bool + Sync);

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
    /// What must be known before any number is read.
    pub findings: Vec<Finding>,
    /// Whether nothing is random in any alternative.
    pub exact: bool,
    /// The jobs behind the times, where these are exact for a log or a trace; the fewest of the alternatives.
    pub sample: Option<u64>,
    /// One result an alternative.
    pub results: Vec<RunResult>,
    /// By metric, then alternative.
    pub rows: Vec<CompareRow>,
    /// Who is best, one a metric of the rows; `None` where neither direction is better, or all have the same value.
    pub leads: Vec<Option<Lead>>,
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

/// Who is best on one metric, as far as it is shown.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Lead {
    /// Index of the best of those that are shown to be better than the reference; of the reference where none is. With one
    /// replication that of the best value.
    pub winner: usize,
    /// Those that are not shown to be worse than the winner. It is alone at the top where there are none.
    pub rivals: Vec<usize>,
}

/// The metrics that are compared unless others are asked for.
pub const DEFAULT_METRICS: [&str; 12] = [
    "response/mean",
    "response/p99",
    "response/max",
    "waiting/mean",
    "first_response/mean",
    "throughput/rate",
    "jobs/unfinished",
    "jobs/lost",
    "jobs/timed-out",
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
    watch: WatchAll<'_>,
) -> Result<Comparison, (usize, Failure)> {
    let mut comparing = Comparing::new(alternatives.iter().map(Alternative::borrowed), options, plan);
    let mut next = Some(plan.precision.as_ref().map_or(plan.replications, |precision| precision.least));
    // Pairs need as many of each: whoever is least precise decides.
    while let Some(total) = next {
        while comparing.step(total, u32::MAX, watch)? {}
        next = comparing.next();
    }
    Ok(comparing.finish())
}
