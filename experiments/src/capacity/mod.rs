//! Capacity plans: the fewest of something (servers, cores, tokens) that keep every goal, decided by intervals.
//!
//! | module | what it answers |
//! |---|---|
//! | [`goal`] | does a count keep a goal, and how sure is that |
//! | [`tail`] | percentiles over replications without bias, with intervals |
//! | [`probe`] | one count: replications until its goals are decided |
//! | [`mod@search`] | the smallest count, from verdicts on single counts |
//! | [`mod@offered`] | is more work offered than can be done, before anything is run |
//! | [`why`] | why no count keeps the goals, and what else could be counted |
//! | [`staffing`] | Erlang C and square-root staffing: where the search begins |
//! | [`mod@knee`], [`usl`] | where the curve of response against demand bends, and the scalability law |
//!
//! A plan never decides by a mean: a count is feasible when the upper end of the interval keeps every goal, infeasible when the lower
//! end of one misses it, else more replications are run. All counts meet the same work (common random numbers).

pub mod goal;
pub mod knee;
pub mod offered;
pub mod probe;
mod random;
pub mod search;
pub mod staffing;
pub mod tail;
pub mod usl;
pub mod why;

pub use goal::{Goal, GoalError};
pub use knee::{Knee, knee};
pub use probe::Sampling;
pub use search::{Found, Verdict, search};

use crate::condition::ConditionError;
use crate::run::{Failure, Progress, RunPlan};
use knee::Point;
use probe::Probe;
use reports::plan::{AnswerRow, CurveRow, GoalRow, KneeRow, ProbeRow, UslRow};
use sim_core::model::Model;
use sim_core::units::Ratio;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt;

/// What is asked.
#[derive(Clone, Debug)]
pub struct Question {
    /// What must hold.
    pub goals: Vec<Goal>,
    /// What is counted, as people call it: `web.count`.
    pub path: String,
    /// Names of the policies, as in results.
    pub policies: Vec<String>,
    /// Levels of demand, 1 being the input's own.
    pub demands: Vec<Ratio>,
    /// Demand beyond each level that must be met too: 6/5 for 20 % of headroom.
    pub headroom: Ratio,
    /// Least count.
    pub low: u64,
    /// Greatest count.
    pub high: u64,
    /// How many may be gone.
    pub spare: u64,
    /// What one costs an hour.
    pub cost_per_hour: Option<f64>,
    /// Replications of a probe.
    pub sampling: Sampling,
    /// The intervals at the answer and below it are to be within this part of the value.
    pub precision: Option<f64>,
    /// Definitions of the knee that are wanted; none: no curve of response against demand.
    pub knees: Vec<Knee>,
    /// How replications are run; its own number of replications and confidence do not count.
    pub run: RunPlan,
}

/// Makes the model of a policy (its place in [`Question::policies`]), a count and a demand.
pub type Build<'b, E> = &'b mut dyn FnMut(usize, u64, Ratio) -> Result<Model, E>;

/// How far a plan has come.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Step {
    /// The policy's place in [`Question::policies`].
    pub policy: usize,
    /// The level of demand.
    pub demand: f64,
    /// The count that is tried.
    pub count: u64,
    /// Counts tried so far.
    pub tried: usize,
    /// Whether this is a level of demand at the answer, not a step of the search.
    pub curve: bool,
    /// Replications of this count.
    pub progress: Progress,
}

/// Watches a plan; returning false cancels it.
pub type Watch<'w> = &'w (dyn Fn(Step) -> bool + Sync);

/// What a plan found.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Plan {
    /// The goals.
    pub goals: Vec<GoalRow>,
    /// By policy: whether one replication has all the information, so that everything is decided exactly.
    pub exact: Vec<bool>,
    /// The requests of a log or a trace, where everything is decided exactly for that alone: a sample of its traffic.
    pub sample: Option<u64>,
    /// By demand, then policy.
    pub answers: Vec<AnswerRow>,
    /// By demand, then policy, then count.
    pub probes: Vec<ProbeRow>,
    /// Response against demand, by policy.
    pub curve: Vec<CurveRow>,
    /// By policy, then definition.
    pub knees: Vec<KneeRow>,
    /// By policy.
    pub usl: Vec<UslRow>,
    /// Whether an interval is not as precise as was asked for.
    pub imprecise: bool,
    /// Remarks for the user, one sentence each.
    pub notes: Vec<String>,
}

