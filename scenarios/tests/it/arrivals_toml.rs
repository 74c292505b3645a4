//! Scenario files: when sources release jobs, and how much demand that is.

use crate::support::{finishes, mistakes, model_of, set, with_arrivals};
use scenarios::{Input, InputKind, InputKind::Scenario, Options, load};
use sim_core::law::Law;
use sim_core::model::Arrivals;
use sim_core::profile::Profile;
use sim_core::record::Full;
use sim_core::units::Time;
use sim_core::varying::{Rate, Varying};
use sim_core::{Limits, run};

#[test]
fn sources_release_as_written() {
    let arrivals = |text: &str| {
        let model = model_of(Scenario, &with_arrivals(text), &Options::default()).model;
        model.sources[0].arrivals.clone()
    };
    assert!(matches!(
        arrivals(r#"{ poisson = "1000/s" }"#),
        Arrivals::Renewal(Law::Exponential { mean: 1e6 })
    ));
    assert!(matches!(
        arrivals(r#"{ renewal = "5ms" }"#),
        Arrivals::Renewal(Law::Deterministic { value: 5_000_000 })
    ));
    let closed = r#"{ closed = { customers = 50, think = { exponential = { mean = "1s" } } } }"#;
    assert!(matches!(arrivals(closed), Arrivals::Closed { customers: 50, think: Law::Exponential { .. } }));
    let Arrivals::Periodic { offset, period, count } =
        arrivals(r#"{ periodic = { period = "5ms", offset = "2ms", count = 3 } }"#)
    else {
        panic!()
    };
    assert_eq!((offset.0, period.0, count), (2_000_000, 5_000_000, Some(3)));
    let rows = r#"{ rows = [["7ms", "1ms", "2ms"], ["0ms", "3ms", "4ms"]] }"#;
    let loaded = model_of(Scenario, &with_arrivals(rows), &Options::default());
    assert_eq!(finishes(&loaded), ["s1 0-7", "s2 7-10"]);
}

fn profile(varying: &Varying) -> &Profile {
    let Rate::Profile(profile) = varying.rate() else { panic!("a rate that changes at random") };
    profile
}

#[test]
fn rates_change_as_written() {
    let hour = 3_600 * 1_000_000_000;
    // What is expected by each hour, per 3600 arrivals.
    for (rate, expected) in [
        (r#"{ steps = [{ rate = "1/s", for = "1h" }, { rate = "3/s", for = "1h" }] }"#, [1.0, 4.0, 5.0, 8.0]),
        (r#"{ steps = [{ rate = "1/s", for = "1h" }, { rate = "3/s" }] }"#, [1.0, 4.0, 7.0, 10.0]),
        (
            r#"{ steps = [{ rate = "1/s", for = "1h" }, { rate = "3/s", for = "1h" }], then = "hold" }"#,
            [1.0, 4.0, 7.0, 10.0],
        ),
        (
            r#"{ steps = [{ rate = "1/s", for = "1h" }, { rate = "3/s", for = "1h" }], then = "stop" }"#,
            [1.0, 4.0, 4.0, 4.0],
        ),
        (r#"{ steps = [{ rate = "0/s", to = "4/s", for = "2h" }, { rate = "0/s" }] }"#, [1.0, 4.0, 4.0, 4.0]),
        (r#"{ mean = "2/s", swing = 0, period = "1h" }"#, [2.0, 4.0, 6.0, 8.0]),
        (
            r#"{ mean = "2/s", swing = 1, period = "2h", peak_at = "30min" }"#,
            [3.273_239_545, 4.0, 7.273_239_545, 8.0],
        ),
    ] {
        for text in [format!("{{ poisson = {rate} }}"), format!("{{ renewal = \"5us\", rate = {rate} }}")] {
            let model = model_of(Scenario, &with_arrivals(&text), &Options::default()).model;
            let Arrivals::Varying(varying) = &model.sources[0].arrivals else { panic!("{text}") };
            for (index, expected) in expected.iter().enumerate() {
                let found = profile(varying).expected(Time((index as u64 + 1) * hour)) / 3600.0;
                assert!((found - expected).abs() < 1e-6, "{text}: {found} by hour {}", index + 1);
            }
        }
    }
    let dry = r#"
class = [{ name = "c", steps = [{ delay = "1ms" }] }]
source = [{ name = "s", class = "c", arrivals = { poisson = { steps = [{ rate = "9/s", for = "1s" }], then = "stop" } } }]
"#;
    model_of(Scenario, dry, &Options::default());
    let endless = mistakes(Scenario, &dry.replace("stop", "hold"), &Options::default());
    assert_eq!(endless, ["S042 the source `s` never runs dry, so the run would not end"]);
}

#[test]
fn rates_change_at_random_between_states() {
    let rate = |states: &str| {
        let text = with_arrivals(&format!("{{ poisson = {{ states = [{states}] }} }}"));
        let model = model_of(Scenario, &text, &Options::default()).model;
        let Arrivals::Varying(varying) = &model.sources[0].arrivals else { panic!("{states}") };
        let Rate::Modulated(modulated) = varying.rate() else { panic!("{states}") };
        (modulated.rate() * 1e15).round() / 1e6
    };
    let two = r#"{ rate = "9/s", mean_stay = "1s" }, { rate = "1/s", mean_stay = "3s" }"#;
    assert_eq!(rate(two), 3.0, "a quarter of the time 9, else 1");
    let three = r#"{ rate = "9/s", mean_stay = "1s", to = [0, 1, 0] }, { rate = "0/s", mean_stay = "1s", to = [0, 0, 5] },
        { rate = "3/s", mean_stay = "1s", to = [2, 0, 0] }"#;
    assert_eq!(rate(three), 4.0, "round and round");
    for (states, message) in [
        (
            r#"{ rate = "9/s", mean_stay = "1s" }"#,
            "S021 a rate that changes at random needs two states or more",
        ),
        (
            r#"{ rate = "9/s", mean_stay = "1s", to = [0, 1, 0] }, { rate = "9/s", mean_stay = "1s" }"#,
            "S021 the weights of state 1 are not one for each state, 0 for itself, and one above 0",
        ),
        (
            r#"{ rate = "9/s" }, { rate = "9/s", mean_stay = "1s" }"#,
            "S011 a state of a rate needs the key `mean_stay`",
        ),
        (
            r#"{ rate = "0/s", mean_stay = "1s" }, { rate = "0/s", mean_stay = "1s" }"#,
            "S021 the rate is never above 0",
        ),
        (
            r#"{ rate = "1/s", mean_stay = "1ns" }, { rate = "0/s", mean_stay = "1ns" }"#,
            "S021 more than 10000 changes of the rate for each arrival",
        ),
    ] {
        let text = with_arrivals(&format!("{{ poisson = {{ states = [{states}] }} }}"));
        assert_eq!(mistakes(Scenario, &text, &Options::default()), [message], "{states}");
    }
    let renewal = with_arrivals(&format!(r#"{{ renewal = "1s", rate = {{ states = [{two}] }} }}"#));
    let message = "S021 only Poisson arrivals have a rate that changes at random";
    assert_eq!(mistakes(Scenario, &renewal, &Options::default()), [message]);
    let set = set(&[("s.arrivals.poisson.states.1.rate", "5/s"), ("s.scale", "2")]);
    let text = with_arrivals(&format!("{{ poisson = {{ states = [{two}] }} }}"));
    let model = model_of(Scenario, &text, &set).model;
    let Arrivals::Varying(varying) = &model.sources[0].arrivals else { panic!() };
    let Rate::Modulated(modulated) = varying.rate() else { panic!() };
    assert!((modulated.rate() * 1e9 - 12.0).abs() < 1e-9);
}

/// Through the whole engine: where every job stays two hours, those in the system at some time are the arrivals of the
/// two hours before it (Eick, Massey and Whitt, "The physics of the Mt/G/infinity queue", Operations Research 41(4), 1993).
#[test]
fn jobs_that_never_wait_follow_the_rate() {
    const HOUR: u64 = 3_600 * 1_000_000_000;
    const REPLICATIONS: u32 = 60;
    let text = |arrivals: &str, hours: u64| {
        format!(
            r#"
stop = {{ after = "{hours}h" }}
class = [{{ name = "c", steps = [{{ delay = "2h" }}] }}]
source = [{{ name = "s", class = "c", arrivals = {{ poisson = {arrivals} }} }}]
"#
        )
    };
    for arrivals in [
        r#"{ mean = "200/h", swing = 0.8, period = "24h", peak_at = "14h" }"#,
        r#"{ steps = [{ rate = "20/h", for = "6h" }, { rate = "20/h", to = "900/h", for = "5h" }, { rate = "100/h" }] }"#,
    ] {
        for hours in [5, 11, 14, 26] {
            let model = model_of(Scenario, &text(arrivals, hours), &Options::default()).model;
            let Arrivals::Varying(varying) = &model.sources[0].arrivals else { panic!() };
            let expected = profile(varying).expected(Time(hours * HOUR))
                - profile(varying).expected(Time((hours - 2) * HOUR));
            let present = (0..REPLICATIONS).map(|replication| {
                let (_, full) = run(&model, replication, &Limits::default(), Full::new(false)).unwrap();
                full.trace.jobs.iter().filter(|job| job.finish.is_none()).count() as f64
            });
            let mean = present.sum::<f64>() / f64::from(REPLICATIONS);
            // The number present is Poisson: its variance is its mean.
            let error = (expected / f64::from(REPLICATIONS)).sqrt();
            let what = format!("{arrivals} at {hours} h: {mean}, expected {expected} +- {error}");
            assert!((mean - expected).abs() <= 4.0 * error, "{what}");
            let twin = expected + (0.05 * expected).max(10.0 * error);
            assert!((mean - twin).abs() > 4.0 * error, "{what}: the test could not fail");
        }
    }
}

/// Demand is one thing to planners, whatever the source: rates that change keep their times.
#[test]
fn rates_that_change_scale_and_can_be_set() {
    let text = with_arrivals(r#"{ poisson = { steps = [{ rate = "1/s", for = "1h" }, { rate = "3/s" }] } }"#);
    let expected = |pairs: &[(&str, &str)]| {
        let model = model_of(Scenario, &text, &set(pairs)).model;
        let Arrivals::Varying(varying) = &model.sources[0].arrivals else { panic!("{pairs:?}") };
        (profile(varying).expected(Time(2 * 3_600 * 1_000_000_000)) / 3600.0 * 1e6).round() / 1e6
    };
    assert_eq!(expected(&[]), 4.0);
    assert_eq!(expected(&[("s.scale", "1.5")]), 6.0);
    assert_eq!(expected(&[("s.arrivals.poisson.steps.0.rate", "5/s")]), 8.0);
    assert_eq!(expected(&[("s.arrivals.poisson.steps.1.rate", "0/s")]), 1.0);
    let wave = r#"{ mean = "7/s", swing = 0.5, period = "1h" }"#;
    assert_eq!(expected(&[("s.arrivals.poisson", wave)]), 14.0);
    assert_eq!(expected(&[("s.arrivals.poisson", wave), ("s.arrivals.poisson.mean", "8/s")]), 16.0);
}

#[test]
fn demand_scales_by_key_and_option() {
    let load = |text: &str, key: Option<&str>, option: Option<&str>| {
        let set = key.map(|value| ("s.scale".to_owned(), value.to_owned())).into_iter().collect();
        let options = Options { set, scale: option.map(str::to_owned), ..Options::default() };
        model_of(Scenario, &with_arrivals(text), &options).model
    };
    let poisson = r#"{ poisson = "1000/s" }"#;
    for (key, option, gap) in [
        (None, None, 1e6),
        (Some("2"), None, 5e5),
        (Some("1.25"), None, 8e5),
        (Some("\"5/4\""), Some("x2"), 4e5),
        (None, Some("1/4"), 4e6),
    ] {
        let model = load(poisson, key, option);
        let Arrivals::Renewal(Law::Exponential { mean }) = model.sources[0].arrivals else { panic!() };
        assert!((mean - gap).abs() < 1e-6, "{key:?} {option:?}: {mean}");
    }
    let model = load(r#"{ periodic = { period = "5ms", offset = "2ms" } }"#, Some("2"), None);
    let Arrivals::Periodic { offset, period, .. } = model.sources[0].arrivals else { panic!() };
    assert_eq!((offset.0, period.0), (1_000_000, 2_500_000));
    assert_eq!(model.attributes[0].period, Some(period), "policies see the period in effect");
    let rows = r#"{ rows = [["0ms", "3ms", "4ms"], ["7ms", "1ms", "2ms"]] }"#;
    for (key, option, factor) in [
        (None, Some("x2"), 2.0),
        (Some("3"), None, 3.0),
        (Some("3"), Some("1/2"), 1.5),
        (None, Some("0.1"), 0.1),
    ] {
        let model = load(rows, key, option);
        let Arrivals::Copies(copies) = &model.sources[0].arrivals else { panic!() };
        assert_eq!(
            (copies.factor.as_f64(), copies.data.rows[1].at.0),
            (factor, 7_000_000),
            "the calendar stays"
        );
        assert_eq!(copies.data.values, [3_000_000, 4_000_000, 1_000_000, 2_000_000]);
    }
    assert!(matches!(load(rows, Some("2"), Some("1/2")).sources[0].arrivals, Arrivals::Trace(_)));
    let speedup = |arrivals: &str| {
        let options = Options { speedup: Some("2".to_owned()), ..Options::default() };
        model_of(Scenario, &with_arrivals(arrivals), &options)
    };
    let loaded = speedup(rows);
    let Arrivals::Trace(data) = &loaded.model.sources[0].arrivals else { panic!() };
    assert_eq!(data.rows[1].at.0, 3_500_000);
    assert!(loaded.notes[0].starts_with("a log or trace at 2 times its speed: what took 7 ms takes 3.5 ms"));
}

#[test]
fn speed_is_for_traces() {
    let speedup = Options { speedup: Some("2".to_owned()), ..Options::default() };
    assert_eq!(
        mistakes(Scenario, &with_arrivals(r#"{ poisson = "1000/s" }"#), &speedup),
        ["S066 `--speedup` is for logs and traces, and nothing is released by one here"]
    );
    let rows = with_arrivals(r#"{ rows = [["0ms", "3ms", "4ms"]] }"#);
    let other = r#"} }, { name = "t", class = "c", arrivals = { poisson = "9/s" } }]"#;
    let mixed = rows.replace("} }]", other);
    let found = mistakes(Scenario, &mixed, &speedup);
    assert_eq!(found, ["S066 `--speedup` would leave the source `t`, which is no trace, behind"]);
    let list = mistakes(InputKind::TaskList, "task,arrival,cpu\na,0,1\n", &speedup);
    assert_eq!(list, ["S066 `--speedup` is for access logs and request traces"]);
}

#[test]
fn demand_beyond_limits_is_refused() {
    let scale = |text: &str| Options { scale: Some(text.to_owned()), ..Options::default() };
    for (arrivals, text, message) in [
        (r#"{ poisson = "1000/s" }"#, "x", "S021 `x` is no factor from 1e-6 to 1e6, exact to 9 digits"),
        (r#"{ poisson = "1000/s" }"#, "0", "S021 `0` is no factor from 1e-6 to 1e6, exact to 9 digits"),
        (r#"{ poisson = "1000/s" }"#, "-2", "S021 `-2` is no factor from 1e-6 to 1e6, exact to 9 digits"),
        (
            r#"{ poisson = "1000000/s" }"#,
            "10000",
            "S021 the source `s` at 10000 times the demand: more than one arrival a nanosecond",
        ),
        (
            r#"{ closed = { customers = 50, think = "1s" } }"#,
            "1e6",
            "S021 `1e6` is no factor from 1e-6 to 1e6, exact to 9 digits",
        ),
        (
            r#"{ closed = { customers = 50, think = "1s" } }"#,
            "100000",
            "S021 the source `s` at 100000 times the demand: 5000000 customers; at most 1000000",
        ),
    ] {
        assert_eq!(
            mistakes(Scenario, &with_arrivals(arrivals), &scale(text)),
            [message],
            "{arrivals} {text}"
        );
    }
    let list = mistakes(InputKind::TaskList, "task,arrival,cpu\na,0,1\n", &scale("2"));
    assert_eq!(list, ["S066 `--scale` is for scenarios, access logs and request traces"]);
}

#[test]
fn traces_are_read_beside_the_scenario() {
    let folder = std::env::temp_dir().join(format!("dispatchlab-scenarios-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("good.csv"), "# made here\narrival,cpu,think\n0,5,1\n2ms,5,1\n").unwrap();
    std::fs::write(folder.join("bad.csv"), "arrival,cpu,think\n0,5,1\n2,x,1\n3,4\n").unwrap();
    let load_with = |arrivals: &str| {
        let path = folder.join("scenario.toml");
        std::fs::write(&path, with_arrivals(arrivals)).unwrap();
        let input = Input::read(path.to_str().unwrap()).unwrap();
        load(&input, &Options::default())
    };
    let loaded = load_with(r#"{ trace = "good.csv", unit = "ms" }"#).unwrap();
    assert_eq!(finishes(&loaded), ["s1 0-6", "s2 2-11"]);
    let found = load_with(r#"{ trace = "bad.csv", unit = "ms" }"#).unwrap_err();
    let messages: Vec<String> = found.iter().map(|d| format!("{} {}", d.file, d.message)).collect();
    assert_eq!(
        messages,
        [
            "bad.csv `x` is not a number with a unit",
            "bad.csv a row of 2 values; jobs of this class need 3: the arrival and 2 sizes"
        ]
    );
    let found = load_with(r#"{ trace = "none.csv" }"#).unwrap_err();
    assert!(found[0].message.starts_with("`none.csv` cannot be read"), "{found:?}");
    std::fs::remove_dir_all(folder).unwrap();
    let text = with_arrivals(r#"{ trace = "good.csv" }"#);
    assert_eq!(
        mistakes(Scenario, &text, &Options::default()),
        ["S050 `good.csv` cannot be read: this scenario has no folder"]
    );
}
