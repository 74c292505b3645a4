//! Utilization in the busiest interval, beside the mean of the whole.

use reports::number::{significant, with_unit};
use sim_core::intervals::Interval;
use sim_core::measure::{Measures, ProcessorMeasures};
use sim_core::model::{Model, Processor};
use sim_core::units::Time;

/// The utilization of the processors of some components in their busiest interval, and which one that is: the first of
/// several.
pub(crate) fn of<'m>(
    model: &Model,
    measures: &'m Measures,
    of: &dyn Fn(&Processor) -> bool,
) -> Option<(f64, &'m Interval)> {
    let mut cores = vec![0u128; model.components.len()];
    for processor in model.processors.iter().filter(|processor| of(processor)) {
        cores[processor.component as usize] += u128::from(processor.cores);
    }
    let all: u128 = cores.iter().sum();
    let mut found: Option<(f64, &Interval)> = None;
    for interval in &measures.intervals {
        let busy =
            interval.busy.iter().zip(&cores).filter(|(_, cores)| **cores > 0).map(|(busy, _)| busy).sum();
        let part = part_of(busy, all * u128::from(interval.until.since(interval.from).0));
        if let Some(part) = part.filter(|part| found.is_none_or(|(most, _)| *part > most)) {
            found = Some((part, interval));
        }
    }
    found
}

/// Where the mean hides the busiest interval of a station: a sentence on the one that is used most, of replication 1.
pub(crate) fn note(model: &Model, measures: &Measures) -> Option<String> {
    /// So many times the mean are worth a word, and so much use whatever the mean is.
    const TIMES: f64 = 1.5;
    const FULL: f64 = 0.95;
    let stations = model.components.iter().enumerate().filter_map(|(index, component)| {
        let member = move |processor: &Processor| processor.component as usize == index;
        let (part, interval) = of(model, measures, &member)?;
        Some((&component.name, member, part, interval))
    });
    let (name, member, part, interval) = stations.max_by(|a, b| a.2.total_cmp(&b.2))?;
    let members =
        model.processors.iter().zip(&measures.processors).filter(|(processor, _)| member(processor));
    let whole = ProcessorMeasures::sum(members.map(|(_, measures)| measures));
    let mean = whole.busy as f64 / whole.capacity().max(1) as f64;
    if part < FULL && part < TIMES * mean || mean >= FULL {
        return None;
    }
    let percent = |part: f64| significant(part * 100.0, 3);
    let clock = |at: Time| match at.0 / 60_000_000_000 {
        minutes @ 120.. => format!("{} h {:02} min", minutes / 60, minutes % 60),
        _ => with_unit(at.0 as f64, "ns"),
    };
    Some(format!(
        "`{name}` is used to {} % on average, but to {} % in its busiest 24th of the time (from {} to {})",
        percent(mean),
        percent(part),
        clock(interval.from),
        clock(interval.until)
    ))
}

fn part_of(part: u128, whole: u128) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}
