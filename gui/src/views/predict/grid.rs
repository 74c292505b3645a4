//! The empty Gantt chart that is drawn on by hand: with the pointer, or from cell to cell with the keyboard.

use super::act;
use crate::app::action::Action;
use crate::app::predict::draw::{Cell, Draw, Stroke};
use crate::app::predict::{Act, Predict, problem};
use crate::app::state::State;
use crate::model::snapshot::Snapshot;
use crate::theme;
use crate::tr;
use egui::{
    Align2, Event, EventFilter, FontId, Id, Key, Modifiers, Painter, Pos2, Rect, Role, ScrollArea, Sense, Ui,
    WidgetInfo, pos2, vec2,
};
use experiments::exercise::{Away, Problem};
use sim_core::units::Time;

/// Height of a line of names of tasks that arrive, in points.
const ARRIVALS: f32 = 15.0;
/// Room below these lines.
const ARRIVALS_FOOT: f32 = 3.0;
/// Lines of names, at most.
const MAX_ARRIVALS: usize = 4;
/// Height of the axis.
const AXIS: f32 = 18.0;
/// Height of a row that shows when a task is away.
const AWAY: f32 = 18.0;
/// Room below the cells for where it first goes wrong.
const FOOT: f32 = 20.0;
/// Height of the title of the right schedule.
const TITLE: f32 = 22.0;
/// The narrowest cell.
const NARROWEST: f32 = 12.0;
/// The widest cell.
const WIDEST: f32 = 44.0;

struct Sheet<'a> {
    state: &'a State,
    whole: &'a Snapshot,
    draw: &'a Draw,
    origin: Pos2,
    cell: f32,
    row: f32,
    gutter: f32,
    /// Height of the names of tasks that arrive.
    arrivals: f32,
}

impl Sheet<'_> {
    fn x(&self, column: usize) -> f32 {
        self.origin.x + self.gutter + column as f32 * self.cell
    }

    fn top(&self, core: usize) -> f32 {
        self.origin.y + self.arrivals + AXIS + core as f32 * self.row
    }

    /// Where the rows of tasks that leave begin, and, behind the last one, where they end.
    fn away_top(&self, row: usize) -> f32 {
        let gap = if self.draw.leave.is_empty() { 0.0 } else { 5.0 };
        self.top(self.draw.cells.len()) + gap + row as f32 * AWAY
    }

    /// The lower end of all rows.
    fn bottom(&self) -> f32 {
        self.away_top(self.draw.leave.len())
    }

    /// The place of an instant.
    fn instant(&self, at: Time) -> f32 {
        self.x(0) + at.0 as f32 / self.draw.unit as f32 * self.cell
    }

    fn rect(&self, core: usize, from: usize, to: usize) -> Rect {
        let top = self.top(core);
        Rect::from_min_max(pos2(self.x(from), top), pos2(self.x(to), top + self.row))
    }

    /// The cell at a place; the nearest one where there is none.
    fn at(&self, place: Pos2) -> (u32, usize) {
        let core = ((place.y - self.top(0)) / self.row).floor().max(0.0) as usize;
        let column = ((place.x - self.x(0)) / self.cell).floor().max(0.0) as usize;
        let last = self.draw.columns().saturating_sub(1);
        (core.min(self.draw.cells.len() - 1) as u32, column.min(last))
    }

    fn name(&self, cell: usize) -> &str {
        &self.whole.model().tasks[self.draw.tasks[cell] as usize]
    }
}

/// What it is among everything that can have the focus: there is one.
pub fn id() -> Id {
    Id::unique("drawing")
}

