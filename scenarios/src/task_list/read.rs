//! The rows of a task list, checked.

use super::{COLUMNS, Periodic, Reported, Step, Task};
use crate::diagnostic::{Place, Sink, WHOLE, did_you_mean_or_list};
use crate::keys::NAME_BYTES_MAX;
use crate::steps::DRAWS_MAX;
use crate::traces::{Field, Row, cell_span, place_of, rows};
use sim_core::model::Attributes;
use sim_core::quantity;
use sim_core::units::{Span, Time};

/// Words of `program` that are not built yet, refused by name.
const LATER: &[&str] = &["lock", "unlock", "sleep", "fork", "join"];

/// More rows than this are refused.
const ROWS_MAX: usize = 4_000_000;

/// Every job in the system has room for the sizes of the longest program; more than this in all are refused.
const SIZES_MAX: usize = 64_000_000;

/// Reads all rows; `None` where the header is wrong.
pub(super) fn tasks(text: &str, unit: u64, sink: &mut Sink) -> Option<Vec<Task>> {
    let whole = Place::text(0..text.len());
    let mut all = rows(text);
    let Some(header) = all.next() else {
        sink.error("S050", WHOLE, "a task list needs a header and at least one task")
            .help("the header is task,arrival,cpu; `dispatchlab new tasks` prints a list to start from");
        return None;
    };
    let columns = read_header(&header, whole, sink)?;
    let mut tasks: Vec<Task> = Vec::new();
    let mut any = false;
    for row in all.by_ref().take(ROWS_MAX) {
        any = true;
        if row.fields.len() != header.fields.len() {
            let message = format!("{} fields where the header has {}", row.fields.len(), header.fields.len());
            sink.error("S051", whole.part(row.range.clone()), message);
            continue;
        }
        let mut reader = Reader { columns: columns.clone(), unit, whole, sink, row: &row };
        if let Some(task) = reader.task(tasks.len() as u32) {
            tasks.push(task);
        }
    }
    if all.next().is_some() {
        sink.error("S046", WHOLE, format!("a task list of more than {ROWS_MAX} rows"));
    }
    let widest = tasks.iter().map(|task| task.shape.len()).max().unwrap_or(0);
    if widest.saturating_mul(tasks.len()) > SIZES_MAX {
        let message =
            format!("{} tasks with programs of up to {widest} steps take too much memory", tasks.len());
        sink.error("S046", WHOLE, message).help("split the long programs into several tasks");
    }
    if !any {
        sink.error("S050", WHOLE, "a task list without tasks")
            .help("add a line for each task, such as P1,0,24");
    }
    Some(tasks)
}

/// Reads rows against the header.
struct Reader<'a, 's> {
    /// The index of each of [`COLUMNS`].
    columns: Vec<Option<usize>>,
    unit: u64,
    whole: Place,
    sink: &'s mut Sink,
    row: &'a Row<'a>,
}

