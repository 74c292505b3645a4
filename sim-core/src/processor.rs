//! A processor while a run goes on: its cores, its scheduler, its account of time.

use crate::job::NONE;
use crate::kernel::{Doing, Kernel};
use crate::measure::ProcessorMeasures;
use crate::model;
use crate::policy::{CpuScheduler, ErasedScheduler, Seats, Shared, Wants};
use crate::rng::StreamRoot;
use crate::sharing;
use crate::ties::{IdleCore, Ties};
use crate::units::{Ratio, Span, Time, Work};

/// No job has run on a core yet.
pub(crate) const NO_JOB: u64 = u64::MAX;

/// The lowest idle core, by a mask of idle cores.
#[inline]
pub(crate) fn first_idle(mask: &[u64]) -> u32 {
    if let [word] = mask {
        return word.trailing_zeros();
    }
    let (index, word) = mask.iter().enumerate().find(|(_, word)| **word != 0).unwrap_or((0, &0));
    index as u32 * 64 + word.trailing_zeros()
}

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
    /// What was left of its job's slice when it began or went on to run.
    pub(crate) slice: Span,
    /// Work done since the job's dispatch, up to when it went on last.
    pub(crate) ran: u64,
    /// The policy's level for its job at dispatch (traced runs).
    pub(crate) level: u32,
    /// Its processor, and its place there.
    pub(crate) processor: u32,
    pub(crate) index: u32,
    /// Its account: time running jobs, paying switch costs, idle.
    pub(crate) busy: u64,
    pub(crate) overhead: u64,
    pub(crate) idle: u64,
    /// The kernel's own time, without a job.
    pub(crate) system: u64,
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
#[expect(clippy::struct_excessive_bools, reason = "facts looked at in the hottest place, each on its own")]
pub struct ProcessorState {
    pub(crate) server: Server,
    pub(crate) seats: Seats,
    pub(crate) wants: Wants,
    /// Jobs in the ready queue.
    pub(crate) ready: u32,
    /// Idle cores, and which they are (one bit each).
    pub(crate) idle: u32,
    pub(crate) idle_mask: Vec<u64>,
    /// No costs and nominal speed: the short way through a dispatch.
    pub(crate) plain: bool,
    /// The scheduler picks, and neither preempts nor ticks: a core that falls free needs one pick and no more.
    pub(crate) simple: bool,
    /// A newcomer that finds an idle core and no queue takes the lowest one at once.
    pub(crate) newcomer_runs: bool,
    /// One core: no mask is kept, its bit stays set.
    single: bool,
    pub(crate) context_switch: Span,
    pub(crate) dispatch_latency: Span,
    pub(crate) component: u32,
    pub(crate) device: bool,
    pub(crate) marked: bool,
    /// Its server is down: nothing runs.
    pub(crate) down: bool,
    /// Where events interrupt cores.
    pub(crate) kernel: Option<Box<Kernel>>,
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
    /// The processor with its cores, which are added to `cores`.
    pub(crate) fn new(
        spec: &model::Processor,
        processor: u32,
        cores: &mut Vec<Core>,
        ties: &Ties,
        root: StreamRoot,
    ) -> ProcessorState {
        let first = cores.len() as u32;
        cores.extend((0..spec.cores).map(|index| Core {
            job: NONE,
            event: 0,
            assigned: Time::ZERO,
            started: Time::ZERO,
            idle_since: Time::ZERO,
            last_job: NO_JOB,
            speed: spec.speed,
            slice: Span::FOREVER,
            ran: 0,
            level: 0,
            processor,
            index,
            busy: 0,
            overhead: 0,
            idle: 0,
            system: 0,
        }));
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
        let simple =
            matches!(server, Server::Picks(_)) && !wants.preempt && !wants.ticks && spec.interrupts.is_none();
        let cores = spec.cores as usize;
        let mut idle_mask = vec![u64::MAX; cores.div_ceil(64)];
        if !cores.is_multiple_of(64) {
            idle_mask[cores / 64] = (1 << (cores % 64)) - 1;
        }
        ProcessorState {
            server,
            seats: Seats { first, count: spec.cores, rng: root.stream(&spec.name, "scheduler") },
            wants,
            ready: 0,
            idle: spec.cores,
            idle_mask,
            plain: spec.interrupts.is_none()
                && spec.speed.is_one()
                && spec.context_switch == Span::ZERO
                && spec.dispatch_latency == Span::ZERO,
            simple,
            newcomer_runs: simple && ties.idle_core == IdleCore::Lowest,
            single: cores == 1,
            context_switch: spec.context_switch,
            dispatch_latency: spec.dispatch_latency,
            component: spec.component,
            device: spec.device,
            marked: false,
            down: false,
            kernel: spec.interrupts.map(|costs| Box::new(Kernel::new(costs, spec.cores))),
            tick_event: 0,
            tick_at: Time::NEVER,
            ready_changed: Time::ZERO,
            present_integral: 0,
            totals: ProcessorMeasures::default(),
            owners: Vec::new(),
        }
    }

