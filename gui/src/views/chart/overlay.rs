//! What lies over and under the stretches: grid, releases and deadlines, arrows, markers, the cursor.

use super::{Frame, axis, paint};
use crate::model::events::{Event, EventKind};
use crate::model::rows::{Activity, MarkKind, RowKind};
use crate::model::snapshot::Waker;
use crate::theme;
use egui::{Align2, Color32, FontId, Painter, Rect, Shape, Stroke, pos2, vec2};
use sim_core::units::Span;

/// More stretches of one job than this have no arrows.
const MAX_ARROWS: usize = 400;
/// Arrows of all jobs together, at most.
const MAX_WAKEUPS: usize = 80;
/// Where more happens than this in what is seen, arrows are not looked for.
const WAKEUP_EVENTS: usize = 4_000;

/// Upright lines at the ticks of the axis.
pub fn grid(painter: &Painter, frame: &Frame<'_>, seen: Rect) {
    let colors = theme::palette(frame.dark);
    for tick in axis::ticks(&frame.scale, 72.0) {
        painter.vline(frame.x(tick), seen.y_range(), (1.0, colors.grid));
    }
}

/// Marks of one kind nearer than this on a row are one mark, in points.
const ONE_MARK: f32 = 3.0;
/// Marks of one kind nearer than this are ticks at the edge of the row: arrows would hide what happens.
const CROWDED: f32 = 10.0;

/// Releases as arrows up, deadlines as arrows down, missed ones red with a cross.
pub fn marks(painter: &Painter, frame: &Frame<'_>, seen: Rect) {
    let colors = theme::palette(frame.dark);
    let mut drawn: [Vec<f32>; 4] = Default::default();
    for (place, index) in frame.order.iter().enumerate() {
        let top = frame.plot.top() + place as f32 * frame.row_height;
        if top + frame.row_height < seen.top() || top > seen.bottom() {
            continue;
        }
        let row = &frame.snapshot.rows.rows[*index];
        let from = row.marks.partition_point(|mark| (mark.at as f64) < frame.scale.from);
        for mark in row.marks[from..].iter().take_while(|mark| mark.at as f64 <= frame.scale.to) {
            let (x, same) = (frame.x(mark.at), &mut drawn[mark.kind as usize]);
            if same.last().is_none_or(|last| x - last >= ONE_MARK) {
                same.push(x);
            }
        }
        for kind in [MarkKind::Release, MarkKind::Deadline, MarkKind::Missed, MarkKind::Lost] {
            let same = &mut drawn[kind as usize];
            for (index, x) in same.iter().enumerate() {
                let crowded = is_crowded(same, index);
                mark_at(painter, pos2(*x, top), frame.row_height, kind, crowded, &colors);
            }
            same.clear();
        }
    }
}

/// Whether the one before or after is too near for arrows.
fn is_crowded(places: &[f32], index: usize) -> bool {
    let from = &places[index.saturating_sub(1)..places.len().min(index + 2)];
    from.windows(2).any(|pair| pair[1] - pair[0] < CROWDED)
}

fn mark_at(
    painter: &Painter,
    at: egui::Pos2,
    height: f32,
    kind: MarkKind,
    crowded: bool,
    colors: &theme::Palette,
) {
    let (top, bottom) = (at.y + 1.0, at.y + height - 1.0);
    let head = |y: f32, up: bool, color: Color32| {
        let tip = if up { y } else { y + 5.0 };
        let base = if up { y + 5.0 } else { y };
        let points = vec![pos2(at.x, tip), pos2(at.x - 3.0, base), pos2(at.x + 3.0, base)];
        painter.add(Shape::convex_polygon(points, color, Stroke::NONE));
    };
    match kind {
        MarkKind::Release if crowded => {
            painter.vline(at.x, top..=top + 5.0, (1.2, colors.text));
        }
        MarkKind::Deadline if crowded => {
            painter.vline(at.x, bottom - 5.0..=bottom, (1.2, colors.weak));
        }
        MarkKind::Missed | MarkKind::Lost if crowded => {
            painter.vline(at.x, bottom - 7.0..=bottom, (2.0, colors.bad));
        }
        MarkKind::Release => {
            painter.vline(at.x, top..=bottom, (1.2, colors.text));
            head(top, true, colors.text);
        }
        MarkKind::Deadline => {
            painter.vline(at.x, top..=bottom, (1.2, colors.weak));
            head(bottom - 5.0, false, colors.weak);
        }
        MarkKind::Missed => {
            painter.vline(at.x, top..=bottom, (2.0, colors.bad));
            painter.text(
                pos2(at.x, at.y + height / 2.0),
                Align2::CENTER_CENTER,
                "✖",
                FontId::proportional(14.0),
                colors.bad,
            );
        }
        MarkKind::Lost => {
            painter.text(
                pos2(at.x, at.y + height / 2.0),
                Align2::CENTER_CENTER,
                "✖",
                FontId::proportional(12.0),
                colors.weak,
            );
        }
    }
}

