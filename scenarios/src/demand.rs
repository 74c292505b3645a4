//! More or less demand: the key `scale` of a source, the option `--scale`, and [`scale_demand`] for planners.

use crate::diagnostic::{Diagnostic, Sink};
use crate::options::Options;
use crate::reader::ratio;
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
/// arrivals and how it is rounded. Sizes, the end of the run and the warm-up stay what they are. A factor of one changes
/// nothing; on an error the model is unchanged.
pub fn scale_demand(model: &mut Model, factor: Ratio) -> Result<(), DemandError> {
    let scaled: Vec<Arrivals> = model
        .sources
        .iter()
        .map(|source| {
            source.arrivals.scaled(factor).map_err(|error| DemandError {
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

/// Applies `--scale`.
pub(crate) fn apply(options: &Options, model: &mut Model, sink: &mut Sink) {
    let Some(text) = &options.scale else { return };
    if let Some(factor) = factor("--scale", text, sink)
        && let Err(error) = scale_demand(model, factor)
    {
        let place = sink.option("--scale", text);
        sink.error("S021", place, error.to_string());
    }
}
