//! Percentiles over replications, and whether they lie below a limit.
//!
//! A percentile p lies within a limit when at most a part 1 - p of the jobs is beyond it. How many are beyond it is a count,
//! so that it has no bias: the mean over replications of each one's own percentile has one, the larger the shorter they
//! are. Of each replication two numbers count, the jobs n and those beyond the limit c; for p = a/d
//!
//! ```text
//! Z = d c - (d - a) n
//! ```
//!
//! has mean zero where the limit is the percentile, so that a Student t interval on the Z of the replications decides: below
//! zero the limit is met, above it is missed. The same test at every limit gives the interval for the percentile itself: the
//! limits that are not refused (Fieller 1954 for the ratio, Woodruff 1952 for percentiles). The variance is never taken to be
//! less than that of independent jobs of which a part 1 - p is beyond the limit, `d^2 n p (1 - p)`: replications without any
//! job beyond it prove nothing by looking alike. Where the jobs are given (a trace under a
//! policy that draws) they are no sample, and what the replications say is all.
//!
//! Sums are integers, so that they are the same in any order.

use crate::stats::student::quantile_two_sided;
use sim_core::measure::{BUCKETS, Distribution, bucket_bound};

/// A percentile as a ratio: 99/100.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Percentile {
    /// a of a/d.
    pub numerator: u32,
    /// d of a/d.
    pub denominator: u32,
}

impl Percentile {
    /// The percentile of a statistic: `p99.9` is 999/1000. `None` where it is none.
    pub fn of_statistic(statistic: &str) -> Option<Percentile> {
        let (numerator, denominator) = crate::numbered::part(statistic)?;
        Some(Percentile { numerator: numerator as u32, denominator: denominator as u32 })
    }
}

/// Sums over replications of jobs beyond a limit and jobs in all.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Beyond {
    count: u64,
    squares: i128,
    products: i128,
}

impl Beyond {
    /// Adds a replication of `jobs` of which `beyond` lie beyond the limit.
    pub fn add(&mut self, beyond: u64, jobs: u64) {
        self.count += beyond;
        self.squares += i128::from(beyond) * i128::from(beyond);
        self.products += i128::from(beyond) * i128::from(jobs);
    }

    /// Jobs beyond the limit, of all replications.
    pub fn count(&self) -> u64 {
        self.count
    }
}

/// How many jobs there were.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Jobs {
    /// The same jobs in every replication: they are no sample.
    given: bool,
    replications: u32,
    count: u64,
    squares: i128,
}

impl Jobs {
    /// None yet; `given`: each replication will have the same.
    pub fn new(given: bool) -> Jobs {
        Jobs { given, ..Jobs::default() }
    }

    /// Adds a replication.
    pub fn add(&mut self, jobs: u64) {
        self.replications += 1;
        self.count += jobs;
        self.squares += i128::from(jobs) * i128::from(jobs);
    }

    /// Jobs of all replications.
    pub fn count(&self) -> u64 {
        self.count
    }
}

/// The interval for the mean of Z: below zero the percentile lies within the limit, above it lies beyond.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Excess {
    /// The mean.
    pub mean: f64,
    /// Lower end of its interval.
    pub low: f64,
    /// Upper end of it.
    pub high: f64,
}

/// `None` of fewer than two replications or of no job. `t` is the two-sided quantile of Student's t for their number.
fn excess(p: Percentile, jobs: &Jobs, beyond: &Beyond, t: f64) -> Option<Excess> {
    if jobs.replications < 2 || jobs.count == 0 {
        return None;
    }
    let (d, rest) = (i128::from(p.denominator), i128::from(p.denominator - p.numerator));
    let sum = d * i128::from(beyond.count) - rest * i128::from(jobs.count);
    let squares = d * d * beyond.squares - 2 * d * rest * beyond.products + rest * rest * jobs.squares;
    let n = f64::from(jobs.replications);
    let mean = sum as f64 / n;
    let sample = ((squares as f64 - sum as f64 * mean) / (n - 1.0)).max(0.0);
    let independent = (rest * i128::from(p.numerator)) as f64 * jobs.count as f64 / n;
    let variance = if jobs.given { sample } else { sample.max(independent) };
    let half = t * (variance / n).sqrt();
    Some(Excess { mean, low: mean - half, high: mean + half })
}

/// The interval for the excess of one limit at a confidence.
pub fn excess_at(p: Percentile, jobs: &Jobs, beyond: &Beyond, confidence: f64) -> Option<Excess> {
    let df = f64::from(jobs.replications) - 1.0;
    excess(p, jobs, beyond, if df >= 1.0 { quantile_two_sided(1.0 - confidence, df) } else { 0.0 })
}

