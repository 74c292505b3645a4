//! Goals: conditions that are to hold, and how replications decide them.

use super::search::Verdict;
use super::tail::{Beyond, Counts, Estimate, Excess, Jobs, Percentile, Tail, excess_at};
use crate::condition::{Condition, Order, Outcome, Test, judge};
use crate::metrics::RowKey;
use crate::open::beyond;
use crate::stats::order::percentile_interval;
use crate::stats::student;
use reports::plan::{CheckRow, GoalRow};
use reports::rows::{ALL, FEW_ABOVE};
use sim_core::measure::{ClassMeasures, Distribution, Measures};
use sim_core::model::Model;
use sim_core::record::Recorder;

/// A goal that can be decided: a condition with a limit.
#[derive(Clone, PartialEq, Debug)]
pub struct Goal {
    condition: Condition,
    order: Order,
    limit: f64,
}

/// A condition that is no goal.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum GoalError {
    /// `worse than reference`.
    #[error(
        "`{0}` compares with a reference, which a plan has not; write a limit, such as `response/p99 < 250ms`"
    )]
    Reference(String),
    /// Nothing is below zero.
    #[error("`{0}`: no time is below zero, so that nothing could meet it")]
    Zero(String),
}

impl Goal {
    /// The goal that a condition sets.
    pub fn new(condition: Condition) -> Result<Goal, GoalError> {
        let Test::Limit(order, limit) = condition.test else {
            return Err(GoalError::Reference(condition.text));
        };
        if condition.subject.metric.def.unit == "ns" && order == Order::Below && limit <= 0.0 {
            return Err(GoalError::Zero(condition.text));
        }
        Ok(Goal { condition, order, limit })
    }

    /// As it was written.
    pub fn text(&self) -> &str {
        &self.condition.text
    }

    /// The condition.
    pub fn condition(&self) -> &Condition {
        &self.condition
    }

    /// Whether it bounds a time or a number of jobs from above, so that no station without room to spare can keep it.
    pub fn needs_stability(&self) -> bool {
        const GROWS: [&str; 7] =
            ["response", "waiting", "first_response", "ready", "slowdown", "queue_length", "in_system"];
        let metric = self.condition.subject.metric;
        if metric.statistic.starts_with("within:") {
            // The longer everybody waits, the fewer are within.
            return matches!(self.order, Order::Above | Order::AtLeast);
        }
        matches!(self.order, Order::Below | Order::AtMost) && GROWS.contains(&metric.def.name)
    }

    /// Whether percentiles of waiting times must be kept.
    pub fn needs_waiting(&self) -> bool {
        self.condition.subject.metric.def.name == "waiting"
    }

    /// The row of results.
    pub fn row(&self, key: &RowKey) -> GoalRow {
        GoalRow {
            goal: self.text().to_owned(),
            metric: key.metric.def.name.to_owned(),
            statistic: key.metric.statistic.to_owned(),
            scope: key.scope.clone(),
            class: key.class.clone(),
            comparison: match self.order {
                Order::Below => "<",
                Order::AtMost => "<=",
                Order::Above => ">",
                Order::AtLeast => ">=",
            },
            limit: self.limit,
            unit: key.metric.def.unit,
        }
    }
}

/// Which distribution a percentile is taken of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Place {
    waiting: bool,
    /// A class; `None`: all of them.
    class: Option<usize>,
}

impl Place {
    /// Response times of all jobs.
    pub const RESPONSE: Place = Place { waiting: false, class: None };

    fn pick(self, class: &ClassMeasures) -> &Distribution {
        if self.waiting { &class.waiting } else { &class.response }
    }

    /// How long the jobs took so far that are not finished.
    fn unfinished(self, measures: &Measures) -> impl Iterator<Item = u64> + '_ {
        let of_class = move |index: usize| self.class.is_none_or(|only| only == index);
        let classes = measures.classes.iter().enumerate().filter(move |(index, _)| of_class(*index));
        classes.flat_map(move |(_, class)| if self.waiting { &class.waits } else { &class.ages }).copied()
    }

    /// The distribution in one replication.
    pub fn with<T>(self, measures: &Measures, then: impl FnOnce(&Distribution) -> T) -> T {
        let pick = |class| self.pick(class);
        let one = self.class.or_else(|| (measures.classes.len() == 1).then_some(0));
        if let Some(class) = one.and_then(|class| measures.classes.get(class)) {
            return then(pick(class));
        }
        let mut all = Distribution::default();
        for class in &measures.classes {
            all.merge(pick(class));
        }
        then(&all)
    }
}

