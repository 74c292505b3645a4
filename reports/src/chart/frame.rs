//! What stands around a plot: title, legend, axes, remarks. It is laid out with measured text, so that nothing overlaps.

use super::palette::Ink;
use super::paper::{DASHES, Hatch, Paper, SHAPES, Shape, Side, elided, text_width};
use super::ticks::{self, Ticks};
use super::{At, Axis, Chart, Kind, Look, Mark, Scale, gantt, intervals};
use crate::number::{TimeUnit, common_unit};

const TITLE: f64 = 15.0;
pub(super) const LABEL: f64 = 12.0;
pub(super) const TICK: f64 = 11.0;
const PAD: f64 = 12.0;
/// Height of a row of the legend.
const ROW: f64 = 19.0;
/// Legends longer than this are cut.
const MOST_ENTRIES: usize = 40;
/// Names in legends are cut to this width.
const MOST_NAME: f64 = 330.0;
/// Space below a plot for ticks and the title of the axis.
pub(super) const BELOW: f64 = 42.0;
/// Values beyond are left out: they cannot be told apart, and sums of them overflow.
const MOST_VALUE: f64 = 1e290;

/// One entry of a legend.
pub(super) struct Entry {
    pub name: String,
    pub key: Key,
}

/// What stands in front of a legend's name.
pub(super) enum Key {
    Line(usize),
    Faint,
    Marker(Shape, Ink),
    Swatch(Option<Ink>, Option<Hatch>),
}

/// The part of the sheet that is left for the plot.
#[derive(Clone, Copy)]
pub(super) struct Page {
    pub left: f64,
    pub top: f64,
    pub right: f64,
    pub bottom: f64,
}

fn legend(chart: &Chart) -> Vec<Entry> {
    let of_series = |series: &[super::Series]| {
        let entry = |(index, series): (usize, &super::Series)| {
            let key = if series.faint { Key::Faint } else { Key::Line(index) };
            Entry { name: series.name.clone(), key }
        };
        series.iter().enumerate().map(entry).collect()
    };
    let mut entries: Vec<Entry> = match &chart.kind {
        Kind::Lines(lines) if lines.series.len() > 1 => of_series(&lines.series),
        Kind::Tail(tail) if tail.series.len() > 1 => of_series(&tail.series),
        Kind::Intervals(rows) => intervals::legend(rows),
        Kind::Gantt(gantt) => gantt::legend(gantt),
        _ => Vec::new(),
    };
    let more = entries.len().saturating_sub(MOST_ENTRIES);
    if more > 0 {
        entries.truncate(MOST_ENTRIES);
        entries.push(Entry { name: format!("and {more} more"), key: Key::Swatch(None, None) });
    }
    entries
}

/// Entries with their place: column and row.
fn placed(entries: &[Entry], width: f64) -> Vec<(f64, usize, String)> {
    let (mut x, mut row) = (0.0, 0);
    let room = width - 2.0 * PAD;
    entries
        .iter()
        .map(|entry| {
            let name = elided(&entry.name, LABEL, MOST_NAME.min(room - 40.0));
            let wide = 34.0 + text_width(&name, LABEL) + 18.0;
            if x > 0.0 && x + wide > room {
                (x, row) = (0.0, row + 1);
            }
            let place = (x, row, name);
            x += wide;
            place
        })
        .collect()
}

/// A text in lines no wider than `width`.
fn wrapped(text: &str, size: f64, width: f64) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace().take(400) {
        let word = elided(word, size, width);
        match lines.last_mut() {
            Some(line) if text_width(&format!("{line} {word}"), size) <= width => {
                line.push(' ');
                line.push_str(&word);
            }
            _ => lines.push(word),
        }
    }
    lines
}

/// Room above the plot for the vertical axis's title.
fn above(kind: &Kind) -> f64 {
    match kind {
        Kind::Lines(_) | Kind::Tail(_) | Kind::Histogram(_) => 22.0,
        Kind::Strips(_) => 26.0,
        Kind::Intervals(_) | Kind::Gantt(_) => 4.0,
    }
}

