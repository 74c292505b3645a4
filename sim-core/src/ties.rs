//! Tie rules: what happens when two things are equal or happen at the same instant.
//!
//! Most disputes about "the right answer" of a scheduling exercise are about these rules, so each has a name, a
//! default and a place in every result. The first value of each is the default (preset `textbook`).

/// Who joins the ready queue first when a quantum ends at the instant of an arrival.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum QuantumEnd {
    /// The arrival queues before the job whose quantum ended (Stallings, most exam keys).
    #[default]
    ArrivalFirst,
    /// The job whose quantum ended queues first (OSTEP's `mlfq.py`).
    PreemptedFirst,
}

/// Order among jobs that arrive at the same instant.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum SameArrival {
    /// Place in the task list, then order of the sources.
    #[default]
    List,
    /// Better priority first, then place in the list.
    Priority,
}

/// Who goes first on equal keys (equal remaining time, equal deadline, equal priority).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum EqualKey {
    /// The running job stays; among waiting jobs the earlier release, then the place in the list.
    #[default]
    RunningStays,
    /// The earlier release, which may displace the running job; then the place in the list.
    EarlierRelease,
    /// The place in the list, which may displace the running job.
    List,
}

/// Where a preempted job rejoins its queue (policies with first-in-first-out queues).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum PreemptedTo {
    /// The tail of its queue.
    #[default]
    Tail,
    /// The head of its queue (POSIX, OSTEP's `mlfq.py`).
    Head,
}

/// How much of its quantum a preempted job gets when it runs again.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum ResumeQuantum {
    /// A fresh quantum.
    #[default]
    Fresh,
    /// What was left of the old one.
    Remainder,
}

/// Whether a periodic boost comes before or after arrivals of the same instant.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Boost {
    /// After arrivals.
    #[default]
    AfterArrivals,
    /// Before arrivals (OSTEP's `mlfq.py`).
    BeforeArrivals,
}

/// Whether jobs back from I/O queue before or after arrivals of the same instant.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum IoReturn {
    /// Before arrivals: completions come first.
    #[default]
    BeforeArrivals,
    /// After arrivals (OSTEP's `mlfq.py`, where starts were scheduled before any I/O).
    AfterArrivals,
}

/// Whether something that expires at an instant can still be used at it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Expiry {
    /// Usable at the very instant.
    #[default]
    Inclusive,
    /// Gone at the very instant.
    Exclusive,
}

/// Which of several idle cores takes a job.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum IdleCore {
    /// The lowest index.
    #[default]
    Lowest,
    /// The core the job ran on last if it is idle, else the lowest index.
    LastUsed,
    /// A uniform draw.
    Random,
}

/// Whether switch costs are paid for a core's first dispatch and for dispatching the same job again.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum FirstSwitch {
    /// Paid at every dispatch.
    #[default]
    Charged,
    /// Free at the core's first dispatch and when the job is the one that ran there last.
    Free,
    /// Paid at the core's first dispatch, free when the job is the one that ran there last.
    FirstOnly,
}

/// All tie rules of a run.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Ties {
    /// See [`QuantumEnd`].
    pub quantum_end: QuantumEnd,
    /// See [`SameArrival`].
    pub same_arrival: SameArrival,
    /// See [`EqualKey`].
    pub equal_key: EqualKey,
    /// See [`PreemptedTo`].
    pub preempted_to: PreemptedTo,
    /// See [`ResumeQuantum`].
    pub resume_quantum: ResumeQuantum,
    /// See [`Boost`].
    pub boost: Boost,
    /// See [`IoReturn`].
    pub io_return: IoReturn,
    /// See [`Expiry`].
    pub expiry: Expiry,
    /// See [`IdleCore`].
    pub idle_core: IdleCore,
    /// See [`FirstSwitch`].
    pub first_switch: FirstSwitch,
}

/// One tie rule as data: for help texts, validation and controls.
pub struct TieRule {
    /// The key in `[ties]` and `--ties`.
    pub key: &'static str,
    /// The allowed values, default first.
    pub values: &'static [&'static str],
    /// What the rule decides, in one sentence.
    pub help: &'static str,
}

