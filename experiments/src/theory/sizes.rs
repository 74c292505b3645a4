//! What closed forms need to know of a law: moments up to a size, tails, transforms. In seconds.

use sim_core::law::Law;

/// A law of service times or gaps, in seconds.
#[derive(Clone, Debug)]
pub struct Sizes {
    law: Law,
    /// Seconds for one unit of the law.
    unit: f64,
    /// The mean, in seconds.
    pub mean: f64,
    /// The second moment, in seconds squared; may be infinite.
    pub second: f64,
}

/// A law up to a size x: the probability of less, and the parts of the first two moments that lie below.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Below {
    /// P(S > x).
    pub tail: f64,
    /// E[S; S <= x].
    pub first: f64,
    /// E[S^2; S <= x].
    pub second: f64,
}

impl Sizes {
    /// The law with `unit` seconds for each of its units (10^-9 for work at nominal speed). `None` where its moments have no
    /// closed form, where its mean is infinite or not positive, or where it is below a microsecond, so that rounding to whole
    /// nanoseconds would show.
    pub fn new(law: &Law, unit: f64) -> Option<Sizes> {
        const LEAST: f64 = 1e-6;
        let (mean, second) = law.moments()?;
        let sizes = Sizes { law: law.clone(), unit, mean: mean * unit, second: second * unit * unit };
        (sizes.mean.is_finite() && sizes.mean >= LEAST && !second.is_nan()).then_some(sizes)
    }

    /// Whether the law is exponential.
    pub fn is_exponential(&self) -> bool {
        match &self.law {
            Law::Exponential { .. } | Law::Erlang { shape: 1, .. } => true,
            Law::Hyperexponential { branches } => branches.len() == 1,
            _ => false,
        }
    }

    /// The only value of a deterministic law.
    pub fn only_value(&self) -> Option<f64> {
        matches!(self.law, Law::Deterministic { .. }).then_some(self.mean)
    }

    /// Whether both laws are one.
    pub fn same_mean(&self, other: &Sizes) -> bool {
        (self.mean - other.mean).abs() <= 1e-12 * self.mean
    }

    /// The law as queueing theory abbreviates it: `M`, `D`, `E2`, `H2`, else `G`.
    pub fn letter(&self) -> String {
        match &self.law {
            _ if self.is_exponential() => "M".to_owned(),
            Law::Deterministic { .. } => "D".to_owned(),
            Law::Erlang { shape, .. } => format!("E{shape}"),
            Law::Hyperexponential { branches } => format!("H{}", branches.len()),
            _ => "G".to_owned(),
        }
    }

    /// Whether [`Sizes::below`] and [`Sizes::integrate`] are there: laws with a density whose tail ends soon enough.
    pub fn has_density(&self) -> bool {
        match self.law {
            Law::Deterministic { .. }
            | Law::Empirical(_)
            | Law::NormalTruncated { .. }
            // The tail is too long for the quadrature.
            | Law::Pareto { .. } => false,
            Law::Uniform { low, high } | Law::BoundedPareto { low, high, .. } => low < high,
            Law::Lognormal { sigma, .. } => sigma > 0.0,
            _ => true,
        }
    }

    /// The law up to `x` seconds.
    pub fn below(&self, x: f64) -> Below {
        let found = below(&self.law, x / self.unit);
        Below {
            tail: found.tail,
            first: found.first * self.unit,
            second: found.second * self.unit * self.unit,
        }
    }

    /// The integral of `value(x) dx` over the support, by Gauss and Legendre's rule of 8 points on panels of equal width in
    /// log x. `value` is to fall off like the density times x^2 at the least.
    pub fn integrate(&self, value: impl Fn(f64) -> f64) -> f64 {
        const PANELS: u32 = 500;
        const NODES: [(f64, f64); 4] = [
            (0.183_434_642_495_649_8, 0.362_683_783_378_362),
            (0.525_532_409_916_329, 0.313_706_645_877_887_3),
            (0.796_666_477_413_626_7, 0.222_381_034_453_374_5),
            (0.960_289_856_497_536_3, 0.101_228_536_290_376_3),
        ];
        let (low, high) = self.range();
        let width = (high - low) / f64::from(PANELS);
        let mut sum = 0.0;
        for panel in 0..PANELS {
            let middle = low + width * (f64::from(panel) + 0.5);
            for (node, weight) in NODES {
                for side in [-1.0, 1.0] {
                    let x = libm::exp(middle + side * node * width / 2.0);
                    sum += weight * value(x) * x;
                }
            }
        }
        sum * width / 2.0
    }

