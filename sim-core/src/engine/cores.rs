//! The dispatcher: puts jobs on cores, takes them off, books the time.

use super::World;
use crate::error::RunError;
use crate::event::{EventKey, Phase};
use crate::job::{Job, NONE, State};
use crate::policy::Pick;
use crate::processor::{Core, NO_JOB, ProcessorState, Server};
use crate::record::Recorder;
use crate::ties::FirstSwitch;
use crate::trace::{PlaceKind, Segment, SegmentKind};
use crate::units::{Span, Time, Work};

/// Books a job's time on the core that it leaves: on the core and on the job.
#[inline(always)]
pub(super) fn book_run<const PLAIN: bool>(
    seat: &mut Core,
    job: &mut Job,
    state: &ProcessorState,
    now: Time,
    done: u64,
) {
    let assigned = seat.assigned;
    job.remaining -= done;
    job.since = now;
    let mut started = assigned;
    if !PLAIN && !state.plain {
        started = seat.started.min(now);
        if now < seat.started && job.first_run == seat.started {
            // Taken off within the switch to it: its first instruction is still to come.
            job.first_run = Time::NEVER;
        }
        let overhead = started.from(assigned);
        seat.overhead += overhead.0;
        if state.device {
            job.blocked += overhead;
        } else {
            job.overhead += overhead;
        }
    }
    let run = now.from(started);
    seat.busy += run.0;
    if !PLAIN && state.device {
        job.blocked += run;
    } else {
        job.served += run;
    }
}

