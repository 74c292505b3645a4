//! `dispatchlab plan`.

use crate::args::{Format, GlobalArgs, ModelArgs, OutputArgs, confidence};
use crate::commands::report::{Report, ReportArgs, Shown};
use crate::failure::Failure;
use crate::load;
use crate::output::Output;
use crate::progress::Meter;
use crate::repeat::RepeatArgs;
use clap::Args;
use experiments::RunPlan;
use experiments::capacity::why::{Countable, countable};
use experiments::capacity::{Goal, Knee, Plan, PlanError, Question, Sampling, Step};
use experiments::condition::{Condition, parse_part};
use reports::html::plan::{charts, plan_page};
use reports::plan::{CostRow, PlanDocument, plan_table, write_plan, write_plan_rows};
use reports::sheet::{CsvStyle, Form};
use scenarios::{Input, InputKind, Loaded, Options};
use sim_core::model::Model;
use sim_core::quantity;
use sim_core::units::Ratio;
use std::collections::BTreeSet;

/// Arguments of `plan`.
#[derive(Args)]
pub struct PlanCommand {
    /// A scenario (.toml), an access log, a request trace, a library scenario's name, or `-`
    #[arg(required = false, required_unless_present = "from")]
    pub input: String,
    /// What must hold, such as 'response/p99 < 250ms'; several must all hold
    #[arg(long, value_name = "GOAL", required_unless_present = "from")]
    pub slo: Vec<String>,
    /// What is counted and from where to where: a path of the scenario, `servers` or `cores`
    #[arg(long, value_name = "PATH=A..B", default_value = "servers=1..1000")]
    pub vary: String,
    /// Levels of demand to plan for, 1 being the input's own
    #[arg(long, value_name = "X,...", value_delimiter = ',', default_value = "x1")]
    pub demand: Vec<String>,
    /// Demand beyond each level that must be met too, such as 20%
    #[arg(long, value_name = "PART", default_value = "0%")]
    pub headroom: String,
    /// How many may be gone: the goals must hold without them
    #[arg(long, value_name = "K", default_value_t = 0)]
    pub spare: u32,
    /// What one costs, such as 0.34/h (per h, d, month or year)
    #[arg(long, value_name = "PRICE/TIME")]
    pub cost_per_server: Option<String>,
    /// A policy to plan with; several are planned side by side
    #[arg(long, value_name = "[STATION=]ID[:k=v,...]")]
    pub policy: Vec<String>,
    #[command(flatten)]
    pub model: ModelArgs,
    /// Replications before a count is first judged
    #[arg(long, value_name = "R", default_value_t = 10,
          value_parser = clap::value_parser!(u32).range(2..=i64::from(experiments::run::MAX_REPLICATIONS)))]
    pub replications: u32,
    /// Replications at which a count that is not decided stays undecided
    #[arg(long, value_name = "R", default_value_t = 200,
          value_parser = clap::value_parser!(u32).range(2..=i64::from(experiments::run::MAX_REPLICATIONS)))]
    pub max_replications: u32,
    /// Run on until the intervals at the answer are within this part of the value, such as 1%
    #[arg(long, value_name = "PART")]
    pub precision: Option<String>,
    /// Confidence that a count is judged rightly, such as 0.95 or 95%
    #[arg(long, value_name = "LEVEL", default_value = "0.95", value_parser = confidence)]
    pub confidence: f64,
    /// Threads; one a processor of this machine by default. Results do not depend on it
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,
    /// Stop with an error after this many events in one replication
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub max_events: Option<u64>,
    /// A count with more jobs than this in the system at once is overloaded
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub max_jobs: Option<u64>,
    /// Definitions of the knee: power, double, fourfold, tangent
    #[arg(long, value_name = "NAME,...", value_delimiter = ',', default_value = "power")]
    pub knee: Vec<String>,
    /// Leave out response against demand, the knee and the scalability law
    #[arg(long)]
    pub no_curve: bool,
    #[command(flatten)]
    pub output: OutputArgs,
    #[command(flatten)]
    pub report: ReportArgs,
    #[command(flatten)]
    pub repeat: RepeatArgs,
}

