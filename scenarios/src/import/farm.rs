//! The machines that logs and request traces run on: `--servers` equal servers behind one balancer, each with `--cores`
//! cores and one ready queue.

use super::Parsed;
use crate::Loaded;
use crate::diagnostic::{Place, Sink, WHOLE};
use crate::input::{Input, InputKind};
use crate::options::Options;
use crate::policy::{self, Seat};
use crate::run_options;
use policies::{Layer, PolicySpec};
use sim_core::model::{
    Arrivals, BalancerSpec, Class, Component, ComponentKind, Draw, Group, Model, Op, OwedWork, Processor,
    Source, StationRef, Stop, TraceData,
};
use sim_core::ties::Ties;
use sim_core::units::{Ratio, Span, Time};
use std::sync::Arc;

/// Most servers.
const SERVERS_MAX: u32 = 100_000;

/// What the options say about machines and the run.
pub(super) struct Farm {
    servers: u32,
    cores: u32,
    context_switch: Span,
    dispatch_latency: Span,
    balancer: PolicySpec,
    scheduler: PolicySpec,
    policy: String,
    ties: Ties,
    until: Option<Time>,
    warmup: Option<(Option<Time>, Place)>,
}

/// The requests of one class.
#[derive(Clone, Debug)]
pub(super) struct Requests {
    /// The class.
    pub class: String,
    /// Its releases; their attributes are indices into what is given beside the classes.
    pub data: Arc<TraceData>,
}

impl Farm {
    /// Reads the options; `what` is the input in words: "an access log".
    pub fn read(options: &Options, what: &str, sink: &mut Sink) -> Option<Farm> {
        if let Some(text) = &options.io_device {
            run_options::refuse("--io-device", text, "is for task lists", None, sink);
        }
        for (path, value) in &options.set {
            run_options::refuse("--set", &format!("{path}={value}"), "is for scenarios", None, sink);
        }
        let servers = servers(options, what, sink);
        let seat = |name: &str, layer: Layer, policy: &str, device: bool| Seat {
            name: name.to_owned(),
            layer,
            device,
            written: policy.to_owned(),
            place: None,
        };
        // A policy that is both a scheduler and a balancer is the balancer's, unless its place is said.
        let seats = [
            seat("server.cpu", Layer::Scheduler, "fcfs", true),
            seat("lb", Layer::Balancer, "round-robin", false),
        ];
        let specs = policy::resolve(&seats, &options.policies, sink);
        let until = run_options::until(options, sink);
        let warmup = run_options::warmup(options, sink);
        run_options::check_window(warmup, until, sink);
        let mut ties = Ties::default();
        if let Some(text) = &options.ties {
            ties = run_options::ties_option(text, ties, sink);
        }
        if let Some(text) = &options.interrupts {
            run_options::refuse("--interrupts", text, "is for task lists and scenarios", None, sink);
        }
        let shares = specs[0].as_ref().filter(|spec| policy::shares(spec));
        let mut cost = |flag: &str, text: &Option<String>| {
            let Some(text) = text else { return Some(Span::ZERO) };
            let place = sink.option(flag, text);
            let span = run_options::span(text, place, sink)?;
            if let (Some(spec), true) = (shares, span > Span::ZERO) {
                run_options::sharing_cost(&spec.text, place, sink);
            }
            Some(span)
        };
        let context_switch = cost("--context-switch", &options.context_switch);
        let dispatch_latency = cost("--dispatch-latency", &options.dispatch_latency);
        let policy = match &specs[0] {
            // One queue is the rule; only another one is worth a word.
            Some(scheduler) if scheduler.text == "fcfs" => policy::describe(&seats[1..], &specs[1..]),
            _ => policy::describe(&seats, &specs),
        };
        let mut specs = specs.into_iter();
        let (scheduler, balancer) = (specs.next().flatten(), specs.next().flatten());
        Some(Farm {
            servers: servers?,
            cores: options.cores.unwrap_or(1),
            context_switch: context_switch?,
            dispatch_latency: dispatch_latency?,
            balancer: balancer?,
            scheduler: scheduler?,
            policy,
            ties,
            until,
            warmup,
        })
    }

