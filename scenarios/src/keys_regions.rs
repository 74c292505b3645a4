//! Keys of transaction regions, and of the steps of the tasks that run in them.

use super::{Kind, NAME, Table, int, key, must, table};
use policies::Layer;

/// Most service execution processes of a region.
const SEPS_MAX: i64 = 1_000_000;

/// A transaction region.
pub static REGION: Table = table(
    "a region",
    &[
        NAME,
        key(
            "preset",
            Kind::Choice(&["es-dotnet", "cics", "ims", "tuxedo", "jes2"]),
            "whose defaults the other keys have; default es-dotnet",
        ),
        key("seps", int(1, SEPS_MAX), "the most service execution processes (SEPs) at once"),
        key("listeners", int(1, 1_000_000), "servers of the listener; default 1"),
        key("listener", Kind::Law, "service of each request and input at the listener"),
        key("dispatchers", int(1, 1_000_000), "threads of the dispatcher; default 1"),
        key("dispatcher", Kind::Law, "service of each request by a thread of the dispatcher"),
        key("invoke", Kind::Law, "invoking a SEP, while the thread is held"),
        key("database", Kind::Table(&DATABASE), "what the calls to the region database cost"),
        key(
            "pull",
            Kind::Choice(&["pull", "push"]),
            "who finds a SEP's next request: the SEP itself, or the dispatcher after a notice; default pull",
        ),
        key("fetch_on_pull", Kind::Boolean, "a SEP that pulls reads the request's details too; default true"),
        key(
            "order",
            Kind::Choice(&["priority", "fifo", "ageing", "edf"]),
            "order of the request queue; higher priority numbers go first",
        ),
        key("ageing_step", Kind::Span, "waiting for so long is worth one priority (`order = \"ageing\"`)"),
        key("choice", Kind::Choice(&["lowest", "mru", "lru"]), "which free SEP is taken; default lowest"),
        key(
            "cap",
            Kind::Choice(&["queue", "reject"]),
            "what becomes of a request that finds no SEP free; default queue",
        ),
        key(
            "queues",
            Kind::Choice(&["shared", "per-sep"]),
            "one queue for all SEPs, or each request bound to the SEP with the fewest; default shared",
        ),
        key("classes", Kind::Named(&TRANSACTION), "limits of transaction classes"),
        key(
            "reserved",
            Kind::IntegersByName { min: 1, max: SEPS_MAX },
            "by tag: the SEPs that run only requests with it",
        ),
        key("initiators", Kind::NameLists, "by SEP: the transaction classes that it serves, in order"),
        key("host", Kind::Table(&HOST), "the process that hosts the dispatcher"),
        key("post_delay", Kind::Law, "from a START's due time to the event that says so; default 0"),
        key("monitor_poll", Kind::Span, "the event monitor looks at multiples of this; default 0, at once"),
        key("runaway", Kind::Table(&RUNAWAY), "limit of a task's processor time between two answers"),
        key(
            "sep_restart",
            Kind::SpanOrNever,
            "how long after its recovery a SEP that was taken out is back; default never",
        ),
        key(
            "processes",
            Kind::IntegerLists { min: 1, max: SEPS_MAX },
            "the SEPs of each pool process; default: one has all",
        ),
        key("deaths", Kind::Plain(&DEATH), "pool processes that die"),
        key(
            "orphans",
            Kind::Choice(&["lost", "requeue"]),
            "what becomes of tasks that were under way in a process that died; default lost",
        ),
        key(
            "process_restart",
            Kind::SpanOrNever,
            "how long after its recovery a process is back; default never",
        ),
        key(
            "health_period",
            Kind::Span,
            "period of the check for lost calls and dead processes; default: none",
        ),
        key("misses", int(1, 1_000_000), "the how-manieth check notices a death; default 1"),
        key("regions", int(1, SEPS_MAX), "SEPs that are up at first; default all"),
        key("parlim", int(0, 1_000_000), "another SEP is started when more than this times the SEPs up wait"),
        key("region_start", Kind::Span, "how long a SEP takes to start; default 0"),
        key("cores", int(1, super::CORES_MAX), "cores of the machine that SEPs run on; default: one each"),
        key("scheduler", Kind::Policy(Layer::Scheduler), "which SEP runs next there; default fcfs"),
        key("context_switch", Kind::Span, "cost of changing from one SEP to another; default 0"),
    ],
);

