//! `dispatchlab sweep`: many policies, points and replications, on one machine or on a cluster.
//!
//! | module | what it does |
//! |---|---|
//! | `folder` | what a sweep is: the plan, its copies and hashes |
//! | `journal` | the results of cells, line by line |
//! | `worker` | computes what is missing |
//! | `merge` | results in the order of the cells |
//! | `status` | what is there and what is missing |
//! | `submit` | job arrays of Slurm, and what other engines are to be told |

mod folder;
mod journal;
mod merge;
mod status;
mod submit;
mod worker;

pub use folder::checked;

use crate::args::GlobalArgs;
use crate::failure::Failure;
use crate::{load, signals};
use clap::{Args, Subcommand, ValueEnum};
use folder::Folder;
use std::io::Write;
use std::path::Path;
use worker::Shard;

#[derive(Args)]
#[command(
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true,
    after_help = "Exit codes: 0 done, 1 a cell failed, 2 wrong usage or a changed plan, 3 cells are missing,\n\
                  75 interrupted: the same command goes on."
)]
pub struct SweepArgs {
    #[command(subcommand)]
    command: Option<SweepCommand>,
    #[command(flatten)]
    whole: WholeArgs,
}

/// The short form: new, run and merge on this machine.
#[derive(Args)]
struct WholeArgs {
    /// A plan (.toml), `-`, or the name of a library plan
    #[arg(required = true)]
    plan: Option<String>,
    /// The folder of the sweep, new or the same plan's
    #[arg(long, value_name = "DIR", required = true)]
    out: Option<String>,
    /// Where results go (.csv, .jsonl or .parquet, with a summary beside it); `-` is standard output
    #[arg(long, short, value_name = "FILE", default_value = "-")]
    output: String,
    /// Threads; one a processor of this machine by default. Results do not depend on it
    #[arg(long, value_name = "J", value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,
}

#[derive(Subcommand)]
enum SweepCommand {
    /// Check a plan and make the folder of its sweep
    New(NewArgs),
    /// Compute what is missing; it may be stopped at any time and goes on when it is started again
    Run(RunArgs),
    /// Say what is done and what is missing
    Status(StatusArgs),
    /// Write the results in the order of the cells
    Merge(MergeArgs),
    /// Submit what is missing as a job array, or print what another engine is to be told
    Submit(SubmitArgs),
}

#[derive(Args)]
struct NewArgs {
    /// A plan (.toml), `-`, or the name of a library plan
    plan: String,
    /// The folder to make
    #[arg(long, value_name = "DIR")]
    out: String,
}

#[derive(Args)]
struct RunArgs {
    /// The folder of the sweep
    dir: String,
    /// Only shard i of n: every n-th cell, the first is 0/n
    #[arg(long, value_name = "i/n")]
    shard: Option<Shard>,
    /// Threads; one a processor of this machine by default. Results do not depend on it
    #[arg(long, value_name = "J", value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,
    /// Run the folder's copies though the plan or scenario that they were made from has changed
    #[arg(long)]
    as_made: bool,
}

#[derive(Args)]
struct StatusArgs {
    /// The folder of the sweep
    dir: String,
    /// As JSON
    #[arg(long)]
    json: bool,
}

#[derive(Args)]
struct MergeArgs {
    /// The folder of the sweep
    dir: String,
    /// Where results go (.csv, .jsonl or .parquet, with a summary beside it); `-` is standard output
    #[arg(long, short, value_name = "FILE", default_value = "-")]
    output: String,
    /// Write what is there, though cells are missing or have failed
    #[arg(long)]
    partial: bool,
    /// Write no manifest beside the result
    #[arg(long)]
    no_manifest: bool,
}

/// Who runs the shards.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
enum Engine {
    /// Writes a batch script and submits it as a job array.
    Slurm,
    /// Prints a Kubernetes Indexed Job; not exercised by the tests.
    K8s,
    /// Prints a command for AWS Batch; not exercised by the tests.
    AwsBatch,
    /// Prints a command for GNU parallel.
    Parallel,
}

