//! Lessons: the text and, behind the first line `---facts`, the facts.
#![no_main]

use libfuzzer_sys::fuzz_target;
use scenarios::lessons::{Folder, Lesson};
use std::borrow::Cow;

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let (page, facts) = text.split_once("---facts\n").unwrap_or((text, ""));
    let files = [("lesson.md", page), ("facts.toml", facts), ("tasks.csv", "task,arrival,cpu\na,0,1\n")];
    let files = files.map(|(name, text)| (name.to_owned(), Cow::Owned(text.to_owned())));
    let folder = Folder { id: "f".into(), prefix: "f/".into(), files: files.into(), path: None };
    let _ = Lesson::read(&folder, &experiments::lessons::unit_of);
});
