//! Sources: releases of jobs.

use super::{Engine, Fault, Part};
use crate::error::RunError;
use crate::event::Phase;
use crate::job::{Job, NONE, State};
use crate::law::Law;
use crate::model::{Arrivals, Model, Source};
use crate::record::Recorder;
use crate::rng::{Stream, StreamRoot, below};
use crate::units::{Span, Time};

/// A source while a run goes on.
pub(super) struct SourceState {
    arrivals: Stream,
    clients: Stream,
    /// One law and stream for each value that a release draws.
    draws: Vec<(Law, Stream)>,
    /// Jobs released by this source.
    released: u64,
}

impl SourceState {
    pub fn new(source: &Source, model: &Model, root: StreamRoot) -> SourceState {
        let class = &model.classes[source.class as usize];
        // Sizes belong to the class; where several sources release one class, each has its own streams of sizes.
        let name = format!("{}/{}", class.name, source.name);
        let draws = class.draws.iter().enumerate();
        SourceState {
            arrivals: root.stream(&source.name, "arrivals"),
            clients: root.stream(&source.name, "clients"),
            draws: draws.map(|(k, law)| (law.clone(), root.stream(&name, &format!("size {k}")))).collect(),
            released: 0,
        }
    }
}

/// How many values the rows of traces bring.
pub(super) fn trace_widths(model: &Model) -> impl Iterator<Item = usize> + '_ {
    model.sources.iter().filter_map(|source| match &source.arrivals {
        Arrivals::Trace(data) => data.rows.iter().map(|row| row.count as usize).max(),
        _ => None,
    })
}

impl<R: Recorder> Engine<'_, R> {
    /// Schedules the first release of every source.
    pub(super) fn start_sources(&mut self) -> Result<(), Fault> {
        for index in 0..self.sources.len() {
            let entity = index as u32;
            match &self.model.sources[index].arrivals {
                Arrivals::Renewal(law) => {
                    let gap = law.sample(&mut self.sources[index].arrivals);
                    self.release_at(Time(gap), entity)?;
                }
                Arrivals::Closed { customers, think } => {
                    for _ in 0..*customers {
                        let gap = think.sample(&mut self.sources[index].arrivals);
                        self.release_at(Time(gap), entity)?;
                    }
                }
                Arrivals::Periodic { offset, count, .. } => {
                    if *count != Some(0) {
                        self.release_at(Time(offset.0), entity)?;
                    }
                }
                Arrivals::Trace(data) => {
                    if let Some(row) = data.rows.first() {
                        self.release_at(row.at, entity)?;
                    }
                }
            }
        }
        Ok(())
    }

    /// Schedules a release, unless it lies at or past the end of the run.
    #[inline]
    fn release_at(&mut self, at: Time, source: u32) -> Result<(), Fault> {
        if at < self.horizon { self.schedule(at, Phase::Arrival, source).map(drop) } else { Ok(()) }
    }

    /// A source releases a job and schedules its next one.
    pub(super) fn arrival(&mut self, source: u32) -> Result<(), Fault> {
        if self.silent {
            return Ok(());
        }
        let model = self.model;
        let spec = &model.sources[source as usize];
        let state = &mut self.sources[source as usize];
        let nth = state.released;
        state.released += 1;
        let now = self.shared.now;
        let next = match &spec.arrivals {
            Arrivals::Renewal(law) => Some(self.in_time_of(source, law)),
            Arrivals::Closed { .. } => None,
            Arrivals::Periodic { period, count, .. } => {
                count.is_none_or(|count| nth + 1 < count).then(|| Time(now.0.saturating_add(period.0)))
            }
            Arrivals::Trace(data) => data.rows.get(nth as usize + 1).map(|row| row.at),
        };
        self.released += 1;
        if model.stop.jobs.is_some_and(|limit| self.released >= limit) {
            self.silent = true;
        } else if let Some(next) = next {
            self.release_at(next, source)?;
        }
        let slot = self.create(source, nth)?;
        self.advance(slot)
    }

    #[inline]
    fn in_time_of(&mut self, source: u32, law: &Law) -> Time {
        let gap = law.sample(&mut self.sources[source as usize].arrivals);
        self.in_time(Span(gap))
    }

    /// A customer of a closed source starts thinking.
    pub(super) fn think(&mut self, source: u32) -> Result<(), Fault> {
        let model = self.model;
        if let Arrivals::Closed { think, .. } = &model.sources[source as usize].arrivals
            && !self.silent
        {
            let at = self.in_time_of(source, think);
            self.release_at(at, source)?;
        }
        Ok(())
    }

    /// A slot with its tables reset.
    pub(super) fn allocate(&mut self) -> Result<u32, Fault> {
        let (slot, grown) = self.shared.jobs.allocate();
        let stride = self.stride;
        if grown {
            if slot >= self.max_jobs {
                let limit = u64::from(self.max_jobs);
                return Err(Box::new(RunError::JobLimit { limit, at: self.shared.now }));
            }
            let len = slot as usize + 1;
            self.values.resize(len * stride.values, 0);
            self.places.resize(len * stride.registers, 0);
            self.owed.resize(len * stride.registers, 0);
            self.counters.resize(len * stride.counters, 0);
            self.parts.resize(len * stride.parts, Part::default());
            if self.branch_rng_used {
                self.streams.resize_with(len, || None);
            }
        } else {
            let first = slot as usize * stride.parts;
            self.parts[first..first + stride.parts].fill(Part::default());
            if self.branch_rng_used {
                self.streams[slot as usize] = None;
            }
        }
        Ok(slot)
    }

    fn create(&mut self, source: u32, nth: u64) -> Result<u32, Fault> {
        let slot = self.allocate()?;
        let model = self.model;
        let spec = &model.sources[source as usize];
        let class = &model.classes[spec.class as usize];
        let number = self.released - 1;
        let (mut entry, mut attributes, mut client) = (class.entry, spec.attributes, number);
        let first = slot as usize * self.stride.values;
        if let Arrivals::Trace(data) = &spec.arrivals {
            let row = &data.rows[nth as usize];
            (entry, attributes, client) = (row.entry, row.attributes, row.client);
            let values = row.values as usize..row.values as usize + row.count as usize;
            self.values[first..first + row.count as usize].copy_from_slice(&data.values[values]);
        } else {
            let state = &mut self.sources[source as usize];
            for (value, (law, stream)) in self.values[first..].iter_mut().zip(&mut state.draws) {
                *value = law.sample(stream);
            }
            if spec.clients > 0 {
                client = below(&mut state.clients, u64::from(spec.clients));
            }
        }
        let now = self.shared.now;
        let about = &self.shared.attributes[attributes as usize];
        let of_task = &mut self.of_task[about.task as usize];
        *of_task += 1;
        let deadline = about.deadline.map_or(Time::NEVER, |d| Time(now.0.saturating_add(d.0)));
        self.shared.jobs[slot] = Job {
            arrival: now,
            since: now,
            deadline,
            number,
            client,
            pc: entry,
            attributes,
            class: spec.class,
            source,
            state: State::Moving,
            parent: NONE,
            nth: *of_task,
            ..Job::default()
        };
        if now >= model.warmup {
            self.classes[spec.class as usize].released += 1;
        }
        Ok(slot)
    }
}
