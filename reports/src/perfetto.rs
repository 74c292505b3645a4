//! A recorded run in the Trace Event Format, which Perfetto (ui.perfetto.dev) and `chrome://tracing` open.
//!
//! | in the viewer | what it is |
//! |---|---|
//! | a process a processor, a thread a core | what the core did: jobs by name, `switch`, `dispatch`, `idle` |
//! | under processor sharing a thread for each job that is there at once | the jobs, with their share of a core |
//! | the process `jobs`, a thread a job | where the job was: `ready`, `running`, `waiting for ...`, `blocked` |
//! | arrows | from the moment that a job became ready to the core that took it |
//! | under a region's SEPs a thread a process | what it did: `executing`, `held`, ..., with its job |
//! | counters | jobs in each queue, jobs in the system |
//!
//! Times are microseconds with three decimals, so that no nanosecond is lost. Events stand track by track, each in order of
//! time, and are written as they come.

use crate::explain::{Explainer, Vocabulary};
use crate::rows::sharing;
use serde_json::{Map, Value, json};
use sim_core::model::Model;
use sim_core::trace::{InstanceStretch, PlaceKind, Segment, SegmentKind, Status, Trace};
use sim_core::units::Time;
use std::collections::BTreeMap;
use std::io::{self, Write};

/// The version of what stands in `otherData`.
pub const TRACE_SCHEMA: &str = "dispatchlab.trace/1";
/// Jobs beyond this many have no thread of their own: viewers slow down.
pub const MAX_JOB_TRACKS: u64 = 10_000;

/// The process of the jobs; processors and pools follow.
const JOBS: u64 = 1;

/// Writes the trace; returns remarks for the user.
pub fn write(model: &Model, policy: &str, trace: &Trace, out: &mut dyn Write) -> io::Result<Vec<String>> {
    let words = Vocabulary::default();
    let explainer = Explainer::new(model, trace, &words);
    let mut events = Events { out, separator: "" };
    let about = json!({
        "schema": TRACE_SCHEMA,
        "scenario": model.name,
        "policy": policy,
        "seed": model.seed,
        "end_ns": trace.end.0,
    });
    writeln!(events.out, "{{\"displayTimeUnit\":\"ns\",\"otherData\":{about},\"traceEvents\":[")?;
    let cores = Cores::of(model, trace);
    let mut jobs = Jobs::of(model, trace, &cores);
    processes(model, &mut events)?;
    let arrows = jobs.arrows(&cores);
    // Jobs first: where both ends of an arrow are at one instant, viewers want its start to come first.
    jobs.write(model, trace, &explainer, &mut events)?;
    cores.write(model, trace, &arrows, &explainer, &mut events)?;
    instances(model, trace, &explainer, &mut events)?;
    counters(model, trace, &mut events)?;
    events.out.write_all(b"\n]}\n")?;
    let all = trace.jobs.len() as u64;
    let left_out = all > MAX_JOB_TRACKS;
    Ok(left_out
        .then(|| {
            format!("only the first {MAX_JOB_TRACKS} of {all} jobs have tracks of their own in the trace")
        })
        .into_iter()
        .collect())
}

fn processor_pid(processor: u32) -> u64 {
    JOBS + 1 + u64::from(processor)
}

fn pool_pid(model: &Model, pool: u32) -> u64 {
    processor_pid(model.processors.len() as u32) + u64::from(pool)
}

/// Nanoseconds as microseconds.
fn micros(nanos: u64) -> Micros {
    Micros(nanos)
}

struct Micros(u64);

impl std::fmt::Display for Micros {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{:03}", self.0 / 1_000, self.0 % 1_000)
    }
}

/// Writes events, one a line.
struct Events<'w> {
    out: &'w mut dyn Write,
    separator: &'static str,
}

/// A thread of a process.
type Track = (u64, u64);

