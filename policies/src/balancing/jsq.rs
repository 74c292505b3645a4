//! Join the shortest queue.

use crate::def::{Build, Cost, Example, PolicyDef, Traits, cite};
use crate::params::{ParamDef, ParamKind};
use sim_core::policy::{Balancer, Blind, Request, Servers};
use sim_core::rng::{Stream, below};
use sim_core::trace::Key;

pub(crate) static DEF: PolicyDef = PolicyDef {
    id: "jsq",
    title: "Join the shortest queue",
    definition: "Each request goes to the server with the fewest requests of this balancer under way, the one in \
                 service counted. Among equals one is drawn uniformly (ties=random) or the lowest index is taken \
                 (ties=lowest); a single shortest queue needs no draw. Weights are not used.",
    rule: "fewest requests under way",
    tie: "uniform draw, or lowest index",
    keys: &["requests under way"],
    keys_of: None,
    orders_by: None,
    draws: false,
    source: &[
        cite("Winston: Optimality of the shortest line discipline, 1977", ""),
        cite("Harchol-Balter: Performance Modeling and Design of Computer Systems, 2013", "24.2"),
    ],
    params: &[ParamDef {
        name: "ties",
        kind: ParamKind::Choice(&["random", "lowest"]),
        default: "random",
        help: "who gets the request among servers with equally many",
    }],
    cost: Cost { arrive: "-", pick: "O(n)", memory: "O(1)" },
    traits: Traits { preemptive: false, clairvoyant: false, work_conserving: false, random: true },
    example: Example {
        unit: "ms",
        params: "ties=lowest",
        jobs: "r1 0 5 | r2 0 1 | r3 0 5 | r4 2 5 | r5 3 5",
        timeline: "a b c b a",
    },
    build: Build::Balancer(|params, _| Box::new(Jsq { lowest: params.word("ties") == "lowest" })),
};

#[derive(Clone)]
struct Jsq {
    lowest: bool,
}

impl Balancer for Jsq {
    type Sees = Blind;

    fn pick(&mut self, _request: &Request, servers: &Servers<'_, Blind>, rng: &mut Stream) -> u32 {
        let first = servers.least(|server| servers.active(server));
        if self.lowest {
            return first;
        }
        let fewest = servers.active(first);
        let shortest = || servers.usable().iter().copied().filter(|server| servers.active(*server) == fewest);
        match shortest().count() {
            0 | 1 => first,
            n => shortest().nth(below(rng, n as u64) as usize).unwrap_or(first),
        }
    }

    fn key(&self, server: u32, _request: &Request, servers: &Servers<'_, Blind>) -> Key {
        Key::of(servers.active(server))
    }
}
