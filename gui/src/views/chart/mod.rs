//! The schedule: rows of cores and tasks over time.

pub mod axis;
pub mod details;
mod hand;
mod minimap;
pub mod order;
pub mod overlay;
pub mod paint;

use super::swatch;
use crate::app::action::{Action, RowChange, Switch};
use crate::app::state::{State, Window};
use crate::model::lod::Scale;
use crate::model::rows::{Activity, RowKind};
use crate::model::snapshot::Snapshot;
use crate::theme::{self, Pattern};
use crate::tr;
use egui::scroll_area::ScrollSource;
use egui::{Align2, FontId, Rect, Sense, Ui, pos2, vec2};
use paint::Picture;
use std::sync::Arc;

/// What a frame of the chart is drawn from.
pub struct Frame<'a> {
    /// The window's state.
    pub state: &'a State,
    /// The run.
    pub snapshot: &'a Arc<Snapshot>,
    /// Rows from top to bottom.
    pub order: Vec<usize>,
    /// Where stretches are drawn; the first row begins at its top.
    pub plot: Rect,
    /// Time over the plot's width.
    pub scale: Scale,
    /// Height of a row, in points.
    pub row_height: f32,
    /// Whether it is dark.
    pub dark: bool,
}

impl Frame<'_> {
    /// The place of a time.
    pub fn x(&self, at: u64) -> f32 {
        self.plot.left() + self.scale.x(at)
    }

    /// The time at a place, within the run.
    pub fn time(&self, x: f32) -> u64 {
        self.scale.instant(x - self.plot.left()).min(self.snapshot.end())
    }

    /// The time at a place; near something that happened, exactly then.
    pub fn snap(&self, x: f32) -> u64 {
        let at = self.time(x);
        let reach = (5.0 * (self.scale.to - self.scale.from) / f64::from(self.scale.width)) as u64;
        let events = self.snapshot.events();
        let after = events.partition_point(|event| event.at < at);
        let near =
            [after.checked_sub(1).map(|index| events[index].at), events.get(after).map(|event| event.at)];
        near.into_iter()
            .flatten()
            .filter(|found| found.abs_diff(at) <= reach)
            .min_by_key(|found| found.abs_diff(at))
            .unwrap_or(at)
    }

    /// The upper edge of a row, where it is shown.
    pub fn top_of(&self, row: usize) -> Option<f32> {
        let place = self.order.iter().position(|index| *index == row)?;
        Some(self.plot.top() + place as f32 * self.row_height)
    }

    /// The row at a height.
    pub fn row_at(&self, y: f32) -> Option<usize> {
        let place = (y - self.plot.top()) / self.row_height;
        if place < 0.0 { None } else { self.order.get(place as usize).copied() }
    }
}

/// What was drawn last, while nothing changes.
#[derive(Clone, Default)]
struct Kept {
    key: Option<Key>,
    picture: Arc<Picture>,
    mesh: Arc<egui::epaint::Mesh>,
}

#[derive(Clone)]
struct Key {
    snapshot: Arc<Snapshot>,
    window: Window,
    plot: Rect,
    clip: Rect,
    dark: bool,
    order: Vec<usize>,
}

impl PartialEq for Key {
    fn eq(&self, other: &Key) -> bool {
        let place = |key: &Key| (key.window, key.plot, key.clip, key.dark);
        Arc::ptr_eq(&self.snapshot, &other.snapshot)
            && place(self) == place(other)
            && self.order == other.order
    }
}

/// Draws the schedule.
pub fn ui(ui: &mut Ui, state: &State, out: &mut Vec<Action>) {
    if let Some((predict, draw)) = state.predict.as_ref().and_then(|predict| Some((predict, predict.draw()?)))
    {
        super::predict::grid::ui(ui, state, predict, draw, out);
        return;
    }
    let Some(snapshot) = &state.snapshot else {
        ui.centered_and_justified(|ui| ui.label(crate::views::no_run(state, "chart-empty")));
        return;
    };
    bar(ui, state, out);
    schedule(ui, state, snapshot, true, out);
}

