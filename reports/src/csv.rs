//! CSV: the long form, one row per replication and metric.
//!
//! Quoting as in RFC 4180, lines end in LF, decimals have a point and the fewest digits that read back as the same
//! number, an empty field is a number that does not exist. The header is always there and columns are only ever added at
//! its end.

use crate::number::shortest;
use crate::rows::SummaryRow;
use std::io::{self, Write};

/// The columns of [`LongForm`].
pub const COLUMNS: [&str; 12] = [
    "scenario",
    "policy",
    "replication",
    "metric",
    "statistic",
    "scope",
    "class",
    "value",
    "unit",
    "n",
    "ci_low",
    "ci_high",
];

/// Writes the long form.
pub struct LongForm<W: Write> {
    writer: csv::Writer<W>,
}

impl<W: Write> LongForm<W> {
    /// Writes the header.
    pub fn new(out: W) -> io::Result<LongForm<W>> {
        let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::Any(b'\n')).from_writer(out);
        writer.write_record(COLUMNS).map_err(unwrap_io)?;
        Ok(LongForm { writer })
    }

    /// Writes the rows of one replication (1-based) of one policy.
    pub fn rows<'r>(
        &mut self,
        scenario: &str,
        policy: &str,
        replication: u32,
        rows: impl IntoIterator<Item = &'r SummaryRow>,
    ) -> io::Result<()> {
        let number = |value: Option<f64>| value.map(shortest).unwrap_or_default();
        let replication = replication.to_string();
        for row in rows {
            let fields = [
                scenario,
                policy,
                &replication,
                &row.metric,
                &row.statistic,
                &row.scope,
                &row.class,
                &number(row.value),
                row.unit,
                &row.n.to_string(),
                &number(row.ci_low),
                &number(row.ci_high),
            ];
            self.writer.write_record(fields).map_err(unwrap_io)?;
        }
        Ok(())
    }

    /// Writes what is left.
    pub fn finish(mut self) -> io::Result<()> {
        self.writer.flush()
    }
}

/// The I/O error inside a CSV error, so that a broken pipe stays recognizable.
pub(crate) fn unwrap_io(error: csv::Error) -> io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        other => io::Error::other(format!("{other:?}")),
    }
}
