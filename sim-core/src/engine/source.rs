//! Sources: releases of jobs.

use super::account::Closing;
use super::{Engine, Part, World, past};
use crate::copies::Merge;
use crate::error::RunError;
use crate::event::{EventKey, Phase};
use crate::job::{NONE, State};
use crate::law::Law;
use crate::model::{Arrivals, BalancerSpec, Draw, Model, Op, Source, Timeout};
use crate::modulated::Walk;
use crate::policy::Request;
use crate::record::Recorder;
use crate::rng::{Stream, StreamRoot, below};
use crate::units::{Span, Time};

/// A source while a run goes on, with what its releases need at hand.
pub(super) struct SourceState {
    arrivals: Arrivals,
    gaps: Stream,
    clients: u32,
    client_keys: Stream,
    /// The law and the stream of each value that a release draws, the first apart.
    first: (Law, Stream),
    others: Vec<(Law, Stream)>,
    /// No more than one value a job, which only the job needs, and no client keys: the short way through a release.
    bare: bool,
    class: u32,
    entry: u32,
    start: Start,
    attributes: u32,
    deadline: Span,
    /// How long its clients wait, with the stream of the law.
    pub timeout: Option<(Timeout, Stream)>,
    /// Where arrivals are that remember more than the number of jobs.
    way: Way,
    /// Jobs released by this source, and how many of them before the measured window.
    pub released: u64,
    pub released_before: u64,
}

/// Where the arrivals of a source are, if the number of its jobs does not say it.
enum Way {
    Counted,
    /// A rate that changes at random.
    Walk(Walk),
    /// Copies of a trace.
    Merge(Box<Merge>),
}

impl Way {
    fn walk(&mut self) -> Option<&mut Walk> {
        match self {
            Way::Walk(walk) => Some(walk),
            _ => None,
        }
    }
}

impl SourceState {
    pub fn new(source: &Source, model: &Model, root: StreamRoot, sizes: bool) -> SourceState {
        let class = &model.classes[source.class as usize];
        // Sizes belong to the class; where several sources release one class, each has its own streams of sizes.
        let name = format!("{}/{}", class.name, source.name);
        let stream = |k: usize| root.stream(&name, &format!("size {k}"));
        let mut draws = class.draws.iter().enumerate().map(|(k, law)| (law.clone(), stream(k)));
        SourceState {
            arrivals: source.arrivals.clone(),
            gaps: root.stream(&source.name, "arrivals"),
            clients: source.clients,
            client_keys: root.stream(&source.name, "clients"),
            first: draws.next().unwrap_or_else(|| (Law::Deterministic { value: 0 }, stream(0))),
            others: draws.collect(),
            bare: class.draws.len() <= 1 && !sizes && source.clients == 0,
            class: source.class,
            entry: class.entry,
            start: Start::of(model, class.entry),
            attributes: source.attributes,
            deadline: model.attributes[source.attributes as usize].deadline.unwrap_or(Span::FOREVER),
            timeout: source.timeout.clone().map(|timeout| (timeout, root.stream(&source.name, "patience"))),
            way: match &source.arrivals {
                Arrivals::Varying(varying) => {
                    varying.walk(|| root.stream(&source.name, "states")).map_or(Way::Counted, Way::Walk)
                }
                Arrivals::Copies(copies) => Way::Merge(Box::new(Merge::new(copies, root, &source.name))),
                _ => Way::Counted,
            },
            released: 0,
            released_before: 0,
        }
    }

    /// When the next job is released after the one at `now`, the `nth` (0-based), by sources that are no renewal.
    #[inline(never)]
    fn next_release(&mut self, now: Time, nth: u64) -> Time {
        match &self.arrivals {
            Arrivals::Renewal(_) | Arrivals::Closed { .. } => Time::NEVER,
            Arrivals::Varying(varying) => varying.next(now, &mut self.gaps, self.way.walk()),
            Arrivals::Periodic { period, count, .. } => {
                let more = count.is_none_or(|count| nth + 1 < count);
                if more { Time(now.0.saturating_add(period.0)) } else { Time::NEVER }
            }
            Arrivals::Trace(data) => data.rows.get(nth as usize + 1).map_or(Time::NEVER, |row| row.at),
            Arrivals::Copies(_) => {
                let Way::Merge(merge) = &mut self.way else { return Time::NEVER };
                merge.step();
                merge.time()
            }
        }
    }

