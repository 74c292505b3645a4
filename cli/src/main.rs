//! The `dispatchlab` command.
//!
//! Thin on purpose: it reads arguments, asks `scenarios` for a model, `experiments` for numbers and `reports` for text, and
//! decides where the text goes and how the process ends.
//!
//! Standard output holds the result only; everything else goes to standard error. Exit codes: 0 done, 1 the run failed,
//! 2 wrong usage or invalid input, 101 a bug. A closed pipe ends the process quietly.

mod args;
mod commands;
mod failure;
mod load;
mod output;
mod progress;

use args::{Cli, Command};
use clap::Parser;
use failure::Failure;
use std::process::ExitCode;

fn main() -> ExitCode {
    let cli = Cli::parse();
    cli.global.color.install();
    let result = match &cli.command {
        Command::Run(args) => commands::run::run(args, &cli.global),
        Command::Compare(args) => commands::compare::run(args, &cli.global),
        Command::Policies(args) => commands::policies::run(args),
        Command::Validate(args) => commands::validate::run(args, &cli.global),
        Command::Schema => commands::files::schema(),
        Command::New(args) => commands::files::new(args),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
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
            Failure::Usage(text) | Failure::Run(text) => {
                let style = anstyle::AnsiColor::Red.on_default().bold();
                writeln!(stderr, "{style}error{style:#}: {text}")
            }
        };
        ExitCode::from(self.exit_code())
    }
}
