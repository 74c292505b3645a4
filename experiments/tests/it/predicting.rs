//! Decisions as questions, and what is wrong with an answer.

use experiments::exercise::{
    Ask, Exercise, Mistake, Pick, Question, Wish, contenders, judge, make, questions,
};
use experiments::{Decisions, RunPlan, run};
use policies::{Layer, catalog};
use scenarios::{Input, InputKind, Options, PolicyOption};
use sim_core::model::Model;
use sim_core::trace::Trace;

const ALL: Ask = Ask { single: true, arrivals: true };
const CHOICES: Ask = Ask { single: false, arrivals: false };

fn ran(list: &str, policy: &str, cores: u32) -> (Model, Trace) {
    let input = Input::from_text("tasks.csv", InputKind::TaskList, list);
    let policies = vec![PolicyOption::parse(policy).expect("a policy")];
    let options = Options { cores: Some(cores), policies, ..Options::default() };
    let model = scenarios::load(&input, &options).expect("right").model;
    let plan = RunPlan { records: true, decisions: Decisions::Explained, ..RunPlan::default() };
    let trace = run(&model, &plan, &|_| true).expect("it ends").trace.expect("recorded");
    (model, trace)
}

fn asked(list: &str, policy: &str, cores: u32, ask: Ask) -> (Model, Trace, Vec<Question>) {
    let (model, trace) = ran(list, policy, cores);
    let found = questions(&model, &trace, ask).expect("questions");
    (model, trace, found)
}

/// `at: candidates -> right`, running ones in brackets.
fn told(model: &Model, trace: &Trace, question: &Question) -> String {
    let name = |job: u64| model.tasks[trace.jobs[job as usize].task as usize].as_str();
    let candidate = |job: &u64| {
        if question.running.contains_key(job) { format!("[{}]", name(*job)) } else { name(*job).to_owned() }
    };
    let candidates: Vec<String> = question.candidates.iter().map(candidate).collect();
    format!("{} {} -> {}", question.at.0 / 1_000_000, candidates.join(" "), name(question.right))
}

const FOUR: &str = "task,arrival,cpu\nP1,0,8\nP2,1,4\nP3,2,9\nP4,3,5\n";

#[test]
fn decisions_are_questions_and_arrivals_too() {
    for (policy, ask, expected) in [
        ("srtf", CHOICES, "1 [P1] P2 -> P2; 5 P1 P3 P4 -> P4; 10 P1 P3 -> P1"),
        (
            "srtf",
            Ask::default(),
            "1 [P1] P2 -> P2; 2 P1 [P2] P3 -> P2; 3 P1 [P2] P3 P4 -> P2; 5 P1 P3 P4 -> P4; 10 P1 P3 -> P1",
        ),
        ("sjf", CHOICES, "8 P2 P3 P4 -> P2; 12 P3 P4 -> P4"),
        (
            "sjf",
            ALL,
            "0 P1 -> P1; 1 [P1] P2 -> P1; 2 [P1] P2 P3 -> P1; 3 [P1] P2 P3 P4 -> P1; 8 P2 P3 P4 -> P2; \
             12 P3 P4 -> P4; 17 P3 -> P3",
        ),
    ] {
        let (model, trace, found) = asked(FOUR, policy, 1, ask);
        let text: Vec<String> = found.iter().map(|question| told(&model, &trace, question)).collect();
        assert_eq!(text.join("; "), expected, "{policy} {ask:?}");
    }
}

#[test]
fn what_is_known_of_a_candidate_is_what_happened_and_what_is_left() {
    let (model, trace, found) = asked(FOUR, "srtf", 1, CHOICES);
    let ms = |nanos: u64| nanos / 1_000_000;
    let facts = contenders(&model, &trace, &found[1]);
    let facts: Vec<_> = facts
        .iter()
        .map(|known| (known.job, ms(known.arrival), ms(known.since), ms(known.served), known.left.map(ms)))
        .collect();
    assert_eq!(facts, [(0, 0, 1, 1, Some(7)), (2, 2, 2, 0, Some(9)), (3, 3, 3, 0, Some(5))]);
}

/// List, policy, cores, instant in ms, answer with the job by its place in the list, mistake, a word of what is said.
type Case<'a> = (&'a str, &'a str, u32, u64, Pick, Option<Mistake>, &'a str);

