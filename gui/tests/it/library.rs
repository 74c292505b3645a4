//! Everything that comes with the program can be opened, and what the window shows is what the command line says.

use crate::support::{act, opened, until};
use dispatchlab_gui::app::action::{Action, Step};
use dispatchlab_gui::files::{Export, bytes};
use experiments::RunPlan;
use experiments::report;
use scenarios::{Input, Options};

/// Runs that take seconds each are left to the release build.
fn quick(name: &str) -> bool {
    !name.starts_with("bench/") && !name.starts_with("theory/")
}

#[test]
fn every_input_of_the_library_opens_and_steps() {
    let mut harness = opened("convoy");
    for entry in scenarios::library::list().iter().filter(|entry| quick(entry.name)) {
        harness.state_mut().apply(Action::Open(entry.name.to_owned()));
        let scenario = entry.kind == scenarios::InputKind::Scenario;
        until(&mut harness, if scenario { "500ms" } else { "1h" });
        let state = &harness.state().state;
        assert!(state.mistakes.is_empty(), "{}: {:?}", entry.name, state.mistakes);
        assert_eq!(state.failed, None, "{}", entry.name);
        for step in [Step::NextEvent, Step::NextDecision, Step::End, Step::LastEvent, Step::Start] {
            act(&mut harness, Action::Step(step));
        }
    }
}

#[test]
fn the_window_changes_no_result() {
    let mut harness = opened("convoy");
    for name in ["textbook/stallings", "textbook/io", "textbook/periodic", "showcase/pipeline"] {
        harness.state_mut().apply(Action::Open(name.to_owned()));
        until(&mut harness, "200ms");
        let input = Input::library(name).expect("there");
        let (until, warmup) = (Some("200ms".to_owned()), Some("0".to_owned()));
        let options = Options { until, warmup, ..Options::default() };
        let loaded = scenarios::load(&input, &options).expect("right");
        let plan = RunPlan { warmup_auto: loaded.warmup_auto, ..RunPlan::default() };
        let result = experiments::run(&loaded.model, &plan, &|_| true).expect("it ends");
        let document = report::document(&loaded, &result, &[], report::beside(&loaded, &result));
        let mut expected = Vec::new();
        reports::json::write_run(&document, &mut expected).expect("written");
        let shown = bytes(Export::Json, &harness.state().state).expect("there is a run");
        assert!(document.digest.is_some());
        let (shown, expected) = (String::from_utf8_lossy(&shown), String::from_utf8_lossy(&expected));
        for (shown, expected) in shown.lines().zip(expected.lines()) {
            assert_eq!(shown, expected, "{name}");
        }
        assert_eq!(shown.len(), expected.len(), "{name}");
    }
}

#[test]
fn a_large_run_is_made_beside_the_window_thinned_and_says_so() {
    let text = "name = \"large\"\nseed = 1\nstop = { jobs = 150_000 }\n\
                [[class]]\nname = \"a\"\nsteps = [{ work = \"cpu\", demand = { exponential = { mean = \"1ms\" } } }]\n\
                [[source]]\nname = \"s\"\nclass = \"a\"\narrivals = { poisson = \"900/s\" }\n\
                [[processor]]\nname = \"cpu\"\ncores = 1\nscheduler = \"fcfs\"\n";
    let mut harness = opened("convoy");
    let bytes = text.as_bytes().to_vec();
    harness.state_mut().apply(Action::OpenBytes { name: "large.toml".to_owned(), bytes, folder: None });
    let state = &harness.state().state;
    assert!(state.running.is_some() || state.snapshot.is_some(), "{:?}", state.mistakes);
    harness.state_mut().wait();
    harness.run();
    let snapshot = harness.state().state.snapshot.clone().expect("run");
    assert_eq!(snapshot.result.first.released, 150_000);
    assert!(snapshot.trace().jobs.len() <= 25_000, "{}", snapshot.trace().jobs.len());
    assert!(
        snapshot.thinned.iter().any(|thinned| thinned.words().contains("the first")),
        "{:?}",
        snapshot.thinned
    );
    // And one that nobody waits for.
    harness.state_mut().apply(Action::Change {
        what: String::new(),
        setup: Box::new(snapshot.setup.with_text(text.replace("150_000", "15_000_000"))),
    });
    assert!(harness.state().state.running.is_some());
    harness.step();
    act(&mut harness, Action::Cancel);
    assert!(harness.state().state.running.is_none());
    assert!(harness.state().state.failed.is_some());
}
