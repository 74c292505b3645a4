//! Every command of the table does what it says, by its keys or from the palette.

use crate::support::act;
use dispatchlab_gui::App;
use dispatchlab_gui::app::action::Action;
use dispatchlab_gui::app::command::{COMMANDS, Command};
use dispatchlab_gui::app::lessons::{LessonAction, Progress};
use dispatchlab_gui::app::panes::Pane;
use dispatchlab_gui::app::predict::{Act, Outcome, Way};
use dispatchlab_gui::app::state::{Overlays, Selection, Settings, View, Window};
use dispatchlab_gui::files::Export;
use dispatchlab_gui::theme::Look;
use dispatchlab_gui::words::Language;
use egui_kittest::Harness;
use experiments::exercise::Pick;
use std::collections::BTreeSet;

/// What a command may change.
#[expect(clippy::struct_excessive_bools, reason = "each is about a command of its own")]
struct Seen {
    view: View,
    look: Look,
    language: Language,
    overlays: Overlays,
    undo: (bool, bool),
    batch: bool,
    repeated: bool,
    failed: bool,
    lesson: Option<String>,
    done: bool,
    active: BTreeSet<Pane>,
    predict: Option<Predicted>,
}

/// How far a prediction is.
#[derive(PartialEq, Default, Clone)]
struct Predicted {
    way: Option<Way>,
    at: usize,
    outcomes: Vec<Outcome>,
    pick: Option<Pick>,
    hint: bool,
}

fn predicted(app: &App) -> Option<Predicted> {
    let predict = app.state.predict.as_ref()?;
    let way = Some(predict.way());
    let Some(next) = predict.next() else { return Some(Predicted { way, ..Predicted::default() }) };
    let pick = next.given.as_ref().and_then(|given| given.pick);
    Some(Predicted { way, at: next.at, outcomes: next.outcomes.clone(), pick, hint: next.hint })
}

fn seen(app: &App) -> Seen {
    let active =
        app.tree.active_tiles().into_iter().filter_map(|tile| app.tree.tiles.get_pane(&tile).copied());
    Seen {
        view: app.state.view.clone(),
        look: app.state.settings.look,
        language: app.state.settings.language,
        overlays: app.state.overlays.clone(),
        undo: (app.state.history.can_undo(), app.state.history.can_redo()),
        batch: app.state.batch.result.is_some() || app.state.batch.progress.is_some(),
        repeated: app.state.race.repeated.result.is_some(),
        failed: app.state.failed.is_some(),
        lesson: app.state.lessons.open.as_ref().map(|lesson| lesson.id.clone()),
        done: app.state.settings.lessons.values().any(|progress| *progress == Progress::Done),
        active: active.collect(),
        predict: predicted(app),
    }
}

/// Puts a window into a state in which every command can be used: changes to undo and redo, a selection, markers, a
/// search. The window stays, with its fonts: they cost more than everything else.
fn prepare(harness: &mut Harness<'_, App>, command: &Command) {
    let mut app = App::new(Settings::default(), None, None);
    app.apply(Action::Lesson(LessonAction::Open(lesson(1))));
    app.apply(Action::Open("stallings".to_owned()));
    let setup = app.state.setup().expect("open").clone();
    for spec in ["round-robin:quantum=1ms", "srtf", "sjf"] {
        let setup = Box::new(setup.with_policy(None, spec));
        app.apply(Action::Change { what: String::new(), setup });
    }
    app.apply(Action::Undo);
    app.apply(Action::Seek(8_000_000));
    app.apply(Action::Bookmark);
    let bar = app.state.snapshot.as_ref().expect("run").rows.of_job(1)[1];
    app.apply(Action::Select(Some(Selection { job: 1, start: bar.start, end: bar.end })));
    app.apply(Action::MarkRange(1_000_000, 2_000_000));
    app.apply(Action::Find("c".to_owned()));
    app.apply(Action::Zoom(2.0));
    app.apply(Action::Seek(6_000_000));
    if command.id == "run-race" {
        app.apply(Action::Race(vec!["fcfs".to_owned()]));
    }
    asked(&mut app, command.id);
    *harness.state_mut() = app;
    // A field may have the focus from the command before.
    if let Some(focused) = harness.ctx.memory(egui::Memory::focused) {
        harness.ctx.memory_mut(|memory| memory.surrender_focus(focused));
    }
    harness.run();
}

