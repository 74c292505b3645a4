//! The report of a capacity plan.

use super::{Block, Page, Row, Section, Table};
use crate::chart::rows::file_name;
use crate::chart::{At, Axis, Chart, Kind, Lines, Mark, Point, Scale, Series};
use crate::number::{Sure, estimate, shortest, significant, with_unit};
use crate::plan::{AnswerRow, CheckRow, GoalRow, LoadRow, PlanDocument, ProbeRow};
use crate::rows::exact_for_log;
use crate::table::ties_text;
use std::fmt::Write as _;

/// Answers said one by one in the first sentences.
const MOST_SAID: usize = 6;
/// Points of a fitted curve.
const FITTED: usize = 60;

/// The charts of a plan.
pub fn charts(document: &PlanDocument<'_>) -> Vec<Chart> {
    let mut charts = by_demand(document);
    charts.extend(by_count(document));
    charts.extend(by_cost(document));
    charts.extend(curve(document));
    charts.extend(scalability(document));
    charts
}

/// The report of a plan, without files, command and manifest.
pub fn plan_page(document: &PlanDocument<'_>) -> Page {
    let blocks = |charts: Vec<Chart>| charts.into_iter().map(Block::Chart);
    let mut answers = Section::new("How many");
    answers.blocks.push(Block::Table(answer_table(document)));
    for answer in &document.answers {
        let named = |warning: &String| Block::Text(format!("{}: {warning}.", who(document, answer)));
        answers.blocks.extend(answer.why.iter().chain(&answer.warnings).map(named));
    }
    answers.blocks.extend(blocks(by_demand(document)));
    let mut close = Section::new("How close it is");
    close.blocks.extend(blocks(by_count(document)));
    close.blocks.extend(blocks(by_cost(document).into_iter().collect()));
    let mut load = Section::new("What more load does");
    load.blocks.extend(blocks(curve(document).into_iter().collect()));
    load.blocks.extend(knees(document).map(Block::Table));
    load.blocks.extend(blocks(scalability(document)));
    let mut tried = Section::new("Every count that was tried");
    tried.blocks.push(Block::Text(
        "A count is called feasible or infeasible only where the whole interval is on one side of the limit, never by \
         the estimate alone."
            .to_owned(),
    ));
    tried.blocks.push(Block::Folded(probe_table(document)));
    Page {
        title: format!("{}: how many are needed?", document.scenario),
        answer: document.answers.iter().take(MOST_SAID).map(|answer| said(document, answer)).collect(),
        facts: facts(document),
        sections: vec![answers, close, load, tried],
        ..Page::default()
    }
}

