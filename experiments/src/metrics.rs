//! Every metric by name, and its value in one replication.
//!
//! A metric is named `metric/statistic` everywhere: in results, in `--metric`, in conditions. [`METRICS`] is the only list
//! of names; validation, help and the direction of comparisons read it.
//!
//! Rows of a replication stand in an order that depends on the model alone ([`keys`]), so that replications merge by
//! position.

use crate::busiest;
use crate::capacity::offered;
use crate::farms::{balancer_rows, group_rows};
pub use crate::numbered::beyond_the_table;
use crate::numbered::{WITHIN_TIME, asked_rows, numbered, part};
use reports::rows::{ALL, SummaryRow};
use sim_core::intervals;
use sim_core::measure::{ClassMeasures, Distribution, InstanceMeasures, Measures, ProcessorMeasures};
use sim_core::model::{InstanceState, Model, Processor};
use std::fmt;

/// Which direction is better.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Better {
    /// Less is better.
    Lower,
    /// More is better.
    Higher,
}

impl Better {
    /// The word used in tables.
    pub fn word(self) -> &'static str {
        match self {
            Better::Lower => "lower",
            Better::Higher => "higher",
        }
    }
}

/// Of what a metric is: which jobs, which stretch of time. The *window* goes from the end of the warm-up to the end of the run;
/// where `stop.jobs` ends arrivals that would go on, to the last release: behind it the system only drains. Lists of jobs (task
/// lists, traces, logs, periodic sources with a count) are measured whole.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Of {
    /// Jobs that were released in the window and completed, whenever that was.
    Completed,
    /// Jobs that were released in the window, to whatever end they came.
    Released,
    /// Instants of the window.
    Time,
    /// What happened within the window, to whichever jobs.
    Happened,
    /// The end of the run.
    End,
    /// The whole run.
    Run,
    /// The window itself.
    Window,
}

impl Of {
    /// Every one of them.
    pub const ALL: [Of; 7] =
        [Of::Completed, Of::Released, Of::Time, Of::Happened, Of::End, Of::Run, Of::Window];

    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            Of::Completed => {
                "jobs released in the window that ran their whole program, in it or after it; lost, timed-out and unfinished \
                 jobs have no part in it"
            }
            Of::Released => "jobs released in the window, whatever becomes of them, in it or after it",
            Of::Time => "all instants of the window, whenever the jobs were released",
            Of::Happened => "what happens within the window, whenever the jobs were released",
            Of::End => "the end of the run, after the drain, whenever the jobs were released",
            Of::Run => "the whole run, with warm-up and drain",
            Of::Window => "the window itself",
        }
    }
}

/// A metric's definition.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct MetricDef {
    /// Its name; several definitions share one where the statistics differ in unit or direction.
    pub name: &'static str,
    /// Its statistics.
    pub statistics: &'static [&'static str],
    /// Unit of the values.
    pub unit: &'static str,
    /// Which direction is better, where one is.
    pub better: Option<Better>,
    /// Of which jobs, or of which time.
    pub of: Of,
    /// What it is, in one sentence.
    pub help: &'static str,
}

/// `metrics![name [statistics] unit direction of help; ...]`: one line a metric.
macro_rules! metrics {
    ($($name:literal [$($statistic:literal)*] $unit:literal $better:ident $of:ident $help:literal;)*) => {
        &[$(MetricDef {
            name: $name,
            statistics: &[$($statistic),*],
            unit: $unit,
            better: metrics!(@ $better),
            of: Of::$of,
            help: $help,
        }),*]
    };
    (@ lower) => { Some(Better::Lower) };
    (@ higher) => { Some(Better::Higher) };
    (@ neither) => { None };
}

