//! Tasks: jobs that are carried into a queue, dispatched to an instance by a call, and answer.
//!
//! The life of a request: [`submit`](Engine::submit) parks it and starts its carrier, which goes through the dispatcher and
//! the database like any job. [`enqueue`](Engine::enqueue) puts the request into its lane and looks for the best one that
//! may run; [`invoke`](Engine::invoke) sends that one on its way. It begins, answers (`answer`), and
//! [`next`](Engine::next) removes it and gives its instance the next. `recovery` sees to those that never get so far.

use super::{Engine, World};
use crate::event::{EventKey, Phase};
use crate::instances::{InstancePool, JobRef, Turn};
use crate::job::{Job, NONE, State};
use crate::measure::InstanceMeasures;
use crate::model::{Death, InstanceState, Model, Pc, TaskOp};
use crate::record::Recorder;
use crate::rng::{Stream, job_stream};
use crate::trace::{By, Status, TaskEvent, TaskEventKind};
use crate::units::{Span, Time};
use std::collections::BTreeSet;

/// The parent of a job of the system's own, which nobody waits for.
pub(super) const SYSTEM: u32 = NONE - 1;
/// The number of a job of the system that is on nobody's behalf.
pub(super) const NOBODY: u64 = u64::MAX;
/// Numbers of jobs that jobs make begin here: only sources count from 0.
pub(super) const EMITTED: u64 = 1 << 40;
/// No call.
pub(super) const NO_CALL: u16 = u16::MAX;

/// How far a request has come in its region.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) enum Stage {
    /// It is in none.
    #[default]
    Outside,
    /// Its carrier has not entered it into the queue yet.
    Carried,
    /// In its lane.
    Waiting,
    /// Given an instance, and its task has not begun.
    Dispatched,
    /// Its task has begun.
    Begun,
    /// Its last answer is out.
    Ending,
}

/// What a job of the monitor is about.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) enum Matter {
    /// Nothing.
    #[default]
    None,
    /// A process that died.
    Process(u32),
    /// An instance that was taken out, with its job.
    Out(JobRef, u32),
    /// Calls that never arrived.
    Leaks,
    /// A job that is to be made: index into the model's table.
    Emit(u32),
}

/// Sums of a job's time up to an answer.
#[derive(Clone, Copy, Default)]
pub(super) struct Spent {
    pub served: Span,
    pub ready: Span,
    pub overhead: Span,
    pub blocked: Span,
}

/// What a job has beside [`Job`] where the model has tasks.
#[derive(Clone, Default)]
pub(super) struct Task {
    /// The key of its streams: its number, or what it is derived from.
    pub key: u64,
    /// Jobs derived from it so far.
    pub derived: u32,
    /// The pool with instances that it is about.
    pub pool: u32,
    /// Of a job of the system: on whose behalf, whom it found, and what for.
    pub subject: Option<JobRef>,
    pub found: Option<(JobRef, u32)>,
    pub matter: Matter,
    /// The call that it is in: which, since when it asks for it, and since when it has the lock.
    pub call: u16,
    pub asked: Time,
    pub granted: Time,
    /// Of a request: the table, how far it is, its lane and its turn there.
    pub submit: u32,
    pub stage: Stage,
    pub lane: u32,
    pub turn: Option<Turn>,
    pub instance: u32,
    /// The call that hands it its instance has arrived.
    pub reached: bool,
    /// It is off its station, and stays until the monitor sees to it.
    pub orphan: bool,
    /// Its instance has died while it was in a call, which goes on to its end.
    pub doomed: bool,
    /// Somebody has been sent to it before.
    pub called: bool,
    pub carrier: u32,
    /// Processor time left until its next answer.
    pub budget: u64,
    /// Sequence number of the event at which its client leaves.
    pub disconnect: u64,
    /// Locks that it holds, and whether it waits for one.
    pub locks: Vec<u32>,
    pub locking: bool,
    /// When the present exchange with its client began.
    pub from: Time,
    /// Its time up to the last answer, and at the end output.
    pub past: Spent,
    pub first_run: Option<Time>,
    pub answered: Option<Time>,
    /// The end output is on its way to the client; the job has ended meanwhile.
    pub under_way: Option<Box<UnderWay>>,
    pub ended: Option<Status>,
    pub outcome: u16,
}

