//! `dispatchlab plan`.

use crate::{Ended, end, stdout};
use serde_json::Value;

/// A plan on short runs of the library's farm.
fn planned(args: &[&str]) -> Ended {
    let mut all = vec!["plan", "balanced", "--set", "stop.jobs=25_000", "--quiet"];
    all.extend(args);
    end(&all)
}

/// `32-threads.toml` of the shared cases `cases/field`.
pub const THREADS: &str = r#"
name = "threads for a search service"
stop = { after = "300s" }
warmup = "10s"
[[class]]
name = "q"
steps = [{ hold = "threads", steps = [{ delay = { exponential = { mean = "90ms" } } }] }]
[[source]]
name = "in"
class = "q"
arrivals = { poisson = "100/s" }
[[pool]]
name = "threads"
size = 12
"#;

fn document(ended: &Ended) -> Value {
    serde_json::from_str(&ended.stdout).unwrap_or_else(|e| panic!("{e}: {}{}", ended.stdout, ended.stderr))
}

fn probe(document: &Value, count: u64) -> &Value {
    let probes = document["probes"].as_array().expect("probes are listed");
    probes.iter().find(|probe| probe["count"] == count).unwrap_or_else(|| panic!("{count} was not tried"))
}

#[test]
fn an_answer_rests_on_its_neighbors() {
    let ended = planned(&["--slo", "response/p99 <= 100ms", "--vary", "web.count=1..40", "--format", "json"]);
    assert_eq!((ended.code, ended.stderr.as_str()), (0, ""));
    let document = document(&ended);
    let answer = &document["answers"][0];
    assert_eq!((&answer["status"], &answer["count"]), (&Value::from("met"), &Value::from(14)));
    assert_eq!(answer["infeasible"], 13);
    for (count, verdict) in [(13, "infeasible"), (14, "feasible"), (15, "feasible")] {
        assert_eq!(probe(&document, count)["verdict"], verdict, "{count}");
    }
    // The interval decides, not the mean: its upper end is within the goal.
    let high = probe(&document, 14)["checks"][0]["ci_high"].as_f64().unwrap();
    let low = probe(&document, 13)["checks"][0]["ci_low"].as_f64().unwrap();
    assert!(high <= 1e8 && low > 1e8, "{low} {high}");
    let keys = document.as_object().unwrap().keys().cloned().collect::<Vec<_>>().join(" ");
    assert_eq!(
        keys,
        "schema scenario seed ties vary low high goals confidence deterministic replications headroom spare cost policies demands \
         answers probes curve knees usl"
    );
    assert_eq!(document["schema"], "dispatchlab.plan/1");
    assert_eq!(document["curve"].as_array().unwrap().len(), 12);
    // Fourteen servers of 10 ms: the knee of response is where X/R is greatest, below saturation.
    let knee = document["knees"][0]["utilization"].as_f64().unwrap();
    assert!((0.4..0.9).contains(&knee), "{knee}");
}

