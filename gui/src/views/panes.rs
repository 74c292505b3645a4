//! The panes, docked.

use crate::app::action::Action;
use crate::app::panes::Pane;
use crate::app::state::State;
use crate::tr;
use crate::views;
use egui::{Ui, WidgetText};
use egui_tiles::{Behavior, SimplificationOptions, TileId, Tree, UiResponse};

struct Panes<'a> {
    state: &'a State,
    out: &'a mut Vec<Action>,
}

impl Behavior<Pane> for Panes<'_> {
    fn pane_ui(&mut self, ui: &mut Ui, _tile: TileId, pane: &mut Pane) -> UiResponse {
        let (state, out) = (self.state, &mut *self.out);
        egui::Frame::new().inner_margin(6).show(ui, |ui| match pane {
            Pane::Lessons => views::lessons::ui(ui, state, out),
            Pane::Library => views::library::ui(ui, state, out),
            Pane::Controls => views::setup::ui(ui, state, out),
            Pane::Tasks => views::tasks::ui(ui, state, out),
            Pane::Text => views::text::ui(ui, state, out),
            Pane::Chart => views::chart::ui(ui, state, out),
            Pane::Network => views::network::ui(ui, state, out),
            Pane::Live => views::live::ui(ui, state, out),
            Pane::Why => views::why::ui(ui, state, out),
            Pane::Events => views::events::ui(ui, state, out),
            Pane::Metrics => views::metrics::ui(ui, state, out),
            Pane::Plots => views::plots::ui(ui, state, out),
            Pane::Race => views::race::ui(ui, state, out),
            Pane::Batch => views::batch::ui(ui, state, out),
            Pane::Exercise => views::predict::ui(ui, state, out),
        });
        UiResponse::None
    }

    fn tab_title_for_pane(&mut self, pane: &Pane) -> WidgetText {
        tr!(pane.key()).into()
    }

    fn tab_title_spacing(&self, _visuals: &egui::Visuals) -> f32 {
        6.0
    }

    fn simplification_options(&self) -> SimplificationOptions {
        SimplificationOptions { all_panes_must_have_tabs: true, ..SimplificationOptions::default() }
    }
}

/// Draws all panes.
pub fn ui(ui: &mut Ui, state: &State, tree: &mut Tree<Pane>, out: &mut Vec<Action>) {
    let ground = egui::Frame::new().fill(ui.visuals().panel_fill);
    egui::CentralPanel::no_frame().frame(ground).show(ui, |ui| tree.ui(&mut Panes { state, out }, ui));
}
