//! Probability laws for gaps, sizes, think times and counts.
//!
//! A law is given in nanoseconds and sampled as a float that is rounded once, to the nearest nanosecond. All functions
//! are from the pure-Rust `libm`, so that a sample has the same bits on every machine. Exponential and normal draws
//! use the ziggurat of Marsaglia and Tsang ("The ziggurat method for generating random variables", Journal of
//! Statistical Software 5(8), 2000) with 256 layers; gamma draws use their "A simple method for generating gamma
//! variables" (ACM TOMS 26(3), 2000).

use crate::rng::{Stream, unit};
use crate::units::{nanos_round, nanos_round_positive};
use rand::Rng;
use rand::distr::Distribution;
use rand_distr::weighted::WeightedAliasIndex;
use std::sync::{Arc, OnceLock};

/// A probability law on non-negative durations (nanoseconds) or counts.
#[derive(Clone, Debug)]
pub enum Law {
    /// Always the same value.
    Deterministic {
        /// The value.
        value: u64,
    },
    /// Uniform on [low, high].
    Uniform {
        /// Least value.
        low: f64,
        /// Greatest value.
        high: f64,
    },
    /// Exponential.
    Exponential {
        /// The mean.
        mean: f64,
    },
    /// Sum of `shape` equal exponentials.
    Erlang {
        /// Number of phases.
        shape: u32,
        /// The mean of the sum.
        mean: f64,
    },
    /// One of several exponentials, by probability.
    Hyperexponential {
        /// (probability, mean); the probabilities sum to one.
        branches: Vec<(f64, f64)>,
    },
    /// exp of a normal.
    Lognormal {
        /// Mean of the logarithm (of nanoseconds).
        mu: f64,
        /// Standard deviation of the logarithm.
        sigma: f64,
    },
    /// Weibull.
    Weibull {
        /// Shape.
        shape: f64,
        /// Scale.
        scale: f64,
    },
    /// Gamma.
    Gamma {
        /// Shape.
        shape: f64,
        /// Scale.
        scale: f64,
    },
    /// Pareto on [scale, infinity).
    Pareto {
        /// Tail index.
        shape: f64,
        /// Least value.
        scale: f64,
    },
    /// Pareto cut to [low, high] (and normalized again).
    BoundedPareto {
        /// Tail index.
        shape: f64,
        /// Least value.
        low: f64,
        /// Greatest value.
        high: f64,
    },
    /// Normal, drawn again until it lies in [low, high].
    NormalTruncated {
        /// Mean of the normal before truncation.
        mean: f64,
        /// Standard deviation before truncation.
        sd: f64,
        /// Least value.
        low: f64,
        /// Greatest value; may be infinite.
        high: f64,
    },
    /// Given values with integer weights.
    Empirical(Arc<Empirical>),
}

/// Values and an alias table over their weights (Walker 1977, Vose 1991).
#[derive(Debug)]
pub struct Empirical {
    values: Vec<u64>,
    weights: Vec<u32>,
    index: WeightedAliasIndex<u32>,
}

impl Empirical {
    /// `None` where there is no value, where the lengths differ or where no weight is positive.
    pub fn new(values: Vec<u64>, weights: Vec<u32>) -> Option<Empirical> {
        if values.len() != weights.len() {
            return None;
        }
        let index = WeightedAliasIndex::new(weights.clone()).ok()?;
        Some(Empirical { values, weights, index })
    }

    fn draw(&self, stream: &mut Stream) -> u64 {
        self.values[self.index.sample(stream)]
    }

    /// The same weights on other values.
    pub(crate) fn mapped(&self, value: impl Fn(u64) -> u64) -> Empirical {
        let values = self.values.iter().map(|old| value(*old)).collect();
        Empirical { values, weights: self.weights.clone(), index: self.index.clone() }
    }
}

impl Law {
    /// Hyperexponential of two branches with the given mean and squared coefficient of variation `scv` >= 1, by
    /// balanced means: both branches contribute the same load.
    pub fn hyperexponential_balanced(mean: f64, scv: f64) -> Law {
        let p = 0.5 * (1.0 + libm::sqrt((scv - 1.0) / (scv + 1.0)));
        Law::Hyperexponential { branches: vec![(p, mean / (2.0 * p)), (1.0 - p, mean / (2.0 * (1.0 - p)))] }
    }

    /// Lognormal with the given mean and coefficient of variation.
    pub fn lognormal_mean_cv(mean: f64, cv: f64) -> Law {
        let sigma2 = libm::log1p(cv * cv);
        Law::Lognormal { mu: libm::log(mean) - sigma2 / 2.0, sigma: libm::sqrt(sigma2) }
    }