/// Why there is no plan.
#[derive(Clone, PartialEq, Debug)]
pub enum PlanError<E> {
    /// A model could not be made.
    Build(E),
    /// A goal is about something that the model has not.
    Goal(ConditionError),
    /// A run could not be finished.
    Run {
        /// The policy.
        policy: String,
        /// The count.
        count: u64,
        /// Why.
        failure: Failure,
    },
}

impl<E: fmt::Display> fmt::Display for PlanError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PlanError::Build(error) => error.fmt(f),
            PlanError::Goal(error) => error.fmt(f),
            PlanError::Run { policy, count, failure } => write!(f, "{policy} at {count}: {failure}"),
        }
    }
}

impl<E: fmt::Display + fmt::Debug> std::error::Error for PlanError<E> {}

/// A utilization from which on an answer is called tight.
const TIGHT: f64 = 0.95;

/// Answers a question.
///
/// # Errors
/// The first model that cannot be made, or run that cannot be finished.
///
/// # Panics
/// Where there is no policy, no demand or no goal, or where `low` is above `high`.
pub fn plan<E>(question: &Question, build: Build<'_, E>, watch: Watch<'_>) -> Result<Plan, PlanError<E>> {
    assert!(!question.policies.is_empty() && !question.demands.is_empty() && !question.goals.is_empty());
    assert!(question.low <= question.high);
    let mut planner = Planner { question, build, watch, tried: 0, plan: Plan::default() };
    planner.look_at_model()?;
    for demand in &question.demands {
        for policy in 0..question.policies.len() {
            planner.answer(policy, *demand)?;
        }
    }
    if !question.knees.is_empty() {
        for policy in 0..question.policies.len() {
            planner.curve(policy)?;
        }
    }
    Ok(planner.plan)
}

struct Planner<'q, 'b, E> {
    question: &'q Question,
    build: Build<'b, E>,
    watch: Watch<'q>,
    tried: usize,
    plan: Plan,
}

/// The product of two demands, to nine digits.
fn product(a: Ratio, b: Ratio) -> Ratio {
    let value = a.as_f64() * b.as_f64();
    scaled(value)
}

/// A demand near a number, exact to six digits behind the point.
fn scaled(value: f64) -> Ratio {
    const PARTS: u32 = 1_000_000;
    // Beyond four thousand the numerator needs more room: fewer digits do.
    let parts = if value < 4_000.0 { PARTS } else { 1_000 };
    let numerator = (value * f64::from(parts)).round().clamp(1.0, f64::from(u32::MAX));
    Ratio::new(numerator as u32, parts).unwrap_or(Ratio::ONE)
}

impl<E> Planner<'_, '_, E> {
    fn model(&mut self, policy: usize, count: u64, demand: Ratio) -> Result<Model, PlanError<E>> {
        (self.build)(policy, count, demand).map_err(PlanError::Build)
    }

    fn failed(&self, policy: usize, count: u64) -> impl FnOnce(Failure) -> PlanError<E> + use<E> {
        let policy = self.question.policies[policy].clone();
        move |failure| PlanError::Run { policy, count, failure }
    }

    /// What is the same for all counts: the goals' rows, and whether anything is random.
    fn look_at_model(&mut self) -> Result<(), PlanError<E>> {
        let question = self.question;
        let demand = question.demands[0];
        for policy in 0..question.policies.len() {
            let model = self.model(policy, question.high, demand)?;
            // A log at another demand is copied at random.
            let given = |demand: &Ratio| product(*demand, question.headroom).is_one();
            let copied = model.sources.iter().any(|source| source.arrivals.trace().is_some())
                && !question.demands.iter().all(given);
            let draws = copied || random::draws(&model);
            let sample = offered::sample(&model);
            let mut probe =
                Probe::new(model, &question.goals, &question.run, false).map_err(PlanError::Goal)?;
            if policy == 0 {
                let goals = question.goals.iter().enumerate();
                self.plan.goals = goals.map(|(index, goal)| goal.row(probe.goal_key(index))).collect();
            }
            // What draws nothing by its description must also do the same twice.
            let demand = demand.as_f64();
            let step = Step { policy, demand, count: question.high, tried: 0, curve: false, progress: NONE };
            let watch = |progress| (self.watch)(Step { progress, ..step });
            let exact = !draws && probe.is_same_twice(&watch).map_err(self.failed(policy, question.high))?;
            self.plan.exact.push(exact);
            if exact {
                self.plan.sample = sample.or(self.plan.sample);
            }
        }
        Ok(())
    }

