//! A real trace of requests to a language model, against answers of an independent program.
//!
//! `../shared/data/llm/AzureLLMInferenceTrace_conv.csv` and `expected.json` are not part of the project; where they are not
//! there the test says so. A request takes 250 us a token of its context and 20 ms a token that is generated; equal slots
//! serve one queue, in the order of the file.

use crate::shared;
use serde_json::Value;
use std::process::Command;

const KEY: &str = "llm/AzureLLMInferenceTrace_conv.csv (conventions as H06)";

fn run(args: &[&str], trace: &std::path::Path) -> Value {
    let output = Command::new(env!("CARGO_BIN_EXE_dispatchlab"))
        .arg("run")
        .arg(trace)
        .args(["--service", "250us*ContextTokens + 20ms*GeneratedTokens", "--format", "json"])
        .args(args)
        .output()
        .expect("the command starts");
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("the result is JSON")
}

/// Nearest rank.
fn percentile(sorted: &[u64], percent: usize) -> u64 {
    sorted[(sorted.len() * percent).div_ceil(100) - 1]
}

#[test]
fn slots_of_a_language_model_give_the_same_waits() {
    let Some(folder) = shared("data", "slots_of_a_language_model_give_the_same_waits") else { return };
    let text = std::fs::read_to_string(folder.join("expected.json")).expect("expected.json can be read");
    let expected: Value = serde_json::from_str(&text).expect("expected.json is JSON");
    let cases = expected[KEY].as_array().expect("a list of cases");
    assert_eq!(cases.len(), 3);
    for case in cases {
        let slots = case["slots"].to_string();
        let document = run(&["--cores", &slots], &folder.join("llm/AzureLLMInferenceTrace_conv.csv"));
        let tasks = document["tasks"].as_array().expect("jobs are listed");
        let sorted = |key: &str| {
            let mut column: Vec<u64> =
                tasks.iter().map(|task| task[key].as_u64().expect("every request is served")).collect();
            column.sort_unstable();
            column
        };
        let (waits, responses) = (sorted("waiting_ns"), sorted("response_ns"));
        let service: u64 = responses.iter().sum::<u64>() - waits.iter().sum::<u64>();
        for (key, found) in [
            ("n", tasks.len() as u64 * 1_000),
            ("sum_wait_us", waits.iter().sum()),
            ("p95_wait_us", percentile(&waits, 95)),
            ("p99_wait_us", percentile(&waits, 99)),
            ("max_wait_us", percentile(&waits, 100)),
            ("p99_response_us", percentile(&responses, 99)),
            ("waited", waits.iter().filter(|wait| **wait > 0).count() as u64 * 1_000),
            ("total_service_us", service),
            ("span_us", *sorted("arrival_ns").last().expect("there are requests")),
            ("last_departure_us", *sorted("finish_ns").last().expect("there are requests")),
        ] {
            assert_eq!(Some(found), case[key].as_u64().map(|us| us * 1_000), "{slots} slots: {key}");
        }
        let rows = document["summary"].as_array().expect("there is a summary");
        for (metric, key) in [("waiting", "mean_wait_us"), ("response", "mean_response_us")] {
            let row = rows.iter().find(|row| {
                row["metric"] == metric
                    && row["statistic"] == "mean"
                    && row["scope"] == "all"
                    && row["class"] == "all"
            });
            let found = row.and_then(|row| row["value"].as_f64()).expect("the mean is there");
            let mean = case[key].as_f64().expect("it is a number") * 1e3;
            assert!(
                (found - mean).abs() <= 1e-12 * mean,
                "{slots} slots: {key} is {found} ns, expected {mean} ns"
            );
        }
    }
}
