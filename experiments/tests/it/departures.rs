//! What departed in the window, held to the list of jobs: whenever they were released, however others ended.

use experiments::{RunPlan, run};
use scenarios::{Input, Options, load};
use sim_core::trace::Status;

/// Two classes at two processors in a row, and what a case adds to the sources, the classes and the first processor.
fn scenario(stop: &str, warmup: &str, of_source: &str, of_class: &str, steps: &str) -> String {
    format!(
        r#"
stop = {{ {stop} }}
warmup = "{warmup}"
seed = 5

[[class]]
name = "a"
steps = [{steps}]
{of_class}

[[class]]
name = "b"
steps = [{{ work = "first", demand = "7ms" }}]

[[source]]
name = "s"
class = "a"
arrivals = {{ poisson = "90/s" }}
{of_source}

[[source]]
name = "t"
class = "b"
arrivals = {{ periodic = {{ period = "50ms" }} }}

[[processor]]
name = "first"
scheduler = "round-robin:quantum=3ms"

[[processor]]
name = "second"
scheduler = "ps"
"#
    )
}

#[test]
fn what_departs_is_what_the_jobs_say() {
    let row = r#"{ work = "first", demand = { exponential = { mean = "9ms" } } }, { work = "second", demand = "6ms" }"#;
    let fork = r#"{ fork = [[{ work = "first", demand = "4ms" }], [{ delay = "40ms" }]], join = 1 }, { work = "second", demand = "5ms" }"#;
    let mut cases = Vec::new();
    for stop in ["jobs = 400", "after = \"4s\"", "jobs = 400, after = \"4s\"", "jobs = 40"] {
        for warmup in ["0s", "1s", "500ms", "1ns", "3999999999ns", "4s", "9s"] {
            for of_source in ["", "timeout = \"60ms\"", "timeout = \"50ms\"\non_timeout = \"abandon\""] {
                // A warm-up that is longer than the run is refused.
                if stop.contains("after") && matches!(warmup, "4s" | "9s") {
                    continue;
                }
                for of_class in ["", "deadline = \"80ms\"\non_miss = \"abort\""] {
                    for steps in [row, fork] {
                        cases.push(scenario(stop, warmup, of_source, of_class, steps));
                    }
                }
            }
        }
    }
    // Every event of these lies on a whole number of 50 ms, the end of the warm-up and of the window as well.
    for stop in ["after = \"2s\"", "jobs = 37"] {
        cases.push(
            scenario(
                stop,
                "500ms",
                "",
                "",
                r#"{ work = "first", demand = "50ms" }, { work = "second", demand = "50ms" }"#,
            )
            .replace("{ poisson = \"90/s\" }", "{ periodic = { period = \"50ms\" } }")
            .replace("7ms", "50ms")
            .replace("3ms", "50ms"),
        );
    }
    let (mut carried, mut ended) = (0, 0);
    for text in &cases {
        let input = Input::of("in.toml", text.clone().into_bytes(), None).expect("it is a scenario");
        let model =
            load(&input, &Options::default()).unwrap_or_else(|found| panic!("{found:?}\n{text}")).model;
        let plan = RunPlan { records: true, threads: 1, ..RunPlan::default() };
        let result = run(&model, &plan, &|_| true).unwrap_or_else(|error| panic!("{error}\n{text}"));
        let (from, until) = (result.first.from, result.first.until);
        let jobs = &result.trace.as_ref().expect("recorded").jobs;
        for (index, class) in result.first.classes.iter().enumerate() {
            let departed = jobs.iter().filter(|job| {
                let late =
                    job.arrival < from && job.finish.is_some_and(|finish| finish > from && finish <= until);
                carried += u64::from(late && job.status == Status::Completed);
                ended += u64::from(late && job.status != Status::Completed);
                let inside = job.arrival >= from && job.finish.is_some_and(|finish| finish <= until);
                job.class as usize == index && job.status == Status::Completed && (late || inside)
            });
            let expected = if from == until { 0 } else { departed.count() as u64 };
            assert_eq!(class.departed, expected, "class {index}, window {from} to {until}\n{text}");
        }
    }
    assert!(carried > 100 && ended > 20, "{carried} completed behind the warm-up, {ended} ended otherwise");
}
