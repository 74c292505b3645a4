//! One station and the jobs that come to it.

use super::forms::{self, ExponentialWait};
use super::shape::{Order, Station};
use super::sizes::Sizes;
use std::rc::Rc;

/// Jobs that come to a station, of one class and one priority.
#[derive(Clone, Debug)]
pub struct Inflow {
    pub class: usize,
    pub priority: i64,
    /// Jobs a second.
    pub rate: f64,
    pub sizes: Rc<Sizes>,
}

impl Inflow {
    /// Whether it is the same but for the station it comes to.
    pub fn is_like(&self, other: &Inflow) -> bool {
        (self.class, self.priority) == (other.class, other.priority)
            && self.rate.to_bits() == other.rate.to_bits()
            && Rc::ptr_eq(&self.sizes, &other.sizes)
    }
}

/// What theory says of a station.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The model in words.
    pub title: String,
    /// Where it is from.
    pub source: &'static str,
    /// Mean response time of each inflow, in seconds.
    pub responses: Vec<f64>,
    /// Response time over service time, where it is the same for all sizes.
    pub stretch: Option<f64>,
    /// Percentiles.
    pub quantiles: Quantiles,
}

/// Percentiles of waiting and response times.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Quantiles {
    /// No closed form.
    Unknown,
    /// Exponential service, first come, first served.
    Exponential(ExponentialWait),
    /// M/D/1, first come, first served: service time and load.
    Deterministic { service: f64, load: f64 },
}

impl Quantiles {
    /// Waiting and response time exceeded with probability 1 - p.
    pub fn at(&self, p: f64) -> Option<(f64, f64)> {
        match self {
            Quantiles::Unknown => None,
            Quantiles::Exponential(wait) => Some((wait.waiting_quantile(p), wait.response_quantile(p))),
            Quantiles::Deterministic { service, load } => {
                let waiting = forms::md1_waiting_quantile(*load, p)? * service;
                Some((waiting, waiting + service))
            }
        }
    }
}

/// Whether all sizes are exponential with one mean.
pub fn alike<'s>(mut sizes: impl Iterator<Item = &'s Sizes>) -> Option<f64> {
    let first = sizes.next().filter(|first| first.is_exponential())?;
    sizes.all(|other| other.is_exponential() && other.same_mean(first)).then_some(first.mean)
}

const KLEINROCK: &str = "Kleinrock, Queueing Systems 1, 1975";
const KLEINROCK_2: &str = "Kleinrock, Queueing Systems 2, 1976";
const HARCHOL: &str = "Harchol-Balter, Performance Modeling, 2013";

/// Poisson inflows to one station in the steady state; `None` where there is no closed form, or no steady state.
pub fn poisson(station: &Station, inflows: &[Inflow]) -> Option<Answer> {
    let cores = f64::from(station.cores);
    let load: f64 = inflows.iter().map(|inflow| inflow.rate * inflow.sizes.mean).sum();
    if inflows.is_empty() || load >= cores {
        return None;
    }
    match station.order {
        Order::Priority { low_first, preemptive } if several(inflows, |inflow| inflow.priority) => {
            return priority(station.cores, inflows, low_first, preemptive);
        }
        Order::Sharing => return Some(sharing(station.cores, inflows, load)),
        Order::LcfsPreemptive if station.cores == 1 => {
            let stretch = 1.0 / (1.0 - load);
            return Some(stretched(inflows, stretch, "M/G/1 LCFS, preemptive", KLEINROCK_2));
        }
        _ => {}
    }
    exponential(station, inflows)
        .or_else(|| general(station, inflows, load))
        .or_else(|| by_size(station, inflows))
}

fn several<T: PartialEq>(inflows: &[Inflow], of: impl Fn(&Inflow) -> T) -> bool {
    inflows.iter().any(|inflow| of(inflow) != of(&inflows[0]))
}

fn waiting_alike(inflows: &[Inflow], waiting: f64, title: String, source: &'static str) -> Answer {
    let responses = inflows.iter().map(|inflow| waiting + inflow.sizes.mean).collect();
    Answer { title, source, responses, stretch: None, quantiles: Quantiles::Unknown }
}

fn stretched(inflows: &[Inflow], stretch: f64, title: &str, source: &'static str) -> Answer {
    Answer {
        title: title.to_owned(),
        source,
        responses: inflows.iter().map(|inflow| stretch * inflow.sizes.mean).collect(),
        stretch: Some(stretch),
        quantiles: Quantiles::Unknown,
    }
}

