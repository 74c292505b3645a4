//! Sweeps: many models, each with many replications, cut into cells that can be run anywhere and in any order.
//!
//! A **cell** is one replication of one model; a **model** is one policy at one parameter point. Cells are numbered by
//! policy, then point, then replication ([`Cells`]); cell `k` belongs to shard `k mod n`, so that neighbors, which take
//! alike long, are spread. What a cell finds depends on its model, the seed and the number of the replication alone. All
//! models of a sweep have one seed: they meet the same work (common random numbers).
//!
//! | module | what it does |
//! |---|---|
//! | [`line`](mod@line) | a cell's result as one line of text with a checksum, and back |
//! | [`execute`] | cells on several threads, with few models in memory |
//!
//! Files, signals and schedulers of clusters are not here.

mod execute;
pub mod line;

pub use execute::execute;

use crate::capacity::offered;
use crate::metrics::{self, MetricName, RowKey};
use crate::open::beyond;
use crate::run::{self, Failure, RunPlan, Watch, replicate};
use reports::rows::{ALL, SummaryRow};
use sim_core::model::Model;
use xxhash_rust::xxh3::Xxh3;

/// How many policies, points and replications there are, and how cells are numbered.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Cells {
    /// Policies, from 1.
    pub policies: u64,
    /// Parameter points, from 1.
    pub points: u64,
    /// Replications of each policy and point, from 1.
    pub replications: u32,
}

/// Which cell.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Cell {
    /// Its number, from 0: the order of results.
    pub index: u64,
    /// Policy, from 0.
    pub policy: u64,
    /// Parameter point, from 0.
    pub point: u64,
    /// Replication, from 0.
    pub replication: u32,
}

impl Cells {
    /// How many cells there are.
    pub fn count(self) -> u64 {
        self.models() * u64::from(self.replications)
    }

    /// How many models there are.
    pub fn models(self) -> u64 {
        self.policies * self.points
    }

    /// The cell with this number.
    pub fn cell(self, index: u64) -> Cell {
        let (model, replication) =
            (index / u64::from(self.replications), index % u64::from(self.replications));
        Cell {
            index,
            policy: model / self.points,
            point: model % self.points,
            replication: replication as u32,
        }
    }

    /// The number of the model that a cell runs, from 0.
    pub fn model(self, index: u64) -> u64 {
        index / u64::from(self.replications)
    }

    /// The cells of shard `shard` of `shards`, in order.
    pub fn of_shard(self, shard: u64, shards: u64) -> impl Iterator<Item = u64> {
        (shard..self.count()).step_by(shards.max(1) as usize)
    }
}

/// The rows of a model's results that a sweep keeps.
#[derive(Clone, PartialEq, Debug)]
pub struct Columns {
    /// What each kept row is about, in order.
    pub keys: Vec<RowKey>,
    /// Where they stand among all rows of the model.
    indices: Vec<usize>,
    /// How many of them, the first ones, are shown; the others say how large the samples behind these are.
    pub shown: usize,
    /// Nothing in the model is random.
    exact: bool,
    /// Some of its jobs are a stretch of a log or a trace.
    is_sample: bool,
    /// A hash of `keys`: results of a program with other rows are not taken for these.
    pub shape: u32,
}

impl Columns {
    /// The rows of `wanted` metrics; all where there are none.
    pub fn of(model: &Model, wanted: &[MetricName]) -> Columns {
        let all = metrics::keys(model, &metrics::beyond_the_table(wanted));
        let is_wanted = |key: &RowKey| wanted.is_empty() || wanted.contains(&key.metric);
        let (shown, others): (Vec<_>, Vec<_>) =
            all.into_iter().enumerate().partition(|(_, key)| is_wanted(key));
        let count = shown.len();
        let is_percentile = |key: &RowKey| beyond(key.metric.statistic, 1).is_some();
        let supports = |key: &RowKey| {
            let of_it = |(_, other): &(usize, RowKey)| is_percentile(other) && other.class == key.class;
            (key.metric.def.name, key.metric.statistic) == ("jobs", "completed")
                && key.scope == ALL
                && shown.iter().any(of_it)
        };
        let support: Vec<(usize, RowKey)> = others.into_iter().filter(|(_, key)| supports(key)).collect();
        let (indices, keys): (Vec<usize>, Vec<RowKey>) = shown.into_iter().chain(support).unzip();
        let mut hash = Xxh3::new();
        for key in &keys {
            for part in [key.metric.def.name, key.metric.statistic, &key.scope, &key.class] {
                hash.update(part.as_bytes());
                hash.update(&[0]);
            }
        }
        Columns {
            keys,
            indices,
            shown: count,
            exact: !offered::is_random(model),
            is_sample: offered::is_sample(model),
            shape: hash.digest() as u32,
        }
    }

