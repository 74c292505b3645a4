//! Conditions on metrics: `response/p99 > 250ms`, decided by intervals and never by a mean alone.

use crate::capacity::tail::Percentile;
use crate::metrics::{self, MetricName, RowKey, UnknownMetric};
use crate::open::Open;
use crate::run::RunResult;
use crate::stats::mean;
use crate::stats::order::percentile_interval;
use reports::condition::ConditionRow;
use reports::number::with_unit;
use reports::rows::ALL;
use sim_core::quantity::{self, QuantityError};
use std::fmt::{self, Write as _};
use thiserror::Error;

/// One number of a result, by name: `response/p99`, `response/p99 page`, `utilization/mean web.cpu`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Subject {
    /// The metric.
    pub metric: MetricName,
    /// Where and for which class, as titles of tables have it: `cpu`, `page`, `cpu page`; empty for everything.
    pub place: String,
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.metric.fmt(f)?;
        if self.place.is_empty() { Ok(()) } else { write!(f, " {}", self.place) }
    }
}

/// What is said of one number of a result.
#[derive(Clone, PartialEq, Debug)]
pub struct Condition {
    /// As it was written.
    pub text: String,
    /// The number.
    pub subject: Subject,
    /// What is said of it.
    pub test: Test,
}

/// What a condition says.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Test {
    /// The value lies on one side of a limit, which is in the metric's unit.
    Limit(Order, f64),
    /// The value is worse than the reference's by more than this part of the reference's value.
    WorseBy(f64),
}

/// On which side of a limit.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Order {
    /// `<`
    Below,
    /// `<=`
    AtMost,
    /// `>`
    Above,
    /// `>=`
    AtLeast,
}

impl Order {
    /// The operators, longer ones first.
    const ALL: [(&'static str, Order); 4] =
        [("<=", Order::AtMost), (">=", Order::AtLeast), ("<", Order::Below), (">", Order::Above)];

    /// Whether a value lies on this side of a limit.
    pub fn holds(self, value: f64, limit: f64) -> bool {
        match self {
            Order::Below => value < limit,
            Order::AtMost => value <= limit,
            Order::Above => value > limit,
            Order::AtLeast => value >= limit,
        }
    }
}

/// What the replications say of a condition.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// It holds for the whole interval.
    Holds,
    /// It holds nowhere in the interval.
    Fails,
    /// The limit lies within the interval, or nothing was measured.
    Undecided,
}

/// A condition that makes no sense.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum ConditionError {
    /// No operator.
    #[error("`{0}` is not a condition; write one like `response/p99 > 250ms`")]
    NoOrder(String),
    /// `=` and the like.
    #[error("`{0}`: equality is never certain; use <, <=, > or >=")]
    Equality(String),
    /// The metric.
    #[error(transparent)]
    Metric(#[from] UnknownMetric),
    /// The limit.
    #[error("`{text}`: {why}")]
    Limit {
        /// The condition.
        text: String,
        /// What is wrong, and what would be right.
        why: String,
    },
    /// Neither direction is better.
    #[error("`{0}`: neither direction of this metric is better, so that nothing is worse")]
    NoDirection(String),
    /// The model has no such row.
    #[error("`{metric}` is not measured {place}; it is for {known}")]
    Place {
        /// The metric.
        metric: String,
        /// What was asked for.
        place: String,
        /// What there is.
        known: String,
    },
}

impl Subject {
    /// Reads `METRIC [PLACE]`.
    pub fn parse(text: &str) -> Result<Subject, UnknownMetric> {
        let text = text.trim();
        let (name, place) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
        let place: Vec<&str> = place.split_whitespace().filter(|part| *part != ALL).collect();
        Ok(Subject { metric: metrics::parse(name)?, place: place.join(" ") })
    }

