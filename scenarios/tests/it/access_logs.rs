//! Access logs.

use crate::support::{mistakes, model_of, policies, trace};
use scenarios::{Input, InputKind::AccessLog, Options, load};
use std::path::Path;

fn farm(service: &str, servers: u32) -> Options {
    Options {
        service: Some(service.to_owned()),
        servers: Some(servers),
        within_second: Some("keep".to_owned()),
        ..Options::default()
    }
}

/// What is said of lines that were skipped.
fn skipped(notes: &[String]) -> Vec<&str> {
    notes.iter().map(String::as_str).filter(|note| note.contains("skipped")).collect()
}

const LOG: &str = "\
192.0.2.1 - - [17/May/2015:10:05:03 +0000] \"GET /a HTTP/1.1\" 200 1000 \"-\" \"x\" 0.250
no request at all
192.0.2.2 - - [17/May/2015:12:05:02 +0200] \"GET /b HTTP/1.1\" 304 - \"-\" \"x\" 0.100
192.0.2.3 - - [17/May/2015:10:05:03 +0000] \"GET /c HTTP/1.1\" 200 12x
192.0.2.3 - - [17/May/2015:10:05:03 +0000] \"GET /d HTTP/1.1\" 200 500 \"-\" \"x\" -
";

#[test]
fn lines_are_sorted_by_time_and_dirty_ones_are_counted() {
    let loaded = model_of(AccessLog, LOG, &farm("10ms + 1us/byte", 1));
    assert_eq!(
        skipped(&loaded.notes),
        [
            "1 of 5 lines was skipped: not in the format of the log (line 2)",
            "1 of 5 lines was skipped: without a valid size (line 4)",
        ]
    );
    let (_, trace) = trace(&loaded);
    let jobs: Vec<(u64, u64)> =
        trace.jobs.iter().map(|job| (job.arrival.0 / 1_000_000, job.finish.unwrap().0 / 1_000)).collect();
    // The numbers at the end are nginx's request times, and its stamps the ends.
    assert_eq!(jobs, [(0, 10_000), (850, 861_000), (1100, 1_110_500)]);
    assert_eq!(loaded.policy, "round-robin");
}

#[test]
fn the_request_time_of_the_log_can_be_the_service() {
    let loaded = model_of(AccessLog, LOG, &farm("field", 2));
    let (_, trace) = trace(&loaded);
    assert_eq!(trace.jobs.iter().map(|job| job.served.0 / 1_000_000).collect::<Vec<_>>(), [100, 250]);
    let arrivals = trace.jobs.iter().map(|job| job.arrival.0 / 1_000_000).collect::<Vec<_>>();
    assert_eq!(arrivals, [0, 850], "nginx's stamps are ends");
    assert!(loaded.notes.iter().any(|note| note.contains("without a request time (line 5)")));
    let micros = LOG.replace("0.250", "250").replace("0.100", "99");
    let (_, trace) = crate::support::trace(&model_of(AccessLog, &micros, &farm("field-us", 2)));
    assert_eq!(trace.jobs.iter().map(|job| job.served.0).collect::<Vec<_>>(), [99_000, 250_000]);
}

#[test]
fn a_policy_is_the_balancers_where_it_can_be() {
    for (specs, described) in [
        (&["random"][..], "random"),
        (&["round-robin"], "round-robin"),
        (&["srtf"], "server.cpu=srtf lb=round-robin"),
        (
            &["server.cpu=round-robin:quantum=1ms", "least-work"],
            "server.cpu=round-robin:quantum=1ms lb=least-work",
        ),
        (&["cpu=fcfs"], "round-robin"),
    ] {
        let options = Options { policies: policies(specs).policies, ..farm("1ms", 2) };
        assert_eq!(model_of(AccessLog, LOG, &options).policy, described, "{specs:?}");
    }
    let one = Options { servers: None, cores: Some(3), ..farm("1ms", 1) };
    let model = model_of(AccessLog, LOG, &one).model;
    assert_eq!((model.processors.len(), model.processors[0].cores), (1, 3), "`--cores` alone is one server");
}

