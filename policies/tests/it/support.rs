//! Workloads for tests: task lists with CPU and I/O bursts in milliseconds, run on one processor.

use policies::{Layer, parse};
use sim_core::measure::Measures;
use sim_core::model::{
    Arrivals, Attributes, Class, Component, ComponentKind, Draw, Model, Op, Pc, Processor, Source,
    StationRef, TraceData, TraceRow,
};
use sim_core::record::Full;
use sim_core::ties::Ties;
use sim_core::trace::{Segment, SegmentKind, Trace};
use sim_core::units::{Ratio, Span, Time};
use sim_core::{Limits, run};
use std::fmt::Write as _;
use std::sync::Arc;

/// Nanoseconds in a millisecond.
pub const MS: u64 = 1_000_000;

/// A row of a task list. Times in milliseconds.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Task {
    pub name: String,
    pub arrival: u64,
    /// CPU and I/O bursts in turn, CPU first.
    pub bursts: Vec<u64>,
    pub priority: i64,
    pub tickets: u32,
    pub deadline: Option<u64>,
    pub period: Option<u64>,
}

impl Task {
    /// A task with one CPU burst.
    pub fn new(name: &str, arrival: u64, cpu: u64) -> Task {
        Task { name: name.to_owned(), arrival, bursts: vec![cpu], tickets: 100, ..Task::default() }
    }

    /// CPU and I/O bursts in turn.
    pub fn bursts(mut self, bursts: &[u64]) -> Task {
        self.bursts = bursts.to_vec();
        self
    }

    /// CPU need in all.
    pub fn cpu(&self) -> u64 {
        self.bursts.iter().step_by(2).sum()
    }

    /// An OSTEP job: `cpu` in all, an I/O of `io` after every `every` of it.
    pub fn ostep(name: &str, arrival: u64, cpu: u64, every: u64, io: u64) -> Task {
        let mut bursts = Vec::new();
        let mut left = cpu;
        while every > 0 && left > every {
            bursts.extend([every, io]);
            left -= every;
        }
        bursts.push(left);
        Task::new(name, arrival, cpu).bursts(&bursts)
    }
}

/// Reads `name arrival bursts [key=value ...]` rows separated by `|`; bursts are CPU and I/O in turn, joined by `+`.
pub fn tasks(text: &str) -> Vec<Task> {
    let row = |row: &str| {
        let words: Vec<&str> = row.split_whitespace().collect();
        let number = |text: &str| text.parse().unwrap_or_else(|_| panic!("`{text}` in `{row}`"));
        let bursts: Vec<u64> = words[2].split('+').map(number).collect();
        let mut task = Task::new(words[0], number(words[1]), 0).bursts(&bursts);
        for word in &words[3..] {
            match word.split_once('=') {
                Some(("priority", value)) => task.priority = value.parse().expect("a priority"),
                Some(("tickets", value)) => task.tickets = value.parse().expect("tickets"),
                Some(("deadline", value)) => task.deadline = Some(number(value)),
                Some(("period", value)) => task.period = Some(number(value)),
                _ => panic!("`{word}` in `{row}`"),
            }
        }
        task
    };
    text.split('|').map(row).collect()
}

/// One timeline worked by hand.
pub struct Case {
    /// What it shows.
    pub what: &'static str,
    pub policy: &'static str,
    pub preset: &'static str,
    pub cores: u32,
    pub tasks: &'static str,
    pub timeline: &'static str,
}

