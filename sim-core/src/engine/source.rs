//! Sources: releases of jobs.

use super::{Engine, Part, World};
use crate::error::RunError;
use crate::event::Phase;
use crate::job::{NONE, State};
use crate::law::Law;
use crate::model::{Arrivals, Draw, Model, Op, Source};
use crate::record::Recorder;
use crate::rng::{Stream, StreamRoot, below};
use crate::units::{Span, Time};

/// A source while a run goes on, with what its releases need at hand.
pub(super) struct SourceState {
    arrivals: Arrivals,
    gaps: Stream,
    clients: u32,
    client_keys: Stream,
    /// One law and stream for each value that a release draws.
    draws: Vec<(Law, Stream)>,
    /// One value a job, which only the job needs, and no client keys: the short way through a release.
    bare: bool,
    class: u32,
    entry: u32,
    attributes: u32,
    deadline: Span,
    /// Jobs released by this source, and those of them in the measured window.
    released: u64,
    pub released_in_window: u64,
}

impl SourceState {
    pub fn new(source: &Source, model: &Model, root: StreamRoot) -> SourceState {
        let class = &model.classes[source.class as usize];
        // Sizes belong to the class; where several sources release one class, each has its own streams of sizes.
        let name = format!("{}/{}", class.name, source.name);
        let draws = class.draws.iter().enumerate();
        SourceState {
            arrivals: source.arrivals.clone(),
            gaps: root.stream(&source.name, "arrivals"),
            clients: source.clients,
            client_keys: root.stream(&source.name, "clients"),
            draws: draws.map(|(k, law)| (law.clone(), root.stream(&name, &format!("size {k}")))).collect(),
            bare: class.draws.len() == 1 && model.owed.is_empty() && source.clients == 0,
            class: source.class,
            entry: class.entry,
            attributes: source.attributes,
            deadline: model.attributes[source.attributes as usize].deadline.unwrap_or(Span::FOREVER),
            released: 0,
            released_in_window: 0,
        }
    }

    /// Draws the values of a job into its table; the first is returned.
    fn draw(&mut self, values: &mut [u64]) -> u64 {
        for (value, (law, stream)) in values.iter_mut().zip(&mut self.draws) {
            *value = law.sample(stream);
        }
        if self.draws.is_empty() { 0 } else { values[0] }
    }

    pub fn class(&self) -> u32 {
        self.class
    }
}

/// How many values the rows of traces bring.
pub(super) fn trace_widths(model: &Model) -> impl Iterator<Item = usize> + '_ {
    model.sources.iter().filter_map(|source| match &source.arrivals {
        Arrivals::Trace(data) => data.rows.iter().map(|row| row.count as usize).max(),
        _ => None,
    })
}

