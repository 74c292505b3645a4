//! The composed run: the web shop of the library, whose requests pass a balancer, hold a worker thread, run on two cores
//! under round robin with switch costs and read a disk.

use scenarios::{Input, InputKind, Options, PolicyOption, load};
use sim_core::measure::{ClassMeasures, Measures, PartSums};
use sim_core::model::Model;
use sim_core::record::Nothing;
use sim_core::{Limits, run};
use std::cmp::Ordering;

fn shop(set: &[(&str, &str)], policy: Option<&str>) -> Model {
    let input = Input::read("showcase/web-shop").expect("the library has it");
    let mut options = Options { until: None, ..Options::default() };
    options.set.push(("stop.after".to_owned(), "40s".to_owned()));
    options.set.extend(set.iter().map(|(path, value)| ((*path).to_owned(), (*value).to_owned())));
    options.policies.extend(policy.map(|text| PolicyOption::parse(text).expect("a policy")));
    load(&input, &options).unwrap_or_else(|errors| panic!("{errors:?}")).model
}

/// The shop without switch costs and with a balancer that looks at nothing, with other laws of the two pieces of work of a
/// page, under a quantum.
fn shop_with(work: [&str; 2], quantum: &str) -> Model {
    let mut text = include_str!("../../../scenarios/library/showcase/web-shop.toml").to_owned();
    for (usual, changed) in [
        ("{ lognormal = { mean = \"6ms\", cv = 2.0 } }", work[0]),
        ("{ exponential = { mean = \"1ms\" } }", work[1]),
        ("context_switch = \"5us\"", "context_switch = \"0us\""),
        ("dispatch_latency = \"2us\"", "dispatch_latency = \"0us\""),
    ] {
        assert!(text.contains(usual), "{usual}");
        text = text.replace(usual, changed);
    }
    let input = Input::from_text("shop.toml", InputKind::Scenario, text);
    let options = Options {
        set: vec![("stop.after".to_owned(), "40s".to_owned())],
        policies: ["lb=random".to_owned(), format!("web.cpu=round-robin:quantum={quantum}")]
            .map(|text| PolicyOption::parse(&text).expect("a policy"))
            .to_vec(),
        ..Options::default()
    };
    load(&input, &options).unwrap_or_else(|errors| panic!("{errors:?}")).model
}

fn measures(model: &Model, replication: u32) -> Measures {
    let (measures, _) = run(model, replication, &Limits::default(), Nothing).expect("it runs");
    measures
}

fn page(measures: &Measures) -> &ClassMeasures {
    &measures.classes[0]
}

/// A percentile of the pages' response times in each of four replications, in nanoseconds.
fn percentiles(model: &Model, percent: u64) -> Vec<u64> {
    let one = |replication| page(&measures(model, replication)).response.percentile(percent, 100);
    (0..4).map(|replication| one(replication).expect("pages were served")).collect()
}

#[test]
fn parts_of_response_times_add_up_to_the_whole() {
    let model = shop(&[], None);
    let measures = measures(&model, 0);
    for (class, spec) in measures.classes.iter().zip(&model.classes) {
        assert!(class.completed > 1000, "{}", spec.name);
        let parts: u128 = class.parts.iter().map(PartSums::total).sum();
        assert_eq!(parts, class.response.sum(), "{}: to the nanosecond", spec.name);
    }
    let named = |name: &str| {
        let index =
            model.components.iter().position(|component| component.name == name).expect("a component");
        page(&measures).parts[index]
    };
    assert!(named("web.cpu").waiting > 0 && named("web.cpu").service > 0 && named("web.cpu").overhead > 0);
    assert!(named("web.disk").service > 0);
}

/// Each change moves a percentile of the pages' response times up in every replication (all meet the same work).
#[test]
fn every_part_of_the_shop_matters_as_theory_says() {
    let base = shop(&[], None);
    let rows: [(&str, u64, Model); 5] = [
        // A switch costs 7 us: with a quantum of 30 us a fifth of the cores is spent on switching.
        ("a short quantum pays a switch each time", 99, shop(&[], Some("web.cpu=round-robin:quantum=30us"))),
        // The longer the quantum, the longer small requests wait behind large ones. (The 99th percentile: below.)
        ("a long quantum makes small requests wait", 50, shop(&[], Some("web.cpu=round-robin:quantum=1s"))),
        ("switches of 1 ms", 99, shop(&[("web.processor.cpu.context_switch", "1ms")], None)),
        // Buyers hold a thread while the bank answers: three threads a server are soon all held.
        ("three workers a server", 99, shop(&[("web.pool.workers.size", "3")], None)),
        ("a balancer that looks at nothing", 99, shop(&[], Some("lb=random"))),
    ];
    for (what, percent, changed) in &rows {
        let (before, after) = (percentiles(&base, *percent), percentiles(changed, *percent));
        let worse = before.iter().zip(&after).all(|(before, after)| after > before);
        assert!(worse, "{what}: p{percent} of page responses {before:?} -> {after:?} ns");
    }
    // The twin: what theory says makes no request slower must not pass for worse.
    let free = percentiles(&shop(&[("web.processor.cpu.context_switch", "0us")], None), 99);
    let before = percentiles(&base, 99);
    assert!(before.iter().zip(&free).any(|(before, after)| after <= before), "{before:?} -> {free:?}");
}

/// Which way all four replications moved; `None` where they disagree.
fn direction(before: &[u64], after: &[u64]) -> Option<Ordering> {
    let mut ways = before.iter().zip(after).map(|(before, after)| after.cmp(before));
    let first = ways.next()?;
    ways.all(|way| way == first).then_some(first)
}

/// What a longer quantum does to the 99th percentile depends on the sizes, and costs nothing here but order. A long quantum is
/// first come, first served, a short one nearly shares the cores. Under first come, first served the tail of the waiting
/// time is that of the residual size, heavier than the sizes' own; sharing stretches each size by a factor: where sizes vary
/// much the long quantum is worse. Where they are equal, sharing only makes the first wait for the last: it is better
/// (Wierman and Zwart, Is tail-optimal scheduling possible?, Operations Research 60(5), 2012). Each row is the other's twin.
#[test]
fn a_longer_quantum_moves_the_99th_percentile_as_sizes_say() {
    for (work, expected) in [
        (["{ lognormal = { mean = \"6ms\", cv = 10.0 } }", "\"1ms\""], Ordering::Greater),
        (["\"3500us\"", "\"3500us\""], Ordering::Less),
    ] {
        let short = percentiles(&shop_with(work, "500us"), 99);
        let long = percentiles(&shop_with(work, "1s"), 99);
        assert_eq!(direction(&short, &long), Some(expected), "{work:?}: {short:?} -> {long:?} ns");
    }
}
