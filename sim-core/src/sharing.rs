//! Processors that share their cores instead of picking jobs: processor sharing and foreground-background.
//!
//! Jobs of equal standing form a group that is served at one rate; the group's *attained work* grows by that rate, and
//! a job is done when the attained work reaches its target. Processor sharing has one group. Foreground-background
//! keeps groups by attained work: the least attained are served first, and a group that catches up with the next one
//! merges with it. Attained work is a fixed-point integer with 40 fractional bits; each step rounds it down by less
//! than 2^-40 ns, and targets are met within 2^-20 ns, so that schedules whose exact times are whole nanoseconds come
//! out exactly.

use crate::job::NONE;
use crate::policy::Sharing;
use crate::units::{Ratio, Span, Time, Work};
use crate::waiting::{Place, Waiting};
use std::collections::BTreeMap;

const FRACTION: u32 = 40;
const TOLERANCE: u128 = 1 << 20;

/// A job in a group: target first, then place and number for ties.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct Entry {
    target: u128,
    place: u32,
    number: u64,
    slot: u32,
}

impl Place for Entry {
    fn slot(&self) -> u32 {
        self.slot
    }
}

/// A group, and its neighbors in the order of attained work.
#[derive(Default)]
struct Group {
    attained: u128,
    jobs: Waiting<Entry>,
    before: u32,
    after: u32,
}

/// The jobs at a sharing processor.
///
/// A change costs a look at the groups that are served, of which there are at most as many as cores, however many wait.
pub(crate) struct Shared {
    rule: Sharing,
    cores: u32,
    numerator: u64,
    denominator: u64,
    /// Groups, never empty ones but for those that are free to be used again; least attained work first along their links.
    groups: Vec<Group>,
    free: Vec<u32>,
    first: u32,
    /// The group of each job, where there can be several.
    of_slot: BTreeMap<u32, u32>,
    present: u32,
    updated: Time,
    /// Total work of the jobs present.
    work: u128,
}

impl Shared {
    pub fn new(rule: Sharing, cores: u32, speed: Ratio) -> Shared {
        let (numerator, denominator) = speed.parts();
        Shared {
            rule,
            cores,
            numerator,
            denominator,
            groups: Vec::new(),
            free: Vec::new(),
            first: NONE,
            of_slot: BTreeMap::new(),
            present: 0,
            updated: Time::ZERO,
            work: 0,
        }
    }

    /// Number of jobs present.
    pub fn present(&self) -> u32 {
        self.present
    }