#[test]
fn what_is_missing_or_wrong_is_named() {
    let both = [
        "S071 an access log does not say how long requests are served",
        "S071 an access log does not say how many servers there are",
    ];
    assert_eq!(mistakes(AccessLog, LOG, &Options::default()), both);
    for (options, text, expected) in [
        (farm("1ms/line", 1), LOG, vec!["S072 service can depend on bytes, not on `line`"]),
        (farm("5", 1), LOG, vec!["S020 `5` has no unit"]),
        (farm("0ms", 1), LOG, vec!["S072 every request would be served in no time"]),
        (farm("1ms", 0), LOG, vec!["S021 `--servers` is 0; it must be from 1 to 100000"]),
        (farm("1ms", 1), "no request\n", vec!["S002 neither the name nor the content is of a known kind"]),
        (
            Options { policies: policies(&["web=fcfs"]).policies, ..farm("1ms", 1) },
            LOG,
            vec!["S062 no station or balancer `web` has a policy"],
        ),
        (
            Options {
                policies: policies(&["ps"]).policies,
                context_switch: Some("1us".to_owned()),
                ..farm("1ms", 1)
            },
            LOG,
            vec!["S065 `ps` shares the cores among all jobs and never switches: a cost has no meaning"],
        ),
        (
            Options { map: vec![("arrival".to_owned(), "time".to_owned())], ..farm("1ms", 1) },
            LOG,
            vec!["S074 the log has no field `time`"],
        ),
    ] {
        assert_eq!(mistakes(AccessLog, text, &options), expected);
    }
}

/// The requests of a real log under the conventions H04 of the data's own description: waits and counts computed by an
/// independent program (`expected.json`).
#[test]
fn a_real_log_gives_the_independent_answers() {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data");
    let (log, answers) = (data.join("http/apache_first2000.log"), data.join("expected.json"));
    if !log.exists() || !answers.exists() {
        eprintln!("a_real_log_gives_the_independent_answers did not run: {} is not there", data.display());
        return;
    }
    let answers: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(answers).unwrap()).unwrap();
    let answers = &answers["http/apache_first2000.log (conventions as H04)"];
    let input = Input::read(log.to_str().unwrap()).unwrap();
    assert_eq!(input.kind, AccessLog);
    for (policy, key) in [("round-robin", "rr"), ("least-connections", "lc"), ("least-work", "lwl")] {
        let mut options = farm("100ms + 1us/byte", 4);
        options.policies = policies(&[policy]).policies;
        let loaded = load(&input, &options).unwrap();
        assert!(skipped(&loaded.notes).is_empty(), "{:?}", loaded.notes);
        let (measures, trace) = trace(&loaded);
        let expected = &answers[key];
        let number = |name: &str| expected[name].as_u64().unwrap_or_else(|| panic!("{key} {name}"));
        let waits: Vec<u64> = trace.jobs.iter().map(|job| job.waiting().unwrap().0 / 1000).collect();
        let mut responses: Vec<u64> = trace.jobs.iter().map(|job| job.response().unwrap().0 / 1000).collect();
        responses.sort_unstable();
        let percentile = |p: usize| responses[(responses.len() * p).div_ceil(100) - 1];
        assert_eq!(waits.len() as u64, number("requests"), "{policy}");
        assert_eq!(waits.iter().sum::<u64>(), number("sum_wait_us"), "{policy}");
        assert_eq!(
            waits.iter().filter(|wait| **wait > 0).count() as u64,
            number("requests_waited"),
            "{policy}"
        );
        assert_eq!(percentile(50), number("p50_us"), "{policy}");
        assert_eq!(percentile(95), number("p95_us"), "{policy}");
        assert_eq!(percentile(99), number("p99_us"), "{policy}");
        assert_eq!(percentile(100), number("max_response_us"), "{policy}");
        let last = trace.jobs.iter().map(|job| job.finish.unwrap().0 / 1000).max().unwrap();
        assert_eq!(last, number("last_departure_us"), "{policy}");
        let picks: Vec<u64> = serde_json::from_value(expected["per_server_requests"].clone()).unwrap();
        assert_eq!(measures.balancers[0].picks, picks, "{policy}");
    }
}
