//! One replication, and several side by side: run, watched, reduced to rows of values.

use crate::growth::{Growth, growth};
use crate::metrics;
use crate::open::{Open, open};
use crate::recording::Recording;
use crate::run::{Failure, Progress, RECORDED_JOBS, RunPlan, Watch, most_jobs};
use sim_core::measure::Measures;
use sim_core::model::Model;
use sim_core::record::{Digest, Nothing, Recorder};
use sim_core::{Limits, RunError};
use std::cell::Cell;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};

/// One replication, reduced.
pub(crate) struct Done {
    pub values: Vec<Option<f64>>,
    pub digest: Option<u64>,
    pub growth: Option<Growth>,
    /// What unfinished jobs leave open in the numbers that the plan names.
    pub open: Vec<Option<Open>>,
    /// Of replication 1.
    pub first: Option<Box<First>>,
}

/// What is kept of replication 1.
pub(crate) struct First {
    pub measures: Measures,
    pub recording: Option<Recording>,
}

/// How the replications behind the first are run.
#[derive(Clone, Copy)]
pub(crate) struct Mode {
    pub rest: Keep,
    /// Replication 1 is small enough to be recorded unasked.
    pub recorded: bool,
    /// See [`Limits::all_distributions`].
    pub all_distributions: bool,
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

/// Runs replications of one model under one plan.
pub(crate) struct Runner<'a> {
    model: &'a Model,
    plan: &'a RunPlan,
    watch: Watch<'a>,
    /// Replications in total.
    total: u32,
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
pub(crate) enum Keep {
    Nothing,
    Digest,
    Everything,
}

impl<'a> Runner<'a> {
    /// For the replications of a range; those before it are done.
    pub fn new(model: &'a Model, plan: &'a RunPlan, watch: Watch<'a>, range: Range<u32>) -> Runner<'a> {
        Runner {
            model,
            plan,
            watch,
            total: range.end,
            done_millionths: AtomicU64::new(u64::from(range.start) * 1_000_000),
            done: AtomicU32::new(range.start),
            events: AtomicU64::new(0),
            failed: AtomicU32::new(u32::MAX),
            all_distributions: AtomicBool::new(true),
        }
    }

    pub fn keeping(self, all_distributions: bool) -> Runner<'a> {
        self.all_distributions.store(all_distributions, Ordering::Relaxed);
        self
    }

    /// All replications in order from the first, and how those that may follow are to be run.
    pub fn beginning(&self) -> Result<(Vec<Done>, Mode), Failure> {
        let rest = if self.plan.digest { Keep::Digest } else { Keep::Nothing };
        let (done, rest, recorded) = match most_jobs(self.model) {
            Some(jobs) if jobs <= RECORDED_JOBS => {
                (self.several(0, Keep::Everything, Keep::Digest)?, Keep::Digest, true)
            }
            // Nothing but the number of jobs ends the run: there will be as many.
            Some(_) if self.model.stop.after.is_none() => {
                let first = if self.plan.records { Keep::Everything } else { rest };
                self.keep_all(first != Keep::Nothing);
                (self.several(0, first, rest)?, rest, false)
            }
            _ => self.unknown_size(rest)?,
        };
        let all_distributions = self.all_distributions.load(Ordering::Relaxed);
        Ok((done, Mode { rest, recorded, all_distributions }))
    }

    fn keep_all(&self, wanted: bool) {
        self.all_distributions.store(wanted || self.plan.waiting_percentiles, Ordering::Relaxed);
    }

    /// Replication 1 decides how the others are run.
    fn unknown_size(&self, rest: Keep) -> Result<(Vec<Done>, Keep, bool), Failure> {
        let Some(first) = self.probe(self.plan.records)? else {
            self.keep_all(rest != Keep::Nothing);
            return Ok((self.several(0, rest, rest)?, rest, false));
        };
        let small = first.first.as_ref().is_some_and(|first| first.measures.released <= RECORDED_JOBS);
        let keep = if small { Keep::Digest } else { rest };
        let mut done = vec![first];
        done.extend(self.several(1, keep, keep)?);
        Ok((done, keep, small))
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

    /// All replications from the first, each in its own way.
    pub fn each<T: Send>(
        &self,
        one: impl Fn(u32) -> Result<T, Failure> + Sync + Send,
    ) -> Result<Vec<T>, Failure> {
        in_order(0..self.total, self.plan.threads, one).into_iter().collect()
    }

    /// The replications from this one to the last.
    pub fn several(&self, from: u32, first: Keep, rest: Keep) -> Result<Vec<Done>, Failure> {
        let one =
            |replication: u32| self.one(replication, if replication == 0 { first } else { rest }, &|_| true);
        let results = in_order(from..self.total, self.plan.threads, one);
        // The first failure by number, not the first in time: a replication before a failed one always runs to its end.
        results.into_iter().collect()
    }

    /// The replications from this one to the last, each with a recorder of its own and reduced where it ran.
    pub fn reduced<R: Recorder, T: Send>(
        &self,
        from: u32,
        recorder: impl Fn() -> R + Sync + Send,
        reduce: impl Fn(Measures, R) -> T + Sync + Send,
    ) -> Result<Vec<T>, Failure> {
        let one = |replication: u32| {
            let (measures, recorder) = self.with(replication, recorder(), &|_| true)?;
            Ok(reduce(measures, recorder))
        };
        in_order(from..self.total, self.plan.threads, one).into_iter().collect()
    }

    pub fn one(&self, replication: u32, keep: Keep, goes_on: &dyn Fn(u64) -> bool) -> Result<Done, Failure> {
        match keep {
            Keep::Nothing => self
                .with(replication, Nothing, goes_on)
                .map(|(measures, _)| self.reduce(replication, measures, None)),
            Keep::Digest => self
                .with(replication, Digest::default(), goes_on)
                .map(|(measures, _)| self.reduce(replication, measures, None)),
            Keep::Everything => self
                .with(replication, Recording::of_jobs(self.plan.decisions, most_jobs(self.model)), goes_on)
                .map(|(measures, recording)| self.reduce(replication, measures, Some(recording))),
        }
    }

    fn reduce(&self, replication: u32, measures: Measures, recording: Option<Recording>) -> Done {
        let values = metrics::values(self.model, &measures, &self.plan.asked);
        let (digest, growth) = (measures.digest, growth(&measures.levels));
        let open = self.plan.held.iter().map(|key| open(self.model, &measures, key)).collect();
        let first = (replication == 0).then(|| Box::new(First { measures, recording }));
        Done { values, digest, growth, open, first }
    }

    /// Runs one replication with any recorder, watched.
    pub fn with<R: Recorder>(
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
                    replications: self.total,
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
        let total = self.total.max(1);
        let fraction = self.done_millionths.load(Ordering::Relaxed) as f64 / (1e6 * f64::from(total));
        Progress {
            done: self.done.load(Ordering::Relaxed),
            total,
            fraction: fraction.clamp(0.0, 1.0),
            events: self.events.load(Ordering::Relaxed),
        }
    }
}
