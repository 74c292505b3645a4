//! Alternatives with their intervals: a marker for the estimate, a line for the interval.

use super::frame::{Entry, Key, LABEL, Map, Page, Room, TICK, range, x_ticks};
use super::palette::Ink;
use super::paper::{Paper, Shape, Side, elided, text_width};
use super::{IntervalRow, Intervals, Verdict};
use std::fmt::Write as _;

const ROW: f64 = 26.0;
const MOST_ROWS: usize = 60;

pub(super) fn plot_height(intervals: &Intervals) -> f64 {
    let rows = intervals.rows.len();
    let more = usize::from(rows > MOST_ROWS);
    ROW * (rows.clamp(1, MOST_ROWS) + more) as f64 + 8.0
}

fn look(verdict: Verdict) -> (Shape, Ink, &'static str) {
    match verdict {
        Verdict::Reference => (Shape::Square, Ink::Series(6), "reference"),
        Verdict::Better => (Shape::Diamond, Ink::Series(2), "better"),
        Verdict::Worse => (Shape::Down, Ink::Series(1), "worse"),
        Verdict::NoDifference => (Shape::Ring, Ink::Series(0), "no difference shown"),
        Verdict::None => (Shape::Disc, Ink::Series(0), ""),
    }
}

/// The verdicts that occur.
pub(super) fn legend(intervals: &Intervals) -> Vec<Entry> {
    let order = [Verdict::Reference, Verdict::Better, Verdict::NoDifference, Verdict::Worse];
    let occurs = |verdict: &Verdict| intervals.rows.iter().any(|row| row.verdict == *verdict);
    let entry = |verdict| {
        let (shape, ink, name) = look(verdict);
        Entry { name: name.to_owned(), key: Key::Marker(shape, ink) }
    };
    order.into_iter().filter(occurs).map(entry).collect()
}

pub(super) fn draw(paper: &mut Paper<'_>, page: Page, intervals: &Intervals) {
    let rows = &intervals.rows[..intervals.rows.len().min(MOST_ROWS)];
    let values = rows.iter().flat_map(|row| [row.value, row.low, row.high]).flatten();
    let Some(ends) = range(values) else { return page.empty(paper) };
    let width = page.right - page.left;
    let widest = |texts: &mut dyn Iterator<Item = &String>, most: f64| {
        texts.map(|text| text_width(&elided(text, LABEL, most), LABEL)).fold(0.0, f64::max)
    };
    let names = widest(&mut rows.iter().map(|row| &row.name), width * 0.32);
    let remarks = widest(&mut rows.iter().map(|row| &row.remark), width * 0.34);
    let left = page.left + names + 14.0;
    let right = page.right - if remarks > 0.0 { remarks + 16.0 } else { 8.0 };
    let map = Map::new(&intervals.x, ends, Room::Zero).between(left, right);
    x_ticks(paper, &intervals.x, &map, (left, right), (page.top, page.bottom));
    let reference = rows.iter().find(|row| row.verdict == Verdict::Reference).and_then(|row| row.value);
    if let Some(value) = reference.filter(|value| map.has(*value)) {
        let x = map.at(value);
        paper.path(&[(x, page.top), (x, page.bottom)], Ink::Axis, 1.0, &[4.0, 3.0]);
    }
    for (index, row) in rows.iter().enumerate() {
        let y = page.top + 4.0 + ROW * (index as f64 + 0.5);
        row.draw(paper, &map, y);
        let name = elided(&row.name, LABEL, width * 0.32);
        paper.text(&name, (left - 8.0, y + 4.0), Side::Right, LABEL, Ink::Text);
        let remark = elided(&row.remark, LABEL, width * 0.34);
        paper.text(&remark, (right + 10.0, y + 4.0), Side::Left, LABEL, Ink::Text);
        paper.tip(page.left, y - ROW / 2.0, width, ROW, &row.tip(&map));
    }
    let more = intervals.rows.len() - rows.len();
    if more > 0 {
        let y = page.bottom - ROW / 2.0;
        paper.text(&format!("and {more} more"), (left - 8.0, y + 4.0), Side::Right, TICK, Ink::Muted);
    }
}

impl IntervalRow {
    fn draw(&self, paper: &mut Paper<'_>, map: &Map, y: f64) {
        let (shape, ink, _) = look(self.verdict);
        if let (Some(low), Some(high)) = (self.low, self.high)
            && map.has(low)
            && map.has(high)
        {
            let (low, high) = (map.at(low), map.at(high));
            paper.line((low, y), (high, y), ink, 2.0);
            for x in [low, high] {
                paper.line((x, y - 5.0), (x, y + 5.0), ink, 1.6);
            }
        }
        match self.value {
            Some(value) if map.has(value) => paper.marker(shape, (map.at(value), y), 10.0, ink),
            _ => paper.text("no value", (map.at(0.0) + 6.0, y + 4.0), Side::Left, TICK, Ink::Muted),
        }
    }

    fn tip(&self, map: &Map) -> String {
        let value = self.value.map_or_else(|| "no value".to_owned(), |value| map.written(value));
        let mut text = format!("{}: {value}", self.name);
        if let (Some(low), Some(high)) = (self.low, self.high) {
            let _ = write!(text, " [{}, {}]", map.written(low), map.written(high));
        }
        if !self.remark.is_empty() {
            let _ = write!(text, "\n{}", self.remark);
        }
        text
    }
}