/// Who woke whom, in the part of time that is seen: an arrow from the waker's row. Where there are too many, some of them in
/// equal distances, and how many.
pub fn wakeups(painter: &Painter, frame: &Frame<'_>, seen: Rect) {
    let snapshot = frame.snapshot;
    // Only who waits for a token is woken by another job.
    if !frame.state.view.show_arrows || !snapshot.has_token_waits() {
        return;
    }
    let colors = theme::palette(frame.dark);
    let events = snapshot.events();
    let from = events.partition_point(|event| (event.at as f64) < frame.scale.from);
    let to = events.partition_point(|event| (event.at as f64) <= frame.scale.to);
    let say = |text: String| {
        flag(painter, pos2(seen.right() - 150.0, seen.bottom() - 28.0), &text, colors.weak);
    };
    let begins = |event: &&Event| matches!(event.kind, EventKind::Begin(Activity::Ready | Activity::Run));
    if to - from > WAKEUP_EVENTS {
        // Whether there is any is not known without a look at all of them.
        return say(crate::tr!("chart-arrows-zoom"));
    }
    let middle = frame.row_height / 2.0;
    let selected = frame.state.view.selection.map(|selection| selection.job);
    let mut arrows: Vec<(egui::Pos2, egui::Pos2)> = Vec::new();
    for event in events[from..to].iter().filter(begins).filter(|event| Some(event.job) != selected) {
        let Some(Waker::Job(waker)) = snapshot.waker(event.job, event.at) else { continue };
        let row = |job: u32| snapshot.row_of_job(job).and_then(|row| frame.top_of(row));
        if let (Some(from), Some(to)) = (row(waker), row(event.job)) {
            let x = frame.x(event.at);
            let visible = |y: f32| (seen.top()..=seen.bottom()).contains(&(y + middle));
            if visible(from) || visible(to) {
                arrows.push((pos2(x, from + middle), pos2(x, to + middle)));
            }
        }
    }
    let (every, drawn) = thinned(arrows.len());
    let color = colors.bad.gamma_multiply(0.75);
    for (start, end) in arrows.iter().step_by(every) {
        paint::arrow(painter, *start, *end, color, frame.state.settings.look.line());
    }
    if every > 1 {
        say(crate::tr!("chart-arrows-thinned", drawn = drawn, all = arrows.len()));
    }
}

/// Of how many arrows one is drawn, and how many that are.
fn thinned(all: usize) -> (usize, usize) {
    let every = all.div_ceil(MAX_WAKEUPS).max(1);
    (every, all.div_ceil(every))
}

