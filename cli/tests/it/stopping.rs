//! Signals, full disks and several processes at once: nothing half-written stays, and of several sweeps one works.

use crate::{end, stdout};
use std::fs;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

const PROGRAM: &str = env!("CARGO_BIN_EXE_dispatchlab");

/// Long enough to be met on the way.
const LONG: &str = "stop = { jobs = 100_000_000 }\n[[class]]\nname = \"k\"\nsteps = [{ work = \"cpu\", demand = \"1ms\" }]\n\
                    [[source]]\nname = \"s\"\nclass = \"k\"\narrivals = { poisson = \"900/s\" }\n[[processor]]\nname = \"cpu\"\n";

fn start(folder: &Path, arguments: &[&str]) -> Child {
    Command::new(PROGRAM)
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the command starts")
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut found: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
    found.sort();
    found
}

/// Waits until something is there.
fn until(what: &str, is_so: impl Fn() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < Duration::from_mins(1), "{what} is waited for");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[cfg(unix)]
mod signals {
    use super::*;
    use std::os::unix::process::ExitStatusExt as _;

    fn send(child: &Child, name: &str) {
        let sent = Command::new("kill").args(["-s", name, &child.id().to_string()]).status().unwrap();
        assert!(sent.success());
    }

    /// The process ends by the signal, as a shell counts 130, 143 and 129, and leaves what was there.
    #[test]
    fn nothing_stays_after_a_signal() {
        let place = tempfile::tempdir().unwrap();
        fs::write(place.path().join("long.toml"), LONG).unwrap();
        let commands: [&[&str]; 4] = [
            &["run", "long.toml", "--out-dir", "out"],
            &["run", "long.toml", "-o", "out.csv"],
            &["compare", "long.toml", "--policy", "fcfs", "--policy", "sjf", "-o", "out.csv"],
            &[
                "plan",
                "long.toml",
                "--slo",
                "response/p99 < 1ms",
                "--vary",
                "cpu.cores=1..4",
                "-o",
                "out.csv",
            ],
        ];
        for arguments in commands {
            for (name, number) in [("INT", 2), ("TERM", 15), ("HUP", 1)] {
                let child = start(place.path(), arguments);
                if arguments.contains(&"--out-dir") {
                    until("the folder", || names(place.path()).len() > 1);
                } else {
                    std::thread::sleep(Duration::from_millis(150));
                }
                send(&child, name);
                let ended = child.wait_with_output().unwrap();
                assert_eq!(ended.status.signal(), Some(number), "{arguments:?} {name}");
                assert_eq!(names(place.path()), ["long.toml"], "{arguments:?} {name}");
            }
        }
    }

    /// Between the first byte of the first result and the last manifest: all results are there, or none.
    #[test]
    fn results_appear_together() {
        let place = tempfile::tempdir().unwrap();
        let all = ["r.json", "r.json.manifest.json", "t.json", "page.html", "w.csv"];
        let arguments = [
            "run",
            "mm1",
            "--set",
            "stop.jobs=3000",
            "--replications",
            "5",
            "-o",
            "r.json",
            "--records",
            "--trace",
            "t.json",
            "--html",
            "page.html",
            "--welch",
            "w.csv",
        ];
        let begin = Instant::now();
        assert_eq!(start(place.path(), &arguments).wait().unwrap().code(), Some(0));
        let whole = begin.elapsed();
        let mut expected: Vec<String> = all.iter().map(|name| (*name).to_owned()).collect();
        expected.sort();
        assert_eq!(names(place.path()), expected);
        let (mut some, steps) = (0, 12);
        for step in 0..steps {
            let place = tempfile::tempdir().unwrap();
            let child = start(place.path(), &arguments);
            std::thread::sleep(whole * step / steps);
            send(&child, if step % 2 == 0 { "TERM" } else { "HUP" });
            let ended = child.wait_with_output().unwrap();
            let found = names(place.path());
            assert!(found.is_empty() || found == expected, "{step}: {found:?}");
            some += u32::from(ended.status.code().is_none());
        }
        assert!(some > 0, "no signal came on the way");
    }

    /// What a kill leaves the next command removes, and nothing else.
    #[test]
    fn leftovers_of_the_dead_are_removed_and_of_the_living_are_not() {
        let place = tempfile::tempdir().unwrap();
        fs::write(place.path().join("long.toml"), LONG).unwrap();
        let temporaries = || {
            names(place.path())
                .into_iter()
                .filter(|name| name.starts_with(".dispatchlab-"))
                .collect::<Vec<_>>()
        };
        let mut dead = start(place.path(), &["run", "long.toml", "--out-dir", "dead"]);
        until("the folder", || temporaries().len() == 1);
        dead.kill().unwrap();
        dead.wait().unwrap();
        let left = temporaries();
        let mut living = start(place.path(), &["run", "long.toml", "--out-dir", "living"]);
        until("another folder", || temporaries().iter().any(|name| !left.contains(name)));
        // By the living one already, or by the next.
        stdout(&["run", "convoy", "-o", place.path().join("a.json").to_str().unwrap()]);
        let now = temporaries();
        assert!(now.len() == 1 && !left.contains(&now[0]), "{left:?}, {now:?}");
        living.kill().unwrap();
        living.wait().unwrap();
        stdout(&["run", "convoy", "-o", place.path().join("a.json").to_str().unwrap()]);
        assert_eq!(temporaries(), Vec::<String>::new());
    }

