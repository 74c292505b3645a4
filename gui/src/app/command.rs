//! The one table of commands: the menu, the palette, the list of shortcuts and the tests are made from it.

use super::action::{Action, Step, Switch};
use super::lessons::{LessonAction, Progress};
use super::panes::Pane;
use super::predict::{self, Act, Way};
use super::state::State;
use crate::files::Export;
use crate::theme::Tone;
use crate::views::predict::grid;
use crate::words::Language;
use egui::{Key, KeyboardShortcut, Modifiers};

/// The menu a command is in.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Menu {
    /// Inputs and results.
    File,
    /// Changes of what is run.
    Edit,
    /// Time.
    Time,
    /// What is seen.
    View,
    /// Runs.
    Run,
    /// Lessons, predictions and problem sheets.
    Learn,
    /// Help.
    Help,
}

impl Menu {
    /// All of them.
    pub const ALL: [Menu; 7] =
        [Menu::File, Menu::Edit, Menu::Time, Menu::View, Menu::Run, Menu::Learn, Menu::Help];

    /// The key of its title.
    pub fn key(self) -> &'static str {
        match self {
            Menu::File => "menu-file",
            Menu::Edit => "menu-edit",
            Menu::Time => "menu-time",
            Menu::View => "menu-view",
            Menu::Run => "menu-run",
            Menu::Learn => "menu-learn",
            Menu::Help => "menu-help",
        }
    }
}

/// Something that can be done.
pub struct Command {
    /// Its name; the key of its title is `cmd-` and this.
    pub id: &'static str,
    /// Where it stands.
    pub menu: Menu,
    /// Keys that do it; the first is shown.
    pub keys: &'static [KeyboardShortcut],
    /// Whether it can be done now.
    pub enabled: fn(&State) -> bool,
    /// What it does.
    pub action: fn(&State) -> Action,
}

impl Command {
    /// Its title.
    pub fn title(&self) -> String {
        crate::words::say(&format!("cmd-{}", self.id), &[])
    }
}

const fn key(key: Key) -> KeyboardShortcut {
    KeyboardShortcut::new(Modifiers::NONE, key)
}

const fn shift(key: Key) -> KeyboardShortcut {
    KeyboardShortcut::new(Modifiers::SHIFT, key)
}

const fn ctrl(key: Key) -> KeyboardShortcut {
    KeyboardShortcut::new(Modifiers::COMMAND, key)
}

const fn ctrl_shift(key: Key) -> KeyboardShortcut {
    KeyboardShortcut::new(Modifiers::COMMAND.plus(Modifiers::SHIFT), key)
}

fn always(_: &State) -> bool {
    true
}

fn has_run(state: &State) -> bool {
    state.snapshot.is_some()
}

/// Not a part of one, while it is predicted.
fn has_whole_run(state: &State) -> bool {
    has_run(state) && state.predict.is_none()
}

fn can_repeat_race(state: &State) -> bool {
    has_setup(state) && state.predict.is_none() && !state.race.others.is_empty()
}

fn is_busy(state: &State) -> bool {
    state.running.is_some() || state.batch.progress.is_some() || state.race.repeated.progress.is_some()
}

fn has_sheet(state: &State) -> bool {
    state.sheet.made.is_ok()
}

fn drawing(state: &State) -> Option<&predict::draw::Draw> {
    state.predict.as_ref()?.draw()
}

/// In a drawing its strokes are undone, else changes of what is run.
fn can_undo(state: &State) -> bool {
    drawing(state).map_or_else(|| state.history.can_undo(), predict::draw::Draw::can_undo)
}

fn can_redo(state: &State) -> bool {
    drawing(state).map_or_else(|| state.history.can_redo(), predict::draw::Draw::can_redo)
}

fn has_setup(state: &State) -> bool {
    state.setup().is_some()
}

fn lesson_beside(state: &State, next: bool) -> bool {
    let open = state.lessons.open.as_ref().map(|lesson| &*lesson.id);
    crate::model::lessons::beside(open, next).is_some()
}

macro_rules! commands {
    ($($id:literal $menu:ident [$($keys:expr),*] $enabled:expr, $action:expr;)*) => {
        &[$(Command {
            id: $id,
            menu: Menu::$menu,
            keys: &[$($keys),*],
            enabled: $enabled,
            action: $action,
        }),*]
    };
}