/// Draws the rows of a run; with `whole` the overview and the names of all rows too.
pub fn schedule(ui: &mut Ui, state: &State, snapshot: &Arc<Snapshot>, whole: bool, out: &mut Vec<Action>) {
    let look = state.settings.look;
    let mut order = order::order(snapshot, &state.view);
    if !whole {
        order.retain(|row| {
            matches!(snapshot.rows.rows[*row].kind, RowKind::Core { .. }) == state.view.show_cores
                || !state.view.show_cores
        });
    }
    let gutter = gutter_width(ui, snapshot, &order);
    let area = ui.available_rect_before_wrap();
    let plot =
        Rect::from_min_max(pos2(area.left() + gutter, area.top()), area.right_bottom() - vec2(10.0, 0.0));
    let scale = state.view.window.scale(plot.width().max(1.0));
    let row_height = if whole { look.row_height() } else { look.row_height() * 0.8 };
    let mut frame = Frame { state, snapshot, order, plot, scale, row_height, dark: look.is_dark() };
    let mut top = area.top();
    if whole {
        let rect = Rect::from_x_y_ranges(plot.x_range(), top..=top + minimap::HEIGHT);
        minimap::ui(ui, &frame, rect, out);
        top += minimap::HEIGHT + 2.0;
    }
    let axis = Rect::from_x_y_ranges(plot.x_range(), top..=top + axis::HEIGHT);
    axis::ui(ui, &frame, axis, out);
    top += axis::HEIGHT;
    let body = Rect::from_min_max(pos2(area.left(), top), area.max);
    let mut body_ui = ui.new_child(egui::UiBuilder::new().max_rect(body).id_salt("rows"));
    let source = ScrollSource { mouse_wheel: false, ..ScrollSource::default() };
    let rows = frame.order.len() as f32 * row_height;
    egui::ScrollArea::vertical().auto_shrink(false).scroll_source(source).show(&mut body_ui, |ui| {
        let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), rows), Sense::hover());
        frame.plot = Rect::from_min_max(pos2(plot.left(), rect.top()), pos2(plot.right(), rect.bottom()));
        content(ui, &frame, body, gutter, out);
    });
    ui.allocate_rect(area, Sense::hover());
}

fn content(ui: &mut Ui, frame: &Frame<'_>, body: Rect, gutter: f32, out: &mut Vec<Action>) {
    let clip = ui.clip_rect();
    let seen = Rect::from_x_y_ranges(
        frame.plot.x_range(),
        clip.top().max(body.top())..=clip.bottom().min(body.bottom()),
    );
    let (picture, mesh) = drawn(ui, frame, seen);
    names(ui, frame, seen, gutter, out);
    let painter = ui.painter_at(seen);
    overlay::grid(&painter, frame, seen);
    painter.add(egui::Shape::Mesh(mesh));
    for label in &picture.labels {
        let name = frame.snapshot.job_name(label.job);
        let font = FontId::proportional(if frame.row_height > 28.0 { 13.0 } else { 11.5 });
        let inner = label.rect.intersect(seen).shrink2(vec2(2.0, 0.0));
        let galley = painter.layout_no_wrap(name, font, label.ink);
        if galley.size().x <= inner.width() {
            let place = Align2::CENTER_CENTER.align_size_within_rect(galley.size(), inner);
            // No pattern runs through the name.
            if let (color, Pattern::Upright | Pattern::Middle) =
                theme::task(frame.snapshot.task_of(label.job), frame.dark)
            {
                painter.rect_filled(place.expand2(vec2(2.0, -1.0)).intersect(inner), 2.0, color);
            }
            painter.galley(place.min, galley, label.ink);
        }
    }
    overlay::marks(&painter, frame, seen);
    overlay::wakeups(&painter, frame, seen);
    overlay::arrows(&painter, frame, seen);
    overlay::lines(&painter, frame, seen);
    hand::ui(ui, frame, seen, &picture, out);
}

/// The picture of the rows, made again only where something changed.
fn drawn(ui: &Ui, frame: &Frame<'_>, seen: Rect) -> (Arc<Picture>, Arc<egui::epaint::Mesh>) {
    let key = Key {
        snapshot: Arc::clone(frame.snapshot),
        window: frame.state.view.window,
        plot: frame.plot,
        clip: seen,
        dark: frame.dark,
        order: frame.order.clone(),
    };
    let id = ui.scope_id().with("picture");
    let kept = ui.data(|data| data.get_temp::<Kept>(id)).unwrap_or_default();
    if kept.key.as_ref() == Some(&key) {
        return (kept.picture, kept.mesh);
    }
    let mut picture = paint::rows(frame, seen);
    let mesh = Arc::new(std::mem::take(&mut picture.mesh));
    let picture = Arc::new(picture);
    let kept = Kept { key: Some(key), picture: Arc::clone(&picture), mesh: Arc::clone(&mesh) };
    ui.data_mut(|data| data.insert_temp(id, kept));
    (picture, mesh)
}

fn gutter_width(ui: &Ui, snapshot: &Snapshot, order: &[usize]) -> f32 {
    let longest = order.iter().map(|row| snapshot.rows.rows[*row].name.chars().count()).max().unwrap_or(4);
    let font = egui::TextStyle::Body.resolve(ui.style());
    (longest as f32 * font.size * 0.56 + 30.0).clamp(64.0, 190.0)
}

