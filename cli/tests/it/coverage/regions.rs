//! What must be recognizable of transaction regions, statement by statement: `docs/coverage.md` has the table.

use crate::{end, stdout};
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// A row of `region.csv`, by column.
type Row = BTreeMap<String, String>;

fn rows(text: &str) -> Vec<Row> {
    let mut lines = text.lines();
    let header: Vec<&str> = lines.next().expect("there is a header").split(',').collect();
    let row = |line: &str| {
        header.iter().zip(line.split(',')).map(|(k, v)| ((*k).to_owned(), v.to_owned())).collect()
    };
    lines.map(row).collect()
}

/// The rows of `region.csv` and `instances.csv`.
fn run(input: &str, args: &[&str]) -> (Vec<Row>, Vec<Row>) {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("out");
    let out = out.to_str().expect("a name");
    let ended = end(&[&["run", input, "--out-dir", out, "--with", "region", "--quiet"], args].concat());
    assert_eq!(ended.code, 0, "{input}\n{}", ended.stderr);
    let read = |name: &str| std::fs::read_to_string(format!("{out}/{name}")).expect("it is written");
    (rows(&read("region.csv")), rows(&read("instances.csv")))
}

/// The same of a scenario that stands in the test.
fn written(text: &str) -> Vec<Row> {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("region.toml");
    std::fs::write(&file, text).expect("it can be written");
    run(file.to_str().expect("a name"), &[]).0
}

/// What happened, one line each: ms, event, task, SEP, by or detail.
fn told(rows: &[Row]) -> Vec<String> {
    let line = |row: &Row| {
        let ms = row["at_ns"].parse::<u64>().expect("a time") / 1_000_000;
        let words = [&row["event"], &row["task"], &row["sep"], &row["by"], &row["detail"]];
        let words: Vec<&str> =
            words.into_iter().map(String::as_str).filter(|word| !word.is_empty()).collect();
        format!("{ms} {}", words.join(" "))
    };
    rows.iter().map(line).collect()
}

/// Those lines of a task.
fn of_task(rows: &[Row], task: &str) -> Vec<String> {
    told(&rows.iter().filter(|row| row["task"] == task).cloned().collect::<Vec<_>>())
}

/// A metric of the SEPs, from the CSV of a run.
fn metric(args: &[&str], name: &str) -> f64 {
    let (metric, statistic) = name.split_once('/').expect("metric/statistic");
    let text = stdout(&[&["run"], args, &["--format", "csv", "--quiet"]].concat());
    let found = rows(&text)
        .into_iter()
        .find(|row| row["metric"] == metric && row["statistic"] == statistic && row["scope"] == "bank.seps");
    found.and_then(|row| row["value"].parse().ok()).unwrap_or_else(|| panic!("no {name}\n{text}"))
}

/// Two SEPs; a millisecond each for the listener, the dispatcher, its calls and the database.
fn region(keys: &str, requests: &[(&str, &str, &str)]) -> String {
    let mut text = format!("[[region]]\nname = \"bank\"\n{keys}\n");
    for (name, at, step) in requests {
        let _ = write!(
            text,
            "[[class]]\nname = \"{name}\"\nsteps = [{step}]\n[[source]]\nname = \"{name}\"\nclass = \"{name}\"\n\
             arrivals = {{ rows = [[\"{at}\"]] }}\n"
        );
    }
    text
}

/// Listener, dispatcher and SEP, each for its time: the request is received, 1 ms at the listener, 1 ms at the dispatcher, 1 ms
/// each for registration and queueing, dispatched, called for 1 ms, read for 1 ms, and begins.
#[test]
fn statement_13_a_listener_hands_requests_to_the_dispatcher_which_dispatches_to_seps() {
    let keys = "host = { kind = \"self\" }";
    let rows =
        written(&region(keys, &[("A", "0ms", "{ request = \"bank\", steps = [{ exec = \"4ms\" }] }")]));
    assert_eq!(
        of_task(&rows, "A"),
        [
            "0 received A",
            "3 call A register",
            "4 queued A",
            "4 dispatched A 1 dispatcher",
            "4 call A enqueue",
            "6 call A fetch",
            "6 begun A 1",
            "10 answered A 1 end-output",
            "11 removed A 1 ok",
            "11 call A next",
        ]
    );
    // In the run's table each has a component of its own.
    let text = stdout(&["run", "regions/two-regions", "--set", "stop.after=10s", "--set", "warmup=0s"]);
    for station in ["north.dispatcher", "north.database", "north.seps", "south.dispatcher"] {
        assert!(text.contains(station), "{station}\n{text}");
    }
}

