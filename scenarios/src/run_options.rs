//! Options that all kinds of input share: tie rules, the end of the run, the warm-up.

use crate::diagnostic::{Place, Sink, did_you_mean_or_list};
use crate::keys::INTERRUPTS;
use crate::options::Options;
use crate::reader::{self, quantity_error};
use crate::tree::Node;
use sim_core::model::Interrupts;
use sim_core::quantity;
use sim_core::ties::{PRESETS, RULES, Ties};
use sim_core::units::{Span, Time};

/// `[ties]`: `preset` first, whatever its place, then the rules.
pub(crate) fn ties_table(node: &Node, sink: &mut Sink) -> Ties {
    let mut ties = Ties::default();
    if !matches!(node.value, crate::tree::Value::Table(_)) {
        reader::wrong_type(node, "`ties` is a table", sink)
            .help("for instance ties = { preset = \"textbook\" }");
        return ties;
    }
    if let Some(preset) = node.get("preset") {
        match preset.as_text() {
            Some(text) => ties = preset_named(text, preset.place, sink).unwrap_or_default(),
            None => {
                reader::wrong_type(preset, "`preset` is a string", sink);
            }
        }
    }
    for entry in node.entries().iter().filter(|entry| entry.key != "preset") {
        match entry.node.as_text() {
            Some(value) => {
                set_rule(&mut ties, (&entry.key, entry.key_place), (value, entry.node.place), sink);
            }
            None => {
                reader::wrong_type(&entry.node, &format!("`{}` is a string", entry.key), sink);
            }
        }
    }
    ties
}

/// `--ties PRESET` or `--ties key=value,...`; both can be mixed, the preset then goes first.
pub(crate) fn ties_option(text: &str, base: Ties, sink: &mut Sink) -> Ties {
    let place = sink.option("--ties", text);
    let mut ties = base;
    let mut offset = 0;
    for part in text.split(',') {
        let part_place = place.part(offset..offset + part.len());
        offset += part.len() + 1;
        match part.split_once('=') {
            Some((key, value)) => {
                let key_place = part_place.part(0..key.len());
                let value_place = part_place.part(key.len() + 1..part.len());
                set_rule(&mut ties, (key.trim(), key_place), (value.trim(), value_place), sink);
            }
            None => ties = preset_named(part.trim(), part_place, sink).unwrap_or(ties),
        }
    }
    ties
}

fn preset_named(text: &str, place: Place, sink: &mut Sink) -> Option<Ties> {
    let preset = Ties::preset(text);
    if preset.is_none() {
        sink.error("S025", place, format!("there is no preset of tie rules `{text}`"))
            .help_if(|| did_you_mean_or_list(text, "presets", PRESETS));
    }
    preset
}

fn set_rule(
    ties: &mut Ties,
    (key, key_place): (&str, Place),
    (value, place): (&str, Place),
    sink: &mut Sink,
) {
    let Some(rule) = RULES.iter().find(|rule| rule.key == key) else {
        let keys: Vec<&str> = RULES.iter().map(|rule| rule.key).collect();
        sink.error("S025", key_place, format!("there is no tie rule `{key}`"))
            .help_if(|| did_you_mean_or_list(key, "tie rules", &keys));
        return;
    };
    if !ties.set(key, value) {
        sink.error("S025", place, format!("the tie rule `{key}` cannot be `{value}`"))
            .help_if(|| did_you_mean_or_list(value, "possible values", rule.values));
    }
}

/// A duration in an option.
pub(crate) fn span(text: &str, place: Place, sink: &mut Sink) -> Option<Span> {
    match quantity::parse_span(text) {
        Ok(span) => Some(span),
        Err(error) => {
            quantity_error(&error, text, place, sink);
            None
        }
    }
}

/// `--until`.
pub(crate) fn until(options: &Options, sink: &mut Sink) -> Option<Time> {
    let text = options.until.as_ref()?;
    let place = sink.option("--until", text);
    let span = span(text, place, sink)?;
    if span == Span::ZERO {
        sink.error("S021", place, "`--until` must be longer than 0");
        return None;
    }
    Some(Time(span.0))
}

/// `--warmup`: a time, or `None` for `auto`; with its place.
pub(crate) fn warmup(options: &Options, sink: &mut Sink) -> Option<(Option<Time>, Place)> {
    let text = options.warmup.as_ref()?;
    let place = sink.option("--warmup", text);
    if text.trim() == "auto" {
        return Some((None, place));
    }
    span(text, place, sink).map(|span| (Some(Time(span.0)), place))
}

