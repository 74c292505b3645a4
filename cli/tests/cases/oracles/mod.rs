//! Stationary means with closed forms, at the level of the library: a scenario is written, loaded, replicated, compared.
//!
//! One rule for all: 32 independent replications, the distance between their mean and the exact value is at most four
//! standard errors, and the same answer moved by the larger of 5 % and ten standard errors is refused. So that this means
//! something, the standard error itself must be small ([`Oracle::within`]). Seeds are fixed.
//!
//! With `DISPATCHLAB_LONG=1` replications are 20 times as long and the standard errors asked for three times as small.
//!
//! Time is in seconds and the mean service time is 1 s unless a line says otherwise.

mod disciplines;
mod elsewhere;
mod farms;
mod heavy_tails;
mod identities;
mod networks;
mod single;

use experiments::RunPlan;
use scenarios::{Input, InputKind, Options};
use sim_core::measure::EXACT_VALUES;
use sim_core::model::Model;
use std::fmt::Write as _;

/// Replications of every run.
const REPLICATIONS: u32 = 32;

/// What is compared.
pub enum Of {
    /// A metric of the whole run that is a time, in seconds.
    Time(&'static str),
    /// The same for one class.
    ClassTime(&'static str, &'static str),
    /// A metric of the whole run that is no time.
    Plain(&'static str),
    /// A metric of a station.
    At(&'static str, &'static str),
    /// One metric of the whole run over another.
    Ratio(&'static str, &'static str),
}

/// A value with a closed form.
pub struct Check {
    pub of: Of,
    pub exact: f64,
    /// What the closed form itself may be off by, relative: 0 unless it is an approximation or a limit.
    pub slack: f64,
}

pub fn check(of: Of, exact: f64) -> Check {
    Check { of, exact, slack: 0.0 }
}

/// Mean waiting and response time of a station with mean service time 1.
pub fn waiting(exact: f64) -> Vec<Check> {
    vec![check(Of::Time("waiting/mean"), exact), check(Of::Time("response/mean"), exact + 1.0)]
}

pub fn response(exact: f64) -> Vec<Check> {
    vec![check(Of::Time("response/mean"), exact)]
}

/// A scenario and its answers.
pub struct Oracle {
    /// The case of the collection, or what it is where it is not from there.
    pub id: String,
    /// The scenario without its end.
    pub text: String,
    /// Jobs of one replication.
    pub jobs: u64,
    /// Seconds that are not measured.
    pub warmup: u64,
    /// The greatest standard error, relative to the exact value.
    pub within: f64,
    pub checks: Vec<Check>,
}

impl Oracle {
    pub fn new(
        id: impl Into<String>,
        text: impl Into<String>,
        jobs: u64,
        warmup: u64,
        checks: Vec<Check>,
    ) -> Oracle {
        Oracle { id: id.into(), text: text.into(), jobs, warmup, within: 0.012, checks }
    }

    /// Asks for less, where what the collection asks for takes minutes.
    pub fn within(self, within: f64) -> Oracle {
        Oracle { within, ..self }
    }

    /// The scenario and the model of a replication of so many jobs.
    fn model(&self, jobs: u64) -> (String, Model) {
        let text = format!(
            "name = \"oracle\"\nseed = 1\nstop = {{ jobs = {jobs} }}\nwarmup = \"{}s\"\n{}",
            self.warmup, self.text
        );
        let input = Input::from_text("oracle.toml", InputKind::Scenario, text.clone());
        let loaded = scenarios::load(&input, &Options::default())
            .unwrap_or_else(|errors| panic!("{}: {errors:#?}\n{text}", self.id));
        (text, loaded.model)
    }

    /// Everything that is not as it must be.
    fn failures(&self) -> String {
        let (jobs, within) =
            if long() { (self.jobs * 20, self.within / 3.0) } else { (self.jobs, self.within) };
        let (text, model) = self.model(jobs);
        let plan = RunPlan { replications: REPLICATIONS, waiting_percentiles: true, ..RunPlan::default() };
        let result = experiments::run(&model, &plan, &|_| true)
            .unwrap_or_else(|failure| panic!("{}: {failure}\n{text}", self.id));
        let column = |metric: &str, scope: &str, class: &str| -> Vec<f64> {
            let same = |key: &experiments::metrics::RowKey| {
                key.metric.to_string() == metric && key.scope == scope && key.class == class
            };
            let row = result.keys.iter().position(same);
            result
                .column(row.unwrap_or_else(|| panic!("{}: no row {metric} {scope} {class}\n{text}", self.id)))
        };
        let mut report = String::new();
        for check in &self.checks {
            let values: Vec<f64> = match check.of {
                Of::Time(metric) => column(metric, "all", "all").iter().map(|ns| ns / 1e9).collect(),
                Of::ClassTime(metric, class) => {
                    column(metric, "all", class).iter().map(|ns| ns / 1e9).collect()
                }
                Of::Plain(metric) => column(metric, "all", "all"),
                Of::At(metric, scope) => column(metric, scope, "all"),
                Of::Ratio(part, whole) => {
                    let (part, whole) = (column(part, "all", "all"), column(whole, "all", "all"));
                    part.iter().zip(whole).map(|(part, whole)| part / whole).collect()
                }
            };
            if let Err(why) = accept(&values, check.exact, check.slack + check.of.coarseness(jobs), within) {
                let _ = writeln!(report, "{}: {}: {why}\n{text}", self.id, check.of.name());
            }
        }
        report
    }
}

impl Of {
    /// What a percentile of so many values may be too high by, relative: of many only buckets are kept, 128 an octave.
    fn coarseness(&self, values: u64) -> f64 {
        let bucketed = values > EXACT_VALUES as u64 && self.name().contains("/p");
        if bucketed { 1.0 / 128.0 } else { 0.0 }
    }

    fn name(&self) -> String {
        match self {
            Of::Time(metric) | Of::Plain(metric) => (*metric).to_owned(),
            Of::ClassTime(metric, at) | Of::At(metric, at) => format!("{metric} of {at}"),
            Of::Ratio(part, whole) => format!("{part} over {whole}"),
        }
    }
}

/// Whether the long tests are asked for.
fn long() -> bool {
    std::env::var_os("DISPATCHLAB_LONG").is_some_and(|value| value == "1")
}

/// Mean and standard error of independent values.
fn estimate(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let squares: f64 = values.iter().map(|value| (value - mean) * (value - mean)).sum();
    (mean, (squares / (n - 1.0) / n).sqrt())
}

/// The rule for one value.
fn accept(values: &[f64], exact: f64, slack: f64, within: f64) -> Result<(), String> {
    if values.len() < 30 {
        return Err(format!("{} replications are too few", values.len()));
    }
    let (mean, error) = estimate(values);
    let fits = |exact: f64| (mean - exact).abs() <= 4.0 * error + slack * exact.abs();
    let said = format!("mean {mean} with standard error {error}, exact {exact}");
    if !fits(exact) {
        return Err(format!("{said}: {:.1} standard errors off", (mean - exact) / error));
    }
    if error > within * exact.abs() {
        return Err(format!("{said}: {:.2} % is too coarse", 100.0 * error / exact.abs()));
    }
    let moved = (0.05 * exact.abs()).max(10.0 * error) + 2.0 * slack * exact.abs();
    for twin in [exact - moved, exact + moved] {
        if fits(twin) {
            return Err(format!("{said}: {twin} would be accepted too"));
        }
    }
    Ok(())
}

/// Runs oracles and fails with everything that is not as it must be.
pub fn hold(oracles: &[Oracle]) {
    let mut reports = String::new();
    for oracle in oracles {
        reports += &oracle.failures();
    }
    assert!(reports.is_empty(), "{reports}");
}

/// One class through one processor.
pub fn station(arrivals: &str, demand: &str, processor: &str) -> String {
    format!(
        "[[class]]\nname = \"job\"\nsteps = [{{ work = \"cpu\", demand = {demand} }}]\n\
         [[source]]\nname = \"jobs\"\nclass = \"job\"\narrivals = {arrivals}\n\
         [[processor]]\nname = \"cpu\"\n{processor}\n"
    )
}

/// Processors of one core, first come, first served.
pub fn processors<N: std::fmt::Display>(names: impl IntoIterator<Item = N>) -> String {
    names.into_iter().fold(String::new(), |mut text, name| {
        let _ = write!(text, "[[processor]]\nname = \"{name}\"\n");
        text
    })
}

pub fn poisson(rate: f64) -> String {
    format!("{{ poisson = \"{rate}/s\" }}")
}

pub const EXPONENTIAL: &str = "{ exponential = { mean = \"1s\" } }";
pub const DETERMINISTIC: &str = "\"1s\"";
pub const ERLANG2: &str = "{ erlang = { shape = 2, mean = \"1s\" } }";
pub const UNIFORM: &str = "{ uniform = { low = \"0s\", high = \"2s\" } }";
/// Squared coefficient of variation 4, balanced means.
pub const H2: &str = "{ hyperexponential = { mean = \"1s\", scv = 4.0 } }";
/// Squared coefficient of variation 4.
pub const LOGNORMAL: &str = "{ lognormal = { mean = \"1s\", cv = 2.0 } }";
pub const BOUNDED_PARETO: &str =
    "{ bounded-pareto = { shape = 1.5, low = \"339589178ns\", high = \"1000s\" } }";

/// Oracles whose models have no closed form in `experiments::theory`: numerical solutions, limits, approximations, and one
/// that is a fact about loads alone.
const NO_CLOSED_FORM: &[&str] = &[
    "mmpp2-m-1-mild",
    "mmpp2-m-1-bursty",
    "lb-2servers-rho0.9 jsq",
    "lb-2servers-rho0.9 jsq:ties=lowest",
    "lb-2servers-rho0.9 least-connections",
    "lb-2servers-rho0.9 power-of-d:d=2",
    "lb-2servers-rho0.9 power-of-d:d=2,replacement=true",
    "lb-3servers-rho0.8 jsq",
    "lb-3servers-rho0.8 power-of-d:d=2",
    "lb-3servers-rho0.8 power-of-d:d=2,replacement=true",
    "supermarket-lam0.7 d=2",
    "supermarket-lam0.7 d=5",
    "supermarket-lam0.9 d=2",
    "supermarket-lam0.9 d=3",
    "forkjoin-rho0.5 of four",
    "forkjoin-rho0.8 of eight",
];

/// What is shown beside a run of each oracle is the oracle's own answer.
#[test]
fn closed_forms_agree_with_the_oracles() {
    let mut without = Vec::new();
    let mut report = String::new();
    for oracle in [single::oracles(), disciplines::oracles(), farms::oracles(), networks::oracles()]
        .into_iter()
        .flatten()
    {
        let (_, model) = oracle.model(oracle.jobs);
        let Some(theory) = experiments::theory::of(&model) else {
            without.push(oracle.id);
            continue;
        };
        for check in &oracle.checks {
            let find = |metric: &str, scope: &str, class: &str| {
                let same = |row: &&experiments::theory::Exact| {
                    row.metric == metric && row.scope == scope && row.class == class
                };
                theory.exact.iter().find(same).map(|row| row.value)
            };
            let found = match check.of {
                Of::Time(metric) => find(metric, "all", "all").map(|ns| ns / 1e9),
                Of::ClassTime(metric, class) => find(metric, "all", class).map(|ns| ns / 1e9),
                Of::Plain(metric) => find(metric, "all", "all"),
                Of::At(metric, scope) => find(metric, scope, "all"),
                // Losses are told by the throughput.
                Of::Ratio(..) => continue,
            };
            // Arrivals of the one are all that its throughput says.
            if found.is_none() && matches!(check.of, Of::Plain("throughput/rate")) {
                continue;
            }
            let near = found.is_some_and(|found| (found / check.exact - 1.0).abs() < 1e-5);
            if !near {
                let _ = writeln!(
                    report,
                    "{}: {}: {}: {found:?}, expected {}",
                    oracle.id,
                    theory.title,
                    check.of.name(),
                    check.exact
                );
            }
        }
    }
    assert!(report.is_empty(), "{report}");
    assert_eq!(without, NO_CLOSED_FORM, "models without a closed form");
}

/// The rule refuses what it must refuse.
#[test]
fn the_rule_refuses() {
    let values: Vec<f64> = (0..32).map(|i| 1.0 + 0.001 * f64::from(i % 5)).collect();
    assert_eq!(accept(&values, 1.002, 0.0, 0.01), Ok(()));
    let refused = |values: &[f64], exact, within| accept(values, exact, 0.0, within).unwrap_err();
    assert!(refused(&values, 1.01, 0.01).contains("standard errors off"));
    assert!(refused(&values, 1.002, 1e-6).contains("too coarse"));
    assert!(refused(&values[..20], 1.002, 0.01).contains("too few"));
}
