//! A long run is made beside the window, which goes on answering.

use crate::support::{act, fresh, opened};
use dispatchlab_gui::App;
use dispatchlab_gui::app::action::Action;
use dispatchlab_gui::app::panes::Pane;
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;

/// An M/M/1 queue whose run takes minutes: were it made in a frame, that frame would not come back before.
fn endless() -> Action {
    let text = scenarios::library::get("mm1").expect("there").text;
    let name = "mm1.toml".to_owned();
    let bytes = text.replace("1_000_000", "1_000_000_000").into_bytes();
    Action::OpenBytes { name, bytes, folder: None }
}

/// Draws some frames: a run that is under way never lets the window come to rest.
fn frames(harness: &mut Harness<'_, App>) {
    harness.run_steps(4);
}

fn is_running(harness: &Harness<'_, App>) -> bool {
    harness.state().state.running.is_some()
}

#[test]
fn the_window_answers_while_the_first_run_of_an_input_is_under_way_until_it_is_cancelled() {
    let mut harness = fresh();
    harness.state_mut().apply(endless());
    frames(&mut harness);
    assert!(is_running(&harness));
    assert!(harness.query_by_label("mm1: its first run is under way").is_some());
    assert!(harness.query_by_label("nothing is open").is_none());
    assert!(harness.query_by_label("Progress").is_some());
    // Keys are heard, panes are shown, and say what is the matter.
    harness.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::Num9);
    frames(&mut harness);
    let app = harness.state();
    let shown = |pane: Pane| {
        let mut tiles = app.tree.active_tiles().into_iter();
        tiles.any(|tile| app.tree.tiles.get_pane(&tile) == Some(&pane))
    };
    assert!(shown(Pane::Metrics) && is_running(&harness));
    assert!(harness.query_all_by_label("the first run is under way").next().is_some());
    harness.get_by_label("Cancel").click();
    frames(&mut harness);
    assert!(!is_running(&harness));
    // It comes to rest: nothing runs that would ask for frames.
    harness.run();
    assert!(harness.query_by_label("the run was cancelled").is_some());
    assert!(harness.state().state.snapshot.is_none());
}

#[test]
fn the_last_run_can_be_stepped_through_while_a_longer_one_is_under_way() {
    let mut harness = opened("stallings");
    let before = harness.state().state.snapshot.clone().expect("run");
    let Action::OpenBytes { name, bytes, folder } = endless() else { unreachable!() };
    let input = scenarios::Input::of(&name, bytes, folder).expect("a scenario");
    let setup = Box::new(dispatchlab_gui::model::setup::Setup::new(input));
    harness.state_mut().apply(Action::Change { what: String::new(), setup });
    frames(&mut harness);
    assert!(is_running(&harness));
    harness.key_press(egui::Key::ArrowRight);
    frames(&mut harness);
    assert_eq!(harness.state().state.view.cursor, 2_000_000);
    assert!(is_running(&harness));
    harness.state_mut().apply(Action::Cancel);
    harness.run();
    assert!(!is_running(&harness));
    let now = harness.state().state.snapshot.clone().expect("run");
    assert!(std::sync::Arc::ptr_eq(&before, &now), "what was shown stays");
    // What was open is still to be had, and runs.
    act(&mut harness, Action::Undo);
    assert!(harness.state().state.is_current());
}