    /// The density at `x` seconds, per second.
    pub fn density(&self, x: f64) -> f64 {
        density(&self.law, x / self.unit) / self.unit
    }

    /// The least size, in seconds.
    pub fn least(&self) -> f64 {
        match self.law {
            Law::Uniform { low, .. } | Law::BoundedPareto { low, .. } => low * self.unit,
            _ => 0.0,
        }
    }

    /// Logarithms of the ends of the support, in seconds, cut where nothing is left.
    fn range(&self) -> (f64, f64) {
        let (low, high) = match self.law {
            Law::Uniform { low, high } | Law::BoundedPareto { low, high, .. } => {
                (low * self.unit, high * self.unit)
            }
            _ => (0.0, f64::INFINITY),
        };
        let high = if high.is_finite() {
            high
        } else {
            let mut x = self.mean;
            while self.density(x) * x * x * x > 1e-18 * self.second {
                x *= 1.5;
            }
            x
        };
        (libm::log(low.max(self.mean * 1e-30)), libm::log(high))
    }

    /// E[exp(-s S)], the Laplace and Stieltjes transform. `None` where it is not known.
    pub fn transform(&self, s: f64) -> Option<f64> {
        let t = s * self.unit;
        Some(match &self.law {
            Law::Deterministic { value } => libm::exp(-t * *value as f64),
            Law::Exponential { mean } => 1.0 / (1.0 + t * mean),
            Law::Erlang { shape, mean } => libm::pow(1.0 + t * mean / f64::from(*shape), -f64::from(*shape)),
            Law::Gamma { shape, scale } => libm::pow(1.0 + t * scale, -shape),
            Law::Hyperexponential { branches } => branches.iter().map(|(p, m)| p / (1.0 + t * m)).sum(),
            _ if self.has_density() => self.integrate(|x| libm::exp(-s * x) * self.density(x)),
            _ => return None,
        })
    }
}

fn exponential_below(mean: f64, x: f64) -> Below {
    let tail = libm::exp(-x / mean);
    Below {
        tail,
        first: mean - tail * (x + mean),
        second: 2.0 * mean * mean - tail * (x * x + 2.0 * mean * x + 2.0 * mean * mean),
    }
}

