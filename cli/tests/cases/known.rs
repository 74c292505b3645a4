//! Schedules published in textbooks or given by other simulators, run by the built command.
//!
//! `data/cpu.json` has for each case its source, the task list, the options and the answer. Times are in ms where the
//! source has no unit. The answers of OSTEP's programs and of SimSo come from running them.

use crate::schedule::{Deadline, Expected, Job, Row, Schedule};
use serde_json::Value;
use std::collections::BTreeSet;

/// Cases of the collection that no scenario can express yet, by what is missing. The only list of this kind.
const LATER: &[(&str, &[&str])] = &[
    ("precedence between tasks", &["graham-4cpu"]),
    ("cache affinity of OSTEP's multi.py", &["multi-1", "multi-4", "multi-6", "multi-8"]),
    ("completely fair scheduling", &["ostep-cfs-mingran"]),
    ("schedulability tests, which are formulas and not runs", &["ll-bound"]),
    ("partitioned scheduling", &["ss-pedf-2", "ss-prm-2"]),
    (
        "other multiprocessor real-time policies",
        &[
            "ss-dhall-edzl",
            "ss-gfl-2",
            "ss-full-llref",
            "ss-full-dp_wrap",
            "ss-full-u_edf",
            "ss-full-llf",
            "ss-full-lre_tl",
        ],
    ),
    ("interrupts on two cores at one instant, in SimPy's order", &["ss-ovh-gedf"]),
    ("costs of resuming apart from those of starting", &["ss-penalty"]),
    ("cores of different speeds", &["ss-speed"]),
    ("speed scaling", &["ss-static-edf"]),
];

fn collection() -> Value {
    serde_json::from_str(include_str!("data/cpu.json")).expect("data/cpu.json is JSON")
}

fn cases(collection: &Value) -> &[Value] {
    collection["cases"].as_array().expect("there are cases")
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text"))
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("{value} is no number"))
}

fn array(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// The words of the collection and ours. Its `response` is the time to the first instruction.
const WORDS: &[(&str, &str)] = &[
    ("release", "arrival"),
    ("first_run", "first_run"),
    ("finish", "finish"),
    ("response", "first_response"),
    ("turnaround", "response"),
    ("waiting", "waiting"),
    ("normalized_turnaround", "slowdown"),
    ("deadline", "deadline"),
];

fn means(values: &Value) -> Vec<(&'static str, f64)> {
    let known = |word: &str| WORDS.iter().find(|(theirs, _)| *theirs == word).map(|(_, ours)| *ours);
    let entries = values.as_object().into_iter().flatten();
    entries
        .map(|(word, value)| (known(word).unwrap_or_else(|| panic!("unknown mean `{word}`")), number(value)))
        .collect()
}

fn job(value: &Value) -> Job {
    let known = WORDS.iter().filter(|(theirs, _)| value.get(theirs).is_some());
    Job {
        task: text(&value["task"]).to_owned(),
        nth: value["job"].as_u64().expect("a job has a number"),
        times: known.map(|(theirs, ours)| (*ours, value[theirs].as_f64())).collect(),
        deadline: value.get("missed").map_or(Deadline::NotSaid, |missed| Deadline::Missed(missed.as_bool())),
    }
}

fn row(value: &Value) -> Row {
    (number(&value[0]), number(&value[1]), text(&value[2]).to_owned())
}

fn expected(value: &Value) -> Expected {
    let maybe = |key: &str| value.get(key).map(number);
    Expected {
        jobs: array(&value["jobs"]).iter().map(job).collect(),
        means: means(&value["averages"]),
        printed: means(&value["published"]),
        makespan: maybe("makespan"),
        utilization: maybe("utilization"),
        throughput: maybe("throughput"),
        idle: maybe("idle"),
        busy: maybe("busy"),
        misses: value["misses"].as_u64(),
        worst_response: value["worst_response"]
            .as_object()
            .into_iter()
            .flatten()
            .map(|(task, worst)| (task.clone(), number(worst)))
            .collect(),
        gantt: value
            .get("gantt")
            .map(|cores| array(cores).iter().map(|rows| array(rows).iter().map(row).collect()).collect()),
    }
}

fn schedule(case: &Value) -> Schedule {
    Schedule {
        name: format!("{} ({})", text(&case["id"]), text(&case["source"])),
        csv: array(&case["csv"]).iter().map(|line| text(line).to_owned() + "\n").collect(),
        args: array(&case["args"]).iter().map(|arg| text(arg).to_owned()).collect(),
    }
}

#[test]
fn every_published_schedule_comes_out() {
    let collection = collection();
    let failures: Vec<String> = cases(&collection)
        .iter()
        .filter_map(|case| schedule(case).check(&expected(&case["expected"])))
        .collect();
    assert!(failures.is_empty(), "{} cases differ\n{}", failures.len(), failures.concat());
}

/// Of SimSo's cases every one comes out under the preset of its name too.
#[test]
fn simso_comes_out_under_its_preset() {
    let collection = collection();
    let of_simso = cases(&collection).iter().filter(|case| text(&case["source"]).starts_with("SimSo"));
    let failures: Vec<String> = of_simso
        .filter_map(|case| {
            let mut schedule = schedule(case);
            schedule.args.retain(|arg| arg != "--ties" && !arg.starts_with("equal_key="));
            schedule.args.extend(["--ties", "simso"].map(str::to_owned));
            schedule.check(&expected(&case["expected"]))
        })
        .collect();
    assert!(failures.is_empty(), "{} cases differ\n{}", failures.len(), failures.concat());
}

/// Nothing is skipped silently, and nothing stays on the list of what is missing once it works.
#[test]
fn every_case_is_covered_or_named_as_missing() {
    let collection = collection();
    let all: BTreeSet<&str> = array(&collection["ids"]).iter().map(text).collect();
    let covered: Vec<&str> = cases(&collection).iter().map(|case| text(&case["id"])).collect();
    let later: Vec<&str> = LATER.iter().flat_map(|(_, ids)| ids.iter().copied()).collect();
    assert_eq!(covered.len() + later.len(), all.len());
    let accounted: BTreeSet<&str> = covered.into_iter().chain(later).collect();
    assert_eq!(accounted, all);
}

/// The comparison itself: an answer that is wrong in one place is noticed.
#[test]
fn a_wrong_answer_is_noticed() {
    let collection = collection();
    let case = cases(&collection).iter().find(|case| case["id"] == "sta-rr1").expect("it is a case");
    let schedule = schedule(case);
    let right = expected(&case["expected"]);
    assert!(schedule.check(&right).is_none());
    type Spoil = fn(&mut Expected);
    let wrongs: [(&str, Spoil); 6] = [
        ("time", |e| e.jobs[0].times[1].1 = Some(5.0)),
        ("mean", |e| e.means[0].1 += 0.01),
        ("makespan", |e| e.makespan = Some(19.0)),
        ("utilization", |e| e.utilization = Some(0.99)),
        ("chart", |e| e.gantt.as_mut().unwrap()[0][0].1 = 1.0),
        ("misses", |e| e.misses = Some(1)),
    ];
    for (what, spoil) in wrongs {
        let mut wrong = right.clone();
        spoil(&mut wrong);
        let report = schedule.check(&wrong).unwrap_or_else(|| panic!("a wrong {what} is not noticed"));
        assert!(report.contains("dispatchlab run -"), "{report}");
    }
}
