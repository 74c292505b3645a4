//! Instances, and the steps of jobs that are dispatched to them by a call: the part of a model that transaction regions,
//! and whatever else hands work to processes that are asked for it, are built from.
//!
//! A pool with [`Instances`] has tokens with identity. Jobs queue for them in *lanes*; who serves which lanes is said by the
//! *kind* of an instance. A job that asks for one ([`TaskOp::Submit`]) is *carried*: a job of the system's own goes
//! through stations on its behalf, enters it into the queue ([`TaskOp::Enqueue`]) and may hand out an instance, to this job
//! or to a better one ([`TaskOp::Invoke`]). An instance whose task is done takes the next itself ([`TaskOp::Next`]).

use super::{Draw, ModelError, Pc, PoolId, StationRef};
use crate::units::{Span, Time};

/// What a pool with identity has beside its number of tokens.
#[derive(Clone, Debug, Default)]
pub struct Instances {
    /// Queues, each for jobs that the same instances serve and the same limit holds for.
    pub lanes: Vec<Lane>,
    /// What instances serve.
    pub kinds: Vec<InstanceKind>,
    /// The kind of each instance.
    pub kind_of: Vec<u32>,
    /// The register in which a job keeps its instance; 0: in none.
    pub register: u16,
    /// The order among those that wait; within equal keys first come, first served.
    pub order: TaskOrder,
    /// Which free instance is taken.
    pub choice: InstanceChoice,
    /// Limits of classes of tasks.
    pub limits: Vec<TaskLimit>,
    /// A job is bound, when it queues, to the instance with the fewest jobs bound to it, and waits for that one alone: there is
    /// a kind for each instance, and instead of each lane that jobs name one for each instance, in that order.
    pub bound: bool,
    /// Nobody queues: whoever finds no instance is refused, with this outcome.
    pub refuses: Option<u16>,
    /// The program of the notice that an instance sends when its task is done, where it does not take the next itself.
    pub notice: Option<Pc>,
    /// How many instances are there from the start; the others are absent until they are started.
    pub up: u32,
    /// When another one is started.
    pub growth: Option<Growth>,
    /// Hands an instance to a job, for a call that is made by nobody in particular (recovery).
    pub invoke: Pc,
    /// Takes stock of instances that have died or been taken out: ends in [`TaskOp::Recover`].
    pub recover: Pc,
    /// An instance comes up after the job's first value, and takes its first task.
    pub back: Pc,
    /// How long after the recovery an instance that was taken out is there again; `None`: never.
    pub restart: Option<Span>,
    /// Processes: what dies together. In order; every instance is in one.
    pub processes: Vec<Vec<u32>>,
    /// How long after the recovery a process is there again; `None`: never.
    pub process_restart: Option<Span>,
    /// Processes that die.
    pub deaths: Vec<Death>,
    /// A task that was begun where a process died begins anew in its old place; otherwise it is lost.
    pub requeue: bool,
    /// The period of the check for what is missing; `None`: nothing is looked for.
    pub check: Option<Span>,
    /// The how-manieth check notices a death that nobody has seen.
    pub misses: u32,
    /// Outcomes of jobs that are lost to a death, and of those that leave with their clients.
    pub lost: u16,
    /// See [`lost`](Instances::lost).
    pub disconnected: u16,
}

impl Instances {
    /// Checks that everything named here is there. `len`: of the program.
    pub(super) fn check(&self, len: usize) -> Result<(), ModelError> {
        let size = self.kind_of.len();
        let programs = [Some(self.invoke), Some(self.recover), Some(self.back), self.notice];
        let in_range = self.kind_of.iter().all(|kind| (*kind as usize) < self.kinds.len())
            && self.kinds.iter().flat_map(|kind| &kind.lanes).all(|lane| (*lane as usize) < self.lanes.len())
            && self.lanes.iter().flat_map(|lane| &lane.kinds).all(|kind| (*kind as usize) < self.kinds.len())
            && self.lanes.iter().all(|lane| lane.limit.is_none_or(|id| (id as usize) < self.limits.len()))
            && self.processes.iter().flatten().all(|instance| (*instance as usize) < size)
            && self.deaths.iter().all(|death| (death.process as usize) < self.processes.len())
            && self.up as usize <= size
            && (!self.bound || size > 0 && self.lanes.len().is_multiple_of(size))
            && programs.into_iter().flatten().all(|pc| (pc as usize) < len);
        if in_range { Ok(()) } else { Err(ModelError("instances name what is not there".to_owned())) }
    }
}

