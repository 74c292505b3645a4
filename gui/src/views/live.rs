//! The machine at the cursor: cores, ready queues, pools, and the servers behind balancers, with the jobs on their way.
//!
//! Jobs move because each has a place to be at the cursor's instant, and is drawn on its way there; forwards or back.

use crate::app::action::Action;
use crate::app::state::{Selection, State};
use crate::model::occupancy::Place;
use crate::model::rows::{Activity, Row, RowKind};
use crate::model::snapshot::Snapshot;
use crate::theme;
use crate::tr;
use egui::text::{LayoutJob, TextWrapping};
use egui::{Align2, FontId, Id, Pos2, Rect, Role, ScrollArea, Sense, Ui, WidgetInfo, pos2, vec2};
use std::collections::BTreeMap;

/// Size of a job, in points.
const JOB: f32 = 24.0;
/// Its greatest width.
const JOB_WIDTH: f32 = 64.0;
/// Height of the place of a core, in points.
const SEAT: f32 = JOB + 20.0;
/// Jobs that are drawn in one queue; the rest is counted.
const QUEUE: usize = 14;
/// Seconds that a job takes to its new place.
const MOVE: f32 = 0.2;
/// Tokens of a pool that are drawn; the rest is counted.
const TOKENS: usize = 16;
/// Stations that are drawn.
const STATIONS: usize = 200;

/// A box with slots and a queue.
struct Station {
    name: String,
    slots: Vec<Slot>,
    queue: Vec<u32>,
    /// Who will be taken from the queue next.
    next: Option<u32>,
    note: String,
}

struct Slot {
    name: String,
    job: Option<(u32, Activity)>,
    /// A token of a pool that this job holds.
    token: Option<u32>,
}

/// Draws the machine.
pub fn ui(ui: &mut Ui, state: &State, out: &mut Vec<Action>) {
    let Some(snapshot) = &state.snapshot else {
        ui.weak(crate::views::no_run(state, "live-empty"));
        return;
    };
    let at = state.view.cursor;
    ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
        balancers(ui, state, snapshot, at);
        let origin = ui.cursor().left_top();
        let mut machine = Machine { state, snapshot, out, origin, drawn: BTreeMap::new() };
        let stations = stations(snapshot, at);
        let width = ui.available_width();
        let columns = ((width / 330.0).floor() as usize).clamp(1, 6).min(stations.len().max(1));
        let each = width / columns as f32 - 8.0;
        for group in stations.chunks(columns) {
            let height = group.iter().map(station_height).fold(0.0, f32::max);
            let (rect, response) = ui.allocate_exact_size(vec2(width, height), Sense::click());
            response.widget_info(|| {
                let words: Vec<String> = group.iter().map(|station| spoken(snapshot, station)).collect();
                WidgetInfo::labeled(Role::Image, true, words.join("; "))
            });
            for (column, station) in group.iter().enumerate() {
                let left = rect.left() + column as f32 * (each + 8.0);
                let card = Rect::from_min_size(pos2(left, rect.top()), vec2(each, height - 6.0));
                if ui.is_rect_visible(card) {
                    machine.station(ui, station, card);
                }
            }
        }
    });
}

fn station_height(station: &Station) -> f32 {
    let rows = station.slots.len().div_ceil(4) as f32;
    30.0 + rows * SEAT + JOB + 18.0
}

/// What a screen reader says of a station.
fn spoken(snapshot: &Snapshot, station: &Station) -> String {
    let on: Vec<String> = station
        .slots
        .iter()
        .map(|slot| match slot.job {
            None if slot.token.is_some() => tr!("live-holds", job = slot.name.clone()),
            Some((job, _)) => format!("{}: {}", slot.name, snapshot.job_name(job)),
            None => format!("{}: {}", slot.name, tr!("live-idle")),
        })
        .collect();
    let queue: Vec<String> = station.queue.iter().take(QUEUE).map(|job| snapshot.job_name(*job)).collect();
    let waiting = tr!("live-queue", count = station.queue.len());
    format!("{}: {}. {waiting} {}", station.name, on.join(", "), queue.join(", "))
}

