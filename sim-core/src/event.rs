//! The total order of events.
//!
//! An event *is* its key: 16 bytes, compared as one integer. From the most significant bit:
//!
//! | bits | field | meaning |
//! |---|---|---|
//! | 64 | time | nanoseconds since the start |
//! | 4 | phase | what kind of thing happens, see [`Phase`] |
//! | 24 | entity | whom it happens to: a core, a source, a processor |
//! | 36 | sequence | the order in which events were scheduled |
//!
//! Where a job or a customer waits for a time that it chose when it began to wait (delays, client input, timers, think
//! times, looks of controllers), sequence and entity change places, so that those of one instant come in the order in which
//! they were scheduled. A sequence past 2^36 or an entity past 2^24 stops the run with an error.

use crate::units::Time;

/// What happens, in the order in which things that share an instant are handled.
///
/// Some kinds have two places in the order; the run's tie rules say which one is used.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
#[repr(u8)]
pub enum Phase {
    /// Work on a core is complete. Entity: the core.
    WorkDone = 0,
    /// A quantum ends, where `quantum_end = preempted-first`. Entity: the core.
    SliceEndEarly = 1,
    /// A policy's periodic tick, where `boost = before-arrivals`. Entity: the processor.
    TickEarly = 2,
    /// A delay is over. By sequence; entity: the job's slot.
    DelayDone = 3,
    /// Client input for a running task (conversations). By sequence; entity: the job's slot.
    Input = 4,
    /// A server fails or comes back, a balancer learns of it, or something expires: an instance that was idle for long
    /// enough, a process that is to be recycled. Entity: the place in the engine's table of all of them.
    Control = 5,
    /// A job's patience or its deadline is over, or a timer that a program set is due. By sequence; entity: the job's slot.
    Timer = 6,
    /// A source releases a job. Entity: the source, in the order of the scenario or the task list.
    Arrival = 7,
    /// A think time is over: a customer of a closed source, or a job that another one has announced, arrives. By sequence;
    /// entity: the source, or the job's slot above all sources.
    Think = 8,
    /// A delay is over, where `io_return = after-arrivals`. By sequence; entity: the job's slot.
    DelayDoneLate = 9,
    /// A quantum or a budget ends. Entity: the core.
    SliceEnd = 10,
    /// A policy's periodic tick. Entity: the processor.
    Tick = 11,
    /// A controller's periodic look. By sequence; entity: the slot of the job that acts for it.
    Look = 12,
}

const ENTITY_BITS: u32 = 24;
const SEQUENCE_BITS: u32 = 36;

/// The largest entity: cores, sources and jobs in the system stay at or below it.
pub const ENTITY_MAX: u32 = (1 << ENTITY_BITS) - 1;
/// The largest sequence number.
pub const SEQUENCE_MAX: u64 = (1 << SEQUENCE_BITS) - 1;

/// An event and its place in the total order.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct EventKey(pub u128);

impl EventKey {
    /// An event of `entity`. `entity` and `sequence` are within their limits (checked where they are given out).
    #[inline]
    pub fn new(at: Time, phase: Phase, entity: u32, sequence: u64) -> EventKey {
        debug_assert!(entity <= ENTITY_MAX && sequence <= SEQUENCE_MAX);
        let low = ((phase as u64) << 60) | (u64::from(entity) << SEQUENCE_BITS) | sequence;
        EventKey((u128::from(at.0) << 64) | u128::from(low))
    }

    /// An event of the job in `slot` in one of the phases that are ordered by sequence.
    #[inline]
    pub fn by_sequence(at: Time, phase: Phase, slot: u32, sequence: u64) -> EventKey {
        debug_assert!(slot <= ENTITY_MAX && sequence <= SEQUENCE_MAX);
        let low = ((phase as u64) << 60) | (sequence << ENTITY_BITS) | u64::from(slot);
        EventKey((u128::from(at.0) << 64) | u128::from(low))
    }

    /// The key from its upper and its lower half.
    #[inline(always)]
    pub(crate) fn from_halves(time: Time, rest: u64) -> EventKey {
        EventKey((u128::from(time.0) << 64) | u128::from(rest))
    }

