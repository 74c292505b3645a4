//! Least attained service: the youngest jobs share the cores.

use crate::def::{Build, Cost, Example, PolicyDef, Traits, cite};
use sim_core::policy::{CpuScheduler, Sharing};

pub(crate) static DEF: PolicyDef = PolicyDef {
    id: "las",
    title: "Least attained service",
    definition: "The jobs that have been served least (in this visit to the processor) share the cores equally; all \
                 others wait until these have caught up with them. On one core this is foreground-background: a \
                 newcomer runs alone until it has had as much as the least served of the others, then with it. With \
                 more cores than such jobs the next least served group shares the cores left over.",
    rule: "least attained service",
    tie: "equal service shares equally",
    keys: &["no key"],
    keys_of: None,
    orders_by: None,
    draws: false,
    source: &[
        cite("Kleinrock: Queueing Systems, vol. 2, 1976", "4.6, foreground-background"),
        cite("Nuyens, Wierman: The foreground-background queue, a survey, 2008", ""),
    ],
    params: &[],
    cost: Cost { arrive: "O(log n)", pick: "-", memory: "O(present)" },
    traits: Traits { preemptive: true, clairvoyant: false, work_conserving: true, random: false },
    example: Example {
        unit: "ms",
        params: "",
        jobs: "P1 0 4 | P2 2 3",
        timeline: "P1 0-2 | P2 2-6 | P1 4-7",
    },
    build: Build::Scheduler(|_, _| CpuScheduler::Shares(Sharing::LeastAttained)),
};
