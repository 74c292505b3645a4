//! The validated, immutable input of a run.
//!
//! A model is what a scenario or a task list is compiled to. Everything in it is resolved: stations are indices,
//! programs are flat lists of operations, laws have their parameters. The fields are public because `scenarios` fills
//! them; [`Model::check`] holds the invariants that the engine relies on.

mod check;
mod tasks;

pub use self::tasks::{
    Death, Emit, Growth, Host, InstanceChoice, InstanceKind, InstanceState, Instances, Lane, Submit,
    TaskLimit, TaskOp, TaskOrder,
};
use crate::copies::Copies;
use crate::law::Law;
pub use crate::leaving::{OnTimeout, OutageEffect, Outages, Timeout, TimeoutUntil};
use crate::policy::{Balancer, CpuScheduler, ErasedBalancer};
use crate::ties::Ties;
use crate::units::{Ratio, Span, Time};
use crate::varying::Varying;
use std::fmt;
use std::sync::Arc;

/// Index of a processor in [`Model::processors`].
pub type ProcessorId = u32;
/// Index of a pool in [`Model::pools`].
pub type PoolId = u32;
/// An absolute place in [`Model::program`].
pub type Pc = u32;

/// When a run ends. With neither it ends when the sources run dry.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Stop {
    /// Nothing is released at or after this time; the run ends at it (ends of work at that very instant still count).
    pub after: Option<Time>,
    /// After this many releases in total the sources fall silent, and the run ends when the last job has left.
    pub jobs: Option<u64>,
}

/// What policies may know of a job besides its size.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Attributes {
    /// Place in the task list, or in the order of the sources: decides ties.
    pub place: u32,
    /// Index into [`Model::tasks`].
    pub task: u32,
    /// Priority number; its direction is a parameter of the policy.
    pub priority: i64,
    /// Unix nice value, -20 to 19.
    pub nice: i32,
    /// Lottery and stride tickets.
    pub tickets: u32,
    /// Weight of proportional-share policies.
    pub weight: u32,
    /// Deadline, relative to the release.
    pub deadline: Option<Span>,
    /// Period of a periodic task.
    pub period: Option<Span>,
    /// A job that is not done at its deadline is withdrawn there.
    pub abort_on_miss: bool,
}

impl Default for Attributes {
    fn default() -> Self {
        Attributes {
            place: 0,
            task: 0,
            priority: 0,
            nice: 0,
            tickets: 100,
            weight: 1024,
            deadline: None,
            period: None,
            abort_on_miss: false,
        }
    }
}

/// Which member of a group an operation means: `base + place of the job in register`.
///
/// Register 0 is always 0, so that single stations need no special case.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct StationRef {
    /// Index of the group's first member.
    pub base: u32,
    /// The register that holds the job's member of the group.
    pub register: u16,
}

/// Where an operation's size comes from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Draw {
    /// Drawn at the release from the class's stream, or given by the trace: the k-th value of the job.
    Given(u16),
    /// Drawn on the spot from the job's own stream, by the law with this index (inside `repeat` and `branch`).
    OnTheSpot(u16),
}

/// One operation of a job's program.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Op {
    /// Serve this much work at a processor.
    Work {
        /// The processor.
        station: StationRef,
        /// The amount.
        amount: Draw,
    },
    /// Take a token of a pool, or queue for one.
    Acquire {
        /// The pool.
        pool: StationRef,
    },
    /// Give the token back.
    Release {
        /// The pool.
        pool: StationRef,
    },
    /// Wait without using anything.
    Delay {
        /// How long.
        amount: Draw,
    },
    /// Ask a balancer for a server and remember it in the balancer's register.
    Balance {
        /// Index into [`Model::balancers`].
        balancer: u32,
    },
    /// Leave the server that the balancer chose.
    Leave {
        /// Index into [`Model::balancers`].
        balancer: u32,
    },
    /// Go on at one of several places, drawn by weight.
    Branch {
        /// Index into [`Model::branches`].
        table: u32,
    },
    /// Go on elsewhere.
    Jump {
        /// Where.
        to: Pc,
    },
    /// Draw how often the steps up to `end` are run; none: go on after `end`.
    RepeatStart {
        /// The counter used.
        counter: u16,
        /// The law of the count: a draw rounded to the nearest whole number.
        count: u16,
        /// The place of the matching [`Op::RepeatEnd`].
        end: Pc,
    },
    /// Count down; go back while something is left.
    RepeatEnd {
        /// The counter used.
        counter: u16,
        /// The first operation of the body.
        start: Pc,
    },
    /// Start children and wait until enough of them are done.
    Fork {
        /// Index into [`Model::forks`].
        table: u32,
    },
    /// A step around instances, answers and jobs that jobs make.
    Task(TaskOp),
    /// The end of a child.
    ChildExit,
    /// The end of the program.
    Exit,
}

