//! Closed forms beside simulations.
//!
//! | module | what is there |
//! |---|---|
//! | [`forms`] | the closed forms as pure functions |
//! | [`sizes`] | laws as formulas need them |
//! | `shape` | what of a model matters |
//! | `station`, `matching` | which form holds for it |
//! | `values` | the answers under the names of metrics |
//! | [`check`] | simulations held against them |
//!
//! A form is given only where it holds exactly for the model as it is, in the steady state. In doubt there is none.

pub mod check;
pub mod forms;
mod matching;
mod shape;
pub mod sizes;
mod station;
mod values;

use crate::run::RunResult;
use crate::stats::variance;
use reports::rows::TheoryRow;
use sim_core::model::Model;

/// The closed form of a model.
#[derive(Clone, PartialEq, Debug)]
pub struct Theory {
    /// The model in the words of the field: `M/M/1`.
    pub title: String,
    /// Where it is from.
    pub source: &'static str,
    /// What it says.
    pub exact: Vec<Exact>,
}

/// An exact value of a metric in the steady state.
#[derive(Clone, PartialEq, Debug)]
pub struct Exact {
    /// `metric/statistic`.
    pub metric: String,
    /// As in results: a station, or all.
    pub scope: String,
    /// As in results: a class, or all.
    pub class: String,
    /// The value, in the metric's unit.
    pub value: f64,
}

/// Values beyond a percentile in one replication from which on it has a z-score: successive times are alike, so that many fewer
/// of them are independent.
pub const LEAST_BEYOND: f64 = 999.0;

/// The closed form that holds for a model, if there is one here.
pub fn of(model: &Model) -> Option<Theory> {
    matching::find(&shape::Shape::of(model)?)
}

impl Theory {
    /// The exact values of a run's rows, in the order of the closed form.
    ///
    /// The z-score is (mean - exact) / standard error over replications. There is none for one replication. There is none
    /// for percentiles that come from buckets, which round up by more than a standard error, nor for those with fewer than
    /// [`LEAST_BEYOND`] values beyond them in a replication, which are too low on average.
    pub fn beside(&self, result: &RunResult) -> Vec<TheoryRow> {
        let times = result.first.total().response;
        let fair = |statistic: &str| {
            let percent = statistic.strip_prefix('p').and_then(|percent| percent.parse::<f64>().ok());
            let beyond = percent.map(|percent| (1.0 - percent / 100.0) * times.count() as f64);
            beyond.is_none_or(|beyond| times.is_exact() && beyond >= LEAST_BEYOND)
        };
        let rows = check::Rows::of(&result.keys);
        let row = |exact: &Exact| {
            let index = rows.of_exact(exact)?;
            let summary = &result.summary[index];
            let z = z_score(&result.column(index), exact.value).filter(|_| fair(&summary.statistic));
            Some(TheoryRow {
                metric: summary.metric.clone(),
                statistic: summary.statistic.clone(),
                scope: summary.scope.clone(),
                class: summary.class.clone(),
                exact: exact.value,
                z,
                source: format!("{}: {}", self.title, self.source),
            })
        };
        self.exact.iter().filter_map(row).collect()
    }
}

/// (mean - exact) / standard error; `None` where there is no standard error.
pub fn z_score(values: &[f64], exact: f64) -> Option<f64> {
    let error = (variance(values)? / values.len() as f64).sqrt();
    let mean = crate::stats::mean(values)?;
    (error > 0.0).then(|| (mean - exact) / error)
}
