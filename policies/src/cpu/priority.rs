//! Priority scheduling, preemptive or not, with ageing and with round robin among equals where asked for.

use crate::def::{Build, Cost, Example, PolicyDef, Traits, cite};
use crate::keyed::{Entry, KeyedQueue};
use crate::params::{ParamDef, ParamKind, Params};
use crate::slots::{PerSlot, time_of};
use sim_core::policy::{Blind, Cpu, CpuScheduler, Pick, Scheduler, Slot, Task, Why};
use sim_core::ties::{EqualKey, PreemptedTo, ResumeQuantum};
use sim_core::trace::Key;
use sim_core::units::{Span, Time, Work};

pub(crate) static DEF: PolicyDef = PolicyDef {
    id: "priority",
    title: "Priority",
    definition: "The ready job with the best priority runs; order says whether low or high numbers are better. With \
                 preemptive=true a ready job takes the core of a running one whose priority is strictly worse, on \
                 several cores that of the worst; with preemptive=false it waits until the core is free. With ageing=T the \
                 priority of a waiting job improves by one for each full T it has been in the ready queue, and a job \
                 that has thus become better preempts at that very instant; it keeps what it has gained while it \
                 runs and is back at its own priority when it is ready again. Jobs of equal priority: without a quantum the running job stays and among waiting jobs the earlier \
                 release goes first, then the place in the task list (tie rule equal_key); with a quantum they take \
                 turns of one quantum in the order of joining the queue, and a preempted job goes to the tail with a \
                 fresh quantum (tie rules preempted_to and resume_quantum).",
    rule: "best priority",
    tie: "running job stays; earlier release, then place in the list (with a quantum: order of joining)",
    keys: &["priority (smaller is better)", "turn among equals"],
    source: &[
        cite(
            "Silberschatz, Galvin, Gagne: Operating System Concepts, 10th ed.",
            "5.3.4 (low numbers are better)",
        ),
        cite("Tanenbaum, Bos: Modern Operating Systems", "2.4.3 (high numbers are better)"),
    ],
    params: &[
        ParamDef {
            name: "order",
            kind: ParamKind::Choice(&["low-first", "high-first"]),
            default: "low-first",
            help: "whether low or high priority numbers are better",
        },
        ParamDef {
            name: "preemptive",
            kind: ParamKind::Boolean,
            default: "true",
            help: "whether a better job takes the core of a running one",
        },
        ParamDef {
            name: "ageing",
            kind: ParamKind::SpanOrOff,
            default: "off",
            help: "waiting time after which a job's priority improves by one",
        },
        ParamDef {
            name: "quantum",
            kind: ParamKind::SpanOrOff,
            default: "off",
            help: "longest turn while jobs of equal priority wait",
        },
    ],
    cost: Cost { arrive: "O(log n)", pick: "O(log n); O(n) with ageing", memory: "O(ready)" },
    traits: Traits { preemptive: true, clairvoyant: false, work_conserving: true, random: false },
    example: Example {
        unit: "ms",
        params: "",
        jobs: "P1 0 4 priority=2 | P2 1 3 priority=1 | P3 2 1 priority=3",
        timeline: "P1 0-1 | P2 1-4 | P1 4-7 | P3 7-8",
    },
    build: Build::Scheduler(|params, _| {
        match (params.boolean("preemptive"), params.span("ageing") != Span::ZERO) {
            (true, false) => CpuScheduler::picks(Priority::<true, false>::new(params)),
            (true, true) => CpuScheduler::picks(Priority::<true, true>::new(params)),
            (false, false) => CpuScheduler::picks(Priority::<false, false>::new(params)),
            (false, true) => CpuScheduler::picks(Priority::<false, true>::new(params)),
        }
    }),
};

/// Rank (smaller is better), then turn among equals; without a quantum all turns are 0.
type Order = (i128, i64);

/// A running job's turn with a quantum: it comes before all that wait.
const ITS_TURN: i64 = i64::MIN;

struct Priority<const PREEMPTIVE: bool, const AGEING: bool> {
    low_first: bool,
    ageing: Span,
    quantum: Option<Span>,
    /// Ready jobs by order, where it does not change with time.
    queue: KeyedQueue<Order>,
    /// Ready jobs with ageing: ranks change at different instants, so the best is looked for at each decision.
    aging: Vec<Aging>,
    turns: PerSlot<Turn>,
    first_turn: i64,
    last_turn: i64,
}

struct Aging {
    since: Time,
    /// Under the rank the job began to wait with.
    entry: Entry<Order>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Turn {
    /// Place among jobs of equal rank.
    number: i64,
    /// What is left of the quantum.
    left: Span,
    /// Steps gained by ageing before the present run.
    gained: i128,
}

impl<const PREEMPTIVE: bool, const AGEING: bool> Priority<PREEMPTIVE, AGEING> {
    fn new(params: &Params) -> Self {
        Priority {
            low_first: params.word("order") == "low-first",
            ageing: params.span("ageing"),
            quantum: Some(params.span("quantum")).filter(|quantum| *quantum != Span::ZERO),
            queue: KeyedQueue::default(),
            aging: Vec::new(),
            turns: PerSlot::default(),
            first_turn: 0,
            last_turn: 0,
        }
    }

    fn rank(&self, task: &Task<'_, Blind>) -> i128 {
        let number = i128::from(task.priority());
        if self.low_first { number } else { -number }
    }

