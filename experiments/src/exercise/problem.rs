//! What answers are held against: a run of an input on the cores of one processor.

use super::answer::Stretch;
use super::make::ExerciseError;
use super::replay::{Away, Part, away, parts};
use crate::{Decisions, RunPlan, run};
use policies::{Layer, PolicyDef};
use scenarios::{Input, InputKind, Options, PolicyOption};
use sim_core::model::Model;
use sim_core::trace::{JobRecord, Segment, SegmentKind, Trace};

/// Milliseconds in a nanosecond.
pub(super) const MS: f64 = 1e-6;

/// A run as a problem: who ran, and what it takes to run the same under another policy.
#[derive(Clone, Copy, Debug)]
pub struct Problem<'a> {
    /// What was run.
    pub input: &'a Input,
    /// The options that go over it.
    pub options: &'a Options,
    /// The model.
    pub model: &'a Model,
    /// The recorded run.
    pub trace: &'a Trace,
    /// The policy.
    pub def: &'static PolicyDef,
    /// The policy with its parameters, as the command line takes it.
    pub policy: &'a str,
    /// Index of the processor whose schedule is asked for.
    pub processor: u32,
    /// Its cores.
    pub cores: u32,
}

impl<'a> Problem<'a> {
    /// A run as a problem whose schedule can be drawn.
    ///
    /// # Errors
    /// See [`ExerciseError`]: the input is no task list, draws random numbers, or its tasks share the cores.
    pub fn of(
        input: &'a Input,
        options: &'a Options,
        model: &'a Model,
        trace: &'a Trace,
    ) -> Result<Problem<'a>, ExerciseError> {
        let mut processors = model.processors.iter().enumerate().filter(|(_, processor)| !processor.device);
        let (Some((index, processor)), None, InputKind::TaskList) =
            (processors.next(), processors.next(), input.kind)
        else {
            return Err(ExerciseError::NoTaskList);
        };
        let def = scheduler(&processor.scheduler.spec)?;
        let problem = Problem {
            input,
            options,
            model,
            trace,
            def,
            policy: &processor.scheduler.spec,
            processor: index as u32,
            cores: processor.cores,
        };
        if trace.segments.iter().any(|segment| segment.share != (1, 1)) {
            return Err(ExerciseError::Shares(def.id));
        }
        Ok(problem)
    }

    /// The name of a job's task.
    pub fn task(&self, job: &JobRecord) -> &'a str {
        &self.model.tasks[job.task as usize]
    }

    /// Whether a task is a periodic one, whose jobs wait for each other.
    pub(super) fn is_thread(&self, task: u32) -> bool {
        let mut of = self.model.attributes.iter();
        of.any(|attributes| attributes.task == task && attributes.period.is_some())
    }

    /// Where the jobs are while they are away from the processor, at I/O or in the queue for it, in order of time.
    pub fn away(&self) -> Vec<Away> {
        away(self.trace, self.processor)
    }

    /// What each job does, part by part, as far as the run went.
    pub fn parts(&self) -> Vec<Vec<Part>> {
        parts(self)
    }

    /// All instants of the run at which something begins or ends, sorted, in ns.
    pub(super) fn times(&self) -> Vec<u64> {
        let runs = self.trace.segments.iter().flat_map(|segment| [segment.start, segment.end]);
        let away = self.away();
        let away = away.iter().flat_map(|away| [away.start, away.end]);
        let arrivals = self.trace.jobs.iter().map(|job| job.arrival);
        let mut times: Vec<u64> = runs.chain(away).chain(arrivals).map(|time| time.0).collect();
        times.sort_unstable();
        times.dedup();
        times
    }

    /// The stretches in which the processor's cores ran jobs, as an answer has them.
    pub fn stretches(&self, trace: &Trace) -> Vec<Stretch> {
        let stretch = |segment: &Segment| Stretch {
            core: Some(segment.core),
            start: segment.start.0 as f64 * MS,
            end: segment.end.0 as f64 * MS,
            task: self.task(&trace.jobs[segment.job as usize]).to_owned(),
        };
        let runs = trace.segments.iter();
        let runs =
            runs.filter(|segment| segment.kind == SegmentKind::Run && segment.processor == self.processor);
        runs.map(stretch).collect()
    }

    /// The columns of the task list.
    pub(super) fn columns(&self) -> Vec<&'a str> {
        let text = self.input.as_str().unwrap_or("").trim_start_matches('\u{feff}');
        let header = text.lines().find(|line| !line.trim().is_empty() && !line.starts_with('#'));
        header.unwrap_or("").split(',').map(str::trim).collect()
    }

    /// The run under another policy; `None` where there is none.
    pub(super) fn under(&self, policy: &str) -> Option<Trace> {
        let options = Options { policies: vec![PolicyOption::parse(policy).ok()?], ..self.options.clone() };
        answer(self.input, &options).ok().map(|(_, trace)| trace)
    }
}

/// A scheduler whose decisions can be known.
pub(super) fn scheduler(spec: &str) -> Result<&'static PolicyDef, ExerciseError> {
    let parsed = policies::parse(Layer::Scheduler, spec).map_err(|error| {
        let help = error.help.map(|help| format!("; {help}")).unwrap_or_default();
        ExerciseError::Policy(error.message + &help)
    })?;
    if parsed.def.traits.random { Err(ExerciseError::Random(parsed.def.id)) } else { Ok(parsed.def) }
}

/// Whether a policy's own example gives its jobs something that these columns do not have.
pub(super) fn asks_more(def: &PolicyDef, columns: &[&str]) -> bool {
    let mut given = def.example.jobs.split_whitespace().filter_map(|word| word.split_once('='));
    given.any(|(key, _)| !columns.contains(&key))
}

/// A run with its decisions.
///
/// # Errors
/// [`ExerciseError::Shares`] where jobs share the cores, else [`ExerciseError::Policy`] with what the run was refused for.
pub(super) fn answer(input: &Input, options: &Options) -> Result<(Model, Trace), ExerciseError> {
    let loaded = scenarios::load(input, options).map_err(|refused| {
        let first = refused.first().map(|diagnostic| diagnostic.message.clone());
        ExerciseError::Policy(first.unwrap_or_default())
    })?;
    let model = loaded.model;
    let plan = RunPlan { records: true, decisions: Decisions::Explained, threads: 1, ..RunPlan::default() };
    let result = run(&model, &plan, &|_| true).map_err(|error| ExerciseError::Policy(error.to_string()))?;
    let trace = result.trace.unwrap_or_default();
    let shares = trace.segments.iter().find(|segment| segment.share != (1, 1));
    match shares.map(|segment| scheduler(&model.processors[segment.processor as usize].scheduler.spec)) {
        Some(Ok(def)) => Err(ExerciseError::Shares(def.id)),
        Some(Err(error)) => Err(error),
        None => Ok((model, trace)),
    }
}
