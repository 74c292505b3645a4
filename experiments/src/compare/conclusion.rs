//! Who wins, by how much, how sure, and what it costs elsewhere.

use super::Lead;
use super::rows::{Compared, exactly, is_default, verdict};
use crate::finding::What;
use crate::metrics::{Better, MetricName};
use crate::open::Open;
use crate::stats::difference::holm;
use reports::compare::{CompareRow, Conclusion, CostRow, UnservedRow};
use reports::rows::ALL;

impl Compared<'_> {
    /// What follows from the rows of the first metric that has a direction and differs at all; see
    /// [`super::CompareOptions::metrics`].
    pub fn conclusion(&self, rows: &[CompareRow]) -> Option<Conclusion> {
        let reference = self.options.reference;
        let (position, group) = self.primary(rows)?;
        let key = &self.keys()[position];
        let better = key.metric.def.better?;
        let Lead { winner, rivals } = self.lead(position, group)?;
        let replicated = is_replicated(group);
        let others = (0..self.labels.len()).filter(|index| *index != winner);
        let against = if winner == reference { best_of(better, group, others)? } else { reference };
        let gain = &group[if winner == reference { against } else { winner }];
        let sign = if winner == reference { -1.0 } else { 1.0 };
        let base = group[against].value?;
        let ends = gain.difference_low.zip(gain.difference_high);
        let label = |index: usize| self.labels[index].to_owned();
        let costs = if !replicated || !rivals.contains(&against) {
            self.costs(position, winner, against)
        } else {
            Vec::new()
        };
        Some(Conclusion {
            metric: key.metric.to_string(),
            scope: key.scope.clone(),
            class: key.class.clone(),
            unit: key.metric.def.unit,
            better: better.word(),
            winner: label(winner),
            value: group[winner].value?,
            against: label(against),
            reference: label(reference),
            difference: gain.difference? * sign,
            half_width: ends.map(|(low, high)| (high - low) / 2.0),
            relative_to: base,
            confidence: (replicated && !self.exact()).then_some(self.confidence),
            rivals: rivals.into_iter().map(label).collect(),
            no_practical_difference: (0..self.labels.len())
                .filter(|index| group[*index].verdict == Some("no practical difference"))
                .map(label)
                .collect(),
            costs,
            exact: self.exact(),
            sample: self.sample(),
            is_guess: [winner, against].iter().any(|index| group[*index].is_small_sample()),
            overloaded: self.is_withheld(&key.metric),
            falls_behind: self.falls_behind(),
            unserved: self.unserved(position, [winner, against]),
        })
    }

    /// The first metric that decides: it has a direction, and not all values are equal.
    fn primary<'r>(&self, rows: &'r [CompareRow]) -> Option<(usize, &'r [CompareRow])> {
        rows.chunks(self.labels.len()).find_map(|group| {
            let position = self.position_of(group).filter(|_| has_best(group))?;
            Some((position, group))
        })
    }

    /// Where the rows of the reference are that these are about.
    fn position_of(&self, group: &[CompareRow]) -> Option<usize> {
        let first = &group[0];
        self.keys().iter().position(|key| {
            key.metric.def.name == first.metric
                && key.metric.statistic == first.statistic
                && (&key.scope, &key.class) == (&first.scope, &first.class)
        })
    }

    /// Who is best, one a metric of the rows.
    pub fn leads(&self, rows: &[CompareRow]) -> Vec<Option<Lead>> {
        let groups = rows.chunks(self.labels.len());
        groups.map(|group| self.lead(self.position_of(group).filter(|_| has_best(group))?, group)).collect()
    }

    /// Who is best on the metric at a position, whose rows these are.
    fn lead(&self, position: usize, group: &[CompareRow]) -> Option<Lead> {
        let better = self.keys()[position].metric.def.better?;
        let all = 0..self.labels.len();
        if self.exact() {
            let winner = best_of(better, group, all.clone())?;
            let rivals = all.filter(|index| *index != winner && group[*index].value == group[winner].value);
            return Some(Lead { winner, rivals: rivals.collect() });
        }
        let shown = all.clone().filter(|index| group[*index].verdict == Some("better"));
        let winner = match best_of(better, group, shown) {
            Some(winner) => winner,
            // Nobody is shown to beat the reference: it wins if the others are all shown to be worse.
            None if is_replicated(group) => self.options.reference,
            None => best_of(better, group, all)?,
        };
        group[winner].value?;
        Some(Lead { winner, rivals: self.rivals(position, winner, better, group) })
    }

    /// The alternatives that are not shown to be worse than the winner. Against the reference the verdict of the table holds;
    /// against the others the paired t tests of all pairs, with Holm's correction, since who wins was not known before.
    fn rivals(&self, position: usize, winner: usize, better: Better, group: &[CompareRow]) -> Vec<usize> {
        let reference = self.options.reference;
        let places = self.places(position);
        let count = self.labels.len();
        let pairs: Vec<(usize, usize)> = (0..count).flat_map(|a| (0..a).map(move |b| (a, b))).collect();
        let found: Vec<_> =
            pairs.iter().map(|(a, b)| self.difference(&places, *a, *b, self.confidence)).collect();
        let p = holm(&found.iter().map(|found| found.map_or(1.0, |found| found.p)).collect::<Vec<_>>());
        let is_worse = |other: usize| {
            if winner == reference {
                return group[other].verdict == Some("worse");
            }
            if other == reference {
                return group[winner].verdict == Some("better");
            }
            let pair = pairs.iter().position(|pair| *pair == (winner.max(other), winner.min(other)));
            let Some((found, p)) = pair.and_then(|at| found[at].map(|found| (found, p[at]))) else {
                return false;
            };
            let lower = (found.interval.mean < 0.0) == (winner > other);
            p < 1.0 - self.confidence && lower == (better == Better::Lower)
        };
        (0..count)
            .filter(|other| *other != winner && group[*other].value.is_some() && !is_worse(*other))
            .collect()
    }

    /// Where `winner` is worse than `against`: among the default metrics and those of the classes, by paired t tests with
    /// Holm's correction over the metrics looked at. With one replication, wherever its value is worse.
    fn costs(&self, primary: usize, winner: usize, against: usize) -> Vec<CostRow> {
        let decides = self.keys()[primary].metric;
        let looked_at = self.keys().iter().enumerate().filter(|(position, key)| {
            let asked = self.options.metrics.contains(&key.metric);
            let of_class = key.metric == decides && key.scope == ALL;
            *position != primary && (asked || of_class || is_default(key)) && key.metric.def.better.is_some()
        });
        let mut found = Vec::new();
        for (position, key) in looked_at {
            let places = self.places(position);
            let value =
                |index: usize| places[index].and_then(|place| self.results[index].summary[place].value);
            let (Some(mine), Some(base)) = (value(winner), value(against)) else { continue };
            if mine == 0.0 && base == 0.0 {
                continue;
            }
            let difference = self.difference(&places, winner, against, self.confidence);
            found.push((key, mine - base, base, difference));
        }
        let p = holm(&found.iter().map(|(.., found)| found.map_or(1.0, |found| found.p)).collect::<Vec<_>>());
        let mut costs = Vec::new();
        for ((key, difference, base, found), p) in found.into_iter().zip(p) {
            let Some(better) = key.metric.def.better else { continue };
            let is_worse = match &found {
                _ if self.exact() => exactly(better, difference, base.abs() * self.options.noise) == "worse",
                Some(found) => {
                    let margin = base.abs() * self.options.noise;
                    verdict(better, found, p < 1.0 - self.confidence, margin) == "worse"
                }
                None => match better {
                    Better::Lower => difference > base.abs() * self.options.noise,
                    Better::Higher => difference < -base.abs() * self.options.noise,
                },
            };
            if is_worse {
                costs.push(CostRow {
                    metric: key.metric.to_string(),
                    scope: key.scope.clone(),
                    class: key.class.clone(),
                    unit: key.metric.def.unit,
                    difference: found.map_or(difference, |found| found.interval.mean),
                    half_width: found.filter(|_| !self.exact()).map(|found| found.interval.half_width),
                    relative_to: base,
                });
            }
        }
        costs
    }
}

