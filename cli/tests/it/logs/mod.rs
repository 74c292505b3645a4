//! Logs as they are: every right value of the shared cases `cases/field` that is about reading them, further formats with
//! values derived by hand, and what hostile files do. The inputs are written here, or derived from `19-ms.csv`.

mod calendar;
mod formats;
mod large;
mod plans;
mod scan;
mod wrong;

use crate::{Ended, dispatchlab, end};
use serde_json::Value;
use std::path::PathBuf;

/// A folder of its own for the inputs of a test.
struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Folder {
        Folder(tempfile::tempdir().expect("a folder for inputs"))
    }

    fn file(&self, name: &str, text: impl AsRef<[u8]>) -> String {
        let path: PathBuf = self.0.path().join(name);
        std::fs::write(&path, text).expect("an input is written");
        path.display().to_string()
    }
}

/// Runs a text as a log; enough servers that nothing waits.
fn run(name: &str, text: impl AsRef<[u8]>, args: &[&str]) -> Ended {
    let folder = Folder::new();
    let file = folder.file(name, text);
    let mut all = vec!["run", file.as_str(), "--servers", "20", "--format", "json"];
    all.extend(args);
    end(&all)
}

/// Arrival and service time of each request, in milliseconds.
fn times(name: &str, text: impl AsRef<[u8]>, args: &[&str]) -> Vec<(f64, f64)> {
    let ended = run(name, text, args);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    times_of(&ended)
}

fn times_of(ended: &Ended) -> Vec<(f64, f64)> {
    let document: Value = serde_json::from_str(&ended.stdout).expect("JSON");
    let tasks = document["tasks"].as_array().expect("tasks are listed");
    let ms = |value: &Value| value.as_f64().expect("a time") / 1e6;
    tasks.iter().map(|task| (ms(&task["arrival_ns"]), ms(&task["response_ns"]))).collect()
}

fn services(name: &str, text: impl AsRef<[u8]>, args: &[&str]) -> Vec<f64> {
    times(name, text, args).into_iter().map(|(_, service)| service).collect()
}

/// How many requests each of four servers gets by the client.
fn picks(text: &str) -> Vec<u64> {
    let folder = Folder::new();
    let file = folder.file("access.log", text);
    let args = [
        "run",
        &file,
        "--service",
        "10ms",
        "--servers",
        "4",
        "--policy",
        "ip-hash",
        "--format",
        "csv",
        "--quiet",
    ];
    let ended = end(&args);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let rows = ended.stdout.lines().filter(|row| row.contains("picks,count,lb:server-"));
    rows.map(|row| row.split(',').nth(7).and_then(|n| n.parse().ok()).expect("a count")).collect()
}

/// Lines of Combined Log Format, a second apart: what stands in front of each, and what behind.
fn lines(count: usize, line: impl Fn(usize) -> (String, String)) -> String {
    let one = |nth: usize| {
        let (client, behind) = line(nth);
        let second = nth % 60;
        format!(
            "{client} - - [12/Mar/2026:10:00:{second:02} +0000] \"GET /a HTTP/1.1\" 200 1000 \"-\" \"t/1\"{behind}\n"
        )
    };
    (0..count).map(one).collect()
}

const EIGHT: [u32; 8] = [17, 34, 51, 68, 85, 102, 119, 136];

fn plain() -> String {
    lines(40, |nth| (format!("10.{}.0.1", EIGHT[nth % 8]), String::new()))
}

/// `05-plain.log`, `05-vhost.log`.
#[test]
fn a_virtual_host_in_front_is_not_the_client() {
    assert_eq!(picks(&plain()), [5, 10, 15, 10]);
    for prefix in ["shop.example:443 ", "shop.example ", "Mar 12 10:00:00 web1 nginx: "] {
        let text = plain().lines().map(|line| format!("{prefix}{line}\n")).collect::<Vec<_>>().concat();
        assert_eq!(picks(&text), [5, 10, 15, 10], "{prefix}");
    }
}

