//! The loop: take the earliest event, let it happen, and when nothing else can happen at that instant, decide.
//!
//! The files of this module are the stages of a job's life: `source` releases it, `advance` runs its program until it
//! blocks, `balance` sends it to a server, `dispatch` asks the schedulers, `cores` carries their decisions out, `leave`
//! ends it. `account` takes stock at the end of the warm-up, of the window and of the run, `explain` builds decision records.

mod account;
mod advance;
mod answer;
mod balance;
mod cores;
mod dispatch;
mod explain;
mod host;
mod interrupt;
mod leave;
mod outage;
mod pending;
mod plain;
mod recovery;
mod request;
mod source;
mod task;
mod withdraw;

use crate::error::RunError;
use crate::event::{ENTITY_MAX, EventKey, Phase};
use crate::intervals::Course;
use crate::job::{Job, Jobs, NONE};
use crate::law::{Layers, exponential_layers};
use crate::measure::{ClassMeasures, Measures, PartSums};
use crate::model::{Arrivals, Model, Op};
use crate::policy::Shared;
use crate::pool::PoolState;
use crate::processor::ProcessorState;
use crate::queue::EventQueue;
use crate::record::Recorder;
use crate::rng::{Stream, StreamRoot};
use crate::ties::QuantumEnd;
use crate::trace::{PlaceKind, Stay};
use crate::units::{Span, Time};
use account::{Closing, Snapshot};
use balance::BalancerState;
use host::Hosts;
use outage::Outages;
use plain::{is_lean, is_plain, is_timed, leaves_early, sizes_are_known};
use source::SourceState;
use std::collections::{BTreeMap, VecDeque};
use task::{Regions, Task};

/// A run's failure. The hot paths do not return it: the first one is kept in the engine, and the loop stops on it.
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
    /// The run stops with an error when more jobs than this are in the system at once (at most 2^24 - 1). 0: as many as
    /// fit into one GiB of tables, which depends on how much the model keeps of each.
    pub max_jobs: u64,
    /// Keep distributions of waiting times too (percentiles); response times always have theirs.
    pub all_distributions: bool,
    /// Called every 65 536 events; the run is cancelled when it returns false.
    pub observer: Option<&'a dyn Fn(Progress) -> bool>,
}

