//! Task lists: the classroom's CSV.
//!
//! ```text
//! task,arrival,cpu,priority
//! P1,0,24,3
//! P2,0,3,1
//! ```
//!
//! Bare numbers are in the time unit of the options, exact to the nanosecond. Rows with the same task name are jobs 1,
//! 2, 3 ... of that task. A row with a `period` is a periodic task: a thread whose jobs wait for each other, first in,
//! first out, which is a pool with one token around its work; its deadline is its period unless it has its own.
//!
//! A list without periodic rows becomes one trace source. With one, each row becomes a source of its own, so that the
//! order of the list decides among releases of one instant.

mod build;
mod read;

use crate::Loaded;
use crate::diagnostic::{Place, Sink, WHOLE, did_you_mean_or_list};
use crate::input::{Input, InputKind};
use crate::keys::CORES_MAX;
use crate::options::Options;
use crate::policy::{self, Seat};
use crate::run_options;
use build::Builder;
use policies::{Layer, PolicySpec};
use sim_core::model::{Attributes, Interrupts, Stop};
use sim_core::units::{Span, Time, gcd};

/// A column of a task list.
pub struct Column {
    /// Its name in the header.
    pub name: &'static str,
    /// What it means, in one sentence without full stop.
    pub help: &'static str,
}

/// Every column that a task list can have.
pub const COLUMNS: &[Column] = &[
    Column { name: "task", help: "name of the task; rows with the same name are its jobs 1, 2, 3 ..." },
    Column { name: "arrival", help: "release of the job" },
    Column { name: "cpu", help: "processor time that the job needs" },
    Column { name: "priority", help: "priority number; which end is urgent is up to the policy" },
    Column { name: "nice", help: "nice value, -20 to 19" },
    Column { name: "tickets", help: "lottery and stride tickets" },
    Column { name: "weight", help: "weight of proportional-share policies" },
    Column { name: "deadline", help: "deadline, counted from the release" },
    Column {
        name: "on_miss",
        help: "what becomes of a job at its deadline: `continue` (default) or `abort`",
    },
    Column { name: "period", help: "time between releases of a periodic task" },
    Column { name: "offset", help: "first release of a periodic task; default: its arrival, else 0" },
    Column { name: "count", help: "number of releases of a periodic task; default: without end" },
    Column { name: "program", help: "steps in place of cpu: `cpu 3; io 2; cpu 1`" },
    Column { name: "affinity", help: "cores that the task may run on (not built yet)" },
];

/// One step of a row's program.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Step {
    Cpu,
    Io,
}

/// A mistake that has been reported.
struct Reported;

/// A row that has been read.
struct Task {
    name: String,
    arrival: Time,
    shape: Vec<Step>,
    sizes: Vec<u64>,
    attributes: Attributes,
    periodic: Option<Periodic>,
    place: Place,
}

#[derive(Clone, Copy)]
struct Periodic {
    period: Span,
    offset: Span,
    count: Option<u64>,
}

/// Compiles a task list.
pub(crate) fn load(input: &Input, options: &Options, sink: &mut Sink) -> Option<Loaded> {
    let Ok(text) = std::str::from_utf8(&input.text) else {
        sink.error("S005", WHOLE, "not UTF-8 text");
        return None;
    };
    refuse_options(options, sink);
    run_options::refuse_log_options(options, sink);
    let unit = run_options::time_unit(&options.time_unit, sink);
    let tasks = read::tasks(text, unit, sink);
    let machine = Machine::read(options, sink);
    let until = run_options::until(options, sink);
    let warmup = run_options::warmup(options, sink);
    let (tasks, machine) = (tasks?, machine?);
    if sink.failed() {
        return None;
    }
    let file = input.name.rsplit(['/', '\\']).next().unwrap_or(&input.name);
    let mut builder = Builder::new(file.strip_suffix(".csv").unwrap_or(file), options, machine);
    let stop = match until {
        Some(until) => Some(until),
        None => default_stop(&tasks, sink).ok()?,
    };
    builder.model.stop = Stop { after: stop, jobs: None };
    run_options::check_window(warmup, stop, sink);
    let warmup_auto = matches!(warmup, Some((None, _)));
    let warmup = warmup.and_then(|(time, _)| time).unwrap_or(Time::ZERO);
    builder.model.warmup = warmup;
    let policy = builder.machine.policy.text.clone();
    let ends = stop.filter(|_| options.until.is_none());
    let notes =
        ends.map(|stop| format!("the run ends at {stop}, after one hyperperiod; `--until` changes that"));
    let model = builder.build(tasks);
    Some(Loaded {
        model,
        notes: notes.into_iter().collect(),
        warnings: Vec::new(),
        policy,
        warmup_auto,
        kind: InputKind::TaskList,
        files: Vec::new(),
    })
}

