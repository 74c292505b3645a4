//! A run up to an instant, as if nobody knew how it goes on: for predicting. What comes later is not hidden by views, it is not
//! there.

use super::snapshot::{Snapshot, Trouble};
use experiments::RunResult;
use experiments::exercise::Question;
use sim_core::measure::Measures;
use sim_core::trace::{
    Crowd, DecisionKind, InstanceStretch, JobRecord, PlaceKind, Segment, SegmentKind, Status, Stay, Trace,
};
use sim_core::units::{Span, Time};
use std::collections::BTreeMap;

/// How far a run is known.
#[derive(Clone, Copy, Debug)]
pub enum Veil<'a> {
    /// Nothing has been decided yet.
    All,
    /// Until just before a decision.
    Before(&'a Question),
    /// Until just after it.
    After(&'a Question),
}

impl Veil<'_> {
    /// The instant up to which the run is known.
    pub fn at(&self) -> Time {
        match self {
            Veil::All => Time::ZERO,
            Veil::Before(question) | Veil::After(question) => question.at,
        }
    }

    /// How many decisions of the trace are known.
    fn past(&self) -> usize {
        match self {
            Veil::All => 0,
            Veil::Before(question) => question.past,
            Veil::After(question) => question.past + usize::from(question.decision.is_some()),
        }
    }

    /// Who waits for a core and who has one, by job and processor, as far as decisions of this instant are known: those that
    /// are still to be taken have not moved anybody.
    fn present(&self, trace: &Trace) -> BTreeMap<u64, (u32, bool)> {
        let mut present = BTreeMap::new();
        if let Veil::Before(question) | Veil::After(question) = self {
            let after = matches!(self, Veil::After(_));
            for job in &question.candidates {
                let on = question.running.get(job).is_some_and(|core| !after || *core != question.core);
                let on = on || after && *job == question.right;
                present.insert(*job, (question.processor, on));
            }
        }
        let pending = trace.decisions[self.past()..].iter().take_while(|decision| decision.at <= self.at());
        for decision in pending {
            if let DecisionKind::Dispatch { processor, .. } | DecisionKind::Preempt { processor, .. } =
                decision.kind
            {
                for candidate in decision.candidates() {
                    present.entry(candidate.id).or_insert((processor, candidate.running));
                }
            }
        }
        present
    }
}

impl Snapshot {
    /// The same run as far as it is known: a trace that ends there, and no numbers of the whole.
    pub fn veiled(&self, veil: Veil<'_>) -> Result<Snapshot, Trouble> {
        let result = RunResult {
            keys: Vec::new(),
            values: Vec::new(),
            summary: Vec::new(),
            first: Measures::default(),
            trace: Some(cut(self.trace(), veil)),
            has_segments: true,
            digest: None,
            warmup: Time::ZERO,
            open: Vec::new(),
            findings: Vec::new(),
            exact: false,
            sample: None,
            notes: Vec::new(),
            shortfalls: Vec::new(),
        };
        let mut snapshot = Snapshot::of(self.setup.clone(), self.loaded.clone(), result, &|_| true)?;
        snapshot.known = Some(veil.at().0.max(1));
        Ok(snapshot)
    }
}