/// Draws the grid.
pub fn ui(ui: &mut Ui, state: &State, predict: &Predict, draw: &Draw, out: &mut Vec<Action>) {
    let Ok(problem) = problem(&predict.whole) else { return };
    let colors = theme::palette(state.settings.look.is_dark());
    ui.horizontal_wrapped(|ui| {
        ui.strong(tr!("draw-title"));
        let (core, column) = draw.cell;
        let (from, to) = (draw.time(column).to_string(), draw.time(column + 1).to_string());
        let here = draw.cells.get(core as usize).and_then(|cells| cells[column]);
        let task = here.map_or_else(
            || tr!("live-idle"),
            |task| predict.whole.model().tasks[draw.tasks[task] as usize].clone(),
        );
        ui.weak(tr!("draw-cell", core = core, from = from, to = to, task = task));
    });
    let gutter = if draw.leave.is_empty() { 62.0 } else { 84.0 };
    let width = ui.available_width() - 16.0;
    let cell = ((width - gutter) / draw.columns().max(1) as f32).clamp(NARROWEST, WIDEST);
    let cores = draw.cells.len();
    let names = arrivals(ui.painter(), &predict.whole, draw, cell);
    let lines = names.iter().map(|name| name.line + 1).max().unwrap_or(1);
    let above = lines as f32 * ARRIVALS + ARRIVALS_FOOT + AXIS;
    let rows = |row: f32| cores as f32 * row + draw.leave.len() as f32 * AWAY + 5.0;
    // High rows where the right schedule has room below them.
    let low = state.settings.look.row_height();
    let fits = |row: &f32| above + 2.0 * rows(*row) + FOOT + TITLE <= ui.available_height();
    let row = Some(low * 1.5).filter(fits).unwrap_or(low);
    let answer = if draw.shown { rows(row) + TITLE } else { 0.0 };
    let size = vec2(gutter + cell * draw.columns() as f32 + 12.0, above + rows(row));
    let gone = draw.away(&predict.whole, &problem);
    ScrollArea::both().auto_shrink(false).show(ui, |ui| {
        let (_, area) = ui.allocate_space(size + vec2(0.0, FOOT + answer));
        let response = ui.interact(area, id(), Sense::click_and_drag());
        let arrivals = above - AXIS;
        let sheet =
            Sheet { state, whole: &predict.whole, draw, origin: area.min, cell, row, gutter, arrivals };
        response.widget_info(|| WidgetInfo::labeled(Role::Canvas, true, spoken(&sheet, &problem, &gone)));
        let painter = ui.painter_at(area);
        frame(&painter, &sheet, &names);
        for (core, cells) in draw.cells.iter().enumerate() {
            stretches(&painter, &sheet, core, cells);
        }
        away(&painter, &sheet, &problem, &gone, 0.0);
        if let Some(wrong) = draw.first_wrong() {
            let x = sheet.instant(Time(wrong));
            let bottom = sheet.bottom();
            painter.vline(x, sheet.top(0)..=bottom + FOOT, (3.0, colors.bad));
            let text = tr!("draw-first-wrong", at = Time(wrong).to_string());
            let font = FontId::proportional(12.5);
            painter.text(pos2(x + 5.0, bottom + FOOT / 2.0), Align2::LEFT_CENTER, text, font, colors.bad);
        }
        if draw.shown {
            right(&painter, &sheet, &problem);
        }
        focus(ui, &sheet, &response, predict);
        keyboard(ui, &response, draw, out);
        pointer(ui, &sheet, &response, out);
    });
}

/// Axis, cells and arrivals.
fn frame(painter: &Painter, sheet: &Sheet<'_>, names: &[Arrival]) {
    let colors = theme::palette(sheet.state.settings.look.is_dark());
    let (columns, cores) = (sheet.draw.columns(), sheet.draw.cells.len());
    let bottom = sheet.bottom();
    let every = if sheet.cell < 18.0 { 5 } else { 1 };
    for column in 0..=columns {
        let x = sheet.x(column);
        let strong = column % 5 == 0;
        painter.vline(x, sheet.top(0)..=bottom, (if strong { 1.5 } else { 0.7 }, colors.grid));
        if column % every == 0 {
            let text = label(sheet.draw.time(column), sheet.draw.unit);
            let font = FontId::proportional(11.0);
            painter.text(pos2(x, sheet.top(0) - 3.0), Align2::CENTER_BOTTOM, text, font, colors.weak);
        }
    }
    for core in 0..=cores {
        painter.hline(sheet.x(0)..=sheet.x(columns), sheet.top(core), (1.0, colors.grid));
    }
    for core in 0..cores {
        let place = pos2(sheet.origin.x + 4.0, sheet.rect(core, 0, 1).center().y);
        let text = tr!("draw-core", core = core);
        painter.text(place, Align2::LEFT_CENTER, text, FontId::proportional(13.0), colors.text);
    }
    for name in names {
        let x = sheet.instant(name.at);
        let top = sheet.origin.y + sheet.arrivals - ARRIVALS_FOOT - (name.line + 1) as f32 * ARRIVALS;
        let left = x - name.text.size().x / 2.0;
        painter.galley(pos2(left.max(sheet.origin.x), top), name.text.clone(), colors.text);
        // A name that stands higher is led down, past those of the lines below.
        let from = top + name.text.size().y;
        painter.vline(x, from..=sheet.origin.y + sheet.arrivals + 2.0, (1.0, colors.weak));
        painter.vline(x, sheet.top(0) - 3.0..=sheet.top(0), (2.0, colors.text));
    }
    let caption = painter.layout_no_wrap(tr!("predict-arrival"), FontId::proportional(11.0), colors.weak);
    let place = pos2(sheet.origin.x + 4.0, sheet.origin.y + sheet.arrivals - ARRIVALS_FOOT - ARRIVALS);
    let free = names.first().map_or(sheet.gutter, |name| {
        (sheet.instant(name.at) - name.text.size().x / 2.0).min(sheet.x(0)) - sheet.origin.x
    });
    if caption.size().x + 8.0 <= free {
        painter.galley(place, caption, colors.weak);
    }
}

