//! Lines with bands over a number.

use super::frame::{Map, Page, Plot, Room, dash, range, shape};
use super::palette::Ink;
use super::paper::Paper;
use super::{At, Lines, Point, Series};
use std::fmt::Write as _;

/// Series with more points have no markers.
const MOST_MARKERS: usize = 40;
/// Of more series, intervals are whiskers: areas would hide each other.
const MOST_BANDS: usize = 3;
/// Charts with more points in all have no tooltips.
const MOST_TIPS: usize = 1_500;

pub(super) fn draw(paper: &mut Paper<'_>, page: Page, lines: &Lines) {
    let points = || lines.series.iter().flat_map(|series| &series.points);
    let marks = |upright: bool| {
        lines.marks.iter().filter_map(move |mark| match mark.at {
            At::X(value) if upright => Some(value),
            At::Y(value) if !upright => Some(value),
            _ => None,
        })
    };
    let xs = points().map(|point| point.x).chain(marks(true));
    let ys = points().flat_map(|point| [Some(point.y), point.low, point.high]).flatten().chain(marks(false));
    let positive = |scale| scale == super::Scale::Log;
    let xs = range(xs.filter(|x| !positive(lines.x.scale) || *x > 0.0));
    let ys = range(ys.filter(|y| !positive(lines.y.scale) || *y > 0.0));
    let (Some(xs), Some(ys), true) = (xs, ys, points().next().is_some()) else { return page.empty(paper) };
    let x = Map::new(&lines.x, xs, if lines.steps { Room::Tight } else { Room::Around });
    let y = Map::new(&lines.y, ys, Room::Zero);
    let plot = Plot::new(paper, page, (&lines.x, x), (&lines.y, y), 14.0);
    let tips = points().count() <= MOST_TIPS;
    let whiskers = lines.series.len() > MOST_BANDS;
    for (index, series) in lines.series.iter().enumerate() {
        if whiskers {
            // Side by side, so that they can be told apart.
            let aside = (index as f64 - (lines.series.len() - 1) as f64 / 2.0) * 2.0;
            upright(paper, &plot, index, series, aside.clamp(-12.0, 12.0));
        } else {
            band(paper, &plot, index, series);
        }
    }
    for series in lines.series.iter().filter(|series| series.faint) {
        for run in series.points.split(|point| !has(&plot, point)) {
            let path: Vec<(f64, f64)> = run.iter().map(|point| at(&plot, point)).collect();
            paper.path(&path, Ink::Axis, 1.0, &[]);
        }
    }
    for (index, series) in lines.series.iter().enumerate().filter(|(_, series)| !series.faint) {
        line(paper, &plot, index, series, lines.steps);
        if tips {
            for point in series.points.iter().filter(|point| has(&plot, point)) {
                tip(paper, &plot, lines, series, point);
            }
        }
    }
    let drawn: Vec<(f64, f64)> =
        points().filter(|point| has(&plot, point)).map(|point| at(&plot, point)).collect();
    plot.marks(paper, &lines.marks, &drawn);
}

fn has(plot: &Plot, point: &Point) -> bool {
    plot.x.has(point.x) && plot.y.has(point.y)
}

fn at(plot: &Plot, point: &Point) -> (f64, f64) {
    (plot.x.at(point.x), plot.y.at(point.y))
}

/// The interval around a line, or whiskers where a point stands alone.
fn band(paper: &mut Paper<'_>, plot: &Plot, index: usize, series: &Series) {
    let ink = Ink::Series(index);
    let ends: Vec<(f64, f64, f64)> = series
        .points
        .iter()
        .filter(|point| has(plot, point))
        .filter_map(|point| Some((plot.x.at(point.x), plot.y.at(point.low?), plot.y.at(point.high?))))
        .collect();
    if let [(x, low, high)] = ends[..] {
        paper.line((x, low), (x, high), ink, 1.6);
        for y in [low, high] {
            paper.line((x - 5.0, y), (x + 5.0, y), ink, 1.6);
        }
    } else if ends.len() > 1 {
        let there = ends.iter().map(|(x, _, high)| (*x, *high));
        let back = ends.iter().rev().map(|(x, low, _)| (*x, *low));
        paper.polygon(&there.chain(back).collect::<Vec<_>>(), ink, 0.2);
    }
}

/// The intervals of a series as whiskers, a little aside of its points.
fn upright(paper: &mut Paper<'_>, plot: &Plot, index: usize, series: &Series, aside: f64) {
    for point in series.points.iter().filter(|point| has(plot, point)) {
        if let (Some(low), Some(high)) = (point.low, point.high) {
            let x = plot.x.at(point.x) + aside;
            paper.line((x, plot.y.at(low)), (x, plot.y.at(high)), Ink::Series(index), 1.0);
        }
    }
}

fn line(paper: &mut Paper<'_>, plot: &Plot, index: usize, series: &Series, steps: bool) {
    let ink = Ink::Series(index);
    // A point that cannot be drawn leaves a gap.
    for run in series.points.split(|point| !has(plot, point)) {
        let mut path: Vec<(f64, f64)> = Vec::with_capacity(run.len());
        for point in run {
            let next = at(plot, point);
            if let Some(before) = path.last().copied().filter(|_| steps) {
                path.push((next.0, before.1));
            }
            path.push(next);
        }
        paper.path(&path, ink, 2.0, dash(index));
        if let [only] = run
            && series.points.len() > MOST_MARKERS
        {
            // No line leads here.
            paper.marker(shape(index), at(plot, only), 3.5, ink);
        }
    }
    if series.points.len() <= MOST_MARKERS && !steps || series.points.len() == 1 {
        for point in series.points.iter().filter(|point| has(plot, point)) {
            paper.marker(shape(index), at(plot, point), 8.0, ink);
        }
    }
}

fn tip(paper: &mut Paper<'_>, plot: &Plot, lines: &Lines, series: &Series, point: &Point) {
    let (x, y) = at(plot, point);
    let mut text = series.name.clone();
    if !text.is_empty() {
        text.push('\n');
    }
    let _ = write!(text, "{}: {}", lines.x.title, plot.x.written(point.x));
    let _ = write!(text, "\n{}: {}", lines.y.title, plot.y.written(point.y));
    if let (Some(low), Some(high)) = (point.low, point.high) {
        let _ = write!(text, " [{}, {}]", plot.y.written(low), plot.y.written(high));
    }
    paper.tip(x - 6.0, y - 6.0, 12.0, 12.0, &text);
}
