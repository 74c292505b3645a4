//! The graph of a scenario's text.

use super::{Flow, Graph, Group, Node, NodeKind, Tails, counted, merged};
use scenarios::Diagnostic;
use scenarios::draft::{self, Item, Part, Path, Value, at, inner_steps, key};
use std::collections::BTreeMap;

/// Larger scenarios are not drawn: nobody could read it.
const STEPS: usize = 2_000;

/// Stations and flows of a text, with the mistakes found in it.
pub fn of_text(text: &str, mistakes: &[Diagnostic]) -> Graph {
    let root = draft::read(text);
    let references = draft::references(&root);
    let mut drawing = Drawing {
        root: &root,
        references: &references,
        graph: Graph { is_written: true, ..Graph::default() },
        nodes: BTreeMap::new(),
        steps: 0,
    };
    drawing.stations();
    drawing.flows();
    let mut graph = drawing.graph;
    if drawing.steps > STEPS {
        graph.thinned = Some(crate::tr!("network-thinned", count = STEPS));
    }
    blame(&root, &mut graph, mistakes);
    graph
}

struct Drawing<'a> {
    root: &'a Item,
    references: &'a BTreeMap<Path, Option<Path>>,
    graph: Graph,
    /// Nodes by their place in the text.
    nodes: BTreeMap<Path, usize>,
    steps: usize,
}

