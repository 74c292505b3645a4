//! What of a model matters to theory: how jobs come, which stations they visit how often, and in which order these serve.
//!
//! Everything that closed forms do not know of (costs, limits, failures, other steps) makes the reading fail. Structures of the
//! model are taken apart field by field, so that a new field does not compile until somebody decides here what it means.

use super::sizes::Sizes;
use policies::Layer;
use sim_core::law::Law;
use sim_core::model::{
    Arrivals, BalancerSpec, Class, Draw, Group, Model, Op, Pc, Pool, Processor, Source, StationRef,
};
use sim_core::units::{Ratio, Span};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

/// In which order a station serves.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Order {
    /// First come, first served.
    Fcfs,
    /// Last come, first served, nobody is interrupted.
    Lcfs,
    /// In random order, nobody is interrupted.
    Siro,
    /// Last come, first served, with preemption and resumption.
    LcfsPreemptive,
    /// All at once at equal rates.
    Sharing,
    /// Shortest job first.
    Sjf,
    /// Preemptive shortest job first.
    Psjf,
    /// Shortest remaining time first.
    Srtf,
    /// Least attained service.
    Las,
    /// By priority.
    Priority { low_first: bool, preemptive: bool },
    /// Some other order that knows no sizes and leaves no core idle.
    Blind,
}

/// A processor without costs.
#[derive(Clone, PartialEq, Debug)]
pub struct Station {
    pub cores: u32,
    pub order: Order,
    pub device: bool,
}

/// Work at a processor.
#[derive(Clone, Debug)]
pub struct Visit {
    pub processor: usize,
    /// How often a job goes there, on average.
    pub count: f64,
    /// The same for all equal servers.
    pub sizes: Rc<Sizes>,
}

/// What jobs of a class do.
#[derive(Clone, Debug, Default)]
pub struct Route {
    pub visits: Vec<Visit>,
    /// Mean of all delays together, in seconds.
    pub delay: f64,
    /// Whether every way through the program has just one piece of work and no delay.
    pub single: bool,
}

/// When a source releases jobs.
#[derive(Clone, Debug)]
pub enum Flow {
    /// At a rate a second, independently of everything.
    Poisson(f64),
    /// With independent gaps.
    Renewal(Sizes),
    /// Customers who think: how many, and how long on average, in seconds.
    Closed(u32, f64),
}

/// A source.
#[derive(Clone, Debug)]
pub struct Stream {
    pub class: usize,
    pub priority: i64,
    pub flow: Flow,
}

/// The processors and sources of a model that closed forms can speak of.
pub struct Shape<'m> {
    pub model: &'m Model,
    pub stations: Vec<Station>,
    pub streams: Vec<Stream>,
}

