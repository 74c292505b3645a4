//! Typed reading of the keys of a table, against [`keys`](crate::keys): every mistake goes to the sink, and `None` is
//! returned for what is wrong or absent.

use crate::diagnostic::{Note, Place, Sink, did_you_mean, did_you_mean_or_list};
use crate::keys::{Kind, NAME_BYTES_MAX, Table};
use crate::tree::{Entry, Node, Value};
use sim_core::quantity::{self, QuantityError};
use sim_core::shown::{is_unseen, shown};
use sim_core::units::{Ratio, Span};

/// The fields of a table that has been checked for unknown and missing keys.
#[derive(Clone, Copy)]
pub(crate) struct Fields<'a> {
    pub table: &'static Table,
    pub node: &'a Node,
}

/// Opens a table: says what is unknown and what is missing.
pub(crate) fn open<'a>(node: &'a Node, table: &'static Table, sink: &mut Sink) -> Option<Fields<'a>> {
    let Value::Table(entries) = &node.value else {
        wrong_type(node, &format!("{} is a table", table.name), sink);
        return None;
    };
    for entry in entries {
        if table.key(&entry.key).is_none() {
            unknown_key(entry, table.name, &table.keys.iter().map(|k| k.name).collect::<Vec<_>>(), sink);
        }
    }
    for key in table.keys.iter().filter(|key| key.required) {
        if node.get(key.name).is_none() {
            let place = node.place;
            // A misspelt key is one mistake, not two.
            let misspelt = entries.iter().any(|e| {
                table.key(&e.key).is_none()
                    && crate::diagnostic::nearest(&e.key, table.keys.iter().map(|k| k.name)) == Some(key.name)
            });
            if !misspelt {
                sink.error("S011", place, format!("{} needs the key `{}`", table.name, key.name))
                    .help(format!("`{}`: {}", key.name, key.help));
            }
        }
    }
    Some(Fields { table, node })
}

/// Opens a table of one of several forms; the first key of each form tells them apart.
pub(crate) fn open_form<'a>(
    node: &'a Node,
    what: &str,
    forms: &'static [&'static Table],
    sink: &mut Sink,
) -> Option<Fields<'a>> {
    let names: Vec<&str> = forms.iter().map(|form| form.keys[0].name).collect();
    let Value::Table(entries) = &node.value else {
        wrong_type(node, &format!("{what} is a table"), sink).help(format!("one of {}", quote_all(&names)));
        return None;
    };
    let chosen: Vec<&Entry> = entries.iter().filter(|entry| names.contains(&entry.key.as_str())).collect();
    match chosen.as_slice() {
        [one] => {
            let form = forms.iter().find(|form| form.keys[0].name == one.key)?;
            open(node, form, sink)
        }
        [] => {
            let keys: Vec<&str> = forms.iter().flat_map(|form| form.keys.iter().map(|k| k.name)).collect();
            match entries.iter().find(|entry| !keys.contains(&entry.key.as_str())) {
                Some(entry) => unknown_key(entry, what, &names, sink),
                None => {
                    sink.error("S011", node.place, format!("{what} needs one of {}", quote_all(&names)));
                }
            }
            None
        }
        [first, second, ..] => {
            sink.error(
                "S013",
                second.key_place,
                format!("`{}` and `{}` exclude each other", first.key, second.key),
            )
            .label(first.key_place, "the other one")
            .help(format!("{what} is one of {}", quote_all(&names)));
            None
        }
    }
}

fn quote_all(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

pub(crate) fn unknown_key(entry: &Entry, what: &str, known: &[&str], sink: &mut Sink) {
    let what = what.trim_start_matches("a ").trim_start_matches("an ");
    sink.error("S010", entry.key_place, format!("unknown key `{}` in {what}", entry.key))
        .help_if(|| did_you_mean_or_list(&entry.key, "known keys", known));
}

/// Reports a value of the wrong type.
pub(crate) fn wrong_type<'s>(node: &Node, expected: &str, sink: &'s mut Sink) -> Note<'s> {
    sink.error("S012", node.place, format!("{expected}, not {}", node.kind()))
}

