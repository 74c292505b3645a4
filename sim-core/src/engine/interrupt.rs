//! Processors on which every coming and going of a job interrupts a core: the kernel saves what runs there, handles the
//! event, lets the scheduler decide, and loads what is to run. All of this takes time on that core.
//!
//! The model is SimSo's (0.8.5, `simso/core/Processor.py`): an event is handled on the core that the task was put on
//! last (the first core at the beginning); events that come meanwhile are handled before the scheduler runs; one
//! scheduler runs at a time, and one decision is taken a run; a context that is still being saved elsewhere is waited
//! for; a context is also saved when its job has ended.

use super::explain::Ask;
use super::{Engine, World};
use crate::event::Phase;
use crate::job::{NONE, State};
use crate::kernel::{Doing, Kernel, Notice};
use crate::policy::{Pick, Why};
use crate::processor::{Core, NO_JOB, ProcessorState, Server};
use crate::record::Recorder;
use crate::trace::{Segment, SegmentKind};
use crate::units::{Span, Time, Work};

impl<R: Recorder, const PLAIN: bool> World<'_, R, PLAIN> {
    /// Puts a picked job on a core, where it stays without running until its context is loaded.
    fn assign(&mut self, state: &mut ProcessorState, processor: u32, core: u32, pick: Pick) {
        if !self.is_valid(processor, pick) {
            return self.contract(processor, "it picks no job that is ready here".to_owned());
        }
        let now = self.shared.now;
        self.close_gap(state, core);
        state.integrate_ready(now);
        state.ready -= 1;
        state.take_idle::<PLAIN>(core);
        let global = state.seats.first + core;
        let seat = &mut self.shared.cores[global as usize];
        let job = &mut self.shared.jobs[pick.slot];
        let since = job.since;
        job.state = State::Running;
        let last_core = std::mem::replace(&mut job.last_core, global);
        (seat.job, seat.assigned, seat.started) = (pick.slot, now, Time::NEVER);
        (seat.slice, seat.ran) = (pick.slice, 0);
        let last_job = std::mem::replace(&mut seat.last_job, job.number);
        if last_job != job.number && last_job != NO_JOB {
            state.totals.context_switches += 1;
        }
        let task = self.shared.attributes[job.attributes as usize].task;
        if let Some(kernel) = &mut state.kernel {
            kernel.set_home(task, core);
            kernel.cores[core as usize].fresh = true;
        }
        if last_core != global && last_core != NONE {
            self.migrated(state, pick.slot, last_core);
        }
        self.account_wait(state, processor, pick.slot, global, since);
    }

    /// Books the time of a core without a job up to now: idle, or the kernel's own.
    pub(super) fn close_gap(&mut self, state: &ProcessorState, core: u32) {
        let now = self.shared.now;
        let seat = &mut self.shared.cores[(state.seats.first + core) as usize];
        if !seat.is_idle() {
            return;
        }
        let start = std::mem::replace(&mut seat.idle_since, now);
        let span = now.from(start).0;
        if !state.is_in_kernel(core) {
            seat.idle += span;
            return;
        }
        seat.system += span;
        if !R::TRACE || span == 0 {
            return;
        }
        let first = state.kernel.as_ref().and_then(|kernel| kernel.cores[core as usize].first);
        let job = Some(seat.last_job).filter(|job| *job != NO_JOB).or(first);
        if let Some(job) = job {
            self.recorder.segment(Segment {
                processor: seat.processor,
                core,
                job,
                kind: SegmentKind::Switch,
                start,
                end: now,
                share: (1, 1),
                level: 0,
            });
        }
    }
}

