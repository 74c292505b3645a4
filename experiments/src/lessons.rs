//! Whether what lessons state is so: each fact is run with the engine and compared with what the text says.
//!
//! A fact of one run is exact, or rounded to the digits that the text has. A fact of several replications holds where the
//! whole confidence interval of its mean lies between the fact's two numbers, and where the interval of its **twin**, a
//! run for which it must be wrong, lies outside of them: a fact that could not fail says nothing.

use crate::metrics::{self, MetricName};
use crate::run::{Progress, RunPlan, RunResult, Watch, run};
use crate::stats::student::interval;
use reports::number::{estimate, with_unit};
use reports::rows::ALL;
use scenarios::Options;
use scenarios::lessons::{Expect, Fact, JobOf, Lesson, Run};
use sim_core::RunError;

/// Confidence of the intervals of facts.
pub const CONFIDENCE: f64 = 0.999;

/// What was measured for a fact, in the unit of its metric.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Measured {
    /// The number of the one run.
    Value(f64),
    /// The mean over replications, and its interval at [`CONFIDENCE`].
    Interval {
        /// The mean.
        mean: f64,
        /// Lower end of its interval.
        low: f64,
        /// Upper end.
        high: f64,
    },
    /// The run has no such number: nothing finished, or there is no such job.
    Nothing,
}

impl Measured {
    /// Whether it is what is expected.
    pub fn meets(self, expect: Expect) -> bool {
        match (self, expect) {
            (Measured::Value(found), Expect::Exactly(value)) => found == value,
            (Measured::Value(found), Expect::Rounded { value, half }) => (found - value).abs() <= half,
            (Measured::Value(found), Expect::Within { low, high }) => low <= found && found <= high,
            (Measured::Interval { low, high, .. }, Expect::Within { low: from, high: to }) => {
                from <= low && high <= to
            }
            _ => false,
        }
    }

    /// Whether it is surely something else.
    pub fn refutes(self, expect: Expect) -> bool {
        match (self, expect) {
            (Measured::Interval { low, high, .. }, Expect::Within { low: from, high: to }) => {
                high < from || to < low
            }
            _ => !self.meets(expect),
        }
    }

    /// As people read it.
    pub fn text(self, unit: &str) -> String {
        let one = |value: f64| if unit == "ns" { with_unit(value, unit) } else { estimate(value) };
        match self {
            Measured::Value(value) => one(value),
            Measured::Interval { mean, low, high } => {
                format!("{} ({} to {})", one(mean), one(low), one(high))
            }
            Measured::Nothing => "-".to_owned(),
        }
    }
}

/// A fact beside what was measured.
#[derive(Clone, Debug)]
pub struct Checked<'l> {
    /// The fact.
    pub fact: &'l Fact,
    /// What its run gave.
    pub found: Measured,
    /// What its twin gave.
    pub twin: Option<Measured>,
    /// Whether the fact holds and its twin does not.
    pub holds: bool,
}

impl Checked<'_> {
    /// The unit that both are in: none where the fact is a ratio.
    pub fn unit(&self) -> &'static str {
        if self.fact.over.is_some() { "" } else { self.fact.unit }
    }
}

/// A fact that could not be measured.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("fact `{fact}`: {why}")]
pub struct Unmeasured {
    /// The fact's name.
    pub fact: String,
    /// Why.
    pub why: String,
    /// Whether it was told to stop.
    pub cancelled: bool,
}

/// The unit of a metric, for [`Lesson::read`].
///
/// # Errors
/// There is no such metric; the text says which may have been meant.
pub fn unit_of(metric: &str) -> Result<&'static str, String> {
    metrics::parse(metric).map(|name| name.def.unit).map_err(|error| error.to_string())
}

