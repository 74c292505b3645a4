//! The multilevel feedback queue of OSTEP: learn from a job's past whether it is interactive.

use crate::def::{Build, Cost, Example, PolicyDef, Traits, cite};
use crate::ordered::Ordered;
use crate::params::{ParamDef, ParamKind, Params};
use crate::slots::{PerSlot, time_of};
use sim_core::policy::{Blind, Cpu, CpuScheduler, Pick, Scheduler, Slot, Task, Why};
use sim_core::ties::{Boost, PreemptedTo, ResumeQuantum};
use sim_core::trace::Key;
use sim_core::units::{Span, Time, Work};

pub(crate) static DEF: PolicyDef = PolicyDef {
    id: "mlfq",
    title: "Multilevel feedback queue",
    definition: "Ready jobs form one queue a level; level 0 is the top. (1) The job at the head of the best non-empty \
                 level runs; a job that joins a better level takes the core at once from a running job of the worst \
                 level. (2) Jobs of one level take turns of that level's quantum. (3) A new job joins the tail of the \
                 top level. (4) A job that has used up its allotment at a level, counted in whole quanta and whether \
                 or not it blocked in between, joins the tail of the next level with that level's quantum and \
                 allotment; at the last level it is given new ones and joins the tail. With quanta of its allotment \
                 left it joins the tail of its own level. What it has used of a quantum survives I/O. (5) With \
                 boost=T, at every multiple of T the queues below the top are appended to the top queue, the lowest \
                 level first, and every unfinished job, whether it waits, runs or is blocked, is at the top with a \
                 fresh quantum and allotment. A running job counts as the head of its queue: from the top level it runs on \
                 with a fresh quantum, from a lower one it runs on only if nothing now stands before it, and else \
                 waits at its new place. A job that is preempted by a better level joins the tail of its level with a \
                 fresh quantum (tie rules preempted_to and resume_quantum); an abandoned quantum does not count \
                 against the allotment. Where a quantum ends at the instant at which the job blocks, both count: it \
                 comes back at its new level. With io_front=true a job that comes back from I/O joins the head of its \
                 level and displaces a running job of that level, which stays next in line with the rest of its \
                 quantum. With stay_on_io=true (the old rules) I/O gives a fresh quantum and allotment, before a \
                 quantum that ends at that instant is counted. On several cores the first of the order run; among \
                 running jobs the one that comes last in it gives way. The order at one instant is that of the tie \
                 rules quantum_end, boost and io_return.",
    rule: "head of the best non-empty level",
    tie: "order within the level",
    keys: &["level (0 is the top)", "order within the level"],
    keys_of: None,
    orders_by: None,
    draws: false,
    source: &[
        cite("Arpaci-Dusseau: Operating Systems, Three Easy Pieces", "ch. 8 and homework mlfq.py"),
        cite("Corbato, Merwin-Daggett, Daley: An experimental time-sharing system, 1962", ""),
    ],
    params: &[
        ParamDef {
            name: "quantum",
            kind: ParamKind::Spans,
            default: "8ms/16ms/32ms",
            help: "quantum of each level, top first; as many levels as quanta",
        },
        ParamDef {
            name: "allotment",
            kind: ParamKind::Integers { min: 1, max: 1_000_000 },
            default: "1",
            help: "quanta a job may use at each level, top first; the last one holds for all further levels",
        },
        ParamDef {
            name: "boost",
            kind: ParamKind::SpanOrOff,
            default: "off",
            help: "period after which all jobs go back to the top",
        },
        ParamDef {
            name: "stay_on_io",
            kind: ParamKind::Boolean,
            default: "false",
            help: "whether I/O gives a fresh quantum and allotment (the old rules, which can be gamed)",
        },
        ParamDef {
            name: "io_front",
            kind: ParamKind::Boolean,
            default: "false",
            help: "whether a job that comes back from I/O joins the head of its level",
        },
    ],
    cost: Cost { arrive: "O(1)", pick: "O(1)", memory: "O(present)" },
    traits: Traits { preemptive: true, clairvoyant: false, work_conserving: true, random: false },
    example: Example {
        unit: "ms",
        params: "quantum=10ms/10ms/10ms",
        jobs: "job0 0 180 | job1 100 20",
        timeline: "job0 0-100 | job1 100-120 | job0 120-200",
    },
    build: Build::Scheduler(|params, _| CpuScheduler::picks(Mlfq::new(params))),
};

