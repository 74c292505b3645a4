//! Rate monotonic: the task with the shorter period goes first.

use crate::def::{Build, Cost, Example, Input, PolicyDef, Traits, cite};
use crate::keyed::{Keyed, OrderedBy};
use sim_core::policy::{Blind, CpuScheduler, Task};

pub(crate) static DEF: PolicyDef = PolicyDef {
    id: "rm",
    title: "Rate monotonic",
    definition: "Priorities are fixed by period: the jobs of the tasks with the shortest periods run, as many as there \
                 are cores (global RM). A job takes the core of a running one only if its period is strictly shorter; the \
                 running job with the longest period gives way. Jobs without a period come last. On equal periods the \
                 running job stays; among waiting jobs the earlier release goes first, then the place in the task list \
                 (tie rule equal_key).",
    rule: "shortest period",
    tie: "running job stays; earlier release, then place in the list",
    keys: &["period (ns)"],
    keys_of: None,
    orders_by: Some(Input::Period),
    draws: false,
    source: &[
        cite(
            "Liu, Layland: Scheduling algorithms for multiprogramming in a hard-real-time environment, 1973",
            "4",
        ),
        cite("Silberschatz, Galvin, Gagne: Operating System Concepts, 10th ed.", "5.6.3"),
    ],
    params: &[],
    cost: Cost { arrive: "O(log n)", pick: "O(log n)", memory: "O(ready)" },
    traits: Traits { preemptive: true, clairvoyant: false, work_conserving: true, random: false },
    example: Example {
        unit: "ms",
        params: "",
        jobs: "P1 0 20 period=50 | P2 0 35 period=100 | P1 50 20 period=50",
        timeline: "P1 0-20 | P2 20-50 | P1 50-70 | P2 70-75",
    },
    build: Build::Scheduler(|_, _| CpuScheduler::picks(Keyed::<ByPeriod>::default())),
};

struct ByPeriod;

impl OrderedBy for ByPeriod {
    type Sees = Blind;
    const PREEMPTIVE: bool = true;

    #[inline]
    fn key(task: &Task<'_, Blind>) -> u64 {
        task.period().0
    }
}
