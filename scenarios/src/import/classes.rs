//! What a request is: classes by method, path and status, and which requests are left out.
//!
//! ```text
//! POST /checkout*      a method (or several: GET,HEAD) and a path; `*` stands for any text
//! /api/*               a path with any method
//! 5xx                  a status; also 404, or several: 404,410,5xx
//! ```

use crate::diagnostic::{Place, Sink};
use crate::keys::NAME_BYTES_MAX;
use crate::options::Options;
use crate::reader;

/// A request as patterns see it.
#[derive(Clone, Copy, Default)]
pub(super) struct Asked<'a> {
    pub method: &'a str,
    /// With its query.
    pub target: &'a str,
    pub status: Option<u16>,
}

impl<'a> Asked<'a> {
    /// From `GET /a HTTP/1.1`, or as much of it as there is.
    pub fn line(request: &'a str) -> Asked<'a> {
        let mut words = request.split(' ').filter(|word| !word.is_empty());
        let (method, target) = (words.next().unwrap_or(""), words.next().unwrap_or(""));
        Asked { method, target, status: None }
    }

    /// Path and query, without the scheme and host that proxies are sent.
    fn path(&self) -> &'a str {
        match self.target.split_once("://") {
            Some((scheme, rest)) if !scheme.contains('/') => rest.find('/').map_or("/", |at| &rest[at..]),
            _ => self.target,
        }
    }
}

/// A pattern of requests.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
struct Pattern {
    methods: Vec<String>,
    path: Option<String>,
    /// Lowest and highest.
    statuses: Vec<(u16, u16)>,
}

impl Pattern {
    fn parse(text: &str, place: Place, sink: &mut Sink) -> Option<Pattern> {
        let mut pattern = Pattern::default();
        for word in text.split_whitespace() {
            let taken = if word.starts_with(['/', '*']) {
                pattern.path.replace(word.to_owned()).is_some()
            } else if let Some(statuses) = statuses(word) {
                let taken = !pattern.statuses.is_empty();
                pattern.statuses = statuses;
                taken
            } else if word.bytes().all(|b| b.is_ascii_alphabetic() || matches!(b, b',' | b'-' | b'_')) {
                let taken = !pattern.methods.is_empty();
                pattern.methods = word.split(',').map(str::to_ascii_uppercase).collect();
                taken
            } else {
                sink.error("S077", place, format!("`{word}` is no method, path or status")).help(FORM);
                return None;
            };
            if taken {
                sink.error("S077", place, format!("`{word}` is the second of its kind")).help(FORM);
                return None;
            }
        }
        if pattern == Pattern::default() {
            sink.error("S077", place, "a pattern without a method, path or status").help(FORM);
            return None;
        }
        Some(pattern)
    }

    fn fits(&self, asked: &Asked<'_>) -> bool {
        let method =
            self.methods.is_empty() || self.methods.iter().any(|m| m.eq_ignore_ascii_case(asked.method));
        let status = self.statuses.is_empty()
            || asked
                .status
                .is_some_and(|s| self.statuses.iter().any(|(low, high)| (*low..=*high).contains(&s)));
        method
            && status
            && self.path.as_ref().is_none_or(|glob| {
                let path = asked.path();
                // A pattern without a question mark is about the path alone.
                let path = if glob.contains('?') { path } else { path.split('?').next().unwrap_or(path) };
                matches_glob(glob, path)
            })
    }
}

const FORM: &str =
    "a pattern is a method, a path and a status, or some of them: `POST /checkout*`, `/api/*`, `5xx`";

/// `404`, `5xx`, `404,410,5xx`.
fn statuses(word: &str) -> Option<Vec<(u16, u16)>> {
    let one = |text: &str| {
        let bytes = text.as_bytes();
        if bytes.len() != 3 || !bytes[0].is_ascii_digit() {
            return None;
        }
        if text[1..].eq_ignore_ascii_case("xx") {
            let low = u16::from(bytes[0] - b'0') * 100;
            return Some((low, low + 99));
        }
        text.parse().ok().map(|status| (status, status))
    };
    word.is_ascii().then(|| word.split(',').map(one).collect()).flatten()
}

/// `*` stands for any text. In time that is the product of both lengths at most.
fn matches_glob(glob: &str, text: &str) -> bool {
    let mut parts = glob.split('*');
    let first = parts.next().unwrap_or("");
    let Some(mut rest) = text.strip_prefix(first) else { return false };
    let mut parts = parts.peekable();
    if parts.peek().is_none() {
        return rest.is_empty();
    }
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return rest.ends_with(part);
        }
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    true
}

/// `--class`, `--only` and `--except`.
#[derive(Clone, Default)]
pub(super) struct Classes {
    named: Vec<(String, Pattern)>,
    only: Vec<Pattern>,
    except: Vec<Pattern>,
}

