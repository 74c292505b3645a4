//! Problem sheets and their grading.

use experiments::exercise::{
    Answer, Exercise, ExerciseError, Grade, IoDevice, Mistake, Problem, Wish, away, grade, make, read_answer,
};
use experiments::{Decisions, RunPlan, run};
use policies::{Layer, catalog};
use reports::exercise::sheet_csv;
use scenarios::{Input, InputKind, Options, PolicyOption};

fn wish(policy: &str, seed: u64) -> Wish {
    Wish { policy: policy.to_owned(), seed, ..Wish::default() }
}

/// The key of a problem as an answer, as `exercise --answers --csv` writes it.
fn key(exercise: &Exercise) -> String {
    sheet_csv(&exercise.sheet(true))
}

fn graded(exercise: &Exercise, text: &str) -> Grade {
    grade(&exercise.problem(), &read_answer(text).unwrap_or_else(|error| panic!("{error}\n{text}")))
}

const IO: [Option<IoDevice>; 3] = [None, Some(IoDevice::Parallel), Some(IoDevice::Fcfs)];

/// Every policy whose schedule can be drawn has problems, the same for the same seed, whose keys are worth all points, on one
/// core and on several, with I/O and without; an answer that leaves the last stretch out is not.
#[test]
fn every_policy_has_problems_with_keys() {
    let mut made = 0;
    for def in catalog().filter(|def| def.layer() == Layer::Scheduler) {
        for (io, (seed, cores)) in IO.into_iter().flat_map(|io| [(io, (1, 1)), (io, (2, 2)), (io, (3, 3))]) {
            let wish = Wish { cores, io, ..wish(def.id, seed) };
            let exercise = match make(&wish) {
                Ok(exercise) => exercise,
                Err(ExerciseError::Random(_) | ExerciseError::Shares(_)) => continue,
                Err(error) => panic!("{wish:?}: {error}"),
            };
            made += 1;
            assert_eq!(make(&wish).expect("again").list(), exercise.list(), "{wish:?}");
            let leave = exercise.trace.jobs.iter().filter(|job| job.blocked.0 > 0).count();
            assert_eq!(leave >= 2, io.is_some(), "{wish:?}: {}", exercise.list());
            let right = key(&exercise);
            let full = graded(&exercise, &right);
            assert!(full.score() >= 1.0 && full.remarks.is_empty(), "{wish:?}: {full:?}\n{right}");
            let cut = right.trim_end().rsplit_once('\n').expect("several lines").0.to_owned() + "\n";
            let less = graded(&exercise, &cut);
            assert!(less.score() < 1.0 && !less.remarks.is_empty(), "{wish:?}: {less:?}");
            // The cores are alike, and need not be said.
            for other in [swapped(&right, cores), without_cores(&right)] {
                let other = graded(&exercise, &other);
                assert!(other.score() >= 1.0 && other.remarks.is_empty(), "{wish:?}: {other:?}\n{right}");
            }
        }
    }
    assert!(made > 100, "{made} problems");
}

/// An answer with its cores the other way round.
fn swapped(answer: &str, cores: u32) -> String {
    let row = |line: &str| {
        let (core, rest) = line.split_once(',').expect("a row");
        core.parse::<u32>().map_or_else(|_| line.to_owned(), |core| format!("{},{rest}", cores - 1 - core))
    };
    answer.lines().map(|line| row(line) + "\n").collect()
}

fn without_cores(answer: &str) -> String {
    answer.lines().map(|line| line.split_once(',').expect("a row").1.to_owned() + "\n").collect()
}

/// What follows from a right drawing about when tasks are away is what happened.
#[test]
fn a_drawing_tells_when_tasks_are_away() {
    for def in catalog().filter(|def| def.layer() == Layer::Scheduler) {
        for (seed, cores) in [(1, 1), (2, 1), (3, 2), (4, 2), (5, 3)] {
            for io in IO {
                let wish = Wish { cores, io, tasks: 6, ..wish(def.id, seed) };
                let Ok(exercise) = make(&wish) else { continue };
                let problem = exercise.problem();
                let drawn = away(&problem, &problem.stretches(problem.trace));
                assert_eq!(drawn, problem.away(), "{wish:?}: {}", exercise.list());
                assert_eq!(drawn.is_empty(), io.is_none());
            }
        }
    }
}

