//! Scenario files: what they compile to.

use crate::support::{finishes, mistakes, model_of, policies, set, trace, with_arrivals};
use scenarios::{InputKind::Scenario, Options};
use sim_core::law::Law;
use sim_core::model::{Arrivals, Draw, Op, PoolOrder, StationRef};

fn single(register: u16, base: u32) -> StationRef {
    StationRef { base, register }
}

/// A whole scenario around steps: one source, stations of all kinds.
fn around(steps: &str) -> String {
    format!(
        r#"
stop = {{ after = "1s" }}
class = [{{ name = "c", steps = [{steps}] }}]
source = [{{ name = "s", class = "c", arrivals = {{ poisson = "10/s" }} }}]
processor = [{{ name = "cpu" }}]
pool = [{{ name = "lock", size = 1 }}]
balancer = [{{ name = "lb", targets = "web" }}]
[[server]]
name = "web"
count = 3
processor.cpu = {{ cores = 2 }}
pool.workers = {{ size = 4, queue = 8, order = "high-first" }}
"#
    )
}

const USE_ALL: &str = r#"{ work = "cpu", demand = "1ms" }, { hold = "lock", steps = [{ delay = "1ms" }] },
    { balance = "lb", steps = [{ work = "cpu", demand = "1ms" }, { hold = "workers", steps = [{ delay = "1ms" }] }] }"#;

#[test]
fn names_mean_the_innermost_station() {
    let model = model_of(Scenario, &around(USE_ALL), &Options::default()).model;
    let given = |k| Draw::Given(k);
    assert_eq!(
        model.program,
        [
            Op::Work { station: single(0, 0), amount: given(0) },
            Op::Acquire { pool: single(0, 0) },
            Op::Delay { amount: given(1) },
            Op::Release { pool: single(0, 0) },
            Op::Balance { balancer: 0 },
            Op::Work { station: single(1, 1), amount: given(2) },
            Op::Acquire { pool: single(1, 1) },
            Op::Delay { amount: given(3) },
            Op::Release { pool: single(1, 1) },
            Op::Leave { balancer: 0 },
            Op::Exit,
        ]
    );
    assert_eq!(model.owed.len(), 1);
    assert_eq!((model.owed[0].at, model.owed[0].draws.as_slice()), (4, [2u16].as_slice()));
    let names: Vec<&str> = model.processors.iter().map(|p| p.name.as_str()).collect();
    assert_eq!(names, ["cpu", "web-1.cpu", "web-2.cpu", "web-3.cpu"]);
    let components: Vec<&str> = model.components.iter().map(|c| c.name.as_str()).collect();
    assert_eq!(components, ["cpu", "lock", "web.cpu", "web.workers", "delay"]);
    assert_eq!(model.processors[3].component, 2);
    assert_eq!((model.pools[1].order, model.pools[1].queue), (PoolOrder::HighFirst, Some(8)));
    model.check().unwrap();
}

#[test]
fn a_balance_without_steps_lasts_to_the_end_of_its_list() {
    let steps = r#"{ hold = "lock", steps = [{ balance = "lb" }, { hold = "workers", steps = [{ work = "web.cpu", demand = "1ms" }] }] }, { work = "cpu", demand = "1ms" }"#;
    let model = model_of(Scenario, &around(steps), &Options::default()).model;
    assert_eq!(
        model.program,
        [
            Op::Acquire { pool: single(0, 0) },
            Op::Balance { balancer: 0 },
            Op::Acquire { pool: single(1, 1) },
            Op::Work { station: single(1, 1), amount: Draw::Given(0) },
            Op::Release { pool: single(1, 1) },
            Op::Leave { balancer: 0 },
            Op::Release { pool: single(0, 0) },
            Op::Work { station: single(0, 0), amount: Draw::Given(1) },
            Op::Exit,
        ]
    );
}