/// Every metric, in the order in which results list them.
pub const METRICS: &[MetricDef] = metrics![
    "response" ["mean" "p50" "p90" "p95" "p99" "p99.9" "max"] "ns" lower Completed
        "completion minus arrival (turnaround); percentiles by nearest rank";
    "waiting" ["mean" "p50" "p90" "p95" "p99" "max"] "ns" lower Completed
        "response minus processor time minus blocked time: queues of all kinds, and costs charged to the job";
    "response" ["within:T"] "ratio" higher Released
        "those that were completed within the time T, as in `response/within:250ms`, over all of them: lost, timed out and unfinished jobs are not within it";
    "waiting" ["within:T"] "ratio" higher Released
        "those that were completed after waiting for T at most, over all of them: the service level of a call center";
    "first_response" ["mean"] "ns" lower Completed "first instruction minus arrival, of those that ran";
    "ready" ["mean"] "ns" lower Completed "time in ready queues alone; under shared cores what exceeds the service time";
    "overhead" ["mean"] "ns" lower Completed "switch and dispatch costs charged to a job";
    "blocked" ["mean"] "ns" neither Completed "time in delays, at devices (their queues included) and waiting for children";
    "slowdown" ["mean"] "ratio" lower Completed "response over processor time (normalized turnaround), of those that ran";
    "response_part" ["waiting" "service" "overhead"] "ns" lower Completed
        "mean part of the response time at a component; the parts add up to response/mean";
    "throughput" ["rate"] "1/s" higher Happened
        "jobs that ran their whole program, over the length of the window";
    "jobs" ["released"] "jobs" neither Released "how many there are";
    "jobs" ["completed"] "jobs" higher Released "those that ran their whole program";
    "jobs" ["lost"] "jobs" lower Released
        "those turned away by full queues or servers that are down; at a pool: by its queue, within the window, whenever released";
    "jobs" ["timed-out"] "jobs" lower Released "those whose client gave up, or that were withdrawn at their deadline";
    "jobs" ["unfinished"] "jobs" lower End "jobs in the system, also those released during the warm-up";
    "deadline_misses" ["count"] "count" lower Released
        "those that were not done by their deadlines: late, lost, timed out, or unfinished when the run ends past it";
    "deadline_misses" ["ratio"] "ratio" lower Released
        "the same over those with a deadline whose fate is known; unfinished jobs whose deadline is to come are left out";
    "tardiness" ["max"] "ns" lower Released
        "greatest completion minus deadline, zero where all were met; whoever leaves early or is unfinished counts up to then";
    "utilization" ["mean"] "ratio" neither Time
        "run time over cores x window, overhead apart; in all: of processors that are no devices";
    "utilization" ["busiest"] "ratio" neither Time
        "the same in the busiest 24th of the time in which a log or trace, or a changing rate, releases jobs";
    "offered_load" ["ratio"] "ratio" neither Run
        "work offered to a station over what it can serve, as the model has it before it runs: above 1 means grow with the length of the run";
    "overhead" ["share"] "ratio" lower Time
        "switch, dispatch and kernel time over cores x window; in all: of processors that are no devices";
    "queue_length" ["mean"] "jobs" lower Time
        "jobs that wait: ready and on no core, beyond the number of cores where cores are shared, or for a token; in all: anywhere, devices included";
    "held" ["mean"] "count" neither Time "tokens held";
    "instances" ["absent" "starting" "free" "executing" "held" "blocked" "ending" "leaked"] "count" neither Time
        "how many processes of a region are in that state: not there, dispatched with their task not begun, without a task, executing or waiting for a core, held for their client, blocked by a lock, between end output and removal, lost to a call that never arrived";
    "dispatches" ["dispatcher" "pull" "recovery" "check"] "count" neither Happened
        "tasks given a process by the dispatcher, by the process itself, by the monitor after a death, by the check for lost calls";
    "dispatches" ["pull_share"] "ratio" neither Happened "those given by the process itself, over all";
    "no_instance" ["count"] "count" lower Happened
        "requests that found no process free, nobody else being dispatched in their place";
    "context_switches" ["count"] "count" lower Happened
        "dispatches of another job than the core ran before; in all: of processors that are no devices";
    "preemptions" ["count"] "count" lower Happened
        "times a job was taken off a core while it could have gone on; in all: of processors that are no devices";
    "migrations" ["count"] "count" lower Happened
        "times a job went on on another core than before; in all: of processors that are no devices";
    "dispatch_latency" ["mean"] "ns" lower Happened
        "time from a dispatch decision to the first instruction, a dispatch; in all: of processors that are no devices";
    "picks" ["count"] "count" neither Happened "jobs that a balancer sent to a server";
    "picks" ["max_over_mean"] "ratio" lower Happened "the busiest server's picks over the mean of all servers";
    "refused" ["count"] "count" lower Happened
        "jobs that a balancer sent to a server that was down, or had no server for";
    "failures" ["count"] "count" neither Happened "times a server of the group failed";
    "downtime" ["share"] "ratio" lower Time "part of the servers' time in which they were down";
    "in_system" ["mean"] "jobs" lower Time "jobs in the system, from arrival to exit; children are part of their parents";
    "makespan" ["time"] "ns" lower Run "from the first release to the last job's leaving";
    "warmup" ["time"] "ns" neither Window "its start: jobs released before it are not measured";
    "window" ["time"] "ns" neither Window
        "its length: from the end of the warm-up to the end of the run, or to the last release where a number of jobs ends arrivals that would go on";
];

