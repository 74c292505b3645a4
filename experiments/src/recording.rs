//! The recorder of replication 1: everything a result shows, within bounds on memory.

use sim_core::event::EventKey;
use sim_core::record::{Digest, Recorder};
use sim_core::trace::{Crowd, Decision, InstanceStretch, JobRecord, Segment, Stay, TaskEvent, Token, Trace};
use sim_core::units::Time;

/// More stretches of time than this are not kept: a trace takes at most a few hundred megabytes.
const MAX_SEGMENTS: usize = 4_000_000;
/// More of these are not kept of jobs that share a processor: each change of their number is a stretch of every one of them, so
/// that recording them, and making a chart of them, grows with the square of how many there are. What this bound takes at most
/// is half a second, whatever the run.
const MAX_SHARES: usize = 500_000;
/// More candidates in decisions than this are not kept, nor more decisions.
const MAX_CANDIDATES: usize = 4_000_000;
/// So many candidates are kept without being asked for: all of a small run's.
const FIRST_CANDIDATES: usize = 5_000;

/// Stretches that there is room for from the beginning, for each job and in all.
const ROOM_A_JOB: u64 = 24;
const ROOM: u64 = 400_000;

/// What is recorded of decisions.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Decisions {
    /// Nothing.
    #[default]
    Unrecorded,
    /// Who was chosen; and why, as long as that is cheap: the grounds of later ones are found again by
    /// [`crate::grounds::grounds`].
    Chosen,
    /// Who was chosen, and why.
    Explained,
}

/// Records jobs always, stretches and decisions up to a bound.
#[derive(Default)]
pub(crate) struct Recording {
    pub trace: Trace,
    digest: Digest,
    decisions: Decisions,
    candidates: usize,
    /// Stretches were left out, so that all of them were thrown away: half a chart would mislead.
    pub no_segments: bool,
    /// Stretches kept of jobs that share a processor.
    shares: usize,
    /// Decisions after the last one kept were left out.
    pub decisions_cut: bool,
}

impl Recording {
    pub fn new(decisions: Decisions) -> Recording {
        Recording { decisions, ..Recording::default() }
    }

    /// With room for a run of so many jobs: what is copied from a shorter list to a longer one again and again takes a tenth
    /// of a run. Memory that is not used is never touched.
    pub fn of_jobs(decisions: Decisions, jobs: Option<u64>) -> Recording {
        let mut recording = Recording::new(decisions);
        let room = jobs.unwrap_or(0).saturating_mul(ROOM_A_JOB).min(ROOM) as usize;
        recording.trace.segments.reserve(room);
        recording.trace.stays.reserve(room / 2);
        if decisions != Decisions::Unrecorded {
            recording.trace.decisions.reserve(room / 2);
        }
        recording
    }

    /// Remarks for the user about what was left out.
    pub fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        if self.no_segments && self.shares >= MAX_SHARES {
            notes.push(format!(
                "more than {MAX_SHARES} stretches of time of jobs that share a processor: the chart is left out"
            ));
        } else if self.no_segments {
            notes.push(format!("more than {MAX_SEGMENTS} stretches of time: the chart is left out"));
        }
        if self.decisions_cut {
            notes.push(format!("only the first {} decisions are kept", self.trace.decisions.len()));
        }
        notes
    }
}

impl Recorder for Recording {
    const TRACE: bool = true;
    const DIGEST: bool = true;

    fn wants_segments(&self) -> bool {
        !self.no_segments
    }

    fn wants_decisions(&self) -> bool {
        self.decisions != Decisions::Unrecorded && !self.decisions_cut
    }

    fn wants_grounds(&self) -> bool {
        let few = self.decisions == Decisions::Explained || self.candidates < FIRST_CANDIDATES;
        few && self.wants_decisions()
    }

    fn event(&mut self, key: EventKey) {
        self.digest.event(key);
    }

    fn choice(&mut self, job: u64, place: u32) {
        self.digest.choice(job, place);
    }