#[test]
fn demands_policies_headroom_spare_and_cost_make_rows() {
    let args = [
        "--slo",
        "response/p99 <= 100ms",
        "--vary",
        "web.count=1..60",
        "--policy",
        "lb=round-robin",
        "--policy",
        "lb=jsq",
        "--demand",
        "1,x2",
        "--headroom",
        "20%",
        "--spare",
        "1",
        "--cost-per-server",
        "0.5/h",
        "--no-curve",
    ];
    let json = [&args[..], &["--format", "json"]].concat();
    let ended = planned(&json);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let document = document(&ended);
    let answers = document["answers"].as_array().unwrap();
    assert_eq!(answers.len(), 4);
    for answer in answers {
        let (count, spare) =
            (answer["count"].as_u64().unwrap(), answer["count_with_spare"].as_u64().unwrap());
        assert_eq!(spare, count + 1, "one may be gone: so many at the full demand were tried");
        let demand = answer["demand"].as_f64().unwrap();
        assert!((answer["simulated_demand"].as_f64().unwrap() - 1.2 * demand).abs() < 1e-9);
        assert_eq!(answer["cost_per_hour"].as_f64().unwrap(), 0.5 * spare as f64, "spares cost too");
        // 1000 requests a second at demand 1; the headroom is not paid for.
        let million = 0.5 * spare as f64 / (demand * 3.6);
        let found = answer["cost_per_million"].as_f64().unwrap();
        assert!((found / million - 1.0).abs() < 0.03, "{found}, expected {million}");
    }
    let count = |row: usize| answers[row]["count"].as_u64().unwrap();
    assert!(count(1) < count(0) && count(0) < count(2) && count(3) < count(2), "{answers:?}");
    let csv = planned(&[&args[..], &["--format", "csv"]].concat());
    let mut lines = csv.stdout.lines();
    assert!(
        lines
            .next()
            .unwrap()
            .starts_with("scenario,policy,demand,headroom_ratio,simulated_demand,vary,n_servers,role,slo")
    );
    assert_eq!(lines.filter(|line| line.contains(",answer,")).count(), 4);
    let table = planned(&args);
    for line in table.stdout.lines() {
        assert!(line.chars().count() <= 80, "too long: {line}");
    }
}

#[test]
fn threads_do_not_change_a_byte() {
    let plan = |threads| {
        let ended = planned(&[
            "--slo",
            "response/p99 < 80ms",
            "--vary",
            "web.count=1..30",
            "--policy",
            "lb=random",
            "--format",
            "json",
            "--threads",
            threads,
        ]);
        (ended.code, ended.stdout)
    };
    let one = plan("1");
    assert_eq!(one, plan("2"));
    assert_eq!(one, plan("5"));
}

#[test]
fn what_nobody_can_meet_and_what_is_not_sure_have_exit_codes() {
    // No response is shorter than the service: its p99 is 46.05 ms.
    let ended = planned(&["--slo", "response/p99 < 40ms", "--vary", "web.count=1..50", "--no-curve"]);
    assert_eq!(ended.code, 4, "{}", ended.stderr);
    assert!(ended.stdout.contains("no web.count from 1 to 50 meets the goal"), "{}", ended.stdout);
    // p99 is 50.0 ms at 126 and 127 alike, as far as two replications can tell.
    let ended = planned(&[
        "--slo",
        "response/p99 <= 50ms",
        "--vary",
        "web.count=120..130",
        "--policy",
        "lb=random",
        "--replications",
        "2",
        "--max-replications",
        "2",
        "--no-curve",
    ]);
    assert_eq!(ended.code, 5, "{}", ended.stdout);
    assert!(ended.stderr.contains("undecided"), "{}", ended.stderr);
    let words = ended.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains("more replications decide"), "{words}");
}

#[test]
fn overload_is_told_without_a_run() {
    // 1000 requests of 10 ms keep ten servers busy all the time.
    let ended = planned(&[
        "--slo",
        "response/p99 < 1s",
        "--vary",
        "web.count=8..11",
        "--policy",
        "lb=jsq",
        "--no-curve",
        "--format",
        "json",
    ]);
    let document = document(&ended);
    let ten = probe(&document, 10);
    assert_eq!((&ten["verdict"], &ten["replications"]), (&Value::from("infeasible"), &Value::from(0)));
    assert_eq!(ten["reason"], "`web.cpu` is offered 100 % of what it can do");
    // A goal on throughput is no matter of stability: ten servers give 950 a second, which is measured.
    let ended = planned(&[
        "--slo",
        "throughput/rate >= 950/s",
        "--vary",
        "web.count=1..20",
        "--policy",
        "lb=jsq",
        "--no-curve",
        "--format",
        "json",
    ]);
    let document: Value = serde_json::from_str(&ended.stdout).unwrap();
    assert!(document["probes"].as_array().unwrap().iter().all(|probe| probe["replications"] != 0));
    assert_eq!(document["answers"][0]["count"], 10);
}

