//! Closed forms as pure functions. Times are in any one unit, rates in its inverse; loads are below 1 where there is no bound.
//!
//! Sources: Kleinrock, Queueing Systems, volumes 1 (1975) and 2 (1976); Gross, Shortle, Thompson, Harris, Fundamentals of
//! Queueing Theory, 4th ed. (2008); Harchol-Balter, Performance Modeling and Design of Computer Systems (2013).

use super::sizes::Sizes;

/// Erlang B: the probability that all of `servers` are busy when nobody waits, offered `load` erlangs.
pub fn erlang_b(servers: u32, load: f64) -> f64 {
    (1..=servers).fold(1.0, |b, n| load * b / (f64::from(n) + load * b))
}

/// Erlang C: the probability of waiting with `servers` servers, offered `load` erlangs, fewer than the servers.
pub fn erlang_c(servers: u32, load: f64) -> f64 {
    let b = erlang_b(servers, load);
    b / (1.0 - load / f64::from(servers) * (1.0 - b))
}

/// Exponential service of a given rate at `servers` servers, whatever the arrivals: waiting is exponential with rate `spare`
/// with probability `waits`, else zero. M/M/c (Kleinrock 1, 3.5) and G/M/1 (Kleinrock 1, 6.4) are of this form.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct ExponentialWait {
    /// Probability of waiting.
    pub waits: f64,
    /// Rate of the waiting time where there is one.
    pub spare: f64,
    /// Rate of service.
    pub service: f64,
}

impl ExponentialWait {
    /// M/M/c; `None` where the load is not below 1.
    pub fn mmc(servers: u32, rate: f64, service: f64) -> Option<ExponentialWait> {
        let spare = f64::from(servers) * service - rate;
        (spare > 0.0).then(|| ExponentialWait { waits: erlang_c(servers, rate / service), spare, service })
    }

    /// G/M/1: the probability of waiting is the root below 1 of sigma = E[exp(-service (1 - sigma) gap)]. `transform` is that
    /// of the gap. `None` where the load is not below 1, or the transform is not known.
    pub fn gm1(
        gap_mean: f64,
        transform: impl Fn(f64) -> Option<f64>,
        service: f64,
    ) -> Option<ExponentialWait> {
        if gap_mean * service <= 1.0 {
            return None;
        }
        let (mut low, mut high) = (0.0, 1.0 - 1e-12);
        for _ in 0..200 {
            let middle = f64::midpoint(low, high);
            if transform(service * (1.0 - middle))? > middle { low = middle } else { high = middle }
        }
        let sigma = f64::midpoint(low, high);
        Some(ExponentialWait { waits: sigma, spare: service * (1.0 - sigma), service })
    }

    /// Mean waiting time.
    pub fn mean(&self) -> f64 {
        self.waits / self.spare
    }

    /// The waiting time exceeded with probability 1 - p; 0 where fewer wait.
    pub fn waiting_quantile(&self, p: f64) -> f64 {
        (libm::log(self.waits / (1.0 - p)) / self.spare).max(0.0)
    }

    /// The same for waiting and service together.
    pub fn response_quantile(&self, p: f64) -> f64 {
        let tail = |t: f64| {
            let (served, spare) = (libm::exp(-self.service * t), libm::exp(-self.spare * t));
            let difference = self.service - self.spare;
            let waited = if difference.abs() < 1e-9 * self.service {
                self.service * t * served
            } else {
                self.service * (spare - served) / difference
            };
            served + self.waits * waited
        };
        root_of_falling(|t| tail(t) - (1.0 - p), 1.0 / self.spare + 1.0 / self.service)
    }
}

/// Where a falling function of t >= 0 crosses zero; `scale` is a first guess of the size.
fn root_of_falling(value: impl Fn(f64) -> f64, scale: f64) -> f64 {
    let (mut low, mut high) = (0.0, scale);
    while value(high) > 0.0 {
        (low, high) = (high, 2.0 * high);
    }
    for _ in 0..200 {
        let middle = f64::midpoint(low, high);
        if value(middle) > 0.0 { low = middle } else { high = middle }
    }
    f64::midpoint(low, high)
}

