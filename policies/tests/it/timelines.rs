//! Timelines worked by hand: what the definitions say about ties and corner cases.

use crate::support::{Case, check};

const fn case(what: &'static str, policy: &'static str, tasks: &'static str, timeline: &'static str) -> Case {
    Case { what, policy, preset: "textbook", cores: 1, tasks, timeline }
}

#[test]
fn order_of_coming() {
    check(
        &[
            case(
                "the last of one instant is the latest",
                "lcfs",
                "A 0 2 | B 0 2 | C 1 2",
                "B 0-2 | C 2-4 | A 4-6",
            ),
            case(
                "a preempted job is below all that came later",
                "lcfs:preemptive=true",
                "A 0 4 | B 1 2 | C 2 3 | D 3 1",
                "A 0-1 | B 1-2 | C 2-3 | D 3-4 | C 4-6 | B 6-7 | A 7-10",
            ),
            case(
                "a job back from I/O counts as coming",
                "lcfs",
                "A 0 1+2+1 | B 0 4 | C 1 4",
                "B 0-4 | C 4-8 | A 8-9 | A 11-12",
            ),
        ],
        false,
    );
}

#[test]
fn sizes() {
    check(
        &[
            case(
                "equal remaining: the running job stays",
                "srtf",
                "A 0 4 | B 2 2 | C 2 1",
                "A 0-2 | C 2-3 | A 3-5 | B 5-7",
            ),
            case("equal bursts: earlier release", "sjf", "A 0 3 | B 2 2 | C 1 2", "A 0-3 | C 3-5 | B 5-7"),
            case(
                "original size, not what is left",
                "psjf",
                // At 5 A has 1 left of 6, and B is shorter than 6.
                "A 0 6 | B 5 4",
                "A 0-5 | B 5-9 | A 9-10",
            ),
            case(
                "predicted: all bursts are guessed equal at first",
                "sjf:predictor=exponential",
                "A 0 6 | B 0 1",
                "A 0-6 | B 6-7",
            ),
            case(
                // After 8 the guess for A is (8 + 4) / 2 = 6, after 2 that for B is (2 + 4) / 2 = 3. Both are back
                // at 11, when C, guessed 4, has run since 10.
                "predicted: each task learns from its own bursts",
                "sjf:predictor=exponential,initial=4ms",
                "A 0 8+3+1 | B 0 2+1+9 | C 9 3",
                "A 0-8 | B 8-10 | C 10-13 | B 13-22 | A 22-23",
            ),
            case(
                // A is guessed 4 and has run 2 when B comes, guessed 4: 2 left, A stays. At 6 A has outrun its guess
                // (0 left) and stays before C.
                "predicted remaining",
                "srtf:predictor=exponential,initial=4ms",
                "A 0 7 | B 2 1 | C 6 1",
                "A 0-7 | B 7-8 | C 8-9",
            ),
            case(
                // All are guessed 8 at first. B is back at 12 with a guess of 5, less than the 6 left of A; X is back at
                // 14 with its 8. At 15 A still has its 6.
                "predicted remaining of a preempted job",
                "srtf:predictor=exponential,initial=8ms",
                "X 0 8+6+3 | B 0 2+2+3 | A 0 8",
                "X 0-8 | B 8-10 | A 10-12 | B 12-15 | A 15-21 | X 21-24",
            ),
        ],
        false,
    );
}

#[test]
fn priorities() {
    check(
        &[
            case(
                "low numbers first",
                "priority",
                "A 0 4 priority=2 | B 1 2 priority=1",
                "A 0-1 | B 1-3 | A 3-6",
            ),
            case(
                "high numbers first",
                "priority:order=high-first",
                "A 0 4 priority=1 | B 1 2 priority=2",
                "A 0-1 | B 1-3 | A 3-6",
            ),
            case(
                "not preemptive",
                "priority:preemptive=false",
                "A 0 4 priority=2 | B 1 2 priority=1 | C 1 1 priority=0",
                "A 0-4 | C 4-5 | B 5-7",
            ),
            case(
                "equal priorities: the running job stays, then the earlier release",
                "priority",
                "A 0 3 | B 2 1 | C 1 1",
                "A 0-3 | C 3-4 | B 4-5",
            ),
            case(
                // B (2) waits since 1: at 3 it is at 1, at 5 at 0, better than A's 1. It keeps the 0 while it runs; A
                // waits since 5 and is better at 9, with -1, for B is back at 2 then.
                "ageing preempts at the very instant",
                "priority:ageing=2ms",
                "A 0 7 priority=1 | B 1 6 priority=2",
                "A 0-5 | B 5-9 | A 9-11 | B 11-13",
            ),
            case(
                // B (5) waits since 0 behind A (1); A is done at 4, when B has reached 5 - 4 = 1 and C (2), which came
                // at 3, is at 2 - 1 = 1 as well: the earlier release goes first.
                "ageing without preemption",
                "priority:preemptive=false,ageing=1ms",
                "A 0 4 priority=1 | B 0 2 priority=5 | C 3 2 priority=2",
                "A 0-4 | B 4-6 | C 6-8",
            ),
            case(
                "round robin among equals, the better one first",
                "priority:quantum=2ms",
                "A 0 3 priority=1 | B 0 3 priority=1 | C 0 2 priority=2 | D 3 1 priority=0",
                // D preempts B at 3, which joins the tail behind A with a fresh quantum.
                "A 0-2 | B 2-3 | D 3-4 | A 4-5 | B 5-7 | C 7-9",
            ),
        ],
        false,
    );
    check(
        &[Case {
            preset: "ostep-mlfq",
            // D preempts B at 3, which stays at the head with the rest of its quantum.
            ..case(
                "preempted to the head",
                "priority:quantum=2ms",
                "A 0 3 priority=1 | B 0 4 priority=1 | D 3 1 priority=0",
                "A 0-2 | B 2-3 | D 3-4 | B 4-5 | A 5-6 | B 6-8",
            )
        }],
        false,
    );
}

