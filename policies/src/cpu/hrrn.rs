//! Highest response ratio next: short jobs first, but waiting counts.

use crate::def::{Build, Cost, Example, PolicyDef, Traits, cite};
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
    source: &[cite("Stallings: Operating Systems, Internals and Design Principles", "9.2 and table 9.5")],
    params: &[],
    cost: Cost { arrive: "O(1)", pick: "O(n)", memory: "O(ready)" },
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
    waiting: Vec<Waiting>,
}

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

    /// Whether this job goes before the other.
    fn before(&self, other: &Waiting, now: Time) -> bool {
        let ((a, b), (c, d)) = (self.ratio(now), other.ratio(now));
        match (a * d).cmp(&(c * b)) {
            std::cmp::Ordering::Equal => self.tie < other.tie,
            order => order.is_gt(),
        }
    }
}

impl Scheduler for Hrrn {
    type Sees = Clairvoyant;

    fn ready(&mut self, task: Slot, _why: Why, _ran: Work, cpu: &mut Cpu<'_, Clairvoyant>) {
        let view = cpu.task(task);
        let release = if cpu.ties().equal_key == EqualKey::List { 0 } else { view.arrival().0 };
        self.waiting.push(Waiting {
            slot: task,
            since: cpu.now(),
            burst: view.burst().0,
            tie: (release, view.place(), view.number()),
        });
    }

    fn pick(&mut self, _core: u32, cpu: &mut Cpu<'_, Clairvoyant>) -> Pick {
        if self.waiting.is_empty() {
            return Pick::NONE;
        }
        let now = cpu.now();
        let mut best = 0;
        for index in 1..self.waiting.len() {
            if self.waiting[index].before(&self.waiting[best], now) {
                best = index;
            }
        }
        Pick::to_completion(self.waiting.swap_remove(best).slot)
    }

    fn withdraw(&mut self, task: Slot) {
        self.waiting.retain(|waiting| waiting.slot != task);
    }

    fn key(&self, task: &Task<'_, Clairvoyant>, cpu: &Cpu<'_, Clairvoyant>) -> Key {
        let burst = i128::from(task.burst().0.max(1));
        let waited = i128::from(cpu.now().since(task.ready_since()).0);
        Key::of(-((waited + burst) * 1_000_000_000 / burst))
    }
}
