//! Capacity plans: how many are needed, what each count that was tried gave, and how response follows demand.
//!
//! [`PlanDocument`] is what a plan says; [`plan_table`] shows it, [`write_plan`] and [`write_plan_rows`] write it. Every
//! count that was tried is kept as a [`ProbeRow`], so that charts can draw servers against the goal's metric, the same
//! with servers lost, and cost.

use crate::number::json_number;
use serde::Serialize;
use sim_core::ties::Ties;

mod json;
mod sheet;
mod table;

pub use json::{PLAN_SCHEMA, write_plan};
pub use sheet::{PLAN_COLUMNS, write_plan_rows};
pub use table::plan_table;

/// A goal that every answer meets: `response/p99 < 250ms`.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct GoalRow {
    /// As it was written.
    pub goal: String,
    /// What is measured.
    pub metric: String,
    /// Which statistic of it.
    pub statistic: String,
    /// Where.
    pub scope: String,
    /// For which class.
    pub class: String,
    /// `<`, `<=`, `>` or `>=`.
    pub comparison: &'static str,
    /// The limit, in `unit`.
    pub limit: f64,
    /// `ns`, `1/s`, `ratio`, `count`, `jobs`.
    pub unit: &'static str,
}

/// One goal at one count.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct CheckRow {
    /// The goal, as in [`GoalRow::goal`].
    pub goal: String,
    /// The number that the goal is about; `None` where nothing was measured.
    #[serde(serialize_with = "json_number")]
    pub value: Option<f64>,
    /// Lower end of the interval that decided; `None` where there is none (one replication has it all).
    #[serde(serialize_with = "json_number")]
    pub ci_low: Option<f64>,
    /// Upper end of it.
    #[serde(serialize_with = "json_number")]
    pub ci_high: Option<f64>,
    /// Goals about percentiles: the part of the jobs within the limit.
    #[serde(serialize_with = "json_number")]
    pub met_fraction: Option<f64>,
    /// `feasible`, `infeasible` or `undecided`.
    pub verdict: &'static str,
}

/// A percentile of response times at one count, over all replications.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct PercentileRow {
    /// `p50`, `p99.9`.
    pub statistic: &'static str,
    /// The value in ns; `None` where nothing was completed.
    #[serde(serialize_with = "json_number")]
    pub value: Option<f64>,
    /// Lower end of its interval.
    #[serde(serialize_with = "json_number")]
    pub ci_low: Option<f64>,
    /// Upper end of it.
    #[serde(serialize_with = "json_number")]
    pub ci_high: Option<f64>,
}

/// What a simulated count or level of demand gave: means over replications, times in ns.
#[derive(Clone, PartialEq, Debug, Default, Serialize)]
pub struct LoadRow {
    /// Replications behind it.
    pub replications: u32,
    /// Jobs released a second.
    #[serde(serialize_with = "json_number")]
    pub arrival_rate: Option<f64>,
    /// Offered work at the station that would be full first, over its capacity; `None` where the model does not say.
    #[serde(serialize_with = "json_number")]
    pub offered_load: Option<f64>,
    /// Jobs completed a second.
    #[serde(serialize_with = "json_number")]
    pub throughput: Option<f64>,
    /// The station with the highest utilization.
    pub bottleneck: Option<String>,
    /// Its utilization: run time over cores x window.
    #[serde(serialize_with = "json_number")]
    pub utilization: Option<f64>,
    /// The same in the busiest 24th of the time in which a log, a trace or a changing rate releases jobs.
    #[serde(serialize_with = "json_number")]
    pub utilization_busiest: Option<f64>,
    /// Its switch and dispatch time over cores x window.
    #[serde(serialize_with = "json_number")]
    pub overhead: Option<f64>,
    /// Its part of the mean response time, waiting included.
    #[serde(serialize_with = "json_number")]
    pub bottleneck_share: Option<f64>,
    /// Jobs released in the window of one replication.
    #[serde(serialize_with = "json_number")]
    pub released: Option<f64>,
    /// Of these, completed.
    #[serde(serialize_with = "json_number")]
    pub completed: Option<f64>,
    /// Of these, lost.
    #[serde(serialize_with = "json_number")]
    pub lost: Option<f64>,
    /// Of these, given up by their clients.
    #[serde(serialize_with = "json_number")]
    pub timed_out: Option<f64>,
    /// Mean number of jobs in the system.
    #[serde(serialize_with = "json_number")]
    pub in_system: Option<f64>,
    /// Mean waiting time.
    #[serde(serialize_with = "json_number")]
    pub waiting: Option<f64>,
    /// Mean response time.
    #[serde(serialize_with = "json_number")]
    pub response: Option<f64>,
    /// Lower end of its interval.
    #[serde(serialize_with = "json_number")]
    pub response_low: Option<f64>,
    /// Upper end of it.
    #[serde(serialize_with = "json_number")]
    pub response_high: Option<f64>,
    /// Percentiles of response times, in ascending order.
    pub percentiles: Vec<PercentileRow>,
}

