//! Access logs of web servers: Common and Combined Log Format, with or without a request time at the end.
//!
//! ```text
//! 192.0.2.7 - - [17/May/2026:10:05:03 +0000] "GET /a HTTP/1.1" 200 2030 "-" "browser" 0.012
//! ```
//!
//! A line is one request. It arrives at its time stamp, counted from the earliest one of the log; lines need not be
//! sorted, and lines of one second keep their order. How long a request is served comes from `--service`
//! ([`Service`]): from its size, or from the request time that nginx (`$request_time`, seconds) or Apache (`%D`,
//! microseconds) wrote at the end of the line. Lines that are no requests are skipped and counted by reason.

use super::farm::{Farm, Requests};
use super::service::{Number, ServiceLaw};
use crate::Loaded;
use crate::diagnostic::{Place, Sink, WHOLE, did_you_mean_or_list};
use crate::input::{Input, InputKind};
use crate::options::Options;
use crate::run_options;
use sim_core::model::{Attributes, TraceData, TraceRow};
use sim_core::quantity;
use sim_core::units::{Span, Time};
use std::net::{Ipv4Addr, Ipv6Addr};

/// A request as the log tells it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Request {
    /// Nanoseconds since 1970; negative before.
    at: i128,
    bytes: u64,
    client: u64,
    /// The number at the end of the line, in nanoseconds where it is read as seconds.
    field: Option<Span>,
}

/// Why a line is no request.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Skipped {
    /// It does not look like the log format.
    Form,
    /// Its time stamp is no time.
    Time,
    /// Its size is no number.
    Size,
    /// It has no request time, and `--service field` needs one.
    NoField,
    /// Its service time is beyond the range of time.
    Range,
}

impl Skipped {
    const ALL: [Skipped; 5] = [Skipped::Form, Skipped::Time, Skipped::Size, Skipped::NoField, Skipped::Range];

    fn words(self) -> &'static str {
        match self {
            Skipped::Form => "not in Common or Combined Log Format",
            Skipped::Time => "without a valid time stamp",
            Skipped::Size => "without a valid size",
            Skipped::NoField => "without a request time at the end",
            Skipped::Range => "with a service time beyond the range of time",
        }
    }
}

/// Whether a line looks like a request.
pub(crate) fn is_request(line: &[u8]) -> bool {
    Request::parse(line, FieldUnit::Seconds).is_ok()
}

/// The unit of the request time at the end of a line.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum FieldUnit {
    Seconds,
    Micros,
}

impl Request {
    fn parse(line: &[u8], unit: FieldUnit) -> Result<Request, Skipped> {
        let line = String::from_utf8_lossy(line);
        let mut rest = line.trim();
        let mut word = || -> Option<&str> {
            let (word, tail) = rest.split_once(' ')?;
            rest = tail.trim_start();
            Some(word)
        };
        let host = word().filter(|host| !host.is_empty()).ok_or(Skipped::Form)?.to_owned();
        // The identity is one word; the user's name may have spaces, so the time is found by its bracket.
        word().ok_or(Skipped::Form)?;
        let open = rest.find('[').ok_or(Skipped::Form)?;
        let close = rest[open..].find(']').ok_or(Skipped::Form)? + open;
        let stamp = rest[open + 1..close].to_owned();
        let mut fields = Fields { rest: rest[close + 1..].trim_start() };
        let request = fields.next().ok_or(Skipped::Form)?;
        let status = fields.next().ok_or(Skipped::Form)?;
        let bytes = fields.next().ok_or(Skipped::Form)?;
        if !request.quoted || status.text.len() != 3 || !status.text.bytes().all(|b| b.is_ascii_digit()) {
            return Err(Skipped::Form);
        }
        let bytes = match bytes.text {
            "-" => 0,
            text if text.bytes().all(|b| b.is_ascii_digit()) => text.parse().map_err(|_| Skipped::Size)?,
            _ => return Err(Skipped::Size),
        };
        let at = timestamp(&stamp).ok_or(Skipped::Time)?;
        let last = std::iter::from_fn(|| fields.next()).last();
        let field = last.and_then(|field| request_time(field.text, unit));
        Ok(Request { at, bytes, client: client_key(&host), field })
    }
}

/// The words of the rest of a line; quotes hold words together, `\"` inside them is a quote.
struct Fields<'a> {
    rest: &'a str,
}

#[derive(Clone, Copy)]
struct Word<'a> {
    text: &'a str,
    quoted: bool,
}

