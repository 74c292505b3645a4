//! The window: what it knows, what a user can want, and the one frame that everything is drawn in.
//!
//! Data flows one way. Views read [`state::State`] and return [`action::Action`]s; [`update`] alone changes the state; the
//! [`worker`] makes runs of it. Nothing here knows the platform's window, so that tests draw the same frame without one.

pub mod action;
pub mod command;
pub mod history;
pub mod lessons;
pub mod network;
pub mod panes;
pub mod predict;
pub mod repeat;
pub mod sessions;
pub mod state;
pub mod update;
pub mod worker;

use crate::theme::{self, Look};
use crate::views;
use crate::words;
use egui_tiles::Tree;
use panes::Pane;
use state::{Settings, State};
use worker::Engine;

/// What the window is at a moment.
pub struct App {
    /// What it knows.
    pub state: State,
    /// How its panes stand.
    pub tree: Tree<Pane>,
    pub(crate) engine: Engine,
    toasts: egui_notify::Toasts,
    look: Option<Look>,
    desk: crate::platform::Desk,
    context: Option<egui::Context>,
}

impl App {
    /// A window with these settings and, where it was kept, this layout.
    pub fn new(settings: Settings, tree: Option<Tree<Pane>>, context: Option<egui::Context>) -> App {
        let mut state = State { settings, ..State::default() };
        state.batch.replications = 30;
        App {
            state,
            tree: tree.filter(panes::is_whole).unwrap_or_else(panes::first),
            engine: Engine::new(context.clone()),
            toasts: egui_notify::Toasts::default(),
            look: None,
            desk: crate::platform::Desk::default(),
            context,
        }
    }

    /// Draws one frame and carries out what was wanted in it.
    pub fn draw(&mut self, ui: &mut egui::Ui) {
        words::set(self.state.settings.language);
        let look = self.state.settings.look;
        if self.look != Some(look) {
            theme::apply(ui.ctx(), look);
            self.look = Some(look);
            // What was begun with the old look would stay so until something else moves.
            ui.ctx().request_discard("another look");
            ui.ctx().request_repaint();
        }
        self.engine.turn(&crate::platform::pause());
        self.engine.poll(&mut self.state);
        self.look();
        self.advance(ui);
        let mut actions = command::pressed(ui.ctx(), &self.state);
        for file in views::dropped::files(ui) {
            self.desk.receive(ui.ctx(), &file);
        }
        actions.extend(self.desk.answers());
        views::toolbar::ui(ui, &self.state, &mut actions);
        views::status::ui(ui, &self.state, &mut actions);
        views::findings::ui(ui, &self.state);
        self.arrange();
        if self.is_seen(Pane::Network) {
            network::refresh(&mut self.state);
        }
        views::panes::ui(ui, &self.state, &mut self.tree, &mut actions);
        views::overlays::ui(ui, &self.state, &mut actions);
        command::release_clicked(ui.ctx());
        self.state.view.focus_find = false;
        for action in actions {
            self.apply(action);
            ui.ctx().request_repaint();
        }
        if std::mem::take(&mut self.state.quit) {
            ui.ctx().send_viewport_cmd(egui::ViewportCommand::Close);
        }
        for (good, text) in self.state.news.drain(..) {
            self.state.said.clone_from(&text);
            let text = folded(&text);
            let toast = if good { self.toasts.success(text) } else { self.toasts.error(text) };
            toast.duration(Some(std::time::Duration::from_secs(6))).closable(true);
        }
        self.toasts.show(ui.ctx());
    }

    /// Waits until nothing is under way: for pictures, which have no second look.
    pub fn wait(&mut self) {
        self.engine.wait(&mut self.state);
        self.look();
        self.engine.wait(&mut self.state);
    }

    /// Whether something is under way beside the window.
    pub fn is_busy(&self) -> bool {
        self.engine.is_busy()
    }

    /// Whether a pane is in front.
    fn is_seen(&self, pane: Pane) -> bool {
        let mut active = self.tree.active_tiles().into_iter();
        active.any(|tile| self.tree.tiles.get_pane(&tile) == Some(&pane))
    }

    /// Lets time run.
    fn advance(&mut self, ui: &egui::Ui) {
        let end = self.state.end();
        let view = &mut self.state.view;
        if !view.playing {
            return;
        }
        let seconds = f64::from(ui.input(|input| input.stable_dt).min(0.1));
        let step = end as f64 / 20.0 * view.speed * seconds;
        view.cursor = (view.cursor as f64 + step.max(1.0)).min(end as f64) as u64;
        if view.follow {
            view.window = view.window.showing(view.cursor, end);
        }
        if view.cursor >= end {
            view.playing = false;
        } else {
            ui.ctx().request_repaint();
        }
    }

    /// Brings panes to the front.
    fn arrange(&mut self) {
        if std::mem::take(&mut self.state.reset_layout) {
            self.tree = panes::first();
        }
        for pane in self.state.show.drain(..) {
            self.tree.make_active(|_, tile| matches!(tile, egui_tiles::Tile::Pane(found) if *found == pane));
        }
    }

    fn browse_open(&mut self) {
        if let Some(context) = &self.context {
            self.desk.ask_open(context);
        }
    }

    fn browse_save(&mut self, export: crate::files::Export) {
        if let Some(context) = &self.context {
            let (name, suffix) = (export.name(&self.state), export.suffix(&self.state));
            self.desk.ask_save(context, export, name, suffix);
        }
    }
}

/// Words for the corner in lines that fit into the smallest window; a file's name may be a line of any length.
fn folded(text: &str) -> String {
    const LINE: usize = 60;
    const LINES: usize = 8;
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        for piece in word.chars().collect::<Vec<_>>().chunks(LINE) {
            let piece: String = piece.iter().collect();
            let full = lines.len() == LINES;
            let last = lines.last_mut().expect("there is one");
            let longer = last.chars().count() + 1 + piece.chars().count();
            if last.is_empty() {
                *last = piece;
            } else if longer <= LINE {
                *last = format!("{last} {piece}");
            } else if full {
                last.push('…');
                return lines.join("\n");
            } else {
                lines.push(piece);
            }
        }
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::folded;

    #[test]
    fn words_for_the_corner_are_short_lines() {
        for (text, expected) in [("", ""), ("a  b", "a b"), ("no file", "no file")] {
            assert_eq!(folded(text), expected);
        }
        let long = folded(&format!("{} and {}", "x".repeat(130), "word ".repeat(400)));
        assert_eq!(long.lines().count(), 8);
        assert!(long.lines().all(|line| line.chars().count() <= 61), "{long}");
        assert!(long.ends_with('…'));
    }
}
