//! Consistent hashing on a ring: when a server goes, only its own clients move.

use crate::def::{Build, Cost, Example, PolicyDef, Traits, cite};
use crate::params::{ParamDef, ParamKind};
use sim_core::policy::{Balancer, Blind, Request, Servers};
use sim_core::rng::Stream;
use sim_core::trace::Key;
use xxhash_rust::xxh3::xxh3_64_with_seed;

pub(crate) static DEF: PolicyDef = PolicyDef {
    id: "ring-hash",
    title: "Ring hash",
    definition: "Every server has points on a ring of 2^64 places: replicas for each unit of weight (a weight of 0 counts \
                 as 1). The point number k of server i is the XXH3 hash (64 bits, seed 0x6469737061746368) of i and k \
                 as little-endian 32-bit numbers, a client's place that of its key as a little-endian 64-bit number. \
                 The request goes to the server of the first point at or after the client's place, going on past the \
                 end to the start; points of servers that may not be chosen are passed over. Where points \
                 coincide the lower index goes first. A ring has at most 2^23 points: beyond that every server has \
                 fewer in proportion, at least 1.",
    rule: "first point at or after the client's place",
    tie: "lower index",
    keys: &["part of the ring from the client's place to the server's next point (2^-64)"],
    keys_of: None,
    orders_by: None,
    draws: false,
    source: &[
        cite("Karger et al.: Consistent hashing and random trees, 1997", ""),
        cite("nginx 1.31: ngx_http_upstream_hash_module.c", "consistent: 160 points for each unit of weight"),
        cite("Envoy: ring hash load balancer", "at most 8 M points"),
    ],
    params: &[ParamDef {
        name: "replicas",
        kind: ParamKind::Integer { min: 1, max: 1_000_000 },
        default: "160",
        help: "points on the ring for each unit of weight",
    }],
    cost: Cost { arrive: "-", pick: "O(log points)", memory: "O(points)" },
    traits: Traits { preemptive: false, clairvoyant: false, work_conserving: false, random: false },
    example: Example {
        unit: "ms",
        params: "",
        jobs: "r1 0 5 client=10.0.0.5 | r2 0 5 client=10.0.0.250 | r3 0 5 client=192.168.1.7 | \
               r4 0 5 client=10.0.0.5",
        timeline: "b a b b",
    },
    build: Build::Balancer(|params, weights| Box::new(RingHash::new(params.integer("replicas"), weights))),
};

/// "dispatch" in ASCII.
const SEED: u64 = 0x6469_7370_6174_6368;
const POINTS_MAX: u128 = 1 << 23;

#[derive(Clone)]
struct RingHash {
    /// Points with their servers, by place.
    ring: Vec<(u64, u32)>,
    /// Number of points of each server.
    points: Vec<u32>,
}

fn point(server: u32, number: u32) -> u64 {
    let mut bytes = [0; 8];
    bytes[..4].copy_from_slice(&server.to_le_bytes());
    bytes[4..].copy_from_slice(&number.to_le_bytes());
    xxh3_64_with_seed(&bytes, SEED)
}

fn place(client: u64) -> u64 {
    xxh3_64_with_seed(&client.to_le_bytes(), SEED)
}

impl RingHash {
    fn new(replicas: u64, weights: &[u32]) -> RingHash {
        let wanted = |weight: &u32| u128::from(replicas) * u128::from(*weight).max(1);
        let total: u128 = weights.iter().map(wanted).sum();
        let scale = |points: u128| if total > POINTS_MAX { points * POINTS_MAX / total } else { points };
        let points: Vec<u32> = weights.iter().map(|weight| scale(wanted(weight)).max(1) as u32).collect();
        let mut ring: Vec<(u64, u32)> = (0..)
            .zip(&points)
            .flat_map(|(server, count)| (0..*count).map(move |number| (point(server, number), server)))
            .collect();
        ring.sort_unstable();
        RingHash { ring, points }
    }
}

impl Balancer for RingHash {
    type Sees = Blind;

    fn pick(&mut self, request: &Request, servers: &Servers<'_, Blind>, _rng: &mut Stream) -> u32 {
        let client = place(request.client);
        let start = self.ring.partition_point(|(at, _)| *at < client);
        let (before, after) = self.ring.split_at(start);
        let clockwise = after.iter().chain(before).map(|(_, server)| *server);
        clockwise.into_iter().find(|server| servers.is_usable(*server)).unwrap_or(servers.usable()[0])
    }

    fn key(&self, server: u32, request: &Request, _servers: &Servers<'_, Blind>) -> Key {
        let client = place(request.client);
        let count = self.points[server as usize];
        let distance = (0..count).map(|number| point(server, number).wrapping_sub(client)).min();
        Key::of(distance.unwrap_or(u64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_follow_the_weights_and_stay_bounded() {
        assert_eq!(RingHash::new(160, &[1, 2, 0]).points, [160, 320, 160]);
        let huge = RingHash::new(1_000_000, &[u32::MAX, 1, u32::MAX]);
        assert!(huge.ring.len() <= (1 << 23) + 3);
        assert_eq!(huge.points[1], 1, "every server stays on the ring");
    }

    /// A client moves only if its server goes.
    #[test]
    fn removing_a_server_moves_its_own_clients_only() {
        let full = RingHash::new(160, &[1, 1, 1, 1]);
        let owner = |ring: &[(u64, u32)], without: u32, client: u64| {
            let at = place(client);
            let start = ring.partition_point(|(point, _)| *point < at);
            let turn = (0..ring.len()).map(|step| ring[(start + step) % ring.len()].1);
            turn.into_iter().find(|server| *server != without)
        };
        for client in 0..1000 {
            let before = owner(&full.ring, u32::MAX, client);
            let after = owner(&full.ring, 2, client);
            assert!(before == after || before == Some(2), "client {client}: {before:?} to {after:?}");
        }
    }
}