impl<'a> Reader<'a, '_> {
    /// The field of a column; `None` where the list has no such column or the field is empty.
    fn field(&self, name: &str) -> Option<&'a Field<'a>> {
        let column = COLUMNS.iter().position(|column| column.name == name);
        let column = column.unwrap_or_else(|| panic!("column `{name}` is not in the table"));
        let row = self.row;
        self.columns[column].map(|index| &row.fields[index]).filter(|field| !field.text.is_empty())
    }

    fn place(&self, name: &str) -> Place {
        match self.field(name) {
            Some(field) => place_of(field, self.whole),
            None => self.whole.part(self.row.range.clone()),
        }
    }

    /// A duration; `None` where there is none.
    fn span(&mut self, name: &str) -> Result<Option<Span>, Reported> {
        let Some(field) = self.field(name) else { return Ok(None) };
        cell_span(field, self.whole, Some(self.unit), self.sink).map(Some).ok_or(Reported)
    }

    fn positive_span(&mut self, name: &str) -> Result<Option<Span>, Reported> {
        let span = self.span(name)?;
        if span == Some(Span::ZERO) {
            let place = self.place(name);
            self.sink.error("S021", place, format!("`{name}` must be longer than 0"));
            return Err(Reported);
        }
        Ok(span)
    }

    /// A whole number in a range; `None` where there is none.
    fn integer(&mut self, name: &str, min: i64, max: i64) -> Result<Option<i64>, Reported> {
        let Some(field) = self.field(name) else { return Ok(None) };
        let text = field.text.to_string();
        let value = text.parse::<i64>().ok().filter(|value| (min..=max).contains(value));
        if value.is_none() {
            let place = self.place(name);
            let message = format!("`{name}` is `{text}`; it must be a whole number from {min} to {max}");
            self.sink.error("S021", place, message);
            return Err(Reported);
        }
        Ok(value)
    }

    fn task(&mut self, index: u32) -> Option<Task> {
        let name = self.name();
        let period = self.positive_span("period");
        let periodic = self.field("period").is_some();
        let arrival = self.span("arrival");
        if self.field("arrival").is_none() && !periodic {
            let place = self.place("arrival");
            self.sink.error("S052", place, "a task without a period needs an arrival");
        }
        for name in ["offset", "count"].into_iter().filter(|_| !periodic) {
            if self.field(name).is_some() {
                let place = self.place(name);
                self.sink.error(
                    "S052",
                    place,
                    format!("`{name}` is for periodic tasks, and this one has no period"),
                );
            }
        }
        self.check_on_miss(periodic);
        let offset = self.span("offset");
        let count = self.integer("count", 1, 1 << 50);
        let attributes = self.attributes(index);
        if self.field("affinity").is_some() {
            let place = self.place("affinity");
            self.sink
                .error("S054", place, "affinity is not built yet")
                .help("leave the column empty, or remove it");
        }
        let program = self.program();
        let (mut attributes, (shape, sizes)) = (attributes?, program?);
        let (arrival, offset, count) = (arrival.ok()?, offset.ok()?, count.ok()?);
        let periodic = period.ok()?.map(|period| Periodic {
            period,
            offset: offset.or(arrival).unwrap_or(Span::ZERO),
            count: count.map(|count| count as u64),
        });
        if let Some(Periodic { period, .. }) = periodic {
            attributes.period = Some(period);
            attributes.deadline.get_or_insert(period);
        }
        let place = self.whole.part(self.row.range.clone());
        let arrival = Time(arrival.unwrap_or(Span::ZERO).0);
        Some(Task { name: name?, arrival, shape, sizes, attributes, periodic, place })
    }

    fn name(&mut self) -> Option<String> {
        let text = self.field("task").map(|field| field.text.to_string());
        let place = self.place("task");
        match text {
            None => {
                self.sink.error("S023", place, "a task needs a name");
                None
            }
            Some(text) if text.len() > NAME_BYTES_MAX || text.contains(sim_core::shown::is_unseen) => {
                let message =
                    format!("a task's name has at most {NAME_BYTES_MAX} bytes and no control characters");
                self.sink.error("S023", place, message);
                None
            }
            text => text,
        }
    }

    fn attributes(&mut self, index: u32) -> Option<Attributes> {
        let default = Attributes::default();
        let priority = self.integer("priority", -1_000_000_000, 1_000_000_000);
        let nice = self.integer("nice", -20, 19);
        let tickets = self.integer("tickets", 1, 1_000_000);
        let weight = self.integer("weight", 1, 1_000_000);
        let deadline = self.positive_span("deadline");
        Some(Attributes {
            place: index,
            task: 0,
            priority: priority.ok()?.unwrap_or(default.priority),
            nice: nice.ok()?.map_or(default.nice, |nice| nice as i32),
            tickets: tickets.ok()?.map_or(default.tickets, |tickets| tickets as u32),
            weight: weight.ok()?.map_or(default.weight, |weight| weight as u32),
            deadline: deadline.ok()?,
            period: None,
            abort_on_miss: self.field("on_miss").is_some_and(|field| field.text == "abort"),
        })
    }

    fn check_on_miss(&mut self, periodic: bool) {
        let Some(field) = self.field("on_miss") else { return };
        let (text, place) = (field.text.to_string(), self.place("on_miss"));
        if text != "continue" && text != "abort" {
            self.sink
                .error("S052", place, format!("`{text}` is not what can become of a job at its deadline"))
                .help("it is `continue` or `abort`");
        } else if text == "abort" && !periodic && self.field("deadline").is_none() {
            self.sink
                .error("S052", place, "`on_miss` without a deadline")
                .help("give the task a deadline too");
        }
    }

    /// What the job does: `program`, or `cpu` alone.
    fn program(&mut self) -> Option<(Vec<Step>, Vec<u64>)> {
        match (self.field("cpu"), self.field("program")) {
            (Some(_), Some(_)) => {
                let place = self.place("program");
                self.sink.error("S052", place, "a task has either `cpu` or `program`, not both");
                None
            }
            (None, None) => {
                let place = self.whole.part(self.row.range.clone());
                self.sink.error("S052", place, "a task needs `cpu` or `program`");
                None
            }
            (Some(cpu), None) => {
                let span = cell_span(cpu, self.whole, Some(self.unit), self.sink)?;
                Some((vec![Step::Cpu], vec![span.0]))
            }
            (None, Some(program)) => self.steps(program),
        }
    }

    fn steps(&mut self, program: &Field<'_>) -> Option<(Vec<Step>, Vec<u64>)> {
        let whole = place_of(program, self.whole);
        // A quoted field begins one byte later than its text.
        let quote = usize::from(whole.end - whole.start == program.text.len() + 2);
        let (mut shape, mut sizes, mut good) = (Vec::new(), Vec::new(), true);
        let mut offset = quote;
        for part in program.text.split(';') {
            let place =
                whole.part(offset + (part.len() - part.trim_start().len())..offset + part.trim_end().len());
            offset += part.len() + 1;
            let part = part.trim();
            if part.is_empty() {
                continue;
            }
            let (word, amount) = part.split_once(char::is_whitespace).unwrap_or((part, ""));
            let step = match word {
                "cpu" => Step::Cpu,
                "io" => Step::Io,
                _ => {
                    let note = if LATER.contains(&word) {
                        self.sink.error("S054", place, format!("`{word}` is not built yet"))
                    } else {
                        self.sink.error("S052", place, format!("unknown step `{word}`"))
                    };
                    note.help("a program is made of `cpu TIME` and `io TIME`, separated by `;`");
                    good = false;
                    continue;
                }
            };
            match quantity::parse_span_in(amount.trim(), self.unit) {
                Ok(span) => {
                    shape.push(step);
                    sizes.push(span.0);
                }
                Err(error) => {
                    crate::reader::quantity_error(&error, amount.trim(), place, self.sink);
                    good = false;
                }
            }
        }
        if good && (shape.is_empty() || shape.len() > DRAWS_MAX) {
            let message = format!("a program of {} steps; it needs from 1 to {DRAWS_MAX}", shape.len());
            self.sink.error("S052", whole, message);
            return None;
        }
        good.then_some((shape, sizes))
    }
}

