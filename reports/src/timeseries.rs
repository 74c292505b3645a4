//! `timeseries.csv`: how the run went, interval by interval.

use crate::sheet::{Column, Form, Kind, Sheet};
use std::io::{self, Write};

/// One interval of replication 1, of the whole system or of one station.
#[derive(Clone, PartialEq, Debug, Default)]
#[expect(missing_docs, reason = "the fields are the columns, described below")]
pub struct IntervalRow {
    pub start_ns: u64,
    pub end_ns: u64,
    pub scope: String,
    pub arrivals: Option<u64>,
    pub completions: Option<u64>,
    pub lost: Option<u64>,
    pub timed_out: Option<u64>,
    pub in_system: Option<f64>,
    pub response_mean: Option<f64>,
    pub response_p50: Option<u64>,
    pub response_p99: Option<u64>,
    pub queue_length: Option<f64>,
    pub utilization: Option<f64>,
    pub overhead: Option<f64>,
}

/// The columns of `timeseries.csv`.
pub const COLUMNS: &[Column] = &[
    Column::new("scenario", Kind::Text, "its name"),
    Column::new("policy", Kind::Text, "the policies in effect"),
    Column::new("replication", Kind::Integer, "1: the file is about the first replication"),
    Column::new(
        "start_ns",
        Kind::Integer,
        "begin of the interval; warm-up and drain are in the series too, and intervals are cut where the measured window begins and ends",
    ),
    Column::new(
        "end_ns",
        Kind::Integer,
        "its end, which belongs to the next one (that of the run and that of the window: to the one that ends there)",
    ),
    Column::new("scope", Kind::Text, "`all`, or a station"),
    Column::new("arrivals_count", Kind::Integer, "jobs released in the interval"),
    Column::new("completions_count", Kind::Integer, "jobs that ran their whole program and left in it"),
    Column::new("lost_count", Kind::Integer, "jobs turned away in it"),
    Column::new("timed_out_count", Kind::Integer, "jobs whose client gave up in it"),
    Column::new("in_system_mean_jobs", Kind::Number, "time average of the jobs in the system"),
    Column::new("response_mean_ns", Kind::Number, "mean response time of the jobs completed in it"),
    Column::new("response_p50_ns", Kind::Integer, "their median, by nearest rank"),
    Column::new("response_p99_ns", Kind::Integer, "their 99th percentile, by nearest rank"),
    Column::new(
        "queue_length_mean_jobs",
        Kind::Number,
        "time average of the jobs that wait: ready and on no core, beyond the number of cores where cores are shared, or for a token; in `all`: at all stations",
    ),
    Column::new(
        "utilization_ratio",
        Kind::Number,
        "run time over cores x interval; in `all`: of processors that are no devices",
    ),
    Column::new("overhead_ratio", Kind::Number, "switch, dispatch and kernel time, likewise"),
];

/// Writes `timeseries.csv`.
pub fn write(
    form: &Form,
    scenario: &str,
    policy: &str,
    rows: &[IntervalRow],
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut sheet = Sheet::new(form, COLUMNS, out)?;
    for row in rows {
        sheet.row(&[
            scenario.into(),
            policy.into(),
            1u32.into(),
            row.start_ns.into(),
            row.end_ns.into(),
            row.scope.as_str().into(),
            row.arrivals.into(),
            row.completions.into(),
            row.lost.into(),
            row.timed_out.into(),
            row.in_system.into(),
            row.response_mean.into(),
            row.response_p50.into(),
            row.response_p99.into(),
            row.queue_length.into(),
            row.utilization.into(),
            row.overhead.into(),
        ])?;
    }
    sheet.finish()
}
