//! What a student hands in.

use std::collections::BTreeMap;

/// An answer.
#[derive(Clone, PartialEq, Debug)]
pub enum Answer {
    /// A schedule: who runs when.
    Schedule(Vec<Stretch>),
    /// Numbers of each task, by column, in ms.
    Table(Vec<(String, BTreeMap<String, f64>)>),
}

/// A stretch of a schedule.
#[derive(Clone, PartialEq, Debug)]
pub struct Stretch {
    /// On which core, from 0; `None`: it is not said.
    pub core: Option<u32>,
    /// From, in ms.
    pub start: f64,
    /// To, in ms.
    pub end: f64,
    /// Who.
    pub task: String,
}

/// Columns of a table that can be graded.
pub const COLUMNS: [&str; 5] = ["start", "finish", "response", "waiting", "first_response"];

/// Answers longer than this are not read.
const MAX_ROWS: usize = 10_000;

/// Why an answer cannot be read.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("line {line}: {message}")]
pub struct AnswerError {
    /// Where, from 1.
    pub line: u64,
    /// What is wrong, and what would be right.
    pub message: String,
}

fn wrong(line: u64, message: impl Into<String>) -> AnswerError {
    AnswerError { line, message: message.into() }
}

/// Stretches with a core for those that have none: that on which the task ran until then, else the lowest that is free.
pub(super) fn placed(given: &[Stretch], cores: u32) -> Vec<Stretch> {
    let mut all = given.to_vec();
    if all.iter().all(|stretch| stretch.core.is_some()) {
        return all;
    }
    all.sort_by(|a, b| a.start.total_cmp(&b.start));
    // By core: who ran there last, and until when.
    let mut last: Vec<(f64, String)> = vec![(0.0, String::new()); cores as usize];
    for group in all.chunk_by_mut(|a, b| a.start.total_cmp(&b.start).is_eq()) {
        // Those that go on first: nobody else may take their core.
        for goes_on in [true, false] {
            for stretch in group.iter_mut().filter(|stretch| goes_on || stretch.core.is_none()) {
                let same = |(end, task): &(f64, String)| {
                    *task == stretch.task && (*end - stretch.start).abs() < f64::EPSILON
                };
                let core = match stretch.core {
                    Some(core) => core as usize,
                    None if goes_on => match last.iter().position(same) {
                        Some(core) => core,
                        None => continue,
                    },
                    None => last.iter().position(|(end, _)| *end <= stretch.start).unwrap_or(0),
                };
                stretch.core = Some(core as u32);
                if let Some(last) = last.get_mut(core) {
                    *last = (stretch.end.max(last.0), stretch.task.clone());
                }
            }
        }
    }
    all
}

/// A core: `1`, or as sheets and charts name it, `cpu1` or `core 1`.
fn core(text: &str) -> Option<u32> {
    let text = text.to_ascii_lowercase();
    let number = text.strip_prefix("cpu").or_else(|| text.strip_prefix("core")).unwrap_or(&text);
    number.trim().parse().ok()
}

/// Reads an answer: CSV with the header `start,end,task` (and `core`, from 0) for a schedule, or `task` and any of
/// [`COLUMNS`] for a table. Numbers are ms; a stretch of the task `idle` or `-` is idle. Without the column `core` a stretch
/// takes any core that is free.
///
/// # Errors
/// The first line that is no answer.
pub fn read_answer(text: &str) -> Result<Answer, AnswerError> {
    let mut reader = csv::ReaderBuilder::new()
        .trim(csv::Trim::All)
        .comment(Some(b'#'))
        .from_reader(text.trim_start_matches('\u{feff}').as_bytes());
    let header: Vec<String> = match reader.headers() {
        Ok(header) => header.iter().map(str::to_ascii_lowercase).collect(),
        Err(error) => return Err(wrong(1, error.to_string())),
    };
    let place = |name: &str| header.iter().position(|column| column == name);
    let Some(task) = place("task") else {
        return Err(wrong(
            1,
            "the first line names the columns: `start,end,task` for a schedule, or `task` and some of start, finish, \
             response, waiting, first_response",
        ));
    };
    let is_schedule = place("end").is_some();
    if let Some(unknown) = header.iter().find(|name| {
        let known: &[&str] = if is_schedule { &["core", "start", "end", "task"] } else { &COLUMNS };
        !known.contains(&name.as_str()) && *name != "task"
    }) {
        return Err(wrong(1, format!("unknown column `{unknown}`")));
    }
    if is_schedule && place("start").is_none() {
        return Err(wrong(1, "a schedule needs the column `start`"));
    }
    let (mut stretches, mut table) = (Vec::new(), Vec::new());
    for record in reader.records() {
        let record = record.map_err(|error| {
            let line = error.position().map_or(0, csv::Position::line);
            wrong(line, "not as many fields as the first line has")
        })?;
        let line = record.position().map_or(0, csv::Position::line);
        if stretches.len() + table.len() >= MAX_ROWS {
            return Err(wrong(line, format!("more than {MAX_ROWS} rows")));
        }
        let number = |index: usize| -> Result<Option<f64>, AnswerError> {
            let text = record.get(index).unwrap_or("");
            if text.is_empty() {
                return Ok(None);
            }
            let value =
                text.parse::<f64>().ok().filter(|value| value.is_finite() && (0.0..1e9).contains(value));
            value.map(Some).ok_or_else(|| wrong(line, format!("`{text}` is not a number of ms")))
        };
        let name = record.get(task).unwrap_or("").to_owned();
        if is_schedule {
            let get = |name: &str| place(name).map_or(Ok(None), &number);
            let (Some(start), Some(end)) = (get("start")?, get("end")?) else {
                return Err(wrong(line, "a stretch needs `start` and `end`"));
            };
            if end <= start {
                return Err(wrong(line, "a stretch ends after it begins"));
            }
            let core = match place("core").and_then(|index| record.get(index)).unwrap_or("") {
                "" => None,
                text => Some(core(text).ok_or_else(|| {
                    wrong(line, format!("`{text}` is not a core: they are numbers, from 0"))
                })?),
            };
            if name != "idle" && name != "-" && !name.is_empty() {
                stretches.push(Stretch { core, start, end, task: name });
            }
        } else {
            let mut row = BTreeMap::new();
            for (index, column) in header.iter().enumerate().filter(|(index, _)| *index != task) {
                if let Some(value) = number(index)? {
                    row.insert(column.clone(), value);
                }
            }
            table.push((name, row));
        }
    }
    Ok(if is_schedule { Answer::Schedule(stretches) } else { Answer::Table(table) })
}