/// Groups of servers list their members one by one up to this many.
pub(crate) const MAX_MEMBERS: usize = 256;

/// Components are listed up to this many; a model of more stations of their own has rows for the first ones.
const MAX_COMPONENTS: usize = 10_000;
/// Parts of response time are listed by class only where classes times components stay below this.
const MAX_CLASS_PARTS: usize = 100_000;

/// A metric that exists.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct MetricName {
    /// Its definition.
    pub def: &'static MetricDef,
    /// One of its statistics.
    pub statistic: &'static str,
}

impl fmt::Display for MetricName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.def.name, self.statistic)
    }
}

/// A metric that does not exist.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("unknown metric `{name}`{hint}")]
pub struct UnknownMetric {
    /// What was written.
    pub name: String,
    /// What may have been meant.
    pub hint: String,
}

/// Every `metric/statistic`.
pub fn names() -> impl Iterator<Item = MetricName> {
    METRICS.iter().flat_map(|def| def.statistics.iter().map(move |statistic| MetricName { def, statistic }))
}

/// The metric written `metric/statistic`.
pub fn parse(text: &str) -> Result<MetricName, UnknownMetric> {
    let text = text.trim();
    if let Some(name) = find(text) {
        return Ok(name);
    }
    if let Some(Err(hint)) = text.split_once('/').and_then(|(metric, statistic)| numbered(metric, statistic))
    {
        return Err(UnknownMetric { name: text.to_owned(), hint });
    }
    let statistics: Vec<String> =
        names().filter(|name| name.def.name == text).map(|name| format!("`{name}`")).collect();
    let hint = if statistics.is_empty() {
        names()
            .map(|name| name.to_string())
            .map(|name| (strsim::jaro_winkler(text, &name), name))
            .filter(|(likeness, _)| *likeness > 0.7)
            .max_by(|a, b| a.0.total_cmp(&b.0))
            .map_or_else(
                || "; metrics are named like `response/p99`".to_owned(),
                |(_, name)| format!("; did you mean `{name}`?"),
            )
    } else {
        format!("; name one of its statistics: {}", statistics.join(", "))
    };
    Err(UnknownMetric { name: text.to_owned(), hint })
}

/// The metric of exactly this name, of the table or asked for by a number.
pub fn find(text: &str) -> Option<MetricName> {
    let (metric, statistic) = text.split_once('/')?;
    let listed = names().find(|name| name.def.name == metric && name.statistic == statistic);
    listed.filter(|name| name.statistic != WITHIN_TIME).or_else(|| numbered(metric, statistic)?.ok())
}

/// What a row is about; the same in every replication of a model.
#[derive(Clone, PartialEq, Debug)]
pub struct RowKey {
    /// The metric.
    pub metric: MetricName,
    /// A station, component, balancer or server, or [`ALL`].
    pub scope: String,
    /// A class, or [`ALL`].
    pub class: String,
}

impl RowKey {
    /// The row with this key.
    pub fn row(&self, value: Option<f64>, n: u64, interval: Option<(f64, f64)>) -> SummaryRow {
        SummaryRow {
            metric: self.metric.def.name.to_owned(),
            statistic: self.metric.statistic.to_owned(),
            scope: self.scope.clone(),
            class: self.class.clone(),
            value,
            unit: self.metric.def.unit,
            n,
            ci_low: interval.map(|(low, _)| low),
            ci_high: interval.map(|(_, high)| high),
            above: None,
        }
    }
}

/// The keys of a model's rows, in order. `asked`: what is measured beyond the table, see [`beyond_the_table`].
pub fn keys(model: &Model, asked: &[MetricName]) -> Vec<RowKey> {
    let mut keys = Vec::new();
    let measures = blank(model);
    visit(model, &measures, asked, &mut |metric, scope, class, _| {
        let metric = find(metric).unwrap_or_else(|| panic!("`{metric}` is not in the table of metrics"));
        keys.push(RowKey { metric, scope: scope.to_owned(), class: class.to_owned() });
    });
    keys
}

