//! Servers that fail and come back, and balancers that learn of it.

use super::pending::{is_pending_control, is_pending_timer};
use super::{Engine, past};
use crate::event::{EventKey, Phase};
use crate::job::{NONE, State};
use crate::law::Law;
use crate::measure::GroupMeasures;
use crate::model::{Model, Op, OutageEffect};
use crate::processor::Server;
use crate::record::Recorder;
use crate::rng::{Stream, StreamRoot};
use crate::trace::Status;
use crate::units::Time;

/// A server that can fail.
struct FailingServer {
    group: u32,
    member: u32,
    down: bool,
    /// Since when it is as it is.
    since: Time,
    /// Sequence number of the event of its next change; 0: there is none.
    event: u64,
    /// The next of the given outages.
    next: usize,
    stream: Stream,
}

/// What a balancer knows of a server that can fail.
struct View {
    balancer: u32,
    member: u32,
    down: bool,
    /// Sequence number of the event at which it learns of a change; 0: there is none.
    event: u64,
}

/// The servers that can fail, and who knows of it. Control events number servers first, then views.
pub(super) struct Outages {
    servers: Vec<FailingServer>,
    views: Vec<View>,
    /// By group: its first server here, or [`NONE`].
    of_group: Vec<u32>,
    /// By balancer: its first view here, or [`NONE`].
    of_balancer: Vec<u32>,
    /// By group: closed stretches of down time, and failures.
    totals: Vec<GroupMeasures>,
    /// By balancer: requests turned away.
    pub refused: Vec<u64>,
    /// Servers that are down.
    down: usize,
    /// An event that was still to happen to a job when that was last asked.
    witness: Option<EventKey>,
}

impl Outages {
    pub fn new(model: &Model, root: StreamRoot) -> Outages {
        let mut servers = Vec::new();
        let mut of_group = Vec::new();
        for (group, spec) in model.groups.iter().enumerate() {
            let Some(outages) = &spec.outages else {
                of_group.push(NONE);
                continue;
            };
            of_group.push(servers.len() as u32);
            servers.extend((0..spec.weights.len() as u32).map(|member| FailingServer {
                group: group as u32,
                member,
                down: false,
                since: Time::ZERO,
                event: 0,
                next: outages.given.partition_point(|(server, ..)| *server < member),
                stream: root.stream(&spec.name, &format!("outages {member}")),
            }));
        }
        let mut views = Vec::new();
        let mut of_balancer = Vec::new();
        for (balancer, spec) in model.balancers.iter().enumerate() {
            if of_group[spec.group as usize] == NONE {
                of_balancer.push(NONE);
                continue;
            }
            of_balancer.push(views.len() as u32);
            let members = 0..model.groups[spec.group as usize].weights.len() as u32;
            views.extend(members.map(|member| View {
                balancer: balancer as u32,
                member,
                down: false,
                event: 0,
            }));
        }
        Outages {
            servers,
            views,
            of_group,
            of_balancer,
            totals: vec![GroupMeasures::default(); model.groups.len()],
            refused: vec![0; model.balancers.len()],
            down: 0,
            witness: None,
        }
    }

    /// How many control events there may be: of servers, then of views.
    pub fn events(&self) -> usize {
        self.servers.len() + self.views.len()
    }

    /// Whether a control event of these is still to happen.
    pub fn is_pending(&self, key: EventKey) -> bool {
        let entity = key.entity() as usize;
        let event = match self.servers.get(entity) {
            Some(server) => server.event,
            None => self.views[entity - self.servers.len()].event,
        };
        event == key.sequence()
    }

    /// The accounts of all groups as they stand at `now`.
    pub fn totals_at(&self, now: Time) -> Vec<GroupMeasures> {
        let mut totals = self.totals.clone();
        for server in self.servers.iter().filter(|server| server.down) {
            totals[server.group as usize].down += u128::from(now.since(server.since).0);
        }
        totals
    }
}

/// Difference of two accounts of a group.
pub(super) fn difference(end: &GroupMeasures, start: &GroupMeasures) -> GroupMeasures {
    GroupMeasures { down: end.down - start.down, failures: end.failures - start.failures }
}