/// A goal at one count, with what the replications said so far.
#[derive(Clone, Debug)]
pub(crate) struct Tracked {
    goal: Goal,
    /// The goal's row among the metrics.
    pub row: usize,
    percentile: Option<Tracking>,
}

/// A percentile with an upper limit.
#[derive(Clone, Debug)]
struct Tracking {
    p: Percentile,
    place: Place,
    /// Values above this miss.
    threshold: u64,
    tail: Tail,
    beyond: Beyond,
}

/// What one replication says of a goal about a percentile.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    counts: Counts,
    beyond: u64,
    jobs: u64,
}

/// Counts the jobs of one replication that miss a limit: one by one, since the buckets of a histogram do not end there.
pub(crate) struct Misses {
    limits: Vec<Limit>,
}

struct Limit {
    waiting: bool,
    class: Option<u32>,
    threshold: u64,
    beyond: u64,
}

impl Misses {
    /// One limit a goal about a percentile, in their order.
    pub fn of(goals: &[Tracked]) -> Misses {
        let percentiles = goals.iter().filter_map(|goal| goal.percentile.as_ref());
        let limits = percentiles.map(|tracking| Limit {
            waiting: tracking.place.waiting,
            class: tracking.place.class.map(|class| class as u32),
            threshold: tracking.threshold,
            beyond: 0,
        });
        Misses { limits: limits.collect() }
    }

    /// What the replication says of each goal.
    pub fn seen(&self, goals: &[Tracked], measures: &Measures) -> Vec<Option<Seen>> {
        let mut limits = self.limits.iter();
        let seen = |goal: &Tracked| {
            let tracking = goal.percentile.as_ref()?;
            let beyond = limits.next()?.beyond;
            // Jobs that are not finished and beyond the limit already miss it.
            let late =
                tracking.place.unfinished(measures).filter(|age| *age > tracking.threshold).count() as u64;
            Some(tracking.place.with(measures, |distribution| Seen {
                counts: Counts::of(distribution).and_late(late),
                beyond: beyond + late,
                jobs: distribution.count() + late,
            }))
        };
        goals.iter().map(seen).collect()
    }
}

impl Recorder for Misses {
    fn completed(&mut self, class: u32, response: u64, waiting: u64) {
        for limit in &mut self.limits {
            let value = if limit.waiting { waiting } else { response };
            let counts = limit.class.is_none_or(|only| only == class);
            limit.beyond += u64::from(counts && value > limit.threshold);
        }
    }
}

impl Tracked {
    pub fn new(goal: &Goal, row: usize, key: &RowKey, model: &Model) -> Tracked {
        let upper = matches!(goal.order, Order::Below | Order::AtMost);
        let timed = matches!(key.metric.def.name, "response" | "waiting") && key.scope == ALL;
        let p = Percentile::of_statistic(key.metric.statistic).filter(|_| upper && timed);
        let percentile = p.map(|p| Tracking {
            p,
            place: Place {
                waiting: key.metric.def.name == "waiting",
                class: model.classes.iter().position(|class| class.name == key.class && key.class != ALL),
            },
            threshold: match goal.order {
                Order::Below => (goal.limit.ceil() as u64).saturating_sub(1),
                _ => goal.limit.floor() as u64,
            },
            tail: Tail::new(super::random::work_is_given(model)),
            beyond: Beyond::default(),
        });
        Tracked { goal: goal.clone(), row, percentile }
    }

    /// Adds what a replication says.
    pub fn add(&mut self, seen: Option<&Seen>) {
        if let (Some(tracking), Some(seen)) = (&mut self.percentile, seen) {
            tracking.tail.add(&seen.counts);
            tracking.beyond.add(seen.beyond, seen.jobs);
        }
    }

