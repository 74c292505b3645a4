//! Predictions: whole sessions, right and wrong, mistakes by name, drawings, problem sheets, and that nothing of the future is
//! to be seen.

use crate::support::{act, opened};
use dispatchlab_gui::App;
use dispatchlab_gui::app::action::Action;
use dispatchlab_gui::app::panes::Pane;
use dispatchlab_gui::app::predict::draw::{Draw, Stroke};
use dispatchlab_gui::app::predict::{Act, Next, Outcome, Way};
use dispatchlab_gui::files::{Export, bytes};
use dispatchlab_gui::model::setup::Setup;
use dispatchlab_gui::model::snapshot::Snapshot;
use dispatchlab_gui::words::Language;
use egui::accesskit::Role;
use egui::{Key, Modifiers};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use experiments::exercise::{Ask, IoDevice, Mistake, Pick, Wish, make};
use sim_core::trace::SegmentKind;
use std::fmt::Write as _;

type Window = Harness<'static, App>;

/// A task list under a policy.
fn tasks(list: &str, policy: &str, cores: u32) -> Window {
    let mut harness = opened("convoy");
    let input = scenarios::Input::from_text("tasks.csv", scenarios::InputKind::TaskList, list);
    let bytes = input.text;
    act(&mut harness, Action::OpenBytes { name: "tasks.csv".to_owned(), bytes, folder: None });
    let mut setup = harness.state().state.setup().expect("open").with_policy(None, policy);
    setup.options.cores = Some(cores);
    act(&mut harness, Action::Change { what: String::new(), setup: Box::new(setup) });
    harness
}

const FOUR: &str = "task,arrival,cpu\nP1,0,8\nP2,1,4\nP3,2,9\nP4,3,5\n";

fn wants(harness: &mut Window, wanted: Act) {
    act(harness, Action::Predict(wanted));
}

fn next(harness: &Window) -> &Next {
    harness
        .state()
        .state
        .predict
        .as_ref()
        .and_then(|predict| predict.next())
        .expect("decisions are asked for")
}

fn draw(harness: &Window) -> &Draw {
    harness.state().state.predict.as_ref().and_then(|predict| predict.draw()).expect("a drawing")
}

fn whole(harness: &Window) -> std::sync::Arc<Snapshot> {
    let state = &harness.state().state;
    let predict = state.predict.as_ref().map(|predict| predict.whole.clone());
    predict.or(state.snapshot.clone()).expect("a run")
}

/// Everything that the window says, to eyes that can read or to a screen reader.
fn said(harness: &Window) -> String {
    let mut words = String::new();
    for node in harness.root().children_recursive() {
        let node = node.accesskit_node();
        for text in [node.label(), node.value(), node.description()].into_iter().flatten() {
            let _ = writeln!(words, "{text}");
        }
    }
    words
}

#[test]
fn a_session_answered_right_by_the_keyboard_ends_with_all_points() {
    let mut harness = tasks(FOUR, "srtf", 1);
    harness.key_press(Key::P);
    harness.run();
    let count = next(&harness).questions.len();
    assert_eq!(count, 5, "three decisions and two arrivals that change nothing");
    for question in 0..count {
        assert_eq!(next(&harness).at, question);
        let asked = next(&harness).question().expect("not over").clone();
        assert_eq!(harness.state().state.view.cursor, asked.at.0);
        let place = asked.candidates.iter().position(|job| *job == asked.right).expect("it is among them");
        let digits = [Key::Num1, Key::Num2, Key::Num3, Key::Num4];
        harness.key_press(digits[place]);
        harness.run();
        assert!(next(&harness).given.as_ref().is_some_and(|given| given.remark.is_none()));
        assert!(harness.query_by_label_contains("Right:").is_some());
        harness.key_press(Key::Enter);
        harness.run();
    }
    assert!(harness.query_by_label("100 % right").is_some());
    assert_eq!((next(&harness).score(), next(&harness).streaks()), ((5, 5), (5, 5)));
    let (all, shown) = (whole(&harness), harness.state().state.snapshot.clone().expect("a run"));
    assert!(std::sync::Arc::ptr_eq(&all, &shown), "everything is shown again");
    harness.key_press(Key::Q);
    harness.run();
    assert!(harness.state().state.predict.is_none());
}

