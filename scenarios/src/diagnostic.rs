//! Mistakes as data, and their rendering.
//!
//! | codes | about |
//! |---|---|
//! | S001-S009 | the input itself |
//! | S010-S019 | keys and types |
//! | S020-S029 | values |
//! | S030-S039 | names |
//! | S040-S049 | the model as a whole |
//! | S050-S059 | task lists and traces |
//! | S060-S069 | options and policies |
//! | S070-S079 | access logs |
//!
//! Each is explained in [`CODES`](crate::CODES).

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use std::ops::Range;
use std::sync::Arc;

/// How bad it is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Severity {
    /// The input cannot be run.
    Error,
    /// It can be run but is probably not what was meant.
    Warning,
}

/// One mistake: what, where, and what to do about it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Diagnostic {
    /// A code that never changes its meaning.
    pub code: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// What is wrong: lower case, no full stop, the offending value quoted.
    pub message: String,
    /// The file as the user named it, or the option (`--policy`).
    pub file: String,
    /// The text of an option, where the mistake is in one; `span` and `labels` are about it then.
    pub option: Option<Arc<str>>,
    /// Which bytes of the text; `None` where the whole file is meant.
    pub span: Option<Range<usize>>,
    /// Other places that matter, with a remark each.
    pub labels: Vec<(Range<usize>, String)>,
    /// What to do about it.
    pub help: Option<String>,
}

/// A place in the input or in an option.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Place {
    /// 0: the input's text; n: the n-th option registered with the [`Sink`].
    pub source: u32,
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

impl Place {
    /// A place in the input's text.
    pub fn text(range: Range<usize>) -> Place {
        Place { source: 0, start: range.start, end: range.end }
    }

    /// A part of this place, given relative to its start.
    pub fn part(self, range: Range<usize>) -> Place {
        let start = (self.start + range.start).min(self.end);
        Place { start, end: (self.start + range.end).clamp(start, self.end), ..self }
    }
}

/// Where the file as a whole is meant.
pub(crate) const WHOLE: Place = Place { source: 0, start: usize::MAX, end: usize::MAX };

/// More mistakes than this are counted, not kept.
const KEPT: usize = 200;

/// Collects mistakes.
pub(crate) struct Sink {
    file: String,
    options: Vec<(String, Arc<str>)>,
    found: Vec<(Place, Diagnostic)>,
    dropped: usize,
    overflow: Diagnostic,
}

impl Sink {
    pub fn new(file: &str) -> Sink {
        Sink {
            file: file.to_owned(),
            options: Vec::new(),
            found: Vec::new(),
            dropped: 0,
            overflow: blank("S009", Severity::Error, String::new(), file.to_owned()),
        }
    }

    /// Registers an option, so that mistakes can point into its text; the place is the whole of it.
    pub fn option(&mut self, name: &str, text: &str) -> Place {
        self.options.push((name.to_owned(), Arc::from(text)));
        Place { source: self.options.len() as u32, start: 0, end: text.len() }
    }

    /// Adds an error.
    pub fn error(&mut self, code: &'static str, place: Place, message: impl Into<String>) -> Note<'_> {
        self.add(code, Severity::Error, place, message.into())
    }

    /// Adds a warning.
    pub fn warning(&mut self, code: &'static str, place: Place, message: impl Into<String>) -> Note<'_> {
        self.add(code, Severity::Warning, place, message.into())
    }

    fn add(&mut self, code: &'static str, severity: Severity, place: Place, message: String) -> Note<'_> {
        let (file, option) = match place.source {
            0 => (self.file.clone(), None),
            n => {
                let (name, text) = &self.options[n as usize - 1];
                (name.clone(), Some(Arc::clone(text)))
            }
        };
        let mut diagnostic = blank(code, severity, message, file);
        diagnostic.option = option;
        diagnostic.span = (place != WHOLE).then_some(place.start..place.end);
        if self.found.len() < KEPT {
            self.found.push((place, diagnostic));
            let source = place.source;
            return Note { diagnostic: &mut self.found.last_mut().expect("just pushed").1, source };
        }
        self.dropped += 1;
        self.overflow = diagnostic;
        Note { diagnostic: &mut self.overflow, source: place.source }
    }

    /// How many mistakes were found so far.
    pub fn count(&self) -> usize {
        self.found.len() + self.dropped
    }

    /// Whether further mistakes are only counted: what costs time to explain can be left.
    pub fn is_full(&self) -> bool {
        self.dropped > 0
    }

    /// Whether an error was found.
    pub fn failed(&self) -> bool {
        self.dropped > 0 || self.found.iter().any(|(_, d)| d.severity == Severity::Error)
    }

    /// Errors and warnings, each in the order of the text: options, then the file.
    pub fn finish(mut self) -> (Vec<Diagnostic>, Vec<Diagnostic>) {
        self.found.sort_by_key(|(place, _)| (place.source == 0, place.source, place.start, place.end));
        let (mut errors, warnings): (Vec<_>, Vec<_>) =
            self.found.into_iter().map(|(_, d)| d).partition(|d| d.severity == Severity::Error);
        errors.dedup();
        if self.dropped > 0 {
            let message = format!("and {} more mistakes", self.dropped);
            errors.push(blank("S009", Severity::Error, message, self.file));
        }
        (errors, warnings)
    }
}

fn blank(code: &'static str, severity: Severity, message: String, file: String) -> Diagnostic {
    Diagnostic { code, severity, message, file, option: None, span: None, labels: Vec::new(), help: None }
}

/// A mistake just added, to be completed.
pub(crate) struct Note<'a> {
    diagnostic: &'a mut Diagnostic,
    source: u32,
}

impl Note<'_> {
    /// Says what to do about it.
    pub fn help(self, help: impl Into<String>) -> Self {
        self.diagnostic.help = Some(help.into());
        self
    }

    /// Says what to do about it, where that is known.
    pub fn help_if(self, help: Option<String>) -> Self {
        match help {
            Some(help) => self.help(help),
            None => self,
        }
    }

    /// Points at another place of the same text.
    pub fn label(self, place: Place, label: impl Into<String>) -> Self {
        if place.source == self.source && place != WHOLE {
            self.diagnostic.labels.push((place.start..place.end, label.into()));
        }
        self
    }
}

/// The candidate most like `word`, as a question; `None` where none is near.
pub(crate) fn did_you_mean<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<String> {
    nearest(word, candidates).map(|near| format!("did you mean `{near}`?"))
}

/// The candidate most like `word`, if one is near enough.
pub(crate) fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word: String = word.chars().take(64).collect::<String>().to_lowercase();
    candidates
        .into_iter()
        .map(|candidate| (strsim::jaro_winkler(&word, &candidate.to_lowercase()), candidate))
        .filter(|(likeness, _)| *likeness > 0.78)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate)
}