impl Default for Limits<'_> {
    fn default() -> Self {
        Limits { max_events: u64::MAX, max_jobs: 0, all_distributions: true, observer: None }
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

/// Everything but the stations: time, events, jobs, sources, the record. Stations are kept apart, so that a station and
/// the world can be borrowed at once.
#[expect(clippy::struct_excessive_bools, reason = "facts looked at in the hottest place, each on its own")]
struct World<'m, R, const PLAIN: bool> {
    model: &'m Model,
    /// The operations, at hand.
    program: &'m [Op],
    shared: Shared,
    queue: EventQueue,
    sequence: u64,
    /// Events in the queue that were overtaken (a preempted job's end).
    stale: usize,
    /// Events handled up to the last look at the limits, the length of the stretch that began there, and what is left
    /// of it.
    events_checked: u64,
    stretch: u64,
    until_check: u64,
    recorder: R,
    sources: Vec<SourceState>,
    classes: Vec<ClassMeasures>,
    /// Jobs released, by task.
    of_task: Vec<u64>,
    /// One component, a processor: a job's own sums say all there is to say of its parts.
    lean: bool,
    /// Whether programs draw on the spot.
    draws: bool,
    /// Whether a new job's slot has tables to be reset.
    tables: bool,
    /// Whether any source is closed, or a trace; whether any job may leave before its program ends.
    closed: bool,
    traces: bool,
    timed: bool,
    /// The children of forks that are waited for, where jobs may leave early.
    children: Option<BTreeMap<u64, Vec<u32>>>,
    /// Whether the model has tasks; what its jobs have beside [`Job`], and how many jobs other jobs have made.
    tasked: bool,
    tasks: Vec<Task>,
    /// Jobs of any kind so far, where the model has tasks.
    births: u64,
    emitted: u64,
    /// Per slot, `stride.*` entries each; parts are empty where `lean`.
    stride: Stride,
    values: Vec<u64>,
    places: Vec<u32>,
    owed: Vec<u64>,
    counters: Vec<u64>,
    parts: Vec<Part>,
    streams: Vec<Option<Stream>>,
    /// Keys of job streams, by class.
    stream_keys: Vec<u64>,
    idle_rng: Stream,
    /// Processors that must decide at this instant, and jobs to advance, in order.
    marked: Vec<u32>,
    moving: VecDeque<u32>,
    /// Jobs that have been taken from the front of these.
    moved: u64,
    horizon: Time,
    released: u64,
    left: u64,
    /// Jobs released during the warm-up that were in the system behind its last instant and have not ended otherwise than
    /// completed since, by class; empty until then. What departs of them is what is missing later: nothing is counted when
    /// they do.
    carried: Vec<u64>,
    first_release: Time,
    last_left: Time,
    silent: bool,
    max_jobs: u32,
    warmup: Time,
    stop_jobs: u64,
    /// Distributions of waiting times as well as of response times.
    all_distributions: bool,
    /// The table of exponential draws.
    layers: &'static Layers,
    /// Where quantum ends stand in the order of an instant.
    slice_phase: Phase,
    /// Something is marked, moving or wrong: to be seen to before the next event.
    attention: bool,
    /// The present event was void: time has not moved. (Not kept in plain runs, where none lies behind the last event.)
    skipped: bool,
    /// The time of the last event that was not void.
    happened: Time,
    fault: Option<Fault>,
    sums: account::Sums,
}

/// A run under way. `PLAIN` compiles out what a model of plain single-core processors does not have: costs, speeds,
/// devices, several cores, deadlines, parts of response times, traces, closed sources. The code is the same.
struct Engine<'m, R, const PLAIN: bool> {
    world: World<'m, R, PLAIN>,
    processors: Vec<ProcessorState>,
    pools: Vec<PoolState>,
    balancers: Vec<BalancerState>,
    outages: Outages,
    regions: Regions<'m>,
    hosts: Hosts,
    /// The next instant at which the books are looked at: end of the warm-up, past the last release, or past the horizon.
    watch: Time,
    snapshot: Option<Snapshot>,
    /// When the window ends, and the accounts as they stood then.
    closing: Closing,
    closed: Option<Snapshot>,
    /// Where the model has intervals whose busy time is kept.
    course: Option<Course>,
    instant: (Time, u64),
    max_events: u64,
}

/// Entries a slot has in each of the per-job tables.
#[derive(Clone, Copy)]
struct Stride {
    tasked: bool,
    values: usize,
    registers: usize,
    counters: usize,
    parts: usize,
}

impl Stride {
    /// The limit of jobs that holds where `asked` (0: automatic) is asked for.
    fn most_jobs(self, asked: u64) -> u32 {
        /// Tables of a GiB, as jobs in the system go.
        const BYTES: usize = 1 << 30;
        let tasks = if self.tasked { size_of::<Task>() } else { 0 };
        let job = size_of::<Job>() + tasks + 8 * (self.values + self.counters) + 12 * self.registers;
        let each = job + size_of::<Part>() * self.parts + size_of::<Option<Stream>>();
        let most = if asked == 0 { (BYTES / each) as u64 } else { asked };
        most.clamp(1, u64::from(ENTITY_MAX)) as u32
    }
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
    if is_plain(model) {
        run_engine(Engine::<R, true>::new(model, replication, limits, recorder), limits)
    } else {
        run_engine(Engine::<R, false>::new(model, replication, limits, recorder), limits)
    }
}

