//! The loop: take the earliest event, let it happen, and when nothing else can happen at that instant, decide.
//!
//! The files of this module are the stages of a job's life: `source` releases it, `advance` runs its program until it
//! blocks, `dispatch` puts it on cores and takes it off, `balance` sends it to a server, `account` closes the books at
//! the end of the warm-up and of the run, `explain` builds decision records.

mod account;
mod advance;
mod balance;
mod dispatch;
mod explain;
mod source;

use crate::error::RunError;
use crate::event::{ENTITY_MAX, EventKey, Phase, SEQUENCE_MAX};
use crate::job::Jobs;
use crate::measure::{ClassMeasures, Measures};
use crate::model::{Model, Op};
use crate::policy::Shared;
use crate::pool::PoolState;
use crate::processor::ProcessorState;
use crate::queue::EventQueue;
use crate::record::Recorder;
use crate::rng::{Stream, StreamRoot};
use crate::units::{Span, Time};
use account::Snapshot;
use balance::BalancerState;
use source::SourceState;
use std::collections::VecDeque;

/// A run's failure, boxed: the hot paths return a pointer.
type Fault = Box<RunError>;

/// How far a run has come.
#[derive(Clone, Copy, Debug)]
pub struct Progress {
    /// Time reached.
    pub now: Time,
    /// Events handled.
    pub events: u64,
    /// Jobs released.
    pub released: u64,
    /// Jobs that have left.
    pub left: u64,
}

/// Bounds on a run, and who watches it.
pub struct Limits<'a> {
    /// The run stops with an error after this many events.
    pub max_events: u64,
    /// The run stops with an error when more jobs than this are in the system at once (at most 2^24 - 1).
    pub max_jobs: u64,
    /// Called every 65 536 events; the run is cancelled when it returns false.
    pub observer: Option<&'a dyn Fn(Progress) -> bool>,
}

impl Default for Limits<'_> {
    fn default() -> Self {
        Limits { max_events: u64::MAX, max_jobs: u64::from(ENTITY_MAX), observer: None }
    }
}

/// Events between two looks at limits and observer.
const CHECK_EVERY: u64 = 1 << 16;
/// More events than this at one instant: the scenario loops without taking time.
const LIVELOCK: u64 = 1 << 22;

/// A job's time at one component.
#[derive(Clone, Copy, Default)]
struct Part {
    waiting: u64,
    service: u64,
    overhead: u64,
    /// The processor it was at, plus one; 0: none yet.
    visited: u32,
}

struct Engine<'m, R> {
    model: &'m Model,
    /// The operations, at hand.
    program: &'m [Op],
    shared: Shared,
    queue: EventQueue,
    sequence: u64,
    /// Events in the queue that were overtaken (a preempted job's end).
    stale: usize,
    recorder: R,
    processors: Vec<ProcessorState>,
    /// Processor and core within it, by global core.
    homes: Vec<(u32, u32)>,
    pools: Vec<PoolState>,
    balancers: Vec<BalancerState>,
    sources: Vec<SourceState>,
    classes: Vec<ClassMeasures>,
    /// Jobs released, by task.
    of_task: Vec<u64>,
    /// Per slot, `stride.*` entries each.
    values: Vec<u64>,
    places: Vec<u32>,
    owed: Vec<u64>,
    counters: Vec<u64>,
    parts: Vec<Part>,
    streams: Vec<Option<Stream>>,
    stride: Stride,
    /// Processors that must decide at this instant.
    marked: Vec<u32>,
    /// Jobs to advance at this instant, in order.
    moving: VecDeque<u32>,
    /// Keys of job streams, by class.
    stream_keys: Vec<u64>,
    idle_rng: Stream,
    branch_rng_used: bool,
    horizon: Time,
    /// The next instant at which the books are looked at: end of the warm-up, or past the horizon.
    watch: Time,
    snapshot: Option<Snapshot>,
    next_check: u64,
    instant: (Time, u64),
    events: u64,
    released: u64,
    left: u64,
    silent: bool,
    max_events: u64,
    max_jobs: u32,
    sums: account::Sums,
}

