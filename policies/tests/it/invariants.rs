//! What holds for every policy of the catalog, tried on random task lists.

use crate::naive::{self, MlfqRules, Rule};
use crate::support::{MS, Outcome, Setup, Task};
use policies::{Layer, ParamKind, PolicyDef, catalog, example_spec};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use sim_core::ties::{PRESETS, Ties};
use sim_core::trace::{Candidate, DecisionKind, PlaceKind, SegmentKind, Status};
use sim_core::units::Time;
use std::collections::BTreeMap;

/// Settings away from the defaults that reach other code.
const VARIANTS: &[&str] = &[
    "feedback:quantum=1ms/2ms/4ms,levels=3",
    "lcfs:preemptive=true",
    "lottery:quantum=2ms",
    "mlfq:quantum=1ms/4ms/8ms,allotment=2/1,boost=7ms",
    "mlfq:quantum=3ms/3ms,boost=5ms,stay_on_io=true,io_front=true",
    "priority:order=high-first,preemptive=false",
    "priority:quantum=2ms",
    "priority:ageing=2ms",
    "priority:ageing=3ms,quantum=2ms",
    "priority:ageing=2ms,preemptive=false",
    "round-robin:quantum=1ms",
    "sjf:predictor=exponential,initial=3ms",
    "srtf:predictor=exponential,initial=3ms",
    "stride:quantum=2ms,stride1=10000",
];

fn schedulers() -> impl Iterator<Item = &'static PolicyDef> {
    catalog().filter(|def| def.layer() == Layer::Scheduler)
}

/// Every scheduler by itself, as in its example, and in the variants.
fn specs() -> Vec<String> {
    let mut specs: Vec<String> =
        schedulers().flat_map(|def| [def.id.to_owned(), example_spec(def)]).collect();
    specs.extend(VARIANTS.iter().map(|&spec| spec.to_owned()));
    specs.sort_unstable();
    specs.dedup();
    specs
}

fn def_of(spec: &str) -> &'static PolicyDef {
    let id = spec.split(':').next().unwrap_or(spec);
    schedulers().find(|def| def.id == id).unwrap_or_else(|| panic!("no scheduler `{id}`"))
}

/// Whether the policy shares cores instead of picking jobs.
fn shares(spec: &str) -> bool {
    matches!(def_of(spec).id, "ps" | "las")
}

/// Tests draw their cases from a fixed seed: a failure comes back at the next run.
fn runner(cases: u32) -> TestRunner {
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32]))
}

fn task(blocks: bool) -> impl Strategy<Value = Task> {
    let bursts = prop::collection::vec((1..8u64, 1..6u64), 0..if blocks { 3 } else { 1 });
    (0..16u64, 1..9u64, bursts, 0..4i64, 1..5u32, prop::option::of(1..20u64), prop::option::of(1..20u64))
        .prop_map(|(arrival, last, pairs, priority, tickets, deadline, period)| {
            let mut bursts: Vec<u64> = pairs.into_iter().flat_map(|(cpu, io)| [cpu, io]).collect();
            bursts.push(last);
            Task { name: String::new(), arrival, bursts, priority, tickets, deadline, period }
        })
}

fn task_list(blocks: bool) -> impl Strategy<Value = Vec<Task>> {
    prop::collection::vec(task(blocks), 1..7).prop_map(|mut tasks| {
        for (index, task) in tasks.iter_mut().enumerate() {
            task.name = char::from(b'A' + index as u8).to_string();
        }
        tasks
    })
}

fn setups(blocks: bool) -> impl Strategy<Value = Setup> {
    (task_list(blocks), 1..4u32, prop::sample::select(PRESETS), prop_oneof![Just(0), Just(250_000u64)])
        .prop_map(|(tasks, cores, preset, switch)| {
            let mut setup = Setup::new("fcfs", tasks).preset(preset);
            (setup.cores, setup.switch) = (cores, switch);
            setup
        })
}

fn with(setup: &Setup, policy: &str) -> Setup {
    Setup { policy: policy.to_owned(), ..setup.clone() }
}

/// Runs `check` on every spec for random setups; the message of a failure replays it.
fn for_all(cases: u32, strategy: impl Strategy<Value = Setup>, check: impl Fn(&Setup) -> Result<(), String>) {
    let specs = specs();
    let outcome = runner(cases).run(&strategy, |setup| {
        for spec in &specs {
            let setup = with(&setup, spec);
            check(&setup).map_err(|message| TestCaseError::fail(format!("{message}\n{}", setup.replay())))?;
        }
        Ok(())
    });
    if let Err(error) = outcome {
        panic!("{error}");
    }
}

