//! How much work a model offers to each station, and whether that is more than can be done: known before anything is run.

use super::random;
use sim_core::law::Law;
use sim_core::model::{
    Arrivals, ComponentKind, Draw, Model, Op, OutageEffect, Source, StationRef, TaskOp, TraceData,
};
use sim_core::units::Time;
use sim_core::varying::Rate;
use std::collections::BTreeMap;

/// The station with the highest offered load.
#[derive(Clone, PartialEq, Debug)]
pub struct Offered {
    /// Its name: `web.cpu`.
    pub station: String,
    /// Offered work over capacity: jobs a second times work a job, over cores times speed.
    pub load: f64,
    /// The same in busy cores.
    pub cores: f64,
    /// Whether every source is counted: else the load is at least this.
    pub complete: bool,
}

impl Offered {
    /// Whether queues grow without end.
    pub fn overloads(&self) -> bool {
        is_full(self.load)
    }
}

/// Whether a load leaves no room. A sum of products of decimals such as 1000/s times 10 ms is 1 up to the last bits.
fn is_full(load: f64) -> bool {
    load >= 1.0 - 1e-9
}

/// The offered load of a model's busiest station; `None` where no source runs for ever at a steady rate, or where a mean is not
/// known. Closed sources and traces bring a bounded amount of work and are left out.
pub fn offered(model: &Model) -> Option<Offered> {
    let found = loads_of(model, &|source| steady(&source.arrivals).map(Flow::Steady));
    let found = found.into_iter().filter(|one| !one.is_pool);
    let most = found.reduce(|most, one| if one.load > most.load { one } else { most })?;
    Some(Offered { station: most.station, load: most.load, cores: most.work, complete: most.complete })
}

/// What is offered to a station.
#[derive(Clone, PartialEq, Debug)]
pub struct Load {
    /// Its name: `web.cpu`.
    pub station: String,
    /// Its index among the components of the model.
    pub component: usize,
    /// Tokens that are held, and no work.
    pub is_pool: bool,
    /// Offered work over capacity.
    pub load: f64,
    /// Offered work: busy cores at nominal speed, or tokens held.
    pub work: f64,
    /// Of the load: what nothing turns away and nobody gives up.
    pub stays: f64,
    /// Whether the load is known exactly; else it is at least this.
    pub complete: bool,
    /// Some of it comes at rates that change, or from a trace: the mean over the run.
    pub varies: bool,
}

impl Load {
    /// Whether more is offered than can be served. Without anything random a station can be full to the last.
    pub fn overloads(&self, is_random: bool) -> bool {
        if is_random && !self.varies { is_full(self.load) } else { self.load > 1.0 + 1e-9 }
    }

    /// Whether what is beyond the capacity stays in the system, so that it grows for as long as the run lasts.
    pub fn grows(&self) -> bool {
        is_full(self.stays)
    }
}

/// The offered load of every station of which it is known, in the order of the components: means over the run where rates
/// change, over the span of a trace. Of closed sources nothing is counted: they wait for what is served. Task lists are
/// finite and offer no load.
pub fn loads(model: &Model) -> Vec<Load> {
    loads_of(model, &|source| flow(model, source))
}

/// Whether anything in a model is random.
pub fn is_random(model: &Model) -> bool {
    random::draws(model)
}

/// Whether some of its jobs are a stretch of observed traffic, a log or a trace: nothing need be random for a percentile to be that
/// of a sample.
pub fn is_sample(model: &Model) -> bool {
    sample(model).is_some()
}

/// The releases of the sources of a model that are such a stretch; `None` where none is.
pub fn sample(model: &Model) -> Option<u64> {
    let data = model.sources.iter().filter_map(|source| source.arrivals.trace());
    let rows = data.filter(|data| data.is_sample).map(|data| data.rows.len() as u64);
    rows.reduce(u64::saturating_add)
}

/// What a source brings.
enum Flow<'m> {
    /// Jobs a nanosecond.
    Steady(f64),
    /// The mean of a rate that changes.
    Mean(f64),
    /// Given jobs, so many of its first rows, over so many nanoseconds.
    Given(&'m TraceData, usize, f64),
}

