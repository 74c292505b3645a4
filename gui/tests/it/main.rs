//! The window driven without a display: clicks, keys, files, pictures.

mod commands;
mod dropping;
mod editing;
mod files;
mod findings;
mod lessons;
mod library;
mod long;
mod machine;
mod network;
mod pictures;
mod predict;
mod race;
mod readable;
mod same;
mod schedule;
mod support;
mod tables;
