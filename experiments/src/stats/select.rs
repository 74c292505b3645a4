//! How to spend replications when looking for the best of many alternatives.

use super::student::p_two_sided;
use super::{mean, variance};

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

/// A lower bound on the probability that the alternative with the least mean really has it, or is within `margin` of it.
///
/// `columns` are the replications of each alternative, of any lengths of at least two; those of the same place met the same
/// random numbers. By Bonferroni's inequality it is at least 1 minus the sum of the probabilities that another is better by
/// more than the margin, each from Student's t of the difference of means in the standard error
/// s_i^2/n_i + s_b^2/n_b - 2 m c/(n_i n_b), where c is the covariance over the m replications that both have, and with m - 1
/// degrees of freedom. 0 where a column is too short.
///
/// Source: Chen and Lee, Stochastic Simulation Optimization, 2011, 3.2 (APCS-B), with the covariance that common random numbers
/// leave.
pub fn probability_of_correct_selection(columns: &[Vec<f64>], margin: f64) -> f64 {
    let Some(means) = columns.iter().map(|column| mean(column)).collect::<Option<Vec<f64>>>() else {
        return 0.0;
    };
    let Some(best) = (0..means.len()).min_by(|a, b| means[*a].total_cmp(&means[*b])) else { return 0.0 };
    let others = (0..means.len()).filter(|index| *index != best);
    let wrong: f64 = others
        .map(|index| {
            let distance = means[index] - means[best] + margin;
            let (a, b) = (&columns[index], &columns[best]);
            let common = a.len().min(b.len());
            let (Some(va), Some(vb), true) = (variance(a), variance(b), common >= 2) else { return 1.0 };
            let (na, nb) = (a.len() as f64, b.len() as f64);
            let shared = covariance(&a[..common], &b[..common]) * common as f64;
            let error = (va / na + vb / nb - 2.0 * shared / (na * nb)).max(0.0).sqrt();
            if distance <= 0.0 {
                0.5
            } else if error == 0.0 {
                0.0
            } else {
                p_two_sided(distance / error, (common - 1) as f64) / 2.0
            }
        })
        .sum();
    (1.0 - wrong).max(0.0)
}

/// The sample covariance of pairs; at least two.
fn covariance(a: &[f64], b: &[f64]) -> f64 {
    let n = a.len() as f64;
    let (mean_a, mean_b) = (a.iter().sum::<f64>() / n, b.iter().sum::<f64>() / n);
    a.iter().zip(b).map(|(a, b)| (a - mean_a) * (b - mean_b)).sum::<f64>() / (n - 1.0)
}

/// How `more` further replications are to be spread by [`ocba`] over alternatives that have `counts` so far: one at a time to
/// whoever lacks most of its part of the new total, the first of these on ties. Alternatives that do not vary count as
/// varying a billionth as much as the one that varies most; where none does, nobody gets any.
pub fn spread(means: &[f64], deviations: &[f64], counts: &[u32], more: u32) -> Vec<u32> {
    let mut given = vec![0; counts.len()];
    let most = deviations.iter().copied().fold(0.0, f64::max);
    let varied: Vec<f64> = deviations.iter().map(|deviation| deviation.max(most * 1e-9)).collect();
    let Some(fractions) = ocba(means, &varied) else { return given };
    let total = f64::from(counts.iter().sum::<u32>() + more);
    for _ in 0..more {
        let lacks = |index: &usize| fractions[*index] * total - f64::from(counts[*index] + given[*index]);
        if let Some(index) = (0..counts.len()).rev().max_by(|a, b| lacks(a).total_cmp(&lacks(b))) {
            given[index] += 1;
        }
    }
    given
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replications_go_where_they_tell_most() {
        // The fractions of the case are 0.43, 0.43, 0.07, 0.07: of 100, 43 43 7 7, of which 10 each are there.
        let (means, deviations) = ([1.0, 1.2, 1.5, 2.0], [1.0, 1.0, 1.0, 2.0]);
        assert_eq!(spread(&means, &deviations, &[10; 4], 60), [30, 30, 0, 0]);
        assert_eq!(spread(&means, &deviations, &[5; 4], 80), [38, 38, 2, 2]);
        assert_eq!(spread(&means, &[0.0; 4], &[5; 4], 80), [0; 4], "nothing varies");
    }

    #[test]
    fn common_random_numbers_make_a_selection_surer() {
        let noise = [3.0, -1.0, 4.0, -1.0, 5.0, -9.0, 2.0, -6.0];
        let a: Vec<f64> = noise.iter().map(|value| 10.0 + value).collect();
        // The same noise, nearly: one larger, and a little of its own.
        let b: Vec<f64> =
            noise.iter().zip([0.1, -0.1].iter().cycle()).map(|(v, own)| 11.0 + v + own).collect();
        let mut turned = b.clone();
        turned.reverse();
        let paired = probability_of_correct_selection(&[a.clone(), b], 0.0);
        let apart = probability_of_correct_selection(&[a.clone(), turned], 0.0);
        assert!(paired > 0.999_9 && apart < 0.8, "{paired} {apart}");
        // By hand: equal columns cannot be told apart; a margin makes either good enough.
        assert_eq!(probability_of_correct_selection(&[a.clone(), a.clone()], 0.0), 0.5);
        assert_eq!(probability_of_correct_selection(&[a.clone(), a.clone()], 0.1), 1.0);
        assert_eq!(probability_of_correct_selection(&[a, vec![1.0]], 0.0), 0.0);
    }
}
