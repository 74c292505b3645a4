//! Ready queues ordered by a key, with the run's tie rule for equal keys, and the scheduler that needs nothing else.

use sim_core::policy::{Cpu, Knowledge, Pick, Scheduler, Slot, Task, Why};
use sim_core::ties::EqualKey;
use sim_core::trace::Key;
use sim_core::units::Work;
use sim_core::waiting::{Place, Waiting};

/// Order within a keyed queue: key, then release (unless the tie rule is `list`), then place in the list, then number.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Entry<K> {
    pub(crate) key: K,
    release: u64,
    place: u32,
    number: u64,
    pub(crate) slot: Slot,
}

impl<K: Ord + Copy> Place for Entry<K> {
    fn slot(&self) -> u32 {
        self.slot.0
    }
}

impl<K: Ord + Copy> Entry<K> {
    pub(crate) fn new<S: Knowledge>(key: K, task: &Task<'_, S>, ties: EqualKey) -> Entry<K> {
        let release = if ties == EqualKey::List { 0 } else { task.arrival().0 };
        Entry { key, release, place: task.place(), number: task.number(), slot: task.slot() }
    }

    /// The core whose job should give way to this waiting job: the one that comes last in the order, if this one
    /// comes before it. On equal keys the running job stays unless the tie rule says otherwise.
    pub(crate) fn displaces<S: Knowledge>(
        &self,
        cpu: &Cpu<'_, S>,
        key: impl Fn(&Task<'_, S>) -> K,
    ) -> Option<u32> {
        let ties = cpu.ties().equal_key;
        let (core, last) = cpu
            .running()
            .map(|(core, task)| (core, Entry::new(key(&task), &task, ties)))
            .max_by(|a, b| a.1.cmp(&b.1))?;
        let before = match ties {
            EqualKey::RunningStays => self.key < last.key,
            EqualKey::EarlierRelease | EqualKey::List => *self < last,
        };
        before.then_some(core)
    }
}

/// Ready jobs in key order.
#[derive(Debug)]
pub(crate) struct KeyedQueue<K: Ord + Copy> {
    waiting: Waiting<Entry<K>>,
}

impl<K: Ord + Copy> Default for KeyedQueue<K> {
    fn default() -> Self {
        KeyedQueue { waiting: Waiting::default() }
    }
}

impl<K: Ord + Copy> KeyedQueue<K> {
    /// Adds a job under `key`; the smallest goes first.
    pub(crate) fn push<S: Knowledge>(&mut self, slot: Slot, key: K, cpu: &Cpu<'_, S>) {
        self.waiting.push(Entry::new(key, &cpu.task(slot), cpu.ties().equal_key));
    }

    /// Takes the first.
    pub(crate) fn pop(&mut self) -> Option<Slot> {
        self.waiting.pop().map(|entry| entry.slot)
    }

    /// Takes a given job out.
    pub(crate) fn remove(&mut self, slot: Slot) {
        self.waiting.remove(slot.0);
    }

    /// The core whose job should give way to the first of the queue; see [`Entry::displaces`].
    pub(crate) fn displaces<S: Knowledge>(
        &self,
        cpu: &Cpu<'_, S>,
        key: impl Fn(&Task<'_, S>) -> K,
    ) -> Option<u32> {
        self.waiting.peek()?.displaces(cpu, key)
    }
}

/// A key that a job's visit to the processor gives it; the smallest goes first.
pub(crate) trait OrderedBy: Send + 'static {
    /// What the key needs to know.
    type Sees: Knowledge;
    /// Whether a job with a smaller key takes the core of a running one.
    const PREEMPTIVE: bool;
    /// The key. While a job waits it must not change.
    fn key(task: &Task<'_, Self::Sees>) -> u64;
}

/// Runs ready jobs in the order of a key, to completion or until a smaller key comes.
pub(crate) struct Keyed<O> {
    queue: KeyedQueue<u64>,
    order: std::marker::PhantomData<O>,
}

impl<O> Default for Keyed<O> {
    fn default() -> Self {
        Keyed { queue: KeyedQueue::default(), order: std::marker::PhantomData }
    }
}

impl<O: OrderedBy> Scheduler for Keyed<O> {
    type Sees = O::Sees;
    const PREEMPTIVE: bool = O::PREEMPTIVE;

    #[inline]
    fn ready(&mut self, task: Slot, _why: Why, _ran: Work, cpu: &mut Cpu<'_, O::Sees>) {
        self.queue.push(task, O::key(&cpu.task(task)), cpu);
    }

    #[inline]
    fn pick(&mut self, _core: u32, _cpu: &mut Cpu<'_, O::Sees>) -> Pick {
        self.queue.pop().map_or(Pick::NONE, Pick::to_completion)
    }

    fn preempt(&mut self, cpu: &mut Cpu<'_, O::Sees>) -> Option<u32> {
        self.queue.displaces(cpu, O::key)
    }

    fn withdraw(&mut self, task: Slot) {
        self.queue.remove(task);
    }

    fn key(&self, task: &Task<'_, O::Sees>, _cpu: &Cpu<'_, O::Sees>) -> Key {
        Key::of(O::key(task))
    }
}