    /// Which of a model's rows is meant.
    pub fn row(&self, keys: &[RowKey]) -> Result<usize, ConditionError> {
        /// Places listed in a message.
        const LISTED: usize = 8;
        let mut known: Vec<String> = Vec::new();
        for (index, key) in keys.iter().enumerate().filter(|(_, key)| key.metric == self.metric) {
            let place = place(&key.scope, &key.class);
            if place == self.place {
                return Ok(index);
            }
            known.push(if place.is_empty() { "everything".to_owned() } else { format!("`{place}`") });
        }
        let more = known.len() > LISTED;
        known.truncate(LISTED);
        let known = match known.as_slice() {
            [] => "nothing in this model".to_owned(),
            _ => format!("{}{}", known.join(", "), if more { " and others" } else { "" }),
        };
        let place = match self.place.as_str() {
            "" => "over everything".to_owned(),
            place => format!("for `{place}`"),
        };
        let metric = self.metric.to_string();
        Err(ConditionError::Place { metric, place, known })
    }
}

impl Condition {
    /// Reads `METRIC [PLACE] < LIMIT` (or `<=`, `>`, `>=`), or `METRIC [PLACE] worse than reference by PART`. Limits have the
    /// metric's kind of unit: `250ms`, `900/s`, `95%` or `0.95`, `10`.
    pub fn parse(text: &str) -> Result<Condition, ConditionError> {
        const WORSE: [&str; 2] = [" worse than reference by ", " worse by "];
        let text = text.trim();
        if let Some((name, part)) = WORSE.iter().find_map(|words| text.split_once(words)) {
            let subject = Subject::parse(name)?;
            if subject.metric.def.better.is_none() {
                return Err(ConditionError::NoDirection(text.to_owned()));
            }
            let part = parse_part(part).map_err(|why| limit_error(text, why))?;
            return Ok(Condition { text: text.to_owned(), subject, test: Test::WorseBy(part) });
        }
        let at = text.find(['<', '>', '=', '!']).ok_or_else(|| ConditionError::NoOrder(text.to_owned()))?;
        let rest = &text[at..];
        let (sign, order) = Order::ALL
            .into_iter()
            .find(|(sign, _)| rest.starts_with(sign))
            .ok_or_else(|| ConditionError::Equality(text.to_owned()))?;
        let subject = Subject::parse(&text[..at])?;
        let limit = parse_limit(&rest[sign.len()..], subject.metric.def.unit)
            .map_err(|why| limit_error(text, why))?;
        Ok(Condition { text: text.to_owned(), subject, test: Test::Limit(order, limit) })
    }
}

impl Condition {
    /// Whether it holds for a result. A comparison with a reference is undecided here.
    pub fn check(&self, result: &RunResult) -> ConditionRow {
        let Ok(place) = self.subject.row(&result.keys) else {
            return self.row(None, None, Outcome::Undecided);
        };
        let held = Held::of(result, place);
        let outcome = match self.test {
            Test::Limit(order, limit) if held.decides => judge(order, limit, held.value, held.interval),
            _ => Outcome::Undecided,
        };
        let remark = (!held.remarks.is_empty()).then(|| held.remarks.join("; "));
        ConditionRow { remark, ..self.row(held.value, held.interval, outcome) }
    }

