//! Schedulers for tasks with deadlines.

mod dm;
mod edf;
mod rm;

use crate::PolicyDef;

/// The policies of this folder, sorted by id.
pub static POLICIES: &[&PolicyDef] = &[&dm::DEF, &edf::DEF, &rm::DEF];