#[test]
fn quanta() {
    check(
        &[
            case(
                "an arrival at the instant of a quantum end queues first",
                "round-robin:quantum=2ms",
                "A 0 4 | B 2 2",
                "A 0-2 | B 2-4 | A 4-6",
            ),
            case(
                "work that ends with the quantum is done",
                "round-robin:quantum=2ms",
                "A 0 2 | B 0 3",
                "A 0-2 | B 2-5",
            ),
            case(
                "feedback: back from I/O at the level left, alone no drop",
                "feedback:quantum=1ms/2ms",
                // A drops at 1 since B is ready; alone at 2 to 4 it stays at level 1 with quantum 2.
                "A 0 2+1+3 | B 0 1 | C 5 1",
                "A 0-1 | B 1-2 | A 2-3 | A 4-6 | C 6-7 | A 7-8",
            ),
            case(
                "stride: a newcomer starts at the global pass",
                "stride:quantum=1ms",
                // Equal tickets take turns; C joins at 4 at the pass of the job picked last (B at 3), before A's.
                "A 0 4 | B 0 4 | C 4 2",
                "A 0-1 | B 1-2 | A 2-3 | B 3-4 | C 4-5 | A 5-6 | B 6-7 | C 7-8 | A 8-9 | B 9-10",
            ),
            case(
                // A blocks at 2 one stride ahead of the global pass; at 3 it is as far ahead of B's pick at 2: equal to B.
                "stride: a blocked job keeps its distance",
                "stride:quantum=1ms",
                "B 0 4 | A 0 1+1+2",
                "B 0-1 | A 1-2 | B 2-4 | A 4-5 | B 5-6 | A 6-7",
            ),
            case(
                "lottery: tickets of a job that is done leave the pool",
                "lottery:quantum=1ms,draws=5/5/5/5",
                // 5 mod 4 = 1: A holds 0, B 1 to 3. Then 5 mod 1 = 0: A.
                "A 0 2 tickets=1 | B 0 2 tickets=3",
                "B 0-2 | A 2-4",
            ),
        ],
        false,
    );
}

#[test]
fn deadlines() {
    check(
        &[
            case(
                "equal deadlines: the running job stays",
                "edf",
                "A 0 4 deadline=6 | B 2 1 deadline=4",
                "A 0-4 | B 4-5",
            ),
            case(
                "no deadline comes last",
                "edf",
                "A 0 2 | B 0 2 deadline=9 | C 1 1",
                "B 0-2 | A 2-4 | C 4-5",
            ),
            case("no period comes last", "rm", "A 0 3 | B 1 1 period=9", "A 0-1 | B 1-2 | A 2-4"),
            Case {
                preset: "simso",
                ..case(
                    "the earlier release displaces",
                    "edf",
                    "A 2 4 deadline=6 | B 0 5 deadline=8",
                    "B 0-5 | A 5-9",
                )
            },
            Case {
                cores: 2,
                // Dhall and Liu: on 2 cores the two short tasks with the earlier deadlines hold the long one up.
                ..case(
                    "global EDF",
                    "edf",
                    "T1 0 2 deadline=10 | T2 0 2 deadline=10 | T3 0 10 deadline=11",
                    "T1 0-2 | T2 0-2 | T3 2-12",
                )
            },
        ],
        false,
    );
}

#[test]
fn response_ratios() {
    check(
        &[
            // At 4: A (3 waited + 3) / 3 = 2, B (1 + 1) / 1 = 2: equal, A was released first.
            case("equal ratios: earlier release", "hrrn", "X 0 4 | A 1 3 | B 3 1", "X 0-4 | A 4-7 | B 7-8"),
            // At 4: A 2, B (2 + 1) / 1 = 3.
            case("short jobs first", "hrrn", "X 0 4 | A 1 3 | B 2 1", "X 0-4 | B 4-5 | A 5-8"),
            // At 10: A (9 + 6) / 6 = 2.5, B (1 + 1) / 1 = 2: who waits long enough goes first.
            case("waiting counts", "hrrn", "X 0 10 | A 1 6 | B 9 1", "X 0-10 | A 10-16 | B 16-17"),
        ],
        false,
    );
}