/// The class of requests that no pattern fits.
const OTHER: &str = "other";

impl Classes {
    /// Reads the options; what is wrong is said.
    pub fn read(options: &Options, sink: &mut Sink) -> Option<Classes> {
        let mut classes = Classes::default();
        let mut good = true;
        for text in &options.class {
            let place = sink.option("--class", text);
            let Some((name, pattern)) = text.split_once('=') else {
                sink.error("S077", place, format!("`{text}` is not of the form NAME=PATTERN"))
                    .help("for instance --class 'checkout=POST /checkout*'");
                good = false;
                continue;
            };
            let name = name.trim();
            if name.len() > NAME_BYTES_MAX || !reader::is_name(name) {
                reader::check_name(name, place, sink);
                good = false;
                continue;
            }
            match Pattern::parse(pattern, place, sink) {
                Some(pattern) => classes.named.push((name.to_owned(), pattern)),
                None => good = false,
            }
        }
        for (flag, texts, found) in
            [("--only", &options.only, &mut classes.only), ("--except", &options.except, &mut classes.except)]
        {
            for text in texts {
                let place = sink.option(flag, text);
                match Pattern::parse(text, place, sink) {
                    Some(pattern) => found.push(pattern),
                    None => good = false,
                }
            }
        }
        good.then_some(classes)
    }

    /// Whether requests are told apart by what was asked.
    pub fn is_used(&self) -> bool {
        !(self.named.is_empty() && self.only.is_empty() && self.except.is_empty())
    }

    /// Whether a status is asked for.
    pub fn needs_status(&self) -> bool {
        self.all().any(|pattern| !pattern.statuses.is_empty())
    }

    /// Whether a method or path is asked for.
    pub fn needs_request(&self) -> bool {
        self.all().any(|pattern| !pattern.methods.is_empty() || pattern.path.is_some())
    }

    fn all(&self) -> impl Iterator<Item = &Pattern> {
        self.named.iter().map(|(_, pattern)| pattern).chain(&self.only).chain(&self.except)
    }

    /// The names, in the order of the options, and the one for the rest.
    pub fn names(&self) -> Vec<String> {
        if self.named.is_empty() {
            return Vec::new();
        }
        let mut names: Vec<String> = Vec::new();
        for name in self.named.iter().map(|(name, _)| name.as_str()).chain([OTHER]) {
            if !names.iter().any(|known| known == name) {
                names.push(name.to_owned());
            }
        }
        names
    }

    /// Whether a request is one of those that are run.
    pub fn is_in(&self, asked: &Asked<'_>) -> bool {
        (self.only.is_empty() || self.only.iter().any(|pattern| pattern.fits(asked)))
            && !self.except.iter().any(|pattern| pattern.fits(asked))
    }

    /// The class of a request: the first that fits; `None` without `--class`.
    pub fn of(&self, asked: &Asked<'_>) -> Option<&str> {
        if self.named.is_empty() {
            return None;
        }
        Some(self.named.iter().find(|(_, pattern)| pattern.fits(asked)).map_or(OTHER, |(name, _)| name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_read_and_fit() {
        let fits = |pattern: &str, request: &str, status: u16| {
            let mut sink = Sink::new("log");
            let place = sink.option("--only", pattern);
            let pattern = Pattern::parse(pattern, place, &mut sink).unwrap();
            pattern.fits(&Asked { status: Some(status), ..Asked::line(request) })
        };
        for (pattern, request, status, expected) in [
            ("POST /checkout*", "POST /checkout/2?a=b HTTP/1.1", 200, true),
            ("POST /checkout*", "GET /checkout HTTP/1.1", 200, false),
            ("GET,HEAD /", "HEAD / HTTP/2.0", 200, true),
            ("/a", "GET /a?b=1 HTTP/1.1", 200, true),
            ("/a?b=*", "GET /a?b=1 HTTP/1.1", 200, true),
            ("/a", "GET http://host:80/a HTTP/1.1", 200, true),
            ("/a?u=http://x", "GET /a?u=http://x HTTP/1.1", 200, true),
            ("*.png", "GET /i/x.png HTTP/1.1", 200, true),
            ("/*/x/*", "GET /a/b/x/y HTTP/1.1", 200, true),
            ("/a*b*b", "GET /ab HTTP/1.1", 200, false),
            ("5xx", "-", 503, true),
            ("404,5xx", "-", 403, false),
            ("get /a 2xx,304", "GET /a HTTP/1.1", 304, true),
        ] {
            assert_eq!(fits(pattern, request, status), expected, "{pattern} {request}");
        }
        for pattern in ["", "GET POST /a /b", "/a 404 500", "GET:1"] {
            let mut sink = Sink::new("log");
            let place = sink.option("--only", pattern);
            assert!(Pattern::parse(pattern, place, &mut sink).is_none(), "{pattern}");
        }
    }
}
