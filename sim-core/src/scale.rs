//! More or less demand from the same source: its arrivals, scaled by a factor.
//!
//! | arrivals | scaled by `f` |
//! |---|---|
//! | renewal (Poisson too) | each gap divided by `f`: the same draws, so that scaled runs meet the same work |
//! | a rate that changes | each rate multiplied by `f`; the times at which it changes stay |
//! | trace | each time divided by `f`, rounded to the nearest nanosecond, halves up: the trace runs faster |
//! | periodic | offset and period divided by `f`, rounded likewise |
//! | closed | `f` times the customers, rounded to the nearest whole number, halves up, and never below one |
//!
//! Requests are never copied or left out: a trace at twice the rate is as long, in requests, and half as long in time.
//! Sizes and deadlines stay what they are.

use crate::law::{Empirical, Law};
use crate::model::{Arrivals, TraceData, TraceRow};
use crate::units::{Ratio, Span, Time};
use std::sync::Arc;
use thiserror::Error;

/// The most customers of a closed source.
pub const CUSTOMERS_MAX: u32 = 1_000_000;

/// Why arrivals cannot be scaled by a factor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum ScaleError {
    /// The mean gap would be shorter than the clock can tell.
    #[error("more than one arrival a nanosecond")]
    TooFast,
    /// A time would lie beyond the range of time.
    #[error("later than the 292 years that can be simulated")]
    TooLate,
    /// A closed source would have too many customers.
    #[error("{0} customers; at most {CUSTOMERS_MAX}")]
    TooMany(u64),
}

impl Arrivals {
    /// `factor` times the demand, see [the module](self).
    pub fn scaled(&self, factor: Ratio) -> Result<Arrivals, ScaleError> {
        let time = |nanos: u64| {
            factor.divide_nearest(nanos).filter(|n| *n <= Time::LATEST.0).ok_or(ScaleError::TooLate)
        };
        Ok(match self {
            Arrivals::Renewal(law) => {
                let law = law.divided_by(factor);
                if law.typical() < 1.0 {
                    return Err(ScaleError::TooFast);
                }
                Arrivals::Renewal(law)
            }
            Arrivals::Varying(varying) => Arrivals::Varying(Arc::new(varying.scaled(factor)?)),
            Arrivals::Closed { customers, think } => {
                let customers = factor.multiply_nearest(u64::from(*customers)).unwrap_or(u64::MAX).max(1);
                if customers > u64::from(CUSTOMERS_MAX) {
                    return Err(ScaleError::TooMany(customers));
                }
                Arrivals::Closed { customers: customers as u32, think: think.clone() }
            }
            Arrivals::Periodic { offset, period, count } => {
                let (offset, period) = (Span(time(offset.0)?), Span(time(period.0)?));
                if period == Span::ZERO {
                    return Err(ScaleError::TooFast);
                }
                Arrivals::Periodic { offset, period, count: *count }
            }
            Arrivals::Trace(data) => {
                let rows =
                    data.rows.iter().map(|row| Ok(TraceRow { at: Time(time(row.at.0)?), ..row.clone() }));
                Arrivals::Trace(Arc::new(TraceData {
                    rows: rows.collect::<Result<_, ScaleError>>()?,
                    values: data.values.clone(),
                }))
            }
        })
    }
}

impl Law {
    /// The law of a value of this law divided by `factor`. Constants and given values are rounded to the nearest
    /// nanosecond, halves up; those of other laws when they are drawn, as ever.
    pub fn divided_by(&self, factor: Ratio) -> Law {
        let by = factor.as_f64();
        let whole = |value: u64| factor.divide_nearest(value).unwrap_or(Time::LATEST.0).min(Time::LATEST.0);
        match self {
            Law::Deterministic { value } => Law::Deterministic { value: whole(*value) },
            Law::Uniform { low, high } => Law::Uniform { low: low / by, high: high / by },
            Law::Exponential { mean } => Law::Exponential { mean: mean / by },
            Law::Erlang { shape, mean } => Law::Erlang { shape: *shape, mean: mean / by },
            Law::Hyperexponential { branches } => {
                Law::Hyperexponential { branches: branches.iter().map(|(p, mean)| (*p, mean / by)).collect() }
            }
            Law::Lognormal { mu, sigma } => Law::Lognormal { mu: mu - libm::log(by), sigma: *sigma },
            Law::Weibull { shape, scale } => Law::Weibull { shape: *shape, scale: scale / by },
            Law::Gamma { shape, scale } => Law::Gamma { shape: *shape, scale: scale / by },
            Law::Pareto { shape, scale } => Law::Pareto { shape: *shape, scale: scale / by },
            Law::BoundedPareto { shape, low, high } => {
                Law::BoundedPareto { shape: *shape, low: low / by, high: high / by }
            }
            Law::NormalTruncated { mean, sd, low, high } => {
                Law::NormalTruncated { mean: mean / by, sd: sd / by, low: low / by, high: high / by }
            }
            Law::Empirical(table) => Law::Empirical(Arc::new(Empirical::mapped(table, whole))),
        }
    }

