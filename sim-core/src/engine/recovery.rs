//! What goes wrong around instances, and who sees to it: clients that leave, processes that die, calls that never arrive.
//!
//! Two truths are kept apart. An instance that has died does nothing more at once; the pool goes on to give it away until the
//! monitor has called [`recover`](Engine::recover), whose effect, like that of every call, comes at its end.

use super::Engine;
use super::task::{Matter, NO_CALL, Stage};
use crate::event::{EventKey, Phase};
use crate::instances::JobRef;
use crate::job::{NONE, State};
use crate::model::{InstanceState, Op, TaskOp};
use crate::record::Recorder;
use crate::trace::{By, PlaceKind, Status, TaskEventKind};
use crate::units::{Span, Time};

impl<R: Recorder, const PLAIN: bool> Engine<'_, R, PLAIN> {
    /// A job that leaves early is, or may be, in a region; whether that is seen to here.
    pub(super) fn leaves_region(&mut self, slot: u32, status: Status) -> bool {
        match self.world.tasks[slot as usize].stage {
            Stage::Outside => false,
            Stage::Carried => {
                let carrier = self.world.tasks[slot as usize].carrier;
                self.book_parked(slot);
                self.world.tasks[slot as usize].stage = Stage::Outside;
                self.withdraw(carrier, status);
                self.leave_behind(slot, status);
                true
            }
            Stage::Waiting => {
                self.leave_lane(slot);
                self.leave_behind(slot, status);
                true
            }
            // The monitor removes it.
            Stage::Dispatched | Stage::Begun => {
                self.disconnected(slot, status);
                true
            }
            // It has its answer.
            Stage::Ending => true,
        }
    }

    /// A job that is in no region any more ends, with what is around the region in its program.
    fn leave_behind(&mut self, slot: u32, status: Status) {
        let after = self.world.model.submits[self.world.tasks[slot as usize].submit as usize].after;
        self.world.shared.jobs[slot].pc = after;
        self.unwind(slot, 0, 0);
        if self.world.shared.jobs[slot].parent == NONE {
            self.world.exit(slot, status);
        } else {
            self.child_exit(slot);
        }
    }

    /// The client of a task leaves, if it is still the one.
    pub(super) fn client_leaves(&mut self, slot: u32) {
        self.world.tasks[slot as usize].disconnect = 0;
        self.disconnected(slot, Status::Lost);
    }

    /// A dispatched task goes no further, and its instance is taken out.
    fn disconnected(&mut self, slot: u32, status: Status) {
        let task = &mut self.world.tasks[slot as usize];
        if task.ended.is_some() || task.orphan {
            return;
        }
        task.ended = Some(status);
        let pool = task.pool;
        self.world.tasks[slot as usize].outcome = self.instances(pool).spec.disconnected;
        self.stop(slot);
        self.take_out_instance(slot);
    }

    /// A task stops where it is: it stays in the region, at no station. A call that has the lock goes on to its end.
    fn stop(&mut self, slot: u32) {
        let in_call = self.world.tasks[slot as usize].call != NO_CALL;
        if in_call && self.world.shared.jobs[slot].state == State::Delayed {
            self.world.tasks[slot as usize].doomed = true;
            return;
        }
        self.stop_now(slot);
    }

    fn stop_now(&mut self, slot: u32) {
        let parked = self.world.shared.jobs[slot].state == State::Parked;
        if !parked {
            let locking = std::mem::take(&mut self.world.tasks[slot as usize].locking);
            let pools_open = self.take_from_station(slot);
            self.unwind_region(slot, if locking { 0 } else { pools_open });
        }
        self.orphan(slot);
    }

    /// A task is nowhere from now on.
    pub(super) fn orphan(&mut self, slot: u32) {
        let now = self.world.shared.now;
        let task = &mut self.world.tasks[slot as usize];
        (task.orphan, task.doomed, task.call) = (true, false, NO_CALL);
        let job = &mut self.world.shared.jobs[slot];
        if job.state != State::Parked {
            (job.state, job.since) = (State::Parked, now);
        }
    }

    /// Gives back what a task holds of stations in its region, up to the end of its part of the program.
    fn unwind_region(&mut self, slot: u32, mut pools_open: usize) {
        let mut pc = self.world.shared.jobs[slot].pc as usize;
        loop {
            match self.world.program[pc] {
                Op::Task(TaskOp::Next | TaskOp::TakeOut) | Op::Exit | Op::ChildExit => return,
                Op::Acquire { .. } => pools_open += 1,
                Op::Release { .. } if pools_open > 0 => pools_open -= 1,
                Op::Release { pool } => self.give_token(slot, pool),
                _ => {}
            }
            pc += 1;
        }
    }

    /// The instance of a stopped task is gone, and the monitor is called.
    pub(super) fn take_out_instance(&mut self, slot: u32) {
        let reference = self.world.refer(slot);
        let task = &self.world.tasks[slot as usize];
        let (pool, instance) = (task.pool, task.instance);
        self.mark_as(pool, instance, InstanceState::Absent, None);
        let instances = self.instances(pool);
        instances.all[instance as usize].alive = false;
        let program = instances.spec.recover;
        self.world.tell(TaskEventKind::Out, slot, |event| event.instance = Some(instance));
        let monitor = self.world.spawn(program, pool, slot, Some(reference));
        if monitor != NONE {
            self.world.tasks[monitor as usize].matter = Matter::Out(reference, instance);
            self.world.go_on(monitor);
        }
    }

    /// A process dies, with all its instances.
    pub(super) fn die(&mut self, index: usize) {
        let (pool, death) = self.regions.deaths[index];
        if !self.regions.down.insert((pool, death.process)) {
            return;
        }
        let spec = self.instances(pool).spec;
        for instance in &spec.processes[death.process as usize] {
            self.mark_as(pool, *instance, InstanceState::Absent, None);
            let state = &mut self.instances(pool).all[*instance as usize];
            let was_alive = std::mem::replace(&mut state.alive, false);
            let holder = state.holder;
            if was_alive {
                self.world.tell(TaskEventKind::Out, NONE, |event| {
                    (event.pool, event.instance) = (pool, Some(*instance));
                });
            }
            let Some(slot) = holder.and_then(|holder| self.world.find(holder)) else { continue };
            let task = &self.world.tasks[slot as usize];
            if task.reached && !task.orphan {
                self.stop(slot);
            }
        }
        if death.local {
            let monitor = self.world.spawn(spec.recover, pool, NONE, None);
            if monitor != NONE {
                self.world.tasks[monitor as usize].matter = Matter::Process(death.process);
                self.world.go_on(monitor);
            }
        } else {
            self.plan_check(pool, spec.misses, Matter::Process(death.process));
        }
    }

    /// The `nth` periodic check from now on will see this.
    pub(super) fn plan_check(&mut self, pool: u32, nth: u32, matter: Matter) {
        let now = self.world.shared.now;
        let spec = self.instances(pool).spec;
        let Some(Span(period)) = spec.check else { return };
        if matter == Matter::Leaks && !self.regions.checking.insert(pool) {
            return;
        }
        let first = now.0.div_ceil(period).saturating_mul(period);
        let at = Time(first.saturating_add(period.saturating_mul(u64::from(nth.max(1) - 1))));
        let monitor = self.world.spawn(spec.recover, pool, NONE, None);
        if monitor != NONE {
            self.world.tasks[monitor as usize].matter = matter;
            self.world.wait_until(monitor, at, Phase::Look);
        }
    }

    /// The monitor's call takes effect: what it was made for is seen to, and whatever can run now is handed out.
    pub(super) fn recover(&mut self, monitor: u32) {
        let task = &self.world.tasks[monitor as usize];
        let (pool, matter) = (task.pool, task.matter);
        let spec = self.instances(pool).spec;
        let mut by = By::Recovery;
        let mut back: (Vec<u32>, Option<Span>) = (Vec::new(), None);
        let mut of = Matter::None;
        match matter {
            Matter::Process(process) => {
                let all = &spec.processes[process as usize];
                for instance in all {
                    self.recover_instance(pool, *instance);
                }
                back = (all.clone(), spec.process_restart);
                of = matter;
            }
            Matter::Out(reference, instance) => {
                self.instances(pool).take_away(instance);
                if let Some(slot) = self.world.find(reference) {
                    self.remove_orphan(slot);
                }
                back = (vec![instance], spec.restart);
            }
            Matter::Leaks => {
                by = By::Check;
                self.regions.checking.remove(&pool);
                for instance in 0..spec.kind_of.len() as u32 {
                    let state = &self.instances(pool).all[instance as usize];
                    if !state.leaked {
                        continue;
                    }
                    if let Some(slot) = state.holder.and_then(|holder| self.world.find(holder)) {
                        self.send_back(slot);
                    }
                    self.free_instance(pool, instance);
                }
            }
            Matter::None | Matter::Emit(_) => {}
        }
        self.settle_pool(pool);
        while let Some(found) = self.dispatch_best(pool, by, true) {
            let caller = self.world.spawn(spec.invoke, pool, NONE, Some(found.0));
            if caller == NONE {
                return;
            }
            self.world.tasks[caller as usize].found = Some(found);
            self.world.go_on(caller);
        }
        if let (instances, Some(after)) = back {
            for instance in instances {
                self.start_instance(pool, instance, after, of);
            }
        }
    }

    /// An instance of a dead process, and the task that the pool takes it to have.
    fn recover_instance(&mut self, pool: u32, instance: u32) {
        let holder = self.instances(pool).all[instance as usize].holder;
        self.instances(pool).take_away(instance);
        let Some(slot) = holder.and_then(|holder| self.world.find(holder)) else { return };
        let requeue = self.instances(pool).spec.requeue;
        if self.world.tasks[slot as usize].doomed {
            self.stop_now(slot);
        }
        match self.world.tasks[slot as usize].stage {
            Stage::Dispatched => self.send_back(slot),
            Stage::Begun if requeue => {
                self.world.tell(TaskEventKind::BegunAgain, slot, |_| {});
                self.free_locks(slot);
                self.send_back(slot);
            }
            Stage::Begun => {
                let outcome = self.instances(pool).spec.lost;
                let task = &mut self.world.tasks[slot as usize];
                task.outcome = outcome;
                task.ended.get_or_insert(Status::Lost);
                self.remove_orphan(slot);
            }
            Stage::Ending => self.remove_orphan(slot),
            Stage::Outside | Stage::Carried | Stage::Waiting => {}
        }
    }

    /// A task goes back to its place in the queue, and begins anew when it gets an instance.
    fn send_back(&mut self, slot: u32) {
        self.book_parked(slot);
        let task = &mut self.world.tasks[slot as usize];
        let (pool, lane, turn) = (task.pool, task.lane, task.turn);
        (task.instance, task.orphan, task.reached) = (NONE, false, false);
        if std::mem::take(&mut task.disconnect) != 0 {
            self.world.stale += 1;
        }
        let resume = self.world.model.submits[self.world.tasks[slot as usize].submit as usize].resume;
        self.world.shared.jobs[slot].pc = resume;
        self.instances(pool).settle(lane);
        if let Some(turn) = turn {
            self.stand(slot, lane, turn);
        }
    }

    /// A task that is over without an end of its own leaves its region.
    fn remove_orphan(&mut self, slot: u32) {
        self.book_parked(slot);
        self.world.tasks[slot as usize].orphan = false;
        let status = self.world.tasks[slot as usize].ended.take().unwrap_or(Status::Completed);
        self.remove(slot);
        self.leave_behind(slot, status);
    }

    /// An instance is started, and is there after a while.
    pub(super) fn start_instance(&mut self, pool: u32, instance: u32, after: Span, of: Matter) {
        let program = self.instances(pool).spec.back;
        let starter = self.world.spawn(program, pool, NONE, None);
        if starter != NONE {
            self.world.tasks[starter as usize].instance = instance;
            self.world.tasks[starter as usize].matter = of;
            self.world.shared.jobs[starter].value = after.0;
            self.world.go_on(starter);
        }
    }

    /// A started instance is there; whether its start goes on.
    pub(super) fn come_up(&mut self, starter: u32) -> bool {
        let task = &self.world.tasks[starter as usize];
        let (pool, instance) = (task.pool, task.instance);
        let by_process = matches!(task.matter, Matter::Process(_));
        let process = self.instances(pool).process_of[instance as usize];
        let is_up = self.instances(pool).all[instance as usize].alive;
        // It comes with its process, or has come with it.
        if is_up || !by_process && self.regions.down.contains(&(pool, process)) {
            self.child_exit(starter);
            return false;
        }
        self.instances(pool).all[instance as usize].alive = true;
        self.mark_as(pool, instance, InstanceState::Free, None);
        self.instances(pool).is_there(instance);
        self.regions.down.remove(&(pool, process));
        self.world
            .tell(TaskEventKind::Up, NONE, |event| (event.pool, event.instance) = (pool, Some(instance)));
        true
    }

    /// A started instance takes the best that it may run.
    pub(super) fn pull(&mut self, starter: u32) {
        let task = &self.world.tasks[starter as usize];
        let (pool, instance) = (task.pool, task.instance);
        let pulls = self.instances(pool).spec.notice.is_none();
        let best = if pulls { self.instances(pool).best_for(instance) } else { None };
        match best {
            Some((turn, lane)) => {
                let reference: JobRef = self.dispatch_task(pool, turn, lane, instance, By::Pull);
                self.hand_over(pool, instance, reference);
            }
            None => {
                self.free_instance(pool, instance);
                self.give_notice(pool, NONE);
            }
        }
    }

    /// A client's timer in a model with tasks; whether it was one of a task's.
    pub(super) fn task_timer(&mut self, key: EventKey) -> bool {
        let slot = key.awaiting_slot();
        let sequence = key.awaited_sequence();
        if self.world.tasks[slot as usize].disconnect == sequence {
            self.client_leaves(slot);
            return true;
        }
        if self.world.is_delayed(key) {
            self.book_blocked(slot, self.world.shared.jobs[slot].station, PlaceKind::Delay);
            self.advance(slot);
            return true;
        }
        false
    }
}