/// An estimate with its interval.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Estimate {
    /// The value.
    pub value: f64,
    /// Lower end of the interval.
    pub low: f64,
    /// Upper end of it.
    pub high: f64,
}

/// The distribution of one duration over replications, at the bounds of the histogram's buckets.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Tail {
    jobs: Jobs,
    /// By bucket: jobs beyond its greatest value.
    beyond: Vec<Beyond>,
    max: u64,
}

/// One replication's counts: non-empty buckets by index, ascending.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Counts {
    jobs: u64,
    max: u64,
    buckets: Vec<(u16, u64)>,
}

const _: () = assert!(BUCKETS <= u16::MAX as usize, "the index of a bucket fits");

impl Counts {
    /// Of a distribution; without any job where only sums were kept.
    pub fn of(distribution: &Distribution) -> Counts {
        let Some(counts) = distribution.counts() else { return Counts::default() };
        let used = counts.iter().enumerate().filter(|(_, n)| **n > 0);
        Counts {
            jobs: distribution.count(),
            max: distribution.max().unwrap_or(0),
            buckets: used.map(|(index, n)| (index as u16, *n)).collect(),
        }
    }
}

impl Counts {
    /// The same with so many more jobs that are beyond everything.
    pub fn and_late(self, late: u64) -> Counts {
        Counts { jobs: self.jobs + late, ..self }
    }
}

impl Tail {
    /// Of no replication; `given`: each will have the same jobs.
    pub fn new(given: bool) -> Tail {
        Tail { jobs: Jobs::new(given), ..Tail::default() }
    }

    /// Adds a replication.
    pub fn add(&mut self, counts: &Counts) {
        self.jobs.add(counts.jobs);
        self.max = self.max.max(counts.max);
        let last = counts.buckets.last().map_or(0, |(index, _)| usize::from(*index) + 1);
        if self.beyond.len() < last {
            // Nothing was beyond these bounds so far.
            self.beyond.resize(last, Beyond::default());
        }
        let mut used = counts.buckets.iter().peekable();
        let mut beyond = counts.jobs;
        for (index, sums) in self.beyond.iter_mut().enumerate() {
            if let Some((_, n)) = used.next_if(|(next, _)| usize::from(*next) == index) {
                beyond -= n;
            }
            if beyond == 0 {
                break;
            }
            sums.add(beyond, counts.jobs);
        }
    }

    /// How many jobs.
    pub fn jobs(&self) -> &Jobs {
        &self.jobs
    }

