//! JSON objects, one a line or as one array, and what is in them by path: `request.remote_ip`. Lines of `key=value`
//! (logfmt) are objects of texts.

use super::recognize::Numbered;
use crate::stream::Lines;
use serde_json::Value;
use std::borrow::Cow;
use std::io::{self, BufRead};

/// An object.
pub(super) type Object = serde_json::Map<String, Value>;

/// An object in an array that is longer than this is none.
const OBJECT_MAX: usize = 64 << 20;

/// Whether a text is of JSON objects.
pub(crate) fn is_json(text: &[u8]) -> bool {
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text).trim_ascii_start();
    text.starts_with(b"{") || is_array(text) || is_logfmt(text)
}

/// Whether the first line of a text is pairs of keys and values: `ts=... level=info msg="..." duration=12ms`.
fn is_logfmt(text: &[u8]) -> bool {
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text).trim_ascii_start();
    let line = text.split(|b| *b == b'\n').next().unwrap_or_default();
    // With fewer it could be of many things.
    std::str::from_utf8(line)
        .ok()
        .and_then(logfmt)
        .is_some_and(|object| object.len() >= 3 && object.values().all(Value::is_string))
}

/// An object from `key=value key="quoted \\"value\\"" flag`.
fn logfmt(line: &str) -> Option<Object> {
    let mut object = Object::new();
    let mut rest = line.trim();
    while !rest.is_empty() {
        let end = rest.find(['=', ' ', '\t']).unwrap_or(rest.len());
        let (key, behind) = rest.split_at(end);
        let named = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '/' | '@' | ':');
        if key.is_empty()
            || !key.chars().all(named)
            || !key.starts_with(|c: char| c.is_alphabetic() || c == '_' || c == '@')
        {
            return None;
        }
        let Some(value) = behind.strip_prefix('=') else {
            object.insert(key.to_owned(), Value::Bool(true));
            rest = behind.trim_start();
            continue;
        };
        let end = if let Some(inner) = value.strip_prefix('"') {
            let mut escaped = false;
            let is_end = |c: char| {
                let end = c == '"' && !escaped;
                escaped = c == '\\' && !escaped;
                end
            };
            inner.find(is_end)? + 2
        } else {
            value.find([' ', '\t']).unwrap_or(value.len())
        };
        let (value, behind) = value.split_at(end);
        if !behind.is_empty() && !behind.starts_with([' ', '\t']) {
            return None;
        }
        let value = match value.strip_prefix('"') {
            // Quoted as in JSON, by most writers.
            Some(inner) => {
                serde_json::from_str(value).unwrap_or_else(|_| inner[..inner.len() - 1].to_owned())
            }
            None => value.to_owned(),
        };
        object.entry(key).or_insert(Value::String(value));
        rest = behind.trim_start();
    }
    Some(object)
}

/// Whether a text of JSON objects has them in an array.
fn is_array(text: &[u8]) -> bool {
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text).trim_ascii_start();
    text.strip_prefix(b"[").is_some_and(|rest| rest.trim_ascii_start().starts_with(b"{"))
}

/// [`each`] of a text that is at hand.
pub(super) fn each_of(text: &[u8], each: impl FnMut(usize, Option<Object>) -> bool) {
    // Nothing can go wrong with memory.
    let _ = self::each(text, Box::new(text), each);
}

/// Calls `each` with the number of the line and the object, or `None` where there is none, until it says false. `head`
/// is the beginning of the text.
pub(super) fn each(
    head: &[u8],
    mut text: Box<dyn BufRead + '_>,
    mut each: impl FnMut(usize, Option<Object>) -> bool,
) -> io::Result<()> {
    if !is_array(head) {
        let object = line_reader(head);
        let mut lines = Lines::new(text);
        while let Some((number, line)) = lines.next()? {
            let line = line.trim_ascii();
            if !line.is_empty() && !each(number, object(line)) {
                break;
            }
        }
        return Ok(());
    }
    // An array: objects with commas between, over as many lines as they like.
    text.skip_until(b'[')?;
    let mut line = 1 + head.split(|b| *b == b'[').next().map_or(0, count_lines);
    let mut object = Vec::new();
    loop {
        let byte = text.fill_buf()?.first().copied();
        match byte {
            Some(b'{') => {}
            Some(byte @ (b',' | b' ' | b'\t' | b'\r' | b'\n')) => {
                line += usize::from(byte == b'\n');
                text.consume(1);
                continue;
            }
            _ => return Ok(()),
        }
        cut(&mut *text, &mut object)?;
        let found = serde_json::from_slice(&object).ok();
        // Behind an object that is none, nothing says where the next begins.
        let broken = found.is_none();
        if !each(line, found) || broken {
            return Ok(());
        }
        line += count_lines(&object);
    }
}

/// What makes an object of a line.
fn line_reader(head: &[u8]) -> fn(&[u8]) -> Option<Object> {
    if is_logfmt(head) {
        |line| logfmt(&String::from_utf8_lossy(line))
    } else {
        |line| serde_json::from_slice(line).ok()
    }
}

fn count_lines(text: &[u8]) -> usize {
    text.split(|byte| *byte == b'\n').count() - 1
}

