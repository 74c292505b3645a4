//! DispatchLab's classroom: a window that shows schedules, says why each decision was taken, and runs again at every
//! change.
//!
//! ```text
//! views --actions--> app::update --setup--> app::worker --snapshot--> views
//! ```
//!
//! | module | what it does |
//! |---|---|
//! | [`app`] | the state, the actions that change it, the table of commands, the engine beside the window |
//! | [`model`] | one run with the indices that views need: rows, level of detail, who was where |
//! | [`views`] | one file a view; each reads the state and returns actions |
//! | [`theme`], [`words`], [`catalog`] | the only colors, the only texts |
//! | [`files`] | what is written |
//! | [`platform`] | desktop or web: dialogs, reading, writing |
//! | [`start`] | what a window begins with |
//! | [`raster`], [`screenshot`] | pictures of the window without a display |
//! | [`window`] | the platform's window around it all |

pub mod app;
pub mod catalog;
pub mod files;
mod manifest;
pub mod model;
pub mod platform;
pub mod raster;
pub mod screenshot;
pub mod start;
pub mod theme;
pub mod views;
pub mod window;
pub mod words;

pub use app::App;