fn refuse_options(options: &Options, sink: &mut Sink) {
    if let Some(text) = &options.service_floor {
        run_options::refuse("--service-floor", text, "is for access logs and request traces", None, sink);
    }
    if let Some(text) = &options.service {
        run_options::refuse(
            "--service",
            text,
            "is for access logs and request traces",
            Some("a task list brings its own sizes"),
            sink,
        );
    }
    if let Some(servers) = options.servers {
        run_options::refuse(
            "--servers",
            &servers.to_string(),
            "is for access logs and request traces",
            Some("use `--cores`"),
            sink,
        );
    }
    if let Some(text) = &options.scale {
        let help = Some("a task list is a schedule: change its arrivals or periods");
        run_options::refuse("--scale", text, "is for scenarios, access logs and request traces", help, sink);
    }
    if let Some(text) = &options.speedup {
        let help = Some("a task list is a schedule: change its arrivals or periods");
        run_options::refuse("--speedup", text, "is for access logs and request traces", help, sink);
    }
    for (path, value) in &options.set {
        run_options::refuse("--set", &format!("{path}={value}"), "is for scenarios", None, sink);
    }
}

/// The processor that options describe.
struct Machine {
    cores: u32,
    context_switch: Span,
    dispatch_latency: Span,
    interrupts: Option<Interrupts>,
    policy: PolicySpec,
    io_device: bool,
    ties: sim_core::ties::Ties,
}

impl Machine {
    fn read(options: &Options, sink: &mut Sink) -> Option<Machine> {
        let cores = options.cores.unwrap_or(1);
        if cores == 0 || i64::from(cores) > CORES_MAX {
            let place = sink.option("--cores", &cores.to_string());
            sink.error("S021", place, format!("`--cores` is {cores}; it must be from 1 to {CORES_MAX}"));
        }
        let seat = Seat {
            name: "cpu".to_owned(),
            layer: Layer::Scheduler,
            device: false,
            written: "fcfs".to_owned(),
            place: None,
        };
        let policy = policy::resolve(&[seat], &options.policies, sink).pop().flatten();
        let mut cost = |flag: &str, text: &Option<String>| {
            let Some(text) = text else { return Some(Span::ZERO) };
            let place = sink.option(flag, text);
            let span = run_options::span(text, place, sink)?;
            if let Some(policy) = &policy
                && span > Span::ZERO
                && policy::shares(policy)
            {
                run_options::sharing_cost(&policy.text, place, sink);
            }
            Some(span)
        };
        let context_switch = cost("--context-switch", &options.context_switch);
        let dispatch_latency = cost("--dispatch-latency", &options.dispatch_latency);
        let interrupts = match &options.interrupts {
            None => None,
            Some(text) => {
                let place = sink.option("--interrupts", text);
                if let Some(policy) = policy.as_ref().filter(|policy| policy::shares(policy)) {
                    run_options::sharing_cost(&policy.text, place, sink);
                }
                if context_switch? + dispatch_latency? > Span::ZERO {
                    run_options::double_cost(place, sink);
                }
                Some(run_options::interrupts(text, place, sink)?)
            }
        };
        let io_device = match options.io_device.as_deref() {
            None | Some("parallel") => false,
            Some("fcfs") => true,
            Some(other) => {
                let place = sink.option("--io-device", other);
                sink.error("S022", place, format!("`--io-device` cannot be `{other}`"))
                    .help_if(|| did_you_mean_or_list(other, "possible values", &["parallel", "fcfs"]));
                false
            }
        };
        let ties = sim_core::ties::Ties::default();
        let ties = match &options.ties {
            Some(text) => run_options::ties_option(text, ties, sink),
            None => ties,
        };
        Some(Machine {
            cores,
            context_switch: context_switch?,
            dispatch_latency: dispatch_latency?,
            interrupts,
            policy: policy?,
            io_device,
            ties,
        })
    }
}

