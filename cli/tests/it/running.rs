//! `dispatchlab run` and `dispatchlab validate`.

use crate::{dispatchlab, end, end_with_input, stdout};
use serde_json::Value;

fn json(args: &[&str]) -> Value {
    serde_json::from_str(&stdout(args)).expect("the result is JSON")
}

fn number(document: &Value, metric: &str, statistic: &str) -> f64 {
    let rows = document["summary"].as_array().expect("there is a summary");
    let row = rows.iter().find(|row| {
        row["metric"] == metric
            && row["statistic"] == statistic
            && row["scope"] == "all"
            && row["class"] == "all"
    });
    row.and_then(|row| row["value"].as_f64()).unwrap_or_else(|| panic!("{metric}/{statistic} has no value"))
}

/// The convoy of Silberschatz, Galvin, Gagne, Operating System Concepts, CPU Scheduling: 24, 3 and 3 ms at time 0 wait 17 ms
/// on average under FCFS, 3 ms under SJF.
#[test]
fn textbook_answers() {
    for (policy, waiting) in [("fcfs", 17e6), ("sjf", 3e6), ("srtf", 3e6)] {
        let document = json(&["run", "convoy", "--policy", policy, "--format", "json"]);
        assert_eq!(number(&document, "waiting", "mean"), waiting, "{policy}");
    }
    let table = stdout(&["run", "convoy"]);
    assert!(table.contains("mean                             17.00     27.00    17.00"), "{table}");
    assert!(table.contains("cpu   P1------------------------------P2--P3--"), "{table}");
}

#[test]
fn a_task_list_comes_in_by_standard_input() {
    let list = "task,arrival,cpu\nA,0,5\nB,1,3\n";
    let ended = end_with_input(&["run", "-", "--policy", "srtf", "--format", "json"], list);
    assert_eq!((ended.code, ended.stderr.as_str()), (0, ""));
    let document: Value = serde_json::from_str(&ended.stdout).unwrap();
    let finishes: Vec<u64> = document["tasks"]
        .as_array()
        .unwrap()
        .iter()
        .map(|task| task["finish_ns"].as_u64().unwrap())
        .collect();
    assert_eq!(finishes, [8_000_000, 4_000_000]);
}

/// Keys, their order and their nulls are what other programs rely on.
#[test]
fn the_run_document_keeps_its_keys() {
    let document = json(&["run", "convoy", "--context-switch", "1ms", "--format", "json"]);
    let keys = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>().join(" ");
    assert_eq!(keys(&document), "schema scenario policy seed exact ties digest tasks gantt summary");
    assert_eq!(document["schema"], "dispatchlab.run/1");
    assert_eq!(
        keys(&document["tasks"][0]),
        "task job class status arrival_ns first_run_ns finish_ns first_response_ns response_ns waiting_ns ready_ns \
         overhead_ns blocked_ns preemptions migrations deadline_ns missed"
    );
    assert_eq!(document["tasks"][0]["deadline_ns"], Value::Null);
    assert_eq!(keys(&document["gantt"][0]), "station core task job start_ns end_ns kind");
    assert_eq!(document["gantt"][0]["kind"], "switch");
    assert_eq!(keys(&document["summary"][0]), "metric statistic scope class value unit n ci_low ci_high");
    assert_eq!(document["summary"][0]["ci_low"], Value::Null);
    assert_eq!(document["digest"].as_str().map(str::len), Some(16));
    let shared = json(&["run", "convoy", "--policy", "ps", "--format", "json"]);
    assert_eq!(keys(&shared["gantt"][0]), "station core task job start_ns end_ns kind share");
}

#[test]
fn cores_are_covered_from_beginning_to_end() {
    let document = json(&[
        "run",
        "stallings",
        "--cores",
        "2",
        "--policy",
        "round-robin:quantum=1ms",
        "--format",
        "json",
    ]);
    let gantt = document["gantt"].as_array().unwrap();
    let end = gantt.iter().map(|row| row["end_ns"].as_u64().unwrap()).max().unwrap();
    for core in 0..2 {
        let mut at = 0;
        for row in gantt.iter().filter(|row| row["core"] == core) {
            assert_eq!(row["start_ns"], at, "{row}");
            at = row["end_ns"].as_u64().unwrap();
        }
        assert_eq!(at, end, "core {core}");
    }
}