fn run_engine<R: Recorder, const PLAIN: bool>(
    mut engine: Engine<'_, R, PLAIN>,
    limits: &Limits<'_>,
) -> Result<(Measures, R), RunError> {
    engine.run(limits).map_err(|fault| *fault)?;
    engine.finish().map_err(|fault| *fault)
}

impl<'m, R: Recorder, const PLAIN: bool> Engine<'m, R, PLAIN> {
    fn new(model: &'m Model, replication: u32, limits: &Limits<'_>, recorder: R) -> Self {
        let root = StreamRoot::new(model.seed, replication);
        let mut cores = Vec::with_capacity(model.processors.iter().map(|spec| spec.cores as usize).sum());
        let mut processors = Vec::with_capacity(model.processors.len());
        for (index, spec) in model.processors.iter().enumerate() {
            processors.push(ProcessorState::new(spec, index as u32, &mut cores, &model.ties, root));
        }
        let balancers: Vec<BalancerState> =
            model.balancers.iter().map(|spec| BalancerState::new(spec, model, root)).collect();
        for (index, balancer) in balancers.iter().enumerate().filter(|(_, b)| b.knows_sizes) {
            for base in &balancer.farm.roles {
                for member in 0..balancer.farm.loads.len() as u32 {
                    processors[(base + member) as usize].owners.push(index as u32);
                }
            }
        }
        let given =
            model.classes.iter().map(|class| class.draws.len()).chain(source::trace_widths(model)).max();
        let horizon = model.stop.after.unwrap_or(Time::LATEST);
        let lean = is_lean(model);
        let tasked = model.has_tasks();
        let sizes = sizes_are_known(model);
        let stride = Stride {
            tasked,
            values: given.unwrap_or(0).max(1),
            registers: model.registers as usize,
            counters: model.counters as usize,
            parts: if lean { 0 } else { model.components.len() },
        };
        let no_parts = vec![PartSums::default(); model.components.len()];
        let no_measures = ClassMeasures {
            parts: no_parts,
            outcomes: vec![0; if tasked { model.outcomes.len() } else { 0 }],
            ..ClassMeasures::default()
        };
        let shared = Shared {
            now: Time::ZERO,
            jobs: Jobs::default(),
            cores,
            attributes: model.attributes.clone(),
            ties: model.ties,
        };
        let world = World {
            model,
            program: &model.program,
            shared,
            queue: EventQueue::default(),
            sequence: 0,
            stale: 0,
            events_checked: 0,
            stretch: CHECK_EVERY.min(limits.max_events),
            until_check: CHECK_EVERY.min(limits.max_events),
            recorder,
            sources: model
                .sources
                .iter()
                .map(|source| SourceState::new(source, model, root, sizes))
                .collect(),
            classes: vec![no_measures; model.classes.len()],
            of_task: vec![0; model.tasks.len()],
            lean,
            draws: tasked || !model.laws.is_empty() || !model.branches.is_empty(),
            tables: !lean || tasked || !model.laws.is_empty() || !model.branches.is_empty(),
            traces: model.sources.iter().any(|source| source.arrivals.trace().is_some()),
            closed: model.sources.iter().any(|source| matches!(source.arrivals, Arrivals::Closed { .. })),
            timed: tasked || is_timed(model),
            tasked,
            tasks: Vec::new(),
            births: 0,
            emitted: 0,
            children: leaves_early(model).then(BTreeMap::new),
            stride,
            values: Vec::new(),
            places: Vec::new(),
            owed: Vec::new(),
            counters: Vec::new(),
            parts: Vec::new(),
            streams: Vec::new(),
            stream_keys: model.classes.iter().map(|class| root.key(&class.name, "job")).collect(),
            idle_rng: root.stream("engine", "idle core"),
            marked: Vec::new(),
            moving: VecDeque::new(),
            moved: 0,
            horizon,
            released: 0,
            left: 0,
            carried: Vec::new(),
            first_release: Time::ZERO,
            last_left: Time::ZERO,
            silent: false,
            max_jobs: stride.most_jobs(limits.max_jobs),
            warmup: model.warmup,
            stop_jobs: model.stop.jobs.unwrap_or(u64::MAX),
            all_distributions: limits.all_distributions,
            layers: exponential_layers(),
            slice_phase: match model.ties.quantum_end {
                QuantumEnd::ArrivalFirst => Phase::SliceEnd,
                QuantumEnd::PreemptedFirst => Phase::SliceEndEarly,
            },
            attention: false,
            skipped: false,
            happened: Time::ZERO,
            fault: None,
            sums: account::Sums::new(model),
        };
        let course = Course::new(model);
        let first = course.as_ref().map_or(Time::NEVER, Course::next);
        let watch = if model.warmup > Time::ZERO { model.warmup } else { Time::NEVER };
        let watch = watch.min(first).min(past(horizon));
        Engine {
            world,
            processors,
            pools: model.pools.iter().map(PoolState::new).collect(),
            balancers,
            outages: Outages::new(model, root),
            regions: Regions::new(model),
            hosts: Hosts::new(model),
            watch,
            snapshot: None,
            closing: if source::closes_at_last_release(model) {
                Closing::AtLastRelease
            } else {
                Closing::AtEnd
            },
            closed: None,
            course,
            instant: (Time::ZERO, 0),
            max_events: limits.max_events,
        }
    }

