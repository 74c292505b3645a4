//! More is offered than can be served: said first and plainly, in every output.

use crate::{end, stdout};
use serde_json::Value;
use std::fs;

/// Inputs of the shared cases (`cases/field`), and one of each other way to be overloaded.
const DESK: &str = r#"
name = "overloaded desk"
stop = { jobs = 20000 }
[[class]]
name = "call"
steps = [{ work = "agents", demand = { exponential = { mean = "44s" } } }]
[[source]]
name = "calls"
class = "call"
arrivals = { poisson = "50/min" }
[[processor]]
name = "agents"
cores = 30
"#;

const OVER: &str = r#"
name = "over"
stop = { after = "5min" }
[[class]]
name = "r"
steps = [ { work = "cpu", demand = { exponential = { mean = "10ms" } } } ]
[[source]]
name = "s"
class = "r"
arrivals = { poisson = "110/s" }
[[processor]]
name = "cpu"
"#;

/// A pool that is too small for how long its tokens are held.
const THREADS: &str = r#"
name = "threads"
stop = { after = "300s" }
[[class]]
name = "q"
steps = [{ hold = "threads", steps = [{ delay = { exponential = { mean = "90ms" } } }] }]
[[source]]
name = "in"
class = "q"
arrivals = { poisson = "100/s" }
[[pool]]
name = "threads"
size = 8
"#;

/// The second of two stations.
const SECOND: &str = r#"
name = "second"
stop = { after = "60s" }
[[class]]
name = "c"
steps = [
  { work = "first", demand = { exponential = { mean = "1ms" } } },
  { work = "second", demand = { exponential = { mean = "12ms" } } },
]
[[source]]
name = "in"
class = "c"
arrivals = { poisson = "100/s" }
[[processor]]
name = "first"
[[processor]]
name = "second"
"#;

/// Two classes by priority: the first one never notices.
const PRIORITY: &str = r#"
name = "classes"
stop = { after = "60s" }
[[class]]
name = "gold"
priority = 1
steps = [{ work = "cpu", demand = { exponential = { mean = "5ms" } } }]
[[class]]
name = "rest"
priority = 2
steps = [{ work = "cpu", demand = { exponential = { mean = "10ms" } } }]
[[source]]
name = "few"
class = "gold"
arrivals = { poisson = "50/s" }

[[source]]
name = "many"
class = "rest"
arrivals = { poisson = "90/s" }

[[processor]]
name = "cpu"
scheduler = "priority"
"#;

/// Enough servers, were they always there: 2 of 1/50 up 80 % of the time serve 80 a second.
const FAILURES: &str = r#"
name = "failures"
stop = { after = "100s" }
[[class]]
name = "c"
steps = [{ balance = "lb", steps = [{ work = "cpu", demand = { exponential = { mean = "20ms" } } }] }]
[[source]]
name = "in"
class = "c"
arrivals = { poisson = "88/s" }
[[balancer]]
name = "lb"
policy = "random"
targets = "web"
[[server]]
name = "web"
count = 2
processor.cpu = { cores = 1 }
failures = { after = { exponential = { mean = "8s" } }, repair = { exponential = { mean = "2s" } } }
on_failure = "stall"
"#;

/// A folder with one of them in it.
fn with<T>(text: &str, then: impl FnOnce(&str) -> T) -> T {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let file = folder.path().join("input.toml");
    fs::write(&file, text).expect("it can be written");
    then(file.to_str().expect("temporary folders have plain names"))
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().to_owned()
}

