//! Service in random order: the next job is drawn among those that wait.

use crate::def::{Build, Cost, Example, PolicyDef, Traits, cite};
use sim_core::policy::{Blind, Cpu, CpuScheduler, Pick, Scheduler, Slot, Task, Why};
use sim_core::rng::below;
use sim_core::trace::Key;
use sim_core::units::Work;

pub(crate) static DEF: PolicyDef = PolicyDef {
    id: "siro",
    title: "Service in random order",
    definition: "When a core is free the next job is drawn uniformly among the ready jobs and runs until its work is \
                 done or it blocks. With a single job ready nothing is drawn.",
    rule: "uniform draw",
    tie: "all ready jobs are equal",
    keys: &["no key"],
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
    waiting: Vec<Slot>,
}

impl Scheduler for Siro {
    type Sees = Blind;

    #[inline]
    fn ready(&mut self, task: Slot, _why: Why, _ran: Work, _cpu: &mut Cpu<'_, Blind>) {
        self.waiting.push(task);
    }

    #[inline]
    fn pick(&mut self, _core: u32, cpu: &mut Cpu<'_, Blind>) -> Pick {
        let index = match self.waiting.len() {
            0 => return Pick::NONE,
            1 => 0,
            n => below(cpu.rng(), n as u64) as usize,
        };
        Pick::to_completion(self.waiting.swap_remove(index))
    }

    fn withdraw(&mut self, task: Slot) {
        self.waiting.retain(|waiting| *waiting != task);
    }

    fn key(&self, _task: &Task<'_, Blind>, _cpu: &Cpu<'_, Blind>) -> Key {
        Key::default()
    }
}
