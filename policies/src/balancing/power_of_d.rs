//! The power of d choices: sample a few servers, take the one with the fewest requests.

use crate::def::{Build, Cost, Example, PolicyDef, Traits, cite};
use crate::params::{ParamDef, ParamKind};
use sim_core::policy::{Balancer, Blind, Request, Servers};
use sim_core::rng::{NearPair, Stream, below, pair_below};
use sim_core::trace::Key;

pub(crate) static DEF: PolicyDef = PolicyDef {
    id: "power-of-d",
    title: "Power of d choices",
    definition: "For each request d servers are drawn uniformly, one after the other, and the one with the fewest \
                 requests of this balancer under way gets it; among equals the one drawn first, which makes ties \
                 random. By default the d servers are different ones; where there are no more than d, all are drawn. \
                 With replacement=true the same server can be drawn more than once. Weights are not used.",
    rule: "fewest requests among d drawn servers",
    tie: "drawn first",
    keys: &["requests under way"],
    keys_of: None,
    orders_by: None,
    draws: false,
    source: &[
        cite(
            "Mitzenmacher: The power of two choices in randomized load balancing, 1996",
            "supermarket model",
        ),
        cite(
            "Vvedenskaya, Dobrushin, Karpelevich: Queueing system with selection of the shortest of two queues, 1996",
            "",
        ),
    ],
    params: &[
        ParamDef {
            name: "d",
            kind: ParamKind::Integer { min: 1, max: 64 },
            default: "2",
            help: "number of servers drawn for each request",
        },
        ParamDef {
            name: "replacement",
            kind: ParamKind::Boolean,
            default: "false",
            help: "whether the same server can be drawn more than once",
        },
    ],
    cost: Cost { arrive: "-", pick: "O(d^2)", memory: "O(d)" },
    traits: Traits { preemptive: false, clairvoyant: false, work_conserving: false, random: true },
    example: Example {
        unit: "ms",
        params: "d=3",
        jobs: "r1 0 5 | r2 0 5 | r3 0 5 | r4 1 5 | r5 2 5 | r6 3 5",
        timeline: "a c b c a b",
    },
    build: Build::Balancer(|params, _| {
        let d = params.integer("d") as usize;
        if params.boolean("replacement") {
            Box::new(PowerOfD::<true>::new(d))
        } else {
            Box::new(PowerOfD::<false>::new(d))
        }
    }),
};

#[derive(Clone)]
struct PowerOfD<const REPLACEMENT: bool> {
    d: usize,
    /// The servers drawn last, in the order of drawing; of two choices, in `pair`.
    drawn: Vec<u32>,
    pair: [u32; 2],
    /// Places drawn so far, ascending; without replacement only.
    places: Vec<u32>,
}

impl<const REPLACEMENT: bool> PowerOfD<REPLACEMENT> {
    fn new(d: usize) -> Self {
        PowerOfD { d, drawn: Vec::with_capacity(d), pair: [0; 2], places: Vec::with_capacity(d) }
    }

    /// The next of a uniformly random sequence of different places below `count`: a number among those not drawn
    /// yet, counted past the ones that are.
    #[inline]
    fn draw_other(&mut self, count: u32, rng: &mut Stream) -> u32 {
        let mut place = below(rng, u64::from(count) - self.places.len() as u64) as u32;
        let mut at = 0;
        while at < self.places.len() && self.places[at] <= place {
            place += 1;
            at += 1;
        }
        self.places.insert(at, place);
        place
    }
}

impl<const REPLACEMENT: bool> PowerOfD<REPLACEMENT> {
    /// From how many places the second of two choices is drawn.
    #[inline]
    fn others(count: u32) -> u32 {
        if REPLACEMENT { count } else { count - 1 }
    }

    /// The one with fewer requests of two usable servers, the first where they tie; without replacement `b` is a place
    /// among the others.
    #[inline]
    fn shorter(&mut self, a: u32, mut b: u32, servers: &Servers<'_, Blind>) -> u32 {
        if !REPLACEMENT && b >= a {
            b += 1;
        }
        let usable = servers.usable();
        self.pair = [usable[a as usize], usable[b as usize]];
        let [first, second] = self.pair;
        if servers.active(second) < servers.active(first) { second } else { first }
    }

