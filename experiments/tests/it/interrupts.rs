//! Processors whose events interrupt their cores.

use experiments::RunPlan;
use policies::{Layer, catalog};
use scenarios::{Input, InputKind, Options, PolicyOption, load};
use sim_core::model::Model;
use sim_core::policy::CpuScheduler;
use sim_core::ties::Ties;
use sim_core::trace::Trace;
use std::fmt::Write as _;

/// Twenty jobs with arrivals and sizes that share instants now and then.
fn model(policy: &str, cores: u32, interrupts: Option<&str>, seed: u64) -> Option<Model> {
    let mut list = String::from("task,arrival,program,priority,deadline,tickets\n");
    let mut state = seed;
    let mut draw = |n: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % n
    };
    for job in 0..20 {
        let (arrival, one, io, two) = (draw(40), 1 + draw(6), 1 + draw(5), 1 + draw(4));
        let _ = writeln!(
            list,
            "J{job},{arrival},cpu {one}; io {io}; cpu {two},{},{},{}",
            draw(5),
            10 + draw(90),
            1 + draw(9)
        );
    }
    let input = Input::from_text("jobs.csv", InputKind::TaskList, list);
    let options = Options {
        cores: Some(cores),
        interrupts: interrupts.map(str::to_owned),
        policies: vec![PolicyOption::parse(policy).expect("a policy")],
        ..Options::default()
    };
    load(&input, &options).ok().map(|loaded| loaded.model)
}

fn trace(model: &Model) -> Trace {
    let plan = RunPlan { records: true, ..RunPlan::default() };
    experiments::run(model, &plan, &|_| true)
        .unwrap_or_else(|error| panic!("{error}"))
        .trace
        .expect("recorded")
}

fn picking() -> impl Iterator<Item = &'static str> {
    let picks = |id: &str| {
        let spec = policies::parse(Layer::Scheduler, id).expect("it is in the catalog");
        matches!((spec.scheduler().build)(&Ties::default()), CpuScheduler::Picks(_))
    };
    catalog().filter(|def| def.layer() == Layer::Scheduler).map(|def| def.id).filter(move |id| picks(id))
}

/// Interrupts that cost nothing change nothing: the same jobs run at the same times.
#[test]
fn free_interrupts_change_no_schedule() {
    for policy in picking() {
        for seed in 0..12 {
            let plain = trace(&model(policy, 1, None, seed).expect("it loads"));
            let free = trace(&model(policy, 1, Some("save=0,load=0"), seed).expect("it loads"));
            let fates = |trace: &Trace| -> Vec<_> {
                trace
                    .jobs
                    .iter()
                    .map(|job| (job.number, job.first_run, job.finish, job.preemptions))
                    .collect()
            };
            assert_eq!(fates(&plain), fates(&free), "{policy}, seed {seed}");
        }
    }
}

/// Whatever interrupts cost, every job gets what it asks for, and the engine's identities hold (it checks them itself).
#[test]
fn interrupts_serve_every_job_in_full() {
    for policy in picking() {
        for cores in 1..=3 {
            let costs = "save=0.1ms,load=0.15ms,release=0.05ms,exit=0.02ms,decide=0.03ms";
            let plain = trace(&model(policy, cores, None, 5).expect("it loads"));
            let dear = trace(&model(policy, cores, Some(costs), 5).expect("it loads"));
            let mut slower = 0;
            for (a, b) in plain.jobs.iter().zip(&dear.jobs) {
                assert_eq!(
                    (a.number, a.served, a.blocked),
                    (b.number, b.served, b.blocked),
                    "{policy} on {cores}"
                );
                slower += u32::from(b.finish > a.finish);
            }
            // The twin: costs that nobody pays would be no costs.
            assert!(slower > 10 && dear.end > plain.end, "{policy} on {cores}: only {slower} jobs are later");
        }
    }
}

#[test]
fn sharing_processors_take_no_interrupts() {
    assert!(model("ps", 1, Some("save=1us"), 1).is_none());
    assert!(model("fcfs", 1, Some("save=1us,lod=1us"), 1).is_none());
}
