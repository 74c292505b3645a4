//! Closed forms: which models have one, which only look as if, and that a wrong one is refused.

use experiments::RunPlan;
use experiments::theory::check::{Effort, check};
use experiments::theory::{self, Theory};
use scenarios::{Input, InputKind, Options, load};
use sim_core::model::Model;

fn model(text: &str) -> Model {
    let text = format!("name = \"theory\"\nstop = {{ jobs = 20000 }}\nwarmup = \"200s\"\n{text}");
    let input = Input::from_text("theory.toml", InputKind::Scenario, text.clone());
    load(&input, &Options::default()).unwrap_or_else(|errors| panic!("{errors:?}\n{text}")).model
}

/// One class through one processor.
fn station(arrivals: &str, demand: &str, processor: &str) -> String {
    format!(
        "[[class]]\nname = \"job\"\nsteps = [{{ work = \"cpu\", demand = {demand} }}]\n\
         [[source]]\nname = \"jobs\"\nclass = \"job\"\narrivals = {arrivals}\n\
         [[processor]]\nname = \"cpu\"\n{processor}\n"
    )
}

/// A class with other steps, at processors `a` and `b`.
fn steps(steps: &str) -> String {
    format!(
        "[[class]]\nname = \"job\"\nsteps = [{steps}]\n\
         [[source]]\nname = \"jobs\"\nclass = \"job\"\narrivals = {POISSON}\n\
         [[processor]]\nname = \"a\"\n[[processor]]\nname = \"b\"\n"
    )
}

/// Servers behind a balancer.
fn farm(policy: &str, servers: &str) -> String {
    format!(
        "[[class]]\nname = \"job\"\nsteps = [{{ balance = \"lb\" }}, {{ work = \"cpu\", demand = {M} }}]\n\
         [[source]]\nname = \"jobs\"\nclass = \"job\"\narrivals = {{ poisson = \"1.6/s\" }}\n\
         [[balancer]]\nname = \"lb\"\npolicy = \"{policy}\"\ntargets = \"web\"\n\
         [[server]]\nname = \"web\"\ncount = 2\nprocessor.cpu = {{ {servers} }}\n"
    )
}

const POISSON: &str = "{ poisson = \"0.8/s\" }";
const M: &str = "{ exponential = { mean = \"1s\" } }";
const U: &str = "{ uniform = { low = \"0s\", high = \"2s\" } }";

fn value(theory: &Theory, metric: &str, scope: &str) -> Option<f64> {
    let row =
        theory.exact.iter().find(|row| row.metric == metric && row.scope == scope && row.class == "all");
    row.map(|row| row.value)
}

/// What one model says, number by number.
#[test]
fn everything_that_is_known_of_a_queue() {
    let found = theory::of(&model(&station(POISSON, M, ""))).expect("M/M/1");
    assert_eq!(found.title, "M/M/1");
    for (metric, scope, expected) in [
        ("response/mean", "all", 5e9),
        ("waiting/mean", "all", 4e9),
        ("response/p50", "all", 5e9 * std::f64::consts::LN_2),
        ("response/p90", "all", 5e9 * std::f64::consts::LN_10),
        // Eight in ten wait: 0.8 exp(-t / 5 s) = 0.1, and ln 8 = 3 ln 2.
        ("waiting/p90", "all", 15e9 * std::f64::consts::LN_2),
        ("utilization/mean", "all", 0.8),
        ("utilization/mean", "cpu", 0.8),
        ("queue_length/mean", "cpu", 3.2),
        ("in_system/mean", "all", 4.0),
    ] {
        let found = value(&found, metric, scope).unwrap_or_else(|| panic!("{metric} {scope}"));
        assert!((found / expected - 1.0).abs() < 1e-9, "{metric} {scope}: {found}, expected {expected}");
    }
    let other =
        |rate: &str, processor: &str| theory::of(&model(&station(rate, M, processor))).expect("a form");
    // Twice the speed is half the work.
    let fast = other("{ poisson = \"1.6/s\" }", "speed = 2.0");
    assert!((value(&fast, "response/mean", "all").unwrap() / 2.5e9 - 1.0).abs() < 1e-9);
    // Whoever runs, the number present is the same: a quantum moves no mean of exponential service.
    let turns = other(POISSON, "scheduler = \"round-robin:quantum=100ms\"");
    assert!((value(&turns, "response/mean", "all").unwrap() / 5e9 - 1.0).abs() < 1e-9);
    assert_eq!(value(&turns, "response/p90", "all"), None, "but it moves percentiles");
}

