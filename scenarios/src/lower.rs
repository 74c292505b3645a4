//! Scenario files to models.
//!
//! The order of the work: parse, apply `--set`, read the stations, resolve policies, compile the classes, read the
//! sources, then what concerns the whole (end of the run, what is never used). Each part goes on after mistakes.

use crate::Loaded;
use crate::diagnostic::{Place, Sink, WHOLE, did_you_mean_or_list};
use crate::input::{Input, InputKind};
use crate::keys::{self, BALANCERS_MAX, CORES_MAX, Kind, NAMES_MAX, SCENARIO, STATIONS_MAX, Table};
use crate::laws::{Unit, law};
use crate::options::Options;
use crate::policy::{self, Seat};
use crate::reader::{self, Fields};
use crate::run_options;
use crate::set;
use crate::steps::{self, BalancerStation, GroupStations, Station, Stations};
use crate::traces::{self, TraceTarget};
use crate::tree::{self, Value};
use policies::Layer;
use sim_core::law::Law;
use sim_core::model::{
    Arrivals, Attributes, BalancerRef, BalancerSpec, Class, Component, ComponentKind, Group, Model, Op, Pool,
    PoolOrder, Processor, Source, Stop,
};
use sim_core::units::{Ratio, Span, Time};
use std::sync::Arc;

/// Compiles a scenario.
pub(crate) fn load(input: &Input, options: &Options, sink: &mut Sink) -> Option<Loaded> {
    let Ok(text) = std::str::from_utf8(&input.text) else {
        sink.error("S005", WHOLE, "not UTF-8 text");
        return None;
    };
    let (mut root, broken) = tree::parse(text, sink);
    if broken {
        // What was stepped over would be reported as missing: only the syntax errors can be trusted.
        return None;
    }
    run_options::refuse_for_scenario(options, sink);
    set::apply(&mut root, &options.set, sink);
    let fields = reader::open(&root, &SCENARIO, sink)?;
    let mut lowering = Lowering {
        sink,
        options,
        model: Model::new(""),
        stations: Stations::default(),
        seats: Vec::new(),
        processors: Vec::new(),
        names: Vec::new(),
        unknown_names: false,
        class_places: Vec::new(),
    };
    lowering.head(&fields, input);
    lowering.stations(&fields);
    let policy = lowering.policies();
    lowering.classes(&fields);
    lowering.sources(&fields, input);
    let warmup_auto = lowering.end(&fields);
    lowering.unused();
    let model = lowering.model;
    Some(Loaded {
        model,
        notes: Vec::new(),
        warnings: Vec::new(),
        policy,
        warmup_auto,
        kind: InputKind::Scenario,
    })
}

/// A processor role before its policy is known: the members are `base .. base + count`.
struct Role {
    base: u32,
    count: u32,
    cores: u32,
    place: Place,
    /// The place of a switch or dispatch cost above 0.
    cost: Option<Place>,
    seat: usize,
}

struct Lowering<'a> {
    sink: &'a mut Sink,
    options: &'a Options,
    model: Model,
    stations: Stations,
    /// Who has a policy: processor roles first, then balancers, in the order of the file.
    seats: Vec<Seat>,
    processors: Vec<Role>,
    /// Names of stations, groups and balancers with their places.
    names: Vec<(String, Place)>,
    unknown_names: bool,
    class_places: Vec<Place>,
}

impl<'a> Lowering<'a> {
    fn head(&mut self, fields: &Fields<'a>, input: &Input) {
        let file = input.name.rsplit(['/', '\\']).next().unwrap_or(&input.name);
        let name = fields.text("name", self.sink).unwrap_or(file.strip_suffix(".toml").unwrap_or(file));
        name.clone_into(&mut self.model.name);
        let seed = fields.integer("seed", self.sink).map_or(1, |seed| seed as u64);
        self.model.seed = self.options.seed.unwrap_or(seed);
        if let Some(node) = fields.get("ties") {
            self.model.ties = run_options::ties_table(node, self.sink);
        }
        if let Some(ties) = &self.options.ties {
            self.model.ties = run_options::ties_option(ties, self.model.ties, self.sink);
        }
    }

