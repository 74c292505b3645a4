//! Simulations held against a closed form.

use super::{Exact, Theory, z_score};
use crate::condition::Subject;
use crate::metrics;
use crate::precision::Precision;
use crate::run::{Failure, RunPlan, Watch, run};
use crate::stats::sequential::is_precise;
use crate::stats::{mean, variance};
use reports::rows::ALL;
use reports::theory::VerifyRow;
use sim_core::model::Model;

/// How many standard errors a simulated mean may be off.
pub const TOLERANCE: f64 = 4.0;
/// Replications that a check takes at the least: with fewer, four standard errors are not rare.
pub const LEAST_REPLICATIONS: u32 = 30;

/// How sure a check must be.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Effort {
    /// As many replications as a relative error takes, up to a number.
    Precision {
        /// The relative error, gamma.
        relative: f64,
        /// Replications that are not exceeded.
        most: u32,
    },
    /// So many replications.
    Replications(u32),
}

/// Runs a model and holds it against exact values, which need not be true.
///
/// # Errors
/// A replication could not be finished.
pub fn check(
    model: &Model,
    theory: &Theory,
    group: &str,
    title: &str,
    effort: Effort,
    plan: &RunPlan,
    watch: Watch<'_>,
) -> Result<Vec<VerifyRow>, Failure> {
    let keys = metrics::keys(model);
    let known: Vec<&Exact> = theory.exact.iter().filter(|exact| exact.row(&keys).is_some()).collect();
    let replications = match effort {
        Effort::Precision { .. } => LEAST_REPLICATIONS,
        Effort::Replications(replications) => replications,
    };
    let precision = match effort {
        Effort::Replications(_) => None,
        Effort::Precision { relative, most } => {
            let subjects = known.iter().filter_map(|exact| exact.subject()).collect();
            Some(Precision { relative, subjects, least: LEAST_REPLICATIONS.min(most), most })
        }
    };
    let waiting_percentiles = known.iter().any(|exact| exact.metric.starts_with("waiting/p"));
    let plan = RunPlan { replications, precision, waiting_percentiles, ..plan.clone() };
    let result = run(model, &plan, watch)?;
    let verdict = |exact: &Exact| {
        let index = exact.row(&keys)?;
        let (summary, column) = (&result.summary[index], result.column(index));
        let z = z_score(&column, exact.value);
        let off = match (z, mean(&column)) {
            (Some(z), _) => z.abs() > TOLERANCE,
            // Without any spread the value itself decides.
            (None, Some(mean)) => (mean - exact.value).abs() > 1e-9 * exact.value.abs(),
            (None, None) => true,
        };
        let n = column.len() as u64;
        let sure = match effort {
            Effort::Replications(_) => true,
            Effort::Precision { relative, .. } => {
                mean(&column).zip(variance(&column)).is_some_and(|(mean, variance)| {
                    is_precise(n, mean, variance.sqrt(), relative, plan.confidence)
                })
            }
        };
        Some(VerifyRow {
            verdict: match (off, sure) {
                (true, _) => "failed",
                (false, true) => "ok",
                (false, false) => "unsure",
            },
            group: group.to_owned(),
            model: title.to_owned(),
            metric: summary.metric.clone(),
            statistic: summary.statistic.clone(),
            scope: summary.scope.clone(),
            class: summary.class.clone(),
            unit: summary.unit,
            exact: exact.value,
            value: summary.value,
            ci_low: summary.ci_low,
            ci_high: summary.ci_high,
            z,
            n,
            source: theory.source,
        })
    };
    Ok(known.into_iter().filter_map(verdict).collect())
}

impl Exact {
    /// The place of its row, if results have one.
    pub(super) fn row(&self, keys: &[metrics::RowKey]) -> Option<usize> {
        keys.iter().position(|key| {
            key.scope == self.scope && key.class == self.class && key.metric.to_string() == self.metric
        })
    }

    fn subject(&self) -> Option<Subject> {
        let places = [&self.scope, &self.class].into_iter().filter(|place| *place != ALL);
        let place = places.cloned().collect::<Vec<_>>().join(" ");
        Some(Subject { metric: metrics::find(&self.metric)?, place })
    }
}
