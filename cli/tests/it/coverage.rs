//! What must be recognizable in the product, statement by statement: `docs/coverage.md` has the table.

mod regions;

use crate::{end, end_with_input, stdout};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

fn json(args: &[&str]) -> Value {
    let ended = end(&[args, &["--format", "json", "--records", "--quiet"]].concat());
    assert_eq!(ended.code, 0, "{args:?}\n{}", ended.stderr);
    serde_json::from_str(&ended.stdout).expect("the result is JSON")
}

fn list(csv: &str, args: &[&str]) -> Value {
    let ended = end_with_input(&[&["run", "-"], args, &["--format", "json", "--quiet"]].concat(), csv);
    assert_eq!(ended.code, 0, "{args:?}\n{}", ended.stderr);
    serde_json::from_str(&ended.stdout).expect("the result is JSON")
}

/// A value of the summary.
fn value(document: &Value, metric: &str, statistic: &str, scope: &str, class: &str) -> f64 {
    let rows = document["summary"].as_array().expect("there is a summary");
    let found = rows.iter().find(|row| {
        row["metric"] == metric
            && row["statistic"] == statistic
            && row["scope"] == scope
            && row["class"] == class
    });
    found.and_then(|row| row["value"].as_f64()).unwrap_or_else(|| panic!("no {metric}/{statistic} {class}"))
}

/// Rows of the chart: kind, task, start and end in us.
fn chart(document: &Value) -> Vec<(String, String, u64, u64)> {
    let rows = document["gantt"].as_array().expect("there is a chart");
    let word = |value: &Value| value.as_str().unwrap_or("").to_owned();
    let time = |value: &Value| value.as_u64().expect("a time") / 1000;
    rows.iter()
        .map(|row| (word(&row["kind"]), word(&row["task"]), time(&row["start_ns"]), time(&row["end_ns"])))
        .collect()
}

/// Who runs from when to when, costs left out.
fn runs(document: &Value) -> Vec<(String, u64, u64)> {
    let rows = chart(document).into_iter().filter(|row| row.0 == "run");
    rows.map(|(_, task, start, end)| (task, start, end)).collect()
}

/// The decision has an instant, candidates and a reason; what follows it on the core, dispatch and switch, is rows of its own;
/// and what it costs changes nothing about who is chosen.
#[test]
fn statement_1_the_scheduler_decides_and_the_dispatcher_carries_it_out() {
    const LIST: &str = "task,arrival,cpu\nlong,0,8\nshort,1,4\n";
    let args = ["--policy", "srtf", "--dispatch-latency", "200us", "--context-switch", "500us"];
    let costs = list(LIST, &args);
    let row = |kind: &str, task: &str, start, end| (kind.to_owned(), task.to_owned(), start, end);
    assert_eq!(
        chart(&costs),
        [
            row("dispatch", "long", 0, 200),
            row("switch", "long", 200, 700),
            row("run", "long", 700, 1000),
            row("dispatch", "short", 1000, 1200),
            row("switch", "short", 1200, 1700),
            row("run", "short", 1700, 5700),
            row("dispatch", "long", 5700, 5900),
            row("switch", "long", 5900, 6400),
            row("run", "long", 6400, 14100),
        ]
    );
    let ended = end_with_input(&[&["run", "-", "--explain-at", "1ms"], &args[..]].concat(), LIST);
    for line in [
        "t = 1ms  cpu core 0 is taken for short",
        "  > short                 4ms",
        "  why     least remaining work",
    ] {
        assert!(ended.stdout.contains(line), "{line}\n{}", ended.stdout);
    }
    // Without costs the same jobs are chosen in the same order.
    let order = |document: &Value| runs(document).into_iter().map(|row| row.0).collect::<Vec<_>>();
    assert_eq!(order(&list(LIST, &["--policy", "srtf"])), order(&costs));
}

