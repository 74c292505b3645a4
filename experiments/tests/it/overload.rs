//! Overload: what models say, and how often the test of growth is wrong.

use crate::models::mm1;
use experiments::RunPlan;
use experiments::finding::What;
use experiments::growth::growth;
use sim_core::model::{Model, Stop};
use sim_core::record::Nothing;
use sim_core::{Limits, run as simulate};

fn jobs(jobs: u64) -> Stop {
    Stop { jobs: Some(jobs), after: None }
}

/// In how many of so many replications the jobs in the system rise.
fn alarms(model: &Model, replications: u32) -> usize {
    let rises = |replication: u32| {
        let (measures, _) = simulate(model, replication, &Limits::default(), Nothing).expect("it runs");
        growth(&measures.levels).is_some()
    };
    (0..replications).filter(|replication| rises(*replication)).count()
}

#[test]
fn a_queue_that_keeps_up_is_not_said_to_rise() {
    // At load 1, the worst case, one run in a thousand or fewer; below it next to none, whatever the length. The limits are the
    // largest numbers that a rate of 1 in 1000 leaves a chance of 1 in 1000 to be passed (binomial).
    for (load, length, replications, most) in [
        (0.95, 1_000, 400, 0),
        (0.95, 10_000, 200, 0),
        (0.8, 5_000, 200, 0),
        (1.0, 1_000, 400, 4),
        (1.0, 10_000, 200, 3),
    ] {
        let found = alarms(&mm1("fcfs", load, jobs(length)), replications);
        assert!(found <= most, "load {load}, {length} jobs: {found} of {replications}");
    }
}

#[test]
fn a_queue_that_does_not_keep_up_is_found() {
    for (load, length, replications, least) in
        [(1.05, 50_000, 40, 37), (1.1, 20_000, 40, 39), (1.3, 2_000, 100, 90), (2.0, 200, 100, 90)]
    {
        let found = alarms(&mm1("fcfs", load, jobs(length)), replications);
        assert!(found >= least, "load {load}, {length} jobs: {found} of {replications}");
    }
}

#[test]
fn a_model_that_says_so_needs_no_measurement() {
    let result = experiments::run(&mm1("fcfs", 1.1, jobs(100)), &RunPlan::default(), &|_| true).unwrap();
    let [found] = result.findings.as_slice() else { panic!("{:?}", result.findings) };
    assert!(
        matches!(&found.what, What::Overload { grows: true, trace: false, stations } if stations[0].load == 1.1)
    );
    assert_eq!(
        found.to_string(),
        "overloaded: `cpu` is offered 110 % of what it can serve; means grow with the length of the run"
    );
    let result = experiments::run(&mm1("fcfs", 0.95, jobs(100)), &RunPlan::default(), &|_| true).unwrap();
    assert_eq!(result.findings, []);
}
