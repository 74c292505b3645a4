//! Statistics that are asked for by a number: any percentile, the share of jobs within any time.

use crate::metrics::{Emit, METRICS, MetricDef, MetricName, percentile, ratio};
use reports::rows::ALL;
use sim_core::measure::{ClassMeasures, Distribution};
use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

/// Statistics that are asked for by a number are no part of the table's rows.
pub(crate) const WITHIN_TIME: &str = "within:T";

/// A statistic with a number in it, of a metric that has a distribution: any percentile, the share within any time. `None`
/// where it is none; an error where its number makes no sense, with what would.
pub(crate) fn numbered(metric: &str, statistic: &str) -> Option<Result<MetricName, String>> {
    let of = |text: &str, like: &str| {
        let has = |def: &&MetricDef| def.name == metric && def.statistics.contains(&like);
        METRICS.iter().find(has).map(|def| MetricName { def, statistic: interned(text) })
    };
    if let Some(time) = statistic.strip_prefix("within") {
        let name = of(statistic, WITHIN_TIME)?;
        let whole = time.strip_prefix(':').is_some_and(|time| {
            sim_core::quantity::parse_span(time).is_ok() && !time.contains(char::is_whitespace)
        });
        let cure = || format!("; write a time with its unit, such as `{metric}/within:250ms`");
        return Some(if whole { Ok(name) } else { Err(cure()) });
    }
    let digits =
        statistic.strip_prefix('p').filter(|digits| digits.starts_with(|c: char| c.is_ascii_digit()))?;
    let name = of(statistic, "p50")?;
    if part(statistic).is_some() {
        // `p99.90` is `p99.9`, and has its row.
        let short = if digits.contains('.') {
            statistic.trim_end_matches('0').trim_end_matches('.')
        } else {
            statistic
        };
        return Some(Ok(of(short, "p50").unwrap_or(name)));
    }
    Some(Err(format!(
        "; a percentile is a number between 0 and 100 with at most {DECIMALS} decimals, such as `{metric}/p99.95`, and the greatest value is `{metric}/max`"
    )))
}

/// Decimals of a percentile.
const DECIMALS: usize = 6;

/// The percentile of a statistic as a ratio: `p99.9` is 999 of 1000. `None` where it is none.
pub(crate) fn part(statistic: &str) -> Option<(u64, u64)> {
    let text = statistic.strip_prefix('p')?;
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || whole.len() > 3 || decimals.len() > DECIMALS || !digits(whole) || !digits(decimals)
    {
        return None;
    }
    let denominator = 100 * 10u64.pow(decimals.len() as u32);
    let numerator: u64 = format!("{whole}{decimals}").parse().ok()?;
    (numerator > 0 && numerator < denominator).then_some((numerator, denominator))
}

/// The text for as long as the program runs: names are compared and copied everywhere, and there are few of them.
fn interned(text: &str) -> &'static str {
    static KNOWN: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(same) = known.get(text) {
        return same;
    }
    let kept: &'static str = Box::leak(text.to_owned().into_boxed_str());
    known.insert(kept);
    kept
}

/// Of some metrics those that are measured only where they are asked for, each once.
pub fn beyond_the_table<'m>(wanted: impl IntoIterator<Item = &'m MetricName>) -> Vec<MetricName> {
    let mut asked = Vec::new();
    for name in wanted {
        if !name.def.statistics.contains(&name.statistic) && !asked.contains(name) {
            asked.push(*name);
        }
    }
    asked
}

/// What was asked for by a number. `classes` are those that `all` has together: a share within a time is exact where each of
/// them still has all its values.
pub(crate) fn asked_rows(
    classes: &[ClassMeasures],
    all: &ClassMeasures,
    name: &str,
    asked: &[MetricName],
    emit: Emit<'_>,
) {
    fn of<'c>(metric: &MetricName, class: &'c ClassMeasures) -> &'c Distribution {
        if metric.def.name == "waiting" { &class.waiting } else { &class.response }
    }
    for metric in asked {
        let time = metric.statistic.strip_prefix("within:");
        let value = match time.and_then(|time| sim_core::quantity::parse_span(time).ok()) {
            Some(limit) => {
                let within =
                    classes.iter().map(|class| of(metric, class).within(limit.0)).sum::<Option<u64>>();
                within.and_then(|within| ratio(u128::from(within), u128::from(all.released + all.surplus)))
            }
            None => percentile(of(metric, all), metric.statistic),
        };
        emit(&metric.to_string(), ALL, name, value);
    }
}