/// A lesson by its place in the list.
fn lesson(place: usize) -> String {
    dispatchlab_gui::model::lessons::all().nth(place).expect("there are so many").id.clone()
}

/// Commands of a prediction need one: ten tasks at once, so that there are nine to choose from.
fn asked(app: &mut App, id: &str) {
    if !id.starts_with("predict-") || ["predict-next", "predict-draw"].contains(&id) {
        return;
    }
    let tasks: Vec<String> = (1..=10).map(|number| format!("P{number},0,{number}")).collect();
    let bytes = format!("task,arrival,cpu\n{}\n", tasks.join("\n")).into_bytes();
    app.apply(Action::OpenBytes { name: "ten.csv".to_owned(), bytes, folder: None });
    app.apply(Action::Predict(Act::Begin(Way::Next)));
    if ["predict-go", "predict-restart"].contains(&id) {
        app.apply(Action::Predict(Act::Answer(Pick::Job(3))));
    }
}

/// What must be true after a command.
fn holds(id: &str, before: &Seen, after: &Seen) -> bool {
    let (a, b) = (&after.view, &before.view);
    let pane = |pane: Pane| after.active.contains(&pane);
    let asks = |export: Export| after.overlays.save.as_ref().is_some_and(|(asked, _)| *asked == export);
    let length = |window: Window| window.to - window.from;
    match id {
        "open" => after.overlays.open.is_some(),
        "save" => asks(Export::Input),
        "export-json" => asks(Export::Json),
        "export-csv" => asks(Export::Csv),
        "export-table" => asks(Export::Table),
        "export-png" => asks(Export::Png),
        "export-svg" => asks(Export::Svg),
        "undo" => after.undo == (true, true) && before.undo == (true, true),
        "redo" => after.undo == (true, false),
        "fork" => after.overlays.fork.as_ref().is_some_and(|fork| fork.at == b.cursor),
        // The window closes; there is none here.
        "find" | "quit" => true,
        "find-next" | "find-last" => a.selection.is_some_and(|found| found.job == 2),
        "play" | "step" | "decision" => a.cursor > b.cursor,
        "step-back" | "decision-back" => a.cursor < b.cursor,
        "start" => a.cursor == 0,
        "end" => a.cursor == 20_000_000,
        "faster" => a.speed == b.speed * 2.0,
        "slower" => a.speed == b.speed / 2.0,
        "bookmark" => a.bookmarks.len() == 2,
        "next-bookmark" => a.cursor == 8_000_000,
        "zoom-in" => length(a.window) < length(b.window),
        "zoom-out" => length(a.window) > length(b.window),
        "pan-left" => a.window.from < b.window.from,
        "pan-right" => a.window.from > b.window.from,
        "fit" => a.window == Window::whole(20_000_000),
        "fit-selection" => a.window != b.window,
        "next-stretch" => a.selection.zip(b.selection).is_some_and(|(a, b)| a.start > b.start),
        "last-stretch" => a.selection.zip(b.selection).is_some_and(|(a, b)| a.start < b.start),
        "mark-a" => a.markers == [Some(b.cursor), b.markers[1]],
        "mark-b" => a.markers == [b.markers[0], Some(b.cursor)],
        "clear-marks" => a.markers == [None; 2],
        "cores" => a.show_cores != b.show_cores,
        "tasks" => a.show_tasks != b.show_tasks,
        "arrows" => a.show_arrows != b.show_arrows,
        "follow" => a.follow != b.follow,
        "rows" => a.rows.hidden.is_empty() && a.rows.pinned.is_empty(),
        "tone" => after.look.is_dark() != before.look.is_dark(),
        "projector" => after.look.projector != before.look.projector,
        "language" => after.language != before.language,
        "layout" => pane(Pane::Lessons),
        "lessons" => pane(Pane::Lessons) && after.lesson.is_none(),
        "next-lesson" => after.lesson == Some(lesson(2)),
        "last-lesson" => after.lesson == Some(lesson(0)),
        "lesson-done" => after.done && !before.done,
        "show-library" => pane(Pane::Library),
        "show-controls" => pane(Pane::Controls),
        "show-tasks" => pane(Pane::Tasks),
        "show-text" => pane(Pane::Text),
        "show-network" => pane(Pane::Network),
        "show-chart" => pane(Pane::Chart),
        "show-live" => pane(Pane::Live),
        "show-why" => pane(Pane::Why),
        "show-events" => pane(Pane::Events),
        "show-metrics" => pane(Pane::Metrics),
        "show-plots" => pane(Pane::Plots),
        "race" => pane(Pane::Race),
        "batch" => pane(Pane::Batch),
        "run-batch" => after.batch,
        "run-race" => after.repeated && pane(Pane::Race) && pane(Pane::Batch),
        "cancel" => !after.failed,
        "exercise" => pane(Pane::Exercise),
        "predict-next" => after.predict.as_ref().is_some_and(|found| found.way == Some(Way::Next)),
        "predict-draw" => after.predict.as_ref().is_some_and(|found| found.way == Some(Way::Draw)),
        "predict-leave" => before.predict.is_some() && after.predict.is_none(),
        "predict-restart" => after.predict.as_ref().is_some_and(|found| found.outcomes.is_empty()),
        "sheet-html" => asks(Export::SheetHtml),
        "sheet-csv" => asks(Export::SheetCsv),
        id if id.starts_with("predict-") => {
            let Some(found) = &after.predict else { return false };
            let number = id.trim_start_matches("predict-").parse::<u64>();
            match (id, number) {
                (_, Ok(number)) => found.pick == Some(Pick::Job(number - 1)),
                ("predict-go", _) => found.at == 1 && found.outcomes.len() == 1,
                ("predict-hint", _) => found.hint,
                ("predict-reveal", _) => found.at == 0 && found.outcomes == [Outcome::Shown],
                ("predict-skip", _) => found.at == 1 && found.outcomes == [Outcome::Skipped],
                ("predict-nobody", _) => found.pick == Some(Pick::Nobody),
                _ => false,
            }
        }
        "palette" => after.overlays.palette.is_some(),
        "shortcuts" => after.overlays.help,
        "escape" => a.selection.is_none(),
        other => panic!("say here what `{other}` does"),
    }
}