/// The same ready queue, and each rule picks from it by its own key.
#[test]
fn statement_2_ready_tasks_wait_in_a_queue_from_which_a_rule_picks() {
    const LIST: &str = "task,arrival,cpu,priority\nfirst,0,2,9\nurgent,1,5,1\nbrief,1,3,5\n";
    for (policy, next, why) in [
        ("fcfs", "urgent", "ready longest"),
        ("sjf", "brief", "shortest burst"),
        ("priority:preemptive=false", "urgent", "best priority"),
    ] {
        let picked = runs(&list(LIST, &["--policy", policy]));
        assert_eq!(picked[1].0, next, "{policy}");
        let ended = end_with_input(&["run", "-", "--policy", policy, "--explain-at", "2ms"], LIST);
        let decision = ended.stdout.split("t = 2ms").nth(1).unwrap_or_else(|| panic!("{}", ended.stdout));
        assert!(decision.contains(&format!("> {next}")), "{policy}: {decision}");
        assert!(decision.contains(&format!("why     {why}")), "{policy}: {decision}");
        // Both who waited stand there.
        assert!(decision.contains("urgent") && decision.contains("brief"), "{policy}: {decision}");
    }
    // `urgent` waits for 1 ms and `brief` for 6 ms, in 10 ms.
    let fcfs = list(LIST, &["--policy", "fcfs"]);
    assert!((value(&fcfs, "queue_length", "mean", "cpu", "all") - 0.7).abs() < 1e-12);
}

/// Saving and loading are separate costs; a core runs one task at a time; many seem to run at once.
#[test]
fn statement_3_a_switch_saves_and_loads_and_one_core_runs_one_task_at_a_time() {
    const LIST: &str = "task,cpu,period\nA,2,10\nB,3,15\n";
    let overhead = |costs: &str| {
        let document = list(LIST, &["--policy", "edf", "--until", "30ms", "--interrupts", costs]);
        let rows = chart(&document);
        rows.iter().filter(|row| row.0 != "run" && row.0 != "idle").map(|row| row.3 - row.2).sum::<u64>()
    };
    let (save, load, both) =
        (overhead("save=100us"), overhead("load=150us"), overhead("save=100us,load=150us"));
    // Five jobs, none interrupted: each is loaded once and saved once.
    assert_eq!((save, load, both), (500, 750, 1250));

    let document = list(
        "task,arrival,cpu\nA,0,4\nB,0,4\nC,0,4\n",
        &["--policy", "round-robin:quantum=1ms", "--context-switch", "100us"],
    );
    let rows = chart(&document);
    assert!(rows.windows(2).all(|pair| pair[0].3 <= pair[1].2), "one task at a time: {rows:?}");
    // After three turns all have begun and none is done: they seem to run at once.
    let begun: BTreeSet<&str> =
        rows.iter().filter(|row| row.0 == "run" && row.2 < 3_300).map(|row| row.1.as_str()).collect();
    assert_eq!(begun.len(), 3);
    let ends: Vec<u64> = document["tasks"]
        .as_array()
        .expect("tasks")
        .iter()
        .map(|task| task["finish_ns"].as_u64().expect("it ends") / 1000)
        .collect();
    assert!(ends.iter().all(|end| *end > 10_000), "{ends:?}");
}

/// Three classes on one core: more latency makes the editor sluggish, then the control loop late, then the frames. The lesson
/// `dispatch-latency` states the same figures.
#[test]
fn statement_4_dispatch_latency_makes_the_three_classes_suffer() {
    let root =
        concat!(env!("CARGO_MANIFEST_DIR"), "/../scenarios/library/lessons/dispatch-latency/tasks.csv");
    let at = |latency: &str| {
        let document =
            json(&["run", root, "--policy", "priority", "--until", "2s", "--dispatch-latency", latency]);
        let missed = |class| value(&document, "deadline_misses", "count", "all", class);
        let measured = value(&document, "dispatch_latency", "mean", "cpu", "all") / 1e6;
        (measured, missed("control"), missed("video"), document)
    };
    let editor = |document: &Value| value(document, "response", "mean", "all", "editor") / 1e6;
    let (_, control, video, without) = at("0");
    assert_eq!((control, video, editor(&without)), (0.0, 0.0, 13.0));
    let (latency, control, video, some) = at("1ms");
    assert_eq!((latency, control, video, editor(&some)), (1.0, 0.0, 0.0, 23.0));
    let (_, control, video, _) = at("1200us");
    assert_eq!((control, video), (200.0, 0.0));
    let (latency, control, video, _) = at("2ms");
    assert_eq!((latency, control, video), (2.0, 200.0, 49.0));

    let said = stdout(&["lessons", "dispatch-latency", "--check"]);
    assert!(said.starts_with("dispatch-latency (9 facts)\n"), "{said}");
    assert_eq!(said.matches("  ok    ").count(), 9, "{said}");
}