/// The stationary law of the number present in a birth and death process: `up[n]` is the rate from n to n + 1, `down[n]` that
/// from n + 1 to n.
pub fn birth_death(up: &[f64], down: &[f64]) -> Vec<f64> {
    let mut weights = vec![1.0];
    let mut last: f64 = 1.0;
    for (up, down) in up.iter().zip(down) {
        last *= up / down;
        weights.push(last);
        if last > 1e250 {
            for weight in &mut weights {
                *weight *= 1e-250;
            }
            last *= 1e-250;
        }
    }
    let total: f64 = weights.iter().sum();
    for weight in &mut weights {
        *weight /= total;
    }
    weights
}

/// M/M/c with room for `room` in all (Kleinrock 1, 3.6): the law of the number present.
pub fn mmck(servers: u32, room: u32, rate: f64, service: f64) -> Vec<f64> {
    let up = vec![rate; room as usize];
    let down: Vec<f64> = (1..=room).map(|n| f64::from(n.min(servers)) * service).collect();
    birth_death(&up, &down)
}

/// The mean of a function of the number present.
pub fn expected(law: &[f64], value: impl Fn(f64) -> f64) -> f64 {
    law.iter().enumerate().map(|(n, p)| p * value(n as f64)).sum()
}

/// Mean waiting time of M/G/1 when the order knows no sizes and interrupts nobody, by Pollaczek and Khinchine (Kleinrock 1, 5.6):
/// `residual` is the sum over classes of rate x E[S^2] / 2.
pub fn pollaczek_khinchine(residual: f64, load: f64) -> f64 {
    residual / (1.0 - load)
}

/// Mean response time of M/G/1 under shortest job first (Harchol-Balter 31.3).
pub fn sjf(rate: f64, sizes: &Sizes) -> f64 {
    let waits = sizes.integrate(|x| {
        let free = 1.0 - rate * sizes.below(x).first;
        sizes.density(x) / (free * free)
    });
    sizes.mean + rate * sizes.second / 2.0 * waits
}

/// Mean response time of M/G/1 under preemptive shortest job first (Harchol-Balter 32.3).
pub fn psjf(rate: f64, sizes: &Sizes) -> f64 {
    sizes.integrate(|x| {
        let below = sizes.below(x);
        let free = 1.0 - rate * below.first;
        sizes.density(x) * (x / free + rate * below.second / 2.0 / (free * free))
    })
}

/// Mean response time of M/G/1 under shortest remaining time first (Schrage and Miller 1966; Harchol-Balter 33.1).
pub fn srtf(rate: f64, sizes: &Sizes) -> f64 {
    // Once it runs, a job is held up by newcomers below what is left of it: the integral of dt / (1 - load below t). Below the
    // least size there is no load.
    sizes.least()
        + sizes.integrate(|x| {
            let below = sizes.below(x);
            let free = 1.0 - rate * below.first;
            let waits = rate * (below.second + x * x * below.tail) / 2.0 / (free * free);
            sizes.density(x) * waits + below.tail / free
        })
}

/// Mean response time of M/G/1 under least attained service, foreground-background (Kleinrock 2, 4.6; Harchol-Balter 33.2).
pub fn las(rate: f64, sizes: &Sizes) -> f64 {
    sizes.integrate(|x| {
        let below = sizes.below(x);
        let free = 1.0 - rate * (below.first + x * below.tail);
        let waits = rate * (below.second + x * x * below.tail) / 2.0 / (free * free);
        sizes.density(x) * (x / free + waits)
    })
}

/// Mean waiting times of priority classes, best first, without preemption (Cobham 1954; Kleinrock 2, 3.2): `residual` as in
/// [`pollaczek_khinchine`], of all classes; `loads` by class.
pub fn cobham(residual: f64, loads: &[f64]) -> Vec<f64> {
    let mut before = 0.0;
    let one = |load: &f64| {
        let through = before + load;
        let wait = residual / ((1.0 - before) * (1.0 - through));
        before = through;
        wait
    };
    loads.iter().map(one).collect()
}

