//! Percentiles of one sample of independent values, with intervals from order statistics: no assumption on the law.

use super::student;
use std::collections::BTreeMap;

/// The interval for a percentile, as ranks and values of the sorted sample.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct PercentileInterval {
    /// The value of nearest rank, `ceil(p n)`.
    pub value: f64,
    /// Lower end: a value of the sample.
    pub low: f64,
    /// Upper end: a value of the sample.
    pub high: f64,
    /// Ranks of the ends, 1-based.
    pub ranks: (usize, usize),
    /// The confidence that the interval really has, not below what was asked for.
    pub coverage: f64,
}

/// The sample is too small to say anything about this percentile at this confidence.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{have} values are too few for an interval: at least {need} are needed")]
pub struct TooFew {
    /// Values at hand.
    pub have: usize,
    /// The least number of values for which such an interval exists.
    pub need: usize,
}

/// The interval for the `p`-quantile at the given confidence, both in (0, 1).
///
/// The number of values below the quantile is binomial(n, p), so that the l-th and u-th smallest values enclose it with
/// probability P(l <= B < u). The ranks start around `p n` and move apart, each time on the side that adds more, until
/// the confidence is reached. Source: David and Nagaraja, Order Statistics, 3rd ed., 7.1.
pub fn percentile_interval(values: &[f64], p: f64, confidence: f64) -> Result<PercentileInterval, TooFew> {
    let n = values.len();
    let need = least_sample(p, confidence);
    if n < need {
        return Err(TooFew { have: n, need });
    }
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let mass = binomial(n, p);
    let rank = ((p * n as f64).ceil() as usize).clamp(1, n);
    // B = k values lie below: the interval [x_l, x_u] covers k = l ..= u - 1, starting with the likeliest.
    let likeliest = (0..=n).max_by(|a, b| mass[*a].total_cmp(&mass[*b])).unwrap_or(rank);
    let (mut low, mut last) = (likeliest.clamp(1, n - 1), likeliest.clamp(1, n - 1));
    let mut coverage = mass[low];
    while coverage < confidence && (low > 1 || last < n - 1) {
        let below = if low > 1 { mass[low - 1] } else { -1.0 };
        let above = if last < n - 1 { mass[last + 1] } else { -1.0 };
        if below > above {
            low -= 1;
            coverage += below;
        } else {
            last += 1;
            coverage += above;
        }
    }
    if coverage < confidence {
        return Err(TooFew { have: n, need: n + 1 });
    }
    let ranks = (low, last + 1);
    let (low, high) = (sorted[ranks.0 - 1], sorted[ranks.1 - 1]);
    Ok(PercentileInterval { value: sorted[rank - 1], low, high, ranks, coverage: coverage.min(1.0) })
}

/// The interval for the `p`-quantile of a correlated sample that comes in batches, each a count by value: a value of the
/// sample at either end.
///
/// With x the nearest-rank quantile of all values, the parts of the batches that are at most x vary around p; by how much,
/// correlation included, their Student t interval of half width h says. The values of rank n (p - h) and n (p + h) are the
/// ends. Where p + h reaches 1 or p - h reaches 0 the sample does not know its ends, and nothing is said. Source: Heidelberger
/// and Lewis, Quantile estimation in dependent sequences, Operations Research 32 (1984).
pub fn batched_interval(
    batches: &[&BTreeMap<u64, u64>],
    p: f64,
    confidence: f64,
) -> Result<(u64, u64), TooFew> {
    let mut all: BTreeMap<u64, u64> = BTreeMap::new();
    for batch in batches {
        for (value, n) in *batch {
            *all.entry(*value).or_insert(0) += n;
        }
    }
    let total: u64 = all.values().sum();
    let have = total as usize;
    let at_rank = |rank: f64| {
        let rank = (rank.ceil() as u64).clamp(1, total.max(1));
        let mut seen = 0;
        all.iter().find_map(|(value, n)| {
            seen += n;
            (seen >= rank).then_some(*value)
        })
    };
    let few = |need: usize| Err(TooFew { have, need: need.max(least_sample(p, confidence)).max(have + 1) });
    let Some(quantile) = at_rank(p * total as f64) else { return few(0) };
    let shares: Vec<f64> = batches
        .iter()
        .map(|batch| {
            let below: u64 = batch.range(..=quantile).map(|(_, n)| n).sum();
            below as f64 / batch.values().sum::<u64>().max(1) as f64
        })
        .collect();
    let Some(interval) = student::interval(&shares, confidence) else { return few(0) };
    let half = interval.half_width;
    let room = p.min(1.0 - p);
    // The half width shrinks with the root of the sample.
    let widths = half / room;
    let need = (total as f64 * widths * widths).ceil() as usize;
    if widths >= 1.0 || have < least_sample(p, confidence) {
        return few(need);
    }
    match (at_rank(total as f64 * (p - half)), at_rank(total as f64 * (p + half))) {
        (Some(low), Some(high)) => Ok((low, high)),
        _ => few(need),
    }
}

/// A value rounded up as histograms of durations do: exact below 256, then the greatest of a 128th of its octave.
pub(crate) fn rounded_up(value: u64) -> u64 {
    let shift = (value | 255).ilog2() - 7;
    value | ((1 << shift) - 1)
}

