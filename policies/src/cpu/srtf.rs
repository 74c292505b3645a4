//! Shortest remaining time first: shortest job first that lets a shorter newcomer take the core.

use crate::def::{Build, Cost, Example, PolicyDef, Traits, cite};
use crate::keyed::{Keyed, OrderedBy};
use crate::predict::{self, Predicted};
use sim_core::policy::{Clairvoyant, CpuScheduler, Task};

pub(crate) static DEF: PolicyDef = PolicyDef {
    id: "srtf",
    title: "Shortest remaining time first",
    definition: "The job with the least remaining work of its burst runs. A newcomer takes the core of a running job \
                 only if its burst is strictly shorter than what remains of the other; on several cores the running \
                 job with the most remaining work gives way. On equal remaining work the running job stays; among \
                 waiting jobs the earlier release goes first, then the place in the task list (tie rule equal_key). \
                 With predictor=exponential remaining work is guessed: the exponential average of the task's earlier \
                 bursts, minus what this burst has been served, at least 0.",
    rule: "least remaining work",
    tie: "running job stays; earlier release, then place in the list",
    keys: &["remaining (ns)"],
    keys_of: None,
    orders_by: None,
    draws: false,
    source: &[
        cite("Silberschatz, Galvin, Gagne: Operating System Concepts, 10th ed.", "5.3.2"),
        cite("Arpaci-Dusseau: Operating Systems, Three Easy Pieces", "ch. 7, STCF"),
        cite(
            "Schrage: A proof of the optimality of the shortest remaining processing time discipline, 1968",
            "",
        ),
    ],
    params: &[predict::PREDICTOR, predict::ALPHA, predict::INITIAL],
    cost: Cost { arrive: "O(log n)", pick: "O(log n)", memory: "O(ready)" },
    traits: Traits { preemptive: true, clairvoyant: true, work_conserving: true, random: false },
    example: Example {
        unit: "ms",
        params: "",
        jobs: "P1 0 8 | P2 1 4 | P3 2 9 | P4 3 5",
        timeline: "P1 0-1 | P2 1-5 | P4 5-10 | P1 10-17 | P3 17-26",
    },
    build: Build::Scheduler(|params, _| {
        if predict::guesses(params) {
            CpuScheduler::picks(Predicted::<true>::new(params))
        } else {
            CpuScheduler::picks(Keyed::<ByRemaining>::default())
        }
    }),
};

struct ByRemaining;

impl OrderedBy for ByRemaining {
    type Sees = Clairvoyant;
    const PREEMPTIVE: bool = true;

    #[inline]
    fn key(task: &Task<'_, Clairvoyant>) -> u64 {
        task.remaining().0
    }
}
