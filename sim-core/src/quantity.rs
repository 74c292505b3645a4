//! Reading quantities as people write them: `4ms`, `0.5us`, `900/s`. Exact: a fraction of a nanosecond is an error, never
//! a rounding.

use crate::units::{Span, Time};
use thiserror::Error;

/// What is wrong with the text of a quantity.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum QuantityError {
    /// No number in front.
    #[error("`{0}` is not a number with a unit")]
    NotANumber(String),
    /// A number without a unit where one is required.
    #[error("`{0}` has no unit")]
    NoUnit(String),
    /// An unknown unit.
    #[error("unknown unit `{unit}` in `{text}`")]
    UnknownUnit {
        /// The whole text.
        text: String,
        /// Its unit.
        unit: String,
    },
    /// Negative.
    #[error("`{0}` is negative")]
    Negative(String),
    /// More digits than nanoseconds.
    #[error("`{0}` is not a whole number of nanoseconds")]
    Fraction(String),
    /// Beyond the range of time.
    #[error("`{0}` is longer than the 292 years that can be simulated")]
    TooLong(String),
    /// A rate that is zero, not finite, or faster than the clock.
    #[error("`{0}` is not a rate above 0 and at most one a nanosecond")]
    BadRate(String),
}

/// Units of time with their length in nanoseconds.
pub const TIME_UNITS: &[(&str, u64)] = &[
    ("ns", 1),
    ("us", 1_000),
    ("µs", 1_000),
    ("μs", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("min", 60_000_000_000),
    ("h", 3_600_000_000_000),
    ("d", 86_400_000_000_000),
];

/// The length of a unit of time.
pub fn time_unit(name: &str) -> Option<u64> {
    TIME_UNITS.iter().find(|(unit, _)| *unit == name).map(|(_, nanos)| *nanos)
}

/// Splits `12.5ms` into `12.5` and `ms`.
fn split(text: &str) -> (&str, &str) {
    let text = text.trim();
    let mut end = text.len();
    let mut previous = ' ';
    for (index, c) in text.char_indices() {
        let exponent = matches!(c, 'e' | 'E')
            && text[index + 1..].starts_with(|n: char| n.is_ascii_digit() || n == '-' || n == '+');
        let sign = matches!(c, '-' | '+') && (index == 0 || matches!(previous, 'e' | 'E'));
        if !(c.is_ascii_digit() || matches!(c, '.' | '_') || exponent || sign) {
            end = index;
            break;
        }
        previous = c;
    }
    (text[..end].trim(), text[end..].trim())
}

/// A span with its unit: `4ms`, `1.5 s`, `0`. Zero needs no unit.
pub fn parse_span(text: &str) -> Result<Span, QuantityError> {
    let (number, unit) = split(text);
    if unit.is_empty() {
        let zero = !number.is_empty() && number.parse::<f64>() == Ok(0.0);
        return if zero {
            Ok(Span::ZERO)
        } else if number.parse::<f64>().is_ok() {
            Err(QuantityError::NoUnit(text.to_owned()))
        } else {
            Err(QuantityError::NotANumber(text.to_owned()))
        };
    }
    let Some(nanos) = time_unit(unit) else {
        return Err(if number.is_empty() {
            QuantityError::NotANumber(text.to_owned())
        } else {
            QuantityError::UnknownUnit { text: text.to_owned(), unit: unit.to_owned() }
        });
    };
    scale_exact(number, nanos, text)
}

/// A span whose bare number is in `unit_nanos`; a unit in the text goes first.
pub fn parse_span_in(text: &str, unit_nanos: u64) -> Result<Span, QuantityError> {
    let (number, unit) = split(text);
    if unit.is_empty() { scale_exact(number, unit_nanos, text) } else { parse_span(text) }
}

/// `number * scale`, exactly.
fn scale_exact(number: &str, scale: u64, text: &str) -> Result<Span, QuantityError> {
    let digits = number.replace('_', "");
    if digits.parse::<f64>().is_err() {
        return Err(QuantityError::NotANumber(text.to_owned()));
    }
    let (mantissa, exponent) = match digits.split_once(['e', 'E']) {
        Some((m, e)) => (m, e.parse::<i64>().map_err(|_| QuantityError::TooLong(text.to_owned()))?),
        None => (digits.as_str(), 0),
    };
    let negative = mantissa.starts_with('-');
    let mantissa = mantissa.trim_start_matches(['-', '+']);
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let all: String = format!("{whole}{fraction}");
    let all = all.trim_start_matches('0');
    if all.is_empty() {
        return Ok(Span::ZERO);
    }
    if negative {
        return Err(QuantityError::Negative(text.to_owned()));
    }
    // value = all * 10^power, power = exponent - fraction digits.
    let trimmed = all.trim_end_matches('0');
    let digits = |text: &str| i64::try_from(text.len()).unwrap_or(i64::MAX);
    let power = exponent.saturating_sub(digits(fraction)).saturating_add(digits(all) - digits(trimmed));
    if trimmed.len() > 30 {
        return Err(QuantityError::Fraction(text.to_owned()));
    }
    let value: u128 = trimmed.parse().map_err(|_| QuantityError::NotANumber(text.to_owned()))?;
    let scaled = value * u128::from(scale).min(1 << 60);
    let nanos = if power >= 0 {
        u32::try_from(power)
            .ok()
            .and_then(|power| 10u128.checked_pow(power))
            .and_then(|p| scaled.checked_mul(p))
            .ok_or_else(|| QuantityError::TooLong(text.to_owned()))?
    } else {
        let divisor = u32::try_from(power.unsigned_abs())
            .ok()
            .and_then(|power| 10u128.checked_pow(power))
            .ok_or_else(|| QuantityError::Fraction(text.to_owned()))?;
        if !scaled.is_multiple_of(divisor) {
            return Err(QuantityError::Fraction(text.to_owned()));
        }
        scaled / divisor
    };
    match u64::try_from(nanos) {
        Ok(nanos) if nanos <= Time::LATEST.0 => Ok(Span(nanos)),
        _ => Err(QuantityError::TooLong(text.to_owned())),
    }
}

/// Whether the text is a rate of zero: `0/s`.
pub fn is_rate_of_zero(text: &str) -> bool {
    text.split_once('/').is_some_and(|(number, unit)| {
        number.trim().parse::<f64>() == Ok(0.0) && time_unit(unit.trim()).is_some()
    })
}

/// A rate, `900/s` or `0.5/ms`, as the mean gap in nanoseconds.
pub fn parse_rate(text: &str) -> Result<f64, QuantityError> {
    let Some((number, unit)) = text.split_once('/') else {
        return Err(QuantityError::NoUnit(text.to_owned()));
    };
    let number = number.trim().replace('_', "");
    let rate: f64 = number.parse().map_err(|_| QuantityError::NotANumber(text.to_owned()))?;
    let unit = unit.trim();
    let Some(nanos) = time_unit(unit) else {
        return Err(QuantityError::UnknownUnit { text: text.to_owned(), unit: unit.to_owned() });
    };
    let gap = nanos as f64 / rate;
    if rate > 0.0 && (1.0..Time::LATEST.0 as f64).contains(&gap) {
        Ok(gap)
    } else {
        Err(QuantityError::BadRate(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_read_exactly() {
        for (text, nanos) in [
            ("4ms", 4_000_000),
            ("0.4ms", 400_000),
            ("1.5 s", 1_500_000_000),
            ("1e3us", 1_000_000),
            ("1_000ns", 1_000),
            ("10min", 600_000_000_000),
            ("0", 0),
            ("0.0", 0),
            ("2.50e-1s", 250_000_000),
            ("5µs", 5_000),
        ] {
            assert_eq!(parse_span(text), Ok(Span(nanos)), "{text}");
        }
        assert_eq!(parse_span_in("0.4", 1_000_000), Ok(Span(400_000)));
        assert_eq!(parse_span_in("3us", 1_000_000), Ok(Span(3_000)));
    }

    #[test]
    fn mistakes_are_named() {
        for (text, message) in [
            ("0.3ns", "`0.3ns` is not a whole number of nanoseconds"),
            ("4", "`4` has no unit"),
            ("4 parsecs", "unknown unit `parsecs` in `4 parsecs`"),
            ("-4ms", "`-4ms` is negative"),
            ("ms", "`ms` is not a number with a unit"),
            ("1e30s", "`1e30s` is longer than the 292 years that can be simulated"),
            ("1e18s", "`1e18s` is longer than the 292 years that can be simulated"),
            ("nan", "`nan` is not a number with a unit"),
            ("infs", "`infs` is not a number with a unit"),
            ("", "`` is not a number with a unit"),
            ("1.2.3ms", "`1.2.3ms` is not a number with a unit"),
            ("1.5e-2147483648ns", "`1.5e-2147483648ns` is not a whole number of nanoseconds"),
            ("1e-9223372036854775808ns", "`1e-9223372036854775808ns` is not a whole number of nanoseconds"),
            ("1e99999999999ms", "`1e99999999999ms` is longer than the 292 years that can be simulated"),
        ] {
            assert_eq!(parse_span(text).map_err(|e| e.to_string()), Err(message.to_owned()), "{text}");
        }
    }

    #[test]
    fn rates_become_mean_gaps() {
        assert_eq!(parse_rate("1000/s"), Ok(1e6));
        assert_eq!(parse_rate("0.5/ms"), Ok(2e6));
        for text in ["900", "0/s", "-1/s", "nan/s", "inf/s", "5/x", "1e-30/s"] {
            assert!(parse_rate(text).is_err(), "{text}");
        }
    }
}
