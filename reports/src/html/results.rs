//! The report of results in long form: several scenarios, policies and swept parameters.

use super::{Block, Page, Row, Section, Table};
use crate::chart::rows::file_name;
use crate::chart::{Axis, Chart, IntervalRow, Intervals, Kind, Lines, Point, Scale, Series, Verdict};
use crate::number::{Sure, significant};
use crate::rows::{FEW_ABOVE, FEW_MARK, few_legend};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

/// Lines of one chart; of more, the rest is in the table.
const MOST_SERIES: usize = 16;
/// Rows of the table; the CSV has all of them.
const MOST_ROWS: usize = 3_000;

/// One number of one point, over its replications.
#[derive(Clone, PartialEq, Debug)]
pub struct PointRow {
    /// The scenario.
    pub scenario: String,
    /// The policy.
    pub policy: String,
    /// The values of the swept parameters, as they are written; empty: the scenario's own.
    pub values: Vec<String>,
    /// `response/p99`, with station and class where it is about one.
    pub metric: String,
    /// Its unit.
    pub unit: &'static str,
    /// The mean over replications.
    pub value: Option<f64>,
    /// Lower end of its interval.
    pub low: Option<f64>,
    /// Upper end of its interval.
    pub high: Option<f64>,
    /// Replications.
    pub n: u64,
    /// Of a percentile: how many values lie beyond its rank, in the replication with the fewest.
    pub above: Option<u64>,
}

impl PointRow {
    /// Its value with no more digits than are known, marked where it is among the last of its sample.
    fn shown(&self) -> String {
        let sure = Sure::of(self.low.zip(self.high));
        let mark = if self.is_small_sample() { FEW_MARK } else { "" };
        self.value.map(|value| sure.with_unit(value, self.unit) + mark).unwrap_or_default()
    }

    fn is_small_sample(&self) -> bool {
        self.value.is_some() && self.above.is_some_and(|above| above < FEW_ABOVE)
    }
}

/// A station that is offered more than it can serve, and at which points.
#[derive(Clone, PartialEq, Debug)]
pub struct Overloaded {
    /// The station.
    pub station: String,
    /// The most that is offered, over what it can serve.
    pub load: f64,
    /// At how many points.
    pub points: usize,
}

/// Points at which jobs are unfinished, lost or given up.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Unserved {
    /// How many points.
    pub points: usize,
    /// The greatest part of the jobs that are released, and those of which it is.
    pub most: f64,
}

/// What a report of results shows.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Results {
    /// Where they come from: the name of a file.
    pub title: String,
    /// Names of the swept parameters.
    pub parameters: Vec<String>,
    /// The numbers; metrics in the order in which they are shown.
    pub rows: Vec<PointRow>,
    /// Confidence level of the intervals.
    pub confidence: f64,
    /// Points in all, whatever is shown of them.
    pub points: usize,
    /// What is overloaded, the fullest first.
    pub overloaded: Vec<Overloaded>,
    /// Where jobs are left unserved.
    pub unserved: Unserved,
}

impl Results {
    /// What must be known before any number is read.
    fn answer(&self) -> Vec<String> {
        let at = |points: usize| match self.points {
            1 => String::new(),
            all => format!(" at {points} of {all} points"),
        };
        let mut said: Vec<String> = self
            .overloaded
            .iter()
            .map(|one| {
                let most = if self.points > 1 { "up to " } else { "" };
                format!(
                    "Overloaded{}: `{}` is offered {most}{} % of what it can serve; means grow with the length of the run, \
                     where nothing is turned away.",
                    at(one.points),
                    one.station,
                    significant(one.load * 100.0, if one.load < 1.1 { 4 } else { 3 })
                )
            })
            .collect();
        if self.unserved.points > 0 {
            let most = if self.points > 1 { "up to " } else { "" };
            said.push(format!(
                "Jobs are left unserved{}, {most}{} % of those released: they are in none of the times.",
                at(self.unserved.points),
                significant(self.unserved.most * 100.0, 2)
            ));
        }
        said
    }
}