    fn segment(&mut self, segment: Segment) {
        if self.no_segments {
            return;
        }
        // A lone job under a quantum runs slice after slice: one stretch, not one a slice.
        if let Some(last) = self.trace.segments.last_mut() {
            let same = |s: &Segment| (s.processor, s.core, s.job, s.kind, s.share, s.level);
            if last.end == segment.start && same(last) == same(&segment) {
                last.end = segment.end;
                return;
            }
        }
        let shared = segment.share.1 > 1;
        if self.trace.segments.len() >= MAX_SEGMENTS || (shared && self.shares >= MAX_SHARES) {
            self.no_segments = true;
            self.trace.segments = Vec::new();
            self.trace.stays = Vec::new();
            self.trace.tokens = Vec::new();
            self.trace.crowds = Vec::new();
            return;
        }
        self.shares += usize::from(shared);
        self.trace.segments.push(segment);
    }

    fn stay(&mut self, stay: Stay) {
        if !self.no_segments && self.trace.stays.len() < MAX_SEGMENTS {
            self.trace.stays.push(stay);
        }
    }

    fn crowd(&mut self, crowd: Crowd) {
        if self.no_segments {
            return;
        }
        if let Some(last) = self.trace.crowds.last_mut() {
            let goes_on =
                (last.processor, last.waiting, last.end) == (crowd.processor, crowd.waiting, crowd.start);
            if goes_on {
                last.end = crowd.end;
                return;
            }
        }
        if self.trace.crowds.len() < MAX_SEGMENTS {
            self.trace.crowds.push(crowd);
        }
    }

    fn token(&mut self, token: Token) {
        if !self.no_segments && self.trace.tokens.len() < MAX_SEGMENTS {
            self.trace.tokens.push(token);
        }
    }

    fn task(&mut self, event: TaskEvent) {
        if self.trace.tasks.len() < MAX_SEGMENTS {
            self.trace.tasks.push(event);
        }
    }

    fn instance(&mut self, stretch: InstanceStretch) {
        if self.trace.instances.len() < MAX_SEGMENTS {
            self.trace.instances.push(stretch);
        }
    }

    fn decision(&mut self, decision: Decision) {
        self.candidates += decision.candidates().len() + 1;
        if self.candidates > MAX_CANDIDATES {
            self.decisions_cut = true;
        } else {
            self.trace.decisions.push(decision);
        }
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

#[cfg(test)]
mod tests {
    use super::*;
    use sim_core::trace::{DecisionKind, SegmentKind};

    #[test]
    fn half_a_chart_is_no_chart() {
        for (share, most) in [((1, 1), MAX_SEGMENTS), ((1, 2), MAX_SHARES)] {
            let mut recording = Recording::new(Decisions::Unrecorded);
            for at in 0..=most as u64 {
                assert!(recording.wants_segments());
                recording.segment(Segment {
                    processor: 0,
                    core: 0,
                    job: at % 2,
                    kind: SegmentKind::Run,
                    start: Time(at),
                    end: Time(at + 1),
                    share,
                    level: 0,
                });
            }
            assert!(recording.no_segments && recording.trace.segments.is_empty());
            let note = &recording.notes()[0];
            assert!(
                note.starts_with(&format!("more than {most} ")) && note.ends_with("the chart is left out")
            );
        }
    }

    #[test]
    fn decisions_end_where_their_candidates_do_not_fit() {
        let mut recording = Recording::new(Decisions::Explained);
        let kind = DecisionKind::Dispatch { processor: 0, core: 0 };
        let decision = Decision { at: Time::ZERO, kind, chosen: 0, slice: None, grounds: None };
        while recording.wants_decisions() {
            recording.decision(decision.clone());
        }
        assert_eq!(recording.trace.decisions.len(), MAX_CANDIDATES);
        assert!(recording.notes()[0].starts_with("only the first"));
        assert!(!recording.wants_grounds());
    }
}
