//! The texts of a lesson.

use super::fact::Fact;
use super::folder::{Folder, is_page};
use super::link::{self, Step};
use super::{FIRST_LANGUAGE, amount};
use crate::diagnostic::{Diagnostic, Place, Sink, WHOLE, did_you_mean_or_list};
use crate::input::Input;
use crate::keys::{Key, Kind, Table};
use crate::reader::{self, Fields};
use crate::tree;
use pulldown_cmark::{Event, HeadingLevel, Options, Parser, Tag, TagEnd};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::ops::Range;

/// The text that every lesson has.
pub(super) const FIRST: &str = "lesson.md";
/// The mark of a section that is shown only when it is asked for.
const ANSWER: &str = "answer";

/// A text in one language, with the numbers of its facts.
#[derive(Clone, Debug)]
pub struct Page {
    /// The code of the language.
    pub language: String,
    /// The title: the first heading.
    pub title: String,
    /// What it is about, in one line.
    pub summary: String,
    /// The text below the title.
    pub blocks: Vec<Block>,
    /// All links that do something, in the order of the text; the same in all languages.
    pub links: Vec<Link>,
    /// Names of the facts that it states, in order.
    pub facts: Vec<String>,
}

/// A part of a text.
#[derive(Clone, PartialEq, Debug)]
pub enum Block {
    /// Markdown. Links in it that do something are among [`Page::links`], by their targets.
    Text(String),
    /// A paragraph of links alone: indices into [`Page::links`].
    Buttons(Vec<usize>),
    /// A section that is shown when it is asked for.
    Answer {
        /// Its title.
        title: String,
        /// What is in it.
        blocks: Vec<Block>,
    },
}

/// A link that does something.
#[derive(Clone, PartialEq, Debug)]
pub struct Link {
    /// What it says.
    pub text: String,
    /// Its target as written: `lab:open=tasks`.
    pub target: String,
    /// What it does, in this order.
    pub steps: Vec<Step>,
}

impl Page {
    /// The whole text as Markdown.
    pub fn markdown(&self) -> String {
        let mut text = format!("# {}\n\n", self.title);
        self.write(&self.blocks, &mut text);
        text
    }

    fn write(&self, blocks: &[Block], text: &mut String) {
        for block in blocks {
            match block {
                Block::Text(markdown) => text.push_str(markdown.trim()),
                Block::Buttons(links) => {
                    let links = links.iter().map(|index| &self.links[*index]);
                    let links: Vec<String> =
                        links.map(|link| format!("[{}]({})", link.text, link.target)).collect();
                    text.push_str(&links.join("\n"));
                }
                Block::Answer { title, blocks } => {
                    let _ = write!(text, "## {title}\n\n");
                    self.write(blocks, text);
                    continue;
                }
            }
            text.push_str("\n\n");
        }
    }
}

const fn key(name: &'static str, kind: Kind, help: &'static str) -> Key {
    Key { name, kind, required: true, help }
}

const SUMMARY: Key = key("summary", Kind::Text, "what the lesson is about, in one line");

static HEAD: Table = Table {
    name: "the head of a lesson",
    keys: &[
        key("order", Kind::Integer { min: 0, max: 1_000_000 }, "its place among the lessons"),
        key("opens", Kind::Text, "the input that opens with it: a file of the folder without suffix"),
        SUMMARY,
        Key {
            name: "begins",
            kind: Kind::Text,
            required: false,
            help: "what is done when it opens: \"policy=srtf&at=4ms\"",
        },
    ],
    either: false,
};

static HEAD_OF_TRANSLATION: Table =
    Table { name: "the head of a translation", keys: &[SUMMARY], either: false };

/// What was read of a text, places still being those of the file.
pub(super) struct RawPage {
    file: String,
    title: String,
    summary: String,
    blocks: Vec<DraftBlock>,
    links: Vec<(Range<usize>, Link)>,
}

