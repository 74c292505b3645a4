//! What a run measures: integers (but for one sum of ratios, kept in event order), so that replications merge to the
//! same bytes in any grouping.

use crate::intervals::Interval;
use crate::units::{Span, Time};

/// Sub-buckets an octave.
const SUB: u64 = 128;
const SUB_BITS: u32 = SUB.ilog2();
/// Buckets of a distribution.
pub const BUCKETS: usize = ((64 - SUB_BITS as usize) + 1) * SUB as usize;

/// How many values are kept exactly before percentiles come from buckets.
pub const EXACT_VALUES: usize = 100_000;

/// A distribution of durations: exact up to [`EXACT_VALUES`] values, and a log-linear histogram with 128 sub-buckets
/// an octave (relative error below 1/128) beyond.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Distribution {
    count: u64,
    sum: u128,
    max: u64,
    /// The values, until there are too many of them.
    values: Vec<u64>,
    buckets: Option<Box<[u64; BUCKETS]>>,
}

impl Distribution {
    /// Counts one value.
    #[inline(always)]
    pub fn record(&mut self, value: u64) {
        self.count += 1;
        self.sum += u128::from(value);
        self.max = self.max.max(value);
        match &mut self.buckets {
            Some(buckets) => buckets[bucket(value)] += 1,
            None => allocate(&mut self.buckets)[bucket(value)] += 1,
        }
        if self.count <= EXACT_VALUES as u64 {
            self.keep(value);
        }
    }

    /// Counts one value in count and sum alone: no maximum, no percentiles.
    #[inline(always)]
    pub(crate) fn add(&mut self, value: u64) {
        self.count += 1;
        self.sum += u128::from(value);
    }

    #[cold]
    #[inline(never)]
    fn keep(&mut self, value: u64) {
        self.values.push(value);
    }

    /// How many values.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Their sum.
    pub fn sum(&self) -> u128 {
        self.sum
    }

    /// The least value (beyond [`EXACT_VALUES`] values the upper bound of its bucket); `None` where there is none.
    pub fn min(&self) -> Option<u64> {
        if self.is_exact() {
            self.values.iter().min().copied()
        } else {
            self.buckets().next().map(|(upper, _)| upper)
        }
    }

    /// The greatest value; `None` where there is none, or where only sums were kept.
    pub fn max(&self) -> Option<u64> {
        self.buckets.is_some().then_some(self.max)
    }

    /// The mean; `None` where there is no value.
    pub fn mean(&self) -> Option<f64> {
        (self.count > 0).then(|| self.sum as f64 / self.count as f64)
    }

    /// The value of nearest rank `ceil(p n)`, for `p = numerator / denominator` in (0, 1]: exact up to
    /// [`EXACT_VALUES`] values, then the upper bound of its bucket (never above the greatest value). `None` where there
    /// is no value, or where only sums were kept.
    pub fn percentile(&self, numerator: u64, denominator: u64) -> Option<u64> {
        if self.count == 0 || self.buckets.is_none() {
            return None;
        }
        let rank = (u128::from(self.count) * u128::from(numerator)).div_ceil(u128::from(denominator)) as u64;
        let rank = rank.clamp(1, self.count);
        if self.is_exact() {
            let mut values = self.values.clone();
            let (_, value, _) = values.select_nth_unstable(rank as usize - 1);
            return Some(*value);
        }
        let mut seen = 0;
        for (upper, n) in self.buckets() {
            seen += n;
            if seen >= rank {
                return Some(upper.min(self.max));
            }
        }
        Some(self.max)
    }

    /// How many values are at most `limit`: exact while every value is kept, then those in buckets that end there or
    /// before, which leaves out at most the one bucket that the limit divides (a limit that is a 128th lower has them all).
    /// `None` where only sums were kept.
    pub fn within(&self, limit: u64) -> Option<u64> {
        if self.count == 0 || self.max().is_some_and(|max| max <= limit) {
            return Some(self.count);
        }
        if self.is_exact() {
            return Some(self.values.iter().filter(|value| **value <= limit).count() as u64);
        }
        let buckets = || self.buckets().take_while(|(upper, _)| *upper <= limit);
        self.buckets.is_some().then(|| buckets().map(|(_, n)| n).sum())
    }

    /// Whether every value is still kept.
    pub fn is_exact(&self) -> bool {
        self.count == self.values.len() as u64
    }

    /// The values in the order in which they came; only while [`is_exact`](Distribution::is_exact).
    pub fn values(&self) -> &[u64] {
        &self.values
    }

