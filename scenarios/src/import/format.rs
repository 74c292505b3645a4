//! Formats of log lines: fields with literal text between, read from the servers' own format strings.
//!
//! ```text
//! $remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent $request_time      nginx
//! %h %l %u %t "%r" %>s %b %D                                                                       Apache
//! %ci:%cp [%tr] %ft %b/%s %TR/%Tw/%Tc/%Tr/%Ta %ST %B ...                                           HAProxy
//! [%START_TIME%] "%REQ(:METHOD)% ..." %RESPONSE_CODE% ... %DURATION%                               Envoy
//! ```
//!
//! Every line is split by the same few rules, whatever wrote it. Words behind the last field of a format are fields too,
//! without a meaning of their own.

use super::fields::{APACHE, ENVOY, Field, HAPROXY, Meaning, Moment, NGINX, Named, Took, meaning};
use super::stamp::Part;
use std::borrow::Cow;

/// A format of text lines.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Format {
    /// The fields, in the order of the line.
    pub fields: Vec<Field>,
    split: Split,
    /// A line may end after so many fields; the others are `-` then.
    pub least: usize,
}

#[derive(Clone, PartialEq, Eq, Debug)]
enum Split {
    /// The text in front of each field, and behind the last.
    Between(Vec<String>),
    /// Words between tabs where a line has tabs, else between spaces.
    Words,
}

/// The fields of a line.
#[derive(Clone, Default)]
pub(super) struct Line<'a> {
    /// Their texts.
    pub values: Vec<Cow<'a, str>>,
    /// What stands before `=`, for words behind the format.
    pub keys: Vec<Option<&'a str>>,
}

impl<'a> Line<'a> {
    pub fn clear(&mut self) {
        self.values.clear();
        self.keys.clear();
    }

    pub fn push(&mut self, value: impl Into<Cow<'a, str>>, key: Option<&'a str>) {
        self.values.push(value.into());
        self.keys.push(key);
    }
}

impl Format {
    /// A format whose fields are words.
    pub fn words(names: &[&str], table: &[Named]) -> Format {
        let field = |name: &&str| Field { name: (*name).to_owned(), meaning: meaning(table, name) };
        Format { fields: names.iter().map(field).collect(), split: Split::Words, least: usize::MAX }
    }

    /// Reads a format string; `table` goes before what the string's own language says of a name. The error is what is
    /// wrong and the place.
    pub fn parse(text: &str, table: &[Named]) -> Result<Format, (String, std::ops::Range<usize>)> {
        let language = Language::of(text);
        let mut fields: Vec<Field> = Vec::new();
        let mut between = vec![String::new()];
        let mut at = 0;
        while at < text.len() {
            let rest = &text[at..];
            let (token, length) = language.token(rest).map_err(|why| (why, at..text.len()))?;
            let (begin, length) = (at, length.max(1));
            at += length;
            match token {
                Token::Text(literal) => between.last_mut().expect("one more than fields").push_str(&literal),
                Token::Field { name, brackets } => {
                    let open = between.last_mut().expect("one more than fields");
                    if brackets {
                        open.push('[');
                    }
                    if open.is_empty() && !fields.is_empty() {
                        // The query is written behind the path without anything between.
                        if name == "q" || name == "args" || name == "is_args" {
                            continue;
                        }
                        let why =
                            format!("nothing stands between `{}` and the field before it", &rest[..length]);
                        return Err((why, begin..at));
                    }
                    let mut own = meaning(table, &name);
                    if own == Meaning::Ignored {
                        own = language.meaning(&name);
                    }
                    fields.push(Field { name, meaning: own });
                    between.push(if brackets { "]".to_owned() } else { String::new() });
                }
            }
        }
        if fields.is_empty() {
            let why = "a log format has fields: `$name`, `%directive` or `%OPERATOR%`".to_owned();
            return Err((why, 0..text.len()));
        }
        Ok(Format { fields, split: Split::Between(between), least: usize::MAX })
    }

