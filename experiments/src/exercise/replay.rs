//! A drawing taken at its word: where each task is while the cores do what was drawn.
//!
//! When a task leaves for I/O, and when it is back, follows from when it got its processor time. So what is drawn is held
//! against itself here, not against the right schedule: after a first mistake the rest can still make sense. A task that runs
//! while it is away, or before it comes, is taken to be there, so that one mistake is told once.

use super::answer::Stretch;
use super::problem::Problem;
use sim_core::trace::{PlaceKind, SegmentKind, Trace};
use sim_core::units::Time;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// How far a time may be off, in nanoseconds: books round to two decimals of a millisecond.
pub(super) const TOLERANCE: u64 = 5_000;

/// A stretch of a job's time away from the processor.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Away {
    /// The job's number.
    pub job: u64,
    /// From.
    pub start: Time,
    /// To.
    pub end: Time,
    /// Whether it waits for a device; else its I/O goes on.
    pub queued: bool,
}

/// What does not fit together in a drawing, with the task and the instant in nanoseconds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Slip<'a> {
    /// It runs while it is away; until when, where that is known.
    Blocked(&'a str, u64, Option<u64>),
    /// Its job has not arrived yet; when it does, and whether there was one before.
    Early(&'a str, u64, u64, bool),
    /// It is taken off a core before it is done, or leaves.
    Interrupted(&'a str, u64),
    /// It waits while a core is idle.
    Idle(&'a str, u64),
}

/// A stretch of a core, in nanoseconds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Bar<'a> {
    pub(super) start: u64,
    pub(super) end: u64,
    pub(super) task: &'a str,
}

/// What the cores do in a drawing: on each, stretches in order that do not overlap.
#[derive(Debug)]
pub(super) struct Lanes<'a> {
    cores: Vec<Vec<Bar<'a>>>,
}

impl<'a> Lanes<'a> {
    /// Stretches as lanes, their times moved to those of `times` (sorted) that they are as near to as a book may round.
    /// Where two overlap, the first one counts; cores that there are not are left out.
    pub(super) fn new(given: &'a [Stretch], cores: u32, times: &[u64]) -> Lanes<'a> {
        let near = |ms: f64| {
            let nanos = (ms * 1e6).round().max(0.0) as u64;
            let place = times.partition_point(|time| time + TOLERANCE < nanos);
            times.get(place).copied().filter(|time| time.abs_diff(nanos) <= TOLERANCE).unwrap_or(nanos)
        };
        let mut lanes = vec![Vec::new(); cores as usize];
        let mut bars: Vec<(u32, Bar<'a>)> = given
            .iter()
            .map(|stretch| {
                let (start, end) = (near(stretch.start), near(stretch.end));
                (stretch.core.unwrap_or(0), Bar { start, end, task: stretch.task.as_str() })
            })
            .filter(|(_, bar)| bar.start < bar.end)
            .collect();
        bars.sort_by_key(|(_, bar)| bar.start);
        for (core, bar) in bars {
            if let Some(lane) = lanes.get_mut(core as usize) {
                let covered = lane.last().map_or(0, |last: &Bar<'a>| last.end);
                let start = bar.start.max(covered);
                if start < bar.end {
                    lane.push(Bar { start, ..bar });
                }
            }
        }
        Lanes { cores: lanes }
    }

    /// What a core does just after an instant.
    pub(super) fn at(&self, core: usize, time: u64) -> Option<&'a str> {
        let lane = &self.cores[core];
        let bar = lane[..lane.partition_point(|bar| bar.start <= time)].last()?;
        (bar.end > time).then_some(bar.task)
    }

    /// How many cores there are.
    pub(super) fn cores(&self) -> usize {
        self.cores.len()
    }

    /// All stretches.
    pub(super) fn bars(&self) -> impl Iterator<Item = &Bar<'a>> {
        self.cores.iter().flatten()
    }

    /// When each task runs for the last time.
    fn last(&self) -> BTreeMap<&'a str, u64> {
        let mut last: BTreeMap<&str, u64> = BTreeMap::new();
        for bar in self.bars() {
            let end = last.entry(bar.task).or_default();
            *end = bar.end.max(*end);
        }
        last
    }
}

/// A part of what a task does, in nanoseconds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Part {
    /// It runs.
    Cpu(u64),
    /// It is away for I/O.
    Io(u64),
}

