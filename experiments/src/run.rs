//! Replications of one model, on several threads, merged in order.
//!
//! Each replication is reduced to its row of values where it ran; the trace is that of replication 1. Memory is that of one
//! simulation a thread, plus one float per replication and row.

use crate::busiest;
use crate::capacity::offered;
use crate::finding::{self, Finding};
use crate::growth::Growth;
use crate::long_run;
use crate::metrics::{self, MetricName, RowKey};
use crate::open::{self, Open};
use crate::precision::Precision;
use crate::recording::Recording;
use crate::runner::{First, Keep, Mode, Runner};
use crate::stats::student;
use crate::warmup::Responses;
use reports::rows::{ALL, SummaryRow};
use sim_core::measure::Measures;
use sim_core::model::{Arrivals, Model, Source};
use sim_core::trace::Trace;
use sim_core::units::Time;
use sim_core::{Limits, RunError};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

pub use crate::long_run::BATCHES;
pub use crate::recording::Decisions;

/// Runs of at most this many jobs are recorded without being asked, and have a digest.
pub const RECORDED_JOBS: u64 = 100_000;
/// Most replications of one run.
pub const MAX_REPLICATIONS: u32 = 1_000_000;

/// How to run a model.
#[derive(Clone, PartialEq, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own, as on the command line")]
pub struct RunPlan {
    /// Independent replications, from 1 to [`MAX_REPLICATIONS`]; without effect where there is a precision.
    pub replications: u32,
    /// As many replications as it takes to know some numbers this precisely.
    pub precision: Option<Precision>,
    /// One long run instead: intervals from so many batches of its jobs, see [`BATCHES`]. Only with one replication.
    pub batches: Option<u32>,
    /// Threads; 0: one a processor of this machine. Results do not depend on it.
    pub threads: usize,
    /// A replication fails after this many events.
    pub max_events: u64,
    /// A replication fails when more jobs than this are in the system at once.
    pub max_jobs: u64,
    /// Record replication 1 however many jobs it has.
    pub records: bool,
    /// Where replication 1 is recorded, what is recorded of its decisions.
    pub decisions: Decisions,
    /// Take a digest however many jobs there are.
    pub digest: bool,
    /// Keep percentiles of waiting times however many jobs there are. Runs that are recorded or have a digest always do,
    /// larger ones keep those of response times only: the others cost a tenth of the run.
    pub waiting_percentiles: bool,
    /// Statistics that are measured because they are asked for by a number: any percentile, the share within a time. See
    /// [`metrics::beyond_the_table`].
    pub asked: Vec<MetricName>,
    /// The numbers that conditions are about: it is worked out what unfinished jobs leave open in them.
    pub held: Vec<RowKey>,
    /// Confidence level of intervals, in (0, 1).
    pub confidence: f64,
    /// Find the end of the warm-up from replication 1 instead of taking it from the model.
    pub warmup_auto: bool,
}

impl Default for RunPlan {
    fn default() -> Self {
        RunPlan {
            replications: 1,
            precision: None,
            batches: None,
            threads: 0,
            max_events: u64::MAX,
            max_jobs: Limits::default().max_jobs,
            records: false,
            decisions: Decisions::Unrecorded,
            digest: false,
            waiting_percentiles: false,
            asked: Vec::new(),
            held: Vec::new(),
            confidence: 0.95,
            warmup_auto: false,
        }
    }
}

/// How far the replications have come.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Progress {
    /// Replications that are done.
    pub done: u32,
    /// Replications in total.
    pub total: u32,
    /// Estimated part of the whole that is done, from 0 to 1; stays at what is known where a run has no known end.
    pub fraction: f64,
    /// Events handled so far.
    pub events: u64,
}

/// Watches a run; returning false cancels it. Called now and then from any of the threads.
pub type Watch<'w> = &'w (dyn Fn(Progress) -> bool + Sync);

/// A replication that could not be finished.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Failure {
    /// Which one, 1-based: the first of those that failed.
    pub replication: u32,
    /// Replications in total.
    pub replications: u32,
    /// Why.
    pub error: Box<RunError>,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.replications > 1 {
            write!(f, "replication {}: ", self.replication)?;
        }
        self.error.fmt(f)
    }
}

impl std::error::Error for Failure {}

