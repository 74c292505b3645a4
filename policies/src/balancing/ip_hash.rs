//! IP hash, as nginx does it: clients of one network stay with one server.

use super::wrr_nginx::SmoothWeights;
use crate::def::{Build, Cost, Example, PolicyDef, Traits, cite};
use sim_core::policy::{Balancer, Blind, Request, Servers};
use sim_core::rng::Stream;
use sim_core::trace::Key;

pub(crate) static DEF: PolicyDef = PolicyDef {
    id: "ip-hash",
    title: "IP hash (nginx)",
    definition: "The server follows from the client. A number begins at 89, and each of the first three octets of the \
                 client's IPv4 address in turn makes it (number * 113 + octet) mod 6271; of any other client key all \
                 eight octets are taken, the highest first. The number modulo the sum of all weights, a server of \
                 weight 0 counting as 1, is a place in the list of servers, each as long as its weight. If the server \
                 there may not be chosen the octets are added again to the number as it stands; after 20 tries \
                 smooth weighted round robin decides.",
    rule: "place of the client's hash",
    tie: "each place has one server",
    keys: &["0 where the hash points, else 1"],
    keys_of: None,
    orders_by: None,
    draws: false,
    source: &[cite("nginx 1.31: ngx_http_upstream_ip_hash_module.c", "")],
    params: &[],
    cost: Cost { arrive: "-", pick: "O(n)", memory: "O(n)" },
    traits: Traits { preemptive: false, clairvoyant: false, work_conserving: false, random: false },
    example: Example {
        unit: "ms",
        params: "",
        jobs: "r1 0 5 client=10.0.0.5 | r2 0 5 client=10.0.0.250 | r3 0 5 client=192.168.1.7 | \
               r4 0 5 client=172.16.5.1",
        timeline: "a a b b",
    },
    build: Build::Balancer(|_, weights| Box::new(IpHash { fallback: SmoothWeights::new(weights.len()) })),
};

const TRIES: u32 = 20;

#[derive(Clone)]
struct IpHash {
    fallback: SmoothWeights,
}

/// The server whose stretch of the list of weights holds `place`.
fn server_at(mut place: u64, servers: &Servers<'_, Blind>) -> u32 {
    for server in 0..servers.count() as u32 {
        let weight = u64::from(servers.weight(server).max(1));
        if place < weight {
            return server;
        }
        place -= weight;
    }
    0
}

/// The usable server that the client's hash leads to within the allowed tries.
fn hashed(client: u64, servers: &Servers<'_, Blind>) -> Option<u32> {
    let octets = client.to_be_bytes();
    // An IPv4 address is the last four of the eight octets; the last of them is left out.
    let octets = if u32::try_from(client).is_ok() { &octets[4..7] } else { &octets[..] };
    let total: u64 = (0..servers.count() as u32).map(|server| u64::from(servers.weight(server).max(1))).sum();
    let mut number = 89;
    (0..TRIES).find_map(|_| {
        number = octets.iter().fold(number, |number, octet| (number * 113 + u64::from(*octet)) % 6271);
        Some(server_at(number % total, servers)).filter(|server| servers.is_usable(*server))
    })
}

impl Balancer for IpHash {
    type Sees = Blind;

    fn pick(&mut self, request: &Request, servers: &Servers<'_, Blind>, _rng: &mut Stream) -> u32 {
        hashed(request.client, servers).unwrap_or_else(|| self.fallback.next(servers))
    }

    fn key(&self, server: u32, request: &Request, servers: &Servers<'_, Blind>) -> Key {
        Key::of(i128::from(hashed(request.client, servers).is_some_and(|hashed| hashed != server)))
    }
}
