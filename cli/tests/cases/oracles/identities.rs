//! Operational laws, exact in integers on runs that start and end empty: Denning and Buzen, The Operational Analysis of
//! Queueing Network Models, Computing Surveys 10(3), 1978. The engine checks its own books at the end of every run; here
//! both sides of each law are taken from different places: measures, the record of jobs and cores, sizes drawn again.

use super::{EXPONENTIAL, LOGNORMAL, poisson, station};
use experiments::{RunPlan, RunResult};
use scenarios::{Input, InputKind, Options};
use sim_core::model::Model;
use sim_core::rng::StreamRoot;
use sim_core::trace::{JobRecord, SegmentKind, Status};
use sim_core::units::Time;

fn recorded(end: &str, text: &str) -> (Model, RunResult) {
    let text = format!("name = \"identities\"\nseed = 1\nstop = {end}\n{text}");
    let input = Input::from_text("identities.toml", InputKind::Scenario, text);
    let model = scenarios::load(&input, &Options::default()).expect("a scenario").model;
    let result = experiments::run(&model, &RunPlan { records: true, ..RunPlan::default() }, &|_| true);
    (model, result.expect("it runs"))
}

fn jobs(result: &RunResult) -> &[JobRecord] {
    &result.trace.as_ref().expect("it is recorded").jobs
}

/// The integral of the number of jobs between arrival and finish, by a walk along the instants of the record.
fn integral(jobs: &[JobRecord], until: Time) -> u128 {
    let ends = jobs.iter().filter_map(|job| job.finish.map(|finish| (finish.min(until), -1)));
    let starts = jobs.iter().map(|job| (job.arrival.min(until), 1));
    let mut changes: Vec<(Time, i64)> = ends.chain(starts).collect();
    changes.sort_unstable();
    let (mut area, mut present, mut since) = (0u128, 0i64, Time::ZERO);
    for (at, change) in changes {
        // Ends sort before starts of the same instant: nothing lies between them.
        area += u128::from((at - since).0) * u128::from(present.max(0).unsigned_abs());
        present += change;
        since = at;
    }
    area + u128::from((until - since).0) * u128::from(present.unsigned_abs())
}

/// Integral of N dt = sum of sojourns; integral of busy dt = sum of service + overhead.
#[test]
fn littles_law_and_busy_time() {
    let costs = "scheduler = \"round-robin:quantum=500ms\"\ncores = 2\ncontext_switch = \"3ms\"\ndispatch_latency = \"1ms\"";
    for (arrivals, law, processor) in [
        (poisson(0.8), EXPONENTIAL, "scheduler = \"fcfs\""),
        (poisson(1.5), LOGNORMAL, costs),
        (poisson(0.7), LOGNORMAL, "scheduler = \"srtf\"\ncontext_switch = \"2ms\""),
    ] {
        let (_, result) = recorded("{ jobs = 2000 }", &station(&arrivals, law, processor));
        let (jobs, measures) = (jobs(&result), &result.first);
        assert!(jobs.iter().all(|job| job.status == Status::Completed) && measures.unfinished == 0);
        let sojourns: u128 = jobs.iter().map(|job| u128::from(job.response().expect("completed").0)).sum();
        assert_eq!(integral(jobs, measures.end), sojourns, "{processor}");
        // Of the window, which ends with the last release.
        assert_eq!(measures.in_system_integral, integral(jobs, measures.until));
        assert!(measures.until < measures.end && measures.in_system_integral < sojourns);
        assert_eq!(measures.classes[0].response.sum(), sojourns);
        // The twin: a nanosecond more for one job is seen.
        let mut late = jobs.to_vec();
        let finish = late[7].finish.expect("completed");
        late[7].finish = Some(Time(finish.0 + 1));
        assert_ne!(integral(&late, Time(measures.end.0 + 1)), sojourns);

        let segments = &result.trace.as_ref().expect("it is recorded").segments;
        let spent = |kinds: &[SegmentKind]| -> u128 {
            let lengths = segments.iter().filter(|segment| kinds.contains(&segment.kind));
            lengths.map(|segment| u128::from((segment.end - segment.start).0)).sum()
        };
        let service: u128 = jobs.iter().map(|job| u128::from(job.served.0)).sum();
        let overhead: u128 = jobs.iter().map(|job| u128::from(job.overhead.0)).sum();
        assert_eq!(spent(&[SegmentKind::Run]), service, "{processor}");
        assert_eq!(spent(&[SegmentKind::Switch, SegmentKind::Dispatch]), overhead, "{processor}");
        let until = measures.until;
        let inside =
            segments.iter().map(|segment| u128::from((segment.end.min(until) - segment.start.min(until)).0));
        assert_eq!(measures.processors[0].busy + measures.processors[0].overhead, inside.sum::<u128>());
    }
}

