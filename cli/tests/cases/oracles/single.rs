//! One station: Kleinrock, Queueing Systems, volume 1; Gross, Shortle, Thompson, Harris, Fundamentals of Queueing Theory.

use super::{
    BOUNDED_PARETO, Check, DETERMINISTIC, ERLANG2, EXPONENTIAL, H2, LOGNORMAL, Of, Oracle, UNIFORM, check,
    hold, poisson, station, waiting,
};

use std::f64::consts::{LN_2, LN_10};

pub fn oracles() -> Vec<Oracle> {
    [exponential(), losses(), general(), distributions(), other_arrivals(), modulated()]
        .into_iter()
        .flatten()
        .collect()
}

/// Probability of waiting with `servers` servers and `offered` erlangs (Erlang C), by the recursion for Erlang B.
fn erlang_c(servers: u32, offered: f64) -> f64 {
    let b = erlang_b(servers, offered);
    let rho = offered / f64::from(servers);
    b / (1.0 - rho * (1.0 - b))
}

fn erlang_b(servers: u32, offered: f64) -> f64 {
    (1..=servers).fold(1.0, |b, n| offered * b / (f64::from(n) + offered * b))
}

fn exponential() -> Vec<Oracle> {
    let mut all = Vec::new();
    for (rho, jobs, warmup) in [(0.5, 15_000, 500), (0.8, 45_000, 2_000), (0.9, 140_000, 5_000)] {
        let mut checks = waiting(rho / (1.0 - rho));
        checks.push(check(Of::Plain("utilization/mean"), rho));
        // Response times are exponential with rate 1 - rho.
        for (metric, quantile) in
            [("response/p50", LN_2), ("response/p90", LN_10), ("response/p95", LN_2 + LN_10)]
        {
            checks.push(check(Of::Time(metric), quantile / (1.0 - rho)));
        }
        checks.push(check(Of::At("queue_length/mean", "cpu"), rho * rho / (1.0 - rho)));
        all.push(
            Oracle::new(
                format!("mm1-rho{rho}"),
                station(&poisson(rho), EXPONENTIAL, ""),
                jobs,
                warmup,
                checks,
            )
            .within(0.015),
        );
    }
    for (id, servers, rate, jobs, warmup) in [
        ("mmc-c2-rho0.8", 2, 1.6, 60_000, 2_000),
        ("mmc-c5-rho0.8", 5, 4.0, 80_000, 1_000),
        ("mmc-c10-rho0.9", 10, 9.0, 200_000, 2_000),
        ("mmc-c100-rho0.95", 100, 95.0, 300_000, 200),
    ] {
        let wait = erlang_c(servers, rate) / (f64::from(servers) - rate);
        let text = station(&poisson(rate), EXPONENTIAL, &format!("cores = {servers}"));
        let coarse = if servers == 100 { 0.03 } else { 0.015 };
        all.push(Oracle::new(id, text, jobs, warmup, waiting(wait)).within(coarse));
    }
    for (id, servers, rate, wait, jobs) in [
        // By the distribution of the number in system of M/D/c (Crommelin).
        ("mdc-c1-rho0.8", 1, 0.8, 2.0, 30_000),
        ("mdc-c2-rho0.8", 2, 1.6, 0.903_283_879_372_386_3, 40_000),
        ("mdc-c4-rho0.9", 4, 3.6, 0.999_965_885_789_151_1, 150_000),
    ] {
        let text = station(&poisson(rate), DETERMINISTIC, &format!("cores = {servers}"));
        all.push(Oracle::new(id, text, jobs, 2_000, waiting(wait)));
    }
    all
}

/// A pool of `size` tokens and a bounded queue around `step`.
fn bounded(rate: f64, size: u32, queue: u32, step: &str, stations: &str) -> String {
    format!(
        "[[class]]\nname = \"job\"\nsteps = [{{ hold = \"room\", steps = [{step}] }}]\n\
         [[source]]\nname = \"jobs\"\nclass = \"job\"\narrivals = {}\n\
         [[pool]]\nname = \"room\"\nsize = {size}\nqueue = {queue}\n{stations}",
        poisson(rate)
    )
}

