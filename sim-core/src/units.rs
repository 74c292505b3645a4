//! Time, spans, work and speeds, and the only rounding in the engine.
//!
//! Time is counted in whole nanoseconds since the start of the run. Work is counted in nanoseconds at nominal
//! speed, so a core of speed 2 does two nanoseconds of work in one of time. Every conversion that can lose a
//! fraction lives here and says in its name which way it goes.

use std::fmt;
use std::ops::{Add, AddAssign, Sub};

/// Nanoseconds since the start of the run.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Debug)]
pub struct Time(pub u64);

/// A length of time in nanoseconds.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Debug)]
pub struct Span(pub u64);

/// Work in nanoseconds at nominal speed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Debug)]
pub struct Work(pub u64);

impl Time {
    /// The start of the run.
    pub const ZERO: Time = Time(0);
    /// Later than every event: "never".
    pub const NEVER: Time = Time(u64::MAX);
    /// The latest instant a scenario may name: about 292 years.
    pub const LATEST: Time = Time(i64::MAX as u64);

    /// The time from `earlier` to `self`; zero where `earlier` is later.
    #[inline]
    pub fn since(self, earlier: Time) -> Span {
        Span(self.0.saturating_sub(earlier.0))
    }

    /// The time from `earlier` to `self`, where `earlier` is known not to be later.
    #[inline(always)]
    pub(crate) fn from(self, earlier: Time) -> Span {
        debug_assert!(earlier <= self, "time runs forward");
        Span(self.0.wrapping_sub(earlier.0))
    }

    /// `self + span`, or `None` past the end of representable time.
    #[inline]
    pub fn after(self, span: Span) -> Option<Time> {
        self.0.checked_add(span.0).map(Time)
    }

    /// Seconds, for display and statistics.
    pub fn as_secs(self) -> f64 {
        self.0 as f64 * 1e-9
    }
}

impl Span {
    /// Nanoseconds as a float; exact below 2^53. Spans stay below 2^63, so the cheap signed conversion serves.
    #[inline]
    pub fn as_nanos_f64(self) -> f64 {
        self.0.cast_signed() as f64
    }

    /// No time at all.
    pub const ZERO: Span = Span(0);
    /// Longer than any run: "until it is done".
    pub const FOREVER: Span = Span(u64::MAX);

    /// Whole milliseconds.
    pub const fn from_millis(millis: u64) -> Span {
        Span(millis * 1_000_000)
    }

    /// Seconds, for display and statistics.
    pub fn as_secs(self) -> f64 {
        self.0 as f64 * 1e-9
    }
}

impl Sub for Time {
    type Output = Span;
    /// Panics where `earlier` is later: that is a bug in the engine.
    #[inline]
    fn sub(self, earlier: Time) -> Span {
        Span(self.0.checked_sub(earlier.0).expect("time runs forward"))
    }
}

impl Add<Span> for Time {
    type Output = Time;
    #[inline]
    fn add(self, span: Span) -> Time {
        Time(self.0.checked_add(span.0).expect("time stays below 2^64 ns; model validation bounds it"))
    }
}

impl Add for Span {
    type Output = Span;
    #[inline]
    fn add(self, other: Span) -> Span {
        Span(self.0.saturating_add(other.0))
    }
}

impl AddAssign for Span {
    #[inline]
    fn add_assign(&mut self, other: Span) {
        self.0 += other.0;
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&format_nanos(self.0))
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&format_nanos(self.0))
    }
}

impl fmt::Display for Work {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&format_nanos(self.0))
    }
}

/// Exact text of a number of nanoseconds in the largest unit that leaves at most nine decimals: `4ms`, `1.5us`, `0`.
pub fn format_nanos(nanos: u64) -> String {
    let (unit, size) = match nanos {
        0 => return "0".to_owned(),
        1..1_000 => ("ns", 1),
        1_000..1_000_000 => ("us", 1_000),
        1_000_000..1_000_000_000 => ("ms", 1_000_000),
        _ => ("s", 1_000_000_000),
    };
    let (whole, rest) = (nanos / size, nanos % size);
    if rest == 0 {
        return format!("{whole}{unit}");
    }
    let width = size.ilog10() as usize;
    let digits = format!("{rest:0width$}");
    format!("{whole}.{}{unit}", digits.trim_end_matches('0'))
}

/// A positive ratio of integers: the speed of a core relative to nominal.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Ratio {
    numerator: u32,
    denominator: u32,
}

impl Ratio {
    /// Nominal speed.
    pub const ONE: Ratio = Ratio { numerator: 1, denominator: 1 };

    /// `numerator / denominator`, reduced; `None` where either is zero.
    pub fn new(numerator: u32, denominator: u32) -> Option<Ratio> {
        if numerator == 0 || denominator == 0 {
            return None;
        }
        let divisor = gcd(u64::from(numerator), u64::from(denominator)) as u32;
        Some(Ratio { numerator: numerator / divisor, denominator: denominator / divisor })
    }

    /// Whether this is nominal speed.
    #[inline]
    pub fn is_one(self) -> bool {
        self.numerator == self.denominator
    }

    /// Numerator and denominator, reduced.
    pub fn parts(self) -> (u64, u64) {
        (u64::from(self.numerator), u64::from(self.denominator))
    }

    /// The ratio as a float, for display and statistics.
    pub fn as_f64(self) -> f64 {
        f64::from(self.numerator) / f64::from(self.denominator)
    }

