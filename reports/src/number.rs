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
    format!("{value}")
}

/// An estimate with five significant digits, trailing zeros left out: `12.346`, `0.81`, `1234567`.
pub fn estimate(value: f64) -> String {
    significant(value, 5)
}

/// An estimate with this many significant digits (at least one), trailing zeros left out; digits before the point are
/// all written.
pub fn significant(value: f64, digits: usize) -> String {
    if value == 0.0 || !value.is_finite() {
        return format!("{value}");
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
    // The scientific form knows the exponent without a logarithm.
    let exponent: i32 = format!("{margin:.1e}").rsplit('e').next().and_then(|e| e.parse().ok()).unwrap_or(0);
    let decimals = (1 - exponent).clamp(0, 12) as usize;
    let name = if matches!(unit, "ns" | "1/s") { format!(" {name}") } else { String::new() };
    format!("{value:.decimals$} ± {margin:.decimals$}{name}")
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
        Some(value) if value.is_finite() => serializer.serialize_f64(value),
        _ => serializer.serialize_none(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
