//! What of a row can be seen at a scale: at most one stretch a pixel column, and an honest count of what was merged.
//!
//! A column that several stretches start in shows the longest of them, of equal ones the earliest, so that a picture
//! depends on nothing but data and view. The next column is found by galloping: its first stretch is mostly near, and a
//! binary search over the rest would cost as much as the drawing.

use super::rows::Bar;

/// Stretches that are looked at one by one.
const SCAN: usize = 48;
/// Children of a node of the tree of maxima.
const FAN: usize = 16;

/// For each range of a row the longest stretch in it: a tree of maxima with [`FAN`] children a node.
#[derive(Clone, Debug, Default)]
pub struct Peaks {
    /// `levels[k][i]` is the index of the longest of the stretches `i * FAN^(k+1) ..`.
    levels: Vec<Vec<u32>>,
}

impl Peaks {
    /// Of the stretches of one row.
    pub fn new(bars: &[Bar]) -> Peaks {
        let mut levels: Vec<Vec<u32>> = Vec::new();
        if bars.len() > SCAN {
            let count = bars.len() as u32;
            let first = (0..count).step_by(FAN).map(|from| longest(bars, from..count.min(from + FAN as u32)));
            levels.push(first.collect());
            while let Some(below) = levels.last().filter(|below| below.len() > 1) {
                let level = below.chunks(FAN).map(|chunk| longest(bars, chunk.iter().copied())).collect();
                levels.push(level);
            }
        }
        Peaks { levels }
    }

    /// The longest stretch of `from..to`, which is not empty; of equal ones the earliest.
    fn longest(&self, bars: &[Bar], from: usize, to: usize) -> usize {
        if to - from <= SCAN || self.levels.is_empty() {
            return longest(bars, from as u32..to as u32) as usize;
        }
        let mut best: Option<u32> = None;
        let mut take = |index: u32| {
            let better = best.is_none_or(|best| {
                let (new, old) = (bars[index as usize].length(), bars[best as usize].length());
                new > old || new == old && index < best
            });
            if better {
                best = Some(index);
            }
        };
        let (mut from, mut to) = (from, to);
        // Level by level: what sticks out of whole nodes, then the nodes.
        for level in 0..=self.levels.len() {
            let node = |index: usize| match level {
                0 => index as u32,
                _ => self.levels[level - 1][index],
            };
            while from < to && from % FAN != 0 {
                take(node(from));
                from += 1;
            }
            while from < to && to % FAN != 0 {
                to -= 1;
                take(node(to));
            }
            if from >= to {
                break;
            }
            (from, to) = (from / FAN, to / FAN);
        }
        best.map_or(0, |best| best as usize)
    }
}

fn longest(bars: &[Bar], indices: impl Iterator<Item = u32>) -> u32 {
    let longer = |a: u32, b: u32| if bars[b as usize].length() > bars[a as usize].length() { b } else { a };
    indices.reduce(longer).unwrap_or(0)
}

/// A part of time and how wide it is drawn.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Scale {
    /// The left edge, in nanoseconds.
    pub from: f64,
    /// The right edge, in nanoseconds; more than `from`.
    pub to: f64,
    /// The width, in pixels.
    pub width: f32,
}

impl Scale {
    /// Pixels from the left edge.
    pub fn x(&self, at: u64) -> f32 {
        ((at as f64 - self.from) * f64::from(self.width) / (self.to - self.from)) as f32
    }

    /// The time at a pixel.
    pub fn time(&self, x: f32) -> f64 {
        self.from + f64::from(x) * (self.to - self.from) / f64::from(self.width)
    }

    /// The time at a pixel, within the run.
    pub fn instant(&self, x: f32) -> u64 {
        self.time(x).clamp(0.0, 9.0e18).round() as u64
    }
}

/// One thing to draw.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Piece {
    /// Which stretch of the row.
    pub index: usize,
    /// How many stretches it stands for; 1: itself alone.
    pub merged: usize,
    /// Left edge, in pixels from the left edge of the view.
    pub left: f32,
    /// Right edge, at least one pixel further.
    pub right: f32,
}

