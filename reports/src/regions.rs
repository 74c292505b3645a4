//! `region.csv` and `instances.csv`: what happened in transaction regions, and the books of their processes.

use crate::sheet::{Cell, Column, Form, Kind, Sheet};
use sim_core::measure::Measures;
use sim_core::model::{InstanceState, Model};
use sim_core::trace::{TaskEvent, TaskEventKind, Trace};
use std::io::{self, Write};

/// The columns of `region.csv`.
pub const COLUMNS: &[Column] = &[
    Column::new("scenario", Kind::Text, "its name"),
    Column::new("policy", Kind::Text, "the policies in effect"),
    Column::new("replication", Kind::Integer, "1: the file is about the first replication"),
    Column::new("at_ns", Kind::Integer, "when; of a call, when it was over"),
    Column::new(
        "event",
        Kind::Text,
        "`received`, `queued`, `no-sep` (it waits, and nobody was found to run), `refused`, `dispatched`, `leaked` (the call \
         is lost), `begun`, `answered`, `input`, `begun-again`, `removed`; `call`; `sep-out`, `sep-up`; `timer-set`, \
         `timer-due`, `timer-posted`, `timer-picked`; `host-start`, `host-ready`, `host-stop`",
    ),
    Column::new("task", Kind::Text, "whose job: the source, or the class of a job that was started"),
    Column::new("job", Kind::Integer, "which job of it, from 1"),
    Column::new("class", Kind::Text, "its class; of a timer, the class that it starts"),
    Column::new("region", Kind::Text, "the region"),
    Column::new("sep", Kind::Integer, "the process, from 1"),
    Column::new("by", Kind::Text, "who dispatched: `dispatcher`, `sep-pull`, `recovery`, `health-check`"),
    Column::new(
        "detail",
        Kind::Text,
        "the call; `mid-output` or `end-output`; the outcome; `process 1` where a recovery is about one",
    ),
    Column::new("asked_ns", Kind::Integer, "when a call was asked for; when a timer is due"),
    Column::new("granted_ns", Kind::Integer, "when a call got the lock of the database"),
];

/// The columns of `instances.csv`.
pub const BOOKS: &[Column] = &[
    Column::new("scenario", Kind::Text, "its name"),
    Column::new("policy", Kind::Text, "the policies in effect"),
    Column::new("replication", Kind::Integer, "1: the file is about the first replication"),
    Column::new("region", Kind::Text, "the region"),
    Column::new("sep", Kind::Integer, "the process, from 1"),
    Column::new(
        "state",
        Kind::Text,
        "`absent`, `starting` (dispatched, its task not begun), `free`, `executing` (or waiting for a core), `held` for its \
         client, `blocked` by a lock, `ending` (from the end output to the removal), `leaked`",
    ),
    Column::new(
        "time_ns",
        Kind::Integer,
        "how long, over the whole run; the states of a process add up to its length",
    ),
];

/// The region that a pool belongs to: the first part of its name.
fn region(model: &Model, pool: u32) -> &str {
    let name = model.pools.get(pool as usize).map_or("", |pool| pool.name.as_str());
    name.rsplit_once('.').map_or(name, |(region, _)| region)
}

fn detail(model: &Model, event: &TaskEvent) -> String {
    let named = |names: &[String]| names.get(event.detail as usize).cloned().unwrap_or_default();
    match event.kind {
        TaskEventKind::Call => match event.process {
            Some(process) => format!("{} process {}", named(&model.calls), process + 1),
            None => named(&model.calls),
        },
        TaskEventKind::Answered => ["mid-output", "end-output"][event.detail.min(1) as usize].to_owned(),
        TaskEventKind::Refused | TaskEventKind::Removed => named(&model.outcomes),
        _ => String::new(),
    }
}

/// Writes what happened, in order.
pub fn write(form: &Form, model: &Model, policy: &str, trace: &Trace, out: &mut dyn Write) -> io::Result<()> {
    let mut sheet = Sheet::new(form, COLUMNS, out)?;
    for event in &trace.tasks {
        let is_job = event.job != u64::MAX;
        let is_timer = matches!(
            event.kind,
            TaskEventKind::TimerSet
                | TaskEventKind::TimerDue
                | TaskEventKind::TimerPosted
                | TaskEventKind::TimerPicked
        );
        let has_times = event.kind == TaskEventKind::Call || event.kind == TaskEventKind::TimerSet;
        let text = |names: Option<&str>| names.map_or(Cell::Empty, |name| Cell::from(name.to_owned()));
        sheet.row(&[
            model.name.as_str().into(),
            policy.into(),
            1u32.into(),
            event.at.0.into(),
            event.kind.word().into(),
            text(model.tasks.get(event.task as usize).filter(|_| is_job).map(String::as_str)),
            if is_job { event.nth.into() } else { Cell::Empty },
            text(
                model
                    .classes
                    .get(event.class as usize)
                    .filter(|_| is_job || is_timer)
                    .map(|class| class.name.as_str()),
            ),
            region(model, event.pool).into(),
            event.instance.map_or(Cell::Empty, |instance| u64::from(instance + 1).into()),
            if event.kind == TaskEventKind::Dispatched { event.by.word().into() } else { Cell::Empty },
            text(Some(detail(model, event)).filter(|text| !text.is_empty()).as_deref()),
            if has_times { event.asked.0.into() } else { Cell::Empty },
            if event.kind == TaskEventKind::Call { event.granted.0.into() } else { Cell::Empty },
        ])?;
    }
    sheet.finish()
}

/// Writes the books of every process: the states that it has been in.
pub fn write_books(
    form: &Form,
    model: &Model,
    policy: &str,
    measures: &Measures,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut sheet = Sheet::new(form, BOOKS, out)?;
    for (pool, instances) in (0..).zip(&measures.instances) {
        for (sep, books) in (1u64..).zip(&instances.whole) {
            for (state, time) in InstanceState::ALL.iter().zip(books).filter(|(_, time)| **time > 0) {
                sheet.row(&[
                    model.name.as_str().into(),
                    policy.into(),
                    1u32.into(),
                    region(model, pool).into(),
                    sep.into(),
                    state.word().into(),
                    (*time).into(),
                ])?;
            }
        }
    }
    sheet.finish()
}
