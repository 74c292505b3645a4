//! Ranges of a grid: `{ from = 1, to = 20, step = 1 }`, in exact decimals, with a unit or without.

use super::Value;
use crate::diagnostic::Sink;
use crate::keys::{Key, Kind, Table};
use crate::reader;
use crate::tree::{self, Node};

/// More values of one range are refused.
const VALUES_MAX: i128 = 1_000_000;
/// Digits of a number, before and after the point together.
const DIGITS_MAX: usize = 18;

const fn part(name: &'static str, required: bool, help: &'static str) -> Key {
    Key { name, kind: Kind::Text, required, help }
}

/// The keys of a range.
pub(crate) static RANGE: Table = Table {
    name: "a range",
    keys: &[
        part("from", true, "the first value: a number, or one with a unit such as \"100/s\""),
        part("to", true, "the last value, if the steps reach it"),
        part("step", false, "from one value to the next; default 1"),
    ],
    either: false,
};

/// Whether a table is meant as a range, and not as a part of a path.
pub(super) fn is_range(node: &Node) -> bool {
    ["from", "to", "step"].iter().any(|key| node.get(key).is_some())
}

/// A decimal number and what follows it.
struct Quantity {
    digits: i128,
    /// Digits after the point.
    scale: usize,
    /// With the quotes of a string where it is one.
    unit: Option<String>,
}

/// The values of a range; `None` after a mistake.
pub(super) fn values(node: &Node, sink: &mut Sink) -> Option<Vec<Value>> {
    let fields = reader::open(node, &RANGE, sink)?;
    let mut read = |name: &str| fields.get(name).map(|node| (node, quantity(node, name, sink)));
    let (from, to, step) = (read("from"), read("to"), read("step"));
    let (Some((_, Some(from))), Some((to_node, Some(to)))) = (from, to) else { return None };
    let step = match step {
        Some((_, step)) => step?,
        None => Quantity { digits: 1, scale: 0, unit: from.unit.clone() },
    };
    if from.unit != to.unit || from.unit != step.unit {
        let shown = |quantity: &Quantity| match quantity.unit.as_deref() {
            None => "a number".to_owned(),
            Some("") => "a number in quotes".to_owned(),
            Some(unit) => format!("`{unit}`"),
        };
        let units = [&from, &to, &step].map(shown);
        let message = format!("`from`, `to` and `step` have different units: {}", units.join(", "));
        sink.error("S080", node.place, message).help("write the same unit in all three");
        return None;
    }
    let scale = from.scale.max(to.scale).max(step.scale);
    let scaled = |quantity: &Quantity| quantity.digits * 10i128.pow((scale - quantity.scale) as u32);
    let (first, last, by) = (scaled(&from), scaled(&to), scaled(&step));
    if by == 0 {
        sink.error("S080", fields.place("step"), "a step of 0 leads nowhere");
        return None;
    }
    if (last - first) * by.signum() < 0 {
        let (way, cure) = if by > 0 { ("below", "negative") } else { ("above", "positive") };
        sink.error("S080", to_node.place, format!("`to` is {way} `from`: the range has no values"))
            .help(format!("exchange the two, or write a {cure} step"));
        return None;
    }
    let count = (last - first) / by + 1;
    if count > VALUES_MAX {
        sink.error("S046", node.place, format!("a range of {count} values; at most {VALUES_MAX}"));
        return None;
    }
    let value = |index: i128| {
        let number = decimal(first + index * by, scale);
        let (shown, toml) = match &from.unit {
            None => (number.clone(), number),
            Some(unit) => (format!("{number}{unit}"), format!("\"{number}{unit}\"")),
        };
        Value { shown, items: None, toml, place: node.place, exact: false }
    };
    Some((0..count).map(value).collect())
}

