//! The numbers of a comparison: paired differences, verdicts, conditions.

use super::{CompareOptions, DEFAULT_METRICS};
use crate::condition::{self, Condition, ConditionError, Held, Outcome, Test};
use crate::finding::{self, Finding};
use crate::metrics::{Better, RowKey};
use crate::run::RunResult;
use crate::stats::difference::{Difference, holm, paired};
use reports::compare::CompareRow;
use reports::condition::ConditionRow;
use reports::rows::ALL;

/// A condition on one alternative, or on all of them.
#[derive(Clone, PartialEq, Debug)]
pub struct PolicyCondition {
    /// Index of the alternative; `None` for every one.
    pub policy: Option<usize>,
    /// What is said of it.
    pub condition: Condition,
}

impl PolicyCondition {
    /// Reads `[LABEL: ]CONDITION`, where the label is that of an alternative.
    pub fn parse(text: &str, labels: &[&str]) -> Result<PolicyCondition, ConditionError> {
        let named = labels.iter().enumerate().find_map(|(index, label)| {
            let rest = text.trim_start().strip_prefix(label)?.strip_prefix(':')?;
            rest.starts_with(char::is_whitespace).then_some((index, rest))
        });
        match named {
            Some((index, rest)) => {
                Ok(PolicyCondition { policy: Some(index), condition: Condition::parse(rest)? })
            }
            None => Ok(PolicyCondition { policy: None, condition: Condition::parse(text)? }),
        }
    }
}

/// Results side by side.
#[derive(Clone, Copy)]
pub(super) struct Compared<'a> {
    pub labels: &'a [&'a str],
    pub results: &'a [RunResult],
    pub confidence: f64,
    pub options: &'a CompareOptions,
}

