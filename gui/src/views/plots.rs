//! Distributions up to the cursor, and how many wait over time.

use crate::app::action::Action;
use crate::app::state::State;
use crate::model::distribution::{Quantity, cdf, histogram, values};
use crate::model::snapshot::Snapshot;
use crate::theme;
use crate::tr;
use egui::{Ui, vec2};
use egui_plot::{Bar, BarChart, GridMark, Legend, Line, LineStyle, Plot, PlotPoints, VLine};
use sim_core::units::format_nanos;
use std::ops::RangeInclusive;
use std::sync::Arc;

/// Points of a line, at most.
const POINTS: usize = 1_000;
/// Bins of a histogram.
const BINS: usize = 40;

/// Draws the plots.
pub fn ui(ui: &mut Ui, state: &State, out: &mut Vec<Action>) {
    let Some(snapshot) = &state.snapshot else {
        ui.weak(tr!("plots-empty"));
        return;
    };
    ui.horizontal_wrapped(|ui| {
        for quantity in Quantity::ALL {
            if ui.selectable_label(state.view.quantity == quantity, tr!(quantity.key())).clicked() {
                out.push(Action::Quantity(quantity));
            }
        }
        ui.separator();
        ui.weak(tr!("plots-until"));
    });
    let lanes: Vec<(String, Arc<Snapshot>)> = match &state.race.result {
        Some(race) => race.labels.iter().cloned().zip(race.lanes.iter().cloned()).collect(),
        None => vec![(snapshot.loaded.policy.clone(), Arc::clone(snapshot))],
    };
    let width = (ui.available_width() / 3.0 - 8.0).max(150.0);
    let size = vec2(width, ui.available_height().max(90.0));
    ui.horizontal_top(|ui| {
        distribution(ui, state, &lanes, size);
        counts(ui, state, snapshot, size);
        waiting(ui, state, &lanes, size, out);
    });
}

fn time_axis(mark: GridMark, _: &RangeInclusive<f64>) -> String {
    if mark.value < 0.0 { String::new() } else { format_nanos(mark.value as u64) }
}

/// A line of its own color and pattern for each policy.
fn line(name: &str, points: Vec<[f64; 2]>, index: usize, dark: bool) -> Line<'static> {
    let (color, _) = theme::task(index as u32, dark);
    let style = match index % 3 {
        0 => LineStyle::Solid,
        1 => LineStyle::dashed_dense(),
        _ => LineStyle::dotted_dense(),
    };
    Line::new(name.to_owned(), PlotPoints::new(points)).color(color).width(2.0).style(style)
}

fn plot<'a>(id: &'a str, size: egui::Vec2, title: &str) -> Plot<'a> {
    Plot::new(id)
        .width(size.x)
        .height(size.y)
        .allow_scroll(false)
        .allow_zoom(false)
        .allow_drag(false)
        .allow_boxed_zoom(false)
        .include_y(0.0)
        .x_axis_formatter(time_axis)
        .x_axis_label(title.to_owned())
}

fn distribution(ui: &mut Ui, state: &State, lanes: &[(String, Arc<Snapshot>)], size: egui::Vec2) {
    let dark = state.settings.look.is_dark();
    let lines: Vec<Line<'_>> = lanes
        .iter()
        .enumerate()
        .map(|(index, (label, lane))| {
            let sorted = values(lane.trace(), state.view.quantity, state.view.cursor);
            let mut points: Vec<[f64; 2]> = Vec::new();
            let mut level = 0.0;
            for (value, part) in cdf(&sorted, POINTS) {
                points.push([value as f64, level]);
                points.push([value as f64, part]);
                level = part;
            }
            line(label, points, index, dark)
        })
        .collect();
    let title = tr!("plots-cdf");
    plot("cdf", size, &title).include_y(1.0).legend(Legend::default()).show(ui, |plot| {
        for line in lines {
            plot.line(line);
        }
    });
}

fn counts(ui: &mut Ui, state: &State, snapshot: &Snapshot, size: egui::Vec2) {
    let dark = state.settings.look.is_dark();
    let sorted = values(snapshot.trace(), state.view.quantity, state.view.cursor);
    let (width, bins) = histogram(&sorted, BINS);
    let (color, _) = theme::task(0, dark);
    let bars = bins.iter().map(|(edge, count)| {
        Bar::new(*edge as f64 + width as f64 / 2.0, *count as f64).width(width as f64 * 0.95).fill(color)
    });
    let chart = BarChart::new(tr!("plots-histogram"), bars.collect()).color(color);
    let title = tr!("plots-histogram-of", count = sorted.len());
    plot("histogram", size, &title).show(ui, |plot| plot.bar_chart(chart));
}

fn waiting(
    ui: &mut Ui,
    state: &State,
    lanes: &[(String, Arc<Snapshot>)],
    size: egui::Vec2,
    out: &mut Vec<Action>,
) {
    let dark = state.settings.look.is_dark();
    let cursor = state.view.cursor as f64;
    let lines: Vec<Line<'_>> = lanes
        .iter()
        .enumerate()
        .map(|(index, (label, lane))| {
            let mut points: Vec<[f64; 2]> = Vec::new();
            let mut level = 0.0;
            for (at, count) in &lane.waiting {
                points.push([*at as f64, level]);
                level = f64::from(*count);
                points.push([*at as f64, level]);
            }
            line(label, points, index, dark)
        })
        .collect();
    let colors = theme::palette(dark);
    let title = tr!("plots-waiting");
    let shown = plot("waiting", size, &title).show(ui, |plot| {
        for line in lines {
            plot.line(line);
        }
        plot.vline(VLine::new("t", cursor).color(colors.cursor).width(1.5));
        plot.pointer_coordinate()
    });
    if shown.response.clicked()
        && let Some(at) = shown.inner
    {
        out.push(Action::Seek(at.x.max(0.0) as u64));
    }
}
