//! Round robin: a ready job runs for at most one quantum, then joins the tail.

use crate::def::{Build, Cost, Example, PolicyDef, Traits, cite};
use crate::params::{ParamDef, ParamKind};
use sim_core::fifo::Fifo;
use sim_core::policy::{Blind, Cpu, CpuScheduler, Pick, Scheduler, Slot, Task, Why};
use sim_core::trace::Key;
use sim_core::units::{Span, Work};

pub(crate) static DEF: PolicyDef = PolicyDef {
    id: "round-robin",
    title: "Round robin",
    definition: "Ready jobs form one queue. The job at its head runs for at most one quantum; if its work is not done \
                 by then it joins the tail. A job whose work ends exactly with its quantum is done and does not queue \
                 again. At the instant a quantum ends, an arrival queues before the job whose quantum ended \
                 (tie rule quantum_end).",
    rule: "head of the queue",
    tie: "order of joining the queue",
    keys: &["position in the queue"],
    keys_of: None,
    orders_by: None,
    draws: false,
    source: &[
        cite("Stallings: Operating Systems, Internals and Design Principles", "9.2"),
        cite("Silberschatz, Galvin, Gagne: Operating System Concepts, 10th ed.", "5.3.3"),
    ],
    params: &[ParamDef {
        name: "quantum",
        kind: ParamKind::Span,
        default: "4ms",
        help: "longest uninterrupted run",
    }],
    cost: Cost { arrive: "O(1)", pick: "O(1)", memory: "O(ready)" },
    traits: Traits { preemptive: false, clairvoyant: false, work_conserving: true, random: false },
    example: Example {
        unit: "ms",
        params: "quantum=2ms",
        jobs: "P1 0 5 | P2 1 3",
        timeline: "P1 0-2 | P2 2-4 | P1 4-6 | P2 6-7 | P1 7-8",
    },
    build: Build::Scheduler(|params, _| {
        CpuScheduler::picks(RoundRobin { quantum: params.span("quantum"), queue: Fifo::default() })
    }),
};

struct RoundRobin {
    quantum: Span,
    queue: Fifo,
}

impl Scheduler for RoundRobin {
    type Sees = Blind;

    #[inline]
    fn ready(&mut self, task: Slot, _why: Why, _ran: Work, _cpu: &mut Cpu<'_, Blind>) {
        self.queue.push_back(task);
    }

    #[inline]
    fn pick(&mut self, _core: u32, _cpu: &mut Cpu<'_, Blind>) -> Pick {
        self.queue.pop_front().map_or(Pick::NONE, |slot| Pick::for_slice(slot, self.quantum))
    }

    #[inline]
    fn ready_and_pick(
        &mut self,
        task: Slot,
        _why: Why,
        _ran: Work,
        _core: u32,
        _cpu: &mut Cpu<'_, Blind>,
    ) -> Pick {
        Pick::for_slice(self.queue.rotate(task), self.quantum)
    }

    fn withdraw(&mut self, task: Slot) {
        self.queue.remove(task);
    }

    fn key(&self, task: &Task<'_, Blind>, _cpu: &Cpu<'_, Blind>) -> Key {
        let position = self.queue.iter().position(|waiting| waiting == task.slot());
        Key::of(position.map_or(-1, |position| position as i128))
    }
}
