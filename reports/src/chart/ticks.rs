//! Where axes have their ticks, and how these are written.

use crate::number::significant;

/// The ticks of an axis: positions, and what stands there.
pub(super) type Ticks = Vec<(f64, String)>;

/// Ten to a whole power, correctly rounded.
pub(super) fn power_of_ten(exponent: i32) -> f64 {
    format!("1e{exponent}").parse().unwrap_or(f64::INFINITY)
}

/// Multiples of 1, 2 or 5 times a power of ten within `[low, high]`, at most `most` of them; none where the range is empty.
pub(super) fn linear(low: f64, high: f64, most: usize) -> Ticks {
    stepped(low, high, most, i32::MIN)
}

/// The same for whole numbers.
pub(super) fn whole(low: f64, high: f64, most: usize) -> Ticks {
    stepped(low, high, most, 0)
}

/// [`linear`] with steps that are multiples of this power of ten.
fn stepped(low: f64, high: f64, most: usize, least: i32) -> Ticks {
    let span = high - low;
    if !(span.is_finite() && span > 0.0) || most == 0 {
        return Vec::new();
    }
    let mut exponent = (libm::floor(libm::log10(span / most as f64)) as i32).max(least);
    loop {
        for factor in [1.0, 2.0, 5.0] {
            let step = factor * power_of_ten(exponent);
            let (first, last) = (libm::ceil(low / step - 1e-9), libm::floor(high / step + 1e-9));
            if last - first < most as f64 {
                let count = (last - first) as i64;
                return (0..=count)
                    .map(|index| {
                        let value = (first + index as f64) * step;
                        (value, written(value, exponent))
                    })
                    .collect();
            }
        }
        exponent += 1;
    }
}

/// Powers of ten within `[low, high]` (both above zero), with their multiples by 2 and 5 where there are few, at most
/// `most`; linear ticks where the range is too narrow for either.
pub(super) fn logarithmic(low: f64, high: f64, most: usize) -> Ticks {
    let (first, last) = (libm::floor(libm::log10(low)) as i32, libm::ceil(libm::log10(high)) as i32);
    let inside = |value: f64| value >= low * (1.0 - 1e-9) && value <= high * (1.0 + 1e-9);
    let at = |factors: &[f64], every: i32| -> Ticks {
        let mut ticks = Vec::new();
        for exponent in (first..=last).filter(|exponent| exponent.rem_euclid(every) == 0) {
            for factor in factors {
                let value = factor * power_of_ten(exponent);
                if inside(value) {
                    ticks.push((value, written(value, exponent)));
                }
            }
        }
        ticks
    };
    for factors in [&[1.0, 2.0, 5.0][..], &[1.0, 3.0]] {
        let ticks = at(factors, 1);
        if (3..=most).contains(&ticks.len()) {
            return ticks;
        }
        if ticks.len() < 3 {
            return linear(low, high, most);
        }
    }
    (1..=last - first).map(|every| at(&[1.0], every)).find(|ticks| ticks.len() <= most).unwrap_or_default()
}

/// A tick whose last digit that counts is the one of this power of ten.
fn written(value: f64, exponent: i32) -> String {
    let size = value.abs();
    if size < 1e-12 * power_of_ten(exponent.max(-290)) || value == 0.0 {
        return "0".to_owned();
    }
    if !(1e-4..1e7).contains(&size) {
        // `1e9`, `2.5e-7`: as many digits as there are between the first and the last that counts.
        let first = libm::floor(libm::log10(size) + 1e-9) as i32;
        let digits = usize::try_from(first - exponent).unwrap_or(0).min(6);
        return format!("{value:.digits$e}");
    }
    let decimals = usize::try_from(-exponent).unwrap_or(0);
    format!("{value:.decimals$}")
}

/// A value in a label: short, for eyes.
pub(super) fn short(value: f64) -> String {
    if value.is_finite() && value != 0.0 && (value.abs() >= 1e7 || value.abs() < 1e-4) {
        return format!("{value:.2e}");
    }
    significant(value, 4)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(ticks: &Ticks) -> Vec<&str> {
        ticks.iter().map(|(_, text)| text.as_str()).collect()
    }

    #[test]
    fn linear_ticks_are_round() {
        for (low, high, most, expected) in [
            (0.0, 1.0, 6, &["0", "0.2", "0.4", "0.6", "0.8", "1.0"][..]),
            (0.0, 97.0, 6, &["0", "20", "40", "60", "80"]),
            (0.9991, 0.9999, 5, &["0.9992", "0.9994", "0.9996", "0.9998"]),
            (-3.0, 3.0, 4, &["-2", "0", "2"]),
            (0.0, 4e12, 5, &["0", "1e12", "2e12", "3e12", "4e12"]),
            (1e9, 1.000_000_2e9, 3, &["1.0000000e9", "1.0000001e9", "1.0000002e9"]),
        ] {
            let ticks = linear(low, high, most);
            if low == 1e9 {
                assert!(ticks.len() <= most && ticks.len() > 1, "{ticks:?}");
            } else {
                assert_eq!(texts(&ticks), expected, "{low} to {high}");
            }
        }
        assert_eq!(texts(&whole(0.0, 3.2, 10)), ["0", "1", "2", "3"]);
        assert!(linear(1.0, 1.0, 5).is_empty());
        assert!(linear(0.0, f64::INFINITY, 5).is_empty());
    }

    #[test]
    fn logarithmic_ticks_suit_the_range() {
        for (low, high, most, expected) in [
            (1e-3, 1.0, 4, &["0.001", "0.01", "0.1", "1"][..]),
            (0.8, 120.0, 8, &["1", "2", "5", "10", "20", "50", "100"]),
            (1e-9, 1e9, 6, &["1e-8", "0.0001", "1", "10000", "1e8"]),
            (3.0, 4.0, 4, &["3.0", "3.5", "4.0"]),
        ] {
            assert_eq!(texts(&logarithmic(low, high, most)), expected, "{low} to {high}");
        }
    }

    #[test]
    fn no_range_takes_forever_or_overflows() {
        let sizes = [f64::MIN_POSITIVE, 1e-300, 1e-9, 1.0, 1e18, 1e300];
        for low in sizes {
            for high in sizes {
                if low < high {
                    assert!(linear(low, high, 8).len() <= 8, "{low} {high}");
                    assert!(logarithmic(low, high, 8).len() <= 8, "{low} {high}");
                }
            }
        }
    }
}
