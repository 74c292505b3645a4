//! How busy each station of replication 1 was, and how evenly work was spread over equal ones.

use reports::servers::ServerRow;
use sim_core::measure::{Measures, ProcessorMeasures};
use sim_core::model::Model;
use sim_core::trace::{PlaceKind, Trace};
use std::collections::BTreeMap;

/// The rows of replication 1: processors, pools, balancers, each group before its members. `trace`, where it is whole,
/// gives the greatest lengths of queues.
pub fn servers(model: &Model, measures: &Measures, trace: Option<&Trace>) -> Vec<ServerRow> {
    let names = Names::of(model);
    let peaks = trace.map(peaks);
    let peak = |place: PlaceKind| peaks.as_ref().map(|peaks| peaks.get(&place).copied().unwrap_or(0));
    let window = measures.window().0 as f64;
    let over_window = |integral: u128| (window > 0.0).then(|| integral as f64 / window);
    let mut rows = Vec::new();

    let processors = model.processors.iter().map(|processor| processor.component);
    for (component, members) in members(model, processors) {
        let of = |index: &usize| &measures.processors[*index];
        let total: u64 = members.iter().map(|index| of(index).completions).sum();
        let cells = members.iter().map(|index| {
            let (processor, found) = (&model.processors[*index], of(index));
            ServerRow {
                kind: "processor",
                server: names.processor(*index, &processor.name),
                station: processor.name.clone(),
                units: Some(u64::from(processor.cores)),
                jobs: Some(found.completions),
                share: share(found.completions, total),
                utilization: ratio(found.busy, found.capacity()),
                overhead: ratio(found.costs(), found.capacity()),
                queue_length_mean: over_window(found.ready_integral),
                queue_length_max: peak(PlaceKind::Ready(*index as u32)),
                context_switches: Some(found.context_switches),
                preemptions: Some(found.preemptions),
                migrations: Some(found.migrations),
                ..ServerRow::default()
            }
        });
        let cells: Vec<ServerRow> = cells.collect();
        if members.len() > 1 {
            let whole = ProcessorMeasures::sum(members.iter().map(of));
            let busy: Vec<f64> = members.iter().map(|index| of(index).busy as f64).collect();
            rows.push(ServerRow {
                utilization: ratio(whole.busy, whole.capacity()),
                overhead: ratio(whole.costs(), whole.capacity()),
                queue_length_mean: over_window(whole.ready_integral),
                context_switches: Some(total_of(&cells, |row| row.context_switches)),
                preemptions: Some(total_of(&cells, |row| row.preemptions)),
                migrations: Some(total_of(&cells, |row| row.migrations)),
                ..group(model, component, &cells, &busy)
            });
        }
        rows.extend(cells);
    }

    for (component, members) in members(model, model.pools.iter().map(|pool| pool.component)) {
        let of = |index: &usize| &measures.pools[*index];
        let total: u64 = members.iter().map(|index| of(index).grants).sum();
        let cells = members.iter().map(|index| {
            let (pool, found) = (&model.pools[*index], of(index));
            ServerRow {
                kind: "pool",
                server: names.pool(*index, &pool.name),
                station: pool.name.clone(),
                units: Some(u64::from(pool.size)),
                jobs: Some(found.grants),
                share: share(found.grants, total),
                held: over_window(found.held_integral),
                queue_length_mean: over_window(found.waiting_integral),
                queue_length_max: peak(PlaceKind::Pool(*index as u32)),
                lost: Some(found.lost),
                ..ServerRow::default()
            }
        });
        let cells: Vec<ServerRow> = cells.collect();
        if members.len() > 1 {
            let held: Vec<f64> = members.iter().map(|index| of(index).held_integral as f64).collect();
            let sum = |part: &dyn Fn(usize) -> u128| members.iter().map(|index| part(*index)).sum::<u128>();
            rows.push(ServerRow {
                held: over_window(sum(&|i| measures.pools[i].held_integral)),
                queue_length_mean: over_window(sum(&|i| measures.pools[i].waiting_integral)),
                lost: Some(total_of(&cells, |row| row.lost)),
                ..group(model, component, &cells, &held)
            });
        }
        rows.extend(cells);
    }

    balancers(model, measures, &mut rows);
    rows
}

fn balancers(model: &Model, measures: &Measures, rows: &mut Vec<ServerRow>) {
    for (balancer, found) in model.balancers.iter().zip(&measures.balancers) {
        let Some(group) = model.groups.get(balancer.group as usize) else { continue };
        let picks: Vec<u64> =
            (0..group.weights.len()).map(|server| found.picks.get(server).copied().unwrap_or(0)).collect();
        let total = picks.iter().sum();
        let load: Vec<f64> = picks.iter().map(|picks| *picks as f64).collect();
        rows.push(ServerRow {
            kind: "balancer",
            server: group.name.clone(),
            station: balancer.name.clone(),
            units: Some(picks.len() as u64),
            jobs: Some(total),
            max_over_mean: max_over_mean(&load),
            jain: jain(&load),
            ..ServerRow::default()
        });
        rows.extend(picks.iter().enumerate().map(|(server, picks)| ServerRow {
            kind: "target",
            server: format!("{}-{}", group.name, server + 1),
            station: balancer.name.clone(),
            jobs: Some(*picks),
            share: share(*picks, total),
            ..ServerRow::default()
        }));
    }
}

