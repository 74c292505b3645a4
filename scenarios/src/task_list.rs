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

use crate::Loaded;
use crate::diagnostic::{Place, Sink, WHOLE, did_you_mean_or_list};
use crate::input::{Input, InputKind};
use crate::keys::{CORES_MAX, NAME_BYTES_MAX};
use crate::options::Options;
use crate::policy::{self, Seat};
use crate::run_options;
use crate::steps::DRAWS_MAX;
use crate::traces::{Field, Row, cell_span, place_of, rows};
use policies::{Layer, PolicySpec};
use sim_core::law::Law;
use sim_core::model::{
    Arrivals, Attributes, Class, Component, ComponentKind, Draw, Model, Op, Pool, PoolOrder, Processor,
    Source, StationRef, Stop, TraceData, TraceRow,
};
use sim_core::quantity;
use sim_core::ties::SameArrival;
use sim_core::units::{Ratio, Span, Time, gcd};
use std::collections::BTreeMap;
use std::sync::Arc;

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
    Column { name: "period", help: "time between releases of a periodic task" },
    Column { name: "offset", help: "first release of a periodic task; default: its arrival, else 0" },
    Column { name: "count", help: "number of releases of a periodic task; default: without end" },
    Column { name: "program", help: "steps in place of cpu: `cpu 3; io 2; cpu 1`" },
    Column { name: "affinity", help: "cores that the task may run on (not built yet)" },
];

/// Words of `program` that are not built yet, refused by name.
const LATER: &[&str] = &["lock", "unlock", "sleep", "fork", "join"];

/// More rows than this are refused.
const ROWS_MAX: usize = 10_000_000;

/// Every job in the system has room for the sizes of the longest program; more than this in all are refused.
const SIZES_MAX: usize = 64_000_000;

/// One step of a row's program.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Step {
    Cpu,
    Io,
}

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
    let unit = time_unit(&options.time_unit, sink);
    let tasks = Reader::read(text, unit, sink);
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
        None => default_stop(&tasks, sink)?,
    };
    builder.model.stop = Stop { after: stop, jobs: None };
    let (warmup, warmup_auto) = match warmup {
        Some((time, place)) => {
            let time = time.unwrap_or(Time::ZERO);
            if stop.is_some_and(|stop| time >= stop) {
                sink.error("S044", place, format!("a warm-up of {time} leaves nothing to measure"));
            }
            (time, options.warmup.as_deref().map(str::trim) == Some("auto"))
        }
        None => (Time::ZERO, false),
    };
    builder.model.warmup = warmup;
    let policy = builder.machine.policy.text.clone();
    let model = builder.build(tasks);
    Some(Loaded {
        model,
        notes: Vec::new(),
        warnings: Vec::new(),
        policy,
        warmup_auto,
        kind: InputKind::TaskList,
    })
}

fn refuse_options(options: &Options, sink: &mut Sink) {
    if let Some(text) = &options.service {
        run_options::refuse(
            "--service",
            text,
            "is for access logs",
            Some("a task list brings its own sizes"),
            sink,
        );
    }
    if let Some(servers) = options.servers {
        run_options::refuse(
            "--servers",
            &servers.to_string(),
            "is for access logs",
            Some("use `--cores`"),
            sink,
        );
    }
    for (path, value) in &options.set {
        run_options::refuse("--set", &format!("{path}={value}"), "is for scenarios", None, sink);
    }
}

fn time_unit(text: &str, sink: &mut Sink) -> u64 {
    let unit = quantity::time_unit(text.trim());
    if unit.is_none() {
        let place = sink.option("--time-unit", text);
        let units: Vec<&str> = quantity::TIME_UNITS.iter().map(|(unit, _)| *unit).collect();
        sink.error("S020", place, format!("unknown unit `{text}`"))
            .help_if(did_you_mean_or_list(text, "units", &units));
    }
    unit.unwrap_or(1)
}

