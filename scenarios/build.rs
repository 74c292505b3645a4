//! Embeds `library/`: writes a table of its files, so that adding a scenario or a lesson is adding a file or a folder.
//!
//! `library/lessons/ID/` holds whole lessons.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// Folders that hold other things: mistakes for tests, sweep plans, templates.
const NOT_INPUTS: [&str; 3] = ["invalid", "sweeps", "template"];

fn main() {
    let root = PathBuf::from(std::env::var("CARGO_MANIFEST_DIR").expect("set by cargo")).join("library");
    // A folder is watched with all that is in it.
    println!("cargo::rerun-if-changed={}", root.display());
    let mut files = Vec::new();
    collect(&root, "", &mut files);
    files.sort();
    let mut text = String::from("&[\n");
    for (name, path) in files {
        let _ = writeln!(text, "    ({name:?}, include_str!({:?})),", path.display().to_string());
    }
    text.push_str("]\n");
    let out = PathBuf::from(std::env::var("OUT_DIR").expect("set by cargo")).join("library.rs");
    std::fs::write(&out, text).unwrap_or_else(|error| panic!("{}: {error}", out.display()));
}

/// The files below a folder, by their names from the root with `/` between.
fn collect(folder: &Path, prefix: &str, files: &mut Vec<(String, PathBuf)>) {
    let entries = std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    for entry in entries {
        let path = entry.unwrap_or_else(|error| panic!("{}: {error}", folder.display())).path();
        let name = path.file_name().and_then(|name| name.to_str());
        let name = name.unwrap_or_else(|| panic!("{}: the name is not UTF-8", path.display()));
        // Editors leave hidden files and backups behind.
        if name.starts_with('.') || name.ends_with('~') || (prefix.is_empty() && NOT_INPUTS.contains(&name)) {
            continue;
        }
        let full = format!("{prefix}{name}");
        if path.is_dir() {
            collect(&path, &format!("{full}/"), files);
        } else if !prefix.is_empty() {
            files.push((full, path));
        }
    }
}