/// What all groups of stations have.
fn group(model: &Model, component: usize, members: &[ServerRow], load: &[f64]) -> ServerRow {
    let name = &model.components[component].name;
    ServerRow {
        kind: "group",
        server: name.split('.').next().unwrap_or(name).to_owned(),
        station: name.clone(),
        units: Some(members.len() as u64),
        jobs: Some(total_of(members, |row| row.jobs)),
        max_over_mean: max_over_mean(load),
        jain: jain(load),
        ..ServerRow::default()
    }
}

fn total_of(rows: &[ServerRow], part: impl Fn(&ServerRow) -> Option<u64>) -> u64 {
    rows.iter().filter_map(part).sum()
}

fn ratio(part: u128, whole: u128) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

fn share(part: u64, whole: u64) -> Option<f64> {
    ratio(u128::from(part), u128::from(whole))
}

/// The greatest load over the mean of all; `None` where there is none.
fn max_over_mean(load: &[f64]) -> Option<f64> {
    let sum: f64 = load.iter().sum();
    (sum > 0.0).then(|| load.iter().copied().fold(0.0, f64::max) * load.len() as f64 / sum)
}

/// Jain's fairness index, (sum x)^2 / (n sum x^2) (Jain, Chiu, Hawe 1984); `None` where there is no load.
fn jain(load: &[f64]) -> Option<f64> {
    let sum: f64 = load.iter().sum();
    let squares: f64 = load.iter().map(|x| x * x).sum();
    (sum > 0.0).then(|| sum * sum / (load.len() as f64 * squares))
}

/// Indices of the stations that count together, by component.
fn members(model: &Model, component: impl Iterator<Item = u32>) -> Vec<(usize, Vec<usize>)> {
    let mut of: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (index, component) in component.enumerate() {
        of.entry(component as usize).or_default().push(index);
    }
    debug_assert!(of.keys().all(|component| *component < model.components.len()));
    of.into_iter().collect()
}

/// Which member of a group a station belongs to.
struct Names {
    processors: BTreeMap<usize, String>,
    pools: BTreeMap<usize, String>,
}

impl Names {
    fn of(model: &Model) -> Names {
        let mut names = Names { processors: BTreeMap::new(), pools: BTreeMap::new() };
        for group in &model.groups {
            for member in 0..group.weights.len() {
                let name = format!("{}-{}", group.name, member + 1);
                let at = |base: &u32| (*base as usize + member, name.clone());
                names.processors.extend(group.processors.iter().map(at));
                names.pools.extend(group.pools.iter().map(at));
            }
        }
        names
    }

    fn processor(&self, index: usize, station: &str) -> String {
        self.processors.get(&index).cloned().unwrap_or_else(|| station.to_owned())
    }

    fn pool(&self, index: usize, station: &str) -> String {
        self.pools.get(&index).cloned().unwrap_or_else(|| station.to_owned())
    }
}

/// The greatest number of jobs in each queue; a job that leaves at an instant makes room for one that comes then.
fn peaks(trace: &Trace) -> BTreeMap<PlaceKind, u64> {
    let mut peaks = BTreeMap::new();
    let (mut now, mut length) = (None, 0i64);
    for (place, _, step) in trace.queue_steps() {
        if now != Some(place) {
            (now, length) = (Some(place), 0);
        }
        length += step;
        let peak = peaks.entry(place).or_insert(0);
        *peak = (*peak).max(length.unsigned_abs());
    }
    peaks
}

#[cfg(test)]
mod tests {
    use super::*;
    use sim_core::trace::Stay;
    use sim_core::units::Time;

    #[test]
    fn evenness_of_loads() {
        for (load, max, fairness) in [
            (&[1.0, 1.0, 1.0, 1.0][..], Some(1.0), Some(1.0)),
            (&[4.0, 0.0, 0.0, 0.0], Some(4.0), Some(0.25)),
            (&[3.0, 1.0], Some(1.5), Some(0.8)),
            (&[0.0, 0.0], None, None),
            (&[], None, None),
        ] {
            assert_eq!((max_over_mean(load), jain(load)), (max, fairness), "{load:?}");
        }
    }

    #[test]
    fn the_longest_queue_counts_who_is_there_at_once() {
        let stay = |pool, start, end| Stay {
            job: 0,
            place: PlaceKind::Pool(pool),
            start: Time(start),
            end: Time(end),
        };
        let stays =
            vec![stay(0, 0, 10), stay(0, 5, 8), stay(0, 8, 9), stay(1, 0, 1), stay(1, 1, 2), stay(1, 2, 2)];
        let peaks = peaks(&Trace { stays, ..Trace::default() });
        assert_eq!((peaks[&PlaceKind::Pool(0)], peaks[&PlaceKind::Pool(1)]), (2, 1));
    }
}
