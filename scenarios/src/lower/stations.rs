//! Stations, server groups and balancers.

use super::{Lowering, Role, outages};
use crate::diagnostic::{WHOLE, did_you_mean_or_list};
use crate::keys::{CORES_MAX, INTERRUPTS, Kind, ROLES_MAX, STATIONS_MAX};
use crate::policy::Seat;
use crate::reader::{self, Fields};
use crate::steps::{BalancerStation, GroupStations, Station};
use crate::tree::Value;
use policies::Layer;
use sim_core::model::{
    BalancerRef, BalancerSpec, Component, ComponentKind, Group, Interrupts, Pool, PoolOrder, Processor,
    SchedulerRef,
};
use sim_core::units::{Ratio, Span};
use std::sync::Arc;

impl<'a> Lowering<'a> {
    pub(super) fn stations(&mut self, fields: &Fields<'a>) {
        for item in self.list(fields, "processor") {
            let name = self.station_name(&item);
            let base = self.processor(&item, &name, &name, 1);
            self.stations.processors.push(station(name, &item, base));
        }
        for item in self.list(fields, "pool") {
            let name = self.station_name(&item);
            let base = self.pool(&item, &name, &name, 1);
            self.stations.pools.push(station(name, &item, base));
        }
        for item in self.list(fields, "server") {
            self.group(&item);
        }
        for item in self.list(fields, "balancer") {
            self.balancer(&item);
        }
        self.regions(fields);
        self.limits();
    }

    pub(super) fn limits(&mut self) {
        let stations = self.model.processors.len() + self.model.pools.len();
        if stations > STATIONS_MAX as usize {
            let place = self.processors.last().map_or(WHOLE, |role| role.place);
            self.sink.error("S046", place, format!("{stations} stations in all; at most {STATIONS_MAX}"));
        }
        let cores: u64 =
            self.processors.iter().map(|role| u64::from(role.count) * u64::from(role.cores)).sum();
        if cores > CORES_MAX as u64 {
            let largest =
                self.processors.iter().max_by_key(|role| u64::from(role.count) * u64::from(role.cores));
            let place = largest.map_or(WHOLE, |role| role.place);
            self.sink.error("S046", place, format!("{cores} cores in all; at most {CORES_MAX}"));
        }
    }

    /// Adds the members of a processor role; the index of the first.
    fn processor(&mut self, item: &Fields<'a>, role: &str, full: &str, count: u32) -> u32 {
        let base = self.model.processors.len() as u32;
        let cores = item.integer("cores", self.sink).map_or(1, |cores| cores as u32);
        let context_switch = item.span("context_switch", self.sink).unwrap_or(Span::ZERO);
        let dispatch_latency = item.span("dispatch_latency", self.sink).unwrap_or(Span::ZERO);
        let speed = item.ratio("speed", "1 is nominal speed", self.sink).unwrap_or(Ratio::ONE);
        let interrupts = self.interrupts(item);
        let device = item.boolean("device", self.sink).unwrap_or(false);
        let written = item.text("scheduler", self.sink);
        self.seats.push(Seat {
            name: full.to_owned(),
            layer: Layer::Scheduler,
            device,
            written: written.unwrap_or("fcfs").to_owned(),
            place: written.map(|_| item.place("scheduler")),
        });
        let cost = [("context_switch", context_switch), ("dispatch_latency", dispatch_latency)]
            .into_iter()
            .find(|(_, span)| *span > Span::ZERO)
            .map(|(key, _)| item.place(key))
            .or(interrupts.map(|_| item.place("interrupts")));
        self.processors.push(Role {
            base,
            count,
            cores,
            place: item.node.place,
            cost,
            seat: self.seats.len() - 1,
        });
        let kind = if device { ComponentKind::Device } else { ComponentKind::Processor };
        let component = self.component(full, kind);
        let scheduler = placeholder();
        let room = (STATIONS_MAX as usize + 1).saturating_sub(self.model.processors.len());
        for member in 0..(count as usize).min(room) {
            let name = member_name(full, role, member);
            self.model.processors.push(Processor {
                name,
                component,
                cores,
                speed,
                scheduler: scheduler.clone(),
                context_switch,
                dispatch_latency,
                device,
                interrupts,
            });
        }
        base
    }

    fn interrupts(&mut self, item: &Fields<'a>) -> Option<Interrupts> {
        let fields = reader::open(item.get("interrupts")?, &INTERRUPTS, self.sink)?;
        let mut span = |key| fields.span(key, self.sink).unwrap_or(Span::ZERO);
        Some(Interrupts {
            save: span("save"),
            load: span("load"),
            release: span("release"),
            exit: span("exit"),
            decide: span("decide"),
        })
    }

    /// Adds the members of a pool role; the index of the first.
    fn pool(&mut self, item: &Fields<'a>, role: &str, full: &str, count: u32) -> u32 {
        let base = self.model.pools.len() as u32;
        let size = item.integer("size", self.sink).map_or(1, |size| size as u32);
        let queue = item.integer("queue", self.sink).map(|queue| queue as u32);
        let order = item.choice("order", self.sink).unwrap_or(0);
        let order = [PoolOrder::Fifo, PoolOrder::LowFirst, PoolOrder::HighFirst][order];
        let component = self.component(full, ComponentKind::Pool);
        let room = (STATIONS_MAX as usize + 1).saturating_sub(self.model.pools.len());
        for member in 0..(count as usize).min(room) {
            let name = member_name(full, role, member);
            self.model.pools.push(Pool { name, component, size, queue, order, host: None, instances: None });
        }
        base
    }

    pub(super) fn component(&mut self, name: &str, kind: ComponentKind) -> u32 {
        self.model.components.push(Component { name: name.to_owned(), kind });
        self.model.components.len() as u32 - 1
    }

