//! `dispatchlab run`.

use crate::args::{Format, GlobalArgs, RunArgs};
use crate::commands::folder::Ran;
use crate::commands::report::{Report, Shown};
use crate::failure::Failure;
use crate::output::{Block, Output};
use crate::progress::Meter;
use crate::{gate, load, output};
use experiments::condition::{Condition, Subject, Test};
use experiments::metrics::{self, MetricName};
use experiments::report::{all_rows, document, extras};
use experiments::run::RECORDED_JOBS;
use experiments::theory::check::TOLERANCE;
use experiments::warmup::{LEAST_WELCH, welch};
use experiments::{Decisions, RunPlan, RunResult, vocabulary};
use reports::chart::Chart;
use reports::condition::{ConditionRow, condition_table};
use reports::decisions::Decided;
use reports::explain::{Explainer, decisions_at};
use reports::html::run::{self, run_page};
use reports::rows::{RunDocument, TheoryRow, gantt_rows_with_levels};
use reports::sheet::Form;
use reports::table::{TableOptions, run_table};
use reports::welch::WelchRow;
use scenarios::Loaded;
use sim_core::quantity;
use sim_core::shown::shown_lines;
use sim_core::trace::{Decision, Trace};
use sim_core::units::Time;
use std::io::{self, Write as _};

pub fn run(args: &RunArgs, global: &GlobalArgs) -> Result<(), Failure> {
    let target = Output::new(&args.files.result(&args.output), global)?;
    args.files.open(&args.model.time_unit, global)?;
    let report = Report::new(&args.report, global)?;
    let explain_at = explain_at(args)?;
    if let Some(file) = &args.welch {
        global.session.reserve(file)?;
        if args.plan.replications < LEAST_WELCH {
            return Err(Failure::Usage(format!(
                "--welch needs at least {LEAST_WELCH} replications; add --replications 10"
            )));
        }
    }
    let input = load::read(&args.input, global)?;
    let loaded = load::load(&input, &args.policy, &args.model, global)?;
    let conditions = conditions(args)?;
    let precision = args.precision.precision(gate::usual_subject())?;
    let subjects: Vec<&Subject> = conditions
        .iter()
        .map(|condition| &condition.subject)
        .chain(precision.iter().flat_map(|precision| &precision.subjects))
        .collect();
    let wanted: Vec<MetricName> = args
        .metric
        .iter()
        .map(|text| metrics::parse(text).map_err(|error| Failure::Usage(error.to_string())))
        .collect::<Result<_, _>>()?;
    let named = || subjects.iter().map(|subject| &subject.metric).chain(&wanted);
    let asked = metrics::beyond_the_table(named());
    let keys = metrics::keys(&loaded.model, &asked);
    gate::check(&subjects, &keys)?;
    let explained = args.explain || explain_at.is_some() || args.files.decisions();
    let plan = RunPlan {
        waiting_percentiles: args.plan.waiting_percentiles
            || named().any(|metric| metric.def.name == "waiting"),
        held: gate::held(&subjects, &keys),
        asked,
        precision,
        batches: args.batches,
        records: args.records || args.files.records(),
        digest: args.digest,
        decisions: if explained { Decisions::Explained } else { Decisions::Unrecorded },
        ..load::plan(&args.plan, &loaded)
    };
    global.session.describe_plan(&plan, 1);
    let result = {
        let meter = Meter::new(global);
        let watch = |progress| {
            meter.update(0, 1, progress);
            true
        };
        experiments::run(&loaded.model, &plan, &watch).map_err(|failure| Failure::Run(failure.to_string()))?
    };
    if !target.format.has_findings() {
        load::findings(&result.findings, global);
    }
    load::notes(&result.notes, global);
    load::notes(&missing_percentiles(&result), global);
    global.session.describe(|facts| facts.replications = Some(result.values.len() as u64));
    let checked: Vec<ConditionRow> = conditions.iter().map(|condition| condition.check(&result)).collect();
    let explanation = explanation(args, explain_at, &loaded, &result);
    let mut document = document(&loaded, &result, &checked, beside(&loaded, &result, target.format, global));
    if target.format == Format::Json {
        document.decisions = decided(args, explain_at, &loaded, &result);
        if let Some(trace) = result.trace.as_ref().filter(|_| explained && result.has_segments) {
            document.gantt = gantt_rows_with_levels(&loaded.model, trace, &vocabulary(&loaded.model));
        }
    }
    target.write(|out| match target.format {
        Format::Table => {
            out.write_all(table(args, &plan, &result, &document).as_bytes())?;
            match &explanation {
                Some(text) => write!(out, "\n{text}"),
                None => Ok(()),
            }
        }
        Format::Json => reports::json::write_run(&document, out),
        Format::Md => {
            let replications = result.values.len() as u32;
            let text = reports::markdown::run(&document, replications, plan.confidence);
            out.write_all(text.as_bytes())?;
            match &explanation {
                Some(text) => write!(out, "\n```text\n{text}```\n"),
                None => Ok(()),
            }
        }
        // Rows of numbers and of decisions are no one table: who asks why gets the decisions.
        _ if explanation.is_some() => decision_rows(args, explain_at, &loaded, &result, &target.form(), out),
        _ => target.write_blocks(&mut blocks(&loaded, &plan, &result), out),
    })?;
    let welch_rows = match &args.welch {
        Some(file) => {
            let rows = plot(&loaded, &plan, global)?;
            output::write_file(file, global, |out| reports::welch::write_csv(&rows, out))?;
            rows
        }
        None => Vec::new(),
    };
    let course = if report.is_wanted() { course(&loaded, &plan, &result, global)? } else { Vec::new() };
    report.write(|| {
        let subtitle = format!("{}, {} replications", loaded.model.name, result.values.len());
        let mut charts = course;
        charts.extend(reports::chart::rows::welch(&welch_rows, result.warmup.0, &subtitle));
        let extras = extras(&loaded, &plan, &result, charts);
        let all = all_rows(&loaded, &plan, &result);
        Ok(Shown {
            page: run_page(&document, &extras),
            charts: run::charts(&document, &extras),
            csv: Some(all),
        })
    })?;
    let ran = Ran { loaded: &loaded, plan: &plan, result: &result };
    args.files.write(&args.output, &args.model.time_unit, &ran, global)?;
    if !matches!(target.format, Format::Table | Format::Json) && !checked.is_empty() {
        let _ = write!(anstream::stderr(), "{}", condition_table(&checked));
    }
    gate::verdict(&checked, &result.shortfalls, result.exact)
}

