//! `servers.csv`: how busy each station was, and how evenly work was spread.

use crate::sheet::{Column, Form, Kind, Sheet};
use std::io::{self, Write};

/// One station, server, group or balancer of replication 1.
#[derive(Clone, PartialEq, Debug, Default)]
#[expect(missing_docs, reason = "the fields are the columns, described below")]
pub struct ServerRow {
    pub kind: &'static str,
    pub server: String,
    pub station: String,
    pub units: Option<u64>,
    pub jobs: Option<u64>,
    pub share: Option<f64>,
    pub utilization: Option<f64>,
    pub overhead: Option<f64>,
    pub held: Option<f64>,
    pub queue_length_mean: Option<f64>,
    pub queue_length_max: Option<u64>,
    pub lost: Option<u64>,
    pub context_switches: Option<u64>,
    pub preemptions: Option<u64>,
    pub migrations: Option<u64>,
    pub max_over_mean: Option<f64>,
    pub jain: Option<f64>,
}

/// The columns of `servers.csv`.
pub const COLUMNS: &[Column] = &[
    Column::new("scenario", Kind::Text, "its name"),
    Column::new("policy", Kind::Text, "the policies in effect"),
    Column::new("replication", Kind::Integer, "1: the file is about the first replication"),
    Column::new(
        "kind",
        Kind::Text,
        "`processor` or `pool`; `group`: all members of a group together; `balancer`: what one spread; `target`: what it sent to one server",
    ),
    Column::new(
        "server",
        Kind::Text,
        "the server: `web-3`, or the station itself where it is no member of a group",
    ),
    Column::new("station", Kind::Text, "the station: `web-3.cpu`; of a target, the balancer"),
    Column::new("units_count", Kind::Integer, "cores, tokens, or members of a group"),
    Column::new(
        "jobs_count",
        Kind::Integer,
        "visits that ended (processors), tokens granted (pools), jobs sent (balancers and targets)",
    ),
    Column::new("share_ratio", Kind::Number, "`jobs_count` over that of all members of the group"),
    Column::new("utilization_ratio", Kind::Number, "run time over cores x window"),
    Column::new("overhead_ratio", Kind::Number, "switch, dispatch and kernel time over cores x window"),
    Column::new("held_mean_count", Kind::Number, "time average of the tokens held"),
    Column::new(
        "queue_length_mean_jobs",
        Kind::Number,
        "time average of the jobs that wait: ready and on no core, beyond the number of cores where cores are shared, or for a token",
    ),
    Column::new(
        "queue_length_max_jobs",
        Kind::Integer,
        "the most at once, over the whole run; empty where the run was not recorded",
    ),
    Column::new("lost_count", Kind::Integer, "jobs turned away by the pool's queue"),
    Column::new(
        "context_switches_count",
        Kind::Integer,
        "dispatches of another job than the core ran before",
    ),
    Column::new(
        "preemptions_count",
        Kind::Integer,
        "times a job was taken off a core while it could have gone on",
    ),
    Column::new("migrations_count", Kind::Integer, "times a job went on on another core than before"),
    Column::new(
        "max_over_mean_ratio",
        Kind::Number,
        "the busiest member over the mean of all: run time of groups of processors, tokens held of groups of pools, jobs sent of balancers",
    ),
    Column::new(
        "jain_ratio",
        Kind::Number,
        "Jain's fairness index of the same, (sum x)^2 / (n sum x^2): 1 where all are equal, 1/n where one has everything",
    ),
];

/// Writes `servers.csv`.
pub fn write(
    form: &Form,
    scenario: &str,
    policy: &str,
    rows: &[ServerRow],
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut sheet = Sheet::new(form, COLUMNS, out)?;
    for row in rows {
        sheet.row(&[
            scenario.into(),
            policy.into(),
            1u32.into(),
            row.kind.into(),
            row.server.as_str().into(),
            row.station.as_str().into(),
            row.units.into(),
            row.jobs.into(),
            row.share.into(),
            row.utilization.into(),
            row.overhead.into(),
            row.held.into(),
            row.queue_length_mean.into(),
            row.queue_length_max.into(),
            row.lost.into(),
            row.context_switches.into(),
            row.preemptions.into(),
            row.migrations.into(),
            row.max_over_mean.into(),
            row.jain.into(),
        ])?;
    }
    sheet.finish()
}
