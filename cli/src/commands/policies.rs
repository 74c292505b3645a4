//! `dispatchlab policies`.

use crate::args::{PoliciesArgs, PoliciesCommand};
use crate::commands::run::print;
use crate::failure::Failure;
use policies::{Layer, ParamKind, PolicyDef};
use std::fmt::Write as _;

/// Characters a line of prose.
const WIDTH: usize = 80;

pub fn run(args: &PoliciesArgs) -> Result<(), Failure> {
    match &args.command {
        None | Some(PoliciesCommand::List) => print(&list()),
        Some(PoliciesCommand::Show { name }) => {
            let pages: Vec<String> = policies::catalog().filter(|def| def.id == name).map(page).collect();
            if pages.is_empty() { Err(unknown(name)) } else { print(&pages.join("\n")) }
        }
    }
}

fn unknown(name: &str) -> Failure {
    // The reader of specs knows what may have been meant.
    let hint = [Layer::Scheduler, Layer::Balancer]
        .into_iter()
        .filter_map(|layer| policies::parse(layer, name).err()?.help)
        .find(|help| help.starts_with("did you mean"))
        .unwrap_or_else(|| "`dispatchlab policies` lists them all".to_owned());
    Failure::Usage(format!("there is no policy `{name}`; {hint}"))
}

fn list() -> String {
    let mut text = String::new();
    for (layer, title) in [
        (Layer::Scheduler, "schedulers: which ready job runs next on a processor"),
        (Layer::Balancer, "balancers: which server of a group gets a request"),
    ] {
        let defs: Vec<&PolicyDef> = policies::catalog().filter(|def| def.layer() == layer).collect();
        let width = defs.iter().map(|def| def.id.len()).max().unwrap_or(0);
        if !text.is_empty() {
            text.push('\n');
        }
        let _ = writeln!(text, "{title}");
        for def in defs {
            let _ = writeln!(text, "  {:<width$}  {}", def.id, def.title);
        }
    }
    text
}

/// Everything there is to know of a policy.
fn page(def: &PolicyDef) -> String {
    let mut text = format!("{} ({}, {})\n\n", def.title, def.id, def.layer().word());
    wrap(&mut text, "", def.definition);
    text.push('\n');
    wrap(&mut text, "rule        ", def.rule);
    wrap(&mut text, "ties        ", def.tie);
    wrap(&mut text, "keys        ", &def.keys.join(", "));
    wrap(&mut text, "properties  ", &properties(def).join(", "));
    let cost = format!("arrival {}, decision {}, memory {}", def.cost.arrive, def.cost.pick, def.cost.memory);
    wrap(&mut text, "cost        ", &cost);
    for (index, source) in def.source.iter().enumerate() {
        let place = if source.place.is_empty() { String::new() } else { format!(", {}", source.place) };
        wrap(
            &mut text,
            if index == 0 { "source      " } else { "            " },
            &format!("{}{place}", source.work),
        );
    }
    parameters(&mut text, def);
    example(&mut text, def);
    text
}

fn properties(def: &PolicyDef) -> Vec<&'static str> {
    let traits = def.traits;
    let mut words = Vec::new();
    if def.layer() == Layer::Scheduler {
        words.push(if traits.preemptive { "preemptive" } else { "not preemptive" });
        words.push(if traits.work_conserving { "work-conserving" } else { "not work-conserving" });
    }
    words.push(if traits.clairvoyant { "knows sizes" } else { "does not know sizes" });
    words.push(if traits.random { "draws random numbers" } else { "deterministic" });
    words
}

fn parameters(text: &mut String, def: &PolicyDef) {
    if def.params.is_empty() {
        text.push_str("\nno parameters\n");
        return;
    }
    text.push_str("\nparameters\n");
    for param in def.params {
        let default = if param.default.is_empty() { "empty" } else { param.default };
        let head = format!("  {} = {default}  ", param.name);
        wrap(text, &head, &format!("{} ({})", param.help, kind(param.kind)));
    }
}

/// What a value looks like, in words.
fn kind(kind: ParamKind) -> String {
    match kind {
        ParamKind::Span => "a duration, such as 4ms".to_owned(),
        ParamKind::SpanOrOff => "a duration, or off".to_owned(),
        ParamKind::Spans => "durations separated by /".to_owned(),
        ParamKind::Integer { min, max: u64::MAX } => format!("a whole number from {min}"),
        ParamKind::Integer { min, max } => format!("a whole number from {min} to {max}"),
        ParamKind::Integers { min, max: u64::MAX } => format!("whole numbers from {min}, separated by /"),
        ParamKind::Integers { min, max } => format!("whole numbers from {min} to {max}, separated by /"),
        ParamKind::Decimal { min_milli, max_milli } => {
            format!("a number from {} to {}", min_milli as f64 / 1_000.0, max_milli as f64 / 1_000.0)
        }
        ParamKind::Boolean => "true or false".to_owned(),
        ParamKind::Choice(words) => words.join(" or "),
    }
}

/// The example, run by the engine on the spot.
fn example(text: &mut String, def: &PolicyDef) {
    let what = match def.layer() {
        Layer::Scheduler => "task, arrival, work",
        Layer::Balancer => "request, arrival, work; servers a, b, c",
    };
    let _ = writeln!(text, "\nexample: {} ({what}, in {})", policies::example_spec(def), def.example.unit);
    wrap(text, "  jobs      ", def.example.jobs);
    match policies::run_example(def) {
        Ok(timeline) => wrap(text, "  timeline  ", &timeline),
        // A test runs every example; this is for policies that someone is just writing.
        Err(error) => wrap(text, "  fails     ", &error),
    }
}

/// Adds `body` after `head`, broken at spaces, further lines under the beginning of the first.
fn wrap(text: &mut String, head: &str, body: &str) {
    let indent = head.chars().count();
    let mut line = head.to_owned();
    let mut empty = true;
    for word in body.split_whitespace() {
        if !empty && line.chars().count() + 1 + word.chars().count() > WIDTH {
            let _ = writeln!(text, "{}", line.trim_end());
            line = " ".repeat(indent);
            empty = true;
        }
        if !empty {
            line.push(' ');
        }
        line.push_str(word);
        empty = false;
    }
    let _ = writeln!(text, "{}", line.trim_end());
}