/// Exponential service of one mean: whoever runs, the number present changes at the same rates.
fn exponential(station: &Station, inflows: &[Inflow]) -> Option<Answer> {
    let mean = alike(inflows.iter().map(|inflow| &*inflow.sizes))?;
    let knows_sizes = matches!(station.order, Order::Sjf | Order::Psjf | Order::Srtf | Order::Las);
    // Least attained service knows no sizes, but is told apart with them.
    if knows_sizes && station.order != Order::Las {
        return None;
    }
    let of_one_kind = !several(inflows, |inflow| inflow.class) && !several(inflows, |inflow| inflow.priority);
    let blind_to_class =
        matches!(station.order, Order::Fcfs | Order::Lcfs | Order::Siro | Order::LcfsPreemptive);
    if !of_one_kind && !blind_to_class {
        return None;
    }
    let rate = inflows.iter().map(|inflow| inflow.rate).sum();
    let wait = ExponentialWait::mmc(station.cores, rate, 1.0 / mean)?;
    let title = format!("M/M/{}{}", station.cores, suffix(station.order));
    let mut answer = waiting_alike(inflows, wait.mean(), title, KLEINROCK);
    if station.order == Order::Fcfs {
        answer.quantiles = Quantiles::Exponential(wait);
    }
    Some(answer)
}

fn suffix(order: Order) -> &'static str {
    match order {
        Order::Fcfs => "",
        Order::Lcfs => " LCFS",
        Order::Siro => " SIRO",
        Order::LcfsPreemptive => " LCFS, preemptive",
        Order::Sharing => " PS",
        Order::Sjf => " SJF",
        Order::Psjf => " PSJF",
        Order::Srtf => " SRTF",
        Order::Las | Order::Priority { .. } | Order::Blind => ", an order blind to sizes",
    }
}

/// Other laws, first come, first served or an order with the same mean.
fn general(station: &Station, inflows: &[Inflow], load: f64) -> Option<Answer> {
    let constant = inflows.iter().all(|inflow| inflow.sizes.only_value().is_some());
    let only = inflows[0].sizes.only_value();
    let only = only.filter(|_| constant && !several(inflows, |inflow| inflow.sizes.mean));
    // Jobs of one size: who looks at sizes sees no difference, and nobody has less left than a newcomer.
    let by_size = matches!(station.order, Order::Sjf | Order::Psjf | Order::Srtf) && only.is_some();
    if !by_size && !matches!(station.order, Order::Fcfs | Order::Lcfs | Order::Siro) {
        return None;
    }
    let letter = if several(inflows, |inflow| inflow.sizes.letter()) {
        "G".to_owned()
    } else {
        inflows[0].sizes.letter()
    };
    if station.cores == 1 {
        let residual: f64 = inflows.iter().map(|inflow| inflow.rate * inflow.sizes.second / 2.0).sum();
        if !residual.is_finite() {
            return None;
        }
        let waiting = forms::pollaczek_khinchine(residual, load);
        let title = format!("M/{letter}/1{}", suffix(station.order));
        let mut answer =
            waiting_alike(inflows, waiting, title, "Pollaczek 1930, Khinchine 1932; Kleinrock 1, 1975");
        if let Some(service) = only.filter(|_| station.order == Order::Fcfs) {
            answer.quantiles = Quantiles::Deterministic { service, load };
        }
        return Some(answer);
    }
    let service = only.filter(|_| station.order == Order::Fcfs && station.cores <= 10_000)?;
    let waiting = (forms::mdc_present(station.cores, load) / load - 1.0) * service;
    let title = format!("M/D/{}", station.cores);
    Some(waiting_alike(
        inflows,
        waiting,
        title,
        "Crommelin 1932; Tijms, A First Course in Stochastic Models, 2003",
    ))
}

/// The number present is that of M/M/c whatever the law of sizes, and the response to a size is proportional to it.
fn sharing(cores: u32, inflows: &[Inflow], load: f64) -> Answer {
    let stretch = 1.0 + forms::erlang_c(cores, load) / (f64::from(cores) - load);
    stretched(inflows, stretch, &format!("M/G/{cores} PS"), "Sakata, Noguchi, Oizumi 1971; Kleinrock 2, 1976")
}

