//! The pointer over the schedule: zoom at the pointer, pan, measure, select, and what is under it.

use super::paint::Picture;
use super::{Frame, details};
use crate::app::action::Action;
use crate::app::state::Selection;
use crate::model::rows::Bar;
use crate::theme;
use crate::tr;
use egui::{PointerButton, Pos2, Rect, Role, Sense, Ui, WidgetInfo};

/// Handles the pointer over the rows.
pub fn ui(ui: &mut Ui, frame: &Frame<'_>, seen: Rect, picture: &Picture, out: &mut Vec<Action>) {
    let response = ui.interact(seen, ui.scope_id().with("rows"), Sense::click_and_drag());
    let end = frame.snapshot.end();
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, tr!("chart-name")));
    if picture.merged > 0 {
        let text = tr!("chart-merged", merged = picture.merged, drawn = picture.alone);
        let colors = theme::palette(frame.dark);
        let at = seen.right_bottom() - egui::vec2(6.0, 4.0);
        let galley = ui.painter().layout_no_wrap(text, egui::FontId::proportional(11.0), colors.text);
        let place = egui::Align2::RIGHT_BOTTOM.anchor_size(at, galley.size());
        ui.painter().rect_filled(place.expand(3.0), 3.0, ui.visuals().panel_fill.gamma_multiply(0.92));
        ui.painter().galley(place.min, galley, colors.text);
    }
    if response.contains_pointer()
        && let Some(at) = ui.input(|input| input.pointer.hover_pos())
    {
        wheel(ui, frame, at, out);
    }
    let delta = response.drag_delta().x;
    let part = f64::from(delta / frame.plot.width().max(1.0));
    let pans = response.dragged_by(PointerButton::Middle) || response.dragged_by(PointerButton::Secondary);
    if pans && delta != 0.0 {
        out.push(Action::See(frame.state.view.window.moved(-part, end)));
    }
    if response.dragged_by(PointerButton::Primary)
        && let (Some(origin), Some(now)) =
            (ui.input(|input| input.pointer.press_origin()), response.interact_pointer_pos())
    {
        let (a, b) = (frame.snap(origin.x), frame.snap(now.x));
        if frame.state.view.markers != [Some(a.min(b)), Some(a.max(b))] {
            out.push(Action::MarkRange(a.min(b), a.max(b)));
        }
    }
    if let Some(at) = response.interact_pointer_pos() {
        if response.double_clicked() {
            match bar_at(frame, at) {
                Some(_) => out.push(Action::FitSelection),
                None => out.push(Action::Fit),
            }
        } else if response.clicked() {
            click(frame, at, out);
        }
    }
    if let Some(at) = response.hover_pos() {
        let colors = theme::palette(frame.dark);
        ui.painter_at(seen).vline(at.x, seen.y_range(), (1.0, colors.weak.gamma_multiply(0.7)));
        if !response.dragged() {
            response.on_hover_ui_at_pointer(|ui| match bar_at(frame, at) {
                Some(bar) => {
                    details::ui(ui, frame.snapshot, bar.job, bar.start, true);
                    merged(ui, frame, &bar);
                }
                None => {
                    ui.label(sim_core::units::Time(frame.time(at.x)).to_string());
                }
            });
        }
    }
}

fn wheel(ui: &Ui, frame: &Frame<'_>, at: Pos2, out: &mut Vec<Action>) {
    let (scroll, pinch) = ui.input(|input| (input.smooth_scroll_delta(), input.zoom_delta()));
    let window = frame.state.view.window;
    let end = frame.snapshot.end();
    let under = frame.scale.time(at.x - frame.plot.left());
    if pinch != 1.0 {
        out.push(Action::See(window.zoomed(under, f64::from(pinch), end)));
    } else if scroll.x != 0.0 {
        let part = f64::from(scroll.x / frame.plot.width().max(1.0));
        out.push(Action::See(window.moved(-part, end)));
    } else if scroll.y != 0.0 {
        // One notch of a wheel is fifty points: a fifth larger.
        let factor = 1.0 + f64::from(scroll.y.abs()) / 250.0;
        let factor = if scroll.y > 0.0 { factor } else { 1.0 / factor };
        out.push(Action::See(window.zoomed(under, factor, end)));
    }
}

fn click(frame: &Frame<'_>, at: Pos2, out: &mut Vec<Action>) {
    out.push(Action::Seek(frame.snap(at.x)));
    let selection = bar_at(frame, at).map(|bar| {
        // Pieces of shared cores are cut; the job's own stretch is meant.
        let own = frame.snapshot.rows.of_job_at(bar.job, bar.start);
        let (start, end) = own.map_or((bar.start, bar.end), |own| (own.start, own.end));
        Selection { job: bar.job, start, end }
    });
    out.push(Action::Select(selection));
}

/// The stretch under the pointer.
fn bar_at(frame: &Frame<'_>, at: Pos2) -> Option<Bar> {
    let row = &frame.snapshot.rows.rows[frame.row_at(at.y)?];
    let bars = frame.snapshot.rows.bars(row);
    let (left, right) = (frame.time(at.x - 1.0), frame.time(at.x + 1.0));
    let from = bars.partition_point(|bar| bar.end < left);
    let under: Vec<&Bar> = bars[from..].iter().take_while(|bar| bar.start <= right).take(4_096).collect();
    let part = ((at.y - frame.plot.top()) / frame.row_height).fract();
    let exact = frame.time(at.x);
    let hit = |bar: &&&Bar| {
        let (slot, count) = bar.slot;
        let slot_hit = count <= 1 || (part * f32::from(count)) as u16 == slot;
        bar.start <= exact && exact < bar.end && slot_hit
    };
    under.iter().find(hit).or_else(|| under.iter().max_by_key(|bar| bar.length())).map(|bar| **bar)
}

fn merged(ui: &mut Ui, frame: &Frame<'_>, bar: &Bar) {
    let nanos = (frame.scale.to - frame.scale.from) / f64::from(frame.scale.width);
    if (bar.length() as f64) < nanos {
        ui.small(tr!("chart-zoom-in"));
    }
}