/// The values of one replication, in the order of [`keys`].
pub fn values(model: &Model, measures: &Measures, asked: &[MetricName]) -> Vec<Option<f64>> {
    let mut values = Vec::new();
    visit(model, measures, asked, &mut |_, _, _, value| values.push(value.filter(|value| value.is_finite())));
    values
}

/// Measures of the right shape with nothing in them.
fn blank(model: &Model) -> Measures {
    Measures {
        classes: vec![ClassMeasures::default(); model.classes.len()],
        processors: vec![ProcessorMeasures::default(); model.processors.len()],
        pools: vec![sim_core::measure::PoolMeasures::default(); model.pools.len()],
        instances: vec![InstanceMeasures::default(); model.pools.len()],
        balancers: vec![sim_core::measure::BalancerMeasures::default(); model.balancers.len()],
        groups: vec![sim_core::measure::GroupMeasures::default(); model.groups.len()],
        ..Measures::default()
    }
}

/// Receives metric, scope, class and value.
pub(crate) type Emit<'e> = &'e mut dyn FnMut(&str, &str, &str, Option<f64>);

fn visit(model: &Model, measures: &Measures, asked: &[MetricName], emit: Emit<'_>) {
    if model.classes.len() == 1 {
        class_rows(model, measures, &measures.classes[0], ALL, emit);
        asked_rows(&measures.classes, &measures.classes[0], ALL, asked, emit);
    } else {
        let total = measures.total();
        class_rows(model, measures, &total, ALL, emit);
        asked_rows(&measures.classes, &total, ALL, asked, emit);
        for (class, rows) in model.classes.iter().zip(&measures.classes) {
            class_rows(model, measures, rows, &class.name, emit);
            asked_rows(std::slice::from_ref(rows), rows, &class.name, asked, emit);
        }
    }
    processor_rows(model, measures, emit);
    pool_rows(model, measures, emit);
    balancer_rows(model, measures, emit);
    group_rows(model, measures, emit);
    for load in offered::loads(model) {
        emit("offered_load/ratio", &load.station, ALL, Some(load.load));
    }
    emit("warmup/time", ALL, ALL, Some(measures.from.0 as f64));
    let in_system = ratio(measures.in_system_integral, u128::from(measures.window().0));
    emit("in_system/mean", ALL, ALL, in_system);
    let makespan =
        measures.first_release.zip(measures.last_left).map(|(first, last)| (last - first).0 as f64);
    emit("makespan/time", ALL, ALL, makespan);
    emit("window/time", ALL, ALL, Some(measures.window().0 as f64));
}

pub(crate) fn ratio(part: u128, whole: u128) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

pub(crate) fn percentile(distribution: &Distribution, statistic: &str) -> Option<f64> {
    let value = if statistic == "max" {
        distribution.max()
    } else {
        let (numerator, denominator) = part(statistic)?;
        distribution.percentile(numerator, denominator)
    };
    value.map(|value| value as f64)
}