/// Who woke the selected job: an arrow from the waker's row.
pub fn arrows(painter: &Painter, frame: &Frame<'_>, seen: Rect) {
    let (true, Some(selection)) = (frame.state.view.show_arrows, frame.state.view.selection) else { return };
    let colors = theme::palette(frame.dark);
    let snapshot = frame.snapshot;
    let Some(top) = snapshot.row_of_job(selection.job).and_then(|row| frame.top_of(row)) else { return };
    let bars = snapshot.rows.of_job(selection.job);
    let from = bars.partition_point(|bar| (bar.end as f64) < frame.scale.from);
    let width = frame.state.settings.look.line() + 0.5;
    let middle = frame.row_height / 2.0;
    for bar in bars[from..].iter().take(MAX_ARROWS) {
        if bar.start as f64 > frame.scale.to {
            break;
        }
        let x = frame.x(bar.start);
        match bar.activity {
            Activity::Ready | Activity::Run => {
                if let Some(Waker::Job(waker)) = snapshot.waker(selection.job, bar.start)
                    && let Some(from) = snapshot.row_of_job(waker).and_then(|row| frame.top_of(row))
                {
                    let (start, end) = (pos2(x, from + middle), pos2(x, top + middle));
                    paint::arrow(painter, start, end, colors.bad, width);
                }
            }
            _ => {}
        }
        // From the task's row to the core that runs it.
        if bar.activity == Activity::Run
            && (frame.x(bar.end) - x > 3.0)
            && let Some(core) = core_row(frame, bar.station, bar.start, selection.job)
        {
            let (start, end) = (pos2(x, top + middle), pos2(x, core + middle));
            paint::arrow(painter, start, end, colors.text.gamma_multiply(0.6), width);
        }
    }
    let _ = seen;
}

/// The upper edge of the row of the core that runs a job.
fn core_row(frame: &Frame<'_>, processor: u32, at: u64, job: u32) -> Option<f32> {
    let rows = &frame.snapshot.rows;
    frame.order.iter().enumerate().find_map(|(place, index)| {
        let row = &rows.rows[*index];
        let fits = matches!(row.kind, RowKind::Core { processor: p, .. } if p == processor);
        let runs = fits && rows.on_core(row, at).iter().any(|bar| bar.job == job);
        runs.then(|| frame.plot.top() + place as f32 * frame.row_height)
    })
}

/// The cursor, markers with their difference, bookmarks, and the outline of what is selected.
pub fn lines(painter: &Painter, frame: &Frame<'_>, seen: Rect) {
    let colors = theme::palette(frame.dark);
    let look = frame.state.settings.look;
    let view = &frame.state.view;
    if let Some(selection) = view.selection {
        outline(painter, frame, &selection, seen);
    }
    for bookmark in &view.bookmarks {
        let x = frame.x(bookmark.at);
        painter.vline(x, seen.y_range(), (1.0, colors.markers[1].gamma_multiply(0.7)));
        painter.text(
            pos2(x + 2.0, seen.bottom() - 8.0),
            Align2::LEFT_CENTER,
            format!("🔖 {}", bookmark.note),
            FontId::proportional(11.0),
            colors.markers[1],
        );
    }
    let xs = view.markers.map(|marker| marker.map(|at| frame.x(at)));
    if let [Some(a), Some(b)] = xs {
        let between = Rect::from_x_y_ranges(a.min(b)..=a.max(b), seen.y_range());
        painter.rect_filled(between, 0.0, colors.markers[0].gamma_multiply(0.12));
    }
    for (index, x) in xs.iter().enumerate() {
        if let Some(x) = x {
            painter.vline(*x, seen.y_range(), (look.line() + 0.5, colors.markers[index]));
            flag(painter, pos2(*x, seen.top() + 9.0), ["A", "B"][index], colors.markers[index]);
        }
    }
    if let [Some(a), Some(b)] = view.markers {
        let text = format!("B - A = {}{}", if b < a { "-" } else { "" }, Span(a.abs_diff(b)));
        let x = f32::midpoint(frame.x(a), frame.x(b)).clamp(seen.left() + 40.0, seen.right() - 40.0);
        flag(painter, pos2(x, seen.bottom() - 10.0), &text, colors.markers[0]);
    }
    let x = frame.x(view.cursor);
    painter.vline(x, seen.y_range(), (look.line() + 0.5, colors.cursor));
}

/// Text on a plate.
pub fn flag(painter: &Painter, at: egui::Pos2, text: &str, color: Color32) {
    let galley = painter.layout_no_wrap(text.to_owned(), FontId::proportional(12.0), theme::ink_on(color));
    let rect = Align2::CENTER_CENTER.anchor_size(at, galley.size());
    painter.rect_filled(rect.expand2(vec2(4.0, 1.0)), 3.0, color);
    painter.galley(rect.min, galley, theme::ink_on(color));
}

