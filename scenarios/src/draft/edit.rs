//! Changes of a scenario's text that keep what they do not change: comments, layout, order.
//!
//! Every change takes a text and gives another one. A text with a syntax error is not changed. What a change means is
//! not checked: a wrong value becomes a diagnostic of [`load`](crate::load), at its place.

use super::array::{Entry, plain, rearranged};
use super::{Item, Part, Path, key, read, references};
use toml_edit::{Array, ArrayOfTables, DocumentMut, InlineTable, Table, TableLike, Value};

/// Why a text cannot be changed.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum EditError {
    /// It is no TOML.
    #[error("the text has a syntax error, which must be mended first: {0}")]
    Syntax(String),
    /// There is nothing at the path.
    #[error("`{0}` is not there")]
    Missing(String),
    /// The new value is no TOML.
    #[error("`{0}` is not a value of TOML")]
    Value(String),
}

/// A string as TOML.
pub fn string(text: &str) -> String {
    Value::from(text).to_string()
}

/// A key as TOML: quoted where it must be.
pub(super) fn bare_key(key: &str) -> String {
    toml_edit::Key::new(key).display_repr().into_owned()
}

/// Sets a value, written as TOML; tables on the way that are not there are made.
pub fn set(text: &str, path: &[Part], value: &str) -> Result<String, EditError> {
    let mut document = parse(text)?;
    let value = parse_value(value)?;
    let (last, parents) = path.split_last().ok_or_else(|| missing(path))?;
    match (walk(&mut document, parents, true), last) {
        (Some(Node::Table(table)), Part::Key(key)) => put(table, key, value),
        (Some(Node::Array(array)), Part::At(index)) if *index < array.len() => {
            array.replace(*index, value);
        }
        _ => return Err(missing(path)),
    }
    Ok(document.to_string())
}

/// Takes a key or an element away.
pub fn remove(text: &str, path: &[Part]) -> Result<String, EditError> {
    let mut document = parse(text)?;
    let (last, parents) = path.split_last().ok_or_else(|| missing(path))?;
    let mut empty = false;
    match (walk(&mut document, parents, false), last) {
        (Some(Node::Table(table)), Part::Key(key)) => take(table, key).ok_or_else(|| missing(path))?,
        (Some(Node::Array(array)), Part::At(index)) if *index < array.len() => {
            rearranged(array, |entries| {
                entries.remove(*index);
            });
        }
        (Some(Node::Tables(tables)), Part::At(index)) if *index < tables.len() => {
            tables.remove(*index);
            empty = tables.is_empty();
        }
        _ => return Err(missing(path)),
    }
    if empty && let Some((Part::Key(key), owners)) = parents.split_last() {
        // `[[pool]]` that is there no more must not stay as `pool = []`.
        if let Some(Node::Table(table)) = walk(&mut document, owners, false) {
            table.remove(key);
        }
    }
    let rest = document.to_string();
    // What the file begins with is about the file, not about the first thing in it.
    let head = head(text);
    Ok(if rest.starts_with(head) { rest } else { format!("{head}{}", rest.trim_start_matches('\n')) })
}

/// Comments and empty lines at the beginning of a text.
fn head(text: &str) -> &str {
    let is_head = |line: &&str| line.trim().is_empty() || line.trim_start().starts_with('#');
    let length: usize = text.split_inclusive('\n').take_while(is_head).map(str::len).sum();
    &text[..length]
}

