//! What can be written on the command line.

use crate::commands::completions::{CompletionsArgs, ManArgs};
use crate::commands::folder::FileArgs;
use crate::commands::report::{ReportArgs, ReportCommand};
use crate::gate::PrecisionArgs;
use crate::manifest::Session;
use crate::repeat::RepeatArgs;
use clap::{Args, Parser, Subcommand, ValueEnum};
use experiments::condition::parse_part;
use experiments::run::BATCHES;
use reports::sheet::CsvStyle;

/// Simulates how work gets to processors and servers.
#[derive(Parser)]
#[command(
    name = "dispatchlab",
    version,
    propagate_version = true,
    after_help = "Exit codes: 0 done, 1 the run failed, 2 wrong usage or invalid input, 3 cells are missing,\n\
                  4 what was to hold does not hold, 5 not as sure as asked for,\n\
                  75 stopped and resumable, 101 a bug.\n\
                  Examples:\n  \
                  dispatchlab run convoy --policy srtf\n  \
                  dispatchlab run tasks.csv --policy round-robin:quantum=4ms --context-switch 100us\n  \
                  dispatchlab compare web-shop --policy lb=round-robin --policy lb=least-connections --replications 30"
)]
pub struct Cli {
    #[command(flatten)]
    pub global: GlobalArgs,
    #[command(subcommand)]
    pub command: Command,
}

/// What every command takes.
#[derive(Args)]
pub struct GlobalArgs {
    /// When to use color; NO_COLOR and CLICOLOR_FORCE are obeyed by `auto`
    #[arg(long, global = true, value_enum, default_value_t = Color::Auto, value_name = "WHEN")]
    pub color: Color,
    /// No progress and no notes on standard error
    #[arg(long, short, global = true)]
    pub quiet: bool,
    /// Read at most so much of an input, such as 4GiB, in place of the usual limit of each kind of input
    #[arg(long, global = true, value_name = "SIZE", value_parser = crate::reading::size)]
    pub max_input: Option<u64>,
    /// What the command takes note of for its manifest.
    #[arg(skip)]
    pub session: Session,
}

/// When to use color.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum Color {
    /// On terminals.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

impl Color {
    /// Makes the choice hold for the whole process.
    pub fn install(self) {
        let choice = match self {
            Color::Auto => anstream::ColorChoice::Auto,
            Color::Always => anstream::ColorChoice::Always,
            Color::Never => anstream::ColorChoice::Never,
        };
        choice.write_global();
    }
}

#[derive(Subcommand)]
pub enum Command {
    /// Run a scenario, a task list, an access log or a request trace
    Run(RunArgs),
    /// Run several policies (or inputs) on the same work and compare them
    Compare(CompareArgs),
    /// Run many policies and parameter points, here or on a cluster
    Sweep(crate::commands::sweep::SweepArgs),
    /// Show a result that was written earlier as one HTML page, or as charts
    Report(ReportCommand),
    /// Make a problem sheet for a class, or its key
    Exercise(crate::commands::exercise::ExerciseArgs),
    /// Grade an answer to a problem sheet, with the mistakes by name
    Grade(crate::commands::exercise::GradeArgs),
    /// List the lessons, show one, or check what they state
    Lessons(crate::commands::lessons::LessonsArgs),
    /// Find the fewest servers that keep a goal
    Plan(crate::commands::plan::PlanCommand),
    /// List the policies, or show one
    Policies(PoliciesArgs),
    /// Hold simulations against closed forms of queueing theory
    Verify(crate::commands::verify::VerifyArgs),
    /// Check inputs without running them
    Validate(ValidateArgs),
    /// Print the JSON Schema of scenario files or sweep plans, for editors
    Schema(crate::commands::files::SchemaArgs),
    /// Write a commented input to start from
    New(NewArgs),
    /// Print what a shell needs to complete commands
    Completions(CompletionsArgs),
    /// Write manual pages
    Man(ManArgs),
}

/// Where results go and in which form.
#[derive(Args, Clone)]
pub struct OutputArgs {
    /// Form of the result; without it the suffix of the output file decides, else `table`
    #[arg(long, value_enum, value_name = "FORMAT")]
    pub format: Option<Format>,
    /// Write the result to a file (by a temporary name, then renamed); `-` is standard output
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<String>,
    /// Turn the long form: one row a replication, one column a metric (csv, jsonl, parquet)
    #[arg(long)]
    pub wide: bool,
    /// CSV for Excel: byte order mark, separator line, an apostrophe before names that look like formulas
    #[arg(long)]
    pub excel: bool,
    /// CSV lines end in CR LF
    #[arg(long)]
    pub crlf: bool,
}

