//! Mistakes as data.
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
//! | S070-S079 | access logs and request traces |
//! | S080-S089 | sweep plans |
//! | S090-S099 | lessons |
//!
//! Each is explained in [`CODES`](crate::CODES).

use sim_core::shown::shown;
use std::ops::Range;
use std::path::PathBuf;
use std::rc::Rc;
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
    files: Vec<PathBuf>,
    watch: Option<LinesWatch>,
}

/// Is told now and then how many lines of an input have been read.
pub type LinesWatch = Rc<dyn Fn(usize)>;

impl Sink {
    pub fn new(file: &str) -> Sink {
        Sink {
            file: file.to_owned(),
            options: Vec::new(),
            found: Vec::new(),
            dropped: 0,
            overflow: blank("S009", Severity::Error, String::new(), file.to_owned()),
            files: Vec::new(),
            watch: None,
        }
    }

    /// Lets this be told how far the reading of many lines has come.
    pub fn watched(self, watch: Option<LinesWatch>) -> Sink {
        Sink { watch, ..self }
    }

    /// Who is told how far the reading has come.
    pub fn watch(&self) -> Option<LinesWatch> {
        self.watch.clone()
    }

    /// Takes note of a file that was read besides the input.
    pub fn read_file(&mut self, path: PathBuf) {
        if !self.files.contains(&path) {
            self.files.push(path);
        }
    }

    /// The files of [`read_file`](Sink::read_file).
    pub fn take_files(&mut self) -> Vec<PathBuf> {
        std::mem::take(&mut self.files)
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
            return Note {
                diagnostic: &mut self.found.last_mut().expect("just pushed").1,
                source,
                kept: true,
            };
        }
        self.dropped += 1;
        self.overflow = diagnostic;
        Note { diagnostic: &mut self.overflow, source: place.source, kept: false }
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
            let message = format!("and at least {} more mistakes", self.dropped);
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
    kept: bool,
}

impl Note<'_> {
    /// Says what to do about it.
    pub fn help(self, help: impl Into<String>) -> Self {
        self.diagnostic.help = Some(help.into());
        self
    }

    /// Says what to do about it, where that is known. Not asked for mistakes that are only counted.
    pub fn help_if(self, help: impl FnOnce() -> Option<String>) -> Self {
        match self.kept.then(help).flatten() {
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
    nearest(word, candidates).map(|near| format!("did you mean `{}`?", shown(near)))
}

/// The candidate most like `word`, if one is near enough.
pub(crate) fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word: String = word.chars().take(64).collect::<String>().to_lowercase();
    let alike = |candidate: &&str| candidate.len().abs_diff(word.len()) <= 2 + word.len() / 2;
    candidates
        .into_iter()
        .filter(alike)
        .map(|candidate| (strsim::jaro_winkler(&word, &candidate.to_lowercase()), candidate))
        .filter(|(likeness, _)| *likeness > 0.78)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate)
}

/// "did you mean", else the list of what there is (shortened).
pub(crate) fn did_you_mean_or_list(word: &str, what: &str, candidates: &[&str]) -> Option<String> {
    did_you_mean(word, candidates.iter().copied()).or_else(|| {
        (!candidates.is_empty()).then(|| {
            let short = candidates.iter().filter(|c| c.len() <= crate::keys::NAME_BYTES_MAX);
            let shown: Vec<String> = short.take(20).map(|c| format!("`{}`", shown(c))).collect();
            let more = if candidates.len() > shown.len() { ", ..." } else { "" };
            format!("{what}: {}{more}", shown.join(", "))
        })
    })
}
