//! The models of the panel, as scenarios. Times are in seconds and mean service times 1 s unless a line says otherwise.

/// A model of the panel.
pub struct Entry {
    /// The group, as it is asked for.
    pub group: &'static str,
    /// The model, in short.
    pub title: &'static str,
    /// What is compared, of the whole and of classes.
    pub metrics: &'static [&'static str],
    /// Jobs of a replication.
    jobs: u32,
    /// Seconds that are not measured.
    warmup: u32,
    model: Text,
}

/// How a scenario is written in a line.
enum Text {
    /// Arrivals, demand, keys of the only processor.
    Station(&'static str, &'static str, &'static str),
    /// Rate of arrivals, size and queue of a pool, and the only step in it; further stations.
    Room(&'static str, u32, u32, &'static str, &'static str),
    /// Rate of arrivals, balancer, number of servers.
    Farm(&'static str, &'static str, u32),
    /// Classes: name, priority, arrivals, steps; then stations.
    Network(&'static [(&'static str, u32, &'static str, &'static str)], &'static str),
}
use Text::{Farm, Network, Room, Station};

impl Entry {
    /// Whether a scope is compared: stations repeat what the whole says.
    pub fn wants(&self, scope: &str) -> bool {
        scope == "all" || self.metrics.contains(&"held/mean")
    }

    /// The scenario.
    pub fn text(&self) -> String {
        let head = format!(
            "name = \"{}\"\nstop = {{ jobs = {} }}\nwarmup = \"{}s\"\n",
            self.title, self.jobs, self.warmup
        );
        let class = |name: &str, priority: u32, arrivals: &str, steps: &str| {
            // Streams are keyed by names: other names for every model, so that their errors are independent.
            let source: String = self.title.chars().filter(char::is_ascii_alphanumeric).collect();
            format!(
                "[[class]]\nname = \"{name}\"\npriority = {priority}\nsteps = [{steps}]\n\
                 [[source]]\nname = \"{source}-{name}\"\nclass = \"{name}\"\narrivals = {arrivals}\n"
            )
        };
        head + &match self.model {
            Station(arrivals, demand, processor) => {
                let steps = format!("{{ work = \"cpu\", demand = {demand} }}");
                let station = format!("[[processor]]\nname = \"cpu\"\n{processor}\n");
                class("job", 0, arrivals, &steps) + &station
            }
            Room(arrivals, size, queue, step, stations) => {
                let steps = format!("{{ hold = \"room\", steps = [{step}] }}");
                let pool = format!("[[pool]]\nname = \"room\"\nsize = {size}\nqueue = {queue}\n");
                class("job", 0, arrivals, &steps) + &pool + stations
            }
            Farm(arrivals, policy, servers) => {
                let steps = format!("{{ balance = \"lb\" }}, {{ work = \"cpu\", demand = {M} }}");
                class("job", 0, arrivals, &steps)
                    + &format!(
                        "[[balancer]]\nname = \"lb\"\npolicy = \"{policy}\"\ntargets = \"web\"\n\
                         [[server]]\nname = \"web\"\ncount = {servers}\nprocessor.cpu = {{ cores = 1 }}\n"
                    )
            }
            Network(classes, stations) => {
                let each = |(name, priority, arrivals, steps): &(&str, u32, &str, &str)| {
                    class(name, *priority, arrivals, steps)
                };
                classes.iter().map(each).collect::<String>() + stations
            }
        }
    }
}

const M: &str = "{ exponential = { mean = \"1s\" } }";
const D: &str = "\"1s\"";
const E2: &str = "{ erlang = { shape = 2, mean = \"1s\" } }";
const H2: &str = "{ hyperexponential = { mean = \"1s\", scv = 4.0 } }";
const U: &str = "{ uniform = { low = \"0s\", high = \"2s\" } }";
const LOGNORMAL: &str = "{ lognormal = { mean = \"1s\", cv = 1.5 } }";
const WEIBULL: &str = "{ weibull = { shape = 0.5, mean = \"1s\" } }";
const PARETO: &str = "{ bounded-pareto = { shape = 1.5, low = \"339589178ns\", high = \"1000s\" } }";
const WAIT: &[&str] = &["waiting/mean"];
const TIME: &[&str] = &["response/mean"];
const LOSS: &[&str] = &["throughput/rate", "response/mean", "in_system/mean", "queue_length/mean"];
const LOOP: &[&str] = &["throughput/rate", "response/mean", "utilization/mean"];
const ONE: &str = "[[processor]]\nname = \"cpu\"\n";
const POISSON_5: &str = "{ poisson = \"0.5/s\" }";
const POISSON_8: &str = "{ poisson = \"0.8/s\" }";
const POISSON_9: &str = "{ poisson = \"0.9/s\" }";
const CPU_M: &str = "{ work = \"cpu\", demand = { exponential = { mean = \"1s\" } } }";

const fn entry(
    group: &'static str,
    title: &'static str,
    metrics: &'static [&'static str],
    model: Text,
) -> Entry {
    Entry { group, title, metrics, jobs: 100_000, warmup: 2_000, model }
}

