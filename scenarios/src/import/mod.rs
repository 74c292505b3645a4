//! Importers of foreign formats, one file each, and what they share.

pub(crate) mod access_log;
mod calendar;
mod chosen;
mod classes;
mod client;
mod farm;
mod fields;
mod floor;
mod format;
pub(crate) mod json;
mod presets;
mod recognize;
pub(crate) mod request_trace;
mod requests;
mod roles;
mod service;
mod stamp;
pub(crate) mod unread;
mod value;

use sim_core::model::Attributes;

/// The requests of a log or trace, on no machines yet.
#[derive(Debug)]
pub(crate) struct Parsed {
    requests: Vec<farm::Requests>,
    attributes: Vec<Attributes>,
    notes: Vec<String>,
}
