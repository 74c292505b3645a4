//! Replications, recording, warm-up and comparison.

use crate::models::{mm1, tasks};
use experiments::compare::{Alternative, Comparing, Lead};
use experiments::condition::Subject;
use experiments::metrics;
use experiments::precision::Precision;
use experiments::run::{Progress, RunPlan, RunResult, find_warmup, fold_digests};
use experiments::{
    CompareOptions, Decisions, Replications, compare, first_difference, replicate, run, vocabulary,
};
use reports::csv::LongForm;
use reports::rows::{ALL, RunDocument, SummaryRow};
use sim_core::RunError;
use sim_core::model::Stop;
use sim_core::units::Time;
use std::borrow::Cow;
use std::sync::atomic::{AtomicU64, Ordering};

fn jobs(n: u64) -> Stop {
    Stop { after: None, jobs: Some(n) }
}

fn quiet(_: Progress) -> bool {
    true
}

fn value(result: &RunResult, name: &str) -> f64 {
    row(result, name).value.unwrap_or_else(|| panic!("{name} has no value"))
}

fn row<'a>(result: &'a RunResult, name: &str) -> &'a SummaryRow {
    let all = |row: &&SummaryRow| row.name() == name && row.scope == ALL && row.class == ALL;
    result.summary.iter().find(all).unwrap_or_else(|| panic!("{name} is not in the summary"))
}

/// The convoy of Silberschatz, Galvin, Gagne, Operating System Concepts, CPU Scheduling: 24, 3, 3 all at 0.
#[test]
fn a_textbook_run_has_the_textbook_numbers() {
    let model = tasks("fcfs", &[("P1", 0, 24), ("P2", 0, 3), ("P3", 0, 3)]);
    let result = run(&model, &RunPlan::default(), &quiet).unwrap();
    for (name, expected) in [
        ("waiting/mean", 17e6),
        ("response/mean", 27e6),
        ("first_response/mean", 17e6),
        ("response/max", 30e6),
        ("throughput/rate", 100.0),
        ("utilization/mean", 1.0),
        ("jobs/completed", 3.0),
        ("jobs/lost", 0.0),
    ] {
        let found = value(&result, name);
        assert!(
            (found - expected).abs() <= 1e-12 * f64::abs(expected),
            "{name}: {found}, expected {expected}"
        );
    }
    assert_eq!((row(&result, "waiting/mean").ci_low, row(&result, "waiting/mean").n), (None, 1));
    let document = RunDocument::new(&model, "fcfs", result.trace.as_ref(), result.digest, &result.summary);
    let finishes: Vec<Option<u64>> = document.tasks.iter().map(|task| task.finish_ns).collect();
    assert_eq!(finishes, [Some(24_000_000), Some(27_000_000), Some(30_000_000)]);
    assert_eq!(document.gantt.len(), 3);
    assert!(document.digest.is_some());
}

#[test]
fn parts_of_response_time_add_up() {
    let model = mm1("round-robin:quantum=1ms", 0.8, jobs(5_000));
    let result = run(&model, &RunPlan::default(), &quiet).unwrap();
    let parts: u128 = result.first.total().parts.iter().map(sim_core::measure::PartSums::total).sum();
    assert_eq!(parts, result.first.total().response.sum());
    let shown: f64 =
        result.summary.iter().filter(|row| row.metric == "response_part").filter_map(|row| row.value).sum();
    assert!((shown / value(&result, "response/mean") - 1.0).abs() < 1e-12);
}

/// Everything that can be written is the same bytes on 1, 2 and 8 threads.
#[test]
fn threads_do_not_change_a_byte() {
    let model = mm1("fcfs", 0.9, jobs(2_000));
    let bytes = |threads: usize| {
        let plan = RunPlan { replications: 9, threads, ..RunPlan::default() };
        let result = run(&model, &plan, &quiet).unwrap();
        let document =
            RunDocument::new(&model, "fcfs", result.trace.as_ref(), result.digest, &result.summary);
        let mut out = Vec::new();
        reports::json::write_run(&document, &mut out).unwrap();
        let mut csv = LongForm::new(&mut out).unwrap();
        for replication in 0..9 {
            let rows: Vec<SummaryRow> = result.replication_rows(replication).collect();
            csv.rows("test", "fcfs", replication as u32 + 1, &rows).unwrap();
        }
        csv.finish().unwrap();
        out
    };
    let one = bytes(1);
    assert!(one.len() > 10_000);
    assert_eq!(one, bytes(2));
    assert_eq!(one, bytes(8));
}

