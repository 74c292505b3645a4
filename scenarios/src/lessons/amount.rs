//! Numbers that lessons state: `17ms`, `8.67ms`, `80%`, `95/s`, `3`.

use sim_core::quantity::time_unit;

/// A number in the unit of its metric.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct Amount {
    /// The value.
    pub value: f64,
    /// One of its last digit: 0.01 ms of `8.67ms`.
    pub step: f64,
}

/// Reads a number of a metric with this unit (`ns`, `1/s`, or none).
pub(crate) fn parse(text: &str, unit: &str) -> Result<Amount, String> {
    let text = text.trim();
    let end = text.find(|c: char| !(c.is_ascii_digit() || c == '.' || c == '-')).unwrap_or(text.len());
    let (number, suffix) = (&text[..end], text[end..].trim());
    let value: f64 = number.parse().map_err(|_| format!("`{text}` is not a number"))?;
    let decimals = number.split_once('.').map_or(0, |(_, digits)| digits.len());
    let factor = match unit {
        "ns" => match time_unit(suffix) {
            Some(nanos) => nanos as f64,
            None if suffix.is_empty() => {
                return Err(format!("`{text}` is a time and needs a unit, such as ms"));
            }
            None => return Err(format!("`{text}` is a time; `{suffix}` is no unit of time")),
        },
        "1/s" => match suffix.strip_prefix('/').and_then(time_unit) {
            Some(nanos) => 1e9 / nanos as f64,
            None => return Err(format!("`{text}` is a rate and needs a unit, such as /s")),
        },
        _ => match suffix {
            "" => 1.0,
            "%" => 0.01,
            _ => return Err(format!("`{text}` is a number without unit; `{suffix}` does not belong to it")),
        },
    };
    // Powers of ten up to 10^22 are exact floats.
    let step = (1..=decimals).fold(factor, |step, _| step / 10.0);
    Ok(Amount { value: scaled(number, factor).unwrap_or(value * factor), step })
}

/// `number` times a whole factor in integers, so that 8.6 ms are 8600000 ns and not next to it.
fn scaled(number: &str, factor: f64) -> Option<f64> {
    let (whole, digits) = number.split_once('.').unwrap_or((number, ""));
    let all: i128 = format!("{whole}{digits}").parse().ok()?;
    let power = 10_i128.checked_pow(digits.len() as u32)?;
    let factor = (factor.fract() == 0.0 && factor < 1e18).then_some(factor as i128)?;
    let product = all.checked_mul(factor)?;
    Some((product / power) as f64 + (product % power) as f64 / power as f64)
}

/// The number as a text has it in a language: `8.67 ms`, in German `8,67 ms`.
pub(crate) fn shown(text: &str, language: &str) -> String {
    let text = text.trim();
    let end = text.find(|c: char| !(c.is_ascii_digit() || c == '.' || c == '-')).unwrap_or(text.len());
    let number = match language {
        "de" => text[..end].replace('.', ","),
        _ => text[..end].to_owned(),
    };
    let suffix = text[end..].trim();
    let suffix = if suffix == "us" { "µs" } else { suffix };
    match suffix {
        "" => number,
        rate if rate.starts_with('/') => format!("{number}{rate}"),
        // A line must not end between number and unit.
        _ => format!("{number}\u{a0}{suffix}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_in_the_unit_of_their_metric() {
        for (text, unit, value, step) in [
            ("17ms", "ns", 17e6, 1e6),
            ("8.67ms", "ns", 8_670_000.0, 1e4),
            ("0", "count", 0.0, 1.0),
            ("80%", "ratio", 0.8, 0.01),
            ("2.5", "", 2.5, 0.1),
            ("95/s", "1/s", 95.0, 1.0),
        ] {
            let found = parse(text, unit).unwrap();
            assert!((found.value - value).abs() < 1e-12 * value.max(1.0), "{text}: {found:?}");
            assert!((found.step - step).abs() < 1e-9 * step, "{text}: {found:?}");
        }
        for (text, unit) in
            [("17", "ns"), ("17xs", "ns"), ("17ms", "ratio"), ("a", ""), ("5", "1/s"), ("", "ns")]
        {
            assert!(parse(text, unit).is_err(), "{text} {unit}");
        }
    }

    #[test]
    fn numbers_are_written_as_people_write_them() {
        assert_eq!(shown("8.67ms", "en"), "8.67\u{a0}ms");
        assert_eq!(shown("8.67ms", "de"), "8,67\u{a0}ms");
        assert_eq!(shown("80%", "de"), "80\u{a0}%");
        assert_eq!(shown("3", "en"), "3");
    }
}