enum DraftBlock {
    Text(Range<usize>),
    Buttons(Vec<usize>),
    Answer { title: String, blocks: Vec<DraftBlock> },
}

/// What all texts say together.
pub(super) struct Read {
    pub order: Option<u32>,
    pub opens: Option<String>,
    pub begins: Vec<Step>,
    pub pages: BTreeMap<String, RawPage>,
}

/// Reads all texts of a folder.
pub(super) fn read_all(
    folder: &Folder,
    inputs: &BTreeMap<String, Input>,
    found: &mut Vec<Diagnostic>,
) -> Read {
    let mut read = Read { order: None, opens: None, begins: Vec::new(), pages: BTreeMap::new() };
    let files: Vec<&String> = folder.files.keys().filter(|file| is_page(file)).collect();
    if !files.iter().any(|file| *file == FIRST) {
        let help = format!("a lesson is a folder with `{FIRST}`, and `lesson.de.md` for its German text");
        found.extend(super::whole(&folder.name(FIRST), "S090", "there is no such file", &help));
        return read;
    }
    // The first text says what the others go by.
    let order = |file: &&&String| (**file != FIRST, (**file).clone());
    let mut files: Vec<&String> = files;
    files.sort_by_key(|file| order(&file));
    for file in files {
        let mut sink = Sink::new(&folder.name(file));
        let text = &*folder.files[file];
        let first = file == FIRST;
        let language = file.trim_start_matches("lesson.").trim_end_matches("md").trim_end_matches('.');
        let language = if first { FIRST_LANGUAGE } else { language };
        if let Some((head, body)) = split(text, &mut sink) {
            let table = if first { &HEAD } else { &HEAD_OF_TRANSLATION };
            let (root, broken) = tree::parse(&head, &mut sink);
            let fields = (!broken).then(|| reader::open(&root, table, &mut sink)).flatten();
            let mut summary = String::new();
            if let Some(fields) = fields {
                fields.text("summary", &mut sink).unwrap_or_default().clone_into(&mut summary);
                if first {
                    read.order = fields.integer("order", &mut sink).map(|order| order as u32);
                    read.opens = opens(&fields, inputs, &mut sink);
                    let start = read.opens.as_deref().unwrap_or_default();
                    read.begins = begins(&fields, inputs, start, &mut sink);
                }
            }
            let start = read.opens.as_deref().unwrap_or_default();
            let mut reader = BodyReader { text, body, inputs, start, own: &folder.id, sink: &mut sink };
            let draft = reader.read(file, summary);
            read.pages.insert(language.to_owned(), draft);
        }
        let (errors, warnings) = sink.finish();
        found.extend(errors.into_iter().chain(warnings));
    }
    read
}

/// The head, blank where the file is something else so that places stay, and where the body begins.
fn split(text: &str, sink: &mut Sink) -> Option<(String, usize)> {
    let mark = "+++";
    let first = text.lines().next().unwrap_or_default();
    let rest = first.trim_end() == mark;
    let mut at = first.len();
    let mut end = None;
    for line in text.get(at..).unwrap_or_default().split_inclusive('\n') {
        if rest && line.trim_end() == mark {
            end = Some((at, at + line.len()));
            break;
        }
        at += line.len();
    }
    let Some((end, body)) = end else {
        sink.error("S090", Place::text(0..first.len()), "the text has no head")
            .help("it begins with a line `+++`, then `summary = \"...\"` and the like, then a line `+++`");
        return None;
    };
    let head = format!("{}{}", " ".repeat(mark.len()), &text[mark.len()..end]);
    Some((head, body))
}

fn opens(fields: &Fields<'_>, inputs: &BTreeMap<String, Input>, sink: &mut Sink) -> Option<String> {
    let name = fields.text("opens", sink)?;
    if !inputs.contains_key(name) {
        let known: Vec<&str> = inputs.keys().map(String::as_str).collect();
        sink.error("S091", fields.place("opens"), format!("there is no input `{name}` in the folder"))
            .help_if(|| did_you_mean_or_list(name, "there are", &known));
        return None;
    }
    Some(name.to_owned())
}

