//! What people read: why a decision was taken, what a policy lacks, and numbers without noise.

use crate::{dispatchlab, end, end_with_input};
use serde_json::Value;

/// `36-key.csv` of the shared cases `cases/field`.
const KEYS: &str = "task,arrival,cpu,priority\nA,0,5,2\nB,1,3,1\nC,0,4,2\n";

#[test]
fn keys_of_a_running_job_are_its_own() {
    let ended =
        end_with_input(&["run", "-", "--policy", "priority:quantum=2ms", "--explain-at", "1ms"], KEYS);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let lines: Vec<&str> = ended.stdout.lines().collect();
    let first = lines.iter().position(|line| line.contains("is taken for B")).expect("B takes the core");
    let shown = lines[first..first + 6].join("\n");
    assert!(shown.contains("A (running)") && shown.contains("> B"), "{shown}");
    let key = |name: &str| {
        let line = lines[first..].iter().find(|line| line.contains(name)).expect("the candidate is listed");
        line.split_whitespace().rev().nth(1).map(str::to_owned)
    };
    assert_eq!((key("A (running)"), key("> B")), (Some("2".to_owned()), Some("1".to_owned())), "{shown}");
    assert!(!ended.stdout.contains("9223372036854775808"), "{}", ended.stdout);
    // High numbers are better, and are shown as the input has them.
    let args = ["run", "-", "--policy", "priority:order=high-first", "--explain"];
    let high = end_with_input(&args, KEYS).stdout;
    assert!(high.contains("priority (greater is better)") && !high.contains("-2"), "{high}");
}

/// Every policy explains itself in numbers that people read: none is beyond any size that an input has, none is below
/// zero, and none lacks its words.
#[test]
fn every_policy_of_the_catalog_shows_keys_that_people_read() {
    let list = "task,arrival,cpu,priority,tickets,deadline,period,count\nA,0,5,2,10,20,30,2\nB,1,3,1,20,9,30,2\nC,0,4,-1,30,12,40,2\nD,2,9,7,1,40,60,1\n";
    let list = list.replace(",-1,", ",3,");
    for def in policies::catalog() {
        let specs: &[&str] = match def.id {
            "priority" => &[
                "priority",
                "priority:quantum=2ms",
                "priority:order=high-first",
                "priority:order=high-first,quantum=1ms",
                "priority:order=high-first,ageing=1ms",
            ],
            "least-connections" => &["least-connections", "least-connections:weighted=true"],
            id => &[id],
        };
        for spec in specs {
            let text = if def.layer() == policies::Layer::Scheduler {
                let args = [
                    "run",
                    "-",
                    "--policy",
                    spec,
                    "--until",
                    "200ms",
                    "--explain",
                    "--quiet",
                    "--ties",
                    "preempted_to=head",
                ];
                let ended = end_with_input(&args, &list);
                assert_eq!(ended.code, 0, "{spec}: {}", ended.stderr);
                ended.stdout
            } else {
                let policy = format!("lb={spec}");
                let ended = end(&[
                    "run",
                    "balanced",
                    "--policy",
                    &policy,
                    "--set",
                    "stop.jobs=60",
                    "--explain",
                    "--quiet",
                ]);
                assert_eq!(ended.code, 0, "{spec}: {}", ended.stderr);
                ended.stdout
            };
            let draws = ["random", "siro", "lottery"].contains(&def.id);
            assert!(!(draws && text.contains("tie rule decided")), "{spec} is decided by chance\n{text}");
            assert!(!text.contains("2^64") && !text.contains("no key"), "{spec}\n{text}");
            for line in text.lines().filter(|line| line.starts_with("    ") || line.starts_with("  > ")) {
                for word in line.split_whitespace() {
                    let number = word.trim_end_matches(|c: char| c.is_ascii_alphabetic());
                    if let Ok(value) = number.parse::<f64>() {
                        let words = text.contains("current weight after growth");
                        assert!(value.abs() < 1e15 && (value >= 0.0 || words), "{spec} shows {word}\n{line}");
                    }
                }
            }
        }
    }
}

