//! Closed forms beside what was simulated: of one run, and of a panel of models.

use crate::grid::Grid;
use crate::json::Object;
use crate::number::{TimeUnit, common_unit, json_number, significant};
use crate::rows::{ALL, SummaryRow, TheoryRow};
use crate::sheet::{Column, Form, Kind, Sheet};
use serde::Serialize;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::{self, Write};

/// The version of the document of a panel.
pub const VERIFY_SCHEMA: &str = "dispatchlab.verify/1";

/// Draws the exact values beside the simulated ones.
pub fn beside_table(rows: &[TheoryRow], summary: &[SummaryRow]) -> String {
    let lines = beside_lines(rows, summary);
    let (Some(first), false) = (rows.first(), lines.is_empty()) else { return String::new() };
    let mut grid = Grid::new(["", "simulated", "", "exact", "z"]).flush_left(&[2]);
    for line in lines {
        grid.row(line);
    }
    let mut out = format!("steady state in closed form, {}\n", first.source);
    grid.without_empty_columns().write(&mut out, 2);
    out
}

/// Name, simulated value, its half width, exact value with its unit, z-score. Values of single stations are left out where
/// there is one of the whole.
pub(crate) fn beside_lines(rows: &[TheoryRow], summary: &[SummaryRow]) -> Vec<[String; 5]> {
    let whole: BTreeSet<&str> =
        rows.iter().filter(|row| row.scope == ALL).map(|row| row.metric.as_str()).collect();
    let line = |row: &TheoryRow| {
        let found = summary.iter().find(|found| {
            found.metric == row.metric
                && found.statistic == row.statistic
                && found.scope == row.scope
                && found.class == row.class
        })?;
        let (unit, size) = common_unit(row.exact, found.unit);
        let text = |value: f64, digits| significant(value / size, digits);
        let half =
            found.ci_low.zip(found.ci_high).map(|(low, high)| format!("+/- {}", text((high - low) / 2.0, 3)));
        let has_unit = found.unit == "ns" || found.unit == "1/s";
        Some([
            title(&row.metric, &row.statistic, &row.scope, &row.class),
            text(found.value?, 4),
            half.unwrap_or_default(),
            text(row.exact, 5) + &if has_unit { format!(" {unit}") } else { String::new() },
            row.z.map(z_text).unwrap_or_default(),
        ])
    };
    rows.iter()
        .filter(|row| row.scope == ALL || !whole.contains(row.metric.as_str()))
        .filter_map(line)
        .collect()
}

fn title(metric: &str, statistic: &str, scope: &str, class: &str) -> String {
    let mut title = format!("{metric}/{statistic}");
    for place in [scope, class].into_iter().filter(|place| *place != ALL) {
        let _ = write!(title, " {place}");
    }
    title
}

/// With a sign and one decimal.
fn z_text(z: f64) -> String {
    match z.abs() {
        size if size < 0.05 => "0.0".to_owned(),
        size if size < 100.0 => format!("{z:+.1}"),
        _ => format!("{z:+.0}"),
    }
}

/// One exact value held against simulations.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct VerifyRow {
    /// `ok`; `failed` where the simulated mean is too many standard errors off; `unsure` where the precision asked for was not
    /// reached.
    pub verdict: &'static str,
    /// The part of the panel, or the input.
    pub group: String,
    /// The model in words.
    pub model: String,
    /// What: `response`.
    pub metric: String,
    /// Which statistic of it.
    pub statistic: String,
    /// Where.
    pub scope: String,
    /// For which class of jobs.
    pub class: String,
    /// The unit of all values.
    pub unit: &'static str,
    /// The exact value.
    pub exact: f64,
    /// The simulated mean.
    #[serde(serialize_with = "json_number")]
    pub value: Option<f64>,
    /// Lower end of its confidence interval.
    #[serde(serialize_with = "json_number")]
    pub ci_low: Option<f64>,
    /// Upper end of its confidence interval.
    #[serde(serialize_with = "json_number")]
    pub ci_high: Option<f64>,
    /// How many standard errors the simulated mean lies above the exact value.
    #[serde(serialize_with = "json_number")]
    pub z: Option<f64>,
    /// Replications.
    pub n: u64,
    /// Where the formula is from.
    pub source: &'static str,
}

/// A panel of exact values held against simulations.
#[derive(Clone, PartialEq, Debug)]
pub struct VerifyDocument {
    /// The relative error asked for; `None` where the number of replications was given.
    pub precision: Option<f64>,
    /// Confidence level of intervals.
    pub confidence: f64,
    /// How many standard errors are allowed.
    pub tolerance: f64,
    /// Seed of all models that bring none of their own.
    pub seed: u64,
    /// The values.
    pub rows: Vec<VerifyRow>,
}

