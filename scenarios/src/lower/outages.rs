//! Servers that fail: given outages, failures at random, and when balancers learn of them.

use crate::diagnostic::Sink;
use crate::keys::{self, Kind, SERVER};
use crate::laws::{Unit, is_never_above_zero, law};
use crate::reader::{self, Fields};
use crate::tree::Value;
use sim_core::model::{OutageEffect, Outages};
use sim_core::units::{Span, Time};

/// The shortest time from failure to failure, on average, in nanoseconds.
const LEAST_TURN: f64 = 1e3;

/// The outages of a group of `count` servers.
pub(super) fn read(item: &Fields<'_>, count: u32, sink: &mut Sink) -> Option<Outages> {
    let effect = item.choice("on_failure", sink);
    let effect = [OutageEffect::Lose, OutageEffect::Stall][effect.unwrap_or(0)];
    let given = given(item, count, sink);
    let random = random(item, sink);
    if item.get("outages").is_some() && item.get("failures").is_some() {
        sink.error("S026", item.place("failures"), "`outages` and `failures` in one group")
            .label(item.place("outages"), "first here")
            .help("make two groups, or leave one of them out");
    }
    if given.is_empty() && random.is_none() {
        if item.get("on_failure").is_some() && item.get("outages").is_none() && item.get("failures").is_none()
        {
            sink.error("S026", item.place("on_failure"), "`on_failure` without `outages` or `failures`")
                .help("for instance outages = [{ server = 1, from = \"60s\", until = \"90s\" }]");
        }
        return None;
    }
    Some(Outages { given, random, effect })
}

/// The given outages, sorted by server and time.
fn given(item: &Fields<'_>, count: u32, sink: &mut Sink) -> Vec<(u32, Time, Time)> {
    let Some(node) = item.get("outages") else { return Vec::new() };
    let Value::Array(items) = &node.value else {
        reader::wrong_type(node, "`outages` is an array of tables", sink)
            .help("for instance outages = [{ server = 1, from = \"60s\", until = \"90s\" }]");
        return Vec::new();
    };
    let mut given = Vec::new();
    for item in items {
        let Some(item) = reader::open(item, &keys::OUTAGE, sink) else { continue };
        let server = item.integer("server", sink);
        let from = item.span("from", sink);
        let until = item.span("until", sink);
        let (Some(server), Some(from)) = (server, from) else { continue };
        if server > i64::from(count) {
            sink.error("S021", item.place("server"), format!("there is no server {server} among {count}"));
        }
        let until = until.map_or(Time::NEVER, |until| Time(until.0));
        if until.0 <= from.0 {
            sink.error("S021", item.place("until"), "an outage ends after it begins");
        }
        given.push((server as u32 - 1, Time(from.0), until, item.node.place));
    }
    given.sort_unstable_by_key(|(server, from, ..)| (*server, *from));
    for pair in given.windows(2) {
        let ((before, _, until, first), (server, from, _, place)) = (&pair[0], &pair[1]);
        if before == server && until >= from {
            sink.error("S021", *place, format!("server {} is down already at {from}", server + 1))
                .label(*first, "by this outage")
                .help("make one outage of the two, or leave time between them");
        }
    }
    given.into_iter().map(|(server, from, until, _)| (server, from, until)).collect()
}

fn random(item: &Fields<'_>, sink: &mut Sink) -> Option<(sim_core::law::Law, sim_core::law::Law)> {
    let node = item.get("failures")?;
    let Some(Kind::Table(table)) = SERVER.key("failures").map(|key| key.kind) else { return None };
    let fields = reader::open(node, table, sink)?;
    let mut one = |key| {
        let law = fields.get(key).and_then(|node| law(node, key, Unit::Time, sink))?;
        if is_never_above_zero(&law) {
            sink.error(
                "S021",
                fields.place(key),
                format!("`{key}` is 0: servers would fail without end at one instant"),
            )
            .help("for instance failures = { after = \"10min\", repair = \"30s\" }");
            return None;
        }
        Some(law)
    };
    let (after, repair) = (one("after"), one("repair"));
    let (after, repair) = (after?, repair?);
    // A run of minutes would be nothing but failures.
    if let Some(turn) =
        after.mean().zip(repair.mean()).map(|(up, down)| up + down).filter(|turn| *turn < LEAST_TURN)
    {
        let message = format!("a server would fail every {turn}ns on average; at most every {LEAST_TURN}ns");
        sink.error("S021", fields.place("after"), message);
    }
    Some((after, repair))
}

/// How long a balancer takes to learn of a change; `None`: it never does.
pub(super) fn detection(item: &Fields<'_>, sink: &mut Sink) -> Option<Span> {
    let node = item.get("detection")?;
    if node.as_text() == Some("never") { None } else { reader::span(node, "detection", sink) }
}
