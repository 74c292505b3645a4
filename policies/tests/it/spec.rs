//! Policy specs: what is understood, and what is said about the rest and where.

use policies::{Layer, parse};
use sim_core::units::Span;

#[test]
fn specs_are_understood() {
    for text in [
        "fcfs",
        " fcfs ",
        "fcfs:",
        "round-robin:quantum=4ms",
        "round-robin: quantum = 4 ms ",
        "mlfq:quantum=8ms/16ms/32ms,boost=1s",
        "mlfq:quantum=10ms,allotment=3,boost=off,stay_on_io=true,io_front=false",
        "lottery:draws=605944/606802",
        "lottery:draws=",
        "priority:order=high-first,preemptive=false,ageing=100ms,quantum=off",
        "priority:ageing=0",
        "sjf:predictor=exponential,alpha=0.5,initial=10ms",
        "feedback:quantum=1ms/2ms/4ms",
    ] {
        let spec = parse(Layer::Scheduler, text).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(spec.text, text.trim());
    }
}

#[test]
fn values_and_defaults_are_filled_in() {
    let spec = parse(Layer::Scheduler, "mlfq:quantum=1ms/2.5ms,boost=1s").expect("a good spec");
    assert_eq!(spec.params.spans("quantum"), [Span(1_000_000), Span(2_500_000)]);
    assert_eq!(spec.params.span("boost"), Span(1_000_000_000));
    assert_eq!(spec.params.integers("allotment"), [1]);
    assert!(!spec.params.boolean("stay_on_io"));
    let spec = parse(Layer::Scheduler, "sjf").expect("a good spec");
    assert_eq!((spec.params.word("predictor"), spec.params.decimal("alpha")), ("exact", 0.5));
    let spec = parse(Layer::Balancer, "power-of-d:d=3").expect("a good spec");
    assert_eq!(spec.params.integer("d"), 3);
}

/// Spec, message, the part it points at, and part of the help.
#[test]
fn mistakes_are_named_with_their_place_and_a_cure() {
    use Layer::{Balancer, Scheduler};
    for (layer, text, message, part, help) in [
        (
            Scheduler,
            "round-robbin",
            "unknown scheduler `round-robbin`",
            "round-robbin",
            "did you mean `round-robin`?",
        ),
        (Scheduler, "rr:quantum=4ms", "unknown scheduler `rr`", "rr", "did you mean `round-robin`?"),
        (Scheduler, "STCF", "unknown scheduler `STCF`", "STCF", "did you mean `srtf`?"),
        (Balancer, "lc", "unknown balancer `lc`", "lc", "did you mean `least-connections`?"),
        (Scheduler, "xyz", "unknown scheduler `xyz`", "xyz", "`dispatchlab policies` lists them all"),
        (Scheduler, "", "unknown scheduler ``", "", "lists them all"),
        (Scheduler, "jsq", "unknown scheduler `jsq`", "jsq", "`jsq` is a balancer"),
        (Balancer, "fcfs", "unknown balancer `fcfs`", "fcfs", "`fcfs` is a scheduler"),
        (
            Scheduler,
            "round-robin:quantun=4ms",
            "`round-robin` has no parameter `quantun`",
            "quantun=4ms",
            "did you mean `quantum`?",
        ),
        (
            Scheduler,
            "round-robin:slice=4ms",
            "`round-robin` has no parameter `slice`",
            "slice=4ms",
            "its parameters: quantum=4ms",
        ),
        (
            Scheduler,
            "fcfs:quantum=4ms",
            "`fcfs` has no parameter `quantum`",
            "quantum=4ms",
            "`fcfs` has no parameters",
        ),
        (
            Scheduler,
            "round-robin:4ms",
            "`4ms` is not of the form name=value",
            "4ms",
            "its parameters: quantum=4ms",
        ),
        (Scheduler, "mlfq:boost=1s,boost=2s", "parameter `boost` is given twice", "boost=2s", ""),
        (
            Scheduler,
            "round-robin:quantum=4",
            "parameter `quantum` of `round-robin`: `4` has no unit",
            "4",
            "longest uninterrupted run; default `4ms`",
        ),
        (
            Scheduler,
            "round-robin:quantum=0ms",
            "parameter `quantum` of `round-robin`: `0ms` must be longer than 0",
            "0ms",
            "default `4ms`",
        ),
        (
            Scheduler,
            "mlfq:quantum=8ms/oops,boost=1s",
            "parameter `quantum` of `mlfq`: `oops` is not a number with a unit",
            "8ms/oops",
            "default `8ms/16ms/32ms`",
        ),
        (
            Scheduler,
            "mlfq:allotment=1/0",
            "parameter `allotment` of `mlfq`: `0` is out of range: from 1 to 1000000",
            "1/0",
            "default `1`",
        ),
        (
            Scheduler,
            "mlfq:allotment=",
            "parameter `allotment` of `mlfq`: `` is not a whole number from 1 to 1000000",
            "",
            "default `1`",
        ),
        (
            Scheduler,
            "priority:order=low",
            "parameter `order` of `priority`: `low` is none of low-first, high-first",
            "low",
            "default `low-first`",
        ),
        (
            Scheduler,
            "priority:preemptive=yes",
            "parameter `preemptive` of `priority`: `yes` is neither `true` nor `false`",
            "yes",
            "default `true`",
        ),
        (
            Scheduler,
            "sjf:alpha=1.5",
            "parameter `alpha` of `sjf`: `1.5` is not a number from 0 to 1",
            "1.5",
            "default `0.5`",
        ),
        (
            Scheduler,
            "sjf:alpha=nan",
            "parameter `alpha` of `sjf`: `nan` is not a number from 0 to 1",
            "nan",
            "default `0.5`",
        ),
        (
            Balancer,
            "power-of-d:d=0",
            "parameter `d` of `power-of-d`: `0` is out of range: from 1 to 64",
            "0",
            "default `2`",
        ),
        (
            Balancer,
            "power-of-d:d=two",
            "parameter `d` of `power-of-d`: `two` is not a whole number from 1 to 64",
            "two",
            "default `2`",
        ),
    ] {
        let error = parse(layer, text).expect_err(text);
        assert_eq!(error.message, message, "{text}");
        assert_eq!(text.get(error.range.clone()), Some(part), "{text}: {:?}", error.range);
        let told = error.help.unwrap_or_default();
        assert!(told.contains(help), "{text}: help is `{told}`");
    }
}

#[test]
fn no_text_makes_the_parser_panic() {
    use proptest::prelude::*;
    use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
    let config = Config { cases: 4000, failure_persistence: None, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32]));
    let text = prop_oneof![
        "\\PC{0,30}",
        "(mlfq|lottery|sjf|priority|power-of-d|ring-hash)[:,=/a-z0-9.µ -]{0,40}",
        "(mlfq|feedback):(quantum|levels|allotment|boost)=[0-9a-z/.]{0,40}",
    ];
    let outcome = runner.run(&text, |text| {
        for layer in [Layer::Scheduler, Layer::Balancer] {
            if let Err(error) = parse(layer, &text) {
                prop_assert!(text.get(error.range.clone()).is_some(), "{text:?}: {:?}", error.range);
            }
        }
        Ok(())
    });
    if let Err(error) = outcome {
        panic!("{error}");
    }
}
