//! Replications: many runs of the same setup with other random numbers, and how sure the means are.

use super::compared;
use crate::app::action::Action;
use crate::app::state::{BatchResult, State};
use crate::files::Export;
use crate::theme;
use crate::tr;
use egui::{DragValue, Label, RichText, ScrollArea, Ui};
use egui_extras::{Column, TableBuilder};
use reports::number::Sure;

/// Draws the replications.
pub fn ui(ui: &mut Ui, state: &State, out: &mut Vec<Action>) {
    let batch = &state.batch;
    let compared = state.race.repeated.result.as_ref().filter(|_| batch.of_race);
    ui.horizontal_wrapped(|ui| {
        ui.label(tr!("batch-replications"));
        let mut count = batch.replications;
        let field = DragValue::new(&mut count).range(2..=100_000);
        if ui.add(field).accessible_name(tr!("batch-replications")).changed() {
            out.push(Action::Replications(count));
        }
        let can = state.setup().is_some() && batch.progress.is_none();
        if ui.add_enabled(can, egui::Button::new(tr!("batch-run"))).clicked() {
            out.push(Action::RunBatch);
        }
        if let Some(progress) = &batch.progress {
            let text = format!("{} / {}", progress.done, progress.total);
            let bar = egui::ProgressBar::new(progress.fraction as f32).desired_width(200.0).text(text);
            ui.add(bar).accessible_name(tr!("run-progress"));
            if ui.button(tr!("cmd-cancel")).clicked() {
                out.push(Action::Cancel);
            }
        }
        if compared.is_some() {
            compared::exports(ui, out);
        } else if batch.result.is_some() {
            for (key, export) in [
                ("batch-export-html", Export::BatchHtml),
                ("batch-export-table", Export::BatchTable),
                ("batch-export-csv", Export::BatchCsv),
                ("batch-export-json", Export::BatchJson),
            ] {
                if ui.button(tr!(key)).clicked() {
                    out.push(Action::Export(export));
                }
            }
        }
    });
    let colors = theme::palette(state.settings.look.is_dark());
    if let Some(trouble) = &batch.trouble {
        ui.colored_label(colors.bad, trouble);
    }
    if let Some(compared) = compared {
        compared::result(ui, state, compared);
        return;
    }
    let Some(result) = &batch.result else {
        ui.weak(tr!("batch-hint"));
        return;
    };
    if state.setup() != Some(&result.setup) {
        ui.colored_label(colors.bad, tr!("batch-old"));
    }
    super::findings::lines(ui, state, &result.result.findings);
    for note in &result.result.notes {
        ui.weak(crate::catalog::told(note));
    }
    ScrollArea::horizontal().auto_shrink(false).show(ui, |ui| table(ui, result));
}

fn table(ui: &mut Ui, result: &BatchResult) {
    let rows: Vec<_> = result.rows().iter().filter(|row| row.value.is_some()).collect();
    let height = ui.text_style_height(&egui::TextStyle::Body) + 4.0;
    let table = TableBuilder::new(ui)
        .striped(true)
        .column(Column::initial(132.0).resizable(true))
        .column(Column::initial(64.0).resizable(true))
        .column(Column::initial(76.0).resizable(true))
        .column(Column::initial(150.0).resizable(true))
        .column(Column::remainder().at_least(100.0));
    let table = table.header(height, |mut header| {
        for key in ["metrics-metric", "batch-scope", "metrics-value", "batch-interval", "batch-n"] {
            header.col(|ui| {
                // A title that wraps in a narrow column would make the whole line high.
                ui.add(Label::new(RichText::new(tr!(key)).strong()).truncate());
            });
        }
    });
    table.body(|body| {
        body.rows(height, rows.len(), |mut row| {
            let found = rows[row.index()];
            let sure = Sure::of(found.ci_low.zip(found.ci_high));
            let number =
                |value: Option<f64>| value.map_or_else(|| "–".to_owned(), |v| sure.with_unit(v, found.unit));
            row.col(|ui| {
                ui.label(found.name());
            });
            row.col(|ui| {
                ui.weak(format!(
                    "{} {}",
                    found.scope,
                    if found.class == found.scope { "" } else { &found.class }
                ));
            });
            row.col(|ui| {
                super::few(ui, Some(number(found.value) + found.mark()), found.is_small_sample());
            });
            row.col(|ui| {
                if found.ci_low.is_some() {
                    ui.label(format!("{} … {}", number(found.ci_low), number(found.ci_high)));
                }
            });
            row.col(|ui| {
                ui.label(found.n.to_string());
            });
        });
    });
}