#[test]
fn a_wrong_answer_is_named_counted_and_explained() {
    let mut harness = tasks(FOUR, "srtf", 1);
    wants(&mut harness, Act::Ask(Ask { single: false, arrivals: false }));
    wants(&mut harness, Act::Begin(Way::Next));
    harness.get_by_label("Choose P2").click();
    harness.run();
    assert_eq!(next(&harness).outcomes, [Outcome::Right]);
    harness.get_by_label_contains("Next question").click();
    harness.run();
    // At 5 ms P1 has 7 ms left, P3 9 and P4 5; the first that came is what fcfs would choose.
    assert!(harness.query_by_label("t = 5ms: who runs now?").is_some());
    harness.get_by_label("Choose P1").click();
    harness.run();
    assert_eq!(next(&harness).outcomes, [Outcome::Right, Outcome::Wrong(Mistake::OtherPolicy)]);
    for words in ["Another policy. Right is P4.", "`fcfs`", "least remaining work", "1 ×"] {
        assert!(harness.query_all_by_label_contains(words).next().is_some(), "{words}\n{}", said(&harness));
    }
    assert_eq!(next(&harness).streaks(), (0, 1));
    harness.get_by_label_contains("Next question").click();
    harness.run();
    harness.key_press(Key::K);
    harness.run();
    assert_eq!(next(&harness).outcomes.len(), 3);
    assert!(harness.query_by_label("50 % right").is_some(), "what is passed over does not count");
    wants(&mut harness, Act::Restart);
    assert!(next(&harness).outcomes.is_empty() && next(&harness).at == 0);
    harness.key_press(Key::V);
    harness.run();
    assert_eq!(next(&harness).outcomes, [Outcome::Shown]);
    assert!(harness.query_by_label("It is P2.").is_some());
}

/// Each named mistake of a single decision can be made in the window, in both languages.
#[test]
fn every_mistake_of_a_decision_can_be_made() {
    let ties = "task,arrival,cpu\nP1,0,3\nP2,1,5\nP3,2,5\nP4,2,2\n";
    let middle = "task,arrival,cpu\nP1,0,3\nP2,1,9\nP3,1,5\nP4,1,7\nP5,1,6\n";
    for (list, policy, cores, at, pick, mistake, english, german) in [
        (FOUR, "srtf", 1, 5, Pick::Job(1), Mistake::NotReady, "Not in the ready queue", "Warteschlange"),
        (FOUR, "srtf", 1, 2, Pick::Job(3), Mistake::BeforeArrival, "Before its arrival", "Vor der Ankunft"),
        (FOUR, "srtf", 1, 5, Pick::Nobody, Mistake::Idle, "Idle while", "Leer, obwohl"),
        (FOUR, "sjf", 1, 1, Pick::Job(1), Mistake::Interrupted, "Interrupted", "Unterbrochen"),
        (FOUR, "srtf", 1, 5, Pick::Job(0), Mistake::OtherPolicy, "Another policy", "Andere Strategie"),
        (ties, "sjf", 1, 5, Pick::Job(2), Mistake::TieRule, "Tie rule ignored", "Gleichstandsregel"),
        (FOUR, "srtf", 2, 3, Pick::Job(0), Mistake::Overlap, "Two at once", "Zwei zugleich"),
        (middle, "sjf", 1, 3, Pick::Job(3), Mistake::WrongTask, "Wrong task", "Falscher Task"),
    ] {
        let mut harness = tasks(list, policy, cores);
        wants(&mut harness, Act::Begin(Way::Next));
        while next(&harness).question().expect("it is asked").at.0 < at * 1_000_000 {
            wants(&mut harness, Act::Skip);
        }
        let name = match pick {
            Pick::Nobody => "Nobody: idle".to_owned(),
            Pick::Job(job) => whole(&harness).job_name(job as u32),
        };
        let offered = next(&harness).question().expect("asked").candidates.clone();
        match pick {
            Pick::Job(job) if !offered.contains(&job) => {
                harness.get_by_label("Another task").click();
                harness.run();
                harness.get_by_role_and_label(Role::Button, &name).click();
            }
            Pick::Job(_) => harness.get_by_label(&format!("Choose {name}")).click(),
            Pick::Nobody => harness.get_by_label(&name).click(),
        }
        harness.run();
        let found = next(&harness).outcomes.last().copied();
        assert_eq!(found, Some(Outcome::Wrong(mistake)), "{policy} at {at}");
        assert!(said(&harness).contains(english), "{english}");
        act(&mut harness, Action::Language(Language::German));
        assert!(said(&harness).contains(german), "{german}");
    }
}

