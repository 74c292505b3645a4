//! One binary for all integration tests of `experiments`.

mod coverage;
mod departures;
mod exercises;
mod explained;
mod interrupts;
mod intervals;
mod leaving;
mod lessons;
mod models;
mod one_truth;
mod overload;
mod predicting;
mod regions;
mod running;
mod selecting;
mod showcase;
mod statistics;
mod theory;
