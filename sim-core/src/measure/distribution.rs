//! Distributions of durations.

/// Sub-buckets an octave.
const SUB: u64 = 128;
const SUB_BITS: u32 = SUB.ilog2();
/// Buckets of a distribution.
pub const BUCKETS: usize = ((64 - SUB_BITS as usize) + 1) * SUB as usize;

/// How many values are kept exactly before percentiles come from buckets.
pub const EXACT_VALUES: usize = 100_000;

/// A distribution of durations: exact up to [`EXACT_VALUES`] values, and a log-linear histogram with 128 sub-buckets
/// an octave (relative error below 1/128) beyond.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Distribution {
    count: u64,
    sum: u128,
    max: u64,
    /// The values, until there are too many of them.
    values: Vec<u64>,
    buckets: Option<Box<[u64; BUCKETS]>>,
}

impl Distribution {
    /// Counts one value.
    #[inline(always)]
    pub fn record(&mut self, value: u64) {
        self.count += 1;
        self.sum += u128::from(value);
        self.max = self.max.max(value);
        match &mut self.buckets {
            Some(buckets) => buckets[bucket(value)] += 1,
            None => allocate(&mut self.buckets)[bucket(value)] += 1,
        }
        if self.count <= EXACT_VALUES as u64 {
            self.keep(value);
        }
    }

    /// Counts one value in count and sum alone: no maximum, no percentiles.
    #[inline(always)]
    pub(crate) fn add(&mut self, value: u64) {
        self.count += 1;
        self.sum += u128::from(value);
    }

    #[cold]
    #[inline(never)]
    fn keep(&mut self, value: u64) {
        self.values.push(value);
    }

    /// How many values.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Their sum.
    pub fn sum(&self) -> u128 {
        self.sum
    }

    /// The least value (beyond [`EXACT_VALUES`] values the upper bound of its bucket); `None` where there is none.
    pub fn min(&self) -> Option<u64> {
        if self.is_exact() {
            self.values.iter().min().copied()
        } else {
            self.buckets().next().map(|(upper, _)| upper)
        }
    }

    /// The greatest value; `None` where there is none, or where only sums were kept.
    pub fn max(&self) -> Option<u64> {
        self.buckets.is_some().then_some(self.max)
    }

    /// The mean; `None` where there is no value.
    pub fn mean(&self) -> Option<f64> {
        (self.count > 0).then(|| self.sum as f64 / self.count as f64)
    }

    /// The value of nearest rank `ceil(p n)`, for `p = numerator / denominator` in (0, 1]: exact up to
    /// [`EXACT_VALUES`] values, then the upper bound of its bucket (never above the greatest value). `None` where there
    /// is no value, or where only sums were kept.
    pub fn percentile(&self, numerator: u64, denominator: u64) -> Option<u64> {
        if self.count == 0 || self.buckets.is_none() {
            return None;
        }
        let rank = (u128::from(self.count) * u128::from(numerator)).div_ceil(u128::from(denominator)) as u64;
        let rank = rank.clamp(1, self.count);
        if self.is_exact() {
            let mut values = self.values.clone();
            let (_, value, _) = values.select_nth_unstable(rank as usize - 1);
            return Some(*value);
        }
        let mut seen = 0;
        for (upper, n) in self.buckets() {
            seen += n;
            if seen >= rank {
                return Some(upper.min(self.max));
            }
        }
        Some(self.max)
    }

    /// How many values are at most `limit`: exact while every value is kept, then those in buckets that end there or
    /// before, which leaves out at most the one bucket that the limit divides (a limit that is a 128th lower has them all).
    /// `None` where only sums were kept.
    pub fn within(&self, limit: u64) -> Option<u64> {
        if self.count == 0 || self.max().is_some_and(|max| max <= limit) {
            return Some(self.count);
        }
        if self.is_exact() {
            return Some(self.values.iter().filter(|value| **value <= limit).count() as u64);
        }
        let buckets = || self.buckets().take_while(|(upper, _)| *upper <= limit);
        self.buckets.is_some().then(|| buckets().map(|(_, n)| n).sum())
    }

    /// Whether every value is still kept.
    pub fn is_exact(&self) -> bool {
        self.count == self.values.len() as u64
    }

    /// The values in the order in which they came; only while [`is_exact`](Distribution::is_exact).
    pub fn values(&self) -> &[u64] {
        &self.values
    }

