//! Requests as they were read, on their way to the sources of a model.

use super::calendar::Calendar;
use super::classes::Classes;
use super::client::OWN_CLIENT;
use super::farm::Requests;
use crate::diagnostic::{LinesWatch, Sink, WHOLE, did_you_mean_or_list};
use crate::keys::{NAME_BYTES_MAX, NAMES_MAX};
use crate::options::Options;
use crate::reader;
use sim_core::model::{Attributes, TraceData, TraceRow};
use sim_core::rng::{StreamRoot, below};
use sim_core::units::{Span, Time};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Lines between two words on how far the reading has come.
const WATCHED: usize = 1 << 15;
/// More requests are refused.
const REQUESTS_MAX: usize = 20_000_000;
/// Arrivals that begin later than this are the readings of a clock.
const YEAR: i128 = 365 * 86_400 * 1_000_000_000;
/// Class of requests without one.
pub(super) const UNNAMED: &str = "request";
const SECOND: i128 = 1_000_000_000;

/// Why a line is no request.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Skipped {
    /// It does not have the form.
    Form,
    /// Its time is none.
    Arrival,
    /// The zone of its time has no meaning.
    Zone,
    /// A calendar and numbers are mixed.
    Clock,
    /// It has no year where others have one, or one where they have none.
    Year,
    /// Its size is no number.
    Size,
    /// It does not say how long it took, and has to.
    Service,
    /// It took less than no time.
    Negative,
    /// Its service time is beyond the range of time.
    Range,
    /// Its class is no name.
    Class,
    /// Its deadline is no duration.
    Deadline,
    /// Its priority is no number.
    Priority,
}

impl Skipped {
    const COUNT: usize = 12;
}

/// A request as a line has it.
#[derive(Clone, Copy)]
pub(super) struct Row {
    /// Its time stamp, in nanoseconds since some time.
    pub stamp: i128,
    /// How long before its stamp it arrived.
    pub back: Span,
    pub service: Span,
    pub class: u32,
    pub priority: i64,
    pub deadline: Option<Span>,
    pub client: Option<u64>,
}

/// A request as it is held: there are many of them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Held {
    /// Its stamp, and then its arrival, in nanoseconds from [`Read::origin`].
    pub at: i64,
    pub service: Span,
    /// The client's key; [`NOBODY`] where there is none.
    pub client: u64,
    /// Its class, priority and deadline: an index into [`Read::kinds`].
    pub kind: u32,
    /// Its place among the requests as they were read.
    pub nth: u32,
}

// What a trace of the engine takes for a request; the rows of both are one allocation.
const _: () = assert!(size_of::<Held>() == size_of::<TraceRow>());

/// Stands for no client.
const NOBODY: u64 = u64::MAX;

/// Class, priority and deadline.
type Kind = (u32, i64, Option<Span>);

/// How long before their stamps requests arrived.
#[derive(Default)]
enum Backs {
    /// All at their stamps.
    #[default]
    Zero,
    /// All as long before as they are served.
    Service,
    /// Each its own time, by [`Held::nth`].
    Own(Vec<u64>),
}

impl Backs {
    fn push(&mut self, back: Span, service: Span, held: &[Held]) {
        match self {
            Backs::Own(all) => all.push(back.0),
            Backs::Zero if back == Span::ZERO => {}
            Backs::Service if back == service => {}
            Backs::Zero if held.is_empty() => {
                *self = if back == service { Backs::Service } else { Backs::Own(vec![back.0]) };
            }
            Backs::Zero => *self = Backs::Own([vec![0; held.len()], vec![back.0]].concat()),
            Backs::Service => {
                let mut all: Vec<u64> = held.iter().map(|row| row.service.0).collect();
                all.push(back.0);
                *self = Backs::Own(all);
            }
        }
    }
}

/// What becomes of stamps of whole seconds.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) enum WithinSecond {
    /// The requests of a second are spread evenly over it, in their order.
    #[default]
    Spread,
    /// They all are at its beginning.
    Keep,
    /// They are at random places of it, in their order.
    Random,
}

impl WithinSecond {
    /// `--within-second`.
    pub fn read(options: &Options, sink: &mut Sink) -> Option<WithinSecond> {
        let Some(text) = &options.within_second else { return Some(WithinSecond::default()) };
        match text.trim() {
            "spread" => Some(WithinSecond::Spread),
            "keep" => Some(WithinSecond::Keep),
            "random" => Some(WithinSecond::Random),
            other => {
                let place = sink.option("--within-second", text);
                sink.error("S022", place, format!("`--within-second` cannot be `{other}`"))
                    .help_if(|| did_you_mean_or_list(other, "it is one of", &["spread", "keep", "random"]));
                None
            }
        }
    }
}

