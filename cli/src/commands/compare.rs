//! `dispatchlab compare`.

use crate::args::{CompareArgs, Format, GlobalArgs};
use crate::commands::report::{Report, Shown};
use crate::failure::Failure;
use crate::output::{Block, Output};
use crate::progress::Meter;
use crate::{gate, load};
use experiments::compare::report::{self, Named};
use experiments::compare::{Alternative, PolicyCondition, USUAL_BUDGET, best};
use experiments::condition::Subject;
use experiments::metrics::{self, MetricName};
use experiments::{CompareOptions, Comparison, RunPlan};
use reports::compare::{FirstDifferenceRow, compare_table};
use reports::condition::condition_table;
use reports::html::compare::{charts, compare_page};
use std::collections::BTreeSet;
use std::io::Write as _;

pub fn run(args: &CompareArgs, global: &GlobalArgs) -> Result<(), Failure> {
    let target = Output::new(&args.output, global)?;
    let page = Report::new(&args.report, global)?;
    let wanted: Vec<MetricName> = args
        .metric
        .iter()
        .map(|text| metrics::parse(text).map_err(|error| Failure::Usage(error.to_string())))
        .collect::<Result<_, _>>()?;
    let named = alternatives(args, global)?;
    let reference = reference(args, &named)?;
    let alternatives: Vec<Alternative<'_>> =
        named.iter().map(|named| Alternative { label: &named.label, model: &named.loaded.model }).collect();
    let options = options(args, wanted, &named, reference)?;
    let wanted_best = best_of(args)?;
    let precision = args.precision.precision(usual_subjects(&options.metrics))?;
    let subjects: Vec<&Subject> = options
        .conditions
        .iter()
        .map(|one| &one.condition.subject)
        .chain(precision.iter().flat_map(|precision| &precision.subjects))
        .chain(wanted_best.iter())
        .collect();
    let asked = metrics::beyond_the_table(subjects.iter().map(|subject| &subject.metric));
    let keys = metrics::keys(&named[reference].loaded.model, &asked);
    gate::check(&subjects, &keys)?;
    let plan = RunPlan {
        asked,
        warmup_auto: named.iter().any(|named| named.loaded.warmup_auto),
        waiting_percentiles: args.plan.waiting_percentiles
            || subjects.iter().any(|subject| subject.metric.def.name == "waiting"),
        held: gate::held(&subjects, &keys),
        precision: precision.clone(),
        ..load::plan(&args.plan, &named[0].loaded)
    };
    global.session.describe_plan(&plan, named.len());
    let failed = |(index, failure): (usize, experiments::Failure)| {
        Failure::Run(format!("{}: {failure}", named[index].label))
    };
    let comparison = {
        let meter = Meter::new(global);
        let watch = |index, progress| {
            meter.update(index, named.len(), progress);
            true
        };
        match &wanted_best {
            Some(subject) => {
                let budget = budget(args, named.len())?;
                best(&alternatives, subject, budget, &options, &plan, &watch).map_err(failed)?
            }
            None => experiments::compare(&alternatives, &options, &plan, &watch).map_err(failed)?,
        }
    };
    if !target.format.has_findings() {
        load::findings(&comparison.findings, global);
    }
    load::notes(&comparison.notes, global);
    let replications = report::replications(&comparison);
    global.session.describe(|facts| facts.replications = Some(u64::from(replications)));
    // The best is what the others are compared with, where it was looked for.
    let selected = comparison.selection.as_ref();
    let selected = selected.and_then(|found| named.iter().position(|named| named.label == found.best));
    let reference = selected.unwrap_or(reference);
    let first_difference = first_differences(args, &alternatives, reference, &plan)?;
    let document = report::document(&named, &comparison, &options, &plan, reference, first_difference);
    target.write(|out| match target.format {
        Format::Table => out.write_all(compare_table(&document, &report::direction).as_bytes()),
        Format::Json => reports::json::write_compare(&document, out),
        Format::Md => out.write_all(reports::markdown::compare(&document).as_bytes()),
        _ => target.write_blocks(&mut blocks(&named, &comparison, &options.metrics), out),
    })?;
    page.write(|| {
        let extras = report::extras(&named, &comparison);
        Ok(Shown {
            page: compare_page(&document, &extras),
            charts: charts(&document, &extras),
            csv: Some(report::all_rows(&named, &comparison, &options.metrics)),
        })
    })?;
    if !matches!(target.format, Format::Table | Format::Json) && !comparison.conditions.is_empty() {
        let _ = write!(anstream::stderr(), "{}", condition_table(&comparison.conditions));
    }
    gate::verdict(&comparison.conditions, &comparison.shortfalls, comparison.exact)
}

