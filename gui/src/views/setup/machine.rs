//! Cores and costs, a group of dials for each kind of processor.

use super::{change, params};
use crate::app::action::Action;
use crate::model::setup::Setup;
use crate::tr;
use egui::{CollapsingHeader, DragValue, Ui};
use scenarios::InputKind;
use sim_core::model::{Interrupts, Model, Processor};
use sim_core::units::Span;

/// Kinds of processors that have dials; of more the text is the place to change them.
const KINDS: usize = 40;
/// Slider for costs goes up to this many nanoseconds.
const MOST: u64 = 100_000_000;

/// A kind of processor: all members of a group are one.
struct Dials<'a> {
    /// `cpu`, `web.cpu`.
    name: &'a str,
    processor: &'a Processor,
    /// It is the one that `--cores` and the like mean.
    is_main: bool,
}

/// Draws the dials.
pub fn ui(ui: &mut Ui, setup: &Setup, model: &Model, out: &mut Vec<Action>) {
    let mut kinds: Vec<Dials<'_>> = Vec::new();
    for processor in &model.processors {
        let name = model.components.get(processor.component as usize);
        let name = name.map_or(processor.name.as_str(), |component| component.name.as_str());
        if kinds.iter().all(|kind| kind.name != name) && kinds.len() < KINDS {
            kinds.push(Dials { name, processor, is_main: false });
        }
    }
    let plain = kinds.iter().filter(|kind| !kind.processor.device).count();
    for kind in &mut kinds {
        kind.is_main = plain == 1 && !kind.processor.device;
    }
    // Only a scenario has names for the others.
    kinds.retain(|kind| kind.is_main || setup.input.kind == InputKind::Scenario);
    let alone = kinds.len() == 1;
    for kind in &kinds {
        ui.push_id(("dials", kind.name), |ui| {
            if alone {
                kind.ui(ui, setup, out);
            } else {
                let open = !kind.processor.device;
                CollapsingHeader::new(kind.name).default_open(open).show(ui, |ui| kind.ui(ui, setup, out));
            }
        });
    }
}

