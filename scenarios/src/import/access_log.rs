//! Access logs of web servers, proxies and load balancers, in any format that is known, told or named.
//!
//! ```text
//! 192.0.2.7 - - [17/May/2026:10:05:03 +0000] "GET /a HTTP/1.1" 200 2030 "-" "browser" 0.012
//! ```
//!
//! A line is one request. `--log-format` has the server's own format string or a name; without it the format is told from
//! many lines ([`recognize`]). Every format is fields with text between ([`Format`]), and what a field means is in one
//! table a program ([`fields`](super::fields)). What a line is as a request is in [`roles`](super::roles), which number
//! the service time is in [`chosen`](super::chosen). Lines that are no requests are skipped and counted by reason.

use super::chosen;
use super::classes::Classes;
use super::farm::Farm;
use super::fields::{Field, Meaning, Moment};
use super::floor::Floor;
use super::format::{self, Format, Line};
use super::json;
use super::presets;
use super::recognize::{self, Layout, Recognized};
use super::requests::{Read, Skipped, WithinSecond};
use super::roles::{Roles, SERVICE_HELP, Sample, Wanted};
use crate::Loaded;
use crate::diagnostic::{Sink, WHOLE, did_you_mean};
use crate::input::{Input, InputKind};
use crate::options::Options;
use std::borrow::Cow;
use std::fmt::Write as _;

/// Whether a text is a log that is told without options.
pub(crate) fn is_log(text: &[u8]) -> bool {
    recognize::recognize(text, None).is_some()
}

/// Why a line was skipped, in words.
fn words(reason: Skipped) -> &'static str {
    match reason {
        Skipped::Form => "not in the format of the log",
        Skipped::Arrival | Skipped::Clock => "without a valid time stamp",
        Skipped::Zone => "with a time zone whose name does not say which one it is",
        Skipped::Size => "without a valid size",
        Skipped::Service => "without a request time",
        Skipped::Range => "with a service time beyond the range of time",
        Skipped::Class => "with a class that is no name",
        Skipped::Deadline => "with a deadline that is no duration",
        Skipped::Priority => "with a priority that is no whole number from -1000000000 to 1000000000",
    }
}

/// Compiles a log.
pub(crate) fn load(input: &Input, options: &Options, sink: &mut Sink) -> Option<Loaded> {
    let wanted = match &options.service {
        Some(text) => {
            let place = sink.option("--service", text);
            Some(Wanted::read(text, place, sink))
        }
        None => None,
    };
    if wanted.is_none() && !options.map.iter().any(|(role, _)| role == "service") {
        sink.error("S071", WHOLE, "an access log does not say how long requests are served")
            .help(SERVICE_HELP);
    }
    let farm = Farm::read(options, "an access log", sink);
    let classes = Classes::read(options, sink);
    let within = WithinSecond::read(options, sink);
    let floor = Floor::read(options, sink);
    let recognized = recognized(input, options, sink)?;
    let (classes, within, floor) = (classes?, within?, floor?);
    // Without a law the lines are read all the same, for what is wrong with them.
    let missing = wanted.is_none() && !options.map.iter().any(|(role, _)| role == "service");
    let wanted = match wanted {
        Some(None) => return None,
        Some(Some(wanted)) => Some(wanted),
        None if missing => Some(Wanted::Law(super::service::ServiceLaw::default())),
        None => None,
    };
    let log = read(input, &recognized, wanted.as_ref(), &classes, options, sink)?;
    let mut requests = log.read;
    if !requests.check("log", &words, sink) {
        return None;
    }
    if missing || requests.rows.is_empty() {
        return None;
    }
    let farm = farm?;
    let mut notes = log.notes;
    let seed = options.seed.unwrap_or(1);
    notes.extend(requests.spread(within, options.within_second.is_some(), seed));
    notes.extend(requests.notes(&words, false));
    let timed = !matches!(wanted, Some(Wanted::Law(_)));
    notes.extend(floor.applied(timed, &mut requests, options, sink));
    let (requests, attributes) = requests.requests("log", sink)?;
    let loaded = farm.loaded(input, options, requests, attributes, InputKind::AccessLog);
    Some(Loaded { notes, ..loaded })
}

