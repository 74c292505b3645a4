//! One count, or one level of demand: replications until the goals are decided.

use super::goal::{Goal, Misses, Place, Seen, Tracked};
use super::offered::{Offered, is_sample, offered};
use super::random;
use super::search::Verdict;
use super::tail::{Counts, Percentile, Tail};
use crate::condition::ConditionError;
use crate::metrics::{self, RowKey};
use crate::open::open;
use crate::run::{Failure, Progress, RunPlan, find_warmup};
use crate::runner::Runner;
use crate::stats::{mean, student};
use reports::plan::{CheckRow, LoadRow, PercentileRow};
use reports::rows::ALL;
use sim_core::RunError;
use sim_core::measure::Measures;
use sim_core::model::Model;
use std::collections::BTreeMap;

/// How many replications a probe may take.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Sampling {
    /// Replications before the first look.
    pub least: u32,
    /// Replications at which a probe that is not decided stays so.
    pub most: u32,
    /// Confidence of a probe's intervals, over all its looks together.
    pub confidence: f64,
}

impl Sampling {
    /// The numbers of replications at which the intervals are looked at, and the confidence of each look.
    ///
    /// Looking more than once makes it likelier to be wrong once, so that the looks share what may be wrong: half of it goes to
    /// the last, which hard cases come to, the rest in equal parts to the others (Bonferroni). Each look has twice the
    /// replications of the one before.
    pub fn looks(&self) -> Vec<(u32, f64)> {
        let mut at = vec![self.least.max(2).min(self.most.max(2))];
        while let Some(last) = at.last().copied().filter(|last| *last < self.most) {
            at.push(last.saturating_mul(2).min(self.most));
        }
        let wrong = 1.0 - self.confidence;
        let [earlier @ .., _] = at.as_slice() else { return Vec::new() };
        let share = wrong / 2.0 / earlier.len().max(1) as f64;
        let last = if earlier.is_empty() { wrong } else { wrong / 2.0 };
        let looks = at.len();
        at.into_iter()
            .enumerate()
            .map(|(index, n)| (n, 1.0 - if index + 1 == looks { last } else { share }))
            .collect()
    }
}

/// What one replication leaves behind.
struct Sample {
    values: Vec<Option<f64>>,
    response: Counts,
    seen: Vec<Option<Seen>>,
}

/// A model with the replications run so far.
pub(crate) struct Probe {
    model: Model,
    plan: RunPlan,
    pub offered: Option<Offered>,
    keys: Vec<RowKey>,
    /// Which rows are kept, by their places among the metrics, with their values.
    columns: BTreeMap<usize, Vec<f64>>,
    goals: Vec<Tracked>,
    response: Tail,
    done: u32,
    /// One replication has all the information.
    exact: bool,
    /// A goal bounds what grows in a system that is overloaded.
    needs_stability: bool,
    /// Looks taken so far.
    looks: usize,
    verdict: Option<Verdict>,
    checks: Vec<CheckRow>,
    pub reason: Option<String>,
    pub notes: Vec<String>,
}

/// Replications that are reduced before the next ones begin: bounds memory.
const AT_ONCE: u32 = 64;

impl Probe {
    /// # Errors
    /// A goal is about something that the model has not.
    pub fn new(model: Model, goals: &[Goal], plan: &RunPlan, exact: bool) -> Result<Probe, ConditionError> {
        let asked = metrics::beyond_the_table(goals.iter().map(|goal| &goal.condition().subject.metric));
        let keys = metrics::keys(&model, &asked);
        let tracked = goals
            .iter()
            .map(|goal| {
                let row = goal.condition().subject.row(&keys)?;
                Ok(Tracked::new(goal, row, &keys[row], &model))
            })
            .collect::<Result<Vec<_>, ConditionError>>()?;
        let plan = RunPlan {
            waiting_percentiles: plan.waiting_percentiles || goals.iter().any(Goal::needs_waiting),
            asked,
            ..plan.clone()
        };
        let mut columns = BTreeMap::new();
        for (row, key) in keys.iter().enumerate() {
            if wanted(&model, key) || tracked.iter().any(|goal| goal.row == row) {
                columns.insert(row, Vec::new());
            }
        }
        let given = random::work_is_given(&model);
        let mut probe = Probe {
            offered: offered(&model),
            model,
            plan,
            keys,
            columns,
            goals: tracked,
            response: Tail::new(given),
            done: 0,
            exact,
            needs_stability: goals.iter().any(Goal::needs_stability),
            looks: 0,
            verdict: None,
            checks: Vec::new(),
            reason: None,
            notes: Vec::new(),
        };
        if probe.needs_stability {
            probe.refuse_overload();
        }
        Ok(probe)
    }

