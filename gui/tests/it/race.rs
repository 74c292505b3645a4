//! Replications of a race: the numbers, the words and the files of `dispatchlab compare`.

use crate::support::{act, opened, program, until};
use dispatchlab_gui::App;
use dispatchlab_gui::app::action::Action;
use dispatchlab_gui::app::predict::{Act, Way};
use dispatchlab_gui::app::state::Compared;
use dispatchlab_gui::files::{Export, bytes};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use experiments::RunPlan;
use experiments::compare::{Alternative, CompareOptions};
use std::process::Command;
use std::sync::Arc;

type Window = Harness<'static, App>;

/// An input under a policy, raced against others, with replications of all.
fn raced(input: &str, end: Option<&str>, policies: &[&str], others: &[&str], replications: u32) -> Window {
    let mut harness = opened(input);
    if let Some(end) = end {
        until(&mut harness, end);
    }
    let mut setup = harness.state().state.setup().expect("open").clone();
    for policy in policies {
        for option in scenarios::PolicyOption::parse_all(policy).expect("a policy") {
            setup = setup.with_policy(option.station.as_deref(), &option.spec);
        }
    }
    act(&mut harness, Action::Change { what: String::new(), setup: Box::new(setup) });
    act(&mut harness, Action::Race(others.iter().map(ToString::to_string).collect()));
    act(&mut harness, Action::Replications(replications));
    act(&mut harness, Action::RunRace);
    harness
}

fn compared(harness: &Window) -> Arc<Compared> {
    let repeated = &harness.state().state.race.repeated;
    repeated.result.clone().unwrap_or_else(|| panic!("{:?}", repeated.trouble))
}

#[test]
fn the_numbers_are_those_of_a_comparison_and_the_best_is_marked_where_it_is_shown() {
    let harness = raced("mm1", Some("60s"), &[], &["srtf", "round-robin:quantum=5ms"], 6);
    let found = compared(&harness);
    let models: Vec<Alternative<'_>> = found
        .named
        .iter()
        .map(|named| Alternative { label: &named.label, model: &named.loaded.model })
        .collect();
    let plan = RunPlan { replications: 6, threads: 1, ..RunPlan::default() };
    let expected = experiments::compare(&models, &CompareOptions::default(), &plan, &|_, _| true);
    let expected = expected.expect("it ends");
    assert_eq!(found.comparison.rows, expected.rows);
    assert_eq!(found.comparison.conclusion, expected.conclusion);
    // Shortest first has the shortest response, whatever is drawn; of the other two neither is shown to be better.
    let means: Vec<_> = found.comparison.rows.iter().filter(|row| row.metric == "response").take(3).collect();
    let verdicts: Vec<_> = means.iter().map(|row| row.verdict).collect();
    assert_eq!(verdicts, [Some("reference"), Some("better"), Some("no difference shown")]);
    assert!(harness.query_all_by_label("★ srtf").next().is_some());
    let undecided = expected.leads.iter().flatten().any(|lead| !lead.rivals.is_empty());
    assert_eq!(harness.query_all_by_label_contains("undecided: ").next().is_some(), undecided);
}

#[test]
fn equal_policies_are_a_tie_and_one_policy_alone_is_no_race() {
    let harness = raced("convoy", None, &[], &["no-such-policy"], 3);
    let trouble = harness.state().state.race.repeated.trouble.clone();
    assert!(trouble.is_some(), "a policy that cannot be read is told");
    let harness = raced("convoy", None, &[], &["fcfs"], 3);
    let trouble = harness.state().state.race.repeated.trouble.clone().expect("nobody to race with");
    assert!(trouble.contains("the same"), "{trouble}");
    let harness = raced("mm1", Some("20s"), &[], &["round-robin:quantum=1h"], 3);
    let found = compared(&harness);
    assert!(
        found.comparison.leads.iter().all(Option::is_none),
        "a quantum that never ends is first come first served"
    );
    assert!(harness.query_all_by_label_contains("★").next().is_none(), "nobody is best");
}