/// Puts an element, written as TOML, into an array before another one, or at its end. An array that is not there is made:
/// on the top level as `[[name]]`, elsewhere as `name = [...]`.
pub fn insert(text: &str, list: &[Part], index: usize, value: &str) -> Result<String, EditError> {
    let mut document = parse(text)?;
    let value = parse_value(value)?;
    let (last, parents) = list.split_last().ok_or_else(|| missing(list))?;
    let is_there = walk(&mut document, list, false).is_some();
    if !is_there {
        let Some(Node::Table(table)) = walk(&mut document, parents, true) else { return Err(missing(list)) };
        let Part::Key(key) = last else { return Err(missing(list)) };
        let item = if parents.is_empty() {
            toml_edit::Item::ArrayOfTables(ArrayOfTables::new())
        } else {
            toml_edit::Item::Value(Value::Array(Array::new()))
        };
        table.insert(key, item);
    }
    match walk(&mut document, list, false) {
        Some(Node::Array(array)) => rearranged(array, |entries| {
            let index = index.min(entries.len());
            entries.insert(index, Entry::new(value));
        }),
        Some(Node::Tables(tables)) => {
            let Value::InlineTable(table) = value else { return Err(EditError::Value(value.to_string())) };
            let index = index.min(tables.len());
            insert_table(tables, index, block(table));
        }
        _ => return Err(missing(list)),
    }
    Ok(document.to_string())
}

/// Puts a copy behind an element or a role. What has a name gets a new one; the second value is the copy's path.
pub fn duplicate(text: &str, path: &[Part]) -> Result<(String, Path), EditError> {
    let root = read(text);
    let mut document = parse(text)?;
    let (last, parents) = path.split_last().ok_or_else(|| missing(path))?;
    let old = root.at(path).and_then(|item| item.text_of("name"));
    let name = old.map(|name| new_name(&root, name));
    let mut copy = parents.to_vec();
    match (walk(&mut document, parents, false), last) {
        (Some(Node::Table(table)), Part::Key(key)) => {
            let item = table.get(key).ok_or_else(|| missing(path))?.clone();
            let names: Vec<String> = table.iter().map(|(name, _)| name.to_owned()).collect();
            let name = free_name(key, |name| names.iter().any(|other| other == name));
            match item {
                toml_edit::Item::Value(value) => put(table, &name, plain(value)),
                toml_edit::Item::Table(mut inner) => {
                    float(&mut inner);
                    table.insert(&name, toml_edit::Item::Table(inner));
                }
                _ => return Err(missing(path)),
            }
            copy.push(Part::Key(name));
        }
        (Some(Node::Array(array)), Part::At(index)) if *index < array.len() => {
            let mut value = array.get(*index).cloned().ok_or_else(|| missing(path))?;
            if let (Some(name), Some(table)) = (name, value.as_inline_table_mut()) {
                put(table, "name", Value::from(name));
            }
            rearranged(array, |entries| entries.insert(index + 1, Entry::new(plain(value))));
            copy.push(Part::At(index + 1));
        }
        (Some(Node::Tables(tables)), Part::At(index)) if *index < tables.len() => {
            let mut table = tables.get(*index).cloned().ok_or_else(|| missing(path))?;
            if let Some(name) = name {
                put(&mut table, "name", Value::from(name));
            }
            insert_table(tables, index + 1, table);
            copy.push(Part::At(index + 1));
        }
        _ => return Err(missing(path)),
    }
    Ok((document.to_string(), copy))
}

/// Moves an element of an array by one place, towards the end or the beginning.
pub fn shift(text: &str, path: &[Part], later: bool) -> Result<String, EditError> {
    let mut document = parse(text)?;
    let (last, parents) = path.split_last().ok_or_else(|| missing(path))?;
    match (walk(&mut document, parents, false), last) {
        (Some(Node::Array(array)), Part::At(index)) => {
            let other = if later { Some(index + 1) } else { index.checked_sub(1) };
            let other = other.filter(|other| *other < array.len()).ok_or_else(|| missing(path))?;
            rearranged(array, |entries| entries.swap(*index, other));
        }
        _ => return Err(missing(path)),
    }
    Ok(document.to_string())
}

