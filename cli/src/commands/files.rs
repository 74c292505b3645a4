//! `dispatchlab schema` and `dispatchlab new`.

use crate::args::{GlobalArgs, NewArgs};
use crate::commands::run::print;
use crate::failure::Failure;
use crate::output::{self, Place};
use clap::{Args, ValueEnum};
use std::fmt::Write as _;
use std::io;

/// What a schema is of.
#[derive(Args)]
pub struct SchemaArgs {
    /// Which files it is about
    #[arg(value_enum, default_value_t = Subject::Scenario, value_name = "FILES")]
    of: Subject,
}

#[derive(Clone, Copy, ValueEnum)]
enum Subject {
    /// Scenario files.
    Scenario,
    /// Plans of `sweep`.
    Sweep,
}

/// Prints a JSON Schema.
pub fn schema(args: &SchemaArgs) -> Result<(), Failure> {
    let schema = match args.of {
        Subject::Scenario => scenarios::schema(),
        Subject::Sweep => scenarios::sweep_schema(),
    };
    let text = serde_json::to_string_pretty(&schema).map_err(|e| Failure::Run(e.to_string()))?;
    print(&(text + "\n"))
}

/// Writes a template; an existing file is never replaced.
pub fn new(args: &NewArgs, global: &GlobalArgs) -> Result<(), Failure> {
    let Some(name) = &args.template else { return print(&list()) };
    let Some(text) = scenarios::template(name) else {
        return Err(Failure::Usage(format!("there is no template `{name}`\n\n{}", list().trim_end())));
    };
    let Some(file) = args.output.as_deref().filter(|file| *file != "-") else { return print(text) };
    let Place::File(path) = output::checked_place(file)? else {
        return output::write_file(file, global, |out| out.write_all(text.as_bytes()));
    };
    let written = output::stage(&path, |out| out.write_all(text.as_bytes()))
        .and_then(|(temporary, _)| temporary.rename_new(&path));
    written.map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => Failure::Usage(format!(
            "cannot write `{file}`: there is a file of this name, and it is not replaced"
        )),
        _ => Failure::writing(file, &error),
    })
}

fn list() -> String {
    let mut text = "templates:\n".to_owned();
    for (name, suffix, title) in scenarios::TEMPLATES {
        let _ = writeln!(text, "  {name:<8} {title} (.{suffix})");
    }
    text
}
