//! A first-in-first-out queue of slots: a ring of a power-of-two length, without the bookkeeping of a general deque.

use crate::policy::Slot;

/// Slots in order of joining.
#[derive(Clone, Debug)]
pub struct Fifo {
    ring: Box<[u32]>,
    head: u32,
    len: u32,
}

impl Default for Fifo {
    fn default() -> Self {
        Fifo { ring: vec![0; 16].into_boxed_slice(), head: 0, len: 0 }
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
        self.head.wrapping_add(index) as usize & (self.ring.len() - 1)
    }

    /// Adds a slot at the tail.
    #[inline(always)]
    pub fn push_back(&mut self, slot: Slot) {
        if self.len as usize == self.ring.len() {
            self.grow();
        }
        let place = self.place(self.len);
        self.ring[place] = slot.0;
        self.len += 1;
    }

    /// Adds a slot at the head.
    pub fn push_front(&mut self, slot: Slot) {
        if self.len as usize == self.ring.len() {
            self.grow();
        }
        self.head = self.head.wrapping_sub(1);
        let place = self.place(0);
        self.ring[place] = slot.0;
        self.len += 1;
    }

    /// Takes the slot at the head.
    #[inline(always)]
    pub fn pop_front(&mut self) -> Option<Slot> {
        if self.len == 0 {
            return None;
        }
        let slot = self.ring[self.place(0)];
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
        let head = self.ring[first];
        self.ring[last] = slot.0;
        self.head = self.head.wrapping_add(1);
        Slot(head)
    }

    /// The slots from head to tail.
    pub fn iter(&self) -> impl Iterator<Item = Slot> + '_ {
        (0..self.len).map(|index| Slot(self.ring[self.place(index)]))
    }

    /// Takes a slot out, wherever it stands.
    pub fn remove(&mut self, slot: Slot) {
        let kept: Vec<Slot> = self.iter().filter(|other| *other != slot).collect();
        (self.head, self.len) = (0, 0);
        for slot in kept {
            self.push_back(slot);
        }
    }

    #[cold]
    #[inline(never)]
    fn grow(&mut self) {
        let mut ring: Vec<u32> = self.iter().map(|slot| slot.0).collect();
        ring.resize(self.ring.len() * 2, 0);
        self.ring = ring.into_boxed_slice();
        self.head = 0;
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
        for n in 0..20_000u32 {
            x = x.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            match (x >> 40) % 8 {
                0..3 => {
                    fifo.push_back(Slot(n));
                    deque.push_back(Slot(n));
                }
                3 => {
                    fifo.push_front(Slot(n));
                    deque.push_front(Slot(n));
                }
                4 | 5 => assert_eq!(fifo.pop_front(), deque.pop_front()),
                6 => {
                    deque.push_back(Slot(n));
                    assert_eq!(Some(fifo.rotate(Slot(n))), deque.pop_front());
                }
                _ => {
                    if let Some(slot) = deque.get(deque.len() / 2).copied() {
                        fifo.remove(slot);
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
