//! The report of one run.

use super::{Block, Page, Row, Section, Table};
use crate::chart::{Chart, rows};
use crate::condition::ConditionRow;
use crate::number::{Sure, TimeUnit, common_unit, estimate, significant};
use crate::rows::{ALL, FindingRow, RunDocument, SummaryRow, exact_for_log, few_legend};
use crate::table::ties_text;
use crate::theory::beside_lines;
use std::fmt::Write as _;

/// Of runs with so few jobs the schedule stands first.
const FEW_JOBS: usize = 40;
/// Jobs listed at most; the CSV has all of them.
const MOST_JOBS: usize = 1_000;

/// What a report of a run needs beyond its document.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct RunExtras {
    /// Replications.
    pub replications: u32,
    /// Confidence level of the intervals; `None` where it is not known.
    pub confidence: Option<f64>,
    /// Response times of replication 1 with how often each occurs, ascending: of all jobs, then of each class; none where
    /// they are not known.
    pub responses: Vec<(String, Vec<(u64, u64)>)>,
    /// More charts: time series, servers over time.
    pub charts: Vec<Chart>,
}

/// The charts of a run.
pub fn charts(document: &RunDocument<'_>, extras: &RunExtras) -> Vec<Chart> {
    let subtitle = subtitle(document);
    let mut charts = Vec::new();
    let classes = extras.responses.get(1..).filter(|classes| classes.len() > 1).unwrap_or_default();
    if let Some((_, all)) = extras.responses.first() {
        let mut series = vec![rows::tail(if classes.is_empty() { "" } else { "all jobs" }, all)];
        series.extend(classes.iter().map(|(name, counts)| rows::tail(name, counts)));
        charts.extend(rows::tail_chart("How long do jobs take?", &subtitle, "response", series));
        charts.extend(rows::histogram("Response times", &subtitle, "response", all));
    }
    charts.extend(extras.charts.iter().cloned());
    charts.extend(rows::gantt_begin(&document.gantt, &subtitle));
    charts
}

fn subtitle(document: &RunDocument<'_>) -> String {
    let policy = if document.policy.is_empty() { String::new() } else { format!("{}, ", document.policy) };
    format!("{}, {policy}seed {}, replication 1", document.scenario, document.seed)
}

/// The report of a run, without files, command and manifest.
pub fn run_page(document: &RunDocument<'_>, extras: &RunExtras) -> Page {
    let mut facts = vec![
        ("scenario".to_owned(), document.scenario.to_owned()),
        ("policy".to_owned(), if document.policy.is_empty() { "none" } else { document.policy }.to_owned()),
        ("seed".to_owned(), document.seed.to_string()),
        ("ties".to_owned(), ties_text(&document.ties)),
        ("replications".to_owned(), replications(extras.replications, extras.confidence)),
    ];
    facts.extend(document.digest.map(|digest| ("digest".to_owned(), format!("{digest:016x}"))));
    let find = |name: &str| {
        document.summary.iter().find(|row| row.scope == ALL && row.class == ALL && row.name() == name)
    };
    Page {
        title: format!("{}: one run", document.scenario),
        answer: warnings(&document.findings).chain(answer(&find)).collect(),
        facts,
        sections: sections(document, extras),
        ..Page::default()
    }
}

/// Conditions with what was found of each.
pub(super) fn conditions(rows: &[ConditionRow]) -> Option<Table> {
    let of_policies = rows.iter().any(|row| row.policy.is_some());
    let mut columns = vec![("outcome".to_owned(), false), ("fail if".to_owned(), false)];
    columns.extend(of_policies.then(|| ("policy".to_owned(), false)));
    columns.extend([("value".to_owned(), true), ("interval that decided".to_owned(), true)]);
    let has_remarks = rows.iter().any(|row| row.remark.is_some());
    columns.extend(has_remarks.then(|| ("what it rests on".to_owned(), false)));
    let row = |row: &ConditionRow| {
        let mark = match row.outcome {
            "true" => "✗ failed",
            "false" => "✓ ok",
            _ => "? undecided",
        };
        let sure = Sure::of(row.ci_low.zip(row.ci_high));
        let value = |value: f64| sure.with_unit(value, row.unit);
        let interval = row
            .ci_low
            .zip(row.ci_high)
            .map(|(low, high)| format!("{} to {}", value(low), value(high)))
            .or_else(|| row.ci_low.map(|low| format!("at least {}", value(low))));
        let mut cells = vec![mark.to_owned(), row.condition.clone()];
        cells.extend(of_policies.then(|| row.policy.clone().unwrap_or_default()));
        cells.push(row.value.map_or_else(|| "nothing".to_owned(), value));
        cells.push(interval.unwrap_or_default());
        cells.extend(has_remarks.then(|| row.remark.clone().unwrap_or_default()));
        Row { cells, strong: row.outcome != "false" }
    };
    (!rows.is_empty()).then(|| Table {
        caption: "Conditions that must not hold".to_owned(),
        columns,
        rows: rows.iter().map(row).collect(),
    })
}

