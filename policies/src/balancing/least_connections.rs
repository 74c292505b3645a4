//! Least connections: the server with the fewest requests under way.

use crate::def::{Build, Cost, Example, PolicyDef, Traits, cite};
use crate::params::{ParamDef, ParamKind, Params};
use sim_core::policy::{Balancer, Blind, Request, Servers};
use sim_core::rng::Stream;
use sim_core::trace::Key;

pub(crate) static DEF: PolicyDef = PolicyDef {
    id: "least-connections",
    title: "Least connections",
    definition: "Each request goes to the server with the fewest requests of this balancer under way, queued or in \
                 service; the lowest index among equals. With weighted=true the number is divided by the server's \
                 weight, compared exactly as fractions; a server of weight 0 comes last. (nginx resolves ties by its \
                 smooth weighted round robin, IPVS by the first in the list as here.)",
    rule: "fewest requests under way",
    tie: "lowest index",
    keys: &["requests under way"],
    keys_of: Some(keys_of),
    orders_by: None,
    draws: false,
    source: &[
        cite("nginx 1.31: ngx_http_upstream_least_conn_module.c", "least_conn"),
        cite("Linux 6: net/netfilter/ipvs/ip_vs_lc.c and ip_vs_wlc.c", ""),
    ],
    params: &[ParamDef {
        name: "weighted",
        kind: ParamKind::Boolean,
        default: "false",
        help: "whether numbers of requests are divided by the servers' weights",
    }],
    cost: Cost { arrive: "-", pick: "O(n)", memory: "O(1)" },
    traits: Traits { preemptive: false, clairvoyant: false, work_conserving: false, random: false },
    example: Example {
        unit: "ms",
        params: "",
        jobs: "r1 0 5 | r2 0 1 | r3 0 5 | r4 2 5 | r5 3 5",
        timeline: "a b c b a",
    },
    build: Build::Balancer(|params, _| {
        if params.boolean("weighted") { Box::new(WeightedLeast) } else { Box::new(Least) }
    }),
};

#[derive(Clone)]
struct Least;

impl Balancer for Least {
    type Sees = Blind;

    #[inline]
    fn pick(&mut self, _request: &Request, servers: &Servers<'_, Blind>, _rng: &mut Stream) -> u32 {
        servers.least(|server| servers.active(server))
    }

    fn key(&self, server: u32, _request: &Request, servers: &Servers<'_, Blind>) -> Key {
        Key::of(servers.active(server))
    }
}

fn keys_of(params: &Params) -> Vec<String> {
    let weighted = params.boolean("weighted");
    vec![if weighted { "requests under way over weight (2^-64)" } else { "requests under way" }.to_owned()]
}

#[derive(Clone)]
struct WeightedLeast;

/// `active / weight` scaled by 2^64. Two different fractions of 32-bit numbers differ by more than 2^-64, so their
/// scaled values differ too.
fn scaled(server: u32, servers: &Servers<'_, Blind>) -> i128 {
    match servers.weight(server) {
        0 => i128::MAX,
        weight => (i128::from(servers.active(server)) << 64) / i128::from(weight),
    }
}

impl Balancer for WeightedLeast {
    type Sees = Blind;

    fn pick(&mut self, _request: &Request, servers: &Servers<'_, Blind>, _rng: &mut Stream) -> u32 {
        servers.least(|server| scaled(server, servers))
    }

    fn key(&self, server: u32, _request: &Request, servers: &Servers<'_, Blind>) -> Key {
        Key::of(scaled(server, servers))
    }
}