    /// The percentile with its interval. `None` of fewer than two replications or of no job.
    ///
    /// `limit` is a value at which the jobs beyond were counted apart: where the interval decides there, it decides the same
    /// way as the count. Between the bounds of a bucket, which are less than 1/128 apart, lines are drawn.
    pub fn percentile(
        &self,
        p: Percentile,
        confidence: f64,
        limit: Option<(u64, &Beyond)>,
    ) -> Option<Estimate> {
        let df = f64::from(self.jobs.replications) - 1.0;
        if df < 1.0 {
            return None;
        }
        let t = quantile_two_sided(1.0 - confidence, df);
        let mut points: Vec<(f64, Excess)> = Vec::with_capacity(self.beyond.len() + 1);
        let mut limit = limit;
        for (index, sums) in self.beyond.iter().enumerate() {
            let bound = bucket_bound(index);
            if let Some((at, beyond)) = limit.take_if(|(at, _)| *at < bound) {
                points.push((at as f64, excess(p, &self.jobs, beyond, t)?));
            }
            points.push((bound.min(self.max) as f64, excess(p, &self.jobs, sums, t)?));
        }
        if let Some((at, beyond)) = limit {
            points.push((at as f64, excess(p, &self.jobs, beyond, t)?));
        }
        let top = self.max as f64;
        let crossing = |after: usize, of: fn(&Excess) -> f64| -> f64 {
            let Some((x1, e1)) = points.get(after) else { return top };
            let (x0, y0) = match after.checked_sub(1) {
                Some(before) => (points[before].0, of(&points[before].1)),
                None => (0.0, of(e1).max(0.0) + 1.0),
            };
            let y1 = of(e1);
            if y0 <= y1 { *x1 } else { x0 + (x1 - x0) * (y0 / (y0 - y1)).clamp(0.0, 1.0) }
        };
        // The widest interval where the ends cross zero more than once.
        let first = |of: fn(&Excess) -> f64| {
            let at = points.iter().position(|(_, e)| of(e) <= 0.0).unwrap_or(points.len());
            crossing(at, of)
        };
        let last = |of: fn(&Excess) -> f64| {
            let at = points.iter().rposition(|(_, e)| of(e) > 0.0).map_or(0, |at| at + 1);
            crossing(at, of)
        };
        let value = first(|e| e.mean);
        Some(Estimate { value, low: first(|e| e.low).min(value), high: last(|e| e.high).max(value) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const P99: Percentile = Percentile { numerator: 99, denominator: 100 };

    #[test]
    fn percentiles_are_read_from_their_names() {
        for (text, expected) in [
            ("p50", Some((50, 100))),
            ("p99", Some((99, 100))),
            ("p99.9", Some((999, 1000))),
            ("mean", None),
            ("max", None),
            ("p100", None),
            ("p0", None),
        ] {
            let found = Percentile::of_statistic(text).map(|p| (p.numerator, p.denominator));
            assert_eq!(found, expected, "{text}");
        }
    }

    /// The excess is the t interval of the Z, written out.
    #[test]
    fn the_interval_is_that_of_the_replications() {
        let data = [(1000u64, 14u64), (1100, 9), (900, 16), (1000, 2)];
        let (mut jobs, mut beyond) = (Jobs::default(), Beyond::default());
        for (n, c) in data {
            jobs.add(n);
            beyond.add(c, n);
        }
        let z: Vec<f64> = data.iter().map(|(n, c)| 100.0 * *c as f64 - *n as f64).collect();
        let expected = crate::stats::student::interval(&z, 0.9).unwrap();
        let found = excess_at(P99, &jobs, &beyond, 0.9).unwrap();
        assert!((found.mean - expected.mean).abs() < 1e-9 && (found.low - expected.low()).abs() < 1e-9);
        assert!((found.high - expected.high()).abs() < 1e-9, "{found:?}, expected {expected:?}");
    }

    /// Jobs that all lie within the limit prove nothing as long as they are few: 1 - 0.99^n must reach the confidence.
    #[test]
    fn small_samples_do_not_decide() {
        for (jobs_each, decided) in [(10, false), (20, false), (60, true)] {
            let mut jobs = Jobs::default();
            for _ in 0..10 {
                jobs.add(jobs_each);
            }
            let found = excess_at(P99, &jobs, &Beyond::default(), 0.95).unwrap();
            assert_eq!(found.high <= 0.0, decided, "{jobs_each} jobs in each of 10 runs: {found:?}");
        }
    }

    /// The jobs of a trace are no sample: what the replications agree on is so.
    #[test]
    fn given_jobs_decide_by_what_they_do() {
        for (given, decided) in [(true, true), (false, false)] {
            let (mut jobs, mut beyond) = (Jobs::new(given), Beyond::default());
            for _ in 0..10 {
                jobs.add(200);
                beyond.add(1, 200);
            }
            let found = excess_at(P99, &jobs, &beyond, 0.95).unwrap();
            assert_eq!(found.high <= 0.0, decided, "given {given}: {found:?}");
        }
    }

    /// Values 1 ..= 10 000 ns in every replication, shifted a little: p99 is 9900 up to the shift.
    #[test]
    fn percentiles_of_a_known_sample() {
        let mut tail = Tail::default();
        let mut beyond = Beyond::default();
        for shift in 0..20u64 {
            let mut distribution = Distribution::default();
            for value in 1..=10_000u64 {
                distribution.record(value + shift);
            }
            beyond.add(10_000 + shift - 9_920, 10_000);
            tail.add(&Counts::of(&distribution));
        }
        let found = tail.percentile(P99, 0.95, None).unwrap();
        assert!((found.value - 9_909.5).abs() < 1.0, "{found:?}");
        assert!(found.low < found.value && found.value < found.high, "{found:?}");
        // The floor of the variance: 10 000 independent jobs give p99 to within 1 %.
        assert!(found.high - found.low < 150.0, "{found:?}");
        let decided = excess_at(P99, tail.jobs(), &beyond, 0.95).unwrap();
        let with_limit = tail.percentile(P99, 0.95, Some((9_920, &beyond))).unwrap();
        assert_eq!(decided.high <= 0.0, with_limit.high <= 9_920.0);
        assert!((with_limit.value - found.value).abs() < 2.0);
    }

    #[test]
    fn the_order_of_replications_does_not_matter() {
        let counts: Vec<Counts> = (1..=5u64)
            .map(|scale| {
                let mut distribution = Distribution::default();
                for i in 0..1000 {
                    distribution.record(i * i * scale);
                }
                Counts::of(&distribution)
            })
            .collect();
        let (mut forth, mut back) = (Tail::default(), Tail::default());
        for (there, here) in counts.iter().zip(counts.iter().rev()) {
            forth.add(there);
            back.add(here);
        }
        assert_eq!(forth, back);
    }
}