impl Dials<'_> {
    fn ui(&self, ui: &mut Ui, setup: &Setup, out: &mut Vec<Action>) {
        let name = |key: &str| if self.is_main { tr!(key) } else { format!("{} {}", self.name, tr!(key)) };
        let mut cores = self.processor.cores;
        ui.horizontal(|ui| {
            ui.label(tr!("controls-cores"));
            let field = DragValue::new(&mut cores).range(1..=256).speed(0.05);
            if ui.add(field).accessible_name(name("controls-cores")).changed() {
                out.push(self.set(setup, "cores", &cores.to_string()));
            }
        });
        for (key, word, now) in [
            ("controls-context-switch", "context_switch", self.processor.context_switch),
            ("controls-dispatch-latency", "dispatch_latency", self.processor.dispatch_latency),
        ] {
            ui.push_id(word, |ui| {
                let help = tr!("controls-cost-help");
                if let Some(text) = params::span(ui, &tr!(key), &help, now.0, 0, MOST) {
                    out.push(self.set(setup, word, &format!("{text:?}")));
                }
            });
        }
        let now = self.processor.interrupts;
        let header = CollapsingHeader::new(tr!("controls-interrupts")).default_open(now.is_some());
        header.show(ui, |ui| self.interrupts(ui, setup, now.unwrap_or_default(), out));
    }

    fn interrupts(&self, ui: &mut Ui, setup: &Setup, now: Interrupts, out: &mut Vec<Action>) {
        let costs = [
            ("save", now.save),
            ("load", now.load),
            ("release", now.release),
            ("exit", now.exit),
            ("decide", now.decide),
        ];
        for (index, (word, cost)) in costs.into_iter().enumerate() {
            let key = scenarios::keys::INTERRUPTS.key(word);
            let help = key.map_or_else(String::new, |key| crate::catalog::said(key.help));
            if let Some(text) = params::span(ui, word, &help, cost.0, 0, MOST) {
                let mut texts = costs.map(|(_, cost)| cost.to_string());
                texts[index] = text;
                let zero = Span::ZERO.to_string();
                let set = costs.iter().zip(texts).filter(|(_, text)| *text != zero);
                let set: Vec<(&str, String)> = set.map(|((word, _), text)| (*word, text)).collect();
                out.push(self.set_interrupts(setup, &set));
            }
        }
    }

    fn set_interrupts(&self, setup: &Setup, costs: &[(&str, String)]) -> Action {
        let mut new = setup.clone();
        if self.is_main {
            let pairs = costs.iter().map(|(word, text)| format!("{word}={text}"));
            let text = pairs.collect::<Vec<_>>().join(",");
            new.options.interrupts = (!costs.is_empty()).then_some(text);
        } else {
            let pairs = costs.iter().map(|(word, text)| format!("{word} = {text:?}"));
            let text = pairs.collect::<Vec<_>>().join(", ");
            let path = self.path("interrupts");
            let before = new.options.set.len();
            if costs.is_empty() {
                new.options.set.retain(|(other, _)| *other != path);
            }
            // Where the text itself has interrupts they cost nothing then.
            if !costs.is_empty() || new.options.set.len() == before {
                set_path(&mut new, &path, &format!("{{ {text} }}"));
            }
        }
        change(&format!("interrupts {}", self.name), new)
    }

    /// Another value, as TOML.
    fn set(&self, setup: &Setup, word: &str, value: &str) -> Action {
        let mut new = setup.clone();
        let plain = value.trim_matches('"').to_owned();
        match word {
            "cores" if self.is_main => new.options.cores = plain.parse().ok(),
            "context_switch" if self.is_main => new.options.context_switch = Some(plain),
            "dispatch_latency" if self.is_main => new.options.dispatch_latency = Some(plain),
            _ => set_path(&mut new, &self.path(word), value),
        }
        change(&format!("{word} {}", self.name), new)
    }

    /// The path of `--set`.
    fn path(&self, word: &str) -> String {
        match self.name.split_once('.') {
            Some((group, role)) => format!("{group}.processor.{role}.{word}"),
            None => format!("{}.{word}", self.name),
        }
    }
}

/// A change of a key of the scenario, over the text.
pub fn set_path(setup: &mut Setup, path: &str, value: &str) {
    let set = &mut setup.options.set;
    match set.iter_mut().find(|(other, _)| other == path) {
        Some((_, old)) => value.clone_into(old),
        None => set.push((path.to_owned(), value.to_owned())),
    }
}

/// What is changed over the text, each to be taken away, and a field for one more.
pub fn overrides(ui: &mut Ui, setup: &Setup, out: &mut Vec<Action>) {
    if setup.input.kind != InputKind::Scenario {
        return;
    }
    ui.label(tr!("controls-set")).on_hover_text(tr!("controls-set-help"));
    for (path, value) in &setup.options.set {
        ui.horizontal_wrapped(|ui| {
            ui.monospace(format!("{path} = {value}"));
            let name = tr!("network-clear", name = path.clone());
            if ui.small_button("✖").on_hover_text(&name).clicked() {
                let mut new = setup.clone();
                new.options.set.retain(|(other, _)| other != path);
                out.push(change("", new));
            }
        });
    }
    let id = ui.scope_id().with("another change");
    let mut text = ui.data(|data| data.get_temp::<String>(id)).unwrap_or_default();
    let field = egui::TextEdit::singleline(&mut text).desired_width(190.0).hint_text("web.count=4");
    let response = ui.add(field).accessible_name(tr!("controls-set"));
    let entered = response.lost_focus() && ui.input(|input| input.key_pressed(egui::Key::Enter));
    if let (true, Some((path, value))) = (entered, text.split_once('=')) {
        let mut new = setup.clone();
        set_path(&mut new, path.trim(), value.trim());
        out.push(change("", new));
        text.clear();
    }
    ui.data_mut(|data| data.insert_temp(id, text));
}