impl<R: Recorder, const PLAIN: bool> Engine<'_, R, PLAIN> {
    /// Schedules the first failure of every server.
    pub(super) fn start_outages(&mut self) {
        for index in 0..self.outages.servers.len() {
            self.schedule_change(index);
        }
    }

    /// Schedules the deaths of processes.
    pub(super) fn start_deaths(&mut self) {
        for (place, (_, death)) in (0..).zip(self.regions.deaths.clone()) {
            if death.at < past(self.world.horizon) {
                let entity = self.outages.events() + self.hosts.events() + place;
                self.world.schedule(death.at, Phase::Control, entity as u32);
            }
        }
    }

    /// Schedules a server's next change.
    fn schedule_change(&mut self, index: usize) {
        let now = self.world.shared.now;
        let server = &mut self.outages.servers[index];
        let Some(outages) = &self.world.model.groups[server.group as usize].outages else { return };
        let at = match &outages.random {
            Some((up, down)) => {
                let law: &Law = if server.down { down } else { up };
                // At least a nanosecond, so that time goes on.
                Time(now.0.saturating_add(law.sample(&mut server.stream).max(1)))
            }
            None => match outages.given.get(server.next) {
                Some((member, from, until)) if *member == server.member => {
                    if server.down {
                        server.next += 1;
                        *until
                    } else {
                        *from
                    }
                }
                _ => Time::NEVER,
            },
        };
        if at < past(self.world.horizon) && at <= Time::LATEST {
            let event = self.world.schedule(at, Phase::Control, index as u32);
            self.outages.servers[index].event = event;
        }
    }

    /// A server fails or comes back, or a balancer learns of it.
    pub(super) fn control(&mut self, key: EventKey) {
        if !is_pending_control(&self.outages, &self.hosts, key) {
            return self.world.overtaken();
        }
        let is_death = key.entity() as usize >= self.outages.events() + self.hosts.events();
        if !is_death && self.nothing_left() {
            // The run is over, whatever servers would do.
            self.world.skipped = true;
            return;
        }
        let entity = key.entity() as usize;
        if let Some(place) = entity.checked_sub(self.outages.events()) {
            return match place.checked_sub(self.hosts.events()) {
                None => self.host_event(place),
                Some(death) => self.die(death),
            };
        }
        match entity.checked_sub(self.outages.servers.len()) {
            None => self.change(entity),
            Some(view) => {
                self.outages.views[view].event = 0;
                self.learn(view);
            }
        }
    }

    /// Whether nothing but changes of servers can happen any more, none of which could move a job.
    fn nothing_left(&mut self) -> bool {
        let world = &self.world;
        let all_dry = || world.sources.iter().all(super::SourceState::is_dry);
        // What is still to be seen to at this instant is in no event yet.
        let busy = world.attention || self.hosts.any_starting();
        if !world.silent && !all_dry() || self.outages.down > 0 || busy {
            return false;
        }
        let lives = |key: EventKey| match key.phase() {
            // Deaths of processes alone.
            Phase::Control => key.entity() as usize >= self.outages.events() + self.hosts.events(),
            Phase::WorkDone | Phase::SliceEnd | Phase::SliceEndEarly => {
                world.shared.cores[key.entity() as usize].event == key.sequence()
            }
            Phase::Timer => is_pending_timer(&world.shared.jobs, &world.tasks, key),
            Phase::DelayDone | Phase::DelayDoneLate | Phase::Input | Phase::Look => world.is_delayed(key),
            Phase::Tick | Phase::TickEarly => {
                self.processors[key.entity() as usize].tick_event == key.sequence()
            }
            // Silent sources: what is pending releases nothing.
            Phase::Arrival => !world.silent,
            Phase::Think => world
                .thinking_slot(key)
                .map_or(!world.silent, |slot| world.shared.jobs.is_waiting(slot, key.awaited_sequence())),
        };
        // The events of servers may be many more than those of jobs: one that lives is remembered until it has happened.
        let still = |key: &EventKey| key.time() > world.shared.now && lives(*key);
        let witness =
            self.outages.witness.filter(still).or_else(|| world.queue.iter().filter(|key| lives(*key)).max());
        self.outages.witness = witness;
        witness.is_none()
    }

    /// A server fails, or comes back.
    fn change(&mut self, index: usize) {
        let now = self.world.shared.now;
        let server = &mut self.outages.servers[index];
        let down = !server.down;
        (server.down, server.event) = (down, 0);
        let since = std::mem::replace(&mut server.since, now);
        let (group, member) = (server.group, server.member);
        let totals = &mut self.outages.totals[group as usize];
        if down {
            self.outages.down += 1;
            totals.failures += 1;
        } else {
            self.outages.down -= 1;
            totals.down += u128::from((now - since).0);
        }
        self.schedule_change(index);
        let model = self.world.model;
        let spec = &model.groups[group as usize];
        for base in &spec.processors {
            self.stop_processor(base + member, down);
        }
        if down && spec.outages.as_ref().is_some_and(|outages| outages.effect == OutageEffect::Lose) {
            self.lose_jobs(group, member);
        }
        for balancer in (0..model.balancers.len()).filter(|b| model.balancers[*b].group == group) {
            self.report(balancer, member, down);
        }
    }

    /// A processor stops, or goes on. The jobs on its cores stay there: their time counts as overhead.
    fn stop_processor(&mut self, processor: u32, down: bool) {
        let now = self.world.shared.now;
        self.record_shares(processor);
        let state = &mut self.processors[processor as usize];
        state.integrate_shared(now);
        state.set_down(down, &self.world.shared.ties);
        if matches!(state.server, Server::Picks(_)) {
            for core in 0..state.seats.count {
                let state = &mut self.processors[processor as usize];
                if self.world.shared.cores[(state.seats.first + core) as usize].is_idle() {
                    continue;
                }
                if down {
                    let done = self.world.pause(state, core);
                    let slot = self.world.shared.cores[(state.seats.first + core) as usize].job;
                    if !state.owners.is_empty() {
                        self.book_owed(slot, processor, done);
                    }
                } else {
                    self.world.resume(state, core, now);
                }
            }
        } else if down {
            // Nothing is completed until it goes on.
            self.renew_shared(processor);
        }
        self.mark(processor);
    }

    /// Every job at a failed server is lost, in order of release.
    fn lose_jobs(&mut self, group: u32, member: u32) {
        let jobs = self.world.shared.jobs.iter();
        let mut lost: Vec<(u64, u32)> = jobs
            .filter(|(slot, _)| self.is_at(*slot, group, member))
            .map(|(slot, job)| (job.number, slot))
            .collect();
        lost.sort_unstable();
        for (number, slot) in lost {
            // A child may have gone with its parent.
            let job = &self.world.shared.jobs[slot];
            if job.state != State::Free && job.number == number {
                self.withdraw(slot, Status::Lost);
            }
        }
    }

    /// Whether a job holds this server (it was sent there and has not left), or is at one of its stations.
    fn is_at(&self, slot: u32, group: u32, member: u32) -> bool {
        let model = self.world.model;
        let job = &self.world.shared.jobs[slot];
        // It is at the end of its program, or the monitor sees to it.
        if self.world.tasked && self.world.tasks[slot as usize].ended.is_some() {
            return false;
        }
        let spec = &model.groups[group as usize];
        let among = |bases: &[u32]| bases.iter().any(|base| base + member == job.station);
        let here = match job.state {
            State::Ready | State::Running => among(&spec.processors),
            State::Queued => among(&spec.pools),
            _ => false,
        };
        here || self.holds(slot, group, member)
    }

    /// Whether a job was sent to this server and has not left it: the matching ends of open scopes are ahead in its
    /// program.
    fn holds(&self, slot: u32, group: u32, member: u32) -> bool {
        let model = self.world.model;
        let mut pc = self.world.shared.jobs[slot].pc as usize;
        let mut open = vec![0u32; model.balancers.len()];
        loop {
            match self.world.program[pc] {
                Op::Balance { balancer } => open[balancer as usize] += 1,
                Op::Leave { balancer } if open[balancer as usize] > 0 => open[balancer as usize] -= 1,
                Op::Leave { balancer } => {
                    let spec = &model.balancers[balancer as usize];
                    if spec.group == group && self.world.place(slot, spec.register) == member {
                        return true;
                    }
                }
                Op::Exit | Op::ChildExit => return false,
                _ => {}
            }
            pc += 1;
        }
    }

    /// A balancer's health check sees a change, and believes it when it has lasted.
    fn report(&mut self, balancer: usize, member: u32, down: bool) {
        let view = (self.outages.of_balancer[balancer] + member) as usize;
        if std::mem::take(&mut self.outages.views[view].event) != 0 {
            self.world.stale += 1;
        }
        let Some(delay) = self.world.model.balancers[balancer].detection else { return };
        if self.outages.views[view].down == down {
            return;
        }
        let at = self.world.in_time(delay);
        if at == self.world.shared.now {
            return self.learn(view);
        }
        if at < past(self.world.horizon) && at <= Time::LATEST {
            let entity = (self.outages.servers.len() + view) as u32;
            self.outages.views[view].event = self.world.schedule(at, Phase::Control, entity);
        }
    }

    /// A balancer takes a server out of its choice, or back into it.
    fn learn(&mut self, view: usize) {
        let view = &mut self.outages.views[view];
        view.down = !view.down;
        let usable = &mut self.balancers[view.balancer as usize].farm.usable;
        match (usable.binary_search(&view.member), view.down) {
            (Ok(place), true) => {
                usable.remove(place);
            }
            (Err(place), false) => usable.insert(place, view.member),
            _ => {}
        }
    }

    /// Whether a balancer has any server to choose from.
    #[inline]
    pub(super) fn is_any_up(&self, balancer: u32) -> bool {
        !self.balancers[balancer as usize].farm.usable.is_empty()
    }

    /// Whether a server that a balancer chose turns requests away.
    #[inline]
    pub(super) fn refuses(&self, balancer: u32, server: u32) -> bool {
        if self.outages.servers.is_empty() {
            return false;
        }
        let group = self.world.model.balancers[balancer as usize].group;
        let first = self.outages.of_group[group as usize];
        first != NONE
            && self.outages.servers[(first + server) as usize].down
            && self.world.model.groups[group as usize]
                .outages
                .as_ref()
                .is_some_and(|outages| outages.effect == OutageEffect::Lose)
    }

    /// A request is turned away: by the chosen server, or because none can be chosen.
    #[cold]
    pub(super) fn refuse(&mut self, slot: u32, balancer: u32, server: Option<u32>) {
        self.outages.refused[balancer as usize] += 1;
        let open = usize::from(server.is_none());
        if !self.task_fails(slot, 0, open) {
            self.unwind(slot, 0, open);
            self.turn_away(slot);
        }
    }
}
