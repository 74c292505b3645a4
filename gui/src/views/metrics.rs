//! The numbers: each job's, and those over all, beside what they were before the last change.

use super::swatch;
use crate::app::action::Action;
use crate::app::state::{Selection, State};
use crate::catalog;
use crate::model::snapshot::Snapshot;
use crate::theme;
use crate::tr;
use egui::{RichText, ScrollArea, Sense, Ui};
use egui_extras::{Column, TableBuilder};
use experiments::metrics::{Better, MetricDef, find};
use reports::number::with_unit;
use reports::rows::{ALL, SummaryRow};
use sim_core::units::Span;

/// Draws the numbers.
pub fn ui(ui: &mut Ui, state: &State, out: &mut Vec<Action>) {
    let Some(snapshot) = &state.snapshot else {
        ui.weak(crate::views::no_run(state, "metrics-empty"));
        return;
    };
    ScrollArea::both().auto_shrink(false).show(ui, |ui| {
        ui.push_id("summary", |ui| summary(ui, state, snapshot));
        ui.add_space(8.0);
        ui.push_id("jobs", |ui| jobs(ui, state, snapshot, out));
    });
}

/// What people ask for first. Jobs that were not served are in none of the times, and stand before them.
const SHOWN: [&str; 17] = [
    "jobs/completed",
    "jobs/unfinished",
    "jobs/lost",
    "jobs/timed-out",
    "response/mean",
    "response/p99",
    "response/max",
    "waiting/mean",
    "first_response/mean",
    "slowdown/mean",
    "throughput/rate",
    "utilization/mean",
    "queue_length/mean",
    "deadline_misses/count",
    "context_switches/count",
    "preemptions/count",
    "overhead/share",
];

fn summary(ui: &mut Ui, state: &State, snapshot: &Snapshot) {
    let colors = theme::palette(state.settings.look.is_dark());
    let overall = |row: &&SummaryRow| row.scope == ALL && row.class == ALL;
    let height = ui.text_style_height(&egui::TextStyle::Body) + 4.0;
    let before = |name: &str| {
        let before = state.before.as_ref()?;
        before.result.summary.iter().filter(overall).find(|row| row.name() == name)?.value
    };
    let rows: Vec<&SummaryRow> = SHOWN
        .iter()
        .filter_map(|name| snapshot.result.summary.iter().filter(overall).find(|row| row.name() == *name))
        .collect();
    let table = TableBuilder::new(ui)
        .striped(true)
        .vscroll(false)
        .column(Column::initial(150.0))
        .column(Column::initial(84.0))
        .column(Column::remainder().at_least(60.0).clip(true));
    let table = table.header(height, |mut header| {
        for key in ["metrics-metric", "metrics-value", "metrics-change"] {
            header.col(|ui| {
                ui.add(egui::Label::new(RichText::new(tr!(key)).strong()).truncate());
            });
        }
    });
    table.body(|body| {
        body.rows(height, rows.len(), |mut row| {
            let found = rows[row.index()];
            let name = found.name();
            let def = find(&name).map(|metric| metric.def);
            row.col(|ui| {
                ui.label(&name).on_hover_text(def.map_or_else(String::new, meaning));
            });
            row.col(|ui| {
                let value = found.value.map(|value| with_unit(value, found.unit) + found.mark());
                super::few(ui, value, found.is_small_sample());
            });
            row.col(|ui| {
                let (Some(now), Some(then)) = (found.value, before(&name)) else { return };
                if now != then {
                    let better = def.and_then(|def| def.better);
                    let good = match better {
                        Some(Better::Lower) => Some(now < then),
                        Some(Better::Higher) => Some(now > then),
                        None => None,
                    };
                    let sign = if now > then { "+" } else { "-" };
                    let text = format!("{sign}{}", with_unit((now - then).abs(), found.unit));
                    let color = good.map_or(colors.weak, |good| if good { colors.good } else { colors.bad });
                    ui.colored_label(color, text);
                }
            });
        });
    });
}

/// What a metric is, and of which jobs or time.
fn meaning(def: &MetricDef) -> String {
    format!("{}\n\n{}", catalog::said(def.help), catalog::said(def.of.words()))
}

fn jobs(ui: &mut Ui, state: &State, snapshot: &Snapshot, out: &mut Vec<Action>) {
    let jobs = &snapshot.trace().jobs;
    let height = ui.text_style_height(&egui::TextStyle::Body) + 4.0;
    let dark = state.settings.look.is_dark();
    let columns = [
        "events-job",
        "details-arrival",
        "metrics-first-run",
        "metrics-finish",
        "quantity-first-response",
        "quantity-response",
        "quantity-waiting",
        "details-preemptions",
        "details-status",
    ];
    let table = TableBuilder::new(ui)
        .striped(true)
        .vscroll(false)
        .cell_layout(egui::Layout::left_to_right(egui::Align::Center))
        .sense(Sense::click())
        .column(Column::initial(90.0).resizable(true))
        .columns(Column::initial(84.0).resizable(true), columns.len() - 1);
    let table = table.header(height, |mut header| {
        for key in columns {
            header.col(|ui| {
                ui.add(egui::Label::new(RichText::new(tr!(key)).strong()).truncate());
            });
        }
    });
    table.body(|body| {
        body.rows(height, jobs.len(), |mut row| {
            let index = row.index();
            let record = &jobs[index];
            let optional = |span: Option<u64>| span.map_or_else(|| "–".to_owned(), |n| Span(n).to_string());
            row.set_selected(state.view.selection.is_some_and(|selection| selection.job as usize == index));
            row.col(|ui| {
                swatch::ui(ui, record.task, dark);
                let name = snapshot.job_name(index as u32);
                ui.add(egui::Label::new(&name).truncate()).on_hover_text(name);
            });
            let values = [
                optional(Some(record.arrival.0)),
                optional(record.first_run.map(|at| at.0)),
                optional(record.finish.map(|at| at.0)),
                optional(record.first_response().map(|span| span.0)),
                optional(record.response().map(|span| span.0)),
                optional(record.waiting().map(|span| span.0)),
                record.preemptions.to_string(),
            ];
            for value in values {
                row.col(|ui| {
                    ui.monospace(value);
                });
            }
            row.col(|ui| {
                let status = tr!(&format!("status-{}", record.status.word()));
                let missed = record.missed == Some(true);
                let text = if missed { format!("{status}, {}", tr!("deadline-missed")) } else { status };
                let text = RichText::new(text);
                ui.label(if missed { text.color(theme::palette(dark).bad) } else { text });
            });
            if row.response().clicked() {
                let bar = snapshot.rows.of_job(index as u32).first();
                let at = record.arrival.0;
                let (start, end) = bar.map_or((at, at), |bar| (bar.start, bar.end));
                out.push(Action::Select(Some(Selection { job: index as u32, start, end })));
                out.push(Action::Seek(start));
            }
        });
    });
}