    /// Whether a source that brings a bounded number of jobs has released them all.
    pub fn is_dry(&self) -> bool {
        match (&self.arrivals, &self.way) {
            (Arrivals::Trace(data), _) => self.released >= data.rows.len() as u64,
            (Arrivals::Copies(_), Way::Merge(merge)) => merge.time() == Time::NEVER,
            (Arrivals::Periodic { count: Some(count), .. }, _) => self.released >= *count,
            _ => false,
        }
    }

    /// Draws the values of a job after the first into its table, and its client's key.
    #[inline(never)]
    fn draw_others(&mut self, first: u64, values: &mut [u64], client: &mut u64) {
        values[0] = first;
        for (value, (law, stream)) in values[1..].iter_mut().zip(&mut self.others) {
            *value = law.sample(stream);
        }
        if self.clients > 0 {
            *client = below(&mut self.client_keys, u64::from(self.clients)) | HASHED;
        }
    }

    pub fn class(&self) -> u32 {
        self.class
    }
}

/// Marks client keys that are no IPv4 addresses.
const HASHED: u64 = 1 << 63;

/// The first operations of a program, decoded: perhaps a choice of server, then work of the first given amount. Most
/// programs begin so, and many end right after it.
#[derive(Clone, Copy)]
pub(super) struct Start {
    /// The balancer asked first, or [`NONE`].
    pub balancer: u32,
    /// The processor, or the first of its group; [`NONE`] where the program does not begin so.
    pub processor: u32,
    /// All ones where the processor is the chosen server's, else 0.
    pub of_group: u32,
    /// The place after the work.
    pub next: u32,
    /// What follows, for [`Job::tail`](crate::job::Job).
    pub tail: u32,
}

/// [`Job::tail`](crate::job::Job): ask the program.
pub(super) const TAIL_PROGRAM: u32 = 0;
/// The program ends after the work.
pub(super) const TAIL_EXIT: u32 = 1;
/// From here on: leave the server of balancer `tail - TAIL_LEAVE`, then the program ends.
pub(super) const TAIL_LEAVE: u32 = 2;

impl Start {
    fn of(model: &Model, mut pc: u32) -> Start {
        let mut balancer = NONE;
        let mut register = 0;
        let op = |pc: u32| model.program.get(pc as usize).copied();
        if let Some(Op::Balance { balancer: asked }) = op(pc) {
            balancer = asked;
            register = model.balancers[asked as usize].register;
            pc += 1;
        }
        let other = Start { balancer: NONE, processor: NONE, of_group: 0, next: pc, tail: TAIL_PROGRAM };
        // A server that is down refuses: seen to where programs are run step by step.
        let fails = |spec: &BalancerSpec| model.groups[spec.group as usize].outages.is_some();
        if balancer != NONE && fails(&model.balancers[balancer as usize]) {
            return other;
        }
        let Some(Op::Work { station, amount: Draw::Given(0) }) = op(pc) else { return other };
        // The server is noted on the job, as of register 1.
        if station.register != 0 && station.register != register || register > 1 {
            return other;
        }
        let tail = match (op(pc + 1), op(pc + 2)) {
            (Some(Op::Exit), _) => TAIL_EXIT,
            (Some(Op::Leave { balancer: left }), Some(Op::Exit)) if left == balancer => TAIL_LEAVE + left,
            _ => TAIL_PROGRAM,
        };
        let of_group = if station.register == 0 { 0 } else { u32::MAX };
        Start { balancer, processor: station.base, of_group, next: pc + 1, tail }
    }
}

/// Whether the window ends with the last release: where a number of releases ends arrivals that would go on, what drains
/// behind them is no steady state. Lists of jobs (traces, and periodic sources with a count) are measured whole.
pub(super) fn closes_at_last_release(model: &Model) -> bool {
    let is_list = |source: &Source| {
        let arrivals = &source.arrivals;
        arrivals.trace().is_some() || matches!(arrivals, Arrivals::Periodic { count: Some(_), .. })
    };
    model.stop.jobs.is_some() && !model.sources.iter().all(is_list)
}

/// The last job is released: the window ends with this instant, unless it would have no length.
#[cold]
#[inline(never)]
fn last_release(closing: &mut Closing, watch: &mut Time, now: Time, warmup: Time) {
    if *closing == Closing::AtLastRelease && now != warmup {
        *closing = Closing::Behind(now);
        *watch = past(now).min(*watch);
    }
}

