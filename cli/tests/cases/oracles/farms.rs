//! Balancers over equal servers, each with its own first-come-first-served queue.

use super::{Check, EXPONENTIAL, Of, Oracle, check, hold, poisson, processors, response};

pub fn oracles() -> Vec<Oracle> {
    [splits(), few(), many(), by_chance()].into_iter().flatten().collect()
}

fn farm(servers: u32, rate: f64, balancer: &str) -> String {
    format!(
        "[[class]]\nname = \"job\"\nsteps = [{{ balance = \"lb\" }}, {{ work = \"cpu\", demand = {EXPONENTIAL} }}]\n\
         [[source]]\nname = \"jobs\"\nclass = \"job\"\narrivals = {}\n\
         [[balancer]]\nname = \"lb\"\npolicy = \"{balancer}\"\ntargets = \"web\"\n\
         [[server]]\nname = \"web\"\ncount = {servers}\nprocessor.cpu = {{ cores = 1 }}\n",
        poisson(rate)
    )
}

/// Every n-th job of a Poisson stream: each server is E(n)/M/1, and waiting is sigma / (1 - sigma).
fn splits() -> Vec<Oracle> {
    [
        ("rr-split-N2-rho0.5", 2, 1.0, 0.381_966_011_250_105_2, 20_000),
        ("rr-split-N2-rho0.8", 2, 1.6, 0.739_852_949_126_455_9, 60_000),
        ("rr-split-N2-rho0.9", 2, 1.8, 0.868_217_893_672_362_7, 150_000),
        ("rr-split-N5-rho0.9", 5, 4.5, 0.837_188_882_295_844_8, 200_000),
        ("rr-split-N10-rho0.8", 10, 8.0, 0.657_800_175_719_110_8, 100_000),
    ]
    .into_iter()
    .map(|(id, servers, rate, sigma, jobs)| {
        let wait = sigma / (1.0 - sigma);
        let checks = super::waiting(wait);
        Oracle::new(id, farm(servers, rate, "round-robin"), jobs, 3_000, checks).within(0.015)
    })
    .collect()
}

/// Exact by the stationary distribution of the queue lengths (truncated Markov chains).
fn few() -> Vec<Oracle> {
    let mut all = Vec::new();
    for (policy, exact) in [
        ("jsq", 5.474_912_821_235_031),
        ("jsq:ties=lowest", 5.474_912_821_235_031),
        ("least-connections", 5.474_912_821_235_031),
        // Two of two servers without replacement are both: the shortest queue.
        ("power-of-d:d=2", 5.474_912_821_235_031),
        ("power-of-d:d=2,replacement=true", 5.864_684_872_173_471),
        // One queue in all but name: M/M/2.
        ("least-work", 5.263_157_894_736_843),
        ("random", 10.0),
    ] {
        let id = format!("lb-2servers-rho0.9 {policy}");
        all.push(Oracle::new(id, farm(2, 1.8, policy), 120_000, 3_000, response(exact)).within(0.02));
    }
    for (policy, exact) in [
        ("jsq", 2.285_547_606_292_950_7),
        ("power-of-d:d=2", 2.509_999_788_989_564),
        ("power-of-d:d=2,replacement=true", 2.765_697_923_195_495_5),
        ("least-work", 2.078_651_685_393_259_3),
        ("random", 5.0),
    ] {
        let id = format!("lb-3servers-rho0.8 {policy}");
        all.push(Oracle::new(id, farm(3, 2.4, policy), 60_000, 2_000, response(exact)).within(0.015));
    }
    all
}

/// Mitzenmacher: with many servers, d of them asked, mean response is the sum over i >= 1 of rho^((d^i - d) / (d - 1)).
/// That is the limit; 500 servers are within 2 % of it, above.
fn many() -> Vec<Oracle> {
    const SERVERS: u32 = 500;
    let limit = |rho: f64, d: i32| -> f64 {
        // The exponents are 1 + d + ... + d^(i-2) times d: 0, d, d + d^2, ... Beyond 10 000 nothing is left.
        std::iter::successors(Some(0), |exponent| Some(d * (exponent + 1)))
            .take_while(|exponent| *exponent < 10_000)
            .map(|exponent| rho.powi(exponent))
            .sum()
    };
    [
        ("supermarket-lam0.7", 0.7, 2),
        ("supermarket-lam0.7", 0.7, 5),
        ("supermarket-lam0.9", 0.9, 2),
        ("supermarket-lam0.9", 0.9, 3),
    ]
    .into_iter()
    .map(|(id, rho, d)| {
        let checks = vec![Check { of: Of::Time("response/mean"), exact: limit(rho, d), slack: 0.02 }];
        let text = farm(SERVERS, rho * f64::from(SERVERS), &format!("power-of-d:d={d}"));
        Oracle::new(format!("{id} d={d}"), text, 100_000, 60, checks)
    })
    .collect()
}

/// Jobs that go to one of several single processors by chance: each is M/M/1.
fn by_chance() -> Vec<Oracle> {
    let text = |rates: &[f64], servers: &[u32]| {
        let names = ["a", "b", "c"];
        let total: f64 = rates.iter().sum();
        let ways: Vec<String> = names
            .iter()
            .zip(rates.iter().zip(servers))
            .map(|(name, (rate, speed))| {
                let (p, mean) = (rate / total, 1_000_000_000 / speed);
                format!(
                    "{{ p = {p:.12}, steps = [{{ work = \"{name}\", demand = {{ exponential = {{ mean = \"{mean}ns\" }} }} }}] }}"
                )
            })
            .collect();
        let stations = processors(&names[..servers.len()]);
        format!(
            "[[class]]\nname = \"job\"\nsteps = [{{ branch = [{}] }}]\n\
             [[source]]\nname = \"jobs\"\nclass = \"job\"\narrivals = {}\n{stations}",
            ways.join(", "),
            poisson(total)
        )
    };
    // The best split has rates mu - sqrt(mu) x constant.
    let best = [2.640_754_482_034_081_4, 1.038_868_276_948_877_5, 0.320_377_241_017_040_7];
    let proportional = [16.0 / 7.0, 8.0 / 7.0, 4.0 / 7.0];
    let speeds = [4, 2, 1];
    let hetero = [4.0 / 3.0, 2.0 / 3.0];
    [
        ("static-split-sqrt best", text(&best, &speeds), 0.873_773_447_853_214),
        // Every server has the same load, 4/7: 3/7 of each service rate is left.
        ("static-split-sqrt proportional", text(&proportional, &speeds), 1.0),
        ("two servers of speeds 2 and 1", text(&hetero, &[2, 1]), 2.0),
    ]
    .into_iter()
    .map(|(id, text, exact)| Oracle::new(id, text, 50_000, 1_000, response(exact)))
    .chain([
        // Law of total probability: loads of the servers.
        Oracle::new(
            "loads",
            text(&best, &speeds),
            20_000,
            1_000,
            vec![
                check(Of::At("utilization/mean", "a"), best[0] / 4.0),
                check(Of::At("utilization/mean", "b"), best[1] / 2.0),
                check(Of::At("utilization/mean", "c"), best[2]),
            ],
        )
        .within(0.015),
    ])
    .collect()
}

#[test]
fn round_robin_splits() {
    hold(&splits());
}

#[test]
fn two_and_three_servers() {
    hold(&few());
}

#[test]
fn many_servers() {
    hold(&many());
}

#[test]
fn static_splits() {
    hold(&by_chance());
}
