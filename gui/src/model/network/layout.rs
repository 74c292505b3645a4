//! Places for nodes: in layers from the sources to the exit, the same for the same graph.
//!
//! The way of Sugiyama and others: turn round what leads back, put each node one layer behind the last that leads to
//! it, order the layers so that few edges cross, then give coordinates. A group of servers is laid out by itself first
//! and stands among the others as one box.

use super::{Graph, NodeKind};
use std::collections::BTreeMap;

/// Size of a station on the canvas, in points at zoom 1.
pub const SIZE: [f32; 2] = [184.0, 96.0];
/// Free space between layers.
const GAP_X: f32 = 58.0;
/// Free space between nodes of a layer.
const GAP_Y: f32 = 30.0;
/// Space of a group's box around its nodes: sides, and the title above.
const PAD: [f32; 2] = [18.0, 30.0];
/// Rounds of ordering.
const SWEEPS: usize = 6;

/// Upper left corners of nodes by their id, where somebody put them.
pub type Places = BTreeMap<String, [f32; 2]>;

/// How large a node is.
pub fn size_of(kind: NodeKind) -> [f32; 2] {
    match kind {
        NodeKind::Processor | NodeKind::Device | NodeKind::Pool => SIZE,
        NodeKind::Source | NodeKind::Balancer | NodeKind::Missing => [150.0, 56.0],
        // Wide enough for a law: `lognormal 80ms cv 1.0`.
        NodeKind::Delay => [184.0, 52.0],
        NodeKind::Join => [112.0, 48.0],
        NodeKind::Exit => [44.0, 44.0],
    }
}

/// Something with a size that is to be placed.
struct Block {
    size: [f32; 2],
    place: [f32; 2],
}

impl Graph {
    /// The upper left corner of each node. `kept` goes before what is worked out.
    pub fn layout(&self, kept: &Places) -> Vec<[f32; 2]> {
        // Nodes of a group by themselves, then groups and the other nodes.
        let mut inner: Vec<[f32; 2]> = vec![[0.0; 2]; self.nodes.len()];
        let mut unit_of = vec![usize::MAX; self.nodes.len()];
        let mut blocks: Vec<Block> = Vec::new();
        let mut units_of_groups: BTreeMap<usize, usize> = BTreeMap::new();
        for (index, node) in self.nodes.iter().enumerate() {
            unit_of[index] = if let Some(group) = node.group {
                *units_of_groups.entry(group).or_insert_with(|| {
                    let (size, places) = self.inside(group);
                    for (node, place) in places {
                        inner[node] = [place[0] + PAD[0], place[1] + PAD[1]];
                    }
                    let size = [size[0] + 2.0 * PAD[0], size[1] + PAD[0] + PAD[1]];
                    blocks.push(Block { size, place: [0.0; 2] });
                    blocks.len() - 1
                })
            } else {
                blocks.push(Block { size: size_of(node.kind), place: [0.0; 2] });
                blocks.len() - 1
            };
        }
        let edges: Vec<(usize, usize)> =
            self.edges.iter().map(|edge| (unit_of[edge.from], unit_of[edge.to])).collect();
        place(&mut blocks, &edges, GAP_X);
        let place = |(index, node): (usize, &super::Node)| {
            let block = blocks[unit_of[index]].place;
            kept.get(&node.id).copied().unwrap_or([block[0] + inner[index][0], block[1] + inner[index][1]])
        };
        self.nodes.iter().enumerate().map(place).collect()
    }

    /// The nodes of a group by themselves: the size of all, and the place of each.
    fn inside(&self, group: usize) -> ([f32; 2], Vec<(usize, [f32; 2])>) {
        let nodes: Vec<usize> =
            (0..self.nodes.len()).filter(|index| self.nodes[*index].group == Some(group)).collect();
        // From the top down: a box that is as high as it is wide leaves more room for what is in it.
        let turned = |[x, y]: [f32; 2]| [y, x];
        let mut blocks: Vec<Block> = nodes
            .iter()
            .map(|node| Block { size: turned(size_of(self.nodes[*node].kind)), place: [0.0; 2] })
            .collect();
        let local = |node: usize| nodes.iter().position(|other| *other == node);
        let edges: Vec<(usize, usize)> =
            self.edges.iter().filter_map(|edge| Some((local(edge.from)?, local(edge.to)?))).collect();
        place(&mut blocks, &edges, GAP_Y);
        for block in &mut blocks {
            *block = Block { size: turned(block.size), place: turned(block.place) };
        }
        let far =
            |axis: usize| blocks.iter().map(|block| block.place[axis] + block.size[axis]).fold(0.0, f32::max);
        let size = [far(0), far(1)];
        (size, nodes.into_iter().zip(blocks.iter().map(|block| block.place)).collect())
    }
}

