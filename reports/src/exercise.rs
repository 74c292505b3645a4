//! Problem sheets and grades, as text, as a page and as JSON.

use crate::chart;
use crate::gantt::{ChartOptions, chart as text_chart};
use crate::grid::Grid;
use crate::html::{Block, Page, Row, Section, Table};
use crate::number::TimeUnit;
use crate::rows::{GanttRow, TaskRow};
use serde::Serialize;
use std::fmt::Write as _;

/// Milliseconds, as the task lists of exercises have them.
const MS: TimeUnit = TimeUnit { name: "ms", nanos: 1_000_000 };

/// A problem as it is printed.
#[derive(Clone, PartialEq, Debug)]
pub struct Sheet<'a> {
    /// The policy's name in prose.
    pub title: &'a str,
    /// The policy with its parameters.
    pub policy: &'a str,
    /// Its definition, ties included.
    pub definition: &'a str,
    /// Which problem it is.
    pub seed: u64,
    /// Cores.
    pub cores: u32,
    /// The task list: header, then rows.
    pub list: Vec<Vec<&'a str>>,
    /// The jobs of the answer.
    pub tasks: Vec<TaskRow<'a>>,
    /// What tasks do their I/O with, `parallel` or `fcfs`; `None`: they do none.
    pub io: Option<&'a str>,
    /// The schedule of the answer: what the cores do.
    pub gantt: Vec<GanttRow<'a>>,
    /// When tasks are away, in the order of the list: a row's station is the task, and what it does there is `io`, or `queue`
    /// while it waits for the device.
    pub away: Vec<GanttRow<'a>>,
    /// Whether the answers are shown.
    pub answers: bool,
}

/// What is asked of every problem.
pub const QUESTIONS: [&str; 3] = [
    "Draw the schedule: who runs on which core, from when to when?",
    "Fill in the table: when does each task first run, when does it finish, and how long does it wait?",
    "What are the mean response and the mean waiting time?",
];
/// What has to be known where one device serves all tasks, where each has its own, and where there are several cores.
pub const RULES: [&str; 3] = [
    "I/O takes no core. One device serves it, first come, first served; who waits for it is away as well. A task whose I/O \
     ends joins the ready queue before one that arrives at that instant.",
    "I/O takes no core, and each task has a device of its own. A task whose I/O ends joins the ready queue before one that \
     arrives at that instant.",
    "The cores are alike: which of those that are free a task is given does not matter. A task that goes on running stays on \
     its core.",
];
/// What is asked beside the schedule where tasks do I/O.
pub const DRAW_IO: &str = " Below them, mark when each task is away for I/O; what is graded are the cores.";
/// Columns of a line of time to draw on.
const BLANK: usize = 70;
/// Columns of that table.
pub const COLUMNS: [&str; 6] = ["task", "start", "finish", "response", "waiting", "first_response"];

impl<'a> Sheet<'a> {
    /// What problem it is, in one line.
    pub fn heading(&self) -> String {
        let cores = if self.cores == 1 { "one core".to_owned() } else { format!("{} cores", self.cores) };
        let io = if self.io.is_some() { " with I/O" } else { "" };
        format!("{} ({}) on {cores}{io}, problem {}", self.title, self.policy, self.seed)
    }

