//! Earliest deadline first.

use crate::def::{Build, Cost, Example, Input, PolicyDef, Traits, cite};
use crate::keyed::{Keyed, OrderedBy};
use sim_core::policy::{Blind, CpuScheduler, Task};

pub(crate) static DEF: PolicyDef = PolicyDef {
    id: "edf",
    title: "Earliest deadline first",
    definition: "The jobs with the earliest absolute deadlines run, as many as there are cores (global EDF). A job \
                 takes the core of a running one only if its deadline is strictly earlier; the running job with the \
                 latest deadline gives way. Jobs without a deadline come last. On equal deadlines the running job stays; \
                 among waiting jobs the earlier release goes first, then the place in the task list (tie rule \
                 equal_key).",
    rule: "earliest absolute deadline",
    tie: "running job stays; earlier release, then place in the list",
    keys: &["absolute deadline (ns)"],
    keys_of: None,
    orders_by: Some(Input::Deadline),
    draws: false,
    source: &[
        cite(
            "Liu, Layland: Scheduling algorithms for multiprogramming in a hard-real-time environment, 1973",
            "7",
        ),
        cite("Buttazzo: Hard Real-Time Computing Systems, 3rd ed.", "4.4"),
    ],
    params: &[],
    cost: Cost { arrive: "O(log n)", pick: "O(log n)", memory: "O(ready)" },
    traits: Traits { preemptive: true, clairvoyant: false, work_conserving: true, random: false },
    example: Example {
        unit: "ms",
        params: "",
        jobs: "A 0 4 deadline=10 | B 1 2 deadline=4 | C 2 2 deadline=9",
        timeline: "A 0-1 | B 1-3 | A 3-6 | C 6-8",
    },
    build: Build::Scheduler(|_, _| CpuScheduler::picks(Keyed::<ByDeadline>::default())),
};

struct ByDeadline;

impl OrderedBy for ByDeadline {
    type Sees = Blind;
    const PREEMPTIVE: bool = true;

    #[inline]
    fn key(task: &Task<'_, Blind>) -> u64 {
        task.deadline().0
    }
}
