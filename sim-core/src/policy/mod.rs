//! What a policy sees and what it may decide.
//!
//! The engine asks, the policy answers, the engine acts. A policy never moves time, never touches a job and never
//! sees the trace; it gets a read-only view and a random stream of its own. What the view holds depends on
//! [`Scheduler::Sees`]: a [`Blind`] policy's tasks have no remaining work, so cheating does not compile.
//!
//! ```compile_fail
//! use sim_core::policy::{Blind, Task};
//! fn cheat(task: &Task<'_, Blind>) -> sim_core::units::Work {
//!     task.remaining() // no such method for a blind policy
//! }
//! ```

use crate::job::{Job, Jobs};
use crate::model::Attributes;
use crate::processor::Core;
use crate::rng::Stream;
use crate::ties::Ties;
use crate::trace::Key;
use crate::units::{Span, Time, Work};
use std::marker::PhantomData;

mod balancing;

pub(crate) use balancing::Load;
pub use balancing::{Balancer, ErasedBalancer, Farm, Request, Servers};

mod sealed {
    pub trait Sealed {}
    impl Sealed for super::Blind {}
    impl Sealed for super::Clairvoyant {}
}

/// How much of the future a policy's view holds.
pub trait Knowledge: sealed::Sealed + Copy + Send + Sync + 'static {}

/// Knows what has happened, not what is left.
#[derive(Clone, Copy, Debug)]
pub struct Blind;

/// Knows the sizes of jobs.
#[derive(Clone, Copy, Debug)]
pub struct Clairvoyant;

impl Knowledge for Blind {}
impl Knowledge for Clairvoyant {}

/// A job's place in the engine's table: small, dense, used again after the job has left. A policy may keep
/// per-job state in a vector indexed by it, and resets it when the job becomes ready as [`Why::Arrived`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Slot(pub u32);

/// Why a job joins a ready queue.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Why {
    /// It comes to this processor for the first time.
    Arrived,
    /// It comes back: from I/O, a lock, another station.
    Returned,
    /// Its slice ended before its work.
    SliceEnd,
    /// It was taken off its core by [`Scheduler::preempt`].
    Preempted,
}

/// A job as a scheduler sees it.
#[derive(Clone, Copy)]
pub struct Task<'a, K> {
    job: &'a Job,
    attributes: &'a Attributes,
    slot: Slot,
    /// Work done since the job's stored counters were brought up to date (running jobs).
    elapsed: Work,
    knowledge: PhantomData<K>,
}

impl<K> Task<'_, K> {
    /// The job's place in the engine's table.
    #[inline]
    pub fn slot(&self) -> Slot {
        self.slot
    }

    /// Its number in the run, in order of release.
    #[inline]
    pub fn number(&self) -> u64 {
        self.job.number
    }

    /// Place in the task list or in the order of sources: the last word in ties.
    #[inline]
    pub fn place(&self) -> u32 {
        self.attributes.place
    }

    /// Index of its task among the model's tasks: the same for all jobs of a periodic task.
    #[inline]
    pub fn task(&self) -> u32 {
        self.attributes.task
    }

    /// Release.
    #[inline]
    pub fn arrival(&self) -> Time {
        self.job.arrival
    }

    /// Since when it has been in the ready queue (running: since when it had been).
    #[inline]
    pub fn ready_since(&self) -> Time {
        self.job.since
    }

    /// Service received in this visit to the processor.
    #[inline]
    pub fn attained(&self) -> Work {
        Work(self.job.burst - self.job.remaining + self.elapsed.0)
    }

    /// Priority number; which direction is better is the policy's parameter.
    #[inline]
    pub fn priority(&self) -> i64 {
        self.attributes.priority
    }

    /// Unix nice value.
    #[inline]
    pub fn nice(&self) -> i32 {
        self.attributes.nice
    }

    /// Tickets of lottery and stride.
    #[inline]
    pub fn tickets(&self) -> u32 {
        self.attributes.tickets
    }

    /// Weight of proportional-share policies.
    #[inline]
    pub fn weight(&self) -> u32 {
        self.attributes.weight
    }

    /// Absolute deadline; [`Time::NEVER`] without one.
    #[inline]
    pub fn deadline(&self) -> Time {
        self.job.deadline
    }

    /// Deadline relative to the release; [`Span::FOREVER`] without one.
    #[inline]
    pub fn relative_deadline(&self) -> Span {
        self.attributes.deadline.unwrap_or(Span::FOREVER)
    }

    /// Period; [`Span::FOREVER`] for tasks that are not periodic.
    #[inline]
    pub fn period(&self) -> Span {
        self.attributes.period.unwrap_or(Span::FOREVER)
    }
}

