//! The report of a comparison, `compare --html`, as its parts: what the command line writes and the window exports is made
//! here.

use super::{CompareOptions, Comparison};
use crate::RunPlan;
use crate::finding::Finding;
use crate::metrics::{self, Better, MetricName};
use reports::chart::rows::counted;
use reports::compare::{CompareDocument, FirstDifferenceRow};
use reports::csv::LongForm;
use reports::html::compare::CompareExtras;
use reports::rows::SummaryRow;
use reports::sheet::{CsvStyle, Form};
use scenarios::Loaded;

/// One alternative with its name in the results.
pub struct Named {
    /// The name.
    pub label: String,
    /// The model with its policies.
    pub loaded: Loaded,
}

/// The document of a comparison. The others are compared with the alternative at `reference`.
pub fn document<'a>(
    named: &'a [Named],
    comparison: &Comparison,
    options: &CompareOptions,
    plan: &RunPlan,
    reference: usize,
    first_difference: Option<Vec<FirstDifferenceRow>>,
) -> CompareDocument<'a> {
    let of_reference = &named[reference];
    CompareDocument {
        findings: comparison.findings.iter().map(Finding::row).collect(),
        exact: comparison.exact,
        sample: comparison.sample,
        notes: notes(named, comparison),
        scenario: &of_reference.loaded.model.name,
        seed: of_reference.loaded.model.seed,
        replications: replications(comparison),
        confidence: plan.confidence,
        ties: of_reference.loaded.model.ties,
        reference: &of_reference.label,
        policies: named.iter().map(|named| named.label.clone()).collect(),
        rows: comparison.rows.clone(),
        first_difference,
        noise: options.noise,
        conclusion: comparison.conclusion.clone(),
        conditions: comparison.conditions.clone(),
        selection: comparison.selection.clone(),
    }
}

/// What was assumed of the alternatives, and what their runs remark; each once.
fn notes(named: &[Named], comparison: &Comparison) -> Vec<String> {
    let mut notes: Vec<String> = Vec::new();
    for note in named.iter().flat_map(|named| &named.loaded.notes).chain(&comparison.notes) {
        if !notes.contains(note) {
            notes.push(note.clone());
        }
    }
    notes
}

/// The most replications that an alternative has.
pub fn replications(comparison: &Comparison) -> u32 {
    comparison.results.iter().map(|result| result.values.len() as u32).max().unwrap_or(0)
}

/// Whether `lower` or `higher` is better, of a metric and a statistic.
pub fn direction(metric: &str, statistic: &str) -> Option<&'static str> {
    metrics::find(&format!("{metric}/{statistic}"))?.def.better.map(Better::word)
}

/// What the report shows beyond the document: the response times of replication 1 under each policy.
pub fn extras(named: &[Named], comparison: &Comparison) -> CompareExtras {
    let results = named.iter().zip(&comparison.results);
    let responses =
        results.map(|(named, result)| (named.label.clone(), counted(&result.first.total().response)));
    CompareExtras { responses: responses.collect(), ..CompareExtras::default() }
}

/// The rows of each replication, from 1, one alternative after the other; where metrics are wanted, of these only.
pub fn blocks<'a>(
    named: &'a [Named],
    comparison: &'a Comparison,
    wanted: &[MetricName],
) -> impl Iterator<Item = (&'a Named, u32, Vec<SummaryRow>)> + use<'a> {
    let wanted: Vec<String> = wanted.iter().map(ToString::to_string).collect();
    named.iter().zip(&comparison.results).flat_map(move |(named, result)| {
        let wanted = wanted.clone();
        (0..result.values.len()).map(move |replication| {
            let rows = result.replication_rows(replication);
            let rows = rows.filter(|row| wanted.is_empty() || wanted.contains(&row.name())).collect();
            (named, replication as u32 + 1, rows)
        })
    })
}

/// The numbers behind a report, as CSV in long form.
pub fn all_rows(named: &[Named], comparison: &Comparison, wanted: &[MetricName]) -> Vec<u8> {
    let mut all = Vec::new();
    let form = Form::Csv(CsvStyle::default());
    let mut long = LongForm::in_form(&form, &mut all).expect("memory can be written to");
    for (named, replication, rows) in blocks(named, comparison, wanted) {
        long.rows(&named.loaded.model.name, &named.label, replication, &rows)
            .expect("memory can be written to");
    }
    long.finish().expect("memory can be written to");
    all
}