/// The processor that options describe.
struct Machine {
    cores: u32,
    context_switch: Span,
    dispatch_latency: Span,
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
        let io_device = match options.io_device.as_deref() {
            None | Some("parallel") => false,
            Some("fcfs") => true,
            Some(other) => {
                let place = sink.option("--io-device", other);
                sink.error("S022", place, format!("`--io-device` cannot be `{other}`"))
                    .help_if(did_you_mean_or_list(other, "possible values", &["parallel", "fcfs"]));
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
            policy: policy?,
            io_device,
            ties,
        })
    }

    /// Whether a higher priority number is more urgent.
    fn high_first(&self) -> bool {
        let has_order = self.policy.def.params.iter().any(|param| param.name == "order");
        self.policy.def.id == "priority" && has_order && self.policy.params.word("order") == "high-first"
    }
}

/// Reads rows against the header.
struct Reader<'a, 's> {
    /// The index of each of [`COLUMNS`].
    columns: Vec<Option<usize>>,
    unit: u64,
    whole: Place,
    sink: &'s mut Sink,
    row: &'a Row<'a>,
}

impl<'a> Reader<'a, '_> {
    fn read(text: &str, unit: u64, sink: &mut Sink) -> Option<Vec<Task>> {
        let whole = Place::text(0..text.len());
        let mut all = rows(text);
        let Some(header) = all.next() else {
            sink.error("S050", WHOLE, "a task list needs a header and at least one task")
                .help("the header is task,arrival,cpu; `dispatchlab new tasks` prints a list to start from");
            return None;
        };
        let columns = read_header(&header, whole, sink)?;
        let mut tasks: Vec<Task> = Vec::new();
        let mut any = false;
        for row in all.by_ref().take(ROWS_MAX) {
            any = true;
            if row.fields.len() != header.fields.len() {
                let message =
                    format!("{} fields where the header has {}", row.fields.len(), header.fields.len());
                sink.error("S051", whole.part(row.range.clone()), message);
                continue;
            }
            let mut reader = Reader { columns: columns.clone(), unit, whole, sink, row: &row };
            if let Some(task) = reader.task(tasks.len() as u32) {
                tasks.push(task);
            }
        }
        if all.next().is_some() {
            sink.error("S046", WHOLE, format!("a task list of more than {ROWS_MAX} rows"));
        }
        let widest = tasks.iter().map(|task| task.shape.len()).max().unwrap_or(0);
        if widest.saturating_mul(tasks.len()) > SIZES_MAX {
            let message =
                format!("{} tasks with programs of up to {widest} steps take too much memory", tasks.len());
            sink.error("S046", WHOLE, message).help("split the long programs into several tasks");
        }
        if !any {
            sink.error("S050", WHOLE, "a task list without tasks")
                .help("add a line for each task, such as P1,0,24");
        }
        Some(tasks)
    }

    /// The field of a column; `None` where the list has no such column or the field is empty.
    fn field(&self, name: &str) -> Option<&'a Field<'a>> {
        let column = COLUMNS.iter().position(|column| column.name == name);
        let column = column.unwrap_or_else(|| panic!("column `{name}` is not in the table"));
        let row = self.row;
        self.columns[column].map(|index| &row.fields[index]).filter(|field| !field.text.is_empty())
    }

    fn place(&self, name: &str) -> Place {
        match self.field(name) {
            Some(field) => place_of(field, self.whole),
            None => self.whole.part(self.row.range.clone()),
        }
    }

    /// A duration; the outer `None` is a mistake.
    fn span(&mut self, name: &str) -> Option<Option<Span>> {
        let Some(field) = self.field(name) else { return Some(None) };
        cell_span(field, self.whole, Some(self.unit), self.sink).map(Some)
    }

    fn positive_span(&mut self, name: &str) -> Option<Option<Span>> {
        let span = self.span(name)?;
        if span == Some(Span::ZERO) {
            let place = self.place(name);
            self.sink.error("S021", place, format!("`{name}` must be longer than 0"));
            return None;
        }
        Some(span)
    }

    /// A whole number in a range; the outer `None` is a mistake.
    fn integer(&mut self, name: &str, min: i64, max: i64) -> Option<Option<i64>> {
        let Some(field) = self.field(name) else { return Some(None) };
        let text = field.text.to_string();
        let value = text.parse::<i64>().ok().filter(|value| (min..=max).contains(value));
        if value.is_none() {
            let place = self.place(name);
            let message = format!("`{name}` is `{text}`; it must be a whole number from {min} to {max}");
            self.sink.error("S021", place, message);
            return None;
        }
        Some(value)
    }

    fn task(&mut self, index: u32) -> Option<Task> {
        let name = self.name();
        let period = self.positive_span("period");
        let periodic = self.field("period").is_some();
        let arrival = self.span("arrival");
        if self.field("arrival").is_none() && !periodic {
            let place = self.place("arrival");
            self.sink.error("S052", place, "a task without a period needs an arrival");
        }
        for name in ["offset", "count"].into_iter().filter(|_| !periodic) {
            if self.field(name).is_some() {
                let place = self.place(name);
                self.sink.error(
                    "S052",
                    place,
                    format!("`{name}` is for periodic tasks, and this one has no period"),
                );
            }
        }
        let offset = self.span("offset");
        let count = self.integer("count", 1, 1 << 50);
        let attributes = self.attributes(index);
        if self.field("affinity").is_some() {
            let place = self.place("affinity");
            self.sink
                .error("S054", place, "affinity is not built yet")
                .help("leave the column empty, or remove it");
        }
        let program = self.program();
        let (mut attributes, (shape, sizes)) = (attributes?, program?);
        let (arrival, offset, count) = (arrival?, offset?, count?);
        let periodic = period?.map(|period| Periodic {
            period,
            offset: offset.or(arrival).unwrap_or(Span::ZERO),
            count: count.map(|count| count as u64),
        });
        if let Some(Periodic { period, .. }) = periodic {
            attributes.period = Some(period);
            attributes.deadline.get_or_insert(period);
        }
        let place = self.whole.part(self.row.range.clone());
        let arrival = Time(arrival.unwrap_or(Span::ZERO).0);
        Some(Task { name: name?, arrival, shape, sizes, attributes, periodic, place })
    }

    fn name(&mut self) -> Option<String> {
        let text = self.field("task").map(|field| field.text.to_string());
        let place = self.place("task");
        match text {
            None => {
                self.sink.error("S023", place, "a task needs a name");
                None
            }
            Some(text) if text.len() > NAME_BYTES_MAX || text.chars().any(char::is_control) => {
                let message =
                    format!("a task's name has at most {NAME_BYTES_MAX} bytes and no control characters");
                self.sink.error("S023", place, message);
                None
            }
            text => text,
        }
    }

    fn attributes(&mut self, index: u32) -> Option<Attributes> {
        let default = Attributes::default();
        let priority = self.integer("priority", -1_000_000_000, 1_000_000_000);
        let nice = self.integer("nice", -20, 19);
        let tickets = self.integer("tickets", 1, 1_000_000);
        let weight = self.integer("weight", 1, 1_000_000);
        let deadline = self.positive_span("deadline");
        Some(Attributes {
            place: index,
            task: 0,
            priority: priority?.unwrap_or(default.priority),
            nice: nice?.map_or(default.nice, |nice| nice as i32),
            tickets: tickets?.map_or(default.tickets, |tickets| tickets as u32),
            weight: weight?.map_or(default.weight, |weight| weight as u32),
            deadline: deadline?,
            period: None,
        })
    }

    /// What the job does: `program`, or `cpu` alone.
    fn program(&mut self) -> Option<(Vec<Step>, Vec<u64>)> {
        match (self.field("cpu"), self.field("program")) {
            (Some(_), Some(_)) => {
                let place = self.place("program");
                self.sink.error("S052", place, "a task has either `cpu` or `program`, not both");
                None
            }
            (None, None) => {
                let place = self.whole.part(self.row.range.clone());
                self.sink.error("S052", place, "a task needs `cpu` or `program`");
                None
            }
            (Some(cpu), None) => {
                let span = cell_span(cpu, self.whole, Some(self.unit), self.sink)?;
                Some((vec![Step::Cpu], vec![span.0]))
            }
            (None, Some(program)) => self.steps(program),
        }
    }

    fn steps(&mut self, program: &Field<'_>) -> Option<(Vec<Step>, Vec<u64>)> {
        let whole = place_of(program, self.whole);
        // A quoted field begins one byte later than its text.
        let quote = usize::from(whole.end - whole.start == program.text.len() + 2);
        let (mut shape, mut sizes, mut good) = (Vec::new(), Vec::new(), true);
        let mut offset = quote;
        for part in program.text.split(';') {
            let place =
                whole.part(offset + (part.len() - part.trim_start().len())..offset + part.trim_end().len());
            offset += part.len() + 1;
            let part = part.trim();
            if part.is_empty() {
                continue;
            }
            let (word, amount) = part.split_once(char::is_whitespace).unwrap_or((part, ""));
            let step = match word {
                "cpu" => Step::Cpu,
                "io" => Step::Io,
                _ => {
                    let note = if LATER.contains(&word) {
                        self.sink.error("S054", place, format!("`{word}` is not built yet"))
                    } else {
                        self.sink.error("S052", place, format!("unknown step `{word}`"))
                    };
                    note.help("a program is made of `cpu TIME` and `io TIME`, separated by `;`");
                    good = false;
                    continue;
                }
            };
            match quantity::parse_span_in(amount.trim(), self.unit) {
                Ok(span) => {
                    shape.push(step);
                    sizes.push(span.0);
                }
                Err(error) => {
                    crate::reader::quantity_error(&error, amount.trim(), place, self.sink);
                    good = false;
                }
            }
        }
        if good && (shape.is_empty() || shape.len() > DRAWS_MAX) {
            let message = format!("a program of {} steps; it needs from 1 to {DRAWS_MAX}", shape.len());
            self.sink.error("S052", whole, message);
            return None;
        }
        good.then_some((shape, sizes))
    }
}

