//! Files that come with the program, embedded in it: whatever lies in `library/` when it is built.
//!
//! Scenarios, task lists, logs and traces are listed here; lessons, which are folders, in [`crate::lessons`].

use crate::input::{self, InputKind};
use std::sync::LazyLock;

/// An embedded input.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// Folders and name without suffix: `bench/mm1`, `lessons/convoy/tasks`.
    pub name: &'static str,
    /// What it is.
    pub kind: InputKind,
    /// The whole text.
    pub text: &'static str,
}

impl Entry {
    /// The name without its folders.
    pub fn short(&self) -> &'static str {
        self.name.rsplit('/').next().unwrap_or(self.name)
    }

    /// What it shows, in one line: the first comment of the file.
    pub fn title(&self) -> &'static str {
        self.text.lines().next().unwrap_or("").trim_start_matches('#').trim()
    }

    /// Whether it belongs to a lesson. Such inputs have no short names: every lesson may have its `tasks`.
    pub fn is_of_lesson(&self) -> bool {
        self.name.starts_with(LESSONS)
    }
}

/// The folder of lessons.
pub(crate) const LESSONS: &str = "lessons/";

/// Every embedded file: its name from the library's root, and its text. Sorted by name.
pub(crate) static FILES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/library.rs"));

static ENTRIES: LazyLock<Vec<Entry>> = LazyLock::new(|| {
    let entry = |(name, text): &(&'static str, &'static str)| {
        if name.starts_with(LESSONS) && !crate::lessons::is_input(name.rsplit('/').next()?) {
            return None;
        }
        let kind = input::kind_of(name, text.as_bytes())?;
        let name = name.rsplit_once('.').map_or(*name, |(stem, _)| stem);
        Some(Entry { name, kind, text })
    };
    let mut entries: Vec<Entry> = FILES.iter().filter_map(entry).collect();
    entries.sort_by_key(|entry| entry.name);
    entries
});

/// Every embedded input, by name.
pub fn list() -> &'static [Entry] {
    &ENTRIES
}

/// The input with this name (`bench/mm1`), or the only one outside lessons whose name without folder it is (`mm1`).
pub fn get(name: &str) -> Option<&'static Entry> {
    if let Some(entry) = list().iter().find(|entry| entry.name == name) {
        return Some(entry);
    }
    let mut short = list().iter().filter(|entry| !entry.is_of_lesson() && entry.short() == name);
    match (short.next(), short.next()) {
        (Some(entry), None) => Some(entry),
        _ => None,
    }
}
