//! The document `dispatchlab.plan/1`.

use super::PlanDocument;
use crate::json::Object;
use crate::rows::TiesMap;
use std::io::{self, Write};

/// The version of the plan document.
pub const PLAN_SCHEMA: &str = "dispatchlab.plan/1";

/// Writes a plan: one object, one line a row.
pub fn write_plan(document: &PlanDocument<'_>, out: &mut dyn Write) -> io::Result<()> {
    let mut object = Object::open(out)?;
    object.value("schema", &PLAN_SCHEMA)?;
    object.value("scenario", &document.scenario)?;
    object.value("seed", &document.seed)?;
    object.value("ties", &TiesMap(document.ties))?;
    object.value("vary", &document.vary)?;
    object.value("low", &document.low)?;
    object.value("high", &document.high)?;
    object.rows("goals", &document.goals)?;
    object.value("confidence", &document.confidence)?;
    object.value("deterministic", &document.deterministic)?;
    if let Some(sample) = document.sample {
        object.value("sample", &sample)?;
    }
    object.value("replications", &document.replications)?;
    object.value("headroom", &document.headroom)?;
    object.value("spare", &document.spare)?;
    object.value("cost", &document.cost)?;
    object.value("policies", &document.policies)?;
    object.value("demands", &document.demands)?;
    object.rows("answers", &document.answers)?;
    object.rows("probes", &document.probes)?;
    object.rows("curve", &document.curve)?;
    object.rows("knees", &document.knees)?;
    object.rows("usl", &document.usl)?;
    object.close()
}