    /// The order of a running job.
    fn running(&self, task: &Task<'_, Blind>) -> Order {
        let gained = if AGEING { self.turns.get(task.slot()).gained } else { 0 };
        (self.rank(task) - gained, if self.quantum.is_some() { ITS_TURN } else { 0 })
    }

    /// Full ageing steps between two instants.
    fn steps(&self, since: Time, now: Time) -> i128 {
        i128::from(now.since(since).0 / self.ageing.0.max(1))
    }

    /// Where a job that joins stands among its equals, and with how much of its quantum.
    fn turn(&mut self, slot: Slot, why: Why, ran: Work, quantum: Span, cpu: &Cpu<'_, Blind>) -> i64 {
        let turn = self.turns.at(slot);
        let left = Span(turn.left.0.saturating_sub(time_of(ran, cpu).0));
        let preempted = why == Why::Preempted && left != Span::ZERO;
        let remainder = preempted && cpu.ties().resume_quantum == ResumeQuantum::Remainder;
        turn.left = if remainder { left } else { quantum };
        turn.number = if preempted && cpu.ties().preempted_to == PreemptedTo::Head {
            self.first_turn -= 1;
            self.first_turn
        } else {
            self.last_turn += 1;
            self.last_turn
        };
        turn.number
    }

    /// The best waiting job under ageing, as an index and under its present rank.
    fn best(&self, now: Time) -> Option<(usize, Entry<Order>)> {
        let aged = |waiting: &Aging| {
            let mut entry = waiting.entry;
            entry.key.0 -= self.steps(waiting.since, now);
            entry
        };
        self.aging.iter().map(aged).enumerate().min_by(|a, b| a.1.cmp(&b.1))
    }
}

impl<const PREEMPTIVE: bool, const AGEING: bool> Scheduler for Priority<PREEMPTIVE, AGEING> {
    type Sees = Blind;
    const PREEMPTIVE: bool = PREEMPTIVE;
    const TICKS: bool = PREEMPTIVE && AGEING;

    fn ready(&mut self, task: Slot, why: Why, ran: Work, cpu: &mut Cpu<'_, Blind>) {
        let turn = match self.quantum {
            Some(quantum) => self.turn(task, why, ran, quantum, cpu),
            None => 0,
        };
        let view = cpu.task(task);
        let order = (self.rank(&view), turn);
        if AGEING {
            let entry = Entry::new(order, &view, cpu.ties().equal_key);
            self.aging.push(Aging { since: cpu.now(), entry });
        } else {
            self.queue.push(task, order, cpu);
        }
    }

    fn pick(&mut self, _core: u32, cpu: &mut Cpu<'_, Blind>) -> Pick {
        let next = if AGEING {
            self.best(cpu.now()).map(|(index, _)| {
                let Aging { since, entry } = self.aging.swap_remove(index);
                self.turns.at(entry.slot).gained = self.steps(since, cpu.now());
                entry.slot
            })
        } else {
            self.queue.pop()
        };
        match next {
            None => Pick::NONE,
            Some(slot) if self.quantum.is_some() => Pick::for_slice(slot, self.turns.get(slot).left),
            Some(slot) => Pick::to_completion(slot),
        }
    }

    fn preempt(&mut self, cpu: &mut Cpu<'_, Blind>) -> Option<u32> {
        if AGEING {
            let (_, best) = self.best(cpu.now())?;
            best.displaces(cpu, |task| self.running(task))
        } else {
            self.queue.displaces(cpu, |task| self.running(task))
        }
    }

    fn withdraw(&mut self, task: Slot) {
        if AGEING {
            self.aging.retain(|waiting| waiting.entry.slot != task);
        } else {
            self.queue.remove(task);
        }
    }

    /// The next instant at which a waiting job becomes better than the worst running one, or equal to it where the
    /// tie rule then lets it preempt.
    fn next_tick(&self, cpu: &Cpu<'_, Blind>) -> Time {
        let Some(worst) = cpu.running().map(|(_, task)| self.running(&task).0).max() else {
            return Time::NEVER;
        };
        let equal_may_do = self.quantum.is_none() && cpu.ties().equal_key != EqualKey::RunningStays;
        let now = cpu.now();
        let instant = |waiting: &Aging| {
            let equal = waiting.entry.key.0 - worst;
            let first = if equal_may_do { equal } else { equal + 1 };
            let steps = (first..=equal + 1).find(|steps| *steps > self.steps(waiting.since, now))?;
            let after = u64::try_from(steps).ok()?.checked_mul(self.ageing.0)?;
            waiting.since.after(Span(after))
        };
        self.aging.iter().filter_map(instant).min().unwrap_or(Time::NEVER)
    }

    fn key(&self, task: &Task<'_, Blind>, cpu: &Cpu<'_, Blind>) -> Key {
        let slot = task.slot();
        if cpu.running().any(|(_, running)| running.slot() == slot) {
            let (rank, turn) = self.running(task);
            return Key::pair(rank, turn);
        }
        let waiting = self.aging.iter().find(|waiting| waiting.entry.slot == slot);
        let rank = self.rank(task) - waiting.map_or(0, |waiting| self.steps(waiting.since, cpu.now()));
        let turn = if self.quantum.is_some() { self.turns.get(slot).number } else { 0 };
        Key::pair(rank, turn)
    }
}