/// "did you mean", else the list of what there is (shortened).
pub(crate) fn did_you_mean_or_list(word: &str, what: &str, candidates: &[&str]) -> Option<String> {
    did_you_mean(word, candidates.iter().copied()).or_else(|| {
        (!candidates.is_empty()).then(|| {
            let shown: Vec<String> = candidates.iter().take(20).map(|c| format!("`{c}`")).collect();
            let more = if candidates.len() > shown.len() { ", ..." } else { "" };
            format!("{what}: {}{more}", shown.join(", "))
        })
    })
}

/// Renders diagnostics with line, column and caret. `texts` gives the text of each file by the name it has in
/// [`Diagnostic::file`]; mistakes in options bring their own. `width` is the width of the terminal in columns.
pub fn render(diagnostics: &[Diagnostic], texts: &[(&str, &str)], color: bool, width: usize) -> String {
    let renderer = if color { Renderer::styled() } else { Renderer::plain() };
    let renderer = renderer.term_width(width.max(40));
    let mut out = String::new();
    for diagnostic in diagnostics {
        let text = match &diagnostic.option {
            Some(text) => Some(text.as_ref()),
            None => texts.iter().find(|(name, _)| *name == diagnostic.file).map(|(_, text)| *text),
        };
        let level = match diagnostic.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
        };
        let title = match (&diagnostic.span, text) {
            (Some(_), Some(_)) => diagnostic.message.clone(),
            _ if diagnostic.file.is_empty() => diagnostic.message.clone(),
            _ => format!("{}: {}", diagnostic.file, diagnostic.message),
        };
        let mut group = Group::with_title(level.primary_title(clean(&title)).id(diagnostic.code));
        if let (Some(span), Some(text)) = (&diagnostic.span, text) {
            group = group.element(snippet(diagnostic, span, text));
        }
        if let Some(help) = &diagnostic.help {
            group = group.element(Level::HELP.message(clean(help)));
        }
        out.push_str(renderer.render(&[group]).trim_end());
        out.push_str("\n\n");
    }
    out
}

/// The lines around a mistake; long files are cut to them first, so that rendering does not read the whole text.
fn snippet<'a>(
    diagnostic: &'a Diagnostic,
    span: &Range<usize>,
    text: &'a str,
) -> Snippet<'a, annotate_snippets::Annotation<'a>> {
    let span = first_line(clamp(span, text), text);
    let labels: Vec<(Range<usize>, &str)> = diagnostic
        .labels
        .iter()
        .map(|(range, label)| (first_line(clamp(range, text), text), label.as_str()))
        .collect();
    let first = labels.iter().map(|(range, _)| range.start).fold(span.start, usize::min);
    let last = labels.iter().map(|(range, _)| range.end).fold(span.end, usize::max);
    let from = text[..first].rfind('\n').map_or(0, |at| at + 1);
    let to = text[last..].find('\n').map_or(text.len(), |at| last + at);
    let line = text[..from].matches('\n').count() + 1;
    let shift = |range: Range<usize>| range.start - from..range.end - from;
    let mut snippet = Snippet::source(&text[from..to])
        .line_start(line)
        .path(diagnostic.file.as_str())
        .annotation(AnnotationKind::Primary.span(shift(span)));
    for (range, label) in labels {
        snippet = snippet.annotation(AnnotationKind::Context.span(shift(range)).label(label));
    }
    snippet
}

/// The range within the text, on character boundaries.
fn clamp(range: &Range<usize>, text: &str) -> Range<usize> {
    let floor = |mut at: usize| {
        at = at.min(text.len());
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        at
    };
    let start = floor(range.start);
    start..floor(range.end).max(start)
}

/// Of a table that spans lines only the first line is marked.
fn first_line(range: Range<usize>, text: &str) -> Range<usize> {
    let length = text[range.clone()].find(['\r', '\n']).unwrap_or(range.len());
    range.start..range.start + length
}

/// Titles are printed as they are: control characters from the input must not reach the terminal.
fn clean(text: &str) -> String {
    text.chars().map(|c| if c.is_control() && c != '\n' { '\u{fffd}' } else { c }).collect()
}
