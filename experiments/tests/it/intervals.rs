//! Utilization of the busiest interval.

use scenarios::{Input, InputKind, Options, PolicyOption, load};
use sim_core::record::Nothing;
use sim_core::{Limits, run};
use std::fmt::Write as _;

/// A request a second for four minutes, 100 ms of work each, and 500 ms in the 13th interval of ten seconds.
fn trace() -> String {
    (0..=240).fold("arrival,service\n".to_owned(), |mut text, second: u32| {
        let _ = writeln!(text, "{second}s,{}", if (120..130).contains(&second) { 500 } else { 100 });
        text
    })
}

#[test]
fn intervals_add_up_to_the_busy_time_whatever_the_scheduler() {
    let input = Input::from_text("day.csv", InputKind::RequestTrace, trace());
    for (policy, warmup, scale) in [
        ("fcfs", None, None),
        ("ps", None, Some("3.5")),
        ("round-robin:quantum=7ms", Some("33s"), None),
        ("las", None, None),
    ] {
        let options = Options {
            servers: Some(2),
            until: Some("240s".to_owned()),
            warmup: warmup.map(str::to_owned),
            scale: scale.map(str::to_owned),
            policies: vec![PolicyOption::parse(&format!("server.cpu={policy}")).unwrap()],
            ..Options::default()
        };
        let model = load(&input, &options).unwrap().model;
        let (measures, _) = run(&model, 0, &Limits::default(), Nothing).unwrap();
        assert_eq!(measures.intervals.len(), 24, "{policy}");
        let busy: u128 = measures.processors.iter().map(|processor| processor.busy).sum();
        let parts: u128 = measures.intervals.iter().map(|interval| interval.busy[0]).sum();
        assert_eq!(parts, busy, "{policy}");
        let (first, last) = (&measures.intervals[0], &measures.intervals[23]);
        assert_eq!((first.from, last.until), (measures.from, measures.until), "{policy}");
        if warmup.is_none() && scale.is_none() {
            assert_eq!(measures.intervals[12].busy[0], 5_000_000_000, "{policy}");
        }
    }
}

/// What does not have them does not look at anything: the order of events is the same with and without.
#[test]
fn few_requests_have_no_intervals() {
    let text = trace().lines().take(200).collect::<Vec<&str>>().join("\n");
    let input = Input::from_text("day.csv", InputKind::RequestTrace, text);
    let model = load(&input, &Options { servers: Some(1), ..Options::default() }).unwrap().model;
    let (measures, _) = run(&model, 0, &Limits::default(), Nothing).unwrap();
    assert!(measures.intervals.is_empty());
}