/// Puts the steps inside a step in its place, so that what is around them goes and they stay.
pub fn unwrap(text: &str, path: &[Part]) -> Result<String, EditError> {
    let mut document = parse(text)?;
    let Some(Node::Array(inner)) = walk(&mut document, &key(path, "steps"), false) else {
        return remove(text, path);
    };
    let inner: Vec<Value> = inner.iter().cloned().map(plain).collect();
    let (last, parents) = path.split_last().ok_or_else(|| missing(path))?;
    match (walk(&mut document, parents, false), last) {
        (Some(Node::Array(array)), Part::At(index)) if *index < array.len() => rearranged(array, |entries| {
            entries.splice(index..=index, inner.into_iter().map(Entry::new));
        }),
        _ => return Err(missing(path)),
    }
    Ok(document.to_string())
}

/// Gives something with a name another one, and says so wherever it is named.
pub fn rename(text: &str, path: &[Part], name: &str) -> Result<String, EditError> {
    let root = read(text);
    let mut document = parse(text)?;
    for (place, target) in references(&root) {
        let Some(target) = target.filter(|target| target.starts_with(path)) else { continue };
        let Some(written) = root.at(&place).and_then(Item::text) else { continue };
        let new = match written.split_once('.') {
            // A role of a group that is renamed, or a role that is.
            Some((_, role)) if target.len() > path.len() => format!("{name}.{role}"),
            Some((group, _)) => format!("{group}.{name}"),
            None if target.len() > path.len() => continue,
            None => name.to_owned(),
        };
        let (last, parents) = place.split_last().ok_or_else(|| missing(&place))?;
        if let (Some(Node::Table(table)), Part::Key(key)) = (walk(&mut document, parents, false), last) {
            put(table, key, Value::from(new));
        }
    }
    if matches!(path.last(), Some(Part::At(_))) {
        let Some(Node::Table(table)) = walk(&mut document, path, false) else { return Err(missing(path)) };
        put(table, "name", Value::from(name));
    } else if let Some((Part::Key(role), parents)) = path.split_last() {
        let Some(Node::Table(table)) = walk(&mut document, parents, false) else { return Err(missing(path)) };
        rename_key(table, role, name).ok_or_else(|| missing(path))?;
    }
    Ok(document.to_string())
}

/// A name that nothing has yet, made from one that something has: `cpu`, `cpu-2`, `cpu-3`.
pub fn new_name(root: &Item, name: &str) -> String {
    let lists = root.fields().iter().flat_map(|(_, item)| item.items());
    let names: Vec<&str> = lists.filter_map(|item| item.text_of("name")).collect();
    free_name(name, |name| names.contains(&name))
}

fn free_name(name: &str, is_taken: impl Fn(&str) -> bool) -> String {
    let stem = match name.rsplit_once('-') {
        Some((stem, number)) if !stem.is_empty() && number.parse::<u32>().is_ok() => stem,
        _ => name,
    };
    let numbered = (2u32..).map(|number| format!("{stem}-{number}"));
    let mut names = std::iter::once(name.to_owned()).chain(numbered);
    names.find(|name| !is_taken(name)).unwrap_or_else(|| name.to_owned())
}

fn parse(text: &str) -> Result<DocumentMut, EditError> {
    let first = |error: &toml_edit::TomlError| error.message().lines().next().unwrap_or("").to_owned();
    text.parse().map_err(|error| EditError::Syntax(first(&error)))
}

fn parse_value(text: &str) -> Result<Value, EditError> {
    text.trim().parse().map(plain).map_err(|_| EditError::Value(text.to_owned()))
}

fn missing(path: &[Part]) -> EditError {
    let parts = path.iter().map(|part| match part {
        Part::Key(key) => key.clone(),
        Part::At(index) => index.to_string(),
    });
    EditError::Missing(parts.collect::<Vec<_>>().join("."))
}

/// What has parts.
enum Node<'a> {
    Table(&'a mut dyn TableLike),
    Array(&'a mut Array),
    Tables(&'a mut ArrayOfTables),
}

impl Node<'_> {
    fn of_item(item: &mut toml_edit::Item) -> Option<Node<'_>> {
        match item {
            toml_edit::Item::Value(value) => Node::of_value(value),
            toml_edit::Item::Table(table) => Some(Node::Table(table)),
            toml_edit::Item::ArrayOfTables(tables) => Some(Node::Tables(tables)),
            toml_edit::Item::None => None,
        }
    }

    fn of_value(value: &mut Value) -> Option<Node<'_>> {
        match value {
            Value::Array(array) => Some(Node::Array(array)),
            Value::InlineTable(table) => Some(Node::Table(table)),
            _ => None,
        }
    }
}

