//! Windows over the window: the command palette, the list of shortcuts, paths, and the job that might arrive now.

use crate::app::action::Action;
use crate::app::command::{COMMANDS, Menu};
use crate::app::state::{Fork, State};
use crate::platform;
use crate::tr;
use egui::{Grid, Id, Key, Modal, RichText, ScrollArea, TextEdit, Ui};
use scenarios::InputKind;
use sim_core::units::Time;

/// Draws what is open.
pub fn ui(ui: &mut Ui, state: &State, out: &mut Vec<Action>) {
    if let Some(text) = &state.overlays.palette {
        palette(ui, state, text, out);
    }
    if state.overlays.help {
        help(ui, out);
    }
    if let Some(path) = &state.overlays.open {
        open(ui, state, path, out);
    }
    if let Some((export, path)) = &state.overlays.save {
        let (export, mut path) = (*export, path.clone());
        let modal = Modal::new(Id::unique("save")).show(ui.ctx(), |ui| {
            ui.heading(tr!("save-title"));
            let field = TextEdit::singleline(&mut path).desired_width(420.0).hint_text(tr!("open-path"));
            let response = ui.add(field).accessible_name(tr!("open-path"));
            take_focus(ui, &response);
            if response.changed() {
                out.push(Action::AskSave(Some((export, path.clone()))));
            }
            ui.horizontal(|ui| {
                let entered = response.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
                if ui.button(tr!("save-write")).clicked() || entered {
                    out.push(Action::Save(export, path.clone()));
                }
                if platform::HAS_PATHS && ui.button(tr!("browse")).clicked() {
                    out.push(Action::AskSave(None));
                    out.push(Action::BrowseSave(export));
                }
                if ui.button(tr!("cancel")).clicked() {
                    out.push(Action::AskSave(None));
                }
            });
        });
        if modal.should_close() {
            out.push(Action::AskSave(None));
        }
    }
    if let Some(asked) = &state.overlays.fork {
        fork(ui, state, asked, out);
    }
}

/// The first field of a question has the focus, so that nobody needs the pointer to answer.
fn take_focus(ui: &Ui, field: &egui::Response) {
    if ui.memory(|memory| memory.focused().is_none()) && !field.lost_focus() {
        field.request_focus();
    }
}

/// Commands whose titles have all the letters that were typed, in order.
pub fn matching(text: &str) -> Vec<usize> {
    let wanted: Vec<char> = text.to_lowercase().chars().filter(|c| !c.is_whitespace()).collect();
    let fits = |title: &str| {
        let mut letters = title.chars();
        wanted.iter().all(|wanted| letters.any(|letter| letter == *wanted))
    };
    let mut found: Vec<(bool, usize)> = Vec::new();
    for (index, command) in COMMANDS.iter().enumerate() {
        let title = command.title().to_lowercase();
        if fits(&title) {
            found.push((!title.contains(&text.to_lowercase()), index));
        }
    }
    found.sort_unstable();
    found.into_iter().map(|(_, index)| index).collect()
}

fn palette(ui: &Ui, state: &State, text: &str, out: &mut Vec<Action>) {
    let mut typed = text.to_owned();
    let found = matching(text);
    let modal = Modal::new(Id::unique("palette")).show(ui.ctx(), |ui| {
        ui.set_width(460.0);
        let field =
            TextEdit::singleline(&mut typed).desired_width(f32::INFINITY).hint_text(tr!("palette-hint"));
        let response = ui.add(field).accessible_name(tr!("palette-hint"));
        if response.changed() {
            out.push(Action::Palette(Some(typed.clone())));
        }
        if response.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter)) {
            let first = found.iter().map(|index| &COMMANDS[*index]).find(|command| (command.enabled)(state));
            out.push(Action::Palette(None));
            out.extend(first.map(|command| (command.action)(state)));
            return;
        }
        response.request_focus();
        ScrollArea::vertical().max_height(320.0).show(ui, |ui| {
            for index in &found {
                let command = &COMMANDS[*index];
                let mut button =
                    egui::Button::new(command.title()).frame(false).min_size(egui::vec2(430.0, 0.0));
                if let Some(keys) = command.keys.first() {
                    button = button.shortcut_text(ui.ctx().format_shortcut(keys));
                }
                if ui.add_enabled((command.enabled)(state), button).clicked() {
                    out.push(Action::Palette(None));
                    out.push((command.action)(state));
                }
            }
        });
    });
    if modal.should_close() {
        out.push(Action::Palette(None));
    }
}