#[test]
fn the_first_line_says_which_station_and_how_much() {
    for (what, text, says) in [
        ("cores", DESK, "`agents` is offered 122 %"),
        ("time", OVER, "`cpu` is offered 110 %"),
        ("tokens", THREADS, "`threads` is offered 112 %"),
        ("behind another", SECOND, "`second` is offered 120 %"),
        ("one class of two", PRIORITY, "`cpu` is offered 115 %"),
        ("failures", FAILURES, "`web.cpu` is offered 110 %"),
    ] {
        with(text, |input| {
            let whole =
                format!("overloaded: {says} of what it can serve; means grow with the length of the run");
            for args in
                [&["run", input][..], &["run", input, "--quiet"], &["run", input, "--replications", "2"]]
            {
                assert_eq!(first_line(&stdout(args)), whole, "{what} {args:?}");
            }
            let md = stdout(&["run", input, "--format", "md"]);
            assert_eq!(first_line(&md), format!("> **{}**", whole.replace('<', "\\<")), "{what}");
            let json: Value = serde_json::from_str(&stdout(&["run", input, "--format", "json"])).unwrap();
            assert_eq!(json["findings"][0]["kind"], "overload", "{what}");
            assert_eq!(json["findings"][0]["text"], whole, "{what}");
        });
    }
}

#[test]
fn rows_have_the_load_of_every_station_and_standard_error_says_so_first() {
    with(SECOND, |input| {
        let ended = end(&["run", input, "--format", "csv"]);
        assert!(
            first_line(&ended.stderr).contains("overloaded: `second` is offered 120 %"),
            "{}",
            ended.stderr
        );
        let load = |station: &str| {
            let row = format!(",offered_load,ratio,{station},all,");
            let line = ended.stdout.lines().find(|line| line.contains(&row)).expect("a row a station");
            line.split(',').nth(7).unwrap().to_owned()
        };
        assert_eq!((load("first"), load("second")), ("0.1".to_owned(), "1.2".to_owned()));
        assert_eq!(end(&["run", input, "--format", "csv", "--quiet"]).stderr, "");
        let fine = ["run", input, "--set", "in.arrivals.poisson=80/s"];
        assert!(!stdout(&fine).contains("overloaded"));
    });
}

#[test]
fn a_comparison_and_its_report_begin_with_it() {
    with(OVER, |input| {
        let compare = ["compare", input, "--policy", "lcfs", "--policy", "fcfs"];
        let text = stdout(&compare);
        assert!(first_line(&text).starts_with("overloaded: `cpu` is offered 110 %"), "{text}");
        let folder = tempfile::tempdir().unwrap();
        for (name, args) in [("run.html", &["run", input][..]), ("compare.html", &compare)] {
            let page = folder.path().join(name);
            let flag = format!("--html={}", page.display());
            assert_eq!(end(&[args, &[flag.as_str()]].concat()).code, 0);
            let page = fs::read_to_string(&page).unwrap();
            let answer = page.split_once("class=\"answer\"").expect("a report has an answer").1;
            let says = "<p>Overloaded: `cpu` is offered 110 % of what it can serve; means grow with the length of the run.</p>";
            let (at, other) = (answer.find(says).expect("it says so"), answer.find("<p>"));
            assert_eq!(Some(at), other, "it comes first");
        }
    });
}

#[test]
fn nobody_is_praised_for_leaving_jobs_unserved() {
    with(OVER, |input| {
        let text = stdout(&["compare", input, "--policy", "lcfs", "--policy", "fcfs"]);
        let line =
            |name: &str| text.lines().find(|line| line.starts_with(name)).unwrap_or_default().to_owned();
        assert!(line("jobs/unfinished").contains("3139"), "{text}");
        assert!(!line("response/mean").contains('*') && !line("response/p99").contains('*'), "{text}");
        let said = text.replace('\n', " ");
        assert!(said.contains("No policy is called best on response/mean"), "{text}");
        assert!(said.contains("lcfs leaves 3139 of 33140 jobs unserved (3139 unfinished)"), "{text}");
        assert!(!said.contains("wins") && !said.contains("has the best"), "{text}");
        let best = [
            "compare",
            input,
            "--policy",
            "lcfs",
            "--policy",
            "fcfs",
            "--best",
            "response/mean",
            "--budget",
            "20",
        ];
        assert!(end(&best).stdout.replace('\n', " ").contains("No policy is called best on response/mean"));
    });
}

