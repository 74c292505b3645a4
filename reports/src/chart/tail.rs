//! Distributions by the part of jobs above a value, on a logarithmic axis, where the tail is as wide as the body.

use super::frame::{Map, Page, Plot, Room, TICK, dash, range, shape};
use super::palette::Ink;
use super::paper::{Paper, Side, text_width};
use super::{At, Axis, Scale, Series, Tail};

/// Percentiles with a line of their own: name, and the part above.
const PERCENTILES: [(&str, f64); 6] =
    [("p50", 0.5), ("p90", 0.1), ("p99", 0.01), ("p99.9", 0.001), ("p99.99", 1e-4), ("p99.999", 1e-5)];
/// Where the horizontal axis begins: at the least value that this part is above.
const BODY: f64 = 0.99;
/// The least part that is drawn.
const LEAST: f64 = 1e-6;

pub(super) fn draw(paper: &mut Paper<'_>, page: Page, tail: &Tail) {
    let points = || tail.series.iter().flat_map(|series| &series.points);
    let marks = || {
        tail.marks.iter().filter_map(|mark| match mark.at {
            At::X(value) => Some(value),
            At::Y(_) => None,
        })
    };
    // Of the shortest hundredth only the edge is seen: on a logarithmic axis it would take most of the room.
    let seen = points().filter(|point| point.y <= BODY).map(|point| point.x);
    let xs = range(seen.chain(marks()));
    let (Some(xs), true) = (xs, points().next().is_some()) else { return page.empty(paper) };
    // A decade below the least part there is, but at least down to one in ten.
    let least = points().map(|point| point.y).filter(|y| *y > 0.0).fold(0.1, f64::min).max(LEAST);
    let y_axis = Axis::new(format!("share of {} that take longer", tail.of), "").scaled(Scale::Log);
    let y = Map::new(&y_axis, (least * 0.9, 1.0), Room::Tight);
    let x = Map::new(&tail.x, xs, Room::Zero);
    let plot = Plot::new(paper, page, (&tail.x, x), (&y_axis, y), 52.0);
    for (name, above) in PERCENTILES.iter().filter(|(_, above)| *above >= least * 0.9) {
        let y = plot.y.at(*above);
        paper.path(&[(plot.left, y), (plot.right, y)], Ink::Axis, 0.8, &[2.0, 3.0]);
        paper.text(name, (plot.right + 6.0, y + 4.0), Side::Left, TICK, Ink::Text);
    }
    for (index, series) in tail.series.iter().enumerate() {
        let mut path: Vec<(f64, f64)> = Vec::with_capacity(series.points.len() * 2 + 1);
        let mut before = (plot.x.at(series.points.first().map_or(0.0, |first| first.x)), plot.top);
        if !series.points.is_empty() {
            path.push((plot.left, plot.top));
            path.push(before);
        }
        for point in series.points.iter().filter(|point| plot.x.has(point.x)) {
            let next = (plot.x.at(point.x), plot.y.at(point.y.max(least * 0.9)));
            path.push((next.0, before.1));
            path.push(next);
            before = next;
        }
        paper.path(&path, Ink::Series(index), 2.0, dash(index));
    }
    plot.marks(paper, &tail.marks, &[]);
    let alone = tail.series.len() == 1;
    let crossed: Vec<f64> = marks().map(|value| plot.x.at(value)).collect();
    let mut taken: Vec<(f64, f64, f64)> = Vec::new();
    for (index, series) in tail.series.iter().enumerate() {
        for (name, above) in PERCENTILES.iter().filter(|(_, above)| *above >= least * 0.9) {
            let Some(value) = value_at(series, *above) else { continue };
            let (x, y) = (plot.x.at(value), plot.y.at(*above));
            paper.marker(shape(index), (x, y), 8.0, Ink::Series(index));
            let written = plot.x.written(value);
            if alone {
                let wide = text_width(&written, TICK);
                // Right of the curve and above, else left of it and below: there the curve is not.
                let places = [(x + 9.0, y - 6.0), (x - 9.0 - wide, y + 15.0), (x - 9.0 - wide, y - 6.0)];
                let over = |left: f64, l: f64, r: f64| left - 3.0 < r && l < left + wide + 3.0;
                let free = |(left, base): &(f64, f64)| {
                    *left > plot.left
                        && left + wide < plot.right
                        && base + 4.0 < plot.bottom
                        && !taken
                            .iter()
                            .any(|(l, r, other)| over(*left, *l, *r) && (other - base).abs() < 14.0)
                };
                let clear = |(left, _): &(f64, f64)| !crossed.iter().any(|at| over(*left, *at, *at));
                // Where every free place lies on a mark's line, the line is interrupted.
                let place =
                    places.iter().find(|at| free(at) && clear(at)).or(places.iter().find(|at| free(at)));
                if let Some((left, base)) = place.copied() {
                    taken.push((left, left + wide, base));
                    paper.washed(left - 2.0, base - 11.0, wide + 4.0, 14.0, Ink::Ground, 1.0);
                    paper.text(&written, (left, base), Side::Left, TICK, Ink::Text);
                }
            }
            let label = if series.name.is_empty() { String::new() } else { format!("{}\n", series.name) };
            paper.tip(x - 6.0, y - 6.0, 12.0, 12.0, &format!("{label}{name}: {written}"));
        }
    }
}

/// The percentile of nearest rank: the least value that no more than this part is above.
fn value_at(series: &Series, above: f64) -> Option<f64> {
    // What is between two numbers that say the same in other words is rounding.
    series.points.iter().find(|point| point.y <= above * (1.0 + 1e-9)).map(|point| point.x)
}
