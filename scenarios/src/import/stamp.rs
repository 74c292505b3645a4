//! Times of the calendar as logs write them: Apache's and nginx's, ISO 8601, RFC 2822, syslog's, and numbers of seconds,
//! milliseconds, microseconds or nanoseconds since 1970.

use jiff::civil::Date;

/// Why a text is no time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Fault {
    /// It has none of the forms.
    Form,
    /// Its zone has a name that does not say which one it is.
    Zone,
}

/// A time as a text has it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Stamp {
    /// Nanoseconds since 1970; without a year those of [`YEARLESS`], which has all days.
    pub at: i128,
    /// The text has no year.
    pub yearless: bool,
    /// Its second is 60, which is second 0 of the next minute here.
    pub leap: bool,
}

/// The year of stamps that have none.
pub(super) const YEARLESS: i16 = 1972;

/// What a part of a time stamp is, where a format has it in several fields.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Part {
    /// Date and time in any of the known forms, or one half of them.
    Any,
    /// In the form of `strftime`.
    Form(String),
    /// A number since 1970, in this many nanoseconds.
    Since(u64),
    /// A part of the second, in this many nanoseconds.
    Within(u64),
}

const SECOND: i128 = 1_000_000_000;
const MONTHS: [&str; 12] =
    ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
/// Zones that have one meaning: those of RFC 2822, and Europe's. Hours before UTC are negative.
const ZONES: &[(&str, i64)] = &[
    ("utc", 0),
    ("gmt", 0),
    ("ut", 0),
    ("z", 0),
    ("wet", 0),
    ("west", 1),
    ("cet", 1),
    ("cest", 2),
    ("eet", 2),
    ("eest", 3),
    ("est", -5),
    ("edt", -4),
    ("cst", -6),
    ("cdt", -5),
    ("mst", -7),
    ("mdt", -6),
    ("pst", -8),
    ("pdt", -7),
];

/// Reads a time in any form, in nanoseconds since 1970. What has no zone is in UTC, what has no year in one year.
pub(super) fn read(text: &str) -> Result<i128, Fault> {
    told(text).map(|stamp| stamp.at)
}

/// Reads a time in any form, and says what it lacks.
pub(super) fn told(text: &str) -> Result<Stamp, Fault> {
    let text = text.trim().trim_matches(['[', ']', '"']).trim();
    if is_number(text) {
        let at = number(text).ok_or(Fault::Form)?;
        return Ok(Stamp { at, yearless: false, leap: false });
    }
    let mut scan = Scan { rest: weekday(text) };
    let (mut year, month, day, early) = date(&mut scan).ok_or(Fault::Form)?;
    if early.is_none() {
        scan.one_of(":T t_,").ok_or(Fault::Form)?;
        scan.spaces();
    }
    let seconds = match early {
        Some(seconds) => seconds,
        None => time(&mut scan).ok_or(Fault::Form)?,
    };
    // `Thu Mar 12 10:00:00 2026` has the year at the end.
    if year.is_none() && scan.rest.trim_start().len() >= 4 {
        let mut later = Scan { rest: scan.rest.trim_start() };
        if let Some(found) = later.digits(4, 4) {
            year = Some(found);
            scan = later;
        }
    }
    let offset = zone(scan.rest.trim())?;
    // A leap year, for the day that only those have.
    let days = days(year.unwrap_or(i64::from(YEARLESS)), month, day).ok_or(Fault::Form)?;
    let at = days * 86_400 * SECOND + seconds - i128::from(offset) * SECOND;
    Ok(Stamp { at, yearless: year.is_none(), leap: has_leap(text) })
}

/// Whether a text that is a time has the second 60: neither minutes nor offsets go so far.
fn has_leap(text: &str) -> bool {
    text.contains(":60")
}

/// Reads the parts of a stamp together.
pub(super) fn read_parts<'a>(parts: impl Iterator<Item = (&'a Part, &'a str)>) -> Result<Stamp, Fault> {
    let (mut text, mut form, mut plain) = (String::new(), String::new(), true);
    let (mut base, mut within) = (None, 0);
    for (part, value) in parts {
        let value = value.trim().trim_matches(['[', ']']);
        match part {
            Part::Since(unit) => {
                let whole = value.parse::<i64>().map_err(|_| Fault::Form)?;
                base = Some(i128::from(whole) * i128::from(*unit));
            }
            Part::Within(unit) => {
                let part = value.parse::<u32>().map_err(|_| Fault::Form)?;
                within += i128::from(part) * i128::from(*unit);
            }
            Part::Any | Part::Form(_) => {
                if !text.is_empty() {
                    text.push(' ');
                    form.push(' ');
                }
                text.push_str(value);
                if let Part::Form(own) = part {
                    form.push_str(own);
                    plain = false;
                }
            }
        }
    }
    let found = match base {
        Some(at) => Stamp { at, yearless: false, leap: false },
        None if plain => told(&text)?,
        None => formed(&form, &text).or_else(|_| told(&text))?,
    };
    Ok(Stamp { at: found.at + within, ..found })
}