    /// The items of a list, at most [`NAMES_MAX`].
    fn list(&mut self, fields: &Fields<'a>, key: &str) -> Vec<Fields<'a>> {
        let Some(node) = fields.get(key) else { return Vec::new() };
        let Some(Kind::List(table)) = SCENARIO.key(key).map(|key| key.kind) else { return Vec::new() };
        let items = match &node.value {
            Value::Array(items) => items,
            _ => {
                reader::wrong_type(node, &format!("`{key}` is an array of tables"), self.sink)
                    .help(format!("write [[{key}]], one for each"));
                return Vec::new();
            }
        };
        let most = if key == "balancer" { BALANCERS_MAX } else { NAMES_MAX };
        if items.len() > most {
            self.sink.error("S046", node.place, format!("{} times `{key}`; at most {most}", items.len()));
        }
        items.iter().take(most).filter_map(|item| reader::open(item, table, self.sink)).collect()
    }

    /// The name of a station, group or balancer; those share one set of names.
    fn station_name(&mut self, fields: &Fields<'a>) -> String {
        let Some(name) = fields.name("name", self.sink) else { return String::new() };
        let place = fields.place("name");
        if let Some((_, first)) = self.names.iter().find(|(other, _)| other == name) {
            self.sink
                .error("S034", place, format!("the name `{name}` is given twice"))
                .label(*first, "first here");
        }
        self.names.push((name.to_owned(), place));
        name.to_owned()
    }

    fn stations(&mut self, fields: &Fields<'a>) {
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
        self.limits();
    }

    fn limits(&mut self) {
        let stations = self.model.processors.len() + self.model.pools.len();
        if stations as i64 > STATIONS_MAX {
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
        let speed = item.speed("speed", self.sink).unwrap_or(Ratio::ONE);
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
            .map(|(key, _)| item.place(key));
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
            let name = member_name(full, role, member, count);
            self.model.processors.push(Processor {
                name,
                component,
                cores,
                speed,
                scheduler: scheduler.clone(),
                context_switch,
                dispatch_latency,
                device,
            });
        }
        base
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
            let name = member_name(full, role, member, count);
            self.model.pools.push(Pool { name, component, size, queue, order });
        }
        base
    }

