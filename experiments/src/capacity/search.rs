//! The smallest count that is enough, from verdicts on single counts.
//!
//! First steps of 1, 2, 4, ... from a guess, then bisection, then a look at the neighbors. A count is taken for enough only
//! where it was *shown* to be; one that could not be decided is not. Nothing is taken from monotony alone: the count below the
//! answer is tried and so is the one above.

/// What can be said of one count.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// Shown to be enough.
    Feasible,
    /// Shown not to be enough.
    Infeasible,
    /// Neither could be shown.
    Undecided,
}

impl Verdict {
    /// The word used in results.
    pub fn word(self) -> &'static str {
        match self {
            Verdict::Feasible => "feasible",
            Verdict::Infeasible => "infeasible",
            Verdict::Undecided => "undecided",
        }
    }
}

/// What a search found.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Found {
    /// The smallest count that was shown to be enough, and from which on more is enough too as far as was looked.
    pub feasible: Option<u64>,
    /// The greatest count below it that was shown not to be enough; without an answer, the greatest of all.
    pub infeasible: Option<u64>,
    /// Counts between the two, and the one above the answer, that were tried and not decided.
    pub undecided: Vec<u64>,
    /// Smaller counts that were shown to be enough although a greater one is not: more is not always better here.
    pub exceptions: Vec<u64>,
}

/// Counts that are looked at one by one where more turned out not to be better.
const LINEAR: u64 = 256;

/// Searches from `low` to `high` (both included), beginning at `start`.
///
/// # Errors
/// The first error of `probe`. It may be asked about the same count again.
pub fn search<E>(
    low: u64,
    high: u64,
    start: u64,
    probe: &mut dyn FnMut(u64) -> Result<Verdict, E>,
) -> Result<Found, E> {
    let start = start.clamp(low, high);
    let (below, feasible) = bracket(low, high, start, probe)?;
    let Some(mut feasible) = feasible else { return without_answer(low, below, probe) };
    if let Some(mut below) = below {
        while feasible - below > 1 {
            let middle = below + (feasible - below) / 2;
            if probe(middle)? == Verdict::Feasible { feasible = middle } else { below = middle }
        }
    }
    let mut found = Found { feasible: Some(feasible), ..Found::default() };
    // One more must be enough too.
    if feasible < high {
        match probe(feasible + 1)? {
            Verdict::Feasible => {}
            Verdict::Undecided => found.undecided.push(feasible + 1),
            Verdict::Infeasible => linear(high, feasible, &mut found, probe)?,
        }
    }
    if let Some(feasible) = found.feasible {
        found.infeasible = shown_below(low, feasible, &mut found.undecided, probe)?;
    }
    found.undecided.sort_unstable();
    found.undecided.dedup();
    Ok(found)
}

/// A count that is enough, and one below it that is not shown to be (`None`: the range begins with the first).
fn bracket<E>(
    low: u64,
    high: u64,
    start: u64,
    probe: &mut dyn FnMut(u64) -> Result<Verdict, E>,
) -> Result<(Option<u64>, Option<u64>), E> {
    let mut step = 1;
    if probe(start)? == Verdict::Feasible {
        let mut feasible = start;
        while feasible > low {
            let next = feasible.saturating_sub(step).max(low);
            if probe(next)? != Verdict::Feasible {
                return Ok((Some(next), Some(feasible)));
            }
            feasible = next;
            step *= 2;
        }
        return Ok((None, Some(feasible)));
    }
    let mut below = start;
    while below < high {
        let next = below.saturating_add(step).min(high);
        if probe(next)? == Verdict::Feasible {
            return Ok((Some(below), Some(next)));
        }
        below = next;
        step *= 2;
    }
    Ok((Some(below), None))
}

/// Nothing up to the end of the range was shown to be enough.
fn without_answer<E>(
    low: u64,
    top: Option<u64>,
    probe: &mut dyn FnMut(u64) -> Result<Verdict, E>,
) -> Result<Found, E> {
    let mut found = Found::default();
    if let Some(top) = top {
        found.infeasible = shown_below(low, top + 1, &mut found.undecided, probe)?;
        found.undecided.sort_unstable();
        found.undecided.dedup();
    }
    Ok(found)
}

/// The greatest count below `bound` that is shown not to be enough; what is met on the way and not decided goes to `undecided`.
fn shown_below<E>(
    low: u64,
    bound: u64,
    undecided: &mut Vec<u64>,
    probe: &mut dyn FnMut(u64) -> Result<Verdict, E>,
) -> Result<Option<u64>, E> {
    let (mut above, mut step) = (bound, 1);
    let mut infeasible = None;
    while above > low {
        let next = above.saturating_sub(step).max(low);
        match probe(next)? {
            Verdict::Infeasible => {
                infeasible = Some(next);
                break;
            }
            Verdict::Undecided => undecided.push(next),
            Verdict::Feasible => {}
        }
        above = next;
        step *= 2;
    }
    let Some(mut infeasible) = infeasible else { return Ok(None) };
    while above - infeasible > 1 {
        let middle = infeasible + (above - infeasible) / 2;
        match probe(middle)? {
            Verdict::Infeasible => infeasible = middle,
            verdict => {
                above = middle;
                if verdict == Verdict::Undecided {
                    undecided.push(middle);
                }
            }
        }
    }
    Ok(Some(infeasible))
}