    /// A line whose fields have tabs between as it is with spaces, where the format has none: each run of space that has a
    /// tab in it is one space, but within quotes.
    pub fn spaced<'t>(&self, line: &'t str) -> Cow<'t, str> {
        let own = |between: &[String]| between.iter().any(|text| text.contains('\t'));
        match &self.split {
            Split::Between(between) if line.contains('\t') && !own(between) => Cow::Owned(spaced(line)),
            _ => Cow::Borrowed(line),
        }
    }

    /// Falls a line into its fields; false where it does not have this form.
    pub fn split<'a>(&self, line: &'a str, found: &mut Line<'a>) -> bool {
        found.clear();
        let between = match &self.split {
            Split::Words => {
                let tabs = line.contains('\t');
                let mut words =
                    line.split(if tabs { '\t' } else { ' ' }).filter(|word| tabs || !word.is_empty());
                words.by_ref().take(self.fields.len()).for_each(|word| found.push(word.trim(), None));
                return found.values.len() == self.fields.len() && words.next().is_none();
            }
            Split::Between(between) => between,
        };
        let Some(mut rest) = line.strip_prefix(between[0].as_str()) else { return false };
        let mut before: &str = &between[0];
        for (index, (field, after)) in self.fields.iter().zip(&between[1..]).enumerate() {
            // What HAProxy captures is in braces, and left away with its space where nothing is captured.
            if matches!(field.name.as_str(), "hr" | "hs") && !before.ends_with('"') && !rest.starts_with('{')
            {
                found.push("", None);
                let Some(behind) = rest.strip_prefix(after.trim_start_matches(' ')) else { return false };
                (rest, before) = (behind, after);
                continue;
            }
            let Some(end) = end_of(field, before, after, rest) else {
                if index + 1 != self.least || rest.contains(' ') {
                    return false;
                }
                found.push(rest, None);
                (index + 1..self.fields.len()).for_each(|_| found.push("-", None));
                return true;
            };
            found.push(&rest[..end], None);
            rest = &rest[end + after.len()..];
            // Squid fills its columns up.
            if after == " " {
                rest = rest.trim_start_matches(' ');
            }
            before = after;
        }
        if rest.is_empty() {
            return true;
        }
        if !rest.starts_with([' ', '\t']) && !before.ends_with(' ') {
            return false;
        }
        let mut words = Words { rest };
        while let Some((word, key)) = words.next() {
            found.push(word, key);
        }
        true
    }
}

/// [`Format::spaced`].
pub(super) fn spaced(line: &str) -> String {
    let mut found = String::with_capacity(line.len());
    let (mut quoted, mut escaped, mut behind_tab) = (false, false, false);
    for c in line.chars() {
        quoted ^= c == '"' && !escaped;
        escaped = c == '\\' && !escaped;
        match c {
            ' ' if behind_tab => {}
            '\t' if !quoted => {
                found.truncate(found.trim_end_matches(' ').len());
                found.push(' ');
                behind_tab = true;
            }
            _ => {
                found.push(c);
                behind_tab = false;
            }
        }
    }
    found
}

/// Where a field ends: before the text that follows it.
fn end_of(field: &Field, before: &str, after: &str, rest: &str) -> Option<usize> {
    if after.is_empty() {
        let mut words = Words { rest };
        let whole = rest.len();
        words.next();
        return Some(if is_list(&field.meaning) {
            whole - words.rest.len()
        } else {
            rest.find([' ', '\t']).unwrap_or(whole)
        });
    }
    let quoted = before.ends_with('"') && after.starts_with('"');
    let mut from = 0;
    let mut own = inside_stamp(field, after);
    loop {
        let at = from + rest.get(from..)?.find(after)?;
        let head = &rest[..at];
        let goes_on = if quoted {
            // An odd number of backslashes makes the quote a part of the field, and so does text right behind the last.
            let behind = rest[at + after.len()..].chars().next();
            head.bytes().rev().take_while(|b| *b == b'\\').count() % 2 == 1
                || after == "\"" && behind.is_some_and(|c| !c.is_whitespace())
        } else if own > 0 {
            own -= 1;
            true
        } else if matches!(field.meaning, Meaning::Stamp(Part::Any, _)) && after.starts_with(' ') {
            is_zone(&rest[at + 1..])
        } else {
            is_list(&field.meaning) && after.starts_with(' ') && list_goes_on(head, &rest[at..])
        };
        if !goes_on {
            return Some(at);
        }
        from = at + 1;
        while !rest.is_char_boundary(from) {
            from += 1;
        }
    }
}

/// How often the text behind a time stamp is in the stamp itself.
fn inside_stamp(field: &Field, after: &str) -> usize {
    let Meaning::Stamp(Part::Form(form), _) = &field.meaning else { return 0 };
    let long = [("%T", "%H:%M:%S"), ("%R", "%H:%M"), ("%F", "%Y-%m-%d"), ("%D", "%m/%d/%y")];
    let form = long.iter().fold(form.clone(), |form, (short, long)| form.replace(short, long));
    form.matches(after).count()
}