/// One chart a metric: against the swept parameter that is a number and has the most values, else side by side.
pub fn charts(results: &Results) -> Vec<Chart> {
    let axis = axis(results);
    let metrics = metrics(results);
    metrics
        .iter()
        .filter_map(|metric| {
            let rows: Vec<&PointRow> = results.rows.iter().filter(|row| row.metric == *metric).collect();
            let kind = match axis {
                Some(axis) => against(results, &rows, axis),
                None => beside(results, &rows),
            }?;
            let bands = rows.iter().any(|row| row.low.is_some());
            let confidence = significant(results.confidence * 100.0, 4);
            let mut note =
                if bands { format!("{confidence} % intervals of the mean.") } else { String::new() };
            let hidden = names(results, &rows, axis).len().saturating_sub(MOST_SERIES);
            if axis.is_some() && hidden > 0 {
                let _ = write!(note, " {hidden} more lines are in the table alone.");
            }
            Some(Chart {
                name: file_name(metric),
                title: match axis {
                    Some(axis) => format!("{metric} against {}", results.parameters[axis]),
                    None => (*metric).to_owned(),
                },
                subtitle: results.title.clone(),
                note: note.trim_start().to_owned(),
                kind,
            })
        })
        .collect()
}

/// The report, without files, command and manifest.
pub fn results_page(results: &Results) -> Page {
    let mut drawn = Section::new("Charts");
    drawn.blocks.extend(charts(results).into_iter().map(Block::Chart));
    if results.rows.iter().any(PointRow::is_small_sample) {
        drawn.blocks.push(Block::Text(few_legend()));
    }
    let mut numbers = Section::new("All points");
    numbers.blocks.push(Block::Folded(table(results)));
    let distinct = |of: &dyn Fn(&PointRow) -> &str| {
        let mut seen = BTreeSet::new();
        results.rows.iter().map(of).filter(|text| seen.insert(*text)).collect::<Vec<_>>()
    };
    let list = |mut names: Vec<&str>| {
        let more = names.len().saturating_sub(12);
        names.truncate(12);
        let mut text = names.join(", ");
        if more > 0 {
            let _ = write!(text, " and {more} more");
        }
        text
    };
    let mut facts = vec![
        ("scenarios".to_owned(), list(distinct(&|row| &row.scenario))),
        ("policies".to_owned(), list(distinct(&|row| &row.policy))),
    ];
    for (index, parameter) in results.parameters.iter().enumerate() {
        let values = distinct(&|row| row.values.get(index).map_or("", String::as_str));
        facts.push((parameter.clone(), list(values)));
    }
    let (least, most) =
        results.rows.iter().fold((u64::MAX, 0), |(least, most), row| (least.min(row.n), most.max(row.n)));
    if most > 0 {
        let range = if least == most { most.to_string() } else { format!("{least} to {most}") };
        facts.push(("replications".to_owned(), range));
    }
    Page {
        title: results.title.clone(),
        answer: results.answer(),
        facts,
        sections: vec![drawn, numbers],
        ..Page::default()
    }
}

fn metrics(results: &Results) -> Vec<&str> {
    let mut metrics: Vec<&str> = Vec::new();
    for row in &results.rows {
        if metrics.last() != Some(&row.metric.as_str()) && !metrics.contains(&row.metric.as_str()) {
            metrics.push(&row.metric);
        }
    }
    metrics
}

/// A value as a number with a unit behind it: `900/s`, `4ms`, `0.5`.
fn number(text: &str) -> Option<(f64, &str)> {
    let end = text.find(|c: char| !(c.is_ascii_digit() || ".+-_".contains(c))).unwrap_or(text.len());
    // `1e3` and the like: an exponent is part of the number.
    let exponent = text[end..].strip_prefix(['e', 'E']).map(|rest| {
        let digits = rest.find(|c: char| !(c.is_ascii_digit() || "+-".contains(c))).unwrap_or(rest.len());
        end + 1 + digits
    });
    for end in exponent.into_iter().chain([end]) {
        if let Ok(value) = text[..end].replace('_', "").parse::<f64>() {
            return value.is_finite().then(|| (value, text[end..].trim()));
        }
    }
    None
}

/// A value in the base unit where it is a time, and what its unit is called.
fn on_axis(text: &str) -> Option<(f64, &str)> {
    let (value, unit) = number(text)?;
    let nanos = match unit {
        "ns" => 1.0,
        "us" => 1e3,
        "ms" => 1e6,
        "s" => 1e9,
        "min" => 60e9,
        "h" => 3_600e9,
        other => return Some((value, other)),
    };
    Some((value * nanos, "ns"))
}

