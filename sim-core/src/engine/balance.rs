//! Balancers: requests are sent to servers and leave them.

use super::Engine;
use crate::error::RunError;
use crate::model::{BalancerSpec, Model};
use crate::policy::{ErasedBalancer, Farm, Load, Request};
use crate::record::Recorder;
use crate::rng::{Stream, StreamRoot};
use crate::trace::{Candidate, Decision, DecisionKind, Grounds};

/// A balancer while a run goes on.
pub(super) struct BalancerState {
    policy: Box<dyn ErasedBalancer>,
    rng: Stream,
    watches: bool,
    pub knows_sizes: bool,
    pub register: u16,
    pub farm: Farm,
}

impl BalancerState {
    pub fn new(spec: &BalancerSpec, model: &Model, root: StreamRoot) -> BalancerState {
        let group = &model.groups[spec.group as usize];
        let policy = (spec.policy.build)(&group.weights);
        let count = group.weights.len();
        BalancerState {
            watches: policy.watches(),
            knows_sizes: policy.knows_sizes(),
            policy,
            rng: root.stream(&spec.name, "balancer"),
            register: spec.register,
            farm: Farm {
                loads: vec![Load::default(); count],
                weights: group.weights.clone(),
                usable: (0..count as u32).collect(),
                owed: vec![0; count],
                roles: group.processors.clone(),
            },
        }
    }
}

impl<R: Recorder, const PLAIN: bool> Engine<'_, R, PLAIN> {
    /// Asks a balancer for a server, which the caller remembers on the job.
    #[inline(always)]
    pub(super) fn balance(&mut self, slot: u32, balancer: u32, pc: u32, request: Request) -> u32 {
        let state = &mut self.balancers[balancer as usize];
        let keys = self.world.recorder.wants_grounds().then(|| {
            let keys = state.farm.usable.iter().map(|server| Candidate {
                id: u64::from(*server),
                key: state.policy.key(*server, &request, &state.farm, &self.processors, &self.world.shared),
                running: false,
            });
            keys.collect::<Vec<_>>()
        });
        let server =
            state.policy.pick(&request, &state.farm, &self.processors, &self.world.shared, &mut state.rng);
        if server as usize >= state.farm.loads.len()
            || state.farm.usable.len() < state.farm.loads.len()
                && state.farm.usable.binary_search(&server).is_err()
        {
            self.broken_balance(balancer, server);
            return 0;
        }
        if self.world.recorder.wants_decisions() {
            let chosen = u64::from(server);
            self.world.recorder.decision(Decision {
                at: self.world.shared.now,
                kind: DecisionKind::Balance { balancer, job: request.number },
                chosen,
                slice: None,
                grounds: keys.map(|keys| {
                    Box::new(
                        Grounds::of(keys, chosen, state.policy.note()).among(chosen, state.policy.among()),
                    )
                }),
            });
        }
        let load = &mut state.farm.loads[server as usize];
        load.active += 1;
        load.picks += 1;
        if state.knows_sizes {
            let register = slot as usize * self.world.stride.registers + state.register as usize;
            let all = &self.world.model.owed;
            let draws = all.binary_search_by_key(&pc, |owed| owed.at).ok().map(|index| &all[index]);
            let first = slot as usize * self.world.stride.values;
            let owed: u64 = draws
                .map_or(0, |owed| owed.draws.iter().map(|k| self.world.values[first + *k as usize]).sum());
            state.farm.owed[server as usize] += owed;
            self.world.owed[register] = owed;
        }
        if R::DIGEST {
            self.world.recorder.choice(request.number, server);
        }
        server
    }

    #[cold]
    #[inline(never)]
    fn broken_balance(&mut self, balancer: u32, server: u32) {
        let spec = &self.world.model.balancers[balancer as usize];
        let error = RunError::Contract {
            policy: spec.policy.spec.clone(),
            station: spec.name.clone(),
            at: self.world.shared.now,
            event: self.world.events(),
            what: format!("it picks server {server}, which cannot be chosen"),
        };
        self.world.fail(error);
    }

    /// A request leaves the server that a balancer chose for it.
    #[inline(always)]
    pub(super) fn leave_server(&mut self, slot: u32, balancer: u32) {
        let server = self.world.place(slot, self.balancers[balancer as usize].register);
        self.leave_this(slot, balancer, server);
    }

    /// A request leaves a server.
    #[inline(always)]
    pub(super) fn leave_this(&mut self, slot: u32, balancer: u32, server: u32) {
        let state = &mut self.balancers[balancer as usize];
        let server = server as usize;
        state.farm.loads[server].active -= 1;
        if state.knows_sizes {
            let register = slot as usize * self.world.stride.registers + state.register as usize;
            state.farm.owed[server] -= std::mem::take(&mut self.world.owed[register]);
        }
        if state.watches {
            state.policy.left(
                server as u32,
                &state.farm,
                &self.processors,
                &self.world.shared,
                &mut state.rng,
            );
        }
    }

    /// Work was done at a processor whose group belongs to a balancer that knows sizes.
    pub(super) fn book_owed(&mut self, slot: u32, processor: u32, done: u64) {
        for &balancer in &self.processors[processor as usize].owners {
            let state = &mut self.balancers[balancer as usize];
            let register = slot as usize * self.world.stride.registers + state.register as usize;
            let booked = done.min(self.world.owed[register]);
            self.world.owed[register] -= booked;
            state.farm.owed[self.world.place(slot, state.register) as usize] -= booked;
        }
    }
}