/// A hyperperiod with more jobs than this is not run unasked: nobody who forgot `--until` means it.
const HYPERPERIOD_JOBS_MAX: u64 = 1_000_000;

/// A long time in words: days, or hours, or as it is.
fn days(nanos: u64) -> String {
    /// Nanoseconds of an hour.
    const HOUR: u64 = 3_600_000_000_000;
    let tenths = |unit: u64| format!("{}.{}", nanos / unit, nanos % unit / (unit / 10));
    match nanos {
        short if short < HOUR => Span(short).to_string(),
        hours if hours < 48 * HOUR => format!("{} hours", tenths(HOUR)),
        _ => format!("{} days", tenths(24 * HOUR)),
    }
}

/// Without `--until`: the hyperperiod after the largest offset, where there are tasks that never stop.
/// `None` where the tasks run dry.
fn default_stop(tasks: &[Task], sink: &mut Sink) -> Result<Option<Time>, Reported> {
    let endless: Vec<Periodic> =
        tasks.iter().filter_map(|t| t.periodic).filter(|p| p.count.is_none()).collect();
    if endless.is_empty() {
        return Ok(None);
    }
    let mut hyperperiod = 1u64;
    for periodic in tasks.iter().filter_map(|task| task.periodic) {
        let step = periodic.period.0 / gcd(hyperperiod, periodic.period.0);
        let Some(next) = hyperperiod.checked_mul(step).filter(|next| *next <= Time::LATEST.0) else {
            sink.error(
                "S055",
                WHOLE,
                "the hyperperiod of the tasks is longer than the 292 years that can be simulated",
            )
            .help("say when the run ends: `--until 10s`");
            return Err(Reported);
        };
        hyperperiod = next;
    }
    let offset = tasks.iter().filter_map(|task| task.periodic).map(|p| p.offset.0).max().unwrap_or(0);
    let stop = hyperperiod.checked_add(offset).filter(|stop| *stop <= Time::LATEST.0).map(Time);
    let Some(stop) = stop else {
        sink.error("S055", WHOLE, "hyperperiod and offset together are too long")
            .help("say when the run ends: `--until 10s`");
        return Err(Reported);
    };
    let jobs: u64 = endless
        .iter()
        .map(|p| stop.0.saturating_sub(p.offset.0).div_ceil(p.period.0))
        .fold(0, u64::saturating_add);
    if jobs > HYPERPERIOD_JOBS_MAX {
        sink.error(
            "S055",
            WHOLE,
            format!(
                "the hyperperiod of the tasks is {}, in which they release {jobs} jobs",
                days(hyperperiod)
            ),
        )
        .help("say when the run ends: `--until 10s`");
        return Err(Reported);
    }
    let mut late = tasks.iter().filter(|task| task.periodic.is_none() && task.arrival >= stop).peekable();
    if late.peek().is_some() {
        for task in late {
            let message =
                format!("`{}` arrives at {}, after the hyperperiod ends at {stop}", task.name, task.arrival);
            sink.error("S055", task.place, message).help("say when the run ends: `--until TIME`");
        }
        return Err(Reported);
    }
    Ok(Some(stop))
}
