//! Jobs that leave before their programs end: clients that give up, deadlines that end jobs, servers that fail.

use experiments::RunPlan;
use policies::Layer;
use scenarios::{Input, InputKind, Options, load};
use sim_core::model::Model;
use sim_core::trace::JobRecord;
use std::fmt::Write as _;

fn model(text: &str) -> Model {
    let input = Input::from_text("leaving.toml", InputKind::Scenario, text);
    load(&input, &Options::default()).unwrap_or_else(|errors| panic!("{errors:?}\n{text}")).model
}

/// `status at finish` of each job in ms, in order of release.
fn fates(model: &Model) -> String {
    let result = experiments::run(model, &RunPlan::default(), &|_| true).unwrap_or_else(|e| panic!("{e}"));
    let trace = result.trace.expect("few jobs are recorded");
    let fate = |job: &JobRecord| match job.finish {
        Some(finish) => format!("{} {}", job.status.word(), finish.0 as f64 / 1e6),
        None => job.status.word().to_owned(),
    };
    trace.jobs.iter().map(fate).collect::<Vec<_>>().join(", ")
}

/// One processor; jobs of 10 ms at 0 and of 5 ms at 1 ms. `source` and `class` are what the case adds.
fn two_jobs(scheduler: &str, steps: &str, class: &str, source: &str) -> Model {
    model(&format!(
        "[[class]]\nname = \"job\"\nsteps = {steps}\n{class}\n\
         [[source]]\nname = \"jobs\"\nclass = \"job\"\narrivals = {{ rows = [[\"0ms\", \"10ms\"], [\"1ms\", \"5ms\"]] }}\n{source}\n\
         [[processor]]\nname = \"cpu\"\nscheduler = \"{scheduler}\"\n\
         [[pool]]\nname = \"tokens\"\nsize = 1\n"
    ))
}

const WORK: &str = "[{ hold = \"tokens\", steps = [{ work = \"cpu\", demand = \"1ms\" }] }]";

#[test]
fn clients_give_up() {
    // Both jobs need the one token, so that the second queues for it; the sizes come from the rows.
    let rows: [(&str, &str, &str, &str, &str); 7] = [
        (
            "withdrawn where they are: on the core, then on the core again, which the token's next holder got at 4",
            "fcfs",
            "",
            "timeout = \"4ms\"",
            "timed-out 4, timed-out 5",
        ),
        (
            "completing at the very instant is in time",
            "fcfs",
            "",
            "timeout = \"10ms\"",
            "completed 10, timed-out 11",
        ),
        (
            "once a job runs, its client stays",
            "fcfs",
            "",
            "timeout = \"4ms\"\ntimeout_until = \"first-run\"",
            "completed 10, timed-out 5",
        ),
        (
            "abandoned jobs go on for nothing",
            "fcfs",
            "",
            "timeout = \"4ms\"\non_timeout = \"abandon\"",
            "timed-out 10, timed-out 15",
        ),
        (
            "a deadline that ends jobs",
            "edf",
            "deadline = \"6ms\"\non_miss = \"abort\"",
            "",
            "timed-out 6, timed-out 7",
        ),
        ("a deadline that does not", "edf", "deadline = \"6ms\"", "", "completed 10, completed 15"),
        (
            "the deadline of an abandoned job ends it",
            "edf",
            "deadline = \"6ms\"\non_miss = \"abort\"",
            "timeout = \"4ms\"\non_timeout = \"abandon\"",
            "timed-out 6, timed-out 7",
        ),
    ];
    for (what, scheduler, class, source, expected) in rows {
        assert_eq!(fates(&two_jobs(scheduler, WORK, class, source)), expected, "{what}");
    }
}

#[test]
fn jobs_are_withdrawn_from_wherever_they_are() {
    let bare = "[{ work = \"cpu\", demand = \"1ms\" }]";
    let delayed = "[{ work = \"cpu\", demand = \"1ms\" }, { delay = \"20ms\" }]";
    let forked = "[{ fork = [[{ work = \"cpu\", demand = \"1ms\" }], [{ delay = \"20ms\" }]] }]";
    let rows: [(&str, &str, &str, &str, &str); 5] = [
        ("from the ready queue", "fcfs", bare, "3ms", "timed-out 3, timed-out 4"),
        // At 1 ms each has got 1 and 0, from then on both grow at half speed.
        ("from shared cores", "ps", bare, "8ms", "timed-out 8, timed-out 9"),
        ("from shared cores, the other one in time", "ps", bare, "12ms", "timed-out 12, completed 11"),
        ("from a delay", "fcfs", delayed, "16ms", "timed-out 16, timed-out 17"),
        ("from a join, with the children", "fcfs", forked, "16ms", "timed-out 16, timed-out 17"),
    ];
    for (what, scheduler, steps, timeout, expected) in rows {
        let mut source = String::new();
        let _ = write!(source, "timeout = \"{timeout}\"");
        assert_eq!(fates(&without_pool(&two_jobs_text(scheduler, steps, &source))), expected, "{what}");
    }
}

