//! More or fewer requests of a trace, its calendar kept: copies of it, each moved a little, and a part of one more.
//!
//! `factor` times the demand is `k + f` copies: the whole part `k` and the rest `f < 1`. Copy 0 is the trace itself. Every
//! further copy is the trace with its releases moved, so that a burst of the trace is not a burst of `k` times the height
//! that nobody ever saw; the last copy keeps each release with probability `f`. A moved release keeps its size, its class,
//! its client and its attributes.
//!
//! How far a copy is moved: the trace's span, from its first to its last release, is cut into equal intervals ([`Spread`]),
//! and within each a copy is turned round as on a clock face, by a shift that is drawn for this copy and this interval
//! alone: what leaves the interval at its end comes in at its beginning. Every interval therefore has as many releases of
//! each whole copy as the trace has, the shape of the day is that of the trace up to one interval, and nothing is released
//! outside of the span.
//!
//! Shifts and thinning come from streams of their own, so that every policy meets the same releases, and each replication
//! draws its own. A lesser factor keeps a part of what a greater one has: draws belong to copies and rows, not to factors.
//!
//! A run holds one cursor a copy over the one trace: memory grows with the factor, not with the requests.

use crate::model::TraceData;
use crate::rng::{StreamRoot, below, job_stream};
use crate::units::{Ratio, Time};
use rand::Rng as _;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;

/// Most intervals that a span is cut into: a day has hours.
pub const INTERVALS_MAX: u64 = 24;
/// Releases that an interval has on average at least, if there is more than one: fewer, and what is copied is chance
/// (with 400 the rate of an interval is known to 5 %).
pub const RELEASES_MIN: u64 = 400;

/// The span of a trace, and the intervals within which its copies are moved.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Spread {
    start: Time,
    /// Instants from the first to the last release, both counted.
    length: u64,
    intervals: u64,
}

impl Spread {
    /// The span of traces that belong together, such as the classes of one log: their copies are moved alike. `None`
    /// where nothing is released.
    pub fn over<'a>(traces: impl IntoIterator<Item = &'a TraceData>) -> Option<Spread> {
        let (mut start, mut last, mut count) = (Time::NEVER, Time::ZERO, 0u64);
        for data in traces {
            if let (Some(first), Some(end)) = (data.rows.first(), data.rows.last()) {
                (start, last) = (start.min(first.at), last.max(end.at));
                count += data.rows.len() as u64;
            }
        }
        let length = last.0.checked_sub(start.0)? + 1;
        let intervals = (count / RELEASES_MIN).clamp(1, INTERVALS_MAX).min(length);
        Some(Spread { start, length, intervals })
    }

    /// How many intervals there are.
    pub fn intervals(&self) -> u64 {
        self.intervals
    }

    /// The length of an interval; the last may be shorter by a few nanoseconds.
    pub fn interval(&self) -> u64 {
        self.length.div_ceil(self.intervals)
    }

    /// The interval of an instant of the span.
    fn of(&self, at: Time) -> u64 {
        at.since(self.start).0 / self.interval()
    }

    /// Where an interval begins, and how long it is.
    fn bounds(&self, interval: u64) -> (u64, u64) {
        let begin = interval * self.interval();
        (self.start.0 + begin, self.interval().min(self.length - begin))
    }
}

/// A trace at another demand.
#[derive(Clone, Debug)]
pub struct Copies {
    /// The trace.
    pub data: Arc<TraceData>,
    /// So many times its requests.
    pub factor: Ratio,
    /// Within what its copies are moved.
    pub spread: Spread,
}

impl Copies {
    /// Copies that are released whole, and the part of one more as numerator and denominator.
    fn parts(&self) -> (u64, u64, u64) {
        let (numerator, denominator) = self.factor.parts();
        (numerator / denominator, numerator % denominator, denominator)
    }

    /// No more releases than this.
    pub fn most(&self) -> u64 {
        let (whole, rest, _) = self.parts();
        (self.data.rows.len() as u64).saturating_mul(whole + u64::from(rest > 0))
    }
}

