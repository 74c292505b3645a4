//! The stretches of all visible rows as one mesh: ten times cheaper than one shape a stretch.

use super::Frame;
use crate::model::lod;
use crate::model::rows::{Activity, Bar, Row, RowKind};
use crate::theme::{self, Pattern};
use egui::epaint::Mesh;
use egui::{Color32, Pos2, Rect, pos2};

/// Names that are written into stretches, at most.
const MAX_LABELS: usize = 300;
/// Narrower stretches have no pattern.
const PATTERN_FROM: f32 = 7.0;

/// A name to be written into a stretch.
pub struct Label {
    /// Where.
    pub rect: Rect,
    /// Whose name.
    pub job: u32,
    /// In which color.
    pub ink: Color32,
}

/// What is drawn of the rows.
#[derive(Default)]
pub struct Picture {
    /// All stretches.
    pub mesh: Mesh,
    /// Names in them.
    pub labels: Vec<Label>,
    /// Stretches that were merged with others.
    pub merged: usize,
    /// Stretches that stand for themselves.
    pub alone: usize,
}

/// Draws the rows that are at least partly between `top` and `bottom`.
pub fn rows(frame: &Frame<'_>, clip: Rect) -> Picture {
    let mut picture = Picture::default();
    let colors = theme::palette(frame.dark);
    let height = frame.row_height;
    for (place, index) in frame.order.iter().enumerate() {
        let top = frame.plot.top() + place as f32 * height;
        if top + height < clip.top() || top > clip.bottom() {
            continue;
        }
        let row = &frame.snapshot.rows.rows[*index];
        if place % 2 == 1 {
            let stripe = Rect::from_x_y_ranges(clip.x_range(), top..=top + height);
            picture.mesh.add_colored_rect(stripe, colors.stripe);
        }
        let mut painter = RowPainter { frame, row, top, picture: &mut picture };
        let bars = frame.snapshot.rows.bars(row);
        lod::visible(bars, &row.peaks, &frame.scale, |piece| painter.piece(&bars[piece.index], piece));
    }
    picture
}

struct RowPainter<'a, 'f> {
    frame: &'a Frame<'f>,
    row: &'a Row,
    top: f32,
    picture: &'a mut Picture,
}

impl RowPainter<'_, '_> {
    fn piece(&mut self, bar: &Bar, piece: lod::Piece) {
        let plot = self.frame.plot;
        let left = plot.left() + piece.left.max(-4.0);
        let right = plot.left() + piece.right.min(plot.width() + 4.0);
        let height = self.frame.row_height;
        let (from, to) = self.extent(bar);
        let rect = Rect::from_x_y_ranges(left..=right, self.top + from * height..=self.top + to * height);
        if piece.merged > 1 {
            self.picture.merged += piece.merged;
        } else {
            self.picture.alone += 1;
        }
        let colors = theme::palette(self.frame.dark);
        let number = self.frame.snapshot.task_of(bar.job);
        let (task, pattern) = theme::task(number, self.frame.dark);
        match bar.activity {
            Activity::Run => {
                let ink = theme::ink_on(task);
                self.edged(rect, task, theme::edge(number, self.frame.dark));
                self.pattern(rect, pattern, ink.gamma_multiply(0.35));
                if rect.width() > 22.0 && rect.height() > 9.0 && self.picture.labels.len() < MAX_LABELS {
                    self.picture.labels.push(Label { rect, job: bar.job, ink });
                }
            }
            Activity::Switch => {
                self.quad(rect, colors.switch);
                self.stripes(rect, 3.0, 1.0, theme::ink_on(colors.switch).gamma_multiply(0.6));
            }
            Activity::Dispatch => {
                self.quad(rect, colors.dispatch);
                self.lines(rect, theme::ink_on(colors.dispatch).gamma_multiply(0.6));
            }
            Activity::Ready => self.pale(rect, number),
            Activity::Preempted => {
                self.pale(rect, number);
                self.stripes(rect, 5.0, 2.0, colors.text.gamma_multiply(0.75));
            }
            Activity::Blocked => {
                self.quad(rect, colors.grid);
                self.stripes(rect, 4.0, 2.0, colors.weak);
            }
            Activity::Waiting => {
                self.quad(rect, colors.grid);
                self.lines(rect, colors.bad);
            }
            Activity::Joining => {
                self.quad(rect, colors.grid);
                self.stripes(rect, 8.0, 2.0, colors.weak);
            }
        }
        self.late(bar, rect);
        if piece.merged > 1 {
            // Teeth along the lower edge: more happened here than can be seen.
            let column = (rect.left() as i64).rem_euclid(4) < 2;
            let tooth = if column { 3.0 } else { 1.0 };
            let bottom = self.top + height;
            let mark = Rect::from_x_y_ranges(rect.left()..=rect.left() + 1.0, bottom - tooth..=bottom);
            self.picture.mesh.add_colored_rect(mark, colors.weak);
        }
    }