    /// What was found of it.
    pub(crate) fn row(
        &self,
        value: Option<f64>,
        interval: Option<(f64, f64)>,
        outcome: Outcome,
    ) -> ConditionRow {
        ConditionRow {
            condition: self.text.clone(),
            policy: None,
            outcome: match outcome {
                Outcome::Holds => "true",
                Outcome::Fails => "false",
                Outcome::Undecided => "undecided",
            },
            value,
            unit: self.subject.metric.def.unit,
            ci_low: interval.map(|(low, _)| low).filter(|low| low.is_finite()),
            ci_high: interval.map(|(_, high)| high).filter(|high| high.is_finite()),
            remark: None,
        }
    }
}

/// What decides a condition: a number with its interval, and what it rests on.
pub(crate) struct Held {
    /// The number; where jobs are unfinished, what it is at least with these counted at their age.
    pub value: Option<f64>,
    /// Where it lies; the upper end is infinite where unfinished jobs leave it open.
    pub interval: Option<(f64, f64)>,
    /// Whether the sample is large enough to decide anything.
    pub decides: bool,
    pub remarks: Vec<String>,
}

impl Held {
    /// The number at a place of a result's rows.
    pub fn of(result: &RunResult, place: usize) -> Held {
        let (key, found) = (&result.keys[place], &result.summary[place]);
        let replications = result.values.len();
        let interval = found.ci_low.zip(found.ci_high);
        let mut held = Held { value: found.value, interval, decides: true, remarks: Vec::new() };
        let small = found.is_small_sample() && (interval.is_none() || replications > 1);
        if small {
            held.small_sample(result, key, found.above.unwrap_or(0));
        }
        if let Some((_, open)) = result.open.iter().find(|(open, _)| open == key) {
            let values: Vec<Option<f64>> = result.values.iter().map(|values| values[place]).collect();
            held.count_unfinished(open, &values, key.metric.def.unit);
        }
        if !small && replications == 1 && interval.is_none() && !result.exact {
            // What unfinished jobs leave open is shown as an interval too, but it is none of chance.
            let without = if held.interval.is_none() { ", without an interval" } else { "" };
            held.remarks.insert(0, format!("of one replication{without}: another one may say otherwise"));
        }
        held
    }

    /// A percentile among the last of its sample: the order of one sample decides where it has an interval, else nothing does.
    fn small_sample(&mut self, result: &RunResult, key: &RowKey, above: u64) {
        let beyond = match above {
            0 => "no value lies".to_owned(),
            1 => "1 value lies".to_owned(),
            more => format!("{more} values lie"),
        };
        let mut said =
            format!("{} is among the last of its sample: {beyond} beyond it", key.metric.statistic);
        self.interval = sample(result, key).and_then(|values| {
            let p = Percentile::of_statistic(key.metric.statistic)?;
            let p = f64::from(p.numerator) / f64::from(p.denominator);
            let found = percentile_interval(&values, p, CONFIDENCE).ok()?;
            Some((found.low, found.high))
        });
        self.decides = self.interval.is_some();
        if self.decides {
            said.push_str("; the interval is that of the order of its values, of one ");
            said.push_str(if result.sample.is_some() { "log" } else { "replication" });
        } else if let Some(requests) = result.sample {
            let _ = write!(said, "; of one log of {requests} requests");
        } else if result.values.len() == 1 {
            said.push_str("; of one replication");
        }
        self.remarks.push(said);
    }