impl<'a> Fields<'a> {
    fn next(&mut self) -> Option<Word<'a>> {
        let rest = self.rest.trim_start();
        if rest.is_empty() {
            return None;
        }
        if let Some(inner) = rest.strip_prefix('"') {
            let mut escaped = false;
            let end = inner.find(|c: char| {
                let ends = c == '"' && !escaped;
                escaped = c == '\\' && !escaped;
                ends
            });
            let end = end?;
            self.rest = &inner[end + 1..];
            return Some(Word { text: &inner[..end], quoted: true });
        }
        let end = rest.find(' ').unwrap_or(rest.len());
        self.rest = &rest[end..];
        Some(Word { text: &rest[..end], quoted: false })
    }
}

/// `17/May/2015:10:05:03 +0000` in nanoseconds since 1970.
fn timestamp(text: &str) -> Option<i128> {
    let zoned = jiff::fmt::strtime::parse("%d/%b/%Y:%H:%M:%S %z", text).ok()?;
    zoned.to_timestamp().ok().map(jiff::Timestamp::as_nanosecond)
}

/// The number at the end of a line.
fn request_time(text: &str, unit: FieldUnit) -> Option<Span> {
    let plain = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    let nanos = match unit {
        FieldUnit::Seconds => 1_000_000_000,
        FieldUnit::Micros => 1_000,
    };
    plain.then(|| quantity::parse_span_in(text, nanos).ok()).flatten()
}

/// An IPv4 address as a number; anything else as a hash with the top bit set.
pub(super) fn client_key(host: &str) -> u64 {
    if let Ok(address) = host.parse::<Ipv4Addr>() {
        return u64::from(u32::from(address));
    }
    // The many spellings of one IPv6 address are one client.
    let hash = match host.parse::<Ipv6Addr>() {
        Ok(address) => xxhash_rust::xxh3::xxh3_64(&address.octets()),
        Err(_) => xxhash_rust::xxh3::xxh3_64(host.as_bytes()),
    };
    hash | 1 << 63
}

/// How long requests are served.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Service {
    /// A constant and a part for each byte.
    Sum(ServiceLaw),
    /// What the log says.
    Field(FieldUnit),
}

const SERVICE_HELP: &str = "for instance `--service '100ms + 1us/byte'`, or `--service field` (seconds) or \
                            `--service field-us` (microseconds) for the request time at the end of each line";

impl Service {
    /// Reads `100ms + 1us/byte`, `field` or `field-us`.
    fn parse(text: &str, place: Place, sink: &mut Sink) -> Option<Service> {
        match text.trim() {
            "field" => return Some(Service::Field(FieldUnit::Seconds)),
            "field-us" => return Some(Service::Field(FieldUnit::Micros)),
            _ => {}
        }
        let law = ServiceLaw::parse(text, place, sink)?;
        let names = law.factors.iter().map(|(name, _)| (name, true));
        let others = names
            .chain(law.durations.iter().map(|name| (name, false)))
            .filter(|(name, factor)| !factor || !["byte", "B", "bytes"].contains(&name.text.as_str()));
        let mut good = true;
        for (name, _) in others {
            let message = format!("service can depend on bytes, not on `{}`", name.text);
            sink.error("S072", name.place, message)
                .help_if(|| did_you_mean_or_list(&name.text, "write", &["byte", "field", "field-us"]));
            good = false;
        }
        good.then_some(Service::Sum(law))
    }

    fn unit(&self) -> FieldUnit {
        match self {
            Service::Field(unit) => *unit,
            Service::Sum(_) => FieldUnit::Seconds,
        }
    }

    /// The service time of a request.
    fn of(&self, request: &Request) -> Result<Span, Skipped> {
        match self {
            Service::Field(_) => request.field.ok_or(Skipped::NoField),
            Service::Sum(law) => {
                let bytes = std::iter::repeat(Number::whole(request.bytes));
                law.of(bytes, std::iter::empty()).ok_or(Skipped::Range)
            }
        }
    }
}

/// Compiles a log.
pub(crate) fn load(input: &Input, options: &Options, sink: &mut Sink) -> Option<Loaded> {
    run_options::refuse_map(options, sink);
    let service = service(options, sink);
    let farm = Farm::read(options, "an access log", sink);
    let log = read(&input.text, service.as_ref());
    if log.requests.is_empty() {
        sink.error("S070", WHOLE, "no line of this log could be read as a request")
            .help_if(|| log.notes().into_iter().next());
    }
    let (farm, _) = (farm?, service?);
    let notes = log.notes();
    let requests = Requests { class: "request".to_owned(), data: log.trace(sink)? };
    let loaded =
        farm.loaded(input, options, vec![requests], vec![Attributes::default()], InputKind::AccessLog);
    Some(Loaded { notes, ..loaded })
}

fn service(options: &Options, sink: &mut Sink) -> Option<Service> {
    let Some(text) = &options.service else {
        sink.error("S071", WHOLE, "an access log does not say how long requests are served")
            .help(SERVICE_HELP);
        return None;
    };
    let place = sink.option("--service", text);
    Service::parse(text, place, sink)
}