/// Why there are no percentiles of waiting times, where there are some of response times.
fn missing_percentiles(result: &RunResult) -> Vec<String> {
    let is_known = |name: &str| result.summary.iter().any(|row| row.name() == name && row.value.is_some());
    let missing = is_known("response/p99") && is_known("waiting/mean") && !is_known("waiting/p99");
    let note = format!(
        "more than {RECORDED_JOBS} jobs: percentiles of waiting times are not kept, which saves a tenth of the run; \
         --waiting-percentiles keeps them"
    );
    missing.then_some(note).into_iter().collect()
}

/// How replication 1 went, as charts.
fn course(
    loaded: &Loaded,
    plan: &RunPlan,
    result: &RunResult,
    global: &GlobalArgs,
) -> Result<Vec<Chart>, Failure> {
    let meter = Meter::new(global);
    let watch = |progress| {
        meter.update(0, 1, progress);
        true
    };
    let (charts, notes) = experiments::report::course(loaded, plan, result, &watch)
        .map_err(|failure| Failure::Run(failure.to_string()))?;
    drop(meter);
    load::notes(&notes, global);
    Ok(charts)
}

/// Welch's plot, from runs of its own.
fn plot(loaded: &Loaded, plan: &RunPlan, global: &GlobalArgs) -> Result<Vec<WelchRow>, Failure> {
    let meter = Meter::new(global);
    let watch = |progress| {
        meter.update(0, 1, progress);
        true
    };
    welch(&loaded.model, plan, &watch).map_err(|failure| Failure::Run(failure.to_string()))
}

