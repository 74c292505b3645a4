//! `dispatchlab completions` and `dispatchlab man`: made from the same definitions as the help.

use crate::args::{Cli, GlobalArgs};
use crate::failure::Failure;
use crate::output;
use clap::{Args, CommandFactory as _};
use clap_complete::Shell;
use std::fs;
use std::path::Path;

/// Which shell.
#[derive(Args)]
pub struct CompletionsArgs {
    /// The shell that is to complete commands
    #[arg(value_enum)]
    pub shell: Shell,
}

/// Where pages go.
#[derive(Args)]
pub struct ManArgs {
    /// The folder for the pages; it is made where it is not there
    #[arg(long, value_name = "DIR")]
    pub out: String,
}

/// Prints what the shell is to read.
pub fn completions(args: &CompletionsArgs) -> Result<(), Failure> {
    let mut text = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "dispatchlab", &mut text);
    output::stdout(|out| out.write_all(&text))
}

/// Writes a page a command: `dispatchlab.1`, `dispatchlab-run.1`, ...
pub fn man(args: &ManArgs, global: &GlobalArgs) -> Result<(), Failure> {
    let folder = Path::new(&args.out);
    if folder.is_file() {
        return Err(Failure::Usage(format!("cannot write to `{}`: it is a file", args.out)));
    }
    fs::create_dir_all(folder).map_err(|error| Failure::writing(&args.out, &error))?;
    let mut root = Cli::command().disable_help_subcommand(true);
    root.build();
    pages(&root, folder)?;
    let first = folder.join("dispatchlab.1");
    crate::load::notes(&[format!("read them with `man -l {}`", first.display())], global);
    Ok(())
}

fn pages(command: &clap::Command, folder: &Path) -> Result<(), Failure> {
    // Without a date: the same program writes the same pages.
    let page = clap_mangen::Man::new(command.clone());
    let path = folder.join(page.get_filename());
    output::replace(&path, |out| page.render(&mut &mut *out))
        .map_err(|error| Failure::writing(&path.display().to_string(), &error))?;
    command.get_subcommands().try_for_each(|inner| pages(inner, folder))
}
