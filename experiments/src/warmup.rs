//! Finding the end of the warm-up: MSER on the response times of replication 1 in order of release, and Welch's plot over
//! several replications for people to judge by.

use crate::run::{Failure, RunPlan, Watch};
use crate::runner::Runner;
use crate::stats::series;
use reports::welch::WelchRow;
use sim_core::model::Model;
use sim_core::record::Recorder;
use sim_core::trace::JobRecord;
use sim_core::units::Time;

/// Batches kept; where there would be more, two become one.
const MAX_BATCHES: usize = 1 << 17;

/// Response times of completed jobs, in batches of consecutive jobs: five at first, twice as many whenever there would be
/// too many batches, so that memory is bounded whatever the length of the run.
pub(crate) struct Responses {
    size: u64,
    batches: Vec<Batch>,
}

#[derive(Clone, Copy)]
struct Batch {
    sum: u128,
    count: u64,
    /// Release of its first job.
    first: Time,
}

const EMPTY: Batch = Batch { sum: 0, count: 0, first: Time::NEVER };

impl Batch {
    fn add(&mut self, other: &Batch) {
        self.sum += other.sum;
        self.count += other.count;
        self.first = self.first.min(other.first);
    }
}

impl Default for Responses {
    fn default() -> Self {
        Responses { size: 5, batches: Vec::new() }
    }
}

impl Recorder for Responses {
    const TRACE: bool = true;

    fn wants_segments(&self) -> bool {
        false
    }

    fn job(&mut self, record: JobRecord) {
        let Some(response) = record.response() else { return };
        while record.number / self.size >= MAX_BATCHES as u64 {
            self.halve();
        }
        let index = (record.number / self.size) as usize;
        if index >= self.batches.len() {
            self.batches.resize(index + 1, EMPTY);
        }
        self.batches[index].add(&Batch { sum: u128::from(response.0), count: 1, first: record.arrival });
    }
}

/// Points of Welch's plot at most.
const MAX_POINTS: usize = 1_024;
/// Fewer replications than this do not make a plot that could be read.
pub const LEAST_WELCH: u32 = 5;

/// Welch's plot of response times over the plan's replications (at least [`LEAST_WELCH`]), from the beginning of the run
/// whatever its warm-up: a row for each batch of consecutive jobs that all replications have filled, five jobs or so many
/// times two that there are at most 1024, with the mean over replications and its moving average over a twentieth of the plot
/// to either side. A batch without a completed job takes the mean of the one before it.
///
/// # Errors
/// The first replication, by number, that could not be finished.
pub fn welch(model: &Model, plan: &RunPlan, watch: Watch<'_>) -> Result<Vec<WelchRow>, Failure> {
    let whole = Model { warmup: Time::ZERO, ..model.clone() };
    let replications = plan.replications.max(LEAST_WELCH);
    let runner = Runner::new(&whole, plan, watch, 0..replications);
    let mut all = runner.each(|replication| {
        let (_, mut responses) = runner.with(replication, Responses::default(), &|_| true)?;
        while responses.batches.len() > MAX_POINTS {
            responses.halve();
        }
        Ok(responses)
    })?;
    let size = all.iter().map(|responses| responses.size).max().unwrap_or(1);
    for responses in &mut all {
        while responses.size < size {
            responses.halve();
        }
    }
    let series: Vec<Vec<f64>> = all.iter().map(Responses::means).collect();
    let shortest = series.iter().map(Vec::len).min().unwrap_or(0);
    let window = (shortest / 20).max(1);
    let released = |batch: usize| {
        let times = all.iter().map(|responses| responses.batches[batch].first);
        let known: Vec<f64> = times.filter(|at| *at < Time::NEVER).map(|at| at.0 as f64).collect();
        crate::stats::mean(&known)
    };
    let rows =
        series::welch_plot(&series, window).into_iter().enumerate().map(|(batch, (mean, smooth))| WelchRow {
            job: batch as u64 * size + 1,
            release_ns: released(batch),
            response_mean_ns: mean,
            moving_average_ns: smooth,
        });
    Ok(rows.collect())
}

impl Responses {
    /// The mean of each batch but the last, which is not full.
    fn means(&self) -> Vec<f64> {
        let full = self.batches.split_last().map_or(&[][..], |(_, full)| full);
        let mut before = 0.0;
        let mean = |batch: &Batch| {
            if batch.count > 0 {
                before = batch.sum as f64 / batch.count as f64;
            }
            before
        };
        full.iter().map(mean).collect()
    }

    fn halve(&mut self) {
        self.size *= 2;
        let pairs = self.batches.chunks(2).map(|pair| {
            let mut batch = pair[0];
            if let Some(second) = pair.get(1) {
                batch.add(second);
            }
            batch
        });
        self.batches = pairs.collect();
    }

    /// The release of the first job that is kept, and whether the series is too short to tell. `None` where there is
    /// nothing to cut from.
    pub fn cut(&self) -> Option<(Time, bool)> {
        // Batches whose jobs were all lost say nothing of response times; a last one that is not full is left out.
        let full = self.batches.split_last().map_or(&[][..], |(_, full)| full);
        let kept: Vec<&Batch> = full.iter().filter(|batch| batch.count > 0).collect();
        let means: Vec<f64> = kept.iter().map(|batch| batch.sum as f64 / batch.count as f64).collect();
        let (cut, at_limit) = series::mser(&means)?;
        let at = if cut == 0 { Time::ZERO } else { kept[cut].first };
        Some((at, at_limit))
    }
}
