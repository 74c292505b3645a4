//! Answers before the end of a job, and jobs that jobs make.
//!
//! Residence is from arrival to exit; a *response* ends with an answer. Each answer closes an exchange with the client: what
//! was served, waited for and paid since the exchange began is measured then, and the client's own time is in none.

use super::task::{Matter, Spent, UnderWay};
use super::{Engine, Part, World};
use crate::event::Phase;
use crate::job::{Job, NONE, State};
use crate::model::{Pc, TaskOp};
use crate::record::Recorder;
use crate::trace::{EMITTED, Status, TaskEventKind};
use crate::units::{Span, Time};

impl<R: Recorder, const PLAIN: bool> World<'_, R, PLAIN> {
    /// What a job has spent since its exchange began; from now on it spends anew.
    fn spent(&mut self, slot: u32) -> Spent {
        let job = &mut self.shared.jobs[slot];
        let spent =
            Spent { served: job.served, ready: job.ready, overhead: job.overhead, blocked: job.blocked };
        (job.served, job.ready, job.overhead, job.blocked) = (Span::ZERO, Span::ZERO, Span::ZERO, Span::ZERO);
        let first_run = job.first_run;
        let task = &mut self.tasks[slot as usize];
        if first_run != Time::NEVER {
            task.first_run.get_or_insert(first_run);
        }
        task.past.served += spent.served;
        task.past.ready += spent.ready;
        task.past.overhead += spent.overhead;
        task.past.blocked += spent.blocked;
        spent
    }

    /// The end of a job of a model with tasks: whether it stays, because its answer is still under way.
    pub fn stays_for_answer(&mut self, slot: u32, status: Status) -> bool {
        let now = self.shared.now;
        let task = &mut self.tasks[slot as usize];
        if task.answers_under_way == 0 {
            return false;
        }
        task.ended = Some(status);
        let job = &mut self.shared.jobs[slot];
        (job.state, job.since) = (State::Parked, now);
        true
    }

    /// How a job of a model with tasks ends, and whether its answer has been counted as a response of a completed job.
    pub fn end_task(&mut self, slot: u32, status: Status) -> (Status, bool) {
        let task = &self.tasks[slot as usize];
        let job = &self.shared.jobs[slot];
        if job.arrival >= self.warmup
            && let Some(count) = self.classes[job.class as usize].outcomes.get_mut(task.outcome as usize)
        {
            *count += 1;
        }
        if status != Status::Completed {
            return (status, false);
        }
        if task.outcome != 0 {
            return (Status::Lost, false);
        }
        let is_child = self.shared.jobs[slot].parent != NONE;
        (status, task.answered.is_some() && !is_child)
    }

    /// What a job spent up to its last answer or up to now, its first instruction, its last answer, and how it ended.
    pub fn told(&self, slot: u32) -> (Spent, Option<Time>, Option<Time>, u16) {
        let job = &self.shared.jobs[slot];
        let first_run = (job.first_run != Time::NEVER).then_some(job.first_run);
        let now =
            Spent { served: job.served, ready: job.ready, overhead: job.overhead, blocked: job.blocked };
        let Some(task) = self.tasks.get(slot as usize) else { return (now, first_run, None, 0) };
        let mut spent = task.past;
        if task.answered.is_none() {
            spent.served += now.served;
            spent.ready += now.ready;
            spent.overhead += now.overhead;
            spent.blocked += now.blocked;
        }
        (spent, task.first_run.or(first_run), task.answered, task.outcome)
    }

    fn parts_of(&mut self, slot: u32) -> Vec<Part> {
        let first = slot as usize * self.stride.parts;
        let parts = &mut self.parts[first..first + self.stride.parts];
        let taken = parts.to_vec();
        parts.fill(Part::default());
        taken
    }

    /// Counts an answer that the client has now. `surplus`: it is not the completion of a job, yet.
    fn measure_answer(&mut self, slot: u32, from: Time, spent: Spent, parts: &[Part]) {
        let now = self.shared.now;
        let job = &self.shared.jobs[slot];
        let task = &self.tasks[slot as usize];
        if job.arrival < self.warmup || task.outcome != 0 || job.parent != NONE {
            return;
        }
        let response = now - from;
        let waiting = response.0 - spent.served.0 - spent.blocked.0;
        let class = &mut self.classes[job.class as usize];
        class.surplus += 1;
        class.response.record(response.0);
        if self.all_distributions {
            class.waiting.record(waiting);
        } else {
            class.waiting.add(waiting);
        }
        if spent.served > Span::ZERO && job.first_run != Time::NEVER {
            class.ran += 1;
            class.first_response += u128::from(job.first_run.since(from).0);
            class.slowdown += response.as_nanos_f64() / spent.served.as_nanos_f64();
        }
        class.overhead += u128::from(spent.overhead.0);
        class.served += u128::from(spent.served.0);
        class.ready += u128::from(spent.ready.0);
        class.blocked += u128::from(spent.blocked.0);
        for (sums, part) in class.parts.iter_mut().zip(parts) {
            sums.waiting += u128::from(part.waiting);
            sums.service += u128::from(part.service);
            sums.overhead += u128::from(part.overhead);
        }
        self.recorder.completed(job.class, response.0, waiting);
    }
}

