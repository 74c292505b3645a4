//! Lottery scheduling: every quantum goes to the holder of a ticket drawn at random.

use crate::def::{Build, Cost, Example, Input, PolicyDef, Traits, cite};
use crate::params::{ParamDef, ParamKind, Params};
use crate::ranked::Ranked;
use crate::slots::PerSlot;
use sim_core::policy::{Blind, Cpu, CpuScheduler, Pick, Scheduler, Slot, Task, Why};
use sim_core::rng::below;
use sim_core::trace::Key;
use sim_core::units::{Span, Work};

pub(crate) static DEF: PolicyDef = PolicyDef {
    id: "lottery",
    title: "Lottery",
    definition: "For every quantum a ticket is drawn uniformly among those of all ready jobs, the one whose quantum \
                 just ended included, and the job that holds it runs for at most a quantum. The walk is in task-list \
                 order, then job number: the winner is the first job at which the tickets counted so far exceed the \
                 drawn number. Where numbers are given (draws) they are used one after the other, each modulo the \
                 number of tickets; when they are used up the policy draws its own. If nobody holds a ticket the \
                 first job in the list runs.",
    rule: "holder of the drawn ticket",
    tie: "each ticket has one holder",
    keys: &["minus the tickets"],
    keys_of: None,
    orders_by: Some(Input::Tickets),
    draws: true,
    source: &[
        cite(
            "Waldspurger, Weihl: Lottery scheduling, flexible proportional-share resource management, 1994",
            "",
        ),
        cite("Arpaci-Dusseau: Operating Systems, Three Easy Pieces", "ch. 9, homework lottery.py"),
    ],
    params: &[
        ParamDef {
            name: "quantum",
            kind: ParamKind::Span,
            default: "10ms",
            help: "longest uninterrupted run",
        },
        ParamDef {
            name: "draws",
            kind: ParamKind::Integers { min: 0, max: u64::MAX },
            default: "",
            help: "numbers to use instead of random ones, one for each quantum",
        },
    ],
    cost: Cost { arrive: "O(log n)", pick: "O(log n)", memory: "O(ready)" },
    traits: Traits { preemptive: false, clairvoyant: false, work_conserving: true, random: true },
    example: Example {
        unit: "ms",
        params: "quantum=10ms,draws=605944/606802",
        jobs: "A 0 20 tickets=75 | B 0 10 tickets=25",
        // 605944 mod 100 = 44: A holds 0-74. 606802 mod 100 = 2: A, which is then done.
        timeline: "A 0-20 | B 20-30",
    },
    build: Build::Scheduler(|params, _| CpuScheduler::picks(Lottery::new(params))),
};

struct Lottery {
    quantum: Span,
    draws: std::vec::IntoIter<u64>,
    /// The tickets of ready jobs, in task-list order, then by number.
    waiting: Ranked<Holder, u64>,
    /// Where each stands among them.
    holders: PerSlot<Option<Holder>>,
    last: Option<(u64, u64)>,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Holder {
    place: u32,
    number: u64,
    slot: Slot,
}

impl Lottery {
    fn new(params: &Params) -> Lottery {
        Lottery {
            quantum: params.span("quantum"),
            draws: params.integers("draws").into_iter(),
            waiting: Ranked::default(),
            holders: PerSlot::default(),
            last: None,
        }
    }
}

impl Scheduler for Lottery {
    type Sees = Blind;

    fn ready(&mut self, task: Slot, _why: Why, _ran: Work, cpu: &mut Cpu<'_, Blind>) {
        let view = cpu.task(task);
        let holder = Holder { place: view.place(), number: view.number(), slot: task };
        self.waiting.insert(holder, u64::from(view.tickets()));
        *self.holders.at(task) = Some(holder);
    }

    fn pick(&mut self, _core: u32, cpu: &mut Cpu<'_, Blind>) -> Pick {
        let total = self.waiting.total();
        let winner = if total == 0 {
            self.last = None;
            self.waiting.first()
        } else {
            let number = self.draws.next().unwrap_or_else(|| below(cpu.rng(), total));
            self.last = Some((number, total));
            self.waiting.at(number % total)
        };
        let Some(winner) = winner else { return Pick::NONE };
        self.withdraw(winner.slot);
        Pick::for_slice(winner.slot, self.quantum)
    }

    fn withdraw(&mut self, task: Slot) {
        if let Some(holder) = self.holders.at(task).take() {
            self.waiting.remove(holder);
        }
    }

    fn key(&self, task: &Task<'_, Blind>, _cpu: &Cpu<'_, Blind>) -> Key {
        Key::of(-i128::from(task.tickets()))
    }

    fn note(&self) -> Option<String> {
        self.last.map(|(number, total)| format!("drew {number}, ticket {} of {total}", number % total))
    }
}
