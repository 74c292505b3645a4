//! Processors that share their cores instead of picking jobs: processor sharing and foreground-background.
//!
//! Jobs of equal standing form a group that is served at one rate; the group's *attained work* grows by that rate, and
//! a job is done when the attained work reaches its target. Processor sharing has one group. Foreground-background
//! keeps groups by attained work: the least attained are served first, and a group that catches up with the next one
//! merges with it. Attained work is a fixed-point integer with 40 fractional bits; each step rounds it down by less
//! than 2^-40 ns, and targets are met within 2^-20 ns, so that schedules whose exact times are whole nanoseconds come
//! out exactly.

use crate::policy::Sharing;
use crate::units::{Ratio, Span, Time, Work};
use std::cmp::Reverse;
use std::collections::BinaryHeap;

const FRACTION: u32 = 40;
const TOLERANCE: u128 = 1 << 20;

/// A job in a group: target first, then place and number for ties.
type Entry = Reverse<(u128, u32, u64, u32)>;

struct Group {
    attained: u128,
    jobs: BinaryHeap<Entry>,
}

/// The jobs at a sharing processor.
pub(crate) struct Shared {
    rule: Sharing,
    cores: u32,
    numerator: u64,
    denominator: u64,
    /// Groups by attained work, least first; never empty ones.
    groups: Vec<Group>,
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
            present: 0,
            updated: Time::ZERO,
            work: 0,
        }
    }

    /// Number of jobs present.
    pub fn present(&self) -> u32 {
        self.present
    }

    /// Slots of the jobs present with the cores that their group gets and its size, in order of attained work.
    pub fn shares(&self) -> impl Iterator<Item = (u32, u32, u32)> + '_ {
        self.granted().flat_map(|(group, cores)| {
            let size = group.jobs.len() as u32;
            let mut slots: Vec<u32> = group.jobs.iter().map(|Reverse((_, _, _, slot))| *slot).collect();
            slots.sort_unstable();
            slots.into_iter().map(move |slot| (slot, cores, size))
        })
    }

    /// Groups with the number of cores that serve each.
    fn granted(&self) -> impl Iterator<Item = (&Group, u32)> {
        let mut left = self.cores;
        self.groups.iter().map(move |group| {
            let cores = left.min(group.jobs.len() as u32);
            left -= cores;
            (group, cores)
        })
    }

    /// When attained work was brought up to date.
    pub fn updated(&self) -> Time {
        self.updated
    }

    /// Work done on the jobs present.
    pub fn work_done(&self, now: Time) -> Work {
        let dt = now.since(self.updated);
        let left: u128 = self
            .granted()
            .map(|(group, cores)| {
                let attained = group.attained + self.growth(dt, cores, group.jobs.len());
                group
                    .jobs
                    .iter()
                    .map(|Reverse((target, ..))| target.saturating_sub(attained) >> FRACTION)
                    .sum::<u128>()
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
        let growth: Vec<u128> =
            self.granted().map(|(group, cores)| self.growth(dt, cores, group.jobs.len())).collect();
        for (group, gained) in self.groups.iter_mut().zip(growth) {
            group.attained += gained;
        }
        self.merge();
    }

    fn merge(&mut self) {
        let mut index = 0;
        while index + 1 < self.groups.len() {
            if self.groups[index].attained + TOLERANCE >= self.groups[index + 1].attained {
                let mut next = self.groups.remove(index + 1);
                let group = &mut self.groups[index];
                // The group that caught up overshot by less than a nanosecond: what it gained is shared by all, so that
                // no work is made or lost.
                let (mine, theirs) = (group.jobs.len() as u128, next.jobs.len() as u128);
                let low = group.attained.min(next.attained);
                let surplus = (group.attained - low) * mine + (next.attained - low) * theirs;
                group.attained = low + surplus / (mine + theirs);
                if group.jobs.len() < next.jobs.len() {
                    std::mem::swap(&mut group.jobs, &mut next.jobs);
                }
                group.jobs.append(&mut next.jobs);
            } else {
                index += 1;
            }
        }
    }

    /// Adds a job with `work` to do; attained work is up to date.
    pub fn join(&mut self, slot: u32, work: Work, place: u32, number: u64) {
        let size = u128::from(work.0) << FRACTION;
        self.present += 1;
        self.work += u128::from(work.0);
        let base = match self.rule {
            Sharing::Equal => self.groups.first().map_or(0, |group| group.attained),
            Sharing::LeastAttained => 0,
        };
        match self.groups.first_mut() {
            Some(group) if group.attained <= base + TOLERANCE => {
                group.jobs.push(Reverse((base + size, place, number, slot)));
            }
            _ => {
                let jobs = BinaryHeap::from([Reverse((base + size, place, number, slot))]);
                self.groups.insert(0, Group { attained: base, jobs });
            }
        }
    }

    /// Takes a job whose target is met; attained work is up to date. `work_of` gives the work the job came with.
    pub fn take_done(&mut self, work_of: impl Fn(u32) -> u64) -> Option<u32> {
        for index in 0..self.groups.len() {
            let group = &mut self.groups[index];
            let Some(Reverse((target, _, _, slot))) = group.jobs.peek().copied() else { continue };
            if target <= group.attained + 2 * TOLERANCE {
                group.jobs.pop();
                if group.jobs.is_empty() {
                    self.groups.remove(index);
                }
                self.present -= 1;
                self.work -= u128::from(work_of(slot));
                return Some(slot);
            }
        }
        None
    }

    /// Takes a job that is not done; attained work is up to date. `burst`: the work it came with. Gives the work it
    /// still has to do, rounded up.
    pub fn withdraw(&mut self, slot: u32, burst: u64) -> u64 {
        let is_here = |entry: &Entry| entry.0.3 == slot;
        let Some(index) = self.groups.iter().position(|group| group.jobs.iter().any(is_here)) else {
            return 0;
        };
        let group = &mut self.groups[index];
        let target =
            group.jobs.iter().find(|entry| is_here(entry)).map_or(0, |Reverse((target, ..))| *target);
        let left = target.saturating_sub(group.attained);
        group.jobs.retain(|entry| !is_here(entry));
        if group.jobs.is_empty() {
            self.groups.remove(index);
        }
        self.present -= 1;
        self.work -= u128::from(burst);
        (left.div_ceil(1 << FRACTION) as u64).min(burst)
    }

    /// Changes the number of cores; attained work is up to date.
    pub fn set_cores(&mut self, cores: u32) {
        self.cores = cores;
    }

    /// How long until a job is done or two groups meet; `None` where nothing is served.
    pub fn next_change(&self) -> Option<Span> {
        let mut soonest: Option<Span> = None;
        let mut consider = |span: Span| soonest = Some(soonest.map_or(span, |s| s.min(span)));
        let granted: Vec<(&Group, u32)> = self.granted().collect();
        for (index, (group, cores)) in granted.iter().enumerate() {
            if *cores == 0 {
                break;
            }
            let size = group.jobs.len() as u128;
            if let Some(Reverse((target, ..))) = group.jobs.peek() {
                consider(self.time_to_gain(target.saturating_sub(group.attained), u128::from(*cores), size));
            }
            if let Some((next, next_cores)) = granted.get(index + 1) {
                // Relative rate: cores/size - next_cores/next_size, as one fraction.
                let next_size = next.jobs.len() as u128;
                let faster = u128::from(*cores) * next_size;
                let slower = u128::from(*next_cores) * size;
                if faster > slower {
                    consider(self.time_to_gain(
                        next.attained - group.attained,
                        faster - slower,
                        size * next_size,
                    ));
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
