//! A TOML document as a tree in which every key and value knows its place.

use crate::diagnostic::{Place, Sink};
use toml::de::{DeTable, DeValue};

/// A value.
#[derive(Clone, Debug)]
pub(crate) enum Value {
    Text(String),
    /// `None` where it does not fit 64 bits.
    Integer(Option<i64>),
    /// The number and its text.
    Float(f64, String),
    Boolean(bool),
    Date,
    Array(Vec<Node>),
    Table(Vec<Entry>),
}

/// A value with its place.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub place: Place,
    pub value: Value,
}

/// A key with its value. Entries of a table are in the order of the text.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub key: String,
    pub key_place: Place,
    pub node: Node,
    /// It comes from an option, not from the file.
    pub from_option: bool,
}

impl Node {
    /// The type in words, with an article.
    pub fn kind(&self) -> &'static str {
        match self.value {
            Value::Text(_) => "a string",
            Value::Integer(_) => "an integer",
            Value::Float(..) => "a number",
            Value::Boolean(_) => "a boolean",
            Value::Date => "a date",
            Value::Array(_) => "an array",
            Value::Table(_) => "a table",
        }
    }

    /// The entries of a table; none for anything else.
    pub fn entries(&self) -> &[Entry] {
        match &self.value {
            Value::Table(entries) => entries,
            _ => &[],
        }
    }

    /// The value of a key of a table.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.entries().iter().find(|entry| entry.key == key).map(|entry| &entry.node)
    }

    /// The elements of an array; none for anything else.
    pub fn elements(&self) -> &[Node] {
        match &self.value {
            Value::Array(nodes) => nodes,
            _ => &[],
        }
    }

    /// A string.
    pub fn as_text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }
}

/// Reads a document. Syntax errors are reported and stepped over; the second value says whether there was one.
pub(crate) fn parse(text: &str, sink: &mut Sink) -> (Node, bool) {
    let whole = Place::text(0..text.len());
    let (table, errors) = DeTable::parse_recoverable(text);
    for error in &errors {
        let place = error.span().map_or(whole, |span| Place { start: span.start, end: span.end, ..whole });
        let message = error.message().trim().replace('\n', ", ");
        let message = if message.is_empty() { "not valid TOML".to_owned() } else { message };
        sink.error("S004", place, message);
    }
    (Node { place: whole, value: Value::Table(entries(table.get_ref(), whole)) }, !errors.is_empty())
}

/// Reads the value of `--set`: TOML where it is that, else a string. `place` is the place of `text` in its option.
pub(crate) fn parse_value(text: &str, place: Place) -> Node {
    match DeValue::parse(text) {
        Ok(value) => node(value.span(), value.get_ref(), place),
        Err(_) => Node { place, value: Value::Text(text.to_owned()) },
    }
}

fn entries(table: &DeTable<'_>, origin: Place) -> Vec<Entry> {
    let mut entries: Vec<Entry> = table
        .iter()
        .map(|(key, value)| Entry {
            key: key.get_ref().to_string(),
            key_place: origin.part(key.span()),
            node: node(value.span(), value.get_ref(), origin),
            from_option: origin.source != 0,
        })
        .collect();
    entries.sort_by_key(|entry| entry.key_place.start);
    entries
}

fn node(span: std::ops::Range<usize>, value: &DeValue<'_>, origin: Place) -> Node {
    let value = match value {
        DeValue::String(text) => Value::Text(text.to_string()),
        DeValue::Integer(integer) => {
            Value::Integer(i64::from_str_radix(integer.as_str(), integer.radix()).ok())
        }
        DeValue::Float(float) => {
            Value::Float(float.as_str().parse().unwrap_or(f64::NAN), float.as_str().to_owned())
        }
        DeValue::Boolean(value) => Value::Boolean(*value),
        DeValue::Datetime(_) => Value::Date,
        DeValue::Array(array) => {
            Value::Array(array.iter().map(|item| node(item.span(), item.get_ref(), origin)).collect())
        }
        DeValue::Table(table) => Value::Table(entries(table, origin)),
    };
    Node { place: origin.part(span), value }
}