#[test]
fn what_is_not_random_is_decided_exactly_by_one_run() {
    let plan = |policies: &[&str]| {
        let mut args =
            vec!["plan", "access-small", "--service", "100ms + 1us/byte", "--slo", "response/p50 < 300ms"];
        for policy in policies {
            args.extend(["--policy", policy]);
        }
        args.extend(["--quiet", "--no-curve", "--format", "json"]);
        let ended = end(&args);
        assert!(matches!(ended.code, 0 | 5), "{args:?}: {}", ended.stderr);
        serde_json::from_str::<Value>(&ended.stdout).unwrap()
    };
    let alone = plan(&["round-robin"]);
    let both = plan(&["round-robin", "random"]);
    assert_eq!(
        (&alone["answers"][0]["exact"], &both["answers"][1]["exact"]),
        (&Value::from(true), &Value::from(false))
    );
    // A policy that draws beside it does not make the other one random.
    assert_eq!(alone["answers"][0], both["answers"][0]);
    for probe in alone["probes"].as_array().unwrap() {
        assert_eq!((&probe["replications"], &probe["checks"][0]["ci_low"]), (&Value::from(1), &Value::Null));
    }
}

#[test]
fn servers_are_what_an_input_has_of_them() {
    for (input, goal, vary) in [
        ("central-queue", "response/p99 <= 100ms", "web.cores"),
        ("balanced", "response/p99 <= 100ms", "web.count"),
    ] {
        let text =
            stdout(&["plan", input, "--slo", goal, "--set", "stop.jobs=25_000", "--no-curve", "--quiet"]);
        assert!(text.contains(&format!("{vary} from 1 to 1000")), "{input}: {text}");
    }
    let text =
        stdout(&["plan", "stallings", "--slo", "response/max < 10ms", "--vary", "cores=1..4", "--no-curve"]);
    assert!(text.contains("cores 2 is the fewest"), "{text}");
}

#[test]
fn mistakes_name_their_place_and_cure() {
    let goal = "response/p99<5ms";
    for (args, code, said) in [
        (&["--slo", "respons/p99<5ms"][..], 2, "did you mean `response/p99`?"),
        (&["--slo", "respone/p99<5ms"], 2, "did you mean `response/p99`?"),
        (&["--slo", "response/p99<5"], 2, "`5` has no unit; write one, such as 5ms"),
        (&["--slo", "response/p99"], 2, "is not a condition"),
        (&["--slo", "response/p99 nobody < 5ms"], 2, "is not measured for `nobody`"),
        (&["--slo", "response/p99 < 0ms"], 2, "nothing could meet it"),
        (&["--slo", "response/p99 worse by 5%"], 2, "write a limit"),
        (&["--slo", goal, "--vary", "web.count=0..0"], 2, "a count begins at 1"),
        (&["--slo", goal, "--vary", "web.count=9..3"], 2, "is empty: write web.count=3..9"),
        (&["--slo", goal, "--vary", "web.count=1..x"], 2, "is no whole number"),
        (&["--slo", goal, "--vary", "web.count"], 2, "is not of the form PATH=A..B"),
        (&["--slo", goal, "--vary", "web.cuont=1..3"], 2, "did you mean `count`?"),
        (&["--slo", goal, "--vary", "wep.count=1..3"], 2, "did you mean `web`?"),
        (&["--slo", goal, "--vary", "lb.policy=1..3"], 2, "`policy` is a string, not an integer"),
        (&["--slo", goal, "--vary", "clients.arrivals.poisson=1..3"], 2, "needs a unit"),
        (&["--slo", goal, "--vary", "web.count=1..2_000_000"], 2, "it must be from 1 to 1000000"),
        (&["--slo", goal, "--demand", "x0"], 2, "is no factor"),
        (&["--slo", goal, "--demand", "1,x1"], 2, "is named twice"),
        (&["--slo", goal, "--headroom", "much"], 2, "is not a part"),
        (&["--slo", goal, "--cost-per-server", "3"], 2, "is not a price, such as 0.34/h"),
        (&["--slo", goal, "--cost-per-server", "3/fortnight"], 2, "unknown unit of time `fortnight`"),
        (&["--slo", goal, "--knee", "elbow"], 2, "there are power, double, fourfold, tangent"),
        (&["--slo", goal, "--precision", "0"], 2, "no number of replications is exact"),
        (&["--slo", goal, "--policy", "jsq", "--policy", "jsq"], 2, "is named twice"),
        (&["--slo", goal, "--servers", "3"], 2, "`--servers` is for access logs"),
        (&[], 2, "--slo <GOAL>"),
    ] {
        let ended = planned(args);
        assert_eq!(ended.code, code, "{args:?}: {}", ended.stderr);
        assert!(ended.stderr.contains(said), "{args:?}: {}", ended.stderr);
        assert_eq!(ended.stdout, "", "{args:?}");
    }
    let ended = end(&["plan", "access-small", "--service", "1ms", "--slo", goal, "--vary", "web.count=1..3"]);
    assert_eq!(ended.code, 2);
    assert!(ended.stderr.contains("this input has `servers` or `cores`"), "{}", ended.stderr);
}

