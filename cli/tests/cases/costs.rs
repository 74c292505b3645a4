//! Round robin with switch costs by a second, short implementation, against the built command on random workloads.
//!
//! The cost is paid before the core goes on with another job than it ran last; the quantum starts after it; an arrival at
//! the instant of an expiry queues first; who is alone goes on.

use crate::schedule::{Expected, Row, Schedule, merged};
use crate::ticks::Dice;
use std::collections::VecDeque;
use std::fmt::Write as _;

/// Jobs as arrival and work, in the order of the list.
fn simulate(jobs: &[(u64, u64)], quantum: u64, cost: u64) -> Vec<Row> {
    let mut coming: Vec<usize> = (0..jobs.len()).collect();
    coming.sort_by_key(|job| jobs[*job].0);
    let mut coming = VecDeque::from(coming);
    let mut left: Vec<u64> = jobs.iter().map(|job| job.1).collect();
    let mut queue = VecDeque::new();
    let mut rows = Vec::new();
    let (mut now, mut last) = (0, None);
    let mut admit = |queue: &mut VecDeque<usize>, now| {
        while let Some(job) = coming.pop_front_if(|job| jobs[*job].0 <= now) {
            queue.push_back(job);
        }
        coming.front().map(|job| jobs[*job].0)
    };
    loop {
        let next = admit(&mut queue, now);
        let Some(job) = queue.pop_front() else {
            match next {
                Some(arrival) => now = arrival,
                None => return merged(rows),
            }
            continue;
        };
        if last.is_some_and(|last| last != job) && cost > 0 {
            rows.push((now as f64, (now + cost) as f64, "CS".to_owned()));
            now += cost;
        }
        last = Some(job);
        loop {
            let run = left[job].min(quantum);
            rows.push((now as f64, (now + run) as f64, format!("J{job}")));
            now += run;
            left[job] -= run;
            admit(&mut queue, now);
            if left[job] == 0 || !queue.is_empty() {
                break;
            }
        }
        if left[job] > 0 {
            queue.push_back(job);
        }
    }
}

#[test]
fn round_robin_with_costs() {
    let failures: Vec<String> = (0..150)
        .filter_map(|seed| {
            let mut dice = Dice(seed);
            let (quantum, cost) = (dice.roll(1, 4), dice.roll(0, 2));
            let jobs: Vec<(u64, u64)> =
                (0..dice.roll(2, 6)).map(|_| (dice.roll(0, 12), dice.roll(1, 9))).collect();
            let mut csv = "task,arrival,cpu".to_owned();
            for (index, (arrival, work)) in jobs.iter().enumerate() {
                let _ = write!(csv, "\nJ{index},{arrival},{work}");
            }
            let args = format!(
                "--policy round-robin:quantum={quantum}ms --context-switch {cost}ms --ties first_switch=free"
            );
            let gantt = Some(vec![simulate(&jobs, quantum, cost)]);
            Schedule::new(&format!("seed {seed}"), &[&csv], &args)
                .check(&Expected { gantt, ..Expected::default() })
        })
        .collect();
    assert!(failures.is_empty(), "{} workloads differ\n{}", failures.len(), failures.concat());
}
