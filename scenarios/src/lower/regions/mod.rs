//! Transaction regions: pools, a processor, and the programs of the jobs that carry requests, answer calls and recover.

mod lanes;
mod presets;
mod programs;

use self::presets::{PRESETS, Preset, SECOND};
use super::{Lowering, Role};
use crate::keys::{self, Kind};
use crate::laws::{Unit, law};
use crate::policy::Seat;
use crate::reader::{self, Fields};
use crate::regions::{CALLS, Costs, Desk, OUTCOMES, Programs, Region, outcome};
use crate::tree::Node;
use policies::Layer;
use sim_core::law::Law;
use sim_core::model::{
    ComponentKind, Death, Growth, Host, InstanceChoice, Instances, Pool, PoolOrder, Processor, StationRef,
    TaskOrder,
};
use sim_core::ties::FirstSwitch;
use sim_core::units::{Ratio, Span, Time};
use std::cell::{Cell, RefCell};

fn constant(nanoseconds: u64) -> Option<Law> {
    (nanoseconds > 0).then_some(Law::Deterministic { value: nanoseconds })
}

fn at(base: u32) -> StationRef {
    StationRef { base, register: 0 }
}

impl<'a> Lowering<'a> {
    pub(super) fn regions(&mut self, fields: &Fields<'a>) {
        for item in self.list(fields, "region") {
            self.region(&item);
        }
        if !self.stations.regions.is_empty() {
            // A process that goes on alone after its quantum is not switched to.
            if fields.get("ties").is_none() && self.options.ties.is_none() {
                self.model.ties.first_switch = FirstSwitch::FirstOnly;
            }
            self.model.calls = CALLS.iter().map(|&name| name.to_owned()).collect();
            self.model.outcomes = OUTCOMES.iter().map(|&name| name.to_owned()).collect();
        }
    }

    /// A law; `None` where it takes no time.
    fn cost(&mut self, fields: &Fields<'a>, key: &str, default: u64) -> Option<Law> {
        let Some(node) = fields.get(key) else { return constant(default) };
        let law = law(node, key, Unit::Time, self.sink)?;
        (!matches!(law, Law::Deterministic { value: 0 })).then_some(law)
    }

    fn desk(&mut self, name: &str, size: u32, law: Option<Law>, host: Option<(Host, Option<u32>)>) -> Desk {
        let component = self.component(name, ComponentKind::Pool);
        let pool = self.model.pools.len() as u32;
        let (host, queue) = host.map_or((None, None), |(host, queue)| (Some(host), queue));
        self.model.pools.push(Pool {
            name: name.to_owned(),
            component,
            size,
            queue,
            order: PoolOrder::Fifo,
            host,
            instances: None,
        });
        Desk { pool, component, law }
    }

    fn region(&mut self, item: &Fields<'a>) {
        let name = self.station_name(item);
        let preset = &PRESETS[item.choice("preset", self.sink).unwrap_or(0)];
        let mistakes = self.sink.count();
        let size = item.integer("seps", self.sink).unwrap_or(preset.seps) as u32;
        let count = |lowering: &mut Self, key| item.integer(key, lowering.sink).unwrap_or(1) as u32;
        let (listeners, dispatchers) = (count(self, "listeners"), count(self, "dispatchers"));
        let law = self.cost(item, "listener", preset.listener);
        let listener = self.desk(&format!("{name}.listener"), listeners, law, None);
        let law = self.cost(item, "dispatcher", preset.dispatcher);
        let host = self.host(item, preset);
        let dispatcher = self.desk(&format!("{name}.dispatcher"), dispatchers, law, host);
        let database = self.desk(&format!("{name}.database"), 1, None, None);
        let costs = self.costs(item, preset);
        let invoke = self.cost(item, "invoke", preset.invoke);
        let processor = self.machine(item, &name, size);
        let runaway = match item.get("runaway").and_then(|node| self.table(node, "runaway")) {
            Some(fields) => {
                let keeps = fields.choice("on", self.sink) != Some(1);
                fields.positive_span("limit", self.sink).map(|limit| (limit.0, keeps))
            }
            None => preset.runaway.map(|limit| (limit, true)),
        };
        let post = self.cost(item, "post_delay", 0);
        let poll = item.span("monitor_poll", self.sink).filter(|span| *span > Span::ZERO);
        let push = item.choice("pull", self.sink) == Some(1);
        let mut instances = self.instances(item, preset, size);
        let component = self.component(&format!("{name}.seps"), ComponentKind::Pool);
        let seps = self.model.pools.len() as u32;
        let mut region = Region {
            name,
            place: item.place("name"),
            used: Cell::new(false),
            seps,
            listener,
            dispatcher,
            database,
            processor,
            costs,
            fetch_on_pull: item.boolean("fetch_on_pull", self.sink).unwrap_or(true),
            runaway,
            programs: Programs::default(),
            lanes: RefCell::default(),
            locks: RefCell::default(),
            tags: named(item.get("reserved")),
            // A SEP with an empty list serves every class.
            served: item
                .get("initiators")
                .filter(|node| !node.elements().iter().any(|list| list.elements().is_empty()))
                .map(|node| {
                    let texts = node.elements().iter().flat_map(Node::elements).filter_map(Node::as_text);
                    texts.map(str::to_owned).collect()
                }),
        };
        self.programs(&mut region, &mut instances, invoke.as_ref(), post.as_ref(), poll, push);
        let pool = Pool {
            name: format!("{}.seps", region.name),
            component,
            size,
            queue: None,
            order: PoolOrder::Fifo,
            host: None,
            instances: Some(Box::new(instances)),
        };
        self.model.pools.push(pool);
        self.contradictions(item, preset, size);
        self.unknown_names |= self.sink.count() > mistakes;
        self.stations.regions.push(region);
    }