fn losses() -> Vec<Oracle> {
    let mut all = Vec::new();
    for (id, k, rate) in
        [("mm1k-K5-rho0.8", 5, 0.8), ("mm1k-K10-rho1.2", 10, 1.2), ("mm1k-K1-rho1.0", 1, 1.0)]
    {
        // p(n) is proportional to rho^n, n = 0, 1, ... k.
        let weights: Vec<f64> =
            std::iter::successors(Some(1.0), |p| Some(p * rate)).take(k as usize + 1).collect();
        let total: f64 = weights.iter().sum();
        let lost = weights[k as usize] / total;
        let present: f64 = weights.iter().enumerate().map(|(n, p)| n as f64 * p / total).sum();
        let accepted = rate * (1.0 - lost);
        let checks = vec![
            check(Of::Ratio("jobs/lost", "jobs/released"), lost),
            check(Of::Time("response/mean"), present / accepted),
            check(Of::Plain("throughput/rate"), accepted),
            check(Of::Plain("utilization/mean"), accepted),
        ];
        let text = bounded(
            rate,
            1,
            k - 1,
            &format!("{{ work = \"cpu\", demand = {EXPONENTIAL} }}"),
            "[[processor]]\nname = \"cpu\"\n",
        );
        all.push(Oracle::new(id, text, 40_000, 500, checks));
    }
    // Erlang B does not depend on the law of service.
    for (name, law) in
        [("exponential", EXPONENTIAL), ("deterministic", DETERMINISTIC), ("lognormal", LOGNORMAL)]
    {
        let step = format!("{{ delay = {law} }}");
        for (id, lines, rate) in [("erlangB-c1-a0.5", 1, 0.5), ("erlangB", 10, 7.0)] {
            let lost = erlang_b(lines, rate);
            let checks = vec![
                check(Of::Ratio("jobs/lost", "jobs/released"), lost),
                check(Of::At("held/mean", "room"), rate * (1.0 - lost)),
            ];
            let text = bounded(rate, lines, 0, &step, "");
            all.push(Oracle::new(format!("{id} {name}"), text, 40_000, 200, checks));
        }
        // Without a bound the number in service is Poisson with mean rate x service.
        let text = bounded(5.0, 100_000, 0, &step.replace("1s", "2s"), "");
        let checks = vec![check(Of::At("held/mean", "room"), 10.0), check(Of::Time("response/mean"), 2.0)];
        all.push(Oracle::new(format!("mginf {name}"), text, 40_000, 200, checks));
    }
    all
}

/// Pollaczek and Khinchine: mean waiting is rho / (1 - rho) x (1 + scv) / 2, under every order that neither knows sizes nor
/// interrupts.
fn general() -> Vec<Oracle> {
    let mut all = Vec::new();
    for (id, law, scv, rho, jobs, within) in [
        ("mg1-det-rho0.8", DETERMINISTIC, 0.0, 0.8, 30_000, 0.012),
        ("mg1-erlang2-rho0.5", ERLANG2, 0.5, 0.5, 15_000, 0.012),
        ("mg1-erlang2-rho0.8", ERLANG2, 0.5, 0.8, 45_000, 0.012),
        ("mg1-erlang2-rho0.9", ERLANG2, 0.5, 0.9, 120_000, 0.015),
        ("mg1-uniform-rho0.5", UNIFORM, 1.0 / 3.0, 0.5, 15_000, 0.012),
        ("mg1-uniform-rho0.8", UNIFORM, 1.0 / 3.0, 0.8, 45_000, 0.012),
        ("mg1-exp-rho0.5", EXPONENTIAL, 1.0, 0.5, 15_000, 0.012),
        ("mg1-exp-rho0.9", EXPONENTIAL, 1.0, 0.9, 120_000, 0.015),
        ("mg1-H2-rho0.8", H2, 4.0, 0.8, 100_000, 0.015),
        ("mg1-H2-rho0.9", H2, 4.0, 0.9, 150_000, 0.03),
        ("mg1-lognormal-rho0.5", LOGNORMAL, 4.0, 0.5, 100_000, 0.015),
        ("mg1-lognormal-rho0.8", LOGNORMAL, 4.0, 0.8, 150_000, 0.03),
    ] {
        let wait = rho / (1.0 - rho) * (1.0 + scv) / 2.0;
        let text = station(&poisson(rho), law, "");
        all.push(Oracle::new(id, text, jobs, 3_000, waiting(wait)).within(within));
    }
    for scheduler in ["lcfs", "siro"] {
        for (id, law, scv) in
            [("mg1-det-rho0.8", DETERMINISTIC, 0.0), ("mg1-uniform-rho0.8", UNIFORM, 1.0 / 3.0)]
        {
            let wait = 0.8 / 0.2 * (1.0 + scv) / 2.0;
            let text = station(&poisson(0.8), law, &format!("scheduler = \"{scheduler}\""));
            all.push(Oracle::new(format!("{id} {scheduler}"), text, 45_000, 3_000, waiting(wait)));
        }
    }
    // Processor sharing does not depend on the law of service; heavy tails are harmless there.
    for (name, law, rho) in [
        ("bounded pareto", BOUNDED_PARETO, 0.5),
        ("weibull", "{ weibull = { shape = 0.5, mean = \"1s\" } }", 0.5),
        ("lognormal cv 4", "{ lognormal = { mean = \"1s\", cv = 4.0 } }", 0.5),
        ("gamma", "{ gamma = { shape = 0.5, mean = \"1s\" } }", 0.5),
    ] {
        let text = station(&poisson(rho), law, "scheduler = \"ps\"");
        let checks = vec![
            check(Of::Time("response/mean"), 1.0 / (1.0 - rho)),
            check(Of::Plain("slowdown/mean"), 1.0 / (1.0 - rho)),
        ];
        all.push(Oracle::new(format!("{name} shared"), text, 60_000, 2_000, checks).within(0.03));
    }
    all
}