/// What was read.
#[derive(Default)]
pub(super) struct Read {
    pub rows: Vec<Held>,
    /// The stamp of the first request: the others are held as differences to it.
    pub origin: i128,
    backs: Backs,
    /// A request is further from the first than can be simulated.
    far: bool,
    kinds: Vec<Kind>,
    kind_index: BTreeMap<Kind, u32>,
    /// Names of classes: those of options, then as they are first seen.
    pub classes: Vec<String>,
    class_index: BTreeMap<String, u32>,
    /// Lines that could be requests.
    pub lines: usize,
    /// Who is told of them now and then.
    pub watch: Option<LinesWatch>,
    /// By reason: how many lines, and the number of the first.
    skipped: [Option<(usize, usize)>; Skipped::COUNT],
    /// The first request time below zero, with its field.
    negative: Option<String>,
    /// What their stamps say of each other.
    pub times: Calendar,
    /// Whether times are of the calendar.
    pub calendar: Option<bool>,
    /// Whether all stamps are whole seconds.
    fraction: bool,
    /// Requests that `--only` and `--except` leave out.
    left_out: usize,
    /// Requests whose client field names nobody, and the line of the first.
    nobody: Option<(usize, usize)>,
    /// Requests whose stamp is the end, and whose request time is not known.
    unshifted: usize,
    /// Of status 4xx, 5xx and 499.
    statuses: [usize; 3],
    /// Whether there are statuses at all.
    pub has_status: bool,
}

impl Read {
    /// Begins with these classes.
    pub fn new(classes: &Classes) -> Read {
        let mut read = Read::default();
        for name in classes.names() {
            read.class(&name);
        }
        read
    }

    /// Takes what a line gave.
    pub fn take(&mut self, line: usize, found: Result<Option<Row>, Skipped>) {
        self.lines += 1;
        if self.lines.is_multiple_of(WATCHED)
            && let Some(watch) = &self.watch
        {
            watch(self.lines);
        }
        match found {
            Ok(Some(row)) => {
                self.times.take(row.stamp, line);
                self.fraction |= row.stamp.rem_euclid(SECOND) != 0;
                // One more than is allowed tells that there are more.
                if self.rows.len() <= REQUESTS_MAX {
                    self.hold(&row);
                }
            }
            Ok(None) => self.left_out += 1,
            Err(reason) => self.skipped[reason as usize].get_or_insert((0, line)).0 += 1,
        }
    }

    fn hold(&mut self, row: &Row) {
        if self.rows.is_empty() {
            self.origin = row.stamp;
        }
        let kind = (row.class, row.priority, row.deadline);
        let kind = match self.rows.last().map(|last| last.kind) {
            Some(last) if self.kinds[last as usize] == kind => last,
            _ => *self.kind_index.entry(kind).or_insert_with(|| {
                self.kinds.push(kind);
                self.kinds.len() as u32 - 1
            }),
        };
        let at = i64::try_from(row.stamp - self.origin).ok();
        self.far |= at.and_then(|at| at.checked_sub_unsigned(row.back.0)).is_none();
        self.backs.push(row.back, row.service, &self.rows);
        self.rows.push(Held {
            at: at.unwrap_or(0),
            service: row.service,
            client: row.client.unwrap_or(NOBODY),
            kind,
            nth: self.rows.len() as u32,
        });
    }

    /// The class of a request.
    pub fn class_of(&self, row: &Held) -> u32 {
        self.kinds[row.kind as usize].0
    }

    /// Counts a request whose client field names nobody.
    pub fn count_nobody(&mut self, line: usize) {
        self.nobody.get_or_insert((0, line)).0 += 1;
    }

    /// Names the field of a request time below zero.
    pub fn name_negative(&mut self, field: &str, value: &str) -> Skipped {
        self.negative.get_or_insert_with(|| format!("field `{field}` is `{}`", value.trim()));
        Skipped::Negative
    }

    /// Counts a request whose arrival had to be its end.
    pub fn count_unshifted(&mut self) {
        self.unshifted += 1;
    }

    /// Counts a status.
    pub fn count_status(&mut self, status: Option<u16>) {
        self.has_status |= status.is_some();
        match status {
            Some(499) => self.statuses[2] += 1,
            Some(400..=498) => self.statuses[0] += 1,
            Some(500..=599) => self.statuses[1] += 1,
            _ => {}
        }
    }

