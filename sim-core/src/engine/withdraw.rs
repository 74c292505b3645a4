//! Jobs that leave before their programs end: clients that give up, deadlines that end jobs, servers that fail.

use super::{Engine, World};
use crate::event::{EventKey, Phase};
use crate::job::{Job, NONE, State};
use crate::kernel::Notice;
use crate::model::{OnTimeout, TimeoutUntil};
use crate::processor::Server;
use crate::record::Recorder;
use crate::trace::{PlaceKind, Status};
use crate::units::{Span, Time, Work};

impl<R: Recorder, const PLAIN: bool> World<'_, R, PLAIN> {
    /// Schedules a new job's timer: when its client gives up, or its deadline where that ends it, whichever is first.
    #[inline(never)]
    pub fn arm(&mut self, slot: u32) {
        let now = self.shared.now;
        let job = &mut self.shared.jobs[slot];
        (job.timer, job.abandoned, job.attended) = (0, false, false);
        let number = job.number;
        if self.tasked {
            self.reset_task(slot, number, now);
        }
        let job = &self.shared.jobs[slot];
        let mut at = Time::NEVER;
        if let Some((timeout, stream)) = &mut self.sources[job.source as usize].timeout {
            at = Time(now.0.saturating_add(timeout.after.sample(stream)));
        }
        self.arm_at(slot, at.min(self.end_at_deadline(slot)));
    }

    /// The deadline that ends the job in `slot`; [`Time::NEVER`] where none does.
    fn end_at_deadline(&self, slot: u32) -> Time {
        let job = &self.shared.jobs[slot];
        if self.shared.attributes[job.attributes as usize].abort_on_miss { job.deadline } else { Time::NEVER }
    }

    fn arm_at(&mut self, slot: u32, at: Time) {
        // What lies past the horizon never happens.
        if at <= self.horizon && at <= Time::LATEST {
            let sequence = self.next_sequence(at);
            self.queue.push(EventKey::by_sequence(at, Phase::Timer, slot, sequence));
            self.shared.jobs[slot].timer = sequence;
        }
    }

    /// A job leaves: its timer is void. Gives how it ended, and whether its client is still there.
    pub fn disarm(&mut self, slot: u32, status: Status) -> (Status, bool) {
        let job = &mut self.shared.jobs[slot];
        if std::mem::take(&mut job.timer) != 0 {
            self.stale += 1;
        }
        if job.abandoned { (Status::TimedOut, false) } else { (status, true) }
    }
}

