//! Drawing a problem.

use super::problem::{Problem, answer, scheduler};
use policies::{ParamKind, PolicyDef};
use scenarios::{Input, InputKind, Options, PolicyOption};
use sim_core::model::Model;
use sim_core::rng::{Stream, StreamRoot, below};
use sim_core::trace::{PlaceKind, SegmentKind, Trace};
use std::fmt::Write as _;

/// The most tasks of a problem.
pub const MAX_TASKS: u32 = 12;
/// The most cores of a problem.
pub const MAX_CORES: u32 = 4;
/// Problems that are drawn before one without any difficulty is taken.
const ATTEMPTS: u32 = 100;

/// What the tasks of a problem do their I/O with.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum IoDevice {
    /// Each task has a device of its own.
    Parallel,
    /// One device serves all, first come, first served.
    Fcfs,
}

impl IoDevice {
    /// The word of `--io-device`.
    pub fn word(self) -> &'static str {
        match self {
            IoDevice::Parallel => "parallel",
            IoDevice::Fcfs => "fcfs",
        }
    }
}

/// What problem is wanted.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Wish {
    /// The scheduler, `round-robin` or `round-robin:quantum=2ms`.
    pub policy: String,
    /// Decides which problem it is.
    pub seed: u64,
    /// How many tasks, 2 to [`MAX_TASKS`].
    pub tasks: u32,
    /// How many cores, 1 to [`MAX_CORES`].
    pub cores: u32,
    /// Whether tasks leave for I/O, and how it is served.
    pub io: Option<IoDevice>,
}

impl Default for Wish {
    fn default() -> Self {
        Wish { policy: "round-robin".to_owned(), seed: 1, tasks: 4, cores: 1, io: None }
    }
}

/// A problem with its answer.
#[derive(Debug)]
pub struct Exercise {
    /// What was wished for.
    pub wish: Wish,
    /// The policy.
    pub def: &'static PolicyDef,
    /// The policy with its parameters, as the command line takes it.
    pub policy: String,
    /// The task list, as the command line takes it; times in ms.
    pub input: Input,
    /// The options to run it with.
    pub options: Options,
    /// The model.
    pub model: Model,
    /// The answer.
    pub trace: Trace,
}

impl Exercise {
    /// The text of the task list.
    pub fn list(&self) -> &str {
        self.input.as_str().unwrap_or_default()
    }

    /// What answers are held against.
    pub fn problem(&self) -> Problem<'_> {
        Problem {
            input: &self.input,
            options: &self.options,
            model: &self.model,
            trace: &self.trace,
            def: self.def,
            policy: &self.policy,
            processor: 0,
            cores: self.wish.cores,
        }
    }
}

/// Why there is no such problem.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ExerciseError {
    /// There is no such policy, or its parameters are wrong.
    #[error("{0}")]
    Policy(String),
    /// The answer would depend on chance.
    #[error("`{0}` draws random numbers: its problems have no single answer; choose a policy that does not")]
    Random(&'static str),
    /// Jobs would run at once on one core.
    #[error("`{0}` shares the cores among all jobs: its schedule cannot be drawn as one job a core")]
    Shares(&'static str),
    /// There is no single processor whose tasks are known.
    #[error(
        "a schedule can be drawn for task lists on one processor only; here you can say which task is next"
    )]
    NoTaskList,
    /// More than can be drawn.
    #[error(
        "the schedule is too large to be drawn: at most {units} units of time, {tasks} tasks and {cores} cores; here you can \
         say which task is next"
    )]
    TooLarge {
        /// Units of time.
        units: usize,
        /// Tasks.
        tasks: usize,
        /// Cores.
        cores: u32,
    },
    /// More than can be asked about.
    #[error("the run is too long to be predicted: fewer tasks, or an earlier end")]
    TooLong,
    /// Nobody chooses anything.
    #[error("no scheduler takes a decision in this run: there is nothing to predict")]
    NoDecisions,
    /// Too few or too many.
    #[error("{what} must be from {least} to {most}, not {found}")]
    Range {
        /// Of what.
        what: &'static str,
        /// Least.
        least: u32,
        /// Most.
        most: u32,
        /// What was asked for.
        found: u32,
    },
}

fn range(what: &'static str, least: u32, most: u32, found: u32) -> Result<(), ExerciseError> {
    if (least..=most).contains(&found) {
        Ok(())
    } else {
        Err(ExerciseError::Range { what, least, most, found })
    }
}

