//! `dispatchlab validate`.

use crate::args::{GlobalArgs, ValidateArgs};
use crate::commands::run::print;
use crate::failure::Failure;
use crate::load;

/// Checks every input and says so; mistakes in one do not keep the others from being checked.
pub fn run(args: &ValidateArgs, global: &GlobalArgs) -> Result<(), Failure> {
    let mut mistakes = String::new();
    let mut good = String::new();
    for name in &args.input {
        let loaded = load::read(name).and_then(|input| load::load(&input, &args.policy, &args.model, global));
        match loaded {
            Ok(loaded) => {
                let model = &loaded.model;
                good.push_str(&format!(
                    "{name}: valid ({}, {} sources, {} cores, policy {})\n",
                    model.name,
                    model.sources.len(),
                    model.cores(),
                    loaded.policy
                ));
            }
            Err(Failure::Diagnostics(text)) => mistakes.push_str(&text),
            Err(other) => return Err(other),
        }
    }
    print(&good)?;
    if mistakes.is_empty() { Ok(()) } else { Err(Failure::Diagnostics(mistakes)) }
}