fn options(
    args: &CompareArgs,
    metrics: Vec<MetricName>,
    named: &[Named],
    reference: usize,
) -> Result<CompareOptions, Failure> {
    let labels: Vec<&str> = named.iter().map(|named| named.label.as_str()).collect();
    let parsed = args.fail_if.iter().map(|text| PolicyCondition::parse(text, &labels));
    let conditions = parsed.collect::<Result<_, _>>().map_err(|error| gate::usage(&error))?;
    Ok(CompareOptions { reference, metrics, noise: args.noise, conditions })
}

/// The number whose best is looked for.
fn best_of(args: &CompareArgs) -> Result<Option<Subject>, Failure> {
    let Some(text) = &args.best else { return Ok(None) };
    let subject = Subject::parse(text).map_err(|error| Failure::Usage(error.to_string()))?;
    if subject.metric.def.better.is_none() {
        return Err(Failure::Usage(format!("--best {subject}: neither direction of this metric is better")));
    }
    Ok(Some(subject))
}

fn budget(args: &CompareArgs, policies: usize) -> Result<u32, Failure> {
    let policies = policies as u32;
    let budget = args.budget.unwrap_or(USUAL_BUDGET.saturating_mul(policies));
    if budget < 2 * policies {
        return Err(Failure::Usage(format!(
            "--budget {budget} is too small: {policies} policies need two replications each"
        )));
    }
    Ok(budget)
}

/// What a precision is about unless something is named: the metric that decides who wins.
fn usual_subjects(metrics: &[MetricName]) -> Vec<Subject> {
    match metrics {
        [first, ..] => vec![Subject { metric: *first, place: String::new() }],
        [] => gate::usual_subject(),
    }
}

/// Every input under every policy; with one policy only, the input as it is stands in front.
fn alternatives(args: &CompareArgs, global: &GlobalArgs) -> Result<Vec<Named>, Failure> {
    let mut policies: Vec<Option<&String>> = args.policy.iter().map(Some).collect();
    if policies.len() < 2 && (args.input.len() == 1 || policies.is_empty()) {
        policies.insert(0, None);
    }
    let mut named: Vec<Named> = Vec::new();
    for name in &args.input {
        let input = load::read(name, global)?;
        let mut said = BTreeSet::new();
        for policy in &policies {
            let own: Vec<String> = policy.iter().map(|policy| (*policy).clone()).collect();
            let loaded = load::load_again(&input, &own, &args.model, global, &mut said)?;
            let label = match (policy, args.input.len()) {
                (Some(policy), 1) => (*policy).clone(),
                (None, 1) => loaded.policy.clone(),
                (Some(policy), _) => format!("{name} {policy}"),
                (None, _) => name.clone(),
            };
            named.push(Named { label, loaded });
        }
    }
    if named.len() < 2 {
        return Err(Failure::Usage(
            "nothing to compare with: name another policy with --policy, or another input".to_owned(),
        ));
    }
    for (index, one) in named.iter().enumerate() {
        if named[..index].iter().any(|other| other.label == one.label) {
            return Err(Failure::Usage(format!("`{}` is named twice", one.label)));
        }
    }
    Ok(named)
}

fn reference(args: &CompareArgs, named: &[Named]) -> Result<usize, Failure> {
    let Some(text) = &args.reference else { return Ok(0) };
    named.iter().position(|named| named.label == *text).ok_or_else(|| {
        let labels: Vec<String> = named.iter().map(|named| format!("`{}`", named.label)).collect();
        Failure::Usage(format!("the reference `{text}` is none of {}", labels.join(", ")))
    })
}

fn first_differences(
    args: &CompareArgs,
    alternatives: &[Alternative<'_>],
    reference: usize,
    plan: &RunPlan,
) -> Result<Option<Vec<FirstDifferenceRow>>, Failure> {
    if !args.first_difference {
        return Ok(None);
    }
    let others = alternatives.iter().enumerate().filter(|(index, _)| *index != reference);
    let rows = others.map(|(_, other)| {
        experiments::first_difference(alternatives[reference], *other, plan).map_err(|(index, failure)| {
            let label = if index == 0 { alternatives[reference].label } else { other.label };
            Failure::Run(format!("{label}: {failure}"))
        })
    });
    rows.collect::<Result<_, _>>().map(Some)
}

/// The rows of `run`, one policy after the other; with `--metric`, of these metrics only.
fn blocks<'a>(
    named: &'a [Named],
    comparison: &'a Comparison,
    wanted: &[MetricName],
) -> impl Iterator<Item = Block<'a>> {
    report::blocks(named, comparison, wanted).map(|(named, replication, rows)| Block {
        scenario: &named.loaded.model.name,
        policy: &named.label,
        replication,
        rows,
    })
}
