//! Every lesson of the library: it opens from the list by a click, its inputs run, its links do what they say, what it
//! states is so. A new folder is tested without new code.

use crate::support::{act, fresh};
use dispatchlab_gui::App;
use dispatchlab_gui::app::action::Action;
use dispatchlab_gui::app::lessons::{LessonAction, Progress, pane};
use dispatchlab_gui::app::panes::Pane;
use dispatchlab_gui::app::state::{Settings, Window};
use dispatchlab_gui::model::lessons;
use dispatchlab_gui::words::Language;
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use scenarios::lessons::{Block, Lesson, PANES, Page, Setting, Step};

/// A window that is as fresh as new; fonts cost more than everything else.
fn renew(harness: &mut Harness<'_, App>, language: Language) {
    let settings = Settings { language, ..Settings::default() };
    *harness.state_mut() = App::new(settings, None, None);
    harness.run();
}

/// Clicks something that may be out of sight: scrolls there first.
fn click(harness: &mut Harness<'_, App>, label: &str) {
    harness.get_by_label(label).scroll_to_me();
    harness.run();
    harness.get_by_label(label).click();
    harness.run();
    harness.state_mut().wait();
    harness.run();
}

fn open(harness: &mut Harness<'_, App>, id: &str) {
    act(harness, Action::Lesson(LessonAction::Open(id.to_owned())));
}

/// Whether what a link asked for is so now.
fn holds(lesson: &Lesson, step: &Step, steps: &[Step], app: &App) -> bool {
    let state = &app.state;
    let setup = state.setup().expect("something is open");
    let (own, id) = (&state.lessons.open, &lesson.id);
    let shows = |name: &str| {
        let wanted = pane(name).expect("there is such a pane");
        app.tree.active_tiles().iter().any(|tile| app.tree.tiles.get_pane(tile) == Some(&wanted))
    };
    match step {
        Step::Open(name) => {
            let input = lesson.input(name).expect("it was checked when it was read");
            own.as_ref().is_some_and(|open| open.id == *id) && setup.input.name == input.name
        }
        Step::Set(Setting::Policy(policy)) => {
            let policies = &setup.options.policies;
            // A later one for the same station goes over it.
            policies.contains(policy) || policies.iter().any(|other| other.station == policy.station)
        }
        Step::Set(Setting::Key(path, _)) => setup.options.set.iter().any(|(set, _)| set == path),
        Step::Set(Setting::Seed(seed)) => setup.options.seed == Some(*seed),
        Step::Set(Setting::Option(..)) => {
            let mut options = setup.options.clone();
            let Step::Set(setting) = step else { unreachable!() };
            setting.apply(&mut options);
            options == setup.options
        }
        Step::Race(others) => {
            state.race.others == *others && (others.is_empty() || state.race.result.is_some())
        }
        Step::At(at) => state.view.cursor == *at && *at <= state.end(),
        Step::See(from, to) => state.view.window == Window { from: *from as f64, to: *to as f64 },
        Step::Play => state.view.playing,
        Step::Select(_) => state.view.selection.is_some(),
        Step::Show(name) => {
            let last = steps.iter().rposition(|other| other == step) == Some(steps.len() - 1);
            !last || shows(name)
        }
        Step::Replications(count) => {
            state.batch.result.as_ref().is_some_and(|result| result.plan.replications == *count)
        }
        // It is in the text: clicked or not, it changes nothing.
        Step::Dial(_) => true,
        Step::Lesson(id) => own.as_ref().is_some_and(|open| open.id == *id),
    }
}

#[test]
fn a_fresh_window_opens_on_the_list_of_lessons() {
    let mut harness = fresh();
    assert!(lessons::all().count() >= 12, "{}", lessons::all().count());
    for language in Language::ALL {
        renew(&mut harness, language);
        for (number, lesson) in lessons::all().enumerate() {
            let page = lesson.page(language.code());
            assert_eq!(page.language, language.code(), "{} has no text in {language:?}", lesson.id);
            assert!(
                harness.query_by_label(&format!("{}. {}", number + 1, page.title)).is_some(),
                "{} is not in the list",
                lesson.id
            );
        }
    }
}

#[test]
fn every_lesson_opens_from_the_list_and_runs() {
    let mut harness = fresh();
    for language in Language::ALL {
        for (number, lesson) in lessons::all().enumerate() {
            renew(&mut harness, language);
            let page = lesson.page(language.code());
            click(&mut harness, &format!("{}. {}", number + 1, page.title));
            let state = &harness.state().state;
            assert!(state.lessons.open.as_ref().is_some_and(|open| open.id == lesson.id), "{}", lesson.id);
            assert!(state.snapshot.is_some() && state.is_current(), "{}: {:?}", lesson.id, state.mistakes);
            assert_eq!(state.settings.lessons.get(&lesson.id), Some(&Progress::Begun));
            assert!(harness.query_by_label(&page.title).is_some(), "{} shows its title", lesson.id);
        }
    }
}

#[test]
fn every_input_of_every_lesson_runs_without_mistakes() {
    let mut harness = fresh();
    for lesson in lessons::all() {
        open(&mut harness, &lesson.id);
        for input in lesson.inputs.values() {
            act(&mut harness, Action::Open(input.name.clone()));
            let state = &harness.state().state;
            assert!(state.snapshot.is_some() && state.is_current(), "{}: {:?}", input.name, state.mistakes);
            let events = state.snapshot.as_ref().map_or(0, |snapshot| snapshot.result.first.events);
            let most = dispatchlab_gui::model::snapshot::AT_ONCE_EVENTS;
            assert!(events <= most, "{}: {events} events do not fit into a frame", input.name);
        }
    }
}

