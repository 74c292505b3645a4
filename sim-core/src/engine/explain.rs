//! Decision records: what a policy chose among, built only where they are asked for.

use super::Engine;
use crate::job::State;
use crate::policy::Pick;
use crate::processor::Server;
use crate::record::Recorder;
use crate::trace::{Candidate, Decision, DecisionKind, Grounds};
use crate::units::Span;

/// Which core a scheduler is asked to fill.
pub(super) enum Ask {
    /// One that is idle.
    Idle,
    /// One that was just taken; with the candidates as they stood before, where grounds are wanted.
    Taken(Option<Vec<Candidate>>),
}

impl<R: Recorder, const PLAIN: bool> Engine<'_, R, PLAIN> {
    /// Every job that is ready or running at a processor, with its key; `None` where no grounds are wanted.
    pub(super) fn candidates(&mut self, processor: u32) -> Option<Vec<Candidate>> {
        if !self.world.recorder.wants_grounds() {
            return None;
        }
        let here = self.world.shared.jobs.iter().filter(|(_, job)| {
            job.station == processor && matches!(job.state, State::Ready | State::Running)
        });
        let kernel = self.processors[processor as usize].kernel.as_ref();
        let here = here.filter(|(slot, _)| kernel.is_none_or(|kernel| !kernel.is_unseen(*slot)));
        let mut jobs: Vec<(u32, u64, u32, bool)> = here
            .map(|(slot, job)| {
                let place = self.world.shared.attributes[job.attributes as usize].place;
                (place, job.number, slot, job.state == State::Running)
            })
            .collect();
        jobs.sort_unstable();
        let state = &mut self.processors[processor as usize];
        let (shared, seats) = (&self.world.shared, &mut state.seats);
        let Server::Picks(policy) = &state.server else { return None };
        let candidate = |(_, number, slot, running): (u32, u64, u32, bool)| {
            // Whoever is ready has none: of very many cores each would be looked at in vain.
            let core =
                if running { seats.cores(shared).iter().position(|core| core.job == slot) } else { None };
            let key = policy.key(slot, core.map(|core| core as u32), shared, seats);
            Candidate { id: number, key, running }
        };
        Some(jobs.into_iter().map(candidate).collect())
    }

    /// Records a dispatch or a preemption. Running jobs stand among the candidates of a preemption only.
    pub(super) fn record_pick(
        &mut self,
        processor: u32,
        kind: DecisionKind,
        candidates: Option<Vec<Candidate>>,
        pick: Pick,
    ) {
        let chosen = self.world.shared.jobs[pick.slot].number;
        let Server::Picks(policy) = &self.processors[processor as usize].server else { return };
        let grounds = candidates.map(|mut candidates| {
            if matches!(kind, DecisionKind::Dispatch { .. }) {
                candidates.retain(|candidate| !candidate.running);
            }
            Box::new(Grounds::of(candidates, chosen, policy.note()))
        });
        self.world.recorder.decision(Decision {
            at: self.world.shared.now,
            kind,
            chosen,
            slice: (pick.slice != Span::FOREVER).then_some(pick.slice),
            grounds,
        });
    }
}
