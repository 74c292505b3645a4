//! The canvas: boxes for stations, arrows for flows, and jobs where they are.

use super::jobs::{self, Crowd};
use super::lettering::{line, plate};
use crate::app::action::Action;
use crate::app::network::{Drawn, Edit, NetworkAction, new_step};
use crate::app::state::State;
use crate::model::network::{Edge, Graph, Node, NodeKind, Places, size_of};
use crate::theme::{self, Palette};
use crate::tr;
use egui::epaint::CubicBezierShape;
use egui::{
    Align2, Color32, Id, Painter, Pos2, Rect, Role, Scene, Sense, Shape, Stroke, StrokeKind, Ui, Vec2,
    WidgetInfo, pos2, vec2,
};
use scenarios::draft::{Part, Path, key};

/// Free space around everything.
const MARGIN: f32 = 24.0;

/// Where everything is, on the canvas.
struct Canvas<'a> {
    state: &'a State,
    drawn: &'a Drawn,
    rects: Vec<Rect>,
    colors: Palette,
    dark: bool,
    /// What is seen of it.
    scene: Rect,
    /// Class that is selected, or whose step is.
    flow: Option<usize>,
}

/// Draws the canvas.
pub fn ui(ui: &mut Ui, state: &State, drawn: &Drawn, out: &mut Vec<Action>) {
    let kept = Places::new();
    let input = state.setup().map_or("", |setup| setup.input.name.as_str());
    let kept = state.settings.sessions.find(input).map_or(&kept, |session| &session.places);
    let places = drawn.places(kept);
    let rect =
        |(node, place): (&Node, [f32; 2])| Rect::from_min_size(place.into(), size_of(node.kind).into());
    let rects: Vec<Rect> = drawn.graph.nodes.iter().zip(places).map(rect).collect();
    let dark = state.settings.look.is_dark();
    let flow = state.network.selection.as_ref().and_then(|path| {
        drawn.graph.flows.iter().position(|flow| flow.path.as_ref().is_some_and(|own| path.starts_with(own)))
    });
    let whole = rects.iter().fold(Rect::NOTHING, |all, rect| all.union(*rect));
    let whole = if whole.is_finite() { whole } else { Rect::from_min_size(Pos2::ZERO, Vec2::splat(200.0)) };
    // Groups have a title above, and what leads back goes below.
    let low = vec2(MARGIN, MARGIN + 24.0);
    let whole = Rect::from_min_max(whole.min - low, whole.max + vec2(MARGIN, MARGIN + 40.0));
    let mut scene = state.network.scene.unwrap_or(whole);
    let canvas = Canvas { state, drawn, rects, colors: theme::palette(dark), dark, scene, flow };
    let before = scene;
    let shown = Scene::new().zoom_range(0.05..=2.5).scroll_zooms(true).show(ui, &mut scene, |ui| {
        canvas.groups(ui, out);
        canvas.edges(ui, out);
        for index in 0..canvas.rects.len() {
            canvas.node(ui, index, out);
        }
        canvas.jobs(ui, out);
    });
    shown.response.widget_info(|| WidgetInfo::labeled(Role::Image, true, spoken(&drawn.graph)));
    if shown.response.clicked() {
        out.push(Action::Network(NetworkAction::Select(None)));
    }
    if shown.response.double_clicked() {
        out.push(Action::Network(NetworkAction::Fit));
    } else if scene != before && shown.response.changed() {
        out.push(Action::Network(NetworkAction::See(scene)));
    }
}

/// What a screen reader says of all of it.
fn spoken(graph: &Graph) -> String {
    let name = |index: usize| title(&graph.nodes[index]);
    let edges: Vec<String> = graph
        .edges
        .iter()
        .take(60)
        .map(|edge| format!("{}: {} ▶ {}", graph.flows[edge.flow].name, name(edge.from), name(edge.to)))
        .collect();
    format!("{}: {}", tr!("pane-network"), edges.join(", "))
}

/// The name of a node; what it is where it has none.
pub fn title(node: &Node) -> String {
    if node.name.is_empty() { tr!(node.kind.key()) } else { node.name.clone() }
}

