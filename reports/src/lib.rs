//! What DispatchLab prints and writes.
//!
//! Everything here reads plain rows and draws them: no run is started, no statistic is computed. The rows of a run come
//! from a recorded [`sim_core::trace::Trace`] ([`rows::task_rows`], [`rows::gantt_rows`]) and from the estimators in
//! `experiments` ([`rows::SummaryRow`]).
//!
//! | module | what it makes |
//! |---|---|
//! | [`rows`] | the row types, and the document of a run |
//! | [`json`] | the documents `dispatchlab.run/1` and `dispatchlab.compare/1` |
//! | [`sheet`] | rows with named columns as CSV, JSON lines or Parquet |
//! | [`csv`] | the long form, one row per replication and metric |
//! | [`sweep`](mod@sweep) | results of sweeps, with the swept paths |
//! | [`servers`], [`timeseries`], [`requests`], [`decisions`] | the other files of a folder of results |
//! | [`table`] | what a terminal shows of a run |
//! | [`gantt`] | text Gantt charts |
//! | [`explain`] | decision records in words |
//! | [`compare`] | policies side by side, and the words that close it |
//! | [`condition`] | conditions that must not hold, and what was found |
//! | [`perfetto`] | a recorded run for viewers of time lines |
//! | [`plan`] | capacity plans: how many are needed, and what every count that was tried gave |
//! | [`markdown`] | tables to paste |
//! | [`theory`] | closed forms beside what was simulated |
//! | [`manifest`] | what was run, from what, and what came out; the only place for time and host |
//! | `chart` | charts as SVG and PNG (feature `chart`) |
//! | `html` | reports as one page that needs nothing else (feature `chart`) |
//! | [`welch`] | Welch's plot of the warm-up, as CSV |
//! | [`read`] | results that were written earlier |
//! | [`number`] | how numbers are written |
//! | [`cleaned`] | text without characters that nobody sees |
//!
//! Output is the same bytes for the same rows: no clock, no locale, no host.

#[cfg(feature = "chart")]
pub mod chart;
pub mod cleaned;
pub mod compare;
mod conclusion;
pub mod condition;
pub mod csv;
pub mod decisions;
#[cfg(feature = "chart")]
pub mod exercise;
pub mod explain;
pub mod gantt;
mod grid;
#[cfg(feature = "chart")]
pub mod html;
pub mod json;
pub mod manifest;
pub mod markdown;
pub mod number;
#[cfg(feature = "parquet")]
mod parquet;
pub mod perfetto;
pub mod plan;
pub mod read;
pub mod regions;
pub mod requests;
pub mod rows;
pub mod servers;
pub mod sheet;
pub mod sweep;
pub mod table;
pub mod theory;
pub mod timeseries;
pub mod welch;
