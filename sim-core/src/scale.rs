//! More or less demand from the same source: its arrivals, scaled by a factor.
//!
//! | arrivals | scaled by `f` |
//! |---|---|
//! | renewal (Poisson too) | each gap divided by `f`: the same draws, so that scaled runs meet the same work |
//! | a rate that changes | each rate multiplied by `f`; the times at which it changes stay |
//! | trace | `f` times the requests, its times kept: copies that are moved a little, and a part of one more ([`copies`](crate::copies)) |
//! | periodic | offset and period divided by `f`, rounded likewise |
//! | closed | `f` times the customers, rounded to the nearest whole number, halves up, and never below one |
//!
//! Sizes and deadlines stay what they are. A trace that runs faster ([`Arrivals::faster`]) is another thing: as many
//! requests in less time, so that its day becomes an hour and the queues that a day builds up have no time to.

use crate::copies::{Copies, Spread};
use crate::law::{Empirical, Law};
use crate::model::{Arrivals, TraceData, TraceRow};
use crate::units::{Ratio, Span, Time};
use std::sync::Arc;
use thiserror::Error;

/// The most customers of a closed source.
pub const CUSTOMERS_MAX: u32 = 1_000_000;
/// The most copies of a trace.
pub const COPIES_MAX: u64 = 1_000_000;

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
    /// A trace would have too many copies.
    #[error("more than {COPIES_MAX} copies of a trace")]
    TooManyCopies,
    /// Two factors whose product cannot be told.
    #[error("a factor too near to zero")]
    TooLittle,
}

impl Arrivals {
    /// `factor` times the demand, see [the module](self).
    pub fn scaled(&self, factor: Ratio) -> Result<Arrivals, ScaleError> {
        self.scaled_within(factor, None)
    }

    /// The same, with the span of all traces of which this may be one; `None`: it is on its own.
    pub fn scaled_within(&self, factor: Ratio, spread: Option<Spread>) -> Result<Arrivals, ScaleError> {
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
            Arrivals::Trace(data) => copies(data, factor, spread)?,
            Arrivals::Copies(copied) => {
                let factor = copied.factor.times(factor).ok_or(ScaleError::TooLittle)?;
                copies(&copied.data, factor, Some(copied.spread))?
            }
        })
    }

    /// A trace with each of its times divided by `factor`, rounded to the nearest nanosecond, halves up; `None` where
    /// this is no trace.
    pub fn faster(&self, factor: Ratio) -> Option<Result<Arrivals, ScaleError>> {
        let (data, again) = match self {
            Arrivals::Trace(data) => (data, None),
            Arrivals::Copies(copied) => (&copied.data, Some(copied.factor)),
            _ => return None,
        };
        let time = |at: Time| {
            let time = factor.divide_nearest(at.0).filter(|nanos| *nanos <= Time::LATEST.0);
            time.map(Time).ok_or(ScaleError::TooLate)
        };
        let rows = data.rows.iter().map(|row| Ok(TraceRow { at: time(row.at)?, ..row.clone() }));
        let faster = rows
            .collect::<Result<_, ScaleError>>()
            .map(|rows| TraceData { rows, values: data.values.clone(), is_sample: data.is_sample })
            .map(|faster| Arrivals::Trace(Arc::new(faster)));
        Some(match again {
            Some(again) => faster.and_then(|faster| faster.scaled(again)),
            None => faster,
        })
    }

    /// The trace that is released, once or more often.
    pub fn trace(&self) -> Option<&Arc<TraceData>> {
        match self {
            Arrivals::Trace(data) => Some(data),
            Arrivals::Copies(copies) => Some(&copies.data),
            _ => None,
        }
    }
}

fn copies(data: &Arc<TraceData>, factor: Ratio, spread: Option<Spread>) -> Result<Arrivals, ScaleError> {
    let (numerator, denominator) = factor.parts();
    if numerator > COPIES_MAX * denominator {
        return Err(ScaleError::TooManyCopies);
    }
    Ok(match spread.or_else(|| Spread::over([&**data])) {
        Some(spread) if !factor.is_one() && !data.rows.is_empty() => {
            Arrivals::Copies(Arc::new(Copies { data: data.clone(), factor, spread }))
        }
        _ => Arrivals::Trace(data.clone()),
    })
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
        let data =
            TraceData { rows: [0, 1, 2, 3, 4, 100].map(row).to_vec(), values: Vec::new(), is_sample: false };
        let trace = Arrivals::Trace(Arc::new(data));
        let Some(Ok(Arrivals::Trace(faster))) = trace.faster(ratio(2, 1)) else { panic!() };
        let times: Vec<u64> = faster.rows.iter().map(|row| row.at.0).collect();
        assert_eq!(times, [0, 1, 1, 2, 2, 50], "halves go up, the order stays");
        let factor = |arrivals: &Arrivals| match arrivals {
            Arrivals::Copies(copies) => Some(copies.factor),
            _ => None,
        };
        let copied = trace.scaled(ratio(3, 2)).unwrap();
        assert_eq!(factor(&copied), Some(ratio(3, 2)));
        assert_eq!(factor(&copied.scaled(ratio(4, 1)).unwrap()), Some(ratio(6, 1)));
        assert!(matches!(copied.scaled(ratio(2, 3)), Ok(Arrivals::Trace(_))), "once is the trace itself");

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
        let data = Arc::new(TraceData { rows: vec![row], values: Vec::new(), is_sample: false });
        for (arrivals, factor, error) in [
            (Arrivals::Renewal(Law::Exponential { mean: 5.0 }), ratio(10, 1), ScaleError::TooFast),
            (Arrivals::Renewal(Law::Deterministic { value: 1 }), ratio(3, 1), ScaleError::TooFast),
            (
                Arrivals::Periodic { offset: Span(0), period: Span(1), count: None },
                ratio(3, 1),
                ScaleError::TooFast,
            ),
            (Arrivals::Trace(data.clone()), ratio(1_000_001, 1), ScaleError::TooManyCopies),
            (
                Arrivals::Closed { customers: CUSTOMERS_MAX, think: Law::Deterministic { value: 1 } },
                ratio(2, 1),
                ScaleError::TooMany(2_000_000),
            ),
        ] {
            assert_eq!(arrivals.scaled(factor).err(), Some(error), "{arrivals:?}");
        }
        let slower = Arrivals::Trace(data).faster(ratio(1, 2)).map(Result::err);
        assert_eq!(slower, Some(Some(ScaleError::TooLate)));
    }
}
