//! CSV of a plan: one row for every count that was tried.

use super::{AnswerRow, LoadRow, PlanDocument, ProbeRow};
use crate::csv::unwrap_io;
use crate::number::shortest;
use std::io::{self, Write};

/// The columns of [`write_plan_csv`]. Times are in ns, rates a second; an empty field is a number that does not exist.
pub const PLAN_COLUMNS: [&str; 54] = [
    "scenario",
    "policy",
    "demand",
    "headroom_pct",
    "simulated_demand",
    "vary",
    "n_servers",
    "role",
    "slo",
    "slo_verdict",
    "slo_met_fraction",
    "slo_value",
    "slo_ci_lo",
    "slo_ci_hi",
    "slo_unit",
    "n_minus_1_verdict",
    "reason",
    "confidence",
    "replications",
    "seed",
    "arrival_rate",
    "offered_load",
    "arrivals",
    "completed",
    "lost",
    "timed_out",
    "throughput",
    "bottleneck",
    "utilization",
    "overhead_utilization",
    "bottleneck_share",
    "L",
    "mean_wait",
    "mean_response",
    "mean_response_ci_lo",
    "mean_response_ci_hi",
    "p50",
    "p50_ci_lo",
    "p50_ci_hi",
    "p90",
    "p90_ci_lo",
    "p90_ci_hi",
    "p95",
    "p95_ci_lo",
    "p95_ci_hi",
    "p99",
    "p99_ci_lo",
    "p99_ci_hi",
    "p99_9",
    "p99_9_ci_lo",
    "p99_9_ci_hi",
    "spare",
    "cost_per_hour",
    "cost_per_million",
];

/// The percentiles that have columns, in their order.
const PERCENTILES: [&str; 5] = ["p50", "p90", "p95", "p99", "p99.9"];

/// Writes the probes; the one that is an answer has the role `answer`, the first infeasible one `below`, and one that
/// keeps the goals with the spares gone `answer with spare`. Where there are several goals, the columns of values are those of
/// the first.
pub fn write_plan_csv(document: &PlanDocument<'_>, out: &mut dyn Write) -> io::Result<()> {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::Any(b'\n')).from_writer(out);
    writer.write_record(PLAN_COLUMNS).map_err(unwrap_io)?;
    for probe in &document.probes {
        let answer = document
            .answers
            .iter()
            .find(|answer| answer.policy == probe.policy && answer.demand == probe.demand);
        writer.write_record(fields(document, probe, answer)).map_err(unwrap_io)?;
    }
    writer.flush()
}

fn number(value: Option<f64>) -> String {
    value.map(shortest).unwrap_or_default()
}

fn fields(document: &PlanDocument<'_>, probe: &ProbeRow, answer: Option<&AnswerRow>) -> Vec<String> {
    let goals: Vec<&str> = document.goals.iter().map(|goal| goal.goal.as_str()).collect();
    let first = probe.checks.first();
    let least_met = probe.checks.iter().filter_map(|check| check.met_fraction).reduce(f64::min);
    let load = &probe.load;
    let mut fields = vec![
        document.scenario.to_owned(),
        probe.policy.clone(),
        shortest(probe.demand),
        shortest(document.headroom * 100.0),
        shortest(probe.simulated_demand),
        document.vary.to_owned(),
        probe.count.to_string(),
        answer.map_or("", |answer| role(answer, probe.count)).to_owned(),
        goals.join("; "),
        probe.verdict.to_owned(),
        number(least_met),
        number(first.and_then(|check| check.value)),
        number(first.and_then(|check| check.ci_low)),
        number(first.and_then(|check| check.ci_high)),
        document.goals.first().map_or("", |goal| goal.unit).to_owned(),
        one_fewer(document, probe).unwrap_or_default().to_owned(),
        probe.reason.clone().unwrap_or_default(),
        shortest(document.confidence),
        load.replications.to_string(),
        document.seed.to_string(),
    ];
    fields.extend(measured(load));
    fields.push(document.spare.to_string());
    fields.push(number(probe.cost_per_hour));
    fields.push(number(cost_per_million(probe)));
    fields
}

fn measured(load: &LoadRow) -> Vec<String> {
    let mut fields = vec![
        number(load.arrival_rate),
        number(load.offered_load),
        number(load.released),
        number(load.completed),
        number(load.lost),
        number(load.timed_out),
        number(load.throughput),
        load.bottleneck.clone().unwrap_or_default(),
        number(load.utilization),
        number(load.overhead),
        number(load.bottleneck_share),
        number(load.in_system),
        number(load.waiting),
        number(load.response),
        number(load.response_low),
        number(load.response_high),
    ];
    for name in PERCENTILES {
        let row = load.percentiles.iter().find(|row| row.statistic == name);
        fields.push(number(row.and_then(|row| row.value)));
        fields.push(number(row.and_then(|row| row.ci_low)));
        fields.push(number(row.and_then(|row| row.ci_high)));
    }
    fields
}

/// Cost of a million completed requests at this probe, at the simulated demand.
fn cost_per_million(probe: &ProbeRow) -> Option<f64> {
    let an_hour = probe.load.throughput.filter(|rate| *rate > 0.0)? * 3_600.0;
    Some(probe.cost_per_hour? / an_hour * 1e6)
}

fn role(answer: &AnswerRow, count: u64) -> &'static str {
    if answer.count == Some(count) {
        "answer"
    } else if answer.infeasible == Some(count) {
        "below"
    } else if answer.count_with_spare == Some(count) {
        "answer with spare"
    } else {
        ""
    }
}

/// The verdict at one fewer, where that was tried.
fn one_fewer(document: &PlanDocument<'_>, probe: &ProbeRow) -> Option<&'static str> {
    let fewer = document.probes.iter().find(|other| {
        other.policy == probe.policy && other.demand == probe.demand && other.count + 1 == probe.count
    })?;
    Some(fewer.verdict)
}
