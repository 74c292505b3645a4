//! Jobs that jobs make: their classes, which may stand behind those that make them, and whether they ever end.

use super::Lowering;
use crate::diagnostic::{Place, Sink, did_you_mean_or_list};
use crate::keys;
use crate::reader::Fields;
use crate::steps::{self, Announced};
use crate::tree::Node;
use sim_core::model::Attributes;
use std::collections::{BTreeMap, VecDeque};

impl<'a> Lowering<'a> {
    /// Finds the classes of jobs that are made, and compiles those once more that are started: these come another way.
    pub(super) fn announced(&mut self, fields: &Fields<'a>) {
        let items = Self::tables(fields, "class", &keys::CLASS);
        let mut entries: BTreeMap<usize, u32> = BTreeMap::new();
        // By class: those that each of its jobs makes, with the place.
        let mut edges: BTreeMap<usize, Vec<(usize, Place)>> = BTreeMap::new();
        let mut announced: VecDeque<(usize, Announced)> = std::mem::take(&mut self.announced).into();
        while let Some((maker, made)) = announced.pop_front() {
            let Some(class) = self.model.classes.iter().position(|class| class.name == made.class) else {
                let known: Vec<&str> = self.model.classes.iter().map(|class| class.name.as_str()).collect();
                self.sink
                    .error("S031", made.place, format!("there is no class `{}`", made.class))
                    .help_if(|| did_you_mean_or_list(&made.class, "classes", &known));
                self.unknown_names = true;
                continue;
            };
            self.made.insert(class, Attributes::default());
            if let Some(region) = &made.region {
                self.begins_there(items.get(class), region, &made);
            }
            if made.always {
                edges.entry(maker).or_default().push((class, made.place));
            }
            let entry = if made.thinks {
                self.model.classes[class].entry
            } else if let Some(entry) = entries.get(&class) {
                *entry
            } else {
                let (entry, again) = self.started(items.get(class), class);
                entries.insert(class, entry);
                announced.extend(again.into_iter().map(|made| (class, made)));
                entry
            };
            let emit = &mut self.model.emits[made.table as usize];
            (emit.class, emit.entry) = (class as u32, entry);
        }
        // Each job of a circle makes another one, for ever.
        for start in edges.keys() {
            let mut way = vec![*start];
            let mut class = *start;
            while let Some((next, place)) = edges.get(&class).and_then(|made| made.first()).copied() {
                if next == *start {
                    let names: Vec<String> =
                        way.iter().map(|class| format!("`{}`", self.model.classes[*class].name)).collect();
                    let message = if let [one] = &names[..] {
                        format!("every job of {one} makes another one of {one}, without end")
                    } else {
                        format!("jobs of {} make each other without end", names.join(" and "))
                    };
                    self.sink
                        .error("S049", place, message)
                        .help("let a dialogue end by chance: then = { class = \"...\", think = ..., p = 0.8 }, or { start = ... } in a branch");
                    return;
                }
                if way.contains(&next) {
                    break;
                }
                way.push(next);
                class = next;
            }
        }
    }

    /// A region starts requests, and its own.
    fn begins_there(&mut self, item: Option<&Fields<'a>>, region: &str, made: &Announced) {
        let first = item.and_then(|item| item.get("steps")).and_then(|steps| steps.elements().first());
        let Some(first) = first.filter(|_| !self.unknown_names) else { return };
        let class = &made.class;
        match first.get("request").and_then(Node::as_text) {
            Some(other) if other == region => {}
            Some(other) => {
                let message =
                    format!("`{class}` is started by `{region}`, and its request goes to `{other}`");
                self.sink
                    .error("S026", made.place, message)
                    .label(first.place, "this request")
                    .help(format!("say region = \"{other}\" beside `start`"));
            }
            None => {
                let message = format!("`{region}` starts a request, and `{class}` does not begin with one");
                self.sink
                    .error("S032", made.place, message)
                    .label(first.place, "the first step")
                    .help(format!("let its steps begin with {{ request = \"{region}\", steps = [...] }}"));
            }
        }
    }

    /// The program of a class whose jobs are started, and the jobs that it makes.
    fn started(&mut self, item: Option<&Fields<'a>>, class: usize) -> (u32, Vec<Announced>) {
        let entry = self.model.program.len() as u32;
        let name = self.model.classes[class].name.clone();
        let Some(steps) = item.and_then(|item| item.get("steps")) else {
            return (self.model.classes[class].entry, Vec::new());
        };
        // Its mistakes have been told.
        let mut sink = Sink::new("");
        let compiled = steps::compile(steps, &name, true, &mut self.model, &self.stations, &mut sink);
        (entry, compiled.announced)
    }

    /// Attributes and tasks of the jobs that are made: behind those of sources.
    pub(super) fn announced_attributes(&mut self) {
        let made = std::mem::take(&mut self.made);
        for (class, mut attributes) in made {
            let index = self.model.attributes.len() as u32;
            let task = self.model.tasks.len() as u32;
            (attributes.place, attributes.task) = (task, task);
            self.model.attributes.push(attributes);
            self.model.tasks.push(self.model.classes[class].name.clone());
            for emit in self.model.emits.iter_mut().filter(|emit| emit.class as usize == class) {
                emit.attributes = index;
            }
        }
    }
}