/// How many values the rows of traces bring.
pub(super) fn trace_widths(model: &Model) -> impl Iterator<Item = usize> + '_ {
    let traces = model.sources.iter().filter_map(|source| source.arrivals.trace());
    traces.filter_map(|data| data.rows.iter().map(|row| row.count as usize).max())
}

impl<R: Recorder, const PLAIN: bool> World<'_, R, PLAIN> {
    /// Schedules the first release of every source.
    pub fn start_sources(&mut self) {
        for entity in 0..self.sources.len() as u32 {
            let source = &mut self.sources[entity as usize];
            let (first, times) = match &source.arrivals {
                Arrivals::Renewal(law) => (Time(law.sample(&mut source.gaps)), 1),
                Arrivals::Varying(varying) => {
                    (varying.next(Time::ZERO, &mut source.gaps, source.way.walk()), 1)
                }
                // Drawn one by one below.
                Arrivals::Closed { customers, .. } => (Time::ZERO, *customers),
                Arrivals::Periodic { offset, count, .. } => (Time(offset.0), u32::from(*count != Some(0))),
                Arrivals::Trace(data) => data.rows.first().map_or((Time::ZERO, 0), |row| (row.at, 1)),
                Arrivals::Copies(_) => match &source.way {
                    Way::Merge(merge) if merge.time() != Time::NEVER => (merge.time(), 1),
                    _ => (Time::ZERO, 0),
                },
            };
            if matches!(source.arrivals, Arrivals::Closed { .. }) {
                for _ in 0..times {
                    self.think(entity);
                }
            } else if times > 0 {
                self.release_at(first, entity);
            }
        }
        self.first_release = self.queue.next_time();
    }

    /// Schedules a release, unless it lies at or past the end of the run.
    #[inline(always)]
    fn release_at(&mut self, at: Time, source: u32) {
        if at < self.horizon {
            self.schedule(at, Phase::Arrival, source);
        }
    }

    /// A customer of a closed source starts thinking.
    pub fn think(&mut self, source: u32) {
        let now = self.shared.now;
        let state = &mut self.sources[source as usize];
        if let Arrivals::Closed { think, .. } = &state.arrivals
            && !self.silent
        {
            let at = Time(now.0.saturating_add(think.sample(&mut state.gaps)));
            if at < self.horizon {
                let sequence = self.next_sequence(at);
                self.queue.push(EventKey::by_sequence(at, Phase::Think, source, sequence));
            }
        }
    }

    /// A slot with its tables reset; [`NONE`] at the limit of jobs, which stops the run.
    #[inline(always)]
    pub fn allocate(&mut self) -> u32 {
        let Some(slot) = self.shared.jobs.reuse() else { return self.grow_tables() };
        if !PLAIN && self.tables {
            self.reset_tables(slot);
        }
        slot
    }

    fn reset_tables(&mut self, slot: u32) {
        let stride = self.stride;
        let first = slot as usize * stride.parts;
        self.parts[first..first + stride.parts].fill(Part::default());
        if self.draws {
            self.streams[slot as usize] = None;
        }
    }

    #[cold]
    #[inline(never)]
    fn grow_tables(&mut self) -> u32 {
        let stride = self.stride;
        let slot = self.shared.jobs.grow();
        if slot >= self.max_jobs {
            self.shared.jobs.release(slot);
            self.fail(RunError::JobLimit { limit: u64::from(self.max_jobs), at: self.shared.now });
            return NONE;
        }
        let len = slot as usize + 1;
        self.values.resize(len * stride.values, 0);
        self.places.resize(len * stride.registers, 0);
        self.owed.resize(len * stride.registers, 0);
        self.counters.resize(len * stride.counters, 0);
        self.parts.resize(len * stride.parts, Part::default());
        if self.draws {
            self.streams.resize_with(len, || None);
        }
        if self.tasked {
            self.tasks.resize_with(len, super::task::Task::default);
        }
        slot
    }

    /// Gives a new job what its trace row says, if its source is a trace.
    #[inline(never)]
    fn apply_row(&mut self, slot: u32, source: u32, nth: u64) {
        let source = &self.sources[source as usize];
        let Some(data) = source.arrivals.trace() else { return };
        let nth = if let Way::Merge(merge) = &source.way { merge.row() } else { nth as usize };
        let row = &data.rows[nth];
        let values = &data.values[row.values as usize..row.values as usize + row.count as usize];
        let first = slot as usize * self.stride.values;
        self.values[first..first + values.len()].copy_from_slice(values);
        let about = &self.shared.attributes[row.attributes as usize];
        let deadline = about.deadline.unwrap_or(Span::FOREVER);
        let of_task = &mut self.of_task[about.task as usize];
        *of_task += 1;
        let job = &mut self.shared.jobs[slot];
        job.value = values.first().copied().unwrap_or(0);
        job.pc = row.entry;
        job.attributes = row.attributes;
        job.client = row.client;
        job.deadline = Time(job.arrival.0.saturating_add(deadline.0));
        job.nth = *of_task;
    }
}

