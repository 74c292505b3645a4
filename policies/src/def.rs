//! A policy as data: one record feeds the help, the validation, the controls of the GUI, the book and the tests.

use crate::params::{ParamDef, Params};
use sim_core::policy::{CpuScheduler, ErasedBalancer};
use sim_core::ties::Ties;

/// What a policy decides. An id is unique within its layer.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Layer {
    /// Which ready job runs next on a processor.
    Scheduler,
    /// Which server of a group gets a request.
    Balancer,
}

impl Layer {
    /// The word used in messages and file formats.
    pub fn word(self) -> &'static str {
        match self {
            Layer::Scheduler => "scheduler",
            Layer::Balancer => "balancer",
        }
    }
}

/// Where a definition comes from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Citation {
    /// Book, paper, or product with its version.
    pub work: &'static str,
    /// Chapter, section, file or option; may be empty.
    pub place: &'static str,
}

/// A citation.
pub const fn cite(work: &'static str, place: &'static str) -> Citation {
    Citation { work, place }
}

/// What jobs and servers are ordered by that an input may leave out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Input {
    /// Priority numbers of jobs.
    Priority,
    /// Tickets of jobs.
    Tickets,
    /// Periods of tasks.
    Period,
    /// Deadlines of jobs.
    Deadline,
    /// Weights of servers.
    Weight,
}

/// What decisions cost a real implementation of this design, and this one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Cost {
    /// When a job arrives.
    pub arrive: &'static str,
    /// When a job is picked.
    pub pick: &'static str,
    /// Memory.
    pub memory: &'static str,
}

/// Properties that the invariant tests hold the policy to.
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent yes-or-no properties, named where they are set"
)]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Traits {
    /// A newcomer can take the core of a running job (a quantum alone does not count).
    pub preemptive: bool,
    /// It uses the sizes of jobs.
    pub clairvoyant: bool,
    /// No core idles while a job is ready.
    pub work_conserving: bool,
    /// It draws random numbers.
    pub random: bool,
}

/// A runnable example: the documentation shows it and a test runs it.
///
/// Schedulers: `jobs` are `name arrival work [key=value ...]`, separated by `|`, in `unit`; `timeline` is
/// `name start-end` for each stretch on the single core, separated by `|`, adjacent stretches of one job merged.
/// Balancers: `jobs` is the same list, sent to three servers `a`, `b`, `c` of one first-come-first-served core each;
/// `timeline` is the sequence of servers picked, `a b c a`. Written `weights=5:1:1` in front of the jobs, separated by
/// `|`, the servers have these weights.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Example {
    /// Unit of all times.
    pub unit: &'static str,
    /// Parameters, as after the colon of a policy spec; may be empty.
    pub params: &'static str,
    /// The jobs.
    pub jobs: &'static str,
    /// What must come out.
    pub timeline: &'static str,
}

/// How a policy is made. The functions get parameters that have been checked against [`PolicyDef::params`].
#[derive(Clone, Copy)]
pub enum Build {
    /// A scheduler for one processor.
    Scheduler(fn(&Params, &Ties) -> CpuScheduler),
    /// A balancer for servers with the given weights.
    Balancer(fn(&Params, &[u32]) -> Box<dyn ErasedBalancer>),
}

/// Everything there is to know of a policy.
pub struct PolicyDef {
    /// The name in files and on the command line: kebab-case, unique within its layer.
    pub id: &'static str,
    /// The name in prose.
    pub title: &'static str,
    /// The exact definition, ties included, as whole sentences.
    pub definition: &'static str,
    /// The rule in a few words: "least remaining work".
    pub rule: &'static str,
    /// What decides on equal keys, in a few words: "earlier release, then place in the list".
    pub tie: &'static str,
    /// Names of the parts of [`sim_core::trace::Key`] with their units: `remaining (ns)`, `ratio (billionths)`. The smaller
    /// goes first; what is best when greatest is negated and named `minus the ...`, and explanations negate it back. Units are `(ns)`,
    /// `(billionths)`, `(2^-64)`, and `(/N)` for what is kept in parts of N.
    pub keys: &'static [&'static str],
    /// The same where they depend on the parameters; `None`: always as in `keys`.
    pub keys_of: Option<fn(&Params) -> Vec<String>>,
    /// What of a job or server it orders by beyond what each of them has; without it the tie rule decides alone.
    pub orders_by: Option<Input>,
    /// Chance decides, whatever the keys are: no tie rule has a part in it.
    pub draws: bool,
    /// Where it comes from.
    pub source: &'static [Citation],
    /// Parameters in the order in which they are shown.
    pub params: &'static [ParamDef],
    /// What decisions cost.
    pub cost: Cost,
    /// Properties.
    pub traits: Traits,
    /// A runnable example.
    pub example: Example,
    /// How it is made; also says which layer it belongs to.
    pub build: Build,
}

impl PolicyDef {
    /// What it decides.
    pub fn layer(&self) -> Layer {
        match self.build {
            Build::Scheduler(_) => Layer::Scheduler,
            Build::Balancer(_) => Layer::Balancer,
        }
    }
}

impl std::fmt::Debug for PolicyDef {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PolicyDef({} {})", self.layer().word(), self.id)
    }
}
