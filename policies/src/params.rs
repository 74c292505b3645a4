//! Parameters of policies: their definitions, and the values of one policy spec.

use sim_core::quantity;
use sim_core::units::Span;

/// What a parameter's value looks like.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ParamKind {
    /// A duration with its unit: `4ms`; at least 1 ns.
    Span,
    /// A duration with its unit, where `0` or `off` means "not used".
    SpanOrOff,
    /// Durations separated by `/`: `8ms/16ms/32ms`; each at least 1 ns, at most 64 of them.
    Spans,
    /// A whole number within the given bounds.
    Integer {
        /// Least value.
        min: u64,
        /// Greatest value.
        max: u64,
    },
    /// Whole numbers within the given bounds, separated by `/`; the list may be empty where the default is.
    Integers {
        /// Least value.
        min: u64,
        /// Greatest value.
        max: u64,
    },
    /// A decimal number within the given bounds, in thousandths.
    Decimal {
        /// Least value, in thousandths.
        min_milli: i64,
        /// Greatest value, in thousandths.
        max_milli: i64,
    },
    /// `true` or `false`.
    Boolean,
    /// One of the given words.
    Choice(&'static [&'static str]),
}

/// A parameter's definition.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ParamDef {
    /// Its name.
    pub name: &'static str,
    /// What its value looks like.
    pub kind: ParamKind,
    /// The default, as it would be written.
    pub default: &'static str,
    /// What it does, in one sentence.
    pub help: &'static str,
}

/// A parameter's value.
#[derive(Clone, PartialEq, Debug)]
pub enum Value {
    /// A duration.
    Span(Span),
    /// Durations.
    Spans(Vec<Span>),
    /// A whole number.
    Integer(u64),
    /// Whole numbers.
    Integers(Vec<u64>),
    /// A decimal number.
    Decimal(f64),
    /// Yes or no.
    Boolean(bool),
    /// One of the words of a choice.
    Word(&'static str),
}

impl ParamDef {
    /// Reads a value; the error says what was expected.
    pub fn parse(&self, text: &str) -> Result<Value, String> {
        let text = text.trim();
        match self.kind {
            ParamKind::Span => positive_span(text).map(Value::Span),
            ParamKind::SpanOrOff if text == "off" => Ok(Value::Span(Span::ZERO)),
            ParamKind::SpanOrOff => quantity::parse_span(text).map(Value::Span).map_err(|e| e.to_string()),
            ParamKind::Spans => {
                let spans: Vec<Span> = text.split('/').map(positive_span).collect::<Result<_, _>>()?;
                if spans.len() > 64 {
                    return Err(format!("{} values; at most 64", spans.len()));
                }
                Ok(Value::Spans(spans))
            }
            ParamKind::Integer { min, max } => whole_number(text, min, max).map(Value::Integer),
            ParamKind::Integers { .. } if text.is_empty() && self.default.is_empty() => {
                Ok(Value::Integers(Vec::new()))
            }
            ParamKind::Integers { min, max } => {
                let values: Result<_, _> = text.split('/').map(|part| whole_number(part, min, max)).collect();
                values.map(Value::Integers)
            }
            ParamKind::Decimal { min_milli, max_milli } => {
                let (min, max) = (min_milli as f64 / 1000.0, max_milli as f64 / 1000.0);
                match text.parse::<f64>() {
                    Ok(value) if (min..=max).contains(&value) => Ok(Value::Decimal(value)),
                    _ => Err(format!("`{text}` is not a number from {min} to {max}")),
                }
            }
            ParamKind::Boolean => match text {
                "true" => Ok(Value::Boolean(true)),
                "false" => Ok(Value::Boolean(false)),
                _ => Err(format!("`{text}` is neither `true` nor `false`")),
            },
            ParamKind::Choice(words) => words
                .iter()
                .find(|word| **word == text)
                .map(|word| Value::Word(word))
                .ok_or_else(|| format!("`{text}` is none of {}", words.join(", "))),
        }
    }
}

fn whole_number(text: &str, min: u64, max: u64) -> Result<u64, String> {
    let text = text.trim();
    match text.parse() {
        Ok(value) if (min..=max).contains(&value) => Ok(value),
        Ok(value) => Err(format!("`{value}` is out of range: from {min} to {max}")),
        Err(_) => Err(format!("`{text}` is not a whole number from {min} to {max}")),
    }
}

fn positive_span(text: &str) -> Result<Span, String> {
    match quantity::parse_span(text.trim()) {
        Ok(Span::ZERO) => Err(format!("`{text}` must be longer than 0")),
        Ok(span) => Ok(span),
        Err(error) => Err(error.to_string()),
    }
}

/// The values of one policy spec, checked and with defaults filled in.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Params {
    pub(crate) values: Vec<(&'static str, Value)>,
}

impl Params {
    fn get(&self, name: &str) -> &Value {
        let found = self.values.iter().find(|(n, _)| *n == name);
        &found.unwrap_or_else(|| panic!("parameter `{name}` is not defined by this policy")).1
    }

    /// A duration.
    pub fn span(&self, name: &str) -> Span {
        match self.get(name) {
            Value::Span(span) => *span,
            other => panic!("parameter `{name}` is no duration: {other:?}"),
        }
    }

    /// Durations.
    pub fn spans(&self, name: &str) -> Vec<Span> {
        match self.get(name) {
            Value::Spans(spans) => spans.clone(),
            other => panic!("parameter `{name}` is no list of durations: {other:?}"),
        }
    }

    /// A whole number.
    pub fn integer(&self, name: &str) -> u64 {
        match self.get(name) {
            Value::Integer(value) => *value,
            other => panic!("parameter `{name}` is no whole number: {other:?}"),
        }
    }

    /// Whole numbers.
    pub fn integers(&self, name: &str) -> Vec<u64> {
        match self.get(name) {
            Value::Integers(values) => values.clone(),
            other => panic!("parameter `{name}` is no list of whole numbers: {other:?}"),
        }
    }

    /// A decimal number.
    pub fn decimal(&self, name: &str) -> f64 {
        match self.get(name) {
            Value::Decimal(value) => *value,
            other => panic!("parameter `{name}` is no number: {other:?}"),
        }
    }

    /// Yes or no.
    pub fn boolean(&self, name: &str) -> bool {
        match self.get(name) {
            Value::Boolean(value) => *value,
            other => panic!("parameter `{name}` is neither true nor false: {other:?}"),
        }
    }

    /// One of the words of a choice.
    pub fn word(&self, name: &str) -> &'static str {
        match self.get(name) {
            Value::Word(word) => word,
            other => panic!("parameter `{name}` is no choice: {other:?}"),
        }
    }
}
