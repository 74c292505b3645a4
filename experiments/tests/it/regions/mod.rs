//! Transaction regions in random company: what must hold in every run, checked on what was recorded.
//!
//! A failing run prints its scenario and how to repeat it.

mod dice;
mod random;
mod replay;
mod streams;

use scenarios::{Input, InputKind, Options, load};
use sim_core::model::Model;
use sim_core::record::{Digest, Full};
use sim_core::{Limits, run};

fn model(text: &str) -> Model {
    let input = Input::from_text("region.toml", InputKind::Scenario, text);
    load(&input, &Options::default()).unwrap_or_else(|errors| panic!("{errors:?}\n{text}")).model
}

/// What is wrong with the run of a seed.
fn wrong(scenario: &random::Scenario) -> Result<u64, String> {
    let model = model(&scenario.text);
    let limits = Limits { max_events: 1 << 22, ..Limits::default() };
    let (measures, full) = run(&model, 1, &limits, Full::new(false)).map_err(|error| error.to_string())?;
    let (unrecorded, _) = run(&model, 1, &limits, Digest::default()).map_err(|error| error.to_string())?;
    if unrecorded != measures {
        return Err("a run that is not recorded is another one".to_owned());
    }
    replay::check(scenario, &model, &measures, &full.trace)?;
    Ok(full.trace.tasks.len() as u64)
}

/// Seeds from `DISPATCHLAB_REGION_SEEDS` (one, or `from..to`), or these many.
fn seeds(count: u64) -> std::ops::Range<u64> {
    let Ok(text) = std::env::var("DISPATCHLAB_REGION_SEEDS") else { return 0..count };
    let number = |text: &str| text.trim().parse::<u64>().unwrap_or_else(|_| panic!("`{text}` is no seed"));
    match text.split_once("..") {
        Some((from, to)) => number(from)..number(to),
        None => number(&text)..number(&text) + 1,
    }
}

#[test]
fn invariants_hold_in_random_company() {
    let mut rows = 0;
    let mut failures = Vec::new();
    let seeds = seeds(400);
    for seed in seeds.clone() {
        let scenario = random::scenario(seed);
        let found = std::panic::catch_unwind(|| wrong(&scenario));
        match found {
            Ok(Ok(count)) => rows += count,
            Ok(Err(what)) => failures.push((seed, what)),
            Err(_) => failures.push((seed, "a panic".to_owned())),
        }
    }
    if let Some((seed, what)) = failures.first() {
        let text = random::scenario(*seed).text;
        for (seed, what) in failures.iter().skip(1) {
            eprintln!("seed {seed}: {}", what.lines().next().unwrap_or_default());
        }
        let file = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("region-{seed}.toml"));
        let kept = std::fs::write(&file, &text).is_ok();
        panic!(
            "seed {seed}, the first of {} that fail: {what}\n{text}\n\
             again: DISPATCHLAB_REGION_SEEDS={seed} cargo test -p experiments --test it random_company\n\
             its rows: dispatchlab run {} --out-dir out --with region{}",
            failures.len(),
            file.display(),
            if kept { "" } else { " (the file could not be written)" }
        );
    }
    // The scenarios are not empty.
    assert!(seeds.end - seeds.start < 100 || rows > 100 * (seeds.end - seeds.start), "{rows} rows");
}
