//! `--service`: how long a request is served, as a sum over its columns.
//!
//! ```text
//! 100ms + 1us/byte                                a constant, and so much for each byte
//! 250us*ContextTokens + 20ms*GeneratedTokens      so much for each unit of two columns
//! duration + 2ms                                  a column that holds a duration, and a constant
//! ```

use crate::diagnostic::{Place, Sink};
use crate::run_options;
use sim_core::quantity;
use sim_core::units::{Span, Time};

/// Femtoseconds in a nanosecond: the unit of times for each unit of a column.
const FEMTOS: u128 = 1_000_000;
/// Decimals of a column's number that count.
const DECIMALS: u32 = 9;

/// A sum of durations.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct ServiceLaw {
    /// The same for every request.
    pub constant: Span,
    /// Columns whose value is multiplied by a duration, in femtoseconds.
    pub factors: Vec<(Name, u128)>,
    /// Columns that hold a duration.
    pub durations: Vec<Name>,
}

/// The name of a column, with its place in the option.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Name {
    pub text: String,
    pub place: Place,
}

impl ServiceLaw {
    /// Reads a law. Whether its columns are there is for the caller to say.
    pub fn parse(text: &str, place: Place, sink: &mut Sink) -> Option<ServiceLaw> {
        let mut law = ServiceLaw::default();
        let mut good = true;
        let mut offset = 0;
        for term in text.split('+') {
            let start = offset + (term.len() - term.trim_start().len());
            let term_place = place.part(start..start + term.trim().len());
            offset += term.len() + 1;
            good &= law.term(term.trim(), term_place, sink).is_some();
        }
        if !good {
            return None;
        }
        if law.constant == Span::ZERO
            && law.durations.is_empty()
            && law.factors.iter().all(|(_, femtos)| *femtos == 0)
        {
            sink.error("S072", place, "every request would be served in no time")
                .help("for instance `--service '100ms + 1us/byte'`");
            return None;
        }
        Some(law)
    }

    fn term(&mut self, term: &str, place: Place, sink: &mut Sink) -> Option<()> {
        let is_number =
            |text: &str| text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '.' | '-' | '+'));
        let (amount, name) = match term.split_once(['/', '*']) {
            Some((amount, name)) if is_number(amount.trim()) || term.contains('/') => {
                (amount.trim(), name.trim())
            }
            Some((name, amount)) => (amount.trim(), name.trim()),
            None if term.is_empty() || is_number(term) => {
                self.constant += run_options::span(term, place, sink)?;
                return Some(());
            }
            None => {
                self.durations.push(Name { text: term.to_owned(), place });
                return Some(());
            }
        };
        let Some(femtos) = femtos(amount) else {
            // Nothing finer than a femtosecond is read; the message is the one of plain durations.
            if run_options::span(amount, place, sink).is_some() {
                sink.error("S072", place, format!("`{term}` is out of range"));
            }
            return None;
        };
        if name.is_empty() {
            sink.error("S072", place, format!("`{term}` names no column")).help("for instance `20ms*tokens`");
            return None;
        }
        self.factors.push((Name { text: name.to_owned(), place }, femtos));
        Some(())
    }

    /// The service time of a request: `numbers` are the values of `factors`, `durations` those of `durations`. Rounded
    /// **up** to the nanosecond; `None` beyond the range of time.
    pub fn of(
        &self,
        numbers: impl Iterator<Item = Number>,
        durations: impl Iterator<Item = Span>,
    ) -> Option<Span> {
        let mut femtos = 0u128;
        for ((_, each), number) in self.factors.iter().zip(numbers) {
            femtos = femtos.checked_add(number.times(*each)?)?;
        }
        let mut total = femtos.div_ceil(FEMTOS).checked_add(u128::from(self.constant.0))?;
        for duration in durations {
            total = total.checked_add(u128::from(duration.0))?;
        }
        u64::try_from(total).ok().filter(|n| *n <= Time::LATEST.0).map(Span)
    }
}

