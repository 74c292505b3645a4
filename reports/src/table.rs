//! What a terminal shows of a run: jobs and chart of small runs, then the numbers.
//!
//! Plain ASCII, no line longer than asked for except where a single name is longer than that. What is left out is said.

use crate::condition::condition_table;
use crate::gantt::{ChartOptions, chart};
use crate::grid::Grid;
use crate::json::digest_hex;
use crate::number::{Sure, TimeUnit, common_unit, estimate, parts_of_whole, significant, with_unit};
use crate::rows::{ALL, FindingRow, RunDocument, SummaryRow, TaskRow, exact_for_log, few_legend};
use crate::theory::beside_table;
use sim_core::model::InstanceState;
use sim_core::ties::{PRESETS, Ties};
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// How much is shown.
#[derive(Clone, PartialEq, Debug)]
pub struct TableOptions {
    /// Characters a line.
    pub width: usize,
    /// Jobs are listed one by one, with the chart, up to this many of them.
    pub max_jobs: usize,
    /// Stations are listed up to this many of them.
    pub max_stations: usize,
    /// Number of replications behind the summary.
    pub replications: u32,
    /// Confidence level of the intervals, such as 0.95.
    pub confidence: f64,
    /// The digest is shown.
    pub digest: bool,
}

impl Default for TableOptions {
    fn default() -> Self {
        TableOptions {
            width: 80,
            max_jobs: 40,
            max_stations: 16,
            replications: 1,
            confidence: 0.95,
            digest: false,
        }
    }
}

/// Draws a run.
pub fn run_table(document: &RunDocument<'_>, options: &TableOptions) -> String {
    let mut out = findings_text(&document.findings);
    out.push_str(&head(document, options));
    let small = !document.tasks.is_empty() && document.tasks.len() <= options.max_jobs;
    if small {
        out.push('\n');
        jobs(&mut out, &document.tasks, options);
        let chart = chart(&document.gantt, &ChartOptions { width: options.width, ..ChartOptions::default() });
        if !chart.is_empty() {
            let _ = write!(out, "\n{chart}");
        }
    }
    let summary = Summary { rows: document.summary, exact: document.exact, sample: document.sample, options };
    summary.ladder(&mut out);
    summary.classes(&mut out);
    summary.parts(&mut out);
    summary.stations(&mut out);
    summary.processes(&mut out);
    summary.others(&mut out);
    if document.summary.iter().any(|row| row.scope == ALL && row.is_small_sample()) {
        let _ = writeln!(out, "\n{}", few_legend());
    }
    let beside = beside_table(&document.theory, document.summary);
    if !beside.is_empty() {
        let _ = write!(out, "\n{beside}");
    }
    if !document.conditions.is_empty() {
        let _ = write!(out, "\n{}", condition_table(&document.conditions));
    }
    if let Some(digest) = document.digest.filter(|_| options.digest) {
        let _ = writeln!(out, "\ndigest  {}", digest_hex(digest));
    }
    out
}

/// Findings, a line each however long it is, and an empty line behind them; nothing where there are none.
pub fn findings_text(findings: &[FindingRow]) -> String {
    let mut out = String::new();
    for finding in findings {
        let _ = writeln!(out, "{}", finding.text);
    }
    if !out.is_empty() {
        out.push('\n');
    }
    out
}

/// Tie rules in short: the preset's name, or the preset nearest to them and what differs.
pub fn ties_text(ties: &Ties) -> String {
    let entries = ties.entries();
    let differences = |name: &str| {
        let preset = Ties::preset(name).unwrap_or_default().entries();
        entries
            .iter()
            .zip(preset)
            .filter(|(mine, theirs)| **mine != *theirs)
            .map(|(mine, _)| *mine)
            .collect::<Vec<_>>()
    };
    let (name, different) = PRESETS
        .iter()
        .map(|name| (*name, differences(name)))
        .min_by_key(|(_, different)| different.len())
        .unwrap_or(("textbook", Vec::new()));
    let mut text = name.to_owned();
    for (key, value) in different {
        let _ = write!(text, ",{key}={value}");
    }
    text
}