    /// Non-empty buckets as (greatest value of the bucket, count), in ascending order.
    pub fn buckets(&self) -> impl Iterator<Item = (u64, u64)> + '_ {
        let buckets = self.buckets.iter().flat_map(|buckets| buckets.iter());
        buckets.enumerate().filter(|(_, n)| **n > 0).map(|(index, n)| (bucket_bound(index), *n))
    }

    /// How many values lie in each of the [`BUCKETS`]; `None` where there is no value, or where only sums were kept.
    pub fn counts(&self) -> Option<&[u64; BUCKETS]> {
        self.buckets.as_deref()
    }

    /// Adds another distribution's values.
    pub fn merge(&mut self, other: &Distribution) {
        if other.count == 0 {
            return;
        }
        if let Some(theirs) = &other.buckets {
            let mine = allocate(&mut self.buckets);
            for (mine, theirs) in mine.iter_mut().zip(theirs.iter()) {
                *mine += theirs;
            }
        }
        if self.count > 0 && self.buckets.is_some() != other.buckets.is_some() {
            // One side kept sums only: so does the whole.
            self.buckets = None;
        }
        let exact =
            self.is_exact() && other.is_exact() && self.values.len() + other.values.len() <= EXACT_VALUES;
        if exact {
            self.values.extend_from_slice(&other.values);
        } else {
            self.values = Vec::new();
        }
        self.count += other.count;
        self.sum += other.sum;
        self.max = self.max.max(other.max);
    }
}

#[cold]
#[inline(never)]
fn allocate(buckets: &mut Option<Box<[u64; BUCKETS]>>) -> &mut [u64; BUCKETS] {
    buckets.get_or_insert_with(|| {
        let zeros = vec![0; BUCKETS].into_boxed_slice();
        zeros.try_into().unwrap_or_else(|_| unreachable!("the slice has this length"))
    })
}

/// Values below 256 have a bucket each; from there each octave has 128 equal ones.
#[inline]
fn bucket(value: u64) -> usize {
    let shift = (value | (2 * SUB - 1)).ilog2() - SUB_BITS;
    ((u64::from(shift) << SUB_BITS) + (value >> shift)) as usize
}

/// The greatest value of a bucket, by its place among the [`BUCKETS`].
pub fn bucket_bound(index: usize) -> u64 {
    let index = index as u64;
    if index < 2 * SUB {
        return index;
    }
    let shift = index / SUB - 1;
    let base = index - shift * SUB;
    u64::try_from(((u128::from(base) + 1) << shift) - 1).unwrap_or(u64::MAX)
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_are_contiguous_and_narrow() {
        let mut previous = None;
        for index in 0..BUCKETS {
            let upper = bucket_bound(index);
            assert_eq!(bucket(upper), index, "upper bound {upper}");
            if let Some(previous) = previous {
                assert_eq!(bucket(previous + 1), index, "no gap after {previous}");
                assert!(upper - previous <= (upper >> 7).max(1), "bucket {index} is wider than 1/128");
            }
            previous = Some(upper);
        }
        assert_eq!(previous, Some(u64::MAX));
    }

    #[test]
    fn percentiles_are_of_nearest_rank() {
        let mut d = Distribution::default();
        assert_eq!(d.percentile(1, 2), None);
        for value in [30, 10, 20, 40] {
            d.record(value);
        }
        for (p, expected) in [(1, 10), (25, 10), (26, 20), (50, 20), (75, 30), (76, 40), (100, 40)] {
            assert_eq!(d.percentile(p, 100), Some(expected), "p{p}");
        }
        assert_eq!((d.min(), d.max(), d.sum(), d.mean()), (Some(10), Some(40), 100, Some(25.0)));
        assert_eq!([9, 10, 29, 30, 40].map(|limit| d.within(limit)), [0, 1, 2, 3, 4].map(Some));
    }

    #[test]
    fn levels_are_thinned_as_the_run_goes_on() {
        for (releases, step, points) in [(10, 1, 10), (63, 1, 63), (64, 2, 32), (127, 2, 63), (1_000, 16, 62)]
        {
            let mut levels = Levels::default();
            for released in 1..=releases {
                levels.take(released, released * 10);
            }
            assert_eq!((levels.step, levels.present.len()), (step, points), "{releases}");
            let right: Vec<u64> = (1..=points as u64).map(|point| point * step * 10).collect();
            assert_eq!(levels.present, right, "{releases}");
        }
    }

    #[test]
    fn merging_parts_equals_recording_the_whole() {
        let mut whole = Distribution::default();
        let mut parts = [Distribution::default(), Distribution::default(), Distribution::default()];
        for i in 0..250_000u64 {
            let value = i.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 20;
            whole.record(value);
            parts[(i % 3) as usize].record(value);
        }
        let mut merged = Distribution::default();
        for part in &parts {
            merged.merge(part);
        }
        assert!(!whole.is_exact());
        assert_eq!(merged.buckets, whole.buckets);
        // A limit that divides a bucket leaves out that bucket alone.
        let (limit, all) = (1u64 << 43, 250_000);
        let exact = (0..all)
            .filter(|i: &u64| i.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 20 <= limit + 12_345)
            .count() as u64;
        let found = whole.within(limit + 12_345).unwrap();
        assert!(found <= exact && exact - found < all / 128, "{found} of {exact}");
        for p in [1, 50, 99] {
            assert_eq!(merged.percentile(p, 100), whole.percentile(p, 100));
            assert!(whole.percentile(p, 100).unwrap() <= whole.max().unwrap());
        }
    }
}
