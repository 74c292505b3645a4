//! Distributions up to the cursor, and how many wait over time.

use crate::app::action::Action;
use crate::app::state::State;
use crate::model::distribution::{Quantity, cdf, histogram, values};
use crate::model::snapshot::Snapshot;
use crate::theme;
use crate::tr;
use egui::{Align, Layout, Rangef, ScrollArea, Ui, Vec2, vec2};
use egui_plot::{AxisHints, Bar, BarChart, GridMark, Line, LineStyle, Plot, PlotPoints, VLine};
use sim_core::units::format_nanos;
use std::ops::RangeInclusive;
use std::sync::Arc;

/// Points of a line, at most.
const POINTS: usize = 1_000;
/// Bins of a histogram.
const BINS: usize = 40;

/// A plot needs this much room.
const LEAST: Vec2 = vec2(230.0, 130.0);

/// Draws the plots.
pub fn ui(ui: &mut Ui, state: &State, out: &mut Vec<Action>) {
    let Some(snapshot) = &state.snapshot else {
        ui.weak(crate::views::no_run(state, "plots-empty"));
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
    legend(ui, state, &lanes);
    // Side by side where each has room for its ticks, else one below the other.
    let columns = ((ui.available_width() / LEAST.x) as usize).clamp(1, 3);
    let width = ui.available_width() / columns as f32 - 8.0;
    let height = if columns == 3 { ui.available_height().max(LEAST.y) } else { LEAST.y };
    ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
        for first in (0..3).step_by(columns) {
            ui.horizontal_top(|ui| {
                for which in first..(first + columns).min(3) {
                    ui.allocate_ui_with_layout(vec2(width, height), Layout::top_down(Align::LEFT), |ui| {
                        match which {
                            0 => distribution(ui, state, &lanes),
                            1 => counts(ui, state, snapshot),
                            _ => waiting(ui, state, &lanes, out),
                        }
                    });
                }
            });
        }
    });
}

/// What each line is: once for all plots, where it covers none of them.
fn legend(ui: &mut Ui, state: &State, lanes: &[(String, Arc<Snapshot>)]) {
    let dark = state.settings.look.is_dark();
    ui.horizontal_wrapped(|ui| {
        for (index, (label, _)) in lanes.iter().enumerate() {
            let (rect, _) = ui.allocate_exact_size(vec2(26.0, 12.0), egui::Sense::hover());
            let ends = [rect.left_center(), rect.right_center()];
            let stroke = egui::Stroke::new(2.0, theme::edge(index as u32, dark));
            match style(index) {
                LineStyle::Dashed { length } => {
                    ui.painter().extend(egui::Shape::dashed_line(&ends, stroke, length, length * 0.6));
                }
                LineStyle::Dotted { spacing } => {
                    ui.painter().extend(egui::Shape::dotted_line(&ends, stroke.color, spacing, 1.5));
                }
                LineStyle::Solid => {
                    ui.painter().line_segment(ends, stroke);
                }
            }
            ui.label(label);
        }
    });
}

/// A time at a tick: as many digits as its distance from the next one asks for.
fn time_axis(mark: GridMark, _: &RangeInclusive<f64>) -> String {
    let step = mark.step_size.max(1.0);
    let rounded = (mark.value / step).round() * step;
    if rounded < 0.0 { String::new() } else { format_nanos(rounded as u64) }
}

/// A line of its own color and pattern for each policy.
fn line(name: &str, points: Vec<[f64; 2]>, index: usize, dark: bool) -> Line<'static> {
    let color = theme::edge(index as u32, dark);
    Line::new(name.to_owned(), PlotPoints::new(points)).color(color).width(2.0).style(style(index))
}

fn style(index: usize) -> LineStyle {
    match index % 3 {
        0 => LineStyle::Solid,
        1 => LineStyle::dashed_dense(),
        _ => LineStyle::dotted_dense(),
    }
}

/// A plot under its title, as large as there is room.
fn plot<'a>(ui: &mut Ui, id: &'a str, title: &str, dark: bool) -> Plot<'a> {
    ui.add(egui::Label::new(egui::RichText::new(title).strong()).truncate());
    // A label is shown whole or not at all: what fades cannot be read.
    let color = theme::palette(dark).weak;
    let x = AxisHints::new_x()
        .formatter(time_axis)
        .label_spacing(Rangef::new(72.0, 72.1))
        .tick_label_color(color);
    let y = AxisHints::new_y().label_spacing(Rangef::new(18.0, 18.1)).tick_label_color(color);
    Plot::new(id)
        .width(ui.available_width())
        .height(ui.available_height())
        .allow_scroll(false)
        .allow_zoom(false)
        .allow_drag(false)
        .allow_boxed_zoom(false)
        .include_y(0.0)
        .custom_x_axes(vec![x])
        .custom_y_axes(vec![y])
}

fn distribution(ui: &mut Ui, state: &State, lanes: &[(String, Arc<Snapshot>)]) {
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
    plot(ui, "cdf", &title, dark).include_x(0.0).include_y(1.0).show(ui, |plot| {
        for line in lines {
            plot.line(line);
        }
    });
}

fn counts(ui: &mut Ui, state: &State, snapshot: &Snapshot) {
    let dark = state.settings.look.is_dark();
    let sorted = values(snapshot.trace(), state.view.quantity, state.view.cursor);
    let (width, bins) = histogram(&sorted, BINS);
    let color = theme::edge(0, dark);
    let bars = bins.iter().map(|(edge, count)| {
        Bar::new(*edge as f64 + width as f64 / 2.0, *count as f64).width(width as f64 * 0.95).fill(color)
    });
    let chart = BarChart::new(tr!("plots-histogram"), bars.collect()).color(color);
    let title = tr!("plots-histogram-of", count = sorted.len());
    plot(ui, "histogram", &title, dark).include_x(0.0).show(ui, |plot| plot.bar_chart(chart));
}

fn waiting(ui: &mut Ui, state: &State, lanes: &[(String, Arc<Snapshot>)], out: &mut Vec<Action>) {
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
    let shown = plot(ui, "waiting", &title, dark).show(ui, |plot| {
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
