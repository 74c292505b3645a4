//! Every form of a result says the same: the summary, the time series, the servers, the list of jobs, the chart and the books of
//! the engine are held to each other, for whatever the library has, under every policy, shared cores and interrupts included.

use experiments::{RunPlan, RunResult, run, servers, timeseries};
use policies::{Layer, catalog};
use reports::rows::{ALL, gantt_rows, task_rows};
use reports::timeseries::IntervalRow;
use scenarios::{Input, InputKind, Options, PolicyOption, load};
use sim_core::model::Model;
use sim_core::trace::{PlaceKind, Trace};
use sim_core::units::{Span, Time};

/// Holds all forms of a recorded run to each other; how many numbers were compared.
fn agree(name: &str, model: &Model) -> usize {
    let plan = RunPlan { records: true, threads: 1, ..RunPlan::default() };
    let result = run(model, &plan, &|_| true).unwrap_or_else(|error| panic!("{name}: {error}"));
    let trace = result.trace.as_ref().expect("recorded");
    assert!(result.has_segments, "{name}: it is too long for a chart");
    let mut compared = series(name, model, &plan, &result);
    compared += stations(name, model, &result, trace);
    chart(name, model, &result, trace);
    queues(name, model, &result, trace);
    jobs(name, model, &result, trace);
    compared
}

/// A column of the time series.
type Column = fn(&IntervalRow) -> Option<f64>;

fn metric(result: &RunResult, name: &str, scope: &str) -> Option<f64> {
    let row =
        result.summary.iter().find(|row| row.name() == name && row.scope == scope && row.class == ALL)?;
    row.value
}

fn close(found: f64, expected: f64) -> bool {
    (found - expected).abs() <= 2e-6 + 1e-6 * expected.abs()
}

/// The mean of the time series over the window is the metric; what happened in it is what is counted.
fn series(name: &str, model: &Model, plan: &RunPlan, result: &RunResult) -> usize {
    let (from, until) = (result.first.from.0, result.first.until.0);
    if from == until || result.first.end == Time::ZERO {
        return 0;
    }
    let mut compared = 0;
    for width in [None, Some(Span((result.first.end.0 / 7).max(3)))] {
        let of = |result: &RunResult| timeseries(model, plan, result, width, &|_| true).expect("it ends").0;
        let rows = of(result);
        let unrecorded = RunResult { trace: None, has_segments: false, ..result.clone() };
        assert_eq!(rows, of(&unrecorded), "{name}: a series from the trace and one without");
        let inside: Vec<&IntervalRow> =
            rows.iter().filter(|row| row.start_ns >= from && row.end_ns <= until).collect();
        let mut scopes: Vec<&str> = inside.iter().map(|row| row.scope.as_str()).collect();
        scopes.sort_unstable();
        scopes.dedup();
        for scope in scopes {
            let here = || inside.iter().filter(|row| row.scope == scope);
            assert_eq!(
                here().map(|row| row.end_ns - row.start_ns).sum::<u64>(),
                until - from,
                "{name}: {scope}"
            );
            let columns: [(&str, Column); 4] = [
                ("queue_length/mean", |row| row.queue_length),
                ("utilization/mean", |row| row.utilization),
                ("overhead/share", |row| row.overhead),
                ("in_system/mean", |row| row.in_system),
            ];
            for (metric_name, column) in columns {
                let Some(expected) = metric(result, metric_name, scope) else { continue };
                let integral: Option<f64> =
                    here().map(|row| Some(column(row)? * (row.end_ns - row.start_ns) as f64)).sum();
                let Some(integral) = integral else { continue };
                let mean = integral / (until - from) as f64;
                assert!(
                    close(mean, expected),
                    "{name}: {metric_name} {scope}: series {mean}, metric {expected}"
                );
                compared += 1;
            }
        }
        let all = || inside.iter().filter(|row| row.scope == ALL);
        let released: u64 = all().filter_map(|row| row.arrivals).sum();
        // Jobs that jobs make while the last ones drain are measured, and lie behind the window.
        if model.emits.is_empty() {
            assert_eq!(released, result.first.total().released, "{name}");
        }
        let departed: u64 = all().filter_map(|row| row.completions).sum();
        assert_eq!(departed, result.first.total().departed, "{name}");
        let rate = metric(result, "throughput/rate", ALL).unwrap_or_default();
        assert!(close(rate, departed as f64 * 1e9 / (until - from) as f64), "{name}: {rate}");
        compared += 3;
    }
    compared
}

/// `servers.csv` and the summary.
fn stations(name: &str, model: &Model, result: &RunResult, trace: &Trace) -> usize {
    let mut compared = 0;
    for row in servers(model, &result.first, Some(trace)) {
        for (metric_name, value) in [
            ("queue_length/mean", row.queue_length_mean),
            ("utilization/mean", row.utilization),
            ("overhead/share", row.overhead),
            ("held/mean", row.held),
        ] {
            let Some((expected, value)) = metric(result, metric_name, &row.station).zip(value) else {
                continue;
            };
            assert!(close(value, expected), "{name}: {metric_name} {}: {value}, {expected}", row.station);
            compared += 1;
        }
        if let Some((mean, max)) = row.queue_length_mean.zip(row.queue_length_max) {
            assert!(mean <= max as f64 + 1e-9, "{name}: {}: mean {mean}, greatest {max}", row.station);
        }
    }
    compared
}