impl<R: Recorder, const PLAIN: bool> Engine<'_, R, PLAIN> {
    /// An answer reaches the client at once. `last`: the job has no more to say.
    pub(super) fn answer(&mut self, slot: u32, last: bool) {
        let now = self.world.shared.now;
        let spent = self.world.spent(slot);
        let parts = self.world.parts_of(slot);
        // What comes next belongs to the next exchange.
        let from = std::mem::replace(&mut self.world.tasks[slot as usize].from, now);
        self.world.measure_answer(slot, from, spent, &parts);
        let task = &self.world.tasks[slot as usize];
        self.tell_answer(slot, task.pool, task.instance, last);
        self.world.shared.jobs[slot].first_run = Time::NEVER;
        if last {
            self.world.tasks[slot as usize].answered = Some(now);
        }
    }

    fn tell_answer(&mut self, slot: u32, pool: u32, instance: u32, last: bool) {
        self.world.tell(TaskEventKind::Answered, slot, |event| {
            let instance = Some(instance).filter(|id| *id != NONE);
            (event.pool, event.detail, event.instance) = (pool, u32::from(last), instance);
        });
    }

    /// The client's input is here: the next exchange begins. What the client took is the job's time, and no response.
    pub(super) fn exchange(&mut self, slot: u32) {
        let now = self.world.shared.now;
        self.world.spent(slot);
        self.world.parts_of(slot);
        let task = &mut self.world.tasks[slot as usize];
        (task.from, task.with_client) = (now, false);
    }

    /// The last answer goes out by way of a program; the job goes on, and does not end before its client has it.
    pub(super) fn send_answer(&mut self, slot: u32, way: Pc, then: u32) {
        let now = self.world.shared.now;
        let reference = self.world.refer(slot);
        let spent = self.world.spent(slot);
        let parts = self.world.parts_of(slot);
        let task = &mut self.world.tasks[slot as usize];
        let (pool, instance, from) = (task.pool, task.instance, std::mem::replace(&mut task.from, now));
        task.answers_under_way += 1;
        let carrier = self.world.spawn(way, pool, slot, Some(reference));
        if carrier != NONE {
            let sent = UnderWay { instance, from, spent, parts, then };
            self.world.tasks[carrier as usize].under_way = Some(Box::new(sent));
            self.world.go_on(carrier);
        }
    }

    /// The client has the answer that this job carried.
    pub(super) fn deliver(&mut self, carrier: u32) {
        let subject = self.world.tasks[carrier as usize].subject;
        let Some(slot) = subject.and_then(|subject| self.world.find(subject)) else { return };
        let Some(mut sent) = self.world.tasks[carrier as usize].under_way.take() else { return };
        // The way is part of the response.
        sent.spent.blocked += self.world.shared.jobs[carrier].blocked;
        let first = carrier as usize * self.world.stride.parts;
        for (part, of_carrier) in sent.parts.iter_mut().zip(&self.world.parts[first..]) {
            part.waiting += of_carrier.waiting;
            part.service += of_carrier.service;
            part.overhead += of_carrier.overhead;
        }
        self.world.measure_answer(slot, sent.from, sent.spent, &sent.parts);
        // It may be in another region by now.
        let pool = self.world.tasks[carrier as usize].pool;
        self.tell_answer(slot, pool, sent.instance, true);
        let now = self.world.shared.now;
        let task = &mut self.world.tasks[slot as usize];
        task.answered = Some(now);
        task.answers_under_way -= 1;
        let all_delivered = task.answers_under_way == 0;
        if sent.then != NONE && task.outcome == 0 {
            self.emit(slot, sent.then);
        }
        if let Some(status) = self.world.tasks[slot as usize].ended.filter(|_| all_delivered) {
            self.world.sums.blocked += u128::from((now - self.world.shared.jobs[slot].since).0);
            self.world.exit(slot, status);
        }
    }

    /// Announces a job: another one waits for its time and takes the way that it comes on.
    pub(super) fn emit(&mut self, slot: u32, table: u32) {
        let now = self.world.shared.now;
        let emit = self.world.model.emits[table as usize];
        let after = Span(self.world.amount(slot, emit.after));
        let reference = self.world.refer(slot);
        let waiter = self.world.spawn(emit.way, emit.pool, slot, Some(reference));
        if waiter == NONE {
            return;
        }
        // Its client is that of the session.
        if self.world.tasks[slot as usize].stage != super::task::Stage::Outside {
            self.world.shared.jobs[waiter].client = self.session(slot);
        }
        self.world.shared.jobs[waiter].value = after.0;
        self.world.tasks[waiter as usize].matter = Matter::Emit(table);
        // Its number is that of its announcement.
        let task = self.world.shared.attributes[emit.attributes as usize].task;
        let of_task = &mut self.world.of_task[task as usize];
        *of_task += 1;
        self.world.shared.jobs[waiter].nth = *of_task;
        if emit.thinks {
            let at = self.world.in_time(after);
            self.world.wait_until(waiter, at, Phase::Think);
        } else {
            let due = Time(now.0.saturating_add(after.0));
            self.world.tell(TaskEventKind::TimerSet, waiter, |event| {
                (event.asked, event.class, event.task) = (due, emit.class, task);
            });
            self.world.go_on(waiter);
        }
    }

    /// A job that waits for another one to be made goes a step on its way; whether it goes on at once.
    pub(super) fn timer_step(&mut self, slot: u32, op: TaskOp) -> bool {
        let now = self.world.shared.now;
        let Matter::Emit(table) = self.world.tasks[slot as usize].matter else { return true };
        let emit = self.world.model.emits[table as usize];
        let task = self.world.shared.attributes[emit.attributes as usize].task;
        let tell = |world: &mut World<'_, R, PLAIN>, kind| {
            world.tell(kind, slot, |event| (event.class, event.task) = (emit.class, task));
        };
        match op {
            TaskOp::Due => {
                // Twice: before the wait and behind it.
                let after = std::mem::take(&mut self.world.shared.jobs[slot].value);
                if after > 0 {
                    let at = self.world.in_time(Span(after));
                    self.world.wait_until(slot, at, Phase::Timer);
                    self.world.shared.jobs[slot].pc -= 1;
                    return false;
                }
                tell(&mut self.world, TaskEventKind::TimerDue);
            }
            TaskOp::Posted => tell(&mut self.world, TaskEventKind::TimerPosted),
            TaskOp::Look { period } => {
                let period = self.world.model.periods[period as usize].0;
                let at = Time(now.0.div_ceil(period).saturating_mul(period));
                self.world.wait_until(slot, at, Phase::Look);
                return false;
            }
            _ => {}
        }
        true
    }

    /// The job that was announced is there.
    pub(super) fn arise(&mut self, waiter: u32) {
        let now = self.world.shared.now;
        let Matter::Emit(table) = self.world.tasks[waiter as usize].matter else { return };
        let emit = self.world.model.emits[table as usize];
        let about = &self.world.shared.attributes[emit.attributes as usize];
        let (deadline, task) = (about.deadline.unwrap_or(Span::FOREVER), about.task);
        if !emit.thinks {
            self.world.tell(TaskEventKind::TimerPicked, waiter, |event| {
                (event.class, event.task) = (emit.class, task);
            });
        }
        if now >= self.world.horizon {
            return;
        }
        let slot = self.world.allocate();
        if slot == NONE {
            return;
        }
        let number = EMITTED + self.world.emitted;
        self.world.emitted += 1;
        let attributes = emit.attributes;
        let waiting = &self.world.shared.jobs[waiter];
        let (client, source, nth) = (waiting.client, waiting.source, waiting.nth);
        self.world.shared.jobs[slot] = Job {
            arrival: now,
            since: now,
            number,
            client,
            pc: emit.entry,
            attributes,
            class: emit.class,
            source,
            deadline: Time(now.0.saturating_add(deadline.0)),
            state: State::Moving,
            nth,
            ..Job::default()
        };
        let key = self.world.tasks[waiter as usize].key;
        self.world.reset_task(slot, key, now);
        let mut stream = crate::rng::job_stream(self.world.stream_keys[emit.class as usize], key);
        let first = slot as usize * self.world.stride.values;
        let model = self.world.model;
        for (place, law) in model.classes[emit.class as usize].draws.iter().enumerate() {
            let value = law.sample(&mut stream);
            self.world.values[first + place] = value;
            if place == 0 {
                self.world.shared.jobs[slot].value = value;
            }
        }
        self.world.streams[slot as usize] = Some(stream);
        if now >= self.world.warmup {
            self.world.classes[emit.class as usize].released += 1;
        }
        self.world.go_on(slot);
    }
}