/// Entries a slot has in each of the per-job tables.
#[derive(Clone, Copy)]
struct Stride {
    values: usize,
    registers: usize,
    counters: usize,
    parts: usize,
}

/// Runs one replication (0-based) of a model.
///
/// The result depends on the model, its seed and the replication alone. Errors: a policy that breaks its contract, a
/// limit that is reached, time past 2^63 ns, a cancelled run.
pub fn run<R: Recorder>(
    model: &Model,
    replication: u32,
    limits: &Limits<'_>,
    recorder: R,
) -> Result<(Measures, R), RunError> {
    let mut engine = Engine::new(model, replication, limits, recorder);
    engine.run(limits).map_err(|fault| *fault)?;
    engine.finish().map_err(|fault| *fault)
}

impl<'m, R: Recorder> Engine<'m, R> {
    fn new(model: &'m Model, replication: u32, limits: &Limits<'_>, recorder: R) -> Self {
        let root = StreamRoot::new(model.seed, replication);
        let mut homes = Vec::new();
        let mut processors = Vec::with_capacity(model.processors.len());
        for (index, spec) in model.processors.iter().enumerate() {
            processors.push(ProcessorState::new(spec, homes.len() as u32, &model.ties, root));
            homes.extend((0..spec.cores).map(|core| (index as u32, core)));
        }
        let balancers: Vec<BalancerState> =
            model.balancers.iter().map(|spec| BalancerState::new(spec, model, root)).collect();
        for (index, balancer) in balancers.iter().enumerate().filter(|(_, b)| b.knows_sizes) {
            for base in &balancer.group {
                for member in 0..balancer.active.len() as u32 {
                    processors[(base + member) as usize].owners.push(index as u32);
                }
            }
        }
        let given =
            model.classes.iter().map(|class| class.draws.len()).chain(source::trace_widths(model)).max();
        let horizon = model.stop.after.unwrap_or(Time::LATEST);
        Engine {
            model,
            program: &model.program,
            shared: Shared {
                now: Time::ZERO,
                jobs: Jobs::default(),
                attributes: model.attributes.clone(),
                ties: model.ties,
            },
            queue: EventQueue::default(),
            sequence: 0,
            stale: 0,
            recorder,
            processors,
            homes,
            pools: model.pools.iter().map(PoolState::new).collect(),
            balancers,
            sources: model.sources.iter().map(|source| SourceState::new(source, model, root)).collect(),
            classes: vec![
                ClassMeasures {
                    parts: vec![crate::measure::PartSums::default(); model.components.len()],
                    ..ClassMeasures::default()
                };
                model.classes.len()
            ],
            of_task: vec![0; model.tasks.len()],
            values: Vec::new(),
            places: Vec::new(),
            owed: Vec::new(),
            counters: Vec::new(),
            parts: Vec::new(),
            streams: Vec::new(),
            stride: Stride {
                values: given.unwrap_or(0).max(1),
                registers: model.registers as usize,
                counters: model.counters as usize,
                parts: model.components.len().max(1),
            },
            marked: Vec::new(),
            moving: VecDeque::new(),
            stream_keys: model.classes.iter().map(|class| root.key(&class.name, "job")).collect(),
            idle_rng: root.stream("engine", "idle core"),
            branch_rng_used: !model.laws.is_empty() || !model.branches.is_empty(),
            horizon,
            watch: if model.warmup > Time::ZERO { model.warmup } else { past(horizon) },
            snapshot: None,
            next_check: CHECK_EVERY.min(limits.max_events),
            instant: (Time::ZERO, 0),
            events: 0,
            released: 0,
            left: 0,
            silent: false,
            max_events: limits.max_events,
            max_jobs: limits.max_jobs.min(u64::from(ENTITY_MAX)) as u32,
            sums: account::Sums::new(model),
        }
    }

