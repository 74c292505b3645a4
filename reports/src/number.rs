//! How numbers are written: exactly where they are exact, shortly where they are estimates.

/// Units of time, greatest first, with their length in nanoseconds.
const UNITS: [(&str, u64); 4] = [("s", 1_000_000_000), ("ms", 1_000_000), ("us", 1_000), ("ns", 1)];

/// A unit for a column or an axis of times.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TimeUnit {
    /// Its name: `s`, `ms`, `us`, `ns`.
    pub name: &'static str,
    /// Its length in nanoseconds.
    pub nanos: u64,
}

impl TimeUnit {
    /// The greatest unit in which each value has at most three decimals and the greatest one is at least 1; nanoseconds
    /// where there is none, milliseconds where all are zero.
    pub fn for_values(values: impl IntoIterator<Item = u64>) -> TimeUnit {
        // The greatest power of ten that divides every value decides how coarse the unit may be.
        let (mut greatest, mut divisor) = (0, UNITS[0].1);
        for value in values {
            greatest = greatest.max(value);
            while value % divisor != 0 {
                divisor /= 10;
            }
        }
        if greatest == 0 {
            return TimeUnit { name: "ms", nanos: 1_000_000 };
        }
        let (name, nanos) = UNITS
            .into_iter()
            .find(|(_, nanos)| greatest >= *nanos && nanos / 1_000 <= divisor)
            .unwrap_or(("ns", 1));
        TimeUnit { name, nanos }
    }

    /// The unit in which an estimate of this size reads best.
    pub fn for_estimate(nanos: f64) -> TimeUnit {
        let (name, nanos) =
            UNITS.into_iter().find(|(_, unit)| nanos.abs() >= *unit as f64).unwrap_or(("ns", 1));
        TimeUnit { name, nanos }
    }

    /// The value in this unit, exactly: `12.5`.
    pub fn exact(self, nanos: u64) -> String {
        let (whole, rest) = (nanos / self.nanos, nanos % self.nanos);
        if rest == 0 {
            return whole.to_string();
        }
        let width = self.nanos.ilog10() as usize;
        let digits = format!("{rest:0width$}");
        format!("{whole}.{}", digits.trim_end_matches('0'))
    }
}

/// A float in the fewest digits that read back as the same one; whole numbers without a point.
pub fn shortest(value: f64) -> String {
    // Zero has no sign.
    format!("{}", value + 0.0)
}

/// A difference in percent of a value, with half the length of its interval: `-38.1 % +/- 0.9`; in the unit where the value is
/// zero. One decimal, none where the interval is wide, and more where everything would be zero otherwise. What differs in
/// the last bits of a float alone does not differ.
pub fn change(difference: f64, half: Option<f64>, base: f64, unit: &str) -> String {
    /// Sums of floats are off by parts of this size.
    const NOISE: f64 = 1e-12;
    if base == 0.0 {
        let half = half.map(|half| format!(" +/- {}", with_unit(half, unit))).unwrap_or_default();
        return format!("{}{}{half}", if difference > 0.0 { "+" } else { "" }, with_unit(difference, unit));
    }
    let percent = |value: f64| {
        let part = value / base.abs();
        if part.abs() < NOISE { 0.0 } else { part * 100.0 }
    };
    let (value, half) = (percent(difference), half.map(percent));
    if value == 0.0 && half.unwrap_or(0.0) == 0.0 {
        return half.map_or_else(|| "0 %".to_owned(), |_| "0 % +/- 0".to_owned());
    }
    let decimals = match half.map_or_else(|| value.abs(), |half| if half == 0.0 { value.abs() } else { half })
    {
        // Two digits of the interval; one where they would not show at all.
        _ if half.is_some_and(|half| half >= 10.0) => 0,
        size if size >= 0.05 => 1,
        size => decimals_of(size),
    };
    let half = half.map(|half| format!(" +/- {}", fixed(half, decimals))).unwrap_or_default();
    let text = fixed(value, decimals);
    let sign = if value > 0.0 && text.bytes().any(|digit| matches!(digit, b'1'..=b'9')) { "+" } else { "" };
    format!("{sign}{text} %{half}")
}