/// An end output on its way: what the job had spent when it left, by component too.
#[derive(Clone, Default)]
pub(super) struct UnderWay {
    pub spent: Spent,
    pub parts: Vec<super::Part>,
    /// A job that is made then.
    pub then: u32,
}

/// Everything about instances while a run goes on.
pub(super) struct Regions<'m> {
    /// By pool; `None`: tokens without identity.
    pub pools: Vec<Option<Box<InstancePool<'m>>>>,
    /// Sessions that are known, by pool.
    pub sessions: BTreeSet<(u32, u64)>,
    /// Deaths of processes, in the order of their control events.
    pub deaths: Vec<(u32, Death)>,
    /// Processes that are down, by pool and place.
    pub down: BTreeSet<(u32, u32)>,
    /// Pools for which the next check for leaks is under way.
    pub checking: BTreeSet<u32>,
}

impl<'m> Regions<'m> {
    pub fn new(model: &'m Model) -> Regions<'m> {
        let pools = model.pools.iter();
        let deaths = model.pools.iter().zip(0..).flat_map(|(pool, index)| {
            pool.instances.iter().flat_map(move |spec| spec.deaths.iter().map(move |death| (index, *death)))
        });
        Regions {
            pools: pools
                .map(|pool| pool.instances.as_deref().map(|spec| Box::new(InstancePool::new(spec))))
                .collect(),
            sessions: BTreeSet::new(),
            deaths: deaths.collect(),
            down: BTreeSet::new(),
            checking: BTreeSet::new(),
        }
    }

    /// The accounts of all instances as they stand at `now`.
    pub fn totals_at(&self, now: Time) -> Vec<InstanceMeasures> {
        let of_pool = |pool: &Option<Box<InstancePool<'_>>>| {
            pool.as_ref().map_or_else(InstanceMeasures::default, |pool| InstanceMeasures {
                books: pool.books_at(now),
                whole: Vec::new(),
                dispatched: pool.dispatched,
                no_instance: pool.no_instance,
            })
        };
        self.pools.iter().map(of_pool).collect()
    }
}

/// Mixes what a stream is derived from.
fn derived_key(key: u64, place: u32, ordinal: u32) -> u64 {
    let mut x = key ^ ((u64::from(place) << 32) | u64::from(ordinal)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    x ^= x >> 29;
    x = x.wrapping_mul(0xBF58_476D_1CE4_E5B9);
    x ^ (x >> 32)
}

impl<R: Recorder, const PLAIN: bool> World<'_, R, PLAIN> {
    /// The job that a reference means, if it is still there.
    pub fn find(&self, (slot, number): JobRef) -> Option<u32> {
        let job = &self.shared.jobs[slot];
        (job.state != State::Free && job.number == number).then_some(slot)
    }

    /// The job in a slot, for later.
    pub fn refer(&self, slot: u32) -> JobRef {
        (slot, self.shared.jobs[slot].number)
    }

    /// A fresh entry for a new job.
    pub fn reset_task(&mut self, slot: u32, key: u64, from: Time) {
        self.tasks[slot as usize] =
            Task { key, from, instance: NONE, carrier: NONE, call: NO_CALL, ..Task::default() };
    }

    /// The stream of the next job that is derived from the one in `slot`, with its key.
    fn derive(&mut self, slot: u32, place: u32, class: u32) -> (u64, Stream) {
        let task = &mut self.tasks[slot as usize];
        task.derived += 1;
        let key = derived_key(task.key, place, task.derived);
        (key, job_stream(self.stream_keys[class as usize], key))
    }

    /// Starts a job of the system's own at `pc`, on behalf of a job or of nobody. It goes on at this instant, unless it is
    /// told otherwise. [`NONE`] at the limit of jobs.
    pub fn spawn(&mut self, pc: Pc, pool: u32, like: u32, subject: Option<JobRef>) -> u32 {
        let slot = self.allocate();
        if slot == NONE {
            return NONE;
        }
        let now = self.shared.now;
        let model = Job::default();
        let (class, source, attributes, client, nth, key, stream) = if like == NONE {
            let key = derived_key(u64::from(pool), pc, self.sums.next_fork() as u32);
            (0, 0, 0, 0, 0, key, job_stream(self.stream_keys[0], key))
        } else {
            let class = self.shared.jobs[like].class;
            let (key, stream) = self.derive(like, pc, class);
            let job = &self.shared.jobs[like];
            (job.class, job.source, job.attributes, job.client, job.nth, key, stream)
        };
        self.shared.jobs[slot] = Job {
            arrival: now,
            since: now,
            number: subject.map_or(NOBODY, |(_, number)| number),
            client,
            pc,
            attributes,
            class,
            source,
            state: State::Moving,
            parent: SYSTEM,
            nth,
            ..model
        };
        self.streams[slot as usize] = Some(stream);
        self.reset_task(slot, key, now);
        let task = &mut self.tasks[slot as usize];
        (task.pool, task.subject) = (pool, subject);
        self.sums.child_started(now);
        slot
    }

    /// Something has happened to the job in `slot`, or to nobody ([`NONE`]).
    pub fn tell(&mut self, kind: TaskEventKind, slot: u32, note: impl FnOnce(&mut TaskEvent)) {
        if !R::TRACE {
            return;
        }
        let mut event = TaskEvent { at: self.shared.now, kind, ..TaskEvent::default() };
        if slot != NONE {
            let job = &self.shared.jobs[slot];
            event.job = job.number;
            event.task = self.shared.attributes[job.attributes as usize].task;
            event.nth = job.nth;
            event.class = job.class;
            event.pool = self.tasks[slot as usize].pool;
        }
        note(&mut event);
        self.recorder.task(event);
    }

    /// A job waits until `at`, in a phase that goes by sequence.
    pub fn wait_until(&mut self, slot: u32, at: Time, phase: Phase) {
        let sequence = self.next_sequence(at);
        let entity = if phase == Phase::Think { slot + self.sources.len() as u32 } else { slot };
        if at <= Time::LATEST {
            self.queue.push(EventKey::by_sequence(at, phase, entity, sequence));
        }
        let now = self.shared.now;
        let delay = self.sums.delay_component;
        let job = &mut self.shared.jobs[slot];
        (job.state, job.since, job.awaits, job.station) = (State::Delayed, now, sequence, delay);
    }
}

