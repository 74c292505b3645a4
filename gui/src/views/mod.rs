//! One file a view. A view reads the state, draws, and says what the user wanted; it changes nothing.

pub mod batch;
pub mod chart;
pub mod dropped;
pub mod events;
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
