//! Cells on several threads.

use super::{Cells, Outcome, Prepared};
use crate::run::Watch;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// Models kept besides one for each thread.
const SPARE: usize = 2;

/// Runs cells in the order in which `next` gives them, on several threads (0: one a processor), until it gives none.
///
/// `prepare` makes a model, by its number; a few are kept, so that memory does not grow with the models. `done` gets each
/// result on the thread that found it, with the shape of its columns, in no particular order.
pub fn execute(
    cells: Cells,
    threads: usize,
    next: &(dyn Fn() -> Option<u64> + Sync),
    prepare: &(dyn Fn(u64) -> Prepared + Sync),
    done: &(dyn Fn(u64, u32, Outcome) + Sync),
    watch: Watch<'_>,
) {
    let work = |models: &Models<'_>| {
        while let Some(index) = next() {
            let prepared = models.get(cells.model(index));
            let outcome = prepared.run(cells.cell(index).replication, watch);
            done(index, prepared.columns.shape, outcome);
        }
    };
    #[cfg(feature = "threads")]
    if threads != 1
        && let Ok(pool) = rayon::ThreadPoolBuilder::new().num_threads(threads).build()
    {
        let models = Models::new(prepare, pool.current_num_threads() + SPARE);
        pool.broadcast(|_| work(&models));
        return;
    }
    let _ = threads;
    work(&Models::new(prepare, 1 + SPARE));
}

/// The models used last.
struct Models<'p> {
    prepare: &'p (dyn Fn(u64) -> Prepared + Sync),
    kept: Mutex<Vec<(u64, Slot)>>,
    most: usize,
}

/// Filled by the first thread that needs it; others wait for that one model, not for all.
type Slot = Arc<OnceLock<Prepared>>;

impl<'p> Models<'p> {
    fn new(prepare: &'p (dyn Fn(u64) -> Prepared + Sync), most: usize) -> Models<'p> {
        Models { prepare, kept: Mutex::new(Vec::with_capacity(most + 1)), most }
    }

    fn get(&self, model: u64) -> Kept {
        let slot = {
            let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
            let found = kept.iter().position(|(number, _)| *number == model).map(|at| kept.remove(at));
            let entry = found.unwrap_or_else(|| (model, Slot::default()));
            let slot = Arc::clone(&entry.1);
            kept.push(entry);
            if kept.len() > self.most {
                kept.remove(0);
            }
            slot
        };
        slot.get_or_init(|| (self.prepare)(model));
        Kept(slot)
    }
}

/// A model that has been prepared.
struct Kept(Slot);

impl std::ops::Deref for Kept {
    type Target = Prepared;

    fn deref(&self) -> &Prepared {
        self.0.get().expect("it was prepared before it was handed out")
    }
}
