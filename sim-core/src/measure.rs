//! What a run measures: integers (but for one sum of ratios, kept in event order), so that replications merge to the
//! same bytes in any grouping.

mod distribution;

pub use distribution::{BUCKETS, Distribution, EXACT_VALUES, bucket_bound};

use crate::intervals::Interval;
use crate::units::{Span, Time};

/// Sums of one kind of time over jobs.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct PartSums {
    /// Waiting in the queue.
    pub waiting: u128,
    /// Being served (processors), delayed, or waiting for children.
    pub service: u128,
    /// Switch and dispatch costs.
    pub overhead: u128,
}

impl PartSums {
    /// All three together.
    pub fn total(&self) -> u128 {
        self.waiting + self.service + self.overhead
    }
}

/// Measures of the jobs of one class that were released after the warm-up.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct ClassMeasures {
    /// Jobs released (in the window).
    pub released: u64,
    /// Jobs that ran their whole program, in the window or after it.
    pub completed: u64,
    /// Jobs that ran their whole program behind the start of the window and up to its end, whenever they were released.
    pub departed: u64,
    /// Jobs in the system at the end of the run, whenever they were released.
    pub unfinished: u64,
    /// Jobs turned away.
    pub lost: u64,
    /// Jobs whose client gave up.
    pub timed_out: u64,
    /// Completion minus arrival.
    pub response: Distribution,
    /// Response minus processor time minus blocked time.
    pub waiting: Distribution,
    /// Sum of first instruction minus arrival, over completed jobs that ran.
    pub first_response: u128,
    /// How many completed jobs ran.
    pub ran: u64,
    /// Sum over completed jobs that ran of response divided by processor time (slowdown, normalized turnaround), in
    /// order of completion.
    pub slowdown: f64,
    /// Processor time received.
    pub served: u128,
    /// Time in ready queues.
    pub ready: u128,
    /// Overhead charged to jobs.
    pub overhead: u128,
    /// Blocked time.
    pub blocked: u128,
    /// Preemptions.
    pub preemptions: u64,
    /// Migrations.
    pub migrations: u64,
    /// Jobs with a deadline that finished after it, or that were unfinished at the end of the run past it.
    pub deadline_misses: u64,
    /// Jobs that have a deadline and whose fate is known.
    pub deadlines: u64,
    /// Greatest finish minus deadline, where positive.
    pub max_tardiness: u64,
    /// Response time by component, in the order of the model's components: its totals add up to the response times.
    pub parts: Vec<PartSums>,
    /// How old the jobs are that are still in the system at the end of the run: their response times are longer than this.
    pub ages: Vec<u64>,
    /// How long these have waited at least, in the same order.
    pub waits: Vec<u64>,
    /// Responses that are not those of jobs that ran their whole program: answers in the middle of conversations, and of jobs
    /// that had not ended when the run did.
    pub surplus: u64,
    /// How jobs have ended beside their status, by the model's outcomes; none where it has no tasks.
    pub outcomes: Vec<u64>,
}

impl ClassMeasures {
    /// Adds another class's measures.
    pub fn merge(&mut self, other: &ClassMeasures) {
        self.released += other.released;
        self.surplus += other.surplus;
        self.outcomes.resize(self.outcomes.len().max(other.outcomes.len()), 0);
        for (sum, count) in self.outcomes.iter_mut().zip(&other.outcomes) {
            *sum += count;
        }
        self.completed += other.completed;
        self.departed += other.departed;
        self.unfinished += other.unfinished;
        self.lost += other.lost;
        self.timed_out += other.timed_out;
        self.response.merge(&other.response);
        self.waiting.merge(&other.waiting);
        self.first_response += other.first_response;
        self.ran += other.ran;
        self.slowdown += other.slowdown;
        self.served += other.served;
        self.ready += other.ready;
        self.overhead += other.overhead;
        self.blocked += other.blocked;
        self.preemptions += other.preemptions;
        self.migrations += other.migrations;
        self.deadline_misses += other.deadline_misses;
        self.deadlines += other.deadlines;
        self.max_tardiness = self.max_tardiness.max(other.max_tardiness);
        self.ages.extend_from_slice(&other.ages);
        self.waits.extend_from_slice(&other.waits);
        if self.parts.len() < other.parts.len() {
            self.parts.resize(other.parts.len(), PartSums::default());
        }
        for (mine, theirs) in self.parts.iter_mut().zip(&other.parts) {
            mine.waiting += theirs.waiting;
            mine.service += theirs.service;
            mine.overhead += theirs.overhead;
        }
    }
}