/// Height of everything but the plot itself.
pub(super) fn margins(chart: &Chart, look: Look, width: f64) -> f64 {
    let (head, foot) = head_and_foot(chart, look, width);
    head + above(&chart.kind) + BELOW + foot
}

fn head_and_foot(chart: &Chart, look: Look, width: f64) -> (f64, f64) {
    let mut head = PAD;
    if look.titled {
        head += 22.0 * wrapped(&chart.title, TITLE, width - 2.0 * PAD).len() as f64;
        head += 17.0 * wrapped(&chart.subtitle, LABEL, width - 2.0 * PAD).len() as f64;
        head += 4.0;
    }
    let rows = placed(&legend(chart), width).last().map_or(0, |(_, row, _)| row + 1);
    if rows > 0 {
        head += ROW * rows as f64 + 5.0;
    }
    let notes = wrapped(&chart.note, TICK, width - 2.0 * PAD).len();
    (head, if notes > 0 { 15.0 * notes as f64 + PAD } else { PAD / 2.0 })
}

impl Page {
    /// Draws what stands above and below the plot.
    pub(super) fn new(paper: &mut Paper<'_>, chart: &Chart, look: Look) -> Page {
        let (width, height) = (paper.width, paper.height);
        paper.rect(0.0, 0.0, width, height, Ink::Ground);
        let (head, foot) = head_and_foot(chart, look, width);
        let room = width - 2.0 * PAD;
        let mut y = PAD;
        if look.titled {
            for line in wrapped(&chart.title, TITLE, room) {
                y += 22.0;
                paper.text(&line, (PAD, y - 7.0), Side::Left, TITLE, Ink::Text);
            }
            for line in wrapped(&chart.subtitle, LABEL, room) {
                y += 17.0;
                paper.text(&line, (PAD, y - 5.0), Side::Left, LABEL, Ink::Muted);
            }
            y += 4.0;
        }
        let entries = legend(chart);
        for (entry, (x, row, name)) in entries.iter().zip(placed(&entries, width)) {
            let (x, middle) = (PAD + x, y + ROW * row as f64 + ROW / 2.0);
            entry.key.draw(paper, x, middle);
            paper.text(&name, (x + 34.0, middle + 4.0), Side::Left, LABEL, Ink::Text);
            if name != entry.name {
                paper.tip(x, middle - ROW / 2.0, 34.0 + text_width(&name, LABEL), ROW, &entry.name);
            }
        }
        for (index, line) in wrapped(&chart.note, TICK, room).iter().enumerate() {
            let y = height - foot + 15.0 * (index as f64 + 1.0) - 1.0;
            paper.text(line, (PAD, y), Side::Left, TICK, Ink::Muted);
        }
        Page { left: PAD, top: head + above(&chart.kind), right: width - PAD, bottom: height - foot - BELOW }
    }

    /// Says that there is nothing to draw.
    pub(super) fn empty(&self, paper: &mut Paper<'_>) {
        let (width, height) = (self.right - self.left, self.bottom - self.top);
        paper.outline(self.left, self.top, width, height, Ink::Grid, 1.0);
        let at = (f64::midpoint(self.left, self.right), f64::midpoint(self.top, self.bottom) + 4.0);
        paper.text("no values", at, Side::Middle, LABEL, Ink::Muted);
    }
}