/// Models that have a closed form, and what it is called.
#[test]
fn models_that_match() {
    let hold = |size: u32, queue: u32, inner: &str| {
        let pool = format!("[[pool]]\nname = \"room\"\nsize = {size}\nqueue = {queue}\n");
        steps(&format!("{{ hold = \"room\", steps = [{inner}] }}"))
            .replace("[[processor]]\nname = \"b\"\n", &pool)
    };
    let work = format!("{{ work = \"a\", demand = {M} }}");
    for (text, title) in [
        (station(POISSON, U, ""), "M/G/1"),
        (station(POISSON, "\"1s\"", "scheduler = \"srtf\""), "M/D/1 SRTF"),
        (station(POISSON, U, "scheduler = \"ps\"\ncores = 2"), "M/G/2 PS"),
        (station("{ renewal = \"2s\" }", M, ""), "D/M/1"),
        (station("{ closed = { customers = 3, think = \"2s\" } }", M, ""), "closed loop of 3, 1 server"),
        (farm("random", "cores = 1"), "2 x M/M/1"),
        (farm("power-of-d:d=1", "cores = 1"), "2 x M/M/1"),
        (farm("round-robin", "cores = 1"), "2 x E2/M/1, dealt in turn"),
        (farm("least-work", "cores = 1"), "M/M/2, least work left is one queue"),
        (hold(1, 4, &work), "M/M/1/5"),
        (
            steps(&format!("{work}, {{ work = \"b\", demand = {M} }}")),
            "open network of 2 stations, product form",
        ),
        (
            steps(&format!("{{ repeat = 1, steps = [{work}] }}, {{ work = \"b\", demand = {M} }}")),
            "open network of 2 stations, product form",
        ),
    ] {
        // Stations that nobody visits are refused by the format.
        let text =
            if title.contains("M/M/1/5") { text.replace("[[processor]]\nname = \"b\"\n", "") } else { text };
        let found = theory::of(&model(&text));
        assert_eq!(found.map(|found| found.title), Some(title.to_owned()), "{text}");
    }
}

/// Models that only look as if.
#[test]
fn models_that_merely_resemble() {
    let work = |at: &str, law: &str| format!("{{ work = \"{at}\", demand = {law} }}");
    for (what, text) in [
        ("a switch costs 1 us", station(POISSON, M, "context_switch = \"1us\"")),
        ("a decision costs 1 ns", station(POISSON, M, "dispatch_latency = \"1ns\"")),
        ("more work than the core can do", station("{ poisson = \"1.1/s\" }", M, "")),
        ("turns, with sizes that remember", station(POISSON, U, "scheduler = \"round-robin:quantum=100ms\"")),
        ("guessed sizes", station(POISSON, U, "scheduler = \"sjf:predictor=exponential\"")),
        ("general sizes on two cores", station(POISSON, U, "cores = 2")),
        (
            "sizes with atoms under SRTF",
            station(
                POISSON,
                "{ empirical = { values = [\"1s\", \"2s\"], weights = [4, 1] } }",
                "scheduler = \"srtf\"",
            ),
        ),
        (
            "an infinite second moment",
            station(POISSON, "{ pareto = { shape = 1.8, scale = \"400ms\" } }", ""),
        ),
        ("general arrivals and general sizes", station("{ renewal = \"2s\" }", U, "")),
        ("two cores behind regular arrivals", station("{ renewal = \"1s\" }", M, "cores = 2")),
        (
            "a rate that changes",
            station(
                "{ poisson = { steps = [{ rate = \"0.5/s\", for = \"100s\" }, { rate = \"0.8/s\" }] } }",
                M,
                "",
            ),
        ),
        ("the shorter of two queues", farm("jsq", "cores = 1")),
        ("dealt in turn to servers that share", farm("round-robin", "cores = 1, scheduler = \"ps\"")),
        ("random servers that pay for switches", farm("random", "cores = 1, context_switch = \"1us\"")),
        ("least work before two cores each", farm("least-work", "cores = 2")),
        ("general sizes in a row", steps(&format!("{}, {}", work("a", U), work("b", M)))),
        (
            "other means at one station",
            steps(&format!(
                "{}, {}, {}",
                work("a", M),
                work("b", M),
                work("a", "{ exponential = { mean = \"100ms\" } }")
            )),
        ),
    ] {
        // What the format writes otherwise is looked at elsewhere.
        let text_input = format!("name = \"theory\"\nstop = {{ jobs = 20000 }}\n{text}");
        let input = Input::from_text("theory.toml", InputKind::Scenario, text_input);
        let loaded =
            load(&input, &Options::default()).unwrap_or_else(|errors| panic!("{what}: {errors:?}\n{text}"));
        let found = theory::of(&loaded.model).map(|found| found.title);
        assert_eq!(found, None, "{what}");
    }
}