/// The first request of a session is registered, its next one is not; a session of its own is.
#[test]
fn statement_14_a_session_is_registered_before_its_first_request() {
    let of = |session: &str| {
        format!("{{ request = \"bank\", session = \"{session}\", steps = [{{ exec = \"4ms\" }}] }}")
    };
    let (one, two) = (of("one"), of("two"));
    let requests = [("A", "0ms", &*one), ("B", "50ms", &*one), ("C", "100ms", &*two)];
    let rows = written(&region("host = { kind = \"self\" }", &requests));
    let calls = |task: &str| {
        let mine = rows.iter().filter(|row| row["task"] == task && row["event"] == "call");
        mine.map(|row| row["detail"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(calls("A"), ["register", "enqueue", "fetch", "next"]);
    assert_eq!(calls("B"), ["enqueue", "fetch", "next"]);
    assert_eq!(calls("C"), ["register", "enqueue", "fetch", "next"]);
}

/// The procedure orders by priority, one call at a time, and names the best request that may run, which need not be the one that
/// is queued: where a SEP has become free without taking a request itself, C's call names B.
#[test]
fn statement_15_a_procedure_in_the_database_orders_and_names_the_best_waiting_request() {
    let (rows, _) = run("regions/timeline", &[]);
    // R4 and R5 have priority 9 and pass R3; X has 7 and passes it too.
    let dispatched: Vec<String> =
        told(&rows).into_iter().filter(|line| line.contains("dispatched")).collect();
    assert_eq!(
        dispatched,
        [
            "0 dispatched R1 1 dispatcher",
            "1 dispatched R2 2 dispatcher",
            "10 dispatched R4 1 sep-pull",
            "14 dispatched R5 1 sep-pull",
            "15 dispatched X 2 sep-pull",
            "16 dispatched R3 1 sep-pull",
            "18 dispatched R6 2 dispatcher",
        ]
    );
    // The procedure takes 5 ms, and there is one lock: the calls stand in line.
    let keys = "seps = 1\nlistener = \"0ms\"\ndispatchers = 3\ndispatcher = \"0ms\"\ninvoke = \"0ms\"\n\
                host = { kind = \"self\" }\nclasses.pay = { max_active = 1 }\n\
                database = { register = \"0ms\", enqueue = \"5ms\", fetch = \"0ms\", next = \"0ms\" }";
    let exec = |priority: i32| {
        format!(
            "{{ request = \"bank\", transaction = \"pay\", priority = {priority}, steps = [{{ exec = \"20ms\" }}] }}"
        )
    };
    let (low, high) = (exec(1), exec(9));
    let rows = written(&region(keys, &[("A", "0ms", &low), ("B", "1ms", &low), ("C", "2ms", &high)]));
    let order: Vec<String> = told(&rows).into_iter().filter(|line| line.contains("dispatched")).collect();
    assert_eq!(
        order,
        ["5 dispatched A 1 dispatcher", "25 dispatched C 1 sep-pull", "45 dispatched B 1 sep-pull"]
    );
    let calls: Vec<(String, u64)> = rows
        .iter()
        .filter(|row| row["detail"] == "enqueue")
        .map(|row| (row["task"].clone(), row["granted_ns"].parse::<u64>().expect("a time") / 1_000_000))
        .collect();
    assert_eq!(calls, [("A".to_owned(), 0), ("B".to_owned(), 5), ("C".to_owned(), 10)], "one at a time");
    // A's SEP is free at 15 ms, and the notice of that is with the dispatcher until 20 ms. C is queued at 17 ms.
    let keys = "seps = 1\nlistener = \"0ms\"\ndispatchers = 3\ndispatcher = \"5ms\"\ninvoke = \"0ms\"\n\
                host = { kind = \"self\" }\npull = \"push\"\n\
                database = { register = \"0ms\", enqueue = \"0ms\", fetch = \"0ms\", next = \"0ms\", pick = \"0ms\" }";
    let exec = "{ request = \"bank\", steps = [{ exec = \"10ms\" }] }";
    let rows = written(&region(keys, &[("A", "0ms", exec), ("B", "1ms", exec), ("C", "12ms", exec)]));
    let at_17: Vec<String> = told(&rows).into_iter().filter(|line| line.starts_with("17 ")).collect();
    assert_eq!(at_17[..2], ["17 queued C", "17 dispatched B 1 dispatcher"], "{at_17:?}");
}

/// At the maximum the procedure says so, no SEP is called, and the thread is free for the next request at once.
#[test]
fn statement_16_at_the_maximum_of_seps_nothing_is_called_and_the_dispatcher_does_not_wait() {
    let (rows, _) = run("regions/timeline", &[]);
    let full: Vec<String> = told(&rows).into_iter().filter(|line| line.contains("no-sep")).collect();
    assert_eq!(full, ["2 no-sep R3", "3 no-sep R4", "4 no-sep R5", "8 no-sep X"]);
    assert_eq!(metric(&["regions/timeline"], "no_instance/count"), 4.0);
    // One thread, a second for each request, and SEPs that are busy for an hour: requests are queued every second all the same.
    let keys = "seps = 1\nlistener = \"0ms\"\ndispatcher = \"1ms\"\ninvoke = \"0ms\"\nhost = { kind = \"self\" }\n\
                database = { register = \"0ms\", enqueue = \"0ms\", fetch = \"0ms\", next = \"0ms\" }";
    let long = "{ request = \"bank\", steps = [{ exec = \"1h\" }] }";
    let rows = written(&region(keys, &[("A", "0ms", long), ("B", "0ms", long), ("C", "0ms", long)]));
    let queued: Vec<String> = told(&rows).into_iter().filter(|line| line.contains("queued")).collect();
    assert_eq!(queued, ["1 queued A", "2 queued B", "3 queued C"]);
}

/// R2 answers in the middle at 4 ms; its client's input comes at 10 ms to the same SEP and is queued nowhere. It ends at 15 ms;
/// what its client asks next is R6, a request of its own.
#[test]
fn statement_17_output_goes_straight_to_the_client_and_input_to_the_sep_that_holds_the_conversation() {
    let (rows, books) = run("regions/timeline", &[]);
    assert_eq!(
        of_task(&rows, "R2"),
        [
            "1 received R2",
            "1 queued R2",
            "1 dispatched R2 2 dispatcher",
            "1 begun R2 2",
            "4 answered R2 2 mid-output",
            "10 input R2 2",
            "15 answered R2 2 end-output",
            "15 removed R2 2 ok",
        ]
    );
    assert_eq!(
        of_task(&rows, "R6")[..3],
        ["18 received R6", "18 queued R6", "18 dispatched R6 2 dispatcher"]
    );
    let held = books.iter().find(|row| row["state"] == "held").expect("SEP 2 is held");
    assert_eq!((&*held["sep"], &*held["time_ns"]), ("2", "6000000"));
    // The answer does not wait for the removal: the end output stands before the call `next`.
    let rows = written(&region(
        "host = { kind = \"self\" }\ndatabase = { next = \"7ms\" }",
        &[("A", "0ms", "{ request = \"bank\", steps = [{ exec = \"4ms\" }] }")],
    ));
    assert!(of_task(&rows, "A").contains(&"10 answered A 1 end-output".to_owned()));
    assert!(of_task(&rows, "A").contains(&"17 removed A 1 ok".to_owned()));
}

/// Near load 1 nine of ten requests are taken by SEPs themselves, at load 0.4 one of ten (Erlang C: 0.891 and 0.091); never
/// where the dispatcher pushes.
#[test]
fn statement_18_a_sep_that_ends_a_task_fetches_the_next_one_itself() {
    let share = |args: &[&str]| metric(&[&["regions/near-one"], args].concat(), "dispatches/pull_share");
    let long: &[&str] = &["--set", "stop.after=1h"];
    let high = share(long);
    assert!((0.86..0.92).contains(&high), "{high}");
    let low = share(&[long, &["--set", "counter.arrivals.poisson=8/s"]].concat());
    assert!((0.08..0.10).contains(&low), "{low}");
    assert_eq!(share(&["--set", "bank.pull=push"]), 0.0);
    let said = stdout(&["lessons", "who-pulls", "--check"]);
    assert!(said.starts_with("who-pulls (9 facts)\n"), "{said}");
    assert_eq!(said.matches("  ok    ").count(), 9, "{said}");
}

/// A START waits for its time, is posted, picked up by the monitor, and is then a request to the dispatcher like any other.
#[test]
fn statement_19_a_timer_posts_an_event_that_the_monitor_picks_up_and_the_dispatcher_queues() {
    let (rows, _) = run("regions/timeline", &[]);
    assert_eq!(
        of_task(&rows, "X")[..6],
        [
            "2 timer-set X",
            "8 timer-due X",
            "8 timer-posted X",
            "8 timer-picked X",
            "8 received X",
            "8 queued X"
        ]
    );
    // Posted 5 ms after it is due, seen by the monitor at a multiple of 500 ms, never before its time.
    let (rows, _) = run("regions/start-elsewhere", &["--set", "stop.after=10s", "--set", "warmup=0s"]);
    let time = |row: &Row, column: &str| row[column].parse::<u64>().expect("a time");
    let times = |event: &str| {
        let those = rows.iter().filter(|row| row["event"] == event);
        those.map(|row| (row["job"].clone(), time(row, "at_ns"))).collect::<BTreeMap<_, _>>()
    };
    let (due, posted, picked) = (times("timer-due"), times("timer-posted"), times("timer-picked"));
    assert!(picked.len() > 50, "{}", picked.len());
    for (job, at) in &picked {
        assert_eq!(posted[job], due[job] + 5_000_000, "{job}");
        assert!(at % 500_000_000 == 0 && (posted[job]..posted[job] + 500_000_000).contains(at), "{job}");
    }
    // An operator's START and one at once take the same way.
    let at_once = "{ start = \"X\", region = \"bank\" }";
    let x = "{ request = \"bank\", steps = [{ exec = \"1ms\" }] }";
    let mut text =
        region("seps = 2\nhost = { kind = \"self\" }\npost_delay = \"2ms\"", &[("operator", "1ms", at_once)]);
    let _ = write!(text, "[[class]]\nname = \"X\"\nsteps = [{x}]\n");
    assert_eq!(
        of_task(&written(&text), "X")[..5],
        ["1 timer-set X", "1 timer-due X", "3 timer-posted X", "3 timer-picked X", "3 received X"]
    );
}

/// The first request on a cold host takes 3 s more, as does the first one behind the idle timeout; by itself none does.
#[test]
fn statement_20_hosted_on_demand_the_first_request_is_slow_and_self_hosted_it_is_not() {
    let lesson = |name: &str| {
        format!("{}/../scenarios/library/lessons/cold-host/{name}.toml", env!("CARGO_MANIFEST_DIR"))
    };
    let response = |input: &str| {
        let (rows, _) = run(input, &[]);
        let at = |job: usize, event: &str| {
            let found = rows.iter().find(|row| row["job"] == job.to_string() && row["event"] == event);
            found.expect("it happens")["at_ns"].parse::<u64>().expect("a time") / 1_000_000
        };
        let hosts =
            told(&rows.iter().filter(|row| row["event"].starts_with("host-")).cloned().collect::<Vec<_>>());
        ((1..=5).map(|job| at(job, "answered") - at(job, "received")).collect::<Vec<_>>(), hosts)
    };
    let (cold, hosts) = response(&lesson("teller"));
    assert_eq!(cold, [3026, 25, 25, 3025, 25]);
    assert_eq!(hosts[..3], ["1 host-start", "3001 host-ready", "2100004 host-stop"], "{hosts:?}");
    assert_eq!(hosts[3..5], ["2700001 host-start", "2703001 host-ready"], "{hosts:?}");
    let (by_itself, hosts) = response(&lesson("self"));
    assert_eq!((by_itself, hosts), (vec![26, 25, 25, 25, 25], Vec::new()));
}

/// Two lost calls stop a region until the health check, and a conversation holds its SEP: the lessons' figures.
#[test]
fn the_lessons_of_regions_say_what_is_so() {
    for (lesson, facts) in [("conversations", 7), ("cold-host", 7), ("lost-calls", 7)] {
        let said = stdout(&["lessons", lesson, "--check"]);
        assert_eq!(said.matches("  ok    ").count(), facts, "{said}");
    }
}
