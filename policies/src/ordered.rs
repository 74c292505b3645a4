//! A queue whose ends are what matters, in the order of a key that each job has for itself: a stack, a level.

use sim_core::policy::Slot;
use std::collections::VecDeque;

/// An entry whose job has been taken out.
const GONE: Slot = Slot(u32::MAX);

/// Jobs by key, the least first. Whoever is taken out of the middle leaves a gap behind, and gaps are closed when they are most
/// of the queue: O(log n), and no look at every job that waits.
#[derive(Clone, Debug)]
pub(crate) struct Ordered<K> {
    /// Neither the first nor the last is a gap.
    entries: VecDeque<(K, Slot)>,
    gaps: usize,
}

impl<K> Default for Ordered<K> {
    fn default() -> Self {
        Ordered { entries: VecDeque::new(), gaps: 0 }
    }
}

impl<K: Ord + Copy> Ordered<K> {
    /// Whether nobody is there.
    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Adds a job under a key that nobody else has.
    #[inline]
    pub(crate) fn push(&mut self, key: K, slot: Slot) {
        match self.entries.back() {
            Some((last, _)) if *last > key => self.push_between(key, slot),
            _ => self.entries.push_back((key, slot)),
        }
    }

    fn push_between(&mut self, key: K, slot: Slot) {
        let place = self.entries.partition_point(|(other, _)| *other < key);
        self.entries.insert(place, (key, slot));
    }

    /// The first.
    pub(crate) fn first(&self) -> Option<(K, Slot)> {
        self.entries.front().copied()
    }

    /// The last.
    pub(crate) fn last(&self) -> Option<(K, Slot)> {
        self.entries.back().copied()
    }

    /// Takes the first.
    #[inline]
    pub(crate) fn pop_first(&mut self) -> Option<Slot> {
        let (_, slot) = self.entries.pop_front()?;
        if self.gaps > 0 {
            self.trim();
        }
        Some(slot)
    }

    /// Takes the last.
    #[inline]
    pub(crate) fn pop_last(&mut self) -> Option<Slot> {
        let (_, slot) = self.entries.pop_back()?;
        if self.gaps > 0 {
            self.trim();
        }
        Some(slot)
    }

    /// Takes out the job that has this key.
    pub(crate) fn remove(&mut self, key: K) {
        let place = self.entries.partition_point(|(other, _)| *other < key);
        let Some(entry) = self.entries.get_mut(place).filter(|(other, slot)| *other == key && *slot != GONE)
        else {
            return;
        };
        entry.1 = GONE;
        self.gaps += 1;
        if self.gaps > self.entries.len() / 2 {
            self.entries.retain(|(_, slot)| *slot != GONE);
            self.gaps = 0;
        }
        self.trim();
    }

    /// Takes everybody, the first first.
    pub(crate) fn drain(&mut self) -> impl Iterator<Item = (K, Slot)> {
        self.gaps = 0;
        self.entries.drain(..).filter(|(_, slot)| *slot != GONE)
    }

    fn trim(&mut self) {
        while self.entries.back().is_some_and(|(_, slot)| *slot == GONE) {
            self.entries.pop_back();
            self.gaps -= 1;
        }
        while self.entries.front().is_some_and(|(_, slot)| *slot == GONE) {
            self.entries.pop_front();
            self.gaps -= 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn agrees_with_a_map() {
        let (mut ordered, mut map) = (Ordered::default(), BTreeMap::new());
        let mut x = 9u64;
        for n in 0..30_000u32 {
            x = x.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let random = (x >> 40) % 400;
            match (x >> 33) % 8 {
                0..4 => {
                    // Keys are nobody's twice, as those of jobs are.
                    let key = if random < 300 {
                        u64::from(n) << 9
                    } else {
                        ((x >> 20) % (u64::from(n) + 1)) << 9 | 1
                    };
                    if let std::collections::btree_map::Entry::Vacant(free) = map.entry(key) {
                        free.insert(Slot(n));
                        ordered.push(key, Slot(n));
                    }
                }
                4 => assert_eq!(ordered.pop_first(), map.pop_first().map(|(_, slot)| slot)),
                5 => assert_eq!(ordered.pop_last(), map.pop_last().map(|(_, slot)| slot)),
                6 if random == 0 => {
                    assert!(ordered.drain().eq(std::mem::take(&mut map)));
                }
                _ => {
                    let key = map.keys().nth((x >> 20) as usize % map.len().max(1)).copied().unwrap_or(1);
                    ordered.remove(key);
                    ordered.remove(key);
                    map.remove(&key);
                }
            }
            assert_eq!(ordered.is_empty(), map.is_empty());
            assert_eq!(ordered.first(), map.first_key_value().map(|(key, slot)| (*key, *slot)));
            assert_eq!(ordered.last(), map.last_key_value().map(|(key, slot)| (*key, *slot)));
        }
    }
}
