//! A real access log through the built command, against answers of small independent programs.
//!
//! `../shared/data/http/apache_first2000.log` and `expected.json` beside it are not part of the project; where they are not
//! there the tests say so. Service is 100 ms and 1 us a byte, four servers, one job at a time each.

use crate::shared;
use serde_json::Value;
use std::path::Path;
use std::process::Command;

const KEY: &str = "http/apache_first2000.log (conventions as H04)";

struct Given {
    log: std::path::PathBuf,
    expected: Value,
}

fn given(test: &str) -> Option<Given> {
    let folder = shared("data", test)?;
    let text = std::fs::read_to_string(folder.join("expected.json")).expect("expected.json can be read");
    let expected: Value = serde_json::from_str(&text).expect("expected.json is JSON");
    Some(Given { log: folder.join("http/apache_first2000.log"), expected: expected[KEY].clone() })
}

fn run(log: &Path, args: &[&str]) -> Value {
    let output = Command::new(env!("CARGO_BIN_EXE_dispatchlab"))
        .arg("run")
        .arg(log)
        .args(["--service", "100ms + 1us/byte", "--within-second", "keep", "--format", "json"])
        .args(args)
        .output()
        .expect("the command starts");
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("the result is JSON")
}

fn tasks(document: &Value) -> &[Value] {
    document["tasks"].as_array().expect("jobs are listed")
}

fn column<'d>(document: &'d Value, key: &'d str) -> impl Iterator<Item = u64> + 'd {
    tasks(document).iter().map(move |task| task[key].as_u64().expect("every request is served"))
}

fn summary(document: &Value, metric: &str, statistic: &str, scope: &str) -> f64 {
    let rows = document["summary"].as_array().expect("there is a summary");
    let row = rows.iter().find(|row| {
        row["metric"] == metric
            && row["statistic"] == statistic
            && row["scope"] == scope
            && row["class"] == "all"
    });
    row.and_then(|row| row["value"].as_f64())
        .unwrap_or_else(|| panic!("{metric}/{statistic} of {scope} has no value"))
}

/// Every figure that a program gave, exactly.
fn must_equal(document: &Value, expected: &Value, what: &str) {
    let us = |key: &str| expected[key].as_u64().unwrap_or_else(|| panic!("{what}: no {key}"));
    let ns = |key: &str| us(key) * 1_000;
    assert_eq!(tasks(document).len() as u64, us("requests"), "{what}");
    assert_eq!(column(document, "waiting_ns").sum::<u64>(), ns("sum_wait_us"), "{what}");
    assert_eq!(column(document, "finish_ns").max(), Some(ns("last_departure_us")), "{what}");
    let waited = column(document, "waiting_ns").filter(|waiting| *waiting > 0).count();
    assert_eq!(waited as u64, us("requests_waited"), "{what}");
    for (statistic, key) in
        [("p50", "p50_us"), ("p95", "p95_us"), ("p99", "p99_us"), ("max", "max_response_us")]
    {
        assert_eq!(summary(document, "response", statistic, "all"), ns(key) as f64, "{what}: {statistic}");
    }
    for (metric, key) in [("waiting", "mean_wait_us"), ("response", "mean_response_us")] {
        let mean = expected[key].as_f64().expect("it is a number") * 1e3;
        let found = summary(document, metric, "mean", "all");
        assert!((found - mean).abs() < 1e-3, "{what}: mean {metric} is {found} ns, expected {mean} ns");
    }
    for (server, count) in expected["per_server_requests"].as_array().into_iter().flatten().enumerate() {
        let scope = format!("lb:server-{}", server + 1);
        assert_eq!(Some(summary(document, "picks", "count", &scope)), count.as_f64(), "{what}: {scope}");
    }
}

#[test]
fn deterministic_balancers_give_the_same_sums() {
    let Some(given) = given("deterministic_balancers_give_the_same_sums") else { return };
    for (key, policy) in [("rr", "round-robin"), ("lc", "least-connections"), ("lwl", "least-work")] {
        let document = run(&given.log, &["--servers", "4", "--policy", policy]);
        must_equal(&document, &given.expected[key], policy);
    }
}

/// Sending each request to the least work left is one queue in front of all servers, request by request.
#[test]
fn least_work_is_a_central_queue() {
    let Some(given) = given("least_work_is_a_central_queue") else { return };
    let central = run(&given.log, &["--servers", "1", "--cores", "4"]);
    must_equal(&central, &given.expected["central_queue_fcfs"], "central queue");
    let spread = run(&given.log, &["--servers", "4", "--policy", "least-work"]);
    let waits = |document| column(document, "waiting_ns").collect::<Vec<_>>();
    assert_eq!(waits(&central), waits(&spread));
}

/// Four standard deviations of one run over seeds, by the independent program.
#[test]
fn random_balancers_are_within_what_chance_allows() {
    let Some(given) = given("random_balancers_are_within_what_chance_allows") else { return };
    for (key, policy) in [("random", "random"), ("p2c", "power-of-d:d=2")] {
        let range = &given.expected[key]["accept_one_run"];
        let document = run(&given.log, &["--servers", "4", "--policy", policy, "--seed", "1"]);
        let mean = summary(&document, "response", "mean", "all") / 1e3;
        let inside = range[0].as_f64().is_some_and(|low| mean >= low)
            && range[1].as_f64().is_some_and(|high| mean <= high);
        assert!(inside, "{policy}: mean response {mean} us is not within {range}");
    }
}
