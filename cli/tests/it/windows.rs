//! What is measured from when to when: the window of time averages, and the jobs that counts are of.

use crate::{end, end_with_input, stdout};
use serde_json::Value;

/// A scenario of one class: its beginning, steps, arrivals and stations.
fn scenario(head: &str, steps: &str, arrivals: &str, stations: &str) -> String {
    format!(
        "name = \"window\"\n{head}\n[[class]]\nname = \"job\"\nsteps = [{steps}]\n\
         [[source]]\nname = \"jobs\"\nclass = \"job\"\narrivals = {arrivals}\n{stations}\n"
    )
}

const WORK: &str = "{ work = \"cpu\", demand = { exponential = { mean = \"1s\" } } }";
const CPU: &str = "[[processor]]\nname = \"cpu\"\n";

/// The JSON of a run of a scenario.
fn json(text: &str, args: &[&str]) -> Value {
    let ended = end_with_input(&[&["run", "-", "--format", "json", "-q"], args].concat(), text);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    serde_json::from_str(&ended.stdout).expect("JSON")
}

fn row<'v>(rows: &'v Value, name: &str, scope: &str, class: &str) -> &'v Value {
    let wanted = |row: &&Value| {
        format!("{}/{}", row["metric"].as_str().unwrap(), row["statistic"].as_str().unwrap()) == name
            && row["scope"] == scope
            && row["class"] == class
    };
    rows.as_array().unwrap().iter().find(wanted).unwrap_or_else(|| panic!("{name} {scope} {class}"))
}

fn value(document: &Value, name: &str, scope: &str) -> f64 {
    row(&document["summary"], name, scope, "all")["value"].as_f64().unwrap()
}

/// The closed form's value, after the simulated one was found near it.
fn exact(document: &Value, name: &str, scope: &str) -> f64 {
    let exact = row(&document["theory"], name, scope, "all");
    assert!(exact["z"].as_f64().unwrap().abs() < 4.0, "{name}: {exact}");
    exact["exact"].as_f64().unwrap()
}

/// Erlang B, 100 lines and 90 erlangs of long and short calls: with the drain in the window too few lines were held.
#[test]
fn lines_held_are_those_of_erlang() {
    let steps = "{ hold = \"lines\", steps = [{ delay = { lognormal = { mean = \"180s\", cv = 3.0 } } }] }";
    let lines = "[[pool]]\nname = \"lines\"\nsize = 100\nqueue = 0\n";
    let text = scenario("stop = { jobs = 40_000 }\nwarmup = \"2h\"", steps, "{ poisson = \"0.5/s\" }", lines);
    let found = json(&text, &["--replications", "30"]);
    let held = exact(&found, "held/mean", "lines");
    assert!((held - 87.5738).abs() < 1e-3, "{held}");
    exact(&found, "throughput/rate", "all");
    exact(&found, "in_system/mean", "all");
}

/// M/M/1 at 0.99: 99 jobs behind each other and one in service, on average.
#[test]
fn a_nearly_full_server_holds_a_hundred_jobs() {
    let text =
        scenario("stop = { jobs = 400_000 }\nwarmup = \"60000s\"", WORK, "{ poisson = \"0.99/s\" }", CPU);
    let found = json(&text, &["--replications", "30"]);
    let present = exact(&found, "in_system/mean", "all");
    assert!((present - 99.0).abs() < 1e-6, "{present}");
    let row = row(&found["summary"], "in_system/mean", "all", "all");
    let (low, high) = (row["ci_low"].as_f64().unwrap(), row["ci_high"].as_f64().unwrap());
    assert!(low < 99.0 && 99.0 < high && high - low < 40.0, "{row}");
}

/// A server that is never idle completes a job of a second every second, however few of those who come in the window leave in it.
#[test]
fn throughput_is_what_departs() {
    for warmup in ["0s", "40s", "40500ms"] {
        let head = format!("stop = {{ after = \"100s\" }}\nwarmup = \"{warmup}\"");
        let steps = "{ work = \"cpu\", demand = \"1s\" }";
        let text = scenario(&head, steps, "{ closed = { customers = 40, think = \"0s\" } }", CPU);
        let found = json(&text, &[]);
        assert_eq!(value(&found, "utilization/mean", "all"), 1.0);
        let rate = value(&found, "throughput/rate", "all");
        // Half a second at the beginning is half a job.
        assert!((rate - 1.0).abs() < if warmup == "40500ms" { 0.01 } else { 1e-9 }, "{warmup}: {rate}");
    }
}

