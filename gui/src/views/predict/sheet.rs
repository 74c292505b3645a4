//! Problem sheets: what is wished for, and the sheet, as the command line prints it.

use super::act;
use crate::app::action::Action;
use crate::app::predict::{Act, Way};
use crate::app::state::State;
use crate::catalog;
use crate::files::Export;
use crate::theme;
use crate::tr;
use egui::{ComboBox, DragValue, RichText, Ui};
use experiments::exercise::{IoDevice, MAX_CORES, MAX_TASKS, Wish};
use policies::Layer;
use reports::exercise::{COLUMNS, Sheet};
use reports::rows::GanttRow;
use sim_core::units::Time;

/// Draws form and sheet.
pub fn ui(ui: &mut Ui, state: &State, out: &mut Vec<Action>) {
    ui.heading(tr!("sheet-title"));
    ui.label(tr!("sheet-about"));
    let form = &state.sheet;
    let mut wish = form.wish.clone();
    wished(ui, &mut wish);
    if wish != form.wish {
        out.push(act(Act::Wish(wish)));
    }
    let colors = theme::palette(state.settings.look.is_dark());
    if let Err(error) = &form.made {
        ui.colored_label(colors.bad, format!("✖ {error}"));
        return;
    }
    ui.horizontal_wrapped(|ui| {
        ui.label(tr!("sheet-solve"));
        for (way, key) in [(Way::Next, "predict-begin-next"), (Way::Draw, "predict-begin-draw")] {
            if ui.button(tr!(key)).accessible_name(tr!("sheet-solve-as", way = tr!(key))).clicked() {
                out.push(act(Act::Solve(way)));
            }
        }
    });
    ui.horizontal_wrapped(|ui| {
        let mut key = form.key;
        if ui.checkbox(&mut key, tr!("sheet-key")).changed() {
            out.push(act(Act::Key(key)));
        }
        for (label, export) in [
            ("sheet-html", Export::SheetHtml),
            ("sheet-csv", Export::SheetCsv),
            ("sheet-text", Export::SheetText),
        ] {
            if ui.button(tr!(label)).clicked() {
                out.push(Action::Export(export));
            }
        }
    });
    ui.weak(tr!("sheet-same"));
    ui.monospace(form.command());
    ui.add_space(4.0);
    if let Ok(exercise) = &form.made {
        egui::Frame::group(ui.style()).show(ui, |ui| {
            ui.set_min_width(ui.available_width());
            sheet(ui, &exercise.sheet(form.key));
        });
    }
}

/// The sheet, with the key where it has one.
fn sheet(ui: &mut Ui, sheet: &Sheet<'_>) {
    let def = policies::parse(Layer::Scheduler, sheet.policy).ok().map(|parsed| parsed.def);
    let title = def.map_or_else(|| sheet.title.to_owned(), catalog::title);
    let (policy, seed) = (sheet.policy, sheet.seed.to_string());
    let io = if sheet.io.is_some() { tr!("sheet-with-io") } else { String::new() };
    let heading =
        tr!("sheet-heading", title = title, policy = policy, cores = sheet.cores, io = io, seed = seed);
    ui.strong(heading);
    ui.label(def.map_or_else(|| sheet.definition.to_owned(), catalog::definition));
    for rule in sheet.rules() {
        ui.label(catalog::said(rule));
    }
    egui::Grid::new("sheet").striped(true).spacing([14.0, 3.0]).show(ui, |ui| {
        for (index, row) in sheet.list.iter().enumerate() {
            for cell in row {
                let text = RichText::new(*cell).monospace();
                ui.label(if index == 0 { text.strong() } else { text });
            }
            ui.end_row();
        }
    });
    for (number, question) in sheet.questions().iter().enumerate() {
        ui.add_space(3.0);
        ui.label(format!("{}. {}", number + 1, catalog::said(question)));
        if sheet.answers {
            answer(ui, sheet, number);
        }
    }
}

/// The key of a question.
fn answer(ui: &mut Ui, sheet: &Sheet<'_>, question: usize) {
    match question {
        0 => {
            for core in 0..sheet.cores {
                let here = sheet.gantt.iter().filter(|row| row.core == core && row.kind == "run");
                let stretches: Vec<String> = here.map(stretch).collect();
                ui.monospace(format!("{}: {}", tr!("draw-core", core = core), stretches.join(", ")));
            }
            for task in sheet.away.chunk_by(|a, b| a.station == b.station) {
                let stretches: Vec<String> = task.iter().map(stretch).collect();
                ui.monospace(format!("{}: {}", task[0].station, stretches.join(", ")));
            }
        }
        1 => {
            for row in sheet.table() {
                let cells = COLUMNS.iter().zip(&row).skip(1).map(|(name, cell)| format!("{name} {cell}"));
                let cells: Vec<String> = cells.collect();
                ui.monospace(format!("{}: {}", row[0], cells.join(", ")));
            }
        }
        _ => {
            let (response, waiting) = sheet.means();
            ui.monospace(tr!("sheet-means", response = response, waiting = waiting));
        }
    }
}

fn stretch(row: &GanttRow<'_>) -> String {
    format!("{} {}–{}", row.task.unwrap_or_default(), Time(row.start_ns), Time(row.end_ns))
}

fn wished(ui: &mut Ui, wish: &mut Wish) {
    ui.horizontal_wrapped(|ui| {
        ui.label(tr!("sheet-policy"));
        let id = wish.policy.split(':').next().unwrap_or_default().to_owned();
        let shown = policies::find(Layer::Scheduler, &id).map_or_else(|| id.clone(), catalog::title);
        let width = (ui.available_width() - 10.0).clamp(60.0, 190.0);
        let combo = ComboBox::from_id_salt("wish-policy").selected_text(shown).width(width).truncate();
        let combo = combo.height(380.0).show_ui(ui, |ui| {
            let drawn =
                policies::catalog().filter(|def| def.layer() == Layer::Scheduler && !def.traits.random);
            for def in drawn {
                let text = format!("{}  ({})", catalog::title(def), def.id);
                if ui.selectable_label(def.id == id, text).on_hover_text(catalog::definition(def)).clicked() {
                    def.id.clone_into(&mut wish.policy);
                }
            }
        });
        combo.response.accessible_name(tr!("sheet-policy"));
    });
    ui.horizontal_wrapped(|ui| {
        ui.label(tr!("sheet-seed"));
        ui.add(DragValue::new(&mut wish.seed).speed(0.1)).accessible_name(tr!("sheet-seed"));
        ui.label(tr!("sheet-tasks"));
        let tasks = DragValue::new(&mut wish.tasks).range(2..=MAX_TASKS).speed(0.05);
        ui.add(tasks).accessible_name(tr!("sheet-tasks"));
        ui.label(tr!("sheet-cores"));
        let cores = DragValue::new(&mut wish.cores).range(1..=MAX_CORES).speed(0.05);
        ui.add(cores).accessible_name(tr!("sheet-cores"));
        ui.label(tr!("sheet-io"));
        let name = |io: Option<IoDevice>| match io {
            None => tr!("sheet-io-none"),
            Some(IoDevice::Parallel) => tr!("sheet-io-parallel"),
            Some(IoDevice::Fcfs) => tr!("sheet-io-fcfs"),
        };
        let combo = ComboBox::from_id_salt("wish-io").selected_text(name(wish.io)).truncate();
        let combo = combo.show_ui(ui, |ui| {
            for io in [None, Some(IoDevice::Parallel), Some(IoDevice::Fcfs)] {
                ui.selectable_value(&mut wish.io, io, name(io));
            }
        });
        combo.response.accessible_name(tr!("sheet-io"));
    });
}