/// The ways on from a [`Op::Branch`].
#[derive(Clone, PartialEq, Debug)]
pub struct BranchTable {
    /// Places with their integer weights; at least one is positive.
    pub ways: Vec<(u32, Pc)>,
}

/// The children of a [`Op::Fork`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ForkTable {
    /// Where each child starts; each ends in [`Op::ChildExit`]. Children lie out of line: after the [`Op::Exit`] (or
    /// [`Op::ChildExit`]) that ends the list of operations the fork stands in.
    pub children: Vec<Pc>,
    /// How many of them the parent waits for. The others go on to their ends on their own.
    pub need: u32,
}

/// A kind of job: its program, the laws of its sizes, and its own row in the results.
#[derive(Clone, Debug)]
pub struct Class {
    /// The name.
    pub name: String,
    /// Where its program starts.
    pub entry: Pc,
    /// The laws of the values that are drawn at each release, in order; empty for traces that bring their own.
    pub draws: Vec<Law>,
}

/// One release of a trace source.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TraceRow {
    /// When.
    pub at: Time,
    /// Where its program starts.
    pub entry: Pc,
    /// First of its values in [`TraceData::values`]; as many as the class has draws, or as the row's program uses.
    pub values: u32,
    /// How many values.
    pub count: u16,
    /// Index into [`Model::attributes`].
    pub attributes: u32,
    /// The client's key, see [`Source::clients`].
    pub client: u64,
}

/// The rows of a trace source, in order of release.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct TraceData {
    /// The rows, sorted by time; rows of one instant are released in this order.
    pub rows: Vec<TraceRow>,
    /// The sizes, referred to by the rows.
    pub values: Vec<u64>,
    /// A stretch of traffic that somebody observed, such as a log: other stretches would differ. Else the rows are all there are.
    pub is_sample: bool,
}

/// When a source releases jobs.
#[derive(Clone, Debug)]
pub enum Arrivals {
    /// Independent gaps by one law (Poisson: exponential); the first job comes one gap after the start.
    Renewal(Law),
    /// Gaps at a rate that changes over time.
    Varying(Arc<Varying>),
    /// A fixed number of customers: each thinks, is served, thinks again.
    Closed {
        /// How many customers.
        customers: u32,
        /// The law of think times; every customer starts by thinking.
        think: Law,
    },
    /// One job every period.
    Periodic {
        /// First release.
        offset: Span,
        /// Time between releases.
        period: Span,
        /// Number of releases; `None`: without end.
        count: Option<u64>,
    },
    /// Given releases.
    Trace(Arc<TraceData>),
    /// Given releases more often than once, or a part of them.
    Copies(Arc<Copies>),
}

/// Makes jobs. The order of the sources decides among releases of one instant.
#[derive(Clone, Debug)]
pub struct Source {
    /// The name.
    pub name: String,
    /// Index into [`Model::classes`].
    pub class: u32,
    /// When it releases jobs.
    pub arrivals: Arrivals,
    /// Index into [`Model::attributes`] (traces: of rows that have none of their own).
    pub attributes: u32,
    /// Number of distinct clients; each job's client key is drawn among them. 0: the job's number is its key.
    pub clients: u32,
    /// How long its clients wait for an answer; `None`: for ever.
    pub timeout: Option<Timeout>,
}

/// A scheduler as the scenario names it, ready to be built once for each processor and replication.
#[derive(Clone)]
pub struct SchedulerRef {
    /// As written: `round-robin:quantum=4ms`.
    pub spec: String,
    /// Makes a fresh one.
    pub build: Arc<dyn Fn(&Ties) -> CpuScheduler + Send + Sync>,
}