    /// Two choices whose draw takes a closer look.
    #[cold]
    #[inline(never)]
    fn pick_near(&mut self, near: NearPair, servers: &Servers<'_, Blind>, rng: &mut Stream) -> u32 {
        let count = servers.usable().len() as u32;
        let (a, b) = near.settle(rng, count, Self::others(count));
        self.shorter(a, b, servers)
    }

    /// Any number of choices.
    #[inline(never)]
    fn pick_any(&mut self, servers: &Servers<'_, Blind>, rng: &mut Stream) -> u32 {
        let usable = servers.usable();
        let count = usable.len() as u32;
        self.drawn.clear();
        self.places.clear();
        let draws = if REPLACEMENT { self.d } else { self.d.min(usable.len()) };
        let mut best = (u32::MAX, 0);
        for _ in 0..draws {
            let place =
                if REPLACEMENT { below(rng, u64::from(count)) as u32 } else { self.draw_other(count, rng) };
            let server = usable[place as usize];
            self.drawn.push(server);
            let active = servers.active(server);
            if active < best.0 || self.drawn.len() == 1 {
                best = (active, server);
            }
        }
        best.1
    }
}

impl<const REPLACEMENT: bool> Balancer for PowerOfD<REPLACEMENT> {
    type Sees = Blind;

    #[inline]
    fn pick(&mut self, _request: &Request, servers: &Servers<'_, Blind>, rng: &mut Stream) -> u32 {
        let count = servers.usable().len() as u32;
        if self.d == 2 && count >= 2 {
            // Two choices, the common case: both from one draw.
            return match pair_below(rng, count, Self::others(count)) {
                Ok((a, b)) => self.shorter(a, b, servers),
                Err(near) => self.pick_near(near, servers, rng),
            };
        }
        self.pick_any(servers, rng)
    }

    fn key(&self, server: u32, _request: &Request, servers: &Servers<'_, Blind>) -> Key {
        Key::of(servers.active(server))
    }

    fn among(&self) -> Option<&[u32]> {
        Some(if self.drawn.is_empty() { &self.pair } else { &self.drawn })
    }

    fn note(&self) -> Option<String> {
        let drawn = self.among().unwrap_or_default();
        // Servers are called by their numbers from 1.
        let drawn: Vec<String> = drawn.iter().map(|server| (server + 1).to_string()).collect();
        Some(format!("drew servers {}", drawn.join(", ")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sim_core::rng::StreamRoot;

    /// All 12 ordered pairs of 4 places are equally likely: chi-squared with 11 degrees of freedom stays below its
    /// 99.9 % point, 31.26.
    #[test]
    fn ordered_samples_without_replacement_are_uniform() {
        let mut rng = StreamRoot::new(11, 0).stream("power-of-d", "test");
        let mut policy = PowerOfD::<false>::new(2);
        let mut seen = [[0u32; 4]; 4];
        for _ in 0..12_000 {
            policy.places.clear();
            let first = policy.draw_other(4, &mut rng);
            let second = policy.draw_other(4, &mut rng);
            seen[first as usize][second as usize] += 1;
        }
        let mut chi = 0.0;
        for (first, row) in seen.iter().enumerate() {
            for (second, count) in row.iter().enumerate() {
                if first == second {
                    assert_eq!(*count, 0);
                } else {
                    chi += (f64::from(*count) - 1000.0) * (f64::from(*count) - 1000.0) / 1000.0;
                }
            }
        }
        assert!(chi < 31.26, "chi-squared {chi}: {seen:?}");
    }

    #[test]
    fn drawing_all_places_is_a_permutation() {
        let mut rng = StreamRoot::new(12, 0).stream("power-of-d", "test");
        let mut policy = PowerOfD::<false>::new(5);
        let mut drawn: Vec<u32> = (0..5).map(|_| policy.draw_other(5, &mut rng)).collect();
        drawn.sort_unstable();
        assert_eq!(drawn, [0, 1, 2, 3, 4]);
    }
}
