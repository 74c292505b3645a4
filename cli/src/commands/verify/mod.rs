//! `dispatchlab verify`: simulations held against closed forms.

mod panel;

use crate::args::{Format, GlobalArgs, OutputArgs};
use crate::failure::Failure;
use crate::load;
use crate::output::Output;
use crate::progress::Meter;
use clap::Args;
use experiments::condition::parse_part;
use experiments::run::MAX_REPLICATIONS;
use experiments::theory::check::{Effort, LEAST_REPLICATIONS, TOLERANCE, check};
use experiments::theory::{self, Theory};
use experiments::{RunPlan, metrics};
use reports::theory::{VerifyDocument, verify_table, write_verify, write_verify_rows};
use scenarios::{Input, InputKind, Options};
use sim_core::model::Model;
use std::fmt::Write as _;

/// What `verify` takes.
#[derive(Args)]
pub struct VerifyArgs {
    /// Groups of the panel (see --list), or inputs whose models have a closed form; the whole panel by default
    pub what: Vec<String>,
    /// List the groups and their models instead of running them
    #[arg(long)]
    pub list: bool,
    /// As many replications as it takes to know every value to this relative error
    #[arg(long, value_name = "PART", default_value = "1.5%", conflicts_with = "replications", value_parser = precision)]
    pub precision: f64,
    /// Replications at which a precision is given up
    #[arg(long, value_name = "R", default_value_t = 2_000,
          value_parser = clap::value_parser!(u32).range(i64::from(LEAST_REPLICATIONS)..=i64::from(MAX_REPLICATIONS)))]
    pub max_replications: u32,
    /// Run so many replications instead, at least 30, and ask for no precision
    #[arg(long, value_name = "R",
          value_parser = clap::value_parser!(u32).range(i64::from(LEAST_REPLICATIONS)..=i64::from(MAX_REPLICATIONS)))]
    pub replications: Option<u32>,
    /// Root of all random streams
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// Threads; one a processor of this machine by default. Results do not depend on it
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,
    /// Compare these metrics only, such as response/p99
    #[arg(long, value_name = "METRIC")]
    pub metric: Vec<String>,
    #[command(flatten)]
    pub output: OutputArgs,
}

fn precision(text: &str) -> Result<f64, String> {
    parse_part(text)
        .ok()
        .filter(|part| *part > 0.0)
        .ok_or_else(|| "a precision is a part above 0 and below 100%, such as 2% or 0.02".to_owned())
}

/// A model with its closed form.
struct Case {
    group: String,
    title: String,
    model: Model,
    theory: Theory,
}

pub fn run(args: &VerifyArgs, global: &GlobalArgs) -> Result<(), Failure> {
    let target = Output::new(&args.output, global)?;
    let named = args.metric.iter().map(|text| metrics::parse(text).map(|name| name.to_string()));
    let named: Vec<String> =
        named.collect::<Result<_, _>>().map_err(|error| Failure::Usage(error.to_string()))?;
    let mut cases = cases(args, global)?;
    if args.list {
        return target.write(|out| out.write_all(list(&cases).as_bytes()));
    }
    if !named.is_empty() {
        for case in &mut cases {
            case.theory.exact.retain(|exact| named.contains(&exact.metric));
        }
        cases.retain(|case| !case.theory.exact.is_empty());
        if cases.is_empty() {
            return Err(Failure::Usage(format!("no closed form here has {}", named.join(" or "))));
        }
    }
    let effort = match args.replications {
        Some(replications) => Effort::Replications(replications),
        None => Effort::Precision { relative: args.precision, most: args.max_replications },
    };
    let plan = RunPlan { threads: args.threads.map_or(0, usize::from), ..RunPlan::default() };
    global.session.describe_plan(&plan, cases.len());
    let mut rows = Vec::new();
    {
        let meter = Meter::new(global);
        for (index, case) in cases.iter().enumerate() {
            let watch = |progress| {
                meter.update(index, cases.len(), progress);
                true
            };
            let found = check(&case.model, &case.theory, &case.group, &case.title, effort, &plan, &watch);
            rows.extend(found.map_err(|failure| Failure::Run(format!("{}: {failure}", case.title)))?);
        }
    }
    let document = VerifyDocument {
        precision: args.replications.is_none().then_some(args.precision),
        confidence: plan.confidence,
        tolerance: TOLERANCE,
        seed: args.seed.unwrap_or(1),
        rows,
    };
    target.write(|out| match target.format {
        Format::Table => out.write_all(verify_table(&document).as_bytes()),
        Format::Json => write_verify(&document, out),
        // A table to paste.
        Format::Md => write!(out, "```text\n{}```\n", verify_table(&document)),
        _ => write_verify_rows(&document, &target.form(), out),
    })?;
    if document.count("failed") > 0 {
        return Err(Failure::Verdict(document.closing()));
    }
    if document.count("unsure") > 0 {
        return Err(Failure::Precision(format!(
            "{}: --max-replications {} do not reach the precision",
            document.closing(),
            args.max_replications
        )));
    }
    Ok(())
}

/// What was asked for: groups of the panel, and inputs.
fn cases(args: &VerifyArgs, global: &GlobalArgs) -> Result<Vec<Case>, Failure> {
    let mut cases = Vec::new();
    let is_group = |what: &str| panel::ENTRIES.iter().any(|entry| entry.group == what);
    for entry in panel::ENTRIES {
        if args.what.is_empty() || args.what.iter().any(|what| what == entry.group) {
            cases.push(of_entry(entry, args.seed));
        }
    }
    for what in args.what.iter().filter(|what| !is_group(what)) {
        let input = load::read(what, global).map_err(|failure| match failure {
            Failure::Diagnostics(text) => Failure::Diagnostics(format!("{text}{}", groups())),
            other => other,
        })?;
        let model_args =
            crate::args::ModelArgs { seed: args.seed, time_unit: "ms".to_owned(), ..Default::default() };
        let loaded = load::load(&input, &[], &model_args, global)?;
        let Some(theory) = theory::of(&loaded.model) else {
            return Err(Failure::Usage(format!("no closed form is known for the model of `{what}`")));
        };
        let title = theory.title.clone();
        cases.push(Case { group: what.clone(), title, model: loaded.model, theory });
    }
    Ok(cases)
}

fn groups() -> String {
    let mut names: Vec<&str> = panel::ENTRIES.iter().map(|entry| entry.group).collect();
    names.dedup();
    format!("groups of the panel: {}\n", names.join(", "))
}

fn of_entry(entry: &panel::Entry, seed: Option<u64>) -> Case {
    let input = Input::from_text("panel.toml", InputKind::Scenario, entry.text());
    let options = Options { seed, ..Options::default() };
    let loaded = scenarios::load(&input, &options)
        .unwrap_or_else(|errors| panic!("the panel's {}: {errors:?}", entry.title));
    let Some(mut theory) = theory::of(&loaded.model) else {
        panic!("the panel's {} has no closed form", entry.title)
    };
    theory.exact.retain(|exact| entry.metrics.contains(&exact.metric.as_str()) && entry.wants(&exact.scope));
    Case { group: entry.group.to_owned(), title: entry.title.to_owned(), model: loaded.model, theory }
}

fn list(cases: &[Case]) -> String {
    let mut text = String::new();
    for case in cases {
        let theory = &case.theory;
        let _ = writeln!(text, "{:<10}{:<22}{}: {}", case.group, case.title, theory.title, theory.source);
    }
    text
}
