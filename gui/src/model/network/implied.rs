//! The graph of a model: what a task list or a log stands for.

use super::{Flow, Graph, Group, NodeKind, Tails, merged};
use sim_core::model::{Model, Op, Pc, StationRef, TaskOp};
use std::collections::{BTreeMap, BTreeSet};

/// Programs that are followed; tasks of a list often have the same.
const PROGRAMS: usize = 2_000;
/// Operations that are followed in all.
const OPERATIONS: usize = 200_000;

/// Stations and flows of a model. Nothing of it stands in a text, so nothing can be changed.
pub fn of_model(model: &Model) -> Graph {
    let mut graph = Graph::default();
    let source = graph.add(NodeKind::Source, "", "source tasks".to_owned());
    graph.nodes[source].note = crate::tr!("network-tasks", count = model.tasks.len());
    graph.flows.push(Flow { name: model.name.clone(), path: None, mistakes: Vec::new() });
    for group in &model.groups {
        let (name, count) = (group.name.clone(), group.weights.len().to_string());
        graph.groups.push(Group { name, count, path: None, mistakes: Vec::new() });
    }
    for balancer in &model.balancers {
        let node = graph.add(NodeKind::Balancer, &balancer.name, format!("balancer {}", balancer.name));
        graph.nodes[node].note.clone_from(&balancer.policy.spec);
    }
    for (index, processor) in model.processors.iter().enumerate() {
        let kind = if processor.device { NodeKind::Device } else { NodeKind::Processor };
        let note = crate::tr!("network-cores", count = processor.cores);
        let note = format!("{note} · {}", processor.scheduler.spec);
        let base = |group: &sim_core::model::Group| group.processors.contains(&(index as u32));
        station(&mut graph, model, kind, processor.component, note, model.groups.iter().position(base));
    }
    for (index, pool) in model.pools.iter().enumerate() {
        let note = crate::tr!("network-tokens", count = pool.size);
        let base = |group: &sim_core::model::Group| group.pools.contains(&(index as u32));
        station(&mut graph, model, NodeKind::Pool, pool.component, note, model.groups.iter().position(base));
    }
    let entries = entries(model);
    if entries.len() > PROGRAMS {
        graph.thinned = Some(crate::tr!("network-thinned", count = PROGRAMS));
    }
    let mut left = OPERATIONS;
    for entry in entries.into_iter().take(PROGRAMS) {
        let mut tails = vec![(source, 1.0)];
        let mut walk = Walk { model, graph: &mut graph, left: &mut left, seen: BTreeSet::new() };
        walk.follow(entry, &mut tails);
        let exit = graph.exit();
        for (from, part) in merged(tails) {
            graph.connect(from, exit, 0, part, None);
        }
    }
    graph
}

fn station(
    graph: &mut Graph,
    model: &Model,
    kind: NodeKind,
    component: u32,
    note: String,
    group: Option<usize>,
) {
    let Some(component) = model.components.get(component as usize) else { return };
    let id = format!("station {}", component.name);
    if graph.nodes.iter().any(|node| node.id == id) {
        return;
    }
    let name = component.name.rsplit('.').next().unwrap_or("").to_owned();
    let node = graph.add(kind, &name, id);
    graph.nodes[node].note = note;
    graph.nodes[node].group = group;
    graph.nodes[node].component.clone_from(&component.name);
}

/// Where the programs start, each once.
fn entries(model: &Model) -> BTreeSet<Pc> {
    let mut entries = BTreeSet::new();
    for source in &model.sources {
        entries.insert(model.classes[source.class as usize].entry);
        if let Some(trace) = source.arrivals.trace() {
            entries.extend(trace.rows.iter().map(|row| row.entry));
        }
    }
    entries
}

struct Walk<'a> {
    model: &'a Model,
    graph: &'a mut Graph,
    left: &'a mut usize,
    /// Ends of repeats that were gone through.
    seen: BTreeSet<Pc>,
}

