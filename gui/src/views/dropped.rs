//! Files that are dropped on the window.

use crate::tr;
use egui::{Align2, DroppedFileHandle, FontId, Ui};

/// The files that were dropped in this frame; while one hangs over the window it says what will happen.
pub fn files(ui: &Ui) -> Vec<DroppedFileHandle> {
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
    ui.input(|input| input.raw.dropped_files.clone())
}
