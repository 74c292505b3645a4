//! How replication 1 went, interval by interval.
//!
//! The rows come from the trace where the run was recorded. Where it was not, replication 1 is run once more with a
//! recorder that keeps sums alone: its memory depends on the number of intervals and stations, not on that of jobs, and
//! runs that want no series pay nothing.
//!
//! Intervals are cut where the measured window begins and where it ends, so that the means over the window's intervals are the
//! metrics: queues are counted as `sim_core::measure` counts them, under shared cores too.

use crate::run::{Failure, RunPlan, RunResult, Watch};
use crate::runner::Runner;
use reports::rows::ALL;
use reports::timeseries::IntervalRow;
use sim_core::measure::Distribution;
use sim_core::model::Model;
use sim_core::record::Recorder;
use sim_core::trace::{Crowd, JobRecord, PlaceKind, Segment, SegmentKind, Status, Stay, Trace};
use sim_core::units::{Span, Time};

/// Intervals where nothing else is asked for, at most.
const USUAL: u64 = 200;
/// More intervals than this are not kept: they become wider.
pub const MAX_INTERVALS: u64 = 10_000;
/// Likewise intervals times stations.
const MAX_CELLS: u64 = 1_000_000;
/// Parts of one core that a share is counted in.
const SHARE: u128 = 1 << 20;

/// The rows of replication 1 by time, the whole system before its stations; and remarks for the user. `interval`: their
/// length; without it a round one of which the run has at most 200.
///
/// # Errors
/// Where replication 1 has to be run again and cannot be finished.
pub fn timeseries(
    model: &Model,
    plan: &RunPlan,
    result: &RunResult,
    interval: Option<Span>,
    watch: Watch<'_>,
) -> Result<(Vec<IntervalRow>, Vec<String>), Failure> {
    let end = result.first.end;
    if end == Time::ZERO {
        return Ok((Vec::new(), vec!["the run has no length: there is no time series".to_owned()]));
    }
    let (width, notes) = width(model, end, interval);
    let grid = Grid::new(width, (result.first.from, result.first.until), end);
    let series = Series::new(model, grid);
    let series = match result.trace.as_ref().filter(|_| result.has_segments) {
        Some(trace) => series.of(trace),
        None => Runner::new(model, plan, watch, 0..1).with(0, series, &|_| true)?.1,
    };
    Ok((series.rows(model), notes))
}

fn stations(model: &Model) -> u64 {
    (model.processors.len() + model.pools.len()) as u64
}

fn width(model: &Model, end: Time, interval: Option<Span>) -> (u64, Vec<String>) {
    let most = MAX_INTERVALS.min(MAX_CELLS / (stations(model) + 1)).max(1);
    let fits = |width: u64| end.0.div_ceil(width) <= most;
    let Some(Span(asked)) = interval else {
        let least = end.0.div_ceil(USUAL.min(most)).max(1);
        // 1, 2 or 5 times a power of ten, where that fits.
        let rounds =
            (0..20).flat_map(|power| [1, 2, 5].map(|digit| 10u64.checked_pow(power)?.checked_mul(digit)));
        return (rounds.flatten().find(|width| *width >= least).unwrap_or(least), Vec::new());
    };
    let mut width = asked.max(1);
    while !fits(width) {
        width = width.saturating_mul(2);
    }
    let notes = (width != asked).then(|| {
        format!(
            "more than {most} intervals: the time series has intervals of {} instead of {}",
            Span(width),
            Span(asked)
        )
    });
    (width, notes.into_iter().collect())
}

/// The intervals: equally long, but where the window begins and ends.
#[derive(Clone)]
struct Grid {
    width: u64,
    /// The window.
    from: u64,
    until: u64,
    /// Where it cuts intervals in two.
    cuts: Vec<u64>,
    /// Where intervals begin, and the end of the run.
    bounds: Vec<u64>,
}

