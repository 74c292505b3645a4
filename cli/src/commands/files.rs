//! `dispatchlab schema` and `dispatchlab new`.

use crate::args::NewArgs;
use crate::commands::run::print;
use crate::failure::Failure;
use std::fmt::Write as _;
use std::fs::OpenOptions;
use std::io::Write as _;

/// Prints the JSON Schema of scenario files.
pub fn schema() -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(&scenarios::schema()).map_err(|e| Failure::Run(e.to_string()))?;
    print(&(text + "\n"))
}

/// Writes a template; an existing file is never replaced.
pub fn new(args: &NewArgs) -> Result<(), Failure> {
    let Some(name) = &args.template else { return print(&list()) };
    let Some(text) = scenarios::template(name) else {
        return Err(Failure::Usage(format!("there is no template `{name}`\n\n{}", list().trim_end())));
    };
    let Some(file) = args.output.as_deref().filter(|file| *file != "-") else { return print(text) };
    let written = OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(file)
        .and_then(|mut out| out.write_all(text.as_bytes()));
    written.map_err(|error| Failure::Usage(format!("cannot write `{file}`: {error}")))
}

fn list() -> String {
    let mut text = "templates:\n".to_owned();
    for (name, suffix, title) in scenarios::TEMPLATES {
        let _ = writeln!(text, "  {name:<8} {title} (.{suffix})");
    }
    text
}