impl Task<'_, Clairvoyant> {
    /// Work left of this visit.
    #[inline]
    pub fn remaining(&self) -> Work {
        Work(self.job.remaining - self.elapsed.0)
    }

    /// Work of the whole visit.
    #[inline]
    pub fn burst(&self) -> Work {
        Work(self.job.burst)
    }
}

/// What engine and policies share while a run goes on.
pub struct Shared {
    pub(crate) now: Time,
    pub(crate) jobs: Jobs,
    /// The cores of all processors.
    pub(crate) cores: Vec<Core>,
    pub(crate) attributes: Vec<Attributes>,
    pub(crate) ties: Ties,
}

impl Shared {
    #[inline]
    fn task<K>(&self, slot: Slot, elapsed: Work) -> Task<'_, K> {
        let job = &self.jobs[slot.0];
        let attributes = &self.attributes[job.attributes as usize];
        Task { job, attributes, slot, elapsed, knowledge: PhantomData }
    }
}

/// Which cores are a processor's, and its policy's random stream.
pub struct Seats {
    pub(crate) first: u32,
    pub(crate) count: u32,
    pub(crate) rng: Stream,
}

impl Seats {
    /// The processor's cores.
    #[inline]
    pub(crate) fn cores<'a>(&self, shared: &'a Shared) -> &'a [Core] {
        &shared.cores[self.first as usize..(self.first + self.count) as usize]
    }
}

/// A processor as its scheduler sees it.
pub struct Cpu<'a, K> {
    shared: &'a Shared,
    seats: &'a mut Seats,
    knowledge: PhantomData<K>,
}

impl<K> Cpu<'_, K> {
    /// The current time.
    #[inline]
    pub fn now(&self) -> Time {
        self.shared.now
    }

    /// The run's tie rules.
    #[inline]
    pub fn ties(&self) -> &Ties {
        &self.shared.ties
    }

    /// The policy's own random stream.
    #[inline]
    pub fn rng(&mut self) -> &mut Stream {
        &mut self.seats.rng
    }

    /// A job that is ready here (or running; then without what it did since its dispatch).
    #[inline]
    pub fn task(&self, slot: Slot) -> Task<'_, K> {
        self.shared.task(slot, Work(0))
    }

    /// The time that `work` takes on a core of this processor, rounded up.
    #[inline]
    pub fn time_for(&self, work: Work) -> Span {
        self.seats.cores(self.shared)[0].speed.time_for_ceil(work)
    }

    /// Number of cores.
    pub fn cores(&self) -> usize {
        self.seats.count as usize
    }

    /// The jobs on the cores, with what they did since their dispatch counted in; cores that are switching for a job
    /// are included.
    pub fn running(&self) -> impl Iterator<Item = (u32, Task<'_, K>)> {
        self.seats.cores(self.shared).iter().enumerate().filter(|(_, core)| !core.is_idle()).map(
            |(index, core)| {
                let job = &self.shared.jobs[core.job];
                let done = Work(core.work_until(self.shared.now).0.min(job.remaining));
                (index as u32, self.shared.task(Slot(core.job), done))
            },
        )
    }
}

/// A scheduler's choice: a ready job and how long it may run before the scheduler is asked again.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Pick {
    pub(crate) slot: u32,
    pub(crate) slice: Span,
}

impl Pick {
    /// Nothing to run.
    pub const NONE: Pick = Pick { slot: u32::MAX, slice: Span::FOREVER };

    /// Run `slot` until its work is done (or it is preempted).
    #[inline]
    pub fn to_completion(slot: Slot) -> Pick {
        Pick { slot: slot.0, slice: Span::FOREVER }
    }

    /// Run `slot` for at most `slice`, which must be positive.
    #[inline]
    pub fn for_slice(slot: Slot, slice: Span) -> Pick {
        Pick { slot: slot.0, slice }
    }
}

