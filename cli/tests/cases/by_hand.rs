//! Schedules worked by hand, for the rules that published cases leave open. Each line shows who runs when; the two
//! charts of a pair differ by one tie rule only.

use crate::schedule::{Deadline, Expected, Job, Schedule, merged, rows};

/// Task list, options, what each core runs (`CS` is a switch).
type Case = (&'static str, &'static [&'static str], &'static str, &'static [&'static str]);

fn check(cases: &[Case]) {
    let failures: Vec<String> = cases
        .iter()
        .filter_map(|(name, csv, args, cores)| {
            let gantt = cores.iter().map(|core| merged(rows(core))).collect();
            Schedule::new(name, csv, args).check(&Expected { gantt: Some(gantt), ..Expected::default() })
        })
        .collect();
    assert!(failures.is_empty(), "{} schedules differ\n{}", failures.len(), failures.concat());
}

#[test]
fn feedback_queues_at_coinciding_instants() {
    // B arrives at the instant at which A's first of two quanta at the top ends.
    const EXPIRY: &[&str] = &["task,arrival,cpu", "A,0,6", "B,2,2"];
    // B comes back at 6, the instant of the boost; A has run at the lower level since 3.
    const RETURN: &[&str] = &["task,arrival,program", "A,0,cpu 8", "B,0,cpu 1; io 3; cpu 2"];
    // C takes the core from A in the middle of its quantum at the lower level.
    const PREEMPTED: &[&str] = &["task,arrival,cpu", "A,0,8", "B,0,8", "C,6,1"];
    check(&[
        (
            "an arrival queues before the job whose quantum ends",
            EXPIRY,
            "--policy mlfq:quantum=2ms/4ms,allotment=2",
            &["A 0-2 | B 2-4 | A 4-8"],
        ),
        (
            "the job whose quantum ends queues before an arrival",
            EXPIRY,
            "--policy mlfq:quantum=2ms/4ms,allotment=2 --ties ostep-mlfq",
            &["A 0-4 | B 4-6 | A 6-8"],
        ),
        (
            "the same with one level",
            EXPIRY,
            "--policy mlfq:quantum=2ms --ties quantum_end=preempted-first",
            &["A 0-4 | B 4-6 | A 6-8"],
        ),
        (
            "a job comes back before the boost",
            RETURN,
            "--policy mlfq:quantum=2ms/2ms,boost=6ms",
            &["A 0-2 | B 2-3 | A 3-6 | B 6-8 | A 8-11"],
        ),
        (
            "a job comes back after the boost",
            RETURN,
            "--policy mlfq:quantum=2ms/2ms,boost=6ms --ties ostep-mlfq",
            &["A 0-2 | B 2-3 | A 3-8 | B 8-10 | A 10-11"],
        ),
        (
            "a preempted job goes to the tail",
            PREEMPTED,
            "--policy mlfq:quantum=2ms/4ms",
            &["A 0-2 | B 2-4 | A 4-6 | C 6-7 | B 7-11 | A 11-15 | B 15-17"],
        ),
        (
            "a preempted job stays at the head with the rest of its quantum",
            PREEMPTED,
            "--policy mlfq:quantum=2ms/4ms --ties ostep-mlfq",
            &["A 0-2 | B 2-4 | A 4-6 | C 6-7 | A 7-9 | B 9-13 | A 13-15 | B 15-17"],
        ),
        (
            "quanta of 2^i",
            &["task,arrival,cpu", "A,0,8", "B,0,4"],
            "--policy feedback:quantum=1ms/2ms/4ms",
            &["A 0-1 | B 1-2 | A 2-4 | B 4-6 | A 6-10 | B 10-11 | A 11-12"],
        ),
        (
            "who is alone is not demoted",
            &["task,arrival,cpu", "A,0,5", "B,3,2"],
            "--policy feedback:quantum=1ms/2ms/4ms",
            &["A 0-3 | B 3-4 | A 4-6 | B 6-7"],
        ),
    ]);
}