impl Canvas<'_> {
    fn graph(&self) -> &Graph {
        &self.drawn.graph
    }

    fn is_selected(&self, path: Option<&Path>) -> bool {
        path.is_some() && self.state.network.selection.as_ref() == path
    }

    fn groups(&self, ui: &Ui, out: &mut Vec<Action>) {
        for (index, group) in self.graph().groups.iter().enumerate() {
            let members: Vec<usize> =
                (0..self.rects.len()).filter(|node| self.graph().nodes[*node].group == Some(index)).collect();
            let around = members.iter().fold(Rect::NOTHING, |all, node| all.union(self.rects[*node]));
            if !around.is_finite() {
                continue;
            }
            let rect = Rect::from_min_max(around.min - vec2(14.0, 28.0), around.max + vec2(14.0, 14.0));
            let bar = Rect::from_min_max(rect.min, pos2(rect.right(), around.top() - 2.0));
            let selected = self.is_selected(group.path.as_ref());
            let border = self.border(selected, !group.mistakes.is_empty());
            let painter = ui.painter();
            painter.rect(rect, 8.0, self.colors.stripe, border, StrokeKind::Inside);
            let words = tr!("network-group", name = group.name.clone(), count = group.count.clone());
            let place = pos2(rect.left() + 10.0, bar.center().y);
            line(painter, place, Align2::LEFT_CENTER, &words, 13.0, self.colors.text, rect.width() - 20.0);
            self.badge(painter, rect, &group.mistakes);
            let response = ui.interact(bar, Id::unique(("network group", index)), Sense::click_and_drag());
            response.widget_info(|| WidgetInfo::labeled(Role::Button, true, &words));
            if response.clicked() {
                out.push(Action::Network(NetworkAction::Select(group.path.clone())));
            }
            if response.dragged() && response.drag_delta() != Vec2::ZERO {
                self.hold_still(out);
                let moved = members.iter().map(|node| {
                    let place = self.rects[*node].min + response.drag_delta();
                    (self.graph().nodes[*node].id.clone(), [place.x, place.y])
                });
                out.push(Action::Network(NetworkAction::Place(moved.collect())));
            }
            if !group.mistakes.is_empty() {
                response.on_hover_text(group.mistakes.join("\n\n"));
            }
        }
    }

    /// While something is moved the canvas stays where it is.
    fn hold_still(&self, out: &mut Vec<Action>) {
        if self.state.network.scene.is_none() {
            out.push(Action::Network(NetworkAction::See(self.scene)));
        }
    }

    fn border(&self, selected: bool, wrong: bool) -> Stroke {
        let thick = self.state.settings.look.line();
        match (selected, wrong) {
            (true, _) => Stroke::new(thick + 1.5, self.colors.selection),
            (false, true) => Stroke::new(thick + 1.0, self.colors.bad),
            (false, false) => Stroke::new(thick, self.colors.weak),
        }
    }

    fn badge(&self, painter: &Painter, rect: Rect, mistakes: &[String]) {
        if !mistakes.is_empty() {
            let text = format!("✖ {}", mistakes.len());
            crate::views::chart::overlay::flag(
                painter,
                rect.right_top() + vec2(-16.0, 2.0),
                &text,
                self.colors.bad,
            );
        }
    }

    fn node(&self, ui: &Ui, index: usize, out: &mut Vec<Action>) {
        let (node, rect) = (&self.graph().nodes[index], self.rects[index]);
        let painter = ui.painter();
        let selected = self.is_selected(node.path.as_ref());
        let missing = node.kind == NodeKind::Missing;
        let border = self.border(selected, missing || !node.mistakes.is_empty());
        let fill = ui.visuals().panel_fill;
        match node.kind {
            NodeKind::Exit => {
                painter.circle(rect.center(), 15.0, fill, border);
                painter.circle_filled(rect.center(), 8.0, self.colors.weak);
                let below = pos2(rect.center().x, rect.bottom() + 4.0);
                line(painter, below, Align2::CENTER_TOP, &title(node), 12.0, self.colors.weak, 90.0);
            }
            NodeKind::Balancer => {
                let (c, h, w) = (rect.center(), rect.height() / 2.0, rect.width() / 2.0);
                let points = vec![
                    pos2(c.x - w, c.y),
                    pos2(c.x - w + 22.0, c.y - h),
                    pos2(c.x + w - 22.0, c.y - h),
                    pos2(c.x + w, c.y),
                    pos2(c.x + w - 22.0, c.y + h),
                    pos2(c.x - w + 22.0, c.y + h),
                ];
                painter.add(Shape::convex_polygon(points, fill, border));
            }
            NodeKind::Delay | NodeKind::Join => {
                painter.rect(rect, rect.height() / 2.0, fill, border, StrokeKind::Inside);
            }
            _ if missing => {
                painter.rect_filled(rect, 6.0, fill);
                let corners = [
                    rect.left_top(),
                    rect.right_top(),
                    rect.right_bottom(),
                    rect.left_bottom(),
                    rect.left_top(),
                ];
                painter.extend(Shape::dashed_line(&corners, border, 6.0, 4.0));
            }
            _ => {
                painter.rect(rect, 6.0, fill, border, StrokeKind::Inside);
            }
        }
        if node.kind != NodeKind::Exit {
            self.words(painter, node, rect);
        }
        self.badge(painter, rect, &node.mistakes);
        let response = ui.interact(rect, Id::unique(("network node", &node.id)), Sense::click_and_drag());
        let kind = tr!(node.kind.key());
        response.widget_info(|| {
            let words = if node.name.is_empty() { kind.clone() } else { format!("{kind} {}", node.name) };
            WidgetInfo::labeled(Role::Button, true, words)
        });
        if response.clicked() {
            out.push(Action::Network(NetworkAction::Select(node.path.clone())));
        }
        if response.dragged() && response.drag_delta() != Vec2::ZERO {
            self.hold_still(out);
            let place = rect.min + response.drag_delta();
            let moved = vec![(node.id.clone(), [place.x, place.y])];
            out.push(Action::Network(NetworkAction::Place(moved)));
        }
        self.handle(ui, index, selected || response.hovered(), out);
        response.on_hover_ui(|ui| {
            ui.strong(format!("{kind} {}", node.component));
            ui.label(&node.note);
            for mistake in &node.mistakes {
                ui.colored_label(self.colors.bad, format!("✖ {mistake}"));
            }
        });
    }

    fn words(&self, painter: &Painter, node: &Node, rect: Rect) {
        let large = rect.height() > 80.0;
        let width = rect.width() - 44.0;
        let icon = pos2(rect.left() + 17.0, if large { rect.top() + 18.0 } else { rect.center().y });
        let ink = if node.kind == NodeKind::Missing { self.colors.bad } else { self.colors.text };
        symbol(painter, node.kind, icon, ink);
        let x = rect.left() + 34.0;
        let (first, second) = if large {
            (rect.top() + 14.0, rect.top() + 33.0)
        } else {
            (rect.center().y - 8.0, rect.center().y + 9.0)
        };
        line(painter, pos2(x, first), Align2::LEFT_CENTER, &title(node), 16.0, ink, width);
        let note = if node.kind == NodeKind::Missing {
            tr!("network-missing-note", word = node.note.clone())
        } else {
            node.note.clone()
        };
        line(painter, pos2(x, second), Align2::LEFT_CENTER, &note, 13.0, self.colors.weak, width);
    }

    /// What is drawn to another node to put it into a flow.
    fn handle(&self, ui: &Ui, index: usize, shown: bool, out: &mut Vec<Action>) {
        let node = &self.graph().nodes[index];
        if !self.graph().is_written || matches!(node.kind, NodeKind::Exit | NodeKind::Missing) {
            return;
        }
        let center = pos2(self.rects[index].right(), self.rects[index].center().y);
        let id = Id::unique(("network handle", &node.id));
        let response = ui.interact(Rect::from_center_size(center, Vec2::splat(16.0)), id, Sense::drag());
        response.widget_info(|| {
            WidgetInfo::labeled(Role::Button, true, tr!("network-connect", name = title(node)))
        });
        if shown || response.hovered() || response.dragged() {
            ui.painter().circle(center, 5.0, self.colors.markers[0], (1.0, self.colors.text));
        }
        let pointer = response.interact_pointer_pos();
        if let (true, Some(pointer)) = (response.dragged(), pointer) {
            let stroke = Stroke::new(2.5, self.colors.markers[0]);
            ui.painter().line_segment([center, pointer], stroke);
        }
        if let (true, Some(pointer)) = (response.drag_stopped(), pointer)
            && let Some(target) = self.rects.iter().position(|rect| rect.contains(pointer))
        {
            match self.connection(index, target) {
                Some(insert) => out.push(Action::Network(NetworkAction::Edit(insert))),
                None => out.push(Action::Tell(tr!("network-connect-not"))),
            }
        }
        response.on_hover_text(tr!("network-connect-help"));
    }

    /// A step at `target` after the one that leads to `from`, in the class that is selected or else the first that comes
    /// there.
    fn connection(&self, from: usize, target: usize) -> Option<Edit> {
        let graph = self.graph();
        let (source, target) = (&graph.nodes[from], &graph.nodes[target]);
        let kind = match target.kind {
            NodeKind::Processor | NodeKind::Device => "work",
            NodeKind::Pool => "hold",
            NodeKind::Balancer => "balance",
            _ => return None,
        };
        let value = new_step(&self.drawn.root, kind, Some(&target.name));
        if source.kind == NodeKind::Source {
            let class = self.drawn.root.at(source.path.as_ref()?)?.text_of("class")?;
            let flow = graph.flows.iter().find(|flow| flow.name == class)?;
            return Some(Edit::Insert(key(flow.path.as_ref()?, "steps"), 0, value));
        }
        let leads = |edge: &&Edge| edge.to == from && !edge.steps.is_empty();
        let chosen = |edge: &&Edge| self.flow.is_none_or(|flow| flow == edge.flow);
        let edge = graph.edges.iter().rev().find(|edge| leads(edge) && chosen(edge));
        let step = edge.or_else(|| graph.edges.iter().find(leads))?.steps.last()?.clone();
        if source.kind == NodeKind::Pool {
            return Some(Edit::Insert(key(&step, "steps"), 0, value));
        }
        let (Part::At(index), list) = step.split_last()? else { return None };
        Some(Edit::Insert(list.to_vec(), index + 1, value))
    }

    fn edges(&self, ui: &Ui, out: &mut Vec<Action>) {
        let flows = self.graph().flows.len().clamp(1, 7) as f32;
        for (index, edge) in self.graph().edges.iter().enumerate() {
            let lane = (edge.flow as f32 % 7.0) - (flows - 1.0) / 2.0;
            let points = self.course(edge, lane);
            let dim = self.flow.is_some_and(|flow| flow != edge.flow);
            let (mut color, pattern) = theme::task(edge.flow as u32, self.dark);
            if !self.graph().is_written {
                color = self.colors.weak;
            }
            if dim {
                color = color.gamma_multiply(0.25);
            }
            let selected = edge.steps.iter().any(|step| self.is_selected(Some(step)));
            let width = self.state.settings.look.line() + if selected { 3.0 } else { 1.2 };
            let stroke = Stroke::new(width, color);
            let curve = CubicBezierShape::from_points_stroke(points, false, Color32::TRANSPARENT, stroke);
            if pattern == theme::Pattern::Solid {
                ui.painter().add(curve.clone());
            } else {
                ui.painter().extend(Shape::dashed_line(&curve.flatten(Some(0.5)), stroke, 9.0, 4.0));
            }
            let tip = curve.sample(1.0);
            let back = curve.sample(0.96);
            head(ui.painter(), back, tip, 9.0, color);
            self.mark(ui, (index, edge), (&curve, lane), (color, dim), out);
        }
    }

    /// The middle of an edge: what it says, and what is clicked.
    fn mark(
        &self,
        ui: &Ui,
        (index, edge): (usize, &Edge),
        (curve, lane): (&CubicBezierShape, f32),
        (color, dim): (Color32, bool),
        out: &mut Vec<Action>,
    ) {
        let t = (0.5 + lane * 0.07).clamp(0.25, 0.75);
        let (middle, ahead) = (curve.sample(t), curve.sample(t + 0.03));
        let step = edge.steps.first();
        let flow = &self.graph().flows[edge.flow];
        let part = if edge.part < 0.9995 { percent(edge.part) } else { String::new() };
        let words = [part, edge.label.clone()].into_iter().filter(|text| !text.is_empty());
        let words = words.collect::<Vec<_>>().join(" ");
        if !words.is_empty() && !dim {
            let place = middle + vec2(0.0, -10.0);
            let ground = ui.visuals().panel_fill.gamma_multiply(0.85);
            plate(ui.painter(), place, &words, self.colors.text, ground);
        }
        if !self.graph().is_written {
            return;
        }
        let rect = Rect::from_center_size(middle, Vec2::splat(14.0));
        let response = ui.interact(rect, Id::unique(("network edge", index)), Sense::click());
        let size = if response.hovered() { 14.0 } else { 10.0 };
        head(ui.painter(), middle, middle + (ahead - middle).normalized() * size * 0.6, size, color);
        let name = |node: usize| title(&self.graph().nodes[node]);
        let spoken = format!("{}: {} ▶ {} {words}", flow.name, name(edge.from), name(edge.to));
        response.widget_info(|| WidgetInfo::labeled(Role::Button, true, spoken.trim()));
        if response.clicked() {
            // Clicked again: the next step that leads here.
            let now = edge.steps.iter().position(|step| self.is_selected(Some(step)));
            let next = now.and_then(|now| edge.steps.get(now + 1)).or(step).or(flow.path.as_ref());
            out.push(Action::Network(NetworkAction::Select(next.cloned())));
        }
        response.on_hover_text(spoken);
    }

    /// From the right of one node to the left of the next, or straight down; what leads back goes below.
    fn course(&self, edge: &Edge, lane: f32) -> [Pos2; 4] {
        let (from, to) = (self.rects[edge.from], self.rects[edge.to]);
        let shift = lane * 7.0;
        if edge.from == edge.to {
            let top = pos2(from.center().x + shift, from.top());
            return [
                top - vec2(20.0, 0.0),
                top - vec2(50.0, 46.0),
                top + vec2(50.0, -46.0),
                top + vec2(20.0, 0.0),
            ];
        }
        let between = |rect: &Rect, area: Rect| area.shrink(4.0).intersects(*rect);
        let others = || {
            let ends = [edge.from, edge.to];
            self.rects
                .iter()
                .enumerate()
                .filter(move |(index, _)| !ends.contains(index))
                .map(|(_, rect)| rect)
        };
        let (low, high) = (from.left().max(to.left()), from.right().min(to.right()));
        if low < high {
            // One above the other: down on the left, up on the right.
            let down = to.top() > from.top();
            let x = f32::midpoint(low, high) + shift + if down { -14.0 } else { 14.0 };
            let (start, end) = if down {
                (pos2(x, from.bottom()), pos2(x, to.top()))
            } else {
                (pos2(x, from.top()), pos2(x, to.bottom()))
            };
            let area = Rect::from_two_pos(start, end).expand2(vec2(2.0, 0.0));
            let mut side = None;
            for rect in others().filter(|rect| between(rect, area)) {
                let out = if down { rect.left() - 26.0 } else { rect.right() + 26.0 };
                side = Some(side.map_or(out, |side: f32| if down { side.min(out) } else { side.max(out) }));
            }
            let Some(side) = side else {
                let pull = vec2(0.0, (end.y - start.y) * 0.4);
                return [start, start + pull, end - pull, end];
            };
            let edge_of = |rect: Rect| if down { rect.left() } else { rect.right() };
            let (start, end) = (pos2(edge_of(from), from.center().y), pos2(edge_of(to), to.center().y));
            let side = side + (side - start.x) * 0.34;
            return [start, pos2(side, start.y), pos2(side, end.y), end];
        }
        if to.left() >= from.right() - 4.0 {
            let start = pos2(from.right(), from.center().y + shift);
            let end = pos2(to.left(), to.center().y + shift);
            let pull = ((end.x - start.x) * 0.5).clamp(24.0, 160.0);
            // Over or under what stands in the way.
            let area = Rect::from_two_pos(start, end).expand2(vec2(0.0, 2.0));
            let blocks =
                others().filter(|rect| between(rect, area)).fold(Rect::NOTHING, |all, rect| all.union(*rect));
            let middle = f32::midpoint(start.y, end.y);
            let lift = if !blocks.is_finite() {
                0.0
            } else if middle - blocks.top() <= blocks.bottom() - middle {
                (blocks.top() - 22.0 - middle) * 1.34
            } else {
                (blocks.bottom() + 22.0 - middle) * 1.34
            };
            return [start, start + vec2(pull, lift), end + vec2(-pull, lift), end];
        }
        let start = pos2(from.center().x + shift - 18.0, from.bottom());
        let end = pos2(to.center().x + shift + 18.0, to.bottom());
        let deep = 46.0 + (start.x - end.x).abs() * 0.12 + shift.abs();
        [start, start + vec2(0.0, deep), end + vec2(0.0, deep), end]
    }

    fn jobs(&self, ui: &Ui, out: &mut Vec<Action>) {
        let Some(snapshot) = &self.state.snapshot else { return };
        let mut crowd = Crowd::new(self.state, snapshot, self.drawn);
        for (node, rect) in self.graph().nodes.iter().zip(&self.rects) {
            jobs::at(ui, &mut crowd, node, *rect, out);
        }
    }
}