/// Whether a text begins with an offset from UTC: `+0200 `.
fn is_zone(text: &str) -> bool {
    let digits = text.get(1..).map_or(0, |text| text.bytes().take_while(u8::is_ascii_digit).count());
    text.starts_with(['+', '-']) && digits == 4
}

/// Whether a field may hold several values with commas or colons between.
fn is_list(meaning: &Meaning) -> bool {
    matches!(meaning, Meaning::Took(Took::Upstream | Took::Stage, _) | Meaning::Forwarded | Meaning::Ignored)
}

fn list_goes_on(head: &str, rest: &str) -> bool {
    head.ends_with(',') || head.ends_with(" :") || rest.starts_with(" : ")
}

/// The words of the end of a line. Quotes and brackets hold words together, and so do commas between the values of a list.
struct Words<'a> {
    rest: &'a str,
}

impl<'a> Words<'a> {
    fn next(&mut self) -> Option<(&'a str, Option<&'a str>)> {
        let rest = self.rest.trim_start();
        if rest.is_empty() {
            self.rest = rest;
            return None;
        }
        let name =
            rest.bytes().take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.')).count();
        let begins = rest.as_bytes()[0];
        let key =
            (name > 0 && (begins.is_ascii_alphabetic() || begins == b'_') && rest[name..].starts_with('='))
                .then(|| &rest[..name]);
        let start = key.map_or(0, |key| key.len() + 1);
        let value = &rest[start..];
        let (word, length) = match value.as_bytes().first() {
            Some(b'"') => {
                let mut escaped = false;
                let inner = &value[1..];
                let end = inner.find(|c: char| {
                    let ends = c == '"' && !escaped;
                    escaped = c == '\\' && !escaped;
                    ends
                });
                match end {
                    Some(end) => (&inner[..end], end + 2),
                    None => (inner, value.len()),
                }
            }
            Some(b'[') => match value.find(']') {
                Some(end) => (&value[1..end], end + 1),
                None => (value, value.len()),
            },
            _ => {
                let mut end = 0;
                loop {
                    end += value[end..].find([' ', '\t']).unwrap_or(value.len() - end);
                    if end == value.len() || !list_goes_on(&value[..end], &value[end..]) {
                        break;
                    }
                    end += 1;
                }
                (&value[..end], end)
            }
        };
        self.rest = &rest[start + length..];
        Some((word, key))
    }
}

/// Whose words a format string has.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Language {
    Nginx,
    Apache,
    HaProxy,
    Envoy,
}

enum Token {
    Text(String),
    Field {
        name: String,
        /// The field stands in brackets that the string does not show.
        brackets: bool,
    },
}

impl Language {
    fn of(text: &str) -> Language {
        let operator = |name: &str| text.contains(&format!("%{name}"));
        if ["START_TIME", "REQ(", "RESP(", "RESPONSE_CODE", "DURATION%"].iter().any(|name| operator(name)) {
            Language::Envoy
        } else if ["ci", "ST", "Ta", "Tt", "TR", "HM", "HU", "HP", "ft", "tr"]
            .iter()
            .any(|name| operator(name))
            || text.contains("%{+")
        {
            Language::HaProxy
        } else if text.contains('%') && !text.contains('$') {
            Language::Apache
        } else {
            Language::Nginx
        }
    }

    fn meaning(self, name: &str) -> Meaning {
        match self {
            Language::Nginx => meaning(NGINX, name),
            Language::HaProxy => meaning(HAPROXY, name),
            Language::Envoy => match name.split_once('(') {
                Some(("START_TIME", _)) => Meaning::Stamp(Part::Any, Moment::Start),
                _ => meaning(ENVOY, name),
            },
            Language::Apache => apache(name),
        }
    }