#[test]
fn results_do_not_depend_on_threads() {
    let run = |threads: &str, format: &str| {
        let arguments = ["run", "mm1", "--set", "stop.jobs=3000", "--replications", "5"];
        stdout(&[&arguments[..], &["--threads", threads, "--format", format]].concat())
    };
    for format in ["json", "csv", "table"] {
        let one = run("1", format);
        assert_eq!(one, run("2", format), "{format}");
        assert_eq!(one, run("8", format), "{format}");
    }
}

#[test]
fn the_long_form_has_one_row_per_replication_and_metric() {
    let text = stdout(&["run", "mm1", "--set", "stop.jobs=500", "--replications", "3", "--format", "csv"]);
    assert!(!text.contains('\r'), "lines end in LF");
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let header = reader.headers().unwrap().iter().collect::<Vec<_>>().join(",");
    assert_eq!(
        header,
        "scenario,policy,replication,metric,statistic,scope,class,value,unit,n,ci_low,ci_high,above"
    );
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    for replication in ["1", "2", "3"] {
        let found =
            rows.iter().filter(|row| &row[2] == replication && &row[3] == "response" && &row[4] == "mean");
        assert_eq!(found.count(), 1, "replication {replication}");
    }
    assert!(rows.iter().all(|row| !row.iter().any(|field| field.contains("NaN") || field.contains("inf"))));
}

#[test]
fn intervals_come_with_replications() {
    let document =
        json(&["run", "mm1", "--set", "stop.jobs=2000", "--replications", "4", "--format", "json"]);
    let row = &document["summary"][0];
    assert_eq!((&row["metric"], &row["n"]), (&Value::from("response"), &Value::from(4)));
    let (low, value, high) = (row["ci_low"].as_f64(), row["value"].as_f64(), row["ci_high"].as_f64());
    assert!(low < value && value < high, "{row}");
}

#[test]
fn large_runs_are_not_recorded_unless_asked() {
    let arguments = ["run", "mm1", "--set", "stop.jobs=100001", "--format", "json", "-q"];
    let document = json(&arguments);
    assert_eq!(document["tasks"].as_array().map(Vec::len), Some(0));
    assert_eq!(document["digest"], Value::Null);
    let document = json(&[&arguments[..], &["--digest"]].concat());
    assert!(document["digest"].is_string());
}

#[test]
fn mistakes_end_with_code_2_and_say_what_to_do() {
    for (args, says) in [
        (&["run", "convoy", "--policy", "srft"][..], "did you mean `srtf`?"),
        (&["run", "nothere"], "no such file"),
        (&["run"], "required"),
        (&["run", "convoy", "--replications", "0"], "0 is not in 1.."),
        (&["run", "convoy", "--confidence", "95"], "a level is a number from 0.01"),
        (&["run", "convoy", "--set", "nothing"], "is not of the form PATH=VALUE"),
        (&["run", "convoy", "--explain-at", "soon"], "`soon` is not a number"),
        (&["run", "convoy", "--ties", "quantum_end=coin"], "coin"),
        (&["run", "convoy", "-o", "result.foo"], "give --format"),
        (&["run", "convoy", "-o", "no/such/folder/x.json"], "there is no folder"),
        (&["compare", "convoy"], "nothing to compare with"),
        (&["compare", "convoy", "--policy", "fcfs", "--policy", "fcfs"], "`fcfs` is named twice"),
        (&["compare", "convoy", "--policy", "sjf", "--reference", "edf"], "the reference `edf` is none of"),
        (
            &["compare", "convoy", "--policy", "sjf", "--metric", "respons/p99"],
            "did you mean `response/p99`?",
        ),
        (&["policies", "show", "round-robbin"], "did you mean `round-robin`?"),
        (&["new", "nothing"], "there is no template"),
        (&["validate", "nothere", "convoy"], "no such file"),
    ] {
        let ended = end(args);
        assert_eq!(ended.code, 2, "{args:?}: {}", ended.stderr);
        assert!(ended.stderr.contains(says), "{args:?}: {}", ended.stderr);
        if args[0] != "validate" {
            assert_eq!(ended.stdout, "", "{args:?}");
        }
    }
}

