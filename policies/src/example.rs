//! Runs the example of a policy's definition, so that the documentation shows what the engine does.

use crate::def::{Build, PolicyDef};
use crate::spec::{self, PolicySpec};
use crate::{Layer, find};
use sim_core::model::{
    Arrivals, Attributes, BalancerSpec, Class, Component, ComponentKind, Draw, Group, Model, Op, OwedWork,
    Processor, SchedulerRef, Source, StationRef, TraceData, TraceRow,
};
use sim_core::quantity::{parse_span_in, time_unit};
use sim_core::record::Full;
use sim_core::trace::{DecisionKind, SegmentKind, Trace};
use sim_core::units::{Ratio, Span, Time, format_nanos};
use sim_core::{Limits, run};
use std::net::Ipv4Addr;
use std::sync::Arc;

/// The spec of the policy's example, as a user would write it: `round-robin:quantum=2ms`.
pub fn example_spec(def: &PolicyDef) -> String {
    match def.example.params {
        "" => def.id.to_owned(),
        params => format!("{}:{params}", def.id),
    }
}

/// Runs the policy's example under the textbook tie rules and seed 1 and returns its timeline, in the form of
/// [`crate::Example::timeline`]. The error says what is wrong with the example.
pub fn run_example(def: &PolicyDef) -> Result<String, String> {
    let unit = time_unit(def.example.unit).ok_or_else(|| format!("unknown unit `{}`", def.example.unit))?;
    let mut parts: Vec<&str> = def.example.jobs.split('|').map(str::trim).collect();
    let mut weights = vec![1; 3];
    if let Some(list) = parts[0].strip_prefix("weights=") {
        let weight = |text: &str| text.parse().map_err(|_| format!("`{text}` is not a weight"));
        weights = list.split(':').map(weight).collect::<Result<_, _>>()?;
        parts.remove(0);
    }
    let jobs = parts.iter().map(|text| Row::parse(text, unit)).collect::<Result<Vec<_>, _>>()?;
    let spec = spec::parse(def.layer(), &example_spec(def)).map_err(|error| error.message)?;
    let mut model = released(def.id, &jobs);
    match def.build {
        Build::Scheduler(_) => {
            add_processor(&mut model, spec.scheduler());
            model.program = vec![work(0), Op::Exit];
        }
        Build::Balancer(_) => add_farm(&mut model, &spec, weights)?,
    }
    model.check().map_err(|error| error.to_string())?;
    let (_, full) = run(&model, 0, &Limits::default(), Full::new(true)).map_err(|error| error.to_string())?;
    Ok(match def.build {
        Build::Scheduler(_) => stretches(&model, &full.trace, unit),
        Build::Balancer(_) => picks(&full.trace),
    })
}

/// One job of an example: `name arrival work [key=value ...]`.
struct Row {
    name: String,
    at: Time,
    work: u64,
    attributes: Attributes,
    client: Option<Ipv4Addr>,
}

impl Row {
    fn parse(text: &str, unit: u64) -> Result<Row, String> {
        let mut words = text.split_whitespace();
        let mut next = || words.next().ok_or_else(|| format!("`{text}` is not `name arrival work`"));
        let span = |text: &str| parse_span_in(text, unit).map_err(|error| error.to_string());
        let (name, Span(at), Span(work)) = (next()?.to_owned(), span(next()?)?, span(next()?)?);
        let mut row = Row { name, at: Time(at), work, attributes: Attributes::default(), client: None };
        for word in words {
            let (key, value) = word.split_once('=').ok_or_else(|| format!("`{word}` is not key=value"))?;
            let bad = |_| format!("`{value}` is not a value of `{key}`");
            let about = &mut row.attributes;
            match key {
                "priority" => about.priority = value.parse().map_err(bad)?,
                "tickets" => about.tickets = value.parse().map_err(bad)?,
                "deadline" => about.deadline = Some(span(value)?),
                "period" => about.period = Some(span(value)?),
                "client" => {
                    row.client =
                        Some(value.parse().map_err(|_| format!("`{value}` is not an IPv4 address"))?);
                }
                _ => return Err(format!("unknown key `{key}`")),
            }
        }
        Ok(row)
    }
}