impl<R: Recorder, const PLAIN: bool> Engine<'_, R, PLAIN> {
    fn kernel(&mut self, processor: u32) -> &mut Kernel {
        let kernel = self.processors[processor as usize].kernel.as_mut();
        kernel.expect("asked only of processors that have one")
    }

    /// Tells a core's kernel of something.
    pub(super) fn notify(&mut self, processor: u32, core: u32, notice: Notice) {
        self.kernel(processor).cores[core as usize].inbox.push_back(notice);
        self.mark(processor);
    }

    /// The scheduler is to decide, on `core`, after what has happened there has been handled.
    pub(super) fn ask_to_decide(&mut self, processor: u32, core: u32) {
        self.kernel(processor).cores[core as usize].decisions += 1;
        self.mark(processor);
    }

    /// A job comes to a processor with interrupts.
    pub(super) fn join_interrupting(&mut self, slot: u32, processor: u32, why: Why) {
        let now = self.world.shared.now;
        let job = &self.world.shared.jobs[slot];
        let (number, task) = (job.number, self.world.shared.attributes[job.attributes as usize].task);
        let state = &mut self.processors[processor as usize];
        state.integrate_ready(now);
        state.ready += 1;
        let kernel = self.kernel(processor);
        kernel.set_context(slot, now);
        let core = kernel.home(task);
        kernel.cores[core as usize].first.get_or_insert(number);
        let news = kernel.news_of(slot, why, Work(0));
        self.notify(processor, core, news);
    }

    /// The slice of the job on a core is over: the scheduler is told as of an arrival.
    pub(super) fn slice_ended(&mut self, slot: u32, processor: u32, core: u32, ran: Work) {
        let now = self.world.shared.now;
        let kernel = self.kernel(processor);
        kernel.set_context(slot, Time(now.0.saturating_add(kernel.costs.save.0)));
        let news = kernel.news_of(slot, Why::SliceEnd, ran);
        self.core_left(processor, core, news);
    }

    /// The job on a core is gone: done, its slice over, or withdrawn. Its context is still there.
    pub(super) fn core_left(&mut self, processor: u32, core: u32, notice: Notice) {
        let unit = &mut self.kernel(processor).cores[core as usize];
        if unit.doing == Doing::Nothing {
            unit.owes_save = true;
        }
        self.notify(processor, core, notice);
    }

    /// What the kernel did on a core is done.
    pub(super) fn kernel_step(&mut self, processor: u32, core: u32) {
        let state = &mut self.processors[processor as usize];
        self.world.close_gap(state, core);
        let global = state.seats.first + core;
        self.world.shared.cores[global as usize].event = 0;
        let unit = &mut self.kernel(processor).cores[core as usize];
        match std::mem::replace(&mut unit.doing, Doing::Nothing) {
            Doing::Deciding => {
                self.decide(processor, core);
                self.kernel(processor).lock = None;
            }
            Doing::Loading(slot) => self.loaded(processor, core, slot),
            Doing::Nothing | Doing::Waiting | Doing::Saving | Doing::Handling => {}
        }
        self.mark(processor);
    }

    /// Lets the kernel of every core go on as far as it can at this instant.
    pub(super) fn dispatch_interrupting(&mut self, processor: u32) {
        let cores = self.processors[processor as usize].seats.count;
        let mut again = true;
        while again && self.world.fault.is_none() {
            again = false;
            for core in 0..cores {
                while self.kernel_goes_on(processor, core) && self.world.fault.is_none() {
                    again = true;
                }
            }
        }
    }

    /// The next thing that the kernel does on a core; whether there was one.
    fn kernel_goes_on(&mut self, processor: u32, core: u32) -> bool {
        let state = &mut self.processors[processor as usize];
        let global = state.seats.first + core;
        let seat = &self.world.shared.cores[global as usize];
        let (has_job, runs) = (!seat.is_idle(), !seat.is_idle() && seat.started != Time::NEVER);
        let Some(kernel) = &mut state.kernel else { return false };
        let costs = kernel.costs;
        let unit = &mut kernel.cores[core as usize];
        if !matches!(unit.doing, Doing::Nothing | Doing::Waiting) {
            return false;
        }
        if unit.inbox.is_empty() && unit.decisions == 0 {
            if unit.owes_save && !has_job {
                unit.owes_save = false;
                return self.step(processor, core, Doing::Saving, costs.save);
            }
            return has_job && !runs && self.load(processor, core);
        }
        if runs {
            unit.owes_save = true;
            let done = self.world.pause(state, core);
            let slot = self.world.shared.cores[global as usize].job;
            if !self.processors[processor as usize].owners.is_empty() {
                self.book_owed(slot, processor, done);
            }
            return true;
        }
        if unit.owes_save {
            unit.owes_save = false;
            return self.step(processor, core, Doing::Saving, costs.save);
        }
        // Decisions wait until all that has happened is handled.
        let Some(notice) = unit.inbox.pop_front() else { return self.decides(processor, core) };
        match notice {
            Notice::Ready(slot, number, why, ran) => {
                unit.decisions += 1;
                if kernel.tell(slot, number)
                    && let Server::Picks(policy) = &mut state.server
                {
                    policy.ready(slot, why, ran, &self.world.shared, &mut state.seats);
                }
                let cost = if why == Why::SliceEnd { Span::ZERO } else { costs.release };
                return self.step(processor, core, Doing::Handling, cost);
            }
            Notice::Exit => {
                unit.decisions += 1;
                return self.step(processor, core, Doing::Handling, costs.exit);
            }
            Notice::Switch => {}
        }
        true
    }

    /// A core's kernel lets the scheduler decide, unless that is at work on another core.
    fn decides(&mut self, processor: u32, core: u32) -> bool {
        self.world.close_gap(&self.processors[processor as usize], core);
        let kernel = self.kernel(processor);
        let unit = &mut kernel.cores[core as usize];
        if kernel.lock.is_some() {
            unit.doing = Doing::Waiting;
            return false;
        }
        (unit.doing, unit.decisions) = (Doing::Nothing, unit.decisions - 1);
        kernel.lock = Some(core);
        let cost = kernel.costs.decide;
        if cost > Span::ZERO {
            return self.step(processor, core, Doing::Deciding, cost);
        }
        self.decide(processor, core);
        self.kernel(processor).lock = None;
        true
    }

    /// The kernel is busy on a core for a while; at once done where that is no time. Always true.
    fn step(&mut self, processor: u32, core: u32, doing: Doing, span: Span) -> bool {
        if span > Span::ZERO {
            let at = self.world.in_time(span);
            self.step_until(processor, core, doing, at);
        }
        true
    }

    fn step_until(&mut self, processor: u32, core: u32, doing: Doing, at: Time) {
        self.world.close_gap(&self.processors[processor as usize], core);
        let global = self.processors[processor as usize].seats.first + core;
        let unit = &mut self.kernel(processor).cores[core as usize];
        (unit.doing, unit.until) = (doing, at);
        let event = self.world.schedule(at, Phase::WorkDone, global);
        self.world.shared.cores[global as usize].event = event;
    }

    /// Loads the context of the job on a core, as soon as it is saved. Always true.
    fn load(&mut self, processor: u32, core: u32) -> bool {
        let now = self.world.shared.now;
        let global = self.processors[processor as usize].seats.first + core;
        let slot = self.world.shared.cores[global as usize].job;
        let kernel = self.kernel(processor);
        let from = kernel.context(slot).max(now);
        let at = Time(from.0.saturating_add(kernel.costs.load.0));
        if at > now {
            self.step_until(processor, core, Doing::Loading(slot), at);
        } else {
            self.loaded(processor, core, slot);
        }
        true
    }

    /// A context is loaded: its job runs, if it is still the one to run.
    fn loaded(&mut self, processor: u32, core: u32, slot: u32) {
        let now = self.world.shared.now;
        let state = &mut self.processors[processor as usize];
        let seat = &self.world.shared.cores[(state.seats.first + core) as usize];
        let Some(kernel) = &mut state.kernel else { return };
        let unit = &mut kernel.cores[core as usize];
        if seat.job != slot {
            unit.owes_save = true;
            return;
        }
        if std::mem::take(&mut unit.fresh) {
            state.totals.dispatch_latency += u128::from(now.from(seat.assigned).0);
        }
        self.world.resume(state, core, now);
    }

    /// The scheduler decides once, on `core`.
    fn decide(&mut self, processor: u32, core: u32) {
        let state = &mut self.processors[processor as usize];
        let known = state.ready - state.kernel.as_ref().map_or(0, |kernel| kernel.unseen);
        if known == 0 || state.down {
            return;
        }
        let here = self.world.shared.cores[(state.seats.first + core) as usize].is_idle();
        let chosen = if state.idle > 0 {
            let target = if here { core } else { self.choose_idle(processor, None) };
            let pick = self.ask_pick(processor, target, Ask::Idle);
            if pick == Pick::NONE {
                return;
            }
            self.world.assign(&mut self.processors[processor as usize], processor, target, pick);
            target
        } else {
            if !state.wants.preempt {
                return;
            }
            let Server::Picks(policy) = &mut state.server else { return };
            let Some(victim) = policy.preempt(&self.world.shared, &mut state.seats) else { return };
            if state.seats.cores(&self.world.shared).get(victim as usize).is_none_or(Core::is_idle) {
                let what = format!("it preempts core {victim}, which runs nothing");
                return self.world.contract(processor, what);
            }
            let keys = self.candidates(processor);
            self.displace(processor, victim, victim == core);
            let pick = self.ask_pick(processor, victim, Ask::Taken(keys));
            self.world.assign(&mut self.processors[processor as usize], processor, victim, pick);
            victim
        };
        if chosen != core {
            self.notify(processor, chosen, Notice::Switch);
        }
        // One decision a run; where more is to be decided than there are runs to come, another one is asked for.
        let idle = self.processors[processor as usize].idle;
        let asked = self.kernel(processor).cores[core as usize].decisions > 0;
        if idle > 0 && known > 1 && !asked {
            self.ask_to_decide(processor, core);
        }
    }

    /// Takes the job off a core, for another one. `is_saved`: its context was saved when the core was interrupted.
    fn displace(&mut self, processor: u32, core: u32, is_saved: bool) {
        let now = self.world.shared.now;
        let state = &mut self.processors[processor as usize];
        let global = state.seats.first + core;
        let seat = &self.world.shared.cores[global as usize];
        let (slot, runs) = (seat.job, seat.started != Time::NEVER);
        let Some(kernel) = &mut state.kernel else { return };
        let save = kernel.costs.save;
        let unit = &mut kernel.cores[core as usize];
        let saved = match unit.doing {
            _ if is_saved => now,
            Doing::Saving => unit.until,
            Doing::Loading(_) => Time(unit.until.0.saturating_add(save.0)),
            _ if runs => Time(now.0.saturating_add(save.0)),
            _ => now,
        };
        if runs {
            unit.owes_save = true;
        }
        kernel.set_context(slot, saved);
        let mut done = 0;
        if runs {
            done = self.world.pause(state, core);
        }
        // The event of the core, if there is one, is that of its kernel.
        self.requeue(processor, core, 0);
        if !self.processors[processor as usize].owners.is_empty() {
            self.book_owed(slot, processor, done);
        }
    }
}