/// A few at a time or each alone: the values and the digest are those of one run.
#[test]
fn replications_can_be_added_or_run_alone() {
    let after = Stop { after: Some(Time(2_000_000_000)), jobs: None };
    let endless = Stop { after: Some(Time(200_000_000_000)), jobs: None };
    let plan = RunPlan { replications: 5, ..RunPlan::default() };
    for (what, stop, plan) in [
        ("small, known", jobs(1_000), plan.clone()),
        ("large, known", jobs(100_001), plan.clone()),
        ("large, digest", jobs(100_001), RunPlan { digest: true, ..plan.clone() }),
        ("small, unknown", after, plan.clone()),
        ("large, unknown", endless, plan.clone()),
        ("automatic warm-up", jobs(5_000), RunPlan { warmup_auto: true, ..plan }),
    ] {
        let model = mm1("fcfs", 0.7, stop);
        let whole = run(&model, &plan, &quiet).unwrap();
        for steps in [&[1, 2, 5][..], &[3, 3, 4, 5], &[5, 2]] {
            let mut replications = Replications::new(&model, &plan, &quiet).unwrap();
            for total in steps {
                replications.extend_to(*total, &quiet).unwrap();
            }
            assert_eq!(replications.done(), 5);
            assert_eq!(replications.into_result(), whole, "{what}, {steps:?}");
        }

        let plan = RunPlan { digest: true, ..plan };
        let folded = run(&model, &plan, &quiet).unwrap();
        let warmup =
            if plan.warmup_auto { find_warmup(&model, &plan, &quiet).unwrap().0 } else { model.warmup };
        let model = sim_core::model::Model { warmup, ..model };
        let alone: Vec<_> = (0..5).map(|r| replicate(&model, &plan, r, &quiet).unwrap()).collect();
        assert!(alone.iter().zip(&folded.values).all(|((values, _), row)| values == row), "{what}");
        assert_eq!(fold_digests(alone.iter().filter_map(|(_, digest)| *digest)), folded.digest, "{what}");
    }
}

#[test]
fn the_size_of_a_run_decides_what_is_recorded() {
    let after = Stop { after: Some(Time(2_000_000_000)), jobs: None };
    let endless = Stop { after: Some(Time(200_000_000_000)), jobs: None };
    let both = Stop { jobs: Some(1_000_000), ..after };
    for (what, stop, plan, trace, digest) in [
        ("small, known", jobs(1_000), RunPlan::default(), true, true),
        ("large, known", jobs(100_001), RunPlan::default(), false, false),
        (
            "large, digest asked for",
            jobs(100_001),
            RunPlan { digest: true, ..RunPlan::default() },
            false,
            true,
        ),
        (
            "large, records asked for",
            jobs(100_001),
            RunPlan { records: true, ..RunPlan::default() },
            true,
            false,
        ),
        ("small, unknown", after, RunPlan::default(), true, true),
        ("a bound that is not reached", both, RunPlan::default(), true, true),
        ("large, unknown", endless, RunPlan::default(), false, false),
        ("large, unknown, records", endless, RunPlan { records: true, ..RunPlan::default() }, true, false),
    ] {
        let plan = RunPlan { replications: 2, ..plan };
        let result = run(&mm1("fcfs", 0.7, stop), &plan, &quiet).unwrap();
        assert_eq!((result.trace.is_some(), result.digest.is_some()), (trace, digest), "{what}");
    }
}

#[test]
fn a_job_alone_is_one_stretch_whatever_its_quantum() {
    let model = tasks("round-robin:quantum=1us", &[("A", 0, 3)]);
    let result = run(&model, &RunPlan::default(), &quiet).unwrap();
    assert!(result.has_segments && result.trace.is_some_and(|trace| trace.segments.len() == 1));
}

