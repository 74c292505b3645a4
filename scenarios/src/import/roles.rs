//! Which field of a log is what, and what a line is as a request.

use super::chosen::{self, At, Known, Pick, Readings};
use super::classes::{Asked, Classes};
use super::client;
use super::fields::{Field, Meaning, Moment, S, US};
use super::format::Line;
use super::recognize::is_status;
use super::requests::{Read, Row, Skipped, UNNAMED};
use super::service::{Number, ServiceLaw};
use super::stamp::{self, Fault, Part, Stamp};
use super::value::{self, Form, Told};
use crate::diagnostic::{Place, Sink, WHOLE, did_you_mean_or_list};
use crate::options::Options;
use sim_core::units::Span;
use std::borrow::Cow;

/// What columns can be for.
pub(super) const ROLES: [&str; 6] = ["arrival", "service", "class", "deadline", "priority", "client"];

/// How long requests are served.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Wanted {
    /// A constant and parts for each byte, or other fields.
    Law(ServiceLaw),
    /// What the log says.
    Field,
    /// The number at the end of the line, in microseconds.
    Micros,
    /// A field of the user's choice.
    Chosen(String),
}

impl Wanted {
    /// Reads `100ms + 1us/byte`, `field`, `field-us` or `field:NAME`.
    pub fn read(text: &str, place: Place, sink: &mut Sink) -> Option<Wanted> {
        let text = text.trim();
        match text {
            "field" => Some(Wanted::Field),
            "field-us" => Some(Wanted::Micros),
            _ => match text.strip_prefix("field:") {
                Some(name) => Some(Wanted::Chosen(name.to_owned())),
                None => ServiceLaw::parse(text, place, sink).map(Wanted::Law),
            },
        }
    }
}

/// Where service times come from, in a line.
enum Service {
    Law { law: ServiceLaw, factors: Vec<At>, durations: Vec<Pick> },
    Picks(Vec<Pick>),
}

impl Service {
    fn picks(&self) -> &[Pick] {
        match self {
            Service::Law { durations, .. } => durations,
            Service::Picks(picks) => picks,
        }
    }
}

/// The fields of a log by what they are for.
pub(super) struct Roles {
    stamp: Vec<(At, Part)>,
    /// The day of stamps that have none.
    date: Option<String>,
    pub moment: Moment,
    /// The request time, where it is known.
    pub known: Option<Known>,
    service: Service,
    /// The fields of its durations, for people.
    durations: Vec<String>,
    client: Option<At>,
    class: Option<At>,
    priority: Option<At>,
    deadline: Option<(At, u64)>,
    request: Option<At>,
    method: Option<At>,
    path: Option<At>,
    status: Option<At>,
    bytes: Option<At>,
}

/// What fields are found in.
pub(super) struct Sample<'s, 'a> {
    pub fields: &'s [Field],
    /// Some of its lines.
    pub lines: &'s [Line<'a>],
    /// Their numbers and texts.
    pub texts: &'s [(usize, Cow<'a, str>)],
    /// What the name of the format says of its stamps, where its fields say more than is true.
    pub moment: Option<Moment>,
    /// The day of stamps that have none.
    pub date: Option<String>,
}

impl Sample<'_, '_> {
    fn first(&self, is: impl Fn(&Meaning) -> bool) -> Option<At> {
        self.fields.iter().position(|field| is(&field.meaning)).map(At::Field)
    }

    /// A field that an option names.
    fn named(&self, name: &str, place: Place, sink: &mut Sink) -> Option<At> {
        let found = chosen::find(name, self.fields, self.lines);
        if found.is_none() {
            let names: Vec<&str> = self.fields.iter().map(|field| field.name.as_str()).collect();
            sink.error("S074", place, format!("the log has no field `{name}`"))
                .help_if(|| did_you_mean_or_list(name, "its fields", &names));
        }
        found
    }
}

