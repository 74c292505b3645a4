//! The engine beside the window. Small runs are made in the frame of the change; larger ones on a worker, the last run
//! staying on show until the new one is there.

use super::repeat::{AT_A_TIME, Wanted, opened, racers};
use super::state::{Batch, BatchResult, Compared, Race, RaceResult, Repeated, State};
use crate::model::setup::Setup;
use crate::model::snapshot::{AT_ONCE_EVENTS, MOST_EVENTS, Snapshot, Trouble, plan, trouble};
use experiments::background::{Background, Outcome, Reporter};
use experiments::compare::{Alternative, CompareOptions};
use experiments::run::Watch;
use experiments::{Decisions, Progress, Replications, RunPlan};
use sim_core::RunError;
use std::sync::Arc;

/// Inputs longer than this are not even read in the frame, in bytes.
const AT_ONCE_BYTES: usize = 1 << 18;

type Run = Result<Snapshot, Trouble>;
type Raced = Result<RaceResult, Trouble>;
type Batched = Result<BatchResult, Trouble>;
type Repetition = Result<Compared, Trouble>;

/// Grounds of decisions that are being found out.
struct LookingUp {
    of: Arc<Snapshot>,
    work: Background<()>,
}

/// What is under way.
#[derive(Default)]
pub struct Engine {
    run: Option<Background<Run>>,
    race: Option<Background<Raced>>,
    batch: Option<Background<Batched>>,
    /// Why decisions were taken that somebody looks at.
    look_up: Option<LookingUp>,
    repetition: Option<Background<Repetition>>,
    /// The last run did not fit into a frame: the next will not either.
    was_long: bool,
    context: Option<egui::Context>,
}

impl Engine {
    /// The engine of a window, which is woken when there is news.
    pub fn new(context: Option<egui::Context>) -> Engine {
        Engine { context, ..Engine::default() }
    }

