//! The schedule, time, and why.

use crate::support::{act, fresh, opened};
use dispatchlab_gui::app::action::{Action, RowChange, Step};
use dispatchlab_gui::app::panes::Pane;
use dispatchlab_gui::model::rows::{Activity, Bar};
use dispatchlab_gui::model::setup::Setup;
use dispatchlab_gui::model::snapshot::Snapshot;
use egui_kittest::kittest::{NodeT, Queryable as _};
use experiments::Decisions;

#[test]
fn a_click_on_a_stretch_selects_it_and_goes_there() {
    let mut harness = opened("convoy");
    let chart = harness.get_by_label("Gantt chart").rect();
    // The first row is the core; fcfs runs P1 for 24 of 30 ms.
    let place = chart.left_top() + egui::vec2(chart.width() * 0.4, 13.0);
    harness.drag_at(place);
    harness.drop_at(place);
    harness.run();
    let state = &harness.state().state;
    let selection = state.view.selection.expect("a stretch is selected");
    assert_eq!((selection.job, selection.start, selection.end), (0, 0, 24_000_000));
    assert!((8_000_000..16_000_000).contains(&state.view.cursor), "{}", state.view.cursor);
}

#[test]
fn a_drag_measures_between_two_instants() {
    let mut harness = opened("convoy");
    let chart = harness.get_by_label("Gantt chart").rect();
    let at = |part: f32| chart.left_top() + egui::vec2(chart.width() * part, 40.0);
    harness.drag_at(at(0.2));
    harness.run();
    harness.hover_at(at(0.5));
    harness.run();
    harness.drop_at(at(0.5));
    harness.run();
    let [Some(a), Some(b)] = harness.state().state.view.markers else { panic!("two markers") };
    assert!((7_000_000..11_000_000).contains(&(b - a)), "{}", b - a);
}

#[test]
fn steps_forward_and_back_visit_the_same_instants() {
    let mut harness = opened("srtf");
    let mut forward = vec![0];
    loop {
        act(&mut harness, Action::Step(Step::NextEvent));
        let cursor = harness.state().state.view.cursor;
        if forward.last() == Some(&cursor) {
            break;
        }
        forward.push(cursor);
    }
    let milliseconds: Vec<u64> = forward.iter().map(|at| at / 1_000_000).collect();
    assert_eq!(milliseconds, [0, 1, 2, 3, 8, 12, 21, 26]);
    for expected in forward.iter().rev().skip(1) {
        act(&mut harness, Action::Step(Step::LastEvent));
        assert_eq!(harness.state().state.view.cursor, *expected);
    }
}

#[test]
fn why_names_the_candidates_the_rule_and_the_chosen_one() {
    let mut harness = opened("srtf");
    let setup = harness.state().state.setup().expect("open").with_policy(None, "srtf");
    act(&mut harness, Action::Change { what: String::new(), setup: Box::new(setup) });
    act(&mut harness, Action::Seek(1_000_000));
    assert!(harness.query_by_label_contains("least remaining").is_some());
    assert!(harness.query_by_label_contains("cpu core 0").is_some());
}

#[test]
fn the_machine_shows_who_runs_and_who_waits_at_any_instant() {
    let mut harness = opened("convoy");
    act(&mut harness, Action::Seek(10_000_000));
    assert!(harness.query_by_label("cpu: 0: P1. queue 2 P2, P3").is_some());
    act(&mut harness, Action::Seek(25_000_000));
    assert!(harness.query_by_label("cpu: 0: P2. queue 1 P3").is_some());
    act(&mut harness, Action::Seek(10_000_000));
    assert!(harness.query_by_label("cpu: 0: P1. queue 2 P2, P3").is_some());
}

#[test]
fn rows_are_pinned_moved_and_hidden() {
    let mut harness = opened("stallings");
    let shown = |harness: &egui_kittest::Harness<'_, dispatchlab_gui::App>| {
        let state = &harness.state().state;
        let snapshot = state.snapshot.as_ref().expect("run");
        let order = dispatchlab_gui::views::chart::order::order(snapshot, &state.view);
        order.iter().map(|row| snapshot.rows.rows[*row].name.clone()).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(shown(&harness), "cpu A B C D E");
    let kind = harness.state().state.snapshot.as_ref().expect("run").rows.rows[4].kind;
    for (change, expected) in [
        (RowChange::Up(kind), "cpu A B D C E"),
        (RowChange::Pin(kind), "D cpu A B C E"),
        (RowChange::Pin(kind), "cpu A B D C E"),
        (RowChange::Hide(kind), "cpu A B C E"),
        (RowChange::Reset, "cpu A B C D E"),
    ] {
        act(&mut harness, Action::Row(change));
        assert_eq!(shown(&harness), expected, "{change:?}");
    }
}

#[test]
fn a_race_finds_where_policies_part_and_marks_the_best() {
    let mut harness = opened("convoy");
    act(&mut harness, Action::Race(vec!["sjf".to_owned(), "fcfs".to_owned()]));
    act(&mut harness, Action::Show(Pane::Race));
    let race = harness.state().state.race.result.clone().expect("raced");
    assert_eq!(race.labels, ["fcfs", "sjf"], "the same policy twice is no race");
    assert_eq!(race.differences[0].decision, Some(1));
    let best = race.rows.iter().find(|row| row.metric == "waiting" && row.best).expect("one is best");
    assert_eq!((best.policy.as_str(), best.value), ("sjf", Some(3e6)));
    assert!(harness.query_by_label_contains("sjf parts at decision 1").is_some());
}

