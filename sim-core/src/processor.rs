//! A processor while a run goes on: its cores, its scheduler, its account of time.

use crate::job::NONE;
use crate::measure::ProcessorMeasures;
use crate::model;
use crate::policy::{CpuScheduler, ErasedScheduler, Seats, Wants};
use crate::rng::StreamRoot;
use crate::sharing;
use crate::ties::Ties;
use crate::units::{Ratio, Span, Time, Work};

/// No job has run on a core yet.
pub(crate) const NO_JOB: u64 = u64::MAX;

/// A core of a processor.
#[derive(Clone, Debug)]
pub struct Core {
    /// The slot of the job on it.
    pub(crate) job: u32,
    /// Sequence number of its pending event; 0 where there is none.
    pub(crate) event: u64,
    /// When the job was put on it, and when its first instruction runs (later by the switch costs).
    pub(crate) assigned: Time,
    pub(crate) started: Time,
    /// Since when it is idle, where it is.
    pub(crate) idle_since: Time,
    /// Number of the job it ran last.
    pub(crate) last_job: u64,
    pub(crate) speed: Ratio,
}

impl Core {
    #[inline]
    pub(crate) fn is_idle(&self) -> bool {
        self.job == NONE
    }

    /// Work done on the present job since its dispatch.
    #[inline]
    pub(crate) fn work_until(&self, now: Time) -> Work {
        self.speed.work_in_floor(now.since(self.started))
    }
}

/// Who decides at the processor.
pub(crate) enum Server {
    Picks(Box<dyn ErasedScheduler>),
    Shares(sharing::Shared),
}

/// A processor while a run goes on.
pub struct ProcessorState {
    pub(crate) server: Server,
    pub(crate) seats: Seats,
    pub(crate) wants: Wants,
    /// Jobs in the ready queue.
    pub(crate) ready: u32,
    /// Idle cores, and which they are (one bit each).
    pub(crate) idle: u32,
    idle_mask: Vec<u64>,
    /// Global index of core 0.
    pub(crate) first_core: u32,
    /// No costs and nominal speed: the short way through a dispatch.
    pub(crate) plain: bool,
    pub(crate) context_switch: Span,
    pub(crate) dispatch_latency: Span,
    pub(crate) component: u32,
    pub(crate) device: bool,
    pub(crate) marked: bool,
    /// Pending tick: its sequence number and time.
    pub(crate) tick_event: u64,
    pub(crate) tick_at: Time,
    /// When the ready integral was brought up to date.
    ready_changed: Time,
    /// Integral of the jobs present (sharing processors only).
    pub(crate) present_integral: u128,
    pub(crate) totals: ProcessorMeasures,
    /// Balancers that know sizes and whose group this processor belongs to.
    pub(crate) owners: Vec<u32>,
}

impl ProcessorState {
    pub(crate) fn new(
        spec: &model::Processor,
        first_core: u32,
        ties: &Ties,
        root: StreamRoot,
    ) -> ProcessorState {
        let core = Core {
            job: NONE,
            event: 0,
            assigned: Time::ZERO,
            started: Time::ZERO,
            idle_since: Time::ZERO,
            last_job: NO_JOB,
            speed: spec.speed,
        };
        let (server, wants) = match (spec.scheduler.build)(ties) {
            CpuScheduler::Picks(policy) => {
                let wants = policy.wants();
                (Server::Picks(policy), wants)
            }
            CpuScheduler::Shares(rule) => (
                Server::Shares(sharing::Shared::new(rule, spec.cores, spec.speed)),
                Wants { preempt: false, left: false, ticks: false },
            ),
        };
        let cores = spec.cores as usize;
        let mut idle_mask = vec![u64::MAX; cores.div_ceil(64)];
        if !cores.is_multiple_of(64) {
            idle_mask[cores / 64] = (1 << (cores % 64)) - 1;
        }
        ProcessorState {
            server,
            seats: Seats { cores: vec![core; cores], rng: root.stream(&spec.name, "scheduler") },
            wants,
            ready: 0,
            idle: spec.cores,
            idle_mask,
            first_core,
            plain: spec.speed.is_one()
                && spec.context_switch == Span::ZERO
                && spec.dispatch_latency == Span::ZERO,
            context_switch: spec.context_switch,
            dispatch_latency: spec.dispatch_latency,
            component: spec.component,
            device: spec.device,
            marked: false,
            tick_event: 0,
            tick_at: Time::NEVER,
            ready_changed: Time::ZERO,
            present_integral: 0,
            totals: ProcessorMeasures::default(),
            owners: Vec::new(),
        }
    }