impl<R: Recorder, const PLAIN: bool> World<'_, R, PLAIN> {
    /// The job whose think time is over; `None` where it is a customer's of a source.
    pub fn thinking_slot(&self, key: EventKey) -> Option<u32> {
        key.awaiting_slot().checked_sub(self.sources.len() as u32)
    }
}

impl<R: Recorder, const PLAIN: bool> Engine<'_, R, PLAIN> {
    /// A think time is over.
    #[inline(never)]
    pub(super) fn thought(&mut self, key: EventKey) {
        match self.world.thinking_slot(key) {
            None => self.arrival(key.awaiting_slot()),
            Some(slot) => self.waited(slot, key.awaited_sequence()),
        }
    }

    /// A source releases a job and schedules its next one.
    #[inline(always)]
    pub(super) fn arrival(&mut self, source: u32) {
        let world = &mut self.world;
        if world.silent {
            world.skipped = true;
            return;
        }
        let slot = world.allocate();
        if slot == NONE {
            return;
        }
        let now = world.shared.now;
        let state = &mut world.sources[source as usize];
        let nth = state.released;
        state.released += 1;
        let next = if let Arrivals::Renewal(law) = &state.arrivals {
            Time(now.0.wrapping_add(law.sample_with(&mut state.gaps, world.layers)))
        } else {
            state.next_release(now, nth)
        };
        let number = world.released;
        world.released += 1;
        // The last job, or one at which the books are looked at.
        if world.released >= world.sums.mark
            && world.sums.pass_mark(world.released, world.left.wrapping_sub(world.emitted), world.stop_jobs)
        {
            world.silent = true;
            last_release(&mut self.closing, &mut self.watch, now, world.warmup);
        } else if next < world.horizon {
            world.sequence += 1;
            let key = EventKey::new(next, Phase::Arrival, source, world.sequence);
            if source == 0 { world.queue.push_aside(key) } else { world.queue.push(key) }
        }
        let value = state.first.0.sample_with(&mut state.first.1, world.layers);
        let mut client = number | HASHED;
        if !PLAIN && !state.bare {
            let first = slot as usize * world.stride.values;
            state.draw_others(value, &mut world.values[first..first + world.stride.values], &mut client);
        }
        // Written in place: what a plain run never sets keeps its default, and nothing reads the fields of forks before
        // a fork sets them.
        let job = &mut world.shared.jobs[slot];
        job.arrival = now;
        job.value = value;
        job.first_run = Time::NEVER;
        job.number = number;
        job.client = client;
        job.served = Span::ZERO;
        job.attributes = state.attributes;
        job.class = state.class;
        job.source = source;
        job.state = State::Moving;
        job.visited = 0;
        job.nth = state.released;
        if !PLAIN || R::TRACE {
            job.since = now;
            job.deadline = Time(now.0.saturating_add(state.deadline.0));
            job.ready = Span::ZERO;
            job.overhead = Span::ZERO;
            job.blocked = Span::ZERO;
            job.last_core = NONE;
            job.parent = NONE;
            job.preemptions = 0;
            job.migrations = 0;
        }
        let start = state.start;
        job.pc = start.next;
        job.tail = start.tail;
        if start.processor == NONE || (!PLAIN && world.traces) {
            job.pc = state.entry;
            job.tail = TAIL_PROGRAM;
            if world.traces {
                world.apply_row(slot, source, nth);
            }
            if !PLAIN && world.timed {
                world.arm(slot);
            }
            return self.advance(slot);
        }
        if !PLAIN && world.timed {
            world.arm(slot);
        }
        let mut processor = start.processor;
        if start.balancer == NONE {
            return self.join_processor(slot, processor, value);
        }
        let server = self.balance(slot, start.balancer, start.next - 2, Request { number, client });
        processor += server & start.of_group;
        self.join_processor_with(slot, processor, value, |job| job.server = server);
    }
}