/// What was read.
#[derive(Default)]
struct Log {
    requests: Vec<(Request, Span)>,
    lines: usize,
    /// By reason: how many lines, and the number of the first.
    skipped: [Option<(usize, usize)>; Skipped::ALL.len()],
}

/// Reads a log; without a service law the requests are read all the same, for what is wrong with them.
fn read(text: &[u8], service: Option<&Service>) -> Log {
    let unit = service.map_or(FieldUnit::Seconds, Service::unit);
    let mut log = Log::default();
    for (index, line) in text.split(|b| *b == b'\n').enumerate() {
        let line = line.trim_ascii();
        if line.is_empty() || line.starts_with(b"#") {
            continue;
        }
        log.lines += 1;
        let parsed = Request::parse(line, unit).and_then(|request| {
            let span = service.map_or(Ok(Span::ZERO), |service| service.of(&request))?;
            Ok((request, span))
        });
        match parsed {
            Ok(request) => log.requests.push(request),
            Err(reason) => log.skipped[reason as usize].get_or_insert((0, index + 1)).0 += 1,
        }
    }
    log
}

impl Log {
    /// What was skipped, and why.
    fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        for reason in Skipped::ALL {
            if let Some((count, first)) = self.skipped[reason as usize] {
                let were = if count == 1 { "was" } else { "were" };
                let (all, why) = (self.lines, reason.words());
                let example =
                    if count == 1 { format!("line {first}") } else { format!("the first is line {first}") };
                notes.push(format!("{count} of {all} lines {were} skipped: {why} ({example})"));
            }
        }
        notes
    }

    /// Sorted by time, lines of one instant in their order, counted from the earliest.
    fn trace(mut self, sink: &mut Sink) -> Option<TraceData> {
        self.requests.sort_by_key(|(request, _)| request.at);
        let first = self.requests.first()?.0.at;
        let mut data = TraceData::default();
        for (index, (request, span)) in self.requests.iter().enumerate() {
            let Some(at) = u64::try_from(request.at - first).ok().filter(|at| *at <= Time::LATEST.0) else {
                sink.error("S073", WHOLE, "the log spans more than the 292 years that can be simulated");
                return None;
            };
            data.rows.push(TraceRow {
                at: Time(at),
                entry: 0,
                values: index as u32,
                count: 1,
                attributes: 0,
                client: request.client,
            });
            data.values.push(span.0);
        }
        Some(data)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &str =
        r#"192.0.2.7 - bob [17/May/2015:10:05:03 +0200] "GET /a\"b HTTP/1.1" 200 2030 "-" "a b 7" 0.012"#;

    #[test]
    fn a_line_is_read_in_full() {
        let request = Request::parse(LINE.as_bytes(), FieldUnit::Seconds).unwrap();
        assert_eq!(request.at, 1_431_849_903 * 1_000_000_000);
        assert_eq!((request.bytes, request.client), (2030, 0xC000_0207));
        assert_eq!(request.field, Some(Span::from_millis(12)));
    }

    #[test]
    fn clients_that_are_no_ipv4_address_have_the_top_bit() {
        assert_eq!(client_key("2001:db8::1"), client_key("2001:0db8:0:0:0:0:0:1"));
        assert!(client_key("2001:db8::1") >> 63 == 1 && client_key("host.example") >> 63 == 1);
        assert_eq!(client_key("0.0.0.9"), 9);
    }

    #[test]
    fn dirty_lines_are_refused_by_reason() {
        for (line, reason) in [
            ("", Skipped::Form),
            ("garbage", Skipped::Form),
            (r#"a - - [17/May/2015:10:05:03 +0000] "GET / HTTP/1.1" 200"#, Skipped::Form),
            (r#"a - - [17/May/2015:10:05:03 +0000] "GET / HTTP/1.1 200 12"#, Skipped::Form),
            (r#"a - - [17/Mai/2015:10:05:03 +0000] "GET / HTTP/1.1" 200 12"#, Skipped::Time),
            (r#"a - - [17/May/2015:10:05:03 +0000] "GET / HTTP/1.1" 200 -12"#, Skipped::Size),
            (
                r#"a - - [17/May/2015:10:05:03 +0000] "GET / HTTP/1.1" 200 99999999999999999999"#,
                Skipped::Size,
            ),
        ] {
            assert_eq!(Request::parse(line.as_bytes(), FieldUnit::Seconds), Err(reason), "{line}");
        }
        assert_eq!(
            Request::parse(br#"a - - [17/May/2015:10:05:03 +0000] "-" 400 -"#, FieldUnit::Seconds)
                .unwrap()
                .bytes,
            0
        );
    }
}
