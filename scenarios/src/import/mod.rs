//! Importers of foreign formats, one file each.

pub(crate) mod access_log;
