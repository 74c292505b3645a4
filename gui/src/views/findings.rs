//! What must be known before any number of a run is read, above everything else: more is offered than can be served, or
//! queues still rise when arrivals end.

use crate::app::state::State;
use crate::catalog;
use crate::theme;
use egui::{Frame, Panel, RichText, Ui};
use experiments::finding::Finding;

/// Draws the lines above the panes; nothing where a run can be read as it is.
pub fn ui(ui: &mut Ui, state: &State) {
    let Some(snapshot) = state.snapshot.as_ref().filter(|snapshot| !snapshot.result.findings.is_empty())
    else {
        return;
    };
    let colors = theme::palette(state.settings.look.is_dark());
    // A ground of its own, so that it is no line among the menus.
    let frame = Frame::side_top_panel(ui.style()).fill(colors.alarm);
    Panel::top("findings").frame(frame).show(ui, |ui| lines(ui, state, &snapshot.result.findings));
}

/// The sentences, each on a line.
pub fn lines(ui: &mut Ui, state: &State, findings: &[Finding]) {
    let colors = theme::palette(state.settings.look.is_dark());
    for finding in findings {
        let text = catalog::told(&finding.to_string());
        ui.label(RichText::new(format!("\u{26a0} {text}")).color(colors.bad).strong());
    }
}
