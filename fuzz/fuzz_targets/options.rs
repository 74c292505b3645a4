//! Everything that is written on the command line: policies, ties, conditions, quantities, `--set`.
#![no_main]

use libfuzzer_sys::fuzz_target;
use scenarios::{Options, PolicyOption};
use sim_core::quantity;

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let _ = quantity::parse_span(text);
    let _ = quantity::parse_rate(text);
    let _ = experiments::condition::Condition::parse(text);
    let _ = experiments::condition::parse_part(text);
    let _ = experiments::metrics::parse(text);
    let _ = scenarios::parse_demand("--scale", text);
    let policies = PolicyOption::parse_all(text).unwrap_or_default();
    let some = || Some(text.to_owned());
    let set = text.split_once('=').map(|(a, b)| (a.to_owned(), b.to_owned()));
    for options in [
        Options { policies, ..Options::default() },
        Options { ties: some(), ..Options::default() },
        Options { until: some(), ..Options::default() },
        Options { interrupts: some(), context_switch: some(), ..Options::default() },
        Options { scale: some(), warmup: some(), ..Options::default() },
        Options { set: set.into_iter().collect(), ..Options::default() },
    ] {
        dispatchlab_fuzz::load("in.toml", dispatchlab_fuzz::SMALL.as_bytes(), &options);
    }
});
