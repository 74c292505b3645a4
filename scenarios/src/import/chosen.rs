//! Which field of a line is what, and which number is the service time. Nothing is guessed here: where two readings are
//! possible, both are shown with the line, and how to ask for each.

use super::fields::{Field, MS, Meaning, Moment, S, Took, US};
use super::format::Line;
use super::value::{self, Form, Told};
use crate::diagnostic::{Place, Sink, did_you_mean_or_list};
use sim_core::quantity;
use sim_core::units::Span;
use std::borrow::Cow;
use std::fmt::Write as _;

/// A place in a line.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum At {
    /// The field of this index, from 0.
    Field(usize),
    /// From the end; 1 is the last.
    End(usize),
    /// `name=value` behind the format.
    Named(String),
}

impl At {
    pub fn get<'l>(&self, line: &'l Line<'_>) -> Option<&'l str> {
        let index = match self {
            At::Field(index) => *index,
            At::End(back) => line.values.len().checked_sub(*back)?,
            At::Named(name) => line.keys.iter().position(|key| *key == Some(name.as_str()))?,
        };
        line.values.get(index).map(Cow::as_ref)
    }

    /// As `--service field:` has it.
    pub fn text(&self, fields: &[Field]) -> String {
        match self {
            At::Field(index) => {
                let name = &fields[*index].name;
                // A name that is a number or has a colon could be read as something else.
                let plain = name.parse::<i64>().is_err() && !name.contains(':');
                if plain { name.clone() } else { (index + 1).to_string() }
            }
            At::End(back) => format!("-{back}"),
            At::Named(name) => name.clone(),
        }
    }
}

/// A duration in a line.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Pick {
    pub at: At,
    /// Of bare numbers, in nanoseconds.
    pub unit: u64,
    pub form: Form,
}

/// The duration that a line has in these places together.
pub(super) fn sum(picks: &[Pick], line: &Line<'_>) -> Told {
    let mut sum = 0u64;
    for pick in picks {
        match pick.at.get(line).map_or(Told::Nothing, |text| value::told(text, pick.unit, pick.form)) {
            Told::Span(span) => sum = sum.saturating_add(span.0),
            other => return other,
        }
    }
    if picks.is_empty() { Told::Nothing } else { Told::Span(Span(sum)) }
}

/// What is known of the request time of a log.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Known {
    /// Where it is.
    pub picks: Vec<Pick>,
    /// In words: `request time in seconds at the end`.
    pub words: String,
    /// What it says of the time stamp where the format does not tell.
    pub moment: Moment,
}

/// How the fields of a log can be read as a request time.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Readings {
    /// In one way.
    One(Known),
    /// Not at all.
    None,
    /// In several.
    Many(Vec<Pick>),
}

/// What the words of one place behind the format look like.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Shape {
    Pair,
    WithUnit,
    Decimal,
    List,
    Integer,
    Other,
    /// Nothing but `-`.
    Blank,
}

/// Seconds with decimals beyond this are none: a request of minutes is rarer than milliseconds with decimals.
const SECONDS_MAX: u64 = 100 * S;