/// One count that was tried.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct ProbeRow {
    /// The policy, as in [`PlanDocument::policies`].
    pub policy: String,
    /// The level of demand that was asked about.
    pub demand: f64,
    /// The demand that was simulated: with the headroom.
    pub simulated_demand: f64,
    /// The count.
    pub count: u64,
    /// `feasible`, `infeasible` or `undecided`.
    pub verdict: &'static str,
    /// Why it was decided without running it to the end; `None` where the intervals decided.
    pub reason: Option<String>,
    /// One a goal; none where nothing was run.
    pub checks: Vec<CheckRow>,
    /// What was measured.
    #[serde(flatten)]
    pub load: LoadRow,
    /// Cost of this count an hour, where a server has a price.
    #[serde(serialize_with = "json_number")]
    pub cost_per_hour: Option<f64>,
}

/// The answer for one policy at one level of demand.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct AnswerRow {
    /// The policy, as in [`PlanDocument::policies`].
    pub policy: String,
    /// The level of demand that was asked about.
    pub demand: f64,
    /// The demand that was simulated: with the headroom.
    pub simulated_demand: f64,
    /// Whether one replication has all the information: nothing is random, and everything is decided exactly.
    pub exact: bool,
    /// `met`, `not met` (by no count in the range) or `undecided`.
    pub status: &'static str,
    /// The smallest count that was shown to meet every goal.
    pub count: Option<u64>,
    /// The greatest smaller count that was shown to miss a goal; `None` where none is.
    pub infeasible: Option<u64>,
    /// Counts between the two of which neither could be shown.
    pub undecided: Vec<u64>,
    /// Counts above `count` that miss a goal all the same: more is not always better here.
    pub exceptions: Vec<u64>,
    /// `count` plus the spares: so many meet every goal while the spares are gone. `None` where there is no count, or
    /// where it would lie above the range.
    pub count_with_spare: Option<u64>,
    /// The station with the highest utilization at `count`; where no count will do, what is full or busiest at the greatest.
    pub bottleneck: Option<String>,
    /// What that station is offered over what it can do, where no count will do because of that.
    #[serde(serialize_with = "json_number")]
    pub offered_load: Option<f64>,
    /// Why no count in the range will do, and what to count instead; `None` where one does, or where it is not known.
    pub why: Option<String>,
    /// Its utilization, at the simulated demand.
    #[serde(serialize_with = "json_number")]
    pub utilization: Option<f64>,
    /// The same in the busiest 24th of the time in which a log, a trace or a changing rate releases jobs.
    #[serde(serialize_with = "json_number")]
    pub utilization_busiest: Option<f64>,
    /// Cost of the count an hour, spares included.
    #[serde(serialize_with = "json_number")]
    pub cost_per_hour: Option<f64>,
    /// The same for a million requests at the demand that was asked about.
    #[serde(serialize_with = "json_number")]
    pub cost_per_million: Option<f64>,
    /// What a planner should know of this answer, one sentence each.
    pub warnings: Vec<String>,
}