    /// The rows of one replication, without intervals.
    pub fn rows<'c>(&'c self, values: &'c [Option<f64>]) -> impl Iterator<Item = SummaryRow> + 'c {
        let completed = run::completed_rows(&self.keys);
        let keys = self.keys.iter().zip(values).zip(completed).take(self.shown);
        keys.map(move |((key, value), completed)| SummaryRow {
            above: if self.exact && !self.is_sample { None } else { run::above(key, values, completed) },
            ..key.row(*value, 1, None)
        })
    }

    /// Means over replications with Student t intervals, in the order of the replications; no interval for one alone.
    pub fn summary(&self, values: &[Vec<Option<f64>>], confidence: f64) -> Vec<SummaryRow> {
        let mut rows = run::summarize(&self.keys, values, confidence);
        rows.truncate(self.shown);
        if self.exact {
            run::take_as_exact(&mut rows, self.is_sample);
        }
        rows
    }
}

/// What a cell found.
#[derive(Clone, PartialEq, Debug)]
pub enum Outcome {
    /// The values of the kept rows, and the digest of the order of events where it was wanted.
    Done {
        /// In the order of [`Columns::keys`].
        values: Vec<Option<f64>>,
        /// The digest.
        digest: Option<u64>,
    },
    /// It could not be finished, and never will: why.
    Failed(String),
}

/// A model ready to run, with the rows to keep.
#[derive(Clone, Debug)]
pub struct Prepared {
    model: Model,
    plan: RunPlan,
    /// The rows that are kept.
    pub columns: Columns,
    /// The automatic warm-up could not be found: every cell fails with this.
    broken: Option<String>,
}

impl Prepared {
    /// Finds an automatic warm-up, which takes one run of replication 1.
    pub fn new(mut model: Model, plan: RunPlan, wanted: &[MetricName]) -> Prepared {
        let columns = Columns::of(&model, wanted);
        let percentiles = wanted.is_empty()
            || wanted.iter().any(|metric| metric.def.name == "waiting" && metric.statistic != "mean");
        let asked = metrics::beyond_the_table(wanted);
        let mut plan = RunPlan { threads: 1, waiting_percentiles: percentiles, asked, ..plan };
        let mut broken = None;
        if plan.warmup_auto {
            match run::find_warmup(&model, &plan, &|_| true) {
                Ok((warmup, _)) => model.warmup = warmup,
                Err(failure) => broken = Some(failure.error.to_string()),
            }
            plan.warmup_auto = false;
        }
        Prepared { model, plan, columns, broken }
    }

    /// A model that cannot be run: every cell of it fails.
    pub fn broken(why: String) -> Prepared {
        let model = Model::new("");
        let columns = Columns {
            keys: Vec::new(),
            indices: Vec::new(),
            shown: 0,
            exact: false,
            is_sample: false,
            shape: 0,
        };
        Prepared { model, plan: RunPlan::default(), columns, broken: Some(why) }
    }

    /// Runs one replication (from 0).
    pub fn run(&self, replication: u32, watch: Watch<'_>) -> Outcome {
        if let Some(why) = &self.broken {
            return Outcome::Failed(why.clone());
        }
        match replicate(&self.model, &self.plan, replication, watch) {
            Ok((values, digest)) => Outcome::Done {
                values: self.columns.indices.iter().map(|index| values[*index]).collect(),
                digest,
            },
            Err(Failure { error, .. }) => Outcome::Failed(error.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_numbered_by_policy_point_and_replication() {
        let cells = Cells { policies: 2, points: 3, replications: 4 };
        assert_eq!((cells.count(), cells.models()), (24, 6));
        for (index, policy, point, replication) in
            [(0, 0, 0, 0), (3, 0, 0, 3), (4, 0, 1, 0), (11, 0, 2, 3), (12, 1, 0, 0), (23, 1, 2, 3)]
        {
            assert_eq!(cells.cell(index), Cell { index, policy, point, replication });
            assert_eq!(cells.model(index), policy * 3 + point);
        }
    }

    #[test]
    fn shards_share_all_cells() {
        let cells = Cells { policies: 1, points: 5, replications: 2 };
        for shards in [1, 3, 10, 12] {
            let mut all: Vec<u64> = (0..shards).flat_map(|shard| cells.of_shard(shard, shards)).collect();
            all.sort_unstable();
            assert_eq!(all, (0..10).collect::<Vec<_>>(), "{shards} shards");
        }
        assert_eq!(cells.of_shard(1, 3).collect::<Vec<_>>(), [1, 4, 7]);
    }
}
