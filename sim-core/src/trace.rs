//! What a recorded run leaves behind: plain data, in the order in which it happened.

use crate::model::InstanceState;
use crate::units::{Span, Time};

/// How a job ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Status {
    /// It ran its whole program.
    Completed,
    /// It was still in the system at the end of the run.
    Unfinished,
    /// A full queue or a failed server turned it away.
    Lost,
    /// Its client gave up.
    TimedOut,
}

impl Status {
    /// The word used in results.
    pub fn word(self) -> &'static str {
        match self {
            Status::Completed => "completed",
            Status::Unfinished => "unfinished",
            Status::Lost => "lost",
            Status::TimedOut => "timed-out",
        }
    }
}

/// One job of a recorded run. What did not happen is `None`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct JobRecord {
    /// Number of the job in the run, 0-based, in order of arrival.
    pub number: u64,
    /// Index into [`crate::model::Model::tasks`]: the row of the task list, or the source.
    pub task: u32,
    /// Which job of that task, 1-based.
    pub job: u64,
    /// Index into [`crate::model::Model::classes`].
    pub class: u32,
    /// How it ended.
    pub status: Status,
    /// Release.
    pub arrival: Time,
    /// First instruction, after switch costs.
    pub first_run: Option<Time>,
    /// End of its program (also of a lost job: when it was turned away).
    pub finish: Option<Time>,
    /// Processor time received (the wall time its work took).
    pub served: Span,
    /// Time in ready queues alone.
    pub ready: Span,
    /// Switch and dispatch costs charged to it.
    pub overhead: Span,
    /// Time in delays, at devices and waiting for children.
    pub blocked: Span,
    /// Times it was taken off a core while it could have gone on.
    pub preemptions: u32,
    /// Times it went on on another core than before.
    pub migrations: u32,
    /// Absolute deadline.
    pub deadline: Option<Time>,
    /// Whether it finished after its deadline (exactly at it is met); `None` without a deadline, or where the run
    /// ended before the deadline.
    pub missed: Option<bool>,
    /// When its last answer reached its client, where that was before its end.
    pub answered: Option<Time>,
    /// How it ended beside its status: index into [`crate::model::Model::outcomes`].
    pub outcome: u16,
}

impl JobRecord {
    /// Completion (or the last answer, where that came before) minus arrival: the turnaround.
    pub fn response(&self) -> Option<Span> {
        (self.status == Status::Completed).then_some(())?;
        self.answered.or(self.finish).map(|finish| finish - self.arrival)
    }

    /// First instruction minus arrival.
    pub fn first_response(&self) -> Option<Span> {
        self.first_run.map(|first| first - self.arrival)
    }

    /// Response minus processor time minus blocked time: ready queues, pool queues and the overhead charged to the job.
    pub fn waiting(&self) -> Option<Span> {
        self.response().map(|response| Span(response.0 - self.served.0 - self.blocked.0))
    }
}

/// What a core did for a while.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SegmentKind {
    /// It ran a job.
    Run,
    /// It switched contexts for a job.
    Switch,
    /// The dispatcher worked for a job (dispatch latency).
    Dispatch,
}

impl SegmentKind {
    /// The word used in results.
    pub fn word(self) -> &'static str {
        match self {
            SegmentKind::Run => "run",
            SegmentKind::Switch => "switch",
            SegmentKind::Dispatch => "dispatch",
        }
    }
}

/// A stretch of one core's time. Idle time is what lies between.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Segment {
    /// Index into [`crate::model::Model::processors`].
    pub processor: u32,
    /// Core within the processor.
    pub core: u32,
    /// The job's number.
    pub job: u64,
    /// What it was.
    pub kind: SegmentKind,
    /// From.
    pub start: Time,
    /// To.
    pub end: Time,
    /// How many jobs share the rate: `(cores, jobs)` under processor sharing, `(1, 1)` otherwise.
    pub share: (u32, u32),
    /// The policy's level for the job at dispatch (multilevel policies), else 0.
    pub level: u32,
}

/// Where a job was while it was not on a core.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum PlaceKind {
    /// In the ready queue of a processor (index into the model's processors).
    Ready(u32),
    /// In the queue of a pool (index into the model's pools).
    Pool(u32),
    /// In a delay.
    Delay,
    /// Waiting for its children.
    Join,
}

