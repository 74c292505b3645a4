//! Named, independent random streams.
//!
//! A stream is keyed by (seed, replication, entity name, purpose) and by nothing else: not by the policy, not by a
//! swept parameter. Two policies therefore meet the same arrivals and the same sizes (common random numbers), and a
//! new consumer of randomness shifts nobody else's numbers.

use rand::SeedableRng;
use rand_xoshiro::Xoshiro256PlusPlus;
use xxhash_rust::xxh3::Xxh3;

/// A stream of random numbers: xoshiro256++, by name, so that a result outlives the next release of any crate.
pub type Stream = Xoshiro256PlusPlus;

/// The root of all streams of one replication.
#[derive(Clone, Copy, Debug)]
pub struct StreamRoot {
    seed: u64,
    replication: u32,
}

impl StreamRoot {
    /// Streams of replication `replication` (0-based) under `seed`.
    pub fn new(seed: u64, replication: u32) -> StreamRoot {
        StreamRoot { seed, replication }
    }

    /// The key of the stream for `purpose` of the entity called `name`.
    pub fn key(self, name: &str, purpose: &str) -> u64 {
        let mut hash = Xxh3::new();
        hash.update(&self.seed.to_le_bytes());
        hash.update(&self.replication.to_le_bytes());
        // Lengths first: ("ab", "c") and ("a", "bc") are different streams.
        hash.update(&(name.len() as u64).to_le_bytes());
        hash.update(name.as_bytes());
        hash.update(purpose.as_bytes());
        hash.digest()
    }

    /// The stream for `purpose` of the entity called `name`.
    pub fn stream(self, name: &str, purpose: &str) -> Stream {
        Stream::seed_from_u64(self.key(name, purpose))
    }
}

/// The stream of one job: `key` is that of its class, `number` its number there.
///
/// The number is mixed by a finalizer of other constants than the generator's own seeding: adding multiples of the
/// seeding increment would make the states of neighboring jobs overlap.
#[inline]
pub fn job_stream(key: u64, number: u64) -> Stream {
    let mut x = key ^ number.wrapping_mul(0xD6E8_FEB8_6659_FD93);
    x ^= x >> 32;
    x = x.wrapping_mul(0xD6E8_FEB8_6659_FD93);
    x ^= x >> 32;
    Stream::seed_from_u64(x)
}

/// A float in [0, 1) from the upper 53 bits of one draw.
#[inline]
pub fn unit(bits: u64) -> f64 {
    (bits >> 11) as f64 * (1.0 / 9_007_199_254_740_992.0)
}

/// A uniform integer in `0..n` (Lemire's multiply-and-reject; no bias).
#[inline]
pub fn below(stream: &mut Stream, n: u64) -> u64 {
    use rand::Rng;
    debug_assert!(n > 0);
    let mut product = u128::from(stream.next_u64()) * u128::from(n);
    if (product as u64) < n {
        let threshold = n.wrapping_neg() % n;
        while (product as u64) < threshold {
            product = u128::from(stream.next_u64()) * u128::from(n);
        }
    }
    (product >> 64) as u64
}

/// Two independent uniform integers in `0..n` and `0..m` from one draw (Lemire's method on each half; no bias). Once in
/// about 2^32 / (n + m) draws the answer takes a closer look, [`NearPair::settle`], which may draw again; it is apart so
/// that a caller's common path stays free of calls.
#[inline]
pub fn pair_below(stream: &mut Stream, n: u32, m: u32) -> Result<(u32, u32), NearPair> {
    use rand::Rng;
    debug_assert!(n > 0 && m > 0);
    let bits = stream.next_u64();
    let first = (bits >> 32) * u64::from(n);
    let second = (bits & 0xffff_ffff) * u64::from(m);
    // A low part below its range may lie in the biased remainder.
    if (first as u32) < n || (second as u32) < m {
        return Err(NearPair { first, second });
    }
    Ok(((first >> 32) as u32, (second >> 32) as u32))
}

/// A draw of [`pair_below`] that may have to be rejected.
#[derive(Clone, Copy, Debug)]
pub struct NearPair {
    first: u64,
    second: u64,
}

impl NearPair {
    /// The pair, drawn again as often as it must be rejected; `n` and `m` as in the first draw.
    pub fn settle(mut self, stream: &mut Stream, n: u32, m: u32) -> (u32, u32) {
        let biased = |product: u64, n: u32| (product as u32) < n.wrapping_neg() % n;
        while biased(self.first, n) || biased(self.second, m) {
            match pair_below(stream, n, m) {
                Ok(pair) => return pair,
                Err(near) => self = near,
            }
        }
        ((self.first >> 32) as u32, (self.second >> 32) as u32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::Rng;

    #[test]
    fn streams_differ_by_every_part_of_their_key() {
        let root = StreamRoot::new(1, 0);
        let first = |mut stream: Stream| stream.next_u64();
        let base = first(root.stream("web", "arrivals"));
        assert_eq!(base, first(StreamRoot::new(1, 0).stream("web", "arrivals")));
        assert_ne!(base, first(root.stream("web", "sizes")));
        assert_ne!(base, first(root.stream("webs", "arrivals")));
        assert_ne!(base, first(StreamRoot::new(2, 0).stream("web", "arrivals")));
        assert_ne!(base, first(StreamRoot::new(1, 1).stream("web", "arrivals")));
        assert_ne!(root.key("ab", "c"), root.key("a", "bc"));
    }

    #[test]
    fn neighboring_jobs_have_unrelated_streams() {
        let mut draws: Vec<u64> = (0..10_000).map(|n| job_stream(42, n).next_u64()).collect();
        draws.sort_unstable();
        draws.dedup();
        assert_eq!(draws.len(), 10_000);
    }

    #[test]
    fn pairs_are_uniform_and_independent() {
        let mut stream = StreamRoot::new(8, 0).stream("t", "t");
        let mut seen = [[0u32; 3]; 4];
        for _ in 0..12_000 {
            let (a, b) = pair_below(&mut stream, 4, 3).unwrap_or_else(|near| near.settle(&mut stream, 4, 3));
            seen[a as usize][b as usize] += 1;
        }
        assert!(seen.iter().flatten().all(|n| (850..1150).contains(n)), "{seen:?}");
    }

    /// Ranges of three quarters of 2^32 reject a quarter of the draws of each half: without it every third
    /// number would come up twice as often as the others.
    #[test]
    fn pairs_of_wide_ranges_are_drawn_again_and_stay_uniform() {
        let wide = 3 << 30;
        let mut stream = StreamRoot::new(9, 0).stream("t", "t");
        let mut seen = [[0u32; 3]; 3];
        let mut near = 0;
        for _ in 0..9000 {
            let (a, b) = pair_below(&mut stream, wide, wide).unwrap_or_else(|pair| {
                near += 1;
                pair.settle(&mut stream, wide, wide)
            });
            seen[(a % 3) as usize][(b % 3) as usize] += 1;
        }
        assert!(near > 4000, "{near}");
        assert!(seen.iter().flatten().all(|n| (870..1130).contains(n)), "{seen:?}");
    }

    #[test]
    fn uniform_integers_stay_in_range_and_hit_every_value() {
        let mut stream = StreamRoot::new(7, 0).stream("t", "t");
        let mut seen = [0u32; 6];
        for _ in 0..6000 {
            seen[below(&mut stream, 6) as usize] += 1;
        }
        assert!(seen.iter().all(|n| (800..1200).contains(n)), "{seen:?}");
    }
}
