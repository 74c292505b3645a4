//! More demand than a log shows, and a log that runs faster.

use crate::{end, stdout};
use serde_json::Value;
use std::f64::consts::PI;
use std::fmt::Write as _;
use std::sync::LazyLock;
use tempfile::TempDir;

/// A generator of its own, so that these files never change.
struct Draws(u64);

impl Draws {
    /// In (0, 1], by SplitMix64.
    fn unit(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) >> 11) as f64 / 9_007_199_254_740_992.0 + f64::EPSILON
    }

    fn normal(&mut self) -> f64 {
        (-2.0 * libm::log(self.unit())).sqrt() * libm::cos(2.0 * PI * self.unit())
    }
}

/// A day of about so many requests as (second, service in s, client): swing 0.7, peak at 14 h, lognormal service of mean
/// 0.166 s and coefficient of variation 1, so that 25 times 50 000 requests keep 4 servers busy at 1.02 of what they can do
/// at the peak, and 5 servers at 0.82.
fn day(requests: f64, seed: u64) -> Vec<(f64, f64, u32)> {
    let mut draws = Draws(seed);
    let (top, spread) = (requests / 86_400.0 * 1.7, libm::log(2.0));
    let (mut at, mut found) = (0.0, Vec::new());
    loop {
        at -= libm::log(draws.unit()) / top;
        if at >= 86_400.0 {
            return found;
        }
        if draws.unit() * 1.7 < 1.0 + 0.7 * libm::cos(2.0 * PI * (at - 50_400.0) / 86_400.0) {
            let service = 0.166 * libm::exp(spread.sqrt() * draws.normal() - spread / 2.0);
            found.push((at, service, (draws.unit() * 400.0) as u32));
        }
    }
}

fn trace(day: &[(f64, f64, u32)]) -> String {
    let mut text = "arrival,service,client\n".to_owned();
    for (at, service, client) in day {
        let _ = writeln!(text, "{:.6},{:.6},c{client}", at * 1e3, service * 1e3);
    }
    text
}

/// The same as an access log: the service time stands at the end of the line.
fn log(day: &[(f64, f64, u32)]) -> String {
    let mut text = String::new();
    for (at, service, client) in day {
        let (s, net, host) = (*at as u64, client / 250, client % 250 + 1);
        let _ = writeln!(
            text,
            "192.0.{net}.{host} - - [17/May/2026:{:02}:{:02}:{:02} +0000] \"GET / HTTP/1.1\" 200 512 \"-\" \"b\" {service:.3}",
            s / 3600,
            s / 60 % 60,
            s % 60
        );
    }
    text
}

struct Files {
    _folder: TempDir,
    trace: String,
    log: String,
    /// An independent day at 25 times the rate.
    more: String,
}

static FILES: LazyLock<Files> = LazyLock::new(|| {
    let folder = tempfile::tempdir().expect("a folder");
    let file = |name: &str, text: String| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).expect("a file");
        path.display().to_string()
    };
    let one = day(50_000.0, 1);
    let (trace, log) = (file("day.csv", trace(&one)), file("day.log", log(&one)));
    let more = file("more.csv", self::trace(&day(1_250_000.0, 2)));
    Files { trace, log, more, _folder: folder }
});

/// The value of a metric of all classes, in seconds where it is a time.
fn value(document: &Value, metric: &str, statistic: &str) -> f64 {
    let rows = document["summary"].as_array().expect("a summary");
    let row = rows.iter().find(|row| row["metric"] == metric && row["statistic"] == statistic);
    let row = row.unwrap_or_else(|| panic!("{metric}/{statistic}"));
    let size = if row["unit"] == "ns" { 1e9 } else { 1.0 };
    row["value"].as_f64().expect("a value") / size
}

fn p99(args: &[&str]) -> f64 {
    value(&document(args), "response", "p99")
}

fn document(args: &[&str]) -> Value {
    let mut all = vec!["run", "--format", "json", "--quiet"];
    all.extend(args);
    serde_json::from_str(&stdout(&all)).expect("JSON")
}

const LEAST: [&str; 2] = ["--policy", "least-connections"];