/// Runs all facts of a lesson and compares. Runs that are the same are made once.
///
/// # Errors
/// A run failed, or a fact names a station, class or job that is not there.
pub fn check<'l>(lesson: &'l Lesson, watch: Watch<'_>) -> Result<Vec<Checked<'l>>, Unmeasured> {
    let mut runs = Runs { made: Vec::new(), total: lesson.facts.len() as u32, at: 0, watch };
    let mut checked = Vec::new();
    for (index, fact) in lesson.facts.iter().enumerate() {
        runs.at = index as u32;
        // Small runs end before they would be asked.
        let begun = f64::from(runs.at) / f64::from(runs.total.max(1));
        if !watch(Progress { done: runs.at, total: runs.total, fraction: begun, events: 0 }) {
            let fact = fact.name.clone();
            return Err(Unmeasured { fact, why: "stopped".to_owned(), cancelled: true });
        }
        let under = match &fact.over {
            Some(over) => {
                let of = lesson.facts.iter().find(|fact| fact.name == *over);
                Some(runs.values(of.expect("it was found when the lesson was read"), None)?)
            }
            None => None,
        };
        let mut measure = |twin: Option<&Run>| -> Result<Measured, Unmeasured> {
            let values = runs.values(fact, twin)?;
            Ok(measured(&values, under.as_deref()))
        };
        let found = measure(None)?;
        let twin = fact.twin.as_ref().map(|twin| measure(Some(twin))).transpose()?;
        let holds = found.meets(fact.expect) && twin.is_none_or(|twin| twin.refutes(fact.expect));
        checked.push(Checked { fact, found, twin, holds });
    }
    Ok(checked)
}

/// The number of each replication, or the interval over them.
fn measured(values: &[Option<f64>], under: Option<&[Option<f64>]>) -> Measured {
    let ratio = |index: usize| match under {
        None => values[index],
        Some(under) => values[index].zip(under[index].filter(|under| *under != 0.0)).map(|(a, b)| a / b),
    };
    let Some(all) = (0..values.len()).map(ratio).collect::<Option<Vec<f64>>>() else {
        return Measured::Nothing;
    };
    match interval(&all, CONFIDENCE) {
        Some(interval) => {
            Measured::Interval { mean: interval.mean, low: interval.low(), high: interval.high() }
        }
        None => all.first().map_or(Measured::Nothing, |value| Measured::Value(*value)),
    }
}

/// A run that was made: what of, and what came out.
struct Made {
    input: String,
    options: Options,
    replications: u32,
    result: RunResult,
    tasks: Vec<String>,
}

/// Runs that were made, and how far the whole is.
struct Runs<'w> {
    made: Vec<Made>,
    total: u32,
    at: u32,
    watch: Watch<'w>,
}