    /// [`sample`](Law::sample) for the hottest place: exponential draws with their table at hand.
    #[inline(always)]
    pub(crate) fn sample_with(&self, stream: &mut Stream, layers: &Layers) -> u64 {
        match self {
            Law::Exponential { mean } => nanos_round_positive(mean * exponential_with(stream, layers)),
            _ => self.sample_rest(stream),
        }
    }

    /// One draw, rounded to the nearest nanosecond.
    #[inline]
    pub fn sample(&self, stream: &mut Stream) -> u64 {
        match self {
            Law::Deterministic { value } => *value,
            Law::Exponential { mean } => nanos_round(mean * exponential(stream)),
            _ => self.sample_rest(stream),
        }
    }

    #[inline(never)]
    fn sample_rest(&self, stream: &mut Stream) -> u64 {
        match self {
            Law::Deterministic { value } => *value,
            Law::Empirical(table) => table.draw(stream),
            _ => nanos_round(self.draw(stream)),
        }
    }

    /// One draw, not rounded.
    pub(crate) fn draw(&self, stream: &mut Stream) -> f64 {
        match self {
            Law::Deterministic { value } => *value as f64,
            Law::Exponential { mean } => mean * exponential(stream),
            Law::Uniform { low, high } => low + (high - low) * unit(stream.next_u64()),
            Law::Erlang { shape, mean } => {
                let sum: f64 = (0..*shape).map(|_| exponential(stream)).sum();
                sum * mean / f64::from(*shape)
            }
            Law::Hyperexponential { branches } => {
                let mut u = unit(stream.next_u64());
                let mut mean = branches[branches.len() - 1].1;
                for (p, m) in branches {
                    if u < *p {
                        mean = *m;
                        break;
                    }
                    u -= p;
                }
                mean * exponential(stream)
            }
            Law::Lognormal { mu, sigma } => libm::exp(mu + sigma * normal(stream)),
            Law::Weibull { shape, scale } => scale * libm::pow(exponential(stream), 1.0 / shape),
            Law::Gamma { shape, scale } => scale * gamma(*shape, stream),
            Law::Pareto { shape, scale } => {
                let u = 1.0 - unit(stream.next_u64());
                scale * libm::pow(u, -1.0 / shape)
            }
            Law::BoundedPareto { shape, low, high } => {
                let u = unit(stream.next_u64());
                let ratio = libm::pow(low / high, *shape);
                let x = low * libm::pow(1.0 - u * (1.0 - ratio), -1.0 / shape);
                x.clamp(*low, *high)
            }
            Law::NormalTruncated { mean, sd, low, high } => loop {
                let x = mean + sd * normal(stream);
                if (*low..=*high).contains(&x) {
                    return x;
                }
            },
            Law::Empirical(table) => table.draw(stream) as f64,
        }
    }

    /// The mean, in nanoseconds; infinite for Pareto laws of index 1 or less. Truncated normals have no value here.
    pub fn mean(&self) -> Option<f64> {
        self.moments().map(|(mean, _)| mean)
    }

    /// The squared coefficient of variation (variance / mean^2), where both moments are known.
    pub fn scv(&self) -> Option<f64> {
        let (mean, second) = self.moments()?;
        Some(second / (mean * mean) - 1.0)
    }

    /// First and second moment.
    pub fn moments(&self) -> Option<(f64, f64)> {
        Some(match self {
            Law::Deterministic { value } => {
                let value = *value as f64;
                (value, value * value)
            }
            Law::Uniform { low, high } => ((low + high) / 2.0, (low * low + low * high + high * high) / 3.0),
            Law::Exponential { mean } => (*mean, 2.0 * mean * mean),
            Law::Erlang { shape, mean } => (*mean, mean * mean * (1.0 + 1.0 / f64::from(*shape))),
            Law::Hyperexponential { branches } => (
                branches.iter().map(|(p, m)| p * m).sum(),
                branches.iter().map(|(p, m)| 2.0 * p * m * m).sum(),
            ),
            Law::Lognormal { mu, sigma } => {
                let s2 = sigma * sigma;
                (libm::exp(mu + s2 / 2.0), libm::exp(2.0 * mu + 2.0 * s2))
            }
            Law::Weibull { shape, scale } => {
                (scale * libm::tgamma(1.0 + 1.0 / shape), scale * scale * libm::tgamma(1.0 + 2.0 / shape))
            }
            Law::Gamma { shape, scale } => (shape * scale, shape * (shape + 1.0) * scale * scale),
            Law::Pareto { shape, scale } => {
                let moment = |k: f64| {
                    if *shape > k { shape * libm::pow(*scale, k) / (shape - k) } else { f64::INFINITY }
                };
                (moment(1.0), moment(2.0))
            }
            Law::BoundedPareto { shape, low, high } => {
                let (a, l, h) = (*shape, *low, *high);
                let norm = a * libm::pow(l, a) / (1.0 - libm::pow(l / h, a));
                let moment = |k: f64| {
                    if (a - k).abs() < 1e-12 {
                        norm * libm::log(h / l)
                    } else {
                        norm * (libm::pow(h, k - a) - libm::pow(l, k - a)) / (k - a)
                    }
                };
                (moment(1.0), moment(2.0))
            }
            Law::NormalTruncated { .. } => return None,
            Law::Empirical(table) => {
                let total: f64 = table.weights.iter().map(|w| f64::from(*w)).sum();
                let moment = |k: i32| {
                    let sum: f64 = table
                        .values
                        .iter()
                        .zip(&table.weights)
                        .map(|(v, w)| (*v as f64).powi(k) * f64::from(*w))
                        .sum();
                    sum / total
                };
                (moment(1), moment(2))
            }
        })
    }
}

