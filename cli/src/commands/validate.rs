//! `dispatchlab validate`.

use crate::args::{GlobalArgs, ValidateArgs};
use crate::commands::run::print;
use crate::failure::Failure;
use crate::load;
use std::fmt::Write as _;

/// Checks every input and says so; mistakes in one do not keep the others from being checked.
pub fn run(args: &ValidateArgs, global: &GlobalArgs) -> Result<(), Failure> {
    let mut mistakes = String::new();
    let mut good = String::new();
    for name in &args.input {
        let loaded =
            load::read(name, global).and_then(|input| load::load(&input, &args.policy, &args.model, global));
        match loaded {
            Ok(loaded) => {
                let model = &loaded.model;
                let cores = model.cores();
                let cores = if cores == 1 { "1 core".to_owned() } else { format!("{cores} cores") };
                let _ = writeln!(good, "{name}: valid ({}, {cores}, policy {})", model.name, loaded.policy);
            }
            Err(Failure::Diagnostics(text)) => mistakes.push_str(&text),
            Err(other) => return Err(other),
        }
    }
    print(&good)?;
    if mistakes.is_empty() { Ok(()) } else { Err(Failure::Diagnostics(mistakes)) }
}
