//! `requests.csv` and `gantt.csv`: the jobs of a recorded run, and what cores did.

use crate::rows::{GanttRow, task_rows};
use crate::sheet::{Column, Form, Kind, Sheet};
use sim_core::model::Model;
use sim_core::trace::{PlaceKind, Trace};
use std::collections::BTreeMap;
use std::io::{self, Write};

/// The columns of `requests.csv`.
pub const COLUMNS: &[Column] = &[
    Column::new("scenario", Kind::Text, "its name"),
    Column::new("policy", Kind::Text, "the policies in effect"),
    Column::new("replication", Kind::Integer, "1: the file is about the first replication"),
    Column::new("task", Kind::Text, "the task or source"),
    Column::new("job", Kind::Integer, "which job of it, from 1"),
    Column::new("class", Kind::Text, "its class"),
    Column::new("status", Kind::Text, "`completed`, `unfinished`, `lost` or `timed-out`"),
    Column::new("arrival_ns", Kind::Integer, "its release"),
    Column::new("first_run_ns", Kind::Integer, "its first instruction, after costs"),
    Column::new("finish_ns", Kind::Integer, "its completion; of a lost job, when it was turned away"),
    Column::new("first_response_ns", Kind::Integer, "`first_run_ns` minus `arrival_ns`"),
    Column::new("response_ns", Kind::Integer, "`finish_ns` minus `arrival_ns`, of completed jobs"),
    Column::new("waiting_ns", Kind::Integer, "response minus processor time minus blocked time"),
    Column::new("ready_ns", Kind::Integer, "time in ready queues alone"),
    Column::new("overhead_ns", Kind::Integer, "switch and dispatch costs charged to it"),
    Column::new("blocked_ns", Kind::Integer, "time in delays, at devices, waiting for children"),
    Column::new(
        "preemptions_count",
        Kind::Integer,
        "times it was taken off a core while it could have gone on",
    ),
    Column::new("migrations_count", Kind::Integer, "times it went on on another core than before"),
    Column::new("deadline_ns", Kind::Integer, "its deadline"),
    Column::new(
        "missed",
        Kind::Flag,
        "whether it missed the deadline; empty where there is none or it is not known",
    ),
    Column::new(
        "servers",
        Kind::Text,
        "members of groups where it ran or waited, in the order of its first visits, with `;` between",
    ),
];

/// The columns of `gantt.csv`.
pub const GANTT_COLUMNS: &[Column] = &[
    Column::new("scenario", Kind::Text, "its name"),
    Column::new("policy", Kind::Text, "the policies in effect"),
    Column::new("replication", Kind::Integer, "1: the file is about the first replication"),
    Column::new("station", Kind::Text, "the processor"),
    Column::new("core", Kind::Integer, "its core, from 0"),
    Column::new("task", Kind::Text, "whose job; empty while idle"),
    Column::new("job", Kind::Integer, "which job of the task, from 1"),
    Column::new("start_ns", Kind::Integer, "from"),
    Column::new("end_ns", Kind::Integer, "to"),
    Column::new("kind", Kind::Text, "`run`, `switch`, `dispatch` or `idle`"),
    Column::new(
        "share_ratio",
        Kind::Number,
        "under processor sharing, where rows overlap: the part of a core that the job had",
    ),
    Column::new(
        "level",
        Kind::Integer,
        "of a multilevel queue, beside `--with decisions`: the level from which the job was taken, 0 the top",
    ),
];

/// Writes `requests.csv`: every job of the trace, in order of arrival.
pub fn write(form: &Form, model: &Model, policy: &str, trace: &Trace, out: &mut dyn Write) -> io::Result<()> {
    let mut sheet = Sheet::new(form, COLUMNS, out)?;
    let visits = Visits::of(model, trace);
    for (row, record) in task_rows(model, trace).into_iter().zip(&trace.jobs) {
        sheet.row(&[
            model.name.as_str().into(),
            policy.into(),
            1u32.into(),
            row.task.into(),
            row.job.into(),
            row.class.into(),
            row.status.into(),
            row.arrival_ns.into(),
            row.first_run_ns.into(),
            row.finish_ns.into(),
            row.first_response_ns.into(),
            row.response_ns.into(),
            row.waiting_ns.into(),
            row.ready_ns.into(),
            row.overhead_ns.into(),
            row.blocked_ns.into(),
            row.preemptions.into(),
            row.migrations.into(),
            row.deadline_ns.into(),
            row.missed.into(),
            visits.servers(record.number).into(),
        ])?;
    }
    sheet.finish()
}

/// Writes `gantt.csv`.
pub fn write_gantt(
    form: &Form,
    scenario: &str,
    policy: &str,
    rows: &[GanttRow<'_>],
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut sheet = Sheet::new(form, GANTT_COLUMNS, out)?;
    for row in rows {
        sheet.row(&[
            scenario.into(),
            policy.into(),
            1u32.into(),
            row.station.into(),
            row.core.into(),
            row.task.into(),
            row.job.into(),
            row.start_ns.into(),
            row.end_ns.into(),
            row.kind.into(),
            row.share.into(),
            row.level.into(),
        ])?;
    }
    sheet.finish()
}

/// Which members of groups each job visited.
struct Visits {
    names: Vec<String>,
    /// By job: (first visit, index into the names).
    of: BTreeMap<u64, Vec<(u64, usize)>>,
}

impl Visits {
    fn of(model: &Model, trace: &Trace) -> Visits {
        let mut visits = Visits { names: Vec::new(), of: BTreeMap::new() };
        let mut by_processor = BTreeMap::new();
        let mut by_pool = BTreeMap::new();
        for group in &model.groups {
            for member in 0..group.weights.len() {
                let name = visits.names.len();
                visits.names.push(format!("{}-{}", group.name, member + 1));
                by_processor.extend(group.processors.iter().map(|base| (base + member as u32, name)));
                by_pool.extend(group.pools.iter().map(|base| (base + member as u32, name)));
            }
        }
        if visits.names.is_empty() {
            return visits;
        }
        for segment in &trace.segments {
            if let Some(name) = by_processor.get(&segment.processor) {
                visits.note(segment.job, segment.start.0, *name);
            }
        }
        for stay in &trace.stays {
            let name = match stay.place {
                PlaceKind::Ready(processor) => by_processor.get(&processor),
                PlaceKind::Pool(pool) => by_pool.get(&pool),
                PlaceKind::Delay | PlaceKind::Join => None,
            };
            if let Some(name) = name {
                visits.note(stay.job, stay.start.0, *name);
            }
        }
        visits
    }

    fn note(&mut self, job: u64, at: u64, name: usize) {
        let of = self.of.entry(job).or_default();
        match of.iter_mut().find(|(_, known)| *known == name) {
            Some((first, _)) => *first = at.min(*first),
            None => of.push((at, name)),
        }
    }

    /// The servers of one job; `None` where it visited none.
    fn servers(&self, job: u64) -> Option<String> {
        let mut visits = self.of.get(&job)?.clone();
        visits.sort_unstable();
        let names: Vec<&str> = visits.iter().map(|(_, name)| self.names[*name].as_str()).collect();
        Some(names.join(";"))
    }
}