/// Waiting times of M/D/1 (Erlang's series), exact percentiles.
fn distributions() -> Vec<Oracle> {
    let percentiles = |rho: f64, values: &[(&'static str, f64)], jobs| {
        let checks: Vec<Check> =
            values.iter().map(|(metric, exact)| check(Of::Time(metric), *exact)).collect();
        Oracle::new(
            format!("md1-tail-rho{rho}"),
            station(&poisson(rho), DETERMINISTIC, ""),
            jobs,
            3_000,
            checks,
        )
    };
    vec![
        percentiles(
            0.5,
            &[
                ("waiting/p90", 1.515_744_841_381_843_7),
                ("waiting/p95", 2.050_638_407_302_648),
                ("waiting/p99", 3.336_255_957_002_204),
            ],
            60_000,
        ),
        percentiles(
            0.8,
            &[
                ("waiting/p50", 1.275_939_873_376_235_3),
                ("waiting/p90", 5.011_511_498_446_045),
                ("waiting/p95", 6.620_324_996_840_724),
            ],
            60_000,
        ),
        percentiles(
            0.9,
            &[
                ("waiting/p50", 3.013_047_519_311_558_5),
                ("waiting/p90", 10.782_504_956_026_886),
                ("waiting/p95", 14.128_673_830_202_128),
            ],
            120_000,
        ),
    ]
}

/// G/M/1: waiting is sigma / (1 - sigma), where sigma solves sigma = E[exp(-(1 - sigma) x gap)].
fn other_arrivals() -> Vec<Oracle> {
    let of_sigma = |sigma: f64| waiting(sigma / (1.0 - sigma));
    let h2 =
        |mean: &str| format!("{{ renewal = {{ hyperexponential = {{ mean = \"{mean}\", scv = 4.0 }} }} }}");
    let regular = |gap: &str| format!("{{ renewal = \"{gap}\" }}");
    [
        ("dm1-rho0.8", regular("1.25s"), 0.628_629_796_496_946_2, 40_000, 0.012),
        ("dm1-rho0.9", regular("1.111111111s"), 0.806_899_832_855_803_9, 120_000, 0.012),
        ("h2m1-rho0.5", h2("2s"), 0.683_772_233_983_162, 50_000, 0.015),
        ("h2m1-rho0.9", h2("1.111111111s"), 0.957_281_127_576_427_8, 150_000, 0.03),
    ]
    .into_iter()
    .map(|(id, arrivals, sigma, jobs, within)| {
        Oracle::new(id, station(&arrivals, EXPONENTIAL, ""), jobs, 5_000, of_sigma(sigma)).within(within)
    })
    .collect()
}

/// Mean waiting by the matrix-geometric solution (Neuts, Matrix-Geometric Solutions in Stochastic Models). The figures are
/// those of the collection; both sources have the mean rate of M/M/1 at 80 %, where jobs wait 4 s.
fn modulated() -> Vec<Oracle> {
    [
        ("mmpp2-m-1-mild", "1.2/s", "0.4/s", "10s", 7.691_130_099_326_672, 120_000, 0.02),
        ("mmpp2-m-1-bursty", "1.5/s", "0.1/s", "100s", 115.143_163_466_626_72, 400_000, 0.03),
    ]
    .into_iter()
    .map(|(id, fast, slow, stay, wait, jobs, within)| {
        let state = |rate: &str| format!("{{ rate = \"{rate}\", mean_stay = \"{stay}\" }}");
        let arrivals = format!("{{ poisson = {{ states = [{}, {}] }} }}", state(fast), state(slow));
        let mut checks = waiting(wait);
        checks.push(check(Of::Plain("utilization/mean"), 0.8));
        Oracle::new(id, station(&arrivals, EXPONENTIAL, ""), jobs, 5_000, checks).within(within)
    })
    .collect()
}

#[test]
fn modulated_arrivals() {
    hold(&modulated());
}

#[test]
fn exponential_service() {
    hold(&exponential());
}

#[test]
fn bounded_rooms() {
    hold(&losses());
}

#[test]
fn general_service() {
    hold(&general());
}

#[test]
fn distributions_of_waiting() {
    hold(&distributions());
}

#[test]
fn general_arrivals() {
    hold(&other_arrivals());
}