/// What the replications found.
#[derive(Clone, PartialEq, Debug)]
pub struct RunResult {
    /// What each row is about.
    pub keys: Vec<RowKey>,
    /// The values of each replication, in the order of `keys`.
    pub values: Vec<Vec<Option<f64>>>,
    /// Means over replications with their intervals.
    pub summary: Vec<SummaryRow>,
    /// Everything replication 1 measured.
    pub first: Measures,
    /// The trace of replication 1, where it was recorded.
    pub trace: Option<Trace>,
    /// Whether the trace says what cores did: false where there were too many stretches of time to keep.
    pub has_segments: bool,
    /// The digests of all replications, folded in order.
    pub digest: Option<u64>,
    /// End of the warm-up.
    pub warmup: Time,
    /// What unfinished jobs leave open in the numbers that the plan names: which, then of each replication.
    pub open: Vec<(RowKey, Vec<Option<Open>>)>,
    /// What must be known before any number is read.
    pub findings: Vec<Finding>,
    /// Whether nothing in the model is random: the values are those of this run, and of every other.
    pub exact: bool,
    /// The jobs behind its times, where they are exact for a log or a trace: a stretch of traffic, of which other stretches differ.
    pub sample: Option<u64>,
    /// Remarks for the user, one sentence each.
    pub notes: Vec<String>,
    /// Where the plan's precision was not reached, and what it would take; a sentence each.
    pub shortfalls: Vec<String>,
}

impl RunResult {
    /// The rows of one replication (0-based), without intervals.
    pub fn replication_rows(&self, replication: usize) -> impl Iterator<Item = SummaryRow> + '_ {
        let values = &self.values[replication];
        let completed = completed_rows(&self.keys);
        let whole = self.exact && self.sample.is_none();
        self.keys.iter().zip(values).zip(completed).map(move |((key, value), completed)| SummaryRow {
            above: if whole { None } else { above(key, values, completed) },
            ..key.row(*value, 1, None)
        })
    }

    /// The values of one row over replications; shorter where a replication has none.
    pub fn column(&self, row: usize) -> Vec<f64> {
        self.values.iter().filter_map(|values| values[row]).collect()
    }
}

/// Runs all replications of a plan: a given number, or as many as its precision takes.
///
/// # Errors
/// The first replication, by number, that could not be finished.
pub fn run(model: &Model, plan: &RunPlan, watch: Watch<'_>) -> Result<RunResult, Failure> {
    let mut replications = Replications::new(model, plan, watch)?;
    let Some(precision) = &plan.precision else {
        replications.extend_to(plan.replications, watch)?;
        let Some(batches) = plan.batches.filter(|_| replications.done() == 1) else {
            return Ok(replications.into_result());
        };
        let model = replications.model().clone();
        let mut result = replications.into_result();
        long_run::add_intervals(&mut result, &model, plan, batches, watch)?;
        return Ok(result);
    };
    let mut next = Some(precision.least);
    while let Some(total) = next {
        replications.extend_to(total, watch)?;
        next = precision.next(&replications, plan.confidence);
    }
    let shortfalls = precision.shortfalls(&replications, plan.confidence);
    Ok(RunResult { shortfalls, ..replications.into_result() })
}

/// The values of one replication (0-based) in the order of [`metrics::keys`], and its digest where the plan wants digests.
///
/// Nothing is recorded, no other replication is run, and the window starts at the model's own warm-up: for an automatic
/// one give the model the time that [`find_warmup`] found. The values are those that [`run`] has for this replication,
/// except for percentiles of waiting times: these are there for models known to have at most [`RECORDED_JOBS`] jobs and
/// for plans that ask for them or for digests, so that it does not depend on the replication whether a value exists.
///
/// # Errors
/// The replication could not be finished.
pub fn replicate(
    model: &Model,
    plan: &RunPlan,
    replication: u32,
    watch: Watch<'_>,
) -> Result<(Vec<Option<f64>>, Option<u64>), Failure> {
    let small = most_jobs(model).is_some_and(|jobs| jobs <= RECORDED_JOBS);
    let all_distributions = small || plan.digest || plan.waiting_percentiles;
    let runner = Runner::new(model, plan, watch, 0..1).keeping(all_distributions);
    let keep = if plan.digest { Keep::Digest } else { Keep::Nothing };
    runner.one(replication, keep, &|_| true).map(|done| (done.values, done.digest))
}

/// Replications that are run a few at a time: as many as a question turns out to need.
///
/// However the replications were divided into calls of [`Replications::extend_to`], and on however many threads they ran,
/// the result has the same bytes.
pub struct Replications<'a> {
    model: Cow<'a, Model>,
    plan: RunPlan,
    keys: Vec<RowKey>,
    values: Vec<Vec<Option<f64>>>,
    digests: Vec<Option<u64>>,
    growths: Vec<Option<Growth>>,
    open: Vec<Vec<Option<Open>>>,
    first: Option<First>,
    /// Decided with replication 1.
    mode: Option<Mode>,
    notes: Vec<String>,
}

