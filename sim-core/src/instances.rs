//! The instances of a pool while a run goes on: who waits for one, who has one, and the books of each.
//!
//! There are two truths. What an instance really does is in its books; what the pool *takes it for* is in its sets of free
//! instances and in `holder`. They differ when a process dies: until the monitor has said so, its instances are given away.

use crate::measure::Books;
use crate::model::{InstanceChoice, InstanceState, Instances, TaskOrder};
use crate::units::{Span, Time};
use crate::waiting::{Place, Waiting};
use std::collections::BTreeSet;

/// A job: its slot and which job of the run it is. The slot may be somebody else's later; children, and jobs of the system on
/// behalf of others, share numbers.
pub(crate) type JobRef = (u32, u64);

/// A job in a lane: key, order of joining, slot. Whoever comes back to its old place has its old entry.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Turn(pub i128, pub u64, pub u32);

impl Place for Turn {
    fn slot(&self) -> u32 {
        self.2
    }
}

/// One instance.
pub(crate) struct Instance {
    state: InstanceState,
    /// Since when it is in its state, and up to when that is in its books.
    begun: Time,
    since: Time,
    /// The number of the job that it has there.
    job: Option<u64>,
    /// Time in each state, up to `since`.
    books: Books,
    /// It is there: calls reach it, and what it executes goes on.
    pub alive: bool,
    /// The job that the pool takes it to have.
    pub holder: Option<JobRef>,
    /// When it was given away last, as a count; for the choice among free ones.
    taken: u64,
    /// The pool takes it to be absent.
    pub gone: bool,
    /// How often it has died or been taken out.
    pub outs: u32,
}

/// The instances of a pool, and the lanes in front of them.
pub(crate) struct InstancePool<'m> {
    pub spec: &'m Instances,
    pub all: Vec<Instance>,
    lanes: Vec<Waiting<Turn>>,
    /// Lanes whose first job may run now, by that job's turn.
    runnable: BTreeSet<(Turn, u32)>,
    /// What stands in `runnable` for each lane.
    shown: Vec<Option<Turn>>,
    /// By kind: its free instances, the best first, and by number.
    free: Vec<BTreeSet<(u64, u32)>>,
    by_number: Vec<BTreeSet<u32>>,
    /// By limit: how many are between dispatch and removal, and how many wait.
    active: Vec<u32>,
    waiting: Vec<u32>,
    /// By limit: its lanes.
    lanes_of_limit: Vec<Vec<u32>>,
    /// By kind: lanes that look at it.
    lanes_of_kind: Vec<Vec<u32>>,
    /// Jobs bound to each instance that is there and not removed, least first, where jobs are bound.
    bound: BTreeSet<(u32, u32)>,
    bound_of: Vec<u32>,
    joined: u64,
    taken: u64,
    /// Instances given to jobs that the call never reached.
    pub leaked: BTreeSet<u32>,
    /// The process of each instance.
    pub process_of: Vec<u32>,
    /// Instances that are up, or being started for growth.
    pub coming: u32,
    /// Jobs in all lanes, and instances that are given away.
    pub queued: u32,
    pub held: u32,
    /// Tasks given an instance, by whom, and requests that found nobody to run.
    pub dispatched: [u64; 4],
    pub no_instance: u64,
}

