//! Durations as logs write them.
//!
//! ```text
//! 0.120   1.2e-3   0,120   22ms   1m2.5s   +35      one duration
//! 0.050, 0.060 : 0.070                              one for each server that was asked, which add up
//! 0/12345                                           whole seconds and microseconds of one duration (%T/%D)
//! -   -1                                            nothing: it was not reached
//! ```

use sim_core::quantity::{self, QuantityError};
use sim_core::units::{Span, Time, nanos_round};

/// How a field holds a duration.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Form {
    /// One duration, or a list of them that adds up.
    Plain,
    /// Seconds and microseconds of the same duration, with a slash between.
    Pair,
}

/// What a field says of a duration.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Told {
    /// So long.
    Span(Span),
    /// There was none: `-`, `-1`, an empty field.
    Nothing,
    /// It is no duration.
    Bad,
}

/// Reads what a field of a log says; bare numbers are in `unit` nanoseconds.
pub(super) fn told(text: &str, unit: u64, form: Form) -> Told {
    let text = text.trim().trim_matches('"').trim();
    if is_nothing(text) {
        return Told::Nothing;
    }
    let found = match form {
        Form::Pair => pair(text),
        Form::Plain => duration(text, unit, false).or_else(|| list(text, unit)),
    };
    match found {
        Some(span) => Told::Span(span),
        None if parts(text).count() > 1 && parts(text).all(is_nothing) => Told::Nothing,
        None => Told::Bad,
    }
}

/// Whether a field holds a duration below zero, which none is.
pub(super) fn is_negative(text: &str) -> bool {
    let text = text.trim().trim_matches('"').trim();
    let bare = text.strip_prefix(['-', '\u{2212}']);
    !is_nothing(text) && bare.is_some_and(|bare| duration(bare, 1_000_000_000, true).is_some())
}

/// Whether a field says that there was no duration.
fn is_nothing(text: &str) -> bool {
    matches!(text, "" | "-" | "-1" | "-1.0" | "null")
}

/// The durations of a list: nginx has commas between servers, and colons where the request went to another group.
fn parts(text: &str) -> impl Iterator<Item = &str> {
    // Without a point a comma may be of a number: only one with a space behind it divides then.
    let bare = text.contains('.');
    text.split(move |c: char| c == ' ' || bare && (c == ',' || c == ':'))
        .map(|part| part.trim_end_matches([',', ';']).trim())
        .filter(|part| !part.is_empty() && *part != ":")
}

/// The sum of a list.
fn list(text: &str, unit: u64) -> Option<Span> {
    let mut sum = 0u64;
    let mut any = false;
    for part in parts(text).filter(|part| !is_nothing(part)) {
        sum = sum.checked_add(duration(part, unit, false)?.0)?;
        any = true;
    }
    (any && sum <= Time::LATEST.0).then_some(Span(sum))
}

/// `0/12345`: the microseconds, if the seconds are theirs.
fn pair(text: &str) -> Option<Span> {
    let (seconds, micros) = text.split_once('/')?;
    let (seconds, micros): (u64, u64) = (seconds.parse().ok()?, micros.parse().ok()?);
    (micros / 1_000_000 == seconds).then(|| Span(micros.saturating_mul(1000).min(Time::LATEST.0)))
}

/// One duration, rounded to the nearest nanosecond where it is finer; bare numbers are in `unit` nanoseconds. `comma`: a
/// comma is of the decimals whatever stands around it; else `1,234`, which may be a thousand and more, is refused.
pub(super) fn duration(text: &str, unit: u64, comma: bool) -> Option<Span> {
    let text = text.trim();
    let text = text.strip_prefix('+').unwrap_or(text);
    match text.split_once(',') {
        Some((whole, decimals)) => {
            let digits = decimals.bytes().take_while(u8::is_ascii_digit).count();
            let thousands = digits == 3 && !whole.trim_start_matches('0').is_empty();
            let number = !whole.is_empty() && whole.bytes().all(|b| b.is_ascii_digit()) && digits > 0;
            if !number || thousands && !comma || decimals.contains(['.', ',']) {
                return None;
            }
            point(&text.replacen(',', ".", 1), unit)
        }
        None => point(text, unit),
    }
}