/// The parameter that charts go along: of those that are numbers of one unit everywhere, the one with the most values.
fn axis(results: &Results) -> Option<usize> {
    let mut best: Option<(usize, usize)> = None;
    for index in 0..results.parameters.len() {
        let values = results.rows.iter().map(|row| row.values.get(index).map(String::as_str));
        let Some(read) = values.map(|value| on_axis(value?)).collect::<Option<Vec<_>>>() else { continue };
        let mut distinct: Vec<u64> = read.iter().map(|(value, _)| value.to_bits()).collect();
        distinct.sort_unstable();
        distinct.dedup();
        let one_unit = read.iter().all(|(_, unit)| *unit == read[0].1);
        if one_unit && distinct.len() > 1 && best.is_none_or(|(_, most)| distinct.len() > most) {
            best = Some((index, distinct.len()));
        }
    }
    best.map(|(index, _)| index)
}

/// What a row is called, by everything that differs but the axis.
fn named(results: &Results, row: &PointRow, differs: &[bool], axis: Option<usize>) -> String {
    let mut parts = Vec::new();
    if differs[0] {
        parts.push(row.scenario.clone());
    }
    if differs[1] {
        parts.push(row.policy.clone());
    }
    for (index, parameter) in results.parameters.iter().enumerate() {
        if Some(index) != axis && differs[index + 2] {
            let value = row.values.get(index).map_or("", String::as_str);
            parts.push(format!("{parameter}={value}"));
        }
    }
    if parts.is_empty() { row.policy.clone() } else { parts.join(" ") }
}

/// Which of scenario, policy and parameters differ between rows.
fn differs(results: &Results, rows: &[&PointRow]) -> Vec<bool> {
    let Some(first) = rows.first() else { return vec![false; results.parameters.len() + 2] };
    let mut found = vec![
        rows.iter().any(|row| row.scenario != first.scenario),
        rows.iter().any(|row| row.policy != first.policy),
    ];
    for index in 0..results.parameters.len() {
        found.push(rows.iter().any(|row| row.values.get(index) != first.values.get(index)));
    }
    found
}

/// The names of lines, in order of appearance.
fn names(results: &Results, rows: &[&PointRow], axis: Option<usize>) -> Vec<String> {
    let differs = differs(results, rows);
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for row in rows {
        let next = seen.len();
        seen.entry(named(results, row, &differs, axis)).or_insert(next);
    }
    let mut names: Vec<(String, usize)> = seen.into_iter().collect();
    names.sort_by_key(|(_, place)| *place);
    names.into_iter().map(|(name, _)| name).collect()
}

fn against(results: &Results, rows: &[&PointRow], axis: usize) -> Option<Kind> {
    let differs = differs(results, rows);
    let mut places: BTreeMap<String, usize> = BTreeMap::new();
    let mut series: Vec<Series> = Vec::new();
    for name in names(results, rows, Some(axis)).into_iter().take(MOST_SERIES) {
        places.insert(name.clone(), series.len());
        series.push(Series { name, points: Vec::new(), faint: false });
    }
    let mut unit = "";
    for row in rows {
        let Some(place) = places.get(&named(results, row, &differs, Some(axis))) else { continue };
        let (Some((x, found)), Some(y)) = (row.values.get(axis).and_then(|value| on_axis(value)), row.value)
        else {
            continue;
        };
        unit = found;
        series[*place].points.push(Point { x, y, low: row.low, high: row.high });
    }
    for series in &mut series {
        series.points.sort_by(|a, b| a.x.total_cmp(&b.x));
    }
    let first = rows.first()?;
    let whole = series.iter().flat_map(|series| &series.points).all(|point| point.x.fract() == 0.0)
        && unit.is_empty();
    let unit = if unit == "/s" { "1/s" } else { unit };
    Some(Kind::Lines(Lines {
        x: Axis { whole, ..Axis::new(results.parameters[axis].clone(), unit) },
        y: Axis::new(first.metric.clone(), first.unit).scaled(Scale::Auto),
        series,
        marks: Vec::new(),
        steps: false,
    }))
}

