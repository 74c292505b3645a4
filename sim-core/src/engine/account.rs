//! The books: the start of the measured window, the end of the run, and the identities that must hold exactly.

use super::dispatch::difference;
use super::{Engine, Fault, past};
use crate::error::RunError;
use crate::job::{Job, NONE, State};
use crate::measure::{
    BalancerMeasures, Books, ClassMeasures, GroupMeasures, InstanceMeasures, Levels, Measures, PartSums,
    PoolMeasures, ProcessorMeasures,
};
use crate::model::{ComponentKind, Model};
use crate::processor::{Core, Server};
use crate::record::Recorder;
use crate::trace::{PlaceKind, Status};
use crate::units::{Span, Time, Work};

/// Sums over the whole run, warm-up included: the sides of the identities that stations do not know.
#[derive(Default)]
pub(super) struct Sums {
    /// Time in the system of jobs that have left.
    pub sojourn: u128,
    /// Time in delays and joins that are over.
    pub blocked: u128,
    children: u64,
    children_changed: Time,
    children_integral: u128,
    forks: u64,
    pub delay_component: u32,
    pub join_component: u32,
    /// The number of releases at which something is to be seen to: the last one, or a point of the levels is due.
    pub mark: u64,
    levels: Levels,
}

impl Sums {
    pub fn new(model: &Model) -> Sums {
        let component = |kind| {
            model.components.iter().position(|component| component.kind == kind).unwrap_or_default() as u32
        };
        Sums {
            delay_component: component(ComponentKind::Delay),
            join_component: component(ComponentKind::Join),
            mark: 1,
            ..Sums::default()
        }
    }

    pub fn next_fork(&mut self) -> u64 {
        self.forks += 1;
        self.forks
    }

    fn integrate_children(&mut self, now: Time) {
        self.children_integral += u128::from(now.since(self.children_changed).0) * u128::from(self.children);
        self.children_changed = now;
    }

    /// As many releases as were waited for. True where it was the last one, number `stop`.
    #[cold]
    #[inline(never)]
    pub fn pass_mark(&mut self, released: u64, left: u64, stop: u64) -> bool {
        // Jobs that jobs have made left too: the difference is what is present.
        self.levels.take(released, released.wrapping_sub(left));
        self.mark = self.levels.next().min(stop);
        released >= stop
    }

    pub fn child_started(&mut self, now: Time) {
        self.integrate_children(now);
        self.children += 1;
    }

    pub fn child_ended(&mut self, now: Time) {
        self.integrate_children(now);
        self.children -= 1;
    }
}

/// When the window ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Closing {
    /// With the run.
    AtEnd,
    /// With the last release, which is still to come.
    AtLastRelease,
    /// With everything of this instant, which has come.
    Behind(Time),
}

/// The accounts of all stations at the start or the end of the window.
pub(super) struct Snapshot {
    at: Time,
    processors: Vec<ProcessorMeasures>,
    pools: Vec<PoolMeasures>,
    instances: Vec<InstanceMeasures>,
    picks: Vec<Vec<u64>>,
    groups: Vec<GroupMeasures>,
    refused: Vec<u64>,
    /// Integral of the number of jobs in the system up to here.
    in_system: u128,
    /// Jobs that have run their whole program since the window began, by class.
    departed: Vec<u64>,
}

