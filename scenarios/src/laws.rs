//! Probability laws: `"4ms"`, `{ exponential = { mean = "4ms" } }`.

use crate::diagnostic::Sink;
use crate::keys::LAWS;
use crate::reader::{self, Fields};
use crate::tree::{Node, Value};
use sim_core::law::{Empirical, Law};
use std::sync::Arc;

/// What a law's values are.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit {
    /// Durations.
    Time,
    /// Numbers without a unit.
    Count,
}

/// Counts beyond this are refused.
const COUNT_MAX: f64 = 1e12;

/// A normal that is drawn again more often than this (on average) is refused.
const REDRAWS_MAX: f64 = 100.0;

/// Reads a law.
pub(crate) fn law(node: &Node, name: &str, unit: Unit, sink: &mut Sink) -> Option<Law> {
    if !matches!(node.value, Value::Table(_)) {
        return match (unit, &node.value) {
            (Unit::Time, Value::Text(_)) => {
                reader::span(node, name, sink).map(|span| Law::Deterministic { value: span.0 })
            }
            (Unit::Count, Value::Integer(_)) => reader::integer(node, name, 0, COUNT_MAX as i64, sink)
                .map(|value| Law::Deterministic { value: value as u64 }),
            (Unit::Time, Value::Integer(_) | Value::Float(..)) => {
                reader::span(node, name, sink);
                None
            }
            _ => {
                let expected = match unit {
                    Unit::Time => "a duration or a law",
                    Unit::Count => "a whole number or a law",
                };
                reader::wrong_type(node, &format!("`{name}` is {expected}"), sink)
                    .help("for instance { exponential = { mean = \"4ms\" } }");
                None
            }
        };
    }
    let outer = reader::open_form(node, "a law", LAWS, sink)?;
    let kind = outer.table.keys[0].name;
    Parameters { outer, kind, unit }.law(sink)
}

/// Whether a law is 0, or below a nanosecond on average: what happens again and again after such times never ends.
pub(crate) fn is_never_above_zero(law: &Law) -> bool {
    law.mean().is_some_and(|mean| mean < 1.0)
}

struct Parameters<'a> {
    outer: Fields<'a>,
    kind: &'static str,
    unit: Unit,
}

