//! `dispatchlab sweep`: the same bytes however the cells were computed, and nothing lost whatever happens.

use crate::{end, stdout};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

/// 2000 cells of some hundred microseconds.
const PLAN: &str = r#"
scenario = "mm1"
replications = 50
policies = ["fcfs", "ps"]
metrics = ["response/mean", "response/p99", "waiting/p99"]
[set]
"stop.jobs" = 300
[grid]
"jobs.arrivals.poisson" = { from = "50/s", to = "95/s", step = "5/s" }
"cpu.cores" = [1, 2]
"#;

/// Cells that take long enough to be met while they are computed.
const SLOW: &str = r#"
scenario = "mm1"
replications = 4
metrics = ["response/mean"]
[set]
"stop.jobs" = 300_000
"#;

/// A folder with a plan in it.
struct Place(tempfile::TempDir);

impl Place {
    fn new(plan: &str) -> Place {
        let folder = tempfile::tempdir().expect("a folder can be made");
        fs::write(folder.path().join("plan.toml"), plan).expect("the plan can be written");
        Place(folder)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn name(&self, name: &str) -> String {
        self.path(name).to_str().expect("temporary folders have plain names").to_owned()
    }

    fn make(&self, name: &str) -> String {
        let made = end(&["sweep", "new", &self.name("plan.toml"), "--out", &self.name(name)]);
        assert_eq!(made.code, 0, "{}", made.stderr);
        self.name(name)
    }

    /// Both result files of a folder that is complete.
    fn merged(&self, name: &str) -> [Vec<u8>; 2] {
        let (folder, file) = (self.name(name), self.name(&format!("{name}.csv")));
        let merged = end(&["sweep", "merge", &folder, "-o", &file]);
        assert_eq!(merged.code, 0, "{}", merged.stderr);
        [format!("{name}.csv"), format!("{name}.summary.csv")]
            .map(|file| fs::read(self.path(&file)).expect("it is there"))
    }

    /// A worker that goes on by itself.
    fn start(&self, folder: &str, args: &[&str]) -> Child {
        Command::new(env!("CARGO_BIN_EXE_dispatchlab"))
            .args(["sweep", "run", &self.name(folder)])
            .args(args)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the command starts")
    }
}

fn run(folder: &str, args: &[&str]) {
    let ran = end(&[&["sweep", "run", folder], args].concat());
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{args:?}");
}

fn length(path: &Path) -> u64 {
    fs::metadata(path).map_or(0, |about| about.len())
}

/// Waits until the journal is that long, or the worker has ended.
fn wait_for(journal: &Path, bytes: u64, worker: &mut Child) {
    while length(journal) < bytes && worker.try_wait().expect("it can be asked").is_none() {
        std::thread::yield_now();
    }
}

fn ended(worker: Child) -> (Option<i32>, String) {
    let Output { status, stderr, .. } = worker.wait_with_output().expect("it ends");
    (status.code(), String::from_utf8_lossy(&stderr).into_owned())
}

fn same(found: &[Vec<u8>; 2], expected: &[Vec<u8>; 2], how: &str) {
    assert!(found == expected, "{how}: other bytes");
}

#[test]
fn the_same_bytes_however_it_was_computed() {
    let place = Place::new(PLAN);
    let folder = place.make("one");
    run(&folder, &["--threads", "1"]);
    let expected = place.merged("one");
    let lines = String::from_utf8_lossy(&expected[0]).lines().count();
    assert_eq!(lines, 1 + 2000 * 3, "a row for each cell and metric");

    run(&place.make("two"), &["--threads", "2"]);
    same(&place.merged("two"), &expected, "two threads");

    let folder = place.make("shards");
    for shard in ["2/3", "0/3", "1/3"] {
        run(&folder, &["--threads", "1", "--shard", shard]);
    }
    same(&place.merged("shards"), &expected, "three shards");

    // Cut anew on the way: what is done stays done.
    let folder = place.make("recut");
    run(&folder, &["--shard", "1/3"]);
    run(&folder, &["--shard", "3/8"]);
    run(&folder, &[]);
    same(&place.merged("recut"), &expected, "cut in several ways");
}

/// Numbers that look random, each from the one before: splitmix64.
fn next(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mixed = (*state ^ (*state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

/// Killed when its journal has a random length, anywhere in a line; the moment in the other thread's cell is anyone's.
#[test]
fn the_same_bytes_after_three_kills() {
    let place = Place::new(PLAN);
    run(&place.make("whole"), &[]);
    let expected = place.merged("whole");
    let whole = length(&place.path("whole/cells/0-of-1.tsv"));
    for seed in 1..=3 {
        let (name, mut state) = (format!("killed-{seed}"), seed);
        let folder = place.make(&name);
        let journal = place.path(&format!("{name}/cells/0-of-1.part"));
        let mut lengths: Vec<u64> = (0..3).map(|_| next(&mut state) % (whole - whole / 20)).collect();
        lengths.sort_unstable();
        for bytes in lengths {
            let mut worker = place.start(&name, &["--threads", "2"]);
            wait_for(&journal, bytes, &mut worker);
            worker.kill().expect("it can be killed");
            worker.wait().expect("it ends");
            let killed = length(&journal);
            assert!(killed < whole, "seed {seed}: it was killed on the way, at {bytes} bytes");
            println!("seed {seed}: to be killed at {bytes} of {whole} bytes, killed at {killed}");
        }
        run(&folder, &["--threads", "2"]);
        same(&place.merged(&name), &expected, &format!("three times killed, seed {seed}"));
    }
}

/// Without swept paths the long form is that of `run`.
#[test]
fn a_sweep_has_the_numbers_of_runs() {
    let place =
        Place::new("scenario = 'web-shop'\nreplications = 2\n[set]\n\"stop.after\" = '2s'\nwarmup = '0s'\n");
    let swept = stdout(&["-q", "sweep", &place.name("plan.toml"), "--out", &place.name("out")]);
    let ran = stdout(&[
        "run",
        "web-shop",
        "--replications",
        "2",
        "--set",
        "stop.after=2s",
        "--warmup",
        "0",
        "--format",
        "csv",
    ]);
    assert!(swept == ran, "another long form");

    let plan = "scenario = 'mmc'\npolicies = ['ps', 'sjf']\nmetrics = ['response/p99']\n[set]\nstop.jobs = 500\nwarmup = '0s'\n[grid]\ncpu.cores = [3, 4]";
    let place = Place::new(plan);
    let swept = stdout(&["-q", "sweep", &place.name("plan.toml"), "--out", &place.name("out")]);
    let rows: Vec<Vec<&str>> = swept.lines().skip(1).map(|line| line.split(',').collect()).collect();
    let cells: Vec<[&str; 4]> = rows.iter().map(|row| [row[1], row[2], row[3], row[5]]).collect();
    assert_eq!(
        cells,
        [
            ["ps", "3", "1", "p99"],
            ["ps", "4", "1", "p99"],
            ["sjf", "3", "1", "p99"],
            ["sjf", "4", "1", "p99"]
        ]
    );
    for row in rows {
        let cores = format!("cpu.cores={}", row[2]);
        let ran = stdout(&[
            "-q",
            "run",
            "mmc",
            "--policy",
            row[1],
            "--set",
            &cores,
            "--set",
            "stop.jobs=500",
            "--warmup",
            "0",
            "--format",
            "csv",
        ]);
        let line = ran.lines().find(|line| line.contains(",response,p99,all,all,")).expect("there is a p99");
        assert_eq!(line.split(',').nth(7), Some(row[8]), "{row:?}");
    }
}

#[test]
fn damaged_lines_are_seen_and_computed_again() {
    let place = Place::new(PLAN);
    let folder = place.make("whole");
    run(&folder, &[]);
    let expected = place.merged("whole");
    let (part, done) = (place.path("whole/cells/0-of-1.part"), place.path("whole/cells/0-of-1.tsv"));
    let mut bytes = fs::read(&done).unwrap();
    // One digit in the middle, and the last line torn.
    let middle = bytes.len() / 2;
    let digit = middle + bytes[middle..].iter().position(u8::is_ascii_digit).unwrap();
    bytes[digit] = if bytes[digit] == b'1' { b'2' } else { b'1' };
    bytes.truncate(bytes.len() - 20);
    fs::write(&part, &bytes).unwrap();
    fs::remove_file(&done).unwrap();

    let status = stdout(&["sweep", "status", &folder]);
    assert!(status.starts_with("1998/2000 cells, 0/1 shards complete\n"), "{status}");
    assert!(status.contains("damaged  2 lines, which do not count"), "{status}");
    let refused = end(&["sweep", "merge", &folder, "-o", &place.name("none.csv")]);
    assert_eq!(refused.code, 3);
    assert!(refused.stderr.contains("2 of 2000 cells are missing, in shard 0 of 1"), "{}", refused.stderr);
    assert!(!place.path("none.csv").exists() && !place.path("none.summary.csv").exists());

    let ran = end(&["sweep", "run", &folder]);
    assert_eq!(
        (ran.code, ran.stderr.as_str()),
        (0, "note: 2 lines were damaged; the cells were computed again\n")
    );
    same(&place.merged("whole"), &expected, "mended");

    // A complete journal that is damaged afterwards.
    let mut bytes = fs::read(&done).unwrap();
    bytes[200] ^= 1;
    fs::write(&done, &bytes).unwrap();
    assert_eq!(end(&["sweep", "run", &folder]).code, 0);
    same(&place.merged("whole"), &expected, "mended again");
}

#[test]
fn missing_shards_are_named_and_can_be_done_without() {
    let place = Place::new(&format!("shards = 5\n{PLAN}"));
    let folder = place.make("out");
    for shard in ["0/5", "1/5", "4/5"] {
        run(&folder, &["--shard", shard]);
    }
    let refused = end(&["sweep", "merge", &folder, "-o", &place.name("r.csv")]);
    assert_eq!(refused.code, 3);
    assert!(
        refused.stderr.contains("800 of 2000 cells are missing, in shards 2-3 of 5"),
        "{}",
        refused.stderr
    );
    assert!(refused.stderr.contains("dispatchlab sweep run "), "{}", refused.stderr);
    let partial = end(&["sweep", "merge", &folder, "--partial", "-o", &place.name("r.csv")]);
    assert_eq!(partial.code, 0, "{}", partial.stderr);
    assert!(partial.stderr.contains("1200 of 2000 cells, 3600 rows"), "{}", partial.stderr);
    let manifest = fs::read_to_string(place.path("r.csv.manifest.json")).unwrap();
    assert!(
        manifest.contains("\"partial\": true") && manifest.contains("\"cells_missing\": 800"),
        "{manifest}"
    );
    let status: serde_json::Value =
        serde_json::from_str(&stdout(&["sweep", "status", "--json", &folder])).unwrap();
    assert_eq!((&status["done"], &status["missing_shards"]), (&1200.into(), &serde_json::json!([2, 3])));
}

#[test]
fn a_folder_is_held_to_what_it_was_made_from() {
    let scenario = stdout(&["new", "farm"]);
    let place = Place::new(
        "scenario = 'farm.toml'\nmetrics = ['response/mean']\n[set]\nstop.after = '6s'\n[grid]\nweb.count = [3, 4]\n",
    );
    fs::write(place.path("farm.toml"), &scenario).unwrap();
    let folder = place.make("out");
    run(&folder, &["--shard", "0/2"]);

    // The same again is the same sweep; comments do not count.
    fs::write(place.path("farm.toml"), format!("# a remark\n{scenario}")).unwrap();
    let again = end(&["sweep", "new", &place.name("plan.toml"), "--out", &folder]);
    assert_eq!(again.code, 0, "{}", again.stderr);
    assert!(again.stderr.contains("1 of them done"), "{}", again.stderr);

    // The scenario beside the plan has changed.
    fs::write(place.path("farm.toml"), scenario.replace("600/s", "500/s")).unwrap();
    for command in [&["sweep", "run", &folder][..], &["sweep", "submit", &folder, "--engine", "parallel"]] {
        let refused = end(command);
        assert_eq!(refused.code, 2, "{command:?}");
        assert!(refused.stderr.contains("farm.toml` has changed since"), "{}", refused.stderr);
        assert!(refused.stderr.contains("--as-made"), "{}", refused.stderr);
    }
    let refused = end(&["sweep", "new", &place.name("plan.toml"), "--out", &folder]);
    assert_eq!(refused.code, 2);
    assert!(refused.stderr.contains("the scenario `farm.toml` is not the one in"), "{}", refused.stderr);
    run(&folder, &["--as-made"]);
    let merged = end(&["sweep", "merge", &folder]);
    assert_eq!(merged.code, 0);
    assert!(merged.stderr.contains("its results are those of the copies"), "{}", merged.stderr);

    // The copies themselves, and the plan.
    for (file, what) in [
        ("inputs/farm.toml", "its scenario inputs/farm.toml has changed"),
        ("plan.toml", "its plan.toml has changed"),
    ] {
        let path = place.path("out").join(file);
        let text = fs::read_to_string(&path).unwrap();
        fs::write(&path, text.replace("600/s", "700/s").replace("[3, 4]", "[3, 5]")).unwrap();
        for command in ["run", "merge", "status"] {
            let refused = end(&["sweep", command, &folder]);
            assert_eq!(refused.code, 2, "{command}");
            assert!(refused.stderr.contains(what), "{command}: {}", refused.stderr);
        }
        fs::write(&path, text).unwrap();
    }
    let none = end(&["sweep", "run", &place.name("nothing")]);
    assert_eq!(none.code, 2);
    assert!(none.stderr.contains("is no folder of a sweep"), "{}", none.stderr);
}

#[test]
fn mistakes_in_a_plan_are_shown_and_nothing_is_made() {
    let place =
        Place::new("scenario = 'mm1'\nmetrics = ['respons/p99']\n[grid]\n\"jobs.arivals\" = ['9/s']\n");
    let refused = end(&["sweep", "new", &place.name("plan.toml"), "--out", &place.name("out")]);
    assert_eq!(refused.code, 2);
    assert!(
        refused.stderr.contains("unknown metric `respons/p99`; did you mean `response/p99`?"),
        "{}",
        refused.stderr
    );
    assert!(refused.stderr.contains("plan.toml:2:12"), "{}", refused.stderr);
    fs::write(place.path("plan.toml"), "scenario = 'mm1'\nmetrics = ['picks/count']\n").unwrap();
    let refused = end(&["sweep", "new", &place.name("plan.toml"), "--out", &place.name("out")]);
    assert_eq!(refused.code, 2);
    assert!(refused.stderr.contains("no model of the sweep has `picks/count`"), "{}", refused.stderr);
    assert!(!place.path("out").exists());
}

#[test]
fn cells_that_fail_are_told_and_the_others_are_done() {
    let place = Place::new(
        "scenario = 'mm1'\nmax_events = 900\nmetrics = ['response/mean']\n[grid]\nstop.jobs = [300, 1000]\n",
    );
    let folder = place.make("out");
    for _ in 0..2 {
        let ran = end(&["sweep", "run", &folder]);
        assert_eq!(ran.code, 1);
        assert!(
            ran.stderr.contains("cell 1 failed (stop.jobs=1000, replication 1): stopped after 900 events"),
            "{}",
            ran.stderr
        );
    }
    let merged = end(&["sweep", "merge", &folder]);
    assert_eq!(merged.code, 3, "{}", merged.stderr);
    let partial = stdout(&["sweep", "merge", &folder, "--partial"]);
    assert_eq!(partial.lines().count(), 2, "{partial}");
}

#[test]
fn results_have_the_form_of_their_name() {
    let place = Place::new(
        "scenario = 'mm1'\nmetrics = ['response/mean']\nreplications = 2\n[grid]\nstop.jobs = [30, 40]\n",
    );
    let folder = place.make("out");
    run(&folder, &[]);
    for (suffix, start) in [
        ("csv", "scenario,policy,stop.jobs,"),
        ("jsonl", "{\"scenario\":\"bench/mm1\",\"policy\":\"fcfs\",\"stop.jobs\":30,"),
        ("parquet", "PAR1"),
    ] {
        let merged = end(&["sweep", "merge", &folder, "-o", &place.name(&format!("r.{suffix}"))]);
        assert_eq!(merged.code, 0, "{suffix}: {}", merged.stderr);
        for file in
            [format!("r.{suffix}"), format!("r.summary.{suffix}"), format!("r.{suffix}.manifest.json")]
        {
            assert!(place.path(&file).is_file(), "{file}");
        }
        let bytes = fs::read(place.path(&format!("r.{suffix}"))).unwrap();
        assert!(bytes.starts_with(start.as_bytes()), "{suffix}");
    }
    let refused = end(&["sweep", "merge", &folder, "-o", &place.name("r.txt")]);
    assert_eq!(refused.code, 2);
    assert!(refused.stderr.contains("end the name in .csv, .jsonl or .parquet"), "{}", refused.stderr);
}

#[test]
fn names_of_shards_are_checked() {
    for (shard, message) in [("3/3", "the shards of 3 are 0 to 2"), ("x", "a shard is written i/n")] {
        let ended = end(&["sweep", "run", "nothing", "--shard", shard]);
        assert_eq!(ended.code, 2);
        assert!(ended.stderr.contains(message), "{}", ended.stderr);
    }
}

/// The digest of the reference sweep, with the C library's functions and without its fast ones.
#[test]
fn the_reference_sweep_is_the_same_on_every_machine() {
    const DIGEST: &str = "4ba202f4be42428f";
    let off = "glibc.cpu.hwcaps=-FMA,-AVX2_Usable,-FMA_Usable,-AVX2,-FMA4";
    let place = Place::new("");
    let mut bytes = Vec::new();
    for (name, tunables) in [("with", ""), ("without", off)] {
        let output = crate::dispatchlab(&[
            "sweep",
            "reference",
            "--out",
            &place.name(name),
            "-o",
            &place.name(&format!("{name}.csv")),
        ])
        .env("GLIBC_TUNABLES", tunables)
        .output()
        .expect("the command starts");
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{stderr}");
        assert!(stderr.contains("200 cells, ") && stderr.contains(DIGEST), "{name}: {stderr}");
        bytes.push(fs::read(place.path(&format!("{name}.csv"))).unwrap());
    }
    assert!(bytes[0] == bytes[1], "the results depend on the C library's choice of functions");
}

#[cfg(unix)]
mod interrupted {
    use super::*;

    fn signal(worker: &Child, name: &str) {
        let id = worker.id().to_string();
        let sent = Command::new("kill").args(["-s", name, &id]).status().expect("kill is there");
        assert!(sent.success(), "{name}");
    }

    #[test]
    fn a_signal_ends_it_after_its_cells() {
        let place = Place::new(PLAN);
        run(&place.make("whole"), &[]);
        let (expected, folder) = (place.merged("whole"), place.make("out"));
        for name in ["TERM", "INT"] {
            let mut worker = place.start("out", &["--threads", "1"]);
            let journal = place.path("out/cells/0-of-1.part");
            wait_for(&journal, length(&journal) + 10_000, &mut worker);
            signal(&worker, name);
            let (code, stderr) = ended(worker);
            assert_eq!(code, Some(75), "{name}: {stderr}");
            assert!(stderr.contains("the same command goes on"), "{stderr}");
        }
        let status = stdout(&["sweep", "status", &folder]);
        assert!(!status.contains("damaged"), "{status}");
        run(&folder, &[]);
        same(&place.merged("out"), &expected, "interrupted");
    }

    #[test]
    fn a_shard_has_one_worker() {
        let place = Place::new(SLOW);
        let folder = place.make("out");
        let mut first = place.start("out", &["--threads", "1"]);
        wait_for(&place.path("out/cells/0-of-1.part"), 1, &mut first);
        let second = end(&["sweep", "run", &folder, "--shard", "0/1"]);
        assert_eq!(second.code, 75, "{}", second.stderr);
        let who = format!("process {}", first.id());
        assert!(
            second.stderr.contains("another worker") && second.stderr.contains(&who),
            "{}",
            second.stderr
        );
        first.kill().expect("it can be killed");
        first.wait().expect("it ends");
        // The lock ends with its holder.
        run(&folder, &[]);
    }

    /// Files may not grow beyond a limit: writing fails in the middle of a line, as on a full disk.
    #[test]
    fn a_full_disk_loses_nothing() {
        let place = Place::new(PLAN);
        run(&place.make("whole"), &[]);
        let (expected, folder) = (place.merged("whole"), place.make("out"));
        let command = format!(
            "trap '' XFSZ; ulimit -f 64; exec {} sweep run {folder} --threads 2",
            env!("CARGO_BIN_EXE_dispatchlab")
        );
        let full = Command::new("bash").args(["-c", &command]).output().expect("there is a shell");
        let stderr = String::from_utf8_lossy(&full.stderr).into_owned();
        assert_eq!(full.status.code(), Some(75), "{stderr}");
        assert!(stderr.contains("make room and run the same command again"), "{stderr}");
        let status = stdout(&["sweep", "status", &folder]);
        assert!(!status.contains("damaged") && !status.starts_with("0/"), "{status}");
        run(&folder, &[]);
        same(&place.merged("out"), &expected, "full");
    }
}