impl Roles {
    /// Finds the fields; what is missing or could be two things is said.
    pub fn find(
        sample: &Sample<'_, '_>,
        wanted: Option<&Wanted>,
        classes: &Classes,
        options: &Options,
        sink: &mut Sink,
    ) -> Option<Roles> {
        let readings = chosen::readings(sample.fields, sample.lines);
        let before = sink.count();
        let mut mapped: [Option<At>; ROLES.len()] = Default::default();
        let mut units: [Option<u64>; ROLES.len()] = Default::default();
        for (role, column) in &options.map {
            let place = sink.option("--map", &format!("{role}={column}"));
            let Some(index) = ROLES.iter().position(|known| known == role) else {
                sink.error("S074", place.part(0..role.len()), format!("no field is for `{role}`"))
                    .help_if(|| did_you_mean_or_list(role, "fields are for", &ROLES));
                continue;
            };
            let (name, unit) = chosen::unit_behind(column);
            units[index] = unit;
            mapped[index] = sample.named(name, place.part(role.len() + 1..place.end), sink);
        }
        let [arrival, service, class, deadline, priority, client] = mapped;
        let unit = crate::run_options::time_unit(&options.time_unit, sink);
        let service = match (service, wanted) {
            (Some(at), None) => {
                let own = match &at {
                    At::Field(index) => sample.fields.get(*index).map(|field| &field.meaning),
                    _ => None,
                };
                let own = if let Some(Meaning::Took(_, unit)) = own { *unit } else { None };
                let unit = units[1].or(own).unwrap_or(unit);
                Some(Service::Picks(vec![Pick { at, unit, form: Form::Plain }]))
            }
            (Some(_), Some(_)) => {
                let text = options.service.clone().unwrap_or_default();
                let place = sink.option("--service", &text);
                sink.error("S072", place, "`--service` beside `--map service=...`").help("give one of them");
                None
            }
            (None, Some(wanted)) => of_wanted(wanted, sample, &readings, options, sink),
            (None, None) => {
                sink.error("S071", WHOLE, "an access log does not say how long requests are served")
                    .help(SERVICE_HELP);
                None
            }
        };
        let (stamp, told) = match arrival {
            Some(at) => (vec![(at, Part::Any)], Moment::Unknown),
            None => stamps(sample, options.stamp.as_deref()),
        };
        if stamp.is_empty() {
            sink.error("S076", WHOLE, "the log has no time stamp in this format")
                .help("name its field: `--map arrival=NAME`, or give the whole format by `--log-format`");
        }
        // The number that the user chose is the request time where nothing else is known to be.
        let known = match (&readings, &service, wanted) {
            (Readings::One(known), ..) => Some(known.clone()),
            (_, Some(Service::Picks(picks)), Some(_)) if picks.len() == 1 => {
                let pick = &picks[0];
                let mut texts = sample.lines.iter().filter_map(|line| pick.at.get(line));
                // nginx writes seconds with decimals, Apache microseconds; milliseconds are of nobody in particular.
                let moment = match (pick.unit, pick.form) {
                    (_, Form::Pair) | (US, _) => Moment::Start,
                    (S, _) if texts.any(|text| text.contains('.')) => Moment::End,
                    _ => Moment::Unknown,
                };
                let words = String::new();
                Some(Known { picks: picks.clone(), words, moment })
            }
            _ => None,
        };
        let format = sample.moment.unwrap_or(told);
        let by_time = known.as_ref().map_or(Moment::Unknown, |known| known.moment);
        let moment = match options.stamp.as_deref().map(str::trim) {
            Some("start") => Moment::Start,
            Some("end") => Moment::End,
            Some(other) => {
                let place = sink.option("--stamp", other);
                sink.error("S022", place, format!("`--stamp` cannot be `{other}`"))
                    .help("it is `start` or `end`");
                Moment::Unknown
            }
            None if format == Moment::Unknown => by_time,
            None => format,
        };
        let client = match (client, options.client.as_deref().map(str::trim)) {
            (Some(at), _) => Some(at),
            (None, None | Some("remote")) => sample
                .first(|meaning| *meaning == Meaning::Client)
                .or_else(|| sample.first(|meaning| *meaning == Meaning::Forwarded)),
            (None, Some("forwarded-for")) => {
                let found = sample.first(|meaning| *meaning == Meaning::Forwarded);
                if found.is_none() {
                    let place = sink.option("--client", "forwarded-for");
                    sink.error("S074", place, "the format does not say which field is X-Forwarded-For").help(
                        "name it, `--client field:10` or `--client field:-1`, or give the whole format by \
                         `--log-format`",
                    );
                }
                found
            }
            (None, Some(text)) => {
                let place = sink.option("--client", text);
                if let Some(name) = text.strip_prefix("field:") {
                    sample.named(name, place, sink)
                } else {
                    sink.error("S022", place, format!("`--client` cannot be `{text}`"))
                        .help("it is `remote`, `forwarded-for` or `field:NAME`");
                    None
                }
            }
        };
        let service = service?;
        let roles = Roles {
            stamp,
            date: sample.date.clone(),
            moment,
            known,
            durations: service.picks().iter().map(|pick| pick.at.text(sample.fields)).collect(),
            service,
            client,
            class,
            priority,
            deadline: deadline.map(|at| (at, units[3].unwrap_or(unit))),
            request: sample.first(|meaning| *meaning == Meaning::Request),
            method: sample.first(|meaning| *meaning == Meaning::Method),
            path: sample.first(|meaning| *meaning == Meaning::Path),
            status: sample.first(|meaning| *meaning == Meaning::Status),
            bytes: sample.first(|meaning| *meaning == Meaning::Bytes),
        };
        if classes.needs_status() && roles.status.is_none() {
            sink.error("S077", WHOLE, "patterns ask for a status, which this log does not have");
        }
        if classes.needs_request()
            && roles.request.is_none()
            && roles.method.is_none()
            && roles.path.is_none()
        {
            sink.error("S077", WHOLE, "patterns ask for a method or path, which this log does not have");
        }
        (sink.count() == before).then_some(roles)
    }

