//! Which name means which station: the rules that classes are compiled by, for texts that may not compile.

use super::{Item, Part, Path, at, key};
use crate::keys::{Kind, STEPS};
use std::collections::BTreeMap;

/// For each value that names something, what it names: a path to a string, and the path of a processor, pool, server
/// group, balancer, region or class. `None`: there is nothing of that name there.
///
/// Names of stations are looked up from the inside out: at the server that the innermost `balance` chose, then at the
/// servers of the balances around it, then among the single stations. `web.cpu` is the station `cpu` of the group `web`.
/// Of things that have the same name the first is meant.
pub fn references(root: &Item) -> BTreeMap<Path, Option<Path>> {
    let mut names = Names { root, found: BTreeMap::new() };
    for (index, _) in names.list("class").iter().enumerate() {
        let path = at(&[Part::Key("class".to_owned())], index);
        names.steps(&key(&path, "steps"), &mut Vec::new());
    }
    for (list, field, of) in [("source", "class", "class"), ("balancer", "targets", "server")] {
        for (index, item) in names.list(list).iter().enumerate() {
            if let Some(name) = item.text_of(field) {
                let path = key(&at(&[Part::Key(list.to_owned())], index), field);
                let target = names.named(of, name);
                names.found.insert(path, target);
            }
        }
    }
    names.found
}

struct Names<'a> {
    root: &'a Item,
    found: BTreeMap<Path, Option<Path>>,
}

impl<'a> Names<'a> {
    fn list(&self, list: &str) -> &'a [Item] {
        self.root.get(list).map_or(&[], Item::items)
    }

    fn named(&self, list: &str, name: &str) -> Option<Path> {
        let index = self.list(list).iter().position(|item| item.text_of("name") == Some(name))?;
        Some(at(&[Part::Key(list.to_owned())], index))
    }

    /// Goes through a list of steps. `scopes` has the server groups of the balances around it, the innermost last.
    fn steps(&mut self, path: &[Part], scopes: &mut Vec<Path>) {
        let open = scopes.len();
        let count = self.root.at(path).map_or(0, |item| item.items().len());
        for index in 0..count {
            self.step(&at(path, index), scopes);
        }
        scopes.truncate(open);
    }

    fn step(&mut self, path: &[Part], scopes: &mut Vec<Path>) {
        let Some(step) = self.root.at(path) else { return };
        for (name, list) in [("work", "processor"), ("hold", "pool")] {
            if let Some(text) = step.text_of(name) {
                let target = self.station(list, text, scopes);
                self.found.insert(key(path, name), target);
            }
        }
        for (name, list) in [("request", "region"), ("region", "region"), ("start", "class")] {
            if let Some(text) = step.text_of(name) {
                let target = self.named(list, text);
                self.found.insert(key(path, name), target);
            }
        }
        if let Some(text) = step.get("then").and_then(|then| then.text_of("class")) {
            let target = self.named("class", text);
            self.found.insert(key(&key(path, "then"), "class"), target);
        }
        if let Some(name) = step.text_of("balance") {
            let target = self.named("balancer", name);
            let group = target
                .as_ref()
                .and_then(|path| self.root.at(path)?.text_of("targets"))
                .and_then(|targets| self.named("server", targets));
            self.found.insert(key(path, "balance"), target);
            let open = scopes.len();
            scopes.extend(group);
            if step.get("steps").is_some() {
                self.steps(&key(path, "steps"), scopes);
                scopes.truncate(open);
            }
            return;
        }
        for list in inner_steps(step) {
            self.steps(&[path, &list].concat(), scopes);
        }
    }

    fn station(&self, list: &str, text: &str, scopes: &[Path]) -> Option<Path> {
        let (group, role) = match text.split_once('.') {
            Some((group, role)) => (Some(group), role),
            None => (None, text),
        };
        for scope in scopes.iter().rev() {
            let server = self.root.at(scope)?;
            let fits = group.is_none_or(|group| server.text_of("name") == Some(group));
            if fits && server.get(list).is_some_and(|roles| roles.get(role).is_some()) {
                return Some(key(&key(scope, list), role));
            }
        }
        self.named(list, text)
    }
}

/// The lists of steps inside a step, as paths from it, in the order in which a job comes to them.
pub fn inner_steps(step: &Item) -> Vec<Path> {
    let mut lists = Vec::new();
    let Some(form) = STEPS.iter().find(|form| step.get(form.keys[0].name).is_some()) else { return lists };
    for field in form.keys {
        let own = vec![Part::Key(field.name.to_owned())];
        let count = step.get(field.name).map_or(0, |item| item.items().len());
        match field.kind {
            Kind::Steps if step.get(field.name).is_some() => lists.push(own),
            Kind::StepLists => lists.extend((0..count).map(|index| at(&own, index))),
            Kind::Plain(_) => lists.extend((0..count).map(|index| key(&at(&own, index), "steps"))),
            _ => {}
        }
    }
    lists
}