/// Where a job stands. All of it survives I/O.
#[derive(Clone, Copy, Debug, Default)]
struct Standing {
    level: u8,
    /// Place in the level's queue: smaller goes first. A running job keeps its own, so that it still is the head.
    order: i64,
    /// What is left of the present quantum.
    left: Span,
    /// Quanta left of the allotment, the present one included.
    quanta: u64,
    /// Boosts it has had.
    boosts: u64,
    /// Running: what is left of the slice that the engine was given. After a boost it can be shorter or longer than
    /// what is left of the quantum.
    slice: Span,
    /// Running: time since the dispatch that has been accounted for.
    counted: Span,
    /// Taken off its core by a job of its own level.
    displaced: bool,
}

struct Mlfq {
    quanta: Vec<Span>,
    allotments: Vec<u64>,
    boost: Option<u64>,
    stay_on_io: bool,
    io_front: bool,
    /// One queue a level, by order.
    queues: Vec<Ordered<i64>>,
    jobs: PerSlot<Standing>,
    /// Boosts so far.
    boosts: u64,
    head: i64,
    tail: i64,
}

impl Mlfq {
    fn new(params: &Params) -> Mlfq {
        let quanta = params.spans("quantum");
        let boost = params.span("boost");
        Mlfq {
            allotments: params.integers("allotment"),
            boost: Some(boost.0).filter(|period| *period != 0),
            stay_on_io: params.boolean("stay_on_io"),
            io_front: params.boolean("io_front"),
            queues: vec![Ordered::default(); quanta.len()],
            quanta,
            jobs: PerSlot::default(),
            boosts: 0,
            head: 0,
            tail: 0,
        }
    }

    fn next_tail(&mut self) -> i64 {
        self.tail += 1;
        self.tail
    }

    fn next_head(&mut self) -> i64 {
        self.head -= 1;
        self.head
    }

    /// A full quantum and allotment at `level`.
    fn refill(&mut self, slot: Slot, level: u8) {
        let quantum = self.quanta[level as usize];
        let allotment = self.allotments[(level as usize).min(self.allotments.len() - 1)];
        let job = self.jobs.at(slot);
        (job.level, job.left, job.quanta) = (level, quantum, allotment);
    }

    /// A quantum has been used up.
    fn expire(&mut self, slot: Slot) {
        let job = self.jobs.at(slot);
        job.quanta -= 1;
        if job.quanta == 0 {
            let level = (job.level + 1).min(self.quanta.len() as u8 - 1);
            self.refill(slot, level);
        } else {
            job.left = self.quanta[job.level as usize];
        }
    }

    /// Counts a run against the present quantum; whether it is used up. The work was done since the dispatch.
    fn charge(&mut self, slot: Slot, ran: Work, cpu: &Cpu<'_, Blind>) -> bool {
        let job = self.jobs.at(slot);
        let used = time_of(ran, cpu).0.saturating_sub(job.counted.0);
        job.left = Span(job.left.0.saturating_sub(used));
        job.left == Span::ZERO
    }

    fn join(&mut self, slot: Slot) {
        let Standing { level, order, .. } = self.jobs.get(slot);
        self.queues[level as usize].push(order, slot);
    }

    fn best_level(&self) -> Option<usize> {
        self.queues.iter().position(|queue| !queue.is_empty())
    }

    /// Boosts up to `now`, the one at this very instant counted if `inclusive`.
    fn due(&self, now: Time, inclusive: bool) -> u64 {
        match self.boost {
            None => 0,
            Some(period) if inclusive => now.0 / period,
            Some(period) => now.0.saturating_sub(1) / period,
        }
    }