    /// The answer for one policy at one level of demand.
    fn answer(&mut self, policy: usize, demand: Ratio) -> Result<(), PlanError<E>> {
        let question = self.question;
        let simulated = product(demand, question.headroom);
        let start = self.start(policy, simulated)?;
        let mut probes: BTreeMap<u64, Probe> = BTreeMap::new();
        let found = search(question.low, question.high, start, &mut |count| {
            self.verdict(&mut probes, policy, count, demand, simulated)
        })?;
        let mut warnings = Vec::new();
        if let Some(precision) = question.precision {
            for count in found.feasible.into_iter().chain(found.infeasible) {
                if !self.refine(&mut probes, policy, count, demand, precision)? {
                    self.plan.imprecise = true;
                    warnings.push(format!(
                        "the interval at {count} is wider than {} % of its value after {} replications",
                        reports::number::estimate(precision * 100.0),
                        question.sampling.most
                    ));
                }
            }
        }
        let name = &question.policies[policy];
        let per_hour = |count: u64| question.cost_per_hour.map(|price| price * count as f64);
        for (count, probe) in &probes {
            for note in &probe.notes {
                if !self.plan.notes.contains(note) {
                    self.plan.notes.push(note.clone());
                }
            }
            self.plan.probes.push(ProbeRow {
                policy: name.clone(),
                demand: demand.as_f64(),
                simulated_demand: simulated.as_f64(),
                count: *count,
                verdict: probe.verdict().word(),
                reason: probe.reason.clone(),
                checks: probe.checks().to_vec(),
                load: probe.load(question.sampling.confidence),
                cost_per_hour: per_hour(*count),
            });
        }
        let load =
            found.feasible.and_then(|count| probes.get(&count)).map(|p| p.load(question.sampling.confidence));
        let count_with_spare = found
            .feasible
            .and_then(|count| count.checked_add(question.spare))
            .filter(|n| *n <= question.high);
        let status = match (found.feasible, count_with_spare) {
            // Whether one more is enough may be open too.
            (_, _) if !found.undecided.is_empty() => "undecided",
            (Some(_), Some(_)) => "met",
            _ => "not met",
        };
        let missed = if found.feasible.is_none() && status == "not met" {
            let (low, high) =
                (self.model(policy, question.low, simulated)?, self.model(policy, question.high, simulated)?);
            let probe = probes.get(&question.high);
            let ends = why::Ends { low: &low, high: &high, count: question.high, path: &question.path };
            Missed { why: why::why(&ends, probe), full: why::overloaded(&high) }
        } else {
            Missed::default()
        };
        // Where no count keeps the goals, the greatest shows what is full.
        let last = || probes.get(&question.high).map(|probe| probe.load(question.sampling.confidence));
        let busiest = load.clone().or_else(last);
        let cost_per_hour = count_with_spare.and_then(per_hour);
        let rate = load.as_ref().and_then(|load| load.throughput);
        // The demand that was asked about pays, not the headroom.
        let rate = rate.map(|rate| rate / question.headroom.as_f64()).filter(|rate| *rate > 0.0);
        let utilization = load.as_ref().and_then(|load| load.utilization);
        let utilization_busiest = load.as_ref().and_then(|load| load.utilization_busiest);
        let mean = utilization.unwrap_or_default();
        if let Some(busiest) = utilization_busiest.filter(|busiest| *busiest > TIGHT && mean <= TIGHT) {
            warnings.push(format!(
                "utilization is {:.1} % on average and {:.1} % in the busiest 24th of the time: a little more demand then, and \
                 queues grow",
                mean * 100.0,
                busiest * 100.0
            ));
        }
        if let Some(utilization) = utilization.filter(|utilization| *utilization > TIGHT) {
            warnings.push(format!(
                "utilization is {:.1} %: a little more demand, or a slower server, and queues grow",
                utilization * 100.0
            ));
        }
        if let Some(load) = &load {
            warnings.extend(sacrifices(load, &question.goals));
        }
        if !found.exceptions.is_empty() {
            let list: Vec<String> = found.exceptions.iter().map(u64::to_string).collect();
            let verb = if list.len() == 1 { "meets" } else { "meet" };
            warnings.push(format!(
                "more is not always better here: {} {verb} every goal too, but one more does not",
                list.join(", ")
            ));
        }
        self.plan.answers.push(AnswerRow {
            exact: self.plan.exact[policy],
            policy: name.clone(),
            demand: demand.as_f64(),
            simulated_demand: simulated.as_f64(),
            status,
            count: found.feasible,
            infeasible: found.infeasible,
            undecided: found.undecided,
            exceptions: found.exceptions,
            count_with_spare,
            bottleneck: missed
                .full
                .as_ref()
                .map(|full| full.station.clone())
                .or_else(|| busiest.as_ref()?.bottleneck.clone()),
            offered_load: missed.full.as_ref().map(|full| full.load),
            why: missed.why,
            utilization: utilization.or_else(|| busiest.filter(|_| missed.full.is_none())?.utilization),
            utilization_busiest,
            cost_per_hour,
            cost_per_million: cost_per_hour.zip(rate).map(|(cost, rate)| cost / (rate * 3_600.0) * 1e6),
            warnings,
        });
        Ok(())
    }

