//! A pool while a run goes on: its tokens and the jobs that wait for one.

use crate::measure::PoolMeasures;
use crate::model::{self, PoolOrder};
use crate::units::Time;
use crate::waiting::{Place, Waiting};

/// A waiting job: key, order of joining, slot.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Waiter(i64, u64, u32);

impl Place for Waiter {
    fn slot(&self) -> u32 {
        self.2
    }
}

/// What a job gets that asks for a token.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Grant {
    Token,
    Queued,
    Full,
}

/// A pool while a run goes on.
pub(crate) struct PoolState {
    free: u32,
    held: u32,
    limit: u32,
    order: PoolOrder,
    waiting: Waiting<Waiter>,
    joined: u64,
    changed: Time,
    totals: PoolMeasures,
    pub component: u32,
    /// Open for business: the process that its tokens belong to is ready.
    pub open: bool,
    /// Jobs that wait, and tokens that are held, beside its own: those of instances.
    waiting_beside: u32,
    held_beside: u32,
}

impl PoolState {
    pub fn new(spec: &model::Pool) -> PoolState {
        PoolState {
            free: spec.size,
            held: 0,
            limit: spec.queue.unwrap_or(u32::MAX),
            order: spec.order,
            waiting: Waiting::default(),
            joined: 0,
            changed: Time::ZERO,
            totals: PoolMeasures::default(),
            component: spec.component,
            open: spec.host.as_ref().is_none_or(|host| host.ready),
            waiting_beside: 0,
            held_beside: 0,
        }
    }

    fn integrate(&mut self, now: Time) {
        let dt = u128::from(now.since(self.changed).0);
        self.totals.held_integral += dt * u128::from(self.held + self.held_beside);
        self.totals.waiting_integral += dt * (self.waiting.len() as u128 + u128::from(self.waiting_beside));
        self.changed = now;
    }

    /// A job asks for a token.
    pub fn acquire(&mut self, slot: u32, priority: i64, now: Time) -> Grant {
        self.integrate(now);
        if self.free > 0 && self.open {
            self.free -= 1;
            self.held += 1;
            self.totals.grants += 1;
            return Grant::Token;
        }
        if self.waiting.len() >= self.limit as usize {
            self.totals.lost += 1;
            return Grant::Full;
        }
        self.queue(slot, priority);
        Grant::Queued
    }

    /// A job that was refused queues all the same.
    pub fn queue_anyway(&mut self, slot: u32, priority: i64, now: Time) {
        self.integrate(now);
        self.totals.lost -= 1;
        self.queue(slot, priority);
    }

    fn queue(&mut self, slot: u32, priority: i64) {
        let key = match self.order {
            PoolOrder::Fifo => 0,
            PoolOrder::LowFirst => priority,
            // -1 - p instead of -p: defined for the least integer too.
            PoolOrder::HighFirst => -1 - priority,
        };
        self.waiting.push(Waiter(key, self.joined, slot));
        self.joined += 1;
    }

    /// A token comes back; the waiting job that gets it, if any.
    pub fn release(&mut self, now: Time) -> Option<u32> {
        self.integrate(now);
        let next = if self.open { self.waiting.pop() } else { None };
        let Some(Waiter(_, _, slot)) = next else {
            self.free += 1;
            self.held -= 1;
            return None;
        };
        self.totals.grants += 1;
        Some(slot)
    }

    /// A token that is free goes to the job that waits for it, now that the pool has opened.
    pub fn hand_out(&mut self, now: Time) -> Option<u32> {
        self.integrate(now);
        if self.free == 0 || !self.open {
            return None;
        }
        let Waiter(_, _, slot) = self.waiting.pop()?;
        (self.free, self.held) = (self.free - 1, self.held + 1);
        self.totals.grants += 1;
        Some(slot)
    }

    /// Whether nobody holds a token, and whether nobody waits for one.
    pub fn is_empty(&self) -> (bool, bool) {
        (self.held == 0, self.waiting.is_empty())
    }

    /// Of instances: so many jobs wait and so many instances are given away from now on.
    pub fn beside(&mut self, waiting: u32, held: u32, now: Time) {
        self.integrate(now);
        (self.waiting_beside, self.held_beside) = (waiting, held);
    }

    /// An instance was given away.
    pub fn count_grant(&mut self) {
        self.totals.grants += 1;
    }

    /// A job was refused.
    pub fn count_lost(&mut self) {
        self.totals.lost += 1;
    }

    /// A waiting job is withdrawn from the queue.
    pub fn withdraw(&mut self, slot: u32, now: Time) {
        self.integrate(now);
        self.waiting.remove(slot);
    }

    /// The account as it stands at `now`.
    pub fn totals_at(&mut self, now: Time) -> PoolMeasures {
        self.integrate(now);
        self.totals
    }
}