impl<'m> Shape<'m> {
    /// `None` where the model has something that closed forms do not know of.
    pub fn of(model: &'m Model) -> Option<Shape<'m>> {
        // What is not named below decides nothing here: names, seeds and ends, or it is looked at with the programs.
        let Model {
            name: _,
            seed: _,
            stop: _,
            warmup: _,
            ties: _,
            program: _,
            laws: _,
            counters: _,
            registers: _,
            branches: _,
            forks: _,
            owed: _,
            classes,
            sources,
            attributes,
            tasks: _,
            processors,
            pools,
            components: _,
            groups,
            balancers,
            submits: _,
            emits: _,
            calls: _,
            outcomes: _,
            periods: _,
        } = model;
        for Class { name: _, entry: _, draws: _ } in classes {}
        for Pool { name: _, component: _, size: _, queue: _, order: _, host, instances } in pools {
            if host.is_some() || instances.is_some() {
                return None;
            }
        }
        for Group { name: _, weights: _, processors: _, pools: _, outages } in groups {
            if outages.is_some() {
                return None;
            }
        }
        // What a balancer learns of servers that fail: there are none.
        for BalancerSpec { name: _, group: _, register: _, policy: _, detection: _ } in balancers {}
        let stations = processors.iter().map(station).collect::<Option<Vec<_>>>()?;
        let stream = |source: &Source| {
            let Source { name: _, class, arrivals, attributes: of, clients: _, timeout } = source;
            if timeout.is_some() {
                return None;
            }
            let priority = attributes.get(*of as usize)?.priority;
            Some(Stream { class: *class as usize, priority, flow: flow(arrivals)? })
        };
        let streams = sources.iter().map(stream).collect::<Option<Vec<_>>>()?;
        Some(Shape { model, stations, streams })
    }

    /// What jobs of a class do; `None` where it is more than work, delays, branches, whole repetitions and servers drawn at random.
    pub fn route(&self, class: usize) -> Option<Route> {
        let class = &self.model.classes[class];
        let mut walk =
            Walk { shape: self, class, route: Route { single: true, ..Route::default() }, paths: 0 };
        walk.path(Path { pc: class.entry, weight: 1.0, ..Path::default() })?;
        Some(walk.route)
    }

    /// The operations of a class in a row, without jumps; `None` where there are too many.
    pub fn straight(&self, class: usize) -> Option<Vec<Op>> {
        const MOST: usize = 16;
        let mut pc = self.model.classes[class].entry;
        let mut ops = Vec::new();
        while ops.len() < MOST {
            match self.model.program.get(pc as usize)? {
                Op::Jump { to } => {
                    // Forwards only: a program that never ends is not read for ever.
                    if *to <= pc {
                        return None;
                    }
                    pc = *to;
                    continue;
                }
                Op::Leave { .. } => {}
                op => ops.push(*op),
            }
            if ops.last() == Some(&Op::Exit) {
                return Some(ops);
            }
            pc += 1;
        }
        None
    }

    /// The law behind a draw, with `unit` seconds for each of its units.
    pub fn sizes(&self, class: usize, draw: Draw, unit: f64) -> Option<Sizes> {
        Sizes::new(law(self.model, &self.model.classes[class], draw)?, unit)
    }

    /// The service times of work at a processor.
    pub fn service(&self, class: usize, processor: usize, draw: Draw) -> Option<Sizes> {
        self.sizes(class, draw, 1e-9 / self.model.processors[processor].speed.as_f64())
    }

    /// The id of a balancer's policy, and the number of its servers.
    pub fn balancer(&self, balancer: u32) -> Option<(&'static str, u32)> {
        let spec = &self.model.balancers[balancer as usize];
        let policy = policies::parse(Layer::Balancer, &spec.policy.spec).ok()?;
        let members = self.model.groups.get(spec.group as usize)?.weights.len() as u32;
        // One of one drawn is a random server.
        let id = match policy.def.id {
            "power-of-d" if policy.params.integer("d") == 1 => "random",
            id => id,
        };
        (members > 0).then_some((id, members))
    }
}

fn law<'m>(model: &'m Model, class: &'m Class, draw: Draw) -> Option<&'m Law> {
    match draw {
        Draw::Given(index) => class.draws.get(index as usize),
        Draw::OnTheSpot(index) => model.laws.get(index as usize),
    }
}

fn station(processor: &Processor) -> Option<Station> {
    let Processor {
        name: _,
        component: _,
        cores,
        speed: _,
        scheduler,
        context_switch,
        dispatch_latency,
        device,
        interrupts,
    } = processor;
    if *context_switch != Span::ZERO || *dispatch_latency != Span::ZERO || interrupts.is_some() {
        return None;
    }
    let policy = policies::parse(Layer::Scheduler, &scheduler.spec).ok()?;
    let exact = || (policy.params.word("predictor") == "exact").then_some(());
    let order = match policy.def.id {
        "fcfs" => Order::Fcfs,
        "lcfs" if policy.params.boolean("preemptive") => Order::LcfsPreemptive,
        "lcfs" => Order::Lcfs,
        "siro" => Order::Siro,
        "ps" => Order::Sharing,
        "sjf" => {
            exact()?;
            Order::Sjf
        }
        "srtf" => {
            exact()?;
            Order::Srtf
        }
        "psjf" => Order::Psjf,
        "las" => Order::Las,
        "priority"
            if policy.params.span("ageing") == Span::ZERO && policy.params.span("quantum") == Span::ZERO =>
        {
            Order::Priority {
                low_first: policy.params.word("order") == "low-first",
                preemptive: policy.params.boolean("preemptive"),
            }
        }
        _ if policy.def.traits.work_conserving && !policy.def.traits.clairvoyant => Order::Blind,
        _ => return None,
    };
    Some(Station { cores: *cores, order, device: *device })
}

fn flow(arrivals: &Arrivals) -> Option<Flow> {
    let gaps = |law: &Law| {
        let gaps = Sizes::new(law, 1e-9)?;
        Some(if gaps.is_exponential() { Flow::Poisson(1.0 / gaps.mean) } else { Flow::Renewal(gaps) })
    };
    match arrivals {
        Arrivals::Renewal(law) => gaps(law),
        Arrivals::Periodic { offset: _, period, count: None } => {
            gaps(&Law::Deterministic { value: period.0 })
        }
        Arrivals::Closed { customers, think } => {
            let mean = think.mean()?;
            (*customers > 0 && mean.is_finite()).then_some(Flow::Closed(*customers, mean * 1e-9))
        }
        Arrivals::Periodic { .. } | Arrivals::Varying(_) | Arrivals::Trace(_) | Arrivals::Copies(_) => None,
    }
}

/// A way through a program so far.
#[derive(Clone, Default)]
struct Path {
    pc: Pc,
    /// Probability of this way.
    weight: f64,
    /// How often what follows is repeated.
    times: f64,
    repeats: Vec<f64>,
    /// Registers whose server was drawn at random.
    random: BTreeSet<u16>,
    /// Given values that were used: a second use would bring the same size again.
    used: BTreeSet<u16>,
    works: u32,
    delays: u32,
}

struct Walk<'s, 'm> {
    shape: &'s Shape<'m>,
    class: &'m Class,
    route: Route,
    paths: u32,
}

impl Walk<'_, '_> {
    /// Follows one way to its end, and all others that branch off.
    fn path(&mut self, mut path: Path) -> Option<()> {
        const MOST_PATHS: u32 = 2_000;
        const MOST_STEPS: u32 = 10_000;
        self.paths += 1;
        if self.paths > MOST_PATHS {
            return None;
        }
        if path.times == 0.0 {
            path.times = 1.0;
        }
        let model = self.shape.model;
        for _ in 0..MOST_STEPS {
            let op = *model.program.get(path.pc as usize)?;
            path.pc += 1;
            match op {
                Op::Work { station, amount } => self.work(&mut path, station, amount)?,
                Op::Delay { amount } => {
                    path.once(amount)?;
                    let mean = law(model, self.class, amount)?.mean().filter(|mean| mean.is_finite())?;
                    self.route.delay += path.weight * path.times * mean * 1e-9;
                    path.delays += 1;
                }
                Op::Balance { balancer } => {
                    let (id, _) = self.shape.balancer(balancer)?;
                    if id != "random" {
                        return None;
                    }
                    path.random.insert(model.balancers[balancer as usize].register);
                }
                Op::Leave { .. } => {}
                Op::Branch { table } => {
                    let ways = &model.branches.get(table as usize)?.ways;
                    let total: f64 = ways.iter().map(|(weight, _)| f64::from(*weight)).sum();
                    for (weight, to) in ways.iter().filter(|(weight, _)| *weight > 0) {
                        let weight = path.weight * f64::from(*weight) / total;
                        self.path(Path { pc: *to, weight, ..path.clone() })?;
                    }
                    return Some(());
                }
                Op::Jump { to } => path.pc = to,
                Op::RepeatStart { count, .. } => {
                    let Law::Deterministic { value } = model.laws.get(count as usize)? else { return None };
                    // A body that is left out altogether is not worth a rule.
                    if *value == 0 {
                        return None;
                    }
                    path.repeats.push(path.times);
                    path.times *= *value as f64;
                }
                Op::RepeatEnd { .. } => path.times = path.repeats.pop()?,
                Op::Exit => {
                    self.route.single &= path.works == 1 && path.delays == 0;
                    return Some(());
                }
                Op::Acquire { .. } | Op::Release { .. } | Op::Fork { .. } | Op::Task(_) | Op::ChildExit => {
                    return None;
                }
            }
        }
        None
    }

