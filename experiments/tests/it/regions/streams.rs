//! Draws and bytes: what is switched on for some jobs changes nothing for the others, and how a run is recorded or
//! computed changes nothing at all.

use super::model;
use experiments::{RunPlan, run};
use sim_core::Limits;
use sim_core::record::Full;
use std::collections::BTreeMap;

/// Two sources with random sizes; `region` and `request` are what is switched on, `more` the classes that it needs.
fn text(region: &str, request: &str, more: &str) -> String {
    format!(
        "seed = 5\nstop = {{ jobs = 400 }}\n\
         [[region]]\nname = \"r\"\nseps = 3\nsep_restart = \"5ms\"\n{region}\n\
         [[class]]\nname = \"a\"\nsteps = [{{ request = \"r\", {request} steps = [{{ exec = {{ exponential = {{ mean = \"6ms\" }} }} }}, \
         {{ repeat = 2, steps = [{{ exec = {{ exponential = {{ mean = \"1ms\" }} }} }}] }}] }}]\n\
         [[class]]\nname = \"b\"\nsteps = [{{ work = \"cpu\", demand = {{ exponential = {{ mean = \"3ms\" }} }} }}]\n\
         [[source]]\nname = \"a\"\nclass = \"a\"\narrivals = {{ poisson = \"200/s\" }}\n\
         [[source]]\nname = \"b\"\nclass = \"b\"\narrivals = {{ poisson = \"150/s\" }}\n\
         [[processor]]\nname = \"cpu\"\n{more}"
    )
}

/// Arrival, and processor time where the job was completed, of each job of a source: of `a` and of `b`.
fn draws(text: &str) -> [BTreeMap<u64, (u64, Option<u64>)>; 2] {
    let model = model(text);
    let (_, full) = sim_core::run(&model, 1, &Limits::default(), Full::new(false)).expect("it runs");
    ["a", "b"].map(|name| {
        let jobs = full.trace.jobs.iter().filter(|job| model.tasks[job.task as usize] == name);
        // What an outcome cut short has not used all of its size.
        let size = |job: &sim_core::trace::JobRecord| {
            (job.status == sim_core::trace::Status::Completed).then_some(job.served.0)
        };
        jobs.map(|job| (job.job, (job.arrival.0, size(job)))).collect()
    })
}

#[test]
fn what_is_switched_on_leaves_the_draws_of_other_jobs() {
    let self_hosted = "host = { kind = \"self\" }";
    // Each task starts another one.
    let started = "[[class]]\nname = \"x\"\nsteps = [{ request = \"r\", steps = [{ exec = { exponential = { mean = \"2ms\" } } }] }]\n";
    let plain = draws(&text(self_hosted, "", ""));
    let rows = [
        (
            "cold starts",
            "host = { kind = \"was\", cold_start = \"80ms\", idle_timeout = \"10ms\" }".to_owned(),
            "",
        ),
        ("ageing", format!("{self_hosted}\norder = \"ageing\"\nageing_step = \"2ms\""), ""),
        (
            "recovery",
            format!(
                "{self_hosted}\ndeaths = [{{ at = \"300ms\" }}]\norphans = \"requeue\"\nprocess_restart = \"20ms\""
            ),
            "",
        ),
        ("START", self_hosted.to_owned(), started),
    ];
    for (what, region, more) in rows {
        let text = text(&region, "", more);
        // Behind the sizes that it has already.
        let last = "mean = \"1ms\" } } }] }";
        let start = format!("{last}, {{ start = \"x\", after = \"9ms\" }}");
        let found = draws(&if more.is_empty() { text } else { text.replacen(last, &start, 1) });
        for (source, (plain, found)) in plain.iter().zip(&found).enumerate() {
            let mut compared = 0;
            for (job, (arrival, size)) in plain {
                let Some((found_arrival, found_size)) = found.get(job) else { continue };
                assert_eq!(arrival, found_arrival, "{what}: arrival of job {job} of source {source}");
                // A task that began anew has used more than its size.
                if let (Some(size), Some(found_size)) = (size, found_size) {
                    let again = what == "recovery" && found_size > size;
                    assert!(again || size == found_size, "{what}: size of job {job} of source {source}");
                }
                compared += 1;
            }
            assert!(compared > 100, "{what}: {compared} jobs of source {source}");
        }
        let again =
            found[0].iter().filter(|(job, (_, size))| plain[0].get(job).is_some_and(|(_, was)| was != size));
        assert!(again.count() <= 3, "{what}: no more tasks began anew than there are SEPs");
    }
}

/// Any number of threads, recorded or not: the same measures and digests.
#[test]
fn threads_and_recording_change_nothing() {
    for seed in [3, 8, 21] {
        let model = model(&super::random::scenario(seed).text);
        let result = |threads, records| {
            let plan = RunPlan { replications: 4, threads, records, digest: true, ..RunPlan::default() };
            let result = run(&model, &plan, &|_| true).unwrap_or_else(|error| panic!("seed {seed}: {error}"));
            (result.digest, result.first, result.summary)
        };
        let one = result(1, true);
        assert!(one.0.is_some());
        assert_eq!(one, result(4, true), "seed {seed}");
        assert_eq!(one, result(3, false), "seed {seed}");
    }
}
