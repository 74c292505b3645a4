//! A second implementation that steps time one tick at a time, written from the definitions and not from the engine. It
//! must agree with the engine on small whole-number workloads. One core, no costs.

use crate::support::{Setup, Task};
use sim_core::ties::Ties;
use std::collections::VecDeque;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Rule {
    Fcfs,
    Sjf,
    Srtf,
    Priority { preemptive: bool },
    RoundRobin { quantum: u64 },
    Mlfq(MlfqRules),
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct MlfqRules {
    /// One a level, top first.
    pub quanta: &'static [u64],
    pub allotment: u64,
    pub boost: u64,
    pub stay_on_io: bool,
    pub io_front: bool,
}

#[derive(Clone, Default)]
struct Job {
    next_burst: usize,
    left: u64,
    ticks: u64,
    quanta: u64,
    level: usize,
}

struct Naive<'a> {
    rule: Rule,
    tasks: &'a [Task],
    ties: Ties,
    jobs: Vec<Job>,
    /// Ready jobs in the order of joining, by level. A running job of a multilevel queue stays in it, in front.
    queues: Vec<VecDeque<usize>>,
    running: Option<usize>,
    /// The job whose quantum has just ended.
    expired: Option<usize>,
    /// Jobs in I/O with their returns, in the order of its start.
    blocked: Vec<(u64, usize)>,
}

/// `name start-end` for each stretch, as [`crate::support::Outcome::timeline`].
pub fn timeline(setup: &Setup, rule: Rule) -> String {
    let levels = if let Rule::Mlfq(rules) = rule { rules.quanta.len() } else { 1 };
    let mut naive = Naive {
        rule,
        tasks: &setup.tasks,
        ties: setup.ties,
        jobs: vec![Job::default(); setup.tasks.len()],
        queues: vec![VecDeque::new(); levels],
        running: None,
        expired: None,
        blocked: Vec::new(),
    };
    let mut stretches: Vec<(u64, u64, usize)> = Vec::new();
    let mut unfinished = setup.tasks.len();
    let mut now = 0;
    while unfinished > 0 {
        naive.events(now);
        if let Some(job) = naive.dispatch() {
            match stretches.last_mut() {
                Some((_, end, last)) if *end == now && *last == job => *end += 1,
                _ => stretches.push((now, now + 1, job)),
            }
            unfinished -= usize::from(naive.tick(job, now + 1));
        }
        now += 1;
    }
    let text = |(start, end, job): (u64, u64, usize)| format!("{} {start}-{end}", setup.tasks[job].name);
    stretches.into_iter().map(text).collect::<Vec<_>>().join(" | ")
}