impl fmt::Debug for SchedulerRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SchedulerRef({})", self.spec)
    }
}

/// Makes a balancer for servers with the given weights.
pub type BuildBalancer = dyn Fn(&[u32]) -> Box<dyn ErasedBalancer> + Send + Sync;

/// A balancer policy as the scenario names it. The number of servers is known when it is built.
#[derive(Clone)]
pub struct BalancerRef {
    /// As written: `power-of-d:d=2`.
    pub spec: String,
    /// Makes a fresh one for the given weights (one a server).
    pub build: Arc<BuildBalancer>,
}

impl BalancerRef {
    /// A reference that clones one prepared balancer.
    pub fn of<B: Balancer + Clone + Sync>(spec: impl Into<String>, balancer: B) -> BalancerRef {
        BalancerRef { spec: spec.into(), build: Arc::new(move |_| Box::new(balancer.clone())) }
    }
}

impl fmt::Debug for BalancerRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BalancerRef({})", self.spec)
    }
}

/// A station with cores and one ready queue.
#[derive(Clone, Debug)]
pub struct Processor {
    /// The name: `cpu`, `web-3.cpu`.
    pub name: String,
    /// Index into [`Model::components`]; equal members of a group share one.
    pub component: u32,
    /// Number of cores.
    pub cores: u32,
    /// Speed of each core relative to nominal.
    pub speed: Ratio,
    /// Who decides which ready job runs next.
    pub scheduler: SchedulerRef,
    /// Cost of changing from one job to another, before the job's first instruction.
    pub context_switch: Span,
    /// Cost of carrying a decision out, before the switch.
    pub dispatch_latency: Span,
    /// A device: time there counts as blocked, not as processor time.
    pub device: bool,
    /// What the kernel costs, where events interrupt cores; `None`: decisions interrupt nobody and cost
    /// `context_switch` and `dispatch_latency`, which must be zero otherwise.
    pub interrupts: Option<Interrupts>,
}

/// Times of a kernel that handles events on the processor's own cores.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Interrupts {
    /// Saving a context: whenever a core turns from a job to the kernel, also when the job has ended.
    pub save: Span,
    /// Loading a context: whenever a core turns from the kernel to a job.
    pub load: Span,
    /// Handling the coming of a job.
    pub release: Span,
    /// Handling the going of a job.
    pub exit: Span,
    /// One run of the scheduler.
    pub decide: Span,
}

/// The order of a pool's queue.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum PoolOrder {
    /// First come, first served.
    #[default]
    Fifo,
    /// Lower priority number first, then first come.
    LowFirst,
    /// Higher priority number first, then first come.
    HighFirst,
}

/// A station with tokens that a job holds while it goes on elsewhere.
#[derive(Clone, Debug)]
pub struct Pool {
    /// The name: `workers`, `web-3.workers`.
    pub name: String,
    /// Index into [`Model::components`]; equal members of a group share one.
    pub component: u32,
    /// Number of tokens.
    pub size: u32,
    /// How many jobs may queue; one more is lost. `None`: no bound.
    pub queue: Option<u32>,
    /// The order of the queue.
    pub order: PoolOrder,
    /// The process that its tokens belong to, where that comes and goes.
    pub host: Option<Host>,
    /// What it has where its tokens have identity; there are as many as `size` says.
    pub instances: Option<Box<Instances>>,
}

/// What part of a response time a component stands for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ComponentKind {
    /// Waiting for, switching on and running on processors.
    Processor,
    /// The same at a device (blocked time).
    Device,
    /// Waiting for tokens.
    Pool,
    /// Delays.
    Delay,
    /// Waiting for children.
    Join,
}

/// A named part of response time: all members of a group count together.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Component {
    /// The name: `web.cpu`.
    pub name: String,
    /// What it is.
    pub kind: ComponentKind,
}

/// A set of equal or weighted servers behind a balancer.
#[derive(Clone, Debug)]
pub struct Group {
    /// The name.
    pub name: String,
    /// One weight a member.
    pub weights: Vec<u32>,
    /// First member of each of its processors (member i's processor is `base + i`).
    pub processors: Vec<ProcessorId>,
    /// First member of each of its pools.
    pub pools: Vec<PoolId>,
    /// When its servers fail; `None`: never.
    pub outages: Option<Outages>,
}