/// The trace up to an instant. What goes on there ends a nanosecond later, so that it is seen at that instant.
fn cut(trace: &Trace, veil: Veil<'_>) -> Trace {
    let (at, past) = (veil.at(), veil.past());
    let edge = Time(at.0 + 1);
    let present = veil.present(trace);
    let runs = |job: u64| present.get(&job).is_some_and(|(_, on)| *on);
    let segments = trace.segments.iter().filter_map(|segment| {
        let chosen_later = segment.start == at && is_to_come(trace, past, segment);
        if segment.start > at || chosen_later {
            return None;
        }
        // Two slices of one job in a row are one stretch; whether there is another is what is asked.
        let waits = segment.end > at && present.get(&segment.job).is_some_and(|(_, on)| !on);
        if waits {
            return Some(Segment { end: at, ..*segment });
        }
        let goes_on = segment.end > at || runs(segment.job) && segment.end == at;
        Some(Segment { end: if goes_on { edge } else { segment.end }, ..*segment })
    });
    let segments: Vec<Segment> = segments.collect();
    let stays = trace.stays.iter().filter(|stay| {
        let ready = matches!(stay.place, PlaceKind::Ready(_));
        stay.start < at || stay.start == at && !(ready && runs(stay.job))
    });
    let mut stays: Vec<Stay> =
        stays.map(|stay| if stay.end > at { Stay { end: edge, ..*stay } } else { *stay }).collect();
    for (job, (processor, _)) in present.iter().filter(|(_, (_, on))| !on) {
        let place = PlaceKind::Ready(*processor);
        let last = |stay: &&mut Stay| stay.job == *job && stay.place == place && stay.end >= at;
        match stays.iter_mut().find(last) {
            Some(stay) => stay.end = edge,
            None => stays.push(Stay { job: *job, place, start: at, end: edge }),
        }
    }
    let known = trace.jobs.iter().filter(|job| job.arrival <= at);
    let jobs = known.map(|job| record(job, at, &segments, &stays)).collect();
    // What is taken at this very instant may follow from what is asked.
    let tokens = trace.tokens.iter().filter(|token| token.at < at).copied().collect();
    let crowds = trace.crowds.iter().filter(|crowd| crowd.start < at);
    let crowds = crowds.map(|crowd| Crowd { end: crowd.end.min(at), ..*crowd }).collect();
    let tasks = trace.tasks.iter().filter(|event| event.at < at).cloned().collect();
    let begun = trace.instances.iter().filter(|stretch| stretch.start < at);
    let instances = begun.map(|stretch| InstanceStretch { end: stretch.end.min(at), ..*stretch }).collect();
    let decisions = trace.decisions[..past].to_vec();
    Trace {
        jobs,
        segments,
        stays,
        crowds,
        tokens,
        tasks,
        instances,
        decisions,
        end: at,
        of_sources: trace.of_sources,
    }
}

/// Whether a stretch is the work of a decision that is still to be taken.
fn is_to_come(trace: &Trace, past: usize, segment: &Segment) -> bool {
    let later = trace.decisions[past..].iter().take_while(|decision| decision.at <= segment.start);
    later.into_iter().any(|decision| match decision.kind {
        DecisionKind::Dispatch { processor, .. } | DecisionKind::Preempt { processor, .. } => {
            processor == segment.processor && decision.chosen == segment.job
        }
        DecisionKind::Balance { job, .. } => job == segment.job,
    })
}

/// What is known of a job.
fn record(job: &JobRecord, at: Time, segments: &[Segment], stays: &[Stay]) -> JobRecord {
    if job.finish.is_some_and(|finish| finish <= at) {
        return job.clone();
    }
    let mine = || segments.iter().filter(|segment| segment.job == job.number);
    let length = |of: &dyn Fn(&Segment) -> bool| {
        Span(mine().filter(|segment| of(segment)).map(|s| s.end.min(at).0.saturating_sub(s.start.0)).sum())
    };
    let stayed = |ready: bool| {
        let here = stays.iter().filter(|stay| stay.job == job.number);
        let here = here.filter(|stay| matches!(stay.place, PlaceKind::Ready(_)) == ready);
        Span(here.map(|stay| stay.end.min(at).0.saturating_sub(stay.start.0)).sum())
    };
    let first = mine().filter(|segment| segment.kind == SegmentKind::Run).map(|segment| segment.start).min();
    let put_back = stays.iter().filter(|stay| {
        stay.job == job.number
            && matches!(stay.place, PlaceKind::Ready(processor)
                if mine().any(|segment| segment.processor == processor && segment.end == stay.start))
    });
    JobRecord {
        status: Status::Unfinished,
        first_run: first,
        finish: None,
        served: length(&|segment| segment.kind == SegmentKind::Run),
        ready: stayed(true),
        overhead: length(&|segment| segment.kind != SegmentKind::Run),
        blocked: stayed(false),
        preemptions: put_back.count() as u32,
        migrations: 0,
        missed: job.deadline.filter(|deadline| *deadline < at).map(|_| true),
        ..job.clone()
    }
}
