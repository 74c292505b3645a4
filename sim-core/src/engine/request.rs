//! A request in its region: carried into the queue, dispatched by a call, begun, ended, and followed by the next.

use super::Engine;
use super::task::{Matter, NO_CALL, NOBODY, SYSTEM, Stage};
use crate::event::{EventKey, Phase};
use crate::instances::{InstancePool, JobRef, Turn};
use crate::job::{NONE, State};
use crate::model::InstanceState;
use crate::pool::Grant;
use crate::record::Recorder;
use crate::trace::{By, InstanceStretch, TaskEventKind};
use crate::units::{Span, Time};

impl<'m, R: Recorder, const PLAIN: bool> Engine<'m, R, PLAIN> {
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
    pub(super) fn called(&mut self, slot: u32, call: u16) -> bool {
        let task = &mut self.world.tasks[slot as usize];
        task.call = NO_CALL;
        let (asked, granted, doomed) = (task.asked, task.granted, task.doomed);
        // A process that starts is about one too, and its call is its own.
        let matter = if task.instance == NONE { task.matter } else { Matter::None };
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
    pub(super) fn submit(&mut self, slot: u32, table: u32) {
        let submit = &self.world.model.submits[table as usize];
        let now = self.world.shared.now;
        let reference = self.world.refer(slot);
        let budget = submit.budget.map_or(u64::MAX, |(budget, _)| budget);
        let task = &mut self.world.tasks[slot as usize];
        (task.submit, task.pool, task.stage, task.budget) = (table, submit.pool, Stage::Carried, budget);
        (task.called, task.turn, task.instance, task.reached) = (false, None, NONE, false);
        let job = &mut self.world.shared.jobs[slot];
        (job.state, job.since) = (State::Parked, now);
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
    pub(super) fn take_over(&mut self, slot: u32, carrier: u32) {
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
    pub(super) fn enqueue(&mut self, carrier: u32) {
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
                self.refuse_task(slot, outcome);
                if let Some(((other, _), instance)) = found {
                    self.tell_dispatched(other, instance, By::Dispatcher);
                }
                return;
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

    /// A pool has turned a job away. Whoever a job of the system carried is refused with it.
    #[cold]
    pub(super) fn refused_by_pool(&mut self, carrier: u32, pool: u32) {
        if self.world.shared.jobs[carrier].parent != SYSTEM {
            if let Some(host) = &self.world.model.pools[pool as usize].host {
                self.world.tasks[carrier as usize].outcome = host.refused;
                for kind in [TaskEventKind::Refused, TaskEventKind::Removed] {
                    self.world.tell(kind, carrier, |event| event.detail = u32::from(host.refused));
                }
            }
            return;
        }
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
        let number = self.world.shared.jobs[slot].number;
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
        let lost =
            first && self.world.model.submits[self.world.tasks[slot as usize].submit as usize].lose_call;
        let instances = self.instances(pool);
        instances.all[instance as usize].holder = Some(reference);
        if lost {
            instances.leaked.insert(instance);
        }
        instances.dispatched[by as usize] += 1;
        let state = if lost { InstanceState::Leaked } else { InstanceState::Starting };
        self.mark_as(pool, instance, state, Some(number));
        self.pools[pool as usize].count_grant();
        self.settle_pool(pool);
        if R::DIGEST {
            self.world.recorder.choice(number, instance);
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

    pub(super) fn tell_dispatched(&mut self, slot: u32, instance: u32, by: By) {
        self.world.tell(TaskEventKind::Dispatched, slot, |event| {
            (event.instance, event.by) = (Some(instance), by);
        });
    }

    /// The call reaches the instance, which goes on with the request.
    pub(super) fn invoke(&mut self, caller: u32) {
        let Some((reference, instance)) = self.world.tasks[caller as usize].found.take() else { return };
        let Some(slot) = self.world.find(reference) else { return };
        let task = &self.world.tasks[slot as usize];
        if task.stage != Stage::Dispatched || task.instance != instance || task.reached {
            return;
        }
        let pool = task.pool;
        let state = &self.instances(pool).all[instance as usize];
        if !state.alive || self.instances(pool).leaked.contains(&instance) {
            return;
        }
        let submit = &self.world.model.submits[self.world.tasks[slot as usize].submit as usize];
        self.world.shared.jobs[slot].pc = submit.resume;
        self.reach(slot);
    }

    /// The instance has the request: it goes on with its program.
    pub(super) fn reach(&mut self, slot: u32) {
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

    pub(super) fn fresh_budget(&self, slot: u32) -> u64 {
        let submit = &self.world.model.submits[self.world.tasks[slot as usize].submit as usize];
        submit.budget.map_or(u64::MAX, |(budget, _)| budget)
    }

    /// The task begins.
    pub(super) fn begin(&mut self, slot: u32) -> bool {
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

    /// What an instance does from now on, and with which job.
    pub(super) fn mark_as(&mut self, pool: u32, instance: u32, state: InstanceState, job: Option<u64>) {
        let now = self.world.shared.now;
        let before = self.instances(pool).mark(instance, state, job, now);
        if R::TRACE
            && let Some((state, start, job)) = before
            && start < now
        {
            let stretch = InstanceStretch { pool, instance, state, job, start, end: now };
            self.world.recorder.instance(stretch);
        }
    }

    /// Records what every instance does at the end of the run.
    pub(super) fn settle_instances(&mut self) {
        let end = self.world.shared.now;
        for pool in 0..self.regions.pools.len() as u32 {
            let Some(instances) = &self.regions.pools[pool as usize] else { continue };
            for instance in 0..instances.all.len() as u32 {
                let (state, start, job) = instances.doing(instance);
                if R::TRACE && start < end {
                    self.world.recorder.instance(InstanceStretch { pool, instance, state, job, start, end });
                }
            }
        }
    }

    /// What the instance of a task does, in its books.
    pub(super) fn mark_instance(&mut self, slot: u32, state: InstanceState) {
        let task = &self.world.tasks[slot as usize];
        let (pool, instance) = (task.pool, task.instance);
        if instance != NONE {
            let job = self.world.shared.jobs[slot].number;
            self.mark_as(pool, instance, state, Some(job));
        }
    }

    pub(super) fn lock(&mut self, slot: u32, pool: u32) -> bool {
        let now = self.world.shared.now;
        if self.pools[pool as usize].acquire(slot, 0, now) == Grant::Token {
            self.world.tasks[slot as usize].locks.push(pool);
            self.token(slot, pool, true);
            return true;
        }
        self.mark_instance(slot, InstanceState::Blocked);
        self.world.tasks[slot as usize].locking = true;
        let job = &mut self.world.shared.jobs[slot];
        (job.state, job.station, job.since) = (State::Queued, pool, now);
        false
    }

    pub(super) fn unlock(&mut self, slot: u32, pool: u32) {
        let locks = &mut self.world.tasks[slot as usize].locks;
        if let Some(place) = locks.iter().position(|lock| *lock == pool) {
            locks.remove(place);
            self.give_lock(slot, pool);
        }
    }

    pub(super) fn give_lock(&mut self, slot: u32, pool: u32) {
        self.token(slot, pool, false);
        if let Some(next) = self.pools[pool as usize].release(self.world.shared.now) {
            self.leave_pool_queue(next, pool);
            self.token(next, pool, true);
            self.got_lock(next, pool);
            self.world.go_on(next);
        }
    }

    /// A task that waited for a lock has it.
    pub(super) fn got_lock(&mut self, slot: u32, pool: u32) {
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
    pub(super) fn end_output(&mut self, slot: u32, outcome: u16) {
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
    pub(super) fn next(&mut self, slot: u32) {
        let task = &self.world.tasks[slot as usize];
        let (pool, instance) = (task.pool, task.instance);
        self.remove(slot);
        let notice = self.instances(pool).spec.notice;
        let pulled = if notice.is_none() { self.instances(pool).best_for(instance) } else { None };
        if let Some((turn, lane)) = pulled {
            let reference = self.dispatch_task(pool, turn, lane, instance, By::Pull);
            self.hand_over(pool, instance, reference);
        } else {
            self.free_instance(pool, instance);
            self.give_notice(pool, slot);
        }
    }

    /// An instance that does not look for its next task says that it has none.
    pub(super) fn give_notice(&mut self, pool: u32, like: u32) {
        if let Some(notice) = self.instances(pool).spec.notice {
            let carrier = self.world.spawn(notice, pool, like, None);
            if carrier != NONE {
                self.world.go_on(carrier);
            }
        }
    }

    /// An instance has no task.
    pub(super) fn free_instance(&mut self, pool: u32, instance: u32) {
        self.mark_as(pool, instance, InstanceState::Free, None);
        self.instances(pool).give_back(instance);
        self.settle_pool(pool);
    }

    /// A request is out of the region: its class has a place, its locks are free.
    pub(super) fn remove(&mut self, slot: u32) {
        let task = &mut self.world.tasks[slot as usize];
        (task.stage, task.doomed) = (Stage::Outside, false);
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
