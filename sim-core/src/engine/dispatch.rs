//! Processors: jobs join ready queues, schedulers decide, the dispatcher carries decisions out.

use super::{Engine, Fault};
use crate::error::RunError;
use crate::event::{EventKey, Phase};
use crate::job::{NONE, State};
use crate::measure::ProcessorMeasures;
use crate::model::Op;
use crate::policy::{Pick, Why};
use crate::processor::{NO_JOB, Server};
use crate::record::Recorder;
use crate::rng::below;
use crate::ties::{Boost, FirstSwitch, IdleCore, QuantumEnd};
use crate::trace::{DecisionKind, PlaceKind, Segment, SegmentKind, Status};
use crate::units::{Span, Time, Work};

impl<R: Recorder> Engine<'_, R> {
    /// A job comes to a processor with `work` to do.
    pub(super) fn join_processor(&mut self, slot: u32, processor: u32, work: u64) -> Result<(), Fault> {
        let now = self.shared.now;
        let direct = self.nothing_else_now();
        let state = &mut self.processors[processor as usize];
        let part = &mut self.parts[slot as usize * self.stride.parts + state.component as usize];
        let why = if part.visited == processor + 1 { Why::Returned } else { Why::Arrived };
        part.visited = processor + 1;
        let job = &mut self.shared.jobs[slot];
        job.burst = work;
        job.remaining = work;
        job.since = now;
        job.state = State::Ready;
        job.station = processor;
        job.expired = false;
        let Server::Picks(policy) = &mut state.server else {
            self.join_shared(slot, processor);
            return Ok(());
        };
        if direct && state.ready == 0 && state.idle > 0 && !self.recorder.wants_decisions() {
            let core = match self.shared.ties.idle_core {
                IdleCore::Lowest => state.lowest_idle(),
                _ => self.choose_idle(processor, Some(slot)),
            };
            let state = &mut self.processors[processor as usize];
            let Server::Picks(policy) = &mut state.server else { return Ok(()) };
            let pick = policy.ready_and_pick(slot, why, Work(0), core, &self.shared, &mut state.seats);
            if pick.slot == slot && pick.slice > Span::ZERO {
                self.start(processor, core, pick)?;
            } else {
                state.integrate_ready(now);
                state.ready += 1;
                self.accept(processor, core, pick)?;
            }
            if self.processors[processor as usize].wants.ticks {
                self.renew_tick(processor)?;
            }
            return Ok(());
        }
        policy.ready(slot, why, Work(0), &self.shared, &mut state.seats);
        state.integrate_ready(now);
        state.ready += 1;
        if state.idle > 0 || state.wants.preempt || state.wants.ticks {
            self.mark(processor);
        }
        Ok(())
    }

    /// Work on a core is complete.
    pub(super) fn work_done(&mut self, key: EventKey) -> Result<(), Fault> {
        let (processor, core) = self.homes[key.entity() as usize];
        let state = &mut self.processors[processor as usize];
        let seat = &mut state.seats.cores[core as usize];
        if seat.event != key.sequence() {
            self.stale = self.stale.saturating_sub(1);
            return Ok(());
        }
        seat.event = 0;
        if matches!(state.server, Server::Shares(_)) {
            return self.shared_change(processor);
        }
        let slot = seat.job;
        let done = self.shared.jobs[slot].remaining;
        self.vacate(processor, core, done);
        let now = self.shared.now;
        let state = &mut self.processors[processor as usize];
        state.totals.completions += 1;
        if state.wants.left
            && let Server::Picks(policy) = &mut state.server
        {
            policy.left(slot, Work(done), &self.shared, &mut state.seats);
        }
        if state.ready > 0 {
            self.mark(processor);
        }
        let job = &mut self.shared.jobs[slot];
        job.state = State::Moving;
        job.since = now;
        // Most visits are the last step: skip the interpreter.
        if self.program[job.pc as usize] == Op::Exit {
            return self.exit(slot, Status::Completed);
        }
        self.advance(slot)
    }

    /// A slice ends before the work does.
    pub(super) fn slice_end(&mut self, key: EventKey) -> Result<(), Fault> {
        let (processor, core) = self.homes[key.entity() as usize];
        let now = self.shared.now;
        let direct = self.nothing_else_now() && !self.recorder.wants_decisions();
        let state = &mut self.processors[processor as usize];
        let seat = &mut state.seats.cores[core as usize];
        if seat.event != key.sequence() {
            self.stale = self.stale.saturating_sub(1);
            return Ok(());
        }
        seat.event = 0;
        let slot = seat.job;
        let ran = seat.work_until(now);
        self.vacate(processor, core, ran.0);
        let job = &mut self.shared.jobs[slot];
        job.state = State::Ready;
        job.since = now;
        job.expired = true;
        let state = &mut self.processors[processor as usize];
        state.integrate_ready(now);
        state.ready += 1;
        let Server::Picks(policy) = &mut state.server else { return Ok(()) };
        if direct {
            let pick = policy.ready_and_pick(slot, Why::SliceEnd, ran, core, &self.shared, &mut state.seats);
            self.accept(processor, core, pick)?;
            if state_wants_more(&self.processors[processor as usize]) {
                self.mark(processor);
            }
            return Ok(());
        }
        policy.ready(slot, Why::SliceEnd, ran, &self.shared, &mut state.seats);
        self.mark(processor);
        Ok(())
    }

    /// Every marked processor decides, in index order.
    pub(super) fn dispatch_marked(&mut self) -> Result<(), Fault> {
        if let [processor] = self.marked[..] {
            self.marked.clear();
            self.processors[processor as usize].marked = false;
            return self.dispatch(processor);
        }
        let mut marked = std::mem::take(&mut self.marked);
        marked.sort_unstable();
        for processor in marked.drain(..) {
            self.processors[processor as usize].marked = false;
            self.dispatch(processor)?;
        }
        self.marked = marked;
        Ok(())
    }

    /// A processor decides: idle cores first, then newcomers that displace.
    fn dispatch(&mut self, processor: u32) -> Result<(), Fault> {
        let state = &self.processors[processor as usize];
        if matches!(state.server, Server::Shares(_)) {
            return self.renew_shared(processor);
        }
        while self.processors[processor as usize].ready > 0 && self.processors[processor as usize].idle > 0 {
            let core = self.choose_idle(processor, None);
            let pick = self.ask_pick(processor, core, None);
            if pick == Pick::NONE {
                break;
            }
            let core = self.stay_on_core(processor, core, pick);
            self.accept(processor, core, pick)?;
        }
        let state = &self.processors[processor as usize];
        if state.wants.preempt && state.ready > 0 && state.idle == 0 {
            self.preempt(processor)?;
        }
        if self.processors[processor as usize].wants.ticks {
            self.renew_tick(processor)?;
        }
        Ok(())
    }

    /// Lets the policy take cores from running jobs until it has no better one waiting.
    fn preempt(&mut self, processor: u32) -> Result<(), Fault> {
        // Each core can change hands once for each waiting job; more means that the policy goes in circles.
        let state = &self.processors[processor as usize];
        let bound = u64::from(state.ready) + state.seats.cores.len() as u64;
        for _ in 0..=bound {
            let state = &mut self.processors[processor as usize];
            let Server::Picks(policy) = &mut state.server else { return Ok(()) };
            if state.ready == 0 {
                return Ok(());
            }
            let Some(core) = policy.preempt(&self.shared, &mut state.seats) else { return Ok(()) };
            if core as usize >= state.seats.cores.len() || state.seats.cores[core as usize].is_idle() {
                return Err(self.contract(processor, format!("it preempts core {core}, which runs nothing")));
            }
            let keys = self.candidates(processor);
            self.take_off(processor, core);
            let pick = self.ask_pick(processor, core, keys);
            self.accept(processor, core, pick)?;
        }
        Err(self.contract(processor, "it keeps preempting at one instant".to_owned()))
    }

    /// Takes a running job off its core and back into the ready queue.
    fn take_off(&mut self, processor: u32, core: u32) {
        let now = self.shared.now;
        let seat = &mut self.processors[processor as usize].seats.cores[core as usize];
        let slot = seat.job;
        let ran = Work(seat.work_until(now).0.min(self.shared.jobs[slot].remaining));
        seat.event = 0;
        self.stale += 1;
        self.vacate(processor, core, ran.0);
        let job = &mut self.shared.jobs[slot];
        job.state = State::Ready;
        job.since = now;
        job.expired = false;
        job.preemptions += 1;
        let state = &mut self.processors[processor as usize];
        state.totals.preemptions += 1;
        state.integrate_ready(now);
        state.ready += 1;
        if let Server::Picks(policy) = &mut state.server {
            policy.ready(slot, Why::Preempted, ran, &self.shared, &mut state.seats);
        }
    }

    /// Asks for a job for `core`, with a record of the decision where one is wanted. `preempting` are the candidates
    /// as they stood before a core was taken.
    fn ask_pick(
        &mut self,
        processor: u32,
        core: u32,
        preempting: Option<Vec<crate::trace::Candidate>>,
    ) -> Pick {
        let preempt = preempting.is_some();
        let candidates = if preempt { preempting } else { self.candidates(processor) };
        let state = &mut self.processors[processor as usize];
        let Server::Picks(policy) = &mut state.server else { return Pick::NONE };
        let pick = policy.pick(core, &self.shared, &mut state.seats);
        if let Some(candidates) = candidates
            && pick != Pick::NONE
        {
            let kind = if preempt {
                DecisionKind::Preempt { processor, core }
            } else {
                DecisionKind::Dispatch { processor, core: self.stay_on_core(processor, core, pick) }
            };
            self.record_pick(processor, kind, candidates, pick);
        }
        pick
    }

    /// Which idle core decides next. `newcomer`: the only job that can be picked, if that is known.
    fn choose_idle(&mut self, processor: u32, newcomer: Option<u32>) -> u32 {
        let state = &self.processors[processor as usize];
        match self.shared.ties.idle_core {
            IdleCore::Lowest => state.lowest_idle(),
            IdleCore::LastUsed => newcomer
                .and_then(|slot| self.idle_last_core(processor, slot))
                .unwrap_or_else(|| state.lowest_idle()),
            IdleCore::Random => {
                let n = below(&mut self.idle_rng, u64::from(state.idle)) as u32;
                state.nth_idle(n)
            }
        }
    }

    /// The core of this processor that the job ran on last, if it is idle.
    fn idle_last_core(&self, processor: u32, slot: u32) -> Option<u32> {
        let state = &self.processors[processor as usize];
        let core = self.shared.jobs[slot].last_core.checked_sub(state.first_core)?;
        state.seats.cores.get(core as usize)?.is_idle().then_some(core)
    }

    /// A job whose slice has just ended goes on where it was, if that core is idle; so does every job under the tie
    /// rule `idle_core = last-used`.
    fn stay_on_core(&self, processor: u32, core: u32, pick: Pick) -> u32 {
        let state = &self.processors[processor as usize];
        if state.seats.cores.len() == 1 || pick == Pick::NONE || self.checked(processor, pick).is_err() {
            return core;
        }
        let job = &self.shared.jobs[pick.slot];
        let stays =
            job.expired && job.since == self.shared.now || self.shared.ties.idle_core == IdleCore::LastUsed;
        if stays { self.idle_last_core(processor, pick.slot).unwrap_or(core) } else { core }
    }

    /// Checks a pick and carries it out.
    #[inline]
    fn accept(&mut self, processor: u32, core: u32, pick: Pick) -> Result<(), Fault> {
        self.checked(processor, pick)?;
        let now = self.shared.now;
        let state = &mut self.processors[processor as usize];
        state.integrate_ready(now);
        state.ready -= 1;
        self.start(processor, core, pick)
    }

    /// The contract: a picked job is in this ready queue, a slice is positive.
    #[inline]
    fn checked(&self, processor: u32, pick: Pick) -> Result<(), Fault> {
        if pick.slot != NONE && pick.slice > Span::ZERO {
            let job = &self.shared.jobs[pick.slot];
            if job.state == State::Ready && job.station == processor {
                return Ok(());
            }
        }
        Err(self.broken_pick(processor, pick))
    }

    #[cold]
    fn broken_pick(&self, processor: u32, pick: Pick) -> Fault {
        let what = if pick.slot == NONE {
            "it picks nothing while a core is idle and jobs are ready".to_owned()
        } else if pick.slice == Span::ZERO {
            "it gives a slice of length 0".to_owned()
        } else {
            format!("it picks job {}, which is not ready here", self.shared.jobs[pick.slot].number)
        };
        self.contract(processor, what)
    }

    #[cold]
    fn contract(&self, processor: u32, what: String) -> Fault {
        let spec = &self.model.processors[processor as usize];
        Box::new(RunError::Contract {
            policy: spec.scheduler.spec.clone(),
            station: spec.name.clone(),
            at: self.shared.now,
            event: self.events,
            what,
        })
    }

    /// The dispatcher: puts a ready job on an idle core and schedules the end of its run.
    #[inline]
    fn start(&mut self, processor: u32, core: u32, pick: Pick) -> Result<(), Fault> {
        let now = self.shared.now;
        let slot = pick.slot;
        let state = &mut self.processors[processor as usize];
        state.occupy(core, now);
        let global = state.first_core + core;
        let job = &mut self.shared.jobs[slot];
        let since = job.since;
        let waited = now.since(since);
        let part = &mut self.parts[slot as usize * self.stride.parts + state.component as usize];
        part.waiting += waited.0;
        if state.device {
            job.blocked += waited;
        } else {
            job.ready += waited;
        }
        job.state = State::Running;
        let seat = &mut state.seats.cores[core as usize];
        seat.job = slot;
        seat.assigned = now;
        state.totals.dispatches += 1;
        let again = seat.last_job == job.number;
        state.totals.context_switches += u64::from(!again && seat.last_job != NO_JOB);
        let (cost, need) = if state.plain {
            (Span::ZERO, Span(job.remaining))
        } else {
            let free =
                (again || seat.last_job == NO_JOB) && self.shared.ties.first_switch == FirstSwitch::Free;
            let cost = if free { Span::ZERO } else { state.dispatch_latency + state.context_switch };
            state.totals.dispatch_latency += u128::from(cost.0);
            (cost, seat.speed.time_for_ceil(Work(job.remaining)))
        };
        seat.last_job = job.number;
        let started = Time(now.0.saturating_add(cost.0));
        seat.started = started;
        if started < job.first_run {
            job.first_run = started;
        }
        if job.last_core != global {
            if job.last_core != NONE && self.homes[job.last_core as usize].0 == processor {
                job.migrations += 1;
                state.totals.migrations += 1;
            }
            job.last_core = global;
        }
        if R::TRACE || R::DIGEST {
            let number = job.number;
            self.recorder.choice(number, global);
            self.stay(number, PlaceKind::Ready(processor), since);
        }
        let (run, phase) =
            if pick.slice < need { (pick.slice, self.slice_phase()) } else { (need, Phase::WorkDone) };
        let sequence = self.schedule(Time(started.0.saturating_add(run.0)), phase, global)?;
        self.processors[processor as usize].seats.cores[core as usize].event = sequence;
        Ok(())
    }

    #[inline]
    fn slice_phase(&self) -> Phase {
        match self.shared.ties.quantum_end {
            QuantumEnd::ArrivalFirst => Phase::SliceEnd,
            QuantumEnd::PreemptedFirst => Phase::SliceEndEarly,
        }
    }

    /// Takes the job off a core and books its time there; `done`: the work it did.
    #[inline]
    fn vacate(&mut self, processor: u32, core: u32, done: u64) {
        let now = self.shared.now;
        let state = &mut self.processors[processor as usize];
        let seat = &state.seats.cores[core as usize];
        let slot = seat.job;
        let job = &mut self.shared.jobs[slot];
        let (assigned, started) = (seat.assigned, seat.started.min(now));
        let (overhead, run) = (started.since(assigned), now.since(started));
        state.totals.busy += u128::from(run.0);
        let part = &mut self.parts[slot as usize * self.stride.parts + state.component as usize];
        part.service += run.0;
        job.remaining -= done;
        if state.device {
            job.blocked += overhead + run;
        } else {
            job.served += run;
            job.overhead += overhead;
        }
        if !state.plain {
            state.totals.overhead += u128::from(overhead.0);
            part.overhead += overhead.0;
        }
        if !state.owners.is_empty() {
            self.book_owed(slot, processor, done);
        }
        if R::TRACE {
            self.record_segments(processor, core, slot, assigned, started);
        }
        self.processors[processor as usize].vacate(core, now);
    }

    /// Records what a core did for a job since its dispatch.
    pub(super) fn record_segments(
        &mut self,
        processor: u32,
        core: u32,
        slot: u32,
        assigned: Time,
        started: Time,
    ) {
        let now = self.shared.now;
        let state = &self.processors[processor as usize];
        let level = match &state.server {
            Server::Picks(policy) => policy.level(slot),
            Server::Shares(_) => 0,
        };
        let job = self.shared.jobs[slot].number;
        let switch = Time((assigned.0 + state.dispatch_latency.0).min(started.0));
        for (kind, start, end) in [
            (SegmentKind::Dispatch, assigned, switch),
            (SegmentKind::Switch, switch, started),
            (SegmentKind::Run, started, now),
        ] {
            if end > start {
                self.recorder.segment(Segment {
                    processor,
                    core,
                    job,
                    kind,
                    start,
                    end,
                    share: (1, 1),
                    level,
                });
            }
        }
    }

    /// A policy's tick.
    pub(super) fn tick(&mut self, key: EventKey) {
        let processor = key.entity();
        let state = &mut self.processors[processor as usize];
        if state.tick_event != key.sequence() {
            self.stale = self.stale.saturating_sub(1);
            return;
        }
        (state.tick_event, state.tick_at) = (0, Time::NEVER);
        if let Server::Picks(policy) = &mut state.server {
            policy.tick(&self.shared, &mut state.seats);
        }
        self.mark(processor);
    }

    /// Asks a policy when it wants its next tick; none while no job is at the processor.
    fn renew_tick(&mut self, processor: u32) -> Result<(), Fault> {
        let now = self.shared.now;
        let state = &mut self.processors[processor as usize];
        let Server::Picks(policy) = &mut state.server else { return Ok(()) };
        let busy = state.ready > 0 || (state.idle as usize) < state.seats.cores.len();
        let at = if busy { policy.next_tick(&self.shared, &mut state.seats) } else { Time::NEVER };
        if at == state.tick_at {
            return Ok(());
        }
        if state.tick_event != 0 {
            self.stale += 1;
        }
        (state.tick_event, state.tick_at) = (0, Time::NEVER);
        if at == Time::NEVER {
            return Ok(());
        }
        if at <= now {
            return Err(
                self.contract(processor, format!("it asks for a tick at {at}, which is not in the future"))
            );
        }
        let phase = match self.shared.ties.boost {
            Boost::AfterArrivals => Phase::Tick,
            Boost::BeforeArrivals => Phase::TickEarly,
        };
        let sequence = self.schedule(at, phase, processor)?;
        let state = &mut self.processors[processor as usize];
        (state.tick_event, state.tick_at) = (sequence, at);
        Ok(())
    }

    /// A job comes to a sharing processor.
    fn join_shared(&mut self, slot: u32, processor: u32) {
        let now = self.shared.now;
        self.record_shares(processor);
        let state = &mut self.processors[processor as usize];
        state.integrate_shared(now);
        let job = &mut self.shared.jobs[slot];
        job.state = State::Running;
        job.first_run = job.first_run.min(now);
        let place = self.shared.attributes[job.attributes as usize].place;
        if let Server::Shares(shared) = &mut state.server {
            shared.join(slot, Work(job.burst), place, job.number);
        }
        state.totals.dispatches += 1;
        self.mark(processor);
    }

    /// Jobs of a sharing processor are done, or two of its groups have met.
    fn shared_change(&mut self, processor: u32) -> Result<(), Fault> {
        let now = self.shared.now;
        self.record_shares(processor);
        self.processors[processor as usize].integrate_shared(now);
        loop {
            let state = &mut self.processors[processor as usize];
            let Server::Shares(shared) = &mut state.server else { return Ok(()) };
            let jobs = &self.shared.jobs;
            let Some(slot) = shared.take_done(|slot| jobs[slot].burst) else { break };
            state.totals.completions += 1;
            let speed = state.seats.cores[0].speed;
            let device = state.device;
            let part = &mut self.parts[slot as usize * self.stride.parts + state.component as usize];
            let job = &mut self.shared.jobs[slot];
            let present = now - job.since;
            let service = speed.time_for_ceil(Work(job.burst)).min(present);
            let waited = present.0 - service.0;
            part.service += service.0;
            part.waiting += waited;
            if device {
                job.blocked += present;
            } else {
                job.served += service;
                job.ready += Span(waited);
            }
            let done = job.remaining;
            job.remaining = 0;
            (job.state, job.since) = (State::Moving, now);
            if !state.owners.is_empty() {
                self.book_owed(slot, processor, done);
            }
            self.moving.push_back(slot);
        }
        self.mark(processor);
        Ok(())
    }

    /// Schedules the next change of a sharing processor.
    fn renew_shared(&mut self, processor: u32) -> Result<(), Fault> {
        let state = &mut self.processors[processor as usize];
        let Server::Shares(shared) = &mut state.server else { return Ok(()) };
        let next = shared.next_change();
        let entity = state.first_core;
        if std::mem::take(&mut state.seats.cores[0].event) != 0 {
            self.stale += 1;
        }
        if let Some(span) = next {
            let at = self.in_time(span);
            // A change past the end of time never comes; the horizon ends the run before.
            if at <= Time::LATEST {
                let sequence = self.schedule(at, Phase::WorkDone, entity)?;
                self.processors[processor as usize].seats.cores[0].event = sequence;
            }
        }
        Ok(())
    }

    /// Records the shares that held since the last change of a sharing processor.
    pub(super) fn record_shares(&mut self, processor: u32) {
        if !R::TRACE {
            return;
        }
        let now = self.shared.now;
        let state = &self.processors[processor as usize];
        let Server::Shares(shared) = &state.server else { return };
        let since = shared.updated();
        if since == now {
            return;
        }
        let mut core = 0;
        for (slot, cores, size) in shared.shares().filter(|(_, cores, _)| *cores > 0).collect::<Vec<_>>() {
            let job = self.shared.jobs[slot].number;
            self.recorder.segment(Segment {
                processor,
                core: core % self.processors[processor as usize].seats.cores.len() as u32,
                job,
                kind: SegmentKind::Run,
                start: since,
                end: now,
                share: (cores, size),
                level: 0,
            });
            core += 1;
        }
    }
}

/// Whether a processor that has just decided for one core has more to decide.
fn state_wants_more(state: &crate::processor::ProcessorState) -> bool {
    (state.ready > 0 && (state.idle > 0 || state.wants.preempt)) || state.wants.ticks
}

/// Difference of two accounts of a processor.
pub(super) fn difference(end: &ProcessorMeasures, start: &ProcessorMeasures) -> ProcessorMeasures {
    ProcessorMeasures {
        busy: end.busy - start.busy,
        overhead: end.overhead - start.overhead,
        idle: end.idle - start.idle,
        ready_integral: end.ready_integral - start.ready_integral,
        completions: end.completions - start.completions,
        dispatches: end.dispatches - start.dispatches,
        context_switches: end.context_switches - start.context_switches,
        preemptions: end.preemptions - start.preemptions,
        migrations: end.migrations - start.migrations,
        dispatch_latency: end.dispatch_latency - start.dispatch_latency,
    }
}