impl Grid {
    fn new(width: u64, (from, until): (Time, Time), end: Time) -> Grid {
        let mut cuts: Vec<u64> =
            [from.0, until.0].into_iter().filter(|at| *at < end.0 && !at.is_multiple_of(width)).collect();
        cuts.dedup();
        let mut bounds: Vec<u64> = (0..end.0.div_ceil(width)).map(|index| index * width).collect();
        bounds.extend(&cuts);
        bounds.push(end.0);
        bounds.sort_unstable();
        Grid { width, from: from.0, until: until.0, cuts, bounds }
    }

    fn count(&self) -> usize {
        self.bounds.len() - 1
    }

    /// The interval of an instant; the end of the run belongs to the last one.
    fn index(&self, at: u64) -> usize {
        let cut = self.cuts.iter().filter(|cut| **cut <= at).count();
        ((at / self.width) as usize + cut).min(self.count() - 1)
    }

    /// The interval of something that happens at an instant: what happens with the end of the window is part of it.
    fn index_of_event(&self, at: u64) -> usize {
        let index = self.index(at);
        index - usize::from(at == self.until && index > 0 && self.bounds[index] == at)
    }

    fn length(&self, index: usize) -> u64 {
        self.bounds[index + 1] - self.bounds[index]
    }
}

/// An integral over time, by interval: what lies in an interval in part is added up, and what covers whole intervals is
/// kept as differences, so that a long stretch costs no more than a short one.
#[derive(Clone, Default)]
struct Spread {
    parts: Vec<u128>,
    steps: Vec<i128>,
}

impl Spread {
    fn new(count: usize) -> Spread {
        Spread { parts: vec![0; count], steps: vec![0; count + 1] }
    }

    fn add(&mut self, grid: &Grid, start: u64, end: u64, weight: u128) {
        if start >= end {
            return;
        }
        let (first, last) = (grid.index(start), grid.index(end - 1));
        if first == last {
            self.parts[first] += u128::from(end - start) * weight;
            return;
        }
        self.parts[first] += u128::from(grid.bounds[first + 1] - start) * weight;
        self.parts[last] += u128::from(end - grid.bounds[last]) * weight;
        self.steps[first + 1] += weight.cast_signed();
        self.steps[last] -= weight.cast_signed();
    }

    /// The integral over each interval.
    fn totals(&self, grid: &Grid) -> Vec<u128> {
        let mut level = 0i128;
        self.parts
            .iter()
            .zip(&self.steps)
            .enumerate()
            .map(|(index, (part, step))| {
                level += step;
                part + level.unsigned_abs() * u128::from(grid.length(index))
            })
            .collect()
    }
}

/// Jobs of one interval.
#[derive(Clone, Default)]
struct Jobs {
    arrivals: u64,
    completions: u64,
    lost: u64,
    timed_out: u64,
    mean: Option<f64>,
    p50: Option<u64>,
    p99: Option<u64>,
}

/// The recorder.
struct Series {
    grid: Grid,
    end: u64,
    jobs: Vec<Jobs>,
    /// Response times of the interval in which jobs are leaving now: they leave in order of time.
    open: usize,
    responses: Distribution,
    in_system: Spread,
    /// By processor.
    busy: Vec<Spread>,
    overhead: Vec<Spread>,
    /// By processor, then by pool.
    queues: Vec<Spread>,
    processors: usize,
}

impl Series {
    fn new(model: &Model, grid: Grid) -> Series {
        let count = grid.count();
        let each = |n: usize| vec![Spread::new(count); n];
        Series {
            end: grid.bounds[count],
            grid,
            jobs: vec![Jobs::default(); count],
            open: 0,
            responses: Distribution::default(),
            in_system: Spread::new(count),
            busy: each(model.processors.len()),
            overhead: each(model.processors.len()),
            queues: each(stations(model) as usize),
            processors: model.processors.len(),
        }
    }

    fn close(&mut self) {
        let jobs = &mut self.jobs[self.open];
        jobs.mean = self.responses.mean();
        jobs.p50 = self.responses.percentile(1, 2);
        jobs.p99 = self.responses.percentile(99, 100);
        if self.responses.count() > 0 {
            self.responses = Distribution::default();
        }
    }

