//! One file a command.

pub mod compare;
pub mod completions;
pub mod exercise;
pub mod files;
pub mod folder;
pub mod lessons;
pub mod plan;
pub mod policies;
pub mod report;
pub mod run;
pub mod sweep;
pub mod validate;
pub mod verify;