    /// The lowest idle core.
    #[inline]
    pub(crate) fn lowest_idle(&self) -> u32 {
        if let [word] = self.idle_mask[..] {
            return word.trailing_zeros();
        }
        let (index, word) =
            self.idle_mask.iter().enumerate().find(|(_, word)| **word != 0).unwrap_or((0, &0));
        index as u32 * 64 + word.trailing_zeros()
    }

    /// The n-th idle core, counted from the lowest.
    pub(crate) fn nth_idle(&self, n: u32) -> u32 {
        let idle = self.seats.cores.iter().enumerate().filter(|(_, core)| core.is_idle());
        idle.map(|(index, _)| index as u32).nth(n as usize).unwrap_or(0)
    }

    /// Marks a core as taken and adds its idle time to the account.
    #[inline]
    pub(crate) fn occupy(&mut self, core: u32, now: Time) {
        self.idle_mask[core as usize / 64] &= !(1 << (core % 64));
        self.idle -= 1;
        let since = self.seats.cores[core as usize].idle_since;
        self.totals.idle += u128::from(now.since(since).0);
    }

    /// Marks a core as idle.
    #[inline]
    pub(crate) fn vacate(&mut self, core: u32, now: Time) {
        self.idle_mask[core as usize / 64] |= 1 << (core % 64);
        self.idle += 1;
        let core = &mut self.seats.cores[core as usize];
        core.job = NONE;
        core.idle_since = now;
    }

    /// Brings the integral of ready jobs up to date; called before `ready` changes.
    #[inline]
    pub(crate) fn integrate_ready(&mut self, now: Time) {
        let dt = now.since(self.ready_changed).0;
        self.totals.ready_integral += u128::from(dt) * u128::from(self.ready);
        self.ready_changed = now;
    }

    /// Brings the account of a sharing processor up to date; called before the jobs present change.
    pub(crate) fn integrate_shared(&mut self, now: Time) {
        let Server::Shares(shared) = &mut self.server else { return };
        let dt = u128::from(now.since(self.ready_changed).0);
        let (present, cores) = (u128::from(shared.present()), self.seats.cores.len() as u128);
        let served = present.min(cores);
        self.present_integral += dt * present;
        self.totals.busy += dt * served;
        self.totals.idle += dt * (cores - served);
        self.totals.ready_integral += dt * (present - served);
        self.ready_changed = now;
        shared.update(now);
    }

    /// The account as it stands at `now`, with what is under way counted up to `now`.
    pub(crate) fn totals_at(&mut self, now: Time) -> ProcessorMeasures {
        if matches!(self.server, Server::Shares(_)) {
            self.integrate_shared(now);
            return self.totals;
        }
        self.integrate_ready(now);
        let mut totals = self.totals;
        for core in &self.seats.cores {
            if core.is_idle() {
                totals.idle += u128::from(now.since(core.idle_since).0);
            } else {
                let started = core.started.min(now);
                totals.overhead += u128::from(started.since(core.assigned).0);
                totals.busy += u128::from(now.since(started).0);
            }
        }
        totals
    }

    /// Work done on the jobs present that has not been booked yet.
    pub(crate) fn work_in_progress(&self, now: Time) -> Work {
        match &self.server {
            Server::Shares(shared) => shared.work_done(now),
            Server::Picks(_) => {
                let busy = self.seats.cores.iter().filter(|core| !core.is_idle());
                Work(busy.map(|core| core.work_until(now).0).sum())
            }
        }
    }
}