/// In units of the law.
fn below(law: &Law, x: f64) -> Below {
    let gamma_below = |shape: f64, scale: f64| Below {
        tail: gamma_upper(shape, x / scale),
        first: shape * scale * (1.0 - gamma_upper(shape + 1.0, x / scale)),
        second: shape * (shape + 1.0) * scale * scale * (1.0 - gamma_upper(shape + 2.0, x / scale)),
    };
    match law {
        Law::Exponential { mean } => exponential_below(*mean, x),
        Law::Hyperexponential { branches } => {
            let parts = branches.iter().map(|(p, mean)| (*p, exponential_below(*mean, x)));
            parts.fold(Below { tail: 0.0, first: 0.0, second: 0.0 }, |sum, (p, part)| Below {
                tail: sum.tail + p * part.tail,
                first: sum.first + p * part.first,
                second: sum.second + p * part.second,
            })
        }
        Law::Erlang { shape, mean } => gamma_below(f64::from(*shape), mean / f64::from(*shape)),
        Law::Gamma { shape, scale } => gamma_below(*shape, *scale),
        Law::Uniform { low, high } => {
            let (x, width) = (x.clamp(*low, *high), high - low);
            Below {
                tail: (high - x) / width,
                first: (x * x - low * low) / 2.0 / width,
                second: (x * x * x - low * low * low) / 3.0 / width,
            }
        }
        Law::Lognormal { mu, sigma } => {
            let z = (libm::log(x) - mu) / sigma;
            let upper = |z: f64| libm::erfc(z / std::f64::consts::SQRT_2) / 2.0;
            let (mean, second) = law.moments().unwrap_or((f64::NAN, f64::NAN));
            Below { tail: upper(z), first: mean * upper(sigma - z), second: second * upper(2.0 * sigma - z) }
        }
        Law::Weibull { shape, scale } => {
            let y = libm::pow(x / scale, *shape);
            let (mean, second) = law.moments().unwrap_or((f64::NAN, f64::NAN));
            Below {
                tail: libm::exp(-y),
                first: mean * (1.0 - gamma_upper(1.0 + 1.0 / shape, y)),
                second: second * (1.0 - gamma_upper(1.0 + 2.0 / shape, y)),
            }
        }
        Law::BoundedPareto { shape, low, high } => {
            let (a, x) = (*shape, x.clamp(*low, *high));
            let norm = 1.0 - libm::pow(low / high, a);
            let moment = |k: f64| {
                let part = if (a - k).abs() < 1e-12 {
                    libm::log(x / low)
                } else {
                    (libm::pow(x, k - a) - libm::pow(*low, k - a)) / (k - a)
                };
                a * libm::pow(*low, a) / norm * part
            };
            let tail = (libm::pow(low / x, a) - libm::pow(low / high, a)) / norm;
            Below { tail, first: moment(1.0), second: moment(2.0) }
        }
        Law::Deterministic { .. } | Law::Pareto { .. } | Law::NormalTruncated { .. } | Law::Empirical(_) => {
            Below { tail: f64::NAN, first: f64::NAN, second: f64::NAN }
        }
    }
}

fn density(law: &Law, x: f64) -> f64 {
    let gamma_density = |shape: f64, scale: f64| {
        libm::exp((shape - 1.0) * libm::log(x / scale) - x / scale - libm::lgamma(shape)) / scale
    };
    match law {
        Law::Exponential { mean } => libm::exp(-x / mean) / mean,
        Law::Hyperexponential { branches } => {
            branches.iter().map(|(p, mean)| p * libm::exp(-x / mean) / mean).sum()
        }
        Law::Erlang { shape, mean } => gamma_density(f64::from(*shape), mean / f64::from(*shape)),
        Law::Gamma { shape, scale } => gamma_density(*shape, *scale),
        Law::Uniform { low, high } => 1.0 / (high - low),
        Law::Lognormal { mu, sigma } => {
            let z = (libm::log(x) - mu) / sigma;
            libm::exp(-z * z / 2.0) / (x * sigma * (2.0 * std::f64::consts::PI).sqrt())
        }
        Law::Weibull { shape, scale } => {
            let y = libm::pow(x / scale, *shape);
            shape * y / x * libm::exp(-y)
        }
        Law::BoundedPareto { shape, low, high } => {
            shape * libm::pow(low / x, *shape) / x / (1.0 - libm::pow(low / high, *shape))
        }
        Law::Deterministic { .. } | Law::Pareto { .. } | Law::NormalTruncated { .. } | Law::Empirical(_) => {
            f64::NAN
        }
    }
}

/// The regularized upper incomplete gamma function Q(a, x), a > 0, x >= 0.
///
/// Source: NIST Handbook of Mathematical Functions, the series 8.7.1 below a + 1 and the continued fraction 8.9.2 above
/// (modified Lentz).
pub fn gamma_upper(a: f64, x: f64) -> f64 {
    if x <= 0.0 {
        return 1.0;
    }
    let front = libm::exp(a * libm::log(x) - x - libm::lgamma(a));
    if x < a + 1.0 {
        let (mut term, mut sum, mut n) = (1.0 / a, 1.0 / a, a);
        while term > sum * 1e-17 {
            n += 1.0;
            term *= x / n;
            sum += term;
        }
        return 1.0 - front * sum;
    }
    /// Keeps divisors away from zero.
    const TINY: f64 = 1e-300;
    let guard = |value: f64| if value.abs() < TINY { TINY } else { value };
    let mut b = x + 1.0 - a;
    let mut c = 1.0 / TINY;
    let mut d = 1.0 / guard(b);
    let mut result = d;
    for round in 1..10_000u32 {
        let k = f64::from(round);
        let numerator = -k * (k - a);
        b += 2.0;
        d = 1.0 / guard(numerator * d + b);
        c = guard(b + numerator / c);
        result *= d * c;
        if (d * c - 1.0).abs() < 1e-16 {
            break;
        }
    }
    front * result
}

