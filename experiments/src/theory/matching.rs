//! Which closed form, if any, holds for a model.

use super::Theory;
use super::forms;
use super::shape::{Flow, Order, Route, Shape, Stream, by_processor};
use super::sizes::Sizes;
use super::station::{self, Answer, Inflow, Quantiles, alike};
use super::values::Values;
use sim_core::law::Law;
use sim_core::model::{Draw, Op};
use std::collections::BTreeMap;
use std::rc::Rc;

/// The closed form that holds for the model.
pub(super) fn find(shape: &Shape<'_>) -> Option<Theory> {
    if shape.streams.iter().all(|stream| matches!(stream.flow, Flow::Closed(..))) {
        return closed(shape);
    }
    bounded(shape)
        .or_else(|| farm(shape))
        .or_else(|| fork(shape))
        .or_else(|| single_visits(shape))
        .or_else(|| product_form(shape))
}

/// Rates of the sources, if all are Poisson.
fn rates(shape: &Shape<'_>) -> Option<Vec<(usize, i64, f64)>> {
    let rate = |stream: &Stream| match stream.flow {
        Flow::Poisson(rate) => Some((stream.class, stream.priority, rate)),
        _ => None,
    };
    shape.streams.iter().map(rate).collect()
}

/// Rate of each class.
fn class_rates(shape: &Shape<'_>) -> Option<Vec<f64>> {
    let mut of = vec![0.0; shape.model.classes.len()];
    for (class, _, rate) in rates(shape)? {
        of[class] += rate;
    }
    of.iter().all(|rate| *rate > 0.0).then_some(of)
}

/// The only source of the only class.
fn only_stream<'s>(shape: &'s Shape<'_>) -> Option<&'s Stream> {
    match (shape.streams.as_slice(), shape.model.classes.len()) {
        ([only], 1) => Some(only),
        _ => None,
    }
}

/// Jobs that each make one visit to one processor, perhaps one drawn at random: every processor is a station of its own.
fn single_visits(shape: &Shape<'_>) -> Option<Theory> {
    let routes: Vec<Route> =
        (0..shape.model.classes.len()).map(|class| shape.route(class)).collect::<Option<_>>()?;
    if !routes.iter().all(|route| route.single) {
        return None;
    }
    if let Some(Stream { flow: Flow::Renewal(gaps), class, .. }) = only_stream(shape) {
        let [visit] = routes[*class].visits.as_slice() else { return None };
        let answer = station::renewal(&shape.stations[visit.processor], gaps, &visit.sizes)?;
        return Some(one_station(shape, answer, visit.processor, 1.0 / gaps.mean, &visit.sizes));
    }
    let streams = rates(shape)?;
    let mut inflows: BTreeMap<usize, Vec<Inflow>> = BTreeMap::new();
    for (class, priority, rate) in &streams {
        for visit in &routes[*class].visits {
            let (sizes, rate) = (Rc::clone(&visit.sizes), rate * visit.count);
            let inflow = Inflow { class: *class, priority: *priority, rate, sizes };
            inflows.entry(visit.processor).or_default().push(inflow);
        }
    }
    let mut answers: Vec<(usize, Vec<Inflow>, Answer)> = Vec::new();
    for (processor, inflows) in inflows {
        let spec = &shape.stations[processor];
        // Equal servers stand side by side: what holds for one is not worked out again for the next.
        let like = answers.last().filter(|(other, theirs, _)| {
            let both = theirs.iter().zip(&inflows);
            shape.stations[*other] == *spec
                && theirs.len() == inflows.len()
                && both.into_iter().all(|(other, inflow)| other.is_like(inflow))
        });
        let answer = match like {
            Some((_, _, answer)) => answer.clone(),
            None => station::poisson(spec, &inflows)?,
        };
        answers.push((processor, inflows, answer));
    }
    if let ([(processor, inflows, answer)], Some(_)) = (answers.as_slice(), only_stream(shape))
        && let [inflow] = inflows.as_slice()
    {
        return Some(one_station(shape, answer.clone(), *processor, inflow.rate, &inflow.sizes));
    }
    let classes = shape.model.classes.len();
    let (mut rate, mut response, mut service) = (vec![0.0; classes], vec![0.0; classes], vec![0.0; classes]);
    let mut values = Values::new(shape);
    for (processor, inflows, answer) in &answers {
        for (inflow, time) in inflows.iter().zip(&answer.responses) {
            rate[inflow.class] += inflow.rate;
            response[inflow.class] += inflow.rate * time;
            if !shape.stations[*processor].device {
                service[inflow.class] += inflow.rate * (time - inflow.sizes.mean);
            }
        }
        let busy = inflows.iter().map(|inflow| inflow.rate * inflow.sizes.mean).sum();
        let present = inflows.iter().zip(&answer.responses).map(|(inflow, time)| inflow.rate * time).sum();
        values.station(*processor, busy, present);
    }
    for class in 0..classes {
        values.class(class, rate[class], response[class] / rate[class], service[class] / rate[class]);
    }
    // Equal servers with equal shares: what holds for one holds for all.
    let (_, _, first) = answers.first()?;
    let equal = answers.iter().all(|(_, _, answer)| {
        answer.title == first.title && (answer.responses[0] / first.responses[0] - 1.0).abs() < 1e-12
    });
    let undivided = |(_, inflows, _): &(usize, Vec<Inflow>, Answer)| inflows.len() == 1;
    if equal && classes == 1 && answers.iter().all(undivided) && !values.has_devices() {
        values.quantiles(&first.quantiles);
    }
    if let Some(stretch) = first.stretch.filter(|_| equal && !values.has_devices()) {
        values.slowdown(stretch);
    }
    let title = match answers.len() {
        1 => first.title.clone(),
        n if equal => format!("{n} x {}", first.title),
        n => format!("{n} stations of their own"),
    };
    Some(values.into_theory(title, first.source))
}