/// Stations with something to show, as they are at an instant.
fn stations(snapshot: &Snapshot, at: u64) -> Vec<Station> {
    let model = snapshot.model();
    let mut found = Vec::new();
    for (index, processor) in model.processors.iter().enumerate().take(STATIONS) {
        let index = index as u32;
        let mut slots = Vec::new();
        for row in snapshot.core_rows() {
            let RowKind::Core { processor: of, core } = row.kind else { continue };
            if of != index {
                continue;
            }
            let running = snapshot.rows.on_core(row, at);
            if running.len() > 1 || running.iter().any(|bar| bar.slot.1 > 1) {
                let share = |bar: &crate::model::rows::Bar| Slot {
                    name: tr!("live-share", count = bar.slot.1),
                    job: Some((bar.job, bar.activity)),
                    token: None,
                };
                slots.extend(running.iter().take(16).map(share));
            } else {
                let job = running.first().map(|bar| (bar.job, bar.activity));
                slots.push(Slot { name: format!("{core}"), job, token: None });
            }
        }
        let mut queue = snapshot.occupancy.at(Place::Ready(index), at);
        let decision = snapshot.next_dispatch(index, at);
        if let Some(decision) = decision.and_then(|decision| snapshot.explained(decision)) {
            // As the policy orders them; who it does not know yet stays behind, in order of coming.
            let key = |job: &u32| {
                let found = decision.candidates().iter().find(|candidate| candidate.id == u64::from(*job));
                found.map_or((true, None), |candidate| (false, Some(candidate.key)))
            };
            queue.sort_by_key(key);
        }
        let next = decision.map(|decision| snapshot.trace().decisions[decision].chosen as u32);
        let next = next.filter(|job| queue.contains(job));
        let note = processor.scheduler.spec.clone();
        found.push(Station { name: processor.name.clone(), slots, queue, next, note });
    }
    for (index, pool) in model.pools.iter().enumerate().take(STATIONS) {
        let queue = snapshot.occupancy.at(Place::Pool(index as u32), at);
        // A pool with one token around a periodic task is that task itself: worth a box only where jobs wait for it.
        if !queue.is_empty() || pool.size > 1 {
            let held = snapshot.occupancy.at(Place::Token(index as u32), at);
            let note = tr!("live-tokens-held", held = held.len(), count = pool.size);
            // Who holds a token is somewhere else: here stand the tokens.
            let token = |job: &u32| Slot { name: snapshot.job_name(*job), job: None, token: Some(*job) };
            let slots: Vec<Slot> = held.iter().take(TOKENS).map(token).collect();
            let fifo = pool.order == sim_core::model::PoolOrder::Fifo;
            let next = queue.first().copied().filter(|_| fifo);
            found.push(Station { name: pool.name.clone(), slots, queue, next, note });
        }
    }
    for (place, key) in [(Place::Delay, "live-delay"), (Place::Join, "live-join")] {
        let queue = snapshot.occupancy.at(place, at);
        if !queue.is_empty() {
            found.push(Station { name: tr!(key), slots: Vec::new(), queue, next: None, note: String::new() });
        }
    }
    found
}

/// What stations are drawn with.
struct Machine<'a, 'o> {
    state: &'a State,
    snapshot: &'a Snapshot,
    out: &'o mut Vec<Action>,
    /// Upper left corner of all stations: jobs on their way do not notice that the view is scrolled.
    origin: Pos2,
    /// How often each job was drawn: children of a job are in several places at once.
    drawn: BTreeMap<u32, u32>,
}

impl Machine<'_, '_> {
    fn station(&mut self, ui: &Ui, station: &Station, card: Rect) {
        let colors = theme::palette(self.state.settings.look.is_dark());
        let painter = ui.painter_at(card);
        let small = FontId::proportional(10.5);
        painter.rect(card, 4.0, colors.stripe, (1.0, colors.grid), egui::StrokeKind::Inside);
        let title = pos2(card.left() + 8.0, card.top() + 12.0);
        let font = FontId::proportional(14.0);
        let name = painter.text(title, Align2::LEFT_CENTER, &station.name, font, colors.text);
        let note = pos2(name.right() + 10.0, title.y);
        painter.text(note, Align2::LEFT_CENTER, &station.note, small.clone(), colors.weak);
        for (index, slot) in station.slots.iter().enumerate() {
            let width = (card.width() - 16.0) / 4.0;
            let left = card.left() + 8.0 + (index % 4) as f32 * width;
            let top = card.top() + 26.0 + (index / 4) as f32 * SEAT;
            let seat = Rect::from_min_size(pos2(left, top), vec2(width - 6.0, SEAT - 4.0));
            painter.rect_stroke(seat, 3.0, (1.0, colors.weak), egui::StrokeKind::Inside);
            if let Some(job) = slot.token {
                self.token(ui, job, &slot.name, seat);
                continue;
            }
            let doing = slot.job.map_or_else(|| tr!("live-idle"), |(_, activity)| tr!(activity.key()));
            let label = pos2(seat.left() + 3.0, seat.bottom() - 8.0);
            let text = format!("{} {doing}", slot.name);
            painter.text(label, Align2::LEFT_CENTER, text, small.clone(), colors.weak);
            if let Some((job, _)) = slot.job {
                let place = pos2(seat.center().x, seat.top() + JOB / 2.0 + 1.0);
                self.job(ui, job, place, seat.width() - 6.0);
            }
        }
        let seats = station.slots.len().div_ceil(4) as f32 * SEAT;
        self.queue(ui, station, card, card.top() + 26.0 + seats + JOB / 2.0 + 4.0);
    }

