//! Stride scheduling: proportional shares without chance.

use crate::def::{Build, Cost, Example, Input, PolicyDef, Traits, cite};
use crate::params::{ParamDef, ParamKind, Params};
use crate::slots::PerSlot;
use sim_core::policy::{Blind, Cpu, CpuScheduler, Pick, Scheduler, Slot, Task, Why};
use sim_core::trace::Key;
use sim_core::units::{Span, Work};
use sim_core::waiting::{Place, Waiting};

pub(crate) static DEF: PolicyDef = PolicyDef {
    id: "stride",
    title: "Stride",
    definition: "Each job has a stride, stride1 / tickets rounded down (at least 1; a job without tickets counts as \
                 holding one), and a pass. The ready job with the least pass runs for at most a quantum, and its pass \
                 advances by its stride for a whole quantum, in proportion for a part of one. On equal passes the place in \
                 the task list decides, then the job number. A new job starts at the global pass: the pass at which \
                 the latest job was picked, 0 at the start. A job that blocks keeps its distance from the global pass \
                 and comes back at that distance.",
    rule: "least pass",
    tie: "place in the list",
    keys: &["pass"],
    keys_of: Some(keys_of),
    orders_by: Some(Input::Tickets),
    draws: false,
    source: &[
        cite("Waldspurger, Weihl: Stride scheduling, MIT/LCS/TM-528, 1995", "figures 1 to 3"),
        cite("Arpaci-Dusseau: Operating Systems, Three Easy Pieces", "ch. 9.6"),
    ],
    params: &[
        ParamDef {
            name: "quantum",
            kind: ParamKind::Span,
            default: "10ms",
            help: "longest uninterrupted run",
        },
        ParamDef {
            name: "stride1",
            kind: ParamKind::Integer { min: 1, max: 1 << 40 },
            default: "1048576",
            help: "stride of a job with one ticket",
        },
    ],
    cost: Cost { arrive: "O(log n)", pick: "O(log n)", memory: "O(ready)" },
    traits: Traits { preemptive: false, clairvoyant: false, work_conserving: true, random: false },
    example: Example {
        unit: "ms",
        params: "quantum=1ms,stride1=10000",
        jobs: "A 0 2 tickets=100 | B 0 1 tickets=50 | C 0 5 tickets=250",
        timeline: "A 0-1 | B 1-2 | C 2-5 | A 5-6 | C 6-8",
    },
    build: Build::Scheduler(|params, _| CpuScheduler::picks(Stride::new(params))),
};

fn keys_of(params: &Params) -> Vec<String> {
    vec![format!("pass (/{})", params.span("quantum").0)]
}

/// A pass times the quantum in nanoseconds, so that a part of a quantum advances it by a whole number. Strides stay
/// below 2^40 and served work below 2^64, so 128 bits are plenty.
type Pass = u128;

struct Stride {
    quantum: Span,
    stride1: u64,
    global: Pass,
    passes: PerSlot<Pass>,
    queue: Waiting<Turn>,
}

/// A ready job: pass, place in the list, number.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Turn(Pass, u32, u64, Slot);

impl Place for Turn {
    fn slot(&self) -> u32 {
        self.3.0
    }
}

impl Stride {
    fn new(params: &Params) -> Stride {
        Stride {
            quantum: params.span("quantum"),
            stride1: params.integer("stride1"),
            global: 0,
            passes: PerSlot::default(),
            queue: Waiting::default(),
        }
    }

    fn advance(&self, task: &Task<'_, Blind>, ran: Work) -> Pass {
        let stride = (self.stride1 / u64::from(task.tickets().max(1))).max(1);
        Pass::from(stride) * Pass::from(ran.0)
    }
}

impl Scheduler for Stride {
    type Sees = Blind;
    const WATCHES: bool = true;

    fn ready(&mut self, task: Slot, why: Why, ran: Work, cpu: &mut Cpu<'_, Blind>) {
        let view = cpu.task(task);
        let advance = self.advance(&view, ran);
        let pass = self.passes.at(task);
        match why {
            Why::Arrived => *pass = self.global,
            // While it was away the table held its distance from the global pass.
            Why::Returned => *pass += self.global,
            Why::SliceEnd | Why::Preempted => *pass += advance,
        }
        self.queue.push(Turn(*pass, view.place(), view.number(), task));
    }

    fn pick(&mut self, _core: u32, _cpu: &mut Cpu<'_, Blind>) -> Pick {
        let Some(Turn(pass, _, _, slot)) = self.queue.pop() else { return Pick::NONE };
        self.global = self.global.max(pass);
        Pick::for_slice(slot, self.quantum)
    }

    fn left(&mut self, task: Slot, ran: Work, cpu: &mut Cpu<'_, Blind>) {
        let advance = self.advance(&cpu.task(task), ran);
        let global = self.global;
        let pass = self.passes.at(task);
        *pass = (*pass + advance).saturating_sub(global);
    }

    fn withdraw(&mut self, task: Slot) {
        self.queue.remove(task.0);
        let global = self.global;
        let pass = self.passes.at(task);
        *pass = pass.saturating_sub(global);
    }

    fn key(&self, task: &Task<'_, Blind>, _cpu: &Cpu<'_, Blind>) -> Key {
        Key::of(i128::try_from(self.passes.get(task.slot())).unwrap_or(i128::MAX))
    }
}