/// Draws a problem and works out its answer.
///
/// # Errors
/// See [`ExerciseError`].
pub fn make(wish: &Wish) -> Result<Exercise, ExerciseError> {
    range("the number of tasks", 2, MAX_TASKS, wish.tasks)?;
    range("the number of cores", 1, MAX_CORES, wish.cores)?;
    let def = scheduler(&wish.policy)?;
    let mut last = None;
    for attempt in 0..ATTEMPTS {
        let mut stream = StreamRoot::new(wish.seed, attempt).stream("exercise", def.id);
        let policy = with_quanta(&wish.policy, def, &mut stream);
        let list = match wish.io {
            None => tasks(wish, def, &mut stream, work),
            Some(_) => tasks(wish, def, &mut stream, program),
        };
        let input = Input::from_text("exercise.csv", InputKind::TaskList, list);
        let options = Options {
            cores: Some(wish.cores),
            policies: PolicyOption::parse(&policy).into_iter().collect(),
            io_device: wish.io.map(|device| device.word().to_owned()),
            ..Options::default()
        };
        let (model, trace) = answer(&input, &options)?;
        let is_good = has_difficulty(&trace) && (wish.io.is_none() || is_filled(&trace));
        last = Some(Exercise { wish: wish.clone(), def, policy, input, options, model, trace });
        if is_good {
            break;
        }
    }
    last.ok_or_else(|| ExerciseError::Policy(format!("no problem for `{}`", wish.policy)))
}

/// Quanta of a few milliseconds, where the policy has any and the wish does not say them.
fn with_quanta(policy: &str, def: &PolicyDef, stream: &mut Stream) -> String {
    if policy.contains(':') {
        return policy.to_owned();
    }
    let first = 2 + below(stream, 2);
    let quantum = def.params.iter().find(|param| param.name == "quantum").map(|param| match param.kind {
        ParamKind::Spans => format!("{policy}:quantum={first}ms/{}ms/{}ms", 2 * first, 4 * first),
        _ => format!("{policy}:quantum={first}ms"),
    });
    quantum.unwrap_or_else(|| policy.to_owned())
}

/// What a task does: the cell, and how long it takes alone.
type Does = (String, u64);

/// It runs.
fn work(stream: &mut Stream) -> Does {
    let cpu = 1 + below(stream, 8);
    (cpu.to_string(), cpu)
}

/// It runs, and up to twice it leaves for I/O in between.
fn program(stream: &mut Stream) -> Does {
    let mut length = 1 + below(stream, 5);
    let mut text = format!("cpu {length}");
    for _ in 0..below(stream, 3) {
        let (io, cpu) = (1 + below(stream, 6), 1 + below(stream, 4));
        length += io + cpu;
        let _ = write!(text, "; io {io}; cpu {cpu}");
    }
    (text, length)
}

/// The task list: small whole numbers of ms. It has the columns that the policy's own example gives its jobs.
fn tasks(wish: &Wish, def: &PolicyDef, stream: &mut Stream, does: fn(&mut Stream) -> Does) -> String {
    let has = |word: &str| def.example.jobs.contains(&format!("{word}="));
    let more: Vec<&str> =
        ["priority", "nice", "tickets", "weight", "deadline"].into_iter().filter(|word| has(word)).collect();
    let mut list = format!("task,arrival,{}", if wish.io.is_some() { "program" } else { "cpu" });
    for word in &more {
        let _ = write!(list, ",{word}");
    }
    list.push('\n');
    let mut arrival = 0;
    for index in 0..wish.tasks {
        if index > 0 {
            arrival += below(stream, 4);
        }
        let (cell, length) = does(stream);
        let _ = write!(list, "P{},{arrival},{cell}", index + 1);
        for word in &more {
            let value = match *word {
                "priority" => (1 + below(stream, 5)).to_string(),
                "nice" => (below(stream, 11).cast_signed() - 5).to_string(),
                "tickets" | "weight" => (100 * (1 + below(stream, 5))).to_string(),
                _ => (length + 2 + below(stream, 5 * u64::from(wish.tasks))).to_string(),
            };
            let _ = write!(list, ",{value}");
        }
        list.push('\n');
    }
    list
}

/// Whether somebody waits, and the jobs do not simply run whole in the order in which they came, on any policy.
fn has_difficulty(trace: &Trace) -> bool {
    let runs =
        trace.segments.iter().filter(|segment| segment.kind == SegmentKind::Run && segment.processor == 0);
    let order: Vec<u64> = runs.map(|segment| segment.job).collect();
    let waits = trace.jobs.iter().filter(|job| job.waiting().is_some_and(|waiting| waiting.0 > 0)).count();
    let plain = order.len() == trace.jobs.len() && order.is_sorted();
    2 * waits >= trace.jobs.len() && !plain
}

/// Whether at least two tasks leave for I/O, and somebody else runs meanwhile.
fn is_filled(trace: &Trace) -> bool {
    let leave = trace.jobs.iter().filter(|job| job.blocked.0 > 0);
    let away = trace.stays.iter().filter(|stay| stay.place == PlaceKind::Delay);
    let device = trace.segments.iter().filter(|segment| segment.processor != 0);
    let away = away.map(|s| (s.start, s.end)).chain(device.map(|s| (s.start, s.end)));
    let runs: Vec<_> = trace.segments.iter().filter(|segment| segment.processor == 0).collect();
    let mut meanwhile =
        away.filter(|(start, end)| runs.iter().any(|run| run.start < *end && *start < run.end));
    leave.count() >= 2 && meanwhile.next().is_some()
}