    /// What a line is as a request; `None` where it is left out.
    pub fn row(
        &self,
        number: usize,
        line: &Line<'_>,
        classes: &Classes,
        read: &mut Read,
    ) -> Result<Option<Row>, Skipped> {
        let get = |at: &Option<At>| at.as_ref().and_then(|at| at.get(line));
        let stamp = read.times.dated(self.stamp(line)?, number)?;
        let status = get(&self.status).unwrap_or("-");
        if !is_status(status) {
            return Err(Skipped::Form);
        }
        let status = status.parse::<u16>().ok();
        let bytes = match get(&self.bytes).map(|text| text.strip_prefix('+').unwrap_or(text)) {
            None | Some("-" | "") => 0,
            Some(text) if text.bytes().all(|b| b.is_ascii_digit()) => {
                text.parse().map_err(|_| Skipped::Size)?
            }
            Some(_) => return Err(Skipped::Size),
        };
        let mut asked = get(&self.request).map_or_else(Asked::default, Asked::line);
        asked.status = status;
        if let Some(method) = get(&self.method) {
            asked.method = method;
        }
        if let Some(path) = get(&self.path) {
            asked.target = path;
        }
        let service = match &self.service {
            Service::Picks(picks) => match chosen::sum(picks, line) {
                Told::Span(span) => span,
                Told::Nothing | Told::Bad => return Err(self.without_service(line, read)),
            },
            Service::Law { law, factors, durations } => {
                let number = |at: &At| match at {
                    At::Field(usize::MAX) => Some(Number::whole(bytes)),
                    at => at.get(line).and_then(Number::parse),
                };
                let numbers: Option<Vec<Number>> = factors.iter().map(number).collect();
                let spans =
                    durations.iter().map(|pick| match chosen::sum(std::slice::from_ref(pick), line) {
                        Told::Span(span) => Some(span),
                        _ => None,
                    });
                let spans: Option<Vec<Span>> = spans.collect();
                let Some((numbers, spans)) = numbers.zip(spans) else {
                    return Err(self.without_service(line, read));
                };
                law.of(numbers.into_iter(), spans.into_iter()).ok_or(Skipped::Range)?
            }
        };
        let priority = match get(&self.priority).filter(|text| !text.is_empty()) {
            Some(text) => text.parse().ok().filter(|p: &i64| p.unsigned_abs() <= 1_000_000_000),
            None => Some(0),
        };
        let deadline = match &self.deadline {
            Some((at, unit)) => match at.get(line).filter(|text| !text.is_empty()) {
                Some(text) => Some(
                    value::duration(text, *unit, false)
                        .filter(|s| *s > Span::ZERO)
                        .ok_or(Skipped::Deadline)?,
                ),
                None => None,
            },
            None => None,
        };
        let priority = priority.ok_or(Skipped::Priority)?;
        if !classes.is_in(&asked) {
            return Ok(None);
        }
        let class = match classes.of(&asked) {
            Some(name) => name,
            None => get(&self.class).filter(|text| !text.is_empty()).unwrap_or(UNNAMED),
        };
        let class = read.class(class).ok_or(Skipped::Class)?;
        let mut back = Span::ZERO;
        if self.moment == Moment::End
            && let Some(known) = &self.known
        {
            match chosen::sum(&known.picks, line) {
                Told::Span(span) => back = span,
                Told::Nothing | Told::Bad => read.count_unshifted(),
            }
        }
        let client = get(&self.client).and_then(client::key);
        if client.is_none() && self.client.is_some() {
            read.count_nobody(number);
        }
        read.count_status(status);
        Ok(Some(Row { stamp, back, service, class, priority, deadline, client }))
    }

