//! A control for each kind of parameter.

use crate::tr;
use egui::{ComboBox, DragValue, Slider, TextEdit, Ui};
use policies::{ParamDef, ParamKind, PolicyDef, Value};
use sim_core::quantity;
use sim_core::units::Span;

/// Id and parameters of a spec, as written.
pub fn split(spec: &str) -> (&str, Vec<(&str, &str)>) {
    let (id, rest) = spec.split_once(':').unwrap_or((spec, ""));
    let pairs = rest.split(',').filter_map(|pair| pair.split_once('='));
    (id.trim(), pairs.map(|(name, value)| (name.trim(), value.trim())).collect())
}

/// A spec with one parameter changed; what stands at its default is left away.
pub fn with(def: &PolicyDef, given: &[(&str, &str)], name: &str, value: &str) -> String {
    let text = |param: &ParamDef| {
        let old =
            given.iter().find(|(given, _)| *given == param.name).map_or(param.default, |(_, value)| value);
        let now = if param.name == name { value } else { old };
        (now != param.default).then(|| format!("{}={now}", param.name))
    };
    let pairs: Vec<String> = def.params.iter().filter_map(text).collect();
    if pairs.is_empty() { def.id.to_owned() } else { format!("{}:{}", def.id, pairs.join(",")) }
}

/// Draws a control; the new value as text, where it was changed.
pub fn ui(ui: &mut Ui, param: &ParamDef, text: &str) -> Option<String> {
    let name = param.name;
    let help = format!(
        "{}\n{}",
        crate::catalog::said(param.help),
        tr!("param-default", value = shown(param.default))
    );
    match (param.kind, param.parse(text)) {
        (ParamKind::Span | ParamKind::SpanOrOff, Ok(Value::Span(now))) => {
            let least = u64::from(param.kind == ParamKind::Span);
            let usual = match param.parse(param.default) {
                Ok(Value::Span(span)) if span != Span::ZERO => span.0,
                _ => 10_000_000,
            };
            span(ui, name, &help, now.0, least, usual.saturating_mul(100))
        }
        (ParamKind::Integer { min, max }, Ok(Value::Integer(now))) => {
            let mut value = now;
            ui.horizontal_wrapped(|ui| {
                ui.label(name).on_hover_text(&help);
                let response = if max - min <= 100 {
                    room(ui);
                    ui.add(Slider::new(&mut value, min..=max))
                } else {
                    ui.add(DragValue::new(&mut value).range(min..=max))
                };
                response.accessible_name(name).on_hover_text(&help);
            });
            (value != now).then(|| value.to_string())
        }
        (ParamKind::Decimal { min_milli, max_milli }, Ok(Value::Decimal(now))) => {
            let mut value = now;
            ui.horizontal_wrapped(|ui| {
                ui.label(name).on_hover_text(&help);
                let range = min_milli as f64 / 1000.0..=max_milli as f64 / 1000.0;
                let slider = Slider::new(&mut value, range).max_decimals(3).logarithmic(max_milli > 100_000);
                room(ui);
                ui.add(slider).accessible_name(name).on_hover_text(&help);
            });
            (value != now).then(|| format!("{}", (value * 1000.0).round() / 1000.0))
        }
        (ParamKind::Boolean, Ok(Value::Boolean(now))) => {
            let mut value = now;
            ui.checkbox(&mut value, name).on_hover_text(&help);
            (value != now).then(|| value.to_string())
        }
        (ParamKind::Choice(words), _) => {
            let mut chosen = None;
            ui.horizontal_wrapped(|ui| {
                ui.label(name).on_hover_text(&help);
                let combo = ComboBox::from_id_salt(name).selected_text(text).show_ui(ui, |ui| {
                    for word in words {
                        if ui.selectable_label(*word == text, *word).clicked() && *word != text {
                            chosen = Some((*word).to_owned());
                        }
                    }
                });
                combo.response.accessible_name(name).on_hover_text(&help);
            });
            chosen
        }
        // Lists, and whatever was written wrong.
        _ => {
            let mut value = text.to_owned();
            let mut changed = false;
            ui.horizontal_wrapped(|ui| {
                ui.label(name).on_hover_text(&help);
                let field =
                    TextEdit::singleline(&mut value).desired_width(150.0).hint_text(shown(param.default));
                changed = ui.add(field).accessible_name(name).on_hover_text(&help).changed();
            });
            changed.then_some(value)
        }
    }
}

/// A slider or list that does not fit beside its name goes below it: half of it cannot be used.
pub(super) fn room(ui: &mut Ui) {
    let spacing = ui.spacing();
    let needed = spacing.slider_width + spacing.interact_size.x + 2.0 * spacing.item_spacing.x + 12.0;
    if ui.available_size_before_wrap().x < needed {
        ui.end_row();
    }
}

fn shown(default: &str) -> &str {
    if default.is_empty() { "–" } else { default }
}

/// A slider for a duration with a field that takes any unit; `greatest` bounds the slider, not the field.
pub fn span(ui: &mut Ui, name: &str, help: &str, now: u64, least: u64, greatest: u64) -> Option<String> {
    let mut value = now as f64;
    ui.horizontal_wrapped(|ui| {
        ui.label(name).on_hover_text(help);
        let range = least as f64..=(greatest.max(now)) as f64;
        let slider = Slider::new(&mut value, range)
            .logarithmic(true)
            .smallest_positive(100.0)
            .custom_formatter(|nanos, _| Span(rounded(nanos)).to_string())
            .custom_parser(|text| quantity::parse_span(text.trim()).ok().map(|span| span.0 as f64));
        room(ui);
        ui.add(slider).accessible_name(name).on_hover_text(help);
    });
    let new = rounded(value).max(least);
    // The field takes exact values; what it shows of one that was not touched is not taken for a change.
    (value != now as f64 && new != now).then(|| Span(new).to_string())
}

/// To three digits: what a slider says is never exact.
fn rounded(nanos: f64) -> u64 {
    let mut unit = 1.0;
    while nanos / unit >= 1000.0 {
        unit *= 10.0;
    }
    ((nanos / unit).round() * unit) as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use policies::Layer;

    #[test]
    fn a_spec_is_taken_apart_and_put_together_again() {
        for (id, before, name, value, after) in [
            ("round-robin", "round-robin", "quantum", "2ms", "round-robin:quantum=2ms"),
            ("round-robin", "round-robin:quantum=2ms", "quantum", "4ms", "round-robin"),
            (
                "priority",
                "priority:preemptive=false",
                "order",
                "high-first",
                "priority:order=high-first,preemptive=false",
            ),
        ] {
            let def = policies::find(Layer::Scheduler, id).expect("it is in the catalog");
            let (found, given) = split(before);
            assert_eq!(found, id);
            assert_eq!(with(def, &given, name, value), after);
        }
    }

    #[test]
    fn every_default_of_every_policy_can_be_shown_and_kept() {
        for def in policies::catalog() {
            for param in def.params {
                assert!(param.parse(param.default).is_ok(), "{def:?} {}", param.name);
                assert_eq!(with(def, &[], param.name, param.default), def.id);
            }
        }
        assert_eq!(rounded(1_234_567.0), 1_230_000);
        assert_eq!(rounded(0.4), 0);
    }
}
