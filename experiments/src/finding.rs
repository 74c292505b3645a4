//! What must be known before any number of a result is read: more is offered than can be served, or a queue still rises.
//!
//! Findings are data; their words are [`Display`](fmt::Display)'s. They stand above everything else in every output.

use crate::capacity::offered::{self, Load};
use crate::growth::Growth;
use crate::open;
use reports::number::{estimate, significant};
use reports::rows::{FEW_ABOVE, FindingRow};
use sim_core::measure::Measures;
use sim_core::model::{Arrivals, Model};
use std::fmt;

/// One finding.
#[derive(Clone, PartialEq, Debug)]
pub struct Finding {
    /// Of which alternative of a comparison, or point of a sweep; `None`: of all.
    pub of: Option<String>,
    /// What was found.
    pub what: What,
}

/// What was found.
#[derive(Clone, PartialEq, Debug)]
pub enum What {
    /// More is offered than can be served, as the model says.
    Overload {
        /// Where, the fullest first; at least one.
        stations: Vec<Overloaded>,
        /// Nothing keeps what is beyond the capacity from staying: queues grow for as long as the run lasts. Else full queues turn it
        /// away, or clients give up.
        grows: bool,
        /// All arrivals are of traces, which end: the load is that over their span.
        trace: bool,
    },
    /// The number of jobs in the system still rises when arrivals end, as was measured.
    Rising {
        /// Jobs in the system after half of the releases, a mean over the replications in which it rises.
        half: f64,
        /// Jobs in the system at the end of arrivals, likewise.
        end: f64,
        /// In how many replications it rises.
        replications: u32,
        /// Of how many.
        of: u32,
        /// Where jobs wait longest.
        station: Option<String>,
        /// Arrivals come at a rate that changes, or from a trace: the end may be at a peak.
        varies: bool,
    },
    /// The jobs are those of a log or a trace, and too few of them for its high percentiles to say anything of other traffic.
    FewJobs {
        /// Jobs behind the times.
        jobs: u64,
    },
}

/// A station that is offered more than it can serve.
#[derive(Clone, PartialEq, Debug)]
pub struct Overloaded {
    /// Its name.
    pub station: String,
    /// What is offered, over what it can serve.
    pub load: f64,
    /// The load is at least this.
    pub at_least: bool,
}

