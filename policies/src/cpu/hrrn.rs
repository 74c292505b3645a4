//! Highest response ratio next: short jobs first, but waiting counts.

use crate::def::{Build, Cost, Example, PolicyDef, Traits, cite};
use crate::slots::PerSlot;
use crate::tournament::{Contestant, Tournament};
use sim_core::policy::{Clairvoyant, Cpu, CpuScheduler, Pick, Scheduler, Slot, Task, Why};
use sim_core::ties::EqualKey;
use sim_core::trace::Key;
use sim_core::units::{Time, Work};

pub(crate) static DEF: PolicyDef = PolicyDef {
    id: "hrrn",
    title: "Highest response ratio next",
    definition: "When a core is free the ready job with the highest response ratio (w + s) / s runs until its work is \
                 done or it blocks, where w is the time it has waited in the ready queue and s its burst (at least \
                 1 ns). Ratios are compared exactly, as fractions. On equal ratios the earlier release goes first, \
                 then the place in the task list (tie rule equal_key = list: the place alone).",
    rule: "highest (waiting + burst) / burst",
    tie: "earlier release, then place in the list",
    keys: &["minus the response ratio (billionths)"],
    keys_of: None,
    orders_by: None,
    draws: false,
    source: &[cite("Stallings: Operating Systems, Internals and Design Principles", "9.2 and table 9.5")],
    params: &[],
    cost: Cost { arrive: "O(log n)", pick: "O(log n)", memory: "O(ready)" },
    traits: Traits { preemptive: false, clairvoyant: true, work_conserving: true, random: false },
    example: Example {
        unit: "ms",
        params: "",
        jobs: "A 0 3 | B 2 6 | C 4 4 | D 6 5 | E 8 2",
        timeline: "A 0-3 | B 3-9 | C 9-13 | E 13-15 | D 15-20",
    },
    build: Build::Scheduler(|_, _| CpuScheduler::picks(Hrrn::default())),
};

#[derive(Default)]
struct Hrrn {
    waiting: Tournament<Waiting>,
    /// Where each stands there, plus one.
    places: PerSlot<u32>,
    /// When it was asked last. (Who is withdrawn later is taken out as of then: the order at any instant is the same.)
    now: Time,
}

#[derive(Clone, Copy)]
struct Waiting {
    slot: Slot,
    since: Time,
    burst: u64,
    /// Smaller goes first on equal ratios.
    tie: (u64, u32, u64),
}

impl Waiting {
    /// The ratio as a fraction. Times stay below 2^63, so a product of two of these parts fits 128 bits.
    fn ratio(&self, now: Time) -> (u128, u128) {
        let burst = u128::from(self.burst.max(1));
        (u128::from(now.since(self.since).0) + burst, burst)
    }
}

impl Contestant for Waiting {
    fn before(&self, other: &Waiting, now: Time) -> bool {
        let ((a, b), (c, d)) = (self.ratio(now), other.ratio(now));
        match (a * d).cmp(&(c * b)) {
            std::cmp::Ordering::Equal => self.tie < other.tie,
            order => order.is_gt(),
        }
    }

    /// The ratio of the shorter job grows faster: b overtakes a when (t - s_b) / B_b passes (t - s_a) / B_a.
    fn overtakes(&self, leader: &Waiting) -> Time {
        let (mine, theirs) = (i128::from(self.burst.max(1)), i128::from(leader.burst.max(1)));
        if mine >= theirs {
            return Time::NEVER;
        }
        let meet = i128::from(self.since.0) * theirs - i128::from(leader.since.0) * mine;
        let (whole, part) = (meet.div_euclid(theirs - mine), meet.rem_euclid(theirs - mine));
        // Where they are equal the tie decides.
        let first = if part == 0 && self.tie < leader.tie { whole } else { whole + 1 };
        u64::try_from(first).map_or(Time::NEVER, Time)
    }
}

impl Scheduler for Hrrn {
    type Sees = Clairvoyant;

    fn ready(&mut self, task: Slot, _why: Why, _ran: Work, cpu: &mut Cpu<'_, Clairvoyant>) {
        let view = cpu.task(task);
        let release = if cpu.ties().equal_key == EqualKey::List { 0 } else { view.arrival().0 };
        let waiting = Waiting {
            slot: task,
            since: cpu.now(),
            burst: view.burst().0,
            tie: (release, view.place(), view.number()),
        };
        *self.places.at(task) = self.waiting.insert(waiting, cpu.now()) + 1;
        self.now = cpu.now();
    }

    fn pick(&mut self, _core: u32, cpu: &mut Cpu<'_, Clairvoyant>) -> Pick {
        self.now = cpu.now();
        let first = self.waiting.first(self.now).and_then(|place| self.waiting.remove(place, self.now));
        first.map_or(Pick::NONE, |waiting| {
            *self.places.at(waiting.slot) = 0;
            Pick::to_completion(waiting.slot)
        })
    }

    fn withdraw(&mut self, task: Slot) {
        if let Some(place) = std::mem::take(self.places.at(task)).checked_sub(1) {
            self.waiting.remove(place, self.now);
        }
    }

    fn key(&self, task: &Task<'_, Clairvoyant>, cpu: &Cpu<'_, Clairvoyant>) -> Key {
        let burst = i128::from(task.burst().0.max(1));
        let waited = i128::from(cpu.now().since(task.ready_since()).0);
        Key::of(-((waited + burst) * 1_000_000_000 / burst))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The tournament finds whom a look at everybody finds, at instants near and far, with ties.
    #[test]
    fn the_first_is_the_first_of_all() {
        let mut tournament = Tournament::<Waiting>::default();
        let mut all: Vec<(u32, Waiting)> = Vec::new();
        let mut x = 11u64;
        let mut now = Time::ZERO;
        for number in 0..20_000 {
            x = x.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            now.0 += [0, 0, 1, 3, 40, 500][(x >> 60) as usize % 6];
            let grows = number % 3_000 < 1_000;
            if (x >> 33) % 8 < if grows { 6 } else { 3 } {
                let burst = [0, 1, 2, 3, 10, 30, 90][(x >> 40) as usize % 7];
                let waiting = Waiting { slot: Slot(0), since: now, burst, tie: ((x >> 20) % 3, 0, number) };
                all.push((tournament.insert(waiting, now), waiting));
            } else if !all.is_empty() && (x >> 36).is_multiple_of(4) {
                let (place, waiting) = all.swap_remove((x >> 20) as usize % all.len());
                assert_eq!(tournament.remove(place, now).map(|found| found.tie), Some(waiting.tie));
            } else {
                let least = all.iter().copied().reduce(|a, b| if b.1.before(&a.1, now) { b } else { a });
                let first = tournament.first(now);
                assert_eq!(first, least.map(|(place, _)| place));
                if let Some(place) = first {
                    tournament.remove(place, now);
                    all.retain(|(other, _)| *other != place);
                }
            }
        }
    }
}