fn outline(painter: &Painter, frame: &Frame<'_>, selection: &crate::app::state::Selection, seen: Rect) {
    let colors = theme::palette(frame.dark);
    let (left, right) = (frame.x(selection.start), frame.x(selection.end));
    let stroke = (frame.state.settings.look.line() + 1.0, colors.selection);
    let draw = |top: f32| {
        let rect = Rect::from_x_y_ranges(
            left.max(seen.left() - 4.0)..=right.max(left + 2.0).min(seen.right() + 4.0),
            top + 1.0..=top + frame.row_height - 1.0,
        );
        painter.rect_stroke(rect, 2.0, stroke, egui::StrokeKind::Outside);
    };
    if let Some(top) = frame.snapshot.row_of_job(selection.job).and_then(|row| frame.top_of(row)) {
        draw(top);
    }
    let bar = frame.snapshot.rows.of_job_at(selection.job, selection.start);
    if let Some(bar) = bar
        && matches!(bar.activity, Activity::Run | Activity::Switch | Activity::Dispatch)
        && let Some(top) = core_row(frame, bar.station, bar.start, bar.job)
    {
        draw(top);
    }
}

/// One state as it looks in the chart, for the legend.
pub fn sample(painter: &Painter, rect: Rect, activity: Activity, dark: bool) {
    let colors = theme::palette(dark);
    let (task, _) = theme::task(0, dark);
    let (from, to) = theme::height(activity);
    let part = Rect::from_x_y_ranges(
        rect.x_range(),
        rect.top() + from * rect.height()..=rect.top() + to * rect.height(),
    );
    let (fill, ink, every) = match activity {
        Activity::Run => (task, None, 0.0),
        Activity::Ready => (theme::pale(0, dark), None, 0.0),
        Activity::Preempted => (theme::pale(0, dark), Some(colors.text), 5.0),
        Activity::Switch => (colors.switch, Some(theme::ink_on(colors.switch)), 3.0),
        Activity::Dispatch => (colors.dispatch, Some(theme::ink_on(colors.dispatch)), 0.0),
        Activity::Blocked => (colors.grid, Some(colors.weak), 4.0),
        Activity::Waiting => (colors.grid, Some(colors.bad), 0.0),
        Activity::Joining => (colors.grid, Some(colors.weak), 8.0),
    };
    painter.rect_filled(part, 0.0, fill);
    if matches!(activity, Activity::Run | Activity::Ready | Activity::Preempted) {
        painter.rect_stroke(part, 0.0, (1.0, theme::edge(0, dark)), egui::StrokeKind::Inside);
    }
    if let Some(ink) = ink {
        if every > 0.0 {
            let mut x = part.left() + 2.0;
            while x < part.right() {
                painter.vline(x, part.y_range(), (1.0, ink));
                x += every;
            }
        } else {
            painter.hline(part.x_range(), part.top() + 1.0, (1.0, ink));
            painter.hline(part.x_range(), part.bottom() - 1.0, (1.0, ink));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{MAX_WAKEUPS, is_crowded, thinned};

    #[test]
    fn no_more_arrows_are_drawn_than_can_be_told_apart_and_none_is_left_out_without_need() {
        for (all, expected) in [
            (0, (1, 0)),
            (1, (1, 1)),
            (80, (1, 80)),
            (81, (2, 41)),
            (160, (2, 80)),
            (161, (3, 54)),
            (4_000, (50, 80)),
        ] {
            assert_eq!(thinned(all), expected, "{all}");
        }
        for all in 0..2_000 {
            let (every, drawn) = thinned(all);
            assert!(drawn <= MAX_WAKEUPS, "{all}: {drawn}");
            assert_eq!((0..all).step_by(every).count(), drawn, "{all}");
        }
    }
    #[test]
    fn marks_with_a_neighbor_within_ten_points_are_crowded() {
        let places = [0.0, 9.5, 30.0, 40.0, 44.0];
        let found: Vec<bool> = (0..places.len()).map(|index| is_crowded(&places, index)).collect();
        assert_eq!(found, [true, true, false, true, true]);
        assert!(!is_crowded(&[5.0], 0));
    }
}