/// How many replications there are, and what intervals mean.
pub(super) fn replications(count: u32, confidence: Option<f64>) -> String {
    match confidence {
        _ if count <= 1 => "1, without intervals".to_owned(),
        Some(confidence) => format!("{count}, intervals at {} %", significant(confidence * 100.0, 4)),
        None => count.to_string(),
    }
}

/// `12.3 ms [12.1 ms, 12.5 ms]`.
pub(super) fn with_interval(value: Option<f64>, low: Option<f64>, high: Option<f64>, unit: &str) -> String {
    let Some(value) = value else { return "no value".to_owned() };
    let sure = Sure::of(low.zip(high));
    let text = |value: f64| sure.with_unit(value, unit);
    match (low, high) {
        (Some(low), Some(high)) => format!("{} [{}, {}]", text(value), text(low), text(high)),
        _ => text(value),
    }
}

/// `399 [398, 400]`.
fn bare(row: &SummaryRow) -> String {
    let sure = Sure::of(row.ci_low.zip(row.ci_high));
    let text = |value: f64| sure.bare(value, 1.0);
    let value = row.value.map(text).unwrap_or_default();
    match (row.ci_low, row.ci_high) {
        (Some(low), Some(high)) => format!("{value} [{}, {}]", text(low), text(high)),
        _ => value,
    }
}

/// Findings as sentences.
pub(super) fn warnings(rows: &[FindingRow]) -> impl Iterator<Item = String> + '_ {
    rows.iter().map(|row| sentence(&row.text))
}

/// With a capital letter and a full stop.
pub(super) fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(char::to_uppercase).into_iter().flatten();
    first.chain(letters).chain(['.']).collect()
}

fn answer<'r>(find: &dyn Fn(&str) -> Option<&'r SummaryRow>) -> Vec<String> {
    let said = |name: &str| {
        let row = find(name).filter(|row| row.value.is_some())?;
        Some(with_interval(row.value, row.ci_low, row.ci_high, row.unit))
    };
    let mut sentences = Vec::new();
    if let (Some(mean), Some(p99)) = (said("response/mean"), said("response/p99")) {
        let few = find("response/p99").is_some_and(SummaryRow::is_small_sample);
        let guess = if few { ", as far as so few jobs can tell" } else { "" };
        sentences.push(format!("Jobs take {mean} on average; 99 of 100 take {p99} or less{guess}."));
    }
    if let Some(rate) = find("throughput/rate").filter(|row| row.value.is_some()) {
        let mut text = format!("{} jobs a second are completed", bare(rate));
        if let Some(utilization) = find("utilization/mean").and_then(|row| row.value) {
            text.push_str(", with processors in use ");
            text.push_str(&significant(utilization * 100.0, 4));
            text.push_str(" % of the time");
        }
        sentences.push(text + ".");
    }
    for (name, what) in [
        ("jobs/unfinished", "jobs are not finished at the end, and in none of the times"),
        ("jobs/lost", "jobs are turned away"),
        ("jobs/timed-out", "jobs are given up by their clients"),
        ("deadline_misses/count", "deadlines are missed"),
    ] {
        if let Some(value) = find(name).and_then(|row| row.value).filter(|value| *value > 0.0) {
            sentences.push(format!("{} {what}.", estimate(value)));
        }
    }
    sentences
}