/// A stretch of a job's time off the cores.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Stay {
    /// The job's number.
    pub job: u64,
    /// Where it was.
    pub place: PlaceKind,
    /// From.
    pub start: Time,
    /// To.
    pub end: Time,
}

/// A stretch of time in which so many jobs were at a processor that shares its cores, beyond the number of these: its queue, as
/// [`ready_integral`](crate::measure::ProcessorMeasures::ready_integral) has it. Everybody is served a little there, so that
/// nobody has a [`Stay`] in it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Crowd {
    /// Index into [`crate::model::Model::processors`].
    pub processor: u32,
    /// From.
    pub start: Time,
    /// To.
    pub end: Time,
    /// The length of the queue.
    pub waiting: u32,
}

/// A token of a pool that is taken or given back.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Token {
    /// When.
    pub at: Time,
    /// Index into [`crate::model::Model::pools`].
    pub pool: u32,
    /// The job's number.
    pub job: u64,
    /// Taken, or given back.
    pub taken: bool,
}

/// Who gave an instance to a task.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub enum By {
    /// The dispatcher, by the answer of its call.
    #[default]
    Dispatcher,
    /// The instance itself, at the end of its task or at its start.
    Pull,
    /// The monitor, after a death or where an instance was taken out.
    Recovery,
    /// The periodic check for calls that never arrived.
    Check,
}

impl By {
    /// The word used in results.
    pub fn word(self) -> &'static str {
        match self {
            By::Dispatcher => "dispatcher",
            By::Pull => "sep-pull",
            By::Recovery => "recovery",
            By::Check => "health-check",
        }
    }
}

/// What happened to a task, an instance or the process of a pool.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub enum TaskEventKind {
    /// A call is over. Detail: the call.
    #[default]
    Call,
    /// A request has arrived.
    Received,
    /// A request stands in its queue.
    Queued,
    /// It has to wait, and nobody else was found to run.
    NoInstance,
    /// It was turned away. Detail: the outcome.
    Refused,
    /// It has an instance.
    Dispatched,
    /// The call that was to hand it its instance is lost.
    Leaked,
    /// Its task begins.
    Begun,
    /// Its client has an answer. Detail: 0 in the middle, 1 at the end.
    Answered,
    /// Its client's input has reached its instance.
    Input,
    /// It is to begin again from its place in the queue.
    BegunAgain,
    /// It is out of the region. Detail: the outcome.
    Removed,
    /// An instance is gone.
    Out,
    /// An instance is there.
    Up,
    /// A job is announced. Asked: when it is due.
    TimerSet,
    /// It is due.
    TimerDue,
    /// The event that says so is posted.
    TimerPosted,
    /// The monitor has picked it up.
    TimerPicked,
    /// A process is started.
    HostStart,
    /// A process is ready.
    HostReady,
    /// A process has ended.
    HostStop,
}

impl TaskEventKind {
    /// The word used in results.
    pub fn word(self) -> &'static str {
        match self {
            TaskEventKind::Call => "call",
            TaskEventKind::Received => "received",
            TaskEventKind::Queued => "queued",
            TaskEventKind::NoInstance => "no-sep",
            TaskEventKind::Refused => "refused",
            TaskEventKind::Dispatched => "dispatched",
            TaskEventKind::Leaked => "leaked",
            TaskEventKind::Begun => "begun",
            TaskEventKind::Answered => "answered",
            TaskEventKind::Input => "input",
            TaskEventKind::BegunAgain => "begun-again",
            TaskEventKind::Removed => "removed",
            TaskEventKind::Out => "sep-out",
            TaskEventKind::Up => "sep-up",
            TaskEventKind::TimerSet => "timer-set",
            TaskEventKind::TimerDue => "timer-due",
            TaskEventKind::TimerPosted => "timer-posted",
            TaskEventKind::TimerPicked => "timer-picked",
            TaskEventKind::HostStart => "host-start",
            TaskEventKind::HostReady => "host-ready",
            TaskEventKind::HostStop => "host-stop",
        }
    }
}

/// Something that happened around instances.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TaskEvent {
    /// When.
    pub at: Time,
    /// What.
    pub kind: TaskEventKind,
    /// The job's number; [`u64::MAX`]: no job's.
    pub job: u64,
    /// Its task, and which job of it.
    pub task: u32,
    /// See [`task`](TaskEvent::task).
    pub nth: u64,
    /// Its class; of a timer, that of the job that it makes.
    pub class: u32,
    /// Index into [`crate::model::Model::pools`].
    pub pool: u32,
    /// The instance, from 0.
    pub instance: Option<u32>,
    /// The process that a recovery was about, from 0.
    pub process: Option<u32>,
    /// Who gave it away.
    pub by: By,
    /// What the kind says.
    pub detail: u32,
    /// When a call was asked for; when a timer is due.
    pub asked: Time,
    /// When a call got the lock.
    pub granted: Time,
}

