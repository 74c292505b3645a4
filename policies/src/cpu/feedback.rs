//! Stallings' feedback queues: a job that keeps using the processor sinks.

use crate::def::{Build, Cost, Example, PolicyDef, Traits, cite};
use crate::params::{ParamDef, ParamKind, Params};
use crate::slots::PerSlot;
use sim_core::fifo::Fifo;
use sim_core::policy::{Blind, Cpu, CpuScheduler, Pick, Scheduler, Slot, Task, Why};
use sim_core::trace::Key;
use sim_core::units::{Span, Work};

pub(crate) static DEF: PolicyDef = PolicyDef {
    id: "feedback",
    title: "Feedback",
    definition: "Ready jobs form one first-in-first-out queue a level; a new job enters level 0, the best. The head of \
                 the best non-empty level runs for at most that level's quantum and is not preempted within it. If its \
                 work is not done by then it joins the tail of the next level, at the last level that of the same \
                 one; a job that is alone, with no other job ready when its quantum ends, stays at its level. A job \
                 that comes back from I/O joins the tail of the level it left. At the instant a quantum ends, an \
                 arrival queues before the job whose quantum ended (tie rule quantum_end).",
    rule: "head of the best non-empty level",
    tie: "order of joining the level",
    keys: &["level (0 is the best)", "position in the level"],
    keys_of: None,
    orders_by: None,
    draws: false,
    source: &[cite(
        "Stallings: Operating Systems, Internals and Design Principles",
        "9.2 and table 9.5, feedback",
    )],
    params: &[
        ParamDef {
            name: "quantum",
            kind: ParamKind::Spans,
            default: "1ms",
            help: "quantum of each level, best level first; the last one holds for all further levels",
        },
        ParamDef {
            name: "levels",
            kind: ParamKind::Integer { min: 1, max: 1024 },
            default: "64",
            help: "number of levels, at least as many as there are quanta",
        },
    ],
    cost: Cost { arrive: "O(1)", pick: "O(levels)", memory: "O(ready + levels)" },
    traits: Traits { preemptive: false, clairvoyant: false, work_conserving: true, random: false },
    example: Example {
        unit: "ms",
        params: "quantum=1ms",
        jobs: "A 0 3 | B 2 6 | C 4 4 | D 6 5 | E 8 2",
        timeline: "A 0-2 | B 2-3 | A 3-4 | C 4-5 | B 5-6 | D 6-7 | C 7-8 | E 8-9 | D 9-10 | E 10-11 | B 11-12 | \
                   C 12-13 | D 13-14 | B 14-15 | C 15-16 | D 16-17 | B 17-18 | D 18-19 | B 19-20",
    },
    build: Build::Scheduler(|params, _| CpuScheduler::picks(Feedback::new(params))),
};

struct Feedback {
    quanta: Vec<Span>,
    queues: Vec<Fifo>,
    level: PerSlot<u32>,
    /// Ready jobs.
    ready: usize,
}

impl Feedback {
    fn new(params: &Params) -> Feedback {
        let quanta = params.spans("quantum");
        let levels = (params.integer("levels") as usize).max(quanta.len());
        Feedback { quanta, queues: vec![Fifo::default(); levels], level: PerSlot::default(), ready: 0 }
    }

    fn quantum(&self, level: usize) -> Span {
        self.quanta[level.min(self.quanta.len() - 1)]
    }
}

impl Scheduler for Feedback {
    type Sees = Blind;

    fn ready(&mut self, task: Slot, why: Why, _ran: Work, _cpu: &mut Cpu<'_, Blind>) {
        let bottom = self.queues.len() as u32 - 1;
        let level = self.level.at(task);
        match why {
            Why::Arrived => *level = 0,
            Why::SliceEnd if self.ready > 0 => *level = (*level + 1).min(bottom),
            Why::SliceEnd | Why::Returned | Why::Preempted => {}
        }
        self.queues[*level as usize].push_back(task);
        self.ready += 1;
    }

    fn pick(&mut self, _core: u32, _cpu: &mut Cpu<'_, Blind>) -> Pick {
        let Some(level) = self.queues.iter().position(|queue| !queue.is_empty()) else { return Pick::NONE };
        let Some(slot) = self.queues[level].pop_front() else { return Pick::NONE };
        self.ready -= 1;
        Pick::for_slice(slot, self.quantum(level))
    }

    fn withdraw(&mut self, task: Slot) {
        self.ready -= usize::from(self.queues[self.level.get(task) as usize].remove(task));
    }

    fn key(&self, task: &Task<'_, Blind>, _cpu: &Cpu<'_, Blind>) -> Key {
        let level = self.level.get(task.slot());
        let position = self.queues[level as usize].iter().position(|waiting| waiting == task.slot());
        Key::pair(level, position.map_or(-1, |position| position as i128))
    }

    fn level(&self, task: Slot) -> u32 {
        self.level.get(task)
    }
}
