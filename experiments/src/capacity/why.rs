//! Why no count keeps the goals, and what else could be counted.

use super::offered::{Offered, is_random, loads, offered};
use super::probe::Probe;
use reports::number::significant;
use sim_core::model::{ComponentKind, Model};

/// Something in a model that a plan can count.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Countable {
    /// Its path: `web.count`, `db.cores`, `threads.size`.
    pub path: String,
    /// How many there are.
    pub now: u64,
    /// The components that it makes more of.
    components: Vec<u32>,
}

impl Countable {
    /// A range for `--vary`, from 1 to beyond four times of what there is.
    pub fn range(&self) -> String {
        let high = self.now.saturating_mul(4).clamp(4, 1 << 20).next_power_of_two();
        format!("{}=1..{high}", self.path)
    }
}

/// What can be counted: servers of groups, cores of processors that stand alone, tokens of pools, cores and tokens within
/// servers, and how many may queue for a pool.
pub fn countable(model: &Model) -> Vec<Countable> {
    let mut found: Vec<Countable> = Vec::new();
    let mut within: Vec<Countable> = Vec::new();
    let role = |name: &str| name.split_once('.').map_or(name, |(_, role)| role).to_owned();
    let mut grouped = vec![false; model.components.len()];
    for group in &model.groups {
        let mut all = Vec::new();
        for processor in group.processors.iter().filter_map(|base| model.processors.get(*base as usize)) {
            all.push(processor.component);
            let path = format!("{}.processor.{}.cores", group.name, role(&processor.name));
            within.push(Countable {
                path,
                now: u64::from(processor.cores),
                components: vec![processor.component],
            });
        }
        for pool in group.pools.iter().filter_map(|base| model.pools.get(*base as usize)) {
            all.push(pool.component);
            let path = format!("{}.pool.{}.size", group.name, role(&pool.name));
            within.push(Countable { path, now: u64::from(pool.size), components: vec![pool.component] });
        }
        for component in &all {
            grouped[*component as usize] = true;
        }
        let now = group.weights.len() as u64;
        found.push(Countable { path: format!("{}.count", group.name), now, components: all });
    }
    for processor in model.processors.iter().filter(|one| !grouped[one.component as usize]) {
        let path = format!("{}.cores", processor.name);
        found.push(Countable {
            path,
            now: u64::from(processor.cores),
            components: vec![processor.component],
        });
    }
    for pool in model.pools.iter().filter(|one| !grouped[one.component as usize]) {
        let path = format!("{}.size", pool.name);
        found.push(Countable { path, now: u64::from(pool.size), components: vec![pool.component] });
    }
    found.append(&mut within);
    for pool in model.pools.iter().filter(|one| !grouped[one.component as usize]) {
        if let Some(limit) = pool.queue {
            let path = format!("{}.queue", pool.name);
            found.push(Countable { path, now: u64::from(limit), components: Vec::new() });
        }
    }
    found
}

/// What to count instead for a component, where something can be.
fn instead(model: &Model, component: usize, path: &str) -> String {
    let more = countable(model)
        .into_iter()
        .find(|one| one.path != path && one.components.iter().any(|found| *found as usize == component));
    more.map_or(String::new(), |one| format!("; count that: --vary {}", one.range()))
}

/// The greatest count of the range, and the least one, at the demand that was asked about.
pub(crate) struct Ends<'m> {
    pub low: &'m Model,
    pub high: &'m Model,
    pub count: u64,
    pub path: &'m str,
}

/// The station that is offered most of those that are offered more than they can serve: a processor, or a pool whose tokens are
/// held for so long that more of them would be out than there are.
pub(crate) fn overloaded(model: &Model) -> Option<Offered> {
    let is_random = is_random(model);
    let pools = loads(model).into_iter().filter(|load| load.is_pool && load.overloads(is_random));
    let pools = pools.map(|load| Offered {
        station: load.station,
        load: load.load,
        cores: load.work,
        complete: load.complete,
    });
    let processor = offered(model).filter(Offered::overloads);
    processor.into_iter().chain(pools).reduce(|most, one| if one.load > most.load { one } else { most })
}

/// How much a component can do: cores times speed, or tokens.
fn capacity(model: &Model, component: usize) -> f64 {
    let is_it = |of: u32| of as usize == component;
    let cores = model.processors.iter().filter(|one| is_it(one.component));
    let tokens = model.pools.iter().filter(|one| is_it(one.component));
    cores.map(|one| f64::from(one.cores) * one.speed.as_f64()).sum::<f64>()
        + tokens.map(|one| f64::from(one.size)).sum::<f64>()
}

/// A part of the response time that is spent waiting of which no more need be said.
const LITTLE: f64 = 0.01;

/// Why the greatest count misses a goal.
pub(crate) fn why(ends: &Ends<'_>, probe: Option<&Probe>) -> Option<String> {
    let Ends { low, high, count, path } = *ends;
    let percent = |part: f64| significant(part * 100.0, 3);
    // Of a range of one count nothing is known of others.
    let is_same = |component: usize| {
        let (before, after) = (capacity(low, component), capacity(high, component));
        count > 1 && (before - after).abs() <= 1e-9 * after
    };
    if let Some(full) = overloaded(high) {
        let Offered { station, load, .. } = &full;
        let component = high.components.iter().position(|one| one.name == *station)?;
        let offered = format!("`{station}` is offered {} % of what it can do", percent(*load));
        if is_same(component) {
            let other = instead(high, component, path);
            return Some(format!("{offered} whatever {path} is, so that more cannot help{other}"));
        }
        let enough = (load * count as f64).floor() as u64 + 1;
        return Some(format!("{offered} even at {count}; from {enough} on it is not overloaded"));
    }
    let (component, share) = probe?.greatest_part()?;
    let name = &high.components[component].name;
    let part = format!("at {count}, {} % of the response time", percent(share));
    Some(match high.components[component].kind {
        ComponentKind::Delay | ComponentKind::Join => format!("{part} is `{name}`, which no count changes"),
        _ if is_same(component) => {
            let other = instead(high, component, path);
            format!("{part} is spent at `{name}`, which {path} does not change{other}")
        }
        // Who is served already is not served sooner by more.
        _ if probe.and_then(Probe::waiting_part).is_some_and(|waiting| waiting < LITTLE) => format!(
            "{part} is spent at `{name}` and less than {} % of it waiting: the work itself takes that long, and more cannot \
             help",
            percent(LITTLE)
        ),
        _ => format!("{part} is spent at `{name}`"),
    })
}
