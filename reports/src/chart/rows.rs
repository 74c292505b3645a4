//! Charts from the rows of results.

use super::{
    At, Axis, Bar, Bin, Chart, Doing, Gantt, Histogram, IntervalRow, Intervals, Kind, Lane, Lines, Mark,
    Point, Scale, Series, Tail, Verdict,
};
use crate::compare::CompareRow;
use crate::number::{Sure, change, significant, with_unit};
use crate::rows::{ALL, GanttRow};
use crate::welch::WelchRow;
use sim_core::measure::Distribution;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

/// Points of a tail, at most, for every ten times fewer jobs.
const PER_DECADE: u32 = 50;
/// Bars of a histogram.
const BINS: u64 = 40;

/// Values with how often each occurs, ascending: what a distribution knows.
pub fn counted(distribution: &Distribution) -> Vec<(u64, u64)> {
    let max = distribution.max().unwrap_or(0);
    if !distribution.is_exact() {
        return distribution.buckets().map(|(upper, count)| (upper.min(max), count)).collect();
    }
    counted_values(distribution.values().iter().copied())
}

/// Values with how often each occurs, ascending.
pub fn counted_values(values: impl IntoIterator<Item = u64>) -> Vec<(u64, u64)> {
    let mut values: Vec<u64> = values.into_iter().collect();
    values.sort_unstable();
    let mut counts: Vec<(u64, u64)> = Vec::new();
    for value in values {
        match counts.last_mut() {
            Some((last, count)) if *last == value => *count += 1,
            _ => counts.push((value, 1)),
        }
    }
    counts
}

/// The part of all values above each, thinned out to what can be seen; the percentiles of nearest rank are kept exactly.
pub fn tail(name: &str, counts: &[(u64, u64)]) -> Series {
    let total: u64 = counts.iter().map(|(_, count)| count).sum();
    let above_of = |percentile: (u64, u64)| {
        let (numerator, denominator) = percentile;
        let rank = (u128::from(total) * u128::from(numerator)).div_ceil(u128::from(denominator)) as u64;
        total - rank
    };
    let exact = [(1, 2), (9, 10), (99, 100), (999, 1_000), (9_999, 10_000), (99_999, 100_000)].map(above_of);
    let mut points = Vec::new();
    let (mut above, mut drawn) = (total, f64::INFINITY);
    let ratio = libm::pow(10.0, -1.0 / f64::from(PER_DECADE));
    for (value, count) in counts {
        let before = above;
        above -= count;
        let part = above as f64 / total as f64;
        let wanted = exact.iter().any(|exact| above <= *exact && *exact < before);
        if part <= drawn * ratio || part <= drawn - 0.01 || wanted || above == 0 {
            points.push(Point::new(*value as f64, part));
            drawn = part;
        }
    }
    Series { name: name.to_owned(), points, faint: false }
}

/// The chart of one or more distributions of times in nanoseconds.
pub fn tail_chart(title: &str, subtitle: &str, metric: &str, series: Vec<Series>) -> Option<Chart> {
    let series: Vec<Series> = series.into_iter().filter(|series| !series.points.is_empty()).collect();
    if series.is_empty() {
        return None;
    }
    Some(Chart {
        name: format!("{metric}-tail"),
        title: title.to_owned(),
        subtitle: subtitle.to_owned(),
        note: String::new(),
        kind: Kind::Tail(Tail {
            x: Axis::new(format!("{metric} time"), "ns").scaled(Scale::Auto),
            of: "jobs".to_owned(),
            series,
            marks: Vec::new(),
        }),
    })
}

/// Bars of equal width over the values, in nanoseconds; `None` where all are the same or there are none.
pub fn histogram(title: &str, subtitle: &str, metric: &str, counts: &[(u64, u64)]) -> Option<Chart> {
    let (low, high) = (counts.first()?.0, counts.last()?.0);
    if low == high {
        return None;
    }
    let width = ((high - low) / BINS).saturating_add(1);
    let mut bins: Vec<Bin> = (0..=(high - low) / width)
        .map(|index| {
            let low = (low + index * width) as f64;
            Bin { low, high: low + width as f64, count: 0 }
        })
        .collect();
    for (value, count) in counts {
        bins[((value - low) / width) as usize].count += count;
    }
    Some(Chart {
        name: format!("{metric}-histogram"),
        title: title.to_owned(),
        subtitle: subtitle.to_owned(),
        note: String::new(),
        kind: Kind::Histogram(Histogram {
            x: Axis::new(format!("{metric} time"), "ns"),
            of: "jobs".to_owned(),
            bins,
            marks: Vec::new(),
        }),
    })
}