/// A step of a job, in nanoseconds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Step {
    Cpu(u64),
    /// I/O: how long, at which device if it is one that others use too, and when it began in the run.
    Io(u64, Option<u32>, u64),
}

/// The steps of each job, as the run had them.
fn steps(problem: &Problem<'_>) -> Vec<VecDeque<Step>> {
    let trace = problem.trace;
    let mut found: Vec<Vec<(Time, Step)>> = vec![Vec::new(); trace.jobs.len()];
    for segment in trace.segments.iter().filter(|segment| segment.kind == SegmentKind::Run) {
        let length = segment.end.0 - segment.start.0;
        let step = if segment.processor == problem.processor {
            Step::Cpu(length)
        } else {
            Step::Io(length, Some(segment.processor), segment.start.0)
        };
        found[segment.job as usize].push((segment.start, step));
    }
    for stay in trace.stays.iter().filter(|stay| stay.place == PlaceKind::Delay && stay.end > stay.start) {
        let step = Step::Io(stay.end.0 - stay.start.0, None, stay.start.0);
        found[stay.job as usize].push((stay.start, step));
    }
    let together = |mut steps: Vec<(Time, Step)>| {
        steps.sort_by_key(|(start, _)| *start);
        let mut job: VecDeque<Step> = VecDeque::new();
        for (_, step) in steps {
            match (job.back_mut(), step) {
                (Some(Step::Cpu(length)), Step::Cpu(more)) => *length += more,
                _ => job.push_back(step),
            }
        }
        job
    };
    found.into_iter().map(together).collect()
}

/// What each job does, part by part.
pub(super) fn parts(problem: &Problem<'_>) -> Vec<Vec<Part>> {
    let part = |step: Step| match step {
        Step::Cpu(length) => Part::Cpu(length),
        Step::Io(length, ..) => Part::Io(length),
    };
    steps(problem).into_iter().map(|job| job.into_iter().map(part).collect()).collect()
}

/// Where the jobs of a run were while they were away from its processor.
pub(super) fn away(trace: &Trace, processor: u32) -> Vec<Away> {
    let stays = trace.stays.iter().filter_map(|stay| {
        let queued = match stay.place {
            PlaceKind::Delay => false,
            PlaceKind::Ready(station) if station != processor => true,
            _ => return None,
        };
        Some(Away { job: stay.job, start: stay.start, end: stay.end, queued })
    });
    let served = trace.segments.iter().filter(|segment| segment.processor != processor);
    let served = served.map(|s| Away { job: s.job, start: s.start, end: s.end, queued: false });
    let mut away: Vec<Away> = stays.chain(served).filter(|away| away.end > away.start).collect();
    away.sort_by_key(|away| (away.start, away.job));
    away
}

/// Where a job is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Place {
    /// It has not come, or waits for the job of its task before it.
    Outside,
    Ready,
    /// At its I/O until then.
    Io(u64),
    /// In the queue of a device, since when, and when the run served it.
    Queue(u32, u64, u64),
    Done,
}

struct Walker<'a> {
    task: &'a str,
    arrival: u64,
    steps: VecDeque<Step>,
    place: Place,
    /// The job of the same thread before it.
    before: Option<usize>,
}

/// A drawing on its way through time.
struct Replay<'a> {
    lanes: &'a Lanes<'a>,
    walkers: Vec<Walker<'a>>,
    /// Who is served by each device.
    devices: BTreeMap<u32, usize>,
    away: Vec<Away>,
    slips: Vec<Slip<'a>>,
}

