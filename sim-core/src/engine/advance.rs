//! Running a job's program until a step blocks.

use super::{Engine, Fault, LIVELOCK};
use crate::error::RunError;
use crate::event::{EventKey, Phase};
use crate::job::{Job, NONE, State};
use crate::model::{Draw, Op, StationRef};
use crate::pool::Grant;
use crate::record::Recorder;
use crate::rng::{Stream, below, job_stream};
use crate::ties::IoReturn;
use crate::trace::{JobRecord, PlaceKind, Status, Stay};
use crate::units::{Span, Time};
use rand::Rng;

impl<R: Recorder> Engine<'_, R> {
    /// Runs operations of the job in `slot` until one blocks or the program ends.
    pub(super) fn advance(&mut self, slot: u32) -> Result<(), Fault> {
        let mut steps = 0u64;
        loop {
            let pc = self.shared.jobs[slot].pc;
            let op = self.program[pc as usize];
            self.shared.jobs[slot].pc = pc + 1;
            match op {
                Op::Work { station, amount } => {
                    let processor = self.member(slot, station);
                    let work = self.amount(slot, amount);
                    return self.join_processor(slot, processor, work);
                }
                Op::Exit => return self.exit(slot, Status::Completed),
                Op::Acquire { pool } => {
                    if !self.acquire(slot, pool)? {
                        return Ok(());
                    }
                }
                Op::Release { pool } => {
                    let pool = self.member(slot, pool);
                    if let Some(next) = self.pools[pool as usize].release(self.shared.now) {
                        self.leave_pool_queue(next, pool);
                        self.moving.push_back(next);
                    }
                }
                Op::Delay { amount } => {
                    let span = Span(self.amount(slot, amount));
                    return self.delay(slot, span);
                }
                Op::Balance { balancer } => self.balance(slot, balancer, pc)?,
                Op::Leave { balancer } => self.leave_server(slot, balancer),
                Op::Branch { table } => self.branch(slot, table),
                Op::Jump { to } => self.shared.jobs[slot].pc = to,
                Op::RepeatStart { counter, count, end } => {
                    let law = &self.model.laws[count as usize];
                    let times = law.sample(self.stream(slot));
                    self.counters[slot as usize * self.stride.counters + counter as usize] = times;
                    if times == 0 {
                        self.shared.jobs[slot].pc = end + 1;
                    }
                }
                Op::RepeatEnd { counter, start } => {
                    let left = &mut self.counters[slot as usize * self.stride.counters + counter as usize];
                    *left -= 1;
                    if *left > 0 {
                        self.shared.jobs[slot].pc = start;
                    }
                }
                Op::Fork { table } => {
                    if self.fork(slot, table)? {
                        return Ok(());
                    }
                }
                Op::ChildExit => {
                    self.child_exit(slot);
                    return Ok(());
                }
            }
            steps += 1;
            if steps > LIVELOCK {
                return Err(Box::new(RunError::Livelock { events: steps, at: self.shared.now }));
            }
        }
    }

    /// The station that an operation means for this job.
    #[inline]
    fn member(&self, slot: u32, station: StationRef) -> u32 {
        station.base + self.places[slot as usize * self.stride.registers + station.register as usize]
    }

    /// The size of an operation for this job.
    #[inline]
    fn amount(&mut self, slot: u32, draw: Draw) -> u64 {
        match draw {
            Draw::Given(k) => self.values[slot as usize * self.stride.values + k as usize],
            Draw::OnTheSpot(law) => {
                let law = &self.model.laws[law as usize];
                law.sample(self.stream(slot))
            }
        }
    }

    /// The job's own random stream.
    fn stream(&mut self, slot: u32) -> &mut Stream {
        let job = &self.shared.jobs[slot];
        let key = self.stream_keys[job.class as usize];
        self.streams[slot as usize].get_or_insert_with(|| job_stream(key, job.number))
    }

    fn branch(&mut self, slot: u32, table: u32) {
        let ways = &self.model.branches[table as usize].ways;
        let total: u64 = ways.iter().map(|(weight, _)| u64::from(*weight)).sum();
        let mut draw = below(self.stream(slot), total);
        for (weight, to) in ways {
            let weight = u64::from(*weight);
            if draw < weight {
                self.shared.jobs[slot].pc = *to;
                return;
            }
            draw -= weight;
        }
    }

    /// Asks a pool for a token; false where the job waits or has been turned away.
    fn acquire(&mut self, slot: u32, pool: StationRef) -> Result<bool, Fault> {
        let pool = self.member(slot, pool);
        let now = self.shared.now;
        let priority = self.shared.attributes[self.shared.jobs[slot].attributes as usize].priority;
        match self.pools[pool as usize].acquire(slot, priority, now) {
            Grant::Token => Ok(true),
            Grant::Queued => {
                let job = &mut self.shared.jobs[slot];
                (job.state, job.station, job.since) = (State::Queued, pool, now);
                Ok(false)
            }
            Grant::Full => {
                self.unwind(slot);
                self.turn_away(slot)?;
                Ok(false)
            }
        }
    }

    /// A job leaves a pool's queue with a token.
    fn leave_pool_queue(&mut self, slot: u32, pool: u32) {
        let now = self.shared.now;
        let job = &mut self.shared.jobs[slot];
        let waited = now - job.since;
        job.state = State::Moving;
        let (number, since) = (job.number, job.since);
        let component = self.pools[pool as usize].component as usize;
        self.parts[slot as usize * self.stride.parts + component].waiting += waited.0;
        self.stay(number, PlaceKind::Pool(pool), since);
    }

    /// A job that is turned away gives back what it holds: tokens and servers, innermost first.
    ///
    /// What it holds follows from its program: scopes are strictly nested, so the matching ends are found by walking
    /// on from the operation that refused it.
    fn unwind(&mut self, slot: u32) {
        let mut pc = self.shared.jobs[slot].pc as usize;
        // The pool that refused the job is not held: skip its own release.
        let (mut pools_open, mut servers_open) = (1usize, 0usize);
        loop {
            match self.program[pc] {
                Op::Acquire { .. } => pools_open += 1,
                Op::Balance { .. } => servers_open += 1,
                Op::Release { .. } if pools_open > 0 => pools_open -= 1,
                Op::Release { pool } => {
                    let pool = self.member(slot, pool);
                    if let Some(next) = self.pools[pool as usize].release(self.shared.now) {
                        self.leave_pool_queue(next, pool);
                        self.moving.push_back(next);
                    }
                }
                Op::Leave { .. } if servers_open > 0 => servers_open -= 1,
                Op::Leave { balancer } => self.leave_server(slot, balancer),
                Op::Exit | Op::ChildExit => return,
                _ => {}
            }
            pc += 1;
        }
    }

    /// A job ends because it was turned away; a child counts as done for its parent.
    fn turn_away(&mut self, slot: u32) -> Result<(), Fault> {
        if self.shared.jobs[slot].parent == NONE {
            self.exit(slot, Status::Lost)
        } else {
            self.child_exit(slot);
            Ok(())
        }
    }

    fn delay(&mut self, slot: u32, span: Span) -> Result<(), Fault> {
        let at = self.in_time(span);
        let phase = match self.shared.ties.io_return {
            IoReturn::BeforeArrivals => Phase::DelayDone,
            IoReturn::AfterArrivals => Phase::DelayDoneLate,
        };
        let sequence = self.next_sequence(at)?;
        self.queue.push(EventKey::delay(at, phase, slot, sequence));
        let now = self.shared.now;
        let job = &mut self.shared.jobs[slot];
        (job.state, job.since) = (State::Delayed, now);
        Ok(())
    }

    /// A delay is over.
    pub(super) fn delay_done(&mut self, slot: u32) -> Result<(), Fault> {
        self.book_blocked(slot, self.model_delay(), PlaceKind::Delay);
        self.advance(slot)
    }

    /// Component of delays.
    fn model_delay(&self) -> usize {
        self.sums.delay_component
    }

    /// Books the time since `since` as blocked, at a component.
    fn book_blocked(&mut self, slot: u32, component: usize, place: PlaceKind) {
        let now = self.shared.now;
        let job = &mut self.shared.jobs[slot];
        let span = now - job.since;
        job.blocked += span;
        job.state = State::Moving;
        let (number, since) = (job.number, job.since);
        self.sums.blocked += u128::from(span.0);
        self.parts[slot as usize * self.stride.parts + component].service += span.0;
        self.stay(number, place, since);
    }

    /// Starts children; true where the parent has to wait.
    fn fork(&mut self, slot: u32, table: u32) -> Result<bool, Fault> {
        let model = self.model;
        let table = &model.forks[table as usize];
        let now = self.shared.now;
        let fork = self.sums.next_fork();
        for (index, entry) in table.children.iter().enumerate() {
            let child = self.allocate()?;
            self.inherit(slot, child);
            let parent = &self.shared.jobs[slot];
            let job = Job {
                arrival: parent.arrival,
                since: now,
                deadline: parent.deadline,
                number: parent.number,
                client: parent.client,
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
            self.shared.jobs[child] = job;
            self.sums.child_started(now);
            if self.branch_rng_used {
                // Each child draws on its own: its stream starts from a draw of its parent's, by place.
                let seed = self.stream(slot).next_u64();
                self.streams[child as usize] = Some(job_stream(seed, index as u64));
            }
            self.moving.push_back(child);
        }
        let job = &mut self.shared.jobs[slot];
        if table.need == 0 {
            return Ok(false);
        }
        (job.state, job.since, job.awaited, job.fork) = (State::Joining, now, table.need, fork);
        Ok(true)
    }

    /// A child has the values and the servers of its parent.
    fn inherit(&mut self, parent: u32, child: u32) {
        let (from, to, stride) = (parent as usize, child as usize, self.stride);
        self.values.copy_within(from * stride.values..(from + 1) * stride.values, to * stride.values);
        self.places
            .copy_within(from * stride.registers..(from + 1) * stride.registers, to * stride.registers);
        self.owed[to * stride.registers..(to + 1) * stride.registers].fill(0);
    }

    /// A child is done: its parent goes on when enough of them are.
    fn child_exit(&mut self, slot: u32) {
        let now = self.shared.now;
        let (parent, child_of) = (self.shared.jobs[slot].parent, self.shared.jobs[slot].child_of);
        self.sums.child_ended(now);
        self.shared.jobs.release(slot);
        let job = &mut self.shared.jobs[parent];
        // The parent may have gone on (n of m), even left, and its slot may be somebody else's.
        if job.state != State::Joining || job.fork != child_of {
            return;
        }
        job.awaited -= 1;
        if job.awaited == 0 {
            self.book_blocked(parent, self.sums.join_component, PlaceKind::Join);
            self.moving.push_back(parent);
        }
    }

    /// A job leaves the system.
    #[inline]
    pub(super) fn exit(&mut self, slot: u32, status: Status) -> Result<(), Fault> {
        let now = self.shared.now;
        let job = &self.shared.jobs[slot];
        let response = now - job.arrival;
        self.left += 1;
        self.sums.sojourn += u128::from(response.0);
        if job.arrival >= self.model.warmup {
            self.measure(slot, status, response);
        }
        if R::TRACE {
            let record = self.job_record(slot, status, Some(now));
            self.recorder.job(record);
        }
        if R::DIGEST {
            self.recorder.choice(self.shared.jobs[slot].number, NONE);
        }
        let source = self.shared.jobs[slot].source;
        self.shared.jobs.release(slot);
        self.think(source)
    }

    #[inline]
    fn measure(&mut self, slot: u32, status: Status, response: Span) {
        let job = &self.shared.jobs[slot];
        let class = &mut self.classes[job.class as usize];
        match status {
            Status::Completed => {
                class.completed += 1;
                class.response.record(response.0);
                class.waiting.record(response.0 - job.served.0 - job.blocked.0);
                if job.served > Span::ZERO {
                    class.ran += 1;
                    class.first_response += u128::from(job.first_run.since(job.arrival).0);
                    class.slowdown += response.0 as f64 / job.served.0 as f64;
                    class.served += u128::from(job.served.0);
                }
                let first = slot as usize * self.stride.parts;
                for (sums, part) in class.parts.iter_mut().zip(&self.parts[first..]) {
                    sums.waiting += u128::from(part.waiting);
                    sums.service += u128::from(part.service);
                    sums.overhead += u128::from(part.overhead);
                }
                class.ready += u128::from(job.ready.0);
                class.overhead += u128::from(job.overhead.0);
                class.blocked += u128::from(job.blocked.0);
            }
            Status::Lost => class.lost += 1,
            Status::TimedOut => class.timed_out += 1,
            Status::Unfinished => {}
        }
        class.preemptions += u64::from(job.preemptions);
        class.migrations += u64::from(job.migrations);
        if job.deadline != Time::NEVER {
            self.measure_deadline(slot, status);
        }
    }

    #[cold]
    pub(super) fn measure_deadline(&mut self, slot: u32, status: Status) {
        let Some(missed) = self.missed(slot, status) else { return };
        let now = self.shared.now;
        let job = &self.shared.jobs[slot];
        let class = &mut self.classes[job.class as usize];
        class.deadlines += 1;
        class.deadline_misses += u64::from(missed);
        class.max_tardiness = class.max_tardiness.max(now.since(job.deadline).0);
    }

    /// Whether the job missed its deadline, where it has one and its fate is known.
    fn missed(&self, slot: u32, status: Status) -> Option<bool> {
        let job = &self.shared.jobs[slot];
        let now = self.shared.now;
        match status {
            _ if job.deadline == Time::NEVER => None,
            Status::Completed => Some(now > job.deadline),
            Status::Unfinished => (now > job.deadline).then_some(true),
            Status::Lost | Status::TimedOut => Some(true),
        }
    }

    /// The job as it stands.
    pub(super) fn job_record(&self, slot: u32, status: Status, finish: Option<Time>) -> JobRecord {
        let job = &self.shared.jobs[slot];
        JobRecord {
            number: job.number,
            task: self.shared.attributes[job.attributes as usize].task,
            job: job.nth,
            class: job.class,
            status,
            arrival: job.arrival,
            first_run: (job.first_run != Time::NEVER).then_some(job.first_run),
            finish,
            served: job.served,
            ready: job.ready,
            overhead: job.overhead,
            blocked: job.blocked,
            preemptions: job.preemptions,
            migrations: job.migrations,
            deadline: (job.deadline != Time::NEVER).then_some(job.deadline),
            missed: self.missed(slot, status),
        }
    }

    /// Records a stretch of a job's time off the cores that ends now.
    #[inline]
    pub(super) fn stay(&mut self, job: u64, place: PlaceKind, start: Time) {
        let end = self.shared.now;
        if R::TRACE && end > start {
            self.recorder.stay(Stay { job, place, start, end });
        }
    }
}
