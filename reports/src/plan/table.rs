//! What a terminal shows of a plan.

use super::{AnswerRow, CheckRow, GoalRow, PlanDocument, ProbeRow};
use crate::grid::Grid;
use crate::number::{Sure, common_unit, estimate, fixed, significant, with_unit};
use crate::rows::{ALL, exact_for_log};
use crate::table::ties_text;
use std::fmt::Write as _;

/// Characters a line.
const WIDTH: usize = 80;

/// Draws a plan.
pub fn plan_table(document: &PlanDocument<'_>) -> String {
    let mut out = String::new();
    head(&mut out, document);
    answers(&mut out, document);
    evidence(&mut out, document);
    curves(&mut out, document);
    sentences(&mut out, document);
    out
}

/// Columns that say the same in every row are left out.
struct Shown {
    demand: bool,
    policy: bool,
}

impl Shown {
    fn of(document: &PlanDocument<'_>) -> Shown {
        Shown { demand: document.demands.len() > 1, policy: document.policies.len() > 1 }
    }

    fn header(&self) -> Vec<String> {
        let mut header = Vec::new();
        if self.demand {
            header.push("demand".to_owned());
        }
        if self.policy {
            header.push("policy".to_owned());
        }
        header
    }

    fn cells(&self, demand: f64, policy: &str) -> Vec<String> {
        let mut cells = Vec::new();
        if self.demand {
            cells.push(format!("x{}", estimate(demand)));
        }
        if self.policy {
            cells.push(policy.to_owned());
        }
        cells
    }

    fn left(&self) -> Vec<usize> {
        (0..usize::from(self.demand) + usize::from(self.policy)).collect()
    }
}

fn head(out: &mut String, document: &PlanDocument<'_>) {
    let _ = write!(out, "{}", document.scenario);
    if let [policy] = document.policies.as_slice()
        && !policy.is_empty()
    {
        let _ = write!(out, "  policy {policy}");
    }
    let _ = writeln!(out, "  seed {}  ties {}", document.seed, ties_text(&document.ties));
    for (index, goal) in document.goals.iter().enumerate() {
        let _ = writeln!(out, "{}{}", if index == 0 { "goal    " } else { "        " }, goal.goal);
    }
    let mut asked = format!("fewest  {} from {} to {}", document.vary, document.low, document.high);
    if let [demand] = document.demands.as_slice()
        && *demand != 1.0
    {
        let _ = write!(asked, ", demand x{}", estimate(*demand));
    }
    if document.headroom > 0.0 {
        let _ = write!(asked, ", {} % headroom", estimate(document.headroom * 100.0));
    }
    if document.spare > 0 {
        let _ = write!(asked, ", {} may be gone", document.spare);
    }
    let _ = writeln!(out, "{asked}");
    let (least, most) = document.replications;
    let level = estimate(document.confidence * 100.0);
    let intervals =
        format!("by {level} % intervals, {least} to {most} replications of common random numbers");
    let (exact, sampled) = (exact(document).count(), document.policies.len());
    let how = match exact {
        0 => intervals,
        _ if document.sample.is_some() && exact == sampled => {
            format!("by one run, {}", exact_for_log(document.sample.unwrap_or_default()))
        }
        _ if exact == sampled => "by one run, since nothing here is random: exact".to_owned(),
        _ => format!("{intervals};\nwithout intervals where nothing is random"),
    };
    let _ = writeln!(out, "decided {how}");
}

/// The policies that are decided exactly.
fn exact<'d>(document: &'d PlanDocument<'_>) -> impl Iterator<Item = &'d String> {
    document
        .policies
        .iter()
        .filter(|policy| document.answers.iter().any(|answer| answer.policy == **policy && answer.exact))
}

