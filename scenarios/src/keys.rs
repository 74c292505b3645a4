//! Every key of a scenario file, as data.
//!
//! One table feeds three things, so that they cannot drift apart: the check for unknown and missing keys with "did you
//! mean", the paths of `--set`, and the JSON Schema for editors. Reading a key that is not in its table panics.

#[path = "keys_laws.rs"]
mod laws;
#[path = "keys_regions.rs"]
mod regions;

pub use laws::LAWS;
pub use regions::REGION;

use policies::Layer;

/// What a key's value looks like.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// Any string.
    Text,
    /// A name: letters, digits, `_`, `-` and spaces.
    Name,
    /// A duration with its unit, `"4ms"`.
    Span,
    /// A duration, or `"auto"`.
    SpanOrAuto,
    /// A duration, or `"never"`.
    SpanOrNever,
    /// A rate, `"900/s"`.
    Rate,
    /// A rate that may be 0, `"0/s"`.
    RateFromZero,
    /// A rate, or a table that says how it changes.
    Rates,
    /// A whole number in a range.
    Integer {
        /// Least value.
        min: i64,
        /// Greatest value.
        max: i64,
    },
    /// A number in a range.
    Number {
        /// Least value.
        min: f64,
        /// Greatest value.
        max: f64,
        /// Whether the least value itself is allowed.
        inclusive: bool,
    },
    /// `true` or `false`.
    Boolean,
    /// One of some words.
    Choice(&'static [&'static str]),
    /// A parameter of a law: a duration where the law is one of time, a number where it is one of counts.
    Amount,
    /// Several of them.
    Amounts,
    /// Whole numbers in a range.
    Integers {
        /// Least value.
        min: i64,
        /// Greatest value.
        max: i64,
    },
    /// Lists of whole numbers in a range.
    IntegerLists {
        /// Least value.
        min: i64,
        /// Greatest value.
        max: i64,
    },
    /// Lists of names.
    NameLists,
    /// Lists of whole numbers in a range, each under a name of its own.
    IntegersByName {
        /// Least value.
        min: i64,
        /// Greatest value.
        max: i64,
    },
    /// A law of time: a duration, or a table.
    Law,
    /// A law of a count: a number, or a table.
    CountLaw,
    /// A positive ratio: a number, or `"3/2"`.
    Ratio,
    /// A policy spec.
    Policy(Layer),
    /// How many children a join waits for: `"all"` or a number.
    Join,
    /// Steps.
    Steps,
    /// Lists of steps.
    StepLists,
    /// Rows of a trace: an arrival and the sizes of one job each.
    Rows,
    /// The tie rules.
    Ties,
    /// A table.
    Table(&'static Table),
    /// An array of tables, each with a name.
    List(&'static Table),
    /// An array of tables without names.
    Plain(&'static Table),
    /// A table of tables: `pool.workers = { ... }`.
    Named(&'static Table),
    /// A table of one of several forms; the first key of a form says which one it is.
    Forms(&'static [&'static Table]),
}

/// A key.
#[derive(Clone, Copy, Debug)]
pub struct Key {
    /// Its name.
    pub name: &'static str,
    /// What its value looks like.
    pub kind: Kind,
    /// Whether it must be there.
    pub required: bool,
    /// What it means, in one sentence without full stop.
    pub help: &'static str,
}

/// The keys of a table.
#[derive(Clone, Copy, Debug)]
pub struct Table {
    /// What messages call it.
    pub name: &'static str,
    /// Its keys.
    pub keys: &'static [Key],
    /// Setting one key with `--set` replaces the others.
    pub either: bool,
}

impl Table {
    /// The key with this name.
    pub fn key(&self, name: &str) -> Option<&'static Key> {
        self.keys.iter().find(|key| key.name == name)
    }
}

const fn key(name: &'static str, kind: Kind, help: &'static str) -> Key {
    Key { name, kind, required: false, help }
}

const fn must(name: &'static str, kind: Kind, help: &'static str) -> Key {
    Key { name, kind, required: true, help }
}

const fn table(name: &'static str, keys: &'static [Key]) -> Table {
    Table { name, keys, either: false }
}

const fn int(min: i64, max: i64) -> Kind {
    Kind::Integer { min, max }
}

/// Most servers of a group, and most stations in all.
pub const STATIONS_MAX: i64 = 1_000_000;
/// Most cores in all.
pub const CORES_MAX: i64 = 1 << 20;
/// Most classes, sources and single stations, each.
pub const NAMES_MAX: usize = 4096;
/// Most processors and most pools of one server.
pub const ROLES_MAX: usize = 100;
/// Most balancers: each job in the system has room for a server of each.
pub const BALANCERS_MAX: usize = 256;
/// Most states of one rate.
pub const RATE_STATES_MAX: usize = 100;
/// Most steps of one rate.
pub const RATE_STEPS_MAX: usize = 100_000;
/// Longest name, in bytes.
pub const NAME_BYTES_MAX: usize = 100;

/// The whole file.
pub static SCENARIO: Table = table(
    "a scenario",
    &[
        key("name", Kind::Text, "the scenario's name; default: the name of the file"),
        key("seed", int(0, i64::MAX), "root of all random streams; default 1"),
        key("stop", Kind::Table(&STOP), "when the run ends; default: when the sources run dry"),
        key("warmup", Kind::SpanOrAuto, "jobs released before this time are not measured; default 0"),
        key("ties", Kind::Ties, "tie rules"),
        key("class", Kind::List(&CLASS), "a kind of job"),
        key("source", Kind::List(&SOURCE), "where jobs come from"),
        key("processor", Kind::List(&PROCESSOR), "a station with cores and a ready queue"),
        key("pool", Kind::List(&POOL), "a station with tokens that jobs hold"),
        key("server", Kind::List(&SERVER), "a group of equal servers"),
        key("balancer", Kind::List(&BALANCER), "decides which server of a group gets a job"),
        key("region", Kind::List(&REGION), "a transaction region: listener, dispatcher, queue and processes"),
    ],
);

/// When a run ends.
pub static STOP: Table = Table {
    name: "`stop`",
    keys: &[
        key("after", Kind::Span, "the time at which the run ends"),
        key("jobs", int(1, 1 << 50), "how many jobs are released before the sources fall silent"),
    ],
    either: true,
};

const NAME: Key = must("name", Kind::Name, "the name");

/// A kind of job.
pub static CLASS: Table = table(
    "a class",
    &[
        NAME,
        must("steps", Kind::Steps, "what a job does, in order"),
        key(
            "priority",
            int(-1_000_000_000, 1_000_000_000),
            "priority number; which end is urgent is up to the policy",
        ),
        key("nice", int(-20, 19), "nice value; default 0"),
        key("tickets", int(1, 1_000_000), "lottery and stride tickets; default 100"),
        key("weight", int(1, 1_000_000), "weight of proportional-share policies; default 1024"),
        key("deadline", Kind::Span, "deadline, counted from the release"),
        key(
            "on_miss",
            Kind::Choice(&["continue", "abort"]),
            "what becomes of a job at its deadline: it goes on, or it is withdrawn; default continue",
        ),
    ],
);

/// Where jobs come from.
pub static SOURCE: Table = table(
    "a source",
    &[
        NAME,
        must("class", Kind::Name, "the class of its jobs"),
        must("arrivals", Kind::Forms(ARRIVALS), "when it releases jobs"),
        key(
            "scale",
            Kind::Ratio,
            "so many times the demand: gaps are divided by it, traces have so many times the requests, closed sources so many times the customers; default 1",
        ),
        key(
            "clients",
            int(1, 1 << 31),
            "how many distinct clients the jobs come from; default: each job its own",
        ),
        key("timeout", Kind::Law, "how long a client waits before it gives up; default: for ever"),
        key(
            "timeout_until",
            Kind::Choice(&["completion", "first-run"]),
            "what a client waits for: the answer, or only until its job first gets a core, a device or a token; default completion",
        ),
        key(
            "on_timeout",
            Kind::Choice(&["withdraw", "abandon"]),
            "what becomes of the job: it is withdrawn at once, or goes on for nothing; default withdraw",
        ),
    ],
);

/// The ways in which jobs arrive.
pub static ARRIVALS: &[&Table] = &[
    &table("Poisson arrivals", &[must("poisson", Kind::Rates, "rate of a Poisson process")]),
    &table(
        "renewal arrivals",
        &[
            must("renewal", Kind::Law, "law of the gaps between arrivals"),
            key("rate", Kind::Rates, "the rate, in place of the mean of the law; default: the law's"),
        ],
    ),
    &table("closed arrivals", &[must("closed", Kind::Table(&CLOSED), "a fixed number of customers")]),
    &table("periodic arrivals", &[must("periodic", Kind::Table(&PERIODIC), "one job every period")]),
    &table(
        "a trace",
        &[
            must(
                "trace",
                Kind::Text,
                "a CSV file, relative to the scenario: `arrival`, then a column for each size",
            ),
            key(
                "unit",
                Kind::Choice(&["ns", "us", "ms", "s", "min", "h", "d"]),
                "unit of the file's bare numbers",
            ),
        ],
    ),
    &table("rows", &[must("rows", Kind::Rows, "arrival and sizes of each job")]),
];

/// The ways in which a rate changes.
pub static RATES: &[&Table] = &[
    &table(
        "a rate in steps",
        &[
            must("steps", Kind::Plain(&RATE_STEP), "rates one after another"),
            key(
                "then",
                Kind::Choice(&["repeat", "hold", "stop"]),
                "after the last step: the first again, its rate for ever, or no arrivals; default repeat",
            ),
        ],
    ),
    &table(
        "a rate that changes at random",
        &[must("states", Kind::Plain(&RATE_STATE), "a Markov chain: with Poisson arrivals, an MMPP")],
    ),
    &table(
        "a rate that swings",
        &[
            must("mean", Kind::Rate, "the rate averaged over a period"),
            must(
                "swing",
                Kind::Number { min: 0.0, max: 1.0, inclusive: true },
                "how far it goes up and down, as a part of the mean: the peak is 1 + swing times the mean",
            ),
            must("period", Kind::Span, "how long it takes to come round, such as \"24h\""),
            key("peak_at", Kind::Span, "when the rate is highest, from the start of the run; default 0"),
        ],
    ),
];

static RATE_STATE: Table = table(
    "a state of a rate",
    &[
        must("rate", Kind::RateFromZero, "the rate in this state"),
        must("mean_stay", Kind::Span, "mean of the exponential time until the chain leaves the state"),
        key(
            "to",
            Kind::Integers { min: 0, max: 1_000_000_000 },
            "a weight for going to each state, 0 for this one; default: to each of the others alike",
        ),
    ],
);

static RATE_STEP: Table = table(
    "a step of a rate",
    &[
        must("rate", Kind::RateFromZero, "the rate, or that at the beginning"),
        key("to", Kind::RateFromZero, "the rate at the end, reached in a straight line; default: the same"),
        key("for", Kind::Span, "how long; the last step may go on for ever"),
    ],
);

static CLOSED: Table = table(
    "`closed`",
    &[
        must("customers", int(1, 1_000_000), "how many customers"),
        must("think", Kind::Law, "law of the time between an answer and the next request"),
    ],
);

static PERIODIC: Table = table(
    "`periodic`",
    &[
        must("period", Kind::Span, "time between releases"),
        key("offset", Kind::Span, "the first release; default 0"),
        key("count", int(1, 1 << 50), "how many releases; default: without end"),
    ],
);

macro_rules! processor_keys {
    ($($first:expr,)*) => {
        &[
            $($first,)*
            key("cores", int(1, CORES_MAX), "number of cores; default 1"),
            key("scheduler", Kind::Policy(Layer::Scheduler), "which ready job runs next; default fcfs"),
            key("context_switch", Kind::Span, "cost of changing from one job to another; default 0"),
            key("dispatch_latency", Kind::Span, "cost of carrying a decision out; default 0"),
            key("speed", Kind::Ratio, "speed of each core relative to nominal; default 1"),
            key("interrupts", Kind::Table(&INTERRUPTS), "what the kernel costs where events interrupt cores"),
            key("device", Kind::Boolean, "a device: time there counts as blocked; default false"),
        ]
    };
}

macro_rules! pool_keys {
    ($($first:expr,)*) => {
        &[
            $($first,)*
            must("size", int(1, 1_000_000_000), "number of tokens"),
            key("queue", int(0, 1_000_000_000), "how many jobs may queue, one more is lost; default: no bound"),
            key("order", Kind::Choice(&["fifo", "low-first", "high-first"]), "order of the queue; default fifo"),
        ]
    };
}

/// What a kernel costs whose events interrupt cores.
pub static INTERRUPTS: Table = table(
    "`interrupts`",
    &[
        key("save", Kind::Span, "saving the context of the job that ran; default 0"),
        key("load", Kind::Span, "loading the context of the job that is to run; default 0"),
        key("release", Kind::Span, "handling the coming of a job; default 0"),
        key("exit", Kind::Span, "handling the going of a job; default 0"),
        key("decide", Kind::Span, "one run of the scheduler; default 0"),
    ],
);

/// A single station with cores.
pub static PROCESSOR: Table = table("a processor", processor_keys![NAME,]);
/// A single station with tokens.
pub static POOL: Table = table("a pool", pool_keys![NAME,]);
static SERVER_PROCESSOR: Table = table("a processor", processor_keys![]);
static SERVER_POOL: Table = table("a pool", pool_keys![]);

/// A group of servers.
pub static SERVER: Table = table(
    "a server group",
    &[
        NAME,
        key("count", int(1, STATIONS_MAX), "how many servers; default 1"),
        key("weights", Kind::Integers { min: 1, max: 1_000_000 }, "one weight a server; default 1 each"),
        key("processor", Kind::Named(&SERVER_PROCESSOR), "the processors of each server"),
        key("pool", Kind::Named(&SERVER_POOL), "the pools of each server"),
        key("outages", Kind::Plain(&OUTAGE), "when servers are down, one by one"),
        key("failures", Kind::Table(&FAILURES), "servers fail at random and are repaired"),
        key(
            "on_failure",
            Kind::Choice(&["lose", "stall"]),
            "jobs at a server that fails are lost and new ones refused, or all wait there; default lose",
        ),
    ],
);

/// A server that is down for a while.
pub static OUTAGE: Table = table(
    "an outage",
    &[
        must("server", int(1, STATIONS_MAX), "which server of the group, from 1"),
        must("from", Kind::Span, "when it fails"),
        key("until", Kind::Span, "when it is back; default: never"),
    ],
);

static FAILURES: Table = table(
    "`failures`",
    &[
        must("after", Kind::Law, "law of the time from the start, or from coming back, to a failure"),
        must("repair", Kind::Law, "law of the time from a failure to coming back"),
    ],
);

/// A balancer.
pub static BALANCER: Table = table(
    "a balancer",
    &[
        NAME,
        key("policy", Kind::Policy(Layer::Balancer), "which server gets a job; default round-robin"),
        must("targets", Kind::Name, "the server group"),
        key(
            "detection",
            Kind::SpanOrNever,
            "how long a server must be down, or back, before the balancer acts on it; default never",
        ),
    ],
);

/// The steps of a job.
pub static STEPS: &[&Table] = &[
    &table(
        "a `work` step",
        &[must("work", Kind::Text, "the processor"), must("demand", Kind::Law, "how much work")],
    ),
    &table("a `delay` step", &[must("delay", Kind::Law, "how long to wait without using anything")]),
    &table(
        "a `hold` step",
        &[
            must("hold", Kind::Text, "the pool"),
            must("steps", Kind::Steps, "what to do while holding a token"),
        ],
    ),
    &table(
        "a `balance` step",
        &[
            must("balance", Kind::Text, "the balancer"),
            key("steps", Kind::Steps, "what to do at the chosen server; default: the rest of the list"),
        ],
    ),
    &table("a `branch` step", &[must("branch", Kind::Plain(&BRANCH), "one of these by chance, else go on")]),
    &table(
        "a `repeat` step",
        &[must("repeat", Kind::CountLaw, "how often"), must("steps", Kind::Steps, "what to repeat")],
    ),
    &table(
        "a `fork` step",
        &[
            must("fork", Kind::StepLists, "the steps of each child"),
            key("join", Kind::Join, "how many children to wait for; default \"all\""),
        ],
    ),
    &regions::REQUEST,
    &regions::START,
    &regions::EXEC,
    &regions::CONVERSE,
    &regions::LOCK,
    &regions::UNLOCK,
];

/// One way of a branch.
pub static BRANCH: Table = table(
    "a branch",
    &[
        must("p", Kind::Number { min: 0.0, max: 1.0, inclusive: false }, "its probability"),
        must("steps", Kind::Steps, "what to do then"),
    ],
);