/// One more than the answer is not enough: the first count from there that is enough together with the next one.
fn linear<E>(
    high: u64,
    first: u64,
    found: &mut Found,
    probe: &mut dyn FnMut(u64) -> Result<Verdict, E>,
) -> Result<(), E> {
    found.exceptions.push(first);
    found.feasible = None;
    let mut previous = None;
    for count in first + 1..=high.min(first.saturating_add(LINEAR)) {
        match (probe(count)?, previous) {
            (Verdict::Feasible, Some(previous)) => {
                found.feasible = Some(previous);
                return Ok(());
            }
            (Verdict::Feasible, None) => previous = Some(count),
            (Verdict::Infeasible, _) => {
                found.infeasible = Some(count);
                found.exceptions.extend(previous.take());
            }
            (Verdict::Undecided, _) => {
                found.undecided.push(count);
                found.exceptions.extend(previous.take());
            }
        }
    }
    // The last count of the range has no next one.
    if previous == Some(high) {
        found.feasible = previous;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use Verdict::{Feasible, Infeasible, Undecided};
    use std::collections::BTreeSet;

    /// The result, and how many different counts were tried.
    fn searched(low: u64, high: u64, start: u64, verdict: impl Fn(u64) -> Verdict) -> (Found, usize) {
        let mut tried = BTreeSet::new();
        let found = search::<()>(low, high, start, &mut |count| {
            assert!((low..=high).contains(&count), "{count} is outside of {low}..={high}");
            tried.insert(count);
            Ok(verdict(count))
        });
        (found.unwrap(), tried.len())
    }

    #[test]
    fn every_boundary_is_found_from_every_start() {
        for boundary in 1..=40u64 {
            for start in [0, 1, 7, 20, 38, 99] {
                let verdict = |count| if count >= boundary { Feasible } else { Infeasible };
                let (found, tried) = searched(1, 38, start, verdict);
                let within = boundary <= 38;
                assert_eq!(found.feasible, within.then_some(boundary), "boundary {boundary}, start {start}");
                let below = if within { boundary.checked_sub(1).filter(|n| *n > 0) } else { Some(38) };
                assert_eq!(found.infeasible, below, "boundary {boundary}, start {start}");
                assert!(found.undecided.is_empty() && found.exceptions.is_empty());
                assert!(tried <= 14, "boundary {boundary}, start {start}: {tried} counts");
            }
        }
    }

    #[test]
    fn a_wide_range_takes_few_probes() {
        let (found, tried) =
            searched(1, 1_000_000, 1, |count| if count >= 777_777 { Feasible } else { Infeasible });
        assert_eq!((found.feasible, found.infeasible), (Some(777_777), Some(777_776)));
        assert!(tried <= 45, "{tried}");
    }

    #[test]
    fn what_is_not_decided_is_between_the_two_answers() {
        let verdict = |count| match count {
            0..=20 => Infeasible,
            21..=25 => Undecided,
            _ => Feasible,
        };
        for start in [1, 10, 22, 26, 60] {
            let (found, _) = searched(1, 64, start, verdict);
            assert_eq!((found.feasible, found.infeasible), (Some(26), Some(20)), "start {start}");
            assert!(!found.undecided.is_empty());
            assert!(found.undecided.iter().all(|count| (21..=25).contains(count)), "{:?}", found.undecided);
        }
        let (found, _) = searched(1, 24, 3, verdict);
        assert_eq!((found.feasible, found.infeasible), (None, Some(20)));
        assert!(found.undecided.contains(&24));
        let (found, _) = searched(22, 24, 22, verdict);
        assert_eq!((found.feasible, found.infeasible), (None, None));
    }

    #[test]
    fn more_is_not_always_better() {
        // 8 is enough, 9 and 10 are not, from 11 on all are.
        let verdict = |count| if count == 8 || count >= 11 { Feasible } else { Infeasible };
        let (found, _) = searched(1, 100, 7, verdict);
        assert_eq!((found.feasible, found.infeasible, found.exceptions), (Some(11), Some(10), vec![8]));
        // Only even ones are: there is no count from which on more is enough.
        let (found, _) = searched(1, 9, 1, |count| if count % 2 == 0 { Feasible } else { Infeasible });
        assert_eq!((found.feasible, found.exceptions), (None, vec![2, 4, 6, 8]));
        // The last count of the range has none above it.
        let verdict = |count| if count == 5 || count == 8 { Feasible } else { Infeasible };
        let (found, _) = searched(1, 8, 5, verdict);
        assert_eq!((found.feasible, found.exceptions), (Some(8), vec![5]));
    }

    #[test]
    fn errors_end_the_search() {
        let result = search(1, 9, 5, &mut |count| if count == 4 { Err(count) } else { Ok(Feasible) });
        assert_eq!(result, Err(4));
    }
}