/// What of the stretches is visible, from left to right.
///
/// `bars` are sorted by start, and of two the earlier one does not end later.
pub fn visible(bars: &[Bar], peaks: &Peaks, scale: &Scale, mut draw: impl FnMut(Piece)) {
    if bars.is_empty() || scale.to <= scale.from || scale.width < 1.0 {
        return;
    }
    let mut at = bars.partition_point(|bar| (bar.end as f64) < scale.from);
    while at < bars.len() && (bars[at].start as f64) < scale.to {
        let bar = &bars[at];
        let (left, right) = (scale.x(bar.start), scale.x(bar.end));
        if right - left >= 1.0 {
            draw(Piece { index: at, merged: 1, left, right });
            at += 1;
            continue;
        }
        let edge = scale.time(left.floor() + 1.0);
        let next = gallop(bars, at, edge);
        let index = peaks.longest(bars, at, next);
        let (left, right) = (scale.x(bars[index].start), scale.x(bars[index].end));
        draw(Piece { index, merged: next - at, left, right: right.max(left + 1.0) });
        at = next;
    }
}

/// The first stretch after `at` that starts at `edge` or later.
fn gallop(bars: &[Bar], at: usize, edge: f64) -> usize {
    let before = |index: usize| index < bars.len() && (bars[index].start as f64) < edge;
    let mut step = 1;
    let mut low = at;
    while before(low + step) {
        low += step;
        step *= 2;
    }
    let high = (low + step).min(bars.len());
    low + 1 + bars[low + 1..high].partition_point(|bar| (bar.start as f64) < edge)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::rows::Activity;

    fn bar(start: u64, end: u64) -> Bar {
        Bar { start, end, job: 0, station: 0, activity: Activity::Run, slot: (0, 1) }
    }

    fn pieces(bars: &[Bar], scale: &Scale) -> Vec<Piece> {
        let mut found = Vec::new();
        visible(bars, &Peaks::new(bars), scale, |piece| found.push(piece));
        found
    }

    #[test]
    fn every_stretch_is_drawn_or_counted_once() {
        for (count, stretch, gap, width) in
            [(10, 5, 5, 100.0), (1000, 3, 1, 64.0), (5000, 1, 0, 7.0), (300, 7, 2, 1.0), (97, 1, 1000, 50.0)]
        {
            let bars: Vec<Bar> = (0..count)
                .map(|index| {
                    let start = index * (stretch + gap);
                    bar(start, start + 1 + (index * 7919) % stretch)
                })
                .collect();
            let end = bars.last().expect("some").end as f64;
            let scale = Scale { from: 0.0, to: end, width };
            let found = pieces(&bars, &scale);
            assert_eq!(
                found.iter().map(|piece| piece.merged).sum::<usize>(),
                bars.len(),
                "{count} in {width}"
            );
            assert!(found.len() as f32 <= 2.0 * width + 2.0, "{} pieces in {width} pixels", found.len());
        }
    }

    #[test]
    fn a_column_shows_its_longest_stretch_and_of_equal_ones_the_earliest() {
        let mut bars: Vec<Bar> = (0..200).map(|index| bar(index * 10, index * 10 + 3)).collect();
        bars[120].end += 4;
        bars[121].end += 4;
        let scale = Scale { from: 0.0, to: 4000.0, width: 2.0 };
        let found = pieces(&bars, &scale);
        assert_eq!((found[0].index, found[0].merged), (120, 200));
    }

    #[test]
    fn the_tree_agrees_with_a_plain_scan() {
        let bars: Vec<Bar> =
            (0..3000u64).map(|index| bar(index * 100, index * 100 + (index * 48_271 % 97))).collect();
        let peaks = Peaks::new(&bars);
        for (from, to) in [(0, 3000), (1, 2999), (17, 900), (255, 257), (16, 272), (2990, 3000), (1000, 1049)]
        {
            let plain = longest(&bars, from as u32..to as u32) as usize;
            assert_eq!(peaks.longest(&bars, from, to), plain, "{from}..{to}");
        }
    }

    #[test]
    fn only_the_view_is_visited() {
        let bars: Vec<Bar> = (0..100_000).map(|index| bar(index * 10, index * 10 + 10)).collect();
        let found = pieces(&bars, &Scale { from: 500_000.0, to: 500_100.0, width: 1000.0 });
        assert!(found.len() <= 12, "{}", found.len());
    }
}
