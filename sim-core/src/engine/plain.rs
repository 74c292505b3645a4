//! What a model does not have: each thing that it leaves out is compiled out of, or kept out of, the hottest places.

use crate::model::{Arrivals, ComponentKind, Model};
use crate::policy::CpuScheduler;
use crate::units::Span;

/// One component, a processor: a job's own sums say all there is to say of its parts.
pub(super) fn is_lean(model: &Model) -> bool {
    matches!(&model.components[..], [only] if only.kind == ComponentKind::Processor)
}

/// Whether a balancer is told the sizes of jobs, so that the work owed to servers is kept.
pub(super) fn sizes_are_known(model: &Model) -> bool {
    model.balancers.iter().any(|spec| {
        let weights = &model.groups[spec.group as usize].weights;
        (spec.policy.build)(weights).knows_sizes()
    })
}

/// Whether jobs have timers: clients that give up, deadlines that end jobs.
pub(super) fn is_timed(model: &Model) -> bool {
    model.sources.iter().any(|source| source.timeout.is_some())
        || model.attributes.iter().any(|about| about.abort_on_miss && about.deadline.is_some())
}

/// Whether jobs may leave before their programs end.
pub(super) fn leaves_early(model: &Model) -> bool {
    is_timed(model) || model.groups.iter().any(|group| group.outages.is_some())
}

/// Whether the model has nothing that the plain engine leaves out.
pub(super) fn is_plain(model: &Model) -> bool {
    let plain = |p: &crate::model::Processor| {
        let picks = matches!((p.scheduler.build)(&model.ties), CpuScheduler::Picks(_));
        p.interrupts.is_none()
            && p.cores == 1
            && p.speed.is_one()
            && p.context_switch + p.dispatch_latency == Span::ZERO
            && picks
    };
    let renewal = |source: &crate::model::Source| {
        matches!(source.arrivals, Arrivals::Renewal(_)) && source.clients == 0
    };
    is_lean(model)
        && model.laws.is_empty()
        && model.branches.is_empty()
        && model.forks.is_empty()
        && !model.has_tasks()
        && model.pools.iter().all(|pool| pool.host.is_none())
        && !sizes_are_known(model)
        && model.attributes.iter().all(|about| about.deadline.is_none())
        && !is_timed(model)
        && model.groups.iter().all(|group| group.outages.is_none())
        && model.sources.iter().all(renewal)
        && model.classes.iter().all(|class| class.draws.len() <= 1)
        && model.processors.iter().all(plain)
}
