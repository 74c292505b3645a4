//! The words of a model's policies, for explanations.

use policies::Layer;
use reports::explain::{PolicyWords, Vocabulary};
use sim_core::model::Model;
use std::collections::BTreeMap;

/// What each policy of the model says of itself. A policy that is not in the catalog has no words but its spec.
pub fn vocabulary(model: &Model) -> Vocabulary {
    let mut known: BTreeMap<(Layer, &str), PolicyWords> = BTreeMap::new();
    let mut words =
        |layer: Layer, spec| known.entry((layer, spec)).or_insert_with(|| of(layer, spec)).clone();
    Vocabulary {
        schedulers: model
            .processors
            .iter()
            .map(|p| words(Layer::Scheduler, p.scheduler.spec.as_str()))
            .collect(),
        balancers: model.balancers.iter().map(|b| words(Layer::Balancer, b.policy.spec.as_str())).collect(),
    }
}

fn of(layer: Layer, spec: &str) -> PolicyWords {
    let Ok(parsed) = policies::parse(layer, spec) else {
        return PolicyWords { spec: spec.to_owned(), ..PolicyWords::default() };
    };
    let def = parsed.def;
    PolicyWords {
        spec: spec.to_owned(),
        rule: def.rule.to_owned(),
        tie: def.tie.to_owned(),
        keys: parsed.keys(),
        draws: def.draws,
    }
}