/// Mean response times of priority classes, best first, with preemption and resumption (Kleinrock 2, 3.4; Gross et al. 3.4.2):
/// for each class its mean service, load and rate x E[S^2] / 2.
pub fn preemptive_priority(classes: &[(f64, f64, f64)]) -> Vec<f64> {
    let (mut before, mut residual) = (0.0, 0.0);
    let one = |(service, load, own): &(f64, f64, f64)| {
        let through = before + load;
        residual += own;
        let response = service / (1.0 - before) + residual / ((1.0 - before) * (1.0 - through));
        before = through;
        response
    };
    classes.iter().map(one).collect()
}

/// Mean number present in M/D/c, offered `load` erlangs, fewer than the servers (Crommelin 1932).
///
/// The generating function of the number present has the `servers` - 1 roots inside the unit circle of
/// z^c = exp(load (z - 1)) as zeros; its logarithmic derivative at 1 is the mean.
pub fn mdc_present(servers: u32, load: f64) -> f64 {
    let c = f64::from(servers);
    let second = c * (c - 1.0) - 2.0 * c * load + load * load;
    let of_roots: f64 = (1..servers)
        .map(|k| {
            // z = w exp(load (z - 1) / c), with w a root of unity: a contraction, since load < c.
            let angle = 2.0 * std::f64::consts::PI * f64::from(k) / c;
            let (mut re, mut im) = (0.0, 0.0);
            for _ in 0..10_000 {
                let length = libm::exp(load * (re - 1.0) / c);
                let turned = angle + load * im / c;
                let next = (length * libm::cos(turned), length * libm::sin(turned));
                let moved = (next.0 - re).abs() + (next.1 - im).abs();
                (re, im) = next;
                if moved < 1e-15 {
                    break;
                }
            }
            // The real part of 1 / (1 - z): roots come in pairs.
            (1.0 - re) / ((1.0 - re) * (1.0 - re) + im * im)
        })
        .sum();
    of_roots - second / (2.0 * (c - load))
}

/// The waiting time of M/D/1, service 1 and load `rho`, that is exceeded with probability 1 - p. `None` where the load is not
/// below 0.99.
///
/// P(W <= x) for k - 1 <= x < k is the sum over j < k of Q(k - 1 - j) times the Poisson probability of j at rho (k - x), where
/// Q(n) is the probability of at most n in the queue (Franx, A simple solution for the M/D/c waiting time distribution, Operations
/// Research Letters 29, 2001): no term is negative.
pub fn md1_waiting_quantile(rho: f64, p: f64) -> Option<f64> {
    let in_queue = md1_in_queue(rho)?;
    let at_most = |x: f64| {
        let k = x as usize + 1;
        let y = rho * (k as f64 - x);
        let mut poisson = libm::exp(-y);
        let mut sum = 0.0;
        for j in 0..k {
            sum += in_queue.get(k - 1 - j).copied().unwrap_or(1.0) * poisson;
            poisson *= y / (j as f64 + 1.0);
        }
        sum
    };
    Some(if at_most(0.0) >= p { 0.0 } else { root_of_falling(|x| p - at_most(x), 1.0) })
}

/// Probabilities of at most 0, 1, ... in the queue of M/D/1. By the balance of upward and downward crossings at departures:
/// present[n + 1] a[0] = present[0] P(A > n) + sum over i = 1 .. n of present[i] P(A > n - i + 1), with A the arrivals during a
/// service.
fn md1_in_queue(rho: f64) -> Option<Vec<f64>> {
    if !(0.0..0.99).contains(&rho) {
        return None;
    }
    let mut arrivals = libm::exp(-rho);
    let none = arrivals;
    // more[n]: P(A > n).
    let mut more = vec![1.0 - arrivals];
    let mut present = vec![1.0 - rho];
    let mut whole = present[0];
    let mut in_queue = Vec::new();
    while whole < 1.0 - 1e-13 && present.len() < 4_000 {
        let n = present.len() - 1;
        let from_above: f64 = (1..=n).map(|i| present[i] * more[n - i + 1]).sum();
        let next = (present[0] * more[n] + from_above) / none;
        present.push(next);
        whole += next;
        in_queue.push(whole);
        arrivals *= rho / (n as f64 + 1.0);
        more.push((more[n] - arrivals).max(0.0));
    }
    Some(in_queue)
}

