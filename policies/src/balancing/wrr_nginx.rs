//! Smooth weighted round robin, as nginx does it.

use crate::def::{Build, Cost, Example, Input, PolicyDef, Traits, cite};
use sim_core::policy::{Balancer, Blind, Request, Servers};
use sim_core::rng::Stream;
use sim_core::trace::Key;

pub(crate) static DEF: PolicyDef = PolicyDef {
    id: "wrr-nginx",
    title: "Smooth weighted round robin (nginx)",
    definition: "Every server has a current weight, 0 at the start. For each request the current weight of every server \
                 that may be chosen grows by its weight; the server with the largest current weight is picked, the \
                 first in the list among equals, and its current weight falls by the sum of the weights just added. A \
                 server that may not be chosen keeps its current weight.",
    rule: "largest current weight",
    tie: "first in the list",
    keys: &["minus the current weight after growth"],
    keys_of: None,
    orders_by: Some(Input::Weight),
    draws: false,
    source: &[cite("nginx 1.31: ngx_http_upstream_round_robin.c", "ngx_http_upstream_get_peer")],
    params: &[],
    cost: Cost { arrive: "-", pick: "O(n)", memory: "O(n)" },
    traits: Traits { preemptive: false, clairvoyant: false, work_conserving: false, random: false },
    example: Example {
        unit: "ms",
        params: "",
        jobs: "weights=5:1:1 | r1 0 5 | r2 0 5 | r3 0 5 | r4 0 5 | r5 0 5 | r6 0 5 | r7 0 5",
        timeline: "a a b a c a a",
    },
    build: Build::Balancer(|_, weights| Box::new(SmoothWeights::new(weights.len()))),
};

/// The current weights; `ip-hash` falls back on them.
#[derive(Clone)]
pub(super) struct SmoothWeights {
    current: Vec<i64>,
}

impl SmoothWeights {
    pub(super) fn new(servers: usize) -> SmoothWeights {
        SmoothWeights { current: vec![0; servers] }
    }

    pub(super) fn next(&mut self, servers: &Servers<'_, Blind>) -> u32 {
        let mut total = 0;
        let mut best: Option<u32> = None;
        for &server in servers.usable() {
            let weight = i64::from(servers.weight(server));
            self.current[server as usize] += weight;
            total += weight;
            if best.is_none_or(|best| self.current[server as usize] > self.current[best as usize]) {
                best = Some(server);
            }
        }
        let best = best.unwrap_or(0);
        self.current[best as usize] -= total;
        best
    }
}

impl Balancer for SmoothWeights {
    type Sees = Blind;

    fn pick(&mut self, _request: &Request, servers: &Servers<'_, Blind>, _rng: &mut Stream) -> u32 {
        self.next(servers)
    }

    fn key(&self, server: u32, _request: &Request, servers: &Servers<'_, Blind>) -> Key {
        let grown = self.current[server as usize] + i64::from(servers.weight(server));
        Key::of(-i128::from(grown))
    }
}
