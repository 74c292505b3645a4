//! The best of many.

use crate::models::mm1;
use experiments::CompareOptions;
use experiments::compare::{Alternative, best};
use experiments::condition::Subject;
use experiments::run::RunPlan;
use sim_core::model::{Model, Stop};

fn models(alternatives: &[(&str, f64)], seed: u64, jobs: u64) -> Vec<Model> {
    let stop = Stop { after: None, jobs: Some(jobs) };
    alternatives.iter().map(|(policy, load)| Model { seed, ..mm1(policy, *load, stop) }).collect()
}

fn named<'a>(models: &'a [Model], labels: &[&'a str]) -> Vec<Alternative<'a>> {
    models.iter().zip(labels).map(|(model, label)| Alternative { label, model }).collect()
}

#[test]
fn replications_go_to_those_that_are_hard_to_tell_apart() {
    // The same queue twice, under random numbers of its own so that the two differ by luck alone; a busier one is worse.
    let mut models = models(&[("fcfs", 0.7), ("fcfs", 0.7), ("fcfs", 0.9)], 1, 1_000);
    models[1].seed = 2;
    let alternatives = named(&models, &["one", "other", "busy"]);
    let subject = Subject::parse("response/mean").unwrap();
    let find = |threads: usize, noise: f64| {
        let plan = RunPlan { threads, ..RunPlan::default() };
        let options = CompareOptions { noise, ..CompareOptions::default() };
        best(&alternatives, &subject, 90, &options, &plan, &|_, _| true).unwrap()
    };
    let found = find(1, 0.0);
    let runs: Vec<usize> = found.results.iter().map(|result| result.values.len()).collect();
    assert_eq!(runs.iter().sum::<usize>(), 90, "{runs:?}");
    assert!(runs[0] > 30 && runs[1] > 30 && runs[2] < 20, "{runs:?}");
    let selection = found.selection.as_ref().unwrap();
    assert!(selection.probability < 0.95 && selection.best != "busy", "{selection:?}");
    assert!(found.shortfalls[0].contains("looks best on response/mean"), "{:?}", found.shortfalls);
    assert_eq!(found, find(3, 0.0), "threads decide nothing");
    // Where a difference of a fifth makes no difference, either is right, and soon.
    let found = find(2, 0.2);
    assert!(found.selection.is_some_and(|selection| selection.probability >= 0.95));
    assert!(found.shortfalls.is_empty());
}

#[test]
fn more_is_better_where_the_metric_says_so() {
    let models = models(&[("fcfs", 0.5), ("fcfs", 0.8)], 1, 500);
    let alternatives = named(&models, &["slow", "fast"]);
    let subject = Subject::parse("throughput/rate").unwrap();
    let options = CompareOptions::default();
    let found = best(&alternatives, &subject, 40, &options, &RunPlan::default(), &|_, _| true).unwrap();
    assert_eq!(found.selection.map(|selection| selection.best), Some("fast".to_owned()));
    let verdicts: Vec<Option<&str>> = found.rows.iter().map(|row| row.verdict).collect();
    assert_eq!(verdicts, [Some("worse"), Some("reference")]);
}

/// Of 100 selections at 95 % at most 5 may be wrong, and three standard errors more; load 0.6 has the lower mean.
#[test]
fn selections_are_right_as_often_as_they_say() {
    let subject = Subject::parse("response/mean").unwrap();
    let (mut sure, mut wrong) = (0, 0);
    for seed in 1..=100 {
        let models = models(&[("fcfs", 0.62), ("fcfs", 0.6), ("fcfs", 0.64)], seed, 200);
        let alternatives = named(&models, &["62", "60", "64"]);
        let plan = RunPlan { threads: 1, ..RunPlan::default() };
        let found =
            best(&alternatives, &subject, 150, &CompareOptions::default(), &plan, &|_, _| true).unwrap();
        let selection = found.selection.unwrap();
        if selection.probability >= 0.95 {
            sure += 1;
            wrong += i32::from(selection.best != "60");
        }
    }
    assert!(sure >= 50, "only {sure} selections are sure: the case says nothing");
    assert!(wrong <= 11, "{wrong} of {sure} are wrong");
}
