//! Lessons: what is open of them, what the user did with them, and what their links do.

use super::App;
use super::action::Action;
use super::panes::Pane;
use super::state::{Selection, State, Window};
use crate::model::lessons;
use crate::model::setup::Setup;
use crate::tr;
use scenarios::Diagnostic;
use scenarios::lessons::{Folder, Lesson, Setting, Step};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::sync::Arc;

/// What a user can want of lessons.
#[derive(Clone, PartialEq, Debug)]
pub enum LessonAction {
    /// The list of all.
    List,
    /// One of the library, by its id.
    Open(String),
    /// The next one, or the last one.
    Beside(bool),
    /// What the link with this index does.
    Follow(usize),
    /// Show or hide an answer, by its place among the answers.
    Unfold(usize),
    /// The open lesson is done, or is not.
    Done(bool),
}

/// How far a user is with a lesson.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub enum Progress {
    /// It was opened.
    Begun,
    /// The user says that it is done.
    Done,
}

/// What is open of the lessons.
#[derive(Default)]
pub struct Lessons {
    /// The lesson that is open; none: the list.
    pub open: Option<Arc<Lesson>>,
    /// Answers that are shown.
    pub unfolded: BTreeSet<usize>,
    /// What is to be done once the run is there.
    then: Vec<Action>,
    /// How often a lesson was opened: each time its text begins at the top.
    pub opened: usize,
}

impl App {
    /// Carries out what the user wants of lessons.
    pub(super) fn lesson(&mut self, action: LessonAction) {
        match action {
            LessonAction::List => {
                self.state.lessons.open = None;
                self.state.show.push(Pane::Lessons);
            }
            LessonAction::Open(id) => match lessons::get(&id) {
                Some(lesson) => self.begin(Arc::clone(lesson)),
                None => self.state.news.push((false, tr!("lesson-missing", name = id))),
            },
            LessonAction::Beside(next) => {
                let open = self.state.lessons.open.as_ref().map(|lesson| lesson.id.clone());
                if let Some(lesson) = lessons::beside(open.as_deref(), next) {
                    self.begin(Arc::clone(lesson));
                }
            }
            LessonAction::Follow(index) => {
                let Some(lesson) = self.state.lessons.open.clone() else { return };
                let page = lesson.page(self.state.settings.language.code());
                if let Some(link) = page.links.get(index) {
                    self.follow(&lesson, &link.steps);
                }
            }
            LessonAction::Unfold(index) => {
                let unfolded = &mut self.state.lessons.unfolded;
                if !unfolded.remove(&index) {
                    unfolded.insert(index);
                }
            }
            LessonAction::Done(done) => {
                let Some(lesson) = &self.state.lessons.open else { return };
                let progress = if done { Progress::Done } else { Progress::Begun };
                self.state.settings.lessons.insert(lesson.id.clone(), progress);
            }
        }
    }

    /// Opens a lesson with its first input.
    fn begin(&mut self, lesson: Arc<Lesson>) {
        let state = &mut self.state;
        let progress = state.settings.lessons.entry(lesson.id.clone()).or_insert(Progress::Begun);
        *progress = (*progress).max(Progress::Begun);
        let opened = state.lessons.opened + 1;
        let input = lesson.input(&lesson.opens);
        let settings: Vec<Setting> = lesson.begins.iter().filter_map(setting).cloned().collect();
        let then: Vec<Action> = lesson.begins.iter().flat_map(looked_at).collect();
        state.lessons = Lessons { open: Some(lesson), opened, ..Lessons::default() };
        if let Some(input) = input {
            let name = input.name.clone();
            let mut setup = Setup::new(input);
            for setting in settings {
                setting.apply(&mut setup.options);
            }
            self.start(setup, &name);
        }
        self.state.lessons.then = then;
        self.state.show.push(Pane::Lessons);
        self.look();
    }

    /// A lesson from a folder: as good as one of the library, or what is wrong with it.
    pub(super) fn own_lesson(&mut self, name: &str, found: Result<Folder, Vec<Diagnostic>>) {
        match found.and_then(|folder| Lesson::read(&folder, &experiments::lessons::unit_of)) {
            Ok(lesson) => self.begin(Arc::new(lesson)),
            Err(found) => {
                // The first few: all are on the command line, with their places.
                let words = found
                    .iter()
                    .take(3)
                    .map(|found| format!("{}: {}", found.file, crate::catalog::mistake(found)));
                self.refuse(name, words.collect());
            }
        }
    }