/// Scaled up by running it faster, the day is an hour, 4 servers have a p99 of some seconds and seem to be enough.
#[test]
fn a_day_at_25_times_the_demand_needs_five_servers() {
    let files = &*FILES;
    let independent = p99(&[&[&files.more, "--servers", "4"][..], &LEAST].concat());
    for input in [&[&files.trace[..]][..], &[&files.log, "--service", "field"]] {
        let scaled = |servers| p99(&[input, &["--scale", "25", "--servers", servers], &LEAST].concat());
        let (four, five) = (scaled("4"), scaled("5"));
        assert!(four > 15.0 && five < 15.0, "{input:?}: {four} {five}");
        assert!((0.3..3.0).contains(&(four / independent)), "{input:?}: {four} {independent}");
    }
    let ended =
        end(&[
            &[
                "plan",
                &files.trace,
                "--demand",
                "25",
                "--slo",
                "response/p99 < 15s",
                "--vary",
                "servers=4..6",
            ][..],
            &["--replications", "2", "--no-curve", "--format", "json"],
            &LEAST,
        ]
        .concat());
    assert!(ended.stderr.contains("note: a log or trace at 25 times its demand: its calendar is kept"));
    let plan: Value = serde_json::from_str(&ended.stdout).expect("JSON");
    assert_eq!((&plan["answers"][0]["status"], &plan["answers"][0]["count"]), (&"met".into(), &5.into()));
    assert_eq!(plan["answers"][0]["infeasible"], 4);
}

/// A day stays a day, and each hour has its part of it; running faster makes an hour of it.
#[test]
fn scaling_keeps_the_calendar_and_running_faster_does_not() {
    let files = &*FILES;
    let span = |args: &[&str]| {
        let found = document(&[&[&files.trace[..], "--servers", "60"][..], args].concat());
        (value(&found, "window", "time") / 3600.0, value(&found, "jobs", "released"))
    };
    let (hours, requests) = span(&[]);
    assert!((23.9..24.1).contains(&hours), "{hours}");
    assert_eq!(span(&["--scale", "3"]).1, 3.0 * requests);
    let (day, half) = span(&["--scale", "0.5"]);
    assert!((day - hours).abs() < 0.1 && (0.49..0.51).contains(&(half / requests)), "{day} {half}");
    let (hour, same) = span(&["--speedup", "24"]);
    assert!((0.99..1.01).contains(&hour) && same == requests, "{hour} {same}");
    // The same bytes whatever the threads; replications are moved differently.
    let run = |threads| {
        stdout(&[
            "run",
            &files.trace,
            "--servers",
            "2",
            "--scale",
            "1.25",
            "--replications",
            "3",
            "--threads",
            threads,
            "--quiet",
            "--format",
            "csv",
        ])
    };
    let rows = run("1");
    assert_eq!(rows, run("4"));
    let means: Vec<&str> = rows.lines().filter(|row| row.contains(",response,mean,")).collect();
    assert!(means.len() == 3 && means[0].split(',').nth(7) != means[1].split(',').nth(7), "{means:?}");
}

/// Both options stand in the manifest, and `--from` runs them again.
#[test]
fn demand_is_in_the_manifest() {
    let files = &*FILES;
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("out.csv").display().to_string();
    stdout(&["run", &files.trace, "--servers", "4", "--speedup", "2", "--scale", "3/2", "-q", "-o", &out]);
    let manifest = std::fs::read_to_string(format!("{out}.manifest.json")).expect("a manifest");
    assert!(manifest.contains("--scale=3/2") && manifest.contains("--speedup=2"), "{manifest}");
    let first = std::fs::read(&out).expect("a result");
    let again = folder.path().join("again.csv").display().to_string();
    let manifest = format!("{out}.manifest.json");
    stdout(&["run", "--from", &manifest, "-q", "-o", &again]);
    assert_eq!(std::fs::read(&again).expect("a result"), first);
}

