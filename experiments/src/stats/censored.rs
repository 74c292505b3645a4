//! Means and percentiles of durations of which some are not over: all that is known of these is that they are longer than so much.
//!
//! The **lower** value takes what is not over at its age so far; no sample in which everything is over could have a lower one.
//! The **likely** one is that of the product limit (Kaplan and Meier, Nonparametric estimation from incomplete observations,
//! J. Am. Stat. Assoc. 53, 1958): what was cut off at an age is spread over the durations that went on longer. It is right where
//! the end of the run has nothing to do with how long a job takes, and it does not exist where too little went on longer:
//! then nobody knows how long the rest takes.

/// What is asked of a sample.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Statistic {
    /// The mean.
    Mean,
    /// The value of nearest rank for numerator over denominator; 1 over 1 is the greatest.
    Percentile(u64, u64),
}

/// What a sample says of a statistic.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Bounds {
    /// With what is not over at its age.
    pub low: f64,
    /// By the product limit; `None` where it does not exist.
    pub high: Option<f64>,
}

/// `over` are durations with how many there are of each, ascending; `ages` those that are not over, ascending. `None` where there
/// is neither.
pub fn bounds(over: &[(u64, u64)], ages: &[u64], statistic: Statistic) -> Option<Bounds> {
    let done: u64 = over.iter().map(|(_, n)| n).sum();
    let all = done + ages.len() as u64;
    if all == 0 {
        return None;
    }
    let low = match statistic {
        Statistic::Mean => {
            let sum: u128 = over.iter().map(|(value, n)| u128::from(*value) * u128::from(*n)).sum();
            let rest: u128 = ages.iter().map(|age| u128::from(*age)).sum();
            (sum + rest) as f64 / all as f64
        }
        Statistic::Percentile(numerator, denominator) => {
            let rank = (u128::from(all) * u128::from(numerator)).div_ceil(u128::from(denominator)).max(1);
            at_rank(over, ages, rank as u64) as f64
        }
    };
    Some(Bounds { low, high: product_limit(over, ages, all, statistic) })
}

/// The value of a rank of both together.
fn at_rank(over: &[(u64, u64)], ages: &[u64], rank: u64) -> u64 {
    let (mut seen, mut age) = (0, 0);
    for (value, n) in over {
        while let Some(next) = ages.get(age).filter(|next| *next < value) {
            (seen, age) = (seen + 1, age + 1);
            if seen >= rank {
                return *next;
            }
        }
        seen += n;
        if seen >= rank {
            return *value;
        }
    }
    ages.get(age + (rank - seen - 1) as usize).or(ages.last()).copied().unwrap_or(0)
}

fn product_limit(over: &[(u64, u64)], ages: &[u64], all: u64, statistic: Statistic) -> Option<f64> {
    // A part of the sample that is longer than the present value, and how many are known to be.
    let (mut survives, mut at_risk, mut age) = (1.0f64, all, 0);
    let (mut area, mut before) = (0.0f64, 0u64);
    for (value, n) in over {
        while ages.get(age).is_some_and(|next| next < value) {
            (at_risk, age) = (at_risk - 1, age + 1);
        }
        area += survives * (*value - before) as f64;
        before = *value;
        survives *= 1.0 - *n as f64 / at_risk as f64;
        at_risk -= n;
        if let Statistic::Percentile(numerator, denominator) = statistic {
            let rest = 1.0 - numerator as f64 / denominator as f64;
            if numerator < denominator && survives <= rest + 1e-12 {
                return Some(*value as f64);
            }
        }
    }
    // Whether nothing went on longer than the longest that is over.
    let ends = age == ages.len() && !over.is_empty();
    match statistic {
        Statistic::Mean => ends.then_some(area),
        Statistic::Percentile(..) => over.last().filter(|_| ends).map(|(value, _)| *value as f64),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const P90: Statistic = Statistic::Percentile(9, 10);
    const MAX: Statistic = Statistic::Percentile(1, 1);

    #[test]
    fn without_anything_open_it_is_the_sample_itself() {
        let over: Vec<(u64, u64)> = (1..=10).map(|value| (value, 1)).collect();
        for (statistic, value) in
            [(Statistic::Mean, 5.5), (P90, 9.0), (MAX, 10.0), (Statistic::Percentile(1, 2), 5.0)]
        {
            let found = bounds(&over, &[], statistic).unwrap();
            assert!((found.low - value).abs() < 1e-12, "{statistic:?}: {found:?}");
            assert!((found.high.unwrap() - value).abs() < 1e-9, "{statistic:?}: {found:?}");
        }
        assert_eq!(bounds(&[], &[], MAX), None);
    }

    /// Kaplan and Meier's own example: losses among deaths. Times 0.8, 3.1, 5.4, 9.2 are deaths; 1.0, 2.7, 7.0, 12.1 are losses.
    #[test]
    fn the_product_limit_is_that_of_its_paper() {
        let (over, ages) = ([(8, 1), (31, 1), (54, 1), (92, 1)], [10, 27, 70, 121]);
        // P = 7/8, 7/8 4/5 = 0.70, 0.70 3/4 = 0.525, 0.525 1/2 = 0.2625.
        for (p, high) in [((1, 10), Some(8.0)), ((3, 10), Some(31.0)), ((1, 2), Some(92.0)), ((8, 10), None)]
        {
            let found = bounds(&over, &ages, Statistic::Percentile(p.0, p.1)).unwrap();
            assert_eq!(found.high, high, "{p:?}");
        }
        // The last one is a loss: no mean, no greatest value; at least those of the ages.
        let mean = bounds(&over, &ages, Statistic::Mean).unwrap();
        assert_eq!((mean.low, mean.high), (413.0 / 8.0, None));
        assert_eq!(bounds(&over, &ages, MAX).unwrap(), Bounds { low: 121.0, high: None });
    }

    #[test]
    fn what_was_cut_off_young_changes_little_and_what_waits_for_ever_decides() {
        let over: Vec<(u64, u64)> = (1..=100).map(|value| (value, 1)).collect();
        let young = bounds(&over, &[1, 2, 3], P90).unwrap();
        assert!(young.low >= 88.0 && young.high.unwrap() <= 91.0, "{young:?}");
        let old: Vec<u64> = (0..20).map(|k| 1_000 + k).collect();
        let stuck = bounds(&over, &old, P90).unwrap();
        assert_eq!(stuck, Bounds { low: 1_007.0, high: None });
    }
}
