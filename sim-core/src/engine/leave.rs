//! The end of a job: its measures, its record, its slot.

use super::{Part, World};
use crate::job::{Job, NONE};
use crate::measure::ClassMeasures;
use crate::model::{Draw, StationRef};
use crate::record::Recorder;
use crate::rng::{Stream, job_stream};
use crate::trace::{EMITTED, JobRecord, Status};
use crate::units::{Span, Time};

/// Adds a completed job to the measures of its class, and says how long it waited. `parts`: its parts by component, none where they follow from its
/// own sums.
#[inline(always)]
fn measure_completed<const PLAIN: bool>(
    class: &mut ClassMeasures,
    job: &Job,
    response: Span,
    parts: Option<&[Part]>,
    all_distributions: bool,
) -> u64 {
    class.response.record(response.0);
    let waiting = response.0 - job.served.0 - if PLAIN { 0 } else { job.blocked.0 };
    if all_distributions {
        class.waiting.record(waiting);
    } else {
        class.waiting.add(waiting);
    }
    if job.served > Span::ZERO {
        class.ran += 1;
        class.first_response += u128::from(job.first_run.from(job.arrival).0);
        class.slowdown += response.as_nanos_f64() / job.served.as_nanos_f64();
    }
    if PLAIN {
        return waiting;
    }
    class.overhead += u128::from(job.overhead.0);
    if let Some(parts) = parts {
        class.served += u128::from(job.served.0);
        class.ready += u128::from(job.ready.0);
        class.blocked += u128::from(job.blocked.0);
        for (sums, part) in class.parts.iter_mut().zip(parts) {
            sums.waiting += u128::from(part.waiting);
            sums.service += u128::from(part.service);
            sums.overhead += u128::from(part.overhead);
        }
    }
    waiting
}