/// The library's scenarios of theory have their closed forms, the others of the library none.
#[test]
fn the_library() {
    for (name, title) in [
        ("theory/mmc", Some("M/M/4")),
        ("theory/md1", Some("M/D/1")),
        ("theory/mg1", Some("M/H2/1")),
        ("theory/mg1-ps", Some("M/G/1 PS")),
        ("theory/mm1-loss", Some("M/M/1/4")),
        ("theory/erlang-b", Some("M/M/10/10, Erlang B")),
        ("theory/closed", Some("closed loop of 20, 1 server")),
        ("bench/mm1", Some("M/M/1")),
        ("bench/lb100", None),
        // Sizes are exponential and switches free: in whatever order, as long as it is blind to sizes.
        ("bench/rr", Some("M/M/1, an order blind to sizes")),
        ("showcase/web-shop", None),
        ("showcase/pipeline", None),
        ("textbook/convoy", None),
    ] {
        let input = Input::read(name).expect("the library has it");
        let loaded = load(&input, &Options::default()).unwrap_or_else(|errors| panic!("{name}: {errors:?}"));
        assert_eq!(theory::of(&loaded.model).map(|found| found.title).as_deref(), title, "{name}");
    }
}

/// The twin: the same simulation passes the true formula and fails one that is 5 % off.
#[test]
fn a_wrong_formula_fails() {
    let model = model(&station("{ poisson = \"0.5/s\" }", M, ""));
    let mut theory = theory::of(&model).expect("M/M/1");
    theory.exact.retain(|exact| exact.metric == "waiting/mean" || exact.metric == "response/p90");
    let verdicts = |theory: &Theory| {
        let effort = Effort::Precision { relative: 0.01, most: 400 };
        let rows =
            check(&model, theory, "test", "M/M/1", effort, &RunPlan::default(), &|_| true).expect("it runs");
        rows.iter().map(|row| row.verdict).collect::<Vec<_>>()
    };
    assert_eq!(verdicts(&theory), ["ok", "ok"]);
    for factor in [0.95, 1.05] {
        let mut wrong = theory.clone();
        wrong.exact[0].value *= factor;
        assert_eq!(verdicts(&wrong), ["failed", "ok"], "{factor}");
    }
    let effort = Effort::Precision { relative: 0.0001, most: 30 };
    let rows =
        check(&model, &theory, "test", "M/M/1", effort, &RunPlan::default(), &|_| true).expect("it runs");
    assert!(rows.iter().all(|row| row.verdict == "unsure"), "{rows:?}");
}

/// No z-score without a standard error, or where a percentile is not fair.
#[test]
fn scores_beside_a_run() {
    let model = model(&station("{ poisson = \"0.5/s\" }", M, ""));
    let theory = theory::of(&model).expect("M/M/1");
    let rows = |replications| {
        let plan = RunPlan { replications, ..RunPlan::default() };
        theory.beside(&experiments::run(&model, &plan, &|_| true).expect("it runs"))
    };
    let one = rows(1);
    assert!(!one.is_empty() && one.iter().all(|row| row.z.is_none()));
    let many = rows(10);
    let z = |metric: &str, statistic: &str| {
        let row = many.iter().find(|row| row.metric == metric && row.statistic == statistic);
        row.unwrap_or_else(|| panic!("{metric}/{statistic}")).z
    };
    assert!(z("response", "mean").is_some_and(|z| z.abs() < 4.0));
    assert!(z("response", "p90").is_some_and(|z| z.abs() < 4.0));
    assert_eq!(z("response", "p99"), None, "two hundred values lie beyond it");
}