    /// The same from a whole trace.
    fn of(mut self, trace: &Trace) -> Series {
        let mut jobs: Vec<&JobRecord> = trace.jobs.iter().collect();
        jobs.sort_by_key(|job| (job.finish.unwrap_or(Time::NEVER), job.number));
        for job in jobs {
            self.job(job.clone());
        }
        for segment in &trace.segments {
            self.segment(*segment);
        }
        for stay in &trace.stays {
            self.stay(*stay);
        }
        for crowd in &trace.crowds {
            self.crowd(*crowd);
        }
        self.end(trace.end);
        self
    }

    fn rows(&self, model: &Model) -> Vec<IntervalRow> {
        let names: Vec<&str> = (model.processors.iter().map(|processor| processor.name.as_str()))
            .chain(model.pools.iter().map(|pool| pool.name.as_str()))
            .collect();
        let totals = |spreads: &[Spread]| -> Vec<Vec<u128>> {
            spreads.iter().map(|spread| spread.totals(&self.grid)).collect()
        };
        let in_system = self.in_system.totals(&self.grid);
        let (busy, overhead, queues) = (totals(&self.busy), totals(&self.overhead), totals(&self.queues));
        let proper: Vec<usize> =
            (0..self.processors).filter(|index| !model.processors[*index].device).collect();
        let cores = |index: usize| u128::from(model.processors[index].cores);
        let mut rows = Vec::with_capacity(self.jobs.len() * (names.len() + 1));
        for (interval, jobs) in self.jobs.iter().enumerate() {
            let (start_ns, end_ns) = (self.grid.bounds[interval], self.grid.bounds[interval + 1]);
            let length = u128::from(end_ns - start_ns);
            let sum =
                |of: &[Vec<u128>], indices: &[usize]| indices.iter().map(|i| of[*i][interval]).sum::<u128>();
            let capacity = proper.iter().map(|index| cores(*index)).sum::<u128>() * length * SHARE;
            let all: Vec<usize> = (0..names.len()).collect();
            rows.push(IntervalRow {
                start_ns,
                end_ns,
                scope: ALL.to_owned(),
                arrivals: Some(jobs.arrivals),
                completions: Some(jobs.completions),
                lost: Some(jobs.lost),
                timed_out: Some(jobs.timed_out),
                in_system: ratio(in_system[interval], length),
                response_mean: jobs.mean,
                response_p50: jobs.p50,
                response_p99: jobs.p99,
                queue_length: ratio(sum(&queues, &all), length),
                utilization: ratio(sum(&busy, &proper), capacity),
                overhead: ratio(sum(&overhead, &proper), capacity),
            });
            for (index, name) in names.iter().enumerate() {
                let of_cores = |of: &[Vec<u128>]| {
                    (index < self.processors)
                        .then(|| ratio(of[index][interval], cores(index) * length * SHARE))
                        .flatten()
                };
                rows.push(IntervalRow {
                    start_ns,
                    end_ns,
                    scope: (*name).to_owned(),
                    queue_length: ratio(queues[index][interval], length),
                    utilization: of_cores(&busy),
                    overhead: of_cores(&overhead),
                    ..IntervalRow::default()
                });
            }
        }
        rows
    }
}

/// A part of a whole, to nine decimals: shares of cores are counted in parts of a millionth.
fn ratio(part: u128, whole: u128) -> Option<f64> {
    (whole > 0).then(|| (part as f64 / whole as f64 * 1e9).round() / 1e9)
}

/// What each of the jobs that share cores gets of one.
fn part_of_a_core((cores, jobs): (u32, u32)) -> u128 {
    let (cores, jobs) = (u128::from(cores), u128::from(jobs.max(1)));
    ((cores * SHARE + jobs / 2) / jobs).min(SHARE)
}

impl Recorder for Series {
    const TRACE: bool = true;
    const EACH_SHARE: bool = false;

