//! The rows that results are made of, and how a recorded run becomes rows.
//!
//! Times are whole nanoseconds, ratios are plain numbers, rates are per second. What did not happen is `None`.

use crate::condition::ConditionRow;
use crate::decisions::Decided;
use crate::explain::Vocabulary;
use crate::number::json_number;
use serde::{Serialize, Serializer};
use sim_core::model::Model;
use sim_core::policy::CpuScheduler;
use sim_core::ties::Ties;
use sim_core::trace::{DecisionKind, Segment, Trace};
use sim_core::units::Time;
use std::collections::BTreeMap;

/// Cores that never did anything get an idle row of their own up to this many cores; beyond, only cores that did.
const MAX_IDLE_CORES: u64 = 4_096;

/// The name of "everything" in the columns `scope` and `class`.
pub const ALL: &str = "all";

/// One number of the summary, in long form.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct SummaryRow {
    /// What was measured: `response`.
    pub metric: String,
    /// Which statistic of it: `mean`, `p99`.
    pub statistic: String,
    /// Where: a station, component or balancer, or [`ALL`].
    pub scope: String,
    /// For which class of jobs, or [`ALL`].
    pub class: String,
    /// The number; `None` where nothing was measured.
    #[serde(serialize_with = "json_number")]
    pub value: Option<f64>,
    /// Its unit: `ns`, `1/s`, `ratio`, `count`, `jobs`.
    pub unit: &'static str,
    /// How many replications stand behind it.
    pub n: u64,
    /// Lower end of the confidence interval; `None` where there is none.
    #[serde(serialize_with = "json_number")]
    pub ci_low: Option<f64>,
    /// Upper end of the confidence interval.
    #[serde(serialize_with = "json_number")]
    pub ci_high: Option<f64>,
    /// Of a percentile: how many values lie beyond its rank, in the replication with the fewest; `None` of other numbers, and where
    /// the jobs are all there are and nothing was drawn at random.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub above: Option<u64>,
}

/// A percentile with fewer values than this beyond its rank is one of the last of its sample: it says little.
pub const FEW_ABOVE: u64 = 5;
/// What stands behind such a value.
pub const FEW_MARK: &str = "?";

/// What is exact of a log or a trace.
pub(crate) fn exact_for_log(sample: u64) -> String {
    let requests = if sample == 1 { "request" } else { "requests" };
    format!("exact for this log; percentiles are those of a sample of {sample} {requests}")
}

/// What the mark means.
pub fn few_legend() -> String {
    format!("{FEW_MARK} among the last of its sample, fewer than {FEW_ABOVE} values lie beyond it: a guess")
}

impl SummaryRow {
    /// Whether it is a percentile that is among the last of its sample.
    pub fn is_small_sample(&self) -> bool {
        self.value.is_some() && self.above.is_some_and(|above| above < FEW_ABOVE)
    }

    /// What stands behind its value.
    pub fn mark(&self) -> &'static str {
        if self.is_small_sample() { FEW_MARK } else { "" }
    }

    /// `metric/statistic`, as metrics are named everywhere.
    pub fn name(&self) -> String {
        format!("{}/{}", self.metric, self.statistic)
    }
}

/// What must be known before any number of a result is read.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct FindingRow {
    /// `overload`: more is offered than can be served; `rising`: jobs in the system still rise when arrivals end.
    pub kind: String,
    /// In words.
    pub text: String,
    /// Of which policy of a comparison; `None`: of all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub of: Option<String>,
    /// Where, the worst station of several.
    pub station: Option<String>,
    /// How much is offered to it, as a part of what it can serve; how many jobs there are at the end.
    #[serde(serialize_with = "json_number")]
    pub value: Option<f64>,
    /// Its unit.
    pub unit: String,
}

/// An exact value beside a simulated one: the closed form of the steady state.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct TheoryRow {
    /// What: `response`.
    pub metric: String,
    /// Which statistic of it: `mean`, `p99`.
    pub statistic: String,
    /// Where, as in the summary.
    pub scope: String,
    /// For which class of jobs, as in the summary.
    pub class: String,
    /// The exact value, in the unit of the summary's row.
    pub exact: f64,
    /// How many standard errors the simulated mean lies above it; `None` where there is no standard error.
    #[serde(serialize_with = "json_number")]
    pub z: Option<f64>,
    /// The model in words, and where its formula is from.
    pub source: String,
}

/// One job of replication 1.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[expect(missing_docs, reason = "the fields are the columns of the run document, described in docs")]
pub struct TaskRow<'a> {
    pub task: &'a str,
    pub job: u64,
    pub class: &'a str,
    pub status: &'static str,
    pub arrival_ns: u64,
    pub first_run_ns: Option<u64>,
    pub finish_ns: Option<u64>,
    pub first_response_ns: Option<u64>,
    pub response_ns: Option<u64>,
    pub waiting_ns: Option<u64>,
    pub ready_ns: u64,
    pub overhead_ns: u64,
    pub blocked_ns: u64,
    pub preemptions: u32,
    pub migrations: u32,
    pub deadline_ns: Option<u64>,
    pub missed: Option<bool>,
}