/// At every question no pane knows an instant, a stretch, a job or a number that lies behind it.
#[test]
fn nothing_of_the_future_is_to_be_seen() {
    for (list, policy, cores) in [(FOUR, "round-robin:quantum=2ms", 1), (FOUR, "srtf", 2), (FOUR, "sjf", 1)] {
        let mut harness = tasks(list, policy, cores);
        wants(&mut harness, Act::Ask(Ask { single: true, arrivals: true }));
        wants(&mut harness, Act::Begin(Way::Next));
        let whole = whole(&harness);
        while let Some(question) = next(&harness).question().cloned() {
            let known = harness.state().state.snapshot.clone().expect("a run");
            let at = question.at;
            let trace = known.trace();
            assert_eq!((known.end().max(1), trace.end), (at.0.max(1), at));
            assert!(trace.segments.iter().all(|segment| segment.start <= at && segment.end.0 <= at.0 + 1));
            assert!(trace.stays.iter().all(|stay| stay.start <= at && stay.end.0 <= at.0 + 1));
            assert!(trace.decisions.iter().all(|decision| decision.at <= at));
            assert!(trace.jobs.iter().all(|job| job.arrival <= at && job.finish.is_none_or(|f| f <= at)));
            assert!(known.events().iter().all(|event| event.at <= at.0));
            assert!(known.result.summary.is_empty() && known.result.digest.is_none());
            // Who is to be chosen does not run yet, unless it goes on.
            let runs = trace.segments.iter().any(|s| s.job == question.right && s.end.0 > at.0);
            assert_eq!(
                runs,
                question.running.contains_key(&question.right),
                "{policy} at {at}: {question:?}"
            );
            for pane in [
                Pane::Network,
                Pane::Live,
                Pane::Why,
                Pane::Events,
                Pane::Metrics,
                Pane::Plots,
                Pane::Race,
                Pane::Batch,
            ] {
                act(&mut harness, Action::Show(pane));
                let words = said(&harness);
                let later = whole.trace().segments.iter().map(|segment| segment.end);
                let later = later.filter(|end| end.0 > at.0).map(|end| end.to_string());
                // Times of the axis and of jobs' sizes are no events.
                for end in later.filter(|end| end.len() > 3) {
                    let told = words.lines().any(|line| line == end || line.contains(&format!("at {end}")));
                    assert!(!told, "{pane:?} at {at} knows {end}:\n{words}");
                }
                let finished = format!("{} completed", whole.job_name(question.right as u32));
                assert!(!words.contains(&finished));
            }
            for export in [Export::Json, Export::Svg] {
                act(&mut harness, Action::Export(export));
                assert!(harness.state().state.overlays.save.is_none(), "{export:?}");
            }
            wants(&mut harness, Act::Answer(Pick::Job(question.right)));
            wants(&mut harness, Act::Go);
        }
    }
}

/// Who is chosen at an instant still waits in the queue with all others; on the core are only those who were there.
#[test]
fn the_queue_does_not_tell_who_is_next() {
    let list = "task,arrival,cpu\nP1,0,4\nP2,0,2\nP3,0,3\nP4,1,1\n";
    for (policy, cores, at_first) in [
        ("sjf", 1, "cpu: 0: idle. queue 3 P1, P2, P3"),
        ("round-robin", 2, "cpu: 0: idle, 1: idle. queue 3 P1, P2, P3"),
    ] {
        let mut harness = tasks(list, policy, cores);
        wants(&mut harness, Act::Begin(Way::Draw));
        act(&mut harness, Action::Show(Pane::Live));
        assert!(harness.query_by_label(at_first).is_some(), "{policy}: {}", said(&harness));
        wants(&mut harness, Act::Begin(Way::Next));
        assert!(harness.query_by_label(at_first).is_some(), "{policy}: {}", said(&harness));
    }
    let mut harness = tasks(list, "srtf", 1);
    wants(&mut harness, Act::Begin(Way::Next));
    wants(&mut harness, Act::Choose(1));
    assert!(harness.query_by_label("cpu: 0: P2. queue 2 P1, P3").is_some(), "{}", said(&harness));
    wants(&mut harness, Act::Go);
    // P4 needs as little as P2 has left: who runs stays.
    assert!(harness.query_by_label("cpu: 0: P2. queue 3 P1, P3, P4").is_some(), "{}", said(&harness));
}

