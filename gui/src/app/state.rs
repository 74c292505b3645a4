//! Everything the window knows. Views read it; only `update` writes it.

use super::history::History;
use super::lessons::{Lessons, Progress as LessonProgress};
use super::network::Network;
use super::panes::Pane;
use super::sessions::Sessions;
use crate::files::Export;
use crate::model::distribution::Quantity;
use crate::model::lod::Scale;
use crate::model::rows::RowKind;
use crate::model::setup::Setup;
use crate::model::snapshot::Snapshot;
use crate::theme::Look;
use crate::words::Language;
use experiments::Progress;
use experiments::compare::report::Named;
use reports::compare::{CompareRow, FirstDifferenceRow};
use reports::rows::SummaryRow;
use scenarios::Diagnostic;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Recent inputs that are remembered.
const RECENT: usize = 8;

/// What is kept from one start to the next.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// Light, dark, projector.
    pub look: Look,
    /// The language.
    pub language: Language,
    /// Files and library names, the last one first.
    pub recent: Vec<String>,
    /// Bookmarks and places, by input.
    pub sessions: Sessions,
    /// How far the user is with each lesson.
    pub lessons: BTreeMap<String, LessonProgress>,
}

impl Settings {
    /// Puts an input in front of the recent ones.
    pub fn remember(&mut self, name: &str) {
        self.recent.retain(|recent| recent != name);
        self.recent.insert(0, name.to_owned());
        self.recent.truncate(RECENT);
    }
}

/// The part of time that is seen.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Window {
    /// The left edge, in nanoseconds.
    pub from: f64,
    /// The right edge.
    pub to: f64,
}

impl Window {
    /// The whole of a run.
    pub fn whole(end: u64) -> Window {
        let margin = end as f64 * 0.015;
        Window { from: -margin, to: end as f64 + margin }
    }

    /// Its length, in nanoseconds.
    pub fn length(self) -> f64 {
        self.to - self.from
    }

    /// Enlarged by a factor, `at` staying where it is. Never less than 20 ns, never much more than the run.
    pub fn zoomed(self, at: f64, factor: f64, end: u64) -> Window {
        let length = (self.length() / factor).clamp(20.0, end as f64 * 1.2 + 20.0);
        let factor = self.length() / length;
        Window { from: at - (at - self.from) / factor, to: at + (self.to - at) / factor }.kept(end)
    }

    /// Moved by a part of its length.
    pub fn moved(self, part: f64, end: u64) -> Window {
        let shift = part * self.length();
        Window { from: self.from + shift, to: self.to + shift }.kept(end)
    }

    /// Moved so that some of the run is seen.
    fn kept(self, end: u64) -> Window {
        let low = -self.length() * 0.5;
        let high = end as f64 - self.length() * 0.5;
        let shift = self.from.clamp(low.min(high), high.max(low)) - self.from;
        Window { from: self.from + shift, to: self.to + shift }
    }

    /// Moved, as little as needed, so that an instant is seen.
    pub fn showing(self, at: u64, end: u64) -> Window {
        let at = at as f64;
        let margin = self.length() * 0.08;
        let shift = if at < self.from + margin {
            at - self.from - margin
        } else if at > self.to - margin {
            at - self.to + margin
        } else {
            return self;
        };
        Window { from: self.from + shift, to: self.to + shift }.kept(end)
    }

    /// At a width in pixels.
    pub fn scale(self, width: f32) -> Scale {
        Scale { from: self.from, to: self.to, width }
    }
}

/// What is selected: a job, and the stretch of it that was clicked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Selection {
    /// The job's number.
    pub job: u32,
    /// A stretch of it, by its start.
    pub start: u64,
    /// The stretch's end.
    pub end: u64,
}

/// A place in time with a note.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Bookmark {
    /// When.
    pub at: u64,
    /// What the user wrote.
    pub note: String,
}

/// How the rows of the schedule are shown.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct RowOrder {
    /// Rows that are on top, in this order.
    pub pinned: Vec<RowKind>,
    /// Rows that were moved: the order of the others, where it is not the model's.
    pub order: Vec<RowKind>,
    /// Rows that are not shown.
    pub hidden: Vec<RowKind>,
}