fn facts(document: &PlanDocument<'_>) -> Vec<(String, String)> {
    let goals: Vec<&str> = document.goals.iter().map(|goal| goal.goal.as_str()).collect();
    let (least, most) = document.replications;
    let mut facts = vec![
        ("scenario", document.scenario.to_owned()),
        ("goals", goals.join("; ")),
        ("counted", format!("{} from {} to {}", document.vary, document.low, document.high)),
        ("policies", document.policies.join(", ")),
    ];
    if document.headroom > 0.0 {
        facts.push(("headroom", format!("{} %", significant(document.headroom * 100.0, 4))));
    }
    if document.spare > 0 {
        facts.push(("spare", format!("{} may be gone", document.spare)));
    }
    facts.extend(document.cost.iter().map(|cost| ("price of one", cost.price.clone())));
    facts.push(("seed", document.seed.to_string()));
    facts.push(("ties", ties_text(&document.ties)));
    facts.push((
        "replications",
        if let Some(sample) = document.sample {
            format!("1: {}", exact_for_log(sample))
        } else if document.deterministic {
            "1: nothing here is random".to_owned()
        } else {
            format!(
                "{least} to {most} of each count, decided at {} %",
                significant(document.confidence * 100.0, 4)
            )
        },
    ));
    facts.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

fn times(demand: f64) -> String {
    format!("x{}", shortest(demand))
}

/// The demand and policy of an answer, as far as there are several.
fn who(document: &PlanDocument<'_>, answer: &AnswerRow) -> String {
    let demand = format!("demand {}", times(answer.demand));
    if document.policies.len() > 1 { format!("{demand}, {}", answer.policy) } else { demand }
}

fn said(document: &PlanDocument<'_>, answer: &AnswerRow) -> String {
    let who = who(document, answer);
    let (vary, low, high) = (document.vary, document.low, document.high);
    let goals = if document.goals.len() == 1 { "the goal" } else { "every goal" };
    let Some(count) = answer.count else {
        return match answer.status {
            "undecided" => format!("{who}: no {vary} from {low} to {high} is shown to meet {goals}."),
            _ => format!("{who}: no {vary} from {low} to {high} meets {goals}."),
        };
    };
    let mut text = format!("{who}: {vary} = {count} is the least that is shown to meet {goals}");
    if let Some(below) = answer.infeasible {
        let _ = write!(text, ", {below} misses it");
    }
    if !answer.undecided.is_empty() {
        let open: Vec<String> = answer.undecided.iter().map(u64::to_string).collect();
        let _ = write!(text, ", {} could not be decided", open.join(", "));
    }
    if let Some(with_spare) = answer.count_with_spare.filter(|_| document.spare > 0) {
        let _ = write!(text, "; {with_spare} keep it with {} gone", document.spare);
    }
    if let Some(cost) = answer.cost_per_hour {
        let _ = write!(text, "; {} an hour", significant(cost, 4));
    }
    text + "."
}

fn number(value: Option<f64>) -> String {
    value.map(estimate).unwrap_or_default()
}

fn count(value: Option<u64>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}

fn answer_table(document: &PlanDocument<'_>) -> Table {
    let titles = [
        "demand",
        "policy",
        "outcome",
        document.vary,
        "one that misses it",
        "with spare",
        "bottleneck",
        "its utilization (ratio)",
        "in its busiest 24th",
        "cost an hour",
        "cost a million requests",
    ];
    // Only of logs, traces and rates that change.
    let varies = document.answers.iter().any(|answer| answer.utilization_busiest.is_some());
    let keep = |column: usize| varies || titles[column] != "in its busiest 24th";
    let words = ["policy", "outcome", "bottleneck"];
    Table {
        caption: "The fewest that are shown to meet every goal".to_owned(),
        columns: (0..titles.len())
            .filter(|column| keep(*column))
            .map(|column| (titles[column].to_owned(), !words.contains(&titles[column])))
            .collect(),
        rows: document
            .answers
            .iter()
            .map(|answer| Row {
                cells: [
                    times(answer.demand),
                    answer.policy.clone(),
                    match answer.status {
                        "met" => "✓ met",
                        "not met" => "✗ not met",
                        _ => "? undecided",
                    }
                    .to_owned(),
                    count(answer.count),
                    count(answer.infeasible),
                    count(answer.count_with_spare),
                    answer.bottleneck.clone().unwrap_or_default(),
                    answer.utilization.map(|value| significant(value, 3)).unwrap_or_default(),
                    answer.utilization_busiest.map(|value| significant(value, 3)).unwrap_or_default(),
                    number(answer.cost_per_hour),
                    number(answer.cost_per_million),
                ]
                .into_iter()
                .enumerate()
                .filter(|(column, _)| keep(*column))
                .map(|(_, cell)| cell)
                .collect(),
                strong: false,
            })
            .collect(),
    }
}

fn chart(document: &PlanDocument<'_>, name: &str, title: String, lines: Lines) -> Option<Chart> {
    let bands = lines.series.iter().flat_map(|series| &series.points).any(|point| point.low.is_some());
    let confidence = significant(document.confidence * 100.0, 4);
    (lines.series.iter().any(|series| !series.points.is_empty())).then(|| Chart {
        name: file_name(name),
        title,
        subtitle: format!("{}, seed {}", document.scenario, document.seed),
        note: if bands { format!("Bands: {confidence} % intervals.") } else { String::new() },
        kind: Kind::Lines(lines),
    })
}

/// Counts, and what they cost, by demand.
fn by_demand(document: &PlanDocument<'_>) -> Vec<Chart> {
    if document.demands.len() < 2 {
        return Vec::new();
    }
    let series = |value: &dyn Fn(&AnswerRow) -> Option<f64>| {
        let of = |policy: &String| {
            let answers = document.answers.iter().filter(|answer| answer.policy == *policy);
            let points = answers.filter_map(|answer| Some(Point::new(answer.demand, value(answer)?)));
            Series { name: policy.clone(), points: points.collect(), faint: false }
        };
        document.policies.iter().map(of).collect()
    };
    let draw = |name: &str, title: &str, y: Axis, series: Vec<Series>| {
        let x = Axis::new("demand, times that of the input", "");
        chart(document, name, title.to_owned(), Lines { x, y, series, marks: Vec::new(), steps: false })
    };
    let needed = |answer: &AnswerRow| {
        let count = if document.spare > 0 { answer.count_with_spare } else { answer.count };
        count.map(|count| count as f64)
    };
    let spares = if document.spare > 0 { ", spares included" } else { "" };
    [
        draw(
            "count-by-demand",
            "How many are needed as demand grows?",
            Axis::counts(format!("{}{spares}", document.vary)),
            series(&needed),
        ),
        draw(
            "cost-by-demand",
            "What does it cost as demand grows?",
            Axis::new("cost an hour", ""),
            series(&|answer| answer.cost_per_hour),
        ),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn check<'p>(probe: &'p ProbeRow, goal: &GoalRow) -> Option<&'p CheckRow> {
    probe.checks.iter().find(|check| check.goal == goal.goal)
}

fn metric(goal: &GoalRow) -> String {
    let mut name = format!("{}/{}", goal.metric, goal.statistic);
    for part in [&goal.scope, &goal.class] {
        if part != crate::rows::ALL {
            name.push(' ');
            name.push_str(part);
        }
    }
    name
}

fn limit(goal: &GoalRow) -> Mark {
    Mark { at: At::Y(goal.limit), label: format!("goal: {}", goal.goal) }
}

/// The metric of a goal by count, with the spares there and with them gone.
fn by_count(document: &PlanDocument<'_>) -> Vec<Chart> {
    let alone = document.policies.len() == 1;
    let mut charts = Vec::new();
    for goal in &document.goals {
        for demand in &document.demands {
            let mut series = Vec::new();
            // With nothing to spare nothing is ever gone: one line a policy.
            let both = [0, document.spare];
            let gone = &both[..if document.spare == 0 { 1 } else { 2 }];
            for (policy, gone) in
                document.policies.iter().flat_map(|policy| gone.iter().map(move |gone| (policy, *gone)))
            {
                let probes =
                    document.probes.iter().filter(|probe| probe.policy == *policy && probe.demand == *demand);
                let points = probes.filter_map(|probe| {
                    let check = check(probe, goal)?;
                    let x = (probe.count + gone) as f64;
                    Some(Point { x, y: check.value?, low: check.ci_low, high: check.ci_high })
                });
                let name = match (alone, gone) {
                    (true, 0) => "all there".to_owned(),
                    (true, gone) => format!("{gone} gone (N-{gone})"),
                    (false, 0) => policy.clone(),
                    (false, gone) => format!("{policy}, {gone} gone"),
                };
                series.push(Series { name, points: points.collect(), faint: false });
            }
            let mut marks = vec![limit(goal)];
            let answers = document.answers.iter().filter(|answer| alone && answer.demand == *demand);
            marks.extend(answers.filter_map(|answer| {
                let count = answer.count?;
                Some(Mark { at: At::X(count as f64), label: format!("{} = {count}", document.vary) })
            }));
            let several = document.demands.len() > 1;
            let suffix = if several { format!(" at demand {}", times(*demand)) } else { String::new() };
            let lines = Lines {
                x: Axis::counts(document.vary),
                y: Axis::new(metric(goal), goal.unit).scaled(Scale::Auto),
                series,
                marks,
                steps: false,
            };
            let name = format!("count-{}{suffix}", metric(goal));
            charts.extend(chart(document, &name, format!("{} by count{suffix}", metric(goal)), lines));
        }
    }
    charts
}

/// What a better value of the first goal's metric costs.
fn by_cost(document: &PlanDocument<'_>) -> Option<Chart> {
    let (goal, demand) = (document.goals.first()?, document.demands.first()?);
    document.cost.as_ref()?;
    let of = |policy: &String| {
        let probes =
            document.probes.iter().filter(|probe| probe.policy == *policy && probe.demand == *demand);
        let points = probes.filter_map(|probe| {
            let check = check(probe, goal)?;
            Some(Point { x: probe.cost_per_hour?, y: check.value?, low: check.ci_low, high: check.ci_high })
        });
        Series { name: policy.clone(), points: points.collect(), faint: false }
    };
    let lines = Lines {
        x: Axis::new("cost an hour", ""),
        y: Axis::new(metric(goal), goal.unit).scaled(Scale::Auto),
        series: document.policies.iter().map(of).collect(),
        marks: vec![limit(goal)],
        steps: false,
    };
    let title = format!("What does a better {} cost at demand {}?", metric(goal), times(*demand));
    chart(document, &format!("cost-{}", metric(goal)), title, lines)
}

/// Response against demand at the answer.
fn curve(document: &PlanDocument<'_>) -> Option<Chart> {
    let mean = |load: &LoadRow| Some((load.response?, load.response_low, load.response_high));
    let percentile = |load: &LoadRow, statistic: &str| {
        let row = load.percentiles.iter().find(|row| row.statistic == statistic)?;
        Some((row.value?, row.ci_low, row.ci_high))
    };
    type Value<'v> = &'v dyn Fn(&LoadRow) -> Option<(f64, Option<f64>, Option<f64>)>;
    let series = |policy: &String, what: &str, value: Value<'_>| {
        let rows: Vec<_> = document.curve.iter().filter(|row| row.policy == *policy).collect();
        let count = rows.first().map_or(0, |row| row.count);
        let points = rows.iter().filter_map(|row| {
            let (y, low, high) = value(&row.load)?;
            Some(Point { x: row.demand, y, low, high })
        });
        let name = match document.policies.len() {
            1 => what.to_owned(),
            _ => format!("{what}, {policy} ({count})"),
        };
        Series { name, points: points.collect(), faint: false }
    };
    let mut all = Vec::new();
    for policy in &document.policies {
        all.push(series(policy, "mean", &mean));
        if document.policies.len() == 1 {
            all.push(series(policy, "p50", &|load| percentile(load, "p50")));
        }
        all.push(series(policy, "p99", &|load| percentile(load, "p99")));
    }
    all.retain(|series| !series.points.is_empty());
    let several = document.policies.len() > 1;
    let marks = document.knees.iter().filter_map(|knee| {
        let of = if several { format!(", {}", knee.policy) } else { String::new() };
        Some(Mark { at: At::X(knee.demand?), label: format!("knee ({}){of}", knee.definition) })
    });
    let count = document.curve.first().map_or(0, |row| row.count);
    let title = if several {
        "Response against demand".to_owned()
    } else {
        format!("Response against demand, {} = {count}", document.vary)
    };
    let lines = Lines {
        x: Axis::new("demand, times that of the input", ""),
        y: Axis::new("response time", "ns").scaled(Scale::Auto),
        series: all,
        marks: marks.collect(),
        steps: false,
    };
    chart(document, "response-load", title, lines)
}

