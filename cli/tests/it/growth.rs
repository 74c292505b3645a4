//! Inputs whose time or memory grew faster than they did. Those in `tests/attacks` are from the cases that come with the
//! project (`cases/attack`): mutated scenarios that took seconds to minutes for 10^4 to 10^5 events.
//!
//! What is asked here is an end at all, with the right words: the time allowed is many times what it takes. How costs grow is
//! what `scripts/growth.sh` measures.

use crate::{Ended, dispatchlab};
use std::fmt::Write;
use std::time::Duration;

/// A command that must come to an end.
fn end_in_time(args: &[&str], stdin: &str) -> Ended {
    let mut command = dispatchlab(args);
    let output =
        command.timeout(Duration::from_secs(50)).write_stdin(stdin).output().expect("the command starts");
    assert!(output.status.code().is_some(), "no end in time: {args:?}");
    Ended {
        code: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8(output.stdout).expect("standard output is UTF-8"),
        stderr: String::from_utf8(output.stderr).expect("standard error is UTF-8"),
    }
}

fn attack(name: &str) -> String {
    format!("{}/tests/attacks/{name}.toml", env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn queues_of_mutated_scenarios_cost_the_same_however_long_they_are() {
    for (name, code) in [
        // Many share a processor; many more than that wait for a token.
        ("fz-gen0-0", 1),
        // A job withdrawn at each event from a queue of 10^5.
        ("fz-gen33-0", 1),
        ("fz-tree11-0", 1),
        // Interrupts that come while others are handled for an hour each.
        ("fz-tree33-4", 1),
    ] {
        let ended = end_in_time(&["run", &attack(name), "--max-events", "200000", "--format", "csv"], "");
        assert_eq!(ended.code, code, "{name}: {}", ended.stderr);
        assert!(ended.stderr.contains("stopped after 200000 events"), "{name}: {}", ended.stderr);
    }
}

/// A second of 200 jobs where 100 can be served, for five minutes: 30 000 jobs are there at the end, and each change of their
/// number is a stretch of every one of them.
#[test]
fn what_is_left_out_of_a_shared_processors_chart_is_said() {
    for policy in ["ps", "las"] {
        let args = ["run", &attack("ps-overload-quadratic"), "--policy", policy, "--format", "json"];
        let ended = end_in_time(&args, "");
        assert_eq!(ended.code, 0, "{}", ended.stderr);
        let document: serde_json::Value = serde_json::from_str(&ended.stdout).expect("the result is JSON");
        let note = "more than 500000 stretches of time of jobs that share a processor: the chart is left out";
        assert!(ended.stderr.contains(note), "{policy}: {}", ended.stderr);
        assert_eq!(document["gantt"].as_array().map(Vec::len), Some(0), "{policy}");
    }
}

/// A run is run again where a warm-up is looked for and where its batches are: nobody needs the stretches of every job then.
#[test]
fn what_is_run_again_is_not_recorded() {
    for more in [["--warmup", "auto"], ["--batches", "20"]] {
        let attack = attack("ps-overload-quadratic");
        let args = [&["run", &attack, "--set", "stop.after=600s", "--format", "csv"][..], &more[..]].concat();
        let ended = end_in_time(&args, "");
        assert_eq!(ended.code, 0, "{more:?}: {}", ended.stderr);
    }
}

#[test]
fn equal_servers_have_their_closed_form_however_many_they_are() {
    let args = ["run", &attack("theory-match-quadratic"), "--set", "web.count=200000", "--format", "csv"];
    let ended = end_in_time(&args, "");
    assert_eq!((ended.code, ended.stderr.as_str()), (0, ""), "{}", ended.stdout);
}

/// Ten times 10^5 servers, with a warm-up, were more memory than there was.
#[test]
fn many_servers_with_a_warm_up_run() {
    let args = ["run", &attack("fz-tree33-2"), "--set", "desk.count=200000", "--format", "csv"];
    let ended = end_in_time(&args, "");
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let args = ["run", &attack("fz-tree33-2"), "--set", "desk.count=1000001", "--format", "csv"];
    let ended = end_in_time(&args, "");
    assert!(ended.code == 2 && ended.stderr.contains("1000000"), "{}", ended.stderr);
}

/// Clients that give up, deadlines that end jobs and servers that fail, under every rule by which jobs wait.
#[test]
fn leaving_a_long_queue_is_no_look_at_everybody() {
    for scheduler in [
        "fcfs",
        "lcfs",
        "lcfs:preemptive=true",
        "siro",
        "sjf",
        "srtf",
        "sjf:predictor=exponential",
        "lottery:quantum=1ms",
        "stride:quantum=1ms",
        "round-robin:quantum=1ms",
        "feedback:quantum=1ms/2ms",
        "mlfq:quantum=1ms/2ms/4ms,boost=1s",
        "priority",
        "priority:ageing=3ms,quantum=2ms",
        "edf",
        "ps",
        "las",
    ] {
        let mut text = String::from("name = \"leaving\"\nstop = { jobs = 30000 }\nwarmup = \"1ms\"\n");
        write!(
            text,
            "[[class]]\nname = \"k\"\nsteps = [{{ work = \"cpu\", demand = {{ exponential = {{ mean = \"1ms\" }} }} }}]\n\
             deadline = \"2s\"\non_miss = \"abort\"\n\
             [[source]]\nname = \"s\"\nclass = \"k\"\narrivals = {{ poisson = \"1000000/s\" }}\n\
             timeout = {{ uniform = {{ low = \"30ms\", high = \"3s\" }} }}\n\
             [[processor]]\nname = \"cpu\"\nscheduler = \"{scheduler}\"\n"
        )
        .expect("strings take everything");
        let ended = end_in_time(&["run", "-", "--format", "csv"], &text);
        assert_eq!(ended.code, 0, "{scheduler}: {}", ended.stderr);
    }
}

#[test]
fn servers_that_would_fail_without_end_are_refused() {
    let text = |failures: &str| {
        format!(
            "name = \"f\"\nstop = {{ after = \"1s\" }}\n\
             [[class]]\nname = \"k\"\nsteps = [{{ balance = \"lb\" }}, {{ work = \"cpu\", demand = \"1ms\" }}]\n\
             [[source]]\nname = \"s\"\nclass = \"k\"\narrivals = {{ poisson = \"10/s\" }}\n\
             [[balancer]]\nname = \"lb\"\npolicy = \"random\"\ntargets = \"web\"\n\
             [[server]]\nname = \"web\"\ncount = 2\nprocessor.cpu = {{}}\nfailures = {{ {failures} }}\n"
        )
    };
    for (failures, words) in [
        ("after = \"0s\", repair = \"0s\"", "`after` is 0: servers would fail without end at one instant"),
        ("after = \"1s\", repair = \"0s\"", "`repair` is 0: servers would fail without end at one instant"),
        ("after = { empirical = { values = [\"0s\"] } }, repair = \"1s\"", "`after` is 0"),
        (
            "after = \"2ns\", repair = \"3ns\"",
            "a server would fail every 5ns on average; at most every 1000ns",
        ),
    ] {
        let ended = end_in_time(&["run", "-"], &text(failures));
        assert_eq!(ended.code, 2, "{failures}: {}", ended.stderr);
        assert!(ended.stderr.contains(words), "{failures}: {}", ended.stderr);
    }
    let ended = end_in_time(&["run", "-", "--format", "csv"], &text("after = \"1s\", repair = \"1s\""));
    assert_eq!(ended.code, 0, "{}", ended.stderr);
}

#[test]
fn what_happens_without_end_at_one_instant_is_named() {
    let text = |arrivals: &str| {
        format!(
            "name = \"f\"\nstop = {{ after = \"1s\" }}\n\
             [[class]]\nname = \"k\"\nsteps = [{{ work = \"cpu\", demand = \"0s\" }}]\n\
             [[source]]\nname = \"s\"\nclass = \"k\"\narrivals = {arrivals}\n[[processor]]\nname = \"cpu\"\n"
        )
    };
    let ended = end_in_time(&["run", "-"], &text("{ closed = { customers = 3, think = \"0s\" } }"));
    assert!(ended.code == 1 && ended.stderr.contains("without time moving on"), "{}", ended.stderr);
    for law in ["\"0s\"", "{ empirical = { values = [\"0s\"] } }"] {
        let ended = end_in_time(&["run", "-"], &text(&format!("{{ renewal = {law} }}")));
        assert!(ended.code == 2 && ended.stderr.contains("gaps of 0"), "{}", ended.stderr);
    }
}
