//! Why a run can stop before its end.

use crate::units::Time;
use thiserror::Error;

/// A run that could not go on. Bad scenarios never get this far: they are refused where the model is built.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum RunError {
    /// A policy returned a decision that is impossible.
    #[error("policy `{policy}` of `{station}` broke its contract at {at} (event {event}): {what}")]
    Contract {
        /// The policy's id.
        policy: String,
        /// The station or balancer that asked.
        station: String,
        /// When.
        at: Time,
        /// How many events had been handled.
        event: u64,
        /// What was impossible about it.
        what: String,
    },
    /// The run reached its limit of events.
    #[error("stopped after {limit} events, at {at}; raise the limit with --max-events")]
    EventLimit {
        /// The limit.
        limit: u64,
        /// The time reached.
        at: Time,
    },
    /// Too many jobs were in the system at once.
    #[error(
        "more than {limit} jobs in the system at {at}: does more work arrive than can be served? \
         raise the limit with --max-jobs"
    )]
    JobLimit {
        /// The limit.
        limit: u64,
        /// The time reached.
        at: Time,
    },
    /// Time does not move on: endless work of length zero.
    #[error(
        "{events} events happened at {at} without time moving on: the scenario loops through steps that take no time"
    )]
    Livelock {
        /// How many events shared the instant.
        events: u64,
        /// The instant.
        at: Time,
    },
    /// Time left its range.
    #[error("time overflow at {at} (event {event}): an event would lie past 2^63 ns")]
    TimeOverflow {
        /// When.
        at: Time,
        /// How many events had been handled.
        event: u64,
    },
    /// An identity that holds for every correct run does not hold: a bug in the engine.
    #[error(
        "identity violated at the end of the run: {what} ({left} against {right}); this is a bug in DispatchLab"
    )]
    Identity {
        /// Which identity.
        what: String,
        /// One side.
        left: u128,
        /// The other side.
        right: u128,
    },
    /// The caller asked to stop.
    #[error("cancelled at {at}")]
    Cancelled {
        /// The time reached.
        at: Time,
    },
}