/// The queue of everything holds who waits for a token, in simulation and closed form.
#[test]
fn who_waits_for_a_token_is_in_the_queue_of_everything() {
    let steps = format!("{{ hold = \"room\", steps = [{WORK}] }}");
    let room = format!("[[pool]]\nname = \"room\"\nsize = 1\nqueue = 9\n{CPU}");
    let text =
        scenario("stop = { jobs = 40_000 }\nwarmup = \"1000s\"", &steps, "{ poisson = \"0.9/s\" }", &room);
    let found = json(&text, &["--replications", "30"]);
    let queue = exact(&found, "queue_length/mean", "all");
    // M/M/1/10: the sum of (n - 1) 0.9^n (1 - 0.9) / (1 - 0.9^11).
    let weights: Vec<f64> = (0..=10).map(|n| 0.9f64.powi(n)).collect();
    let sum: f64 = weights.iter().sum();
    let right: f64 = (1..=10).map(|n| f64::from(n - 1) * weights[n as usize] / sum).sum();
    assert!((queue - right).abs() < 1e-9 && right > 3.0, "{queue} {right}");
    assert!((exact(&found, "queue_length/mean", "room") - right).abs() < 1e-9);
    assert_eq!(value(&found, "queue_length/mean", "cpu"), 0.0);
    // Little's law for those who wait.
    let waiting = exact(&found, "waiting/mean", "all") / 1e9 * exact(&found, "throughput/rate", "all");
    assert!((waiting - right).abs() < 1e-9, "{waiting}");
}

/// To the last release where arrivals would go on; lists of jobs, and jobs that all come at once, are measured whole.
#[test]
fn the_window_ends_where_it_is_said_to_end() {
    let at = |document: &Value, key: &str| -> u64 {
        let times = document["tasks"].as_array().unwrap().iter().map(|task| task[key].as_u64().unwrap());
        times.max().unwrap()
    };
    let fixed = "{ work = \"cpu\", demand = \"3s\" }";
    for (head, arrivals, until) in [
        ("stop = { jobs = 50 }", "{ poisson = \"1/s\" }", "arrival_ns"),
        ("stop = { jobs = 50 }", "{ periodic = { period = \"1s\" } }", "arrival_ns"),
        ("stop = { jobs = 50 }", "{ closed = { customers = 4, think = \"1s\" } }", "arrival_ns"),
        ("stop = { jobs = 50, after = \"1h\" }", "{ poisson = \"1/s\" }", "arrival_ns"),
        ("stop = { jobs = 50 }", "{ periodic = { period = \"1s\", count = 60 } }", "finish_ns"),
        ("", "{ periodic = { period = \"1s\", count = 60 } }", "finish_ns"),
        ("stop = { jobs = 4 }", "{ closed = { customers = 4, think = \"0s\" } }", "finish_ns"),
    ] {
        let found = json(&scenario(head, fixed, arrivals, CPU), &[]);
        assert_eq!(value(&found, "window/time", "all"), at(&found, until) as f64, "{head} {arrivals}");
        assert!(value(&found, "makespan/time", "all") > at(&found, "arrival_ns") as f64 - 2e9);
        let count = value(&found, "jobs/completed", "all");
        assert_eq!(
            count,
            found["tasks"].as_array().unwrap().len() as f64,
            "who drains completes: {arrivals}"
        );
    }
    let found: Value = serde_json::from_str(&stdout(&["run", "convoy", "--format", "json"])).unwrap();
    assert_eq!(value(&found, "window/time", "all"), at(&found, "finish_ns") as f64);
}

/// Every class says how many of its jobs are left.
#[test]
fn unfinished_jobs_have_a_class() {
    let text = "stop = { after = \"10s\" }\n\
        [[class]]\nname = \"long\"\npriority = 2\nsteps = [{ work = \"cpu\", demand = \"2s\" }]\n\
        [[class]]\nname = \"short\"\npriority = 1\nsteps = [{ work = \"cpu\", demand = \"1s\" }]\n\
        [[source]]\nname = \"l\"\nclass = \"long\"\narrivals = { periodic = { period = \"1s\" } }\n\
        [[source]]\nname = \"s\"\nclass = \"short\"\narrivals = { periodic = { period = \"2s\" } }\n\
        [[processor]]\nname = \"cpu\"\nscheduler = \"priority\"\n";
    let found = json(text, &[]);
    let of = |class: &str| row(&found["summary"], "jobs/unfinished", "all", class)["value"].as_f64().unwrap();
    let left = |class: &str| {
        let tasks = found["tasks"].as_array().unwrap().iter();
        tasks.filter(|task| task["status"] == "unfinished" && task["class"] == class).count() as f64
    };
    assert_eq!((of("long"), of("short")), (left("long"), left("short")));
    assert!(of("long") > of("short"));
    assert_eq!(of("all"), of("long") + of("short"));
}

