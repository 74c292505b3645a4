//! What differs between a desktop and a page of the web: dialogs, reading what was opened or dropped, where results go.
//! Both sides have the same functions; nothing else in the window knows where it runs.

#[cfg(not(target_arch = "wasm32"))]
mod desktop;
#[cfg(target_arch = "wasm32")]
pub mod web;

#[cfg(not(target_arch = "wasm32"))]
pub use desktop::{BYTES_MAX, Desk, lesson, pause, read, write};
#[cfg(target_arch = "wasm32")]
pub use web::{BYTES_MAX, Desk, lesson, pause, read, write};

/// Whether results are written to a place that the user names; a page hands them to the browser.
pub const HAS_PATHS: bool = cfg!(not(target_arch = "wasm32"));

/// Whether there is a window of our own to close.
pub const HAS_WINDOW: bool = HAS_PATHS;

/// The words for a file of more than [`BYTES_MAX`].
fn too_large(name: &str) -> String {
    crate::tr!("open-too-large", name = name, most = BYTES_MAX >> 20)
}