impl Compared<'_> {
    /// Whether nothing is random in any alternative.
    pub fn exact(&self) -> bool {
        self.results.iter().all(|result| result.exact)
    }

    /// The jobs behind the times, where these are exact for a log or a trace; the fewest of the alternatives.
    pub fn sample(&self) -> Option<u64> {
        self.results.iter().filter_map(|result| result.sample).min().filter(|_| self.exact())
    }

    /// What must be known before any number is read.
    pub fn findings(&self) -> Vec<Finding> {
        let own = self.labels.iter().zip(self.results);
        finding::together(own.map(|(label, result)| (*label, result.findings.as_slice())))
    }

    /// All rows that were asked for: metrics that were named stand in the order of their names, the others in that of the
    /// run's rows.
    pub fn rows(&self) -> Vec<CompareRow> {
        let metrics = &self.options.metrics;
        if metrics.is_empty() {
            let groups = self.positions(is_default).map(|position| self.metric_rows(position));
            return groups.filter(|group| !says_nothing(group)).flatten().collect();
        }
        let once = metrics.iter().enumerate().filter(|(at, metric)| !metrics[..*at].contains(metric));
        once.flat_map(|(_, metric)| self.positions(|key| key.metric == *metric))
            .flat_map(|position| self.metric_rows(position))
            .collect()
    }

    /// Where the rows of the reference are that are such.
    fn positions<'k>(&'k self, such: impl Fn(&RowKey) -> bool + 'k) -> impl Iterator<Item = usize> + 'k {
        self.keys().iter().enumerate().filter(move |(_, key)| such(key)).map(|(position, _)| position)
    }

    /// What the rows of the reference are about.
    pub fn keys(&self) -> &[RowKey] {
        &self.results[self.options.reference].keys
    }

    /// Where a row of the reference stands in each result: the same place for all alternatives of one scenario; where
    /// inputs differ, it may be missing.
    pub fn places(&self, position: usize) -> Vec<Option<usize>> {
        let key = &self.keys()[position];
        let place = |keys: &[RowKey]| {
            let same = keys.get(position).filter(|other| *other == key).map(|_| position);
            same.or_else(|| keys.iter().position(|other| other == key))
        };
        self.results.iter().map(|result| place(&result.keys)).collect()
    }

    /// The paired difference of alternative `a` from `b` over the replications in which both have the number.
    pub fn difference(&self, places: &[Option<usize>], a: usize, b: usize, level: f64) -> Option<Difference> {
        let (place_a, place_b) = (places[a]?, places[b]?);
        let values = self.results[a].values.iter().zip(&self.results[b].values);
        let (left, right): (Vec<f64>, Vec<f64>) =
            values.filter_map(|(of_a, of_b)| of_a[place_a].zip(of_b[place_b])).unzip();
        paired(&left, &right, level)
    }

    /// One row of the reference beside those of the others.
    pub fn metric_rows(&self, position: usize) -> Vec<CompareRow> {
        let key = &self.keys()[position];
        let Compared { labels, results, confidence, .. } = *self;
        let reference = self.options.reference;
        let places = self.places(position);
        let better = key.metric.def.better;
        let others: Vec<usize> = (0..labels.len()).filter(|index| *index != reference).collect();
        // Intervals hold together: each at 1 - alpha / k (Bonferroni); the verdicts are Holm's, which rejects at least as much.
        let level = 1.0 - (1.0 - confidence) / others.len().max(1) as f64;
        let found: Vec<Option<Difference>> =
            others.iter().map(|index| self.difference(&places, *index, reference, level)).collect();
        let p = holm(&found.iter().map(|found| found.map_or(1.0, |found| found.p)).collect::<Vec<_>>());

        let mut rows: Vec<CompareRow> = Vec::new();
        for (index, label) in labels.iter().enumerate() {
            let summary = places[index].map(|place| &results[index].summary[place]);
            rows.push(CompareRow {
                policy: (*label).to_owned(),
                metric: key.metric.def.name.to_owned(),
                statistic: key.metric.statistic.to_owned(),
                scope: key.scope.clone(),
                class: key.class.clone(),
                value: summary.and_then(|row| row.value),
                unit: key.metric.def.unit,
                n: summary.map_or(0, |row| row.n),
                ci_low: summary.and_then(|row| row.ci_low),
                ci_high: summary.and_then(|row| row.ci_high),
                above: summary.and_then(|row| row.above),
                best: false,
                difference: None,
                difference_low: None,
                difference_high: None,
                p_holm: None,
                verdict: (index == reference).then_some("reference"),
            });
        }
        mark_best(&mut rows, better);
        let base = rows[reference].value;
        let margin = base.map_or(0.0, |base| base.abs() * self.options.noise);
        for (place, index) in others.into_iter().enumerate() {
            let row = &mut rows[index];
            row.difference = row.value.zip(base).map(|(value, base)| value - base);
            if self.exact() {
                row.verdict = better
                    .zip(row.difference)
                    .map(|(better, difference)| exactly(better, difference, margin));
                continue;
            }
            if let Some(found) = found[place] {
                row.difference = Some(found.interval.mean);
                row.difference_low = Some(found.interval.low());
                row.difference_high = Some(found.interval.high());
                row.p_holm = Some(p[place]);
                row.verdict =
                    better.map(|better| verdict(better, &found, p[place] < 1.0 - confidence, margin));
            }
        }
        rows
    }

    /// Every condition, for every alternative that it is about.
    pub fn conditions(&self) -> Vec<ConditionRow> {
        let reference = self.options.reference;
        let mut checked = Vec::new();
        for PolicyCondition { policy, condition } in &self.options.conditions {
            for (index, label) in self.labels.iter().enumerate() {
                let compares = matches!(condition.test, Test::WorseBy(_));
                if policy.is_some_and(|policy| policy != index) || (compares && index == reference) {
                    continue;
                }
                let row = match condition.test {
                    Test::Limit(..) => condition.check(&self.results[index]),
                    Test::WorseBy(part) => self.worse(condition, index, part),
                };
                checked.push(ConditionRow { policy: Some((*label).to_owned()), ..row });
            }
        }
        checked
    }

    /// Whether an alternative is worse than the reference by more than a part of the reference's value. The row's value is
    /// that part, positive where it is worse.
    fn worse(&self, condition: &Condition, index: usize, part: f64) -> ConditionRow {
        let nothing = condition.row(None, None, Outcome::Undecided);
        let reference = self.options.reference;
        let Ok(position) = condition.subject.row(self.keys()) else { return nothing };
        let rows = self.metric_rows(position);
        let (row, base) = (&rows[index], rows[reference].value.map(f64::abs).filter(|base| *base > 0.0));
        let (Some(difference), Some(base)) = (row.difference, base) else { return nothing };
        let turn = |value: f64| match condition.subject.metric.def.better {
            Some(Better::Higher) => -value / base,
            _ => value / base,
        };
        let ends = row.difference_low.zip(row.difference_high).map(|(low, high)| (turn(low), turn(high)));
        let interval = ends.map(|(a, b)| (a.min(b), a.max(b)));
        let (value, interval, remark) =
            self.open_difference(condition, index, &turn, turn(difference), interval);
        let value = Some(value);
        let outcome = condition::judge(condition::Order::Above, part, value, interval);
        ConditionRow { unit: "ratio", remark, ..condition.row(value, interval, outcome) }
    }

    /// A difference as a part of the reference's value, with its interval: of all jobs, the unfinished ones at their age, and as wide
    /// as these and small samples on either side leave it open.
    fn open_difference(
        &self,
        condition: &Condition,
        index: usize,
        turn: &dyn Fn(f64) -> f64,
        value: f64,
        interval: Option<(f64, f64)>,
    ) -> (f64, Option<(f64, f64)>, Option<String>) {
        let reference = self.options.reference;
        let held = [index, reference].map(|index| {
            let result = &self.results[index];
            condition.subject.row(&result.keys).ok().map(|place| Held::of(result, place))
        });
        let [Some(mine), Some(base)] = held else { return (value, interval, None) };
        let mut remarks: Vec<String> = Vec::new();
        for (index, held) in [(index, &mine), (reference, &base)] {
            remarks.extend(held.remarks.iter().map(|remark| format!("{}: {remark}", self.labels[index])));
        }
        let remark = (!remarks.is_empty()).then(|| remarks.join("; "));
        if !mine.decides || !base.decides {
            return (value, Some((f64::NEG_INFINITY, f64::INFINITY)), remark);
        }
        let is_open = |index: usize| {
            let open = &self.results[index].open;
            let about = |key: &RowKey| condition.subject.metric == key.metric;
            open.iter().any(|(key, open)| about(key) && open.iter().any(Option::is_some))
        };
        if !is_open(index) && !is_open(reference) {
            return (value, interval, remark);
        }
        let ends = |held: &Held| {
            let value = held.value.unwrap_or(0.0);
            held.interval.map_or((0.0, 0.0), |(low, high)| (low - value, high - value))
        };
        let ((low, high), (base_low, base_high)) = (ends(&mine), ends(&base));
        let (a, b) = (turn(low - base_high), turn(high - base_low));
        let (from, to) = interval.unwrap_or((value, value));
        // Counted as the limits of both are: what chance leaves open stays as wide.
        let all = mine.value.zip(base.value).map_or(value, |(mine, base)| turn(mine - base));
        let low = (all + from - value).min(all + a.min(b));
        let high = (all + to - value).max(all + a.max(b));
        (all, Some((low, high)), remark)
    }
}