/// The rows of the chart add up to the books: busy, costs and idle time of every processor, in the window.
fn chart(name: &str, model: &Model, result: &RunResult, trace: &Trace) {
    let (from, until) = (result.first.from.0, result.first.until.0);
    let rows = gantt_rows(model, trace);
    for (processor, books) in model.processors.iter().zip(&result.first.processors) {
        let here = || rows.iter().filter(|row| row.station == processor.name);
        let inside = |start: u64, end: u64| end.clamp(from, until) - start.clamp(from, until);
        let of = |kinds: &[&str]| -> u128 {
            let rows = here().filter(|row| kinds.contains(&row.kind));
            rows.map(|row| u128::from(inside(row.start_ns, row.end_ns))).sum()
        };
        let what = format!("{name}: {}", processor.name);
        assert_eq!(of(&["switch", "dispatch"]), books.costs(), "{what}: costs");
        if here().any(|row| row.share.is_some()) {
            let runs = here().filter(|row| row.kind == "run");
            let busy: f64 =
                runs.map(|row| row.share.unwrap_or(1.0) * inside(row.start_ns, row.end_ns) as f64).sum();
            let off = (busy - books.busy as f64).abs();
            assert!(off <= 1.0 + 1e-9 * books.busy as f64, "{what}: run {busy}, books {}", books.busy);
            // A row without any job is a row in which all cores are idle.
            assert!(of(&["idle"]) * u128::from(processor.cores) <= books.idle, "{what}: idle");
        } else {
            assert_eq!(of(&["run"]), books.busy, "{what}: run");
            assert_eq!(of(&["idle"]), books.idle, "{what}: idle");
            let all = of(&["run", "switch", "dispatch", "idle"]);
            assert_eq!(all, u128::from(processor.cores) * u128::from(until - from), "{what}: all");
        }
    }
}

/// The queues that time lines, the greatest lengths and the window draw.
fn queues(name: &str, model: &Model, result: &RunResult, trace: &Trace) {
    let (from, until) = (result.first.from, result.first.until);
    let steps = trace.queue_steps();
    let integral = |wanted: PlaceKind| -> i128 {
        let mine = steps.iter().filter(|(place, ..)| *place == wanted);
        mine.map(|(_, at, step)| i128::from(*step) * i128::from(until.since((*at).max(from)).0)).sum()
    };
    for (index, books) in result.first.processors.iter().enumerate() {
        let found = integral(PlaceKind::Ready(index as u32));
        assert_eq!(found, books.ready_integral.cast_signed(), "{name}: {}", model.processors[index].name);
    }
    for (index, books) in result.first.pools.iter().enumerate() {
        let found = integral(PlaceKind::Pool(index as u32));
        assert_eq!(found, books.waiting_integral.cast_signed(), "{name}: {}", model.pools[index].name);
    }
}

/// The list of jobs has the numbers of the summary.
fn jobs(name: &str, model: &Model, result: &RunResult, trace: &Trace) {
    let from = result.first.from.0;
    let tasks = task_rows(model, trace);
    let released = || tasks.iter().filter(|task| task.arrival_ns >= from);
    let count = |status: &str| released().filter(|task| task.status == status).count() as f64;
    let unfinished = tasks.iter().filter(|task| task.status == "unfinished").count() as f64;
    for (metric_name, expected) in [
        ("jobs/released", released().count() as f64),
        ("jobs/completed", count("completed")),
        ("jobs/lost", count("lost")),
        ("jobs/timed-out", count("timed-out")),
        ("jobs/unfinished", unfinished),
    ] {
        assert_eq!(metric(result, metric_name, ALL), Some(expected), "{name}: {metric_name}");
        let classes = result.summary.iter().filter(|row| row.name() == metric_name && row.class != ALL);
        let sum: Vec<f64> = classes.filter_map(|row| row.value).collect();
        if !sum.is_empty() {
            assert_eq!(sum.iter().sum::<f64>(), expected, "{name}: {metric_name} of the classes");
        }
    }
    // A response ends with an answer: where jobs have several, a job's own is up to its last one, with its client's time.
    let total = result.first.total();
    if total.response.count() != total.completed {
        return;
    }
    let mean = |values: Vec<u64>| {
        let sum: u128 = values.iter().map(|value| u128::from(*value)).sum();
        (!values.is_empty()).then(|| sum as f64 / values.len() as f64)
    };
    for (metric_name, expected) in [
        ("response/mean", mean(released().filter_map(|task| task.response_ns).collect())),
        ("waiting/mean", mean(released().filter_map(|task| task.waiting_ns).collect())),
    ] {
        match (metric(result, metric_name, ALL), expected) {
            (Some(found), Some(expected)) => assert!(close(found, expected), "{name}: {metric_name}"),
            (found, expected) => assert_eq!(found, expected, "{name}: {metric_name}"),
        }
    }
}

