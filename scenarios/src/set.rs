//! `--set PATH=VALUE`: changes the tree before it is compiled, so that mistakes still have their place.
//!
//! The first part of a path is a top-level key (`stop.jobs`) or the name of a class, source, processor, pool, server
//! group or balancer (`web.count`, `clients.arrivals.poisson`); the others are keys, names of roles, or the numbers of
//! steps from 0 (`page.steps.0.demand`). Where keys are alternatives, setting one removes the others that the file has.

use crate::diagnostic::{Place, Sink, did_you_mean_or_list};
use crate::keys::{self, Kind, SCENARIO, Table};
use crate::tree::{Entry, Node, Value, parse_value};

/// Applies all changes of an option, in order.
pub(crate) fn apply(root: &mut Node, flag: &str, set: &[(String, String)], sink: &mut Sink) {
    for (path, value) in set {
        let place = sink.option(flag, &format!("{path}={value}"));
        let whole_path = place.part(0..path.len());
        let value = parse_value(value, place.part(path.len() + 1..place.end));
        let mut offset = 0;
        let segments: Vec<Segment<'_>> = path
            .split('.')
            .map(|text| {
                let place = place.part(offset..offset + text.len());
                offset += text.len() + 1;
                Segment { text: text.trim(), place }
            })
            .collect();
        let mut change = Change { segments: &segments, path: whole_path, value: Some(value), sink };
        change.first(root);
    }
}

#[derive(Clone, Copy)]
struct Segment<'a> {
    text: &'a str,
    place: Place,
}

struct Change<'a> {
    segments: &'a [Segment<'a>],
    path: Place,
    value: Option<Node>,
    sink: &'a mut Sink,
}