impl<'a> Fields<'a> {
    fn kind(&self, name: &str) -> Kind {
        match self.table.key(name) {
            Some(key) => key.kind,
            None => panic!("key `{name}` is not in the table of {}", self.table.name),
        }
    }

    /// The value of a key.
    pub fn get(&self, name: &str) -> Option<&'a Node> {
        self.kind(name);
        self.node.get(name)
    }

    /// The place of a key's value, else of the table.
    pub fn place(&self, name: &str) -> Place {
        self.get(name).map_or(self.node.place, |node| node.place)
    }

    /// A string.
    pub fn text(&self, name: &str, sink: &mut Sink) -> Option<&'a str> {
        let node = self.get(name)?;
        let text = node.as_text();
        if text.is_none() {
            wrong_type(node, &format!("`{name}` is a string"), sink);
        }
        text
    }

    /// A name.
    pub fn name(&self, name: &str, sink: &mut Sink) -> Option<&'a str> {
        let text = self.text(name, sink)?;
        // A bad name still names its thing, so that others who use it are not called wrong.
        check_name(text, self.place(name), sink);
        Some(text)
    }

    /// A duration.
    pub fn span(&self, name: &str, sink: &mut Sink) -> Option<Span> {
        span(self.get(name)?, name, sink)
    }

    /// A duration longer than nothing.
    pub fn positive_span(&self, name: &str, sink: &mut Sink) -> Option<Span> {
        let span = self.span(name, sink)?;
        if span == Span::ZERO {
            sink.error("S021", self.place(name), format!("`{name}` must be longer than 0"));
            return None;
        }
        Some(span)
    }

    /// A whole number within the range of its key.
    pub fn integer(&self, name: &str, sink: &mut Sink) -> Option<i64> {
        let Kind::Integer { min, max } = self.kind(name) else { panic!("key `{name}` is no whole number") };
        integer(self.get(name)?, name, min, max, sink)
    }

    /// A number within the range of its key.
    pub fn number(&self, name: &str, sink: &mut Sink) -> Option<f64> {
        let Kind::Number { min, max, inclusive } = self.kind(name) else {
            panic!("key `{name}` is no number")
        };
        let node = self.get(name)?;
        let value = plain_number(node, name, sink)?;
        let above = if inclusive { value >= min } else { value > min };
        if !(above && value <= max) {
            let least = if inclusive { format!("at least {min}") } else { format!("above {min}") };
            sink.error(
                "S021",
                node.place,
                format!("`{name}` is {value}; it must be {least} and at most {max}"),
            );
            return None;
        }
        Some(value)
    }

    /// `true` or `false`.
    pub fn boolean(&self, name: &str, sink: &mut Sink) -> Option<bool> {
        let node = self.get(name)?;
        if let Value::Boolean(value) = node.value {
            return Some(value);
        }
        wrong_type(node, &format!("`{name}` is true or false"), sink);
        None
    }

    /// The index of a word within its choice.
    pub fn choice(&self, name: &str, sink: &mut Sink) -> Option<usize> {
        let Kind::Choice(words) = self.kind(name) else { panic!("key `{name}` is no choice") };
        let text = self.text(name, sink)?;
        let found = words.iter().position(|word| *word == text);
        if found.is_none() {
            sink.error("S022", self.place(name), format!("`{name}` cannot be `{text}`"))
                .help_if(|| did_you_mean_or_list(text, "possible values", words));
        }
        found
    }

    /// Whole numbers, each within the range of its key.
    pub fn integers(&self, name: &str, sink: &mut Sink) -> Option<Vec<u32>> {
        let Kind::Integers { min, max } = self.kind(name) else {
            panic!("key `{name}` is no list of whole numbers")
        };
        let nodes = array(self.get(name)?, name, sink)?;
        nodes.iter().map(|node| integer(node, name, min, max, sink).map(|value| value as u32)).collect()
    }

    /// A positive ratio; `help` says what it means.
    pub fn ratio(&self, name: &str, help: &str, sink: &mut Sink) -> Option<Ratio> {
        let node = self.get(name)?;
        let found = match &node.value {
            Value::Integer(Some(value)) => ratio(&value.to_string()),
            Value::Float(_, text) | Value::Text(text) => ratio(text),
            _ => None,
        };
        if found.is_none() {
            sink.error(
                "S021",
                node.place,
                format!("`{name}` must be a number from 1e-6 to 1e6, exact to 9 digits"),
            )
            .help(format!("{help}; 1.5 and \"3/2\" are the same"));
        }
        found
    }
}