fn sections(document: &RunDocument<'_>, extras: &RunExtras) -> Vec<Section> {
    let all = charts(document, extras);
    let with = |heading: &str, names: &dyn Fn(&str) -> bool| Section {
        heading: heading.to_owned(),
        blocks: all.iter().filter(|chart| names(&chart.name)).cloned().map(Block::Chart).collect(),
    };
    let is_response = |name: &str| ["response-tail", "response-histogram"].contains(&name);
    let mut times = with("How long jobs take", &is_response);
    times.blocks.extend(percentiles(document.summary).map(Block::Table));
    if document.summary.iter().any(SummaryRow::is_small_sample) {
        times.blocks.push(Block::Text(few_legend()));
    }
    if let Some(sample) = document.sample {
        times.blocks.push(Block::Text(sentence(&exact_for_log(sample))));
    } else if document.exact {
        let said = "Nothing here is random: the values are exact, those of all jobs there are.";
        times.blocks.push(Block::Text(said.to_owned()));
    }
    let mut spent = Section::new("Where the time goes");
    spent.blocks.extend(parts(document.summary).map(Block::Table));
    let mut cores = with("What each core did", &|name| name == "gantt");
    if !document.tasks.is_empty() {
        cores.blocks.push(Block::Folded(jobs(document)));
    }
    let mut numbers = Section::new("All numbers");
    numbers.blocks.push(Block::Folded(summary(document.summary)));
    let mut held = Section::new("Conditions");
    held.blocks.extend(conditions(&document.conditions).map(Block::Table));
    let mut exact = Section::new("Closed form");
    exact.blocks.extend(closed_form(document).map(Block::Table));
    let course = with("Over time", &|name| !is_response(name) && name != "gantt");
    let assumed = assumed(&document.notes);
    // Of a classroom's run the schedule is what people look for.
    if (1..=FEW_JOBS).contains(&document.tasks.len()) {
        vec![held, cores, times, exact, course, spent, assumed, numbers]
    } else {
        vec![held, times, exact, course, spent, cores, assumed, numbers]
    }
}

/// What was assumed, and what else is to be known.
pub(super) fn assumed(notes: &[String]) -> Section {
    let mut section = Section::new("Notes");
    section.blocks.extend(notes.iter().map(|note| Block::Text(sentence(note))));
    section
}

/// Exact values of the steady state beside the simulated ones.
fn closed_form(document: &RunDocument<'_>) -> Option<Table> {
    let first = document.theory.first()?;
    let titles = [("metric", false), ("simulated", true), ("half width", true), ("exact", true), ("z", true)];
    let lines = beside_lines(&document.theory, document.summary);
    (!lines.is_empty()).then(|| Table {
        caption: format!("The steady state in closed form, {}", first.source),
        columns: titles.map(|(title, number)| (title.to_owned(), number)).to_vec(),
        rows: lines.into_iter().map(|line| Row::new(line.to_vec())).collect(),
    })
}

/// Mean and percentiles of each class, side by side.
fn percentiles(summary: &[SummaryRow]) -> Option<Table> {
    const STATISTICS: [&str; 7] = ["mean", "p50", "p90", "p95", "p99", "p99.9", "max"];
    let of = |class: &str, statistic: &str| {
        summary.iter().find(|row| {
            row.metric == "response" && row.scope == ALL && row.class == class && row.statistic == statistic
        })
    };
    let mut classes: Vec<&str> = Vec::new();
    for row in summary.iter().filter(|row| row.metric == "response" && row.scope == ALL) {
        if !classes.contains(&row.class.as_str()) {
            classes.push(&row.class);
        }
    }
    let like = of(ALL, "mean").and_then(|row| row.value)?;
    let (unit, size) = common_unit(like, "ns");
    let shown: Vec<&str> = STATISTICS
        .into_iter()
        .filter(|statistic| of(ALL, statistic).is_some_and(|row| row.value.is_some()))
        .collect();
    let cell = |class: &str, statistic: &str| {
        let row = of(class, statistic);
        let cell = |row: &SummaryRow| Some(estimate(row.value? / size) + row.mark());
        row.and_then(cell).unwrap_or_default()
    };
    Some(Table {
        caption: format!("Response times in {unit}, means over replications"),
        columns: std::iter::once(("class".to_owned(), false))
            .chain(shown.iter().map(|statistic| ((*statistic).to_owned(), true)))
            .collect(),
        rows: classes
            .into_iter()
            .map(|class| {
                let name = if class == ALL { "all jobs" } else { class };
                let cells = shown.iter().map(|statistic| cell(class, statistic));
                Row::new(std::iter::once(name.to_owned()).chain(cells).collect())
            })
            .collect(),
    })
}