    /// Runs what is set up now.
    pub fn run(&mut self, state: &mut State) {
        self.run = None;
        state.running = None;
        let Some(setup) = state.setup().cloned() else { return };
        let decisions = if state.predict.is_some() { Decisions::Explained } else { Decisions::Chosen };
        if !self.was_long && setup.input.text.len() <= AT_ONCE_BYTES {
            match Snapshot::compute(&setup, decisions, Some(AT_ONCE_EVENTS), &|_| true) {
                Err(Trouble::TooLong) => self.was_long = true,
                found => {
                    self.accept(found, state);
                    return;
                }
            }
        }
        state.running = Some(None);
        let work = move |reporter: &Reporter<'_>| {
            Snapshot::compute(&setup, decisions, None, &|progress| reporter.watch(progress))
        };
        self.run = Some(self.start(work));
        self.poll(state);
    }

    /// Runs the policies of the race.
    pub fn race(&mut self, state: &mut State) {
        self.race = None;
        if state.predict.is_some() {
            return;
        }
        let Some(setup) = state.setup().cloned() else { return };
        let others = state.race.others.clone();
        if others.is_empty() || !state.mistakes.is_empty() {
            state.race.result = None;
            return;
        }
        if !self.was_long {
            let found = race(&setup, &others, Some(AT_ONCE_EVENTS), &|_| true);
            if !matches!(found, Err(Trouble::TooLong)) {
                accept_race(found, &mut state.race);
                return;
            }
        }
        let work =
            move |reporter: &Reporter<'_>| race(&setup, &others, None, &|progress| reporter.watch(progress));
        self.race = Some(self.start(work));
        self.poll(state);
    }

    /// Runs replications.
    pub fn batch(&mut self, state: &mut State) {
        let Some(setup) = state.setup().cloned() else { return };
        let replications = state.batch.replications.max(2);
        let (opened, repeats) = opened(state, &setup);
        let mut begun = None;
        let step = move |reporter: &Reporter<'_>| {
            let found = batch(&setup, replications, &mut begun, &|progress| reporter.watch(progress))?;
            Some(found.map(|found| BatchResult { opened: opened.clone(), repeats, ..found }))
        };
        self.batch = Some(Background::in_steps(step, self.wake()));
        state.batch.trouble = None;
        state.batch.progress = Some(Progress { done: 0, total: replications, fraction: 0.0, events: 0 });
        self.poll(state);
    }

    /// Runs replications of all policies of the race.
    pub fn repeat_race(&mut self, state: &mut State) {
        let Some(wanted) = Wanted::now(state) else { return };
        let repeated = &mut state.race.repeated;
        repeated.trouble = None;
        repeated.progress = Some(wanted.progress());
        let mut begun = None;
        let step =
            move |reporter: &Reporter<'_>| wanted.step(&mut begun, &|progress| reporter.watch(progress));
        self.repetition = Some(Background::in_steps(step, self.wake()));
        self.poll(state);
    }

    /// Stops replications that are under way.
    pub fn stop_replications(&mut self, state: &mut State) {
        self.batch = None;
        state.batch.progress = None;
        self.repetition = None;
        state.race.repeated.progress = None;
    }

    /// Stops what is under way.
    pub fn cancel(&mut self, state: &mut State) {
        self.stop_replications(state);
        self.race = None;
        if self.run.take().is_some() {
            state.running = None;
            let key = if state.snapshot.is_some() { "run-cancelled" } else { "run-cancelled-first" };
            state.failed = Some(crate::tr!(key));
        }
    }

    /// Whether something is under way.
    pub fn is_busy(&self) -> bool {
        let runs = self.run.is_some() || self.race.is_some();
        let replications = self.batch.is_some() || self.repetition.is_some();
        runs || replications || self.look_up.is_some()
    }

    /// Goes on with what is under way, where there are no threads, as long as `more` says so.
    pub fn turn(&mut self, more: &dyn Fn() -> bool) {
        let busy = [
            self.run.as_ref().is_some_and(|run| run.turn(more)),
            self.race.as_ref().is_some_and(|race| race.turn(more)),
            self.batch.as_ref().is_some_and(|batch| batch.turn(more)),
            self.look_up.as_ref().is_some_and(|looking| looking.work.turn(more)),
            self.repetition.as_ref().is_some_and(|repetition| repetition.turn(more)),
        ];
        if let Some(context) = self.context.as_ref().filter(|_| busy.contains(&true)) {
            context.request_repaint();
        }
    }

    /// Takes what is done.
    pub fn poll(&mut self, state: &mut State) {
        if let Some(run) = &self.run {
            state.running = Some(run.progress());
            if let Some(outcome) = run.take() {
                self.run = None;
                self.ran(outcome, state);
            }
        }
        if let Some(outcome) = self.race.as_ref().and_then(Background::take) {
            self.race = None;
            accept_race(outcome_of(outcome), &mut state.race);
        }
        if let Some(batch) = &self.batch {
            state.batch.progress = batch.progress().or(state.batch.progress);
            if let Some(outcome) = batch.take() {
                self.batch = None;
                accept_batch(outcome_of(outcome), &mut state.batch);
            }
        }
        if let Some(repetition) = &self.repetition {
            let repeated = &mut state.race.repeated;
            repeated.progress = repetition.progress().or(repeated.progress);
            if let Some(outcome) = repetition.take() {
                self.repetition = None;
                accept_repetition(outcome_of(outcome), repeated);
            }
        }
        if self.look_up.as_ref().is_some_and(|looking| looking.work.take().is_some()) {
            self.look_up = None;
        }
        self.look_up(state);
    }

    /// Finds out what views asked for: of one run after the other, and of none that is not looked at any more.
    fn look_up(&mut self, state: &State) {
        let lanes = state.race.result.iter().flat_map(|race| race.lanes.iter());
        let seen: Vec<&Arc<Snapshot>> = state.snapshot.iter().chain(lanes).collect();
        if let Some(looking) = &self.look_up
            && seen.iter().any(|snapshot| Arc::ptr_eq(snapshot, &looking.of))
        {
            return;
        }
        let mut asked = seen.into_iter().map(|snapshot| (snapshot, snapshot.grounds.wanted()));
        self.look_up = asked.find(|(_, wanted)| !wanted.is_empty()).map(|(snapshot, wanted)| {
            let (of, theirs) = (Arc::clone(snapshot), Arc::clone(snapshot));
            let work = move |reporter: &Reporter<'_>| {
                // What cannot be found out is not asked for again.
                let _ = theirs.look_up(wanted, &|progress| reporter.watch(progress));
            };
            LookingUp { of, work: self.start(work) }
        });
    }

    /// Waits until nothing is under way.
    pub fn wait(&mut self, state: &mut State) {
        while self.is_busy() {
            if let Some(run) = self.run.take() {
                self.ran(run.wait(), state);
            }
            if let Some(race) = self.race.take() {
                accept_race(outcome_of(race.wait()), &mut state.race);
            }
            if let Some(batch) = self.batch.take() {
                accept_batch(outcome_of(batch.wait()), &mut state.batch);
            }
            if let Some(looking) = self.look_up.take() {
                looking.work.wait();
            }
            if let Some(repetition) = self.repetition.take() {
                accept_repetition(outcome_of(repetition.wait()), &mut state.race.repeated);
            }
        }
    }

    fn ran(&mut self, outcome: Outcome<Run>, state: &mut State) {
        state.running = None;
        self.accept(outcome_of(outcome), state);
    }

    fn accept(&mut self, found: Run, state: &mut State) {
        match found {
            Ok(snapshot) => {
                self.was_long = snapshot.result.first.events > AT_ONCE_EVENTS;
                state.mistakes.clear();
                state.failed = None;
                let past = state.before.take();
                super::update::show_run(state, Arc::new(snapshot));
                // A large run takes a while to be taken down, which nobody waits for.
                drop(Background::start(move |_: &Reporter<'_>| drop(past), || {}));
                self.race(state);
            }
            Err(Trouble::Mistakes(mistakes)) => {
                state.mistakes = mistakes;
                state.failed = None;
            }
            Err(Trouble::Failed(words)) => {
                state.mistakes.clear();
                state.failed = Some(words);
            }
            Err(Trouble::TooLong) => {
                state.mistakes.clear();
                state.failed = Some(too_long());
            }
            Err(Trouble::Cancelled) => {}
        }
    }

    fn start<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Reporter<'_>) -> T + Send + 'static,
    ) -> Background<T> {
        Background::start(work, self.wake())
    }

    /// Asks for another frame.
    fn wake(&self) -> impl Fn() + Send + Sync + 'static {
        let context = self.context.clone();
        move || {
            if let Some(context) = &context {
                context.request_repaint();
            }
        }
    }
}

