//! What is looked at now and then: limits, the observer, and events in the queue that have been overtaken.

use super::host::Hosts;
use super::outage::Outages;
use super::task::Task;
use super::{CHECK_EVERY, Engine, Fault, LIVELOCK, Limits, Progress};
use crate::error::RunError;
use crate::event::{EventKey, Phase, SEQUENCE_MAX};
use crate::job::Jobs;
use crate::record::Recorder;

impl<R: Recorder, const PLAIN: bool> Engine<'_, R, PLAIN> {
    /// Limits, observer, livelock; once every [`CHECK_EVERY`] events.
    #[cold]
    pub(super) fn check(&mut self, limits: &Limits<'_>) -> Result<(), Fault> {
        let now = self.world.shared.now;
        let events = self.world.events();
        if events >= self.max_events {
            return Err(Box::new(RunError::EventLimit { limit: self.max_events, at: now }));
        }
        // Far more than can be scheduled between two looks.
        if self.world.sequence > SEQUENCE_MAX / 2 {
            return Err(Box::new(RunError::TimeOverflow { at: now, event: events }));
        }
        if self.instant.0 != now {
            self.instant = (now, events);
        } else if events - self.instant.1 > LIVELOCK {
            return Err(Box::new(RunError::Livelock { events: events - self.instant.1, at: now }));
        }
        if let Some(observer) = limits.observer {
            let progress = Progress {
                now,
                events,
                released: self.world.released + self.world.emitted,
                left: self.world.left,
            };
            if !observer(progress) {
                return Err(Box::new(RunError::Cancelled { at: now }));
            }
        }
        self.world.events_checked = events;
        self.world.stretch = CHECK_EVERY.min(self.max_events - events);
        self.world.until_check = self.world.stretch;
        self.compact();
        Ok(())
    }

    /// Drops overtaken events when they are most of the queue.
    fn compact(&mut self) {
        if self.world.stale < 1024 || self.world.stale < self.world.queue.len() / 2 {
            return;
        }
        let (world, processors, outages, hosts) =
            (&mut self.world, &self.processors, &self.outages, &self.hosts);
        let (cores, jobs, tasks) = (&world.shared.cores, &world.shared.jobs, &world.tasks);
        world.queue.retain(|key| match key.phase() {
            Phase::WorkDone | Phase::SliceEnd | Phase::SliceEndEarly => {
                cores[key.entity() as usize].event == key.sequence()
            }
            Phase::Tick | Phase::TickEarly => processors[key.entity() as usize].tick_event == key.sequence(),
            Phase::Timer => is_pending_timer(jobs, tasks, key),
            Phase::DelayDone | Phase::DelayDoneLate | Phase::Input | Phase::Look => jobs.is_delayed(key),
            Phase::Control => is_pending_control(outages, hosts, key),
            Phase::Arrival | Phase::Think => true,
        });
        self.world.stale = 0;
    }
}

/// Whether a timer is still somebody's: a client's patience, a deadline, the end of a wait, a client that leaves its task.
pub(super) fn is_pending_timer(jobs: &Jobs, tasks: &[Task], key: EventKey) -> bool {
    let (slot, sequence) = (key.awaiting_slot(), key.awaited_sequence());
    jobs[slot].timer == sequence
        || tasks.get(slot as usize).is_some_and(|task| task.disconnect == sequence)
        || jobs.is_delayed(key)
}

/// Whether a control event is still to happen.
pub(super) fn is_pending_control(outages: &Outages, hosts: &Hosts, key: EventKey) -> bool {
    match (key.entity() as usize).checked_sub(outages.events()) {
        None => outages.is_pending(key),
        Some(place) => place >= hosts.events() || hosts.is_pending(place, key.sequence()),
    }
}
