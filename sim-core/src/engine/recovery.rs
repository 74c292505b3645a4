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
                self.forget_registration(slot, carrier);
                self.book_parked(slot);
                self.world.tasks[slot as usize].stage = Stage::Outside;
                self.withdraw(carrier, status);
                self.tell_left(slot);
                self.leave_behind(slot, status);
                true
            }
            Stage::Waiting => {
                self.leave_lane(slot);
                self.tell_left(slot);
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

    /// The session of a request that leaves while it is being registered is not known.
    fn forget_registration(&mut self, slot: u32, carrier: u32) {
        let task = &self.world.tasks[carrier as usize];
        let call = self.world.model.calls.get(task.call as usize);
        if call.is_some_and(|call| call == "register") {
            let session = (task.pool, self.session(slot));
            self.regions.sessions.remove(&session);
        }
    }

    /// A check that finds nothing costs nothing. Whether this is one; it is over then.
    pub(super) fn nothing_leaked(&mut self, monitor: u32) -> bool {
        let pool = self.world.tasks[monitor as usize].pool;
        if !self.instances(pool).leaked.is_empty() {
            return false;
        }
        self.regions.checking.remove(&pool);
        self.skip_rest(monitor);
        true
    }

    /// A job of the system has nothing more to do.
    fn skip_rest(&mut self, slot: u32) {
        let mut pc = self.world.shared.jobs[slot].pc;
        while self.world.program[pc as usize] != Op::ChildExit {
            pc += 1;
        }
        self.world.shared.jobs[slot].pc = pc;
    }

    /// A request goes with its client before it has an instance.
    fn tell_left(&mut self, slot: u32) {
        let pool = self.world.tasks[slot as usize].pool;
        let outcome = self.instances(pool).spec.disconnected;
        self.world.tasks[slot as usize].outcome = outcome;
        self.world.tell(TaskEventKind::Removed, slot, |event| event.detail = u32::from(outcome));
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
        // What died before its client left is lost, or begins anew.
        if task.ended.is_some() || task.orphan && status == Status::Lost {
            return;
        }
        task.ended = Some(status);
        let (pool, is_orphan) = (task.pool, task.orphan);
        self.world.tasks[slot as usize].outcome = self.instances(pool).spec.disconnected;
        if is_orphan {
            // The monitor will come to it.
            return;
        }
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
            let is_end = |op| matches!(op, TaskOp::Next | TaskOp::TakeOut);
            self.unwind_region(slot, (if locking { 0 } else { pools_open }, 0), is_end);
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

    /// Gives back what a task holds of stations in its region, up to an operation behind which it holds nothing there.
    fn unwind_region(
        &mut self,
        slot: u32,
        (mut pools_open, mut servers_open): (usize, usize),
        until: fn(TaskOp) -> bool,
    ) -> usize {
        let mut pc = self.world.shared.jobs[slot].pc as usize;
        loop {
            match self.world.program[pc] {
                Op::Task(op) if until(op) => return pc,
                Op::Exit | Op::ChildExit => return pc,
                Op::Acquire { .. } => pools_open += 1,
                Op::Balance { .. } => servers_open += 1,
                Op::Release { .. } if pools_open > 0 => pools_open -= 1,
                Op::Release { pool } => self.give_token(slot, pool),
                Op::Leave { .. } if servers_open > 0 => servers_open -= 1,
                Op::Leave { balancer } => self.leave_server(slot, balancer),
                _ => {}
            }
            pc += 1;
        }
    }

    /// A task is turned away by a station that it asks: it ends there, with an outcome, and its instance goes on. Whether it
    /// was one. `pools_open`, `servers_open`: as of [`unwind`](Engine::unwind).
    #[cold]
    pub(super) fn task_fails(&mut self, slot: u32, pools_open: usize, servers_open: usize) -> bool {
        if !self.world.tasked || self.world.tasks[slot as usize].stage != Stage::Begun {
            return false;
        }
        let is_end = |op| matches!(op, TaskOp::Respond { .. } | TaskOp::RespondBy { .. });
        let end = self.unwind_region(slot, (pools_open, servers_open), is_end);
        let pool = self.world.tasks[slot as usize].pool;
        self.world.tasks[slot as usize].outcome = self.instances(pool).spec.lost;
        self.world.shared.jobs[slot].pc = end as u32;
        self.world.go_on(slot);
        true
    }

    /// The instance of a stopped task is gone, and the monitor is called.
    pub(super) fn take_out_instance(&mut self, slot: u32) {
        let reference = self.world.refer(slot);
        let task = &self.world.tasks[slot as usize];
        let (pool, instance) = (task.pool, task.instance);
        self.mark_as(pool, instance, InstanceState::Absent, None);
        let instances = self.instances(pool);
        // What the call never reached is gone too: no check is to send it back.
        instances.leaked.remove(&instance);
        let was_alive = instances.goes(instance);
        let program = instances.spec.recover;
        if was_alive {
            self.world.tell(TaskEventKind::Out, slot, |event| event.instance = Some(instance));
        }
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
                for instance in std::mem::take(&mut self.instances(pool).leaked) {
                    let holder = self.instances(pool).all[instance as usize].holder;
                    if let Some(slot) = holder.and_then(|holder| self.world.find(holder)) {
                        self.send_back(slot);
                    }
                    self.free_instance(pool, instance);
                }
                if !self.instances(pool).leaked.is_empty() {
                    self.plan_check(pool, 1, Matter::Leaks);
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
            // Its client has left.
            Stage::Dispatched | Stage::Begun if self.world.tasks[slot as usize].ended.is_some() => {
                self.remove_orphan(slot);
            }
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
        if self.world.tasks[slot as usize].with_client {
            // Its client waits anew from here on, and has had the answers up to here.
            self.exchange(slot);
        }
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
        if self.world.tasks[slot as usize].doomed {
            self.stop_now(slot);
        }
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
            let outs = self.instances(pool).all[instance as usize].outs;
            self.world.tasks[starter as usize].budget = u64::from(outs);
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
        let state = &self.instances(pool).all[instance as usize];
        // Whoever has come up and gone again meanwhile has another start of its own.
        let is_up = state.alive || u64::from(state.outs) != self.world.tasks[starter as usize].budget;
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
        // It may have died, and been taken stock of, since it asked.
        if self.instances(pool).all[instance as usize].gone {
            return;
        }
        let pulls = self.instances(pool).spec.notice.is_none();
        let best = if pulls { self.instances(pool).best_for(instance) } else { None };
        if let Some((turn, lane)) = best {
            let reference: JobRef = self.dispatch_task(pool, turn, lane, instance, By::Pull);
            self.hand_over(pool, instance, reference);
        } else {
            self.free_instance(pool, instance);
            self.give_notice(pool, NONE);
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