/// Every command, in the order of the menus.
pub static COMMANDS: &[Command] = commands![
    "open" File [ctrl(Key::O)] always, |_| Action::AskOpen(Some(String::new()));
    "save" File [ctrl(Key::S)] has_setup, |_| Action::Export(Export::Input);
    "export-json" File [] has_whole_run, |_| Action::Export(Export::Json);
    "export-csv" File [ctrl(Key::E)] has_whole_run, |_| Action::Export(Export::Csv);
    "export-table" File [] has_whole_run, |_| Action::Export(Export::Table);
    "export-png" File [ctrl_shift(Key::E)] has_whole_run, |_| Action::Export(Export::Png);
    "export-svg" File [] has_whole_run, |_| Action::Export(Export::Svg);
    "quit" File [ctrl(Key::Q)] |_| crate::platform::HAS_WINDOW, |_| Action::Quit;

    "undo" Edit [ctrl(Key::Z)] can_undo, |_| Action::Undo;
    "redo" Edit [ctrl_shift(Key::Z), ctrl(Key::Y)] can_redo, |_| Action::Redo;
    "fork" Edit [key(Key::J)] has_whole_run, |_| Action::AskFork;
    "find" Edit [ctrl(Key::F)] has_run, |_| Action::FocusFind;
    "find-next" Edit [key(Key::F3)] |s| has_run(s) && !s.view.find.is_empty(), |_| Action::FindNext(true);
    "find-last" Edit [shift(Key::F3)] |s| has_run(s) && !s.view.find.is_empty(), |_| Action::FindNext(false);

    "play" Time [key(Key::Space)] has_run, |_| Action::Play;
    "step" Time [key(Key::ArrowRight)] has_run, |_| Action::Step(Step::NextEvent);
    "step-back" Time [key(Key::ArrowLeft)] has_run, |_| Action::Step(Step::LastEvent);
    "decision" Time [shift(Key::ArrowRight)] has_run, |_| Action::Step(Step::NextDecision);
    "decision-back" Time [shift(Key::ArrowLeft)] has_run, |_| Action::Step(Step::LastDecision);
    "start" Time [key(Key::Home)] has_run, |_| Action::Step(Step::Start);
    "end" Time [key(Key::End)] has_run, |_| Action::Step(Step::End);
    "faster" Time [key(Key::Plus), key(Key::Equals)] has_run, |s| Action::Speed(s.view.speed * 2.0);
    "slower" Time [key(Key::Minus)] has_run, |s| Action::Speed(s.view.speed / 2.0);
    "bookmark" Time [key(Key::B)] has_run, |_| Action::Bookmark;
    "next-bookmark" Time [key(Key::N)] |s| !s.view.bookmarks.is_empty(), |_| Action::NextBookmark;

    "zoom-in" View [key(Key::W)] has_run, |_| Action::Zoom(1.25);
    "zoom-out" View [key(Key::S)] has_run, |_| Action::Zoom(0.8);
    "pan-left" View [key(Key::A)] has_run, |_| Action::Pan(-0.1);
    "pan-right" View [key(Key::D)] has_run, |_| Action::Pan(0.1);
    "fit" View [key(Key::Num0)] has_run, |_| Action::Fit;
    "fit-selection" View [key(Key::F)] |s| s.view.selection.is_some(), |_| Action::FitSelection;
    "next-stretch" View [key(Key::Period)] |s| s.view.selection.is_some(), |_| Action::Neighbor(true);
    "last-stretch" View [key(Key::Comma)] |s| s.view.selection.is_some(), |_| Action::Neighbor(false);
    "mark-a" View [key(Key::OpenBracket)] has_run, |_| Action::Mark(0);
    "mark-b" View [key(Key::CloseBracket)] has_run, |_| Action::Mark(1);
    "clear-marks" View [key(Key::Backspace)] |s| s.view.markers != [None; 2], |_| Action::ClearMarks;
    "cores" View [key(Key::C)] has_run, |_| Action::Toggle(Switch::Cores);
    "tasks" View [key(Key::T)] has_run, |_| Action::Toggle(Switch::Tasks);
    "arrows" View [key(Key::R)] has_run, |_| Action::Toggle(Switch::Arrows);
    "follow" View [key(Key::L)] has_run, |_| Action::Toggle(Switch::Follow);
    "rows" View [] has_run, |_| Action::Row(super::action::RowChange::Reset);
    "tone" View [key(Key::F9)] always, |s| {
        let mut look = s.settings.look;
        look.tone = if look.is_dark() { Tone::Light } else { Tone::Dark };
        look.projector = false;
        Action::Look(look)
    };
    "projector" View [key(Key::F8)] always, |s| {
        let mut look = s.settings.look;
        look.projector = !look.projector;
        Action::Look(look)
    };
    "language" View [] always, |s| {
        let all = Language::ALL;
        let at = all.iter().position(|language| *language == s.settings.language).unwrap_or(0);
        Action::Language(all[(at + 1) % all.len()])
    };
    "layout" View [] always, |_| Action::ResetLayout;
    "show-library" View [ctrl(Key::Num1)] always, |_| Action::Show(Pane::Library);
    "show-controls" View [ctrl(Key::Num2)] always, |_| Action::Show(Pane::Controls);
    "show-tasks" View [ctrl(Key::Num3)] always, |_| Action::Show(Pane::Tasks);
    "show-text" View [ctrl(Key::Num4)] always, |_| Action::Show(Pane::Text);
    "show-network" View [key(Key::G)] always, |_| Action::Show(Pane::Network);
    "show-chart" View [ctrl(Key::Num5)] always, |_| Action::Show(Pane::Chart);
    "show-live" View [ctrl(Key::Num6)] always, |_| Action::Show(Pane::Live);
    "show-why" View [ctrl(Key::Num7)] always, |_| Action::Show(Pane::Why);
    "show-events" View [ctrl(Key::Num8)] always, |_| Action::Show(Pane::Events);
    "show-metrics" View [ctrl(Key::Num9)] always, |_| Action::Show(Pane::Metrics);
    "show-plots" View [] always, |_| Action::Show(Pane::Plots);

    "race" Run [ctrl(Key::R)] always, |_| Action::Show(Pane::Race);
    "batch" Run [ctrl(Key::B)] always, |_| Action::Show(Pane::Batch);
    "run-batch" Run [ctrl(Key::Enter)] |s| has_setup(s) && s.predict.is_none(), |_| Action::RunBatch;
    "run-race" Run [ctrl_shift(Key::Enter)] can_repeat_race, |_| Action::RunRace;
    "cancel" Run [] is_busy, |_| Action::Cancel;

    "lessons" Learn [ctrl(Key::L)] always, |_| Action::Lesson(LessonAction::List);
    "next-lesson" Learn [ctrl(Key::PageDown)] |s| lesson_beside(s, true), |_| Action::Lesson(LessonAction::Beside(true));
    "last-lesson" Learn [ctrl(Key::PageUp)] |s| lesson_beside(s, false), |_| Action::Lesson(LessonAction::Beside(false));
    "lesson-done" Learn [] |s| s.lessons.open.is_some(), |s| {
        let open = s.lessons.open.as_ref().and_then(|lesson| s.settings.lessons.get(&lesson.id));
        Action::Lesson(LessonAction::Done(open != Some(&Progress::Done)))
    };

    "exercise" Learn [ctrl(Key::P)] always, |_| Action::Show(Pane::Exercise);
    "predict-next" Learn [key(Key::P)] has_run, |_| Action::Predict(Act::Begin(Way::Next));
    "predict-draw" Learn [shift(Key::P)] has_run, |_| Action::Predict(Act::Begin(Way::Draw));
    "predict-go" Learn [key(Key::Enter)] predict::can_go, |_| Action::Predict(Act::Go);
    "predict-hint" Learn [key(Key::H)] predict::is_asked, |_| Action::Predict(Act::Hint);
    "predict-reveal" Learn [key(Key::V)] predict::can_reveal, |_| Action::Predict(Act::Reveal);
    "predict-skip" Learn [key(Key::K)] predict::is_asked, |_| Action::Predict(Act::Skip);
    "predict-1" Learn [key(Key::Num1)] |s| predict::can_choose(s, 0), |_| Action::Predict(Act::Choose(0));
    "predict-2" Learn [key(Key::Num2)] |s| predict::can_choose(s, 1), |_| Action::Predict(Act::Choose(1));
    "predict-3" Learn [key(Key::Num3)] |s| predict::can_choose(s, 2), |_| Action::Predict(Act::Choose(2));
    "predict-4" Learn [key(Key::Num4)] |s| predict::can_choose(s, 3), |_| Action::Predict(Act::Choose(3));
    "predict-5" Learn [key(Key::Num5)] |s| predict::can_choose(s, 4), |_| Action::Predict(Act::Choose(4));
    "predict-6" Learn [key(Key::Num6)] |s| predict::can_choose(s, 5), |_| Action::Predict(Act::Choose(5));
    "predict-7" Learn [key(Key::Num7)] |s| predict::can_choose(s, 6), |_| Action::Predict(Act::Choose(6));
    "predict-8" Learn [key(Key::Num8)] |s| predict::can_choose(s, 7), |_| Action::Predict(Act::Choose(7));
    "predict-9" Learn [key(Key::Num9)] |s| predict::can_choose(s, 8), |_| Action::Predict(Act::Choose(8));
    "predict-nobody" Learn [key(Key::I)] predict::can_nobody, |_| {
        Action::Predict(Act::Answer(experiments::exercise::Pick::Nobody))
    };
    "predict-restart" Learn [shift(Key::R)] predict::is_on, |_| Action::Predict(Act::Restart);
    "predict-leave" Learn [key(Key::Q)] predict::is_on, |_| Action::Predict(Act::Leave);
    "sheet-html" Learn [] has_sheet, |_| Action::Export(Export::SheetHtml);
    "sheet-csv" Learn [] has_sheet, |_| Action::Export(Export::SheetCsv);

    "palette" Help [ctrl(Key::K)] always, |_| Action::Palette(Some(String::new()));
    "shortcuts" Help [key(Key::Questionmark), key(Key::F1)] always, |s| Action::Help(!s.overlays.help);
    "escape" Help [key(Key::Escape)] always, |_| Action::Escape;
];