fn help(ui: &Ui, out: &mut Vec<Action>) {
    let modal = Modal::new(Id::unique("help")).show(ui.ctx(), |ui| {
        ui.heading(tr!("cmd-shortcuts"));
        ScrollArea::vertical().max_height(480.0).show(ui, |ui| {
            for menu in Menu::ALL {
                ui.label(RichText::new(tr!(menu.key())).strong());
                Grid::new(menu.key()).num_columns(2).spacing([24.0, 3.0]).show(ui, |ui| {
                    let with_keys = COMMANDS.iter().filter(|c| c.menu == menu && !c.keys.is_empty());
                    for command in with_keys {
                        let keys: Vec<String> =
                            command.keys.iter().map(|keys| ui.ctx().format_shortcut(keys)).collect();
                        ui.monospace(keys.join(" / "));
                        ui.label(command.title());
                        ui.end_row();
                    }
                });
                ui.add_space(6.0);
            }
            ui.label(RichText::new(tr!("help-pointer")).strong());
            for key in ["help-wheel", "help-drag", "help-pan", "help-click", "help-double", "help-names"] {
                ui.label(tr!(key));
            }
        });
        if ui.button(tr!("close")).clicked() {
            out.push(Action::Help(false));
        }
    });
    if modal.should_close() {
        out.push(Action::Help(false));
    }
}

fn open(ui: &Ui, state: &State, path: &str, out: &mut Vec<Action>) {
    let mut typed = path.to_owned();
    let modal = Modal::new(Id::unique("open")).show(ui.ctx(), |ui| {
        ui.set_width(480.0);
        ui.heading(tr!("cmd-open"));
        let field = TextEdit::singleline(&mut typed).desired_width(f32::INFINITY).hint_text(tr!("open-path"));
        let response = ui.add(field).accessible_name(tr!("open-path"));
        take_focus(ui, &response);
        if response.changed() {
            out.push(Action::AskOpen(Some(typed.clone())));
        }
        let entered = response.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
        ui.horizontal(|ui| {
            if (ui.button(tr!("open-open")).clicked() || entered) && !typed.trim().is_empty() {
                out.push(Action::AskOpen(None));
                out.push(Action::Open(typed.trim().to_owned()));
            }
            if ui.button(tr!("browse")).clicked() {
                out.push(Action::AskOpen(None));
                out.push(Action::BrowseOpen);
            }
            if ui.button(tr!("cancel")).clicked() {
                out.push(Action::AskOpen(None));
            }
        });
        ui.weak(tr!("open-drop"));
        for name in &state.settings.recent {
            if ui.link(name).clicked() {
                out.push(Action::AskOpen(None));
                out.push(Action::Open(name.clone()));
            }
        }
    });
    if modal.should_close() {
        out.push(Action::AskOpen(None));
    }
}

fn fork(ui: &Ui, state: &State, asked: &Fork, out: &mut Vec<Action>) {
    let mut new = asked.clone();
    let modal = Modal::new(Id::unique("fork")).show(ui.ctx(), |ui| {
        ui.heading(tr!("fork-title", at = Time(asked.at).to_string()));
        ui.label(tr!("fork-text"));
        let mut entered = false;
        let kind = state.setup().map(|setup| setup.input.kind);
        if kind == Some(InputKind::TaskList) {
            ui.horizontal(|ui| {
                ui.label(tr!("fork-cpu"));
                let response = ui.add(TextEdit::singleline(&mut new.cpu).desired_width(80.0));
                let response = response.accessible_name(tr!("fork-cpu"));
                take_focus(ui, &response);
                entered = response.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
            });
        } else if let Some(snapshot) = &state.snapshot {
            ui.label(tr!("fork-class"));
            for (index, class) in snapshot.model().classes.iter().enumerate() {
                ui.radio_value(&mut new.class, index, &class.name);
            }
        }
        if new != *asked {
            out.push(Action::EditFork(Some(new.clone())));
        }
        ui.horizontal(|ui| {
            if ui.button(tr!("fork-go")).clicked() || entered {
                out.push(Action::Fork);
            }
            if ui.button(tr!("cancel")).clicked() {
                out.push(Action::EditFork(None));
            }
        });
    });
    if modal.should_close() {
        out.push(Action::EditFork(None));
    }
}
