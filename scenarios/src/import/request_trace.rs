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

use super::Parsed;
use super::chosen::unit_behind;
use super::classes::{Asked, Classes};
use super::client;
use super::farm::Farm;
use super::floor::Floor;
use super::json;
use super::requests::{Held, Read, Row, Skipped, UNNAMED, WithinSecond};
use super::roles::ROLES;
use super::service::{Name, Number, ServiceLaw};
use super::stamp::{self, Fault, Stamp};
use super::value::duration;
use crate::Loaded;
use crate::diagnostic::{Sink, WHOLE, did_you_mean_or_list};
use crate::input::{Input, InputKind};
use crate::options::Options;
use crate::run_options;
use crate::stream;
use crate::traces;
use sim_core::units::Span;
use std::borrow::Cow;
use std::io;

const ARRIVAL: usize = 0;
const SERVICE: usize = 1;
const CLASS: usize = 2;
const DEADLINE: usize = 3;
const PRIORITY: usize = 4;
const CLIENT: usize = 5;

/// Columns that say what was asked: method, path, status.
const ASKED: [&[&str]; 3] =
    [&["method", "verb"], &["path", "uri", "url"], &["status", "status_code", "code"]];

/// Whether the first line of a text is the header of a request trace.
pub(crate) fn is_header(line: &[u8]) -> bool {
    let Ok(line) = std::str::from_utf8(line) else { return false };
    let Some(row) = traces::rows(line).next() else { return false };
    let has = |name: &str| row.fields.iter().any(|field| field.text.eq_ignore_ascii_case(name));
    row.fields.len() > 1 && !has("task") && (has("timestamp") || has("arrival") && has("service"))
}

/// Why a line was skipped, in words.
fn words(reason: Skipped) -> &'static str {
    match reason {
        Skipped::Form | Skipped::Size => "not as many fields as the header, or no JSON object",
        Skipped::Arrival => "without a valid arrival",
        Skipped::Zone => "with a time zone whose name does not say which one it is",
        Skipped::Clock => {
            "with a time of the calendar among numbers, or a number among times of the calendar"
        }
        Skipped::Year => "without a year where others have one, or with one where others have none",
        Skipped::Negative => "with a service time below zero",
        Skipped::Service => "without a valid service time, or without a number that it depends on",
        Skipped::Range => "with a service time beyond the range of time",
        Skipped::Class => "with a class that is no name",
        Skipped::Deadline => "with a deadline that is no duration",
        Skipped::Priority => "with a priority that is no whole number from -1000000000 to 1000000000",
    }
}

/// Compiles a trace.
pub(crate) fn load(input: &Input, options: &Options, sink: &mut Sink) -> Option<Loaded> {
    let unit = run_options::time_unit(&options.time_unit, sink);
    // `field:NAME` is a column as `--map service=NAME` has it, and `field` the one that goes by its name.
    let chosen = options.service.as_deref().and_then(|text| text.trim().strip_prefix("field:"));
    let plain = options.service.as_deref().is_some_and(|text| ["field", "field-us"].contains(&text.trim()));
    let law = match &options.service {
        _ if chosen.is_some() || plain => None,
        Some(text) => {
            let place = sink.option("--service", text);
            Some(ServiceLaw::parse(text, place, sink))
        }
        None => None,
    };
    for (flag, text) in [("--stamp", &options.stamp), ("--client", &options.client)] {
        if let Some(text) = text {
            let help =
                Some("columns of a request trace are named by `--map arrival=...,service=...,client=...`");
            run_options::refuse(flag, text, "is for access logs", help, sink);
        }
    }
    let farm = Farm::read(options, "a request trace", sink);
    let parsed = input.origin.parsed((&input.text, true), options, || {
        let read = parse(input, options, chosen, law.as_ref(), unit, sink);
        read.unwrap_or_else(|error| {
            stream::say(&error, sink);
            None
        })
    })?;
    Some(farm?.loaded(input, options, &parsed, InputKind::RequestTrace))
}

