//! Several stations, closed populations, children that are waited for.

use super::{Check, EXPONENTIAL, Of, Oracle, check, hold, poisson, processors, response, station};
use std::fmt::Write as _;

pub fn oracles() -> Vec<Oracle> {
    [closed(), two_classes(), forks(), attempts()].into_iter().flatten().collect()
}

/// Machine repair, M/M/c//N: the number at the station is a birth and death process.
fn machine_repair(customers: u32, think_rate: f64, servers: u32) -> (f64, f64, f64) {
    let mut weights = vec![1.0];
    for n in 1..=customers {
        let born = f64::from(customers - n + 1) * think_rate;
        weights.push(weights[n as usize - 1] * born / f64::from(n.min(servers)));
    }
    let total: f64 = weights.iter().sum();
    let mean = |value: &dyn Fn(u32) -> f64| -> f64 {
        (0..=customers).zip(&weights).map(|(n, weight)| value(n) * weight / total).sum()
    };
    let throughput = mean(&|n| f64::from(n.min(servers)));
    let present = mean(&f64::from);
    (throughput, present / throughput, throughput / f64::from(servers))
}

fn closed() -> Vec<Oracle> {
    [("machine-repair-c1-N5", 5, 0.2, "5s", 1), ("machine-repair-c2-N10", 10, 0.25, "4s", 2)]
        .into_iter()
        .map(|(id, customers, rate, think, servers)| {
            let (throughput, response, utilization) = machine_repair(customers, rate, servers);
            let arrivals = format!(
                "{{ closed = {{ customers = {customers}, think = {{ exponential = {{ mean = \"{think}\" }} }} }} }}"
            );
            let checks = vec![
                check(Of::Plain("throughput/rate"), throughput),
                check(Of::Time("response/mean"), response),
                check(Of::Plain("utilization/mean"), utilization),
            ];
            Oracle::new(id, station(&arrivals, EXPONENTIAL, &format!("cores = {servers}")), 30_000, 500, checks)
        })
        .collect()
}

/// Two classes, each with its demands (in seconds) at three places in a row; 0 leaves a place out.
fn network(demands: [[f64; 3]; 2], laws: [&str; 2], arrivals: &[String; 2], delay_last: bool) -> String {
    let mut text = String::new();
    let places = if delay_last { 2 } else { 3 };
    for place in 0..places {
        let _ = writeln!(text, "[[processor]]\nname = \"s{place}\"\nscheduler = \"ps\"");
    }
    for (index, class) in ["one", "two"].into_iter().enumerate() {
        let steps: Vec<String> = (0..3)
            .filter(|place| demands[index][*place] > 0.0)
            .map(|place| {
                let demand = laws[index].replace("1s", &format!("{}s", demands[index][place]));
                if place < places {
                    format!("{{ work = \"s{place}\", demand = {demand} }}")
                } else {
                    format!("{{ delay = {demand} }}")
                }
            })
            .collect();
        let _ = writeln!(
            text,
            "[[class]]\nname = \"{class}\"\nsteps = [{}]\n[[source]]\nname = \"from-{class}\"\nclass = \"{class}\"\n\
             arrivals = {}",
            steps.join(", "),
            arrivals[index]
        );
    }
    text
}