/// `shop3.toml` of the shared cases `cases/field`, with what matters here: db is offered 1.5 x 1.2 x (400/s x 2 ms + 40/s x 10 ms)
/// on two cores, 108 %, and the queue of the workers sheds what is too much.
const SHOP: &str = r#"
name = "shop3"
stop = { after = "20s" }
warmup = "5s"
[[class]]
name = "browse"
steps = [{ balance = "lb", steps = [{ hold = "workers", steps = [
  { work = "web.cpu", demand = { exponential = { mean = "4ms" } } },
  { balance = "applb", steps = [
    { work = "app.cpu", demand = { exponential = { mean = "8ms" } } },
    { work = "db", demand = { exponential = { mean = "2ms" } } },
  ] } ] } ] }]
[[class]]
name = "checkout"
steps = [{ balance = "lb", steps = [{ hold = "workers", steps = [
  { work = "web.cpu", demand = { exponential = { mean = "4ms" } } },
  { balance = "applb", steps = [
    { work = "app.cpu", demand = { exponential = { mean = "25ms" } } },
    { work = "db", demand = { exponential = { mean = "10ms" } } },
  ] } ] } ] }]
[[source]]
name = "browsers"
class = "browse"
arrivals = { poisson = "400/s" }
[[source]]
name = "buyers"
class = "checkout"
arrivals = { poisson = "40/s" }
[[balancer]]
name = "lb"
policy = "least-connections"
targets = "web"
[[balancer]]
name = "applb"
policy = "least-connections"
targets = "app"
[[server]]
name = "web"
count = 2
pool.workers = { size = 64, queue = 128 }
processor.cpu = { cores = 2, scheduler = "ps" }
[[server]]
name = "app"
count = 4
processor.cpu = { cores = 2, scheduler = "ps" }
[[processor]]
name = "db"
cores = 2
scheduler = "ps"
"#;

/// A plan for a scenario that is written here; words, without their line breaks.
fn planned_text(text: &str, args: &[&str]) -> Ended {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let path = folder.path().join("model.toml");
    std::fs::write(&path, text).expect("a file can be written");
    let mut all = vec!["plan", path.to_str().expect("the path is text"), "--quiet"];
    all.extend(args);
    let ended = end(&all);
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    Ended { stdout: words(&ended.stdout), stderr: words(&ended.stderr), ..ended }
}

