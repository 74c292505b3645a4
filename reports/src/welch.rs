//! Welch's plot of the warm-up, as rows.

use crate::number::shortest;
use std::io::{self, Write};

/// The columns of [`write_csv`].
pub const COLUMNS: [&str; 4] = ["job", "release_ns", "response_mean_ns", "moving_average_ns"];

/// A batch of consecutive jobs, over all replications.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct WelchRow {
    /// The first job of the batch, 1-based in order of release.
    pub job: u64,
    /// When it was released, on average.
    pub release_ns: Option<f64>,
    /// Mean response time of the batch.
    pub response_mean_ns: f64,
    /// The same, smoothed: a moving average over neighboring batches.
    pub moving_average_ns: f64,
}

/// Writes the plot as CSV, for a chart of `moving_average_ns` over `release_ns`: the warm-up is over where it has become flat.
pub fn write_csv(rows: &[WelchRow], out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{}", COLUMNS.join(","))?;
    for row in rows {
        let released = row.release_ns.map(shortest).unwrap_or_default();
        let (mean, smooth) = (shortest(row.response_mean_ns), shortest(row.moving_average_ns));
        writeln!(out, "{},{released},{mean},{smooth}", row.job)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plot_is_four_columns() {
        let row = WelchRow { job: 6, release_ns: None, response_mean_ns: 2.5, moving_average_ns: 1e9 };
        let mut out = Vec::new();
        write_csv(&[row], &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert_eq!(text, "job,release_ns,response_mean_ns,moving_average_ns\n6,,2.5,1000000000\n");
    }
}
