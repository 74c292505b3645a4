//! The one place where the window's state changes.

use super::App;
use super::action::{Action, RowChange, Step, Switch};
use super::panes::Pane;
use super::predict::draw::Stroke;
use super::predict::{self, Act};
use super::state::{Batch, Bookmark, Fork, Overlays, Race, Repeated, Selection, State, View, Window};
use crate::files;
use crate::model::events::{last_before, next_after};
use crate::model::rows::RowKind;
use crate::model::setup::Setup;
use crate::model::snapshot::Snapshot;
use crate::platform;
use crate::tr;
use crate::views::setup::task_list;
use scenarios::Input;
use std::path::PathBuf;
use std::sync::Arc;

impl App {
    /// Carries out what the user wants.
    pub fn apply(&mut self, action: Action) {
        let state = &mut self.state;
        // A slider that is let go and taken again is another step.
        if !matches!(action, Action::Change { .. } | Action::See(_) | Action::Select(_) | Action::Network(_))
        {
            state.history.settle();
        }
        if predict::forbids(state, &action) {
            state.news.push((false, tr!("predict-hidden")));
            return;
        }
        match action {
            Action::Open(name) => self.open(&name),
            Action::OpenBytes { name, bytes, folder } => self.open_bytes(&name, bytes, folder),
            Action::BrowseOpen => self.browse_open(),
            Action::BrowseSave(export) => self.browse_save(export),
            Action::Change { what, setup } => {
                state.history.change(&what, *setup);
                self.rerun();
            }
            Action::Network(action) => self.network(action),
            Action::Undo | Action::Redo if state.predict.as_ref().is_some_and(|p| p.draw().is_some()) => {
                let stroke = if action == Action::Undo { Stroke::Undo } else { Stroke::Redo };
                predict::apply(state, Act::Draw(stroke));
            }
            Action::Undo => {
                state.history.undo();
                self.rerun();
            }
            Action::Redo => {
                state.history.redo();
                self.rerun();
            }
            Action::Race(others) => {
                if others.is_empty() {
                    state.race.repeated = Repeated::default();
                }
                state.race.others = others;
                self.engine.race(&mut self.state);
            }
            Action::Replications(count) => state.batch.replications = count.clamp(2, 100_000),
            Action::RunBatch => {
                state.show.push(Pane::Batch);
                state.batch.of_race = false;
                self.engine.batch(&mut self.state);
            }
            Action::RunRace => {
                state.show.extend([Pane::Race, Pane::Batch]);
                state.batch.of_race = true;
                self.engine.repeat_race(&mut self.state);
            }
            Action::Cancel => self.engine.cancel(&mut self.state),
            Action::Fork => self.fork(),
            Action::Save(export, path) => self.save(export, &path),
            Action::Quit => state.quit = true,
            Action::Look(look) => state.settings.look = look,
            Action::Language(language) => state.settings.language = language,
            Action::Tell(words) => state.news.push((false, words)),
            Action::Show(pane) => state.show.push(pane),
            Action::ResetLayout => state.reset_layout = true,
            Action::Lesson(wanted) => self.lesson(wanted),
            Action::Predict(act) => self.predict(act),
            other => {
                time(state, &other);
                view(state, &other);
                overlays(state, other);
            }
        }
    }

    fn predict(&mut self, act: Act) {
        if let Act::Solve(way) = act {
            if let Some(setup) = self.state.sheet.setup() {
                self.fresh(setup);
                predict::begin(&mut self.state, way);
            }
            return;
        }
        let was = self.state.predict.is_some();
        predict::apply(&mut self.state, act);
        if self.state.predict.is_some() {
            // Their numbers would tell.
            self.engine.stop_replications(&mut self.state);
        }
        if was && self.state.predict.is_none() {
            self.engine.race(&mut self.state);
        }
    }

    pub(super) fn rerun(&mut self) {
        self.engine.run(&mut self.state);
    }

    fn open(&mut self, name: &str) {
        if let Some(found) = platform::lesson(name) {
            self.own_lesson(name, found);
            return;
        }
        match platform::read(name) {
            Ok(input) => self.start(Setup::new(input), name),
            Err(words) => self.refuse(name, words),
        }
    }

    fn open_bytes(&mut self, name: &str, bytes: Vec<u8>, folder: Option<PathBuf>) {
        let path = folder.as_ref().map(|folder| folder.join(name));
        let shown = path.map_or_else(|| name.to_owned(), |path| path.display().to_string());
        match Input::of(&shown, bytes, folder) {
            Ok(input) => self.start(Setup::new(input), &shown),
            Err(mistakes) => {
                self.refuse(name, mistakes.iter().flat_map(crate::catalog::sentences).collect());
            }
        }
    }

