//! Files that are dropped on the window.

use crate::app::action::Action;
use crate::tr;
use egui::{Align2, FontId, Ui};

/// The files that were dropped in this frame, as actions; while one hangs over the window it says what will happen.
pub fn files(ui: &Ui) -> Vec<Action> {
    if ui.input(|input| !input.raw.hovered_files.is_empty()) {
        let painter =
            ui.ctx().layer_painter(egui::LayerId::new(egui::Order::Foreground, egui::Id::unique("drop")));
        let rect = ui.ctx().content_rect();
        painter.rect_filled(rect, 0.0, egui::Color32::from_black_alpha(160));
        painter.text(
            rect.center(),
            Align2::CENTER_CENTER,
            tr!("drop-here"),
            FontId::proportional(24.0),
            egui::Color32::WHITE,
        );
    }
    let dropped = ui.input(|input| input.raw.dropped_files.clone());
    dropped.iter().filter_map(|file| open(file.as_ref())).collect()
}

#[cfg(not(target_arch = "wasm32"))]
fn open(file: &(dyn egui::DroppedFile + Send + Sync)) -> Option<Action> {
    let path = file.path();
    // A folder, or a file that went away, is told by the one place that opens files.
    let Ok(bytes) = file.bytes() else { return Some(Action::Open(path.display().to_string())) };
    let name = path.file_name()?.to_string_lossy().into_owned();
    let folder =
        path.parent().filter(|folder| !folder.as_os_str().is_empty()).map(std::path::Path::to_path_buf);
    Some(Action::OpenBytes { name, bytes, folder })
}

#[cfg(target_arch = "wasm32")]
fn open(_file: &(dyn egui::DroppedFile + Send + Sync)) -> Option<Action> {
    None
}