    /// Why a line has no service time.
    fn without_service(&self, line: &Line<'_>, read: &mut Read) -> Skipped {
        let values = self.service.picks().iter().zip(&self.durations);
        let below = values.filter_map(|(pick, name)| Some((name, pick.at.get(line)?)));
        match below.into_iter().find(|(_, value)| value::is_negative(value)) {
            Some((name, value)) => read.name_negative(name, value),
            None => Skipped::Service,
        }
    }

    fn stamp(&self, line: &Line<'_>) -> Result<Stamp, Skipped> {
        let fault = |fault: Fault| match fault {
            Fault::Form => Skipped::Arrival,
            Fault::Zone => Skipped::Zone,
        };
        match (&self.stamp[..], &self.date) {
            ([(at, Part::Any)], None) => stamp::told(at.get(line).ok_or(Skipped::Arrival)?).map_err(fault),
            (parts, date) => {
                let day = date.iter().map(|date| (&Part::Any, date.as_str()));
                let own = parts.iter().map(|(at, part)| (part, at.get(line).unwrap_or("")));
                stamp::read_parts(day.chain(own)).map_err(fault)
            }
        }
    }
}

pub(super) const SERVICE_HELP: &str = "for instance `--service '100ms + 1us/byte'`, or `--service field` for the \
                                       request time that the log has";

/// The stamps of a format that are used, and when they were taken.
fn stamps(sample: &Sample<'_, '_>, asked: Option<&str>) -> (Vec<(At, Part)>, Moment) {
    let all = || {
        sample.fields.iter().enumerate().filter_map(|(index, field)| match &field.meaning {
            Meaning::Stamp(part, moment) => Some((At::Field(index), part, *moment, field.name.as_str())),
            _ => None,
        })
    };
    let has = |wanted: Moment| all().any(|(_, _, moment, _)| moment == wanted);
    let moment = match asked {
        Some("end") if has(Moment::End) => Moment::End,
        _ if has(Moment::Start) => Moment::Start,
        _ => Moment::End,
    };
    let mut parts: Vec<(At, Part)> = Vec::new();
    let wanted: Vec<_> = all().filter(|(_, _, own, _)| *own == moment).collect();
    let since = wanted.iter().any(|(_, part, _, _)| matches!(part, Part::Since(_)));
    // Of several whole stamps the finest is enough; a date and a time are two halves of one.
    let halves = wanted.iter().any(|(.., name)| *name == "date");
    let finest = wanted.iter().position(|(.., name)| *name == "msec");
    for (index, (at, part, _, name)) in wanted.iter().enumerate() {
        let whole = parts.iter().any(|(_, part)| matches!(part, Part::Any | Part::Since(_)));
        let take = match part {
            Part::Any => {
                !since
                    && (halves && matches!(*name, "date" | "time") || finest.map_or(!whole, |f| f == index))
            }
            Part::Form(_) => !since && !whole,
            Part::Since(_) => !whole,
            Part::Within(_) => *name != "ms" || since,
        };
        if take {
            parts.push((at.clone(), (*part).clone()));
        }
    }
    let moment = if parts.is_empty() { Moment::Unknown } else { moment };
    (parts, moment)
}

