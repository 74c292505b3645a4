//! How much work a model offers to each station, and whether that is more than can be done: known before anything is run.

use sim_core::law::Law;
use sim_core::model::{Arrivals, ComponentKind, Draw, Model, Op};

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
        // A sum of products of decimals such as 1000/s times 10 ms is 1 up to the last bits.
        self.load >= 1.0 - 1e-9
    }
}

/// The offered load of a model's stations; `None` where no source runs for ever at a steady rate, or where a mean is not
/// known. Closed sources and traces bring a bounded amount of work and are left out.
pub fn offered(model: &Model) -> Option<Offered> {
    let mut work = vec![0.0; model.components.len()];
    let (mut any, mut complete) = (false, true);
    for source in &model.sources {
        let Some(rate) = rate(&source.arrivals) else {
            complete = false;
            continue;
        };
        any = true;
        for (component, amount) in work_of(model, source.class as usize)?.into_iter().enumerate() {
            work[component] += rate * amount;
        }
    }
    if !any {
        return None;
    }
    let capacity = capacities(model);
    let mut busiest: Option<Offered> = None;
    for (component, (work, capacity)) in work.into_iter().zip(capacity).enumerate() {
        let load = work / capacity;
        if capacity > 0.0 && busiest.as_ref().is_none_or(|found| load > found.load) {
            let station = model.components[component].name.clone();
            busiest = Some(Offered { station, load, cores: work, complete });
        }
    }
    busiest
}

/// The mean time of a job without any waiting, over all steady sources, in ns; `None` where it is not known.
pub fn service(model: &Model) -> Option<f64> {
    let (mut rates, mut times) = (0.0, 0.0);
    let mut speeds = vec![1.0; model.components.len()];
    for processor in &model.processors {
        speeds[processor.component as usize] = processor.speed.as_f64();
    }
    for source in &model.sources {
        let rate = rate(&source.arrivals)?;
        let work = work_of(model, source.class as usize)?;
        rates += rate;
        times += rate * work.iter().zip(&speeds).map(|(work, speed)| work / speed).sum::<f64>();
    }
    // Delays and children that run side by side are no work at a processor.
    let plain = !model.program.iter().any(|op| matches!(op, Op::Fork { .. } | Op::Delay { .. }));
    (plain && rates > 0.0).then(|| times / rates)
}

/// Jobs a nanosecond of a source that never runs dry.
fn rate(arrivals: &Arrivals) -> Option<f64> {
    match arrivals {
        Arrivals::Renewal(law) => law.mean().filter(|mean| *mean > 0.0).map(|mean| 1.0 / mean),
        Arrivals::Periodic { period, count: None, .. } => Some(1.0 / period.0 as f64),
        _ => None,
    }
}

/// Cores times speed of the processors of each component.
fn capacities(model: &Model) -> Vec<f64> {
    let mut capacity = vec![0.0; model.components.len()];
    for processor in &model.processors {
        capacity[processor.component as usize] += f64::from(processor.cores) * processor.speed.as_f64();
    }
    for (capacity, component) in capacity.iter_mut().zip(&model.components) {
        if !matches!(component.kind, ComponentKind::Processor | ComponentKind::Device) {
            *capacity = 0.0;
        }
    }
    capacity
}

/// Expected work of one job of a class at each component, in ns at nominal speed; `None` where a mean is not known.
///
/// Programs only jump forward but for the end of `repeat`, so that one pass in their order counts how often each operation is
/// expected to run.
fn work_of(model: &Model, class: usize) -> Option<Vec<f64>> {
    let class = &model.classes[class];
    let mut work = vec![0.0; model.components.len()];
    let mut visits = vec![0.0; model.program.len()];
    *visits.get_mut(class.entry as usize)? = 1.0;
    for at in class.entry as usize..model.program.len() {
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
                let mean = match *amount {
                    Draw::Given(index) => class.draws.get(usize::from(index))?.mean()?,
                    Draw::OnTheSpot(law) => model.laws.get(usize::from(law))?.mean()?,
                };
                let component = model.processors.get(station.base as usize)?.component;
                work[component as usize] += times * mean;
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
                for child in &model.forks.get(*table as usize)?.children {
                    if !go_on(*child as usize, times) {
                        return None;
                    }
                }
                go_on(at + 1, times);
            }
            // The way on from the end of a `repeat` was counted at its beginning.
            Op::RepeatEnd { .. } | Op::ChildExit | Op::Exit => {}
            _ => {
                go_on(at + 1, times);
            }
        }
    }
    Some(work)
}

/// The mean of a count. Draws are rounded, which moves the mean of other laws.
fn mean_count(law: &Law) -> Option<f64> {
    matches!(law, Law::Deterministic { .. } | Law::Empirical(_)).then(|| law.mean()).flatten()
}
