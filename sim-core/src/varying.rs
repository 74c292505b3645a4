//! Arrivals at a rate that changes: gaps by a law, in a clock that runs as fast as the rate.

use crate::law::Law;
use crate::modulated::{Modulated, Walk};
use crate::profile::Profile;
use crate::rng::Stream;
use crate::scale::ScaleError;
use crate::units::{Ratio, Time};

/// A rate that changes.
#[derive(Clone, PartialEq, Debug)]
pub enum Rate {
    /// As a function of time.
    Profile(Profile),
    /// At random.
    Modulated(Modulated),
}

impl From<Profile> for Rate {
    fn from(profile: Profile) -> Rate {
        Rate::Profile(profile)
    }
}

impl From<Modulated> for Rate {
    fn from(modulated: Modulated) -> Rate {
        Rate::Modulated(modulated)
    }
}

/// Arrivals whose gaps have a law, and whose mean gap is that of the rate of the moment.
#[derive(Clone, Debug)]
pub struct Varying {
    law: Law,
    mean: f64,
    rate: Rate,
}

impl Varying {
    /// A Poisson process with this rate.
    pub fn poisson(rate: Rate) -> Varying {
        Varying { law: Law::Exponential { mean: 1.0 }, mean: 1.0, rate }
    }

    /// A renewal process in a clock that runs as fast as the profile. `None` where the law has no mean, an infinite one or
    /// a mean of zero.
    pub fn renewal(law: Law, profile: Profile) -> Option<Varying> {
        let mean = law.mean().filter(|mean| *mean > 0.0 && mean.is_finite())?;
        Some(Varying { law, mean, rate: profile.into() })
    }

    /// The rate.
    pub fn rate(&self) -> &Rate {
        &self.rate
    }

    /// Whether arrivals come to an end.
    pub fn ends(&self) -> bool {
        match &self.rate {
            Rate::Profile(profile) => profile.ends(),
            Rate::Modulated(_) => false,
        }
    }

    /// Whether the rate is known beforehand at every instant.
    pub fn is_given(&self) -> bool {
        matches!(self.rate, Rate::Profile(_))
    }

    /// What a rate that changes at random needs for a run; `states` is the stream of its states.
    pub fn walk(&self, states: impl FnOnce() -> Stream) -> Option<Walk> {
        match &self.rate {
            Rate::Profile(_) => None,
            Rate::Modulated(modulated) => Some(modulated.walk(states())),
        }
    }

    /// When the arrival after the one at `now` comes; [`Time::NEVER`] where there is none. `walk` is what
    /// [`walk`](Varying::walk) gave.
    pub fn next(&self, now: Time, gaps: &mut Stream, walk: Option<&mut Walk>) -> Time {
        let gap = self.law.draw(gaps) / self.mean;
        let at = match (&self.rate, walk) {
            (Rate::Profile(profile), _) => profile.after(now, gap),
            (Rate::Modulated(modulated), Some(walk)) => modulated.after(now, gap, walk),
            (Rate::Modulated(_), None) => None,
        };
        at.unwrap_or(Time::NEVER)
    }

    /// The same with every rate multiplied.
    pub fn scaled(&self, factor: Ratio) -> Result<Varying, ScaleError> {
        let rate = match &self.rate {
            Rate::Profile(profile) => Rate::Profile(profile.scaled(factor)?),
            Rate::Modulated(modulated) => Rate::Modulated(modulated.scaled(factor)?),
        };
        Ok(Varying { rate, ..self.clone() })
    }
}
