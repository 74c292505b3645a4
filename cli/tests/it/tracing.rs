//! `--trace`: what viewers of time lines read, held to the rules of the Trace Event Format.

use crate::{end, stdout};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;

/// A time in whole nanoseconds, from microseconds with three decimals.
fn nanos(value: &Value) -> u64 {
    let text = value.to_string();
    let (whole, decimals) = text.split_once('.').unwrap_or((&text, "0"));
    assert!(decimals.len() <= 3, "{text} has parts of a nanosecond");
    whole.parse::<u64>().unwrap() * 1_000 + format!("{decimals:0<3}").parse::<u64>().unwrap()
}

fn text<'v>(event: &'v Value, key: &str) -> &'v str {
    event[key].as_str().unwrap_or_else(|| panic!("{event} has no {key}"))
}

type Track = (u64, u64);

#[derive(Default)]
struct Seen {
    processes: BTreeMap<u64, String>,
    threads: BTreeMap<Track, String>,
    /// By track: start, end, category.
    slices: BTreeMap<Track, Vec<(u64, u64, String)>>,
    /// By track: the last time.
    last: BTreeMap<Track, u64>,
    /// By id: where an arrow starts and ends.
    arrows: BTreeMap<u64, [Vec<(Track, u64)>; 2]>,
    counters: BTreeMap<(u64, String), Vec<(u64, i64)>>,
    instants: BTreeMap<String, u64>,
}

/// Reads a trace and holds it to what every viewer expects.
fn read(path: &str) -> (Value, Seen) {
    let document: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    assert_eq!(document["displayTimeUnit"], "ns");
    let mut seen = Seen::default();
    for event in document["traceEvents"].as_array().unwrap() {
        let pid = event["pid"].as_u64().unwrap();
        let track = (pid, event["tid"].as_u64().unwrap_or(0));
        let phase = text(event, "ph");
        if phase == "M" {
            let name = event["args"]["name"].as_str().map(str::to_owned);
            match text(event, "name") {
                "process_name" => assert!(seen.processes.insert(pid, name.unwrap()).is_none(), "{event}"),
                "thread_name" => assert!(seen.threads.insert(track, name.unwrap()).is_none(), "{event}"),
                "process_sort_index" | "thread_sort_index" => assert!(event["args"]["sort_index"].is_u64()),
                other => panic!("{other}"),
            }
            continue;
        }
        let at = nanos(&event["ts"]);
        if phase == "C" {
            let counter = seen.counters.entry((pid, text(event, "name").to_owned())).or_default();
            assert!(counter.last().is_none_or(|(last, _)| *last < at), "{event}");
            counter.push((at, event["args"]["jobs"].as_i64().unwrap()));
            continue;
        }
        // Of a track all but the last instant, which may stand behind the states of other threads, come by time.
        if phase != "i" {
            let last = seen.last.entry(track).or_insert(0);
            assert!(*last <= at, "{event} comes after {last}");
            *last = at;
        }
        match phase {
            "X" => {
                let end = at + nanos(&event["dur"]);
                assert!(end > at, "{event}");
                let slices = seen.slices.entry(track).or_default();
                assert!(slices.last().is_none_or(|(_, before, _)| *before <= at), "{event} overlaps");
                slices.push((at, end, text(event, "cat").to_owned()));
            }
            "s" | "f" => {
                assert_eq!(event["bp"].as_str(), (phase == "f").then_some("e"));
                let ends = seen.arrows.entry(event["id"].as_u64().unwrap()).or_default();
                assert!(phase == "s" || !ends[0].is_empty(), "{event} stands before its start");
                ends[usize::from(phase == "f")].push((track, at));
            }
            "i" => *seen.instants.entry(text(event, "name").to_owned()).or_default() += 1,
            other => panic!("{other}"),
        }
    }
    hold(&seen);
    (document, seen)
}

fn hold(seen: &Seen) {
    let tracks: BTreeSet<&Track> = seen.slices.keys().collect();
    assert!(tracks.iter().all(|track| seen.threads.contains_key(track)), "every track has a name");
    assert!(seen.threads.keys().all(|(pid, _)| seen.processes.contains_key(pid)), "every process has a name");
    let around = |(track, at): &(Track, u64)| {
        let slices = &seen.slices[track];
        let after = slices.partition_point(|(start, ..)| start <= at);
        after > 0 && slices[after - 1].1 > *at
    };
    for (id, [starts, ends]) in &seen.arrows {
        assert_eq!((starts.len(), ends.len()), (1, 1), "arrow {id} has two ends");
        assert!(starts[0].1 <= ends[0].1, "arrow {id} goes forward");
        assert!(around(&starts[0]) && around(&ends[0]), "arrow {id} ends in slices");
    }
    for ((pid, name), values) in &seen.counters {
        assert!(values.iter().all(|(_, value)| *value >= 0), "{name} of {pid}");
    }
}

