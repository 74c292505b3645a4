//! Mutated inputs, results, plans, manifests and options through the built command, under limits.

use crate::mutation::{Dice, mutated, tweaked};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::io::Read as _;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// A command may take so long under `--max-events`.
const LIMIT: Duration = Duration::from_secs(20);
/// Its memory, in KiB, as `ulimit -v` takes it: address space, of which threads reserve much.
const MEMORY: u64 = 3_000_000;
/// Exit codes that are documented.
const CODES: [i32; 7] = [0, 1, 2, 3, 4, 5, 75];

const POLICIES: [&str; 24] = [
    "fcfs",
    "sjf",
    "srtf",
    "round-robin",
    "round-robin:quantum=1ms",
    "mlfq",
    "lottery",
    "stride",
    "psjf",
    "siro",
    "edf",
    "rm",
    "priority",
    "ps",
    "las",
    "hrrn",
    "lcfs",
    "feedback",
    "lb=least-connections",
    "lb=round-robin",
    "web.cpu=ps",
    "mlfq:levels=0",
    "round-robin:quantum=0s",
    "nobody",
];
/// The last of the options name files.
const OUTPUTS: usize = 3;
const OPTIONS: [&str; 46] = [
    "--cores=2",
    "--cores=0",
    "--cores=1000000",
    "--context-switch=5us",
    "--dispatch-latency=1ms",
    "--ties=simso",
    "--ties=boost=none",
    "--until=50ms",
    "--until=0s",
    "--until=1000d",
    "--warmup=auto",
    "--warmup=10ms",
    "--set=stop.jobs=50",
    "--set=seed=7",
    "--set=web.count=3",
    "--set=clients.arrivals=0/s",
    "--scale=2",
    "--scale=0.001",
    "--seed=18446744073709551615",
    "--service=field",
    "--service=1ms",
    "--service=20ms*tokens",
    "--servers=4",
    "--servers=0",
    "--replications=3",
    "--threads=2",
    "--records",
    "--digest",
    "--explain",
    "--explain-at=3ms",
    "--fail-if=response/p99 > 1ms",
    "--fail-if=waiting/mean < 0",
    "--format=json",
    "--format=csv",
    "--format=md",
    "--format=jsonl",
    "--precision=5%",
    "--batches=10",
    "--time-unit=us",
    "--io-device=fcfs",
    "--interrupts=save=1us",
    "--metric=response/p99",
    "--wide",
    "--html=out.html",
    "--trace=out.trace.json",
    "--out-dir=out",
];

/// What nearly every input takes.
const FITTING: [&str; 24] = [
    "--cores=2",
    "--context-switch=5us",
    "--dispatch-latency=1ms",
    "--ties=simso",
    "--ties=boost=none",
    "--until=50ms",
    "--until=30s",
    "--warmup=auto",
    "--warmup=10ms",
    "--set=seed=7",
    "--set=stop.jobs=50",
    "--set=stop.jobs=3000",
    "--scale=2",
    "--seed=18446744073709551615",
    "--replications=3",
    "--records",
    "--digest",
    "--explain",
    "--fail-if=response/p99 > 1ms",
    "--format=json",
    "--format=csv",
    "--policy=ps",
    "--html=out.html",
    "--trace=out.trace.json",
];

/// One command that is about to be run.
struct Case {
    arguments: Vec<String>,
    files: Vec<(String, String)>,
}

/// The command: the one that was built with this, or another.
fn program() -> OsString {
    std::env::var_os("DISPATCHLAB_FUZZ_PROGRAM").unwrap_or_else(|| env!("CARGO_BIN_EXE_dispatchlab").into())
}

