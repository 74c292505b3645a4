//! How many replications a given precision takes.

use super::student::quantile_two_sided;

/// The precision that makes an estimate's relative error at most `gamma`: gamma / (1 + gamma), since the interval is
/// relative to the estimate, not to the truth.
///
/// Source: Law, Simulation Modeling and Analysis, 5th ed., 9.4.1.
pub fn adjusted(gamma: f64) -> f64 {
    gamma / (1.0 + gamma)
}

/// Whether n values with this mean and standard deviation are enough: half width / |mean| <= gamma / (1 + gamma).
pub fn is_precise(n: u64, mean: f64, deviation: f64, gamma: f64, confidence: f64) -> bool {
    if n < 2 {
        return false;
    }
    let t = quantile_two_sided(1.0 - confidence, (n - 1) as f64);
    t * deviation / (n as f64).sqrt() <= adjusted(gamma) * mean.abs()
}

/// The least number of replications, not below `pilot`, at which [`is_precise`] holds if mean and deviation stay what
/// the pilot found. `None` where 10^9 would not be enough (a mean of zero).
pub fn replications_needed(
    pilot: u64,
    mean: f64,
    deviation: f64,
    gamma: f64,
    confidence: f64,
) -> Option<u64> {
    const MOST: u64 = 1_000_000_000;
    let enough = |n| is_precise(n, mean, deviation, gamma, confidence);
    let (mut low, mut high) = (pilot.max(2) - 1, pilot.max(2));
    while !enough(high) {
        if high >= MOST {
            return None;
        }
        low = high;
        high *= 2;
    }
    while low + 1 < high {
        let middle = u64::midpoint(low, high);
        if enough(middle) { high = middle } else { low = middle }
    }
    Some(high)
}
