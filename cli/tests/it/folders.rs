//! Folders of result files, and the forms of rows.

use crate::{end, stdout};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// A row of a CSV file by column.
type Row = BTreeMap<String, String>;

fn rows(path: &Path) -> Vec<Row> {
    let mut reader = csv::Reader::from_path(path).unwrap();
    let header: Vec<String> = reader.headers().unwrap().iter().map(str::to_owned).collect();
    let row =
        |record: csv::StringRecord| header.iter().cloned().zip(record.iter().map(str::to_owned)).collect();
    reader.records().map(|record| row(record.unwrap())).collect()
}

fn number(row: &Row, column: &str) -> f64 {
    row[column].parse().unwrap_or_else(|_| panic!("{column} of {row:?}"))
}

struct Case {
    folder: tempfile::TempDir,
}

impl Case {
    fn new() -> Case {
        Case { folder: tempfile::tempdir().unwrap() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn at(&self, name: &str) -> String {
        self.path(name).to_str().unwrap().to_owned()
    }

    /// Runs with `--out-dir out`.
    fn run(&self, arguments: &[&str]) -> String {
        stdout(&[&["run"], arguments, &["--out-dir", &self.at("out")]].concat())
    }

    fn rows(&self, name: &str) -> Vec<Row> {
        rows(&self.path("out").join(name))
    }
}

#[test]
fn a_folder_has_its_files_and_a_manifest() {
    let case = Case::new();
    let shown = case.run(&["convoy", "--policy", "sjf", "--with", "requests,decisions,gantt"]);
    assert_eq!(shown, stdout(&["run", "convoy", "--policy", "sjf"]), "the table is still shown");
    let mut names: Vec<String> = fs::read_dir(case.path("out"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    let expected = [
        "decisions.csv",
        "gantt.csv",
        "manifest.json",
        "requests.csv",
        "runs.csv",
        "servers.csv",
        "summary.csv",
        "timeseries.csv",
    ];
    assert_eq!(names, expected);
    let again = stdout(&["run", "--from", &case.at("out/manifest.json"), "--check"]);
    assert!(again.ends_with("7 files compared, 0 different\n"), "{again}");
    let ended = end(&["run", "--from", &case.at("out/manifest.json")]);
    assert!(
        ended.code == 2 && ended.stderr.contains("say where the new one goes with --out-dir"),
        "{}",
        ended.stderr
    );
    stdout(&["run", "--from", &case.at("out/manifest.json"), "--out-dir", &case.at("two")]);
    let file = |folder: &str| fs::read(case.path(folder).join("requests.csv")).unwrap();
    assert_eq!(file("out"), file("two"));
}

/// What the files say of one run fits together: jobs, times and loads add up over intervals, stations and jobs.
#[test]
fn the_files_agree_with_each_other() {
    let case = Case::new();
    case.run(&["web-shop", "--set", "stop.after=10s", "--set", "warmup=0s", "--with", "requests,gantt"]);
    let runs = case.rows("runs.csv");
    let metric = |name: &str, scope: &str| {
        let (metric, statistic) = name.split_once('/').unwrap();
        let wanted = |row: &&Row| {
            row["metric"] == metric
                && row["statistic"] == statistic
                && row["scope"] == scope
                && row["class"] == "all"
        };
        number(runs.iter().find(wanted).unwrap(), "value")
    };
    let near =
        |a: f64, b: f64, what: &str| assert!((a - b).abs() <= 1e-6 * b.abs().max(1.0), "{what}: {a} and {b}");

    let series = case.rows("timeseries.csv");
    let all: Vec<&Row> = series.iter().filter(|row| row["scope"] == "all").collect();
    assert_eq!(all.len(), 200);
    let sum = |column: &str| all.iter().map(|row| number(row, column)).sum::<f64>();
    near(sum("arrivals_count"), metric("jobs/released", "all"), "arrivals");
    near(sum("completions_count"), metric("jobs/completed", "all"), "completions");
    let mean = |column: &str, scope: &str| {
        let of = series.iter().filter(|row| row["scope"] == scope);
        let (integral, time) = of.fold((0.0, 0.0), |(integral, time), row| {
            let length = number(row, "end_ns") - number(row, "start_ns");
            (integral + length * number(row, column), time + length)
        });
        integral / time
    };
    near(mean("in_system_mean_jobs", "all"), metric("in_system/mean", "all"), "in system");
    near(mean("utilization_ratio", "all"), metric("utilization/mean", "all"), "utilization");
    near(mean("overhead_ratio", "web-3.cpu"), metric("overhead/share", "web-3.cpu"), "overhead");
    near(mean("queue_length_mean_jobs", "web-3.cpu"), metric("queue_length/mean", "web-3.cpu"), "queue");
    near(mean("utilization_ratio", "web-3.disk"), metric("utilization/mean", "web-3.disk"), "device");

    let servers = case.rows("servers.csv");
    let server = |kind: &str, station: &str| {
        servers.iter().find(|row| row["kind"] == kind && row["station"] == station).unwrap()
    };
    near(
        number(server("processor", "web-3.cpu"), "utilization_ratio"),
        metric("utilization/mean", "web-3.cpu"),
        "server",
    );
    near(number(server("balancer", "lb"), "jobs_count"), metric("picks/count", "lb"), "picks");
    near(
        number(server("balancer", "lb"), "max_over_mean_ratio"),
        metric("picks/max_over_mean", "lb"),
        "imbalance",
    );
    let shares: f64 =
        servers.iter().filter(|row| row["kind"] == "target").map(|row| number(row, "share_ratio")).sum();
    near(shares, 1.0, "shares");

    let requests = case.rows("requests.csv");
    near(requests.len() as f64, metric("jobs/released", "all"), "requests");
    let to_three = requests.iter().filter(|row| row["servers"] == "web-3").count();
    let target = servers.iter().find(|row| row["kind"] == "target" && row["server"] == "web-3").unwrap();
    near(to_three as f64, number(target, "jobs_count"), "servers visited");

    let busy: f64 = (case.rows("gantt.csv").iter())
        .filter(|row| row["kind"] == "run" && row["station"] == "web-3.cpu")
        .map(|row| number(row, "end_ns") - number(row, "start_ns"))
        .sum();
    near(busy / (2.0 * 10e9), metric("utilization/mean", "web-3.cpu"), "gantt");
}

/// A run that is too long to be recorded is run once more for its series: the same rows, but for the one column that needs
/// a recording.
#[test]
fn the_series_does_not_need_a_recording() {
    let case = Case::new();
    let input = ["mm1", "--set", "stop.jobs=150000", "--interval", "5s", "-q"];
    case.run(&input);
    let unrecorded = fs::read_to_string(case.path("out/timeseries.csv")).unwrap();
    let recorded = case.at("recorded");
    stdout(&[&["run"], &input[..], &["--records", "--format", "csv", "--out-dir", &recorded]].concat());
    assert!(unrecorded == fs::read_to_string(case.path("recorded/timeseries.csv")).unwrap());
    assert_eq!(case.rows("servers.csv")[0]["queue_length_max_jobs"], "");
    assert_ne!(rows(&case.path("recorded/servers.csv"))[0]["queue_length_max_jobs"], "");
}

#[test]
fn decisions_name_candidates_and_keys() {
    let case = Case::new();
    case.run(&["convoy", "--policy", "sjf", "--with", "decisions"]);
    let decisions = case.rows("decisions.csv");
    let first = decisions.iter().find(|row| row["candidates_count"] != "1").unwrap();
    assert_eq!((first["kind"].as_str(), first["station"].as_str()), ("dispatch", "cpu"));
    let candidates: Vec<&str> = first["candidates"].split(';').collect();
    assert_eq!(candidates.len().to_string(), first["candidates_count"]);
    assert!(
        candidates.iter().any(|candidate| candidate.starts_with(&format!("{}=", first["chosen"]))),
        "{first:?}"
    );
}

#[test]
fn rows_come_in_every_form() {
    let run = ["run", "convoy", "--replications", "2"];
    let long = stdout(&[&run[..], &["--format", "csv"]].concat());
    let lines = stdout(&[&run[..], &["--format", "jsonl"]].concat());
    let header: Vec<&str> = long.lines().next().unwrap().split(',').collect();
    assert_eq!(lines.lines().count(), long.lines().count() - 1);
    for line in lines.lines() {
        let object: serde_json::Map<String, serde_json::Value> = serde_json::from_str(line).unwrap();
        assert_eq!(object.keys().collect::<Vec<_>>(), header);
    }
    let wide = stdout(&[&run[..], &["--format", "csv", "--wide"]].concat());
    assert_eq!(wide.lines().count(), 3);
    assert!(
        wide.contains(",response/p99 [ns],") && wide.contains(",utilization/mean@cpu [ratio],"),
        "{wide}"
    );
    let excel = stdout(&[&run[..], &["--format", "csv", "--excel", "--crlf"]].concat());
    assert!(excel.starts_with("\u{feff}sep=,\r\nscenario,"), "{excel}");
    let pasted = stdout(&["run", "convoy", "--format", "md"]);
    assert!(pasted.contains("| metric | where | class | value |"), "{pasted}");
    let pasted = stdout(&["compare", "convoy", "--policy", "fcfs", "--policy", "sjf", "--format", "md"]);
    assert!(pasted.contains("| against fcfs | verdict |"), "{pasted}");
}

#[cfg(feature = "parquet")]
#[test]
fn parquet_files_are_whole_and_the_same_every_time() {
    let case = Case::new();
    let file = |name: &str, threads: &str| {
        stdout(&["run", "convoy", "--replications", "3", "--threads", threads, "-o", &case.at(name)]);
        fs::read(case.path(name)).unwrap()
    };
    let bytes = file("a.parquet", "1");
    assert!(bytes.starts_with(b"PAR1") && bytes.ends_with(b"PAR1"));
    assert!(bytes.windows(22).any(|part| part == b"dispatchlab.manifest/1"), "the manifest is in it");
    assert!(bytes == file("b.parquet", "2"), "neither time nor place is in it");
    case.run(&["convoy", "--format", "parquet", "--with", "requests"]);
    assert!(fs::read(case.path("out/requests.parquet")).unwrap().ends_with(b"PAR1"));
}

#[test]
fn a_folder_that_cannot_be_new_is_refused_and_nothing_is_left() {
    let case = Case::new();
    fs::create_dir(case.path("full")).unwrap();
    fs::write(case.path("full/mine.txt"), "mine").unwrap();
    fs::write(case.path("file"), "mine").unwrap();
    fs::create_dir(case.path("empty")).unwrap();
    for (folder, why) in [
        ("full", "it has files in it; name a new one"),
        ("file", "there is a file of this name"),
        ("no/such", "there is no folder"),
    ] {
        let ended = end(&["run", "convoy", "--out-dir", &case.at(folder)]);
        assert!(ended.code == 2 && ended.stderr.contains(why), "{folder}: {}", ended.stderr);
        assert_eq!(ended.stdout, "", "nothing was run");
    }
    stdout(&["run", "convoy", "--out-dir", &case.at("empty")]);
    assert!(case.path("empty/manifest.json").is_file(), "an empty folder is as good as a new one");
    let ended = end(&["run", "convoy", "--max-events", "1", "--out-dir", &case.at("failed")]);
    assert_eq!(ended.code, 1);
    let mut names: Vec<_> =
        fs::read_dir(case.folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["empty", "file", "full"], "nothing half-written is left");
    for (arguments, why) in [
        (&["--with", "requests"][..], "--out-dir"),
        (&["--out-dir", "x", "--interval", "0ms"], "an interval has a length"),
        (&["--out-dir", "x", "--interval", "5 parsecs"], "--interval 5 parsecs"),
        (&["-o", "x.xlsx"], "cannot be told from its name"),
    ] {
        let ended = end(&[&["run", "convoy"], arguments].concat());
        assert!(ended.code == 2 && ended.stderr.contains(why), "{arguments:?}: {}", ended.stderr);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_place_that_cannot_be_written_fails_the_run() {
    for arguments in [&["--out-dir", "/proc/dispatchlab"][..], &["-o", "/proc/dispatchlab.csv"]] {
        let ended = end(&[&["run", "convoy"], arguments].concat());
        assert!(
            ended.code == 1 && ended.stderr.contains("cannot write `/proc/dispatchlab"),
            "{}",
            ended.stderr
        );
    }
}