    #[test]
    fn an_ignored_hangup_stays_ignored() {
        let place = tempfile::tempdir().unwrap();
        fs::write(place.path().join("short.toml"), LONG.replace("100_000_000", "1_500_000")).unwrap();
        let line = format!("trap '' HUP; exec '{PROGRAM}' run short.toml -o a.json");
        let child = Command::new("sh")
            .args(["-c", &line])
            .current_dir(place.path())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        std::thread::sleep(Duration::from_millis(100));
        send(&child, "HUP");
        assert_eq!(child.wait_with_output().unwrap().status.code(), Some(0));
    }

    #[test]
    fn a_hangup_stops_a_sweep_as_the_others_do() {
        let place = tempfile::tempdir().unwrap();
        fs::write(
            place.path().join("plan.toml"),
            "scenario = \"mm1\"\nreplications = 40\nmetrics = [\"response/mean\"]\n[set]\n\"stop.jobs\" = 300_000\n",
        )
        .unwrap();
        for name in ["HUP", "INT"] {
            let child =
                start(place.path(), &["sweep", "plan.toml", "--out", name, "-o", "r.csv", "--threads", "1"]);
            until("the journal", || place.path().join(name).join("cells/0-of-1.part").exists());
            send(&child, name);
            let ended = child.wait_with_output().unwrap();
            assert_eq!(ended.status.code(), Some(75), "{}", String::from_utf8_lossy(&ended.stderr));
            let mut expected = vec!["HUP", "INT", "plan.toml"];
            expected.retain(|one| *one == "plan.toml" || place.path().join(one).exists());
            assert_eq!(names(place.path()), expected);
        }
    }
}

/// Several at once in one new folder: one works, the others end with 75.
#[test]
fn of_several_sweeps_one_works() {
    let place = tempfile::tempdir().unwrap();
    let plan = "scenario = \"mm1\"\nreplications = 4\nshards = 4\nmetrics = [\"response/mean\"]\n[set]\n\"stop.jobs\" = 20_000\n";
    fs::write(place.path().join("plan.toml"), plan).unwrap();
    for round in 0..25 {
        let count = 2 + round % 2;
        for verb in ["whole", "new"] {
            let folder = format!("{verb}-{round}");
            let started: Vec<Child> = (0..count)
                .map(|number| {
                    let output = format!("{folder}-{number}.csv");
                    match verb {
                        "new" => start(place.path(), &["sweep", "new", "plan.toml", "--out", &folder]),
                        _ => start(place.path(), &["sweep", "plan.toml", "--out", &folder, "-o", &output]),
                    }
                })
                .collect();
            let ended: Vec<Output> =
                started.into_iter().map(|child| child.wait_with_output().unwrap()).collect();
            let codes: Vec<Option<i32>> = ended.iter().map(|ended| ended.status.code()).collect();
            let said = || {
                ended
                    .iter()
                    .map(|ended| String::from_utf8_lossy(&ended.stderr).into_owned())
                    .collect::<Vec<_>>()
            };
            assert!(codes.contains(&Some(0)), "round {round} {verb}: {codes:?} {:?}", said());
            let others = codes.iter().all(|code| matches!(code, Some(0 | 75)));
            assert!(others, "round {round} {verb}: {codes:?} {:?}", said());
        }
    }
    let temporaries = names(place.path()).into_iter().filter(|name| name.starts_with('.')).count();
    assert_eq!(temporaries, 0);
}

/// Workers on one folder share its shards, and one of them sees everything done.
#[test]
fn of_several_workers_one_finds_everything_done() {
    let place = tempfile::tempdir().unwrap();
    let plan = "scenario = \"mm1\"\nreplications = 9\nshards = 9\nmetrics = [\"response/mean\"]\n[set]\n\"stop.jobs\" = 20_000\n";
    fs::write(place.path().join("plan.toml"), plan).unwrap();
    for round in 0..8 {
        let folder = format!("shared-{round}");
        assert_eq!(
            start(place.path(), &["sweep", "new", "plan.toml", "--out", &folder]).wait().unwrap().code(),
            Some(0)
        );
        let started: Vec<Child> =
            (0..3).map(|_| start(place.path(), &["sweep", "run", &folder, "--threads", "2"])).collect();
        let codes: Vec<Option<i32>> =
            started.into_iter().map(|child| child.wait_with_output().unwrap().status.code()).collect();
        assert!(codes.contains(&Some(0)), "{codes:?}");
        assert!(codes.iter().all(|code| matches!(code, Some(0 | 75))), "{codes:?}");
    }
}

/// A limit on the size of files stands for a full disk: the system says no in the same way.
#[cfg(unix)]
#[test]
fn a_full_disk_is_told_and_leaves_nothing() {
    let place = tempfile::tempdir().unwrap();
    fs::write(place.path().join("plan.toml"), "scenario = \"mm1\"\n").unwrap();
    let before = names(place.path());
    for (line, code) in [
        ("sweep new plan.toml --out s", 75),
        ("sweep plan.toml --out s -o r.csv", 75),
        ("run convoy -o a.csv", 1),
        ("run convoy --html a.html", 1),
        ("run convoy --out-dir d", 1),
        ("compare convoy --policy sjf -o a.json", 1),
        ("exercise --csv a.csv", 1),
        ("man --out m", 1),
    ] {
        let script = format!("ulimit -f 0; exec '{PROGRAM}' {line}");
        let ended = Command::new("sh").args(["-c", &script]).current_dir(place.path()).output().unwrap();
        let stderr = String::from_utf8_lossy(&ended.stderr);
        assert_eq!(ended.status.code(), Some(code), "{line}: {stderr}");
        assert!(stderr.contains("cannot write"), "{line}: {stderr}");
        let mut now = names(place.path());
        // A folder that was made for pages is one, though empty.
        now.retain(|name| name != "m");
        assert_eq!(now, before, "{line}");
    }
    assert!(end(&["policies"]).code == 0);
}