#[test]
fn branches_repeats_and_forks_are_flat() {
    let steps = format!(
        r#"{USE_ALL}, {{ branch = [{{ p = 0.25, steps = [{{ delay = "2ms" }}] }}, {{ p = 0.5, steps = [] }}] }},
        {{ repeat = 3, steps = [{{ repeat = {{ uniform = {{ low = 0, high = 2 }} }}, steps = [{{ delay = "1ms" }}] }}] }},
        {{ fork = [[{{ work = "cpu", demand = "4ms" }}], [{{ fork = [[{{ delay = "1ms" }}]] }}]], join = 1 }}"#
    );
    let model = model_of(Scenario, &around(&steps), &Options::default()).model;
    model.check().unwrap();
    assert_eq!(
        model.program[10..],
        [
            Op::Branch { table: 0 },
            Op::Delay { amount: Draw::OnTheSpot(0) },
            Op::Jump { to: 14 },
            Op::Jump { to: 14 },
            Op::RepeatStart { counter: 0, count: 1, end: 18 },
            Op::RepeatStart { counter: 1, count: 2, end: 17 },
            Op::Delay { amount: Draw::OnTheSpot(3) },
            Op::RepeatEnd { counter: 1, start: 16 },
            Op::RepeatEnd { counter: 0, start: 15 },
            Op::Fork { table: 0 },
            Op::Exit,
            Op::Work { station: single(0, 0), amount: Draw::Given(4) },
            Op::ChildExit,
            Op::Fork { table: 1 },
            Op::ChildExit,
            Op::Delay { amount: Draw::Given(5) },
            Op::ChildExit,
        ]
    );
    assert_eq!(model.branches[0].ways, [(250_000_000, 11), (500_000_000, 13), (250_000_000, 14)]);
    assert_eq!((model.forks[0].children.as_slice(), model.forks[0].need), ([21, 23].as_slice(), 1));
    assert_eq!(model.forks[1].children, [25]);
    assert_eq!(model.counters, 2);
}

fn law_of(law: &str) -> Law {
    let steps = format!("{USE_ALL}, {{ delay = {law} }}");
    let model = model_of(Scenario, &around(&steps), &Options::default()).model;
    model.classes[0].draws[4].clone()
}