const LAYERS: usize = 256;

/// Layers of a ziggurat: `x` their right edges (0: the virtual base layer), `f` the density there.
pub(crate) struct Ziggurat {
    x: [f64; LAYERS + 1],
    f: [f64; LAYERS + 1],
}

impl Ziggurat {
    /// Layers of area `v` each under `density`, the lowest reaching to `r` and carrying the tail beyond it.
    fn new(r: f64, v: f64, density: fn(f64) -> f64, inverse: fn(f64) -> f64) -> Ziggurat {
        let mut x = [0.0; LAYERS + 1];
        let mut f = [0.0; LAYERS + 1];
        x[0] = v / density(r);
        x[1] = r;
        for i in 2..LAYERS {
            x[i] = inverse(density(x[i - 1]) + v / x[i - 1]);
        }
        x[LAYERS] = 0.0;
        for i in 0..=LAYERS {
            f[i] = density(x[i]);
        }
        Ziggurat { x, f }
    }
}

const EXPONENTIAL_R: f64 = 7.697_117_470_131_05;
const EXPONENTIAL_V: f64 = 0.003_949_659_822_581_572;
const NORMAL_R: f64 = 3.654_152_885_361_009;
const NORMAL_V: f64 = 0.004_928_673_233_974_658;

pub(crate) fn exponential_layers() -> &'static Ziggurat {
    static LAYERS: OnceLock<Ziggurat> = OnceLock::new();
    LAYERS.get_or_init(|| Ziggurat::new(EXPONENTIAL_R, EXPONENTIAL_V, |x| libm::exp(-x), |y| -libm::log(y)))
}

fn normal_layers() -> &'static Ziggurat {
    static LAYERS: OnceLock<Ziggurat> = OnceLock::new();
    LAYERS.get_or_init(|| {
        Ziggurat::new(NORMAL_R, NORMAL_V, |x| libm::exp(-0.5 * x * x), |y| libm::sqrt(-2.0 * libm::log(y)))
    })
}

/// The table of the exponential law.
pub(crate) type Layers = Ziggurat;

/// A draw from the exponential law of mean 1.
#[inline]
pub fn exponential(stream: &mut Stream) -> f64 {
    exponential_with(stream, exponential_layers())
}

/// A draw from the exponential law of mean 1 with its table at hand.
#[inline(always)]
fn exponential_with(stream: &mut Stream, layers: &Ziggurat) -> f64 {
    loop {
        let bits = stream.next_u64();
        let layer = (bits & 0xff) as usize;
        let x = unit(bits) * layers.x[layer];
        if x < layers.x[layer + 1] {
            return x;
        }
        if let Some(x) = exponential_edge(layers, layer, x, stream) {
            return x;
        }
    }
}

#[cold]
#[inline(never)]
fn exponential_edge(layers: &Ziggurat, layer: usize, x: f64, stream: &mut Stream) -> Option<f64> {
    if layer == 0 {
        return Some(EXPONENTIAL_R - libm::log(1.0 - unit(stream.next_u64())));
    }
    let y = layers.f[layer] + unit(stream.next_u64()) * (layers.f[layer + 1] - layers.f[layer]);
    (y < libm::exp(-x)).then_some(x)
}

/// A draw from the standard normal law.
#[inline]
pub fn normal(stream: &mut Stream) -> f64 {
    let layers = normal_layers();
    loop {
        let bits = stream.next_u64();
        let layer = (bits & 0xff) as usize;
        let negative = bits & 0x100 != 0;
        let x = unit(bits) * layers.x[layer];
        if x < layers.x[layer + 1] {
            return if negative { -x } else { x };
        }
        if let Some(x) = normal_edge(layers, layer, x, stream) {
            return if negative { -x } else { x };
        }
    }
}