    /// By one replication that has all the information: its value decides.
    pub fn exact(&self, value: Option<f64>, jobs_within: Option<f64>) -> CheckRow {
        let verdict = self.judge(value, None);
        self.check(value, None, jobs_within, verdict)
    }

    /// By the order of the jobs of a log or a trace, where the percentile is among the last of them: what this log alone has decides
    /// nothing. With what is to be said of it; `None` where there are enough.
    pub fn of_few(&self, value: Option<f64>, confidence: f64) -> Option<(CheckRow, String)> {
        let tracking = self.percentile.as_ref()?;
        let jobs = tracking.tail.jobs().count();
        let statistic = self.goal.condition.subject.metric.statistic;
        beyond(statistic, jobs).filter(|beyond| *beyond < FEW_ABOVE)?;
        let within = jobs.saturating_sub(tracking.beyond.count()) as f64;
        let ranks: Vec<f64> = (1..=jobs).map(|rank| rank as f64).collect();
        let p = f64::from(tracking.p.numerator) / f64::from(tracking.p.denominator);
        let verdict = match percentile_interval(&ranks, p, confidence) {
            Ok(found) if within >= found.high => Verdict::Feasible,
            Ok(found) if within < found.low => Verdict::Infeasible,
            _ => Verdict::Undecided,
        };
        let check = self.check(value, None, self.met_fraction(), verdict);
        let text = self.goal.text();
        Some((
            check,
            format!(
                "`{text}`: {statistic} is among the last of {jobs} requests of this log, a guess for its traffic"
            ),
        ))
    }

    /// By intervals over replications, at a confidence. `column` has the values of the goal's row.
    pub fn decide(&self, column: &[f64], replications: u32, confidence: f64) -> CheckRow {
        if let Some(tracking) = &self.percentile {
            return self.decide_percentile(tracking, confidence);
        }
        let interval = student::interval(column, confidence);
        let ends = interval.map(|found| (found.low(), found.high()));
        // A replication without a value is no evidence.
        let whole = interval.filter(|_| column.len() as u32 == replications);
        let verdict = whole.map_or(Verdict::Undecided, |found| self.judge(Some(found.mean), ends));
        self.check(crate::stats::mean(column), ends, None, verdict)
    }

    fn judge(&self, value: Option<f64>, ends: Option<(f64, f64)>) -> Verdict {
        match judge(self.goal.order, self.goal.limit, value, ends) {
            Outcome::Holds => Verdict::Feasible,
            Outcome::Fails => Verdict::Infeasible,
            Outcome::Undecided => Verdict::Undecided,
        }
    }

    fn decide_percentile(&self, tracking: &Tracking, confidence: f64) -> CheckRow {
        let (p, jobs) = (tracking.p, tracking.tail.jobs());
        let verdict = match excess_at(p, jobs, &tracking.beyond, confidence) {
            Some(Excess { high, .. }) if high <= 0.0 => Verdict::Feasible,
            Some(Excess { low, .. }) if low > 0.0 => Verdict::Infeasible,
            _ => Verdict::Undecided,
        };
        let limit = Some((self.goal.limit as u64, &tracking.beyond));
        let found = tracking.tail.percentile(p, confidence, limit);
        let ends = found.map(|Estimate { low, high, .. }| (low, high));
        self.check(found.map(|found| found.value), ends, tracking.met(jobs), verdict)
    }

    fn check(
        &self,
        value: Option<f64>,
        ends: Option<(f64, f64)>,
        met_fraction: Option<f64>,
        verdict: Verdict,
    ) -> CheckRow {
        CheckRow {
            goal: self.goal.text().to_owned(),
            value,
            ci_low: ends.map(|(low, _)| low),
            ci_high: ends.map(|(_, high)| high),
            met_fraction,
            verdict: verdict.word(),
        }
    }

    /// Of the replications so far: the part of the jobs within the limit, where the goal is about a percentile.
    pub fn met_fraction(&self) -> Option<f64> {
        self.percentile.as_ref().and_then(|tracking| tracking.met(tracking.tail.jobs()))
    }
}

impl Tracking {
    /// The part of the jobs within the limit.
    fn met(&self, jobs: &Jobs) -> Option<f64> {
        (jobs.count() > 0).then(|| 1.0 - self.beyond.count() as f64 / jobs.count() as f64)
    }
}
