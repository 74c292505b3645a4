//! The rows of the schedule: one a core, and one a task, or several where jobs of a task overlap.

use super::lod::Peaks;
use super::places::Places;
use experiments::background::both;
use sim_core::model::Model;
use sim_core::trace::{JobRecord, PlaceKind, Segment, SegmentKind, Status, Stay, Trace};
use std::ops::Range;

/// Jobs of one task that overlap get this many rows; the rest is counted.
const LANES: usize = 12;
/// Rows of tasks in all.
const MAX_TASK_ROWS: usize = 400;
/// Rows of cores in all.
const MAX_CORE_ROWS: usize = 4_096;

/// What a job or a core did for a while.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Activity {
    /// The job ran.
    Run,
    /// The core switched contexts for it.
    Switch,
    /// The dispatcher worked for it.
    Dispatch,
    /// It was ready and had not run since it got there.
    Ready,
    /// It was taken off its core, or its quantum was over, and was ready again.
    Preempted,
    /// It waited for a device, a delay or a lock outside the processors.
    Blocked,
    /// It waited for a token of a pool.
    Waiting,
    /// It waited for its children.
    Joining,
}

impl Activity {
    /// All of them, in the order of the legend.
    pub const ALL: [Activity; 8] = [
        Activity::Run,
        Activity::Ready,
        Activity::Preempted,
        Activity::Blocked,
        Activity::Waiting,
        Activity::Joining,
        Activity::Switch,
        Activity::Dispatch,
    ];

    /// The key of its name.
    pub fn key(self) -> &'static str {
        match self {
            Activity::Run => "state-run",
            Activity::Switch => "state-switch",
            Activity::Dispatch => "state-dispatch",
            Activity::Ready => "state-ready",
            Activity::Preempted => "state-preempted",
            Activity::Blocked => "state-blocked",
            Activity::Waiting => "state-waiting",
            Activity::Joining => "state-joining",
        }
    }
}

/// A stretch of time of a core or of a job.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Bar {
    /// From, in nanoseconds.
    pub start: u64,
    /// To.
    pub end: u64,
    /// The job's number.
    pub job: u32,
    /// The processor or pool, where there is one.
    pub station: u32,
    /// What it was.
    pub activity: Activity,
    /// Under processor sharing: which of how many that ran at once; else `(0, 1)`.
    pub slot: (u16, u16),
}

impl Bar {
    /// A place to be filled.
    const NONE: Bar = Bar { start: 0, end: 0, job: 0, station: 0, activity: Activity::Run, slot: (0, 1) };

    /// Its length, in nanoseconds.
    pub fn length(&self) -> u64 {
        self.end - self.start
    }
}

/// What a row is about.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum RowKind {
    /// A core of a processor; all cores where they are shared.
    Core {
        /// Index into the model's processors.
        processor: u32,
        /// Core within it.
        core: u32,
    },
    /// Jobs of a task that do not overlap.
    Task {
        /// Index into the model's tasks.
        task: u32,
        /// Which row of the task.
        lane: u32,
    },
}

/// A point in time worth a mark on a row.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Mark {
    /// When.
    pub at: u64,
    /// What.
    pub kind: MarkKind,
    /// The job's number.
    pub job: u32,
}

/// What happened at a mark.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum MarkKind {
    /// The job was released.
    Release,
    /// Its deadline, which it met or whose fate is not known.
    Deadline,
    /// Its deadline, which it missed.
    Missed,
    /// It was turned away.
    Lost,
}

/// One row of the schedule.
#[derive(Clone, Debug)]
pub struct Row {
    /// Its name.
    pub name: String,
    /// What it is about.
    pub kind: RowKind,
    /// Its stretches: a range of [`Rows::core_bars`] or [`Rows::job_bars`].
    range: Range<usize>,
    /// For drawing at any scale.
    pub peaks: Peaks,
    /// Releases and deadlines, by time.
    pub marks: Vec<Mark>,
}

/// Every row, and the stretches of every job.
#[derive(Clone, Debug, Default)]
pub struct Rows {
    /// Cores first, then tasks.
    pub rows: Vec<Row>,
    core_bars: Vec<Bar>,
    job_bars: Vec<Bar>,
    /// Where each job's stretches are in `job_bars`.
    job_ranges: Vec<Range<u32>>,
    /// On which row of a task each job is.
    job_lanes: Vec<u32>,
    /// Jobs that no row shows, because too many overlap.
    pub hidden_jobs: usize,
    /// What occurs, in the order of the legend.
    pub occurring: Vec<Activity>,
}