impl Key {
    fn draw(&self, paper: &mut Paper<'_>, x: f64, y: f64) {
        match self {
            Key::Line(index) => {
                let ink = Ink::Series(*index);
                paper.path(&[(x, y), (x + 28.0, y)], ink, 2.0, dash(*index));
                paper.marker(shape(*index), (x + 14.0, y), 8.0, ink);
            }
            Key::Faint => paper.line((x, y), (x + 28.0, y), Ink::Axis, 1.0),
            Key::Marker(shape, ink) => {
                paper.line((x + 4.0, y), (x + 24.0, y), *ink, 1.6);
                paper.marker(*shape, (x + 14.0, y), 9.0, *ink);
            }
            Key::Swatch(ink, hatch) => {
                if let Some(ink) = ink {
                    paper.rect(x + 4.0, y - 6.0, 22.0, 12.0, *ink);
                }
                if let Some(hatch) = hatch {
                    paper.hatch((x + 4.0, y - 6.0, 22.0, 12.0), *hatch, 4.0, Ink::Muted);
                    paper.outline(x + 4.0, y - 6.0, 22.0, 12.0, Ink::Axis, 0.8);
                }
            }
        }
    }
}

/// The marker of a series.
pub(super) fn shape(series: usize) -> Shape {
    SHAPES[series % SHAPES.len()]
}

/// The dashes of a series.
pub(super) fn dash(series: usize) -> &'static [f64] {
    DASHES[series % DASHES.len()]
}

/// The least and the greatest of the values that can be drawn.
pub(super) fn range(values: impl IntoIterator<Item = f64>) -> Option<(f64, f64)> {
    values.into_iter().filter(|value| drawable(*value)).fold(None, |range: Option<(f64, f64)>, value| {
        Some(range.map_or((value, value), |(low, high)| (low.min(value), high.max(value))))
    })
}

/// Whether a value can be drawn.
pub(super) fn drawable(value: f64) -> bool {
    value.is_finite() && value.abs() <= MOST_VALUE
}

/// From values to positions.
#[derive(Clone, Debug)]
pub(super) struct Map {
    logarithmic: bool,
    /// In values, or their logarithms.
    low: f64,
    high: f64,
    /// In values.
    from: f64,
    to: f64,
    /// In pixels.
    start: f64,
    end: f64,
    /// Name and size of the unit that is shown.
    unit: String,
    size: f64,
    /// Whether values are nanoseconds.
    time: bool,
    whole: bool,
}

/// How far an axis goes around its values.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Room {
    /// From zero where that is near.
    Zero,
    /// A little at both sides.
    Around,
    /// Exactly to the ends.
    Tight,
}

impl Map {
    /// `low` and `high` are the least and the greatest value.
    pub(super) fn new(axis: &Axis, (low, high): (f64, f64), room: Room) -> Map {
        let logarithmic = match axis.scale {
            Scale::Linear => false,
            Scale::Log => low > 0.0,
            Scale::Auto => low > 0.0 && high / 30.0 > low,
        };
        let (unit, size) = shown_unit(low.abs().max(high.abs()), &axis.unit);
        let (from, to) = if logarithmic { (low / 1.15, high * 1.15) } else { linear_ends(low, high, room) };
        let (from, to) = match room {
            _ if low == 0.0 && high == 0.0 => (0.0, size),
            Room::Tight if high > low => (low, high),
            _ => (from, to),
        };
        let of = |value: f64| if logarithmic { libm::log10(value) } else { value };
        Map {
            logarithmic,
            low: of(from),
            high: of(to),
            from,
            to,
            start: 0.0,
            end: 1.0,
            unit: if unit == "/s" { "1/s".to_owned() } else { unit.to_owned() },
            size,
            time: axis.unit == "ns",
            whole: axis.whole,
        }
    }

    /// Puts the axis between two positions.
    pub(super) fn between(self, start: f64, end: f64) -> Map {
        Map { start, end, ..self }
    }

    /// The values at the ends.
    pub(super) fn ends(&self) -> (f64, f64) {
        (self.from, self.to)
    }

    /// Whether a value is on the axis at all.
    pub(super) fn has(&self, value: f64) -> bool {
        drawable(value) && (!self.logarithmic || value > 0.0)
    }

    /// The position of a value; of one beyond the ends, the end.
    pub(super) fn at(&self, value: f64) -> f64 {
        let value = if !self.logarithmic {
            value
        } else if value > 0.0 {
            libm::log10(value)
        } else {
            self.low
        };
        let part = ((value - self.low) / (self.high - self.low)).clamp(0.0, 1.0);
        self.start + part * (self.end - self.start)
    }