/// A queue for instances.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lane {
    /// Index into [`Instances::limits`].
    pub limit: Option<u32>,
    /// Kinds that serve it: the best free instance of any of them is taken.
    pub kinds: Vec<u32>,
    /// One of the first kind is taken first.
    pub own: bool,
}

/// What an instance serves.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InstanceKind {
    /// Its lanes.
    pub lanes: Vec<u32>,
    /// The first lane that has somebody; otherwise the best job over all of them.
    pub in_order: bool,
}

/// The order among jobs that wait for an instance.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TaskOrder {
    /// First come, first served.
    #[default]
    Fifo,
    /// Higher priority number first.
    Priority,
    /// Time of queueing minus priority times this span, least first: a static key.
    Ageing(Span),
    /// Earliest deadline first; none is last.
    Deadline,
}

/// Which of several free instances is taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum InstanceChoice {
    /// The lowest number.
    #[default]
    Lowest,
    /// The one that was taken last.
    MostRecent,
    /// The one that has been left alone longest.
    LeastRecent,
}

/// A limit of a class of tasks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TaskLimit {
    /// How many may be between dispatch and removal.
    pub active: Option<u32>,
    /// Whoever would have to wait while one less than this wait already is refused, with this outcome.
    pub purge: Option<(u32, u16)>,
}

/// When another instance is started: an entry into the queue finds more than so many waiting for each that is up or coming.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Growth {
    /// Waiting jobs an instance may have.
    pub waiting: u32,
    /// How long it takes to start.
    pub start: Span,
}

/// A process that dies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Death {
    /// When.
    pub at: Time,
    /// Index into [`Instances::processes`].
    pub process: u32,
    /// Seen at once, or by the periodic check.
    pub local: bool,
}

/// The life of the process that a pool's tokens belong to: it is started on demand, and ends when nobody needs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Host {
    /// How long it takes to start.
    pub cold_start: Span,
    /// It ends when it has been empty for so long; `None`: never.
    pub idle_timeout: Option<Span>,
    /// It is replaced when it has been ready for so long; `None`: never.
    pub recycle: Option<Span>,
    /// Its successor starts beside it, which serves on until then; otherwise it finishes what its tokens have, and ends.
    pub overlap: bool,
    /// Whether it is ready at the start.
    pub ready: bool,
    /// The outcome of those that its queue turns away.
    pub refused: u16,
}

/// Where a job enters a queue for instances.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Submit {
    /// The pool with instances.
    pub pool: PoolId,
    /// The program of the job that carries it.
    pub carrier: Pc,
    /// The lane (any, where jobs are bound to instances).
    pub lane: u32,
    /// Its priority; `None`: that of its attributes.
    pub priority: Option<i64>,
    /// Where it goes on when an instance was sent to it.
    pub resume: Pc,
    /// Where it goes on when an instance took it itself.
    pub pulled: Pc,
    /// Where it goes on when it is over without an end of its own: behind [`TaskOp::Next`].
    pub after: Pc,
    /// The first call that hands it an instance never arrives.
    pub lose_call: bool,
    /// The key of its session; `None`: the client's.
    pub session: Option<u64>,
    /// Processor time that it may use between two answers, and where it goes on when it has used that.
    pub budget: Option<(u64, Pc)>,
    /// How long after its beginning its client leaves.
    pub disconnect: Option<Draw>,
}

/// A job that another one makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Emit {
    /// Index into [`super::Model::classes`].
    pub class: u32,
    /// Index into [`super::Model::attributes`].
    pub attributes: u32,
    /// Where its program starts.
    pub entry: Pc,
    /// How long after now.
    pub after: Draw,
    /// The pool with instances of the region that it comes to.
    pub pool: PoolId,
    /// The way that it takes: the program of the job that waits for it, ending in [`TaskOp::Arise`].
    pub way: Pc,
    /// It arrives as think times end, behind the sources; otherwise as timers do.
    pub thinks: bool,
}

/// What an instance is doing, in its books.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
#[repr(u8)]
pub enum InstanceState {
    /// Not there.
    Absent,
    /// Dispatched, and the task has not begun.
    Starting,
    /// Without a task.
    Free,
    /// It executes, or waits for a core.
    Executing,
    /// It is held for its client.
    Held,
    /// Its task waits for a lock.
    Blocked,
    /// From the end output to the removal of the request.
    Ending,
    /// Given to a task that the call never reached.
    Leaked,
}

