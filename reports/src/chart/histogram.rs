//! Counts by value.

use super::frame::{Map, Page, Plot, Room, range};
use super::palette::Ink;
use super::paper::Paper;
use super::{At, Axis, Histogram};

pub(super) fn draw(paper: &mut Paper<'_>, page: Page, histogram: &Histogram) {
    let bins = || histogram.bins.iter().filter(|bin| bin.low < bin.high);
    let marks = histogram.marks.iter().filter_map(|mark| match mark.at {
        At::X(value) => Some(value),
        At::Y(_) => None,
    });
    let xs = range(bins().flat_map(|bin| [bin.low, bin.high]).chain(marks));
    let most = bins().map(|bin| bin.count).max().unwrap_or(0);
    let (Some(xs), true) = (xs, most > 0) else { return page.empty(paper) };
    let y_axis = Axis::counts(format!("number of {}", histogram.of));
    let x = Map::new(&histogram.x, xs, Room::Zero);
    let y = Map::new(&y_axis, (0.0, most as f64), Room::Zero);
    let plot = Plot::new(paper, page, (&histogram.x, x), (&y_axis, y), 14.0);
    for bin in bins().filter(|bin| plot.x.has(bin.low) && plot.x.has(bin.high)) {
        let (left, right, top) = (plot.x.at(bin.low), plot.x.at(bin.high), plot.y.at(bin.count as f64));
        if bin.count > 0 {
            let gap = if right - left > 4.0 { 1.0 } else { 0.0 };
            paper.rect(left, top, (right - left - gap).max(0.3), plot.bottom - top, Ink::Series(0));
        }
        let text = format!(
            "{} to {}: {} {}",
            plot.x.written(bin.low),
            plot.x.written(bin.high),
            bin.count,
            histogram.of
        );
        paper.tip(left, plot.top, right - left, plot.bottom - plot.top, &text);
    }
    paper.line((plot.left, plot.bottom), (plot.right, plot.bottom), Ink::Axis, 1.2);
    plot.marks(paper, &histogram.marks, &[]);
}
