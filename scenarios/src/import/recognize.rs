//! Telling the format of a log: every known one is tried on many lines, and the one that says most about most of them is
//! meant.

use super::client;
use super::fields::{Field, Meaning, Moment, Named, W3C};
use super::format::{self, Format, Line};
use super::json;
use super::presets::{Fields, PRESETS, Preset};
use super::stamp::{self, Part};
use super::value::{self, Form, Told};
use std::borrow::Cow;

/// How the lines of a log are read.
#[derive(Clone, Debug)]
pub(super) enum Layout {
    /// Text in this format, perhaps with what syslog or a container puts in front.
    Text { format: Format, prefix: bool },
    /// Text whose fields are named by directives in the file.
    Directives,
    /// A JSON object a line, or an array of them; the fields are paths.
    Json(Vec<Field>),
}

/// A log whose format is known.
#[derive(Clone, Debug)]
pub(super) struct Recognized {
    /// Its name.
    pub name: String,
    pub layout: Layout,
    /// When stamps were taken, where the name tells less than the fields.
    pub moment: Option<Moment>,
}

/// A line with its number, from 1.
pub(super) type Numbered<'a> = (usize, &'a [u8]);

/// Longer lines are not looked at where there are others.
const LINE_MAX: usize = 1 << 16;
/// So many lines of the beginning are looked at, and as many of the rest.
const LINES: usize = 100;

/// Lines of the beginning and from all over the text, none empty and no remarks.
pub(super) fn sample(text: &[u8]) -> Vec<Numbered<'_>> {
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    let is_line = |line: &[u8]| !line.is_empty() && !line.starts_with(b"#");
    let mut found: Vec<Numbered<'_>> = Vec::new();
    let (mut at, mut number) = (0, 0);
    for line in text.split_inclusive(|b| *b == b'\n') {
        at += line.len();
        number += 1;
        if is_line(line.trim_ascii()) {
            found.push((number, line.trim_ascii()));
        }
        if found.len() == LINES {
            break;
        }
    }
    let (start, step) = (at, (text.len() - at) / LINES);
    let rest = if found.len() == LINES { LINES } else { 0 };
    for aim in (0..rest).map(|nth| start + nth * step).filter(|aim| *aim < text.len()) {
        if aim < at {
            continue;
        }
        let begin = text[aim..].iter().position(|b| *b == b'\n').map_or(text.len(), |end| aim + end + 1);
        number += text[at..begin].split(|b| *b == b'\n').count() - 1;
        at = begin;
        let line = text[begin..].split(|b| *b == b'\n').next().unwrap_or_default().trim_ascii();
        if is_line(line) {
            found.push((number + 1, line));
        }
    }
    if found.iter().any(|(_, line)| line.len() <= LINE_MAX) {
        found.retain(|(_, line)| line.len() <= LINE_MAX);
    }
    found
}

/// How well a line fits a format.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fit {
    No,
    /// The form is right, and something in it is not.
    Form,
    Well,
}

fn fit(format: &Format, text: &str) -> Fit {
    let mut line = Line::default();
    if !format.split(text, &mut line) {
        return Fit::No;
    }
    let mut fit = Fit::Well;
    for (field, value) in format.fields.iter().zip(&line.values) {
        let digits = |text: &str| text == "-" || !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        let good = match &field.meaning {
            Meaning::Status if !is_status(value) => return Fit::No,
            Meaning::Client => client::is_plausible(value),
            Meaning::Stamp(Part::Any, _) => stamp::read(value).is_ok(),
            Meaning::Bytes => digits(value),
            // Traefik writes its unit, which tells its lines from those of others.
            Meaning::Took(..) if field.name == "Duration" => value.ends_with("ms"),
            Meaning::Took(_, unit) => {
                !value.starts_with('"') && value::told(value, unit.unwrap_or(1), Form::Plain) != Told::Bad
            }
            _ if matches!(field.name.as_str(), "p" | "cp" | "RequestCount") => digits(value),
            // A user may have spaces in the name, but a word more in front of the line is likelier.
            _ if matches!(field.name.as_str(), "l" | "u" | "v" | "remote_user") => !value.contains(' '),
            _ => true,
        };
        if !good {
            fit = Fit::Form;
        }
    }
    fit
}

