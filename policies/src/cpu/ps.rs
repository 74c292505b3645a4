//! Processor sharing: the ideal of round robin with a vanishing quantum.

use crate::def::{Build, Cost, Example, PolicyDef, Traits, cite};
use sim_core::policy::{CpuScheduler, Sharing};

pub(crate) static DEF: PolicyDef = PolicyDef {
    id: "ps",
    title: "Processor sharing",
    definition: "All jobs present share the cores equally: n jobs on c cores each run at rate min(1, c / n). Nobody \
                 waits, so there are no decisions, no switches and no ties. Jobs whose work ends at the same instant \
                 end in the order of their numbers.",
    rule: "all at once, at equal rates",
    tie: "none needed",
    keys: &["no key"],
    keys_of: None,
    orders_by: None,
    draws: false,
    source: &[
        cite("Kleinrock: Queueing Systems, vol. 2, 1976", "4.4"),
        cite("Tanenbaum, Bos: Modern Operating Systems", "ch. 2.4, exercise on multiprogrammed batch jobs"),
    ],
    params: &[],
    cost: Cost { arrive: "O(log n)", pick: "-", memory: "O(present)" },
    traits: Traits { preemptive: true, clairvoyant: false, work_conserving: true, random: false },
    example: Example { unit: "ms", params: "", jobs: "P1 0 4 | P2 0 2", timeline: "P1 0-6 | P2 0-4" },
    build: Build::Scheduler(|_, _| CpuScheduler::Shares(Sharing::Equal)),
};
