//! Statistics of simulation output: pure functions on numbers.
//!
//! | module | what it answers |
//! |---|---|
//! | [`student`] | how sure is a mean over independent replications |
//! | [`order`] | how sure is a percentile of one sample, and is the sample large enough to say |
//! | [`series`] | where does the warm-up end, and what can one long run say |
//! | [`sequential`] | how many replications are needed for a given precision |
//! | [`difference`] | does one alternative differ from another, and from several |
//! | [`select`] | how to spend replications when looking for the best of many |
//!
//! Functions of the platform (`ln`, `exp`) differ in their last bits between machines, so that all of this goes through
//! `libm`: intervals are the same bytes everywhere.

pub mod censored;
pub mod difference;
pub mod order;
pub mod select;
pub mod sequential;
pub mod series;
pub mod student;

/// The mean; `None` of nothing.
pub fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

/// The sample variance (divided by n - 1), in two passes; `None` of fewer than two values.
pub fn variance(values: &[f64]) -> Option<f64> {
    if values.len() < 2 {
        return None;
    }
    let mean = mean(values)?;
    let squares: f64 = values.iter().map(|value| (value - mean) * (value - mean)).sum();
    Some(squares / (values.len() - 1) as f64)
}