impl Rows {
    /// The rows of a recorded run.
    pub fn new(model: &Model, trace: &Trace) -> Rows {
        let (cores, jobs) = both(|| Rows::of_cores(model, trace), || Rows::of_jobs(model, trace));
        let rows = cores.rows.into_iter().chain(jobs.rows).collect();
        let mut found = [false; Activity::ALL.len()];
        // What cores do is in the rows of their jobs too.
        for bar in &jobs.job_bars {
            found[bar.activity as usize] = true;
        }
        let occurring = Activity::ALL.into_iter().filter(|activity| found[*activity as usize]).collect();
        Rows { rows, core_bars: cores.core_bars, occurring, ..jobs }
    }

    /// The stretches of a row, by start.
    pub fn bars(&self, row: &Row) -> &[Bar] {
        match row.kind {
            RowKind::Core { .. } => &self.core_bars[row.range.clone()],
            RowKind::Task { .. } => &self.job_bars[row.range.clone()],
        }
    }

    /// The stretches of all jobs, those of each together.
    pub fn job_bars(&self) -> &[Bar] {
        &self.job_bars
    }

    /// The stretches of a job, by start.
    pub fn of_job(&self, job: u32) -> &[Bar] {
        let range = self.job_ranges.get(job as usize).cloned().unwrap_or_default();
        &self.job_bars[range.start as usize..range.end as usize]
    }

    /// What a job did at an instant: the stretch that begins there goes before the one that ends there.
    pub fn of_job_at(&self, job: u32, at: u64) -> Option<&Bar> {
        let bars = self.of_job(job);
        let after = bars.partition_point(|bar| bar.start <= at);
        bars[..after].last().filter(|bar| at < bar.end)
    }

    /// The row of a task that a job is on.
    pub fn row_of_job(&self, model_task: u32, job: u32) -> Option<usize> {
        let lane = *self.job_lanes.get(job as usize)?;
        let kind = RowKind::Task { task: model_task, lane };
        self.rows.iter().position(|row| row.kind == kind)
    }

    /// What a core did at an instant; under sharing all that ran.
    pub fn on_core(&self, row: &Row, at: u64) -> &[Bar] {
        let bars = self.bars(row);
        let from = bars.partition_point(|bar| bar.end <= at);
        let to = from + bars[from..].partition_point(|bar| bar.start <= at);
        &bars[from..to]
    }

    fn of_cores(model: &Model, trace: &Trace) -> Rows {
        let mut shared = vec![false; model.processors.len()];
        for segment in &trace.segments {
            shared[segment.processor as usize] |= segment.share != (1, 1);
        }
        // Where each processor's lanes begin, one a core.
        let mut first = Vec::with_capacity(model.processors.len());
        let mut kinds: Vec<(u32, u32)> = Vec::new();
        for (processor, of) in model.processors.iter().enumerate() {
            first.push(kinds.len());
            let cores = if shared[processor] { 1 } else { of.cores };
            let room = MAX_CORE_ROWS - kinds.len();
            kinds.extend((0..cores).take(room).map(|core| (processor as u32, core)));
        }
        let lane = |segment: &Segment| {
            let core = if shared[segment.processor as usize] { 0 } else { segment.core };
            let lane = first[segment.processor as usize] + core as usize;
            (kinds.get(lane) == Some(&(segment.processor, core))).then_some(lane)
        };
        let drawn = || trace.segments.iter().filter(|segment| segment.start < segment.end);
        let drawn = || drawn().filter_map(|segment| Some((lane(segment)?, segment)));
        let mut places = Places::count(kinds.len(), drawn().map(|(lane, _)| lane));
        let mut core_bars = vec![Bar::NONE; places.total()];
        let mut rows = Vec::with_capacity(kinds.len());
        for (lane, segment) in drawn() {
            core_bars[places.next(lane)] = of_segment(segment, of_kind(segment.kind));
        }
        let mut side_by_side_bars = Vec::new();
        let mut from = 0;
        for (lane, (processor, core)) in kinds.iter().copied().enumerate() {
            let range = from..places.end(lane);
            from = range.end;
            let bars = &mut core_bars[range.clone()];
            sort_unless_sorted(bars, |bar| (bar.start, bar.end, bar.job));
            let of = &model.processors[processor as usize];
            let alone = of.cores == 1 || shared[processor as usize];
            let name = if alone { of.name.clone() } else { format!("{} {core}", of.name) };
            let kind = RowKind::Core { processor, core };
            let mut row = Row { name, kind, range, peaks: Peaks::default(), marks: Vec::new() };
            if shared[processor as usize] {
                side_by_side_bars.push((rows.len(), side_by_side(bars)));
            } else {
                row.peaks = Peaks::new(bars);
            }
            rows.push(row);
        }
        // More pieces than stretches: behind all others.
        for (row, mut bars) in side_by_side_bars {
            let from = core_bars.len();
            rows[row].peaks = Peaks::new(&bars);
            core_bars.append(&mut bars);
            rows[row].range = from..core_bars.len();
        }
        Rows { rows, core_bars, ..Rows::default() }
    }