/// Where each of [`COLUMNS`] is.
fn read_header(header: &Row<'_>, whole: Place, sink: &mut Sink) -> Option<Vec<Option<usize>>> {
    let names: Vec<&str> = COLUMNS.iter().map(|column| column.name).collect();
    let mut columns = vec![None; COLUMNS.len()];
    for (index, field) in header.fields.iter().enumerate() {
        let place = place_of(field, whole);
        match names.iter().position(|name| *name == field.text) {
            Some(column) if columns[column].is_some() => {
                sink.error("S053", place, format!("the column `{}` is there twice", field.text));
            }
            Some(column) => columns[column] = Some(index),
            None => {
                sink.error("S053", place, format!("unknown column `{}`", field.text))
                    .help_if(did_you_mean_or_list(&field.text, "columns", &names));
            }
        }
    }
    let has =
        |name: &str| names.iter().position(|n| *n == name).is_some_and(|column| columns[column].is_some());
    let place = whole.part(header.range.clone());
    let missing = [
        (!has("task"), "a task list needs the column `task`"),
        (!has("arrival") && !has("period"), "a task list needs the column `arrival`"),
        (!has("cpu") && !has("program"), "a task list needs the column `cpu` or `program`"),
    ];
    let mut complete = true;
    for (_, message) in missing.iter().filter(|(missing, _)| *missing) {
        sink.error("S053", place, *message)
            .help("the header is task,arrival,cpu; further columns are optional");
        complete = false;
    }
    complete.then_some(columns)
}