/// Where each of [`COLUMNS`] is.
fn read_header(header: &Row<'_>, whole: Place, sink: &mut Sink) -> Option<Vec<Option<usize>>> {
    let names: Vec<&str> = COLUMNS.iter().map(|column| column.name).collect();
    let mut columns = vec![None; COLUMNS.len()];
    for (index, field) in header.fields.iter().enumerate() {
        let place = place_of(field, whole);
        match names.iter().position(|name| *name == field.text) {
            Some(column) if columns[column].is_some() => {
                sink.error("S053", place, format!("the column `{}` is there twice", field.text));
            }
            Some(column) => columns[column] = Some(index),
            None => {
                let separated =
                    field.text.contains([';', '\t']).then(|| "fields are separated by commas".to_owned());
                sink.error("S053", place, format!("unknown column `{}`", field.text))
                    .help_if(|| separated.or_else(|| did_you_mean_or_list(&field.text, "columns", &names)));
            }
        }
    }
    let has =
        |name: &str| names.iter().position(|n| *n == name).is_some_and(|column| columns[column].is_some());
    let place = whole.part(header.range.clone());
    let missing = [
        (!has("task"), "a task list needs the column `task`"),
        (!has("arrival") && !has("period"), "a task list needs the column `arrival`"),
        (!has("cpu") && !has("program"), "a task list needs the column `cpu` or `program`"),
    ];
    let mut complete = true;
    for (_, message) in missing.iter().filter(|(missing, _)| *missing) {
        sink.error("S053", place, *message)
            .help("the header is task,arrival,cpu; further columns are optional");
        complete = false;
    }
    complete.then_some(columns)
}