    /// The number of a class; `None` where it is no name.
    pub fn class(&mut self, name: &str) -> Option<u32> {
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

    /// Says what is wrong with the whole: nothing was read, or too much.
    pub fn check(&self, what: &str, words: &dyn Fn(Skipped) -> &'static str, sink: &mut Sink) -> bool {
        if self.rows.is_empty() {
            if self.left_out > 0 {
                let message = format!("`--only` and `--except` leave out every request of this {what}");
                sink.error("S070", WHOLE, message);
            } else {
                sink.error("S070", WHOLE, format!("no line of this {what} could be read as a request"))
                    .help_if(|| self.skipped_notes(words).into_iter().next());
            }
        }
        if self.rows.len() > REQUESTS_MAX {
            sink.error("S046", WHOLE, format!("more than {REQUESTS_MAX} requests"));
            return false;
        }
        if self.classes.len() > NAMES_MAX {
            let message = format!("{} classes; at most {NAMES_MAX}", self.classes.len());
            sink.error("S046", WHOLE, message).help("map another column to `class`, or none");
            return false;
        }
        true
    }

    /// What was skipped, and why.
    fn skipped_notes(&self, words: &dyn Fn(Skipped) -> &'static str) -> Vec<String> {
        use Skipped::{
            Arrival, Class, Clock, Deadline, Form, Negative, Priority, Range, Service, Size, Year, Zone,
        };
        let all =
            [Form, Arrival, Zone, Clock, Year, Size, Service, Negative, Range, Class, Deadline, Priority];
        let notes = all.into_iter().filter_map(|reason| {
            let (count, first) = self.skipped[reason as usize]?;
            let were = if count == 1 { "was" } else { "were" };
            let mut example = example(count, first);
            if let Some(value) = self.negative.as_ref().filter(|_| reason == Negative) {
                example = format!("{example}: {value}");
            }
            Some(format!("{count} of {} lines {were} skipped: {} ({example})", self.lines, words(reason)))
        });
        notes.collect()
    }

    /// Everything that is to be said of the lines.
    pub fn notes(&self, words: &dyn Fn(Skipped) -> &'static str) -> Vec<String> {
        let mut notes = self.skipped_notes(words);
        notes.extend(self.times.notes(self.lines));
        if self.counted_from() != 0 && self.calendar == Some(false) {
            notes.push("arrivals are counted from the earliest one".to_owned());
        }
        let requests =
            |count: usize| if count == 1 { "1 request".to_owned() } else { format!("{count} requests") };
        if self.left_out > 0 {
            let were = if self.left_out == 1 { "is" } else { "are" };
            notes.push(format!("{} {were} left out by `--only` or `--except`", requests(self.left_out)));
        }
        if self.unshifted > 0 {
            notes.push(format!(
                "{} without a request time: the stamp is the arrival",
                requests(self.unshifted)
            ));
        }
        if let Some((count, first)) = self.nobody {
            let example = example(count, first);
            notes.push(format!(
                "{} without a readable client: each is a client of its own ({example})",
                requests(count)
            ));
        }
        let [clients, servers, gone] = self.statuses;
        if clients + servers + gone > 0 {
            notes.push(format!(
                "of {} {clients} have status 4xx, {servers} have 5xx and {gone} have 499 (the client left): they \
                 are run like the others; `--except 4xx` leaves them out",
                requests(self.rows.len())
            ));
        }
        notes
    }

    /// The time that arrivals are counted from.
    fn counted_from(&self) -> i128 {
        let earliest = self.rows.iter().map(|row| row.at).min().map_or(0, |at| self.origin + i128::from(at));
        if self.calendar == Some(true) || !(0..=YEAR).contains(&earliest) { earliest } else { 0 }
    }

    /// Spreads the requests of whole seconds and makes arrivals of stamps; what is to be said about it.
    pub fn arrive(&mut self, within: WithinSecond, asked: bool, seed: u64) -> Option<String> {
        if self.times.is_yearless() {
            let origin = self.times.real(self.origin);
            for row in &mut self.rows {
                let at = self.times.real(self.origin + i128::from(row.at)) - origin;
                row.at = i64::try_from(at).unwrap_or(row.at);
            }
            self.origin = origin;
        }
        let note = self.spread(within, asked, seed);
        let backs = std::mem::take(&mut self.backs);
        for (nth, row) in self.rows.iter_mut().enumerate() {
            let back = match &backs {
                Backs::Zero => 0,
                Backs::Service => row.service.0,
                Backs::Own(all) => all[row.nth as usize],
            };
            row.at = row.at.saturating_sub_unsigned(back);
            // Those that arrive at once keep the order of their stamps.
            row.nth = nth as u32;
        }
        note
    }

    fn spread(&mut self, within: WithinSecond, asked: bool, seed: u64) -> Option<String> {
        if self.calendar != Some(true) {
            return asked.then(|| "arrivals are numbers: `--within-second` changes nothing".to_owned());
        }
        if self.fraction {
            let note = "stamps have parts of a second: `--within-second` changes nothing";
            return asked.then(|| note.to_owned());
        }
        sort(&mut self.rows, |row| (row.at, row.nth));
        let most = self.rows.chunk_by(|a, b| a.at == b.at).map(<[Held]>::len).max().unwrap_or(0);
        if most < 2 {
            return None;
        }
        let (how, others) = match within {
            WithinSecond::Keep => {
                let note = format!(
                    "stamps are whole seconds, up to {most} requests in one, and are kept: their requests arrive at \
                     once, which makes queues longer than they were"
                );
                return Some(note);
            }
            WithinSecond::Spread => ("spread evenly over it", "`keep` leaves them, `random` draws"),
            WithinSecond::Random => ("at random places of it", "`keep` leaves them, `spread` is even"),
        };
        let mut stream = StreamRoot::new(seed, 0).stream("requests", "within-second");
        for second in self.rows.chunk_by_mut(|a, b| a.at == b.at) {
            let count = second.len() as u64;
            let places: Vec<u64> = if within == WithinSecond::Random {
                let mut drawn: Vec<u64> = (0..count).map(|_| below(&mut stream, SECOND as u64)).collect();
                drawn.sort_unstable();
                drawn
            } else {
                // In the middle of its share of the second, so that none is early or late on average.
                (0..count).map(|nth| (2 * nth + 1) * SECOND as u64 / (2 * count)).collect()
            };
            for (row, place) in second.iter_mut().zip(places) {
                row.at = row.at.saturating_add_unsigned(place);
            }
        }
        Some(format!(
            "stamps are whole seconds, up to {most} requests in one: the requests of a second are {how}, in their \
             order (`--within-second`: {others})"
        ))
    }

    /// The requests of each class, sorted by time, and their attributes.
    pub fn requests(mut self, what: &str, sink: &mut Sink) -> Option<(Vec<Requests>, Vec<Attributes>)> {
        sort(&mut self.rows, |row| (row.at, row.nth));
        // From the time that arrivals are counted from.
        let start = self.counted_from() - self.origin;
        let last = self.rows.last().map_or(0, |row| i128::from(row.at));
        if self.far || last - start > i128::from(Time::LATEST.0) {
            let message = format!("the {what} spans more than the 292 years that can be simulated");
            sink.error("S073", WHOLE, message).help_if(|| self.times.longest());
            return None;
        }
        let mut present = vec![false; self.classes.len()];
        for row in &self.rows {
            present[self.class_of(row) as usize] = true;
        }
        // Classes of options that no request belongs to are none.
        let mut numbers = vec![0u32; self.classes.len()];
        let mut next = 0;
        for (class, present) in present.iter().enumerate() {
            numbers[class] = next;
            next += u32::from(*present);
        }
        let mut attributes: Vec<Attributes> = Vec::new();
        let mut known: Vec<Option<u32>> = vec![None; self.kinds.len()];
        for (nth, row) in self.rows.iter_mut().enumerate() {
            let (class, priority, deadline) = self.kinds[row.kind as usize];
            known[row.kind as usize].get_or_insert_with(|| {
                let class = numbers[class as usize];
                attributes.push(Attributes {
                    place: class,
                    task: class,
                    priority,
                    deadline,
                    ..Attributes::default()
                });
                attributes.len() as u32 - 1
            });
            row.nth = nth as u32;
            if row.client == NOBODY {
                row.client = nth as u64 | OWN_CLIENT;
            }
        }
        let kinds = std::mem::take(&mut self.kinds);
        let class_of = |row: &Held| kinds[row.kind as usize].0;
        if next > 1 {
            sort(&mut self.rows, |row| (class_of(row), row.nth));
        }
        // The last class first: what is left shrinks, so that the requests are hardly ever held twice.
        let mut found = Vec::new();
        for (index, class) in self.classes.into_iter().enumerate().rev().filter(|(index, _)| present[*index])
        {
            let first = self.rows.partition_point(|row| (class_of(row) as usize) < index);
            let rows = if first == 0 { std::mem::take(&mut self.rows) } else { self.rows.split_off(first) };
            self.rows.shrink_to_fit();
            let values = rows.iter().map(|row| row.service.0).collect();
            let row = |(nth, row): (usize, Held)| TraceRow {
                at: Time((i128::from(row.at) - start) as u64),
                entry: 0,
                values: nth as u32,
                count: 1,
                attributes: known[row.kind as usize].unwrap_or(0),
                client: row.client,
            };
            let rows = rows.into_iter().enumerate().map(row).collect();
            found.push(Requests { class, data: Arc::new(TraceData { rows, values, is_sample: true }) });
        }
        found.reverse();
        Some((found, attributes))
    }
}

/// Sorts in place: keys are all different, and rows often in order.
fn sort<K: Ord>(rows: &mut [Held], key: impl Fn(&Held) -> K) {
    if !rows.is_sorted_by_key(&key) {
        rows.sort_unstable_by_key(key);
    }
}

/// `line 13` or `the first is line 13`.
pub(super) fn example(count: usize, line: usize) -> String {
    if count == 1 { format!("line {line}") } else { format!("the first is line {line}") }
}