impl Finding {
    /// The row of results.
    pub fn row(&self) -> FindingRow {
        let (kind, station, value, unit) = match &self.what {
            What::Overload { stations, .. } => {
                let first = stations.first();
                ("overload", first.map(|first| first.station.clone()), first.map(|first| first.load), "ratio")
            }
            What::Rising { end, station, .. } => ("rising", station.clone(), Some(*end), "jobs"),
            What::FewJobs { jobs } => ("small-sample", None, Some(*jobs as f64), "jobs"),
        };
        FindingRow {
            kind: kind.to_owned(),
            text: self.to_string(),
            of: self.of.clone(),
            station,
            value,
            unit: unit.to_owned(),
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.what {
            What::Overload { stations, grows, trace } => {
                /// Stations named one by one.
                const NAMED: usize = 3;
                f.write_str("overloaded: ")?;
                self.write_of(f)?;
                for (index, one) in stations.iter().take(NAMED).enumerate() {
                    let between = match index {
                        0 => "",
                        _ if index + 1 == stations.len() => " and ",
                        _ => ", ",
                    };
                    let least = if one.at_least { "at least " } else { "" };
                    let offered = if index == 0 { "is offered " } else { "" };
                    write!(f, "{between}`{}` {offered}{least}{} %", one.station, percent(one.load))?;
                }
                if stations.len() > NAMED {
                    write!(f, " and {} more stations too much", stations.len() - NAMED)?;
                }
                let it = if stations.len() == 1 { "it" } else { "they" };
                let span = if *trace { " over the span of the trace" } else { "" };
                write!(f, " of what {it} can serve{span}; ")?;
                f.write_str(if *grows && *trace {
                    "queues grow until it ends, and means depend on where that is"
                } else if *grows {
                    "means grow with the length of the run"
                } else {
                    "what is beyond it is turned away or given up, and times are of those that got through"
                })
            }
            What::Rising { half, end, replications, of, station, varies } => {
                f.write_str("still rising: ")?;
                self.write_of(f)?;
                write!(
                    f,
                    "the number of jobs in the system, {} halfway and {} when arrivals end",
                    estimate(half.round()),
                    estimate(end.round())
                )?;
                if *of > 1 {
                    write!(f, " (in {replications} of {of} replications)")?;
                }
                if let Some(station) = station {
                    write!(f, ", most of them at `{station}`")?;
                }
                f.write_str(if *varies {
                    "; arrivals vary, and the run may end at a peak: means depend on where it ends"
                } else {
                    "; means grow with the length of the run"
                })
            }
            What::FewJobs { jobs } => {
                f.write_str("small sample: ")?;
                self.write_of(f)?;
                write!(
                    f,
                    "{jobs} requests of a log; p99 is among the last of them, true of this log and a guess for its traffic"
                )
            }
        }
    }
}

impl Finding {
    fn write_of(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.of.as_ref().map_or(Ok(()), |of| write!(f, "{of}: "))
    }
}

/// 122, 110, and 100.4 where it is close.
fn percent(load: f64) -> String {
    significant(load * 100.0, if load < 1.1 { 4 } else { 3 })
}

/// What the model says before anything is run.
pub fn overload(model: &Model) -> Option<Finding> {
    let is_random = offered::is_random(model);
    let mut full: Vec<Load> =
        offered::loads(model).into_iter().filter(|load| load.overloads(is_random)).collect();
    full.sort_by(|a, b| b.load.total_cmp(&a.load));
    let grows = full.iter().any(Load::grows);
    let station =
        |load: Load| Overloaded { station: load.station, load: load.load, at_least: !load.complete };
    let stations: Vec<Overloaded> = full.into_iter().map(station).collect();
    let trace = model.sources.iter().all(|source| source.arrivals.trace().is_some());
    (!stations.is_empty()).then_some(Finding { of: None, what: What::Overload { stations, grows, trace } })
}

/// Everything that is found of a model and its replications. `first` is what replication 1 measured.
pub fn findings(model: &Model, growths: &[Option<Growth>], first: &Measures) -> Vec<Finding> {
    let overload = overload(model);
    let explained = matches!(&overload, Some(Finding { what: What::Overload { grows: true, .. }, .. }));
    let rising = if explained { None } else { rising(model, growths, first) };
    overload.into_iter().chain(rising).chain(few_jobs(model, first)).collect()
}

/// Where even p99 is among the last of the requests of a log.
fn few_jobs(model: &Model, first: &Measures) -> Option<Finding> {
    let jobs = first.total().response.count();
    let is_few = jobs > 0 && open::beyond("p99", jobs).is_some_and(|beyond| beyond < FEW_ABOVE);
    (is_few && offered::is_sample(model)).then_some(Finding { of: None, what: What::FewJobs { jobs } })
}

/// What was measured, where it rises in more than half of the replications.
fn rising(model: &Model, growths: &[Option<Growth>], first: &Measures) -> Option<Finding> {
    let found: Vec<&Growth> = growths.iter().flatten().collect();
    if found.len() * 2 <= growths.len() || is_list(model) {
        return None;
    }
    let mean =
        |of: fn(&Growth) -> u64| found.iter().map(|one| of(one) as f64).sum::<f64>() / found.len() as f64;
    let parts = first.total().parts;
    let longest =
        parts.iter().enumerate().max_by_key(|(_, part)| part.waiting).filter(|(_, part)| part.waiting > 0);
    let varies = |arrivals: &Arrivals| {
        matches!(arrivals, Arrivals::Varying(_) | Arrivals::Trace(_) | Arrivals::Copies(_))
    };
    Some(Finding {
        of: None,
        what: What::Rising {
            half: mean(|one| one.half),
            end: mean(|one| one.end),
            replications: found.len() as u32,
            of: growths.len() as u32,
            station: longest
                .and_then(|(index, _)| model.components.get(index))
                .map(|component| component.name.clone()),
            varies: model.sources.iter().any(|source| varies(&source.arrivals)),
        },
    })
}

/// Whether all jobs are those of a task list: a finite set, and no flow that could go on.
fn is_list(model: &Model) -> bool {
    let finite = |arrivals: &Arrivals| {
        arrivals.trace().is_some() || matches!(arrivals, Arrivals::Periodic { count: Some(_), .. })
    };
    model.sources.iter().all(|source| finite(&source.arrivals)) && model.tasks.len() > model.sources.len()
}

/// The findings of several alternatives: those that all share are said once.
pub fn together<'f>(all: impl IntoIterator<Item = (&'f str, &'f [Finding])>) -> Vec<Finding> {
    let all: Vec<(&str, &[Finding])> = all.into_iter().collect();
    let mut found: Vec<Finding> = Vec::new();
    for (label, own) in &all {
        for finding in *own {
            if all.iter().all(|(_, others)| others.contains(finding)) {
                if !found.contains(finding) {
                    found.push(finding.clone());
                }
            } else {
                found.push(Finding { of: Some((*label).to_owned()), what: finding.what.clone() });
            }
        }
    }
    found
}
