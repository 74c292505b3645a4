//! Periodic tasks in steps of one tick, written from the rules alone, against the built command on random task sets.
//!
//! Each task is one thread: its next job waits until the one before it is done, late or not. The least key runs; on equal
//! keys a running job stays, then the earlier release, then the task list.

use crate::schedule::{Deadline, Expected, Job, Schedule};
use crate::ticks::Dice;
use std::fmt::Write as _;

/// End of every run, in ticks.
const END: u64 = 60;

struct Task {
    work: u64,
    period: u64,
    deadline: u64,
    offset: u64,
}

#[derive(Clone, Copy)]
enum Rule {
    Edf,
    Rm,
    Dm,
}

struct Instance {
    task: usize,
    nth: u64,
    release: u64,
    deadline: u64,
    left: u64,
    first: Option<u64>,
    finish: Option<u64>,
}

fn tasks(dice: &mut Dice) -> Vec<Task> {
    (0..dice.roll(2, 5))
        .map(|_| {
            let period = dice.roll(3, 15);
            let work = dice.roll(1, (period * 2 / 3).max(1));
            let deadline = if dice.roll(0, 2) == 0 { dice.roll(work, period) } else { period };
            let offset = if dice.roll(0, 2) == 0 { dice.roll(0, 5) } else { 0 };
            Task { work, period, deadline, offset }
        })
        .collect()
}

fn simulate(tasks: &[Task], cores: usize, rule: Rule) -> Vec<Instance> {
    let mut all = Vec::new();
    for (index, task) in tasks.iter().enumerate() {
        for (nth, release) in (1..).zip((task.offset..END).step_by(task.period as usize)) {
            let deadline = release + task.deadline;
            all.push(Instance {
                task: index,
                nth,
                release,
                deadline,
                left: task.work,
                first: None,
                finish: None,
            });
        }
    }
    let mut running: Vec<usize> = Vec::new();
    for now in 0..END {
        // The first job of each task that is there and not done.
        let mut ready: Vec<usize> = Vec::new();
        for (index, job) in all.iter().enumerate() {
            let taken = ready.iter().any(|other| all[*other].task == job.task);
            if job.release <= now && job.left > 0 && !taken {
                ready.push(index);
            }
        }
        ready.sort_by_key(|index| {
            let job = &all[*index];
            let key = match rule {
                Rule::Edf => job.deadline,
                Rule::Rm => tasks[job.task].period,
                Rule::Dm => tasks[job.task].deadline,
            };
            (key, !running.contains(index), job.release, job.task)
        });
        ready.truncate(cores);
        for index in &ready {
            let job = &mut all[*index];
            job.first.get_or_insert(now);
            job.left -= 1;
            if job.left == 0 {
                job.finish = Some(now + 1);
            }
        }
        running = ready;
    }
    all
}

fn expected(job: &Instance) -> Job {
    let missed = match job.finish {
        Some(finish) => Some(finish > job.deadline),
        None => (job.deadline <= END).then_some(true),
    };
    let mut times = vec![("finish", job.finish.map(|finish| finish as f64))];
    // A job that is dispatched at the very end has not run.
    times.extend(job.first.map(|first| ("first_run", Some(first as f64))));
    Job { task: format!("T{}", job.task), nth: job.nth, times, deadline: Deadline::Missed(missed) }
}

#[test]
fn periodic_tasks_on_one_to_three_cores() {
    let failures: Vec<String> = (0..150)
        .filter_map(|seed| {
            let mut dice = Dice(seed);
            let tasks = tasks(&mut dice);
            let cores = dice.roll(1, 3) as usize;
            let (rule, policy) =
                [(Rule::Edf, "edf"), (Rule::Rm, "rm"), (Rule::Dm, "dm")][dice.roll(0, 2) as usize];
            let mut csv = "task,cpu,period,deadline,offset\n".to_owned();
            for (index, task) in tasks.iter().enumerate() {
                let _ =
                    writeln!(csv, "T{index},{},{},{},{}", task.work, task.period, task.deadline, task.offset);
            }
            let args = format!("--policy {policy} --cores {cores} --until {END}ms");
            let schedule = Schedule::new(&format!("seed {seed}"), &[csv.trim_end()], &args);
            let jobs: Vec<Job> = simulate(&tasks, cores, rule).iter().map(expected).collect();
            let missed = |job: &&Job| matches!(job.deadline, Deadline::Missed(Some(true)));
            let misses = jobs.iter().filter(missed).count() as u64;
            schedule.check(&Expected { jobs, misses: Some(misses), ..Expected::default() })
        })
        .collect();
    assert!(failures.is_empty(), "{} task sets differ\n{}", failures.len(), failures.concat());
}