#[test]
fn waiting_percentiles_are_kept_for_all_replications_or_for_none() {
    let large = RunPlan { replications: 2, ..RunPlan::default() };
    let after = Stop { after: Some(Time(200_000_000_000)), jobs: None };
    for (what, stop, plan, kept) in [
        ("small", jobs(1_000), large.clone(), true),
        ("large", jobs(100_001), large.clone(), false),
        ("large, size unknown", after, large.clone(), false),
        ("large, asked for", jobs(100_001), RunPlan { waiting_percentiles: true, ..large.clone() }, true),
        (
            "large, size unknown, asked for",
            after,
            RunPlan { waiting_percentiles: true, ..large.clone() },
            true,
        ),
        ("large, records", jobs(100_001), RunPlan { records: true, ..large.clone() }, true),
        ("large, digest", jobs(100_001), RunPlan { digest: true, ..large }, true),
    ] {
        let result = run(&mm1("fcfs", 0.7, stop), &plan, &quiet).unwrap();
        assert_eq!(row(&result, "waiting/p99").n, if kept { 2 } else { 0 }, "{what}");
        assert_eq!((row(&result, "waiting/mean").n, row(&result, "response/p99").n), (2, 2), "{what}");
    }
}

#[test]
fn digests_fold_in_order() {
    assert_eq!(fold_digests([]), None);
    assert_eq!(fold_digests([7]), Some(7));
    assert_ne!(fold_digests([1, 2]), fold_digests([2, 1]));
}

/// M/M/1 at load 0.8 with mean work 1 ms: mean response 5 ms (any queueing text). 30 replications, 4 standard errors; a
/// twin moved by the larger of 5 % and 10 standard errors must fail.
#[test]
fn mm1_meets_theory_and_its_twin_does_not() {
    let model = mm1("fcfs", 0.8, jobs(40_000));
    let result = run(&model, &RunPlan { replications: 30, ..RunPlan::default() }, &quiet).unwrap();
    let found = row(&result, "response/mean");
    let t = experiments::stats::student::quantile_two_sided(0.05, 29.0);
    let error = (found.ci_high.unwrap() - found.value.unwrap()) / t;
    let away = |truth: f64| (found.value.unwrap() - truth).abs() / error;
    assert!(away(5e6) <= 4.0, "{found:?}");
    assert!(away(5e6 + (0.05 * 5e6f64).max(10.0 * error)) > 4.0, "{found:?}");
}

#[test]
fn automatic_warmup_is_found_and_said() {
    let model = mm1("fcfs", 0.95, jobs(20_000));
    let plan = RunPlan { replications: 2, warmup_auto: true, ..RunPlan::default() };
    let result = run(&model, &plan, &quiet).unwrap();
    assert!(result.notes[0].contains("MSER-5"), "{:?}", result.notes);
    assert_eq!(value(&result, "warmup/time"), result.warmup.0 as f64);
    assert_eq!(result, run(&model, &plan, &quiet).unwrap());
    if result.warmup > Time::ZERO {
        assert!(value(&result, "jobs/released") < 20_000.0);
    }
}

#[test]
fn the_first_failing_replication_is_reported() {
    let model = mm1("fcfs", 1.5, jobs(90_000));
    for threads in [1, 4] {
        let plan = RunPlan { replications: 4, threads, max_jobs: 500, ..RunPlan::default() };
        let failure = run(&model, &plan, &quiet).unwrap_err();
        assert_eq!((failure.replication, failure.replications), (1, 4));
        assert!(matches!(*failure.error, RunError::JobLimit { limit: 500, .. }), "{failure}");
        assert!(failure.to_string().starts_with("replication 1: more than 500 jobs"), "{failure}");
    }
}

#[test]
fn progress_grows_and_can_cancel() {
    let model = mm1("fcfs", 0.5, jobs(300_000));
    let last = AtomicU64::new(0);
    let watch = |progress: Progress| {
        let millionths = (progress.fraction * 1e6) as u64;
        assert!(millionths >= last.swap(millionths, Ordering::Relaxed));
        true
    };
    run(&model, &RunPlan { replications: 2, threads: 1, ..RunPlan::default() }, &watch).unwrap();
    assert_eq!(last.load(Ordering::Relaxed), 1_000_000);
    let failure = run(&model, &RunPlan::default(), &|_: Progress| false).unwrap_err();
    assert!(matches!(*failure.error, RunError::Cancelled { .. }), "{failure}");
}