/// A warm-up must end before the run does.
pub(crate) fn check_window(warmup: Option<(Option<Time>, Place)>, until: Option<Time>, sink: &mut Sink) {
    if let (Some((Some(warmup), place)), Some(until)) = (warmup, until)
        && warmup >= until
        && warmup > Time::ZERO
    {
        let message = format!("a warm-up of {warmup} leaves nothing to measure: the run ends at {until}");
        sink.error("S044", place, message);
    }
}

/// A switch cost on a processor that shares its cores.
pub(crate) fn sharing_cost(spec: &str, place: Place, sink: &mut Sink) {
    sink.error(
        "S065",
        place,
        format!("`{spec}` shares the cores among all jobs and never switches: a cost has no meaning"),
    )
    .help("set it to 0, or choose a scheduler that runs one job a core at a time");
}

/// A cost beside interrupts.
pub(crate) fn double_cost(place: Place, sink: &mut Sink) {
    sink.error("S026", place, "`interrupts` beside `context_switch` or `dispatch_latency`")
        .help("interrupts have costs of their own, `save` and `load`: set the others to 0");
}

/// `--interrupts save=100us,load=150us`.
pub(crate) fn interrupts(text: &str, place: Place, sink: &mut Sink) -> Option<Interrupts> {
    let mut costs = Interrupts::default();
    let known: Vec<&str> = INTERRUPTS.keys.iter().map(|key| key.name).collect();
    let mut offset = 0;
    for part in text.split(',') {
        let part_place = place.part(offset..offset + part.len());
        offset += part.len() + 1;
        let Some((key, value)) = part.split_once('=') else {
            sink.error("S026", part_place, format!("`{part}` is not of the form KEY=TIME"))
                .help(format!("the keys are {}", known.join(", ")));
            return None;
        };
        let span = span(value, part_place.part(key.len() + 1..part.len()), sink)?;
        match key.trim() {
            "save" => costs.save = span,
            "load" => costs.load = span,
            "release" => costs.release = span,
            "exit" => costs.exit = span,
            "decide" => costs.decide = span,
            other => {
                sink.error("S026", part_place.part(0..key.len()), format!("unknown cost `{other}`"))
                    .help_if(|| did_you_mean_or_list(other, "costs", &known));
                return None;
            }
        }
    }
    Some(costs)
}

/// Refuses an option that this kind of input has no use for.
pub(crate) fn refuse(flag: &str, text: &str, why: &str, help: Option<&str>, sink: &mut Sink) {
    let place = sink.option(flag, text);
    sink.error("S066", place, format!("`{flag}` {why}")).help_if(|| help.map(str::to_owned));
}

/// Options of access logs and request traces.
pub(crate) fn refuse_log_options(options: &Options, sink: &mut Sink) {
    for (role, column) in &options.map {
        let why = "is for request traces and access logs";
        refuse("--map", &format!("{role}={column}"), why, None, sink);
    }
    for (flag, text) in
        [("--log-format", &options.log_format), ("--stamp", &options.stamp), ("--client", &options.client)]
    {
        if let Some(text) = text {
            refuse(flag, text, "is for access logs", None, sink);
        }
    }
    if let Some(text) = &options.within_second {
        refuse("--within-second", text, "is for access logs and request traces", None, sink);
    }
    for (flag, texts) in
        [("--class", &options.class), ("--only", &options.only), ("--except", &options.except)]
    {
        for text in texts {
            refuse(flag, text, "is for access logs and request traces", None, sink);
        }
    }
}

/// `--time-unit`, in nanoseconds.
pub(crate) fn time_unit(text: &str, sink: &mut Sink) -> u64 {
    let unit = quantity::time_unit(text.trim());
    if unit.is_none() {
        let place = sink.option("--time-unit", text);
        let units: Vec<&str> = quantity::TIME_UNITS.iter().map(|(unit, _)| *unit).collect();
        sink.error("S020", place, format!("unknown unit `{text}`"))
            .help_if(|| did_you_mean_or_list(text, "units", &units));
    }
    unit.unwrap_or(1)
}

/// Options of task lists and access logs do not fit scenarios.
pub(crate) fn refuse_for_scenario(options: &Options, sink: &mut Sink) {
    refuse_log_options(options, sink);
    if let Some(text) = &options.service_floor {
        refuse("--service-floor", text, "is for access logs and request traces", None, sink);
    }
    if let Some(text) = &options.service {
        refuse(
            "--service",
            text,
            "is for access logs and request traces",
            Some("a scenario's steps say how much work there is"),
            sink,
        );
    }
    if let Some(servers) = options.servers {
        let help = Some("for a server group `web` write `--set web.count=...`");
        refuse("--servers", &servers.to_string(), "is for access logs and request traces", help, sink);
    }
    if let Some(text) = &options.io_device {
        refuse(
            "--io-device",
            text,
            "is for task lists",
            Some("a processor with device = true is a device"),
            sink,
        );
    }
}
