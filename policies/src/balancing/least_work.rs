//! Least work left: the server that would be free first.

use crate::def::{Build, Cost, Example, PolicyDef, Traits, cite};
use sim_core::policy::{Balancer, Clairvoyant, Request, Servers};
use sim_core::rng::Stream;
use sim_core::trace::Key;

pub(crate) static DEF: PolicyDef = PolicyDef {
    id: "least-work",
    title: "Least work left",
    definition: "Each request goes to the server whose requests still have the least work in all to be served at its \
                 processors, sizes being known; the lowest index among equals. Before equal servers of one \
                 first-come-first-served core this gives every request the start it would have in one central queue. \
                 Weights are not used.",
    rule: "least work left",
    tie: "lowest index",
    keys: &["work left (ns)"],
    keys_of: None,
    orders_by: None,
    draws: false,
    source: &[cite("Harchol-Balter: Performance Modeling and Design of Computer Systems, 2013", "24.2, LWL")],
    params: &[],
    cost: Cost { arrive: "-", pick: "O(n)", memory: "O(n)" },
    traits: Traits { preemptive: false, clairvoyant: true, work_conserving: false, random: false },
    example: Example {
        unit: "ms",
        params: "",
        jobs: "r1 0 9 | r2 0 2 | r3 0 4 | r4 1 4 | r5 2 1 | r6 3 1",
        // Left at 1: 8, 1, 3. At 2: 7, 4, 2. At 3: 6, 3, 2.
        timeline: "a b c b c c",
    },
    build: Build::Balancer(|_, _| Box::new(LeastWork)),
};

#[derive(Clone)]
struct LeastWork;

impl Balancer for LeastWork {
    type Sees = Clairvoyant;

    fn pick(&mut self, _request: &Request, servers: &Servers<'_, Clairvoyant>, _rng: &mut Stream) -> u32 {
        servers.least(|server| servers.work_left(server))
    }

    fn key(&self, server: u32, _request: &Request, servers: &Servers<'_, Clairvoyant>) -> Key {
        Key::of(servers.work_left(server).0)
    }
}