/// One class at one station.
fn one_station(shape: &Shape<'_>, answer: Answer, processor: usize, rate: f64, sizes: &Sizes) -> Theory {
    let mut values = Values::new(shape);
    let response = answer.responses[0];
    values.station(processor, rate * sizes.mean, rate * response);
    let device = shape.stations[processor].device;
    values.class(0, rate, response, if device { 0.0 } else { response - sizes.mean });
    if !device {
        values.quantiles(&answer.quantiles);
        if let Some(stretch) = answer.stretch {
            values.slowdown(stretch);
        }
    }
    values.into_theory(answer.title, answer.source)
}

/// A balancer before equal servers, each of one core: in turn, or to the least work left.
fn farm(shape: &Shape<'_>) -> Option<Theory> {
    let stream = only_stream(shape)?;
    let ops = shape.straight(stream.class)?;
    let [Op::Balance { balancer }, Op::Work { station, amount }, Op::Exit] = ops.as_slice() else {
        return None;
    };
    let (policy, members) = shape.balancer(*balancer)?;
    let spec = &shape.model.balancers[*balancer as usize];
    if station.register != spec.register {
        return None;
    }
    let first = station.base as usize;
    let all = first..first + members as usize;
    let sizes = shape.service(stream.class, first, *amount)?;
    let speed = |member: usize| shape.model.processors[member].speed;
    for member in all.clone() {
        let other = if speed(member) == speed(first) {
            None
        } else {
            Some(shape.service(stream.class, member, *amount)?)
        };
        let same = &shape.stations[member];
        if other.is_some_and(|other| !other.same_mean(&sizes))
            || same.cores != 1
            || same.order != Order::Fcfs
            || same.device
        {
            return None;
        }
    }
    let own = &shape.stations[first];
    let (answer, rate, title) = match (policy, &stream.flow) {
        ("round-robin", Flow::Poisson(rate)) => {
            // Every n-th of a Poisson stream: the gap is the sum of n exponential ones.
            let gap = f64::from(members) / rate * 1e9;
            let gaps = Sizes::new(&Law::Erlang { shape: members, mean: gap }, 1e-9)?;
            (
                station::renewal(own, &gaps, &sizes)?,
                *rate,
                format!("{members} x E{members}/M/1, dealt in turn"),
            )
        }
        ("round-robin", Flow::Renewal(gaps)) => {
            let gap = gaps.only_value()? * f64::from(members) * 1e9;
            let gaps = Sizes::new(&Law::Deterministic { value: gap as u64 }, 1e-9)?;
            (
                station::renewal(own, &gaps, &sizes)?,
                f64::from(members) / gaps.mean,
                format!("{members} x D/M/1, dealt in turn"),
            )
        }
        ("least-work", Flow::Poisson(rate)) => {
            // Every job starts when it would in one queue for all.
            let together = super::shape::Station { cores: members, ..own.clone() };
            let inflow =
                Inflow { class: stream.class, priority: 0, rate: *rate, sizes: Rc::new(sizes.clone()) };
            let answer = station::poisson(&together, &[inflow])?;
            let title = format!("{}, least work left is one queue", answer.title);
            (answer, *rate, title)
        }
        _ => return None,
    };
    let mut values = Values::new(shape);
    let response = answer.responses[0];
    // Under least work the lowest index wins ties, and servers differ: only the whole is known.
    if policy == "round-robin" {
        let share = rate / f64::from(members);
        for member in all {
            values.station(member, share * sizes.mean, share * response);
        }
    } else {
        values.whole(rate * sizes.mean / f64::from(members), rate * (response - sizes.mean));
    }
    values.class(stream.class, rate, response, response - sizes.mean);
    values.quantiles(&answer.quantiles);
    Some(values.into_theory(title, answer.source))
}

