//! Does one alternative differ from another?

use super::student::{self, Interval, p_two_sided, quantile_two_sided};
use super::{mean, variance};

/// A difference between two alternatives with its interval and p value.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Difference {
    /// Mean difference and its interval.
    pub interval: Interval,
    /// p value of the two-sided test that there is no difference.
    pub p: f64,
}

/// Paired t: for values that belong together in pairs, as replications under common random numbers do. `None` of fewer
/// than two pairs or of lists that differ in length.
///
/// Source: Law, Simulation Modeling and Analysis, 5th ed., 10.2.1.
pub fn paired(a: &[f64], b: &[f64], confidence: f64) -> Option<Difference> {
    if a.len() != b.len() {
        return None;
    }
    let differences: Vec<f64> = a.iter().zip(b).map(|(a, b)| a - b).collect();
    let interval = student::interval(&differences, confidence)?;
    let error = (variance(&differences)? / differences.len() as f64).sqrt();
    Some(Difference { interval, p: p_value(interval.mean, error, (differences.len() - 1) as f64) })
}

/// Welch: for independent samples whose variances may differ. `None` of fewer than two values on a side.
///
/// Source: Welch, The generalization of Student's problem, Biometrika 34 (1947).
pub fn welch(a: &[f64], b: &[f64], confidence: f64) -> Option<Difference> {
    let (part_a, part_b) = (variance(a)? / a.len() as f64, variance(b)? / b.len() as f64);
    let difference = mean(a)? - mean(b)?;
    let sum = part_a + part_b;
    if sum == 0.0 {
        let p = if difference == 0.0 { 1.0 } else { 0.0 };
        return Some(Difference { interval: Interval { mean: difference, half_width: 0.0 }, p });
    }
    let df = sum * sum / (part_a * part_a / (a.len() - 1) as f64 + part_b * part_b / (b.len() - 1) as f64);
    let half_width = quantile_two_sided(1.0 - confidence, df) * sum.sqrt();
    Some(Difference {
        interval: Interval { mean: difference, half_width },
        p: p_value(difference, sum.sqrt(), df),
    })
}

fn p_value(difference: f64, error: f64, df: f64) -> f64 {
    if difference == 0.0 {
        1.0
    } else if error == 0.0 {
        0.0
    } else {
        p_two_sided(difference / error, df)
    }
}

/// Holm's correction: p values of several tests made comparable with one level, in the order given.
///
/// Source: Holm, A simple sequentially rejective multiple test procedure, Scand. J. Statist. 6 (1979).
pub fn holm(p: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p.len()).collect();
    order.sort_by(|a, b| p[*a].total_cmp(&p[*b]).then(a.cmp(b)));
    let mut corrected = vec![0.0; p.len()];
    let mut least: f64 = 0.0;
    for (rank, index) in order.into_iter().enumerate() {
        least = least.max((p[index] * (p.len() - rank) as f64).min(1.0));
        corrected[index] = least;
    }
    corrected
}
