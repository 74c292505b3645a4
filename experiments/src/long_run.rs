//! Intervals from one long run: its jobs in batches.
//!
//! Jobs that follow each other wait in the same queue: their response times are correlated, and an interval that takes
//! them as independent is far too narrow. Batches of consecutive jobs, much longer than the correlation reaches, are nearly
//! independent of each other.

use crate::run::{Failure, RunPlan, RunResult, Watch};
use crate::runner::Runner;
use crate::stats::order::rounded_up;
use crate::stats::{order, series};
use reports::rows::{ALL, SummaryRow};
use sim_core::model::Model;
use sim_core::record::Recorder;
use sim_core::trace::JobRecord;
use sim_core::units::Time;
use std::collections::BTreeMap;

/// Fine batches kept at most; where there would be more, two become one, so that memory is bounded whatever the length of
/// the run.
const MAX_FINE: usize = 256;
/// Fewest and most batches that a run may be divided into: with fewer the spread is a guess, more would not leave every
/// batch several fine ones.
pub const BATCHES: std::ops::RangeInclusive<u32> = 5..=64;
/// Above this the means of neighboring batches are taken to be correlated: two standard errors of the correlation of as
/// many independent values.
const ERRORS: f64 = 2.0;

/// Consecutive jobs.
#[derive(Clone, Default)]
struct Fine {
    count: u64,
    response: u128,
    waiting: u128,
    first_response: u128,
    /// Response times: how many by value, rounded up as in histograms.
    values: BTreeMap<u64, u64>,
}

impl Fine {
    fn add(&mut self, other: Fine) {
        self.count += other.count;
        self.response += other.response;
        self.waiting += other.waiting;
        self.first_response += other.first_response;
        for (value, n) in other.values {
            *self.values.entry(value).or_insert(0) += n;
        }
    }
}

/// Collects completed jobs that were released in the window.
struct Collector {
    from: Time,
    /// Jobs released to a fine batch.
    size: u64,
    fine: Vec<Fine>,
}

impl Recorder for Collector {
    const TRACE: bool = true;

    fn wants_segments(&self) -> bool {
        false
    }

    fn job(&mut self, record: JobRecord) {
        let (Some(response), Some(waiting)) = (record.response(), record.waiting()) else { return };
        if record.arrival < self.from {
            return;
        }
        while record.number / self.size >= MAX_FINE as u64 {
            self.size *= 2;
            let mut old = std::mem::take(&mut self.fine).into_iter();
            while let Some(mut pair) = old.next() {
                if let Some(second) = old.next() {
                    pair.add(second);
                }
                self.fine.push(pair);
            }
        }
        let index = (record.number / self.size) as usize;
        if index >= self.fine.len() {
            self.fine.resize(index + 1, Fine::default());
        }
        let fine = &mut self.fine[index];
        fine.count += 1;
        fine.response += u128::from(response.0);
        fine.waiting += u128::from(waiting.0);
        fine.first_response += u128::from(record.first_response().unwrap_or_default().0);
        *fine.values.entry(rounded_up(response.0)).or_insert(0) += 1;
    }
}