#[test]
fn a_missed_deadline_is_seen_in_rows_and_events() {
    let mut harness = opened("periodic");
    let setup = harness.state().state.setup().expect("open").with_policy(None, "rm");
    act(&mut harness, Action::Change { what: String::new(), setup: Box::new(setup) });
    let snapshot = harness.state().state.snapshot.clone().expect("run");
    let missed = snapshot
        .events()
        .iter()
        .find(|event| event.kind == dispatchlab_gui::model::events::EventKind::Missed)
        .expect("rm misses");
    assert_eq!(missed.at, 80_000_000);
    let preempted = snapshot.rows.of_job(missed.job).iter().any(|bar| bar.activity == Activity::Preempted);
    assert!(preempted);
}

/// A run of more decisions than are recorded with their grounds.
const LARGE: &str = "seed = 1\nstop = { jobs = 2_500 }\n[[class]]\nname = \"a\"\n\
    steps = [{ work = \"cpu\", demand = { exponential = { mean = \"9ms\" } } }]\n\
    [[source]]\nname = \"s\"\nclass = \"a\"\narrivals = { poisson = \"100/s\" }\n\
    [[processor]]\nname = \"cpu\"\nscheduler = \"lottery:quantum=2ms\"\n";

#[test]
fn why_is_found_out_where_it_was_not_recorded() {
    let mut harness = fresh();
    let bytes = LARGE.as_bytes().to_vec();
    act(&mut harness, Action::OpenBytes { name: "large.toml".to_owned(), bytes, folder: None });
    act(&mut harness, Action::Show(Pane::Why));
    let whole = harness.state().state.snapshot.clone().expect("it runs");
    let all = whole.trace().decisions.len();
    assert!(whole.trace().decisions[all - 1].grounds.is_none() && !whole.is_explained());
    let explained = Snapshot::compute(&whole.setup, Decisions::Explained, None, &|_| true).expect("it runs");
    // In the middle, and at the end; each frame may ask for more.
    for index in [all / 2, all - 1] {
        let at = whole.trace().decisions[index].at.0;
        act(&mut harness, Action::Seek(at));
        act(&mut harness, Action::Seek(at));
        let found = whole.explained(index).expect("it was looked up");
        assert_eq!(*found, explained.trace().decisions[index]);
        let note = found.grounds.as_ref().and_then(|grounds| grounds.note.clone()).expect("a lottery draws");
        assert!(harness.query_all_by_label_contains(&note).next().is_some(), "{note}");
    }
}

#[test]
fn rows_of_a_large_run_are_those_of_its_jobs() {
    let setup =
        Setup::new(scenarios::Input::of("large.toml", LARGE.as_bytes().to_vec(), None).expect("a scenario"));
    let snapshot = Snapshot::compute(&setup, Decisions::Chosen, None, &|_| true).expect("it runs");
    let trace = snapshot.trace();
    for job in &trace.jobs {
        let bars = snapshot.rows.of_job(job.number as u32);
        assert!(bars.is_sorted_by(|a, b| a.end <= b.start), "job {}", job.number);
        assert!(bars.iter().all(|bar| u64::from(bar.job) == job.number && bar.start < bar.end));
        let of = |activity| bars.iter().filter(|bar| bar.activity == activity).map(Bar::length).sum::<u64>();
        assert_eq!(of(Activity::Run), job.served.0, "job {}", job.number);
        assert_eq!(of(Activity::Ready) + of(Activity::Preempted), job.ready.0, "job {}", job.number);
    }
    let events = snapshot.events();
    assert!(events.is_sorted());
    let begun = (0..trace.jobs.len()).map(|job| snapshot.rows.of_job(job as u32).len()).sum::<usize>();
    assert_eq!(events.len(), begun + 2 * trace.jobs.len(), "a release, a completion, and each stretch");
}

/// Words that would be English, in what the pane says.
fn why_in_german(policy: &str, at: u64) -> Vec<String> {
    let mut harness = opened("srtf");
    let setup = harness.state().state.setup().expect("open").with_policy(None, policy);
    act(&mut harness, Action::Change { what: String::new(), setup: Box::new(setup) });
    act(&mut harness, Action::Language(dispatchlab_gui::words::Language::German));
    act(&mut harness, Action::Seek(at));
    harness.run();
    let all = harness.query_all_by_label_contains(" ");
    let text = |node: egui_kittest::Node<'_>| {
        let node = node.accesskit_node();
        node.value().or_else(|| node.label())
    };
    all.filter_map(text).collect()
}

#[test]
fn the_reason_is_said_in_the_language_of_the_window() {
    for (policy, expected) in [
        ("srtf", ["cpu Kern 0 wird für P2 frei gemacht", "▶ geringste Restarbeit"]),
        ("lottery", ["cpu Kern 0 führt P", "gezogen: "]),
    ] {
        let said = why_in_german(policy, 1_000_000);
        for words in expected {
            assert!(said.iter().any(|text| text.contains(words)), "{policy} lacks `{words}`: {said:#?}");
        }
    }
}