fn trace(arguments: &[&str]) -> (Value, Seen) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("trace.json").to_str().unwrap().to_owned();
    let ended = end(&[&["run"], arguments, &["--trace", &path, "-q"]].concat());
    assert_eq!((ended.code, ended.stderr.as_str()), (0, ""), "{arguments:?}");
    read(&path)
}

#[test]
fn every_kind_of_run_gives_a_whole_trace() {
    for arguments in [
        &["convoy", "--policy", "srtf"][..],
        &[
            "convoy",
            "--policy",
            "round-robin:quantum=1ms",
            "--context-switch",
            "100us",
            "--dispatch-latency",
            "3ns",
        ],
        &["io", "--policy", "fcfs"],
        &["periodic", "--policy", "edf", "--cores", "2"],
        &["stallings", "--policy", "ps"],
        &["stallings", "--policy", "ps", "--cores", "2"],
        &["pipeline", "--set", "stop.after=300ms", "--set", "warmup=0s"],
        &["web-shop", "--set", "stop.after=200ms", "--set", "warmup=0s"],
        &["mm1-loss", "--set", "stop.jobs=300", "--set", "warmup=0s"],
        &["mg1-ps", "--set", "stop.jobs=300", "--set", "warmup=0s"],
    ] {
        let (document, seen) = trace(arguments);
        assert!(!seen.arrows.is_empty() && !seen.counters.is_empty(), "{arguments:?}");
        assert_eq!(document["otherData"]["schema"], "dispatchlab.trace/1");
    }
}

/// The trace says what the other results say: time on cores, jobs, and who is left at the end.
#[test]
fn a_trace_agrees_with_the_numbers() {
    let arguments = ["web-shop", "--set", "stop.after=500ms", "--set", "warmup=0s"];
    let (_, seen) = trace(&arguments);
    let json: Value =
        serde_json::from_str(&stdout(&[&["run"], &arguments[..], &["--format", "json"]].concat())).unwrap();
    let value = |metric: &str, statistic: &str, scope: &str| {
        let wanted = |row: &&Value| {
            row["metric"] == metric
                && row["statistic"] == statistic
                && row["scope"] == scope
                && row["class"] == "all"
        };
        json["summary"].as_array().unwrap().iter().find(wanted).unwrap()["value"].as_f64().unwrap()
    };
    let (pid, _) = seen.processes.iter().find(|(_, name)| *name == "web-2.cpu").unwrap();
    let time = |category: &str| -> u64 {
        let of = seen.slices.iter().filter(|((process, _), _)| process == pid).flat_map(|(_, slices)| slices);
        of.filter(|(_, _, found)| found == category).map(|(start, end, _)| end - start).sum()
    };
    let capacity = 2.0 * 500e6;
    assert!((time("run") as f64 / capacity - value("utilization", "mean", "web-2.cpu")).abs() < 1e-12);
    let overhead = (time("switch") + time("dispatch")) as f64 / capacity;
    assert!((overhead - value("overhead", "share", "web-2.cpu")).abs() < 1e-12);
    assert_eq!(
        time("run") + time("switch") + time("dispatch") + time("idle"),
        1_000_000_000,
        "all time is told"
    );
    assert_eq!(seen.instants["arrival"] as f64, value("jobs", "released", "all"));
    assert_eq!(seen.instants["completion"] as f64, value("jobs", "completed", "all"));
    let in_system = &seen.counters[&(1, "jobs in the system".to_owned())];
    assert_eq!(in_system.last().unwrap().1 as f64, value("jobs", "unfinished", "all"));
}