/// What a core did for a while.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct GanttRow<'a> {
    /// The processor.
    pub station: &'a str,
    /// Core within it.
    pub core: u32,
    /// The task; `None` while idle.
    pub task: Option<&'a str>,
    /// Which job of the task, 1-based; `None` while idle.
    pub job: Option<u64>,
    /// From.
    pub start_ns: u64,
    /// To.
    pub end_ns: u64,
    /// `run`, `switch`, `dispatch` or `idle`.
    pub kind: &'static str,
    /// Under processor sharing: the part of a core that the job had.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub share: Option<f64>,
    /// Of a multilevel queue, where decisions are recorded: the level from which the job was taken, 0 the top.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub level: Option<u64>,
}

/// Everything a run says, see [`crate::json::write_run`].
#[derive(Clone, PartialEq, Debug)]
pub struct RunDocument<'a> {
    /// What must be known before any number is read; empty where there is nothing.
    pub findings: Vec<FindingRow>,
    /// Nothing was drawn at random: the numbers are facts, not estimates.
    pub exact: bool,
    /// The jobs behind the times, where these are exact for a log or a trace alone: a sample of its traffic.
    pub sample: Option<u64>,
    /// What was assumed, and what else is to be known; a sentence each.
    pub notes: Vec<String>,
    /// The scenario's name.
    pub scenario: &'a str,
    /// The policies in effect.
    pub policy: &'a str,
    /// The seed.
    pub seed: u64,
    /// The tie rules in effect.
    pub ties: Ties,
    /// Hash of the order of events, folded over replications; `None` where it was not taken.
    pub digest: Option<u64>,
    /// Jobs of replication 1, where recorded.
    pub tasks: Vec<TaskRow<'a>>,
    /// What cores did in replication 1, where recorded.
    pub gantt: Vec<GanttRow<'a>>,
    /// The numbers.
    pub summary: &'a [SummaryRow],
    /// Decisions of replication 1; `None` where they were not asked for.
    pub decisions: Option<Vec<Decided>>,
    /// Conditions that must not hold; empty where there are none.
    pub conditions: Vec<ConditionRow>,
    /// Exact values of the steady state; empty where there is no closed form.
    pub theory: Vec<TheoryRow>,
}

impl<'a> RunDocument<'a> {
    /// The document of a run of `model` whose replication 1 left `trace`, where it was recorded.
    pub fn new(
        model: &'a Model,
        policy: &'a str,
        trace: Option<&Trace>,
        digest: Option<u64>,
        summary: &'a [SummaryRow],
    ) -> RunDocument<'a> {
        RunDocument {
            findings: Vec::new(),
            exact: false,
            sample: None,
            notes: Vec::new(),
            scenario: &model.name,
            policy,
            seed: model.seed,
            ties: model.ties,
            digest,
            tasks: trace.map(|trace| task_rows(model, trace)).unwrap_or_default(),
            gantt: trace.map(|trace| gantt_rows(model, trace)).unwrap_or_default(),
            summary,
            decisions: None,
            conditions: Vec::new(),
            theory: Vec::new(),
        }
    }
}

/// Tie rules as a map, in the order in which they are documented.
pub(crate) struct TiesMap(pub Ties);

impl Serialize for TiesMap {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.entries())
    }
}

/// The jobs of a recorded run, in order of arrival.
pub fn task_rows<'a>(model: &'a Model, trace: &Trace) -> Vec<TaskRow<'a>> {
    let nanos = |time: Option<Time>| time.map(|time| time.0);
    trace
        .jobs
        .iter()
        .map(|job| TaskRow {
            task: &model.tasks[job.task as usize],
            job: job.job,
            class: &model.classes[job.class as usize].name,
            status: job.status.word(),
            arrival_ns: job.arrival.0,
            first_run_ns: nanos(job.first_run),
            finish_ns: nanos(job.finish),
            first_response_ns: job.first_response().map(|span| span.0),
            response_ns: job.response().map(|span| span.0),
            waiting_ns: job.waiting().map(|span| span.0),
            ready_ns: job.ready.0,
            overhead_ns: job.overhead.0,
            blocked_ns: job.blocked.0,
            preemptions: job.preemptions,
            migrations: job.migrations,
            deadline_ns: nanos(job.deadline),
            missed: job.missed,
        })
        .collect()
}

/// What each core did over the whole run, by station, core and time; adjacent equal stretches merged, idle time filled
/// in. Under processor sharing the rows of a station overlap and carry the share; its idle rows are the stretches
/// without any job, under core 0.
pub fn gantt_rows<'a>(model: &'a Model, trace: &Trace) -> Vec<GanttRow<'a>> {
    rows_with(model, trace, &Levels::new())
}