#[test]
fn comparison_finds_the_better_policy() {
    let models = ["fcfs", "round-robin:quantum=100us"].map(|policy| mm1(policy, 0.8, jobs(5_000)));
    let alternatives = [
        Alternative { label: "fcfs", model: &models[0] },
        Alternative { label: "rr", model: &models[1] },
        Alternative { label: "fcfs again", model: &models[0] },
    ];
    let plan = RunPlan { replications: 10, ..RunPlan::default() };
    let metric = metrics::parse("first_response/mean").unwrap();
    let asked = CompareOptions { metrics: vec![metric], ..CompareOptions::default() };
    let found = compare(&alternatives, &asked, &plan, &|_, _| true).unwrap();
    let verdicts: Vec<Option<&str>> = found.rows.iter().map(|row| row.verdict).collect();
    assert_eq!(verdicts, [Some("reference"), Some("better"), Some("no difference shown")]);
    assert_eq!(found.rows.iter().map(|row| row.best).collect::<Vec<_>>(), [false, true, false]);
    assert_eq!(found.leads, [Some(Lead { winner: 1, rivals: Vec::new() })]);
    let same = compare(&[alternatives[0], alternatives[2]], &asked, &plan, &|_, _| true).unwrap();
    assert_eq!(same.leads, [None], "who is equal is no better");
    assert_eq!(found.rows[2].difference, Some(0.0));
    assert_eq!(found.rows[2].p_holm, Some(1.0));
    // The same work for all: completed jobs and their total demand agree.
    let served = |index: usize| found.results[index].first.total().served;
    assert_eq!(served(0), served(1));
}

/// Pairs hold the same jobs only if all alternatives are measured over one window.
#[test]
fn alternatives_share_one_warmup() {
    let models = ["fcfs", "srtf"].map(|policy| mm1(policy, 0.97, jobs(20_000)));
    let alternatives =
        [Alternative { label: "fcfs", model: &models[0] }, Alternative { label: "srtf", model: &models[1] }];
    let plan = RunPlan { replications: 2, warmup_auto: true, ..RunPlan::default() };
    let found = compare(&alternatives, &CompareOptions::default(), &plan, &|_, _| true).unwrap();
    assert_eq!(found.results[0].warmup, found.results[1].warmup);
    let own = alternatives.map(|a| run(a.model, &plan, &quiet).unwrap().warmup);
    assert_eq!(Some(&found.results[0].warmup), own.iter().max());
    assert!(found.notes.iter().any(|note| note.starts_with("srtf: ")), "{:?}", found.notes);
}

#[test]
fn decisions_of_large_runs_need_records() {
    let plan = RunPlan { decisions: Decisions::Explained, ..RunPlan::default() };
    let result = run(&mm1("fcfs", 0.5, jobs(100_001)), &plan, &quiet).unwrap();
    assert!(
        result.trace.is_none() && result.notes[0].contains("decisions are kept only"),
        "{:?}",
        result.notes
    );
    let result = run(&mm1("fcfs", 0.5, jobs(1_000)), &plan, &quiet).unwrap();
    assert_eq!(result.trace.map(|trace| trace.decisions.len()), Some(1_000));
}

#[test]
fn the_first_difference_is_the_decision_where_policies_part() {
    let list = [("A", 0, 5), ("B", 1, 3)];
    let (fcfs, rr) = (tasks("fcfs", &list), tasks("round-robin:quantum=2ms", &list));
    let reference = Alternative { label: "fcfs", model: &fcfs };
    let plan = RunPlan::default();
    let found = first_difference(reference, Alternative { label: "rr", model: &rr }, &plan).unwrap();
    // Both run A first; fcfs lets it end at 5 ms, round robin takes B at 2 ms.
    assert_eq!(found.decision, Some(2));
    assert_eq!(found.reference_decision.as_ref().map(|d| (d.at_ns, d.job.as_str())), Some((5_000_000, "B")));
    assert_eq!(found.policy_decision.as_ref().map(|d| (d.at_ns, d.job.as_str())), Some((2_000_000, "B")));
    let same = first_difference(reference, reference, &plan).unwrap();
    assert_eq!((same.decision, same.complete, same.policy_decision), (None, true, None));
}

#[test]
fn the_first_difference_of_large_runs_is_looked_for_at_their_beginning() {
    let (fcfs, srtf) = (mm1("fcfs", 0.9, jobs(10_000_000)), mm1("srtf", 0.9, jobs(10_000_000)));
    let reference = Alternative { label: "fcfs", model: &fcfs };
    let plan = RunPlan::default();
    let same = first_difference(reference, reference, &plan).unwrap();
    assert_eq!((same.decision, same.complete), (None, false));
    let found = first_difference(reference, Alternative { label: "srtf", model: &srtf }, &plan).unwrap();
    assert!(found.decision.is_some_and(|decision| decision < 1_000), "{found:?}");
}

