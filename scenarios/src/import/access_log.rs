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

use super::Parsed;
use super::chosen;
use super::classes::Classes;
use super::farm::Farm;
use super::fields::{Field, Meaning, Moment};
use super::floor::Floor;
use super::format::{self, Format, Line};
use super::json;
use super::presets;
use super::recognize::{self, Layout, Numbered, Recognized};
use super::requests::{Read, Skipped, WithinSecond};
use super::roles::{Roles, SERVICE_HELP, Sample, Wanted};
use crate::Loaded;
use crate::diagnostic::{Sink, WHOLE, did_you_mean};
use crate::input::{Input, InputKind};
use crate::options::Options;
use crate::stream::{self, HEAD};
use std::borrow::Cow;
use std::fmt::Write as _;
use std::io;

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
        Skipped::Year => "without a year where others have one, or with one where others have none",
        Skipped::Service => "without a request time",
        Skipped::Negative => "with a request time below zero",
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
    // Without a law the lines are read all the same, for what is wrong with them.
    let missing = wanted.is_none() && !options.map.iter().any(|(role, _)| role == "service");
    let wanted = match wanted {
        None if missing => Some(Some(Wanted::Law(super::service::ServiceLaw::default()))),
        wanted => wanted,
    };
    let parsed = input.origin.parsed((&input.text, false), options, || {
        let recognized = recognized(input, options, sink)?;
        let (classes, within, floor) = (classes?, within?, floor?);
        // What is wrong with it has been said.
        let wanted = match wanted {
            Some(wanted) => Some(wanted?),
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
        let mut notes = log.notes;
        let seed = options.seed.unwrap_or(1);
        notes.extend(requests.arrive(within, options.within_second.is_some(), seed));
        notes.extend(requests.notes(&words));
        let timed = !matches!(wanted, Some(Wanted::Law(_)));
        notes.extend(floor.applied(timed, &mut requests, options, sink));
        let (requests, attributes) = requests.requests("log", sink)?;
        Some(Parsed { requests, attributes, notes })
    })?;
    Some(farm?.loaded(input, options, &parsed, InputKind::AccessLog))
}