/// A time in the form of `strftime`.
fn formed(form: &str, text: &str) -> Result<Stamp, Fault> {
    let mut parsed = jiff::fmt::strtime::parse(form, text).map_err(|_| Fault::Form)?;
    let leap = has_leap(text);
    let known = parsed.to_timestamp().is_ok() || parsed.to_datetime().is_ok();
    let yearless = !known && parsed.set_year(Some(YEARLESS)).is_ok();
    // The second 60 is read as 59.
    let more = if leap { SECOND } else { 0 };
    let at = if let Ok(at) = parsed.to_timestamp() {
        at.as_nanosecond()
    } else {
        let local = parsed.to_datetime().map_err(|_| Fault::Form)?;
        let zoned = local.to_zoned(jiff::tz::TimeZone::UTC).map_err(|_| Fault::Form)?;
        zoned.timestamp().as_nanosecond()
    };
    Ok(Stamp { at: at + more, yearless, leap })
}

/// Whether a text is a number, perhaps with decimals.
fn is_number(text: &str) -> bool {
    let (whole, decimals) = text.split_once(['.', ',']).unwrap_or((text, ""));
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    !whole.is_empty() && digits(whole) && digits(decimals)
}

/// A number since 1970: its size tells the unit. `None` where that would be no time of ours.
fn number(text: &str) -> Option<i128> {
    let (whole, decimals) = text.split_once(['.', ',']).unwrap_or((text, ""));
    let value: i128 = whole.parse().ok()?;
    // A hundred million seconds are the spring of 1973; ten times as many of the next finer unit are too.
    let unit = match whole.len() {
        9..=11 => SECOND,
        12..=14 => 1_000_000,
        15..=17 => 1_000,
        18..=20 => 1,
        _ => return None,
    };
    let mut fraction = 0;
    let mut scale = unit;
    for digit in decimals.bytes() {
        scale /= 10;
        fraction += i128::from(digit - b'0') * scale;
    }
    Some(value * unit + fraction)
}

/// Days since 1970, where there is such a day.
fn days(year: i64, month: i64, day: i64) -> Option<i128> {
    let narrow = |n: i64| i8::try_from(n).ok();
    Date::new(i16::try_from(year).ok()?, narrow(month)?, narrow(day)?).ok()?;
    // March is the first month of the years that are counted here: the leap day is then the last of one.
    let year = year - i64::from(month <= 2);
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    Some(i128::from(era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468))
}

/// What is left of a text.
struct Scan<'a> {
    rest: &'a str,
}

impl Scan<'_> {
    /// A whole number of so many digits.
    fn digits(&mut self, least: usize, most: usize) -> Option<i64> {
        let count = self.rest.bytes().take(most).take_while(u8::is_ascii_digit).count();
        let (number, rest) = (count >= least).then(|| self.rest.split_at(count))?;
        self.rest = rest;
        number.parse().ok()
    }

    fn one_of(&mut self, choice: &str) -> Option<char> {
        let first = self.rest.chars().next().filter(|c| choice.contains(*c))?;
        self.rest = &self.rest[first.len_utf8()..];
        Some(first)
    }

    fn spaces(&mut self) {
        self.rest = self.rest.trim_start();
    }

    fn month(&mut self) -> Option<i64> {
        let word = self.rest.bytes().take_while(u8::is_ascii_alphabetic).count();
        let name = self.rest.get(..3)?.to_ascii_lowercase();
        let index = MONTHS.iter().position(|month| *month == name).filter(|_| word >= 3)?;
        self.rest = &self.rest[word..];
        i64::try_from(index).ok().map(|index| index + 1)
    }
}