fn usable(app: &App, command: &Command) -> bool {
    (command.enabled)(&app.state)
}

fn press(harness: &mut Harness<'_, App>, command: &Command) {
    let keys = command.keys[0];
    harness.key_press_modifiers(keys.modifiers, keys.logical_key);
    settle(harness, command.id);
}

fn settle(harness: &mut Harness<'_, App>, id: &str) {
    match id {
        "play" => {
            harness.run_steps(4);
            harness.state_mut().state.view.playing = false;
        }
        "run-batch" | "run-race" => {
            harness.run_steps(2);
            harness.state_mut().wait();
        }
        _ => {}
    }
    harness.run();
}

/// Nothing runs that could be cancelled here; what it does is tested where something runs.
const NOT_HERE: [&str; 1] = ["cancel"];

#[test]
fn every_command_with_keys_does_what_it_says() {
    let mut harness = crate::support::fresh();
    for command in COMMANDS.iter().filter(|command| !command.keys.is_empty()) {
        prepare(&mut harness, command);
        assert!(usable(harness.state(), command), "{} cannot be used here", command.id);
        let before = seen(harness.state());
        press(&mut harness, command);
        assert!(holds(command.id, &before, &seen(harness.state())), "{}", command.id);
    }
}

#[test]
fn every_command_without_keys_is_in_the_palette() {
    let mut harness = crate::support::fresh();
    for command in COMMANDS.iter().filter(|c| c.keys.is_empty() && !NOT_HERE.contains(&c.id)) {
        prepare(&mut harness, command);
        assert!(usable(harness.state(), command), "{} cannot be used here", command.id);
        act(&mut harness, Action::Palette(Some(command.title())));
        let before = seen(harness.state());
        harness.key_press(egui::Key::Enter);
        settle(&mut harness, command.id);
        let after = seen(harness.state());
        assert!(after.overlays.palette.is_none(), "{}: the palette stays open", command.id);
        assert!(holds(command.id, &before, &after), "{}", command.id);
    }
}

