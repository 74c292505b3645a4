//! MLFQ where several things share an instant, worked by hand under the textbook rules and those of OSTEP's `mlfq.py`
//! (homework of chapter 8). `@n` is the level at the dispatch, 0 the top.

use crate::support::{Case, Setup, Task, check};

const fn case(
    what: &'static str,
    policy: &'static str,
    preset: &'static str,
    tasks: &'static str,
    timeline: &'static str,
) -> Case {
    Case { what, policy, preset, cores: 1, tasks, timeline }
}

#[test]
fn an_arrival_at_the_instant_of_an_expiry() {
    // At 4 A has used its first of two quanta at the top, and B arrives.
    const POLICY: &str = "mlfq:quantum=4ms/4ms,allotment=2";
    const TASKS: &str = "A 0 10 | B 4 3";
    check(
        &[
            // B joins, then A: B, A. A's second quantum is 7-11, then it drops.
            case("arrival first", POLICY, "textbook", TASKS, "A 0-4 @0 | B 4-7 @0 | A 7-11 @0 | A 11-13 @1"),
            // A joins, then B: A runs its second quantum 4-8 and drops.
            case("expired first", POLICY, "ostep-mlfq", TASKS, "A 0-8 @0 | B 8-11 @0 | A 11-13 @1"),
        ],
        true,
    );
}

#[test]
fn an_io_return_at_the_instant_of_a_boost() {
    // J leaves the top at 6 with half its quantum and comes back at 20, when H runs at level 1 since 18.
    const POLICY: &str = "mlfq:quantum=4ms/4ms,boost=20ms";
    const TASKS: &str = "H 0 30 | J 0 2+14+3 | K 21 2";
    check(
        &[
            // J joins the top queue, the boost puts H behind it: H gives way and has a fresh quantum at the top, 23-27,
            // before K, which came at 21.
            case(
                "return, then boost",
                POLICY,
                "textbook",
                TASKS,
                "H 0-4 | J 4-6 | H 6-20 | J 20-23 | H 23-27 | K 27-29 | H 29-37",
            ),
            // H is at the top with a fresh quantum, 20-24, when J joins behind it. The slice that began at 18 ends at
            // 22 and is followed by the rest of the fresh quantum.
            case(
                "boost, then return",
                POLICY,
                "ostep-mlfq",
                TASKS,
                "H 0-4 | J 4-6 | H 6-24 | J 24-27 | K 27-29 | H 29-37",
            ),
        ],
        false,
    );
}

#[test]
fn an_arrival_and_an_expiry_at_the_instant_of_a_boost() {
    // At 4 A waits at level 1, B has used its quantum at the top, C arrives.
    const POLICY: &str = "mlfq:quantum=2ms/2ms,boost=4ms";
    const TASKS: &str = "A 0 4 | B 0 4 | C 4 1";
    check(
        &[
            // C joins the top, B drops behind A, the boost appends both: C, A, B.
            case(
                "all three",
                POLICY,
                "textbook",
                TASKS,
                "A 0-2 @0 | B 2-4 @0 | C 4-5 @0 | A 5-7 @0 | B 7-9 @0",
            ),
            // B drops behind A, the boost moves both up, C joins last: A, B, C.
            case(
                "all three",
                POLICY,
                "ostep-mlfq",
                TASKS,
                "A 0-2 @0 | B 2-4 @0 | A 4-6 @0 | B 6-8 @0 | C 8-9 @0",
            ),
        ],
        true,
    );
}

#[test]
fn a_boost_appends_the_lowest_level_first_and_a_running_job_counts_as_the_head_of_its_level() {
    // At 9 A waits at level 2, B runs at level 1 since 8, C waits at level 1. The top queue becomes A, B, C.
    for preset in ["textbook", "ostep-mlfq"] {
        let timeline = "A 0-2 | B 2-4 | C 4-6 | A 6-8 | B 8-9 | A 9-10 | B 10-11 | C 11-12";
        check(
            &[case("boost", "mlfq:quantum=2ms/2ms/2ms,boost=9ms", preset, "A 0 5 | B 0 4 | C 0 3", timeline)],
            false,
        );
    }
}

