//! The long form, one row per replication and metric, and the summary, one row per metric.

use crate::rows::SummaryRow;
use crate::sheet::{Cell, Column, CsvStyle, Form, Kind, Sheet};
use std::borrow::Cow;
use std::fmt::Write as _;
use std::io::{self, Write};

/// The columns of [`LongForm`].
pub const COLUMNS: &[Column] = &[
    Column::new("scenario", Kind::Text, "its name"),
    Column::new("policy", Kind::Text, "the policies in effect"),
    Column::new("replication", Kind::Integer, "which replication, from 1"),
    Column::new("metric", Kind::Text, "what was measured: `response`"),
    Column::new("statistic", Kind::Text, "which statistic of it: `mean`, `p99`"),
    Column::new("scope", Kind::Text, "a station, component, balancer or server, or `all`"),
    Column::new("class", Kind::Text, "a class of jobs, or `all`"),
    Column::new("value", Kind::Number, "the number"),
    Column::new("unit", Kind::Text, "its unit: `ns`, `1/s`, `ratio`, `count`, `jobs`"),
    Column::new("n", Kind::Integer, "how many replications stand behind it: 1"),
    Column::new("ci_low", Kind::Number, "empty: one replication has no interval"),
    Column::new("ci_high", Kind::Number, "empty likewise"),
    ABOVE,
];

/// How much a percentile is worth.
const ABOVE: Column = Column::new(
    "above",
    Kind::Integer,
    "of a percentile: how many values of the replication (the one with the fewest) lie beyond its rank; below 5 it is a guess; empty \
     where nothing is random",
);

/// The columns of [`write_summary`].
pub const SUMMARY_COLUMNS: &[Column] = &[
    Column::new("scenario", Kind::Text, "its name"),
    Column::new("policy", Kind::Text, "the policies in effect"),
    Column::new("metric", Kind::Text, "what was measured: `response`"),
    Column::new("statistic", Kind::Text, "which statistic of it: `mean`, `p99`"),
    Column::new("scope", Kind::Text, "a station, component, balancer or server, or `all`"),
    Column::new("class", Kind::Text, "a class of jobs, or `all`"),
    Column::new("n", Kind::Integer, "how many replications (or batches) stand behind it"),
    Column::new("mean", Kind::Number, "the mean over them"),
    Column::new("ci_low", Kind::Number, "lower end of its confidence interval; empty for one replication"),
    Column::new("ci_high", Kind::Number, "upper end"),
    Column::new("half_width", Kind::Number, "half the interval's width"),
    Column::new("unit", Kind::Text, "its unit: `ns`, `1/s`, `ratio`, `count`, `jobs`"),
    Column::new("confidence", Kind::Number, "the interval's level"),
    Column::new(
        "method",
        Kind::Text,
        "how the interval was found: `t-replications`, over batches `batch-means`, or `none`",
    ),
    ABOVE,
];

/// Writes the long form.
pub struct LongForm<'w> {
    sheet: Sheet<'w>,
}

impl<'w> LongForm<'w> {
    /// Writes the header of CSV.
    pub fn new(out: &'w mut dyn Write) -> io::Result<LongForm<'w>> {
        LongForm::in_form(&Form::Csv(CsvStyle::default()), out)
    }

    /// Writes the header in any form.
    pub fn in_form(form: &Form, out: &'w mut dyn Write) -> io::Result<LongForm<'w>> {
        Ok(LongForm { sheet: Sheet::new(form, COLUMNS, out)? })
    }

    /// Writes the rows of one replication (1-based) of one policy.
    pub fn rows<'r>(
        &mut self,
        scenario: &str,
        policy: &str,
        replication: u32,
        rows: impl IntoIterator<Item = &'r SummaryRow>,
    ) -> io::Result<()> {
        for row in rows {
            self.sheet.row(&[
                scenario.into(),
                policy.into(),
                replication.into(),
                row.metric.as_str().into(),
                row.statistic.as_str().into(),
                row.scope.as_str().into(),
                row.class.as_str().into(),
                row.value.into(),
                row.unit.into(),
                row.n.into(),
                row.ci_low.into(),
                row.ci_high.into(),
                row.above.into(),
            ])?;
        }
        Ok(())
    }

    /// Writes what is left.
    pub fn finish(self) -> io::Result<()> {
        self.sheet.finish()
    }
}

/// Writes means over replications with their intervals; `method` says how those were found.
pub fn write_summary(
    form: &Form,
    scenario: &str,
    policy: &str,
    (confidence, method): (f64, &str),
    rows: &[SummaryRow],
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut sheet = Sheet::new(form, SUMMARY_COLUMNS, out)?;
    for row in rows {
        let interval = row.ci_low.zip(row.ci_high);
        sheet.row(&[
            scenario.into(),
            policy.into(),
            row.metric.as_str().into(),
            row.statistic.as_str().into(),
            row.scope.as_str().into(),
            row.class.as_str().into(),
            row.n.into(),
            row.value.into(),
            row.ci_low.into(),
            row.ci_high.into(),
            interval.map(|(low, high)| (high - low) / 2.0).into(),
            row.unit.into(),
            interval.map(|_| confidence).into(),
            interval.map_or("none", |_| method).into(),
            row.above.into(),
        ])?;
    }
    sheet.finish()
}

/// The long form turned: one row a replication, one column a metric, in the order of `rows`, named as in
/// `response/p99 [ns]`, with `@` before a scope and `:` before a class other than all.
pub struct WideForm<'w> {
    sheet: Sheet<'w>,
}

impl<'w> WideForm<'w> {
    /// Writes the header, for rows like these.
    pub fn in_form<'r>(
        form: &Form,
        rows: impl IntoIterator<Item = &'r SummaryRow>,
        out: &'w mut dyn Write,
    ) -> io::Result<WideForm<'w>> {
        let mut columns = COLUMNS[..3].to_vec();
        for row in rows {
            let mut name = row.name();
            for (mark, part) in [('@', &row.scope), (':', &row.class)] {
                if part != crate::rows::ALL {
                    name.push(mark);
                    name.push_str(part);
                }
            }
            let _ = write!(name, " [{}]", row.unit);
            columns.push(Column { name: Cow::Owned(name), kind: Kind::Number, about: Cow::Borrowed("") });
        }
        Ok(WideForm { sheet: Sheet::new(form, columns, out)? })
    }

    /// Writes one replication (1-based) of one policy.
    pub fn row<'r>(
        &mut self,
        scenario: &str,
        policy: &str,
        replication: u32,
        rows: impl IntoIterator<Item = &'r SummaryRow>,
    ) -> io::Result<()> {
        let mut cells: Vec<Cell<'_>> = vec![scenario.into(), policy.into(), replication.into()];
        cells.extend(rows.into_iter().map(|row| row.value.into()));
        self.sheet.row(&cells)
    }

    /// Writes what is left.
    pub fn finish(self) -> io::Result<()> {
        self.sheet.finish()
    }
}