impl Runs<'_> {
    /// The fact's metric in each replication of its run, or of another one.
    fn values(&mut self, fact: &Fact, instead: Option<&Run>) -> Result<Vec<Option<f64>>, Unmeasured> {
        let error = |why: String| Unmeasured { fact: fact.name.clone(), why, cancelled: false };
        let run = instead.unwrap_or(&fact.run);
        if let Some(job) = &fact.job {
            // Single jobs are known of first replications only: one of each seed.
            let seeds = (1..=u64::from(fact.replications)).map(Some);
            let seeds = if fact.replications == 1 { vec![run.options.seed] } else { seeds.collect() };
            let value = |seed: Option<u64>| {
                let options = Options { seed, ..run.options.clone() };
                let made = self.made(fact, &Run { options, ..run.clone() }, 1)?;
                of_job(made, job, &fact.metric).map_err(error)
            };
            return seeds.into_iter().map(value).collect();
        }
        let made = self.made(fact, run, fact.replications)?;
        let scope = fact.scope.as_deref().unwrap_or(ALL);
        let class = fact.class.as_deref().unwrap_or(ALL);
        let named = |key: &metrics::RowKey| key.metric.to_string() == fact.metric;
        let row =
            made.result.keys.iter().position(|key| named(key) && key.scope == scope && key.class == class);
        let Some(row) = row else {
            let rows = made.result.keys.iter().filter(|key| named(key));
            let known: Vec<String> = rows.map(|key| format!("{} {}", key.scope, key.class)).collect();
            let text = format!("`{}` has no row of `{scope}` and `{class}`", fact.metric);
            return Err(error(format!("{text}; there are: {}", known.join(", "))));
        };
        Ok(made.result.values.iter().map(|values| values[row]).collect())
    }

    /// The result of a run; it is made where there is none yet.
    fn made(&mut self, fact: &Fact, run: &Run, replications: u32) -> Result<&Made, Unmeasured> {
        let asked = metrics::beyond_the_table(&metrics::parse(&fact.metric).ok());
        let same = |made: &Made| {
            let has = |metric: &MetricName| made.result.keys.iter().any(|key| key.metric == *metric);
            made.input == run.input.name
                && made.options == run.options
                && made.replications == replications
                && asked.iter().all(has)
        };
        let at = self.made.iter().position(same);
        if at.is_none() {
            self.make(fact, run, replications, asked)?;
        }
        Ok(&self.made[at.unwrap_or(self.made.len() - 1)])
    }

    fn make(
        &mut self,
        fact: &Fact,
        run_of: &Run,
        replications: u32,
        asked: Vec<MetricName>,
    ) -> Result<(), Unmeasured> {
        let error = |why: String, cancelled: bool| Unmeasured { fact: fact.name.clone(), why, cancelled };
        let loaded = scenarios::load(&run_of.input, &run_of.options).map_err(|found| {
            let words: Vec<String> = found.into_iter().map(|found| found.message).collect();
            error(words.join("; "), false)
        })?;
        let plan = RunPlan {
            replications,
            waiting_percentiles: true,
            asked,
            warmup_auto: loaded.warmup_auto,
            ..RunPlan::default()
        };
        // One fact after another, each a part of the whole.
        let (at, total, watch) = (self.at, self.total, self.watch);
        let told = move |progress: Progress| {
            let fraction = (f64::from(at) + progress.fraction) / f64::from(total.max(1));
            watch(Progress { done: at, total, fraction, events: progress.events })
        };
        let result = run(&loaded.model, &plan, &told).map_err(|failure| {
            error(failure.to_string(), matches!(*failure.error, RunError::Cancelled { .. }))
        })?;
        self.made.push(Made {
            input: run_of.input.name.clone(),
            options: run_of.options.clone(),
            replications,
            result,
            tasks: loaded.model.tasks,
        });
        Ok(())
    }
}

/// A metric of one job of replication 1.
fn of_job(made: &Made, job: &JobOf, metric: &str) -> Result<Option<f64>, String> {
    let trace = made.result.trace.as_ref().ok_or("the run has too many jobs to know each of them")?;
    let Some(task) = made.tasks.iter().position(|name| *name == job.task) else {
        return Err(format!("there is no task `{}`; there are {}", job.task, made.tasks.join(", ")));
    };
    let found = trace.jobs.iter().find(|record| record.task as usize == task && record.job == job.number);
    let Some(record) = found else { return Err(format!("`{}` has no job {}", job.task, job.number)) };
    let span = |span: Option<sim_core::units::Span>| span.map(|span| span.0 as f64);
    Ok(match metric {
        "first_run" => record.first_run.map(|time| time.0 as f64),
        "finish" => record.finish.map(|time| time.0 as f64),
        "response" => span(record.response()),
        "waiting" => span(record.waiting()),
        "first_response" => span(record.first_response()),
        "overhead" => Some(record.overhead.0 as f64),
        "preemptions" => Some(f64::from(record.preemptions)),
        "migrations" => Some(f64::from(record.migrations)),
        "missed" => record.missed.map(|missed| f64::from(u8::from(missed))),
        _ => return Err(format!("`{metric}` is no metric of one job")),
    })
}
