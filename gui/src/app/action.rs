//! What a user can want. Views return these; `update` alone carries them out.

use super::lessons::LessonAction;
use super::network::NetworkAction;
use super::panes::Pane;
use super::state::{Fork, Selection, Window};
use crate::files::Export;
use crate::model::distribution::Quantity;
use crate::model::rows::RowKind;
use crate::model::setup::Setup;
use crate::theme::Look;
use crate::words::Language;
use std::path::PathBuf;

/// One step in time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Step {
    /// To the next thing that happens.
    NextEvent,
    /// Back to the last thing that happened.
    LastEvent,
    /// To the next decision.
    NextDecision,
    /// Back to the last decision.
    LastDecision,
    /// To the beginning.
    Start,
    /// To the end.
    End,
}

/// Something on or off.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Switch {
    /// Rows of cores.
    Cores,
    /// Rows of tasks.
    Tasks,
    /// Arrows of wake-ups.
    Arrows,
    /// The window moves with the cursor.
    Follow,
}

/// A change of the order of rows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RowChange {
    /// On top, or back.
    Pin(RowKind),
    /// Out of sight.
    Hide(RowKind),
    /// One up.
    Up(RowKind),
    /// One down.
    Down(RowKind),
    /// As at first.
    Reset,
}

/// What a user wants.
#[derive(Clone, PartialEq, Debug)]
pub enum Action {
    /// Open a file or a library input by name.
    Open(String),
    /// Let the platform's dialog ask for a file.
    BrowseOpen,
    /// Let the platform's dialog ask where to write.
    BrowseSave(Export),
    /// Open bytes that were dropped or picked.
    OpenBytes {
        /// The name.
        name: String,
        /// The content.
        bytes: Vec<u8>,
        /// Where it was.
        folder: Option<PathBuf>,
    },
    /// Run something else; changes of the same thing in a row are one step of undo.
    Change {
        /// What is changed.
        what: String,
        /// To what.
        setup: Box<Setup>,
    },
    /// Look at or change the network of stations.
    Network(NetworkAction),
    /// Take the last change back.
    Undo,
    /// Make it again.
    Redo,
    /// Let time run, or stop it.
    Play,
    /// How fast.
    Speed(f64),
    /// To an instant.
    Seek(u64),
    /// One step.
    Step(Step),
    /// See this part of time.
    See(Window),
    /// Larger by a factor, around the cursor.
    Zoom(f64),
    /// Move by a part of what is seen.
    Pan(f64),
    /// See everything.
    Fit,
    /// See what is selected.
    FitSelection,
    /// Select, or nothing.
    Select(Option<Selection>),
    /// To the next stretch on the same row, or the last one.
    Neighbor(bool),
    /// Put a marker here, A or B.
    Mark(usize),
    /// Put both markers.
    MarkRange(u64, u64),
    /// Take both away.
    ClearMarks,
    /// Remember the cursor's place, or forget it.
    Bookmark,
    /// Write at a bookmark.
    Note(usize, String),
    /// To the next bookmark.
    NextBookmark,
    /// Look for a job.
    Find(String),
    /// To the next one found, or the last one.
    FindNext(bool),
    /// Ask for what to find.
    FocusFind,
    /// Another order of rows.
    Row(RowChange),
    /// Something on or off.
    Toggle(Switch),
    /// What distributions are about.
    Quantity(Quantity),
    /// Policies to race with.
    Race(Vec<String>),
    /// How many replications.
    Replications(u32),
    /// Run them.
    RunBatch,
    /// Run them of all policies of the race.
    RunRace,
    /// Stop what runs.
    Cancel,
    /// Ask what a job that arrives now is like.
    AskFork,
    /// The answer so far; `None`: never mind.
    EditFork(Option<Fork>),
    /// Let it arrive.
    Fork,
    /// Something about lessons.
    Lesson(LessonAction),
    /// Bring a pane to the front.
    Show(Pane),
    /// Let all panes stand as at first.
    ResetLayout,
    /// Light, dark, projector.
    Look(Look),
    /// Another language.
    Language(Language),
    /// The command palette, with what was typed.
    Palette(Option<String>),
    /// The list of shortcuts.
    Help(bool),
    /// The field for a path.
    AskOpen(Option<String>),
    /// Ask where to write something.
    Export(Export),
    /// The answer so far; `None`: never mind.
    AskSave(Option<(Export, String)>),
    /// Write it there.
    Save(Export, String),
    /// Say in a corner that something went wrong.
    Tell(String),
    /// Close the window; what is kept is written.
    Quit,
    /// Close what is open, select nothing.
    Escape,
    /// Predict, or a problem sheet.
    Predict(super::predict::Act),
}