#[test]
fn every_input_of_the_library_has_one_truth() {
    let mut compared = 0;
    for entry in scenarios::library::list() {
        let input = Input::library(entry.name).expect("it is there");
        let mut options = Options::default();
        match entry.kind {
            InputKind::Scenario => options.set = vec![("stop.jobs".to_owned(), "1_500".to_owned())],
            InputKind::TaskList => {}
            _ => (options.service, options.servers) = (Some("10ms".to_owned()), Some(2)),
        }
        let loaded = load(&input, &options).unwrap_or_else(|_| panic!("{}", entry.name));
        let mut model = loaded.model;
        if entry.kind == InputKind::Scenario {
            // Warm-ups that end within so few jobs, and at odd times.
            let gap = 1_000_000_000 * 1_500 / u64::from(u16::MAX);
            model.warmup = model.warmup.min(Time(7 * gap + 13));
        }
        compared += agree(entry.name, &model);
    }
    assert!(compared > 1_000, "{compared}");
}

/// Made-up stations under every scheduler: several cores, switch costs, waits elsewhere, arrivals at one instant, a warm-up, a
/// number of releases that ends arrivals that would go on; and the same with interrupts, where the scheduler picks.
#[test]
fn every_scheduler_has_one_truth() {
    let text = |cores: u32, station: &str, stop: &str| {
        format!(
            "stop = {stop}\nwarmup = \"1313us\"\n\
             [[class]]\nname = \"a\"\npriority = 2\nsteps = [{{ work = \"cpu\", demand = {{ exponential = {{ mean = \"2ms\" }} }} }},\
             {{ hold = \"room\", steps = [{{ delay = \"3ms\" }}, {{ work = \"cpu\", demand = \"1ms\" }}] }}]\n\
             [[class]]\nname = \"b\"\npriority = 1\ndeadline = \"20ms\"\nsteps = [{{ work = \"cpu\", demand = \"1ms\" }}]\n\
             [[source]]\nname = \"s\"\nclass = \"a\"\narrivals = {{ poisson = \"200/s\" }}\n\
             [[source]]\nname = \"t\"\nclass = \"b\"\narrivals = {{ periodic = {{ period = \"4ms\" }} }}\n\
             [[pool]]\nname = \"room\"\nsize = 2\n\
             [[processor]]\nname = \"cpu\"\ncores = {cores}\n{station}\n"
        )
    };
    let mut compared = 0;
    for def in catalog().filter(|def| def.layer() == Layer::Scheduler) {
        for (cores, station) in [
            (1, ""),
            (3, "context_switch = \"70us\"\ndispatch_latency = \"20us\""),
            (
                1,
                "interrupts = { save = \"30us\", load = \"20us\", release = \"40us\", exit = \"10us\", decide = \"50us\" }",
            ),
            (
                2,
                "interrupts = { save = \"30us\", load = \"20us\", release = \"40us\", exit = \"10us\", decide = \"50us\" }",
            ),
        ] {
            for stop in ["{ jobs = 300 }", "{ after = \"611ms\" }", "{ after = \"1ms\" }"] {
                let input = Input::from_text("made-up.toml", InputKind::Scenario, text(cores, station, stop));
                let policy = PolicyOption::parse(&format!("cpu={}", def.id)).expect("a policy");
                let options = Options { policies: vec![policy], ..Options::default() };
                // Shared cores have no switches, and some policies want what these jobs do not have.
                let Ok(loaded) = load(&input, &options) else { continue };
                compared += agree(&format!("{} on {cores}, {station}, {stop}", def.id), &loaded.model);
            }
        }
    }
    assert!(compared > 1_000, "{compared}");
}

/// The kernel's time before a core's first job is in the chart.
#[test]
fn kernel_time_before_the_first_job_is_drawn() {
    let input = Input::from_text("one.csv", InputKind::TaskList, "task,arrival,cpu\nA,0,1\n".to_owned());
    let options = Options { interrupts: Some("release=20us,decide=50us".to_owned()), ..Options::default() };
    let model = load(&input, &options).expect("it loads").model;
    let result = run(&model, &RunPlan::default(), &|_| true).expect("it ends");
    let rows = gantt_rows(&model, result.trace.as_ref().expect("recorded"));
    let found: Vec<_> = rows.iter().map(|row| (row.kind, row.task, row.start_ns, row.end_ns)).collect();
    assert_eq!(found[0], ("switch", Some("A"), 0, 70_000), "{found:?}");
    assert_eq!(found[1], ("run", Some("A"), 70_000, 1_070_000), "{found:?}");
    agree("one job", &model);
}
