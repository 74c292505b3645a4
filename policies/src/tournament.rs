//! Who is first among many whose order changes with time: a kinetic tournament (Basch, Guibas, Hershberger: Data structures for
//! mobile data, 1999).
//!
//! Each match of a tournament knows until when its result holds. When time has moved on only matches whose results may have
//! changed are played again, so that a decision costs O(log^2 n) over time and not a look at everybody.

use sim_core::units::Time;

/// One of those whose order changes.
pub(crate) trait Contestant: Copy {
    /// Whether this one goes before the other at `now`.
    fn before(&self, other: &Self, now: Time) -> bool;
    /// The first instant at which this one goes before `leader`, which goes before it now; [`Time::NEVER`] where it never does.
    fn overtakes(&self, leader: &Self) -> Time;
}

const NOBODY: u32 = u32::MAX;

#[derive(Clone, Copy)]
struct Match {
    winner: u32,
    /// The result holds before this instant.
    until: Time,
}

const EMPTY: Match = Match { winner: NOBODY, until: Time::NEVER };

/// The contestants by place, and the matches: the winner of `n` comes from `2 n` and `2 n + 1`, the places follow the matches.
pub(crate) struct Tournament<C> {
    places: Vec<Option<C>>,
    free: Vec<u32>,
    matches: Vec<Match>,
}

impl<C> Default for Tournament<C> {
    fn default() -> Self {
        Tournament { places: Vec::new(), free: Vec::new(), matches: Vec::new() }
    }
}

impl<C: Contestant> Tournament<C> {
    /// Adds a contestant; its place, by which it can be taken out.
    pub(crate) fn insert(&mut self, contestant: C, now: Time) -> u32 {
        let place = self.free.pop().unwrap_or_else(|| self.grow(now));
        self.put(place, Some(contestant), now);
        place
    }

    /// Takes the contestant at a place out.
    pub(crate) fn remove(&mut self, place: u32, now: Time) -> Option<C> {
        let contestant = self.places[place as usize]?;
        self.put(place, None, now);
        self.free.push(place);
        Some(contestant)
    }

    /// The place of the first.
    pub(crate) fn first(&mut self, now: Time) -> Option<u32> {
        self.play_again(1, now);
        self.matches.get(1).map(|last| last.winner).filter(|winner| *winner != NOBODY)
    }

    fn put(&mut self, place: u32, contestant: Option<C>, now: Time) {
        self.play_again(1, now);
        self.places[place as usize] = contestant;
        let mut at = self.places.len() + place as usize;
        let winner = if contestant.is_some() { place } else { NOBODY };
        self.matches[at] = Match { winner, until: Time::NEVER };
        while at > 1 {
            at /= 2;
            self.play(at, now);
        }
    }

    /// Twice as many places, of which one is given out.
    fn grow(&mut self, now: Time) -> u32 {
        let (before, size) = (self.places.len(), (2 * self.places.len()).max(2));
        self.places.resize(size, None);
        self.free.extend((before as u32 + 1..size as u32).rev());
        self.matches = vec![EMPTY; 2 * size];
        for (place, contestant) in self.places.iter().enumerate() {
            if contestant.is_some() {
                self.matches[size + place].winner = place as u32;
            }
        }
        for at in (1..size).rev() {
            self.play(at, now);
        }
        before as u32
    }

    /// Plays the matches again whose results may have changed.
    fn play_again(&mut self, at: usize, now: Time) {
        if self.matches.get(at).is_none_or(|found| found.until > now) {
            return;
        }
        self.play_again(2 * at, now);
        self.play_again(2 * at + 1, now);
        self.play(at, now);
    }

    fn play(&mut self, at: usize, now: Time) {
        let (left, right) = (self.matches[2 * at], self.matches[2 * at + 1]);
        let until = left.until.min(right.until);
        let at_place = |place: u32| self.places.get(place as usize).copied().flatten();
        self.matches[at] = match (at_place(left.winner), at_place(right.winner)) {
            (None, _) => right,
            (_, None) => left,
            (Some(a), Some(b)) => {
                let (winner, passes) = if a.before(&b, now) {
                    (left.winner, b.overtakes(&a))
                } else {
                    (right.winner, a.overtakes(&b))
                };
                Match { winner, until: until.min(passes) }
            }
        };
    }
}
