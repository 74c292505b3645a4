//! The distribution of what jobs experienced: counted from the recorded jobs, up to an instant or over the whole run.

use sim_core::trace::{JobRecord, Trace};

/// What of a job is looked at.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, serde::Serialize, serde::Deserialize)]
pub enum Quantity {
    /// Completion minus arrival.
    #[default]
    Response,
    /// Response minus processor time minus blocked time.
    Waiting,
    /// First instruction minus arrival.
    FirstResponse,
}

impl Quantity {
    /// All of them.
    pub const ALL: [Quantity; 3] = [Quantity::Response, Quantity::Waiting, Quantity::FirstResponse];

    /// The key of its name.
    pub fn key(self) -> &'static str {
        match self {
            Quantity::Response => "quantity-response",
            Quantity::Waiting => "quantity-waiting",
            Quantity::FirstResponse => "quantity-first-response",
        }
    }

    fn of(self, job: &JobRecord) -> Option<u64> {
        match self {
            Quantity::Response => job.response(),
            Quantity::Waiting => job.waiting(),
            Quantity::FirstResponse => job.first_response(),
        }
        .map(|span| span.0)
    }

    /// When the value of a job is known.
    fn known_at(self, job: &JobRecord) -> Option<u64> {
        match self {
            Quantity::FirstResponse => job.first_run,
            _ => job.finish,
        }
        .map(|time| time.0)
    }
}

/// The values of all jobs that were known at `until`, sorted, in nanoseconds.
pub fn values(trace: &Trace, quantity: Quantity, until: u64) -> Vec<u64> {
    let known = |job: &&JobRecord| quantity.known_at(job).is_some_and(|at| at <= until);
    let mut found: Vec<u64> = trace.jobs.iter().filter(known).filter_map(|job| quantity.of(job)).collect();
    found.sort_unstable();
    found
}

/// A cumulative distribution as steps: value, and part of the values that are at most that; at most `points` of them.
pub fn cdf(sorted: &[u64], points: usize) -> Vec<(u64, f64)> {
    let all = sorted.len() as f64;
    let stride = sorted.len().div_ceil(points.max(1)).max(1);
    let mut steps: Vec<(u64, f64)> = Vec::new();
    for (index, value) in sorted.iter().enumerate() {
        let last = index + 1 == sorted.len();
        if (index + 1) % stride == 0 || last {
            let step = (*value, (index + 1) as f64 / all);
            match steps.last_mut() {
                Some(before) if before.0 == step.0 => *before = step,
                _ => steps.push(step),
            }
        }
    }
    steps
}

/// Counts in equal bins from the least to the greatest value: left edge and count. `bins` is at least 1.
pub fn histogram(sorted: &[u64], bins: usize) -> (u64, Vec<(u64, u64)>) {
    let (Some(least), Some(greatest)) = (sorted.first(), sorted.last()) else { return (0, Vec::new()) };
    let width = (greatest - least) / bins.max(1) as u64 + 1;
    let mut counts = vec![0u64; ((greatest - least) / width + 1) as usize];
    for value in sorted {
        counts[((value - least) / width) as usize] += 1;
    }
    let edge = |(index, count): (usize, u64)| (least + index as u64 * width, count);
    (width, counts.into_iter().enumerate().map(edge).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_distribution_ends_at_one_and_counts_everybody() {
        for values in [vec![5], vec![1, 1, 1, 9], (0..5000).map(|n| n * n % 977).collect::<Vec<u64>>()] {
            let mut values = values;
            values.sort_unstable();
            let steps = cdf(&values, 100);
            assert_eq!(steps.last().expect("some").1, 1.0);
            assert!(steps.windows(2).all(|pair| pair[0].0 < pair[1].0 && pair[0].1 < pair[1].1));
            let (_, bins) = histogram(&values, 20);
            assert_eq!(bins.iter().map(|(_, count)| count).sum::<u64>(), values.len() as u64);
            assert!(bins.len() <= 20, "{}", bins.len());
        }
        assert_eq!(histogram(&[], 5), (0, Vec::new()));
        assert!(cdf(&[], 5).is_empty());
    }
}
