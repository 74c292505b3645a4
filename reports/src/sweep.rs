//! CSV of sweeps: the long form of [`csv`](crate::csv) with the swept paths in it, and its summary over replications.
//!
//! ```text
//! scenario,policy,web.count,replication,metric,statistic,scope,class,value,unit,n,ci_low,ci_high
//! scenario,policy,web.count,metric,statistic,scope,class,n,mean,ci_low,ci_high,half_width,unit,confidence,method
//! ```
//!
//! There is a column for each path, named as the plan has it, behind `policy`; an empty field leaves the scenario's own value.

use crate::csv::{COLUMNS, unwrap_io};
use crate::number::shortest;
use crate::rows::SummaryRow;
use std::io::{self, Write};

/// The columns of [`SweepSummary`] without the swept paths, which stand behind the second.
pub const SUMMARY_COLUMNS: [&str; 14] = [
    "scenario",
    "policy",
    "metric",
    "statistic",
    "scope",
    "class",
    "n",
    "mean",
    "ci_low",
    "ci_high",
    "half_width",
    "unit",
    "confidence",
    "method",
];

/// How many columns stand in front of the swept paths.
const FRONT: usize = 2;

/// Which rows these are.
#[derive(Clone, Copy, Debug)]
pub struct Point<'a> {
    /// The scenario's name.
    pub scenario: &'a str,
    /// The policy, or the policies in effect.
    pub policy: &'a str,
    /// The value of each swept path; `None`: the scenario's own.
    pub values: &'a [Option<&'a str>],
}

fn writer<W: Write>(out: W, columns: &[&str], paths: &[&str]) -> io::Result<csv::Writer<W>> {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::Any(b'\n')).from_writer(out);
    let header = columns[..FRONT].iter().chain(paths).chain(&columns[FRONT..]);
    writer.write_record(header).map_err(unwrap_io)?;
    Ok(writer)
}

fn number(value: Option<f64>) -> String {
    value.map(shortest).unwrap_or_default()
}

/// Writes one row per cell and metric.
pub struct SweepForm<W: Write> {
    writer: csv::Writer<W>,
}

impl<W: Write> SweepForm<W> {
    /// Writes the header.
    pub fn new(out: W, paths: &[&str]) -> io::Result<SweepForm<W>> {
        Ok(SweepForm {
            writer: writer(
                out,
                &COLUMNS.iter().map(|column| column.name.as_ref()).collect::<Vec<_>>(),
                paths,
            )?,
        })
    }

    /// Writes the rows of one replication (1-based) of one point.
    pub fn rows(
        &mut self,
        point: &Point<'_>,
        replication: u32,
        rows: impl IntoIterator<Item = SummaryRow>,
    ) -> io::Result<()> {
        let replication = replication.to_string();
        for row in rows {
            let (value, n) = (number(row.value), row.n.to_string());
            let (low, high) = (number(row.ci_low), number(row.ci_high));
            let front = [point.scenario, point.policy];
            let fields = front.into_iter().chain(point.values.iter().map(|value| value.unwrap_or("")));
            let fields = fields.chain([
                replication.as_str(),
                &row.metric,
                &row.statistic,
                &row.scope,
                &row.class,
                &value,
                row.unit,
                &n,
                &low,
                &high,
            ]);
            self.writer.write_record(fields).map_err(unwrap_io)?;
        }
        Ok(())
    }

    /// Writes what is left.
    pub fn finish(mut self) -> io::Result<()> {
        self.writer.flush()
    }
}

/// Writes one row per point and metric, over replications.
pub struct SweepSummary<W: Write> {
    writer: csv::Writer<W>,
    confidence: String,
}

impl<W: Write> SweepSummary<W> {
    /// Writes the header.
    pub fn new(out: W, paths: &[&str], confidence: f64) -> io::Result<SweepSummary<W>> {
        Ok(SweepSummary { writer: writer(out, &SUMMARY_COLUMNS, paths)?, confidence: shortest(confidence) })
    }

    /// Writes the rows of one point. `method` says how intervals were found; a row without one has `none`.
    pub fn rows(
        &mut self,
        point: &Point<'_>,
        method: &str,
        rows: impl IntoIterator<Item = SummaryRow>,
    ) -> io::Result<()> {
        for row in rows {
            let half = row.ci_low.zip(row.ci_high).map(|(low, high)| (high - low) / 2.0);
            let (mean, n, half) = (number(row.value), row.n.to_string(), number(half));
            let (low, high) = (number(row.ci_low), number(row.ci_high));
            let front = [point.scenario, point.policy];
            let fields = front.into_iter().chain(point.values.iter().map(|value| value.unwrap_or("")));
            let fields = fields.chain([
                row.metric.as_str(),
                &row.statistic,
                &row.scope,
                &row.class,
                &n,
                &mean,
                &low,
                &high,
                &half,
                row.unit,
                &self.confidence,
                if low.is_empty() { "none" } else { method },
            ]);
            self.writer.write_record(fields).map_err(unwrap_io)?;
        }
        Ok(())
    }

    /// Writes what is left.
    pub fn finish(mut self) -> io::Result<()> {
        self.writer.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(value: Option<f64>, interval: Option<(f64, f64)>) -> SummaryRow {
        SummaryRow {
            metric: "response".to_owned(),
            statistic: "mean".to_owned(),
            scope: "all".to_owned(),
            class: "all".to_owned(),
            value,
            unit: "ns",
            n: 3,
            ci_low: interval.map(|(low, _)| low),
            ci_high: interval.map(|(_, high)| high),
        }
    }

    #[test]
    fn swept_paths_stand_behind_the_policy() {
        let (mut long, mut summary) = (Vec::new(), Vec::new());
        let paths = ["web.count", "a,b"];
        let point = Point { scenario: "shop", policy: "fcfs", values: &[Some("4"), None] };
        let mut form = SweepForm::new(&mut long, &paths).unwrap();
        form.rows(&point, 2, [row(Some(0.5), None), row(None, None)]).unwrap();
        form.finish().unwrap();
        let mut form = SweepSummary::new(&mut summary, &paths, 0.95).unwrap();
        form.rows(&point, "student-t", [row(Some(2.0), Some((1.0, 3.5))), row(Some(2.0), None)]).unwrap();
        form.finish().unwrap();
        assert_eq!(
            String::from_utf8(long).unwrap(),
            "scenario,policy,web.count,\"a,b\",replication,metric,statistic,scope,class,value,unit,n,ci_low,ci_high\n\
             shop,fcfs,4,,2,response,mean,all,all,0.5,ns,3,,\n\
             shop,fcfs,4,,2,response,mean,all,all,,ns,3,,\n"
        );
        assert_eq!(
            String::from_utf8(summary).unwrap(),
            "scenario,policy,web.count,\"a,b\",metric,statistic,scope,class,n,mean,ci_low,ci_high,half_width,unit,\
             confidence,method\n\
             shop,fcfs,4,,response,mean,all,all,3,2,1,3.5,1.25,ns,0.95,student-t\n\
             shop,fcfs,4,,response,mean,all,all,3,2,,,,ns,0.95,none\n"
        );
    }
}