#[test]
fn costs_of_switching() {
    const TWO: &[&str] = &["task,arrival,cpu", "A,0,3", "B,1,2"];
    const ONE: &[&str] = &["task,arrival,cpu", "A,0,3"];
    // A's first run ends at 1; nothing else is there when it comes back at 3.
    const AGAIN: &[&str] = &["task,arrival,program", "A,0,cpu 1; io 2; cpu 1"];
    check(&[
        (
            "the first switch is charged",
            TWO,
            "--policy round-robin:quantum=2ms --context-switch 1ms",
            &["CS 0-1 | A 1-3 | CS 3-4 | B 4-6 | CS 6-7 | A 7-8"],
        ),
        (
            "the first switch is free",
            TWO,
            "--policy round-robin:quantum=2ms --context-switch 1ms --ties first_switch=free",
            &["A 0-2 | CS 2-3 | B 3-5 | CS 5-6 | A 6-7"],
        ),
        (
            "latency and switch add",
            TWO,
            "--policy round-robin:quantum=2ms --context-switch 1ms --dispatch-latency 0.5ms",
            &["CS 0-1.5 | A 1.5-3.5 | CS 3.5-5 | B 5-7 | CS 7-8.5 | A 8.5-9.5"],
        ),
        (
            "a job that is alone goes on from quantum to quantum",
            ONE,
            "--policy round-robin:quantum=1ms --context-switch 1ms --ties first_switch=free",
            &["A 0-3"],
        ),
        (
            "the same job again is free too",
            AGAIN,
            "--policy fcfs --context-switch 1ms --ties first_switch=free",
            &["A 0-1 | A 3-4"],
        ),
        (
            "the same job again is charged",
            AGAIN,
            "--policy fcfs --context-switch 1ms",
            &["CS 0-1 | A 1-2 | CS 4-5 | A 5-6"],
        ),
        (
            "costs on two cores",
            &["task,arrival,cpu", "A,0,2", "B,0,1", "C,0,2"],
            "--policy fcfs --cores 2 --context-switch 0.25ms",
            &["CS 0-0.25 | A 0.25-2.25", "CS 0-0.25 | B 0.25-1.25 | CS 1.25-1.5 | C 1.5-3.5"],
        ),
    ]);
}

