//! Deadline monotonic: the task with the shorter relative deadline goes first.

use crate::def::{Build, Cost, Example, Input, PolicyDef, Traits, cite};
use crate::keyed::{Keyed, OrderedBy};
use sim_core::policy::{Blind, CpuScheduler, Task};

pub(crate) static DEF: PolicyDef = PolicyDef {
    id: "dm",
    title: "Deadline monotonic",
    definition: "Priorities are fixed by relative deadline: the jobs of the tasks with the shortest deadlines after \
                 their releases run, as many as there are cores. A job takes the core of a running one only if its \
                 relative deadline is strictly shorter; the running job with the longest gives way. Jobs without a \
                 deadline come last. On equal deadlines the running job stays; among waiting jobs the earlier release \
                 goes first, then the place in the task list (tie rule equal_key).",
    rule: "shortest relative deadline",
    tie: "running job stays; earlier release, then place in the list",
    keys: &["relative deadline (ns)"],
    keys_of: None,
    orders_by: Some(Input::Deadline),
    draws: false,
    source: &[
        cite(
            "Leung, Whitehead: On the complexity of fixed-priority scheduling of periodic, real-time tasks, 1982",
            "",
        ),
        cite("Buttazzo: Hard Real-Time Computing Systems, 3rd ed.", "4.5"),
    ],
    params: &[],
    cost: Cost { arrive: "O(log n)", pick: "O(log n)", memory: "O(ready)" },
    traits: Traits { preemptive: true, clairvoyant: false, work_conserving: true, random: false },
    example: Example {
        unit: "ms",
        params: "",
        jobs: "A 0 4 deadline=10 | B 1 2 deadline=4 | C 2 2 deadline=9",
        timeline: "A 0-1 | B 1-3 | C 3-5 | A 5-8",
    },
    build: Build::Scheduler(|_, _| CpuScheduler::picks(Keyed::<ByRelativeDeadline>::default())),
};

struct ByRelativeDeadline;

impl OrderedBy for ByRelativeDeadline {
    type Sees = Blind;
    const PREEMPTIVE: bool = true;

    #[inline]
    fn key(task: &Task<'_, Blind>) -> u64 {
        task.relative_deadline().0
    }
}