/// Gives the rows of all jobs of a result of one replication intervals from batches of its jobs: means of response,
/// waiting and first response times by batch means, percentiles of response times by [`order::batched_interval`]. Their `n`
/// is the number of batches then. What could not be given an interval, and what is doubtful, is said in the notes.
///
/// `model` is the one that was run, with its warm-up; it is run again.
///
/// # Errors
/// The run could not be finished.
pub(crate) fn add_intervals(
    result: &mut RunResult,
    model: &Model,
    plan: &RunPlan,
    batches: u32,
    watch: Watch<'_>,
) -> Result<(), Failure> {
    let collector = Collector { from: model.warmup, size: 1, fine: Vec::new() };
    let (_, collector) = Runner::new(model, plan, watch, 0..1).with(0, collector, &|_| true)?;
    let batches = batches as usize;
    let mut fine: Vec<Fine> = collector.fine;
    // The last one is not full, nor is the one in which the warm-up ends.
    fine.pop();
    let empty = fine.iter().take_while(|fine| fine.count == 0).count();
    let partial = usize::from(model.warmup > Time::ZERO && empty < fine.len());
    fine.drain(..empty + partial);
    fine.retain(|fine| fine.count > 0);
    if fine.len() < batches {
        let jobs: u64 = fine.iter().map(|fine| fine.count).sum();
        result.notes.push(format!("{jobs} jobs are too few for {batches} batches: no intervals"));
        return Ok(());
    }
    let each = fine.len() / batches * collector.size as usize;
    result.notes.push(format!(
        "intervals from {batches} batches of {each} consecutive jobs of one run, where `n` is {batches}"
    ));
    let groups = grouped(fine, batches);
    let all = |row: &&mut SummaryRow| row.scope == ALL && row.class == ALL && row.value.is_some();
    for row in result.summary.iter_mut().filter(all) {
        let sum: Option<fn(&Fine) -> u128> = match row.metric.as_str() {
            "response" => Some(|fine| fine.response),
            "waiting" => Some(|fine| fine.waiting),
            "first_response" => Some(|fine| fine.first_response),
            _ => None,
        };
        let found = match (sum, row.statistic.as_str()) {
            (Some(sum), "mean") => {
                let means: Vec<f64> =
                    groups.iter().map(|group| sum(group) as f64 / group.count as f64).collect();
                correlation(row, &means, &mut result.notes);
                let interval = series::batch_means(&means, batches, plan.confidence);
                // Around the mean of all jobs: batches leave out a few.
                interval
                    .zip(row.value)
                    .map(|(found, mean)| (mean - found.half_width, mean + found.half_width))
            }
            (Some(_), statistic) if row.metric == "response" => {
                let p = statistic.strip_prefix('p').and_then(|percent| percent.parse::<f64>().ok());
                p.and_then(|percent| percentile(row, percent / 100.0, &groups, plan, &mut result.notes))
            }
            _ => None,
        };
        if let Some((low, high)) = found {
            (row.ci_low, row.ci_high, row.n) = (Some(low), Some(high), batches as u64);
        }
    }
    Ok(())
}

/// Fine batches put together to equal ones; what does not fill one is left out at the front.
fn grouped(fine: Vec<Fine>, batches: usize) -> Vec<Fine> {
    let size = fine.len() / batches;
    let front = fine.len() - size * batches;
    let mut groups: Vec<Fine> = Vec::with_capacity(batches);
    for (index, one) in fine.into_iter().skip(front).enumerate() {
        if index % size == 0 {
            groups.push(Fine::default());
        }
        if let Some(group) = groups.last_mut() {
            group.add(one);
        }
    }
    groups
}

fn percentile(
    row: &SummaryRow,
    p: f64,
    groups: &[Fine],
    plan: &RunPlan,
    notes: &mut Vec<String>,
) -> Option<(f64, f64)> {
    let histograms: Vec<&BTreeMap<u64, u64>> = groups.iter().map(|group| &group.values).collect();
    match order::batched_interval(&histograms, p, plan.confidence) {
        Ok((low, high)) => Some((low as f64, high as f64)),
        Err(few) => {
            notes.push(format!("no interval for {}: {few}", row.name()));
            None
        }
    }
}

/// Says so where neighboring batches are alike, so that the interval is too narrow.
fn correlation(row: &SummaryRow, means: &[f64], notes: &mut Vec<String>) {
    let found = series::lag_one(means);
    if found.is_some_and(|found| found > ERRORS / (means.len() as f64).sqrt()) {
        notes.push(format!(
            "neighboring batches are alike in {} (correlation {}): its interval is too narrow; make the run longer, or ask for \
             fewer batches",
            row.name(),
            reports::number::significant(found.unwrap_or(0.0), 2)
        ));
    }
}
