//! Rates that change at random: a Markov chain whose states each have a rate.
//!
//! With exponential gaps this is a Markov-modulated Poisson process (Fischer and Meier-Hellstern, "The Markov-modulated
//! Poisson process (MMPP) cookbook", Performance Evaluation 18(2), 1993): traffic that comes in bursts. The chain stays in
//! a state for an exponential time and then goes to another by weight. It begins in a state drawn by the share of time
//! that each takes up in the long run, so that the arrivals are stationary from the start of the run.
//!
//! The chain has a stream of its own: the same states at the same times whatever the rates are, and one draw of a gap an
//! arrival.

use crate::law::exponential;
use crate::rng::{Stream, below, unit};
use crate::scale::ScaleError;
use crate::units::{Ratio, Time, nanos_round};
use rand::Rng;
use thiserror::Error;

/// A state of the chain.
#[derive(Clone, PartialEq, Debug)]
pub struct State {
    /// The mean gap between arrivals in nanoseconds; infinite for a rate of zero.
    pub gap: f64,
    /// The mean time until the chain leaves the state, in nanoseconds; positive.
    pub stay: f64,
    /// The weight of going to each state from here; that of the state itself is 0.
    pub to: Vec<u32>,
}

/// Why states make no chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum ChainError {
    /// There is nothing to change to.
    #[error("a rate that changes at random needs two states or more")]
    TooFew,
    /// The weights of a state are not one for each state, or that of staying is not 0, or there is no other.
    #[error("the weights of state {0} are not one for each state, 0 for itself, and one above 0")]
    Weights(usize),
    /// Some state is never left for good, or never come back to.
    #[error("not every state can be reached from every other: from state {0}, or to it, there is no way")]
    Apart(usize),
    /// No arrival would ever come.
    #[error("the rate is never above 0")]
    Zero,
    /// A rate of more than one a nanosecond.
    #[error("more than one arrival a nanosecond")]
    TooFast,
    /// More than [`CHANGES_MAX`] changes for each arrival.
    #[error("more than {CHANGES_MAX} changes of the rate for each arrival")]
    TooBusy,
}

/// The most changes of state for an arrival, on average: more would only cost time.
pub const CHANGES_MAX: u32 = 10_000;

/// A rate that changes at random.
#[derive(Clone, PartialEq, Debug)]
pub struct Modulated {
    states: Vec<State>,
    /// The part of the time that is spent in each state.
    shares: Vec<f64>,
}

/// Where the chain is.
#[derive(Debug)]
pub struct Walk {
    state: usize,
    until: u64,
    stream: Stream,
}

impl Modulated {
    /// A chain of these states.
    pub fn new(states: Vec<State>) -> Result<Modulated, ChainError> {
        if states.len() < 2 {
            return Err(ChainError::TooFew);
        }
        for (index, state) in states.iter().enumerate() {
            let good = state.to.len() == states.len()
                && state.to[index] == 0
                && state.to.iter().any(|weight| *weight > 0);
            if !good {
                return Err(ChainError::Weights(index + 1));
            }
            if !(state.gap >= 1.0 && state.stay > 0.0 && state.stay.is_finite()) {
                return Err(ChainError::TooFast);
            }
        }
        if states.iter().all(|state| state.gap.is_infinite()) {
            return Err(ChainError::Zero);
        }
        if let Some(apart) = apart(&states) {
            return Err(ChainError::Apart(apart + 1));
        }
        let shares = shares(&states);
        let modulated = Modulated { states, shares };
        let changes: f64 =
            modulated.states.iter().zip(&modulated.shares).map(|(state, share)| share / state.stay).sum();
        if changes > f64::from(CHANGES_MAX) * modulated.rate() {
            return Err(ChainError::TooBusy);
        }
        Ok(modulated)
    }

    /// The mean rate in the long run, in arrivals a nanosecond.
    pub fn rate(&self) -> f64 {
        self.states.iter().zip(&self.shares).map(|(state, share)| share / state.gap).sum()
    }

    /// A walk through the chain from the start of a run.
    pub fn walk(&self, mut stream: Stream) -> Walk {
        let mut u = unit(stream.next_u64());
        let mut state = self.states.len() - 1;
        for (index, share) in self.shares.iter().enumerate() {
            if u < *share {
                state = index;
                break;
            }
            u -= share;
        }
        let until = nanos_round(self.states[state].stay * exponential(&mut stream));
        Walk { state, until, stream }
    }

