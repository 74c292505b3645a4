//! Changes: what is run again, what is undone, what happens if a job arrived now.

use crate::support::{act, opened, until};
use dispatchlab_gui::app::action::Action;
use dispatchlab_gui::app::panes::Pane;
use dispatchlab_gui::model::rows::Activity;
use egui_kittest::kittest::Queryable as _;

fn response_mean(app: &dispatchlab_gui::App) -> Option<f64> {
    let snapshot = app.state.snapshot.as_ref()?;
    snapshot.result.summary.iter().find(|row| row.name() == "response/mean")?.value
}

#[test]
fn a_cell_of_the_table_is_typed_and_the_schedule_changes_at_once_and_back() {
    let mut harness = opened("convoy");
    act(&mut harness, Action::Show(Pane::Tasks));
    assert_eq!(response_mean(harness.state()), Some(27e6));
    let cell = harness.get_by_label("cpu of row 1");
    cell.focus();
    harness.run();
    harness.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::A);
    harness.run();
    harness.get_by_label("cpu of row 1").type_text("3");
    harness.run();
    // 3, 6 and 9 ms.
    assert_eq!(response_mean(harness.state()), Some(6e6));
    act(&mut harness, Action::Undo);
    assert_eq!(response_mean(harness.state()), Some(27e6));
    act(&mut harness, Action::Redo);
    assert_eq!(response_mean(harness.state()), Some(6e6));
}

#[test]
fn a_mistake_keeps_the_last_good_run_and_says_where_it_is() {
    let mut harness = opened("convoy");
    let setup = harness.state().state.setup().expect("open").clone();
    let text = setup.text().expect("text").replace("P2,0,3", "P2,0,three");
    act(&mut harness, Action::Change { what: "text".to_owned(), setup: Box::new(setup.with_text(text)) });
    let state = &harness.state().state;
    assert_eq!(state.mistakes.len(), 1, "{:?}", state.mistakes);
    assert_eq!(response_mean(harness.state()), Some(27e6));
    act(&mut harness, Action::Show(Pane::Text));
    assert!(harness.query_by_label_contains("three").is_some());
    act(&mut harness, Action::Undo);
    assert!(harness.state().state.mistakes.is_empty());
}

#[test]
fn what_happened_before_a_fork_stays_and_undo_takes_the_job_away() {
    let mut harness = opened("convoy");
    for input in ["stallings", "textbook/io", "showcase/pipeline"] {
        harness.state_mut().apply(Action::Open(input.to_owned()));
        if input.starts_with("showcase") {
            until(&mut harness, "500ms");
        }
        let before = harness.state().state.snapshot.clone().expect("run");
        let at = before.end() / 3;
        act(&mut harness, Action::Seek(at));
        act(&mut harness, Action::AskFork);
        harness.get_by_label("Let it arrive").click();
        harness.run();
        let after = harness.state().state.snapshot.clone().expect("run");
        assert!(harness.state().state.mistakes.is_empty(), "{input}: {:?}", harness.state().state.mistakes);
        let released = |snapshot: &dispatchlab_gui::model::snapshot::Snapshot| {
            snapshot.trace().jobs.iter().filter(|job| job.arrival.0 == at).count()
        };
        assert_eq!(released(&after), released(&before) + 1, "{input}");
        let past = |snapshot: &dispatchlab_gui::model::snapshot::Snapshot| {
            let rows = snapshot.core_rows().map(|row| {
                let bars = snapshot.rows.bars(row).iter().filter(|bar| bar.end < at);
                bars.map(|bar| (bar.start, bar.end, snapshot.job_name(bar.job))).collect::<Vec<_>>()
            });
            rows.collect::<Vec<_>>()
        };
        assert_eq!(past(&after), past(&before), "{input}");
        act(&mut harness, Action::Undo);
        let back = harness.state().state.snapshot.clone().expect("run");
        assert_eq!(back.result.digest, before.result.digest, "{input}");
    }
}

#[test]
fn a_control_made_from_a_policy_changes_its_parameter() {
    let mut harness = opened("stallings");
    let setup = harness.state().state.setup().expect("open").with_policy(None, "round-robin:quantum=1ms");
    act(&mut harness, Action::Change { what: String::new(), setup: Box::new(setup) });
    act(&mut harness, Action::Show(Pane::Controls));
    let switches = |harness: &egui_kittest::Harness<'_, dispatchlab_gui::App>| {
        let snapshot = harness.state().state.snapshot.clone().expect("run");
        let job = (0..5)
            .map(|job| snapshot.rows.of_job(job).iter().filter(|bar| bar.activity == Activity::Run).count());
        job.sum::<usize>()
    };
    let fine = switches(&harness);
    let role = egui::accesskit::Role::SpinButton;
    harness.get_by_role_and_label(role, "quantum").set_value_accesskit(4e6);
    harness.run();
    let policy = harness.state().state.snapshot.as_ref().expect("run").loaded.policy.clone();
    assert_eq!(policy, "round-robin", "4 ms is the default");
    assert!(switches(&harness) < fine);
}

#[test]
fn every_policy_of_the_catalog_can_be_chosen_and_has_its_controls() {
    let mut harness = opened("stallings");
    act(&mut harness, Action::Show(Pane::Controls));
    let setup = harness.state().state.setup().expect("open").clone();
    for def in policies::catalog().filter(|def| def.layer() == policies::Layer::Scheduler) {
        let setup = Box::new(setup.with_policy(None, def.id));
        act(&mut harness, Action::Change { what: String::new(), setup });
        let state = &harness.state().state;
        // A policy may need a column that this list does not have; then it says so.
        if state.mistakes.is_empty() && state.failed.is_none() {
            assert_eq!(state.snapshot.as_ref().expect("run").loaded.policy, def.id);
            for param in def.params {
                assert!(
                    harness.query_all_by_label(param.name).next().is_some(),
                    "{} has no control for {}",
                    def.id,
                    param.name
                );
            }
        }
    }
}