    /// At most `most` ticks: values, and what stands there.
    pub(super) fn ticks(&self, most: usize) -> Ticks {
        let (low, high) = (self.from / self.size, self.to / self.size);
        let ticks = match (self.logarithmic, self.whole) {
            (true, _) => ticks::logarithmic(low, high, most),
            (false, true) => ticks::whole(low, high, most),
            (false, false) => ticks::linear(low, high, most),
        };
        ticks.into_iter().map(|(value, text)| (value * self.size, text)).collect()
    }

    /// A value with its unit; of a time, the unit that suits it best.
    pub(super) fn written(&self, value: f64) -> String {
        if self.time && value != 0.0 {
            let unit = TimeUnit::for_estimate(value);
            return format!("{} {}", ticks::short(value / unit.nanos as f64), unit.name);
        }
        let number = ticks::short(value / self.size);
        if self.unit.is_empty() { number } else { format!("{number} {}", self.unit) }
    }

    /// A value in the unit of the axis, without its name.
    pub(super) fn bare(&self, value: f64) -> String {
        ticks::short(value / self.size)
    }

    /// The axis's title with its unit.
    pub(super) fn title(&self, axis: &Axis) -> String {
        if self.unit.is_empty() { axis.title.clone() } else { format!("{} ({})", axis.title, self.unit) }
    }
}

/// Name and size of the unit that suits an axis up to this value; long times are in minutes or hours.
fn shown_unit(most: f64, unit: &str) -> (&str, f64) {
    const MINUTE: f64 = 60e9;
    match unit {
        "ns" if most == 0.0 => ("ms", 1e6),
        "ns" if most >= 180.0 * MINUTE => ("h", 60.0 * MINUTE),
        "ns" if most >= 10.0 * MINUTE => ("min", MINUTE),
        _ => common_unit(most, unit),
    }
}

fn linear_ends(low: f64, high: f64, room: Room) -> (f64, f64) {
    if low == high {
        return match low {
            0.0 => (0.0, 1.0),
            _ if low > 0.0 => (0.0, high * 1.25),
            _ => (low * 1.25, 0.0),
        };
    }
    let pad = (high - low) * 0.06;
    match room {
        _ if low >= 0.0 && low < high * 0.4 && room == Room::Zero => (0.0, high * 1.06),
        _ if low == 0.0 => (0.0, high + pad),
        _ => (low - pad, high + pad),
    }
}

/// A plot with two axes.
pub(super) struct Plot {
    pub left: f64,
    pub top: f64,
    pub right: f64,
    pub bottom: f64,
    pub x: Map,
    pub y: Map,
}

impl Plot {
    /// Draws grid, ticks and titles. `gutter` is kept free at the right.
    pub(super) fn new(
        paper: &mut Paper<'_>,
        page: Page,
        (x_axis, x): (&Axis, Map),
        (y_axis, y): (&Axis, Map),
        gutter: f64,
    ) -> Plot {
        let y = y.between(page.bottom, page.top);
        let y_ticks = y.ticks(((page.bottom - page.top) / 36.0) as usize + 1);
        let wide = y_ticks.iter().map(|(_, text)| text_width(text, TICK)).fold(14.0, f64::max);
        let (left, right) = (page.left + wide + 8.0, page.right - gutter);
        let x = x.between(left, right);
        paper.text(
            &elided(&y.title(y_axis), LABEL, page.right - page.left),
            (page.left, page.top - 9.0),
            Side::Left,
            LABEL,
            Ink::Muted,
        );
        for (value, text) in &y_ticks {
            let at = y.at(*value);
            paper.line((left, at), (right, at), Ink::Grid, 1.0);
            paper.text(text, (left - 7.0, at + 4.0), Side::Right, TICK, Ink::Muted);
        }
        let plot = Plot { left, top: page.top, right, bottom: page.bottom, x, y };
        x_ticks(paper, x_axis, &plot.x, (left, right), (plot.top, plot.bottom));
        plot
    }

