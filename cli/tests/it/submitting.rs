//! `dispatchlab sweep submit`, with a Slurm that only takes notes. A real one is met by `scripts/slurm-test.sh`.
#![cfg(unix)]

use crate::{dispatchlab, stdout};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

/// A folder with a sweep of 12 cells in 4 shards, and commands that stand before all others.
struct Place(tempfile::TempDir);

/// Exit code, standard output, standard error.
type Said = (i32, String, String);

impl Place {
    fn new() -> Place {
        let place = Place(tempfile::tempdir().expect("a folder can be made"));
        let plan = "scenario = 'mm1'\nshards = 4\nmetrics = ['response/mean']\n[set]\nstop.jobs = 50\n[grid]\ncpu.cores = { from = 1, to = 12 }\n";
        fs::write(place.path("plan.toml"), plan).unwrap();
        fs::create_dir(place.path("bin")).unwrap();
        place.command("sbatch", "cp \"$2\" \"$NOTES/script\"; echo 41");
        place.command("squeue", "exit 1");
        place.command("scontrol", "echo 'MaxArraySize            = 6'");
        assert_eq!(place.sweep(&["new", &place.name("plan.toml"), "--out", &place.name("out")]).0, 0);
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn name(&self, name: &str) -> String {
        self.path(name).to_str().expect("temporary folders have plain names").to_owned()
    }

    fn command(&self, name: &str, body: &str) {
        let path = self.path("bin").join(name);
        fs::write(&path, format!("#!/bin/sh\n{body}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    fn sweep(&self, args: &[&str]) -> Said {
        let path = std::env::var("PATH").unwrap_or_default();
        let output = dispatchlab(&[&["sweep"], args].concat())
            .env("PATH", format!("{}:{path}", self.name("bin")))
            .env("NOTES", self.path(""))
            .output()
            .expect("the command starts");
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
        (output.status.code().unwrap_or(-1), text(output.stdout), text(output.stderr))
    }

    fn submit(&self, args: &[&str]) -> Said {
        self.sweep(&[&["submit", &self.name("out"), "--engine", "slurm"], args].concat())
    }

    fn array(&self) -> String {
        let script = fs::read_to_string(self.path("script")).unwrap_or_default();
        let line = script.lines().find_map(|line| line.strip_prefix("#SBATCH --array="));
        line.unwrap_or("nothing").to_owned()
    }
}

#[test]
fn only_what_is_missing_is_submitted() {
    let place = Place::new();
    let (code, out, err) = place.submit(&["--throttle", "2", "--time", "1-12:00:00", "--account", "lab"]);
    assert_eq!((code, out.as_str()), (0, "41\n"), "{err}");
    assert_eq!(place.array(), "0-3%2");
    let script = fs::read_to_string(place.path("script")).unwrap();
    for line in [
        "#SBATCH --time=1-12:00:00",
        "#SBATCH --account=lab",
        "#SBATCH --requeue",
        "#SBATCH --open-mode=append",
    ] {
        assert!(script.lines().any(|found| found == line), "{line} is not in\n{script}");
    }
    assert_eq!(fs::read_to_string(place.path("out/slurm/jobs.tsv")).unwrap(), "41\t4\t0-3\n");

    // A task of the array, as Slurm would run it.
    let run = |shard: &str| {
        let task = std::process::Command::new("bash")
            .arg(place.path("out/slurm/sweep.sbatch"))
            .env("SLURM_ARRAY_TASK_ID", shard)
            .env("SLURM_CPUS_PER_TASK", "2")
            .output()
            .expect("there is a shell");
        assert!(task.status.success(), "{}", String::from_utf8_lossy(&task.stderr));
    };
    run("1");
    // 0 and 2 wait or run.
    place.command("squeue", "echo 0; echo 2");
    let (code, _, err) = place.submit(&[]);
    assert_eq!((code, place.array().as_str()), (0, "3"), "{err}");
    let (_, status, _) = place.sweep(&["status", &place.name("out")]);
    assert!(status.contains("queued   2 shards wait or run at Slurm: 0,2"), "{status}");
    run("3");
    fs::remove_file(place.path("script")).unwrap();
    let (code, out, err) = place.submit(&[]);
    assert_eq!((code, out.as_str(), place.array().as_str()), (0, "", "nothing"));
    assert!(err.contains("waits or runs already"), "{err}");
    ["0", "2"].into_iter().for_each(run);
    let (code, _, err) = place.submit(&[]);
    assert_eq!((code, place.array().as_str()), (0, "nothing"));
    assert!(err.contains("all 12 cells are done"), "{err}");
}

#[test]
fn a_dry_run_submits_nothing() {
    let place = Place::new();
    let (code, out, err) = place.submit(&["--dry-run", "--shards", "6"]);
    assert_eq!((code, err.as_str()), (0, ""));
    assert!(
        out.contains("#SBATCH --array=0-5\n") && out.contains("--shard \"$SLURM_ARRAY_TASK_ID/6\""),
        "{out}"
    );
    assert_eq!(place.array(), "nothing");
    assert!(!place.path("out/slurm").exists());
    let plan = fs::read_to_string(place.path("out/plan.json")).unwrap();
    assert!(plan.contains("\"shards\": 4"), "{plan}");
}

#[test]
fn limits_and_refusals_of_slurm_are_told() {
    let place = Place::new();
    let (code, _, err) = place.submit(&["--shards", "7"]);
    assert_eq!(code, 2);
    assert!(err.contains("MaxArraySize 6") && err.contains("--shards 6 or fewer"), "{err}");
    place.command("sbatch", "echo 'sbatch: error: invalid account' >&2; exit 1");
    let (code, _, err) = place.submit(&[]);
    assert_eq!(code, 1);
    assert!(err.contains("refused the job") && err.contains("invalid account"), "{err}");
    let (code, _, err) = place.submit(&["--partition", "a b"]);
    assert_eq!(code, 2);
    assert!(err.contains("a word of letters"), "{err}");
}

#[test]
fn a_pilot_chooses_the_number_of_shards() {
    let place = Place::new();
    let plan = fs::read_to_string(place.path("plan.toml")).unwrap().replace("shards = 4\n", "");
    fs::write(place.path("plan.toml"), plan).unwrap();
    place.sweep(&["new", &place.name("plan.toml"), "--out", &place.name("free")]);
    let (code, _, err) = place.sweep(&["submit", &place.name("free"), "--engine", "slurm"]);
    assert_eq!((code, place.array().as_str()), (0, "0"), "{err}");
    assert!(err.contains("12 cells take about 1 min on one core: 1 shard"), "{err}");
}

#[test]
fn other_engines_are_told_what_to_do() {
    let place = Place::new();
    let print = |engine: &str| stdout(&["sweep", "submit", &place.name("out"), "--engine", engine]);
    let parallel = print("parallel");
    assert!(parallel.contains("--shard {}/4 ") && parallel.ends_with("::: 0 1 2 3\n"), "{parallel}");
    let kubernetes = print("k8s");
    assert!(
        kubernetes.contains("completionMode: Indexed") && kubernetes.contains("\"$JOB_COMPLETION_INDEX/4\""),
        "{kubernetes}"
    );
    let batch = print("aws-batch");
    assert!(batch.contains("size=4") && batch.contains("$AWS_BATCH_JOB_ARRAY_INDEX/4"), "{batch}");
    for text in [kubernetes, batch] {
        assert!(text.contains("not exercised"), "{text}");
    }
}
