//! The engine of DispatchLab: a deterministic discrete-event simulation of how work gets to processors and servers.
//!
//! Five nouns: a **job** is a small program over **stations** (processors with cores and a ready queue, pools with
//! tokens); a **source** releases jobs; a **policy** decides (which ready job runs next, which server gets a request);
//! a **trace** is what a recorded run leaves behind. [`model::Model`] is the input, [`run`] the only way to run it.
//!
//! ```
//! use sim_core::model::*;
//! use sim_core::policy::{CpuScheduler, Sharing};
//! use sim_core::units::{Ratio, Span, Time};
//! use sim_core::{Limits, law::Law, record::Full, run};
//! use std::sync::Arc;
//!
//! // Two jobs of 4 ms and 2 ms share one core equally.
//! let mut model = Model::new("doc");
//! model.components.push(Component { name: "cpu".into(), kind: ComponentKind::Processor });
//! model.processors.push(Processor {
//!     name: "cpu".into(),
//!     component: 0,
//!     cores: 1,
//!     speed: Ratio::ONE,
//!     scheduler: SchedulerRef { spec: "ps".into(), build: Arc::new(|_| CpuScheduler::Shares(Sharing::Equal)) },
//!     context_switch: Span::ZERO,
//!     dispatch_latency: Span::ZERO,
//!     device: false,
//!     interrupts: None,
//! });
//! model.program = vec![
//!     Op::Work { station: StationRef { base: 0, register: 0 }, amount: Draw::Given(0) },
//!     Op::Exit,
//! ];
//! model.attributes.push(Attributes::default());
//! model.tasks.push("jobs".into());
//! model.classes.push(Class { name: "jobs".into(), entry: 0, draws: vec![Law::Deterministic { value: 0 }] });
//! let row = |values| TraceRow { at: Time::ZERO, entry: 0, values, count: 1, attributes: 0, client: 0 };
//! let data = TraceData { rows: vec![row(0), row(1)], values: vec![4_000_000, 2_000_000], is_sample: false };
//! model.sources.push(Source {
//!     name: "jobs".into(),
//!     class: 0,
//!     arrivals: Arrivals::Trace(Arc::new(data)),
//!     attributes: 0,
//!     clients: 0,
//!     timeout: None,
//! });
//! let (_, full) = run(&model, 0, &Limits::default(), Full::new(false)).unwrap();
//! let ends: Vec<u64> = full.trace.jobs.iter().map(|job| job.finish.unwrap().0).collect();
//! assert_eq!(ends, [6_000_000, 4_000_000]);
//! ```
//!
//! The crate has no input or output, no threads and no clock. Time is whole nanoseconds ([`units`]), the order of
//! events is total and documented ([`event`]), ties are rules with names ([`ties`]), random streams are named
//! ([`rng`]), and the identities of queueing theory are checked exactly at the end of every run.

pub mod copies;
mod engine;
pub mod error;
pub mod event;
pub mod fifo;
mod instances;
pub mod intervals;
mod job;
mod kernel;
pub mod law;
mod leaving;
pub mod measure;
pub mod model;
pub mod modulated;
pub mod policy;
mod pool;
mod processor;
pub mod profile;
pub mod quantity;
pub mod queue;
pub mod record;
pub mod rng;
pub mod scale;
mod sharing;
pub mod shown;
pub mod ties;
pub mod trace;
pub mod units;
pub mod varying;
pub mod waiting;

pub use engine::{Limits, Progress, run};
pub use error::RunError;