fn answers(out: &mut String, document: &PlanDocument<'_>) {
    let shown = Shown::of(document);
    let mut header = shown.header();
    header.push(document.vary.to_owned());
    header.push(match document.spare {
        0 => String::new(),
        spare => format!("+{spare} spare"),
    });
    header.extend(["busiest", "utilization", "its busiest 24th", "cost/h", "cost/1M"].map(str::to_owned));
    let mut left = shown.left();
    left.push(left.len() + 2);
    let mut grid = Grid::new(header).flush_left(&left);
    for answer in &document.answers {
        let mut cells = shown.cells(answer.demand, &answer.policy);
        let count = match (answer.count, answer.status) {
            (Some(count), "undecided") => format!("{count}?"),
            (Some(count), _) => count.to_string(),
            (None, status) => status.to_owned(),
        };
        cells.push(count);
        cells.push(match (document.spare, answer.count, answer.count_with_spare) {
            (0, ..) | (_, None, _) => String::new(),
            (_, _, Some(count)) => count.to_string(),
            (_, _, None) => format!("above {}", document.high),
        });
        cells.push(answer.bottleneck.clone().unwrap_or_default());
        let offered = answer.offered_load.map(|load| format!("offered {}", significant(load, 3)));
        let utilization = answer.utilization.map(|value| significant(value, 3));
        cells.push(utilization.or(offered).unwrap_or_default());
        cells.push(answer.utilization_busiest.map(|value| significant(value, 3)).unwrap_or_default());
        cells.push(answer.cost_per_hour.map(|value| significant(value, 4)).unwrap_or_default());
        cells.push(answer.cost_per_million.map(|value| significant(value, 4)).unwrap_or_default());
        grid.row(cells);
    }
    out.push('\n');
    grid.without_empty_columns().write_within(out, WIDTH);
}

/// The counts around each answer, with what decided.
fn evidence(out: &mut String, document: &PlanDocument<'_>) {
    for (goal, row) in document.goals.iter().enumerate() {
        let _ = writeln!(out, "\nwhat the answers rest on: {}", title(row));
        // The part within the limit says the same in other words: it goes where there is no room.
        let mut text = String::new();
        grid(document, goal, true).write_within(&mut text, WIDTH);
        if text.lines().any(|line| line.chars().count() > WIDTH) {
            text.clear();
            grid(document, goal, false).write_within(&mut text, WIDTH);
        }
        out.push_str(&text);
    }
}

fn grid(document: &PlanDocument<'_>, goal_index: usize, within: bool) -> Grid {
    let shown = Shown::of(document);
    let goal = &document.goals[goal_index];
    let (unit, size) = common_unit(goal.limit, goal.unit);
    let bare = size == 1.0 && goal.unit != "ns" && goal.unit != "1/s";
    let in_unit = if bare { String::new() } else { format!(" in {unit}") };
    let mut header = shown.header();
    header.push(document.vary.to_owned());
    // Its full name stands above.
    header.push(format!("{}{in_unit}", goal.statistic));
    header.push(format!("{} % interval", estimate(document.confidence * 100.0)));
    header.extend(["within", "verdict", "runs"].map(str::to_owned));
    let mut left = shown.left();
    left.push(left.len() + 4);
    let mut grid = Grid::new(header).flush_left(&left);
    for answer in &document.answers {
        let mut who = shown.cells(answer.demand, &answer.policy);
        for probe in around(document, answer) {
            let mut cells = who.clone();
            // Said once for all counts of an answer.
            who.fill(String::new());
            cells.push(probe.count.to_string());
            let check = probe.checks.get(goal_index);
            let [value, interval, part] = check_cells(check, size);
            cells.extend([value, interval, if within { part } else { String::new() }]);
            cells.push(check.map_or(probe.verdict, |check| check.verdict).to_owned());
            cells.push(match (&probe.reason, probe.load.replications) {
                (Some(_), _) => "*".to_owned(),
                (None, runs) => runs.to_string(),
            });
            grid.row(cells);
        }
    }
    grid.without_empty_columns()
}

