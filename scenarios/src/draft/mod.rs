//! A scenario's text as a tree that can be looked at and changed, right or wrong.
//!
//! [`load`](crate::load) makes a model, or mistakes and no model. A program that shows a scenario while it is written
//! needs what lies between: [`read`] gives the tree with the place of every value whatever the values are worth,
//! [`references`] says which name means which station, and [`edit`] has changes of the text that keep comments and
//! layout. The keys that may stand where are in [`keys`](crate::keys).
//!
//! ```
//! use scenarios::draft::{edit, path, read};
//! let text = "[[processor]]\nname = \"cpu\"   # the only one\ncores = 2\n";
//! let cores = path("processor.0.cores");
//! assert_eq!(read(text).at(&cores).map(|item| item.toml()), Some("2".to_owned()));
//! let text = edit::set(text, &cores, "4").unwrap();
//! assert_eq!(text, "[[processor]]\nname = \"cpu\"   # the only one\ncores = 4\n");
//! ```

mod array;
pub mod edit;
mod names;

pub use names::{inner_steps, references};

use crate::diagnostic::Sink;
use crate::tree::{self, Node};
use std::fmt::Write as _;
use std::ops::Range;

/// A step on the way into a tree.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Part {
    /// A key of a table.
    Key(String),
    /// A place in an array, from 0.
    At(usize),
}

/// The way from the root to a value.
pub type Path = Vec<Part>;

/// A path as text: `class.0.steps.2`; parts that are numbers are places.
pub fn path(text: &str) -> Path {
    let part = |part: &str| part.parse().map_or_else(|_| Part::Key(part.to_owned()), Part::At);
    text.split('.').filter(|part| !part.is_empty()).map(part).collect()
}

/// A path with one more key.
pub fn key(path: &[Part], key: &str) -> Path {
    path.iter().cloned().chain([Part::Key(key.to_owned())]).collect()
}

/// A path with one more place.
pub fn at(path: &[Part], index: usize) -> Path {
    path.iter().cloned().chain([Part::At(index)]).collect()
}

/// A value with its place.
#[derive(Clone, PartialEq, Debug)]
pub struct Item {
    /// Its bytes in the text, with all that is in it.
    pub span: Range<usize>,
    /// What it is.
    pub value: Value,
}

/// What a value is.
#[derive(Clone, PartialEq, Debug)]
pub enum Value {
    /// A string.
    Text(String),
    /// A number, as it is written but for an integer's base.
    Number(String),
    /// `true` or `false`.
    Boolean(bool),
    /// Anything else without parts, a date: nothing in a scenario.
    Other,
    /// An array.
    List(Vec<Item>),
    /// A table, in the order of the text.
    Table(Vec<(String, Item)>),
}

/// Reads a text. Where its syntax is broken, what could be read is there.
pub fn read(text: &str) -> Item {
    let mut sink = Sink::new("");
    let (root, _) = tree::parse(text, &mut sink);
    Item { span: 0..text.len(), ..item(&root) }
}

fn item(node: &Node) -> Item {
    let mut span = node.place.start..node.place.end;
    let value = match &node.value {
        tree::Value::Text(text) => Value::Text(text.clone()),
        tree::Value::Integer(Some(number)) => Value::Number(number.to_string()),
        tree::Value::Float(_, text) => Value::Number(text.clone()),
        tree::Value::Boolean(value) => Value::Boolean(*value),
        tree::Value::Integer(None) | tree::Value::Date => Value::Other,
        tree::Value::Array(nodes) => Value::List(nodes.iter().map(item).collect()),
        tree::Value::Table(entries) => {
            let field = |entry: &tree::Entry| {
                span.start = span.start.min(entry.key_place.start);
                (entry.key.clone(), item(&entry.node))
            };
            Value::Table(entries.iter().map(field).collect())
        }
    };
    // A header names a table whose values stand below it.
    let parts: Vec<&Item> = match &value {
        Value::List(items) => items.iter().collect(),
        Value::Table(fields) => fields.iter().map(|(_, item)| item).collect(),
        _ => Vec::new(),
    };
    span.end = parts.iter().map(|part| part.span.end).fold(span.end, usize::max);
    Item { span, value }
}

impl Item {
    /// The value of a key of a table.
    pub fn get(&self, key: &str) -> Option<&Item> {
        self.fields().iter().find(|(name, _)| name == key).map(|(_, item)| item)
    }

    /// The value at the end of a path.
    pub fn at(&self, path: &[Part]) -> Option<&Item> {
        let mut item = self;
        for part in path {
            item = match part {
                Part::Key(key) => item.get(key)?,
                Part::At(index) => item.items().get(*index)?,
            };
        }
        Some(item)
    }

    /// The keys of a table with their values; none for anything else.
    pub fn fields(&self) -> &[(String, Item)] {
        match &self.value {
            Value::Table(fields) => fields,
            _ => &[],
        }
    }

    /// The elements of an array; none for anything else.
    pub fn items(&self) -> &[Item] {
        match &self.value {
            Value::List(items) => items,
            _ => &[],
        }
    }

    /// A string.
    pub fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The string at a key.
    pub fn text_of(&self, key: &str) -> Option<&str> {
        self.get(key)?.text()
    }

    /// The value in one line of TOML.
    pub fn toml(&self) -> String {
        match &self.value {
            Value::Text(text) => edit::string(text),
            Value::Number(text) => text.clone(),
            Value::Boolean(value) => value.to_string(),
            Value::Other => "0".to_owned(),
            Value::List(items) => {
                format!("[{}]", items.iter().map(Item::toml).collect::<Vec<_>>().join(", "))
            }
            Value::Table(fields) if fields.is_empty() => "{}".to_owned(),
            Value::Table(fields) => {
                let mut text = String::from("{ ");
                for (index, (key, item)) in fields.iter().enumerate() {
                    let comma = if index > 0 { ", " } else { "" };
                    let _ = write!(text, "{comma}{} = {}", edit::bare_key(key), item.toml());
                }
                text + " }"
            }
        }
    }

    /// The path of the smallest of these values that holds a place in the text: the last one where they are nested.
    pub fn smallest<'p>(&self, paths: impl IntoIterator<Item = &'p Path>, place: usize) -> Option<&'p Path> {
        let holds = |path: &&Path| self.at(path).is_some_and(|item| item.span.contains(&place));
        let length = |path: &&Path| self.at(path).map_or(usize::MAX, |item| item.span.len());
        paths.into_iter().filter(holds).min_by_key(length)
    }
}