fn two_jobs_text(scheduler: &str, steps: &str, source: &str) -> String {
    format!(
        "[[class]]\nname = \"job\"\nsteps = {steps}\n\
         [[source]]\nname = \"jobs\"\nclass = \"job\"\narrivals = {{ rows = ROWS }}\n{source}\n\
         [[processor]]\nname = \"cpu\"\nscheduler = \"{scheduler}\"\n"
    )
}

/// Fills in rows with as many sizes as the steps draw.
fn without_pool(text: &str) -> Model {
    let rows = if text.contains("delay") {
        "[[\"0ms\", \"10ms\", \"20ms\"], [\"1ms\", \"5ms\", \"20ms\"]]"
    } else {
        "[[\"0ms\", \"10ms\"], [\"1ms\", \"5ms\"]]"
    };
    model(&text.replace("ROWS", rows))
}

/// Two servers under round robin; a request each 10 ms, all of 4 ms.
fn farm(server: &str, balancer: &str) -> Model {
    let rows: Vec<String> = (0..8).map(|n| format!("[\"{}ms\", \"4ms\"]", 10 * n)).collect();
    model(&format!(
        "[[class]]\nname = \"page\"\nsteps = [{{ balance = \"lb\" }}, {{ work = \"cpu\", demand = \"1ms\" }}]\n\
         [[source]]\nname = \"clients\"\nclass = \"page\"\narrivals = {{ rows = [{}] }}\n\
         [[server]]\nname = \"web\"\ncount = 2\nprocessor.cpu = {{}}\n{server}\n\
         [[balancer]]\nname = \"lb\"\ntargets = \"web\"\n{balancer}\n",
        rows.join(", ")
    ))
}

#[test]
fn servers_fail_and_come_back() {
    let first = "outages = [{ server = 1, from = \"21ms\", until = \"55ms\" }]";
    let stall = format!("{first}\non_failure = \"stall\"");
    let both =
        "outages = [{ server = 1, from = \"21ms\" }, { server = 2, from = \"35ms\", until = \"45ms\" }]";
    let rows: [(&str, &str, &str, &str); 5] = [
        (
            "the request on it is lost at once, and one more that is sent there",
            first,
            "",
            "completed 4, completed 14, lost 21, completed 34, lost 40, completed 54, completed 64, completed 74",
        ),
        (
            "after 10 ms the balancer knows, and after another 10 ms that the server is back",
            first,
            "detection = \"10ms\"",
            "completed 4, completed 14, lost 21, completed 34, completed 44, completed 54, completed 64, completed 74",
        ),
        (
            "a stalled server keeps its request, which has 3 ms to go, and the next one queues behind it",
            &stall,
            "",
            "completed 4, completed 14, completed 58, completed 34, completed 62, completed 54, completed 66, completed 74",
        ),
        (
            "with a health check nothing is sent to it meanwhile",
            &stall,
            "detection = \"0s\"",
            "completed 4, completed 14, completed 58, completed 34, completed 44, completed 54, completed 64, completed 74",
        ),
        (
            "no server to choose from",
            both,
            "detection = \"0s\"",
            "completed 4, completed 14, lost 21, completed 34, lost 40, completed 54, completed 64, completed 74",
        ),
    ];
    for (what, server, balancer, expected) in rows {
        assert_eq!(fates(&farm(server, balancer)), expected, "{what}");
    }
}

/// A scenario in which everything happens at once: impatient clients, pools, delays, forks, servers that fail at random.
fn storm(scheduler: &str, balancer: &str, effect: &str, detection: &str, then: &str) -> Model {
    model(&format!(
        "seed = 7\nstop = {{ jobs = 3000 }}\nwarmup = \"2s\"\n\
         [[class]]\nname = \"page\"\ndeadline = \"900ms\"\non_miss = \"abort\"\n\
         steps = [{{ balance = \"lb\", steps = [{{ hold = \"workers\", steps = [\n\
             {{ work = \"cpu\", demand = {{ exponential = {{ mean = \"10ms\" }} }} }},\n\
             {{ fork = [[{{ work = \"disk\", demand = {{ exponential = {{ mean = \"4ms\" }} }} }}], [{{ delay = \"5ms\" }}]], join = 1 }},\n\
             {{ work = \"cpu\", demand = {{ exponential = {{ mean = \"2ms\" }} }} }} ] }}] }}, {{ delay = \"1ms\" }}]\n\
         [[source]]\nname = \"open\"\nclass = \"page\"\narrivals = {{ poisson = \"200/s\" }}\n\
         timeout = {{ exponential = {{ mean = \"300ms\" }} }}\non_timeout = \"{then}\"\n\
         [[source]]\nname = \"closed\"\nclass = \"page\"\narrivals = {{ closed = {{ customers = 5, think = \"50ms\" }} }}\n\
         timeout = \"400ms\"\non_timeout = \"{then}\"\n\
         [[server]]\nname = \"web\"\ncount = 4\nweights = [3, 1, 1, 1]\npool.workers = {{ size = 3, queue = 20 }}\n\
         processor.cpu = {{ scheduler = \"{scheduler}\" }}\nprocessor.disk = {{ device = true }}\n\
         failures = {{ after = {{ exponential = {{ mean = \"2s\" }} }}, repair = {{ exponential = {{ mean = \"300ms\" }} }} }}\n\
         on_failure = \"{effect}\"\n\
         [[balancer]]\nname = \"lb\"\ntargets = \"web\"\npolicy = \"{balancer}\"\ndetection = \"{detection}\"\n"
    ))
}

