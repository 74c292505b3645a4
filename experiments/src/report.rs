//! The report of a run, `run --html`, as its parts: what the command line writes and the window exports is made here.

use crate::finding::Finding;
use crate::run::Watch;
use crate::{Failure, RunPlan, RunResult, theory, timeseries};
use reports::chart::Chart;
use reports::chart::rows::counted;
use reports::chart::time::over_time;
use reports::condition::ConditionRow;
use reports::csv::LongForm;
use reports::html::run::RunExtras;
use reports::manifest::RunFacts;
use reports::rows::{RunDocument, SummaryRow, TheoryRow};
use reports::sheet::{CsvStyle, Form};
use scenarios::Loaded;

/// Exact values of the steady state beside those found, where they are known.
pub fn beside(loaded: &Loaded, result: &RunResult) -> Vec<TheoryRow> {
    theory::of(&loaded.model).map(|theory| theory.beside(result)).unwrap_or_default()
}

/// The document of a run.
pub fn document<'a>(
    loaded: &'a Loaded,
    result: &'a RunResult,
    conditions: &[ConditionRow],
    beside: Vec<TheoryRow>,
) -> RunDocument<'a> {
    let (trace, digest) = (result.trace.as_ref(), result.digest);
    let mut document = RunDocument::new(&loaded.model, &loaded.policy, trace, digest, &result.summary);
    document.findings = result.findings.iter().map(Finding::row).collect();
    document.exact = result.exact;
    document.sample = result.sample;
    document.notes = loaded.notes.iter().chain(&result.notes).cloned().collect();
    document.conditions = conditions.to_vec();
    document.theory = beside;
    if !result.has_segments {
        // Idle time alone would be a lie.
        document.gantt.clear();
    }
    document
}

/// How replication 1 went, as charts; it is run once more. The second value has remarks on them.
pub fn course(
    loaded: &Loaded,
    plan: &RunPlan,
    result: &RunResult,
    watch: Watch<'_>,
) -> Result<(Vec<Chart>, Vec<String>), Failure> {
    let (rows, notes) = timeseries(&loaded.model, plan, result, None, watch)?;
    let subtitle = format!("{}, seed {}, replication 1", loaded.model.name, loaded.model.seed);
    let mut charts = over_time(&rows, result.warmup.0, &subtitle);
    let regions =
        result.trace.iter().flat_map(|trace| reports::regions::charts(&loaded.model, trace, &subtitle));
    charts.extend(regions);
    Ok((charts, notes))
}

/// What the report shows beyond the document.
pub fn extras(loaded: &Loaded, plan: &RunPlan, result: &RunResult, charts: Vec<Chart>) -> RunExtras {
    let total = [("all jobs".to_owned(), counted(&result.first.total().response))];
    let names = loaded.model.classes.iter().map(|class| class.name.clone());
    let classes = names.zip(result.first.classes.iter().map(|class| counted(&class.response)));
    RunExtras {
        replications: result.values.len() as u32,
        confidence: Some(plan.confidence),
        responses: total.into_iter().chain(classes).collect(),
        charts,
    }
}

/// The rows of each replication, from 1; one long run has one block, with the intervals of its batches.
pub fn blocks<'a>(
    plan: &RunPlan,
    result: &'a RunResult,
) -> impl Iterator<Item = (u32, Vec<SummaryRow>)> + use<'a> {
    let batches = plan.batches.is_some();
    (0..if batches { 1 } else { result.values.len() }).map(move |replication| {
        let rows =
            if batches { result.summary.clone() } else { result.replication_rows(replication).collect() };
        (replication as u32 + 1, rows)
    })
}

/// Every number behind a report, as CSV in long form.
pub fn all_rows(loaded: &Loaded, plan: &RunPlan, result: &RunResult) -> Vec<u8> {
    let mut all = Vec::new();
    let form = Form::Csv(CsvStyle::default());
    let mut long = LongForm::in_form(&form, &mut all).expect("memory can be written to");
    for (replication, rows) in blocks(plan, result) {
        long.rows(&loaded.model.name, &loaded.policy, replication, &rows).expect("memory can be written to");
    }
    long.finish().expect("memory can be written to");
    all
}

/// Adds to a manifest how models are run, in so many cells.
pub fn describe_plan(facts: &mut RunFacts, plan: &RunPlan, cells: usize) {
    facts.replications = Some(u64::from(plan.replications));
    facts.cells = Some(cells as u64);
    facts.option("confidence", plan.confidence);
    facts.option("warmup_auto", plan.warmup_auto);
    facts.option("max_events", plan.max_events);
    facts.option("max_jobs", plan.max_jobs);
    facts.option("records", plan.records);
    facts.option("digest", plan.digest);
}
