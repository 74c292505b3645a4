//! Dials of several processors, costs of interrupts, demand; tokens and who holds them.

use crate::support::{act, opened, until};
use dispatchlab_gui::App;
use dispatchlab_gui::app::action::Action;
use dispatchlab_gui::app::panes::Pane;
use dispatchlab_gui::model::occupancy::Place;
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;

fn shop() -> Harness<'static, App> {
    let mut harness = opened("convoy");
    harness.state_mut().apply(Action::Open("web-shop".to_owned()));
    until(&mut harness, "200ms");
    harness
}

#[test]
fn each_kind_of_processor_has_its_own_dials() {
    let mut harness = opened("convoy");
    harness.state_mut().apply(Action::Open("pipeline".to_owned()));
    until(&mut harness, "200ms");
    act(&mut harness, Action::Show(Pane::Controls));
    let role = egui::accesskit::Role::SpinButton;
    harness.get_by_role_and_label(role, "app.cpu Cores").set_value_accesskit(3.0);
    harness.run();
    let cores = |harness: &Harness<'_, App>| -> Vec<u32> {
        let snapshot = harness.state().state.snapshot.clone().expect("run");
        snapshot.model().processors.iter().map(|processor| processor.cores).collect()
    };
    assert_eq!(cores(&harness).iter().filter(|cores| **cores == 3).count(), 4, "{:?}", cores(&harness));
    let set = harness.state().state.setup().expect("open").options.set.clone();
    assert_eq!(set, [("app.processor.cpu.cores".to_owned(), "3".to_owned())]);
    act(&mut harness, Action::Undo);
    assert_eq!(cores(&harness).iter().filter(|cores| **cores == 3).count(), 0);
}

#[test]
fn interrupts_cost_what_their_dials_say() {
    let mut harness = opened("stallings");
    let before = harness.state().state.snapshot.clone().expect("run").result.digest;
    act(&mut harness, Action::Show(Pane::Controls));
    harness.get_by_label("Interrupts").click_accesskit();
    harness.run();
    let role = egui::accesskit::Role::SpinButton;
    harness.get_by_role_and_label(role, "save").set_value_accesskit(100_000.0);
    harness.run();
    let state = &harness.state().state;
    assert_eq!(state.setup().expect("open").options.interrupts.as_deref(), Some("save=100us"));
    assert!(state.mistakes.is_empty(), "{:?}", state.mistakes);
    assert_ne!(state.snapshot.clone().expect("run").result.digest, before);
    act(&mut harness, Action::Undo);
    assert_eq!(harness.state().state.snapshot.clone().expect("run").result.digest, before);
}

#[test]
fn a_token_is_shown_with_who_holds_it_and_no_pool_gives_more_than_it_has() {
    let mut harness = shop();
    let snapshot = harness.state().state.snapshot.clone().expect("run");
    let end = snapshot.end();
    let pools = &snapshot.model().pools;
    let mut most = 0;
    for step in 0..200 {
        let at = end * step / 200;
        for (index, pool) in pools.iter().enumerate() {
            let held = snapshot.occupancy.at(Place::Token(index as u32), at);
            let waiting = snapshot.occupancy.at(Place::Pool(index as u32), at);
            assert!(held.len() <= pool.size as usize, "{} at {at}", pool.name);
            assert!(waiting.is_empty() || held.len() == pool.size as usize, "{} at {at}", pool.name);
            // A job at the server's processors holds a token of it.
            most = most.max(held.len());
        }
    }
    assert!(most > 0);
    act(&mut harness, Action::Show(Pane::Live));
    act(&mut harness, Action::Seek(end / 2));
    assert!(harness.query_all_by_label_contains("holds a token").next().is_some());
}

#[test]
fn demand_is_multiplied() {
    let mut harness = shop();
    let released = |harness: &Harness<'_, App>| {
        harness.state().state.snapshot.clone().expect("run").result.first.released
    };
    let before = released(&harness);
    let mut setup = harness.state().state.setup().expect("open").clone();
    setup.options.scale = Some("2".to_owned());
    act(&mut harness, Action::Change { what: String::new(), setup: Box::new(setup) });
    assert!(released(&harness) > before * 3 / 2, "{before} {}", released(&harness));
    act(&mut harness, Action::Show(Pane::Controls));
    assert!(harness.query_all_by_label("demand, times").next().is_some());
}
