//! The card beside a drawing: the tasks to draw with, and what the drawing is worth.

use super::card::ends;
use super::{act, name_of, policy, score};
use crate::app::action::Action;
use crate::app::predict::draw::{Draw, Stroke};
use crate::app::predict::{Act, Predict, problem};
use crate::app::state::State;
use crate::theme;
use crate::tr;
use egui::{Button, Grid, RichText, Ui, vec2};
use experiments::exercise::{Grade, Part, Pick, Problem};
use sim_core::units::Time;

/// Draws the card.
pub fn ui(ui: &mut Ui, state: &State, predict: &Predict, draw: &Draw, out: &mut Vec<Action>) {
    let whole = &predict.whole;
    let Ok(problem) = problem(whole) else { return };
    ui.heading(tr!("draw-title"));
    policy(ui, problem.policy);
    ui.label(tr!("draw-about"));
    if problem.cores > 1 {
        ui.label(tr!("draw-about-cores"));
    }
    if !draw.leave.is_empty() {
        ui.label(tr!("draw-about-io"));
    }
    ui.add_space(4.0);
    ui.horizontal_wrapped(|ui| {
        if ui.button(RichText::new(tr!("draw-check")).strong()).clicked() {
            out.push(act(Act::Go));
        }
        for (icon, key, can, stroke) in [
            ("↩", "cmd-undo", draw.can_undo(), Stroke::Undo),
            ("↪", "cmd-redo", draw.can_redo(), Stroke::Redo),
        ] {
            let button =
                ui.add_enabled(can, Button::new(icon)).accessible_name(tr!("draw-of", what = tr!(key)));
            if button.on_hover_text(tr!(key)).clicked() {
                out.push(act(Act::Draw(stroke)));
            }
        }
        if ui.add_enabled(!draw.is_empty(), Button::new(tr!("draw-clear"))).clicked() {
            out.push(act(Act::Draw(Stroke::Clear)));
        }
        let key = if draw.shown { "draw-hide" } else { "draw-show" };
        if ui.button(tr!(key)).clicked() {
            out.push(act(Act::Reveal));
        }
    });
    brushes(ui, state, &problem, draw, out);
    if let Some(grade) = &draw.grade {
        graded(ui, state, predict, grade);
    }
    ui.separator();
    for key in ["draw-help-pointer", "draw-help-keys"] {
        ui.weak(tr!(key));
    }
    ends(ui, out);
}

/// The tasks, to be drawn with.
fn brushes(ui: &mut Ui, state: &State, problem: &Problem<'_>, draw: &Draw, out: &mut Vec<Action>) {
    let dark = state.settings.look.is_dark();
    let parts = problem.parts();
    let colors = theme::palette(dark);
    Grid::new("brushes").striped(true).spacing([12.0, 5.0]).show(ui, |ui| {
        ui.small("");
        for key in ["predict-arrival", "draw-needs", "draw-drawn"] {
            ui.small(tr!(key));
        }
        ui.end_row();
        for (place, task) in draw.tasks.iter().enumerate() {
            let name = &problem.model.tasks[*task as usize];
            let (color, _) = theme::task(*task, dark);
            let chosen = draw.brush == Some(place);
            let number = if place < 9 { format!("{}  ", place + 1) } else { String::new() };
            let text = RichText::new(format!("{number}{name}")).strong().color(theme::ink_on(color));
            let stroke = if chosen { egui::Stroke::new(3.0, colors.selection) } else { egui::Stroke::NONE };
            let button = Button::new(text).fill(color).stroke(stroke).min_size(vec2(64.0, 24.0));
            let response = ui.add(button).accessible_name(tr!("draw-brush", task = name.clone()));
            if response.clicked() {
                out.push(act(Act::Choose(place)));
            }
            let mine = problem.trace.jobs.iter().filter(|job| job.task == *task);
            let arrivals: Vec<String> = mine.clone().take(3).map(|job| job.arrival.to_string()).collect();
            ui.monospace(arrivals.join(" "));
            let needs: u64 = mine.clone().map(|job| job.served.0).sum();
            let first = mine.clone().next().and_then(|job| parts.get(job.number as usize));
            match first.filter(|_| draw.leave.contains(&place)) {
                Some(parts) => ui.label(program(parts)),
                None => ui.monospace(Time(needs).to_string()),
            };
            let drawn = draw.drawn(place) as u64 * draw.unit;
            let text = RichText::new(Time(drawn).to_string()).monospace();
            ui.label(if drawn > needs { text.color(colors.bad) } else { text });
            ui.end_row();
        }
    });
    let eraser = Button::selectable(draw.brush.is_none(), tr!("draw-eraser"));
    if ui.add(eraser).clicked() {
        out.push(act(Act::Answer(Pick::Nobody)));
    }
}

/// What a task does, part by part.
fn program(parts: &[Part]) -> String {
    let part = |part: &Part| match part {
        Part::Cpu(length) => Time(*length).to_string(),
        Part::Io(length) => format!("{} {}", tr!("draw-io"), Time(*length)),
    };
    let parts: Vec<String> = parts.iter().map(part).collect();
    parts.join(", ")
}

/// What the drawing is worth, and what is wrong with it.
fn graded(ui: &mut Ui, state: &State, predict: &Predict, grade: &Grade) {
    let colors = theme::palette(state.settings.look.is_dark());
    let percent = (grade.score() * 100.0).floor();
    let all = grade.remarks.is_empty() && grade.score() >= 1.0;
    ui.add_space(4.0);
    score(ui, state, tr!("draw-score", percent = percent), all);
    if all {
        ui.colored_label(colors.good, tr!("draw-right"));
    }
    for remark in &grade.remarks {
        ui.horizontal_wrapped(|ui| {
            ui.colored_label(colors.bad, RichText::new(name_of(remark.mistake)).strong());
            ui.label(crate::catalog::told(&remark.text));
        });
    }
    if let Some(at) = grade.first_wrong_ns {
        egui::CollapsingHeader::new(tr!("draw-why", at = Time(at).to_string())).show(ui, |ui| {
            let decisions = predict.whole.decisions_at(at);
            let first = predict.whole.trace().decisions.get(decisions.start);
            if let Some(first) = first.filter(|first| first.at.0 != at) {
                ui.weak(tr!("why-before", at = first.at.to_string()));
            }
            for index in decisions {
                super::card::decision(ui, &predict.whole, index);
            }
        });
    }
}
