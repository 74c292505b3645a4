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
        }
    }

    fn integrate(&mut self, now: Time) {
        let dt = u128::from(now.since(self.changed).0);
        self.totals.held_integral += dt * u128::from(self.held);
        self.totals.waiting_integral += dt * self.waiting.len() as u128;
        self.changed = now;
    }

    /// A job asks for a token.
    pub fn acquire(&mut self, slot: u32, priority: i64, now: Time) -> Grant {
        self.integrate(now);
        if self.free > 0 {
            self.free -= 1;
            self.held += 1;
            self.totals.grants += 1;
            return Grant::Token;
        }
        if self.waiting.len() >= self.limit as usize {
            self.totals.lost += 1;
            return Grant::Full;
        }
        let key = match self.order {
            PoolOrder::Fifo => 0,
            PoolOrder::LowFirst => priority,
            // -1 - p instead of -p: defined for the least integer too.
            PoolOrder::HighFirst => -1 - priority,
        };
        self.waiting.push(Waiter(key, self.joined, slot));
        self.joined += 1;
        Grant::Queued
    }

    /// A token comes back; the waiting job that gets it, if any.
    pub fn release(&mut self, now: Time) -> Option<u32> {
        self.integrate(now);
        let Some(Waiter(_, _, slot)) = self.waiting.pop() else {
            self.free += 1;
            self.held -= 1;
            return None;
        };
        self.totals.grants += 1;
        Some(slot)
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
