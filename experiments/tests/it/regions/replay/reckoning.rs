//! Who may run now, and where: by looking at everybody.

use super::{Job, Replay, Stage};
use crate::regions::random::Request;

impl Replay<'_> {
    pub fn bind(&self) -> Option<usize> {
        if !self.region.per_sep {
            return None;
        }
        let bound = |sep: usize| {
            self.jobs.values().filter(|job| job.bound == Some(sep) && job.stage != Stage::Removed).count()
        };
        // Those that are there before the others.
        (0..self.region.seps).min_by_key(|sep| (self.seps[*sep].gone, bound(*sep)))
    }

    pub fn limits(&self, request: &Request) -> Option<(u64, u64)> {
        self.region.limits.get(&request.transaction).copied()
    }

    pub fn of_class(&self, transaction: &str, stage: Stage) -> u64 {
        let of_class = self.jobs.values().filter(|job| job.request.transaction == transaction);
        of_class.filter(|job| job.stage == stage).count() as u64
    }

    pub fn active(&self, transaction: &str) -> u64 {
        [Stage::Dispatched, Stage::Begun, Stage::Held, Stage::Ending]
            .iter()
            .map(|stage| self.of_class(transaction, *stage))
            .sum()
    }

    pub fn is_open(&self, request: &Request) -> bool {
        self.limits(request).is_none_or(|(most, _)| self.active(&request.transaction) < most)
    }

    /// Whether a SEP runs this request at all.
    pub fn serves(&self, sep: usize, job: &Job<'_>) -> bool {
        if let Some(bound) = job.bound {
            return bound == sep;
        }
        if let Some(list) = self.region.initiators.get(sep) {
            return list.is_empty() || list.contains(&job.request.transaction);
        }
        let of = self.region.reserved.iter().find(|(_, seps)| seps.contains(&(sep + 1)));
        of.is_none_or(|(tag, _)| job.request.tag.as_ref() == Some(tag))
    }

    /// The best request that may run now on one of the SEPs.
    pub fn best_on(&self, seps: &[usize]) -> Option<u64> {
        let can = |number: &&u64| {
            let job = &self.jobs[*number];
            self.is_open(job.request) && seps.iter().any(|sep| self.serves(*sep, job))
        };
        let order = |number: &&u64| (self.jobs[*number].key, self.jobs[*number].joined);
        if let [sep] = seps
            && let Some(list) = self.region.initiators.get(*sep).filter(|list| !list.is_empty())
        {
            // The first class of its list that waits.
            return list.iter().find_map(|class| {
                let of_class = |number: &&u64| self.jobs[*number].request.transaction == *class;
                self.waiting.iter().filter(can).filter(of_class).min_by_key(order).copied()
            });
        }
        self.waiting.iter().filter(can).min_by_key(order).copied()
    }

    pub fn free(&self) -> Vec<usize> {
        (0..self.region.seps).filter(|sep| self.seps[*sep].free).collect()
    }

    pub fn best(&self) -> Option<u64> {
        // One SEP alone is asked what it would take; a call asks for all requests.
        let free = self.free();
        let mut best: Option<u64> = None;
        for sep in &free {
            let can = |number: &&u64| {
                let job = &self.jobs[*number];
                self.is_open(job.request) && self.serves(*sep, job)
            };
            let found = self.waiting.iter().filter(can).copied();
            best = best
                .into_iter()
                .chain(found)
                .min_by_key(|number| (self.jobs[number].key, self.jobs[number].joined));
        }
        best
    }

    /// The free SEP that a request gets.
    pub fn choose(&self, job: &Job<'_>, lowest: bool) -> usize {
        let reserved = |sep: &usize| self.region.reserved.iter().any(|(_, seps)| seps.contains(&(*sep + 1)));
        let mut free: Vec<usize> = self.free().into_iter().filter(|sep| self.serves(*sep, job)).collect();
        if free.iter().any(reserved) {
            free.retain(reserved);
        }
        let choice = if lowest { "lowest" } else { self.region.choice };
        let rank = |sep: &usize| match choice {
            "mru" => u64::MAX - self.seps[*sep].taken,
            "lru" => self.seps[*sep].taken,
            _ => 0,
        };
        free.into_iter().min_by_key(|sep| (rank(sep), *sep)).unwrap_or(usize::MAX)
    }
}
