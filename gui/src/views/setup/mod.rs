//! Policies, costs, tie rules: controls made from what policies say of themselves.

mod machine;
mod params;
pub mod seats;

use crate::app::action::Action;
use crate::app::state::State;
use crate::catalog;
use crate::model::setup::Setup;
use crate::model::tasks::Table;
use crate::theme;
use crate::tr;
use egui::{ComboBox, DragValue, ScrollArea, Ui};
use policies::{Layer, PolicyDef};
use scenarios::InputKind;
use seats::Seat;
use sim_core::ties::{PRESETS, RULES, Ties};

/// A task list's text and table; `None` for other inputs.
pub fn task_list(setup: &Setup) -> Option<(&str, Table)> {
    let text = setup.text().filter(|_| setup.is_task_list())?;
    Some((text, Table::read(text)))
}

/// Another setup, as an action.
pub fn change(what: &str, setup: Setup) -> Action {
    Action::Change { what: what.to_owned(), setup: Box::new(setup) }
}

/// Draws the controls.
pub fn ui(ui: &mut Ui, state: &State, out: &mut Vec<Action>) {
    let (Some(setup), Some(snapshot)) = (state.setup(), &state.snapshot) else {
        ui.weak(crate::views::no_run(state, "controls-empty"));
        mistakes(ui, state);
        return;
    };
    ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
        mistakes(ui, state);
        let seats = seats::seats(setup, snapshot.model());
        for seat in &seats {
            policy(ui, setup, seat, seats.len(), out);
        }
        ui.separator();
        ui.heading(tr!("controls-machine"));
        machine(ui, setup, snapshot.model(), out);
        ui.separator();
        egui::CollapsingHeader::new(tr!("controls-ties"))
            .show(ui, |ui| ties(ui, setup, &snapshot.model().ties, out));
    });
}

/// Mistakes in settings; those in the text are shown there.
fn mistakes(ui: &mut Ui, state: &State) {
    let colors = theme::palette(state.settings.look.is_dark());
    for mistake in state.mistakes.iter().take(20) {
        ui.colored_label(colors.bad, format!("✖ {}", catalog::mistake(mistake)));
        if let Some(help) = catalog::help(mistake) {
            ui.weak(help);
        }
    }
}

fn policy(ui: &mut Ui, setup: &Setup, seat: &Seat, seats: usize, out: &mut Vec<Action>) {
    ui.push_id(&seat.name, |ui| {
        let station = (seats > 1).then_some(seat.name.as_str());
        let title = match seat.layer {
            Layer::Scheduler => tr!("controls-scheduler", station = seat.name.clone()),
            Layer::Balancer => tr!("controls-balancer", station = seat.name.clone()),
        };
        ui.strong(title);
        let name = tr!("controls-policy-of", station = seat.name.clone());
        if let Some((param, spec)) = policy_picker(ui, seat.layer, &seat.spec, name) {
            let what = param.map_or_else(String::new, |param| format!("policy {} {param}", seat.name));
            out.push(change(&what, setup.with_policy(station, &spec)));
        }
        ui.add_space(4.0);
    });
}

/// A choice of policies and the parameters of the one in effect. Where something was changed the new spec, and the
/// parameter if it was one.
pub fn policy_picker(
    ui: &mut Ui,
    layer: Layer,
    spec: &str,
    name: String,
) -> Option<(Option<&'static str>, String)> {
    let mut changed = None;
    let (id, given) = params::split(spec);
    let current = policies::find(layer, id);
    let shown = current.map_or_else(|| id.to_owned(), catalog::title);
    let all: Vec<&'static PolicyDef> = policies::catalog().filter(|def| def.layer() == layer).collect();
    let width = (ui.available_width() - 6.0).min(220.0);
    let combo = ComboBox::from_id_salt("policy").selected_text(shown).width(width).height(420.0);
    let combo = combo.show_ui(ui, |ui| {
        for def in all {
            let chosen = current.is_some_and(|current| current.id == def.id);
            let label = format!("{}  ({})", catalog::title(def), def.id);
            let response = ui.selectable_label(chosen, label).on_hover_text(tooltip(def));
            if response.clicked() && !chosen {
                changed = Some((None, def.id.to_owned()));
            }
        }
    });
    combo.response.accessible_name(name).on_hover_text(current.map(tooltip).unwrap_or_default());
    let def = current?;
    ui.weak(format!("{} · {}", catalog::said(def.rule), catalog::said(def.tie)));
    for param in def.params {
        let text =
            given.iter().find(|(name, _)| *name == param.name).map_or(param.default, |(_, value)| value);
        if let Some(new) = params::ui(ui, param, text) {
            changed = Some((Some(param.name), params::with(def, &given, param.name, &new)));
        }
    }
    changed
}

