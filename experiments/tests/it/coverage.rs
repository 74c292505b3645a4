//! The interval engine against the truth: of 1000 intervals at 95 % for numbers of a queue, 93 to 97 in 100 must hold it.

use crate::models::mm1;
use experiments::run;
use experiments::run::{RunPlan, RunResult};
use experiments::stats::order::percentile_interval;
use experiments::stats::student;
use experiments::warmup::welch;
use sim_core::model::{Model, Stop};
use sim_core::units::Time;

const INTERVALS: usize = 1_000;
/// Replications behind one interval.
const REPLICATIONS: usize = 20;

/// How many intervals hold the truth, at `scale` times their width.
fn covered(result: &RunResult, name: &str, truth: f64, scale: f64) -> usize {
    let row = result.keys.iter().position(|key| key.metric.to_string() == name).expect("the metric exists");
    let covers = |values: &&[f64]| {
        let found = student::interval(values, 0.95).expect("there are values");
        (found.mean - truth).abs() <= scale * found.half_width
    };
    result.column(row).chunks(REPLICATIONS).filter(covers).count()
}

/// M/M/1 at load 0.8 with a mean work of 1 ms: the response time is exponential with mean 5 ms (any queueing text), so that
/// its p-quantile is 5 ms x ln(1 / (1 - p)). Replications have 500 jobs of warm-up and 3500 that count, thirty times what the
/// queue remembers; intervals of half the width, and intervals for a truth moved by a tenth, must cover far less.
#[test]
fn intervals_of_a_queue_cover_as_often_as_they_say() {
    let stop = Stop { after: None, jobs: Some(4_000) };
    let model = Model { warmup: Time(625_000_000), ..mm1("fcfs", 0.8, stop) };
    let replications = (REPLICATIONS * INTERVALS) as u32;
    let result = run(&model, &RunPlan { replications, ..RunPlan::default() }, &|_| true).unwrap();
    for (name, truth) in [("response/mean", 5e6), ("response/p90", 5e6 * libm::log(10.0))] {
        let as_said = covered(&result, name, truth, 1.0);
        assert!((930..=970).contains(&as_said), "{name}: {as_said} of {INTERVALS} cover");
        for (what, truth, scale) in [("half the width", truth, 0.5), ("a moved truth", 1.1 * truth, 1.0)] {
            let twin = covered(&result, name, truth, scale);
            assert!(twin < 800, "{name}, {what}: {twin} of {INTERVALS} cover");
        }
    }
}

/// The same from single long runs in batches. Intervals that take the jobs of a run as independent, which they are not, must
/// cover far less.
#[test]
fn intervals_of_one_long_run_cover_as_often_as_they_say() {
    const RUNS: u64 = 100;
    let (mean, p90) = (5e6, 5e6 * libm::log(10.0));
    let stop = Stop { after: None, jobs: Some(50_000) };
    let plan = RunPlan { batches: Some(20), ..RunPlan::default() };
    let mut covered = [0; 4];
    for seed in 1..=RUNS {
        let model = Model { seed, warmup: Time(625_000_000), ..mm1("fcfs", 0.8, stop) };
        let result = run(&model, &plan, &|_| true).unwrap();
        let holds = |name: &str, truth: f64| {
            let row = result.summary.iter().find(|row| row.name() == name).expect("the metric exists");
            row.ci_low.is_some_and(|low| low <= truth) && row.ci_high.is_some_and(|high| truth <= high)
        };
        let jobs = result.first.total().response;
        let jobs: Vec<f64> = jobs.values().iter().map(|value| *value as f64).collect();
        let as_independent = student::interval(&jobs, 0.95).expect("there are jobs");
        let ranks = percentile_interval(&jobs, 0.9, 0.95).expect("there are enough jobs");
        let found = [
            holds("response/mean", mean),
            holds("response/p90", p90),
            (as_independent.low()..=as_independent.high()).contains(&mean),
            (ranks.low..=ranks.high).contains(&p90),
        ];
        for (covered, found) in covered.iter_mut().zip(found) {
            *covered += u64::from(found);
        }
    }
    // 95 in 100, less three standard errors of 100 trials.
    assert!(covered[..2].iter().all(|covered| *covered * 100 >= 88 * RUNS), "{covered:?}");
    assert!(covered[2..].iter().all(|covered| *covered * 100 < 60 * RUNS), "{covered:?}");
}

/// What a run is too short for is refused in words, and its interval left empty.
#[test]
fn short_runs_have_no_intervals_for_high_percentiles() {
    let stop = |jobs| Stop { after: None, jobs: Some(jobs) };
    let plan = RunPlan { batches: Some(20), ..RunPlan::default() };
    let result = run(&mm1("fcfs", 0.8, stop(3_000)), &plan, &|_| true).unwrap();
    let row = result.summary.iter().find(|row| row.name() == "response/p99.9").unwrap();
    assert_eq!((row.ci_low, row.n), (None, 1));
    assert!(
        result.notes.iter().any(|note| note.starts_with("no interval for response/p99.9: ")),
        "{:?}",
        result.notes
    );
    let result = run(&mm1("fcfs", 0.8, stop(15)), &plan, &|_| true).unwrap();
    assert!(result.summary.iter().all(|row| row.ci_low.is_none()));
    assert_eq!(result.notes, ["14 jobs are too few for 20 batches: no intervals"]);
}

/// Welch's plot begins with an empty queue, below what it comes to.
#[test]
fn welch_plots_show_the_warm_up() {
    let stop = Stop { after: None, jobs: Some(8_000) };
    let plan = RunPlan { replications: 40, ..RunPlan::default() };
    let model = Model { warmup: Time(1_000_000_000), ..mm1("fcfs", 0.8, stop) };
    let rows = welch(&model, &plan, &|_| true).unwrap();
    assert!((500..=1_024).contains(&rows.len()), "{}", rows.len());
    assert_eq!((rows[0].job, rows[1].job), (1, 11));
    assert!(rows[0].moving_average_ns < 2.5e6, "{:?}", rows[0]);
    let late: Vec<f64> = rows[rows.len() / 2..].iter().map(|row| row.moving_average_ns).collect();
    let found = experiments::stats::mean(&late).unwrap();
    assert!((found / 5e6 - 1.0).abs() < 0.1, "{found}");
    assert_eq!(rows, welch(&model, &RunPlan { threads: 1, ..plan }, &|_| true).unwrap());
}
