//! What happened in a region, gone through row by row: the invariants T1 to T15 of transaction monitors, by a second, slow
//! reckoning that shares nothing with the engine but the rows.
//!
//! T1 as many tasks as SEPs at most; T2 first come, first served within equal keys; T3 no call passes over a request that may
//! run; T4 input in the middle of a task goes to its SEP; T5 one request at a time in a SEP; T6 removed once, from the SEP that
//! ran it; T7 the dispatcher's thread waits for nobody; T8 no START before its time; T9 limits of classes; T10 a dispatched task
//! is not displaced; T11 no request is served by a host that is not ready; T12 a session is registered before its first request;
//! T13 no SEP is lost after recovery; T14 locks of orphans are free at their recovery, not before; T15 reserved SEPs keep to
//! their tag.

mod reckoning;
mod stations;

use super::random::{Class, Order, Region, Request, Scenario};
use sim_core::measure::Measures;
use sim_core::model::{InstanceState, Model};
use sim_core::trace::{By, Status, TaskEvent, TaskEventKind as Kind, Trace};
use std::collections::{BTreeMap, BTreeSet};

type Outcome = Result<(), String>;

macro_rules! ensure {
    ($holds:expr, $($what:tt)*) => {
        if !$holds {
            return Err(format!($($what)*));
        }
    };
}

use ensure;
use stations::{conservation, host, locks, starts};

/// Checks everything about a run.
pub fn check(scenario: &Scenario, model: &Model, measures: &Measures, trace: &Trace) -> Outcome {
    for (index, region) in scenario.regions.iter().enumerate() {
        let named =
            |role: &str| model.pools.iter().position(|pool| pool.name == format!("{}.{role}", region.name));
        let (Some(seps), Some(dispatcher)) = (named("seps"), named("dispatcher")) else {
            return Err("the region has no pools".to_owned());
        };
        // The process that hosts the dispatcher says what happens to it under the dispatcher's name.
        let of_region = |event: &&TaskEvent| event.pool == seps as u32 || event.pool == dispatcher as u32;
        let events: Vec<&TaskEvent> = trace.tasks.iter().filter(of_region).collect();
        let mut replay = Replay::new(index, region, scenario, model, trace, &events);
        replay.run().map_err(|what| format!("{what}\n{}", replay.around()))?;
        replay.books(&measures.instances[seps].whole, trace.end.0)?;
        host(region, trace, &events, dispatcher as u32)?;
        starts(region, &events)?;
    }
    locks(scenario, model, trace)?;
    conservation(model, measures, trace)
}

#[derive(Default, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "keys that are there or not, each on its own")]
struct Sep {
    alive: bool,
    /// The region takes it to be free.
    free: bool,
    holder: Option<u64>,
    taken_out: bool,
    dead: bool,
    leaked: bool,
    /// The region takes it to be absent.
    gone: bool,
    /// The how-manieth dispatch was its last one; 0: never.
    taken: u64,
    absent_since: u64,
    absent: u64,
    free_since: u64,
    free_time: u64,
}

#[derive(Clone, Copy, PartialEq, Debug)]
enum Stage {
    Waiting,
    Dispatched,
    Begun,
    Held,
    Ending,
    Removed,
}

struct Job<'a> {
    request: &'a Request,
    key: i128,
    joined: u64,
    stage: Stage,
    sep: usize,
    bound: Option<usize>,
    refused: bool,
}

struct Replay<'a> {
    index: usize,
    region: &'a Region,
    classes: &'a [Class],
    model: &'a Model,
    trace: &'a Trace,
    events: &'a [&'a TaskEvent],
    arrivals: BTreeMap<u64, u64>,
    seps: Vec<Sep>,
    jobs: BTreeMap<u64, Job<'a>>,
    /// Jobs that wait, in no order.
    waiting: BTreeSet<u64>,
    joined: u64,
    taken: u64,
    /// A SEP that looks for its next request now.
    pulls: Option<usize>,
    /// SEPs that are up and still have to make their first call.
    coming: Vec<usize>,
    /// The row of a first call that has found a request is still to come.
    has_come: bool,
    /// Sessions that are registered, and those that have had a request.
    registered: BTreeSet<String>,
    registering: BTreeSet<u64>,
    /// Recoveries to be applied before an event, by its place.
    recoveries: BTreeMap<usize, Vec<Option<u32>>>,
    place: usize,
}

