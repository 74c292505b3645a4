//! Rates as functions of time.
//!
//! A [`Profile`] is constant and linear pieces one after another, or a wave. Arrivals ([`crate::varying`]) follow it by a change of time (Çınlar, *Introduction to Stochastic Processes*, 1975, section 4.7): gaps are drawn in
//! a clock that runs as fast as the rate, so that a gap of one is one expected arrival, and each is turned into time by
//! inverting the cumulative rate from the arrival before it. Exponential gaps make a Poisson process whose rate is the
//! profile; other laws keep their shape. Nothing is drawn and thrown away: each arrival takes the draws of one gap, so
//! that runs at other rates meet the same draws, and a profile that never changes gives the very arrivals of a renewal
//! source.
//!
//! Constant pieces invert by a product, linear ones by a square root. The cumulative rate of a wave has a sine in it;
//! its inverse is found by Newton's method kept inside a bracket, to a thousandth of a nanosecond or 1e-15 of the period,
//! with the sine of `libm`: the same bits everywhere. Each arrival is rounded to the nearest nanosecond, as the gaps of renewal sources
//! are, and the next gap begins there.

use crate::scale::ScaleError;
use crate::units::{Ratio, Span, Time, nanos_round};
use std::f64::consts::TAU;
use thiserror::Error;

/// A piece of a profile. Rates are given as mean gaps in nanoseconds; an infinite gap is a rate of zero.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Piece {
    /// How long it lasts; longer than nothing.
    pub length: Span,
    /// The mean gap at its beginning.
    pub from: f64,
    /// The mean gap at its end. Where it differs from `from`, the **rate** (not the gap) changes linearly.
    pub to: f64,
}

/// What comes after the last piece.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Then {
    /// The first piece again, for ever.
    Repeat,
    /// The rate at the end of the last piece, for ever.
    Hold,
    /// Nothing: the source runs dry.
    Stop,
}

/// Why pieces make no profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum ProfileError {
    /// No arrival would ever come.
    #[error("the rate is never above 0")]
    Zero,
    /// A piece of no length, or a wave of no period.
    #[error("a length of 0")]
    Empty,
    /// A rate of more than one a nanosecond, or none at all.
    #[error("more than one arrival a nanosecond")]
    TooFast,
    /// All pieces together last too long.
    #[error("longer than the 292 years that can be simulated")]
    TooLong,
    /// A wave that swings by more than its mean.
    #[error("a rate below 0")]
    Negative,
}

/// A rate as a function of time.
#[derive(Clone, PartialEq, Debug)]
pub struct Profile {
    form: Form,
}

#[derive(Clone, PartialEq, Debug)]
enum Form {
    Pieces {
        /// In order, without gaps between them. Without a cycle the last one never ends.
        pieces: Vec<Segment>,
        /// The length of a cycle and the arrivals expected in one.
        cycle: Option<(u64, f64)>,
    },
    Wave {
        /// The mean gap over whole periods.
        gap: f64,
        /// (peak rate - mean rate) / mean rate, above 0 and at most 1.
        swing: f64,
        period: u64,
        /// When the rate is highest, below `period`.
        peak: u64,
    },
}

#[derive(Clone, Copy, PartialEq, Debug)]
struct Segment {
    start: u64,
    /// `u64::MAX`: never.
    end: u64,
    from: f64,
    to: f64,
}

impl Segment {
    fn is_constant(&self) -> bool {
        self.from == self.to
    }

    /// The rate at `at`, and how fast it changes, per nanosecond.
    fn rate(&self, at: u64) -> (f64, f64) {
        let (first, last) = (self.from.recip(), self.to.recip());
        let slope = (last - first) / (self.end - self.start) as f64;
        (first + slope * (at - self.start) as f64, slope)
    }

    /// The arrivals expected from `at` to `until`, both within the piece.
    fn expected(&self, at: u64, until: u64) -> f64 {
        let length = (until - at) as f64;
        if self.is_constant() {
            return length / self.from;
        }
        let ((begin, _), (end, _)) = (self.rate(at), self.rate(until));
        length * (begin + end) / 2.0
    }