impl Events<'_> {
    fn line(&mut self, text: &std::fmt::Arguments<'_>) -> io::Result<()> {
        self.out.write_all(self.separator.as_bytes())?;
        self.separator = ",\n";
        self.out.write_fmt(*text)
    }

    fn named(&mut self, what: &str, (pid, tid): Track, name: &str) -> io::Result<()> {
        let args = json!({ "name": name });
        self.line(&format_args!(
            "{{\"ph\":\"M\",\"name\":\"{what}_name\",\"pid\":{pid},\"tid\":{tid},\"args\":{args}}}"
        ))?;
        let order = if what == "process" { pid } else { tid };
        self.line(&format_args!(
            "{{\"ph\":\"M\",\"name\":\"{what}_sort_index\",\"pid\":{pid},\"tid\":{tid},\"args\":{{\"sort_index\":{order}}}}}"
        ))
    }

    fn slice(
        &mut self,
        (pid, tid): Track,
        (category, name): (&str, &str),
        (start, end): (u64, u64),
        args: Map<String, Value>,
    ) -> io::Result<()> {
        let (name, args) = (Value::from(name), Value::Object(args));
        let (ts, dur) = (micros(start), micros(end - start));
        self.line(&format_args!(
            "{{\"ph\":\"X\",\"pid\":{pid},\"tid\":{tid},\"ts\":{ts},\"dur\":{dur},\"cat\":\"{category}\",\"name\":{name},\"args\":{args}}}"
        ))
    }

    /// One end of an arrow: `s` where it starts, `f` where it ends.
    fn arrow(&mut self, end: char, (pid, tid): Track, at: u64, id: usize) -> io::Result<()> {
        let (ts, bound) = (micros(at), if end == 'f' { ",\"bp\":\"e\"" } else { "" });
        self.line(&format_args!(
            "{{\"ph\":\"{end}\",\"pid\":{pid},\"tid\":{tid},\"ts\":{ts},\"cat\":\"wakeup\",\"name\":\"wakeup\",\"id\":{id}{bound}}}"
        ))
    }

    fn instant(&mut self, (pid, tid): Track, at: u64, name: &str) -> io::Result<()> {
        let (ts, name) = (micros(at), Value::from(name));
        self.line(&format_args!(
            "{{\"ph\":\"i\",\"pid\":{pid},\"tid\":{tid},\"ts\":{ts},\"s\":\"t\",\"cat\":\"job\",\"name\":{name}}}"
        ))
    }

    fn counter(&mut self, pid: u64, at: u64, name: &str, value: i64) -> io::Result<()> {
        let ts = micros(at);
        self.line(&format_args!(
            "{{\"ph\":\"C\",\"pid\":{pid},\"ts\":{ts},\"name\":\"{name}\",\"args\":{{\"jobs\":{value}}}}}"
        ))
    }
}

fn processes(model: &Model, events: &mut Events<'_>) -> io::Result<()> {
    events.named("process", (JOBS, 0), "jobs")?;
    for (index, processor) in model.processors.iter().enumerate() {
        events.named("process", (processor_pid(index as u32), 0), &processor.name)?;
    }
    for (index, pool) in model.pools.iter().enumerate() {
        events.named("process", (pool_pid(model, index as u32), 0), &pool.name)?;
    }
    Ok(())
}

/// A job on a core from its dispatch to its leaving.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Turn {
    processor: u32,
    start: u64,
    job: u64,
    end: u64,
    /// The thread of the processor.
    lane: u64,
    /// Its first segment, and one past its last.
    first: usize,
    past: usize,
}

/// What cores did: turns by processor and start, the segments they are made of, and the threads of each processor.
struct Cores<'t> {
    turns: Vec<Turn>,
    segments: Vec<&'t Segment>,
    lanes: Vec<u64>,
    shared: Vec<bool>,
}

/// Puts intervals on as few threads as they need: each on the first that is free. They come in order of their starts.
#[derive(Default)]
struct Lanes(Vec<u64>);

impl Lanes {
    fn put(&mut self, start: u64, end: u64) -> u64 {
        let free = self.0.iter().position(|busy| *busy <= start);
        let lane = free.unwrap_or_else(|| {
            self.0.push(0);
            self.0.len() - 1
        });
        self.0[lane] = end;
        lane as u64
    }
}