impl VerifyDocument {
    /// How many rows have this verdict.
    pub fn count(&self, verdict: &str) -> usize {
        self.rows.iter().filter(|row| row.verdict == verdict).count()
    }

    /// What was found, in one sentence without a full stop.
    pub fn closing(&self) -> String {
        let mut text = format!("{} checked, {} passed", self.rows.len(), self.count("ok"));
        for (verdict, word) in [("failed", "failed"), ("unsure", "unsure")] {
            let count = self.count(verdict);
            if count > 0 {
                let _ = write!(text, ", {count} {word}");
            }
        }
        text
    }
}

/// Draws a panel, one line a value.
pub fn verify_table(document: &VerifyDocument) -> String {
    let mut grid =
        Grid::new(["", "model", "metric", "theory", "sim", "interval", "z", "n"]).flush_left(&[1, 2]);
    for row in &document.rows {
        let (unit, size) = common_unit(row.exact, row.unit);
        let unit = if row.unit == "ns" { TimeUnit::for_estimate(row.exact).name } else { unit };
        let text = |value: Option<f64>| value.map(|value| significant(value / size, 4)).unwrap_or_default();
        let suffix = if row.unit == "ns" { format!(" {unit}") } else { String::new() };
        grid.row([
            match row.verdict {
                "ok" => "ok",
                "failed" => "FAIL",
                _ => "wide",
            }
            .to_owned(),
            row.model.clone(),
            title(&row.metric, &row.statistic, &row.scope, &row.class),
            format!("{}{suffix}", significant(row.exact / size, 4)),
            text(row.value),
            match (row.ci_low, row.ci_high) {
                (Some(_), Some(_)) => format!("[{}, {}]", text(row.ci_low), text(row.ci_high)),
                _ => String::new(),
            },
            row.z.map(z_text).unwrap_or_default(),
            row.n.to_string(),
        ]);
    }
    let mut out = String::new();
    grid.write_within(&mut out, 80);
    let _ = writeln!(out, "{}", document.closing());
    out
}

/// Writes a panel as JSON.
pub fn write_verify(document: &VerifyDocument, out: &mut dyn Write) -> io::Result<()> {
    let mut object = Object::open(out)?;
    object.value("schema", &VERIFY_SCHEMA)?;
    object.value("seed", &document.seed)?;
    object.value("precision", &document.precision)?;
    object.value("confidence", &document.confidence)?;
    object.value("tolerance", &document.tolerance)?;
    object.rows("checks", &document.rows)?;
    object.value("passed", &document.count("ok"))?;
    object.value("failed", &document.count("failed"))?;
    object.value("unsure", &document.count("unsure"))?;
    object.close()
}

/// The columns of a panel as rows; they are only ever added at the end.
pub const COLUMNS: &[Column] = &[
    Column::new("verdict", Kind::Text, "`ok`, `failed` or `unsure`"),
    Column::new("group", Kind::Text, "the part of the panel, or the input"),
    Column::new("model", Kind::Text, "the model in words"),
    Column::new("metric", Kind::Text, "what"),
    Column::new("statistic", Kind::Text, "which statistic of it"),
    Column::new("scope", Kind::Text, "where"),
    Column::new("class", Kind::Text, "for which class of jobs"),
    Column::new("unit", Kind::Text, "the unit of all values"),
    Column::new("exact", Kind::Number, "the exact value"),
    Column::new("value", Kind::Number, "the simulated mean"),
    Column::new("ci_low", Kind::Number, "lower end of its confidence interval"),
    Column::new("ci_high", Kind::Number, "upper end of it"),
    Column::new("z", Kind::Number, "standard errors that it lies above the exact value"),
    Column::new("n", Kind::Integer, "replications"),
    Column::new("source", Kind::Text, "where the formula is from"),
];

/// Writes a panel as rows.
pub fn write_verify_rows(document: &VerifyDocument, form: &Form, out: &mut dyn Write) -> io::Result<()> {
    let mut sheet = Sheet::new(form, COLUMNS, out)?;
    for row in &document.rows {
        sheet.row(&[
            row.verdict.into(),
            row.group.as_str().into(),
            row.model.as_str().into(),
            row.metric.as_str().into(),
            row.statistic.as_str().into(),
            row.scope.as_str().into(),
            row.class.as_str().into(),
            row.unit.into(),
            row.exact.into(),
            row.value.into(),
            row.ci_low.into(),
            row.ci_high.into(),
            row.z.into(),
            row.n.into(),
            row.source.into(),
        ])?;
    }
    sheet.finish()
}
