//! The rules of the house, held by tests instead of memory.
//!
//! - `walls`: which crate may depend on which, and what a crate may not touch at all.
//! - `tidy`: lengths of files, citations, words that must not stay.
//! - `commands`: every command in README and docs is run and prints what is shown.
//! - `reference`: pages made from the code are what the code says.
//! - `picture`: the README's picture is what the program prints.
//!
//! Pages, outputs and the picture are written anew with `DISPATCHLAB_BLESS=1 TRYCMD=overwrite cargo test -p dispatchlab
//! --test house`; read the difference before it is committed.

mod commands;
mod picture;
mod reference;
mod tidy;
mod walls;

use std::path::{Path, PathBuf};

/// The root of the workspace.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the package is a folder of the workspace")
        .to_owned()
}

/// A file as text; some inputs are not UTF-8 on purpose.
fn read(path: &Path) -> String {
    let bytes = std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    String::from_utf8_lossy(&bytes).replace("\r\n", "\n")
}

/// The files below `folder` with this suffix, sorted; build output is left out.
fn files(folder: &Path, suffix: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let entries = std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    for entry in entries {
        let path = entry.expect("a folder can be listed").path();
        let hidden =
            path.file_name().is_some_and(|name| name == "target" || name.to_string_lossy().starts_with('.'));
        if path.is_dir() && !hidden {
            found.extend(files(&path, suffix));
        } else if path.extension().is_some_and(|found| found == suffix) {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// A path as the README would write it.
fn shown(path: &Path) -> String {
    path.strip_prefix(root()).unwrap_or(path).to_string_lossy().replace('\\', "/")
}

/// The Markdown that people read: the files at the root, and the docs.
fn pages() -> Vec<PathBuf> {
    let mut pages: Vec<PathBuf> = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md"]
        .map(|name| root().join(name))
        .into();
    pages.extend(files(&root().join("docs"), "md"));
    pages
}

/// Holds a generated file to what the code says now; writes it where `DISPATCHLAB_BLESS` is set.
fn is_fresh(path: &str, text: &str) {
    let file = root().join(path);
    if std::env::var_os("DISPATCHLAB_BLESS").is_some() {
        std::fs::write(&file, text).unwrap_or_else(|error| panic!("{path}: {error}"));
        return;
    }
    let found = std::fs::read_to_string(&file).unwrap_or_default().replace("\r\n", "\n");
    let line = found.lines().zip(text.lines()).take_while(|(old, new)| old == new).count();
    assert!(
        found == text,
        "{path} is not what the code says, from line {}:\n  is        {}\n  should be {}\n\
         write it anew with DISPATCHLAB_BLESS=1 cargo test -p dispatchlab --test house",
        line + 1,
        found.lines().nth(line).unwrap_or("(nothing)"),
        text.lines().nth(line).unwrap_or("(nothing)"),
    );
}