fn loads_of<'m>(model: &'m Model, flow: &dyn Fn(&'m Source) -> Option<Flow<'m>>) -> Vec<Load> {
    let components = model.components.len();
    let mut found = Totals {
        work: vec![0.0; components],
        stays: vec![0.0; components],
        inexact: vec![false; components],
    };
    let (mut any, mut complete, mut varies) = (false, true, false);
    for source in &model.sources {
        let Some(flow) = flow(source) else {
            complete = false;
            continue;
        };
        any = true;
        varies |= !matches!(flow, Flow::Steady(_));
        let patient = source.timeout.is_none()
            && !model.attributes.get(source.attributes as usize).is_some_and(|about| about.abort_on_miss);
        let known = match flow {
            Flow::Steady(rate) | Flow::Mean(rate) => {
                let class = &model.classes[source.class as usize];
                let mean = |draw| match draw {
                    Draw::Given(index) => class.draws.get(usize::from(index))?.mean(),
                    Draw::OnTheSpot(law) => model.laws.get(usize::from(law))?.mean(),
                };
                found.add(model, class.entry, rate, patient, &mean)
            }
            Flow::Given(data, rows, span) => found.add_rows(model, data, rows, span, patient),
        };
        if known.is_none() {
            return Vec::new();
        }
    }
    if !any {
        return Vec::new();
    }
    let capacity = capacities(model);
    let pools = pool_sizes(model);
    (0..components)
        .filter_map(|component| {
            let is_pool = model.components[component].kind == ComponentKind::Pool;
            let capacity = if is_pool { pools[component] } else { capacity[component] };
            (capacity > 0.0 && found.work[component] > 0.0).then(|| Load {
                station: model.components[component].name.clone(),
                component,
                is_pool,
                load: rounded(found.work[component] / capacity),
                work: found.work[component],
                stays: rounded(found.stays[component] / capacity),
                complete: complete && !found.inexact[component],
                varies,
            })
        })
        .collect()
}

/// Without the last bits of a product of decimals: 1.1, not 1.0999999999999999.
fn rounded(load: f64) -> f64 {
    if load < 1e6 { (load * 1e9).round() / 1e9 } else { load }
}

/// Work by component, in cores or tokens.
struct Totals {
    work: Vec<f64>,
    /// Of it, what stays until it is served.
    stays: Vec<f64>,
    /// More than this, where jobs wait while they hold.
    inexact: Vec<bool>,
}

impl Totals {
    fn add(
        &mut self,
        model: &Model,
        entry: u32,
        rate: f64,
        patient: bool,
        mean: &dyn Fn(Draw) -> Option<f64>,
    ) -> Option<()> {
        for (component, part) in parts_of(model, entry, mean)?.into_iter().enumerate() {
            self.work[component] += rate * part.amount;
            self.inexact[component] |= part.inexact;
            if patient && !part.is_bounded {
                self.stays[component] += rate * part.amount;
            }
        }
        Some(())
    }

    /// The last row brings its work when the span is over.
    fn add_rows(
        &mut self,
        model: &Model,
        data: &TraceData,
        rows: usize,
        span: f64,
        patient: bool,
    ) -> Option<()> {
        let mut sums: BTreeMap<u32, (u64, Vec<f64>)> = BTreeMap::new();
        for row in &data.rows[..rows - 1] {
            let values =
                data.values.get(row.values as usize..row.values as usize + usize::from(row.count))?;
            let (count, sum) = sums.entry(row.entry).or_default();
            *count += 1;
            sum.resize(sum.len().max(values.len()), 0.0);
            for (sum, value) in sum.iter_mut().zip(values) {
                *sum += *value as f64;
            }
        }
        for (entry, (count, sum)) in sums {
            let mean = |draw| match draw {
                Draw::Given(index) => {
                    Some(sum.get(usize::from(index)).copied().unwrap_or(0.0) / count as f64)
                }
                Draw::OnTheSpot(law) => model.laws.get(usize::from(law))?.mean(),
            };
            self.add(model, entry, count as f64 / span, patient, &mean)?;
        }
        Some(())
    }
}

