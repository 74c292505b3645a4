//! As many replications as a given precision takes.

use crate::condition::Subject;
use crate::run::Replications;
use crate::stats::sequential::{is_precise, replications_needed};
use crate::stats::{mean, student, variance};

/// When there are enough replications: each named number has an interval whose half width is at most gamma / (1 + gamma) of
/// its mean, so that the relative error is at most gamma (Law, Simulation Modeling and Analysis, 5th ed., 9.4.1).
///
/// Replications come in batches. After each the rule is checked, and the next one is as large as the spread so far calls for,
/// but at least a tenth and at most the whole of what there is: few looks at the data, which each cost coverage, and few
/// replications too many. Sizes of batches depend on values alone, never on threads.
#[derive(Clone, PartialEq, Debug)]
pub struct Precision {
    /// The relative error, gamma, in (0, 1).
    pub relative: f64,
    /// The numbers that must be this precise.
    pub subjects: Vec<Subject>,
    /// Replications of the first batch, at least 2.
    pub least: u32,
    /// Replications that are not exceeded.
    pub most: u32,
}

/// Least number of replications before the rule is first checked, unless asked otherwise: a variance from fewer is a guess.
pub const LEAST_REPLICATIONS: u32 = 10;
/// Replications that are not exceeded unless asked otherwise.
pub const MOST_REPLICATIONS: u32 = 200;

impl Precision {
    /// How many replications there should be next; `None` where there are enough, or as many as there may be, or where more
    /// would not help since nothing was measured.
    pub fn next(&self, replications: &Replications<'_>, confidence: f64) -> Option<u32> {
        let done = replications.done();
        if done >= self.most {
            return None;
        }
        let needed = |subject| match self.found(replications, subject, confidence) {
            Found::Precise | Found::Nothing => None,
            Found::Imprecise { needed, .. } => Some(needed.unwrap_or(u64::from(self.most))),
        };
        let needed = self.subjects.iter().filter_map(needed).max()?;
        let (low, high) = (done + done.div_ceil(10), done.saturating_mul(2));
        let next = u32::try_from(needed).unwrap_or(u32::MAX).clamp(low, high.max(low));
        Some(next.min(self.most))
    }

    /// What was not reached, a sentence without a full stop for each number; empty where everything was.
    pub fn shortfalls(&self, replications: &Replications<'_>, confidence: f64) -> Vec<String> {
        let done = replications.done();
        let mut said = Vec::new();
        for subject in &self.subjects {
            match self.found(replications, subject, confidence) {
                Found::Precise => {}
                Found::Nothing => {
                    said.push(format!("{subject} has no precision: nothing was measured"));
                }
                Found::Imprecise { share, needed } => {
                    // The share of the mean that stands for a relative error.
                    let known = if share < 0.5 {
                        format!("to {:.2} %", share / (1.0 - share) * 100.0)
                    } else {
                        "to no better than 100 %".to_owned()
                    };
                    let cure = match needed {
                        Some(needed) => format!("about {needed} are needed"),
                        None => {
                            "its mean is about zero, where no relative precision can be reached".to_owned()
                        }
                    };
                    let asked = reports::number::estimate(self.relative * 100.0);
                    said.push(format!(
                        "{subject} is known {known} after {done} replications, not to {asked} %; {cure}"
                    ));
                }
            }
        }
        said
    }

    fn found(&self, replications: &Replications<'_>, subject: &Subject, confidence: f64) -> Found {
        let Ok(row) = subject.row(replications.keys()) else { return Found::Nothing };
        let column = replications.column(row);
        let (Some(mean), Some(variance)) = (mean(&column), variance(&column)) else { return Found::Nothing };
        let (n, deviation) = (column.len() as u64, variance.sqrt());
        if is_precise(n, mean, deviation, self.relative, confidence) {
            return Found::Precise;
        }
        let t = student::quantile_two_sided(1.0 - confidence, (n - 1) as f64);
        let share = t * deviation / (n as f64).sqrt() / mean.abs();
        let needed = replications_needed(n, mean, deviation, self.relative, confidence);
        // Where replications lack the number, more of them are needed.
        let done = u64::from(replications.done());
        let needed = needed.map(|needed| needed.saturating_mul(done).div_ceil(n));
        Found::Imprecise { share, needed }
    }
}

enum Found {
    Precise,
    Imprecise { share: f64, needed: Option<u64> },
    Nothing,
}