    /// The next piece of a format string, and how long it is there.
    fn token(self, rest: &str) -> Result<(Token, usize), String> {
        let first = rest.chars().next().unwrap_or(' ');
        match (self, first) {
            (_, '\\') => {
                let second = rest[1..].chars().next();
                let text = match second {
                    Some('t') => "\t".to_owned(),
                    Some('n') => String::new(),
                    Some(other) => other.to_string(),
                    None => "\\".to_owned(),
                };
                Ok((Token::Text(text), 1 + second.map_or(0, char::len_utf8)))
            }
            (Language::Nginx, '$') => {
                let braced = rest[1..].starts_with('{');
                let start = if braced { 2 } else { 1 };
                let is_end = |c: char| if braced { c == '}' } else { !(c.is_alphanumeric() || c == '_') };
                let end = rest[start..].find(is_end).map_or(rest.len(), |at| start + at);
                if end == start {
                    return Err("`$` without the name of a variable".to_owned());
                }
                let length = if braced { (end + 1).min(rest.len()) } else { end };
                Ok((Token::Field { name: rest[start..end].to_owned(), brackets: false }, length))
            }
            (Language::Nginx, _) | (_, '\0'..='$' | '&'..) => {
                Ok((Token::Text(first.to_string()), first.len_utf8()))
            }
            _ if rest.starts_with("%%") => Ok((Token::Text("%".to_owned()), 2)),
            (Language::Envoy, _) => {
                let end = rest[1..].find('%').ok_or("an operator ends with `%`")? + 1;
                let name = &rest[1..end];
                // `:N` at the end is the most characters.
                let name = name.rsplit_once("):").map_or(name, |(name, _)| &rest[1..name.len() + 2]);
                Ok((Token::Field { name: name.to_owned(), brackets: false }, end + 1))
            }
            _ => {
                let mut at = 1;
                let mut argument = "";
                loop {
                    match rest[at..].chars().next() {
                        Some('{') => {
                            let end = rest[at..].find('}').ok_or("`{` without `}`")? + at;
                            argument = &rest[at + 1..end];
                            at = end + 1;
                        }
                        Some('[') if self == Language::HaProxy => {
                            let end = rest[at..].find(']').ok_or("`[` without `]`")? + at;
                            let name = rest[at..=end].to_owned();
                            return Ok((Token::Field { name, brackets: false }, end + 1));
                        }
                        Some('<' | '>' | '!' | ',' | '0'..='9') => at += 1,
                        _ => break,
                    }
                }
                let letters = match self {
                    Language::HaProxy => rest[at..].bytes().take_while(u8::is_ascii_alphabetic).count(),
                    _ if rest[at..].starts_with('^') => 3,
                    _ => rest[at..].chars().next().map_or(0, char::len_utf8),
                };
                let letter = rest.get(at..at + letters).filter(|letter| !letter.is_empty());
                let letter = letter.ok_or("`%` without a directive")?;
                let flags = self == Language::HaProxy;
                let named = !argument.is_empty() && !flags;
                let name = if named { format!("{{{argument}}}{letter}") } else { letter.to_owned() };
                let brackets = name == "t" && self == Language::Apache;
                Ok((Token::Field { name, brackets }, at + letters))
            }
        }
    }
}

/// Apache's directives; the ones with a form of time in them have no table.
fn apache(name: &str) -> Meaning {
    if let Some(form) = name.strip_prefix('{').and_then(|name| name.strip_suffix("}t")) {
        let (moment, form) = match form.split_once(':') {
            Some(("end", form)) => (Moment::End, form),
            Some(("begin", form)) => (Moment::Start, form),
            _ => (Moment::Start, form),
        };
        let part = match form {
            "sec" => Part::Since(super::fields::S),
            "msec" => Part::Since(super::fields::MS),
            "usec" => Part::Since(super::fields::US),
            "msec_frac" => Part::Within(super::fields::MS),
            "usec_frac" => Part::Within(super::fields::US),
            "" => Part::Any,
            form => Part::Form(form.to_owned()),
        };
        return Meaning::Stamp(part, moment);
    }
    match name.strip_prefix("{c}") {
        Some("a") => Meaning::Client,
        _ => match meaning(APACHE, name) {
            Meaning::Ignored if name.eq_ignore_ascii_case("{x-forwarded-for}i") => Meaning::Forwarded,
            found => found,
        },
    }
}

