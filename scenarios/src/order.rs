//! Policies that would run without what they order by: rate monotonic without periods, priorities that are all alike.

use crate::Loaded;
use crate::input::{Input as Text, InputKind};
use crate::traces;
use policies::{Input, Layer, PolicyDef};
use sim_core::model::{Attributes, Model};
use std::collections::BTreeSet;

/// What is to be said of the policies in effect, a sentence each.
pub(crate) fn notes(loaded: &Loaded, input: &Text) -> Vec<String> {
    let model = &loaded.model;
    let schedulers = model.processors.iter().map(|p| (Layer::Scheduler, p.scheduler.spec.as_str()));
    let balancers = model.balancers.iter().map(|b| (Layer::Balancer, b.policy.spec.as_str()));
    let specs: BTreeSet<(Layer, &str)> = schedulers.chain(balancers).collect();
    let mut said = Vec::new();
    for (layer, spec) in specs {
        let Ok(found) = policies::parse(layer, spec) else { continue };
        let Some(wanted) = found.def.orders_by else { continue };
        match without(model, found.def, wanted) {
            Some(note) => said.push(note),
            None if loaded.kind == InputKind::TaskList => said.extend(empty_cells(input, found.def, wanted)),
            None => {}
        }
    }
    said
}

/// Nobody has what the policy orders by, or all have the same of it.
fn without(model: &Model, def: &PolicyDef, wanted: Input) -> Option<String> {
    let (id, tie) = (def.id, def.tie);
    let all = || model.attributes.iter();
    let missing = |what: &str, has: fn(&Attributes) -> bool| {
        let (count, lack) = (all().count(), all().filter(|about| !has(about)).count());
        if lack == 0 {
            None
        } else if lack == count {
            Some(format!("`{id}` orders by {what}, and no job has one: its tie rule decides alone ({tie})"))
        } else {
            Some(format!("`{id}` orders by {what}, and {lack} of {count} tasks have none: they come last"))
        }
    };
    let same = |value: fn(&Attributes) -> i64| {
        let first = value(all().next()?);
        all().all(|about| value(about) == first).then_some(first)
    };
    match wanted {
        Input::Period => missing("period", |about| about.period.is_some()),
        Input::Deadline => missing("deadline", |about| about.deadline.is_some()),
        Input::Priority => same(|about| about.priority).map(|value| {
            format!(
                "`{id}` orders by priority, and all jobs have {value}: its tie rule decides alone ({tie})"
            )
        }),
        Input::Tickets => same(|about| i64::from(about.tickets)).map(|value| {
            format!("`{id}` goes by tickets, and all jobs have {value}: each gets the same share")
        }),
        Input::Weight => {
            let farms = model.balancers.iter().filter(|balancer| {
                policies::parse(Layer::Balancer, &balancer.policy.spec).is_ok_and(|spec| spec.def.id == id)
            });
            let mut weights = farms.flat_map(|balancer| &model.groups[balancer.group as usize].weights);
            let first = weights.next()?;
            let mut count = 1;
            let alike = weights.inspect(|_| count += 1).all(|weight| weight == first);
            (alike && count > 1)
                .then(|| format!("`{id}` goes by weight, and all servers have {first}: they take turns"))
        }
    }
}

/// Empty cells in a column that the policy orders by: they count as the default, which may be the best of all.
fn empty_cells(input: &Text, def: &PolicyDef, wanted: Input) -> Option<String> {
    let usual = Attributes::default();
    let (column, value) = match wanted {
        Input::Priority => ("priority", usual.priority),
        Input::Tickets => ("tickets", i64::from(usual.tickets)),
        _ => return None,
    };
    let text = std::str::from_utf8(&input.text).ok()?;
    let mut rows = traces::rows(text);
    let at = rows.next()?.fields.iter().position(|field| field.text == column)?;
    let (mut count, mut empty) = (0, 0);
    for row in rows {
        count += 1;
        empty += usize::from(row.fields.get(at).is_none_or(|field| field.text.is_empty()));
    }
    let id = def.id;
    (empty > 0).then(|| {
        format!("`{id}` orders by {column}, and {empty} of {count} tasks have none: it counts as {value}")
    })
}
