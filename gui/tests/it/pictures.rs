//! Pictures of the window, drawn on the processor.

use crate::support::{act, fresh, opened};
use dispatchlab_gui::app::action::Action;
use dispatchlab_gui::app::panes::Pane;
use dispatchlab_gui::theme::{Look, Tone};
use dispatchlab_gui::words::Language;
use egui_kittest::{SnapshotOptions, SnapshotResults};

/// Text is drawn by a library that may use other instructions on another processor: a few pixels may differ. So does the
/// digest at the bottom where the order of events is changed.
fn options() -> SnapshotOptions {
    SnapshotOptions::new().threshold(1.0_f32).max_failed_pixels(2_500_usize)
}

#[test]
fn the_library_is_one_tab_away() {
    use egui_kittest::kittest::Queryable as _;
    // No picture: the library grows.
    let mut harness = fresh();
    act(&mut harness, Action::Show(Pane::Library));
    harness.get_by_label("convoy").click();
    harness.run();
    assert!(harness.state().state.snapshot.is_some());
}

#[test]
fn the_textbook_in_light_dark_and_on_a_projector() {
    let mut results = SnapshotResults::new();
    for (name, look, language) in [
        ("light", Look::default(), Language::English),
        ("dark", Look { tone: Tone::Dark, projector: false }, Language::German),
        ("projector", Look { tone: Tone::Light, projector: true }, Language::English),
    ] {
        let mut harness = opened("stallings");
        let setup = harness.state().state.setup().expect("open").with_policy(None, "round-robin:quantum=1ms");
        act(&mut harness, Action::Change { what: String::new(), setup: Box::new(setup) });
        act(&mut harness, Action::Look(look));
        act(&mut harness, Action::Language(language));
        act(&mut harness, Action::Show(Pane::Controls));
        act(&mut harness, Action::Seek(9_000_000));
        results.add(harness.try_snapshot_options(name, &options()));
    }
    results.unwrap();
}

#[test]
fn a_prediction_after_a_wrong_answer_and_a_drawing_that_was_checked() {
    use dispatchlab_gui::app::predict::draw::Stroke;
    use dispatchlab_gui::app::predict::{Act, Way};
    let mut results = SnapshotResults::new();
    let mut harness = opened("stallings");
    let setup = harness.state().state.setup().expect("open").with_policy(None, "srtf");
    act(&mut harness, Action::Change { what: String::new(), setup: Box::new(setup) });
    for wanted in [Act::Begin(Way::Next), Act::Skip, Act::Choose(0)] {
        act(&mut harness, Action::Predict(wanted));
    }
    results.add(harness.try_snapshot_options("predict", &options()));
    act(&mut harness, Action::Look(Look { tone: Tone::Dark, projector: false }));
    act(&mut harness, Action::Predict(Act::Begin(Way::Draw)));
    for (task, from, to) in [(0, 0, 2), (1, 3, 8), (2, 9, 12), (3, 13, 17), (4, 18, 19)] {
        act(&mut harness, Action::Predict(Act::Choose(task)));
        act(&mut harness, Action::Predict(Act::Draw(Stroke::Line { core: 0, from, to, same: false })));
    }
    for wanted in [Act::Go, Act::Reveal] {
        act(&mut harness, Action::Predict(wanted));
    }
    results.add(harness.try_snapshot_options("draw", &options()));
    results.unwrap();
}

#[test]
fn a_drawing_on_two_cores_with_io_that_was_checked() {
    use dispatchlab_gui::app::predict::draw::Stroke;
    use dispatchlab_gui::app::predict::{Act, Way};
    let mut harness = opened("convoy");
    let list = b"task,arrival,program\nP1,0,cpu 3; io 4; cpu 2\nP2,0,cpu 2; io 5; cpu 3\nP3,1,cpu 6\nP4,2,cpu 1; io 2; cpu 4\n";
    act(&mut harness, Action::OpenBytes { name: "two.csv".to_owned(), bytes: list.to_vec(), folder: None });
    let mut setup = harness.state().state.setup().expect("open").with_policy(None, "round-robin:quantum=2ms");
    setup.options.cores = Some(2);
    setup.options.io_device = Some("fcfs".to_owned());
    act(&mut harness, Action::Change { what: String::new(), setup: Box::new(setup) });
    act(&mut harness, Action::Predict(Act::Begin(Way::Draw)));
    for (core, task, from, to) in
        [(0, 0, 0, 2), (1, 1, 0, 1), (1, 2, 2, 7), (0, 3, 3, 3), (0, 0, 6, 7), (0, 1, 8, 10), (1, 3, 9, 12)]
    {
        act(&mut harness, Action::Predict(Act::Choose(task)));
        act(&mut harness, Action::Predict(Act::Draw(Stroke::Line { core, from, to, same: false })));
    }
    for wanted in [Act::Go, Act::Reveal] {
        act(&mut harness, Action::Predict(wanted));
    }
    let mut results = SnapshotResults::new();
    results.add(harness.try_snapshot_options("draw-io", &options()));
    results.unwrap();
}

#[test]
fn a_picture_needs_no_display_and_is_the_same_every_time() {
    let picture = || {
        let mut app = dispatchlab_gui::App::new(dispatchlab_gui::app::state::Settings::default(), None, None);
        app.apply(Action::Open("convoy".to_owned()));
        let image = dispatchlab_gui::screenshot::take(&mut app, [640, 480]);
        dispatchlab_gui::screenshot::png(&image).expect("encoded")
    };
    let first = picture();
    assert!(first.starts_with(b"\x89PNG"));
    assert_eq!(first, picture());
}

#[test]
fn the_list_of_lessons_and_a_lesson_beside_its_schedule() {
    use dispatchlab_gui::app::lessons::LessonAction;
    let mut results = SnapshotResults::new();
    let mut harness = fresh();
    results.add(harness.try_snapshot_options("lessons", &options()));
    act(&mut harness, Action::Lesson(LessonAction::Open("switch-cost".to_owned())));
    act(&mut harness, Action::Lesson(LessonAction::Unfold(0)));
    results.add(harness.try_snapshot_options("lesson", &options()));
    results.unwrap();
}