fn place(blocks: &mut [Block], edges: &[(usize, usize)], gap: f32) {
    if blocks.is_empty() {
        return;
    }
    let forwards = without_circles(blocks.len(), edges);
    let mut layers = layered(blocks.len(), &forwards);
    order(&mut layers, &forwards);
    let mut x = 0.0;
    for layer in &layers {
        let width = layer.iter().map(|block| blocks[*block].size[0]).fold(0.0, f32::max);
        let mut y = 0.0;
        for block in layer {
            let size = blocks[*block].size;
            blocks[*block].place = [x + (width - size[0]) / 2.0, y];
            y += size[1] + GAP_Y;
        }
        x += width + gap;
    }
    settle(blocks, &layers, &forwards);
}

/// Edges with those turned round that lead back, by a search from the first node on. Circles of one are left out.
fn without_circles(count: usize, edges: &[(usize, usize)]) -> Vec<(usize, usize)> {
    let mut next: Vec<Vec<usize>> = vec![Vec::new(); count];
    for (from, to) in edges {
        if from != to && !next[*from].contains(to) {
            next[*from].push(*to);
        }
    }
    #[derive(Clone, Copy, PartialEq)]
    enum Seen {
        Not,
        Open,
        Done,
    }
    let mut seen = vec![Seen::Not; count];
    let mut found = Vec::new();
    for start in 0..count {
        if seen[start] != Seen::Not {
            continue;
        }
        seen[start] = Seen::Open;
        let mut stack = vec![(start, 0)];
        while let Some((node, at)) = stack.last_mut() {
            let Some(to) = next[*node].get(*at).copied() else {
                seen[*node] = Seen::Done;
                stack.pop();
                continue;
            };
            *at += 1;
            let from = *node;
            if seen[to] == Seen::Open {
                found.push((to, from));
            } else {
                found.push((from, to));
                if seen[to] == Seen::Not {
                    seen[to] = Seen::Open;
                    stack.push((to, 0));
                }
            }
        }
    }
    found.sort_unstable();
    found.dedup();
    found
}

/// Nodes by layer: each behind all that lead to it.
fn layered(count: usize, edges: &[(usize, usize)]) -> Vec<Vec<usize>> {
    let mut layer = vec![0; count];
    // Without circles the longest way has fewer edges than there are nodes.
    for _ in 0..count {
        let mut moved = false;
        for (from, to) in edges {
            if layer[*to] < layer[*from] + 1 {
                layer[*to] = layer[*from] + 1;
                moved = true;
            }
        }
        if !moved {
            break;
        }
    }
    let last = layer.iter().copied().max().unwrap_or(0);
    let mut layers = vec![Vec::new(); last + 1];
    for (node, layer) in layer.into_iter().enumerate() {
        layers[layer].push(node);
    }
    layers
}

/// Orders each layer by the middle of its neighbors in the layers before and after, by turns.
fn order(layers: &mut [Vec<usize>], edges: &[(usize, usize)]) {
    let count: usize = layers.iter().map(Vec::len).sum();
    let mut rank = vec![0.0f32; count];
    let note = |layer: &[usize], rank: &mut Vec<f32>| {
        for (at, node) in layer.iter().enumerate() {
            rank[*node] = at as f32 + 0.5 * (1.0 / layer.len() as f32);
        }
    };
    for layer in layers.iter() {
        note(layer, &mut rank);
    }
    for sweep in 0..SWEEPS {
        let forwards = sweep % 2 == 0;
        let of = |node: usize, rank: &[f32]| {
            let beside = edges.iter().filter_map(|(from, to)| {
                if forwards { (*to == node).then_some(*from) } else { (*from == node).then_some(*to) }
            });
            let places: Vec<f32> = beside.map(|other| rank[other]).collect();
            if places.is_empty() { rank[node] } else { places.iter().sum::<f32>() / places.len() as f32 }
        };
        let indices: Vec<usize> =
            if forwards { (0..layers.len()).collect() } else { (0..layers.len()).rev().collect() };
        for index in indices {
            let mut keyed: Vec<(f32, usize)> =
                layers[index].iter().map(|node| (of(*node, &rank), *node)).collect();
            keyed.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
            layers[index] = keyed.into_iter().map(|(_, node)| node).collect();
            note(&layers[index], &mut rank);
        }
    }
}