impl Drawing<'_> {
    fn list(&self, list: &str) -> Vec<(Path, &Item)> {
        let path = vec![Part::Key(list.to_owned())];
        let items = self.root.get(list).map_or(&[][..], Item::items);
        items.iter().enumerate().map(|(index, item)| (at(&path, index), item)).collect()
    }

    fn stations(&mut self) {
        let sources: Vec<(Path, String, String)> = self
            .list("source")
            .into_iter()
            .map(|(path, item)| (path, name(item), item.get("arrivals").map(brief).unwrap_or_default()))
            .collect();
        for (path, name, note) in sources {
            self.node(NodeKind::Source, "source", &name, note, path, None);
        }
        let balancers: Vec<(Path, String, String)> = self
            .list("balancer")
            .into_iter()
            .map(|(path, item)| {
                (path, name(item), item.text_of("policy").unwrap_or("round-robin").to_owned())
            })
            .collect();
        for (path, name, note) in balancers {
            self.node(NodeKind::Balancer, "balancer", &name, note, path, None);
        }
        let servers: Vec<(Path, Item)> =
            self.list("server").into_iter().map(|(path, item)| (path, item.clone())).collect();
        for (path, item) in servers {
            let count = item.get("count").map_or_else(|| "1".to_owned(), Item::toml);
            let group = self.graph.groups.len();
            let group_name = name(&item);
            let mistakes = Vec::new();
            self.graph.groups.push(Group {
                name: group_name.clone(),
                count,
                path: Some(path.clone()),
                mistakes,
            });
            for list in ["pool", "processor"] {
                for (role, station) in item.get(list).map_or(&[][..], Item::fields) {
                    let path = key(&key(&path, list), role);
                    self.station(list, role, station, path, Some((group, &group_name)));
                }
            }
        }
        let regions: Vec<(Path, String, String)> = self
            .list("region")
            .into_iter()
            .map(|(path, item)| (path, name(item), item.get("seps").map_or_else(String::new, Item::toml)))
            .collect();
        for (path, name, seps) in regions {
            let note = if seps.is_empty() { "SEPs".to_owned() } else { format!("{seps} SEPs") };
            self.node(NodeKind::Pool, "region", &name, note, path, None);
            // What waits and runs there is what waits for its processes.
            if let Some(node) = self.graph.nodes.last_mut() {
                node.component = format!("{name}.seps");
            }
        }
        for list in ["pool", "processor"] {
            let singles: Vec<(Path, Item)> =
                self.list(list).into_iter().map(|(path, item)| (path, item.clone())).collect();
            for (path, item) in singles {
                self.station(list, &name(&item), &item, path, None);
            }
        }
    }

    fn station(&mut self, list: &str, name: &str, item: &Item, path: Path, group: Option<(usize, &str)>) {
        let number = |key: &str| item.get(key).map_or_else(|| "1".to_owned(), Item::toml);
        let (kind, note) = if list == "pool" {
            (NodeKind::Pool, crate::tr!("network-tokens", count = counted(&number("size"))))
        } else {
            let device = item.get("device").is_some_and(|item| item.value == Value::Boolean(true));
            let scheduler = item.text_of("scheduler").unwrap_or("fcfs");
            let cores = crate::tr!("network-cores", count = counted(&number("cores")));
            let kind = if device { NodeKind::Device } else { NodeKind::Processor };
            (kind, format!("{cores} · {scheduler}"))
        };
        self.node(kind, list, name, note, path, group);
    }

    fn node(
        &mut self,
        kind: NodeKind,
        list: &str,
        name: &str,
        note: String,
        path: Path,
        group: Option<(usize, &str)>,
    ) {
        let component = group.map_or_else(|| name.to_owned(), |(_, group)| format!("{group}.{name}"));
        // The place makes it unique where a name is given twice.
        let taken = |id: &String| self.graph.nodes.iter().any(|node| node.id == *id);
        let mut id = format!("{list} {component}");
        if taken(&id) {
            id = format!("{id} {}", self.graph.nodes.len());
        }
        self.nodes.insert(path.clone(), self.graph.nodes.len());
        self.graph.nodes.push(Node {
            id,
            kind,
            name: name.to_owned(),
            note,
            path: Some(path),
            group: group.map(|(group, _)| group),
            component,
            mistakes: Vec::new(),
        });
    }

    fn flows(&mut self) {
        let classes: Vec<(Path, String)> =
            self.list("class").into_iter().map(|(path, item)| (path, name(item))).collect();
        for (flow, (path, name)) in classes.into_iter().enumerate() {
            self.graph.flows.push(Flow { name, path: Some(path.clone()), mistakes: Vec::new() });
            let of_class = |(place, target): (&Path, &Option<Path>)| {
                (target.as_ref() == Some(&path)).then(|| place[..place.len() - 1].to_vec())
            };
            let sources: Vec<Path> = self.references.iter().filter_map(of_class).collect();
            let starts: Tails =
                sources.iter().filter_map(|source| Some((*self.nodes.get(source)?, 1.0))).collect();
            let closed = |source: &Path| self.root.at(&key(&key(source, "arrivals"), "closed")).is_some();
            let all_closed = !sources.is_empty() && sources.iter().all(closed);
            let mut tails = starts.clone();
            self.steps_of(&key(&path, "steps"), flow, &mut tails);
            for (from, part) in tails {
                if all_closed {
                    // The customers come back, think, and come again.
                    for (source, _) in &starts {
                        self.graph.connect(from, *source, flow, part, None);
                    }
                } else {
                    let exit = self.graph.exit();
                    self.graph.connect(from, exit, flow, part, None);
                }
            }
        }
    }

    fn steps_of(&mut self, path: &Path, flow: usize, tails: &mut Tails) {
        let count = self.root.at(path).map_or(0, |item| item.items().len());
        for index in 0..count {
            self.step(&at(path, index), flow, tails);
        }
    }

    fn arrive(&mut self, node: usize, step: &Path, flow: usize, tails: &mut Tails) {
        self.graph.steps.insert(step.clone(), node);
        for (from, part) in tails.drain(..) {
            self.graph.connect(from, node, flow, part, Some(step));
        }
        tails.push((node, 1.0));
    }

    fn step(&mut self, path: &Path, flow: usize, tails: &mut Tails) {
        self.steps += 1;
        let Some(step) = self.root.at(path).filter(|_| self.steps <= STEPS) else { return };
        for word in ["work", "hold", "balance", "request"] {
            let Some(name) = step.text_of(word) else { continue };
            let target = self.references.get(&key(path, word)).cloned().flatten();
            let node = target.and_then(|target| self.nodes.get(&target).copied());
            let node = node.unwrap_or_else(|| {
                let node = self.graph.add(NodeKind::Missing, name, format!("missing {word} {name}"));
                word.clone_into(&mut self.graph.nodes[node].note);
                node
            });
            self.arrive(node, path, flow, tails);
        }
        if let Some(law) = step.get("delay") {
            let id = format!("delay {flow} {}", place_of(path));
            let node = self.graph.add(NodeKind::Delay, "", id);
            self.graph.nodes[node].note = brief(law);
            self.graph.nodes[node].path = Some(path.clone());
            "delay".clone_into(&mut self.graph.nodes[node].component);
            self.arrive(node, path, flow, tails);
        }
        let lists = inner_steps(step);
        if step.get("branch").is_some() {
            self.branch(path, &lists, flow, tails);
        } else if step.get("fork").is_some() {
            self.fork(path, &lists, flow, tails);
        } else if let Some(count) = step.get("repeat") {
            let before: Vec<usize> = tails.iter().map(|(node, _)| *node).collect();
            let first = self.graph.edges.len();
            for list in &lists {
                self.steps_of(&[path.as_slice(), list].concat(), flow, tails);
            }
            // Back to wherever the first of the repeated steps is.
            let heads: Vec<usize> = self.graph.edges[first.min(self.graph.edges.len())..]
                .iter()
                .filter(|edge| edge.flow == flow && before.contains(&edge.from))
                .map(|edge| edge.to)
                .collect();
            let label = format!("× {}", brief(count));
            for (from, part) in tails.clone() {
                for head in heads.iter().copied().take(1) {
                    self.graph.connect(from, head, flow, part, Some(path));
                    let same =
                        |edge: &&mut super::Edge| edge.from == from && edge.to == head && edge.flow == flow;
                    if let Some(edge) = self.graph.edges.iter_mut().find(same) {
                        edge.label.clone_from(&label);
                    }
                }
            }
        } else {
            for list in lists {
                self.steps_of(&[path.as_slice(), &list].concat(), flow, tails);
            }
        }
    }

    fn branch(&mut self, path: &Path, lists: &[Path], flow: usize, tails: &mut Tails) {
        let before = tails.clone();
        let mut after: Tails = Vec::new();
        let mut rest = 1.0f64;
        for list in lists {
            let way = [path.as_slice(), list].concat();
            let p = self.root.at(&key(&way[..way.len() - 1], "p")).map_or(0.0, number);
            rest -= p;
            let mut tails: Tails = before.iter().map(|(node, part)| (*node, part * p)).collect();
            self.steps_of(&way, flow, &mut tails);
            after.extend(tails);
        }
        if rest > 1e-9 {
            after.extend(before.iter().map(|(node, part)| (*node, part * rest)));
        }
        *tails = merged(after);
    }

    fn fork(&mut self, path: &Path, lists: &[Path], flow: usize, tails: &mut Tails) {
        let before = tails.clone();
        let join = self.root.at(&key(path, "join")).map_or_else(|| "all".to_owned(), brief);
        let node = self.graph.add(NodeKind::Join, "", format!("join {flow} {}", place_of(path)));
        self.graph.nodes[node].note = crate::tr!("network-join-note", join = join, count = lists.len());
        self.graph.nodes[node].path = Some(path.clone());
        for list in lists {
            let mut tails = before.clone();
            self.steps_of(&[path.as_slice(), list].concat(), flow, &mut tails);
            for (from, part) in tails {
                self.graph.connect(from, node, flow, part, Some(path));
            }
        }
        self.graph.steps.insert(path.clone(), node);
        *tails = vec![(node, 1.0)];
    }
}

