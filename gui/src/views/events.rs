//! What happened, as a table: only the visible rows are laid out, and the table follows the cursor.

use super::swatch;
use crate::app::action::Action;
use crate::app::state::{Selection, State};
use crate::model::events::{Event, EventKind};
use crate::model::snapshot::Snapshot;
use crate::theme;
use crate::tr;
use egui::{Align, Color32, RichText, Sense, Ui};
use egui_extras::{Column, TableBuilder};
use sim_core::units::Time;

/// Draws the table.
pub fn ui(ui: &mut Ui, state: &State, out: &mut Vec<Action>) {
    let Some(snapshot) = &state.snapshot else {
        ui.weak(crate::views::no_run(state, "events-empty"));
        return;
    };
    let events = snapshot.events();
    let cursor = state.view.cursor;
    let current = events.partition_point(|event| event.at <= cursor).saturating_sub(1);
    let dark = state.settings.look.is_dark();
    ui.weak(tr!("events-count", count = events.len()));
    let height = ui.text_style_height(&egui::TextStyle::Body) + 4.0;
    let id = ui.scope_id().with("followed");
    let followed = ui.data(|data| data.get_temp::<u64>(id));
    let width = ui.available_width();
    // Widths that somebody drew are kept while the pane keeps its own, more or less.
    let mut builder = TableBuilder::new(ui)
        .id_salt(("events", (width / 48.0) as u32))
        .striped(true)
        .sense(Sense::click())
        .cell_layout(egui::Layout::left_to_right(Align::Center))
        .column(Column::initial((0.32 * width).clamp(54.0, 96.0)).resizable(true).clip(true))
        .column(Column::initial((0.32 * width).clamp(64.0, 104.0)).resizable(true).clip(true))
        .column(Column::remainder().clip(true));
    if followed != Some(cursor) {
        builder = builder.scroll_to_row(current, Some(Align::Center)).animate_scrolling(false);
    }
    let table = builder.header(height, |mut header| {
        for key in ["events-time", "events-job", "events-what"] {
            header.col(|ui| {
                ui.add(egui::Label::new(RichText::new(tr!(key)).strong()).truncate());
            });
        }
    });
    table.body(|body| {
        body.rows(height, events.len(), |mut row| {
            let event = events[row.index()];
            row.set_selected(event.at == cursor);
            let (text, color) = words(snapshot, &event, dark);
            row.col(|ui| {
                ui.monospace(Time(event.at).to_string());
            });
            row.col(|ui| {
                swatch::ui(ui, snapshot.task_of(event.job), dark);
                let name = snapshot.job_name(event.job);
                ui.add(egui::Label::new(&name).truncate()).on_hover_text(name);
            });
            row.col(|ui| {
                let shown = RichText::new(&text);
                let shown = color.map_or(shown.clone(), |color| shown.color(color));
                ui.add(egui::Label::new(shown).truncate()).on_hover_text(text);
            });
            if row.response().clicked() {
                out.push(Action::Seek(event.at));
                let bar = snapshot.rows.of_job_at(event.job, event.at);
                let (start, end) = bar.map_or((event.at, event.at), |bar| (bar.start, bar.end));
                out.push(Action::Select(Some(Selection { job: event.job, start, end })));
            }
        });
    });
    ui.data_mut(|data| data.insert_temp(id, cursor));
}

fn words(snapshot: &Snapshot, event: &Event, dark: bool) -> (String, Option<Color32>) {
    let colors = theme::palette(dark);
    match event.kind {
        EventKind::Release => (tr!("event-release"), None),
        EventKind::Complete => (tr!("event-complete"), Some(colors.good)),
        EventKind::Lost => (tr!("event-lost"), Some(colors.bad)),
        EventKind::Missed => (tr!("event-missed"), Some(colors.bad)),
        EventKind::Begin(activity) => {
            let station = snapshot.station_name(activity, event.station);
            let state = tr!(activity.key());
            (if station.is_empty() { state } else { format!("{state} · {station}") }, None)
        }
    }
}
