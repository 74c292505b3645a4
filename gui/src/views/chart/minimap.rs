//! The overview: how busy the cores were over the whole run, and which part of it is seen.

use super::Frame;
use crate::app::action::Action;
use crate::app::state::Window;
use crate::theme;
use crate::tr;
use egui::epaint::Mesh;
use egui::{Rect, Role, Sense, Ui, WidgetInfo, pos2};

/// Height of the strip, in points.
pub const HEIGHT: f32 = 26.0;

/// Draws the overview; dragging on it moves what is seen.
pub fn ui(ui: &mut Ui, frame: &Frame<'_>, rect: Rect, out: &mut Vec<Action>) {
    let colors = theme::palette(frame.dark);
    let response = ui.interact(rect, ui.scope_id().with("minimap"), Sense::click_and_drag());
    response.widget_info(|| WidgetInfo::labeled(Role::Slider, true, tr!("minimap-name")));
    let end = frame.snapshot.end();
    let x = |at: f64| rect.left() + (at / end as f64) as f32 * rect.width();
    let window = frame.state.view.window;
    if (response.dragged() || response.clicked())
        && let Some(at) = response.interact_pointer_pos()
    {
        let center = f64::from((at.x - rect.left()) / rect.width()) * end as f64;
        let half = window.length() / 2.0;
        let to = Window { from: center - half, to: center + half }.moved(0.0, end);
        if to != window {
            out.push(Action::See(to));
        }
    }
    let painter = ui.painter_at(rect);
    painter.rect_filled(rect, 2.0, colors.stripe);
    let band = &frame.snapshot.band;
    let mut mesh = Mesh::default();
    let width = rect.width() / band.len().max(1) as f32;
    for (index, busy) in band.iter().enumerate() {
        let left = rect.left() + index as f32 * width;
        let top = rect.bottom() - busy * (rect.height() - 2.0);
        let bar = Rect::from_min_max(pos2(left, top), pos2(left + width, rect.bottom()));
        mesh.add_colored_rect(bar, colors.weak.gamma_multiply(0.6));
    }
    painter.add(mesh);
    let seen = Rect::from_x_y_ranges(
        x(window.from).max(rect.left())..=x(window.to).min(rect.right()),
        rect.y_range(),
    );
    for outside in [
        Rect::from_min_max(rect.min, pos2(seen.left(), rect.bottom())),
        Rect::from_min_max(pos2(seen.right(), rect.top()), rect.max),
    ] {
        let veil = if frame.dark {
            egui::Color32::from_black_alpha(150)
        } else {
            egui::Color32::from_white_alpha(150)
        };
        painter.rect_filled(outside, 0.0, veil);
    }
    painter.rect_stroke(seen, 1.0, (1.5, colors.text), egui::StrokeKind::Inside);
    for bookmark in &frame.state.view.bookmarks {
        painter.vline(x(bookmark.at as f64), rect.y_range(), (2.0, colors.markers[1]));
    }
    painter.vline(x(frame.state.view.cursor as f64), rect.y_range(), (1.5, colors.cursor));
    response.on_hover_text(tr!("minimap-help"));
}