/// The request time of these fields, and of the words behind them in `lines`.
pub(super) fn readings(fields: &[Field], lines: &[Line<'_>]) -> Readings {
    let told = |which: Took| {
        let of = fields.iter().enumerate().filter_map(move |(index, field)| match field.meaning {
            Meaning::Took(took, unit) if took == which => Some((index, unit)),
            _ => None,
        });
        of.collect::<Vec<_>>()
    };
    let pick = |(index, unit): (usize, u64)| Pick { at: At::Field(index), unit, form: Form::Plain };
    let known =
        |picks: Vec<Pick>, words: String| Readings::One(Known { picks, words, moment: Moment::Unknown });
    let whole = told(Took::Whole);
    let units: Option<Vec<(usize, u64)>> =
        whole.iter().map(|(index, unit)| Some((*index, (*unit)?))).collect();
    match units {
        // Several are the same duration in other units: the finest says most. Of equal ones the first is meant.
        Some(units) if !units.is_empty() => {
            let finest =
                units.iter().copied().min_by_key(|(index, unit)| (*unit, *index)).expect("not empty");
            return known(vec![pick(finest)], String::new());
        }
        None => {
            let (index, _) = whole[0];
            return Readings::Many([S, MS, US].map(|unit| pick((index, unit))).to_vec());
        }
        Some(_) => {}
    }
    let parts = told(Took::Part);
    if !parts.is_empty() {
        return known(
            parts.into_iter().map(|(index, unit)| pick((index, unit.unwrap_or(S)))).collect(),
            String::new(),
        );
    }
    let behind = tail(fields, lines);
    let upstream = told(Took::Upstream);
    if let ([(index, Some(unit))], Readings::None) = (&upstream[..], &behind) {
        return known(vec![pick((*index, *unit))], String::new());
    }
    behind
}

/// The request time among the words behind the format.
fn tail(fields: &[Field], lines: &[Line<'_>]) -> Readings {
    let behind = |line: &&Line<'_>| line.values.len() - fields.len();
    // Of lines with more and with fewer words, those count of which there are most.
    let mut counts: Vec<usize> = lines.iter().map(|line| behind(&line)).collect();
    counts.sort_unstable();
    let most = counts.chunk_by(|a, b| a == b).max_by_key(|chunk| chunk.len()).map_or(0, |chunk| chunk[0]);
    let lines: Vec<&Line<'_>> = lines.iter().filter(|line| behind(line) == most).collect();
    let column = |back: usize| {
        let at = match lines[0].keys[lines[0].keys.len() - back] {
            Some(key) if lines.iter().all(|line| line.keys[line.keys.len() - back] == Some(key)) => {
                At::Named(key.to_owned())
            }
            _ => At::End(back),
        };
        let shape = shape(lines.iter().filter_map(|line| at.get(line)));
        (at, shape)
    };
    let columns: Vec<(At, Shape)> = (1..=most).rev().map(column).collect();
    let pick = |at: &At, unit: u64, form: Form| Pick { at: at.clone(), unit, form };
    let place = |at: &At| match at {
        At::Named(name) => format!("`{name}`"),
        At::End(1) => "the end".to_owned(),
        At::End(back) => format!("word {back} from the end"),
        At::Field(index) => format!("field {}", index + 1),
    };
    let one = |at: &At, unit: u64, form: Form, what: &str, moment: Moment| {
        let words = format!("{what} at {}", place(at)).replace("at `", "in `");
        Readings::One(Known { picks: vec![pick(at, unit, form)], words, moment })
    };
    let are =
        |shape: Shape| columns.iter().filter(|(_, own)| *own == shape).map(|(at, _)| at).collect::<Vec<_>>();
    let (pairs, units, decimals) = (are(Shape::Pair), are(Shape::WithUnit), are(Shape::Decimal));
    let (lists, integers) = (are(Shape::List), are(Shape::Integer));
    let plausible = |at: &At| is_seconds(lines.iter().filter_map(|line| at.get(line)));
    let named = decimals.iter().find(|at| {
        matches!(at, At::Named(name) if ["rt", "request_time", "req_time", "reqtime"].contains(&name.as_str()))
    });
    if let Some(at) = named
        && plausible(at)
    {
        return one(at, S, Form::Plain, "request time in seconds", Moment::End);
    }
    match (&pairs[..], &units[..], &decimals[..], &lists[..], &integers[..]) {
        ([], [], [], [], []) => return Readings::None,
        ([at], [], [], [], []) => {
            let what = "request time as seconds/microseconds (%T/%D)";
            return one(at, US, Form::Pair, what, Moment::Start);
        }
        ([], [at], [], [], _) => {
            return one(at, S, Form::Plain, "request time with its unit", Moment::Unknown);
        }
        ([], [], [at], [], []) if plausible(at) => {
            return one(at, S, Form::Plain, "request time in seconds", Moment::End);
        }
        // Only nginx writes lists: the request time is the one number before them.
        ([], [], [at], [list, ..], []) if plausible(at) && before(&columns, at, list) => {
            return one(at, S, Form::Plain, "request time in seconds, before upstream times,", Moment::End);
        }
        _ => {}
    }
    let mut many = Vec::new();
    for (at, shape) in &columns {
        match shape {
            Shape::Pair => many.push(pick(at, US, Form::Pair)),
            Shape::WithUnit | Shape::List => many.push(pick(at, S, Form::Plain)),
            Shape::Decimal if plausible(at) => many.push(pick(at, S, Form::Plain)),
            Shape::Decimal => many.extend([S, MS].map(|unit| pick(at, unit, Form::Plain))),
            Shape::Integer => many.extend([S, MS, US].map(|unit| pick(at, unit, Form::Plain))),
            Shape::Other | Shape::Blank => {}
        }
    }
    Readings::Many(many)
}

fn before(columns: &[(At, Shape)], one: &At, other: &At) -> bool {
    let place = |at: &At| columns.iter().position(|(own, _)| own == at);
    place(one) < place(other)
}

/// Whether numbers with decimals can be seconds: half of them at most are longer than any request.
fn is_seconds<'l>(texts: impl Iterator<Item = &'l str>) -> bool {
    let (mut long, mut all) = (0, 0);
    for text in texts {
        if let Told::Span(span) = value::told(text, S, Form::Plain) {
            all += 1;
            long += usize::from(span.0 > SECONDS_MAX);
        }
    }
    2 * long <= all
}

/// What these texts have in common.
fn shape<'l>(texts: impl Iterator<Item = &'l str>) -> Shape {
    let mut found = Shape::Blank;
    for text in texts {
        let text = text.trim();
        // What is below zero is said of its line.
        if matches!(text, "" | "-" | "-1") || value::is_negative(text) {
            continue;
        }
        let own = shape_of(text);
        found = match (found, own) {
            (_, Shape::Other) => return Shape::Other,
            (Shape::Blank, own) => own,
            (found, own) if found == own => found,
            (Shape::List, Shape::Decimal | Shape::Integer)
            | (Shape::Decimal | Shape::Integer, Shape::List) => Shape::List,
            (Shape::Integer, Shape::Decimal) | (Shape::Decimal, Shape::Integer) => Shape::Decimal,
            // A duration of nothing has no unit.
            (Shape::WithUnit, Shape::Integer) if text == "0" => Shape::WithUnit,
            _ => return Shape::Other,
        };
    }
    found
}

