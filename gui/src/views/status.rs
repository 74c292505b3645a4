//! The line at the bottom: what is on show, how it was made, and what is wrong or under way.

use crate::app::action::Action;
use crate::app::panes::Pane;
use crate::app::state::State;
use crate::model::setup::Setup;
use crate::theme;
use crate::tr;
use egui::{Panel, RichText, Role, Sense, Ui, WidgetInfo, vec2};

/// Draws the line.
pub fn ui(ui: &mut Ui, state: &State, out: &mut Vec<Action>) {
    let colors = theme::palette(state.settings.look.is_dark());
    Panel::bottom("status").show(ui, |ui| {
        ui.horizontal_wrapped(|ui| {
            // What is said in the corner is painted there, and goes away: screen readers read it here.
            let (_, corner) = ui.allocate_exact_size(vec2(1.0, 1.0), Sense::hover());
            if !state.said.is_empty() {
                corner.widget_info(|| WidgetInfo::labeled(Role::Alert, true, &state.said));
            }
            if let Some(progress) = &state.running {
                ui.spinner();
                let part = progress.map_or(0.0, |progress| progress.fraction as f32);
                let events = progress.map_or(0, |progress| progress.events);
                ui.add(egui::ProgressBar::new(part).desired_width(140.0))
                    .accessible_name(tr!("run-progress"));
                ui.label(tr!("run-events", events = events));
                if ui.button(tr!("cmd-cancel")).clicked() {
                    out.push(Action::Cancel);
                }
            }
            if !state.mistakes.is_empty() {
                let key = if state.snapshot.is_some() { "mistakes" } else { "mistakes-first" };
                let text = tr!(key, count = state.mistakes.len());
                if ui.link(RichText::new(text).color(colors.bad).strong()).clicked() {
                    out.push(Action::Show(Pane::Text));
                }
            }
            if let Some(failed) = &state.failed {
                ui.colored_label(colors.bad, crate::catalog::told(failed));
            }
            let Some(snapshot) = &state.snapshot else {
                match state.setup() {
                    Some(setup) if state.running.is_some() => {
                        ui.label(tr!("status-first", name = setup.short_name()));
                    }
                    Some(setup) => {
                        ui.strong(setup.short_name());
                    }
                    None => {
                        ui.weak(tr!("status-empty"));
                    }
                }
                return;
            };
            ui.strong(&snapshot.model().name);
            // Without a policy there is nothing to say, and a label of nothing puts what follows over what stands before.
            if !snapshot.loaded.policy.is_empty() {
                ui.label(&snapshot.loaded.policy);
            }
            ui.weak(tr!("status-seed", seed = snapshot.model().seed));
            let digest = snapshot.result.digest.map_or_else(|| "–".to_owned(), reports::json::digest_hex);
            ui.weak(tr!("status-digest", digest = digest)).on_hover_text(tr!("status-digest-help"));
            ui.weak(reports::table::ties_text(&snapshot.model().ties)).on_hover_text(tr!("status-ties-help"));
            if let Some((service, servers)) = state.setup().and_then(Setup::assumed) {
                ui.label("ℹ");
                ui.small(tr!("status-assumed", service = service, servers = servers))
                    .on_hover_text(tr!("status-assumed-help"));
            }
            // Notes tell what to know; nothing is wrong.
            let said = snapshot.loaded.notes.iter().chain(&snapshot.result.notes);
            let said = said.map(|note| crate::catalog::told(note));
            for note in snapshot.thinned.iter().map(|thinned| thinned.words()).chain(said) {
                ui.label("ℹ").on_hover_text(&note);
                ui.small(note);
            }
        });
    });
}
