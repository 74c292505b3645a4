//! A plan as rows: one for every count that was tried.

use super::{AnswerRow, LoadRow, PlanDocument, ProbeRow};
use crate::sheet::{Cell, Column, Form, Kind, Sheet};
use std::io::{self, Write};

/// The columns of [`write_plan_rows`].
pub static PLAN_COLUMNS: [Column; 55] = [
    Column::new("scenario", Kind::Text, "the scenario's name"),
    Column::new("policy", Kind::Text, "the policy"),
    Column::new("demand", Kind::Number, "the level of demand that was asked about, 1 being the input's own"),
    Column::new("headroom_ratio", Kind::Number, "demand beyond it that must be met too"),
    Column::new("simulated_demand", Kind::Number, "the demand that was simulated: with the headroom"),
    Column::new("vary", Kind::Text, "what is counted"),
    Column::new("n_servers", Kind::Integer, "the count that was tried"),
    Column::new(
        "role",
        Kind::Text,
        "`answer`, `below` (the greatest count that misses), `answer with spare`, or nothing",
    ),
    Column::new("slo", Kind::Text, "the goals"),
    Column::new("slo_verdict", Kind::Text, "`feasible`, `infeasible` or `undecided`"),
    Column::new(
        "slo_met_fraction",
        Kind::Number,
        "goals on percentiles: the part of the jobs within the limit, the least of all goals",
    ),
    Column::new("slo_value", Kind::Number, "the number that the first goal is about"),
    Column::new("slo_ci_lo", Kind::Number, "lower end of the interval that decided"),
    Column::new("slo_ci_hi", Kind::Number, "upper end of it"),
    Column::new("slo_unit", Kind::Text, "its unit"),
    Column::new("n_minus_1_verdict", Kind::Text, "the verdict at one fewer, where that was tried"),
    Column::new("reason", Kind::Text, "why it was decided without a run"),
    Column::new("confidence", Kind::Number, "confidence of the intervals"),
    Column::new("replications", Kind::Integer, "replications of this count"),
    Column::new("seed", Kind::Integer, "root of all random streams"),
    Column::new("arrival_rate_per_s", Kind::Number, "jobs released"),
    Column::new(
        "offered_load_ratio",
        Kind::Number,
        "work offered to the station that would be full first, over what it can do",
    ),
    Column::new("arrivals", Kind::Number, "jobs released in the window of a replication"),
    Column::new("completed", Kind::Number, "of these, completed"),
    Column::new("lost", Kind::Number, "of these, lost to full queues or to servers that failed"),
    Column::new("timed_out", Kind::Number, "of these, given up by their clients"),
    Column::new("throughput_per_s", Kind::Number, "jobs completed"),
    Column::new("bottleneck", Kind::Text, "the busiest station"),
    Column::new("utilization_ratio", Kind::Number, "its run time over cores times window"),
    Column::new(
        "utilization_busiest_ratio",
        Kind::Number,
        "the same in the busiest 24th of the time in which a log or trace, or a changing rate, releases jobs",
    ),
    Column::new("overhead_ratio", Kind::Number, "its switch and dispatch time over cores times window"),
    Column::new("bottleneck_share_ratio", Kind::Number, "its part of the mean response time"),
    Column::new("in_system", Kind::Number, "mean number of jobs in the system"),
    Column::new("mean_wait_ns", Kind::Number, "mean waiting time"),
    Column::new("mean_response_ns", Kind::Number, "mean response time"),
    Column::new("mean_response_ci_lo_ns", Kind::Number, "lower end of its interval"),
    Column::new("mean_response_ci_hi_ns", Kind::Number, "upper end of it"),
    Column::new("p50_ns", Kind::Number, "p50 of response times over all replications"),
    Column::new("p50_ci_lo_ns", Kind::Number, "lower end of its interval"),
    Column::new("p50_ci_hi_ns", Kind::Number, "upper end of it"),
    Column::new("p90_ns", Kind::Number, "p90 of response times over all replications"),
    Column::new("p90_ci_lo_ns", Kind::Number, "lower end of its interval"),
    Column::new("p90_ci_hi_ns", Kind::Number, "upper end of it"),
    Column::new("p95_ns", Kind::Number, "p95 of response times over all replications"),
    Column::new("p95_ci_lo_ns", Kind::Number, "lower end of its interval"),
    Column::new("p95_ci_hi_ns", Kind::Number, "upper end of it"),
    Column::new("p99_ns", Kind::Number, "p99 of response times over all replications"),
    Column::new("p99_ci_lo_ns", Kind::Number, "lower end of its interval"),
    Column::new("p99_ci_hi_ns", Kind::Number, "upper end of it"),
    Column::new("p99_9_ns", Kind::Number, "p99.9 of response times over all replications"),
    Column::new("p99_9_ci_lo_ns", Kind::Number, "lower end of its interval"),
    Column::new("p99_9_ci_hi_ns", Kind::Number, "upper end of it"),
    Column::new("spare", Kind::Integer, "how many may be gone"),
    Column::new("cost_per_hour", Kind::Number, "what this count costs an hour"),
    Column::new(
        "cost_per_million",
        Kind::Number,
        "the same for a million completed requests at the simulated demand",
    ),
];