/// The first line whose last word is a duration below zero, in words.
pub(super) fn below_zero(lines: &[Line<'_>], texts: &[(usize, Cow<'_, str>)]) -> Option<String> {
    lines.iter().zip(texts).find_map(|(line, (number, _))| {
        let value = line.values.last().filter(|value| value::is_negative(value))?;
        Some(format!("line {number} ends with `{value}`, and no request takes less than no time"))
    })
}

fn shape_of(text: &str) -> Shape {
    if text.bytes().all(|b| b.is_ascii_digit()) {
        return if text.len() <= 18 { Shape::Integer } else { Shape::Other };
    }
    if matches!(value::told(text, S, Form::Pair), Told::Span(_)) {
        return Shape::Pair;
    }
    if !matches!(value::told(text, S, Form::Plain), Told::Span(_)) {
        return Shape::Other;
    }
    let unit = text.bytes().any(|b| b.is_ascii_alphabetic() && !matches!(b, b'e' | b'E')) || !text.is_ascii();
    let list = text.contains(", ") || text.contains(" : ") || text.contains('.') && text.contains(',');
    if list {
        Shape::List
    } else if unit {
        Shape::WithUnit
    } else {
        Shape::Decimal
    }
}

/// Says that a number can be read in several ways, with an example and the option for each.
pub(super) fn say_readings(
    picks: &[Pick],
    fields: &[Field],
    lines: &[Line<'_>],
    texts: &[(usize, Cow<'_, str>)],
    place: Place,
    sink: &mut Sink,
) {
    // The line on which most of them say something.
    let says = |line: &Line<'_>| {
        let told = |pick: &&Pick| matches!(sum(std::slice::from_ref(*pick), line), Told::Span(_));
        picks.iter().filter(told).count()
    };
    let shown = lines.iter().zip(texts).rev().max_by_key(|(line, _)| says(line));
    let Some((line, (number, text))) = shown else { return };
    let places = picks.iter().fold(Vec::new(), |mut found: Vec<&At>, pick| {
        if !found.contains(&&pick.at) {
            found.push(&pick.at);
        }
        found
    });
    let message = match places.len() {
        1 => "the log does not say in which unit the request time is".to_owned(),
        count => format!("{count} numbers of a line could be the request time"),
    };
    let begin: String = text.chars().rev().take(80).collect::<Vec<_>>().into_iter().rev().collect();
    let cut = if begin.len() < text.len() { "..." } else { "" };
    let mut help = format!("line {number}: {cut}{begin}");
    for pick in picks.iter().take(7) {
        let Some(value) = pick.at.get(line) else { continue };
        let read = match sum(std::slice::from_ref(pick), line) {
            Told::Span(span) => span.to_string(),
            _ => "nothing".to_owned(),
        };
        let unit = match pick.form {
            Form::Pair => String::new(),
            Form::Plain if shape_of(value) == Shape::WithUnit => String::new(),
            Form::Plain => format!(":{}", unit_name(pick.unit)),
        };
        let _ = write!(help, "\n`--service field:{}{unit}` reads `{value}` as {read}", pick.at.text(fields));
    }
    sink.error("S075", place, message).help(help);
}

/// The name of a unit.
fn unit_name(nanos: u64) -> &'static str {
    quantity::TIME_UNITS.iter().find(|(_, own)| *own == nanos).map_or("s", |(name, _)| name)
}

/// `:ms` at the end of a text, if it is a unit.
pub(super) fn unit_behind(text: &str) -> (&str, Option<u64>) {
    match text.rsplit_once(':') {
        Some((front, unit)) if !front.is_empty() => match quantity::time_unit(unit.trim()) {
            Some(nanos) => (front, Some(nanos)),
            None => (text, None),
        },
        _ => (text, None),
    }
}

/// Finds a field by its name or number.
pub(super) fn find(name: &str, fields: &[Field], lines: &[Line<'_>]) -> Option<At> {
    let bare = name.trim().trim_start_matches(['$', '%']).trim_matches(['{', '}']);
    if let Ok(number) = name.trim().parse::<i64>() {
        let longest = lines.iter().map(|line| line.values.len()).max().unwrap_or(fields.len());
        let size = usize::try_from(number.unsigned_abs()).ok().filter(|size| (1..=longest).contains(size))?;
        return Some(if number > 0 { At::Field(size - 1) } else { At::End(size) });
    }
    let exact = |field: &Field| field.name == name.trim() || field.name == bare;
    let alike = |field: &Field| field.name.eq_ignore_ascii_case(bare);
    if let Some(index) = fields.iter().position(exact) {
        return Some(At::Field(index));
    }
    let named = lines.iter().flat_map(|line| &line.keys).flatten().any(|key| *key == bare);
    if named {
        return Some(At::Named(bare.to_owned()));
    }
    fields.iter().position(alike).map(At::Field)
}

/// `--service field:NAME|INDEX[:UNIT]`.
pub(super) fn picked(
    text: &str,
    fields: &[Field],
    lines: &[Line<'_>],
    texts: &[(usize, Cow<'_, str>)],
    place: Place,
    sink: &mut Sink,
) -> Option<Pick> {
    // `client:port` is a name; `5:ms` is a number with a unit.
    let (name, unit) = if find(text, fields, lines).is_some() { (text, None) } else { unit_behind(text) };
    let Some(at) = find(name, fields, lines) else {
        let mut names: Vec<&str> = fields.iter().map(|field| field.name.as_str()).collect();
        for key in lines.iter().flat_map(|line| &line.keys).flatten() {
            if !names.contains(key) {
                names.push(key);
            }
        }
        let longest = lines.iter().map(|line| line.values.len()).max().unwrap_or(fields.len());
        let number = name.trim().parse::<i64>().is_ok();
        let note = sink.error("S072", place, format!("the log has no field `{}`", name.trim()));
        if number {
            note.help(format!(
                "fields are counted from 1, or from -1 at the end; a line has up to {longest}"
            ));
        } else {
            note.help_if(|| did_you_mean_or_list(name, "its fields", &names));
        }
        return None;
    };
    let shape = shape(lines.iter().filter_map(|line| at.get(line)));
    let form = if shape == Shape::Pair { Form::Pair } else { Form::Plain };
    let from_format = match &at {
        At::Field(index) => match fields.get(*index).map(|field| &field.meaning) {
            Some(Meaning::Took(_, unit)) => *unit,
            _ => None,
        },
        _ => None,
    };
    let plausible = is_seconds(lines.iter().filter_map(|line| at.get(line)));
    let told = match shape {
        Shape::Pair | Shape::WithUnit | Shape::List | Shape::Blank => Some(S),
        Shape::Decimal if plausible => Some(S),
        _ => None,
    };
    match unit.or(from_format).or(told) {
        Some(unit) => Some(Pick { at, unit, form }),
        None if shape == Shape::Other => {
            let message = format!("`{}` is no duration in every line", at.text(fields));
            let example = lines.iter().find_map(|line| {
                at.get(line).filter(|text| shape_of(text.trim()) == Shape::Other && !text.is_empty())
            });
            sink.error("S072", place, message).help_if(|| {
                example.map(|text| {
                    format!(
                        "one of them is `{text}`; a unit behind it, `field:{}:s`, skips such lines",
                        at.text(fields)
                    )
                })
            });
            None
        }
        None => {
            let picks = [S, MS, US].map(|unit| Pick { at: at.clone(), unit, form });
            say_readings(&picks, fields, lines, texts, place, sink);
            None
        }
    }
}