/// A model that releases the rows, still without stations and program. Rows of one name are jobs of one task.
fn released(name: &str, rows: &[Row]) -> Model {
    let mut model = Model::new(name);
    let mut data = TraceData::default();
    for (place, row) in (0..).zip(rows) {
        let task = model.tasks.iter().position(|task| *task == row.name).unwrap_or_else(|| {
            model.tasks.push(row.name.clone());
            model.tasks.len() - 1
        });
        model.attributes.push(Attributes { place, task: task as u32, ..row.attributes.clone() });
        data.values.push(row.work);
        // Without an address the client's key is no address: its top bit is set.
        let client = row.client.map_or(u64::from(place) | 1 << 63, |address| u64::from(u32::from(address)));
        data.rows.push(TraceRow { at: row.at, entry: 0, values: place, count: 1, attributes: place, client });
    }
    data.rows.sort_by_key(|row| row.at);
    model.classes.push(Class { name: "jobs".into(), entry: 0, draws: Vec::new() });
    model.sources.push(Source {
        name: "jobs".into(),
        class: 0,
        arrivals: Arrivals::Trace(Arc::new(data)),
        attributes: 0,
        clients: 0,
        timeout: None,
    });
    model
}

fn work(register: u16) -> Op {
    Op::Work { station: StationRef { base: 0, register }, amount: Draw::Given(0) }
}

fn add_processor(model: &mut Model, scheduler: SchedulerRef) {
    let name = format!("cpu-{}", model.processors.len());
    if model.components.is_empty() {
        model.components.push(Component { name: "cpu".into(), kind: ComponentKind::Processor });
    }
    model.processors.push(Processor {
        name,
        component: 0,
        cores: 1,
        speed: Ratio::ONE,
        scheduler,
        context_switch: Span::ZERO,
        dispatch_latency: Span::ZERO,
        device: false,
        interrupts: None,
    });
}

fn add_farm(model: &mut Model, balancer: &PolicySpec, weights: Vec<u32>) -> Result<(), String> {
    let fcfs = find(Layer::Scheduler, "fcfs").ok_or("no scheduler `fcfs`")?;
    let fcfs = spec::parse(Layer::Scheduler, fcfs.id).map_err(|error| error.message)?;
    for _ in &weights {
        add_processor(model, fcfs.scheduler());
    }
    model.groups.push(Group {
        name: "farm".into(),
        weights,
        processors: vec![0],
        pools: Vec::new(),
        outages: None,
    });
    model.registers = 2;
    model.balancers.push(BalancerSpec {
        name: "balancer".into(),
        group: 0,
        register: 1,
        policy: balancer.balancer(),
        detection: None,
    });
    model.owed.push(OwedWork { at: 0, draws: vec![0] });
    model.program = vec![Op::Balance { balancer: 0 }, work(1), Op::Leave { balancer: 0 }, Op::Exit];
    Ok(())
}

/// `name start-end` for each stretch on the core, by start; adjacent stretches of one job merged.
fn stretches(model: &Model, trace: &Trace, unit: u64) -> String {
    let mut stretches: Vec<(Time, Time, u64)> = Vec::new();
    let mut runs: Vec<_> = trace.segments.iter().filter(|segment| segment.kind == SegmentKind::Run).collect();
    runs.sort_by_key(|segment| (segment.start, segment.job));
    for run in runs {
        match stretches.iter_mut().rev().find(|(_, _, job)| *job == run.job) {
            Some((_, end, _)) if *end == run.start => *end = run.end,
            _ => stretches.push((run.start, run.end, run.job)),
        }
    }
    let text = |(start, end, job): (Time, Time, u64)| {
        let name = &model.tasks[trace.jobs[job as usize].task as usize];
        format!("{name} {}-{}", in_unit(start, unit), in_unit(end, unit))
    };
    stretches.into_iter().map(text).collect::<Vec<_>>().join(" | ")
}

/// The exact decimal number of units.
fn in_unit(at: Time, unit: u64) -> String {
    let (whole, rest) = (at.0 / unit, at.0 % unit);
    if rest == 0 { whole.to_string() } else { format_nanos(at.0) }
}

/// The letters of the servers in the order of the requests.
fn picks(trace: &Trace) -> String {
    let mut picks: Vec<(u64, u64)> = Vec::new();
    for decision in &trace.decisions {
        if let DecisionKind::Balance { job, .. } = decision.kind {
            picks.push((job, decision.chosen));
        }
    }
    picks.sort_unstable();
    let letter = |(_, server): (u64, u64)| char::from(b'a' + (server % 26) as u8).to_string();
    picks.into_iter().map(letter).collect::<Vec<_>>().join(" ")
}
