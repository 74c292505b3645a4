//! Whether a model draws anything: if not, one replication has all the information.

use policies::Layer;
use sim_core::law::Law;
use sim_core::model::{Arrivals, BranchTable, Model, Outages, Source};
use sim_core::ties::IdleCore;

/// Whether anything in a model is random, as far as its description says.
pub(crate) fn draws(model: &Model) -> bool {
    let at_random = |outages: &Outages| outages.random.is_some();
    !work_is_given(model)
        || model.groups.iter().any(|group| group.outages.as_ref().is_some_and(at_random))
        || model.ties.idle_core == IdleCore::Random
        || model.processors.iter().any(|processor| by_chance(Layer::Scheduler, &processor.scheduler.spec))
        || model.balancers.iter().any(|balancer| by_chance(Layer::Balancer, &balancer.policy.spec))
}

/// Whether every replication has the same jobs with the same work, whatever becomes of them.
pub(crate) fn work_is_given(model: &Model) -> bool {
    let fixed = |law: &Law| matches!(law, Law::Deterministic { .. });
    let source = |source: &Source| {
        let arrivals = match &source.arrivals {
            // A trace brings its sizes.
            Arrivals::Trace(_) => return source.clients == 0 && source.timeout.is_none(),
            Arrivals::Periodic { .. } => true,
            Arrivals::Renewal(law) => fixed(law),
            Arrivals::Closed { think, .. } => fixed(think),
            // Copies are moved at random.
            Arrivals::Varying(_) | Arrivals::Copies(_) => false,
        };
        let patience = source.timeout.as_ref().is_none_or(|timeout| fixed(&timeout.after));
        arrivals
            && patience
            && source.clients == 0
            && model.classes[source.class as usize].draws.iter().all(fixed)
    };
    let laws = model.laws.iter().all(fixed);
    let ways = |table: &BranchTable| table.ways.iter().filter(|(weight, _)| *weight > 0).count();
    model.sources.iter().all(source) && laws && model.branches.iter().all(|table| ways(table) <= 1)
}

/// Whether a policy draws; one that is not known here may.
fn by_chance(layer: Layer, spec: &str) -> bool {
    let id = spec.split(':').next().unwrap_or(spec);
    policies::find(layer, id).is_none_or(|def| def.traits.random)
}