fn ensure(holds: bool, message: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(message()) }
}

/// Stretches must not overlap.
fn disjoint(mut stretches: Vec<(Time, Time)>, what: &str) -> Result<(), String> {
    stretches.sort_unstable();
    let clash = stretches.windows(2).find(|pair| pair[0].1 > pair[1].0);
    ensure(clash.is_none(), || format!("{what}: {clash:?} overlap"))
}

#[test]
fn every_job_gets_what_it_needs_and_no_core_or_job_is_in_two_places() {
    for_all(60, setups(true), |setup| {
        let outcome = setup.run();
        let trace = &outcome.trace;
        for job in &trace.jobs {
            let task = &setup.tasks[job.task as usize];
            ensure(job.status == Status::Completed, || format!("{} is {:?}", task.name, job.status))?;
            ensure(job.first_run >= Some(job.arrival), || format!("{} runs before it arrives", task.name))?;
            let parts = job.served.0 + job.ready.0 + job.overhead.0 + job.blocked.0;
            let response = job.response().map(|span| span.0);
            ensure(response == Some(parts), || {
                format!("{}: response {response:?}, parts {parts}", task.name)
            })?;
            let io: u64 = task.bursts.iter().skip(1).step_by(2).sum();
            ensure(job.blocked.0 == io * setup.unit, || format!("{}: blocked {}", task.name, job.blocked))?;
            if !shares(&setup.policy) {
                let served = task.cpu() * setup.unit;
                ensure(job.served.0 == served, || {
                    format!("{}: served {} of {served}", task.name, job.served)
                })?;
            }
        }
        if shares(&setup.policy) {
            return Ok(());
        }
        let mut cores: BTreeMap<u32, Vec<(Time, Time)>> = BTreeMap::new();
        let mut jobs: BTreeMap<u64, Vec<(Time, Time)>> = BTreeMap::new();
        for segment in &trace.segments {
            cores.entry(segment.core).or_default().push((segment.start, segment.end));
            jobs.entry(segment.job).or_default().push((segment.start, segment.end));
        }
        cores.into_iter().try_for_each(|(core, stretches)| disjoint(stretches, &format!("core {core}")))?;
        jobs.into_iter().try_for_each(|(job, stretches)| disjoint(stretches, &format!("job {job}")))
    });
}

#[test]
fn no_core_idles_while_a_job_is_ready() {
    for_all(60, setups(true), |setup| {
        if shares(&setup.policy) || !def_of(&setup.policy).traits.work_conserving {
            return Ok(());
        }
        let outcome = setup.run();
        for core in 0..setup.cores {
            let mut busy: Vec<(Time, Time)> = outcome
                .trace
                .segments
                .iter()
                .filter(|segment| segment.core == core)
                .map(|segment| (segment.start, segment.end))
                .collect();
            busy.sort_unstable();
            busy.push((outcome.trace.end, outcome.trace.end));
            let mut idle_from = Time::ZERO;
            for (start, end) in busy {
                let waits = outcome.trace.stays.iter().find(|stay| {
                    matches!(stay.place, PlaceKind::Ready(_))
                        && stay.start.max(idle_from) < stay.end.min(start)
                });
                ensure(waits.is_none(), || {
                    format!("core {core} is idle {idle_from} to {start} during {waits:?}")
                })?;
                idle_from = end;
            }
        }
        Ok(())
    });
}

#[test]
fn time_is_busy_idle_or_overhead() {
    for_all(40, setups(true), |setup| {
        let outcome = setup.run();
        let totals = &outcome.measures.processors[0];
        let all = u128::from(setup.cores) * u128::from(outcome.trace.end.0);
        let sum = totals.busy + totals.idle + totals.overhead;
        ensure(sum == all, || {
            format!("busy {} + idle {} + overhead {} is not {all}", totals.busy, totals.idle, totals.overhead)
        })?;
        // Little: the sum of times in the system is the integral of the number in it, counted from the trace.
        let mut changes: Vec<(Time, i128)> = Vec::new();
        let mut times = 0;
        for job in &outcome.trace.jobs {
            let finish = job.finish.unwrap_or(outcome.trace.end);
            changes.extend([(job.arrival, 1), (finish, -1)]);
            times += i128::from((finish - job.arrival).0);
        }
        changes.sort_unstable();
        let (mut integral, mut present, mut last) = (0, 0, Time::ZERO);
        for (at, change) in changes {
            integral += present * i128::from((at - last).0);
            present += change;
            last = at;
        }
        ensure(integral == times, || format!("integral {integral}, sum of times {times}"))
    });
}

