//! Two to four policies on the same work, one below the other on one time axis.

use super::setup::seats;
use super::{chart, compared, swatch};
use crate::app::action::Action;
use crate::app::state::{RaceResult, State};
use crate::catalog;
use crate::files::Export;
use crate::theme;
use crate::tr;
use egui::{ComboBox, Grid, RichText, ScrollArea, Ui, vec2};
use reports::number::with_unit;
use sim_core::units::Time;

/// Policies beside the one in effect, at most.
const OTHERS: usize = 3;

/// Draws the race.
pub fn ui(ui: &mut Ui, state: &State, out: &mut Vec<Action>) {
    let (Some(setup), Some(snapshot)) = (state.setup(), &state.snapshot) else {
        ui.weak(crate::views::no_run(state, "race-empty"));
        return;
    };
    let seats = seats::seats(setup, snapshot.model());
    ui.horizontal_wrapped(|ui| {
        ui.strong(&snapshot.loaded.policy);
        for (index, other) in state.race.others.iter().enumerate() {
            ui.label(tr!("race-against"));
            ui.label(other);
            let remove = ui.small_button("✖").accessible_name(tr!("race-remove", policy = other.clone()));
            if remove.clicked() {
                let mut others = state.race.others.clone();
                others.remove(index);
                out.push(Action::Race(others));
            }
        }
        if state.race.others.len() < OTHERS {
            add(ui, state, &seats, out);
        }
        if state.race.result.is_some() && ui.button(tr!("race-export")).clicked() {
            out.push(Action::Export(Export::RaceCsv));
        }
        if !state.race.others.is_empty() {
            compared::controls(ui, state, out);
        }
    });
    let colors = theme::palette(state.settings.look.is_dark());
    for trouble in state.race.trouble.iter().chain(&state.race.repeated.trouble) {
        ui.colored_label(colors.bad, trouble);
    }
    let Some(race) = &state.race.result else {
        ui.weak(tr!("race-hint"));
        return;
    };
    let table = (race.labels.len() as f32 * 22.0 + 60.0).min(ui.available_height() * 0.42);
    let each = ((ui.available_height() - table) / race.lanes.len() as f32 - 24.0).max(56.0);
    ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
        for (index, (label, lane)) in race.labels.iter().zip(&race.lanes).enumerate() {
            ui.horizontal(|ui| {
                swatch::ui(ui, index as u32, state.settings.look.is_dark());
                ui.label(RichText::new(label).strong());
            });
            ui.push_id(index, |ui| {
                ui.allocate_ui(vec2(ui.available_width(), each), |ui| {
                    chart::schedule(ui, state, lane, false, out);
                });
            });
        }
        differences(ui, race, out);
        metrics(ui, state, race);
    });
}

fn add(ui: &mut Ui, state: &State, seats: &[seats::Seat], out: &mut Vec<Action>) {
    let combo =
        ComboBox::from_id_salt("race").selected_text(tr!("race-add")).height(420.0).show_ui(ui, |ui| {
            for seat in seats.iter().filter(|seat| !seat.device) {
                if seats.len() > 1 {
                    ui.weak(&seat.name);
                }
                for def in policies::catalog().filter(|def| def.layer() == seat.layer) {
                    let spec =
                        if seats.len() > 1 { format!("{}={}", seat.name, def.id) } else { def.id.to_owned() };
                    if ui
                        .selectable_label(false, catalog::title(def))
                        .on_hover_text(catalog::definition(def))
                        .clicked()
                    {
                        let mut others = state.race.others.clone();
                        others.push(spec);
                        out.push(Action::Race(others));
                    }
                }
            }
        });
    combo.response.accessible_name(tr!("race-add"));
}

/// Where each policy first decides otherwise than the first one.
fn differences(ui: &mut Ui, race: &RaceResult, out: &mut Vec<Action>) {
    for difference in &race.differences {
        let places = [&difference.reference_decision, &difference.policy_decision];
        let at = places.into_iter().flatten().map(|decision| decision.at_ns).min();
        ui.horizontal_wrapped(|ui| match (difference.decision, at) {
            (Some(number), Some(at)) => {
                let at_text = Time(at).to_string();
                let text =
                    tr!("race-parts", policy = difference.policy.clone(), number = number, at = at_text);
                if ui.link(text).clicked() {
                    out.push(Action::Seek(at));
                }
                let job = |place: &Option<reports::compare::DecisionRow>| {
                    place.as_ref().map_or_else(|| "–".to_owned(), |decision| decision.job.clone())
                };
                ui.weak(format!("{} | {}", job(places[0]), job(places[1])));
            }
            _ => {
                ui.weak(tr!("race-same", policy = difference.policy.clone()));
            }
        });
    }
}

/// The numbers, the best of each marked.
fn metrics(ui: &mut Ui, state: &State, race: &RaceResult) {
    let colors = theme::palette(state.settings.look.is_dark());
    Grid::new("race metrics").striped(true).spacing([16.0, 3.0]).show(ui, |ui| {
        ui.strong(tr!("metrics-metric"));
        for label in &race.labels {
            ui.strong(label);
        }
        ui.end_row();
        for group in race.rows.chunks(race.labels.len().max(1)) {
            let Some(first) = group.first() else { continue };
            ui.label(format!("{}/{}", first.metric, first.statistic));
            for row in group {
                let value = row.value.map(|value| with_unit(value, row.unit) + row.mark());
                if row.best {
                    let value = value.unwrap_or_default();
                    ui.colored_label(colors.good, RichText::new(format!("★ {value}")).strong());
                } else {
                    super::few(ui, value, row.is_small_sample());
                }
            }
            ui.end_row();
        }
    });
}