impl InstanceState {
    /// All of them.
    pub const ALL: [InstanceState; 8] = [
        InstanceState::Absent,
        InstanceState::Starting,
        InstanceState::Free,
        InstanceState::Executing,
        InstanceState::Held,
        InstanceState::Blocked,
        InstanceState::Ending,
        InstanceState::Leaked,
    ];

    /// The word used in results.
    pub fn word(self) -> &'static str {
        match self {
            InstanceState::Absent => "absent",
            InstanceState::Starting => "starting",
            InstanceState::Free => "free",
            InstanceState::Executing => "executing",
            InstanceState::Held => "held",
            InstanceState::Blocked => "blocked",
            InstanceState::Ending => "ending",
            InstanceState::Leaked => "leaked",
        }
    }
}

/// Steps around instances, answers and jobs that jobs make. `call` is an index into [`super::Model::calls`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TaskOp {
    /// Be served for so long at a station whose token is held: a delay that counts at that component.
    Serve {
        /// How long.
        amount: Draw,
        /// Index into [`super::Model::components`].
        component: u32,
    },
    /// Asks for a call, at this instant.
    Call {
        /// Which.
        call: u16,
    },
    /// The call is over. A task whose instance has died since goes no further.
    Called {
        /// Which.
        call: u16,
    },
    /// Ask for an instance: be carried. Index into [`super::Model::submits`].
    Submit {
        /// The table.
        table: u32,
    },
    /// A request for a region has arrived.
    Receive {
        /// The pool with the region's instances.
        pool: PoolId,
    },
    /// (Of a carrier.) Go on elsewhere where the session is known; it is from now on.
    Known {
        /// Where.
        to: Pc,
    },
    /// (Of a carrier.) Enter the job into the queue, and look for the best one that may run now.
    Enqueue,
    /// (Of a notice.) Look for the best one that may run now.
    Match,
    /// Go on elsewhere where nobody was found.
    Unmatched {
        /// Where.
        to: Pc,
    },
    /// Hand the instance to the job that was found.
    Invoke,
    /// The task begins.
    Begin,
    /// The instance executes on, or waits for a lock.
    Mark {
        /// Which.
        state: InstanceState,
    },
    /// Work, of which no more is done than the task's budget allows.
    Exec {
        /// The processor.
        station: StationRef,
        /// The amount.
        amount: Draw,
    },
    /// The budget is used up: an expiry, behind whatever else of this instant is done.
    Expire,
    /// Takes a lock, held until it is given back or the task is removed.
    Lock {
        /// The pool.
        pool: PoolId,
    },
    /// Gives it back.
    Unlock {
        /// The pool.
        pool: PoolId,
    },
    /// An answer goes out; the client's next input comes so much later.
    Converse {
        /// How long the client takes.
        think: Draw,
    },
    /// The input has reached the instance.
    Input,
    /// The last answer goes out. `outcome`: an index into [`super::Model::outcomes`]; 0 leaves what is there.
    Respond {
        /// How the job ends.
        outcome: u16,
    },
    /// The last answer goes out by way of a program of its own, ending in [`TaskOp::Deliver`].
    RespondBy {
        /// The program.
        way: Pc,
        /// A job that is made when the client has the answer: index into [`super::Model::emits`], or [`u32::MAX`].
        then: u32,
    },
    /// (Of a job that carries an answer.) The client has it.
    Deliver,
    /// The instance ends its task: the job is removed, and the instance takes the next, sends a notice, or is free.
    Next,
    /// The instance is taken out, and the monitor called; the job stays until then.
    TakeOut,
    /// (Of the monitor.) What the call was made for: see [`Instances::recover`].
    Recover,
    /// (Of an instance that starts.) It is there.
    Up,
    /// (Of an instance that starts.) It takes the best one that it may run, or is free.
    Pull,
    /// Make a job. Index into [`super::Model::emits`].
    Emit {
        /// The table.
        table: u32,
    },
    /// (Of a job that waits for another one to be made.) Wait until it is due.
    Due,
    /// (Likewise.) It has been posted.
    Posted,
    /// (Likewise.) Wait for the next look at a multiple of this period.
    Look {
        /// Nanoseconds, from 1; index into [`super::Model::periods`].
        period: u16,
    },
    /// (Likewise.) It is there.
    Arise,
}