    /// When so many more arrivals are expected after `now`, where the walk is; `None` past the range of time. The walk
    /// takes as many steps as the chain changes until then: those of exponential draws are bounded by [`CHANGES_MAX`].
    pub fn after(&self, now: Time, mut arrivals: f64, walk: &mut Walk) -> Option<Time> {
        let mut at = now.0;
        while at <= Time::LATEST.0 {
            let state = &self.states[walk.state];
            let span = state.gap * arrivals;
            let room = walk.until.saturating_sub(at);
            if span < f64::INFINITY && nanos_round(span) <= room {
                return at.checked_add(nanos_round(span)).map(Time).filter(|at| *at <= Time::LATEST);
            }
            arrivals = (arrivals - room as f64 / state.gap).max(0.0);
            at += room;
            walk.leave(&self.states);
        }
        None
    }

    /// The same chain with every rate multiplied.
    pub fn scaled(&self, factor: Ratio) -> Result<Modulated, ScaleError> {
        let by = factor.as_f64();
        let states: Vec<State> =
            self.states.iter().map(|state| State { gap: state.gap / by, ..state.clone() }).collect();
        if states.iter().any(|state| state.gap < 1.0) {
            return Err(ScaleError::TooFast);
        }
        Ok(Modulated { states, shares: self.shares.clone() })
    }
}

impl Walk {
    fn leave(&mut self, states: &[State]) {
        let to = &states[self.state].to;
        let mut left = match states.len() {
            // The other one, without a draw.
            2 => 0,
            _ => below(&mut self.stream, to.iter().map(|weight| u64::from(*weight)).sum()),
        };
        for (index, weight) in to.iter().enumerate() {
            if left < u64::from(*weight) {
                self.state = index;
                break;
            }
            left -= u64::from(*weight);
        }
        let stay = nanos_round(states[self.state].stay * exponential(&mut self.stream));
        self.until = self.until.saturating_add(stay);
    }
}

/// A state that some other cannot reach, or that cannot reach some other.
fn apart(states: &[State]) -> Option<usize> {
    let reached = |way: &dyn Fn(usize, usize) -> bool| {
        let mut seen = vec![false; states.len()];
        let mut open = vec![0];
        seen[0] = true;
        while let Some(from) = open.pop() {
            for (to, seen) in seen.iter_mut().enumerate() {
                if !*seen && way(from, to) {
                    *seen = true;
                    open.push(to);
                }
            }
        }
        seen
    };
    let forward = reached(&|from, to| states[from].to[to] > 0);
    let back = reached(&|from, to| states[to].to[from] > 0);
    forward.iter().zip(&back).position(|(a, b)| !(a & b))
}

