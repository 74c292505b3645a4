//! The event set: a binary heap of 16-byte keys with the earliest event in a slot of its own, and a second slot for the
//! next release of the first source.
//!
//! The slots are the reason it is fast: most events schedule exactly one successor, so taking the earliest event leaves
//! a hole that the next one fills, with one comparison where the successor is the earliest again and with one sift
//! from the root where it is not; and a source has exactly one pending release, which need not travel through the heap.

use crate::event::EventKey;
use crate::units::Time;

/// Pending events in their total order.
#[derive(Debug)]
pub struct EventQueue {
    /// The earliest event in two halves; a time of [`Time::NEVER`] where it has been taken and not replaced yet.
    front_time: Time,
    front_rest: u64,
    /// The event of the side slot in two halves; a time of [`Time::NEVER`] where it is empty.
    side_time: Time,
    side_rest: u64,
    /// The others, a binary min-heap of `len` entries. The table is longer, a power of two, and filled up with
    /// [`EMPTY`]: a missing child is later than everything and needs no test.
    heap: Vec<EventKey>,
    len: usize,
}

/// Later than every event.
const EMPTY: EventKey = EventKey(u128::MAX);

/// Length of the table while there are few events. Its length being known, indices into it need no test.
const SMALL: usize = 128;

impl Default for EventQueue {
    fn default() -> Self {
        EventQueue {
            front_time: Time::NEVER,
            front_rest: 0,
            side_time: Time::NEVER,
            side_rest: 0,
            heap: vec![EMPTY; SMALL],
            len: 0,
        }
    }
}

impl EventQueue {
    /// Adds an event.
    #[inline(always)]
    pub fn push(&mut self, key: EventKey) {
        if self.front_time == Time::NEVER {
            let mut first = key;
            let root = self.heap[0];
            if root < key {
                first = root;
                self.sift_down(key);
            }
            self.set_front(first);
        } else {
            let front = EventKey::from_halves(self.front_time, self.front_rest);
            let (first, later) = if key < front { (key, front) } else { (front, key) };
            self.set_front(first);
            self.push_heap(later);
        }
    }

    #[inline(always)]
    fn set_front(&mut self, key: EventKey) {
        (self.front_time, self.front_rest) = key.halves();
    }

    /// Adds an event through the side slot, if that is empty: for a stream of events of which one at a time is pending.
    #[inline(always)]
    pub fn push_aside(&mut self, key: EventKey) {
        if self.side_time == Time::NEVER {
            (self.side_time, self.side_rest) = key.halves();
        } else {
            self.push(key);
        }
    }

    /// Takes the earliest event.
    #[inline(always)]
    pub fn pop(&mut self) -> Option<EventKey> {
        if self.front_time == Time::NEVER
            && let Some(key) = self.pop_heap()
        {
            self.set_front(key);
        }
        let (front, side) = (self.front_time, self.side_time);
        if side < front || (side == front && self.side_rest < self.front_rest && side != Time::NEVER) {
            self.side_time = Time::NEVER;
            return Some(EventKey::from_halves(side, self.side_rest));
        }
        if front == Time::NEVER {
            return None;
        }
        self.front_time = Time::NEVER;
        Some(EventKey::from_halves(front, self.front_rest))
    }

    /// When the earliest event happens; [`Time::NEVER`] where there is none.
    #[inline(always)]
    pub fn next_time(&self) -> Time {
        let front = if self.front_time == Time::NEVER { self.heap[0].time() } else { self.front_time };
        front.min(self.side_time)
    }

    /// How many events are pending.
    pub fn len(&self) -> usize {
        let slots = [self.front_time, self.side_time];
        self.len + slots.iter().filter(|time| **time != Time::NEVER).count()
    }

    /// Whether nothing is pending.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Every pending event, in no order.
    pub fn iter(&self) -> impl Iterator<Item = EventKey> + '_ {
        let slots = [(self.front_time, self.front_rest), (self.side_time, self.side_rest)];
        let keys = slots.into_iter().map(|(time, rest)| EventKey::from_halves(time, rest));
        keys.chain(self.heap[..self.len].iter().copied()).filter(|key| key.time() != Time::NEVER)
    }

    /// Drops every event for which `keep` is false (events of interrupted work), in one pass.
    pub fn retain(&mut self, mut keep: impl FnMut(EventKey) -> bool) {
        let mut kept: Vec<EventKey> = std::mem::take(&mut self.heap);
        kept.push(EventKey::from_halves(self.front_time, self.front_rest));
        kept.push(EventKey::from_halves(self.side_time, self.side_rest));
        kept.retain(|key| key.time() != Time::NEVER && keep(*key));
        // A sorted array is a heap.
        kept.sort_unstable();
        (self.front_time, self.side_time) = (Time::NEVER, Time::NEVER);
        self.len = kept.len();
        kept.resize((self.len + 1).next_power_of_two().max(SMALL), EMPTY);
        self.heap = kept;
    }

    #[inline]
    fn pop_heap(&mut self) -> Option<EventKey> {
        self.len = self.len.checked_sub(1)?;
        let root = self.heap[0];
        let last = std::mem::replace(&mut self.heap[self.len], EMPTY);
        if self.len > 0 {
            self.sift_down(last);
        }
        Some(root)
    }

    #[inline(never)]
    fn push_heap(&mut self, key: EventKey) {
        // One entry stays empty, so that the last one too has a child's place to look at.
        if self.len + 1 == self.heap.len() {
            self.heap.resize(self.heap.len() * 2, EMPTY);
        }
        rise(&mut self.heap, self.len, key);
        self.len += 1;
    }

    /// Places `key` into the hole at the root.
    #[inline(never)]
    fn sift_down(&mut self, key: EventKey) {
        if let Ok(heap) = <&mut [EventKey; SMALL]>::try_from(&mut self.heap[..]) {
            let mut hole = 0;
            // The children of the lower half lie beyond the table.
            while hole < SMALL / 2 - 1 {
                let left = 2 * hole + 1;
                let right_first = heap[left + 1] < heap[left];
                let child = left + usize::from(right_first);
                if key < heap[child] {
                    break;
                }
                heap[hole] = heap[child];
                hole = child;
            }
            heap[hole % SMALL] = key;
            return;
        }
        let heap = &mut self.heap[..];
        let mut hole = 0;
        while let Some(&[a, b]) = heap.get(2 * hole + 1..2 * hole + 3) {
            let right_first = b < a;
            let least = if right_first { b } else { a };
            if key < least {
                break;
            }
            heap[hole] = least;
            hole = 2 * hole + 1 + usize::from(right_first);
        }
        heap[hole] = key;
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