    /// What has to be known beside the policy's definition, of [`RULES`].
    pub fn rules(&self) -> Vec<&'static str> {
        let [one, own, cores] = RULES;
        let io = self.io.map(|device| if device == "fcfs" { one } else { own });
        io.into_iter().chain((self.cores > 1).then_some(cores)).collect()
    }

    /// The questions: what is drawn depends on what the tasks do.
    pub fn questions(&self) -> [String; 3] {
        let more = if self.io.is_some() { DRAW_IO } else { "" };
        let [draw, table, means] = QUESTIONS;
        [format!("{draw}{more}"), table.to_owned(), means.to_owned()]
    }

    /// The tasks that leave for I/O, in the order of the list.
    fn leave(&self) -> Vec<&'a str> {
        let mut tasks: Vec<&str> = self.away.iter().map(|row| row.station).collect();
        tasks.dedup();
        tasks
    }

    /// What is drawn in the key: the cores, and below them when tasks are away.
    fn key(&self) -> Vec<GanttRow<'a>> {
        self.gantt.iter().chain(&self.away).cloned().collect()
    }

    /// The cells of the table that is asked for, by task: [`COLUMNS`].
    pub fn table(&self) -> Vec<Vec<String>> {
        let exact = |nanos: Option<u64>| nanos.map(|nanos| MS.exact(nanos)).unwrap_or_default();
        let row = |task: &TaskRow<'_>| {
            let mut cells = vec![task.task.to_owned()];
            let values = [
                task.first_run_ns,
                task.finish_ns,
                task.response_ns,
                task.waiting_ns,
                task.first_response_ns,
            ];
            cells.extend(values.map(|value| if self.answers { exact(value) } else { "____".to_owned() }));
            cells
        };
        self.tasks.iter().map(row).collect()
    }

    /// Mean response and mean waiting, in ms to two decimals.
    pub fn means(&self) -> (String, String) {
        let mean = |value: fn(&TaskRow<'_>) -> Option<u64>| {
            let sum: u64 = self.tasks.iter().filter_map(value).sum();
            format!("{:.2}", sum as f64 / 1e6 / self.tasks.len().max(1) as f64)
        };
        (mean(|task| task.response_ns), mean(|task| task.waiting_ns))
    }

    /// The line of time to draw on: a mark each ms, a number each five.
    fn blank(&self) -> String {
        let end = self.tasks.iter().filter_map(|task| task.finish_ns).max().unwrap_or(0).div_ceil(MS.nanos);
        // One more than is needed: where the schedule ends is part of the question.
        let columns = (end + 4).next_multiple_of(5) as usize;
        let cores = (0..self.cores).map(|core| match self.cores {
            1 => "cpu".to_owned(),
            _ => format!("cpu{core}"),
        });
        let names: Vec<String> = cores.chain(self.leave().iter().map(|task| format!("{task} io"))).collect();
        let width = names.iter().map(|name| name.chars().count() + 1).max().unwrap_or(0).max(6);
        let mut out = String::new();
        for from in (0..columns).step_by(BLANK) {
            let to = columns.min(from + BLANK);
            let mut axis = format!("{:<width$}", "ms");
            for mark in (from..to).step_by(5) {
                let _ = write!(axis, "{mark:<5}");
            }
            let _ = writeln!(out, "{}{}", if from > 0 { "\n" } else { "" }, axis.trim_end());
            for name in &names {
                let _ = writeln!(out, "{name:<width$}{}", "|....".repeat((to - from) / 5));
            }
        }
        out
    }
}

/// The sheet as text.
pub fn sheet_text(sheet: &Sheet<'_>) -> String {
    let mut out = format!("{}\n\n", sheet.heading());
    for (index, text) in std::iter::once(sheet.definition).chain(sheet.rules()).enumerate() {
        if index > 0 {
            out.push('\n');
        }
        for line in wrapped(text, 80) {
            let _ = writeln!(out, "{line}");
        }
    }
    let mut list = Grid::new(sheet.list.first().into_iter().flatten().copied());
    for row in sheet.list.iter().skip(1) {
        list.row(row.iter().copied());
    }
    out.push_str("\nTasks, times in ms:\n\n");
    list.write(&mut out, 2);
    let mut table = Grid::new(COLUMNS);
    for row in sheet.table() {
        table.row(row);
    }
    let (response, waiting) = sheet.means();
    for (number, question) in sheet.questions().iter().enumerate() {
        out.push('\n');
        for line in wrapped(&format!("{}. {question}", number + 1), 80) {
            let _ = writeln!(out, "{line}");
        }
        out.push('\n');
        match (number, sheet.answers) {
            (0, false) => out.push_str(&sheet.blank()),
            (0, true) => out.push_str(&text_chart(&sheet.key(), &ChartOptions::default())),
            (1, _) => table.write(&mut out, 2),
            (_, true) => {
                let _ = writeln!(out, "  response {response} ms, waiting {waiting} ms");
            }
            (_, false) => out.push_str("  response ____ ms, waiting ____ ms\n"),
        }
    }
    out
}

