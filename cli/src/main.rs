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
mod leftovers;
mod load;
mod manifest;
mod output;
mod progress;
mod reading;
mod repeat;
mod signals;

use args::{Cli, Command, GlobalArgs};
use clap::{ArgMatches, CommandFactory as _, FromArgMatches as _};
use failure::Failure;
use sim_core::shown::{is_unseen, shown_lines};
use std::io::Write as _;
use std::process::ExitCode;

fn main() -> ExitCode {
    signals::install();
    let matches = match Cli::command().try_get_matches() {
        Ok(matches) => matches,
        Err(error) => return asked_or_wrong(&error),
    };
    let global = match GlobalArgs::from_arg_matches(&matches) {
        Ok(global) => global,
        Err(error) => return asked_or_wrong(&error),
    };
    global.color.install();
    scenarios::bounds::set_max_input(global.max_input.unwrap_or(0));
    match start(matches, global) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}

/// Help and versions are results, and go where results go; everything else is said on standard error.
fn asked_or_wrong(error: &clap::Error) -> ExitCode {
    let has_unseen = std::env::args_os().any(|word| word.to_string_lossy().contains(is_unseen));
    let styled = error.render();
    // Colors and what hides in the arguments cannot be told apart any more.
    let text =
        if has_unseen { shown_lines(&styled.to_string()).into_owned() } else { styled.ansi().to_string() };
    if error.use_stderr() {
        let _ = write!(anstream::stderr(), "{text}");
        return ExitCode::from(2);
    }
    let is_plain = anstream::AutoStream::choice(&std::io::stdout()) == anstream::ColorChoice::Never;
    let printed =
        output::stdout(|out| if is_plain { write!(out, "{styled}") } else { write!(out, "{text}") });
    match printed {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}

/// Runs what was asked for, and writes its manifest.
fn start(matches: ArgMatches, global: GlobalArgs) -> Result<(), Failure> {
    let (matches, repeat) = repeat::resolved(matches)?;
    let mut cli = Cli::from_arg_matches(&matches).map_err(|error| Failure::Usage(error.to_string()))?;
    // Colors and the like are those of this command line, whatever is repeated.
    cli.global = global;
    let no_manifest = repeat::no_manifest(&matches);
    cli.global.session.begin(repeat::command_line(&matches), no_manifest, repeat)?;
    let result = command(&cli);
    let result = match &result {
        Ok(()) | Err(Failure::Verdict(_) | Failure::Precision(_)) => cli.global.session.finish().and(result),
        Err(_) => result,
    };
    match &cli.command {
        Command::Sweep(args) if args.goes_on() => result.map_err(Failure::resumable),
        _ => result,
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
        Command::New(args) => commands::files::new(args, &cli.global),
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
        let mut stderr = anstream::stderr();
        // Where standard error is closed, the exit code still tells.
        let _ = match &self {
            Failure::ClosedPipe => return ExitCode::SUCCESS,
            Failure::Diagnostics(text) => write!(stderr, "{text}"),
            Failure::Verdict(text) => {
                let style = anstyle::AnsiColor::Red.on_default().bold();
                writeln!(stderr, "{style}failed{style:#}: {}", shown_lines(text))
            }
            Failure::Precision(text) => {
                let style = anstyle::AnsiColor::Yellow.on_default().bold();
                writeln!(stderr, "{style}undecided{style:#}: {}", shown_lines(text))
            }
            Failure::Incomplete(text) => {
                let style = anstyle::AnsiColor::Yellow.on_default().bold();
                writeln!(stderr, "{style}incomplete{style:#}: {}", shown_lines(text))
            }
            Failure::Interrupted(text) => {
                let style = anstyle::AnsiColor::Yellow.on_default().bold();
                writeln!(stderr, "{style}stopped{style:#}: {}", shown_lines(text))
            }
            Failure::Usage(text) | Failure::Run(text) | Failure::Full(text) => {
                let style = anstyle::AnsiColor::Red.on_default().bold();
                writeln!(stderr, "{style}error{style:#}: {}", shown_lines(text))
            }
        };
        ExitCode::from(self.exit_code())
    }
}
