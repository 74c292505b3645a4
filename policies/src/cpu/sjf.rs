//! Shortest job first: of the ready jobs the one with the shortest burst runs to its end.

use crate::def::{Build, Cost, Example, PolicyDef, Traits, cite};
use crate::keyed::{Keyed, OrderedBy};
use crate::predict::{self, Predicted};
use sim_core::policy::{Clairvoyant, CpuScheduler, Task};

pub(crate) static DEF: PolicyDef = PolicyDef {
    id: "sjf",
    title: "Shortest job first",
    definition: "The ready job with the shortest burst runs until its work is done or it blocks; a shorter job that \
                 arrives meanwhile waits. A burst is the work of one visit to the processor. Among equal bursts the \
                 earlier release goes first, then the place in the task list (tie rule equal_key = list: the place \
                 alone). With predictor=exponential the policy does not know bursts: it uses the exponential average \
                 of the earlier bursts of the same task, tau' = alpha * burst + (1 - alpha) * tau, as it stands when \
                 the job becomes ready.",
    rule: "shortest burst",
    tie: "earlier release, then place in the list",
    keys: &["burst (ns)"],
    keys_of: None,
    orders_by: None,
    draws: false,
    source: &[
        cite("Silberschatz, Galvin, Gagne: Operating System Concepts, 10th ed.", "5.3.2"),
        cite("Stallings: Operating Systems, Internals and Design Principles", "9.2, shortest process next"),
    ],
    params: &[predict::PREDICTOR, predict::ALPHA, predict::INITIAL],
    cost: Cost { arrive: "O(log n)", pick: "O(log n)", memory: "O(ready)" },
    traits: Traits { preemptive: false, clairvoyant: true, work_conserving: true, random: false },
    example: Example {
        unit: "ms",
        params: "",
        jobs: "P1 0 6 | P2 0 8 | P3 0 7 | P4 0 3",
        timeline: "P4 0-3 | P1 3-9 | P3 9-16 | P2 16-24",
    },
    build: Build::Scheduler(|params, _| {
        if predict::guesses(params) {
            CpuScheduler::picks(Predicted::<false>::new(params))
        } else {
            CpuScheduler::picks(Keyed::<ByBurst>::default())
        }
    }),
};

struct ByBurst;

impl OrderedBy for ByBurst {
    type Sees = Clairvoyant;
    const PREEMPTIVE: bool = false;

    #[inline]
    fn key(task: &Task<'_, Clairvoyant>) -> u64 {
        task.burst().0
    }
}
