//! Uniform random choice.

use crate::def::{Build, Cost, Example, PolicyDef, Traits, cite};
use sim_core::policy::{Balancer, Blind, Request, Servers};
use sim_core::rng::{Stream, below};
use sim_core::trace::Key;

pub(crate) static DEF: PolicyDef = PolicyDef {
    id: "random",
    title: "Random",
    definition: "Each request goes to a server drawn uniformly among those that may be chosen, independently of \
                 everything else. Weights are not used.",
    rule: "uniform draw",
    tie: "all servers are equal",
    keys: &["no key"],
    keys_of: None,
    orders_by: None,
    draws: true,
    source: &[cite("Mitzenmacher: The power of two choices in randomized load balancing, 1996", "d = 1")],
    params: &[],
    cost: Cost { arrive: "-", pick: "O(1)", memory: "O(1)" },
    traits: Traits { preemptive: false, clairvoyant: false, work_conserving: false, random: true },
    example: Example {
        unit: "ms",
        params: "",
        jobs: "r1 0 5 | r2 0 5 | r3 0 5 | r4 0 5",
        timeline: "a a b a",
    },
    build: Build::Balancer(|_, _| Box::new(Random)),
};

#[derive(Clone)]
struct Random;

impl Balancer for Random {
    type Sees = Blind;

    fn pick(&mut self, _request: &Request, servers: &Servers<'_, Blind>, rng: &mut Stream) -> u32 {
        let usable = servers.usable();
        usable[below(rng, usable.len() as u64) as usize]
    }

    fn key(&self, _server: u32, _request: &Request, _servers: &Servers<'_, Blind>) -> Key {
        Key::default()
    }
}
