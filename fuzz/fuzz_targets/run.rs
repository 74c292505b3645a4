//! Scenarios are run, a few thousand events of each, and shown.
#![no_main]

use experiments::RunPlan;
use libfuzzer_sys::fuzz_target;
use scenarios::{Options, PolicyOption};

fuzz_target!(|data: &[u8]| {
    let (policy, scenario) = dispatchlab_fuzz::first_line(data);
    let policies = PolicyOption::parse_all(&policy).unwrap_or_default();
    let options = Options { policies, ..Options::default() };
    let Some(loaded) = dispatchlab_fuzz::load("in.toml", scenario, &options) else { return };
    let plan = RunPlan { max_events: 5_000, max_jobs: 2_000, threads: 1, ..RunPlan::default() };
    let _ = experiments::run(&loaded.model, &plan, &|_| true);
});