/// `06-plain.log`, `06-ipport.log`, `06-mapped.log`.
#[test]
fn one_client_is_one_client() {
    let forms =
        ["::ffff:10.17.0.1", "10.17.0.1", "::ffff:a11:1", "[::ffff:10.17.0.1]", "[::ffff:10.17.0.1]:443"];
    for text in [
        lines(40, |_| ("10.17.0.1".to_owned(), String::new())),
        lines(40, |nth| (format!("10.17.0.1:{}", 40_000 + 7 * nth), String::new())),
        lines(40, |nth| (forms[nth % 5].to_owned(), String::new())),
    ] {
        assert_eq!(picks(&text), [0, 0, 40, 0], "{text}");
    }
}

/// `07-*.log`.
#[test]
fn the_request_time_is_known_by_the_format() {
    let of = |behind: &dyn Fn(usize) -> String| {
        lines(6, |nth| (format!("10.{}.0.1", EIGHT[nth]), format!(" {}", behind(nth))))
    };
    let ingress = of(&|_| "563 0.102 [up-8080] 10.9.0.4:8080 39615 0.102 200".to_owned());
    assert_eq!(services("a.log", ingress, &["--service", "field"]), [102.0; 6]);
    let comma = of(&|_| "0.120 0.050, 0.060".to_owned());
    assert_eq!(services("a.log", comma, &["--service", "field"]), [120.0; 6]);
    let named = of(&|_| "rt=0.151 ut=\"0.149\" cs=MISS us=\"200\"".to_owned());
    assert_eq!(services("a.log", &named, &["--service", "field"]), [151.0; 6]);
    assert_eq!(services("a.log", &named, &["--service", "field:ut"]), [149.0; 6]);
    let traefik = of(&|nth| format!("{nth} \"web@docker\" \"http://172.30.0.3:80\" {}ms", 20 + nth));
    assert_eq!(services("a.log", traefik, &["--service", "field"]), [20.0, 21.0, 22.0, 23.0, 24.0, 25.0]);
    let apache = of(&|_| "0/12345".to_owned());
    assert_eq!(services("a.log", apache, &["--service", "field"]), [12.345; 6]);
    // Four numbers in quotes: which one is the request time is for the format or the user to say.
    let quoted = of(&|_| "\"-\" \"0.300\" \"0.001\" \"0.010\" \"0.020\"".to_owned());
    assert_eq!(services("a.log", &quoted, &["--service", "field:-4"]), [300.0; 6]);
    let format = "$remote_addr - $remote_user [$time_local] \"$request\" $status $body_bytes_sent \"$http_referer\" \
                  \"$http_user_agent\" \"$http_x_forwarded_for\" \"$request_time\" \"$upstream_connect_time\" \
                  \"$upstream_header_time\" \"$upstream_response_time\"";
    let args = ["--service", "field", "--log-format", format];
    assert_eq!(services("a.log", &quoted, &args), [300.0; 6]);
    let ended = run("a.log", &quoted, &["--service", "field"]);
    assert_eq!(ended.code, 2);
    for word in [
        "S075",
        "4 numbers",
        "line ",
        "field:-4:s` reads `0.300` as 300ms",
        "field:-1:s` reads `0.020` as 20ms",
    ] {
        assert!(ended.stderr.contains(word), "{word}: {}", ended.stderr);
    }
}

