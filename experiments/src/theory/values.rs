//! Exact values under the names of metrics.

use super::matching::{PERCENTILES, known};
use super::shape::Shape;
use super::station::Quantiles;
use super::{Exact, Theory};
use crate::metrics::{MAX_MEMBERS, members};
use reports::rows::ALL;
use std::collections::BTreeMap;

/// Exact values of a model, as they are found.
pub(super) struct Values<'s, 'm> {
    shape: &'s Shape<'m>,
    /// Busy cores and jobs present at processors.
    stations: BTreeMap<usize, (f64, f64)>,
    /// Jobs that wait for tokens, at all pools.
    for_tokens: Option<f64>,
    classes: BTreeMap<usize, Times>,
    rows: Vec<Exact>,
}

/// What is known of a class: completions a second, mean response time and mean waiting time, in seconds.
#[derive(Clone, Copy)]
struct Times {
    rate: f64,
    response: f64,
    waiting: Option<f64>,
}

const NANOS: f64 = 1e9;

impl<'s, 'm> Values<'s, 'm> {
    pub fn new(shape: &'s Shape<'m>) -> Values<'s, 'm> {
        Values {
            shape,
            stations: BTreeMap::new(),
            for_tokens: None,
            classes: BTreeMap::new(),
            rows: Vec::new(),
        }
    }

    /// Whether some time is spent at devices: it counts as blocked, not as service.
    pub fn has_devices(&self) -> bool {
        self.shape.stations.iter().any(|station| station.device)
    }

    fn push(&mut self, metric: &str, scope: &str, class: &str, value: f64) {
        if value.is_finite() {
            self.rows.push(Exact {
                metric: metric.to_owned(),
                scope: scope.to_owned(),
                class: class.to_owned(),
                value,
            });
        }
    }

    /// Busy cores and jobs present at a processor.
    pub fn station(&mut self, processor: usize, busy: f64, present: f64) {
        self.stations.insert(processor, (busy, present));
    }

    /// Utilization and mean queue of all processors together, where single ones are not known.
    pub fn whole(&mut self, utilization: f64, queue: f64) {
        self.push("utilization/mean", ALL, ALL, utilization);
        self.push("queue_length/mean", ALL, ALL, queue);
    }

    /// Tokens held and jobs queued at a pool.
    pub fn pool(&mut self, name: &str, held: f64, queued: f64) {
        *self.for_tokens.get_or_insert(0.0) += queued;
        self.push("held/mean", name, ALL, held);
        self.push("queue_length/mean", name, ALL, queued);
    }

    /// Rate of completions a second, mean response and waiting time, in seconds.
    pub fn class(&mut self, class: usize, rate: f64, response: f64, waiting: f64) {
        self.classes.insert(class, Times { rate, response, waiting: Some(waiting) });
    }

    /// The same where waiting times are not known.
    pub fn response(&mut self, class: usize, rate: f64, response: f64) {
        self.classes.insert(class, Times { rate, response, waiting: None });
    }

    /// Completions a second, where they are not just the arrivals.
    pub fn throughput(&mut self, class: usize, rate: f64) {
        if self.shape.model.classes.len() > 1 {
            self.push("throughput/rate", ALL, &self.shape.model.classes[class].name, rate);
        } else {
            self.push("throughput/rate", ALL, ALL, rate);
        }
    }

    /// Mean response over service time, the same for all.
    pub fn slowdown(&mut self, stretch: f64) {
        self.push("slowdown/mean", ALL, ALL, stretch);
    }

    /// Percentiles of the times of all jobs.
    pub fn quantiles(&mut self, quantiles: &Quantiles) {
        if !known(quantiles) {
            return;
        }
        for (statistic, p) in PERCENTILES {
            let Some((waiting, response)) = quantiles.at(p) else { continue };
            self.push(&format!("response/{statistic}"), ALL, ALL, response * NANOS);
            if waiting > 0.0 {
                self.push(&format!("waiting/{statistic}"), ALL, ALL, waiting * NANOS);
            }
        }
    }

    /// Everything, means first.
    pub fn into_theory(mut self, title: String, source: &'static str) -> Theory {
        let further = std::mem::take(&mut self.rows);
        self.times();
        self.rows.extend(further);
        self.processors();
        let present: f64 = self.classes.values().map(|of| of.rate * of.response).sum();
        self.push("in_system/mean", ALL, ALL, present);
        Theory { title, source, exact: self.rows }
    }

    fn times(&mut self) {
        let classes = self.classes.clone();
        let total: f64 = classes.values().map(|of| of.rate).sum();
        let mean = |value: &dyn Fn(&Times) -> Option<f64>| -> Option<f64> {
            let sum: Option<f64> = classes.values().map(|of| Some(of.rate * value(of)?)).sum();
            sum.map(|sum| sum / total)
        };
        let whole =
            [("response/mean", mean(&|of| Some(of.response))), ("waiting/mean", mean(&|of| of.waiting))];
        for (metric, value) in whole {
            if let Some(value) = value {
                self.push(metric, ALL, ALL, value * NANOS);
            }
        }
        if self.shape.model.classes.len() > 1 {
            for (class, of) in &classes {
                let name = &self.shape.model.classes[*class].name;
                self.push("response/mean", ALL, name, of.response * NANOS);
                if let Some(waiting) = of.waiting {
                    self.push("waiting/mean", ALL, name, waiting * NANOS);
                }
            }
        }
    }

    /// As results list them: all together, then each component, then its members. All together, those who wait anywhere are
    /// one queue; devices are no part of the utilization.
    fn processors(&mut self) {
        let ready: f64 = self.stations.values().map(|(busy, present)| present - busy).sum();
        if !self.stations.is_empty() || self.for_tokens.is_some() {
            self.queue(ALL, ready + self.for_tokens.unwrap_or(0.0));
        }
        if self.stations.is_empty() {
            return;
        }
        let model = self.shape.model;
        let of = |processor: usize| {
            let (busy, present) = self.stations.get(&processor).copied().unwrap_or((0.0, 0.0));
            (busy, present - busy, f64::from(model.processors[processor].cores))
        };
        let sum = |members: &[usize]| {
            members.iter().map(|p| of(*p)).fold((0.0, 0.0, 0.0), |a, b| (a.0 + b.0, a.1 + b.1, a.2 + b.2))
        };
        let indices = 0..model.processors.len();
        let mut scopes: Vec<(String, Vec<usize>)> =
            vec![(ALL.to_owned(), indices.clone().filter(|p| !model.processors[*p].device).collect())];
        for (component, members) in members(model, model.processors.iter().map(|p| p.component)) {
            scopes.push((model.components[component].name.clone(), members.clone()));
            if members.len() > 1 && members.len() <= MAX_MEMBERS {
                scopes.extend(members.iter().map(|p| (model.processors[*p].name.clone(), vec![*p])));
            }
        }
        let found: Vec<(String, (f64, f64, f64))> = scopes
            .into_iter()
            .filter(|(_, members)| !members.is_empty())
            .map(|(scope, members)| (scope, sum(&members)))
            .collect();
        for (scope, (busy, queued, cores)) in found {
            self.push("utilization/mean", &scope, ALL, busy / cores);
            if scope != ALL {
                self.queue(&scope, queued);
            }
        }
    }

    fn queue(&mut self, scope: &str, queued: f64) {
        // What rounding leaves of an empty queue is nothing.
        self.push("queue_length/mean", scope, ALL, if queued.abs() < 1e-12 { 0.0 } else { queued });
    }
}
