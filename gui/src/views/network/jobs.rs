//! Jobs on the canvas at the cursor's instant. Each has a place, and is drawn on its way there.

use crate::app::action::Action;
use crate::app::network::Drawn;
use crate::app::state::{Selection, State};
use crate::model::network::{Node, NodeKind};
use crate::model::occupancy::Place;
use crate::model::snapshot::Snapshot;
use crate::theme;
use crate::tr;
use egui::{Align2, Id, Pos2, Rect, Sense, Ui, Vec2, pos2};
use std::collections::BTreeMap;

/// Radius of a job.
const JOB: f32 = 7.0;
/// Seconds that a job takes to its new place.
const MOVE: f32 = 0.25;
/// Jobs that are drawn in one row of a node.
const ROW: usize = 6;
/// Jobs that are drawn in all; the rest is counted.
const ALL: usize = 300;
/// Stations of one kind that are looked at; a farm may have a million.
const MEMBERS: usize = 2_000;

/// What is drawn of jobs, and how many were.
pub struct Crowd<'a> {
    state: &'a State,
    snapshot: &'a Snapshot,
    drawn: &'a Drawn,
    /// How often each job was drawn: children of a job are in several places at once.
    copies: BTreeMap<u32, u32>,
    left: usize,
}

impl<'a> Crowd<'a> {
    /// Nothing drawn yet.
    pub fn new(state: &'a State, snapshot: &'a Snapshot, drawn: &'a Drawn) -> Crowd<'a> {
        Crowd { state, snapshot, drawn, copies: BTreeMap::new(), left: ALL }
    }
}

/// Who is at a node.
struct Present {
    /// On cores; of a pool, who holds a token.
    running: Vec<u32>,
    /// In the queue.
    queued: Vec<u32>,
    /// Places that are taken, and how long the queue is: who shares cores is in service and in the queue in part.
    busy: u64,
    waiting: usize,
    /// How many places there are.
    size: u64,
    /// Not all members were looked at.
    is_part: bool,
}

fn present(crowd: &Crowd<'_>, node: &Node) -> Present {
    let (snapshot, at) = (crowd.snapshot, crowd.state.view.cursor);
    let model = snapshot.model();
    let mut found =
        Present { running: Vec::new(), queued: Vec::new(), busy: 0, waiting: 0, size: 0, is_part: false };
    let members = match node.kind {
        NodeKind::Pool => crowd.drawn.pools.get(&node.component),
        _ => crowd.drawn.processors.get(&node.component),
    };
    let members = members.map_or(&[][..], Vec::as_slice);
    found.is_part = members.len() > MEMBERS;
    for member in members.iter().take(MEMBERS) {
        if node.kind == NodeKind::Pool {
            found.size += u64::from(model.pools[*member as usize].size);
            found.queued.extend(snapshot.occupancy.at(Place::Pool(*member), at));
            found.running.extend(snapshot.occupancy.at(Place::Token(*member), at));
            continue;
        }
        let cores = u64::from(model.processors[*member as usize].cores);
        let before = found.running.len();
        found.size += cores;
        found.waiting += snapshot.occupancy.sharing_beyond_cores(*member, at);
        found.queued.extend(snapshot.occupancy.at(Place::Ready(*member), at));
        for row in crowd.drawn.cores.get(member).map_or(&[][..], Vec::as_slice) {
            let bars = snapshot.rows.on_core(&snapshot.rows.rows[*row], at);
            found.running.extend(bars.iter().map(|bar| bar.job));
        }
        found.busy += cores.min((found.running.len() - before) as u64);
    }
    found.waiting += found.queued.len();
    found
}

/// Draws who is at a node.
pub fn at(ui: &Ui, crowd: &mut Crowd<'_>, node: &Node, rect: Rect, out: &mut Vec<Action>) {
    let is_pool = node.kind == NodeKind::Pool;
    if node.kind == NodeKind::Delay {
        return;
    }
    if !is_pool && !matches!(node.kind, NodeKind::Processor | NodeKind::Device) {
        return;
    }
    let colors = theme::palette(crowd.state.settings.look.is_dark());
    let found = present(crowd, node);
    let words = if is_pool {
        tr!("network-held", held = found.running.len(), size = found.size.to_string())
    } else {
        tr!("network-busy", busy = found.busy.to_string(), cores = found.size.to_string())
    };
    let more = if found.is_part { " …" } else { "" };
    let left = rect.left() + 10.0;
    let running = pos2(left, rect.top() + 58.0);
    let words = format!("{words}{more}");
    row(ui, crowd, (&found.running, is_pool), &words, running, rect.right(), out);
    let queue = pos2(left, rect.top() + 81.0);
    let words = tr!("live-queue", count = found.waiting);
    row(ui, crowd, (&found.queued, false), &words, queue, rect.right(), out);
    let painter = ui.painter();
    painter.hline(rect.left() + 6.0..=rect.right() - 6.0, rect.top() + 45.0, (1.0, colors.grid));
}

/// Words, then jobs as far as there is room.
fn row(
    ui: &Ui,
    crowd: &mut Crowd<'_>,
    (jobs, tokens): (&[u32], bool),
    words: &str,
    at: Pos2,
    right: f32,
    out: &mut Vec<Action>,
) {
    let colors = theme::palette(crowd.state.settings.look.is_dark());
    let weak = colors.weak;
    let end = super::lettering::line(ui.painter(), at, Align2::LEFT_CENTER, words, 13.0, weak, 124.0).right();
    let each = JOB * 2.0 + 2.0;
    let from = end.max(at.x + 62.0) + JOB + 4.0;
    let fits = (((right - 8.0 - from) / each).floor().max(0.0) as usize + 1).min(ROW);
    let drawn = if jobs.len() > fits { fits.saturating_sub(1) } else { jobs.len() }.min(crowd.left);
    for (index, job) in jobs.iter().take(drawn).enumerate() {
        let place = pos2(from + each * index as f32, at.y);
        if tokens {
            // Its holder is somewhere else.
            let dark = crowd.state.settings.look.is_dark();
            let (color, _) = theme::task(crowd.snapshot.task_of(*job), dark);
            ui.painter().circle_stroke(place, JOB - 2.0, (3.0, color));
            ui.painter().circle_stroke(place, JOB - 0.5, (0.8, colors.weak));
        } else {
            self::job(ui, crowd, *job, place, out);
        }
    }
    crowd.left -= drawn;
    if jobs.len() > drawn && !jobs.is_empty() {
        let place = pos2(from + each * drawn as f32 - JOB, at.y);
        let more = format!("+{}", jobs.len() - drawn);
        super::lettering::line(ui.painter(), place, Align2::LEFT_CENTER, &more, 13.0, colors.text, 60.0);
    }
}

/// A job on its way to its place.
fn job(ui: &Ui, crowd: &mut Crowd<'_>, job: u32, place: Pos2, out: &mut Vec<Action>) {
    let dark = crowd.state.settings.look.is_dark();
    let copy = crowd.copies.entry(job).or_default();
    let id = Id::unique(("job in the network", job, *copy));
    *copy += 1;
    let x = ui.ctx().animate_value_with_time(id.with("x"), place.x, MOVE);
    let y = ui.ctx().animate_value_with_time(id.with("y"), place.y, MOVE);
    let center = pos2(x, y);
    let task = crowd.snapshot.task_of(job);
    let (color, _) = theme::task(task, dark);
    let selected = crowd.state.view.selection.is_some_and(|selection| selection.job == job);
    let colors = theme::palette(dark);
    let border = if selected { (2.5, colors.selection) } else { (0.8, colors.text) };
    ui.painter().circle(center, JOB, color, border);
    let response =
        ui.interact(Rect::from_center_size(center, Vec2::splat(2.0 * JOB)), id.with("click"), Sense::click());
    let name = crowd.snapshot.job_name(job);
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, &name));
    if response.on_hover_text(&name).clicked() {
        let at = crowd.state.view.cursor;
        let bar = crowd.snapshot.rows.of_job_at(job, at);
        let (start, end) = bar.map_or((at, at), |bar| (bar.start, bar.end));
        out.push(Action::Select(Some(Selection { job, start, end })));
    }
}