/// A number of a column that is not negative, exact: `units / 10^decimals`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Number {
    units: u64,
    decimals: u32,
}

impl Number {
    /// A whole number.
    pub fn whole(units: u64) -> Number {
        Number { units, decimals: 0 }
    }

    /// Reads `374` or `2.5`; zeros at the end of the decimals do not count. `None` where it is no such number, negative,
    /// or has more than nine decimals.
    pub fn parse(text: &str) -> Option<Number> {
        let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
        let decimals = decimals.trim_end_matches('0');
        let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
        if whole.is_empty() || !digits(whole) || !digits(decimals) || decimals.len() > DECIMALS as usize {
            return None;
        }
        let units = format!("{whole}{decimals}").parse().ok()?;
        Some(Number { units, decimals: decimals.len() as u32 })
    }

    /// `self * each`, rounded up.
    fn times(self, each: u128) -> Option<u128> {
        Some(u128::from(self.units).checked_mul(each)?.div_ceil(10u128.pow(self.decimals)))
    }
}

/// A time in femtoseconds: `0.3ns` is 300 000.
fn femtos(text: &str) -> Option<u128> {
    let unit_at = text.find(|c: char| c.is_alphabetic())?;
    let (number, unit) = (text[..unit_at].trim(), text[unit_at..].trim());
    let nanos = quantity::time_unit(unit).filter(|nanos| *nanos <= 60_000_000_000)?;
    quantity::parse_span_in(number, nanos * FEMTOS as u64).ok().map(|span| u128::from(span.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<ServiceLaw, String> {
        let mut sink = Sink::new("log");
        let place = sink.option("--service", text);
        let law = ServiceLaw::parse(text, place, &mut sink);
        law.ok_or_else(|| sink.finish().0.remove(0).message)
    }

    #[test]
    fn laws_are_sums_over_columns() {
        let of = |text: &str, numbers: &[&str], durations: &[u64]| {
            let law = read(text).unwrap();
            let numbers = numbers.iter().map(|text| Number::parse(text).unwrap());
            law.of(numbers, durations.iter().map(|nanos| Span(*nanos))).map(|span| span.0)
        };
        assert_eq!(of("100ms + 1us/byte", &["7"], &[]), Some(100_007_000));
        assert_eq!(of("0.3ns/byte+2ns", &["5"], &[]), Some(4), "rounded up once");
        assert_eq!(of("1ns / byte", &["5"], &[]), Some(5));
        assert_eq!(of("250us*in + 20ms * out", &["374", "44"], &[]), Some(973_500_000));
        assert_eq!(of("in*250us", &["2.5"], &[]), Some(625_000));
        assert_eq!(of("duration + 2ms", &[], &[5]), Some(2_000_005));
        assert_eq!(of("1min*in", &["18446744073709551615"], &[]), None);
        assert_eq!(of("1ns + duration", &[], &[u64::MAX]), None);
    }

    #[test]
    fn numbers_of_columns_are_exact() {
        for (text, number) in [
            ("0", Some((0, 0))),
            ("374", Some((374, 0))),
            ("2.50", Some((25, 1))),
            ("7.", Some((7, 0))),
            ("0.000000001", Some((1, 9))),
            ("0.0000000001", None),
            ("-1", None),
            ("", None),
            (".5", None),
            ("1e3", None),
            ("99999999999999999999", None),
        ] {
            let expected = number.map(|(units, decimals)| Number { units, decimals });
            assert_eq!(Number::parse(text), expected, "{text}");
        }
    }

    #[test]
    fn bad_laws_are_named() {
        for (text, message) in [
            ("", "`` is not a number with a unit"),
            ("5", "`5` has no unit"),
            ("0ms", "every request would be served in no time"),
            ("0us*tokens", "every request would be served in no time"),
            ("1us*", "`1us*` names no column"),
            ("5ms + 3*x", "`3` has no unit"),
        ] {
            assert_eq!(read(text), Err(message.to_owned()), "{text}");
        }
    }
}
