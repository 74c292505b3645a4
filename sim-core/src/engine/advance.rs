//! Running a job's program until a step blocks.

use super::source::{TAIL_EXIT, TAIL_LEAVE, TAIL_PROGRAM};
use super::task::{NOBODY, SYSTEM};
use super::{Engine, LIVELOCK};
use crate::error::RunError;
use crate::event::{EventKey, Phase};
use crate::job::{Job, NONE, State};
use crate::model::{Op, StationRef};
use crate::policy::Request;
use crate::pool::Grant;
use crate::record::Recorder;
use crate::rng::{below, job_stream};
use crate::ties::IoReturn;
use crate::trace::{PlaceKind, Status, Token};
use crate::units::Span;
use rand::Rng;

impl<R: Recorder, const PLAIN: bool> Engine<'_, R, PLAIN> {
    /// Goes on with a job after its work at a processor: at once where the program ends there.
    #[inline(always)]
    pub(super) fn after_work(&mut self, slot: u32, tail: u32, server: u32) {
        match tail {
            TAIL_PROGRAM => return self.advance(slot),
            TAIL_EXIT => {}
            leave => self.leave_this(slot, leave - TAIL_LEAVE, server),
        }
        self.world.exit(slot, Status::Completed);
    }

    /// Runs operations of the job in `slot` until one blocks or the program ends.
    #[inline(never)]
    pub(super) fn advance(&mut self, slot: u32) {
        let mut steps = 0u64;
        loop {
            let pc = self.world.shared.jobs[slot].pc;
            let op = self.world.program[pc as usize];
            self.world.shared.jobs[slot].pc = pc + 1;
            match op {
                Op::Work { station, amount } => {
                    let processor = self.world.member(slot, station);
                    let work = self.world.amount(slot, amount);
                    self.world.shared.jobs[slot].tail = TAIL_PROGRAM;
                    return self.join_processor(slot, processor, work);
                }
                Op::Exit => return self.world.exit_completed(slot),
                Op::Acquire { pool } => {
                    if !self.acquire(slot, pool) {
                        return;
                    }
                }
                Op::Release { pool } => self.give_token(slot, pool),
                Op::Delay { amount } => {
                    let span = Span(self.world.amount(slot, amount));
                    return self.delay(slot, span);
                }
                Op::Balance { balancer } => {
                    let job = &self.world.shared.jobs[slot];
                    let request = Request { number: job.number, client: job.client };
                    if !PLAIN && !self.is_any_up(balancer) {
                        return self.refuse(slot, balancer, None);
                    }
                    let server = self.balance(slot, balancer, pc, request);
                    self.world.set_place(slot, self.balancers[balancer as usize].register, server);
                    if !PLAIN && self.refuses(balancer, server) {
                        return self.refuse(slot, balancer, Some(server));
                    }
                }
                Op::Leave { balancer } => self.leave_server(slot, balancer),
                Op::Branch { table } => self.branch(slot, table),
                Op::Jump { to } => self.world.shared.jobs[slot].pc = to,
                Op::RepeatStart { counter, count, end } => {
                    let law = &self.world.model.laws[count as usize];
                    let times = law.sample(self.world.stream(slot));
                    self.world.counters[slot as usize * self.world.stride.counters + counter as usize] =
                        times;
                    if times == 0 {
                        self.world.shared.jobs[slot].pc = end + 1;
                    }
                }
                Op::RepeatEnd { counter, start } => {
                    let left = &mut self.world.counters
                        [slot as usize * self.world.stride.counters + counter as usize];
                    *left -= 1;
                    if *left > 0 {
                        self.world.shared.jobs[slot].pc = start;
                    }
                }
                Op::Fork { table } => {
                    if self.fork(slot, table) {
                        return;
                    }
                }
                Op::Task(op) => {
                    if !self.task_step(slot, op) {
                        return;
                    }
                }
                Op::ChildExit => {
                    self.child_exit(slot);
                    return;
                }
            }
            steps += 1;
            if steps > LIVELOCK {
                return self.world.fail(RunError::Livelock { events: steps, at: self.world.shared.now });
            }
        }
    }

    fn branch(&mut self, slot: u32, table: u32) {
        let ways = &self.world.model.branches[table as usize].ways;
        let total: u64 = ways.iter().map(|(weight, _)| u64::from(*weight)).sum();
        let mut draw = below(self.world.stream(slot), total);
        for (weight, to) in ways {
            let weight = u64::from(*weight);
            if draw < weight {
                self.world.shared.jobs[slot].pc = *to;
                return;
            }
            draw -= weight;
        }
    }

    /// Asks a pool for a token; false where the job waits or has been turned away.
    fn acquire(&mut self, slot: u32, pool: StationRef) -> bool {
        let pool = self.world.member(slot, pool);
        let now = self.world.shared.now;
        let priority =
            self.world.shared.attributes[self.world.shared.jobs[slot].attributes as usize].priority;
        let grant = self.pools[pool as usize].acquire(slot, priority, now);
        match grant {
            Grant::Token => {
                self.token(slot, pool, true);
                self.host_sees(pool);
                true
            }
            Grant::Queued => {
                let job = &mut self.world.shared.jobs[slot];
                (job.state, job.station, job.since) = (State::Queued, pool, now);
                self.host_sees(pool);
                false
            }
            Grant::Full if self.cannot_be_refused(slot) => {
                self.pools[pool as usize].queue_anyway(slot, priority, now);
                let job = &mut self.world.shared.jobs[slot];
                (job.state, job.station, job.since) = (State::Queued, pool, now);
                self.host_sees(pool);
                false
            }
            // The pool that refused it is not held.
            Grant::Full if self.task_fails(slot, 1, 0) => false,
            Grant::Full => {
                self.unwind(slot, 1, 0);
                if self.world.tasked {
                    self.refused_by_pool(slot, pool);
                }
                self.turn_away(slot);
                false
            }
        }
    }

    /// A job gives a token back: it goes to the first that waits.
    pub(super) fn give_token(&mut self, slot: u32, pool: StationRef) {
        let pool = self.world.member(slot, pool);
        self.token(slot, pool, false);
        if let Some(next) = self.pools[pool as usize].release(self.world.shared.now) {
            self.leave_pool_queue(next, pool);
            self.token(next, pool, true);
            self.world.go_on(next);
        }
        self.host_sees(pool);
    }

    /// Somebody has joined or left a pool: its process, where it has one, may have to start or may be idle. (To be called when
    /// who queues there is known to: a process that is ready at once hands out tokens.)
    #[inline]
    fn host_sees(&mut self, pool: u32) {
        if let Some(host) = self.hosts.of(pool) {
            self.host_looks(host);
        }
    }

    /// A token is taken or given back now.
    #[inline]
    pub(super) fn token(&mut self, slot: u32, pool: u32, taken: bool) {
        if !PLAIN && self.world.timed && taken {
            self.world.shared.jobs[slot].attended = true;
        }
        if R::TRACE {
            let (at, job) = (self.world.shared.now, self.world.shared.jobs[slot].number);
            if job != NOBODY {
                self.world.recorder.token(Token { at, pool, job, taken });
            }
        }
    }

    /// A job leaves a pool's queue, with a token or because it is withdrawn.
    pub(super) fn leave_pool_queue(&mut self, slot: u32, pool: u32) {
        let now = self.world.shared.now;
        let job = &mut self.world.shared.jobs[slot];
        let waited = now - job.since;
        job.state = State::Moving;
        let (number, since) = (job.number, job.since);
        let component = self.pools[pool as usize].component;
        self.world.part(slot, component).waiting += waited.0;
        self.world.stay(number, PlaceKind::Pool(pool), since);
    }

    /// A job that leaves before the end of its program gives back what it holds: tokens and servers, innermost first.
    ///
    /// What it holds follows from its program: scopes are strictly nested, so the matching ends are found by walking
    /// on from where it is. `pools_open`, `servers_open`: scopes that it stands in without holding anything (1 for the
    /// pool or the balancer that refused it).
    pub(super) fn unwind(&mut self, slot: u32, mut pools_open: usize, mut servers_open: usize) {
        let mut pc = self.world.shared.jobs[slot].pc as usize;
        loop {
            match self.world.program[pc] {
                Op::Acquire { .. } => pools_open += 1,
                Op::Balance { .. } => servers_open += 1,
                Op::Release { .. } if pools_open > 0 => pools_open -= 1,
                Op::Release { pool } => self.give_token(slot, pool),
                Op::Leave { .. } if servers_open > 0 => servers_open -= 1,
                Op::Leave { balancer } => self.leave_server(slot, balancer),
                Op::Exit | Op::ChildExit => return,
                _ => {}
            }
            pc += 1;
        }
    }

    /// A job ends because it was turned away; a child counts as done for its parent.
    pub(super) fn turn_away(&mut self, slot: u32) {
        if self.world.shared.jobs[slot].parent == NONE {
            self.world.exit_lost(slot);
        } else {
            self.child_exit(slot);
        }
    }

    fn delay(&mut self, slot: u32, span: Span) {
        let at = self.world.in_time(span);
        let phase = match self.world.shared.ties.io_return {
            IoReturn::BeforeArrivals => Phase::DelayDone,
            IoReturn::AfterArrivals => Phase::DelayDoneLate,
        };
        let sequence = self.world.next_sequence(at);
        self.world.queue.push(EventKey::by_sequence(at, phase, slot, sequence));
        let now = self.world.shared.now;
        let job = &mut self.world.shared.jobs[slot];
        (job.state, job.since, job.awaits) = (State::Delayed, now, sequence);
        job.station = self.world.sums.delay_component;
    }

    /// A delay is over.
    pub(super) fn delay_done(&mut self, key: EventKey) {
        self.waited(key.awaiting_slot(), key.awaited_sequence());
    }

    /// A wait is over, if the job in this slot is still in it.
    pub(super) fn waited(&mut self, slot: u32, sequence: u64) {
        if !self.world.shared.jobs.is_waiting(slot, sequence) {
            return self.world.overtaken();
        }
        self.book_blocked(slot, self.world.shared.jobs[slot].station, PlaceKind::Delay);
        self.advance(slot);
    }

    /// A client's input comes.
    pub(super) fn input(&mut self, key: EventKey) {
        let slot = key.awaiting_slot();
        if !self.world.is_delayed(key) {
            return self.world.overtaken();
        }
        self.book_blocked(slot, self.world.shared.jobs[slot].station, PlaceKind::Delay);
        self.exchange(slot);
        self.advance(slot);
    }

    /// Books the time since `since` as blocked, at a component.
    pub(super) fn book_blocked(&mut self, slot: u32, component: u32, place: PlaceKind) {
        let now = self.world.shared.now;
        let job = &mut self.world.shared.jobs[slot];
        let span = now - job.since;
        job.blocked += span;
        job.state = State::Moving;
        let (number, since) = (job.number, job.since);
        self.world.sums.blocked += u128::from(span.0);
        self.world.part(slot, component).service += span.0;
        self.world.stay(number, place, since);
    }

    /// Starts children; true where the parent has to wait.
    fn fork(&mut self, slot: u32, table: u32) -> bool {
        let model = self.world.model;
        let table = &model.forks[table as usize];
        let now = self.world.shared.now;
        let fork = self.world.sums.next_fork();
        let mut children = Vec::new();
        for (index, entry) in table.children.iter().enumerate() {
            let child = self.world.allocate();
            if child == NONE {
                return true;
            }
            self.inherit(slot, child);
            let parent = &self.world.shared.jobs[slot];
            let job = Job {
                arrival: parent.arrival,
                since: now,
                deadline: parent.deadline,
                number: parent.number,
                client: parent.client,
                value: parent.value,
                server: parent.server,
                pc: *entry,
                attributes: parent.attributes,
                class: parent.class,
                source: parent.source,
                state: State::Moving,
                parent: slot,
                child_of: fork,
                nth: parent.nth,
                ..Job::default()
            };
            self.world.shared.jobs[child] = job;
            self.world.sums.child_started(now);
            if self.world.tasked {
                let number = self.world.shared.jobs[child].number;
                self.world.reset_task(child, number, now);
            }
            if self.world.draws {
                // Each child draws on its own: its stream starts from a draw of its parent's, by place.
                let seed = self.world.stream(slot).next_u64();
                self.world.streams[child as usize] = Some(job_stream(seed, index as u64));
            }
            self.world.go_on(child);
            if self.world.children.is_some() {
                children.push(child);
            }
        }
        if table.need == 0 {
            return false;
        }
        if let Some(of_forks) = &mut self.world.children {
            of_forks.insert(fork, children);
        }
        let job = &mut self.world.shared.jobs[slot];
        (job.state, job.since, job.awaited, job.awaits) = (State::Joining, now, table.need, fork);
        true
    }

    /// A child has the values and the servers of its parent.
    fn inherit(&mut self, parent: u32, child: u32) {
        let (from, to, stride) = (parent as usize, child as usize, self.world.stride);
        self.world.values.copy_within(from * stride.values..(from + 1) * stride.values, to * stride.values);
        self.world
            .places
            .copy_within(from * stride.registers..(from + 1) * stride.registers, to * stride.registers);
        self.world.owed[to * stride.registers..(to + 1) * stride.registers].fill(0);
    }

    /// A child is done: its parent goes on when enough of them are.
    pub(super) fn child_exit(&mut self, slot: u32) {
        let now = self.world.shared.now;
        let child = &self.world.shared.jobs[slot];
        let (parent, child_of, served) = (child.parent, child.child_of, child.is_served());
        self.world.sums.child_ended(now);
        self.world.shared.jobs.release(slot);
        if parent == SYSTEM {
            return;
        }
        let job = &mut self.world.shared.jobs[parent];
        // The parent may have gone on (n of m), even left, and its slot may be somebody else's.
        if job.state != State::Joining || job.awaits != child_of {
            return;
        }
        job.attended |= served;
        job.awaited -= 1;
        if job.awaited == 0 {
            if let Some(of_forks) = &mut self.world.children {
                of_forks.remove(&child_of);
            }
            self.book_blocked(parent, self.world.sums.join_component, PlaceKind::Join);
            self.world.go_on(parent);
        }
    }
}