/// Shows the answers of a page.
fn unfold(harness: &mut Harness<'_, App>, page: &Page) {
    for block in &page.blocks {
        if let Block::Answer { title, .. } = block {
            click(harness, title);
        }
    }
}

#[test]
fn every_link_does_what_it_says() {
    let mut harness = fresh();
    for lesson in lessons::all() {
        let page = lesson.page("en");
        renew(&mut harness, Language::English);
        open(&mut harness, &lesson.id);
        unfold(&mut harness, page);
        for link in &page.links {
            // Another pane of its place may stand before the text.
            act(&mut harness, Action::Show(Pane::Lessons));
            let same = page.links.iter().filter(|other| other.text == link.text).count();
            assert_eq!(same, 1, "{}: two links say `{}`", lesson.id, link.text);
            harness.get_by_label(&link.text).scroll_to_me();
            harness.run();
            harness.get_by_label(&link.text).click();
            // What plays would never settle.
            harness.run_steps(3);
            harness.state_mut().wait();
            let state = &harness.state().state;
            let news = (&state.mistakes, &state.failed, &state.race.trouble, &state.news);
            let quiet = state.is_current() && news.2.is_none() && news.3.is_empty();
            assert!(quiet, "{}, {}: {news:?}", lesson.id, link.target);
            for step in &link.steps {
                let so = holds(lesson, step, &link.steps, harness.state());
                assert!(so, "{}, `{}`: {step:?} is not so", lesson.id, link.target);
            }
            harness.state_mut().state.view.playing = false;
            if link.steps.iter().any(|step| matches!(step, Step::Lesson(_))) {
                open(&mut harness, &lesson.id);
                unfold(&mut harness, page);
            }
        }
    }
}

/// What they do is the same in every language: that is told when a lesson is read.
#[test]
fn every_link_stands_in_every_language() {
    let mut harness = fresh();
    for language in Language::ALL {
        for lesson in lessons::all() {
            let page = lesson.page(language.code());
            renew(&mut harness, language);
            harness.state_mut().apply(Action::Lesson(LessonAction::Open(lesson.id.clone())));
            harness.run();
            unfold(&mut harness, page);
            for link in &page.links {
                let there = harness.query_by_label(&link.text).is_some();
                assert!(there, "{} in {language:?}: `{}`", lesson.id, link.text);
            }
        }
    }
}

#[test]
fn links_name_panes_that_there_are() {
    for name in PANES {
        assert!(pane(name).is_some(), "{name}");
    }
}

#[test]
fn a_lesson_is_done_when_the_user_says_so_and_stays_so() {
    let mut harness = fresh();
    let first = lessons::all().next().expect("there is one");
    let second = lessons::all().nth(1).expect("there are two");
    open(&mut harness, &first.id);
    click(&mut harness, "I have done this lesson");
    let done = harness.state().state.settings.lessons.get(&first.id).copied();
    assert_eq!(done, Some(Progress::Done));
    click(&mut harness, &format!("Next: {}", second.page("en").title));
    assert!(harness.state().state.lessons.open.as_ref().is_some_and(|open| open.id == second.id));
    click(&mut harness, "☰ All lessons");
    assert!(harness.query_all_by_label_contains("1 of ").next().is_some());
    assert!(harness.query_by_label("✔ done").is_some());
    // Opened again it is still done.
    open(&mut harness, &first.id);
    assert_eq!(harness.state().state.settings.lessons.get(&first.id), Some(&Progress::Done));
}

#[test]
fn a_link_without_an_input_of_its_own_is_about_the_lesson() {
    let mut harness = fresh();
    open(&mut harness, "convoy");
    act(&mut harness, Action::Open("stallings".to_owned()));
    let page = lessons::get("convoy").expect("there").page("en").clone();
    assert!(page.links.iter().all(|link| matches!(link.steps[0], Step::Open(_) | Step::Lesson(_))));
    act(&mut harness, Action::Lesson(LessonAction::Follow(0)));
    let state = &harness.state().state;
    assert_eq!(state.setup().map(|setup| setup.input.name.clone()), Some("lessons/convoy/tasks".to_owned()));
}

#[test]
fn a_lesson_of_ones_own_opens_as_a_folder_and_by_its_text() {
    let folder = tempfile::tempdir().expect("a folder");
    let mine = folder.path().join("mine");
    std::fs::create_dir(&mine).expect("made");
    let convoy = scenarios::lessons::library().iter().find(|folder| folder.id == "convoy").expect("there");
    for (file, text) in &convoy.files {
        std::fs::write(mine.join(file), text.as_bytes()).expect("written");
    }
    let mut harness = fresh();
    for path in [mine.clone(), mine.join("lesson.md")] {
        act(&mut harness, Action::Lesson(LessonAction::List));
        act(&mut harness, Action::Open(path.display().to_string()));
        let state = &harness.state().state;
        assert!(state.lessons.open.as_ref().is_some_and(|open| open.id == "mine"), "{:?}", state.news);
        assert!(state.snapshot.is_some());
    }
    std::fs::write(mine.join("facts.toml"), "[[fact]]\nname = \"A\"\n").expect("written");
    act(&mut harness, Action::Lesson(LessonAction::List));
    harness.state_mut().apply(Action::Open(mine.display().to_string()));
    let state = &harness.state().state;
    assert!(state.lessons.open.is_none());
    assert!(state.news.iter().any(|(good, text)| !good && text.contains("is no name")), "{:?}", state.news);
}