fn name(item: &Item) -> String {
    item.text_of("name").unwrap_or("").to_owned()
}

fn number(item: &Item) -> f64 {
    match &item.value {
        Value::Number(text) => text.replace('_', "").parse().unwrap_or(0.0),
        _ => 0.0,
    }
}

fn place_of(path: &Path) -> String {
    let words = path.iter().skip(2).map(|part| match part {
        Part::Key(key) => key.clone(),
        Part::At(index) => index.to_string(),
    });
    words.collect::<Vec<_>>().join(".")
}

/// A law or a number in few words: `exponential 5ms`.
pub fn brief(item: &Item) -> String {
    match &item.value {
        Value::Text(text) | Value::Number(text) => text.clone(),
        Value::Boolean(value) => value.to_string(),
        Value::Other => String::new(),
        Value::List(items) => format!("[{}]", items.len()),
        Value::Table(fields) => {
            let parts = fields.iter().map(|(key, item)| match key.as_str() {
                "mean" | "name" => brief(item),
                _ => format!("{key} {}", brief(item)),
            });
            parts.collect::<Vec<_>>().join(" ")
        }
    }
}

/// Puts each mistake to the smallest part that it stands in.
fn blame(root: &Item, graph: &mut Graph, mistakes: &[Diagnostic]) {
    let nodes = graph.nodes.iter().filter_map(|node| node.path.clone());
    let groups = graph.groups.iter().filter_map(|group| group.path.clone());
    let flows = graph.flows.iter().filter_map(|flow| flow.path.clone());
    let all: Vec<Path> = nodes.chain(groups).chain(flows).chain(graph.steps.keys().cloned()).collect();
    for mistake in mistakes {
        let what = crate::catalog::mistake(mistake);
        let words = match crate::catalog::help(mistake) {
            Some(help) => format!("{what}\n{help}"),
            None => what,
        };
        let place = mistake.span.as_ref().filter(|_| mistake.option.is_none()).map(|span| span.start);
        let Some(path) = place.and_then(|place| root.smallest(&all, place)) else {
            graph.mistakes.push(words);
            continue;
        };
        if let Some(node) = graph.node_of(path) {
            graph.nodes[node].mistakes.push(words.clone());
        }
        if let Some(group) = graph.groups.iter_mut().find(|group| group.path.as_ref() == Some(path)) {
            group.mistakes.push(words.clone());
        }
        // A step is its class's too.
        let of_flow = |flow: &&mut Flow| flow.path.as_ref().is_some_and(|own| path.starts_with(own));
        if let Some(flow) = graph.flows.iter_mut().find(of_flow) {
            flow.mistakes.push(words);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use scenarios::{Input, Options};

    fn graph(text: &str) -> Graph {
        let input = Input::of("a.toml", text.as_bytes().to_vec(), None).expect("a scenario");
        let mistakes = scenarios::load(&input, &Options::default()).err().unwrap_or_default();
        of_text(text, &mistakes)
    }

    fn edges(graph: &Graph) -> Vec<String> {
        let name = |node: usize| {
            let node = &graph.nodes[node];
            if node.component.is_empty() { node.id.clone() } else { node.component.clone() }
        };
        let edge = |edge: &super::super::Edge| {
            let part = if edge.part < 1.0 { format!(" {:.2}", edge.part) } else { String::new() };
            format!("{} > {}{part}{}", name(edge.from), name(edge.to), edge.label)
        };
        graph.edges.iter().map(edge).collect()
    }

    #[test]
    fn jobs_go_as_their_steps_say() {
        let shop = scenarios::library::get("web-shop").expect("there").text;
        let found = edges(&graph(shop));
        let expected = [
            "visitors > lb",
            "lb > web.workers",
            "web.workers > web.cpu",
            "web.cpu > web.disk 0.30",
            "web.cpu > web.cpu 0.70",
            "web.disk > web.cpu",
            "web.cpu > exit",
            "buyers > lb",
            "lb > web.workers",
            "web.workers > web.cpu",
            "web.cpu > delay",
            "delay > web.disk",
            "web.disk > exit",
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn customers_of_a_closed_source_come_back_and_repeats_go_round() {
        let text = "stop = { jobs = 10 }\n[[class]]\nname = \"a\"\nsteps = [{ repeat = 3, steps = [\
                    { work = \"cpu\", demand = \"1ms\" }, { work = \"disk\", demand = \"1ms\" }] }]\n\
                    [[source]]\nname = \"s\"\nclass = \"a\"\narrivals = { closed = { customers = 2, think = \"1ms\" } }\n\
                    [[processor]]\nname = \"cpu\"\n[[processor]]\nname = \"disk\"\n";
        assert_eq!(edges(&graph(text)), ["s > cpu", "cpu > disk", "disk > cpu× 3", "disk > s"]);
    }

    #[test]
    fn a_mistake_stands_where_it_was_made() {
        let text = "stop = { jobs = 10 }\n[[class]]\nname = \"a\"\nsteps = [{ work = \"cpux\", demand = \"1ms\" }]\n\
                    [[source]]\nname = \"s\"\nclass = \"a\"\narrivals = { poisson = \"10\" }\n\
                    [[processor]]\nname = \"cpu\"\ncores = 0\n";
        let graph = graph(text);
        let wrong: Vec<&str> = graph
            .nodes
            .iter()
            .filter(|node| !node.mistakes.is_empty())
            .map(|node| node.name.as_str())
            .collect();
        assert_eq!(wrong, ["s", "cpu", "cpux"], "{graph:#?}");
        assert_eq!(graph.flows[0].mistakes.len(), 1);
        assert!(graph.mistakes.is_empty(), "{:?}", graph.mistakes);
    }
}
