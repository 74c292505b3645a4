//! The form for what is selected, and the steps of its class.

use super::form::{self, Form, edit};
use crate::app::action::Action;
use crate::app::network::{Drawn, Edit, NetworkAction, new_step};
use crate::app::state::State;
use crate::model::network::NodeKind;
use crate::theme;
use crate::tr;
use egui::Ui;
use scenarios::draft::{Item, Part, Path, at, inner_steps, key};
use scenarios::keys::{self, Kind, Table};

/// Kinds of steps.
const STEPS: [&str; 7] = ["work", "hold", "balance", "delay", "branch", "repeat", "fork"];
/// Steps that are listed.
const LISTED: usize = 400;

/// Draws the form.
pub fn ui(ui: &mut Ui, state: &State, drawn: &Drawn, out: &mut Vec<Action>) {
    let root = &drawn.root;
    let form = Form { root, counts: false };
    let selection = state.network.selection.as_ref().filter(|path| root.at(path).is_some());
    let Some(path) = selection else {
        missing(ui, drawn, out);
        ui.heading(tr!("network-scenario"));
        form.table(ui, Some(root), keys::SCENARIO.keys, &Vec::new(), out);
        ui.separator();
        ui.weak(tr!("network-hint"));
        return;
    };
    let Some(item) = root.at(path) else { return };
    let (heading, table) = described(root, path, item);
    ui.push_id(format!("{path:?}"), |ui| {
        ui.horizontal_wrapped(|ui| {
            ui.heading(&heading);
        });
        head(ui, drawn, path, item, out);
        mistakes(ui, state, drawn, path);
        if let Some(table) = table {
            form.table(ui, Some(item), table.keys, path, out);
        }
        roles(ui, path, item, out);
    });
    if matches!(path.first(), Some(Part::Key(list)) if list == "class") {
        ui.separator();
        ui.strong(tr!("network-steps"));
        let mut left = LISTED;
        steps(ui, state, root, &key(&path[..2], "steps"), 0, &mut left, out);
    } else if let Some(Part::Key(list)) = path.first()
        && (list == "processor" || list == "pool" || list == "balancer" || list == "server")
    {
        ui.separator();
        visit(ui, drawn, path, out);
    }
}

/// Names of stations that steps say and nothing has.
fn missing(ui: &mut Ui, drawn: &Drawn, out: &mut Vec<Action>) {
    for node in drawn.graph.nodes.iter().filter(|node| node.kind == NodeKind::Missing) {
        let (list, key) = match node.note.as_str() {
            "hold" => ("pool", "network-pool"),
            "balance" => ("balancer", "network-balancer"),
            _ => ("processor", "network-processor"),
        };
        let name = format!("{} {}", tr!(key), node.name);
        if !node.name.contains('.') && ui.button(tr!("network-add-missing", name = name)).clicked() {
            let name = scenarios::draft::edit::string(&node.name);
            let more = match list {
                "pool" => ", size = 1",
                "balancer" => ", targets = \"\"",
                _ => "",
            };
            let count = drawn.root.get(list).map_or(0, |items| items.items().len());
            let path = vec![Part::Key(list.to_owned())];
            out.push(edit(Edit::Insert(path, count, format!("{{ name = {name}{more} }}"))));
        }
    }
}

/// What is selected, in words, and its keys.
fn described(root: &Item, path: &Path, item: &Item) -> (String, Option<&'static Table>) {
    let list = match path.first() {
        Some(Part::Key(list)) => list.as_str(),
        _ => "",
    };
    let owner = root.at(&path[..path.len().min(2)]).and_then(|item| item.text_of("name")).unwrap_or("");
    if list == "class" && path.len() > 2 {
        let form = keys::STEPS.iter().find(|form| item.get(form.keys[0].name).is_some());
        let word = form.map_or("?", |form| form.keys[0].name);
        let number = path.iter().rev().find_map(|part| match part {
            Part::At(index) => Some(index + 1),
            Part::Key(_) => None,
        });
        let number = number.unwrap_or(0);
        return (tr!("network-step-of", number = number, word = word, class = owner), form.copied());
    }
    if let (Some(Part::Key(kind)), Some(Part::Key(role))) = (path.get(2), path.get(3)) {
        let table = if kind == "pool" { &keys::POOL } else { &keys::PROCESSOR };
        let word = tr!(if kind == "pool" { "network-pool" } else { "network-processor" });
        return (format!("{word} {owner}.{role}"), Some(table));
    }
    let table = keys::SCENARIO.key(list).and_then(|key| match key.kind {
        Kind::List(table) => Some(table),
        _ => None,
    });
    let word = super::LISTS.iter().find(|(name, _)| *name == list).map_or("network-class", |(_, key)| key);
    (format!("{} {owner}", tr!(word)), table)
}