    fn component(&mut self, name: &str, kind: ComponentKind) -> u32 {
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
        self.model.groups.push(Group {
            name: name.clone(),
            weights,
            processors: processors.iter().map(|station| station.base).collect(),
            pools: pools.iter().map(|station| station.base).collect(),
        });
        self.stations.groups.push(GroupStations { name, place: item.place("name"), processors, pools });
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
        let mut found = Vec::new();
        for entry in node.entries() {
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
                .help_if(did_you_mean_or_list(targets, "server groups", &known));
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
        });
        self.model.registers = register + 1;
        self.stations.balancers.push(BalancerStation {
            name,
            place: item.place("name"),
            group,
            used: std::cell::Cell::new(false),
        });
    }

    /// Puts the policies and the machine options in; says which are in effect.
    fn policies(&mut self) -> String {
        self.machine_options();
        let specs = policy::resolve(&self.seats, &self.options.policies, self.sink);
        for role in &self.processors {
            let Some(spec) = &specs[role.seat] else { continue };
            if let (Some(place), true) = (role.cost, policy::shares(spec)) {
                run_options::sharing_cost(&spec.text, place, self.sink);
            }
            let scheduler = spec.scheduler();
            let members = role.base as usize..(role.base + role.count) as usize;
            for processor in self.model.processors.iter_mut().take(members.end).skip(members.start) {
                processor.scheduler = scheduler.clone();
            }
        }
        let balancers = self.seats.iter().zip(&specs).filter(|(seat, _)| seat.layer == Layer::Balancer);
        for (balancer, (_, spec)) in self.model.balancers.iter_mut().zip(balancers) {
            if let Some(spec) = spec {
                balancer.policy = spec.balancer();
            }
        }
        policy::describe(&self.seats, &specs)
    }

    /// `--cores`, `--context-switch`, `--dispatch-latency`: for the only processor there is.
    fn machine_options(&mut self) {
        let options = self.options;
        let cores = options.cores.map(|cores| cores.to_string());
        let given = [
            ("--cores", "cores", &cores),
            ("--context-switch", "context_switch", &options.context_switch),
            ("--dispatch-latency", "dispatch_latency", &options.dispatch_latency),
        ];
        for (flag, key, text) in given {
            let Some(text) = text else { continue };
            let place = self.sink.option(flag, text);
            let mut main: Vec<usize> = (0..self.processors.len()).filter(|i| !self.is_device(*i)).collect();
            if main.is_empty() {
                main = (0..self.processors.len()).collect();
            }
            let [index] = main.as_slice() else {
                let paths: Vec<String> = main
                    .iter()
                    .take(6)
                    .map(|i| {
                        format!("`--set {}.{key}=...`", set_path(&self.seats[self.processors[*i].seat].name))
                    })
                    .collect();
                self.sink
                    .error(
                        "S064",
                        place,
                        format!("`{flag}` is for scenarios with one processor; there are {}", main.len()),
                    )
                    .help_if((!paths.is_empty()).then(|| format!("write {}", paths.join(" or "))));
                continue;
            };
            self.machine_option(*index, flag, text, place);
        }
        self.limits_again();
    }

    fn is_device(&self, index: usize) -> bool {
        self.seats[self.processors[index].seat].device
    }

    fn machine_option(&mut self, index: usize, flag: &str, text: &str, place: Place) {
        let span = if flag == "--cores" { None } else { Some(run_options::span(text, place, self.sink)) };
        let role = &mut self.processors[index];
        let members = role.base as usize..(role.base + role.count) as usize;
        let cores = self.options.cores.unwrap_or(1);
        match span {
            None if cores == 0 || i64::from(cores) > CORES_MAX => {
                self.sink.error(
                    "S021",
                    place,
                    format!("`--cores` is {cores}; it must be from 1 to {CORES_MAX}"),
                );
                return;
            }
            None => {
                role.cores = cores;
                role.place = place;
            }
            Some(None) => return,
            Some(Some(span)) if span > Span::ZERO => role.cost = Some(place),
            Some(Some(_)) => {}
        }
        for processor in self.model.processors.iter_mut().take(members.end).skip(members.start) {
            match span.flatten() {
                None => processor.cores = cores,
                Some(span) if flag == "--context-switch" => processor.context_switch = span,
                Some(span) => processor.dispatch_latency = span,
            }
        }
    }

    fn limits_again(&mut self) {
        if self.options.cores.is_some() {
            self.limits();
        }
    }

    fn classes(&mut self, fields: &Fields<'a>) {
        for item in self.list(fields, "class") {
            let name = item.name("name", self.sink).unwrap_or("").to_owned();
            let place = item.place("name");
            if let Some(first) =
                self.model.classes.iter().position(|class| class.name == name && !name.is_empty())
            {
                self.sink
                    .error("S034", place, format!("the class `{name}` is given twice"))
                    .label(self.class_places[first], "first here");
            }
            let attributes = class_attributes(&item, self.sink);
            let entry = self.model.program.len() as u32;
            let mut draws = Vec::new();
            if let Some(node) = item.get("steps") {
                let compiled = steps::compile(node, &mut self.model, &self.stations, self.sink);
                draws = compiled.draws;
                self.unknown_names |= compiled.unknown_names;
            } else {
                self.model.program.push(Op::Exit);
                self.unknown_names = true;
            }
            self.model.classes.push(Class { name, entry, draws });
            // The attributes of a class wait here until its sources are known.
            self.model.attributes.push(attributes);
            self.class_places.push(place);
        }
        if self.model.classes.is_empty() {
            self.sink
                .error("S040", WHOLE, "a scenario needs at least one [[class]]")
                .help("`dispatchlab new farm` prints one to start from");
        }
        let has = |kind: fn(&Op) -> bool| self.model.program.iter().any(kind);
        let delay = has(|op| matches!(op, Op::Delay { .. }));
        let join = has(|op| matches!(op, Op::Fork { .. }));
        if delay {
            self.component("delay", ComponentKind::Delay);
        }
        if join {
            self.component("join", ComponentKind::Join);
        }
    }

    fn sources(&mut self, fields: &Fields<'a>, input: &Input) {
        let of_class = std::mem::take(&mut self.model.attributes);
        let mut used = vec![false; self.model.classes.len()];
        let mut places: Vec<Place> = Vec::new();
        for item in self.list(fields, "source") {
            let name = item.name("name", self.sink).unwrap_or("").to_owned();
            let place = item.place("name");
            if let Some(first) =
                self.model.sources.iter().position(|source| source.name == name && !name.is_empty())
            {
                self.sink
                    .error("S034", place, format!("the source `{name}` is given twice"))
                    .label(places[first], "first here");
            }
            places.push(place);
            let class =
                item.text("class", self.sink).and_then(|class| self.class(class, item.place("class")));
            if item.get("class").is_none() {
                self.unknown_names = true;
            }
            if let Some(class) = class {
                used[class] = true;
            }
            let index = self.model.sources.len() as u32;
            let clients = item.integer("clients", self.sink).unwrap_or(0) as u32;
            let mut attributes = class.map_or_else(Attributes::default, |class| of_class[class].clone());
            (attributes.place, attributes.task) = (index, index);
            let arrivals = self.arrivals(&item, class, index, input);
            if let Some(Arrivals::Periodic { period, .. }) = &arrivals {
                attributes.period = Some(*period);
            }
            self.model.attributes.push(attributes);
            self.model.tasks.push(name.clone());
            self.model.sources.push(Source {
                name,
                class: class.unwrap_or(0) as u32,
                arrivals: arrivals.unwrap_or(Arrivals::Renewal(Law::Deterministic { value: 1 })),
                attributes: index,
                clients,
            });
        }
        if self.model.sources.is_empty() {
            self.sink
                .error("S040", WHOLE, "a scenario needs at least one [[source]]")
                .help("without one nothing ever happens");
        } else if !self.unknown_names {
            let unused = (0..used.len()).filter(|class| !used[*class]);
            for class in unused {
                let message =
                    format!("no source makes jobs of the class `{}`", self.model.classes[class].name);
                self.sink
                    .error("S041", self.class_places[class], message)
                    .help("add a [[source]] with this class, or remove it");
            }
        }
    }

    fn class(&mut self, name: &str, place: Place) -> Option<usize> {
        let found = self.model.classes.iter().position(|class| class.name == name);
        if found.is_none() {
            let known: Vec<&str> = self.model.classes.iter().map(|class| class.name.as_str()).collect();
            self.sink
                .error("S031", place, format!("there is no class `{name}`"))
                .help_if(did_you_mean_or_list(name, "classes", &known));
            self.unknown_names = true;
        }
        found
    }

    fn arrivals(
        &mut self,
        item: &Fields<'a>,
        class: Option<usize>,
        index: u32,
        input: &Input,
    ) -> Option<Arrivals> {
        let node = item.get("arrivals")?;
        let form = reader::open_form(node, "`arrivals`", keys::ARRIVALS, self.sink)?;
        let sink = &mut *self.sink;
        let key = form.table.keys[0].name;
        let inner = form.get(key)?;
        match key {
            "poisson" => Some(Arrivals::Renewal(Law::Exponential { mean: reader::rate(inner, key, sink)? })),
            "renewal" => {
                let law = law(inner, key, Unit::Time, sink)?;
                if matches!(law, Law::Deterministic { value: 0 }) {
                    sink.error(
                        "S021",
                        inner.place,
                        "gaps of 0 would release jobs without end at one instant",
                    );
                    return None;
                }
                Some(Arrivals::Renewal(law))
            }
            "closed" => {
                let fields = reader::open(inner, inner_table(&form, key)?, sink)?;
                let customers = fields.integer("customers", sink);
                let think = fields.get("think").and_then(|node| law(node, "think", Unit::Time, sink));
                Some(Arrivals::Closed { customers: customers? as u32, think: think? })
            }
            "periodic" => {
                let fields = reader::open(inner, inner_table(&form, key)?, sink)?;
                let period = fields.positive_span("period", sink);
                let offset = fields.span("offset", sink).unwrap_or(Span::ZERO);
                let count = fields.integer("count", sink).map(|count| count as u64);
                Some(Arrivals::Periodic { offset, period: period?, count })
            }
            _ => {
                let class = &self.model.classes[class?];
                let unit_nanos = if key == "trace" && form.get("unit").is_some() {
                    let units = ["ns", "us", "ms", "s", "min", "h", "d"];
                    form.choice("unit", sink).and_then(|unit| sim_core::quantity::time_unit(units[unit]))
                } else {
                    None
                };
                let (entry, values) = (class.entry, class.draws.len());
                let target = TraceTarget { entry, values, attributes: index, unit_nanos };
                let data = if key == "rows" {
                    traces::inline(inner, &target, sink)
                } else {
                    let name = form.text(key, sink)?;
                    traces::file(name, inner.place, input.folder.as_deref(), &target, sink)
                };
                Some(Arrivals::Trace(Arc::new(data?)))
            }
        }
    }

    /// When the run ends and where measuring begins; says whether the warm-up is automatic.
    fn end(&mut self, fields: &Fields<'a>) -> bool {
        let mut stop = Stop::default();
        if let Some(fields) = fields.get("stop").and_then(|node| reader::open(node, &keys::STOP, self.sink)) {
            stop.after = fields.positive_span("after", self.sink).map(|span| Time(span.0));
            stop.jobs = fields.integer("jobs", self.sink).map(|jobs| jobs as u64);
            if fields.node.entries().is_empty() {
                self.sink.error("S011", fields.node.place, "`stop` needs `after` or `jobs`");
            }
        }
        if let Some(until) = run_options::until(self.options, self.sink) {
            stop.after = Some(until);
        }
        let endless = self.model.sources.iter().find(|source| {
            !matches!(source.arrivals, Arrivals::Trace(_) | Arrivals::Periodic { count: Some(_), .. })
        });
        let given = fields.get("stop").is_some() || self.options.until.is_some();
        if let (Some(source), false) = (endless, given) {
            let message = format!("the source `{}` never runs dry, so the run would not end", source.name);
            self.sink
                .error("S042", WHOLE, message)
                .help("add stop = { after = \"10min\" } or stop = { jobs = 100_000 }");
        }
        self.model.stop = stop;
        let (mut warmup, mut auto, mut place) = (Time::ZERO, false, WHOLE);
        if let Some(node) = fields.get("warmup") {
            place = node.place;
            auto = node.as_text() == Some("auto");
            if !auto {
                warmup = reader::span(node, "warmup", self.sink).map_or(Time::ZERO, |span| Time(span.0));
            }
        }
        if let Some((time, option)) = run_options::warmup(self.options, self.sink) {
            (warmup, auto, place) = (time.unwrap_or(Time::ZERO), time.is_none(), option);
        }
        if stop.after.is_some_and(|after| warmup >= after) && warmup > Time::ZERO {
            self.sink.error(
                "S044",
                place,
                format!(
                    "a warm-up of {warmup} leaves nothing to measure: the run ends at {}",
                    stop.after.unwrap_or(Time::ZERO)
                ),
            );
        }
        self.model.warmup = warmup;
        auto
    }

    /// Whatever the scenario describes and no job ever reaches.
    fn unused(&mut self) {
        if self.unknown_names {
            return;
        }
        let stations = &self.stations;
        let singles = stations.processors.iter().chain(&stations.pools);
        for station in singles.filter(|station| !station.used.get()) {
            self.sink
                .error("S041", station.place, format!("no class uses `{}`", station.name))
                .help("remove it, or name it in a step");
        }
        for balancer in stations.balancers.iter().filter(|balancer| !balancer.used.get()) {
            let message = format!("no class uses the balancer `{}`", balancer.name);
            let help = format!("put a step {{ balance = \"{}\" }} into a class, or remove it", balancer.name);
            self.sink.error("S041", balancer.place, message).help(help);
        }
        for (index, group) in stations.groups.iter().enumerate() {
            let reached = stations.balancers.iter().any(|b| b.group == Some(index));
            if !reached {
                let message = format!("no balancer sends jobs to the servers of `{}`", group.name);
                let help = format!("add [[balancer]] with targets = \"{}\"", group.name);
                self.sink.error("S041", group.place, message).help(help);
                continue;
            }
            let used = stations.balancers.iter().any(|b| b.group == Some(index) && b.used.get());
            let unused =
                group.processors.iter().chain(&group.pools).filter(|station| used && !station.used.get());
            for station in unused {
                let message = format!("no class uses `{}.{}`", group.name, station.name);
                self.sink.error("S041", station.place, message).help("remove it, or name it in a step");
            }
        }
    }
}