/// The mean time of a job without any waiting, over all steady sources, in ns; `None` where it is not known.
pub fn service(model: &Model) -> Option<f64> {
    let (mut rates, mut times) = (0.0, 0.0);
    let mut speeds = vec![1.0; model.components.len()];
    for processor in &model.processors {
        speeds[processor.component as usize] = processor.speed.as_f64();
    }
    for source in &model.sources {
        let rate = steady(&source.arrivals)?;
        let class = &model.classes[source.class as usize];
        let mean = |draw| match draw {
            Draw::Given(index) => class.draws.get(usize::from(index))?.mean(),
            Draw::OnTheSpot(law) => model.laws.get(usize::from(law))?.mean(),
        };
        let parts = parts_of(model, class.entry, &mean)?;
        let is_work = |component: &usize| model.components[*component].kind != ComponentKind::Pool;
        let parts = parts.iter().enumerate().filter(|(component, _)| is_work(component));
        rates += rate;
        times += rate * parts.map(|(component, part)| part.amount / speeds[component]).sum::<f64>();
    }
    // Delays and children that run side by side are no work at a processor.
    let plain = !model.program.iter().any(|op| matches!(op, Op::Fork { .. } | Op::Delay { .. }));
    (plain && rates > 0.0).then(|| times / rates)
}

/// Jobs a nanosecond of a source that never runs dry.
fn steady(arrivals: &Arrivals) -> Option<f64> {
    match arrivals {
        Arrivals::Renewal(law) => law.mean().filter(|mean| *mean > 0.0).map(|mean| 1.0 / mean),
        Arrivals::Periodic { period, count: None, .. } => Some(1.0 / period.0 as f64),
        _ => None,
    }
}

/// What a source brings as long as the run lasts; `None` where that is not known, or is a list.
fn flow<'m>(model: &'m Model, source: &'m Source) -> Option<Flow<'m>> {
    /// Of fewer jobs a rate says little.
    const LEAST_ROWS: usize = 20;
    /// Longer than any cycle that is worth a thought, in nanoseconds: ten years.
    const LONG: u64 = 315_360_000_000_000_000;
    match &source.arrivals {
        Arrivals::Varying(varying) => {
            let rate = match varying.rate() {
                Rate::Modulated(modulated) => modulated.rate(),
                Rate::Profile(_) if varying.ends() && model.stop.after.is_none() => return None,
                Rate::Profile(profile) => {
                    let until = model.stop.after.unwrap_or(Time(LONG)).0.max(1);
                    profile.expected(Time(until)) / until as f64
                }
            };
            (rate > 0.0).then_some(Flow::Mean(rate))
        }
        Arrivals::Trace(_) | Arrivals::Copies(_) => {
            let data = source.arrivals.trace()?;
            // So many copies of each row come in the same time.
            let copies =
                if let Arrivals::Copies(copies) = &source.arrivals { copies.factor.as_f64() } else { 1.0 };
            // Each row of a task list is a task of its own.
            let task = |row: &sim_core::model::TraceRow| {
                model.attributes.get(row.attributes as usize).map(|a| a.task)
            };
            let end = model.stop.after.unwrap_or(Time::NEVER);
            let rows = data.rows.partition_point(|row| row.at < end);
            let rows = rows.min(usize::try_from(model.stop.jobs.unwrap_or(u64::MAX)).unwrap_or(usize::MAX));
            if rows < LEAST_ROWS || data.rows.iter().any(|row| task(row) != task(&data.rows[0])) {
                return None;
            }
            let span = (data.rows[rows - 1].at - data.rows[0].at).0 as f64;
            (span > 0.0).then_some(Flow::Given(data, rows, span / copies))
        }
        other => steady(other).map(Flow::Steady),
    }
}