/// The definition and its source.
fn tooltip(def: &PolicyDef) -> String {
    let source: Vec<String> =
        def.source.iter().map(|cite| format!("{} {}", cite.work, cite.place).trim().to_owned()).collect();
    format!("{}\n\n{}", catalog::definition(def), source.join("\n"))
}

/// One control by itself, for lessons: a parameter of the first policy that has it, a cost, or the demand. Where there is
/// no such thing now, its title says so.
pub fn dial(ui: &mut Ui, state: &State, name: &str, title: &str, out: &mut Vec<Action>) {
    ui.strong(title);
    let (Some(setup), Some(snapshot)) = (state.setup(), &state.snapshot) else { return };
    let model = snapshot.model();
    let seats = seats::seats(setup, model);
    for seat in &seats {
        let (id, given) = params::split(&seat.spec);
        let Some(def) = policies::find(seat.layer, id) else { continue };
        let Some(param) = def.params.iter().find(|param| param.name == name) else { continue };
        let text =
            given.iter().find(|(name, _)| *name == param.name).map_or(param.default, |(_, value)| value);
        if let Some(new) = params::ui(ui, param, text) {
            let station = (seats.len() > 1).then_some(seat.name.as_str());
            let spec = params::with(def, &given, param.name, &new);
            out.push(change(
                &format!("policy {} {}", seat.name, param.name),
                setup.with_policy(station, &spec),
            ));
        }
        return;
    }
    let processor = model.processors.iter().find(|processor| !processor.device);
    let mut new = setup.clone();
    let changed = match (name, processor) {
        ("context-switch", Some(processor)) => {
            let now = processor.context_switch.0;
            let text = params::span(ui, name, &tr!("controls-cost-help"), now, 0, 10_000_000);
            text.map(|text| new.options.context_switch = Some(text))
        }
        ("dispatch-latency", Some(processor)) => {
            let now = processor.dispatch_latency.0;
            let text = params::span(ui, name, &tr!("controls-cost-help"), now, 0, 10_000_000);
            text.map(|text| new.options.dispatch_latency = Some(text))
        }
        ("scale", _) => {
            let now: f64 = setup.options.scale.as_deref().and_then(|text| text.parse().ok()).unwrap_or(1.0);
            let mut value = now;
            let slider = egui::Slider::new(&mut value, 0.1..=2.0).fixed_decimals(2);
            ui.add(slider).accessible_name(name);
            (value != now).then(|| new.options.scale = Some(format!("{value:.2}")))
        }
        _ => {
            ui.weak(tr!("dial-nothing", name = name));
            None
        }
    };
    if changed.is_some() {
        out.push(change(&format!("dial {name}"), new));
    }
}

fn machine(ui: &mut Ui, setup: &Setup, model: &sim_core::model::Model, out: &mut Vec<Action>) {
    machine::ui(ui, setup, model, out);
    ui.add_space(4.0);
    input_options(ui, setup, out);
    ui.horizontal(|ui| {
        ui.label(tr!("controls-seed"));
        let mut seed = model.seed;
        if ui.add(DragValue::new(&mut seed).speed(0.1)).accessible_name(tr!("controls-seed")).changed() {
            let mut new = setup.clone();
            new.options.seed = Some(seed);
            out.push(change("seed", new));
        }
    });
    text_option(ui, &tr!("controls-until"), setup.options.until.as_deref(), |text| {
        let mut new = setup.clone();
        new.options.until = text;
        out.push(change("until", new));
    });
    text_option(ui, &tr!("controls-warmup"), setup.options.warmup.as_deref(), |text| {
        let mut new = setup.clone();
        new.options.warmup = text;
        out.push(change("warmup", new));
    });
    if setup.input.kind != InputKind::TaskList {
        text_option(ui, &tr!("controls-scale"), setup.options.scale.as_deref(), |text| {
            let mut new = setup.clone();
            new.options.scale = text;
            out.push(change("scale", new));
        });
    }
    machine::overrides(ui, setup, out);
}

