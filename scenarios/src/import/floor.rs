//! Service times from request times, `--service-floor`.
//!
//! The request time of a busy server holds the queueing of that day too. What a request takes while hardly anything else is
//! under way is nearer to its service: this is read from quiet times of the log itself.
//!
//! A request is quiet where it arrives within the hours that are named, `p10@02:00-05:00` (UTC), or else where it finds few in
//! progress: no more than the lowest quarter of all requests find. In progress is who has arrived and whose request time is
//! not over. Then, by class:
//!
//! - `pN`: nobody is served longer than the Nth percentile (nearest rank) of the quiet requests took.
//! - `quiet`: the request that is the k-th longest of n is served what the quiet request of the same rank took. The spread of service stays.
//!
//! In both a request is never served longer than it took. A class without any quiet request keeps its request times.

use super::requests::{Held, Read};
use crate::diagnostic::Sink;
use crate::options::Options;
use crate::run_options;
use sim_core::units::{Span, format_nanos};
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fmt::Write as _;

const DAY: i128 = 86_400 * 1_000_000_000;
/// Classes that the note lists.
const LISTED: usize = 4;

/// What is taken of quiet requests.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum How {
    /// A percentile caps.
    Percentile(u64),
    /// Rank by rank.
    Ranks,
}

/// How service times are made of request times.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Floor {
    /// `None`: they are the request times.
    how: Option<How>,
    /// From and until, in nanoseconds of the day.
    hours: Option<(i128, i128)>,
}

impl Floor {
    /// `--service-floor`; without it service times are request times.
    pub fn read(options: &Options, sink: &mut Sink) -> Option<Floor> {
        let Some(text) = &options.service_floor else { return Some(Floor { how: None, hours: None }) };
        let found = Floor::parse(text);
        if found.is_none() {
            let place = sink.option("--service-floor", text);
            sink.error("S072", place, format!("`{text}` does not say how service is made of request times"))
                .help("for instance `p10`, `quiet`, or `p10@02:00-05:00` for the quiet hours");
        }
        found
    }

    /// Gives the requests their service times; what is to be said about it. `timed`: they have their request times so far.
    pub fn applied(
        &self,
        timed: bool,
        read: &mut Read,
        options: &Options,
        sink: &mut Sink,
    ) -> Option<String> {
        match (self.how, timed) {
            (None, true) => Some(
                "service times are the log's request times, which hold the queueing of that day too: `--service-floor \
                 p10` or a law is nearer to service"
                    .to_owned(),
            ),
            (None, false) => None,
            (Some(how), true) => Some(self.apply(how, read)),
            (Some(_), false) => {
                let text = options.service_floor.as_deref().unwrap_or_default();
                let help = Some("leave it out, or take the request time: `--service field`");
                run_options::refuse("--service-floor", text, "is for request times, and `--service` is a law", help, sink);
                None
            }
        }
    }

    fn parse(text: &str) -> Option<Floor> {
        let (how, hours) = text.trim().split_once('@').map_or((text.trim(), None), |(a, b)| (a, Some(b)));
        let how = match how.trim() {
            "quiet" => How::Ranks,
            how => {
                let percent = how.strip_prefix('p')?.parse().ok()?;
                How::Percentile(Some(percent).filter(|percent| (1..=99).contains(percent))?)
            }
        };
        let hours = match hours {
            Some(text) => {
                let (from, until) = text.split_once('-')?;
                Some((clock(from)?, clock(until)?))
            }
            None => None,
        };
        Some(Floor { how: Some(how), hours })
    }

    fn apply(&self, how: How, read: &mut Read) -> String {
        let (quiet, which) = self.quiet(&read.rows, read.origin);
        let mut of_class: Vec<Vec<u32>> = vec![Vec::new(); read.classes.len()];
        for (index, row) in read.rows.iter().enumerate() {
            of_class[read.class_of(row) as usize].push(index as u32);
        }
        let (rows, classes) = (&mut read.rows[..], &read.classes);
        let before = mean(rows);
        let mut figures = String::new();
        let (mut listed, mut kept) = (0, 0);
        for (name, mut members) in classes.iter().zip(of_class) {
            let quiet = members.iter().filter(|index| quiet[**index as usize]);
            let mut times: Vec<u64> = quiet.map(|index| rows[*index as usize].service.0).collect();
            if members.is_empty() {
                continue;
            }
            if times.is_empty() {
                kept += 1;
                continue;
            }
            times.sort_unstable();
            let ranked = |rank: usize, of: usize| times[(rank * times.len()).div_ceil(of).max(1) - 1];
            match how {
                How::Percentile(percent) => {
                    let cap = ranked(percent as usize, 100);
                    for index in &members {
                        cap_at(&mut rows[*index as usize].service, cap);
                    }
                }
                How::Ranks => {
                    members.sort_by_key(|index| rows[*index as usize].service);
                    let count = members.len();
                    for (nth, index) in members.iter().enumerate() {
                        cap_at(&mut rows[*index as usize].service, ranked(nth + 1, count));
                    }
                }
            }
            listed += 1;
            if listed <= LISTED {
                let figure = match how {
                    How::Percentile(percent) => ranked(percent as usize, 100),
                    How::Ranks => {
                        (times.iter().map(|time| u128::from(*time)).sum::<u128>() / times.len() as u128)
                            as u64
                    }
                };
                let _ = write!(figures, ", `{name}` {} ({} quiet)", rounded(figure), times.len());
            }
        }
        if listed > LISTED {
            figures.push_str(", ...");
        }
        let what = match how {
            How::Percentile(percent) => format!("no longer than p{percent}"),
            How::Ranks => "rank by rank what was the request time".to_owned(),
        };
        let mut note = format!(
            "service times are request times, but {what} of the requests of the class {which}{figures}; the mean goes from {} to {}",
            rounded(before),
            rounded(mean(rows))
        );
        if kept > 0 {
            let s = if kept == 1 { "class has" } else { "classes have" };
            let _ = write!(note, "; {kept} {s} no quiet request and keep their request times");
        }
        note
    }

