//! One run, ready to be looked at: immutable, shared by all views.

use super::events::{self, Event};
use super::grounds::{Explained, LookUp};
use super::occupancy::Occupancy;
use super::rows::{Activity, Row, RowKind, Rows};
use super::setup::Setup;
use experiments::background::both;
use experiments::run::{RECORDED_JOBS, Watch};
use experiments::{Decisions, RunPlan, RunResult, vocabulary};
use reports::explain::{Explainer, Vocabulary};
use reports::rows::RunDocument;
use scenarios::{Diagnostic, Loaded};
use sim_core::RunError;
use sim_core::model::{Model, Stop};
use sim_core::trace::{Decision, DecisionKind, Trace};
use sim_core::units::Time;
use std::sync::OnceLock;

/// Runs up to this many events are made at once, in the frame of the change; larger ones beside it.
pub const AT_ONCE_EVENTS: u64 = 200_000;
/// Events that any run of the window may take: a minute or more of work. Where there are no threads the page stands still for a
/// run, for a second or so.
pub const MOST_EVENTS: u64 = if cfg!(target_arch = "wasm32") { 2_000_000 } else { 1_000_000_000 };
/// Of a run that is too large to be drawn whole the first jobs are drawn, this many.
const CHART_JOBS: u64 = 20_000;
/// Parts of the overview strip.
const BAND: usize = 512;

/// Why there is no run to look at.
#[derive(Clone, PartialEq, Debug)]
pub enum Trouble {
    /// The input has mistakes.
    Mistakes(Vec<Diagnostic>),
    /// The run could not be finished.
    Failed(String),
    /// It has more events than fit in the budget.
    TooLong,
    /// Nobody wants it any more.
    Cancelled,
}

/// Who made a job ready.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Waker {
    /// Its own release.
    Release,
    /// A timer: a delay was over.
    Timer,
    /// Its own device or child was done.
    Own,
    /// Another job, which gave back what this one waited for.
    Job(u32),
    /// Nobody: it lost its core.
    Preempted,
}

/// What is left out of a picture.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Thinned {
    /// So many jobs have no row of their own.
    Rows(usize),
    /// The chart ends after so many jobs, at a time.
    End(usize, Time),
}

impl Thinned {
    /// In words.
    pub fn words(self) -> String {
        match self {
            Thinned::Rows(jobs) => crate::tr!("thinned-rows", jobs = jobs.to_string()),
            Thinned::End(jobs, end) => {
                let (jobs, most) = (jobs.to_string(), RECORDED_JOBS.to_string());
                crate::tr!("thinned-end", jobs = jobs, end = end.to_string(), most = most)
            }
        }
    }
}

/// A run and its indices.
pub struct Snapshot {
    /// What was run.
    pub setup: Setup,
    /// The model, and what was said about it.
    pub loaded: Loaded,
    /// What the replications found.
    pub result: RunResult,
    /// The beginning of a run that is too large to be drawn whole.
    shortened: Option<Trace>,
    /// What was left out.
    pub thinned: Vec<Thinned>,
    /// The rows of the schedule.
    pub rows: Rows,
    /// Who was where.
    pub occupancy: Occupancy,
    /// What happened, once somebody has asked.
    events: OnceLock<Vec<Event>>,
    /// The words of the policies.
    pub words: Vocabulary,
    /// How busy the cores were, in equal parts of the time shown, from 0 to 1.
    pub band: Vec<f32>,
    /// How many wait, over time.
    pub waiting: Vec<(u64, u32)>,
    several: Vec<bool>,
    /// Where the run is known up to an instant only: that instant, in nanoseconds.
    pub known: Option<u64>,
    /// The end of the trace: every frame asks for it several times.
    end: u64,
    /// Why decisions were taken that were recorded without their grounds.
    pub grounds: LookUp,
}

impl Snapshot {
    /// Runs a setup. With a budget of events a longer run is given up.
    pub fn compute(
        setup: &Setup,
        decisions: Decisions,
        budget: Option<u64>,
        watch: Watch<'_>,
    ) -> Result<Snapshot, Trouble> {
        let loaded = scenarios::load(&setup.input, &setup.options).map_err(Trouble::Mistakes)?;
        let plan = RunPlan { decisions, ..plan(&loaded, budget) };
        let result = experiments::run(&loaded.model, &plan, watch).map_err(|failure| trouble(&failure))?;
        Snapshot::of(setup.clone(), loaded, result, watch)
    }