/// The commands whose keys were pressed. Keys without a modifier are left to text fields while one has the focus, those that
/// press a button or lead to the next to buttons, and those that draw to drawings.
pub fn pressed(context: &egui::Context, state: &State) -> Vec<Action> {
    let focus = Focus::of(context);
    // The longer chord first: Ctrl+Z also matches while Shift is held.
    let mut chords: Vec<(&Command, &KeyboardShortcut)> = Vec::new();
    for command in COMMANDS {
        chords.extend(command.keys.iter().map(|keys| (command, keys)));
    }
    chords.sort_by_key(|(_, keys)| std::cmp::Reverse(keys.modifiers.shift));
    let mut actions = Vec::new();
    for (command, keys) in chords {
        let plain = !keys.modifiers.command && !function_key(keys.logical_key);
        let left = match focus {
            Focus::Nobody => false,
            Focus::Button => plain && presses(keys.logical_key),
            Focus::Typing => plain || edits_text(*keys),
            Focus::Drawing => grid::hears(keys.logical_key, keys.modifiers),
        };
        if left {
            continue;
        }
        // A question mark is typed with Shift on most keyboards.
        let modifiers = if keys.logical_key == Key::Questionmark { Modifiers::SHIFT } else { keys.modifiers };
        let hit = context.input_mut(|input| {
            input.consume_key(keys.modifiers, keys.logical_key)
                || modifiers != keys.modifiers && input.consume_key(modifiers, keys.logical_key)
        });
        if hit && (command.enabled)(state) {
            actions.push((command.action)(state));
        }
    }
    actions
}

