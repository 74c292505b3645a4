//! The library's inputs, changed at random: nothing may panic, hang, take memory without end, leave files behind or send
//! control characters to a terminal, and every exit code must be a documented one.
//!
//! `a_few_hundred` belongs to the ordinary tests and runs in this process. `through_the_binary` is started by
//! `scripts/fuzz.sh` for as long as somebody likes: it has the built command under limits on time and memory.

mod binary;
mod mutation;

use mutation::{Dice, mutated};
use scenarios::{Input, InputKind, Options};

/// The library's inputs.
fn right() -> Vec<(String, String)> {
    let suffix = |kind: InputKind| match kind {
        InputKind::Scenario => "toml",
        InputKind::AccessLog => "log",
        _ => "csv",
    };
    let mut found: Vec<(String, String)> = scenarios::library::list()
        .iter()
        .filter(|entry| entry.text.len() < 20_000)
        .map(|entry| {
            (format!("{}.{}", entry.short().replace('/', "-"), suffix(entry.kind)), entry.text.to_owned())
        })
        .collect();
    found.sort();
    found
}

/// Texts to begin with: the library's inputs, most of them several times, and the mistakes that are shown.
fn seeds() -> Vec<(String, String)> {
    let mut found = [right().as_slice(); 3].concat();
    let invalid = concat!(env!("CARGO_MANIFEST_DIR"), "/../scenarios/library/invalid");
    for entry in std::fs::read_dir(invalid).expect("mistakes are shown").flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if (name.ends_with("toml") || name.ends_with("csv"))
            && let Ok(text) = std::fs::read_to_string(entry.path())
        {
            found.push((name, text));
        }
    }
    found.sort();
    found
}

/// Every input is read, compiled, and run a little where it can be.
#[test]
fn a_few_hundred() {
    let seeds = seeds();
    let texts: Vec<&str> = seeds.iter().map(|(_, text)| text.as_str()).collect();
    let count: u64 = std::env::var("DISPATCHLAB_MUTATIONS").ok().and_then(|n| n.parse().ok()).unwrap_or(300);
    let (mut ran, mut refused) = (0, 0);
    for number in 0..count {
        let mut dice = Dice::new(number);
        let (name, text) = dice.of(&seeds);
        let text = mutated(text, &texts, &mut dice);
        // What is printed when something panics below.
        eprintln!("mutation {number} of {name}");
        let loaded = Input::of(name, text.clone().into_bytes(), None)
            .and_then(|input| scenarios::load(&input, &Options::default()).map(|loaded| (input, loaded)));
        let plan = experiments::RunPlan {
            threads: 1,
            max_events: 5_000,
            max_jobs: 2_000,
            ..experiments::RunPlan::default()
        };
        match loaded {
            Ok((_, loaded)) => {
                ran += 1;
                // Whether it comes to its end within the limits is another question.
                let _ = experiments::run(&loaded.model, &plan, &|_| true);
            }
            Err(found) => {
                refused += 1;
                let shown = scenarios::render(&found, &[(name.as_str(), text.as_str())], false, 100);
                let bad = shown.chars().find(|c| *c != '\n' && sim_core::shown::is_unseen(*c));
                assert_eq!(bad, None, "mutation {number} of {name} is shown as\n{shown}");
            }
        }
    }
    assert!(ran * 10 > count as usize && refused * 10 > count as usize, "{ran} ran, {refused} were refused");
}

/// For `scripts/fuzz.sh`; it says how it is set.
#[test]
#[ignore = "started by scripts/fuzz.sh"]
fn through_the_binary() {
    binary::run(&right(), &seeds());
}