/// One chart a metric of a comparison: every policy with its interval and its verdict.
pub fn comparison(rows: &[CompareRow], subtitle: &str, confidence: f64) -> Vec<Chart> {
    let mut groups: Vec<Vec<&CompareRow>> = Vec::new();
    for row in rows {
        let same = |other: &CompareRow| {
            (&row.metric, &row.statistic, &row.scope, &row.class)
                == (&other.metric, &other.statistic, &other.scope, &other.class)
        };
        match groups.last_mut() {
            Some(group) if same(group[0]) => group.push(row),
            _ => groups.push(vec![row]),
        }
    }
    groups.iter().map(|group| compared(group, subtitle, confidence)).collect()
}

fn compared(group: &[&CompareRow], subtitle: &str, confidence: f64) -> Chart {
    let first = group[0];
    let metric = format!("{}/{}", first.metric, first.statistic);
    let mut title = metric.clone();
    let mut name = format!("compare-{}-{}", first.metric, first.statistic);
    for (part, word) in [(&first.scope, "at"), (&first.class, "of")] {
        if part != ALL {
            let _ = write!(title, " {word} {part}");
            let _ = write!(name, "-{part}");
        }
    }
    let whiskers = group.iter().any(|row| row.ci_low.is_some());
    let (least, most) =
        group.iter().fold((u64::MAX, 0), |(least, most), row| (least.min(row.n), most.max(row.n)));
    let replications = if least == most { most.to_string() } else { format!("{least} to {most}") };
    let note = if whiskers {
        format!(
            "Whiskers: {} % interval of the mean over {replications} replications. Verdicts come from paired differences, which are \
             sharper than these intervals.",
            significant(confidence * 100.0, 4),
        )
    } else {
        String::new()
    };
    Chart {
        name: file_name(&name),
        title,
        subtitle: subtitle.to_owned(),
        note,
        kind: Kind::Intervals(Intervals {
            x: Axis::new(metric, first.unit),
            rows: group.iter().map(|row| interval_row(row, group)).collect(),
        }),
    }
}

fn interval_row(row: &CompareRow, group: &[&CompareRow]) -> IntervalRow {
    let verdict = match row.verdict {
        Some("reference") => Verdict::Reference,
        Some("better") => Verdict::Better,
        Some("worse") => Verdict::Worse,
        Some("no difference shown" | "no practical difference") => Verdict::NoDifference,
        _ => Verdict::None,
    };
    let reference = group.iter().find(|row| row.verdict == Some("reference")).and_then(|row| row.value);
    let sure = Sure::of(row.ci_low.zip(row.ci_high));
    let mut remark = row.value.map(|value| sure.with_unit(value, row.unit)).unwrap_or_default();
    remark.push_str(row.mark());
    if let (Some(difference), Some(base)) =
        (row.difference, reference.filter(|base| *base != 0.0 && verdict != Verdict::Reference))
    {
        let half = row.difference_low.zip(row.difference_high).map(|(low, high)| (high - low) / 2.0);
        let by = change(difference, half, base, row.unit);
        let _ = write!(remark, "  {}", by.split(" +/- ").next().unwrap_or_default());
    }
    IntervalRow {
        name: row.policy.clone(),
        value: row.value,
        low: row.ci_low,
        high: row.ci_high,
        verdict,
        remark,
    }
}

