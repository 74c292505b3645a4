//! The schedule, time, and why.

use crate::support::{act, opened};
use dispatchlab_gui::app::action::{Action, RowChange, Step};
use dispatchlab_gui::app::panes::Pane;
use dispatchlab_gui::model::rows::Activity;
use egui_kittest::kittest::Queryable as _;

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
        .events
        .iter()
        .find(|event| event.kind == dispatchlab_gui::model::events::EventKind::Missed)
        .expect("rm misses");
    assert_eq!(missed.at, 80_000_000);
    let preempted = snapshot.rows.of_job(missed.job).iter().any(|bar| bar.activity == Activity::Preempted);
    assert!(preempted);
}