fn by_size(station: &Station, inflows: &[Inflow]) -> Option<Answer> {
    let [inflow] = inflows else { return None };
    let (rate, sizes) = (inflow.rate, &inflow.sizes);
    if station.cores != 1 || !sizes.has_density() || !sizes.second.is_finite() {
        return None;
    }
    let (response, name, source) = match station.order {
        Order::Sjf => (forms::sjf(rate, sizes), "SJF", HARCHOL),
        Order::Psjf => (forms::psjf(rate, sizes), "PSJF", HARCHOL),
        Order::Srtf => (forms::srtf(rate, sizes), "SRTF", "Schrage, Miller 1966"),
        Order::Las => (forms::las(rate, sizes), "LAS", KLEINROCK_2),
        _ => return None,
    };
    Some(waiting_alike(inflows, response - sizes.mean, format!("M/{}/1 {name}", sizes.letter()), source))
}

fn priority(cores: u32, inflows: &[Inflow], low_first: bool, preemptive: bool) -> Option<Answer> {
    let rank = |inflow: &Inflow| if low_first { inflow.priority } else { -inflow.priority };
    let mut ranks: Vec<i64> = inflows.iter().map(rank).collect();
    ranks.sort_unstable();
    ranks.dedup();
    // Jobs of one priority are served as they come.
    let sum = |of: i64, value: &dyn Fn(&Inflow) -> f64| -> f64 {
        inflows.iter().filter(|inflow| rank(inflow) == of).map(value).sum()
    };
    let loads: Vec<f64> =
        ranks.iter().map(|of| sum(*of, &|inflow| inflow.rate * inflow.sizes.mean)).collect();
    let residuals: Vec<f64> =
        ranks.iter().map(|of| sum(*of, &|inflow| inflow.rate * inflow.sizes.second / 2.0)).collect();
    if !residuals.iter().all(|residual| residual.is_finite()) {
        return None;
    }
    let level = |inflow: &Inflow| ranks.iter().position(|of| *of == rank(inflow)).unwrap_or(0);
    let (responses, title, source): (Vec<f64>, String, &'static str) = if preemptive {
        if cores != 1 {
            return None;
        }
        // Service times differ within a level: what a job waits for does not.
        let levels: Vec<(f64, f64, f64)> =
            loads.iter().zip(&residuals).map(|(load, residual)| (0.0, *load, *residual)).collect();
        let waits = forms::preemptive_priority(&levels);
        let before = |level: usize| loads[..level].iter().sum::<f64>();
        let response =
            |inflow: &Inflow| waits[level(inflow)] + inflow.sizes.mean / (1.0 - before(level(inflow)));
        let title = format!("M/G/1, {} preemptive priorities", ranks.len());
        (inflows.iter().map(response).collect(), title, "Kleinrock, Queueing Systems 2, 1976, 3.4")
    } else {
        let (residual, loads, title, source) = if cores == 1 {
            let title = format!("M/G/1, {} priorities", ranks.len());
            (residuals.iter().sum::<f64>(), loads, title, "Cobham 1954")
        } else {
            let mean = alike(inflows.iter().map(|inflow| &*inflow.sizes))?;
            let load = loads.iter().sum();
            let residual = forms::erlang_c(cores, load) * mean / f64::from(cores);
            let loads = loads.iter().map(|load| load / f64::from(cores)).collect();
            (residual, loads, format!("M/M/{cores}, {} priorities", ranks.len()), "Kella, Yechiali 1985")
        };
        let waits = forms::cobham(residual, &loads);
        let responses = inflows.iter().map(|inflow| waits[level(inflow)] + inflow.sizes.mean).collect();
        (responses, title, source)
    };
    Some(Answer { title, source, responses, stretch: None, quantiles: Quantiles::Unknown })
}

/// One renewal source before one exponential server.
pub fn renewal(station: &Station, gaps: &Sizes, sizes: &Sizes) -> Option<Answer> {
    let knows_sizes = matches!(station.order, Order::Sjf | Order::Psjf | Order::Srtf);
    if station.cores != 1 || knows_sizes || !sizes.is_exponential() {
        return None;
    }
    let wait = ExponentialWait::gm1(gaps.mean, |s| gaps.transform(s), 1.0 / sizes.mean)?;
    Some(Answer {
        title: format!("{}/M/1{}", gaps.letter(), suffix(station.order)),
        source: KLEINROCK,
        responses: vec![wait.mean() + sizes.mean],
        stretch: None,
        quantiles: if station.order == Order::Fcfs {
            Quantiles::Exponential(wait)
        } else {
            Quantiles::Unknown
        },
    })
}
