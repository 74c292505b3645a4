//! The policy catalog: schedulers and balancers, one file each.
//!
//! A policy is a [`PolicyDef`] (what it is) and an implementation of [`sim_core::policy::Scheduler`] or
//! [`sim_core::policy::Balancer`] (what it does). Two lines register it: the `mod` line in its folder's `mod.rs` and
//! the entry in that folder's sorted slice. A test compares folder and slice, another runs every example, and the
//! invariant tests loop over [`catalog`], so a new policy is tested before its author writes a test.

pub mod balancing;
pub mod cpu;
mod def;
mod example;
mod keyed;
mod ordered;
mod params;
mod predict;
mod ranked;
pub mod realtime;
mod slots;
mod spec;
mod tournament;

pub use def::{Build, Citation, Cost, Example, Input, Layer, PolicyDef, Traits, cite};
pub use example::{example_spec, run_example};
pub use params::{ParamDef, ParamKind, Params, Value};
pub use spec::{PolicySpec, SpecError, find, parse};

/// Every policy, schedulers first, each layer sorted by id.
pub fn catalog() -> impl Iterator<Item = &'static PolicyDef> {
    let mut schedulers: Vec<&'static PolicyDef> =
        cpu::POLICIES.iter().chain(realtime::POLICIES).copied().collect();
    schedulers.sort_by_key(|def| def.id);
    schedulers.into_iter().chain(balancing::POLICIES.iter().copied())
}