impl OutputArgs {
    /// How CSV is written.
    pub fn style(&self) -> CsvStyle {
        CsvStyle { excel: self.excel, crlf: self.crlf }
    }
}

/// Forms of results.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum Format {
    /// For people: tables and a text Gantt chart.
    Table,
    /// One JSON document.
    Json,
    /// Long form, one row per replication and metric.
    Csv,
    /// The same, one JSON object a line.
    Jsonl,
    /// The same as Parquet.
    #[cfg(feature = "parquet")]
    Parquet,
    /// Markdown, to paste.
    Md,
}

impl Format {
    /// Whether it has a place for findings in front of the numbers.
    pub fn has_findings(self) -> bool {
        matches!(self, Format::Table | Format::Json | Format::Md)
    }
}

impl Format {
    /// As it is written on the command line.
    pub fn word(self) -> &'static str {
        match self {
            Format::Table => "table",
            Format::Json => "json",
            Format::Csv => "csv",
            Format::Jsonl => "jsonl",
            #[cfg(feature = "parquet")]
            Format::Parquet => "parquet",
            Format::Md => "md",
        }
    }

    /// How names of such files end.
    pub fn suffix(self) -> &'static str {
        if self == Format::Table { "txt" } else { self.word() }
    }
}

/// What goes over the input's own settings.
#[derive(Args, Default)]
pub struct ModelArgs {
    /// Cores of the processor
    #[arg(long, value_name = "N")]
    pub cores: Option<u32>,
    /// Cost of changing from one job to another, such as 5us
    #[arg(long, value_name = "T")]
    pub context_switch: Option<String>,
    /// Cost of carrying out a scheduling decision, such as 2us
    #[arg(long, value_name = "T")]
    pub dispatch_latency: Option<String>,
    /// Costs of a kernel whose events interrupt cores, such as save=100us,load=150us,release=2us,exit=2us,decide=5us
    #[arg(long, value_name = "KEY=T,...")]
    pub interrupts: Option<String>,
    /// Unit of bare numbers in task lists and request traces
    #[arg(long, value_name = "UNIT", default_value = "ms")]
    pub time_unit: String,
    /// Tie rules: a preset (textbook, ostep-mlfq, simso) or key=value,...
    #[arg(long, value_name = "TIES")]
    pub ties: Option<String>,
    /// When the run ends; periodic task lists end at their hyperperiod by default
    #[arg(long, value_name = "T")]
    pub until: Option<String>,
    /// Jobs released before this are not measured; `auto` finds the time by MSER-5 on replication 1
    #[arg(long, value_name = "T|auto")]
    pub warmup: Option<String>,
    /// Change a setting of the scenario, such as clients.arrivals.poisson=900/s
    #[arg(long, value_name = "PATH=VALUE")]
    pub set: Vec<String>,
    /// So many times the demand of every source, such as 1.5: gaps are divided by it, a log or trace keeps its calendar
    /// and has so many times the requests
    #[arg(long, value_name = "X")]
    pub scale: Option<String>,
    /// A log or trace runs so many times as fast: its times are divided by it, its requests stay as many
    #[arg(long, value_name = "X")]
    pub speedup: Option<String>,
    /// Root of all random streams; the scenario's seed, or 1, by default
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// Whether I/O of a task list is `parallel` or queues at one device (`fcfs`)
    #[arg(long, value_name = "KIND")]
    pub io_device: Option<String>,
    /// Service times of a log or trace: `100ms + 1us/byte`, `20ms*tokens`; of a log also `field` for its request time, or
    /// `field:NAME` or `field:INDEX` (from 1; -1 is the last) with the unit where the log does not tell, `field:-1:ms`
    #[arg(long, value_name = "LAW")]
    pub service: Option<String>,
    /// Request times are cut to what quiet requests took: `pN` (no longer than their Nth percentile), `quiet` (rank by rank),
    /// with hours of the day (UTC) as in `p10@02:00-05:00`
    #[arg(long, value_name = "HOW")]
    pub service_floor: Option<String>,
    /// Which column of a request trace or field of a log is what, such as arrival=TIMESTAMP,service=took:us; of JSON a path
    #[arg(long, value_name = "FOR=COLUMN", value_delimiter = ',')]
    pub map: Vec<String>,
    /// Number of servers of an access log or request trace
    #[arg(long, value_name = "N")]
    pub servers: Option<u32>,
    /// Format of an access log: the server's own format string, or common, combined, vhost-combined, nginx-ingress, traefik,
    /// caddy, haproxy-http, envoy, aws-alb, squid, w3c; told from the lines by default
    #[arg(long, value_name = "FORMAT")]
    pub log_format: Option<String>,
    /// Whether stamps of an access log are of the `start` or the `end` of a request; as the format has it by default
    #[arg(long, value_name = "WHEN")]
    pub stamp: Option<String>,
    /// Stamps of whole seconds: `spread` requests evenly over their second, `keep` them, or draw at `random`
    #[arg(long, value_name = "HOW")]
    pub within_second: Option<String>,
    /// Who the client of an access log's line is: `remote`, `forwarded-for` or `field:NAME`
    #[arg(long, value_name = "WHO")]
    pub client: Option<String>,
    /// A class of requests by method, path and status, such as 'checkout=POST /checkout*' or errors=5xx; the first that fits
    #[arg(long, value_name = "NAME=PATTERN")]
    pub class: Vec<String>,
    /// Run only requests that a pattern fits; may be repeated
    #[arg(long, value_name = "PATTERN")]
    pub only: Vec<String>,
    /// Leave out requests that a pattern fits, such as 4xx; may be repeated
    #[arg(long, value_name = "PATTERN")]
    pub except: Vec<String>,
}