fn outcome_of<T>(outcome: Outcome<Result<T, Trouble>>) -> Result<T, Trouble> {
    match outcome {
        Outcome::Done(found) => found,
        Outcome::Panicked(words) => Err(Trouble::Failed(crate::tr!("run-bug", words = words))),
    }
}

/// What is said of a run that takes more events than the window lets it take.
fn too_long() -> String {
    crate::tr!("run-too-long", events = MOST_EVENTS)
}

/// The race itself: one run of each policy, side by side.
fn race(setup: &Setup, others: &[String], budget: Option<u64>, watch: Watch<'_>) -> Raced {
    let all = racers(setup, others)?;
    let alternatives: Vec<Alternative<'_>> =
        all.iter().map(|(one, _)| Alternative { label: &one.label, model: &one.loaded.model }).collect();
    let plan = plan(&all[0].0.loaded, budget);
    let failed = |(_, failure): (usize, experiments::Failure)| trouble(&failure);
    let told = |_: usize, progress: Progress| watch(progress);
    let comparison =
        experiments::compare(&alternatives, &CompareOptions::default(), &plan, &told).map_err(failed)?;
    let differences = alternatives[1..]
        .iter()
        .map(|other| experiments::first_difference(alternatives[0], *other, &plan).map_err(failed))
        .collect::<Result<_, _>>()?;
    let rows = comparison.rows;
    let labels = all.iter().map(|(named, _)| named.label.clone()).collect();
    let lanes = all
        .into_iter()
        .zip(comparison.results)
        .map(|((named, setup), result)| Snapshot::of(setup, named.loaded, result, watch).map(Arc::new))
        .collect::<Result<_, _>>()?;
    Ok(RaceResult { lanes, labels, rows, differences })
}

