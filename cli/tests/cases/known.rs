//! Cases with known answers, run from outside by `scripts/cases`: it translates each by rule, runs the built command and
//! compares what that writes.
//!
//! `data/cpu.json` and `data/oracles.json` are copies of `cases/cpu.json` and `cases/oracles.json` of the shared cases, with
//! their sources in them; the other files of that folder run where it is there. `data/regions.json` has transaction regions
//! worked by hand. What cannot be expressed yet is said by the script, case by case, with what is missing. The counts below
//! change when a mechanism comes.

use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::Command;

/// What the script printed, and its exit code.
struct Said {
    text: String,
    code: Option<i32>,
}

impl Said {
    /// Everything that is said of one case.
    fn of(&self, id: &str) -> &str {
        let start = format!("{id}: ");
        let line = self.text.lines().find(|line| line.starts_with(&start));
        &line.unwrap_or_else(|| panic!("nothing of {id} in\n{}", self.text))[start.len()..]
    }

    fn counts(&self) -> &str {
        self.text.lines().last().unwrap_or_default()
    }

    fn wrongs(&self) -> Vec<&str> {
        self.text.lines().filter(|line| line.contains(": wrong")).collect()
    }
}

/// Runs the script; `None`, said by name, where there is no Python.
fn cases(test: &str, file: &Path, args: &[&str]) -> Option<Said> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scripts/cases");
    let output = Command::new("python3")
        .arg(script)
        .args(args.iter().filter(|arg| arg.starts_with("--")))
        .arg(env!("CARGO_BIN_EXE_dispatchlab"))
        .arg(file)
        .args(args.iter().filter(|arg| !arg.starts_with("--")))
        .output();
    let Ok(output) = output else {
        crate::did_not_run(test, "python3 is not installed");
        return None;
    };
    let text = [output.stdout, output.stderr].concat();
    Some(Said { text: String::from_utf8_lossy(&text).into_owned(), code: output.status.code() })
}

fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/data").join(name)
}

fn document(name: &str) -> Value {
    let text = std::fs::read_to_string(data(name)).expect("it can be read");
    serde_json::from_str(&text).expect("it is JSON")
}

/// A file of cases in a folder that goes with the test.
fn written(document: &Value) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("cases.json");
    std::fs::write(&file, document.to_string()).expect("it can be written");
    (folder, file)
}

#[test]
fn every_published_schedule_comes_out() {
    let Some(said) = cases("known::every_published_schedule_comes_out", &data("cpu.json"), &[]) else {
        return;
    };
    assert_eq!(said.wrongs(), [""; 0]);
    assert_eq!(said.counts(), "66 exact, 0 within, 0 wrong, 20 not expressible, of 86");
    assert_eq!(said.code, Some(0));
    for (id, missing) in [
        ("graham-4cpu", "policy LIST"),
        ("multi-6", "policy MULTI_RR"),
        ("ss-speed", "speeds of cores"),
        ("ss-penalty", "execution times by fixedpenalty"),
    ] {
        assert_eq!(said.of(id), format!("not expressible: {missing}"));
    }
}

/// Of SimSo's cases every one comes out under the preset of its name too.
#[test]
fn simso_comes_out_under_its_preset() {
    let mut collection = document("cpu.json");
    let all = collection["cases"].as_array_mut().expect("there are cases");
    all.retain(|case| case["group"] == "simso");
    for case in all.iter_mut() {
        case["ties"] = json!("simso");
    }
    let (_folder, file) = written(&collection);
    let Some(said) = cases("known::simso_comes_out_under_its_preset", &file, &[]) else { return };
    assert_eq!(said.wrongs(), [""; 0]);
    assert_eq!(said.counts(), "15 exact, 0 within, 0 wrong, 13 not expressible, of 28");
}

/// Whether everything runs at full length, as `scripts/long-tests.sh` has it.
fn is_long() -> bool {
    std::env::var_os("DISPATCHLAB_LONG").is_some_and(|value| value == "1")
}

/// One case of each model, with fewer jobs; `scripts/long-tests.sh` runs all of them at full length.
#[test]
fn closed_forms_come_out() {
    let test = "known::closed_forms_come_out";
    let long = is_long();
    let mut collection = document("oracles.json");
    if !long {
        let mut models = std::collections::BTreeSet::new();
        let all = collection["oracles"].as_array_mut().expect("there are cases");
        all.retain(|case| models.insert(case["model"].to_string()));
    }
    let (_folder, file) = written(&collection);
    let Some(said) = cases(test, &file, if long { &[] } else { &["--quick"] }) else { return };
    assert_eq!(said.wrongs(), [""; 0]);
    assert_eq!(said.code, Some(0));
    let counts = if long { "1 exact, 71 within, 0 wrong, 36 not expressible, of 108" } else { QUICK_COUNTS };
    assert_eq!(said.counts(), counts, "{}", said.text);
}

