//! Replications of one model, on several threads, merged in order.
//!
//! Each replication is reduced to its row of values where it ran; the trace is that of replication 1. Memory is that of one
//! simulation a thread, plus one float per replication and row.

use crate::metrics::{self, RowKey};
use crate::recording::Recording;
use crate::stats::student;
use crate::warmup::Responses;
use reports::rows::SummaryRow;
use sim_core::measure::Measures;
use sim_core::model::{Arrivals, Model, Source};
use sim_core::record::{Digest, Nothing, Recorder};
use sim_core::trace::Trace;
use sim_core::units::Time;
use sim_core::{Limits, RunError};
use std::cell::Cell;
use std::fmt;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};

/// Runs of at most this many jobs are recorded without being asked, and have a digest.
pub const RECORDED_JOBS: u64 = 100_000;
/// Most replications of one run.
pub const MAX_REPLICATIONS: u32 = 1_000_000;

/// How to run a model.
#[derive(Clone, PartialEq, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own, as on the command line")]
pub struct RunPlan {
    /// Independent replications, from 1 to [`MAX_REPLICATIONS`].
    pub replications: u32,
    /// Threads; 0: one a processor of this machine. Results do not depend on it.
    pub threads: usize,
    /// A replication fails after this many events.
    pub max_events: u64,
    /// A replication fails when more jobs than this are in the system at once.
    pub max_jobs: u64,
    /// Record replication 1 however many jobs it has.
    pub records: bool,
    /// Where replication 1 is recorded, record its decisions too.
    pub decisions: bool,
    /// Take a digest however many jobs there are.
    pub digest: bool,
    /// Keep percentiles of waiting times however many jobs there are. Runs that are recorded or have a digest always do,
    /// larger ones keep those of response times only: the others cost a tenth of the run.
    pub waiting_percentiles: bool,
    /// Confidence level of intervals, in (0, 1).
    pub confidence: f64,
    /// Find the end of the warm-up from replication 1 instead of taking it from the model.
    pub warmup_auto: bool,
}

