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
use std::collections::BTreeMap;

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
    let keys = metrics::keys(model, &[]);
    let rows = Rows::of(&keys);
    let known: Vec<&Exact> = theory.exact.iter().filter(|exact| rows.of_exact(exact).is_some()).collect();
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
        let index = rows.of_exact(exact)?;
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

/// The rows of results by what they are about.
pub(super) struct Rows<'k>(BTreeMap<(String, &'k str, &'k str), usize>);

impl<'k> Rows<'k> {
    pub(super) fn of(keys: &'k [metrics::RowKey]) -> Rows<'k> {
        let row = |(index, key): (usize, &'k metrics::RowKey)| {
            ((key.metric.to_string(), key.scope.as_str(), key.class.as_str()), index)
        };
        // Of rows about the same the first counts.
        Rows(keys.iter().enumerate().rev().map(row).collect())
    }

    /// The place of an exact value's row, if results have one.
    pub(super) fn of_exact(&self, exact: &'k Exact) -> Option<usize> {
        self.0.get(&(exact.metric.clone(), exact.scope.as_str(), exact.class.as_str())).copied()
    }
}

impl Exact {
    fn subject(&self) -> Option<Subject> {
        let places = [&self.scope, &self.class].into_iter().filter(|place| *place != ALL);
        let place = places.cloned().collect::<Vec<_>>().join(" ");
        Some(Subject { metric: metrics::find(&self.metric)?, place })
    }
}