/// What is at a path; with `make`, tables that are not there are made.
fn walk<'d>(document: &'d mut DocumentMut, path: &[Part], make: bool) -> Option<Node<'d>> {
    let mut node = Node::Table(document.as_table_mut());
    for part in path {
        node = match (node, part) {
            (Node::Table(table), Part::Key(key)) => {
                if make && !table.contains_key(key) {
                    put(table, key, Value::InlineTable(InlineTable::new()));
                }
                Node::of_item(table.get_mut(key)?)?
            }
            (Node::Array(array), Part::At(index)) => Node::of_value(array.get_mut(*index)?)?,
            (Node::Tables(tables), Part::At(index)) => Node::Table(tables.get_mut(*index)?),
            _ => return None,
        };
    }
    Some(node)
}

/// Sets a key of a table; a new one goes to the end, with the blanks of the one before it.
fn put(table: &mut dyn TableLike, key: &str, value: Value) {
    if let Some(item) = table.get_mut(key) {
        match item {
            toml_edit::Item::Value(old) => {
                let decor = old.decor().clone();
                *old = value;
                *old.decor_mut() = decor;
            }
            other => *other = toml_edit::Item::Value(value),
        }
        return;
    }
    // In `{ a = 1 }` the last blank belongs to the 1.
    let suffix = |item: &toml_edit::Item| Some(item.as_value()?.decor().suffix()?.as_str()?.to_owned());
    let last = table.iter().last().map(|(name, item)| (name.to_owned(), suffix(item)));
    let mut value = value;
    if let Some((name, Some(blank))) = last
        && !blank.is_empty()
        && !blank.contains('#')
        && let Some(old) = table.get_mut(&name).and_then(toml_edit::Item::as_value_mut)
    {
        old.decor_mut().set_suffix("");
        value.decor_mut().set_prefix(" ");
        value.decor_mut().set_suffix(blank);
    }
    table.insert(key, toml_edit::Item::Value(value));
}

/// Takes a key of a table away.
fn take(table: &mut dyn TableLike, key: &str) -> Option<()> {
    let is_last = table.iter().last().is_some_and(|(name, _)| name == key);
    let item = table.remove(key)?;
    let suffix = item.as_value().and_then(|value| value.decor().suffix()?.as_str().map(str::to_owned));
    let last = table.iter().last().map(|(name, _)| name.to_owned());
    if let (true, Some(suffix), Some(last)) = (is_last, suffix, last)
        && suffix.trim().is_empty()
        && let Some(value) = table.get_mut(&last).and_then(toml_edit::Item::as_value_mut)
        && value.decor().suffix().is_none_or(|old| old.as_str() == Some(""))
    {
        value.decor_mut().set_suffix(suffix);
    }
    Some(())
}

/// Another key for a value, at the same place.
fn rename_key(table: &mut dyn TableLike, old: &str, new: &str) -> Option<()> {
    let keys: Vec<String> = table.iter().map(|(name, _)| name.to_owned()).collect();
    if !keys.iter().any(|key| key == old) || keys.iter().any(|key| key == new) {
        return None;
    }
    for key in keys {
        let decor = table.key(&key).map(|key| (key.leaf_decor().clone(), key.dotted_decor().clone()));
        let item = table.remove(&key)?;
        let name = if key == old { new } else { &key };
        table.insert(name, item);
        if let (Some((leaf, dotted)), Some(mut key)) = (decor, table.key_mut(name)) {
            *key.leaf_decor_mut() = leaf;
            *key.dotted_decor_mut() = dotted;
        }
    }
    Some(())
}

