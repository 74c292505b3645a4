//! What comes with the program, to be opened with a click.

use crate::app::action::Action;
use crate::app::state::State;
use crate::catalog;
use crate::tr;
use egui::{RichText, ScrollArea, Ui};
use scenarios::library;

/// Folders that are listed, in this order; what else there is comes after them. Inputs of lessons are opened there.
const FIRST: [&str; 2] = ["textbook", "showcase"];

/// Draws the list.
pub fn ui(ui: &mut Ui, state: &State, out: &mut Vec<Action>) {
    ui.heading(tr!("library-title"));
    ui.weak(tr!("library-hint"));
    ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
        let mut folders: Vec<&str> = FIRST.to_vec();
        let all: Vec<_> = library::list().iter().filter(|entry| !entry.is_of_lesson()).collect();
        for entry in &all {
            let folder = entry.name.split('/').next().unwrap_or("");
            if !folders.contains(&folder) {
                folders.push(folder);
            }
        }
        let open = state.setup().map(|setup| setup.input.name.as_str());
        for folder in folders {
            let entries: Vec<_> =
                all.iter().filter(|entry| entry.name.split('/').next() == Some(folder)).collect();
            if entries.is_empty() {
                continue;
            }
            ui.add_space(6.0);
            let key = format!("library-{folder}");
            let title = crate::words::say(&key, &[]);
            ui.label(RichText::new(if title == key { folder.to_owned() } else { title }).strong());
            for entry in entries {
                let chosen = open == Some(entry.name);
                // A log has no comment that would say what it shows.
                let title = entry.text.starts_with('#').then(|| catalog::said(entry.title()));
                let label = ui.selectable_label(chosen, entry.short());
                if label.on_hover_text(title.as_deref().unwrap_or(entry.name)).clicked() {
                    out.push(Action::Open(entry.name.to_owned()));
                }
                if let Some(title) = title {
                    ui.small(RichText::new(title).weak());
                }
            }
        }
    });
}