/// `08-iso.log`, `08-msec.log`, and others of their kind.
#[test]
fn stamps_are_read_in_their_forms() {
    let of = |stamp: &dyn Fn(u32) -> String| -> String {
        let line =
            |n: u32| format!("10.17.0.1 - - [{}] \"GET / HTTP/1.1\" 200 99 \"-\" \"t/1\" 0.100\n", stamp(n));
        (0..6).map(line).collect()
    };
    let arrivals = |text: String| -> Vec<f64> {
        times("a.log", text, &["--service", "field"]).into_iter().map(|(at, _)| at).collect()
    };
    let seconds = [0.0, 1000.0, 2000.0, 3000.0, 4000.0, 5000.0];
    let forms: [&dyn Fn(u32) -> String; 8] = [
        &|n| format!("2026-03-12T10:00:0{n}+00:00"),
        &|n| format!("2026-03-12 10:00:0{n}.000"),
        &|n| format!("12/Mar/2026:10:00:0{n} UTC"),
        &|n| format!("12/Mar/2026:12:00:0{n} CEST"),
        &|n| format!("{}", 1_773_309_600 + n),
        &|n| format!("{}", (1_773_309_600 + u64::from(n)) * 1_000),
        &|n| format!("{}", (1_773_309_600 + u64::from(n)) * 1_000_000),
        &|n| format!("Thu, 12 Mar 2026 10:00:0{n} GMT"),
    ];
    for form in forms {
        assert_eq!(arrivals(of(form)), seconds, "{}", form(0));
    }
    let tenths = of(&|n| format!("1773309600.{:03}", 25 + 100 * n));
    assert_eq!(arrivals(tenths), [0.0, 100.0, 200.0, 300.0, 400.0, 500.0]);
    // A zone that could be several is no zone, and said.
    let ended = run(
        "a.log",
        of(&|n| format!("12/Mar/2026:10:00:0{n} {}", if n == 3 { "NST" } else { "UTC" })),
        &["--service", "field"],
    );
    assert_eq!(times_of(&ended).len(), 5);
    assert!(ended.stderr.contains("1 of 6 lines was skipped: with a time zone"), "{}", ended.stderr);
}

/// `09-plain.log.gz`, also through standard input and as Zstandard.
#[test]
fn compressed_logs_are_read() {
    let args = ["--service", "10ms"];
    let expected = times("a.log", plain(), &args);
    let (gz, zst) = (
        gzip(plain().as_bytes()),
        ruzstd::encoding::compress_to_vec(plain().as_bytes(), ruzstd::encoding::CompressionLevel::Fastest),
    );
    assert_eq!(times("a.log.gz", &gz, &args), expected);
    assert_eq!(times("renamed.log", &gz, &args), expected, "by the first bytes, not by the name");
    assert_eq!(times("a.log.zst", zst, &args), expected);
    let half = plain().len() / 2;
    let two = [gzip(&plain().as_bytes()[..half]), gzip(&plain().as_bytes()[half..])].concat();
    assert_eq!(times("a.log.gz", two, &args), expected, "archives in a row");
    let piped = dispatchlab(&["run", "-", "--service", "10ms", "--servers", "20", "--format", "json"])
        .write_stdin(gz)
        .output()
        .expect("the command starts");
    assert!(piped.status.success(), "{}", String::from_utf8_lossy(&piped.stderr));
    assert_eq!(services("t.csv.gz", gzip(b"arrival,service\n0,5\n3,5\n"), &[]), [5.0, 5.0]);
}

fn gzip(text: &[u8]) -> Vec<u8> {
    use std::io::Write as _;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(text).expect("memory is written");
    encoder.finish().expect("memory is written")
}