#[test]
fn another_policy_is_predicted_from_the_start_and_the_end_gives_everything_back() {
    let mut harness = tasks(FOUR, "srtf", 1);
    act(&mut harness, Action::Race(vec!["fcfs".to_owned()]));
    let before = whole(&harness);
    wants(&mut harness, Act::Begin(Way::Next));
    assert!(harness.state().state.race.result.is_none(), "a race would show the schedule");
    wants(&mut harness, Act::Reveal);
    let setup = harness.state().state.setup().expect("open").with_policy(None, "sjf");
    act(&mut harness, Action::Change { what: String::new(), setup: Box::new(setup) });
    assert!(next(&harness).outcomes.is_empty());
    assert_eq!(whole(&harness).loaded.policy, "sjf");
    act(&mut harness, Action::Undo);
    wants(&mut harness, Act::Leave);
    let state = &harness.state().state;
    let shown = state.snapshot.as_ref().expect("a run");
    assert_eq!((shown.known, shown.result.digest), (None, before.result.digest));
    assert!(state.race.result.is_some(), "the race is there again");
    // Something else ends it.
    wants(&mut harness, Act::Begin(Way::Next));
    act(&mut harness, Action::Open("convoy".to_owned()));
    assert!(harness.state().state.predict.is_none());
}

#[test]
fn where_chance_or_nobody_decides_it_says_so() {
    for (policy, way, words) in [
        ("lottery", Way::Next, "random"),
        ("ps", Way::Next, "no scheduler"),
        ("ps", Way::Draw, "shares"),
        ("lottery", Way::Draw, "random"),
    ] {
        let mut harness = tasks(FOUR, policy, 1);
        harness.state_mut().apply(Action::Predict(Act::Begin(way)));
        let state = &harness.state().state;
        assert!(state.predict.is_none());
        assert!(state.news.iter().any(|(good, text)| !good && text.contains(words)), "{:?}", state.news);
    }
    let mut harness = opened("web-shop");
    crate::support::until(&mut harness, "300ms");
    harness.state_mut().apply(Action::Predict(Act::Begin(Way::Draw)));
    assert!(harness.state().state.predict.is_none(), "only task lists can be drawn");
    let news = &harness.state().state.news;
    assert!(news.iter().any(|(_, text)| text.contains("you can say which task is next")), "{news:?}");
    harness.state_mut().apply(Action::Predict(Act::Begin(Way::Next)));
    assert!(harness.state().state.predict.is_some(), "{:?}", harness.state().state.news);
    assert!(next(&harness).questions.len() > 3, "decisions of a scenario can be predicted");
}

/// Draws the right schedule, a unit at a time, by the keyboard.
fn draw_right(harness: &mut Window) {
    let whole = whole(harness);
    let runs = whole.trace().segments.iter().filter(|segment| segment.kind == SegmentKind::Run);
    for segment in runs.filter(|segment| segment.processor == 0) {
        let unit = draw(harness).unit;
        let task = whole.task_of(segment.job as u32);
        let place = draw(harness).tasks.iter().position(|of| *of == task).expect("a task");
        let stroke = Stroke::To(segment.core, (segment.start.0 / unit) as usize);
        harness.state_mut().apply(Action::Predict(Act::Draw(stroke)));
        for _ in 0..(segment.end.0 - segment.start.0) / unit {
            harness.state_mut().apply(Action::Predict(Act::Draw(Stroke::Type(Some(place)))));
        }
    }
    harness.run();
}

#[test]
fn a_right_drawing_has_all_points_on_one_core_and_on_two() {
    for (policy, cores) in [("round-robin:quantum=3ms", 1), ("srtf", 2), ("sjf", 1)] {
        let mut harness = tasks(FOUR, policy, cores);
        wants(&mut harness, Act::Begin(Way::Draw));
        draw_right(&mut harness);
        wants(&mut harness, Act::Go);
        let grade = draw(&harness).grade.clone().expect("graded");
        assert!(grade.score() >= 1.0 && grade.remarks.is_empty(), "{policy}: {:?}", grade.remarks);
        assert!(harness.query_by_label_contains("All right").is_some());
        let spoken = said(&harness);
        assert!(spoken.contains("Drawing. core 0: P1 0–"), "{spoken}");
    }
}