    /// Who is quiet, and in words who that is.
    fn quiet(&self, rows: &[Held], origin: i128) -> (Vec<bool>, String) {
        if let Some((from, until)) = self.hours {
            let within = |row: &Held| {
                let at = (origin + i128::from(row.at)).rem_euclid(DAY);
                if from <= until { (from..until).contains(&at) } else { at >= from || at < until }
            };
            return (rows.iter().map(within).collect(), "that arrived in these hours (UTC)".to_owned());
        }
        let found = in_progress(rows);
        let mut sorted = found.clone();
        sorted.sort_unstable();
        let least = sorted.get(sorted.len().div_ceil(4).max(1) - 1).copied().unwrap_or(0);
        let quiet = found.into_iter().map(|count| count <= least).collect();
        (quiet, format!("that found at most {least} in progress"))
    }
}

/// How many requests are in progress when each arrives.
fn in_progress(rows: &[Held]) -> Vec<u32> {
    let mut order: Vec<u32> = (0..rows.len() as u32).collect();
    order.sort_by_key(|index| rows[*index as usize].at);
    let mut ends: BinaryHeap<Reverse<i64>> = BinaryHeap::new();
    let mut found = vec![0; rows.len()];
    for index in order {
        let row = &rows[index as usize];
        while ends.peek().is_some_and(|Reverse(end)| *end <= row.at) {
            ends.pop();
        }
        found[index as usize] = ends.len() as u32;
        ends.push(Reverse(row.at.saturating_add_unsigned(row.service.0)));
    }
    found
}

fn cap_at(service: &mut Span, cap: u64) {
    service.0 = service.0.min(cap);
}

fn mean(rows: &[Held]) -> u64 {
    let sum: u128 = rows.iter().map(|row| u128::from(row.service.0)).sum();
    (sum / rows.len().max(1) as u128) as u64
}

/// To four digits.
fn rounded(nanos: u64) -> String {
    let size = 10u64.pow(nanos.max(1).ilog10().saturating_sub(3));
    format_nanos(nanos / size * size)
}

/// `02:00` in nanoseconds of the day.
fn clock(text: &str) -> Option<i128> {
    let (hours, minutes) = text.trim().split_once(':')?;
    let part = |text: &str, most: i128| text.parse::<i128>().ok().filter(|n| (0..=most).contains(n));
    let (hours, minutes) = (part(hours, 24)?, part(minutes, 59)?);
    Some((hours * 3600 + minutes * 60) * 1_000_000_000).filter(|at| *at <= DAY)
}

#[cfg(test)]
mod tests {
    use super::super::requests::Row;
    use super::*;

    fn row(at: i128, service: u64) -> Row {
        Row {
            stamp: at,
            back: Span::ZERO,
            service: Span(service),
            class: 0,
            priority: 0,
            deadline: None,
            client: None,
        }
    }

    fn read(all: &[Row]) -> Read {
        let mut read = Read::default();
        read.class("request");
        for (line, row) in all.iter().enumerate() {
            read.take(line + 1, Ok(Some(*row)));
        }
        read
    }

    #[test]
    fn floors_are_read() {
        let hour = 3_600_000_000_000;
        for (text, expected) in [
            ("p10", Some((How::Percentile(10), None))),
            ("quiet", Some((How::Ranks, None))),
            (" p50@02:00-05:30 ", Some((How::Percentile(50), Some((2 * hour, 5 * hour + hour / 2))))),
            ("quiet@22:00-24:00", Some((How::Ranks, Some((22 * hour, 24 * hour))))),
            ("p0", None),
            ("p100", None),
            ("10", None),
            ("p10@2-5", None),
            ("p10@02:00-25:00", None),
            ("", None),
        ] {
            assert_eq!(
                Floor::parse(text).and_then(|floor| Some((floor.how?, floor.hours))),
                expected,
                "{text}"
            );
        }
    }

    /// Two requests alone of 10 and 20, then four at once of 30 to 60: the first two and the first of the four find nobody.
    #[test]
    fn busy_requests_are_served_as_quiet_ones() {
        let all = [row(0, 10), row(100, 20), row(200, 30), row(200, 40), row(200, 50), row(200, 60)];
        assert_eq!(in_progress(&read(&all).rows), [0, 0, 0, 1, 2, 3]);
        let served = |text: &str| {
            let mut read = read(&all);
            let floor = Floor::parse(text).unwrap();
            let note = floor.apply(floor.how.unwrap(), &mut read);
            (read.rows.iter().map(|row| row.service.0).collect::<Vec<_>>(), note)
        };
        let (times, note) = served("p50");
        assert_eq!(times, [10, 20, 20, 20, 20, 20]);
        assert_eq!(
            note,
            "service times are request times, but no longer than p50 of the requests of the class that found at most 0 in \
             progress, `request` 20ns (3 quiet); the mean goes from 35ns to 18ns"
        );
        assert_eq!(served("quiet").0, [10, 10, 20, 20, 30, 30]);
        // Midnight lies within hours that begin later than they end.
        assert_eq!(served("p99@23:00-00:01").0, [10, 20, 30, 40, 50, 60]);
    }
}