    /// Where the search begins: the fewest that are not overloaded, and the square root of that on top.
    fn start(&mut self, policy: usize, demand: Ratio) -> Result<u64, PlanError<E>> {
        let question = self.question;
        let overloaded = |planner: &mut Self, count: u64| {
            let model = planner.model(policy, count, demand)?;
            Ok(offered::offered(&model).map(|offered| offered.overloads()))
        };
        match overloaded(self, question.high)? {
            // Not known, or never enough: the search finds out.
            None => return Ok(question.low),
            Some(true) => return Ok(question.high),
            Some(false) => {}
        }
        let (mut low, mut high) = (question.low, question.high);
        while low < high {
            let middle = low + (high - low) / 2;
            if overloaded(self, middle)? == Some(true) { low = middle + 1 } else { high = middle }
        }
        if low == question.low {
            return Ok(low);
        }
        Ok(low.saturating_add(libm::sqrt(low as f64).ceil() as u64).min(question.high))
    }

    fn verdict(
        &mut self,
        probes: &mut BTreeMap<u64, Probe>,
        policy: usize,
        count: u64,
        demand: Ratio,
        simulated: Ratio,
    ) -> Result<Verdict, PlanError<E>> {
        let question = self.question;
        let probe = match probes.entry(count) {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(entry) => {
                self.tried += 1;
                let model = self.model(policy, count, simulated)?;
                let probe = Probe::new(model, &question.goals, &question.run, self.plan.exact[policy])
                    .map_err(PlanError::Goal)?;
                entry.insert(probe)
            }
        };
        let step =
            Step { policy, demand: demand.as_f64(), count, tried: self.tried, curve: false, progress: NONE };
        let watch = |progress| (self.watch)(Step { progress, ..step });
        probe.decide(&question.sampling, &watch).map_err(self.failed(policy, count))
    }

    fn refine(
        &mut self,
        probes: &mut BTreeMap<u64, Probe>,
        policy: usize,
        count: u64,
        demand: Ratio,
        precision: f64,
    ) -> Result<bool, PlanError<E>> {
        let Some(probe) = probes.get_mut(&count) else { return Ok(true) };
        let step =
            Step { policy, demand: demand.as_f64(), count, tried: self.tried, curve: false, progress: NONE };
        let watch = |progress| (self.watch)(Step { progress, ..step });
        probe.refine(precision, &self.question.sampling, &watch).map_err(self.failed(policy, count))
    }