    fn of_jobs(model: &Model, trace: &Trace) -> Rows {
        let mut all = Rows::default();
        let lanes = lanes(model, trace);
        let mut order: Vec<u32> = (0..trace.jobs.len() as u32).collect();
        let key = |job: &u32| {
            let record = &trace.jobs[*job as usize];
            (record.task, lanes[*job as usize], record.arrival, *job)
        };
        order.sort_by_key(key);
        all.job_bars = collect(model, trace, &order, &mut all.job_ranges);
        let mut drawn = 0;
        for group in order.chunk_by(|a, b| key(a).0 == key(b).0 && key(a).1 == key(b).1) {
            let (task, lane, ..) = key(&group[0]);
            if lane as usize >= LANES || drawn >= MAX_TASK_ROWS {
                all.hidden_jobs += group.len();
                continue;
            }
            drawn += 1;
            let mut marks = Vec::new();
            for job in group {
                add_marks(&trace.jobs[*job as usize], *job, &mut marks);
            }
            marks.sort_unstable();
            let [first, last] = [group[0], group[group.len() - 1]].map(|job| &all.job_ranges[job as usize]);
            let range = first.start as usize..last.end as usize;
            let peaks = Peaks::new(&all.job_bars[range.clone()]);
            let task_name = &model.tasks[task as usize];
            let name = if lane == 0 { task_name.clone() } else { format!("{task_name} ·{}", lane + 1) };
            all.rows.push(Row { name, kind: RowKind::Task { task, lane }, range, peaks, marks });
        }
        all.job_lanes = lanes;
        all
    }
}

/// What is recorded is mostly in order already.
fn sort_unless_sorted<K: Ord>(bars: &mut [Bar], key: impl Fn(&Bar) -> K) {
    if !bars.is_sorted_by_key(&key) {
        bars.sort_by_key(key);
    }
}

fn of_segment(segment: &Segment, activity: Activity) -> Bar {
    let (start, end, station) = (segment.start.0, segment.end.0, segment.processor);
    Bar { start, end, job: segment.job as u32, station, activity, slot: (0, 1) }
}

fn of_kind(kind: SegmentKind) -> Activity {
    match kind {
        SegmentKind::Run => Activity::Run,
        SegmentKind::Switch => Activity::Switch,
        SegmentKind::Dispatch => Activity::Dispatch,
    }
}

/// Stretches of jobs that share cores, cut where one of them begins or ends, so that each piece knows how many there are.
fn side_by_side(bars: &[Bar]) -> Vec<Bar> {
    let mut cuts: Vec<u64> = bars.iter().flat_map(|bar| [bar.start, bar.end]).collect();
    cuts.sort_unstable();
    cuts.dedup();
    let mut pieces: Vec<Bar> = Vec::new();
    let mut present: Vec<Bar> = Vec::new();
    let mut next = 0;
    for edges in cuts.windows(2) {
        present.retain(|bar| bar.end > edges[0]);
        while next < bars.len() && bars[next].start <= edges[0] {
            present.push(bars[next]);
            next += 1;
        }
        let count = present.len().min(usize::from(u16::MAX)) as u16;
        for (slot, bar) in present.iter().take(usize::from(u16::MAX)).enumerate() {
            pieces.push(Bar { start: edges[0], end: edges[1], slot: (slot as u16, count), ..*bar });
        }
    }
    pieces
}