/// Takes a drawing at its word: where the jobs are away, and what does not fit together, in order of time.
pub(super) fn replay<'a>(problem: &Problem<'a>, lanes: &'a Lanes<'a>) -> (Vec<Away>, Vec<Slip<'a>>) {
    let mut threads: BTreeMap<u32, usize> = BTreeMap::new();
    let jobs = problem.trace.jobs.iter().zip(steps(problem)).enumerate();
    let walkers = jobs.map(|(index, (job, steps))| Walker {
        task: problem.task(job),
        arrival: job.arrival.0,
        steps,
        place: Place::Outside,
        before: if problem.is_thread(job.task) { threads.insert(job.task, index) } else { None },
    });
    let mut replay = Replay {
        lanes,
        walkers: walkers.collect(),
        devices: BTreeMap::new(),
        away: Vec::new(),
        slips: Vec::new(),
    };
    replay.run();
    replay.away.sort_by_key(|away| (away.start, away.job));
    (replay.away, replay.slips)
}

impl<'a> Replay<'a> {
    fn run(&mut self) {
        let last = self.lanes.last();
        let later = |task: &str, time: u64| last.get(task).is_some_and(|end| *end > time + TOLERANCE);
        let bounds: BTreeSet<u64> = self.lanes.bars().flat_map(|bar| [bar.start, bar.end]).collect();
        let mut time = 0;
        let mut before: Vec<usize> = Vec::new();
        loop {
            self.settle(time);
            let running = self.chosen(time);
            for index in before.iter().filter(|index| !running.contains(index)) {
                let walker = &self.walkers[*index];
                if walker.place == Place::Ready && later(walker.task, time) {
                    self.slips.push(Slip::Interrupted(walker.task, time));
                }
            }
            let Some(next) = self.next(time, &running, &bounds) else { return };
            if next - time > TOLERANCE {
                self.idle(time, &running, &later);
            }
            for index in &running {
                self.serve(*index, next - time, next);
            }
            before = running;
            time = next;
        }
    }

    /// Lets everything happen that follows from the time alone.
    fn settle(&mut self, time: u64) {
        loop {
            let mut moved = false;
            for index in 0..self.walkers.len() {
                let walker = &self.walkers[index];
                let comes = walker.place == Place::Outside
                    && walker.arrival <= time + TOLERANCE
                    && walker.before.is_none_or(|before| self.walkers[before].place == Place::Done);
                let back = matches!(walker.place, Place::Io(until) if until <= time + TOLERANCE);
                if comes || back {
                    self.devices.retain(|_, served| *served != index);
                    self.go_on(index, time);
                    moved = true;
                }
            }
            moved |= self.start_devices(time);
            if !moved {
                return;
            }
        }
    }

    /// To a job's next step.
    fn go_on(&mut self, index: usize, time: u64) {
        let walker = &mut self.walkers[index];
        walker.place = match walker.steps.front() {
            None => Place::Done,
            Some(Step::Cpu(_)) => Place::Ready,
            Some(Step::Io(_, Some(device), began)) => Place::Queue(*device, time, *began),
            Some(Step::Io(length, None, _)) => {
                let (start, end) = (Time(time), Time(time + length));
                self.away.push(Away { job: index as u64, start, end, queued: false });
                let place = Place::Io(time + length);
                walker.steps.pop_front();
                place
            }
        };
    }

    /// Free devices take whoever waits longest; of those who came together the one that the run served first.
    fn start_devices(&mut self, time: u64) -> bool {
        let mut waiting: Vec<(u32, u64, u64, usize)> = Vec::new();
        for (index, walker) in self.walkers.iter().enumerate() {
            if let Place::Queue(device, since, began) = walker.place {
                waiting.push((device, since, began, index));
            }
        }
        waiting.sort_unstable();
        let mut moved = false;
        for (device, since, _, index) in waiting {
            if self.devices.contains_key(&device) {
                continue;
            }
            if let Some(Step::Io(length, ..)) = self.walkers[index].steps.pop_front() {
                self.devices.insert(device, index);
                self.walkers[index].place = Place::Io(time + length);
                self.leaves(index, since, time, true);
                self.leaves(index, time, time + length, false);
                moved = true;
            }
        }
        moved
    }