    /// Response against demand at a policy's first answer.
    fn curve(&mut self, policy: usize) -> Result<(), PlanError<E>> {
        let question = self.question;
        let name = &question.policies[policy];
        let answer = self.plan.answers.iter().find(|answer| answer.policy == *name && answer.count.is_some());
        let Some((answer, count)) = answer.and_then(|answer| answer.count.map(|count| (answer, count)))
        else {
            return Ok(());
        };
        let measured = answer.utilization.map(|utilization| utilization / answer.simulated_demand);
        let model = self.model(policy, count, Ratio::ONE)?;
        let load = offered::offered(&model)
            .filter(|offered| offered.complete)
            .map(|offered| offered.load)
            .or(measured);
        let mut points = Vec::new();
        let mut jobs = Vec::new();
        let first = self.plan.curve.len();
        for demand in levels(load) {
            self.tried += 1;
            let model = self.model(policy, count, demand)?;
            let exact = self.plan.exact[policy] && !random::draws(&model);
            let mut probe =
                Probe::new(model, &question.goals, &question.run, exact).map_err(PlanError::Goal)?;
            let step = Step {
                policy,
                demand: demand.as_f64(),
                count,
                tried: self.tried,
                curve: true,
                progress: NONE,
            };
            let watch = |progress| (self.watch)(Step { progress, ..step });
            let runs = if exact { 1 } else { question.sampling.least };
            if let Err(failure) = probe.extend_to(runs, &watch) {
                if matches!(*failure.error, sim_core::RunError::JobLimit { .. }) {
                    // As far as it can be followed.
                    break;
                }
                return Err(self.failed(policy, count)(failure));
            }
            let load = probe.load(question.sampling.confidence);
            if let (Some(throughput), Some(response), Some(service)) =
                (load.throughput, load.response, probe.service())
            {
                points.push(Point { demand: demand.as_f64(), throughput, response, service });
                jobs.extend(load.in_system.map(|jobs| (jobs, throughput)));
            }
            self.plan.curve.push(CurveRow { policy: name.clone(), count, demand: demand.as_f64(), load });
        }
        for definition in &question.knees {
            let demand = knee(&points, *definition);
            let rows = &self.plan.curve[first..];
            let at =
                |of: &dyn Fn(&CurveRow) -> Option<f64>| demand.and_then(|demand| between(rows, demand, of));
            self.plan.knees.push(KneeRow {
                policy: name.clone(),
                count,
                definition: definition.name(),
                meaning: definition.meaning(),
                demand,
                throughput: at(&|row| row.load.throughput),
                utilization: at(&|row| row.load.utilization),
                response: at(&|row| row.load.response),
            });
        }
        if let Some(fitted) = usl::fit(&jobs) {
            self.plan.usl.push(UslRow {
                policy: name.clone(),
                count,
                gamma: fitted.gamma,
                alpha: fitted.alpha,
                beta: fitted.beta,
                peak: fitted.peak(),
                error: fitted.error,
                points: jobs.len(),
            });
        }
        Ok(())
    }
}

/// Why no count keeps the goals.
#[derive(Default)]
struct Missed {
    why: Option<String>,
    /// The station that is offered more than it can serve.
    full: Option<offered::Offered>,
}

/// Nothing has been run.
const NONE: Progress = Progress { done: 0, total: 0, fraction: 0.0, events: 0 };

/// Levels of demand of a curve: at given utilizations of the bottleneck, of which the input's own demand uses `load`.
fn levels(load: Option<f64>) -> Vec<Ratio> {
    const UTILIZATIONS: [f64; 12] = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95];
    let load = load.filter(|load| *load > 0.0).unwrap_or(1.0);
    UTILIZATIONS.iter().map(|part| scaled(part / load)).collect()
}

/// A value between two levels, on a straight line.
fn between(rows: &[CurveRow], demand: f64, of: &dyn Fn(&CurveRow) -> Option<f64>) -> Option<f64> {
    let at = rows.iter().position(|row| row.demand >= demand)?;
    let high = &rows[at];
    let Some(low) = at.checked_sub(1).map(|before| &rows[before]) else { return of(high) };
    let (y0, y1) = (of(low)?, of(high)?);
    Some(y0 + (y1 - y0) * (demand - low.demand) / (high.demand - low.demand))
}

/// Jobs that no goal sees.
fn sacrifices(load: &reports::plan::LoadRow, goals: &[Goal]) -> Vec<String> {
    let released = load.released.filter(|released| *released > 0.0).unwrap_or(1.0);
    [
        (load.lost, "are lost, to full queues or to servers that failed", "jobs/lost"),
        (load.timed_out, "are given up by their clients", "jobs/timed-out"),
    ]
    .into_iter()
    .filter(|(.., metric)| !goals.iter().any(|goal| goal.condition().subject.to_string() == *metric))
    .filter_map(|(count, what, metric)| {
        let percent = count.filter(|count| *count > 0.0)? / released * 100.0;
        Some(format!(
            "{} % of the jobs {what}, and response times are those of the others; a goal on them is --slo '{metric} <= 0'",
            reports::number::significant(percent, 2)
        ))
    })
    .collect()
}