/// `09-caddy.jsonl`, `16-traefik-ts.jsonl`, `16-map.jsonl`.
#[test]
fn json_lines_are_read_by_their_keys() {
    let caddy = (0..6)
        .map(|n| {
            format!(
                "{{\"level\":\"info\",\"ts\":{}.871,\"msg\":\"handled request\",\"request\":{{\"remote_ip\":\"10.{}.0.1\",\
                 \"method\":\"GET\",\"uri\":\"/\"}},\"duration\":0.000929675,\"size\":10900,\"status\":200}}\n",
                1_773_309_600 + n,
                EIGHT[n]
            )
        })
        .collect::<Vec<_>>().concat();
    let expected: Vec<(f64, f64)> = (0..6).map(|n| (f64::from(n) * 1000.0, 0.929_675)).collect();
    let named = ["--map", "client=request.remote_ip,service=duration,arrival=ts"];
    for args in [
        &["--service", "field"][..],
        &named,
        &["--service", "field:duration"],
        &["--log-format", "caddy", "--service", "field"],
    ] {
        assert_eq!(times("a.jsonl", &caddy, args), expected, "{args:?}");
    }
    let folder = Folder::new();
    let file = folder.file("a.jsonl", &caddy);
    let ended = end(&[
        "run",
        &file,
        "--service",
        "field",
        "--servers",
        "4",
        "--policy",
        "ip-hash",
        "--format",
        "csv",
    ]);
    let row = ended.stdout.lines().find(|row| row.contains("picks,count,lb:server-3")).map(str::to_owned);
    assert!(row.is_some_and(|row| row.contains(",all,2,")), "clients are told apart: {}", ended.stdout);

    let traefik = (0..6)
        .map(|n| {
            format!(
                "{{\"timestamp\":0,\"ClientAddr\":\"10.{0}.0.1:1234\",\"ClientHost\":\"10.{0}.0.1\",\
                 \"DownstreamStatus\":200,\"Duration\":2200000{n},\"StartUTC\":\"2026-03-12T10:00:0{n}.43197025Z\"}}\n",
                EIGHT[n]
            )
        })
        .collect::<Vec<_>>().concat();
    let named = ["--map", "arrival=StartUTC,client=ClientHost,service=Duration", "--time-unit", "ns"];
    for args in [&["--service", "field"][..], &named] {
        let found = times("a.jsonl", &traefik, args);
        let expected: Vec<(f64, f64)> =
            (0..6).map(|n| (f64::from(n) * 1000.0, 22.0 + f64::from(n) / 1e6)).collect();
        assert_eq!(found, expected, "{args:?}");
    }

    let when = "{\"when\":0,\"took\":5}\n{\"when\":3,\"took\":5}\n";
    let folder = Folder::new();
    let file = folder.file("a.jsonl", when);
    let ended =
        end(&["run", &file, "--map", "arrival=when,service=took", "--servers", "1", "--format", "json"]);
    assert_eq!(times_of(&ended), [(0.0, 5.0), (3.0, 7.0)], "finishes 5 and 10 ms: {}", ended.stderr);
    // The columns are those of all lines, numbers may be text, keys may have points, and arrays are objects too.
    for text in [
        "{\"x\":1}\n{\"a.b\":0,\"c\":{\"d\":\"5\"}}\n{\"a.b\":\"3\",\"c\":{\"d\":5}}\n",
        "[{\"a.b\":0,\"c\":{\"d\":\"5\"}},\n{\"a.b\":\"3\",\n\"c\":{\"d\":5}}]\n",
    ] {
        let found = times("a.jsonl", text, &["--map", "arrival=a.b,service=c.d"]);
        assert_eq!(found, [(0.0, 5.0), (3.0, 5.0)], "{text}");
    }
}

/// `18-nginx-end.log`.
const NGINX_END: &str = "192.0.2.1 - - [12/Mar/2026:10:00:10 +0000] \"GET /slow HTTP/1.1\" 200 10 \"-\" \"t/1\" 10.000\n\
                         192.0.2.2 - - [12/Mar/2026:10:00:10 +0000] \"GET /fast HTTP/1.1\" 200 10 \"-\" \"t/1\" 0.100\n\
                         192.0.2.3 - - [12/Mar/2026:10:00:04 +0000] \"GET /mid HTTP/1.1\" 200 10 \"-\" \"t/1\" 1.000\n";

#[test]
fn a_stamp_of_the_end_is_no_arrival() {
    let args = ["--service", "field", "--within-second", "keep"];
    assert_eq!(times("a.log", NGINX_END, &args), [(0.0, 10_000.0), (3000.0, 1000.0), (9900.0, 100.0)]);
    // The arrivals are the same whatever law says how long requests are served.
    let law = times("a.log", NGINX_END, &["--service", "5ms", "--within-second", "keep"]);
    assert_eq!(law, [(0.0, 5.0), (3000.0, 5.0), (9900.0, 5.0)]);
    let starts =
        times("a.log", NGINX_END, &["--service", "field", "--within-second", "keep", "--stamp", "start"]);
    assert_eq!(starts, [(0.0, 1000.0), (6000.0, 10_000.0), (6000.0, 100.0)]);
    let ended = run("a.log", NGINX_END, &args);
    for note in
        ["read as combined + request time in seconds at the end", "at the end of a request", "whole seconds"]
    {
        assert!(ended.stderr.contains(note), "{note}: {}", ended.stderr);
    }
}