/// 241 requests, one a second, of 100 ms, but 500 ms in the ten seconds from 120 s on: those are used to 50 %.
#[test]
fn the_busiest_interval_stands_beside_the_mean() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("day.csv").display().to_string();
    let rows = (0..=240).map(|at| format!("{at}s,{}\n", if (120..130).contains(&at) { 500 } else { 100 }));
    std::fs::write(&path, format!("arrival,service\n{}", rows.collect::<String>())).expect("a file");
    for (servers, busiest) in [("1", 0.5), ("2", 0.25)] {
        let found = document(&[&path, "--servers", servers]);
        for scope in ["all", "server.cpu"] {
            let mut rows = found["summary"].as_array().expect("a summary").iter();
            let row = rows.find(|row| row["statistic"] == "busiest" && row["scope"] == scope).expect(scope);
            assert_eq!((row["metric"].as_str(), row["value"].as_f64()), (Some("utilization"), Some(busiest)));
        }
    }
    let ended = end(&["run", &path, "--servers", "1"]);
    assert!(
        ended.stderr.contains("`server.cpu` is used to 11.7 % on average, but to 50 % in its busiest 24th of the time (from 120 s to 130 s)"),
        "{}",
        ended.stderr
    );
    assert!(ended.stdout.contains("station       utilization  busiest 24th"), "{}", ended.stdout);
    let csv = stdout(&["run", &path, "--servers", "1", "-q", "--format", "csv"]);
    assert!(csv.contains("utilization,busiest,server.cpu"), "{csv}");
    let goal = [
        "--slo",
        "utilization/busiest < 30%",
        "--vary",
        "servers=1..4",
        "--no-curve",
        "-q",
        "--format",
        "json",
    ];
    let plan: Value =
        serde_json::from_str(&stdout(&[&["plan", &path[..]][..], &goal].concat())).expect("JSON");
    assert_eq!(
        (&plan["answers"][0]["count"], &plan["answers"][0]["utilization_busiest"]),
        (&2.into(), &0.25.into())
    );
    // At its peak the day at 25 times the demand has more than 4 servers can do.
    let files = &*FILES;
    let args = [&[&files.trace[..], "--scale", "25", "--servers", "4"][..], &LEAST].concat();
    let found = document(&args);
    assert!(value(&found, "utilization", "busiest") > 0.999 && value(&found, "utilization", "mean") < 0.62);
}

/// Forty requests at night that took 10 ms each, and twenty at noon, all at once, that took half a second: 10 ms is service,
/// the rest was queueing.
#[test]
fn request_times_of_a_busy_server_are_no_service_times() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("busy.log").display().to_string();
    let line = |clock: &str, took: &str| {
        format!("192.0.2.7 - - [17/May/2026:{clock} +0000] \"GET / HTTP/1.1\" 200 5 \"-\" \"b\" {took}\n")
    };
    let mut text = String::new();
    for second in 0..40 {
        text.push_str(&line(&format!("02:00:{second:02}"), "0.010"));
    }
    for _ in 0..20 {
        text.push_str(&line("12:00:00", "0.500"));
    }
    std::fs::write(&path, text).expect("a file");
    let service = |floor: &[&str]| {
        let found = document(&[&[&path, "--service", "field", "--servers", "1"][..], floor].concat());
        let mut rows = found["summary"].as_array().expect("a summary").iter();
        let row = rows.find(|row| row["metric"] == "response_part" && row["statistic"] == "service");
        row.expect("a part")["value"].as_f64().expect("a value") / 1e6
    };
    assert!((service(&[]) - 520.0 / 3.0).abs() < 0.001, "40 x 10 ms and 20 x 500 ms");
    assert!((service(&["--service-floor", "p50"]) - 10.0).abs() < 1e-9);
    assert!((service(&["--service-floor", "quiet@02:00-03:00"]) - 10.0).abs() < 1e-9);
    let said = |args: &[&str]| end(&[&["run", &path, "--servers", "1"][..], args].concat()).stderr;
    assert!(said(&["--service", "field"]).contains("which hold the queueing of that day too"));
    let cut = said(&["--service", "field", "--service-floor", "p50"]);
    assert!(
        cut.contains("no longer than p50") && cut.contains("the mean goes from 173.3ms to 10ms"),
        "{cut}"
    );
    let law = said(&["--service", "10ms", "--service-floor", "p50"]);
    assert!(law.contains("`--service-floor` is for request times, and `--service` is a law"), "{law}");
    let wrong = said(&["--service", "field", "--service-floor", "p0"]);
    assert!(wrong.contains("`p0` does not say how service is made of request times"), "{wrong}");
}