/// The stretches of every job, by start, jobs in this order; and where those of each job are.
fn collect(model: &Model, trace: &Trace, order: &[u32], ranges: &mut Vec<Range<u32>>) -> Vec<Bar> {
    let device: Vec<bool> = model.processors.iter().map(|processor| processor.device).collect();
    let mut list = vec![0u32; order.len()];
    for (index, job) in order.iter().enumerate() {
        list[*job as usize] = index as u32;
    }
    let list = |job: u64| list.get(job as usize).map(|list| *list as usize);
    let segments = || trace.segments.iter().filter(|segment| segment.start < segment.end);
    let stays = || trace.stays.iter().filter(|stay| stay.start < stay.end);
    let numbers = segments().map(|segment| segment.job).chain(stays().map(|stay| stay.job));
    let mut places = Places::count(order.len(), numbers.filter_map(list));
    let mut bars = vec![Bar::NONE; places.total()];
    // Both lists are in order of ends: so is each job, whose stretches mostly follow one another.
    let mut stays = stays().peekable();
    let mut add = |job: u64, bar: Bar| {
        if let Some(list) = list(job) {
            bars[places.next(list)] = bar;
        }
    };
    let of_stay = |stay: &Stay| {
        let (activity, station) = match stay.place {
            PlaceKind::Ready(processor) if device[processor as usize] => (Activity::Blocked, processor),
            PlaceKind::Ready(processor) => (Activity::Ready, processor),
            PlaceKind::Pool(pool) => (Activity::Waiting, pool),
            PlaceKind::Delay => (Activity::Blocked, u32::MAX),
            PlaceKind::Join => (Activity::Joining, u32::MAX),
        };
        let (start, end) = (stay.start.0, stay.end.0);
        Bar { start, end, job: stay.job as u32, station, activity, slot: (0, 1) }
    };
    for segment in segments() {
        while let Some(stay) = stays.next_if(|stay| stay.end < segment.end) {
            add(stay.job, of_stay(stay));
        }
        let at_device = device[segment.processor as usize];
        let activity = if at_device { Activity::Blocked } else { of_kind(segment.kind) };
        add(segment.job, of_segment(segment, activity));
    }
    for stay in stays {
        add(stay.job, of_stay(stay));
    }
    *ranges = vec![0..0; order.len()];
    let (mut from, mut kept) = (0, 0);
    for (index, job) in order.iter().enumerate() {
        let to = places.end(index);
        follow_one_another(&mut bars[from..to]);
        let start = kept;
        for read in from..to {
            if bars[read].start < bars[read].end {
                bars[kept] = bars[read];
                kept += 1;
            }
        }
        ranges[*job as usize] = start as u32..kept as u32;
        from = to;
    }
    bars.truncate(kept);
    bars
}

/// Puts a job's stretches in order, one after the other, and tells who was ready again from who came.
fn follow_one_another(bars: &mut [Bar]) {
    sort_unless_sorted(bars, |bar| (bar.start, bar.end));
    for index in 1..bars.len() {
        let before = bars[index - 1];
        let ran = matches!(before.activity, Activity::Run | Activity::Switch | Activity::Dispatch);
        let bar = &mut bars[index];
        if bar.activity == Activity::Ready && ran && before.end == bar.start && before.station == bar.station
        {
            bar.activity = Activity::Preempted;
        }
        // Children of one job run side by side; a row has one line.
        let end = bar.end.max(before.end);
        bar.start = bar.start.max(before.end).min(end);
        bar.end = end;
    }
}

fn add_marks(record: &JobRecord, job: u32, marks: &mut Vec<Mark>) {
    marks.push(Mark { at: record.arrival.0, kind: MarkKind::Release, job });
    if let Some(deadline) = record.deadline {
        let kind = if record.missed == Some(true) { MarkKind::Missed } else { MarkKind::Deadline };
        marks.push(Mark { at: deadline.0, kind, job });
    }
    if let (Status::Lost, Some(at)) = (record.status, record.finish) {
        marks.push(Mark { at: at.0, kind: MarkKind::Lost, job });
    }
}

/// For each job the first row of its task that is free when it arrives.
fn lanes(model: &Model, trace: &Trace) -> Vec<u32> {
    let mut free: Vec<Vec<u64>> = vec![Vec::new(); model.tasks.len()];
    let place = |job: &JobRecord| {
        let rows = &mut free[job.task as usize];
        let end = job.finish.unwrap_or(trace.end).0;
        let lane = rows.iter().take(LANES).position(|free| *free <= job.arrival.0);
        match lane {
            Some(lane) => {
                rows[lane] = end;
                lane as u32
            }
            None if rows.len() < LANES => {
                rows.push(end);
                rows.len() as u32 - 1
            }
            None => LANES as u32,
        }
    };
    trace.jobs.iter().map(place).collect()
}
