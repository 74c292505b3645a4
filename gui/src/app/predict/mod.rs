//! Predicting: which task next, or the whole schedule drawn. While somebody predicts, the state's run is one that ends at the
//! instant that is asked about ([`crate::model::veil`]), so that no view can tell more.

pub mod draw;
pub mod sheet;

use super::action::Action;
use super::panes::Pane;
use super::state::{BatchResult, Compared, State, Window};
use crate::files::Export;
use crate::model::snapshot::Snapshot;
use crate::model::veil::Veil;
use crate::tr;
use draw::{Draw, Stroke};
use experiments::Decisions;
use experiments::exercise::{
    Ask, ExerciseError, MAX_JOBS, Mistake, Pick, Problem, Question, Remark, Wish, judge, questions,
};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Tasks that are offered beside the candidates, at most.
const OTHERS: usize = 12;

/// Which way to predict.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Way {
    /// One decision after the other.
    Next,
    /// The whole schedule.
    Draw,
}

/// What somebody who predicts can want.
#[derive(Clone, PartialEq, Debug)]
pub enum Act {
    /// Begin with what is open.
    Begin(Way),
    /// See everything again.
    Leave,
    /// From the start.
    Restart,
    /// The candidate at this place, from 0; in a drawing the task to draw with.
    Choose(usize),
    /// This answer; in a drawing nobody is the eraser.
    Answer(Pick),
    /// Show what the policy goes by, or not.
    Hint,
    /// Show the answer.
    Reveal,
    /// To the next question without an answer.
    Skip,
    /// To the next question; a drawing is graded.
    Go,
    /// Which decisions are asked for.
    Ask(Ask),
    /// Draw.
    Draw(Stroke),
    /// Another sheet.
    Wish(Wish),
    /// Show the sheet's key, or not.
    Key(bool),
    /// Open the sheet's tasks and predict.
    Solve(Way),
}

/// What became of a question.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// Answered, and right.
    Right,
    /// Answered, and wrong in this way.
    Wrong(Mistake),
    /// Given up: the answer was shown.
    Shown,
    /// Passed over.
    Skipped,
}

/// The answer to the question on show.
#[derive(Clone, PartialEq, Debug)]
pub struct Given {
    /// What was answered; `None`: nothing, the answer was asked for.
    pub pick: Option<Pick>,
    /// What is wrong with it.
    pub remark: Option<Remark>,
}

/// One decision after the other.
#[derive(Clone, PartialEq, Debug)]
pub struct Next {
    /// All questions, in order.
    pub questions: Vec<Question>,
    /// Which of them is on show; past the last one it is over.
    pub at: usize,
    /// Its answer, when there is one.
    pub given: Option<Given>,
    /// What became of those before, and of the one on show if it is answered.
    pub outcomes: Vec<Outcome>,
    /// Whether the policy's keys are shown.
    pub hint: bool,
}

impl Next {
    /// The question on show; `None` when it is over.
    pub fn question(&self) -> Option<&Question> {
        self.questions.get(self.at)
    }

    /// Right answers, and questions that were not passed over.
    pub fn score(&self) -> (usize, usize) {
        let right = self.outcomes.iter().filter(|outcome| **outcome == Outcome::Right).count();
        let asked = self.outcomes.iter().filter(|outcome| **outcome != Outcome::Skipped).count();
        (right, asked)
    }

    /// Right answers in a row, up to now and at most.
    pub fn streaks(&self) -> (usize, usize) {
        let (mut now, mut most) = (0, 0);
        for outcome in &self.outcomes {
            match outcome {
                Outcome::Right => now += 1,
                Outcome::Skipped => {}
                Outcome::Wrong(_) | Outcome::Shown => now = 0,
            }
            most = most.max(now);
        }
        (now, most)
    }

    /// How often each mistake was made.
    pub fn mistakes(&self) -> BTreeMap<Mistake, usize> {
        let mut counts = BTreeMap::new();
        for outcome in &self.outcomes {
            if let Outcome::Wrong(mistake) = outcome {
                *counts.entry(*mistake).or_default() += 1;
            }
        }
        counts
    }
}

/// What is predicted.
pub enum Mode {
    /// One decision after the other.
    Next(Next),
    /// The whole schedule.
    Draw(Draw),
}

/// A prediction under way.
pub struct Predict {
    /// The whole run, which nothing else of the window has meanwhile.
    pub whole: Arc<Snapshot>,
    /// What is predicted.
    pub mode: Mode,
    before: Option<Arc<Snapshot>>,
    batch: Option<Arc<BatchResult>>,
    compared: Option<Arc<Compared>>,
}

impl Predict {
    /// The decisions that are asked for, one after the other.
    pub fn next(&self) -> Option<&Next> {
        match &self.mode {
            Mode::Next(next) => Some(next),
            Mode::Draw(_) => None,
        }
    }