/// More jobs in the system than this: the count is overloaded, unless --max-jobs says otherwise.
const MANY_JOBS: u64 = 1_000_000;

pub fn run(args: &PlanCommand, global: &GlobalArgs) -> Result<(), Failure> {
    let target = Output::new(&args.output, global)?;
    let report = Report::new(&args.report, global)?;
    let asked = Asked::read(args)?;
    let input = load::read(&args.input, global)?;
    let mut range = asked.range.clone();
    let policies = policies(args);
    let mut said = BTreeSet::new();
    let mut labels = Vec::new();
    let mut warmup_auto = false;
    for policy in &policies {
        let base = load::load_with(&input, &base_options(args, policy, &input, &range)?, global, &mut said)?;
        range.resolve(&base, args)?;
        // Both ends must make a model: what is wrong with the path or with a bound is said before anything is run.
        for count in [range.low, range.high] {
            loaded(&input, &range.options(args, policy, count)?)?;
        }
        warmup_auto |= base.warmup_auto;
        labels.push((policy.first().cloned().unwrap_or_else(|| base.policy.clone()), base));
    }
    let (name, seed, ties) = {
        let model = &labels[0].1.model;
        (model.name.clone(), model.seed, model.ties)
    };
    let usual = RunPlan::default();
    let question = Question {
        goals: asked.goals,
        path: range.path.clone(),
        policies: labels.iter().map(|(label, _)| label.clone()).collect(),
        demands: asked.demands,
        headroom: asked.headroom,
        low: range.low,
        high: range.high,
        spare: u64::from(args.spare),
        cost_per_hour: asked.cost.as_ref().map(|cost| cost.per_hour),
        sampling: Sampling {
            least: args.replications.min(args.max_replications),
            most: args.max_replications,
            confidence: args.confidence,
        },
        precision: asked.precision,
        knees: if args.no_curve { Vec::new() } else { asked.knees },
        run: RunPlan {
            replications: args.max_replications,
            threads: args.threads.map_or(0, usize::from),
            max_events: args.max_events.unwrap_or(usual.max_events),
            max_jobs: args.max_jobs.unwrap_or(MANY_JOBS),
            confidence: args.confidence,
            warmup_auto,
            ..usual
        },
    };
    global.session.describe_plan(&question.run, question.policies.len() * question.demands.len());
    if let Some((_, base)) = labels.first() {
        load::notes(&demand_notes(&base.model, &question), global);
    }
    drop(labels);
    let plan = {
        let meter = Meter::new(global);
        let mut build = |policy: usize, count: u64, demand: Ratio| -> Result<Model, Failure> {
            let mut model = loaded(&input, &range.options(args, &policies[policy], count)?)?.model;
            scenarios::scale_demand(&mut model, demand).map_err(|error| Failure::Usage(error.to_string()))?;
            Ok(model)
        };
        let watch = |step: Step| {
            meter.say(&|| words(&question, &range.path, &step));
            true
        };
        experiments::capacity::plan(&question, &mut build, &watch).map_err(failure)?
    };
    load::notes(&plan.notes, global);
    let verdict = verdict(&plan);
    let document = document(&question, plan, &range.path, asked.cost, (&name, seed, ties));
    target.write(|out| match target.format {
        Format::Table => out.write_all(plan_table(&document).as_bytes()),
        Format::Json => write_plan(&document, out),
        Format::Md => out.write_all(reports::markdown::plan(&document).as_bytes()),
        _ => write_plan_rows(&document, &target.form(), out),
    })?;
    report.write(|| {
        let mut csv = Vec::new();
        write_plan_rows(&document, &Form::Csv(CsvStyle::default()), &mut csv)?;
        Ok(Shown { page: plan_page(&document), charts: charts(&document), csv: Some(csv) })
    })?;
    verdict
}

/// What is to be said about a log or trace at the highest level of demand.
fn demand_notes(base: &Model, question: &Question) -> Vec<String> {
    let highest = question.demands.iter().max_by(|a, b| a.as_f64().total_cmp(&b.as_f64()));
    let mut model = base.clone();
    let before = scenarios::demand_notes(&model);
    let scaled = highest.map(|demand| scenarios::scale_demand(&mut model, *demand));
    if scaled != Some(Ok(())) {
        return Vec::new();
    }
    scenarios::demand_notes(&model).into_iter().filter(|note| !before.contains(note)).collect()
}