impl Drawn {
    /// Where the nodes are: where somebody put them, else where they belong.
    fn places(&self, kept: &Places) -> Vec<[f32; 2]> {
        let usual = self.usual.iter().copied();
        self.graph
            .nodes
            .iter()
            .zip(usual)
            .map(|(node, usual)| kept.get(&node.id).copied().unwrap_or(usual))
            .collect()
    }
}

/// A part as people write it.
fn percent(part: f64) -> String {
    let percent = part * 100.0;
    if percent >= 10.0 { format!("{percent:.0} %") } else { format!("{percent:.2} %") }
}

/// The head of an arrow.
fn head(painter: &Painter, from: Pos2, tip: Pos2, size: f32, color: Color32) {
    let along = (tip - from).normalized();
    if along.is_finite() {
        let across = vec2(-along.y, along.x) * size * 0.45;
        let base = tip - along * size;
        painter.add(Shape::convex_polygon(vec![tip, base + across, base - across], color, Stroke::NONE));
    }
}

/// A piece of a class's line, for the legend.
pub fn line_sample(painter: &Painter, rect: Rect, flow: u32, dark: bool) {
    let (color, pattern) = theme::task(flow, dark);
    let ends = [rect.left_center(), rect.right_center()];
    let stroke = Stroke::new(2.5, color);
    if pattern == theme::Pattern::Solid {
        painter.line_segment(ends, stroke);
    } else {
        painter.extend(Shape::dashed_line(&ends, stroke, 6.0, 3.0));
    }
}