/// How a model is run.
#[derive(Args)]
pub struct PlanArgs {
    /// Independent replications
    #[arg(long, value_name = "R", default_value_t = 1,
          value_parser = clap::value_parser!(u32).range(1..=i64::from(experiments::run::MAX_REPLICATIONS)))]
    pub replications: u32,
    /// Threads; one a processor of this machine by default. Results do not depend on it
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,
    /// Stop with an error after this many events in one replication
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub max_events: Option<u64>,
    /// Stop with an error when more jobs than this are in the system at once
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub max_jobs: Option<u64>,
    /// Keep percentiles of waiting times in runs of more than 100 000 jobs too, which take a tenth longer for it
    #[arg(long)]
    pub waiting_percentiles: bool,
    /// Confidence level of intervals, such as 0.95 or 95%
    #[arg(long, value_name = "LEVEL", default_value = "0.95", value_parser = confidence)]
    pub confidence: f64,
}

/// A level of confidence: `0.95` or `95%`.
pub fn confidence(text: &str) -> Result<f64, String> {
    let number = |text: &str| text.trim().parse::<f64>().ok();
    let level = match text.strip_suffix('%') {
        // As one decimal number: 99.9 / 100 is off in the last bit.
        Some(percent) => number(&format!("{}e-2", percent.trim())),
        None => number(text),
    };
    level
        .filter(|level| (0.01..=0.999_999).contains(level))
        .ok_or_else(|| "a level is a number from 0.01 to 0.999999, or a percentage such as 95%".to_owned())
}