/// The names of the tasks that arrive at an instant.
struct Arrival {
    at: Time,
    text: std::sync::Arc<egui::Galley>,
    /// How many lines above the lowest one.
    line: usize,
}

/// The names of tasks above the instants at which they arrive, those of one instant side by side; where two would touch the
/// later one stands a line higher.
fn arrivals(painter: &Painter, whole: &Snapshot, draw: &Draw, cell: f32) -> Vec<Arrival> {
    let color = painter.ctx().global_style().visuals.text_color();
    let mut free = [f32::NEG_INFINITY; MAX_ARRIVALS];
    let mut found = Vec::new();
    for group in whole.trace().jobs.chunk_by(|a, b| a.arrival == b.arrival) {
        let names: Vec<&str> =
            group.iter().map(|job| whole.model().tasks[job.task as usize].as_str()).collect();
        let text = painter.layout_no_wrap(names.join(" "), FontId::proportional(11.5), color);
        let at = group[0].arrival;
        let x = at.0 as f32 / draw.unit as f32 * cell;
        let half = text.size().x / 2.0;
        // A line that leads down from above must not cross a name either.
        let clear = |line: &usize| free[..=*line].iter().all(|free| x > *free) && x - half > free[*line];
        let line = (0..MAX_ARRIVALS).find(clear).unwrap_or(0);
        free[line] = x + half + 4.0;
        found.push(Arrival { at, text, line });
    }
    found
}

/// A number of units' length: in ms, without the unit where it is that.
fn label(at: Time, unit: u64) -> String {
    if unit.is_multiple_of(1_000_000) { (at.0 / 1_000_000).to_string() } else { at.to_string() }
}

fn stretches(painter: &Painter, sheet: &Sheet<'_>, core: usize, cells: &[Cell]) {
    let mut from = 0;
    for group in cells.chunk_by(|a, b| a == b) {
        let to = from + group.len();
        if let Some(task) = group[0] {
            let rect = sheet.rect(core, from, to).shrink2(vec2(0.5, 4.0));
            stretch(painter, sheet, rect, sheet.draw.tasks[task], sheet.name(task));
        }
        from = to;
    }
}

fn stretch(painter: &Painter, sheet: &Sheet<'_>, rect: Rect, task: u32, name: &str) {
    let (color, _) = theme::task(task, sheet.state.settings.look.is_dark());
    painter.rect_filled(rect, 2.0, color);
    let ink = theme::ink_on(color);
    let galley = painter.layout_no_wrap(name.to_owned(), FontId::proportional(13.0), ink);
    let place = Align2::CENTER_CENTER.align_size_within_rect(galley.size(), rect).min;
    painter.with_clip_rect(rect.intersect(painter.clip_rect())).galley(place, galley, ink);
}

