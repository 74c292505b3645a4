//! One seed, one result: whatever the number of threads, the build, and the features of the processor.
//!
//! The scenario draws from every law, so that each of ln, exp, pow and their kin is used. Whole documents are compared, and
//! the digest in them is a hash of the order of all events.

use crate::did_not_run;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

const EVERY_LAW: &str = r#"
name = "every-law"
seed = 7
stop = { jobs = 3_000 }
[[class]]
name = "job"
steps = [
  { work = "cpu", demand = { exponential = { mean = "1ms" } } },
  { delay = { lognormal = { mean = "2ms", cv = 2.0 } } },
  { work = "cpu", demand = { weibull = { shape = 0.7, mean = "1ms" } } },
  { delay = { gamma = { shape = 0.6, mean = "2ms" } } },
  { balance = "lb", steps = [{ work = "disk", demand = { bounded-pareto = { shape = 1.3, low = "100us", high = "50ms" } } }] },
  { delay = { normal = { mean = "2ms", sd = "1ms" } } },
  { delay = { pareto = { shape = 2.5, scale = "1ms" } } },
  { delay = { hyperexponential = { mean = "1ms", scv = 3.0 } } },
  { delay = { erlang = { shape = 3, mean = "1ms" } } },
  { delay = { uniform = { low = "0ms", high = "3ms" } } },
  { branch = [{ p = 0.3, steps = [{ work = "cpu", demand = "1ms" }] }] },
]
[[source]]
name = "jobs"
class = "job"
arrivals = { poisson = "200/s" }
[[processor]]
name = "cpu"
cores = 2
scheduler = "lottery:quantum=1ms"
context_switch = "20us"
[[balancer]]
name = "lb"
policy = "power-of-d"
targets = "store"
[[server]]
name = "store"
count = 5
processor.disk = { cores = 1, scheduler = "siro" }
"#;

/// The document of several replications, and its digest.
fn document(
    command: &Path,
    scenario: &Path,
    args: &[&str],
    environment: &[(&str, &str)],
) -> (String, String) {
    let output = Command::new(command)
        .arg("run")
        .arg(scenario)
        .args(["--replications", "5", "--digest", "--records", "--format", "json"])
        .args(args)
        .envs(environment.iter().copied())
        .output()
        .expect("the command starts");
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).expect("the result is UTF-8");
    let value: serde_json::Value = serde_json::from_str(&text).expect("the result is JSON");
    let digest = value["digest"].as_str().expect("there is a digest").to_owned();
    (text, digest)
}

/// The scenario in a folder of its own, and its document from the tested command on one thread.
fn reference() -> (tempfile::TempDir, PathBuf, String) {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let scenario = folder.path().join("every-law.toml");
    std::fs::write(&scenario, EVERY_LAW).expect("the scenario can be written");
    let (text, _) = document(tested(), &scenario, &["--threads", "1"], &[]);
    (folder, scenario, text)
}

fn tested() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_dispatchlab"))
}

#[test]
fn on_any_number_of_threads_and_again() {
    let (_folder, scenario, text) = reference();
    for threads in ["1", "2", "8"] {
        let (again, _) = document(tested(), &scenario, &["--threads", threads], &[]);
        assert!(again == text, "{threads} threads give another document");
    }
    let (other, _) = document(tested(), &scenario, &["--seed", "8"], &[]);
    assert!(other != text, "another seed gives the same document");
}

/// The C library chooses its functions by the features it finds; none of ours may depend on them.
#[test]
fn without_fused_multiply_add_in_the_c_library() {
    let (_folder, scenario, text) = reference();
    let off = "glibc.cpu.hwcaps=-FMA,-AVX2_Usable,-FMA_Usable,-AVX2,-FMA4";
    let (again, _) = document(tested(), &scenario, &[], &[("GLIBC_TUNABLES", off)]);
    assert!(again == text, "the document depends on the C library's choice of functions");
}

/// Differences, p values, closing words, conditions, selections and batches go through more functions than a run does.
#[test]
fn statistics_too() {
    let (_folder, scenario, _) = reference();
    let policies = ["--policy", "lb=random", "--policy", "lb=power-of-d", "--policy", "lb=jsq"];
    let noise = ["--noise", "1%", "--confidence", "0.9", "--format", "json"];
    let condition = ["--fail-if", "response/p99 > 1h"];
    for (command, args) in [
        ("compare", [&policies[..], &["--replications", "6"], &noise, &condition].concat()),
        ("compare", [&policies[..], &["--best", "response/mean", "--budget", "50"], &noise].concat()),
        ("compare", [&policies[..4], &["--precision", "8%", "--max-replications", "30"], &noise].concat()),
        ("run", [&["--batches", "8"][..], &noise[2..]].concat()),
    ] {
        let text = |threads: &str, environment: &[(&str, &str)]| {
            let mut process = Command::new(tested());
            process.arg(command).arg(&scenario).args(&args).args(["--threads", threads]);
            let output = process.envs(environment.iter().copied()).output().expect("the command starts");
            assert!(!output.stdout.is_empty(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
            output.stdout
        };
        let one = text("1", &[]);
        assert!(text("3", &[]) == one, "{args:?}: threads change the document");
        let off = [("GLIBC_TUNABLES", "glibc.cpu.hwcaps=-FMA,-AVX2_Usable,-FMA_Usable,-AVX2,-FMA4")];
        assert!(text("2", &off) == one, "{args:?}: the C library's choice of functions changes the document");
    }
}

/// The time of the last change below a folder.
fn newest(path: &Path) -> Option<SystemTime> {
    let about = path.metadata().ok()?;
    if !about.is_dir() {
        return about.modified().ok();
    }
    std::fs::read_dir(path).ok()?.flatten().filter_map(|entry| newest(&entry.path())).max()
}

#[test]
fn in_a_release_build() {
    const TEST: &str = "in_a_release_build";
    let target = tested().parent().and_then(Path::parent).expect("the command lies in a target folder");
    let release = target.join("release").join(tested().file_name().expect("it has a name"));
    let Some(built) = newest(&release) else {
        did_not_run(TEST, "there is no release build");
        return;
    };
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let sources =
        ["sim-core/src", "policies/src", "scenarios/src", "experiments/src", "reports/src", "cli/src"];
    if sources.iter().filter_map(|folder| newest(&root.join(folder))).any(|changed| changed > built) {
        did_not_run(TEST, "the release build is older than the sources");
        return;
    }
    let (_folder, scenario, text) = reference();
    let (released, _) = document(&release, &scenario, &[], &[]);
    assert!(released == text, "the release build gives another document");
}
