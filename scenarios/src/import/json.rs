//! JSON objects, one a line or as one array, and what is in them by path: `request.remote_ip`.

use super::recognize::Numbered;
use serde_json::Value;
use std::borrow::Cow;

/// An object.
pub(super) type Object = serde_json::Map<String, Value>;

/// Whether a text is of JSON objects.
pub(crate) fn is_json(text: &[u8]) -> bool {
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text).trim_ascii_start();
    text.starts_with(b"{") || is_array(text)
}

fn is_array(text: &[u8]) -> bool {
    text.trim_ascii_start().strip_prefix(b"[").is_some_and(|rest| rest.trim_ascii_start().starts_with(b"{"))
}

/// Calls `each` with the number of the line and the object, or `None` where there is none, until it says false.
pub(super) fn each(text: &str, mut each: impl FnMut(usize, Option<Object>) -> bool) {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if !is_array(text.as_bytes()) {
        for (index, line) in text.split('\n').enumerate() {
            if !line.trim().is_empty() && !each(index + 1, serde_json::from_str(line.trim()).ok()) {
                return;
            }
        }
        return;
    }
    // An array: objects with commas between, over as many lines as they like.
    let mut at = text.find('[').map_or(text.len(), |at| at + 1);
    let (mut counted, mut line) = (0, 1);
    loop {
        let rest = text[at..].trim_start_matches([',', ' ', '\t', '\r', '\n']);
        at = text.len() - rest.len();
        if !rest.starts_with('{') {
            return;
        }
        line += text[counted..at].bytes().filter(|b| *b == b'\n').count();
        counted = at;
        let mut stream = serde_json::Deserializer::from_str(rest).into_iter::<Object>();
        let Some(Ok(object)) = stream.next() else {
            // Behind an object that is none, nothing says where the next begins.
            each(line, None);
            return;
        };
        at += stream.byte_offset();
        if !each(line, Some(object)) {
            return;
        }
    }
}

/// Objects from all over a text.
pub(super) fn sample(text: &[u8], lines: &[Numbered<'_>]) -> Vec<Object> {
    if !is_array(text) {
        return lines.iter().filter_map(|(_, line)| serde_json::from_slice(line).ok()).collect();
    }
    let mut found = Vec::new();
    each(&String::from_utf8_lossy(text), |_, object| {
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
    fn arrays_and_lines_are_objects() {
        let all = |text: &str| {
            let mut found = Vec::new();
            each(text, |line, object| {
                found.push((line, object.map(|o| o.len())));
                true
            });
            found
        };
        assert_eq!(all("{\"a\":1}\n\nx\n{\"a\":1,\"b\":2}"), [(1, Some(1)), (3, None), (4, Some(2))]);
        assert_eq!(all("[{\"a\":1},\n {\"a\":\n1},\n{]"), [(1, Some(1)), (2, Some(1)), (4, None)]);
        assert_eq!(all("[ ]"), [(1, None)]);
    }
}
