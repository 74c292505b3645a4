//! Statistics that are asked for by a number: any percentile, and the share of jobs within a time.

use crate::patience::run_text;
use crate::{end, stdout};
use serde_json::Value;

fn value(stdout: &str, metric: &str) -> f64 {
    let document: Value = serde_json::from_str(stdout).expect("the result is JSON");
    let (name, statistic) = metric.split_once('/').expect("a metric has a statistic");
    let rows = document["summary"].as_array().expect("there is a summary");
    let row = rows
        .iter()
        .find(|row| row["metric"] == name && row["statistic"] == statistic && row["class"] == "all");
    row.and_then(|row| row["value"].as_f64()).unwrap_or_else(|| panic!("{metric} has no value: {stdout}"))
}

/// One job at a time, of 1, 2, 3 and 4 s.
const FOUR: &str = "[[class]]\nname = \"c\"\nsteps = [{ work = \"cpu\", demand = { exponential = { mean = \"1s\" } } }]\n\
    [[source]]\nname = \"in\"\nclass = \"c\"\n\
    arrivals = { rows = [[\"0s\", \"1s\"], [\"10s\", \"2s\"], [\"20s\", \"3s\"], [\"30s\", \"4s\"]] }\n\
    [[processor]]\nname = \"cpu\"\n";

/// Two callers for one agent for 10 s; the second gives up after 3 s.
const CALLS: &str = "[[class]]\nname = \"c\"\nsteps = [{ hold = \"agents\", steps = [{ delay = \"10s\" }] }]\n\
    [[source]]\nname = \"in\"\nclass = \"c\"\narrivals = { rows = [[\"0s\"], [\"1s\"]] }\ntimeout = \"3s\"\n\
    timeout_until = \"first-run\"\n[[pool]]\nname = \"agents\"\nsize = 1\n";

#[test]
fn percentiles_and_shares_are_what_counting_says() {
    for (text, until, metric, expected) in [
        // Nearest rank: ceil(0.8 x 4) = 4, ceil(0.255 x 4) = 2, ceil(0.9995 x 4) = 4.
        (FOUR, "60s", "response/p80", 4e9),
        (FOUR, "60s", "response/p25.5", 2e9),
        (FOUR, "60s", "response/p99.95", 4e9),
        (FOUR, "60s", "response/within:2s", 0.5),
        (FOUR, "60s", "response/within:1999ms", 0.25),
        (FOUR, "60s", "response/within:4s", 1.0),
        // The last job is under way at 32 s: it is not within.
        (FOUR, "32s", "response/within:4s", 0.75),
        // A caller who gives up is not within, however short the wait was.
        (CALLS, "60s", "waiting/within:20s", 0.5),
        (CALLS, "60s", "waiting/p80", 0.0),
    ] {
        let ended = run_text(text, &["--metric", metric, "--until", until, "--format", "json"]);
        assert_eq!(ended.code, 0, "{metric}: {}", ended.stderr);
        assert_eq!(value(&ended.stdout, metric), expected, "{metric} until {until}");
    }
    let ended = run_text(FOUR, &["--fail-if", "response/within:2s < 95%", "--format", "json"]);
    assert_eq!(ended.code, 4, "{}", ended.stderr);
}

/// Beyond 100 000 jobs the share comes from buckets: exact in M/M/1 is 1 - exp(-(mu - lambda) t).
#[test]
fn shares_of_many_jobs_come_from_buckets() {
    let text = "seed = 5\nstop = { jobs = 150_000 }\n[[class]]\nname = \"c\"\n\
        steps = [{ work = \"cpu\", demand = { exponential = { mean = \"10ms\" } } }]\n[[source]]\nname = \"in\"\n\
        class = \"c\"\narrivals = { poisson = \"50/s\" }\n[[processor]]\nname = \"cpu\"\n";
    let ended = run_text(
        text,
        &["--metric", "response/within:20ms", "--metric", "response/p63.2", "--format", "json"],
    );
    let share = value(&ended.stdout, "response/within:20ms");
    let exact = 1.0 - 0.367_879_441_171;
    assert!((share - exact).abs() < 0.01, "{share} {exact}");
    let percentile = value(&ended.stdout, "response/p63.2");
    assert!((percentile / 20e6 - 1.0).abs() < 0.03, "{percentile}");
}

/// Erlang C, 9 of a load: 12 threads serve 77.5 % within 5 ms of waiting, 13 serve 87.4 %. The model is
/// `32-threads.toml` of the shared cases `cases/field`.
#[test]
fn plans_keep_a_service_level() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let path = folder.path().join("threads.toml");
    std::fs::write(&path, crate::planning::THREADS).expect("a file can be written");
    let path = path.to_str().expect("the path is text");
    let args = ["plan", path, "--vary", "threads.size=10..16", "--no-curve", "--quiet", "--format", "json"];
    for (goal, expected) in [
        ("waiting/within:5ms >= 80%", 13),
        ("waiting/mean <= 5ms", 13),
        ("response/p80 <= 1s", 10),
        // 98 % wait at most 20 ms: 13 serve 93.5 %, 14 serve 97.1 %, 15 serve 98.8 %.
        ("waiting/within:20ms >= 98%", 15),
    ] {
        let all: Vec<&str> = args.iter().copied().chain(["--slo", goal]).collect();
        let document: Value = serde_json::from_str(&stdout(&all)).expect("a plan is JSON");
        assert_eq!(document["answers"][0]["count"], expected, "{goal}: {}", document["answers"]);
    }
}

#[test]
fn numbers_that_make_no_sense_come_with_a_cure() {
    for (metric, cure) in [
        ("response/p100", "a percentile is a number between 0 and 100"),
        ("response/p0", "a percentile is a number between 0 and 100"),
        ("response/within:250", "write a time with its unit, such as `response/within:250ms`"),
        ("waiting/within", "write a time with its unit, such as `waiting/within:250ms`"),
        ("slowdown/p80", "did you mean `slowdown/mean`?"),
    ] {
        let ended = end(&["compare", "convoy", "--policy", "fcfs", "--policy", "sjf", "--metric", metric]);
        assert_eq!(ended.code, 2, "{metric}");
        assert!(ended.stderr.contains(cure), "{metric}: {}", ended.stderr);
    }
    let both = stdout(&[
        "compare",
        "convoy",
        "--policy",
        "fcfs",
        "--policy",
        "sjf",
        "--metric",
        "response/p66.6",
        "--metric",
        "response/within:6ms",
        "--format",
        "json",
    ]);
    assert!(both.contains("\"response\"") && both.contains("\"within:6ms\""), "{both}");
}