    #[inline(never)]
    fn run(&mut self, limits: &Limits<'_>) -> Result<(), Fault> {
        self.world.start_sources();
        self.start_outages();
        self.start_hosts();
        self.start_deaths();
        if let Some(fault) = self.world.fault.take() {
            return Err(fault);
        }
        while let Some(key) = self.world.queue.pop() {
            let at = key.time();
            if at >= self.watch && self.pass_watch(at)? {
                break;
            }
            self.world.shared.now = at;
            let (left, none_left) = self.world.until_check.overflowing_sub(1);
            self.world.until_check = left;
            if none_left {
                self.world.until_check = 0;
                self.check(limits)?;
                self.world.until_check -= 1;
            }
            if R::DIGEST {
                self.world.recorder.event(key);
            }
            // The three commonest first: a chain of tests is shorter than a jump table.
            let phase = key.phase_number();
            if phase == Phase::WorkDone as u64 {
                self.work_done(key);
            } else if phase == Phase::SliceEnd as u64 {
                self.slice_end(key);
            } else if phase == Phase::Arrival as u64 {
                self.arrival(key.entity());
            } else {
                self.rare(key);
            }
            if !PLAIN {
                // A withdrawn job's end, a timer that nobody waits for: the run is not longer for them.
                if std::mem::take(&mut self.world.skipped) {
                    self.world.shared.now = self.world.happened;
                } else {
                    self.world.happened = at;
                }
            }
            if self.world.attention {
                self.attend()?;
            }
        }
        Ok(())
    }

    /// The kinds of events that are not the commonest.
    #[inline(never)]
    fn rare(&mut self, key: EventKey) {
        match key.phase() {
            Phase::WorkDone | Phase::Arrival | Phase::SliceEnd => unreachable!("handled before"),
            Phase::SliceEndEarly => self.slice_end_early(key),
            Phase::DelayDone | Phase::DelayDoneLate | Phase::Look => self.delay_done(key),
            Phase::Tick | Phase::TickEarly => self.tick(key),
            Phase::Timer => self.timer(key),
            Phase::Control => self.control(key),
            Phase::Think => self.thought(key),
            Phase::Input => self.input(key),
        }
    }

    /// Advances the jobs that can go on at this instant, and lets marked processors decide once nothing else can happen.
    fn attend(&mut self) -> Result<(), Fault> {
        while let Some(slot) = self.world.moving.pop_front() {
            self.world.moved += 1;
            if slot != NONE {
                self.advance(slot);
            }
        }
        if self.world.queue.next_time() > self.world.shared.now {
            self.dispatch_marked();
        }
        self.world.attention = !self.world.marked.is_empty() || !self.world.moving.is_empty();
        match self.world.fault.take() {
            Some(fault) => Err(fault),
            None => Ok(()),
        }
    }