#[test]
fn a_policy_that_turns_more_away_is_named_for_it() {
    // A queue of two places loses half of the jobs of an overloaded pool; without a bound none is lost, at this load.
    let bounded = |queue: &str| {
        format!(
            "name = \"bounded\"\nstop = {{ jobs = 20000 }}\n[[class]]\nname = \"c\"\n\
             steps = [{{ hold = \"p\", steps = [{{ delay = {{ exponential = {{ mean = \"9ms\" }} }} }}] }}]\n\
             [[source]]\nname = \"in\"\nclass = \"c\"\narrivals = {{ poisson = \"100/s\" }}\n\
             [[pool]]\nname = \"p\"\nsize = 1\n{queue}\n"
        )
    };
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let file = folder.path().join(name);
        fs::write(&file, text).unwrap();
        file.to_str().unwrap().to_owned()
    };
    let (short, long) = (file("short.toml", &bounded("queue = 1")), file("long.toml", &bounded("")));
    let said = stdout(&["compare", &short, &long, "--replications", "5"]).replace('\n', " ");
    assert!(said.contains("has the better response/mean"), "{said}");
    assert!(said.contains(" lost)"), "{said}");
    assert!(!said.contains("wins on"), "{said}");
}

#[test]
fn what_is_shed_keeps_the_rest_from_growing() {
    let bounded = THREADS.replace("size = 8", "size = 8\nqueue = 10");
    with(&bounded, |input| {
        let line = first_line(&stdout(&["run", input]));
        assert!(line.starts_with("overloaded: `threads` is offered 112 %"), "{line}");
        assert!(line.ends_with("turned away or given up, and times are of those that got through"), "{line}");
    });
}

#[test]
fn closed_sources_and_lists_are_not_overloaded() {
    let closed = OVER.replace("{ poisson = \"110/s\" }", "{ closed = { customers = 50, think = \"10ms\" } }");
    with(&closed, |input| {
        let ended = end(&["run", input]);
        assert_eq!(ended.code, 0, "{}", ended.stderr);
        assert!(!ended.stdout.contains("overloaded") && !ended.stdout.contains("rising"), "{}", ended.stdout);
    });
    for list in ["convoy", "srtf", "stallings"] {
        let text = stdout(&["run", list]);
        assert!(!text.contains("overloaded") && !text.contains("rising"), "{text}");
    }
}

#[test]
fn a_trace_is_overloaded_over_its_span() {
    // 100 jobs of 15 ms every 10 ms on one server: 150 %; on two, 75 %.
    let rows: String = (0..100).fold(String::new(), |rows, row| rows + &format!("{},15\n", row * 10));
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("trace.csv");
    fs::write(&file, format!("arrival,service\n{rows}")).unwrap();
    let file = file.to_str().unwrap();
    let one = end(&["run", file, "--servers", "1"]);
    assert!(first_line(&one.stdout).contains("is offered 150 %"), "{}{}", one.stdout, one.stderr);
    let two = end(&["run", file, "--servers", "2"]);
    assert!(!two.stdout.contains("overloaded"), "{}", two.stdout);
}

#[test]
fn growth_is_found_without_the_model() {
    // The farm as a whole has room, but the balancer knows one server only: no model says so, the queue does.
    let skewed = FAILURES
        .replace("88/s", "80/s")
        .replace("failures = ", "# ")
        .replace("on_failure = \"stall\"", "")
        .replace("policy = \"random\"", "policy = \"ip-hash\"")
        .replace("class = \"c\"\narrivals", "class = \"c\"\nclients = 1\narrivals");
    with(&skewed, |input| {
        let line = first_line(&stdout(&["run", input]));
        assert!(line.starts_with("still rising: the number of jobs in the system, "), "{line}");
        assert!(line.ends_with("most of them at `web.cpu`; means grow with the length of the run"), "{line}");
    });
}

