//! Predictions and problem sheets: the card beside the schedule. What is drawn instead of the schedule is in [`grid`].

mod card;
mod drawing;
pub mod grid;
mod sheet;

use crate::app::action::Action;
use crate::app::predict::{Act, Mode, Way};
use crate::app::state::State;
use crate::catalog;
use crate::theme;
use crate::tr;
use egui::{RichText, ScrollArea, Ui};
use experiments::exercise::{Ask, Mistake};

/// Draws the card.
pub fn ui(ui: &mut Ui, state: &State, out: &mut Vec<Action>) {
    ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
        let Some(predict) = &state.predict else {
            start(ui, state, out);
            ui.separator();
            sheet::ui(ui, state, out);
            return;
        };
        match &predict.mode {
            Mode::Next(next) => card::ui(ui, state, predict, next, out),
            Mode::Draw(draw) => drawing::ui(ui, state, predict, draw, out),
        }
    });
}

/// An act, as an action.
fn act(act: Act) -> Action {
    Action::Predict(act)
}

/// Where nothing is predicted yet.
fn start(ui: &mut Ui, state: &State, out: &mut Vec<Action>) {
    ui.heading(tr!("predict-title"));
    ui.label(tr!("predict-about"));
    let can = state.snapshot.is_some();
    ui.horizontal_wrapped(|ui| {
        for (way, key) in [(Way::Next, "predict-begin-next"), (Way::Draw, "predict-begin-draw")] {
            if ui.add_enabled(can, egui::Button::new(RichText::new(tr!(key)).strong())).clicked() {
                out.push(act(Act::Begin(way)));
            }
        }
    });
    if !can {
        ui.weak(tr!("predict-empty"));
    }
    settings(ui, state.ask, out);
}

/// Which decisions are asked for.
fn settings(ui: &mut Ui, ask: Ask, out: &mut Vec<Action>) {
    let mut new = ask;
    ui.checkbox(&mut new.arrivals, tr!("predict-ask-arrivals"));
    ui.checkbox(&mut new.single, tr!("predict-ask-single"));
    if new != ask {
        out.push(act(Act::Ask(new)));
    }
}

/// The name of a mistake in the user's language.
pub fn name_of(mistake: Mistake) -> String {
    tr!(&format!("mistake-{}", mistake.word()))
}

/// The policy of a processor: title and rule, its definition on hover.
fn policy(ui: &mut Ui, spec: &str) {
    let Ok(parsed) = policies::parse(policies::Layer::Scheduler, spec) else { return };
    ui.horizontal_wrapped(|ui| {
        let definition = catalog::definition(parsed.def);
        ui.label(RichText::new(catalog::title(parsed.def)).strong()).on_hover_text(&definition);
        ui.monospace(spec).on_hover_text(definition);
    });
}

/// How much of something is right.
fn score(ui: &mut Ui, state: &State, text: String, all: bool) {
    let colors = theme::palette(state.settings.look.is_dark());
    let text = RichText::new(text).strong();
    ui.label(if all { text.color(colors.good) } else { text });
}
