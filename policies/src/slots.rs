//! What a policy remembers of each job, indexed by the job's slot.

use sim_core::policy::{Cpu, Slot};
use sim_core::units::{Span, Work};

/// A table that grows with the jobs in the system. Slots are used again: the policy resets an entry when a job
/// becomes ready as [`sim_core::policy::Why::Arrived`].
#[derive(Clone, Debug, Default)]
pub(crate) struct PerSlot<T> {
    table: Vec<T>,
}

impl<T: Clone + Default> PerSlot<T> {
    /// The entry of a job; a new one holds the default.
    #[inline]
    pub(crate) fn at(&mut self, slot: Slot) -> &mut T {
        let index = slot.0 as usize;
        if index >= self.table.len() {
            self.table.resize(index + 1, T::default());
        }
        &mut self.table[index]
    }

    /// The entry of a job, the default where there is none.
    #[inline]
    pub(crate) fn get(&self, slot: Slot) -> T {
        self.table.get(slot.0 as usize).cloned().unwrap_or_default()
    }
}

/// The time that `work` took on this processor: quanta are wall time, jobs report work.
#[inline]
pub(crate) fn time_of<K>(work: Work, cpu: &Cpu<'_, K>) -> Span {
    cpu.time_for(work)
}