    /// Unfinished jobs count at least at their age. The number and its interval move to what they make of it.
    fn count_unfinished(&mut self, open: &[Option<Open>], values: &[Option<f64>], unit: &str) {
        let unfinished: u64 = open.iter().flatten().map(|open| open.unfinished).sum();
        if unfinished == 0 {
            return;
        }
        let ends: Vec<(f64, Option<f64>)> = open
            .iter()
            .zip(values)
            .filter_map(|(open, value)| match open {
                Some(open) => Some((open.bounds.low, open.bounds.high)),
                None => value.map(|value| (value, Some(value))),
            })
            .collect();
        let low = mean(&ends.iter().map(|(low, _)| *low).collect::<Vec<_>>()).unwrap_or(0.0);
        let highs: Option<Vec<f64>> = ends.iter().map(|(_, high)| *high).collect();
        let high = highs.and_then(|highs| mean(&highs));
        let served = self.value;
        let value = served.unwrap_or(low);
        let (below, above) = self.interval.unwrap_or((value, value));
        self.interval = Some((below + low - value, high.map_or(f64::INFINITY, |high| above + high - value)));
        // Of the same jobs as the interval.
        self.value = Some(low);
        let counted = counted(unfinished);
        let mut said = match high {
            Some(_) => format!("{counted} counted at their age so far"),
            None => format!(
                "{counted} counted at their age so far, and nobody knows how long they take: it is at least that"
            ),
        };
        if let Some(served) = served.filter(|served| served.to_bits() != low.to_bits()) {
            said.push_str("; of served jobs alone it is ");
            said.push_str(&with_unit(served, unit));
        }
        self.remarks.push(said);
    }
}

fn counted(unfinished: u64) -> String {
    if unfinished == 1 {
        "1 unfinished job is".to_owned()
    } else {
        format!("{unfinished} unfinished jobs are")
    }
}

/// The confidence of intervals from the order of one sample.
const CONFIDENCE: f64 = 0.95;

/// The values behind a percentile of one replication, where they are kept.
fn sample(result: &RunResult, key: &RowKey) -> Option<Vec<f64>> {
    if result.values.len() != 1 {
        return None;
    }
    let mut classes = result.keys.iter().filter(|row| {
        (row.metric.def.name, row.metric.statistic) == ("response", "mean") && row.class != ALL
    });
    let total;
    let class = if key.class == ALL {
        total = result.first.total();
        &total
    } else {
        result.first.classes.get(classes.position(|row| row.class == key.class)?)?
    };
    let distribution = if key.metric.def.name == "waiting" { &class.waiting } else { &class.response };
    let kept = distribution.is_exact() && distribution.max().is_some();
    kept.then(|| distribution.values().iter().map(|value| *value as f64).collect())
}

/// Decides by the ends of an interval. Where there is none (one replication), the value itself decides.
pub fn judge(order: Order, limit: f64, value: Option<f64>, interval: Option<(f64, f64)>) -> Outcome {
    let Some(value) = value else { return Outcome::Undecided };
    let (low, high) = interval.unwrap_or((value, value));
    match (order.holds(low, limit), order.holds(high, limit)) {
        (true, true) => Outcome::Holds,
        (false, false) => Outcome::Fails,
        _ => Outcome::Undecided,
    }
}

/// A station and a class in words, as titles of tables have them; empty where both are everything.
fn place(scope: &str, class: &str) -> String {
    [scope, class].into_iter().filter(|part| *part != ALL).collect::<Vec<_>>().join(" ")
}

fn limit_error(text: &str, why: String) -> ConditionError {
    ConditionError::Limit { text: text.to_owned(), why }
}

/// A limit in the unit of a metric.
fn parse_limit(text: &str, unit: &str) -> Result<f64, String> {
    let text = text.trim();
    match unit {
        "ns" => match quantity::parse_span(text) {
            Ok(span) => Ok(span.0 as f64),
            Err(QuantityError::NoUnit(number)) => {
                Err(format!("`{number}` has no unit; write one, such as {number}ms"))
            }
            Err(other) => Err(other.to_string()),
        },
        "1/s" => {
            let (count, per) = text
                .split_once('/')
                .ok_or_else(|| format!("`{text}` is not a rate; write one like 900/s"))?;
            let nanos = quantity::time_unit(per.trim())
                .ok_or_else(|| format!("unknown unit of time `{}` in `{text}`", per.trim()))?;
            Ok(number(count)? * 1e9 / nanos as f64)
        }
        "ratio" => match text.strip_suffix('%') {
            Some(percent) => hundredths(percent),
            None => number(text),
        },
        _ => number(text),
    }
}

fn number(text: &str) -> Result<f64, String> {
    let digits = text.trim().replace('_', "");
    match digits.parse::<f64>() {
        Ok(number) if number.is_finite() => Ok(number),
        _ => Err(format!("`{}` is not a plain number", text.trim())),
    }
}

/// So many percent as a part: read as one decimal number, since 99.9 / 100 is off in the last bit.
fn hundredths(percent: &str) -> Result<f64, String> {
    number(percent)?;
    let digits = percent.trim().replace('_', "");
    format!("{digits}e-2").parse().or_else(|_| Ok(number(percent)? / 100.0))
}

/// A part of something, in [0, 1): `2%` or `0.02`.
pub fn parse_part(text: &str) -> Result<f64, String> {
    let part = match text.trim().strip_suffix('%') {
        Some(percent) => hundredths(percent)?,
        None => number(text)?,
    };
    if (0.0..1.0).contains(&part) {
        Ok(part)
    } else {
        Err(format!("`{}` is not a part from 0 to below 100%, such as 2% or 0.02", text.trim()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Result<(String, String, Test), String> {
        Condition::parse(text)
            .map(|c| (c.subject.metric.to_string(), c.subject.place, c.test))
            .map_err(|e| e.to_string())
    }

    #[test]
    fn conditions_are_read_in_the_units_of_their_metrics() {
        for (text, name, place, test) in [
            ("response/p99 > 250ms", "response/p99", "", Test::Limit(Order::Above, 250e6)),
            ("response/p99<=0.25 s", "response/p99", "", Test::Limit(Order::AtMost, 250e6)),
            ("throughput/rate < 54_000/min", "throughput/rate", "", Test::Limit(Order::Below, 900.0)),
            (
                "utilization/mean web.cpu >= 95%",
                "utilization/mean",
                "web.cpu",
                Test::Limit(Order::AtLeast, 0.95),
            ),
            ("utilization/mean >= 0.95", "utilization/mean", "", Test::Limit(Order::AtLeast, 0.95)),
            ("jobs/lost all > 0", "jobs/lost", "", Test::Limit(Order::Above, 0.0)),
            (
                "response_part/waiting cpu page > 1ms",
                "response_part/waiting",
                "cpu page",
                Test::Limit(Order::Above, 1e6),
            ),
            ("response/p99 worse than reference by 5%", "response/p99", "", Test::WorseBy(0.05)),
            ("response/p99 page worse by 0.05", "response/p99", "page", Test::WorseBy(0.05)),
        ] {
            assert_eq!(parsed(text), Ok((name.to_owned(), place.to_owned(), test)), "{text}");
        }
    }

    #[test]
    fn mistakes_come_with_a_cure() {
        for (text, message) in [
            ("response/p99", "`response/p99` is not a condition; write one like `response/p99 > 250ms`"),
            ("respons/p98 > 1ms", "unknown metric `respons/p98`; did you mean `response/p99`?"),
            ("response/p99 > 250", "`response/p99 > 250`: `250` has no unit; write one, such as 250ms"),
            ("response/p99 > 5%", "`response/p99 > 5%`: unknown unit `%` in `5%`"),
            ("response/p99 == 1ms", "`response/p99 == 1ms`: equality is never certain; use <, <=, > or >="),
            ("throughput/rate < 9", "`throughput/rate < 9`: `9` is not a rate; write one like 900/s"),
            ("throughput/rate < 9/m", "`throughput/rate < 9/m`: unknown unit of time `m` in `9/m`"),
            ("jobs/lost > 1ms", "`jobs/lost > 1ms`: `1ms` is not a plain number"),
            ("jobs/lost > nan", "`jobs/lost > nan`: `nan` is not a plain number"),
            (
                "response/mean worse by 200%",
                "`response/mean worse by 200%`: `200%` is not a part from 0 to below 100%, such as 2% or 0.02",
            ),
            (
                "utilization/mean worse by 1%",
                "`utilization/mean worse by 1%`: neither direction of this metric is better, so that nothing is worse",
            ),
        ] {
            assert_eq!(parsed(text), Err(message.to_owned()), "{text}");
        }
    }

    #[test]
    fn intervals_decide() {
        for (order, interval, outcome) in [
            (Order::Above, Some((2.0, 3.0)), Outcome::Holds),
            (Order::Above, Some((1.0, 3.0)), Outcome::Undecided),
            (Order::Above, Some((0.5, 1.0)), Outcome::Fails),
            (Order::AtLeast, Some((1.0, 3.0)), Outcome::Holds),
            (Order::Below, Some((0.5, 0.9)), Outcome::Holds),
            (Order::Below, Some((0.5, 1.0)), Outcome::Undecided),
            (Order::AtMost, Some((0.5, 1.0)), Outcome::Holds),
            (Order::Below, None, Outcome::Fails),
        ] {
            assert_eq!(judge(order, 1.0, Some(2.0), interval), outcome, "{order:?} {interval:?}");
        }
        assert_eq!(judge(Order::Below, 1.0, None, None), Outcome::Undecided);
    }
}
