//! Last come, first served: a stack of jobs.

use crate::def::{Build, Cost, Example, PolicyDef, Traits, cite};
use crate::ordered::Ordered;
use crate::params::{ParamDef, ParamKind};
use crate::slots::PerSlot;
use sim_core::policy::{Blind, Cpu, CpuScheduler, Pick, Scheduler, Slot, Task, Why};
use sim_core::trace::Key;
use sim_core::units::Work;

pub(crate) static DEF: PolicyDef = PolicyDef {
    id: "lcfs",
    title: "Last come, first served",
    definition: "The job that came to the processor last runs next. By default it runs until its work is done or it \
                 blocks. With preemptive=true every newcomer takes a core at once, on several cores that of the \
                 running job that came first; the preempted job goes on later where it stopped (preemptive resume), \
                 after all that came after it. Of jobs that come at the same instant the last in the order of events \
                 (task-list order) counts as the latest.",
    rule: "came last",
    tie: "later in the order of events",
    keys: &["minus the order of coming"],
    keys_of: None,
    orders_by: None,
    draws: false,
    source: &[cite(
        "Harchol-Balter: Performance Modeling and Design of Computer Systems, 2013",
        "29.3 and 30.2",
    )],
    params: &[ParamDef {
        name: "preemptive",
        kind: ParamKind::Boolean,
        default: "false",
        help: "whether a newcomer takes the core of the running job",
    }],
    cost: Cost { arrive: "O(1)", pick: "O(1)", memory: "O(ready)" },
    traits: Traits { preemptive: true, clairvoyant: false, work_conserving: true, random: false },
    example: Example {
        unit: "ms",
        params: "preemptive=true",
        jobs: "P1 0 3 | P2 1 2 | P3 2 2",
        timeline: "P1 0-1 | P2 1-2 | P3 2-4 | P2 4-5 | P1 5-7",
    },
    build: Build::Scheduler(|params, _| {
        if params.boolean("preemptive") {
            CpuScheduler::picks(Lcfs::<true>::default())
        } else {
            CpuScheduler::picks(Lcfs::<false>::default())
        }
    }),
};

#[derive(Default)]
struct Lcfs<const PREEMPTIVE: bool> {
    /// Jobs with their order of coming, oldest first.
    stack: Ordered<u64>,
    /// The order of coming of every job at the processor.
    came: PerSlot<u64>,
    count: u64,
}

impl<const PREEMPTIVE: bool> Scheduler for Lcfs<PREEMPTIVE> {
    type Sees = Blind;
    const PREEMPTIVE: bool = PREEMPTIVE;

    fn ready(&mut self, task: Slot, why: Why, _ran: Work, _cpu: &mut Cpu<'_, Blind>) {
        if matches!(why, Why::Arrived | Why::Returned) {
            self.count += 1;
            *self.came.at(task) = self.count;
        }
        let came = *self.came.at(task);
        // A preempted job goes below those that came later; they are few and on top.
        self.stack.push(came, task);
    }

    #[inline]
    fn pick(&mut self, _core: u32, _cpu: &mut Cpu<'_, Blind>) -> Pick {
        self.stack.pop_last().map_or(Pick::NONE, Pick::to_completion)
    }

    fn preempt(&mut self, cpu: &mut Cpu<'_, Blind>) -> Option<u32> {
        let (latest, _) = self.stack.last()?;
        let (came, core) = cpu.running().map(|(core, task)| (self.came.get(task.slot()), core)).min()?;
        (came < latest).then_some(core)
    }

    fn withdraw(&mut self, task: Slot) {
        self.stack.remove(self.came.get(task));
    }

    fn key(&self, task: &Task<'_, Blind>, _cpu: &Cpu<'_, Blind>) -> Key {
        Key::of(-i128::from(self.came.get(task.slot())))
    }
}
