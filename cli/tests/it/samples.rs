//! Results that cannot be misread: logs are samples, numbers and their intervals are of the same jobs, notes stand in every output.

use crate::{end, end_with_input};
use serde_json::Value;
use std::fmt::Write as _;
use std::fs;

/// So many requests of a log, one a second, each of another time from 1 ms on.
fn log(requests: usize) -> String {
    let mut text = String::from("arrival,service\n");
    for request in 0..requests {
        let _ = writeln!(text, "{request}s,{}ms", request + 1);
    }
    text
}

/// The same as a task list, which is all there is.
fn list(tasks: usize) -> String {
    let mut text = String::from("task,arrival,cpu\n");
    for task in 0..tasks {
        let _ = writeln!(text, "t{task},{},{}", task * 1_000, task + 1);
    }
    text
}

fn json(args: &[&str], input: &str) -> Value {
    let ended = end_with_input(&[args, &["--format", "json"]].concat(), input);
    serde_json::from_str(&ended.stdout).unwrap_or_else(|error| panic!("{error}: {}", ended.stderr))
}

fn row<'v>(document: &'v Value, metric: &str, statistic: &str) -> &'v Value {
    let rows = document["summary"].as_array().expect("a summary");
    let is_it = |row: &&Value| {
        row["metric"] == metric
            && row["statistic"] == statistic
            && row["scope"] == "all"
            && row["class"] == "all"
    };
    rows.iter().find(is_it).expect("the row is there")
}

const FEW: &str = "exact for this log; percentiles are those of a sample of 58 requests";

#[test]
fn the_percentiles_of_a_log_are_those_of_a_sample_in_every_output() {
    let folder = tempfile::tempdir().expect("a folder");
    let page = folder.path().join("page.html");
    let html = format!("--html={}", page.display());
    let run = ["run", "-", "--servers", "2", &html];
    let table = end_with_input(&run, &log(58));
    assert_eq!(table.code, 0, "{}", table.stderr);
    assert!(table.stdout.starts_with("small sample: 58 requests of a log; p99"), "{}", table.stdout);
    assert!(
        table.stdout.contains(FEW) && !table.stdout.contains("nothing here is random"),
        "{}",
        table.stdout
    );
    assert!(table.stdout.contains("58?"), "{}", table.stdout);
    let text = fs::read_to_string(&page).expect("the page was written");
    assert!(text.contains("Exact for this log; percentiles are those of a sample of 58 requests."));
    assert!(text.contains("Small sample: 58 requests of a log"));
    let document = json(&run[..4], &log(58));
    assert_eq!((&document["exact"], &document["sample"]), (&Value::Bool(true), &Value::from(58)));
    assert_eq!(document["findings"][0]["kind"], "small-sample");
    // 1 to 58 ms: rank 58 for p99, rank 53 for p90.
    assert_eq!(
        (&row(&document, "response", "p99")["above"], &row(&document, "response", "p90")["above"]),
        (&0.into(), &5.into())
    );
    for format in ["md", "csv"] {
        let ended = end_with_input(&[&run[..4], &["--format", format]].concat(), &log(58));
        let all = ended.stdout + &ended.stderr;
        assert!(all.contains("small sample: 58 requests of a log"), "{format}: {all}");
        assert!(all.contains(if format == "md" { FEW } else { ",58000000,ns,1,,,0\n" }), "{format}: {all}");
    }
    let compare = ["compare", "-", "--servers", "2", "--policy", "lb=round-robin", "--policy", "lb=ip-hash"];
    let compared = end_with_input(&compare, &log(58));
    assert!(compared.stdout.contains(FEW) && compared.stdout.contains("58 ms?"), "{}", compared.stdout);
    assert_eq!(json(&compare, &log(58))["sample"], 58);
    // Of 600 requests six lie beyond p99.
    let many = end_with_input(&run[..4], &log(600));
    assert!(
        !many.stdout.contains("small sample") && many.stdout.contains("a sample of 600 requests"),
        "{}",
        many.stdout
    );
}

#[test]
fn a_gate_and_a_plan_on_a_percentile_of_few_requests_are_undecided() {
    for limit in ["response/p99 > 57ms", "response/p99 > 59ms"] {
        let ended = end_with_input(&["run", "-", "--servers", "2", "--fail-if", limit], &log(58));
        assert_eq!(ended.code, 5, "{}", ended.stdout);
        assert!(ended.stdout.contains("p99 is among the last of its sample"), "{}", ended.stdout);
        assert!(ended.stderr.contains("further replications would be the same"), "{}", ended.stderr);
        let ended = end_with_input(&["run", "-", "--fail-if", limit], &list(58));
        assert_eq!(ended.code, if limit.contains("57") { 4 } else { 0 }, "{}", ended.stdout);
        assert!(!ended.stdout.contains('?'), "{}", ended.stdout);
    }
    let plan = ["plan", "-", "--vary", "servers=1..4", "--slo"];
    let ended = end_with_input(&[&plan[..], &["response/p99 <= 100ms"]].concat(), &log(58));
    assert_eq!(ended.code, 5, "{}{}", ended.stdout, ended.stderr);
    assert!(ended.stderr.contains("p99 is among the last of 58 requests of this log"), "{}", ended.stderr);
    assert!(ended.stdout.contains("undecided"), "{}", ended.stdout);
    let ended = end_with_input(&[&plan[..], &["response/p50 <= 100ms"]].concat(), &log(58));
    assert_eq!(ended.code, 0, "{}{}", ended.stdout, ended.stderr);
    assert!(ended.stdout.contains(FEW), "{}", ended.stdout);
}