const QUICK_COUNTS: &str = "1 exact, 24 within, 0 wrong, 30 not expressible, of 55";

#[test]
fn regions_worked_by_hand_come_out() {
    let Some(said) = cases("known::regions_worked_by_hand_come_out", &data("regions.json"), &[]) else {
        return;
    };
    assert_eq!(said.wrongs(), [""; 0]);
    assert_eq!(said.counts(), "13 exact, 0 within, 0 wrong, 0 not expressible, of 13");
    assert_eq!(said.code, Some(0));
}

/// The other files of the shared cases, with fewer jobs likewise: nothing comes out wrong.
#[test]
fn shared_cases_are_not_wrong() {
    let test = "known::shared_cases_are_not_wrong";
    let Some(folder) = crate::shared("cases", test) else { return };
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .expect("it can be read")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|suffix| suffix == "json"))
        .filter(|path| path.file_stem().is_none_or(|stem| stem != "cpu" && stem != "oracles"))
        .collect();
    files.sort();
    for file in files {
        let Some(said) = cases(test, &file, if is_long() { &[] } else { &["--quick"] }) else { return };
        assert_eq!((said.wrongs(), said.code), (Vec::new(), Some(0)), "{}", file.display());
    }
}

/// The comparison itself: an answer that is wrong in one place is noticed, and a key that no rule reads is named.
#[test]
fn a_wrong_answer_is_noticed() {
    let test = "known::a_wrong_answer_is_noticed";
    let collection = document("cpu.json");
    let all = collection["cases"].as_array().expect("there are cases");
    let right = all.iter().find(|case| case["id"] == "sta-rr1").expect("it is a case");
    let misses = all.iter().find(|case| case["id"] == "ss-rm-uni-miss").expect("it is a case");
    type Spoil = fn(&mut Value);
    let spoiled: [(&str, &Value, Spoil, &str); 12] = [
        ("nothing", right, |_| (), "exact"),
        (
            "time",
            right,
            |case| case["expected"]["per_task"]["B"]["finish"] = json!(19),
            "wrong: B: finish (ns) is 18000000, expected 19000000",
        ),
        (
            "mean",
            right,
            |case| case["expected"]["averages"]["waiting"] = json!(6.81),
            "wrong: mean waiting is 6.8, expected 6.81",
        ),
        (
            "chart",
            right,
            |case| case["expected"]["gantt"][0] = json!([0, 1, "A"]),
            "wrong: chart of CPU0, row 1 is A 0-2, expected A 0-1",
        ),
        (
            "makespan",
            right,
            |case| case["expected"]["makespan"] = json!(19),
            "wrong: makespan (ns) is 20000000, expected 19000000",
        ),
        (
            "utilization",
            right,
            |case| case["expected"]["cpu_utilisation"] = json!(0.99),
            "wrong: cpu_utilisation is 1, expected 0.99",
        ),
        (
            "misses",
            misses,
            |case| case["expected"]["deadline_misses"] = json!(0),
            "wrong: deadline_misses is 1, expected 0",
        ),
        ("key", right, |case| case["turbo"] = json!(true), "not expressible: key turbo"),
        ("task", right, |case| case["tasks"][0]["mood"] = json!(1), "not expressible: key task.mood"),
        (
            "parameter",
            right,
            |case| case["policy"]["jitter"] = json!(1),
            "not expressible: parameter jitter of policy RR",
        ),
        ("policy", right, |case| case["policy"]["name"] = json!("LOTTO"), "not expressible: policy LOTTO"),
        (
            "a crash",
            right,
            |case| case["tasks"][0]["name"] = json!(""),
            "wrong: the program failed: exit code 2:",
        ),
    ];
    for (what, case, spoil, expected) in spoiled {
        let mut wrong = case.clone();
        spoil(&mut wrong);
        let (_folder, file) = written(&json!({ "conventions": collection["conventions"], "cases": [wrong] }));
        let Some(said) = cases(test, &file, &[]) else { return };
        let id = case["id"].as_str().expect("an id");
        assert!(said.of(id).starts_with(expected), "{what}: {}", said.text);
        assert_eq!(said.code, Some(if expected.starts_with("wrong") { 4 } else { 0 }), "{what}");
    }
}