/// Where a copy is.
#[derive(Clone, Copy)]
struct Cursor {
    /// The next row of the stretch under way, and the end of the stretch.
    row: u32,
    end: u32,
    /// What is added to the times of its rows; negative for rows that come in again at the beginning of their interval.
    moved: i64,
    /// The rows that come after the stretch: those of the same interval that stay in it.
    then: (u32, u32, i64),
}

/// The copies of a trace as one sequence of releases, ordered by time, then copy.
pub(crate) struct Merge {
    copies: Copies,
    cursors: Vec<Cursor>,
    shifts: u64,
    thinning: u64,
    heap: BinaryHeap<Reverse<(Time, u32, u32)>>,
    /// The row of the release that comes next, and of the one before it.
    next: Option<(Time, u32)>,
    row: u32,
}

impl Merge {
    /// The copies of the source called `name`. Shifts are the same for all sources of a replication.
    pub fn new(copies: &Copies, root: StreamRoot, name: &str) -> Merge {
        let (whole, rest, _) = copies.parts();
        let count = whole + u64::from(rest > 0);
        let start = Cursor { row: 0, end: 0, moved: 0, then: (0, 0, 0) };
        let mut merge = Merge {
            copies: copies.clone(),
            cursors: vec![start; count as usize],
            shifts: root.key("demand", "shifts"),
            thinning: root.key(name, "thinning"),
            heap: BinaryHeap::with_capacity(count as usize),
            next: None,
            row: 0,
        };
        for copy in 0..count as u32 {
            merge.push(copy);
        }
        merge.step();
        merge
    }

    /// When the next release is.
    pub fn time(&self) -> Time {
        self.next.map_or(Time::NEVER, |(at, _)| at)
    }

    /// The row of the release that was next before the last [`step`](Merge::step).
    pub fn row(&self) -> usize {
        self.row as usize
    }

    /// Goes on to the next release.
    pub fn step(&mut self) {
        if let Some((_, row)) = self.next {
            self.row = row;
        }
        self.next = self.heap.pop().map(|Reverse((at, copy, row))| {
            self.push(copy);
            (at, row)
        });
    }

    /// Puts the next release of a copy into the heap, if there is one.
    fn push(&mut self, copy: u32) {
        let (whole, rest, denominator) = self.copies.parts();
        loop {
            let cursor = &mut self.cursors[copy as usize];
            if cursor.row == cursor.end {
                let (row, end, moved) = cursor.then;
                if row == end {
                    if !self.enter(copy) {
                        return;
                    }
                } else {
                    let done = cursor.end;
                    *cursor = Cursor { row, end, moved, then: (done, done, 0) };
                }
                continue;
            }
            let (row, moved) = (cursor.row, cursor.moved);
            cursor.row += 1;
            if u64::from(copy) == whole {
                let draw = job_stream(self.thinning, u64::from(copy) << 32 | u64::from(row)).next_u64();
                if (u128::from(draw) * u128::from(denominator)) >> 64 >= u128::from(rest) {
                    continue;
                }
            }
            let at = Time(self.copies.data.rows[row as usize].at.0.wrapping_add_signed(moved));
            self.heap.push(Reverse((at, copy, row)));
            return;
        }
    }

