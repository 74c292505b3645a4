//! Scenario files to models.
//!
//! The order of the work: parse, apply `--set`, read the stations, resolve policies, compile the classes, read the
//! sources, then what concerns the whole (end of the run, what is never used). Each part goes on after mistakes.

mod announced;
mod machine;
mod outages;
mod rates;
mod regions;
mod sources;
mod stations;

use crate::Loaded;
use crate::diagnostic::{Place, Sink, WHOLE};
use crate::input::{Input, InputKind};
use crate::keys::{self, BALANCERS_MAX, Kind, NAMES_MAX, SCENARIO, Table};
use crate::options::Options;
use crate::policy::Seat;
use crate::reader::{self, Fields};
use crate::run_options;
use crate::set;
use crate::steps::{self, Announced, Stations};
use crate::tree::{self, Node, Value};
use sim_core::model::{Arrivals, Attributes, Class, ComponentKind, Model, Op, Source, Stop};
use sim_core::shown::shown;
use sim_core::ties::SameArrival;
use sim_core::units::Time;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// Longer scenarios are refused: their tree takes many times their size.
const TEXT_MAX: usize = 16 << 20;

/// Compiles a scenario.
pub(crate) fn load(input: &Input, options: &Options, sink: &mut Sink) -> Option<Loaded> {
    let root = parse(input, sink)?;
    compile(root, input, options, sink)
}

/// The tree of a scenario file.
pub(crate) fn parse(input: &Input, sink: &mut Sink) -> Option<Node> {
    let Ok(text) = std::str::from_utf8(&input.text) else {
        sink.error("S005", WHOLE, "not UTF-8 text");
        return None;
    };
    if text.len() > TEXT_MAX {
        sink.error(
            "S003",
            WHOLE,
            format!("a scenario of {} MiB; at most {}", text.len() >> 20, TEXT_MAX >> 20),
        )
        .help("large traces belong into files of their own: arrivals = { trace = \"file.csv\" }");
        return None;
    }
    let (root, broken) = tree::parse(text, sink);
    // What was stepped over would be reported as missing: only the syntax errors can be trusted.
    (!broken).then_some(root)
}