#[test]
fn explanations_use_the_words_of_the_policy() {
    let model = tasks("fcfs", &[("A", 0, 5), ("B", 1, 3), ("C", 1, 3)]);
    let plan = RunPlan { decisions: Decisions::Explained, ..RunPlan::default() };
    let result = run(&model, &plan, &quiet).unwrap();
    let (trace, words) = (result.trace.unwrap(), vocabulary(&model));
    let explainer = reports::explain::Explainer::new(&model, &trace, &words);
    let text = explainer.at(Time(5_000_000));
    assert!(
        text.starts_with("t = 5ms  cpu core 0 runs B until its work is done\n  policy  fcfs\n"),
        "{text}"
    );
    assert!(text.contains("> B") && text.contains("  C"), "{text}");
    assert!(explainer.at(Time(4_000_000)).starts_with("no decision at 4ms; the last one before it"));
    assert_eq!(explainer.all().matches("policy  fcfs").count(), 3);
}

/// The stopping rule of Law, 9.4.1, on a run: where it stops the rule holds, and it did not hold at the batch before.
#[test]
fn a_precision_takes_as_many_replications_as_the_rule_says() {
    let model = mm1("fcfs", 0.8, jobs(2_000));
    let subjects = vec![Subject::parse("response/mean").unwrap()];
    let asked = Precision { relative: 0.05, subjects, least: 10, most: 500 };
    let plan = |threads| RunPlan { precision: Some(asked.clone()), threads, ..RunPlan::default() };
    let result = run(&model, &plan(1), &quiet).unwrap();
    assert_eq!(result, run(&model, &plan(3), &quiet).unwrap());
    assert_eq!(result.shortfalls, Vec::<String>::new());
    let found = row(&result, "response/mean");
    let share = (found.ci_high.unwrap() - found.value.unwrap()) / found.value.unwrap();
    assert!(share <= 0.05 / 1.05, "{share}");
    assert!(found.n > 10, "{}", found.n);
    // As many as the pilot needs, within a batch.
    let whole = RunPlan { replications: found.n as u32, ..RunPlan::default() };
    assert_eq!(run(&model, &whole, &quiet).unwrap(), result, "the same replications, asked for at once");

    let few = Precision { most: 12, ..asked.clone() };
    let result = run(&model, &RunPlan { precision: Some(few), ..RunPlan::default() }, &quiet).unwrap();
    assert_eq!(result.values.len(), 12);
    assert!(result.shortfalls[0].starts_with("response/mean is known to "), "{:?}", result.shortfalls);

    // What never varies is precise at once; what is never measured stops there too, and says so.
    let list = tasks("fcfs", &[("A", 0, 5), ("B", 1, 3)]);
    let result = run(&list, &plan(1), &quiet).unwrap();
    assert_eq!((result.values.len(), result.shortfalls.len()), (10, 0));
    let subjects = vec![Subject::parse("tardiness/max").unwrap()];
    let never = Precision { subjects, ..asked };
    let result = run(&list, &RunPlan { precision: Some(never), ..RunPlan::default() }, &quiet).unwrap();
    assert_eq!(result.values.len(), 10);
    assert_eq!(result.shortfalls, ["tardiness/max has no precision: nothing was measured"]);
}

