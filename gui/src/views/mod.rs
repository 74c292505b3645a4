//! One file a view. A view reads the state, draws, and says what the user wanted; it changes nothing.

pub mod batch;
pub mod chart;
pub mod compared;
pub mod dropped;
pub mod events;
pub mod findings;
pub mod lessons;
pub mod library;
pub mod live;
pub mod metrics;
pub mod network;
pub mod overlays;
pub mod panes;
pub mod plots;
pub mod predict;
pub mod race;
pub mod setup;
pub mod status;
pub mod swatch;
pub mod tasks;
pub mod text;
pub mod toolbar;
pub mod why;

use crate::app::state::State;

/// A number; what its mark means, where it has one.
fn few(ui: &mut egui::Ui, value: Option<String>, is_few: bool) {
    let shown = ui.label(value.unwrap_or_else(|| "–".to_owned()));
    if is_few {
        shown.on_hover_text(crate::catalog::told(&reports::rows::few_legend()));
    }
}

/// What a pane says while there is no run: that the first is under way, or that there is none; `key` is what it says where
/// nothing is open.
fn no_run(state: &State, key: &str) -> String {
    match state.setup() {
        Some(_) if state.running.is_some() => crate::tr!("no-run-yet"),
        Some(_) => crate::tr!("no-run"),
        None => crate::tr!(key),
    }
}