impl Naive<'_> {
    fn mlfq(&self) -> Option<MlfqRules> {
        if let Rule::Mlfq(rules) = self.rule { Some(rules) } else { None }
    }

    /// Everything of an instant in the order of the two presets; completions of work were handled by the tick before.
    fn events(&mut self, now: u64) {
        let ostep = self.ties == Ties::preset("ostep-mlfq").expect("a preset");
        if ostep {
            self.requeue_expired();
            self.boost(now);
            self.arrivals(now);
            self.returns(now);
        } else {
            self.returns(now);
            self.arrivals(now);
            self.requeue_expired();
            self.boost(now);
        }
    }

    fn arrivals(&mut self, now: u64) {
        for job in 0..self.tasks.len() {
            if self.tasks[job].arrival == now {
                self.jobs[job].left = self.tasks[job].bursts[0];
                self.refill(job, 0);
                self.queues[0].push_back(job);
            }
        }
    }

    fn returns(&mut self, now: u64) {
        let (back, blocked) = self.blocked.iter().copied().partition(|(at, _)| *at == now);
        self.blocked = blocked;
        let back: Vec<(u64, usize)> = back;
        for (_, job) in back {
            let level = self.jobs[job].level;
            if self.mlfq().is_some_and(|rules| rules.io_front) {
                self.queues[level].push_front(job);
            } else {
                self.queues[level].push_back(job);
            }
        }
    }

    fn refill(&mut self, job: usize, level: usize) {
        if let Some(rules) = self.mlfq() {
            (self.jobs[job].level, self.jobs[job].ticks, self.jobs[job].quanta) =
                (level, rules.quanta[level], rules.allotment);
        }
    }

    /// A quantum is used up: the next level, or another quantum at the same one.
    fn demote(&mut self, job: usize, rules: MlfqRules) {
        self.jobs[job].quanta -= 1;
        if self.jobs[job].quanta == 0 {
            self.refill(job, (self.jobs[job].level + 1).min(rules.quanta.len() - 1));
        } else {
            self.jobs[job].ticks = rules.quanta[self.jobs[job].level];
        }
    }

    fn requeue_expired(&mut self) {
        let Some(job) = self.expired.take() else { return };
        if let Some(rules) = self.mlfq() {
            self.queues[self.jobs[job].level].retain(|other| *other != job);
            self.demote(job, rules);
        }
        self.queues[self.jobs[job].level].push_back(job);
        self.running = None;
    }

    fn boost(&mut self, now: u64) {
        let Some(rules) =
            self.mlfq().filter(|rules| rules.boost > 0 && now > 0 && now.is_multiple_of(rules.boost))
        else {
            return;
        };
        for level in (1..rules.quanta.len()).rev() {
            let lower: Vec<usize> = self.queues[level].drain(..).collect();
            self.queues[0].extend(lower);
        }
        for job in 0..self.jobs.len() {
            self.refill(job, 0);
        }
    }

    /// The order in which a keyed policy picks; smaller first.
    fn key(&self, job: usize) -> (i64, u64, usize) {
        let key = match self.rule {
            Rule::Sjf => self.tasks[job].bursts[self.jobs[job].next_burst].cast_signed(),
            Rule::Srtf => self.jobs[job].left.cast_signed(),
            Rule::Priority { .. } => self.tasks[job].priority,
            _ => 0,
        };
        (key, self.tasks[job].arrival, job)
    }

    /// The job that runs the next tick.
    fn dispatch(&mut self) -> Option<usize> {
        if self.mlfq().is_some() {
            return self.dispatch_mlfq();
        }
        let keyed = !matches!(self.rule, Rule::Fcfs | Rule::RoundRobin { .. });
        let queue = &self.queues[0];
        let best = if keyed {
            queue.iter().copied().min_by_key(|job| self.key(*job))
        } else {
            queue.front().copied()
        };
        if let Some(running) = self.running {
            let preemptive = matches!(self.rule, Rule::Srtf | Rule::Priority { preemptive: true });
            match best {
                Some(best) if preemptive && self.key(best).0 < self.key(running).0 => {
                    self.queues[0].push_back(running);
                }
                _ => return Some(running),
            }
        }
        self.queues[0].retain(|job| Some(*job) != best);
        self.running = best;
        if let (Some(job), Rule::RoundRobin { quantum }) = (best, self.rule) {
            self.jobs[job].ticks = quantum;
        }
        best
    }

    fn dispatch_mlfq(&mut self) -> Option<usize> {
        let rules = self.mlfq()?;
        let level = self.queues.iter().position(|queue| !queue.is_empty())?;
        let job = self.queues[level][0];
        if let Some(running) = self.running.filter(|running| *running != job) {
            let at = self.jobs[running].level;
            // Preempted by a better level; within a level (boost, I/O to the front) it keeps its place.
            if at > level && self.ties == Ties::default() {
                self.queues[at].retain(|other| *other != running);
                self.queues[at].push_back(running);
                self.jobs[running].ticks = rules.quanta[at];
            }
        }
        self.running = Some(job);
        Some(job)
    }

    /// One tick of running; whether the job's last burst ended with it at `now`.
    fn tick(&mut self, job: usize, now: u64) -> bool {
        let quanta = matches!(self.rule, Rule::RoundRobin { .. } | Rule::Mlfq(_));
        self.jobs[job].left -= 1;
        if quanta {
            self.jobs[job].ticks -= 1;
        }
        let used_up = quanta && self.jobs[job].ticks == 0;
        if self.jobs[job].left > 0 {
            self.expired = used_up.then_some(job);
            if used_up && self.mlfq().is_none() {
                self.running = None;
            }
            return false;
        }
        self.running = None;
        if let Some(rules) = self.mlfq() {
            self.queues[self.jobs[job].level].retain(|other| *other != job);
            if rules.stay_on_io {
                self.refill(job, self.jobs[job].level);
            }
            if used_up {
                self.demote(job, rules);
            }
        }
        let next = self.jobs[job].next_burst + 2;
        let Some(burst) = self.tasks[job].bursts.get(next) else { return true };
        (self.jobs[job].next_burst, self.jobs[job].left) = (next, *burst);
        self.blocked.push((now + self.tasks[job].bursts[next - 1], job));
        false
    }
}
