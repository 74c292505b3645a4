//! Balancers: which server of a group gets a request.

mod ip_hash;
mod jsq;
mod least_connections;
mod least_work;
mod power_of_d;
mod random;
mod ring_hash;
mod round_robin;
mod wrr_nginx;

use crate::PolicyDef;

/// The policies of this folder, sorted by id.
pub static POLICIES: &[&PolicyDef] = &[
    &ip_hash::DEF,
    &jsq::DEF,
    &least_connections::DEF,
    &least_work::DEF,
    &power_of_d::DEF,
    &random::DEF,
    &ring_hash::DEF,
    &round_robin::DEF,
    &wrr_nginx::DEF,
];