/// Where percentiles of waiting times are not kept, it is said, with the cure.
#[test]
fn missing_percentiles_are_explained() {
    let many = ["run", "mm1", "--set", "stop.jobs=100001", "--format", "json"];
    let without = end(&many);
    assert!(without.stderr.contains("--waiting-percentiles keeps them"), "{}", without.stderr);
    let found: Value = serde_json::from_str(&without.stdout).unwrap();
    assert!(row(&found["summary"], "waiting/p99", "all", "all")["value"].is_null());
    let with = end(&[&many[..], &["--waiting-percentiles"]].concat());
    let found: Value = serde_json::from_str(&with.stdout).unwrap();
    assert_eq!(with.stderr, "");
    assert!(value(&found, "waiting/p99", "all") > value(&found, "waiting/p90", "all"));
}

/// CSV, JSON, Markdown and the table say the same numbers, for every short input of the library.
#[test]
fn every_form_has_the_same_numbers() {
    let mut compared = 0;
    for entry in scenarios::library::list() {
        let short = entry.name.starts_with("textbook/") || entry.name.starts_with("showcase/");
        let is_log = !matches!(entry.kind, scenarios::InputKind::Scenario | scenarios::InputKind::TaskList);
        if !short || is_log {
            continue;
        }
        let mut args = vec!["run", entry.name, "-q"];
        if entry.kind == scenarios::InputKind::Scenario {
            args.extend(["--set", "stop.jobs=300"]);
        }
        let of = |format: &str| stdout(&[&args[..], &["--format", format]].concat());
        let (document, csv): (Value, String) = (serde_json::from_str(&of("json")).unwrap(), of("csv"));
        let markdown = of("md");
        let rows = document["summary"].as_array().unwrap();
        let mut reader = csv::Reader::from_reader(csv.as_bytes());
        let records: Vec<csv::StringRecord> = reader.records().map(|record| record.unwrap()).collect();
        assert_eq!(records.len(), rows.len(), "{}", entry.name);
        for (record, row) in records.iter().zip(rows) {
            for (column, key) in [(3, "metric"), (4, "statistic"), (5, "scope"), (6, "class"), (8, "unit")] {
                assert_eq!(&record[column], row[key].as_str().unwrap(), "{}", entry.name);
            }
            // The reader of JSON may be off in the last digit.
            match (record[7].parse::<f64>().ok(), row["value"].as_f64()) {
                (Some(found), Some(other)) => {
                    assert!(
                        (found - other).abs() <= 4.0 * f64::EPSILON * other.abs(),
                        "{}: {row}",
                        entry.name
                    );
                }
                (found, other) => assert_eq!(found, other, "{}: {row}", entry.name),
            }
            compared += 1;
        }
        // The lines of Markdown are these rows, in their order, without those that have no value.
        let lines: Vec<&str> =
            markdown.lines().filter(|line| line.contains('/') && line.starts_with("| ")).collect();
        let known: Vec<&Value> = rows.iter().filter(|row| !row["value"].is_null()).collect();
        assert_eq!(lines.len(), known.len(), "{}", entry.name);
        for (line, row) in lines.iter().zip(known) {
            let name =
                format!("| {}/{} |", row["metric"].as_str().unwrap(), row["statistic"].as_str().unwrap());
            assert!(line.starts_with(&name), "{line} {row}");
            // A percentile among the last values of its sample is marked.
            let shown = line.split('|').nth(4).unwrap().trim().trim_end_matches('?');
            let unit = row["unit"].as_str().unwrap();
            let expected = reports::number::with_unit(row["value"].as_f64().unwrap(), unit);
            assert_eq!(shown, expected, "{}: {row}", entry.name);
        }
    }
    assert!(compared > 500, "{compared}");
}

/// What the kernel does before any job runs is kernel time, in the chart as in the books.
#[test]
fn kernel_time_before_the_first_job_is_in_the_chart() {
    let args = ["run", "-", "--interrupts", "release=20us,decide=50us", "--format", "json"];
    let ended = end_with_input(&args, "task,arrival,cpu\nA,0,1\n");
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let found: Value = serde_json::from_str(&ended.stdout).unwrap();
    let rows = found["gantt"].as_array().unwrap();
    let what = |row: &Value| {
        (
            row["kind"].as_str().unwrap().to_owned(),
            row["start_ns"].as_u64().unwrap(),
            row["end_ns"].as_u64().unwrap(),
        )
    };
    assert_eq!(what(&rows[0]), ("switch".to_owned(), 0, 70_000));
    assert_eq!(what(&rows[1]), ("run".to_owned(), 70_000, 1_070_000));
    let window = value(&found, "window/time", "all");
    let costs: u64 = rows.iter().map(what).filter(|row| row.0 == "switch").map(|row| row.2 - row.1).sum();
    assert!((value(&found, "overhead/share", "cpu") - costs as f64 / window).abs() < 1e-12);
}