impl<'m, R: Recorder, const PLAIN: bool> Engine<'m, R, PLAIN> {
    /// Runs a step of a task; whether the job goes on at once.
    #[inline(never)]
    pub(super) fn task_step(&mut self, slot: u32, op: TaskOp) -> bool {
        let now = self.world.shared.now;
        match op {
            TaskOp::Serve { amount, component } => {
                let span = Span(self.world.amount(slot, amount));
                self.world.tasks[slot as usize].granted = now;
                if span == Span::ZERO {
                    return true;
                }
                let at = self.world.in_time(span);
                self.world.wait_until(slot, at, Phase::DelayDone);
                self.world.shared.jobs[slot].station = component;
                false
            }
            TaskOp::Call { call } => {
                let task = &mut self.world.tasks[slot as usize];
                (task.call, task.asked, task.granted) = (call, now, now);
                true
            }
            TaskOp::Called { call } => self.called(slot, call),
            TaskOp::Submit { table } => {
                self.submit(slot, table);
                false
            }
            TaskOp::Known { to } => {
                let (pool, subject) =
                    (self.world.tasks[slot as usize].pool, self.world.tasks[slot as usize].subject);
                if let Some(request) = subject.and_then(|subject| self.world.find(subject)) {
                    let session = self.session(request);
                    if !self.regions.sessions.insert((pool, session)) {
                        self.world.shared.jobs[slot].pc = to;
                    }
                }
                true
            }
            TaskOp::Enqueue => {
                self.enqueue(slot);
                true
            }
            TaskOp::Match => {
                let pool = self.world.tasks[slot as usize].pool;
                let found = self.dispatch_best(pool, By::Dispatcher, true);
                self.world.tasks[slot as usize].found = found;
                if let Some(((other, _), instance)) = found {
                    self.tell_dispatched(other, instance, By::Dispatcher);
                }
                true
            }
            TaskOp::Unmatched { to } => {
                if self.world.tasks[slot as usize].found.is_none() {
                    self.world.shared.jobs[slot].pc = to;
                }
                true
            }
            TaskOp::Invoke => {
                self.invoke(slot);
                true
            }
            TaskOp::Begin => self.begin(slot),
            TaskOp::Mark { state } => {
                self.mark_instance(slot, state);
                true
            }
            TaskOp::Exec { station, amount } => {
                let processor = self.world.member(slot, station);
                let mut work = self.world.amount(slot, amount);
                let task = &mut self.world.tasks[slot as usize];
                if work > task.budget {
                    work = task.budget;
                    let submit = &self.world.model.submits[task.submit as usize];
                    if let Some((_, beyond)) = submit.budget {
                        self.world.shared.jobs[slot].pc = beyond;
                    }
                }
                task.budget -= work;
                if work == 0 {
                    return true;
                }
                self.world.shared.jobs[slot].tail = super::source::TAIL_PROGRAM;
                self.join_processor(slot, processor, work);
                false
            }
            TaskOp::Lock { pool } => self.lock(slot, pool),
            TaskOp::Unlock { pool } => {
                self.unlock(slot, pool);
                true
            }
            TaskOp::Converse { think } => {
                let span = Span(self.world.amount(slot, think));
                self.answer(slot, false);
                self.mark_instance(slot, InstanceState::Held);
                let at = self.world.in_time(span);
                self.world.wait_until(slot, at, Phase::Input);
                false
            }
            TaskOp::Input => {
                let fresh = self.fresh_budget(slot);
                self.world.tasks[slot as usize].budget = fresh;
                self.mark_instance(slot, InstanceState::Executing);
                let instance = self.world.tasks[slot as usize].instance;
                self.world.tell(TaskEventKind::Input, slot, |event| event.instance = Some(instance));
                true
            }
            TaskOp::Respond { outcome } => {
                self.end_output(slot, outcome);
                self.answer(slot, true);
                true
            }
            TaskOp::RespondBy { way, then } => {
                self.end_output(slot, 0);
                self.send_answer(slot, way, then);
                true
            }
            TaskOp::Deliver => {
                self.deliver(slot);
                true
            }
            TaskOp::Next => {
                self.next(slot);
                true
            }
            TaskOp::TakeOut => {
                self.orphan(slot);
                self.take_out_instance(slot);
                false
            }
            TaskOp::Recover => {
                self.recover(slot);
                true
            }
            TaskOp::Up => {
                self.come_up(slot);
                true
            }
            TaskOp::Pull => {
                self.pull(slot);
                true
            }
            TaskOp::Emit { table } => {
                self.emit(slot, table);
                true
            }
            TaskOp::Due | TaskOp::Posted | TaskOp::Look { .. } => self.timer_step(slot, op),
            TaskOp::Arise => {
                self.arise(slot);
                true
            }
        }
    }