/// How numbers with an interval are written: with no more digits than it supports, which are two of half its length, and five
/// at most.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Sure {
    half: Option<f64>,
}

impl Sure {
    /// Of a value with these ends of its interval, where it has one.
    pub fn of(ends: Option<(f64, f64)>) -> Sure {
        Sure {
            half: ends.map(|(low, high)| (high - low) / 2.0).filter(|half| *half > 0.0 && half.is_finite()),
        }
    }

    /// A number in units of this size, without unit.
    pub fn bare(self, value: f64, size: f64) -> String {
        let five = significant(value / size, 5);
        let Some(half) = self.half else { return five };
        let decimals = two_digits(half / size);
        let has = five.split_once('.').map_or(0, |(_, digits)| digits.len());
        if has <= decimals && !five.contains('e') {
            return five;
        }
        let text = fixed(value / size, decimals);
        if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
    }

    /// A number with its unit, as [`with_unit`] has it.
    pub fn with_unit(self, value: f64, unit: &str) -> String {
        match unit {
            "ns" if value == 0.0 => "0".to_owned(),
            "ns" => {
                let unit = TimeUnit::for_estimate(value);
                format!("{} {}", self.bare(value, unit.nanos as f64), unit.name)
            }
            "1/s" => format!("{} /s", self.bare(value, 1.0)),
            _ => self.bare(value, 1.0),
        }
    }
}

/// Decimals that show two digits of a number.
fn two_digits(size: f64) -> usize {
    let exponent: i32 = format!("{size:.1e}").rsplit('e').next().and_then(|e| e.parse().ok()).unwrap_or(0);
    (1 - exponent).clamp(0, 12) as usize
}

/// Decimals that show one digit of a small number.
fn decimals_of(size: f64) -> usize {
    // The scientific form knows the exponent without a logarithm.
    let exponent: i32 = format!("{size:.0e}").rsplit('e').next().and_then(|e| e.parse().ok()).unwrap_or(0);
    (-exponent).clamp(0, 12) as usize
}

/// A number with so many decimals; zero has no sign.
pub(crate) fn fixed(value: f64, decimals: usize) -> String {
    let text = format!("{value:.decimals$}");
    let is_zero = !text.bytes().any(|digit| matches!(digit, b'1'..=b'9'));
    if is_zero { text.trim_start_matches('-').to_owned() } else { text }
}

/// An estimate with five significant digits, trailing zeros left out: `12.346`, `0.81`, `1234567`.
pub fn estimate(value: f64) -> String {
    significant(value, 5)
}

