//! Why this one: the decisions at the cursor, with candidates, keys, rule and tie rule; and what is selected.

use super::chart::details;
use crate::app::action::{Action, Step};
use crate::app::state::{Selection, State};
use crate::catalog;
use crate::model::snapshot::Snapshot;
use crate::theme;
use crate::tr;
use egui::{Grid, RichText, ScrollArea, Ui};
use reports::explain::{Explanation, Reason};
use sim_core::trace::{Decision, DecisionKind};

/// Decisions of one instant that are shown.
const SHOWN: usize = 12;

/// Draws the decisions at the cursor, or the last ones before it.
pub fn ui(ui: &mut Ui, state: &State, out: &mut Vec<Action>) {
    let Some(snapshot) = &state.snapshot else {
        ui.weak(crate::views::no_run(state, "why-empty"));
        return;
    };
    ui.horizontal(|ui| {
        if ui.button("⏪").accessible_name(tr!("why-last")).on_hover_text(tr!("cmd-decision-back")).clicked()
        {
            out.push(Action::Step(Step::LastDecision));
        }
        if ui.button("⏩").accessible_name(tr!("why-next")).on_hover_text(tr!("cmd-decision")).clicked() {
            out.push(Action::Step(Step::NextDecision));
        }
        let range = snapshot.decisions_at(state.view.cursor);
        let all = snapshot.trace().decisions.len();
        ui.weak(tr!("why-count", number = range.end, all = all));
    });
    ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
        if let Some(selection) = state.view.selection {
            selected(ui, snapshot, &selection, out);
        }
        let range = snapshot.decisions_at(state.view.cursor);
        let decisions = &snapshot.trace().decisions[range.clone()];
        let Some(first) = decisions.first() else {
            ui.label(tr!("why-none"));
            return;
        };
        if first.at.0 != state.view.cursor {
            ui.weak(tr!("why-before", at = first.at.to_string()));
        }
        let explainer = snapshot.explainer();
        for index in range.clone().take(SHOWN) {
            let Some(decision) = snapshot.explained(index) else {
                let found = explainer.explain(&snapshot.trace().decisions[index]);
                ui.strong(catalog::headline(&found.headline));
                ui.weak(tr!("why-soon"));
                ui.separator();
                continue;
            };
            let found = explainer.explain(&decision);
            ui.push_id(index, |ui| explanation(ui, state, snapshot, &decision, &found, out));
        }
        if decisions.len() > SHOWN {
            ui.weak(tr!("why-more", count = decisions.len() - SHOWN));
        }
    });
}

fn selected(ui: &mut Ui, snapshot: &Snapshot, selection: &Selection, out: &mut Vec<Action>) {
    egui::Frame::group(ui.style()).show(ui, |ui| {
        ui.set_min_width(ui.available_width());
        details::ui(ui, snapshot, selection.job, selection.start, false);
        if let Some(index) = snapshot.dispatch_of(selection.job, selection.start) {
            let at = snapshot.trace().decisions[index].at;
            if ui.button(tr!("why-chosen", at = at.to_string())).clicked() {
                out.push(Action::Seek(at.0));
            }
        }
    });
    ui.add_space(6.0);
}

/// One decision.
pub fn explanation(
    ui: &mut Ui,
    state: &State,
    snapshot: &Snapshot,
    decision: &Decision,
    found: &Explanation,
    out: &mut Vec<Action>,
) {
    let colors = theme::palette(state.settings.look.is_dark());
    ui.label(RichText::new(format!("t = {}", found.at)).monospace());
    ui.strong(catalog::headline(&found.headline));
    ui.weak(tr!("why-policy", policy = found.policy.clone()));
    let is_balancer = matches!(decision.kind, DecisionKind::Balance { .. });
    let columns = found.keys.len() + 2;
    Grid::new("candidates").num_columns(columns).striped(true).spacing([14.0, 3.0]).show(ui, |ui| {
        ui.weak("");
        ui.weak(if is_balancer { tr!("why-server") } else { tr!("why-job") });
        for key in &found.keys {
            ui.weak(catalog::said(key));
        }
        ui.end_row();
        for row in &found.candidates {
            let mark = if row.chosen { "✔" } else { "" };
            ui.colored_label(colors.good, mark);
            let mut name = RichText::new(if row.running {
                format!("{} {}", row.name, tr!("predict-running"))
            } else {
                row.name.clone()
            });
            if row.chosen {
                name = name.strong().color(colors.good);
            }
            if is_balancer {
                ui.label(name);
            } else if ui.link(name).clicked() {
                let job = row.id as u32;
                let bar = snapshot.rows.of_job_at(job, found.at.0);
                let (start, end) = bar.map_or((found.at.0, found.at.0), |bar| (bar.start, bar.end));
                out.push(Action::Select(Some(Selection { job, start, end })));
            }
            for key in &row.keys {
                ui.monospace(key);
            }
            ui.end_row();
        }
    });
    if found.left_out > 0 {
        ui.weak(tr!("why-more", count = found.left_out));
    }
    let why = RichText::new(format!("▶ {}", catalog::reason(&found.why)));
    let tie = matches!(found.why, Reason::Tie { .. });
    ui.label(if tie { why.color(colors.markers[1]) } else { why });
    if let Some(note) = &found.note {
        ui.weak(catalog::told(note));
    }
    ui.separator();
}