/// Problems differ from seed to seed, and somebody has to wait in them.
#[test]
fn problems_are_worth_solving() {
    let lists: Vec<String> =
        (0..20).map(|seed| make(&wish("srtf", seed)).expect("a problem").list().to_owned()).collect();
    let mut different = lists.clone();
    different.sort();
    different.dedup();
    assert!(different.len() >= 19);
    for seed in 0..20 {
        let exercise = make(&wish("srtf", seed)).expect("a problem");
        assert!(
            exercise.trace.jobs.iter().any(|job| job.waiting().is_some_and(|waiting| waiting.0 > 0)),
            "{seed}"
        );
    }
}

/// P1 0 5, P2 3 6, P3 5 1, P4 5 6 under round robin with a quantum of 3 ms: P1 0-3 | P2 3-6 | P1 6-8 | P3 8-9 | P4 9-12 |
/// P2 12-15 | P4 15-18.
#[test]
fn mistakes_have_names() {
    let exercise = make(&wish("round-robin", 7)).expect("a problem");
    assert_eq!(exercise.list(), "task,arrival,cpu\nP1,0,5\nP2,3,6\nP3,5,1\nP4,5,6\n");
    let header = "start,end,task\n";
    let rows: [(&str, &str, &[Mistake]); 8] = [
        ("the key", "0,3,P1\n3,6,P2\n6,8,P1\n8,9,P3\n9,12,P4\n12,15,P2\n15,18,P4\n", &[]),
        (
            "in another order, in pieces",
            "3,6,P2\n0,1,P1\n1,3,P1\n6,8,P1\n8,9,P3\n9,12,P4\n12,15,P2\n15,18,P4\n",
            &[],
        ),
        (
            "first come, first served",
            "0,5,P1\n5,11,P2\n11,12,P3\n12,18,P4\n",
            &[Mistake::OtherPolicy, Mistake::WrongTask],
        ),
        (
            "too early, and too short",
            "0,3,P2\n3,8,P1\n8,9,P3\n9,12,P4\n12,15,P2\n15,16,P4\n",
            &[Mistake::BeforeArrival, Mistake::WrongLength, Mistake::WrongTask],
        ),
        (
            "two at a time",
            "0,3,P1\n3,6,P2\n5,7,P1\n8,9,P3\n9,12,P4\n12,15,P2\n15,18,P4\n",
            &[Mistake::Overlap, Mistake::Idle, Mistake::WrongTask],
        ),
        (
            "idle",
            "0,3,P1\n4,7,P2\n7,9,P1\n9,10,P3\n10,13,P4\n13,16,P2\n16,19,P4\n",
            &[Mistake::Idle, Mistake::WrongTask],
        ),
        (
            "somebody else",
            "0,3,P1\n3,6,P9\n6,8,P1\n8,9,P3\n9,12,P4\n12,18,P2\n15,18,P4\n",
            &[Mistake::UnknownTask, Mistake::Overlap, Mistake::WrongTask],
        ),
        (
            "nothing",
            "",
            &[Mistake::WrongTask, Mistake::Missing, Mistake::Missing, Mistake::Missing, Mistake::Missing],
        ),
    ];
    for (what, text, expected) in rows {
        let grade = graded(&exercise, &format!("{header}{text}"));
        if what.starts_with("first come") {
            assert!(grade.remarks[0].text.contains("`fcfs`"), "{:?}", grade.remarks);
        }
        let found: Vec<Mistake> = grade.remarks.iter().map(|remark| remark.mistake).collect();
        assert_eq!(found, expected, "{what}: {:#?}", grade.remarks);
        assert_eq!(grade.score() >= 1.0, expected.is_empty(), "{what}: {}", grade.score());
    }
    // A task that is interrupted where the policy lets it run.
    let whole = make(&wish("sjf", 7)).expect("a problem");
    assert_eq!(key(&whole), "core,start,end,task\n0,0,5,P1\n0,5,13,P2\n0,13,18,P4\n0,18,26,P3\n");
    let broken = graded(&whole, "start,end,task\n0,5,P1\n5,9,P2\n9,14,P4\n14,18,P2\n18,26,P3\n");
    assert!(
        broken.remarks.iter().any(|remark| remark.mistake == Mistake::Interrupted),
        "{:?}",
        broken.remarks
    );
}

/// A list under a policy on some cores, an answer to it, and the mistakes that are found; `None`: the key as the engine has it.
struct Case {
    what: &'static str,
    list: &'static str,
    policy: &'static str,
    cores: u32,
    device: &'static str,
    answer: &'static str,
    found: &'static [Mistake],
    /// A part of what is said.
    words: &'static str,
}

