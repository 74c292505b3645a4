//! Decision records in words.

use reports::explain::{Explainer, PolicyWords, Vocabulary};
use sim_core::model::Model;
use sim_core::trace::{Candidate, Decision, DecisionKind, Grounds, JobRecord, Key, Status, Trace};
use sim_core::units::{Span, Time};

fn job(number: u64, task: u32, job: u64) -> JobRecord {
    JobRecord {
        number,
        task,
        job,
        class: 0,
        status: Status::Unfinished,
        arrival: Time::ZERO,
        first_run: None,
        finish: None,
        served: Span::ZERO,
        ready: Span::ZERO,
        overhead: Span::ZERO,
        blocked: Span::ZERO,
        preemptions: 0,
        migrations: 0,
        deadline: None,
        missed: None,
        answered: None,
        outcome: 0,
    }
}

fn candidate(id: u64, key: Key, running: bool) -> Candidate {
    Candidate { id, key, running }
}

fn decision(at: u64, kind: DecisionKind, chosen: u64, candidates: Vec<Candidate>, tie: bool) -> Decision {
    let grounds = Some(Box::new(Grounds { candidates, tie, note: None }));
    Decision { at: Time(at), kind, chosen, slice: None, grounds }
}

fn words() -> Vocabulary {
    let srtf = PolicyWords {
        spec: "srtf".to_owned(),
        rule: "least remaining work".to_owned(),
        tie: "earlier release".to_owned(),
        keys: vec!["remaining (ns)".to_owned(), "place".to_owned()],
        draws: false,
    };
    Vocabulary { schedulers: vec![srtf], balancers: vec![] }
}

#[test]
fn candidates_keys_rule_and_choice_are_shown() {
    let mut model = Model::new("test");
    model.tasks = vec!["A".to_owned(), "B".to_owned()];
    let dispatch = DecisionKind::Dispatch { processor: 0, core: 1 };
    let preempt = DecisionKind::Preempt { processor: 0, core: 1 };
    let [low, high] = [Key::pair(3_000_000, 0), Key::pair(24_000_000, -1)];
    let trace = Trace {
        jobs: vec![job(0, 0, 1), job(1, 1, 1), job(2, 1, 2)],
        decisions: vec![
            Decision {
                slice: Some(Span(4_000_000)),
                grounds: Some(Box::new(Grounds {
                    candidates: vec![candidate(0, high, false), candidate(1, low, false)],
                    tie: false,
                    note: Some("drew 7".to_owned()),
                })),
                ..decision(0, dispatch, 1, Vec::new(), false)
            },
            decision(5, preempt, 2, vec![candidate(0, low, true), candidate(2, low, false)], true),
            decision(9, dispatch, 0, vec![candidate(0, high, false)], false),
        ],
        ..Trace::default()
    };
    let words = words();
    let explainer = Explainer::new(&model, &trace, &words);
    let expected = "t = 0  ? core 1 runs B#1 for at most 4ms
  policy  srtf
         remaining  place
    A         24ms     -1
  > B#1        3ms      0
  why     least remaining work
  note    drew 7

t = 5ns  ? core 1 is taken for B#2
  policy  srtf
                 remaining  place
    A (running)        3ms      0
  > B#2                3ms      0
  why     least remaining work; keys were equal, so the tie rule decided: earlier release

t = 9ns  ? core 1 runs A until its work is done
  policy  srtf
       remaining  place
  > A       24ms     -1
  why     the only job it could have chosen
";
    assert_eq!(explainer.all(), expected);
    assert!(explainer.at(Time(5)).starts_with("t = 5ns"));
    assert!(explainer.at(Time(8)).starts_with("no decision at 8ns; the last one before it:\n\nt = 5ns"));
}

#[test]
fn before_the_first_decision_there_is_nothing_to_explain() {
    let (model, trace, words) = (Model::new("test"), Trace::default(), words());
    let explainer = Explainer::new(&model, &trace, &words);
    assert_eq!(explainer.at(Time(8)), "no decision was taken at or before 8ns\n");
}

#[test]
fn long_lists_of_candidates_are_cut_but_keep_the_chosen_one() {
    let mut model = Model::new("test");
    model.tasks = vec!["T".to_owned()];
    let candidates = (0..100).map(|id| candidate(id, Key::of(id), false)).collect();
    let trace = Trace {
        jobs: (0..100).map(|number| job(number, 0, number + 1)).collect(),
        decisions: vec![decision(0, DecisionKind::Dispatch { processor: 0, core: 0 }, 99, candidates, false)],
        ..Trace::default()
    };
    let words = words();
    let text = Explainer::new(&model, &trace, &words).all();
    assert!(text.contains("> T#100") && text.contains("... and 59 more"), "{text}");
}