/// Input, end, policies chosen, policies raced with, and what the command line is asked for.
type Case<'a> = (&'a str, Option<&'a str>, &'a [&'a str], &'a [&'a str], &'a [&'a str]);

/// What the window writes and what the command line writes, byte by byte.
#[test]
fn files_are_those_of_the_command_line() {
    let cases: [Case<'_>; 4] = [
        ("stallings", None, &[], &["srtf"], &["--policy=srtf"]),
        (
            "stallings",
            None,
            &["round-robin:quantum=1ms"],
            &["srtf", "hrrn"],
            &["--policy=round-robin:quantum=1ms", "--policy=srtf", "--policy=hrrn"],
        ),
        ("mm1", Some("10s"), &[], &["srtf", "ps"], &["--policy=fcfs", "--policy=srtf", "--policy=ps"]),
        // The balancer was chosen before; the schedulers race.
        (
            "web-shop",
            Some("300ms"),
            &["lb=random"],
            &["web.cpu=srtf"],
            &[
                "--policy=web.cpu=round-robin:quantum=4ms web.disk=fcfs lb=random",
                "--policy=lb=random web.cpu=srtf",
            ],
        ),
    ];
    let program = program("files_are_those_of_the_command_line");
    let folder = tempfile::tempdir().expect("a folder");
    for (input, end, policies, others, options) in cases {
        let harness = raced(input, end, policies, others, 3);
        let state = &harness.state().state;
        let write = |export| bytes(export, state).expect("there is a result");
        let page = String::from_utf8(write(Export::CompareHtml)).expect("text");
        let mut arguments: Vec<String> = vec!["compare".to_owned()];
        arguments.extend(options.iter().map(ToString::to_string));
        if let Some(end) = end {
            arguments.extend([format!("--until={end}"), "--warmup=0".to_owned()]);
        }
        arguments.extend(["--replications=3", "--", input].map(str::to_owned));
        let quoted: Vec<String> = arguments[1..].iter().map(|word| reports::manifest::quoted(word)).collect();
        let command = format!("dispatchlab compare --html=report.html {}", quoted.join(" "));
        assert!(page.replace("&#39;", "'").contains(&command), "{command}: not in the page");
        let Some(program) = &program else { continue };
        let run = |more: &[&str]| {
            let (first, rest) = arguments.split_at(1);
            let out = Command::new(program).args(first).args(more).args(rest).output().expect("it starts");
            assert!(out.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&out.stderr));
            out.stdout
        };
        let file = folder.path().join("report.html").display().to_string();
        for (export, format) in
            [(Export::CompareTable, "table"), (Export::CompareJson, "json"), (Export::CompareCsv, "csv")]
        {
            assert!(write(export) == run(&["--format", format]), "{input}: another {format}");
        }
        run(&["--html", &file, "--no-manifest"]);
        let expected = std::fs::read_to_string(&file).expect("written");
        assert!(page == expected, "{input}: another report than {file}");
    }
}

#[test]
fn a_changed_text_has_a_report_without_a_command_and_old_numbers_are_called_old() {
    let mut harness = raced("stallings", None, &[], &["srtf"], 2);
    assert!(harness.query_by_label_contains("have changed since").is_none());
    let setup = harness.state().state.setup().expect("open").clone();
    let text = setup.text().expect("text").replace("D,6,5", "D,6,4");
    act(&mut harness, Action::Change { what: String::new(), setup: Box::new(setup.with_text(text)) });
    assert!(harness.query_by_label_contains("have changed since").is_some());
    act(&mut harness, Action::RunRace);
    let page = bytes(Export::CompareHtml, &harness.state().state).expect("there is a result");
    assert!(!String::from_utf8_lossy(&page).contains("dispatchlab compare --html"));
    act(&mut harness, Action::Race(vec!["sjf".to_owned()]));
    assert!(harness.query_by_label_contains("have changed since").is_some());
    act(&mut harness, Action::Race(Vec::new()));
    assert!(harness.state().state.race.repeated.result.is_none());
}

#[test]
fn replications_that_nobody_wants_any_more_stop() {
    for (input, action) in [
        ("mm1", Action::Cancel),
        ("mm1", Action::Open("convoy".to_owned())),
        ("stallings", Action::Predict(Act::Begin(Way::Next))),
    ] {
        let mut harness = opened(input);
        let app = harness.state_mut();
        app.apply(Action::Race(vec!["srtf".to_owned()]));
        app.apply(Action::Replications(100_000));
        app.apply(Action::RunRace);
        let progress = app.state.race.repeated.progress.expect("they run");
        assert_eq!(progress.total, 200_000);
        app.apply(action.clone());
        assert_eq!(app.state.race.repeated.progress, None, "{action:?}");
        app.wait();
        assert!(app.state.race.repeated.result.is_none(), "{action:?}");
    }
}

#[test]
fn a_prediction_hides_the_numbers_and_gives_them_back() {
    let mut harness = raced("stallings", None, &[], &["srtf"], 2);
    act(&mut harness, Action::Predict(Act::Begin(Way::Next)));
    act(&mut harness, Action::RunRace);
    let state = &harness.state().state;
    assert!(state.race.repeated.result.is_none() && state.race.repeated.progress.is_none());
    assert!(bytes(Export::CompareCsv, state).is_err());
    act(&mut harness, Action::Predict(Act::Leave));
    assert!(harness.state().state.race.repeated.result.is_some());
}