/// Closed network of one class (Buzen 1973): `customers`, thinking `think` on average, with stations given by their total demand a
/// cycle and number of servers. Returns the throughput, and the law of the number present at each station.
pub fn closed(customers: u32, think: f64, stations: &[(f64, u32)]) -> (f64, Vec<Vec<f64>>) {
    let n = customers as usize;
    // The greatest term is near 1: demands relative to the bottleneck's.
    let scale = stations
        .iter()
        .map(|(demand, servers)| demand / f64::from(*servers))
        .fold(think / f64::from(customers), f64::max);
    let station = |(demand, servers): &(f64, u32)| -> Vec<f64> {
        let mut terms = vec![1.0];
        for j in 1..=n {
            terms.push(terms[j - 1] * demand / scale / (j as f64).min(f64::from(*servers)));
        }
        terms
    };
    let mut thinking = vec![1.0];
    for j in 1..=n {
        thinking.push(thinking[j - 1] * think / scale / j as f64);
    }
    let convolve = |a: &[f64], b: &[f64]| -> Vec<f64> {
        (0..=n).map(|total| (0..=total).map(|j| a[j] * b[total - j]).sum()).collect()
    };
    let factors: Vec<Vec<f64>> = stations.iter().map(station).collect();
    let whole = factors.iter().fold(thinking.clone(), |product, factor| convolve(&product, factor));
    let laws = (0..factors.len())
        .map(|own| {
            let others = factors.iter().enumerate().filter(|(index, _)| *index != own);
            let rest = others.fold(thinking.clone(), |product, (_, factor)| convolve(&product, factor));
            (0..=n).map(|j| factors[own][j] * rest[n - j] / whole[n]).collect()
        })
        .collect();
    (whole[n - 1] / whole[n] / scale, laws)
}

/// A class of a closed network.
#[derive(Clone, PartialEq, Debug)]
pub struct Chain {
    /// How many customers.
    pub customers: u32,
    /// Their mean think time.
    pub think: f64,
    /// Demand a cycle at each station.
    pub demands: Vec<f64>,
}

/// Mean value analysis of a closed network of several classes and single servers (Reiser and Lavenberg 1980): throughputs by
/// class, and mean numbers present by class and station. `None` where there are too many populations to go through.
pub fn mean_value_analysis(chains: &[Chain]) -> Option<(Vec<f64>, Vec<Vec<f64>>)> {
    const MOST: usize = 1_000_000;
    let stations = chains.first()?.demands.len();
    let mut strides = Vec::new();
    let mut populations = 1usize;
    for chain in chains {
        strides.push(populations);
        populations = populations.checked_mul(chain.customers as usize + 1)?;
    }
    if populations.checked_mul(stations.max(1))? > MOST {
        return None;
    }
    // Mean number present at each station, for every population in mixed radix.
    let mut present = vec![vec![0.0; stations]; populations];
    let mut last = (vec![0.0; chains.len()], vec![vec![0.0; stations]; chains.len()]);
    for population in 1..populations {
        let mut sum = vec![0.0; stations];
        for (index, chain) in chains.iter().enumerate() {
            let own = population / strides[index] % (chain.customers as usize + 1);
            last.0[index] = 0.0;
            last.1[index] = vec![0.0; stations];
            if own == 0 {
                continue;
            }
            let before = &present[population - strides[index]];
            let times: Vec<f64> =
                chain.demands.iter().zip(before).map(|(demand, before)| demand * (1.0 + before)).collect();
            let throughput = own as f64 / (chain.think + times.iter().sum::<f64>());
            last.0[index] = throughput;
            for (station, time) in times.iter().enumerate() {
                last.1[index][station] = throughput * time;
                sum[station] += throughput * time;
            }
        }
        present[population] = sum;
    }
    Some(last)
}