/// Two cores, earliest deadline first: P1 and P2 at once, then P3, which waits for the first of them.
const TWO: &str = "task,arrival,cpu,deadline\nP1,0,4,9\nP2,0,3,5\nP3,1,3,20\nP4,5,2,3\n";
/// P1 alternates, P2 leaves once, P3 stays.
const LEAVE: &str = "task,arrival,program\nP1,0,cpu 2; io 4; cpu 2\nP2,0,cpu 3; io 2; cpu 1\nP3,1,cpu 5\n";

#[test]
fn mistakes_on_several_cores_and_with_io_have_names() {
    use Mistake::{
        BeforeArrival, Idle, Interrupted, Migrated, OtherPolicy, Overlap, UnknownCore, WhileBlocked,
        WrongLength, WrongTask,
    };
    let edf = |what, answer, found, words| Case {
        what,
        list: TWO,
        policy: "edf",
        cores: 2,
        device: "parallel",
        answer,
        found,
        words,
    };
    let leave = |what, policy, device, answer, found, words| Case {
        what,
        list: LEAVE,
        policy,
        cores: 1,
        device,
        answer,
        found,
        words,
    };
    let cases = [
        edf("the key", "0,0,4,P1\n1,0,3,P2\n1,3,6,P3\n0,5,7,P4\n", &[], ""),
        edf("the other core for P4's start", "1,0,4,P1\n0,0,3,P2\n0,3,6,P3\n1,5,7,P4\n", &[], ""),
        edf(
            "another core in the middle of a run",
            "0,0,2,P1\n1,2,4,P1\n1,0,2,P2\n0,2,3,P2\n0,3,6,P3\n1,5,7,P4\n",
            &[Migrated, Migrated],
            "`P1` goes on at 2 ms, but on core 1, not 0",
        ),
        edf(
            "a task on two cores",
            "0,0,4,P1\n1,0,3,P2\n1,3,5,P3\n0,4,5,P3\n0,5,7,P4\n",
            &[Overlap, WrongTask],
            "`P3` runs on two cores at 4 ms",
        ),
        edf(
            "too early",
            "0,0,4,P1\n1,0,3,P3\n1,3,6,P2\n0,5,7,P4\n",
            &[BeforeArrival, WrongTask],
            "from 0 ms on core 1 `P2` runs, not `P3`",
        ),
        edf(
            "idle though somebody waits",
            "0,0,4,P1\n1,0,3,P2\n1,4,7,P3\n0,5,7,P4\n",
            &[Idle, WrongTask],
            "a core is idle at 3 ms while `P3` waits",
        ),
        edf(
            "too much work, and a core that there is not",
            "0,0,5,P1\n1,0,3,P2\n1,3,6,P3\n0,5,7,P4\n2,7,8,P4\n",
            &[UnknownCore, WrongLength, WrongLength, WrongTask],
            "`P1` runs too long: 5 ms, but it needs 4 ms",
        ),
        Case {
            what: "first come, first served",
            list: "task,arrival,cpu,deadline\nP1,0,2,9\nP2,0,3,9\nP3,1,3,20\nP4,1,2,5\n",
            policy: "edf",
            cores: 2,
            device: "parallel",
            answer: "0,0,2,P1\n1,0,3,P2\n0,2,5,P3\n1,3,5,P4\n",
            found: &[OtherPolicy, WrongTask],
            words: "`fcfs`",
        },
        // P1 0-2 | P2 2-5 | P3 5-10 | P1 10-12 | P2 12-13: P1 is away 2-6, P2 5-7.
        leave(
            "the key",
            "fcfs",
            "parallel",
            "0,0,2,P1\n0,2,5,P2\n0,5,10,P3\n0,10,12,P1\n0,12,13,P2\n",
            &[],
            "",
        ),
        leave(
            "as if there were no I/O",
            "fcfs",
            "parallel",
            "0,0,4,P1\n0,4,8,P2\n0,8,13,P3\n",
            &[WhileBlocked, WhileBlocked, WrongTask],
            "`P1` runs at 2 ms, but its I/O goes on until 6 ms",
        ),
        leave(
            "waiting for the device is being away, too",
            "fcfs",
            "fcfs",
            "0,0,2,P1\n0,2,5,P2\n0,5,6,P3\n0,6,7,P2\n0,7,11,P3\n0,11,13,P1\n",
            &[WhileBlocked, Interrupted, WrongTask],
            "`P2` runs at 6 ms, but its I/O goes on until 8 ms",
        ),
        leave(
            "idle though one is back",
            "fcfs",
            "parallel",
            "0,0,2,P1\n0,2,5,P2\n0,5,10,P3\n0,11,13,P1\n0,13,14,P2\n",
            &[Idle, WrongTask],
            "a core is idle at 10 ms while `P1` waits",
        ),
        leave(
            "idle while all are away is right",
            "fcfs",
            "parallel",
            "0,0,2,P1\n0,2,5,P2\n0,5,7,P3\n0,7,8,P2\n0,8,10,P1\n0,10,13,P3\n",
            &[Interrupted, WrongTask],
            "until it is done or leaves for I/O",
        ),
        leave(
            "what another policy does",
            "fcfs",
            "parallel",
            "0,0,2,P1\n0,2,5,P2\n0,5,6,P3\n0,6,8,P1\n0,8,9,P2\n0,9,13,P3\n",
            &[Interrupted, OtherPolicy, WrongTask],
            "`srtf`",
        ),
        Case {
            what: "the second job of a periodic task before its release",
            list: "task,cpu,period\nT1,2,5\nT2,4,10\n",
            policy: "rm",
            cores: 1,
            device: "parallel",
            answer: "0,0,4,T1\n0,4,8,T2\n",
            found: &[BeforeArrival, WrongTask],
            words: "`T1` runs at 2 ms, before its next job arrives at 5 ms",
        },
    ];
    for case in cases {
        let input = Input::from_text("tasks.csv", InputKind::TaskList, case.list);
        let options = Options {
            cores: Some(case.cores),
            policies: vec![PolicyOption::parse(case.policy).expect("a policy")],
            io_device: Some(case.device.to_owned()),
            ..Options::default()
        };
        let model = scenarios::load(&input, &options).expect("right").model;
        let plan = RunPlan { records: true, decisions: Decisions::Explained, ..RunPlan::default() };
        let trace = run(&model, &plan, &|_| true).expect("it ends").trace.expect("recorded");
        let problem = Problem::of(&input, &options, &model, &trace).expect("it can be drawn");
        let answer = read_answer(&format!("core,start,end,task\n{}", case.answer)).expect("an answer");
        let grade = grade(&problem, &answer);
        let found: Vec<Mistake> = grade.remarks.iter().map(|remark| remark.mistake).collect();
        assert_eq!(found, case.found, "{}: {:#?}", case.what, grade.remarks);
        assert_eq!(grade.score() >= 1.0, case.found.is_empty(), "{}: {}", case.what, grade.score());
        let said = grade.remarks.iter().any(|remark| remark.text.contains(case.words));
        assert!(said || case.words.is_empty(), "{}: {:#?}", case.what, grade.remarks);
    }
}