/// Measures of one processor in the window.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct ProcessorMeasures {
    /// Core time spent running jobs.
    pub busy: u128,
    /// Core time spent on switch and dispatch costs.
    pub overhead: u128,
    /// Core time spent by the kernel while no job was on the core (processors with interrupts).
    pub system: u128,
    /// Core time idle.
    pub idle: u128,
    /// Integral of the length of the queue: of the jobs that are ready and on no core. Where cores are shared, of the jobs
    /// beyond the number of cores: no more than one job's worth of work is done on a core at a time, and who gets a part of
    /// a core waits for the rest of it. A processor whose server is down serves nobody.
    pub ready_integral: u128,
    /// Visits that ended.
    pub completions: u64,
    /// Slices that ended before the work did.
    pub slice_ends: u64,
    /// Dispatches of another job than the core ran before.
    pub context_switches: u64,
    /// Preemptions.
    pub preemptions: u64,
    /// Jobs that went on on another core.
    pub migrations: u64,
    /// Jobs that were withdrawn from a core (their clients gave up, their deadlines passed, their server failed).
    pub withdrawals: u64,
    /// Sum over dispatches of the time from decision to first instruction, as planned at the decision: a switch that a
    /// preemption cuts short counts whole here, and in part in the overheads.
    pub dispatch_latency: u128,
    /// Jobs on cores at the end of the window less those at its start.
    pub running_gain: i64,
}

impl ProcessorMeasures {
    /// Cores times the time they were there.
    pub fn capacity(&self) -> u128 {
        self.busy + self.costs() + self.idle
    }

    /// Core time that was neither idle nor spent running jobs: costs with a job on the core, and the kernel's own time.
    pub fn costs(&self) -> u128 {
        self.overhead + self.system
    }

    /// The accounts of several processors together.
    pub fn sum<'m>(of: impl Iterator<Item = &'m ProcessorMeasures>) -> ProcessorMeasures {
        of.fold(ProcessorMeasures::default(), |mut sum, one| {
            sum.busy += one.busy;
            sum.overhead += one.overhead;
            sum.system += one.system;
            sum.idle += one.idle;
            sum.ready_integral += one.ready_integral;
            sum.completions += one.completions;
            sum.slice_ends += one.slice_ends;
            sum.context_switches += one.context_switches;
            sum.preemptions += one.preemptions;
            sum.migrations += one.migrations;
            sum.withdrawals += one.withdrawals;
            sum.dispatch_latency += one.dispatch_latency;
            sum.running_gain += one.running_gain;
            sum
        })
    }

    /// Dispatches: each ends in a completion, a slice end, a preemption or a withdrawal, or is under way at the end.
    pub fn dispatches(&self) -> u64 {
        let ended = self.completions + self.slice_ends + self.preemptions + self.withdrawals;
        ended.saturating_add_signed(self.running_gain)
    }
}

/// Measures of one pool in the window.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct PoolMeasures {
    /// Integral of the number of tokens held.
    pub held_integral: u128,
    /// Integral of the number of jobs waiting.
    pub waiting_integral: u128,
    /// Tokens granted.
    pub grants: u64,
    /// Jobs turned away by a full queue.
    pub lost: u64,
}

/// The books of an instance: its time in each of [`InstanceState::ALL`](crate::model::InstanceState::ALL), in that order.
pub type Books = [u64; crate::model::InstanceState::ALL.len()];

/// Measures of the instances of one pool in the window.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct InstanceMeasures {
    /// The books of each instance.
    pub books: Vec<Books>,
    /// The same from the start of the run to its end: they add up to its length.
    pub whole: Vec<Books>,
    /// How many tasks were given an instance by the dispatcher, by the instance itself, in a recovery and by a check.
    pub dispatched: [u64; 4],
    /// How many requests had to wait without anybody being found to run.
    pub no_instance: u64,
}

