//! Replications of a race: who is better, by how much, and how sure.

use super::swatch;
use crate::app::action::Action;
use crate::app::state::{Compared, State};
use crate::files::Export;
use crate::theme::{self, Palette};
use crate::tr;
use egui::{DragValue, Grid, Label, RichText, ScrollArea, Ui};
use experiments::compare::Lead;
use reports::compare::{CompareRow, title};
use reports::number::{estimate, with_margin, with_unit};

/// Draws what starts and stops them.
pub fn controls(ui: &mut Ui, state: &State, out: &mut Vec<Action>) {
    let repeated = &state.race.repeated;
    ui.label(tr!("race-replications")).on_hover_text(tr!("race-common"));
    let mut count = state.batch.replications;
    let field = DragValue::new(&mut count).range(2..=100_000);
    if ui.add(field).accessible_name(tr!("race-replications")).changed() {
        out.push(Action::Replications(count));
    }
    let can = state.predict.is_none() && repeated.progress.is_none();
    let run = ui.add_enabled(can, egui::Button::new(tr!("race-run")));
    if run.on_hover_text(tr!("race-common")).clicked() {
        out.push(Action::RunRace);
    }
    if let Some(progress) = &repeated.progress {
        let text = format!("{} / {}", progress.done, progress.total);
        let bar = egui::ProgressBar::new(progress.fraction as f32).desired_width(200.0).text(text);
        ui.add(bar).accessible_name(tr!("run-progress"));
        if ui.button(tr!("cmd-cancel")).clicked() {
            out.push(Action::Cancel);
        }
    }
}

/// Draws what writes them to files.
pub fn exports(ui: &mut Ui, out: &mut Vec<Action>) {
    ui.strong(tr!("pane-race"));
    for (key, export) in [
        ("batch-export-html", Export::CompareHtml),
        ("batch-export-table", Export::CompareTable),
        ("batch-export-csv", Export::CompareCsv),
        ("batch-export-json", Export::CompareJson),
    ] {
        if ui.button(tr!(key)).clicked() {
            out.push(Action::Export(export));
        }
    }
}

/// Draws what came out.
pub fn result(ui: &mut Ui, state: &State, result: &Compared) {
    let colors = theme::palette(state.settings.look.is_dark());
    if !is_current(state, result) {
        ui.colored_label(colors.bad, tr!("race-old"));
    }
    ScrollArea::both().auto_shrink(false).show(ui, |ui| {
        let level = estimate(result.plan.confidence * 100.0);
        ui.label(tr!("race-over", replications = result.plan.replications, level = level));
        super::findings::lines(ui, state, &result.comparison.findings);
        if let Some(conclusion) = &result.comparison.conclusion {
            ui.label(conclusion.text());
        }
        for note in &result.comparison.notes {
            ui.weak(note);
        }
        table(ui, state, result);
    });
}

/// Whether it is about what is open now.
fn is_current(state: &State, result: &Compared) -> bool {
    state.setup() == Some(&result.setup) && state.race.others == result.others
}

/// For each metric the policies, and who is best where that is shown.
fn table(ui: &mut Ui, state: &State, result: &Compared) {
    let dark = state.settings.look.is_dark();
    let colors = theme::palette(dark);
    let (names, numbers) = (ui.available_width() * 0.3, ui.available_width() * 0.2);
    let groups = result.comparison.rows.chunks(result.named.len());
    for (place, (group, lead)) in groups.zip(&result.comparison.leads).enumerate() {
        ui.add_space(4.0);
        ui.horizontal_wrapped(|ui| {
            ui.strong(title(&group[0]));
            leading(ui, result, lead.as_ref(), &colors);
        });
        Grid::new(("compared", place)).min_col_width(numbers).spacing([10.0, 3.0]).show(ui, |ui| {
            if place == 0 {
                for key in ["race-policy", "race-verdict", "race-mean", "race-difference"] {
                    ui.weak(tr!(key));
                }
                ui.end_row();
            }
            for (index, row) in group.iter().enumerate() {
                ui.horizontal(|ui| {
                    ui.set_width(names);
                    swatch::ui(ui, index as u32, dark);
                    ui.add(Label::new(&row.policy).truncate());
                });
                cells(ui, row);
                ui.end_row();
            }
        });
    }
}

/// Who is alone at the top; who shares it, where nobody is.
fn leading(ui: &mut Ui, result: &Compared, lead: Option<&Lead>, colors: &Palette) {
    let label = |index: usize| result.named[index].label.clone();
    match lead {
        Some(Lead { winner, rivals }) if rivals.is_empty() => {
            ui.colored_label(colors.good, RichText::new(format!("★ {}", label(*winner))).strong());
        }
        Some(Lead { winner, rivals }) => {
            let mut together = rivals.clone();
            together.push(*winner);
            together.sort_unstable();
            let policies = together.into_iter().map(label).collect::<Vec<_>>().join(", ");
            ui.weak(tr!("race-tied", policies = policies));
        }
        None => {}
    }
}

fn cells(ui: &mut Ui, row: &CompareRow) {
    ui.label(row.verdict.map(|verdict| tr!(verdict_key(verdict))).unwrap_or_default());
    let value = with_interval(row.value, row.ci_low.zip(row.ci_high), row.unit);
    super::few(ui, Some(value + row.mark()), row.is_small_sample());
    let is_reference = row.verdict == Some("reference");
    let difference = row.difference.filter(|_| !is_reference);
    ui.label(with_interval(difference, row.difference_low.zip(row.difference_high), row.unit));
}

fn with_interval(value: Option<f64>, interval: Option<(f64, f64)>, unit: &str) -> String {
    match (value, interval) {
        (Some(value), Some((low, high))) => with_margin(value, (high - low) / 2.0, unit),
        (Some(value), None) => with_unit(value, unit),
        _ => "–".to_owned(),
    }
}

fn verdict_key(verdict: &str) -> &'static str {
    match verdict {
        "reference" => "race-reference",
        "better" => "race-better",
        "worse" => "race-worse",
        "no practical difference" => "race-small",
        _ => "race-undecided",
    }
}