fn class_rows(model: &Model, measures: &Measures, class: &ClassMeasures, name: &str, emit: Emit<'_>) {
    // Times are of answers: a conversation has several.
    let answers = u128::from(class.response.count());
    for (metric, distribution) in [("response", &class.response), ("waiting", &class.waiting)] {
        for def in METRICS.iter().filter(|def| def.name == metric) {
            for statistic in def.statistics.iter().filter(|statistic| **statistic != WITHIN_TIME) {
                let value = match *statistic {
                    "mean" => distribution.mean(),
                    other => percentile(distribution, other),
                };
                emit(&format!("{metric}/{statistic}"), ALL, name, value);
            }
        }
    }
    emit("first_response/mean", ALL, name, ratio(class.first_response, u128::from(class.ran)));
    emit("ready/mean", ALL, name, ratio(class.ready, answers));
    emit("overhead/mean", ALL, name, ratio(class.overhead, answers));
    emit("blocked/mean", ALL, name, ratio(class.blocked, answers));
    let slowdown = (class.ran > 0).then(|| class.slowdown / class.ran as f64);
    emit("slowdown/mean", ALL, name, slowdown);
    let by_component = name == ALL || model.classes.len() * model.components.len() <= MAX_CLASS_PARTS;
    let listed = if by_component { MAX_COMPONENTS } else { 0 };
    for (index, component) in model.components.iter().enumerate().take(listed) {
        let part = class.parts.get(index).copied().unwrap_or_default();
        for (metric, sum) in [
            ("response_part/waiting", part.waiting),
            ("response_part/service", part.service),
            ("response_part/overhead", part.overhead),
        ] {
            emit(metric, &component.name, name, ratio(sum, answers));
        }
    }
    // Whole nanoseconds first: 3 jobs in 30 ms are 100 a second, not 99.999.
    let departed = u128::from(class.departed);
    let rate = ratio(departed * 1_000_000_000, u128::from(measures.window().0));
    emit("throughput/rate", ALL, name, rate);
    emit("jobs/released", ALL, name, Some(class.released as f64));
    emit("jobs/completed", ALL, name, Some(class.completed as f64));
    emit("jobs/lost", ALL, name, Some(class.lost as f64));
    emit("jobs/timed-out", ALL, name, Some(class.timed_out as f64));
    emit("jobs/unfinished", ALL, name, Some(class.unfinished as f64));
    emit("deadline_misses/count", ALL, name, Some(class.deadline_misses as f64));
    let misses = ratio(u128::from(class.deadline_misses), u128::from(class.deadlines));
    emit("deadline_misses/ratio", ALL, name, misses);
    emit("tardiness/max", ALL, name, (class.deadlines > 0).then_some(class.max_tardiness as f64));
}

/// Members of each component: indices of the stations of one kind that count together.
pub(crate) fn members(model: &Model, component: impl Iterator<Item = u32>) -> Vec<(usize, Vec<usize>)> {
    let mut of: Vec<Vec<usize>> = vec![Vec::new(); model.components.len()];
    for (index, component) in component.enumerate() {
        of[component as usize].push(index);
    }
    of.into_iter().enumerate().filter(|(_, members)| !members.is_empty()).take(MAX_COMPONENTS).collect()
}

fn processor_rows(model: &Model, measures: &Measures, emit: Emit<'_>) {
    let of = |index: usize| &measures.processors[index];
    let window = u128::from(measures.window().0);
    let proper = (0..model.processors.len()).filter(|index| !model.processors[*index].device);
    let proper = ProcessorMeasures::sum(proper.map(of));
    let observed = intervals::span(model).is_some();
    let most = |scope: &str, of: &dyn Fn(&Processor) -> bool, emit: Emit<'_>| {
        if observed {
            let part = busiest::of(model, measures, of).map(|(part, _)| part);
            emit("utilization/busiest", scope, ALL, part);
        }
    };
    processor_row(&proper, ALL, (measures.queued_integral(), window), emit);
    most(ALL, &|processor| !processor.device, emit);
    for (component, members) in members(model, model.processors.iter().map(|processor| processor.component)) {
        let name = &model.components[component].name;
        let whole = ProcessorMeasures::sum(members.iter().map(|index| of(*index)));
        processor_row(&whole, name, (whole.ready_integral, window), emit);
        most(name, &|processor| processor.component as usize == component, emit);
        let single = members.len() == 1 && model.processors[members[0]].name == *name;
        if !single && members.len() <= MAX_MEMBERS {
            for index in members {
                let one = of(index);
                processor_row(one, &model.processors[index].name, (one.ready_integral, window), emit);
            }
        }
    }
}

/// `queue`: the integral of its length, and the length of the window.
fn processor_row(processor: &ProcessorMeasures, scope: &str, queue: (u128, u128), emit: Emit<'_>) {
    let capacity = processor.capacity();
    emit("utilization/mean", scope, ALL, ratio(processor.busy, capacity));
    emit("overhead/share", scope, ALL, ratio(processor.costs(), capacity));
    emit("queue_length/mean", scope, ALL, ratio(queue.0, queue.1));
    emit("context_switches/count", scope, ALL, Some(processor.context_switches as f64));
    emit("preemptions/count", scope, ALL, Some(processor.preemptions as f64));
    emit("migrations/count", scope, ALL, Some(processor.migrations as f64));
    let latency = ratio(processor.dispatch_latency, u128::from(processor.dispatches()));
    emit("dispatch_latency/mean", scope, ALL, latency);
}