fn station(name: String, fields: &Fields<'_>, base: u32) -> Station {
    let place = fields.node.get("name").map_or(fields.node.place, |node| node.place);
    Station { name, place, base, used: std::cell::Cell::new(false) }
}

/// `web-3.cpu` for members of groups, the name itself for single stations.
fn member_name(full: &str, role: &str, member: usize, count: u32) -> String {
    match full.strip_suffix(role).and_then(|group| group.strip_suffix('.')) {
        Some(group) => format!("{group}-{}.{role}", member + 1),
        None => {
            debug_assert_eq!(count, 1);
            full.to_owned()
        }
    }
}

/// The path of `--set` to a processor.
fn set_path(name: &str) -> String {
    match name.split_once('.') {
        Some((group, role)) => format!("{group}.processor.{role}"),
        None => name.to_owned(),
    }
}

fn inner_table(form: &Fields<'_>, key: &str) -> Option<&'static Table> {
    match form.table.key(key)?.kind {
        Kind::Table(table) => Some(table),
        _ => None,
    }
}

/// Holds the seat of a scheduler until the policies are known.
fn placeholder() -> sim_core::model::SchedulerRef {
    let build = Arc::new(|_: &sim_core::ties::Ties| unreachable!("replaced in `policies`"));
    sim_core::model::SchedulerRef { spec: String::new(), build }
}

fn class_attributes(item: &Fields<'_>, sink: &mut Sink) -> Attributes {
    let default = Attributes::default();
    Attributes {
        priority: item.integer("priority", sink).unwrap_or(default.priority),
        nice: item.integer("nice", sink).map_or(default.nice, |nice| nice as i32),
        tickets: item.integer("tickets", sink).map_or(default.tickets, |tickets| tickets as u32),
        weight: item.integer("weight", sink).map_or(default.weight, |weight| weight as u32),
        deadline: item.positive_span("deadline", sink),
        ..default
    }
}