fn knees(document: &PlanDocument<'_>) -> Option<Table> {
    let titles =
        ["policy", "definition", "demand", "throughput (1/s)", "utilization (ratio)", "mean response"];
    (!document.knees.is_empty()).then(|| Table {
        caption: "Knees: where response begins to grow faster than throughput".to_owned(),
        columns: titles
            .iter()
            .map(|title| ((*title).to_owned(), !["policy", "definition"].contains(title)))
            .collect(),
        rows: document
            .knees
            .iter()
            .map(|knee| {
                let definition = if knee.meaning.is_empty() {
                    knee.definition.to_owned()
                } else {
                    format!("{}: {}", knee.definition, knee.meaning)
                };
                Row::new(vec![
                    knee.policy.clone(),
                    definition,
                    knee.demand.map_or_else(|| "beyond the curve".to_owned(), times_of),
                    number(knee.throughput),
                    knee.utilization.map(|value| significant(value, 3)).unwrap_or_default(),
                    knee.response.map(|value| with_unit(value, "ns")).unwrap_or_default(),
                ])
            })
            .collect(),
    })
}

fn times_of(demand: f64) -> String {
    format!("x{}", significant(demand, 4))
}

/// Throughput by jobs in the system, with the Universal Scalability Law that was fitted to it.
fn scalability(document: &PlanDocument<'_>) -> Vec<Chart> {
    let one = |law: &crate::plan::UslRow| {
        let rows = document.curve.iter().filter(|row| row.policy == law.policy);
        let measured = rows.filter_map(|row| Some(Point::new(row.load.in_system?, row.load.throughput?)));
        let measured: Vec<Point> = measured.collect();
        let most = measured.iter().map(|point| point.x).fold(0.0, f64::max);
        let fitted = (1..=FITTED).map(|step| {
            let n = most * step as f64 / FITTED as f64;
            let x = law.gamma * n / (1.0 + law.alpha * (n - 1.0) + law.beta * n * (n - 1.0));
            Point::new(n, x)
        });
        let peak = law.peak.filter(|peak| *peak <= most * 1.5);
        let marks = peak
            .map(|peak| Mark { at: At::X(peak), label: format!("peak at {} jobs", significant(peak, 3)) });
        let lines = Lines {
            x: Axis::new("jobs in the system", "jobs"),
            y: Axis::new("throughput", "1/s"),
            series: vec![
                Series { name: "simulated".to_owned(), points: measured, faint: false },
                Series {
                    name: "Universal Scalability Law".to_owned(),
                    points: fitted.collect(),
                    faint: false,
                },
            ],
            marks: marks.into_iter().collect(),
            steps: false,
        };
        let several = document.policies.len() > 1;
        let of = if several { format!(", {}", law.policy) } else { String::new() };
        let mut drawn = chart(document, &format!("scalability{of}"), format!("Does it scale?{of}"), lines)?;
        drawn.note = format!(
            "X = {} N / (1 + {} (N - 1) + {} N (N - 1)); the error is {} % (root mean square).",
            significant(law.gamma, 4),
            significant(law.alpha, 3),
            significant(law.beta, 3),
            significant(law.error * 100.0, 2)
        );
        Some(drawn)
    };
    document.usl.iter().filter_map(one).collect()
}