#[test]
fn a_boost_at_the_top_renews_the_quantum_of_the_running_job() {
    // A has used 4 of its quantum of 6 at 8, is given a fresh one and runs on until 14 while C waits.
    for preset in ["textbook", "ostep-mlfq"] {
        let timeline = "B 0-4 @0 | A 4-14 @0 | C 14-15 @0 | A 15-16 @1";
        check(
            &[case("boost", "mlfq:quantum=6ms/6ms,boost=8ms", preset, "B 0 4 | A 0 11 | C 5 1", timeline)],
            true,
        );
    }
}

#[test]
fn a_boosted_job_keeps_to_the_quantum_of_the_top() {
    // A runs at level 1 with a quantum of 16 from 4 on; from the boost at 5 it has the 2 of the top, drops at 7, and C,
    // which came at 6, runs.
    for preset in ["textbook", "ostep-mlfq"] {
        let timeline = "A 0-2 | B 2-4 | A 4-7 | C 7-8 | A 8-13";
        check(
            &[case("boost", "mlfq:quantum=2ms/16ms,boost=5ms", preset, "A 0 10 | B 0 2 | C 6 1", timeline)],
            false,
        );
    }
}

#[test]
fn a_boost_reaches_jobs_that_are_blocked() {
    for preset in ["textbook", "ostep-mlfq"] {
        check(
            &[
                // J is at level 1 when it blocks at 3, the boost is at 10, it is back at 12 while H runs its quantum.
                case(
                    "the processor is busy",
                    "mlfq:quantum=2ms/2ms,boost=10ms",
                    preset,
                    "J 0 3+9+2 | H 11 4",
                    "J 0-2 @0 | J 2-3 @1 | H 11-13 @0 | J 13-15 @0 | H 15-17 @1",
                ),
                // Nobody is at the processor at the boost; J comes back at that very instant.
                case(
                    "the processor is idle",
                    "mlfq:quantum=2ms/2ms,boost=10ms",
                    preset,
                    "J 0 3+7+3",
                    "J 0-2 @0 | J 2-3 @1 | J 10-12 @0 | J 12-13 @1",
                ),
            ],
            true,
        );
    }
}

#[test]
fn a_job_preempted_by_a_better_level() {
    // At 10 A has run 2 of its 4 at level 1 and B waits there; S takes the core.
    const POLICY: &str = "mlfq:quantum=4ms/4ms";
    const TASKS: &str = "A 0 12 | B 0 10 | S 10 1";
    check(
        &[
            case(
                "to the tail with a fresh quantum",
                POLICY,
                "textbook",
                TASKS,
                "A 0-4 @0 | B 4-8 @0 | A 8-10 @1 | S 10-11 @0 | B 11-15 @1 | A 15-19 @1 | B 19-21 @1 | A 21-23 @1",
            ),
            case(
                "at the head with the rest of its quantum",
                POLICY,
                "ostep-mlfq",
                TASKS,
                "A 0-4 @0 | B 4-8 @0 | A 8-10 @1 | S 10-11 @0 | A 11-13 @1 | B 13-17 @1 | A 17-21 @1 | B 21-23 @1",
            ),
        ],
        true,
    );
}

#[test]
fn what_a_job_used_of_its_quantum_survives_io() {
    const TASKS: &str = "J 0 3+2+3 | H 0 8";
    for preset in ["textbook", "ostep-mlfq"] {
        check(
            &[
                // J has 1 of its quantum of 4 left: 7-8.
                case(
                    "new rules",
                    "mlfq:quantum=4ms/4ms",
                    preset,
                    TASKS,
                    "J 0-3 @0 | H 3-7 @0 | J 7-8 @0 | H 8-12 @1 | J 12-14 @1",
                ),
                case(
                    "old rules",
                    "mlfq:quantum=4ms/4ms,stay_on_io=true",
                    preset,
                    TASKS,
                    "J 0-3 @0 | H 3-7 @0 | J 7-10 @0 | H 10-14 @1",
                ),
            ],
            true,
        );
    }
}

