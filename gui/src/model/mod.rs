//! What is shown, apart from how: a run with the indices that a view needs to answer in a frame.

pub mod distribution;
pub mod events;
pub mod grounds;
pub mod lessons;
pub mod lod;
pub mod network;
pub mod occupancy;
mod places;
pub mod rows;
pub mod setup;
pub mod snapshot;
pub mod tasks;
pub mod veil;