fn parse(
    input: &Input,
    options: &Options,
    chosen: Option<&str>,
    law: Option<&Option<ServiceLaw>>,
    unit: u64,
    sink: &mut Sink,
) -> io::Result<Option<Parsed>> {
    let mut table = Table::of(input);
    if Columns::may_be_further(&table, options, chosen, law) {
        table.widen()?;
    }
    let classes = Classes::read(options, sink);
    let within = WithinSecond::read(options, sink);
    let floor = Floor::read(options, sink);
    let columns = Columns::find(&table, options, chosen, law, unit, sink);
    let ((Some(classes), Some(within)), (Some(floor), Some(columns))) = ((classes, within), (floor, columns))
    else {
        return Ok(None);
    };
    if classes.is_used() && columns.check(&classes, sink).is_none() {
        return Ok(None);
    }
    let mut reading = Reading { read: Read::new(&classes), header: table.header.clone(), columns, classes };
    reading.read.watch = sink.watch();
    if reading.table(&table)? {
        // A column that the beginning of a long text does not have.
        table.widen()?;
        let Some(columns) = Columns::find(&table, options, chosen, law, unit, sink) else { return Ok(None) };
        reading =
            Reading { read: Read::new(&reading.classes), header: table.header.clone(), columns, ..reading };
        reading.read.watch = sink.watch();
        reading.table(&table)?;
    }
    let mut read = reading.read;
    if !read.check("trace", &words, sink) {
        return Ok(None);
    }
    if is_epoch(&read, &reading.columns, options) {
        let column = &table.header[reading.columns.of[ARRIVAL].unwrap_or(0)];
        sink.error(
            "S075",
            WHOLE,
            format!("the numbers of `{column}` could be seconds since 1970 or milliseconds"),
        )
        .help(format!(
            "`--map arrival={column}:s` reads them as seconds, `--map arrival={column}:ms` as milliseconds"
        ));
        return Ok(None);
    }
    let mut notes = Vec::new();
    notes.extend(read.arrive(within, options.within_second.is_some(), options.seed.unwrap_or(1)));
    notes.extend(read.notes(&words));
    if options.service_floor.is_some() {
        notes.extend(floor.applied(law.is_none(), &mut read, options, sink));
    }
    if read.rows.is_empty() {
        return Ok(None);
    }
    let requests = read.requests("trace", sink);
    Ok(requests.map(|(requests, attributes)| Parsed { requests, attributes, notes }))
}

/// Whether arrivals that nobody gave a unit are the seconds of our time, taken for milliseconds.
fn is_epoch(read: &Read, columns: &Columns<'_>, options: &Options) -> bool {
    /// 2001 and 2033, in seconds.
    const YEARS: std::ops::Range<i128> = 1_000_000_000..2_000_000_000;
    let unit = i128::from(columns.units[ARRIVAL]);
    let ours = |row: &Held| YEARS.contains(&((read.origin + i128::from(row.at)) / unit));
    !columns.has_unit
        && options.time_unit == Options::default().time_unit
        && read.calendar == Some(false)
        && !read.rows.is_empty()
        && read.rows.iter().all(ours)
}

/// A text as a table.
struct Table<'i> {
    input: &'i Input,
    /// Of JSON objects, the paths that any of them has; of a text that is not held, those of its beginning at first.
    header: Vec<String>,
    json: bool,
    /// What stands between fields.
    separator: char,
    /// Whether the header is that of all lines.
    complete: bool,
}

