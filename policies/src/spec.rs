//! Policy specs as people write them: `round-robin:quantum=4ms`.

use crate::def::{Build, Layer, PolicyDef};
use crate::params::Params;
use sim_core::model::{BalancerRef, SchedulerRef};
use std::ops::Range;
use std::sync::Arc;
use thiserror::Error;

/// A policy with its parameters.
#[derive(Clone, Debug)]
pub struct PolicySpec {
    /// The definition.
    pub def: &'static PolicyDef,
    /// The parameters, defaults filled in.
    pub params: Params,
    /// The spec as written.
    pub text: String,
}

/// What is wrong with a spec, and where in its text.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{message}")]
pub struct SpecError {
    /// What is wrong.
    pub message: String,
    /// Which bytes of the spec.
    pub range: Range<usize>,
    /// What to write instead, where that can be said.
    pub help: Option<String>,
}

/// The policy with this id.
pub fn find(layer: Layer, id: &str) -> Option<&'static PolicyDef> {
    crate::catalog().find(|def| def.layer() == layer && def.id == id)
}

/// The candidate most like `word`, if one is near enough.
pub(crate) fn nearest<'a>(word: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    candidates
        .map(|candidate| (strsim::jaro_winkler(word, candidate), candidate))
        .filter(|(likeness, _)| *likeness > 0.75)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate)
}

/// Names that the field also uses, for "did you mean": too short to be found by likeness.
const OTHER_NAMES: &[(Layer, &str, &str)] = &[
    (Layer::Scheduler, "fb", "feedback"),
    (Layer::Scheduler, "fifo", "fcfs"),
    (Layer::Scheduler, "prio", "priority"),
    (Layer::Scheduler, "rr", "round-robin"),
    (Layer::Scheduler, "spn", "sjf"),
    (Layer::Scheduler, "srpt", "srtf"),
    (Layer::Scheduler, "stcf", "srtf"),
    (Layer::Balancer, "lc", "least-connections"),
    (Layer::Balancer, "least-conn", "least-connections"),
    (Layer::Balancer, "lwl", "least-work"),
    (Layer::Balancer, "p2c", "power-of-d"),
    (Layer::Balancer, "pod", "power-of-d"),
    (Layer::Balancer, "rr", "round-robin"),
    (Layer::Balancer, "wrr", "wrr-nginx"),
];

/// The id that an unknown one may mean.
fn meant(layer: Layer, id: &str) -> Option<&'static str> {
    let other = OTHER_NAMES.iter().find(|(of, name, _)| *of == layer && name.eq_ignore_ascii_case(id));
    let ids = crate::catalog().filter(|def| def.layer() == layer).map(|def| def.id);
    other.map(|(_, _, id)| *id).or_else(|| nearest(&id.to_ascii_lowercase(), ids))
}

/// Reads a spec of the given layer.
pub fn parse(layer: Layer, text: &str) -> Result<PolicySpec, SpecError> {
    let (id, rest) = match text.split_once(':') {
        Some((id, rest)) => (id, Some(rest)),
        None => (text, None),
    };
    let Some(def) = find(layer, id.trim()) else {
        let other = crate::catalog().find(|def| def.layer() != layer && def.id == id.trim());
        let help = match other {
            Some(def) => Some(format!("`{}` is a {}", def.id, def.layer().word())),
            None => meant(layer, id.trim()).map(|id| format!("did you mean `{id}`?")),
        };
        return Err(SpecError {
            message: format!("unknown {} `{}`", layer.word(), id.trim()),
            range: 0..id.len(),
            help: help.or_else(|| Some("`dispatchlab policies` lists them all".to_owned())),
        });
    };
    let mut values: Vec<Option<crate::params::Value>> = vec![None; def.params.len()];
    let mut offset = id.len() + 1;
    for part in rest.into_iter().filter(|rest| !rest.trim().is_empty()).flat_map(|rest| rest.split(',')) {
        let range = offset..offset + part.len();
        offset += part.len() + 1;
        let Some((name, value)) = part.split_once('=') else {
            return Err(SpecError {
                message: format!("`{}` is not of the form name=value", part.trim()),
                range,
                help: Some(usage(def)),
            });
        };
        let name = name.trim();
        let Some(index) = def.params.iter().position(|param| param.name == name) else {
            let near = nearest(name, def.params.iter().map(|param| param.name));
            return Err(SpecError {
                message: format!("`{}` has no parameter `{name}`", def.id),
                range,
                help: near.map(|near| format!("did you mean `{near}`?")).or_else(|| Some(usage(def))),
            });
        };
        if values[index].is_some() {
            return Err(SpecError {
                message: format!("parameter `{name}` is given twice"),
                range,
                help: None,
            });
        }
        match def.params[index].parse(value) {
            Ok(value) => values[index] = Some(value),
            Err(message) => {
                let value_start = range.start + part.len() - value.len();
                return Err(SpecError {
                    message: format!("parameter `{name}` of `{}`: {message}", def.id),
                    range: value_start..range.end,
                    help: Some(format!(
                        "{}; default `{}`",
                        def.params[index].help, def.params[index].default
                    )),
                });
            }
        }
    }
    let values = def
        .params
        .iter()
        .zip(values)
        .map(|(param, value)| {
            let value = value.unwrap_or_else(|| {
                param
                    .parse(param.default)
                    .unwrap_or_else(|e| panic!("default of {}.{}: {e}", def.id, param.name))
            });
            (param.name, value)
        })
        .collect();
    Ok(PolicySpec { def, params: Params { values }, text: text.trim().to_owned() })
}

fn usage(def: &PolicyDef) -> String {
    let names: Vec<String> =
        def.params.iter().map(|param| format!("{}={}", param.name, param.default)).collect();
    if names.is_empty() {
        format!("`{}` has no parameters", def.id)
    } else {
        format!("its parameters: {}", names.join(", "))
    }
}

impl PolicySpec {
    /// Names of the parts of its keys with their units, see [`PolicyDef::keys`].
    pub fn keys(&self) -> Vec<String> {
        match self.def.keys_of {
            Some(keys_of) => keys_of(&self.params),
            None => self.def.keys.iter().map(|key| (*key).to_owned()).collect(),
        }
    }

    /// As the model holds it. Panics for a balancer.
    pub fn scheduler(&self) -> SchedulerRef {
        let Build::Scheduler(build) = self.def.build else { panic!("`{}` is no scheduler", self.def.id) };
        let params = self.params.clone();
        SchedulerRef { spec: self.text.clone(), build: Arc::new(move |ties| build(&params, ties)) }
    }

    /// As the model holds it. Panics for a scheduler.
    pub fn balancer(&self) -> BalancerRef {
        let Build::Balancer(build) = self.def.build else { panic!("`{}` is no balancer", self.def.id) };
        let params = self.params.clone();
        BalancerRef { spec: self.text.clone(), build: Arc::new(move |weights| build(&params, weights)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_names_mean_policies_that_exist_and_are_none_themselves() {
        for (layer, name, id) in OTHER_NAMES {
            assert!(find(*layer, id).is_some() && find(*layer, name).is_none(), "{name}");
        }
    }
}