#[test]
fn json_has_decisions_and_levels_where_they_are_asked_for() {
    let args = ["run", "-", "--policy", "mlfq", "--format", "json"];
    let plain = end_with_input(&args, KEYS);
    let document: Value = serde_json::from_str(&plain.stdout).expect("the result is JSON");
    assert!(document.get("decisions").is_none());
    let all: Vec<&str> = args.iter().copied().chain(["--explain"]).collect();
    let ended = end_with_input(&all, KEYS);
    assert_eq!((ended.code, ended.stderr.as_str()), (0, ""));
    let document: Value = serde_json::from_str(&ended.stdout).expect("the result is JSON");
    let decisions = document["decisions"].as_array().expect("decisions are listed");
    assert!(decisions.len() > 2, "{decisions:?}");
    assert_eq!(decisions[0]["keys"][0], "level (0 is the top)");
    assert_eq!(decisions[0]["candidates"][0]["keys"][0], "0");
    let at: Vec<&str> = args.iter().copied().chain(["--explain-at", "1ms"]).collect();
    let one: Value = serde_json::from_str(&end_with_input(&at, KEYS).stdout).expect("the result is JSON");
    assert!(one["decisions"].as_array().is_some_and(|some| !some.is_empty() && some.len() < decisions.len()));
}

#[test]
fn policies_without_what_they_order_by_say_so() {
    let bare = "task,arrival,cpu\nA,0,5\nB,1,3\n";
    let empty = "task,arrival,cpu,priority\nA,0,5,\nB,1,3,\n";
    let some = "task,arrival,cpu,priority\nA,0,5,4\nB,1,3,\n";
    let ticketed = "task,arrival,cpu,tickets\nA,0,5,10\nB,1,3,20\n";
    for (list, policy, said) in [
        (bare, "rm", "`rm` orders by period, and no job has one: its tie rule decides alone"),
        (bare, "edf", "`edf` orders by deadline, and no job has one: its tie rule decides alone"),
        (bare, "dm", "`dm` orders by deadline, and no job has one"),
        (bare, "priority", "`priority` orders by priority, and all jobs have 0: its tie rule decides alone"),
        (empty, "priority", "`priority` orders by priority, and all jobs have 0"),
        (some, "priority", "`priority` orders by priority, and 1 of 2 tasks have none: it counts as 0"),
        (bare, "lottery", "`lottery` goes by tickets, and all jobs have 100: each gets the same share"),
        (bare, "stride", "`stride` goes by tickets, and all jobs have 100: each gets the same share"),
        (ticketed, "stride", ""),
        (KEYS, "priority", ""),
        (bare, "fcfs", ""),
        (bare, "sjf", ""),
    ] {
        for format in ["table", "json", "csv", "md"] {
            let ended = end_with_input(&["run", "-", "--policy", policy, "--format", format], list);
            assert_eq!(ended.code, 0, "{policy}: {}", ended.stderr);
            assert_eq!(said.is_empty(), ended.stderr.is_empty(), "{policy} {format}: {}", ended.stderr);
            assert!(ended.stderr.contains(said), "{policy} {format}: {}", ended.stderr);
        }
    }
    let ended = end(&["run", "balanced", "--policy", "lb=wrr-nginx", "--set", "stop.jobs=60"]);
    assert!(
        ended.stderr.contains("`wrr-nginx` goes by weight, and all servers have 1: they take turns"),
        "{}",
        ended.stderr
    );
}

#[test]
fn a_hyperperiod_of_days_asks_when_to_end() {
    let list = "task,arrival,cpu,period\nA,0,1,9.973\nB,0,1,10.007\nC,0,1,11.003\n";
    let ended = end_with_input(&["run", "-", "--policy", "rm"], list);
    assert_eq!(ended.code, 2);
    assert!(
        ended
            .stderr
            .contains("the hyperperiod of the tasks is 12.7 days, in which they release 319639751 jobs"),
        "{}",
        ended.stderr
    );
    assert!(ended.stderr.contains("`--until 10s`"), "{}", ended.stderr);
    let ended = end_with_input(&["run", "-", "--policy", "rm", "--until", "1s"], list);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    // Long, but of few jobs: it is run.
    let few = "task,arrival,cpu,period\nA,0,1,25200000\nB,0,1,39600000\n";
    assert_eq!(end_with_input(&["run", "-", "--policy", "rm"], few).code, 0);
}