    /// Draws lines across, with their labels where they hide the fewest of the points.
    pub(super) fn marks(&self, paper: &mut Paper<'_>, marks: &[Mark], points: &[(f64, f64)]) {
        let mut upright = 0;
        for mark in marks {
            let room = (self.right - self.left) * 0.7;
            let label = elided(&mark.label, TICK, room);
            let wide = text_width(&label, TICK);
            let label_at = match mark.at {
                At::Y(value) if self.y.has(value) => {
                    let y = self.y.at(value);
                    paper.path(&[(self.left, y), (self.right, y)], Ink::Mark, 1.4, &[6.0, 3.0]);
                    let (right, below) = (self.right - 6.0 - wide, y + 15.0);
                    let places = [
                        (self.left + 6.0, y - 5.0),
                        (right, y - 5.0),
                        (self.left + 6.0, below),
                        (right, below),
                    ];
                    let hidden = |(left, base): (f64, f64)| {
                        let over = |at: &&(f64, f64)| {
                            at.0 > left - 8.0
                                && at.0 < left + wide + 8.0
                                && at.1 > base - 18.0
                                && at.1 < base + 8.0
                        };
                        let outside = base - 12.0 < self.top || base + 4.0 > self.bottom;
                        points.iter().filter(over).count() + if outside { points.len() + 1 } else { 0 }
                    };
                    let best = (0..places.len()).min_by_key(|index| hidden(places[*index]));
                    places[best.unwrap_or(0)]
                }
                At::X(value) if self.x.has(value) => {
                    let x = self.x.at(value);
                    paper.path(&[(x, self.bottom), (x, self.top)], Ink::Mark, 1.4, &[6.0, 3.0]);
                    let base = self.top + 12.0 + 15.0 * f64::from(upright);
                    upright += 1;
                    (if x + 8.0 + wide < self.right { x + 6.0 } else { x - 6.0 - wide }, base)
                }
                _ => continue,
            };
            paper.washed(label_at.0 - 2.0, label_at.1 - 10.5, wide + 4.0, 14.0, Ink::Ground, 0.85);
            paper.text(&label, label_at, Side::Left, TICK, Ink::Mark);
        }
    }
}

/// The horizontal axis below a plot: grid, ticks as many as fit, title.
pub(super) fn x_ticks(
    paper: &mut Paper<'_>,
    axis: &Axis,
    map: &Map,
    (left, right): (f64, f64),
    (top, bottom): (f64, f64),
) {
    let fits = |ticks: &Ticks| {
        let mut end = f64::NEG_INFINITY;
        ticks.iter().all(|(value, text)| {
            let (middle, half) = (map.at(*value), text_width(text, TICK) / 2.0);
            let free = middle - half >= end + 10.0;
            end = middle + half;
            free
        })
    };
    let ticks = (1..=11).rev().map(|most| map.ticks(most)).find(fits).unwrap_or_default();
    for (value, text) in &ticks {
        let at = map.at(*value);
        paper.line((at, top), (at, bottom), Ink::Grid, 1.0);
        paper.line((at, bottom), (at, bottom + 4.0), Ink::Axis, 1.0);
        // The outermost labels stay on the sheet.
        let half = text_width(text, TICK) / 2.0;
        let x = at.min(paper.width - half - 2.0).max(half + 2.0);
        paper.text(text, (x, bottom + 17.0), Side::Middle, TICK, Ink::Muted);
    }
    paper.line((left, bottom), (right, bottom), Ink::Axis, 1.2);
    let title = elided(&map.title(axis), LABEL, paper.width - 2.0 * PAD);
    let wide = text_width(&title, LABEL) / 2.0;
    let middle = f64::midpoint(left, right).min(paper.width - PAD - wide).max(PAD + wide);
    paper.text(&title, (middle, bottom + 36.0), Side::Middle, LABEL, Ink::Muted);
}