#[test]
fn a_quantum_that_ends_when_the_job_blocks_counts() {
    for preset in ["textbook", "ostep-mlfq"] {
        check(
            &[
                // J comes back at 7 at level 1, before H drops there at 8.
                case(
                    "new rules",
                    "mlfq:quantum=4ms/4ms",
                    preset,
                    "J 0 4+3+2 | H 0 6",
                    "J 0-4 @0 | H 4-8 @0 | J 8-10 @1 | H 10-12 @1",
                ),
                // mlfq.py renews first and counts afterwards: with an allotment of 1 the job drops all the same.
                case(
                    "old rules",
                    "mlfq:quantum=4ms/4ms,stay_on_io=true",
                    preset,
                    "J 0 4+3+2 | H 0 6",
                    "J 0-4 @0 | H 4-8 @0 | J 8-10 @1 | H 10-12 @1",
                ),
                // With an allotment of 2 one quantum is left of the renewed two.
                case(
                    "old rules, two quanta",
                    "mlfq:quantum=4ms/4ms,allotment=2,stay_on_io=true",
                    preset,
                    "J 0 4+1+6",
                    "J 0-4 @0 | J 5-9 @0 | J 9-11 @1",
                ),
            ],
            true,
        );
    }
}

#[test]
fn io_front_displaces_a_running_job_of_the_same_level() {
    for preset in ["textbook", "ostep-mlfq"] {
        check(
            &[case(
                // At 5 J is back in front of H, which has 3 of its 5 left and goes on with them before K.
                "the displaced job is next with the rest of its quantum",
                "mlfq:quantum=5ms/5ms,io_front=true",
                preset,
                "J 0 2+2+1 | H 0 6 | K 0 2",
                "J 0-2 @0 | H 2-4 @0 | J 4-5 @0 | H 5-8 @0 | K 8-10 @0 | H 10-11 @1",
            )],
            true,
        );
    }
}

#[test]
fn several_cores() {
    check(
        &[Case {
            // At 4 S takes the core of B, the later of the two at level 1.
            what: "the last of the running jobs gives way",
            policy: "mlfq:quantum=2ms/8ms",
            preset: "ostep-mlfq",
            cores: 2,
            tasks: "A 0 6 | B 0 6 | S 4 1",
            timeline: "A 0-2 @0 | B 0-2 @0 | A 2-6 @1 | B 2-4 @1 | S 4-5 @0 | B 5-7 @1",
        }],
        true,
    );
}

/// ostep-homework at commit 6c6cfc7: `mlfq.py -l 0,60,0:0,30,4:0,30,6 -n 1 -q 10 -i 5 -c`, with and without `-I`, and
/// `mlfq.py -n 2 -l 0,9,0:0,4,2 -q 3 -i 1 -S -B 5 -c`. These do not tell the tie rules apart.
#[test]
fn runs_of_the_homework() {
    let three =
        [Task::new("job0", 0, 60), Task::ostep("job1", 0, 30, 4, 5), Task::ostep("job2", 0, 30, 6, 5)];
    let two = [Task::new("job0", 0, 9), Task::ostep("job1", 0, 4, 2, 1)];
    for preset in ["textbook", "ostep-mlfq"] {
        for (policy, tasks, finishes) in [
            ("mlfq:quantum=10ms,io_front=true", &three[..], &[120, 87, 93][..]),
            ("mlfq:quantum=10ms", &three[..], &[96, 131, 111][..]),
            ("mlfq:quantum=3ms/3ms,stay_on_io=true,boost=5ms", &two[..], &[13, 10][..]),
        ] {
            let setup = Setup::new(policy, tasks.to_vec()).preset(preset);
            assert_eq!(setup.run().finishes(), finishes, "{}", setup.replay());
        }
    }
}