/// An inline table as a block of lines: `{ a = 1 }` as `a = 1`.
fn block(table: InlineTable) -> Table {
    let mut block = Table::new();
    for (key, value) in table {
        block.insert(&key, toml_edit::Item::Value(plain(value)));
    }
    block
}

fn insert_table(tables: &mut ArrayOfTables, index: usize, mut table: Table) {
    float(&mut table);
    table.decor_mut().set_prefix("\n");
    tables.insert(index, table);
}

/// Forgets where tables stood, so that they stand behind what is before them now.
fn float(table: &mut Table) {
    table.set_position(None);
    for (_, item) in table.iter_mut() {
        match item {
            toml_edit::Item::Table(inner) => float(inner),
            toml_edit::Item::ArrayOfTables(inner) => inner.iter_mut().for_each(float),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::draft::path;

    const TEXT: &str = "\
# A farm.
name = \"farm\"   # its name

[[class]]
name = \"page\"
steps = [
  { balance = \"lb\" },            # picks a server
  # then
  { hold = \"workers\", steps = [
      { work = \"cpu\", demand = \"2ms\" },   # computes
      { work = \"web.disk\", demand = \"1ms\" },
  ] },
]

[[balancer]]
name = \"lb\"
targets = \"web\"

[[server]]      # equal machines
name = \"web\"
pool.workers = { size = 4 }
processor.cpu = { cores = 2 }
# the disk
processor.disk = {}
";

    /// The lines that differ, `-` old and `+` new.
    fn difference(old: &str, new: &str) -> Vec<String> {
        let (old, new): (Vec<&str>, Vec<&str>) = (old.lines().collect(), new.lines().collect());
        let same = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
        let rest = old.len().min(new.len()) - same;
        let back = old.iter().rev().zip(new.iter().rev()).take(rest).take_while(|(a, b)| a == b).count();
        let gone = old[same..old.len() - back].iter().map(|line| format!("-{line}"));
        gone.chain(new[same..new.len() - back].iter().map(|line| format!("+{line}"))).collect()
    }

    #[track_caller]
    fn check(new: Result<String, EditError>, expected: &[&str]) {
        let new = new.expect("it can be changed");
        let again: Result<DocumentMut, _> = new.parse();
        assert!(again.is_ok(), "{new}");
        assert_eq!(difference(TEXT, &new), expected, "{new}");
    }

    #[test]
    fn a_change_touches_its_line_alone() {
        check(
            set(TEXT, &path("name"), "\"shop\""),
            &["-name = \"farm\"   # its name", "+name = \"shop\"   # its name"],
        );
        check(
            set(TEXT, &path("server.0.pool.workers.queue"), "8"),
            &["-pool.workers = { size = 4 }", "+pool.workers = { size = 4, queue = 8 }"],
        );
        check(
            set(TEXT, &path("server.0.processor.disk.device"), "true"),
            &["-processor.disk = {}", "+processor.disk = { device = true }"],
        );
        check(
            set(TEXT, &path("server.0.processor.cpu.interrupts.save"), "\"5us\""),
            &[
                "-processor.cpu = { cores = 2 }",
                "+processor.cpu = { cores = 2, interrupts = { save = \"5us\" } }",
            ],
        );
        check(set(TEXT, &path("server.0.count"), "3"), &["+count = 3"]);
        check(
            set(TEXT, &path("class.0.steps.1.steps.0.demand"), "{ exponential = { mean = \"2ms\" } }"),
            &[
                "-      { work = \"cpu\", demand = \"2ms\" },   # computes",
                "+      { work = \"cpu\", demand = { exponential = { mean = \"2ms\" } } },   # computes",
            ],
        );
        check(
            remove(TEXT, &path("server.0.processor.cpu.cores")),
            &["-processor.cpu = { cores = 2 }", "+processor.cpu = {}"],
        );
        check(
            remove(TEXT, &path("balancer.0")),
            &["-[[balancer]]", "-name = \"lb\"", "-targets = \"web\"", "-"],
        );
    }

    #[test]
    fn steps_come_and_go_with_their_comments() {
        let list = path("class.0.steps");
        let step = "{ delay = \"1ms\" }";
        check(insert(TEXT, &list, 0, step), &["+  { delay = \"1ms\" },"]);
        check(insert(TEXT, &list, 1, step), &["+  { delay = \"1ms\" },"]);
        check(insert(TEXT, &list, 9, step), &["+  { delay = \"1ms\" },"]);
        check(insert(TEXT, &path("class.0.steps.1.steps"), 1, step), &["+      { delay = \"1ms\" },"]);
        check(
            remove(TEXT, &path("class.0.steps.0")),
            &["-  { balance = \"lb\" },            # picks a server"],
        );
        check(
            shift(TEXT, &path("class.0.steps.1.steps.0"), true),
            &[
                "-      { work = \"cpu\", demand = \"2ms\" },   # computes",
                "-      { work = \"web.disk\", demand = \"1ms\" },",
                "+      { work = \"web.disk\", demand = \"1ms\" },",
                "+      { work = \"cpu\", demand = \"2ms\" },   # computes",
            ],
        );
        let twice = duplicate(TEXT, &path("class.0.steps.1.steps.0")).expect("copied");
        assert_eq!(twice.1, path("class.0.steps.1.steps.1"));
        check(Ok(twice.0), &["+      { work = \"cpu\", demand = \"2ms\" },"]);
        let unwrapped = unwrap(TEXT, &path("class.0.steps.1")).expect("unwrapped");
        assert!(!unwrapped.contains("hold"), "{unwrapped}");
        assert_eq!(read(&unwrapped).at(&list).map(|item| item.items().len()), Some(3));
    }

    #[test]
    fn stations_are_added_beside_their_like_copied_and_named() {
        check(
            insert(TEXT, &path("processor"), 9, "{ name = \"gpu\", cores = 1 }"),
            &["+", "+[[processor]]", "+name = \"gpu\"", "+cores = 1"],
        );
        check(
            insert(TEXT, &path("balancer"), 9, "{ name = \"lb-2\", targets = \"web\" }"),
            &["+[[balancer]]", "+name = \"lb-2\"", "+targets = \"web\"", "+"],
        );
        let (text, copy) = duplicate(TEXT, &path("server.0")).expect("copied");
        assert_eq!(copy, path("server.1"));
        let root = read(&text);
        assert_eq!(root.at(&copy).and_then(|item| item.text_of("name")), Some("web-2"));
        assert_eq!(root.at(&path("server.1.processor.cpu.cores")).map(Item::toml), Some("2".to_owned()));
        assert!(text.starts_with(TEXT.trim_end()), "{text}");
        let (text, copy) = duplicate(TEXT, &path("server.0.processor.cpu")).expect("copied");
        assert_eq!(copy, path("server.0.processor.cpu-2"));
        assert_eq!(read(&text).at(&copy).map(Item::toml), Some("{ cores = 2 }".to_owned()));
    }

    #[test]
    fn a_new_name_is_said_everywhere() {
        let renamed = rename(TEXT, &path("server.0"), "shop").expect("renamed");
        assert!(renamed.contains("targets = \"shop\"") && renamed.contains("\"shop.disk\""), "{renamed}");
        assert!(renamed.contains("work = \"cpu\""), "{renamed}");
        let renamed = rename(TEXT, &path("server.0.processor.cpu"), "core").expect("renamed");
        assert_eq!(renamed, TEXT.replace("\"cpu\"", "\"core\"").replace(".cpu", ".core"));
    }

    #[test]
    fn what_cannot_be_changed_is_said() {
        assert!(matches!(set("a = [", &path("a"), "1"), Err(EditError::Syntax(_))));
        assert_eq!(set(TEXT, &path("name"), "1 2"), Err(EditError::Value("1 2".to_owned())));
        assert_eq!(remove(TEXT, &path("pool.3")), Err(EditError::Missing("pool.3".to_owned())));
        assert!(shift(TEXT, &path("class.0.steps.0"), false).is_err());
    }
}