#[cfg(test)]
mod tests {
    use super::*;

    fn laws() -> Vec<Law> {
        vec![
            Law::Exponential { mean: 2e9 },
            Law::hyperexponential_balanced(1e9, 4.0),
            Law::Erlang { shape: 3, mean: 1e9 },
            Law::Gamma { shape: 0.5, scale: 2e9 },
            Law::Gamma { shape: 7.25, scale: 1e8 },
            Law::Uniform { low: 0.0, high: 2e9 },
            Law::Uniform { low: 5e8, high: 2e9 },
            Law::lognormal_mean_cv(1e9, 2.0),
            Law::lognormal_mean_cv(1e9, 4.0),
            Law::Weibull { shape: 0.5, scale: 5e8 },
            Law::Weibull { shape: 2.0, scale: 1e9 },
            Law::BoundedPareto { shape: 1.5, low: 339_589_178.0, high: 1e12 },
            Law::BoundedPareto { shape: 2.0, low: 1e8, high: 1e11 },
        ]
    }

    /// Moments by quadrature of the density, and by what lies below a size, are those of the law.
    #[test]
    fn densities_tails_and_moments_agree() {
        for law in laws() {
            let sizes = Sizes::new(&law, 1e-9).unwrap();
            let near = |found: f64, expected: f64, what: &str| {
                assert!(
                    (found / expected - 1.0).abs() < 2e-9,
                    "{law:?}: {what} {found}, expected {expected}"
                );
            };
            near(sizes.integrate(|x| sizes.density(x)), 1.0, "probability");
            near(sizes.integrate(|x| x * sizes.density(x)), sizes.mean, "mean");
            near(sizes.integrate(|x| x * x * sizes.density(x)), sizes.second, "second moment");
            // What lies below grows by the density.
            let (at, step) = (1.3 * sizes.mean, 1e-5 * sizes.mean);
            let (low, high) = (sizes.below(at - step), sizes.below(at + step));
            let slope = |low: f64, high: f64| (high - low) / (2.0 * step);
            for (found, power) in [
                (slope(high.tail, low.tail), 0),
                (slope(low.first, high.first), 1),
                (slope(low.second, high.second), 2),
            ] {
                let expected = at.powi(power) * sizes.density(at);
                assert!((found / expected - 1.0).abs() < 1e-6, "{law:?}: {found}, expected {expected}");
            }
            let everything = sizes.below(1e9);
            near(everything.first, sizes.mean, "mean below everything");
            near(everything.second, sizes.second, "second moment below everything");
        }
    }

    #[test]
    fn transforms_agree_with_quadrature() {
        for law in laws() {
            let sizes = Sizes::new(&law, 1e-9).unwrap();
            let found = sizes.transform(0.7).unwrap();
            let other = sizes.integrate(|x| libm::exp(-0.7 * x) * sizes.density(x));
            assert!((found - other).abs() < 1e-9, "{law:?}: {found}, {other}");
        }
        let only = Sizes::new(&Law::Deterministic { value: 2_000_000_000 }, 1e-9).unwrap();
        assert!((only.transform(0.5).unwrap() - libm::exp(-1.0)).abs() < 1e-15);
    }

    /// For half integers and integers it is a finite sum: erfc, and probabilities of Poisson.
    #[test]
    fn incomplete_gamma_function() {
        for (a, x, expected) in [
            (0.5, 0.5, 0.317_310_507_862_914),
            (1.0, 1.0, 0.367_879_441_171_442),
            (2.5, 5.0, 0.075_235_246_146_512),
            (5.0, 2.0, 0.947_346_982_656_289),
            (30.0, 40.0, 0.043_228_682_151_736),
        ] {
            let found = gamma_upper(a, x);
            assert!((found - expected).abs() < 1e-13, "Q({a}, {x}) = {found}");
        }
    }
}
