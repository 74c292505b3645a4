//! Request traces: a table with a line for each request, as CSV with a header or as one JSON object a line.
//!
//! ```text
//! arrival,service,class            TIMESTAMP,ContextTokens,GeneratedTokens        {"timestamp": 40, "output_length": 3}
//! 0,12.5,page                      2023-11-16 18:15:46.6805900,374,44
//! 3,4,image                        2023-11-16 18:15:50.9951690,396,109
//! ```
//!
//! The columns `arrival` (or `timestamp`), `service`, `class`, `deadline`, `priority` and `client` are read; `--map` says
//! which column is which where they are called otherwise, and the others are left alone. `--service` makes a service time
//! of columns ([`ServiceLaw`]). Bare numbers are in `--time-unit`; what is finer than a nanosecond is rounded to the
//! nearest one. Times of the calendar are cut to whole microseconds, and without a zone they are UTC.
//!
//! Times of the calendar are counted from the earliest request, numbers from zero, unless the earliest is negative or
//! later than a year: then they are the readings of a clock, and counted from the earliest. Lines need not be sorted;
//! those of one instant and class keep their order, and classes come in the order in which they are first seen. Lines
//! that are no requests are skipped and counted by reason.

use super::farm::{Farm, Requests};
use super::service::{Name, Number, ServiceLaw};
use crate::Loaded;
use crate::diagnostic::{Sink, WHOLE, did_you_mean_or_list};
use crate::input::{Input, InputKind};
use crate::keys::{NAME_BYTES_MAX, NAMES_MAX};
use crate::options::Options;
use crate::reader;
use crate::run_options;
use crate::traces;
use sim_core::model::{Attributes, TraceData, TraceRow};
use sim_core::quantity::{self, QuantityError};
use sim_core::units::{Span, Time, nanos_round};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// What columns can be for.
const ROLES: [&str; 6] = ["arrival", "service", "class", "deadline", "priority", "client"];
const ARRIVAL: usize = 0;
const SERVICE: usize = 1;
const CLASS: usize = 2;
const DEADLINE: usize = 3;
const PRIORITY: usize = 4;
const CLIENT: usize = 5;

/// More requests are refused.
const REQUESTS_MAX: usize = 20_000_000;
/// Arrivals that begin later than this are the readings of a clock.
const YEAR: i128 = 365 * 86_400 * 1_000_000_000;
/// Class of requests without one.
const UNNAMED: &str = "request";
/// Marks client keys that are no IPv4 addresses.
const OWN_CLIENT: u64 = 1 << 63;

/// Whether the first line of a text is the header of a request trace.
pub(crate) fn is_header(line: &[u8]) -> bool {
    let Ok(line) = std::str::from_utf8(line) else { return false };
    let Some(row) = traces::rows(line).next() else { return false };
    let has = |name: &str| row.fields.iter().any(|field| field.text == name);
    let timestamp = row.fields.iter().any(|field| field.text.eq_ignore_ascii_case("timestamp"));
    !has("task") && (timestamp || has("arrival") && has("service")) && line.contains(',')
}

/// Whether a line is a JSON object with a time in it.
pub(crate) fn is_object(line: &[u8]) -> bool {
    line.starts_with(b"{")
        && serde_json::from_slice::<serde_json::Map<String, serde_json::Value>>(line).is_ok_and(|object| {
            object.keys().any(|key| key == "arrival" || key.eq_ignore_ascii_case("timestamp"))
        })
}

/// Why a line is no request.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Skipped {
    Form,
    Arrival,
    Clock,
    Service,
    Range,
    Class,
    Deadline,
    Priority,
}

impl Skipped {
    const ALL: [(Skipped, &str); 8] = [
        (Skipped::Form, "not as many fields as the header, or no JSON object"),
        (Skipped::Arrival, "without a valid arrival"),
        (
            Skipped::Clock,
            "with a time of the calendar among numbers, or a number among times of the calendar",
        ),
        (Skipped::Service, "without a valid service time, or without a number that it depends on"),
        (Skipped::Range, "with a service time beyond the range of time"),
        (Skipped::Class, "with a class that is no name"),
        (Skipped::Deadline, "with a deadline that is no duration"),
        (Skipped::Priority, "with a priority that is no whole number from -1000000000 to 1000000000"),
    ];
}