    /// Takes the processor out of service, or puts it back.
    pub(crate) fn set_down(&mut self, down: bool, ties: &Ties) {
        self.down = down;
        // A job may stay on its core without running.
        self.plain = false;
        // The short ways through a dispatch do not look whether it is down.
        self.simple = !down
            && matches!(self.server, Server::Picks(_))
            && !self.wants.preempt
            && !self.wants.ticks
            && self.kernel.is_none();
        self.newcomer_runs = self.simple && ties.idle_core == IdleCore::Lowest;
        if let Server::Shares(shared) = &mut self.server {
            shared.set_cores(if down { 0 } else { self.seats.count });
        }
    }

    /// Whether the kernel is at work on a core.
    pub(crate) fn is_in_kernel(&self, core: u32) -> bool {
        let kernel = self.kernel.as_ref();
        kernel.is_some_and(|kernel| kernel.cores[core as usize].doing != Doing::Nothing)
    }

    /// The lowest idle core.
    #[inline]
    pub(crate) fn lowest_idle(&self) -> u32 {
        first_idle(&self.idle_mask)
    }

    /// The n-th idle core, counted from the lowest.
    pub(crate) fn nth_idle(&self, n: u32, shared: &Shared) -> u32 {
        let idle = self.seats.cores(shared).iter().enumerate().filter(|(_, core)| core.is_idle());
        idle.map(|(index, _)| index as u32).nth(n as usize).unwrap_or(0)
    }

    /// A core is taken.
    #[inline(always)]
    pub(crate) fn take_idle<const PLAIN: bool>(&mut self, core: u32) {
        self.idle -= 1;
        if !PLAIN && !self.single {
            self.idle_mask[core as usize / 64] &= !(1 << (core % 64));
        }
    }

    /// A core falls idle.
    #[inline(always)]
    pub(crate) fn give_idle<const PLAIN: bool>(&mut self, core: u32) {
        self.idle += 1;
        if !PLAIN && !self.single {
            self.idle_mask[core as usize / 64] |= 1 << (core % 64);
        }
    }

    /// Brings the integral of ready jobs up to date; called before `ready` changes.
    #[inline(always)]
    pub(crate) fn integrate_ready(&mut self, now: Time) {
        let dt = now.from(self.ready_changed).0;
        self.totals.ready_integral += u128::from(dt) * u128::from(self.ready);
        self.ready_changed = now;
    }

    /// Brings the account of a sharing processor up to date; called before the jobs present change.
    pub(crate) fn integrate_shared(&mut self, now: Time) {
        (self.totals, self.present_integral) = self.shared_totals_at(now);
        let Server::Shares(shared) = &mut self.server else { return };
        self.ready_changed = now;
        shared.update(now);
    }

    /// How many of the jobs that share the cores are in service, a core's worth each; the others are the queue.
    pub(crate) fn served(&self, shared: &sharing::Shared) -> u32 {
        if self.down { 0 } else { shared.present().min(self.seats.count) }
    }

    /// The account of a sharing processor as it stands at `now`, and its integral of jobs present: looked at, not brought up
    /// to date, since attained work is rounded whenever it is.
    pub(crate) fn shared_totals_at(&self, now: Time) -> (ProcessorMeasures, u128) {
        let mut totals = self.totals;
        let Server::Shares(shared) = &self.server else { return (totals, self.present_integral) };
        let dt = u128::from(now.since(self.ready_changed).0);
        let (present, cores) = (u128::from(shared.present()), u128::from(self.seats.count));
        let served = u128::from(self.served(shared));
        totals.busy += dt * served;
        totals.idle += dt * (cores - served);
        totals.ready_integral += dt * (present - served);
        (totals, self.present_integral + dt * present)
    }

    /// The account as it stands at `now`, with what is under way counted up to `now`.
    pub(crate) fn totals_at(&mut self, now: Time, shared: &Shared) -> ProcessorMeasures {
        if matches!(self.server, Server::Shares(_)) {
            return self.shared_totals_at(now).0;
        }
        self.integrate_ready(now);
        let mut totals = self.totals;
        for core in self.seats.cores(shared) {
            totals.system += u128::from(core.system);
            totals.busy += u128::from(core.busy);
            totals.overhead += u128::from(core.overhead);
            totals.idle += u128::from(core.idle);
            totals.running_gain += i64::from(!core.is_idle());
            if core.is_idle() && self.is_in_kernel(core.index) {
                totals.system += u128::from(now.since(core.idle_since).0);
            } else if core.is_idle() {
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
    pub(crate) fn work_in_progress(&self, world: &Shared) -> Work {
        let now = world.now;
        match &self.server {
            Server::Shares(shared) => shared.work_done(now),
            Server::Picks(_) => {
                let busy = self.seats.cores(world).iter().filter(|core| !core.is_idle());
                Work(busy.map(|core| core.work_until(now).0).sum())
            }
        }
    }
}