fn input_options(ui: &mut Ui, setup: &Setup, out: &mut Vec<Action>) {
    match setup.input.kind {
        InputKind::TaskList => {
            let units = ["ns", "us", "ms", "s", "min"];
            if let Some(unit) = pick(ui, &tr!("controls-unit"), &setup.options.time_unit, &units) {
                let mut new = setup.clone();
                unit.clone_into(&mut new.options.time_unit);
                out.push(change("", new));
            }
            let device = setup.options.io_device.as_deref().unwrap_or("parallel");
            if let Some(kind) = pick(ui, &tr!("controls-io"), device, &["parallel", "fcfs"]) {
                let mut new = setup.clone();
                new.options.io_device = Some(kind.to_owned());
                out.push(change("", new));
            }
        }
        InputKind::Scenario => {}
        // Logs and traces of requests.
        kind => {
            if kind == InputKind::RequestTrace {
                columns(ui, setup, out);
            }
            text_option(ui, &tr!("controls-service"), setup.options.service.as_deref(), |text| {
                let mut new = setup.clone();
                new.options.service = text;
                out.push(change("service", new));
            });
            ui.horizontal(|ui| {
                ui.label(tr!("controls-servers"));
                let mut servers = setup.options.servers.unwrap_or(1);
                let field = DragValue::new(&mut servers).range(1..=10_000);
                if ui.add(field).accessible_name(tr!("controls-servers")).changed() {
                    let mut new = setup.clone();
                    new.options.servers = Some(servers);
                    out.push(change("servers", new));
                }
            });
        }
    }
}

/// Which column of a request trace means what, and the unit of its bare numbers.
fn columns(ui: &mut Ui, setup: &Setup, out: &mut Vec<Action>) {
    let units = ["ns", "us", "ms", "s", "min"];
    if let Some(unit) = pick(ui, &tr!("controls-unit"), &setup.options.time_unit, &units) {
        let mut new = setup.clone();
        unit.clone_into(&mut new.options.time_unit);
        out.push(change("", new));
    }
    let pairs = setup.options.map.iter().map(|(role, column)| format!("{role}={column}"));
    let now = pairs.collect::<Vec<_>>().join(",");
    text_option(ui, &tr!("controls-columns"), Some(now.as_str()), |text| {
        let mut new = setup.clone();
        let text = text.unwrap_or_default();
        // A pair is kept while it is written: what it lacks is said as a mistake.
        let pair = |pair: &str| {
            let (role, column) = pair.split_once('=').unwrap_or((pair, ""));
            (role.trim().to_owned(), column.trim().to_owned())
        };
        new.options.map = text.split(',').filter(|pair| !pair.trim().is_empty()).map(pair).collect();
        out.push(change("columns", new));
    });
}

/// A field for an option that may be left away.
fn text_option(ui: &mut Ui, name: &str, now: Option<&str>, mut set: impl FnMut(Option<String>)) {
    ui.horizontal(|ui| {
        ui.label(name);
        let mut text = now.unwrap_or_default().to_owned();
        let field =
            egui::TextEdit::singleline(&mut text).desired_width(110.0).hint_text(tr!("controls-default"));
        if ui.add(field).accessible_name(name).changed() {
            set(Some(text).filter(|text| !text.trim().is_empty()));
        }
    });
}

fn pick<'v>(ui: &mut Ui, name: &str, now: &str, values: &[&'v str]) -> Option<&'v str> {
    let mut found = None;
    ui.horizontal_wrapped(|ui| {
        ui.label(name);
        params::room(ui);
        let combo = ComboBox::from_id_salt(name).selected_text(now).show_ui(ui, |ui| {
            for value in values {
                if ui.selectable_label(*value == now, *value).clicked() && *value != now {
                    found = Some(*value);
                }
            }
        });
        combo.response.accessible_name(name);
    });
    found
}

fn ties(ui: &mut Ui, setup: &Setup, now: &Ties, out: &mut Vec<Action>) {
    let set = |ties: String| {
        let mut new = setup.clone();
        new.options.ties = Some(ties);
        change("", new)
    };
    let preset = PRESETS.iter().find(|name| Ties::preset(name) == Some(*now)).copied().unwrap_or("–");
    if let Some(preset) = pick(ui, &tr!("controls-preset"), preset, PRESETS) {
        out.push(set(preset.to_owned()));
    }
    for (rule, (key, value)) in RULES.iter().zip(now.entries()) {
        if let Some(new) = pick(ui, key, value, rule.values) {
            let entries = now.entries().map(|(k, v)| format!("{k}={}", if k == key { new } else { v }));
            out.push(set(entries.join(",")));
        }
        ui.small(catalog::said(rule.help));
    }
}