/// Without the day of the week in front.
fn weekday(text: &str) -> &str {
    let word = text.bytes().take_while(u8::is_ascii_alphabetic).count();
    let is_day = word >= 3
        && ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
            .contains(&text[..3].to_ascii_lowercase().as_str());
    if is_day { text[word..].trim_start_matches([',', ' ']) } else { text }
}

/// Year where there is one, month, day; with the time where that comes before the year.
fn date(scan: &mut Scan<'_>) -> Option<(Option<i64>, i64, i64, Option<i128>)> {
    let start = scan.rest;
    if let Some(year) = scan.digits(4, 4)
        && let Some(separator) = scan.one_of("-/.")
    {
        let month = scan.digits(1, 2)?;
        scan.one_of(&separator.to_string())?;
        return Some((Some(year), month, scan.digits(1, 2)?, None));
    }
    scan.rest = start;
    if let Some(day) = scan.digits(1, 2) {
        let separator = scan.one_of("/- .")?;
        let word = scan.rest.starts_with(|c: char| c.is_ascii_alphabetic());
        // Of two numbers with slashes or hyphens, either could be the month; with points the day is the first.
        let month = match (word, separator) {
            (true, _) => scan.month()?,
            (false, '.') => scan.digits(1, 2)?,
            _ => return None,
        };
        scan.one_of(&separator.to_string())?;
        return Some((Some(scan.digits(4, 4)?), month, day, None));
    }
    let month = scan.month()?;
    scan.spaces();
    let day = scan.digits(1, 2)?;
    scan.one_of(" ,")?;
    scan.spaces();
    if let Some(year) = (Scan { rest: scan.rest }).digits(4, 4) {
        scan.digits(4, 4)?;
        return Some((Some(year), month, day, None));
    }
    let time = time(scan)?;
    Some((None, month, day, Some(time)))
}

/// The time of the day in nanoseconds.
fn time(scan: &mut Scan<'_>) -> Option<i128> {
    let hour = scan.digits(1, 2).filter(|hour| *hour < 24)?;
    scan.one_of(":")?;
    let minute = scan.digits(2, 2).filter(|minute| *minute < 60)?;
    let mut nanos = i128::from(hour * 3600 + minute * 60) * SECOND;
    if scan.one_of(":").is_some() {
        nanos += i128::from(scan.digits(2, 2).filter(|second| *second <= 60)?) * SECOND;
        if scan.rest.len() > 1 && scan.rest.as_bytes()[1].is_ascii_digit() && scan.one_of(".,").is_some() {
            let mut scale = SECOND;
            while let Some(digit) = scan.digits(1, 1) {
                scale /= 10;
                nanos += i128::from(digit) * scale;
            }
        }
    }
    Some(nanos)
}

