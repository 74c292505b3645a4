//! Stations and flows as a graph: of a scenario's text, which may be wrong, or of the model where there is no such text.

mod implied;
mod layout;
mod written;

pub use implied::of_model;
pub use layout::{Places, SIZE, size_of};
pub use written::{brief, of_text};

use scenarios::draft::Path;
use std::collections::BTreeMap;

/// What a node is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum NodeKind {
    /// Where jobs come from.
    Source,
    /// A station with cores.
    Processor,
    /// The same, as a device.
    Device,
    /// A station with tokens.
    Pool,
    /// Who chooses a server.
    Balancer,
    /// A time without a station.
    Delay,
    /// Where children of a job are waited for.
    Join,
    /// Where jobs leave.
    Exit,
    /// What a step names and is not there.
    Missing,
}

impl NodeKind {
    /// The key of its name.
    pub fn key(self) -> &'static str {
        match self {
            NodeKind::Source => "network-source",
            NodeKind::Processor => "network-processor",
            NodeKind::Device => "network-device",
            NodeKind::Pool => "network-pool",
            NodeKind::Balancer => "network-balancer",
            NodeKind::Delay => "network-delay",
            NodeKind::Join => "network-join",
            NodeKind::Exit => "network-exit",
            NodeKind::Missing => "network-missing",
        }
    }
}

/// A source, a station, or something else that a flow passes.
#[derive(Clone, PartialEq, Debug)]
pub struct Node {
    /// A name that stays the same while the text changes, for its place on the canvas.
    pub id: String,
    /// What it is.
    pub kind: NodeKind,
    /// Its name; of a station of a server group that within the server.
    pub name: String,
    /// One line about it: the policy, the size, the arrivals.
    pub note: String,
    /// Where it stands in the text.
    pub path: Option<Path>,
    /// The group of servers that it is a part of.
    pub group: Option<usize>,
    /// The name that the model's parts have: `web.cpu`.
    pub component: String,
    /// What is wrong with it.
    pub mistakes: Vec<String>,
}

/// A group of equal servers: a box around its stations.
#[derive(Clone, PartialEq, Debug)]
pub struct Group {
    /// Its name.
    pub name: String,
    /// How many servers, as written.
    pub count: String,
    /// Where it stands in the text.
    pub path: Option<Path>,
    /// What is wrong with it.
    pub mistakes: Vec<String>,
}

/// A kind of job.
#[derive(Clone, PartialEq, Debug)]
pub struct Flow {
    /// Its name.
    pub name: String,
    /// Where it stands in the text.
    pub path: Option<Path>,
    /// What is wrong with it.
    pub mistakes: Vec<String>,
}

/// The way of jobs of a class from one node to the next.
#[derive(Clone, PartialEq, Debug)]
pub struct Edge {
    /// Index into [`Graph::nodes`].
    pub from: usize,
    /// The same.
    pub to: usize,
    /// Index into [`Graph::flows`].
    pub flow: usize,
    /// How many of the jobs that leave `from` at that step go this way; 1: all.
    pub part: f64,
    /// What else is to be said: how often.
    pub label: String,
    /// The steps that lead there, in the order of the text; none where jobs leave.
    pub steps: Vec<Path>,
}

/// Nodes and edges.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Graph {
    /// Sources first, then stations in the order of the text, then the rest.
    pub nodes: Vec<Node>,
    /// Boxes.
    pub groups: Vec<Group>,
    /// Kinds of jobs.
    pub flows: Vec<Flow>,
    /// In the order in which jobs go.
    pub edges: Vec<Edge>,
    /// Whether it can be changed.
    pub is_written: bool,
    /// Mistakes that belong to no part of it.
    pub mistakes: Vec<String>,
    /// What was left out, in words.
    pub thinned: Option<String>,
    /// The node of each step.
    steps: BTreeMap<Path, usize>,
}

impl Graph {
    /// The node that a path means: the node itself, or that of a step.
    pub fn node_of(&self, path: &Path) -> Option<usize> {
        let own = self.nodes.iter().position(|node| node.path.as_ref() == Some(path));
        own.or_else(|| self.steps.get(path).copied())
    }

    /// Adds the way of some jobs; ways of the same class between the same nodes are one.
    fn connect(&mut self, from: usize, to: usize, flow: usize, part: f64, step: Option<&Path>) {
        let same = |edge: &&mut Edge| edge.from == from && edge.to == to && edge.flow == flow;
        if let Some(edge) = self.edges.iter_mut().find(same) {
            edge.part = edge.part.max(part);
            edge.steps.extend(step.cloned());
        } else {
            let steps = step.cloned().into_iter().collect();
            self.edges.push(Edge { from, to, flow, part, label: String::new(), steps });
        }
    }

    fn add(&mut self, kind: NodeKind, name: &str, id: String) -> usize {
        if let Some(found) = self.nodes.iter().position(|node| node.id == id) {
            return found;
        }
        self.nodes.push(Node {
            id,
            kind,
            name: name.to_owned(),
            note: String::new(),
            path: None,
            group: None,
            component: name.to_owned(),
            mistakes: Vec::new(),
        });
        self.nodes.len() - 1
    }

    fn exit(&mut self) -> usize {
        self.add(NodeKind::Exit, "", "exit".to_owned())
    }
}

/// A number as it is written, so that words agree with it: one core, two cores.
fn counted(text: &str) -> fluent_bundle::FluentValue<'static> {
    fluent_bundle::FluentValue::try_number(text).into_owned()
}

/// Nodes that jobs come from, each with the part of its jobs that come.
type Tails = Vec<(usize, f64)>;

/// Puts tails together that are at the same node.
fn merged(tails: Tails) -> Tails {
    let mut sums: BTreeMap<usize, f64> = BTreeMap::new();
    for (node, part) in tails {
        *sums.entry(node).or_default() += part;
    }
    sums.into_iter().map(|(node, part)| (node, part.min(1.0))).collect()
}