fn point(text: &str, unit: u64) -> Option<Span> {
    match quantity::parse_span_in(text, unit) {
        Ok(span) => Some(span),
        Err(QuantityError::Fraction(_)) => {
            let end = text.find(|c: char| c.is_alphabetic() && !matches!(c, 'e' | 'E')).unwrap_or(text.len());
            let unit = if end == text.len() { unit } else { quantity::time_unit(text[end..].trim())? };
            let number: f64 = text[..end].trim().parse().ok()?;
            Some(Span(nanos_round(number * unit as f64)))
        }
        Err(QuantityError::UnknownUnit { .. } | QuantityError::NotANumber(_)) => compound(text),
        Err(_) => None,
    }
}

/// `1m2.5s`, as programs in Go write it.
fn compound(text: &str) -> Option<Span> {
    let (mut rest, mut sum, mut any) = (text, 0u64, false);
    while !rest.is_empty() {
        let number = rest.find(|c: char| !c.is_ascii_digit() && c != '.').filter(|at| *at > 0)?;
        let tail = &rest[number..];
        let unit = tail.find(|c: char| c.is_ascii_digit()).unwrap_or(tail.len());
        let word = match &tail[..unit] {
            "m" => "min",
            "sec" => "s",
            other => other,
        };
        let nanos = quantity::time_unit(word)?;
        let value: f64 = rest[..number].parse().ok()?;
        sum = sum.checked_add(nanos_round(value * nanos as f64))?;
        rest = &tail[unit..];
        any = true;
    }
    (any && sum <= Time::LATEST.0).then_some(Span(sum))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_in_their_forms() {
        const S: u64 = 1_000_000_000;
        let span = |nanos: u64| Told::Span(Span(nanos));
        for (text, unit, form, expected) in [
            ("0.120", S, Form::Plain, span(120_000_000)),
            ("\"0.300\"", S, Form::Plain, span(300_000_000)),
            ("1.2e-3", S, Form::Plain, span(1_200_000)),
            ("9.29675e-4", S, Form::Plain, span(929_675)),
            ("0,120", S, Form::Plain, span(120_000_000)),
            ("12,5", S, Form::Plain, span(12_500_000_000)),
            ("1,234", S, Form::Plain, Told::Bad),
            ("1,234,567", S, Form::Plain, Told::Bad),
            ("22ms", S, Form::Plain, span(22_000_000)),
            ("+35", 1_000_000, Form::Plain, span(35_000_000)),
            ("1m2.5s", S, Form::Plain, span(62_500_000_000)),
            ("1h0m1s", S, Form::Plain, span(3_601_000_000_000)),
            ("0.050, 0.060", S, Form::Plain, span(110_000_000)),
            ("0.120, 0.050 : 0.060", S, Form::Plain, span(230_000_000)),
            ("0.120,0.050", S, Form::Plain, span(170_000_000)),
            ("0,120, 0,050", S, Form::Plain, span(170_000_000)),
            ("-, 0.050", S, Form::Plain, span(50_000_000)),
            ("-, -", S, Form::Plain, Told::Nothing),
            ("0/12345", S, Form::Pair, span(12_345_000)),
            ("2/2000001", S, Form::Pair, span(2_000_001_000)),
            ("1/12345", S, Form::Pair, Told::Bad),
            ("-", S, Form::Plain, Told::Nothing),
            ("-1", S, Form::Plain, Told::Nothing),
            ("-0.5", S, Form::Plain, Told::Bad),
            ("", S, Form::Plain, Told::Nothing),
            ("x", S, Form::Plain, Told::Bad),
            ("1e99", S, Form::Plain, Told::Bad),
            ("5m3", S, Form::Plain, Told::Bad),
            ("nan", S, Form::Plain, Told::Bad),
        ] {
            assert_eq!(told(text, unit, form), expected, "{text}");
        }
        assert_eq!(duration("1,234", S, true), Some(Span(1_234_000_000)));
        for (text, expected) in
            [("-0.5", true), ("-3ms", true), ("-0,5", true), ("-1", false), ("-", false), ("5", false)]
        {
            assert_eq!(is_negative(text), expected, "{text}");
        }
    }
}