/// Mean response time of a job that forks into two, each to its own M/M/1 queue of load `rho`, and waits for both (Flatto and
/// Hahn 1984; Nelson and Tantawi 1988): relative to the mean service time.
pub fn fork_of_two(rho: f64) -> f64 {
    (12.0 - rho) / 8.0 / (1.0 - rho)
}

#[cfg(test)]
mod tests {
    use super::*;
    use sim_core::law::Law;

    fn near(found: f64, expected: f64, what: &str) {
        assert!((found / expected - 1.0).abs() < 1e-9, "{what}: {found}, expected {expected}");
    }

    /// Figures from the collection of oracles, worked out by other programs.
    #[test]
    fn exponential_servers() {
        let wait = |servers, rate| ExponentialWait::mmc(servers, rate, 1.0).unwrap();
        for (servers, rate, mean, waiting_p90, response_p99) in [
            (1, 0.9, 9.0, 21.972_245_773_362_2, 46.051_701_859_880_92),
            (2, 1.6, 1.777_777_777_777_778_3, 4.904_146_265_058_633, 11.937_370_236_004_272),
            (5, 4.0, 0.554_112_554_112_554_1, 1.712_197_646_391_869_6, 6.079_662_524_508_263),
            (100, 95.0, 0.101_291_370_782_604_06, 0.324_453_789_860_058_74, 4.724_387_048_949_151_5),
        ] {
            let found = wait(servers, rate);
            near(found.mean(), mean, "mean");
            near(found.waiting_quantile(0.9), waiting_p90, "p90 of waiting");
            near(found.response_quantile(0.99), response_p99, "p99 of response");
        }
        assert_eq!(wait(1, 0.5).waiting_quantile(0.4), 0.0, "half do not wait");
        assert_eq!(ExponentialWait::mmc(2, 2.0, 1.0), None);
        near(erlang_b(1, 0.5), 1.0 / 3.0, "Erlang B");
        let law = mmck(1, 10, 1.2, 1.0);
        near(law[10], 0.192_586_495_126_806, "lost");
        near(expected(&law, |n| n), 6.710_708_678_369_198, "present");
        // Far more room than floats have exponents.
        near(mmck(1, 20_000, 2.0, 1.0)[20_000], 0.5, "lost under overload");
    }

    #[test]
    fn other_arrivals() {
        for (law, service, sigma) in [
            (Law::Deterministic { value: 1_250_000_000 }, 1.0, 0.628_629_796_496_946_2),
            (Law::hyperexponential_balanced(2e9, 4.0), 1.0, 0.683_772_233_983_162),
            // Every second job of a Poisson stream of rate 1.8.
            (Law::Erlang { shape: 2, mean: 1e9 / 0.9 }, 1.0, 0.868_217_893_672_362_7),
        ] {
            let gaps = Sizes::new(&law, 1e-9).unwrap();
            let found = ExponentialWait::gm1(gaps.mean, |s| gaps.transform(s), service).unwrap();
            near(found.waits, sigma, "sigma");
        }
    }

