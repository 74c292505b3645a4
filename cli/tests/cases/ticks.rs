//! MLFQ in steps of one tick, written from the rules alone, against the built command on random workloads.
//!
//! The orders at one instant are those of the two presets: OSTEP's `mlfq.py` requeues the job whose quantum ended, then
//! boosts, then takes arrivals, then what comes back from I/O; the textbook order is I/O, arrivals, quantum ends, boost.

use crate::schedule::{Expected, Row, Schedule, merged};
use std::collections::VecDeque;
use std::fmt::Write as _;

/// splitmix64: a sequence that is the same everywhere.
pub struct Dice(pub u64);

impl Dice {
    /// From `low` to `high`, both included.
    pub fn roll(&mut self, low: u64, high: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        low + (z ^ (z >> 31)) % (high - low + 1)
    }
}

/// What coincides at one instant.
#[derive(Clone, Copy, PartialEq)]
enum Now {
    Expiry,
    Boost,
    Arrivals,
    Returns,
}

struct Rules {
    ties: &'static str,
    order: [Now; 4],
    /// A preempted job keeps the head and the rest of its quantum; else it goes to the tail with a fresh one.
    keeps_head: bool,
}

const OSTEP: Rules = Rules {
    ties: "ostep-mlfq",
    order: [Now::Expiry, Now::Boost, Now::Arrivals, Now::Returns],
    keeps_head: true,
};
const TEXTBOOK: Rules = Rules {
    ties: "textbook",
    order: [Now::Returns, Now::Arrivals, Now::Expiry, Now::Boost],
    keeps_head: false,
};

struct Workload {
    quantum: Vec<u64>,
    allotment: Vec<u64>,
    boost: Option<u64>,
    stay_on_io: bool,
    io_front: bool,
    io: u64,
    /// Arrival, burst, ticks between I/Os (0: none).
    jobs: Vec<(u64, u64, u64)>,
}

impl Workload {
    fn random(seed: u64) -> Workload {
        let mut dice = Dice(seed);
        let levels = dice.roll(1, 3);
        let mut several = |high| (0..levels).map(|_| dice.roll(1, high)).collect();
        let (quantum, allotment) = (several(4), several(2));
        let boost = dice.roll(0, 2);
        Workload {
            quantum,
            allotment,
            boost: (boost > 0).then(|| dice.roll(2, 12)),
            stay_on_io: dice.roll(0, 3) == 0,
            io_front: dice.roll(0, 3) == 0,
            io: dice.roll(1, 5),
            jobs: (0..dice.roll(2, 5))
                .map(|_| {
                    let io = dice.roll(0, 2);
                    (dice.roll(0, 12), dice.roll(1, 16), if io > 0 { dice.roll(1, 6) } else { 0 })
                })
                .collect(),
        }
    }

    fn schedule(&self, name: String, rules: &Rules) -> Schedule {
        let list = |values: &[u64], unit: &str| {
            values.iter().map(|value| format!("{value}{unit}")).collect::<Vec<_>>().join("/")
        };
        let mut policy = format!(
            "mlfq:quantum={},allotment={},stay_on_io={},io_front={}",
            list(&self.quantum, "ms"),
            list(&self.allotment, ""),
            self.stay_on_io,
            self.io_front
        );
        if let Some(boost) = self.boost {
            let _ = write!(policy, ",boost={boost}ms");
        }
        let mut csv = "task,arrival,program\n".to_owned();
        for (number, &(arrival, burst, every)) in self.jobs.iter().enumerate() {
            let every = if every == 0 { burst } else { every };
            let mut steps = Vec::new();
            let mut left = burst;
            while left > 0 {
                steps.push(format!("cpu {}", left.min(every)));
                left -= left.min(every);
                if left > 0 {
                    steps.push(format!("io {}", self.io));
                }
            }
            let _ = writeln!(csv, "J{number},{arrival},{}", steps.join("; "));
        }
        let args = ["--policy", &policy, "--ties", rules.ties].map(str::to_owned).to_vec();
        Schedule { name, csv, args }
    }
}

#[derive(Clone)]
struct Job {
    left: u64,
    ran: u64,
    level: usize,
    ticks: u64,
    slices: u64,
    back: Option<u64>,
}

/// The machine: queues of job numbers, the top one first. The running job stands at the head of its queue.
struct Machine<'w> {
    work: &'w Workload,
    queues: Vec<VecDeque<usize>>,
    jobs: Vec<Job>,
    /// Jobs in I/O in the order in which they began it.
    away: Vec<usize>,
    /// Who ran the tick before and could go on.
    running: Option<usize>,
}