/// The format: from the option, or told from the lines.
fn recognized(input: &Input, options: &Options, sink: &mut Sink) -> Option<Recognized> {
    let Some(text) = &options.log_format else {
        let found = recognize::recognize(&input.text, None);
        if found.is_none() {
            if recognize::sample(&input.text).is_empty() {
                sink.error("S070", WHOLE, "no line of this log could be read as a request")
                    .help("it has no lines");
            } else {
                sink.error("S002", WHOLE, "neither the name nor the content is of a known kind").help_if(
                    || {
                        let (number, line) = *recognize::sample(&input.text).first()?;
                        let begin: String = String::from_utf8_lossy(line).chars().take(100).collect();
                        Some(format!("line {number} is `{begin}`; {}", crate::input::KNOWN))
                    },
                );
            }
        }
        return found;
    };
    let place = sink.option("--log-format", text);
    let name = text.trim();
    if presets::names().contains(&name) {
        let found = recognize::recognize(&input.text, Some(name));
        if found.is_none() {
            sink.error("S070", place, format!("no line of this log is in the format `{name}`"));
        }
        return found;
    }
    let form = format::of_directive(text);
    match Format::parse(&form, &[]) {
        Ok(format) => {
            let lines = recognize::sample(&input.text);
            let fits = |line: &str| format.split(line, &mut Line::default());
            let count = lines.iter().filter(|(_, line)| fits(&String::from_utf8_lossy(line))).count();
            let behind = |line: &str| recognize::without_prefix(line).is_some_and(fits);
            let prefixed = lines.iter().filter(|(_, line)| behind(&String::from_utf8_lossy(line))).count();
            let layout = Layout::Text { prefix: prefixed > count, format };
            Some(Recognized { name: String::new(), layout, moment: None })
        }
        Err((why, range)) => {
            let place = if form == *text { place.part(range) } else { place };
            let names = presets::names();
            sink.error("S076", place, why).help_if(|| {
                let simple = !text.contains(['$', '%']);
                let near = did_you_mean(name, names.iter().copied()).filter(|_| simple);
                near.or_else(|| {
                    Some(format!("give the server's own format string, or a name: {}", names.join(", ")))
                })
            });
            None
        }
    }
}

/// What was read.
struct Log {
    read: Read,
    notes: Vec<String>,
}

/// Lines of one format in a row.
struct Section<'a> {
    format: Format,
    text: &'a [u8],
    /// Number of its first line, from 1.
    first: usize,
    date: Option<String>,
}

fn read(
    input: &Input,
    recognized: &Recognized,
    wanted: Option<&Wanted>,
    classes: &Classes,
    options: &Options,
    sink: &mut Sink,
) -> Option<Log> {
    let mut log = Log { read: Read::new(classes), notes: Vec::new() };
    log.read.calendar = Some(true);
    log.read.watch = sink.watch();
    let context = Context { recognized, wanted, classes, options };
    match &recognized.layout {
        Layout::Json(fields) => context.json(&input.text, fields, &mut log, sink)?,
        Layout::Text { format, prefix } => {
            let section = Section { format: format.clone(), text: &input.text, first: 1, date: None };
            context.section(&section, *prefix, &mut log, sink)?;
        }
        Layout::Directives => {
            for section in sections(&input.text) {
                context.section(&section, false, &mut log, sink)?;
            }
        }
    }
    Some(log)
}

/// The parts of a log whose directives say what its fields are.
fn sections(text: &[u8]) -> Vec<Section<'_>> {
    let mut found: Vec<Section<'_>> = Vec::new();
    let (mut date, mut at, mut begin) = (None, 0, 0);
    for (index, line) in text.split_inclusive(|b| *b == b'\n').enumerate() {
        let before = at;
        at += line.len();
        if !line.starts_with(b"#") && !line.starts_with(b"\xef\xbb\xbf#") {
            continue;
        }
        let line = String::from_utf8_lossy(line);
        let line = line.trim_start_matches('\u{feff}');
        if let Some(rest) = line.strip_prefix("#Date:") {
            date = rest.split_whitespace().next().map(str::to_owned);
        }
        if let Some(format) = recognize::of_directive(line) {
            if let Some(last) = found.last_mut() {
                last.text = &text[begin..before];
            }
            begin = at;
            let has_date = format.fields.iter().any(|field| field.name == "date");
            let date = date.clone().filter(|_| !has_date);
            found.push(Section { format, text: &text[begin..], first: index + 2, date });
        }
    }
    found
}

/// What sections are read with.
struct Context<'c> {
    recognized: &'c Recognized,
    wanted: Option<&'c Wanted>,
    classes: &'c Classes,
    options: &'c Options,
}