/// `over.toml` of the shared cases `cases/field`.
const OVER: &str = r#"
name = "over"
stop = { after = "5min" }
class = [{ name = "r", steps = [{ work = "cpu", demand = { exponential = { mean = "10ms" } } }] }]
source = [{ name = "s", class = "r", arrivals = { poisson = "110/s" } }]
processor = [{ name = "cpu" }]
"#;

#[test]
fn a_gate_shows_a_value_within_its_interval() {
    for gate in ["response/p90 > 200ms", "response/p99 > 1s", "response/mean > 100ms", "waiting/p90 > 200ms"]
    {
        let document = json(&["run", "-", "--policy", "lcfs", "--fail-if", gate], OVER);
        let found = &document["conditions"][0];
        let (value, low) = (found["value"].as_f64().unwrap(), found["ci_low"].as_f64().unwrap());
        assert!(value >= low, "{gate}: {found}");
        assert!(found["ci_high"].as_f64().is_none_or(|high| value <= high), "{gate}: {found}");
        assert!(found["remark"].as_str().unwrap().contains("of served jobs alone it is "), "{found}");
    }
    let gate = "response/p90 worse than reference by 5%";
    let args = ["compare", "-", "--policy", "fcfs", "--policy", "lcfs", "--fail-if", gate];
    let found = &json(&args, OVER)["conditions"][0];
    let number = |key: &str| found[key].as_f64().unwrap();
    assert!(number("ci_low") <= number("value") && number("value") <= number("ci_high"), "{found}");
}

#[test]
fn unfinished_jobs_of_shared_cores_have_waited() {
    let two = r#"
stop = { after = "4s" }
class = [{ name = "c", steps = [{ work = "cpu", demand = "10s" }] }]
source = [{ name = "s", class = "c", arrivals = { rows = [["0s"], ["1s"]] } }]
processor = [{ name = "cpu", scheduler = "ps" }]
"#;
    // Alone for 1 s, then half a core each: 2.5 s and 1.5 s of service in 4 s and 3 s.
    for policy in ["ps", "las"] {
        let document = json(&["run", "-", "--policy", policy, "--fail-if", "waiting/max > 1s"], two);
        let found = &document["conditions"][0];
        let least = if policy == "ps" { 1_500_000_000.0 } else { 2_000_000_000.0 };
        let value = found["value"].as_f64().unwrap();
        assert!((value - least).abs() < 10.0, "{policy}: {found}");
        assert_eq!(found["outcome"], "true", "{policy}");
    }
}

#[test]
fn a_pool_that_is_offered_too_much_is_why_a_goal_is_not_met() {
    let threads = r#"
name = "threads"
stop = { after = "60s" }
class = [{ name = "c", steps = [{ hold = "threads", steps = [{ work = "cpu", demand = "1ms" }, { delay = "99ms" }] }] }]
source = [{ name = "s", class = "c", arrivals = { poisson = "100/s" } }]
pool = [{ name = "threads", size = 8 }]
processor = [{ name = "cpu", cores = 2 }]
"#;
    let args = ["plan", "-", "--vary", "cpu.cores=1..4", "--slo", "response/mean <= 200ms"];
    let ended = end_with_input(&args, threads);
    assert_eq!(ended.code, 4, "{}{}", ended.stdout, ended.stderr);
    let text = ended.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(text.contains("`threads` is offered 125 % of what it can do whatever cpu.cores is"), "{text}");
    assert!(text.contains("--vary threads.size=1..32"), "{text}");
    let answer = &json(&args, threads)["answers"][0];
    assert_eq!((&answer["bottleneck"], &answer["offered_load"]), (&"threads".into(), &1.25.into()));
}

#[test]
fn plans_of_logs_show_the_busiest_interval_in_every_form() {
    let folder = tempfile::tempdir().expect("a folder");
    let page = folder.path().join("plan.html");
    let html = format!("--html={}", page.display());
    let args =
        ["plan", "-", "--vary", "servers=1..4", "--slo", "response/p50 <= 1s", "--format", "md", &html];
    let ended = end_with_input(&args, &log(600));
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    assert!(ended.stdout.contains("its busiest 24th"), "{}", ended.stdout);
    assert!(fs::read_to_string(&page).expect("the page").contains("in its busiest 24th"));
}

