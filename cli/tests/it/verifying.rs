//! `dispatchlab verify`, and exact values beside a run.

use crate::{end, end_with_input, stdout};
use serde_json::Value;

/// A queue that starts empty and is over long before it fills: what theory says of the steady state is far off.
const TOO_SHORT: &str = "name = \"short\"\nstop = { jobs = 50 }\n[[class]]\nname = \"job\"\n\
    steps = [{ work = \"cpu\", demand = { exponential = { mean = \"10ms\" } } }]\n\
    [[source]]\nname = \"jobs\"\nclass = \"job\"\narrivals = { poisson = \"98/s\" }\n[[processor]]\nname = \"cpu\"\n";

#[test]
fn a_group_passes() {
    let text = stdout(&["verify", "loss", "--precision", "5%", "--quiet"]);
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines[1..lines.len() - 1].iter().all(|line| line.starts_with("ok ")), "{text}");
    let words = lines[1].split_whitespace().take(6).collect::<Vec<_>>();
    assert_eq!(words, ["ok", "M/M/1/5", "0.8", "response/mean", "2.563", "s"]);
    assert_eq!(lines.last(), Some(&"10 checked, 10 passed"));
    assert!(lines.iter().all(|line| line.len() <= 80), "{text}");
}

#[test]
fn results_do_not_depend_on_threads() {
    let args = |threads| {
        ["verify", "gm1", "--replications", "30", "--quiet", "--format", "json", "--threads", threads]
    };
    assert_eq!(stdout(&args("1")), stdout(&args("3")));
    let document: Value = serde_json::from_str(&stdout(&args("2"))).unwrap();
    assert_eq!(document["schema"], "dispatchlab.verify/1");
    assert_eq!(document["precision"], Value::Null);
    assert_eq!((document["passed"].as_u64(), document["failed"].as_u64()), (Some(4), Some(0)));
    let first = &document["checks"][0];
    assert_eq!((first["verdict"].as_str(), first["model"].as_str()), (Some("ok"), Some("D/M/1 0.8")));
    assert!((first["exact"].as_f64().unwrap() / 1.692_731e9 - 1.0).abs() < 1e-5, "{first}");
    assert!(first["z"].as_f64().unwrap().abs() < 4.0, "{first}");
}

#[test]
fn verdicts_have_exit_codes() {
    let failed =
        end_with_input(&["verify", "-", "--replications", "30", "--metric", "response/mean"], TOO_SHORT);
    assert_eq!(failed.code, 4, "{}", failed.stderr);
    assert!(failed.stdout.lines().any(|line| line.starts_with("FAIL ")), "{}", failed.stdout);
    assert_eq!(failed.stderr, "failed: 1 checked, 0 passed, 1 failed\n");
    let unsure = end(&["verify", "closed", "--precision", "0.01%", "--max-replications", "30", "--quiet"]);
    assert_eq!(unsure.code, 5, "{}", unsure.stderr);
    assert!(unsure.stdout.contains("\nwide"), "{}", unsure.stdout);
    assert!(unsure.stderr.contains("--max-replications 30 do not reach the precision"), "{}", unsure.stderr);
}

#[test]
fn what_cannot_be_verified_is_said() {
    for (args, said) in [
        (&["verify", "mm2"][..], "groups of the panel: mm1, mmc, loss, "),
        (&["verify", "web-shop"], "no closed form is known for the model of `web-shop`"),
        (&["verify", "mm1", "--metric", "respons/p99"], "did you mean `response/p99`?"),
        (&["verify", "loss", "--metric", "slowdown/mean"], "no closed form here has slowdown/mean"),
        (&["verify", "--replications", "10"], "10 is not in 30.."),
        (&["verify", "--precision", "0"], "a precision is a part above 0"),
    ] {
        let ended = end(args);
        assert_eq!(ended.code, 2, "{args:?}");
        assert!(ended.stderr.contains(said), "{args:?}: {}", ended.stderr);
        assert_eq!(ended.stdout, "");
    }
}

#[test]
fn the_panel_is_listed() {
    let text = stdout(&["verify", "--list"]);
    assert!(text.contains("size      M/M/1 SRTF 0.8"), "{text}");
    assert!(text.lines().count() > 40);
}

/// Exact values beside a run: in the table, and in JSON where there are any.
#[test]
fn runs_have_their_closed_form_beside_them() {
    let args = ["run", "mm1", "--set", "stop.jobs=20000", "--replications", "10", "--warmup", "10s"];
    let text = stdout(&args);
    let at = text.find("steady state in closed form, M/M/1: ").expect("the section");
    let row = text[at..].lines().find(|line| line.starts_with("  response/mean ")).expect("the row");
    assert!(row.contains("100 ms"), "{row}");
    let json = |args: &[&str]| -> Value {
        serde_json::from_str(&stdout(&[args, &["--format", "json"]].concat())).unwrap()
    };
    let document = json(&args);
    let first = &document["theory"][0];
    assert_eq!(first["metric"], "response");
    assert!((first["exact"].as_f64().unwrap() / 1e8 - 1.0).abs() < 1e-9);
    assert!(first["z"].as_f64().unwrap().abs() < 4.0);
    assert!(first["source"].as_str().unwrap().starts_with("M/M/1: Kleinrock"));
    // One replication has no standard error; another model no closed form.
    let alone = json(&["run", "mm1", "--set", "stop.jobs=2000"]);
    assert_eq!(alone["theory"][0]["z"], Value::Null);
    assert_eq!(
        json(&["run", "mm1", "--set", "stop.jobs=2000", "--context-switch", "1us"]).get("theory"),
        None
    );
}

#[test]
fn values_far_off_are_noted() {
    let ended = end_with_input(&["run", "-", "--replications", "30"], TOO_SHORT);
    assert_eq!(ended.code, 0);
    assert!(
        ended.stderr.contains("which is that of the steady state; the run starts empty"),
        "{}",
        ended.stderr
    );
}