#[test]
fn whole_seconds_are_spread_in_their_order() {
    // Four requests of one second at its eighths, two of the next at its quarters: 125, 375, 625, 875, 1250, 1750 ms.
    let stamps = [0, 0, 0, 0, 1, 1];
    let text = stamps
        .iter()
        .map(|second| {
            format!("a - - [12/Mar/2026:10:00:0{second} +0000] \"GET / HTTP/1.1\" 200 1 \"-\" \"t\"\n")
        })
        .collect::<Vec<_>>()
        .concat();
    let arrivals = |args: &[&str]| -> Vec<f64> {
        let args = [&["--service", "1ms"], args].concat();
        times("a.log", &text, &args).into_iter().map(|(at, _)| at).collect()
    };
    assert_eq!(arrivals(&[]), [0.0, 250.0, 500.0, 750.0, 1125.0, 1625.0]);
    assert_eq!(arrivals(&["--within-second", "keep"]), [0.0, 0.0, 0.0, 0.0, 1000.0, 1000.0]);
    let random = arrivals(&["--within-second", "random"]);
    assert_eq!(random, arrivals(&["--within-second", "random"]), "seeded");
    assert_ne!(random, arrivals(&["--within-second", "random", "--seed", "2"]));
    assert!(random.is_sorted() && random[3] < 1000.0 && random[5] < 2000.0, "{random:?}");
}

/// `19-ms.csv` and `19-sec.log`: the same requests, with exact times and with stamps of whole seconds.
#[test]
fn a_log_of_seconds_asks_for_as_many_servers_as_the_exact_one() {
    let exact = include_str!("19-ms.csv");
    let log = exact
        .lines()
        .skip(1)
        .map(|row| {
            let (at, service) = row.split_once(',').expect("two columns");
            let (at, service): (f64, f64) = (at.parse().expect("a time"), service.parse().expect("a time"));
            let second = (at / 1000.0) as u64;
            format!(
                "10.0.0.1 - - [12/Mar/2026:10:{:02}:{:02} +0000] \"GET / HTTP/1.1\" 200 10 \"-\" \"t\" {:.6}\n",
                second / 60,
                second % 60,
                service / 1000.0
            )
        })
        .collect::<Vec<_>>().concat();
    let folder = Folder::new();
    let (csv, log) = (folder.file("19-ms.csv", exact), folder.file("19-sec.log", log));
    for (goal, servers) in [("waiting/mean <= 20ms", 2), ("response/p95 <= 300ms", 1)] {
        for (file, more) in [(&csv, &[][..]), (&log, &["--service", "field"])] {
            let mut args = vec!["plan", file.as_str(), "--slo", goal, "--format", "json", "--quiet"];
            args.extend(more);
            let ended = end(&args);
            let document: Value =
                serde_json::from_str(&ended.stdout).unwrap_or_else(|e| panic!("{e}: {}", ended.stderr));
            assert_eq!(document["answers"][0]["count"], servers, "{goal} {file}");
        }
    }
}