const KEYS: &str = "task,arrival,cpu,priority\nA,0,50,2\nB,10,30,1\nC,0,40,2\n";

#[test]
fn rows_of_decisions_and_levels_come_in_the_form_that_is_asked_for() {
    let args =
        ["run", "-", "--policy", "priority:order=high-first,quantum=10ms", "--explain", "--format", "csv"];
    let ended = end_with_input(&args, KEYS);
    assert_eq!((ended.code, ended.stderr.as_str()), (0, ""));
    let mut lines = ended.stdout.lines();
    assert!(
        lines.next().is_some_and(|header| header.contains("candidates,key_names,rule,tie")),
        "{}",
        ended.stdout
    );
    assert!(
        ended.stdout.contains("A=2") && ended.stdout.contains("priority (greater is better)"),
        "{}",
        ended.stdout
    );
    assert!(!ended.stdout.contains("-2") && !ended.stdout.contains("minus the"), "{}", ended.stdout);
    let mlfq = json(&["run", "-", "--policy", "mlfq", "--explain"], KEYS);
    let gantt = mlfq["gantt"].as_array().expect("rows");
    let levels: Vec<u64> = gantt.iter().filter_map(|row| row["level"].as_u64()).collect();
    assert!(levels.contains(&0) && levels.contains(&1), "{gantt:?}");
    let runs = gantt.iter().filter(|row| row["kind"] == "run");
    assert!(runs.clone().all(|row| row["level"].is_u64()), "{gantt:?}");
    let plain = json(&["run", "-", "--policy", "mlfq"], KEYS);
    assert!(plain["gantt"].as_array().is_some_and(|rows| rows.iter().all(|row| row["level"].is_null())));
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("out");
    let out = out.to_str().expect("text");
    let files = ["run", "-", "--policy", "mlfq", "--out-dir", out, "--with", "gantt,decisions"];
    assert_eq!(end_with_input(&files, KEYS).code, 0);
    let rows = fs::read_to_string(format!("{out}/gantt.csv")).expect("the file");
    assert!(rows.lines().next().is_some_and(|header| header.ends_with(",level")), "{rows}");
    assert!(rows.lines().any(|line| line.ends_with(",run,,0")), "{rows}");
}

#[test]
fn servers_that_were_not_drawn_tie_with_nobody() {
    let args =
        ["run", "balanced", "--policy", "lb=power-of-d", "--set", "stop.jobs=300", "--explain", "--quiet"];
    let ended = end(&[&args[..], &["--format", "json"]].concat());
    let document: Value = serde_json::from_str(&ended.stdout).expect("JSON");
    let (mut ties, mut others) = (0, 0);
    for decision in document["decisions"].as_array().expect("decisions") {
        if decision["kind"] != "balance" {
            continue;
        }
        let note = decision["note"].as_str().expect("the drawn servers");
        let drawn: Vec<&str> = note.trim_start_matches("drew servers ").split(", ").collect();
        let key = |number: &str| {
            let candidates = decision["candidates"].as_array().expect("candidates");
            let is_it =
                |one: &&Value| one["name"].as_str().is_some_and(|name| name.ends_with(&format!("-{number}")));
            candidates.iter().find(is_it).expect("it is there")["keys"].clone()
        };
        let equal = key(drawn[0]) == key(drawn[1]);
        assert_eq!(!decision["tie_rule"].is_null(), equal, "{decision}");
        ties += u32::from(equal);
        others += u32::from(!equal);
    }
    assert!(ties > 0 && others > 0, "{ties} {others}");
}

#[test]
fn what_a_policy_lacks_stands_in_documents_and_pages() {
    let folder = tempfile::tempdir().expect("a folder");
    let page = folder.path().join("page.html");
    let html = format!("--html={}", page.display());
    let bare = "task,arrival,cpu\nA,0,5\nB,1,3\n";
    let said = "`rm` orders by period, and no job has one";
    for args in [
        &["run", "-", "--policy", "rm", &html][..],
        &["compare", "-", "--policy", "fcfs", "--policy", "rm", &html],
    ] {
        let document = json(args, bare);
        let notes = document["notes"].as_array().expect("notes");
        assert!(
            notes.iter().any(|note| note.as_str().is_some_and(|note| note.starts_with(said))),
            "{notes:?}"
        );
        let text = fs::read_to_string(&page).expect("the page");
        assert!(text.contains("orders by period, and no job has one"), "{}", args[0]);
        let md = end_with_input(&[args, &["--format", "md"]].concat(), bare);
        assert!(md.stdout.contains(said), "{}", md.stdout);
    }
}
