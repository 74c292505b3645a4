//! A comparison that is made in steps, so that who has no threads can answer in between.

use super::rows::Compared;
use super::{CompareOptions, Comparison, DEFAULT_METRICS, WatchAll};
use crate::metrics::{self, RowKey};
use crate::run::{Failure, Replications, RunPlan, RunResult, find_warmup};
use reports::rows::ALL;
use sim_core::model::Model;
use sim_core::units::Time;
use std::borrow::Cow;

/// Alternatives on their way to being compared.
///
/// However their replications were divided into steps, the comparison has the same bytes.
pub struct Comparing<'a> {
    labels: Vec<String>,
    models: Vec<Cow<'a, Model>>,
    options: CompareOptions,
    plan: RunPlan,
    /// Automatic warm-ups found so far.
    warmups: Vec<Time>,
    /// Empty until all warm-ups are known.
    all: Vec<Replications<'a>>,
    notes: Vec<String>,
}

impl<'a> Comparing<'a> {
    /// Nothing is run yet. `plan.replications` does not count here.
    pub fn new(
        alternatives: impl IntoIterator<Item = (String, Cow<'a, Model>)>,
        options: &CompareOptions,
        plan: &RunPlan,
    ) -> Comparing<'a> {
        let named = options.metrics.iter().any(|metric| metric.def.name == "waiting");
        let (labels, models) = alternatives.into_iter().unzip();
        // What decides who wins is told with unfinished jobs too.
        let first = options.metrics.first().copied().or_else(|| metrics::find(DEFAULT_METRICS[0]));
        let first = first.map(|metric| RowKey { metric, scope: ALL.to_owned(), class: ALL.to_owned() });
        let mut held = plan.held.clone();
        held.extend(first.filter(|key| !plan.held.contains(key)));
        Comparing {
            labels,
            models,
            options: options.clone(),
            plan: RunPlan {
                waiting_percentiles: plan.waiting_percentiles || named,
                asked: metrics::beyond_the_table(plan.asked.iter().chain(&options.metrics)),
                held,
                ..plan.clone()
            },
            warmups: Vec::new(),
            all: Vec::new(),
            notes: Vec::new(),
        }
    }

    /// One step towards `total` replications of every alternative: the warm-up of one is found, or the alternative with the
    /// fewest replications, the first of equals, gets up to `at_a_time` more. False where there is nothing left to do.
    ///
    /// # Errors
    /// The index of the alternative that could not be finished, with its first failing replication.
    pub fn step(
        &mut self,
        total: u32,
        at_a_time: u32,
        watch: WatchAll<'_>,
    ) -> Result<bool, (usize, Failure)> {
        if self.find_warmup(watch)? {
            return Ok(true);
        }
        let behind = self.all.iter_mut().enumerate().min_by_key(|(_, replications)| replications.done());
        let Some((index, replications)) = behind.filter(|(_, replications)| replications.done() < total)
        else {
            return Ok(false);
        };
        let next = replications.done().saturating_add(at_a_time).min(total);
        replications
            .extend_to(next, &|progress| watch(index, progress))
            .map_err(|failure| (index, failure))?;
        Ok(self.all.iter().any(|replications| replications.done() < total))
    }

    /// Finds the warm-up of one alternative; false where all are known, and replications can be run.
    pub(super) fn find_warmup(&mut self, watch: WatchAll<'_>) -> Result<bool, (usize, Failure)> {
        if !self.all.is_empty() {
            return Ok(false);
        }
        let index = self.warmups.len();
        if self.plan.warmup_auto && index < self.models.len() {
            let found = find_warmup(&self.models[index], &self.plan, &|progress| watch(index, progress));
            let (at, said) = found.map_err(|failure| (index, failure))?;
            self.notes.extend(said.into_iter().map(|note| format!("{}: {note}", self.labels[index])));
            self.warmups.push(at);
            return Ok(true);
        }
        // One window for all, the shortest: pairs must hold the same jobs.
        let warmup = self.warmups.iter().max().copied();
        let replications = std::mem::take(&mut self.models).into_iter().map(|model| {
            let model = match warmup {
                Some(warmup) => Cow::Owned(Model { warmup, ..model.into_owned() }),
                None => model,
            };
            Replications::from_warmup(model, &self.plan, Vec::new())
        });
        self.all = replications.collect();
        Ok(false)
    }

    /// Replications so far, of each alternative.
    pub fn done(&self) -> Vec<u32> {
        match self.all.len() {
            0 => vec![0; self.models.len()],
            _ => self.all.iter().map(Replications::done).collect(),
        }
    }

    /// How many replications there should be next for the plan's precision; `None` where there are enough, or none is asked
    /// for.
    pub(super) fn next(&self) -> Option<u32> {
        let precision = self.plan.precision.as_ref()?;
        self.all.iter().filter_map(|one| precision.next(one, self.plan.confidence)).max()
    }

    /// The alternatives as they are, and what was said of them.
    pub(super) fn into_parts(self) -> (Vec<Replications<'a>>, Vec<String>) {
        (self.all, self.notes)
    }

    /// What was found.
    ///
    /// # Panics
    /// Where an alternative has no replication.
    pub fn finish(self) -> Comparison {
        let Comparing { labels, options, plan, all, mut notes, .. } = self;
        let mut shortfalls = Vec::new();
        if let Some(precision) = &plan.precision {
            for (label, replications) in labels.iter().zip(&all) {
                let found = precision.shortfalls(replications, plan.confidence);
                shortfalls.extend(found.into_iter().map(|said| format!("{label}: {said}")));
            }
        }
        let results: Vec<RunResult> = all.into_iter().map(Replications::into_result).collect();
        add_notes(&mut notes, &results);
        let labels: Vec<&str> = labels.iter().map(String::as_str).collect();
        let compared =
            Compared { labels: &labels, results: &results, confidence: plan.confidence, options: &options };
        let mut rows = compared.rows();
        let mut leads = compared.leads(&rows);
        let conclusion = compared.conclusion(&rows);
        compared.withhold(&mut rows, &mut leads);
        let conditions = compared.conditions();
        let (findings, exact, sample) = (compared.findings(), compared.exact(), compared.sample());
        Comparison {
            findings,
            exact,
            sample,
            results,
            rows,
            leads,
            conclusion,
            selection: None,
            conditions,
            notes,
            shortfalls,
        }
    }
}

/// What the results remark, each remark once.
pub(super) fn add_notes(notes: &mut Vec<String>, results: &[RunResult]) {
    for result in results {
        let new: Vec<String> = result.notes.iter().filter(|note| !notes.contains(note)).cloned().collect();
        notes.extend(new);
    }
}