    /// Marks a processor: it decides when everything else of this instant has happened.
    #[inline]
    fn mark(&mut self, processor: u32) {
        let state = &mut self.processors[processor as usize];
        if !state.marked {
            state.marked = true;
            self.world.marked.push(processor);
            self.world.attention = true;
        }
    }
}

impl<R: Recorder, const PLAIN: bool> World<'_, R, PLAIN> {
    /// Whether nothing else can happen at this instant, so that a decision may be taken directly.
    #[inline(always)]
    fn nothing_else_now(&self) -> bool {
        !self.attention && self.queue.next_time() > self.shared.now
    }

    /// Events handled.
    fn events(&self) -> u64 {
        self.events_checked + self.stretch - self.until_check
    }

    /// Whether the end of a delay is still to come for its job.
    fn is_delayed(&self, key: EventKey) -> bool {
        self.shared.jobs.is_delayed(key)
    }

    /// An event was overtaken: its work was interrupted or its tick moved.
    #[cold]
    fn overtaken(&mut self) {
        self.stale = self.stale.saturating_sub(1);
        self.skipped = true;
    }

    /// A job goes on at this instant, after those that wait to.
    fn go_on(&mut self, slot: u32) {
        // A job that moves awaits nothing but its turn.
        self.shared.jobs[slot].awaits = self.moved + self.moving.len() as u64;
        self.moving.push_back(slot);
        self.attention = true;
    }

    /// A job that was to go on at this instant is withdrawn.
    fn stays(&mut self, slot: u32) {
        let turn = self.shared.jobs[slot].awaits.wrapping_sub(self.moved);
        if let Some(place) = self.moving.get_mut(turn as usize).filter(|moving| **moving == slot) {
            *place = NONE;
        }
    }

    /// Schedules an event and gives its sequence number. Past the end of time or of sequence numbers the run stops with
    /// an error at the end of this event.
    #[inline(always)]
    fn schedule(&mut self, at: Time, phase: Phase, entity: u32) -> u64 {
        let sequence = self.next_sequence(at);
        self.queue.push(EventKey::new(at, phase, entity, sequence));
        sequence
    }

    #[inline(always)]
    fn next_sequence(&mut self, at: Time) -> u64 {
        self.sequence += 1;
        if at > Time::LATEST {
            self.overflow();
        }
        self.sequence
    }

    #[cold]
    #[inline(never)]
    fn overflow(&mut self) {
        self.fail(RunError::TimeOverflow { at: self.shared.now, event: self.events() });
    }

    /// The run stops with this error at the end of the present event; the first error counts.
    #[cold]
    #[inline(never)]
    fn fail(&mut self, error: RunError) {
        self.attention = true;
        self.fault.get_or_insert(Box::new(error));
    }

    /// `now + span`, saturating: an event there is refused by [`Self::schedule`].
    #[inline]
    fn in_time(&self, span: Span) -> Time {
        Time(self.shared.now.0.saturating_add(span.0))
    }

    /// Records a stretch of a job's time off the cores that ends now.
    #[inline]
    fn stay(&mut self, job: u64, place: PlaceKind, start: Time) {
        let end = self.shared.now;
        if R::TRACE && end > start && job != task::NOBODY {
            self.recorder.stay(Stay { job, place, start, end });
        }
    }

    /// A job's time at a component, where it is kept.
    #[inline]
    fn part(&mut self, slot: u32, component: u32) -> &mut Part {
        &mut self.parts[slot as usize * self.stride.parts + component as usize]
    }
}

fn past(time: Time) -> Time {
    Time(time.0.saturating_add(1))
}