    /// How long after `at` so many arrivals are expected, in nanoseconds; infinite or not a number where the rate is
    /// zero, and beyond the piece's end where they are expected later.
    fn span_of(&self, at: u64, arrivals: f64) -> f64 {
        if self.is_constant() {
            return self.from * arrivals;
        }
        let (rate, slope) = self.rate(at);
        let under = rate * rate + 2.0 * slope * arrivals;
        // The smaller root, in the form that loses no digits. Where there is none, a falling rate gives no more.
        if under < 0.0 { f64::INFINITY } else { 2.0 * arrivals / (rate + under.sqrt()) }
    }
}

impl Profile {
    /// A rate that never changes, by its mean gap in nanoseconds, which is positive and finite.
    pub fn constant(gap: f64) -> Profile {
        let only = Segment { start: 0, end: u64::MAX, from: gap, to: gap };
        Profile { form: Form::Pieces { pieces: vec![only], cycle: None } }
    }

    /// Pieces one after another, and what comes after them.
    pub fn pieces(given: &[Piece], then: Then) -> Result<Profile, ProfileError> {
        let mut pieces: Vec<Segment> = Vec::new();
        let mut add = |start: u64, end: u64, from: f64, to: f64| match pieces.last_mut() {
            // Equal neighbors are one piece, so that nothing happens where the rate does not change.
            Some(last) if last.is_constant() && from == to && last.to == from => last.end = end,
            _ => pieces.push(Segment { start, end, from, to }),
        };
        let mut at = 0u64;
        for piece in given {
            if piece.length == Span::ZERO {
                return Err(ProfileError::Empty);
            }
            if !(piece.from >= 1.0 && piece.to >= 1.0) {
                return Err(ProfileError::TooFast);
            }
            let end = at.checked_add(piece.length.0).filter(|end| *end <= Time::LATEST.0);
            let end = end.ok_or(ProfileError::TooLong)?;
            add(at, end, piece.from, piece.to);
            at = end;
        }
        let Some(last) = given.last() else { return Err(ProfileError::Empty) };
        match then {
            Then::Repeat => {}
            Then::Hold => add(at, u64::MAX, last.to, last.to),
            Then::Stop => add(at, u64::MAX, f64::INFINITY, f64::INFINITY),
        }
        if given.iter().all(|piece| piece.from.is_infinite() && piece.to.is_infinite()) {
            return Err(ProfileError::Zero);
        }
        let mut cycle = None;
        if then == Then::Repeat {
            match pieces.as_mut_slice() {
                [only] if only.is_constant() => only.end = u64::MAX,
                several => {
                    let expected = several.iter().map(|piece| piece.expected(piece.start, piece.end)).sum();
                    cycle = Some((at, expected));
                }
            }
        }
        Ok(Profile { form: Form::Pieces { pieces, cycle } })
    }

    /// A rate that swings as a cosine: `mean * (1 + swing * cos(2 pi (t - peak) / period))`. So `1 + swing` is the
    /// ratio of peak to average. `gap` is the mean gap over whole periods in nanoseconds, `swing` is from 0 to 1.
    pub fn wave(gap: f64, swing: f64, period: Span, peak: Span) -> Result<Profile, ProfileError> {
        if period == Span::ZERO {
            return Err(ProfileError::Empty);
        }
        if !(0.0..=1.0).contains(&swing) {
            return Err(ProfileError::Negative);
        }
        if gap.is_nan() || gap / (1.0 + swing) < 1.0 {
            return Err(ProfileError::TooFast);
        }
        if gap.is_infinite() {
            return Err(ProfileError::Zero);
        }
        if swing == 0.0 {
            return Ok(Profile::constant(gap));
        }
        Ok(Profile { form: Form::Wave { gap, swing, period: period.0, peak: peak.0 % period.0 } })
    }