    fn table(&mut self, node: &'a Node, key: &str) -> Option<Fields<'a>> {
        match keys::REGION.key(key).map(|key| key.kind) {
            Some(Kind::Table(table)) => reader::open(node, table, self.sink),
            _ => None,
        }
    }

    fn host(&mut self, item: &Fields<'a>, preset: &Preset) -> Option<(Host, Option<u32>)> {
        let was = Host {
            cold_start: Span(3 * SECOND),
            idle_timeout: Some(Span(1200 * SECOND)),
            recycle: Some(Span(104_400 * SECOND)),
            overlap: false,
            ready: false,
            refused: outcome("503"),
        };
        let Some(node) = item.get("host") else { return preset.hosted.then_some((was, Some(1000))) };
        let fields = self.table(node, "host")?;
        if fields.choice("kind", self.sink)? == 0 {
            for key in ["cold_start", "idle_timeout", "recycle", "recycle_mode", "initial", "http_queue"] {
                if fields.get(key).is_some() {
                    self.sink
                        .error(
                            "S026",
                            fields.place(key),
                            format!("`{key}` of a process that is always there"),
                        )
                        .help("use kind = \"was\", or leave it out");
                }
            }
            return None;
        }
        let never = |lowering: &mut Self, key: &str, default: Option<Span>| match fields.get(key) {
            None => default,
            Some(node) if node.as_text() == Some("never") => None,
            Some(_) => fields.span(key, lowering.sink),
        };
        let host = Host {
            cold_start: fields.span("cold_start", self.sink).unwrap_or(was.cold_start),
            idle_timeout: never(self, "idle_timeout", was.idle_timeout),
            recycle: never(self, "recycle", was.recycle),
            overlap: fields.choice("recycle_mode", self.sink) == Some(1),
            ready: fields.choice("initial", self.sink) == Some(1),
            refused: was.refused,
        };
        let queue = fields.integer("http_queue", self.sink).unwrap_or(1000) as u32;
        Some((host, Some(queue)))
    }

    fn costs(&mut self, item: &Fields<'a>, preset: &Preset) -> Costs {
        let fields = item.get("database").and_then(|node| self.table(node, "database"));
        let mut cost = |key: &str| match &fields {
            Some(fields) => self.cost(fields, key, preset.call),
            None => constant(preset.call),
        };
        Costs {
            register: cost("register"),
            enqueue: cost("enqueue"),
            fetch: cost("fetch"),
            next: cost("next"),
            recover: cost("recover"),
            pick: cost("pick"),
        }
    }

    /// The machine of the SEPs.
    fn machine(&mut self, item: &Fields<'a>, name: &str, size: u32) -> u32 {
        let full = format!("{name}.cpu");
        let base = self.model.processors.len() as u32;
        let most = keys::CORES_MAX as u32;
        let cores = item.integer("cores", self.sink).map_or(size.min(most), |cores| cores as u32);
        let context_switch = item.span("context_switch", self.sink).unwrap_or(Span::ZERO);
        let written = item.text("scheduler", self.sink);
        self.seats.push(Seat {
            name: full.clone(),
            layer: Layer::Scheduler,
            device: false,
            written: written.unwrap_or("fcfs").to_owned(),
            place: written.map(|_| item.place("scheduler")),
        });
        let cost = (context_switch > Span::ZERO).then(|| item.place("context_switch"));
        let seat = self.seats.len() - 1;
        self.processors.push(Role { base, count: 1, cores, place: item.node.place, cost, seat });
        let component = self.component(&full, ComponentKind::Processor);
        self.model.processors.push(Processor {
            name: full,
            component,
            cores,
            speed: Ratio::ONE,
            scheduler: crate::lower::stations::placeholder(),
            context_switch,
            dispatch_latency: Span::ZERO,
            device: false,
            interrupts: None,
        });
        base
    }

    /// What is known of the SEPs before the steps are read.
    fn instances(&mut self, item: &Fields<'a>, preset: &Preset, size: u32) -> Instances {
        let order = item.choice("order", self.sink).unwrap_or(preset.order);
        let step = item.positive_span("ageing_step", self.sink).unwrap_or(Span(preset.ageing));
        if order == 2 && step == Span::ZERO {
            self.sink
                .error("S026", item.place("order"), "`ageing` without a step")
                .help("say how long a request waits for one priority, such as ageing_step = \"1s\"");
        }
        if order != 2 && item.get("ageing_step").is_some() {
            self.sink
                .error("S026", item.place("ageing_step"), "`ageing_step` without `order = \"ageing\"`")
                .help("use that order, or leave it out");
        }
        let choice = item.choice("choice", self.sink).unwrap_or(0);
        let growth = item.integer("parlim", self.sink).map(|waiting| Growth {
            waiting: waiting as u32,
            start: item.span("region_start", self.sink).unwrap_or(Span::ZERO),
        });
        let up = item.integer("regions", self.sink).map_or(size, |up| up as u32);
        if up > size {
            self.sink
                .error(
                    "S021",
                    item.place("regions"),
                    format!("{up} SEPs are up at first, and there are {size} at most"),
                )
                .help(format!("say at most {size}, or raise `seps`"));
        }
        let bound = match item.choice("queues", self.sink) {
            Some(which) => which == 1,
            None => preset.per_sep && item.get("initiators").is_none() && item.get("reserved").is_none(),
        };
        let never = |lowering: &mut Self, key: &str| match item.get(key) {
            Some(node) if node.as_text() != Some("never") => item.span(key, lowering.sink),
            _ => None,
        };
        let (restart, process_restart) = (never(self, "sep_restart"), never(self, "process_restart"));
        let processes = self.processes(item, size);
        let deaths = self.deaths(item, processes.len());
        Instances {
            order: match order {
                0 => TaskOrder::Priority,
                1 => TaskOrder::Fifo,
                2 => TaskOrder::Ageing(step),
                _ => TaskOrder::Deadline,
            },
            choice: [InstanceChoice::Lowest, InstanceChoice::MostRecent, InstanceChoice::LeastRecent][choice],
            bound,
            refuses: (item.choice("cap", self.sink) == Some(1)).then(|| outcome("rejected")),
            up: up.min(size),
            growth,
            restart,
            processes,
            process_restart,
            deaths,
            requeue: item.choice("orphans", self.sink) == Some(1),
            check: item.positive_span("health_period", self.sink),
            misses: item.integer("misses", self.sink).unwrap_or(1) as u32,
            lost: outcome("lost"),
            disconnected: outcome("disconnected"),
            kind_of: vec![0; size as usize],
            ..Instances::default()
        }
    }

    fn processes(&mut self, item: &Fields<'a>, size: u32) -> Vec<Vec<u32>> {
        let Some(node) = item.get("processes") else { return vec![(0..size).collect()] };
        let Some(lists) = reader::array(node, "processes", self.sink) else { return Vec::new() };
        let mut seen = vec![false; size as usize];
        let mut processes = Vec::new();
        for list in lists {
            processes.push(self.sep_numbers(list, "processes", size, &mut seen));
        }
        let missing = seen.iter().position(|seen| !seen).filter(|_| self.sink.count() == 0);
        if let Some(sep) = missing {
            self.sink
                .error("S021", node.place, format!("no process has SEP {}", sep + 1))
                .help(format!("name every SEP from 1 to {size} once"));
        }
        processes
    }

    /// SEPs by number from 1, none of them twice.
    fn sep_numbers(&mut self, node: &'a Node, key: &str, size: u32, seen: &mut [bool]) -> Vec<u32> {
        let Some(nodes) = reader::array(node, key, self.sink) else { return Vec::new() };
        let mut found = Vec::new();
        for node in nodes {
            let Some(number) = reader::integer(node, key, 1, i64::from(size), self.sink) else { continue };
            let index = number as usize - 1;
            if std::mem::replace(&mut seen[index], true) {
                self.sink
                    .error("S034", node.place, format!("`{key}` gives SEP {number} twice"))
                    .help("each SEP is in one of them at most");
                continue;
            }
            found.push(index as u32);
        }
        found
    }

    fn deaths(&mut self, item: &Fields<'a>, processes: usize) -> Vec<Death> {
        let Some(node) = item.get("deaths") else { return Vec::new() };
        let Some(Kind::Plain(table)) = keys::REGION.key("deaths").map(|key| key.kind) else {
            return Vec::new();
        };
        let Some(items) = reader::array(node, "deaths", self.sink) else { return Vec::new() };
        let mut deaths = Vec::new();
        for death in items {
            let Some(fields) = reader::open(death, table, self.sink) else { continue };
            let when = fields.span("at", self.sink);
            let process = fields.integer("process", self.sink).unwrap_or(1);
            let local = fields.choice("detect", self.sink) != Some(1);
            if process as usize > processes {
                let message = format!("there is no process {process} among {processes}");
                self.sink
                    .error("S021", fields.place("process"), message)
                    .help("`processes` lists the SEPs of each process; without it there is one");
                continue;
            }
            if !local && item.get("health_period").is_none() {
                self.sink
                    .error(
                        "S026",
                        fields.place("detect"),
                        "a death that only the health check sees, and no check",
                    )
                    .help("add health_period to the region, such as health_period = \"30s\"");
            }
            if let Some(when) = when {
                deaths.push(Death { at: Time(when.0), process: process as u32 - 1, local });
            }
        }
        deaths
    }

    /// Keys of a region that cannot hold together, or that do nothing.
    fn contradictions(&mut self, item: &Fields<'a>, preset: &Preset, size: u32) {
        let mut clash = |one: &str, other: &str, why: &str| {
            if item.get(one).is_some() && item.get(other).is_some() {
                self.sink
                    .error("S013", item.place(other), why.to_owned())
                    .label(item.place(one), "the other one")
                    .help(format!("leave out `{one}` or `{other}`"));
            }
        };
        clash("initiators", "reserved", "`initiators` and `reserved` exclude each other");
        if item.get("queues").and_then(Node::as_text) == Some("per-sep") {
            clash("queues", "initiators", "a queue for each SEP and lists of classes exclude each other");
            clash("queues", "reserved", "a queue for each SEP and reserved SEPs exclude each other");
            clash("queues", "parlim", "a queue for each SEP and SEPs that are started exclude each other");
        }
        if item.get("region_start").is_some() && item.get("parlim").is_none() {
            self.sink
                .error("S026", item.place("region_start"), "`region_start` without `parlim`")
                .help("say when another SEP is started, such as parlim = 2");
        }
        if item.get("regions").is_some() && item.get("parlim").is_none() {
            self.sink.warning(
                "S026",
                item.place("regions"),
                "the SEPs beyond `regions` are never started without `parlim`",
            );
        }
        let push = item.get("pull").and_then(Node::as_text) == Some("push");
        let pick = item.get("database").and_then(|database| database.get("pick"));
        if let (false, Some(pick)) = (push, pick)
            && preset.call == 0
        {
            self.sink.warning("S026", pick.place, "`pick` is a call of `pull = \"push\"` alone");
        }
        if let Some(node) = item.get("initiators")
            && node.elements().len() != size as usize
        {
            let count = node.elements().len();
            let message =
                format!("classes of {count} {} for {size}", if count == 1 { "SEP" } else { "SEPs" });
            self.sink
                .error("S021", node.place, message)
                .help("give each SEP its list; an empty one serves every class");
        }
    }
}

fn named(node: Option<&Node>) -> Vec<String> {
    node.map_or_else(Vec::new, |node| node.entries().iter().map(|entry| entry.key.clone()).collect())
}