/// A pool around one delay or one piece of work: loss systems, and delays that queue for tokens.
fn bounded(shape: &Shape<'_>) -> Option<Theory> {
    let stream = only_stream(shape)?;
    let Flow::Poisson(rate) = stream.flow else { return None };
    let ops = shape.straight(stream.class)?;
    let [Op::Acquire { pool }, inner, Op::Release { pool: back }, Op::Exit] = ops.as_slice() else {
        return None;
    };
    if pool != back || pool.register != 0 {
        return None;
    }
    let spec = shape.model.pools.get(pool.base as usize)?;
    let (sizes, processor, cores) = match *inner {
        Op::Delay { amount } => (shape.sizes(stream.class, amount, 1e-9)?, None, u32::MAX),
        Op::Work { station, amount } if station.register == 0 => {
            let processor = station.base as usize;
            let found = &shape.stations[processor];
            if found.device {
                return None;
            }
            (shape.service(stream.class, processor, amount)?, Some(processor), found.cores)
        }
        _ => return None,
    };
    let servers = spec.size.min(cores);
    let exponential = sizes.is_exponential();
    if let Some(processor) = processor {
        // With room for as many as there are cores nobody queues there, and the order is nothing.
        let order = shape.stations[processor].order;
        let knows_sizes = matches!(order, Order::Sjf | Order::Psjf | Order::Srtf);
        if spec.size > cores && (!exponential || knows_sizes) {
            return None;
        }
    }
    let load = rate * sizes.mean;
    // The law of the number of tokens held and jobs queued together.
    let (title, source, accepted, held, queued) = match spec.queue {
        Some(0) if spec.size <= cores => {
            let lost = forms::erlang_b(spec.size, load);
            let title = format!("M/{0}/{1}/{1}, Erlang B", sizes.letter(), spec.size);
            (title, "Erlang 1917; Kleinrock 1, 1975, 3.5", rate * (1.0 - lost), load * (1.0 - lost), 0.0)
        }
        Some(queue) if exponential => {
            const MOST: u32 = 1_000_000;
            let room = spec.size.checked_add(queue).filter(|room| *room <= MOST)?;
            let law = forms::mmck(servers, room, rate, 1.0 / sizes.mean);
            let held = forms::expected(&law, |n| n.min(f64::from(spec.size)));
            let present = forms::expected(&law, |n| n);
            let title = format!("M/M/{servers}/{room}");
            (
                title,
                "Kleinrock, Queueing Systems 1, 1975, 3.6",
                rate * (1.0 - law[room as usize]),
                held,
                present - held,
            )
        }
        None if exponential && load < f64::from(servers) && spec.size <= cores => {
            let wait = forms::ExponentialWait::mmc(servers, rate, 1.0 / sizes.mean)?;
            let title = format!("M/M/{servers}, waiting for tokens");
            (title, "Kleinrock, Queueing Systems 1, 1975, 3.5", rate, load, rate * wait.mean())
        }
        _ => return None,
    };
    let mut values = Values::new(shape);
    let busy = accepted * sizes.mean;
    let response = (held + queued) / accepted;
    if let Some(processor) = processor {
        values.station(processor, busy, held);
    }
    values.pool(&spec.name, held, queued);
    values.class(stream.class, accepted, response, response - sizes.mean);
    if accepted < rate {
        values.throughput(stream.class, accepted);
    }
    Some(values.into_theory(title, source))
}

