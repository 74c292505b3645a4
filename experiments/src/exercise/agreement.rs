//! How far two schedules agree.
//!
//! Cores are alike: what counts is who runs, not where. A task may be given any core that is free when it is given one, as
//! which of them it is is a tie (`idle_core`). But a task that goes on running stays where it is.

use super::problem::Problem;
use super::replay::{Bar, Lanes, TOLERANCE};
use sim_core::trace::{DecisionKind, SegmentKind, Trace};
use std::collections::{BTreeMap, BTreeSet};

/// A stretch that a job runs from one dispatch to the next, in nanoseconds.
#[derive(Clone, Copy, Debug)]
struct Run<'a> {
    start: u64,
    end: u64,
    task: &'a str,
}

/// The right schedule.
#[derive(Debug)]
pub(super) struct Key<'a> {
    /// By start.
    runs: Vec<Run<'a>>,
}

impl<'a> Key<'a> {
    /// What ran on the problem's processor in a run of its tasks.
    pub(super) fn new(problem: &Problem<'a>, trace: &Trace) -> Key<'a> {
        let mut dispatched: BTreeMap<u64, BTreeSet<u64>> = BTreeMap::new();
        for decision in &trace.decisions {
            if let DecisionKind::Dispatch { processor, .. } | DecisionKind::Preempt { processor, .. } =
                decision.kind
                && processor == problem.processor
            {
                dispatched.entry(decision.chosen).or_default().insert(decision.at.0);
            }
        }
        let mut runs = Vec::new();
        let here = trace.segments.iter().filter(|segment| segment.processor == problem.processor);
        for segment in here.filter(|segment| segment.kind == SegmentKind::Run) {
            let task = problem.task(&trace.jobs[segment.job as usize]);
            let cuts =
                dispatched.get(&segment.job).map(|times| times.range(segment.start.0 + 1..segment.end.0));
            let mut start = segment.start.0;
            for end in cuts.into_iter().flatten().copied().chain([segment.end.0]) {
                runs.push(Run { start, end, task });
                start = end;
            }
        }
        runs.sort_by_key(|run| run.start);
        Key { runs }
    }
}

/// Where a drawing first departs from the right schedule.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Departure<'a> {
    /// When, in ns.
    pub(super) at: u64,
    /// Who should run and does not.
    pub(super) missing: Vec<&'a str>,
    /// What the other cores do instead.
    pub(super) instead: Vec<(usize, Option<&'a str>)>,
}

/// A task that is drawn on another core from some instant on though it goes on running.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Move<'a> {
    pub(super) task: &'a str,
    pub(super) at: u64,
    pub(super) from: usize,
    pub(super) to: usize,
}

/// How far a drawing agrees with the right schedule.
#[derive(Debug, Default)]
pub(super) struct Agreement<'a> {
    /// Core time on which they agree, in ns.
    pub(super) right: u64,
    /// All core time until both have ended, in ns.
    pub(super) all: u64,
    /// Where they first differ in who runs.
    pub(super) first: Option<Departure<'a>>,
    /// Tasks that change their core.
    pub(super) moves: Vec<Move<'a>>,
}

impl Agreement<'_> {
    /// When the drawing is first wrong, in ns.
    pub(super) fn first_wrong(&self) -> Option<u64> {
        let moved = self.moves.iter().map(|moved| moved.at).min();
        self.first.as_ref().map(|first| first.at).into_iter().chain(moved).min()
    }
}

/// Compares a drawing with the right schedule.
pub(super) fn agreement<'a>(key: &Key<'a>, given: &Lanes<'a>) -> Agreement<'a> {
    let ends = |bar: &Bar<'_>| [bar.start, bar.end];
    let times = key.runs.iter().flat_map(|run| [run.start, run.end]).chain(given.bars().flat_map(ends));
    let mut times: Vec<u64> = times.chain([0]).collect();
    times.sort_unstable();
    // Times as near as books round are one.
    times.dedup_by(|a, b| a.abs_diff(*b) <= TOLERANCE);
    let mut found = Agreement::default();
    // Those that run, with the core that the drawing gave them; and which of the key's stretches are still to come.
    let mut active: Vec<(Run<'a>, Option<usize>)> = Vec::new();
    let mut next = 0;
    for pair in times.windows(2) {
        let (at, span) = (pair[0], pair[1] - pair[0]);
        active.retain(|(run, _)| run.end > at + TOLERANCE);
        while let Some(run) = key.runs.get(next).filter(|run| run.start <= at + TOLERANCE) {
            if run.end > at + TOLERANCE {
                active.push((*run, None));
            }
            next += 1;
        }
        let drawn: Vec<Option<&str>> =
            (0..given.cores()).map(|core| given.at(core, at + TOLERANCE)).collect();
        let mut slot = Slot { at, drawn, used: vec![false; given.cores()], right: 0, missing: Vec::new() };
        slot.compare(&mut active, &mut found.moves);
        found.all += span * given.cores() as u64;
        found.right += span * slot.right as u64;
        if found.first.is_none() {
            found.first = slot.departure();
        }
    }
    found
}

/// One stretch of time in which nothing changes.
struct Slot<'a> {
    at: u64,
    drawn: Vec<Option<&'a str>>,
    /// Which cores do something right, or what was told already.
    used: Vec<bool>,
    right: usize,
    missing: Vec<&'a str>,
}

impl<'a> Slot<'a> {
    fn compare(&mut self, active: &mut [(Run<'a>, Option<usize>)], moves: &mut Vec<Move<'a>>) {
        // Who stays on a core comes before who may still take any.
        active.sort_by_key(|(_, core)| core.is_none());
        let mut open = Vec::new();
        for (index, (run, core)) in active.iter().enumerate() {
            match core {
                Some(core) if self.drawn[*core] == Some(run.task) && !self.used[*core] => {
                    self.used[*core] = true;
                    self.right += 1;
                }
                _ => open.push(index),
            }
        }
        for index in open {
            let (run, core) = &mut active[index];
            let free = |place: &usize| self.drawn[*place] == Some(run.task) && !self.used[*place];
            let found = (0..self.drawn.len()).find(free);
            match (found, *core) {
                (Some(place), None) => {
                    *core = Some(place);
                    self.used[place] = true;
                    self.right += 1;
                }
                (Some(to), Some(from)) => {
                    self.used[to] = true;
                    if !moves.iter().any(|moved| moved.task == run.task) {
                        moves.push(Move { task: run.task, at: self.at, from, to });
                    }
                }
                (None, _) => self.missing.push(run.task),
            }
        }
        let idle = self.drawn.len() - active.len().min(self.drawn.len());
        let mut rest = idle;
        for (place, task) in self.drawn.iter().enumerate() {
            if task.is_none() && rest > 0 {
                self.used[place] = true;
                self.right += 1;
                rest -= 1;
            }
        }
    }

    fn departure(&self) -> Option<Departure<'a>> {
        let wrong = self.drawn.iter().enumerate().filter(|(core, _)| !self.used[*core]);
        let instead: Vec<(usize, Option<&str>)> = wrong.map(|(core, task)| (core, *task)).collect();
        let differs = !self.missing.is_empty() || !instead.is_empty();
        differs.then(|| Departure { at: self.at, missing: self.missing.clone(), instead })
    }
}
