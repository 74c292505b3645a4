//! The `dispatchlab` command.
//!
//! Thin on purpose: it reads arguments, asks `scenarios` for a model, `experiments` for numbers and `reports` for text, and
//! decides where the text goes and how the process ends.
//!
//! Standard output holds the result only; everything else goes to standard error. Exit codes: 0 done, 1 the run failed,
//! 2 wrong usage or invalid input, 3 something is missing, 4 what was to hold does not hold, 5 not as sure as asked for,
//! 75 stopped and resumable, 101 a bug. A closed pipe ends the process quietly.

mod args;
mod commands;
mod failure;
mod gate;
mod load;
mod manifest;
mod output;
mod progress;
mod repeat;

use args::{Cli, Command, GlobalArgs};
use clap::{ArgMatches, CommandFactory as _, FromArgMatches as _};
use failure::Failure;
use std::process::ExitCode;

fn main() -> ExitCode {
    let matches = Cli::command().get_matches();
    let global = GlobalArgs::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    global.color.install();
    match start(matches, global) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}

/// Runs what was asked for, and writes its manifest.
fn start(matches: ArgMatches, global: GlobalArgs) -> Result<(), Failure> {
    let (matches, repeat) = repeat::resolved(matches)?;
    let mut cli = Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    // Colors and the like are those of this command line, whatever is repeated.
    cli.global = global;
    let no_manifest = repeat::no_manifest(&matches);
    cli.global.session.begin(repeat::command_line(&matches), no_manifest, repeat)?;
    let result = command(&cli);
    match &result {
        Ok(()) | Err(Failure::Verdict(_) | Failure::Precision(_)) => cli.global.session.finish().and(result),
        Err(_) => result,
    }
}

fn command(cli: &Cli) -> Result<(), Failure> {
    match &cli.command {
        Command::Run(args) => commands::run::run(args, &cli.global),
        Command::Compare(args) => commands::compare::run(args, &cli.global),
        Command::Sweep(args) => commands::sweep::run(args, &cli.global),
        Command::Report(args) => commands::report::run(args, &cli.global),
        Command::Exercise(args) => commands::exercise::exercise(args, &cli.global),
        Command::Grade(args) => commands::exercise::grade(args, &cli.global),
        Command::Lessons(args) => commands::lessons::run(args, &cli.global),
        Command::Plan(args) => commands::plan::run(args, &cli.global),
        Command::Policies(args) => commands::policies::run(args),
        Command::Verify(args) => commands::verify::run(args, &cli.global),
        Command::Validate(args) => commands::validate::run(args, &cli.global),
        Command::Schema(args) => commands::files::schema(args),
        Command::New(args) => commands::files::new(args),
        Command::Completions(args) => commands::completions::completions(args),
        Command::Man(args) => commands::completions::man(args, &cli.global),
    }
}

/// Reports a failure on standard error and gives the exit code that goes with it.
trait Report {
    fn report(self) -> ExitCode;
}

impl Report for Failure {
    fn report(self) -> ExitCode {
        use std::io::Write as _;
        let mut stderr = anstream::stderr();
        // Where standard error is closed, the exit code still tells.
        let _ = match &self {
            Failure::ClosedPipe => return ExitCode::SUCCESS,
            Failure::Diagnostics(text) => write!(stderr, "{text}"),
            Failure::Verdict(text) => {
                let style = anstyle::AnsiColor::Red.on_default().bold();
                writeln!(stderr, "{style}failed{style:#}: {text}")
            }
            Failure::Precision(text) => {
                let style = anstyle::AnsiColor::Yellow.on_default().bold();
                writeln!(stderr, "{style}undecided{style:#}: {text}")
            }
            Failure::Incomplete(text) => {
                let style = anstyle::AnsiColor::Yellow.on_default().bold();
                writeln!(stderr, "{style}incomplete{style:#}: {text}")
            }
            Failure::Interrupted(text) => {
                let style = anstyle::AnsiColor::Yellow.on_default().bold();
                writeln!(stderr, "{style}stopped{style:#}: {text}")
            }
            Failure::Usage(text) | Failure::Run(text) => {
                let style = anstyle::AnsiColor::Red.on_default().bold();
                writeln!(stderr, "{style}error{style:#}: {text}")
            }
        };
        ExitCode::from(self.exit_code())
    }
}
