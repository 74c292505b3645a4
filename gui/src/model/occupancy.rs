//! Who is where at an instant: for each queue the stays sorted by start, with the set of those present kept now and then,
//! so that any instant is a look-up and a short replay.

use sim_core::trace::{Crowd, PlaceKind, Trace};
use std::collections::BTreeMap;

/// Stays between two kept sets, at least.
const STRIDE: usize = 64;

/// A place off the cores where jobs are.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Place {
    /// The ready queue of a processor.
    Ready(u32),
    /// The queue of a pool.
    Pool(u32),
    /// A token of a pool, wherever its holder is.
    Token(u32),
    /// Delays.
    Delay,
    /// Waiting for children.
    Join,
}

impl From<PlaceKind> for Place {
    fn from(kind: PlaceKind) -> Place {
        match kind {
            PlaceKind::Ready(processor) => Place::Ready(processor),
            PlaceKind::Pool(pool) => Place::Pool(pool),
            PlaceKind::Delay => Place::Delay,
            PlaceKind::Join => Place::Join,
        }
    }
}

#[derive(Clone, Copy, Debug)]
struct Visit {
    start: u64,
    end: u64,
    job: u32,
}

/// Everyone who was at one place.
#[derive(Clone, Debug, Default)]
struct Line {
    /// By start, then by job.
    visits: Vec<Visit>,
    /// Before visit `.0` arrives these visits are there, in order.
    kept: Vec<(u32, Vec<u32>)>,
}

impl Line {
    fn finish(&mut self) {
        self.visits.sort_by_key(|visit| (visit.start, visit.job));
        let mut present: Vec<u32> = Vec::new();
        let mut last = 0;
        for index in 0..self.visits.len() {
            // As many steps as the set is long: the sets take no more memory than the visits.
            if index - last >= STRIDE.max(present.len()) {
                let now = self.visits[index].start;
                present.retain(|visit| self.visits[*visit as usize].end > now);
                self.kept.push((index as u32, present.clone()));
                last = index;
            }
            present.push(index as u32);
        }
    }

    fn at(&self, at: u64) -> Vec<u32> {
        let upto = self.visits.partition_point(|visit| visit.start <= at);
        let kept = self.kept.partition_point(|(index, _)| *index as usize <= upto);
        let (from, before) = match kept {
            0 => (0, [].as_slice()),
            n => (self.kept[n - 1].0 as usize, self.kept[n - 1].1.as_slice()),
        };
        let before = before.iter().map(|visit| &self.visits[*visit as usize]);
        before.chain(&self.visits[from..upto]).filter(|visit| visit.end > at).map(|visit| visit.job).collect()
    }
}

/// An index of a run's stays.
#[derive(Clone, Debug, Default)]
pub struct Occupancy {
    lines: BTreeMap<Place, Line>,
    /// The queues of processors that share their cores, where nobody stays; by processor and start.
    crowds: Vec<Crowd>,
}

impl Occupancy {
    /// Of a recorded run.
    pub fn new(trace: &Trace) -> Occupancy {
        let mut lines: BTreeMap<Place, Line> = BTreeMap::new();
        for stay in trace.stays.iter().filter(|stay| stay.start < stay.end) {
            let visit = Visit { start: stay.start.0, end: stay.end.0, job: stay.job as u32 };
            lines.entry(stay.place.into()).or_default().visits.push(visit);
        }
        let mut held: BTreeMap<(u32, u64), Vec<u64>> = BTreeMap::new();
        let mut hold = |pool: u32, job: u64, start: u64, end: u64| {
            if start < end {
                let visit = Visit { start, end, job: job as u32 };
                lines.entry(Place::Token(pool)).or_default().visits.push(visit);
            }
        };
        for token in &trace.tokens {
            let open = held.entry((token.pool, token.job)).or_default();
            if token.taken {
                open.push(token.at.0);
            } else if let Some(start) = open.pop() {
                hold(token.pool, token.job, start, token.at.0);
            }
        }
        for ((pool, job), starts) in held {
            for start in starts {
                hold(pool, job, start, u64::MAX);
            }
        }
        for line in lines.values_mut() {
            line.finish();
        }
        let mut crowds = trace.crowds.clone();
        crowds.sort_by_key(|crowd| (crowd.processor, crowd.start));
        Occupancy { lines, crowds }
    }

    /// The jobs at a place at an instant, in the order in which they came.
    pub fn at(&self, place: Place, at: u64) -> Vec<u32> {
        self.lines.get(&place).map(|line| line.at(at)).unwrap_or_default()
    }

    /// How many jobs beyond the number of its cores share a processor at an instant: its queue, in which nobody stays.
    pub fn sharing_beyond_cores(&self, processor: u32, at: u64) -> usize {
        let upto = self.crowds.partition_point(|crowd| (crowd.processor, crowd.start.0) <= (processor, at));
        let last =
            self.crowds[..upto].last().filter(|crowd| crowd.processor == processor && crowd.end.0 > at);
        last.map_or(0, |crowd| crowd.waiting as usize)
    }