/// What is wrong with how it went; `codes` counts the exit codes.
fn judged(case: &Case, folder: &Path, codes: &mut BTreeMap<i32, u64>) -> Option<String> {
    let mut child = Command::new("sh")
        .args(["-c", &format!("ulimit -v {MEMORY}; ulimit -f 400000; exec \"$0\" \"$@\"")])
        .arg(program())
        .args(&case.arguments)
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::from(fs::File::create(folder.join(".stdout")).ok()?))
        .stderr(Stdio::from(fs::File::create(folder.join(".stderr")).ok()?))
        .spawn()
        .ok()?;
    let start = Instant::now();
    let status = loop {
        match child.try_wait().ok()? {
            Some(status) => break status,
            None if start.elapsed() > LIMIT => {
                let _ = child.kill();
                let _ = child.wait();
                return Some(format!("it runs for more than {} s", LIMIT.as_secs()));
            }
            None => std::thread::sleep(Duration::from_millis(2)),
        }
    };
    let read = |name: &str| {
        let mut text = Vec::new();
        let file = fs::File::open(folder.join(name)).ok();
        file.map(|file| file.take(1 << 24).read_to_end(&mut text));
        String::from_utf8_lossy(&text).into_owned()
    };
    let (stdout, stderr) = (read(".stdout"), read(".stderr"));
    if let Some(signal) = status.signal() {
        return Some(format!("signal {signal}: {}", stderr.lines().last().unwrap_or_default()));
    }
    let code = status.code().unwrap_or(-1);
    *codes.entry(code).or_default() += 1;
    if !CODES.contains(&code) {
        return Some(format!("exit code {code}"));
    }
    if stderr.contains("panicked at") {
        return Some("it panics".to_owned());
    }
    let is_rows = case.arguments.iter().any(|argument| argument.contains("csv"));
    for (what, text) in [("standard output", &stdout), ("standard error", &stderr)] {
        let is_bad = |c: &char| *c != '\n' && sim_core::shown::is_unseen(*c);
        if let Some(bad) = text.chars().find(is_bad).filter(|_| what == "standard error" || !is_rows) {
            return Some(format!("{what} has the character {}", bad.escape_default()));
        }
    }
    if code != 0 && stderr.trim().is_empty() && code != 4 {
        return Some(format!("exit code {code} without a word"));
    }
    let failed = matches!(code, 1..=3 | 75);
    for entry in fs::read_dir(folder).ok()?.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let is_known = case.files.iter().any(|(known, _)| *known == name) || name.starts_with(".std");
        let is_result = name.starts_with("out") && !failed;
        // A sweep keeps its folder whatever happens.
        if !is_known && !is_result && name != "folder" {
            return Some(format!("it leaves `{name}` behind, with exit code {code}"));
        }
    }
    None
}

/// Results, manifests and answers of the program itself, to be changed.
fn made(scratch: &Path) -> Vec<(String, String)> {
    let commands: [&[&str]; 9] = [
        &["run", "stallings", "-o", "r.json"],
        &["run", "stallings", "-o", "r.csv"],
        &["run", "stallings", "-o", "r.csv", "--wide"],
        &["compare", "convoy", "--policy", "fcfs", "--policy", "sjf", "-o", "c.json"],
        &["compare", "convoy", "--policy", "fcfs", "--policy", "sjf", "-o", "c.csv"],
        &[
            "plan",
            "web-shop",
            "--slo",
            "response/p99 < 1s",
            "--vary",
            "web.count=6..8",
            "--set",
            "stop.after=1s",
            "--set",
            "warmup=0s",
            "--max-replications",
            "3",
            "-o",
            "p.json",
            "--no-curve",
        ],
        &["exercise", "--answers", "--csv", "answer.csv"],
        &["exercise", "--csv", "exercise.csv"],
        &["run", "convoy", "--out-dir", "d", "--with", "requests,gantt"],
    ];
    for arguments in commands {
        let ended = Command::new(program())
            .args(arguments)
            .current_dir(scratch)
            .output()
            .expect("the command starts");
        assert!(matches!(ended.status.code(), Some(0 | 4 | 5)), "{arguments:?}: {ended:?}");
    }
    let mut found = Vec::new();
    for folder in [scratch.to_owned(), scratch.join("d")] {
        for entry in fs::read_dir(folder).expect("results are there").flatten() {
            if let Ok(text) = fs::read_to_string(entry.path())
                && text.len() < 100_000
            {
                found.push((entry.file_name().to_string_lossy().into_owned(), text));
            }
        }
    }
    found.sort();
    found
}

/// An option, of those that most inputs take more often than of the others.
fn option(dice: &mut Dice) -> &'static str {
    if dice.one_in(4) { dice.word(&OPTIONS) } else { dice.word(&FITTING) }
}