    /// A run that was made elsewhere, with decisions.
    pub fn of(
        setup: Setup,
        loaded: Loaded,
        result: RunResult,
        watch: Watch<'_>,
    ) -> Result<Snapshot, Trouble> {
        let mut thinned = Vec::new();
        let whole = result.trace.is_some() && result.has_segments;
        let shortened = if whole { None } else { Some(beginning(&loaded, &mut thinned, watch)?) };
        let trace = shortened.as_ref().or(result.trace.as_ref()).expect("one of them is there");
        // They are in order of their ends.
        let last = trace.segments.last().map_or(0, |segment| segment.end.0);
        let model = &loaded.model;
        let (rows, (occupancy, waiting, band)) = both(
            || Rows::new(model, trace),
            || {
                let occupancy = Occupancy::new(trace);
                let waiting = occupancy.waiting_over_time(4_000);
                (occupancy, waiting, band(model, trace))
            },
        );
        if rows.hidden_jobs > 0 {
            thinned.push(Thinned::Rows(rows.hidden_jobs));
        }
        let mut several = vec![false; model.tasks.len()];
        for job in trace.jobs.iter().filter(|job| job.job > 1) {
            several[job.task as usize] = true;
        }
        Ok(Snapshot {
            events: OnceLock::new(),
            words: vocabulary(model),
            band,
            waiting,
            several,
            known: None,
            end: trace.end.0.max(last).max(1),
            grounds: LookUp::default(),
            thinned,
            occupancy,
            rows,
            shortened,
            setup,
            loaded,
            result,
        })
    }

    /// The model.
    pub fn model(&self) -> &Model {
        &self.loaded.model
    }

    /// What is drawn: the whole run, or the beginning of it.
    pub fn trace(&self) -> &Trace {
        self.shortened.as_ref().or(self.result.trace.as_ref()).expect("one of them is there")
    }

    /// What happened: worked out when it is first asked for, as the schedule alone does not need it.
    pub fn events(&self) -> &[Event] {
        self.events.get_or_init(|| events::events(&self.rows, self.trace()))
    }

    /// Whether all of the run is drawn.
    pub fn is_whole(&self) -> bool {
        self.shortened.is_none()
    }

    /// The end of what is drawn, in nanoseconds, at least 1.
    pub fn end(&self) -> u64 {
        if let Some(known) = self.known {
            return known;
        }
        self.end
    }