#[test]
fn nothing_can_be_done_to_a_run_that_is_not_there() {
    let harness = crate::support::fresh();
    for command in COMMANDS {
        let without = [
            "open",
            "tone",
            "projector",
            "language",
            "layout",
            "race",
            "batch",
            "exercise",
            "sheet-html",
            "sheet-csv",
            "palette",
            "lessons",
            "next-lesson",
            "shortcuts",
            "escape",
            "quit",
        ];
        let expected = without.contains(&command.id) || command.id.starts_with("show-");
        assert_eq!(usable(harness.state(), command), expected, "{}", command.id);
    }
}

#[test]
fn letters_go_to_a_text_field_that_has_the_focus() {
    use egui_kittest::kittest::Queryable as _;
    let mut harness = crate::support::fresh();
    prepare(&mut harness, &COMMANDS[0]);
    let before = seen(harness.state());
    harness.get_by_label("Find a job").focus();
    harness.run();
    harness.key_press(egui::Key::W);
    harness.run();
    assert_eq!(before.view.window, harness.state().state.view.window);
}

/// Where the cursor is and how long what is seen is, after some keys.
fn after_keys(harness: &mut Harness<'_, App>, keys: &[egui::Key]) -> (u64, f64) {
    for key in keys {
        harness.key_press(*key);
        harness.run();
    }
    let view = &harness.state().state.view;
    (view.cursor, view.window.length())
}

#[test]
fn keys_are_the_windows_after_a_click_on_a_button() {
    use egui::Key;
    use egui_kittest::kittest::Queryable as _;
    let mut harness = crate::support::opened("stallings");
    let length = harness.state().state.view.window.length();
    // By the keyboard first, so that it has the focus when it is clicked.
    for focused in [false, true] {
        act(&mut harness, Action::Seek(0));
        let step = harness.get_by_label("Step to the next event");
        if focused {
            step.focus();
            harness.run();
        }
        harness.get_by_label("Step to the next event").click();
        harness.run();
        assert_eq!(after_keys(&mut harness, &[Key::ArrowRight]), (3_000_000, length), "{focused}");
        let (_, zoomed) = after_keys(&mut harness, &[Key::W]);
        assert!(zoomed < length, "{focused}");
        harness.key_press(Key::Space);
        harness.run_steps(2);
        assert!(harness.state().state.view.playing, "{focused}");
        act(&mut harness, Action::Play);
        act(&mut harness, Action::Fit);
    }
}

#[test]
fn keys_press_a_button_that_the_keyboard_led_to_and_letters_stay_commands() {
    use egui::Key;
    use egui_kittest::kittest::Queryable as _;
    let mut harness = crate::support::opened("stallings");
    let length = harness.state().state.view.window.length();
    harness.get_by_label("Go to the end").focus();
    harness.run();
    assert_eq!(after_keys(&mut harness, &[Key::Space]), (20_000_000, length));
    assert!(!harness.state().state.view.playing);
    let (cursor, zoomed) = after_keys(&mut harness, &[Key::W]);
    assert!(cursor == 20_000_000 && zoomed < length);
    // An arrow leads to the button beside it; that one is pressed next.
    let (cursor, _) = after_keys(&mut harness, &[Key::ArrowLeft]);
    assert_eq!(cursor, 20_000_000);
    harness.get_by_label("Go to the start").focus();
    harness.run();
    assert_eq!(after_keys(&mut harness, &[Key::Enter]).0, 0);
}
