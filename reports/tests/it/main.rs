//! One binary for all integration tests of `reports`: rows in, exact text out.

#[cfg(feature = "chart")]
mod charts;
mod documents;
mod explaining;
#[cfg(feature = "chart")]
mod pages;
mod traces;

use reports::rows::SummaryRow;

/// A summary row over everything.
fn row(metric: &str, statistic: &str, value: Option<f64>, unit: &'static str) -> SummaryRow {
    SummaryRow {
        metric: metric.to_owned(),
        statistic: statistic.to_owned(),
        scope: "all".to_owned(),
        class: "all".to_owned(),
        value,
        unit,
        n: 1,
        ci_low: None,
        ci_high: None,
        above: None,
    }
}