    /// The document of the run, as the command line writes it.
    pub fn document(&self) -> RunDocument<'_> {
        let beside = experiments::report::beside(&self.loaded, &self.result);
        experiments::report::document(&self.loaded, &self.result, &[], beside)
    }

    /// The task's name; with the number of its job where the task has several.
    pub fn job_name(&self, job: u32) -> String {
        let Some(record) = self.trace().jobs.get(job as usize) else { return format!("job {}", job + 1) };
        let task = &self.model().tasks[record.task as usize];
        if self.several[record.task as usize] { format!("{task}#{}", record.job) } else { task.clone() }
    }

    /// Which job of its task it is, where the task has several.
    pub fn number_of(&self, job: u32) -> Option<u64> {
        let record = self.trace().jobs.get(job as usize)?;
        self.several[record.task as usize].then_some(record.job)
    }

    /// The job's task.
    pub fn task_of(&self, job: u32) -> u32 {
        self.trace().jobs.get(job as usize).map_or(0, |record| record.task)
    }

    /// Whether jobs waited for tokens: then others woke them.
    pub fn has_token_waits(&self) -> bool {
        self.occupancy.has_token_waits()
    }

    /// The name of a station of an activity.
    pub fn station_name(&self, activity: Activity, station: u32) -> &str {
        let model = self.model();
        let processor = model.processors.get(station as usize).map(|processor| processor.name.as_str());
        match activity {
            Activity::Waiting => model.pools.get(station as usize).map_or("", |pool| pool.name.as_str()),
            _ => processor.unwrap_or(""),
        }
    }

    /// The row a job is drawn on.
    pub fn row_of_job(&self, job: u32) -> Option<usize> {
        self.rows.row_of_job(self.task_of(job), job)
    }

    /// A decision with its grounds; `None` where these are still to be found: they are asked for.
    pub fn explained(&self, index: usize) -> Option<Explained<'_>> {
        let decision = self.trace().decisions.get(index)?;
        if decision.grounds.is_some() {
            return Some(Explained::Recorded(decision));
        }
        self.grounds.find(index).map(Explained::Found)
    }

    /// Whether every decision was recorded with its grounds.
    pub fn is_explained(&self) -> bool {
        self.trace().decisions.iter().all(|decision| decision.grounds.is_some())
    }

    /// Explains decisions.
    pub fn explainer(&self) -> Explainer<'_> {
        Explainer::new(self.model(), self.trace(), &self.words)
    }

    /// The decisions taken at an instant; where there are none, the last ones before it: a range of the trace's.
    pub fn decisions_at(&self, at: u64) -> std::ops::Range<usize> {
        let decisions = &self.trace().decisions;
        let after = decisions.partition_point(|decision| decision.at.0 <= at);
        let Some(last) = decisions[..after].last() else { return 0..0 };
        decisions[..after].partition_point(|decision| decision.at < last.at)..after
    }

    /// The decision that put a job on a core at an instant.
    pub fn dispatch_of(&self, job: u32, at: u64) -> Option<usize> {
        let decisions = &self.trace().decisions;
        let after = decisions.partition_point(|decision| decision.at.0 <= at);
        let picks = |decision: &Decision| {
            matches!(decision.kind, DecisionKind::Dispatch { .. }) && decision.chosen == u64::from(job)
        };
        decisions[..after].iter().rposition(picks)
    }

    /// The next decision of a processor after an instant.
    pub fn next_dispatch(&self, processor: u32, at: u64) -> Option<usize> {
        let decisions = &self.trace().decisions;
        let from = decisions.partition_point(|decision| decision.at.0 <= at);
        let of = |decision: &Decision| matches!(decision.kind, DecisionKind::Dispatch { processor: p, .. } if p == processor);
        decisions[from..].iter().take(10_000).position(of).map(|index| from + index)
    }

    /// The last choice of a balancer up to an instant: the job and the server.
    pub fn last_balance(&self, balancer: u32, at: u64) -> Option<(u32, u32)> {
        let decisions = &self.trace().decisions;
        let upto = decisions.partition_point(|decision| decision.at.0 <= at);
        decisions[..upto].iter().rev().take(10_000).find_map(|decision| match decision.kind {
            DecisionKind::Balance { balancer: b, job } if b == balancer => {
                Some((job as u32, decision.chosen as u32))
            }
            _ => None,
        })
    }

    /// Who made a job ready that began to be ready at `at`.
    pub fn waker(&self, job: u32, at: u64) -> Option<Waker> {
        let record = self.trace().jobs.get(job as usize)?;
        if record.arrival == Time(at) {
            return Some(Waker::Release);
        }
        let bars = self.rows.of_job(job);
        let index = bars.partition_point(|bar| bar.start < at);
        let before = index.checked_sub(1).map(|index| bars[index])?;
        match before.activity {
            Activity::Blocked if before.station == u32::MAX => Some(Waker::Timer),
            Activity::Blocked | Activity::Joining => Some(Waker::Own),
            Activity::Waiting => self.who_ended(before.end, job).map(Waker::Job),
            _ => Some(Waker::Preempted),
        }
    }

    /// The only other job that was done with something at an instant; `None` where there are several.
    fn who_ended(&self, at: u64, not: u32) -> Option<u32> {
        let events = self.events();
        let from = events.partition_point(|event| event.at < at);
        let mut found = None;
        for event in events[from..].iter().take_while(|event| event.at == at) {
            let gave = matches!(event.kind, events::EventKind::Complete)
                || matches!(event.kind, events::EventKind::Begin(Activity::Blocked | Activity::Waiting));
            if gave && event.job != not && found != Some(event.job) {
                if found.is_some() {
                    return None;
                }
                found = Some(event.job);
            }
        }
        found
    }

    /// How long a job had been ready or waiting before a stretch of running, in nanoseconds.
    pub fn wait_before(&self, job: u32, start: u64) -> u64 {
        let bars = self.rows.of_job(job);
        let index = bars.partition_point(|bar| bar.start < start);
        let waits = |activity| matches!(activity, Activity::Ready | Activity::Preempted | Activity::Waiting);
        let mut edge = start;
        for bar in bars[..index].iter().rev() {
            let cost = matches!(bar.activity, Activity::Switch | Activity::Dispatch);
            if bar.end != edge || !(waits(bar.activity) || cost) {
                break;
            }
            edge = bar.start;
        }
        start - edge
    }

    /// Rows of tasks.
    pub fn task_rows(&self) -> impl Iterator<Item = &Row> {
        self.rows.rows.iter().filter(|row| matches!(row.kind, RowKind::Task { .. }))
    }

    /// Rows of cores.
    pub fn core_rows(&self) -> impl Iterator<Item = &Row> {
        self.rows.rows.iter().filter(|row| matches!(row.kind, RowKind::Core { .. }))
    }
}