impl<'a> Replay<'a> {
    fn new(
        index: usize,
        region: &'a Region,
        scenario: &'a Scenario,
        model: &'a Model,
        trace: &'a Trace,
        events: &'a [&'a TaskEvent],
    ) -> Replay<'a> {
        let seps = (0..region.seps)
            .map(|sep| sep < region.up)
            .map(|up| Sep { alive: up, free: up, gone: !up, ..Sep::default() })
            .collect();
        let mut recoveries: BTreeMap<usize, Vec<Option<u32>>> = BTreeMap::new();
        for (place, event) in events.iter().enumerate() {
            let is_recovery = event.kind == Kind::Call
                && model.calls[event.detail as usize] == "recover"
                && (event.process.is_some() || event.job == u64::MAX);
            if !is_recovery {
                continue;
            }
            // Its effects stand before its own row.
            let mut first = place;
            let of = event.process.map_or(&[][..], |process| &region.processes[process as usize]);
            while first > 0 && is_effect(events[first - 1], event, of) {
                first -= 1;
            }
            recoveries.entry(first).or_default().push(event.process);
        }
        Replay {
            index,
            region,
            classes: &scenario.classes,
            model,
            trace,
            events,
            arrivals: trace.jobs.iter().map(|job| (job.number, job.arrival.0)).collect(),
            seps,
            jobs: BTreeMap::new(),
            waiting: BTreeSet::new(),
            joined: 0,
            taken: 0,
            pulls: None,
            coming: Vec::new(),
            has_come: false,
            registered: BTreeSet::new(),
            registering: BTreeSet::new(),
            recoveries,
            place: 0,
        }
    }

    /// The rows before the one that is wrong.
    pub fn around(&self) -> String {
        let rows = self.events[self.place.saturating_sub(20)..(self.place + 4).min(self.events.len())].iter();
        let row = |event: &&TaskEvent| {
            let job = if event.job == u64::MAX { "-".to_owned() } else { event.job.to_string() };
            format!(
                "{:>12} {:12} job {job} sep {:?} by {:?} detail {}",
                event.at.0,
                event.kind.word(),
                event.instance.map(|sep| sep + 1),
                event.by,
                event.detail
            )
        };
        rows.map(row).collect::<Vec<_>>().join("\n")
    }

    fn run(&mut self) -> Outcome {
        for (place, event) in self.events.iter().enumerate() {
            self.place = place;
            self.ends_pull(Some(event))?;
            for process in self.recoveries.remove(&place).unwrap_or_default() {
                self.recover(process);
            }
            self.event(event)?;
            let running = self.jobs.values().filter(|job| {
                matches!(job.stage, Stage::Dispatched | Stage::Begun | Stage::Held | Stage::Ending)
            });
            ensure!(running.count() <= self.region.seps, "T1: more tasks than SEPs");
        }
        self.ends_pull(None)?;
        // T13: a SEP that is alive is free, or has a task.
        for (sep, state) in self.seps.iter().enumerate() {
            let counted = state.free || state.holder.is_some() || self.coming.contains(&sep) || state.leaked;
            ensure!(!state.alive || counted, "T13: SEP {} is alive and neither free nor held", sep + 1);
        }
        for job in &self.trace.jobs {
            let Some(found) = self.jobs.get(&job.number) else { continue };
            let left = job.status != Status::Unfinished;
            ensure!(
                !left || found.stage == Stage::Removed || found.request.detached,
                "T6: job {} has left and was not removed: {:?}",
                job.number,
                found.stage
            );
        }
        Ok(())
    }

    fn request_of(&self, event: &TaskEvent) -> Result<&'a Request, String> {
        let class = self.classes.get(event.class as usize).ok_or("no such class")?;
        let found = class.requests.iter().find(|request| request.region == self.index);
        found.ok_or_else(|| format!("the class {} has no request here", event.class))
    }

    fn event(&mut self, event: &TaskEvent) -> Outcome {
        let sep = event.instance.map(|sep| sep as usize);
        match event.kind {
            Kind::Call => self.call(event),
            Kind::Queued => self.queued(event),
            Kind::NoInstance => {
                let best = self.best();
                ensure!(best.is_none(), "T3: a call named nobody while job {best:?} may run");
                Ok(())
            }
            Kind::Refused => self.refused(event),
            Kind::Dispatched => self.dispatched(event, sep.ok_or("no SEP")?),
            Kind::Leaked => {
                self.seps[sep.ok_or("no SEP")?].leaked = true;
                Ok(())
            }
            Kind::Begun => {
                let job = self.job(event.job)?;
                ensure!(job.stage == Stage::Dispatched, "begun and {:?}", job.stage);
                ensure!(Some(job.sep) == sep, "begun on another SEP than it was dispatched to");
                job.stage = Stage::Begun;
                let sep = job.sep;
                ensure!(self.seps[sep].alive, "begun on a SEP that is not there");
                ensure!(!self.seps[sep].leaked, "begun where the call never arrived");
                Ok(())
            }
            Kind::Answered => self.answered(event),
            Kind::Input => {
                let job = self.job(event.job)?;
                ensure!(job.stage == Stage::Held, "T4: input for a task that is {:?}", job.stage);
                ensure!(Some(job.sep) == sep, "T4: input at another SEP");
                job.stage = Stage::Begun;
                Ok(())
            }
            Kind::BegunAgain => {
                let job = self.job(event.job)?;
                ensure!(
                    matches!(job.stage, Stage::Begun | Stage::Held | Stage::Waiting),
                    "again and {:?}",
                    job.stage
                );
                self.send_back(event.job);
                Ok(())
            }
            Kind::Removed => self.removed(event, sep),
            Kind::Out => {
                let sep = sep.ok_or("no SEP")?;
                self.out(sep, event);
                Ok(())
            }
            Kind::Up => {
                let sep = sep.ok_or("no SEP")?;
                let state = &mut self.seps[sep];
                ensure!(!state.alive && !state.free && state.holder.is_none(), "up and not gone before");
                (state.alive, state.dead, state.taken_out, state.gone) = (true, false, false, false);
                state.absent += event.at.0 - state.absent_since;
                if self.region.next_costs {
                    self.coming.push(sep);
                } else {
                    self.pulls = Some(sep);
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn job(&mut self, number: u64) -> Result<&mut Job<'a>, String> {
        self.jobs.get_mut(&number).ok_or_else(|| format!("job {number} was never queued"))
    }

    fn call(&mut self, event: &TaskEvent) -> Outcome {
        match self.model.calls[event.detail as usize].as_str() {
            "register" => {
                self.registering.insert(event.job);
                if let Ok(request) = self.request_of(event)
                    && let Some(session) = &request.session
                {
                    ensure!(self.registered.insert(session.clone()), "session {session} registered twice");
                }
            }
            "next" if event.job == u64::MAX && std::mem::take(&mut self.has_come) => {}
            "next" if event.job == u64::MAX && !self.coming.is_empty() => {
                let sep = self.coming.remove(0);
                if self.seps[sep].holder.is_none() && (self.seps[sep].alive || self.seps[sep].dead) {
                    self.freed(sep, event.at.0)?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn queued(&mut self, event: &TaskEvent) -> Outcome {
        ensure!(!self.jobs.contains_key(&event.job), "job {} queued twice", event.job);
        let request = self.request_of(event)?;
        let deadline = self.classes[event.class as usize].deadline;
        let is_made = self.classes[event.class as usize].made;
        let is_start = request.first && is_made;
        if self.region.registers && !is_start {
            let class = &self.classes[event.class as usize];
            // Without a name: that of a customer, of the request before it, or of a request that followed that.
            let known = request.session.as_ref().map_or_else(
                || {
                    let of_job = self.registering.contains(&event.job);
                    of_job || is_made || class.returns || class.requests.len() > 1
                },
                |session| self.registered.contains(session),
            );
            // Another thread's call may still be in line, for which nobody waits.
            let known = known || !self.region.enqueue_costs;
            ensure!(known, "T12: job {} is queued before its session is registered", event.job);
        }
        let arrival = self.arrivals.get(&event.job).copied().unwrap_or_default();
        let key = match self.region.order {
            Order::Fifo => 0,
            Order::Priority => -i128::from(request.priority),
            Order::Ageing(step) => i128::from(event.at.0) - i128::from(request.priority) * i128::from(step),
            Order::Deadline => {
                deadline.map_or(i128::MAX, |deadline| i128::from(arrival) + i128::from(deadline))
            }
        };
        self.joined += 1;
        let joined = self.joined;
        self.waiting.insert(event.job);
        let job =
            Job { request, key, joined, stage: Stage::Waiting, sep: 0, bound: self.bind(), refused: false };
        self.jobs.insert(event.job, job);
        // T9: unless it is dispatched at once, it had a place to wait.
        let next = self.events.get(self.place + 1);
        let at_once = next.is_some_and(|next| next.kind == Kind::Dispatched && next.job == event.job);
        if let Some((_, purge)) = self.limits(request).filter(|_| !at_once) {
            // Those that came back after a death were in before.
            // Another one may go with the same call.
            let goes = next.filter(|next| next.kind == Kind::Dispatched && next.by == By::Dispatcher);
            let goes = goes.and_then(|next| self.jobs.get(&next.job));
            let gone = goes.is_some_and(|job| job.request.transaction == request.transaction);
            let waiting = self.of_class(&request.transaction, Stage::Waiting) - u64::from(gone);
            ensure!(waiting < purge.max(1), "T9: {waiting} wait of a class that is purged at {purge}");
        }
        if self.region.reject {
            ensure!(at_once, "a request waits where nobody queues");
        }
        Ok(())
    }

    fn dispatched(&mut self, event: &TaskEvent, sep: usize) -> Outcome {
        let number = event.job;
        let job = self.job(number)?;
        ensure!(job.stage == Stage::Waiting, "T10: dispatched and {:?}", job.stage);
        let (request, bound) = (job.request, job.bound);
        let is_pull = event.by == By::Pull;
        let expected = if is_pull { self.best_on(&[sep]) } else { self.best() };
        ensure!(expected == Some(number), "T2: job {number} is taken before {expected:?}");
        ensure!(self.is_open(request), "T9: more of a class than may be active");
        ensure!(self.serves(sep, &self.jobs[&number]), "T15: SEP {} does not serve job {number}", sep + 1);
        if is_pull {
            ensure!(self.seps[sep].holder.is_none(), "T5: SEP {} has a request", sep + 1);
            if let Some(place) = self.coming.iter().position(|other| *other == sep) {
                self.coming.remove(place);
                self.has_come = true;
            }
        } else {
            ensure!(self.seps[sep].free, "T5: SEP {} is not free", sep + 1);
            let expected = self.choose(&self.jobs[&number], event.by != By::Dispatcher);
            // After a notice it is the lowest.
            let lowest = self.region.push && self.choose(&self.jobs[&number], true) == sep;
            ensure!(
                bound.is_some() || expected == sep || lowest,
                "SEP {} is taken instead of {}",
                sep + 1,
                expected + 1
            );
        }
        self.taken += 1;
        let state = &mut self.seps[sep];
        if state.free && state.alive {
            state.free_time += event.at.0 - state.free_since;
        }
        (state.free, state.holder, state.taken) = (false, Some(number), self.taken);
        let job = self.job(number)?;
        (job.stage, job.sep) = (Stage::Dispatched, sep);
        self.waiting.remove(&number);
        Ok(())
    }

    fn answered(&mut self, event: &TaskEvent) -> Outcome {
        let Some(job) = self.jobs.get_mut(&event.job) else { return Ok(()) };
        if event.detail == 0 {
            ensure!(job.stage == Stage::Begun, "an answer in the middle of a task that is {:?}", job.stage);
            job.stage = Stage::Held;
        } else if job.stage == Stage::Begun {
            job.stage = Stage::Ending;
        }
        Ok(())
    }

    fn refused(&mut self, event: &TaskEvent) -> Outcome {
        let word = self.model.outcomes[event.detail as usize].as_str();
        let request = self.request_of(event)?;
        match word {
            "AKCC" => {
                let purge = self.limits(request).map_or(u64::MAX, |(_, purge)| purge);
                let waiting = self.of_class(&request.transaction, Stage::Waiting);
                ensure!(waiting + 1 >= purge, "purged at {purge} while {waiting} wait");
            }
            "rejected" => ensure!(self.region.reject, "rejected by a region that queues"),
            "503" => ensure!(self.region.hosted, "503 of a process that is always there"),
            _ => return Err(format!("refused with {word}")),
        }
        ensure!(!self.waiting.contains(&event.job), "refused and waiting");
        Ok(())
    }

    fn removed(&mut self, event: &TaskEvent, sep: Option<usize>) -> Outcome {
        let Some(job) = self.jobs.get_mut(&event.job) else {
            // Refused, answered by the dispatcher, or gone before it was queued.
            ensure!(sep.is_none(), "removed from a SEP without having been queued");
            let request = self.request_of(event)?;
            self.joined += 1;
            let (joined, stage) = (self.joined, Stage::Removed);
            let job = Job { request, key: 0, joined, stage, sep: 0, bound: None, refused: true };
            self.jobs.insert(event.job, job);
            return Ok(());
        };
        ensure!(job.stage != Stage::Removed && !job.refused, "T6: job {} is removed twice", event.job);
        let (was, screen) = (job.stage, job.request.screen);
        job.stage = Stage::Removed;
        let disconnected = self.model.outcomes[event.detail as usize] == "disconnected";
        if self.waiting.remove(&event.job) {
            // A client has left before its task was to be sent back: its SEP is recovered at this instant.
            ensure!(sep.is_none() || disconnected, "T6: removed from a SEP while it waits");
            return Ok(());
        }
        if disconnected && self.seps[job.sep].dead {
            (self.seps[job.sep].holder, self.seps[job.sep].gone) = (None, true);
            return Ok(());
        }
        ensure!(sep == Some(job.sep), "T6: removed by another SEP than that which ran it");
        let sep = job.sep;
        let state = &mut self.seps[sep];
        state.leaked = false;
        let gone = state.taken_out || state.dead && state.holder != Some(event.job);
        if gone {
            if state.holder == Some(event.job) {
                (state.holder, state.gone) = (None, true);
            }
            return Ok(());
        }
        ensure!(state.holder == Some(event.job), "T5: removed from a SEP that has {:?}", state.holder);
        // An end output by way of the dispatcher is told when the client has it.
        ensure!(
            was == Stage::Ending || was == Stage::Begun && screen,
            "T6: removed by its SEP while it is {was:?}"
        );
        state.holder = None;
        if self.region.push {
            return self.freed(sep, event.at.0);
        }
        self.pulls = Some(sep);
        Ok(())
    }

    fn freed(&mut self, sep: usize, now: u64) -> Outcome {
        if !self.region.push {
            let best = self.best_on(&[sep]);
            ensure!(best.is_none(), "T3: SEP {} is free while job {best:?} may run there", sep + 1);
        }
        (self.seps[sep].free, self.seps[sep].free_since) = (true, now);
        Ok(())
    }

    /// A SEP that looked for its next request has got it, or is free.
    fn ends_pull(&mut self, next: Option<&TaskEvent>) -> Outcome {
        let Some(sep) = self.pulls else { return Ok(()) };
        let gets = next.is_some_and(|event| {
            event.kind == Kind::Dispatched && event.by == By::Pull && event.instance == Some(sep as u32)
        });
        self.pulls = None;
        let now = self.events[self.place.min(self.events.len() - 1)].at.0;
        let before = if next.is_some() && self.place > 0 { self.events[self.place - 1].at.0 } else { now };
        if gets { Ok(()) } else { self.freed(sep, before) }
    }

    fn out(&mut self, sep: usize, event: &TaskEvent) {
        let by_death = event.job == u64::MAX;
        let state = &mut self.seps[sep];
        if state.alive {
            state.absent_since = event.at.0;
            if state.free {
                state.free_time += event.at.0 - state.free_since;
            }
        }
        state.alive = false;
        if by_death {
            state.dead = true;
        } else {
            (state.taken_out, state.leaked) = (true, false);
        }
    }

    fn send_back(&mut self, number: u64) {
        if let Some(job) = self.jobs.get_mut(&number)
            && job.stage != Stage::Removed
        {
            job.stage = Stage::Waiting;
            self.waiting.insert(number);
        }
    }

    /// The monitor has taken stock: of a process, or of calls that were lost.
    fn recover(&mut self, process: Option<u32>) {
        let seps: Vec<usize> = match process {
            Some(process) => self.region.processes[process as usize].iter().map(|sep| sep - 1).collect(),
            None => (0..self.region.seps).filter(|sep| self.seps[*sep].leaked).collect(),
        };
        for sep in seps {
            let state = &mut self.seps[sep];
            let holder = state.holder.take();
            state.leaked = false;
            state.free = process.is_none();
            state.gone |= process.is_some();
            state.free_since = self.events[self.place].at.0;
            if let Some(number) = holder
                && self.jobs.get(&number).is_some_and(|job| job.stage == Stage::Dispatched)
            {
                self.send_back(number);
            }
        }
    }

    /// T13 in the books: time absent and time free, as the rows say.
    pub fn books(&self, books: &[sim_core::measure::Books], end: u64) -> Outcome {
        for (sep, (state, books)) in self.seps.iter().zip(books).enumerate() {
            ensure!(
                books.iter().sum::<u64>() == end,
                "the books of SEP {} do not add up to its life",
                sep + 1
            );
            let absent = state.absent + if state.alive { 0 } else { end - state.absent_since };
            let found = books[InstanceState::Absent as usize];
            ensure!(
                found == absent,
                "SEP {} is absent for {found} in its books, {absent} in the rows",
                sep + 1
            );
            let still = if state.alive && state.free { end - state.free_since } else { 0 };
            let found = books[InstanceState::Free as usize];
            // A SEP that starts looks for its first request meanwhile.
            if !self.region.next_costs {
                let free = state.free_time + still;
                ensure!(
                    found == free,
                    "SEP {} is free for {found} in its books, {free} in the rows",
                    sep + 1
                );
            }
        }
        Ok(())
    }
}

/// Whether a row is an effect of this recovery, which stands behind it.
fn is_effect(event: &TaskEvent, recovery: &TaskEvent, of: &[usize]) -> bool {
    let kind = match event.kind {
        Kind::Dispatched => matches!(event.by, By::Recovery | By::Check),
        Kind::BegunAgain | Kind::Leaked => true,
        Kind::Removed => event.instance.is_some_and(|sep| of.contains(&(sep as usize + 1))),
        _ => false,
    };
    event.at == recovery.at && kind
}
