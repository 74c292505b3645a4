//! What of a row can be seen at a scale: at most one stretch a pixel column, and an honest count of what was merged.
//!
//! A column that several stretches start in shows the longest of them, of equal ones the earliest, so that a picture
//! depends on nothing but data and view. The next column is found by galloping: its first stretch is mostly near, and a
//! binary search over the rest would cost as much as the drawing. Where a column has [`MANY`] groups of stretches or more,
//! the group at its edge belongs to it as a whole: what is drawn is drawn where it is, and every stretch is counted once.

use super::rows::Bar;

/// Stretches that are looked at one by one.
const SCAN: usize = 48;
/// Children of a node of the tree of maxima.
const FAN: usize = 16;
/// Nodes in a column from which on it ends with a node.
const MANY: usize = 4;

/// For each range of a row the longest stretch in it: a tree of maxima with [`FAN`] children a node; and where every
/// [`FAN`]th stretch starts. Both are compact: a million stretches do not fit into a processor's caches, these do.
#[derive(Clone, Debug, Default)]
pub struct Peaks {
    /// `levels[k][i]` is the longest of the stretches `i * FAN^(k+1) ..`.
    levels: Vec<Vec<Peak>>,
    /// `starts[i]` is the start of stretch `i * FAN`.
    starts: Vec<u64>,
}

/// The longest of some stretches; of equal ones the earliest.
#[derive(Clone, Copy, Debug)]
struct Peak {
    length: u64,
    index: u32,
}

impl Peak {
    fn of(bars: &[Bar], index: usize) -> Peak {
        Peak { length: bars[index].length(), index: index as u32 }
    }

    fn or(self, other: Peak) -> Peak {
        let longer = other.length > self.length;
        let earlier = other.length == self.length && other.index < self.index;
        if longer || earlier { other } else { self }
    }
}

impl Peaks {
    /// Of the stretches of one row.
    pub fn new(bars: &[Bar]) -> Peaks {
        if bars.len() <= SCAN {
            return Peaks::default();
        }
        let count = bars.len();
        let first = (0..count).step_by(FAN).filter_map(|from| longest(bars, from..count.min(from + FAN)));
        let mut levels: Vec<Vec<Peak>> = vec![first.collect()];
        while let Some(below) = levels.last().filter(|below| below.len() > 1) {
            let level =
                below.chunks(FAN).filter_map(|chunk| chunk.iter().copied().reduce(Peak::or)).collect();
            levels.push(level);
        }
        Peaks { levels, starts: bars.iter().step_by(FAN).map(|bar| bar.start).collect() }
    }

    /// The longest stretch of `from..to`, which is not empty; of equal ones the earliest.
    fn longest(&self, bars: &[Bar], from: usize, to: usize) -> usize {
        let found = if to - from <= SCAN || self.levels.is_empty() {
            longest(bars, from..to)
        } else {
            self.climb(bars, from, to)
        };
        found.map_or(0, |peak| peak.index as usize)
    }

    /// Level by level: what sticks out of whole nodes, then the nodes.
    fn climb(&self, bars: &[Bar], mut from: usize, mut to: usize) -> Option<Peak> {
        let mut best: Option<Peak> = None;
        let mut take = |peak: Peak| best = Some(best.map_or(peak, |best| best.or(peak)));
        for level in 0..=self.levels.len() {
            let node = |index: usize| match level {
                0 => Peak::of(bars, index),
                _ => self.levels[level - 1][index],
            };
            while from < to && !from.is_multiple_of(FAN) {
                take(node(from));
                from += 1;
            }
            while from < to && !to.is_multiple_of(FAN) {
                to -= 1;
                take(node(to));
            }
            if from >= to {
                break;
            }
            (from, to) = (from / FAN, to / FAN);
        }
        best
    }

    /// The first stretch after `at` that starts at `edge` or later; in a column of many the first of the next node.
    fn next(&self, bars: &[Bar], at: usize, edge: f64) -> usize {
        let (mut low, mut high) = (at + 1, bars.len());
        if !self.starts.is_empty() {
            // The last stretch of those whose starts are kept that is before the edge: what is looked for follows it.
            let node = gallop(&self.starts, at / FAN, |start| (start as f64) < edge);
            high = high.min((node + 1) * FAN);
            if node >= at / FAN + MANY {
                return high;
            }
            low = low.max(node * FAN + 1);
        }
        low.min(high) + bars[low.min(high)..high].partition_point(|bar| (bar.start as f64) < edge)
    }
}

fn longest(bars: &[Bar], range: std::ops::Range<usize>) -> Option<Peak> {
    range.map(|index| Peak::of(bars, index)).reduce(Peak::or)
}

/// The last index from `at` on for which `before` holds, which does for `at` and then up to some index.
fn gallop(starts: &[u64], at: usize, before: impl Fn(u64) -> bool) -> usize {
    let holds = |index: usize| starts.get(index).is_some_and(|start| before(*start));
    let (mut low, mut step) = (at, 1);
    while holds(low + step) {
        low += step;
        step *= 2;
    }
    let high = (low + step).min(starts.len());
    low + starts[(low + 1).min(high)..high].partition_point(|start| before(*start))
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
        let next = peaks.next(bars, at, edge);
        let index = peaks.longest(bars, at, next);
        let (left, right) = (scale.x(bars[index].start), scale.x(bars[index].end));
        draw(Piece { index, merged: next - at, left, right: right.max(left + 1.0) });
        at = next;
    }
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
            let plain = longest(&bars, from..to).expect("not empty").index as usize;
            assert_eq!(peaks.longest(&bars, from, to), plain, "{from}..{to}");
        }
    }

    #[test]
    fn the_next_column_is_that_of_a_plain_scan() {
        for count in [1usize, 2, 16, 17, 48, 49, 50, 64, 65, 1000] {
            // Several start at once now and then.
            let bars: Vec<Bar> =
                (0..count as u64).map(|index| bar(index / 3 * 10, index / 3 * 10 + 1)).collect();
            let peaks = Peaks::new(&bars);
            for at in 0..count {
                for edge in [0.0, 5.0, bars[at].start as f64, bars[at].start as f64 + 0.5, 155.0, 160.0, 1e9]
                {
                    let plain =
                        (at + 1..count).find(|next| bars[*next].start as f64 >= edge).unwrap_or(count);
                    assert_eq!(peaks.next(&bars, at, edge), plain, "{count} bars, after {at}, {edge}");
                }
            }
        }
    }

    #[test]
    fn a_column_of_many_ends_with_a_group_of_them() {
        let bars: Vec<Bar> = (0..1000).map(|index| bar(index * 10, index * 10 + 5)).collect();
        let peaks = Peaks::new(&bars);
        // Up to three groups further it ends at the edge; from the fourth on, with the group that lies across it.
        for (at, edge, next) in
            [(0, 505.0, 51), (0, 635.0, 64), (0, 645.0, 80), (0, 805.0, 96), (16, 645.0, 65)]
        {
            assert_eq!(peaks.next(&bars, at, edge), next, "after {at}, {edge}");
        }
    }

    #[test]
    fn only_the_view_is_visited() {
        let bars: Vec<Bar> = (0..100_000).map(|index| bar(index * 10, index * 10 + 10)).collect();
        let found = pieces(&bars, &Scale { from: 500_000.0, to: 500_100.0, width: 1000.0 });
        assert!(found.len() <= 12, "{}", found.len());
    }
}
