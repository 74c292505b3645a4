//! The stations and balancers that have a policy.

use crate::model::setup::Setup;
use policies::Layer;
use sim_core::model::Model;

/// A place for a policy.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Seat {
    /// `cpu`, `web.cpu`, `lb`: as `--policy NAME=...` takes it.
    pub name: String,
    /// What kind of policy it takes.
    pub layer: Layer,
    /// The policy in effect, or the one asked for last where that was wrong.
    pub spec: String,
    /// A device, such as a disk.
    pub device: bool,
}

/// All places of a model, balancers first, devices last.
pub fn seats(setup: &Setup, model: &Model) -> Vec<Seat> {
    let mut found: Vec<Seat> = Vec::new();
    for balancer in &model.balancers {
        let (name, spec) = (balancer.name.clone(), balancer.policy.spec.clone());
        found.push(Seat { name, layer: Layer::Balancer, spec, device: false });
    }
    for processor in &model.processors {
        let component = model.components.get(processor.component as usize);
        let name = component.map_or(&processor.name, |component| &component.name).clone();
        if found.iter().all(|seat| seat.name != name) {
            let spec = processor.scheduler.spec.clone();
            found.push(Seat { name, layer: Layer::Scheduler, spec, device: processor.device });
        }
    }
    let alone = found.len() == 1;
    for seat in &mut found {
        let asked = setup.options.policies.iter().find(|option| {
            option.station.as_deref() == Some(&seat.name) || alone && option.station.is_none()
        });
        if let Some(option) = asked {
            seat.spec.clone_from(&option.spec);
        }
    }
    found.sort_by_key(|seat| seat.device);
    found
}
