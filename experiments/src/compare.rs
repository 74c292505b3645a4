//! Policies on the same work.
//!
//! Random streams are keyed by seed, replication, entity and purpose, never by policy: every policy meets the same
//! arrivals and sizes, so that differences are taken in pairs, replication by replication.

use crate::metrics::{Better, MetricName};
use crate::recording::Recording;
use crate::run::{
    Failure, Progress, RECORDED_JOBS, Replications, RunPlan, RunResult, find_warmup, most_jobs,
};
use crate::stats::difference::{holm, paired};
use reports::compare::{CompareRow, FirstDifferenceRow};
use reports::explain::Explainer;
use reports::rows::ALL;
use sim_core::model::Model;
use sim_core::trace::{Decision, Trace};
use sim_core::units::Time;
use sim_core::{Limits, RunError};
use std::borrow::Cow;

/// What is compared.
#[derive(Clone, Copy, Debug)]
pub struct Alternative<'a> {
    /// Its name in the table: the policy.
    pub label: &'a str,
    /// The model with that policy.
    pub model: &'a Model,
}

/// What a comparison found.
#[derive(Clone, PartialEq, Debug)]
pub struct Comparison {
    /// One result an alternative.
    pub results: Vec<RunResult>,
    /// By metric, then alternative.
    pub rows: Vec<CompareRow>,
    /// Remarks for the user, one sentence each.
    pub notes: Vec<String>,
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

/// Runs every alternative and compares the others with the one at `reference`.
///
/// With `metrics` empty the metrics of [`DEFAULT_METRICS`] over all jobs are compared, without those that say nothing
/// here; named metrics are compared for every class and station that has them.
///
/// An automatic warm-up is found for every alternative; the longest is cut from all. `watch` is told which alternative is running; see [`crate::run::Watch`].
///
/// # Errors
/// The index of the first alternative that could not be finished, with its first failing replication.
pub fn compare(
    alternatives: &[Alternative<'_>],
    reference: usize,
    metrics: &[MetricName],
    plan: &RunPlan,
    watch: &(dyn Fn(usize, Progress) -> bool + Sync),
) -> Result<Comparison, (usize, Failure)> {
    let named = metrics.iter().any(|metric| metric.def.name == "waiting");
    let plan = &RunPlan { waiting_percentiles: plan.waiting_percentiles || named, ..plan.clone() };
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
    let mut results = Vec::with_capacity(alternatives.len());
    for (index, alternative) in alternatives.iter().enumerate() {
        let model = match warmup {
            Some(warmup) => Cow::Owned(Model { warmup, ..alternative.model.clone() }),
            None => Cow::Borrowed(alternative.model),
        };
        let mut replications = Replications::from_warmup(model, plan, Vec::new());
        let found = replications.extend_to(plan.replications, &|progress| watch(index, progress));
        found.map_err(|failure| (index, failure))?;
        results.push(replications.into_result());
    }
    for result in &results {
        let new: Vec<String> = result.notes.iter().filter(|note| !notes.contains(note)).cloned().collect();
        notes.extend(new);
    }
    let labels: Vec<&str> = alternatives.iter().map(|alternative| alternative.label).collect();
    let rows = rows(&labels, &results, reference, metrics, plan.confidence);
    Ok(Comparison { results, rows, notes })
}

fn rows(
    labels: &[&str],
    results: &[RunResult],
    reference: usize,
    metrics: &[MetricName],
    confidence: f64,
) -> Vec<CompareRow> {
    let mut rows = Vec::new();
    for (position, key) in results[reference].keys.iter().enumerate() {
        let named = metrics.contains(&key.metric);
        let by_default = metrics.is_empty()
            && key.scope == ALL
            && key.class == ALL
            && DEFAULT_METRICS.contains(&key.metric.to_string().as_str());
        if !named && !by_default {
            continue;
        }
        // Keys are the same for all alternatives of one scenario; where inputs differ, a row may be missing.
        let places: Vec<Option<usize>> = results
            .iter()
            .map(|result| {
                let same = result.keys.get(position).filter(|other| *other == key).map(|_| position);
                same.or_else(|| result.keys.iter().position(|other| other == key))
            })
            .collect();
        let group = metric_rows(labels, results, &places, reference, confidence);
        let says_nothing = group.iter().all(|row| row.value.is_none_or(|value| value == 0.0));
        if named || !says_nothing {
            rows.extend(group);
        }
    }
    rows
}

/// The rows of one metric, one an alternative.
fn metric_rows(
    labels: &[&str],
    results: &[RunResult],
    places: &[Option<usize>],
    reference: usize,
    confidence: f64,
) -> Vec<CompareRow> {
    let key = &results[reference].keys[places[reference].unwrap_or(0)];
    let better = key.metric.def.better;
    let columns: Vec<Vec<f64>> = results
        .iter()
        .zip(places)
        .map(|(result, place)| place.map(|place| result.column(place)).unwrap_or_default())
        .collect();
    let others: Vec<usize> = (0..labels.len()).filter(|index| *index != reference).collect();
    // Intervals hold together: each at 1 - alpha / k (Bonferroni); the verdicts are Holm's, which rejects at least as much.
    let level = 1.0 - (1.0 - confidence) / others.len().max(1) as f64;
    let found: Vec<Option<_>> =
        others.iter().map(|index| paired(&columns[*index], &columns[reference], level)).collect();
    let p = holm(&found.iter().map(|found| found.map_or(1.0, |found| found.p)).collect::<Vec<_>>());

    let mut rows: Vec<CompareRow> = Vec::new();
    for (index, label) in labels.iter().enumerate() {
        let summary = places[index].map(|place| &results[index].summary[place]);
        rows.push(CompareRow {
            policy: (*label).to_owned(),
            metric: key.metric.def.name.to_owned(),
            statistic: key.metric.statistic.to_owned(),
            scope: key.scope.clone(),
            class: key.class.clone(),
            value: summary.and_then(|row| row.value),
            unit: key.metric.def.unit,
            n: summary.map_or(0, |row| row.n),
            ci_low: summary.and_then(|row| row.ci_low),
            ci_high: summary.and_then(|row| row.ci_high),
            best: false,
            difference: None,
            difference_low: None,
            difference_high: None,
            p_holm: None,
            verdict: (index == reference).then_some("reference"),
        });
    }
    mark_best(&mut rows, better);
    let base = rows[reference].value;
    for (place, index) in others.into_iter().enumerate() {
        let row = &mut rows[index];
        row.difference = row.value.zip(base).map(|(value, base)| value - base);
        if let Some(found) = found[place] {
            row.difference_low = Some(found.interval.low());
            row.difference_high = Some(found.interval.high());
            row.p_holm = Some(p[place]);
            row.verdict =
                better.map(|better| verdict(better, found.interval.mean, p[place] < 1.0 - confidence));
        }
    }
    rows
}

fn verdict(better: Better, difference: f64, shown: bool) -> &'static str {
    match (shown, better, difference < 0.0) {
        (false, ..) => "no difference shown",
        (true, Better::Lower, true) | (true, Better::Higher, false) => "better",
        _ => "worse",
    }
}

/// Marks every row with the best value; none where all are equal or neither direction is better.
fn mark_best(rows: &mut [CompareRow], better: Option<Better>) {
    let values = || rows.iter().filter_map(|row| row.value);
    let (least, most) = (values().fold(f64::INFINITY, f64::min), values().fold(f64::NEG_INFINITY, f64::max));
    let best = match better {
        Some(_) if least >= most => return,
        Some(Better::Lower) => least,
        Some(Better::Higher) => most,
        None => return,
    };
    for row in rows {
        row.best = row.value == Some(best);
    }
}

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
    let decided = [record(0, reference.model)?, record(1, other.model)?];
    Ok(parting(reference, other, &decided))
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
        let (measures, recording) = sim_core::run(&shortened, 0, &limits, Recording::new(true))?;
        let (mut trace, cut) = (recording.trace, recording.decisions_cut);
        let shorter = !small && measures.released >= RECORDED_JOBS;
        if shorter {
            // Behind the last arrival the shortened run lacks arrivals that the whole one has.
            let last = trace.jobs.last().map_or(Time::ZERO, |job| job.arrival);
            trace.decisions.retain(|decision| decision.at < last);
        }
        Ok(Decided { trace, complete: !shorter && !cut })
    }
}

fn parting(reference: Alternative<'_>, other: Alternative<'_>, decided: &[Decided; 2]) -> FirstDifferenceRow {
    let what = |decision: &Decision| (decision.at, decision.kind, decision.chosen);
    let [a, b] = [&decided[0].trace.decisions, &decided[1].trace.decisions];
    let same = a.iter().zip(b).take_while(|(a, b)| what(a) == what(b)).count();
    let complete = decided.iter().all(|decided| decided.complete);
    // Where one list was cut, its end is not the end of the run.
    let comparable = if complete { a.len().max(b.len()) } else { a.len().min(b.len()) };
    let parts = same < comparable;
    let row = |alternative: Alternative<'_>, trace: &Trace| {
        let words = crate::vocabulary(alternative.model);
        let explainer = Explainer::new(alternative.model, trace, &words);
        trace.decisions.get(same).filter(|_| parts).map(|decision| explainer.row(decision))
    };
    FirstDifferenceRow {
        policy: other.label.to_owned(),
        decision: parts.then_some(same as u64 + 1),
        complete,
        reference_decision: row(reference, &decided[0].trace),
        policy_decision: row(other, &decided[1].trace),
    }
}