/// Decides which ready job runs next on a processor.
///
/// The policy owns the ready queue. The life of a job in it: [`ready`](Scheduler::ready), then
/// [`pick`](Scheduler::pick) returns it, then `ready` again (slice end, preemption, return from I/O) or
/// [`left`](Scheduler::left) when its visit is over.
pub trait Scheduler: Send + 'static {
    /// What it may know of jobs' sizes: [`Blind`] or [`Clairvoyant`].
    type Sees: Knowledge;

    /// Whether a newcomer can take a core from a running job; [`preempt`](Scheduler::preempt) is asked only then.
    const PREEMPTIVE: bool = false;
    /// Whether it wants to be told when a job's visit is over ([`left`](Scheduler::left)).
    const WATCHES: bool = false;
    /// Whether it wants periodic ticks ([`next_tick`](Scheduler::next_tick)).
    const TICKS: bool = false;

    /// A job joins the ready queue. `ran`: the work it did since its dispatch (zero unless it comes off a core).
    fn ready(&mut self, task: Slot, why: Why, ran: Work, cpu: &mut Cpu<'_, Self::Sees>);

    /// Takes the next job for `core` out of the ready queue; [`Pick::NONE`] where none should run there.
    fn pick(&mut self, core: u32, cpu: &mut Cpu<'_, Self::Sees>) -> Pick;

    /// A job joins and the next one is picked: what happens at most ends of slices, as one call. Override it where the
    /// two together cost less than one after the other.
    #[inline(always)]
    fn ready_and_pick(
        &mut self,
        task: Slot,
        why: Why,
        ran: Work,
        core: u32,
        cpu: &mut Cpu<'_, Self::Sees>,
    ) -> Pick {
        self.ready(task, why, ran, cpu);
        self.pick(core, cpu)
    }

    /// Which core should be taken from its job for the best ready job, if any. Asked while no core is idle and jobs
    /// are ready, again after each core taken; the preempted job comes back through [`ready`](Scheduler::ready).
    fn preempt(&mut self, cpu: &mut Cpu<'_, Self::Sees>) -> Option<u32> {
        let _ = cpu;
        None
    }

    /// A job's visit is over (its work is done) after `ran` of work since its dispatch.
    fn left(&mut self, task: Slot, ran: Work, cpu: &mut Cpu<'_, Self::Sees>) {
        let _ = (task, ran, cpu);
    }

    /// A waiting job is withdrawn from the ready queue (its client gave up, its server failed).
    fn withdraw(&mut self, task: Slot);

    /// When the policy wants its next tick; asked after each decision while jobs are at the processor.
    fn next_tick(&self, cpu: &Cpu<'_, Self::Sees>) -> Time {
        let _ = cpu;
        Time::NEVER
    }

    /// The tick.
    fn tick(&mut self, cpu: &mut Cpu<'_, Self::Sees>) {
        let _ = cpu;
    }

    /// The key by which `task` is ordered right now; the smaller goes first. For decision records only.
    fn key(&self, task: &Task<'_, Self::Sees>, cpu: &Cpu<'_, Self::Sees>) -> Key;

    /// The level the job is at (multilevel policies); for traces only.
    fn level(&self, task: Slot) -> u32 {
        let _ = task;
        0
    }

    /// What else there is to say about the last decision (a lottery's draw); for decision records only.
    fn note(&self) -> Option<String> {
        None
    }
}

/// How a processor without a ready queue divides its cores among the jobs present.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Sharing {
    /// All equally (processor sharing): n jobs on c cores run at rate min(1, c / n).
    Equal,
    /// The jobs with the least attained service equally, before all others (foreground-background).
    LeastAttained,
}

/// What serves a processor: a scheduler that picks jobs, or a rule that shares the cores.
pub enum CpuScheduler {
    /// Picks one job for each core.
    Picks(Box<dyn ErasedScheduler>),
    /// Shares the cores.
    Shares(Sharing),
}

impl CpuScheduler {
    /// A scheduler that picks.
    pub fn picks(scheduler: impl Scheduler) -> CpuScheduler {
        CpuScheduler::Picks(Box::new(scheduler))
    }
}

/// What a scheduler wants to be asked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Wants {
    pub(crate) preempt: bool,
    pub(crate) left: bool,
    pub(crate) ticks: bool,
}