/// Moves nodes up or down towards their neighbors, never through each other.
fn settle(blocks: &mut [Block], layers: &[Vec<usize>], edges: &[(usize, usize)]) {
    let middle = |block: &Block| block.place[1] + block.size[1] / 2.0;
    for sweep in 0..2 * SWEEPS {
        let indices: Vec<usize> =
            if sweep % 2 == 0 { (0..layers.len()).collect() } else { (0..layers.len()).rev().collect() };
        for index in indices {
            let wanted: Vec<f32> = layers[index]
                .iter()
                .map(|node| {
                    let beside = edges.iter().filter_map(|(from, to)| {
                        if to == node {
                            Some(*from)
                        } else if from == node {
                            Some(*to)
                        } else {
                            None
                        }
                    });
                    let middles: Vec<f32> = beside.map(|other| middle(&blocks[other])).collect();
                    let own = middle(&blocks[*node]);
                    let mean = middles.iter().sum::<f32>() / middles.len().max(1) as f32;
                    (if middles.is_empty() { own } else { mean }) - blocks[*node].size[1] / 2.0
                })
                .collect();
            // From the top down as wanted, then all together back to the middle of what was wanted.
            let mut tops: Vec<f32> = Vec::new();
            for (at, node) in layers[index].iter().enumerate() {
                let free = at.checked_sub(1).map_or(f32::NEG_INFINITY, |before| {
                    tops[before] + blocks[layers[index][before]].size[1] + GAP_Y
                });
                tops.push(wanted[at].max(free));
                let _ = node;
            }
            let shift = tops.iter().zip(&wanted).map(|(top, wanted)| top - wanted).sum::<f32>()
                / tops.len().max(1) as f32;
            for (node, top) in layers[index].iter().zip(&tops) {
                blocks[*node].place[1] = (top - shift).round();
            }
        }
    }
    let top = blocks.iter().map(|block| block.place[1]).fold(f32::INFINITY, f32::min);
    for block in blocks {
        block.place[1] -= top;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::network::of_text;

    #[test]
    fn nothing_overlaps_and_flows_go_to_the_right() {
        for entry in
            scenarios::library::list().iter().filter(|entry| entry.kind == scenarios::InputKind::Scenario)
        {
            let graph = of_text(entry.text, &[]);
            let places = graph.layout(&Places::new());
            assert_eq!(places, graph.layout(&Places::new()), "{}", entry.name);
            for (a, one) in places.iter().enumerate() {
                for (b, other) in places.iter().enumerate().skip(a + 1) {
                    let apart = |axis: usize| {
                        let (sa, sb) =
                            (size_of(graph.nodes[a].kind)[axis], size_of(graph.nodes[b].kind)[axis]);
                        one[axis] + sa <= other[axis] || other[axis] + sb <= one[axis]
                    };
                    assert!(apart(0) || apart(1), "{}: {a} and {b}", entry.name);
                }
            }
            let forwards =
                graph.edges.iter().filter(|edge| places[edge.from][0] < places[edge.to][0]).count();
            assert!(2 * forwards >= graph.edges.len(), "{}", entry.name);
        }
    }

    #[test]
    fn circles_and_crossings_are_taken_apart() {
        assert_eq!(without_circles(3, &[(0, 1), (1, 2), (2, 0), (1, 1)]), [(0, 1), (0, 2), (1, 2)]);
        let edges = [(0, 3), (1, 2)];
        let mut layers = layered(4, &edges);
        order(&mut layers, &edges);
        let at = |layer: &[usize], node: usize| layer.iter().position(|other| *other == node);
        assert_eq!(at(&layers[0], 0) < at(&layers[0], 1), at(&layers[1], 3) < at(&layers[1], 2));
    }

    #[test]
    fn a_node_that_was_moved_stays_there() {
        let graph = of_text(scenarios::library::get("web-shop").expect("there").text, &[]);
        let kept = Places::from([("balancer lb".to_owned(), [-500.0, 7.0])]);
        let places = graph.layout(&kept);
        let lb = graph.nodes.iter().position(|node| node.id == "balancer lb").expect("there");
        assert_eq!(places[lb], [-500.0, 7.0]);
    }
}
