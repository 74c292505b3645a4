//! The catalog as a whole: definitions, specs, examples, timelines worked by hand, invariants.

mod catalog;
mod farm;
mod invariants;
mod mlfq;
mod naive;
mod spec;
mod support;
mod timelines;