    /// Begins with an input, which is remembered under a name.
    pub(super) fn start(&mut self, setup: Setup, name: &str) {
        self.state.settings.remember(name);
        self.fresh(setup);
    }

    /// Shows something else.
    fn fresh(&mut self, setup: Setup) {
        self.engine.stop_replications(&mut self.state);
        let state = &mut self.state;
        let kept = state.settings.sessions.find(&setup.input.name);
        let bookmarks = kept.map(|session| session.bookmarks.clone()).unwrap_or_default();
        state.history.open(setup);
        state.predict = None;
        state.snapshot = None;
        state.before = None;
        state.mistakes.clear();
        state.failed = None;
        let show = &state.view;
        state.view = View {
            speed: show.speed,
            follow: show.follow,
            show_cores: show.show_cores,
            show_tasks: show.show_tasks,
            show_arrows: show.show_arrows,
            quantity: show.quantity,
            bookmarks,
            ..View::default()
        };
        state.race = Race::default();
        state.network = super::network::Network::default();
        state.batch = Batch { replications: state.batch.replications, ..Batch::default() };
        state.overlays = Overlays::default();
        state.show.push(Pane::Chart);
        self.rerun();
        if !self.state.mistakes.is_empty() {
            self.state.show.push(Pane::Text);
        }
    }

    /// An input that cannot even be told what it is: what is on show stays.
    pub(super) fn refuse(&mut self, name: &str, mut words: Vec<String>) {
        if words.is_empty() {
            words.push(tr!("open-nothing"));
        }
        self.state.news.push((false, format!("{name}: {}", words.join("; "))));
    }

    fn fork(&mut self) {
        let state = &mut self.state;
        let (Some(fork), Some(setup)) = (state.overlays.fork.take(), state.setup().cloned()) else { return };
        let Some(snapshot) = &state.snapshot else { return };
        let forked = match task_list(&setup) {
            Some((text, table)) => Some(with_new_row(&setup, text, &table, &fork)),
            None => with_new_source(&setup, snapshot, &fork),
        };
        match forked {
            Some(forked) => {
                state.history.change("", forked);
                self.rerun();
                self.state.view.cursor = fork.at;
                let at = sim_core::units::Time(fork.at).to_string();
                self.state.news.push((true, tr!("fork-done", at = at)));
            }
            None => state.news.push((false, tr!("fork-impossible"))),
        }
    }

    fn save(&mut self, export: files::Export, path: &str) {
        let written = files::bytes(export, &self.state).and_then(|bytes| platform::write(path, &bytes));
        self.state.overlays.save = None;
        self.state.news.push(match written {
            Ok(()) => (true, tr!("save-done", path = path)),
            Err(error) => (false, error),
        });
    }
}

/// A new run takes the place of the last one.
pub fn show_run(state: &mut State, snapshot: Arc<Snapshot>) {
    if state.predict.is_some() {
        predict::renewed(state, snapshot);
        return;
    }
    let end = snapshot.end();
    let first = state.snapshot.is_none();
    if first || state.view.window == Window::whole(state.end()) {
        state.view.window = Window::whole(end);
    }
    state.before = state.snapshot.replace(snapshot);
    state.view.cursor = state.view.cursor.min(end);
    // Numbers of jobs mean other jobs now.
    let before = state.before.as_ref();
    let same = before.is_some_and(|before| {
        state.snapshot.as_ref().is_some_and(|now| now.trace().jobs.len() == before.trace().jobs.len())
    });
    if !same {
        state.view.selection = None;
    }
}

fn time(state: &mut State, action: &Action) {
    let end = state.end();
    match action {
        Action::Play => {
            if !state.view.playing && state.view.cursor >= end {
                state.view.cursor = 0;
                state.view.window = state.view.window.showing(0, end);
            }
            state.view.playing = !state.view.playing;
        }
        Action::Speed(speed) => state.view.speed = speed.clamp(1.0 / 1024.0, 64.0),
        // The first run may still be under way: it says where the end is.
        Action::Seek(at) if state.snapshot.is_none() => state.view.cursor = *at,
        Action::Seek(at) => {
            state.view.cursor = (*at).min(end);
            state.view.window = state.view.window.showing(state.view.cursor, end);
        }
        Action::Step(step) => {
            state.view.playing = false;
            if let Some(snapshot) = &state.snapshot {
                state.view.cursor = stepped(snapshot, state.view.cursor, *step).min(end);
                state.view.window = state.view.window.showing(state.view.cursor, end);
            }
        }
        Action::Bookmark => {
            let at = state.view.cursor;
            let bookmarks = &mut state.view.bookmarks;
            if let Some(index) = bookmarks.iter().position(|bookmark| bookmark.at == at) {
                bookmarks.remove(index);
            } else {
                bookmarks.push(Bookmark { at, note: String::new() });
                bookmarks.sort_by_key(|bookmark| bookmark.at);
            }
            keep_bookmarks(state);
        }
        Action::Note(index, note) => {
            if let Some(bookmark) = state.view.bookmarks.get_mut(*index) {
                bookmark.note.clone_from(note);
            }
            keep_bookmarks(state);
        }
        Action::NextBookmark => {
            let places: Vec<u64> = state.view.bookmarks.iter().map(|bookmark| bookmark.at).collect();
            let next = places.iter().find(|at| **at > state.view.cursor).or(places.first());
            if let Some(at) = next {
                state.view.cursor = *at;
                state.view.window = state.view.window.showing(*at, end);
            }
        }
        _ => {}
    }
}