impl<'a> Parameters<'a> {
    fn fields(&self, sink: &mut Sink) -> Option<Fields<'a>> {
        let node = self.outer.get(self.kind)?;
        match self.outer.table.key(self.kind)?.kind {
            crate::keys::Kind::Table(table) => reader::open(node, table, sink),
            crate::keys::Kind::Forms(forms) => {
                reader::open_form(node, &format!("`{}`", self.kind), forms, sink)
            }
            _ => None,
        }
    }

    /// A parameter in the unit of the law.
    fn amount(&self, node: &Node, name: &str, sink: &mut Sink) -> Option<f64> {
        match self.unit {
            Unit::Time => reader::span(node, name, sink).map(|span| span.0 as f64),
            Unit::Count => {
                let value = reader::plain_number(node, name, sink)?;
                if !(0.0..=COUNT_MAX).contains(&value) {
                    sink.error(
                        "S021",
                        node.place,
                        format!("`{name}` is {value}; it must be from 0 to {COUNT_MAX}"),
                    );
                    return None;
                }
                Some(value)
            }
        }
    }

    fn get(&self, fields: &Fields<'a>, name: &str, sink: &mut Sink) -> Option<f64> {
        self.amount(fields.get(name)?, name, sink)
    }

    fn positive(&self, fields: &Fields<'a>, name: &str, sink: &mut Sink) -> Option<f64> {
        let value = self.get(fields, name, sink)?;
        if value <= 0.0 {
            sink.error("S021", fields.place(name), format!("`{name}` of a law must be above 0"));
            return None;
        }
        Some(value)
    }

    fn law(&self, sink: &mut Sink) -> Option<Law> {
        if self.kind == "deterministic" {
            let node = self.outer.get(self.kind)?;
            return self
                .amount(node, self.kind, sink)
                .map(|value| Law::Deterministic { value: value as u64 });
        }
        let fields = self.fields(sink)?;
        match self.kind {
            "exponential" => Some(Law::Exponential { mean: self.positive(&fields, "mean", sink)? }),
            "uniform" => {
                let (low, high) = self.interval(&fields, sink)?;
                Some(Law::Uniform { low, high })
            }
            "erlang" => {
                let (shape, mean) = (fields.integer("shape", sink), self.positive(&fields, "mean", sink));
                Some(Law::Erlang { shape: shape? as u32, mean: mean? })
            }
            "hyperexponential" => self.hyperexponential(&fields, sink),
            "lognormal" if fields.table.key("cv").is_some() => {
                let (mean, cv) = (self.positive(&fields, "mean", sink), fields.number("cv", sink));
                Some(Law::lognormal_mean_cv(mean?, cv?))
            }
            "lognormal" => {
                let (median, sigma) = (self.positive(&fields, "median", sink), fields.number("sigma", sink));
                Some(Law::Lognormal { mu: libm::log(median?), sigma: sigma? })
            }
            "weibull" => {
                let (shape, by_mean, size) = self.scaled(&fields, sink)?;
                let unit_mean = libm::tgamma(1.0 + 1.0 / shape);
                Self::finite_scale(&fields, if by_mean { size / unit_mean } else { size }, sink)
                    .map(|scale| Law::Weibull { shape, scale })
            }
            "gamma" => {
                let (shape, by_mean, size) = self.scaled(&fields, sink)?;
                Some(Law::Gamma { shape, scale: if by_mean { size / shape } else { size } })
            }
            "pareto" => {
                let (shape, scale) = (fields.number("shape", sink), self.positive(&fields, "scale", sink));
                Some(Law::Pareto { shape: shape?, scale: scale? })
            }
            "bounded-pareto" => {
                let shape = fields.number("shape", sink);
                let (low, high) = self.interval(&fields, sink)?;
                if low <= 0.0 {
                    sink.error("S021", fields.place("low"), "`low` of a bounded Pareto law must be above 0");
                    return None;
                }
                Some(Law::BoundedPareto { shape: shape?, low, high })
            }
            "normal" => self.normal(&fields, sink),
            _ => self.empirical(&fields, sink),
        }
    }

    /// `low` and `high`, in this order.
    fn interval(&self, fields: &Fields<'a>, sink: &mut Sink) -> Option<(f64, f64)> {
        let (low, high) = (self.get(fields, "low", sink), self.get(fields, "high", sink));
        let (low, high) = (low?, high?);
        if low >= high {
            sink.error("S021", fields.place("high"), "`high` must be above `low`")
                .label(fields.place("low"), "`low`");
            return None;
        }
        Some((low, high))
    }

    /// Shape, whether the size is the mean (else the scale), and the size.
    fn scaled(&self, fields: &Fields<'a>, sink: &mut Sink) -> Option<(f64, bool, f64)> {
        let by_mean = fields.table.key("mean").is_some();
        let size = self.positive(fields, if by_mean { "mean" } else { "scale" }, sink);
        let shape = fields.number("shape", sink);
        Some((shape?, by_mean, size?))
    }

    fn finite_scale(fields: &Fields<'a>, scale: f64, sink: &mut Sink) -> Option<f64> {
        if scale.is_finite() && scale > 0.0 {
            return Some(scale);
        }
        sink.error("S021", fields.place("shape"), "no scale gives this mean with so small a shape");
        None
    }

    fn hyperexponential(&self, fields: &Fields<'a>, sink: &mut Sink) -> Option<Law> {
        if fields.table.key("scv").is_some() {
            let (mean, scv) = (self.positive(fields, "mean", sink), fields.number("scv", sink));
            return Some(Law::hyperexponential_balanced(mean?, scv?));
        }
        let node = fields.get("branches")?;
        let crate::keys::Kind::Plain(table) = fields.table.key("branches")?.kind else { return None };
        let mut branches = Vec::new();
        for item in reader::array(node, "branches", sink)? {
            let branch = reader::open(item, table, sink)?;
            let (p, mean) = (branch.number("p", sink), self.positive(&branch, "mean", sink));
            branches.push((p?, mean?));
        }
        let sum: f64 = branches.iter().map(|(p, _)| p).sum();
        if branches.is_empty() || (sum - 1.0).abs() > 1e-9 {
            sink.error(
                "S024",
                node.place,
                format!("the probabilities of the branches sum to {sum}, not to 1"),
            );
            return None;
        }
        Some(Law::Hyperexponential { branches })
    }

    fn normal(&self, fields: &Fields<'a>, sink: &mut Sink) -> Option<Law> {
        let (mean, sd) = (self.get(fields, "mean", sink), self.positive(fields, "sd", sink));
        let low = if fields.get("low").is_some() { self.get(fields, "low", sink)? } else { 0.0 };
        let high = if fields.get("high").is_some() { self.get(fields, "high", sink)? } else { f64::INFINITY };
        let (mean, sd) = (mean?, sd?);
        if low >= high {
            sink.error("S021", fields.place("high"), "`high` must be above `low`")
                .label(fields.place("low"), "`low`");
            return None;
        }
        // The share of draws within the bounds, from the tail function, which stays exact far out.
        let tail = |x: f64| 0.5 * libm::erfc((x - mean) / (sd * std::f64::consts::SQRT_2));
        let inside = if low > mean { tail(low) - tail(high) } else { (1.0 - tail(high)) - (1.0 - tail(low)) };
        if inside * REDRAWS_MAX < 1.0 || inside.is_nan() {
            let share = inside.max(0.0) * 100.0;
            sink.error(
                "S021",
                fields.node.place,
                format!("only {share:.2} % of this normal law lies between its bounds"),
            )
            .help("at least 1 % must: widen `low` and `high`, or choose another law");
            return None;
        }
        Some(Law::NormalTruncated { mean, sd, low, high })
    }

    fn empirical(&self, fields: &Fields<'a>, sink: &mut Sink) -> Option<Law> {
        let node = fields.get("values")?;
        let nodes = reader::array(node, "values", sink)?;
        let values: Vec<Option<u64>> =
            nodes.iter().map(|item| self.amount(item, "values", sink).map(|value| value as u64)).collect();
        let weights = match fields.get("weights") {
            Some(_) => fields.integers("weights", sink)?,
            None => vec![1; values.len()],
        };
        if weights.len() != values.len() {
            let message = format!("{} weights for {} values", weights.len(), values.len());
            sink.error("S021", fields.place("weights"), message).label(node.place, "the values");
            return None;
        }
        let values: Vec<u64> = values.into_iter().collect::<Option<_>>()?;
        let total: u64 = weights.iter().map(|w| u64::from(*w)).sum();
        let table = if total > u64::from(u32::MAX) { None } else { Empirical::new(values, weights) };
        if table.is_none() {
            sink.error(
                "S021",
                node.place,
                "an empirical law needs values whose weights sum to 1 at least and 2^32 - 1 at most",
            );
        }
        table.map(|table| Law::Empirical(Arc::new(table)))
    }
}
