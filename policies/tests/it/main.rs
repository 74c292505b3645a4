//! The catalog as a whole: definitions, specs, examples, timelines worked by hand, invariants.

mod catalog;
mod mlfq;
mod support;
mod timelines;
