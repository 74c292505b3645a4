//! Results of sweeps: the long form of [`csv`](crate::csv) with the swept paths in it, and its summary over replications.
//!
//! ```text
//! scenario,policy,web.count,replication,metric,statistic,scope,class,value,unit,n,ci_low,ci_high,above
//! scenario,policy,web.count,metric,statistic,scope,class,n,mean,ci_low,ci_high,half_width,unit,confidence,method,above
//! ```
//!
//! There is a column for each path, named as the plan has it, behind `policy`; an empty field leaves the scenario's own value.

use crate::csv::{COLUMNS, SUMMARY_COLUMNS};
use crate::rows::SummaryRow;
use crate::sheet::{Cell, Column, Form, Kind, Sheet};
use std::borrow::Cow;
use std::io::{self, Write};

/// How many columns stand in front of the swept paths.
const FRONT: usize = 2;

/// A swept path.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Path {
    /// As the plan has it: `web.count`.
    name: String,
    kind: Kind,
}

impl Path {
    /// A path with all its values: a column of whole numbers or of numbers where each of them is one, else of text.
    pub fn new<'v>(name: &str, values: &(impl Iterator<Item = &'v str> + Clone)) -> Path {
        let kind = if values.clone().all(|value| value.parse::<u64>().is_ok()) {
            Kind::Integer
        } else if values.clone().all(|value| value.parse::<f64>().is_ok_and(f64::is_finite)) {
            Kind::Number
        } else {
            Kind::Text
        };
        Path { name: name.to_owned(), kind }
    }

    fn cell<'v>(&self, value: Option<&'v str>) -> Cell<'v> {
        match (value, self.kind) {
            (None, _) => Cell::Empty,
            (Some(text), Kind::Integer) => text.parse::<u64>().ok().into(),
            (Some(text), Kind::Number) => text.parse::<f64>().ok().into(),
            (Some(text), _) => text.into(),
        }
    }
}

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

fn columns(usual: &[Column], paths: &[Path]) -> Vec<Column> {
    let swept = paths.iter().map(|path| Column {
        name: Cow::Owned(path.name.clone()),
        kind: path.kind,
        about: Cow::Borrowed("a swept path"),
    });
    usual[..FRONT].iter().cloned().chain(swept).chain(usual[FRONT..].iter().cloned()).collect()
}

fn front<'p>(point: &Point<'p>, paths: &[Path]) -> Vec<Cell<'p>> {
    let mut cells: Vec<Cell<'p>> = vec![point.scenario.into(), point.policy.into()];
    cells.extend(paths.iter().zip(point.values).map(|(path, value)| path.cell(*value)));
    cells
}

/// Writes one row per cell and metric.
pub struct SweepForm<'w> {
    sheet: Sheet<'w>,
    paths: Vec<Path>,
}

impl<'w> SweepForm<'w> {
    /// Writes the header.
    pub fn new(form: &Form, paths: &[Path], out: &'w mut dyn Write) -> io::Result<SweepForm<'w>> {
        Ok(SweepForm { sheet: Sheet::new(form, columns(COLUMNS, paths), out)?, paths: paths.to_vec() })
    }

    /// Writes the rows of one replication (1-based) of one point.
    pub fn rows(
        &mut self,
        point: &Point<'_>,
        replication: u32,
        rows: impl IntoIterator<Item = SummaryRow>,
    ) -> io::Result<()> {
        let front = front(point, &self.paths);
        for row in rows {
            let mut cells = front.clone();
            cells.extend([
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
            ]);
            self.sheet.row(&cells)?;
        }
        Ok(())
    }

    /// Writes what is left.
    pub fn finish(self) -> io::Result<()> {
        self.sheet.finish()
    }
}

/// Writes one row per point and metric, over replications.
pub struct SweepSummary<'w> {
    sheet: Sheet<'w>,
    paths: Vec<Path>,
    confidence: f64,
}

impl<'w> SweepSummary<'w> {
    /// Writes the header. `confidence` is the level of the intervals.
    pub fn new(
        form: &Form,
        paths: &[Path],
        confidence: f64,
        out: &'w mut dyn Write,
    ) -> io::Result<SweepSummary<'w>> {
        let sheet = Sheet::new(form, columns(SUMMARY_COLUMNS, paths), out)?;
        Ok(SweepSummary { sheet, paths: paths.to_vec(), confidence })
    }

    /// Writes the rows of one point. `method` says how intervals were found; a row without one has `none`.
    pub fn rows(
        &mut self,
        point: &Point<'_>,
        method: &str,
        rows: impl IntoIterator<Item = SummaryRow>,
    ) -> io::Result<()> {
        let front = front(point, &self.paths);
        for row in rows {
            let interval = row.ci_low.zip(row.ci_high);
            let mut cells = front.clone();
            cells.extend([
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
                interval.map(|_| self.confidence).into(),
                interval.map_or("none", |_| method).into(),
                row.above.into(),
            ]);
            self.sheet.row(&cells)?;
        }
        Ok(())
    }

    /// Writes what is left.
    pub fn finish(self) -> io::Result<()> {
        self.sheet.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sheet::CsvStyle;

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
            above: Some(7),
        }
    }

    #[test]
    fn swept_paths_stand_behind_the_policy() {
        let (mut long, mut summary) = (Vec::new(), Vec::new());
        let form = Form::Csv(CsvStyle::default());
        let paths = [Path::new("web.count", &["4", "5"].into_iter()), Path::new("a,b", &["1/s"].into_iter())];
        let point = Point { scenario: "shop", policy: "fcfs", values: &[Some("4"), None] };
        let mut sheet = SweepForm::new(&form, &paths, &mut long).unwrap();
        sheet.rows(&point, 2, [row(Some(0.5), None), row(None, None)]).unwrap();
        sheet.finish().unwrap();
        let mut sheet = SweepSummary::new(&form, &paths, 0.95, &mut summary).unwrap();
        sheet.rows(&point, "t", [row(Some(2.0), Some((1.0, 3.5))), row(Some(2.0), None)]).unwrap();
        sheet.finish().unwrap();
        assert_eq!(
            String::from_utf8(long).unwrap(),
            "scenario,policy,web.count,\"a,b\",replication,metric,statistic,scope,class,value,unit,n,ci_low,ci_high,above\n\
             shop,fcfs,4,,2,response,mean,all,all,0.5,ns,3,,,7\n\
             shop,fcfs,4,,2,response,mean,all,all,,ns,3,,,7\n"
        );
        assert_eq!(
            String::from_utf8(summary).unwrap(),
            "scenario,policy,web.count,\"a,b\",metric,statistic,scope,class,n,mean,ci_low,ci_high,half_width,unit,\
             confidence,method,above\n\
             shop,fcfs,4,,response,mean,all,all,3,2,1,3.5,1.25,ns,0.95,t,7\n\
             shop,fcfs,4,,response,mean,all,all,3,2,,,,ns,,none,7\n"
        );
    }

    #[test]
    fn values_decide_what_a_column_holds() {
        for (values, kind) in [
            (&["1", "20"][..], Kind::Integer),
            (&["1", "0.5"], Kind::Number),
            (&["-1"], Kind::Number),
            (&["1/s", "2"], Kind::Text),
            (&["nan"], Kind::Text),
        ] {
            assert_eq!(Path::new("x", &values.iter().copied()).kind, kind, "{values:?}");
        }
    }
}