impl<'m> InstancePool<'m> {
    pub fn new(spec: &'m Instances) -> InstancePool<'m> {
        let mut pool = InstancePool {
            spec,
            all: Vec::with_capacity(spec.kind_of.len()),
            lanes: spec.lanes.iter().map(|_| Waiting::default()).collect(),
            runnable: BTreeSet::new(),
            shown: vec![None; spec.lanes.len()],
            free: vec![BTreeSet::new(); spec.kinds.len()],
            by_number: vec![BTreeSet::new(); spec.kinds.len()],
            active: vec![0; spec.limits.len()],
            waiting: vec![0; spec.limits.len()],
            lanes_of_limit: vec![Vec::new(); spec.limits.len()],
            lanes_of_kind: vec![Vec::new(); spec.kinds.len()],
            bound: BTreeSet::new(),
            bound_of: vec![0; spec.kind_of.len()],
            joined: 0,
            taken: 0,
            leaked: BTreeSet::new(),
            process_of: vec![u32::MAX; spec.kind_of.len()],
            coming: spec.up,
            queued: 0,
            held: 0,
            dispatched: [0; 4],
            no_instance: 0,
        };
        for (process, instances) in (0..).zip(&spec.processes) {
            for instance in instances {
                pool.process_of[*instance as usize] = process;
            }
        }
        for (lane, about) in spec.lanes.iter().enumerate() {
            if let Some(limit) = about.limit {
                pool.lanes_of_limit[limit as usize].push(lane as u32);
            }
            for kind in &about.kinds {
                pool.lanes_of_kind[*kind as usize].push(lane as u32);
            }
        }
        for instance in 0..spec.kind_of.len() as u32 {
            let up = instance < spec.up;
            pool.all.push(Instance {
                state: if up { InstanceState::Free } else { InstanceState::Absent },
                begun: Time::ZERO,
                job: None,
                since: Time::ZERO,
                books: [0; InstanceState::ALL.len()],
                alive: up,
                holder: None,
                taken: 0,
                gone: !up,
                outs: 0,
            });
            if up {
                pool.set_free(instance);
            }
            if spec.bound && up {
                pool.bound.insert((0, instance));
            }
        }
        pool
    }

    /// The key of a job in the queue.
    pub fn key(&self, priority: i64, deadline: Time, now: Time) -> i128 {
        match self.spec.order {
            TaskOrder::Fifo => 0,
            TaskOrder::Priority => -i128::from(priority),
            TaskOrder::Ageing(Span(step)) => {
                i128::from(now.0) - i128::from(priority).saturating_mul(i128::from(step))
            }
            TaskOrder::Deadline => i128::from(deadline.0),
        }
    }

    /// A new turn in the queue.
    pub fn turn(&mut self, key: i128, slot: u32) -> Turn {
        self.joined += 1;
        Turn(key, self.joined, slot)
    }

    /// The lane of a job: the one given, or that of the instance with the fewest jobs, to which it is bound from now on.
    pub fn bind(&mut self, lane: u32) -> u32 {
        if !self.spec.bound {
            return lane;
        }
        let least = self.bound.first().copied().map(|(_, instance)| instance);
        // Nobody is there: it waits for whoever has the fewest, and is served when that one comes back.
        let anybody = || (0..self.all.len() as u32).min_by_key(|instance| self.bound_of[*instance as usize]);
        let Some(instance) = least.or_else(anybody) else { return lane };
        self.count_bound(instance, 1);
        lane * self.all.len() as u32 + instance
    }

    /// A job that was bound to a lane is removed.
    pub fn unbind(&mut self, lane: u32) {
        if self.spec.bound {
            self.count_bound(lane % self.all.len() as u32, -1);
        }
    }

    /// One more or one less is bound to an instance.
    fn count_bound(&mut self, instance: u32, more: i32) {
        let count = &mut self.bound_of[instance as usize];
        let is_there = self.bound.remove(&(*count, instance));
        *count = count.saturating_add_signed(more);
        if is_there {
            self.bound.insert((*count, instance));
        }
    }

    /// The pool takes an instance to be there from now on: jobs are bound to it again.
    pub fn is_there(&mut self, instance: u32) {
        self.all[instance as usize].gone = false;
        if self.spec.bound {
            self.bound.insert((self.bound_of[instance as usize], instance));
        }
    }

    /// Puts a job into its lane.
    pub fn push(&mut self, lane: u32, turn: Turn) {
        self.lanes[lane as usize].push(turn);
        self.queued += 1;
        if let Some(limit) = self.spec.lanes[lane as usize].limit {
            self.waiting[limit as usize] += 1;
        }
        self.show(lane);
    }

    /// Takes a job out of its lane, wherever it stands.
    pub fn withdraw(&mut self, lane: u32, slot: u32) {
        if self.lanes[lane as usize].remove(slot).is_some() {
            self.left(lane);
        }
    }

    fn left(&mut self, lane: u32) {
        self.queued -= 1;
        if let Some(limit) = self.spec.lanes[lane as usize].limit {
            self.waiting[limit as usize] -= 1;
        }
        self.show(lane);
    }

    /// The outcome of a job that is turned away because as many of its class as may wait do, itself not counted.
    pub fn purges(&self, lane: u32) -> Option<u16> {
        let limit = self.spec.lanes[lane as usize].limit?;
        let (purge, outcome) = self.spec.limits[limit as usize].purge?;
        (self.waiting[limit as usize] > purge.saturating_sub(1)).then_some(outcome)
    }

    fn is_open(&self, lane: u32) -> bool {
        let Some(limit) = self.spec.lanes[lane as usize].limit else { return true };
        let most = self.spec.limits[limit as usize].active;
        most.is_none_or(|most| self.active[limit as usize] < most)
    }

    /// Brings what is shown of a lane up to date.
    fn show(&mut self, lane: u32) {
        let first = self.lanes[lane as usize].peek().copied().filter(|_| {
            let served = |kind: &u32| !self.free[*kind as usize].is_empty();
            self.is_open(lane) && self.spec.lanes[lane as usize].kinds.iter().any(served)
        });
        let shown = std::mem::replace(&mut self.shown[lane as usize], first);
        if shown != first {
            if let Some(turn) = shown {
                self.runnable.remove(&(turn, lane));
            }
            if let Some(turn) = first {
                self.runnable.insert((turn, lane));
            }
        }
    }

    fn count_active(&mut self, lane: u32, up: bool) {
        let Some(limit) = self.spec.lanes[lane as usize].limit else { return };
        let was = self.is_open(lane);
        let active = &mut self.active[limit as usize];
        *active = if up { *active + 1 } else { active.saturating_sub(1) };
        if self.is_open(lane) != was {
            for other in std::mem::take(&mut self.lanes_of_limit[limit as usize]) {
                self.show(other);
                self.lanes_of_limit[limit as usize].push(other);
            }
        }
    }

    /// A job that was dispatched from this lane is so no more.
    pub fn settle(&mut self, lane: u32) {
        self.count_active(lane, false);
    }

    fn rank(&self, instance: u32) -> u64 {
        match self.spec.choice {
            InstanceChoice::Lowest => 0,
            InstanceChoice::MostRecent => u64::MAX - self.all[instance as usize].taken,
            InstanceChoice::LeastRecent => self.all[instance as usize].taken,
        }
    }

    fn set_free(&mut self, instance: u32) {
        let kind = self.spec.kind_of[instance as usize];
        let entry = (self.rank(instance), instance);
        let free = &mut self.free[kind as usize];
        let was_empty = free.is_empty();
        free.insert(entry);
        self.by_number[kind as usize].insert(instance);
        if was_empty {
            self.show_kind(kind);
        }
    }

    fn show_kind(&mut self, kind: u32) {
        for lane in std::mem::take(&mut self.lanes_of_kind[kind as usize]) {
            self.show(lane);
            self.lanes_of_kind[kind as usize].push(lane);
        }
    }

    /// The pool takes the instance to be free.
    pub fn give_back(&mut self, instance: u32) {
        if self.all[instance as usize].holder.take().is_some() {
            self.held -= 1;
        }
        self.leaked.remove(&instance);
        self.set_free(instance);
    }

    /// An instance is not there any more; whether it was until now.
    pub fn goes(&mut self, instance: u32) -> bool {
        let state = &mut self.all[instance as usize];
        let was_alive = std::mem::replace(&mut state.alive, false);
        state.outs += u32::from(was_alive);
        was_alive
    }

    /// The pool takes the instance to be gone.
    pub fn take_away(&mut self, instance: u32) {
        if self.all[instance as usize].holder.take().is_some() {
            self.held -= 1;
        }
        self.leaked.remove(&instance);
        self.all[instance as usize].gone = true;
        self.bound.remove(&(self.bound_of[instance as usize], instance));
        let entry = (self.rank(instance), instance);
        let kind = self.spec.kind_of[instance as usize];
        self.by_number[kind as usize].remove(&instance);
        let free = &mut self.free[kind as usize];
        if free.remove(&entry) && free.is_empty() {
            self.show_kind(kind);
        }
    }

    /// The best job that may run now, with the free instance that it gets: both are taken.
    pub fn best(&mut self, lowest: bool) -> Option<(Turn, u32, u32)> {
        let (turn, lane) = self.runnable.first().copied()?;
        let kinds = &self.spec.lanes[lane as usize].kinds;
        let own = kinds
            .first()
            .filter(|kind| self.spec.lanes[lane as usize].own && !self.free[**kind as usize].is_empty());
        let served = kinds.iter().filter(|kind| !self.free[**kind as usize].is_empty());
        let first = |kind: &&u32| {
            let best = self.free[**kind as usize].first().map_or((0, 0), |entry| *entry);
            if lowest { (0, self.by_number[**kind as usize].first().map_or(0, |id| *id)) } else { best }
        };
        let kind = *own.or_else(|| served.min_by_key(first))?;
        let instance = if lowest {
            *self.by_number[kind as usize].first()?
        } else {
            self.free[kind as usize].first()?.1
        };
        let entry = (self.rank(instance), instance);
        self.free[kind as usize].remove(&entry);
        self.by_number[kind as usize].remove(&instance);
        if self.free[kind as usize].is_empty() {
            self.show_kind(kind);
        }
        self.take(turn, lane, instance);
        Some((turn, lane, instance))
    }

    /// The best job that this instance, which is not free, may run: it is given to it.
    pub fn best_for(&mut self, instance: u32) -> Option<(Turn, u32)> {
        let kind = &self.spec.kinds[self.spec.kind_of[instance as usize] as usize];
        let firsts = kind.lanes.iter().filter(|lane| self.is_open(**lane));
        let mut firsts = firsts.filter_map(|lane| Some((*self.lanes[*lane as usize].peek()?, *lane)));
        let (turn, lane) = if kind.in_order { firsts.next() } else { firsts.min() }?;
        if self.all[instance as usize].holder.take().is_some() {
            self.held -= 1;
        }
        self.take(turn, lane, instance);
        Some((turn, lane))
    }

    fn take(&mut self, turn: Turn, lane: u32, instance: u32) {
        // It is the first of its lane.
        let first = self.lanes[lane as usize].pop();
        debug_assert_eq!(first, Some(turn));
        self.left(lane);
        self.count_active(lane, true);
        self.taken += 1;
        self.held += 1;
        self.all[instance as usize].taken = self.taken;
    }

    /// Whether another instance is to be started; it is counted as coming.
    pub fn grows(&mut self) -> Option<u32> {
        let growth = self.spec.growth?;
        let wanted = u64::from(growth.waiting) * u64::from(self.coming) < u64::from(self.queued);
        if !wanted || self.coming as usize >= self.all.len() {
            return None;
        }
        self.coming += 1;
        Some(self.coming - 1)
    }

    /// What an instance does from now on, and with which job. What it did until now, and since when, if that was another thing.
    pub fn mark(
        &mut self,
        instance: u32,
        state: InstanceState,
        job: Option<u64>,
        now: Time,
    ) -> Option<(InstanceState, Time, Option<u64>)> {
        let instance = &mut self.all[instance as usize];
        // Who is not there does nothing else.
        if !instance.alive && state != InstanceState::Absent {
            return None;
        }
        let before = (instance.state, instance.begun, instance.job);
        if state == instance.state {
            instance.books[state as usize] += now.since(instance.since).0;
            instance.since = now;
            return None;
        }
        (instance.begun, instance.job) = (now, job);
        instance.books[instance.state as usize] += now.since(instance.since).0;
        (instance.state, instance.since) = (state, now);
        Some(before)
    }

    /// What an instance does, since when, and with which job.
    pub fn doing(&self, instance: u32) -> (InstanceState, Time, Option<u64>) {
        let instance = &self.all[instance as usize];
        (instance.state, instance.begun, instance.job)
    }

    /// The books of every instance as they stand at `now`.
    pub fn books_at(&self, now: Time) -> Vec<Books> {
        let books = |instance: &Instance| {
            let mut books = instance.books;
            books[instance.state as usize] += now.since(instance.since).0;
            books
        };
        self.all.iter().map(books).collect()
    }
}