/// The format: from the option, or told from the lines.
fn recognized(input: &Input, options: &Options, sink: &mut Sink) -> Option<Recognized> {
    let Some(text) = &options.log_format else {
        let found = recognize::recognize(&input.text, None);
        if found.is_none() {
            let lines = recognize::sample(&input.text);
            if recognize::is_syslog(&lines) {
                let message = "these are lines of syslog, and they hold no requests of a known form";
                sink.error("S006", WHOLE, message).help(
                    "`--log-format` says what stands behind the program's name, for instance '$remote_addr [$time_local] \
                     \"$request\" $status $request_time'",
                );
            } else if lines.is_empty() {
                sink.error("S070", WHOLE, "no line of this log could be read as a request")
                    .help("it has no lines");
            } else {
                sink.error("S002", WHOLE, "neither the name nor the content is of a known kind").help_if(
                    || {
                        let (number, line) = *lines.first()?;
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
            let fits = |line: &str| format.split(&format.spaced(line), &mut Line::default());
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

/// A line as text, as [`Format::spaced`] has it.
fn spaced<'t>(format: &Format, line: &'t [u8]) -> Cow<'t, str> {
    match String::from_utf8_lossy(line) {
        Cow::Borrowed(text) => format.spaced(text),
        Cow::Owned(text) => Cow::Owned(format.spaced(&text).into_owned()),
    }
}

/// What was read.
struct Log {
    read: Read,
    notes: Vec<String>,
}

/// How the lines that come next are read.
struct Section {
    format: Format,
    prefix: bool,
    roles: Roles,
}

/// What reading gives: `None` where a mistake keeps the lines from being read.
type Outcome = io::Result<Option<()>>;

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
    let read = match &recognized.layout {
        Layout::Json(fields) => context.json(input, fields, &mut log, sink),
        Layout::Text { format, prefix } => context.text(input, format, *prefix, &mut log, sink),
        Layout::Directives => context.directives(input, &mut log, sink),
    };
    match read {
        Ok(read) => read.map(|()| log),
        Err(error) => {
            stream::say(&error, sink);
            None
        }
    }
}

/// The day that a directive names.
fn day_of(line: &str) -> Option<String> {
    line.strip_prefix("#Date:")?.split_whitespace().next().map(str::to_owned)
}

/// What sections are read with.
struct Context<'c> {
    recognized: &'c Recognized,
    wanted: Option<&'c Wanted>,
    classes: &'c Classes,
    options: &'c Options,
}

impl Context<'_> {
    /// Reads lines of one format.
    fn text(&self, input: &Input, format: &Format, prefix: bool, log: &mut Log, sink: &mut Sink) -> Outcome {
        let sample = recognize::sample(&input.text);
        let Some(section) = self.section(format.clone(), prefix, &sample, None, log, sink) else {
            return Ok(None);
        };
        let mut lines = input.lines()?;
        while let Some((number, line)) = lines.next()? {
            self.line(&section, number, line, log);
        }
        Ok(Some(()))
    }

    /// Reads lines whose fields are named by directives between them.
    fn directives(&self, input: &Input, log: &mut Log, sink: &mut Sink) -> Outcome {
        let mut lines = input.lines()?;
        let (mut date, mut section) = (None, None);
        while let Some((number, line)) = lines.next()? {
            if !line.starts_with(b"#") {
                if let Some(section) = &section {
                    self.line(section, number, line, log);
                }
                continue;
            }
            let line = String::from_utf8_lossy(line).into_owned();
            if let Some(day) = day_of(&line) {
                date = Some(day);
            }
            let Some(format) = recognize::of_directive(&line) else { continue };
            // What the fields are for is told from the lines that follow.
            let mut begin = Vec::new();
            while begin.len() < HEAD
                && let Some((_, line)) = lines.next()?
            {
                if line.starts_with(b"#Fields:") {
                    lines.back();
                    break;
                }
                begin.extend_from_slice(line);
                begin.push(b'\n');
            }
            let sample = recognize::sample(&begin);
            let sample: Vec<Numbered<'_>> =
                sample.into_iter().map(|(at, line)| (at + number, line)).collect();
            let has_date = format.fields.iter().any(|field| field.name == "date");
            let day = date.clone().filter(|_| !has_date);
            let Some(found) = self.section(format, false, &sample, day, log, sink) else { return Ok(None) };
            for (at, line) in begin.strip_suffix(b"\n").unwrap_or(&begin).split(|b| *b == b'\n').enumerate() {
                if let Some(day) =
                    line.starts_with(b"#").then(|| day_of(&String::from_utf8_lossy(line))).flatten()
                {
                    date = Some(day);
                }
                self.line(&found, number + 1 + at, line, log);
            }
            section = Some(found);
        }
        Ok(Some(()))
    }

    /// What the fields of a format are for, told from some of its lines.
    fn section(
        &self,
        format: Format,
        prefix: bool,
        sample: &[Numbered<'_>],
        date: Option<String>,
        log: &mut Log,
        sink: &mut Sink,
    ) -> Option<Section> {
        let texts: Vec<(usize, Cow<'_, str>)> =
            sample.iter().map(|(number, line)| (*number, spaced(&format, line))).collect();
        let mut lines: Vec<Line<'_>> = Vec::new();
        let mut shown: Vec<(usize, Cow<'_, str>)> = Vec::new();
        for (number, text) in &texts {
            let mut line = Line::default();
            if Self::split(&format, prefix, text, &mut line) {
                lines.push(line);
                shown.push((*number, Cow::Borrowed(text)));
            }
        }
        let roles = self.roles(&format.fields, &lines, &shown, date, sink)?;
        self.describe(&roles, &format.fields, &lines, log);
        drop((lines, shown));
        Some(Section { format, prefix, roles })
    }

    /// Reads a line.
    fn line(&self, section: &Section, number: usize, bytes: &[u8], log: &mut Log) {
        let bytes = bytes.trim_ascii();
        if bytes.is_empty() || bytes.starts_with(b"#") {
            return;
        }
        let text = spaced(&section.format, bytes);
        let mut line = Line::default();
        let row = if Self::split(&section.format, section.prefix, &text, &mut line) {
            section.roles.row(number, &line, self.classes, &mut log.read)
        } else {
            Err(Skipped::Form)
        };
        log.read.take(number, row);
    }

    fn split<'a>(format: &Format, prefix: bool, text: &'a str, line: &mut Line<'a>) -> bool {
        // What syslog puts in front may be missing where logs were joined.
        let behind = if prefix { recognize::without_prefix(text) } else { None };
        behind.is_some_and(|rest| format.split(rest, line)) || format.split(text, line)
    }

    /// Reads JSON objects.
    fn json(&self, input: &Input, fields: &[Field], log: &mut Log, sink: &mut Sink) -> Outcome {
        let fields = self.with_named(input, fields)?;
        let fill = |object: &json::Object| {
            let mut line = Line::default();
            for field in &fields {
                line.push(json::text(json::lookup(object, &field.name)), None);
            }
            line
        };
        let (mut lines, mut shown): (Vec<Line<'_>>, Vec<(usize, Cow<'_, str>)>) = (Vec::new(), Vec::new());
        json::each_of(&input.text, |number, object| {
            if let Some(object) = object {
                let short: String = serde_json::to_string(&object).unwrap_or_default();
                lines.push(fill(&object));
                shown.push((number, Cow::Owned(short)));
            }
            lines.len() < 200
        });
        let Some(roles) = self.roles(&fields, &lines, &shown, None, sink) else { return Ok(None) };
        self.describe(&roles, &fields, &lines, log);
        json::each(&input.text, input.open()?, |number, object| {
            let row = match object {
                Some(object) => roles.row(number, &fill(&object), self.classes, &mut log.read),
                None => Err(Skipped::Form),
            };
            log.read.take(number, row);
            true
        })?;
        Ok(Some(()))
    }

    /// The fields of a table of keys, and those that options name.
    fn with_named(&self, input: &Input, fields: &[Field]) -> io::Result<Vec<Field>> {
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
            json::each(&input.text, input.open()?, |_, object| {
                there = object.is_some_and(|object| json::lookup(&object, name).is_some());
                !there
            })?;
            if there {
                found.push(Field { name: name.to_owned(), meaning: Meaning::Ignored });
            }
        }
        Ok(found)
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