impl Context<'_> {
    /// Reads text lines.
    fn section(&self, section: &Section<'_>, prefix: bool, log: &mut Log, sink: &mut Sink) -> Option<()> {
        let texts: Vec<(usize, Cow<'_, str>)> = recognize::sample(section.text)
            .into_iter()
            .map(|(number, line)| (number + section.first - 1, String::from_utf8_lossy(line)))
            .collect();
        let mut lines: Vec<Line<'_>> = Vec::new();
        let mut shown: Vec<(usize, Cow<'_, str>)> = Vec::new();
        for (number, text) in &texts {
            let mut line = Line::default();
            if Self::split(&section.format, prefix, text, &mut line) {
                lines.push(line);
                shown.push((*number, Cow::Borrowed(text)));
            }
        }
        let roles = self.roles(&section.format.fields, &lines, &shown, section.date.clone(), sink)?;
        self.describe(&roles, &section.format.fields, &lines, log);
        for (index, bytes) in section.text.split(|b| *b == b'\n').enumerate() {
            let bytes = bytes.trim_ascii();
            let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
            if bytes.is_empty() || bytes.starts_with(b"#") {
                continue;
            }
            let number = section.first + index;
            let text = String::from_utf8_lossy(bytes);
            let mut line = Line::default();
            let row = if Self::split(&section.format, prefix, &text, &mut line) {
                roles.row(number, &line, self.classes, &mut log.read)
            } else {
                Err(Skipped::Form)
            };
            log.read.take(number, row);
        }
        Some(())
    }

    fn split<'a>(format: &Format, prefix: bool, text: &'a str, line: &mut Line<'a>) -> bool {
        // What syslog puts in front may be missing where logs were joined.
        let behind = if prefix { recognize::without_prefix(text) } else { None };
        behind.is_some_and(|rest| format.split(rest, line)) || format.split(text, line)
    }

    /// Reads JSON objects.
    fn json(&self, text: &[u8], fields: &[Field], log: &mut Log, sink: &mut Sink) -> Option<()> {
        let text = String::from_utf8_lossy(text);
        let fields = self.with_named(&text, fields);
        let fill = |object: &json::Object| {
            let mut line = Line::default();
            for field in &fields {
                line.push(json::text(json::lookup(object, &field.name)), None);
            }
            line
        };
        let (mut lines, mut shown): (Vec<Line<'_>>, Vec<(usize, Cow<'_, str>)>) = (Vec::new(), Vec::new());
        json::each(&text, |number, object| {
            if let Some(object) = object {
                let short: String = serde_json::to_string(&object).unwrap_or_default();
                lines.push(fill(&object));
                shown.push((number, Cow::Owned(short)));
            }
            lines.len() < 200
        });
        let roles = self.roles(&fields, &lines, &shown, None, sink)?;
        self.describe(&roles, &fields, &lines, log);
        json::each(&text, |number, object| {
            let row = match object {
                Some(object) => roles.row(number, &fill(&object), self.classes, &mut log.read),
                None => Err(Skipped::Form),
            };
            log.read.take(number, row);
            true
        });
        Some(())
    }

    /// The fields of a table of keys, and those that options name.
    fn with_named(&self, text: &str, fields: &[Field]) -> Vec<Field> {
        let mut names: Vec<&str> =
            self.options.map.iter().map(|(_, column)| chosen::unit_behind(column).0).collect();
        if let Some(client) = &self.options.client {
            names.extend(client.trim().strip_prefix("field:"));
        }
        match self.wanted {
            Some(Wanted::Chosen(name)) => names.push(chosen::unit_behind(name).0),
            Some(Wanted::Law(law)) => {
                names.extend(law.factors.iter().map(|(name, _)| name.text.as_str()));
                names.extend(law.durations.iter().map(|name| name.text.as_str()));
            }
            _ => {}
        }
        names.retain(|name| !fields.iter().any(|field| field.name == *name));
        let mut found = fields.to_vec();
        for name in names {
            let mut there = false;
            json::each(text, |_, object| {
                there = object.is_some_and(|object| json::lookup(&object, name).is_some());
                !there
            });
            if there {
                found.push(Field { name: name.to_owned(), meaning: Meaning::Ignored });
            }
        }
        found
    }

    fn roles<'a>(
        &self,
        fields: &[Field],
        lines: &[Line<'a>],
        texts: &[(usize, Cow<'a, str>)],
        date: Option<String>,
        sink: &mut Sink,
    ) -> Option<Roles> {
        let sample = Sample { fields, lines, texts, moment: self.recognized.moment, date };
        Roles::find(&sample, self.wanted, self.classes, self.options, sink)
    }

    /// Says what was understood.
    fn describe(&self, roles: &Roles, fields: &[Field], lines: &[Line<'_>], log: &mut Log) {
        let mut name = match self.recognized.name.as_str() {
            "" => "as `--log-format` says".to_owned(),
            name => format!("as {name}"),
        };
        let words = roles.known.as_ref().map_or("", |known| known.words.as_str());
        let most = lines.iter().map(|line| line.values.len()).max().unwrap_or(0);
        if !words.is_empty() {
            name.push_str(" + ");
            name.push_str(words);
        } else if most > fields.len() {
            let more = most - fields.len();
            let s = if more == 1 { "" } else { "s" };
            let _ = write!(name, " + {more} field{s} that the format does not name");
        }
        let mut say = |note: String| {
            if !log.notes.contains(&note) {
                log.notes.push(note);
            }
        };
        say(format!("the log is read {name}"));
        say(match (roles.moment, &roles.known) {
            (Moment::End, Some(_)) => {
                "stamps are taken at the end of a request: it arrives its request time earlier \
                                       (`--stamp start` if not)"
                    .to_owned()
            }
            (Moment::End, None) => {
                "stamps are taken at the end of a request, and its time is not known: they are \
                                    the arrivals"
                    .to_owned()
            }
            (Moment::Start, _) => {
                "stamps are taken when a request comes in: they are the arrivals (`--stamp end` if not)"
                    .to_owned()
            }
            (Moment::Unknown, _) => {
                "nothing tells whether stamps are taken at the start or the end of a request: \
                                     they are the arrivals (`--stamp end` if not)"
                    .to_owned()
            }
        });
    }
}