    /// A task that waits.
    fn pale(&mut self, rect: Rect, number: u32) {
        self.edged(rect, theme::pale(number, self.frame.dark), theme::edge(number, self.frame.dark));
    }

    /// A fill with an edge that can be told from the ground; where there is room for both.
    fn edged(&mut self, rect: Rect, fill: Color32, edge: Color32) {
        if rect.width() > 3.0 {
            self.quad(rect, edge);
            self.quad(rect.shrink(1.0), fill);
        } else {
            self.quad(rect, fill);
        }
    }

    /// Which part of the row's height a stretch takes.
    fn extent(&self, bar: &Bar) -> (f32, f32) {
        let (from, to) = theme::height(bar.activity);
        let (slot, count) = bar.slot;
        if count <= 1 || !matches!(self.row.kind, RowKind::Core { .. }) {
            return (from, to);
        }
        let part = (to - from) / f32::from(count);
        (from + part * f32::from(slot), from + part * f32::from(slot + 1))
    }

    /// Running and waiting behind a missed deadline is underlined in red.
    fn late(&mut self, bar: &Bar, rect: Rect) {
        if matches!(self.row.kind, RowKind::Core { .. }) {
            return;
        }
        let Some(job) = self.frame.snapshot.trace().jobs.get(bar.job as usize) else { return };
        let (Some(true), Some(deadline)) = (job.missed, job.deadline) else { return };
        if bar.end <= deadline.0 {
            return;
        }
        let from = (self.frame.plot.left() + self.frame.scale.x(deadline.0)).max(rect.left());
        let bottom = self.top + self.frame.row_height;
        let line = Rect::from_x_y_ranges(from..=rect.right().max(from), bottom - 3.0..=bottom - 0.5);
        self.picture.mesh.add_colored_rect(line, theme::palette(self.frame.dark).bad);
    }

    fn pattern(&mut self, rect: Rect, pattern: Pattern, color: Color32) {
        match pattern {
            Pattern::Solid => {}
            Pattern::Upright => self.stripes(rect, 6.0, 2.0, color),
            Pattern::Middle => {
                let middle = rect.center().y;
                self.quad(Rect::from_x_y_ranges(rect.x_range(), middle - 1.0..=middle + 1.0), color);
            }
            Pattern::Edges => self.lines(rect, color),
        }
    }

    /// Upright stripes, fixed to the plot, so that they do not swim while the window moves over short stretches.
    fn stripes(&mut self, rect: Rect, every: f32, width: f32, color: Color32) {
        if rect.width() < PATTERN_FROM {
            return;
        }
        let mut x = rect.left() + every * 0.5;
        while x + width <= rect.right() {
            self.quad(Rect::from_x_y_ranges(x..=x + width, rect.y_range()), color);
            x += every;
        }
    }

    fn lines(&mut self, rect: Rect, color: Color32) {
        if rect.width() < PATTERN_FROM {
            return;
        }
        for y in [rect.top() + 1.0, rect.bottom() - 2.5] {
            self.quad(Rect::from_x_y_ranges(rect.x_range(), y..=y + 1.5), color);
        }
    }

    fn quad(&mut self, rect: Rect, color: Color32) {
        self.picture.mesh.add_colored_rect(rect, color);
    }
}

/// An arrow from one place to another, with its head at the end.
pub fn arrow(painter: &egui::Painter, from: Pos2, to: Pos2, color: Color32, width: f32) {
    painter.line_segment([from, to], (width, color));
    let down = if to.y > from.y { -1.0 } else { 1.0 };
    for side in [-3.5, 3.5] {
        painter.line_segment([to, pos2(to.x + side, to.y + 6.0 * down)], (width, color));
    }
}
