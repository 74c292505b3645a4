//! Where text comes from, and what kind of text it is.

use crate::bounds::{MORE_INPUT, bytes_text, max_input};
use crate::diagnostic::{Diagnostic, Sink, WHOLE};
use crate::import::unread;
use crate::library;
use crate::traces;
use crate::unpack::{self, Packed};
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
    /// The text; access logs need not be UTF-8.
    pub text: Vec<u8>,
    /// The folder that file names in a scenario are relative to; `None`: the scenario may not name files.
    pub folder: Option<PathBuf>,
}

/// Larger inputs are refused, unless [`bounds`](crate::bounds) are others.
const BYTES_MAX: u64 = 1 << 30;

pub(crate) const KNOWN: &str = "known are scenarios (.toml), task lists (.csv with a column `task`), request traces (.csv \
                                with columns `arrival` and `service`, or with `timestamp`; JSON objects), access logs \
                                (`--log-format` says of what form, where it is none of the usual ones), and the names \
                                of library scenarios";

impl Input {
    /// Text that is already at hand.
    pub fn from_text(name: impl Into<String>, kind: InputKind, text: impl Into<Vec<u8>>) -> Input {
        Input { name: name.into(), kind, text: text.into(), folder: None }
    }

    /// The text as UTF-8; `None` where it is not.
    pub fn as_str(&self) -> Option<&str> {
        std::str::from_utf8(&self.text).ok()
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
        use std::io::Read;
        let mut text = Vec::new();
        if source == "-" {
            let read = std::io::stdin().lock().take(max_input(BYTES_MAX) + 1).read_to_end(&mut text);
            return match read {
                Ok(_) => Input::of("<stdin>", text, Some(PathBuf::from("."))),
                Err(error) => Err(fail("<stdin>", "S001", format!("cannot be read: {error}"), None)),
            };
        }
        let path = std::path::Path::new(source);
        if !path.is_file()
            && let Some(input) = Input::library(source)
        {
            return Ok(input);
        }
        let opened = std::fs::File::open(path).and_then(|file| {
            if file.metadata()?.is_dir() {
                return Err(std::io::Error::from(std::io::ErrorKind::IsADirectory));
            }
            file.take(max_input(BYTES_MAX) + 1).read_to_end(&mut text)
        });
        if let Err(error) = opened {
            let bare = !source.contains('.');
            let help = crate::diagnostic::did_you_mean(
                source,
                library::list().iter().flat_map(|e| [e.name, e.short()]),
            )
            .filter(|_| bare);
            let message = if bare && error.kind() == std::io::ErrorKind::NotFound {
                "there is no such file and no library scenario of this name".to_owned()
            } else {
                format!("cannot be read: {error}")
            };
            return Err(fail(source, "S001", message, help));
        }
        Input::of(source, text, path.parent().map(std::path::Path::to_path_buf))
    }

    /// Decides what kind of text it is, by the suffix of the name and by the content.
    pub fn of(name: &str, text: Vec<u8>, folder: Option<PathBuf>) -> Result<Input, Vec<Diagnostic>> {
        let most = max_input(BYTES_MAX);
        if text.len() as u64 > most {
            let message = format!("larger than {}", bytes_text(most));
            return Err(fail(name, "S003", message, Some(MORE_INPUT.to_owned())));
        }
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
        let suffix = suffix_of(name);
        if suffix != "toml"
            && let Some(what) = unread::named(&text)
        {
            return Err(fail(name, "S006", format!("this is {what}"), Some(KNOWN.to_owned())));
        }
        let kind = match kind_of(name, &text) {
            Some(kind) => kind,
            // Let the task list's own diagnostics say what the header lacks.
            None if suffix == "csv" => InputKind::TaskList,
            None if text.trim_ascii().is_empty() => {
                return Err(fail(name, "S002", "there is nothing in it".to_owned(), Some(KNOWN.to_owned())));
            }
            // A log of a form that options may tell; what is wrong otherwise is said when it is compiled.
            None if could_be_log(&text) => InputKind::AccessLog,
            None => {
                let message = "neither the name nor the content is of a known kind".to_owned();
                return Err(fail(name, "S002", message, Some(KNOWN.to_owned())));
            }
        };
        Ok(Input { name: name.to_owned(), kind, text, folder })
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

fn fail(name: &str, code: &'static str, message: String, help: Option<String>) -> Vec<Diagnostic> {
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