#[derive(Args)]
pub struct RunArgs {
    /// A scenario (.toml), a task list or request trace (.csv), an access log, a library scenario's name, or `-`
    #[arg(required = false, required_unless_present = "from")]
    pub input: String,
    /// The policy of a processor or balancer, such as round-robin:quantum=4ms or web.cpu=fcfs
    #[arg(long, value_name = "[STATION=]ID[:k=v,...]")]
    pub policy: Vec<String>,
    #[command(flatten)]
    pub model: ModelArgs,
    #[command(flatten)]
    pub plan: PlanArgs,
    /// List every job and what every core did, however many there are
    #[arg(long)]
    pub records: bool,
    /// Give a hash of the order of events, however many there are; table and JSON
    #[arg(long)]
    pub digest: bool,
    #[command(flatten)]
    pub precision: PrecisionArgs,
    /// One long run: intervals of response times from so many batches of its jobs
    #[arg(long, value_name = "N", conflicts_with_all = ["replications", "precision"],
          value_parser = clap::value_parser!(u32).range(i64::from(*BATCHES.start())..=i64::from(*BATCHES.end())))]
    pub batches: Option<u32>,
    /// Also write Welch's plot of the warm-up as CSV; takes 5 --replications or more, which are run once more from their
    /// beginning
    #[arg(long, value_name = "FILE")]
    pub welch: Option<String>,
    /// Exit with 4 where this holds, such as 'response/p99 > 250ms', and with 5 where it cannot be told; may be repeated
    #[arg(long, value_name = "CONDITION")]
    pub fail_if: Vec<String>,
    /// Measure this too, such as response/p80 or waiting/within:20s; may be repeated
    #[arg(long, value_name = "METRIC")]
    pub metric: Vec<String>,
    /// Explain every decision of replication 1; with --format csv the rows are the decisions
    #[arg(long)]
    pub explain: bool,
    /// Explain the decision at this time, or the last one before it
    #[arg(long, value_name = "T")]
    pub explain_at: Option<String>,
    #[command(flatten)]
    pub output: OutputArgs,
    #[command(flatten)]
    pub report: ReportArgs,
    #[command(flatten)]
    pub files: FileArgs,
    #[command(flatten)]
    pub repeat: RepeatArgs,
}

#[derive(Args)]
pub struct CompareArgs {
    /// One input or several; see `run`
    #[arg(required_unless_present = "from")]
    pub input: Vec<String>,
    /// A policy to compare; with only one, it is compared with the input as it is
    #[arg(long, value_name = "[STATION=]ID[:k=v,...]")]
    pub policy: Vec<String>,
    /// What the others are compared with; the first by default
    #[arg(long, value_name = "POLICY")]
    pub reference: Option<String>,
    /// Compare these metrics, such as response/p99; the first decides who wins
    #[arg(long, value_name = "METRIC")]
    pub metric: Vec<String>,
    /// Differences within this part of the reference's value make no practical difference, such as 1%
    #[arg(long, value_name = "PART", default_value = "0", value_parser = parse_part)]
    pub noise: f64,
    /// Find the best policy on this metric: replications go to those that are hard to tell apart (OCBA), until the
    /// probability of a correct selection is --confidence; exit code 5 where the budget is too small
    #[arg(long, value_name = "METRIC", conflicts_with_all = ["reference", "metric", "replications", "precision"])]
    pub best: Option<String>,
    /// Replications over all policies that --best may take; 100 a policy by default
    #[arg(long, value_name = "R", requires = "best",
          value_parser = clap::value_parser!(u32).range(1..=i64::from(experiments::run::MAX_REPLICATIONS)))]
    pub budget: Option<u32>,
    #[command(flatten)]
    pub precision: PrecisionArgs,
    /// Exit with 4 where this holds for a policy, and with 5 where it cannot be told: 'response/p99 > 250ms',
    /// 'response/p99 worse by 5%' (than the reference); `POLICY: ` in front holds one policy alone to it; may be repeated
    #[arg(long, value_name = "CONDITION")]
    pub fail_if: Vec<String>,
    /// Show the first decision at which each policy parts with the reference
    #[arg(long)]
    pub first_difference: bool,
    #[command(flatten)]
    pub model: ModelArgs,
    #[command(flatten)]
    pub plan: PlanArgs,
    #[command(flatten)]
    pub output: OutputArgs,
    #[command(flatten)]
    pub report: ReportArgs,
    #[command(flatten)]
    pub repeat: RepeatArgs,
}

#[derive(Args)]
pub struct PoliciesArgs {
    #[command(subcommand)]
    pub command: Option<PoliciesCommand>,
}

#[derive(Subcommand)]
pub enum PoliciesCommand {
    /// List every policy
    List,
    /// Show a policy: its definition, tie rule, parameters, source, and an example that is run on the spot
    Show {
        /// The policy's id, such as round-robin
        name: String,
    },
}

#[derive(Args)]
pub struct ValidateArgs {
    /// Inputs; see `run`
    #[arg(required = true)]
    pub input: Vec<String>,
    /// The policy of a processor or balancer; see `run`
    #[arg(long, value_name = "[STATION=]ID[:k=v,...]")]
    pub policy: Vec<String>,
    #[command(flatten)]
    pub model: ModelArgs,
}

#[derive(Args)]
pub struct NewArgs {
    /// Which template; without it they are listed
    pub template: Option<String>,
    /// Write it to a file that does not exist yet
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<String>,
}
