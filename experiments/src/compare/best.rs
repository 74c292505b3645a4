//! The best of many: replications go to the alternatives that are hard to tell apart.

use super::comparing::{Comparing, add_notes};
use super::rows::Compared;
use super::{Alternative, CompareOptions, Comparison, WatchAll};
use crate::condition::Subject;
use crate::metrics::{self, Better};
use crate::precision::LEAST_REPLICATIONS;
use crate::run::{Failure, Replications, RunPlan, RunResult};
use crate::stats::select::{probability_of_correct_selection, spread};
use crate::stats::{mean, variance};
use reports::compare::Selection;

/// Replications a policy in the budget unless asked otherwise.
pub const USUAL_BUDGET: u32 = 100;

/// Finds the alternative with the best value of one number.
///
/// Every alternative gets [`LEAST_REPLICATIONS`] replications (fewer where the budget is smaller), then a tenth more in all
/// each time, spread by OCBA, until the probability of a correct selection is at least the plan's confidence or the budget,
/// in replications over all alternatives, is spent. `options.noise` is the indifference: an alternative that is worse than the
/// best by no more than this part of it is a correct selection too. The reference of what is found is the selected one;
/// `options.reference` and `options.metrics` do not count.
///
/// # Errors
/// The index of the first alternative that could not be finished, with its first failing replication.
pub fn best(
    alternatives: &[Alternative<'_>],
    subject: &Subject,
    budget: u32,
    options: &CompareOptions,
    plan: &RunPlan,
    watch: WatchAll<'_>,
) -> Result<Comparison, (usize, Failure)> {
    let count = alternatives.len() as u32;
    let waiting = plan.waiting_percentiles || subject.metric.def.name == "waiting";
    let asked = metrics::beyond_the_table(plan.asked.iter().chain([&subject.metric]));
    let plan = &RunPlan { waiting_percentiles: waiting, asked, ..plan.clone() };
    let mut comparing = Comparing::new(alternatives.iter().map(Alternative::borrowed), options, plan);
    while comparing.find_warmup(watch)? {}
    let (mut all, mut notes) = comparing.into_parts();
    let mut totals = vec![LEAST_REPLICATIONS.min(budget / count.max(1)).max(2); alternatives.len()];
    let lower = subject.metric.def.better != Some(Better::Higher);
    let (columns, probability) = loop {
        for (index, (replications, total)) in all.iter_mut().zip(&totals).enumerate() {
            replications
                .extend_to(*total, &|progress| watch(index, progress))
                .map_err(|failure| (index, failure))?;
        }
        // Least is best.
        let columns: Vec<Vec<f64>> = all.iter().map(|one| column(one, subject, lower)).collect();
        let least = columns.iter().filter_map(|column| mean(column)).fold(f64::INFINITY, f64::min);
        let margin = if least.is_finite() { least.abs() * options.noise } else { 0.0 };
        let probability = probability_of_correct_selection(&columns, margin);
        let spent: u32 = totals.iter().sum();
        let more = (spent / 10).max(1).min(budget.saturating_sub(spent));
        if probability >= plan.confidence || more == 0 {
            break (columns, probability);
        }
        let given = shares(&columns, &totals, more);
        if given.iter().all(|given| *given == 0) {
            break (columns, probability);
        }
        for (total, given) in totals.iter_mut().zip(given) {
            *total += given;
        }
    };
    let means: Vec<f64> = columns.iter().map(|column| mean(column).unwrap_or(f64::INFINITY)).collect();
    let best = (0..means.len()).min_by(|a, b| means[*a].total_cmp(&means[*b])).unwrap_or(0);
    let results: Vec<RunResult> = all.into_iter().map(Replications::into_result).collect();
    add_notes(&mut notes, &results);
    let labels: Vec<&str> = alternatives.iter().map(|alternative| alternative.label).collect();
    let options = &CompareOptions { reference: best, metrics: vec![subject.metric], ..options.clone() };
    let compared = Compared { labels: &labels, results: &results, confidence: plan.confidence, options };
    let mut rows = subject.row(compared.keys()).map(|row| compared.metric_rows(row)).unwrap_or_default();
    let caveat = compared.conclusion(&rows).filter(|found| found.overloaded).map(|found| found.text());
    let mut leads = compared.leads(&rows);
    compared.withhold(&mut rows, &mut leads);
    let (findings, exact, sample) = (compared.findings(), compared.exact(), compared.sample());
    let conditions = compared.conditions();
    let selection = Selection {
        metric: subject.to_string(),
        best: labels[best].to_owned(),
        probability,
        confidence: plan.confidence,
        replications: totals.iter().sum(),
        budget,
        caveat,
    };
    let shortfalls = if probability >= plan.confidence { Vec::new() } else { vec![selection.text()] };
    Ok(Comparison {
        findings,
        exact,
        sample,
        results,
        leads,
        rows,
        conclusion: None,
        selection: Some(selection),
        conditions,
        notes,
        shortfalls,
    })
}

/// The values of the subject, turned so that the least is best.
fn column(replications: &Replications<'_>, subject: &Subject, lower: bool) -> Vec<f64> {
    let Ok(row) = subject.row(replications.keys()) else { return Vec::new() };
    let column = replications.column(row).into_iter();
    column.map(|value| if lower { value } else { -value }).collect()
}

/// How further replications are spread; all zero where something was not measured.
fn shares(columns: &[Vec<f64>], totals: &[u32], more: u32) -> Vec<u32> {
    let means: Option<Vec<f64>> = columns.iter().map(|column| mean(column)).collect();
    let deviations: Option<Vec<f64>> = columns.iter().map(|column| variance(column).map(f64::sqrt)).collect();
    match (means, deviations) {
        (Some(means), Some(deviations)) => spread(&means, &deviations, totals, more),
        _ => vec![0; totals.len()],
    }
}
