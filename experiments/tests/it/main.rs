//! One binary for all integration tests of `experiments`.

mod models;
mod running;
mod showcase;
mod statistics;
