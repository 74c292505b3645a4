//! Sweep plans: what they say, and mistakes in them as the user sees them.

use scenarios::sweep_plan::{self, SweepPlan};
use scenarios::{Diagnostic, Input, InputKind, render};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

fn read(name: &str, text: &str) -> Result<SweepPlan, Vec<Diagnostic>> {
    let input = Input::from_text(name, InputKind::Scenario, text);
    let scenario = |name: &str| sweep_plan::scenario_beside(None, name);
    // Metrics belong to another crate: these are enough.
    let metric = |name: &str| match name {
        "response/mean" | "response/p99" => Ok(()),
        _ => Err(format!("unknown metric `{name}`")),
    };
    sweep_plan::read(&input, &scenario, &metric)
}

fn plan(text: &str) -> SweepPlan {
    read("plan.toml", text)
        .unwrap_or_else(|found| panic!("{}", render(&found, &[("plan.toml", text)], false, 100)))
}

/// Everything that is wrong, as it is shown.
fn mistakes(name: &str, text: &str) -> String {
    match read(name, text) {
        Err(found) => render(&found, &[(name, text)], false, 100),
        Ok(plan) => match plan.check(|_, _, _| {}, &|_, _| {}) {
            Err(found) => render(&found, &plan.texts(), false, 100),
            Ok(()) => String::new(),
        },
    }
}

/// Policies and points, one a line.
fn models(plan: &SweepPlan) -> String {
    let mut text = String::new();
    for policy in 0..plan.policies() {
        for point in 0..plan.points() {
            let _ = writeln!(text, "{}", plan.describe(policy, point));
        }
    }
    text
}

#[test]
fn the_last_path_changes_fastest_and_single_points_follow() {
    let plan = plan(
        r#"
        scenario = "web-shop"
        policies = ["lb=random", ["lb=round-robin", "cpu=ps"]]
        replications = 3
        [grid]
        "web.count" = { from = 4, to = 8, step = 4 }
        "visitors.arrivals.poisson" = ["900/s", "1000/s"]
        [[point]]
        "web.count" = 40
        [[point]]
        web.processor.disk.cores = 2
        "visitors.arrivals" = { poisson = "2/s" }
        "#,
    );
    let expected = [
        "web.count=4 visitors.arrivals.poisson=900/s",
        "web.count=4 visitors.arrivals.poisson=1000/s",
        "web.count=8 visitors.arrivals.poisson=900/s",
        "web.count=8 visitors.arrivals.poisson=1000/s",
        "web.count=40",
        "web.processor.disk.cores=2 visitors.arrivals={ poisson = \"2/s\" }",
    ];
    let lines = |policy: &str| expected.map(|line| format!("{policy} {line}\n")).concat();
    assert_eq!(models(&plan), lines("lb=random") + &lines("lb=round-robin cpu=ps"));
    assert_eq!(plan.cells(), 2 * 6 * 3);
    let axes: Vec<&str> = plan.axes().collect();
    assert_eq!(
        axes,
        ["web.count", "visitors.arrivals.poisson", "web.processor.disk.cores", "visitors.arrivals"]
    );
    assert_eq!(plan.point(4), [Some("40"), None, None, None]);
}

#[test]
fn points_reach_the_model() {
    let plan = plan(
        r#"
        scenario = "web-shop"
        seed = 42
        policies = ["lb=random"]
        [set]
        "stop.after" = "20s"
        "--warmup" = "1s"
        [grid]
        "web.count" = [3, 5]
        "#,
    );
    let mut found = Vec::new();
    plan.check(|_, point, loaded| found.push((point, loaded)), &|_, _| {}).unwrap();
    let servers: Vec<usize> = found.iter().map(|(_, loaded)| loaded.model.groups[0].weights.len()).collect();
    assert_eq!(servers, [3, 5]);
    for (_, loaded) in &found {
        assert_eq!((loaded.model.seed, loaded.model.warmup.0), (42, 1_000_000_000));
        assert_eq!(loaded.model.stop.after.map(|after| after.0), Some(20_000_000_000));
        assert!(loaded.policy.contains("lb=random"), "{}", loaded.policy);
    }
}

#[test]
fn a_plan_without_points_has_one() {
    let plan = plan("scenario = 'mm1'\n");
    assert_eq!((plan.policies(), plan.points(), plan.cells(), plan.describe(0, 0).as_str()), (1, 1, 1, ""));
}