impl Default for RunPlan {
    fn default() -> Self {
        RunPlan {
            replications: 1,
            threads: 0,
            max_events: u64::MAX,
            max_jobs: Limits::default().max_jobs,
            records: false,
            decisions: false,
            digest: false,
            waiting_percentiles: false,
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
    /// Remarks for the user, one sentence each.
    pub notes: Vec<String>,
}

impl RunResult {
    /// The rows of one replication (0-based), without intervals.
    pub fn replication_rows(&self, replication: usize) -> impl Iterator<Item = SummaryRow> + '_ {
        let values = &self.values[replication];
        self.keys.iter().zip(values).map(|(key, value)| key.row(*value, 1, None))
    }

    /// The values of one row over replications; shorter where a replication has none.
    pub fn column(&self, row: usize) -> Vec<f64> {
        self.values.iter().filter_map(|values| values[row]).collect()
    }
}

/// One replication, reduced.
struct Done {
    values: Vec<Option<f64>>,
    digest: Option<u64>,
    /// Of replication 1.
    first: Option<Box<First>>,
}

struct First {
    measures: Measures,
    recording: Option<Recording>,
}

/// Runs all replications of a plan.
///
/// # Errors
/// The first replication, by number, that could not be finished.
pub fn run(model: &Model, plan: &RunPlan, watch: Watch<'_>) -> Result<RunResult, Failure> {
    if !plan.warmup_auto {
        return run_from(model, plan, watch, Vec::new());
    }
    let (warmup, notes) = find_warmup(model, plan, watch)?;
    run_from(&Model { warmup, ..model.clone() }, plan, watch, notes)
}

/// Runs all replications with the model's own warm-up.
pub(crate) fn run_from(
    model: &Model,
    plan: &RunPlan,
    watch: Watch<'_>,
    notes: Vec<String>,
) -> Result<RunResult, Failure> {
    let (done, recorded) = Runner::new(model, plan, watch).all()?;
    Ok(merge(model, plan, done, recorded, notes))
}

/// The end of the warm-up, from one run of replication 1 without any, and what is to be said about it.
pub(crate) fn find_warmup(
    model: &Model,
    plan: &RunPlan,
    watch: Watch<'_>,
) -> Result<(Time, Vec<String>), Failure> {
    let whole = Model { warmup: Time::ZERO, ..model.clone() };
    let (_, responses) = Runner::new(&whole, plan, watch).with(0, Responses::default(), &|_| true)?;
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

fn merge(
    model: &Model,
    plan: &RunPlan,
    mut done: Vec<Done>,
    recorded: bool,
    mut notes: Vec<String>,
) -> RunResult {
    let first = done[0].first.take().expect("replication 1 keeps its measures");
    let keys = metrics::keys(model);
    let digests: Option<Vec<u64>> = done.iter().map(|done| done.digest).collect();
    let digest = digests.filter(|_| recorded || plan.digest).and_then(fold_digests);
    let values: Vec<Vec<Option<f64>>> = done.into_iter().map(|done| done.values).collect();
    let summary = summarize(&keys, &values, plan.confidence);
    let recording = first.recording.filter(|_| recorded || plan.records);
    notes.extend(recording.iter().flat_map(Recording::notes));
    let has_segments = recording.as_ref().is_some_and(|recording| !recording.no_segments);
    let trace = recording.map(|recording| recording.trace);
    if plan.decisions && trace.is_none() {
        notes.push(format!(
            "more than {RECORDED_JOBS} jobs: decisions are kept only if records are asked for"
        ));
    }
    RunResult {
        keys,
        values,
        summary,
        first: first.measures,
        trace,
        has_segments,
        digest,
        warmup: model.warmup,
        notes,
    }
}

/// Means over replications with Student t intervals; no interval where there is one replication only.
fn summarize(keys: &[RowKey], values: &[Vec<Option<f64>>], confidence: f64) -> Vec<SummaryRow> {
    let mut column = Vec::with_capacity(values.len());
    keys.iter()
        .enumerate()
        .map(|(index, key)| {
            column.clear();
            column.extend(values.iter().filter_map(|values| values[index]));
            match (column.as_slice(), student::interval(&column, confidence)) {
                (_, Some(found)) => {
                    key.row(Some(found.mean), column.len() as u64, Some((found.low(), found.high())))
                }
                ([only], None) => key.row(Some(*only), 1, None),
                _ => key.row(None, 0, None),
            }
        })
        .collect()
}

/// The most jobs that the model can release, where that is known before it runs.
pub fn most_jobs(model: &Model) -> Option<u64> {
    let of_source = |source: &Source| match &source.arrivals {
        Arrivals::Trace(data) => Some(data.rows.len() as u64),
        Arrivals::Periodic { count: Some(count), .. } => Some(*count),
        Arrivals::Periodic { period, .. } => {
            let after = model.stop.after?;
            Some(after.0 / period.0.max(1) + 1)
        }
        Arrivals::Renewal(_) | Arrivals::Closed { .. } => None,
    };
    let released =
        model.sources.iter().map(of_source).try_fold(0u64, |sum, jobs| Some(sum.saturating_add(jobs?)));
    match (model.stop.jobs, released) {
        (Some(stop), Some(released)) => Some(stop.min(released)),
        (stop, released) => stop.or(released),
    }
}

/// The results for all numbers, in their order, worked out on several threads (0: one a processor).
#[cfg(feature = "threads")]
fn in_order<T: Send>(numbers: Range<u32>, threads: usize, one: impl Fn(u32) -> T + Sync + Send) -> Vec<T> {
    use rayon::prelude::*;
    if threads != 1
        && numbers.len() > 1
        && let Ok(pool) = rayon::ThreadPoolBuilder::new().num_threads(threads).build()
    {
        return pool.install(|| numbers.into_par_iter().map(one).collect());
    }
    // One thread is wanted, or no other can be started.
    numbers.map(one).collect()
}

/// The results for all numbers, in their order.
#[cfg(not(feature = "threads"))]
fn in_order<T>(numbers: Range<u32>, _threads: usize, one: impl Fn(u32) -> T) -> Vec<T> {
    numbers.map(one).collect()
}

struct Runner<'a> {
    model: &'a Model,
    plan: &'a RunPlan,
    watch: Watch<'a>,
    /// Millionths of replications done.
    done_millionths: AtomicU64,
    done: AtomicU32,
    events: AtomicU64,
    /// The least replication that has failed so far; later ones need not go on.
    failed: AtomicU32,
    /// Whether percentiles of waiting times are kept: the same for all replications that are merged.
    all_distributions: AtomicBool,
}

/// How one replication is run.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Keep {
    Nothing,
    Digest,
    Everything,
}