/// Waiting holds what is paid before a job runs; ready time does not.
#[test]
fn costs_are_charged_to_the_job_that_waits_for_them() {
    let job = |task: &str, times: [(&'static str, f64); 6]| Job {
        task: task.to_owned(),
        nth: 1,
        times: times.map(|(key, time)| (key, Some(time))).to_vec(),
        deadline: Deadline::NotSaid,
    };
    Schedule::new(
        "waiting under costs",
        &["task,arrival,cpu", "A,0,3", "B,1,2"],
        "--policy round-robin:quantum=2ms --context-switch 1ms",
    )
    .must_give(&Expected {
        jobs: vec![
            job(
                "A",
                [
                    ("first_run", 1.0),
                    ("finish", 8.0),
                    ("first_response", 1.0),
                    ("waiting", 5.0),
                    ("ready", 3.0),
                    ("overhead", 2.0),
                ],
            ),
            job(
                "B",
                [
                    ("first_run", 4.0),
                    ("finish", 6.0),
                    ("first_response", 3.0),
                    ("waiting", 3.0),
                    ("ready", 2.0),
                    ("overhead", 1.0),
                ],
            ),
        ],
        means: vec![("waiting", 4.0), ("response", 6.5), ("first_response", 2.0)],
        ..Expected::default()
    });
}

/// B arrives within the switch to A and takes the core at once: half of that switch was for nothing, and A's first
/// instruction comes after another one.
#[test]
fn a_switch_that_is_cut_short() {
    let list = &["task,arrival,cpu", "A,0,5", "B,0.5,1"];
    let job = |task: &str, first_run, finish, overhead, ready| Job {
        task: task.to_owned(),
        nth: 1,
        times: [("first_run", first_run), ("finish", finish), ("overhead", overhead), ("ready", ready)]
            .map(|(key, time)| (key, Some(time)))
            .to_vec(),
        deadline: Deadline::NotSaid,
    };
    Schedule::new("a switch that is cut short", list, "--policy srtf --context-switch 1ms").must_give(
        &Expected {
            jobs: vec![job("A", 3.5, 8.5, 1.5, 2.0), job("B", 1.5, 2.5, 1.0, 0.0)],
            means: vec![("first_response", 2.25)],
            gantt: Some(vec![rows("CS 0-1.5 | B 1.5-2.5 | CS 2.5-3.5 | A 3.5-8.5")]),
            ..Expected::default()
        },
    );
}

#[test]
fn priorities_in_both_directions() {
    const LIST: &[&str] = &["task,arrival,cpu,priority", "P1,0,4,2", "P2,1,3,1", "P3,2,1,3"];
    const EQUAL: &[&str] = &["task,arrival,cpu,priority", "P2,1,2,1", "P1,0,3,1"];
    check(&[
        ("low numbers first", LIST, "--policy priority", &["P1 0-1 | P2 1-4 | P1 4-7 | P3 7-8"]),
        (
            "high numbers first",
            LIST,
            "--policy priority:order=high-first",
            &["P1 0-2 | P3 2-3 | P1 3-5 | P2 5-8"],
        ),
        (
            "low numbers first, not preemptive",
            LIST,
            "--policy priority:preemptive=false",
            &["P1 0-4 | P2 4-7 | P3 7-8"],
        ),
        (
            "high numbers first, not preemptive",
            LIST,
            "--policy priority:order=high-first,preemptive=false",
            &["P1 0-4 | P3 4-5 | P2 5-8"],
        ),
        ("an equal does not displace", EQUAL, "--policy priority", &["P1 0-3 | P2 3-5"]),
        (
            "unless the list decides",
            EQUAL,
            "--policy priority --ties equal_key=list",
            &["P1 0-1 | P2 1-3 | P1 3-5"],
        ),
        (
            "jobs of one instant by their places",
            &["task,arrival,cpu,priority", "A,0,2,2", "B,0,2,1"],
            "--policy fcfs",
            &["A 0-2 | B 2-4"],
        ),
        (
            "jobs of one instant by their priorities",
            &["task,arrival,cpu,priority", "A,0,2,2", "B,0,2,1"],
            "--policy fcfs --ties same_arrival=priority",
            &["B 0-2 | A 2-4"],
        ),
    ]);
}

#[test]
fn equal_keys() {
    // At 4 the ratios are (4 + 2) / 2 for X and (2 + 1) / 1 for Y: equal.
    const RATIOS: &[&str] = &["task,arrival,cpu", "Y,2,1", "R,0,4", "X,0,2"];
    // At 1 both have 3 left.
    const REMAINING: &[&str] = &["task,arrival,cpu", "B,1,3", "A,0,4"];
    // Both are due at 10.
    const DEADLINES: &[&str] = &["task,arrival,cpu,deadline", "B,2,2,8", "A,0,4,10"];
    check(&[
        ("equal ratios: the earlier release", RATIOS, "--policy hrrn", &["R 0-4 | X 4-6 | Y 6-7"]),
        ("equal ratios: the list", RATIOS, "--policy hrrn --ties equal_key=list", &["R 0-4 | Y 4-5 | X 5-7"]),
        ("equal remainders: the running job", REMAINING, "--policy srtf", &["A 0-4 | B 4-7"]),
        (
            "equal remainders: the list",
            REMAINING,
            "--policy srtf --ties equal_key=list",
            &["A 0-1 | B 1-4 | A 4-7"],
        ),
        ("equal deadlines: the running job", DEADLINES, "--policy edf", &["A 0-4 | B 4-6"]),
        (
            "equal deadlines: the earlier release",
            DEADLINES,
            "--policy edf --ties equal_key=earlier-release",
            &["A 0-4 | B 4-6"],
        ),
        (
            "equal deadlines: the list",
            DEADLINES,
            "--policy edf --ties equal_key=list",
            &["A 0-2 | B 2-4 | A 4-6"],
        ),
        (
            // At 3 X, released at 0, and Z, released at 2, are both due at 20.
            "equal deadlines of waiting jobs",
            &["task,arrival,cpu,deadline", "Z,2,1,18", "X,0,4,20", "Y,1,2,4"],
            "--policy edf",
            &["X 0-1 | Y 1-3 | X 3-6 | Z 6-7"],
        ),
    ]);
}

#[test]
fn a_deadline_is_met_at_its_very_instant() {
    let job = |task: &str, finish, missed| Job {
        task: task.to_owned(),
        nth: 1,
        times: vec![("finish", finish)],
        deadline: Deadline::Missed(missed),
    };
    Schedule::new(
        "deadlines at the instant of completion and of the end",
        &["task,arrival,cpu,deadline", "A,0,3,3", "B,0,2,4", "C,0,2,7", "D,0,2,8"],
        "--policy edf --until 7ms",
    )
    .must_give(&Expected {
        jobs: vec![
            job("A", Some(3.0), Some(false)),
            job("B", Some(5.0), Some(true)),
            job("C", Some(7.0), Some(false)),
            job("D", None, None),
        ],
        misses: Some(1),
        ..Expected::default()
    });
    Schedule::new(
        "a job that is not done when the run ends at its deadline",
        &["task,arrival,cpu,deadline", "A,0,5,4"],
        "--policy edf --until 4ms",
    )
    .must_give(&Expected {
        jobs: vec![job("A", None, Some(true))],
        misses: Some(1),
        ..Expected::default()
    });
}

/// Stallings' five processes under a quantum of 1: the mean turnaround is 10.8 in the book, where an arrival queues first,
/// and 10.4 in `cpusched-ash-win-cpu` 1.0.1, where the preempted process does.
#[test]
fn one_tie_rule_moves_a_published_mean() {
    const LIST: &[&str] = &["task,arrival,cpu", "A,0,3", "B,2,6", "C,4,4", "D,6,5", "E,8,2"];
    for (ties, mean) in [("arrival-first", 10.8), ("preempted-first", 10.4)] {
        let args = format!("--policy round-robin:quantum=1ms --ties quantum_end={ties}");
        Schedule::new(ties, LIST, &args)
            .must_give(&Expected { means: vec![("response", mean)], ..Expected::default() });
    }
}

#[test]
fn input_and_output() {
    const LIST: &[&str] = &["task,arrival,program", "A,0,cpu 1; io 4; cpu 1", "B,0,cpu 1; io 2; cpu 1"];
    // A comes back at 2, the instant at which C arrives.
    const RETURN: &[&str] = &["task,arrival,program", "A,0,cpu 1; io 1; cpu 1", "B,0,cpu 1", "C,2,cpu 1"];
    check(&[
        ("a device each", LIST, "--policy fcfs", &["A 0-1 | B 1-2 | B 4-5 | A 5-6"]),
        ("one device", LIST, "--policy fcfs --io-device fcfs", &["A 0-1 | B 1-2 | A 5-6 | B 7-8"]),
        ("back from a device before an arrival", RETURN, "--policy fcfs", &["A 0-1 | B 1-2 | A 2-3 | C 3-4"]),
        (
            "back from a device after an arrival",
            RETURN,
            "--policy fcfs --ties io_return=after-arrivals",
            &["A 0-1 | B 1-2 | C 2-3 | A 3-4"],
        ),
    ]);
    let job = |task: &str, blocked, waiting| Job {
        task: task.to_owned(),
        nth: 1,
        times: vec![("blocked", Some(blocked)), ("waiting", Some(waiting))],
        deadline: Deadline::NotSaid,
    };
    Schedule::new("waiting for the device is time blocked", LIST, "--policy fcfs --io-device fcfs")
        .must_give(&Expected { jobs: vec![job("A", 4.0, 0.0), job("B", 5.0, 1.0)], ..Expected::default() });
}

#[test]
fn fractions_and_units() {
    check(&[
        (
            "fractions of a millisecond",
            &["task,arrival,cpu", "A,0,1.5", "B,0.25,0.5", "C,0.3,0.125"],
            "--policy srtf",
            &["A 0-0.25 | B 0.25-0.3 | C 0.3-0.425 | B 0.425-0.875 | A 0.875-2.125"],
        ),
        (
            "microseconds, and a unit in the cell",
            &["task,arrival,cpu", "A,0,1500", "B,0.25ms,500", "C,300us,125000ns"],
            "--policy srtf --time-unit us",
            &["A 0-0.25 | B 0.25-0.3 | C 0.3-0.425 | B 0.425-0.875 | A 0.875-2.125"],
        ),
        (
            "a quantum that is no multiple of anything",
            &["task,arrival,cpu", "A,0,1", "B,0,0.7"],
            "--policy round-robin:quantum=0.3ms",
            &["A 0-0.3 | B 0.3-0.6 | A 0.6-0.9 | B 0.9-1.2 | A 1.2-1.5 | B 1.5-1.6 | A 1.6-1.7"],
        ),
        (
            "two cores",
            &["task,arrival,cpu", "A,0,3", "B,0,2", "C,1,2"],
            "--policy fcfs --cores 2",
            &["A 0-3", "B 0-2 | C 2-4"],
        ),
    ]);
}