#[cold]
fn normal_edge(layers: &Ziggurat, layer: usize, x: f64, stream: &mut Stream) -> Option<f64> {
    if layer == 0 {
        loop {
            let x = -libm::log(1.0 - unit(stream.next_u64())) / NORMAL_R;
            let y = -libm::log(1.0 - unit(stream.next_u64()));
            if 2.0 * y > x * x {
                return Some(NORMAL_R + x);
            }
        }
    }
    let y = layers.f[layer] + unit(stream.next_u64()) * (layers.f[layer + 1] - layers.f[layer]);
    (y < libm::exp(-0.5 * x * x)).then_some(x)
}

/// A draw from the gamma law of scale 1.
fn gamma(shape: f64, stream: &mut Stream) -> f64 {
    if shape < 1.0 {
        // Gamma(a) = Gamma(a + 1) * U^(1/a).
        let u = 1.0 - unit(stream.next_u64());
        return gamma(shape + 1.0, stream) * libm::pow(u, 1.0 / shape);
    }
    let d = shape - 1.0 / 3.0;
    let c = 1.0 / libm::sqrt(9.0 * d);
    loop {
        let x = normal(stream);
        let t = 1.0 + c * x;
        if t <= 0.0 {
            continue;
        }
        let v = t * t * t;
        let u = 1.0 - unit(stream.next_u64());
        if libm::log(u) < 0.5 * x * x + d - d * v + d * libm::log(v) {
            return d * v;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::StreamRoot;

    #[test]
    fn samples_have_the_moments_of_their_law() {
        const N: u32 = 400_000;
        let ms = 1e6;
        let laws = [
            Law::Deterministic { value: 5_000_000 },
            Law::Uniform { low: 0.0, high: 2.0 * ms },
            Law::Exponential { mean: ms },
            Law::Erlang { shape: 4, mean: ms },
            Law::hyperexponential_balanced(ms, 4.0),
            Law::lognormal_mean_cv(ms, 1.0),
            Law::Weibull { shape: 2.0, scale: ms },
            Law::Gamma { shape: 0.5, scale: ms },
            Law::Gamma { shape: 3.0, scale: ms },
            Law::Pareto { shape: 6.0, scale: ms },
            Law::BoundedPareto { shape: 1.5, low: ms, high: 50.0 * ms },
            Law::Empirical(Arc::new(Empirical::new(vec![1_000_000, 3_000_000], vec![3, 1]).unwrap())),
        ];
        for (i, law) in laws.iter().enumerate() {
            let mut stream = StreamRoot::new(11, 0).stream("law", &i.to_string());
            let (mut sum, mut squares) = (0.0, 0.0);
            for _ in 0..N {
                let x = law.sample(&mut stream) as f64;
                sum += x;
                squares += x * x;
            }
            let n = f64::from(N);
            let (mean, second) = law.moments().unwrap();
            let error = libm::sqrt(((second - mean * mean) / n).max(1.0));
            assert!((sum / n - mean).abs() < 4.5 * error, "{law:?}: mean {} against {mean}", sum / n);
            assert!((squares / n / second - 1.0).abs() < 0.06, "{law:?}: second moment");
            assert!((sum / n - mean * 1.05).abs() > 4.5 * error, "{law:?}: the test could not fail");
        }
    }

    #[test]
    fn ziggurats_have_the_right_tails() {
        const N: u32 = 2_000_000;
        let mut stream = StreamRoot::new(3, 0).stream("law", "tails");
        let (mut above_e, mut above_r, mut normal_3) = (0u32, 0u32, 0u32);
        for _ in 0..N {
            let x = exponential(&mut stream);
            above_e += u32::from(x > 3.0);
            above_r += u32::from(x > 8.0);
            normal_3 += u32::from(normal(&mut stream).abs() > 3.0);
        }
        for (count, p) in [
            (above_e, libm::exp(-3.0)),
            (above_r, libm::exp(-8.0)),
            (normal_3, libm::erfc(3.0 / libm::sqrt(2.0))),
        ] {
            let expected = f64::from(N) * p;
            assert!(
                (f64::from(count) - expected).abs() < 4.5 * libm::sqrt(expected),
                "{count} against {expected}"
            );
        }
    }

    #[test]
    fn truncated_normals_stay_in_bounds() {
        let law = Law::NormalTruncated { mean: 1e6, sd: 1e6, low: 0.0, high: 3e6 };
        let mut stream = StreamRoot::new(3, 0).stream("law", "normal");
        let draws: Vec<u64> = (0..10_000).map(|_| law.sample(&mut stream)).collect();
        assert!(draws.iter().all(|x| *x <= 3_000_000));
        assert!(draws.iter().any(|x| *x < 300_000) && draws.iter().any(|x| *x > 2_500_000));
    }
}