impl Walk<'_> {
    fn node(&self, component: u32) -> Option<usize> {
        let name = &self.model.components.get(component as usize)?.name;
        self.graph.nodes.iter().position(|node| {
            node.component == *name && !matches!(node.kind, NodeKind::Balancer | NodeKind::Source)
        })
    }

    fn arrive(&mut self, node: usize, tails: &mut Tails) {
        for (from, part) in merged(std::mem::take(tails)) {
            self.graph.connect(from, node, 0, part, None);
        }
        tails.push((node, 1.0));
    }

    fn processor(&self, station: StationRef) -> Option<usize> {
        self.node(self.model.processors.get(station.base as usize)?.component)
    }

    fn pool(&self, pool: StationRef) -> Option<usize> {
        self.node(self.model.pools.get(pool.base as usize)?.component)
    }

    /// A step of a task: on its way to a process it passes the stations of whoever carries it.
    fn task(&mut self, op: TaskOp, at: &mut Tails) {
        let single = |base| StationRef { base, register: 0 };
        let node = match op {
            TaskOp::Exec { station, .. } => self.processor(station),
            TaskOp::Lock { pool } => self.pool(single(pool)),
            TaskOp::Submit { table } => {
                let submit = &self.model.submits[table as usize];
                let carrier = self.model.program[submit.carrier as usize..].iter();
                for op in carrier.take_while(|op| !matches!(op, Op::ChildExit)) {
                    if let Op::Acquire { pool } = op
                        && let Some(node) = self.pool(*pool)
                    {
                        self.arrive(node, at);
                    }
                }
                self.pool(single(submit.pool))
            }
            _ => None,
        };
        if let Some(node) = node {
            self.arrive(node, at);
        }
    }

    /// Follows a program to its end; ways that meet again are put together there.
    fn follow(&mut self, entry: Pc, tails: &mut Tails) {
        // Places still to be gone on from, in the order of the program, which only goes forwards.
        let mut waiting: BTreeMap<Pc, Tails> = BTreeMap::from([(entry, std::mem::take(tails))]);
        while let Some((pc, at)) = waiting.pop_first() {
            if *self.left == 0 {
                return;
            }
            *self.left -= 1;
            let mut at = merged(at);
            let Some(op) = self.model.program.get(pc as usize) else { continue };
            let mut next = pc + 1;
            match *op {
                Op::Work { station, .. } => {
                    if let Some(node) = self.processor(station) {
                        self.arrive(node, &mut at);
                    }
                }
                Op::Acquire { pool } => {
                    if let Some(node) = self.pool(pool) {
                        self.arrive(node, &mut at);
                    }
                }
                Op::Delay { .. } => {
                    let node = self.graph.add(NodeKind::Delay, "", "delay".to_owned());
                    "delay".clone_into(&mut self.graph.nodes[node].component);
                    self.arrive(node, &mut at);
                }
                Op::Balance { balancer } => {
                    let name = &self.model.balancers[balancer as usize].name;
                    let id = format!("balancer {name}");
                    if let Some(node) = self.graph.nodes.iter().position(|node| node.id == id) {
                        self.arrive(node, &mut at);
                    }
                }
                Op::Branch { table } => {
                    let ways = &self.model.branches[table as usize].ways;
                    let sum: f64 = ways.iter().map(|(weight, _)| f64::from(*weight)).sum();
                    for (weight, to) in ways {
                        let part = f64::from(*weight) / sum.max(1.0);
                        let way = at.iter().map(|(node, whole)| (*node, whole * part));
                        waiting.entry(*to).or_default().extend(way);
                    }
                    continue;
                }
                Op::Jump { to } => next = to,
                Op::Fork { table } => {
                    let node = self.graph.add(NodeKind::Join, "", format!("join {table}"));
                    for child in self.model.forks[table as usize].children.clone() {
                        let mut tails = at.clone();
                        self.follow(child, &mut tails);
                        for (from, part) in tails {
                            self.graph.connect(from, node, 0, part, None);
                        }
                    }
                    at = vec![(node, 1.0)];
                }
                Op::RepeatEnd { start, .. } => {
                    if self.seen.insert(pc) {
                        waiting.entry(start).or_default().extend(at.clone());
                    }
                }
                Op::Exit | Op::ChildExit => {
                    tails.extend(at);
                    continue;
                }
                Op::Task(op) => self.task(op, &mut at),
                Op::Release { .. } | Op::Leave { .. } | Op::RepeatStart { .. } => {}
            }
            waiting.entry(next).or_default().extend(at);
        }
        *tails = merged(std::mem::take(tails));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::setup::Setup;

    #[test]
    fn a_task_list_is_one_processor_and_its_devices() {
        for (name, stations) in [("convoy", 1), ("textbook/io", 1), ("showcase/access-small", 1)] {
            let setup = Setup::library(name).expect("there");
            let loaded = scenarios::load(&setup.input, &setup.options).expect("right");
            let graph = of_model(&loaded.model);
            let found = graph
                .nodes
                .iter()
                .filter(|node| matches!(node.kind, NodeKind::Processor | NodeKind::Device))
                .count();
            assert!(found >= stations, "{name}: {:?}", graph.nodes);
            assert!(!graph.is_written && !graph.edges.is_empty());
            assert!(graph.edges.iter().all(|edge| edge.part <= 1.0 && edge.part > 0.0), "{:?}", graph.edges);
        }
    }

    #[test]
    fn a_model_has_the_flows_of_its_text() {
        for name in ["web-shop", "pipeline", "capacity/central-queue"] {
            let setup = Setup::library(name).expect("there");
            let loaded = scenarios::load(&setup.input, &setup.options).expect("right");
            let pairs = |graph: &Graph| -> BTreeSet<(String, String)> {
                let name = |node: usize| graph.nodes[node].component.clone();
                let inner = |node: usize| {
                    !matches!(graph.nodes[node].kind, NodeKind::Source | NodeKind::Exit | NodeKind::Join)
                };
                let edges = graph.edges.iter().filter(|edge| inner(edge.from) && inner(edge.to));
                edges.map(|edge| (name(edge.from), name(edge.to))).collect()
            };
            let written = super::super::of_text(setup.text().expect("text"), &[]);
            assert_eq!(pairs(&of_model(&loaded.model)), pairs(&written), "{name}");
        }
    }
}