    /// Whether arrivals come to an end.
    pub fn ends(&self) -> bool {
        match &self.form {
            Form::Pieces { pieces, cycle } => {
                cycle.is_none() && pieces.last().is_some_and(|last| last.from.is_infinite())
            }
            Form::Wave { .. } => false,
        }
    }

    /// The arrivals expected from the start of the run to `until`.
    pub fn expected(&self, until: Time) -> f64 {
        match &self.form {
            Form::Pieces { pieces, cycle } => {
                let (whole, rest, each) = match cycle {
                    Some((length, each)) => (until.0 / length, until.0 % length, *each),
                    None => (0, until.0, 0.0),
                };
                let begun = pieces.iter().take_while(|piece| piece.start < rest);
                whole as f64 * each
                    + begun.map(|piece| piece.expected(piece.start, piece.end.min(rest))).sum::<f64>()
            }
            Form::Wave { gap, swing, period, peak } => {
                let radians = TAU / *period as f64;
                let sine = |at: u64| libm::sin((at + period - peak) as f64 * radians);
                let rest = until.0 % period;
                (until.0 as f64 + swing / radians * (sine(rest) - sine(0))) / gap
            }
        }
    }

    /// When so many more arrivals are expected after `now`; `None` where they never are, or past the range of time.
    pub fn after(&self, now: Time, arrivals: f64) -> Option<Time> {
        match &self.form {
            Form::Pieces { pieces, cycle } => after_pieces(pieces, *cycle, now.0, arrivals),
            Form::Wave { gap, swing, period, peak } => {
                let turns = arrivals * gap / *period as f64;
                let whole = turns.floor();
                let phase = ((now.0 % period + period - peak) % period) as f64 / *period as f64 * TAU;
                let angle = wave_angle(*swing, phase, (turns - whole) * TAU, 1e-3 * TAU / *period as f64);
                let rest = nanos_round(angle / TAU * *period as f64);
                later(now.0, whole, *period).and_then(|at| at.checked_add(rest)).map(Time)
            }
        }
        .filter(|at| *at <= Time::LATEST)
    }

    /// The profile with every rate multiplied; its times stay.
    pub fn scaled(&self, factor: Ratio) -> Result<Profile, ScaleError> {
        let by = factor.as_f64();
        let mut scaled = self.clone();
        let fastest = match &mut scaled.form {
            Form::Pieces { pieces, cycle } => {
                for piece in &mut *pieces {
                    (piece.from, piece.to) = (piece.from / by, piece.to / by);
                }
                if let Some((_, expected)) = cycle {
                    *expected *= by;
                }
                pieces.iter().fold(f64::INFINITY, |least, piece| least.min(piece.from).min(piece.to))
            }
            Form::Wave { gap, swing, .. } => {
                *gap /= by;
                *gap / (1.0 + *swing)
            }
        };
        if fastest < 1.0 { Err(ScaleError::TooFast) } else { Ok(scaled) }
    }
}

/// `at` and so many cycles more.
fn later(at: u64, cycles: f64, length: u64) -> Option<u64> {
    // A float beyond the range saturates, and the product is out of range then.
    (cycles as u64).checked_mul(length)?.checked_add(at)
}

fn after_pieces(pieces: &[Segment], cycle: Option<(u64, f64)>, now: u64, mut arrivals: f64) -> Option<Time> {
    let mut begin = 0;
    if let Some((length, each)) = cycle {
        let whole = (arrivals / each).floor();
        arrivals = (arrivals - whole * each).max(0.0);
        begin = later(now - now % length, whole, length)?;
    }
    let mut at = cycle.map_or(now, |(length, _)| now % length);
    let mut index = pieces.partition_point(|piece| piece.end <= at);
    loop {
        if arrivals <= 0.0 {
            return begin.checked_add(at).map(Time);
        }
        let Some(piece) = pieces.get(index) else {
            // The next cycle. What is left is less than one brings, so that this is not many.
            (begin, at, index) = (begin.checked_add(cycle?.0)?, 0, 0);
            continue;
        };
        let span = piece.span_of(at, arrivals);
        let room = piece.end - at;
        if span < f64::INFINITY && nanos_round(span) <= room {
            return begin.checked_add(at)?.checked_add(nanos_round(span)).map(Time);
        }
        if piece.end == u64::MAX {
            return None;
        }
        arrivals = (arrivals - piece.expected(at, piece.end)).max(0.0);
        (at, index) = (piece.end, index + 1);
    }
}