/// Without `--until`: the hyperperiod after the largest offset, where there are tasks that never stop.
/// `None` where there is an error, `Some(None)` where the tasks run dry.
fn default_stop(tasks: &[Task], sink: &mut Sink) -> Option<Option<Time>> {
    let endless: Vec<Periodic> =
        tasks.iter().filter_map(|t| t.periodic).filter(|p| p.count.is_none()).collect();
    if endless.is_empty() {
        return Some(None);
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
            return None;
        };
        hyperperiod = next;
    }
    let offset = tasks.iter().filter_map(|task| task.periodic).map(|p| p.offset.0).max().unwrap_or(0);
    let stop = hyperperiod.checked_add(offset).filter(|stop| *stop <= Time::LATEST.0).map(Time);
    let Some(stop) = stop else {
        sink.error("S055", WHOLE, "hyperperiod and offset together are too long")
            .help("say when the run ends: `--until 10s`");
        return None;
    };
    let mut late = tasks.iter().filter(|task| task.periodic.is_none() && task.arrival >= stop).peekable();
    if late.peek().is_some() {
        for task in late {
            let message =
                format!("`{}` arrives at {}, after the hyperperiod ends at {stop}", task.name, task.arrival);
            sink.error("S055", task.place, message).help("say when the run ends: `--until TIME`");
        }
        return None;
    }
    Some(Some(stop))
}