impl<'t> Cores<'t> {
    fn of(model: &Model, trace: &'t Trace) -> Cores<'t> {
        let shared = sharing(model);
        let mut segments: Vec<&Segment> =
            trace.segments.iter().filter(|segment| segment.start < segment.end).collect();
        // Under sharing the core of a segment says nothing.
        let place = |segment: &Segment| {
            let one = shared[segment.processor as usize];
            (segment.processor, if one { u64::MAX } else { u64::from(segment.core) })
        };
        segments.sort_by_key(|segment| (place(segment), segment.job, segment.start));
        let mut turns: Vec<Turn> = Vec::new();
        for (index, segment) in segments.iter().enumerate() {
            let (processor, lane) = place(segment);
            let (start, end, job) = (segment.start.0, segment.end.0, segment.job);
            match turns.last_mut() {
                Some(last)
                    if (last.processor, last.lane, last.job, last.end) == (processor, lane, job, start) =>
                {
                    (last.end, last.past) = (end, index + 1);
                }
                _ => turns.push(Turn { processor, start, job, end, lane, first: index, past: index + 1 }),
            }
        }
        turns.sort_unstable();
        let mut lanes: Vec<u64> =
            model.processors.iter().map(|processor| u64::from(processor.cores)).collect();
        let mut free: Vec<Lanes> = model.processors.iter().map(|_| Lanes::default()).collect();
        for turn in turns.iter_mut().filter(|turn| shared[turn.processor as usize]) {
            turn.lane = free[turn.processor as usize].put(turn.start, turn.end);
        }
        for (processor, free) in free.iter().enumerate().filter(|(processor, _)| shared[*processor]) {
            lanes[processor] = free.0.len() as u64;
        }
        Cores { turns, segments, lanes, shared }
    }

    fn write(
        &self,
        model: &Model,
        trace: &Trace,
        arrows: &BTreeMap<(u32, u64, u64), usize>,
        explainer: &Explainer<'_>,
        events: &mut Events<'_>,
    ) -> io::Result<()> {
        let mut tracks: BTreeMap<(u32, u64), Vec<&Turn>> = BTreeMap::new();
        for processor in 0..model.processors.len() as u32 {
            for lane in 0..self.lanes[processor as usize] {
                let word = if self.shared[processor as usize] { "share" } else { "core" };
                let name = format!("{word} {lane}");
                events.named("thread", (processor_pid(processor), lane + 1), &name)?;
                tracks.insert((processor, lane), Vec::new());
            }
        }
        for turn in &self.turns {
            tracks.entry((turn.processor, turn.lane)).or_default().push(turn);
        }
        for ((processor, lane), turns) in tracks {
            let track = (processor_pid(processor), lane + 1);
            let mut covered = 0;
            for turn in turns {
                self.gap(track, processor, covered, turn.start, events)?;
                covered = turn.end;
                let name = explainer.job_name(turn.job);
                for segment in &self.segments[turn.first..turn.past] {
                    let args = self.details(segment, &name);
                    let shown = if segment.kind == SegmentKind::Run { &name } else { segment.kind.word() };
                    let what = (segment.kind.word(), shown);
                    events.slice(track, what, (segment.start.0, segment.end.0), args)?;
                    // The arrow ends in the first of them.
                    if segment.start.0 == turn.start
                        && let Some(arrow) = arrows.get(&(processor, lane, turn.start))
                    {
                        events.arrow('f', track, turn.start, *arrow)?;
                    }
                }
            }
            self.gap(track, processor, covered, trace.end.0, events)?;
        }
        Ok(())
    }

    fn details(&self, segment: &Segment, job: &str) -> Map<String, Value> {
        let mut args = Map::new();
        args.insert("job".to_owned(), job.into());
        if self.shared[segment.processor as usize] {
            let (cores, jobs) = segment.share;
            let share = (f64::from(cores) / f64::from(jobs.max(1))).min(1.0);
            args.insert("share_ratio".to_owned(), share.into());
        } else {
            args.insert("level".to_owned(), segment.level.into());
        }
        args
    }

    fn gap(
        &self,
        track: Track,
        processor: u32,
        from: u64,
        to: u64,
        events: &mut Events<'_>,
    ) -> io::Result<()> {
        if from < to && !self.shared[processor as usize] {
            events.slice(track, ("idle", "idle"), (from, to), Map::new())?;
        }
        Ok(())
    }
}

/// Where a job was for a while.
struct State {
    start: u64,
    end: u64,
    kind: StateKind,
    /// The thread of the process of jobs.
    tid: u64,
    /// The arrow that starts in it.
    arrow: Option<usize>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum StateKind {
    /// On a core: the turn's index.
    Running(usize),
    At(PlaceKind),
}

/// States by job, each on a thread: one a job, more where its children are in several places at once.
struct Jobs {
    of: BTreeMap<u64, Vec<State>>,
    threads: Vec<(u64, u64)>,
}

impl Jobs {
    fn of(model: &Model, trace: &Trace, cores: &Cores<'_>) -> Jobs {
        debug_assert_eq!(cores.shared.len(), model.processors.len());
        let mut of: BTreeMap<u64, Vec<State>> = BTreeMap::new();
        let listed = |job: u64| job < MAX_JOB_TRACKS && job < trace.jobs.len() as u64;
        let state = |start, end, kind| State { start, end, kind, tid: 0, arrow: None };
        for (index, turn) in cores.turns.iter().enumerate().filter(|(_, turn)| listed(turn.job)) {
            of.entry(turn.job).or_default().push(state(turn.start, turn.end, StateKind::Running(index)));
        }
        for stay in trace.stays.iter().filter(|stay| stay.start < stay.end && listed(stay.job)) {
            of.entry(stay.job).or_default().push(state(stay.start.0, stay.end.0, StateKind::At(stay.place)));
        }
        let mut threads = Vec::new();
        for job in trace.jobs.iter().map(|job| job.number).filter(|job| listed(*job)) {
            let first = threads.len() as u64 + 1;
            let mut lanes = Lanes::default();
            let states = of.entry(job).or_default();
            states.sort_by_key(|state| (state.start, state.end));
            for state in states {
                state.tid = first + lanes.put(state.start, state.end);
            }
            threads.extend((0..lanes.0.len().max(1) as u64).map(|lane| (job, lane)));
        }
        Jobs { of, threads }
    }