/// The name, and what can be done with the whole.
fn head(ui: &mut Ui, drawn: &Drawn, path: &Path, item: &Item, out: &mut Vec<Action>) {
    let is_step = path.len() > 2 && matches!(path.first(), Some(Part::Key(list)) if list == "class");
    let name = match path.last() {
        Some(Part::Key(role)) => Some(role.clone()),
        _ => item.text_of("name").map(str::to_owned),
    };
    if let Some(name) = name.filter(|_| !is_step) {
        ui.horizontal(|ui| {
            ui.label(tr!("network-name"));
            if let Some(new) = form::buffered(ui, &tr!("network-name"), &name) {
                out.push(edit(Edit::Rename(path.clone(), new)));
            }
        });
    }
    ui.horizontal_wrapped(|ui| {
        if ui.button(tr!("network-duplicate")).clicked() {
            out.push(edit(Edit::Duplicate(path.clone())));
        }
        if ui.button(tr!("network-remove")).clicked() {
            out.push(Action::Network(NetworkAction::AskRemove(path.clone())));
        }
        let Some(Part::At(index)) = path.last().filter(|_| is_step) else { return };
        let list = &path[..path.len() - 1];
        let count = drawn.root.at(list).map_or(0, |items| items.items().len());
        for (key, later, can) in
            [("network-up", false, *index > 0), ("network-down", true, index + 1 < count)]
        {
            if ui.add_enabled(can, egui::Button::new(tr!(key))).clicked() {
                out.push(edit(Edit::Shift(path.clone(), later)));
            }
        }
    });
    if !is_step {
        return;
    }
    let Some(Part::At(index)) = path.last() else { return };
    let list = path[..path.len() - 1].to_vec();
    ui.horizontal_wrapped(|ui| {
        insert(ui, drawn, &tr!("network-before"), &list, *index, out);
        insert(ui, drawn, &tr!("network-after"), &list, index + 1, out);
    });
    ui.horizontal_wrapped(|ui| {
        for (number, inner) in inner_steps(item).iter().enumerate() {
            let list = [path.as_slice(), inner].concat();
            let count = drawn.root.at(&list).map_or(0, |items| items.items().len());
            let title = tr!("network-inside", number = number + 1);
            insert(ui, drawn, &title, &list, count, out);
        }
        if item.get("fork").is_some() && ui.button(tr!("network-child")).clicked() {
            let list = key(path, "fork");
            let count = item.get("fork").map_or(0, |items| items.items().len());
            out.push(edit(Edit::Insert(list, count, "[{ delay = \"10ms\" }]".to_owned())));
        }
    });
}

/// A menu of steps that can be put somewhere.
fn insert(ui: &mut Ui, drawn: &Drawn, title: &str, list: &Path, index: usize, out: &mut Vec<Action>) {
    ui.menu_button(title, |ui| {
        for kind in STEPS {
            if ui.button(kind).clicked() {
                let value = new_step(&drawn.root, kind, None);
                out.push(edit(Edit::Insert(list.clone(), index, value)));
                ui.close();
            }
        }
    });
}

fn mistakes(ui: &mut Ui, state: &State, drawn: &Drawn, path: &Path) {
    let colors = theme::palette(state.settings.look.is_dark());
    let graph = &drawn.graph;
    let of_node = graph.node_of(path).map(|node| &graph.nodes[node].mistakes);
    let of_flow = graph.flows.iter().find(|flow| flow.path.as_ref() == Some(path)).map(|flow| &flow.mistakes);
    let of_group =
        graph.groups.iter().find(|group| group.path.as_ref() == Some(path)).map(|group| &group.mistakes);
    for mistake in of_node.into_iter().chain(of_flow).chain(of_group).flatten() {
        ui.colored_label(colors.bad, format!("✖ {mistake}"));
    }
}