    /// Takes a copy into the next interval that has rows; false where there is none.
    fn enter(&mut self, copy: u32) -> bool {
        let rows = &self.copies.data.rows;
        let cursor = &mut self.cursors[copy as usize];
        // All rows before the end of the last stretch are done, and they are those of whole intervals.
        let from = cursor.end.max(cursor.then.1) as usize;
        let Some(first) = rows.get(from) else { return false };
        if copy == 0 {
            let end = rows.len() as u32;
            *cursor = Cursor { row: 0, end, moved: 0, then: (end, end, 0) };
            return true;
        }
        let spread = &self.copies.spread;
        let interval = spread.of(first.at);
        let (begin, length) = spread.bounds(interval);
        let shift = below(&mut job_stream(self.shifts, u64::from(copy) << 32 | interval), length);
        let until = |time: u64| from + rows[from..].partition_point(|row| row.at.0 < time);
        let (turned, end) = (until(begin + length - shift) as u32, until(begin + length) as u32);
        let from = from as u32;
        *cursor = Cursor {
            row: turned,
            end,
            moved: shift.cast_signed() - length.cast_signed(),
            then: (from, turned, shift.cast_signed()),
        };
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::TraceRow;

    /// A day of releases, more of them in its second half.
    fn day(count: u64) -> Arc<TraceData> {
        let row = |nth: u64| {
            let at = 1_000 + (nth * nth) % 7 + nth * 1_000 - (nth.saturating_sub(count / 2)) * 500;
            TraceRow { at: Time(at), entry: 0, values: nth as u32, count: 1, attributes: 0, client: nth }
        };
        let mut rows: Vec<TraceRow> = (0..count).map(row).collect();
        rows.sort_by_key(|row| row.at);
        Arc::new(TraceData { rows, values: (0..count).collect(), is_sample: true })
    }

    fn releases(data: &Arc<TraceData>, factor: (u32, u32), replication: u32) -> Vec<(u64, usize)> {
        let spread = Spread::over([&**data]).unwrap();
        let factor = Ratio::new(factor.0, factor.1).unwrap();
        let copies = Copies { data: data.clone(), factor, spread };
        let mut merge = Merge::new(&copies, StreamRoot::new(1, replication), "log");
        let mut found = Vec::new();
        while merge.time() != Time::NEVER {
            let at = merge.time();
            merge.step();
            found.push((at.0, merge.row()));
        }
        assert!(found.len() as u64 <= copies.most());
        found
    }

    #[test]
    fn whole_factors_multiply_every_interval_exactly() {
        let data = day(12_000);
        let spread = Spread::over([&*data]).unwrap();
        assert_eq!(spread.intervals(), 24);
        let found = releases(&data, (5, 1), 0);
        assert!(found.is_sorted_by_key(|(at, _)| *at), "in order of time");
        let (first, last) = (data.rows[0].at.0, data.rows[11_999].at.0);
        assert!(found.iter().all(|(at, _)| (first..=last).contains(at)), "within the span");
        let mut of_row = vec![0; data.rows.len()];
        let (mut before, mut after) = (vec![0; 24], vec![0; 24]);
        for (at, row) in &found {
            of_row[*row] += 1;
            after[spread.of(Time(*at)) as usize] += 1;
        }
        data.rows.iter().for_each(|row| before[spread.of(row.at) as usize] += 5);
        assert_eq!(before, after, "the shape of the day");
        assert!(of_row.iter().all(|copies| *copies == 5), "each request five times");
        let same = |(at, row): &&(u64, usize)| data.rows[*row].at.0 == *at;
        assert_eq!(found.iter().filter(same).count(), 12_000, "one copy is the trace itself");
        assert_eq!(found, releases(&data, (5, 1), 0));
        assert_ne!(found, releases(&data, (5, 1), 1), "each replication draws its own");
    }

    #[test]
    fn parts_are_thinned_and_lie_within_what_is_more() {
        let data = day(4_000);
        for (factor, least, most) in [
            ((1, 2), 1_850, 2_150),
            ((1, 100), 20, 60),
            ((5, 2), 9_850, 10_150),
            ((10_001, 10_000), 4_000, 4_004),
        ] {
            let found = releases(&data, factor, 0);
            assert!((least..=most).contains(&found.len()), "{factor:?}: {}", found.len());
        }
        let mut more: Vec<(u64, usize)> = releases(&data, (7, 2), 0);
        for factor in [(3, 1), (5, 2), (2, 1), (1, 1), (1, 2), (1, 3)] {
            let less = releases(&data, factor, 0);
            let all: std::collections::BTreeSet<_> = more.iter().collect();
            assert!(less.iter().all(|release| all.contains(release)), "{factor:?}");
            more = less;
        }
    }

    #[test]
    fn short_traces_have_fewer_intervals() {
        for (count, intervals) in [(1, 1), (799, 1), (800, 2), (4_000, 10), (1_000_000, 24)] {
            assert_eq!(Spread::over([&*day(count)]).unwrap().intervals(), intervals, "{count}");
        }
        let one = day(1);
        assert_eq!(releases(&one, (3, 1), 0), [(1_000, 0); 3], "an instant has no room");
        assert!(Spread::over([&TraceData::default()]).is_none());
    }
}