    /// More work than can be done: queues grow without end, and every time with them. Not where full queues turn jobs away.
    fn refuse_overload(&mut self) {
        let Some(offered) = super::why::overloaded(&self.model) else { return };
        if !sheds(&self.model) {
            let percent = (offered.load * 1_000.0).round() / 10.0;
            self.reason = Some(format!("`{}` is offered {percent} % of what it can do", offered.station));
            self.verdict = Some(Verdict::Infeasible);
        }
    }

    /// The key of a goal's row.
    pub fn goal_key(&self, goal: usize) -> &RowKey {
        &self.keys[self.goals[goal].row]
    }

    /// What was decided; undecided before that.
    pub fn verdict(&self) -> Verdict {
        self.verdict.unwrap_or(Verdict::Undecided)
    }

    /// The rows of the goals, as of the last look.
    pub fn checks(&self) -> &[CheckRow] {
        &self.checks
    }

    /// Runs replications until every goal is decided, or there are no more to be had.
    ///
    /// # Errors
    /// A replication that could not be finished, but for too many jobs in the system, which is a verdict.
    pub fn decide(
        &mut self,
        sampling: &Sampling,
        watch: &(dyn Fn(Progress) -> bool + Sync),
    ) -> Result<Verdict, Failure> {
        if let Some(verdict) = self.verdict {
            return Ok(verdict);
        }
        let verdict = match self.look_on(sampling, watch) {
            Ok(verdict) => verdict,
            Err(failure) => match *failure.error {
                RunError::JobLimit { limit, at } if self.needs_stability => {
                    self.reason = Some(format!("more than {limit} jobs in the system at {at}"));
                    Verdict::Infeasible
                }
                _ => return Err(failure),
            },
        };
        self.verdict = Some(verdict);
        Ok(verdict)
    }

    fn look_on(
        &mut self,
        sampling: &Sampling,
        watch: &(dyn Fn(Progress) -> bool + Sync),
    ) -> Result<Verdict, Failure> {
        if self.exact {
            self.extend_to(1, watch)?;
            let is_sample = is_sample(&self.model);
            let decided = |goal: &Tracked| {
                if is_sample && let Some((check, few)) = goal.of_few(self.only(goal.row), sampling.confidence)
                {
                    return (check, Some(few));
                }
                (goal.exact(self.only(goal.row), goal.met_fraction()), None)
            };
            let (checks, few): (Vec<CheckRow>, Vec<Option<String>>) = self.goals.iter().map(decided).unzip();
            self.checks = checks;
            let few = few.into_iter().flatten().filter(|few| !self.notes.contains(few)).collect::<Vec<_>>();
            self.notes.extend(few);
            return Ok(together(&self.checks));
        }
        let mut verdict = Verdict::Undecided;
        for (replications, confidence) in sampling.looks().into_iter().skip(self.looks) {
            self.extend_to(replications, watch)?;
            self.looks += 1;
            self.checks = self.goals.iter().map(|goal| self.check(goal, confidence)).collect();
            verdict = together(&self.checks);
            if verdict != Verdict::Undecided {
                break;
            }
        }
        Ok(verdict)
    }

    fn check(&self, goal: &Tracked, confidence: f64) -> CheckRow {
        goal.decide(&self.columns[&goal.row], self.done, confidence)
    }