#[test]
fn failed_runs_end_with_code_1() {
    for (args, says) in [
        (&["run", "convoy", "--max-events", "1"][..], "raise the limit with --max-events"),
        (&["run", "mm1", "--max-jobs", "1", "--replications", "2"], "replication 1: more than 1 jobs"),
        (
            &["compare", "convoy", "--policy", "fcfs", "--policy", "sjf", "--max-events", "1"],
            "fcfs: stopped after",
        ),
    ] {
        let ended = end(args);
        assert_eq!((ended.code, ended.stdout.as_str()), (1, ""), "{args:?}");
        assert!(
            ended.stderr.starts_with("error: ") && ended.stderr.contains(says),
            "{args:?}: {}",
            ended.stderr
        );
    }
}

#[test]
fn colors_follow_flag_and_environment() {
    let escape = '\u{1b}';
    let run = |args: &[&str], env: &[(&str, &str)]| {
        let mut command = dispatchlab(&["run", "convoy", "--policy", "srft"]);
        let output = command.args(args).envs(env.iter().copied()).output().unwrap();
        String::from_utf8(output.stderr).unwrap().contains(escape)
    };
    assert!(!run(&[], &[]), "no color in a pipe");
    assert!(run(&["--color", "always"], &[]));
    assert!(run(&[], &[("CLICOLOR_FORCE", "1")]));
    assert!(!run(&["--color", "never"], &[("CLICOLOR_FORCE", "1")]), "the flag wins");
    assert!(run(&["--color", "always"], &[("NO_COLOR", "1")]), "the flag wins");
}

#[test]
fn notes_go_to_standard_error_and_can_be_silenced() {
    let args = ["run", "mm1", "--set", "stop.jobs=3000", "--warmup", "auto"];
    let ended = end(&args);
    assert!(ended.code == 0 && ended.stderr.contains("MSER-5"), "{}", ended.stderr);
    stdout(&[&args[..], &["--quiet"]].concat());
}

#[test]
fn explanations_name_key_rule_and_choice() {
    let text = stdout(&["run", "stallings", "--policy", "srtf", "--explain-at", "8"]);
    let explanation = &text[text.find("t = 8ms").expect("a decision at 8 ms")..];
    for part in ["policy  srtf", "remaining", "> E", "why     least remaining work"] {
        assert!(explanation.contains(part), "{part}: {explanation}");
    }
    let ended = end(&["run", "convoy", "--explain", "--format", "json"]);
    let document: Value = serde_json::from_str(&ended.stdout).expect("JSON and nothing else");
    let decisions = document["decisions"].as_array().expect("decisions stand in the document");
    assert!(!decisions.is_empty() && !ended.stdout.contains("why  "), "prose stays out of JSON");
}

#[test]
fn valid_inputs_are_said_to_be_valid() {
    let text = stdout(&["validate", "convoy", "mm1", "web-shop"]);
    assert_eq!(text.lines().filter(|line| line.contains(": valid (")).count(), 3, "{text}");
}

#[test]
fn one_long_run_has_intervals_from_batches() {
    let base = ["run", "mm1", "--set", "stop.jobs=20000", "--batches"];
    let ended = end(&[&base[..], &["20", "--format", "json"]].concat());
    assert_eq!(ended.code, 0);
    assert!(ended.stderr.starts_with("note: intervals from 20 batches of "), "{}", ended.stderr);
    let document: Value = serde_json::from_str(&ended.stdout).unwrap();
    let row = &document["summary"][0];
    assert_eq!((&row["metric"], &row["n"]), (&Value::from("response"), &Value::from(20)));
    assert!(
        row["ci_low"].as_f64() < row["value"].as_f64() && row["value"].as_f64() < row["ci_high"].as_f64()
    );
    for (args, said) in [
        (&["20", "--replications", "2"][..], "cannot be used with"),
        (&["4"], "4 is not in 5..=64"),
        (&["20", "--welch", "w.csv"], "--welch needs at least 5 replications"),
    ] {
        let ended = end(&[&base[..], args].concat());
        assert_eq!(ended.code, 2, "{args:?}");
        assert!(ended.stderr.contains(said), "{args:?}: {}", ended.stderr);
    }
}