impl Default for TaskEvent {
    fn default() -> Self {
        TaskEvent {
            at: Time::ZERO,
            kind: TaskEventKind::Call,
            job: u64::MAX,
            task: 0,
            nth: 0,
            class: 0,
            pool: 0,
            instance: None,
            process: None,
            by: By::Dispatcher,
            detail: 0,
            asked: Time::ZERO,
            granted: Time::ZERO,
        }
    }
}

/// A policy's ordering key for one candidate: the smaller goes first, compared from the first part on.
///
/// The names of the parts are in the policy's definition.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub struct Key(pub [i128; 2]);

impl Key {
    /// A key of one part.
    pub fn of(value: impl Into<i128>) -> Key {
        Key([value.into(), 0])
    }

    /// A key of two parts.
    pub fn pair(first: impl Into<i128>, second: impl Into<i128>) -> Key {
        Key([first.into(), second.into()])
    }
}

/// One of the things a policy chose among.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Candidate {
    /// The job's number (schedulers) or the server's index (balancers).
    pub id: u64,
    /// Its key.
    pub key: Key,
    /// Whether it was running when the decision was made (a preemption test).
    pub running: bool,
}

/// What kind of decision it was.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DecisionKind {
    /// A scheduler picked a job for a core.
    Dispatch {
        /// Index into the model's processors.
        processor: u32,
        /// The core that runs the job.
        core: u32,
    },
    /// A scheduler took a running job off a core for a better one.
    Preempt {
        /// Index into the model's processors.
        processor: u32,
        /// The core that changes hands.
        core: u32,
    },
    /// A balancer picked a server.
    Balance {
        /// Index into the model's balancers.
        balancer: u32,
        /// The number of the job that was sent there.
        job: u64,
    },
}

/// What was decided, and why, where that was recorded too.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Decision {
    /// When.
    pub at: Time,
    /// Who decided what.
    pub kind: DecisionKind,
    /// The id of the chosen candidate.
    pub chosen: u64,
    /// The longest the job may run before the scheduler is asked again (dispatches).
    pub slice: Option<Span>,
    /// What it was decided on; `None` where only the outcome was recorded ([`crate::record::Recorder::wants_grounds`]).
    pub grounds: Option<Box<Grounds>>,
}

impl Decision {
    /// Everything it could have chosen; nothing where only the outcome was recorded.
    pub fn candidates(&self) -> &[Candidate] {
        self.grounds.as_ref().map_or(&[], |grounds| &grounds.candidates)
    }

    /// Whether it is known that another candidate had the same key, so that the tie rule decided.
    pub fn is_tie(&self) -> bool {
        self.grounds.as_ref().is_some_and(|grounds| grounds.tie)
    }
}

/// Why this one: the candidates with their keys.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Grounds {
    /// Everything it could have chosen, in task-list (or server) order.
    pub candidates: Vec<Candidate>,
    /// Whether another candidate had the key of the chosen one, so that the tie rule decided.
    pub tie: bool,
    /// What else the policy has to say (the draw of a lottery, the servers that were sampled).
    pub note: Option<String>,
}

impl Grounds {
    /// The grounds on which `chosen` was chosen.
    pub fn of(candidates: Vec<Candidate>, chosen: u64, note: Option<String>) -> Grounds {
        let key = candidates.iter().find(|candidate| candidate.id == chosen).map(|candidate| candidate.key);
        let tie = candidates.iter().filter(|candidate| Some(candidate.key) == key).count() > 1;
        Grounds { candidates, tie, note }
    }

    /// Where only some of the candidates were in question, as of servers that were drawn: the others tie with nobody.
    #[must_use]
    pub fn among(mut self, chosen: u64, some: Option<&[u32]>) -> Grounds {
        if let Some(some) = some {
            let key =
                |id: u64| self.candidates.iter().find(|candidate| candidate.id == id).map(|found| found.key);
            let tie = some.iter().any(|id| u64::from(*id) != chosen && key(u64::from(*id)) == key(chosen));
            self.tie = tie;
        }
        self
    }
}

