//! Why jobs leave before their programs end: clients that give up, servers that fail. Parts of the model.

use crate::law::Law;
use crate::units::Time;

/// When a client gives up, and what becomes of its job.
#[derive(Clone, Debug)]
pub struct Timeout {
    /// The law of its patience, counted from the release.
    pub after: Law,
    /// What must have happened by then.
    pub until: TimeoutUntil,
    /// What becomes of the job.
    pub then: OnTimeout,
}

/// What a client waits for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum TimeoutUntil {
    /// The completion of its job.
    #[default]
    Completion,
    /// That its job is served for the first time: that it, or a child that it waits for, gets a core, a device or a
    /// token. From then on the client stays (impatience, Erlang A). A delay serves nobody.
    FirstRun,
}

/// What becomes of a job whose client has given up.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum OnTimeout {
    /// It is withdrawn at once from wherever it is, and gives back what it holds.
    #[default]
    Withdraw,
    /// It goes on to its end, for nothing.
    Abandon,
}

/// When the servers of a group fail and come back.
#[derive(Clone, Debug)]
pub struct Outages {
    /// Given stretches, each a server with the time at which it fails and the time at which it is back (after the
    /// former), sorted by server and time; those of one server neither overlap nor touch.
    pub given: Vec<(u32, Time, Time)>,
    /// At random: the laws of the time from coming back to failing and of the time from failing to coming back. Each
    /// server has a stream of its own. Not together with `given`.
    pub random: Option<(Law, Law)>,
    /// What a failure does to the server's jobs.
    pub effect: OutageEffect,
}

/// What a failure does to the jobs at a server.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum OutageEffect {
    /// They are lost, and a request that is sent to it is refused at once (lost too).
    #[default]
    Lose,
    /// They stay and wait: nothing runs until it is back; requests that are sent to it queue there.
    Stall,
}
