//! Why decisions were taken that were recorded without their grounds. Views ask in a frame, the worker finds out beside it, a
//! later frame has the answer.

use super::snapshot::{Snapshot, Trouble, plan, trouble};
use experiments::run::Watch;
use sim_core::trace::{Decision, Grounds, Trace};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Deref;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Decisions before and after one that is asked for that are found with it: who steps through them does not wait.
const BEFORE: usize = 16;
const AFTER: usize = 64;
/// With queues longer than this at some time only the decision itself is found.
const LONG_QUEUE: u32 = 1_000;
/// More candidates than this are not kept.
const MAX_CANDIDATES: usize = 1_000_000;

/// A decision with its grounds.
pub enum Explained<'a> {
    /// They are in the trace.
    Recorded(&'a Decision),
    /// They were found later.
    Found(Arc<Decision>),
}

impl Deref for Explained<'_> {
    type Target = Decision;

    fn deref(&self) -> &Decision {
        match self {
            Explained::Recorded(decision) => decision,
            Explained::Found(decision) => decision,
        }
    }
}

/// The grounds that were found, and those that are asked for, by the decision's number in the trace, from 0.
#[derive(Default)]
pub struct LookUp {
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    /// `None`: there is nothing to be found.
    found: BTreeMap<usize, Option<Arc<Decision>>>,
    wanted: BTreeSet<usize>,
    candidates: usize,
}

impl LookUp {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A decision whose grounds were found; else they are asked for.
    pub fn find(&self, index: usize) -> Option<Arc<Decision>> {
        let mut inner = self.inner();
        if let Some(found) = inner.found.get(&index) {
            return found.clone();
        }
        inner.wanted.insert(index);
        None
    }

    /// What was asked for and is not found yet; empty where there is nothing to do.
    pub fn wanted(&self) -> BTreeSet<usize> {
        self.inner().wanted.clone()
    }

    /// Keeps what was found of what was wanted.
    fn keep(&self, trace: &Trace, wanted: &BTreeSet<usize>, mut found: BTreeMap<usize, Grounds>) {
        let mut inner = self.inner();
        if inner.candidates > MAX_CANDIDATES {
            inner.found.clear();
            inner.candidates = 0;
        }
        inner.wanted.clear();
        for index in wanted {
            let decision = found.remove(index).zip(trace.decisions.get(*index)).map(|(grounds, decision)| {
                inner.candidates += grounds.candidates.len();
                Arc::new(Decision { grounds: Some(Box::new(grounds)), ..decision.clone() })
            });
            inner.found.insert(*index, decision);
        }
    }
}

impl Snapshot {
    /// Finds the grounds of these decisions and of those around them.
    ///
    /// # Errors
    /// It was stopped, or cannot be found out, which is then not asked for again.
    pub fn look_up(&self, mut wanted: BTreeSet<usize>, watch: Watch<'_>) -> Result<(), Trouble> {
        let trace = self.trace();
        if self.waiting.iter().all(|(_, count)| *count <= LONG_QUEUE) {
            let around = |index: &usize| index.saturating_sub(BEFORE)..index.saturating_add(AFTER);
            wanted = wanted.iter().flat_map(around).collect();
        }
        wanted.retain(|index| trace.decisions.get(*index).is_some_and(|decision| decision.grounds.is_none()));
        let Some(last) = wanted.last().map(|index| trace.decisions[*index].at) else { return Ok(()) };
        let plan = plan(&self.loaded, None);
        let found = experiments::grounds(self.model(), &plan, &wanted, last, trace.of_sources, watch);
        let failed = found.as_ref().err().map(trouble);
        if failed != Some(Trouble::Cancelled) {
            self.grounds.keep(trace, &wanted, found.unwrap_or_default());
        }
        failed.map_or(Ok(()), Err)
    }
}