/// What is seen and where in time.
#[derive(Clone, PartialEq, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
pub struct View {
    /// The part of time that is seen.
    pub window: Window,
    /// The instant that everything is shown at.
    pub cursor: u64,
    /// Whether time runs.
    pub playing: bool,
    /// How fast: 1 shows the whole run in twenty seconds.
    pub speed: f64,
    /// Whether the window moves with the cursor.
    pub follow: bool,
    /// What is selected.
    pub selection: Option<Selection>,
    /// Markers A and B.
    pub markers: [Option<u64>; 2],
    /// Bookmarks, by time.
    pub bookmarks: Vec<Bookmark>,
    /// What is looked for.
    pub find: String,
    /// Whether the search field has just been asked for.
    pub focus_find: bool,
    /// Order of rows.
    pub rows: RowOrder,
    /// Whether rows of cores are shown.
    pub show_cores: bool,
    /// Whether rows of tasks are shown.
    pub show_tasks: bool,
    /// Whether arrows of wake-ups are drawn.
    pub show_arrows: bool,
    /// What distributions are about.
    pub quantity: Quantity,
}

impl Default for View {
    fn default() -> View {
        View {
            window: Window { from: 0.0, to: 1.0 },
            cursor: 0,
            playing: false,
            speed: 1.0,
            follow: true,
            selection: None,
            markers: [None; 2],
            bookmarks: Vec::new(),
            find: String::new(),
            focus_find: false,
            rows: RowOrder::default(),
            show_cores: true,
            show_tasks: true,
            show_arrows: true,
            quantity: Quantity::default(),
        }
    }
}

/// Policies on the same work.
#[derive(Clone, Default)]
pub struct Race {
    /// The policies beside the one in effect, at most three.
    pub others: Vec<String>,
    /// What came out.
    pub result: Option<Arc<RaceResult>>,
    /// Why nothing came out.
    pub trouble: Option<String>,
    /// Replications of all of them.
    pub repeated: Repeated,
}

/// Replications of all policies of a race. How many are wanted, [`Batch`] says.
#[derive(Clone, Default)]
pub struct Repeated {
    /// How far they are, over all policies.
    pub progress: Option<Progress>,
    /// What came out.
    pub result: Option<Arc<Compared>>,
    /// Why nothing came out.
    pub trouble: Option<String>,
}

/// What replications of a race found.
pub struct Compared {
    /// The setup whose policy the others are compared with.
    pub setup: Setup,
    /// The other policies, as they were asked for.
    pub others: Vec<String>,
    /// The policies with their names and models, the one of the setup first.
    pub named: Vec<Named>,
    /// The differences and who is better.
    pub comparison: experiments::Comparison,
    /// What was asked of the comparison.
    pub options: experiments::CompareOptions,
    /// The plan.
    pub plan: experiments::RunPlan,
    /// What `--policy` says in a command that makes the same comparison.
    pub policies: Vec<String>,
    /// The name under which the input was opened.
    pub opened: String,
    /// Whether its text is still what was opened: then a command makes the same report.
    pub repeats: bool,
}

/// What a race found.
pub struct RaceResult {
    /// One a policy, the one in effect first.
    pub lanes: Vec<Arc<Snapshot>>,
    /// Their names.
    pub labels: Vec<String>,
    /// By metric, then policy.
    pub rows: Vec<CompareRow>,
    /// Where each policy but the first parts with the first.
    pub differences: Vec<FirstDifferenceRow>,
}

/// Replications.
#[derive(Clone, Default)]
pub struct Batch {
    /// How many are wanted.
    pub replications: u32,
    /// Whether those of a race were asked for last: they are shown then.
    pub of_race: bool,
    /// How far they are.
    pub progress: Option<Progress>,
    /// What came out.
    pub result: Option<Arc<BatchResult>>,
    /// Why nothing came out.
    pub trouble: Option<String>,
}

/// What replications found.
pub struct BatchResult {
    /// What was run.
    pub setup: Setup,
    /// The model.
    pub loaded: scenarios::Loaded,
    /// The result, with its rows.
    pub result: experiments::RunResult,
    /// The plan.
    pub plan: experiments::RunPlan,
    /// The name under which the input was opened.
    pub opened: String,
    /// Whether its text is still what was opened: then a command makes the same report.
    pub repeats: bool,
    /// How replication 1 went.
    pub course: Vec<reports::chart::Chart>,
    /// Exact values, where they are known.
    pub beside: Vec<reports::rows::TheoryRow>,
}