impl<'i> Table<'i> {
    fn of(input: &'i Input) -> Table<'i> {
        let text = String::from_utf8_lossy(&input.text);
        let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
        let json = json::is_json(text.as_bytes());
        let mut header = Vec::new();
        if json {
            json::each_of(text.as_bytes(), |_, object| {
                if let Some(object) = object {
                    json::paths(&object, "", &mut header);
                }
                true
            });
        } else if let Some(row) = traces::rows(text).next() {
            header.extend(row.fields.iter().map(|field| field.text.as_ref().to_owned()));
        }
        let complete = !json || input.is_held();
        Table { input, header, json, separator: traces::separator(text), complete }
    }

    /// Looks for columns in all lines.
    fn widen(&mut self) -> io::Result<()> {
        let header = &mut self.header;
        json::each(&self.input.text, self.input.open()?, |_, object| {
            if let Some(object) = object {
                json::paths(&object, "", header);
            }
            true
        })?;
        self.complete = true;
        Ok(())
    }

    /// Whether a comma can be of the decimals of a number.
    fn comma(&self) -> bool {
        !self.json && self.separator != ','
    }

    /// Whether an object has a column that the header lacks and that goes by its name.
    fn is_wider(&self, object: &json::Object) -> bool {
        let named = |key: &str| {
            let roles = ROLES.iter().chain(ASKED.into_iter().flatten()).chain(&["timestamp"]);
            roles.into_iter().any(|name| key.eq_ignore_ascii_case(name))
        };
        !self.complete && object.keys().any(|key| named(key) && !self.header.contains(key))
    }

    /// Calls `each` with the number of every line and its fields in the order of the header; `None` where it has none.
    /// True: a line has more columns that matter, and the rest was not read.
    fn each(&self, mut each: impl FnMut(usize, Option<&[Cow<'_, str>]>)) -> io::Result<bool> {
        if self.json {
            let mut wider = false;
            json::each(&self.input.text, self.input.open()?, |line, object| {
                wider = object.as_ref().is_some_and(|object| self.is_wider(object));
                if !wider {
                    let field = |object: &json::Object, path: &str| json::text(json::lookup(object, path));
                    let fields = object.map(|object| {
                        self.header.iter().map(|path| field(&object, path)).collect::<Vec<_>>()
                    });
                    each(line, fields.as_deref());
                }
                !wider
            })?;
            return Ok(wider);
        }
        let mut lines = self.input.lines()?;
        let mut header = true;
        while let Some((number, line)) = lines.next()? {
            let line = String::from_utf8_lossy(line);
            let Some(fields) = traces::line(&line, self.separator) else { continue };
            if std::mem::take(&mut header) {
                continue;
            }
            let good = fields.len() == self.header.len();
            let fields: Vec<Cow<'_, str>> = fields.into_iter().map(|field| field.text).collect();
            each(number, good.then_some(&fields));
        }
        Ok(false)
    }
}

/// Which column is for what.
struct Columns<'l> {
    /// By role; the arrival is always there.
    of: [Option<usize>; ROLES.len()],
    /// By role: of bare numbers, in nanoseconds.
    units: [u64; ROLES.len()],
    /// Whether the unit of arrivals was given.
    has_unit: bool,
    /// A comma can be of the decimals of a number.
    comma: bool,
    /// Method, path and status.
    asked: [Option<usize>; ASKED.len()],
    /// The service law with its columns, in the order of its factors and durations.
    law: Option<(&'l ServiceLaw, Vec<usize>, Vec<usize>)>,
}

impl<'l> Columns<'l> {
    /// Whether something that is asked for is not among the columns, and they are not those of all lines.
    fn may_be_further(
        table: &Table<'_>,
        options: &Options,
        chosen: Option<&str>,
        law: Option<&Option<ServiceLaw>>,
    ) -> bool {
        let there = |column: &str| {
            position(&table.header, column)
                .or_else(|| position(&table.header, unit_behind(column).0))
                .is_some()
        };
        let law = law.into_iter().flatten();
        let names = law.flat_map(|law| law.factors.iter().map(|(name, _)| name).chain(&law.durations));
        let names = names.map(|name| name.text.as_str()).chain(chosen);
        let mapped = options.map.iter().map(|(_, column)| column.as_str());
        !table.complete && !names.chain(mapped).all(there)
    }

    fn find(
        table: &Table<'_>,
        options: &Options,
        chosen: Option<&str>,
        law: Option<&'l Option<ServiceLaw>>,
        unit: u64,
        sink: &mut Sink,
    ) -> Option<Columns<'l>> {
        let header = &table.header[..];
        let names: Vec<&str> = header.iter().map(String::as_str).collect();
        let mut good = true;
        let mut of = [None; ROLES.len()];
        let mut units = [unit; ROLES.len()];
        let mut has_unit = false;
        let chosen = chosen.map(|column| ("service".to_owned(), column.to_owned(), "--service"));
        let mapped = options.map.iter().map(|(role, column)| (role.clone(), column.clone(), "--map"));
        let mapped: Vec<(String, String, &str)> = mapped.chain(chosen).collect();
        for (role, column, flag) in &mapped {
            let (place, front) = match *flag {
                "--map" => (sink.option(flag, &format!("{role}={column}")), role.len() + 1),
                _ => (sink.option(flag, &format!("field:{column}")), "field:".len()),
            };
            let Some(index) = ROLES.iter().position(|known| known == role) else {
                sink.error("S074", place.part(0..role.len()), format!("no column is for `{role}`"))
                    .help_if(|| did_you_mean_or_list(role, "columns are for", &ROLES));
                good = false;
                continue;
            };
            let place = place.part(front..place.end);
            let (name, own) = match position(header, column) {
                Some(_) => (column.as_str(), None),
                None => unit_behind(column),
            };
            units[index] = own.unwrap_or(unit);
            has_unit |= index == ARRIVAL && own.is_some();
            of[index] = position(header, name);
            if of[index].is_none() {
                let message = format!("the trace has no column `{name}`");
                sink.error("S074", place, message)
                    .help_if(|| did_you_mean_or_list(name, "its columns", &names));
                good = false;
            }
        }
        // What is not mapped goes by its name; two of one name could both be meant.
        for (index, role) in ROLES.iter().enumerate() {
            let mapped = mapped.iter().any(|(own, ..)| own == role);
            if mapped || index == SERVICE && law.is_some() {
                continue;
            }
            let is = |column: &String| {
                column.eq_ignore_ascii_case(role)
                    || index == ARRIVAL && column.eq_ignore_ascii_case("timestamp")
            };
            let found: Vec<usize> = (0..header.len()).filter(|at| is(&header[*at])).collect();
            of[index] = found.first().copied();
            if let [first, second, ..] = found[..] {
                let (a, b) = (&header[first], &header[second]);
                let message = format!(
                    "columns {} and {} (`{a}`, `{b}`) could both be the {role}",
                    first + 1,
                    second + 1
                );
                sink.error("S075", WHOLE, message).help(format!(
                    "say which one it is: `--map {role}=#{}` or `--map {role}=#{}`",
                    first + 1,
                    second + 1
                ));
                good = false;
            }
        }
        let mapped = mapped.iter().any(|(role, ..)| role == ROLES[ARRIVAL]);
        if of[ARRIVAL].is_none() && !mapped {
            sink.error("S074", WHOLE, "the trace has no column `arrival` or `timestamp`").help(format!(
                "say which one it is: `--map arrival=COLUMN`; its columns: {}",
                names.join(", ")
            ));
            good = false;
        }
        let mut resolve = |name: &Name| {
            let found = position(header, &name.text);
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
        let asked = ASKED.map(|names| {
            header.iter().position(|column| names.iter().any(|name| column.eq_ignore_ascii_case(name)))
        });
        good.then_some(Columns { of, units, has_unit, comma: table.comma(), asked, law })
    }

    /// Whether patterns can be told from the columns that there are.
    fn check(&self, classes: &Classes, sink: &mut Sink) -> Option<()> {
        let before = sink.count();
        if classes.needs_status() && self.asked[2].is_none() {
            sink.error("S077", WHOLE, "patterns ask for a status, and the trace has no column `status`");
        }
        if classes.needs_request() && self.asked[0].is_none() && self.asked[1].is_none() {
            let message = "patterns ask for a method or path, and the trace has no column `method` or `path`";
            sink.error("S077", WHOLE, message);
        }
        (sink.count() == before).then_some(())
    }
}

/// The column of a name, or of its number: `#2`, or `2`; -1 is the last.
fn position(header: &[String], name: &str) -> Option<usize> {
    let named = header.iter().position(|column| column == name);
    named.or_else(|| {
        let number: i64 = name.strip_prefix('#').unwrap_or(name).parse().ok()?;
        let size =
            usize::try_from(number.unsigned_abs()).ok().filter(|size| (1..=header.len()).contains(size))?;
        Some(if number > 0 { size - 1 } else { header.len() - size })
    })
}

/// What is read with what.
struct Reading<'l> {
    read: Read,
    header: Vec<String>,
    columns: Columns<'l>,
    classes: Classes,
}

impl Reading<'_> {
    fn table(&mut self, table: &Table<'_>) -> io::Result<bool> {
        table.each(|line, fields| {
            let row = fields.ok_or(Skipped::Form).and_then(|fields| self.row(line, fields));
            self.read.take(line, row);
        })
    }

    fn row(&mut self, line: usize, fields: &[Cow<'_, str>]) -> Result<Option<Row>, Skipped> {
        let columns = &self.columns;
        let field =
            |role: usize| columns.of[role].map(|at| fields[at].as_ref()).filter(|text| !text.is_empty());
        let (stamp, calendar) = arrival(field(ARRIVAL).ok_or(Skipped::Arrival)?, columns)?;
        if *self.read.calendar.get_or_insert(calendar) != calendar {
            return Err(Skipped::Clock);
        }
        let stamp = self.read.times.dated(stamp, line)?;
        let duration = |text: &str, role: usize| duration(text, columns.units[role], columns.comma);
        let service = if let Some((law, factors, durations)) = &columns.law {
            let number = |at: &usize| {
                let text = fields[*at].as_ref();
                if columns.comma { Number::parse(&text.replacen(',', ".", 1)) } else { Number::parse(text) }
            };
            let numbers: Option<Vec<Number>> = factors.iter().map(number).collect();
            let spans: Option<Vec<Span>> =
                durations.iter().map(|at| duration(&fields[*at], SERVICE)).collect();
            let (numbers, spans) = numbers.zip(spans).ok_or(Skipped::Service)?;
            law.of(numbers.into_iter(), spans.into_iter()).ok_or(Skipped::Range)?
        } else {
            let text = field(SERVICE).ok_or(Skipped::Service)?;
            duration(text, SERVICE).ok_or_else(|| match text.strip_prefix('-') {
                Some(rest) if duration(rest, SERVICE).is_some() => {
                    self.read.name_negative(&self.header[columns.of[SERVICE].unwrap_or(0)], text)
                }
                _ => Skipped::Service,
            })?
        };
        let priority = match field(PRIORITY) {
            Some(text) => text.parse().ok().filter(|p: &i64| p.unsigned_abs() <= 1_000_000_000),
            None => Some(0),
        };
        let deadline = match field(DEADLINE) {
            Some(text) => {
                Some(duration(text, DEADLINE).filter(|span| *span > Span::ZERO).ok_or(Skipped::Deadline)?)
            }
            None => None,
        };
        let priority = priority.ok_or(Skipped::Priority)?;
        let text = |column: usize| columns.asked[column].map_or("", |at| fields[at].as_ref());
        let asked = Asked { method: text(0), target: text(1), status: text(2).parse().ok() };
        if !self.classes.is_in(&asked) {
            return Ok(None);
        }
        let name = self.classes.of(&asked).or(field(CLASS)).unwrap_or(UNNAMED);
        let class = self.read.class(name).ok_or(Skipped::Class)?;
        let client = field(CLIENT).and_then(client::key);
        if client.is_none() && field(CLIENT).is_some() {
            self.read.count_nobody(line);
        }
        if columns.asked[2].is_some() {
            self.read.count_status(asked.status);
        }
        Ok(Some(Row { stamp, back: Span::ZERO, service, class, priority, deadline, client }))
    }
}

/// An arrival in nanoseconds since some time, and whether it is one of the calendar.
fn arrival(text: &str, columns: &Columns<'_>) -> Result<(Stamp, bool), Skipped> {
    if text.contains(':') {
        let found = stamp::told(text).map_err(|fault| match fault {
            Fault::Form => Skipped::Arrival,
            Fault::Zone => Skipped::Zone,
        })?;
        return Ok((Stamp { at: found.at.div_euclid(1000) * 1000, ..found }, true));
    }
    let (text, sign) = text.strip_prefix('-').map_or((text, 1), |rest| (rest, -1));
    let span = duration(text, columns.units[ARRIVAL], columns.comma).ok_or(Skipped::Arrival)?;
    Ok((Stamp { at: sign * i128::from(span.0), yearless: false, leap: false }, false))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_in_their_forms() {
        let columns = Columns {
            of: [None; ROLES.len()],
            units: [1_000_000; ROLES.len()],
            has_unit: false,
            comma: false,
            asked: [None; ASKED.len()],
            law: None,
        };
        for (text, expected) in [
            ("12", Ok((12_000_000, false))),
            ("1.5s", Ok((1_500_000_000, false))),
            ("-3", Ok((-3_000_000, false))),
            ("0.30000000000000004", Ok((300_000, false))),
            ("9.999999999e-7", Ok((1, false))),
            ("1970-01-01 00:00:02.6805909", Ok((2_680_590_000, true))),
            ("1970-01-01T00:00:02Z", Ok((2_000_000_000, true))),
            ("1970-01-01T02:00:02+02:00", Ok((2_000_000_000, true))),
            ("1969-12-31 23:59:59.9999999", Ok((-1_000, true))),
            ("1970-01-01 00:00:02 XYZ", Err(Skipped::Zone)),
            ("yesterday", Err(Skipped::Arrival)),
            ("", Err(Skipped::Arrival)),
            ("--3", Err(Skipped::Arrival)),
            ("1e99", Err(Skipped::Arrival)),
        ] {
            let found = arrival(text, &columns).map(|(stamp, calendar)| (stamp.at, calendar));
            assert_eq!(found, expected, "{text}");
        }
    }

    #[test]
    fn headers_tell_traces_from_task_lists() {
        for (line, expected) in [
            ("arrival,service", true),
            ("\"arrival\", service ,class", true),
            ("TIMESTAMP,ContextTokens,GeneratedTokens", true),
            ("arrival;service", true),
            ("\"Arrival\"\t\"Service\"", true),
            ("task,arrival,service", false),
            ("task,timestamp", false),
            ("name,arrival", false),
            ("timestamp", false),
            ("arrival,cpu", false),
        ] {
            assert_eq!(is_header(line.as_bytes()), expected, "{line}");
        }
    }
}