impl<R: Recorder, const PLAIN: bool> World<'_, R, PLAIN> {
    /// The station that an operation means for this job.
    #[inline]
    pub fn member(&self, slot: u32, station: StationRef) -> u32 {
        if station.register == 0 {
            return station.base;
        }
        station.base + self.place(slot, station.register)
    }

    /// The job's member of the group of a register.
    #[inline(always)]
    pub fn place(&self, slot: u32, register: u16) -> u32 {
        if register == 1 {
            self.shared.jobs[slot].server
        } else {
            self.places[slot as usize * self.stride.registers + register as usize]
        }
    }

    /// Remembers the job's member of the group of a register.
    #[inline(always)]
    pub fn set_place(&mut self, slot: u32, register: u16, server: u32) {
        if register == 1 {
            self.shared.jobs[slot].server = server;
        } else {
            self.places[slot as usize * self.stride.registers + register as usize] = server;
        }
    }

    /// The size of an operation for this job.
    #[inline]
    pub fn amount(&mut self, slot: u32, draw: Draw) -> u64 {
        match draw {
            Draw::Given(0) => self.shared.jobs[slot].value,
            Draw::Given(k) => self.values[slot as usize * self.stride.values + k as usize],
            Draw::OnTheSpot(law) => {
                let law = &self.model.laws[law as usize];
                law.sample(self.stream(slot))
            }
        }
    }

    /// The job's own random stream.
    pub fn stream(&mut self, slot: u32) -> &mut Stream {
        let job = &self.shared.jobs[slot];
        let key = self.stream_keys[job.class as usize];
        self.streams[slot as usize].get_or_insert_with(|| job_stream(key, job.number))
    }

    /// A job leaves the system.
    #[inline(always)]
    pub fn exit(&mut self, slot: u32, status: Status) {
        let now = self.shared.now;
        let mut status = status;
        let mut client_waits = true;
        if !PLAIN && self.timed {
            (status, client_waits) = self.disarm(slot, status);
        }
        let mut has_answer = false;
        if !PLAIN && self.tasked {
            if self.stays_for_answer(slot, status) {
                return;
            }
            (status, has_answer) = self.end_task(slot, status);
            client_waits &= self.shared.jobs[slot].number < EMITTED;
        }
        let job = &self.shared.jobs[slot];
        let source = job.source;
        let response = now.from(job.arrival);
        self.left += 1;
        self.last_left = now;
        self.sums.sojourn += u128::from(response.0);
        let has_deadline = !PLAIN && job.deadline != Time::NEVER;
        if job.arrival >= self.warmup {
            let class = &mut self.classes[job.class as usize];
            if !PLAIN && has_answer {
                class.surplus -= 1;
            } else if status == Status::Completed {
                let parts = if PLAIN || self.lean {
                    None
                } else {
                    let first = slot as usize * self.stride.parts;
                    Some(&self.parts[first..first + self.stride.parts])
                };
                let waiting = measure_completed::<PLAIN>(class, job, response, parts, self.all_distributions);
                self.recorder.completed(job.class, response.0, waiting);
            } else {
                class.lost += u64::from(status == Status::Lost);
                class.timed_out += u64::from(status == Status::TimedOut);
            }
            if has_deadline {
                self.measure_deadline(slot, status);
            }
        } else if status != Status::Completed {
            self.carried_ended(slot);
        }
        if R::TRACE {
            let record = self.job_record(slot, status, Some(now));
            self.recorder.job(record);
        }
        if R::DIGEST {
            self.recorder.choice(self.shared.jobs[slot].number, NONE);
        }
        self.shared.jobs.release(slot);
        if !PLAIN && self.closed && client_waits {
            self.think(source);
        }
    }

    /// A job that was released during the warm-up ends without completing: it will not be among what departed.
    #[cold]
    fn carried_ended(&mut self, slot: u32) {
        let class = self.shared.jobs[slot].class as usize;
        // Before the end of the warm-up there are none yet.
        if let Some(carried) = self.carried.get_mut(class) {
            *carried -= 1;
        }
    }

    /// Jobs in the system that were released during the warm-up, by class.
    pub fn carried_now(&self) -> Vec<u64> {
        let mut carried = vec![0; self.classes.len()];
        let is_carried = |job: &Job| job.parent == NONE && job.arrival < self.warmup;
        for (_, job) in self.shared.jobs.iter().filter(|(_, job)| is_carried(job)) {
            carried[job.class as usize] += 1;
        }
        carried
    }

    /// [`exit`](World::exit) of a completed job, where it is not worth a copy of its own.
    pub fn exit_completed(&mut self, slot: u32) {
        self.exit(slot, Status::Completed);
    }

    /// [`exit`](World::exit) of a job that was turned away.
    #[cold]
    pub fn exit_lost(&mut self, slot: u32) {
        self.exit(slot, Status::Lost);
    }

    #[cold]
    pub fn measure_deadline(&mut self, slot: u32, status: Status) {
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
            // Everything of the instant at which the run was to end has happened: a deadline then is missed too.
            Status::Unfinished if now == job.deadline => (self.model.stop.after == Some(now)).then_some(true),
            Status::Unfinished => (now > job.deadline).then_some(true),
            Status::Lost | Status::TimedOut => Some(true),
        }
    }

    /// The job as it stands.
    pub fn job_record(&self, slot: u32, status: Status, finish: Option<Time>) -> JobRecord {
        let job = &self.shared.jobs[slot];
        let (spent, first_run, answered, outcome) = self.told(slot);
        JobRecord {
            number: job.number,
            task: self.shared.attributes[job.attributes as usize].task,
            job: job.nth,
            class: job.class,
            status,
            arrival: job.arrival,
            first_run,
            finish,
            served: spent.served,
            ready: spent.ready,
            overhead: spent.overhead,
            blocked: spent.blocked,
            preemptions: job.preemptions,
            migrations: job.migrations,
            deadline: (job.deadline != Time::NEVER).then_some(job.deadline),
            missed: self.missed(slot, status),
            answered,
            outcome,
        }
    }
}