/// Cores times speed of the processors of each component, less the time in which their servers stand still.
fn capacities(model: &Model) -> Vec<f64> {
    let mut up = vec![1.0; model.processors.len()];
    for group in &model.groups {
        // A server that loses its jobs brings no queue back.
        let Some(outages) = group.outages.as_ref().filter(|outages| outages.effect == OutageEffect::Stall)
        else {
            continue;
        };
        let members = group.weights.len();
        let of_member = |member: usize| match (&outages.random, model.stop.after) {
            (Some((up, down)), _) => up
                .mean()
                .zip(down.mean())
                .filter(|(up, down)| up + down > 0.0)
                .map(|(up, down)| up / (up + down)),
            (None, Some(end)) if end > Time::ZERO => {
                let of_it = outages.given.iter().filter(|(server, ..)| *server as usize == member);
                let down: u64 = of_it.map(|(_, from, to)| (*to).min(end).since((*from).min(end)).0).sum();
                Some(1.0 - down as f64 / end.0 as f64)
            }
            _ => None,
        };
        for base in &group.processors {
            for member in 0..members {
                if let Some(up) = up.get_mut(*base as usize + member) {
                    *up = of_member(member).unwrap_or(1.0);
                }
            }
        }
    }
    let mut capacity = vec![0.0; model.components.len()];
    for (processor, up) in model.processors.iter().zip(up) {
        capacity[processor.component as usize] += f64::from(processor.cores) * processor.speed.as_f64() * up;
    }
    for (capacity, component) in capacity.iter_mut().zip(&model.components) {
        if !matches!(component.kind, ComponentKind::Processor | ComponentKind::Device) {
            *capacity = 0.0;
        }
    }
    capacity
}

/// Tokens of the pools of each component.
fn pool_sizes(model: &Model) -> Vec<f64> {
    let mut sizes = vec![0.0; model.components.len()];
    for pool in &model.pools {
        sizes[pool.component as usize] += f64::from(pool.size);
    }
    sizes
}

/// What one job brings to a component.
#[derive(Clone, Copy, Default)]
struct Part {
    /// Work at nominal speed in ns, or how long a token is held.
    amount: f64,
    /// The token is held longer where the job waits for something meanwhile.
    inexact: bool,
    /// It gets here only with a token for which few may wait.
    is_bounded: bool,
}

