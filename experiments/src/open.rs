//! What jobs that are still in the system at the end of a run leave open in its numbers, and how much a percentile is worth.

use crate::capacity::tail::Percentile;
use crate::metrics::RowKey;
use crate::stats::censored::{Bounds, Statistic, bounds};
use reports::rows::ALL;
use sim_core::measure::Measures;
use sim_core::model::Model;

/// What jobs that are still in the system leave open in a number, for one replication.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Open {
    /// How many of them there are.
    pub unfinished: u64,
    /// With these, and without.
    pub bounds: Bounds,
}

/// See [`Open`]; `None` where they leave nothing open: there are none, or the number is not one of response or waiting times.
pub fn open(model: &Model, measures: &Measures, key: &RowKey) -> Option<Open> {
    let waiting = match key.metric.def.name {
        "response" => false,
        "waiting" => true,
        _ => return None,
    };
    let statistic = match key.metric.statistic {
        "mean" => Statistic::Mean,
        "max" => Statistic::Percentile(1, 1),
        other => {
            let p = Percentile::of_statistic(other)?;
            Statistic::Percentile(u64::from(p.numerator), u64::from(p.denominator))
        }
    };
    let own = model.classes.iter().position(|class| key.class != ALL && class.name == key.class);
    let total;
    let class = if let Some(own) = own {
        measures.classes.get(own)?
    } else {
        total = measures.total();
        &total
    };
    if class.ages.is_empty() {
        return None;
    }
    let (distribution, open) =
        if waiting { (&class.waiting, &class.waits) } else { (&class.response, &class.ages) };
    if distribution.count() > 0 && distribution.max().is_none() {
        // Only sums were kept.
        return None;
    }
    let mut over: Vec<(u64, u64)> = if distribution.is_exact() {
        let mut values: Vec<(u64, u64)> = distribution.values().iter().map(|value| (*value, 1)).collect();
        values.sort_unstable();
        values
    } else {
        distribution.buckets().collect()
    };
    if let (Some(last), Some(max)) = (over.last_mut(), distribution.max()) {
        last.0 = last.0.min(max);
    }
    let mut open = open.clone();
    open.sort_unstable();
    Some(Open { unfinished: open.len() as u64, bounds: bounds(&over, &open, statistic)? })
}

/// How many values of a sample of `n` lie beyond the rank of a statistic; `None` where it is no percentile.
pub fn beyond(statistic: &str, n: u64) -> Option<u64> {
    let p = Percentile::of_statistic(statistic)?;
    let rank = (u128::from(n) * u128::from(p.numerator)).div_ceil(u128::from(p.denominator)) as u64;
    Some(n - rank.clamp(n.min(1), n))
}