/// Compiles the tree of a scenario whose places are in the text of `input`; it may be a part of that text only.
pub(crate) fn compile(mut root: Node, input: &Input, options: &Options, sink: &mut Sink) -> Option<Loaded> {
    run_options::refuse_for_scenario(options, sink);
    set::apply(&mut root, "--set", &options.set, sink);
    if let Some((path, value)) = &options.vary {
        set::apply(&mut root, "--vary", &[(path.clone(), value.to_string())], sink);
    }
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
        source_places: Vec::new(),
        orders: BTreeMap::new(),
        high_first: false,
        announced: Vec::new(),
        made: BTreeMap::new(),
    };
    lowering.head(&fields, input);
    lowering.stations(&fields);
    let policy = lowering.policies();
    lowering.classes(&fields);
    lowering.finish_regions(&fields);
    lowering.announced(&fields);
    lowering.sources(&fields, input);
    lowering.announced_attributes();
    let warmup_auto = lowering.end(&fields);
    lowering.same_arrival();
    lowering.unused();
    lowering.circles();
    let model = lowering.model;
    Some(Loaded {
        model,
        notes: Vec::new(),
        warnings: Vec::new(),
        policy,
        warmup_auto,
        kind: InputKind::Scenario,
        files: Vec::new(),
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
    source_places: Vec<Place>,
    /// Pools that are waited for while another one is held, with the place of the first time.
    orders: BTreeMap<(u32, u32), Place>,
    /// A scheduler holds higher priority numbers to be more urgent.
    high_first: bool,
    /// Jobs that jobs make, with the class that makes them.
    announced: Vec<(usize, Announced)>,
    /// Classes of such jobs, with their attributes.
    made: BTreeMap<usize, Attributes>,
}

impl<'a> Lowering<'a> {
    fn head(&mut self, fields: &Fields<'a>, input: &Input) {
        let file = input.name.rsplit(['/', '\\']).next().unwrap_or(&input.name);
        match fields.text("name", self.sink) {
            Some(name) => {
                reader::check_title(name, fields.place("name"), self.sink);
                name.clone_into(&mut self.model.name);
            }
            None => self.model.name = shown(file.strip_suffix(".toml").unwrap_or(file)).into_owned(),
        }
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
        let Value::Array(items) = &node.value else {
            reader::wrong_type(node, &format!("`{key}` is an array of tables"), self.sink)
                .help(format!("write [[{key}]], one for each"));
            return Vec::new();
        };
        let most = if key == "balancer" { BALANCERS_MAX } else { NAMES_MAX };
        if items.len() > most {
            self.sink.error("S046", node.place, format!("{} times `{key}`; at most {most}", items.len()));
        }
        items.iter().take(most).filter_map(|item| reader::open(item, table, self.sink)).collect()
    }

    /// The tables of a list whose keys have been checked before.
    fn tables(fields: &Fields<'a>, key: &str, table: &'static Table) -> Vec<Fields<'a>> {
        let items = fields.get(key).map_or(&[][..], Node::elements);
        let is_table = |item: &&Node| matches!(item.value, Value::Table(_));
        items.iter().filter(is_table).map(|node| Fields { table, node }).collect()
    }

    /// The name of a station, group or balancer; those share one set of names.
    fn station_name(&mut self, fields: &Fields<'a>) -> String {
        let Some(name) = fields.name("name", self.sink) else { return String::new() };
        let place = fields.place("name");
        if let Some((_, first)) = self.names.iter().find(|(other, _)| other == name) {
            self.sink
                .error("S034", place, format!("the name `{name}` is given twice"))
                .label(*first, "first here");
            self.unknown_names = true;
        }
        self.names.push((name.to_owned(), place));
        name.to_owned()
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
                let compiled = steps::compile(node, &name, false, &mut self.model, &self.stations, self.sink);
                let class = self.model.classes.len();
                self.announced.extend(compiled.announced.into_iter().map(|made| (class, made)));
                draws = compiled.draws;
                for (held, waited_for, place) in compiled.orders {
                    self.orders.entry((held, waited_for)).or_insert(place);
                }
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
        let delay = has(|op| matches!(op, Op::Delay { .. })) || self.model.has_tasks();
        let join = has(|op| matches!(op, Op::Fork { .. }));
        if delay {
            self.component("delay", ComponentKind::Delay);
        }
        if join {
            self.component("join", ComponentKind::Join);
        }
    }

    /// Tie rule `same_arrival`: the order of the sources decides among releases of one instant.
    fn same_arrival(&mut self) {
        if self.model.ties.same_arrival == SameArrival::Priority {
            let (attributes, high_first) = (&self.model.attributes, self.high_first);
            let urgency = |source: &Source| {
                let priority = attributes[source.attributes as usize].priority;
                if high_first { -priority } else { priority }
            };
            self.model.sources.sort_by_key(urgency);
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
        let endless =
            self.model.sources.iter().zip(&self.source_places).find(|(source, _)| match &source.arrivals {
                Arrivals::Trace(_) | Arrivals::Copies(_) | Arrivals::Periodic { count: Some(_), .. } => false,
                Arrivals::Varying(varying) => !varying.ends(),
                Arrivals::Renewal(_) | Arrivals::Closed { .. } | Arrivals::Periodic { count: None, .. } => {
                    true
                }
            });
        let given = fields.get("stop").is_some() || self.options.until.is_some();
        if let (Some((source, place)), false) = (endless, given) {
            let message = format!("the source `{}` never runs dry, so the run would not end", source.name);
            self.sink
                .error("S042", *place, message)
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
        run_options::check_window(Some((Some(warmup), place)), stop.after, self.sink);
        self.model.warmup = warmup;
        auto
    }

    /// Pools that are taken in a circle: jobs that hold one and wait for the next can wait for each other.
    fn circles(&mut self) {
        if self.orders.len() > ORDERS_MAX {
            return;
        }
        let mut reported: BTreeSet<Vec<u32>> = BTreeSet::new();
        for (&(held, waited_for), &place) in &self.orders {
            let Some(circle) = path(&self.orders, waited_for, held) else { continue };
            let mut pools = circle.clone();
            pools.sort_unstable();
            if !reported.insert(pools) {
                continue;
            }
            let name = |pool: u32| {
                let component = self.model.pools[pool as usize].component;
                format!("`{}`", self.model.components[component as usize].name)
            };
            let names: Vec<String> = std::iter::once(held).chain(circle.iter().copied()).map(name).collect();
            let message =
                format!("jobs that take {} can wait for each other for ever", names.join(", then "));
            // The circle ends with `held`; the step before it closes the circle.
            let last = circle.iter().rev().nth(1).copied().unwrap_or(waited_for);
            let back = self.orders.get(&(last, held)).copied().unwrap_or(place);
            self.sink
                .warning("S048", place, message)
                .label(back, "here the other way round")
                .help("take pools in the same order everywhere");
        }
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
        let unused: Vec<(String, Place)> = stations
            .regions
            .iter()
            .filter(|region| !region.used.get())
            .map(|region| (region.name.clone(), region.place))
            .collect();
        for (name, place) in unused {
            let help =
                format!("put a step {{ request = \"{name}\", steps = [...] }} into a class, or remove it");
            self.sink.error("S041", place, format!("no class sends requests into `{name}`")).help(help);
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

fn class_attributes(item: &Fields<'_>, sink: &mut Sink) -> Attributes {
    let default = Attributes::default();
    Attributes {
        priority: item.integer("priority", sink).unwrap_or(default.priority),
        nice: item.integer("nice", sink).map_or(default.nice, |nice| nice as i32),
        tickets: item.integer("tickets", sink).map_or(default.tickets, |tickets| tickets as u32),
        weight: item.integer("weight", sink).map_or(default.weight, |weight| weight as u32),
        deadline: item.positive_span("deadline", sink),
        abort_on_miss: aborts(item, sink),
        ..default
    }
}

/// Whether jobs are withdrawn at their deadlines, which they must have then.
fn aborts(item: &Fields<'_>, sink: &mut Sink) -> bool {
    let aborts = item.choice("on_miss", sink) == Some(1);
    if aborts && item.get("deadline").is_none() {
        sink.error("S026", item.place("on_miss"), "`on_miss` without a deadline")
            .help("give the class a deadline too, such as deadline = \"50ms\"");
    }
    aborts
}

/// More pairs of pools than this are not searched for circles.
const ORDERS_MAX: usize = 1000;

/// The shortest way from one pool to another along the orders in which they are taken, both ends included.
fn path(orders: &BTreeMap<(u32, u32), Place>, from: u32, to: u32) -> Option<Vec<u32>> {
    let mut before: BTreeMap<u32, u32> = BTreeMap::new();
    let mut waiting = VecDeque::from([from]);
    while let Some(pool) = waiting.pop_front() {
        if pool == to {
            let mut way = vec![to];
            while let Some(previous) = before.get(&way[way.len() - 1]) {
                way.push(*previous);
            }
            way.reverse();
            return Some(way);
        }
        for &(_, next) in orders.range((pool, 0)..=(pool, u32::MAX)).map(|(order, _)| order) {
            if next != from {
                before.entry(next).or_insert_with(|| {
                    waiting.push_back(next);
                    pool
                });
            }
        }
    }
    None
}
