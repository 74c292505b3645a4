//! Processes that tokens belong to: started when somebody waits, ended when nobody does, replaced from time to time.

use super::{Engine, past};
use crate::event::Phase;
use crate::job::NONE;
use crate::model::Model;
use crate::record::Recorder;
use crate::trace::TaskEventKind;
use crate::units::{Span, Time};

/// What can happen to a process, each with an event of its own.
const EVENTS: usize = 3;
const READY: usize = 0;
const IDLE: usize = 1;
const RECYCLE: usize = 2;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Life {
    Off,
    Starting,
    Ready,
    /// It finishes what its tokens have.
    Draining,
}

/// The process of a pool.
pub(super) struct HostState {
    pub pool: u32,
    life: Life,
    /// Sequence numbers of what is to happen; 0: nothing.
    events: [u64; EVENTS],
}

/// All of them.
#[derive(Default)]
pub(super) struct Hosts {
    pub all: Vec<HostState>,
    /// By pool: its process, or [`NONE`].
    of_pool: Vec<u32>,
}

impl Hosts {
    pub fn new(model: &Model) -> Hosts {
        let mut hosts = Hosts::default();
        for (pool, spec) in model.pools.iter().enumerate() {
            hosts.of_pool.push(if spec.host.is_some() { hosts.all.len() as u32 } else { NONE });
            if let Some(host) = &spec.host {
                let life = if host.ready { Life::Ready } else { Life::Off };
                hosts.all.push(HostState { pool: pool as u32, life, events: [0; EVENTS] });
            }
        }
        hosts
    }

    /// How many control events belong to processes.
    pub fn events(&self) -> usize {
        self.all.len() * EVENTS
    }

    /// Whether any process is being started for somebody who waits.
    pub fn any_starting(&self) -> bool {
        self.all.iter().any(|host| host.life == Life::Starting)
    }

    /// Whether a control event is still to happen, by its place among those of processes.
    pub fn is_pending(&self, place: usize, sequence: u64) -> bool {
        self.all[place / EVENTS].events[place % EVENTS] == sequence
    }

    /// The process of a pool.
    #[inline]
    pub fn of(&self, pool: u32) -> Option<usize> {
        self.of_pool.get(pool as usize).copied().filter(|host| *host != NONE).map(|host| host as usize)
    }
}

impl<R: Recorder, const PLAIN: bool> Engine<'_, R, PLAIN> {
    /// Processes that are ready from the start.
    pub(super) fn start_hosts(&mut self) {
        for host in 0..self.hosts.all.len() {
            if self.hosts.all[host].life == Life::Ready {
                self.tell_host(host, TaskEventKind::HostStart);
                self.host_is_ready(host);
            }
        }
    }

    fn tell_host(&mut self, host: usize, kind: TaskEventKind) {
        let pool = self.hosts.all[host].pool;
        self.world.tell(kind, NONE, |event| event.pool = pool);
    }

    fn plan(&mut self, host: usize, what: usize, span: Span) {
        let at = self.world.in_time(span);
        if at < past(self.world.horizon) && at <= Time::LATEST {
            let entity = self.outages.events() + host * EVENTS + what;
            let sequence = self.world.schedule(at, Phase::Control, entity as u32);
            self.hosts.all[host].events[what] = sequence;
        }
    }

    fn drop_plan(&mut self, host: usize, what: usize) {
        if std::mem::take(&mut self.hosts.all[host].events[what]) != 0 {
            self.world.stale += 1;
        }
    }

    /// What a pool has and who waits for it has changed: its process starts, idles or ends.
    pub(super) fn host_looks(&mut self, host: usize) {
        let state = &self.hosts.all[host];
        let (unused, unwanted) = self.pools[state.pool as usize].is_empty();
        let Some(spec) = &self.world.model.pools[state.pool as usize].host else { return };
        match state.life {
            Life::Off if !unwanted => self.start_host(host),
            Life::Draining if unused => {
                self.end_host(host);
                if !unwanted {
                    self.start_host(host);
                }
            }
            Life::Ready if unused && unwanted => {
                // A successor that is being started counts anew.
                let counts =
                    self.hosts.all[host].events[IDLE] == 0 && self.hosts.all[host].events[READY] == 0;
                if let Some(timeout) = spec.idle_timeout.filter(|_| counts) {
                    self.plan(host, IDLE, timeout);
                }
            }
            Life::Ready => self.drop_plan(host, IDLE),
            Life::Off | Life::Starting | Life::Draining => {}
        }
    }

    fn start_host(&mut self, host: usize) {
        self.hosts.all[host].life = Life::Starting;
        self.tell_host(host, TaskEventKind::HostStart);
        let pool = self.hosts.all[host].pool;
        let cold =
            self.world.model.pools[pool as usize].host.as_ref().map_or(Span::ZERO, |spec| spec.cold_start);
        if cold == Span::ZERO {
            self.host_is_ready(host);
        } else {
            self.plan(host, READY, cold);
        }
    }

    fn end_host(&mut self, host: usize) {
        self.hosts.all[host].life = Life::Off;
        self.drop_plan(host, IDLE);
        self.drop_plan(host, RECYCLE);
        self.tell_host(host, TaskEventKind::HostStop);
    }

    fn host_is_ready(&mut self, host: usize) {
        let now = self.world.shared.now;
        let pool = self.hosts.all[host].pool;
        self.hosts.all[host].life = Life::Ready;
        self.tell_host(host, TaskEventKind::HostReady);
        let recycle = self.world.model.pools[pool as usize].host.as_ref().and_then(|spec| spec.recycle);
        if let Some(after) = recycle {
            self.drop_plan(host, RECYCLE);
            self.plan(host, RECYCLE, after);
        }
        self.pools[pool as usize].open = true;
        while let Some(slot) = self.pools[pool as usize].hand_out(now) {
            self.leave_pool_queue(slot, pool);
            self.token(slot, pool, true);
            self.world.go_on(slot);
        }
        self.host_looks(host);
    }

    /// Something happens to a process, by its place among the control events of processes.
    pub(super) fn host_event(&mut self, place: usize) {
        let (host, what) = (place / EVENTS, place % EVENTS);
        self.hosts.all[host].events[what] = 0;
        let pool = self.hosts.all[host].pool;
        match what {
            READY => {
                if self.hosts.all[host].life == Life::Ready {
                    // Its successor takes over.
                    self.tell_host(host, TaskEventKind::HostStop);
                }
                self.host_is_ready(host);
            }
            IDLE => {
                self.pools[pool as usize].open = false;
                self.end_host(host);
            }
            _ => {
                let spec = &self.world.model.pools[pool as usize].host;
                if spec.as_ref().is_some_and(|spec| spec.overlap) {
                    let cold = spec.as_ref().map_or(Span::ZERO, |spec| spec.cold_start);
                    self.tell_host(host, TaskEventKind::HostStart);
                    self.drop_plan(host, IDLE);
                    self.plan(host, READY, cold);
                } else {
                    self.pools[pool as usize].open = false;
                    self.drop_plan(host, IDLE);
                    self.hosts.all[host].life = Life::Draining;
                    self.host_looks(host);
                }
            }
        }
    }
}