/// The plan of a run that is looked at: as the command line's, with decisions, of which only the first are explained.
pub fn plan(loaded: &Loaded, budget: Option<u64>) -> RunPlan {
    let usual = RunPlan::default();
    RunPlan {
        decisions: Decisions::Chosen,
        threads: 1,
        warmup_auto: loaded.warmup_auto,
        max_events: budget.unwrap_or(MOST_EVENTS),
        ..usual
    }
}

/// A failed run in words, or that it was too long or is not wanted.
pub fn trouble(failure: &experiments::Failure) -> Trouble {
    match *failure.error {
        RunError::Cancelled { .. } => Trouble::Cancelled,
        // Any limit below the usual one is a budget of this window's.
        RunError::EventLimit { limit, .. } if limit < RunPlan::default().max_events => Trouble::TooLong,
        _ => Trouble::Failed(failure.to_string()),
    }
}

/// The beginning of a run that is too large to be kept whole: as many of its first jobs as can be drawn.
fn beginning(loaded: &Loaded, thinned: &mut Vec<Thinned>, watch: Watch<'_>) -> Result<Trace, Trouble> {
    let mut jobs = CHART_JOBS;
    loop {
        let mut model = loaded.model.clone();
        model.stop.jobs = Some(model.stop.jobs.unwrap_or(jobs).min(jobs));
        model.warmup = Time::ZERO;
        let plan = RunPlan { records: true, warmup_auto: false, ..plan(loaded, None) };
        let run = |model: &Model| experiments::run(model, &plan, watch).map_err(|failure| trouble(&failure));
        let mut result = run(&model)?;
        // After the last of these jobs has come the machine would seem to be without work: the picture ends there.
        let last = result.trace.as_ref().and_then(|trace| trace.jobs.last()).map(|job| job.arrival);
        if let Some(last) = last.filter(|last| *last > Time::ZERO) {
            model.stop = Stop { after: Some(model.stop.after.map_or(last, |end| end.min(last))), jobs: None };
            result = run(&model)?;
        }
        match result.trace {
            Some(trace) if result.has_segments || jobs <= 20 => {
                thinned.push(Thinned::End(trace.jobs.len(), trace.end));
                return Ok(trace);
            }
            _ => jobs /= 10,
        }
    }
}

/// How busy the cores were, in equal parts of the run.
fn band(model: &Model, trace: &Trace) -> Vec<f32> {
    let cores: u64 = model.processors.iter().filter(|p| !p.device).map(|p| u64::from(p.cores)).sum();
    let scale = BAND as f64 / trace.end.0.max(1) as f64;
    let mut busy = vec![0.0f64; BAND];
    for segment in &trace.segments {
        if model.processors[segment.processor as usize].device {
            continue;
        }
        let share = f64::from(segment.share.0) / f64::from(segment.share.1.max(1));
        let part = |time: Time| time.0 as f64 * scale;
        let (from, to) = (part(segment.start), part(segment.end).min(BAND as f64));
        let mut at = from;
        while at < to {
            let edge = (at.floor() + 1.0).min(to);
            busy[(at as usize).min(BAND - 1)] += (edge - at) * share.min(1.0);
            at = edge;
        }
    }
    busy.into_iter().map(|sum| (sum / cores.max(1) as f64).min(1.0) as f32).collect()
}