/// Fills the model.
struct Builder {
    model: Model,
    machine: Machine,
    /// Programs by shape and pool.
    programs: BTreeMap<(Vec<Step>, Option<u32>), u32>,
}

impl Builder {
    fn new(name: &str, options: &Options, machine: Machine) -> Builder {
        let mut model = Model::new(name);
        model.seed = options.seed.unwrap_or(1);
        model.ties = machine.ties;
        model.components.push(Component { name: "cpu".to_owned(), kind: ComponentKind::Processor });
        model.processors.push(Processor {
            name: "cpu".to_owned(),
            component: 0,
            cores: machine.cores,
            speed: Ratio::ONE,
            scheduler: machine.policy.scheduler(),
            context_switch: machine.context_switch,
            dispatch_latency: machine.dispatch_latency,
            device: false,
        });
        Builder { model, machine, programs: BTreeMap::new() }
    }

    fn build(mut self, mut tasks: Vec<Task>) -> Model {
        self.io(&tasks);
        let mut names: BTreeMap<String, u32> = BTreeMap::new();
        for task in &mut tasks {
            let next = names.len() as u32;
            task.attributes.task = *names.entry(task.name.clone()).or_insert_with(|| {
                self.model.tasks.push(task.name.clone());
                next
            });
        }
        let pools = self.pools(&tasks);
        if self.model.ties.same_arrival == SameArrival::Priority {
            let high_first = self.machine.high_first();
            tasks.sort_by_key(
                |task| if high_first { -task.attributes.priority } else { task.attributes.priority },
            );
        }
        if tasks.iter().any(|task| task.periodic.is_some()) {
            for task in tasks {
                self.own_source(task, &pools);
            }
        } else {
            self.one_source(tasks);
        }
        self.model
    }

    /// The device of `--io-device fcfs`, or the component of delays.
    fn io(&mut self, tasks: &[Task]) {
        if !tasks.iter().any(|task| task.shape.contains(&Step::Io)) {
            return;
        }
        let component = self.model.components.len() as u32;
        if self.machine.io_device {
            self.model.components.push(Component { name: "io".to_owned(), kind: ComponentKind::Device });
            let scheduler = policies::parse(Layer::Scheduler, "fcfs").map(|spec| spec.scheduler());
            self.model.processors.push(Processor {
                name: "io".to_owned(),
                component,
                cores: 1,
                speed: Ratio::ONE,
                scheduler: scheduler.unwrap_or_else(|error| panic!("fcfs is in the catalog: {error}")),
                context_switch: Span::ZERO,
                dispatch_latency: Span::ZERO,
                device: true,
            });
        } else {
            self.model.components.push(Component { name: "delay".to_owned(), kind: ComponentKind::Delay });
        }
    }