/// One level of demand at a fixed count.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct CurveRow {
    /// The policy, as in [`PlanDocument::policies`].
    pub policy: String,
    /// The count.
    pub count: u64,
    /// The demand that was simulated, 1 being the input's own.
    pub demand: f64,
    /// What was measured.
    #[serde(flatten)]
    pub load: LoadRow,
}

/// Where a curve bends, by one definition.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct KneeRow {
    /// The policy, as in [`PlanDocument::policies`].
    pub policy: String,
    /// The count.
    pub count: u64,
    /// `power`, `double`, `fourfold` or `tangent`.
    pub definition: &'static str,
    /// What the definition says.
    pub meaning: &'static str,
    /// The demand at the knee; `None` where the curve does not reach it.
    #[serde(serialize_with = "json_number")]
    pub demand: Option<f64>,
    /// Throughput there, a second.
    #[serde(serialize_with = "json_number")]
    pub throughput: Option<f64>,
    /// Utilization of the bottleneck there.
    #[serde(serialize_with = "json_number")]
    pub utilization: Option<f64>,
    /// Mean response time there, in ns.
    #[serde(serialize_with = "json_number")]
    pub response: Option<f64>,
}

/// The Universal Scalability Law fitted to a curve: throughput X of N jobs in the system,
/// `X = gamma N / (1 + alpha (N - 1) + beta N (N - 1))`.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct UslRow {
    /// The policy, as in [`PlanDocument::policies`].
    pub policy: String,
    /// The count.
    pub count: u64,
    /// Throughput of one job in the system, a second.
    pub gamma: f64,
    /// Contention: the part that is served one by one.
    pub alpha: f64,
    /// Coherency: what each pair of jobs costs.
    pub beta: f64,
    /// Jobs in the system at which throughput is greatest; `None` where it only grows.
    #[serde(serialize_with = "json_number")]
    pub peak: Option<f64>,
    /// Root mean square of the relative errors of throughput.
    pub error: f64,
    /// Levels of demand behind the fit.
    pub points: usize,
}

/// What one of the counted things costs.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct CostRow {
    /// As it was written: `0.34/h`.
    pub price: String,
    /// Price of one for an hour.
    pub per_hour: f64,
}

/// Everything a plan says.
#[derive(Clone, PartialEq, Debug)]
pub struct PlanDocument<'a> {
    /// The scenario's name.
    pub scenario: &'a str,
    /// The seed: every probe meets the same work.
    pub seed: u64,
    /// The tie rules in effect.
    pub ties: Ties,
    /// What is counted: `web.count`, or `servers`.
    pub vary: &'a str,
    /// Least count of the range.
    pub low: u64,
    /// Greatest count of the range.
    pub high: u64,
    /// The goals.
    pub goals: Vec<GoalRow>,
    /// Confidence level of the intervals.
    pub confidence: f64,
    /// Whether one replication has all the information for every policy: nothing is random, and everything is decided exactly.
    pub deterministic: bool,
    /// The requests of the log or trace that everything is decided for, where that is exact: a sample of its traffic.
    pub sample: Option<u64>,
    /// Least and greatest number of replications of a probe.
    pub replications: (u32, u32),
    /// Demand beyond the one asked about that must be met, as a ratio: 0.2 is 20 %.
    pub headroom: f64,
    /// Servers that may be gone.
    pub spare: u64,
    /// What one costs.
    pub cost: Option<CostRow>,
    /// The policies, in the order in which they were named.
    pub policies: Vec<String>,
    /// The levels of demand, in the order in which they were named.
    pub demands: Vec<f64>,
    /// By demand, then policy.
    pub answers: Vec<AnswerRow>,
    /// Every count that was tried: by demand, then policy, then count.
    pub probes: Vec<ProbeRow>,
    /// Response against demand at the answer of the first demand that has one: by policy, then demand.
    pub curve: Vec<CurveRow>,
    /// One a policy and definition.
    pub knees: Vec<KneeRow>,
    /// One a policy.
    pub usl: Vec<UslRow>,
}