impl Machine<'_> {
    fn fresh(&mut self, job: usize, level: usize) {
        let work = self.work;
        let job = &mut self.jobs[job];
        (job.level, job.ticks, job.slices) = (level, work.quantum[level], work.allotment[level]);
    }

    /// The quantum of a job has ended.
    fn slice_used(&mut self, job: usize) {
        let level = self.jobs[job].level;
        self.jobs[job].slices -= 1;
        if self.jobs[job].slices == 0 {
            self.fresh(job, (level + 1).min(self.queues.len() - 1));
        } else {
            self.jobs[job].ticks = self.work.quantum[level];
        }
    }

    fn happen(&mut self, what: Now, now: u64, expired: Option<usize>) {
        match what {
            Now::Expiry => {
                if let Some(job) = expired {
                    let level = self.jobs[job].level;
                    self.queues[level].retain(|other| *other != job);
                    self.slice_used(job);
                    self.queues[self.jobs[job].level].push_back(job);
                    self.running = None;
                }
            }
            Now::Boost => {
                if now > 0 && self.work.boost.is_some_and(|boost| now.is_multiple_of(boost)) {
                    self.boost();
                }
            }
            Now::Arrivals => {
                for job in 0..self.jobs.len() {
                    if self.work.jobs[job].0 == now {
                        self.queues[0].push_back(job);
                    }
                }
            }
            Now::Returns => {
                let (due, away) = std::mem::take(&mut self.away)
                    .into_iter()
                    .partition(|job| self.jobs[*job].back == Some(now));
                self.away = away;
                let due: Vec<usize> = due;
                for job in due {
                    self.jobs[job].back = None;
                    let queue = &mut self.queues[self.jobs[job].level];
                    if self.work.io_front { queue.push_front(job) } else { queue.push_back(job) }
                }
            }
        }
    }

    /// Lower queues go to the top one, the lowest first.
    fn boost(&mut self) {
        for level in (1..self.queues.len()).rev() {
            let moved = std::mem::take(&mut self.queues[level]);
            self.queues[0].extend(moved);
        }
        for job in 0..self.jobs.len() {
            if self.jobs[job].left > 0 {
                self.fresh(job, 0);
            }
        }
    }

    /// Runs one tick of a job; true if its quantum is used up and it is still there.
    fn tick(&mut self, job: usize, now: u64) -> bool {
        let every = self.work.jobs[job].2;
        let level = self.jobs[job].level;
        let state = &mut self.jobs[job];
        (state.left, state.ran, state.ticks) = (state.left - 1, state.ran + 1, state.ticks - 1);
        let expired = state.ticks == 0;
        self.running = Some(job);
        let blocks = every > 0 && state.ran.is_multiple_of(every);
        if state.left > 0 && !blocks {
            return expired;
        }
        self.running = None;
        self.queues[level].pop_front();
        if state.left > 0 {
            state.back = Some(now + 1 + self.work.io);
            self.away.push(job);
            if self.work.stay_on_io {
                self.fresh(job, level);
            }
            if expired {
                self.slice_used(job);
            }
        }
        false
    }
}

fn simulate(work: &Workload, rules: &Rules) -> Vec<Row> {
    let job = |&(_, burst, _): &(u64, u64, u64)| Job {
        left: burst,
        ran: 0,
        level: 0,
        ticks: work.quantum[0],
        slices: work.allotment[0],
        back: None,
    };
    let mut machine = Machine {
        work,
        queues: vec![VecDeque::new(); work.quantum.len()],
        jobs: work.jobs.iter().map(job).collect(),
        away: Vec::new(),
        running: None,
    };
    let mut rows = Vec::new();
    let (mut now, mut expired) = (0, None);
    while machine.jobs.iter().any(|job| job.left > 0) {
        for what in rules.order {
            machine.happen(what, now, expired);
        }
        expired = None;
        let best = machine.queues.iter().position(|queue| !queue.is_empty());
        if let Some(best) = best {
            if let Some(victim) = machine.running
                && !rules.keeps_head
                && best < machine.jobs[victim].level
            {
                let level = machine.jobs[victim].level;
                machine.queues[level].retain(|other| *other != victim);
                machine.queues[level].push_back(victim);
                machine.jobs[victim].ticks = work.quantum[level];
            }
            let job = machine.queues[best][0];
            rows.push((now as f64, now as f64 + 1.0, format!("J{job}")));
            expired = machine.tick(job, now).then_some(job);
        }
        now += 1;
    }
    merged(rows)
}

fn compare(rules: &Rules) {
    let failures: Vec<String> = (0..120)
        .filter_map(|seed| {
            let work = Workload::random(seed);
            let expected = Expected { gantt: Some(vec![simulate(&work, rules)]), ..Expected::default() };
            work.schedule(format!("seed {seed}"), rules).check(&expected)
        })
        .collect();
    assert!(failures.is_empty(), "{} workloads differ\n{}", failures.len(), failures.concat());
}

#[test]
fn mlfq_as_ostep_runs_it() {
    compare(&OSTEP);
}

#[test]
fn mlfq_as_textbooks_have_it() {
    compare(&TEXTBOOK);
}

/// The workloads reach what they are for: any other order of two things at one instant, or another place for a preempted
/// job, gives another schedule somewhere.
#[test]
fn every_order_shows() {
    for rules in [OSTEP, TEXTBOOK] {
        let differing = |other: &Rules| {
            let differs = |seed: u64| {
                let work = Workload::random(seed);
                simulate(&work, &rules) != simulate(&work, other)
            };
            (0..120).filter(|seed| differs(*seed)).count()
        };
        for first in 0..3 {
            let mut order = rules.order;
            order.swap(first, first + 1);
            let count = differing(&Rules { order, ..rules });
            assert!(count > 0, "{}: swapping places {first} and {} shows nowhere", rules.ties, first + 1);
        }
        let count = differing(&Rules { keeps_head: !rules.keeps_head, ..rules });
        assert!(count > 5, "{}: the place of a preempted job shows in {count} workloads only", rules.ties);
    }
}
