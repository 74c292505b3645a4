//! Schedulers of operating systems and of queueing theory.

mod fcfs;
mod feedback;
mod hrrn;
mod las;
mod lcfs;
mod lottery;
mod mlfq;
mod priority;
mod ps;
mod psjf;
mod round_robin;
mod siro;
mod sjf;
mod srtf;
mod stride;

use crate::PolicyDef;

/// The policies of this folder, sorted by id.
pub static POLICIES: &[&PolicyDef] = &[
    &fcfs::DEF,
    &feedback::DEF,
    &hrrn::DEF,
    &las::DEF,
    &lcfs::DEF,
    &lottery::DEF,
    &mlfq::DEF,
    &priority::DEF,
    &ps::DEF,
    &psjf::DEF,
    &round_robin::DEF,
    &siro::DEF,
    &sjf::DEF,
    &srtf::DEF,
    &stride::DEF,
];
