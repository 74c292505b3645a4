//! Lessons: a folder each, with a text in every language, inputs to play with, and the facts that the text states.
//!
//! ```text
//! library/lessons/convoy/lesson.md       the text; +++ order, opens, summary +++ in front
//!                       /lesson.de.md    the same in German; +++ summary +++ in front
//!                       /facts.toml      what the text states, to be checked by running it
//!                       /tasks.csv       inputs, as many as needed
//! ```
//!
//! The text is Markdown with three additions. A link whose target begins with `lab:` does something in the window
//! ([`Step`]); a paragraph of nothing but such links is a row of buttons. `{name}` stands for the number of the fact of
//! that name, so that no number is written that is not checked. A section whose title ends in `{.answer}` is shown only
//! when it is asked for.
//!
//! Nothing runs here. Whether the facts hold is for `experiments` to say.

mod amount;
mod fact;
mod folder;
mod link;
mod page;

pub use fact::{Expect, Fact, JOB_METRICS, JobOf, Run};
pub use folder::{Folder, is_page, library};
pub use link::{DIALS, PANES, Setting, Step};
pub use page::{Block, Link, Page};

use crate::diagnostic::{Diagnostic, Sink, WHOLE};
use crate::input::Input;
use std::collections::BTreeMap;

/// The language that every lesson is written in first.
pub const FIRST_LANGUAGE: &str = "en";

/// The unit of a metric by its name (`response/mean`: `ns`), or what is wrong with the name.
pub type UnitOf<'f> = &'f dyn Fn(&str) -> Result<&'static str, String>;

/// A lesson that has been read and found right.
#[derive(Clone, Debug)]
pub struct Lesson {
    /// The name of its folder.
    pub id: String,
    /// Its place among the lessons; equal ones stand by id.
    pub order: u32,
    /// Its text, by the code of the language: `en` is always there.
    pub pages: BTreeMap<String, Page>,
    /// What it states.
    pub facts: Vec<Fact>,
    /// Its inputs, by the name that links have for them. The first one to open is under [`Lesson::opens`].
    pub inputs: BTreeMap<String, Input>,
    /// The input that opens with it.
    pub opens: String,
    /// What is done when it opens: policies, options, and where to look. Links that open an input look there too, unless they
    /// say where.
    pub begins: Vec<Step>,
}

impl Lesson {
    /// Reads a lesson.
    ///
    /// # Errors
    /// Everything that is wrong with it, in any of its files: what is missing, links that lead nowhere, policies that the
    /// inputs do not take, numbers that are no facts, languages that do not say the same.
    pub fn read(folder: &Folder, unit_of: UnitOf<'_>) -> Result<Lesson, Vec<Diagnostic>> {
        let mut found = Vec::new();
        let inputs = folder.inputs(&mut found);
        let read = page::read_all(folder, &inputs, &mut found);
        let facts = fact::read(folder, read.opens.as_deref(), &inputs, unit_of, &mut found);
        let pages = page::finish(&read.pages, folder, &facts, &mut found);
        match (read.order, read.opens) {
            (Some(order), Some(opens)) if found.is_empty() => {
                Ok(Lesson { id: folder.id.clone(), order, pages, facts, inputs, opens, begins: read.begins })
            }
            _ => {
                if found.is_empty() {
                    found = whole(&folder.name(page::FIRST), "S090", "the lesson cannot be read", "");
                }
                Err(found)
            }
        }
    }

    /// The text in a language, else in [`FIRST_LANGUAGE`].
    pub fn page(&self, language: &str) -> &Page {
        self.pages.get(language).unwrap_or_else(|| &self.pages[FIRST_LANGUAGE])
    }

    /// The input that links call by this name: one of the lesson's, else one of the library.
    pub fn input(&self, name: &str) -> Option<Input> {
        self.inputs.get(name).cloned().or_else(|| Input::library(name))
    }
}

/// All lessons of the library in their order. One that is wrong is there with what is wrong with it.
pub fn read_library(unit_of: UnitOf<'_>) -> Vec<Result<Lesson, (&'static str, Vec<Diagnostic>)>> {
    let read = |folder: &'static Folder| Lesson::read(folder, unit_of).map_err(|found| (&*folder.id, found));
    let mut lessons: Vec<_> = library().iter().map(read).collect();
    lessons.sort_by_key(|lesson| match lesson {
        Ok(lesson) => (lesson.order, lesson.id.clone()),
        Err((id, _)) => (u32::MAX, (*id).to_owned()),
    });
    lessons
}

/// Whether a file of a lesson's folder is one of its inputs.
pub(crate) fn is_input(file: &str) -> bool {
    let suffix = file.rsplit_once('.').map_or("", |(_, suffix)| suffix);
    matches!(suffix, "toml" | "csv" | "log" | "jsonl") && file != fact::FILE
}

/// One mistake about a file as a whole.
fn whole(file: &str, code: &'static str, message: &str, help: &str) -> Vec<Diagnostic> {
    let mut sink = Sink::new(file);
    sink.error(code, WHOLE, message).help_if(|| Some(help.to_owned()).filter(|help| !help.is_empty()));
    sink.finish().0
}
