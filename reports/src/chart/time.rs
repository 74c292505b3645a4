//! How a run went: charts from the rows of its time series.

use super::{At, Axis, Chart, Kind, Lines, Mark, Point, Scale, Series, Strip, Strips};
use crate::rows::ALL;
use crate::timeseries::IntervalRow;

/// Runs of fewer jobs have no course of response times: each is seen by itself.
const LEAST_JOBS: u64 = 100;
const NANOS: f64 = 1e9;

/// Jobs in the system, rates, response times, and stations over time; none of a run of no length. `warmup_ns` is the end
/// of the warm-up.
pub fn over_time(rows: &[IntervalRow], warmup_ns: u64, subtitle: &str) -> Vec<Chart> {
    let whole: Vec<&IntervalRow> = rows.iter().filter(|row| row.scope == ALL).collect();
    if whole.len() < 2 {
        return Vec::new();
    }
    let marks = || {
        let label = "end of the warm-up".to_owned();
        (warmup_ns > 0).then_some(Mark { at: At::X(warmup_ns as f64), label }).into_iter().collect()
    };
    let chart = |name: &str, title: &str, y: Axis, series: Vec<Series>, steps: bool| {
        let x = Axis::new("time", "ns");
        Chart {
            name: name.to_owned(),
            title: title.to_owned(),
            subtitle: subtitle.to_owned(),
            note: String::new(),
            kind: Kind::Lines(Lines { x, y, series, marks: marks(), steps }),
        }
    };
    let mut charts = vec![chart(
        "jobs-in-system",
        "Jobs in the system over time",
        Axis::new("in_system/mean", "jobs"),
        vec![steps(&whole, |row| row.in_system)],
        true,
    )];
    let released: u64 = whole.iter().filter_map(|row| row.arrivals).sum();
    if released >= LEAST_JOBS {
        let rate = |count: Option<u64>, row: &IntervalRow| {
            Some(count? as f64 * NANOS / (row.end_ns - row.start_ns).max(1) as f64)
        };
        charts.push(chart(
            "rates",
            "Arrivals and completions over time",
            Axis::new("rate", "1/s"),
            vec![
                course("arrivals", &whole, |row| rate(row.arrivals, row)),
                course("completions", &whole, |row| rate(row.completions, row)),
            ],
            false,
        ));
        charts.push(chart(
            "response-over-time",
            "Response times over time",
            Axis::new("response", "ns").scaled(Scale::Auto),
            vec![
                course("mean", &whole, |row| row.response_mean),
                course("p50", &whole, |row| row.response_p50.map(|value| value as f64)),
                course("p99", &whole, |row| row.response_p99.map(|value| value as f64)),
            ],
            false,
        ));
    }
    let strips = |name: &str, title: &str, level: Axis, value: &dyn Fn(&IntervalRow) -> Option<f64>| {
        let rows = by_station(rows, value);
        let first = whole[0];
        (!rows.is_empty()).then(|| Chart {
            name: name.to_owned(),
            title: title.to_owned(),
            subtitle: subtitle.to_owned(),
            note: String::new(),
            kind: Kind::Strips(Strips {
                level,
                from_ns: first.start_ns as f64,
                step_ns: (first.end_ns - first.start_ns) as f64,
                rows,
            }),
        })
    };
    charts.extend(strips(
        "stations-utilization",
        "How busy is each station?",
        Axis::new("utilization", "ratio"),
        &|row| row.utilization,
    ));
    charts.extend(strips(
        "stations-queues",
        "Where do jobs queue?",
        Axis::new("queue_length/mean", "jobs"),
        &|row| row.queue_length,
    ));
    charts
}

/// Averages that hold for the whole interval.
fn steps(rows: &[&IntervalRow], value: impl Fn(&IntervalRow) -> Option<f64>) -> Series {
    let y = |row: &IntervalRow| value(row).unwrap_or(f64::NAN);
    let mut points: Vec<Point> = rows.iter().map(|row| Point::new(row.start_ns as f64, y(row))).collect();
    points.extend(rows.last().map(|row| Point::new(row.end_ns as f64, y(row))));
    Series { name: String::new(), points, faint: false }
}

/// What happened within an interval, drawn at its middle; where nothing did there is a gap.
fn course(name: &str, rows: &[&IntervalRow], value: impl Fn(&IntervalRow) -> Option<f64>) -> Series {
    let point = |row: &&IntervalRow| {
        let middle = f64::midpoint(row.start_ns as f64, row.end_ns as f64);
        Point::new(middle, value(row).unwrap_or(f64::NAN))
    };
    Series { name: name.to_owned(), points: rows.iter().map(point).collect(), faint: false }
}

/// One strip a station that has the value at all, in the order of the rows.
fn by_station(rows: &[IntervalRow], value: &dyn Fn(&IntervalRow) -> Option<f64>) -> Vec<Strip> {
    let mut strips: Vec<Strip> = Vec::new();
    let mut column = 0;
    // The rows of an interval stand together, its stations always in the same order.
    for row in rows {
        if row.scope == ALL {
            column = 0;
            continue;
        }
        match strips.get_mut(column) {
            Some(strip) => strip.cells.push(value(row)),
            None => strips.push(Strip { name: row.scope.clone(), cells: vec![value(row)] }),
        }
        column += 1;
    }
    strips.retain(|strip| strip.cells.iter().any(Option::is_some));
    strips
}

#[cfg(test)]
mod tests {
    use super::*;

    fn interval(start_ns: u64, scope: &str, utilization: Option<f64>) -> IntervalRow {
        IntervalRow {
            start_ns,
            end_ns: start_ns + 1_000,
            scope: scope.to_owned(),
            arrivals: Some(60),
            in_system: Some(2.0),
            utilization,
            ..IntervalRow::default()
        }
    }

    #[test]
    fn every_station_has_a_strip() {
        let rows: Vec<IntervalRow> = [0, 1_000]
            .into_iter()
            .flat_map(|at| [interval(at, ALL, None), interval(at, "a", Some(0.5)), interval(at, "b", None)])
            .collect();
        let charts = over_time(&rows, 1_000, "");
        let names: Vec<&str> = charts.iter().map(|chart| chart.name.as_str()).collect();
        assert_eq!(names, ["jobs-in-system", "rates", "response-over-time", "stations-utilization"]);
        let Kind::Strips(strips) = &charts[3].kind else { panic!("{charts:?}") };
        let cells = vec![Some(0.5), Some(0.5)];
        assert_eq!(strips.rows, [Strip { name: "a".to_owned(), cells }]);
        assert!(over_time(&rows[..3], 0, "").is_empty(), "one interval is no course");
    }
}
