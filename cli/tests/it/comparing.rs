//! `dispatchlab compare`.

use crate::{end, stdout};
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
        "schema scenario seed replications confidence ties reference policies rows first_difference noise conclusion \
         conditions selection"
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

/// The interval decides, three ways; true weighs more than undecided.
#[test]
fn conditions_decide_how_the_command_ends() {
    let base = ["compare", "mm1", "--policy", "fcfs", "--policy", "lcfs", "--set", "stop.jobs=2000"];
    let base = [&base[..], &["--replications", "20", "--metric", "response/p99"]].concat();
    for (conditions, code, said) in [
        (&["response/p99 > 1h"][..], 0, ""),
        (
            &["response/p99 > 1us"],
            4,
            "failed: true, but must not be: fcfs: response/p99 > 1us; lcfs: response/p99 > 1us\n",
        ),
        (
            &["lcfs: response/p99 worse by 5%"],
            4,
            "failed: true, but must not be: lcfs: response/p99 worse by 5%\n",
        ),
        (&["fcfs: response/p99 > 300ms"], 5, "undecided: fcfs: "),
        (&["fcfs: response/p99 > 300ms", "response/p99 < 1us", "lcfs: response/mean > 1us"], 4, "failed: "),
    ] {
        let mut args = base.clone();
        args.extend(conditions.iter().flat_map(|condition| ["--fail-if", condition]));
        let ended = end(&args);
        assert_eq!(ended.code, code, "{conditions:?}\n{}\n{}", ended.stdout, ended.stderr);
        assert!(ended.stderr.starts_with(said), "{conditions:?}: {}", ended.stderr);
        let bare = |condition: &&str| condition.split(": ").last().unwrap_or_default().to_owned();
        assert!(
            conditions.iter().map(bare).all(|condition| ended.stdout.contains(&condition)),
            "{}",
            ended.stdout
        );
    }
}

#[test]
fn what_cannot_be_asked_is_refused_before_anything_runs() {
    let compare = ["compare", "mm1", "--policy", "fcfs", "--policy", "lcfs"];
    for (args, said) in [
        (&["--fail-if", "respons/p99 > 1ms"][..], "did you mean `response/p99`?"),
        (&["--fail-if", "response/p99 > 1"], "write one, such as 1ms"),
        (&["--fail-if", "response/p99 shop > 1ms"], "is not measured for `shop`; it is for everything"),
        (&["--precision", "0"], "above 0 and below 100%"),
        (&["--precision", "2%", "--replications", "5"], "cannot be used with"),
        (&["--precision", "2%", "--min-replications", "9", "--max-replications", "8"], "is more than"),
        (&["--precision-metric", "response/mean"], "--precision"),
        (&["--min-replications", "5", "--replications", "5"], "says nothing without --precision"),
        (&["--precision", "2%", "--precision-metric", "respons/mean"], "did you mean `response/mean`?"),
        (&["--noise", "200%"], "not a part from 0 to below 100%"),
        (&["--confidence", "1"], "a level is a number from"),
        (&["--best", "utilization/mean"], "neither direction of this metric is better"),
        (&["--best", "response/mean", "--budget", "3"], "2 policies need two replications each"),
        (&["--best", "response/mean", "--replications", "5"], "cannot be used with"),
    ] {
        let ended = end(&[&compare[..], args].concat());
        assert_eq!((ended.code, ended.stdout.as_str()), (2, ""), "{args:?}");
        assert!(ended.stderr.contains(said), "{args:?}: {}", ended.stderr);
    }
    let ended = end(&["run", "mm1", "--fail-if", "response/mean worse by 5%"]);
    assert_eq!(ended.code, 2);
    assert!(ended.stderr.contains("a run has no reference"), "{}", ended.stderr);
}

#[test]
fn a_precision_ends_with_the_replications_it_takes_or_with_its_own_code() {
    let base = ["run", "mm1", "--set", "stop.jobs=2000", "--format", "csv", "--precision"];
    let replications = |text: &str| {
        let last = text.lines().last().expect("there are rows");
        last.split(',').nth(2).and_then(|field| field.parse::<u32>().ok()).expect("replications are numbered")
    };
    let reached = end(&[&base[..], &["20%"]].concat());
    assert_eq!((reached.code, reached.stderr.as_str()), (0, ""));
    assert!((10..=200).contains(&replications(&reached.stdout)));
    let one_thread = end(&[&base[..], &["20%", "--threads", "1"]].concat());
    assert_eq!(one_thread.stdout, reached.stdout, "threads decide nothing");
    let given_up = end(&[&base[..], &["1%", "--max-replications", "12"]].concat());
    assert_eq!((given_up.code, replications(&given_up.stdout)), (5, 12));
    assert!(given_up.stderr.starts_with("undecided: response/mean is known to "), "{}", given_up.stderr);
}

#[test]
fn the_best_of_many_is_the_reference_of_what_is_shown() {
    let base = [
        "compare",
        "mm1",
        "--policy",
        "fcfs",
        "--policy",
        "sjf",
        "--policy",
        "srtf",
        "--set",
        "stop.jobs=2000",
    ];
    let ended = end(&[&base[..], &["--best", "response/mean", "--format", "json"]].concat());
    assert_eq!((ended.code, ended.stderr.as_str()), (0, ""));
    let document: Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!((&document["reference"], &document["selection"]["best"]), (&"srtf".into(), &"srtf".into()));
    assert!(document["selection"]["probability"].as_f64().unwrap() >= 0.95);
    // One task list, always the same: two policies that tie stay tied.
    let tied = end(&["compare", "convoy", "--policy", "sjf", "--policy", "srtf", "--best", "response/mean"]);
    assert_eq!(tied.code, 5);
    assert!(tied.stderr.starts_with("undecided: sjf looks best"), "{}", tied.stderr);
}