fn check_cells(check: Option<&CheckRow>, size: f64) -> [String; 3] {
    let Some(check) = check else { return ["-".to_owned(), String::new(), String::new()] };
    let sure = Sure::of(check.ci_low.zip(check.ci_high));
    let text = |value: f64| sure.bare(value, size);
    let interval = match (check.ci_low, check.ci_high) {
        (Some(low), Some(high)) => format!("[{}, {}]", text(low), text(high)),
        _ => String::new(),
    };
    let within = check.met_fraction.map(|part| format!("{} %", fixed(part * 100.0, 3)));
    [check.value.map_or_else(|| "-".to_owned(), text), interval, within.unwrap_or_default()]
}

/// The probes next to an answer: what is below, the answer, what is above; all undecided ones.
fn around<'d>(document: &'d PlanDocument<'_>, answer: &'d AnswerRow) -> impl Iterator<Item = &'d ProbeRow> {
    let wanted = move |count: u64| {
        let near = |other: u64| count + 1 >= other && count <= other + 1;
        answer.count.is_some_and(near)
            || answer.infeasible == Some(count)
            // Of many that are undecided, the ends.
            || answer.undecided.first() == Some(&count)
            || answer.undecided.last() == Some(&count)
            || answer.exceptions.last() == Some(&count)
            || (answer.count.is_none() && (count == document.high || count == document.low))
    };
    document.probes.iter().filter(move |probe| {
        probe.policy == answer.policy && probe.demand == answer.demand && wanted(probe.count)
    })
}

fn title(goal: &GoalRow) -> String {
    let mut title = format!("{}/{}", goal.metric, goal.statistic);
    for part in [&goal.scope, &goal.class] {
        if part != ALL {
            let _ = write!(title, " {part}");
        }
    }
    title
}

/// Response against demand, one table a policy, with knee and scalability below it.
fn curves(out: &mut String, document: &PlanDocument<'_>) {
    for policy in &document.policies {
        let rows: Vec<_> = document.curve.iter().filter(|row| row.policy == *policy).collect();
        let Some(first) = rows.first() else { continue };
        let _ = write!(out, "\nresponse against demand at {} {}", document.vary, first.count);
        if document.policies.len() > 1 {
            let _ = write!(out, ", {policy}");
        }
        let typical = rows[rows.len() / 2].load.response.unwrap_or(0.0);
        let (unit, size) = common_unit(typical, "ns");
        let _ = writeln!(out, ", times in {unit}");
        let mut grid =
            Grid::new(["demand", "throughput/s", "busiest", "utilization", "of response", "mean", "p99"])
                .flush_left(&[2]);
        for row in rows {
            let load = &row.load;
            let p99 = load.percentiles.iter().find(|row| row.statistic == "p99").and_then(|row| row.value);
            let text =
                |value: Option<f64>| value.map(|value| significant(value / size, 4)).unwrap_or_default();
            grid.row([
                format!("x{}", significant(row.demand, 4)),
                load.throughput.map(|rate| significant(rate, 5)).unwrap_or_default(),
                load.bottleneck.clone().unwrap_or_default(),
                load.utilization.map(|value| significant(value, 3)).unwrap_or_default(),
                load.bottleneck_share
                    .map(|part| format!("{} %", significant(part * 100.0, 3)))
                    .unwrap_or_default(),
                text(load.response),
                text(p99),
            ]);
        }
        grid.without_empty_columns().write_within(out, WIDTH);
        for knee in document.knees.iter().filter(|knee| knee.policy == *policy) {
            let _ = write!(out, "knee ({}: {}): ", knee.definition, knee.meaning);
            let _ = match (knee.demand, knee.response) {
                (Some(demand), Some(response)) => writeln!(
                    out,
                    "demand x{}, utilization {}, mean response {}",
                    significant(demand, 3),
                    knee.utilization.map_or_else(|| "-".to_owned(), |value| significant(value, 3)),
                    with_unit(response, "ns")
                ),
                _ => writeln!(out, "not within this curve"),
            };
        }
        for usl in document.usl.iter().filter(|usl| usl.policy == *policy) {
            let peak = match usl.peak {
                Some(peak) => format!("greatest throughput with {} jobs", significant(peak, 3)),
                None => "no loss from coherency".to_owned(),
            };
            let _ = writeln!(
                out,
                "scalability law: {} /s for one job, contention {}, coherency {},\n{peak}; fits to {} %",
                significant(usl.gamma, 4),
                significant(usl.alpha, 3),
                significant(usl.beta, 3),
                significant(usl.error * 100.0, 2),
            );
        }
    }
}