/// A ratio from 1e-6 to 1e6 as a decimal number or a fraction: `1.25`, `5/4`.
pub(crate) fn ratio(text: &str) -> Option<Ratio> {
    let ratio = match text.split_once('/') {
        Some((a, b)) => a.trim().parse().ok().zip(b.trim().parse().ok()).and_then(|(a, b)| Ratio::new(a, b)),
        None => decimal_ratio(text),
    };
    ratio.filter(|ratio| (1e-6..=1e6).contains(&ratio.as_f64()))
}

/// `1.25` as 5/4.
fn decimal_ratio(text: &str) -> Option<Ratio> {
    let text = text.trim().replace('_', "");
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    if fraction.len() > 9 || whole.len() > 10 {
        return None;
    }
    let digits: u64 = format!("{whole}{fraction}").parse().ok()?;
    let scale = 10u64.pow(fraction.len() as u32);
    let divisor = sim_core::units::gcd(digits, scale).max(1);
    Ratio::new(u32::try_from(digits / divisor).ok()?, u32::try_from(scale / divisor).ok()?)
}

/// Longest name of a scenario, in bytes: it may be a sentence.
const TITLE_BYTES_MAX: usize = 1000;

fn in_name(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '-' | ' ')
}

/// Whether a text can be a name, but for its length.
pub(crate) fn is_name(text: &str) -> bool {
    !text.is_empty() && text.trim() == text && text.chars().all(in_name)
}

/// Reports the name of a scenario that would do something where it is shown.
pub(crate) fn check_title(text: &str, place: Place, sink: &mut Sink) {
    if let Some(bad) = text.chars().find(|c| is_unseen(*c)) {
        let (name, bad) = (shown(text), bad.escape_default());
        sink.error("S023", place, format!("`{name}` is no name: it has the control character `{bad}`"))
            .help("names have characters that can be seen");
    } else if text.len() > TITLE_BYTES_MAX {
        sink.error("S023", place, format!("a name of {} bytes; at most {TITLE_BYTES_MAX}", text.len()));
    }
}

/// Reports a name that cannot be used in paths, policies and results.
pub(crate) fn check_name(text: &str, place: Place, sink: &mut Sink) {
    if text.trim().is_empty() || text.trim() != text {
        sink.error(
            "S023",
            place,
            format!("`{}` is no name: it is empty or begins or ends with a space", shown(text)),
        );
    } else if text.len() > NAME_BYTES_MAX {
        sink.error("S023", place, format!("a name of {} bytes; at most {NAME_BYTES_MAX}", text.len()));
    } else if let Some(bad) = text.chars().find(|c| !in_name(*c)) {
        sink.error(
            "S023",
            place,
            format!(
                "`{}` is no name: it has the character `{}`",
                shown(text),
                shown(bad.encode_utf8(&mut [0; 4]))
            ),
        )
        .help("names have letters, digits, `-`, `_` and spaces");
    }
}

/// The elements of an array.
pub(crate) fn array<'a>(node: &'a Node, name: &str, sink: &mut Sink) -> Option<&'a [Node]> {
    if let Value::Array(nodes) = &node.value {
        return Some(nodes);
    }
    wrong_type(node, &format!("`{name}` is an array"), sink);
    None
}