    /// The drawing.
    pub fn draw(&self) -> Option<&Draw> {
        match &self.mode {
            Mode::Draw(draw) => Some(draw),
            Mode::Next(_) => None,
        }
    }

    /// The way it is predicted.
    pub fn way(&self) -> Way {
        if self.draw().is_some() { Way::Draw } else { Way::Next }
    }

    /// Jobs that are no candidates, as far as they may be known: of a task list all, else those that came.
    pub fn others(&self, question: &Question) -> Vec<u64> {
        let trace = self.whole.trace();
        let listed = self.whole.setup.is_task_list() && trace.jobs.iter().all(|job| job.job == 1);
        let known = trace.jobs.iter().filter(|job| listed || job.arrival <= question.at);
        let known = known.filter(|job| listed || job.finish.is_none_or(|finish| finish > question.at));
        let others = known.map(|job| job.number).filter(|job| !question.candidates.contains(job));
        others.take(OTHERS).collect()
    }
}

/// A run as a problem that can be drawn.
pub fn problem(snapshot: &Snapshot) -> Result<Problem<'_>, ExerciseError> {
    let setup = &snapshot.setup;
    Problem::of(&setup.input, &setup.options, snapshot.model(), snapshot.trace())
}

/// Why something cannot be done while the run is not known: it would tell, or take a part for the whole.
pub fn forbids(state: &State, action: &Action) -> bool {
    let tells = |export: &Export| {
        !matches!(export, Export::Input | Export::SheetHtml | Export::SheetCsv | Export::SheetText)
    };
    state.predict.is_some()
        && match action {
            Action::Export(export) | Action::Save(export, _) | Action::BrowseSave(export) => tells(export),
            Action::AskFork | Action::Fork | Action::RunBatch | Action::RunRace | Action::Race(_) => true,
            _ => false,
        }
}

/// Whether something is predicted.
pub fn is_on(state: &State) -> bool {
    state.predict.is_some()
}

fn next(state: &State) -> Option<&Next> {
    state.predict.as_ref()?.next()
}

/// Whether an answer is waited for.
pub fn is_asked(state: &State) -> bool {
    next(state).is_some_and(|next| next.question().is_some() && next.given.is_none())
}

/// Whether there is something to check, or to go on to.
pub fn can_go(state: &State) -> bool {
    is_on(state) && next(state).is_none_or(|next| next.given.is_some())
}

/// Whether an answer can be shown.
pub fn can_reveal(state: &State) -> bool {
    is_asked(state) || is_on(state) && next(state).is_none()
}

/// Whether there is a candidate, or a task to draw with, at a place.
pub fn can_choose(state: &State, place: usize) -> bool {
    let Some(predict) = &state.predict else { return false };
    match &predict.mode {
        Mode::Next(next) => {
            is_asked(state) && next.question().is_some_and(|question| place < question.candidates.len())
        }
        Mode::Draw(draw) => place < draw.tasks.len(),
    }
}

/// Whether nobody is an answer, or can be drawn.
pub fn can_nobody(state: &State) -> bool {
    can_choose(state, 0)
}

/// Begins to predict what is open.
pub fn begin(state: &mut State, way: Way) {
    leave(state);
    let Some(whole) = state.snapshot.clone() else {
        state.news.push((false, tr!("predict-empty")));
        return;
    };
    // Questions need the grounds of every decision, of which a large run has only the first.
    let whole = if whole.is_explained() || whole.trace().jobs.len() > MAX_JOBS {
        whole
    } else {
        match Snapshot::compute(&whole.setup, Decisions::Explained, None, &|_| true) {
            Ok(explained) => Arc::new(explained),
            Err(_) => whole,
        }
    };
    let mode = match way {
        Way::Next => ask(state.ask, &whole).map(Mode::Next),
        Way::Draw => problem(&whole).and_then(|problem| Draw::new(&problem)).map(Mode::Draw),
    };
    match mode {
        Ok(mode) => {
            let predict = Predict {
                whole,
                mode,
                before: state.before.take(),
                batch: state.batch.result.take(),
                compared: state.race.repeated.result.take(),
            };
            state.predict = Some(predict);
            state.race.result = None;
            state.overlays = super::state::Overlays::default();
            state.show.extend([Pane::Exercise, Pane::Chart, Pane::Live]);
            show(state);
        }
        Err(error) => state.news.push((false, error.to_string())),
    }
}

fn ask(ask: Ask, whole: &Snapshot) -> Result<Next, ExerciseError> {
    if !whole.is_whole() {
        return Err(ExerciseError::TooLong);
    }
    let questions = questions(whole.model(), whole.trace(), ask)?;
    Ok(Next { questions, at: 0, given: None, outcomes: Vec::new(), hint: false })
}