fn of_wanted(
    wanted: &Wanted,
    sample: &Sample<'_, '_>,
    readings: &Readings,
    options: &Options,
    sink: &mut Sink,
) -> Option<Service> {
    let text = options.service.as_deref().unwrap_or_default();
    let place = sink.option("--service", text);
    match (wanted, readings) {
        (Wanted::Field | Wanted::Micros, Readings::One(known))
            if *wanted == Wanted::Field || known.words.is_empty() =>
        {
            Some(Service::Picks(known.picks.clone()))
        }
        (Wanted::Micros, _) => {
            Some(Service::Picks(vec![Pick { at: At::End(1), unit: US, form: Form::Plain }]))
        }
        (Wanted::Field, Readings::Many(picks)) => {
            chosen::say_readings(picks, sample.fields, sample.lines, sample.texts, place, sink);
            None
        }
        (Wanted::Field, _) => {
            let help = "name its field, `--service field:-1:ms` for the last one, give the format by `--log-format`, or a \
                        law, `--service '100ms + 1us/byte'`";
            let below = chosen::below_zero(sample.lines, sample.texts);
            sink.error("S072", place, "the log has no request time that is known")
                .help(below.map_or(help.to_owned(), |below| format!("{below}\n{help}")));
            None
        }
        (Wanted::Chosen(name), _) => {
            let place = place.part(text.find(':').map_or(0, |at| at + 1)..place.end);
            let pick = chosen::picked(name, sample.fields, sample.lines, sample.texts, place, sink)?;
            Some(Service::Picks(vec![pick]))
        }
        (Wanted::Law(law), _) => {
            let bytes = sample.first(|meaning| *meaning == Meaning::Bytes);
            let mut good = true;
            let mut find = |name: &super::service::Name, factor: bool, sink: &mut Sink| {
                if factor && ["byte", "B", "bytes"].contains(&name.text.as_str()) {
                    if bytes.is_none() {
                        sink.error("S072", name.place, "the format of this log has no size in bytes");
                        good = false;
                    }
                    // The size of the request, which has been read.
                    return Some(At::Field(usize::MAX));
                }
                let found = chosen::find(&name.text, sample.fields, sample.lines);
                if found.is_none() {
                    let message = format!("service can depend on bytes, not on `{}`", name.text);
                    let mut names = vec!["byte", "field"];
                    names.extend(
                        sample.fields.iter().map(|field| field.name.as_str()).filter(|n| n.len() > 2),
                    );
                    sink.error("S072", name.place, message)
                        .help_if(|| did_you_mean_or_list(&name.text, "write", &names));
                    good = false;
                }
                found
            };
            let factors: Vec<Option<At>> =
                law.factors.iter().map(|(name, _)| find(name, true, sink)).collect();
            let durations: Vec<Option<At>> =
                law.durations.iter().map(|name| find(name, false, sink)).collect();
            if !good {
                return None;
            }
            let unit = |at: &At| match at {
                At::Field(index) => match sample.fields.get(*index).map(|field| &field.meaning) {
                    Some(Meaning::Took(_, Some(unit))) => Some(*unit),
                    _ => None,
                },
                _ => None,
            };
            let mut picks = Vec::new();
            for (name, at) in law.durations.iter().zip(durations) {
                let at = at?;
                if let Some(unit) = unit(&at) {
                    picks.push(Pick { at, unit, form: Form::Plain });
                } else {
                    let (lines, texts) = (sample.lines, sample.texts);
                    picks.push(chosen::picked(&name.text, sample.fields, lines, texts, name.place, sink)?);
                }
            }
            let factors: Option<Vec<At>> = factors.into_iter().collect();
            Some(Service::Law { law: law.clone(), factors: factors?, durations: picks })
        }
    }
}
