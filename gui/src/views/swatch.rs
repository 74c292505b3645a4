//! A small field with the color, the edge and the pattern of a task.

use crate::theme::{self, Pattern};
use egui::{Painter, Rect, Sense, StrokeKind, Ui, vec2};

/// Puts one in front of a task's name.
pub fn ui(ui: &mut Ui, task: u32, dark: bool) {
    let (rect, _) = ui.allocate_exact_size(vec2(12.0, 12.0), Sense::hover());
    paint(&ui.painter_at(rect), rect.shrink(1.0), task, dark);
}

/// Draws one.
pub fn paint(painter: &Painter, rect: Rect, task: u32, dark: bool) {
    let (fill, pattern) = theme::task(task, dark);
    painter.rect(rect, 2.0, fill, (1.0, theme::edge(task, dark)), StrokeKind::Inside);
    let line = (1.5, theme::ink_on(fill));
    let inner = rect.shrink(1.0);
    match pattern {
        Pattern::Solid => {}
        Pattern::Upright => {
            painter.vline(inner.center().x, inner.y_range(), line);
        }
        Pattern::Middle => {
            painter.hline(inner.x_range(), inner.center().y, line);
        }
        Pattern::Edges => {
            painter.hline(inner.x_range(), inner.top() + 0.75, line);
            painter.hline(inner.x_range(), inner.bottom() - 0.75, line);
        }
    }
}