/// A whole number within bounds.
pub(crate) fn integer(node: &Node, name: &str, min: i64, max: i64, sink: &mut Sink) -> Option<i64> {
    match node.value {
        Value::Integer(Some(value)) if (min..=max).contains(&value) => Some(value),
        Value::Integer(value) => {
            let value = value.map_or_else(|| "beyond 64 bits".to_owned(), |value| value.to_string());
            let bounds =
                if max == i64::MAX { format!("at least {min}") } else { format!("from {min} to {max}") };
            sink.error("S021", node.place, format!("`{name}` is {value}; it must be {bounds}"));
            None
        }
        _ => {
            wrong_type(node, &format!("`{name}` is a whole number"), sink);
            None
        }
    }
}

/// A finite number.
pub(crate) fn plain_number(node: &Node, name: &str, sink: &mut Sink) -> Option<f64> {
    match node.value {
        Value::Integer(Some(value)) => Some(value as f64),
        Value::Float(value, _) if value.is_finite() => Some(value),
        Value::Integer(None) | Value::Float(..) => {
            sink.error("S021", node.place, format!("`{name}` is not a finite number"));
            None
        }
        _ => {
            wrong_type(node, &format!("`{name}` is a number"), sink);
            None
        }
    }
}

/// A duration with its unit.
pub(crate) fn span(node: &Node, name: &str, sink: &mut Sink) -> Option<Span> {
    match &node.value {
        Value::Text(text) => match quantity::parse_span(text) {
            Ok(span) => Some(span),
            Err(error) => {
                quantity_error(&error, text, node.place, sink);
                None
            }
        },
        Value::Integer(_) | Value::Float(..) => {
            sink.error("S020", node.place, format!("`{name}` is a duration and needs a unit"))
                .help("write a string with one of ns, us, ms, s, min, h, d, for instance \"4ms\"");
            None
        }
        _ => {
            wrong_type(node, &format!("`{name}` is a duration"), sink).help("for instance \"4ms\"");
            None
        }
    }
}

/// [`rate`] that may be 0: an infinite gap.
pub(crate) fn rate_from_zero(node: &Node, name: &str, sink: &mut Sink) -> Option<f64> {
    match &node.value {
        Value::Text(text) if quantity::is_rate_of_zero(text) => Some(f64::INFINITY),
        _ => rate(node, name, sink),
    }
}

/// The mean gap of a rate, in nanoseconds.
pub(crate) fn rate(node: &Node, name: &str, sink: &mut Sink) -> Option<f64> {
    match &node.value {
        Value::Text(text) => match quantity::parse_rate(text) {
            Ok(gap) if gap >= 1.0 => Some(gap),
            Ok(_) => {
                sink.error("S021", node.place, format!("`{text}` is more than one a nanosecond"));
                None
            }
            Err(QuantityError::NoUnit(_)) => {
                sink.error("S020", node.place, format!("`{text}` is no rate: it has no `/unit`"))
                    .help("for instance \"900/s\"");
                None
            }
            Err(error) => {
                quantity_error(&error, text, node.place, sink);
                None
            }
        },
        Value::Integer(_) | Value::Float(..) => {
            sink.error("S020", node.place, format!("`{name}` is a rate and needs a unit"))
                .help("write a string, for instance \"900/s\"");
            None
        }
        _ => {
            wrong_type(node, &format!("`{name}` is a rate"), sink).help("for instance \"900/s\"");
            None
        }
    }
}

/// Reports the text of a bad quantity.
pub(crate) fn quantity_error(error: &QuantityError, text: &str, place: Place, sink: &mut Sink) {
    let help = match error {
        QuantityError::UnknownUnit { unit, .. } => {
            did_you_mean(unit, quantity::TIME_UNITS.iter().map(|(unit, _)| *unit))
                .or_else(|| Some("units are ns, us, ms, s, min, h and d".to_owned()))
        }
        QuantityError::NoUnit(_) => Some(format!("for instance `{}ms`", text.trim())),
        QuantityError::NotANumber(_) => Some("for instance `4ms`".to_owned()),
        QuantityError::Fraction(_) => Some("time is counted in whole nanoseconds".to_owned()),
        _ => None,
    };
    sink.error("S020", place, error.to_string()).help_if(|| help);
}