/// What kind of node it is, as queueing networks are drawn.
fn symbol(painter: &Painter, kind: NodeKind, at: Pos2, color: Color32) {
    let stroke = Stroke::new(1.5, color);
    match kind {
        NodeKind::Source => {
            let points = vec![at + vec2(-6.0, -7.0), at + vec2(7.0, 0.0), at + vec2(-6.0, 7.0)];
            painter.add(Shape::convex_polygon(points, color, Stroke::NONE));
        }
        NodeKind::Processor => {
            for x in [-10.0, -6.0] {
                painter.vline(at.x + x, at.y - 5.0..=at.y + 5.0, stroke);
            }
            painter.circle_stroke(at + vec2(4.0, 0.0), 6.0, stroke);
        }
        NodeKind::Device => {
            painter.rect_stroke(
                Rect::from_center_size(at, vec2(15.0, 11.0)),
                2.0,
                stroke,
                StrokeKind::Middle,
            );
            painter.circle_filled(at + vec2(3.0, 0.0), 2.5, color);
        }
        NodeKind::Pool => {
            for (x, y) in [(-5.0, -4.0), (4.0, -4.0), (-5.0, 4.0), (4.0, 4.0)] {
                painter.circle_stroke(at + vec2(x, y), 3.2, stroke);
            }
        }
        NodeKind::Balancer => {
            for y in [-6.0, 0.0, 6.0] {
                painter.line_segment([at - vec2(7.0, 0.0), at + vec2(6.0, y)], stroke);
            }
        }
        NodeKind::Delay => {
            painter.circle_stroke(at, 7.0, stroke);
            painter.line_segment([at, at - vec2(0.0, 5.0)], stroke);
            painter.line_segment([at, at + vec2(3.5, 0.0)], stroke);
        }
        NodeKind::Join => {
            painter.line_segment([at + vec2(-7.0, -6.0), at], stroke);
            painter.line_segment([at + vec2(-7.0, 6.0), at], stroke);
            painter.line_segment([at, at + vec2(7.0, 0.0)], stroke);
        }
        NodeKind::Missing | NodeKind::Exit => {
            line(painter, at, Align2::CENTER_CENTER, "?", 16.0, color, 20.0);
        }
    }
}