impl BatchResult {
    /// The rows over everything, for the table.
    pub fn rows(&self) -> &[SummaryRow] {
        &self.result.summary
    }
}

/// Windows over the window.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Overlays {
    /// The command palette, with what was typed.
    pub palette: Option<String>,
    /// The list of shortcuts.
    pub help: bool,
    /// The field for a path.
    pub open: Option<String>,
    /// What is to be written, and the path so far.
    pub save: Option<(Export, String)>,
    /// The question what a new job is like.
    pub fork: Option<Fork>,
}

/// A job that might arrive now.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fork {
    /// When.
    pub at: u64,
    /// How much processor time it needs, as text.
    pub cpu: String,
    /// Index into the model's classes, where the input is a scenario.
    pub class: usize,
}

/// Everything.
#[derive(Default)]
pub struct State {
    /// What is kept.
    pub settings: Settings,
    /// What is run, and what was run before.
    pub history: History,
    /// The last run that could be made.
    pub snapshot: Option<Arc<Snapshot>>,
    /// The run before the last change.
    pub before: Option<Arc<Snapshot>>,
    /// Why there is no newer run.
    pub mistakes: Vec<Diagnostic>,
    /// Why there is no newer run, where the input is right.
    pub failed: Option<String>,
    /// A run that is under way.
    pub running: Option<Option<Progress>>,
    /// What is seen.
    pub view: View,
    /// Stations and flows.
    pub network: Network,
    /// Policies side by side.
    pub race: Race,
    /// Replications.
    pub batch: Batch,
    /// Lessons.
    pub lessons: Lessons,
    /// Windows over the window.
    pub overlays: Overlays,
    /// Things to say in a corner: good or bad news.
    pub news: Vec<(bool, String)>,
    /// What was said there last, for who cannot see it.
    pub said: String,
    /// Whether the window is to close.
    pub quit: bool,
    /// Panes to bring to the front.
    pub show: Vec<Pane>,
    /// Whether the panes are to stand as at first.
    pub reset_layout: bool,
    /// A prediction under way: then `snapshot` is known up to the instant that is asked about only.
    pub predict: Option<super::predict::Predict>,
    /// Which decisions are asked for.
    pub ask: experiments::exercise::Ask,
    /// Problem sheets.
    pub sheet: super::predict::sheet::SheetForm,
}

impl State {
    /// What is run.
    pub fn setup(&self) -> Option<&Setup> {
        self.history.now()
    }

    /// The end of the run, in nanoseconds.
    pub fn end(&self) -> u64 {
        self.snapshot.as_ref().map_or(1, |snapshot| snapshot.end())
    }

    /// Whether what is shown is what is run: no mistakes, nothing under way.
    pub fn is_current(&self) -> bool {
        self.mistakes.is_empty() && self.failed.is_none() && self.running.is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::Window;

    #[test]
    fn zooming_keeps_the_instant_under_the_pointer() {
        let window = Window { from: 100.0, to: 1100.0 };
        for factor in [1.1, 2.0, 0.8] {
            let zoomed = window.zoomed(350.0, factor, 100_000);
            let place = |window: Window| (350.0 - window.from) / window.length();
            assert!((place(window) - place(zoomed)).abs() < 1e-9, "{factor}");
        }
        assert!(window.zoomed(350.0, 1e12, 100_000).length() >= 20.0);
        assert!(window.zoomed(350.0, 1e-12, 100_000).length() <= 120_021.0);
    }

    #[test]
    fn a_step_out_of_view_moves_the_window_by_no_more_than_needed() {
        let window = Window { from: 0.0, to: 1000.0 };
        assert_eq!(window.showing(500, 10_000), window);
        let moved = window.showing(2000, 10_000);
        assert!(moved.from < 2000.0 && 2000.0 < moved.to && moved.to < 2100.0, "{moved:?}");
        assert!((moved.length() - 1000.0).abs() < 1e-9);
    }
}