    /// Upper and lower half.
    #[inline(always)]
    pub(crate) fn halves(self) -> (Time, u64) {
        (self.time(), self.0 as u64)
    }

    /// When it happens.
    #[inline]
    pub fn time(self) -> Time {
        Time((self.0 >> 64) as u64)
    }

    /// What happens.
    #[inline]
    pub fn phase(self) -> Phase {
        match (self.0 as u64) >> 60 {
            0 => Phase::WorkDone,
            1 => Phase::SliceEndEarly,
            2 => Phase::TickEarly,
            3 => Phase::DelayDone,
            4 => Phase::Input,
            5 => Phase::Control,
            6 => Phase::Timer,
            7 => Phase::Arrival,
            8 => Phase::Think,
            9 => Phase::DelayDoneLate,
            10 => Phase::SliceEnd,
            11 => Phase::Tick,
            _ => Phase::Look,
        }
    }

    /// What happens, as the number of its phase.
    #[inline(always)]
    pub(crate) fn phase_number(self) -> u64 {
        (self.0 as u64) >> 60
    }

    /// To whom it happens (phases that are ordered by entity).
    #[inline]
    pub fn entity(self) -> u32 {
        ((self.0 as u64) >> SEQUENCE_BITS) as u32 & ENTITY_MAX
    }

    /// The sequence number (phases that are ordered by entity).
    #[inline]
    pub fn sequence(self) -> u64 {
        self.0 as u64 & SEQUENCE_MAX
    }

    /// The sequence number (phases that are ordered by sequence).
    #[inline]
    pub fn awaited_sequence(self) -> u64 {
        (self.0 as u64 >> ENTITY_BITS) & SEQUENCE_MAX
    }

    /// The job's slot, or the source (phases that are ordered by sequence).
    #[inline]
    pub fn awaiting_slot(self) -> u32 {
        self.0 as u64 as u32 & ENTITY_MAX
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Phase; 13] = [
        Phase::WorkDone,
        Phase::SliceEndEarly,
        Phase::TickEarly,
        Phase::DelayDone,
        Phase::Input,
        Phase::Control,
        Phase::Timer,
        Phase::Arrival,
        Phase::Think,
        Phase::DelayDoneLate,
        Phase::SliceEnd,
        Phase::Tick,
        Phase::Look,
    ];

    #[test]
    fn a_key_gives_back_its_parts() {
        for phase in ALL {
            let key = EventKey::new(Time(u64::MAX - 1), phase, ENTITY_MAX, SEQUENCE_MAX);
            assert_eq!(key.time(), Time(u64::MAX - 1));
            assert_eq!(key.phase(), phase);
            assert_eq!(key.entity(), ENTITY_MAX);
            assert_eq!(key.sequence(), SEQUENCE_MAX);
        }
        let key = EventKey::by_sequence(Time(5), Phase::DelayDone, 77, 123);
        assert_eq!((key.time(), key.phase(), key.awaiting_slot()), (Time(5), Phase::DelayDone, 77));
        assert_eq!(key.awaited_sequence(), 123);
    }

    #[test]
    fn order_is_time_then_phase_then_entity_then_sequence() {
        let ordered = [
            EventKey::new(Time(1), Phase::Tick, 9, 9),
            EventKey::new(Time(2), Phase::WorkDone, 5, 9),
            EventKey::by_sequence(Time(2), Phase::DelayDone, 9, 3),
            EventKey::by_sequence(Time(2), Phase::DelayDone, 1, 4),
            EventKey::new(Time(2), Phase::Arrival, 0, 8),
            EventKey::new(Time(2), Phase::Arrival, 1, 2),
            EventKey::new(Time(2), Phase::Arrival, 1, 3),
            EventKey::by_sequence(Time(2), Phase::Think, 7, 2),
            EventKey::by_sequence(Time(2), Phase::Think, 3, 4),
            EventKey::new(Time(2), Phase::SliceEnd, 0, 1),
        ];
        assert!(ordered.is_sorted());
    }
}