/// Who hears keys first.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Focus {
    Nobody,
    /// Something that is pressed or moved: a button, a slider, a row.
    Button,
    /// Something that has a use for every key.
    Typing,
    /// A drawing.
    Drawing,
}

impl Focus {
    fn of(context: &egui::Context) -> Focus {
        match context.memory(egui::Memory::focused) {
            None => Focus::Nobody,
            Some(_) if context.text_edit_focused() => Focus::Typing,
            Some(id) if id == grid::id() => Focus::Drawing,
            Some(_) => Focus::Button,
        }
    }
}

/// A button that was clicked with the pointer does not keep the focus that it had from the keyboard: the next key is meant
/// for the schedule again.
pub fn release_clicked(context: &egui::Context) {
    let clicked = context.input(|input| input.pointer.any_released());
    let focused = context.memory(egui::Memory::focused);
    if let (true, Focus::Button, Some(id)) = (clicked, Focus::of(context), focused) {
        context.memory_mut(|memory| memory.surrender_focus(id));
    }
}

/// Keys that press what has the focus, move it, or lead on from it.
fn presses(key: Key) -> bool {
    use Key::{ArrowDown, ArrowLeft, ArrowRight, ArrowUp, Enter, Space};
    matches!(key, Space | Enter | ArrowLeft | ArrowRight | ArrowUp | ArrowDown)
}

fn function_key(key: Key) -> bool {
    matches!(key, Key::Escape | Key::F1 | Key::F3 | Key::F8 | Key::F9)
}

/// A text field has an undo of its own.
fn edits_text(keys: KeyboardShortcut) -> bool {
    matches!(keys.logical_key, Key::Z | Key::Y)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn ids_and_keys_are_unique_and_titles_exist() {
        let mut ids = BTreeSet::new();
        let mut keys = BTreeSet::new();
        for command in COMMANDS {
            assert!(ids.insert(command.id), "{} stands twice", command.id);
            assert!(!command.title().starts_with("cmd-"), "{} has no title", command.id);
            for shortcut in command.keys {
                let text = format!("{shortcut:?}");
                assert!(keys.insert(text), "{} has the keys of another command", command.id);
            }
        }
    }
}