fn accept_race(found: Raced, race: &mut Race) {
    (race.result, race.trouble) = match found {
        Ok(result) => (Some(Arc::new(result)), None),
        Err(Trouble::Mistakes(mistakes)) => (None, mistakes.first().map(crate::catalog::mistake)),
        Err(Trouble::Failed(words)) => (None, Some(words)),
        Err(Trouble::TooLong | Trouble::Cancelled) => (None, Some(too_long())),
    };
}

/// Replications that were begun.
struct Begun {
    loaded: scenarios::Loaded,
    plan: RunPlan,
    replications: Replications<'static>,
}

/// Some replications more; the result when there are as many as wanted.
fn batch(setup: &Setup, wanted: u32, begun: &mut Option<Begun>, watch: Watch<'_>) -> Option<Batched> {
    match further(setup, wanted, begun, watch) {
        Ok(()) if begun.as_ref().is_some_and(|begun| begun.replications.done() < wanted) => None,
        Ok(()) => begun.take().map(|begun| finished(setup, begun, watch)),
        Err(trouble) => Some(Err(trouble)),
    }
}

/// What the report of replications says beside their numbers.
fn finished(setup: &Setup, begun: Begun, watch: Watch<'_>) -> Batched {
    let Begun { loaded, plan, replications } = begun;
    let result = replications.into_result();
    let (course, _) = experiments::report::course(&loaded, &plan, &result, watch)
        .map_err(|failure| batch_trouble(&failure))?;
    let beside = experiments::report::beside(&loaded, &result);
    let (opened, repeats) = (String::new(), false);
    Ok(BatchResult { setup: setup.clone(), loaded, result, plan, opened, repeats, course, beside })
}

fn batch_trouble(failure: &experiments::Failure) -> Trouble {
    match *failure.error {
        RunError::Cancelled { .. } => Trouble::Cancelled,
        RunError::EventLimit { .. } => Trouble::Failed(too_long()),
        _ => Trouble::Failed(failure.to_string()),
    }
}

fn further(setup: &Setup, wanted: u32, begun: &mut Option<Begun>, watch: Watch<'_>) -> Result<(), Trouble> {
    if begun.is_none() {
        let loaded = scenarios::load(&setup.input, &setup.options).map_err(Trouble::Mistakes)?;
        // The plan is that of the command that makes the same; the window's own limit is no part of it.
        let plan = RunPlan { replications: wanted, warmup_auto: loaded.warmup_auto, ..RunPlan::default() };
        let limited = RunPlan { max_events: MOST_EVENTS, ..plan.clone() };
        let replications = Replications::owned(loaded.model.clone(), &limited, watch)
            .map_err(|failure| batch_trouble(&failure))?;
        *begun = Some(Begun { loaded, plan, replications });
    }
    let Some(begun) = begun else { return Ok(()) };
    let next = begun.replications.done().saturating_add(AT_A_TIME).min(wanted);
    // Told as a part of all that are wanted.
    let watch = |progress: Progress| {
        let part = f64::from(progress.total) / f64::from(wanted);
        watch(Progress { total: wanted, fraction: progress.fraction * part, ..progress })
    };
    begun.replications.extend_to(next, &watch).map_err(|failure| batch_trouble(&failure))
}

fn accept_batch(found: Batched, batch: &mut Batch) {
    batch.progress = None;
    match found {
        Ok(result) => batch.result = Some(Arc::new(result)),
        Err(Trouble::Mistakes(mistakes)) => {
            batch.trouble = mistakes.first().map(crate::catalog::mistake);
        }
        Err(Trouble::Failed(words)) => batch.trouble = Some(words),
        Err(Trouble::TooLong | Trouble::Cancelled) => {}
    }
}

fn accept_repetition(found: Repetition, repeated: &mut Repeated) {
    repeated.progress = None;
    match found {
        Ok(result) => repeated.result = Some(Arc::new(result)),
        Err(Trouble::Mistakes(mistakes)) => {
            repeated.trouble = mistakes.first().map(crate::catalog::mistake);
        }
        Err(Trouble::Failed(words)) => repeated.trouble = Some(words),
        Err(Trouble::TooLong | Trouble::Cancelled) => {}
    }
}