fn document<'a>(
    question: &Question,
    plan: Plan,
    vary: &'a str,
    cost: Option<CostRow>,
    (scenario, seed, ties): (&'a str, u64, sim_core::ties::Ties),
) -> PlanDocument<'a> {
    PlanDocument {
        scenario,
        seed,
        ties,
        vary,
        low: question.low,
        high: question.high,
        goals: plan.goals,
        confidence: question.sampling.confidence,
        deterministic: plan.exact.iter().all(|exact| *exact),
        sample: plan.sample,
        replications: (question.sampling.least, question.sampling.most),
        // From whole millionths: 1.2 - 1 is not 0.2.
        headroom: ((question.headroom.as_f64() - 1.0) * 1e6).round() / 1e6,
        spare: question.spare,
        cost,
        policies: question.policies.clone(),
        demands: question.demands.iter().map(|demand| demand.as_f64()).collect(),
        answers: plan.answers,
        probes: plan.probes,
        curve: plan.curve,
        knees: plan.knees,
        usl: plan.usl,
    }
}

/// What the exit code says: every row has an answer, one has none, or one is not decided.
fn verdict(plan: &Plan) -> Result<(), Failure> {
    let with = |status: &str| plan.answers.iter().filter(|answer| answer.status == status).count();
    let rows = plan.answers.len();
    match (with("not met"), with("undecided"), plan.imprecise) {
        (0, 0, false) => Ok(()),
        (0, 0, true) => Err(Failure::Precision(
            "an interval is wider than --precision allows; raise --max-replications".to_owned(),
        )),
        (0, open, _) if plan.sample.is_some() => Err(Failure::Precision(format!(
            "{open} of {rows} rows are undecided: the log has too few requests for its percentiles; take a longer log, or a lower \
             percentile"
        ))),
        (0, open, _) => Err(Failure::Precision(format!(
            "{open} of {rows} rows are undecided: raise --max-replications, or make the replications longer"
        ))),
        (missed, ..) => {
            Err(Failure::Verdict(format!("in {missed} of {rows} rows no count in the range is enough")))
        }
    }
}

fn failure(error: PlanError<Failure>) -> Failure {
    match error {
        PlanError::Build(failure) => failure,
        PlanError::Goal(error) => Failure::Usage(error.to_string()),
        PlanError::Run { policy, count, failure } => Failure::Run(format!("{policy} at {count}: {failure}")),
    }
}

/// Where a plan is, in words.
fn words(question: &Question, path: &str, step: &Step) -> String {
    let mut who = Vec::new();
    if question.demands.len() > 1 {
        who.push(format!("demand x{}", step.demand));
    }
    if question.policies.len() > 1 {
        who.push(question.policies[step.policy].clone());
    }
    let what = if step.curve { "level" } else { "probe" };
    let (done, most) = (step.progress.done, step.progress.total);
    who.push(format!("{path} {}", step.count));
    who.push(format!("{what} {}", step.tried));
    who.push(format!("{done}/{most} replications"));
    who.join(", ")
}

/// One a row of the plan: the policies asked for, or the input as it is.
fn policies(args: &PlanCommand) -> Vec<Vec<String>> {
    if args.policy.is_empty() {
        return vec![Vec::new()];
    }
    args.policy.iter().map(|policy| vec![policy.clone()]).collect()
}

fn loaded(input: &Input, options: &Options) -> Result<Loaded, Failure> {
    scenarios::load(input, options).map_err(|found| Failure::Diagnostics(load::rendered(&found, Some(input))))
}

/// The input without anything counted; an access log needs some number of servers to be read at all.
fn base_options(
    args: &PlanCommand,
    policy: &[String],
    input: &Input,
    range: &Range,
) -> Result<Options, Failure> {
    let mut options = load::options(policy, &args.model)?;
    if !matches!(input.kind, InputKind::Scenario | InputKind::TaskList) && options.servers.is_none() {
        options.servers = Some(u32::try_from(range.low).unwrap_or(u32::MAX));
    }
    Ok(options)
}

