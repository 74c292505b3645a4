//! The keys of a plan, as data.

use super::SHARDS_MAX;
use crate::keys::{Key, Kind, Table};

const fn key(name: &'static str, kind: Kind, required: bool, help: &'static str) -> Key {
    Key { name, kind, required, help }
}

/// The keys of a plan.
pub(crate) static PLAN: Table = Table {
    name: "a sweep plan",
    keys: &[
        key(
            "scenario",
            Kind::Text,
            true,
            "a file beside the plan, a library scenario, or a table with its keys",
        ),
        key(
            "seed",
            Kind::Integer { min: 0, max: i64::MAX },
            false,
            "root of the random streams of all cells; default: the scenario's",
        ),
        key(
            "replications",
            Kind::Integer { min: 1, max: 1_000_000 },
            false,
            "replications of each policy and point; default 1",
        ),
        key(
            "shards",
            Kind::Integer { min: 1, max: SHARDS_MAX as i64 },
            false,
            "into how many parts the cells are cut; default 1",
        ),
        key(
            "policies",
            Kind::Text,
            false,
            "alternatives: a policy as for --policy, or a list of them for several stations",
        ),
        key("metrics", Kind::Text, false, "metrics to keep, such as \"response/p99\"; default: all"),
        key("grid", Kind::Text, false, "paths with their values: every combination is a point"),
        key("point", Kind::Text, false, "single points: paths with one value each"),
        key("set", Kind::Text, false, "paths with the value that they have in every cell"),
        key(
            "digest",
            Kind::Boolean,
            false,
            "take a digest of the order of events of each cell; default false",
        ),
        key(
            "confidence",
            Kind::Number { min: 0.01, max: 0.999_999, inclusive: true },
            false,
            "confidence level of the summary's intervals; default 0.95",
        ),
        key(
            "max_events",
            Kind::Integer { min: 1, max: i64::MAX },
            false,
            "a cell fails after this many events",
        ),
        key(
            "max_jobs",
            Kind::Integer { min: 1, max: i64::MAX },
            false,
            "a cell fails when more jobs than this are in the system at once",
        ),
    ],
    either: false,
};