/// The percentiles that have columns, in their order.
const PERCENTILES: [&str; 5] = ["p50", "p90", "p95", "p99", "p99.9"];

/// Writes the probes. Where there are several goals, the columns of values are those of the first.
pub fn write_plan_rows(document: &PlanDocument<'_>, form: &Form, out: &mut dyn Write) -> io::Result<()> {
    let mut sheet = Sheet::new(form, &PLAN_COLUMNS[..], out)?;
    for probe in &document.probes {
        let answer = document
            .answers
            .iter()
            .find(|answer| answer.policy == probe.policy && answer.demand == probe.demand);
        sheet.row(&fields(document, probe, answer))?;
    }
    sheet.finish()
}

fn fields<'d>(
    document: &'d PlanDocument<'_>,
    probe: &'d ProbeRow,
    answer: Option<&AnswerRow>,
) -> Vec<Cell<'d>> {
    let goals: Vec<&str> = document.goals.iter().map(|goal| goal.goal.as_str()).collect();
    let first = probe.checks.first();
    let least_met = probe.checks.iter().filter_map(|check| check.met_fraction).reduce(f64::min);
    let role = answer.map(|answer| role(answer, probe.count)).filter(|role| !role.is_empty());
    let mut fields: Vec<Cell<'d>> = vec![
        document.scenario.into(),
        probe.policy.as_str().into(),
        probe.demand.into(),
        document.headroom.into(),
        probe.simulated_demand.into(),
        document.vary.into(),
        probe.count.into(),
        role.into(),
        goals.join("; ").into(),
        probe.verdict.into(),
        least_met.into(),
        first.and_then(|check| check.value).into(),
        first.and_then(|check| check.ci_low).into(),
        first.and_then(|check| check.ci_high).into(),
        document.goals.first().map(|goal| goal.unit).into(),
        one_fewer(document, probe).into(),
        probe.reason.as_deref().into(),
        document.confidence.into(),
        probe.load.replications.into(),
        document.seed.into(),
    ];
    fields.extend(measured(&probe.load));
    fields.push(document.spare.into());
    fields.push(probe.cost_per_hour.into());
    fields.push(cost_per_million(probe).into());
    fields
}

fn measured(load: &LoadRow) -> Vec<Cell<'_>> {
    let mut fields: Vec<Cell<'_>> = vec![
        load.arrival_rate.into(),
        load.offered_load.into(),
        load.released.into(),
        load.completed.into(),
        load.lost.into(),
        load.timed_out.into(),
        load.throughput.into(),
        load.bottleneck.as_deref().into(),
        load.utilization.into(),
        load.utilization_busiest.into(),
        load.overhead.into(),
        load.bottleneck_share.into(),
        load.in_system.into(),
        load.waiting.into(),
        load.response.into(),
        load.response_low.into(),
        load.response_high.into(),
    ];
    for name in PERCENTILES {
        let row = load.percentiles.iter().find(|row| row.statistic == name);
        fields.push(row.and_then(|row| row.value).into());
        fields.push(row.and_then(|row| row.ci_low).into());
        fields.push(row.and_then(|row| row.ci_high).into());
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
