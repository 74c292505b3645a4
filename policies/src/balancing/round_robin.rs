//! Round robin over the servers.

use crate::def::{Build, Cost, Example, PolicyDef, Traits, cite};
use sim_core::policy::{Balancer, Blind, Request, Servers};
use sim_core::rng::Stream;
use sim_core::trace::Key;

pub(crate) static DEF: PolicyDef = PolicyDef {
    id: "round-robin",
    title: "Round robin",
    definition: "Servers take turns in the order of the list, beginning with the first; a server that may not be chosen \
                 is passed over and loses its turn. Weights are not used.",
    rule: "next in the list",
    tie: "each turn has one server",
    keys: &["turns until it is next"],
    keys_of: None,
    orders_by: None,
    draws: false,
    source: &[cite("nginx: ngx_http_upstream_module, method by default with equal weights", "")],
    params: &[],
    cost: Cost { arrive: "-", pick: "O(log n)", memory: "O(1)" },
    traits: Traits { preemptive: false, clairvoyant: false, work_conserving: false, random: false },
    example: Example {
        unit: "ms",
        params: "",
        jobs: "r1 0 5 | r2 0 5 | r3 1 5 | r4 2 5",
        timeline: "a b c a",
    },
    build: Build::Balancer(|_, _| Box::new(RoundRobin::default())),
};

#[derive(Clone, Default)]
struct RoundRobin {
    next: u32,
}

impl Balancer for RoundRobin {
    type Sees = Blind;

    #[inline]
    fn pick(&mut self, _request: &Request, servers: &Servers<'_, Blind>, _rng: &mut Stream) -> u32 {
        let usable = servers.usable();
        let server = if usable.len() == servers.count() {
            self.next
        } else {
            let place = usable.partition_point(|server| *server < self.next);
            *usable.get(place).unwrap_or(&usable[0])
        };
        self.next = if server as usize + 1 == servers.count() { 0 } else { server + 1 };
        server
    }

    fn key(&self, server: u32, _request: &Request, servers: &Servers<'_, Blind>) -> Key {
        let count = servers.count() as i128;
        Key::of((i128::from(server) - i128::from(self.next)).rem_euclid(count))
    }
}