/// The verdict on a difference that is known exactly.
pub(super) fn exactly(better: Better, difference: f64, margin: f64) -> &'static str {
    let lower = difference < 0.0;
    match better {
        _ if difference == 0.0 => "equal",
        _ if difference.abs() <= margin => "no practical difference",
        Better::Lower if lower => "better",
        Better::Higher if !lower => "better",
        _ => "worse",
    }
}

/// Whether a row is compared unless others are asked for.
pub(super) fn is_default(key: &RowKey) -> bool {
    key.scope == ALL && key.class == ALL && DEFAULT_METRICS.contains(&key.metric.to_string().as_str())
}

/// Whether nothing was measured, or nothing but zeros.
fn says_nothing(rows: &[CompareRow]) -> bool {
    rows.iter().all(|row| row.value.is_none_or(|value| value == 0.0))
}

/// `margin` is the difference, in the metric's unit, that makes no practical difference; 0 where every difference counts.
pub(super) fn verdict(better: Better, found: &Difference, shown: bool, margin: f64) -> &'static str {
    if margin > 0.0 && found.interval.low() >= -margin && found.interval.high() <= margin {
        return "no practical difference";
    }
    match (shown, better, found.interval.mean < 0.0) {
        (false, ..) => "no difference shown",
        (true, Better::Lower, true) | (true, Better::Higher, false) => "better",
        _ => "worse",
    }
}

/// Marks every row with the best value; none where all are equal or neither direction is better.
fn mark_best(rows: &mut [CompareRow], better: Option<Better>) {
    let values = || rows.iter().filter_map(|row| row.value);
    let (least, most) = (values().fold(f64::INFINITY, f64::min), values().fold(f64::NEG_INFINITY, f64::max));
    let best = match better {
        Some(_) if least >= most => return,
        Some(Better::Lower) => least,
        Some(Better::Higher) => most,
        None => return,
    };
    for row in rows {
        row.best = row.value == Some(best);
    }
}
