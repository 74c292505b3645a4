//! First come, first served: jobs run to completion in the order in which they became ready.

use crate::def::{Build, Cost, Example, PolicyDef, Traits, cite};
use sim_core::fifo::Fifo;
use sim_core::policy::{Blind, Cpu, CpuScheduler, Pick, Scheduler, Slot, Task, Why};
use sim_core::trace::Key;
use sim_core::units::Work;

pub(crate) static DEF: PolicyDef = PolicyDef {
    id: "fcfs",
    title: "First come, first served",
    definition: "The job that has been ready longest runs until its work is done or it blocks. Jobs that become ready \
                 at the same instant queue in the order of the events: completions of I/O first, then arrivals in \
                 task-list order.",
    rule: "ready longest",
    tie: "order of joining the queue",
    keys: &["ready since (ns)"],
    keys_of: None,
    orders_by: None,
    draws: false,
    source: &[cite("Silberschatz, Galvin, Gagne: Operating System Concepts, 10th ed.", "5.3.1")],
    params: &[],
    cost: Cost { arrive: "O(1)", pick: "O(1)", memory: "O(ready)" },
    traits: Traits { preemptive: false, clairvoyant: false, work_conserving: true, random: false },
    example: Example {
        unit: "ms",
        params: "",
        jobs: "P1 0 24 | P2 0 3 | P3 0 3",
        timeline: "P1 0-24 | P2 24-27 | P3 27-30",
    },
    build: Build::Scheduler(|_, _| CpuScheduler::picks(Fcfs::default())),
};

#[derive(Default)]
struct Fcfs {
    queue: Fifo,
}

impl Scheduler for Fcfs {
    type Sees = Blind;

    #[inline]
    fn ready(&mut self, task: Slot, _why: Why, _ran: Work, _cpu: &mut Cpu<'_, Blind>) {
        self.queue.push_back(task);
    }

    #[inline]
    fn pick(&mut self, _core: u32, _cpu: &mut Cpu<'_, Blind>) -> Pick {
        self.queue.pop_front().map_or(Pick::NONE, Pick::to_completion)
    }

    fn withdraw(&mut self, task: Slot) {
        self.queue.remove(task);
    }

    fn key(&self, task: &Task<'_, Blind>, _cpu: &Cpu<'_, Blind>) -> Key {
        Key::of(task.ready_since().0)
    }
}
