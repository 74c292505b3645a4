//! A queue in an order of its own, out of which any job can be taken: clients give up, deadlines end jobs, servers fail.
//!
//! It is a binary heap until a job is first taken out of the middle of a long queue. From then on, until it is empty, it is a
//! sorted set with an index by slot: whoever takes nothing out pays nothing for it, and taking out is never a look at
//! every job that waits.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};

/// Up to so many entries a look at each is cheaper than an index.
pub(crate) const SHORT: usize = 64;

/// An entry of a queue: its order is its place, and it knows whose it is.
pub trait Place: Ord + Copy {
    /// The slot of the job. At most one entry of a queue has it.
    fn slot(&self) -> u32;
}

/// Entries of which the least is next.
#[derive(Clone, Debug)]
pub struct Waiting<E: Place> {
    heap: BinaryHeap<Reverse<E>>,
    /// In use where it is there; then the heap is empty.
    sorted: Option<Box<Sorted<E>>>,
}

#[derive(Clone, Debug)]
struct Sorted<E> {
    set: BTreeSet<E>,
    of_slot: BTreeMap<u32, E>,
}

impl<E: Place> Default for Waiting<E> {
    fn default() -> Self {
        Waiting { heap: BinaryHeap::new(), sorted: None }
    }
}

impl<E: Place> Waiting<E> {
    /// Number of entries.
    #[inline]
    pub fn len(&self) -> usize {
        self.heap.len() + self.sorted.as_ref().map_or(0, |sorted| sorted.set.len())
    }

    /// Whether there are none.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.heap.is_empty() && self.sorted.is_none()
    }

    /// Adds an entry.
    #[inline]
    pub fn push(&mut self, entry: E) {
        match &mut self.sorted {
            None => self.heap.push(Reverse(entry)),
            Some(sorted) => sorted.insert(entry),
        }
    }

    /// The least.
    #[inline]
    pub fn peek(&self) -> Option<&E> {
        match &self.sorted {
            None => self.heap.peek().map(|Reverse(entry)| entry),
            Some(sorted) => sorted.set.first(),
        }
    }

    /// Takes the least.
    #[inline]
    pub fn pop(&mut self) -> Option<E> {
        match &self.sorted {
            None => self.heap.pop().map(|Reverse(entry)| entry),
            Some(_) => self.pop_sorted(),
        }
    }

    #[cold]
    fn pop_sorted(&mut self) -> Option<E> {
        let sorted = self.sorted.as_mut()?;
        let entry = sorted.set.pop_first();
        if let Some(entry) = &entry {
            sorted.of_slot.remove(&entry.slot());
        }
        self.settle();
        entry
    }

    /// Takes out the entry of a slot, wherever it stands.
    pub fn remove(&mut self, slot: u32) -> Option<E> {
        if self.sorted.is_none() {
            if self.heap.len() <= SHORT {
                let found = self.heap.iter().find(|Reverse(entry)| entry.slot() == slot)?.0;
                self.heap.retain(|Reverse(entry)| entry.slot() != slot);
                return Some(found);
            }
            let mut sorted = Sorted { set: BTreeSet::new(), of_slot: BTreeMap::new() };
            self.heap.drain().for_each(|Reverse(entry)| sorted.insert(entry));
            self.sorted = Some(Box::new(sorted));
        }
        let sorted = self.sorted.as_mut()?;
        let entry = sorted.of_slot.remove(&slot)?;
        sorted.set.remove(&entry);
        self.settle();
        Some(entry)
    }

    /// Every entry, in no order.
    pub fn iter(&self) -> impl Iterator<Item = &E> {
        let heap = self.heap.iter().map(|Reverse(entry)| entry);
        heap.chain(self.sorted.iter().flat_map(|sorted| sorted.set.iter()))
    }

    /// An empty queue is a heap again.
    fn settle(&mut self) {
        if self.sorted.as_ref().is_some_and(|sorted| sorted.set.is_empty()) {
            self.sorted = None;
        }
    }
}

impl<E: Place> Sorted<E> {
    fn insert(&mut self, entry: E) {
        self.of_slot.insert(entry.slot(), entry);
        self.set.insert(entry);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Place for (u64, u32) {
        fn slot(&self) -> u32 {
            self.1
        }
    }

    #[test]
    fn agrees_with_a_sorted_set() {
        let (mut waiting, mut set) = (Waiting::default(), BTreeSet::new());
        let mut x = 3u64;
        for n in 0..40_000u32 {
            x = x.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            // Long and short by turns, so that both forms are in use, and slots are used again.
            let grows = n % 4_000 < 1_500;
            match ((x >> 40) % 8, grows) {
                (0..5, true) | (0..2, false) => {
                    let entry = ((x >> 33) % 500, n % 7_000);
                    if !set.iter().any(|(_, slot)| *slot == entry.1) {
                        waiting.push(entry);
                        set.insert(entry);
                    }
                }
                (5 | 6, _) => assert_eq!(waiting.pop(), set.pop_first()),
                _ => {
                    let entry = set.iter().nth((x >> 20) as usize % set.len().max(1)).copied();
                    if let Some(entry) = entry {
                        assert_eq!(waiting.remove(entry.1), Some(entry));
                        set.remove(&entry);
                        assert_eq!(waiting.remove(entry.1), None);
                    }
                }
            }
            assert_eq!((waiting.len(), waiting.is_empty()), (set.len(), set.is_empty()));
            assert_eq!(waiting.peek(), set.first());
        }
        assert_eq!(waiting.iter().copied().collect::<BTreeSet<_>>(), set);
    }
}