impl<'a> Replications<'a> {
    /// No replication yet. `plan.replications` does not count here. Where the plan asks for an automatic warm-up it is found
    /// now, from one run of replication 1; `watch` sees that run.
    ///
    /// # Errors
    /// That run could not be finished.
    pub fn new(model: &'a Model, plan: &RunPlan, watch: Watch<'_>) -> Result<Replications<'a>, Failure> {
        if !plan.warmup_auto {
            return Ok(Replications::from_warmup(Cow::Borrowed(model), plan, Vec::new()));
        }
        let (warmup, notes) = find_warmup(model, plan, watch)?;
        Ok(Replications::from_warmup(Cow::Owned(Model { warmup, ..model.clone() }), plan, notes))
    }

    /// As [`Replications::new`], for who keeps them from one step of work to the next.
    ///
    /// # Errors
    /// The run that the warm-up is found from could not be finished.
    pub fn owned(model: Model, plan: &RunPlan, watch: Watch<'_>) -> Result<Replications<'static>, Failure> {
        let (warmup, notes) =
            if plan.warmup_auto { find_warmup(&model, plan, watch)? } else { (model.warmup, Vec::new()) };
        Ok(Replications::from_warmup(Cow::Owned(Model { warmup, ..model }), plan, notes))
    }

    /// With the model's own warm-up, and remarks on it.
    pub(crate) fn from_warmup(model: Cow<'a, Model>, plan: &RunPlan, notes: Vec<String>) -> Replications<'a> {
        Replications {
            keys: metrics::keys(&model, &plan.asked),
            model,
            plan: plan.clone(),
            values: Vec::new(),
            digests: Vec::new(),
            growths: Vec::new(),
            open: Vec::new(),
            first: None,
            mode: None,
            notes,
        }
    }

    /// Runs further replications until there are `total` (from 1 to [`MAX_REPLICATIONS`]); none where there are as many
    /// already.
    ///
    /// # Errors
    /// The first replication, by number, that could not be finished. Nothing is added then.
    pub fn extend_to(&mut self, total: u32, watch: Watch<'_>) -> Result<(), Failure> {
        let total = total.clamp(1, MAX_REPLICATIONS);
        let have = self.done();
        if total <= have {
            return Ok(());
        }
        let runner = Runner::new(&self.model, &self.plan, watch, have..total);
        let (done, mode) = match self.mode {
            None => runner.beginning()?,
            Some(mode) => (runner.keeping(mode.all_distributions).several(have, mode.rest, mode.rest)?, mode),
        };
        self.mode = Some(mode);
        for one in done {
            self.values.push(one.values);
            self.digests.push(one.digest);
            self.growths.push(one.growth);
            self.open.push(one.open);
            self.first = self.first.take().or(one.first.map(|first| *first));
        }
        Ok(())
    }

    /// Replications so far.
    pub fn done(&self) -> u32 {
        self.values.len() as u32
    }

    /// What each row is about.
    pub fn keys(&self) -> &[RowKey] {
        &self.keys
    }

    /// The values of each replication so far, in the order of [`Replications::keys`].
    pub fn values(&self) -> &[Vec<Option<f64>>] {
        &self.values
    }

    /// The values of one row over the replications so far; shorter where a replication has none.
    pub fn column(&self, row: usize) -> Vec<f64> {
        self.values.iter().filter_map(|values| values[row]).collect()
    }

    /// The model that is run, with its warm-up.
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// What the replications found.
    ///
    /// # Panics
    /// Where no replication was run.
    pub fn into_result(self) -> RunResult {
        let (Some(first), Some(mode)) = (self.first, self.mode) else {
            panic!("a result needs at least one replication")
        };
        let plan = &self.plan;
        let mut notes = self.notes;
        let digests: Option<Vec<u64>> = self.digests.into_iter().collect();
        let digest = digests.filter(|_| mode.recorded || plan.digest).and_then(fold_digests);
        let exact = !offered::is_random(&self.model);
        let mut summary = summarize(&self.keys, &self.values, plan.confidence);
        let is_sample = offered::is_sample(&self.model);
        if exact {
            take_as_exact(&mut summary, is_sample);
        }
        let recording = first.recording.filter(|_| mode.recorded || plan.records);
        notes.extend(recording.iter().flat_map(Recording::notes));
        notes.extend(busiest::note(&self.model, &first.measures));
        let has_segments = recording.as_ref().is_some_and(|recording| !recording.no_segments);
        let trace = recording.map(|recording| recording.trace);
        if plan.decisions == Decisions::Explained && trace.is_none() {
            notes.push(format!(
                "more than {RECORDED_JOBS} jobs: decisions are kept only if records are asked for"
            ));
        }
        RunResult {
            findings: finding::findings(&self.model, &self.growths, &first.measures),
            open: plan
                .held
                .iter()
                .enumerate()
                .map(|(index, key)| (key.clone(), self.open.iter().map(|open| open[index]).collect()))
                .collect(),
            exact,
            sample: (exact && is_sample).then(|| first.measures.total().response.count()),
            keys: self.keys,
            values: self.values,
            summary,
            first: first.measures,
            trace,
            has_segments,
            digest,
            warmup: self.model.warmup,
            notes,
            shortfalls: Vec::new(),
        }
    }
}

/// The end of the warm-up, from one run of replication 1 without any, and what is to be said about it.
///
/// # Errors
/// That run could not be finished.
pub fn find_warmup(model: &Model, plan: &RunPlan, watch: Watch<'_>) -> Result<(Time, Vec<String>), Failure> {
    let whole = Model { warmup: Time::ZERO, ..model.clone() };
    let (_, responses) = Runner::new(&whole, plan, watch, 0..1).with(0, Responses::default(), &|_| true)?;
    let (at, at_limit) = responses.cut().unwrap_or((Time::ZERO, false));
    let mut notes = vec![match at {
        Time::ZERO => {
            "no warm-up is cut: MSER-5 finds none in the response times of replication 1".to_owned()
        }
        _ => format!("warm-up {at}, found by MSER-5 in the response times of replication 1"),
    }];
    if at_limit {
        notes.push(
            "the warm-up may not be over within half of the run: it is too short, or the load is too high"
                .to_owned(),
        );
    }
    Ok((at, notes))
}

/// The digests of replications folded in order; that of one replication is its own.
pub fn fold_digests(digests: impl IntoIterator<Item = u64>) -> Option<u64> {
    // Multiplying by an odd constant keeps all bits in play; the rotation makes the order count.
    digests
        .into_iter()
        .reduce(|folded, next| (folded.rotate_left(23) ^ next).wrapping_mul(0x9E37_79B9_7F4A_7C15))
}

/// Means over replications with Student t intervals; no interval where there is one replication only.
pub(crate) fn summarize(keys: &[RowKey], values: &[Vec<Option<f64>>], confidence: f64) -> Vec<SummaryRow> {
    let mut column = Vec::with_capacity(values.len());
    let completed = completed_rows(keys);
    keys.iter()
        .enumerate()
        .map(|(index, key)| {
            let above = values.iter().filter_map(|values| above(key, values, completed[index])).min();
            column.clear();
            column.extend(values.iter().filter_map(|values| values[index]));
            let row = match (column.as_slice(), student::interval(&column, confidence)) {
                (_, Some(found)) => {
                    key.row(Some(found.mean), column.len() as u64, Some((found.low(), found.high())))
                }
                ([only], None) => key.row(Some(*only), 1, None),
                _ => key.row(None, 0, None),
            };
            SummaryRow { above, ..row }
        })
        .collect()
}

/// All replications are the same: there is nothing to be sure of, and the jobs are all there are, unless they are a sample themselves.
pub(crate) fn take_as_exact(rows: &mut [SummaryRow], is_sample: bool) {
    for row in rows {
        (row.ci_low, row.ci_high) = (None, None);
        row.above = row.above.filter(|_| is_sample);
    }
}

/// For each row of a percentile of jobs the row that says how many jobs there are.
pub(crate) fn completed_rows(keys: &[RowKey]) -> Vec<Option<usize>> {
    let jobs = keys.iter().enumerate().filter(|(_, key)| {
        key.metric.def.name == "jobs" && key.metric.statistic == "completed" && key.scope == ALL
    });
    let of_class: BTreeMap<&str, usize> = jobs.map(|(row, key)| (key.class.as_str(), row)).collect();
    let is_timed = |key: &RowKey| matches!(key.metric.def.name, "response" | "waiting") && key.scope == ALL;
    keys.iter()
        .map(|key| is_timed(key).then(|| of_class.get(key.class.as_str()).copied()).flatten())
        .collect()
}

/// How many values of a replication lie beyond a percentile's rank.
pub(crate) fn above(key: &RowKey, values: &[Option<f64>], completed: Option<usize>) -> Option<u64> {
    let jobs = values[completed?].filter(|jobs| *jobs > 0.0)?;
    open::beyond(key.metric.statistic, jobs as u64)
}

/// The most jobs that the model can release, where that is known before it runs.
pub fn most_jobs(model: &Model) -> Option<u64> {
    let of_source = |source: &Source| match &source.arrivals {
        Arrivals::Trace(data) => Some(data.rows.len() as u64),
        Arrivals::Copies(copies) => Some(copies.most()),
        Arrivals::Periodic { count: Some(count), .. } => Some(*count),
        Arrivals::Periodic { period, .. } => {
            let after = model.stop.after?;
            Some(after.0 / period.0.max(1) + 1)
        }
        Arrivals::Renewal(_) | Arrivals::Varying(_) | Arrivals::Closed { .. } => None,
    };
    let released =
        model.sources.iter().map(of_source).try_fold(0u64, |sum, jobs| Some(sum.saturating_add(jobs?)));
    match (model.stop.jobs, released) {
        (Some(stop), Some(released)) => Some(stop.min(released)),
        (stop, released) => stop.or(released),
    }
}