#[test]
fn a_goal_that_is_not_met_has_its_reason() {
    let args =
        ["--slo", "response/p99 < 400ms", "--no-curve", "--max-replications", "10", "--headroom", "20%"];
    let db = [&args[..], &["--vary", "app.count=11..12", "--demand", "1.5"]].concat();
    let ended = planned_text(SHOP, &db);
    let why = "`db` is offered 108 % of what it can do whatever app.count is, so that more cannot help; count that: --vary \
               db.cores=1..8";
    assert!(ended.stdout.contains(why), "{}", ended.stdout);
    // The column of the busiest station is not blank, and says what is full.
    assert!(ended.stdout.contains("not met db offered 1.08"), "{}", ended.stdout);
    let json = planned_text(SHOP, &[&db[..], &["--format", "json"]].concat());
    assert!(json.stdout.contains("\"why\":\"`db` is offered 108 %"), "{}", json.stdout);
    // Too few even at the end of the range: from where on it would do.
    let few = [&args[..], &["--vary", "app.count=1..2"]].concat();
    let ended = planned_text(SHOP, &few);
    // 1.2 x (400/s x 8 ms + 40/s x 25 ms) = 5.04 cores of 4.
    let why = "`app.cpu` is offered 126 % of what it can do even at 2; from 3 on it is not overloaded";
    assert!(ended.stdout.contains(why), "{}", ended.stdout);
    // Nothing is overloaded: where the time goes.
    let tight = [
        "--slo",
        "response/mean < 1ms",
        "--no-curve",
        "--max-replications",
        "10",
        "--vary",
        "app.count=7..8",
    ];
    let ended = planned_text(SHOP, &tight);
    assert!(
        ended.stdout.contains("at 8,") && ended.stdout.contains("% of the response time is spent at"),
        "{}",
        ended.stdout
    );
}

/// Work of 10 ms on average does not end within 1 ms, however many cores there are.
#[test]
fn more_of_what_nobody_waits_for_cannot_help() {
    let text = r#"
name = "desk"
stop = { jobs = 2000 }
[[class]]
name = "call"
steps = [{ work = "agents", demand = { exponential = { mean = "10ms" } } }]
[[source]]
name = "calls"
class = "call"
arrivals = { poisson = "50/s" }
[[processor]]
name = "agents"
"#;
    let folder = tempfile::tempdir().expect("a folder can be made");
    let page = folder.path().join("plan.html");
    let html = format!("--html={}", page.display());
    let goal =
        ["--slo", "response/p90 < 1ms", "--vary", "agents.cores=4..8", "--max-replications", "10", &html];
    let ended = planned_text(text, &goal);
    let why = "at 8, 100 % of the response time is spent at `agents` and less than 1 % of it waiting: the work itself takes \
               that long, and more cannot help";
    assert!(ended.code == 4 && ended.stdout.contains(why), "{}", ended.stdout);
    // One policy with nothing to spare is one line of the chart.
    let page = std::fs::read_to_string(page).expect("it is written");
    assert!(
        page.contains("response/p90 by count") && !page.contains(">all there<"),
        "one line needs no name"
    );
}

#[test]
fn what_can_be_counted_is_named() {
    let goal = ["--slo", "waiting/mean <= 5ms"];
    let ended = planned_text(THREADS, &goal);
    assert_eq!(ended.code, 2);
    assert!(ended.stderr.contains("write --vary threads.size=1..64"), "{}", ended.stderr);
    let ended = planned_text(SHOP, &goal);
    for path in ["web.count=1..8", "app.count=1..16", "db.cores=1..8", "web.pool.workers.size=1..256"] {
        assert!(ended.stderr.contains(path), "{path}: {}", ended.stderr);
    }
    // Every path that is named is one.
    for vary in ["web.pool.workers.size=64..64", "app.processor.cpu.cores=2..2"] {
        let ended = planned_text(
            SHOP,
            &["--slo", "response/p99 < 10s", "--vary", vary, "--no-curve", "--max-replications", "10"],
        );
        assert_eq!(ended.code, 0, "{vary}: {}", ended.stderr);
    }
    let delays = "stop = { after = \"1s\" }\n[[class]]\nname = \"c\"\nsteps = [{ delay = \"1ms\" }]\n[[source]]\nname = \"s\"\nclass = \"c\"\narrivals = { poisson = \"9/s\" }\n";
    let ended = planned_text(delays, &goal);
    assert!(ended.stderr.contains("nothing in this scenario can be counted"), "{}", ended.stderr);
}