/// Bookmarks belong to the input, not to what it says.
fn keep_bookmarks(state: &mut State) {
    let Some(input) = state.setup().map(|setup| setup.input.name.clone()) else { return };
    state.settings.sessions.of(&input).bookmarks.clone_from(&state.view.bookmarks);
}

/// The instant one step away.
pub fn stepped(snapshot: &Snapshot, cursor: u64, step: Step) -> u64 {
    let (events, decisions) = (snapshot.events(), &snapshot.trace().decisions);
    let event = |index: usize| events[index].at;
    let decision = |index: usize| decisions[index].at.0;
    match step {
        Step::NextEvent => next_after(events.len(), event, cursor).unwrap_or(snapshot.end()),
        Step::LastEvent => last_before(events.len(), event, cursor).unwrap_or(0),
        Step::NextDecision => next_after(decisions.len(), decision, cursor).unwrap_or(snapshot.end()),
        Step::LastDecision => last_before(decisions.len(), decision, cursor).unwrap_or(0),
        Step::Start => 0,
        Step::End => snapshot.end(),
    }
}

fn view(state: &mut State, action: &Action) {
    let end = state.end();
    let view = &mut state.view;
    match action {
        Action::See(window) => view.window = *window,
        Action::Zoom(factor) => {
            let cursor = view.cursor as f64;
            let seen = (view.window.from..view.window.to).contains(&cursor);
            let at = if seen { cursor } else { f64::midpoint(view.window.from, view.window.to) };
            view.window = view.window.zoomed(at, *factor, end);
        }
        Action::Pan(part) => view.window = view.window.moved(*part, end),
        Action::Fit => view.window = Window::whole(end),
        Action::FitSelection => {
            if let Some(selection) = view.selection {
                let length = (selection.end - selection.start).max(20) as f64;
                let (from, to) = (selection.start as f64, selection.end as f64);
                view.window = Window { from: from - length, to: to + length };
            }
        }
        Action::Select(selection) => view.selection = *selection,
        Action::Neighbor(next) => neighbor(state, *next),
        Action::Mark(which) => view.markers[*which] = Some(view.cursor),
        Action::MarkRange(from, to) => view.markers = [Some(*from), Some(*to)],
        Action::ClearMarks => view.markers = [None; 2],
        Action::Find(text) => view.find.clone_from(text),
        Action::FindNext(next) => find_next(state, *next),
        Action::FocusFind => view.focus_find = true,
        Action::Row(change) => rows(state, *change),
        Action::Toggle(switch) => {
            let value = match switch {
                Switch::Cores => &mut view.show_cores,
                Switch::Tasks => &mut view.show_tasks,
                Switch::Arrows => &mut view.show_arrows,
                Switch::Follow => &mut view.follow,
            };
            *value = !*value;
        }
        Action::Quantity(quantity) => view.quantity = *quantity,
        _ => {}
    }
}

/// Selects a stretch and goes there.
fn select(state: &mut State, job: u32, start: u64, end: u64) {
    let last = state.end();
    state.view.selection = Some(Selection { job, start, end });
    state.view.cursor = start;
    state.view.window = state.view.window.showing(start, last);
}

fn neighbor(state: &mut State, next: bool) {
    let (Some(snapshot), Some(selection)) = (state.snapshot.clone(), state.view.selection) else { return };
    let bars = snapshot.rows.of_job(selection.job);
    let at = bars.partition_point(|bar| bar.start < selection.start);
    let found = if next { bars.get(at + 1) } else { at.checked_sub(1).and_then(|at| bars.get(at)) };
    if let Some(bar) = found {
        select(state, bar.job, bar.start, bar.end);
    }
}