/// An estimate with this many significant digits (at least one), trailing zeros left out; digits before the point are
/// all written.
pub fn significant(value: f64, digits: usize) -> String {
    if value == 0.0 || !value.is_finite() {
        return shortest(value);
    }
    // Decimals so that the digits count; the scientific form knows the exponent without a logarithm.
    let after = digits.max(1) - 1;
    let scientific = format!("{value:.after$e}");
    let exponent: i32 = scientific.rsplit('e').next().and_then(|e| e.parse().ok()).unwrap_or(0);
    if exponent < -5 {
        return scientific;
    }
    let decimals = (i32::try_from(after).unwrap_or(0) - exponent).clamp(0, 12) as usize;
    let text = format!("{value:.decimals$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

/// An estimate with its unit as people read it: times in the unit that suits their size, ratios and counts bare.
pub fn with_unit(value: f64, unit: &str) -> String {
    match unit {
        "ns" if value == 0.0 => "0".to_owned(),
        "ns" => {
            let unit = TimeUnit::for_estimate(value);
            format!("{} {}", estimate(value / unit.nanos as f64), unit.name)
        }
        "1/s" => format!("{} /s", estimate(value)),
        _ => estimate(value),
    }
}

/// An estimate with half the length of its interval, in one unit and to two digits of the latter: `99.74 ± 0.90 ms`.
pub fn with_margin(value: f64, margin: f64, unit: &str) -> String {
    if margin <= 0.0 || !margin.is_finite() || !value.is_finite() {
        return format!("{} ± {}", with_unit(value, unit), with_unit(margin, unit));
    }
    let (name, size) = common_unit(value.abs().max(margin), unit);
    let (value, margin) = (value / size, margin / size);
    let decimals = two_digits(margin);
    let name = if matches!(unit, "ns" | "1/s") { format!(" {name}") } else { String::new() };
    format!("{} ± {margin:.decimals$}{name}", fixed(value, decimals))
}

/// How the values of one column or block are written without repeating the unit: the unit's name and its size. `like` is a
/// typical value.
pub fn common_unit(like: f64, unit: &str) -> (&str, f64) {
    match unit {
        "ns" => {
            let unit = TimeUnit::for_estimate(like);
            (unit.name, unit.nanos as f64)
        }
        "1/s" => ("/s", 1.0),
        other => (other, 1.0),
    }
}

/// The parts of a whole in the given unit with three decimals, rounded so that what is shown adds up to what is shown of
/// the whole (largest remainder; ties to the earlier part).
pub fn parts_of_whole(parts: &[f64], unit: TimeUnit) -> (Vec<String>, String) {
    let scale = 1_000.0 / unit.nanos as f64;
    let whole = (parts.iter().sum::<f64>() * scale).round();
    let floors: Vec<f64> = parts.iter().map(|part| (part * scale).floor()).collect();
    let missing = (whole - floors.iter().sum::<f64>()).max(0.0) as usize;
    let mut order: Vec<usize> = (0..parts.len()).collect();
    order.sort_by(|a, b| {
        let rest = |i: usize| parts[i] * scale - floors[i];
        rest(*b).total_cmp(&rest(*a)).then(a.cmp(b))
    });
    let mut shown = floors;
    for index in order.into_iter().cycle().take(missing.min(parts.len())) {
        shown[index] += 1.0;
    }
    let text = |thousandths: f64| format!("{:.3}", thousandths / 1_000.0);
    (shown.into_iter().map(text).collect(), text(whole))
}

/// A number as results have it: to 15 digits, which is what a computed one holds. What binary fractions leave behind them
/// (`1.7000000000000002`) is no result, and zero has no sign.
pub(crate) fn rounded(value: f64) -> f64 {
    if value == 0.0 {
        return 0.0;
    }
    if !value.is_finite() || value.fract() == 0.0 {
        return value;
    }
    format!("{value:.14e}").parse().unwrap_or(value)
}

/// A number as JSON: whole ones without a point, so that counts read as counts.
#[expect(clippy::ref_option, reason = "serde's signature")]
pub(crate) fn json_number<S: serde::Serializer>(
    value: &Option<f64>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    /// Every whole float up to here is one integer.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    match *value {
        Some(value) if value.fract() == 0.0 && value.abs() <= EXACT => serializer.serialize_i64(value as i64),
        Some(value) if value.is_finite() => serializer.serialize_f64(rounded(value)),
        _ => serializer.serialize_none(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_have_no_more_digits_than_their_intervals() {
        for (difference, half, base, unit, text) in [
            (-38.1, Some(0.9), 100.0, "ns", "-38.1 % +/- 0.9"),
            (12.34, Some(34.56), 100.0, "ns", "+12 % +/- 35"),
            (-0.02, Some(0.3), 100.0, "ns", "0.0 % +/- 0.3"),
            (-0.02, None, 100.0, "ns", "-0.02 %"),
            (0.0, Some(0.0), 100.0, "ns", "0 % +/- 0"),
            (-0.0, None, 100.0, "ns", "0 %"),
            (-1.29e-15, Some(1e-15), 1.0, "ratio", "0 % +/- 0"),
            (1.0, Some(0.002), 100.0, "ns", "+1.000 % +/- 0.002"),
            (2e6, Some(1e6), 0.0, "ns", "+2 ms +/- 1 ms"),
            (50.0, Some(0.0), 100.0, "ns", "+50.0 % +/- 0.0"),
        ] {
            assert_eq!(change(difference, half, base, unit), text);
        }
        assert_eq!(
            (shortest(-0.0), estimate(-0.0), with_unit(-0.0, "1/s")),
            ("0".into(), "0".into(), "0 /s".into())
        );
    }

    #[test]
    fn intervals_limit_digits() {
        for (value, ends, unit, text) in [
            (283_444_000.0, Some((280_070_000.0, 286_800_000.0)), "ns", "283.4 ms"),
            (283_444_000.0, None, "ns", "283.44 ms"),
            (283_444_000.0, Some((283_443_999.0, 283_444_001.0)), "ns", "283.44 ms"),
            (0.76369, Some((0.74314, 0.78423)), "ratio", "0.764"),
            (28928.2, Some((28656.0, 29199.0)), "jobs", "28928"),
            (1e-9, Some((-0.5, 0.5)), "ratio", "0"),
            (-1e-9, Some((-0.5, 0.5)), "ratio", "0"),
            (99.998, Some((98.0, 102.0)), "1/s", "100 /s"),
        ] {
            assert_eq!(Sure::of(ends).with_unit(value, unit), text);
        }
    }

    #[test]
    fn margins_have_two_digits_and_the_unit_of_the_value() {
        for (value, margin, unit, text) in [
            (99_738_121.0, 897_094.0, "ns", "99.74 ± 0.90 ms"),
            (-24_642.0, 59_370.0, "ns", "-25 ± 59 us"),
            (0.0, 1_500.0, "ns", "0.0 ± 1.5 us"),
            (18_000_000.0, 0.0, "ns", "18 ms ± 0"),
            (450_159.4, 348.03, "count", "450159 ± 348"),
            (0.81234, 0.000_996, "1", "0.8123 ± 0.0010"),
            (12.5, 0.25, "1/s", "12.50 ± 0.25 /s"),
        ] {
            assert_eq!(with_margin(value, margin, unit), text);
        }
    }

    #[test]
    fn units_suit_the_values() {
        for (values, unit) in [
            (&[0u64, 0][..], "ms"),
            (&[5_000_000, 24_000_000], "ms"),
            (&[500_000, 24_000_000], "ms"),
            (&[2_000_000_000, 500_000_000], "s"),
            (&[1_000_000_001], "us"),
            (&[2_500, 5_000_000], "us"),
            (&[999], "ns"),
            (&[1_234], "us"),
        ] {
            assert_eq!(TimeUnit::for_values(values.iter().copied()).name, unit, "{values:?}");
        }
    }

    #[test]
    fn exact_values_keep_every_digit() {
        let ms = TimeUnit { name: "ms", nanos: 1_000_000 };
        for (nanos, text) in [(0, "0"), (1, "0.000001"), (12_500_000, "12.5"), (24_000_000, "24")] {
            assert_eq!(ms.exact(nanos), text);
        }
    }

    #[test]
    fn estimates_have_five_digits() {
        for (value, text) in [
            (0.0, "0"),
            (12.345_678, "12.346"),
            (0.81, "0.81"),
            (1_234_567.8, "1234568"),
            (100.0, "100"),
            (99_999.96, "100000"),
            (1e-7, "1.0000e-7"),
            (-3.25, "-3.25"),
        ] {
            assert_eq!(estimate(value), text, "{value}");
        }
        assert_eq!(with_unit(12_345_678.0, "ns"), "12.346 ms");
        assert_eq!(with_unit(0.5, "1/s"), "0.5 /s");
    }

    #[test]
    fn rounded_parts_add_up() {
        let us = TimeUnit { name: "us", nanos: 1_000 };
        let (parts, whole) = parts_of_whole(&[333.4, 333.4, 333.4], us);
        assert_eq!((parts, whole), (vec!["0.334".into(), "0.333".into(), "0.333".into()], "1.000".into()));
    }
}