    fn together(&mut self, processor: u32, share: (u32, u32), start: Time, end: Time) {
        let weight = part_of_a_core(share) * u128::from(share.1);
        self.busy[processor as usize].add(&self.grid, start.0, end.0, weight);
    }

    fn segment(&mut self, segment: Segment) {
        let share = part_of_a_core(segment.share);
        let of = match segment.kind {
            SegmentKind::Run => &mut self.busy,
            SegmentKind::Switch | SegmentKind::Dispatch => &mut self.overhead,
        };
        of[segment.processor as usize].add(&self.grid, segment.start.0, segment.end.0, share);
    }

    fn stay(&mut self, stay: Stay) {
        let station = match stay.place {
            PlaceKind::Ready(processor) => processor as usize,
            PlaceKind::Pool(pool) => self.processors + pool as usize,
            PlaceKind::Delay | PlaceKind::Join => return,
        };
        self.queues[station].add(&self.grid, stay.start.0, stay.end.0, 1);
    }

    fn crowd(&mut self, crowd: Crowd) {
        let queue = &mut self.queues[crowd.processor as usize];
        queue.add(&self.grid, crowd.start.0, crowd.end.0, u128::from(crowd.waiting));
    }

    fn job(&mut self, record: JobRecord) {
        let arrival = self.grid.index_of_event(record.arrival.0);
        self.jobs[arrival].arrivals += 1;
        let until = record.finish.map_or(self.end, |finish| finish.0);
        self.in_system.add(&self.grid, record.arrival.0, until.min(self.end), 1);
        let Some(finish) = record.finish else { return };
        // What ends with the warm-up was done in it.
        let early = finish.0 == self.grid.from && record.arrival < finish && finish.0 > 0;
        let index = self.grid.index_of_event(finish.0 - u64::from(early));
        match record.status {
            Status::Completed => {
                if index != self.open {
                    self.close();
                    self.open = index;
                }
                self.jobs[index].completions += 1;
                self.responses.record(until - record.arrival.0);
            }
            Status::Lost => self.jobs[index].lost += 1,
            Status::TimedOut => self.jobs[index].timed_out += 1,
            Status::Unfinished => {}
        }
    }

    fn end(&mut self, _at: Time) {
        self.close();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_stretches_are_spread_over_their_intervals() {
        let mut spread = Spread::new(5);
        let grid = Grid::new(10, (Time(0), Time(50)), Time(50));
        for (start, end, weight) in [(0, 50, 1), (5, 15, 2), (10, 20, 1), (19, 41, 3), (7, 7, 9)] {
            spread.add(&grid, start, end, weight);
        }
        assert_eq!(spread.totals(&grid), [20, 33, 40, 40, 13]);
    }

    #[test]
    fn intervals_are_cut_where_the_window_begins_and_ends() {
        let grid = Grid::new(10, (Time(13), Time(35)), Time(48));
        assert_eq!(grid.bounds, [0, 10, 13, 20, 30, 35, 40, 48]);
        let found: Vec<usize> = [0, 9, 10, 12, 13, 20, 34, 35, 39, 40, 48].map(|at| grid.index(at)).to_vec();
        assert_eq!(found, [0, 0, 1, 1, 2, 3, 4, 5, 5, 6, 6]);
        assert_eq!([grid.index_of_event(34), grid.index_of_event(35), grid.index_of_event(36)], [4, 4, 5]);
        let mut spread = Spread::new(grid.count());
        spread.add(&grid, 5, 44, 2);
        assert_eq!(spread.totals(&grid), [10, 6, 14, 20, 10, 10, 8]);
    }

    #[test]
    fn intervals_are_round_or_what_was_asked_for() {
        let model = Model::new("empty");
        for (end, asked, expected) in [
            (600_000_000_000, None, 5_000_000_000),
            (24, None, 1),
            (401, None, 5),
            (1_000, Some(7), 7),
            (100_000, Some(1), 16),
        ] {
            let (width, notes) = width(&model, Time(end), asked.map(Span));
            assert_eq!((width, notes.len()), (expected, usize::from(asked == Some(1))), "{end} {asked:?}");
        }
    }
}
