//! Running a model more than once, and what may be concluded from it.
//!
//! | module | what it does |
//! |---|---|
//! | [`mod@run`] | replications on several threads, merged in order |
//! | [`metrics`] | every metric by name, and its value in one replication |
//! | [`stats`] | intervals, warm-up, stopping, differences, selection: pure functions |
//! | [`background`] | one such thing beside the caller, with progress and cancel |
//! | [`mod@compare`] | policies on the same work, and the first decision at which two of them part |
//! | [`mod@capacity`] | how many are needed: a search by interval bounds, response against demand |
//! | [`condition`] | `response/p99 > 250ms`, decided by intervals |
//! | [`finding`], [`growth`] | what must be known before any number is read: overload, queues that still rise |
//! | [`precision`] | as many replications as a precision takes |
//! | [`lessons`] | whether what lessons state is so |
//! | [`warmup`] | Welch's plot, and where a warm-up ends |
//! | [`sweep`] | many models with many replications, in cells that can be run anywhere |
//! | [`mod@servers`], [`mod@timeseries`] | replication 1 by station and by interval |
//! | [`report`] | the report of a run, for the command line and the window |
//! | [`mod@grounds`] | why a decision was taken that was recorded without its reasons |
//! | [`mod@vocabulary`] | the words of a model's policies, for explanations |
//!
//! Results depend on the model and the plan, never on the number of threads or on the clock. Floats start here: the
//! engine measures in integers.

pub mod background;
mod busiest;
pub mod capacity;
pub mod compare;
pub mod condition;
pub mod exercise;
mod farms;
pub mod finding;
pub mod grounds;
pub mod growth;
pub mod lessons;
mod long_run;
pub mod metrics;
mod numbered;
pub mod open;
pub mod precision;
mod recording;
pub mod report;
pub mod run;
mod runner;
pub mod servers;
pub mod stats;
pub mod sweep;
pub mod theory;
pub mod timeseries;
pub mod vocabulary;
pub mod warmup;

pub use compare::{CompareOptions, Comparison, compare, first_difference};
pub use grounds::grounds;
pub use run::{Decisions, Failure, Progress, Replications, RunPlan, RunResult, replicate, run};
pub use servers::servers;
pub use timeseries::timeseries;
pub use vocabulary::vocabulary;