    /// The farm under these requests. One class is one source, in this order.
    pub fn loaded(self, input: &Input, options: &Options, parsed: &Parsed, kind: InputKind) -> Loaded {
        let mut model = self.machines(input);
        model.seed = options.seed.unwrap_or(1);
        model.ties = self.ties;
        model.stop = Stop { after: self.until, jobs: None };
        model.warmup = self.warmup.and_then(|(time, _)| time).unwrap_or(Time::ZERO);
        model.attributes.clone_from(&parsed.attributes);
        for (index, Requests { class, data }) in parsed.requests.iter().cloned().enumerate() {
            model.classes.push(Class { name: class.clone(), entry: 0, draws: Vec::new() });
            model.tasks.push(class.clone());
            let attributes = data.rows.first().map_or(0, |row| row.attributes);
            model.sources.push(Source {
                name: if class == "request" { "requests".to_owned() } else { class },
                class: index as u32,
                arrivals: Arrivals::Trace(data),
                attributes,
                clients: 0,
                timeout: None,
            });
        }
        Loaded {
            model,
            notes: parsed.notes.clone(),
            warnings: Vec::new(),
            policy: self.policy,
            warmup_auto: matches!(self.warmup, Some((None, _))),
            kind,
            files: Vec::new(),
        }
    }

    fn machines(&self, input: &Input) -> Model {
        let file = input.name.rsplit(['/', '\\']).next().unwrap_or(&input.name);
        let file =
            [".gz", ".zst", ".zstd"].iter().find_map(|suffix| file.strip_suffix(suffix)).unwrap_or(file);
        let stem = [".log", ".csv", ".jsonl", ".json"].iter().find_map(|suffix| file.strip_suffix(suffix));
        let mut model = Model::new(stem.unwrap_or(file));
        let scheduler = self.scheduler.scheduler();
        model.components.push(Component { name: "server.cpu".to_owned(), kind: ComponentKind::Processor });
        model.processors = (1..=self.servers)
            .map(|index| Processor {
                name: format!("server-{index}.cpu"),
                component: 0,
                cores: self.cores,
                speed: Ratio::ONE,
                scheduler: scheduler.clone(),
                context_switch: self.context_switch,
                dispatch_latency: self.dispatch_latency,
                device: false,
                interrupts: None,
            })
            .collect();
        model.groups.push(Group {
            name: "server".to_owned(),
            weights: vec![1; self.servers as usize],
            processors: vec![0],
            pools: Vec::new(),
            outages: None,
        });
        let policy = self.balancer.balancer();
        model.balancers.push(BalancerSpec {
            name: "lb".to_owned(),
            group: 0,
            register: 1,
            policy,
            detection: None,
        });
        model.registers = 2;
        model.program = vec![
            Op::Balance { balancer: 0 },
            Op::Work { station: StationRef { base: 0, register: 1 }, amount: Draw::Given(0) },
            Op::Leave { balancer: 0 },
            Op::Exit,
        ];
        model.owed.push(OwedWork { at: 0, draws: vec![0] });
        model
    }
}

fn servers(options: &Options, what: &str, sink: &mut Sink) -> Option<u32> {
    // `--cores` alone is one machine.
    let Some(servers) = options.servers.or(options.cores.map(|_| 1)) else {
        sink.error("S071", WHOLE, format!("{what} does not say how many servers there are"))
            .help("for instance `--servers 4`, or `--cores 4` for one server of 4 cores with one queue");
        return None;
    };
    if servers == 0 || servers > SERVERS_MAX {
        let place = sink.option("--servers", &servers.to_string());
        sink.error("S021", place, format!("`--servers` is {servers}; it must be from 1 to {SERVERS_MAX}"));
        return None;
    }
    let cores = options.cores.unwrap_or(1);
    if cores == 0 || i64::from(cores) * i64::from(servers) > crate::keys::CORES_MAX {
        let place = sink.option("--cores", &cores.to_string());
        let message =
            format!("{servers} servers of {cores} cores; from 1 to {} cores in all", crate::keys::CORES_MAX);
        sink.error("S046", place, message);
        return None;
    }
    Some(servers)
}
