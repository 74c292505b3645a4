//! Processors: jobs join ready queues, schedulers decide; `cores` carries the decisions out.

use super::Engine;
use super::cores::book_run;
use super::explain::Ask;
use crate::event::{EventKey, Phase};
use crate::job::{Job, NONE, State};
use crate::kernel::Notice;
use crate::measure::ProcessorMeasures;
use crate::policy::{Pick, Why};
use crate::processor::{Core, Server, first_idle};
use crate::record::Recorder;
use crate::rng::below;
use crate::ties::{Boost, IdleCore};
use crate::trace::{Crowd, DecisionKind, Segment, SegmentKind};
use crate::units::{Span, Time, Work};

impl<R: Recorder, const PLAIN: bool> Engine<'_, R, PLAIN> {
    /// A job comes to a processor with `work` to do.
    #[inline(always)]
    pub(super) fn join_processor(&mut self, slot: u32, processor: u32, work: u64) {
        self.join_processor_with(slot, processor, work, |_| {});
    }

    /// [`join_processor`](Engine::join_processor), with something to be noted on the job by the way.
    #[inline(always)]
    pub(super) fn join_processor_with(
        &mut self,
        slot: u32,
        processor: u32,
        work: u64,
        note: impl FnOnce(&mut Job),
    ) {
        let world = &mut self.world;
        let direct = world.nothing_else_now();
        let now = world.shared.now;
        let state = &mut self.processors[processor as usize];
        let job = &mut world.shared.jobs[slot];
        note(job);
        job.burst = work;
        job.remaining = work;
        job.since = now;
        job.state = State::Ready;
        job.station = processor;
        if !PLAIN {
            job.expired = false;
        }
        let mut visited = std::mem::replace(&mut job.visited, processor + 1);
        if !(PLAIN || world.lean) {
            visited = std::mem::replace(&mut world.part(slot, state.component).visited, processor + 1);
        }
        let why = if visited == processor + 1 { Why::Returned } else { Why::Arrived };
        if !PLAIN && state.kernel.is_some() {
            return self.join_interrupting(slot, processor, why);
        }
        let Server::Picks(policy) = &mut state.server else { return self.join_shared(slot, processor) };
        let at_once = direct && state.newcomer_runs && state.ready == 0 && state.idle > 0;
        if at_once && !world.recorder.wants_decisions() {
            // Nothing to choose from: the newcomer takes the lowest idle core at once.
            let core = if PLAIN { 0 } else { first_idle(&state.idle_mask) };
            let pick = policy.ready_and_pick(slot, why, Work(0), core, &world.shared, &mut state.seats);
            return world.start(state, processor, core, pick);
        }
        policy.ready(slot, why, Work(0), &world.shared, &mut state.seats);
        state.integrate_ready(now);
        state.ready += 1;
        if at_once {
            // The same decision at the same place in the order, with its record.
            return self.dispatch(processor);
        }
        if state.idle > 0 || !state.simple {
            self.mark(processor);
        }
    }

    /// Work on a core is complete.
    #[inline(always)]
    pub(super) fn work_done(&mut self, key: EventKey) {
        let world = &mut self.world;
        let now = world.shared.now;
        let global = key.entity();
        let seat = &mut world.shared.cores[global as usize];
        if seat.event != key.sequence() {
            return world.overtaken();
        }
        let (slot, processor, core) = (seat.job, seat.processor, seat.index);
        let state = &mut self.processors[processor as usize];
        if !PLAIN && matches!(state.server, Server::Shares(_)) {
            return self.shared_change(processor);
        }
        let interrupts = !PLAIN && state.kernel.is_some();
        if interrupts && state.is_in_kernel(core) {
            return self.kernel_step(processor, core);
        }
        let job = &mut world.shared.jobs[slot];
        let done = job.remaining;
        book_run::<PLAIN>(seat, job, state, now, done);
        seat.job = NONE;
        seat.idle_since = now;
        job.state = State::Moving;
        let (tail, server) = (job.tail, job.server);
        state.give_idle::<PLAIN>(core);
        state.totals.completions += 1;
        if !(PLAIN || world.lean) || R::TRACE {
            world.account_run(state, slot, global);
        }
        if state.wants.left
            && let Server::Picks(policy) = &mut state.server
        {
            let before = if PLAIN { 0 } else { world.shared.cores[global as usize].ran };
            policy.left(slot, Work(before + done), &world.shared, &mut state.seats);
        }
        if !PLAIN && !state.owners.is_empty() {
            self.book_owed(slot, processor, done);
        }
        if interrupts {
            self.core_left(processor, core, Notice::Exit);
        }
        self.after_work(slot, tail, server);
        let world = &mut self.world;
        let state = &mut self.processors[processor as usize];
        if state.ready == 0 {
            return;
        }
        // A core has fallen free while jobs are ready: decide now if nothing else can happen, else later.
        let at_once = state.simple && (PLAIN || state.idle == 1) && world.nothing_else_now();
        if at_once
            && !world.recorder.wants_decisions()
            && let Server::Picks(policy) = &mut state.server
        {
            // The only idle core is this one, unless the job came back to it and left others waiting.
            let core = if PLAIN || state.seats.count == 1 { 0 } else { first_idle(&state.idle_mask) };
            let pick = policy.pick(core, &world.shared, &mut state.seats);
            return world.accept(state, processor, core, pick);
        }
        if at_once {
            return self.dispatch(processor);
        }
        self.mark(processor);
    }

    /// [`slice_end`](Engine::slice_end) where it is not worth a copy of its own.
    pub(super) fn slice_end_early(&mut self, key: EventKey) {
        self.slice_end(key);
    }

    /// A slice ends before the work does.
    #[inline(always)]
    pub(super) fn slice_end(&mut self, key: EventKey) {
        let world = &mut self.world;
        let now = world.shared.now;
        let global = key.entity();
        let seat = &mut world.shared.cores[global as usize];
        if seat.event != key.sequence() {
            return world.overtaken();
        }
        let (slot, processor, core) = (seat.job, seat.processor, seat.index);
        let state = &mut self.processors[processor as usize];
        let ran = if PLAIN || state.plain { Work(now.from(seat.assigned).0) } else { seat.work_until(now) };
        let job = &mut world.shared.jobs[slot];
        book_run::<PLAIN>(seat, job, state, now, ran.0);
        job.state = State::Ready;
        if !PLAIN {
            job.expired = true;
        }
        state.totals.slice_ends += 1;
        if !(PLAIN || world.lean) || R::TRACE {
            world.account_run(state, slot, global);
        }
        if !PLAIN && !state.owners.is_empty() {
            self.book_owed(slot, processor, ran.0);
        }
        let world = &mut self.world;
        let state = &mut self.processors[processor as usize];
        let ran = if PLAIN { ran } else { Work(ran.0 + world.shared.cores[global as usize].ran) };
        if !PLAIN && state.kernel.is_some() {
            world.fall_idle(state, core);
            state.integrate_ready(now);
            state.ready += 1;
            return self.slice_ended(slot, processor, core, ran);
        }
        let Server::Picks(policy) = &mut state.server else { return };
        let at_once = state.simple && world.nothing_else_now();
        if at_once && !world.recorder.wants_decisions() {
            let pick = policy.ready_and_pick(slot, Why::SliceEnd, ran, core, &world.shared, &mut state.seats);
            // One joined and one left: the ready queue is as long as before, and the core was never idle.
            return world.put_on::<false>(state, processor, core, pick);
        }
        policy.ready(slot, Why::SliceEnd, ran, &world.shared, &mut state.seats);
        world.fall_idle(state, core);
        state.integrate_ready(now);
        state.ready += 1;
        if at_once {
            return self.dispatch(processor);
        }
        self.mark(processor);
    }

    /// Every marked processor decides, in index order.
    pub(super) fn dispatch_marked(&mut self) {
        if let [processor] = self.world.marked[..] {
            self.world.marked.clear();
            self.processors[processor as usize].marked = false;
            return self.dispatch(processor);
        }
        let mut marked = std::mem::take(&mut self.world.marked);
        marked.sort_unstable();
        for processor in marked.drain(..) {
            self.processors[processor as usize].marked = false;
            self.dispatch(processor);
        }
        self.world.marked = marked;
    }

    /// A processor decides: idle cores first, then newcomers that displace.
    fn dispatch(&mut self, processor: u32) {
        let state = &self.processors[processor as usize];
        if state.down {
            return;
        }
        if matches!(state.server, Server::Shares(_)) {
            return self.renew_shared(processor);
        }
        if state.kernel.is_some() {
            self.dispatch_interrupting(processor);
            if self.processors[processor as usize].wants.ticks {
                self.renew_tick(processor);
            }
            return;
        }
        while self.processors[processor as usize].ready > 0 && self.processors[processor as usize].idle > 0 {
            let core = self.choose_idle(processor, None);
            let pick = self.ask_pick(processor, core, Ask::Idle);
            if pick == Pick::NONE {
                break;
            }
            let core = self.stay_on_core(processor, core, pick);
            self.world.accept(&mut self.processors[processor as usize], processor, core, pick);
            if self.world.fault.is_some() {
                return;
            }
        }
        let state = &self.processors[processor as usize];
        if state.wants.preempt && state.ready > 0 && state.idle == 0 {
            self.preempt(processor);
        }
        if self.processors[processor as usize].wants.ticks {
            self.renew_tick(processor);
        }
    }

    /// Lets the policy take cores from running jobs until it has no better one waiting.
    fn preempt(&mut self, processor: u32) {
        // Each core can change hands once for each waiting job; more means that the policy goes in circles.
        let state = &self.processors[processor as usize];
        let bound = u64::from(state.ready) + u64::from(state.seats.count);
        for _ in 0..=bound {
            let state = &mut self.processors[processor as usize];
            let Server::Picks(policy) = &mut state.server else { return };
            if state.ready == 0 {
                return;
            }
            let Some(core) = policy.preempt(&self.world.shared, &mut state.seats) else { return };
            if state.seats.cores(&self.world.shared).get(core as usize).is_none_or(Core::is_idle) {
                return self
                    .world
                    .contract(processor, format!("it preempts core {core}, which runs nothing"));
            }
            let keys = self.candidates(processor);
            self.take_off(processor, core);
            let pick = self.ask_pick(processor, core, Ask::Taken(keys));
            self.world.accept(&mut self.processors[processor as usize], processor, core, pick);
            if self.world.fault.is_some() {
                return;
            }
        }
        self.world.contract(processor, "it keeps preempting at one instant".to_owned());
    }

    /// Takes a running job off its core and back into the ready queue.
    pub(super) fn take_off(&mut self, processor: u32, core: u32) {
        let now = self.world.shared.now;
        let first = self.processors[processor as usize].seats.first;
        let seat = &mut self.world.shared.cores[(first + core) as usize];
        let slot = seat.job;
        let ran = Work(seat.work_until(now).0.min(self.world.shared.jobs[slot].remaining));
        seat.event = 0;
        self.world.stale += 1;
        self.requeue(processor, core, ran.0);
        if !self.processors[processor as usize].owners.is_empty() {
            self.book_owed(slot, processor, ran.0);
        }
    }

    /// Puts a job back into the ready queue from its core, after `ran` of work that has not been booked yet.
    pub(super) fn requeue(&mut self, processor: u32, core: u32, ran: u64) {
        let now = self.world.shared.now;
        let global = self.processors[processor as usize].seats.first + core;
        let seat = &self.world.shared.cores[global as usize];
        let (slot, since_dispatch) = (seat.job, Work(seat.ran + ran));
        self.world.vacate(&mut self.processors[processor as usize], core, ran);
        let job = &mut self.world.shared.jobs[slot];
        job.state = State::Ready;
        job.expired = false;
        job.preemptions += 1;
        self.world.classes[job.class as usize].preemptions += 1;
        let state = &mut self.processors[processor as usize];
        state.totals.preemptions += 1;
        state.integrate_ready(now);
        state.ready += 1;
        if let Server::Picks(policy) = &mut state.server {
            policy.ready(slot, Why::Preempted, since_dispatch, &self.world.shared, &mut state.seats);
        }
    }

    /// Asks for a job for `core`, with a record of the decision where one is wanted.
    pub(super) fn ask_pick(&mut self, processor: u32, core: u32, ask: Ask) -> Pick {
        let (taken, candidates) = match ask {
            Ask::Idle => (false, self.candidates(processor)),
            Ask::Taken(candidates) => (true, candidates),
        };
        let state = &mut self.processors[processor as usize];
        let Server::Picks(policy) = &mut state.server else { return Pick::NONE };
        let pick = policy.pick(core, &self.world.shared, &mut state.seats);
        if self.world.recorder.wants_decisions() && pick != Pick::NONE {
            let kind = if taken {
                DecisionKind::Preempt { processor, core }
            } else {
                DecisionKind::Dispatch { processor, core: self.stay_on_core(processor, core, pick) }
            };
            self.record_pick(processor, kind, candidates, pick);
        }
        pick
    }

    /// Which idle core decides next. `newcomer`: the only job that can be picked, if that is known.
    pub(super) fn choose_idle(&mut self, processor: u32, newcomer: Option<u32>) -> u32 {
        let state = &self.processors[processor as usize];
        match self.world.shared.ties.idle_core {
            IdleCore::Lowest => state.lowest_idle(),
            IdleCore::LastUsed => newcomer
                .and_then(|slot| self.idle_last_core(processor, slot))
                .unwrap_or_else(|| state.lowest_idle()),
            IdleCore::Random => {
                let n = below(&mut self.world.idle_rng, u64::from(state.idle)) as u32;
                self.processors[processor as usize].nth_idle(n, &self.world.shared)
            }
        }
    }

    /// The core of this processor that the job ran on last, if it is idle.
    fn idle_last_core(&self, processor: u32, slot: u32) -> Option<u32> {
        let state = &self.processors[processor as usize];
        let core = self.world.shared.jobs[slot].last_core.checked_sub(state.seats.first)?;
        state.seats.cores(&self.world.shared).get(core as usize)?.is_idle().then_some(core)
    }

    /// A job whose slice has just ended goes on where it was, if that core is idle; so does every job under the tie
    /// rule `idle_core = last-used`.
    fn stay_on_core(&self, processor: u32, core: u32, pick: Pick) -> u32 {
        let state = &self.processors[processor as usize];
        if state.seats.count == 1 || pick == Pick::NONE || !self.world.is_valid(processor, pick) {
            return core;
        }
        let job = &self.world.shared.jobs[pick.slot];
        let stays = job.expired && job.since == self.world.shared.now
            || self.world.shared.ties.idle_core == IdleCore::LastUsed;
        if stays { self.idle_last_core(processor, pick.slot).unwrap_or(core) } else { core }
    }

    /// A policy's tick.
    pub(super) fn tick(&mut self, key: EventKey) {
        let processor = key.entity();
        let state = &mut self.processors[processor as usize];
        if state.tick_event != key.sequence() {
            return self.world.overtaken();
        }
        (state.tick_event, state.tick_at) = (0, Time::NEVER);
        if let Server::Picks(policy) = &mut state.server {
            policy.tick(&self.world.shared, &mut state.seats);
        }
        if self.processors[processor as usize].kernel.is_some() {
            return self.ask_to_decide(processor, 0);
        }
        self.mark(processor);
    }

    /// Asks a policy when it wants its next tick; none while no job is at the processor.
    fn renew_tick(&mut self, processor: u32) {
        let now = self.world.shared.now;
        let state = &mut self.processors[processor as usize];
        let Server::Picks(policy) = &mut state.server else { return };
        let busy = state.ready > 0 || state.idle < state.seats.count;
        let at = if busy { policy.next_tick(&self.world.shared, &mut state.seats) } else { Time::NEVER };
        if at == state.tick_at {
            return;
        }
        if state.tick_event != 0 {
            self.world.stale += 1;
        }
        (state.tick_event, state.tick_at) = (0, Time::NEVER);
        if at == Time::NEVER {
            return;
        }
        if at <= now {
            let what = format!("it asks for a tick at {at}, which is not in the future");
            return self.world.contract(processor, what);
        }
        let phase = match self.world.shared.ties.boost {
            Boost::AfterArrivals => Phase::Tick,
            Boost::BeforeArrivals => Phase::TickEarly,
        };
        let sequence = self.world.schedule(at, phase, processor);
        let state = &mut self.processors[processor as usize];
        (state.tick_event, state.tick_at) = (sequence, at);
    }

    /// A job comes to a sharing processor.
    fn join_shared(&mut self, slot: u32, processor: u32) {
        let now = self.world.shared.now;
        self.record_shares(processor);
        let state = &mut self.processors[processor as usize];
        state.integrate_shared(now);
        let job = &mut self.world.shared.jobs[slot];
        job.state = State::Running;
        job.first_run = job.first_run.min(now);
        let place = self.world.shared.attributes[job.attributes as usize].place;
        if let Server::Shares(shared) = &mut state.server {
            shared.join(slot, Work(job.burst), place, job.number);
        }
        self.mark(processor);
    }

    /// Jobs of a sharing processor are done, or two of its groups have met.
    fn shared_change(&mut self, processor: u32) {
        let now = self.world.shared.now;
        self.record_shares(processor);
        self.processors[processor as usize].integrate_shared(now);
        loop {
            let state = &mut self.processors[processor as usize];
            let Server::Shares(shared) = &mut state.server else { return };
            let jobs = &self.world.shared.jobs;
            let Some(slot) = shared.take_done(|slot| jobs[slot].burst) else { break };
            state.totals.completions += 1;
            let first = state.seats.first as usize;
            let device = state.device;
            let job = &mut self.world.shared.jobs[slot];
            let present = now - job.since;
            let service = self.world.shared.cores[first].speed.time_for_ceil(Work(job.burst)).min(present);
            let waited = present.0 - service.0;
            if device {
                job.blocked += present;
            } else {
                job.served += service;
                job.ready += Span(waited);
            }
            let done = job.remaining;
            job.remaining = 0;
            (job.state, job.since) = (State::Moving, now);
            if !self.world.lean {
                let part = self.world.part(slot, state.component);
                part.service += service.0;
                part.waiting += waited;
            }
            if !state.owners.is_empty() {
                self.book_owed(slot, processor, done);
            }
            self.world.go_on(slot);
        }
        self.mark(processor);
    }

    /// Schedules the next change of a sharing processor.
    pub(super) fn renew_shared(&mut self, processor: u32) {
        let state = &mut self.processors[processor as usize];
        let Server::Shares(shared) = &mut state.server else { return };
        let next = shared.next_change();
        let entity = state.seats.first;
        if std::mem::take(&mut self.world.shared.cores[entity as usize].event) != 0 {
            self.world.stale += 1;
        }
        if let Some(span) = next {
            let at = self.world.in_time(span);
            // A change past the end of time never comes; the horizon ends the run before.
            if at <= Time::LATEST {
                let sequence = self.world.schedule(at, Phase::WorkDone, entity);
                self.world.shared.cores[entity as usize].event = sequence;
            }
        }
    }

    /// Records the shares that held since the last change of a sharing processor.
    pub(super) fn record_shares(&mut self, processor: u32) {
        if !R::TRACE || !self.world.recorder.wants_segments() {
            return;
        }
        let now = self.world.shared.now;
        let state = &self.processors[processor as usize];
        let Server::Shares(shared) = &state.server else { return };
        let since = shared.updated();
        if since == now {
            return;
        }
        let waiting = shared.present() - state.served(shared);
        if waiting > 0 {
            self.world.recorder.crowd(Crowd { processor, start: since, end: now, waiting });
        }
        if !R::EACH_SHARE {
            for share in shared.sizes() {
                self.world.recorder.together(processor, share, since, now);
            }
            return;
        }
        let all = state.seats.count;
        for (index, (slot, cores, size)) in shared.shares().enumerate() {
            let job = self.world.shared.jobs[slot].number;
            self.world.recorder.segment(Segment {
                processor,
                core: index as u32 % all,
                job,
                kind: SegmentKind::Run,
                start: since,
                end: now,
                share: (cores, size),
                level: 0,
            });
        }
    }
}

/// Difference of two accounts of a processor.
pub(super) fn difference(end: &ProcessorMeasures, start: &ProcessorMeasures) -> ProcessorMeasures {
    ProcessorMeasures {
        busy: end.busy - start.busy,
        overhead: end.overhead - start.overhead,
        system: end.system - start.system,
        idle: end.idle - start.idle,
        ready_integral: end.ready_integral - start.ready_integral,
        completions: end.completions - start.completions,
        slice_ends: end.slice_ends - start.slice_ends,
        context_switches: end.context_switches - start.context_switches,
        preemptions: end.preemptions - start.preemptions,
        migrations: end.migrations - start.migrations,
        withdrawals: end.withdrawals - start.withdrawals,
        dispatch_latency: end.dispatch_latency - start.dispatch_latency,
        running_gain: end.running_gain - start.running_gain,
    }
}
