//! Estimators against known answers, and the interval engine against the truth.

use experiments::stats::difference::{holm, paired, welch};
use experiments::stats::select::ocba;
use experiments::stats::sequential::{adjusted, replications_needed};
use experiments::stats::series::{batch_means, lag_one, mser5, welch_plot};
use experiments::stats::{mean, student, variance};
use rand::{RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

fn close(found: f64, expected: f64) {
    assert!(
        (found - expected).abs() <= 1e-12 * expected.abs().max(1.0),
        "found {found}, expected {expected}"
    );
}

/// The rule d* = argmin (1/(k-d)^2) sum of squares (White 1997) on a made-up series with a decaying start.
/// Case `mser5` of the collection of oracles.
#[test]
fn mser5_cuts_the_start() {
    let series: Vec<f64> = (0..400u32)
        .map(|i| {
            let x = 5.0 * libm::exp(-f64::from(i) / 20.0) + f64::from((7919 * i) % 101) / 101.0 - 0.5;
            (x * 1e6).round() / 1e6
        })
        .collect();
    let cut = mser5(&series).unwrap();
    assert_eq!((cut.batches, cut.values, cut.at_limit), (13, 65, false));
    close(mean(&series[65..]).unwrap(), 0.006_501_886_567_164_179);
    close(mean(&series).unwrap(), 0.251_450_602_499_999_95);
}

#[test]
fn mser5_says_when_a_series_is_too_short() {
    let ramp: Vec<f64> = (0..200u32).map(f64::from).collect();
    assert!(mser5(&ramp).unwrap().at_limit);
    assert_eq!(mser5(&ramp[..49]), None, "nine batches say nothing");
    let flat = vec![1.0; 200];
    assert_eq!(mser5(&flat).map(|cut| cut.batches), Some(0), "the least cut on ties");
}

/// Law, Simulation Modeling and Analysis, 5th ed., 9.4.1: t s / sqrt(n) / |mean| <= gamma / (1 + gamma).
/// Case `sequential-stop`.
#[test]
fn sequential_stopping() {
    close(adjusted(0.05), 0.047_619_047_619_047_616);
    assert_eq!(replications_needed(10, 10.0, 3.0, 0.05, 0.95), Some(155));
    assert_eq!(replications_needed(10, 0.0, 3.0, 0.05, 0.95), None, "no relative precision around zero");
    assert_eq!(replications_needed(10, 10.0, 0.0, 0.05, 0.95), Some(10));
}

/// Chen et al. 2000, minimizing, with the fractions worked out from their formula.
/// Case `ocba`.
#[test]
fn ocba_fractions() {
    let fractions = ocba(&[1.0, 1.2, 1.5, 2.0], &[1.0, 1.0, 1.0, 2.0]).unwrap();
    let expected = [
        0.434_901_028_259_503_16,
        0.428_105_281_621_588_5,
        0.068_496_845_059_454_12,
        0.068_496_845_059_454_12,
    ];
    for (found, expected) in fractions.into_iter().zip(expected) {
        close(found, expected);
    }
    assert_eq!(ocba(&[1.0, 2.0], &[0.0, 1.0]), None);
    let tied = ocba(&[1.0, 1.0, 5.0], &[1.0, 1.0, 1.0]).unwrap();
    assert!(tied[0] > 0.49 && tied[1] > 0.49, "{tied:?}");
}

/// Half widths at 95 % for five pairs, by the textbook formulas (paired t, df 4; Welch, df by Satterthwaite).
/// Case `welch-paired`.
#[test]
fn paired_is_narrower_than_welch_where_pairs_belong_together() {
    let (a, b) = ([5.1, 4.9, 6.0, 5.5, 5.8], [4.8, 4.5, 5.9, 5.1, 5.4]);
    let pairs = paired(&a, &b, 0.95).unwrap();
    close(pairs.interval.mean, 0.32);
    close(pairs.interval.half_width, 0.161_893_178_470_870_56);
    close(welch(&a, &b, 0.95).unwrap().interval.half_width, 0.736_788_922_597_014_1);
    assert!(pairs.p < 0.01);
    assert_eq!(paired(&a, &a, 0.95).map(|d| d.p), Some(1.0));
    let shifted = a.map(|value| value + 1.0);
    assert!(paired(&shifted, &a, 0.95).unwrap().p < 1e-9);
}

/// Var(A - B) = V1 + V2 - 2 rho sqrt(V1 V2): what common random numbers save, measured.
/// Case `crn-variance`.
#[test]
fn common_random_numbers_reduce_the_variance_of_differences() {
    let expected: f64 = 4.0 + 5.0 - 2.0 * 0.9 * 20f64.sqrt();
    close(expected, 0.950_155_281_000_755_6);
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(1);
    let differences: Vec<f64> = (0..200_000)
        .map(|_| {
            let (common, own) = (normal(&mut rng), normal(&mut rng));
            2.0 * common - 5f64.sqrt() * (0.9 * common + 0.19f64.sqrt() * own)
        })
        .collect();
    let found = variance(&differences).unwrap();
    assert!((found / expected - 1.0).abs() < 0.02, "{found}");
}

/// The example of Holm (1979): the least p is multiplied by the number of tests, and order is kept.
#[test]
fn holm_corrects_step_by_step() {
    for (p, expected) in [
        (vec![0.01, 0.04, 0.03], vec![0.03, 0.06, 0.06]),
        (vec![0.5], vec![0.5]),
        (vec![0.9, 0.8], vec![1.0, 1.0]),
        (vec![], vec![]),
    ] {
        let found = holm(&p);
        assert!(found.iter().zip(&expected).all(|(a, b)| (a - b).abs() < 1e-12), "{p:?}: {found:?}");
    }
}

/// The variance of the mean of an AR(1) series with phi 0.9 over 10 000 points is 0.00999, nineteen times what
/// independent points would have; batch means see it.
/// Case `ar1-mean-variance`.
#[test]
fn batch_means_see_correlation() {
    let mut widths = Vec::new();
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(7);
    for _ in 0..60 {
        let mut x = normal(&mut rng) / 0.19f64.sqrt();
        let series: Vec<f64> = (0..10_000)
            .map(|_| {
                x = 0.9 * x + normal(&mut rng);
                x
            })
            .collect();
        let t = student::quantile_two_sided(0.05, 19.0);
        let half = batch_means(&series, 20, 0.95).unwrap().half_width;
        widths.push((half / t) * (half / t));
    }
    let found = student::interval(&widths, 0.9999).unwrap();
    let truth = 0.009_990_526_315_789_477;
    assert!((found.mean - truth).abs() < found.half_width + 0.05 * truth, "{found:?}");
    assert!(found.mean > 10.0 * 0.000_526_3, "far from what independence would give: {found:?}");
}

/// Three series of five, by hand: means 2 4 6 8 10; a window of one takes the mean alone, then three of them.
#[test]
fn welch_plots_moving_averages() {
    let series = vec![
        vec![1.0, 3.0, 5.0, 7.0, 9.0],
        vec![2.0, 4.0, 6.0, 8.0, 10.0],
        vec![3.0, 5.0, 7.0, 9.0, 11.0, 13.0],
    ];
    assert_eq!(welch_plot(&series, 0).len(), 5);
    assert_eq!(welch_plot(&series, 1), [(2.0, 2.0), (4.0, 4.0), (6.0, 6.0), (8.0, 8.0)]);
    let uneven = vec![vec![9.0, 0.0, 3.0, 0.0, 3.0]];
    assert_eq!(welch_plot(&uneven, 1), [(9.0, 9.0), (0.0, 4.0), (3.0, 1.0), (0.0, 2.0)]);
    assert_eq!(welch_plot(&[], 3), []);
}

#[test]
fn neighbors_that_are_alike_are_seen() {
    assert_eq!(lag_one(&[1.0, -1.0, 1.0, -1.0]), Some(-0.75));
    assert_eq!(lag_one(&[-1.0, -1.0, 1.0, 1.0]), Some(0.25));
    assert_eq!((lag_one(&[1.0, 1.0, 1.0]), lag_one(&[1.0, 2.0])), (None, None));
}

/// Of 2000 intervals at 95 % about 1900 must cover the truth (4 standard errors: 39); at half the width far fewer do.
#[test]
fn intervals_cover_as_often_as_they_say() {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(3);
    let (mut covered, mut halved) = (0, 0);
    for _ in 0..2_000 {
        let values: Vec<f64> = (0..10).map(|_| 5.0 + normal(&mut rng)).collect();
        let found = student::interval(&values, 0.95).unwrap();
        covered += i32::from((found.mean - 5.0).abs() <= found.half_width);
        halved += i32::from((found.mean - 5.0).abs() <= found.half_width / 2.0);
    }
    assert!((1_861..=1_939).contains(&covered), "{covered} of 2000 cover");
    assert!(halved < 1_861, "{halved} of 2000 cover at half the width");
}

/// Box and Muller's method, through libm.
fn normal(rng: &mut Xoshiro256PlusPlus) -> f64 {
    let radius = (-2.0 * libm::log(1.0 - rng.random::<f64>())).sqrt();
    radius * libm::cos(2.0 * std::f64::consts::PI * rng.random::<f64>())
}