fn find_next(state: &mut State, next: bool) {
    let Some(snapshot) = state.snapshot.clone() else { return };
    let wanted = state.view.find.trim().to_lowercase();
    if wanted.is_empty() {
        return;
    }
    let jobs = snapshot.trace().jobs.len();
    let from = state.view.selection.map_or(if next { jobs - 1 } else { 0 }, |found| found.job as usize);
    let order = (1..=jobs).map(|step| if next { (from + step) % jobs } else { (from + jobs - step) % jobs });
    let found =
        order.map(|job| job as u32).find(|job| snapshot.job_name(*job).to_lowercase().contains(&wanted));
    match found {
        Some(job) => {
            let arrival = snapshot.trace().jobs[job as usize].arrival.0;
            let bar = snapshot.rows.of_job(job).first().map(|bar| (bar.start, bar.end));
            let (start, end) = bar.unwrap_or((arrival, arrival));
            select(state, job, start, end);
        }
        None => state.news.push((false, tr!("find-nothing", text = state.view.find.clone()))),
    }
}

fn rows(state: &mut State, change: RowChange) {
    let Some(snapshot) = state.snapshot.clone() else { return };
    let shown = crate::views::chart::order::order(&snapshot, &state.view);
    let order = &mut state.view.rows;
    match change {
        RowChange::Reset => *order = super::state::RowOrder::default(),
        RowChange::Pin(row) => match order.pinned.iter().position(|pinned| *pinned == row) {
            Some(index) => {
                order.pinned.remove(index);
            }
            None => order.pinned.push(row),
        },
        RowChange::Hide(row) => order.hidden.push(row),
        RowChange::Up(row) | RowChange::Down(row) => {
            let mut kinds: Vec<RowKind> = shown.iter().map(|index| snapshot.rows.rows[*index].kind).collect();
            if let Some(at) = kinds.iter().position(|kind| *kind == row) {
                let up = matches!(change, RowChange::Up(_));
                let to = if up { at.saturating_sub(1) } else { (at + 1).min(kinds.len() - 1) };
                kinds.swap(at, to);
            }
            order.order = kinds;
        }
    }
}

fn overlays(state: &mut State, action: Action) {
    let suggestion = match &action {
        Action::Export(export) => Some((*export, export.name(state))),
        _ => None,
    };
    let overlays = &mut state.overlays;
    match action {
        Action::Palette(text) => overlays.palette = text,
        Action::Help(open) => overlays.help = open,
        Action::AskOpen(text) => overlays.open = text,
        Action::Export(_) => overlays.save = suggestion,
        Action::AskSave(save) => overlays.save = save,
        Action::EditFork(fork) => overlays.fork = fork,
        Action::AskFork => {
            state.view.playing = false;
            overlays.fork = Some(Fork { at: state.view.cursor, cpu: "3".to_owned(), class: 0 });
        }
        Action::Escape => {
            if *overlays == Overlays::default() {
                state.view.selection = None;
                state.view.playing = false;
            }
            *overlays = Overlays::default();
        }
        _ => {}
    }
}

/// A task list with one more task that arrives at the instant of the fork.
fn with_new_row(setup: &Setup, text: &str, table: &crate::model::tasks::Table, fork: &Fork) -> Setup {
    let at = format!("{}ns", fork.at);
    let cells = [
        ("task", table.new_name()),
        ("arrival", at),
        ("cpu", fork.cpu.clone()),
        (
            "program",
            if table.header.iter().any(|name| name == "cpu") {
                String::new()
            } else {
                format!("cpu {}", fork.cpu)
            },
        ),
    ];
    setup.with_text(table.with_row(text, &cells))
}

/// A scenario with one more source, which sends one job at the instant of the fork. Other sources keep their random
/// streams, so that everything before that instant stays as it was.
fn with_new_source(setup: &Setup, snapshot: &Snapshot, fork: &Fork) -> Option<Setup> {
    if setup.input.kind != scenarios::InputKind::Scenario {
        return None;
    }
    let text = setup.text()?;
    let class = &snapshot.model().classes.get(fork.class)?.name;
    let free = |number: &usize| !text.contains(&format!("\"what-if-{number}\""));
    let number = (1..10_000).find(free)?;
    let period = fork.at.max(1);
    let source = format!(
        "\n[[source]]\nname = \"what-if-{number}\"\nclass = \"{class}\"\n\
         arrivals = {{ periodic = {{ period = \"{period}ns\", offset = \"{}ns\", count = 1 }} }}\n",
        fork.at
    );
    Some(setup.with_text(format!("{}\n{source}", text.trim_end())))
}