    /// Non-empty buckets as (greatest value of the bucket, count), in ascending order.
    pub fn buckets(&self) -> impl Iterator<Item = (u64, u64)> + '_ {
        let buckets = self.buckets.iter().flat_map(|buckets| buckets.iter());
        buckets.enumerate().filter(|(_, n)| **n > 0).map(|(index, n)| (bucket_bound(index), *n))
    }

    /// How many values lie in each of the [`BUCKETS`]; `None` where there is no value, or where only sums were kept.
    pub fn counts(&self) -> Option<&[u64; BUCKETS]> {
        self.buckets.as_deref()
    }

    /// Adds another distribution's values.
    pub fn merge(&mut self, other: &Distribution) {
        if other.count == 0 {
            return;
        }
        if let Some(theirs) = &other.buckets {
            let mine = allocate(&mut self.buckets);
            for (mine, theirs) in mine.iter_mut().zip(theirs.iter()) {
                *mine += theirs;
            }
        }
        if self.count > 0 && self.buckets.is_some() != other.buckets.is_some() {
            // One side kept sums only: so does the whole.
            self.buckets = None;
        }
        let exact =
            self.is_exact() && other.is_exact() && self.values.len() + other.values.len() <= EXACT_VALUES;
        if exact {
            self.values.extend_from_slice(&other.values);
        } else {
            self.values = Vec::new();
        }
        self.count += other.count;
        self.sum += other.sum;
        self.max = self.max.max(other.max);
    }
}

#[cold]
#[inline(never)]
fn allocate(buckets: &mut Option<Box<[u64; BUCKETS]>>) -> &mut [u64; BUCKETS] {
    buckets.get_or_insert_with(|| {
        let zeros = vec![0; BUCKETS].into_boxed_slice();
        zeros.try_into().unwrap_or_else(|_| unreachable!("the slice has this length"))
    })
}

/// Values below 256 have a bucket each; from there each octave has 128 equal ones.
#[inline]
fn bucket(value: u64) -> usize {
    let shift = (value | (2 * SUB - 1)).ilog2() - SUB_BITS;
    ((u64::from(shift) << SUB_BITS) + (value >> shift)) as usize
}

/// The greatest value of a bucket, by its place among the [`BUCKETS`].
pub fn bucket_bound(index: usize) -> u64 {
    let index = index as u64;
    if index < 2 * SUB {
        return index;
    }
    let shift = index / SUB - 1;
    let base = index - shift * SUB;
    u64::try_from(((u128::from(base) + 1) << shift) - 1).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::Levels;

    #[test]
    fn buckets_are_contiguous_and_narrow() {
        let mut previous = None;
        for index in 0..BUCKETS {
            let upper = bucket_bound(index);
            assert_eq!(bucket(upper), index, "upper bound {upper}");
            if let Some(previous) = previous {
                assert_eq!(bucket(previous + 1), index, "no gap after {previous}");
                assert!(upper - previous <= (upper >> 7).max(1), "bucket {index} is wider than 1/128");
            }
            previous = Some(upper);
        }
        assert_eq!(previous, Some(u64::MAX));
    }

    #[test]
    fn percentiles_are_of_nearest_rank() {
        let mut d = Distribution::default();
        assert_eq!(d.percentile(1, 2), None);
        for value in [30, 10, 20, 40] {
            d.record(value);
        }
        for (p, expected) in [(1, 10), (25, 10), (26, 20), (50, 20), (75, 30), (76, 40), (100, 40)] {
            assert_eq!(d.percentile(p, 100), Some(expected), "p{p}");
        }
        assert_eq!((d.min(), d.max(), d.sum(), d.mean()), (Some(10), Some(40), 100, Some(25.0)));
        assert_eq!([9, 10, 29, 30, 40].map(|limit| d.within(limit)), [0, 1, 2, 3, 4].map(Some));
    }

    #[test]
    fn levels_are_thinned_as_the_run_goes_on() {
        for (releases, step, points) in [(10, 1, 10), (63, 1, 63), (64, 2, 32), (127, 2, 63), (1_000, 16, 62)]
        {
            let mut levels = Levels::default();
            for released in 1..=releases {
                levels.take(released, released * 10);
            }
            assert_eq!((levels.step, levels.present.len()), (step, points), "{releases}");
            let right: Vec<u64> = (1..=points as u64).map(|point| point * step * 10).collect();
            assert_eq!(levels.present, right, "{releases}");
        }
    }

    #[test]
    fn merging_parts_equals_recording_the_whole() {
        let mut whole = Distribution::default();
        let mut parts = [Distribution::default(), Distribution::default(), Distribution::default()];
        for i in 0..250_000u64 {
            let value = i.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 20;
            whole.record(value);
            parts[(i % 3) as usize].record(value);
        }
        let mut merged = Distribution::default();
        for part in &parts {
            merged.merge(part);
        }
        assert!(!whole.is_exact());
        assert_eq!(merged.buckets, whole.buckets);
        // A limit that divides a bucket leaves out that bucket alone.
        let (limit, all) = (1u64 << 43, 250_000);
        let exact = (0..all)
            .filter(|i: &u64| i.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 20 <= limit + 12_345)
            .count() as u64;
        let found = whole.within(limit + 12_345).unwrap();
        assert!(found <= exact && exact - found < all / 128, "{found} of {exact}");
        for p in [1, 50, 99] {
            assert_eq!(merged.percentile(p, 100), whole.percentile(p, 100));
            assert!(whole.percentile(p, 100).unwrap() <= whole.max().unwrap());
        }
    }
}