/// The format string itself, of a whole directive of a configuration: `log_format main '...' '...';` or
/// `LogFormat "..." combined`.
pub(super) fn of_directive(text: &str) -> String {
    let text = text.trim();
    let (nginx, apache) = (text.starts_with("log_format "), text.starts_with("LogFormat "));
    let haproxy = text.starts_with("log-format ");
    if !(nginx || apache || haproxy) {
        return text.to_owned();
    }
    let quote = text.find(['\'', '"']);
    let Some(start) = quote else {
        // Without quotes the rest of the line is the format; HAProxy has backslashes before its spaces.
        let rest = text.split_once(' ').map_or("", |(_, rest)| rest).trim();
        let rest = if nginx { rest.split_once(' ').map_or("", |(_, rest)| rest) } else { rest };
        return rest.trim_end_matches(';').to_owned();
    };
    let mut found = String::new();
    let (mut open, mut escaped) = (None, false);
    for c in text[start..].chars() {
        match open {
            None if c == '\'' || c == '"' => open = Some(c),
            None if c == ';' || apache && !found.is_empty() => break,
            None => {}
            Some(quote) if c == quote && !escaped => open = None,
            Some(_) => {
                found.push(c);
                escaped = c == '\\' && !escaped;
                continue;
            }
        }
        escaped = false;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(format: &str, line: &str) -> Option<Vec<String>> {
        let format = Format::parse(format, &[]).unwrap();
        let mut found = Line::default();
        format.split(line, &mut found).then(|| found.values.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn lines_fall_into_fields() {
        let combined = r#"%h %l %u %t "%r" %>s %b "%{Referer}i" "%{User-Agent}i""#;
        let line = r#"192.0.2.7 - John Doe [17/May/2015:10:05:03 +0200] "GET /a\"b HTTP/1.1" 200 2030 "-" "a"b 7" 0.012 "x y" rt=5 ut="6, 7" 0.1, 0.2 : 0.3 [u] 9"#;
        let found = fields(combined, line).unwrap();
        assert_eq!(
            found,
            [
                "192.0.2.7",
                "-",
                "John Doe",
                "17/May/2015:10:05:03 +0200",
                r#"GET /a\"b HTTP/1.1"#,
                "200",
                "2030",
                "-",
                r#"a"b 7"#,
                "0.012",
                "x y",
                "5",
                "6, 7",
                "0.1, 0.2 : 0.3",
                "u",
                "9"
            ]
        );
        assert_eq!(fields(combined, "garbage"), None);
        let upstream = "$remote_addr $upstream_response_time $status";
        assert_eq!(fields(upstream, "a 0.1, 0.2 : 0.3 200").unwrap(), ["a", "0.1, 0.2 : 0.3", "200"]);
        assert_eq!(fields("$a $upstream_response_time", "a -, 0.2 x").unwrap(), ["a", "-, 0.2", "x"]);
        let bare = "$remote_addr $time_local $status";
        assert_eq!(
            fields(bare, "a 12/Mar/2026:10:00:00 +0000 200").unwrap(),
            ["a", "12/Mar/2026:10:00:00 +0000", "200"]
        );
        assert_eq!(
            fields("%{%d.%m.%Y %T}t.%{msec_frac}t", "12.3.2026 10:00:00.25").unwrap(),
            ["12.3.2026 10:00:00", "25"]
        );
        assert_eq!(fields("%T/%D %{ms}T", "0/12345 12").unwrap(), ["0", "12345", "12"]);
        assert_eq!(fields("%U%q %D", "/a?b 5").unwrap(), ["/a?b", "5"]);
        assert_eq!(fields("[%START_TIME%] \"%REQ(:PATH):9%\"", "[x] \"/a\"").unwrap(), ["x", "/a"]);
        let haproxy = "%ci %hr %hs \"%{+Q}r\"";
        for (line, captured) in [
            ("a \"GET /\"", ["", ""]),
            ("a {x|y} \"GET /\"", ["{x|y}", ""]),
            ("a {x} {y} \"GET /\"", ["{x}", "{y}"]),
        ] {
            assert_eq!(fields(haproxy, line).unwrap(), ["a", captured[0], captured[1], "GET /"], "{line}");
        }
    }

    #[test]
    fn format_strings_are_read() {
        let meanings = |text: &str| -> Vec<Meaning> {
            Format::parse(text, &[]).unwrap().fields.into_iter().map(|field| field.meaning).collect()
        };
        let took = |unit| Meaning::Took(Took::Whole, Some(unit));
        assert_eq!(meanings("%{us}T %D %T"), [took(1000), took(1000), took(1_000_000_000)]);
        assert_eq!(meanings("${request_time}s"), [took(1_000_000_000)]);
        assert_eq!(
            meanings("%{begin:sec}t %{end:msec}t %{%d/%b/%Y}t"),
            [
                Meaning::Stamp(Part::Since(1_000_000_000), Moment::Start),
                Meaning::Stamp(Part::Since(1_000_000), Moment::End),
                Meaning::Stamp(Part::Form("%d/%b/%Y".to_owned()), Moment::Start),
            ]
        );
        assert!(Format::parse("$a$b", &[]).is_err());
        assert!(Format::parse("no fields", &[]).is_err());
        assert!(Format::parse("%{x", &[]).is_err());
        assert!(Format::parse("$", &[]).is_err());
        for (directive, format) in [
            ("log_format main '$a \"$b\"' ' $c';", "$a \"$b\" $c"),
            (r#"LogFormat "%h \"%r\" %D" timed"#, r#"%h \"%r\" %D"#),
            ("$a $b", "$a $b"),
            (r"log-format %ci\ %ST", r"%ci\ %ST"),
        ] {
            assert_eq!(of_directive(directive), format, "{directive}");
        }
    }
}
