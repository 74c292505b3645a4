//! The window changes no result: what it shows and writes is what the command line prints for the same input.

use crate::support::{act, opened, program};
use dispatchlab_gui::app::action::Action;
use dispatchlab_gui::files::{Export, bytes};
use dispatchlab_gui::model::setup::Setup;
use dispatchlab_gui::model::snapshot::Snapshot;
use experiments::{Decisions, RunPlan, report};
use scenarios::{Input, Options, library};
use std::process::Command;

/// The run as `dispatchlab run NAME` makes it: on all threads, without decisions.
fn as_a_command(name: &str, options: &Options) -> (scenarios::Loaded, experiments::RunResult) {
    let input = Input::library(name).expect("it is in the library");
    let loaded = scenarios::load(&input, options).expect("it is right");
    let plan = RunPlan { warmup_auto: loaded.warmup_auto, digest: true, ..RunPlan::default() };
    let result = experiments::run(&loaded.model, &plan, &|_| true).expect("it ends");
    (loaded, result)
}

#[test]
fn every_input_of_the_library_has_the_digest_of_the_command_line() {
    let mut compared = 0;
    for entry in library::list() {
        let mut setup = Setup::library(entry.name).expect("it is in the library");
        if entry.kind == scenarios::InputKind::Scenario {
            // Long ones are cut for a dev build, alike in both.
            let short = [("stop", "{ jobs = 2_000 }"), ("warmup", "\"0s\"")];
            setup.options.set = short.map(|(path, value)| (path.to_owned(), value.to_owned())).to_vec();
        }
        let (loaded, expected) = as_a_command(entry.name, &setup.options);
        let shown = Snapshot::compute(&setup, Decisions::Chosen, None, &|_| true).expect("it runs");
        assert!(expected.digest.is_some(), "{}", entry.name);
        assert_eq!(shown.result.digest, expected.digest, "{}", entry.name);
        assert_eq!(shown.result.summary, expected.summary, "{}", entry.name);
        let mut written = Vec::new();
        let beside = report::beside(&loaded, &expected);
        let document = report::document(&loaded, &expected, &[], beside);
        reports::json::write_run(&document, &mut written).expect("written");
        let mut own = Vec::new();
        reports::json::write_run(&shown.document(), &mut own).expect("written");
        assert!(own == written, "{}: another document", entry.name);
        compared += 1;
    }
    assert_eq!(compared, library::list().len());
}

#[test]
fn replications_give_the_report_of_the_command_line() {
    let mut harness = opened("stallings");
    let setup = harness.state().state.setup().expect("open").with_policy(None, "round-robin:quantum=1ms");
    act(&mut harness, Action::Change { what: String::new(), setup: Box::new(setup.clone()) });
    act(&mut harness, Action::Replications(3));
    act(&mut harness, Action::RunBatch);
    let page = bytes(Export::BatchHtml, &harness.state().state).expect("there is a result");
    let page = String::from_utf8(page).expect("text");
    // The command that makes the same page, and what it puts in: compared byte by byte where its program is at hand.
    let command =
        "dispatchlab run --html=report.html --policy=round-robin:quantum=1ms --replications=3 -- stallings";
    assert!(page.contains(command), "{}", &page[..600]);
    if let Some(program) = program("replications_give_the_report_of_the_command_line") {
        let file = tempfile::NamedTempFile::new().expect("a file");
        let html = format!("--html={}", file.path().display());
        let out = Command::new(program)
            .args(["run", &html, "--policy=round-robin:quantum=1ms", "--replications=3", "--no-manifest"])
            .args(["--", "stallings"])
            .output()
            .expect("it starts");
        assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
        let expected = std::fs::read_to_string(file.path()).expect("written");
        assert!(page == expected, "another report than the command line's");
    }
    let loaded = scenarios::load(&setup.input, &setup.options).expect("right");
    let plan = RunPlan { replications: 3, warmup_auto: loaded.warmup_auto, ..RunPlan::default() };
    let result = experiments::run(&loaded.model, &plan, &|_| true).expect("it ends");
    let document = report::document(&loaded, &result, &[], report::beside(&loaded, &result));
    let (course, _) = report::course(&loaded, &plan, &result, &|_| true).expect("it ends");
    let extras = report::extras(&loaded, &plan, &result, course);
    let bare = reports::html::page(&reports::html::run::run_page(&document, &extras));
    // Everything above the notes on how it was made.
    let body = bare.split("<section").nth(1).expect("it has sections");
    assert!(page.contains(body), "another page");
    // A text that was changed has no command.
    let text = setup.text().expect("text").replace("D,6,5", "D,6,4");
    act(&mut harness, Action::Change { what: String::new(), setup: Box::new(setup.with_text(text)) });
    act(&mut harness, Action::RunBatch);
    let page = bytes(Export::BatchHtml, &harness.state().state).expect("there is a result");
    assert!(!String::from_utf8_lossy(&page).contains("dispatchlab run --html"));
}