/// Counters add up to the mean queue, and slices to the books, in the measured window: under shared cores, with interrupts, with a
/// warm-up and a number of releases that ends arrivals that would go on.
#[test]
fn counters_and_slices_add_up_to_the_books() {
    let mut compared = 0;
    for arguments in [
        &["convoy"][..],
        &["convoy", "--policy", "ps"],
        &["convoy", "--policy", "las"],
        &[
            "convoy",
            "--policy",
            "round-robin:quantum=2ms",
            "--interrupts",
            "release=20us,decide=50us,save=10us",
        ],
        &["mm1", "--policy", "ps", "--set", "stop.jobs=400", "--set", "warmup=1313ms"],
        &["mm1", "--policy", "las", "--set", "stop.jobs=400", "--set", "warmup=1313ms"],
        &["mm1", "--policy", "ps", "--cores", "3", "--scale", "2", "--set", "stop.jobs=400"],
        &["web-shop", "--set", "stop.jobs=500", "--set", "warmup=101ms"],
    ] {
        let (_, seen) = trace(arguments);
        let json: Value =
            serde_json::from_str(&stdout(&[&["run"], arguments, &["--format", "json", "-q"]].concat()))
                .unwrap();
        let value = |name: &str, scope: &str| {
            let wanted = |row: &&Value| {
                format!("{}/{}", row["metric"].as_str().unwrap(), row["statistic"].as_str().unwrap()) == name
                    && row["scope"] == scope
                    && row["class"] == "all"
            };
            json["summary"].as_array().unwrap().iter().find(wanted)?["value"].as_f64()
        };
        let (from, length) = (value("warmup/time", "all").unwrap(), value("window/time", "all").unwrap());
        let inside =
            |start: u64, end: u64| ((end as f64).min(from + length) - (start as f64).max(from)).max(0.0);
        for (pid, name) in &seen.processes {
            if let Some(expected) = value("queue_length/mean", name) {
                let steps = seen.counters.get(&(*pid, "queue".to_owned())).map_or(&[][..], Vec::as_slice);
                let ends = steps.iter().skip(1).map(|(at, _)| *at).chain([u64::MAX]);
                let integral: f64 =
                    steps.iter().zip(ends).map(|((at, queue), end)| *queue as f64 * inside(*at, end)).sum();
                assert!(
                    (integral / length - expected).abs() < 1e-6,
                    "{arguments:?} {name}: {} {expected}",
                    integral / length
                );
                compared += 1;
            }
            let slices = || {
                seen.slices.iter().filter(|((process, _), _)| process == pid).flat_map(|(_, slices)| slices)
            };
            let Some(utilization) =
                value("utilization/mean", name).filter(|_| slices().any(|slice| slice.2 == "idle"))
            else {
                continue;
            };
            let time = |categories: &[&str]| -> f64 {
                let of = slices().filter(|(_, _, found)| categories.contains(&found.as_str()));
                of.map(|(start, end, _)| inside(*start, *end)).sum()
            };
            let capacity = time(&["run", "switch", "dispatch", "idle"]);
            assert!((time(&["run"]) / capacity - utilization).abs() < 1e-9, "{arguments:?} {name}");
            let overhead = value("overhead/share", name).unwrap();
            assert!(
                (time(&["switch", "dispatch"]) / capacity - overhead).abs() < 1e-9,
                "{arguments:?} {name}"
            );
            compared += 1;
        }
    }
    assert!(compared > 20, "{compared}");
}

#[test]
fn textbook_states_are_on_the_jobs_tracks() {
    let (_, seen) = trace(&["convoy", "--policy", "fcfs"]);
    let jobs: BTreeMap<&str, &Track> = seen
        .threads
        .iter()
        .filter(|((pid, _), _)| *pid == 1)
        .map(|(track, name)| (name.as_str(), track))
        .collect();
    let json: Value =
        serde_json::from_str(&stdout(&["run", "convoy", "--policy", "fcfs", "--format", "json"])).unwrap();
    for task in json["tasks"].as_array().unwrap() {
        let slices = &seen.slices[jobs[text(task, "task")]];
        let of = |category: &str| -> u64 {
            slices.iter().filter(|slice| slice.2 == category).map(|(start, end, _)| end - start).sum()
        };
        assert_eq!(of("ready"), task["ready_ns"].as_u64().unwrap(), "{task}");
        assert_eq!(of("ready") + of("running"), task["response_ns"].as_u64().unwrap(), "{task}");
    }
}

#[test]
fn more_jobs_than_a_viewer_takes_are_said() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("trace.json").to_str().unwrap().to_owned();
    let ended = end(&["run", "mm1", "--set", "stop.jobs=10500", "--set", "warmup=0s", "--trace", &path]);
    assert!(ended.stderr.contains("only the first 10000 of"), "{}", ended.stderr);
    let (_, seen) = read(&path);
    assert_eq!(seen.threads.keys().filter(|(pid, _)| *pid == 1).count(), 10_000);
    let ended = end(&["run", "convoy", "--trace", "-"]);
    assert!(ended.code == 2 && ended.stderr.contains("name a file"), "{}", ended.stderr);
}