    /// Moves every ready and running job to the top. Blocked jobs follow when they come back.
    fn boost_up_to(&mut self, due: u64, cpu: &Cpu<'_, Blind>) {
        if due <= self.boosts {
            return;
        }
        self.boosts = due;
        let running: Vec<(Slot, Span)> = running(cpu).collect();
        let mut order: Vec<(std::cmp::Reverse<u8>, i64, Slot, bool)> = Vec::new();
        for (level, queue) in self.queues.iter_mut().enumerate() {
            order.extend(
                queue.drain().map(|(place, slot)| (std::cmp::Reverse(level as u8), place, slot, true)),
            );
        }
        for (slot, _) in &running {
            let job = self.jobs.get(*slot);
            order.push((std::cmp::Reverse(job.level), job.order, *slot, false));
        }
        // Jobs at the top keep their places; those below line up behind them, the lowest level first.
        order.sort_unstable_by_key(|(level, place, _, _)| (*level, *place));
        for (level, _, slot, waits) in order {
            if level.0 != 0 {
                self.jobs.at(slot).order = self.next_tail();
            }
            self.refill(slot, 0);
            self.jobs.at(slot).boosts = due;
            if waits {
                self.join(slot);
            }
        }
        for (slot, ran) in running {
            let job = self.jobs.at(slot);
            job.slice = Span(job.slice.0.saturating_sub(ran.0.saturating_sub(job.counted.0)));
            job.counted = ran;
        }
    }

    /// What is left of a running job's quantum, where it ends before the slice that the engine was given: the job was
    /// boosted from a level with a longer quantum.
    fn ends_early(&self, slot: Slot, ran: Span) -> Option<Span> {
        let job = self.jobs.get(slot);
        (job.left < job.slice).then(|| Span((job.left.0 + job.counted.0).saturating_sub(ran.0)))
    }

    /// Quanta that end within a slice: the job moves on where it runs, and gives way if another now stands before it.
    fn expire_running(&mut self, cpu: &Cpu<'_, Blind>) {
        let over: Vec<(Slot, Span)> = running(cpu).collect();
        for (slot, ran) in over {
            while self.ends_early(slot, ran) == Some(Span::ZERO) {
                let job = self.jobs.at(slot);
                job.slice = Span(job.slice.0 - job.left.0);
                job.counted += job.left;
                self.expire(slot);
                self.jobs.at(slot).order = self.next_tail();
            }
        }
    }

    /// A job comes, for the first time or back from elsewhere.
    fn enters(&mut self, slot: Slot, why: Why) {
        if why == Why::Arrived {
            *self.jobs.at(slot) = Standing::default();
        }
        if why == Why::Arrived || self.jobs.get(slot).boosts < self.boosts {
            self.refill(slot, 0);
            self.jobs.at(slot).boosts = self.boosts;
        }
        let front = self.io_front && why == Why::Returned;
        self.jobs.at(slot).order = if front { self.next_head() } else { self.next_tail() };
    }

    /// The slice that the engine was given is over. After a boost some of the quantum may be left; then the job is
    /// still the head of its queue.
    fn slice_ends(&mut self, slot: Slot) {
        let job = self.jobs.at(slot);
        job.left = Span(job.left.0.saturating_sub(job.slice.0));
        if job.left == Span::ZERO {
            self.expire(slot);
            self.jobs.at(slot).order = self.next_tail();
        }
    }

    fn preempted(&mut self, slot: Slot, ran: Work, cpu: &Cpu<'_, Blind>) {
        let used_up = self.charge(slot, ran, cpu);
        let job = self.jobs.get(slot);
        if used_up {
            self.expire(slot);
            self.jobs.at(slot).order = self.next_tail();
        } else if !job.displaced {
            if cpu.ties().resume_quantum == ResumeQuantum::Fresh {
                self.jobs.at(slot).left = self.quanta[job.level as usize];
            }
            if cpu.ties().preempted_to == PreemptedTo::Tail {
                self.jobs.at(slot).order = self.next_tail();
            }
        }
    }
}