impl<R: Recorder, const PLAIN: bool> Engine<'_, R, PLAIN> {
    fn snapshot_at(&mut self, at: Time) -> Snapshot {
        Snapshot {
            in_system: self.in_system_at(at),
            at,
            processors: self.processors.iter_mut().map(|p| p.totals_at(at, &self.world.shared)).collect(),
            pools: self.pools.iter_mut().map(|p| p.totals_at(at)).collect(),
            instances: self.regions.totals_at(at),
            groups: self.outages.totals_at(at),
            refused: self.outages.refused.clone(),
            departed: self.departed_now(),
            picks: self
                .balancers
                .iter()
                .map(|b| b.farm.loads.iter().map(|load| load.picks).collect())
                .collect(),
        }
    }

    /// Jobs that have run their whole program since the window began, by class: those that it measures, and those it found
    /// in the system and finds no more.
    fn departed_now(&self) -> Vec<u64> {
        let ended = |class: &ClassMeasures| class.response.count() - class.surplus;
        let mut departed: Vec<u64> = self.world.classes.iter().map(ended).collect();
        if !self.world.carried.is_empty() {
            let still = self.world.carried_now();
            for ((departed, carried), still) in departed.iter_mut().zip(&self.world.carried).zip(still) {
                *departed += carried - still;
            }
        }
        departed
    }

    /// Time in the system so far, of jobs that have left and of jobs that are present.
    fn in_system_at(&self, at: Time) -> u128 {
        let jobs = self.world.shared.jobs.iter().filter(|(_, job)| job.parent == NONE);
        let present: u128 = jobs.map(|(_, job)| u128::from(at.since(job.arrival).0)).sum();
        self.world.sums.sojourn + present
    }

    /// Time blocked so far: in delays and joins that are over, and in those that are not.
    fn blocked_at(&self, at: Time) -> u128 {
        let blocked = self.world.shared.jobs.iter().filter(|(_, job)| job.state.is_blocked());
        let present: u128 = blocked.map(|(_, job)| u128::from(at.since(job.since).0)).sum();
        self.world.sums.blocked + present
    }

    /// The next event lies at or past the watched instant. True where the run is over.
    #[cold]
    pub(super) fn pass_watch(&mut self, at: Time) -> Result<bool, Fault> {
        if self.opens_at().is_some_and(|opening| opening <= at && opening <= self.world.horizon) {
            self.open_window();
        }
        // What ends with the warm-up was done in it: a core that is never idle completes 60 jobs of a second in a minute, not
        // 61. So the window finds the jobs that are there when everything of that instant has happened.
        let warmup = self.world.model.warmup;
        if self.snapshot.is_some() && self.world.carried.is_empty() && at > warmup {
            self.world.carried = self.world.carried_now();
        }
        if let Closing::Behind(last) = self.closing
            && last < at
        {
            self.close_window(last)?;
        }
        self.pass_intervals(at);
        let coming = match self.closing {
            Closing::Behind(last) if self.closed.is_none() => past(last),
            _ => past(self.world.horizon),
        };
        self.watch = self.opens_at().map_or(coming, |opening| opening.min(coming));
        if self.snapshot.is_some() && self.world.carried.is_empty() {
            self.watch = self.watch.min(past(warmup));
        }
        if let Some(course) = &self.course {
            self.watch = self.watch.min(course.next());
        }
        Ok(at > self.world.horizon)
    }

    /// Takes the busy time at every boundary of intervals up to this instant, before which everything has happened.
    fn pass_intervals(&mut self, at: Time) {
        while let Some(course) = &mut self.course
            && course.next() <= at
        {
            let mut busy = vec![0; self.world.model.components.len()];
            for (state, spec) in self.processors.iter_mut().zip(&self.world.model.processors) {
                busy[spec.component as usize] += state.totals_at(course.next(), &self.world.shared).busy;
            }
            course.pass(busy);
        }
    }

    /// The end of the warm-up, while it is still to come and something is left to be measured after it.
    fn opens_at(&self) -> Option<Time> {
        let at = self.world.model.warmup;
        let is_late = matches!(self.closing, Closing::Behind(last) if last < at);
        (self.snapshot.is_none() && at > Time::ZERO && !is_late).then_some(at)
    }

    fn open_window(&mut self) {
        let at = self.world.model.warmup;
        for source in &mut self.world.sources {
            source.released_before = source.released;
        }
        for processor in 0..self.processors.len() as u32 {
            if matches!(self.processors[processor as usize].server, Server::Shares(_)) {
                let now = std::mem::replace(&mut self.world.shared.now, at);
                self.record_shares(processor);
                self.world.shared.now = now;
                self.processors[processor as usize].integrate_shared(at);
            }
        }
        self.snapshot = Some(self.snapshot_at(at));
    }

    /// The window is over, and the run goes on until the last job has left: the accounts as they stand are those of the
    /// window. Everything up to and at this instant has happened, and nothing is brought up to date that would round
    /// differently for it: the run goes on as if nobody had looked.
    fn close_window(&mut self, at: Time) -> Result<(), Fault> {
        if self.closed.is_none() {
            let closed = self.snapshot_at(at);
            self.check_identities(&closed)?;
            self.closed = Some(closed);
        }
        Ok(())
    }

    /// Closes the books: unfinished jobs, the window, the identities.
    pub(super) fn finish(mut self) -> Result<(Measures, R), Fault> {
        let end = self.world.model.stop.after.unwrap_or(self.world.shared.now).max(self.world.shared.now);
        if self.opens_at().is_some_and(|opening| opening <= end) {
            self.open_window();
        }
        if let Closing::Behind(last) = self.closing {
            self.close_window(last)?;
        }
        // A void event may have opened the window behind the last real one.
        let end = self.snapshot.as_ref().map_or(end, |snapshot| end.max(snapshot.at));
        self.pass_intervals(end);
        self.world.shared.now = end;
        let whole = self.snapshot_at(end);
        self.check_identities(&whole)?;
        self.settle_unfinished();
        self.settle_instances();
        // What there was of a great many stations is given back before their measures are made.
        (self.processors, self.world.shared.cores, self.pools) = (Vec::new(), Vec::new(), Vec::new());
        let books_to_end: Vec<Vec<Books>> = whole.instances.iter().map(|pool| pool.books.clone()).collect();
        let last = self.closed.take().unwrap_or(whole);
        let first = self.snapshot.take();
        // A warm-up longer than the run leaves an empty window at its end.
        let empty = first.is_none() && self.world.model.warmup > last.at;
        let (from, until) = match &first {
            Some(first) => (first.at, last.at),
            None if empty => (end, end),
            None => (Time::ZERO, last.at),
        };
        for (index, class) in self.world.classes.iter_mut().enumerate() {
            class.completed = class.response.count() - class.surplus;
            class.departed = if empty { 0 } else { last.departed[index] };
        }
        for source in &self.world.sources {
            self.world.classes[source.class() as usize].released += source.released - source.released_before;
        }
        self.world.recorder.end(end);
        if self.world.lean {
            for class in &mut self.world.classes {
                // On one processor a job is either ready, served or paying: waiting is ready time plus overhead.
                class.ready = class.waiting.sum() - class.overhead;
                class.served = class.response.sum() - class.waiting.sum();
                class.parts[0] =
                    PartSums { waiting: class.ready, service: class.served, overhead: class.overhead };
            }
        }
        let measures = Measures {
            from,
            until,
            end,
            events: self.world.events(),
            released: self.world.released + self.world.emitted,
            digest: self.world.recorder.digest(),
            classes: std::mem::take(&mut self.world.classes),
            processors: window(
                &last.processors,
                first.as_ref().map(|s| &s.processors[..]),
                empty,
                difference,
            ),
            pools: window(&last.pools, first.as_ref().map(|s| &s.pools[..]), empty, pool_difference),
            instances: instances(
                &last.instances,
                first.as_ref().map(|s| &s.instances[..]),
                empty,
                &books_to_end,
            ),
            balancers: last
                .picks
                .iter()
                .enumerate()
                .map(|(index, picks)| BalancerMeasures {
                    picks: match &first {
                        Some(first) => picks.iter().zip(&first.picks[index]).map(|(a, b)| a - b).collect(),
                        None if empty => vec![0; picks.len()],
                        None => picks.clone(),
                    },
                    refused: match &first {
                        Some(first) => last.refused[index] - first.refused[index],
                        None if empty => 0,
                        None => last.refused[index],
                    },
                })
                .collect(),
            groups: window(
                &last.groups,
                first.as_ref().map(|s| &s.groups[..]),
                empty,
                super::outage::difference,
            ),
            intervals: self.course.map_or(Vec::new(), |course| course.done),
            unfinished: self.world.released + self.world.emitted - self.world.left,
            in_system_integral: if empty {
                0
            } else {
                last.in_system - first.as_ref().map_or(0, |s| s.in_system)
            },
            first_release: (self.world.released > 0).then_some(self.world.first_release),
            last_left: (self.world.left > 0).then_some(self.world.last_left),
            levels: std::mem::take(&mut self.world.sums.levels),
        };
        Ok((measures, self.world.recorder))
    }

    /// Books what jobs have had so far of a processor that shares its cores: the rest of their time there they waited.
    fn settle_shares(&mut self, processor: u32) {
        let now = self.world.shared.now;
        let state = &mut self.processors[processor as usize];
        state.integrate_shared(now);
        let Server::Shares(shared) = &state.server else { return };
        let speed = self.world.shared.cores[state.seats.first as usize].speed;
        for (slot, left) in shared.left() {
            let job = &mut self.world.shared.jobs[slot];
            let present = now - job.since;
            let service = speed.time_for_ceil(Work(job.burst.saturating_sub(left))).min(present);
            if state.device {
                job.blocked += present;
            } else {
                job.served += service;
                job.ready += Span(present.0 - service.0);
            }
            job.since = now;
        }
    }

    /// Records the time of jobs that are still in the system up to the end of the run, and counts them.
    fn settle_unfinished(&mut self) {
        let end = self.world.shared.now;
        for processor in 0..self.processors.len() as u32 {
            self.record_shares(processor);
            self.settle_shares(processor);
            let state = &self.processors[processor as usize];
            if R::TRACE && state.kernel.is_some() {
                for core in 0..state.seats.count {
                    self.world.close_gap(state, core);
                }
            }
        }
        let present: Vec<u32> = self.world.shared.jobs.iter().map(|(slot, _)| slot).collect();
        for slot in present {
            let job = &self.world.shared.jobs[slot];
            let (number, since, station) = (job.number, job.since, job.station);
            match job.state {
                State::Delayed | State::Joining => {
                    let place = if job.state == State::Delayed { PlaceKind::Delay } else { PlaceKind::Join };
                    self.world.stay(number, place, since);
                }
                State::Ready => self.world.stay(number, PlaceKind::Ready(station), since),
                State::Queued => self.world.stay(number, PlaceKind::Pool(station), since),
                State::Running if R::TRACE => self.record_running(slot, station),
                State::Running | State::Moving | State::Parked | State::Free => {}
            }
            let job = &self.world.shared.jobs[slot];
            if job.parent != NONE {
                continue;
            }
            self.world.classes[job.class as usize].unfinished += 1;
            if job.arrival >= self.world.model.warmup {
                let (age, wait) = (end - job.arrival, least_wait(job, end));
                let class = &mut self.world.classes[job.class as usize];
                class.ages.push(age.0);
                class.waits.push(wait.0);
                if self.world.shared.jobs[slot].deadline != Time::NEVER {
                    self.world.measure_deadline(slot, Status::Unfinished);
                }
            }
            if R::TRACE {
                let record = self.unfinished_record(slot);
                self.world.recorder.job(record);
            }
        }
    }

    /// The core that runs a job; `None` where it shares them all.
    fn core_of(&self, slot: u32, processor: u32) -> Option<&Core> {
        let seats = &self.processors[processor as usize].seats;
        let global = if seats.count == 1 { seats.first } else { self.world.shared.jobs[slot].last_core };
        self.world.shared.cores.get(global as usize).filter(|core| core.job == slot)
    }

    fn record_running(&mut self, slot: u32, processor: u32) {
        if let Some(core) = self.core_of(slot, processor) {
            let (index, assigned) = (core.index, core.assigned);
            let started = core.started.min(self.world.shared.now);
            let state = &self.processors[processor as usize];
            self.world.record_segments(state, processor, index, slot, assigned, started);
        }
    }

    /// The record of an unfinished job, with what it got up to the end of the run.
    fn unfinished_record(&self, slot: u32) -> crate::trace::JobRecord {
        let end = self.world.shared.now;
        let mut record = self.world.job_record(slot, Status::Unfinished, None);
        let job = &self.world.shared.jobs[slot];
        match job.state {
            State::Ready => record.ready += end - job.since,
            State::Delayed | State::Joining | State::Parked => record.blocked += end - job.since,
            State::Running => {
                if let Some(core) = self.core_of(slot, job.station) {
                    let started = core.started.min(end);
                    record.overhead += started - core.assigned;
                    record.served += end - started;
                }
            }
            _ => {}
        }
        // A job that was dispatched at the very end, or whose switch was under way, has run nothing.
        record.first_run = record.first_run.filter(|first| *first < end);
        record
    }

    /// Conservation of jobs, conservation of core time, Little's law: exact in integers, from the start of the run up to the
    /// end of the window and again up to the end of the run. Little's law is about the part of each job's residence that lies
    /// before that instant.
    fn check_identities(&self, last: &Snapshot) -> Result<(), Fault> {
        let identity = |what: String, left: u128, right: u128| {
            if left == right { Ok(()) } else { Err(Box::new(RunError::Identity { what, left, right })) }
        };
        let children = self.world.shared.jobs.iter().filter(|(_, job)| job.parent != NONE).count();
        let present = (self.world.shared.jobs.present() - children) as u128;
        identity(
            "jobs released = jobs left + jobs present".to_owned(),
            u128::from(self.world.released) + u128::from(self.world.emitted),
            u128::from(self.world.left) + present,
        )?;
        let mut in_stations = self.blocked_at(last.at);
        for (index, totals) in last.processors.iter().enumerate() {
            let spec = &self.world.model.processors[index];
            identity(
                format!("busy + overhead + system + idle = cores x time at `{}`", spec.name),
                totals.busy + totals.overhead + totals.system + totals.idle,
                u128::from(spec.cores) * u128::from(last.at.0),
            )?;
            in_stations += match self.processors[index].server {
                Server::Picks(_) => totals.busy + totals.overhead + totals.ready_integral,
                Server::Shares(_) => self.processors[index].shared_totals_at(last.at).1,
            };
        }
        in_stations += last.pools.iter().map(|pool| pool.waiting_integral).sum::<u128>();
        for (pool, spec) in last.instances.iter().zip(&self.world.model.pools) {
            for books in &pool.books {
                identity(
                    format!("the books of each instance of `{}` = time", spec.name),
                    books.iter().map(|time| u128::from(*time)).sum(),
                    u128::from(last.at.0),
                )?;
            }
        }
        let children = self.world.sums.children_integral
            + u128::from(last.at.since(self.world.sums.children_changed).0)
                * u128::from(self.world.sums.children);
        identity(
            "Little's law: time in the system = time integral of the jobs present".to_owned(),
            last.in_system + children,
            in_stations,
        )
    }
}