/// Every policy survives jobs that are taken from it and servers that come and go; the engine checks its identities at
/// the end of each run, and no job is lost from the count.
#[test]
fn no_policy_loses_count() {
    let check = |what: &str, model: &Model| {
        let plan = RunPlan { replications: 2, digest: true, ..RunPlan::default() };
        let result =
            experiments::run(model, &plan, &|_| true).unwrap_or_else(|error| panic!("{what}: {error}"));
        let measures = result.first;
        let total = measures.total();
        let left = total.completed + total.lost + total.timed_out;
        assert!(total.timed_out > 0 && total.lost > 0 && total.completed > 1000, "{what}: {total:?}");
        assert!(total.released <= left + measures.unfinished, "{what}");
        assert_eq!(measures.released, 3000, "{what}");
    };
    for (effect, detection, then) in [
        ("lose", "never", "withdraw"),
        ("lose", "100ms", "abandon"),
        ("stall", "100ms", "withdraw"),
        ("stall", "never", "abandon"),
    ] {
        for def in policies::catalog() {
            let model = match def.layer() {
                Layer::Scheduler => storm(def.id, "random", effect, detection, then),
                Layer::Balancer => storm("fcfs", def.id, effect, detection, then),
            };
            let what = format!("{} with on_failure = {effect}, detection = {detection}, {then}", def.id);
            let lossy = effect == "lose";
            if lossy { check(&what, &model) } else { check_stalled(&what, &model) }
        }
    }
}

fn check_stalled(what: &str, model: &Model) {
    let result = experiments::run(model, &RunPlan::default(), &|_| true);
    let total = result.unwrap_or_else(|error| panic!("{what}: {error}")).first.total();
    assert!(total.timed_out > 0 && total.completed > 1000, "{what}: {total:?}");
}

/// The run of given jobs ends with the last of them, whatever timers and servers would still do.
#[test]
fn what_nobody_waits_for_does_not_lengthen_a_run() {
    let two = two_jobs("fcfs", WORK, "", "timeout = \"10min\"");
    let farm = farm("failures = { after = \"1min\", repair = \"1s\" }", "detection = \"1s\"");
    for (model, end) in [(two, 15), (farm, 74)] {
        let result = experiments::run(&model, &RunPlan::default(), &|_| true).expect("it runs");
        assert_eq!(result.first.until.0, end * 1_000_000);
    }
}

/// The library's example: what a health check is worth, and what it is worth to keep requests at a server that is out.
#[test]
fn a_health_check_saves_requests() {
    let lost = |set: &[(&str, &str)]| {
        let input = Input::read("showcase/failing-server").expect("the library has it");
        let mut options = Options::default();
        options.set.extend(set.iter().map(|(path, value)| ((*path).to_owned(), (*value).to_owned())));
        let model = load(&input, &options).unwrap_or_else(|errors| panic!("{errors:?}")).model;
        let result = experiments::run(&model, &RunPlan::default(), &|_| true).expect("it runs");
        let total = result.first.total();
        assert_eq!(result.first.groups[0].failures, 1);
        assert_eq!(result.first.groups[0].down, 60_000_000_000);
        (total.lost, total.timed_out, result.first.balancers[0].refused)
    };
    // 300 requests a second, a sixth of them sent to the server that is out: 50 a second, for as long as nobody knows.
    for (set, expected) in [
        (&[("lb.detection", "never")][..], 60 * 50),
        (&[("lb.detection", "10s")], 10 * 50),
        (&[("lb.detection", "2s")], 2 * 50),
        (&[("lb.detection", "0s")], 0),
    ] {
        let (lost, timed_out, refused) = lost(set);
        assert!(
            lost.abs_diff(expected) <= expected / 5 + 2,
            "{set:?}: {lost} lost, about {expected} expected"
        );
        assert!(
            refused <= lost && lost <= refused + 3 && timed_out == 0,
            "{set:?}: {refused} refused of {lost} lost"
        );
    }
    // Requests that wait there give up after 2 s instead; all who came before the health check knew.
    let (lost, timed_out, refused) = lost(&[("web.on_failure", "stall")]);
    assert!(lost == 0 && refused == 0 && timed_out.abs_diff(100) <= 22, "{timed_out} timed out");
}