const LEAVE: &str = "task,arrival,program\nP1,0,cpu 2; io 4; cpu 2\nP2,0,cpu 3; io 2; cpu 1\nP3,1,cpu 5\n";

/// The cores are drawn; when tasks are away for I/O follows from that, right or wrong.
#[test]
fn a_drawing_of_tasks_with_io_shows_when_they_are_away() {
    for (device, away, wrong_away) in [
        ("parallel", "P1 away: I/O 2ms–6ms; P2 away: I/O 5ms–7ms", "P2 away: I/O 3ms–5ms"),
        ("fcfs", "P1 away: I/O 2ms–6ms; P2 away: waits 5ms–6ms, I/O 6ms–8ms", "P2 away: I/O 3ms–5ms"),
    ] {
        let mut harness = tasks(LEAVE, "fcfs", 1);
        let mut setup = harness.state().state.setup().expect("open").clone();
        setup.options.io_device = Some(device.to_owned());
        act(&mut harness, Action::Change { what: String::new(), setup: Box::new(setup) });
        wants(&mut harness, Act::Begin(Way::Draw));
        let names = said(&harness);
        assert!(names.contains("2ms, I/O 4ms, 2ms"), "the card says what a task does: {names}");
        draw_right(&mut harness);
        let spoken = said(&harness);
        assert!(spoken.contains(away), "{device}: {spoken}");
        wants(&mut harness, Act::Go);
        let grade = draw(&harness).grade.clone().expect("graded");
        assert!(grade.score() >= 1.0 && grade.remarks.is_empty(), "{device}: {:?}", grade.remarks);
        // P2 first, and P1 in one piece.
        wants(&mut harness, Act::Draw(Stroke::Clear));
        for (task, from, to) in [(1, 0, 2), (0, 3, 6), (2, 7, 11), (1, 12, 12)] {
            wants(&mut harness, Act::Choose(task));
            wants(&mut harness, Act::Draw(Stroke::Line { core: 0, from, to, same: false }));
        }
        wants(&mut harness, Act::Reveal);
        let spoken = said(&harness);
        assert!(spoken.contains(wrong_away), "{device}: {spoken}");
        wants(&mut harness, Act::Go);
        let grade = draw(&harness).grade.clone().expect("graded");
        let found: Vec<Mistake> = grade.remarks.iter().map(|remark| remark.mistake).collect();
        assert_eq!(
            found,
            [Mistake::WhileBlocked, Mistake::TieRule, Mistake::WrongTask],
            "{:?}",
            grade.remarks
        );
        assert!(said(&harness).contains("Runs during its I/O"));
    }
}

/// On two cores it does not matter which of the free ones a task is given, but who goes on stays.
#[test]
fn cores_are_alike_in_a_drawing() {
    let mut harness = tasks(FOUR, "edf", 2);
    wants(&mut harness, Act::Begin(Way::Draw));
    draw_right(&mut harness);
    let cells = draw(&harness).cells.clone();
    for (wanted, move_from, mistakes) in [(true, 0, 0), (false, 2, 2)] {
        let mut harness = tasks(FOUR, "edf", 2);
        wants(&mut harness, Act::Begin(Way::Draw));
        for (core, row) in cells.iter().enumerate() {
            for (column, cell) in row.iter().enumerate().filter(|(_, cell)| cell.is_some()) {
                let core = if column < move_from { core } else { 1 - core };
                let stroke = Stroke::To(core as u32, column);
                harness.state_mut().apply(Action::Predict(Act::Draw(stroke)));
                harness.state_mut().apply(Action::Predict(Act::Draw(Stroke::Type(*cell))));
            }
        }
        wants(&mut harness, Act::Go);
        let grade = draw(&harness).grade.clone().expect("graded");
        assert_eq!(grade.score() >= 1.0, wanted, "{:?}", grade.remarks);
        let moved = grade.remarks.iter().filter(|remark| remark.mistake == Mistake::Migrated);
        assert_eq!((moved.count(), grade.remarks.len()), (mistakes, mistakes), "{:?}", grade.remarks);
    }
}