    /// A token in somebody's hands: a ring in the color of its holder, who is drawn where it is.
    fn token(&mut self, ui: &Ui, job: u32, name: &str, seat: Rect) {
        let dark = self.state.settings.look.is_dark();
        let colors = theme::palette(dark);
        let (color, _) = theme::task(self.snapshot.task_of(job), dark);
        let painter = ui.painter_at(seat);
        let center = pos2(seat.left() + 13.0, seat.center().y);
        painter.circle_stroke(center, 7.0, (3.0, color));
        painter.circle_stroke(center, 8.5, (1.0, colors.weak));
        let place = pos2(center.x + 13.0, center.y);
        painter.text(place, Align2::LEFT_CENTER, name, FontId::proportional(11.0), colors.text);
        let response = ui.interact(seat, Id::unique(("token", job, seat.min.x as i32)), Sense::click());
        let spoken = tr!("live-holds", job = name);
        response.widget_info(|| WidgetInfo::labeled(Role::Button, true, &spoken));
        if response.on_hover_text(&spoken).clicked() {
            let at = self.state.view.cursor;
            let bar = self.snapshot.rows.of_job_at(job, at);
            let (start, end) = bar.map_or((at, at), |bar| (bar.start, bar.end));
            self.out.push(Action::Select(Some(Selection { job, start, end })));
        }
    }

    fn queue(&mut self, ui: &Ui, station: &Station, card: Rect, y: f32) {
        let colors = theme::palette(self.state.settings.look.is_dark());
        let painter = ui.painter_at(card);
        let font = FontId::proportional(11.0);
        let label = tr!("live-queue", count = station.queue.len());
        let start = pos2(card.left() + 8.0, y);
        let from = painter.text(start, Align2::LEFT_CENTER, label, font.clone(), colors.weak).right() + 8.0;
        let room = card.right() - from - 34.0;
        // Few have room for their names.
        let each = (room / station.queue.len().max(1) as f32).clamp(JOB + 12.0, JOB_WIDTH + 8.0);
        let fits = ((room / each).max(1.0) as usize).min(QUEUE);
        for (index, job) in station.queue.iter().take(fits).enumerate() {
            let place = pos2(from + each * (index as f32 + 0.5), y);
            if station.next == Some(*job) {
                let tip = pos2(place.x, y - JOB / 2.0 - 5.0);
                let font = FontId::proportional(10.0);
                painter.text(tip, Align2::CENTER_CENTER, tr!("live-next"), font, colors.good);
            }
            self.job(ui, *job, place, each - 4.0);
        }
        if station.queue.len() > fits {
            let more = format!("+{}", station.queue.len() - fits);
            painter.text(pos2(card.right() - 6.0, y), Align2::RIGHT_CENTER, more, font, colors.text);
        }
    }

    /// A job on its way to its place.
    fn job(&mut self, ui: &Ui, job: u32, place: Pos2, width: f32) {
        let dark = self.state.settings.look.is_dark();
        let copy = self.drawn.entry(job).or_default();
        let id = Id::unique(("job on its way", job, *copy));
        *copy += 1;
        let goal = place - self.origin;
        let x = ui.ctx().animate_value_with_time(id.with("x"), goal.x, MOVE);
        let y = ui.ctx().animate_value_with_time(id.with("y"), goal.y, MOVE);
        let (color, _) = theme::task(self.snapshot.task_of(job), dark);
        let size = vec2(width.clamp(JOB, JOB_WIDTH), JOB - 4.0);
        let rect = Rect::from_center_size(self.origin + vec2(x, y), size);
        let painter = ui.painter();
        let edge = theme::edge(self.snapshot.task_of(job), dark);
        painter.rect(rect, 5.0, color, (1.0, edge), egui::StrokeKind::Inside);
        if self.state.view.selection.is_some_and(|selection| selection.job == job) {
            let stroke = (2.0, theme::palette(dark).selection);
            painter.rect_stroke(rect, 5.0, stroke, egui::StrokeKind::Outside);
        }
        let ink = theme::ink_on(color);
        let name = self.snapshot.job_name(job);
        let font = FontId::proportional(11.0);
        let mut galley = painter.layout_no_wrap(name.clone(), font.clone(), ink);
        let room = rect.width() - 4.0;
        if galley.size().x > room {
            // Of a task with several jobs the number tells more than the name.
            let number = self.snapshot.number_of(job).map(|number| format!("#{number}"));
            let mut text = LayoutJob::simple_singleline(number.unwrap_or_else(|| name.clone()), font, ink);
            text.wrap = TextWrapping::truncate_at_width(room);
            galley = painter.layout_job(text);
        }
        let corner = Align2::CENTER_CENTER.anchor_size(rect.center(), galley.size()).min;
        ui.painter_at(rect).galley(corner, galley, ink);
        let response = ui.interact(rect, id.with("click"), Sense::click());
        response.widget_info(|| WidgetInfo::labeled(Role::Button, true, &name));
        if response.on_hover_text(&name).clicked() {
            let at = self.state.view.cursor;
            let bar = self.snapshot.rows.of_job_at(job, at);
            let (start, end) = bar.map_or((at, at), |bar| (bar.start, bar.end));
            self.out.push(Action::Select(Some(Selection { job, start, end })));
        }
    }
}