#[test]
fn a_wrong_answer_has_a_name() {
    let ties = "task,arrival,cpu\nP1,0,3\nP2,1,5\nP3,2,5\nP4,2,2\n";
    let rows: [Case<'_>; 13] = [
        (FOUR, "srtf", 1, 5, Pick::Job(3), None, ""),
        (FOUR, "srtf", 1, 5, Pick::Job(0), Some(Mistake::OtherPolicy), "fcfs"),
        (FOUR, "srtf", 1, 5, Pick::Job(1), Some(Mistake::NotReady), "done since 5ms"),
        (FOUR, "srtf", 1, 2, Pick::Job(3), Some(Mistake::BeforeArrival), "not arrived"),
        (FOUR, "srtf", 1, 5, Pick::Job(9), Some(Mistake::UnknownTask), "10"),
        (FOUR, "srtf", 1, 5, Pick::Nobody, Some(Mistake::Idle), "stays idle"),
        (FOUR, "sjf", 1, 1, Pick::Job(1), Some(Mistake::Interrupted), "newcomer"),
        (FOUR, "round-robin:quantum=3ms", 1, 6, Pick::Job(3), Some(Mistake::OtherPolicy), ""),
        (FOUR, "fcfs", 1, 8, Pick::Job(3), Some(Mistake::OtherPolicy), "lcfs"),
        (FOUR, "fcfs", 1, 12, Pick::Job(3), Some(Mistake::OtherPolicy), "sjf"),
        (ties, "sjf", 1, 5, Pick::Job(2), Some(Mistake::TieRule), "equal"),
        (FOUR, "srtf", 2, 3, Pick::Job(0), Some(Mistake::Overlap), "core 0"),
        // Neither the first nor the last to come, nor the shortest.
        (
            "task,arrival,cpu\nP1,0,3\nP2,1,9\nP3,1,5\nP4,1,7\nP5,1,6\n",
            "sjf",
            1,
            3,
            Pick::Job(3),
            Some(Mistake::WrongTask),
            "rule",
        ),
    ];
    for (list, policy, cores, at, pick, expected, words) in rows {
        let (model, trace, found) = asked(list, policy, cores, ALL);
        let question = found.iter().find(|question| question.at.0 == at * 1_000_000);
        let question = question.unwrap_or_else(|| panic!("{policy}: nothing is asked at {at}: {found:?}"));
        let remark = judge(&model, &trace, question, pick);
        let place = format!("{policy} at {at}: {pick:?}: {remark:?}");
        assert_eq!(remark.as_ref().map(|remark| remark.mistake), expected, "{place}");
        assert!(remark.is_none_or(|remark| remark.text.contains(words)), "{place} lacks {words}");
    }
}

/// Every problem of every policy: the right answer is right, and every other one has a name.
#[test]
fn right_is_right_and_wrong_has_a_name_for_every_policy() {
    for def in catalog().filter(|def| def.layer() == Layer::Scheduler) {
        for cores in [1, 2] {
            let wish = Wish { policy: def.id.to_owned(), seed: 3, cores, tasks: 5, ..Wish::default() };
            let Ok(exercise) = make(&wish) else { continue };
            let Exercise { model, trace, .. } = &exercise;
            let found = questions(model, trace, ALL).expect("questions");
            for question in &found {
                assert_eq!(judge(model, trace, question, Pick::Job(question.right)), None, "{}", def.id);
                assert!(question.candidates.contains(&question.right), "{}: {question:?}", def.id);
                let others = (0..5).map(Pick::Job).chain([Pick::Nobody]);
                for other in others.filter(|other| *other != Pick::Job(question.right)) {
                    let remark = judge(model, trace, question, other).expect("wrong");
                    assert!(!remark.text.is_empty(), "{}", def.id);
                }
            }
        }
    }
}

#[test]
fn where_nobody_or_chance_decides_nothing_is_asked() {
    for (policy, words) in [("lottery", "random"), ("ps", "no scheduler")] {
        let (model, trace) = ran(FOUR, policy, 1);
        let error = questions(&model, &trace, ALL).expect_err("no questions").to_string();
        assert!(error.contains(words), "{policy}: {error}");
    }
    let (model, trace) = ran("task,arrival,cpu\nP1,0,1\n", "fcfs", 1);
    assert!(questions(&model, &trace, CHOICES).is_err(), "nobody else could have been chosen");
}
