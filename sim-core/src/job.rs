//! Jobs in the system: a slab of slots used again and again, so that memory is bounded by the jobs present.

use crate::event::EventKey;
use crate::units::{Span, Time};
use std::ops::{Index, IndexMut};

/// No slot, no core, no job.
pub(crate) const NONE: u32 = u32::MAX;

/// What a job is doing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum State {
    /// Not in use.
    Free,
    /// Between two steps, at the current instant.
    Moving,
    /// In the ready queue of a processor.
    Ready,
    /// On a core of a processor (or sharing its cores).
    Running,
    /// In the queue of a pool.
    Queued,
    /// In a delay.
    Delayed,
    /// Waiting for children.
    Joining,
    /// At no station of its own: a job of the system sees to it.
    Parked,
}

impl State {
    /// Whether time goes by for the job without any station.
    pub fn is_blocked(self) -> bool {
        matches!(self, State::Delayed | State::Joining | State::Parked)
    }
}

/// A job in the system.
#[derive(Clone, Debug)]
pub(crate) struct Job {
    /// Release.
    pub arrival: Time,
    /// When it entered its present state (running: when it became ready for this run).
    pub since: Time,
    /// The server it was sent to by the balancer of register 1 (the others are in the engine's table).
    pub server: u32,
    /// Its first given value (the others are in the engine's table).
    pub value: u64,
    /// Work of this visit to a processor, and what is left of it as of the last dispatch or later.
    pub burst: u64,
    pub remaining: u64,
    /// Absolute deadline or never.
    pub deadline: Time,
    /// First instruction or never.
    pub first_run: Time,
    /// Number in the run; children carry their parent's.
    pub number: u64,
    /// The client's key.
    pub client: u64,
    /// Processor time received.
    pub served: Span,
    /// Time in ready queues.
    pub ready: Span,
    /// Switch and dispatch costs.
    pub overhead: Span,
    /// Delays, devices, waiting for children.
    pub blocked: Span,
    /// Next operation.
    pub pc: u32,
    /// Index into the model's attributes.
    pub attributes: u32,
    /// Index into the model's classes.
    pub class: u32,
    /// Index into the model's sources.
    pub source: u32,
    /// What it is doing, and at which processor or pool.
    pub state: State,
    pub station: u32,
    /// The core it ran on last (global index).
    pub last_core: u32,
    /// What follows the work it is at, one of the `TAIL_` values of `engine::source`: the program's next step, the
    /// exit, or the exit after leaving a balancer's server. Read when the work ends, so that a job of one step needs
    /// no look at the program.
    pub tail: u32,
    /// The processor it visited last, plus one; 0: none yet.
    pub visited: u32,
    /// Its slice ended at `since`: it stays on its core where it can.
    pub expired: bool,
    /// The slot of the parent of a child.
    pub parent: u32,
    /// Which fork made this child.
    pub child_of: u64,
    /// What this job waits for: the fork it is at and how many more of its children, the sequence number of the end
    /// of its delay, or its turn among the jobs that move.
    pub awaits: u64,
    pub awaited: u32,
    /// Sequence number of its pending timer; 0 where there is none.
    pub timer: u64,
    /// Its client has given up; the work goes on for nothing.
    pub abandoned: bool,
    /// It has held a token, or a child that it waited for was served. Kept where jobs have timers.
    pub attended: bool,
    pub preemptions: u32,
    pub migrations: u32,
    /// Which job of its task it is, 1-based.
    pub nth: u64,
}

impl Default for Job {
    fn default() -> Self {
        Job {
            arrival: Time::ZERO,
            since: Time::ZERO,
            server: 0,
            value: 0,
            burst: 0,
            remaining: 0,
            deadline: Time::NEVER,
            first_run: Time::NEVER,
            number: 0,
            client: 0,
            served: Span::ZERO,
            ready: Span::ZERO,
            overhead: Span::ZERO,
            blocked: Span::ZERO,
            pc: 0,
            attributes: 0,
            class: 0,
            source: 0,
            state: State::Free,
            station: NONE,
            last_core: NONE,
            tail: 0,
            visited: 0,
            expired: false,
            parent: NONE,
            child_of: 0,
            awaits: 0,
            awaited: 0,
            timer: 0,
            abandoned: false,
            attended: false,
            preemptions: 0,
            migrations: 0,
            nth: 0,
        }
    }
}

impl Job {
    /// Whether anything that jobs queue for has been its own: a core, a device, a token.
    pub fn is_served(&self) -> bool {
        self.first_run != Time::NEVER || self.attended
    }
}

/// The slab.
#[derive(Default)]
pub(crate) struct Jobs {
    table: Vec<Job>,
    free: Vec<u32>,
}

impl Jobs {
    /// A free slot, if there is one.
    #[inline(always)]
    pub fn reuse(&mut self) -> Option<u32> {
        self.free.pop()
    }

    /// A new slot.
    pub fn grow(&mut self) -> u32 {
        self.table.push(Job::default());
        self.table.len() as u32 - 1
    }

    /// Gives a slot back.
    #[inline]
    pub fn release(&mut self, slot: u32) {
        self.table[slot as usize].state = State::Free;
        self.free.push(slot);
    }

    /// Whether the job that the end of a delay was scheduled for is still in that delay.
    pub fn is_delayed(&self, key: EventKey) -> bool {
        self.is_waiting(key.awaiting_slot(), key.awaited_sequence())
    }

    /// Whether the job in a slot waits for the event of this sequence number.
    pub fn is_waiting(&self, slot: u32, sequence: u64) -> bool {
        let job = &self[slot];
        job.state == State::Delayed && job.awaits == sequence
    }

    /// Number of jobs present.
    pub fn present(&self) -> usize {
        self.table.len() - self.free.len()
    }

    /// Every job present with its slot.
    pub fn iter(&self) -> impl Iterator<Item = (u32, &Job)> {
        self.table
            .iter()
            .enumerate()
            .filter(|(_, job)| job.state != State::Free)
            .map(|(slot, job)| (slot as u32, job))
    }
}

impl Index<u32> for Jobs {
    type Output = Job;
    #[inline]
    fn index(&self, slot: u32) -> &Job {
        &self.table[slot as usize]
    }
}

impl IndexMut<u32> for Jobs {
    #[inline]
    fn index_mut(&mut self, slot: u32) -> &mut Job {
        &mut self.table[slot as usize]
    }
}
