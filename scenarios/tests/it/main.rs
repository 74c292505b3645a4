//! Tests of the crate from outside: text in, models, runs and diagnostics out.

mod access_logs;
mod arrivals_toml;
mod diagnostics;
mod drafts;
mod lessons;
mod library;
mod request_traces;
mod robustness;
mod scenarios_toml;
mod support;
mod sweep_plans;
mod task_lists;