/// Compiles a trace.
pub(crate) fn load(input: &Input, options: &Options, sink: &mut Sink) -> Option<Loaded> {
    let unit = run_options::time_unit(&options.time_unit, sink);
    let law = match &options.service {
        Some(text) => {
            let place = sink.option("--service", text);
            Some(ServiceLaw::parse(text, place, sink))
        }
        None => None,
    };
    let text = String::from_utf8_lossy(&input.text);
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let table = Table::of(text);
    let columns = Columns::find(&table, options, law.as_ref(), sink);
    let farm = Farm::read(options, "a request trace", sink);
    let mut read = Read { unit, ..Read::default() };
    if let Some(columns) = &columns {
        read.table(&table, columns);
        if read.rows.is_empty() {
            sink.error("S070", WHOLE, "no line of this trace could be read as a request")
                .help_if(|| read.skipped_notes(text).into_iter().next());
        }
        if read.rows.len() > REQUESTS_MAX {
            sink.error("S046", WHOLE, format!("more than {REQUESTS_MAX} requests"));
            return None;
        }
        if read.classes.len() > NAMES_MAX {
            let message = format!("{} classes; at most {NAMES_MAX}", read.classes.len());
            sink.error("S046", WHOLE, message).help("map another column to `class`, or none");
            return None;
        }
    }
    let (farm, _) = (farm?, columns?);
    let notes = read.notes(text);
    let (requests, attributes) = read.requests(sink)?;
    let loaded = farm.loaded(input, options, requests, attributes, InputKind::RequestTrace);
    Some(Loaded { notes, ..loaded })
}

/// A text as a table.
enum Table<'a> {
    Csv {
        text: &'a str,
        header: Vec<String>,
    },
    /// One object a line; the columns are the keys of the first one.
    Json {
        text: &'a str,
        header: Vec<String>,
    },
}