/// What was asked for, read before the input is.
struct Asked {
    goals: Vec<Goal>,
    range: Range,
    demands: Vec<Ratio>,
    headroom: Ratio,
    cost: Option<CostRow>,
    precision: Option<f64>,
    knees: Vec<Knee>,
}

impl Asked {
    fn read(args: &PlanCommand) -> Result<Asked, Failure> {
        let usage = |flag: &str, why: &dyn std::fmt::Display| Failure::Usage(format!("--{flag}: {why}"));
        let mut goals = Vec::new();
        for text in &args.slo {
            let condition = Condition::parse(text).map_err(|error| usage("slo", &error))?;
            goals.push(Goal::new(condition).map_err(|error| usage("slo", &error))?);
        }
        let mut demands = Vec::new();
        for text in &args.demand {
            let demand = scenarios::parse_demand("--demand", text)
                .map_err(|found| Failure::Diagnostics(load::rendered(&[found], None)))?;
            if demands.contains(&demand) {
                return Err(usage("demand", &format!("`{text}` is named twice")));
            }
            demands.push(demand);
        }
        let mut knees = Vec::new();
        for name in &args.knee {
            let knee = Knee::named(name.trim()).ok_or_else(|| {
                let names: Vec<&str> = Knee::ALL.iter().map(|(_, name, _)| *name).collect();
                usage("knee", &format!("there is no definition `{name}`; there are {}", names.join(", ")))
            })?;
            if !knees.contains(&knee) {
                knees.push(knee);
            }
        }
        for (index, policy) in args.policy.iter().enumerate() {
            if args.policy[..index].contains(policy) {
                return Err(usage("policy", &format!("`{policy}` is named twice")));
            }
        }
        let precision = args.precision.as_ref().map(|text| match parse_part(text) {
            Ok(part) if part > 0.0 => Ok(part),
            Ok(_) => Err(usage("precision", &"no number of replications is exact")),
            Err(why) => Err(usage("precision", &why)),
        });
        Ok(Asked {
            goals,
            range: Range::parse(&args.vary).map_err(|why| usage("vary", &why))?,
            demands,
            headroom: headroom(&args.headroom).map_err(|why| usage("headroom", &why))?,
            cost: args
                .cost_per_server
                .as_ref()
                .map(|text| price(text).map_err(|why| usage("cost-per-server", &why)))
                .transpose()?,
            precision: precision.transpose()?,
            knees,
        })
    }
}

/// `20%` or `0.2`: what the demand is multiplied by.
fn headroom(text: &str) -> Result<Ratio, String> {
    let (digits, size) = text.trim().strip_suffix('%').map_or((text.trim(), 1.0), |digits| (digits, 100.0));
    let part = digits.trim().parse::<f64>().ok().map(|number| number / size);
    let sane = part.filter(|part| (0.0..=100.0).contains(part));
    sane.and_then(|part| Ratio::new(((1.0 + part) * 1e6).round() as u32, 1_000_000))
        .ok_or_else(|| format!("`{text}` is not a part from 0 on, such as 20% or 0.2"))
}

/// `0.34/h`.
fn price(text: &str) -> Result<CostRow, String> {
    let wrong = || format!("`{text}` is not a price, such as 0.34/h");
    let (amount, per) = text.split_once('/').ok_or_else(wrong)?;
    let amount: f64 = amount.trim().parse().map_err(|_| wrong())?;
    let hours = match per.trim() {
        "month" => 730.0,
        "year" => 8_760.0,
        "hour" => 1.0,
        "day" => 24.0,
        unit => {
            let nanos = quantity::time_unit(unit).ok_or_else(|| {
                format!("unknown unit of time `{unit}` in `{text}`; write h, d, month or year")
            })?;
            nanos as f64 / 3.6e12
        }
    };
    if !amount.is_finite() || amount < 0.0 {
        return Err(wrong());
    }
    Ok(CostRow { price: text.trim().to_owned(), per_hour: amount / hours })
}

