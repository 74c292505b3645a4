//! Problem sheets and their grading.

use experiments::exercise::{
    Answer, Exercise, ExerciseError, Grade, Mistake, Wish, grade, make, read_answer,
};
use policies::{Layer, catalog};
use sim_core::trace::SegmentKind;
use std::fmt::Write as _;

fn wish(policy: &str, seed: u64) -> Wish {
    Wish { policy: policy.to_owned(), seed, ..Wish::default() }
}

/// The key of a problem as an answer.
fn key(exercise: &Exercise) -> String {
    let mut text = String::from("core,start,end,task\n");
    for segment in exercise.trace.segments.iter().filter(|segment| segment.kind == SegmentKind::Run) {
        let task = &exercise.model.tasks[exercise.trace.jobs[segment.job as usize].task as usize];
        let ms = |time: sim_core::units::Time| time.0 as f64 / 1e6;
        let _ = writeln!(text, "{},{},{},{task}", segment.core, ms(segment.start), ms(segment.end));
    }
    text
}

fn graded(exercise: &Exercise, text: &str) -> Grade {
    grade(&exercise.problem(), &read_answer(text).unwrap_or_else(|error| panic!("{error}\n{text}")))
}

/// Every policy whose schedule can be drawn has problems, the same for the same seed, whose keys are worth all points; an
/// answer that leaves the last stretch out is not.
#[test]
fn every_policy_has_problems_with_keys() {
    let mut made = 0;
    for def in catalog().filter(|def| def.layer() == Layer::Scheduler) {
        for (seed, cores) in [(1, 1), (2, 1), (3, 2)] {
            let wish = Wish { cores, ..wish(def.id, seed) };
            let exercise = match make(&wish) {
                Ok(exercise) => exercise,
                Err(ExerciseError::Random(_) | ExerciseError::Shares(_)) => continue,
                Err(error) => panic!("{}: {error}", def.id),
            };
            made += 1;
            assert_eq!(make(&wish).expect("again").list(), exercise.list(), "{} {seed}", def.id);
            let right = key(&exercise);
            let full = graded(&exercise, &right);
            assert!(full.score() >= 1.0 && full.remarks.is_empty(), "{} {seed}: {full:?}\n{right}", def.id);
            let cut = right.trim_end().rsplit_once('\n').expect("several lines").0.to_owned() + "\n";
            let less = graded(&exercise, &cut);
            assert!(less.score() < 1.0 && !less.remarks.is_empty(), "{} {seed}: {less:?}", def.id);
        }
    }
    assert!(made > 30, "{made} problems");
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