/// The spec with every duration given, times `factor`.
fn scaled(spec: &str, factor: u64) -> String {
    let def = def_of(spec);
    let given: BTreeMap<&str, &str> = spec
        .split_once(':')
        .into_iter()
        .flat_map(|(_, rest)| rest.split(','))
        .filter_map(|p| p.split_once('='))
        .collect();
    let times = |value: &str| match value.strip_suffix("ms").map(str::parse::<u64>) {
        Some(Ok(number)) => format!("{}ms", number * factor),
        _ => value.to_owned(),
    };
    let params = def.params.iter().filter_map(|param| {
        let value = given.get(param.name).copied().unwrap_or(param.default);
        let duration = matches!(param.kind, ParamKind::Span | ParamKind::SpanOrOff | ParamKind::Spans);
        if duration {
            let parts: Vec<String> = value.split('/').map(times).collect();
            Some(format!("{}={}", param.name, parts.join("/")))
        } else {
            (!value.is_empty()).then(|| format!("{}={value}", param.name))
        }
    });
    let params: Vec<String> = params.collect();
    if params.is_empty() { def.id.to_owned() } else { format!("{}:{}", def.id, params.join(",")) }
}

fn segments(outcome: &Outcome, divisor: u64) -> Vec<(u64, u64, u32, u64, u32)> {
    let segments = outcome.trace.segments.iter();
    segments.map(|s| (s.start.0 / divisor, s.end.0 / divisor, s.core, s.job, s.level)).collect()
}

/// Completions in order of arrival, in nanoseconds.
fn ends(outcome: &Outcome) -> Vec<u64> {
    outcome.trace.jobs.iter().filter_map(|job| job.finish).map(|finish| finish.0).collect()
}

#[test]
fn scaling_all_times_scales_the_schedule() {
    for_all(25, setups(true), |setup| {
        for factor in [2, 3] {
            let mut larger = with(setup, &scaled(&setup.policy, factor));
            (larger.unit, larger.switch) = (setup.unit * factor, setup.switch * factor);
            if shares(&setup.policy) {
                // Fractions of nanoseconds are rounded: a few may be lost or won at each change.
                let pairs = ends(&setup.run()).into_iter().zip(ends(&larger.run()));
                let worst = pairs.map(|(small, large)| (small * factor).abs_diff(large)).max().unwrap_or(0);
                ensure(worst < 100, || format!("times {factor} as {}: {worst} ns apart", larger.policy))?;
                continue;
            }
            let (small, large) = (segments(&setup.run(), 1), segments(&larger.run(), factor));
            ensure(small == large, || format!("times {factor} as {}\n{small:?}\n{large:?}", larger.policy))?;
        }
        Ok(())
    });
}

#[test]
fn names_do_not_matter() {
    for_all(15, setups(true), |setup| {
        let mut renamed = setup.clone();
        for task in &mut renamed.tasks {
            task.name = format!("zz-{}", 100 - task.arrival);
        }
        ensure(segments(&setup.run(), 1) == segments(&renamed.run(), 1), || {
            "names changed the schedule".to_owned()
        })
    });
}

/// Schrage 1968: on one core without costs nothing has a smaller sum of responses than SRTF.
#[test]
fn srtf_has_the_least_mean_response_on_one_core() {
    let total = |outcome: &Outcome| {
        let spans = outcome.trace.jobs.iter().filter_map(sim_core::trace::JobRecord::response);
        spans.map(|span| u128::from(span.0)).sum::<u128>()
    };
    for_all(60, task_list(false).prop_map(|tasks| Setup::new("fcfs", tasks)), |setup| {
        let (other, best) = (total(&setup.run()), total(&with(setup, "srtf").run()));
        // Shared cores serve fractions of nanoseconds: each end may be a nanosecond early or late.
        ensure(best <= other + 10, || format!("{other} is less than {best} of srtf"))
    });
}