/// Baskett, Chandy, Muntz, Palacios 1975: under processor sharing only the means of the demands matter.
fn two_classes() -> Vec<Oracle> {
    let classes = |metric: &'static str, exact: [f64; 2]| -> Vec<Check> {
        vec![check(Of::ClassTime(metric, "one"), exact[0]), check(Of::ClassTime(metric, "two"), exact[1])]
    };
    let demands = [[0.8, 1.0, 3.0], [0.5, 1.5, 1.0]];
    // Each shared station stretches demands by 1 / (1 - its load); loads are 0.34 and 0.6.
    let total = |class: [f64; 3]| class[0] / 0.66 + class[1] / 0.4 + class[2];
    let exact = [total(demands[0]), total(demands[1])];
    let lognormal = "{ lognormal = { mean = \"1s\", cv = 2.0 } }";
    let mut all: Vec<Oracle> = [
        ("exponential", [EXPONENTIAL, EXPONENTIAL]),
        ("deterministic", ["\"1s\"", "\"1s\""]),
        ("mixed", ["\"1s\"", lognormal]),
    ]
    .into_iter()
    .map(|(name, laws)| {
        let text = network(demands, laws, &[poisson(0.3), poisson(0.2)], true);
        Oracle::new(format!("bcmp-open-2class {name}"), text, 20_000, 1_000, classes("response/mean", exact))
    })
    .collect();
    // Mean value analysis of the closed network, three customers of class one and two of class two, no thinking.
    let closed = |customers: u32| format!("{{ closed = {{ customers = {customers}, think = \"0s\" }} }}");
    let text = network(
        [[0.105, 0.18, 0.0], [0.375, 0.48, 0.24]],
        [EXPONENTIAL, EXPONENTIAL],
        &[closed(3), closed(2)],
        false,
    );
    let checks = classes("response/mean", [0.874_735_590_432_924, 2.873_652_215_554_424_4]);
    all.push(Oracle::new("mva-2class", text, 40_000, 200, checks));
    all
}

/// Flatto, Hahn 1984 for two queues: mean response is (12 - rho) / 8 times that of M/M/1. For more Nelson and Tantawi's
/// approximation, which its authors give 5 %.
fn forks() -> Vec<Oracle> {
    let text = |rho: f64, queues: usize| {
        let ways: Vec<String> =
            (0..queues).map(|queue| format!("[{{ work = \"s{queue}\", demand = {EXPONENTIAL} }}]")).collect();
        let stations = processors((0..queues).map(|queue| format!("s{queue}")));
        format!(
            "[[class]]\nname = \"job\"\nsteps = [{{ fork = [{}], join = \"all\" }}]\n\
             [[source]]\nname = \"jobs\"\nclass = \"job\"\narrivals = {}\n{stations}",
            ways.join(", "),
            poisson(rho)
        )
    };
    let two = |rho: f64| (12.0 - rho) / 8.0 / (1.0 - rho);
    let approximate = |exact: f64| vec![Check { of: Of::Time("response/mean"), exact, slack: 0.05 }];
    vec![
        Oracle::new("forkjoin-rho0.5", text(0.5, 2), 15_000, 500, response(two(0.5))),
        Oracle::new("forkjoin-rho0.8", text(0.8, 2), 60_000, 3_000, response(two(0.8))),
        Oracle::new(
            "forkjoin-rho0.5 of four",
            text(0.5, 4),
            10_000,
            500,
            approximate(3.789_772_727_272_726_6),
        ),
        Oracle::new("forkjoin-rho0.8 of eight", text(0.8, 8), 20_000, 3_000, approximate(11.03)).within(0.02),
    ]
}

/// Attempts that fail with probability 0.3 and are repeated at once, at most twice: 1 + 0.3 + 0.09 attempts a job.
fn attempts() -> Vec<Oracle> {
    let work = format!("{{ work = \"cpu\", demand = {EXPONENTIAL} }}");
    let again = |steps: &str| format!("{work}, {{ branch = [{{ p = 0.3, steps = [{steps}] }}] }}");
    let text = format!(
        "[[class]]\nname = \"job\"\nsteps = [{}]\n[[source]]\nname = \"jobs\"\nclass = \"job\"\narrivals = {}\n\
         [[processor]]\nname = \"cpu\"\n",
        again(&again(&work)),
        poisson(0.6)
    );
    let checks = vec![check(Of::Plain("utilization/mean"), 0.834), check(Of::Plain("throughput/rate"), 0.6)];
    vec![Oracle::new("retry-amplify-R2", text, 20_000, 2_000, checks)]
}

#[test]
fn closed_populations() {
    hold(&closed());
}

#[test]
fn product_forms() {
    hold(&two_classes());
}

#[test]
fn forks_and_joins() {
    hold(&forks());
}

#[test]
fn immediate_retries() {
    hold(&attempts());
}