    fn leaves(&mut self, job: usize, start: u64, end: u64, queued: bool) {
        if start < end {
            self.away.push(Away { job: job as u64, start: Time(start), end: Time(end), queued });
        }
    }

    /// The jobs that run from here on: of each task that is drawn the first one that can.
    fn chosen(&mut self, time: u64) -> Vec<usize> {
        let mut running: Vec<usize> = Vec::new();
        for core in 0..self.lanes.cores() {
            let Some(task) = self.lanes.at(core, time) else { continue };
            let mine: Vec<usize> = (0..self.walkers.len())
                .filter(|index| self.walkers[*index].task == task && !running.contains(index))
                .collect();
            let first = |place: &dyn Fn(Place) -> bool| {
                mine.iter().copied().find(|of| place(self.walkers[*of].place))
            };
            if let Some(index) = first(&|place| place == Place::Ready) {
                running.push(index);
            } else if let Some(index) = first(&|place| matches!(place, Place::Io(_) | Place::Queue(..))) {
                self.call_back(index, time);
                running.extend((self.walkers[index].place == Place::Ready).then_some(index));
            } else if let Some(index) = first(&|place| place == Place::Outside) {
                let walker = &self.walkers[index];
                if walker.arrival > time {
                    let again = index > 0 && self.walkers[..index].iter().any(|other| other.task == task);
                    self.slips.push(Slip::Early(walker.task, time, walker.arrival, again));
                    self.go_on(index, time);
                    running.extend((self.walkers[index].place == Place::Ready).then_some(index));
                }
            }
        }
        running
    }

    /// A job runs that is away: it is taken to be back.
    fn call_back(&mut self, index: usize, time: u64) {
        let until = match self.walkers[index].place {
            Place::Io(until) => Some(until),
            Place::Queue(_, since, _) => {
                self.leaves(index, since, time, true);
                None
            }
            _ => None,
        };
        self.slips.push(Slip::Blocked(self.walkers[index].task, time, until));
        self.devices.retain(|_, served| *served != index);
        let walker = &mut self.walkers[index];
        while matches!(walker.steps.front(), Some(Step::Io(..))) {
            walker.steps.pop_front();
        }
        walker.place = if walker.steps.is_empty() { Place::Done } else { Place::Ready };
        for away in self.away.iter_mut().filter(|away| away.job == index as u64) {
            away.end = away.end.min(Time(time));
        }
        self.away.retain(|away| away.start < away.end);
    }

    /// When something happens next.
    fn next(&self, time: u64, running: &[usize], bounds: &BTreeSet<u64>) -> Option<u64> {
        let drawn = bounds.range(time + 1..).next().copied();
        let others = self.walkers.iter().filter_map(|walker| match walker.place {
            Place::Io(until) => Some(until),
            Place::Outside => Some(walker.arrival).filter(|arrival| *arrival > time),
            _ => None,
        });
        let ends = running.iter().filter_map(|index| match self.walkers[*index].steps.front() {
            Some(Step::Cpu(left)) => Some(time + left),
            _ => None,
        });
        drawn.into_iter().chain(others).chain(ends).filter(|next| *next > time).min()
    }

    /// Whether somebody waits while a core is idle, and is drawn later.
    fn idle(&mut self, time: u64, running: &[usize], later: &dyn Fn(&str, u64) -> bool) {
        if (0..self.lanes.cores()).all(|core| self.lanes.at(core, time).is_some()) {
            return;
        }
        let waits = |(index, walker): &(usize, &Walker<'a>)| {
            walker.place == Place::Ready && !running.contains(index) && later(walker.task, time)
        };
        if let Some((_, walker)) = self.walkers.iter().enumerate().find(waits) {
            self.slips.push(Slip::Idle(walker.task, time));
        }
    }

    /// A job has run for a while.
    fn serve(&mut self, index: usize, span: u64, time: u64) {
        let walker = &mut self.walkers[index];
        if let Some(Step::Cpu(left)) = walker.steps.front_mut() {
            if *left > span + TOLERANCE {
                *left -= span;
                return;
            }
            walker.steps.pop_front();
            self.go_on(index, time);
        }
    }
}