/// The stations of a server group.
fn roles(ui: &mut Ui, path: &Path, item: &Item, out: &mut Vec<Action>) {
    if path.len() != 2 || !matches!(path.first(), Some(Part::Key(list)) if list == "server") {
        return;
    }
    for (list, title, value) in
        [("processor", "network-processors", "{ cores = 1 }"), ("pool", "network-pools", "{ size = 1 }")]
    {
        let inner = item.get(list);
        let names: Vec<&String> = inner.map_or(&[][..], Item::fields).iter().map(|(name, _)| name).collect();
        ui.horizontal_wrapped(|ui| {
            ui.label(tr!(title));
            for name in &names {
                if ui.link(name.as_str()).clicked() {
                    let path = key(&key(path, list), name);
                    out.push(Action::Network(NetworkAction::Select(Some(path))));
                }
            }
            if form::add(ui, &tr!(title)).clicked() {
                let stem = if list == "pool" { "tokens" } else { "cpu" };
                let numbered = (2..).map(|number| format!("{stem}-{number}"));
                let mut free = std::iter::once(stem.to_owned()).chain(numbered);
                let is_free = |name: &String| names.iter().all(|other| *other != name);
                if let Some(name) = free.find(is_free) {
                    out.push(edit(Edit::Set(key(&key(path, list), &name), value.to_owned())));
                }
            }
        });
    }
}

/// Steps as a list, each to be selected.
fn steps(
    ui: &mut Ui,
    state: &State,
    root: &Item,
    list: &Path,
    depth: usize,
    left: &mut usize,
    out: &mut Vec<Action>,
) {
    let count = root.at(list).map_or(0, |items| items.items().len());
    for index in 0..count {
        let path = at(list, index);
        let Some(step) = root.at(&path) else { continue };
        if *left == 0 {
            ui.weak("…");
            return;
        }
        *left -= 1;
        ui.horizontal(|ui| {
            ui.add_space(depth as f32 * 16.0);
            let chosen = state.network.selection.as_ref() == Some(&path);
            let words = words(step);
            let label = egui::Button::selectable(chosen, &words).truncate();
            if ui.add(label).on_hover_text(&words).clicked() {
                out.push(Action::Network(NetworkAction::Select(Some(path.clone()))));
            }
        });
        for (number, inner) in inner_steps(step).iter().enumerate() {
            let list = [path.as_slice(), inner].concat();
            if let Some(p) = root.at(&key(&list[..list.len() - 1], "p")) {
                ui.horizontal(|ui| {
                    ui.add_space((depth + 1) as f32 * 16.0);
                    ui.weak(format!("p = {}", p.toml()));
                });
            } else if step.get("fork").is_some() {
                ui.horizontal(|ui| {
                    ui.add_space((depth + 1) as f32 * 16.0);
                    ui.weak(tr!("network-child-number", number = number + 1));
                });
            }
            steps(ui, state, root, &list, depth + 1, left, out);
        }
    }
}

/// A step in few words: `work cpu  exponential 6ms`.
fn words(step: &Item) -> String {
    let form = keys::STEPS.iter().find(|form| step.get(form.keys[0].name).is_some());
    let Some(form) = form else { return "?".to_owned() };
    let brief = |key: &str| step.get(key).map(crate::model::network::brief).unwrap_or_default();
    let word = form.keys[0].name;
    match word {
        "work" => format!("work {}  {}", brief("work"), brief("demand")),
        "branch" | "fork" => word.to_owned(),
        _ => format!("{word} {}", brief(word)),
    }
}

/// Puts a station into the flow of a class.
fn visit(ui: &mut Ui, drawn: &Drawn, path: &Path, out: &mut Vec<Action>) {
    let graph = &drawn.graph;
    let Some(node) = graph.nodes.iter().find(|node| node.path.as_ref() == Some(path)) else { return };
    let kind = match node.kind {
        NodeKind::Processor | NodeKind::Device => "work",
        NodeKind::Pool => "hold",
        NodeKind::Balancer => "balance",
        _ => return,
    };
    ui.strong(tr!("network-visit"));
    for flow in &graph.flows {
        let Some(class) = &flow.path else { continue };
        let list = key(class, "steps");
        let value = new_step(&drawn.root, kind, Some(&node.name));
        let count = drawn.root.at(&list).map_or(0, |items| items.items().len());
        ui.horizontal_wrapped(|ui| {
            ui.label(&flow.name);
            for (title, index) in [("network-first", 0), ("network-last", count)] {
                let name = format!("{} {}", flow.name, tr!(title));
                if ui.button(tr!(title)).on_hover_text(&name).clicked() {
                    out.push(edit(Edit::Insert(list.clone(), index, value.clone())));
                }
            }
        });
    }
}
