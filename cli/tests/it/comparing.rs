//! `dispatchlab compare`.

use crate::stdout;
use serde_json::Value;

#[test]
fn the_best_of_each_metric_is_marked() {
    let text = stdout(&["compare", "convoy", "--policy", "fcfs", "--policy", "srtf"]);
    let line = text.lines().find(|line| line.starts_with("waiting/mean")).expect("waiting is compared");
    assert_eq!(line.split_whitespace().collect::<Vec<_>>(), ["waiting/mean", "17", "ms", "3", "ms", "*"]);
}

#[test]
fn one_policy_is_compared_with_the_input_as_it_is() {
    let text = stdout(&["compare", "convoy", "--policy", "sjf", "--format", "json"]);
    let document: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(document["policies"], serde_json::json!(["fcfs", "sjf"]));
    assert_eq!(document["reference"], "fcfs");
}

#[test]
fn differences_are_paired_and_judged() {
    let text = stdout(&[
        "compare",
        "mm1",
        "--policy",
        "fcfs",
        "--policy",
        "srtf",
        "--policy",
        "round-robin:quantum=1ms",
        "--replications",
        "10",
        "--set",
        "stop.jobs=3000",
        "--metric",
        "response/mean",
        "--format",
        "json",
    ]);
    let document: Value = serde_json::from_str(&text).unwrap();
    let keys = document.as_object().unwrap().keys().cloned().collect::<Vec<_>>().join(" ");
    assert_eq!(
        keys,
        "schema scenario seed replications confidence ties reference policies rows first_difference"
    );
    let row = |policy: &str| {
        document["rows"]
            .as_array()
            .unwrap()
            .iter()
            .find(|row| row["policy"] == policy)
            .expect("a row a policy")
    };
    assert_eq!(row("fcfs")["verdict"], "reference");
    assert_eq!(row("srtf")["verdict"], "better");
    assert_eq!((&row("srtf")["best"], &row("fcfs")["best"]), (&Value::Bool(true), &Value::Bool(false)));
    assert!(row("srtf")["difference_high"].as_f64().unwrap() < 0.0);
}

#[test]
fn the_first_difference_is_explained() {
    let args = ["compare", "stallings", "--policy", "fcfs", "--policy", "srtf", "--first-difference"];
    let text = stdout(&args);
    assert!(text.contains("srtf parts with fcfs at decision"), "{text}");
    let text = stdout(&[&args[..], &["--format", "json"]].concat());
    let document: Value = serde_json::from_str(&text).unwrap();
    let difference = &document["first_difference"][0];
    assert_eq!(difference["policy"], "srtf");
    assert!(difference["decision"].is_u64());
    assert!(difference["policy_decision"]["job"].is_string(), "{difference}");
}

#[test]
fn inputs_can_be_compared_too() {
    let text = stdout(&["compare", "convoy", "stallings", "--metric", "response/mean", "--format", "csv"]);
    let labels: Vec<&str> = text.lines().skip(1).filter_map(|line| line.split(',').nth(1)).collect();
    assert_eq!(labels, ["convoy", "stallings"]);
}