fn probe_table(document: &PlanDocument<'_>) -> Table {
    let mut columns: Vec<(String, bool)> = vec![
        ("policy".to_owned(), false),
        ("demand".to_owned(), true),
        (document.vary.to_owned(), true),
        ("outcome".to_owned(), false),
    ];
    for goal in &document.goals {
        columns.push((metric(goal), true));
        columns.push(("interval".to_owned(), true));
    }
    for title in ["utilization (ratio)", "replications"] {
        columns.push((title.to_owned(), true));
    }
    let row = |probe: &ProbeRow| {
        let mut outcome = probe.verdict.to_owned();
        if let Some(reason) = &probe.reason {
            let _ = write!(outcome, ": {reason}");
        }
        let mut cells = vec![probe.policy.clone(), times(probe.demand), probe.count.to_string(), outcome];
        for goal in &document.goals {
            let check = check(probe, goal);
            let value = check.and_then(|check| check.value);
            let ends = check.and_then(|check| check.ci_low.zip(check.ci_high));
            let sure = Sure::of(ends);
            let text = |value: f64| sure.with_unit(value, goal.unit);
            cells.push(value.map(text).unwrap_or_default());
            cells
                .push(ends.map(|(low, high)| format!("{} to {}", text(low), text(high))).unwrap_or_default());
        }
        cells.push(probe.load.utilization.map(|value| significant(value, 3)).unwrap_or_default());
        cells.push(probe.load.replications.to_string());
        let answers = |answer: &AnswerRow| {
            answer.policy == probe.policy
                && answer.demand == probe.demand
                && answer.count == Some(probe.count)
        };
        Row { cells, strong: document.answers.iter().any(answers) }
    };
    Table {
        caption: "Every count that was tried; answers are marked".to_owned(),
        columns,
        rows: document.probes.iter().map(row).collect(),
    }
}
