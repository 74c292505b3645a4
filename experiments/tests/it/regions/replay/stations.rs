//! What is checked over all rows at once: threads, timers, locks, and that nobody is lost from the count.

use super::{Outcome, ensure};
use crate::regions::random::{Region, Scenario};
use sim_core::measure::Measures;
use sim_core::model::Model;
use sim_core::trace::{Status, TaskEvent, TaskEventKind as Kind, Trace};
use std::collections::{BTreeMap, BTreeSet};

/// T7 and T11: threads are taken while a process is ready, and nobody waits in one.
pub fn host(region: &Region, trace: &Trace, events: &[&TaskEvent], dispatcher: u32) -> Outcome {
    let tokens: Vec<_> = trace.tokens.iter().filter(|token| token.pool == dispatcher).collect();
    for event in events.iter().filter(|event| event.kind == Kind::NoInstance) {
        let released =
            tokens.iter().any(|token| !token.taken && token.job == event.job && token.at == event.at);
        ensure!(released, "T7: the thread of job {} goes on after `no-sep` at {}", event.job, event.at.0);
    }
    if !region.hosted {
        return Ok(());
    }
    // Lives: from ready to the end, which is the next start of a life or the run's end.
    let mut ready = Vec::new();
    let mut stops = Vec::new();
    for event in events {
        match event.kind {
            Kind::HostReady => ready.push(event.at.0),
            Kind::HostStop => stops.push(event.at.0),
            _ => {}
        }
    }
    for token in tokens.iter().filter(|token| token.taken) {
        let at = token.at.0;
        let lives = ready.iter().filter(|ready| **ready <= at).count();
        let ended = stops.iter().filter(|stop| **stop < at).count();
        ensure!(lives > ended, "T11: job {} has a thread at {at} while no process is ready", token.job);
        if let (Some(after), Some(last)) = (region.recycle_stop, ready.iter().rfind(|ready| **ready <= at)) {
            ensure!(at <= last + after, "T11: a process that is being recycled takes job {}", token.job);
        }
    }
    Ok(())
}

/// T8: a START is due, posted and picked up in this order, each in its time.
pub fn starts(region: &Region, events: &[&TaskEvent]) -> Outcome {
    let mut due: BTreeMap<(u32, u64), u64> = BTreeMap::new();
    for event in events {
        let id = (event.task, event.nth);
        match event.kind {
            Kind::TimerSet => {
                ensure!(
                    due.insert(id, event.asked.0).is_none(),
                    "a START with a number that was given before"
                );
            }
            Kind::TimerDue => {
                ensure!(due.get(&id) == Some(&event.at.0), "T8: a START is due at another time");
            }
            Kind::TimerPosted | Kind::TimerPicked | Kind::Begun => {
                let at = event.at.0;
                ensure!(due.get(&id).is_none_or(|due| at >= *due), "T8: a START is seen before its time");
                let is_look =
                    event.kind != Kind::TimerPicked || region.poll == 0 || at.is_multiple_of(region.poll);
                ensure!(is_look, "the monitor looks at {at}");
            }
            _ => {}
        }
    }
    Ok(())
}

/// T14: a lock has one holder, and none of a job that is gone; an orphan's is free when it is recovered, not before.
pub fn locks(scenario: &Scenario, model: &Model, trace: &Trace) -> Outcome {
    let is_lock = |pool: u32| model.pools[pool as usize].name.contains(".lock-");
    let mut holders: BTreeMap<u32, (u64, u64)> = BTreeMap::new();
    let mut spans: Vec<(u64, u64, u64)> = Vec::new();
    for token in trace.tokens.iter().filter(|token| is_lock(token.pool)) {
        if token.taken {
            let before = holders.insert(token.pool, (token.job, token.at.0));
            ensure!(before.is_none(), "a lock of {before:?} is given to job {}", token.job);
        } else {
            let holder = holders.remove(&token.pool);
            ensure!(
                holder.is_some_and(|(job, _)| job == token.job),
                "a lock is given back by job {}",
                token.job
            );
            spans.extend(holder.map(|(job, from)| (job, from, token.at.0)));
        }
    }
    // When each job was orphaned, and when its region was done with it.
    let mut orphaned: BTreeMap<u64, u64> = BTreeMap::new();
    let mut on: BTreeMap<(u32, u32), u64> = BTreeMap::new();
    for event in &trace.tasks {
        let at = event.at.0;
        match (event.kind, event.instance) {
            (Kind::Begun, Some(sep)) => {
                on.insert((event.pool, sep), event.job);
            }
            (Kind::Out, Some(sep)) => {
                if let Some(job) = on.remove(&(event.pool, sep)) {
                    orphaned.entry(job).or_insert(at);
                }
            }
            (Kind::Removed | Kind::BegunAgain, _) => {
                on.retain(|_, job| *job != event.job);
                if let Some(out) = orphaned.remove(&event.job) {
                    for (_, from, until) in spans.iter().filter(|(job, _, _)| *job == event.job) {
                        let held = *from <= out && out < *until;
                        ensure!(
                            !held || *until == at,
                            "T14: job {}'s lock is free at {until}, not {at}",
                            event.job
                        );
                    }
                }
            }
            _ => {}
        }
    }
    let has_children =
        |class: u32| scenario.classes[class as usize].requests.iter().any(|request| request.detached);
    let gone = trace.jobs.iter().filter(|job| job.status != Status::Unfinished && !has_children(job.class));
    let gone: BTreeSet<u64> = gone.map(|job| job.number).collect();
    for (job, _) in holders.values() {
        ensure!(!gone.contains(job), "T14: job {job} has left with a lock");
    }
    Ok(())
}

/// Nobody is lost from the count, and the parts of response times add up to them.
pub fn conservation(model: &Model, measures: &Measures, trace: &Trace) -> Outcome {
    for (class, spec) in measures.classes.iter().zip(&model.classes) {
        let ended: u64 = class.outcomes.iter().sum();
        let (released, left) = (class.released, class.unfinished);
        let name = &spec.name;
        ensure!(
            released == ended + left,
            "`{name}`: {released} released, {ended} by outcome and {left} present"
        );
        let by_status = class.completed + class.lost + class.timed_out;
        ensure!(by_status == ended, "`{name}`: {by_status} by status, {ended} by outcome");
        let parts: u128 = class.parts.iter().map(sim_core::measure::PartSums::total).sum();
        let whole = class.response.sum();
        ensure!(parts == whole, "`{name}`: parts add up to {parts}, responses to {whole}");
    }
    ensure!(
        trace.jobs.len() as u64 == measures.released,
        "{} records of {} jobs",
        trace.jobs.len(),
        measures.released
    );
    Ok(())
}