impl<R: Recorder, const PLAIN: bool> World<'_, R, PLAIN> {
    /// Carries out a pick from the ready queue.
    #[inline(always)]
    pub fn accept(&mut self, state: &mut ProcessorState, processor: u32, core: u32, pick: Pick) {
        state.integrate_ready(self.shared.now);
        state.ready -= 1;
        self.start(state, processor, core, pick);
    }

    /// The contract: a picked job is in this ready queue, a slice is positive.
    #[inline(always)]
    pub fn is_valid(&self, processor: u32, pick: Pick) -> bool {
        pick.slot != NONE && pick.slice > Span::ZERO && {
            let job = &self.shared.jobs[pick.slot];
            job.state == State::Ready && job.station == processor
        }
    }

    #[cold]
    #[inline(never)]
    fn broken_pick(&mut self, processor: u32, pick: Pick) {
        let what = if pick.slot == NONE {
            "it picks nothing while a core is idle and jobs are ready".to_owned()
        } else if pick.slice == Span::ZERO {
            "it gives a slice of length 0".to_owned()
        } else {
            format!("it picks job {}, which is not ready here", self.shared.jobs[pick.slot].number)
        };
        self.contract(processor, what);
    }

    #[cold]
    #[inline(never)]
    pub fn contract(&mut self, processor: u32, what: String) {
        let spec = &self.model.processors[processor as usize];
        self.fail(RunError::Contract {
            policy: spec.scheduler.spec.clone(),
            station: spec.name.clone(),
            at: self.shared.now,
            event: self.events(),
            what,
        });
    }

    /// Checks a pick, puts the job on an idle core and schedules the end of its run.
    #[inline(always)]
    pub fn start(&mut self, state: &mut ProcessorState, processor: u32, core: u32, pick: Pick) {
        state.take_idle::<PLAIN>(core);
        self.put_on::<true>(state, processor, core, pick);
    }

    /// Checks a pick, puts the job on a core and schedules the end of its run. `WAS_IDLE`: the core was.
    #[inline(always)]
    pub fn put_on<const WAS_IDLE: bool>(
        &mut self,
        state: &mut ProcessorState,
        processor: u32,
        core: u32,
        pick: Pick,
    ) {
        let now = self.shared.now;
        let slot = pick.slot;
        if slot == NONE || pick.slice == Span::ZERO {
            return self.broken_pick(processor, pick);
        }
        let job = &mut self.shared.jobs[slot];
        if job.state != State::Ready || job.station != processor {
            return self.broken_pick(processor, pick);
        }
        let global = state.seats.first + core;
        let seat = &mut self.shared.cores[global as usize];
        if WAS_IDLE {
            seat.idle += now.from(seat.idle_since).0;
        }
        let since = job.since;
        job.state = State::Running;
        seat.job = slot;
        seat.assigned = now;
        let last_job = std::mem::replace(&mut seat.last_job, job.number);
        if last_job != job.number && last_job != NO_JOB {
            state.totals.context_switches += 1;
        }
        let (mut started, mut need) = (now, Span(job.remaining));
        if !PLAIN && !state.plain {
            let free = match self.shared.ties.first_switch {
                FirstSwitch::Charged => false,
                FirstSwitch::Free => last_job == job.number || last_job == NO_JOB,
                FirstSwitch::FirstOnly => last_job == job.number,
            };
            let cost = if free { Span::ZERO } else { state.dispatch_latency + state.context_switch };
            state.totals.dispatch_latency += u128::from(cost.0);
            started = Time(now.0.saturating_add(cost.0));
            need = seat.speed.time_for_ceil(Work(job.remaining)).min(Span(Time::LATEST.0));
        }
        if !PLAIN {
            (seat.slice, seat.ran) = (pick.slice, 0);
        }
        seat.started = started;
        if started < job.first_run {
            job.first_run = started;
        }
        let last_core = if PLAIN { global } else { std::mem::replace(&mut job.last_core, global) };
        let (mut run, mut phase) = (need, Phase::WorkDone);
        if pick.slice < need {
            (run, phase) = (pick.slice, self.slice_phase);
        }
        // Neither is past 2^63: the sum fits, and what lies past the end of time is refused.
        let at = Time(started.0.wrapping_add(run.0));
        self.sequence += 1;
        seat.event = self.sequence;
        self.queue.push(EventKey::new(at, phase, global, self.sequence));
        if at > Time::LATEST {
            self.overflow();
        }
        if last_core != global && last_core != NONE {
            self.migrated(state, slot, last_core);
        }
        if !(PLAIN || self.lean) || R::TRACE || R::DIGEST {
            self.account_wait(state, processor, slot, global, since);
        }
    }

    /// Books a job's wait in the ready queue where its own sums do not say it, and records it.
    #[inline(never)]
    pub fn account_wait(
        &mut self,
        state: &ProcessorState,
        processor: u32,
        slot: u32,
        global: u32,
        since: Time,
    ) {
        let waited = self.shared.now.from(since);
        let job = &mut self.shared.jobs[slot];
        if state.device {
            job.blocked += waited;
        } else {
            job.ready += waited;
        }
        let number = job.number;
        if !self.lean {
            self.part(slot, state.component).waiting += waited.0;
        }
        self.recorder.choice(number, global);
        self.stay(number, PlaceKind::Ready(processor), since);
        if R::TRACE
            && let Server::Picks(policy) = &state.server
        {
            self.shared.cores[global as usize].level = policy.level(slot);
        }
    }

    /// A job goes on on another core than before; it counts where that core is this processor's.
    #[cold]
    #[inline(never)]
    pub fn migrated(&mut self, state: &mut ProcessorState, slot: u32, last_core: u32) {
        if !(state.seats.first..state.seats.first + state.seats.count).contains(&last_core) {
            return;
        }
        let job = &mut self.shared.jobs[slot];
        job.migrations += 1;
        state.totals.migrations += 1;
        self.classes[job.class as usize].migrations += 1;
    }

    /// A core stops in the middle of its job, which stays on it; the work that it did. Until [`resume`](World::resume)
    /// its time counts as overhead of that job.
    pub fn pause(&mut self, state: &mut ProcessorState, core: u32) -> u64 {
        let now = self.shared.now;
        let global = state.seats.first + core;
        let seat = &mut self.shared.cores[global as usize];
        let remaining = self.shared.jobs[seat.job].remaining;
        let ran = seat.work_until(now).0.min(remaining);
        seat.ran += ran;
        let used = now.since(seat.started);
        if seat.slice != Span::FOREVER {
            seat.slice = Span(seat.slice.0 - used.0.min(seat.slice.0));
        }
        if std::mem::take(&mut seat.event) != 0 {
            self.stale += 1;
        }
        self.book(state, global, ran);
        let seat = &mut self.shared.cores[global as usize];
        (seat.assigned, seat.started) = (now, Time::NEVER);
        ran
    }

    /// A core goes on with its job at `started` (now or later), for what is left of its slice.
    pub fn resume(&mut self, state: &ProcessorState, core: u32, started: Time) {
        let global = state.seats.first + core;
        let seat = &mut self.shared.cores[global as usize];
        let job = &mut self.shared.jobs[seat.job];
        seat.started = started;
        job.first_run = job.first_run.min(started);
        let need = seat.speed.time_for_ceil(Work(job.remaining)).min(Span(Time::LATEST.0));
        let (run, phase) =
            if seat.slice < need { (seat.slice, self.slice_phase) } else { (need, Phase::WorkDone) };
        let at = Time(started.0.saturating_add(run.0));
        let sequence = self.schedule(at, phase, global);
        self.shared.cores[global as usize].event = sequence;
    }

    /// Takes the job off a core, which falls idle, and books its time there; `done`: the work it did.
    #[inline(always)]
    pub fn vacate(&mut self, state: &mut ProcessorState, core: u32, done: u64) {
        self.book(state, state.seats.first + core, done);
        self.fall_idle(state, core);
    }

    /// A core that runs nothing any more falls idle.
    #[inline(always)]
    pub fn fall_idle(&mut self, state: &mut ProcessorState, core: u32) {
        state.give_idle::<PLAIN>(core);
        let now = self.shared.now;
        let seat = &mut self.shared.cores[(state.seats.first + core) as usize];
        seat.job = NONE;
        seat.idle_since = now;
    }

    /// Books a job's time on a core (global index) that it leaves; `done`: the work it did.
    #[inline(always)]
    pub fn book(&mut self, state: &ProcessorState, global: u32, done: u64) {
        let seat = &mut self.shared.cores[global as usize];
        let slot = seat.job;
        let job = &mut self.shared.jobs[slot];
        book_run::<PLAIN>(seat, job, state, self.shared.now, done);
        if !self.lean || R::TRACE {
            self.account_run(state, slot, global);
        }
    }

    /// Books a job's run where its own sums do not say it, and records it.
    #[inline(never)]
    pub fn account_run(&mut self, state: &ProcessorState, slot: u32, global: u32) {
        let seat = &self.shared.cores[global as usize];
        let (assigned, processor, core) = (seat.assigned, seat.processor, seat.index);
        let started = seat.started.min(self.shared.now);
        let now = self.shared.now;
        if !self.lean {
            let part = self.part(slot, state.component);
            part.service += now.from(started).0;
            part.overhead += started.from(assigned).0;
        }
        if R::TRACE {
            self.record_segments(state, processor, core, slot, assigned, started);
        }
    }

    /// Records what a core did for a job since its dispatch.
    pub fn record_segments(
        &mut self,
        state: &ProcessorState,
        processor: u32,
        core: u32,
        slot: u32,
        assigned: Time,
        started: Time,
    ) {
        let now = self.shared.now;
        let level = self.shared.cores[(state.seats.first + core) as usize].level;
        let job = self.shared.jobs[slot].number;
        let switch = Time(assigned.0.saturating_add(state.dispatch_latency.0)).min(started);
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
}