    /// The token of each periodic task, by task: it is one thread.
    fn pools(&mut self, tasks: &[Task]) -> BTreeMap<u32, u32> {
        let mut pools = BTreeMap::new();
        for task in tasks.iter().filter(|task| task.periodic.is_some()) {
            pools.entry(task.attributes.task).or_insert_with(|| {
                let component = self.model.components.len() as u32;
                self.model.components.push(Component { name: task.name.clone(), kind: ComponentKind::Pool });
                let name = task.name.clone();
                self.model.pools.push(Pool { name, component, size: 1, queue: None, order: PoolOrder::Fifo });
                self.model.pools.len() as u32 - 1
            });
        }
        pools
    }

    /// The program of a shape; made once.
    fn program(&mut self, shape: &[Step], pool: Option<u32>) -> u32 {
        let key = (shape.to_vec(), pool);
        if let Some(entry) = self.programs.get(&key) {
            return *entry;
        }
        let entry = self.model.program.len() as u32;
        let pool = pool.map(|base| StationRef { base, register: 0 });
        self.model.program.extend(pool.map(|pool| Op::Acquire { pool }));
        for (index, step) in shape.iter().enumerate() {
            let amount = Draw::Given(index as u16);
            let op = match step {
                Step::Cpu => Op::Work { station: StationRef { base: 0, register: 0 }, amount },
                Step::Io if self.machine.io_device => {
                    Op::Work { station: StationRef { base: 1, register: 0 }, amount }
                }
                Step::Io => Op::Delay { amount },
            };
            self.model.program.push(op);
        }
        self.model.program.extend(pool.map(|pool| Op::Release { pool }));
        self.model.program.push(Op::Exit);
        self.programs.insert(key, entry);
        entry
    }

    /// All rows as one trace, sorted by release; at one instant in the order of the list (or of priority).
    fn one_source(&mut self, mut tasks: Vec<Task>) {
        tasks.sort_by_key(|task| task.arrival);
        let mut data = TraceData::default();
        for task in &tasks {
            let entry = self.program(&task.shape, None);
            let attributes = self.model.attributes.len() as u32;
            self.model.attributes.push(task.attributes.clone());
            data.rows.push(row(
                task.arrival,
                entry,
                data.values.len() as u32,
                task.sizes.len() as u16,
                attributes,
            ));
            data.values.extend(&task.sizes);
        }
        let entry = data.rows.first().map_or(0, |row| row.entry);
        self.model.classes.push(Class { name: "task".to_owned(), entry, draws: Vec::new() });
        self.model.sources.push(Source {
            name: "tasks".to_owned(),
            class: 0,
            arrivals: Arrivals::Trace(Arc::new(data)),
            attributes: 0,
            clients: 0,
        });
    }

    /// A row as a source of its own.
    fn own_source(&mut self, task: Task, pools: &BTreeMap<u32, u32>) {
        let entry = self.program(&task.shape, pools.get(&task.attributes.task).copied());
        let attributes = self.model.attributes.len() as u32;
        let class = self.class(&task, entry);
        let arrivals = match task.periodic {
            Some(Periodic { period, offset, count }) => Arrivals::Periodic { offset, period, count },
            None => Arrivals::Trace(Arc::new(TraceData {
                rows: vec![row(task.arrival, entry, 0, task.sizes.len() as u16, attributes)],
                values: task.sizes,
            })),
        };
        self.model.attributes.push(task.attributes);
        self.model.sources.push(Source { name: task.name, class, arrivals, attributes, clients: 0 });
    }

    /// Periodic jobs draw their sizes at the release, always the same ones; so each row has a class.
    fn class(&mut self, task: &Task, entry: u32) -> u32 {
        let draws = match task.periodic {
            Some(_) => task.sizes.iter().map(|size| Law::Deterministic { value: *size }).collect(),
            None => Vec::new(),
        };
        self.model.classes.push(Class { name: task.name.clone(), entry, draws });
        self.model.classes.len() as u32 - 1
    }
}

fn row(at: Time, entry: u32, values: u32, count: u16, attributes: u32) -> TraceRow {
    TraceRow { at, entry, values, count, attributes, client: 0 }
}
