//! What the stamps of a log say of each other: their order, jumps that hardly any log has, the years that they leave away,
//! and leap seconds.
//!
//! A stamp without a year is in the one in which it is nearest to the line before. Such years have 366 days while they are
//! read, and those without a 29 February lose it when all lines are known.

use super::requests::{Skipped, example};
use super::stamp::Stamp;

const DAY: i128 = 86_400 * 1_000_000_000;
/// A line so far from the one before is worth a word.
const FAR: i128 = 30 * DAY;
/// 1972 begins; the years of stamps without one are counted from it.
const BASE: i128 = 730 * DAY;
/// The days of [`Stamp`]s without a year.
const CYCLE: i128 = 366 * DAY;
/// The 29 February, from 0.
const LEAP_DAY: i128 = 59;

/// What has been seen of the stamps.
#[derive(Default)]
pub(super) struct Calendar {
    /// Stamp and line of the request before.
    last: Option<(i128, usize)>,
    first: Option<i128>,
    latest: Option<i128>,
    /// Requests whose stamp is earlier than one above, and the line of the first.
    unsorted: Option<(usize, usize)>,
    /// The longest step from a request to the next, the first of several: how long, and the lines of both.
    jump: Option<(i128, usize, usize)>,
    /// Steps of [`FAR`] and more.
    jumps: usize,
    /// Stamps with the second 60, and the line of the first.
    leaps: Option<(usize, usize)>,
    /// Whether stamps have no year, as the first has it.
    yearless: Option<bool>,
    /// The last stamp without a year, in the years of [`CYCLE`].
    anchor: Option<i128>,
    /// The line with which another year begins for the first time.
    turn: Option<usize>,
    /// A year with a 29 February.
    leap_year: Option<i128>,
}

impl Calendar {
    /// The time of a stamp, with a year where it has none.
    pub fn dated(&mut self, stamp: Stamp, line: usize) -> Result<i128, Skipped> {
        if *self.yearless.get_or_insert(stamp.yearless) != stamp.yearless {
            return Err(Skipped::Year);
        }
        if stamp.leap {
            self.leaps.get_or_insert((0, line)).0 += 1;
        }
        if !stamp.yearless {
            return Ok(stamp.at);
        }
        let anchor = self.anchor.unwrap_or(stamp.at);
        let years = (anchor - stamp.at + CYCLE / 2).div_euclid(CYCLE);
        let at = stamp.at + years * CYCLE;
        let (year, day) = year_and_day(at);
        if year != year_and_day(anchor).0 {
            self.turn.get_or_insert(line);
        }
        if day == LEAP_DAY {
            self.leap_year = Some(year);
        }
        self.anchor = Some(at);
        Ok(at)
    }

    /// Takes note of the stamp of a request.
    pub fn take(&mut self, stamp: i128, line: usize) {
        let step = self.last.map_or(0, |(last, _)| stamp - last);
        let longest = self.jump.map_or(0, |(longest, ..)| longest.abs());
        // The step back from a line far away is no news.
        let news = if longest < FAR { longest } else { longest + FAR };
        if let Some((_, before)) = self.last
            && step.abs() > news
        {
            self.jump = Some((step, before, line));
        }
        self.jumps += usize::from(step.abs() >= FAR);
        if self.latest.is_some_and(|latest| stamp < latest) {
            self.unsorted.get_or_insert((0, line)).0 += 1;
        }
        // One line that is far ahead does not put all that follow out of order.
        if self.latest.is_none() || step < FAR {
            self.latest = self.latest.max(Some(stamp));
        }
        self.first = Some(self.first.map_or(stamp, |first| first.min(stamp)));
        self.last = Some((stamp, line));
    }

    /// Whether times change when all lines are known.
    pub fn is_yearless(&self) -> bool {
        self.yearless == Some(true)
    }

    /// A time without the days that its years do not have.
    pub fn real(&self, at: i128) -> i128 {
        let (year, day) = year_and_day(at);
        let (before, is_leap) = match self.leap_year {
            Some(leap) => ((year - leap.rem_euclid(4) + 3).div_euclid(4), (year - leap).rem_euclid(4) == 0),
            None => (0, false),
        };
        at - (year - before + i128::from(!is_leap && day > LEAP_DAY)) * DAY
    }

    /// The longest step in words, with its lines.
    pub fn longest(&self) -> Option<String> {
        let (step, before, line) = self.jump?;
        let way = if step < 0 { "before" } else { "after" };
        Some(format!("the time of line {line} is {} {way} that of line {before}", words(step.abs())))
    }

