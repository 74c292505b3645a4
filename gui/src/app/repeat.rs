//! Replications of all policies of a race, compared in pairs as `dispatchlab compare` does.

use super::state::{Compared, State};
use crate::model::setup::Setup;
use crate::model::snapshot::Trouble;
use experiments::compare::report::Named;
use experiments::compare::{CompareOptions, Comparing};
use experiments::run::Watch;
use experiments::{Progress, RunPlan};
use scenarios::PolicyOption;
use sim_core::RunError;
use std::borrow::Cow;

/// Where there are no threads a page must answer between replications; where there are they run side by side.
pub const AT_A_TIME: u32 = if cfg!(target_arch = "wasm32") { 1 } else { u32::MAX };

/// Who races: the setup as it is, then with each of the other policies; nobody twice. Each has the name that it has in
/// results.
pub fn racers(setup: &Setup, others: &[String]) -> Result<Vec<(Named, Setup)>, Trouble> {
    let load = |setup: &Setup| scenarios::load(&setup.input, &setup.options).map_err(Trouble::Mistakes);
    let first = load(setup)?;
    let mut all = vec![(Named { label: first.policy.clone(), loaded: first }, setup.clone())];
    for other in others {
        let mut setup = setup.clone();
        for option in PolicyOption::parse_all(other).map_err(|found| Trouble::Mistakes(vec![found]))? {
            setup = setup.with_policy(option.station.as_deref(), &option.spec);
        }
        // Policies of other stations that were chosen before stay, and are named.
        let policies: Vec<String> = setup.options.policies.iter().map(PolicyOption::text).collect();
        let label = policies.join(" ");
        let loaded = load(&setup)?;
        if all.iter().all(|(named, _)| named.label != label) {
            all.push((Named { label, loaded }, setup));
        }
    }
    Ok(all)
}

/// What is to be compared.
#[derive(Clone)]
pub struct Wanted {
    setup: Setup,
    others: Vec<String>,
    replications: u32,
    /// See [`Compared::opened`].
    opened: String,
    /// See [`Compared::repeats`].
    repeats: bool,
}

impl Wanted {
    /// What the window has now; `None` where there is nothing to race.
    pub fn now(state: &State) -> Option<Wanted> {
        let setup = state.setup()?.clone();
        let others = state.race.others.clone();
        let (opened, repeats) = opened(state, &setup);
        let replications = state.batch.replications.max(2);
        (!others.is_empty()).then_some(Wanted { setup, others, replications, opened, repeats })
    }

    /// Nothing of it is done.
    pub fn progress(&self) -> Progress {
        let total = self.replications.saturating_mul(self.others.len() as u32 + 1);
        Progress { done: 0, total, fraction: 0.0, events: 0 }
    }

    /// Some replications more; the result when there are as many as wanted.
    pub fn step(&self, begun: &mut Option<Begun>, watch: Watch<'_>) -> Option<Result<Compared, Trouble>> {
        match self.further(begun, watch) {
            Ok(true) => None,
            Ok(false) => begun.take().map(|begun| Ok(self.finished(begun))),
            Err(trouble) => Some(Err(trouble)),
        }
    }

    fn further(&self, begun: &mut Option<Begun>, watch: Watch<'_>) -> Result<bool, Trouble> {
        if begun.is_none() {
            *begun = Some(self.begin()?);
        }
        let Some(Begun { named, comparing, .. }) = begun else { return Ok(false) };
        let done = comparing.done();
        // Told as a part of all that are wanted.
        let wanted = self.replications;
        let watch = |index: usize, progress: Progress| {
            let others = || done.iter().enumerate().filter(|(other, _)| *other != index);
            let sum: u32 = others().map(|(_, done)| *done).sum();
            let own = progress.fraction * f64::from(progress.total);
            let all = f64::from(wanted) * done.len() as f64;
            watch(Progress {
                done: sum + progress.done,
                total: wanted.saturating_mul(done.len() as u32),
                fraction: ((f64::from(sum) + own) / all).min(1.0),
                events: progress.events,
            })
        };
        comparing.step(wanted, AT_A_TIME, &watch).map_err(|(index, failure)| match *failure.error {
            RunError::Cancelled { .. } => Trouble::Cancelled,
            _ => Trouble::Failed(format!("{}: {failure}", named[index].label)),
        })
    }

    fn begin(&self) -> Result<Begun, Trouble> {
        let (named, setups): (Vec<Named>, Vec<Setup>) =
            racers(&self.setup, &self.others)?.into_iter().unzip();
        if named.len() < 2 {
            return Err(Trouble::Failed(crate::tr!("race-alone")));
        }
        let plan = RunPlan {
            replications: self.replications,
            warmup_auto: named.iter().any(|named| named.loaded.warmup_auto),
            ..RunPlan::default()
        };
        let models = named.iter().map(|one| (one.label.clone(), Cow::Owned(one.loaded.model.clone())));
        let comparing = Comparing::new(models, &CompareOptions::default(), &plan);
        Ok(Begun { named, setups, plan, comparing })
    }

    fn finished(&self, begun: Begun) -> Compared {
        let Begun { named, setups, plan, comparing } = begun;
        // The command line compares one policy with the input as it is, and several with each other.
        let as_it_is = setups.len() == 2 && setups[0].options.policies.is_empty();
        let policies = named.iter().skip(usize::from(as_it_is)).map(|named| named.label.clone()).collect();
        Compared {
            setup: self.setup.clone(),
            others: self.others.clone(),
            comparison: comparing.finish(),
            options: CompareOptions::default(),
            policies,
            named,
            plan,
            opened: self.opened.clone(),
            repeats: self.repeats,
        }
    }
}

/// A comparison that was begun.
pub struct Begun {
    named: Vec<Named>,
    setups: Vec<Setup>,
    plan: RunPlan,
    comparing: Comparing<'static>,
}

/// The name under which the input was opened, and whether its text is still what was opened.
pub fn opened(state: &State, setup: &Setup) -> (String, bool) {
    let opened = state.settings.recent.first().cloned().unwrap_or_default();
    let repeats = state.history.first().is_some_and(|first| first.input.text == setup.input.text);
    (opened, repeats)
}