/// Decides which server of a group gets the job.
#[derive(Clone, Debug)]
pub struct BalancerSpec {
    /// The name.
    pub name: String,
    /// Index into [`Model::groups`].
    pub group: u32,
    /// The register that holds the job's member (1 or more).
    pub register: u16,
    /// The policy.
    pub policy: BalancerRef,
    /// How long a server must have been down before this balancer stops sending to it, and how long it must have been
    /// back before it sends to it again. `None`: it never learns.
    pub detection: Option<Span>,
}

/// Work that a job will bring to the server it is sent to: for balancers that know sizes. In a model these are sorted by
/// place. Children's work counts, and is booked when their parent leaves the server.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OwedWork {
    /// The place of the [`Op::Balance`].
    pub at: Pc,
    /// The given values that will be served at the chosen server's processors.
    pub draws: Vec<u16>,
}

/// A complete model.
#[derive(Clone, Debug)]
pub struct Model {
    /// The scenario's name.
    pub name: String,
    /// Root of all random streams.
    pub seed: u64,
    /// When the run ends.
    pub stop: Stop,
    /// Jobs released before this time are not measured, and time averages start at it.
    pub warmup: Time,
    /// Tie rules.
    pub ties: Ties,
    /// The operations of all programs.
    pub program: Vec<Op>,
    /// Laws that are drawn on the spot.
    pub laws: Vec<Law>,
    /// Number of counters a job needs.
    pub counters: u16,
    /// Number of registers a job needs, register 0 included.
    pub registers: u16,
    /// Ways on of branches.
    pub branches: Vec<BranchTable>,
    /// Children of forks.
    pub forks: Vec<ForkTable>,
    /// What balancers that know sizes are told, by place of the operation.
    pub owed: Vec<OwedWork>,
    /// Kinds of jobs.
    pub classes: Vec<Class>,
    /// Where jobs come from.
    pub sources: Vec<Source>,
    /// Attributes, shared by jobs.
    pub attributes: Vec<Attributes>,
    /// Names of tasks: rows of a task list, or sources.
    pub tasks: Vec<String>,
    /// Stations with cores.
    pub processors: Vec<Processor>,
    /// Stations with tokens.
    pub pools: Vec<Pool>,
    /// Parts of response time.
    pub components: Vec<Component>,
    /// Server groups.
    pub groups: Vec<Group>,
    /// Balancers.
    pub balancers: Vec<BalancerSpec>,
    /// Where jobs enter queues for instances.
    pub submits: Vec<Submit>,
    /// Jobs that jobs make.
    pub emits: Vec<Emit>,
    /// Names of calls.
    pub calls: Vec<String>,
    /// How jobs can end beside their status; the first one is `ok`.
    pub outcomes: Vec<String>,
    /// Periods of controllers.
    pub periods: Vec<Span>,
}

/// An invariant that the model breaks. The scenario front end reports such mistakes with their place; reaching this
/// is a mistake of whoever built the model in code.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("invalid model: {0}")]
pub struct ModelError(pub String);

impl Model {
    /// An empty model to be filled.
    pub fn new(name: impl Into<String>) -> Model {
        Model {
            name: name.into(),
            seed: 1,
            stop: Stop::default(),
            warmup: Time::ZERO,
            ties: Ties::default(),
            program: Vec::new(),
            laws: Vec::new(),
            counters: 0,
            registers: 1,
            branches: Vec::new(),
            forks: Vec::new(),
            owed: Vec::new(),
            classes: Vec::new(),
            sources: Vec::new(),
            attributes: Vec::new(),
            tasks: Vec::new(),
            processors: Vec::new(),
            pools: Vec::new(),
            components: Vec::new(),
            groups: Vec::new(),
            balancers: Vec::new(),
            submits: Vec::new(),
            emits: Vec::new(),
            calls: Vec::new(),
            outcomes: Vec::new(),
            periods: Vec::new(),
        }
    }

    /// Whether any job is dispatched to an instance, answers before its end or makes others.
    pub fn has_tasks(&self) -> bool {
        self.program.iter().any(|op| matches!(op, Op::Task(_)))
    }

    /// Number of cores over all processors.
    pub fn cores(&self) -> u64 {
        self.processors.iter().map(|p| u64::from(p.cores)).sum()
    }
}