/// Solves `x + swing (sin(phase + x) - sin(phase)) = target` for `x` from 0 to a turn, to within `tolerance`.
fn wave_angle(swing: f64, phase: f64, target: f64, tolerance: f64) -> f64 {
    // The left side grows with x, at most by 1 + swing a step, and is never further than 2 swing from x.
    let (mut low, mut high) = (target / (1.0 + swing), target + 2.0 * swing);
    if !high.is_finite() {
        return target;
    }
    let mut x = (target / (1.0 + swing * libm::cos(phase))).clamp(low, high);
    if x.is_nan() {
        x = high;
    }
    for _ in 0..80 {
        // The difference of the sines as a product, which loses no digits for small x.
        let value = x + 2.0 * swing * libm::sin(x / 2.0) * libm::cos(phase + x / 2.0) - target;
        if value > 0.0 {
            high = x;
        } else {
            low = x;
        }
        let slope = 1.0 + swing * libm::cos(phase + x);
        let mut next = x - value / slope;
        if !(next >= low && next <= high) {
            next = f64::midpoint(low, high);
        }
        let step = (next - x).abs();
        x = next;
        if step <= tolerance.max(4.0 * f64::EPSILON * x) {
            break;
        }
    }
    x
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::law::Law;
    use crate::rng::{Stream, StreamRoot};
    use crate::varying::Varying;

    const SECOND: u64 = 1_000_000_000;

    fn piece(seconds: u64, from: f64, to: f64) -> Piece {
        let gap = |rate: f64| SECOND as f64 / rate;
        Piece { length: Span(seconds * SECOND), from: gap(from), to: gap(to) }
    }

    fn stream(name: &str) -> Stream {
        StreamRoot::new(7, 0).stream(name, "arrivals")
    }

    /// Profiles of all forms, rates in arrivals a second.
    fn profiles() -> Vec<(&'static str, Profile)> {
        let steps = [piece(10, 100.0, 100.0), piece(5, 0.0, 0.0), piece(20, 40.0, 40.0)];
        let ramps = [piece(10, 0.0, 200.0), piece(10, 200.0, 50.0), piece(7, 50.0, 0.0)];
        let pieces = |given: &[Piece], then| Profile::pieces(given, then).unwrap();
        let wave = |swing, peak| Profile::wave(1e7, swing, Span(30 * SECOND), Span(peak * SECOND)).unwrap();
        vec![
            ("steps again", pieces(&steps, Then::Repeat)),
            ("steps, then held", pieces(&steps, Then::Hold)),
            ("steps, then nothing", pieces(&steps, Then::Stop)),
            ("ramps again", pieces(&ramps, Then::Repeat)),
            ("ramps, then nothing", pieces(&ramps, Then::Hold)),
            ("wave", wave(0.6, 12)),
            ("wave to zero", wave(1.0, 0)),
        ]
    }

    #[test]
    fn a_rate_that_never_changes_gives_the_arrivals_of_a_renewal_source_bit_for_bit() {
        let gap = SECOND as f64 / 900.0;
        let level = Piece { length: Span(SECOND), from: gap, to: gap };
        let longer = Piece { length: Span(SECOND / 3), ..level };
        for (name, profile) in [
            ("held", Profile::pieces(&[level], Then::Hold)),
            ("repeated", Profile::pieces(&[level], Then::Repeat)),
            ("in three pieces", Profile::pieces(&[level, longer, level], Then::Repeat)),
            ("in two and held", Profile::pieces(&[longer, level], Then::Hold)),
            ("wave that does not swing", Profile::wave(gap, 0.0, Span(SECOND), Span(5))),
        ] {
            let varying = Varying::poisson(profile.unwrap().into());
            let law = Law::Exponential { mean: gap };
            let (mut a, mut b) = (stream("clients"), stream("clients"));
            let (mut at, mut time) = (Time::ZERO, 0);
            for nth in 0..100_000 {
                at = varying.next(at, &mut a, None);
                time += law.sample(&mut b);
                assert_eq!(at.0, time, "{name}: arrival {nth}");
            }
        }
    }

    /// The count expected between an arrival and the next is what was drawn, up to the rounding of time.
    #[test]
    fn arrivals_invert_the_cumulative_rate() {
        for (name, profile) in profiles() {
            for start in
                [0, 1, 3 * SECOND, 10 * SECOND, 14 * SECOND, 26 * SECOND + 999, 1_000_000 * SECOND + 7]
            {
                for arrivals in [0.0, 1e-9, 0.3, 1.0, 17.0, 400.0, 12_345.678] {
                    let all = profile.expected(Time(u64::MAX >> 2)) - profile.expected(Time(start));
                    let Some(found) = profile.after(Time(start), arrivals) else {
                        assert!(profile.ends() && all < arrivals + 1e-6, "{name}: {arrivals} after {start}");
                        continue;
                    };
                    let counted = profile.expected(found) - profile.expected(Time(start));
                    // Half a nanosecond at the highest rate, and what is lost in a difference of large counts.
                    let slack = 0.51 * 200e-9 + 1e-14 * profile.expected(found);
                    assert!(
                        (counted - arrivals).abs() <= slack,
                        "{name}: {arrivals} after {start}: {counted} at {found}"
                    );
                }
            }
        }
    }

    /// Mean and standard error of the numbers of arrivals in each stretch, over replications.
    fn counts(varying: &Varying, edges: &[u64], replications: u32) -> Vec<(f64, f64)> {
        let mut sums = vec![(0.0, 0.0); edges.len() - 1];
        for replication in 0..replications {
            let mut stream = StreamRoot::new(7, replication).stream("clients", "arrivals");
            let mut found = vec![0u32; edges.len() - 1];
            let mut at = Time::ZERO;
            loop {
                at = varying.next(at, &mut stream, None);
                let Some(after) = edges.iter().position(|edge| at.0 < edge * SECOND) else { break };
                if after > 0 {
                    found[after - 1] += 1;
                }
            }
            for (sum, count) in sums.iter_mut().zip(found) {
                let count = f64::from(count);
                *sum = (sum.0 + count, sum.1 + count * count);
            }
        }
        let n = f64::from(replications);
        sums.iter()
            .map(|(sum, squares)| (sum / n, ((squares / n - (sum / n) * (sum / n)) / (n - 1.0)).sqrt()))
            .collect()
    }

    /// Each stretch has as many arrivals as the area under the rate, and one that is off by the larger of 5 % and ten
    /// standard errors would be told.
    #[test]
    fn stretches_have_the_expected_number_of_arrivals() {
        let edges = [0, 5, 10, 15, 20, 27, 35, 50, 70];
        for (name, profile) in profiles() {
            let varying = Varying::poisson(profile.clone().into());
            for (index, (mean, error)) in counts(&varying, &edges, 200).into_iter().enumerate() {
                let at = |k: usize| profile.expected(Time(edges[k] * SECOND));
                let expected = at(index + 1) - at(index);
                let what = format!("{name}, stretch {index}: {mean} +- {error}, expected {expected}");
                if expected < 1e-9 {
                    assert!(mean == 0.0, "{what}");
                    continue;
                }
                assert!((mean - expected).abs() <= 4.0 * error, "{what}");
                let twin = expected + (0.05 * expected).max(10.0 * error);
                assert!((mean - twin).abs() > 4.0 * error, "{what}: the test could not fail");
            }
        }
    }

    #[test]
    fn the_counts_of_other_laws_keep_their_shape() {
        let profile = Profile::wave(1e7, 0.8, Span(30 * SECOND), Span::ZERO).unwrap();
        let spread = |law: Law| {
            let varying = Varying::renewal(law, profile.clone()).unwrap();
            let (mean, error) = counts(&varying, &[0, 30], 300)[0];
            assert!((mean - 3000.0).abs() <= 4.0 * error + 1.0, "{mean} +- {error}");
            // Variance over mean of a renewal count tends to the squared coefficient of variation of the gaps.
            error * error * 300.0 / mean
        };
        for (law, scv) in [
            (Law::Erlang { shape: 4, mean: 1e3 }, 0.25),
            (Law::Exponential { mean: 77.0 }, 1.0),
            (Law::hyperexponential_balanced(5e8, 4.0), 4.0),
        ] {
            let found = spread(law.clone());
            assert!((found / scv - 1.0).abs() < 0.35, "{law:?}: {found}");
        }
        let regular = Varying::renewal(Law::Deterministic { value: 3 }, profile).unwrap();
        assert_eq!(counts(&regular, &[0, 30, 60], 1)[1].0, 3000.0, "a regular clock, exactly");
    }

    #[test]
    fn profiles_end_where_the_rate_does() {
        for (name, profile) in profiles() {
            let ends = name.ends_with("nothing");
            assert_eq!(profile.ends(), ends, "{name}");
            assert_eq!(profile.after(Time::ZERO, 1e6).is_none(), ends, "{name}");
            assert_eq!(profile.after(Time::ZERO, 1e300), None, "{name}: past the range of time");
            assert_eq!(profile.after(Time::ZERO, f64::INFINITY), None, "{name}");
        }
    }

    #[test]
    fn impossible_profiles_are_refused() {
        let zero = piece(1, 0.0, 0.0);
        let some = piece(1, 5.0, 5.0);
        let long = Piece { length: Span(Time::LATEST.0), ..some };
        let quick = Piece { from: 0.9, ..some };
        for (given, error) in [
            (&[][..], ProfileError::Empty),
            (&[Piece { length: Span::ZERO, ..some }], ProfileError::Empty),
            (&[zero, zero], ProfileError::Zero),
            (&[some, long], ProfileError::TooLong),
            (&[quick], ProfileError::TooFast),
            (&[Piece { to: f64::NAN, ..some }], ProfileError::TooFast),
        ] {
            assert_eq!(Profile::pieces(given, Then::Repeat), Err(error), "{given:?}");
        }
        for (gap, swing, period, error) in [
            (1e6, 1.1, 5, ProfileError::Negative),
            (1e6, -0.1, 5, ProfileError::Negative),
            (1e6, 0.5, 0, ProfileError::Empty),
            (1.4, 0.5, 5, ProfileError::TooFast),
            (f64::INFINITY, 0.5, 5, ProfileError::Zero),
        ] {
            assert_eq!(Profile::wave(gap, swing, Span(period), Span(3)), Err(error), "{gap} {swing}");
        }
        assert!(Varying::renewal(Law::Pareto { shape: 0.9, scale: 1.0 }, profiles()[0].1.clone()).is_none());
    }

    #[test]
    fn profiles_scale_with_their_times_kept() {
        let factor = Ratio::new(3, 2).unwrap();
        for (name, profile) in profiles() {
            let scaled = profile.scaled(factor).unwrap();
            for seconds in [3, 12, 26, 40, 1000] {
                let until = Time(seconds * SECOND);
                let (found, expected) = (scaled.expected(until), 1.5 * profile.expected(until));
                assert!((found - expected).abs() < 1e-9 * expected, "{name}: {found} {expected}");
            }
            assert_eq!(
                profile.scaled(Ratio::new(1_000_000_000, 1).unwrap()),
                Err(ScaleError::TooFast),
                "{name}"
            );
        }
    }
}
