//! More or less demand: the key `scale` of a source, the option `--scale`, and [`scale_demand`] for planners. And the
//! option `--speedup`, which lets logs and traces run faster, with as many requests as before.

use crate::diagnostic::{Diagnostic, Sink};
use crate::options::Options;
use crate::reader::ratio;
use crate::run_options;
use sim_core::copies::Spread;
use sim_core::model::{Arrivals, Model};
use sim_core::scale::ScaleError;
use sim_core::units::Ratio;
use thiserror::Error;

/// A source that cannot be scaled.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("the source `{source_name}` at {} times the demand: {error}", factor.as_f64())]
pub struct DemandError {
    /// Its name.
    pub source_name: String,
    /// The factor.
    pub factor: Ratio,
    /// Why.
    pub error: ScaleError,
}

/// Multiplies the demand of every source by `factor`; see [`sim_core::scale`] for what that is for each kind of
/// arrivals and how it is rounded. Sizes, the end of the run and the warm-up stay what they are. All traces of a model are
/// taken as parts of one, such as the classes of a log: their copies are moved alike. A factor of one changes nothing; on
/// an error the model is unchanged.
pub fn scale_demand(model: &mut Model, factor: Ratio) -> Result<(), DemandError> {
    let traces = model.sources.iter().filter_map(|source| source.arrivals.trace());
    let spread = Spread::over(traces.map(|data| &**data));
    let scaled: Vec<Arrivals> = model
        .sources
        .iter()
        .map(|source| {
            source.arrivals.scaled_within(factor, spread).map_err(|error| DemandError {
                source_name: source.name.clone(),
                factor,
                error,
            })
        })
        .collect::<Result<_, _>>()?;
    for (index, arrivals) in scaled.into_iter().enumerate() {
        replace(model, index, arrivals);
    }
    Ok(())
}

/// Gives a source other arrivals; what policies know of its period follows.
pub(crate) fn replace(model: &mut Model, source: usize, arrivals: Arrivals) {
    let source = &mut model.sources[source];
    if let Arrivals::Periodic { period, .. } = &arrivals {
        model.attributes[source.attributes as usize].period = Some(*period);
    }
    source.arrivals = arrivals;
}

/// Reads a factor of demand: `1.5`, `x1.5` or `3/2`, from 1e-6 to 1e6 and exact to 9 digits.
#[expect(clippy::result_large_err, reason = "parsed once an option, not in a loop")]
pub fn parse_demand(flag: &str, text: &str) -> Result<Ratio, Diagnostic> {
    let mut sink = Sink::new("");
    factor(flag, text, &mut sink).ok_or_else(|| sink.finish().0.remove(0))
}

fn factor(flag: &str, text: &str, sink: &mut Sink) -> Option<Ratio> {
    let number = text.trim();
    let found = ratio(number.strip_prefix(['x', 'X']).unwrap_or(number));
    if found.is_none() {
        let place = sink.option(flag, text);
        sink.error("S021", place, format!("`{text}` is no factor from 1e-6 to 1e6, exact to 9 digits"))
            .help("for instance 1.5, x1.5 or 3/2");
    }
    found
}

/// Applies `--speedup`, then `--scale`; gives what is to be said about it.
pub(crate) fn apply(options: &Options, model: &mut Model, sink: &mut Sink) -> Vec<String> {
    let mut notes: Vec<String> =
        options.speedup.as_ref().and_then(|text| speed_up(text, model, sink)).into_iter().collect();
    if let Some(text) = &options.scale
        && let Some(factor) = factor("--scale", text, sink)
        && let Err(error) = scale_demand(model, factor)
    {
        let place = sink.option("--scale", text);
        sink.error("S021", place, error.to_string());
    }
    notes.extend(demand_notes(model));
    notes
}

fn speed_up(text: &str, model: &mut Model, sink: &mut Sink) -> Option<String> {
    let factor = factor("--speedup", text, sink)?;
    if sink.failed() {
        // A source with a mistake may be no trace yet.
        return None;
    }
    let (traces, others): (Vec<_>, Vec<_>) =
        model.sources.iter().partition(|source| source.arrivals.trace().is_some());
    if let Some(other) = others.first() {
        let (why, help) = if traces.is_empty() {
            (
                "is for logs and traces, and nothing is released by one here".to_owned(),
                "`--scale` multiplies demand".to_owned(),
            )
        } else {
            let name = &other.name;
            (
                format!("would leave the source `{name}`, which is no trace, behind"),
                format!(
                    "`--set {name}.scale=...` multiplies the demand of one source, `--scale` that of all"
                ),
            )
        };
        run_options::refuse("--speedup", text, &why, Some(&help), sink);
        return None;
    }
    let last = |model: &Model| {
        let traces = model.sources.iter().filter_map(|source| source.arrivals.trace());
        traces.filter_map(|data| data.rows.last()).map(|row| row.at.0).max().unwrap_or(0)
    };
    let before = last(model);
    let faster: Result<Vec<Arrivals>, ScaleError> =
        traces.into_iter().filter_map(|source| source.arrivals.faster(factor)).collect();
    match faster {
        Ok(faster) => {
            faster.into_iter().enumerate().for_each(|(index, arrivals)| replace(model, index, arrivals));
        }
        Err(error) => {
            let place = sink.option("--speedup", text);
            sink.error("S021", place, format!("at {} times the speed: {error}", factor.as_f64()));
            return None;
        }
    }
    Some(format!(
        "a log or trace at {} times its speed: what took {} takes {}, and queues have as much less time to build up \
         (`--scale` keeps the calendar)",
        factor.as_f64(),
        about(before),
        about(last(model))
    ))
}

/// What is to be said about logs and traces that are not released as they are, one sentence each.
pub fn demand_notes(model: &Model) -> Vec<String> {
    let mut notes: Vec<String> = Vec::new();
    for source in &model.sources {
        let Arrivals::Copies(copies) = &source.arrivals else { continue };
        let factor = copies.factor.as_f64();
        let note = if factor < 1.0 {
            format!(
                "a log or trace at {factor} times its demand: each of its requests is kept with this probability, which is \
                 drawn anew in each replication"
            )
        } else {
            format!(
                "a log or trace at {factor} times its demand: its calendar is kept, and the further copies of its requests \
                 are moved at random within intervals of {}, anew in each replication (`--speedup` lets it run faster \
                 instead)",
                about(copies.spread.interval())
            )
        };
        if !notes.contains(&note) {
            notes.push(note);
        }
    }
    notes
}

/// A length of time to three digits.
fn about(nanos: u64) -> String {
    let units = [("h", 3.6e12), ("min", 6e10), ("s", 1e9), ("ms", 1e6), ("us", 1e3)];
    let (unit, size) =
        units.into_iter().find(|(_, size)| nanos as f64 >= 0.995 * size).unwrap_or(("ns", 1.0));
    let value = nanos as f64 / size;
    let decimals = if value >= 100.0 {
        0
    } else if value >= 10.0 {
        1
    } else {
        2
    };
    let text = format!("{value:.decimals$}");
    let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    format!("{text} {unit}")
}