/// Measures of one balancer in the window.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct BalancerMeasures {
    /// Requests sent to each server.
    pub picks: Vec<u64>,
    /// Requests turned away because the server was down, or because no server was known to be up.
    pub refused: u64,
}

/// Measures of the servers of one group in the window.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct GroupMeasures {
    /// Server time down.
    pub down: u128,
    /// Failures.
    pub failures: u64,
}

/// How many jobs were in the system at every few releases, over the whole run: whether a queue goes on rising.
///
/// The number of releases is not known before the end, so that the points are thinned as the run goes on: from
/// [`MOST`](Levels::MOST) points on every second one is dropped, and only every second further one is taken. A run costs
/// a few hundred of them, whatever its length.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Levels {
    /// Releases from one point to the next.
    pub step: u64,
    /// Jobs in the system right behind release `step`, `2 step` and so on, the one just released included.
    pub present: Vec<u64>,
}

impl Default for Levels {
    fn default() -> Levels {
        Levels { step: 1, present: Vec::new() }
    }
}

impl Levels {
    /// Points at most; half of them at least in a run of as many releases.
    pub const MOST: usize = 64;

    /// The number of releases at which the next point is taken.
    pub(crate) fn next(&self) -> u64 {
        self.step * (self.present.len() as u64 + 1)
    }

    /// Takes a point, where one is due.
    pub(crate) fn take(&mut self, released: u64, present: u64) {
        if released != self.next() {
            return;
        }
        self.present.push(present);
        if self.present.len() == Levels::MOST {
            // The points of every second step are those of twice the step.
            let mut place = 0;
            self.present.retain(|_| {
                place += 1;
                place % 2 == 0
            });
            self.step *= 2;
        }
    }
}

/// Everything one replication measured.
///
/// Two things are told apart. *Sums over time* (busy time, queues, tokens held, counts of what stations did) are those of the
/// window. *Measures of jobs* ([`ClassMeasures`]) are those of the jobs released in the window, to whatever end they come,
/// in it or after it.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Measures {
    /// Start of the window (the end of the warm-up).
    pub from: Time,
    /// End of the window: of the run, or the last release where a number of releases ends arrivals that would go on.
    pub until: Time,
    /// End of the run.
    pub end: Time,
    /// Events handled, over the whole run.
    pub events: u64,
    /// Jobs released, over the whole run.
    pub released: u64,
    /// The digest of the order of events, where it was asked for.
    pub digest: Option<u64>,
    /// One a class.
    pub classes: Vec<ClassMeasures>,
    /// One a processor.
    pub processors: Vec<ProcessorMeasures>,
    /// One a pool.
    pub pools: Vec<PoolMeasures>,
    /// One a pool; without books where its tokens have no identity.
    pub instances: Vec<InstanceMeasures>,
    /// One a balancer.
    pub balancers: Vec<BalancerMeasures>,
    /// One a server group.
    pub groups: Vec<GroupMeasures>,
    /// Busy time by interval, where the model has [intervals](crate::intervals): those that were over when the run ended.
    pub intervals: Vec<Interval>,
    /// Jobs in the system at the end.
    pub unfinished: u64,
    /// Integral over the window of the number of jobs in the system (children are part of their parents).
    pub in_system_integral: u128,
    /// When the first job was released and when the last one left, over the whole run; `None` where there was none.
    pub first_release: Option<Time>,
    /// See [`first_release`](Measures::first_release).
    pub last_left: Option<Time>,
    /// Jobs in the system as the run went on.
    pub levels: Levels,
}

impl Measures {
    /// The length of the window.
    pub fn window(&self) -> Span {
        self.until.since(self.from)
    }

    /// Integral over the window of the jobs that wait anywhere: in ready queues and device queues, behind the cores of
    /// processors that share them, and for tokens.
    pub fn queued_integral(&self) -> u128 {
        let ready = self.processors.iter().map(|processor| processor.ready_integral);
        ready.chain(self.pools.iter().map(|pool| pool.waiting_integral)).sum()
    }

    /// All classes together.
    pub fn total(&self) -> ClassMeasures {
        let mut total = ClassMeasures::default();
        for class in &self.classes {
            total.merge(class);
        }
        total
    }
}