#[derive(Args)]
struct SubmitArgs {
    /// The folder of the sweep
    dir: String,
    /// Who runs the shards
    #[arg(long, value_enum)]
    engine: Engine,
    /// Into how many shards; by default the plan's number, or what makes one last about ten minutes
    #[arg(long, value_name = "N",
          value_parser = clap::value_parser!(u32).range(1..=i64::from(scenarios::sweep_plan::SHARDS_MAX)))]
    shards: Option<u32>,
    /// Time limit of a shard, as Slurm writes it: minutes, or 1-12:00:00
    #[arg(long, value_name = "TIME", value_parser = one_word)]
    time: Option<String>,
    /// Partition
    #[arg(long, value_name = "NAME", value_parser = one_word)]
    partition: Option<String>,
    /// Account
    #[arg(long, value_name = "NAME", value_parser = one_word)]
    account: Option<String>,
    /// Cores, and threads, of a shard
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=1024))]
    cpus_per_task: u16,
    /// At most so many shards at once
    #[arg(long, value_name = "K", value_parser = clap::value_parser!(u32).range(1..))]
    throttle: Option<u32>,
    /// Print the script and submit nothing
    #[arg(long)]
    dry_run: bool,
    /// Run the folder's copies though the plan or scenario that they were made from has changed
    #[arg(long)]
    as_made: bool,
}

/// A word for a line of the script.
fn one_word(text: &str) -> Result<String, String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.:,+@/".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        Ok(text.to_owned())
    } else {
        Err("a word of letters, digits and -_.:,+@/".to_owned())
    }
}

impl SweepArgs {
    /// Whether the same command, given again, goes on where this one had to stop.
    pub fn goes_on(&self) -> bool {
        matches!(&self.command, None | Some(SweepCommand::New(_) | SweepCommand::Run(_)))
    }
}

/// Runs what was asked for.
pub fn run(args: &SweepArgs, global: &GlobalArgs) -> Result<(), Failure> {
    match &args.command {
        None => whole(&args.whole, global),
        Some(SweepCommand::New(new)) => {
            signals::set(signals::Effect::Resumable);
            let (folder, _claim) = Folder::make(&new.plan, &new.out, global)?;
            let state = status::State::read(&folder)?;
            let done = if state.done > 0 { format!(", {} of them done", state.done) } else { String::new() };
            let said = format!(
                "{} cells in `{}`{done}; `dispatchlab sweep run {}` computes them",
                folder.cells.count(),
                new.out,
                new.out
            );
            load::notes(&[said], global);
            Ok(())
        }
        Some(SweepCommand::Run(run)) => {
            let folder = Folder::open(Path::new(&run.dir))?;
            folder.refuse_changed(run.as_made)?;
            worker::run(&folder, run.shard, run.threads.map_or(0, usize::from), global)
        }
        Some(SweepCommand::Status(status)) => {
            status::run(&Folder::open(Path::new(&status.dir))?, status.json)
        }
        Some(SweepCommand::Merge(merge)) => {
            merge::reserve(&merge.output, global)?;
            merge::run(&Folder::open(Path::new(&merge.dir))?, &merge.output, merge.partial, global)
        }
        Some(SweepCommand::Submit(submit)) => {
            submit::run(Folder::open(Path::new(&submit.dir))?, submit, global)
        }
    }
}

/// Whether a folder is that of a sweep.
pub fn is_sweep(folder: &Path) -> bool {
    folder.join("plan.json").is_file()
}

/// Merges a sweep for a report.
pub fn long_form(folder: &Path, out: &mut dyn Write, global: &GlobalArgs) -> Result<(), Failure> {
    merge::long_form(&Folder::open(folder)?, out, global)
}

fn whole(args: &WholeArgs, global: &GlobalArgs) -> Result<(), Failure> {
    let (Some(plan), Some(out)) = (&args.plan, &args.out) else {
        return Err(Failure::Usage("a plan and --out DIR are needed".to_owned()));
    };
    signals::set(signals::Effect::Resumable);
    merge::reserve(&args.output, global)?;
    // Kept to the end: another one that is started meanwhile would find nothing to do, or take a part of it away.
    let (folder, _claim) = Folder::make(plan, out, global)?;
    worker::run(&folder, None, args.threads.map_or(0, usize::from), global)?;
    merge::run(&folder, &args.output, false, global)
}