/// A sheet with I/O and two cores is the command line's, and its key shows when tasks are away.
#[test]
fn a_sheet_has_cores_and_io() {
    let mut harness = opened("convoy");
    act(&mut harness, Action::Show(Pane::Exercise));
    let wish = Wish { seed: 7, cores: 2, io: Some(IoDevice::Fcfs), ..Wish::default() };
    wants(&mut harness, Act::Wish(wish.clone()));
    wants(&mut harness, Act::Key(true));
    let shown = said(&harness);
    let command =
        "exercise --policy round-robin --seed 7 --tasks 4 --cores 2 --io --io-device fcfs --answers";
    for words in [command, "2 cores with I/O, problem 7", "One device serves it", "core 1: P", "P1: io "] {
        assert!(shown.contains(words), "{words}\n{shown}");
    }
    let csv =
        String::from_utf8(bytes(Export::SheetCsv, &harness.state().state).expect("rows")).expect("text");
    let exercise = make(&wish).expect("a problem");
    let answer = experiments::exercise::read_answer(&csv).expect("an answer");
    assert!(experiments::exercise::grade(&exercise.problem(), &answer).score() >= 1.0);
    wants(&mut harness, Act::Solve(Way::Draw));
    draw_right(&mut harness);
    wants(&mut harness, Act::Go);
    assert!(draw(&harness).grade.as_ref().is_some_and(|grade| grade.score() >= 1.0));
}

#[test]
fn a_drawing_is_typed_undone_checked_and_compared() {
    let mut harness = tasks(FOUR, "srtf", 1);
    harness.key_press_modifiers(Modifiers::SHIFT, Key::P);
    harness.run();
    // The grid has the focus: 1 is P1, a step back takes it away again.
    for key in [Key::Num1, Key::Num1, Key::Num2, Key::Backspace, Key::Num1] {
        harness.key_press(key);
        harness.run();
    }
    assert_eq!(draw(&harness).cells[0][..4], [Some(0), Some(0), Some(0), None]);
    assert!(draw(&harness).can_undo());
    // Where frames are slow several keys come at once: all count, in their order.
    for key in [Key::Num3, Key::Num2, Key::Num2, Key::ArrowLeft, Key::Backspace] {
        harness.key_press(key);
    }
    harness.run();
    assert_eq!(draw(&harness).cells[0][3..6], [Some(2), None, Some(1)]);
    for _ in 0..4 {
        harness.key_press_modifiers(Modifiers::COMMAND, Key::Z);
    }
    harness.run();
    harness.key_press(Key::ArrowLeft);
    harness.run();
    harness.key_press_modifiers(Modifiers::COMMAND, Key::Z);
    harness.run();
    assert_eq!(draw(&harness).cells[0][..4], [Some(0), Some(0), None, None]);
    harness.key_press_modifiers(Modifiers::COMMAND | Modifiers::SHIFT, Key::Z);
    harness.run();
    assert_eq!(draw(&harness).drawn(0), 3);
    assert_eq!(harness.state().state.setup().map(Setup::short_name), Some("tasks"));
    // First come, first served instead: P1 8 ms, P2 4, P3 9, P4 5.
    for (task, from, to) in [(0, 0, 7), (1, 8, 11), (2, 12, 20), (3, 21, 25)] {
        wants(&mut harness, Act::Choose(task));
        let line = Stroke::Line { core: 0, from, to, same: false };
        wants(&mut harness, Act::Draw(line));
    }
    harness.key_press(Key::Enter);
    harness.run();
    let grade = draw(&harness).grade.clone().expect("graded");
    assert_eq!(grade.first_wrong_ns, Some(1_000_000));
    assert!(grade.remarks.iter().any(|remark| remark.mistake == Mistake::OtherPolicy), "{grade:?}");
    let words = said(&harness);
    for expected in ["Another policy", "`fcfs`", "Wrong task", "Why, at 1ms"] {
        assert!(words.contains(expected), "{expected}\n{words}");
    }
    harness.get_by_label("Show the answer").click();
    harness.run();
    assert!(draw(&harness).shown);
    harness.get_by_label("Clear").click();
    harness.run();
    assert!(draw(&harness).is_empty() && draw(&harness).grade.is_none());
    // Keys that draw nothing are commands, also while the grid has the focus.
    wants(&mut harness, Act::Begin(Way::Draw));
    harness.key_press(Key::V);
    harness.run();
    assert!(draw(&harness).shown);
    harness.key_press(Key::Q);
    harness.run();
    assert!(harness.state().state.predict.is_none());
}