/// Every tie rule, in the order in which results print them.
pub const RULES: &[TieRule] = &[
    TieRule {
        key: "quantum_end",
        values: &["arrival-first", "preempted-first"],
        help: "who queues first when a quantum ends at the instant of an arrival",
    },
    TieRule {
        key: "same_arrival",
        values: &["list", "priority"],
        help: "order among jobs that arrive at one instant",
    },
    TieRule {
        key: "equal_key",
        values: &["running-stays", "earlier-release", "list"],
        help: "who goes first on equal keys",
    },
    TieRule {
        key: "preempted_to",
        values: &["tail", "head"],
        help: "where a preempted job rejoins its queue",
    },
    TieRule {
        key: "resume_quantum",
        values: &["fresh", "remainder"],
        help: "how much of its quantum a preempted job gets when it runs again",
    },
    TieRule {
        key: "boost",
        values: &["after-arrivals", "before-arrivals"],
        help: "whether a periodic boost comes after or before arrivals of the same instant",
    },
    TieRule {
        key: "io_return",
        values: &["before-arrivals", "after-arrivals"],
        help: "whether jobs back from I/O queue before or after arrivals of the same instant",
    },
    TieRule {
        key: "expiry",
        values: &["inclusive", "exclusive"],
        help: "whether something that expires at an instant can still be used at it",
    },
    TieRule {
        key: "idle_core",
        values: &["lowest", "last-used", "random"],
        help: "which of several idle cores takes a job",
    },
    TieRule {
        key: "first_switch",
        values: &["charged", "free", "first-only"],
        help: "whether switch costs are paid at a core's first dispatch and for the same job again",
    },
];

/// Names of the presets, default first.
pub const PRESETS: &[&str] = &["textbook", "ostep-mlfq", "simso"];

impl Ties {
    /// A preset by name.
    pub fn preset(name: &str) -> Option<Ties> {
        match name {
            "textbook" => Some(Ties::default()),
            // mlfq.py requeues the expired job, then boosts, then takes arrivals, then I/O returns.
            "ostep-mlfq" => Some(Ties {
                quantum_end: QuantumEnd::PreemptedFirst,
                preempted_to: PreemptedTo::Head,
                resume_quantum: ResumeQuantum::Remainder,
                boost: Boost::BeforeArrivals,
                io_return: IoReturn::AfterArrivals,
                ..Ties::default()
            }),
            // SimSo's EDF_mono and RM_mono: the earlier activation wins and may displace the running job.
            "simso" => Some(Ties { equal_key: EqualKey::EarlierRelease, ..Ties::default() }),
            _ => None,
        }
    }

    /// Sets one rule by its written names; `false` where the key or the value does not exist.
    #[must_use]
    pub fn set(&mut self, key: &str, value: &str) -> bool {
        let Some(rule) = RULES.iter().find(|rule| rule.key == key) else { return false };
        let Some(index) = rule.values.iter().position(|v| *v == value) else { return false };
        let second = index == 1;
        match key {
            "quantum_end" => {
                self.quantum_end = if second { QuantumEnd::PreemptedFirst } else { QuantumEnd::ArrivalFirst };
            }
            "same_arrival" => {
                self.same_arrival = if second { SameArrival::Priority } else { SameArrival::List }
            }
            "equal_key" => {
                self.equal_key = [EqualKey::RunningStays, EqualKey::EarlierRelease, EqualKey::List][index];
            }
            "preempted_to" => self.preempted_to = if second { PreemptedTo::Head } else { PreemptedTo::Tail },
            "resume_quantum" => {
                self.resume_quantum = if second { ResumeQuantum::Remainder } else { ResumeQuantum::Fresh };
            }
            "boost" => self.boost = if second { Boost::BeforeArrivals } else { Boost::AfterArrivals },
            "io_return" => {
                self.io_return = if second { IoReturn::AfterArrivals } else { IoReturn::BeforeArrivals };
            }
            "expiry" => self.expiry = if second { Expiry::Exclusive } else { Expiry::Inclusive },
            "idle_core" => self.idle_core = [IdleCore::Lowest, IdleCore::LastUsed, IdleCore::Random][index],
            _ => {
                self.first_switch = [FirstSwitch::Charged, FirstSwitch::Free, FirstSwitch::FirstOnly][index];
            }
        }
        true
    }

    /// Every rule with its value, in the order of [`RULES`].
    pub fn entries(&self) -> [(&'static str, &'static str); 10] {
        let chosen = [
            self.quantum_end as usize,
            self.same_arrival as usize,
            self.equal_key as usize,
            self.preempted_to as usize,
            self.resume_quantum as usize,
            self.boost as usize,
            self.io_return as usize,
            self.expiry as usize,
            self.idle_core as usize,
            self.first_switch as usize,
        ];
        std::array::from_fn(|i| (RULES[i].key, RULES[i].values[chosen[i]]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_can_be_set_and_read_back() {
        for (i, rule) in RULES.iter().enumerate() {
            for value in rule.values {
                let mut ties = Ties::default();
                assert!(ties.set(rule.key, value));
                assert_eq!(ties.entries()[i], (rule.key, *value));
            }
            assert_eq!(Ties::default().entries()[i].1, rule.values[0], "the first value is the default");
        }
        assert!(!Ties::default().set("quantum_end", "coin"));
        assert!(!Ties::default().set("nothing", "list"));
    }

    #[test]
    fn every_preset_exists() {
        for name in PRESETS {
            assert!(Ties::preset(name).is_some(), "{name}");
        }
    }
}