/// What is done when a lesson opens.
fn begins(fields: &Fields<'_>, inputs: &BTreeMap<String, Input>, start: &str, sink: &mut Sink) -> Vec<Step> {
    let Some(text) = fields.text("begins", sink).filter(|_| !start.is_empty()) else { return Vec::new() };
    let place = fields.place("begins");
    let steps = match link::parse(text) {
        Ok(steps) => steps,
        Err(bad) => {
            sink.error("S091", place, bad.message).help_if(|| bad.help);
            return Vec::new();
        }
    };
    if steps.iter().any(|step| matches!(step, Step::Open(_) | Step::Lesson(_) | Step::Dial(_))) {
        sink.error("S091", place, "what a lesson opens stands under `opens`")
            .help("policies, options, and where to look");
    } else if let Err((message, help)) = link::check(&steps, inputs, start, "") {
        sink.error("S091", place, message).help_if(|| help);
    }
    steps
}

struct BodyReader<'a, 's> {
    text: &'a str,
    body: usize,
    inputs: &'a BTreeMap<String, Input>,
    start: &'a str,
    own: &'a str,
    sink: &'s mut Sink,
}

/// A block of the top level, while it is read.
#[derive(Default)]
struct Top {
    heading: Option<(HeadingLevel, bool)>,
    paragraph: bool,
    words: String,
    links: Vec<usize>,
    other: bool,
}

impl BodyReader<'_, '_> {
    fn read(&mut self, file: &str, summary: String) -> RawPage {
        let options = Options::ENABLE_TABLES | Options::ENABLE_HEADING_ATTRIBUTES;
        let events = Parser::new_ext(&self.text[self.body..], options).into_offset_iter();
        let mut links: Vec<(Range<usize>, Link)> = Vec::new();
        let mut tops: Vec<(Range<usize>, Top)> = Vec::new();
        let mut depth = 0_usize;
        // The link that is being read: where, its target, and what it says.
        let mut open: Option<(Range<usize>, String, String)> = None;
        for (event, range) in events {
            let range = range.start + self.body..range.end + self.body;
            if depth == 0 {
                tops.push((range.clone(), Top::default()));
            }
            let Some((_, top)) = tops.last_mut() else { continue };
            match event {
                Event::Start(tag) => {
                    depth += 1;
                    match tag {
                        Tag::Heading { level, classes, .. } => {
                            top.heading = Some((level, classes.iter().any(|class| &**class == ANSWER)));
                        }
                        Tag::Paragraph if depth == 1 => top.paragraph = true,
                        Tag::Link { dest_url, .. } => {
                            open = Some((range, dest_url.into_string(), String::new()));
                        }
                        _ => top.other = true,
                    }
                }
                Event::End(tag) => {
                    depth -= 1;
                    if tag == TagEnd::Link
                        && let Some((range, target, text)) = open.take()
                    {
                        top.words.push_str(&text);
                        if let Some(link) = self.link(&range, target, text) {
                            top.links.push(links.len());
                            links.push((range, link));
                        } else {
                            top.other = true;
                        }
                    }
                }
                Event::Text(text) | Event::Code(text) => {
                    if let Some((_, _, words)) = &mut open {
                        words.push_str(&text);
                    } else {
                        top.other |= !text.trim().is_empty();
                        top.words.push_str(&text);
                    }
                }
                Event::SoftBreak | Event::HardBreak => match &mut open {
                    Some((_, _, words)) => words.push(' '),
                    None => top.words.push(' '),
                },
                _ => top.other = true,
            }
        }
        self.assemble(file, summary, tops, links)
    }