#[test]
fn tables_are_graded_number_by_number() {
    let exercise = make(&wish("round-robin", 7)).expect("a problem");
    let grade = graded(&exercise, "task,finish,waiting\nP1,8,3\nP2,15,6\nP3,9,3\nP4,18,6.5\n");
    assert_eq!((grade.points, grade.of), (7.0, 8.0), "{:?}", grade.remarks);
    assert_eq!(grade.remarks[0].mistake, Mistake::WrongNumber);
    let missing = graded(&exercise, "task,finish\nP1,8\nP2,15\n");
    assert_eq!((missing.points, missing.of), (2.0, 4.0));
}

#[test]
fn what_is_no_answer_or_no_problem_is_refused() {
    for (text, line) in [
        ("", 1),
        ("who,when\n", 1),
        ("task,finish,mood\nP1,1,good\n", 1),
        ("start,end,task\n0,x,P1\n", 2),
        ("start,end,task\n0,1,P1\n3,2,P1\n", 3),
        ("start,end,task\n0,1\n", 2),
        ("task,finish\nP1,1e99\n", 2),
        ("end,task\n1,P1\n", 1),
    ] {
        assert_eq!(read_answer(text).map_err(|error| error.line), Err(line), "{text:?}");
    }
    assert!(
        matches!(read_answer("start,end,task\n0,1,idle\n"), Ok(Answer::Schedule(rows)) if rows.is_empty())
    );
    for policy in ["lottery", "siro", "ps", "las", "rr", "round-robin:quantum=0", "least-work"] {
        assert!(make(&wish(policy, 1)).is_err(), "{policy}");
    }
    for (tasks, cores) in [(1, 1), (13, 1), (4, 0), (4, 5)] {
        let error = make(&Wish { tasks, cores, ..Wish::default() }).expect_err("out of range");
        assert!(matches!(error, ExerciseError::Range { .. }), "{error}");
    }
}