/// The part of the time that the chain is in each state, by the elimination of Grassmann, Taksar and Heyman
/// ("Regenerative analysis and steady state distributions for Markov chains", Operations Research 33(5), 1985), which
/// never subtracts.
fn shares(states: &[State]) -> Vec<f64> {
    let n = states.len();
    let mut rates: Vec<Vec<f64>> = states
        .iter()
        .map(|state| {
            let total: u64 = state.to.iter().map(|weight| u64::from(*weight)).sum();
            state.to.iter().map(|weight| f64::from(*weight) / (total as f64 * state.stay)).collect()
        })
        .collect();
    for k in (1..n).rev() {
        let out: f64 = rates[k][..k].iter().sum();
        for i in 0..k {
            rates[i][k] /= out;
            for j in 0..k {
                rates[i][j] += rates[i][k] * rates[k][j];
            }
        }
    }
    let mut shares = vec![1.0; n];
    for k in 1..n {
        shares[k] = (0..k).map(|i| shares[i] * rates[i][k]).sum();
    }
    let total: f64 = shares.iter().sum();
    shares.iter().map(|share| share / total).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::StreamRoot;

    const SECOND: f64 = 1e9;

    fn state(rate: f64, stay: f64, to: &[u32]) -> State {
        State { gap: SECOND / rate, stay: stay * SECOND, to: to.to_vec() }
    }

    fn three() -> Modulated {
        Modulated::new(vec![
            state(100.0, 1.0, &[0, 1, 3]),
            state(0.0, 0.5, &[1, 0, 0]),
            state(20.0, 2.0, &[0, 1, 0]),
        ])
        .unwrap()
    }

    #[test]
    fn shares_solve_the_balance_of_the_chain() {
        // Visits go as 1 : 1 : 3/4, times as 1 : 0.5 : 1.5.
        for (found, expected) in three().shares.iter().zip([1.0 / 3.0, 1.0 / 6.0, 0.5]) {
            assert!((found - expected).abs() < 1e-12, "{found} {expected}");
        }
        assert!((three().rate() * SECOND - (100.0 / 3.0 + 10.0)).abs() < 1e-9);
    }

    /// Counts over ten seconds: mean by the long-run rate from the very start, variance well above that of Poisson.
    #[test]
    fn arrivals_are_stationary_from_the_start_and_come_in_bursts() {
        let modulated = three();
        const N: u32 = 2000;
        let (mut sum, mut squares) = (0.0, 0.0);
        for replication in 0..N {
            let root = StreamRoot::new(3, replication);
            let mut walk = modulated.walk(root.stream("s", "states"));
            let mut gaps = root.stream("s", "arrivals");
            let (mut at, mut count) = (Time::ZERO, 0u32);
            loop {
                at = modulated.after(at, exponential(&mut gaps), &mut walk).unwrap();
                if at.as_secs() > 10.0 {
                    break;
                }
                count += 1;
            }
            sum += f64::from(count);
            squares += f64::from(count) * f64::from(count);
        }
        let (mean, n) = (sum / f64::from(N), f64::from(N));
        let variance = squares / n - mean * mean;
        let error = (variance / n).sqrt();
        let expected = 10.0 * (100.0 / 3.0 + 10.0);
        assert!((mean - expected).abs() <= 4.0 * error, "{mean} +- {error}, expected {expected}");
        let twin = expected + (0.05 * expected).max(10.0 * error);
        assert!((mean - twin).abs() > 4.0 * error, "the test could not fail");
        assert!(variance > 10.0 * mean, "{variance}");
    }

    /// Equal rates in all states are a Poisson process, up to the rounding of times at changes.
    #[test]
    fn equal_rates_do_not_modulate() {
        let even = Modulated::new(vec![state(50.0, 1.0, &[0, 7]), state(50.0, 3.0, &[1, 0])]).unwrap();
        let root = StreamRoot::new(3, 0);
        let mut walk = even.walk(root.stream("s", "states"));
        let (mut a, mut b) = (root.stream("s", "arrivals"), root.stream("s", "arrivals"));
        let (mut at, mut time) = (Time::ZERO, 0);
        for _ in 0..10_000 {
            at = even.after(at, exponential(&mut a), &mut walk).unwrap();
            time += nanos_round(SECOND / 50.0 * exponential(&mut b));
        }
        assert!(at.0.abs_diff(time) < 300, "{at} {time}");
    }

    /// The chain has a stream of its own.
    #[test]
    fn other_rates_meet_the_same_states() {
        let scaled = three().scaled(Ratio::new(5, 1).unwrap()).unwrap();
        let ends = |modulated: &Modulated| {
            let root = StreamRoot::new(3, 0);
            let mut walk = modulated.walk(root.stream("s", "states"));
            let mut gaps = root.stream("s", "arrivals");
            let mut at = Time::ZERO;
            while at.as_secs() < 100.0 {
                at = modulated.after(at, exponential(&mut gaps), &mut walk).unwrap();
            }
            // Past a hundred seconds both are in the same stay, unless an arrival jumped over its end.
            (walk.state, walk.until)
        };
        assert_eq!(ends(&three()), ends(&scaled));
        assert!((scaled.rate() / three().rate() - 5.0).abs() < 1e-12);
    }

    #[test]
    fn impossible_chains_are_refused() {
        let pair = |a: State, b: State| Modulated::new(vec![a, b]).err();
        let ok = || state(5.0, 1.0, &[0, 1]);
        for (found, error) in [
            (Modulated::new(vec![]).err(), ChainError::TooFew),
            (pair(ok(), state(5.0, 1.0, &[0, 1])), ChainError::Weights(2)),
            (pair(ok(), state(5.0, 1.0, &[1])), ChainError::Weights(2)),
            (pair(state(5.0, 1.0, &[0, 0]), state(5.0, 1.0, &[1, 0])), ChainError::Weights(1)),
            (pair(state(0.0, 1.0, &[0, 1]), state(0.0, 1.0, &[1, 0])), ChainError::Zero),
            (pair(state(2e9, 1.0, &[0, 1]), state(0.0, 1.0, &[1, 0])), ChainError::TooFast),
            (pair(state(1.0, 1e-9, &[0, 1]), state(0.0, 1e-9, &[1, 0])), ChainError::TooBusy),
            (
                Modulated::new(vec![
                    state(1.0, 1.0, &[0, 1, 0]),
                    state(1.0, 1.0, &[0, 0, 1]),
                    state(1.0, 1.0, &[0, 1, 0]),
                ])
                .err(),
                ChainError::Apart(2),
            ),
        ] {
            assert_eq!(found, Some(error));
        }
        let slow = Modulated::new(vec![state(1.0, 1e8, &[0, 1]), state(2.0, 1e8, &[1, 0])]).unwrap();
        let mut walk = slow.walk(StreamRoot::new(1, 0).stream("s", "states"));
        assert_eq!(slow.after(Time::ZERO, 1e12, &mut walk), None, "past the range of time");
    }
}