    /// Harchol-Balter's integrals, evaluated by another program with errors below 1e-4.
    #[test]
    fn disciplines_by_size() {
        let bounded = Law::BoundedPareto { shape: 1.5, low: 339_589_178.252_325_04, high: 1e12 };
        for (law, rho, expected) in [
            (Law::Exponential { mean: 1e9 }, 0.9, [4.196_912_590_3, 4.051_773_204_2, 3.552_125_100_3, 10.0]),
            (
                Law::Uniform { low: 0.0, high: 2e9 },
                0.5,
                [1.541_075_080_2, 1.590_862_907_8, 1.451_019_026_7, 2.298_963_648_6],
            ),
            (
                Law::hyperexponential_balanced(1e9, 4.0),
                0.9,
                [5.700_289_341_4, 3.494_945_204_1, 3.098_500_082_5, 6.753_339_417_9],
            ),
            (
                Law::lognormal_mean_cv(1e9, 2.0),
                0.8,
                [4.483_965_411_2, 2.413_034_583_6, 2.186_489_485_2, 3.713_954_510_3],
            ),
            (bounded, 0.5, [0.0, 1.469_926_625_3, 1.402_520_756_2, 1.730_456_196_97]),
        ] {
            let sizes = Sizes::new(&law, 1e-9).unwrap();
            let found = [sjf(rho, &sizes), psjf(rho, &sizes), srtf(rho, &sizes), las(rho, &sizes)];
            for (found, expected) in found.iter().zip(expected).filter(|(_, expected)| *expected > 0.0) {
                assert!((found / expected - 1.0).abs() < 1e-5, "{law:?}: {found}, expected {expected}");
            }
        }
    }

    #[test]
    fn deterministic_service() {
        for (servers, load, waiting) in
            [(1, 0.8, 2.0), (2, 1.6, 0.903_283_879_372_386_3), (4, 3.6, 0.999_965_885_789_151_1)]
        {
            near(mdc_present(servers, load) / load - 1.0, waiting, "M/D/c");
        }
        for (rho, p, expected) in [
            (0.5, 0.9, 1.515_744_841_381_843_7),
            (0.5, 0.99, 3.336_255_957_002_204),
            (0.8, 0.5, 1.275_939_873_376_235_3),
            (0.9, 0.95, 14.128_673_830_202_128),
        ] {
            near(md1_waiting_quantile(rho, p).unwrap(), expected, "percentile");
        }
        assert_eq!(md1_waiting_quantile(0.5, 0.5), Some(0.0));
    }

    #[test]
    fn priorities() {
        let waits = cobham(0.8, &[0.2, 0.3, 0.3]);
        for (found, expected) in waits.iter().zip([1.0, 2.0, 8.0]) {
            near(*found, expected, "Cobham");
        }
        // One class is M/M/1; two equal ones together too.
        near(preemptive_priority(&[(1.0, 0.8, 0.8)])[0], 5.0, "one class");
        let two = preemptive_priority(&[(1.0, 0.4, 0.4), (1.0, 0.4, 0.4)]);
        near(f64::midpoint(two[0], two[1]), 5.0, "two classes");
    }

    #[test]
    fn closed_networks() {
        // Machine repair by hand: birth and death, five customers thinking 5, one server.
        let law = birth_death(&[1.0, 0.8, 0.6, 0.4, 0.2], &[1.0; 5]);
        let (throughput, present) = closed(5, 5.0, &[(1.0, 1)]);
        near(throughput, 1.0 - law[0], "throughput");
        near(expected(&present[0], |n| n), expected(&law, |n| n), "present");
        let chain = |customers, demands: [f64; 3]| Chain { customers, think: 0.0, demands: demands.to_vec() };
        let chains = [chain(3, [0.105, 0.18, 0.0]), chain(2, [0.375, 0.48, 0.24])];
        let (throughputs, _) = mean_value_analysis(&chains).unwrap();
        near(3.0 / throughputs[0], 0.874_735_590_432_924, "class one");
        near(2.0 / throughputs[1], 2.873_652_215_554_424_4, "class two");
        // One class both ways.
        let one = [Chain { customers: 20, think: 3.0, demands: vec![0.5, 0.9] }];
        let (by_analysis, _) = mean_value_analysis(&one).unwrap();
        near(closed(20, 3.0, &[(0.5, 1), (0.9, 1)]).0, by_analysis[0], "two algorithms");
        // A thousand customers overflow nothing.
        near(closed(1_000, 3.0, &[(0.5, 1), (0.9, 2)]).0, 2.0, "saturated");
    }
}
