//! An ordered set that knows a total over any of its beginnings: tickets up to a job, the number of jobs, the best of them.
//!
//! A treap (Seidel, Aragon: Randomized search trees, 1996) whose priorities come from a fixed sequence: what it holds decides
//! its answers, never how it got there. Each change and each question is O(log n).

/// What is totaled.
pub(crate) trait Total: Copy {
    /// The total of nothing.
    const NONE: Self;
    /// Both together.
    fn plus(self, other: Self) -> Self;
}

impl Total for u64 {
    const NONE: u64 = 0;
    fn plus(self, other: u64) -> u64 {
        self + other
    }
}

const NIL: u32 = u32::MAX;

#[derive(Clone, Copy, Debug)]
struct Node<K, T> {
    key: K,
    value: T,
    total: T,
    priority: u64,
    left: u32,
    right: u32,
}

/// Values by key.
#[derive(Clone, Debug)]
pub(crate) struct Ranked<K, T> {
    nodes: Vec<Node<K, T>>,
    free: Vec<u32>,
    root: u32,
    next: u64,
}

impl<K: Ord + Copy, T: Total> Default for Ranked<K, T> {
    fn default() -> Self {
        Ranked { nodes: Vec::new(), free: Vec::new(), root: NIL, next: 0 }
    }
}

impl<K: Ord + Copy, T: Total> Ranked<K, T> {
    /// The total of all values.
    pub(crate) fn total(&self) -> T {
        self.total_of(self.root)
    }

    /// The greatest key.
    pub(crate) fn last(&self) -> Option<K> {
        let mut at = self.nodes.get(self.root as usize)?;
        while let Some(right) = self.nodes.get(at.right as usize) {
            at = right;
        }
        Some(at.key)
    }

    /// Adds a value under a key that is not there yet.
    pub(crate) fn insert(&mut self, key: K, value: T) {
        // The finalizer of splitmix64 over a count: as good as drawn.
        self.next = self.next.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut priority = self.next;
        priority = (priority ^ (priority >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        priority = (priority ^ (priority >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        let node = Node { key, value, total: value, priority, left: NIL, right: NIL };
        let index = if let Some(index) = self.free.pop() {
            self.nodes[index as usize] = node;
            index
        } else {
            self.nodes.push(node);
            self.nodes.len() as u32 - 1
        };
        let (less, more) = self.split(self.root, key);
        let left = self.join(less, index);
        self.root = self.join(left, more);
    }

    /// Takes the value of a key out.
    pub(crate) fn remove(&mut self, key: K) -> Option<T> {
        let (less, rest) = self.split(self.root, key);
        let (found, rest) = self.take_first(rest, key);
        self.root = self.join(less, rest);
        let index = found?;
        self.free.push(index);
        Some(self.nodes[index as usize].value)
    }

    /// The total of the values before `key`, and that of the others.
    pub(crate) fn divided(&self, key: K) -> (T, T) {
        let (mut before, mut from) = (T::NONE, T::NONE);
        let mut at = self.root;
        while let Some(node) = self.nodes.get(at as usize) {
            if node.key < key {
                before = before.plus(self.total_of(node.left)).plus(node.value);
                at = node.right;
            } else {
                from = node.value.plus(self.total_of(node.right)).plus(from);
                at = node.left;
            }
        }
        (before, from)
    }

    fn total_of(&self, at: u32) -> T {
        self.nodes.get(at as usize).map_or(T::NONE, |node| node.total)
    }

    fn renew(&mut self, at: u32) {
        let node = self.nodes[at as usize];
        let total = self.total_of(node.left).plus(node.value).plus(self.total_of(node.right));
        self.nodes[at as usize].total = total;
    }

    /// The keys below `key`, and the others. Depths are logarithmic.
    fn split(&mut self, at: u32, key: K) -> (u32, u32) {
        let Some(node) = self.nodes.get(at as usize).copied() else { return (NIL, NIL) };
        if node.key < key {
            let (less, more) = self.split(node.right, key);
            self.nodes[at as usize].right = less;
            self.renew(at);
            (at, more)
        } else {
            let (less, more) = self.split(node.left, key);
            self.nodes[at as usize].left = more;
            self.renew(at);
            (less, at)
        }
    }

    /// Both, all keys of the first being below those of the second.
    fn join(&mut self, less: u32, more: u32) -> u32 {
        let (Some(a), Some(b)) =
            (self.nodes.get(less as usize).copied(), self.nodes.get(more as usize).copied())
        else {
            return if less == NIL { more } else { less };
        };
        if a.priority > b.priority {
            let right = self.join(a.right, more);
            self.nodes[less as usize].right = right;
            self.renew(less);
            less
        } else {
            let left = self.join(less, b.left);
            self.nodes[more as usize].left = left;
            self.renew(more);
            more
        }
    }

    /// Takes the least key off, if it is `key`.
    fn take_first(&mut self, at: u32, key: K) -> (Option<u32>, u32) {
        let Some(node) = self.nodes.get(at as usize).copied() else { return (None, NIL) };
        if node.left != NIL {
            let (found, left) = self.take_first(node.left, key);
            self.nodes[at as usize].left = left;
            self.renew(at);
            return (found, at);
        }
        if node.key == key { (Some(at), node.right) } else { (None, at) }
    }
}

impl<K: Ord + Copy> Ranked<K, u64> {
    /// The first key at which the values counted so far exceed `amount`.
    pub(crate) fn at(&self, mut amount: u64) -> Option<K> {
        let mut at = self.root;
        while let Some(node) = self.nodes.get(at as usize) {
            let left = self.total_of(node.left);
            if amount < left {
                at = node.left;
            } else if amount < left + node.value {
                return Some(node.key);
            } else {
                amount -= left + node.value;
                at = node.right;
            }
        }
        None
    }

    /// The least key.
    pub(crate) fn first(&self) -> Option<K> {
        let mut at = self.nodes.get(self.root as usize)?;
        while let Some(left) = self.nodes.get(at.left as usize) {
            at = left;
        }
        Some(at.key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn agrees_with_a_map_that_is_walked() {
        let (mut ranked, mut map) = (Ranked::<u64, u64>::default(), BTreeMap::new());
        let mut x = 5u64;
        for n in 0..6_000 {
            x = x.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let (key, value) = ((x >> 40) % 300, (x >> 20) % 4);
            if map.contains_key(&key) || n % 3 == 2 {
                assert_eq!(ranked.remove(key), map.remove(&key));
            } else {
                ranked.insert(key, value);
                map.insert(key, value);
            }
            assert_eq!(ranked.total(), map.values().sum());
            assert_eq!(ranked.first(), map.keys().next().copied());
            assert_eq!(ranked.last(), map.keys().last().copied());
            let cut = (x >> 11) % 300;
            let before: u64 = map.range(..cut).map(|(_, value)| value).sum();
            assert_eq!(ranked.divided(cut), (before, ranked.total() - before));
            let amount = (x >> 5) % 40;
            let mut counted = 0;
            let walked = map.iter().find(|(_, value)| {
                counted += **value;
                counted > amount
            });
            assert_eq!(ranked.at(amount), walked.map(|(key, _)| *key));
        }
    }
}
