//! Finding the end of the warm-up from replication 1: MSER on the response times in order of release.

use crate::stats::series;
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

impl Responses {
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