/// What is counted, and from where to where.
#[derive(Clone)]
struct Range {
    path: String,
    low: u64,
    high: u64,
    target: Target,
}

/// What the path means.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Target {
    /// A path of the scenario.
    Path,
    /// `--servers` of inputs that are no scenarios.
    Servers,
    /// `--cores` of inputs that are no scenarios.
    Cores,
}

impl Range {
    fn parse(text: &str) -> Result<Range, String> {
        let wrong = || format!("`{text}` is not of the form PATH=A..B, such as web.count=1..200");
        let (path, range) = text.split_once('=').ok_or_else(wrong)?;
        let (low, high) = range.split_once("..").ok_or_else(wrong)?;
        let number = |digits: &str| -> Result<u64, String> {
            let digits = digits.trim().replace('_', "");
            digits.parse().map_err(|_| format!("`{digits}` in `{text}` is no whole number"))
        };
        let (low, high) = (number(low)?, number(high.strip_prefix('=').unwrap_or(high))?);
        if high == 0 || low == 0 {
            return Err(format!("`{text}`: a count begins at 1"));
        }
        if low > high {
            return Err(format!("`{text}` is empty: write {}={high}..{low}", path.trim()));
        }
        if high > i64::MAX as u64 {
            return Err(format!("`{text}`: {high} is more than can be counted"));
        }
        let path = path.trim();
        if path.is_empty() {
            return Err(wrong());
        }
        Ok(Range { path: path.to_owned(), low, high, target: Target::Path })
    }

    /// `servers` is the only group of a scenario, or the cores of its only processor; of other inputs it is the option.
    fn resolve(&mut self, base: &Loaded, args: &PlanCommand) -> Result<(), Failure> {
        if base.kind != InputKind::Scenario {
            self.target = match self.path.as_str() {
                "servers" if base.kind != InputKind::TaskList => Target::Servers,
                "cores" => Target::Cores,
                other => {
                    let known =
                        if base.kind == InputKind::TaskList { "`cores`" } else { "`servers` or `cores`" };
                    return Err(Failure::Usage(format!(
                        "--vary: `{other}` cannot be counted here; this input has {known}"
                    )));
                }
            };
            let given = match self.target {
                Target::Servers => args.model.servers.is_some().then_some("--servers"),
                _ => args.model.cores.is_some().then_some("--cores"),
            };
            return match given {
                Some(flag) => Err(Failure::Usage(format!("{flag} is what --vary counts: leave it out"))),
                None => Ok(()),
            };
        }
        if self.path != "servers" {
            return Ok(());
        }
        let model = &base.model;
        let groups: Vec<String> = model.groups.iter().map(|group| format!("{}.count", group.name)).collect();
        let processors =
            model.processors.iter().filter(|processor| !processor.device && !processor.name.contains('.'));
        let cores: Vec<String> = processors.map(|processor| format!("{}.cores", processor.name)).collect();
        self.path = match (groups.as_slice(), cores.as_slice()) {
            ([only], _) | ([], [only]) => only.clone(),
            (found, others) => {
                let several = found.len() + others.len() > 1;
                let all: Vec<String> = countable(model).iter().take(8).map(Countable::range).collect();
                return Err(Failure::Usage(match (several, all.is_empty()) {
                    (_, true) => "--vary: nothing in this scenario can be counted".to_owned(),
                    (true, _) => {
                        format!(
                            "--vary: `servers` could be several things here; write --vary {}",
                            all.join(" or ")
                        )
                    }
                    (false, _) => {
                        format!("--vary: there are no servers here; write --vary {}", all.join(" or "))
                    }
                }));
            }
        };
        Ok(())
    }

    fn options(&self, args: &PlanCommand, policy: &[String], count: u64) -> Result<Options, Failure> {
        let mut options = load::options(policy, &args.model)?;
        let small = u32::try_from(count).unwrap_or(u32::MAX);
        match self.target {
            Target::Path => options.vary = Some((self.path.clone(), count)),
            Target::Servers => options.servers = Some(small),
            Target::Cores => options.cores = Some(small),
        }
        Ok(options)
    }
}