static DATABASE: Table = table(
    "`database`",
    &[
        key("register", Kind::Law, "registering a session"),
        key(
            "enqueue",
            Kind::Law,
            "the stored procedure that queues a request and finds the best one that may run",
        ),
        key("fetch", Kind::Law, "a SEP's reading of its request"),
        key("next", Kind::Law, "removing a request and finding the next"),
        key("recover", Kind::Law, "the event monitor's taking stock"),
        key("pick", Kind::Law, "finding the next after a notice (`pull = \"push\"`)"),
    ],
);

static TRANSACTION: Table = table(
    "a transaction class",
    &[
        key(
            "max_active",
            int(1, 1_000_000_000),
            "how many may be between dispatch and removal; default: no limit",
        ),
        key(
            "purge",
            int(1, 1_000_000_000),
            "a request that would have to wait while one less than this wait is refused; default: never",
        ),
    ],
);

static HOST: Table = table(
    "`host`",
    &[
        must(
            "kind",
            Kind::Choice(&["self", "was"]),
            "a process of its own, or a worker process that starts on demand",
        ),
        key("cold_start", Kind::Span, "how long it takes to start"),
        key("idle_timeout", Kind::SpanOrNever, "it ends when it has been empty for so long"),
        key("recycle", Kind::SpanOrNever, "it is replaced when it has been ready for so long"),
        key(
            "recycle_mode",
            Kind::Choice(&["stop", "overlap"]),
            "it ends before its successor starts, or serves on until that is ready; default stop",
        ),
        key("initial", Kind::Choice(&["off", "ready"]), "how it is at the start; default off"),
        key(
            "http_queue",
            int(1, 1_000_000_000),
            "how many requests may wait for it; one more is refused with 503",
        ),
    ],
);

static RUNAWAY: Table = table(
    "`runaway`",
    &[
        must("limit", Kind::Span, "so much is allowed"),
        key(
            "on",
            Kind::Choice(&["keep", "restart"]),
            "the SEP goes on with the next request, or is taken out; default keep",
        ),
    ],
);

static DEATH: Table = table(
    "a death",
    &[
        must("at", Kind::Span, "when"),
        key("process", int(1, SEPS_MAX), "which process, from 1; default 1"),
        key(
            "detect",
            Kind::Choice(&["local", "heartbeat"]),
            "seen at once by the monitor on its machine, or by the health check; default local",
        ),
    ],
);

/// Sends a request into a region.
pub static REQUEST: Table = table(
    "a `request` step",
    &[
        must("request", Kind::Text, "the region"),
        must("steps", Kind::Steps, "what the task does on its SEP"),
        key("priority", int(-1_000_000_000, 1_000_000_000), "its priority; default: that of the class"),
        key("transaction", Kind::Name, "its transaction class; default: the name of the class"),
        key("tag", Kind::Name, "its tag, for reserved SEPs"),
        key("session", Kind::Text, "its session; default: its client"),
        key("then", Kind::Table(&THEN), "the next request of a pseudo-conversational dialogue"),
        key("disconnect_after", Kind::Law, "its client leaves so long after the task began"),
        key("local", Kind::Boolean, "the dispatcher answers by itself; default false"),
        key("screen", Kind::Boolean, "the end output passes the dispatcher; default false"),
        key("lose_call", Kind::Boolean, "the first invocation for it never arrives; default false"),
    ],
);

static THEN: Table = table(
    "`then`",
    &[
        must("class", Kind::Name, "the class of the next request"),
        must("think", Kind::Law, "from the end output to its arrival"),
        key(
            "p",
            Kind::Number { min: 0.0, max: 1.0, inclusive: false },
            "the probability that there is one; default 1, always",
        ),
    ],
);

/// Starts another task.
pub static START: Table = table(
    "a `start` step",
    &[
        must("start", Kind::Name, "the class of the task that is started"),
        key("after", Kind::Law, "when it is due, from now; default 0, at once"),
        key("region", Kind::Text, "the region, outside of a `request`"),
    ],
);

/// Executes on the SEP.
pub static EXEC: Table = table("an `exec` step", &[must("exec", Kind::Law, "processor time of the SEP")]);
/// Answers and waits for the client.
pub static CONVERSE: Table =
    table("a `converse` step", &[must("converse", Kind::Law, "from the answer to the client's next input")]);
/// Takes a lock.
pub static LOCK: Table = table("a `lock` step", &[must("lock", Kind::Name, "the lock")]);
/// Gives a lock back.
pub static UNLOCK: Table = table("an `unlock` step", &[must("unlock", Kind::Name, "the lock")]);
