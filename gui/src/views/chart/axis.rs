//! The time axis: ticks at round times, and the strip on which the cursor is dragged.

use super::Frame;
use crate::app::action::Action;
use crate::theme;
use crate::tr;
use egui::{Align2, FontId, Rect, Role, Sense, Ui, WidgetInfo, pos2};
use sim_core::units::{Time, format_nanos};

/// Height of the strip, in points.
pub const HEIGHT: f32 = 20.0;

/// Times of ticks, at least `apart` pixels from each other: 1, 2 or 5 times a power of ten.
pub fn ticks(scale: &crate::model::lod::Scale, apart: f32) -> Vec<u64> {
    let least = (scale.to - scale.from) * f64::from(apart / scale.width.max(1.0));
    let mut step: u64 = 1;
    let mut factors = [2, 5, 10].iter().cycle();
    let mut decade: u64 = 1;
    while (step as f64) < least && step < 1 << 60 {
        let factor = *factors.next().expect("it goes round");
        step = decade * factor;
        if factor == 10 {
            decade *= 10;
        }
    }
    let first = (scale.from.max(0.0) / step as f64).ceil() as u64;
    let last = (scale.to.max(0.0) / step as f64).floor() as u64;
    (first..=last).take(1_000).map(|tick| tick * step).collect()
}

/// Draws the axis; dragging on it moves the cursor.
pub fn ui(ui: &mut Ui, frame: &Frame<'_>, rect: Rect, out: &mut Vec<Action>) {
    let colors = theme::palette(frame.dark);
    let response = ui.interact(rect, ui.scope_id().with("axis"), Sense::click_and_drag());
    let cursor = frame.state.view.cursor;
    response.widget_info(|| {
        WidgetInfo::labeled(Role::Slider, true, tr!("axis-name", at = Time(cursor).to_string()))
    });
    if (response.dragged() || response.clicked())
        && let Some(at) = response.interact_pointer_pos()
    {
        let to = frame.snap(at.x);
        if to != cursor {
            out.push(Action::Seek(to));
        }
    }
    let painter = ui.painter_at(rect);
    let x = frame.x(cursor);
    let text = Time(cursor).to_string();
    let flag = painter.layout_no_wrap(text, FontId::proportional(11.5), theme::ink_on(colors.cursor));
    let place = Align2::CENTER_CENTER.anchor_size(pos2(x, rect.center().y), flag.size());
    let place = place.expand2(egui::vec2(4.0, 1.0));
    let place = place.translate(egui::vec2(
        (rect.left() - place.left()).max(0.0) + (rect.right() - place.right()).min(0.0),
        0.0,
    ));
    let seen = (rect.left() - 2.0..=rect.right() + 2.0).contains(&x);
    for tick in ticks(&frame.scale, 72.0) {
        let x = frame.x(tick);
        painter.vline(x, rect.bottom() - 5.0..=rect.bottom(), (1.0, colors.weak));
        let galley = painter.layout_no_wrap(format_nanos(tick), FontId::proportional(11.0), colors.weak);
        // The last one stands on the other side of its tick where there is no room.
        let size = galley.size();
        let left = if x + 3.0 + size.x > rect.right() { x - 3.0 - size.x } else { x + 3.0 };
        let corner = pos2(left, rect.center().y - size.y / 2.0);
        // The cursor's time goes before.
        if !(seen && place.intersects(Rect::from_min_size(corner, size))) {
            painter.galley(corner, galley, colors.weak);
        }
    }
    if seen {
        painter.rect_filled(place, 3.0, colors.cursor);
        painter.galley(place.min + egui::vec2(4.0, 1.0), flag, theme::ink_on(colors.cursor));
    }
    response.on_hover_cursor(egui::CursorIcon::ResizeHorizontal);
}

#[cfg(test)]
mod tests {
    use super::ticks;
    use crate::model::lod::Scale;

    #[test]
    fn ticks_are_round_and_far_enough_apart() {
        for (from, to, width, first, second) in [
            (0.0, 100.0, 1000.0, 0, 10),
            (0.0, 30_000_000.0, 800.0, 0, 5_000_000),
            (3_000.0, 4_000.0, 500.0, 3_000, 3_200),
            (-50.0, 50.0, 100.0, 0, 100),
        ] {
            let found = ticks(&Scale { from, to, width }, 72.0);
            assert_eq!(found[0], first, "{from}..{to}");
            if let Some(next) = found.get(1) {
                assert_eq!(*next, second, "{from}..{to}");
            }
        }
    }
}