    /// Slots of the jobs that are served with the cores that their group gets and its size, in order of attained work.
    pub fn shares(&self) -> impl Iterator<Item = (u32, u32, u32)> + '_ {
        self.served().flat_map(|(index, cores)| {
            let jobs = &self.groups[index as usize].jobs;
            let size = jobs.len() as u32;
            let mut slots: Vec<u32> = jobs.iter().map(|entry| entry.slot).collect();
            slots.sort_unstable();
            slots.into_iter().map(move |slot| (slot, cores, size))
        })
    }

    /// The cores that each served group gets and its size.
    pub fn sizes(&self) -> impl Iterator<Item = (u32, u32)> {
        self.served().map(|(index, cores)| (cores, self.groups[index as usize].jobs.len() as u32))
    }

    /// Groups in order of attained work.
    fn order(&self) -> impl Iterator<Item = u32> {
        std::iter::successors(Some(self.first).filter(|first| *first != NONE), |group| {
            Some(self.groups[*group as usize].after).filter(|after| *after != NONE)
        })
    }

    /// Groups that are served, with the number of cores that serve each.
    fn served(&self) -> impl Iterator<Item = (u32, u32)> {
        let mut left = self.cores;
        self.order().map_while(move |index| {
            let cores = left.min(self.groups[index as usize].jobs.len() as u32);
            left -= cores;
            (cores > 0).then_some((index, cores))
        })
    }

    /// When attained work was brought up to date.
    pub fn updated(&self) -> Time {
        self.updated
    }

    /// Work done on the jobs present.
    pub fn work_done(&self, now: Time) -> Work {
        let dt = now.since(self.updated);
        let mut served = self.served();
        let left: u128 = self
            .order()
            .map(|index| {
                let group = &self.groups[index as usize];
                let cores = served.next().map_or(0, |(_, cores)| cores);
                let attained = group.attained + self.growth(dt, cores, group.jobs.len());
                let left = |entry: &Entry| entry.target.saturating_sub(attained) >> FRACTION;
                group.jobs.iter().map(left).sum::<u128>()
            })
            .sum();
        Work(u64::try_from(self.work.saturating_sub(left)).unwrap_or(u64::MAX))
    }

    /// Attained work gained by each job of a group of `size` on `cores` cores in `dt`, rounded down.
    fn growth(&self, dt: Span, cores: u32, size: usize) -> u128 {
        let amount = u128::from(dt.0) * u128::from(self.numerator) * u128::from(cores);
        let divisor = u128::from(self.denominator) * size as u128;
        ((amount / divisor) << FRACTION) + ((amount % divisor) << FRACTION) / divisor
    }

    /// Brings attained work up to `now` and merges groups that have met.
    pub fn update(&mut self, now: Time) {
        let dt = now.since(self.updated);
        self.updated = now;
        if dt == Span::ZERO {
            return;
        }
        let (mut left, mut index, mut served) = (self.cores, self.first, 0);
        while index != NONE && left > 0 {
            let size = self.groups[index as usize].jobs.len();
            let cores = left.min(size as u32);
            let gained = self.growth(dt, cores, size);
            let group = &mut self.groups[index as usize];
            group.attained += gained;
            (left, index, served) = (left - cores, group.after, served + 1);
        }
        self.merge(served);
    }

    /// Merges groups that have met: one of the `served` first ones with the one after it.
    fn merge(&mut self, served: usize) {
        let (mut index, mut left) = (self.first, served);
        while left > 0 && index != NONE {
            let group = &self.groups[index as usize];
            let after = group.after;
            if after == NONE {
                break;
            }
            let next = &self.groups[after as usize];
            if group.attained + TOLERANCE < next.attained {
                (index, left) = (after, left - 1);
                continue;
            }
            // The group that caught up overshot by less than a nanosecond: what it gained is shared by all, so that
            // no work is made or lost.
            let (mine, theirs) = (group.jobs.len() as u128, next.jobs.len() as u128);
            let low = group.attained.min(next.attained);
            let surplus = (group.attained - low) * mine + (next.attained - low) * theirs;
            let attained = low + surplus / (mine + theirs);
            // The fewer move to the more.
            let (into, from) = if mine < theirs { (after, index) } else { (index, after) };
            let moved = std::mem::take(&mut self.groups[from as usize].jobs);
            for entry in moved.iter() {
                self.groups[into as usize].jobs.push(*entry);
                if let Some(group) = self.of_slot.get_mut(&entry.slot) {
                    *group = into;
                }
            }
            self.groups[into as usize].attained = attained;
            self.unlink(from);
            index = into;
        }
    }

    /// Takes an empty group out of the order.
    fn unlink(&mut self, index: u32) {
        let Group { before, after, .. } = self.groups[index as usize];
        match before {
            NONE => self.first = after,
            before => self.groups[before as usize].after = after,
        }
        if after != NONE {
            self.groups[after as usize].before = before;
        }
        self.free.push(index);
    }

    /// Adds a job with `work` to do; attained work is up to date.
    pub fn join(&mut self, slot: u32, work: Work, place: u32, number: u64) {
        let size = u128::from(work.0) << FRACTION;
        self.present += 1;
        self.work += u128::from(work.0);
        let first = self.groups.get(self.first as usize).map(|group| group.attained);
        let base = match self.rule {
            Sharing::Equal => first.unwrap_or(0),
            Sharing::LeastAttained => 0,
        };
        if first.is_none_or(|attained| attained > base + TOLERANCE) {
            let group = Group { attained: base, jobs: Waiting::default(), before: NONE, after: self.first };
            let index = if let Some(index) = self.free.pop() {
                self.groups[index as usize] = group;
                index
            } else {
                self.groups.push(group);
                self.groups.len() as u32 - 1
            };
            if self.first != NONE {
                self.groups[self.first as usize].before = index;
            }
            self.first = index;
        }
        self.groups[self.first as usize].jobs.push(Entry { target: base + size, place, number, slot });
        if self.rule == Sharing::LeastAttained {
            self.of_slot.insert(slot, self.first);
        }
    }

    /// A job is gone from a group.
    fn leave(&mut self, index: u32, slot: u32, work: u64) {
        if self.groups[index as usize].jobs.is_empty() {
            self.unlink(index);
        }
        self.of_slot.remove(&slot);
        self.present -= 1;
        self.work -= u128::from(work);
    }

    /// Takes a job whose target is met; attained work is up to date. `work_of` gives the work the job came with.
    pub fn take_done(&mut self, work_of: impl Fn(u32) -> u64) -> Option<u32> {
        let is_done = |(index, _): &(u32, u32)| {
            let group = &self.groups[*index as usize];
            group.jobs.peek().is_some_and(|entry| entry.target <= group.attained + 2 * TOLERANCE)
        };
        let (index, _) = self.served().find(is_done)?;
        let entry = self.groups[index as usize].jobs.pop()?;
        self.leave(index, entry.slot, work_of(entry.slot));
        Some(entry.slot)
    }

    /// Takes a job that is not done; attained work is up to date. `burst`: the work it came with. Gives the work it
    /// still has to do, rounded up.
    pub fn withdraw(&mut self, slot: u32, burst: u64) -> u64 {
        let index = match self.rule {
            Sharing::Equal => self.first,
            Sharing::LeastAttained => self.of_slot.get(&slot).copied().unwrap_or(NONE),
        };
        let Some(group) = self.groups.get_mut(index as usize) else { return 0 };
        let Some(entry) = group.jobs.remove(slot) else { return 0 };
        let left = entry.target.saturating_sub(group.attained);
        self.leave(index, slot, burst);
        (left.div_ceil(1 << FRACTION) as u64).min(burst)
    }

    /// Every job present with the work it still has to do, rounded up; attained work is up to date.
    pub fn left(&self) -> impl Iterator<Item = (u32, u64)> {
        self.order().flat_map(|index| {
            let group = &self.groups[index as usize];
            group.jobs.iter().map(|entry| {
                let left = entry.target.saturating_sub(group.attained);
                (entry.slot, left.div_ceil(1 << FRACTION) as u64)
            })
        })
    }

    /// Changes the number of cores; attained work is up to date.
    pub fn set_cores(&mut self, cores: u32) {
        self.cores = cores;
    }

    /// How long until a job is done or two groups meet; `None` where nothing is served.
    pub fn next_change(&self) -> Option<Span> {
        let mut soonest: Option<Span> = None;
        let mut consider = |span: Span| soonest = Some(soonest.map_or(span, |s| s.min(span)));
        let mut served = self.served().peekable();
        while let Some((index, cores)) = served.next() {
            let group = &self.groups[index as usize];
            let size = group.jobs.len() as u128;
            if let Some(entry) = group.jobs.peek() {
                let need = entry.target.saturating_sub(group.attained);
                consider(self.time_to_gain(need, u128::from(cores), size));
            }
            if let Some(next) = self.groups.get(group.after as usize) {
                let next_cores = served.peek().map_or(0, |(_, cores)| *cores);
                // Relative rate: cores/size - next_cores/next_size, as one fraction.
                let next_size = next.jobs.len() as u128;
                let faster = u128::from(cores) * next_size;
                let slower = u128::from(next_cores) * size;
                if faster > slower {
                    let apart = next.attained - group.attained;
                    consider(self.time_to_gain(apart, faster - slower, size * next_size));
                }
            }
        }
        soonest
    }

    /// Time to gain `need` of attained work at the rate `up / down`, rounded up after the tolerance.
    fn time_to_gain(&self, need: u128, up: u128, down: u128) -> Span {
        let need = need.saturating_sub(TOLERANCE);
        let down = down * u128::from(self.denominator);
        let up = up * u128::from(self.numerator);
        let time = match need.checked_mul(down) {
            Some(product) => product.div_ceil(up << FRACTION),
            None => (need >> FRACTION).div_ceil(up).saturating_mul(down),
        };
        Span(u64::try_from(time).unwrap_or(u64::MAX))
    }
}