/// With replications half as long: the least number of them is enough for 1 %.
const fn short(
    group: &'static str,
    title: &'static str,
    metrics: &'static [&'static str],
    model: Text,
) -> Entry {
    Entry { group, title, metrics, jobs: 50_000, warmup: 1_000, model }
}

/// The panel, group by group.
pub const ENTRIES: &[Entry] = &[
    entry("mm1", "M/M/1 0.5", &["waiting/mean", "response/p50", "response/p99"], Station(POISSON_5, M, "")),
    entry("mm1", "M/M/1 0.8", &["waiting/mean", "response/p90", "waiting/p95"], Station(POISSON_8, M, "")),
    entry(
        "mm1",
        "M/M/1 0.9",
        &["waiting/mean", "utilization/mean", "queue_length/mean"],
        Station(POISSON_9, M, ""),
    ),
    entry("mm1", "M/M/1 SIRO 0.8", WAIT, Station(POISSON_8, M, "scheduler = \"siro\"")),
    entry(
        "mmc",
        "M/M/2 0.8",
        &["waiting/mean", "response/p95"],
        Station("{ poisson = \"1.6/s\" }", M, "cores = 2"),
    ),
    entry("mmc", "M/M/10 0.8", WAIT, Station("{ poisson = \"8/s\" }", M, "cores = 10")),
    entry("mmc", "M/D/4 0.9", WAIT, Station("{ poisson = \"3.6/s\" }", D, "cores = 4")),
    entry("loss", "M/M/1/5 0.8", LOSS, Room(POISSON_8, 1, 4, CPU_M, ONE)),
    entry("loss", "M/M/1/10 1.2", LOSS, Room("{ poisson = \"1.2/s\" }", 1, 9, CPU_M, ONE)),
    entry(
        "loss",
        "Erlang B 10",
        &["throughput/rate", "held/mean"],
        Room("{ poisson = \"7/s\" }", 10, 0, "{ delay = { lognormal = { mean = \"1s\", cv = 2.0 } } }", ""),
    ),
    entry("mg1", "M/D/1 0.8", &["waiting/mean", "waiting/p95"], Station(POISSON_8, D, "")),
    entry("mg1", "M/E2/1 0.8", WAIT, Station(POISSON_8, E2, "")),
    entry("mg1", "M/H2/1 0.8", WAIT, Station(POISSON_8, H2, "")),
    entry("mg1", "M/U/1 LCFS 0.8", WAIT, Station(POISSON_8, U, "scheduler = \"lcfs\"")),
    entry("mg1", "M/lognorm./1 0.5", WAIT, Station(POISSON_5, LOGNORMAL, "")),
    entry("mg1", "M/Weibull/1 0.5", WAIT, Station(POISSON_5, WEIBULL, "")),
    short("ps", "M/M/1 PS 0.8", TIME, Station(POISSON_8, M, "scheduler = \"ps\"")),
    short(
        "ps",
        "M/D/1 PS 0.8",
        &["response/mean", "slowdown/mean"],
        Station(POISSON_8, D, "scheduler = \"ps\""),
    ),
    short(
        "ps",
        "M/H2/2 PS 0.8",
        TIME,
        Station("{ poisson = \"1.6/s\" }", H2, "cores = 2\nscheduler = \"ps\""),
    ),
    short("ps", "M/BP/1 PS 0.5", &["slowdown/mean"], Station(POISSON_5, PARETO, "scheduler = \"ps\"")),
    short("ps", "M/U/1 LCFS-P 0.8", TIME, Station(POISSON_8, U, "scheduler = \"lcfs:preemptive=true\"")),
    short("size", "M/M/1 SJF 0.8", TIME, Station(POISSON_8, M, "scheduler = \"sjf\"")),
    short("size", "M/M/1 PSJF 0.8", TIME, Station(POISSON_8, M, "scheduler = \"psjf\"")),
    short("size", "M/M/1 SRTF 0.8", TIME, Station(POISSON_8, M, "scheduler = \"srtf\"")),
    short("size", "M/U/1 SRTF 0.9", TIME, Station(POISSON_9, U, "scheduler = \"srtf\"")),
    short("size", "M/H2/1 SRTF 0.8", TIME, Station(POISSON_8, H2, "scheduler = \"srtf\"")),
    short("size", "M/BP/1 SRTF 0.5", TIME, Station(POISSON_5, PARETO, "scheduler = \"srtf\"")),
    short("size", "M/H2/1 LAS 0.8", TIME, Station(POISSON_8, H2, "scheduler = \"las\"")),
    short("size", "M/U/1 LAS 0.5", TIME, Station(POISSON_5, U, "scheduler = \"las\"")),
    short("gm1", "D/M/1 0.8", &["waiting/mean", "response/p95"], Station("{ renewal = \"1250ms\" }", M, "")),
    short(
        "gm1",
        "H2/M/1 0.5",
        WAIT,
        Station("{ renewal = { hyperexponential = { mean = \"2s\", scv = 4.0 } } }", M, ""),
    ),
    short(
        "gm1",
        "U/M/1 0.8",
        WAIT,
        Station("{ renewal = { uniform = { low = \"0s\", high = \"2500ms\" } } }", M, ""),
    ),
    short(
        "priority",
        "2 priorities",
        WAIT,
        Network(
            &[
                ("a", 1, "{ poisson = \"0.3/s\" }", CPU_M),
                ("b", 2, "{ poisson = \"0.4/s\" }", "{ work = \"cpu\", demand = \"1s\" }"),
            ],
            "[[processor]]\nname = \"cpu\"\nscheduler = \"priority:preemptive=false\"\n",
        ),
    ),
    short(
        "priority",
        "2 preemptive",
        TIME,
        Network(
            &[
                ("a", 1, "{ poisson = \"0.3/s\" }", CPU_M),
                ("b", 2, "{ poisson = \"0.4/s\" }", "{ work = \"cpu\", demand = \"1s\" }"),
            ],
            "[[processor]]\nname = \"cpu\"\nscheduler = \"priority\"\n",
        ),
    ),
    short("farm", "4 random", WAIT, Farm("{ poisson = \"3.2/s\" }", "random", 4)),
    short("farm", "4 round robin", WAIT, Farm("{ poisson = \"3.2/s\" }", "round-robin", 4)),
    short(
        "farm",
        "4 least work",
        &["waiting/mean", "response/p95"],
        Farm("{ poisson = \"3.2/s\" }", "least-work", 4),
    ),
    short(
        "network",
        "tandem",
        TIME,
        Network(
            &[(
                "job",
                0,
                POISSON_8,
                "{ work = \"s1\", demand = { exponential = { mean = \"1s\" } } }, { work = \"s2\", demand = { exponential = { mean = \"800ms\" } } }",
            )],
            "[[processor]]\nname = \"s1\"\n[[processor]]\nname = \"s2\"\n",
        ),
    ),
    short(
        "network",
        "feedback",
        TIME,
        Network(
            &[(
                "job",
                0,
                "{ poisson = \"0.4/s\" }",
                "{ work = \"cpu\", demand = { exponential = { mean = \"1s\" } } }, { branch = [{ p = 0.5, steps = [{ work = \"cpu\", demand = { exponential = { mean = \"1s\" } } }, { work = \"disk\", demand = { exponential = { mean = \"500ms\" } } }] }] }",
            )],
            "[[processor]]\nname = \"cpu\"\n[[processor]]\nname = \"disk\"\n",
        ),
    ),
    short(
        "network",
        "BCMP 2 classes",
        TIME,
        Network(
            &[
                (
                    "a",
                    0,
                    "{ poisson = \"0.3/s\" }",
                    "{ work = \"s1\", demand = \"800ms\" }, { work = \"s2\", demand = \"1s\" }, { delay = \"3s\" }",
                ),
                (
                    "b",
                    0,
                    "{ poisson = \"0.2/s\" }",
                    "{ work = \"s1\", demand = { lognormal = { mean = \"500ms\", cv = 2.0 } } }, { work = \"s2\", demand = { exponential = { mean = \"1500ms\" } } }",
                ),
            ],
            "[[processor]]\nname = \"s1\"\nscheduler = \"ps\"\n[[processor]]\nname = \"s2\"\nscheduler = \"ps\"\n",
        ),
    ),
    short(
        "network",
        "fork of two",
        TIME,
        Network(
            &[(
                "job",
                0,
                POISSON_5,
                "{ fork = [[{ work = \"s1\", demand = { exponential = { mean = \"1s\" } } }], [{ work = \"s2\", demand = { exponential = { mean = \"1s\" } } }]], join = \"all\" }",
            )],
            "[[processor]]\nname = \"s1\"\n[[processor]]\nname = \"s2\"\n",
        ),
    ),
    short(
        "closed",
        "repair 10/2",
        LOOP,
        Station(
            "{ closed = { customers = 10, think = { exponential = { mean = \"4s\" } } } }",
            M,
            "cores = 2",
        ),
    ),
    short(
        "closed",
        "20 users",
        LOOP,
        Station(
            "{ closed = { customers = 20, think = \"10s\" } }",
            M,
            "scheduler = \"round-robin:quantum=100ms\"",
        ),
    ),
    short(
        "closed",
        "central server",
        LOOP,
        Network(
            &[(
                "job",
                0,
                "{ closed = { customers = 6, think = \"0s\" } }",
                "{ work = \"cpu\", demand = { exponential = { mean = \"1s\" } } }, { branch = [{ p = 0.6, steps = [{ work = \"disk\", demand = { exponential = { mean = \"1500ms\" } } }] }] }",
            )],
            "[[processor]]\nname = \"cpu\"\n[[processor]]\nname = \"disk\"\n",
        ),
    ),
    short(
        "closed",
        "MVA 2 classes",
        &["throughput/rate", "response/mean"],
        Network(
            &[
                (
                    "a",
                    0,
                    "{ closed = { customers = 3, think = \"2s\" } }",
                    "{ work = \"s1\", demand = { exponential = { mean = \"1s\" } } }, { work = \"s2\", demand = \"500ms\" }",
                ),
                (
                    "b",
                    0,
                    "{ closed = { customers = 2, think = { exponential = { mean = \"1s\" } } } }",
                    "{ work = \"s1\", demand = { exponential = { mean = \"1s\" } } }, { work = \"s2\", demand = { exponential = { mean = \"2s\" } } }",
                ),
            ],
            "[[processor]]\nname = \"s1\"\n[[processor]]\nname = \"s2\"\nscheduler = \"ps\"\n",
        ),
    ),
];

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn titles_are_unique_and_groups_stand_together() {
        let titles: BTreeSet<&str> = ENTRIES.iter().map(|entry| entry.title).collect();
        assert_eq!(titles.len(), ENTRIES.len());
        let mut groups: Vec<&str> = ENTRIES.iter().map(|entry| entry.group).collect();
        groups.dedup();
        let distinct: BTreeSet<&&str> = groups.iter().collect();
        assert_eq!(distinct.len(), groups.len(), "{groups:?}");
    }
}