fn head(document: &RunDocument<'_>, options: &TableOptions) -> String {
    let mut parts = vec![
        document.scenario.to_owned(),
        if document.policy.is_empty() {
            "no policy".to_owned()
        } else {
            format!("policy {}", document.policy)
        },
        format!("seed {}", document.seed),
        format!("ties {}", ties_text(&document.ties)),
    ];
    if options.replications > 1 {
        parts.push(format!("{} replications", options.replications));
    }
    let mut out = String::new();
    let mut line = String::new();
    for part in parts {
        if !line.is_empty() && line.chars().count() + 2 + part.chars().count() > options.width {
            let _ = writeln!(out, "{line}");
            line.clear();
        }
        if !line.is_empty() {
            line.push_str("  ");
        }
        line.push_str(&part);
    }
    let _ = writeln!(out, "{line}");
    out
}

fn jobs(out: &mut String, tasks: &[TaskRow<'_>], options: &TableOptions) {
    let (replications, width) = (options.replications, options.width);
    let several = tasks.iter().any(|task| task.job > 1);
    let times = tasks.iter().flat_map(|t| {
        [
            Some(t.arrival_ns),
            t.first_run_ns,
            t.finish_ns,
            t.deadline_ns,
            Some(t.overhead_ns),
            Some(t.blocked_ns),
        ]
    });
    let unit = TimeUnit::for_values(times.flatten());
    let of = if replications > 1 { " of replication 1" } else { "" };
    let _ = writeln!(out, "jobs{of}, times in {}", unit.name);
    let mut grid = Grid::new([
        "task", "arrival", "start", "finish", "1st resp", "response", "waiting", "overhead", "blocked",
        "preempt", "deadline", "status",
    ])
    .flush_left(&[11]);
    let time = |value: Option<u64>| value.map_or_else(|| "-".to_owned(), |value| unit.exact(value));
    let any = |f: fn(&TaskRow<'_>) -> bool| tasks.iter().any(f);
    let shown = |used: bool, text: String| if used { text } else { String::new() };
    let (overhead, blocked) = (any(|t| t.overhead_ns > 0), any(|t| t.blocked_ns > 0));
    let (preempted, deadline) = (any(|t| t.preemptions > 0), any(|t| t.deadline_ns.is_some()));
    for task in tasks {
        let fate = match (task.status, task.missed) {
            (_, Some(true)) => "late",
            ("completed", _) => "",
            (word, _) => word,
        };
        grid.row([
            if several { format!("{}#{}", task.task, task.job) } else { task.task.to_owned() },
            unit.exact(task.arrival_ns),
            time(task.first_run_ns),
            time(task.finish_ns),
            time(task.first_response_ns),
            time(task.response_ns),
            time(task.waiting_ns),
            shown(overhead, unit.exact(task.overhead_ns)),
            shown(blocked, unit.exact(task.blocked_ns)),
            shown(preempted, task.preemptions.to_string()),
            shown(deadline, time(task.deadline_ns)),
            fate.to_owned(),
        ]);
    }
    let mean = |f: fn(&TaskRow<'_>) -> Option<u64>| mean_text(tasks.iter().filter_map(f), unit);
    let empty = String::new;
    grid.row([
        "mean".to_owned(),
        empty(),
        empty(),
        empty(),
        mean(|t| t.first_response_ns),
        mean(|t| t.response_ns),
        mean(|t| t.waiting_ns),
        empty(),
        empty(),
        empty(),
        empty(),
        empty(),
    ]);
    grid.without_empty_columns().write_within(out, width);
}

/// The mean of whole nanoseconds with two decimals of `unit`, rounded half up; `-` where there is none.
fn mean_text(values: impl Iterator<Item = u64>, unit: TimeUnit) -> String {
    let (mut sum, mut count) = (0u128, 0u128);
    for value in values {
        sum += u128::from(value);
        count += 1;
    }
    if count == 0 {
        return "-".to_owned();
    }
    let per = count * u128::from(unit.nanos);
    let hundredths = (sum * 200 + per) / (2 * per);
    format!("{}.{:02}", hundredths / 100, hundredths % 100)
}

/// Metrics that are distributions of times over jobs, one line each.
const LADDER: [&str; 5] = ["mean", "p50", "p90", "p99", "max"];
/// What is shown of each station.
const STATION_METRICS: [(&str, &str, &str); 7] = [
    ("utilization", "mean", "utilization"),
    ("utilization", "busiest", "busiest 24th"),
    ("overhead", "share", "overhead"),
    ("queue_length", "mean", "queue"),
    ("held", "mean", "held"),
    ("dispatch_latency", "mean", "disp. latency"),
    ("context_switches", "count", "switches"),
];
/// Of these, metrics whose zeros say nothing.
const QUIET_AT_ZERO: [&str; 3] = ["overhead", "dispatch_latency", "context_switches"];
/// Not listed one by one: shown in tables of their own, or per server.
const ELSEWHERE: [&str; 6] = ["response_part", "picks", "held", "utilization", "overhead", "queue_length"];

/// Four digits are enough where many numbers stand side by side.
fn short(value: f64, unit: &str) -> String {
    let (name, size) = common_unit(value, unit);
    let text = significant(value / size, 4);
    if unit == "ns" && value != 0.0 { format!("{text} {name}") } else { text }
}

struct Summary<'a> {
    rows: &'a [SummaryRow],
    /// Nothing was drawn at random.
    exact: bool,
    /// The jobs of a log or a trace, where it is exact for that.
    sample: Option<u64>,
    options: &'a TableOptions,
}

impl<'a> Summary<'a> {
    fn get(&self, metric: &str, statistic: &str, scope: &str, class: &str) -> Option<&'a SummaryRow> {
        self.rows.iter().find(|row| {
            row.metric == metric && row.statistic == statistic && row.scope == scope && row.class == class
        })
    }

    fn level(&self) -> String {
        format!("{} % CI", estimate(self.options.confidence * 100.0))
    }

    /// Times over jobs of all classes: one row a metric, one column a statistic, half widths below.
    fn ladder(&self, out: &mut String) {
        let like = self.get("response", "mean", ALL, ALL).and_then(|row| row.value).unwrap_or(0.0);
        let unit = TimeUnit::for_estimate(like);
        let text = |nanos: f64| significant(nanos / unit.nanos as f64, 4);
        let mut grid = Grid::new([""].into_iter().chain(LADDER));
        let mut halves = false;
        for (metric, label) in
            [("response", "response"), ("waiting", "waiting"), ("first_response", "first response")]
        {
            let row = |statistic| self.get(metric, statistic, ALL, ALL);
            let marked = |row: &SummaryRow| Some(format!("{}{}", text(row.value?), row.mark()));
            let cells = LADDER.map(|s| row(s).and_then(marked).unwrap_or_default());
            if cells.iter().all(String::is_empty) {
                continue;
            }
            grid.row([label.to_owned()].into_iter().chain(cells));
            let half = |row: &SummaryRow| Some((row.ci_high? - row.ci_low?) / 2.0);
            let cells = LADDER.map(|s| row(s).and_then(half).map(|half| format!("+/- {}", text(half))));
            if cells.iter().any(Option::is_some) {
                halves = true;
                grid.row([String::new()].into_iter().chain(cells.map(Option::unwrap_or_default)));
            }
        }
        if grid.is_empty() {
            return;
        }
        let ci = if halves { format!(", +/- half width of the {}", self.level()) } else { String::new() };
        let exact = match self.sample {
            Some(sample) => format!("\n{}", exact_for_log(sample)),
            None if self.exact => ", exact: nothing here is random".to_owned(),
            None => String::new(),
        };
        let _ = writeln!(out, "\ntimes of jobs in {}{ci}{exact}", unit.name);
        grid.write(out, 2);
    }

    fn classes(&self, out: &mut String) {
        let mut names: Vec<&str> = Vec::new();
        for row in self.rows.iter().filter(|row| row.metric == "response" && row.class != ALL) {
            if !names.contains(&row.class.as_str()) {
                names.push(&row.class);
            }
        }
        if names.is_empty() {
            return;
        }
        let mut grid = Grid::new(["class", "response mean", "p99", "waiting mean", "completed", "lost"]);
        let cell = |metric, statistic, class| {
            let row = self.get(metric, statistic, ALL, class);
            row.and_then(|row| Some(with_unit(row.value?, row.unit) + row.mark()))
                .unwrap_or_else(|| "-".to_owned())
        };
        for class in names.iter().take(self.options.max_stations) {
            grid.row([
                (*class).to_owned(),
                cell("response", "mean", class),
                cell("response", "p99", class),
                cell("waiting", "mean", class),
                cell("jobs", "completed", class),
                cell("jobs", "lost", class),
            ]);
        }
        out.push('\n');
        grid.write(out, 0);
        self.left_out(out, names.len(), "classes");
    }

    /// Where response time goes. What is shown adds up to what is shown of the whole.
    fn parts(&self, out: &mut String) {
        const STATISTICS: [&str; 3] = ["waiting", "service", "overhead"];
        let mut scopes: Vec<&str> = Vec::new();
        let mut values: BTreeMap<(&str, &str), f64> = BTreeMap::new();
        for row in self.rows.iter().filter(|row| row.metric == "response_part" && row.class == ALL) {
            let Some(value) = row.value else { continue };
            if !scopes.contains(&row.scope.as_str()) {
                scopes.push(&row.scope);
            }
            values.insert((&row.scope, &row.statistic), value);
        }
        let parts: Vec<f64> = scopes
            .iter()
            .flat_map(|scope| STATISTICS.map(|s| values.get(&(*scope, s)).copied().unwrap_or(0.0)))
            .collect();
        let whole: f64 = parts.iter().sum();
        if whole <= 0.0 {
            return;
        }
        let unit = TimeUnit::for_estimate(whole);
        let (texts, whole) = parts_of_whole(&parts, unit);
        let thousandths = |text: &String| text.replace('.', "").parse::<u64>().unwrap_or(0);
        let sum = |texts: &mut dyn Iterator<Item = &String>| {
            let sum: u64 = texts.map(thousandths).sum();
            format!("{}.{:03}", sum / 1_000, sum % 1_000)
        };
        let _ = writeln!(out, "\nmean response time by component, in {}", unit.name);
        let mut grid = Grid::new(["component", "waiting", "service", "overhead", "together"]);
        for (scope, row) in scopes.iter().zip(texts.chunks(3)) {
            let cells = row.iter().cloned().chain([sum(&mut row.iter())]);
            grid.row([(*scope).to_owned()].into_iter().chain(cells));
        }
        let column = |c: usize| sum(&mut texts.iter().skip(c).step_by(3));
        grid.row(["all".to_owned(), column(0), column(1), column(2), whole]);
        grid.write(out, 2);
    }

    fn stations(&self, out: &mut String) {
        let mut scopes: Vec<&str> = Vec::new();
        for row in self
            .rows
            .iter()
            .filter(|row| row.scope != ALL && row.class == ALL && row.metric != "response_part")
        {
            let listed = STATION_METRICS.iter().any(|(m, s, _)| *m == row.metric && *s == row.statistic);
            if listed && !scopes.contains(&row.scope.as_str()) {
                scopes.push(&row.scope);
            }
        }
        if scopes.is_empty() {
            return;
        }
        let header = ["station"].into_iter().chain(STATION_METRICS.map(|(_, _, title)| title));
        let mut grid = Grid::new(header);
        for scope in scopes.iter().take(self.options.max_stations) {
            let cells = STATION_METRICS.map(|(metric, statistic, _)| {
                let row = self.get(metric, statistic, scope, ALL);
                let Some(row) = row else { return String::new() };
                let silent = row.value == Some(0.0) && QUIET_AT_ZERO.contains(&metric);
                row.value.filter(|_| !silent).map(|value| short(value, row.unit)).unwrap_or_default()
            });
            grid.row([(*scope).to_owned()].into_iter().chain(cells));
        }
        out.push('\n');
        grid.without_empty_columns().write(out, 0);
        self.left_out(out, scopes.len(), "stations");
    }

    /// What the processes of transaction regions do, on average, and who gives them their tasks.
    fn processes(&self, out: &mut String) {
        let of_free = |row: &&&SummaryRow| row.metric == "instances" && row.statistic == "free";
        let scopes: Vec<&str> =
            self.rows.iter().filter(|row| of_free(&row)).map(|row| row.scope.as_str()).collect();
        if scopes.is_empty() {
            return;
        }
        let states = InstanceState::ALL.map(InstanceState::word);
        let header = ["processes"].into_iter().chain(states).chain(["pulled", "none free"]);
        let mut grid = Grid::new(header);
        for scope in scopes.iter().take(self.options.max_stations) {
            let cell = |metric: &str, statistic: &str| {
                let value =
                    self.get(metric, statistic, scope, ALL).and_then(|row| Some((row.value?, row.unit)));
                value
                    .filter(|(value, _)| *value != 0.0)
                    .map(|(value, unit)| short(value, unit))
                    .unwrap_or_default()
            };
            let cells = states.map(|state| cell("instances", state));
            let cells =
                cells.into_iter().chain([cell("dispatches", "pull_share"), cell("no_instance", "count")]);
            grid.row([(*scope).to_owned()].into_iter().chain(cells));
        }
        out.push('\n');
        grid.without_empty_columns().write(out, 0);
        self.left_out(out, scopes.len(), "regions");
    }

    /// Every other number of the whole system that says something.
    fn others(&self, out: &mut String) {
        let deadlines = self.get("deadline_misses", "ratio", ALL, ALL).is_some_and(|row| row.value.is_some());
        let in_ladder = |row: &SummaryRow| {
            ["response", "waiting", "first_response"].contains(&row.metric.as_str())
                && LADDER.contains(&row.statistic.as_str())
        };
        let mut grid = Grid::new(["", "", ""]).flush_left(&[2]);
        for row in self.rows.iter().filter(|row| row.scope == ALL && row.class == ALL && !in_ladder(row)) {
            let about_deadlines = ["deadline_misses", "tardiness"].contains(&row.metric.as_str());
            let Some(value) = row.value else { continue };
            let nothing = value == 0.0 && !about_deadlines && row.name() != "jobs/completed";
            if nothing || (about_deadlines && !deadlines) || ELSEWHERE.contains(&row.metric.as_str()) {
                continue;
            }
            let sure = Sure::of(row.ci_low.zip(row.ci_high));
            let text = |value: f64| sure.with_unit(value, row.unit);
            let interval = match (row.ci_low, row.ci_high) {
                (Some(low), Some(high)) if low < high => {
                    format!("{} [{}, {}]", self.level(), text(low), text(high))
                }
                _ => String::new(),
            };
            grid.row([row.name(), text(value) + row.mark(), interval]);
        }
        if !grid.is_empty() {
            // The header is an empty line: names speak for themselves.
            grid.write(out, 0);
        }
    }

    fn left_out(&self, out: &mut String, count: usize, what: &str) {
        if count > self.options.max_stations {
            let more = count - self.options.max_stations;
            let _ = writeln!(out, "... and {more} more {what}, in full with --format csv or json");
        }
    }
}