/// Metrics of jobs that were served: who leaves the long ones unserved looks good on them.
const OF_SERVED: [&str; 7] =
    ["response", "waiting", "first_response", "ready", "overhead", "slowdown", "response_part"];

impl Compared<'_> {
    /// Whether nobody is called best on a metric: it is of served jobs, and some system does not keep up and leaves jobs unserved.
    fn is_withheld(&self, metric: &MetricName) -> bool {
        OF_SERVED.contains(&metric.def.name)
            && self.results.iter().enumerate().any(|(index, result)| {
                !result.findings.iter().all(keeps_up) && self.left(index, None).total() > 0.0
            })
    }

    /// Whether some system does not keep up.
    fn falls_behind(&self) -> bool {
        self.results.iter().any(|result| !result.findings.iter().all(keeps_up))
    }

    /// Takes the marks of the best from metrics on which nobody is called best.
    pub fn withhold(&self, rows: &mut [CompareRow], leads: &mut [Option<Lead>]) {
        let count = self.labels.len();
        for (group, lead) in rows.chunks_mut(count).zip(leads) {
            let metric = crate::metrics::parse(&format!("{}/{}", group[0].metric, group[0].statistic));
            if metric.is_ok_and(|metric| self.is_withheld(&metric)) {
                *lead = None;
                for row in group {
                    row.best = false;
                    row.verdict = row.verdict.filter(|verdict| *verdict == "reference");
                }
            }
        }
    }

    /// What alternatives leave unserved; nothing where none of them leaves any.
    fn unserved(&self, position: usize, of: [usize; 2]) -> Vec<UnservedRow> {
        let others = (0..self.labels.len()).filter(|index| !of.contains(index));
        let rows = of.into_iter().chain(others).map(|index| self.left(index, Some(position)));
        let rows: Vec<UnservedRow> = rows.collect();
        if rows.iter().all(|row| row.total() == 0.0) { Vec::new() } else { rows }
    }

    /// What one alternative leaves unserved.
    fn left(&self, index: usize, position: Option<usize>) -> UnservedRow {
        let result = &self.results[index];
        let open = position.and_then(|position| {
            let key = &self.keys()[position];
            let place = result.keys.iter().position(|other| other == key)?;
            let (_, open) = result.open.iter().find(|(open, _)| open == key)?;
            let low = |(open, values): (&Option<Open>, &Vec<Option<f64>>)| {
                open.map(|open| open.bounds.low).or(values[place])
            };
            let lows: Vec<f64> = open.iter().zip(&result.values).filter_map(low).collect();
            crate::stats::mean(&lows)
        });
        let mean = |name: &str| {
            let found =
                result.summary.iter().find(|row| row.scope == ALL && row.class == ALL && row.name() == name);
            found.and_then(|row| row.value).unwrap_or(0.0)
        };
        UnservedRow {
            policy: self.labels[index].to_owned(),
            released: mean("jobs/released"),
            unfinished: mean("jobs/unfinished"),
            lost: mean("jobs/lost"),
            timed_out: mean("jobs/timed-out"),
            at_least: open,
        }
    }
}

/// Whether a finding is none of a queue that grows.
fn keeps_up(finding: &crate::finding::Finding) -> bool {
    !matches!(finding.what, What::Overload { grows: true, .. } | What::Rising { .. })
}

/// Whether there are differences with intervals.
fn is_replicated(group: &[CompareRow]) -> bool {
    group.iter().any(|row| row.difference_low.is_some())
}

/// Whether one value is better than another.
fn has_best(group: &[CompareRow]) -> bool {
    group.iter().any(|row| row.best)
}

/// The one with the best value; the first of equals, so that the order of the command line decides.
fn best_of(
    better: Better,
    group: &[CompareRow],
    from: impl DoubleEndedIterator<Item = usize>,
) -> Option<usize> {
    // Larger is better from here on.
    let worth = |value: f64| match better {
        Better::Lower => -value,
        Better::Higher => value,
    };
    let known = from.rev().filter_map(|index| Some((index, worth(group[index].value?))));
    known.max_by(|(_, a), (_, b)| a.total_cmp(b)).map(|(index, _)| index)
}