impl Change<'_> {
    /// Finds what the first part of the path means.
    fn first(&mut self, root: &mut Node) {
        let head = self.segments[0];
        let mut found: Vec<(&'static str, usize, &'static Table)> = Vec::new();
        let mut names: Vec<String> = Vec::new();
        for key in SCENARIO.keys {
            let Kind::List(table) = key.kind else { continue };
            for (index, item) in root.get(key.name).into_iter().flat_map(Node::elements).enumerate() {
                let Some(name) = item.get("name").and_then(Node::as_text) else { continue };
                names.push(name.to_owned());
                if name == head.text {
                    found.push((key.name, index, table));
                }
            }
        }
        // A class and a source may share a name: the next part of the path tells them apart where it can.
        if found.len() > 1 {
            let next = self.segments.get(1).map_or("", |segment| segment.text);
            let fitting: Vec<_> =
                found.iter().copied().filter(|(_, _, table)| table.key(next).is_some()).collect();
            if !fitting.is_empty() {
                found = fitting;
            }
        }
        match (found.as_slice(), SCENARIO.key(head.text)) {
            ([(list, index, table)], _) => {
                if self.segments.len() == 1 {
                    self.sink
                        .error(
                            "S063",
                            head.place,
                            format!("`{}` is a whole {}; name one of its keys", head.text, bare(table.name)),
                        )
                        .help(format!(
                            "its keys: {}",
                            table.keys.iter().map(|k| k.name).collect::<Vec<_>>().join(", ")
                        ));
                    return;
                }
                let item = root.child_mut(list).and_then(|node| match &mut node.value {
                    Value::Array(items) => items.get_mut(*index),
                    _ => None,
                });
                if let Some(item) = item {
                    self.table(item, table, 1);
                }
            }
            ([_, _, ..], _) => {
                self.sink.error("S063", head.place, format!("several things are called `{}`", head.text));
            }
            ([], Some(key)) if !matches!(key.kind, Kind::List(_)) => self.table(root, &SCENARIO, 0),
            ([], _) => {
                let mut known: Vec<&str> = names.iter().map(String::as_str).collect();
                known.extend(
                    SCENARIO.keys.iter().filter(|k| !matches!(k.kind, Kind::List(_))).map(|k| k.name),
                );
                let message =
                    format!("`{}` is neither a name in this scenario nor a top-level key", head.text);
                self.sink
                    .error("S063", head.place, message)
                    .help_if(|| did_you_mean_or_list(head.text, "a path begins with one of", &known));
            }
        }
    }

    /// Sets a key of a table, or goes down into it.
    fn table(&mut self, node: &mut Node, table: &'static Table, depth: usize) {
        self.key(node, table.name, table.keys, depth, |name| {
            if table.either {
                table.keys.iter().map(|k| k.name).filter(|other| *other != name).collect()
            } else {
                Vec::new()
            }
        });
    }

    /// The same for a table of one of several forms.
    fn forms(&mut self, node: &mut Node, what: &str, forms: &'static [&'static Table], depth: usize) {
        let keys: Vec<keys::Key> = forms.iter().flat_map(|form| form.keys.iter().copied()).collect();
        self.key(node, what, &keys, depth, |name| {
            match forms.iter().find(|form| form.keys[0].name == name) {
                Some(form) => {
                    let others = forms.iter().flat_map(|other| other.keys.iter().map(|k| k.name));
                    others.filter(|other| form.key(other).is_none()).collect()
                }
                None => Vec::new(),
            }
        });
    }

    fn key(
        &mut self,
        node: &mut Node,
        what: &str,
        keys: &[keys::Key],
        depth: usize,
        replaced: impl Fn(&str) -> Vec<&'static str>,
    ) {
        let Some(segment) = self.segments.get(depth).copied() else { return };
        let Some(key) = keys.iter().find(|key| key.name == segment.text) else {
            let known: Vec<&str> = keys.iter().map(|key| key.name).collect();
            self.sink
                .error("S063", segment.place, format!("`{}` is no key of {what}", segment.text))
                .help_if(|| did_you_mean_or_list(segment.text, "its keys", &known));
            return;
        };
        if depth > 0 && key.name == "name" {
            self.sink.error("S063", segment.place, "names cannot be changed");
            return;
        }
        let Value::Table(entries) = &mut node.value else {
            // `stop = 5` in the file: the file's mistake is reported where it is.
            node.value = Value::Table(Vec::new());
            return self.key(node, what, keys, depth, replaced);
        };
        let others = replaced(key.name);
        entries.retain(|entry| entry.from_option || !others.contains(&entry.key.as_str()));
        if !entries.iter().any(|entry| entry.key == key.name) {
            let value = match key.kind {
                Kind::Steps | Kind::StepLists => Value::Array(Vec::new()),
                _ => Value::Table(Vec::new()),
            };
            entries.push(Entry {
                key: key.name.to_owned(),
                key_place: segment.place,
                node: Node { place: self.path, value },
                from_option: true,
            });
        }
        let Some(entry) = entries.iter_mut().find(|entry| entry.key == key.name) else { return };
        if depth + 1 == self.segments.len() {
            entry.node = self.value.take().unwrap_or_else(|| entry.node.clone());
            entry.key_place = segment.place;
            entry.from_option = true;
            return;
        }
        self.descend(&mut entry.node, key.kind, key.name, depth + 1);
    }

    /// Goes on inside a value.
    fn descend(&mut self, node: &mut Node, kind: Kind, name: &str, depth: usize) {
        let segment = self.segments[depth];
        match kind {
            Kind::Table(table) => self.table(node, table, depth),
            Kind::Forms(forms) => self.forms(node, &format!("`{name}`"), forms, depth),
            Kind::Rates => self.forms(node, "a rate", keys::RATES, depth),
            Kind::Law | Kind::CountLaw => self.forms(node, "a law", keys::LAWS, depth),
            Kind::Ties => {
                const STRING: Kind = Kind::Text;
                let rules: Vec<keys::Key> = std::iter::once("preset")
                    .chain(sim_core::ties::RULES.iter().map(|rule| rule.key))
                    .map(|name| keys::Key { name, kind: STRING, required: false, help: "" })
                    .collect();
                self.key(node, "the tie rules", &rules, depth, |_| Vec::new());
            }
            Kind::Named(table) => {
                let names: Vec<String> = node.entries().iter().map(|entry| entry.key.clone()).collect();
                let Some(item) = node.child_mut(segment.text) else {
                    let known: Vec<&str> = names.iter().map(String::as_str).collect();
                    self.sink
                        .error("S063", segment.place, format!("there is no `{}` in `{name}`", segment.text))
                        .help_if(|| did_you_mean_or_list(segment.text, "there are", &known));
                    return;
                };
                if depth + 1 == self.segments.len() {
                    item.clone_from(&self.value.take().unwrap_or_else(|| item.clone()));
                } else {
                    self.table(item, table, depth + 1);
                }
            }
            Kind::Steps | Kind::StepLists | Kind::Plain(_) => self.element(node, kind, name, depth),
            _ => {
                self.sink.error("S063", segment.place, format!("`{name}` has no parts"));
            }
        }
    }

    /// Goes on in an element of an array, by its number from 0.
    fn element(&mut self, node: &mut Node, kind: Kind, name: &str, depth: usize) {
        let segment = self.segments[depth];
        let count = node.elements().len();
        let index = segment.text.parse::<usize>().ok().filter(|index| *index < count);
        let (Some(index), Value::Array(items)) = (index, &mut node.value) else {
            let message = format!(
                "`{}` is no place in `{name}`, which has {count} elements, the first is 0",
                segment.text
            );
            self.sink.error("S063", segment.place, message);
            return;
        };
        let item = &mut items[index];
        if depth + 1 == self.segments.len() {
            *item = self.value.take().unwrap_or_else(|| item.clone());
            return;
        }
        match kind {
            Kind::Steps => self.forms(item, "a step", keys::STEPS, depth + 1),
            Kind::StepLists => self.element(item, Kind::Steps, name, depth + 1),
            Kind::Plain(table) => self.table(item, table, depth + 1),
            _ => {}
        }
    }
}

fn bare(name: &str) -> &str {
    name.trim_start_matches("a ").trim_start_matches("an ")
}

impl Node {
    fn child_mut(&mut self, key: &str) -> Option<&mut Node> {
        match &mut self.value {
            Value::Table(entries) => {
                entries.iter_mut().find(|entry| entry.key == key).map(|entry| &mut entry.node)
            }
            _ => None,
        }
    }
}