impl<'a> Runner<'a> {
    fn new(model: &'a Model, plan: &'a RunPlan, watch: Watch<'a>) -> Runner<'a> {
        Runner {
            model,
            plan,
            watch,
            done_millionths: AtomicU64::new(0),
            done: AtomicU32::new(0),
            events: AtomicU64::new(0),
            failed: AtomicU32::new(u32::MAX),
            all_distributions: AtomicBool::new(true),
        }
    }

    /// All replications in order, and whether replication 1 is small enough to be recorded unasked.
    fn all(&self) -> Result<(Vec<Done>, bool), Failure> {
        let asked = self.plan.records;
        let total = self.plan.replications.clamp(1, MAX_REPLICATIONS);
        let rest = if self.plan.digest { Keep::Digest } else { Keep::Nothing };
        match most_jobs(self.model) {
            Some(jobs) if jobs <= RECORDED_JOBS => {
                let done = self.several(0, total, Keep::Everything, Keep::Digest)?;
                Ok((done, true))
            }
            // Nothing but the number of jobs ends the run: there will be as many.
            Some(_) if self.model.stop.after.is_none() => {
                let first = if asked { Keep::Everything } else { rest };
                self.keep_all(first != Keep::Nothing);
                Ok((self.several(0, total, first, rest)?, false))
            }
            _ => self.unknown_size(total, rest, asked),
        }
    }

    fn keep_all(&self, wanted: bool) {
        self.all_distributions.store(wanted || self.plan.waiting_percentiles, Ordering::Relaxed);
    }

    /// Replication 1 decides how the others are run.
    fn unknown_size(&self, total: u32, rest: Keep, asked: bool) -> Result<(Vec<Done>, bool), Failure> {
        let Some(first) = self.probe(asked)? else {
            self.keep_all(rest != Keep::Nothing);
            return Ok((self.several(0, total, rest, rest)?, false));
        };
        let small = first.first.as_ref().is_some_and(|first| first.measures.released <= RECORDED_JOBS);
        let keep = if small { Keep::Digest } else { rest };
        let mut done = vec![first];
        if total > 1 {
            done.extend(self.several(1, total, keep, keep)?);
        }
        Ok((done, small))
    }

    /// Replication 1 recorded; `None` where it turned out to have too many jobs to go on recording unasked.
    fn probe(&self, asked: bool) -> Result<Option<Done>, Failure> {
        let too_many = Cell::new(false);
        let stop = |released: u64| {
            too_many.set(!asked && released > RECORDED_JOBS);
            !too_many.get()
        };
        let result = self.one(0, Keep::Everything, &stop);
        match result {
            Err(failure) if too_many.get() && matches!(*failure.error, RunError::Cancelled { .. }) => {
                self.failed.store(u32::MAX, Ordering::Relaxed);
                self.done_millionths.store(0, Ordering::Relaxed);
                Ok(None)
            }
            other => other.map(Some),
        }
    }

    fn several(&self, from: u32, total: u32, first: Keep, rest: Keep) -> Result<Vec<Done>, Failure> {
        let one =
            |replication: u32| self.one(replication, if replication == 0 { first } else { rest }, &|_| true);
        let results = in_order(from..total, self.plan.threads, one);
        // The first failure by number, not the first in time: a replication before a failed one always runs to its end.
        results.into_iter().collect()
    }

    fn one(&self, replication: u32, keep: Keep, goes_on: &dyn Fn(u64) -> bool) -> Result<Done, Failure> {
        match keep {
            Keep::Nothing => self
                .with(replication, Nothing, goes_on)
                .map(|(measures, _)| self.reduce(replication, measures, None)),
            Keep::Digest => self
                .with(replication, Digest::default(), goes_on)
                .map(|(measures, _)| self.reduce(replication, measures, None)),
            Keep::Everything => self
                .with(replication, Recording::new(self.plan.decisions), goes_on)
                .map(|(measures, recording)| self.reduce(replication, measures, Some(recording))),
        }
    }

    fn reduce(&self, replication: u32, measures: Measures, recording: Option<Recording>) -> Done {
        let values = metrics::values(self.model, &measures);
        let digest = measures.digest;
        let first = (replication == 0).then(|| Box::new(First { measures, recording }));
        Done { values, digest, first }
    }

    /// Runs one replication with any recorder, watched.
    fn with<R: Recorder>(
        &self,
        replication: u32,
        recorder: R,
        goes_on: &dyn Fn(u64) -> bool,
    ) -> Result<(Measures, R), Failure> {
        let seen = Cell::new((0u64, 0u64));
        let observer = |progress: sim_core::Progress| {
            let millionths = (self.fraction(&progress) * 1e6) as u64;
            let (events_before, before) = seen.replace((progress.events, millionths));
            self.events.fetch_add(progress.events - events_before, Ordering::Relaxed);
            self.done_millionths.fetch_add(millionths.saturating_sub(before), Ordering::Relaxed);
            self.failed.load(Ordering::Relaxed) >= replication
                && goes_on(progress.released)
                && (self.watch)(self.progress())
        };
        let limits = Limits {
            max_events: self.plan.max_events,
            max_jobs: self.plan.max_jobs,
            all_distributions: self.all_distributions.load(Ordering::Relaxed),
            observer: Some(&observer),
        };
        let result = sim_core::run(self.model, replication, &limits, recorder);
        match result {
            Ok((measures, recorder)) => {
                let (events, millionths) = seen.get();
                self.events.fetch_add(measures.events.saturating_sub(events), Ordering::Relaxed);
                self.done_millionths.fetch_add(1_000_000u64.saturating_sub(millionths), Ordering::Relaxed);
                self.done.fetch_add(1, Ordering::Relaxed);
                (self.watch)(self.progress());
                Ok((measures, recorder))
            }
            Err(error) => {
                self.failed.fetch_min(replication, Ordering::Relaxed);
                Err(Failure {
                    replication: replication + 1,
                    replications: self.plan.replications,
                    error: Box::new(error),
                })
            }
        }
    }

    /// How much of a replication is done, where its end is known.
    fn fraction(&self, progress: &sim_core::Progress) -> f64 {
        let stop = &self.model.stop;
        let of_time = stop.after.map_or(0.0, |after| progress.now.0 as f64 / after.0.max(1) as f64);
        let of_jobs = most_jobs(self.model).map_or(0.0, |jobs| progress.left as f64 / jobs.max(1) as f64);
        of_time.max(of_jobs).clamp(0.0, 1.0)
    }

    fn progress(&self) -> Progress {
        let total = self.plan.replications.max(1);
        let fraction = self.done_millionths.load(Ordering::Relaxed) as f64 / (1e6 * f64::from(total));
        Progress {
            done: self.done.load(Ordering::Relaxed),
            total,
            fraction: fraction.clamp(0.0, 1.0),
            events: self.events.load(Ordering::Relaxed),
        }
    }
}