#[test]
fn the_chosen_candidate_has_the_least_key() {
    for_all(60, setups(true), |setup| {
        if def_of(&setup.policy).traits.random {
            return Ok(());
        }
        for decision in &setup.run().trace.decisions {
            let chosen = decision.candidates().iter().find(|candidate| candidate.id == decision.chosen);
            let Some(chosen) = chosen else { return Err(format!("not among the candidates: {decision:?}")) };
            let waiting = decision.candidates().iter().filter(|candidate| !candidate.running);
            let least = waiting.map(|candidate| candidate.key).min();
            ensure(least == Some(chosen.key), || format!("not the least key: {decision:?}"))?;
            if matches!(decision.kind, DecisionKind::Preempt { .. }) {
                let gives_way = |candidate: &Candidate| candidate.running && candidate.key >= chosen.key;
                ensure(decision.candidates().iter().any(gives_way), || {
                    format!("nobody is worse: {decision:?}")
                })?;
            }
        }
        Ok(())
    });
}

#[test]
fn the_same_run_twice_is_the_same() {
    for_all(10, setups(true), |setup| {
        ensure(setup.run().trace == setup.run().trace, || "two runs differ".to_owned())
    });
}

#[test]
fn the_engine_agrees_with_a_tick_by_tick_simulation() {
    let mlfq = |quanta, allotment, boost, stay_on_io, io_front| {
        Rule::Mlfq(MlfqRules { quanta, allotment, boost, stay_on_io, io_front })
    };
    let rules = [
        ("fcfs", Rule::Fcfs),
        ("sjf", Rule::Sjf),
        ("srtf", Rule::Srtf),
        ("priority", Rule::Priority { preemptive: true }),
        ("priority:preemptive=false", Rule::Priority { preemptive: false }),
        ("round-robin:quantum=1ms", Rule::RoundRobin { quantum: 1 }),
        ("round-robin:quantum=3ms", Rule::RoundRobin { quantum: 3 }),
        ("mlfq:quantum=1ms/2ms/4ms", mlfq(&[1, 2, 4], 1, 0, false, false)),
        ("mlfq:quantum=3ms/3ms,allotment=2,boost=7ms", mlfq(&[3, 3], 2, 7, false, false)),
        ("mlfq:quantum=1ms/2ms/8ms,boost=5ms", mlfq(&[1, 2, 8], 1, 5, false, false)),
        ("mlfq:quantum=1ms/9ms,allotment=2,boost=4ms", mlfq(&[1, 9], 2, 4, false, false)),
        ("mlfq:quantum=2ms/2ms/2ms,boost=5ms,io_front=true", mlfq(&[2, 2, 2], 1, 5, false, true)),
        (
            "mlfq:quantum=2ms/3ms/5ms,allotment=2,boost=11ms,stay_on_io=true",
            mlfq(&[2, 3, 5], 2, 11, true, false),
        ),
        ("mlfq:quantum=5ms/5ms,boost=2ms", mlfq(&[5, 5], 1, 2, false, false)),
        ("mlfq:quantum=4ms/7ms,boost=6ms,stay_on_io=true,io_front=true", mlfq(&[4, 7], 1, 6, true, true)),
    ];
    let outcome = runner(300).run(&task_list(true), |tasks| {
        for preset in ["textbook", "ostep-mlfq"] {
            for (policy, rule) in rules {
                let setup = Setup::new(policy, tasks.clone()).preset(preset);
                let (engine, naive) = (setup.run().timeline(false), naive::timeline(&setup, rule));
                let message = || format!("engine {engine}\nnaive  {naive}\n{}", setup.replay());
                prop_assert!(engine == naive, "{}", message());
            }
        }
        Ok(())
    });
    if let Err(error) = outcome {
        panic!("{error}");
    }
}

#[test]
fn switch_costs_are_overhead_of_the_switching_core() {
    let mut setup = Setup::new("round-robin:quantum=2ms", crate::support::tasks("A 0 4 | B 0 2"));
    (setup.switch, setup.ties) = (MS, Ties::default());
    let outcome = setup.run();
    let kinds: Vec<SegmentKind> = outcome.trace.segments.iter().map(|segment| segment.kind).collect();
    assert_eq!(kinds, [SegmentKind::Switch, SegmentKind::Run].repeat(3));
    assert_eq!(outcome.trace.end, Time(9 * MS));
}
