//! Rates: `"900/s"`, steps and ramps, a wave, states of a chain.

use crate::diagnostic::Sink;
use crate::keys::{self, Kind};
use crate::reader::{self, Fields};
use crate::tree::{Node, Value};
use sim_core::modulated::{ChainError, Modulated, State};
use sim_core::profile::{Piece, Profile, ProfileError, Then};
use sim_core::units::Span;

/// A rate as it is written.
pub(super) enum Rate {
    /// One that never changes, as the mean gap in nanoseconds.
    Constant(f64),
    /// One that does.
    Varying(sim_core::varying::Rate),
}

impl Rate {
    /// As a function of time; `None` where it changes at random.
    pub fn profile(self) -> Option<Profile> {
        match self {
            Rate::Constant(gap) => Some(Profile::constant(gap)),
            Rate::Varying(sim_core::varying::Rate::Profile(profile)) => Some(profile),
            Rate::Varying(sim_core::varying::Rate::Modulated(_)) => None,
        }
    }
}

/// Reads a rate.
pub(super) fn rate(node: &Node, name: &str, sink: &mut Sink) -> Option<Rate> {
    if !matches!(node.value, Value::Table(_)) {
        return reader::rate(node, name, sink).map(Rate::Constant);
    }
    let form = reader::open_form(node, &format!("`{name}`"), keys::RATES, sink)?;
    let rate = match form.table.keys[0].name {
        "steps" => steps(&form, sink)?.into(),
        "states" => states(&form, sink)?.into(),
        _ => wave(&form, sink)?.into(),
    };
    Some(Rate::Varying(rate))
}

fn states(form: &Fields<'_>, sink: &mut Sink) -> Option<Modulated> {
    let node = form.get("states")?;
    let Some(Kind::Plain(table)) = form.table.key("states").map(|key| key.kind) else { return None };
    let items = reader::array(node, "states", sink)?;
    if items.len() > keys::RATE_STATES_MAX {
        let message = format!("{} states of a rate; at most {}", items.len(), keys::RATE_STATES_MAX);
        sink.error("S046", node.place, message);
        return None;
    }
    let mut states = Vec::new();
    for (index, item) in items.iter().enumerate() {
        let Some(state) = reader::open(item, table, sink) else { continue };
        let gap = state.get("rate").and_then(|node| reader::rate_from_zero(node, "rate", sink));
        let stay = state.positive_span("mean_stay", sink);
        let to = match state.get("to") {
            Some(_) => state.integers("to", sink),
            // To each of the others alike.
            None => Some((0..items.len()).map(|other| u32::from(other != index)).collect()),
        };
        if let (Some(gap), Some(stay), Some(to)) = (gap, stay, to) {
            states.push(State { gap, stay: stay.0 as f64, to });
        }
    }
    if states.len() < items.len() {
        return None;
    }
    Modulated::new(states)
        .map_err(|error| {
            let place = match error {
                ChainError::Weights(state) | ChainError::Apart(state) => items[state - 1].place,
                _ => node.place,
            };
            let help = match error {
                ChainError::Weights(_) | ChainError::Apart(_) => {
                    Some("`to` has a weight for each state, in their order, such as to = [0, 3, 1]")
                }
                ChainError::TooFew => Some("add { rate = \"100/s\", mean_stay = \"1s\" }"),
                ChainError::TooBusy => Some("a rate that changes so fast is as good as its mean"),
                ChainError::Zero | ChainError::TooFast => None,
            };
            sink.error("S021", place, error.to_string()).help_if(|| help.map(str::to_owned));
        })
        .ok()
}

fn wave(form: &Fields<'_>, sink: &mut Sink) -> Option<Profile> {
    let gap = form.get("mean").and_then(|node| reader::rate(node, "mean", sink));
    let swing = form.number("swing", sink);
    let period = form.positive_span("period", sink);
    let peak = match form.get("peak_at") {
        Some(_) => form.span("peak_at", sink),
        None => Some(Span::ZERO),
    };
    Profile::wave(gap?, swing?, period?, peak?)
        .map_err(|error| {
            sink.error("S021", form.place("mean"), format!("a rate with {error} at its peak"));
        })
        .ok()
}

fn steps(form: &Fields<'_>, sink: &mut Sink) -> Option<Profile> {
    let node = form.get("steps")?;
    let Some(Kind::Plain(table)) = form.table.key("steps").map(|key| key.kind) else { return None };
    let items = reader::array(node, "steps", sink)?;
    if items.len() > keys::RATE_STEPS_MAX {
        let message = format!("{} steps of a rate; at most {}", items.len(), keys::RATE_STEPS_MAX);
        sink.error("S046", node.place, message);
        return None;
    }
    let given = form.get("then").is_some();
    let chosen = form.choice("then", sink).map(|index| [Then::Repeat, Then::Hold, Then::Stop][index]);
    let mut then = chosen.unwrap_or(Then::Repeat);
    let (mut pieces, mut good) = (Vec::new(), !given || chosen.is_some());
    for (index, item) in items.iter().enumerate() {
        let Some(step) = reader::open(item, table, sink) else {
            good = false;
            continue;
        };
        let from = step.get("rate").and_then(|node| reader::rate_from_zero(node, "rate", sink));
        let to = match step.get("to") {
            Some(node) => reader::rate_from_zero(node, "to", sink),
            None => from,
        };
        let last = index + 1 == items.len();
        let length = if step.get("for").is_some() || !last {
            let length = step.positive_span("for", sink);
            if step.get("for").is_none() {
                sink.error("S011", item.place, "only the last step of a rate can go on for ever")
                    .help("say how long this one lasts: `for = \"1h\"`");
            }
            length
        } else {
            if step.get("to").is_some() {
                sink.error("S011", item.place, "a rate that changes from `rate` to `to` needs `for`")
                    .help("say how long it takes: `for = \"1h\"`");
                good = false;
            }
            if given {
                sink.error(
                    "S013",
                    form.place("then"),
                    "the last step goes on for ever: nothing comes `then`",
                )
                .label(item.place, "this step has no `for`");
                good = false;
            }
            then = Then::Hold;
            // Any length does: the rate is held after it.
            Some(Span(1))
        };
        match (from, to, length) {
            (Some(from), Some(to), Some(length)) => pieces.push(Piece { length, from, to }),
            _ => good = false,
        }
    }
    if !good {
        return None;
    }
    Profile::pieces(&pieces, then)
        .map_err(|error| {
            let (message, help) = match error {
                ProfileError::Empty => {
                    ("a rate without steps".to_owned(), Some("add { rate = \"100/s\", for = \"1h\" }"))
                }
                ProfileError::Zero => (error.to_string(), Some("at least one step must let jobs arrive")),
                _ => (format!("the steps of a rate: {error}"), None),
            };
            sink.error("S021", node.place, message).help_if(|| help.map(str::to_owned));
        })
        .ok()
}