#[test]
fn requests_are_told_apart_by_what_was_asked() {
    let asked = [
        ("POST /checkout/1", 200),
        ("GET /checkout", 200),
        ("GET /api/a?b=c", 404),
        ("GET /api/b", 503),
        ("GET /", 499),
        ("POST /checkout", 500),
    ];
    let text = asked
        .iter()
        .enumerate()
        .map(|(n, (request, status))| {
            format!("10.0.0.{n} - - [12/Mar/2026:10:00:0{n} +0000] \"{request} HTTP/1.1\" {status} 5 \"-\" \"t\"\n")
        })
        .collect::<Vec<_>>().concat();
    let folder = Folder::new();
    let file = folder.file("a.log", &text);
    let base = ["run", &file, "--service", "1ms", "--servers", "2"];
    let classes = ["--class", "checkout=POST /checkout*", "--class", "errors=5xx", "--class", "api=/api/*"];
    let ended = end(&[&base[..], &classes, &["--format", "csv"]].concat());
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let count = |class: &str| {
        let row = ended
            .stdout
            .lines()
            .find(|row| row.contains("jobs,completed,") && row.contains(&format!(",{class},")));
        row.and_then(|row| row.split(',').nth(7).map(str::to_owned))
    };
    // The first that fits: a checkout that failed is a checkout.
    for (class, expected) in [("checkout", "2"), ("errors", "1"), ("api", "1"), ("other", "2")] {
        assert_eq!(count(class).as_deref(), Some(expected), "{class}: {}", ended.stdout);
    }
    let note = "of 6 requests 1 have status 4xx, 2 have 5xx and 1 have 499";
    assert!(ended.stderr.contains(note), "{}", ended.stderr);
    let left = |args: &[&str]| times_of(&end(&[&base[..], args, &["--format", "json"]].concat())).len();
    assert_eq!(left(&["--only", "/api/*"]), 2);
    assert_eq!(left(&["--except", "4xx", "--except", "5xx"]), 2);
    assert_eq!(left(&["--only", "GET", "--except", "/checkout"]), 3);
    let ended = end(&[&base[..], &["--only", "/api/*"]].concat());
    assert!(ended.stderr.contains("4 requests are left out by `--only` or `--except`"), "{}", ended.stderr);
}

/// What is said of a log is said by every command alike, and stands in manifests.
#[test]
fn every_command_takes_the_options() {
    let folder = Folder::new();
    let file = folder.file("a.log", NGINX_END);
    let log = [
        "--service",
        "field:-1",
        "--stamp",
        "start",
        "--within-second",
        "keep",
        "--client",
        "remote",
        "--class",
        "slow=/slow",
    ];
    let ended = end(&[&["validate", &file, "--servers", "2"], &log[..]].concat());
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let ended = end(&[&["plan", &file, "--slo", "waiting/mean <= 20ms", "--quiet"], &log[..]].concat());
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let both = ["--policy", "random", "--policy", "round-robin", "--quiet"];
    let ended = end(&[&["compare", &file, "--servers", "2"], &both[..], &log].concat());
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let out = folder.file("out.json", "");
    let ended = end(&[&["run", &file, "--servers", "2", "-o", &out, "--quiet"], &log[..]].concat());
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let manifest = format!("{out}.manifest.json");
    let text = std::fs::read_to_string(&manifest).unwrap_or_else(|e| panic!("{e}: {manifest}"));
    for argument in ["--stamp=start", "--within-second=keep", "--client=remote", "--class=slow=/slow"] {
        assert!(text.contains(argument), "{argument}: {text}");
    }
    let ended = end(&["run", "--from", &manifest, "--check"]);
    assert_eq!(ended.code, 0, "{}{}", ended.stdout, ended.stderr);
    let plan = format!(
        "scenario = {file:?}\npolicies = [\"random\"]\nreplications = 1\n[set]\n\"--service\" = \"field\"\n\"--servers\" = 2\n\
         \"--within-second\" = \"keep\"\n\"--only\" = \"/slow\"\n"
    );
    let plan = folder.file("plan.toml", plan);
    let ended = end(&["validate", &plan]);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    // Elsewhere they mean nothing.
    for input in ["mm1", "convoy"] {
        for option in [
            ["--stamp", "end"],
            ["--class", "a=5xx"],
            ["--log-format", "common"],
            ["--client", "remote"],
            ["--only", "4xx"],
        ] {
            let ended = end(&[&["run", input], &option[..]].concat());
            assert!(ended.code == 2 && ended.stderr.contains("S066"), "{input} {option:?}: {}", ended.stderr);
        }
    }
}