/// The beginning of what the cores did, as much of it as can be told apart on one page: all of it where that is little.
pub fn gantt_begin(rows: &[GanttRow<'_>], subtitle: &str) -> Option<Chart> {
    /// Stretches of time a lane, on average.
    const A_LANE: usize = 50;
    let busy: Vec<&GanttRow<'_>> = rows.iter().filter(|row| row.task.is_some()).collect();
    let lanes: BTreeSet<(&str, u32)> = busy.iter().map(|row| (row.station, row.core)).collect();
    let most = A_LANE * lanes.len();
    if busy.len() <= 2 * most {
        return gantt(rows, subtitle);
    }
    let mut ends: Vec<u64> = busy.iter().map(|row| row.end_ns).collect();
    let (_, until, _) = ends.select_nth_unstable(most);
    let until = *until;
    let begun = rows.iter().filter(|row| row.start_ns < until);
    let begun: Vec<GanttRow<'_>> =
        begun.map(|row| GanttRow { end_ns: row.end_ns.min(until), ..row.clone() }).collect();
    let chart = gantt(&begun, subtitle)?;
    let shown = with_unit(until as f64, "ns");
    Some(Chart { title: format!("{}, the first {shown}", chart.title), ..chart })
}

/// What the cores did; `None` where nothing was recorded.
pub fn gantt(rows: &[GanttRow<'_>], subtitle: &str) -> Option<Chart> {
    let until_ns = rows.iter().map(|row| row.end_ns).max()?;
    let mut stations: BTreeMap<&str, u32> = BTreeMap::new();
    let shared: BTreeSet<&str> =
        rows.iter().filter(|row| row.share.is_some()).map(|row| row.station).collect();
    let mut tasks: BTreeMap<&str, usize> = BTreeMap::new();
    for row in rows {
        let cores = stations.entry(row.station).or_default();
        *cores = (*cores).max(row.core + 1);
    }
    // In order of first appearance, so that the first task has the first color.
    let mut by_time: Vec<&GanttRow<'_>> = rows.iter().filter(|row| row.task.is_some()).collect();
    by_time.sort_by_key(|row| row.start_ns);
    for task in by_time.iter().filter_map(|row| row.task) {
        let next = tasks.len();
        tasks.entry(task).or_insert(next);
    }
    let several: BTreeMap<&str, bool> = rows.iter().filter_map(|row| Some((row.task?, row.job?))).fold(
        BTreeMap::new(),
        |mut several, (task, job)| {
            *several.entry(task).or_default() |= job > 1;
            several
        },
    );
    let mut lanes: Vec<(String, Vec<&GanttRow<'_>>)> = Vec::new();
    // By station, core and, where it is shared, job.
    type Place<'p> = (&'p str, u32, Option<(&'p str, u64)>);
    let mut place: BTreeMap<Place<'_>, usize> = BTreeMap::new();
    for row in rows {
        // On a shared processor every job has a lane: their bars overlap.
        let job = row.share.and(row.task.zip(row.job));
        if row.task.is_none() && shared.contains(row.station) {
            continue;
        }
        let index = *place.entry((row.station, row.core, job)).or_insert_with(|| {
            let name = match job {
                Some((task, job)) => format!("{} {}", row.station, label(task, job, several[task])),
                None if stations[row.station] > 1 => format!("{} {}", row.station, row.core),
                None => row.station.to_owned(),
            };
            lanes.push((name, Vec::new()));
            lanes.len() - 1
        });
        lanes[index].1.push(row);
    }
    let bar = |row: &&GanttRow<'_>| {
        let (task, job) = row.task.zip(row.job)?;
        let doing = match (row.kind, row.share) {
            ("switch", _) => Doing::Switch,
            ("dispatch", _) => Doing::Dispatch,
            (_, Some(share)) => Doing::Share(libm::round(share * 100.0) as u32),
            _ => Doing::Run,
        };
        let label = label(task, job, several[task]);
        Some(Bar { label, task: tasks[task], start_ns: row.start_ns, end_ns: row.end_ns, doing })
    };
    let lanes = lanes
        .into_iter()
        .map(|(name, rows)| Lane { name, bars: rows.iter().filter_map(bar).collect() })
        .collect();
    Some(Chart {
        name: "gantt".to_owned(),
        title: "What each core did".to_owned(),
        subtitle: subtitle.to_owned(),
        note: String::new(),
        kind: Kind::Gantt(Gantt { lanes, until_ns }),
    })
}

fn label(task: &str, job: u64, several: bool) -> String {
    if several { format!("{task}#{job}") } else { task.to_owned() }
}

/// Welch's plot with the end of the warm-up, in nanoseconds, that was found or given; `None` where there are no rows.
pub fn welch(rows: &[WelchRow], warmup_ns: u64, subtitle: &str) -> Option<Chart> {
    let released: Option<Vec<f64>> = rows.iter().map(|row| row.release_ns).collect();
    let x = if released.is_some() { Axis::new("release of the job", "ns") } else { Axis::counts("job") };
    let places = released.unwrap_or_else(|| rows.iter().map(|row| row.job as f64).collect());
    let series = |name: &str, value: &dyn Fn(&WelchRow) -> f64| Series {
        name: name.to_owned(),
        points: places.iter().zip(rows).map(|(x, row)| Point::new(*x, value(row))).collect(),
        faint: false,
    };
    let cut = (x.unit == "ns" && warmup_ns > 0)
        .then(|| Mark { at: At::X(warmup_ns as f64), label: "end of the warm-up".to_owned() });
    (!rows.is_empty()).then(|| Chart {
        name: "welch".to_owned(),
        title: "Is the warm-up long enough?".to_owned(),
        subtitle: subtitle.to_owned(),
        note: "Welch's plot: means over replications. The warm-up is over where the smooth line has become flat.".to_owned(),
        kind: Kind::Lines(Lines {
            x,
            y: Axis::new("response/mean", "ns"),
            series: vec![
                series("moving average", &|row| row.moving_average_ns),
                Series { faint: true, ..series("mean of the batch", &|row| row.response_mean_ns) },
            ],
            marks: cut.into_iter().collect(),
            steps: false,
        }),
    })
}

/// A name as a file may have on any system.
pub fn file_name(text: &str) -> String {
    let mut name = String::new();
    for c in text.chars().take(80) {
        let c = if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
        if c != '-' || !name.ends_with('-') {
            name.push(c);
        }
    }
    name.trim_matches('-').to_owned()
}
