//! Results that were written earlier, read back to be drawn again: the JSON documents of `run`, `compare` and `plan`
//! ([`run_document`], [`compare_document`], [`plan_document`]), and CSV in long form ([`results`]).
//!
//! Keys and columns that are not known are left alone, as later versions add some. What is missing or of another kind is an
//! error that says where.

mod csv;
mod json;

pub use csv::{ResultRow, results};
pub use json::{compare_document, document, plan_document, run_document, said, schema_of, summary_rows};

/// Units of results.
const UNITS: [&str; 5] = ["ns", "1/s", "ratio", "count", "jobs"];

/// One of the words that results use.
fn word(text: &str, known: &[&'static str]) -> Option<&'static str> {
    known.iter().find(|word| **word == text).copied()
}