/// A command from its number alone. `right`: inputs of the library; `seeds`: these and mistakes.
fn case(
    number: u64,
    right: &[(String, String)],
    seeds: &[(String, String)],
    made: &[(String, String)],
) -> Case {
    let mut dice = Dice::new(number);
    let texts: Vec<&str> = seeds.iter().map(|(_, text)| text.as_str()).collect();
    let results: Vec<&str> = made.iter().map(|(_, text)| text.as_str()).collect();
    let mut files = Vec::new();
    let mut arguments: Vec<String> = Vec::new();
    let mut add = |words: &[&str]| arguments.extend(words.iter().map(|word| (*word).to_owned()));
    let mut input = |dice: &mut Dice, changed: bool| {
        let (name, text) = if dice.one_in(6) { dice.of(seeds) } else { dice.of(right) };
        let text = match dice.below(4) {
            _ if !changed => text.clone(),
            0 => mutated(text, &texts, dice),
            // Most are still inputs: what is refused at once says nothing of runs.
            _ => tweaked(text, dice),
        };
        let name = format!("in-{name}");
        files.push((name.clone(), text));
        name
    };
    const BOUNDED: [&str; 3] = ["--max-events=100000", "--max-jobs=50000", "--threads=1"];
    let kind = dice.below(20);
    match kind {
        0..=9 => {
            let name = input(&mut dice, kind > 1);
            add(&["run", &name]);
            add(&BOUNDED[..2]);
            for _ in 0..dice.below(3) {
                add(&[option(&mut dice)]);
            }
            if dice.one_in(3) {
                add(&["--policy", dice.word(&POLICIES)]);
            }
        }
        10 | 11 => {
            let name = input(&mut dice, true);
            add(&["compare", &name, "--policy", dice.word(&POLICIES), "--policy", dice.word(&POLICIES)]);
            add(&BOUNDED);
            add(&[option(&mut dice)]);
        }
        12 => {
            let name = input(&mut dice, true);
            add(&["plan", &name, "--slo", "response/p99 < 250ms", "--vary", "servers=1..4", "--no-curve"]);
            add(&["--max-replications=3", "--max-events=20000", "--max-jobs=20000"]);
        }
        13 => {
            let name = input(&mut dice, true);
            add(&["validate", &name]);
        }
        14 => {
            let (_, text) = dice.of(scenarios::sweep_plan::LIBRARY);
            let mut all = texts.clone();
            all.push(text);
            let text = mutated(text, &all, &mut dice);
            files.push(("in-plan.toml".to_owned(), format!("max_events = 2000\n{text}")));
            add(&["sweep", "new", "in-plan.toml", "--out", "folder"]);
        }
        15 | 16 => {
            let (name, text) = dice.of(made);
            let text = mutated(text, &results, &mut dice);
            let name = format!("in-{name}");
            files.push((name.clone(), text));
            add(&["report", &name, "--html", "out.html"]);
        }
        17 => {
            let (_, text) = dice.of(made);
            let text = mutated(text, &results, &mut dice);
            files.push(("in-answer.csv".to_owned(), text));
            add(&["grade", "in-answer.csv", dice.word(&["--cores=1", "--cores=2", "--io", "--format=json"])]);
        }
        18 => {
            let manifests: Vec<&(String, String)> =
                made.iter().filter(|(name, _)| name.ends_with("manifest.json")).collect();
            let (_, text) = dice.of(&manifests);
            let text = mutated(text, &results, &mut dice);
            files.push(("in.manifest.json".to_owned(), text));
            add(&[dice.word(&["run", "compare", "plan"]), "--from", "in.manifest.json"]);
            if dice.one_in(2) {
                add(&["--check"]);
            }
        }
        _ => {
            add(&["run", "stallings"]);
            // An output would be called so.
            let options = &OPTIONS[..OPTIONS.len() - OUTPUTS];
            let (option, _) = dice.word(options).split_once('=').unwrap_or(("--policy", ""));
            let value = mutated(dice.word(&OPTIONS), &POLICIES, &mut dice).replace('\0', "");
            add(&[&format!("{option}={value}")]);
            add(&["--policy", &mutated(dice.word(&POLICIES), &POLICIES, &mut dice).replace('\0', "")]);
        }
    }
    Case { arguments, files }
}

fn number(name: &str, usual: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(usual)
}

/// Runs cases one after the other until time is up.
pub fn run(right: &[(String, String)], seeds: &[(String, String)]) {
    let (first, count) = (number("DISPATCHLAB_FUZZ_FIRST", 0), number("DISPATCHLAB_FUZZ_COUNT", u64::MAX));
    let seconds = Duration::from_secs(number("DISPATCHLAB_FUZZ_SECONDS", 60));
    let out = std::env::var_os("DISPATCHLAB_FUZZ_OUT")
        .map_or_else(|| PathBuf::from("fuzz-failures"), PathBuf::from);
    let scratch = tempfile::tempdir().expect("a folder");
    let made = made(scratch.path());
    let start = Instant::now();
    let (mut done, mut failures, mut codes) = (0u64, 0u64, BTreeMap::new());
    for number in first..first.saturating_add(count) {
        if start.elapsed() > seconds {
            break;
        }
        let case = case(number, right, seeds, &made);
        let folder = tempfile::tempdir().expect("a folder");
        for (name, text) in &case.files {
            fs::write(folder.path().join(name), text).expect("an input is written");
        }
        done += 1;
        let Some(why) = judged(&case, folder.path(), &mut codes) else { continue };
        failures += 1;
        let kept = out.join(number.to_string());
        let _ = fs::create_dir_all(&kept);
        for (name, text) in &case.files {
            let _ = fs::write(kept.join(name), text);
        }
        for name in [".stdout", ".stderr"] {
            let _ = fs::copy(folder.path().join(name), kept.join(&name[1..]));
        }
        let words: Vec<String> = case
            .arguments
            .iter()
            .map(|word| reports::manifest::quoted(word).escape_debug().to_string())
            .collect();
        println!("failure {number}: {why}\n  cd {} && dispatchlab {}", kept.display(), words.join(" "));
    }
    println!("{done} commands in {} s, {failures} failures, exit codes {codes:?}", start.elapsed().as_secs());
    assert_eq!(failures, 0, "each is in `{}`, with the command that repeats it", out.display());
}