/// The sheet as a page.
pub fn sheet_page(sheet: &Sheet<'_>) -> Page {
    let header =
        |columns: &[&str]| columns.iter().enumerate().map(|(i, c)| ((*c).to_owned(), i > 0)).collect();
    let list = Table {
        caption: "Tasks, times in ms".to_owned(),
        columns: header(sheet.list.first().map_or(&[], Vec::as_slice)),
        rows: sheet
            .list
            .iter()
            .skip(1)
            .map(|row| Row::new(row.iter().map(|cell| (*cell).to_owned()).collect()))
            .collect(),
    };
    let schedule = chart::rows::gantt(&sheet.key(), "").filter(|_| sheet.answers);
    let schedule = schedule.map_or_else(|| Block::Text(sheet.blank()), Block::Chart);
    let (response, waiting) = sheet.means();
    let (response, waiting) =
        if sheet.answers { (response, waiting) } else { ("____".to_owned(), "____".to_owned()) };
    let answers = Table {
        caption: "Times in ms".to_owned(),
        columns: header(&COLUMNS),
        rows: sheet.table().into_iter().map(Row::new).collect(),
    };
    let section = |question: usize, block: Block| Section {
        heading: format!("{}. {}", question + 1, sheet.questions()[question]),
        blocks: vec![block],
    };
    Page {
        title: sheet.heading(),
        sections: vec![
            Section {
                heading: "The rule".to_owned(),
                blocks: std::iter::once(sheet.definition)
                    .chain(sheet.rules())
                    .map(|text| Block::Text(text.to_owned()))
                    .chain([Block::Table(list)])
                    .collect(),
            },
            section(0, schedule),
            section(1, Block::Table(answers)),
            section(2, Block::Text(format!("Mean response {response} ms, mean waiting {waiting} ms."))),
        ],
        ..Page::default()
    }
}

/// The sheet as CSV: the task list, as `dispatchlab run` takes it; with the answers the schedule, as `dispatchlab grade` takes
/// it, times in ms.
pub fn sheet_csv(sheet: &Sheet<'_>) -> String {
    let mut out = String::new();
    if !sheet.answers {
        for row in &sheet.list {
            let _ = writeln!(out, "{}", row.join(","));
        }
        return out;
    }
    out.push_str("core,start,end,task\n");
    for row in sheet.gantt.iter().filter(|row| row.kind == "run") {
        let (start, end) = (MS.exact(row.start_ns), MS.exact(row.end_ns));
        let _ = writeln!(out, "{},{start},{end},{}", row.core, row.task.unwrap_or_default());
    }
    out
}

/// A grade as it is printed: the document `dispatchlab.grade/1`.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct GradeDocument<'a> {
    /// `dispatchlab.grade/1`.
    pub schema: &'static str,
    /// The policy with its parameters.
    pub policy: &'a str,
    /// Which problem it is.
    pub seed: u64,
    /// Points: ms of core time, or numbers, that are right.
    pub points: f64,
    /// Points that could be had.
    pub of: f64,
    /// The part that is right, 0 to 1.
    pub score: f64,
    /// The mistakes.
    pub mistakes: Vec<GradeRow>,
    /// The decision at which the answer first departs from the right schedule, explained.
    pub why: Option<String>,
}

/// A mistake.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct GradeRow {
    /// Its kind: `overlap`, `before-arrival`, ...
    pub kind: &'static str,
    /// What is wrong.
    pub text: String,
}

/// The grade as text.
pub fn grade_text(grade: &GradeDocument<'_>) -> String {
    let mut out = format!(
        "{} %: {} of {} points\n",
        (grade.score * 100.0).round(),
        short(grade.points),
        short(grade.of)
    );
    if grade.mistakes.is_empty() && grade.score >= 1.0 {
        out.push_str("all right\n");
    }
    for row in &grade.mistakes {
        let lines = wrapped(&row.text, 60);
        for (index, line) in lines.iter().enumerate() {
            let kind = if index == 0 { row.kind } else { "" };
            let _ = writeln!(out, "  {kind:<15} {line}");
        }
    }
    if let Some(why) = &grade.why {
        let _ = write!(out, "\nwhy:\n{why}");
    }
    out
}

fn short(value: f64) -> String {
    let text = format!("{value:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// Words put into lines of at most `width` characters.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}
