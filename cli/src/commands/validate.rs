//! `dispatchlab validate`.

use crate::args::{GlobalArgs, ValidateArgs};
use crate::commands::run::print;
use crate::commands::sweep;
use crate::failure::Failure;
use crate::load;
use scenarios::sweep_plan;
use std::fmt::Write as _;

/// Checks every input and says so; mistakes in one do not keep the others from being checked.
pub fn run(args: &ValidateArgs, global: &GlobalArgs) -> Result<(), Failure> {
    let mut mistakes = String::new();
    let mut good = String::new();
    for name in &args.input {
        let checked = load::read(name, global).and_then(|input| {
            if sweep_plan::is_plan(&input) {
                return sweep::checked(name, &input, global);
            }
            let loaded = load::load(&input, &args.policy, &args.model, global)?;
            let model = &loaded.model;
            let cores = model.cores();
            let cores = if cores == 1 { "1 core".to_owned() } else { format!("{cores} cores") };
            Ok(format!("{name}: valid ({}, {cores}, policy {})", model.name, loaded.policy))
        });
        match checked {
            Ok(what) => {
                let _ = writeln!(good, "{what}");
            }
            Err(Failure::Diagnostics(text)) => mistakes.push_str(&text),
            Err(other) => return Err(other),
        }
    }
    print(&good)?;
    if mistakes.is_empty() { Ok(()) } else { Err(Failure::Diagnostics(mistakes)) }
}