/// A row for each task that leaves: when it is at its I/O, or waits for it. It follows from what the cores do.
fn away(painter: &Painter, sheet: &Sheet<'_>, problem: &Problem<'_>, gone: &[Away], shift: f32) {
    let dark = sheet.state.settings.look.is_dark();
    let colors = theme::palette(dark);
    let font = || FontId::proportional(11.5);
    for (row, place) in sheet.draw.leave.iter().enumerate() {
        let top = sheet.away_top(row) + shift;
        let name = painter.layout_no_wrap(tr!("draw-away", task = sheet.name(*place)), font(), colors.text);
        let label = Rect::from_min_size(pos2(sheet.origin.x, top), vec2(sheet.gutter - 3.0, AWAY));
        let at = Align2::LEFT_CENTER.align_size_within_rect(name.size(), label.shrink2(vec2(4.0, 0.0))).min;
        painter.with_clip_rect(label.intersect(painter.clip_rect())).galley(at, name, colors.text);
        let task = sheet.draw.tasks[*place];
        let mine = gone.iter().filter(|gone| problem.trace.jobs[gone.job as usize].task == task);
        for gone in mine {
            let x = sheet.instant(gone.start)..=sheet.instant(gone.end);
            let rect = Rect::from_x_y_ranges(x, top + 2.0..=top + AWAY - 2.0).shrink2(vec2(0.5, 0.0));
            let fill = if gone.queued { theme::ground(dark) } else { theme::pale(task, dark) };
            let stroke = egui::Stroke::new(1.0, theme::edge(task, dark));
            painter.rect(rect, 2.0, fill, stroke, egui::StrokeKind::Inside);
            let (word, ink) = if gone.queued {
                (tr!("draw-queued"), colors.text)
            } else {
                (tr!("draw-io"), theme::ink_on(fill))
            };
            let word = painter.layout_no_wrap(word, font(), ink);
            if word.size().x + 2.0 <= rect.width() {
                let at = Align2::CENTER_CENTER.align_size_within_rect(word.size(), rect).min;
                painter.galley(at, word, ink);
            }
        }
    }
}

/// The right schedule below.
fn right(painter: &Painter, sheet: &Sheet<'_>, problem: &Problem<'_>) {
    let colors = theme::palette(sheet.state.settings.look.is_dark());
    let shift = sheet.bottom() + FOOT + TITLE - sheet.top(0);
    let title = pos2(sheet.origin.x + 4.0, sheet.bottom() + FOOT + TITLE / 2.0);
    painter.text(title, Align2::LEFT_CENTER, tr!("draw-answer"), FontId::proportional(13.0), colors.good);
    let here = problem.trace.segments.iter().filter(|segment| segment.processor == problem.processor);
    for core in 0..sheet.draw.cells.len() {
        let place = pos2(sheet.origin.x + 4.0, sheet.rect(core, 0, 1).center().y + shift);
        let text = tr!("draw-core", core = core);
        painter.text(place, Align2::LEFT_CENTER, text, FontId::proportional(13.0), colors.text);
    }
    away(painter, sheet, problem, &problem.away(), shift);
    for segment in here {
        let x = |at: Time| sheet.instant(at);
        let top = sheet.top(segment.core as usize) + shift;
        let rect = Rect::from_min_max(
            pos2(x(segment.start), top + 4.0),
            pos2(x(segment.end), top + sheet.row - 4.0),
        );
        if segment.kind == sim_core::trace::SegmentKind::Run {
            let job = &problem.trace.jobs[segment.job as usize];
            stretch(painter, sheet, rect.shrink2(vec2(0.5, 0.0)), job.task, problem.task(job));
        } else {
            painter.rect_filled(rect, 0.0, colors.switch);
        }
    }
}

/// What a screen reader says of the drawing.
fn spoken(sheet: &Sheet<'_>, problem: &Problem<'_>, gone: &[Away]) -> String {
    let draw = sheet.draw;
    let core = |(core, cells): (usize, &Vec<Cell>)| {
        let (mut from, mut words) = (0, Vec::new());
        for group in cells.chunk_by(|a, b| a == b) {
            let to = from + group.len();
            if let Some(task) = group[0] {
                words.push(format!("{} {}–{}", sheet.name(task), draw.time(from), draw.time(to)));
            }
            from = to;
        }
        format!("{}: {}", tr!("draw-core", core = core), words.join(", "))
    };
    let rows = draw.cells.iter().enumerate().map(core);
    let away = draw.leave.iter().map(|place| {
        let mine = |gone: &&Away| problem.trace.jobs[gone.job as usize].task == draw.tasks[*place];
        let words = gone.iter().filter(mine).map(|gone| {
            let key = if gone.queued { "draw-queued" } else { "draw-io" };
            format!("{} {}–{}", tr!(key), gone.start, gone.end)
        });
        let words: Vec<String> = words.collect();
        format!("{}: {}", tr!("draw-away", task = sheet.name(*place)), words.join(", "))
    });
    let rows: Vec<String> = rows.chain(away).collect();
    format!("{}. {}", tr!("draw-name"), rows.join("; "))
}

