//! A first-in-first-out queue of slots: a ring of a power-of-two length, without the bookkeeping of a general deque.
//!
//! When a job is first taken out of the middle of a long queue, the slots move from the ring into a map by place with an
//! index by slot, until the queue is empty. The ring is then of length 0, so that the tests that ends of the ring need anyway are
//! all that the common case pays.

use crate::policy::Slot;
use crate::waiting::SHORT;
use std::collections::BTreeMap;

const FIRST_LENGTH: usize = 16;

/// Slots in order of joining.
#[derive(Clone, Debug)]
pub struct Fifo {
    ring: Box<[u32]>,
    head: u32,
    len: u32,
    /// In use where it is there; then the ring has no place.
    indexed: Option<Box<Indexed>>,
}

/// The slots by place, and the place of each.
#[derive(Clone, Debug, Default)]
struct Indexed {
    slots: BTreeMap<i64, u32>,
    places: BTreeMap<u32, i64>,
}

impl Default for Fifo {
    fn default() -> Self {
        Fifo { ring: vec![0; FIRST_LENGTH].into_boxed_slice(), head: 0, len: 0, indexed: None }
    }
}

impl Fifo {
    /// Number of slots.
    #[inline]
    pub fn len(&self) -> usize {
        self.len as usize
    }

    /// Whether there are none.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    #[inline(always)]
    fn place(&self, index: u32) -> usize {
        self.head.wrapping_add(index) as usize & self.ring.len().wrapping_sub(1)
    }

    /// Adds a slot at the tail.
    #[inline(always)]
    pub fn push_back(&mut self, slot: Slot) {
        if self.len as usize == self.ring.len() {
            self.grow();
        }
        let place = self.place(self.len);
        match self.ring.get_mut(place) {
            Some(free) => *free = slot.0,
            None => self.insert(slot, false),
        }
        self.len += 1;
    }

    /// Adds a slot at the head.
    pub fn push_front(&mut self, slot: Slot) {
        if self.len as usize == self.ring.len() {
            self.grow();
        }
        if self.ring.is_empty() {
            self.insert(slot, true);
        } else {
            self.head = self.head.wrapping_sub(1);
            let place = self.place(0);
            self.ring[place] = slot.0;
        }
        self.len += 1;
    }

    /// Takes the slot at the head.
    #[inline(always)]
    pub fn pop_front(&mut self) -> Option<Slot> {
        if self.len == 0 {
            return None;
        }
        let Some(slot) = self.ring.get(self.place(0)) else { return self.pop_indexed() };
        let slot = *slot;
        self.head = self.head.wrapping_add(1);
        self.len -= 1;
        Some(Slot(slot))
    }

    /// Adds a slot at the tail and takes the one at the head.
    #[inline(always)]
    pub fn rotate(&mut self, slot: Slot) -> Slot {
        if self.len == 0 {
            return slot;
        }
        let first = self.place(0);
        let last = self.place(self.len);
        // With a full ring head and tail share a place: read before writing.
        let Some(head) = self.ring.get(first).copied() else { return self.rotate_indexed(slot) };
        self.ring[last] = slot.0;
        self.head = self.head.wrapping_add(1);
        Slot(head)
    }

    /// The slots from head to tail.
    pub fn iter(&self) -> impl Iterator<Item = Slot> + '_ {
        let in_ring = if self.indexed.is_none() { self.len } else { 0 };
        let ring = (0..in_ring).map(|index| Slot(self.ring[self.place(index)]));
        ring.chain(self.indexed.iter().flat_map(|indexed| indexed.slots.values().map(|slot| Slot(*slot))))
    }

    /// Takes a slot out, wherever it stands; whether it was there.
    pub fn remove(&mut self, slot: Slot) -> bool {
        if self.indexed.is_none() {
            if self.len() <= SHORT {
                let kept: Vec<Slot> = self.iter().filter(|other| *other != slot).collect();
                let found = kept.len() < self.len();
                (self.head, self.len) = (0, 0);
                for slot in kept {
                    self.push_back(slot);
                }
                return found;
            }
            let mut indexed = Indexed::default();
            for (place, slot) in (0..).zip(self.iter()) {
                indexed.insert(place, slot);
            }
            self.indexed = Some(Box::new(indexed));
            self.ring = Box::default();
        }
        let Some(indexed) = &mut self.indexed else { return false };
        let Some(place) = indexed.places.remove(&slot.0) else { return false };
        indexed.slots.remove(&place);
        self.len -= 1;
        self.settle();
        true
    }

    #[cold]
    #[inline(never)]
    fn insert(&mut self, slot: Slot, at_head: bool) {
        let Some(indexed) = &mut self.indexed else { return };
        let place = if at_head {
            indexed.slots.first_key_value().map_or(0, |(place, _)| place - 1)
        } else {
            indexed.slots.last_key_value().map_or(0, |(place, _)| place + 1)
        };
        indexed.insert(place, slot);
    }

    #[cold]
    #[inline(never)]
    fn pop_indexed(&mut self) -> Option<Slot> {
        let indexed = self.indexed.as_mut()?;
        let (_, slot) = indexed.slots.pop_first()?;
        indexed.places.remove(&slot);
        self.len -= 1;
        self.settle();
        Some(Slot(slot))
    }

    #[cold]
    #[inline(never)]
    fn rotate_indexed(&mut self, slot: Slot) -> Slot {
        self.push_back(slot);
        self.pop_indexed().unwrap_or(slot)
    }

    /// An empty queue is a ring again.
    fn settle(&mut self) {
        if self.len == 0 {
            *self = Fifo::default();
        }
    }

    #[cold]
    #[inline(never)]
    fn grow(&mut self) {
        if self.indexed.is_some() {
            return;
        }
        let mut ring: Vec<u32> = self.iter().map(|slot| slot.0).collect();
        ring.resize(self.ring.len() * 2, 0);
        self.ring = ring.into_boxed_slice();
        self.head = 0;
    }
}

impl Indexed {
    fn insert(&mut self, place: i64, slot: Slot) {
        self.slots.insert(place, slot.0);
        self.places.insert(slot.0, place);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::VecDeque;

    #[test]
    fn agrees_with_a_deque() {
        let (mut fifo, mut deque) = (Fifo::default(), VecDeque::new());
        let mut x = 7u64;
        for n in 0..60_000u32 {
            x = x.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            // Long and short by turns: both forms are in use.
            let grows = n % 2_000 < 900;
            match (x >> 40) % 8 {
                0..2 => {
                    fifo.push_back(Slot(n));
                    deque.push_back(Slot(n));
                }
                2 if grows => {
                    fifo.push_back(Slot(n));
                    deque.push_back(Slot(n));
                }
                3 => {
                    fifo.push_front(Slot(n));
                    deque.push_front(Slot(n));
                }
                2 | 4 | 5 => assert_eq!(fifo.pop_front(), deque.pop_front()),
                6 => {
                    deque.push_back(Slot(n));
                    assert_eq!(Some(fifo.rotate(Slot(n))), deque.pop_front());
                }
                _ => {
                    if let Some(slot) = deque.get(deque.len() / 2).copied() {
                        assert!(fifo.remove(slot) && !fifo.remove(slot));
                        deque.retain(|other| *other != slot);
                    }
                }
            }
            assert_eq!(fifo.len(), deque.len());
            assert_eq!(fifo.is_empty(), deque.is_empty());
        }
        assert!(fifo.iter().eq(deque.iter().copied()));
    }
}