impl<R: Recorder> World<'_, R> {
    /// Schedules the first release of every source.
    pub fn start_sources(&mut self) {
        for entity in 0..self.sources.len() as u32 {
            let source = &mut self.sources[entity as usize];
            let (first, times) = match &source.arrivals {
                Arrivals::Renewal(law) => (Time(law.sample(&mut source.gaps)), 1),
                // Drawn one by one below.
                Arrivals::Closed { customers, .. } => (Time::ZERO, *customers),
                Arrivals::Periodic { offset, count, .. } => (Time(offset.0), u32::from(*count != Some(0))),
                Arrivals::Trace(data) => data.rows.first().map_or((Time::ZERO, 0), |row| (row.at, 1)),
            };
            if matches!(source.arrivals, Arrivals::Closed { .. }) {
                for _ in 0..times {
                    self.think(entity);
                }
            } else if times > 0 {
                self.release_at(first, entity);
            }
        }
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
            self.release_at(at, source);
        }
    }

    /// A slot with its tables reset; `None` at the limit of jobs, which stops the run.
    #[inline(always)]
    pub fn allocate(&mut self) -> Option<u32> {
        let (slot, grown) = self.shared.jobs.allocate();
        if grown {
            return self.grow_tables(slot);
        }
        if self.tables {
            self.reset_tables(slot);
        }
        Some(slot)
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
    fn grow_tables(&mut self, slot: u32) -> Option<u32> {
        let stride = self.stride;
        if slot >= self.max_jobs {
            self.shared.jobs.release(slot);
            self.fail(RunError::JobLimit { limit: u64::from(self.max_jobs), at: self.shared.now });
            return None;
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
        Some(slot)
    }

    /// A new job of a source, in its slot.
    #[inline(always)]
    fn create(&mut self, source: u32) -> Option<u32> {
        let slot = self.allocate()?;
        let now = self.shared.now;
        let number = self.released - 1;
        let state = &mut self.sources[source as usize];
        state.released_in_window += u64::from(now >= self.warmup);
        let mut client = number;
        let value = match &mut state.draws[..] {
            [(law, stream)] if state.bare => law.sample(stream),
            _ => {
                if state.clients > 0 {
                    client = below(&mut state.client_keys, u64::from(state.clients));
                }
                let first = slot as usize * self.stride.values;
                state.draw(&mut self.values[first..])
            }
        };
        // Written in place: the fields of forks keep what they were, nothing reads them before a fork sets them.
        let job = &mut self.shared.jobs[slot];
        job.arrival = now;
        job.value = value;
        job.deadline = Time(now.0.saturating_add(state.deadline.0));
        job.first_run = Time::NEVER;
        job.number = number;
        job.client = client;
        job.served = Span::ZERO;
        job.ready = Span::ZERO;
        job.overhead = Span::ZERO;
        job.blocked = Span::ZERO;
        job.pc = state.entry;
        job.attributes = state.attributes;
        job.class = state.class;
        job.source = source;
        job.state = State::Moving;
        job.last_core = NONE;
        job.visited = 0;
        job.parent = NONE;
        job.preemptions = 0;
        job.migrations = 0;
        job.nth = state.released;
        Some(slot)
    }

    /// Gives a new job what its trace row says.
    #[inline(never)]
    fn apply_row(&mut self, slot: u32, source: u32, nth: u64) {
        let Arrivals::Trace(data) = &self.sources[source as usize].arrivals else { return };
        let row = &data.rows[nth as usize];
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

impl<R: Recorder> Engine<'_, R> {
    /// A source releases a job and schedules its next one.
    #[inline(always)]
    pub(super) fn arrival(&mut self, source: u32) {
        let world = &mut self.world;
        if world.silent {
            return;
        }
        let now = world.shared.now;
        let state = &mut world.sources[source as usize];
        let nth = state.released;
        state.released += 1;
        let next = match &state.arrivals {
            Arrivals::Renewal(law) => Time(now.0.saturating_add(law.sample(&mut state.gaps))),
            Arrivals::Closed { .. } => Time::NEVER,
            Arrivals::Periodic { period, count, .. } => {
                let more = count.is_none_or(|count| nth + 1 < count);
                if more { Time(now.0.saturating_add(period.0)) } else { Time::NEVER }
            }
            Arrivals::Trace(data) => data.rows.get(nth as usize + 1).map_or(Time::NEVER, |row| row.at),
        };
        world.released += 1;
        if world.released >= world.stop_jobs {
            world.silent = true;
        } else {
            world.release_at(next, source);
        }
        let Some(slot) = world.create(source) else { return };
        if world.traces {
            world.apply_row(slot, source, nth);
        }
        // Most programs start with work: skip the interpreter.
        let job = &mut world.shared.jobs[slot];
        if let Op::Work { station, amount: Draw::Given(0) } = world.program[job.pc as usize]
            && station.register == 0
        {
            job.pc += 1;
            let work = job.value;
            return self.join_processor(slot, station.base, work);
        }
        self.world.shared.jobs[slot].since = now;
        self.advance(slot);
    }
}