    /// `value` times this ratio, rounded to the **nearest** whole number, halves up; `None` beyond 64 bits.
    pub fn multiply_nearest(self, value: u64) -> Option<u64> {
        let (numerator, denominator) = (u128::from(self.numerator), u128::from(self.denominator));
        u64::try_from((2 * u128::from(value) * numerator + denominator) / (2 * denominator)).ok()
    }

    /// The product of two ratios, reduced, and to 31 bits where it takes more; `None` where it is far from 1.
    pub fn times(self, other: Ratio) -> Option<Ratio> {
        let numerator = u64::from(self.numerator) * u64::from(other.numerator);
        let denominator = u64::from(self.denominator) * u64::from(other.denominator);
        let divisor = gcd(numerator, denominator);
        let (numerator, denominator) = (numerator / divisor, denominator / divisor);
        let over = numerator.max(denominator) >> 32;
        let shift = u64::BITS - over.leading_zeros();
        Ratio::new(u32::try_from(numerator >> shift).ok()?, u32::try_from(denominator >> shift).ok()?)
    }

    /// `value` divided by this ratio, rounded to the **nearest** whole number, halves up; `None` beyond 64 bits.
    pub fn divide_nearest(self, value: u64) -> Option<u64> {
        Ratio { numerator: self.denominator, denominator: self.numerator }.multiply_nearest(value)
    }

    /// Time needed for `work` at this speed, rounded **up**: work is never finished early.
    #[inline]
    pub fn time_for_ceil(self, work: Work) -> Span {
        if self.is_one() {
            return Span(work.0);
        }
        let scaled = u128::from(work.0) * u128::from(self.denominator);
        let time = scaled.div_ceil(u128::from(self.numerator));
        Span(u64::try_from(time).unwrap_or(u64::MAX))
    }

    /// Work done in `time` at this speed, rounded **down**: nothing is done that was not paid for.
    #[inline]
    pub fn work_in_floor(self, time: Span) -> Work {
        if self.is_one() {
            return Work(time.0);
        }
        let scaled = u128::from(time.0) * u128::from(self.numerator);
        Work(u64::try_from(scaled / u128::from(self.denominator)).unwrap_or(u64::MAX))
    }
}

/// Greatest common divisor; `gcd(a, 0) = a`.
pub fn gcd(mut a: u64, mut b: u64) -> u64 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

/// [`nanos_round`] of a value that is known not to be negative.
#[inline(always)]
pub(crate) fn nanos_round_positive(value: f64) -> u64 {
    if value < SHIFT { (value + SHIFT).to_bits() & ((1 << 52) - 1) } else { nanos_round(value) }
}

/// Adding 2^52 to a float below 2^52 leaves its rounded integer in the mantissa.
const SHIFT: f64 = 4_503_599_627_370_496.0;

/// A sampled duration in nanoseconds, rounded to the **nearest** whole one (ties to even); negative and NaN give 0,
/// values past 2^63 give 2^63 - 1.
#[inline]
pub fn nanos_round(value: f64) -> u64 {
    if (0.0..SHIFT).contains(&value) {
        (value + SHIFT).to_bits() & ((1 << 52) - 1)
    } else if value < 0.0 {
        0
    } else if value < 9_223_372_036_854_775_807.0 {
        value as u64
    } else if value.is_nan() {
        0
    } else {
        Time::LATEST.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nanoseconds_are_written_exactly() {
        for (nanos, text) in [
            (0, "0"),
            (999, "999ns"),
            (1_000, "1us"),
            (1_500, "1.5us"),
            (4_000_000, "4ms"),
            (1_000_000_001, "1.000000001s"),
            (600_000_000_000, "600s"),
        ] {
            assert_eq!(format_nanos(nanos), text);
        }
    }

    #[test]
    fn rounding_says_which_way_it_goes() {
        let third = Ratio::new(1, 3).unwrap();
        let triple = Ratio::new(3, 1).unwrap();
        assert_eq!(triple.time_for_ceil(Work(10)), Span(4));
        assert_eq!(triple.work_in_floor(Span(3)), Work(9));
        assert_eq!(third.time_for_ceil(Work(10)), Span(30));
        assert_eq!(third.work_in_floor(Span(10)), Work(3));
        for (value, product, quotient) in
            [(0, 0, 0), (1, 2, 1), (2, 3, 1), (3, 5, 2), (1_000_001, 1_500_002, 666_667)]
        {
            let half_more = Ratio::new(3, 2).unwrap();
            assert_eq!(half_more.multiply_nearest(value), Some(product), "{value}");
            assert_eq!(half_more.divide_nearest(value), Some(quotient), "{value}");
        }
        assert_eq!(triple.multiply_nearest(u64::MAX), None);
        assert_eq!(Ratio::new(4, 2), Ratio::new(2, 1));
        assert_eq!(Ratio::new(0, 2), None);
    }

    #[test]
    fn sampled_values_round_to_nearest() {
        for (value, nanos) in [
            (0.0, 0),
            (-3.0, 0),
            (f64::NAN, 0),
            (0.4, 0),
            (0.6, 1),
            (1.5, 2),
            (2.5, 2),
            (1e9 + 0.25, 1_000_000_000),
            (1e17, 100_000_000_000_000_000),
            (f64::INFINITY, Time::LATEST.0),
        ] {
            assert_eq!(nanos_round(value), nanos, "{value}");
        }
    }
}
