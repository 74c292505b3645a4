//! The intervals of a run whose utilization is measured one by one.
//!
//! A mean over a day says nothing about noon. Where demand changes over time in a way that is known beforehand, in a trace
//! or by a rate that changes, the time in which jobs are released is cut into [`INTERVALS`] equal parts, from the end of
//! the warm-up, or the first release of traces, to the end of the run, or their last release: hours, where it is a day.
//! What drains behind belongs to none. Runs of other models have no intervals and pay nothing for them.

use crate::model::{Arrivals, Model};
use crate::units::Time;

/// How many intervals there are.
pub const INTERVALS: u64 = 24;
/// Traces of fewer releases than this have none: a busiest interval would be chance.
pub const RELEASES_MIN: usize = 240;

/// Core time spent running jobs in one interval.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Interval {
    /// Its beginning.
    pub from: Time,
    /// Its end.
    pub until: Time,
    /// By component, in the order of the model.
    pub busy: Vec<u128>,
}

/// The time that is cut into intervals; `None` where a model has none.
pub fn span(model: &Model) -> Option<(Time, Time)> {
    let traces = || model.sources.iter().filter_map(|source| source.arrivals.trace());
    let only_traces = traces().count() == model.sources.len();
    let rises = |arrivals: &Arrivals| matches!(arrivals, Arrivals::Varying(varying) if varying.is_given());
    let releases: usize = traces().map(|data| data.rows.len()).sum();
    if releases < RELEASES_MIN && !model.sources.iter().any(|source| rises(&source.arrivals)) {
        return None;
    }
    let (mut from, mut until) = (model.warmup, model.stop.after);
    if only_traces {
        let first = traces().filter_map(|data| data.rows.first()).map(|row| row.at).min()?;
        let last = traces().filter_map(|data| data.rows.last()).map(|row| row.at).max()?;
        from = from.max(first);
        until = Some(until.map_or(last, |until| until.min(last)));
    }
    let until = until?;
    (until.since(from).0 >= INTERVALS).then_some((from, until))
}

/// The intervals of a run under way.
pub(crate) struct Course {
    from: Time,
    until: Time,
    /// Boundaries that were passed; the first is the beginning.
    passed: u64,
    /// Busy core time by component, up to the last boundary.
    before: Vec<u128>,
    pub done: Vec<Interval>,
}

impl Course {
    pub fn new(model: &Model) -> Option<Course> {
        let (from, until) = span(model)?;
        Some(Course { from, until, passed: 0, before: Vec::new(), done: Vec::new() })
    }

    fn boundary(&self, index: u64) -> Time {
        let length = u128::from(self.until.since(self.from).0);
        Time(self.from.0 + (length * u128::from(index) / u128::from(INTERVALS)) as u64)
    }

    /// The next instant at which busy time is asked for.
    pub fn next(&self) -> Time {
        if self.passed > INTERVALS { Time::NEVER } else { self.boundary(self.passed) }
    }

    /// The busy core time by component up to the boundary that was next.
    pub fn pass(&mut self, busy: Vec<u128>) {
        if self.passed > 0 {
            let within = busy.iter().zip(&self.before).map(|(now, before)| now - before).collect();
            let (from, until) = (self.boundary(self.passed - 1), self.boundary(self.passed));
            self.done.push(Interval { from, until, busy: within });
        }
        self.before = busy;
        self.passed += 1;
    }
}
