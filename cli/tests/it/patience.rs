//! Clients that wait until their job is first served: `timeout_until = "first-run"`.

use crate::{Ended, end};
use serde_json::Value;

/// Runs a scenario that is written here.
pub fn run_text(text: &str, args: &[&str]) -> Ended {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let path = folder.path().join("model.toml");
    std::fs::write(&path, text).expect("a file can be written");
    let mut all = vec!["run", path.to_str().expect("the path is text")];
    all.extend(args);
    end(&all)
}

/// Two callers, at 0 and 1 s, who wait 3 s until their job is first served.
fn callers(steps: &str, rows: &str, stations: &str) -> String {
    format!(
        "name = \"callers\"\n[[class]]\nname = \"call\"\nsteps = {steps}\n[[source]]\nname = \"calls\"\n\
         class = \"call\"\narrivals = {{ rows = {rows} }}\ntimeout = \"3s\"\ntimeout_until = \"first-run\"\n{stations}"
    )
}

/// How each job ended, and when, in seconds.
fn fates(text: &str) -> String {
    let ended = run_text(text, &["--format", "json"]);
    assert_eq!((ended.code, ended.stderr.as_str()), (0, ""), "{text}");
    let document: Value = serde_json::from_str(&ended.stdout).expect("the result is JSON");
    let fate = |job: &Value| {
        let at = job["finish_ns"].as_f64().map_or_else(|| "-".to_owned(), |at| (at / 1e9).to_string());
        format!("{} {at}", job["status"].as_str().unwrap_or_default())
    };
    document["tasks"].as_array().expect("jobs are listed").iter().map(fate).collect::<Vec<_>>().join(", ")
}

const AGENTS: &str = "[[pool]]\nname = \"agents\"\nsize = 1\n";
const CPU: &str = "[[processor]]\nname = \"cpu\"\n";
const BOTH: &str = "[[pool]]\nname = \"agents\"\nsize = 1\n[[processor]]\nname = \"cpu\"\n";
const DISK: &str = "[[processor]]\nname = \"cpu\"\n[[processor]]\nname = \"disk\"\ndevice = true\n";

/// The first row is `10-min.toml` of the shared cases `cases/field`.
#[test]
fn who_is_served_does_not_hang_up() {
    let two = "[[\"0s\"], [\"1s\"]]";
    let rows: [(&str, &str, &str, &str, &str); 10] = [
        (
            "a token held over a delay: the second caller gives up in the queue",
            "[{ hold = \"agents\", steps = [{ delay = \"10s\" }] }]",
            two,
            AGENTS,
            "completed 10, timed-out 4",
        ),
        ("a core", "[{ work = \"cpu\", demand = \"10s\" }]", two, CPU, "completed 10, timed-out 4"),
        (
            "a device",
            "[{ work = \"disk\", demand = \"10s\" }, { work = \"cpu\", demand = \"1s\" }]",
            two,
            DISK,
            "completed 11, timed-out 4",
        ),
        (
            "a token first, then a core: the token counts, also while the core is busy",
            "[{ hold = \"lines\", steps = [{ work = \"cpu\", demand = \"10s\" }] }]",
            two,
            "[[pool]]\nname = \"lines\"\nsize = 2\n[[processor]]\nname = \"cpu\"\n",
            "completed 10, completed 20",
        ),
        (
            "a token that was given back before the patience is over",
            "[{ hold = \"agents\", steps = [{ delay = \"1s\" }] }, { work = \"cpu\", demand = \"10s\" }]",
            two,
            BOTH,
            "completed 11, completed 21",
        ),
        (
            "a token that another job gives back at the last moment is in time",
            "[{ hold = \"agents\", steps = [{ delay = \"4s\" }] }]",
            two,
            AGENTS,
            "completed 4, completed 8",
        ),
        (
            "a delay serves nobody: the patience goes on through it",
            "[{ delay = \"5s\" }, { work = \"cpu\", demand = \"1s\" }]",
            two,
            CPU,
            "timed-out 3, timed-out 4",
        ),
        (
            "a child that runs serves its parent",
            "[{ fork = [[{ work = \"cpu\", demand = \"10s\" }], [{ delay = \"1s\" }]] }]",
            two,
            CPU,
            "completed 10, timed-out 4",
        ),
        (
            "a child that has run and is done serves its parent",
            "[{ fork = [[{ work = \"cpu\", demand = \"1s\" }], [{ delay = \"10s\" }]] }]",
            two,
            CPU,
            "completed 10, completed 11",
        ),
        (
            "shared cores take everybody at once",
            "[{ work = \"cpu\", demand = \"10s\" }]",
            two,
            "[[processor]]\nname = \"cpu\"\nscheduler = \"ps\"\n",
            "completed 19, completed 20",
        ),
    ];
    for (what, steps, rows, stations, expected) in rows {
        assert_eq!(fates(&callers(steps, rows, stations)), expected, "{what}");
    }
}

/// Where nothing is queued for nobody could ever be served.
#[test]
fn a_first_run_that_never_comes_is_refused() {
    let ended = run_text(&callers("[{ delay = \"1s\" }]", "[[\"0s\"]]", ""), &[]);
    assert_eq!(ended.code, 2);
    let message = "error[S026]: jobs of the class `call` get no core, device or token to wait for";
    assert!(ended.stderr.contains(message), "{}", ended.stderr);
}

/// A row without its value, `30-rows.toml` of the shared cases `cases/field`, and its kind.
#[test]
fn rows_may_leave_constant_sizes_out_and_a_mistake_is_told_once() {
    let model = |demand: &str, arrivals: &str| {
        format!(
            "[[class]]\nname = \"c\"\nsteps = [{{ work = \"cpu\", demand = {demand} }}, {{ delay = \"2s\" }}]\n\
             [[source]]\nname = \"in\"\nclass = \"c\"\narrivals = {arrivals}\n[[processor]]\nname = \"cpu\"\n"
        )
    };
    let exponential = "{ exponential = { mean = \"1s\" } }";
    for (demand, rows, expected) in [
        ("\"1s\"", "[[\"0s\"], [\"5s\"]]", "completed 3, completed 8"),
        ("\"1s\"", "[[\"0s\", \"4s\", \"1s\"]]", "completed 5"),
        (exponential, "[[\"0s\", \"4s\"]]", "completed 6"),
    ] {
        assert_eq!(fates(&model(demand, &format!("{{ rows = {rows} }}"))), expected, "{rows}");
    }
    // One diagnostic, and nothing of a run that would not end.
    for (arrivals, said) in [
        ("{ rows = [[\"0s\"]] }", "error[S051]: a row of 1 value; jobs of this class need 3"),
        (
            "{ rows = [[\"0s\", \"1s\"], [\"1s\", \"1s\", \"2s\"]] }",
            "error[S051]: a row of 3 values after rows of 2",
        ),
        ("{ rows = [] }", "error[S050]: a trace without rows"),
        ("{ trace = \"missing.csv\" }", "error[S050]: `missing.csv` cannot be read"),
        ("{ poisson = \"9\" }", "error[S0"),
        ("{ periodic = { period = \"fast\" } }", "error[S0"),
    ] {
        let ended = run_text(&model(exponential, arrivals), &[]);
        let errors = ended.stderr.matches("error[").count();
        assert_eq!((ended.code, errors), (2, 1), "{arrivals}: {}", ended.stderr);
        assert!(ended.stderr.contains(said), "{arrivals}: {}", ended.stderr);
    }
}