#[test]
fn a_drag_draws_on_one_core_and_is_one_step() {
    let mut harness = tasks(FOUR, "srtf", 2);
    wants(&mut harness, Act::Begin(Way::Draw));
    harness.get_by_label("Draw with P3").click();
    harness.run();
    let grid = harness.get_by_role(Role::Canvas).rect();
    let columns = draw(&harness).columns() as f32;
    let cell = (grid.width() - 74.0) / columns;
    let at = |column: f32, core: f32| {
        grid.left_top() + egui::vec2(62.0 + (column + 0.5) * cell, 36.0 + (core + 0.5) * 39.0)
    };
    harness.drag_at(at(2.0, 1.0));
    harness.run();
    harness.hover_at(at(4.0, 1.0));
    harness.run();
    harness.hover_at(at(6.0, 0.0));
    harness.run();
    harness.drop_at(at(6.0, 0.0));
    harness.run();
    let cells = draw(&harness).cells.clone();
    assert_eq!(cells[1][1..8], [None, Some(2), Some(2), Some(2), Some(2), Some(2), None], "{cells:?}");
    assert_eq!(cells[0].iter().flatten().count(), 0, "a drag stays on its core");
    act(&mut harness, Action::Undo);
    assert!(draw(&harness).is_empty(), "one drag is one step");
}

/// The block of the tutorial that follows a command, as the tests of the command line keep it.
fn tutorial(command: &str) -> String {
    let text = include_str!("../../../docs/tutorial.md");
    let after = text.split_once(&format!("$ {command}\n")).expect("the tutorial has it").1;
    let lines = after.lines().take_while(|line| !line.starts_with("$ ") && !line.starts_with("```"));
    lines.collect::<Vec<_>>().join("\n").trim_end().to_owned()
}

#[test]
fn a_sheet_is_the_command_lines_and_is_solved_here() {
    let mut harness = opened("convoy");
    act(&mut harness, Action::Show(Pane::Exercise));
    let wish = Wish { policy: "round-robin".to_owned(), seed: 7, ..Wish::default() };
    wants(&mut harness, Act::Wish(wish.clone()));
    for (key, command) in [(false, ""), (true, " --answers")] {
        wants(&mut harness, Act::Key(key));
        let text = bytes(Export::SheetText, &harness.state().state).expect("a sheet");
        let expected = tutorial(&format!("dispatchlab exercise --policy round-robin --seed 7{command}"));
        assert_eq!(String::from_utf8_lossy(&text).trim_end(), expected);
        let shown = said(&harness);
        assert!(shown.contains("problem 7") && shown.contains("response 9.25 ms") == key, "{shown}");
        let page = bytes(Export::SheetHtml, &harness.state().state).expect("a page");
        let page = String::from_utf8_lossy(&page);
        assert!(page.contains("--seed 7") && page.contains("<svg") == key);
    }
    let csv = |harness: &Window| {
        String::from_utf8(bytes(Export::SheetCsv, &harness.state().state).expect("rows")).expect("text")
    };
    assert!(csv(&harness).starts_with("core,start,end,task\n0,0,3,P1\n0,3,6,P2\n"), "{}", csv(&harness));
    let exercise = make(&wish).expect("a problem");
    let answer = experiments::exercise::read_answer(&csv(&harness)).expect("an answer");
    assert!(experiments::exercise::grade(&exercise.problem(), &answer).score() >= 1.0);
    wants(&mut harness, Act::Key(false));
    assert_eq!(csv(&harness), exercise.list());

    harness.get_by_label("Solve the sheet: Draw the schedule").click();
    harness.run();
    let run = whole(&harness);
    assert_eq!(run.trace(), &exercise.trace, "the run is the key's");
    assert_eq!(
        (run.setup.short_name(), run.loaded.policy.as_str()),
        ("round-robin-7", "round-robin:quantum=3ms")
    );
    draw_right(&mut harness);
    wants(&mut harness, Act::Go);
    assert!(draw(&harness).grade.as_ref().is_some_and(|grade| grade.score() >= 1.0));
    wants(&mut harness, Act::Solve(Way::Next));
    assert!(next(&harness).questions.len() >= 5);
}

#[test]
fn a_sheet_that_cannot_be_made_says_why() {
    let mut harness = opened("convoy");
    act(&mut harness, Action::Show(Pane::Exercise));
    wants(&mut harness, Act::Wish(Wish { policy: "ps".to_owned(), ..Wish::default() }));
    assert!(said(&harness).contains("shares the cores"));
    assert!(bytes(Export::SheetHtml, &harness.state().state).is_err());
}