#[test]
fn laws_have_the_moments_they_are_written_with() {
    // (law, mean in ms, squared coefficient of variation)
    for (law, mean, scv) in [
        (r#""4ms""#, 4.0, 0.0),
        (r#"{ deterministic = "4ms" }"#, 4.0, 0.0),
        (r#"{ exponential = { mean = "2ms" } }"#, 2.0, 1.0),
        (r#"{ uniform = { low = "1ms", high = "3ms" } }"#, 2.0, 1.0 / 12.0),
        (r#"{ erlang = { shape = 4, mean = "2ms" } }"#, 2.0, 0.25),
        (r#"{ hyperexponential = { mean = "2ms", scv = 4 } }"#, 2.0, 4.0),
        (
            r#"{ hyperexponential = { branches = [{ p = 0.5, mean = "1ms" }, { p = 0.5, mean = "3ms" }] } }"#,
            2.0,
            1.5,
        ),
        (r#"{ lognormal = { mean = "6ms", cv = 2.0 } }"#, 6.0, 4.0),
        (r#"{ weibull = { shape = 1, scale = "2ms" } }"#, 2.0, 1.0),
        (r#"{ weibull = { shape = 0.5, mean = "2ms" } }"#, 2.0, 5.0),
        (r#"{ gamma = { shape = 4, mean = "2ms" } }"#, 2.0, 0.25),
        (r#"{ gamma = { shape = 2, scale = "2ms" } }"#, 4.0, 0.5),
        (r#"{ pareto = { shape = 3, scale = "2ms" } }"#, 3.0, 1.0 / 3.0),
        (r#"{ empirical = { values = ["1ms", "3ms"], weights = [3, 1] } }"#, 1.5, 1.0 / 3.0),
    ] {
        let found = law_of(law);
        let near = |a: f64, b: f64| (a - b).abs() < 1e-9 * b.max(1.0);
        assert!(near(found.mean().unwrap() / 1e6, mean), "{law}: mean {:?}", found.mean());
        assert!(near(found.scv().unwrap(), scv), "{law}: scv {:?}", found.scv());
    }
    let Law::Lognormal { mu, sigma } = law_of(r#"{ lognormal = { median = "1us", sigma = 0.5 } }"#) else {
        panic!()
    };
    assert!((mu - libm::log(1000.0)).abs() < 1e-12 && sigma == 0.5);
    assert!(matches!(
        law_of(r#"{ normal = { mean = "2ms", sd = "1ms" } }"#),
        Law::NormalTruncated { low: 0.0, .. }
    ));
    assert!(matches!(
        law_of(r#"{ bounded-pareto = { shape = 1.5, low = "1ms", high = "1s" } }"#),
        Law::BoundedPareto { .. }
    ));
}

#[test]
fn set_changes_names_keys_and_alternatives() {
    let text = around(USE_ALL);
    let options = set(&[
        ("web.count", "5"),
        ("web.processor.cpu.cores", "7"),
        ("lb.policy", "least-connections"),
        ("stop.jobs", "12"),
        ("s.arrivals.renewal", "2ms"),
        ("c.steps.0.demand.exponential.mean", "3ms"),
        ("c.priority", "4"),
        ("warmup", "auto"),
        ("ties.equal_key", "list"),
        ("seed", "9"),
        ("cpu.scheduler", "round-robin:quantum=1ms"),
    ]);
    let loaded = model_of(Scenario, &text, &options);
    let model = &loaded.model;
    assert_eq!((model.groups[0].weights.len(), model.processors[5].cores), (5, 7));
    assert_eq!((model.stop.after, model.stop.jobs), (None, Some(12)), "one replaces the other");
    assert!(matches!(model.sources[0].arrivals, Arrivals::Renewal(Law::Deterministic { value: 2_000_000 })));
    assert!(matches!(model.classes[0].draws[0], Law::Exponential { mean: 3e6 }));
    assert_eq!((model.attributes[0].priority, model.seed, loaded.warmup_auto), (4, 9, true));
    assert_eq!(model.ties.entries()[2].1, "list");
    assert_eq!(loaded.policy, "cpu=round-robin:quantum=1ms web.cpu=fcfs lb=least-connections");
    for (path, value, expected) in [
        ("web.cuont", "5", "S063 `cuont` is no key of a server group"),
        ("wbe.count", "5", "S063 `wbe` is neither a name in this scenario nor a top-level key"),
        ("web", "5", "S063 `web` is a whole server group; name one of its keys"),
        ("web.processor.gpu.cores", "5", "S063 there is no `gpu` in `processor`"),
        ("c.steps.9.demand", "5ms", "S063 `9` is no place in `steps`, which has 3 elements, the first is 0"),
        ("web.count", "many", "S012 `count` is a whole number, not a string"),
        ("web.count", "0", "S021 `count` is 0; it must be from 1 to 1000000"),
        ("web.count", "2000000000", "S021 `count` is 2000000000; it must be from 1 to 1000000"),
        ("s.arrivals.poisson", "10", "S020 `poisson` is a rate and needs a unit"),
        ("web.name", "x", "S063 names cannot be changed"),
        ("", "x", "S063 `` is neither a name in this scenario nor a top-level key"),
    ] {
        assert_eq!(mistakes(Scenario, &text, &set(&[(path, value)])), [expected], "--set {path}={value}");
    }
}

#[test]
fn policies_find_their_station() {
    let text = around(USE_ALL);
    for (specs, expected) in [
        (vec!["least-connections"], "cpu=fcfs web.cpu=fcfs lb=least-connections"),
        (vec!["web.cpu=srtf", "lb=random"], "cpu=fcfs web.cpu=srtf lb=random"),
        (vec!["cpu=ps"], "cpu=ps web.cpu=fcfs lb=round-robin"),
        (vec!["web=ps"], "cpu=fcfs web.cpu=ps lb=round-robin"),
    ] {
        assert_eq!(model_of(Scenario, &text, &policies(&specs)).policy, expected);
    }
    for (spec, expected) in [
        ("srtf", "S062 several stations have a scheduler; which one is meant?"),
        ("round-robin", "S062 `round-robin` is both a scheduler and a balancer; which station is meant?"),
        ("round-robbin", "S061 unknown policy `round-robbin`"),
        ("lb=fcfs", "S061 unknown balancer `fcfs`"),
        ("disk=fcfs", "S062 no station or balancer `disk` has a policy"),
    ] {
        assert_eq!(mistakes(Scenario, &text, &policies(&[spec])), [expected]);
    }
}

#[test]
fn machine_options_are_for_the_only_processor() {
    let plain = with_arrivals(r#"{ poisson = "10/s" }"#);
    let options = Options {
        cores: Some(3),
        context_switch: Some("5us".to_owned()),
        dispatch_latency: Some("2us".to_owned()),
        until: Some("3s".to_owned()),
        warmup: Some("1s".to_owned()),
        seed: Some(4),
        ..Options::default()
    };
    let model = model_of(Scenario, &plain, &options).model;
    let cpu = &model.processors[0];
    assert_eq!((cpu.cores, cpu.context_switch.0, cpu.dispatch_latency.0), (3, 5000, 2000));
    assert_eq!((model.stop.after.unwrap().0, model.warmup.0, model.seed), (3_000_000_000, 1_000_000_000, 4));
    let several = mistakes(Scenario, &around(USE_ALL), &options);
    assert_eq!(several.len(), 3, "{several:?}");
    assert!(several[0].contains("`--cores` is for scenarios with one processor; there are 2"));
    let options = Options { context_switch: Some("5us".to_owned()), ..policies(&["ps"]) };
    assert!(mistakes(Scenario, &plain, &options)[0].starts_with("S065 `ps` shares the cores"));
}

#[test]
fn the_parts_of_a_response_add_up() {
    let steps =
        format!(r#"{USE_ALL}, {{ fork = [[{{ work = "cpu", demand = "1ms" }}], [{{ delay = "3ms" }}]] }}"#);
    let loaded = model_of(Scenario, &around(&steps), &Options::default());
    let (measures, _) = trace(&loaded);
    let class = &measures.classes[0];
    assert!(class.completed > 0);
    let parts: u128 = class.parts.iter().map(sim_core::measure::PartSums::total).sum();
    assert_eq!(parts, class.response.sum());
}

#[test]
fn releases_of_one_instant_follow_the_tie_rule() {
    let text = r#"
class = [
  { name = "a", priority = 9, steps = [{ work = "cpu", demand = "1ms" }] },
  { name = "b", priority = 1, steps = [{ work = "cpu", demand = "1ms" }] },
]
source = [
  { name = "first", class = "a", arrivals = { rows = [["0ms", "1ms"]] } },
  { name = "second", class = "b", arrivals = { rows = [["0ms", "1ms"]] } },
]
processor = [{ name = "cpu" }]
"#;
    let ties = |rule: &str| Options { ties: Some(rule.to_owned()), ..Options::default() };
    assert_eq!(finishes(&model_of(Scenario, text, &Options::default())), ["first1 0-1", "second1 0-2"]);
    assert_eq!(
        finishes(&model_of(Scenario, text, &ties("same_arrival=priority"))),
        ["second1 0-1", "first1 0-2"]
    );
}

#[test]
fn a_second_token_of_one_pool_is_an_error_or_a_warning() {
    let nested = |size: u32| {
        let steps = r#"{ hold = "p", steps = [{ hold = "p", steps = [{ delay = "1ms" }] }] }"#;
        format!(
            "stop = {{ jobs = 3 }}\nclass = [{{ name = \"c\", steps = [{steps}] }}]\n\
             source = [{{ name = \"s\", class = \"c\", arrivals = {{ poisson = \"1/s\" }} }}]\n\
             pool = [{{ name = \"p\", size = {size} }}]\n"
        )
    };
    let found = mistakes(Scenario, &nested(1), &Options::default());
    assert_eq!(
        found,
        ["S045 the job holds the only token of this pool already and would wait for itself for ever"]
    );
    let loaded = model_of(Scenario, &nested(2), &Options::default());
    assert_eq!(loaded.warnings.len(), 1);
    assert_eq!(loaded.warnings[0].code, "S045");
}

#[test]
fn pools_in_both_orders_are_a_warning() {
    let text = |second: &str| {
        format!(
            r#"
stop = {{ jobs = 3 }}
class = [
  {{ name = "c", steps = [{{ hold = "p", steps = [{{ hold = "q", steps = [{{ delay = "1ms" }}] }}] }}] }},
  {{ name = "d", steps = [{second}] }},
]
source = [
  {{ name = "s", class = "c", arrivals = {{ poisson = "1/s" }} }},
  {{ name = "t", class = "d", arrivals = {{ poisson = "1/s" }} }},
]
pool = [{{ name = "p", size = 2 }}, {{ name = "q", size = 3 }}, {{ name = "r", size = 3 }}]
"#
        )
    };
    for (second, expected) in [
        (r#"{ hold = "q", steps = [{ hold = "r", steps = [{ delay = "1ms" }] }] }"#, None),
        (
            r#"{ hold = "q", steps = [{ hold = "p", steps = [{ hold = "r", steps = [{ delay = "1ms" }] }] }] }"#,
            Some("jobs that take `p`, then `q`, then `p` can wait for each other for ever"),
        ),
        (
            r#"{ hold = "q", steps = [{ hold = "r", steps = [{ delay = "1ms" }] }] }, { hold = "r", steps = [{ hold = "p", steps = [{ delay = "1ms" }] }] }"#,
            Some("jobs that take `p`, then `q`, then `r`, then `p` can wait for each other for ever"),
        ),
    ] {
        let loaded = model_of(Scenario, &text(second), &Options::default());
        let messages: Vec<&str> = loaded.warnings.iter().map(|warning| warning.message.as_str()).collect();
        assert_eq!(messages, expected.into_iter().collect::<Vec<_>>(), "{second}");
    }
}