/// The parts of the mean response time.
fn parts(summary: &[SummaryRow]) -> Option<Table> {
    let of = |scope: &str, statistic: &str| {
        let row = summary.iter().find(|row| {
            row.metric == "response_part"
                && row.class == ALL
                && row.scope == scope
                && row.statistic == statistic
        });
        row.and_then(|row| row.value).unwrap_or(0.0)
    };
    let mut scopes: Vec<&str> = Vec::new();
    for row in summary.iter().filter(|row| row.metric == "response_part" && row.class == ALL) {
        if !scopes.contains(&row.scope.as_str()) {
            scopes.push(&row.scope);
        }
    }
    let kinds = ["waiting", "service", "overhead"];
    let total: f64 = scopes.iter().flat_map(|scope| kinds.map(|kind| of(scope, kind))).sum();
    if total <= 0.0 {
        return None;
    }
    let (unit, size) = common_unit(total, "ns");
    let rows = scopes.iter().map(|scope| {
        let values = kinds.map(|kind| of(scope, kind));
        let sum: f64 = values.iter().sum();
        let mut cells = vec![(*scope).to_owned()];
        cells.extend(values.iter().map(|value| significant(value / size, 4)));
        cells.push(significant(sum / size, 4));
        cells.push(format!("{:.1}", 100.0 * sum / total));
        Row::new(cells)
    });
    let number = |title: String| (title, true);
    Some(Table {
        caption: "The mean response time, by where it was spent".to_owned(),
        columns: vec![
            ("place".to_owned(), false),
            number(format!("waiting ({unit})")),
            number(format!("service ({unit})")),
            number(format!("overhead ({unit})")),
            number(format!("total ({unit})")),
            number("share (%)".to_owned()),
        ],
        rows: rows.collect(),
    })
}

fn jobs(document: &RunDocument<'_>) -> Table {
    let listed = &document.tasks[..document.tasks.len().min(MOST_JOBS)];
    let times = listed.iter().flat_map(|job| {
        [Some(job.arrival_ns), job.first_run_ns, job.finish_ns, job.response_ns, job.waiting_ns]
    });
    let unit = TimeUnit::for_values(times.flatten());
    let text = |time: Option<u64>| time.map(|time| unit.exact(time)).unwrap_or_default();
    let more = document.tasks.len() - listed.len();
    let mut caption = format!("Jobs of replication 1, times in {}", unit.name);
    if more > 0 {
        let _ = write!(caption, "; the first of {}", document.tasks.len());
    }
    let titles = [
        "task",
        "job",
        "class",
        "status",
        "arrival",
        "start",
        "finish",
        "response",
        "waiting",
        "preemptions",
    ];
    Table {
        caption,
        columns: titles
            .iter()
            .map(|title| ((*title).to_owned(), !["task", "class", "status"].contains(title)))
            .collect(),
        rows: listed
            .iter()
            .map(|job| {
                Row::new(vec![
                    job.task.to_owned(),
                    job.job.to_string(),
                    job.class.to_owned(),
                    job.status.to_owned(),
                    text(Some(job.arrival_ns)),
                    text(job.first_run_ns),
                    text(job.finish_ns),
                    text(job.response_ns),
                    text(job.waiting_ns),
                    job.preemptions.to_string(),
                ])
            })
            .collect(),
    }
}

/// Every row of a summary that has a value.
pub(super) fn summary(rows: &[SummaryRow]) -> Table {
    let titles = ["metric", "scope", "class", "value", "interval", "replications"];
    let shown = rows.iter().filter(|row| row.value.is_some());
    Table {
        caption: "Every metric".to_owned(),
        columns: titles
            .iter()
            .map(|title| ((*title).to_owned(), ["value", "interval", "replications"].contains(title)))
            .collect(),
        rows: shown
            .map(|row| {
                let sure = Sure::of(row.ci_low.zip(row.ci_high));
                let value = |value: f64| sure.with_unit(value, row.unit);
                Row::new(vec![
                    row.name(),
                    row.scope.clone(),
                    row.class.clone(),
                    row.value.map(value).unwrap_or_default(),
                    row.ci_low
                        .zip(row.ci_high)
                        .map(|(low, high)| format!("{} to {}", value(low), value(high)))
                        .unwrap_or_default(),
                    row.n.to_string(),
                ])
            })
            .collect(),
    }
}