    fn work(&mut self, path: &mut Path, station: StationRef, amount: Draw) -> Option<()> {
        path.once(amount)?;
        // Branches inside a repetition would end it elsewhere: only whole bodies count, and they are several visits.
        path.works += if path.times == 1.0 { 1 } else { 2 };
        let model = self.shape.model;
        let members = if station.register == 0 {
            1
        } else {
            path.random.contains(&station.register).then_some(())?;
            let balancer = model.balancers.iter().find(|balancer| balancer.register == station.register)?;
            model.groups.get(balancer.group as usize)?.weights.len() as u32
        };
        let law = law(model, self.class, amount)?;
        // What is looked at once for one server holds for all that are as fast.
        let mut last: Option<(Ratio, Rc<Sizes>)> = None;
        for member in 0..members {
            let processor = (station.base + member) as usize;
            let speed = model.processors.get(processor)?.speed;
            let sizes = match &last {
                Some((same, sizes)) if *same == speed => Rc::clone(sizes),
                _ => Rc::new(Sizes::new(law, 1e-9 / speed.as_f64())?),
            };
            last = Some((speed, Rc::clone(&sizes)));
            let count = path.weight * path.times / f64::from(members);
            self.route.visits.push(Visit { processor, count, sizes });
        }
        Some(())
    }
}

impl Path {
    fn once(&mut self, draw: Draw) -> Option<()> {
        match draw {
            // In a repetition it would bring the same size each time.
            Draw::Given(index) => (self.times == 1.0 && self.used.insert(index)).then_some(()),
            Draw::OnTheSpot(_) => Some(()),
        }
    }
}

/// Visits of routes by processor, each with its class; processors that nobody visits are left out.
pub fn by_processor(routes: &[Route]) -> BTreeMap<usize, Vec<(usize, &Visit)>> {
    let mut of: BTreeMap<usize, Vec<(usize, &Visit)>> = BTreeMap::new();
    for (class, route) in routes.iter().enumerate() {
        for visit in &route.visits {
            of.entry(visit.processor).or_default().push((class, visit));
        }
    }
    of
}
