//! What happened, as a list: made from the rows, in the order of time.

use super::places::Places;
use super::rows::{Activity, Rows};
use sim_core::trace::{Status, Trace};

/// What happened to a job.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum EventKind {
    /// It completed.
    Complete,
    /// It was turned away or its client gave up.
    Lost,
    /// It was released.
    Release,
    /// It began to do or to wait for something.
    Begin(Activity),
    /// Its deadline passed before it was done.
    Missed,
}

/// One thing that happened.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Event {
    /// When.
    pub at: u64,
    /// What.
    pub kind: EventKind,
    /// To which job.
    pub job: u32,
    /// Where; `u32::MAX`: nowhere in particular.
    pub station: u32,
}

/// All events of a run, by time.
pub fn events(rows: &Rows, trace: &Trace) -> Vec<Event> {
    let mut events = Vec::with_capacity(rows.job_bars().len() + 3 * trace.jobs.len());
    for (job, record) in trace.jobs.iter().enumerate() {
        let job = job as u32;
        let mut add = |at: u64, kind: EventKind, station: u32| events.push(Event { at, kind, job, station });
        add(record.arrival.0, EventKind::Release, u32::MAX);
        match (record.status, record.finish) {
            (Status::Completed, Some(at)) => add(at.0, EventKind::Complete, u32::MAX),
            (Status::Lost | Status::TimedOut, Some(at)) => add(at.0, EventKind::Lost, u32::MAX),
            _ => {}
        }
        if let (Some(true), Some(deadline)) = (record.missed, record.deadline) {
            add(deadline.0, EventKind::Missed, u32::MAX);
        }
        for bar in rows.of_job(job) {
            add(bar.start, EventKind::Begin(bar.activity), bar.station);
        }
    }
    by_time(events, trace.end.0)
}

/// Sorts events. They are spread over the run: put into as many equal parts of it as there are some events for each, all
/// but a few are near their places.
fn by_time(events: Vec<Event>, end: u64) -> Vec<Event> {
    const EACH: usize = 8;
    let parts = (events.len() / EACH).max(1) as u64;
    let wide = (end / parts).max(1);
    let part = |event: &Event| (event.at / wide).min(parts) as usize;
    let mut places = Places::count(parts as usize + 1, events.iter().map(part));
    let Some(first) = events.first() else { return events };
    let mut sorted = vec![*first; events.len()];
    for event in &events {
        sorted[places.next(part(event))] = *event;
    }
    let mut from = 0;
    for part in 0..=parts as usize {
        let to = places.end(part);
        sorted[from..to].sort_unstable();
        from = to;
    }
    sorted
}

/// The first instant of `times`, which are sorted, after `at`.
pub fn next_after(len: usize, time: impl Fn(usize) -> u64, at: u64) -> Option<u64> {
    let index = partition(len, |index| time(index) <= at);
    (index < len).then(|| time(index))
}

/// The last instant of `times`, which are sorted, before `at`.
pub fn last_before(len: usize, time: impl Fn(usize) -> u64, at: u64) -> Option<u64> {
    let index = partition(len, |index| time(index) < at);
    (index > 0).then(|| time(index - 1))
}

/// How many of the first indices fulfil `first`, which is true for a beginning of them.
pub fn partition(len: usize, first: impl Fn(usize) -> bool) -> usize {
    let (mut low, mut high) = (0, len);
    while low < high {
        let middle = low.midpoint(high);
        if first(middle) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    low
}