    fn assemble(
        &mut self,
        file: &str,
        summary: String,
        tops: Vec<(Range<usize>, Top)>,
        links: Vec<(Range<usize>, Link)>,
    ) -> RawPage {
        let mut tops = tops.into_iter();
        let mut title = String::new();
        match tops.next() {
            Some((_, Top { heading: Some((HeadingLevel::H1, false)), words, .. })) => title = words,
            first => {
                let place = first.map_or(WHOLE, |(range, _)| Place::text(range));
                self.sink
                    .error("S090", place, "the text does not begin with its title")
                    .help("`# The title`");
            }
        }
        let mut blocks: Vec<DraftBlock> = Vec::new();
        // Inside of an answer its blocks; answers end at the next title of their level or a higher one.
        let mut answer: Option<(String, Vec<DraftBlock>)> = None;
        for (range, top) in tops {
            if let Some((level, is_answer)) = top.heading {
                if level == HeadingLevel::H1 {
                    self.sink.error("S090", Place::text(range.clone()), "a second title");
                }
                if level <= HeadingLevel::H2
                    && let Some((title, inner)) = answer.take()
                {
                    blocks.push(DraftBlock::Answer { title, blocks: inner });
                }
                if is_answer {
                    answer = Some((top.words, Vec::new()));
                    continue;
                }
            }
            let into = answer.as_mut().map_or(&mut blocks, |(_, inner)| inner);
            if top.paragraph && !top.other && !top.links.is_empty() {
                into.push(DraftBlock::Buttons(top.links));
            } else if let Some(DraftBlock::Text(last)) = into.last_mut() {
                last.end = range.end;
            } else {
                into.push(DraftBlock::Text(range));
            }
        }
        if let Some((title, inner)) = answer {
            blocks.push(DraftBlock::Answer { title, blocks: inner });
        }
        RawPage { file: file.to_owned(), title, summary, blocks, links }
    }

    /// A link that does something, or `None` for one that leads to a page of the web, and for a mistake.
    fn link(&mut self, range: &Range<usize>, target: String, text: String) -> Option<Link> {
        if target.starts_with("https://") || target.starts_with("http://") {
            return None;
        }
        let whole = Place::text(range.clone());
        let written = self.text[range.clone()].rfind(&target).map(|at| range.start + at);
        if !target.starts_with(link::SCHEME) {
            self.sink
                .error("S091", whole, format!("the link leads nowhere: `{target}`"))
                .help("write `lab:open=...`, or an address of the web");
            return None;
        }
        let place = written.map_or(whole, |at| Place::text(at..at + target.len()));
        let steps = match link::parse(&target) {
            Ok(steps) => steps,
            Err(bad) => {
                let place = if written.is_some() { place.part(bad.part) } else { place };
                self.sink.error("S091", place, bad.message).help_if(|| bad.help);
                return None;
            }
        };
        // Without what it opens there is nothing to try it on; that is told already.
        if !self.start.is_empty()
            && let Err((message, help)) = link::check(&steps, self.inputs, self.start, self.own)
        {
            self.sink.error("S091", place, message).help_if(|| help);
            return None;
        }
        Some(Link { text, target, steps })
    }
}

/// Places of `{name}` in a text.
fn names(text: &str, from: usize) -> Vec<(Range<usize>, &str)> {
    let mut found = Vec::new();
    let mut at = from;
    while let Some(start) = text[at..].find('{').map(|offset| at + offset) {
        let rest = &text[start + 1..];
        let is_name = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        let length = rest.find(|c| !is_name(c)).unwrap_or(rest.len());
        if length > 0 && rest[length..].starts_with('}') {
            found.push((start..start + length + 2, &rest[..length]));
        }
        at = start + 1;
    }
    found
}

/// A part of a text with the numbers of its facts.
fn filled(text: &str, facts: &[Fact], language: &str) -> String {
    let mut out = String::new();
    let mut at = 0;
    for (range, name) in names(text, 0) {
        out.push_str(&text[at..range.start]);
        match facts.iter().find(|fact| fact.name == name) {
            Some(fact) => out.push_str(&amount::shown(&fact.says, language)),
            None => out.push_str(&text[range.clone()]),
        }
        at = range.end;
    }
    out.push_str(&text[at..]);
    out
}

