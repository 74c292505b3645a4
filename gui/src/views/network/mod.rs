//! Stations and flows: a canvas with jobs on it at the cursor's instant, and a form for what is selected.
//!
//! What is changed here is the text of the scenario, so that the text pane, undo and saving know of it.

mod canvas;
mod form;
mod inspector;
mod jobs;
mod lettering;

use crate::app::action::Action;
use crate::app::network::NetworkAction;
use crate::app::state::State;
use crate::theme;
use crate::tr;
use egui::{Panel, ScrollArea, Ui};

/// What can be added, with the key of its name.
const LISTS: [(&str, &str); 6] = [
    ("source", "network-source"),
    ("class", "network-class"),
    ("processor", "network-processor"),
    ("pool", "network-pool"),
    ("balancer", "network-balancer"),
    ("server", "network-server"),
];

/// Draws the network.
pub fn ui(ui: &mut Ui, state: &State, out: &mut Vec<Action>) {
    let Some(drawn) =
        state.network.drawn.clone().filter(|drawn| !drawn.graph.nodes.is_empty() || drawn.graph.is_written)
    else {
        ui.weak(tr!(if state.setup().is_some() { "network-too-large" } else { "network-empty" }));
        return;
    };
    let colors = theme::palette(state.settings.look.is_dark());
    ui.horizontal_wrapped(|ui| {
        if drawn.graph.is_written {
            ui.menu_button(tr!("network-add"), |ui| {
                for (list, key) in LISTS {
                    if ui.button(tr!(key)).clicked() {
                        out.push(form::edit(crate::app::network::Edit::Add(list)));
                        ui.close();
                    }
                }
            });
        } else {
            ui.strong(tr!("network-implied")).on_hover_text(tr!("network-implied-help"));
        }
        if ui.button(tr!("network-fit")).clicked() {
            out.push(Action::Network(NetworkAction::Fit));
        }
        if ui.button(tr!("network-tidy")).clicked() {
            out.push(Action::Network(NetworkAction::Tidy));
        }
        ui.separator();
        legend(ui, state, &drawn, out);
        if let Some(thinned) = &drawn.graph.thinned {
            ui.colored_label(colors.bad, thinned);
        }
    });
    for mistake in drawn.graph.mistakes.iter().take(3) {
        ui.colored_label(colors.bad, format!("✖ {mistake}"));
    }
    if drawn.graph.is_written {
        let width = (ui.available_width() * 0.33).clamp(180.0, 300.0);
        Panel::right("network inspector").default_size(width).resizable(true).show(ui, |ui| {
            ScrollArea::vertical().auto_shrink(false).show(ui, |ui| inspector::ui(ui, state, &drawn, out));
        });
    }
    canvas::ui(ui, state, &drawn, out);
    removal(ui, state, out);
}

/// Classes and their colors.
fn legend(ui: &mut Ui, state: &State, drawn: &crate::app::network::Drawn, out: &mut Vec<Action>) {
    let dark = state.settings.look.is_dark();
    let colors = theme::palette(dark);
    if !drawn.graph.is_written {
        return;
    }
    ui.weak(tr!("network-classes"));
    for (index, flow) in drawn.graph.flows.iter().enumerate().take(24) {
        let (rect, _) = ui.allocate_exact_size(egui::vec2(18.0, 12.0), egui::Sense::hover());
        canvas::line_sample(ui.painter(), rect, index as u32, dark);
        let wrong = if flow.mistakes.is_empty() { "" } else { " ✖" };
        let mut text = egui::RichText::new(format!("{}{wrong}", flow.name));
        if !wrong.is_empty() {
            text = text.color(colors.bad);
        }
        let chosen = state.network.selection.is_some() && state.network.selection == flow.path;
        let response = ui.selectable_label(chosen, text).on_hover_text(flow.mistakes.join("\n\n"));
        if response.clicked() {
            let select = if chosen { None } else { flow.path.clone() };
            out.push(Action::Network(NetworkAction::Select(select)));
        }
    }
}

/// Asks before something goes that is named elsewhere.
fn removal(ui: &mut Ui, state: &State, out: &mut Vec<Action>) {
    let Some(removal) = &state.network.removal else { return };
    let colors = theme::palette(state.settings.look.is_dark());
    let modal = egui::Modal::new(egui::Id::unique("network removal")).show(ui.ctx(), |ui| {
        ui.set_max_width(460.0);
        ui.heading(tr!("network-remove-title", name = removal.name.clone()));
        ui.label(crate::app::network::removal_in_words(removal));
        for place in removal.named.iter().take(8) {
            ui.label(format!("• {place}"));
        }
        if removal.named.len() > 8 {
            ui.label("…");
        }
        if !removal.mistakes.is_empty() {
            ui.add_space(4.0);
            ui.label(tr!("network-remove-mistakes", count = removal.mistakes.len()));
            for mistake in removal.mistakes.iter().take(5) {
                ui.colored_label(colors.bad, format!("✖ {mistake}"));
            }
        }
        ui.add_space(6.0);
        ui.horizontal_wrapped(|ui| {
            for (key, action) in [
                ("network-remove-all", NetworkAction::Remove(true)),
                ("network-remove-only", NetworkAction::Remove(false)),
                ("cancel", NetworkAction::Keep),
            ] {
                if ui.button(tr!(key)).clicked() {
                    out.push(Action::Network(action));
                }
            }
        });
    });
    if modal.should_close() {
        out.push(Action::Network(NetworkAction::Keep));
    }
}