    /// What is to be said of them, of so many lines.
    pub fn notes(&self, lines: usize) -> Vec<String> {
        let mut notes = Vec::new();
        let span = self.latest.zip(self.first).map_or(0, |(latest, first)| latest - first);
        let longest = self.jump.map_or(0, |(step, ..)| step.abs());
        if let Some(step) = self.longest()
            && (self.jumps > 0 || longest >= DAY && 2 * longest > span)
        {
            let others = match self.jumps {
                0 | 1 => String::new(),
                count => format!(" ({count} lines are 30 days or more from the line before)"),
            };
            notes.push(format!(
                "{step}{others}: the time between is run as well, without a request; take a line out whose time is \
                 wrong"
            ));
        }
        if let Some((count, first)) = self.unsorted {
            let were = if count == 1 { "was" } else { "were" };
            let example = example(count, first);
            notes.push(format!(
                "{count} of {lines} lines {were} not in order of time, and sorted ({example})"
            ));
        }
        if let Some((count, first)) = self.leaps {
            let (stamps, have) = if count == 1 { ("stamp", "has") } else { ("stamps", "have") };
            let example = example(count, first);
            notes.push(format!(
                "{count} {stamps} {have} the second 60, a leap second: it is read as the first of the next minute \
                 ({example})"
            ));
        }
        if self.is_yearless() {
            let days =
                if self.leap_year.is_some() { "with the 29 February that lines have" } else { "of 365 days" };
            let turn = match self.turn {
                Some(line) => {
                    format!(", and the year changes where December and January meet (first at line {line})")
                }
                None => String::new(),
            };
            notes.push(format!("stamps have no year: a year {days} is assumed{turn}"));
        }
        notes
    }
}

/// The year from [`BASE`] on, and the day in it.
fn year_and_day(at: i128) -> (i128, i128) {
    ((at - BASE).div_euclid(CYCLE), (at - BASE).rem_euclid(CYCLE) / DAY)
}

/// A long time for people.
fn words(nanos: i128) -> String {
    let rounded = |unit: i128| (nanos + unit / 2) / unit;
    let year = 365 * DAY + DAY / 4;
    match nanos {
        _ if nanos >= 2 * year => format!("{} years", rounded(year)),
        _ if rounded(DAY / 24) >= 48 => format!("{} days", rounded(DAY)),
        _ => format!("{} hours", rounded(DAY / 24)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::import::stamp;

    fn read(stamps: &[&str]) -> (Vec<i128>, Calendar) {
        let mut calendar = Calendar::default();
        let dated = |(nth, text): (usize, &&str)| {
            let at = calendar.dated(stamp::told(text).unwrap(), nth + 1).unwrap();
            calendar.take(at, nth + 1);
            at
        };
        let found: Vec<i128> = stamps.iter().enumerate().map(dated).collect();
        let seconds = |at: &i128| (calendar.real(*at) - calendar.real(found[0])) / 1_000_000_000;
        (found.iter().map(seconds).collect(), calendar)
    }

    #[test]
    fn years_roll_over_both_ways() {
        const DAY: i128 = 86_400;
        for (stamps, expected) in [
            (&["Dec 31 23:59:59", "Jan  1 00:00:01"][..], &[0, 2][..]),
            (&["Jan  1 00:00:01", "Dec 31 23:59:59", "Jan  1 00:00:02"], &[0, -2, 1]),
            (&["Feb 28 23:59:59", "Mar  1 00:00:01"], &[0, 2]),
            (&["Feb 28 23:59:59", "Feb 29 00:00:00", "Mar  1 00:00:01"], &[0, 1, DAY + 2]),
            (
                &["Feb 28 00:00:00", "Jul  1 00:00:00", "Dec 31 00:00:00", "Mar  1 00:00:00"],
                &[0, 123 * DAY, 306 * DAY, 366 * DAY],
            ),
            (&["Mar  1 00:00:00", "Dec 31 00:00:00", "Feb 29 00:00:00"], &[0, -61 * DAY, -DAY]),
        ] {
            assert_eq!(read(stamps).0, expected, "{stamps:?}");
        }
        // Every year once, whichever of them is the leap year.
        for leap in 0..4 {
            let mut calendar = Calendar { leap_year: Some(leap), ..Calendar::default() };
            calendar.yearless = Some(true);
            let at = |year: i128| calendar.real(BASE + year * CYCLE);
            for year in -6..6 {
                let days = if (year - leap).rem_euclid(4) == 0 { 366 } else { 365 };
                assert_eq!((at(year + 1) - at(year)) / super::DAY, days, "{leap} {year}");
            }
        }
    }

    #[test]
    fn a_line_far_ahead_is_one_line() {
        let (_, calendar) = read(&[
            "2026-03-12 10:00:00",
            "2226-03-12 10:00:00",
            "2026-03-12 10:00:01",
            "2026-03-12 10:00:02",
        ]);
        let notes = calendar.notes(4);
        assert_eq!(notes.len(), 1, "{notes:?}");
        assert!(
            notes[0].starts_with("the time of line 2 is 200 years after that of line 1 (2 lines"),
            "{notes:?}"
        );
        let (_, calendar) = read(&["2026-03-12 10:00:00", "2026-03-12 12:00:00", "2026-03-12 11:00:00"]);
        assert_eq!(calendar.notes(3), ["1 of 3 lines was not in order of time, and sorted (line 3)"]);
    }
}
