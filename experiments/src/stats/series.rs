//! Series in the order of time: the end of the warm-up, and one long run in batches.

use super::student::{self, Interval};

/// Series of fewer batches than this have no warm-up that could be seen.
const LEAST_BATCHES: usize = 10;

/// Where MSER cuts a series.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Cut {
    /// Batches cut off.
    pub batches: usize,
    /// Values cut off.
    pub values: usize,
    /// Whether the least error lies where the search had to end (half of the series): it is too short to tell.
    pub at_limit: bool,
}

/// MSER-5: cuts off as many batches of five values as make the standard error of the rest least.
///
/// Over batch means Y of k batches, the d <= k/2 with the least sum over j > d of (Y_j - mean)^2 / (k - d)^2, the least
/// such d on ties. A last batch that is not full is left out. `None` of fewer than ten batches, which say nothing.
///
/// Source: White, An effective truncation heuristic for bias reduction in simulation output, Simulation 69 (1997); batches
/// of five by White, Cobb and Spratt (2000).
pub fn mser5(values: &[f64]) -> Option<Cut> {
    let means: Vec<f64> = values.chunks_exact(5).map(|batch| batch.iter().sum::<f64>() / 5.0).collect();
    let (batches, at_limit) = mser(&means)?;
    Some(Cut { batches, values: batches * 5, at_limit })
}

/// MSER on batch means: how many to cut off, and whether that is the limit of the search.
pub(crate) fn mser(means: &[f64]) -> Option<(usize, bool)> {
    let k = means.len();
    if k < LEAST_BATCHES {
        return None;
    }
    let limit = k / 2;
    let mut best = (f64::INFINITY, 0);
    // From the back, one more batch at a time (Welford's update), so that all cuts take one pass.
    let (mut mean, mut squares) = (0.0, 0.0);
    for d in (0..k).rev() {
        let n = (k - d) as f64;
        let delta = means[d] - mean;
        mean += delta / n;
        squares += delta * (means[d] - mean);
        let error = squares / (n * n);
        if d <= limit && error <= best.0 {
            best = (error, d);
        }
    }
    Some((best.1, best.1 == limit))
}

/// The interval for the mean of one long, correlated series from the means of `batches` equal batches; values that do not
/// fill a batch are left out at the front. `None` where there are fewer than two batches or an empty one.
///
/// The batches must be much longer than the correlation reaches: ten to thirty of them are usual (Law, Simulation Modeling
/// and Analysis, 5th ed., 9.5.3).
pub fn batch_means(values: &[f64], batches: usize, confidence: f64) -> Option<Interval> {
    let size = values.len().checked_div(batches).filter(|size| *size > 0)?;
    let front = values.len() - size * batches;
    let means: Vec<f64> =
        values[front..].chunks_exact(size).map(|batch| batch.iter().sum::<f64>() / size as f64).collect();
    student::interval(&means, confidence)
}

/// The correlation of neighbors in a series; `None` of fewer than three values, or where all are equal.
pub fn lag_one(values: &[f64]) -> Option<f64> {
    if values.len() < 3 {
        return None;
    }
    let mean = super::mean(values)?;
    let squares: f64 = values.iter().map(|value| (value - mean) * (value - mean)).sum();
    let products: f64 = values.windows(2).map(|pair| (pair[0] - mean) * (pair[1] - mean)).sum();
    (squares > 0.0).then(|| products / squares)
}

/// Welch's plot: the mean of several series at each place, then its moving average over `window` places to either side;
/// near the beginning over as many to either side as there are. As long as the shortest series, less `window` places at the
/// end. The warm-up is over where the curve has become flat.
///
/// Source: Law, Simulation Modeling and Analysis, 5th ed., 9.5.1.
pub fn welch_plot(series: &[Vec<f64>], window: usize) -> Vec<(f64, f64)> {
    let length = series.iter().map(Vec::len).min().unwrap_or(0);
    let means: Vec<f64> =
        (0..length).map(|i| series.iter().map(|one| one[i]).sum::<f64>() / series.len() as f64).collect();
    (0..length.saturating_sub(window))
        .map(|i| {
            let reach = window.min(i);
            let around = &means[i - reach..=i + reach];
            (means[i], around.iter().sum::<f64>() / around.len() as f64)
        })
        .collect()
}
