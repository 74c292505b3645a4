//! Elements of arrays come, go and move with the comments that belong to them.

use toml_edit::{Array, Value};

/// A value without what stood around it.
pub(super) fn plain(mut value: Value) -> Value {
    value.decor_mut().clear();
    value
}

/// An element of an array with what belongs to it: the lines above it, and the comment behind it.
pub(super) struct Entry {
    before: Option<String>,
    value: Value,
    after: String,
}

impl Entry {
    /// An element that stands like its neighbors.
    pub fn new(value: Value) -> Entry {
        Entry { before: None, value, after: String::new() }
    }
}

/// The rest of a line, and what begins with the next one. Blanks in one line belong to what follows.
fn lines(text: &str) -> (String, String) {
    match text.find('\n') {
        Some(end) => (text[..end].to_owned(), text[end..].to_owned()),
        None => (String::new(), text.to_owned()),
    }
}

/// Changes the elements of an array, each with its comments.
pub(super) fn rearranged(array: &mut Array, change: impl FnOnce(&mut Vec<Entry>)) {
    let prefix = |value: &Value| value.decor().prefix().and_then(|raw| raw.as_str()).unwrap_or("").to_owned();
    let suffix = |value: &Value| value.decor().suffix().and_then(|raw| raw.as_str()).unwrap_or("").to_owned();
    let comma = array.trailing_comma();
    let mut open = String::new();
    let mut entries: Vec<Entry> = Vec::new();
    for value in array.iter() {
        let (rest, before) = lines(&prefix(value));
        match entries.last_mut() {
            Some(last) => last.after = rest,
            None => open = rest,
        }
        let after = String::new();
        entries.push(Entry { before: Some(before), value: plain(value.clone()), after });
    }
    let end = array.trailing().as_str().unwrap_or("").to_owned();
    let end = if comma { end } else { array.iter().last().map(suffix).unwrap_or_default() + &end };
    let (rest, mut close) = lines(&end);
    match entries.last_mut() {
        Some(last) => last.after = rest,
        None => open = rest,
    }
    change(&mut entries);
    // A new element stands like its neighbors: on a line of its own, or in the same line.
    let known: Vec<&String> = entries.iter().filter_map(|entry| entry.before.as_ref()).collect();
    let line = known.iter().find(|before| before.contains('\n')).map(|before| {
        let indent = before.rsplit('\n').next().unwrap_or("");
        format!("\n{indent}")
    });
    array.clear();
    let mut before_next = open;
    let count = entries.len();
    for (index, entry) in entries.into_iter().enumerate() {
        let own = entry.before.unwrap_or_else(|| line.clone().unwrap_or_default());
        let own = if index > 0 && own.is_empty() { " ".to_owned() } else { own };
        let own = if index == 0 && own == " " { String::new() } else { own };
        let mut value = entry.value;
        value.decor_mut().set_prefix(joined(&before_next, &own));
        value.decor_mut().set_suffix("");
        before_next = entry.after;
        if index + 1 == count && !comma {
            value.decor_mut().set_suffix(joined(&before_next, &close));
            (before_next, close) = (String::new(), String::new());
        }
        array.push_formatted(value);
    }
    array.set_trailing_comma(comma && count > 0);
    array.set_trailing(joined(&before_next, &close));
}

/// Two pieces of blank; a comment ends with its line.
fn joined(rest: &str, next: &str) -> String {
    let line = if rest.contains('#') && !next.starts_with('\n') { "\n" } else { "" };
    format!("{rest}{line}{next}")
}