fn conditions(args: &RunArgs) -> Result<Vec<Condition>, Failure> {
    let parsed = args.fail_if.iter().map(|text| {
        let condition = Condition::parse(text).map_err(|error| gate::usage(&error))?;
        match condition.test {
            Test::Limit(..) => Ok(condition),
            Test::WorseBy(_) => {
                Err(Failure::Usage(format!("`{text}`: a run has no reference; `compare` has one")))
            }
        }
    });
    parsed.collect()
}

fn explain_at(args: &RunArgs) -> Result<Option<Time>, Failure> {
    let Some(text) = &args.explain_at else { return Ok(None) };
    let unit = quantity::time_unit(&args.model.time_unit).unwrap_or(1_000_000);
    let span = quantity::parse_span_in(text, unit)
        .map_err(|error| Failure::Usage(format!("`--explain-at {text}`: {error}")))?;
    Ok(Some(Time(span.0)))
}

/// Exact values of the steady state, where they are known. What lies far from them is said to be so, where they are shown.
fn beside(loaded: &Loaded, result: &RunResult, format: Format, global: &GlobalArgs) -> Vec<TheoryRow> {
    let rows = experiments::report::beside(loaded, result);
    let is_shown = matches!(format, Format::Table | Format::Json | Format::Md);
    if is_shown && rows.iter().any(|row| row.z.is_some_and(|z| z.abs() > TOLERANCE)) {
        let why = match result.warmup {
            Time::ZERO => "the run starts empty and no warm-up is cut (--warmup)",
            _ => "the run may be too short",
        };
        let note = format!(
            "some values are more than {TOLERANCE} standard errors off the closed form, which is that of the steady state; {why}"
        );
        load::notes(&[note], global);
    }
    rows
}

fn table(args: &RunArgs, plan: &RunPlan, result: &RunResult, document: &RunDocument<'_>) -> String {
    let usual = TableOptions::default();
    let options = TableOptions {
        replications: result.values.len() as u32,
        confidence: plan.confidence,
        digest: args.digest,
        max_jobs: if args.records { usize::MAX } else { usual.max_jobs },
        ..usual
    };
    run_table(document, &options)
}

fn blocks<'a>(loaded: &'a Loaded, plan: &RunPlan, result: &'a RunResult) -> impl Iterator<Item = Block<'a>> {
    let of_all = experiments::report::blocks(plan, result);
    of_all.map(|(replication, rows)| Block {
        scenario: &loaded.model.name,
        policy: &loaded.policy,
        replication,
        rows,
    })
}

fn explanation(args: &RunArgs, at: Option<Time>, loaded: &Loaded, result: &RunResult) -> Option<String> {
    let trace = result.trace.as_ref().filter(|_| args.explain || at.is_some())?;
    let words = vocabulary(&loaded.model);
    let explainer = Explainer::new(&loaded.model, trace, &words);
    Some(match at {
        Some(at) => explainer.at(at),
        None => explainer.all(),
    })
}

/// The decisions that are asked about.
fn asked_about<'r>(
    args: &RunArgs,
    at: Option<Time>,
    result: &'r RunResult,
) -> Option<(&'r Trace, &'r [Decision])> {
    let trace = result.trace.as_ref().filter(|_| args.explain || at.is_some())?;
    Some((trace, at.map_or(&trace.decisions[..], |at| decisions_at(trace, at))))
}

/// The same as rows, in a form of rows.
fn decision_rows(
    args: &RunArgs,
    at: Option<Time>,
    loaded: &Loaded,
    result: &RunResult,
    form: &Form,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    let Some((trace, decisions)) = asked_about(args, at, result) else { return Ok(()) };
    let words = vocabulary(&loaded.model);
    reports::decisions::write_explained(form, &loaded.model, trace, decisions, &words, out)
}

/// The same as parts of a document.
fn decided(args: &RunArgs, at: Option<Time>, loaded: &Loaded, result: &RunResult) -> Option<Vec<Decided>> {
    let (trace, decisions) = asked_about(args, at, result)?;
    Some(reports::decisions::decided(&loaded.model, trace, decisions, &vocabulary(&loaded.model)))
}

/// Prints text to standard output.
pub fn print(text: &str) -> Result<(), Failure> {
    output::stdout(|out| out.write_all(shown_lines(text).as_bytes()))
}