    /// Whether anybody ever waited for a token.
    pub fn has_token_waits(&self) -> bool {
        self.lines.keys().any(|place| matches!(place, Place::Pool(_)))
    }

    /// How many jobs wait in ready queues, beyond the cores of processors that share them, and for tokens, over time: where it
    /// changes, and to what. At most `points`.
    #[expect(
        clippy::stable_sort_primitive,
        reason = "what is nearly in order is sorted faster by the stable sort"
    )]
    pub fn waiting_over_time(&self, points: usize) -> Vec<(u64, u32)> {
        let mut came: Vec<(u64, u32)> = Vec::new();
        let mut left: Vec<(u64, u32)> = Vec::new();
        for (place, line) in &self.lines {
            if matches!(place, Place::Ready(_) | Place::Pool(_)) {
                came.extend(line.visits.iter().map(|visit| (visit.start, 1)));
                left.extend(line.visits.iter().map(|visit| (visit.end, 1)));
            }
        }
        came.extend(self.crowds.iter().map(|crowd| (crowd.start.0, crowd.waiting)));
        left.extend(self.crowds.iter().map(|crowd| (crowd.end.0, crowd.waiting)));
        came.sort();
        left.sort();
        let mut steps: Vec<(u64, u32)> = Vec::with_capacity(came.len() + left.len() + 1);
        steps.push((0, 0));
        let (mut came, mut left) = (came.into_iter().peekable(), left.into_iter().peekable());
        let mut level = 0u32;
        while let Some((at, _)) = came.peek().into_iter().chain(left.peek()).min().copied() {
            while let Some((_, more)) = came.next_if(|(time, _)| *time == at) {
                level += more;
            }
            while let Some((_, less)) = left.next_if(|(time, _)| *time == at) {
                level = level.saturating_sub(less);
            }
            match steps.last_mut() {
                Some(last) if last.0 == at => last.1 = level,
                _ => steps.push((at, level)),
            }
        }
        let stride = steps.len().div_ceil(points.max(1)).max(1);
        // Of each group the highest: a peak is what people look for.
        let highest = |group: &[(u64, u32)]| group.iter().copied().max_by_key(|(at, n)| (*n, u64::MAX - at));
        steps.chunks(stride).filter_map(highest).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sim_core::trace::Stay;
    use sim_core::units::Time;

    #[test]
    fn any_instant_agrees_with_a_look_at_every_stay() {
        // Short ones, long ones, and a long queue in the middle.
        let stay = |job: u64| {
            let start = job * 7 % 1000;
            let length = 1 + job * job % if job.is_multiple_of(10) { 900 } else { 40 };
            Stay { job, place: PlaceKind::Ready(0), start: Time(start), end: Time(start + length) }
        };
        let trace = Trace { stays: (0..2000).map(stay).collect(), ..Trace::default() };
        let occupancy = Occupancy::new(&trace);
        for at in (0..2000).step_by(13) {
            let mut plain: Vec<(u64, u32)> = trace
                .stays
                .iter()
                .filter(|stay| stay.start.0 <= at && at < stay.end.0)
                .map(|stay| (stay.start.0, stay.job as u32))
                .collect();
            plain.sort_unstable();
            let plain: Vec<u32> = plain.into_iter().map(|(_, job)| job).collect();
            assert_eq!(occupancy.at(Place::Ready(0), at), plain, "at {at}");
        }
        assert!(occupancy.at(Place::Delay, 5).is_empty());
    }

    #[test]
    fn the_number_that_waits_rises_and_falls() {
        let stay =
            |job, start, end| Stay { job, place: PlaceKind::Ready(0), start: Time(start), end: Time(end) };
        let trace = Trace { stays: vec![stay(0, 0, 4), stay(1, 1, 4), stay(2, 4, 6)], ..Trace::default() };
        let steps = Occupancy::new(&trace).waiting_over_time(100);
        assert_eq!(steps, [(0, 1), (1, 2), (4, 1), (6, 0)]);
    }

    #[test]
    fn who_shares_a_core_waits_for_the_rest_of_it() {
        let crowd =
            |processor, start, end, waiting| Crowd { processor, start: Time(start), end: Time(end), waiting };
        let trace = Trace {
            crowds: vec![crowd(1, 2, 4, 1), crowd(0, 1, 3, 2), crowd(1, 4, 9, 3)],
            ..Trace::default()
        };
        let occupancy = Occupancy::new(&trace);
        for (processor, at, waiting) in
            [(0, 0, 0), (0, 1, 2), (0, 3, 0), (1, 1, 0), (1, 3, 1), (1, 4, 3), (1, 9, 0)]
        {
            assert_eq!(occupancy.sharing_beyond_cores(processor, at), waiting, "{processor} at {at}");
        }
        assert_eq!(occupancy.waiting_over_time(100), [(0, 0), (1, 2), (2, 3), (3, 1), (4, 3), (9, 0)]);
    }
}