    /// The session of a request.
    pub(super) fn session(&self, request: u32) -> u64 {
        let submit = &self.world.model.submits[self.world.tasks[request as usize].submit as usize];
        submit.session.unwrap_or(self.world.shared.jobs[request].client)
    }

    /// The instances of a pool. Whoever asks has been told by the model that there are some.
    pub(super) fn instances(&mut self, pool: u32) -> &mut InstancePool<'m> {
        match &mut self.regions.pools[pool as usize] {
            Some(instances) => instances,
            None => unreachable!("checked with the model: tasks name pools with instances"),
        }
    }

    /// Brings the pool's own account up to date with its instances.
    pub(super) fn settle_pool(&mut self, pool: u32) {
        let now = self.world.shared.now;
        let (waiting, held) = {
            let instances = self.instances(pool);
            (instances.queued, instances.held)
        };
        self.pools[pool as usize].beside(waiting, held, now);
    }

    /// A call is over: whose instance has died meanwhile goes no further.
    fn called(&mut self, slot: u32, call: u16) -> bool {
        let task = &mut self.world.tasks[slot as usize];
        task.call = NO_CALL;
        let (asked, granted, matter, doomed) = (task.asked, task.granted, task.matter, task.doomed);
        self.world.tell(TaskEventKind::Call, slot, |event| {
            (event.detail, event.asked, event.granted) = (u32::from(call), asked, granted);
            if let Matter::Process(process) = matter {
                (event.process, event.job) = (Some(process), NOBODY);
            }
        });
        if doomed {
            self.orphan(slot);
        }
        !doomed
    }

    /// A request asks for an instance: it waits while a job of the system carries it.
    fn submit(&mut self, slot: u32, table: u32) {
        let submit = &self.world.model.submits[table as usize];
        let now = self.world.shared.now;
        let reference = self.world.refer(slot);
        let budget = submit.budget.map_or(u64::MAX, |(budget, _)| budget);
        let task = &mut self.world.tasks[slot as usize];
        (task.submit, task.pool, task.stage, task.budget) = (table, submit.pool, Stage::Carried, budget);
        (task.called, task.turn, task.instance, task.reached) = (false, None, NONE, false);
        let job = &mut self.world.shared.jobs[slot];
        (job.state, job.since) = (State::Parked, now);
        let arrival = job.arrival;
        self.world.tell(TaskEventKind::Received, slot, |event| event.at = arrival);
        let carrier = self.world.spawn(submit.carrier, submit.pool, slot, Some(reference));
        if carrier != NONE {
            self.world.tasks[slot as usize].carrier = carrier;
            self.world.go_on(carrier);
        }
    }

    /// Books the time in which a request was in nobody's queue: dispatched, or an orphan.
    pub(super) fn book_parked(&mut self, slot: u32) {
        let now = self.world.shared.now;
        let component = self.pools[self.world.tasks[slot as usize].pool as usize].component;
        let job = &mut self.world.shared.jobs[slot];
        let span = now - job.since;
        job.overhead += span;
        job.state = State::Moving;
        self.world.sums.blocked += u128::from(span.0);
        self.world.part(slot, component).overhead += span.0;
    }

    /// What its carrier did is the request's own time.
    fn take_over(&mut self, slot: u32, carrier: u32) {
        let now = self.world.shared.now;
        let from = &self.world.shared.jobs[carrier];
        let (served, ready, overhead, blocked) = (from.served, from.ready, from.overhead, from.blocked);
        let job = &mut self.world.shared.jobs[slot];
        let span = now - job.since;
        job.served += served;
        job.ready += ready;
        job.overhead += overhead;
        job.blocked += blocked;
        self.world.sums.blocked += u128::from(span.0);
        let parts = self.world.stride.parts;
        for component in 0..parts {
            let of_carrier = self.world.parts[carrier as usize * parts + component];
            let part = &mut self.world.parts[slot as usize * parts + component];
            part.waiting += of_carrier.waiting;
            part.service += of_carrier.service;
            part.overhead += of_carrier.overhead;
        }
        self.world.parts[carrier as usize * parts..(carrier as usize + 1) * parts]
            .fill(super::Part::default());
    }

    /// The procedure's effect: the request that is carried stands in its lane, and the best one that may run is found.
    fn enqueue(&mut self, carrier: u32) {
        let now = self.world.shared.now;
        let pool = self.world.tasks[carrier as usize].pool;
        let subject = self.world.tasks[carrier as usize].subject;
        let request = subject.and_then(|subject| self.world.find(subject));
        let request = request.filter(|slot| self.world.tasks[*slot as usize].stage == Stage::Carried);
        let Some(slot) = request else {
            // Its client is gone.
            let found = self.dispatch_best(pool, By::Dispatcher, false);
            self.world.tasks[carrier as usize].found = found;
            if let Some(((other, _), instance)) = found {
                self.tell_dispatched(other, instance, By::Dispatcher);
            }
            return;
        };
        self.take_over(slot, carrier);
        let submit = &self.world.model.submits[self.world.tasks[slot as usize].submit as usize];
        let job = &self.world.shared.jobs[slot];
        let own = self.world.shared.attributes[job.attributes as usize].priority;
        let deadline = job.deadline;
        let instances = self.instances(pool);
        let key = instances.key(submit.priority.unwrap_or(own), deadline, now);
        let (lane, turn) = (instances.bind(submit.lane), instances.turn(key, slot));
        self.stand(slot, lane, turn);
        let found = self.dispatch_best(pool, By::Dispatcher, false);
        self.world.tasks[carrier as usize].found = found;
        let is_own = found.is_some_and(|((other, _), _)| other == slot);
        if !is_own {
            let refused = self.instances(pool).purges(lane).or(self.instances(pool).spec.refuses);
            if let Some(outcome) = refused {
                self.leave_lane(slot);
                return self.refuse_task(slot, outcome);
            }
        }
        let at = self.world.shared.now;
        self.world.tell(TaskEventKind::Queued, slot, |event| event.at = at);
        if !is_own {
            if found.is_none() {
                self.instances(pool).no_instance += 1;
                self.world.tell(TaskEventKind::NoInstance, slot, |_| {});
            }
            if let Some(instance) = self.instances(pool).grows() {
                let start = self.instances(pool).spec.growth.map_or(Span::ZERO, |growth| growth.start);
                self.start_instance(pool, instance, start, Matter::None);
            }
        }
        if let Some(((other, _), instance)) = found {
            self.tell_dispatched(other, instance, By::Dispatcher);
        }
    }

    /// A request takes its place in a lane.
    pub(super) fn stand(&mut self, slot: u32, lane: u32, turn: Turn) {
        let now = self.world.shared.now;
        let task = &mut self.world.tasks[slot as usize];
        (task.lane, task.turn, task.stage, task.reached) = (lane, Some(turn), Stage::Waiting, false);
        let pool = task.pool;
        let job = &mut self.world.shared.jobs[slot];
        (job.state, job.station, job.since) = (State::Queued, pool, now);
        self.instances(pool).push(lane, turn);
        self.settle_pool(pool);
    }

    /// A waiting request is taken out of its lane.
    pub(super) fn leave_lane(&mut self, slot: u32) {
        let task = &self.world.tasks[slot as usize];
        let (pool, lane) = (task.pool, task.lane);
        let instances = self.instances(pool);
        instances.withdraw(lane, slot);
        instances.unbind(lane);
        self.settle_pool(pool);
        self.leave_pool_queue(slot, pool);
        self.world.tasks[slot as usize].stage = Stage::Outside;
    }

    /// Whether a job is one of the system that carries nobody who could be refused: a notice, an answer.
    pub(super) fn cannot_be_refused(&self, slot: u32) -> bool {
        if self.world.shared.jobs[slot].parent != SYSTEM {
            return false;
        }
        let subject = self.world.tasks[slot as usize].subject;
        let request = subject.and_then(|subject| self.world.find(subject));
        request.is_none_or(|slot| self.world.tasks[slot as usize].stage != Stage::Carried)
    }

    /// A pool has turned a job of the system away: whoever it carried is refused with it.
    #[cold]
    pub(super) fn carrier_refused(&mut self, carrier: u32, pool: u32) {
        let subject = self.world.tasks[carrier as usize].subject;
        let Some(slot) = subject.and_then(|subject| self.world.find(subject)) else { return };
        if self.world.tasks[slot as usize].stage == Stage::Carried {
            self.take_over(slot, carrier);
            self.world.shared.jobs[slot].state = State::Moving;
            let outcome = self.world.model.pools[pool as usize].host.as_ref().map_or(0, |host| host.refused);
            self.refuse_task(slot, outcome);
        }
    }

    /// A request is turned away: that is its answer.
    pub(super) fn refuse_task(&mut self, slot: u32, outcome: u16) {
        let pool = self.world.tasks[slot as usize].pool;
        self.pools[pool as usize].count_lost();
        self.world.tasks[slot as usize].outcome = outcome;
        for kind in [TaskEventKind::Refused, TaskEventKind::Removed] {
            self.world.tell(kind, slot, |event| event.detail = u32::from(outcome));
        }
        let after = self.world.model.submits[self.world.tasks[slot as usize].submit as usize].after;
        self.world.tasks[slot as usize].stage = Stage::Outside;
        self.world.shared.jobs[slot].pc = after;
        self.unwind(slot, 0, 0);
        self.turn_away(slot);
    }

    /// The best request that may run now gets an instance; `None` where nobody may.
    /// `lowest`: the lowest of the free instances, whatever the choice among them is otherwise.
    pub(super) fn dispatch_best(&mut self, pool: u32, by: By, lowest: bool) -> Option<(JobRef, u32)> {
        let (turn, lane, instance) = self.instances(pool).best(lowest)?;
        Some((self.dispatch_task(pool, turn, lane, instance, by), instance))
    }

    /// A request leaves its lane with an instance, which is still to be sent to it.
    pub(super) fn dispatch_task(
        &mut self,
        pool: u32,
        turn: Turn,
        lane: u32,
        instance: u32,
        by: By,
    ) -> JobRef {
        let now = self.world.shared.now;
        let slot = turn.2;
        let reference = self.world.refer(slot);
        self.leave_pool_queue(slot, pool);
        let job = &mut self.world.shared.jobs[slot];
        (job.state, job.since) = (State::Parked, now);
        let task = &mut self.world.tasks[slot as usize];
        (task.stage, task.lane, task.instance, task.reached) = (Stage::Dispatched, lane, instance, false);
        (task.orphan, task.doomed) = (false, false);
        let first = by != By::Pull && !task.called;
        task.called |= by != By::Pull;
        let register =
            self.world.model.pools[pool as usize].instances.as_ref().map_or(0, |spec| spec.register);
        if register > 0 {
            self.world.set_place(slot, register, instance);
        }
        let lost = first
            && self.world.model.submits[self.world.tasks[slot as usize].submit as usize].lose_call;
        let instances = self.instances(pool);
        instances.all[instance as usize].holder = Some(reference);
        instances.all[instance as usize].leaked = lost;
        instances.mark(instance, if lost { InstanceState::Leaked } else { InstanceState::Starting }, now);
        instances.dispatched[by as usize] += 1;
        self.pools[pool as usize].count_grant();
        self.settle_pool(pool);
        if R::DIGEST {
            self.world.recorder.choice(reference.1, instance);
        }
        if by != By::Dispatcher {
            self.tell_dispatched(slot, instance, by);
        }
        if lost {
            self.world.tell(TaskEventKind::Leaked, slot, |event| event.instance = Some(instance));
            self.plan_check(pool, 1, Matter::Leaks);
        }
        reference
    }

    fn tell_dispatched(&mut self, slot: u32, instance: u32, by: By) {
        self.world.tell(TaskEventKind::Dispatched, slot, |event| {
            (event.instance, event.by) = (Some(instance), by);
        });
    }

    /// The call reaches the instance, which goes on with the request.
    fn invoke(&mut self, caller: u32) {
        let Some((reference, instance)) = self.world.tasks[caller as usize].found.take() else { return };
        let Some(slot) = self.world.find(reference) else { return };
        let task = &self.world.tasks[slot as usize];
        if task.stage != Stage::Dispatched || task.instance != instance || task.reached {
            return;
        }
        let pool = task.pool;
        let state = &self.instances(pool).all[instance as usize];
        if !state.alive || state.leaked {
            return;
        }
        let submit = &self.world.model.submits[self.world.tasks[slot as usize].submit as usize];
        self.world.shared.jobs[slot].pc = submit.resume;
        self.reach(slot);
    }

    /// The instance has the request: it goes on with its program.
    fn reach(&mut self, slot: u32) {
        self.book_parked(slot);
        self.world.tasks[slot as usize].reached = true;
        self.world.go_on(slot);
    }

    /// A request that an instance took itself: it goes on, unless that instance has died since it asked.
    pub(super) fn hand_over(&mut self, pool: u32, instance: u32, (slot, _): JobRef) {
        let submit = &self.world.model.submits[self.world.tasks[slot as usize].submit as usize];
        if self.instances(pool).all[instance as usize].alive {
            self.world.shared.jobs[slot].pc = submit.pulled;
            self.reach(slot);
        }
    }

    fn fresh_budget(&self, slot: u32) -> u64 {
        let submit = &self.world.model.submits[self.world.tasks[slot as usize].submit as usize];
        submit.budget.map_or(u64::MAX, |(budget, _)| budget)
    }

    /// The task begins.
    fn begin(&mut self, slot: u32) -> bool {
        let submit = &self.world.model.submits[self.world.tasks[slot as usize].submit as usize];
        let disconnect = submit.disconnect;
        let fresh = self.fresh_budget(slot);
        let task = &mut self.world.tasks[slot as usize];
        (task.stage, task.budget) = (Stage::Begun, fresh);
        let instance = task.instance;
        self.mark_instance(slot, InstanceState::Executing);
        self.world.tell(TaskEventKind::Begun, slot, |event| event.instance = Some(instance));
        if let Some(amount) = disconnect {
            let span = Span(self.world.amount(slot, amount));
            let at = self.world.in_time(span);
            if at <= self.world.horizon && at <= Time::LATEST {
                let sequence = self.world.next_sequence(at);
                self.world.queue.push(EventKey::by_sequence(at, Phase::Timer, slot, sequence));
                self.world.tasks[slot as usize].disconnect = sequence;
            }
        }
        true
    }

    /// What the instance of a task does, in its books.
    pub(super) fn mark_instance(&mut self, slot: u32, state: InstanceState) {
        let now = self.world.shared.now;
        let task = &self.world.tasks[slot as usize];
        let (pool, instance) = (task.pool, task.instance);
        if instance != NONE {
            self.instances(pool).mark(instance, state, now);
        }
    }

    fn lock(&mut self, slot: u32, pool: u32) -> bool {
        let now = self.world.shared.now;
        match self.pools[pool as usize].acquire(slot, 0, now) {
            crate::pool::Grant::Token => {
                self.world.tasks[slot as usize].locks.push(pool);
                self.token(slot, pool, true);
                true
            }
            _ => {
                self.mark_instance(slot, InstanceState::Blocked);
                self.world.tasks[slot as usize].locking = true;
                let job = &mut self.world.shared.jobs[slot];
                (job.state, job.station, job.since) = (State::Queued, pool, now);
                false
            }
        }
    }

    fn unlock(&mut self, slot: u32, pool: u32) {
        let locks = &mut self.world.tasks[slot as usize].locks;
        if let Some(place) = locks.iter().position(|lock| *lock == pool) {
            locks.remove(place);
            self.give_lock(slot, pool);
        }
    }

    fn give_lock(&mut self, slot: u32, pool: u32) {
        self.token(slot, pool, false);
        if let Some(next) = self.pools[pool as usize].release(self.world.shared.now) {
            self.leave_pool_queue(next, pool);
            self.token(next, pool, true);
            self.got_lock(next, pool);
            self.world.go_on(next);
        }
    }

    /// A task that waited for a lock has it.
    fn got_lock(&mut self, slot: u32, pool: u32) {
        let task = &mut self.world.tasks[slot as usize];
        task.locking = false;
        task.locks.push(pool);
        self.mark_instance(slot, InstanceState::Executing);
    }

    /// What a task still holds is free.
    pub(super) fn free_locks(&mut self, slot: u32) {
        for pool in std::mem::take(&mut self.world.tasks[slot as usize].locks) {
            self.give_lock(slot, pool);
        }
    }

    /// The end output leaves: the instance ends its task.
    fn end_output(&mut self, slot: u32, outcome: u16) {
        let task = &mut self.world.tasks[slot as usize];
        if outcome > 0 {
            task.outcome = outcome;
        }
        if task.stage == Stage::Begun {
            task.stage = Stage::Ending;
        }
        if std::mem::take(&mut task.disconnect) != 0 {
            self.world.stale += 1;
        }
        self.mark_instance(slot, InstanceState::Ending);
    }

    /// The request is removed, and its instance takes the next, says that it is free, or just is.
    fn next(&mut self, slot: u32) {
        let task = &self.world.tasks[slot as usize];
        let (pool, instance) = (task.pool, task.instance);
        self.remove(slot);
        let notice = self.instances(pool).spec.notice;
        let pulled = if notice.is_none() { self.instances(pool).best_for(instance) } else { None };
        match pulled {
            Some((turn, lane)) => {
                let reference = self.dispatch_task(pool, turn, lane, instance, By::Pull);
                self.hand_over(pool, instance, reference);
            }
            None => {
                self.free_instance(pool, instance);
                if let Some(notice) = notice {
                    let carrier = self.world.spawn(notice, pool, slot, None);
                    if carrier != NONE {
                        self.world.go_on(carrier);
                    }
                }
            }
        }
    }

    /// An instance has no task.
    pub(super) fn free_instance(&mut self, pool: u32, instance: u32) {
        let now = self.world.shared.now;
        let instances = self.instances(pool);
        instances.mark(instance, InstanceState::Free, now);
        instances.give_back(instance);
        self.settle_pool(pool);
    }

    /// A request is out of the region: its class has a place, its locks are free.
    pub(super) fn remove(&mut self, slot: u32) {
        let task = &mut self.world.tasks[slot as usize];
        task.stage = Stage::Outside;
        let (pool, lane, outcome) = (task.pool, task.lane, task.outcome);
        if std::mem::take(&mut task.disconnect) != 0 {
            self.world.stale += 1;
        }
        let instances = self.instances(pool);
        instances.settle(lane);
        instances.unbind(lane);
        let instance = self.world.tasks[slot as usize].instance;
        self.world.tell(TaskEventKind::Removed, slot, |event| {
            (event.detail, event.instance) = (u32::from(outcome), Some(instance).filter(|id| *id != NONE));
        });
        self.free_locks(slot);
    }
}