    /// Does what a link does. What is run comes first; where to look, when the run is there.
    fn follow(&mut self, lesson: &Lesson, steps: &[Step]) {
        let opens = match steps.first() {
            Some(Step::Open(name)) => Some(name),
            _ => None,
        };
        let now = self.state.setup().cloned();
        // A step without an input of its own is about the lesson's, not about whatever else is open.
        let own =
            now.clone().filter(|setup| lesson.inputs.values().any(|input| input.name == setup.input.name));
        let mut setup = match (opens, own) {
            (None, Some(own)) => own,
            (name, _) => {
                let Some(input) = lesson.input(name.unwrap_or(&lesson.opens)) else { return };
                Setup::new(input)
            }
        };
        for setting in steps.iter().filter_map(setting) {
            setting.apply(&mut setup.options);
        }
        let same_input = now.as_ref().is_some_and(|now| now.input.name == setup.input.name);
        if !same_input {
            let name = setup.input.name.clone();
            self.start(setup, &name);
        } else if now.as_ref() != Some(&setup) {
            self.apply(Action::Change { what: String::new(), setup: Box::new(setup) });
        }
        let mut then = Vec::new();
        if opens.is_some() {
            then.extend([Action::Race(Vec::new()), Action::Select(None), Action::Fit, Action::Seek(0)]);
            // A link that does not say where looks where the lesson does.
            let sees = steps.iter().any(|step| matches!(step, Step::See(..)));
            let goes = sees || steps.iter().any(|step| matches!(step, Step::At(_)));
            let usual = lesson.begins.iter().filter(|step| match step {
                Step::See(..) => !sees,
                Step::At(_) => !goes,
                _ => false,
            });
            then.extend(usual.flat_map(looked_at));
        }
        for step in steps {
            then.extend(looked_at(step));
        }
        self.state.lessons.then = then;
        self.look();
    }

    /// Does what waits for the run, if it is there.
    pub(super) fn look(&mut self) {
        if self.state.running.is_some() {
            return;
        }
        for action in std::mem::take(&mut self.state.lessons.then) {
            let action = match action {
                Action::Find(task) => Action::Select(first_job(&self.state, &task)),
                other => other,
            };
            self.apply(action);
        }
    }
}

/// What a step puts over an input.
fn setting(step: &Step) -> Option<&Setting> {
    match step {
        Step::Set(setting) => Some(setting),
        _ => None,
    }
}

/// What a step does once the run is there.
fn looked_at(step: &Step) -> Vec<Action> {
    match step {
        Step::Open(_) | Step::Set(_) | Step::Dial(_) => Vec::new(),
        Step::Race(others) => vec![Action::Race(others.clone())],
        Step::At(at) => vec![Action::Seek(*at)],
        Step::See(from, to) => vec![Action::See(Window { from: *from as f64, to: *to as f64 })],
        Step::Play => vec![Action::Play],
        // Which job that is, is known when the run is there.
        Step::Select(task) => vec![Action::Find(task.clone())],
        Step::Show(name) => pane(name).map(Action::Show).into_iter().collect(),
        Step::Replications(count) => vec![Action::Replications(*count), Action::RunBatch],
        Step::Lesson(id) => vec![Action::Lesson(LessonAction::Open(id.clone()))],
    }
}

/// The pane that links call by this name.
pub fn pane(name: &str) -> Option<Pane> {
    Pane::ALL.into_iter().find(|pane| pane.key().trim_start_matches("pane-") == name)
}

/// The first job of a task, with its first stretch.
fn first_job(state: &State, task: &str) -> Option<Selection> {
    let snapshot = state.snapshot.as_ref()?;
    let index = snapshot.model().tasks.iter().position(|name| name == task)? as u32;
    let job = snapshot.trace().jobs.iter().position(|job| job.task == index)? as u32;
    let bar = snapshot.rows.of_job(job).first()?;
    Some(Selection { job, start: bar.start, end: bar.end })
}