#[test]
fn a_sweep_names_its_overloaded_points() {
    let folder = tempfile::tempdir().unwrap();
    let name = |file: &str| folder.path().join(file).to_str().unwrap().to_owned();
    let plan = "scenario = \"mm1\"\nreplications = 2\n[set]\n\"stop.jobs\" = 200\n[grid]\n\
                \"jobs.arrivals.poisson\" = [\"50/s\", \"130/s\"]\n";
    fs::write(name("plan.toml"), plan).unwrap();
    assert_eq!(end(&["sweep", "new", &name("plan.toml"), "--out", &name("s")]).code, 0);
    assert_eq!(end(&["sweep", "run", &name("s")]).code, 0);
    let merged = end(&["sweep", "merge", &name("s"), "-o", &name("s.csv")]);
    assert!(merged.stderr.contains("`cpu` is offered 130 % of what it can serve"), "{}", merged.stderr);
    let rows = fs::read_to_string(name("s.summary.csv")).unwrap();
    let loads: Vec<&str> = rows.lines().filter(|line| line.contains(",offered_load,ratio,cpu,")).collect();
    assert!(loads.len() == 2 && loads[1].contains(",1.3,"), "{loads:?}");
    // A page that is made of it later has nothing but the rows, and begins with what they say.
    for input in ["s", "s.csv", "s.summary.csv"] {
        assert_eq!(end(&["report", &name(input), "--html", &name("page.html")]).code, 0);
        let page = fs::read_to_string(name("page.html")).unwrap();
        let answer = page.split_once("class=\"answer\"").expect("it has an answer").1;
        let says = "<p>Overloaded at 1 of 2 points: `cpu` is offered up to 130 % of what it can serve; means grow with the \
                    length of the run, where nothing is turned away.</p>";
        assert_eq!(answer.find(says), answer.find("<p>"), "{input}: it comes first");
        // Two runs of 200 jobs: the p99 is the third greatest.
        assert!(page.contains("? among the last of its sample"), "{input}");
        fs::remove_file(name("page.html")).unwrap();
    }
}

#[test]
fn every_policy_is_named_that_leaves_jobs_unserved() {
    with(OVER, |input| {
        let args = ["compare", input, "--policy", "fcfs", "--policy", "lcfs", "--policy", "sjf"];
        let said = unwrapped(&stdout(&[&args[..], &["--replications", "2"]].concat()));
        let said = said.split_once("No policy is called best").expect("nobody is").1;
        for policy in ["fcfs leaves ", "lcfs leaves ", "sjf leaves "] {
            let count = said.split_once(policy).expect(policy).1.split(' ').next().unwrap();
            assert!(count.bytes().all(|digit| digit.is_ascii_digit()), "{policy}{count}: no parts of jobs");
        }
        // Where all are served in the end, what is said is of this length of run.
        let drained = OVER.replace("after = \"5min\"", "jobs = 2000");
        assert_ne!(drained, OVER);
        with(&drained, |input| {
            let said = unwrapped(&stdout(&["compare", input, "--policy", "fcfs", "--policy", "lcfs"]));
            assert!(said.contains("has the best response/mean of this one replication"), "{said}");
            assert!(said.contains("The system does not keep up: this is of a run of this length"), "{said}");
        });
    });
}

#[test]
fn nothing_random_is_no_matter_of_confidence() {
    for replications in ["1", "10"] {
        let args = ["compare", "srtf", "--policy", "fcfs", "--policy", "sjf", "--replications", replications];
        let text = stdout(&args);
        assert!(!text.contains("confidence") && !text.contains("no difference shown"), "{text}");
        assert!(text.contains("nothing here is random: the values are exact"), "{text}");
        assert!(text.replace('\n', " ").contains("sjf has the best response/mean of this run"), "{text}");
        let json: Value =
            serde_json::from_str(&stdout(&[&args[..], &["--format", "json"]].concat())).unwrap();
        assert_eq!((&json["exact"], &json["conclusion"]["exact"]), (&Value::Bool(true), &Value::Bool(true)));
        let rows = json["rows"].as_array().unwrap();
        assert!(rows.iter().all(|row| row["p_holm"].is_null() && row["ci_low"].is_null()), "{rows:?}");
    }
    let random = stdout(&[
        "compare",
        "mm1",
        "--policy",
        "fcfs",
        "--policy",
        "sjf",
        "--replications",
        "5",
        "--set",
        "stop.jobs=500",
    ]);
    assert!(random.contains("confidence"), "{random}");
}