/// Numbers as nobody wants to read them: a zero with a sign, powers of ten far below anything measured, and the tails of
/// binary fractions.
fn noise(text: &str) -> Option<&str> {
    let is_digit = |c: char| c.is_ascii_digit();
    text.split(|c: char| !(c.is_ascii_alphanumeric() || ".-+".contains(c))).find(|word| {
        let zero = word.strip_prefix('-').is_some_and(|rest| {
            !rest.is_empty() && rest.chars().all(|c| c == '0' || c == '.') && rest.starts_with('0')
        });
        let decimals = word.rsplit_once('.').is_some_and(|(whole, rest)| {
            whole.ends_with(is_digit) && rest.len() >= 12 && rest.chars().all(is_digit)
        });
        let tiny = word.split_once("e-").is_some_and(|(mantissa, power)| {
            mantissa.trim_start_matches(['-', '+']).parse::<f64>().is_ok()
                && power.parse::<u32>().is_ok_and(|power| power >= 12)
        });
        zero || decimals || tiny
    })
}

#[test]
fn no_output_for_people_has_noise_in_its_numbers() {
    assert_eq!(noise("a -0.0 % b"), Some("-0.0"));
    assert_eq!(noise("-1.29e-15 %"), Some("-1.29e-15"));
    assert_eq!(noise("within 1.7000000000000002 %"), Some("1.7000000000000002"));
    assert_eq!(noise("10-0 -0.5 1.25e-7"), None);
    let folder = tempfile::tempdir().expect("a folder can be made");
    let page = folder.path().join("page.html");
    let page = page.to_str().expect("the path is text");
    let seen = |what: &str, text: &str| {
        // Drawings and the numbers behind a page are for machines.
        let cut = text.find("<script").map_or(text, |at| &text[..at]);
        assert_eq!(noise(cut), None, "{what}: {cut}");
    };
    let textbook = concat!(env!("CARGO_MANIFEST_DIR"), "/../scenarios/library/textbook");
    let files = std::fs::read_dir(textbook).expect("the library has textbook lists");
    let names: Vec<String> = files
        .map(|file| {
            file.expect("a file").path().file_stem().expect("it has a name").to_string_lossy().into_owned()
        })
        .collect();
    for name in names.iter().map(String::as_str) {
        for format in ["table", "md"] {
            seen(name, &end(&["run", name, "--format", format, "--quiet"]).stdout);
            let compared = [
                "compare",
                name,
                "--policy",
                "fcfs",
                "--policy",
                "srtf",
                "--policy",
                "round-robin:quantum=3ms",
            ];
            let args: Vec<&str> = compared.iter().copied().chain(["--format", format, "--quiet"]).collect();
            seen(name, &end(&args).stdout);
        }
    }
    let short = ["--set", "stop.jobs=2_000", "--quiet"];
    for format in ["table", "md"] {
        let args = [
            "compare",
            "balanced",
            "--policy",
            "lb=random",
            "--policy",
            "lb=jsq",
            "--policy",
            "lb=round-robin",
            "--replications",
            "4",
            "--format",
            format,
        ];
        seen(format, &end(&[&args[..], &short[..]].concat()).stdout);
        let args = [
            "plan",
            "balanced",
            "--vary",
            "web.count=10..20",
            "--slo",
            "response/p99 <= 100ms",
            "--precision",
            "1.7%",
            "--max-replications",
            "12",
            "--demand",
            "1,1.7",
            "--headroom",
            "20%",
            "--format",
            format,
        ];
        let ended = end(&[&args[..], &short[..]].concat());
        seen(format, &ended.stdout);
        seen(format, &ended.stderr);
    }
    let json = [
        "plan",
        "balanced",
        "--vary",
        "web.count=14..15",
        "--slo",
        "response/p99 <= 100ms",
        "--headroom",
        "20%",
        "--confidence",
        "99.9%",
        "--no-curve",
        "--max-replications",
        "12",
        "--format",
        "json",
    ];
    let document: Value =
        serde_json::from_str(&end(&[&json[..], &short[..]].concat()).stdout).expect("a plan is JSON");
    assert_eq!((document["headroom"].as_f64(), document["confidence"].as_f64()), (Some(0.2), Some(0.999)));
    let args = ["compare", "convoy", "--policy", "fcfs", "--policy", "sjf", "--html", page];
    assert_eq!(dispatchlab(&args).output().expect("it runs").status.code(), Some(0));
    let text = std::fs::read_to_string(page).expect("the page was written");
    let body = text.find("<body").map_or(text.as_str(), |at| &text[at..]);
    let words: String = body
        .split('<')
        .filter(|part| !part.starts_with("path") && !part.starts_with("svg"))
        .filter_map(|part| part.split_once('>').map(|(_, words)| words))
        .collect::<Vec<_>>()
        .join(" ");
    seen("html", &words);
}