/// The jobs on the cores with the time each has run since its dispatch.
fn running(cpu: &Cpu<'_, Blind>) -> impl Iterator<Item = (Slot, Span)> {
    cpu.running().map(|(_, task)| {
        let before = cpu.task(task.slot()).attained();
        (task.slot(), time_of(Work(task.attained().0 - before.0), cpu))
    })
}

impl Scheduler for Mlfq {
    type Sees = Blind;
    const PREEMPTIVE: bool = true;
    const WATCHES: bool = true;
    const TICKS: bool = true;

    fn ready(&mut self, task: Slot, why: Why, ran: Work, cpu: &mut Cpu<'_, Blind>) {
        let enters = matches!(why, Why::Arrived | Why::Returned);
        // A boost at this instant has passed for those who come after it by the tie rule.
        let passed = enters && cpu.ties().boost == Boost::BeforeArrivals;
        self.boost_up_to(self.due(cpu.now(), passed), cpu);
        match why {
            Why::Arrived | Why::Returned => self.enters(task, why),
            Why::SliceEnd => self.slice_ends(task),
            Why::Preempted => self.preempted(task, ran, cpu),
        }
        self.join(task);
    }

    fn pick(&mut self, _core: u32, cpu: &mut Cpu<'_, Blind>) -> Pick {
        // An idle processor is not ticked; decisions come after everything else of an instant.
        self.boost_up_to(self.due(cpu.now(), true), cpu);
        let Some(level) = self.best_level() else { return Pick::NONE };
        let Some(slot) = self.queues[level].pop_first() else { return Pick::NONE };
        let job = self.jobs.at(slot);
        (job.slice, job.counted, job.displaced) = (job.left, Span::ZERO, false);
        Pick::for_slice(slot, job.left)
    }

    fn preempt(&mut self, cpu: &mut Cpu<'_, Blind>) -> Option<u32> {
        self.boost_up_to(self.due(cpu.now(), true), cpu);
        let level = self.best_level()?;
        let (order, _) = self.queues[level].first()?;
        let place = |slot: Slot| {
            let job = self.jobs.get(slot);
            (job.level as usize, job.order)
        };
        let (last, core, slot) =
            cpu.running().map(|(core, task)| (place(task.slot()), core, task.slot())).max()?;
        if (level, order) >= last {
            return None;
        }
        self.jobs.at(slot).displaced = level == last.0;
        Some(core)
    }

    fn left(&mut self, task: Slot, ran: Work, cpu: &mut Cpu<'_, Blind>) {
        self.boost_up_to(self.due(cpu.now(), false), cpu);
        let used_up = self.charge(task, ran, cpu);
        if self.stay_on_io {
            let level = self.jobs.get(task).level;
            self.refill(task, level);
        }
        if used_up {
            self.expire(task);
        }
    }

    fn withdraw(&mut self, task: Slot) {
        let Standing { level, order, .. } = self.jobs.get(task);
        self.queues[level as usize].remove(order);
    }

    fn next_tick(&self, cpu: &Cpu<'_, Blind>) -> Time {
        let Some(period) = self.boost else { return Time::NEVER };
        let boost = (cpu.now().0 / period + 1).checked_mul(period).map_or(Time::NEVER, Time);
        let early = running(cpu).filter_map(|(slot, ran)| cpu.now().after(self.ends_early(slot, ran)?));
        early.fold(boost, Time::min)
    }

    fn tick(&mut self, cpu: &mut Cpu<'_, Blind>) {
        self.expire_running(cpu);
        self.boost_up_to(self.due(cpu.now(), true), cpu);
    }

    fn key(&self, task: &Task<'_, Blind>, _cpu: &Cpu<'_, Blind>) -> Key {
        let job = self.jobs.get(task.slot());
        // Counted from the first of all, which moves to the front as jobs come there.
        Key::pair(job.level, job.order - self.head.min(0))
    }

    fn level(&self, task: Slot) -> u32 {
        u32::from(self.jobs.get(task).level)
    }
}