/// The same of regions, in each part of an answer.
#[test]
fn a_wrong_region_is_noticed() {
    let test = "known::a_wrong_region_is_noticed";
    let collection = document("regions.json");
    let all = collection["cases"].as_array().expect("there are cases");
    let of = |id: &str| all.iter().find(|case| case["id"] == id).expect("it is a case");
    let (anew, details) = (of("begun_anew"), of("pulled_with_its_details"));
    type Spoil = fn(&mut Value);
    let spoiled: [(&Value, Spoil, &str); 9] = [
        (
            anew,
            |case| case["expect"]["requests"]["A"]["runs"][1][2] = json!(1),
            "wrong: A.runs is [[0, dispatcher, 1, 0], [10, sep-pull, 2, 10]], expected",
        ),
        (
            anew,
            |case| case["expect"]["requests"]["X~2"] = Value::Null,
            "wrong: requests is [A, B, X, X~2], expected [A, B, X]",
        ),
        (
            anew,
            |case| case["expect"]["timers"][1]["due"] = json!(14),
            "wrong: timer X~2.due is 15, expected 14",
        ),
        (
            anew,
            |case| case["expect"]["seps"]["1"]["free"] = json!(4),
            "wrong: SEP 1 is {absent: 6, executing: 10, free: 3}, expected {absent: 6, executing: 10, free: 4}",
        ),
        (anew, |case| case["expect"]["no_sep"] = json!(2), "wrong: no_sep is 1, expected 2"),
        (
            details,
            |case| case["expect"]["db"]["calls"][1][3] = json!(3),
            "wrong: call 2 of the database is [fetch, A, 2, 2, 5], expected [fetch, A, 2, 3, 5]",
        ),
        (
            of("recycled_with_a_gap"),
            |case| case["expect"]["host"][2][0] = json!(47),
            "wrong: host is [[0, 0, 21], [21, 26, 46], [48, 53, absent]], expected",
        ),
        (details, |case| case["params"]["turbo"] = json!(1), "not expressible: key params.turbo"),
        (details, |case| case["expect"]["mood"] = json!(1), "not expressible: answer mood"),
    ];
    for (case, spoil, expected) in spoiled {
        let mut wrong = case.clone();
        spoil(&mut wrong);
        let (_folder, file) = written(&json!({ "cases": [wrong] }));
        let Some(said) = cases(test, &file, &[]) else { return };
        assert!(
            said.of(case["id"].as_str().expect("an id")).starts_with(expected),
            "{expected}: {}",
            said.text
        );
    }
}

/// Estimates: the answer moved by 5 % is refused, another size of a key is followed, a key of another kind is named.
#[test]
fn a_wrong_mean_is_noticed() {
    let test = "known::a_wrong_mean_is_noticed";
    let base = json!({ "id": "a", "model": "M/M/1 FCFS", "params": { "lam": 0.5, "mu": 1 },
        "values": { "W": 2.0 }, "test": { "rel_half_width": 0.02 } });
    let (mut moved, mut faster, mut unknown) = (base.clone(), base.clone(), base.clone());
    moved["id"] = json!("moved");
    moved["values"]["W"] = json!(2.1);
    faster["id"] = json!("faster");
    faster["params"] = json!({ "lam": 1.0, "mu": 2 });
    faster["values"]["W"] = json!(1.0);
    unknown["id"] = json!("unknown");
    unknown["params"]["turbo"] = json!(1);
    let (_folder, file) = written(&json!({ "oracles": [base, moved, faster, unknown] }));
    let Some(said) = cases(test, &file, &[]) else { return };
    assert_eq!(said.of("a"), "within");
    assert_eq!(said.of("faster"), "within");
    assert!(said.of("moved").starts_with("wrong: W is "), "{}", said.text);
    assert!(said.of("moved").ends_with("standard errors off"), "{}", said.text);
    assert_eq!(said.of("unknown"), "not expressible: key params.turbo");
    assert_eq!((said.counts(), said.code), ("0 exact, 2 within, 1 wrong, 1 not expressible, of 4", Some(4)));
}

/// Files that are none, and ids that are not there.
#[test]
fn a_bad_file_is_refused() {
    let test = "known::a_bad_file_is_refused";
    let good = json!({ "cases": [{ "id": "a", "expected": {} }] });
    for (document, args, expected) in [
        (json!([]), &[][..], "not a table with cases"),
        (json!({ "cases": 1 }), &[], "no list `cases` or `oracles`"),
        (json!({ "cases": [{}] }), &[], "case 1 is no table with an id"),
        (good, &["b"], "no case b"),
    ] {
        let (_folder, file) = written(&document);
        let Some(said) = cases(test, &file, args) else { return };
        assert!(said.text.contains(expected) && said.text.starts_with("error: "), "{}", said.text);
        assert_eq!(said.code, Some(2));
    }
    let Some(said) = cases(test, Path::new("absent.json"), &[]) else { return };
    assert_eq!(said.code, Some(2), "{}", said.text);
}