#[test]
fn options_are_swept_too() {
    let plan =
        plan("scenario = 'access-small'\n[set]\n'--service' = '100ms'\n[grid]\n'--servers' = [2, 3]\n");
    let mut servers = Vec::new();
    plan.check(|_, _, loaded| servers.push(loaded.model.groups[0].weights.len()), &|_, _| {}).unwrap();
    assert_eq!(servers, [2, 3]);
}

#[test]
fn hashes_are_of_what_counts() {
    let hash = |text: &str| sweep_plan::canonical_plan(&plan(text));
    let plain = hash("scenario = 'mm1'\nreplications = 2\n");
    assert_eq!(hash("# a remark\nscenario = \"mm1\"\n\nreplications = 2\nshards = 7\n"), plain);
    assert_ne!(hash("scenario = 'mm1'\nreplications = 3\n"), plain);
    let hash = |text: &str| {
        sweep_plan::canonical_input(&Input::from_text("s", InputKind::Scenario, text.as_bytes().to_vec()))
    };
    let plain = hash("a = 1\n[b]\nc = '2'\n");
    assert_eq!(hash("a=1 # one\r\nb.c = \"2\"\n"), plain);
    // The order of stations decides ties, and a string is no number.
    assert_ne!(hash("[b]\nc = '2'\n[a]\n"), hash("[a]\n[b]\nc = '2'\n"));
    assert_ne!(hash("a = 1\n[b]\nc = 2\n"), plain);
    assert_ne!(hash("a = 1.0\n[b]\nc = '2'\n"), plain);
}

#[test]
fn library_plans_are_right() {
    for (name, text) in sweep_plan::LIBRARY {
        assert_eq!(mistakes(name, text), "", "{name}");
        assert!(sweep_plan::library(name.trim_start_matches("sweeps/")).is_some());
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("library/sweeps");
    assert_eq!(std::fs::read_dir(folder).unwrap().count(), sweep_plan::LIBRARY.len());
    assert!(sweep_plan::library("no-such").is_none());
}

/// Each invalid plan beside what must be shown for it. `DISPATCHLAB_BLESS=1` writes what is shown now; read the difference
/// before it is committed.
#[test]
fn invalid_plans_are_shown_with_place_and_cure() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("library/invalid/sweeps");
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|suffix| suffix == "toml"));
    files.sort();
    assert!(files.len() > 10);
    let bless = std::env::var_os("DISPATCHLAB_BLESS").is_some();
    let mut wrong = Vec::new();
    for path in files {
        let name = path.file_name().unwrap().to_str().unwrap();
        let text = mistakes(name, &std::fs::read_to_string(&path).unwrap());
        assert!(!text.is_empty(), "{name} was accepted");
        let expected = path.with_extension("stderr");
        if bless {
            std::fs::write(&expected, &text).unwrap();
        } else if std::fs::read_to_string(&expected).unwrap_or_default() != text {
            wrong.push(format!("{} is not what is shown:\n{text}", expected.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn plans_beyond_the_limits_are_refused() {
    let many = "scenario = 'mm1'\nreplications = 100\n[grid]\ncpu.cores = { from = 1, to = 1000 }\n";
    let text = format!("{many}stop.jobs = {{ from = 1, to = 200 }}\n");
    assert!(mistakes("plan", &text).contains("[S046]: 20000000 cells; at most 10000000"));
    let text = format!("{many}stop.jobs = {{ from = 1, to = 10_000 }}\n");
    let found = mistakes("plan", &text);
    assert!(found.contains("[S046]: 10000000 combinations of policy and point; at most 1000000"), "{found}");
}

/// No text stops the reader: every beginning of a plan, and every plan with a byte changed, is read or refused.
#[test]
fn broken_plans_are_refused() {
    let text = sweep_plan::LIBRARY[0].1;
    for at in (0..text.len()).step_by(7) {
        let _ = read("cut", &text[..at]);
        for byte in [b'[', b'"', b'=', b'0'] {
            let mut bytes = text.as_bytes().to_vec();
            bytes[at] = byte;
            let changed = String::from_utf8(bytes).unwrap();
            if let Ok(plan) = read("changed", &changed) {
                let _ = plan.load(0, 0);
            }
        }
    }
}