fn quantity(node: &Node, name: &str, sink: &mut Sink) -> Option<Quantity> {
    let (text, quoted) = match &node.value {
        tree::Value::Integer(Some(number)) => (number.to_string(), false),
        tree::Value::Float(_, text) => (text.replace('_', ""), false),
        tree::Value::Text(text) => (text.trim().to_owned(), true),
        _ => {
            reader::wrong_type(node, &format!("`{name}` is a number"), sink)
                .help("with a unit it is a string, such as \"100/s\"");
            return None;
        }
    };
    let end =
        text.find(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | '-' | '+'))).unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let found = parse(number).filter(|_| quoted || unit.is_empty());
    let Some((digits, scale)) = found else {
        sink.error(
            "S080",
            node.place,
            format!("`{text}` is not a decimal number of at most {DIGITS_MAX} digits"),
        )
        .help("exponents are not read here: write 0.001, not 1e-3");
        return None;
    };
    Some(Quantity { digits, scale, unit: quoted.then(|| unit.trim().to_owned()) })
}

/// All digits as one whole number, and how many of them stand after the point.
fn parse(text: &str) -> Option<(i128, usize)> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let all = format!("{whole}{fraction}");
    let good = !all.is_empty() && all.len() <= DIGITS_MAX && all.bytes().all(|byte| byte.is_ascii_digit());
    let number: i128 = good.then(|| all.parse().ok()).flatten()?;
    Some((sign * number, fraction.len()))
}

/// `digits` over 10 to the power of `scale`, without zeros at the end.
fn decimal(digits: i128, scale: usize) -> String {
    let sign = if digits < 0 { "-" } else { "" };
    let text = format!("{:0width$}", digits.unsigned_abs(), width = scale + 1);
    let (whole, fraction) = text.split_at(text.len() - scale);
    let fraction = fraction.trim_end_matches('0');
    if fraction.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The values of a range as they are shown, or the mistakes.
    fn shown(text: &str) -> String {
        let mut sink = Sink::new("test");
        let whole = crate::diagnostic::Place::text(0..text.len());
        let node = tree::parse_value(text, whole);
        let values = values(&node, &mut sink).unwrap_or_default();
        let (errors, _) = sink.finish();
        let errors = errors.iter().map(|d| format!("{} {}", d.code, d.message));
        values.into_iter().map(|value| value.toml).chain(errors).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn ranges_are_exact() {
        for (text, expected) in [
            ("{ from = 1, to = 4 }", "1 2 3 4"),
            ("{ from = 1, to = 10, step = 4 }", "1 5 9"),
            ("{ from = 3, to = 3 }", "3"),
            ("{ from = 3, to = 1, step = -1 }", "3 2 1"),
            ("{ from = 0.1, to = 0.5, step = 0.1 }", "0.1 0.2 0.3 0.4 0.5"),
            ("{ from = -0.5, to = 0.5, step = 0.50 }", "-0.5 0 0.5"),
            ("{ from = 0, to = 1, step = 0.25 }", "0 0.25 0.5 0.75 1"),
            ("{ from = '100/s', to = '300/s', step = '100/s' }", "\"100/s\" \"200/s\" \"300/s\""),
            ("{ from = '1 ms', to = '2ms', step = '0.5 ms' }", "\"1ms\" \"1.5ms\" \"2ms\""),
            ("{ from = '1', to = '2' }", "\"1\" \"2\""),
        ] {
            assert_eq!(shown(text), expected, "{text}");
        }
    }

    #[test]
    fn impossible_ranges_are_refused() {
        for (text, expected) in [
            ("{ from = 1, to = 4, step = 0 }", "S080 a step of 0 leads nowhere"),
            ("{ from = 4, to = 1 }", "S080 `to` is below `from`: the range has no values"),
            ("{ from = 1, to = 4, step = -1 }", "S080 `to` is above `from`: the range has no values"),
            ("{ from = 1, to = 4000000 }", "S046 a range of 4000000 values; at most 1000000"),
            ("{ from = 1e3, to = 4 }", "S080 `1e3` is not a decimal number of at most 18 digits"),
            ("{ from = nan, to = 4 }", "S080 `nan` is not a decimal number of at most 18 digits"),
            (
                "{ from = '1ms', to = 4 }",
                "S080 `from`, `to` and `step` have different units: `ms`, a number, `ms`",
            ),
            ("{ from = 1, too = 4 }", "S010 unknown key `too` in range"),
            ("{ from = 1, to = true }", "S012 `to` is a number, not a boolean"),
        ] {
            assert_eq!(shown(text), expected, "{text}");
        }
    }
}