    fn run(&mut self, limits: &Limits<'_>) -> Result<(), Fault> {
        self.start_sources()?;
        while let Some(key) = self.queue.pop() {
            let at = key.time();
            if at >= self.watch && self.pass_watch(at) {
                break;
            }
            self.shared.now = at;
            if self.events == self.next_check {
                self.check(limits)?;
            }
            self.events += 1;
            if R::DIGEST {
                self.recorder.event(key);
            }
            match key.phase() {
                Phase::WorkDone => self.work_done(key)?,
                Phase::SliceEnd | Phase::SliceEndEarly => self.slice_end(key)?,
                Phase::Arrival => self.arrival(key.entity())?,
                Phase::DelayDone | Phase::DelayDoneLate => self.delay_done(key.delayed_slot())?,
                Phase::Tick | Phase::TickEarly => self.tick(key),
                Phase::Input | Phase::Timer => unreachable!("no step schedules these yet"),
            }
            while let Some(slot) = self.moving.pop_front() {
                self.advance(slot)?;
            }
            if !self.marked.is_empty() && self.queue.next_time() > at {
                self.dispatch_marked()?;
            }
        }
        Ok(())
    }

    /// Schedules an event and gives its sequence number.
    #[inline]
    fn schedule(&mut self, at: Time, phase: Phase, entity: u32) -> Result<u64, Fault> {
        let sequence = self.next_sequence(at)?;
        self.queue.push(EventKey::new(at, phase, entity, sequence));
        Ok(sequence)
    }

    #[inline]
    fn next_sequence(&mut self, at: Time) -> Result<u64, Fault> {
        self.sequence += 1;
        if self.sequence >= SEQUENCE_MAX || at > Time::LATEST {
            return Err(self.overflow());
        }
        Ok(self.sequence)
    }

    /// `now + span`, saturating: an event there is refused by [`Self::schedule`].
    #[inline]
    fn in_time(&self, span: Span) -> Time {
        Time(self.shared.now.0.saturating_add(span.0))
    }

    #[cold]
    fn overflow(&self) -> Fault {
        Box::new(RunError::TimeOverflow { at: self.shared.now, event: self.events })
    }

    /// Limits, observer, livelock; once every [`CHECK_EVERY`] events.
    #[cold]
    fn check(&mut self, limits: &Limits<'_>) -> Result<(), Fault> {
        let now = self.shared.now;
        if self.events >= self.max_events {
            return Err(Box::new(RunError::EventLimit { limit: self.max_events, at: now }));
        }
        if self.instant.0 != now {
            self.instant = (now, self.events);
        } else if self.events - self.instant.1 > LIVELOCK {
            return Err(Box::new(RunError::Livelock { events: self.events - self.instant.1, at: now }));
        }
        if let Some(observer) = limits.observer {
            let progress = Progress { now, events: self.events, released: self.released, left: self.left };
            if !observer(progress) {
                return Err(Box::new(RunError::Cancelled { at: now }));
            }
        }
        self.next_check = (self.events + CHECK_EVERY).min(self.max_events);
        self.compact();
        Ok(())
    }

    /// Drops overtaken events when they are most of the queue.
    fn compact(&mut self) {
        if self.stale < 1024 || self.stale < self.queue.len() / 2 {
            return;
        }
        let (homes, processors) = (&self.homes, &self.processors);
        self.queue.retain(|key| match key.phase() {
            Phase::WorkDone | Phase::SliceEnd | Phase::SliceEndEarly => {
                let (processor, core) = homes[key.entity() as usize];
                processors[processor as usize].seats.cores[core as usize].event == key.sequence()
            }
            Phase::Tick | Phase::TickEarly => processors[key.entity() as usize].tick_event == key.sequence(),
            _ => true,
        });
        self.stale = 0;
    }

    /// Marks a processor: it decides when everything else of this instant has happened.
    #[inline]
    fn mark(&mut self, processor: u32) {
        let state = &mut self.processors[processor as usize];
        if !state.marked {
            state.marked = true;
            self.marked.push(processor);
        }
    }

    /// Whether nothing else can happen at this instant, so that a decision may be taken directly.
    #[inline]
    fn nothing_else_now(&self) -> bool {
        self.marked.is_empty() && self.moving.is_empty() && self.queue.next_time() > self.shared.now
    }
}

fn past(time: Time) -> Time {
    Time(time.0.saturating_add(1))
}
