//! Preemptive shortest job first: priority to the job whose burst was shortest at the start, whatever is left of it.

use crate::def::{Build, Cost, Example, PolicyDef, Traits, cite};
use crate::keyed::{Keyed, OrderedBy};
use sim_core::policy::{Clairvoyant, CpuScheduler, Task};

pub(crate) static DEF: PolicyDef = PolicyDef {
    id: "psjf",
    title: "Preemptive shortest job first",
    definition: "The job with the shortest burst runs, where a burst counts in full however much of it has been \
                 served. A newcomer takes the core of a running job only if its burst is strictly shorter; on several \
                 cores the running job with the longest burst gives way. On equal bursts the running job stays; among \
                 waiting jobs the earlier release goes first, then the place in the task list (tie rule equal_key).",
    rule: "shortest original burst",
    tie: "running job stays; earlier release, then place in the list",
    keys: &["burst (ns)"],
    keys_of: None,
    orders_by: None,
    draws: false,
    source: &[cite("Harchol-Balter: Performance Modeling and Design of Computer Systems, 2013", "32.3")],
    params: &[],
    cost: Cost { arrive: "O(log n)", pick: "O(log n)", memory: "O(ready)" },
    traits: Traits { preemptive: true, clairvoyant: true, work_conserving: true, random: false },
    example: Example {
        unit: "ms",
        params: "",
        jobs: "P1 0 8 | P2 1 4 | P3 2 3 | P4 6 7",
        timeline: "P1 0-1 | P2 1-2 | P3 2-5 | P2 5-8 | P4 8-15 | P1 15-22",
    },
    build: Build::Scheduler(|_, _| CpuScheduler::picks(Keyed::<ByBurst>::default())),
};

struct ByBurst;

impl OrderedBy for ByBurst {
    type Sees = Clairvoyant;
    const PREEMPTIVE: bool = true;

    #[inline]
    fn key(task: &Task<'_, Clairvoyant>) -> u64 {
        task.burst().0
    }
}