/// Ends the prediction; everything is seen again.
pub fn leave(state: &mut State) {
    let Some(predict) = state.predict.take() else { return };
    let whole = predict.whole;
    state.view.cursor = state.view.cursor.min(whole.end());
    state.view.window = Window::whole(whole.end());
    state.view.selection = None;
    state.snapshot = Some(whole);
    state.before = predict.before;
    state.batch.result = predict.batch;
    state.race.repeated.result = predict.compared;
}

/// Another run takes the place of the one that is predicted: it is predicted from the start.
pub fn renewed(state: &mut State, whole: Arc<Snapshot>) {
    let Some(predict) = &mut state.predict else { return };
    let way = predict.way();
    predict.whole = whole;
    predict.before = None;
    begin(state, way);
}

/// Lets the window know as much of the run as is known.
fn show(state: &mut State) {
    let Some(predict) = &state.predict else { return };
    let whole = Arc::clone(&predict.whole);
    let veil = match &predict.mode {
        Mode::Draw(_) => Some(Veil::All),
        Mode::Next(next) => match (next.question(), &next.given) {
            (Some(question), None) => Some(Veil::Before(question)),
            (Some(question), Some(_)) => Some(Veil::After(question)),
            (None, _) => None,
        },
    };
    let at = veil.map_or(whole.end(), |veil| veil.at().0);
    let shown = match veil {
        Some(veil) => match whole.veiled(veil) {
            Ok(snapshot) => Arc::new(snapshot),
            // A part of a run that was drawn can be drawn.
            Err(_) => return leave(state),
        },
        None => Arc::clone(&whole),
    };
    let over = shown.known.is_none();
    state.snapshot = Some(shown);
    let view = &mut state.view;
    (view.cursor, view.selection, view.playing) = (at, None, false);
    view.window = if over { Window::whole(whole.end()) } else { ahead(at, whole.end()) };
}

/// The part of time that is seen: to a round time beyond what is known, which says nothing of when the run ends.
fn ahead(at: u64, end: u64) -> Window {
    let wanted = (at + at / 10).max(end / 8).max(1);
    let mut decade = 1u64;
    while decade.saturating_mul(10) < wanted {
        decade = decade.saturating_mul(10);
    }
    let steps = [1, 2, 3, 5, 7, 10].map(|step| decade.saturating_mul(step));
    let to = steps.into_iter().find(|to| *to >= wanted).unwrap_or(wanted);
    Window::whole(to)
}

/// Carries out what somebody who predicts wants.
pub fn apply(state: &mut State, act: Act) {
    match act {
        Act::Begin(way) => begin(state, way),
        Act::Leave => leave(state),
        Act::Restart => {
            if let Some(way) = state.predict.as_ref().map(Predict::way) {
                begin(state, way);
            }
        }
        Act::Ask(ask) => {
            state.ask = ask;
            if state.predict.as_ref().is_some_and(|predict| predict.next().is_some()) {
                begin(state, Way::Next);
            }
        }
        Act::Wish(wish) => state.sheet.set(wish),
        Act::Key(shown) => state.sheet.key = shown,
        // Opening is the app's.
        Act::Solve(_) => {}
        act => {
            let Some(predict) = &mut state.predict else { return };
            match &mut predict.mode {
                Mode::Next(next) => {
                    if answered(next, &predict.whole, act) {
                        show(state);
                    }
                }
                Mode::Draw(draw) => draw.apply(&act, &predict.whole),
            }
        }
    }
}

/// Carries an act out; whether more or less is known now.
fn answered(next: &mut Next, whole: &Snapshot, act: Act) -> bool {
    let Some(question) = next.questions.get(next.at) else { return false };
    let act = match act {
        Act::Choose(place) => match question.candidates.get(place) {
            Some(job) => Act::Answer(Pick::Job(*job)),
            None => return false,
        },
        act => act,
    };
    match act {
        Act::Answer(pick) if next.given.is_none() => {
            let remark = judge(whole.model(), whole.trace(), question, pick);
            let outcome = remark.as_ref().map_or(Outcome::Right, |remark| Outcome::Wrong(remark.mistake));
            next.outcomes.push(outcome);
            next.given = Some(Given { pick: Some(pick), remark });
            true
        }
        Act::Reveal if next.given.is_none() => {
            next.outcomes.push(Outcome::Shown);
            next.given = Some(Given { pick: None, remark: None });
            true
        }
        Act::Skip if next.given.is_none() => {
            next.outcomes.push(Outcome::Skipped);
            go_on(next)
        }
        Act::Go if next.given.is_some() => go_on(next),
        Act::Hint => {
            next.hint = !next.hint;
            false
        }
        _ => false,
    }
}

fn go_on(next: &mut Next) -> bool {
    next.at += 1;
    next.given = None;
    true
}