    /// The mean, or for truncated normals, where it has no closed form here, a value that it is not far below.
    fn typical(&self) -> f64 {
        match self {
            Law::NormalTruncated { mean, sd, .. } => mean.max(*sd),
            law => law.mean().unwrap_or(f64::INFINITY),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::StreamRoot;

    fn ratio(n: u32, d: u32) -> Ratio {
        Ratio::new(n, d).unwrap()
    }

    fn laws() -> Vec<Law> {
        vec![
            Law::Deterministic { value: 3_000_000 },
            Law::Uniform { low: 1e6, high: 5e6 },
            Law::Exponential { mean: 3e6 },
            Law::Erlang { shape: 3, mean: 3e6 },
            Law::hyperexponential_balanced(3e6, 4.0),
            Law::lognormal_mean_cv(3e6, 2.0),
            Law::Weibull { shape: 0.7, scale: 3e6 },
            Law::Gamma { shape: 0.5, scale: 6e6 },
            Law::Pareto { shape: 2.5, scale: 3e6 },
            Law::BoundedPareto { shape: 1.5, low: 1e6, high: 1e9 },
            Law::NormalTruncated { mean: 3e6, sd: 1e6, low: 1e6, high: 9e6 },
            Law::Empirical(Arc::new(Empirical::new(vec![1_000_000, 6_000_000], vec![3, 2]).unwrap())),
        ]
    }

    /// Draw by draw: what the scaled law gives is what the law gives, divided.
    #[test]
    fn scaled_laws_draw_the_same_divided() {
        let factor = ratio(3, 2);
        for law in laws() {
            let scaled = law.divided_by(factor);
            let (mut a, mut b) =
                (StreamRoot::new(1, 0).stream("s", "x"), StreamRoot::new(1, 0).stream("s", "x"));
            for _ in 0..1000 {
                let (whole, part) = (law.sample(&mut a), scaled.sample(&mut b));
                let expected = whole as f64 / 1.5;
                assert!((part as f64 - expected).abs() <= 1.2 + expected * 1e-12, "{law:?}: {whole} {part}");
            }
        }
    }

    #[test]
    fn traces_periods_and_customers_scale_exactly() {
        let row = |at| TraceRow { at: Time(at), entry: 0, values: 0, count: 0, attributes: 0, client: 0 };
        let data = TraceData { rows: [0, 1, 2, 3, 4, 100].map(row).to_vec(), values: Vec::new() };
        let Ok(Arrivals::Trace(scaled)) = Arrivals::Trace(Arc::new(data)).scaled(ratio(2, 1)) else {
            panic!()
        };
        let times: Vec<u64> = scaled.rows.iter().map(|row| row.at.0).collect();
        assert_eq!(times, [0, 1, 1, 2, 2, 50], "halves go up, the order stays");

        let periodic = Arrivals::Periodic { offset: Span(10), period: Span(100), count: Some(7) };
        let Ok(Arrivals::Periodic { offset, period, count }) = periodic.scaled(ratio(3, 1)) else { panic!() };
        assert_eq!((offset, period, count), (Span(3), Span(33), Some(7)));

        let closed = |customers| Arrivals::Closed { customers, think: Law::Deterministic { value: 1 } };
        for (customers, factor, expected) in
            [(3, ratio(1, 2), 2), (5, ratio(3, 2), 8), (1, ratio(1, 10), 1), (1000, ratio(1, 1), 1000)]
        {
            let Ok(Arrivals::Closed { customers: found, .. }) = closed(customers).scaled(factor) else {
                panic!()
            };
            assert_eq!(found, expected, "{customers} times {factor:?}");
        }
    }

    #[test]
    fn impossible_demands_are_refused() {
        let row = TraceRow { at: Time::LATEST, entry: 0, values: 0, count: 0, attributes: 0, client: 0 };
        let data = Arc::new(TraceData { rows: vec![row], values: Vec::new() });
        for (arrivals, factor, error) in [
            (Arrivals::Renewal(Law::Exponential { mean: 5.0 }), ratio(10, 1), ScaleError::TooFast),
            (Arrivals::Renewal(Law::Deterministic { value: 1 }), ratio(3, 1), ScaleError::TooFast),
            (
                Arrivals::Periodic { offset: Span(0), period: Span(1), count: None },
                ratio(3, 1),
                ScaleError::TooFast,
            ),
            (Arrivals::Trace(data), ratio(1, 2), ScaleError::TooLate),
            (
                Arrivals::Closed { customers: CUSTOMERS_MAX, think: Law::Deterministic { value: 1 } },
                ratio(2, 1),
                ScaleError::TooMany(2_000_000),
            ),
        ] {
            assert_eq!(arrivals.scaled(factor).err(), Some(error), "{arrivals:?}");
        }
    }
}