/// A job that splits in two, each half to a queue of its own.
fn fork(shape: &Shape<'_>) -> Option<Theory> {
    let stream = only_stream(shape)?;
    let Flow::Poisson(rate) = stream.flow else { return None };
    let model = shape.model;
    let ops = shape.straight(stream.class)?;
    let [Op::Fork { table }, Op::Exit] = ops.as_slice() else { return None };
    let table = &model.forks[*table as usize];
    let [one, two] = table.children.as_slice() else { return None };
    if table.need != 2 {
        return None;
    }
    let child = |pc: u32| match (model.program.get(pc as usize)?, model.program.get(pc as usize + 1)?) {
        (Op::Work { station, amount }, Op::ChildExit) if station.register == 0 => {
            let processor = station.base as usize;
            let at = &shape.stations[processor];
            let sizes = shape.service(stream.class, processor, *amount)?;
            let fits = at.cores == 1 && at.order == Order::Fcfs && sizes.is_exponential();
            fits.then_some((processor, *amount, sizes))
        }
        _ => None,
    };
    let ((first, one, sizes), (second, two, other)) = (child(*one)?, child(*two)?);
    let shared = matches!((one, two), (Draw::Given(a), Draw::Given(b)) if a == b);
    let rho = rate * sizes.mean;
    if first == second || shared || !other.same_mean(&sizes) || rho >= 1.0 {
        return None;
    }
    let mut values = Values::new(shape);
    for processor in [first, second] {
        values.station(processor, rho, rho / (1.0 - rho));
    }
    values.response(stream.class, rate, forms::fork_of_two(rho) * sizes.mean);
    Some(values.into_theory("fork of two, M/M/1 each".to_owned(), "Flatto, Hahn 1984; Nelson, Tantawi 1988"))
}

/// Whether the jobs of all classes at a station keep the product form, with how much the station stretches their work.
fn keeps_product_form(order: Order, cores: u32, sizes: &[&Sizes]) -> bool {
    match order {
        Order::Fcfs => alike(sizes.iter().copied()).is_some(),
        Order::Sharing => true,
        Order::LcfsPreemptive => cores == 1,
        _ => false,
    }
}

const BCMP: &str = "Baskett, Chandy, Muntz, Palacios 1975; Kelly 1979";

/// Open networks.
fn product_form(shape: &Shape<'_>) -> Option<Theory> {
    let rates = class_rates(shape)?;
    let routes: Vec<Route> = (0..rates.len()).map(|class| shape.route(class)).collect::<Option<_>>()?;
    let mut values = Values::new(shape);
    // How much longer than its work a job stays at each processor.
    let mut stretch = vec![1.0; shape.stations.len()];
    let visits = by_processor(&routes);
    let visited = visits.len();
    for (processor, here) in visits {
        let spec = &shape.stations[processor];
        let sizes: Vec<&Sizes> = here.iter().map(|(_, visit)| &*visit.sizes).collect();
        let load: f64 =
            here.iter().map(|(class, visit)| rates[*class] * visit.count * visit.sizes.mean).sum();
        let cores = f64::from(spec.cores);
        if load >= cores || !keeps_product_form(spec.order, spec.cores, &sizes) {
            return None;
        }
        stretch[processor] = 1.0 + forms::erlang_c(spec.cores, load) / (cores - load);
        values.station(processor, load, load * stretch[processor]);
    }
    for (class, route) in routes.iter().enumerate() {
        let (mut response, mut waiting) = (route.delay, 0.0);
        for visit in &route.visits {
            let work = visit.count * visit.sizes.mean;
            response += work * stretch[visit.processor];
            if !shape.stations[visit.processor].device {
                waiting += work * (stretch[visit.processor] - 1.0);
            }
        }
        if response <= 0.0 {
            return None;
        }
        values.class(class, rates[class], response, waiting);
    }
    let (title, source) = match visited {
        0 => ("M/G/inf".to_owned(), "Kleinrock, Queueing Systems 1, 1975, 3.4"),
        n => (format!("open network of {n} stations, product form"), BCMP),
    };
    Some(values.into_theory(title, source))
}