/// Names of rows, with a menu each.
fn names(ui: &mut Ui, frame: &Frame<'_>, seen: Rect, gutter: f32, out: &mut Vec<Action>) {
    let colors = theme::palette(frame.dark);
    let left = frame.plot.left() - gutter;
    for (place, index) in frame.order.iter().enumerate() {
        let top = frame.plot.top() + place as f32 * frame.row_height;
        if top + frame.row_height < seen.top() || top > seen.bottom() {
            continue;
        }
        let row = &frame.snapshot.rows.rows[*index];
        let rect = Rect::from_min_size(pos2(left, top), vec2(gutter - 4.0, frame.row_height));
        let response = ui.interact(rect, ui.scope_id().with(("name", *index)), Sense::click());
        response.widget_info(|| {
            egui::WidgetInfo::labeled(egui::Role::Button, true, tr!("row-name", name = row.name.clone()))
        });
        let painter = ui.painter_at(rect);
        let pinned = frame.state.view.rows.pinned.contains(&row.kind);
        let mut at = rect.left() + 2.0;
        match row.kind {
            RowKind::Task { task, .. } => {
                let place = Rect::from_center_size(pos2(at + 5.0, rect.center().y), vec2(10.0, 10.0));
                swatch::paint(&painter, place, task, frame.dark);
            }
            RowKind::Core { .. } => {
                painter.text(
                    pos2(at, rect.center().y),
                    Align2::LEFT_CENTER,
                    "⚙",
                    FontId::proportional(12.0),
                    colors.weak,
                );
            }
        }
        at += 15.0;
        let name = if pinned { format!("📌 {}", row.name) } else { row.name.clone() };
        let font = egui::TextStyle::Body.resolve(ui.style());
        painter.text(pos2(at, rect.center().y), Align2::LEFT_CENTER, name, font, colors.text);
        if response.hovered() {
            painter.rect_stroke(rect, 2.0, (1.0, colors.weak), egui::StrokeKind::Inside);
        }
        let scroll = if response.hovered() { ui.input(|input| input.smooth_scroll_delta().y) } else { 0.0 };
        if scroll != 0.0 {
            ui.scroll_with_delta(vec2(0.0, scroll));
        }
        let hint = response.on_hover_text(tr!("row-help", name = row.name.clone()));
        hint.context_menu(|ui| row_menu(ui, row.kind, pinned, out));
        if hint.double_clicked() {
            out.push(Action::Row(RowChange::Pin(row.kind)));
        }
    }
}

fn row_menu(ui: &mut Ui, kind: RowKind, pinned: bool, out: &mut Vec<Action>) {
    let pin = if pinned { tr!("row-unpin") } else { tr!("row-pin") };
    for (text, change) in [
        (pin, RowChange::Pin(kind)),
        (tr!("row-up"), RowChange::Up(kind)),
        (tr!("row-down"), RowChange::Down(kind)),
        (tr!("row-hide"), RowChange::Hide(kind)),
        (tr!("row-reset"), RowChange::Reset),
    ] {
        if ui.button(text).clicked() {
            out.push(Action::Row(change));
            ui.close();
        }
    }
}

/// What is shown, the search field and the legend.
fn bar(ui: &mut Ui, state: &State, out: &mut Vec<Action>) {
    ui.horizontal_wrapped(|ui| {
        let switches = [
            (state.view.show_cores, "chart-cores", Switch::Cores),
            (state.view.show_tasks, "chart-tasks", Switch::Tasks),
            (state.view.show_arrows, "chart-arrows", Switch::Arrows),
        ];
        for (on, key, switch) in switches {
            if ui.selectable_label(on, tr!(key)).clicked() {
                out.push(Action::Toggle(switch));
            }
        }
        ui.separator();
        let mut find = state.view.find.clone();
        let field = egui::TextEdit::singleline(&mut find).hint_text(tr!("find-hint")).desired_width(110.0);
        let response = ui.add(field).accessible_name(tr!("find-hint"));
        if state.view.focus_find {
            response.request_focus();
        }
        if response.changed() {
            out.push(Action::Find(find));
        }
        if response.lost_focus() && ui.input(|input| input.key_pressed(egui::Key::Enter)) {
            let next = !ui.input(|input| input.modifiers.shift);
            out.push(Action::FindNext(next));
            response.request_focus();
        }
        ui.separator();
        if let Some(snapshot) = &state.snapshot {
            legend(ui, &snapshot.rows.occurring, state.settings.look.is_dark());
        }
    });
}

/// Each state that occurs with its height and pattern, in words; running and ready always.
fn legend(ui: &mut Ui, occurring: &[Activity], dark: bool) {
    let font = egui::TextStyle::Small.resolve(ui.style());
    let always = [Activity::Run, Activity::Ready];
    let is_told = |activity: &Activity| always.contains(activity) || occurring.contains(activity);
    for activity in Activity::ALL.into_iter().filter(is_told) {
        // A sign and its word stay together.
        let word = ui.painter().layout_no_wrap(tr!(activity.key()), font.clone(), egui::Color32::PLACEHOLDER);
        let space = ui.spacing().item_spacing.x;
        if ui.available_size_before_wrap().x < 18.0 + space + word.size().x {
            ui.end_row();
        }
        let (rect, response) = ui.allocate_exact_size(vec2(18.0, 14.0), Sense::hover());
        overlay::sample(ui.painter(), rect, activity, dark);
        response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Image, true, tr!(activity.key())));
        ui.small(tr!(activity.key()));
    }
}
