//! Lottery scheduling: every quantum goes to the holder of a ticket drawn at random.

use crate::def::{Build, Cost, Example, PolicyDef, Traits, cite};
use crate::params::{ParamDef, ParamKind, Params};
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
    cost: Cost { arrive: "O(n)", pick: "O(n)", memory: "O(ready)" },
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
    /// Ready jobs in task-list order, then by number.
    waiting: Vec<Holder>,
    last: Option<(u64, u64)>,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Holder {
    place: u32,
    number: u64,
    slot: Slot,
    tickets: u32,
}

impl Lottery {
    fn new(params: &Params) -> Lottery {
        Lottery {
            quantum: params.span("quantum"),
            draws: params.integers("draws").into_iter(),
            waiting: Vec::new(),
            last: None,
        }
    }

    fn winner(&self, ticket: u64) -> usize {
        let mut counted = 0;
        let holds = |holder: &Holder| {
            counted += u64::from(holder.tickets);
            counted > ticket
        };
        self.waiting.iter().position(holds).unwrap_or(0)
    }
}

impl Scheduler for Lottery {
    type Sees = Blind;

    fn ready(&mut self, task: Slot, _why: Why, _ran: Work, cpu: &mut Cpu<'_, Blind>) {
        let view = cpu.task(task);
        let holder =
            Holder { place: view.place(), number: view.number(), slot: task, tickets: view.tickets() };
        let place = self.waiting.partition_point(|other| *other < holder);
        self.waiting.insert(place, holder);
    }

    fn pick(&mut self, _core: u32, cpu: &mut Cpu<'_, Blind>) -> Pick {
        if self.waiting.is_empty() {
            return Pick::NONE;
        }
        let total: u64 = self.waiting.iter().map(|holder| u64::from(holder.tickets)).sum();
        let index = if total == 0 {
            self.last = None;
            0
        } else {
            let number = self.draws.next().unwrap_or_else(|| below(cpu.rng(), total));
            self.last = Some((number, total));
            self.winner(number % total)
        };
        Pick::for_slice(self.waiting.remove(index).slot, self.quantum)
    }

    fn withdraw(&mut self, task: Slot) {
        self.waiting.retain(|holder| holder.slot != task);
    }

    fn key(&self, task: &Task<'_, Blind>, _cpu: &Cpu<'_, Blind>) -> Key {
        Key::of(-i128::from(task.tickets()))
    }

    fn note(&self) -> Option<String> {
        self.last.map(|(number, total)| format!("drew {number}, ticket {} of {total}", number % total))
    }
}