/// Everything a fully recorded run leaves behind.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Trace {
    /// Jobs in order of arrival.
    pub jobs: Vec<JobRecord>,
    /// What cores did, in order of their ends.
    pub segments: Vec<Segment>,
    /// Where jobs were while off the cores, in order of their ends.
    pub stays: Vec<Stay>,
    /// Queues of processors that share their cores, in order of their ends.
    pub crowds: Vec<Crowd>,
    /// Tokens taken and given back, in order.
    pub tokens: Vec<Token>,
    /// What happened around instances, in order.
    pub tasks: Vec<TaskEvent>,
    /// What instances did, in order of the ends.
    pub instances: Vec<InstanceStretch>,
    /// Decisions, where asked for.
    pub decisions: Vec<Decision>,
    /// When the run ended.
    pub end: Time,
    /// How many of the jobs are of sources: the others are numbered on from there.
    pub of_sources: u64,
}

/// A stretch of time in which an instance was in one state.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct InstanceStretch {
    /// Index into [`crate::model::Model::pools`].
    pub pool: u32,
    /// The instance, from 0.
    pub instance: u32,
    /// What it did.
    pub state: InstanceState,
    /// The number of the job that it had.
    pub job: Option<u64>,
    /// From.
    pub start: Time,
    /// To.
    pub end: Time,
}

/// Numbers of jobs that jobs make begin here while a run goes on: only sources count from 0.
pub(crate) const EMITTED: u64 = 1 << 40;

/// The number in a record of a job that had `number` while the run went on: jobs that jobs made are numbered on from the
/// [others](Trace::of_sources).
pub fn settled_number(number: u64, of_sources: u64) -> u64 {
    if number >= EMITTED && number != u64::MAX { of_sources + (number - EMITTED) } else { number }
}

impl Trace {
    /// Puts jobs in the order of their numbers, those that jobs made behind the others, and numbers these on from the others,
    /// so that a job's number is its place. To be called once, when the run has ended and every job has its record.
    pub fn settle_numbers(&mut self) {
        self.jobs.sort_by_key(|job| job.number);
        let of_sources = self.jobs.partition_point(|job| job.number < EMITTED) as u64;
        self.of_sources = of_sources;
        if of_sources == self.jobs.len() as u64 {
            return;
        }
        let settle = |number: &mut u64| *number = settled_number(*number, of_sources);
        self.jobs.iter_mut().for_each(|job| settle(&mut job.number));
        self.segments.iter_mut().for_each(|segment| settle(&mut segment.job));
        self.stays.iter_mut().for_each(|stay| settle(&mut stay.job));
        self.tokens.iter_mut().for_each(|token| settle(&mut token.job));
        self.tasks.iter_mut().for_each(|event| settle(&mut event.job));
        self.instances.iter_mut().filter_map(|stretch| stretch.job.as_mut()).for_each(settle);
        for decision in &mut self.decisions {
            match &mut decision.kind {
                DecisionKind::Balance { job, .. } => settle(job),
                DecisionKind::Dispatch { .. } | DecisionKind::Preempt { .. } => {
                    settle(&mut decision.chosen);
                    let grounds = decision.grounds.iter_mut();
                    let candidates = grounds.flat_map(|grounds| &mut grounds.candidates);
                    candidates.for_each(|candidate| settle(&mut candidate.id));
                }
            }
        }
    }

    /// How the queue of every processor and pool changes: where, when and by how much, in this order; what falls before what
    /// grows at the same instant.
    pub fn queue_steps(&self) -> Vec<(PlaceKind, Time, i64)> {
        let queues = |stay: &&Stay| matches!(stay.place, PlaceKind::Ready(_) | PlaceKind::Pool(_));
        let stays = self.stays.iter().filter(queues).map(|stay| (stay.place, stay.start, stay.end, 1));
        let crowds = self.crowds.iter().map(|crowd| {
            (PlaceKind::Ready(crowd.processor), crowd.start, crowd.end, i64::from(crowd.waiting))
        });
        let mut steps: Vec<(PlaceKind, Time, i64)> = stays
            .chain(crowds)
            .filter(|(_, start, end, _)| start < end)
            .flat_map(|(place, start, end, waiting)| [(place, start, waiting), (place, end, -waiting)])
            .collect();
        steps.sort_unstable();
        steps
    }
}