/// The same with the levels of multilevel queues, as far as the reasons of decisions were recorded; stretches of different levels
/// stay apart.
pub fn gantt_rows_with_levels<'a>(
    model: &'a Model,
    trace: &Trace,
    vocabulary: &Vocabulary,
) -> Vec<GanttRow<'a>> {
    let mut levels = Levels::new();
    for decision in &trace.decisions {
        let DecisionKind::Dispatch { processor, core } = decision.kind else { continue };
        let words = vocabulary.schedulers.get(processor as usize);
        let part = words.and_then(|words| words.parts().position(|part| part.starts_with("level")));
        let chosen = decision.candidates().iter().find(|candidate| candidate.id == decision.chosen);
        let level = part.zip(chosen).and_then(|(part, chosen)| u64::try_from(chosen.key.0[part]).ok());
        if let Some(level) = level {
            levels.entry((processor, core)).or_default().push((decision.at, decision.chosen, level));
        }
    }
    rows_with(model, trace, &levels)
}

/// By processor and core: when which job was taken from which level, in order.
type Levels = BTreeMap<(u32, u32), Vec<(Time, u64, u64)>>;

fn rows_with<'a>(model: &'a Model, trace: &Trace, levels: &Levels) -> Vec<GanttRow<'a>> {
    let mut lanes: BTreeMap<(u32, u32), Vec<&Segment>> = BTreeMap::new();
    let idle_too = model.cores() <= MAX_IDLE_CORES;
    let shared = sharing(model);
    if idle_too {
        for (index, processor) in model.processors.iter().enumerate() {
            let cores = if shared[index] { 1 } else { processor.cores };
            lanes.extend((0..cores).map(|core| ((index as u32, core), Vec::new())));
        }
    }
    for segment in trace.segments.iter().filter(|segment| segment.start < segment.end) {
        let core = if shared[segment.processor as usize] { 0 } else { segment.core };
        lanes.entry((segment.processor, core)).or_default().push(segment);
    }
    let mut rows = Vec::new();
    for ((processor, core), mut segments) in lanes {
        segments.sort_by_key(|segment| (segment.start, segment.end, segment.job));
        let levels = levels.get(&(processor, core)).map_or(&[][..], Vec::as_slice);
        let lane = Lane { model, trace, processor, core, shared: shared[processor as usize], levels };
        lane.rows(&segments, &mut rows);
    }
    rows
}

/// Which processors share their cores among all jobs present, instead of running one job a core.
pub(crate) fn sharing(model: &Model) -> Vec<bool> {
    let mut known: BTreeMap<&str, bool> = BTreeMap::new();
    model
        .processors
        .iter()
        .map(|processor| {
            let reference = &processor.scheduler;
            *known
                .entry(reference.spec.as_str())
                .or_insert_with(|| matches!((reference.build)(&model.ties), CpuScheduler::Shares(_)))
        })
        .collect()
}

struct Lane<'a, 't> {
    model: &'a Model,
    trace: &'t Trace,
    processor: u32,
    core: u32,
    shared: bool,
    levels: &'t [(Time, u64, u64)],
}

impl<'a> Lane<'a, '_> {
    /// The rows of one lane, by time. `segments` are sorted by start.
    fn rows(&self, segments: &[&Segment], rows: &mut Vec<GanttRow<'a>>) {
        let first = rows.len();
        // Where the last row of each job is: under processor sharing rows of several jobs interleave.
        let mut last: BTreeMap<u64, usize> = BTreeMap::new();
        let mut covered = 0;
        for segment in segments {
            if segment.start.0 > covered {
                rows.push(self.idle(covered, segment.start.0));
            }
            covered = covered.max(segment.end.0);
            let row = self.row(segment);
            let mergeable = last.get(&segment.job).copied().filter(|index| {
                let before = &rows[*index];
                before.end_ns == row.start_ns
                    && before.kind == row.kind
                    && (before.share, before.level) == (row.share, row.level)
            });
            // Unshared lanes: only the very last row can end where this one starts.
            if let Some(index) = mergeable {
                rows[index].end_ns = row.end_ns;
            } else {
                last.insert(segment.job, rows.len());
                rows.push(row);
            }
        }
        if covered < self.trace.end.0 {
            rows.push(self.idle(covered, self.trace.end.0));
        }
        rows[first..].sort_by_key(|row| row.start_ns);
    }

    fn row(&self, segment: &Segment) -> GanttRow<'a> {
        let job = self.trace.jobs.get(segment.job as usize);
        GanttRow {
            station: &self.model.processors[self.processor as usize].name,
            core: self.core,
            task: job.map(|job| self.model.tasks[job.task as usize].as_str()),
            job: job.map(|job| job.job),
            start_ns: segment.start.0,
            end_ns: segment.end.0,
            kind: segment.kind.word(),
            share: self.shared.then(|| {
                let (cores, jobs) = segment.share;
                (f64::from(cores) / f64::from(jobs.max(1))).min(1.0)
            }),
            level: self.levels[..self.levels.partition_point(|(at, ..)| *at <= segment.start)]
                .last()
                .filter(|(_, job, _)| *job == segment.job)
                .map(|(.., level)| *level),
        }
    }

    fn idle(&self, start_ns: u64, end_ns: u64) -> GanttRow<'a> {
        GanttRow {
            station: &self.model.processors[self.processor as usize].name,
            core: self.core,
            task: None,
            job: None,
            start_ns,
            end_ns,
            kind: "idle",
            share: None,
            level: None,
        }
    }
}