/// Puts the numbers of the facts into the texts, and compares the languages.
pub(super) fn finish(
    drafts: &BTreeMap<String, RawPage>,
    folder: &Folder,
    facts: &[Fact],
    found: &mut Vec<Diagnostic>,
) -> BTreeMap<String, Page> {
    let mut pages = BTreeMap::new();
    // Facts that could not be read are no further mistake of the text.
    let known = found.is_empty();
    for (language, draft) in drafts {
        let text = &*folder.files[&draft.file];
        let mut sink = Sink::new(&folder.name(&draft.file));
        let mut stated = Vec::new();
        for (range, name) in names(text, 0) {
            if known && !facts.iter().any(|fact| fact.name == name) {
                let names: Vec<&str> = facts.iter().map(|fact| &*fact.name).collect();
                sink.error("S092", Place::text(range), format!("there is no fact `{name}`"))
                    .help_if(|| did_you_mean_or_list(name, "there are", &names));
            }
            stated.push(name.to_owned());
        }
        found.extend(sink.finish().0);
        let fill = |text: &str| filled(text, facts, language);
        let links = draft.links.iter().map(|(_, link)| Link { text: fill(&link.text), ..link.clone() });
        let page = Page {
            language: language.clone(),
            title: draft.title.clone(),
            summary: draft.summary.clone(),
            blocks: blocks(&draft.blocks, text, &fill),
            links: links.collect(),
            facts: stated,
        };
        pages.insert(language.clone(), page);
    }
    if let Some(first) = pages.get(FIRST_LANGUAGE).filter(|_| known) {
        for (language, page) in pages.iter().filter(|(language, _)| *language != FIRST_LANGUAGE) {
            let file = &drafts[language].file;
            for message in differences(first, page) {
                found.extend(super::whole(&folder.name(file), "S094", &message, ""));
            }
        }
    }
    pages
}

fn blocks(drafts: &[DraftBlock], text: &str, fill: &dyn Fn(&str) -> String) -> Vec<Block> {
    let block = |draft: &DraftBlock| match draft {
        DraftBlock::Text(range) => Block::Text(fill(&text[range.clone()])),
        DraftBlock::Buttons(links) => Block::Buttons(links.clone()),
        DraftBlock::Answer { title, blocks: inner } => {
            Block::Answer { title: title.clone(), blocks: blocks(inner, text, fill) }
        }
    };
    drafts.iter().map(block).collect()
}

/// What one language says and another does not.
fn differences(first: &Page, other: &Page) -> Vec<String> {
    let mut found = Vec::new();
    let names = |page: &Page| page.facts.iter().cloned().collect::<BTreeSet<String>>();
    let (a, b) = (names(first), names(other));
    found.extend(a.difference(&b).map(|name| format!("it does not state `{name}`, as `{FIRST}` does")));
    found.extend(b.difference(&a).map(|name| format!("it states `{name}`, which `{FIRST}` does not")));
    let count = first.links.len().max(other.links.len());
    for index in 0..count {
        let target = |page: &Page| page.links.get(index).map(|link| link.target.clone());
        let (a, b) = (target(first), target(other));
        if a != b {
            let word =
                |target: Option<String>| target.map_or_else(|| "nothing".to_owned(), |t| format!("`{t}`"));
            found.push(format!("link {} is {}, and in `{FIRST}` {}", index + 1, word(b), word(a)));
            break;
        }
    }
    let answers = |page: &Page| page.blocks.iter().filter(|b| matches!(b, Block::Answer { .. })).count();
    if answers(first) != answers(other) {
        found.push(format!("it has {} answers, and `{FIRST}` has {}", answers(other), answers(first)));
    }
    found
}
