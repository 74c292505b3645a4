//! Charts in words.

use super::frame::{Map, Room, drawable, range};
use super::{Axis, Chart, Kind, Series};
use std::fmt::Write as _;

/// Names listed before the rest is counted.
const NAMES: usize = 12;

pub(super) fn describe(chart: &Chart) -> String {
    let what = match &chart.kind {
        Kind::Lines(lines) => {
            let values = lines.series.iter().flat_map(|series| series.points.iter().map(|point| point.y));
            let ends = values_of(&lines.y, values);
            format!("Lines: {} against {}{}{ends}.", lines.y.title, lines.x.title, names(&lines.series))
        }
        Kind::Tail(tail) => {
            let of = &tail.of;
            let values = tail.series.iter().flat_map(|series| series.points.iter().map(|point| point.x));
            let ends = values_of(&tail.x, values);
            let title = &tail.x.title;
            format!(
                "Distribution: share of {of} above each {title}, logarithmic{}{ends}.",
                names(&tail.series)
            )
        }
        Kind::Intervals(intervals) => {
            let values = intervals.rows.iter().filter_map(|row| row.value);
            let ends = values_of(&intervals.x, values);
            let rows: Vec<&str> = intervals.rows.iter().map(|row| row.name.as_str()).collect();
            format!("{} with intervals for {}{ends}.", intervals.x.title, listed(&rows))
        }
        Kind::Histogram(histogram) => {
            let sum: u128 = histogram.bins.iter().map(|bin| u128::from(bin.count)).sum();
            format!("Histogram: {sum} {} by {}.", histogram.of, histogram.x.title)
        }
        Kind::Strips(strips) => {
            let values = strips.rows.iter().flat_map(|row| row.cells.iter().flatten().copied());
            let ends = values_of(&strips.level, values);
            format!("Levels over time: {} of {} rows{ends}.", strips.level.title, strips.rows.len())
        }
        Kind::Gantt(gantt) => {
            let bars: usize = gantt.lanes.iter().map(|lane| lane.bars.len()).sum();
            format!("Gantt chart: {} lanes with {bars} stretches of time.", gantt.lanes.len())
        }
    };
    [chart.title.as_str(), chart.subtitle.as_str(), &what].into_iter().filter(|part| !part.is_empty()).fold(
        String::new(),
        |mut text, part| {
            if !text.is_empty() {
                text.push_str(if text.ends_with(['.', '?', '!']) { " " } else { ". " });
            }
            text.push_str(part);
            text
        },
    )
}

fn names(series: &[Series]) -> String {
    let names: Vec<&str> =
        series.iter().map(|series| series.name.as_str()).filter(|name| !name.is_empty()).collect();
    if names.is_empty() { String::new() } else { format!(", for {}", listed(&names)) }
}

fn listed(names: &[&str]) -> String {
    let mut text = names.iter().take(NAMES).copied().collect::<Vec<_>>().join(", ");
    if names.len() > NAMES {
        let _ = write!(text, " and {} more", names.len() - NAMES);
    }
    text
}

fn values_of(axis: &Axis, values: impl Iterator<Item = f64>) -> String {
    let Some((low, high)) = range(values.filter(|value| drawable(*value))) else {
        return "; no values".to_owned();
    };
    let map = Map::new(axis, (low, high), Room::Tight);
    if low < high {
        format!("; from {} to {}", map.written(low), map.written(high))
    } else {
        format!("; {} everywhere", map.written(low))
    }
}