fn beside(results: &Results, rows: &[&PointRow]) -> Option<Kind> {
    let differs = differs(results, rows);
    let first = rows.first()?;
    let row = |row: &&PointRow| IntervalRow {
        name: named(results, row, &differs, None),
        value: row.value,
        low: row.low,
        high: row.high,
        verdict: Verdict::None,
        remark: row.shown(),
    };
    Some(Kind::Intervals(Intervals {
        x: Axis::new(first.metric.clone(), first.unit),
        rows: rows.iter().map(row).collect(),
    }))
}

fn table(results: &Results) -> Table {
    let mut columns = vec![("scenario".to_owned(), false), ("policy".to_owned(), false)];
    columns.extend(results.parameters.iter().map(|name| (name.clone(), true)));
    for (title, numeric) in [("metric", false), ("value", true), ("interval", true), ("replications", true)] {
        columns.push((title.to_owned(), numeric));
    }
    let shown = &results.rows[..results.rows.len().min(MOST_ROWS)];
    let mut caption = "Means over replications".to_owned();
    if shown.len() < results.rows.len() {
        let _ = write!(caption, "; the first of {}", results.rows.len());
    }
    let row = |row: &PointRow| {
        let sure = Sure::of(row.low.zip(row.high));
        let text = |value: f64| sure.with_unit(value, row.unit);
        let mut cells = vec![row.scenario.clone(), row.policy.clone()];
        cells.extend(
            (0..results.parameters.len()).map(|index| row.values.get(index).cloned().unwrap_or_default()),
        );
        cells.push(row.metric.clone());
        cells.push(row.shown());
        let ends = row.low.zip(row.high);
        cells.push(ends.map(|(low, high)| format!("{} to {}", text(low), text(high))).unwrap_or_default());
        cells.push(row.n.to_string());
        Row::new(cells)
    };
    Table { caption, columns, rows: shown.iter().map(row).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_numbers_with_units() {
        for (text, expected) in [
            ("4", Some((4.0, ""))),
            ("900/s", Some((900.0, "/s"))),
            ("4ms", Some((4e6, "ns"))),
            ("1.5 s", Some((1.5e9, "ns"))),
            ("1e3", Some((1_000.0, ""))),
            ("1_000", Some((1_000.0, ""))),
            ("3e", Some((3.0, "e"))),
            ("fcfs", None),
            ("", None),
            ("1e999", None),
            ("-", None),
        ] {
            assert_eq!(on_axis(text), expected, "{text}");
        }
    }

    fn row(policy: &str, values: [&str; 2], value: f64) -> PointRow {
        PointRow {
            scenario: "shop".to_owned(),
            policy: policy.to_owned(),
            values: values.map(str::to_owned).to_vec(),
            metric: "response/p99".to_owned(),
            unit: "ns",
            value: Some(value),
            low: None,
            high: None,
            n: 3,
            above: None,
        }
    }

    #[test]
    fn the_parameter_with_the_most_values_is_the_axis() {
        let mut results = Results {
            title: "sweep.csv".to_owned(),
            parameters: vec!["web.count".to_owned(), "clients.arrivals.poisson".to_owned()],
            rows: vec![
                row("a", ["4", "100/s"], 3e6),
                row("a", ["4", "50/s"], 2e6),
                row("a", ["8", "200/s"], 4e6),
                row("b", ["4", "100/s"], 5e6),
            ],
            confidence: 0.95,
            ..Results::default()
        };
        let drawn = charts(&results);
        let Kind::Lines(lines) = &drawn[0].kind else { panic!("{drawn:?}") };
        let shown: Vec<(&str, usize)> =
            lines.series.iter().map(|series| (series.name.as_str(), series.points.len())).collect();
        assert_eq!(shown, [("a web.count=4", 2), ("a web.count=8", 1), ("b web.count=4", 1)]);
        assert_eq!((lines.x.title.as_str(), lines.x.unit.as_str()), ("clients.arrivals.poisson", "1/s"));
        assert_eq!(lines.series[0].points[0].x, 50.0, "points are in order");
        results.rows.push(row("c", ["4", "many"], 5e6));
        results.rows.push(row("c", ["x", "many"], 5e6));
        assert!(matches!(charts(&results)[0].kind, Kind::Intervals(_)), "nothing is a number everywhere");
    }
}