    /// Finds where arrows start, and says where they end: by processor, thread and time.
    fn arrows(&mut self, cores: &Cores<'_>) -> BTreeMap<(u32, u64, u64), usize> {
        let mut arrows = BTreeMap::new();
        for states in self.of.values_mut() {
            for index in 0..states.len() {
                let StateKind::Running(turn) = states[index].kind else { continue };
                let turn = cores.turns[turn];
                let waited = |state: &State| {
                    state.kind == StateKind::At(PlaceKind::Ready(turn.processor))
                        && state.end == turn.start
                        && state.arrow.is_none()
                };
                // A job that need not wait is woken up where it runs.
                let from = states.iter().position(waited).unwrap_or(index);
                let id = arrows.len() + 1;
                states[from].arrow = Some(id);
                arrows.insert((turn.processor, turn.lane, turn.start), id);
            }
        }
        arrows
    }

    fn write(
        &self,
        model: &Model,
        trace: &Trace,
        explainer: &Explainer<'_>,
        events: &mut Events<'_>,
    ) -> io::Result<()> {
        let mut first = BTreeMap::new();
        for (index, (job, lane)) in self.threads.iter().enumerate() {
            let tid = index as u64 + 1;
            let mut name = explainer.job_name(*job);
            if *lane > 0 {
                name = format!("{name} ({})", lane + 1);
            }
            first.entry(*job).or_insert(tid);
            events.named("thread", (JOBS, tid), &name)?;
        }
        for (job, tid) in first {
            let Some(record) = trace.jobs.get(job as usize) else { continue };
            events.instant((JOBS, tid), record.arrival.0, "arrival")?;
            for state in self.of.get(&job).into_iter().flatten() {
                let track = (JOBS, state.tid);
                let (category, name, args) = described(model, state);
                events.slice(track, (category, &name), (state.start, state.end), args)?;
                if let Some(arrow) = state.arrow {
                    events.arrow('s', track, state.start, arrow)?;
                }
            }
            if let Some(finish) = record.finish {
                let word =
                    if record.status == Status::Completed { "completion" } else { record.status.word() };
                events.instant((JOBS, tid), finish.0, word)?;
            }
        }
        Ok(())
    }
}

/// Category, name and details of a state.
fn described(model: &Model, state: &State) -> (&'static str, String, Map<String, Value>) {
    let mut args = Map::new();
    let mut at = |station: &str| args.insert("station".to_owned(), station.into());
    let (category, name) = match state.kind {
        StateKind::Running(_) => ("running", "running".to_owned()),
        StateKind::At(PlaceKind::Ready(processor)) => {
            at(&model.processors[processor as usize].name);
            ("ready", "ready".to_owned())
        }
        StateKind::At(PlaceKind::Pool(pool)) => {
            let name = &model.pools[pool as usize].name;
            at(name);
            ("waiting", format!("waiting for {name}"))
        }
        StateKind::At(PlaceKind::Delay) => ("blocked", "blocked: delay".to_owned()),
        StateKind::At(PlaceKind::Join) => ("blocked", "blocked: children".to_owned()),
    };
    (category, name, args)
}

/// How many jobs are in each queue, and in the system.
/// A thread for each process of a region, with what it did.
fn instances(
    model: &Model,
    trace: &Trace,
    explainer: &Explainer<'_>,
    events: &mut Events<'_>,
) -> io::Result<()> {
    let mut stretches: Vec<&InstanceStretch> = trace.instances.iter().collect();
    stretches.sort_by_key(|stretch| (stretch.pool, stretch.instance, stretch.start));
    let mut last = None;
    for stretch in stretches {
        let track = (pool_pid(model, stretch.pool), u64::from(stretch.instance) + 1);
        if last != Some(track) {
            events.named("thread", track, &format!("SEP {}", stretch.instance + 1))?;
            last = Some(track);
        }
        let mut about = Map::new();
        if let Some(job) = stretch.job {
            about.insert("job".to_owned(), Value::from(explainer.job_name(job)));
        }
        events.slice(track, ("instance", stretch.state.word()), (stretch.start.0, stretch.end.0), about)?;
    }
    Ok(())
}

fn counters(model: &Model, trace: &Trace, events: &mut Events<'_>) -> io::Result<()> {
    let of_queue = |(place, at, step): (PlaceKind, Time, i64)| match place {
        PlaceKind::Ready(processor) => Some((processor_pid(processor), at.0, step)),
        PlaceKind::Pool(pool) => Some((pool_pid(model, pool), at.0, step)),
        PlaceKind::Delay | PlaceKind::Join => None,
    };
    let mut steps: Vec<(u64, u64, i64)> = trace.queue_steps().into_iter().filter_map(of_queue).collect();
    for job in &trace.jobs {
        steps.push((JOBS, job.arrival.0, 1));
        steps.extend(job.finish.map(|finish| (JOBS, finish.0, -1)));
    }
    steps.sort_unstable();
    let (mut now, mut value) = (None, 0);
    for (index, (pid, at, step)) in steps.iter().enumerate() {
        let name = if *pid == JOBS { "jobs in the system" } else { "queue" };
        if now != Some(*pid) {
            (now, value) = (Some(*pid), 0);
            if *at > 0 {
                events.counter(*pid, 0, name, 0)?;
            }
        }
        value += step;
        // Of several changes at an instant the last one counts.
        if steps.get(index + 1).is_none_or(|next| (next.0, next.1) != (*pid, *at)) {
            events.counter(*pid, *at, name, value)?;
        }
    }
    Ok(())
}