/// Seconds ahead of UTC.
fn zone(text: &str) -> Result<i64, Fault> {
    // `[Europe/Berlin]` after an offset repeats what the offset says.
    let text = text.split('[').next().unwrap_or(text).trim();
    let mut scan = Scan { rest: text };
    let Some(sign) = scan.one_of("+-") else {
        if text.is_empty() {
            return Ok(0);
        }
        let name = text.to_ascii_lowercase();
        let known = ZONES.iter().find(|(zone, _)| *zone == name);
        return known.map(|(_, hours)| hours * 3600).ok_or(Fault::Zone);
    };
    let hours = scan.digits(2, 2).ok_or(Fault::Zone)?;
    scan.one_of(":");
    let minutes = if scan.rest.is_empty() { 0 } else { scan.digits(2, 2).ok_or(Fault::Zone)? };
    // `+0000 UTC` names what it has said.
    let named = scan.rest.trim().bytes().all(|b| b.is_ascii_alphabetic());
    if hours > 26 || minutes > 59 || !named {
        return Err(Fault::Zone);
    }
    let ahead = hours * 3600 + minutes * 60;
    Ok(if sign == '-' { -ahead } else { ahead })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stamps_are_read_in_their_forms() {
        const AT: i128 = 1_773_309_600 * SECOND;
        for (text, expected) in [
            ("12/Mar/2026:10:00:00 +0000", Ok(AT)),
            ("[12/Mar/2026:12:00:00 +0200]", Ok(AT)),
            ("12/Mar/2026:05:30:00 -04:30", Ok(AT)),
            ("12/Mar/2026:10:00:00.250 +0000", Ok(AT + SECOND / 4)),
            ("12/Mar/2026:10:00:00.250", Ok(AT + SECOND / 4)),
            ("2026-03-12T10:00:00+00:00", Ok(AT)),
            ("2026-03-12T10:00:00.000000001Z", Ok(AT + 1)),
            ("2026-03-12 10:00:00,5", Ok(AT + SECOND / 2)),
            ("2026-03-12 11:00:00 CET", Ok(AT)),
            ("2026-03-12 05:00:00 EST", Ok(AT)),
            ("2026-03-12 10:00:00.5 +0000 UTC", Ok(AT + SECOND / 2)),
            ("2026-03-12T11:00:00+01:00[Europe/Berlin]", Ok(AT)),
            ("2026/03/12 10:00:00", Ok(AT)),
            ("12.03.2026 10:00", Ok(AT)),
            ("Thu, 12 Mar 2026 10:00:00 GMT", Ok(AT)),
            ("Thu Mar 12 10:00:00 2026", Ok(AT)),
            ("1773309600", Ok(AT)),
            ("1773309600.025", Ok(AT + 25_000_000)),
            ("1773309600025", Ok(AT + 25_000_000)),
            ("1773309600025000", Ok(AT + 25_000_000)),
            ("1773309600025000000", Ok(AT + 25_000_000)),
            ("1972-02-29 00:00:00", Ok(68_169_600 * SECOND)),
            ("Feb 29 00:00:00", Ok(68_169_600 * SECOND)),
            ("1969-12-31 23:59:59.5", Ok(-SECOND / 2)),
            ("2026-03-12 10:00:00 NST", Err(Fault::Zone)),
            ("12/Mar/2026:10:00:00 +00", Ok(AT)),
            ("03/12/2026 10:00:00", Err(Fault::Form)),
            ("12/Mai/2026:10:00:00 +0000", Err(Fault::Form)),
            ("30/Feb/2026:10:00:00 +0000", Err(Fault::Form)),
            ("12/Mar/2026:25:00:00 +0000", Err(Fault::Form)),
            ("2026-03-12", Err(Fault::Form)),
            ("12:00", Err(Fault::Form)),
            ("12", Err(Fault::Form)),
            ("yesterday", Err(Fault::Form)),
            ("", Err(Fault::Form)),
            ("Mä", Err(Fault::Form)),
        ] {
            assert_eq!(read(text), expected, "{text}");
        }
    }

    #[test]
    fn a_stamp_may_lie_in_several_fields() {
        const AT: i128 = 1_773_309_600 * SECOND;
        let form = Part::Form("%d/%b/%Y %T".to_owned());
        let zone = Part::Form("%z".to_owned());
        let read = |parts: &[(&Part, &str)]| read_parts(parts.iter().copied()).map(|stamp| stamp.at);
        assert_eq!(read(&[(&Part::Any, "2026-03-12"), (&Part::Any, "10:00:00")]), Ok(AT));
        let parts = [(&form, "12/Mar/2026 12:00:00"), (&Part::Within(1_000_000), "25"), (&zone, "+0200")];
        assert_eq!(read(&parts), Ok(AT + 25_000_000));
        assert_eq!(read(&[(&Part::Since(SECOND as u64), "1773309600")]), Ok(AT));
        assert_eq!(read(&[(&form, "12.3.2026")]), Err(Fault::Form));
    }

    #[test]
    fn what_a_stamp_lacks_is_told() {
        let of = |text: &str| told(text).map(|stamp| (stamp.yearless, stamp.leap));
        assert_eq!(of("12/Mar/2026:10:00:59 +0000"), Ok((false, false)));
        assert_eq!(of("31/Dec/2016:23:59:60 +0000"), Ok((false, true)));
        assert_eq!(read("31/Dec/2016:23:59:60 +0000"), read("01/Jan/2017:00:00:00 +0000"));
        assert_eq!(of("Dec 31 23:59:60"), Ok((true, true)));
        let parts = |form: &str, text: &str| read_parts([(&Part::Form(form.to_owned()), text)].into_iter());
        let found = parts("%b %d %H:%M:%S", "Mar 12 10:00:00");
        assert_eq!(
            found.map(|stamp| (stamp.at, stamp.yearless)),
            Ok((read("Mar 12 10:00:00").unwrap(), true))
        );
        let found = parts("%Y-%m-%d %H:%M:%S", "2016-12-31 23:59:60");
        assert_eq!(
            found.map(|stamp| (stamp.at, stamp.leap)),
            Ok((read("2017-01-01 00:00:00").unwrap(), true))
        );
    }
}
