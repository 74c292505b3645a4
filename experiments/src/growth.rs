//! Whether the number of jobs in a system still rises when its arrivals end: found from the run alone, for what no model says.
//!
//! Let N(k) be the jobs in the system at K equally spaced releases ([`Levels`]) and D(k) = N(k) - N(k-1), with N(0) = 0. A station that can
//! just keep up (load 1) is the worst case of one that does: there N is a random walk that is reflected at zero, and
//!
//! ```text
//! T = N(K) / (s sqrt K),   s the deviation of the D(k)
//! ```
//!
//! is about the size of a standard normal variable. The number rises where T is beyond the quantile of Student's t at which that happens once in
//! a thousand runs, and where it has risen in the second half too: the sum of its D is more than 1.75 of their standard errors. Below load
//! 1 the increments of a queue that comes and goes undo each other, T is far smaller, and the rate of false alarms with it:
//! none in 2000 runs of M/M/1 at .95 of any length (`tests/it/overload.rs`). A system that only fills up, such as one that
//! begins empty with many servers, is flat in its second half. Source: the random walk of heavy traffic, Kingman, On queues
//! in heavy traffic, J. R. Statist. Soc. B 24 (1962); T is the usual t statistic of a drift.

use crate::stats::student::quantile_two_sided;
use crate::stats::variance;
use sim_core::measure::Levels;

/// False alarms at load 1, the worst case.
const ALARMS: f64 = 0.001;
/// Standard errors by which the second half must rise.
const SECOND: f64 = 1.75;
/// Points without which nothing is said.
const LEAST: usize = Levels::MOST / 2;
/// Jobs at the end without which there is nothing to speak of.
const LEAST_JOBS: u64 = 10;

/// A number of jobs that rises.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Growth {
    /// Jobs in the system after half of the releases.
    pub half: u64,
    /// Jobs in the system at the last one that was looked at.
    pub end: u64,
}

/// What was found, where the number rises.
pub fn growth(levels: &Levels) -> Option<Growth> {
    let present = &levels.present;
    let count = present.len();
    if count < LEAST {
        return None;
    }
    let (half, end) = (present[count / 2 - 1], present[count - 1]);
    if end < LEAST_JOBS || end <= half {
        return None;
    }
    let before = std::iter::once(&0).chain(present);
    let steps: Vec<f64> =
        present.iter().zip(before).map(|(now, before)| *now as f64 - *before as f64).collect();
    let size = |rise: f64, steps: &[f64]| {
        let deviation = variance(steps).unwrap_or(0.0).sqrt() * (steps.len() as f64).sqrt();
        // Steps that are all alike have nothing to do with chance.
        if deviation > 0.0 { rise / deviation } else { f64::INFINITY }
    };
    let limit = quantile_two_sided(2.0 * ALARMS, (count - 1) as f64);
    let rises = size(end as f64, &steps) > limit && size((end - half) as f64, &steps[count / 2..]) > SECOND;
    rises.then_some(Growth { half, end })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn levels(present: impl Iterator<Item = u64>) -> Levels {
        Levels { step: 100, present: present.collect() }
    }

    #[test]
    fn a_rise_is_told_from_coming_and_going() {
        let found = |present: Vec<u64>| growth(&levels(present.into_iter()));
        for (what, present, rises) in [
            ("straight", (1..=40).map(|k| 10 * k).collect::<Vec<u64>>(), true),
            ("straight with noise", (1..=40).map(|k| 10 * k + (k * 7) % 13).collect(), true),
            ("too few points", (1..=20).map(|k| 10 * k).collect(), false),
            ("flat", vec![30; 40], false),
            ("comes and goes", (1..=40).map(|k| (k * 37) % 50).collect(), false),
            ("fills up and stays", (1..=40).map(|k| 200.min(20 * k) + (k * 7) % 3).collect(), false),
            ("a handful", (1..=40).map(|k| k / 5).collect(), false),
            ("was higher", (1..=40).map(|k| 400 - 9 * k).collect(), false),
        ] {
            assert_eq!(found(present).is_some(), rises, "{what}");
        }
        let growth = found((1..=40).map(|k| 10 * k).collect());
        assert_eq!(growth, Some(Growth { half: 200, end: 400 }));
    }
}