/// The least n with 1 - p^n - (1 - p)^n >= confidence: the whole sample is an interval then.
fn least_sample(p: f64, confidence: f64) -> usize {
    let covered = |n: usize| 1.0 - libm::pow(p, n as f64) - libm::pow(1.0 - p, n as f64);
    let mut high = 2;
    while covered(high) < confidence {
        match high.checked_mul(2) {
            Some(next) if (next as u64) < 1 << 40 => high = next,
            _ => return usize::MAX,
        }
    }
    let mut low = high / 2;
    while low + 1 < high {
        let middle = usize::midpoint(low, high);
        if covered(middle) < confidence { low = middle } else { high = middle }
    }
    if covered(2) >= confidence { 2 } else { high }
}

/// Probabilities of 0 ..= n under binomial(n, p).
fn binomial(n: usize, p: f64) -> Vec<f64> {
    let log_n = libm::lgamma(n as f64 + 1.0);
    let (log_p, log_q) = (libm::log(p), libm::log1p(-p));
    (0..=n)
        .map(|k| {
            let (k, rest) = (k as f64, (n - k) as f64);
            let choose = log_n - libm::lgamma(k + 1.0) - libm::lgamma(rest + 1.0);
            libm::exp(choose + k * log_p + rest * log_q)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_samples_are_refused() {
        // Conover, Practical Nonparametric Statistics, 3rd ed., 3.3: 59 values for a one-sided 95 %/95 % bound; two-sided
        // for the median: 6 values at 95 % (1 - 2/64 = 0.969), 5 are too few (0.9375).
        for (n, p, confidence, need) in [
            (5, 0.5, 0.95, Some(6)),
            (6, 0.5, 0.95, None),
            (298, 0.99, 0.95, Some(299)),
            (299, 0.99, 0.95, None),
        ] {
            let values: Vec<f64> = (0..n).map(f64::from).collect();
            let found = percentile_interval(&values, p, confidence);
            match need {
                Some(need) => assert_eq!(found, Err(TooFew { have: n as usize, need })),
                None => assert!(found.is_ok(), "n {n}, p {p}: {found:?}"),
            }
        }
    }

    #[test]
    fn batches_widen_the_ranks() {
        // Ten batches of 100 values 1 to 100 each: all alike, so that the interval is the quantile itself.
        let alike: BTreeMap<u64, u64> = (1..=100).map(|value| (value, 1)).collect();
        assert_eq!(batched_interval(&[&alike; 10], 0.5, 0.95), Ok((50, 50)));
        // Half of the batches lie higher by 40: their parts below the median of all, 70, are 0.7 and 0.3; with t(9) = 2.262
        // and a deviation of 0.2108, the half width is 0.151, and ranks 349 and 651 of 1000 hold 55 and 86.
        let higher: BTreeMap<u64, u64> = (41..=140).map(|value| (value, 1)).collect();
        let both: Vec<&BTreeMap<u64, u64>> =
            (0..10).map(|batch| if batch % 2 == 0 { &alike } else { &higher }).collect();
        assert_eq!(batched_interval(&both, 0.5, 0.95), Ok((55, 86)));
        // One batch has all that is high: of p95, at 1050, the parts are 1 nine times and 0.5, the half width is 0.113, and
        // 0.95 + 0.113 is beyond the sample; (0.113 / 0.05)^2 times as many values bring it down to 0.05.
        let burst: BTreeMap<u64, u64> = (1_001..=1_100).map(|value| (value, 1)).collect();
        let one: Vec<&BTreeMap<u64, u64>> =
            (0..10).map(|batch| if batch == 0 { &burst } else { &alike }).collect();
        assert_eq!(batched_interval(&one, 0.95, 0.95), Err(TooFew { have: 1_000, need: 5_118 }));
        // Independent values would not do either: 1 - 0.999^n >= 0.95 takes 2995.
        assert_eq!(batched_interval(&both, 0.999, 0.95), Err(TooFew { have: 1_000, need: 2_995 }));
        assert_eq!(batched_interval(&[], 0.5, 0.95), Err(TooFew { have: 0, need: 6 }));
    }

    #[test]
    fn values_are_rounded_as_in_histograms() {
        for (value, rounded) in [(0, 0), (255, 255), (256, 257), (511, 511), (512, 515), (u64::MAX, u64::MAX)]
        {
            assert_eq!(rounded_up(value), rounded);
            let mut distribution = sim_core::measure::Distribution::default();
            distribution.record(value);
            assert_eq!(distribution.buckets().next(), Some((rounded, 1)));
        }
    }

    #[test]
    fn ranks_are_those_of_the_sign_test() {
        // The classic interval for a median from 10 values: ranks 2 and 9, coverage 1 - 2 * 11/1024 = 0.9785.
        let values: Vec<f64> = (1..=10).map(f64::from).collect();
        let found = percentile_interval(&values, 0.5, 0.95).unwrap();
        assert_eq!((found.ranks, found.low, found.high, found.value), ((2, 9), 2.0, 9.0, 5.0));
        assert!((found.coverage - 0.978_515_625).abs() < 1e-12, "{}", found.coverage);
    }
}
