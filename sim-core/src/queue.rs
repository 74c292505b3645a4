//! The event set: a binary heap of 16-byte keys with the earliest event in a slot of its own.
//!
//! The slot is the reason it is fast: most events schedule exactly one successor, so taking the earliest event leaves
//! a hole that the next one fills, with one comparison where the successor is the earliest again and with one sift
//! from the root where it is not. That sift goes bottom-up: the hole sinks to a leaf along the smaller children, and
//! the key rises from there, which is seldom far, since a successor is later than most of what is pending.

use crate::event::EventKey;
use crate::units::Time;

/// Pending events in their total order.
#[derive(Debug)]
pub struct EventQueue {
    /// The earliest event, or [`EventKey::NONE`] where it has been taken and not replaced yet.
    front: EventKey,
    /// The others, a binary min-heap.
    heap: Vec<EventKey>,
}

impl Default for EventQueue {
    fn default() -> Self {
        EventQueue { front: EventKey::NONE, heap: Vec::with_capacity(64) }
    }
}

impl EventQueue {
    /// Adds an event.
    #[inline(always)]
    pub fn push(&mut self, key: EventKey) {
        if self.front.time() == Time::NEVER {
            match self.heap.first_mut() {
                Some(root) if *root < key => {
                    self.front = std::mem::replace(root, key);
                    if self.heap.len() > 1 {
                        self.sift_down(key);
                    }
                }
                _ => self.front = key,
            }
        } else {
            let (first, later) = if key < self.front { (key, self.front) } else { (self.front, key) };
            self.front = first;
            self.push_heap(later);
        }
    }

    /// Takes the earliest event.
    #[inline(always)]
    pub fn pop(&mut self) -> Option<EventKey> {
        let front = std::mem::replace(&mut self.front, EventKey::NONE);
        if front.time() != Time::NEVER {
            return Some(front);
        }
        self.pop_heap()
    }

    /// When the earliest event happens; [`Time::NEVER`] where there is none.
    #[inline]
    pub fn next_time(&self) -> Time {
        let front = self.front.time();
        if front != Time::NEVER { front } else { self.heap.first().map_or(Time::NEVER, |key| key.time()) }
    }

    /// How many events are pending.
    pub fn len(&self) -> usize {
        self.heap.len() + usize::from(self.front != EventKey::NONE)
    }

    /// Whether nothing is pending.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Drops every event for which `keep` is false (events of interrupted work), in one pass.
    pub fn retain(&mut self, mut keep: impl FnMut(EventKey) -> bool) {
        let mut kept: Vec<EventKey> = std::mem::take(&mut self.heap);
        kept.push(self.front);
        kept.retain(|key| *key != EventKey::NONE && keep(*key));
        // A sorted array is a heap.
        kept.sort_unstable();
        self.front = EventKey::NONE;
        self.heap = kept;
    }

    #[inline]
    fn pop_heap(&mut self) -> Option<EventKey> {
        let last = self.heap.pop()?;
        let Some(&root) = self.heap.first() else { return Some(last) };
        self.sift_down(last);
        Some(root)
    }

    #[inline(never)]
    fn push_heap(&mut self, key: EventKey) {
        let hole = self.heap.len();
        self.heap.push(key);
        rise(&mut self.heap, hole, key);
    }

    /// Places `key` into the hole at the root.
    #[inline(never)]
    fn sift_down(&mut self, key: EventKey) {
        let heap = &mut self.heap[..];
        let mut hole = 0;
        loop {
            let left = 2 * hole + 1;
            let Some(&[a, b]) = heap.get(left..left + 2) else { break };
            let right_first = b < a;
            heap[hole] = if right_first { b } else { a };
            hole = left + usize::from(right_first);
        }
        let left = 2 * hole + 1;
        if left < heap.len() {
            heap[hole] = heap[left];
            hole = left;
        }
        rise(heap, hole, key);
    }
}

/// Moves a hole up to where `key` belongs, and places it there.
#[inline(always)]
fn rise(heap: &mut [EventKey], mut hole: usize, key: EventKey) {
    while hole > 0 {
        let parent = (hole - 1) / 2;
        let above = heap[parent];
        if above < key {
            break;
        }
        heap[hole] = above;
        hole = parent;
    }
    heap[hole] = key;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Phase;
    use std::collections::BTreeSet;

    #[test]
    fn agrees_with_a_sorted_set_under_mixed_use() {
        let mut queue = EventQueue::default();
        let mut set = BTreeSet::new();
        let mut x = 12345u64;
        for sequence in 0..20_000u64 {
            x = x.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let grow = if sequence < 10_000 { 60 } else { 40 };
            if (x >> 33) % 100 < grow {
                let key =
                    EventKey::new(Time((x >> 40) % 1000), Phase::Arrival, (x >> 50) as u32 % 7, sequence);
                queue.push(key);
                set.insert(key);
            } else {
                assert_eq!(queue.pop(), set.pop_first());
            }
            if sequence % 4096 == 7 {
                queue.retain(|key| key.sequence() % 3 != 0);
                set.retain(|key| key.sequence() % 3 != 0);
            }
            assert_eq!(queue.len(), set.len());
            assert_eq!(queue.next_time(), set.first().map_or(Time::NEVER, |key| key.time()));
        }
        while let Some(key) = queue.pop() {
            assert_eq!(Some(key), set.pop_first());
        }
        assert!(queue.is_empty() && set.is_empty());
    }
}