/// The winner is the best of those shown to beat the reference; where it is worse is said; a wide threshold makes the
/// difference one that does not matter.
#[test]
fn a_comparison_ends_with_who_wins_and_what_it_costs() {
    let models = ["fcfs", "srtf", "fcfs"].map(|policy| mm1(policy, 0.9, jobs(5_000)));
    let alternatives = [
        Alternative { label: "fcfs", model: &models[0] },
        Alternative { label: "srtf", model: &models[1] },
        Alternative { label: "fcfs again", model: &models[2] },
    ];
    let plan = RunPlan { replications: 10, ..RunPlan::default() };
    let metric = metrics::parse("response/mean").unwrap();
    let found = |reference: usize, noise: f64| {
        let asked = CompareOptions { reference, noise, metrics: vec![metric], ..CompareOptions::default() };
        compare(&alternatives, &asked, &plan, &|_, _| true).unwrap()
    };
    let won = found(0, 0.0).conclusion.unwrap();
    assert_eq!((won.winner.as_str(), won.against.as_str(), won.rivals.len()), ("srtf", "fcfs", 0));
    assert!(won.difference < 0.0 && won.half_width.is_some_and(|half| half < -won.difference));
    let costs: Vec<&str> = won.costs.iter().map(|cost| cost.metric.as_str()).collect();
    assert!(costs.contains(&"response/max") && !costs.contains(&"waiting/mean"), "{costs:?}");

    let kept = found(1, 0.0).conclusion.unwrap();
    assert_eq!((kept.winner.as_str(), kept.against.as_str()), ("srtf", "fcfs"));
    assert!((kept.difference - won.difference).abs() < 1e-6, "the same pair, from the other side");

    let small = found(0, 0.99);
    let verdicts: Vec<Option<&str>> = small.rows.iter().map(|row| row.verdict).collect();
    assert_eq!(verdicts, ["reference", "no practical difference", "no practical difference"].map(Some));
    let small = small.conclusion.unwrap();
    assert_eq!((small.winner.as_str(), small.rivals.len(), small.costs.len()), ("fcfs", 2, 0));
}

/// The rows come in the order in which their metrics were named, and the first of them decides, wherever the run has it.
#[test]
fn the_metric_that_was_named_first_decides() {
    let models = ["fcfs", "srtf"].map(|policy| mm1(policy, 0.9, jobs(5_000)));
    let alternatives =
        [Alternative { label: "fcfs", model: &models[0] }, Alternative { label: "srtf", model: &models[1] }];
    let plan = RunPlan { replications: 3, ..RunPlan::default() };
    for (named, winner) in [
        (&["response/max", "response/mean"][..], Some("fcfs")),
        (&["response/mean", "response/max"], Some("srtf")),
        (&["response/p99", "response/mean", "response/p99"], None),
    ] {
        let metrics: Vec<_> = named.iter().map(|name| metrics::parse(name).unwrap()).collect();
        let asked = CompareOptions { metrics, ..CompareOptions::default() };
        let found = compare(&alternatives, &asked, &plan, &|_, _| true).unwrap();
        let order: Vec<String> = found
            .rows
            .iter()
            .filter(|row| row.policy == "fcfs" && row.class == "all" && row.scope == "all")
            .map(|row| format!("{}/{}", row.metric, row.statistic))
            .collect();
        let once: Vec<&str> = named
            .iter()
            .enumerate()
            .filter(|(at, name)| !named[..*at].contains(name))
            .map(|(_, name)| *name)
            .collect();
        assert_eq!(order, once);
        let conclusion = found.conclusion.unwrap();
        assert_eq!(conclusion.metric, named[0]);
        assert!(winner.is_none_or(|winner| conclusion.winner == winner), "{named:?}: {}", conclusion.text());
    }
}

#[test]
fn a_comparison_in_steps_is_the_comparison_at_once() {
    let models = ["fcfs", "srtf"].map(|policy| mm1(policy, 0.8, jobs(2_000)));
    for plan in [
        RunPlan { replications: 3, ..RunPlan::default() },
        RunPlan { replications: 3, warmup_auto: true, threads: 2, ..RunPlan::default() },
    ] {
        let alternatives = [("fcfs", &models[0]), ("srtf", &models[1])];
        let whole = alternatives.map(|(label, model)| Alternative { label, model });
        let whole = compare(&whole, &CompareOptions::default(), &plan, &|_, _| true).unwrap();
        for at_a_time in [1, 2] {
            let models = alternatives.map(|(label, model)| (label.to_owned(), Cow::Owned(model.clone())));
            let mut comparing = Comparing::new(models, &CompareOptions::default(), &plan);
            let mut done = vec![comparing.done()];
            while comparing.step(plan.replications, at_a_time, &|_, _| true).unwrap() {
                done.push(comparing.done());
            }
            // Nobody gets far ahead.
            let ahead = |done: &Vec<u32>| done.iter().max().zip(done.iter().min()).map(|(a, b)| a - b);
            assert!(done.iter().all(|done| ahead(done) <= Some(at_a_time)), "{done:?}");
            assert_eq!(comparing.finish(), whole, "{at_a_time} at a time");
        }
    }
}
