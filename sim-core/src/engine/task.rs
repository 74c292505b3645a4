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
#[expect(clippy::struct_excessive_bools, reason = "facts that hold independently of each other")]
#[derive(Clone, Default)]
pub(super) struct Task {
    /// Which job of the run it is.
    pub birth: u64,
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
    /// Its client has an answer, and its next input has not come yet.
    pub with_client: bool,
    /// When the present exchange with its client began.
    pub from: Time,
    /// Its time up to the last answer, and at the end output.
    pub past: Spent,
    pub first_run: Option<Time>,
    pub answered: Option<Time>,
    /// End outputs that are on their way to its client, before which it does not end.
    pub answers_under_way: u32,
    /// Of a job that carries one: the end output.
    pub under_way: Option<Box<UnderWay>>,
    pub ended: Option<Status>,
    pub outcome: u16,
}

/// An end output on its way: what the job had spent when it left, by component too.
#[derive(Clone, Default)]
pub(super) struct UnderWay {
    /// The instance that it comes from.
    pub instance: u32,
    /// When its exchange began.
    pub from: Time,
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
    pub fn find(&self, (slot, birth): JobRef) -> Option<u32> {
        let is_there = self.shared.jobs[slot].state != State::Free;
        (is_there && self.tasks[slot as usize].birth == birth).then_some(slot)
    }

    /// The job in a slot, for later.
    pub fn refer(&self, slot: u32) -> JobRef {
        (slot, self.tasks[slot as usize].birth)
    }

    /// A fresh entry for a new job.
    pub fn reset_task(&mut self, slot: u32, key: u64, from: Time) {
        self.births += 1;
        let birth = self.births;
        self.tasks[slot as usize] =
            Task { birth, key, from, instance: NONE, carrier: NONE, call: NO_CALL, ..Task::default() };
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
        let number = subject.and_then(|subject| self.find(subject));
        let number = number.map_or(NOBODY, |slot| self.shared.jobs[slot].number);
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
            number,
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

impl<R: Recorder, const PLAIN: bool> Engine<'_, R, PLAIN> {
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
                if task.matter == Matter::Leaks && self.nothing_leaked(slot) {
                    return true;
                }
                let task = &mut self.world.tasks[slot as usize];
                (task.call, task.asked, task.granted) = (call, now, now);
                true
            }
            TaskOp::Called { call } => self.called(slot, call),
            TaskOp::Submit { table } => {
                self.submit(slot, table);
                false
            }
            TaskOp::Receive { pool } => {
                let task = &mut self.world.tasks[slot as usize];
                (task.pool, task.instance) = (pool, NONE);
                self.world.tell(TaskEventKind::Received, slot, |_| {});
                true
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
            TaskOp::Expire => {
                let now = self.world.shared.now;
                self.world.wait_until(slot, now, Phase::Timer);
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
                self.world.tasks[slot as usize].with_client = true;
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
                if self.world.tasks[slot as usize].stage == Stage::Outside {
                    // It has been in no queue.
                    self.world.tell(TaskEventKind::Removed, slot, |_| {});
                }
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
            TaskOp::Up => self.come_up(slot),
            TaskOp::Pull => {
                self.pull(slot);
                true
            }
            TaskOp::Emit { table } => {
                // The client of a task that failed sends no next request.
                let fails = self.world.tasks[slot as usize].outcome != 0;
                if !(fails && self.world.model.emits[table as usize].thinks) {
                    self.emit(slot, table);
                }
                true
            }
            TaskOp::Due | TaskOp::Posted | TaskOp::Look { .. } => self.timer_step(slot, op),
            TaskOp::Arise => {
                self.arise(slot);
                true
            }
        }
    }
}