impl<R: Recorder, const PLAIN: bool> Engine<'_, R, PLAIN> {
    /// A client's patience or a deadline is over.
    pub(super) fn timer(&mut self, key: EventKey) {
        let slot = key.awaiting_slot();
        let now = self.world.shared.now;
        let job = &mut self.world.shared.jobs[slot];
        if job.timer != key.awaited_sequence() {
            if self.world.tasked && self.task_timer(key) {
                return;
            }
            return self.world.overtaken();
        }
        job.timer = 0;
        let source = job.source;
        let deadline = self.world.end_at_deadline(slot);
        if now >= deadline {
            return self.withdraw(slot, Status::TimedOut);
        }
        let Some((timeout, _)) = &self.world.sources[source as usize].timeout else { return };
        match (timeout.until, timeout.then) {
            (TimeoutUntil::FirstRun, _) if self.is_attended(slot) => {}
            (_, OnTimeout::Withdraw) => return self.withdraw(slot, Status::TimedOut),
            (_, OnTimeout::Abandon) => {
                self.world.shared.jobs[slot].abandoned = true;
                self.world.think(source);
            }
        }
        self.world.arm_at(slot, deadline);
    }

    /// Whether a job has been served anywhere: a core or a device took it, it got a token, or one of these has happened
    /// to a child that it waits for. Looked for when a patience is over, so that nothing is kept while cores are given.
    fn is_attended(&self, slot: u32) -> bool {
        let jobs = &self.world.shared.jobs;
        let job = &jobs[slot];
        if job.is_served() {
            return true;
        }
        if job.state != State::Joining {
            return false;
        }
        let mut parents = vec![(slot, job.awaits)];
        while let Some((parent, fork)) = parents.pop() {
            for (child, job) in jobs.iter().filter(|(_, job)| job.parent == parent && job.child_of == fork) {
                if job.is_served() {
                    return true;
                }
                if job.state == State::Joining {
                    parents.push((child, job.awaits));
                }
            }
        }
        false
    }

    /// Ends a job where it is. A child counts as done for its parent.
    pub(super) fn withdraw(&mut self, slot: u32, status: Status) {
        if self.world.tasked && self.leaves_region(slot, status) {
            return;
        }
        self.take_out(slot);
        if self.world.shared.jobs[slot].parent == NONE {
            self.world.exit(slot, status);
        } else {
            self.child_exit(slot);
        }
    }

    /// Takes a job from wherever it is, books its time there, and gives back what it holds.
    fn take_out(&mut self, slot: u32) {
        let pools_open = self.take_from_station(slot);
        self.unwind(slot, pools_open, 0);
    }

    /// Takes a job from wherever it is and books its time there. How many scopes of pools it stands in without a token.
    pub(super) fn take_from_station(&mut self, slot: u32) -> usize {
        let job = &self.world.shared.jobs[slot];
        let (station, fork) = (job.station, job.awaits);
        // A job that queues for a token stands in that pool's scope without holding one.
        let mut pools_open = 0;
        match job.state {
            State::Ready => self.take_from_queue(slot, station),
            State::Running => self.take_from_cores(slot, station),
            State::Queued => {
                self.pools[station as usize].withdraw(slot, self.world.shared.now);
                self.leave_pool_queue(slot, station);
                pools_open = 1;
            }
            State::Delayed => {
                self.world.stale += 1;
                self.book_blocked(slot, station, PlaceKind::Delay);
            }
            State::Parked => self.book_parked(slot),
            State::Joining => {
                self.book_blocked(slot, self.world.sums.join_component, PlaceKind::Join);
                self.withdraw_children(slot, fork);
            }
            // A token has just come to it.
            State::Moving => self.world.stays(slot),
            State::Free => {}
        }
        pools_open
    }

    fn take_from_queue(&mut self, slot: u32, processor: u32) {
        let now = self.world.shared.now;
        let state = &mut self.processors[processor as usize];
        state.integrate_ready(now);
        state.ready -= 1;
        // The scheduler may not have been told of it yet.
        let unseen = state.kernel.as_mut().is_some_and(|kernel| kernel.forget(slot));
        if !unseen && let Server::Picks(policy) = &mut state.server {
            policy.withdraw(slot);
        }
        let job = &mut self.world.shared.jobs[slot];
        let (since, number) = (job.since, job.number);
        let waited = now - since;
        if state.device {
            job.blocked += waited;
        } else {
            job.ready += waited;
        }
        job.state = State::Moving;
        if !self.world.lean {
            self.world.part(slot, state.component).waiting += waited.0;
        }
        self.world.stay(number, PlaceKind::Ready(processor), since);
        // Ticks are asked for anew.
        self.mark(processor);
    }

    fn take_from_cores(&mut self, slot: u32, processor: u32) {
        let now = self.world.shared.now;
        let done = if matches!(self.processors[processor as usize].server, Server::Shares(_)) {
            self.take_from_shares(slot, processor)
        } else {
            let global = self.world.shared.jobs[slot].last_core;
            let state = &mut self.processors[processor as usize];
            let seat = &mut self.world.shared.cores[global as usize];
            let ran = Work(seat.work_until(now).0.min(self.world.shared.jobs[slot].remaining));
            let (core, since_dispatch) = (seat.index, Work(seat.ran + ran.0));
            // In the kernel the core's event is not the job's.
            if !state.is_in_kernel(core) && std::mem::take(&mut seat.event) != 0 {
                self.world.stale += 1;
            }
            self.world.vacate(state, core, ran.0);
            state.totals.withdrawals += 1;
            if state.wants.left
                && let Server::Picks(policy) = &mut state.server
            {
                policy.left(slot, since_dispatch, &self.world.shared, &mut state.seats);
            }
            if self.processors[processor as usize].kernel.is_some() {
                self.core_left(processor, core, Notice::Exit);
            }
            ran.0
        };
        self.world.shared.jobs[slot].state = State::Moving;
        if !self.processors[processor as usize].owners.is_empty() {
            self.book_owed(slot, processor, done);
        }
        self.mark(processor);
    }

    /// Takes a job from a sharing processor; the work that it did there.
    fn take_from_shares(&mut self, slot: u32, processor: u32) -> u64 {
        let now = self.world.shared.now;
        self.record_shares(processor);
        let state = &mut self.processors[processor as usize];
        state.integrate_shared(now);
        let Server::Shares(shared) = &mut state.server else { return 0 };
        let job = &mut self.world.shared.jobs[slot];
        let left = shared.withdraw(slot, job.burst);
        let done = job.burst - left;
        let present = now - job.since;
        let speed = self.world.shared.cores[state.seats.first as usize].speed;
        let service = speed.time_for_ceil(Work(done)).min(present);
        let waited = Span(present.0 - service.0);
        if state.device {
            job.blocked += present;
        } else {
            job.served += service;
            job.ready += waited;
        }
        (job.remaining, job.since) = (left, now);
        if !self.world.lean {
            let part = self.world.part(slot, state.component);
            part.service += service.0;
            part.waiting += waited.0;
        }
        done
    }

    /// The children that a job waits for end with it. Those of a fork that it waits for no more go on on their own.
    fn withdraw_children(&mut self, parent: u32, fork: u64) {
        let of_fork = self.world.children.as_mut().and_then(|children| children.remove(&fork));
        let mut children = of_fork.unwrap_or_default();
        // Those that are done already may have left their slots to others.
        let jobs = &self.world.shared.jobs;
        let is_there = |job: &Job| job.state != State::Free && job.parent == parent && job.child_of == fork;
        children.retain(|slot| is_there(&jobs[*slot]));
        children.sort_unstable();
        for child in children {
            self.withdraw(child, Status::TimedOut);
        }
    }
}