/// Closed networks.
fn closed(shape: &Shape<'_>) -> Option<Theory> {
    let classes = shape.model.classes.len();
    if shape.streams.is_empty() || shape.streams.len() != classes {
        return None;
    }
    let mut of_class: Vec<Option<(u32, f64)>> = vec![None; classes];
    for stream in &shape.streams {
        let Flow::Closed(customers, think) = stream.flow else { return None };
        // Two sources of one class would be two chains with one name.
        if of_class[stream.class].replace((customers, think)).is_some() {
            return None;
        }
    }
    let chains: Vec<(u32, f64)> = of_class.into_iter().collect::<Option<_>>()?;
    let routes: Vec<Route> = (0..classes).map(|class| shape.route(class)).collect::<Option<_>>()?;
    let visits = by_processor(&routes);
    let used: Vec<usize> = visits.keys().copied().collect();
    let single = classes == 1 && routes[0].single && used.len() == 1;
    for processor in &used {
        let spec = &shape.stations[*processor];
        let sizes: Vec<&Sizes> = visits[processor].iter().map(|(_, visit)| &*visit.sizes).collect();
        let blind = !matches!(spec.order, Order::Sjf | Order::Psjf | Order::Srtf);
        let one = single && blind && alike(sizes.iter().copied()).is_some();
        if !one && !keeps_product_form(spec.order, spec.cores, &sizes) {
            return None;
        }
    }
    let demand = |class: usize, processor: usize| -> f64 {
        let here = visits[&processor].iter().filter(|(of, _)| *of == class);
        here.map(|(_, visit)| visit.count * visit.sizes.mean).sum()
    };
    let delays: Vec<f64> = (0..classes).map(|class| chains[class].1 + routes[class].delay).collect();
    let (throughputs, present): (Vec<f64>, Vec<Vec<f64>>) = if classes == 1 {
        const MOST: usize = 20_000_000;
        let customers = chains[0].0;
        let work = (customers as usize).pow(2).checked_mul((used.len() + 1).pow(2))?;
        if work > MOST || used.is_empty() {
            return None;
        }
        let stations: Vec<(f64, u32)> =
            used.iter().map(|p| (demand(0, *p), shape.stations[*p].cores)).collect();
        let (throughput, laws) = forms::closed(customers, delays[0], &stations);
        (vec![throughput], vec![laws.iter().map(|law| forms::expected(law, |n| n)).collect()])
    } else {
        if used.iter().any(|p| shape.stations[*p].cores != 1) {
            return None;
        }
        let chain = |class: usize| forms::Chain {
            customers: chains[class].0,
            think: delays[class],
            demands: used.iter().map(|p| demand(class, *p)).collect(),
        };
        forms::mean_value_analysis(&(0..classes).map(chain).collect::<Vec<_>>())?
    };
    let mut values = Values::new(shape);
    for (index, processor) in used.iter().enumerate() {
        let busy = (0..classes).map(|class| throughputs[class] * demand(class, *processor)).sum();
        values.station(*processor, busy, present.iter().map(|of| of[index]).sum());
    }
    for class in 0..classes {
        let x = throughputs[class];
        let response = f64::from(chains[class].0) / x - chains[class].1;
        let proper = used.iter().enumerate().filter(|(_, p)| !shape.stations[**p].device);
        let waiting: f64 = proper.map(|(index, p)| present[class][index] / x - demand(class, *p)).sum();
        values.class(class, x, response, waiting);
        values.throughput(class, x);
    }
    let source = if classes == 1 { "Buzen 1973; Kleinrock 2, 1976" } else { "Reiser, Lavenberg 1980" };
    let title = match (classes, used.len()) {
        (1, 1) => {
            let (cores, customers) = (shape.stations[used[0]].cores, chains[0].0);
            format!("closed loop of {customers}, {cores} server{}", if cores == 1 { "" } else { "s" })
        }
        (1, n) => format!("closed network of {n} stations"),
        (k, n) => format!("closed network of {n} stations, {k} classes"),
    };
    Some(values.into_theory(title, source))
}

/// Percentiles that results have.
pub(super) const PERCENTILES: [(&str, f64); 5] =
    [("p50", 0.5), ("p90", 0.9), ("p95", 0.95), ("p99", 0.99), ("p99.9", 0.999)];

/// Whether there is anything to say of percentiles.
pub(super) fn known(quantiles: &Quantiles) -> bool {
    *quantiles != Quantiles::Unknown
}