/// Text without the ends of its lines.
fn unwrapped(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn a_gate_counts_unfinished_jobs_at_their_age() {
    with(OVER, |input| {
        let lcfs = |condition: &str| end(&["run", input, "--policy", "lcfs", "--fail-if", condition]);
        // Of 33 140 jobs 3139 are not finished, most of them for minutes: p90 of all of them is above 2 s, and not 174 ms.
        let decided = lcfs("response/p90 > 200ms");
        assert_eq!(decided.code, 4, "{}", decided.stdout);
        assert!(
            unwrapped(&decided.stdout).contains("3139 unfinished jobs are counted at their age"),
            "{}",
            decided.stdout
        );
        // Nobody knows what the mean would be: 13.9 s at least.
        assert_eq!(lcfs("response/mean > 10s").code, 4);
        let open = lcfs("response/mean > 60s");
        assert_eq!(open.code, 5, "{}", open.stdout);
        assert!(open.stdout.contains("at least"), "{}", open.stdout);
        assert_eq!(lcfs("response/p99 > 200ms").code, 4);
        assert_eq!(lcfs("response/p99 > 20min").code, 5);
        assert_eq!(lcfs("response/p50 > 200ms").code, 0);
        // Waiting jobs wait at least as long as they have.
        assert_eq!(lcfs("waiting/p90 > 200ms").code, 4);
        // And in a comparison, of the reference as well.
        let args = ["compare", input, "--policy", "fcfs", "--policy", "lcfs", "--fail-if"];
        assert_eq!(end(&[&args[..], &["lcfs: response/p90 > 200ms"]].concat()).code, 4);
        let worse = end(&[&args[..], &["response/p99 worse by 5%"]].concat());
        assert_ne!(worse.code, 0, "{}", worse.stdout);
    });
    // A few jobs in flight at the end of a system that keeps up decide nothing.
    let fine = OVER.replace("110/s", "50/s");
    with(&fine, |input| {
        for (condition, code) in [
            ("response/p99 > 1s", 0),
            ("response/mean > 1s", 0),
            ("response/max > 1min", 0),
            ("response/mean > 1ms", 4),
        ] {
            let ended = end(&["run", input, "--fail-if", condition]);
            assert_eq!(ended.code, code, "{condition}: {}", ended.stdout);
        }
    });
}

#[test]
fn a_plan_counts_unfinished_jobs_too() {
    // Enough servers for a goal on the jobs that are served last come, first served: none below the load.
    let few = OVER
        .replace("110/s", "99/s")
        .replace("[[processor]]\nname = \"cpu\"", "[[processor]]\nname = \"cpu\"\nscheduler = \"lcfs\"");
    with(&few, |input| {
        let ended = end(&[
            "run",
            input,
            "--set",
            "stop.after=20s",
            "--replications",
            "10",
            "--fail-if",
            "response/p99 > 500ms",
        ]);
        assert_ne!(ended.code, 0, "{}", ended.stdout);
    });
}

#[test]
fn a_percentile_among_the_last_of_its_sample_is_marked_and_decides_nothing() {
    let args = ["run", "mm1", "--set", "stop.jobs=58"];
    let text = stdout(&args);
    assert!(
        text.contains("? among the last of its sample, fewer than 5 values lie beyond it: a guess"),
        "{text}"
    );
    let ladder = text.lines().find(|line| line.starts_with("  response  ")).unwrap();
    let cells: Vec<&str> = ladder.split_whitespace().collect();
    // Of 58 jobs p90 has 5 beyond it, p99 none: it is the greatest.
    assert!(!cells[3].ends_with('?') && cells[4].ends_with('?'), "{ladder}");
    assert_eq!(cells[4].trim_end_matches('?'), cells[5]);
    let json: Value = serde_json::from_str(&stdout(&[&args[..], &["--format", "json"]].concat())).unwrap();
    let above = |statistic: &str| {
        let rows = json["summary"].as_array().unwrap();
        rows.iter().find(|row| row["metric"] == "response" && row["statistic"] == statistic).unwrap()["above"]
            .clone()
    };
    assert_eq!((above("p90"), above("p99"), above("mean")), (Value::from(5), Value::from(0), Value::Null));
    let csv = stdout(&[&args[..], &["--format", "csv"]].concat());
    assert!(csv.lines().any(|line| line.contains(",response,p99,") && line.ends_with(",0")), "{csv}");
    assert!(stdout(&[&args[..], &["--format", "md"]].concat()).contains("among the last of its sample"));
    let folder = tempfile::tempdir().unwrap();
    let page = folder.path().join("run.html");
    let flag = format!("--html={}", page.display());
    assert_eq!(end(&[&args[..], &[flag.as_str()]].concat()).code, 0);
    assert!(fs::read_to_string(&page).unwrap().contains("among the last of its sample"));
    let compared =
        stdout(&["compare", "mm1", "--policy", "fcfs", "--policy", "sjf", "--set", "stop.jobs=58"]);
    assert!(compared.contains("? among the last of its sample"), "{compared}");
    for replications in ["1", "4"] {
        let gate = ["--replications", replications, "--fail-if", "response/p99 > 10s"];
        let ended = end(&[&args[..], &gate].concat());
        assert_eq!(ended.code, 5, "{}", ended.stdout);
        assert!(ended.stdout.contains("no value lies beyond it"), "{}", ended.stdout);
    }
    // The order of 400 values has an interval for p99: from 299 on it decides.
    let ended = end(&["run", "mm1", "--set", "stop.jobs=400", "--fail-if", "response/p99 > 100s"]);
    assert_eq!(ended.code, 0, "{}", ended.stdout);
    assert!(ended.stdout.contains("the order of its values"), "{}", ended.stdout);
}

#[test]
fn a_gate_on_one_replication_says_so() {
    let one = end(&["run", "mm1", "--set", "stop.jobs=5000", "--fail-if", "response/mean > 10s"]);
    assert_eq!(one.code, 0, "{}", one.stdout);
    assert!(one.stdout.contains("of one replication, without an interval"), "{}", one.stdout);
    let rows =
        ["run", "mm1", "--set", "stop.jobs=5000", "--fail-if", "response/mean > 10s", "--format", "csv"];
    assert!(end(&rows).stderr.contains("of one replication, without an interval"));
    let several = [&["--replications", "5"][..], &["--batches", "10"]];
    for more in several {
        let ended =
            end(&[&["run", "mm1", "--set", "stop.jobs=5000", "--fail-if", "response/mean > 10s"][..], more]
                .concat());
        assert!(!ended.stdout.contains("of one replication"), "{}", ended.stdout);
    }
}

#[test]
fn all_jobs_of_a_list_are_no_small_sample() {
    let text = stdout(&["run", "srtf"]);
    assert!(!text.contains('?'), "{text}");
    assert!(text.contains("exact: nothing here is random"), "{text}");
    let ended = end(&["run", "srtf", "--fail-if", "response/p99 > 22ms"]);
    assert_eq!((ended.code, ended.stdout.contains("of one replication")), (4, false), "{}", ended.stdout);
    let ended = end(&["run", "srtf", "--fail-if", "response/p99 > 23ms"]);
    assert_eq!(ended.code, 0, "{}", ended.stdout);
}