/// Why counts were decided without running them.
fn reasons(out: &mut String, document: &PlanDocument<'_>) {
    // Where no count will do, the sentence says why.
    for answer in document.answers.iter().filter(|answer| answer.why.is_none()) {
        let reason =
            around(document, answer).filter_map(|probe| probe.reason.as_ref().map(|why| (probe, why)));
        // The greatest count says it for all below.
        if let Some((probe, why)) = reason.last() {
            wrap(out, &format!("* {} {}: {why}", document.vary, probe.count));
        }
    }
}

/// The answers once more in words, and what is to be said about them.
fn sentences(out: &mut String, document: &PlanDocument<'_>) {
    let shown = Shown::of(document);
    out.push('\n');
    reasons(out, document);
    for answer in &document.answers {
        let mut who = shown.cells(answer.demand, &answer.policy).join(" ");
        if !who.is_empty() {
            who.push_str(": ");
        }
        wrap(out, &format!("{who}{}", sentence(document, answer)));
        for warning in &answer.warnings {
            wrap(out, &format!("warning: {who}{warning}"));
        }
    }
    let runs: u64 = document.probes.iter().map(|probe| u64::from(probe.load.replications)).sum();
    let (probes, levels) = (document.probes.len(), document.curve.len());
    let mut tried = format!("{probes} counts tried in {runs} runs");
    if levels > 0 {
        let _ = write!(tried, ", and {levels} levels of demand");
    }
    let _ = writeln!(out, "{tried}");
}

fn sentence(document: &PlanDocument<'_>, answer: &AnswerRow) -> String {
    let vary = document.vary;
    let goals = if document.goals.len() == 1 { "the goal" } else { "every goal" };
    let list = |counts: &[u64]| match counts {
        [first, _, .., last] => format!("{first} to {last}"),
        few => few.iter().map(u64::to_string).collect::<Vec<_>>().join(", "),
    };
    match (answer.status, answer.count) {
        ("met", Some(count)) => {
            let below = match answer.infeasible {
                Some(below) => format!("{below} misses"),
                None => "fewer are not in the range".to_owned(),
            };
            let mut text = format!("{vary} {count} is the fewest that meets {goals}, {below}");
            match (document.spare, answer.count_with_spare) {
                (0, _) => {}
                (spare, Some(with)) => {
                    let _ = write!(text, "; {with} meets it with {spare} gone");
                }
                (spare, None) => {
                    let _ = write!(text, "; with {spare} spare it would lie above the range");
                }
            }
            text
        }
        (_, Some(count)) => {
            let below = match answer.infeasible {
                Some(below) => format!("{vary} {below} misses"),
                None => "nothing in the range is shown to miss".to_owned(),
            };
            format!(
                "{vary} {count} meets {goals}, {below}; undecided between them: {} (more replications decide)",
                list(&answer.undecided)
            )
        }
        ("not met", None) => {
            let why = answer.why.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
            format!("no {vary} from {} to {} meets {goals}{why}", document.low, document.high)
        }
        (_, None) => format!(
            "no {vary} is shown to meet {goals}; undecided: {} (more replications decide)",
            list(&answer.undecided)
        ),
    }
}

/// Adds text broken at spaces.
fn wrap(out: &mut String, text: &str) {
    let mut column = 0;
    for word in text.split_whitespace() {
        let length = word.chars().count();
        if column > 0 && column + 1 + length > WIDTH {
            out.push('\n');
            column = 0;
        }
        if column > 0 {
            out.push(' ');
            column += 1;
        }
        out.push_str(word);
        column += length;
    }
    out.push('\n');
}