    fn group(&mut self, item: &Fields<'a>) {
        let name = self.station_name(item);
        let count = item.integer("count", self.sink).map_or(1, |count| count as u32);
        let weights = item.integers("weights", self.sink).unwrap_or_else(|| vec![1; count as usize]);
        if weights.len() != count as usize {
            let message = format!("{} weights for {count} servers", weights.len());
            self.sink.error("S021", item.place("weights"), message);
        }
        let (mut processors, mut pools) = (Vec::new(), Vec::new());
        let mistakes = self.sink.count();
        for (role, fields) in self.roles(item, "processor") {
            let base = self.processor(&fields, &role, &format!("{name}.{role}"), count);
            processors.push(station(role, &fields, base));
        }
        for (role, fields) in self.roles(item, "pool") {
            if let Some(other) = processors.iter().find(|station| station.name == role) {
                self.sink
                    .error("S034", fields.node.place, format!("the name `{role}` is given twice"))
                    .label(other.place, "first here");
            }
            let base = self.pool(&fields, &role, &format!("{name}.{role}"), count);
            pools.push(station(role, &fields, base));
        }
        if processors.is_empty() && pools.is_empty() {
            self.sink
                .error(
                    "S011",
                    item.node.place,
                    format!("the servers of `{name}` have neither a processor nor a pool"),
                )
                .help("for instance processor.cpu = { cores = 2 }");
        }
        let outages = outages::read(item, count, self.sink);
        self.model.groups.push(Group {
            name: name.clone(),
            weights,
            processors: processors.iter().map(|station| station.base).collect(),
            pools: pools.iter().map(|station| station.base).collect(),
            outages,
        });
        let incomplete = self.sink.count() > mistakes;
        let place = item.place("name");
        self.stations.groups.push(GroupStations { name, place, processors, pools, incomplete });
    }

    /// The stations of a server: `processor.cpu = { ... }`.
    fn roles(&mut self, item: &Fields<'a>, key: &str) -> Vec<(String, Fields<'a>)> {
        let Some(node) = item.get(key) else { return Vec::new() };
        let Some(Kind::Named(table)) = item.table.key(key).map(|key| key.kind) else { return Vec::new() };
        if !matches!(node.value, Value::Table(_)) {
            reader::wrong_type(node, &format!("`{key}` is a table of tables"), self.sink)
                .help(format!("for instance {key}.NAME = {{ ... }}"));
            return Vec::new();
        }
        // `processor = { cores = 2 }` forgets the name: say so instead of reading `cores` as a name.
        if let Some(entry) = node
            .entries()
            .iter()
            .find(|e| table.key(&e.key).is_some() && !matches!(e.node.value, Value::Table(_)))
        {
            self.sink
                .error("S012", entry.key_place, format!("a {key} of a server needs a name"))
                .help(format!("write {key}.NAME = {{ {} = ... }}", entry.key));
            return Vec::new();
        }
        let most = ROLES_MAX;
        if node.entries().len() > most {
            let message = format!("{} times `{key}` in one server; at most {most}", node.entries().len());
            self.sink.error("S046", node.place, message);
        }
        let mut found = Vec::new();
        for entry in node.entries().iter().take(most) {
            reader::check_name(&entry.key, entry.key_place, self.sink);
            if let Some(fields) = reader::open(&entry.node, table, self.sink) {
                found.push((entry.key.clone(), fields));
            }
        }
        found
    }

    fn balancer(&mut self, item: &Fields<'a>) {
        let name = self.station_name(item);
        let targets = item.text("targets", self.sink);
        let group =
            targets.and_then(|targets| self.stations.groups.iter().position(|group| group.name == targets));
        if let (Some(targets), None) = (targets, group) {
            let known: Vec<&str> = self.stations.groups.iter().map(|group| group.name.as_str()).collect();
            self.sink
                .error("S031", item.place("targets"), format!("there is no server group `{targets}`"))
                .help_if(|| did_you_mean_or_list(targets, "server groups", &known));
            self.unknown_names = true;
        }
        let written = item.text("policy", self.sink);
        self.seats.push(Seat {
            name: name.clone(),
            layer: Layer::Balancer,
            device: false,
            written: written.unwrap_or("round-robin").to_owned(),
            place: written.map(|_| item.place("policy")),
        });
        let register = self.model.balancers.len() as u16 + 1;
        self.model.balancers.push(BalancerSpec {
            name: name.clone(),
            group: group.unwrap_or(0) as u32,
            register,
            policy: BalancerRef {
                spec: String::new(),
                build: Arc::new(|_| unreachable!("replaced in `policies`")),
            },
            detection: outages::detection(item, self.sink),
        });
        self.model.registers = register + 1;
        self.stations.balancers.push(BalancerStation {
            name,
            place: item.place("name"),
            group,
            used: std::cell::Cell::new(false),
        });
    }
}

fn station(name: String, fields: &Fields<'_>, base: u32) -> Station {
    let place = fields.node.get("name").map_or(fields.node.place, |node| node.place);
    Station { name, place, base, used: std::cell::Cell::new(false) }
}

/// `web-3.cpu` for members of groups, the name itself for single stations.
fn member_name(full: &str, role: &str, member: usize) -> String {
    match full.strip_suffix(role).and_then(|group| group.strip_suffix('.')) {
        Some(group) => format!("{group}-{}.{role}", member + 1),
        None => full.to_owned(),
    }
}

/// Holds the seat of a scheduler until the policies are known.
pub(super) fn placeholder() -> SchedulerRef {
    let build = Arc::new(|_: &sim_core::ties::Ties| unreachable!("replaced in `policies`"));
    SchedulerRef { spec: String::new(), build }
}
