//! What a run records is a type parameter: an unrecorded run pays nothing.

use crate::event::EventKey;
use crate::trace::{Crowd, Decision, InstanceStretch, JobRecord, Segment, Stay, TaskEvent, Token, Trace};
use crate::units::Time;
use xxhash_rust::xxh3::Xxh3;

/// Receives what happens, in order.
pub trait Recorder {
    /// Whether jobs, segments and stays are wanted.
    const TRACE: bool = false;
    /// Whether a digest of the order of events is wanted.
    const DIGEST: bool = false;

    /// Whether the stretch of each job on shared cores is wanted, or only those of all that share them alike
    /// ([`Recorder::together`]).
    const EACH_SHARE: bool = true;

    /// Whether stretches of cores' time are still wanted. Where many jobs share a processor, each change of their number
    /// is a stretch of every one of them.
    fn wants_segments(&self) -> bool {
        Self::TRACE
    }

    /// Whether decisions are wanted.
    fn wants_decisions(&self) -> bool {
        false
    }

    /// Whether the grounds of the next decision are wanted, and not its outcome alone: these cost a look at every job that
    /// waits.
    fn wants_grounds(&self) -> bool {
        self.wants_decisions()
    }

    /// An event is handled.
    fn event(&mut self, key: EventKey) {
        let _ = key;
    }

    /// A choice was made: a job's number and a core, or a server.
    fn choice(&mut self, job: u64, place: u32) {
        let _ = (job, place);
    }

    /// A stretch is over in which the jobs of a shared processor, as many as the second number of `share`, were served alike by as
    /// many cores as the first. Told only where [`Recorder::EACH_SHARE`] is false.
    fn together(&mut self, processor: u32, share: (u32, u32), start: Time, end: Time) {
        let _ = (processor, share, start, end);
    }

    /// A stretch of a core's time is over.
    fn segment(&mut self, segment: Segment) {
        let _ = segment;
    }

    /// A stretch of a job's time off the cores is over.
    fn stay(&mut self, stay: Stay) {
        let _ = stay;
    }

    /// A stretch of time with a queue at a processor that shares its cores is over.
    fn crowd(&mut self, crowd: Crowd) {
        let _ = crowd;
    }

    /// A token of a pool is taken or given back.
    fn token(&mut self, token: Token) {
        let _ = token;
    }

    /// Something happened around instances.
    fn task(&mut self, event: TaskEvent) {
        let _ = event;
    }

    /// A stretch of an instance's time is over.
    fn instance(&mut self, stretch: InstanceStretch) {
        let _ = stretch;
    }

    /// A decision was made.
    fn decision(&mut self, decision: Decision) {
        let _ = decision;
    }

    /// A job has left, or the run has ended.
    fn job(&mut self, record: JobRecord) {
        let _ = record;
    }

    /// A job of this class that was released after the warm-up is done; times in ns.
    fn completed(&mut self, class: u32, response: u64, waiting: u64) {
        let _ = (class, response, waiting);
    }

    /// The run has ended.
    fn end(&mut self, at: Time) {
        let _ = at;
    }

    /// The digest, where it was kept.
    fn digest(&self) -> Option<u64> {
        None
    }
}

/// Records nothing.
#[derive(Clone, Copy, Default, Debug)]
pub struct Nothing;

impl Recorder for Nothing {}

/// Keeps a digest of the order of events and of what was chosen in it: equal on every machine and for every way of
/// recording.
#[derive(Clone, Default)]
pub struct Digest {
    hash: Xxh3,
}

impl Recorder for Digest {
    const DIGEST: bool = true;

    #[inline]
    fn event(&mut self, key: EventKey) {
        self.hash.update(&key.0.to_le_bytes());
    }

    #[inline]
    fn choice(&mut self, job: u64, place: u32) {
        let mut bytes = [0; 12];
        bytes[..8].copy_from_slice(&job.to_le_bytes());
        bytes[8..].copy_from_slice(&place.to_le_bytes());
        self.hash.update(&bytes);
    }

    fn digest(&self) -> Option<u64> {
        Some(self.hash.digest())
    }
}

/// Keeps everything: the trace and the digest, and decisions where asked for.
#[derive(Clone, Default)]
pub struct Full {
    /// The trace so far.
    pub trace: Trace,
    digest: Digest,
    decisions: bool,
}

impl Full {
    /// Records jobs, segments and stays, and decisions if `decisions`.
    pub fn new(decisions: bool) -> Full {
        Full { trace: Trace::default(), digest: Digest::default(), decisions }
    }
}

impl Recorder for Full {
    const TRACE: bool = true;
    const DIGEST: bool = true;

    fn wants_decisions(&self) -> bool {
        self.decisions
    }

    fn event(&mut self, key: EventKey) {
        self.digest.event(key);
    }

    fn choice(&mut self, job: u64, place: u32) {
        self.digest.choice(job, place);
    }

    fn segment(&mut self, segment: Segment) {
        self.trace.segments.push(segment);
    }

    fn stay(&mut self, stay: Stay) {
        self.trace.stays.push(stay);
    }

    fn crowd(&mut self, crowd: Crowd) {
        self.trace.crowds.push(crowd);
    }

    fn token(&mut self, token: Token) {
        self.trace.tokens.push(token);
    }

    fn task(&mut self, event: TaskEvent) {
        self.trace.tasks.push(event);
    }

    fn instance(&mut self, stretch: InstanceStretch) {
        self.trace.instances.push(stretch);
    }

    fn decision(&mut self, decision: Decision) {
        self.trace.decisions.push(decision);
    }

    fn job(&mut self, record: JobRecord) {
        self.trace.jobs.push(record);
    }

    fn end(&mut self, at: Time) {
        self.trace.end = at;
        self.trace.settle_numbers();
    }

    fn digest(&self) -> Option<u64> {
        self.digest.digest()
    }
}
