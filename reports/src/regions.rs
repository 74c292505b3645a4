//! `region.csv` and `instances.csv`: what happened in transaction regions, and the books of their processes.

use crate::chart::{Axis, Bar, Chart, Doing, Gantt, Kind as Drawn, Lane, Lines, Point, Series};
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

/// Lanes of a chart beyond this many are not told apart.
const MAX_LANES: usize = 40;
/// Stretches a lane, on average, of the part that is drawn.
const A_LANE: usize = 60;

/// What the processes of each region did at first, and who dispatched over time; nothing where there are no regions.
pub fn charts(model: &Model, trace: &Trace, subtitle: &str) -> Vec<Chart> {
    let mut charts = Vec::new();
    for (pool, spec) in (0..).zip(&model.pools) {
        if spec.instances.is_some() {
            charts.extend(states(model, trace, pool, subtitle));
            charts.extend(dispatches(model, trace, pool, subtitle));
        }
    }
    charts
}

fn states(model: &Model, trace: &Trace, pool: u32, subtitle: &str) -> Option<Chart> {
    let name = region(model, pool);
    let of_pool = || trace.instances.iter().filter(|stretch| stretch.pool == pool);
    let shown = |instance: u32| (instance as usize) < MAX_LANES;
    let count = of_pool().map(|stretch| stretch.instance as usize + 1).max()?.min(MAX_LANES);
    let busy = |state: InstanceState| !matches!(state, InstanceState::Free | InstanceState::Absent);
    let mut ends: Vec<u64> = of_pool()
        .filter(|stretch| shown(stretch.instance) && busy(stretch.state))
        .map(|stretch| stretch.end.0)
        .collect();
    ends.sort_unstable();
    let most = A_LANE * count;
    let until_ns = if ends.len() <= 2 * most { trace.end.0 } else { ends[most] };
    let mut lanes: Vec<Lane> =
        (1..=count).map(|sep| Lane { name: format!("SEP {sep}"), bars: Vec::new() }).collect();
    for stretch in of_pool().filter(|stretch| shown(stretch.instance) && stretch.start.0 < until_ns) {
        // Free time has no bar, as idle time has none on cores.
        if stretch.state == InstanceState::Free {
            continue;
        }
        lanes[stretch.instance as usize].bars.push(Bar {
            label: stretch.state.word().to_owned(),
            task: stretch.state as usize,
            start_ns: stretch.start.0,
            end_ns: stretch.end.0.min(until_ns),
            doing: Doing::Run,
        });
    }
    for lane in &mut lanes {
        lane.bars.sort_by_key(|bar| bar.start_ns);
    }
    let part = if until_ns < trace.end.0 { ", at first" } else { "" };
    Some(Chart {
        name: format!("seps-{}", crate::chart::rows::file_name(name)),
        title: format!("What each process of {name} did{part}"),
        subtitle: subtitle.to_owned(),
        note: "a color a state; where there is no bar the process is free".to_owned(),
        kind: Drawn::Gantt(Gantt { lanes, until_ns }),
    })
}

fn dispatches(model: &Model, trace: &Trace, pool: u32, subtitle: &str) -> Option<Chart> {
    let name = region(model, pool);
    let mut series: Vec<Series> = Vec::new();
    for event in &trace.tasks {
        if event.kind != TaskEventKind::Dispatched || event.pool != pool {
            continue;
        }
        let word = event.by.word();
        let place = series.iter().position(|line| line.name == word).unwrap_or_else(|| {
            let points = vec![Point::new(0.0, 0.0)];
            series.push(Series { name: word.to_owned(), points, faint: false });
            series.len() - 1
        });
        let points = &mut series[place].points;
        let count = points.len() as f64;
        points.push(Point::new(event.at.0 as f64, count));
    }
    // As many points as can be told apart.
    for line in &mut series {
        let step = line.points.len().div_ceil(500);
        let last = line.points.len() - 1;
        let mut place = 0..;
        line.points
            .retain(|_| place.next().is_some_and(|place: usize| place.is_multiple_of(step) || place == last));
    }
    (!series.is_empty()).then(|| Chart {
        name: format!("dispatches-{}", crate::chart::rows::file_name(name)),
        title: format!("Who dispatched in {name}"),
        subtitle: subtitle.to_owned(),
        note: "tasks given a process so far".to_owned(),
        kind: Drawn::Lines(Lines {
            x: Axis::new("time", "ns"),
            y: Axis::counts("tasks dispatched"),
            series,
            marks: Vec::new(),
            steps: true,
        }),
    })
}