/// Takes an object from the front of a text, up to the brace that closes it.
fn cut(text: &mut dyn BufRead, object: &mut Vec<u8>) -> io::Result<()> {
    object.clear();
    let (mut depth, mut quoted, mut escaped) = (0usize, false, false);
    loop {
        let part = text.fill_buf()?;
        if part.is_empty() || object.len() > OBJECT_MAX {
            return Ok(());
        }
        let end = part.iter().position(|byte| {
            match byte {
                _ if escaped => escaped = false,
                b'\\' if quoted => escaped = true,
                b'"' => quoted = !quoted,
                b'{' | b'[' if !quoted => depth += 1,
                b'}' | b']' if !quoted => depth = depth.saturating_sub(1),
                _ => return false,
            }
            depth == 0
        });
        let count = end.map_or(part.len(), |end| end + 1);
        object.extend_from_slice(&part[..count]);
        text.consume(count);
        if end.is_some() {
            return Ok(());
        }
    }
}

/// Objects from all over a text.
pub(super) fn sample(text: &[u8], lines: &[Numbered<'_>]) -> Vec<Object> {
    if !is_array(text) {
        let object = line_reader(text);
        return lines.iter().filter_map(|(_, line)| object(line)).collect();
    }
    let mut found = Vec::new();
    each_of(text, |_, object| {
        found.extend(object);
        found.len() < 200
    });
    found
}

/// The value at a path. A key may have a point itself, and goes before a path of the same text.
pub(super) fn lookup<'o>(object: &'o Object, path: &str) -> Option<&'o Value> {
    if let Some(value) = object.get(path) {
        return Some(value);
    }
    path.match_indices('.').find_map(|(at, _)| inside(object.get(&path[..at])?, &path[at + 1..]))
}

fn inside<'o>(value: &'o Value, path: &str) -> Option<&'o Value> {
    match value {
        Value::Object(object) => lookup(object, path),
        Value::Array(values) => {
            let (index, rest) =
                path.split_once('.').map_or((path, None), |(index, rest)| (index, Some(rest)));
            let value = values.get(index.parse::<usize>().ok()?)?;
            rest.map_or(Some(value), |rest| inside(value, rest))
        }
        _ => None,
    }
}

/// A value as a field; what is no number and no text has none.
pub(super) fn text(value: Option<&Value>) -> Cow<'static, str> {
    match value {
        None | Some(Value::Null | Value::Array(_) | Value::Object(_)) => Cow::Borrowed(""),
        Some(Value::String(text)) => Cow::Owned(text.clone()),
        Some(other) => Cow::Owned(other.to_string()),
    }
}

/// The paths of an object that have values, added to those that are known.
pub(super) fn paths(object: &Object, before: &str, found: &mut Vec<String>) {
    /// More are not listed.
    const MOST: usize = 1000;
    for (key, value) in object {
        let path = if before.is_empty() { key.clone() } else { format!("{before}.{key}") };
        match value {
            Value::Object(inner) => paths(inner, &path, found),
            Value::Array(_) => {}
            _ if found.len() < MOST && !found.contains(&path) => found.push(path),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_found_by_path() {
        let object: Object =
            serde_json::from_str(r#"{"a":{"b":1,"c.d":[{"e":"x"}]},"a.b":2,"f":null,"g.h":{"i":3}}"#)
                .unwrap();
        for (path, expected) in [
            ("a.b", "2"),
            ("a.c.d.0.e", "x"),
            ("g.h.i", "3"),
            ("f", ""),
            ("a", ""),
            ("a.x", ""),
            ("a.c.d.9", ""),
        ] {
            assert_eq!(text(lookup(&object, path)), expected, "{path}");
        }
        let mut found = Vec::new();
        paths(&object, "", &mut found);
        assert_eq!(found, ["a.b", "f", "g.h.i"]);
    }

    #[test]
    fn pairs_of_keys_and_values_are_objects() {
        let object = logfmt(r#"ts=2026-03-12T10:00:00Z msg="a \"b\" = c" empty= took=12ms ok"#).unwrap();
        for (path, expected) in [
            ("ts", "2026-03-12T10:00:00Z"),
            ("msg", "a \"b\" = c"),
            ("empty", ""),
            ("took", "12ms"),
            ("ok", "true"),
        ] {
            assert_eq!(text(lookup(&object, path)), expected, "{path}");
        }
        for line in ["a=1 b=2 \"c\"", "a=\"1", "a=\"1\"2", "=1", "[a]=1", "192.0.2.1 - - [a]"] {
            assert!(logfmt(line).is_none(), "{line}");
        }
        assert!(is_json(b"a=1 b=2 c=3\n") && !is_json(b"a=1 b=2\n") && !is_json(b"a = 1\n"));
        assert!(!is_json(b"name = \"a b c\"\n") && !is_json(b"hello nice world\n"));
    }

    #[test]
    fn arrays_and_lines_are_objects() {
        let all = |text: &str| {
            let mut found = Vec::new();
            each_of(text.as_bytes(), |line, object| {
                found.push((line, object.map(|o| o.len())));
                true
            });
            found
        };
        assert_eq!(all("{\"a\":1}\n\nx\n{\"a\":1,\"b\":2}"), [(1, Some(1)), (3, None), (4, Some(2))]);
        assert_eq!(all("[{\"a\":1},\n {\"a\":\n1},\n{]"), [(1, Some(1)), (2, Some(1)), (4, None)]);
        assert_eq!(all("[ ]"), [(1, None)]);
        assert_eq!(
            all("\u{feff}\n[\n{\"a\":\"}\\\"{\"}\n,{\"b\":[{}],\"c\":{\"d\":1}}]"),
            [(3, Some(1)), (4, Some(2))]
        );
    }
}