fn pool_rows(model: &Model, measures: &Measures, emit: Emit<'_>) {
    let window = u128::from(measures.window().0);
    for (component, members) in members(model, model.pools.iter().map(|pool| pool.component)) {
        let name = &model.components[component].name;
        let mut row = |scope: &str, indices: &[usize]| {
            let pools = || indices.iter().map(|index| &measures.pools[*index]);
            let (held, waiting) =
                pools().fold((0, 0), |(h, w), pool| (h + pool.held_integral, w + pool.waiting_integral));
            emit("queue_length/mean", scope, ALL, ratio(waiting, window));
            emit("held/mean", scope, ALL, ratio(held, window));
            let lost: u64 = pools().map(|pool| pool.lost).sum();
            emit("jobs/lost", scope, ALL, Some(lost as f64));
        };
        row(name, &members);

        let single = members.len() == 1 && model.pools[members[0]].name == *name;
        if !single && members.len() <= MAX_MEMBERS {
            for index in members {
                row(&model.pools[index].name, &[index]);
            }
        }
    }
    for (pool, instances) in model.pools.iter().zip(&measures.instances) {
        if pool.instances.is_some() {
            instance_rows(&pool.name, instances, window, emit);
        }
    }
}

/// Rows of the processes of a region.
fn instance_rows(scope: &str, instances: &InstanceMeasures, window: u128, emit: Emit<'_>) {
    for state in InstanceState::ALL {
        let time: u128 = instances.books.iter().map(|books| u128::from(books[state as usize])).sum();
        emit(&format!("instances/{}", state.word()), scope, ALL, ratio(time, window));
    }
    let [dispatcher, pull, recovery, check] = instances.dispatched;
    for (word, count) in
        [("dispatcher", dispatcher), ("pull", pull), ("recovery", recovery), ("check", check)]
    {
        emit(&format!("dispatches/{word}"), scope, ALL, Some(count as f64));
    }
    let all = u128::from(dispatcher + pull + recovery + check);
    emit("dispatches/pull_share", scope, ALL, ratio(u128::from(pull), all));
    emit("no_instance/count", scope, ALL, Some(instances.no_instance as f64));
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn names_are_unique_and_have_help() {
        let all: Vec<String> = names().map(|name| name.to_string()).collect();
        let distinct: BTreeSet<&String> = all.iter().collect();
        assert_eq!(distinct.len(), all.len());
        assert!(METRICS.iter().all(|def| !def.help.is_empty() && !def.help.ends_with('.')));
    }

    #[test]
    fn unknown_names_come_with_a_cure() {
        for (text, message) in [
            ("respons/p98", "unknown metric `respons/p98`; did you mean `response/p99`?"),
            ("slowdown/p98", "unknown metric `slowdown/p98`; did you mean `slowdown/mean`?"),
            (
                "response/p100",
                "unknown metric `response/p100`; a percentile is a number between 0 and 100 with at most 6 decimals, \
                 such as `response/p99.95`, and the greatest value is `response/max`",
            ),
            (
                "waiting/within:20",
                "unknown metric `waiting/within:20`; write a time with its unit, such as `waiting/within:250ms`",
            ),
            (
                "response/within:T",
                "unknown metric `response/within:T`; write a time with its unit, such as `response/within:250ms`",
            ),
            ("respone/mean", "unknown metric `respone/mean`; did you mean `response/mean`?"),
            ("throughput", "unknown metric `throughput`; name one of its statistics: `throughput/rate`"),
            ("xyz", "unknown metric `xyz`; metrics are named like `response/p99`"),
        ] {
            assert_eq!(parse(text).map_err(|e| e.to_string()), Err(message.to_owned()), "{text}");
        }
        for (text, name) in [
            ("response/p99.9", "response/p99.9"),
            ("response/p99.90", "response/p99.9"),
            ("waiting/p80", "waiting/p80"),
            ("response/p99.95", "response/p99.95"),
            ("response/p50.0", "response/p50"),
            ("waiting/within:20s", "waiting/within:20s"),
        ] {
            assert_eq!(parse(text).map(|name| name.to_string()), Ok(name.to_owned()), "{text}");
        }
        assert_eq!(
            [part("p80"), part("p99.95"), part("p0"), part("p100"), part("p+9")].map(|p| p.is_some()),
            [true, true, false, false, false]
        );
    }
}
