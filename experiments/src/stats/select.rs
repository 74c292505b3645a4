//! How to spend replications when looking for the best of many alternatives.

/// OCBA: the fractions of a budget of replications that make it likeliest to pick the alternative with the least mean.
///
/// With b the best and d_i the distance of alternative i from it: N_i / N_j = (s_i d_j / (s_j d_i))^2 and
/// N_b = s_b sqrt(sum over i of N_i^2 / s_i^2). The best is the one with the least mean, the first of them on ties; others
/// as good as it count as 10^-12 of the spread away. `None` of fewer than two alternatives, of lists that differ in length,
/// and where a deviation is not positive and finite.
///
/// Source: Chen, Lin, Yucesan, Chick, Simulation budget allocation for further enhancing the efficiency of ordinal
/// optimization, Discrete Event Dynamic Systems 10 (2000).
pub fn ocba(means: &[f64], deviations: &[f64]) -> Option<Vec<f64>> {
    let valid = |deviation: &f64| *deviation > 0.0 && deviation.is_finite();
    if means.len() < 2 || means.len() != deviations.len() || !deviations.iter().all(valid) {
        return None;
    }
    let best = (0..means.len()).min_by(|a, b| means[*a].total_cmp(&means[*b]))?;
    let spread = means.iter().map(|mean| mean - means[best]).fold(0.0, f64::max);
    let least = if spread > 0.0 { spread * 1e-12 } else { 1.0 };
    let mut weights: Vec<f64> = means
        .iter()
        .zip(deviations)
        .map(|(mean, s)| {
            let ratio = s / (mean - means[best]).max(least);
            ratio * ratio
        })
        .collect();
    let others = (0..means.len()).filter(|i| *i != best);
    let sum: f64 = others.map(|i| weights[i] * weights[i] / (deviations[i] * deviations[i])).sum();
    weights[best] = deviations[best] * sum.sqrt();
    let total: f64 = weights.iter().sum();
    Some(weights.into_iter().map(|weight| weight / total).collect())
}
