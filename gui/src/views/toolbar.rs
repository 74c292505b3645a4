//! The menu, made from the command table, and the buttons of time.

use crate::app::action::{Action, Step};
use crate::app::command::{COMMANDS, Menu};
use crate::app::state::State;
use crate::tr;
use egui::{Panel, Ui};
use sim_core::units::Time;

/// Draws menu and buttons.
pub fn ui(ui: &mut Ui, state: &State, out: &mut Vec<Action>) {
    Panel::top("toolbar").show(ui, |ui| {
        egui::MenuBar::new().ui(ui, |ui| menus(ui, state, out));
        ui.horizontal_wrapped(|ui| transport(ui, state, out));
        ui.add_space(2.0);
    });
}

fn menus(ui: &mut Ui, state: &State, out: &mut Vec<Action>) {
    for menu in Menu::ALL {
        ui.menu_button(tr!(menu.key()), |ui| {
            ui.set_min_width(240.0);
            if menu == Menu::File {
                recent(ui, state, out);
            }
            for command in COMMANDS.iter().filter(|command| command.menu == menu) {
                let mut button = egui::Button::new(command.title());
                if let Some(keys) = command.keys.first() {
                    button = button.shortcut_text(ui.ctx().format_shortcut(keys));
                }
                if ui.add_enabled((command.enabled)(state), button).clicked() {
                    out.push((command.action)(state));
                    ui.close();
                }
            }
        });
    }
}

fn recent(ui: &mut Ui, state: &State, out: &mut Vec<Action>) {
    ui.menu_button(tr!("menu-recent"), |ui| {
        if state.settings.recent.is_empty() {
            ui.weak(tr!("menu-recent-none"));
        }
        for name in &state.settings.recent {
            if ui.button(name).clicked() {
                out.push(Action::Open(name.clone()));
                ui.close();
            }
        }
    });
}

fn transport(ui: &mut Ui, state: &State, out: &mut Vec<Action>) {
    let enabled = state.snapshot.is_some();
    let play = if state.view.playing { ("⏸", "cmd-pause") } else { ("▶", "cmd-play") };
    let buttons = [
        ("⏮", "cmd-start", Action::Step(Step::Start)),
        ("⏪", "cmd-decision-back", Action::Step(Step::LastDecision)),
        ("⏴", "cmd-step-back", Action::Step(Step::LastEvent)),
        (play.0, play.1, Action::Play),
        ("⏵", "cmd-step", Action::Step(Step::NextEvent)),
        ("⏩", "cmd-decision", Action::Step(Step::NextDecision)),
        ("⏭", "cmd-end", Action::Step(Step::End)),
    ];
    for (icon, key, action) in buttons {
        let response = ui.add_enabled(enabled, egui::Button::new(icon)).accessible_name(tr!(key));
        if response.on_hover_text(tr!(key)).clicked() {
            out.push(action);
        }
    }
    ui.label(tr!("speed"));
    let mut speed = state.view.speed;
    let slider = egui::Slider::new(&mut speed, 0.05..=16.0).logarithmic(true).show_value(false);
    if ui.add(slider).accessible_name(tr!("speed")).changed() {
        out.push(Action::Speed(speed));
    }
    ui.monospace(format!("× {speed:.2}"));
    ui.separator();
    ui.monospace(format!("t = {}", Time(state.view.cursor)));
    if ui
        .add_enabled(enabled, egui::Button::new("🔖"))
        .accessible_name(tr!("cmd-bookmark"))
        .on_hover_text(tr!("cmd-bookmark"))
        .clicked()
    {
        out.push(Action::Bookmark);
    }
    bookmarks(ui, state, out);
    ui.separator();
    if ui
        .add_enabled(enabled && state.predict.is_none(), egui::Button::new(tr!("fork-button")))
        .on_hover_text(tr!("fork-help"))
        .clicked()
    {
        out.push(Action::AskFork);
    }
    let undo = egui::Button::new("↩");
    if ui
        .add_enabled(state.history.can_undo(), undo)
        .accessible_name(tr!("cmd-undo"))
        .on_hover_text(tr!("cmd-undo"))
        .clicked()
    {
        out.push(Action::Undo);
    }
    let redo = egui::Button::new("↪");
    if ui
        .add_enabled(state.history.can_redo(), redo)
        .accessible_name(tr!("cmd-redo"))
        .on_hover_text(tr!("cmd-redo"))
        .clicked()
    {
        out.push(Action::Redo);
    }
}

fn bookmarks(ui: &mut Ui, state: &State, out: &mut Vec<Action>) {
    if state.view.bookmarks.is_empty() {
        return;
    }
    ui.menu_button(tr!("bookmarks", count = state.view.bookmarks.len()), |ui| {
        for (index, bookmark) in state.view.bookmarks.iter().enumerate() {
            ui.horizontal(|ui| {
                if ui.button(Time(bookmark.at).to_string()).clicked() {
                    out.push(Action::Seek(bookmark.at));
                }
                let mut note = bookmark.note.clone();
                let field = egui::TextEdit::singleline(&mut note).hint_text(tr!("bookmark-note"));
                if ui.add(field).accessible_name(tr!("bookmark-note")).changed() {
                    out.push(Action::Note(index, note));
                }
            });
        }
    });
}