impl<'a> Table<'a> {
    fn of(text: &'a str) -> Table<'a> {
        let object =
            |line: &str| serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(line.trim()).ok();
        if text.trim_start().starts_with('{') {
            let first = text.lines().find_map(object).unwrap_or_default();
            let scalar = first.iter().filter(|(_, value)| !value.is_array() && !value.is_object());
            return Table::Json { text, header: scalar.map(|(key, _)| key.clone()).collect() };
        }
        let header = traces::rows(text).next().map_or(Vec::new(), |row| {
            row.fields.iter().map(|field| field.text.as_ref().to_owned()).collect()
        });
        Table::Csv { text, header }
    }

    fn header(&self) -> &[String] {
        match self {
            Table::Csv { header, .. } | Table::Json { header, .. } => header,
        }
    }

    /// Calls `each` with the place of every line and its fields in the order of the header; `None` where it has none.
    fn each(&self, mut each: impl FnMut(usize, Option<&[Cow<'_, str>]>)) {
        match self {
            Table::Csv { text, header } => {
                let mut fields: Vec<Cow<'_, str>> = Vec::new();
                for row in traces::rows(text).skip(1) {
                    fields.clear();
                    let good = row.fields.len() == header.len();
                    fields.extend(row.fields.into_iter().map(|field| field.text));
                    each(row.range.start, good.then_some(&fields));
                }
            }
            Table::Json { text, header } => {
                let mut at = 0;
                for line in text.split_inclusive('\n') {
                    let start = at;
                    at += line.len();
                    if line.trim().is_empty() {
                        continue;
                    }
                    let object =
                        serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(line.trim());
                    let fields = object.ok().map(|object| {
                        let field = |key: &String| match object.get(key) {
                            None | Some(serde_json::Value::Null) => Cow::Borrowed(""),
                            Some(serde_json::Value::String(text)) => Cow::Owned(text.clone()),
                            Some(other) => Cow::Owned(other.to_string()),
                        };
                        header.iter().map(field).collect::<Vec<_>>()
                    });
                    each(start, fields.as_deref());
                }
            }
        }
    }
}

/// Which column is for what.
struct Columns<'l> {
    /// By role; the arrival is always there.
    of: [Option<usize>; ROLES.len()],
    /// The service law with its columns, in the order of its factors and durations.
    law: Option<(&'l ServiceLaw, Vec<usize>, Vec<usize>)>,
}

impl<'l> Columns<'l> {
    fn find(
        table: &Table<'_>,
        options: &Options,
        law: Option<&'l Option<ServiceLaw>>,
        sink: &mut Sink,
    ) -> Option<Columns<'l>> {
        let header = table.header();
        let names: Vec<&str> = header.iter().map(String::as_str).collect();
        let position = |name: &str| header.iter().position(|column| column == name);
        let mut of = ROLES.map(position);
        let mut good = true;
        for (role, column) in &options.map {
            let place = sink.option("--map", &format!("{role}={column}"));
            let Some(index) = ROLES.iter().position(|known| known == role) else {
                sink.error("S074", place.part(0..role.len()), format!("no column is for `{role}`"))
                    .help_if(|| did_you_mean_or_list(role, "columns are for", &ROLES));
                good = false;
                continue;
            };
            of[index] = position(column);
            if of[index].is_none() {
                let message = format!("the trace has no column `{column}`");
                sink.error("S074", place.part(role.len() + 1..place.end), message)
                    .help_if(|| did_you_mean_or_list(column, "its columns", &names));
                good = false;
            }
        }
        let mapped = options.map.iter().any(|(role, _)| role == ROLES[ARRIVAL]);
        if of[ARRIVAL].is_none() && !mapped {
            of[ARRIVAL] = header.iter().position(|column| column.eq_ignore_ascii_case("timestamp"));
            if of[ARRIVAL].is_none() {
                sink.error("S074", WHOLE, "the trace has no column `arrival` or `timestamp`").help(format!(
                    "say which one it is: `--map arrival=COLUMN`; its columns: {}",
                    names.join(", ")
                ));
                good = false;
            }
        }
        let mut resolve = |name: &Name| {
            let found = position(&name.text);
            if found.is_none() {
                let message = format!("service depends on `{}`, which the trace does not have", name.text);
                sink.error("S072", name.place, message)
                    .help_if(|| did_you_mean_or_list(&name.text, "its columns", &names));
            }
            found
        };
        let law = match law {
            // What is wrong with it has been said.
            Some(None) => return None,
            Some(Some(law)) => {
                let factors: Option<Vec<usize>> = law.factors.iter().map(|(name, _)| resolve(name)).collect();
                let durations: Option<Vec<usize>> = law.durations.iter().map(resolve).collect();
                Some((law, factors?, durations?))
            }
            None => None,
        };
        if law.is_none() && of[SERVICE].is_none() && good {
            let mut others = names.iter().filter(|name| of[ARRIVAL].is_none_or(|at| header[at] != **name));
            let other = others.next_back().map_or("COLUMN", |name| name);
            sink.error("S071", WHOLE, "this trace does not say how long requests are served").help(format!(
                "name its column, `--map service={other}`, or a sum over columns, `--service '5ms + 20ms*{other}'`"
            ));
            good = false;
        }
        good.then_some(Columns { of, law })
    }
}

/// A request.
struct Row {
    at: i128,
    service: Span,
    class: u32,
    priority: i64,
    deadline: Option<Span>,
    client: Option<u64>,
}

/// What was read.
#[derive(Default)]
struct Read {
    unit: u64,
    rows: Vec<Row>,
    /// Names of classes, as they are first seen.
    classes: Vec<String>,
    class_index: BTreeMap<String, u32>,
    lines: usize,
    /// By reason: how many lines, and the place of the first.
    skipped: [Option<(usize, usize)>; Skipped::ALL.len()],
    /// Lines that arrive before one above them, and the place of the first.
    unsorted: Option<(usize, usize)>,
    latest: Option<i128>,
    calendar: Option<bool>,
}

impl Read {
    fn table(&mut self, table: &Table<'_>, columns: &Columns<'_>) {
        table.each(|place, fields| {
            self.lines += 1;
            match fields.ok_or(Skipped::Form).and_then(|fields| self.row(fields, columns)) {
                Ok(row) => {
                    if self.latest.is_some_and(|latest| row.at < latest) {
                        self.unsorted.get_or_insert((0, place)).0 += 1;
                    }
                    self.latest = self.latest.max(Some(row.at));
                    // One more than is allowed tells that there are more.
                    if self.rows.len() <= REQUESTS_MAX {
                        self.rows.push(row);
                    }
                }
                Err(reason) => self.skipped[reason as usize].get_or_insert((0, place)).0 += 1,
            }
        });
    }

    fn row(&mut self, fields: &[Cow<'_, str>], columns: &Columns<'_>) -> Result<Row, Skipped> {
        let field =
            |role: usize| columns.of[role].map(|at| fields[at].as_ref()).filter(|text| !text.is_empty());
        let (at, calendar) =
            arrival(field(ARRIVAL).ok_or(Skipped::Arrival)?, self.unit).ok_or(Skipped::Arrival)?;
        if *self.calendar.get_or_insert(calendar) != calendar {
            return Err(Skipped::Clock);
        }
        let duration = |text: &str| duration(text, self.unit);
        let service = match &columns.law {
            Some((law, factors, durations)) => {
                let numbers: Option<Vec<Number>> =
                    factors.iter().map(|at| Number::parse(&fields[*at])).collect();
                let spans: Option<Vec<Span>> = durations.iter().map(|at| duration(&fields[*at])).collect();
                let (numbers, spans) = numbers.zip(spans).ok_or(Skipped::Service)?;
                law.of(numbers.into_iter(), spans.into_iter()).ok_or(Skipped::Range)?
            }
            None => duration(field(SERVICE).ok_or(Skipped::Service)?).ok_or(Skipped::Service)?,
        };
        let priority = match field(PRIORITY) {
            Some(text) => text.parse().ok().filter(|p: &i64| p.unsigned_abs() <= 1_000_000_000),
            None => Some(0),
        };
        let deadline = match field(DEADLINE) {
            Some(text) => Some(duration(text).filter(|span| *span > Span::ZERO).ok_or(Skipped::Deadline)?),
            None => None,
        };
        Ok(Row {
            at,
            service,
            priority: priority.ok_or(Skipped::Priority)?,
            deadline,
            client: field(CLIENT).map(super::access_log::client_key),
            class: self.class(field(CLASS).unwrap_or(UNNAMED)).ok_or(Skipped::Class)?,
        })
    }

    fn class(&mut self, name: &str) -> Option<u32> {
        if let Some(index) = self.class_index.get(name) {
            return Some(*index);
        }
        if name.len() > NAME_BYTES_MAX || !reader::is_name(name) {
            return None;
        }
        let index = self.classes.len() as u32;
        // More than are allowed are counted, not kept.
        if self.classes.len() <= NAMES_MAX {
            self.class_index.insert(name.to_owned(), index);
            self.classes.push(name.to_owned());
        }
        Some(index)
    }

    /// What was skipped, and why.
    fn skipped_notes(&self, text: &str) -> Vec<String> {
        let reasons = Skipped::ALL.iter().filter_map(|(reason, words)| {
            let (count, first) = self.skipped[*reason as usize]?;
            let were = if count == 1 { "was" } else { "were" };
            let example = example(text, count, first);
            Some(format!("{count} of {} lines {were} skipped: {words} ({example})", self.lines))
        });
        reasons.collect()
    }

    fn notes(&self, text: &str) -> Vec<String> {
        let mut notes = self.skipped_notes(text);
        if let Some((count, first)) = self.unsorted {
            let were = if count == 1 { "was" } else { "were" };
            let example = example(text, count, first);
            notes.push(format!(
                "{count} of {} lines {were} not in order of time, and sorted ({example})",
                self.lines
            ));
        }
        if self.counted_from() != 0 && self.calendar == Some(false) {
            notes.push("arrivals are counted from the earliest one".to_owned());
        }
        notes
    }

    /// The time that arrivals are counted from.
    fn counted_from(&self) -> i128 {
        let earliest = self.rows.iter().map(|row| row.at).min().unwrap_or(0);
        if self.calendar == Some(true) || !(0..=YEAR).contains(&earliest) { earliest } else { 0 }
    }

    /// The requests of each class, sorted by time, and their attributes.
    fn requests(mut self, sink: &mut Sink) -> Option<(Vec<Requests>, Vec<Attributes>)> {
        let start = self.counted_from();
        self.rows.sort_by_key(|row| row.at);
        let mut attributes: Vec<Attributes> = Vec::new();
        let mut known: BTreeMap<(u32, i64, Option<Span>), u32> = BTreeMap::new();
        let mut requests: Vec<Requests> = self
            .classes
            .iter()
            .map(|class| Requests { class: class.clone(), data: TraceData::default() })
            .collect();
        for (nth, row) in self.rows.iter().enumerate() {
            let Some(at) = u64::try_from(row.at - start).ok().filter(|at| *at <= Time::LATEST.0) else {
                sink.error("S073", WHOLE, "the trace spans more than the 292 years that can be simulated");
                return None;
            };
            let index = *known.entry((row.class, row.priority, row.deadline)).or_insert_with(|| {
                attributes.push(Attributes {
                    place: row.class,
                    task: row.class,
                    priority: row.priority,
                    deadline: row.deadline,
                    ..Attributes::default()
                });
                attributes.len() as u32 - 1
            });
            let data = &mut requests[row.class as usize].data;
            data.rows.push(TraceRow {
                at: Time(at),
                entry: 0,
                values: data.values.len() as u32,
                count: 1,
                attributes: index,
                client: row.client.unwrap_or(nth as u64 | OWN_CLIENT),
            });
            data.values.push(row.service.0);
        }
        Some((requests, attributes))
    }
}

/// `line 13` or `the first is line 13`.
fn example(text: &str, count: usize, place: usize) -> String {
    let line = text[..place].matches('\n').count() + 1;
    if count == 1 { format!("line {line}") } else { format!("the first is line {line}") }
}

/// An arrival in nanoseconds since some time, and whether it is one of the calendar.
fn arrival(text: &str, unit: u64) -> Option<(i128, bool)> {
    if text.contains(':') {
        let at = if let Ok(at) = text.parse::<jiff::Timestamp>() {
            at
        } else {
            let local: jiff::civil::DateTime = text.parse().ok()?;
            local.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp()
        };
        return Some((at.as_nanosecond().div_euclid(1000) * 1000, true));
    }
    let (text, sign) = text.strip_prefix('-').map_or((text, 1), |rest| (rest, -1));
    Some((sign * i128::from(duration(text, unit)?.0), false))
}

/// A duration, rounded to the nearest nanosecond where it is finer.
fn duration(text: &str, unit: u64) -> Option<Span> {
    match quantity::parse_span_in(text, unit) {
        Ok(span) => Some(span),
        Err(QuantityError::Fraction(_)) => {
            let end = text.find(|c: char| c.is_alphabetic() && !matches!(c, 'e' | 'E')).unwrap_or(text.len());
            let unit = if end == text.len() { unit } else { quantity::time_unit(text[end..].trim())? };
            let number: f64 = text[..end].trim().parse().ok()?;
            Some(Span(nanos_round(number * unit as f64)))
        }
        Err(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_in_their_forms() {
        for (text, expected) in [
            ("12", Some((12_000_000, false))),
            ("1.5s", Some((1_500_000_000, false))),
            ("-3", Some((-3_000_000, false))),
            ("0.30000000000000004", Some((300_000, false))),
            ("9.999999999e-7", Some((1, false))),
            ("1970-01-01 00:00:02.6805909", Some((2_680_590_000, true))),
            ("1970-01-01T00:00:02Z", Some((2_000_000_000, true))),
            ("1970-01-01T02:00:02+02:00", Some((2_000_000_000, true))),
            ("1969-12-31 23:59:59.9999999", Some((-1_000, true))),
            ("yesterday", None),
            ("", None),
            ("12:00", None),
            ("--3", None),
            ("nan", None),
            ("1e99", None),
        ] {
            assert_eq!(arrival(text, 1_000_000), expected, "{text}");
        }
    }

    #[test]
    fn headers_tell_traces_from_task_lists() {
        for (line, expected) in [
            ("arrival,service", true),
            ("\"arrival\", service ,class", true),
            ("TIMESTAMP,ContextTokens,GeneratedTokens", true),
            ("task,arrival,service", false),
            ("task,timestamp", false),
            ("name,arrival", false),
            ("timestamp", false),
            ("arrival,cpu", false),
        ] {
            assert_eq!(is_header(line.as_bytes()), expected, "{line}");
        }
        assert!(is_object(br#"{"timestamp": 0, "input_length": 3}"#));
        assert!(!is_object(br#"{"schema": "dispatchlab.run/1"}"#) && !is_object(b"{"));
    }
}