    /// Goes on with the looks until every goal's interval is within `precision` of its value on either side; false where the
    /// replications do not suffice. The verdict stays what it is.
    pub fn refine(
        &mut self,
        precision: f64,
        sampling: &Sampling,
        watch: &(dyn Fn(Progress) -> bool + Sync),
    ) -> Result<bool, Failure> {
        let precise = |checks: &[CheckRow]| {
            checks.iter().all(|check| match (check.value, check.ci_low, check.ci_high) {
                (Some(value), Some(low), Some(high)) => (high - low) / 2.0 <= precision * value.abs(),
                _ => false,
            })
        };
        if self.exact || self.checks.is_empty() || precise(&self.checks) {
            return Ok(true);
        }
        for (replications, confidence) in sampling.looks().into_iter().skip(self.looks) {
            self.extend_to(replications, watch)?;
            self.looks += 1;
            let verdicts: Vec<&'static str> = self.checks.iter().map(|check| check.verdict).collect();
            self.checks = self.goals.iter().map(|goal| self.check(goal, confidence)).collect();
            for (check, verdict) in self.checks.iter_mut().zip(verdicts) {
                check.verdict = verdict;
            }
            if precise(&self.checks) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Runs further replications until there are so many.
    pub fn extend_to(
        &mut self,
        total: u32,
        watch: &(dyn Fn(Progress) -> bool + Sync),
    ) -> Result<(), Failure> {
        if self.done == 0 && self.plan.warmup_auto {
            let (warmup, notes) = find_warmup(&self.model, &self.plan, watch)?;
            self.model.warmup = warmup;
            self.notes.extend(notes);
        }
        while self.done < total {
            let until = total.min(self.done.saturating_add(AT_ONCE));
            let told = |progress: Progress| watch(Progress { total, ..progress });
            let runner = Runner::new(&self.model, &self.plan, &told, self.done..until)
                .keeping(self.plan.waiting_percentiles);
            let (model, columns, goals, asked) = (&self.model, &self.columns, &self.goals, &self.plan.asked);
            let keys = &self.keys;
            let samples = runner.reduced(
                self.done,
                || Misses::of(goals),
                |measures, misses| {
                    let mut values = metrics::values(model, &measures, asked);
                    for goal in goals {
                        // Jobs that are not finished count at their age at least.
                        let open = open(model, &measures, &keys[goal.row]);
                        if let (Some(open), Some(value)) = (open, values.get_mut(goal.row)) {
                            *value = Some(value.unwrap_or(0.0).max(open.bounds.low));
                        }
                    }
                    sample(&values, columns, goals, &measures, &misses)
                },
            )?;
            for sample in samples {
                self.add(&sample);
            }
        }
        Ok(())
    }

    fn add(&mut self, sample: &Sample) {
        for (column, value) in self.columns.values_mut().zip(&sample.values) {
            column.extend(*value);
        }
        self.response.add(&sample.response);
        for (goal, seen) in self.goals.iter_mut().zip(&sample.seen) {
            goal.add(seen.as_ref());
        }
        self.done += 1;
    }

    /// The value of a row in the only replication.
    fn only(&self, row: usize) -> Option<f64> {
        self.columns.get(&row).and_then(|column| column.first().copied())
    }

    /// Whether two replications have the same values everywhere: together with a model that draws nothing this is what makes one
    /// replication all there is.
    pub fn is_same_twice(&mut self, watch: &(dyn Fn(Progress) -> bool + Sync)) -> Result<bool, Failure> {
        self.extend_to(2, watch)?;
        let same = |column: &Vec<f64>| column.windows(2).all(|pair| pair[0].to_bits() == pair[1].to_bits());
        Ok(self.columns.values().all(same))
    }

    fn column(&self, metric: &str, scope: &str) -> Option<&Vec<f64>> {
        let found = self.columns.iter().find(|(row, _)| {
            let key = &self.keys[**row];
            key.class == ALL
                && key.scope == scope
                && metric.split_once('/') == Some((key.metric.def.name, key.metric.statistic))
        });
        found.map(|(_, column)| column)
    }

    fn mean_of(&self, metric: &str, scope: &str) -> Option<f64> {
        self.column(metric, scope).and_then(|column| mean(column))
    }

    /// What was measured, with intervals at a confidence.
    pub fn load(&self, confidence: f64) -> LoadRow {
        let offered = self.offered.as_ref().filter(|offered| offered.complete).map(|offered| offered.load);
        if self.done == 0 {
            return LoadRow { offered_load: offered, ..LoadRow::default() };
        }
        let bottleneck = self.bottleneck();
        let at = |metric: &str| bottleneck.as_ref().and_then(|(name, _)| self.mean_of(metric, name));
        let response = self.mean_of("response/mean", ALL);
        let share = bottleneck
            .as_ref()
            .zip(response)
            .filter(|(_, response)| *response > 0.0)
            .map(|((name, _), response)| self.part(name) / response);
        let interval =
            self.column("response/mean", ALL).and_then(|column| student::interval(column, confidence));
        let window = self.mean_of("window/time", ALL).filter(|window| *window > 0.0);
        let released = self.mean_of("jobs/released", ALL);
        LoadRow {
            replications: self.done,
            arrival_rate: released.zip(window).map(|(released, window)| released * 1e9 / window),
            offered_load: offered,
            throughput: self.mean_of("throughput/rate", ALL),
            utilization: bottleneck.as_ref().map(|(_, utilization)| *utilization),
            utilization_busiest: at("utilization/busiest"),
            overhead: at("overhead/share"),
            bottleneck_share: share,
            released,
            completed: self.mean_of("jobs/completed", ALL),
            lost: self.mean_of("jobs/lost", ALL),
            timed_out: self.mean_of("jobs/timed-out", ALL),
            in_system: self.mean_of("in_system/mean", ALL),
            waiting: self.mean_of("waiting/mean", ALL),
            response,
            response_low: interval.map(|found| found.low()),
            response_high: interval.map(|found| found.high()),
            percentiles: self.percentiles(confidence),
            bottleneck: bottleneck.map(|(name, _)| name),
        }
    }

    fn percentiles(&self, confidence: f64) -> Vec<PercentileRow> {
        ["p50", "p90", "p95", "p99", "p99.9"]
            .into_iter()
            .map(|statistic| {
                let p = Percentile::of_statistic(statistic);
                let found = p.and_then(|p| self.response.percentile(p, confidence, None));
                PercentileRow {
                    statistic,
                    // One replication has its own, exactly.
                    value: found
                        .map(|found| found.value)
                        .or_else(|| self.mean_of(&format!("response/{statistic}"), ALL)),
                    ci_low: found.map(|found| found.low),
                    ci_high: found.map(|found| found.high),
                }
            })
            .collect()
    }

    /// The component at which jobs spend most of their response time, with its part of it.
    pub fn greatest_part(&self) -> Option<(usize, f64)> {
        let response = self.mean_of("response/mean", ALL).filter(|response| *response > 0.0)?;
        let parts = self.model.components.iter().map(|component| self.part(&component.name) / response);
        parts.enumerate().max_by(|a, b| a.1.total_cmp(&b.1).then(b.0.cmp(&a.0)))
    }

    /// The part of the response time that is spent waiting, everywhere together.
    pub fn waiting_part(&self) -> Option<f64> {
        let response = self.mean_of("response/mean", ALL).filter(|response| *response > 0.0)?;
        let waiting = |name: &str| self.mean_of("response_part/waiting", name).unwrap_or(0.0);
        Some(self.model.components.iter().map(|component| waiting(&component.name)).sum::<f64>() / response)
    }

    /// The mean time of a job at a component.
    fn part(&self, component: &str) -> f64 {
        ["response_part/waiting", "response_part/service", "response_part/overhead"]
            .into_iter()
            .filter_map(|metric| self.mean_of(metric, component))
            .sum()
    }

    /// The busiest processor with its utilization. A pool takes its place where more of its tokens are held than the processor is
    /// busy, and jobs wait longer for them than for the processor.
    fn bottleneck(&self) -> Option<(String, f64)> {
        let mut busiest: Option<(String, f64)> = None;
        let name = |component: u32| self.model.components[component as usize].name.as_str();
        let waiting = |component: &str| self.mean_of("response_part/waiting", component).unwrap_or(0.0);
        for processor in &self.model.processors {
            let component = name(processor.component);
            let found = self.mean_of("utilization/mean", component);
            if let Some(utilization) = found.filter(|u| busiest.as_ref().is_none_or(|(_, most)| u > most)) {
                busiest = Some((component.to_owned(), utilization));
            }
        }
        let mut sizes: BTreeMap<u32, u64> = BTreeMap::new();
        for pool in &self.model.pools {
            *sizes.entry(pool.component).or_default() += u64::from(pool.size);
        }
        for (component, size) in sizes {
            let component = name(component);
            let Some(held) = self.mean_of("held/mean", component).map(|held| held / size.max(1) as f64)
            else {
                continue;
            };
            let fuller = busiest
                .as_ref()
                .is_none_or(|(other, most)| held > *most && waiting(component) > waiting(other));
            if fuller {
                busiest = Some((component.to_owned(), held));
            }
        }
        busiest
    }

    /// Mean response time without any waiting: from the model where it says, else what was measured less the waiting.
    pub fn service(&self) -> Option<f64> {
        super::offered::service(&self.model).or_else(|| {
            let waiting: f64 = self
                .model
                .components
                .iter()
                .filter_map(|component| self.mean_of("response_part/waiting", &component.name))
                .sum();
            self.mean_of("response/mean", ALL).map(|response| response - waiting)
        })
    }
}

/// Whether full queues or impatient clients keep an overloaded system from growing without end.
fn sheds(model: &Model) -> bool {
    let impatient = model.sources.iter().all(|source| source.timeout.is_some());
    impatient || model.pools.iter().any(|pool| pool.queue.is_some())
}

fn together(checks: &[CheckRow]) -> Verdict {
    let has = |verdict: Verdict| checks.iter().any(|check| check.verdict == verdict.word());
    if has(Verdict::Infeasible) {
        Verdict::Infeasible
    } else if has(Verdict::Undecided) {
        Verdict::Undecided
    } else {
        Verdict::Feasible
    }
}

/// Rows that a probe keeps besides those of the goals.
fn wanted(model: &Model, key: &RowKey) -> bool {
    const OF_ALL: [&str; 14] = [
        "response/mean",
        "response/p50",
        "response/p90",
        "response/p95",
        "response/p99",
        "response/p99.9",
        "waiting/mean",
        "throughput/rate",
        "jobs/released",
        "jobs/completed",
        "jobs/lost",
        "jobs/timed-out",
        "in_system/mean",
        "window/time",
    ];
    const OF_COMPONENTS: [&str; 7] = [
        "utilization/mean",
        "utilization/busiest",
        "overhead/share",
        "held/mean",
        "response_part/waiting",
        "response_part/service",
        "response_part/overhead",
    ];
    if key.class != ALL {
        return false;
    }
    let name = key.metric.to_string();
    if key.scope == ALL {
        OF_ALL.contains(&name.as_str())
    } else {
        OF_COMPONENTS.contains(&name.as_str())
            && model.components.iter().any(|component| component.name == key.scope)
    }
}

fn sample(
    values: &[Option<f64>],
    columns: &BTreeMap<usize, Vec<f64>>,
    goals: &[Tracked],
    measures: &Measures,
    misses: &Misses,
) -> Sample {
    Sample {
        values: columns.keys().map(|row| values.get(*row).copied().flatten()).collect(),
        response: Place::RESPONSE.with(measures, Counts::of),
        seen: misses.seen(goals, measures),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looks_share_what_may_be_wrong() {
        for (least, most, at) in [
            (10, 200, vec![10, 20, 40, 80, 160, 200]),
            (10, 10, vec![10]),
            (50, 20, vec![20]),
            (1, 3, vec![2, 3]),
        ] {
            let looks = Sampling { least, most, confidence: 0.95 }.looks();
            assert_eq!(looks.iter().map(|(n, _)| *n).collect::<Vec<_>>(), at, "{least} to {most}");
            let wrong: f64 = looks.iter().map(|(_, confidence)| 1.0 - confidence).sum();
            assert!((wrong - 0.05).abs() < 1e-12, "{least} to {most}: {looks:?}");
        }
    }
}