/// The servers behind each balancer with how many jobs each has, and where the last one went.
fn balancers(ui: &mut Ui, state: &State, snapshot: &Snapshot, at: u64) {
    let model = snapshot.model();
    let colors = theme::palette(state.settings.look.is_dark());
    for (index, balancer) in model.balancers.iter().enumerate() {
        let Some(group) = model.groups.get(balancer.group as usize) else { continue };
        let last = snapshot.last_balance(index as u32, at);
        let members = group.weights.len().min(64);
        let present: Vec<usize> =
            (0..members as u32).map(|member| at_member(snapshot, group, member, at)).collect();
        let most = present.iter().copied().max().unwrap_or(0).max(1);
        let height = 86.0;
        let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), height), Sense::hover());
        response.widget_info(|| {
            let counts: Vec<String> = present.iter().map(ToString::to_string).collect();
            WidgetInfo::labeled(Role::Image, true, format!("{}: {}", balancer.name, counts.join(", ")))
        });
        let painter = ui.painter_at(rect);
        let title = format!("{}  {}", balancer.name, balancer.policy.spec);
        painter.text(
            rect.left_top() + vec2(4.0, 8.0),
            Align2::LEFT_CENTER,
            title,
            FontId::proportional(13.0),
            colors.text,
        );
        let width = (rect.width() / members.max(1) as f32).min(90.0);
        for (member, count) in present.iter().enumerate() {
            let left = rect.left() + member as f32 * width;
            let full = (height - 46.0) * *count as f32 / most as f32;
            let base = rect.bottom() - 18.0;
            let bar = Rect::from_min_max(pos2(left + 4.0, base - full), pos2(left + width - 4.0, base));
            let chosen = last.is_some_and(|(_, server)| server as usize == member);
            painter.rect_filled(bar, 2.0, if chosen { colors.markers[0] } else { colors.weak });
            let center = bar.center().x;
            painter.text(
                pos2(center, base - full - 7.0),
                Align2::CENTER_CENTER,
                count.to_string(),
                FontId::proportional(11.0),
                colors.text,
            );
            let name = format!("{}{}", if chosen { "▶ " } else { "" }, member + 1);
            painter.text(
                pos2(center, rect.bottom() - 9.0),
                Align2::CENTER_CENTER,
                name,
                FontId::proportional(11.0),
                colors.text,
            );
        }
    }
}

/// How many jobs are at a server: on its cores, in its ready queues, waiting for its tokens.
fn at_member(snapshot: &Snapshot, group: &sim_core::model::Group, member: u32, at: u64) -> usize {
    let queued: usize = group
        .processors
        .iter()
        .map(|base| snapshot.occupancy.at(Place::Ready(base + member), at).len())
        .chain(group.pools.iter().map(|base| snapshot.occupancy.at(Place::Pool(base + member), at).len()))
        .sum();
    let in_service = |processor: u32| {
        let mine = |row: &&Row| matches!(row.kind, RowKind::Core { processor: of, .. } if of == processor);
        let on_cores: usize =
            snapshot.core_rows().filter(mine).map(|row| snapshot.rows.on_core(row, at).len()).sum();
        on_cores.min(snapshot.model().processors[processor as usize].cores as usize)
    };
    let at_processors = group.processors.iter().map(|base| base + member);
    let served: usize = at_processors
        .map(|processor| in_service(processor) + snapshot.occupancy.sharing_beyond_cores(processor, at))
        .sum();
    queued + served
}
