//! Where text comes from, and what kind of text it is.

use crate::bounds::{MORE_INPUT, bytes_text, max_input};
use crate::diagnostic::{Diagnostic, Sink, WHOLE};
use crate::import::unread;
use crate::library;
use crate::stream::{self, Lines, Origin};
use crate::traces;
use crate::unpack::{self, Packed};
use std::io::{self, BufRead};
use std::path::PathBuf;

/// The kinds of input.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum InputKind {
    /// A scenario, TOML.
    Scenario,
    /// A task list, CSV with a header that has a column `task`.
    TaskList,
    /// An access log of a web server, proxy or load balancer; also any text of which nothing else is known.
    AccessLog,
    /// A request trace: CSV with a header that names an arrival and a service time, or JSON objects.
    RequestTrace,
}

/// Text to be loaded.
#[derive(Clone, Debug)]
pub struct Input {
    /// The name shown in diagnostics.
    pub name: String,
    /// What it is.
    pub kind: InputKind,
    /// The text; access logs need not be UTF-8. Of a long log or trace that is read as it is needed ([`Input::stream`]) it
    /// is the beginning.
    pub text: Vec<u8>,
    /// The folder that file names in a scenario are relative to; `None`: the scenario may not name files.
    pub folder: Option<PathBuf>,
    /// How it was given.
    pub origin: Origin,
}

/// Larger inputs are refused, unless [`bounds`](crate::bounds) are others.
pub(crate) const BYTES_MAX: u64 = 1 << 30;

pub(crate) const KNOWN: &str = "known are scenarios (.toml), task lists (.csv with a column `task`), request traces (.csv \
                                with columns `arrival` and `service`, or with `timestamp`; JSON objects), access logs \
                                (`--log-format` says of what form, where it is none of the usual ones), and the names \
                                of library scenarios";

impl Input {
    /// Text that is already at hand.
    pub fn from_text(name: impl Into<String>, kind: InputKind, text: impl Into<Vec<u8>>) -> Input {
        Input { name: name.into(), kind, text: text.into(), folder: None, origin: Origin::default() }
    }

    /// The text as UTF-8; `None` where it is not, or is not held.
    pub fn as_str(&self) -> Option<&str> {
        std::str::from_utf8(&self.text).ok().filter(|_| self.is_held())
    }

    /// Whether the whole text is held.
    pub(crate) fn is_held(&self) -> bool {
        self.origin.whole.is_none()
    }

    /// The whole text, from its beginning.
    pub(crate) fn open(&self) -> io::Result<Box<dyn BufRead + '_>> {
        stream::open(&self.text, &self.origin)
    }

    /// The lines of the whole text.
    pub(crate) fn lines(&self) -> io::Result<Lines<'_>> {
        Ok(Lines::new(self.open()?))
    }

    /// The bytes as they were given, packed ones as they are; of a text that is not held, its beginning.
    pub fn as_given(&self) -> &[u8] {
        self.origin.packed.as_ref().map_or(&self.text, |packed| packed)
    }

    /// How many bytes were given, and their BLAKE3 hash.
    pub fn given(&self) -> (u64, String) {
        if let Some(whole) = &self.origin.whole {
            return whole.given.clone();
        }
        let bytes = self.as_given();
        (bytes.len() as u64, blake3::hash(bytes).to_hex().to_string())
    }

    /// What [`render`](crate::render) needs to show mistakes of this input.
    pub fn texts(&self) -> Vec<(&str, &str)> {
        self.as_str().map(|text| (self.name.as_str(), text)).into_iter().collect()
    }

    /// A scenario or task list of the library, by its full name (`bench/mm1`) or its last part where that is unique.
    pub fn library(name: &str) -> Option<Input> {
        let entry = library::get(name)?;
        Some(Input::from_text(entry.name, entry.kind, entry.text))
    }

    /// Reads a file, standard input (`-`) or a library scenario; a file goes before a library name.
    #[cfg(feature = "files")]
    pub fn read(source: &str) -> Result<Input, Vec<Diagnostic>> {
        stream::files::input(source, false, &|_| ())
    }

    /// [`read`](Input::read), but of a long log or trace only the beginning is held: the lines are read as they are needed.
    /// `watch` is told now and then how many bytes of it have been looked through.
    #[cfg(feature = "files")]
    pub fn stream(source: &str, watch: &dyn Fn(u64)) -> Result<Input, Vec<Diagnostic>> {
        stream::files::input(source, true, watch)
    }

    /// Decides what kind of text it is, by the suffix of the name and by the content.
    pub fn of(name: &str, text: Vec<u8>, folder: Option<PathBuf>) -> Result<Input, Vec<Diagnostic>> {
        let most = max_input(BYTES_MAX);
        if text.len() as u64 > most {
            let message = format!("larger than {}", bytes_text(most));
            return Err(fail(name, "S003", message, Some(MORE_INPUT.to_owned())));
        }
        let packed = unpack::is_packed(&text).then(|| text.clone());
        let text = match unpack::unpacked(text, most) {
            Ok(text) => text,
            Err(Packed::TooLong) => {
                let message = format!("larger than {} when it is unpacked", bytes_text(most));
                return Err(fail(name, "S003", message, Some(MORE_INPUT.to_owned())));
            }
            Err(Packed::Broken(why)) => {
                return Err(fail(name, "S007", format!("cannot be unpacked: {why}"), None));
            }
        };
        let kind = Input::kind_of_text(name, &text)?;
        Ok(Input { name: name.to_owned(), kind, text, folder, origin: Origin::held(packed) })
    }

    /// What kind of text it is, or why it is none.
    pub(crate) fn kind_of_text(name: &str, text: &[u8]) -> Result<InputKind, Vec<Diagnostic>> {
        let suffix = suffix_of(name);
        if suffix != "toml"
            && let Some(what) = unread::named(text)
        {
            return Err(fail(name, "S006", format!("this is {what}"), Some(KNOWN.to_owned())));
        }
        match kind_of(name, text) {
            Some(kind) => Ok(kind),
            // Let the task list's own diagnostics say what the header lacks.
            None if suffix == "csv" => Ok(InputKind::TaskList),
            None if text.trim_ascii().is_empty() => {
                Err(fail(name, "S002", "there is nothing in it".to_owned(), Some(KNOWN.to_owned())))
            }
            // A log of a form that options may tell; what is wrong otherwise is said when it is compiled.
            None if could_be_log(text) => Ok(InputKind::AccessLog),
            None => {
                let message = "neither the name nor the content is of a known kind".to_owned();
                Err(fail(name, "S002", message, Some(KNOWN.to_owned())))
            }
        }
    }
}

