//! Student's t: quantiles, p values, and the interval for a mean of independent values.
//!
//! Our own, and not statrs, which takes `ln` and `exp` from the C library as soon as any crate of the tree turns on the `std`
//! feature of num-traits: intervals would differ in their last bits between machines. Its values check ours in the tests.

use super::{mean, variance};

/// A mean with its confidence interval.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Interval {
    /// The mean.
    pub mean: f64,
    /// Half the length of the interval.
    pub half_width: f64,
}

impl Interval {
    /// Lower end.
    pub fn low(&self) -> f64 {
        self.mean - self.half_width
    }

    /// Upper end.
    pub fn high(&self) -> f64 {
        self.mean + self.half_width
    }
}

/// The interval for the mean of independent values, at a confidence in (0, 1); `None` of fewer than two values.
///
/// Source: Law, Simulation Modeling and Analysis, 5th ed., 4.5.
pub fn interval(values: &[f64], confidence: f64) -> Option<Interval> {
    let variance = variance(values)?;
    let n = values.len() as f64;
    let t = quantile_two_sided(1.0 - confidence, n - 1.0);
    Some(Interval { mean: mean(values)?, half_width: t * (variance / n).sqrt() })
}

/// The probability that |T| exceeds |t| with `df` degrees of freedom (which need not be whole): the p value of a two-sided
/// test.
pub fn p_two_sided(t: f64, df: f64) -> f64 {
    if t.is_infinite() {
        return 0.0;
    }
    incomplete_beta(df / 2.0, 0.5, df / (df + t * t), t * t / (df + t * t)).clamp(0.0, 1.0)
}

/// The t that |T| exceeds with probability `tail` in (0, 1), found by bisection down to neighboring floats.
pub fn quantile_two_sided(tail: f64, df: f64) -> f64 {
    let (mut low, mut high) = (0.0, 1.0);
    while p_two_sided(high, df) > tail {
        low = high;
        high *= 2.0;
        if high > 1e150 {
            return f64::INFINITY;
        }
    }
    loop {
        let middle = low + (high - low) / 2.0;
        if middle <= low || middle >= high {
            return middle;
        }
        if p_two_sided(middle, df) > tail {
            low = middle;
        } else {
            high = middle;
        }
    }
}

/// The regularized incomplete beta function at `x`, with `y = 1 - x` given apart so that no digits are lost.
///
/// Source: the continued fraction 8.17.22 of the NIST Handbook of Mathematical Functions, evaluated from the front
/// (modified Lentz); it converges fast for x below (a + 1)/(a + b + 2), the symmetry I_x(a, b) = 1 - I_y(b, a) does the
/// rest.
fn incomplete_beta(a: f64, b: f64, x: f64, y: f64) -> f64 {
    if x <= 0.0 {
        return 0.0;
    }
    if y <= 0.0 {
        return 1.0;
    }
    let log_front =
        libm::lgamma(a + b) - libm::lgamma(a) - libm::lgamma(b) + a * libm::log(x) + b * libm::log(y);
    let front = libm::exp(log_front);
    if x < (a + 1.0) / (a + b + 2.0) {
        front * fraction(a, b, x) / a
    } else {
        1.0 - front * fraction(b, a, y) / b
    }
}

fn fraction(a: f64, b: f64, x: f64) -> f64 {
    /// Keeps divisors away from zero.
    const TINY: f64 = 1e-300;
    let guard = |value: f64| if value.abs() < TINY { TINY } else { value };
    let mut c = 1.0;
    let mut d = 1.0 / guard(1.0 - (a + b) * x / (a + 1.0));
    let mut result = d;
    // Convergence takes about sqrt(max(a, b)) rounds.
    for round in 1..100_000u32 {
        let m = f64::from(round);
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        d = 1.0 / guard(1.0 + even * d);
        c = guard(1.0 + even / c);
        result *= d * c;
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        d = 1.0 / guard(1.0 + odd * d);
        c = guard(1.0 + odd / c);
        let step = d * c;
        result *= step;
        if (step - 1.0).abs() < 1e-16 {
            break;
        }
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;
    use statrs::distribution::{ContinuousCDF, StudentsT};

    #[test]
    fn quantiles_are_those_of_the_tables() {
        // Two-sided 95 % points, as in every table of the t distribution (here to ten digits, R 4.3 qt(0.975, df)).
        for (df, expected) in [
            (1.0, 12.706_204_736),
            (2.0, 4.302_652_730),
            (4.0, 2.776_445_105),
            (9.0, 2.262_157_163),
            (29.0, 2.045_229_642),
            (99.0, 1.984_216_952),
        ] {
            let found = quantile_two_sided(0.05, df);
            assert!((found - expected).abs() < 1e-9, "df {df}: {found}, expected {expected}");
        }
    }

    #[test]
    fn quantiles_agree_with_a_second_implementation() {
        for df in [1.0, 1.5, 3.0, 7.3, 29.0, 150.0, 999.0] {
            let other = StudentsT::new(0.0, 1.0, df).unwrap();
            for tail in [0.5, 0.1, 0.05, 0.01, 0.001] {
                let (mine, theirs) = (quantile_two_sided(tail, df), other.inverse_cdf(1.0 - tail / 2.0));
                assert!((mine / theirs - 1.0).abs() < 1e-6, "df {df}, tail {tail}: {mine}, statrs {theirs}");
                let p = 2.0 * (1.0 - other.cdf(mine));
                assert!((p - tail).abs() < 1e-9, "df {df}, tail {tail}: statrs finds {p}");
            }
        }
    }

    #[test]
    fn equal_values_have_an_interval_of_no_length() {
        assert_eq!(interval(&[3.0, 3.0, 3.0], 0.95), Some(Interval { mean: 3.0, half_width: 0.0 }));
        assert_eq!(interval(&[3.0], 0.95), None);
    }
}
