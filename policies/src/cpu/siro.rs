//! Service in random order: the next job is drawn among those that wait.

use crate::def::{Build, Cost, Example, PolicyDef, Traits, cite};
use crate::ranked::Ranked;
use sim_core::policy::{Blind, Cpu, CpuScheduler, Pick, Scheduler, Slot, Task, Why};
use sim_core::rng::below;
use sim_core::trace::Key;
use sim_core::units::Work;
use std::collections::BTreeMap;

pub(crate) static DEF: PolicyDef = PolicyDef {
    id: "siro",
    title: "Service in random order",
    definition: "When a core is free the next job is drawn uniformly among the ready jobs and runs until its work is \
                 done or it blocks. With a single job ready nothing is drawn.",
    rule: "uniform draw",
    tie: "all ready jobs are equal",
    keys: &["no key"],
    keys_of: None,
    orders_by: None,
    draws: true,
    source: &[cite("Kingman: On queues in which customers are served in random order, 1962", "")],
    params: &[],
    cost: Cost { arrive: "O(1)", pick: "O(1)", memory: "O(ready)" },
    traits: Traits { preemptive: false, clairvoyant: false, work_conserving: true, random: true },
    example: Example {
        unit: "ms",
        params: "",
        jobs: "P1 0 2 | P2 1 3 | P3 1 1 | P4 1 2",
        timeline: "P1 0-2 | P3 2-3 | P4 3-5 | P2 5-8",
    },
    build: Build::Scheduler(|_, _| CpuScheduler::picks(Siro::default())),
};

#[derive(Default)]
struct Siro {
    /// Ready jobs in an order that nothing follows from; gaps ([`GONE`]) where jobs were withdrawn.
    waiting: Vec<Slot>,
    /// Where they stand, from the first withdrawal from a long queue on.
    index: Option<Box<Index>>,
}

/// Places by count, and by job.
#[derive(Default)]
struct Index {
    /// Places that are no gaps.
    taken: Ranked<usize, u64>,
    places: BTreeMap<Slot, usize>,
}

/// Whose place is a gap.
const GONE: Slot = Slot(u32::MAX);
/// Up to so many jobs a look at each is cheaper than an index.
const SHORT: usize = 64;

impl Siro {
    /// As [`Vec::swap_remove`], gaps aside.
    fn take(&mut self, nth: usize) -> Option<Slot> {
        let Some(index) = &mut self.index else { return Some(self.waiting.swap_remove(nth)) };
        let place = index.taken.at(nth as u64)?;
        let last = index.taken.last()?;
        let slot = self.waiting[place];
        let moved = self.waiting[last];
        index.places.remove(&slot);
        index.taken.remove(last);
        self.waiting.truncate(last);
        if place != last {
            self.waiting[place] = moved;
            index.places.insert(moved, place);
        }
        self.settle();
        Some(slot)
    }

    /// Makes the index anew.
    fn close_gaps(&mut self) {
        self.waiting.retain(|slot| *slot != GONE);
        let index = self.index.insert(Box::default());
        for (place, slot) in self.waiting.iter().enumerate() {
            index.taken.insert(place, 1);
            index.places.insert(*slot, place);
        }
    }

    /// A queue without anybody has no gaps.
    fn settle(&mut self) {
        if self.index.as_ref().is_some_and(|index| index.places.is_empty()) {
            (self.index, self.waiting) = (None, Vec::new());
        }
    }
}

impl Scheduler for Siro {
    type Sees = Blind;

    #[inline]
    fn ready(&mut self, task: Slot, _why: Why, _ran: Work, _cpu: &mut Cpu<'_, Blind>) {
        if let Some(index) = &mut self.index {
            index.taken.insert(self.waiting.len(), 1);
            index.places.insert(task, self.waiting.len());
        }
        self.waiting.push(task);
    }

    #[inline]
    fn pick(&mut self, _core: u32, cpu: &mut Cpu<'_, Blind>) -> Pick {
        let ready = self.index.as_ref().map_or(self.waiting.len(), |index| index.places.len());
        let nth = match ready {
            0 => return Pick::NONE,
            1 => 0,
            n => below(cpu.rng(), n as u64) as usize,
        };
        self.take(nth).map_or(Pick::NONE, Pick::to_completion)
    }

    fn withdraw(&mut self, task: Slot) {
        if self.index.is_none() {
            if self.waiting.len() <= SHORT {
                return self.waiting.retain(|waiting| *waiting != task);
            }
            self.close_gaps();
        }
        let Some(index) = &mut self.index else { return };
        let Some(place) = index.places.remove(&task) else { return };
        index.taken.remove(place);
        self.waiting[place] = GONE;
        if self.waiting.len() > 2 * index.places.len() + SHORT {
            self.close_gaps();
        }
        self.settle();
    }

    fn key(&self, _task: &Task<'_, Blind>, _cpu: &Cpu<'_, Blind>) -> Key {
        Key::default()
    }
}
