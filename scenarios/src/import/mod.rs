//! Importers of foreign formats, one file each, and what they share.

pub(crate) mod access_log;
mod farm;
pub(crate) mod request_trace;
mod service;