/// How long a job that is still in the system has waited at least. What it does now counts as service where it may be some.
fn least_wait(job: &Job, end: Time) -> Span {
    let waits = matches!(job.state, State::Ready | State::Queued);
    let now = if waits { Span::ZERO } else { end.since(job.since) };
    let served = job.served.0.saturating_add(job.blocked.0).saturating_add(now.0);
    Span((end - job.arrival).0.saturating_sub(served))
}

fn window<T: Clone + Default>(
    last: &[T],
    first: Option<&[T]>,
    empty: bool,
    difference: fn(&T, &T) -> T,
) -> Vec<T> {
    match first {
        Some(first) => last.iter().zip(first).map(|(end, start)| difference(end, start)).collect(),
        None if empty => vec![T::default(); last.len()],
        None => last.to_vec(),
    }
}

/// What instances did in the window, and from start to end.
fn instances(
    last: &[InstanceMeasures],
    first: Option<&[InstanceMeasures]>,
    empty: bool,
    to_end: &[Vec<Books>],
) -> Vec<InstanceMeasures> {
    let minus = |books: &mut [Books], before: &[Books]| {
        for (time, before) in books.iter_mut().flatten().zip(before.iter().flatten()) {
            *time -= before;
        }
    };
    let mut pools = last.to_vec();
    for (index, pool) in pools.iter_mut().enumerate() {
        let before = if empty { Some(&last[index]) } else { first.map(|first| &first[index]) };
        if let Some(before) = before {
            minus(&mut pool.books, &before.books);
            for (count, before) in pool.dispatched.iter_mut().zip(before.dispatched) {
                *count -= before;
            }
            pool.no_instance -= before.no_instance;
        }
        pool.whole.clone_from(&to_end[index]);
    }
    pools
}

fn pool_difference(end: &PoolMeasures, start: &PoolMeasures) -> PoolMeasures {
    PoolMeasures {
        held_integral: end.held_integral - start.held_integral,
        waiting_integral: end.waiting_integral - start.waiting_integral,
        grants: end.grants - start.grants,
        lost: end.lost - start.lost,
    }
}
