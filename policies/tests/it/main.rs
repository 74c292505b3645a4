//! The catalog as a whole: definitions, specs, examples, invariants, corner cases.

mod catalog;
mod support;