/// The keyboard's cell; a new drawing has the focus at once.
fn focus(ui: &Ui, sheet: &Sheet<'_>, response: &egui::Response, predict: &Predict) {
    let id = Id::unique("drawn");
    let this = std::sync::Arc::as_ptr(&predict.whole) as usize;
    if ui.data(|data| data.get_temp::<usize>(id)) != Some(this) {
        ui.data_mut(|data| data.insert_temp(id, this));
        response.request_focus();
    }
    if response.clicked() || response.drag_started() {
        response.request_focus();
    }
    if response.has_focus() {
        let filter = EventFilter { horizontal_arrows: true, vertical_arrows: true, ..EventFilter::default() };
        ui.memory_mut(|memory| memory.set_focus_lock_filter(response.id, filter));
        let colors = theme::palette(sheet.state.settings.look.is_dark());
        let (core, column) = sheet.draw.cell;
        let rect = sheet.rect(core as usize, column, column + 1);
        ui.painter().rect_stroke(rect, 2.0, (2.5, colors.selection), egui::StrokeKind::Middle);
    }
}

const DIGITS: [Key; 9] =
    [Key::Num1, Key::Num2, Key::Num3, Key::Num4, Key::Num5, Key::Num6, Key::Num7, Key::Num8, Key::Num9];

/// What is typed, in order: where frames are slow several keys come at once.
fn keyboard(ui: &Ui, response: &egui::Response, draw: &Draw, out: &mut Vec<Action>) {
    if !response.has_focus() {
        return;
    }
    ui.input_mut(|input| {
        input.events.retain(|event| {
            let Event::Key { key, pressed: true, modifiers, .. } = event else { return true };
            let wanted = typed(*key, *modifiers, draw.brush);
            let heard = wanted.is_some();
            out.extend(wanted.map(act));
            !heard
        });
    });
}

/// Whether a key means something on the grid.
pub fn hears(key: Key, modifiers: Modifiers) -> bool {
    typed(key, modifiers, None).is_some()
}

/// What a key means on the grid.
fn typed(key: Key, modifiers: Modifiers, brush: Cell) -> Option<Act> {
    let is = |wanted: Modifiers| modifiers.matches_exact(wanted);
    if is(Modifiers::COMMAND | Modifiers::SHIFT) && key == Key::Z || is(Modifiers::COMMAND) && key == Key::Y {
        return Some(Act::Draw(Stroke::Redo));
    }
    if is(Modifiers::COMMAND) && key == Key::Z {
        return Some(Act::Draw(Stroke::Undo));
    }
    if !is(Modifiers::NONE) {
        return None;
    }
    let stroke = match key {
        Key::ArrowLeft => Stroke::Move(0, -1),
        Key::ArrowRight => Stroke::Move(0, 1),
        Key::ArrowUp => Stroke::Move(-1, 0),
        Key::ArrowDown => Stroke::Move(1, 0),
        Key::Home => Stroke::Move(0, -1_000),
        Key::End => Stroke::Move(0, 1_000),
        Key::Space => Stroke::Type(brush),
        Key::Num0 | Key::Delete => Stroke::Type(None),
        Key::Backspace => Stroke::Back,
        Key::Enter => return Some(Act::Go),
        key => Stroke::Type(Some(DIGITS.iter().position(|digit| *digit == key)?)),
    };
    Some(Act::Draw(stroke))
}

/// Clicks and drags: a drag draws on one core, from where it began.
fn pointer(ui: &Ui, sheet: &Sheet<'_>, response: &egui::Response, out: &mut Vec<Action>) {
    let drawn = response.dragged_by(egui::PointerButton::Primary) || response.clicked();
    let (Some(place), true) = (response.interact_pointer_pos(), drawn) else { return };
    let id = response.id.with("last");
    let (core, column) = sheet.at(place);
    let last = ui.data(|data| data.get_temp::<(u32, usize)>(id));
    let begins = response.drag_started() || response.clicked();
    let last = last.filter(|_| !begins && response.dragged());
    let origin = ui.input(|input| input.pointer.press_origin()).filter(|_| response.drag_started());
    let (core, from) = last.unwrap_or_else(|| origin.map_or((core, column), |origin| sheet.at(origin)));
    if last != Some((core, column)) {
        let same = last.is_some();
        out.push(act(Act::Draw(Stroke::Line { core, from, to: column, same })));
    }
    ui.data_mut(|data| data.insert_temp(id, (core, column)));
}