/// Whether a text may be a log of a form that nobody has told yet: text of lines with more than a word.
fn could_be_log(text: &[u8]) -> bool {
    let divides = |b: &u8| matches!(b, b' ' | b'\t' | b',' | b';' | b'|');
    !text[..text.len().min(4096)].contains(&0) && first_lines(text, 50).any(|line| line.iter().any(divides))
}

/// The suffix of a name in small letters, without the dot and without that of an archive; empty where there is none.
fn suffix_of(name: &str) -> String {
    let name = [".gz", ".zst", ".zstd"].iter().find_map(|suffix| name.strip_suffix(suffix)).unwrap_or(name);
    name.rsplit_once('.').map_or("", |(_, suffix)| suffix).to_ascii_lowercase()
}

/// What kind of text it is, by the suffix of the name and by the content; `None` where it cannot be told.
pub(crate) fn kind_of(name: &str, text: &[u8]) -> Option<InputKind> {
    match suffix_of(name).as_str() {
        "toml" => Some(InputKind::Scenario),
        "csv" if has_task_column(text) => Some(InputKind::TaskList),
        "csv" if has_trace_header(text) => Some(InputKind::RequestTrace),
        _ => guess(text),
    }
}

pub(crate) fn fail(name: &str, code: &'static str, message: String, help: Option<String>) -> Vec<Diagnostic> {
    let mut sink = Sink::new(name);
    sink.error(code, WHOLE, message).help_if(|| help);
    sink.finish().0
}

/// The first lines that are neither empty nor comments, without their line ends.
fn first_lines(text: &[u8], count: usize) -> impl Iterator<Item = &[u8]> {
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    text.split(|b| *b == b'\n')
        .map(<[u8]>::trim_ascii)
        .filter(|l| !l.is_empty() && !l.starts_with(b"#"))
        .take(count)
}

/// Whether the header has a column `task`.
pub(crate) fn has_task_column(text: &[u8]) -> bool {
    first_lines(text, 1).any(|line| {
        let line = String::from_utf8_lossy(line);
        traces::rows(&line).next().is_some_and(|row| row.fields.iter().any(|field| field.text == "task"))
    })
}

fn has_trace_header(text: &[u8]) -> bool {
    first_lines(text, 1).any(crate::import::request_trace::is_header)
}

fn guess(text: &[u8]) -> Option<InputKind> {
    if crate::import::access_log::is_log(text) {
        Some(InputKind::AccessLog)
    } else if has_task_column(text) && first_lines(text, 1).any(|line| line.contains(&b',')) {
        Some(InputKind::TaskList)
    } else if has_trace_header(text) || crate::import::json::is_json(text) {
        Some(InputKind::RequestTrace)
    } else if first_lines(text, 1).any(is_scenario_line) {
        Some(InputKind::Scenario)
    } else {
        None
    }
}

/// Whether the first line of a text is of a scenario: a table, or one of the keys that a scenario begins with. Any other
/// line with `=` in it may be of a log.
fn is_scenario_line(line: &[u8]) -> bool {
    let Ok(line) = std::str::from_utf8(line) else { return false };
    let known = |key: &str| crate::keys::SCENARIO.keys.iter().any(|own| own.name == key);
    if let Some(inner) = line.strip_prefix('[') {
        let inner = inner.trim_start_matches('[');
        let name = inner.split([']', '.']).next().unwrap_or(inner).trim();
        return inner.contains(']')
            && !name.is_empty()
            && name.bytes().all(|b| b.is_ascii_alphabetic() || b == b'_');
    }
    line.split_once('=').is_some_and(|(key, value)| {
        let key = key.trim().split('.').next().unwrap_or(key);
        let goes_on = value.trim_end().ends_with(['[', '{', ',']) || value.trim_end().ends_with("\"\"\"");
        known(key.trim()) && (goes_on || line.parse::<toml::Table>().is_ok())
    })
}