/// A server that fails in the middle of the run: without health checks a sixth of the requests is lost for a minute, with them
/// only until it is found out. And a server that is busy gets less.
#[test]
fn statement_8_a_failed_server_gets_nothing_and_a_busy_one_less() {
    let lost = |detection: &str| {
        let set = format!("lb.detection={detection}");
        let document = json(&["run", "failing-server", "--set", &set]);
        let lost = value(&document, "jobs", "lost", "all", "all");
        assert_eq!(lost, value(&document, "refused", "count", "lb", "all"), "{detection}");
        lost
    };
    // 300/s to six servers, one of them down for a minute.
    let (never, two, none) = (lost("never"), lost("2s"), lost("0s"));
    assert!((2_850.0..3_150.0).contains(&never), "{never}");
    assert!((70.0..130.0).contains(&two), "{two}");
    assert_eq!(none, 0.0);

    // The first request keeps one of two servers busy for 20 s, while a hundred short ones come.
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("busy.toml");
    let scenario = r#"
        [[class]]
        name = "page"
        steps = [{ balance = "lb" }, { work = "cpu", demand = "10ms" }]
        [[class]]
        name = "report"
        steps = [{ balance = "lb" }, { work = "cpu", demand = "20s" }]
        [[source]]
        name = "readers"
        class = "page"
        arrivals = { periodic = { period = "100ms", offset = "50ms", count = 100 } }
        [[source]]
        name = "boss"
        class = "report"
        arrivals = { periodic = { period = "1h", count = 1 } }
        [[server]]
        name = "web"
        count = 2
        processor.cpu = {}
        [[balancer]]
        name = "lb"
        targets = "web"
    "#;
    std::fs::write(&file, scenario).expect("it can be written");
    let file = file.to_str().expect("a name");
    for (policy, busy) in [("lb=round-robin", 50), ("lb=least-connections", 0)] {
        let document = json(&["run", file, "--policy", policy]);
        let rows = document["gantt"].as_array().expect("a chart");
        let pages = rows.iter().filter(|row| row["task"] == "readers" && row["station"] == "web-1.cpu");
        assert_eq!(pages.count(), busy, "{policy}");
    }
}

/// Where each request of the scenario `sessions` was served, with its arrival in ns, by its number.
fn served(args: &[&str]) -> BTreeMap<u64, (u64, String)> {
    let document = json(&[&["run", "sessions"], args].concat());
    let number = |value: &Value| value.as_u64().expect("a number");
    let rows = |key: &str| document[key].as_array().expect("rows").clone();
    let arrivals: BTreeMap<u64, u64> =
        rows("tasks").iter().map(|task| (number(&task["job"]), number(&task["arrival_ns"]))).collect();
    rows("gantt")
        .iter()
        .filter(|row| row["kind"] == "run")
        .map(|row| {
            let job = number(&row["job"]);
            let station = row["station"].as_str().expect("a station");
            (job, (arrivals[&job], station.trim_end_matches(".cpu").to_owned()))
        })
        .collect()
}

/// Round robin, least connections, hashes of addresses: whose sessions break when a server leaves. The same visitors make the
/// same requests under each policy; who made which is told by a farm so large that each visitor has a server alone.
#[test]
fn statement_9_sessions_that_break_when_a_server_leaves() {
    const LEAVES: u64 = 60_000_000_000;
    let visitors = served(&["--policy", "lb=ip-hash", "--set", "web.count=4093", "--set", "web.outages=[]"]);
    let names: BTreeSet<&String> = visitors.values().map(|(_, server)| server).collect();
    assert_eq!(names.len(), 60, "each visitor alone");
    // Visitors who saw several servers while all stood, who moved when one left, and those of them who had no need to.
    let broken = |policy: &str| {
        let (mut last, mut after) = (BTreeMap::new(), BTreeMap::new());
        let mut wandered = BTreeSet::new();
        for (job, (arrival, server)) in served(&["--policy", policy]) {
            let visitor = &visitors[&job].1;
            if arrival >= LEAVES {
                after.entry(visitor).or_insert(server);
            } else if last.insert(visitor, server.clone()).is_some_and(|before| before != server) {
                wandered.insert(visitor);
            }
        }
        let moved: Vec<_> = last.iter().filter(|(visitor, server)| after[*visitor] != **server).collect();
        let needless = moved.iter().filter(|(_, server)| *server != "web-2").count();
        assert!(after.values().all(|server| server != "web-2"), "{policy}: nothing goes to it any more");
        (wandered.len(), moved.len(), needless)
    };
    assert_eq!(broken("lb=ip-hash"), (0, 10, 0));
    assert_eq!(broken("lb=ring-hash"), (0, 7, 0));
    for policy in ["lb=round-robin", "lb=least-connections"] {
        let (wandered, moved, needless) = broken(policy);
        assert_eq!(wandered, 60, "{policy}");
        assert!(moved > 20 && needless > 5, "{policy}: {moved} moved, {needless} without need");
    }
}