/// Three digits, or nothing.
pub(super) fn is_status(text: &str) -> bool {
    matches!(text, "-" | "0" | "000" | "-1") || text.len() == 3 && text.bytes().all(|b| b.is_ascii_digit())
}

/// How many lines fit well, and how many at all; whether they have something in front.
fn score(format: &Format, lines: &[Cow<'_, str>]) -> (usize, usize, bool) {
    let (mut well, mut any, mut prefixed) = (0, 0, 0);
    for line in lines {
        let mut found = fit(format, line);
        if found != Fit::Well
            && let Some(rest) = without_prefix(line)
        {
            let behind = fit(format, rest);
            if behind > found {
                found = behind;
                prefixed += 1;
            }
        }
        well += usize::from(found == Fit::Well);
        any += usize::from(found != Fit::No);
    }
    (well, any, prefixed > 0)
}

/// What is left of a line without what syslog, a container's log or `docker compose` puts in front.
pub(super) fn without_prefix(line: &str) -> Option<&str> {
    let line = match line.strip_prefix('<') {
        Some(rest) => rest.split_once('>').map(|(_, rest)| rest)?,
        None => line,
    };
    if let Some((service, rest)) = line.split_once(" | ")
        && service.trim_end().bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
    {
        return Some(rest);
    }
    let (first, rest) = line.split_once(' ')?;
    let is_date = |text: &str| stamp::read(text).is_ok();
    // The fifth version of the protocol begins with a number.
    let (first, rest) = if first == "1" { rest.split_once(' ')? } else { (first, rest) };
    let rest = if first.contains('T') && is_date(first) {
        rest
    } else {
        // `Mar 12 10:00:00`, with a space more before a day of one digit.
        let rest = rest.trim_start();
        let (day, rest) = rest.split_once(' ')?;
        let (time, rest) = rest.split_once(' ')?;
        is_date(&format!("{first} {day} {time}")).then_some(rest)?
    };
    if let Some(rest) =
        ["stdout F ", "stderr F ", "stdout P ", "stderr P "].iter().find_map(|p| rest.strip_prefix(p))
    {
        return Some(rest);
    }
    let (_host, rest) = rest.split_once(' ')?;
    match rest.split_once(": ") {
        Some((tag, rest)) if !tag.contains(' ') => Some(rest),
        // `app 123 - - ` or `app 123 ID47 - `: program, process, message, data.
        _ => {
            let mut words = rest.splitn(5, ' ');
            let found = words.nth(4)?;
            Some(found)
        }
    }
}

/// Whether most lines have what syslog puts in front.
pub(super) fn is_syslog(lines: &[Numbered<'_>]) -> bool {
    let prefixed = |line: &[u8]| {
        let line = String::from_utf8_lossy(line);
        !line.contains(" | ") && without_prefix(&line).is_some()
    };
    2 * lines.iter().filter(|(_, line)| prefixed(line)).count() > lines.len()
}

/// The format of a log, if it has a known one; of the formats with this name alone, where there is one.
pub(super) fn recognize(text: &[u8], only: Option<&str>) -> Option<Recognized> {
    let presets = || PRESETS.iter().filter(move |preset| only.is_none_or(|name| preset.name == name));
    let of = |preset: &Preset, layout: Layout| Recognized {
        name: preset.name.to_owned(),
        layout,
        moment: preset.moment,
    };
    let directives = presets().find(|preset| matches!(preset.fields, Fields::Directives));
    if let Some(preset) = directives
        && has_directives(text)
    {
        return Some(of(preset, Layout::Directives));
    }
    let lines = sample(text);
    if json::is_json(text) {
        let objects = json::sample(text, &lines);
        let found = presets().find(|preset| {
            let Fields::Json(needs) = preset.fields else { return false };
            let has = |object: &json::Object| {
                needs.iter().all(|any| any.split('|').any(|path| json::lookup(object, path).is_some()))
            };
            let count = objects.iter().filter(|object| has(object)).count();
            count > 0 && 2 * count >= objects.len()
        })?;
        let named = |(name, meaning): &Named| Field { name: (*name).to_owned(), meaning: meaning.clone() };
        // Of several names for one thing those that are there count.
        let there = |(name, _): &&Named| objects.iter().any(|object| json::lookup(object, name).is_some());
        return Some(of(found, Layout::Json(found.table.iter().filter(there).map(named).collect())));
    }
    // No known format has tabs between its fields; logs that went through a table or an editor do.
    let texts: Vec<Cow<'_, str>> = lines
        .iter()
        .map(|(_, line)| match String::from_utf8_lossy(line) {
            text if text.contains('\t') => Cow::Owned(format::spaced(&text)),
            text => text,
        })
        .collect();
    let mut best: Option<(usize, usize, Recognized)> = None;
    for preset in presets() {
        for format in preset.formats() {
            let (well, any, prefix) = score(&format, &texts);
            let count = if well > 0 { 2 * well } else { any };
            let fields = format.fields.len();
            // A format with more fields may leave one line in ten to the others.
            let better = best.as_ref().is_none_or(|(most, known, _)| {
                if fields > *known { 10 * count >= 9 * most } else { 9 * count > 10 * most }
            });
            if any > 0 && count > 0 && better {
                best = Some((count, fields, of(preset, Layout::Text { format, prefix })));
            }
        }
    }
    best.map(|(_, _, found)| found)
}

/// Whether a text says itself which fields it has.
fn has_directives(text: &[u8]) -> bool {
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    let first = text.split(|b| *b == b'\n').map(<[u8]>::trim_ascii).filter(|line| !line.is_empty()).take(100);
    first.take_while(|line| line.starts_with(b"#")).any(|line| line.starts_with(b"#Fields:"))
}

/// The format that a `#Fields:` directive names.
pub(super) fn of_directive(line: &str) -> Option<Format> {
    let names: Vec<&str> = line.trim().strip_prefix("#Fields:")?.split_whitespace().collect();
    let mut format = Format::words(&names, W3C);
    let cloudfront = names.iter().any(|name| name.starts_with("x-edge-"));
    let iis = names.contains(&"sc-win32-status") || names.contains(&"sc-substatus");
    for field in &mut format.fields {
        if let Meaning::Took(_, unit) = &mut field.meaning {
            *unit = match (cloudfront, iis) {
                (true, _) => Some(super::fields::S),
                (_, true) => Some(super::fields::MS),
                _ => None,
            };
        }
    }
    Some(format)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_in_front_is_taken_off() {
        let line = "192.0.2.7 - - [x]";
        for prefix in [
            "Mar 12 10:00:00 web1 nginx: ",
            "Mar  2 10:00:00 web1 haproxy[123]: ",
            "<134>Mar 12 10:00:00 web1 nginx: ",
            "2026-03-12T10:00:00.123Z web1 nginx[5]: ",
            "<34>1 2026-03-12T10:00:00Z web1 nginx 123 - - ",
            "2026-03-12T10:00:00.123Z stdout F ",
            "web-1  | ",
        ] {
            assert_eq!(without_prefix(&format!("{prefix}{line}")), Some(line), "{prefix}");
        }
        assert_eq!(without_prefix(line), None);
    }

    #[test]
    fn samples_reach_over_the_whole_text() {
        let lines: Vec<String> = (1..=5000).map(|n| format!("line {n}")).collect();
        let text = lines.join("\n");
        let found = sample(text.as_bytes());
        assert!(found.iter().all(|(number, line)| *line == format!("line {number}").as_bytes()));
        assert!(
            found.len() > 150 && found.last().is_some_and(|(number, _)| *number > 4900),
            "{}",
            found.len()
        );
        assert_eq!(sample(b"a\n\n# b\nc").len(), 2);
        assert!(sample(b"").is_empty());
    }
}