/// Runs the cases and fails with all that differ.
pub fn check(cases: &[Case], levels: bool) {
    let mut failed = Vec::new();
    for case in cases {
        let mut setup = Setup::new(case.policy, tasks(case.tasks)).preset(case.preset);
        setup.cores = case.cores;
        let timeline = setup.run().timeline(levels);
        if timeline != case.timeline {
            let Case { what, preset, timeline: expected, .. } = case;
            failed.push(format!(
                "{what} ({preset})\n  is        {timeline}\n  should be {expected}\n{}",
                setup.replay()
            ));
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n\n"));
}

/// A task list and how it is run.
#[derive(Clone, Debug)]
pub struct Setup {
    pub tasks: Vec<Task>,
    pub policy: String,
    pub cores: u32,
    pub ties: Ties,
    /// Context switch in nanoseconds.
    pub switch: u64,
    /// Nanoseconds of a unit of time in `tasks`.
    pub unit: u64,
}

impl Setup {
    /// One core, textbook ties, no costs.
    pub fn new(policy: &str, tasks: Vec<Task>) -> Setup {
        Setup { tasks, policy: policy.to_owned(), cores: 1, ties: Ties::default(), switch: 0, unit: MS }
    }

    /// Under a preset of tie rules.
    pub fn preset(mut self, name: &str) -> Setup {
        self.ties = Ties::preset(name).unwrap_or_else(|| panic!("no preset `{name}`"));
        self
    }

    fn model(&self) -> Model {
        let spec =
            parse(Layer::Scheduler, &self.policy).unwrap_or_else(|error| panic!("{}: {error}", self.policy));
        let mut model = Model::new("test");
        model.ties = self.ties;
        model.components.push(Component { name: "cpu".into(), kind: ComponentKind::Processor });
        model.components.push(Component { name: "io".into(), kind: ComponentKind::Delay });
        model.processors.push(Processor {
            name: "cpu".into(),
            component: 0,
            cores: self.cores,
            speed: Ratio::ONE,
            scheduler: spec.scheduler(),
            context_switch: Span(self.switch),
            dispatch_latency: Span::ZERO,
            device: false,
            interrupts: None,
        });
        let mut data = TraceData::default();
        for (place, task) in (0..).zip(&self.tasks) {
            let entry = model.program.len() as Pc;
            let values = data.values.len() as u32;
            for (index, burst) in (0..).zip(&task.bursts) {
                let amount = Draw::Given(index);
                data.values.push(burst * self.unit);
                model.program.push(if index % 2 == 0 {
                    Op::Work { station: StationRef { base: 0, register: 0 }, amount }
                } else {
                    Op::Delay { amount }
                });
            }
            model.program.push(Op::Exit);
            model.tasks.push(task.name.clone());
            model.attributes.push(Attributes {
                place,
                task: place,
                priority: task.priority,
                tickets: task.tickets,
                deadline: task.deadline.map(|deadline| Span(deadline * self.unit)),
                period: task.period.map(|period| Span(period * self.unit)),
                ..Attributes::default()
            });
            let (at, count) = (Time(task.arrival * self.unit), task.bursts.len() as u16);
            data.rows.push(TraceRow { at, entry, values, count, attributes: place, client: 0 });
        }
        data.rows.sort_by_key(|row| row.at);
        model.classes.push(Class { name: "tasks".into(), entry: 0, draws: Vec::new() });
        let arrivals = Arrivals::Trace(Arc::new(data));
        model.sources.push(Source {
            name: "tasks".into(),
            class: 0,
            arrivals,
            attributes: 0,
            clients: 0,
            timeout: None,
        });
        model
    }

    /// Runs it, decisions recorded.
    pub fn run(&self) -> Outcome {
        let model = self.model();
        model.check().unwrap_or_else(|error| panic!("{error}\n{}", self.replay()));
        let outcome = run(&model, 0, &Limits::default(), Full::new(true));
        let (measures, full) = outcome.unwrap_or_else(|error| panic!("{error}\n{}", self.replay()));
        Outcome { measures, trace: full.trace, unit: self.unit, names: model.tasks }
    }

    /// What replays this run: the task list and the command.
    pub fn replay(&self) -> String {
        let mut text = String::from("task,arrival,cpu,priority,tickets,deadline,period,program\n");
        for task in &self.tasks {
            let Task { name, arrival, priority, tickets, .. } = task;
            let optional = |value: Option<u64>| value.map_or(String::new(), |value| value.to_string());
            let kinds = ["cpu", "io"].iter().cycle();
            let steps: Vec<String> =
                kinds.zip(&task.bursts).map(|(kind, burst)| format!("{kind} {burst}")).collect();
            let (cpu, program) = if steps.len() == 1 {
                (task.cpu().to_string(), String::new())
            } else {
                (String::new(), steps.join("; "))
            };
            let (deadline, period) = (optional(task.deadline), optional(task.period));
            let _ =
                writeln!(text, "{name},{arrival},{cpu},{priority},{tickets},{deadline},{period},{program}");
        }
        let ties: Vec<String> =
            self.ties.entries().iter().map(|(key, value)| format!("{key}={value}")).collect();
        let Setup { policy, cores, switch, unit, .. } = self;
        let unit = if *unit == MS { "ms" } else { "ns" };
        let _ = write!(
            text,
            "dispatchlab run tasks.csv --policy {policy} --cores {cores} --context-switch {switch}ns --time-unit {unit} --ties {}",
            ties.join(",")
        );
        text
    }
}

/// What came out.
pub struct Outcome {
    pub measures: Measures,
    pub trace: Trace,
    unit: u64,
    names: Vec<String>,
}

impl Outcome {
    /// Stretches of running, by start and core.
    pub fn runs(&self) -> Vec<Segment> {
        let mut runs: Vec<Segment> =
            self.trace.segments.iter().filter(|segment| segment.kind == SegmentKind::Run).copied().collect();
        runs.sort_by_key(|run| (run.start, run.core));
        runs
    }

    /// `name start-end` or, with levels, `name start-end @level`; adjacent stretches alike are merged.
    pub fn timeline(&self, levels: bool) -> String {
        let mut stretches: Vec<(Time, Time, u64, u32)> = Vec::new();
        for run in self.runs() {
            match stretches.last_mut() {
                Some((_, end, job, level))
                    if *end == run.start && *job == run.job && (!levels || *level == run.level) =>
                {
                    *end = run.end;
                }
                _ => stretches.push((run.start, run.end, run.job, run.level)),
            }
        }
        let text = |(start, end, job, level): (Time, Time, u64, u32)| {
            let name = &self.names[self.trace.jobs[job as usize].task as usize];
            let level = if levels { format!(" @{level}") } else { String::new() };
            format!("{name} {}-{}{level}", start.0 / self.unit, end.0 / self.unit)
        };
        stretches.into_iter().map(text).collect::<Vec<_>>().join(" | ")
    }

    /// Completion of each task, in units.
    pub fn finishes(&self) -> Vec<u64> {
        let mut finishes = vec![u64::MAX; self.names.len()];
        for job in &self.trace.jobs {
            finishes[job.task as usize] = job.finish.map_or(u64::MAX, |finish| finish.0 / self.unit);
        }
        finishes
    }
}