/// X = U / S: the core was busy for just the sizes that were drawn, whatever the order. (Under processor sharing the end of a
/// job is rounded up to the next nanosecond.)
#[test]
fn utilization_law() {
    for scheduler in ["fcfs", "las", "lcfs:preemptive=true", "round-robin:quantum=100ms"] {
        let processor = format!("scheduler = \"{scheduler}\"");
        let (model, result) = recorded("{ jobs = 2000 }", &station(&poisson(0.8), LOGNORMAL, &processor));
        let mut sizes = StreamRoot::new(1, 0).stream("job/jobs", "size 0");
        let demand: u128 = (0..2000).map(|_| u128::from(model.classes[0].draws[0].sample(&mut sizes))).sum();
        // Behind the last release, where the window ends, the core works off what is there without a pause.
        let drained = u128::from((result.first.end - result.first.until).0);
        assert_eq!(result.first.processors[0].busy + drained, demand, "{scheduler}");
    }
}

/// R = N / X - Z, for customers who all think equally long. Up to the last release every customer is thinking or in the
/// system: N x time = sojourns so far + completed thinks + thinks under way.
#[test]
fn interactive_response_time_law() {
    const THINK: u64 = 2_000_000_000;
    for customers in [1, 5, 40] {
        let arrivals = format!("{{ closed = {{ customers = {customers}, think = \"2s\" }} }}");
        let (_, result) = recorded("{ jobs = 1000 }", &station(&arrivals, EXPONENTIAL, ""));
        let jobs = jobs(&result);
        let until = jobs.iter().map(|job| job.arrival).max().expect("jobs");
        let thought = u128::from(THINK) * jobs.len() as u128;
        let under_way: u128 = jobs
            .iter()
            .filter_map(|job| job.finish)
            .filter(|finish| *finish <= until && finish.0 + THINK > until.0)
            .map(|finish| u128::from((until - finish).0))
            .sum();
        let whole = u128::from(until.0) * customers;
        assert_eq!(whole, integral(jobs, until) + thought + under_way, "{customers} customers");
    }
}

/// Arrivals = completions + in the system + turned away + given up.
#[test]
fn conservation_of_jobs() {
    let text = format!(
        "[[class]]\nname = \"job\"\nsteps = [{{ hold = \"room\", steps = [{{ work = \"cpu\", demand = {EXPONENTIAL} }}] }}]\n\
         [[source]]\nname = \"jobs\"\nclass = \"job\"\narrivals = {}\n\
         [[pool]]\nname = \"room\"\nsize = 1\nqueue = 4\n[[processor]]\nname = \"cpu\"\n",
        poisson(1.2)
    );
    let (_, result) = recorded("{ after = \"20min\" }", &text);
    let (jobs, measures) = (jobs(&result), &result.first);
    let of = |status| jobs.iter().filter(|job| job.status == status).count() as u64;
    let class = &measures.classes[0];
    assert!(class.lost > 0 && measures.unfinished > 0);
    assert_eq!(measures.released, jobs.len() as u64);
    assert_eq!(measures.released, class.completed + measures.unfinished + class.lost + class.timed_out);
    assert_eq!(
        (class.completed, class.lost, class.timed_out, measures.unfinished),
        (of(Status::Completed), of(Status::Lost), of(Status::TimedOut), of(Status::Unfinished))
    );
}