/// A [`Scheduler`] with its types erased, as the engine holds it. Implemented for every scheduler.
///
/// One call a slice is enough: [`ready_and_pick`](ErasedScheduler::ready_and_pick) is compiled for each policy, so
/// that the calls inside are direct ones.
pub trait ErasedScheduler: Send {
    /// What it wants to be asked.
    fn wants(&self) -> Wants;
    /// See [`Scheduler::ready`].
    fn ready(&mut self, slot: u32, why: Why, ran: Work, shared: &Shared, seats: &mut Seats);
    /// See [`Scheduler::pick`].
    fn pick(&mut self, core: u32, shared: &Shared, seats: &mut Seats) -> Pick;
    /// A job joins and the next one is picked for `core`.
    fn ready_and_pick(
        &mut self,
        slot: u32,
        why: Why,
        ran: Work,
        core: u32,
        shared: &Shared,
        seats: &mut Seats,
    ) -> Pick;
    /// See [`Scheduler::preempt`].
    fn preempt(&mut self, shared: &Shared, seats: &mut Seats) -> Option<u32>;
    /// See [`Scheduler::left`].
    fn left(&mut self, slot: u32, ran: Work, shared: &Shared, seats: &mut Seats);
    /// See [`Scheduler::withdraw`].
    fn withdraw(&mut self, slot: u32);
    /// See [`Scheduler::next_tick`].
    fn next_tick(&self, shared: &Shared, seats: &mut Seats) -> Time;
    /// See [`Scheduler::tick`].
    fn tick(&mut self, shared: &Shared, seats: &mut Seats);
    /// The key of a ready job, or of the job running on `core`.
    fn key(&self, slot: u32, core: Option<u32>, shared: &Shared, seats: &mut Seats) -> Key;
    /// See [`Scheduler::level`].
    fn level(&self, slot: u32) -> u32;
    /// See [`Scheduler::note`].
    fn note(&self) -> Option<String>;
}

#[inline]
fn cpu<'a, K>(shared: &'a Shared, seats: &'a mut Seats) -> Cpu<'a, K> {
    Cpu { shared, seats, knowledge: PhantomData }
}

impl<S: Scheduler> ErasedScheduler for S {
    fn wants(&self) -> Wants {
        Wants { preempt: S::PREEMPTIVE, left: S::WATCHES, ticks: S::TICKS }
    }

    fn ready(&mut self, slot: u32, why: Why, ran: Work, shared: &Shared, seats: &mut Seats) {
        Scheduler::ready(self, Slot(slot), why, ran, &mut cpu(shared, seats));
    }

    fn pick(&mut self, core: u32, shared: &Shared, seats: &mut Seats) -> Pick {
        Scheduler::pick(self, core, &mut cpu(shared, seats))
    }

    fn ready_and_pick(
        &mut self,
        slot: u32,
        why: Why,
        ran: Work,
        core: u32,
        shared: &Shared,
        seats: &mut Seats,
    ) -> Pick {
        Scheduler::ready_and_pick(self, Slot(slot), why, ran, core, &mut cpu(shared, seats))
    }

    fn preempt(&mut self, shared: &Shared, seats: &mut Seats) -> Option<u32> {
        Scheduler::preempt(self, &mut cpu(shared, seats))
    }

    fn left(&mut self, slot: u32, ran: Work, shared: &Shared, seats: &mut Seats) {
        Scheduler::left(self, Slot(slot), ran, &mut cpu(shared, seats));
    }

    fn withdraw(&mut self, slot: u32) {
        Scheduler::withdraw(self, Slot(slot));
    }

    fn next_tick(&self, shared: &Shared, seats: &mut Seats) -> Time {
        Scheduler::next_tick(self, &cpu(shared, seats))
    }

    fn tick(&mut self, shared: &Shared, seats: &mut Seats) {
        Scheduler::tick(self, &mut cpu(shared, seats));
    }

    fn key(&self, slot: u32, core: Option<u32>, shared: &Shared, seats: &mut Seats) -> Key {
        let elapsed = core.map_or(Work(0), |core| {
            Work(seats.cores(shared)[core as usize].work_until(shared.now).0.min(shared.jobs[slot].remaining))
        });
        let task = shared.task(Slot(slot), elapsed);
        Scheduler::key(self, &task, &cpu(shared, seats))
    }

    fn level(&self, slot: u32) -> u32 {
        Scheduler::level(self, Slot(slot))
    }

    fn note(&self) -> Option<String> {
        Scheduler::note(self)
    }
}