/// What one job whose program begins at `entry` is expected to bring to each component; `None` where a mean is not known.
///
/// Programs only jump forward but for the end of `repeat`, so that one pass in their order counts how often each operation is
/// expected to run.
fn parts_of(model: &Model, entry: u32, mean: &dyn Fn(Draw) -> Option<f64>) -> Option<Vec<Part>> {
    let mut parts = vec![Part::default(); model.components.len()];
    let mut reached = vec![false; model.components.len()];
    let mut visits = vec![0.0; model.program.len()];
    // The tokens that are held at an operation: those of the pools taken before it in the same list of operations.
    let mut held: Vec<Held> = Vec::new();
    // Children lie behind the list that their parent stands in, and hold nothing of their own at first.
    *visits.get_mut(entry as usize)? = 1.0;
    let mut bring = |component: usize, amount: f64, inexact: bool, is_bounded: bool| {
        let part = &mut parts[component];
        part.amount += amount;
        part.inexact |= inexact;
        part.is_bounded = if reached[component] { part.is_bounded && is_bounded } else { is_bounded };
        reached[component] = true;
    };
    for at in entry as usize..model.program.len() {
        let times = visits[at];
        if times == 0.0 {
            continue;
        }
        let mut go_on = |to: usize, times: f64| {
            let forward = to > at;
            if let Some(visits) = visits.get_mut(to).filter(|_| forward) {
                *visits += times;
            }
            forward
        };
        match &model.program[at] {
            Op::Work { station, amount } => {
                let mean = mean(*amount)?;
                let processor = model.processors.get(station.base as usize)?;
                let is_bounded = held.iter().any(|held| held.is_bounded);
                bring(processor.component as usize, times * mean, false, is_bounded);
                // Whoever holds a token waits for the processor too.
                add_to(&mut held, times * mean / processor.speed.as_f64(), true);
                go_on(at + 1, times);
            }
            Op::Delay { amount } => {
                let mean = mean(*amount)?;
                add_to(&mut held, times * mean, false);
                go_on(at + 1, times);
            }
            Op::Acquire { pool } => {
                add_to(&mut held, 0.0, true);
                let is_bounded = model.pools.get(pool.base as usize)?.queue.is_some()
                    || held.iter().any(|held| held.is_bounded);
                held.push(Held { pool: *pool, time: 0.0, inexact: false, is_bounded });
                go_on(at + 1, times);
            }
            Op::Release { pool } => {
                if let Some(index) = held.iter().rposition(|held| held.pool == *pool) {
                    let Held { time, inexact, is_bounded, .. } = held.remove(index);
                    let component = model.pools.get(pool.base as usize)?.component as usize;
                    bring(component, time, inexact, is_bounded);
                }
                go_on(at + 1, times);
            }
            Op::Branch { table } => {
                let ways = &model.branches.get(*table as usize)?.ways;
                let total: f64 = ways.iter().map(|(weight, _)| f64::from(*weight)).sum();
                for (weight, to) in ways {
                    if !go_on(*to as usize, times * f64::from(*weight) / total) {
                        return None;
                    }
                }
            }
            Op::Jump { to } => {
                if !go_on(*to as usize, times) {
                    return None;
                }
            }
            Op::RepeatStart { count, end, .. } => {
                let rounds = mean_count(model.laws.get(usize::from(*count))?)?;
                go_on(at + 1, times * rounds);
                go_on(*end as usize + 1, times);
            }
            Op::Fork { table } => {
                // How long its parent waits for a child is not worked out: nothing is counted.
                add_to(&mut held, 0.0, true);
                for child in &model.forks.get(*table as usize)?.children {
                    if !go_on(*child as usize, times) {
                        return None;
                    }
                }
                go_on(at + 1, times);
            }
            Op::Task(op) => {
                match op {
                    TaskOp::Exec { station, amount } => {
                        let mean = mean(*amount)?;
                        let processor = model.processors.get(station.base as usize)?;
                        bring(processor.component as usize, times * mean, false, false);
                        add_to(&mut held, times * mean / processor.speed.as_f64(), true);
                    }
                    TaskOp::Serve { amount, .. } => add_to(&mut held, times * mean(*amount)?, false),
                    TaskOp::Converse { think } => add_to(&mut held, times * mean(*think)?, false),
                    TaskOp::Submit { table } => {
                        let submit = model.submits.get(*table as usize)?;
                        for (component, part) in
                            parts_of(model, submit.carrier, mean)?.into_iter().enumerate()
                        {
                            bring(component, times * part.amount, part.inexact, part.is_bounded);
                        }
                        let pool = StationRef { base: submit.pool, register: 0 };
                        let refuses = model.pools.get(submit.pool as usize)?.instances.as_ref();
                        let is_bounded = refuses.is_some_and(|instances| instances.refuses.is_some());
                        held.push(Held { pool, time: 0.0, inexact: true, is_bounded });
                    }
                    TaskOp::Next => {
                        let of = |held: &Held| {
                            model
                                .pools
                                .get(held.pool.base as usize)
                                .is_some_and(|pool| pool.instances.is_some())
                        };
                        if let Some(index) = held.iter().rposition(of) {
                            let Held { pool, time, inexact, is_bounded } = held.remove(index);
                            let component = model.pools.get(pool.base as usize)?.component as usize;
                            bring(component, time, inexact, is_bounded);
                        }
                    }
                    _ => {}
                }
                go_on(at + 1, times);
            }
            // The way on from the end of a `repeat` was counted at its beginning.
            Op::RepeatEnd { .. } => {}
            // What is held further on is another list's.
            Op::ChildExit | Op::Exit => held.clear(),
            _ => {
                go_on(at + 1, times);
            }
        }
    }
    Some(parts)
}

/// A token on the way through a program.
struct Held {
    pool: StationRef,
    time: f64,
    inexact: bool,
    is_bounded: bool,
}

/// All tokens are held for longer; by how much longer is not known where the job may wait meanwhile.
fn add_to(held: &mut [Held], time: f64, inexact: bool) {
    for held in held {
        held.time += time;
        held.inexact |= inexact;
    }
}

/// The mean of a count. Draws are rounded, which moves the mean of other laws.
fn mean_count(law: &Law) -> Option<f64> {
    matches!(law, Law::Deterministic { .. } | Law::Empirical(_)).then(|| law.mean()).flatten()
}
