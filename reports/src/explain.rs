//! Decision records in words: who could have been chosen, by which key and rule, and who was.

use crate::compare::DecisionRow;
use crate::grid::Grid;
use sim_core::model::Model;
use sim_core::trace::{Decision, DecisionKind, Trace};
use sim_core::units::{Span, Time};
use std::fmt::{self, Write as _};

/// Candidates beyond this many are counted, not listed.
const MAX_CANDIDATES: usize = 40;

/// What a policy says of itself, in the words of its definition.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct PolicyWords {
    /// As written: `round-robin:quantum=4ms`.
    pub spec: String,
    /// The rule: `least remaining work`.
    pub rule: String,
    /// What decides on equal keys.
    pub tie: String,
    /// Names of the parts of its keys with their units: `remaining (ns)`.
    pub keys: Vec<String>,
    /// Chance decides, and no tie rule.
    pub draws: bool,
}

impl PolicyWords {
    /// Whether the tie rule decided, where another candidate had the same key.
    pub(crate) fn is_tie(&self, equal: bool) -> bool {
        equal && !self.draws
    }

    /// The parts that there are: a policy without a key has none.
    pub(crate) fn parts(&self) -> impl Iterator<Item = &str> {
        let some = self.keys.iter().filter(|key| *key != NO_KEY);
        some.take(2).map(String::as_str)
    }
}

/// What a policy without a key calls it.
const NO_KEY: &str = "no key";

/// The words of every policy of a model.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Vocabulary {
    /// One a processor.
    pub schedulers: Vec<PolicyWords>,
    /// One a balancer.
    pub balancers: Vec<PolicyWords>,
}

/// One decision in parts.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Explanation {
    /// When.
    pub at: Time,
    /// What was decided.
    pub headline: Headline,
    /// The policy as written.
    pub policy: String,
    /// Names of the parts of the keys, as people read them.
    pub keys: Vec<String>,
    /// The candidates, the chosen one among them.
    pub candidates: Vec<CandidateRow>,
    /// How many candidates are not listed.
    pub left_out: usize,
    /// What decided.
    pub why: Reason,
    /// What else the policy has to say.
    pub note: Option<String>,
}

/// What was decided. Written, it is one line in English.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Headline {
    /// A job got a core.
    Runs {
        /// The processor.
        station: String,
        /// Its core.
        core: u32,
        /// The job.
        job: String,
        /// For how long at most; `None`: until its work is done.
        slice: Option<Span>,
    },
    /// A core was taken from the job that ran on it.
    Taken {
        /// The processor.
        station: String,
        /// Its core.
        core: u32,
        /// The job it was taken for.
        job: String,
    },
    /// A job was sent to a server.
    Sent {
        /// The balancer.
        balancer: String,
        /// The job.
        job: String,
        /// The server.
        server: String,
    },
}

impl fmt::Display for Headline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Headline::Runs { station, core, job, slice: Some(slice) } => {
                write!(f, "{station} core {core} runs {job} for at most {slice}")
            }
            Headline::Runs { station, core, job, slice: None } => {
                write!(f, "{station} core {core} runs {job} until its work is done")
            }
            Headline::Taken { station, core, job } => write!(f, "{station} core {core} is taken for {job}"),
            Headline::Sent { balancer, job, server } => write!(f, "{balancer} sends {job} to {server}"),
        }
    }
}

/// What decided. Written, it is one line in English.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Reason {
    /// There was one server.
    OnlyServer,
    /// There was one job.
    OnlyJob,
    /// The rule.
    Rule(String),
    /// Keys were equal by the rule, and the tie rule decided.
    Tie {
        /// The rule.
        rule: String,
        /// The tie rule.
        tie: String,
    },
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reason::OnlyServer => f.write_str("the only server it could have chosen"),
            Reason::OnlyJob => f.write_str("the only job it could have chosen"),
            Reason::Rule(rule) => f.write_str(rule),
            Reason::Tie { rule, tie } => {
                write!(f, "{rule}; keys were equal, so the tie rule decided: {tie}")
            }
        }
    }
}

/// One of the things that could have been chosen.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CandidateRow {
    /// Its name.
    pub name: String,
    /// The job's number (schedulers) or the server's index (balancers).
    pub id: u64,
    /// Whether it was chosen.
    pub chosen: bool,
    /// Whether it was running when the decision was made.
    pub running: bool,
    /// The parts of its key, with their units.
    pub keys: Vec<String>,
}

impl CandidateRow {
    /// The name, and whether it was running.
    pub fn label(&self) -> String {
        if self.running { format!("{} (running)", self.name) } else { self.name.clone() }
    }
}

/// The decisions taken at `at`; where there are none, the last ones before it.
pub fn decisions_at(trace: &Trace, at: Time) -> &[Decision] {
    let decisions = &trace.decisions;
    let after = decisions.partition_point(|decision| decision.at <= at);
    let last = decisions[..after].last().map_or(at, |decision| decision.at);
    let first = decisions[..after].partition_point(|decision| decision.at < last);
    &decisions[first..after]
}

/// Explains decisions of one recorded run.
pub struct Explainer<'a> {
    model: &'a Model,
    trace: &'a Trace,
    vocabulary: &'a Vocabulary,
    /// Which tasks have more than one job.
    several: Vec<bool>,
}

impl<'a> Explainer<'a> {
    /// Of a run of `model` that left `trace`, by policies with these words.
    pub fn new(model: &'a Model, trace: &'a Trace, vocabulary: &'a Vocabulary) -> Explainer<'a> {
        let mut several = vec![false; model.tasks.len()];
        for job in trace.jobs.iter().filter(|job| job.job > 1) {
            several[job.task as usize] = true;
        }
        Explainer { model, trace, vocabulary, several }
    }

    /// Explains every decision, in order.
    pub fn all(&self) -> String {
        self.several(&self.trace.decisions)
    }

    /// Explains the decisions taken at `at`; where there are none, the last ones before it.
    pub fn at(&self, at: Time) -> String {
        let decisions = decisions_at(self.trace, at);
        let Some(last) = decisions.last() else {
            return format!("no decision was taken at or before {at}\n");
        };
        let text = self.several(decisions);
        if last.at == at { text } else { format!("no decision at {at}; the last one before it:\n\n{text}") }
    }

    fn several(&self, decisions: &[Decision]) -> String {
        let texts: Vec<String> = decisions.iter().map(|decision| self.decision(decision)).collect();
        texts.join("\n")
    }

    /// One decision as a row, with its explanation.
    pub fn row(&self, decision: &Decision) -> DecisionRow {
        let (kind, station, core, job) = self.place(decision);
        let server = matches!(decision.kind, DecisionKind::Balance { .. })
            .then(|| self.candidate_name(decision.kind, decision.chosen));
        DecisionRow {
            at_ns: decision.at.0,
            kind,
            station: station.to_owned(),
            core,
            job: self.job_name(job),
            server,
            explanation: self.decision(decision),
        }
    }

    /// What kind of decision it is, where it was taken, and which job it is about.
    pub(crate) fn place(&self, decision: &Decision) -> (&'static str, &str, Option<u32>, u64) {
        match decision.kind {
            DecisionKind::Dispatch { processor, core } => {
                ("dispatch", self.processor(processor), Some(core), decision.chosen)
            }
            DecisionKind::Preempt { processor, core } => {
                ("preempt", self.processor(processor), Some(core), decision.chosen)
            }
            DecisionKind::Balance { balancer, job } => {
                let name = self.model.balancers.get(balancer as usize).map_or("?", |b| b.name.as_str());
                ("balance", name, None, job)
            }
        }
    }

    /// Explains one decision.
    pub fn decision(&self, decision: &Decision) -> String {
        let found = self.explain(decision);
        let mut out = String::new();
        let _ = writeln!(out, "t = {}  {}", found.at, found.headline);
        let _ = writeln!(out, "  policy  {}", found.policy);
        let mut grid = Grid::new([String::new()].into_iter().chain(found.keys));
        for row in &found.candidates {
            let name = format!("{} {}", if row.chosen { ">" } else { " " }, row.label());
            grid.row([name].into_iter().chain(row.keys.iter().cloned()));
        }
        grid.write(&mut out, 2);
        if found.left_out > 0 {
            let _ = writeln!(out, "    ... and {} more", found.left_out);
        }
        let _ = writeln!(out, "  why     {}", found.why);
        if let Some(note) = &found.note {
            let _ = writeln!(out, "  note    {note}");
        }
        out
    }

    /// One decision in parts, for those who lay it out themselves. Of many candidates the first are listed.
    pub fn explain(&self, decision: &Decision) -> Explanation {
        self.parts(decision, MAX_CANDIDATES)
    }

    /// One decision in parts, with every candidate.
    pub(crate) fn explain_all(&self, decision: &Decision) -> Explanation {
        self.parts(decision, usize::MAX)
    }

    fn parts(&self, decision: &Decision, most: usize) -> Explanation {
        let (words, is_balancer) = self.words(decision.kind);
        let chosen = self.candidate_name(decision.kind, decision.chosen);
        let rule = words.rule.clone();
        let why = if decision.candidates().len() == 1 {
            if is_balancer { Reason::OnlyServer } else { Reason::OnlyJob }
        } else if words.is_tie(decision.is_tie()) {
            Reason::Tie { rule, tie: words.tie.clone() }
        } else {
            Reason::Rule(rule)
        };
        let names: Vec<KeyName<'_>> = words.parts().map(KeyName::new).collect();
        let (candidates, left_out) = self.candidates(decision, &names, most);
        Explanation {
            at: decision.at,
            headline: self.headline(decision, chosen),
            policy: words.spec.clone(),
            keys: names.iter().map(|key| key.name.to_owned()).collect(),
            candidates,
            left_out,
            why,
            note: decision.grounds.as_ref().and_then(|grounds| grounds.note.clone()),
        }
    }

    fn headline(&self, decision: &Decision, chosen: String) -> Headline {
        match decision.kind {
            DecisionKind::Dispatch { processor, core } => Headline::Runs {
                station: self.processor(processor).to_owned(),
                core,
                job: chosen,
                slice: decision.slice.filter(|slice| *slice != Span::FOREVER),
            },
            DecisionKind::Preempt { processor, core } => {
                Headline::Taken { station: self.processor(processor).to_owned(), core, job: chosen }
            }
            DecisionKind::Balance { balancer, job } => {
                let balancer = self.model.balancers.get(balancer as usize);
                Headline::Sent {
                    balancer: balancer.map_or("?", |balancer| balancer.name.as_str()).to_owned(),
                    job: self.job_name(job),
                    server: chosen,
                }
            }
        }
    }

    /// Candidates as rows, and how many were left out.
    fn candidates(
        &self,
        decision: &Decision,
        keys: &[KeyName<'_>],
        most: usize,
    ) -> (Vec<CandidateRow>, usize) {
        let mut rows = Vec::new();
        let mut left_out = 0;
        for (index, candidate) in decision.candidates().iter().enumerate() {
            let chosen = candidate.id == decision.chosen;
            if index >= most && !chosen {
                left_out += 1;
                continue;
            }
            rows.push(CandidateRow {
                name: self.candidate_name(decision.kind, candidate.id),
                id: candidate.id,
                chosen,
                running: candidate.running,
                keys: keys.iter().zip(candidate.key.0).map(|(key, part)| key.value(part)).collect(),
            });
        }
        (rows, left_out)
    }

    pub(crate) fn words(&self, kind: DecisionKind) -> (&PolicyWords, bool) {
        static NONE: PolicyWords = PolicyWords {
            spec: String::new(),
            rule: String::new(),
            tie: String::new(),
            keys: Vec::new(),
            draws: false,
        };
        match kind {
            DecisionKind::Dispatch { processor, .. } | DecisionKind::Preempt { processor, .. } => {
                (self.vocabulary.schedulers.get(processor as usize).unwrap_or(&NONE), false)
            }
            DecisionKind::Balance { balancer, .. } => {
                (self.vocabulary.balancers.get(balancer as usize).unwrap_or(&NONE), true)
            }
        }
    }

    pub(crate) fn candidate_name(&self, kind: DecisionKind, id: u64) -> String {
        match kind {
            DecisionKind::Balance { balancer, .. } => {
                let group = self
                    .model
                    .balancers
                    .get(balancer as usize)
                    .and_then(|balancer| self.model.groups.get(balancer.group as usize));
                format!("{}-{}", group.map_or("server", |group| group.name.as_str()), id + 1)
            }
            DecisionKind::Dispatch { .. } | DecisionKind::Preempt { .. } => self.job_name(id),
        }
    }

    /// The task's name; with the number of its job where the task has several.
    pub fn job_name(&self, number: u64) -> String {
        let Some(job) = self.trace.jobs.get(number as usize) else { return format!("job {}", number + 1) };
        let task = &self.model.tasks[job.task as usize];
        if self.several[job.task as usize] { format!("{task}#{}", job.job) } else { task.clone() }
    }

    fn processor(&self, index: u32) -> &str {
        self.model.processors.get(index as usize).map_or("?", |processor| processor.name.as_str())
    }
}

/// A key's name as people read it, and how its values are written.
///
/// A policy's key puts the smallest first, so what is best when greatest is negated in it (`minus the tickets`): here the
/// thing itself is shown, and the rule below the table says which end wins.
struct KeyName<'a> {
    name: &'a str,
    negated: bool,
    unit: KeyUnit,
}

#[derive(Clone, Copy)]
enum KeyUnit {
    Number,
    Nanoseconds,
    Billionths,
    /// In parts of so many, the number itself is wanted.
    Parts(u128),
    /// In parts of 2^64.
    Fraction,
    /// A place in a queue; who runs has none.
    Position,
}

impl<'a> KeyName<'a> {
    fn new(key: &'a str) -> KeyName<'a> {
        let (key, negated) = key.strip_prefix("minus the ").map_or((key, false), |name| (name, true));
        let units = [
            (" (ns)", KeyUnit::Nanoseconds),
            (" (billionths)", KeyUnit::Billionths),
            (" (2^-64)", KeyUnit::Fraction),
        ];
        let found = units.into_iter().find_map(|(suffix, unit)| Some((key.strip_suffix(suffix)?, unit)));
        let parts = || {
            let (name, parts) = key.strip_suffix(')')?.rsplit_once(" (/")?;
            Some((name, KeyUnit::Parts(parts.parse().ok().filter(|parts| *parts > 0)?)))
        };
        let position = key.starts_with("position").then_some((key, KeyUnit::Position));
        let (name, unit) = found.or_else(parts).or(position).unwrap_or((key, KeyUnit::Number));
        KeyName { name, negated, unit }
    }

    fn value(&self, value: i128) -> String {
        let value = if self.negated { value.saturating_neg() } else { value };
        let sign = if value < 0 { "-" } else { "" };
        let size = value.unsigned_abs();
        match self.unit {
            KeyUnit::Position if value < 0 => "-".to_owned(),
            KeyUnit::Number | KeyUnit::Position => value.to_string(),
            KeyUnit::Parts(parts) => format!("{sign}{}", crate::number::estimate(size as f64 / parts as f64)),
            KeyUnit::Fraction if value == i128::MAX => "none".to_owned(),
            KeyUnit::Fraction => {
                format!("{sign}{}", crate::number::estimate(size as f64 / 18_446_744_073_709_551_616.0))
            }
            KeyUnit::Nanoseconds => match u64::try_from(size) {
                Ok(u64::MAX) | Err(_) => "none".to_owned(),
                Ok(nanos) => format!("{sign}{}", Span(nanos)),
            },
            KeyUnit::Billionths => {
                // As many of the nine decimals as there are, at least one.
                let (whole, rest) = (size / 1_000_000_000, size % 1_000_000_000);
                let decimals = format!("{rest:09}");
                let decimals = decimals.trim_end_matches('0');
                format!("{sign}{whole}.{}", if decimals.is_empty() { "0" } else { decimals })
            }
        }
    }
}

/// The name of a part of a policy's key as people read it, without unit and sign.
pub fn key_name(key: &str) -> &str {
    KeyName::new(key).name
}

#[cfg(test)]
mod tests {
    use super::KeyName;

    #[test]
    fn keys_are_shown_as_people_read_them() {
        for (key, value, name, shown) in [
            ("remaining (ns)", 2_500_000, "remaining", "2.5ms"),
            ("remaining (ns)", -1_000, "remaining", "-1us"),
            ("absolute deadline (ns)", i128::from(u64::MAX), "absolute deadline", "none"),
            ("level (0 is the top)", 3, "level (0 is the top)", "3"),
            ("minus the tickets", -75, "tickets", "75"),
            ("minus the current weight after growth", 2, "current weight after growth", "-2"),
            ("minus the response ratio (billionths)", -2_400_000_000, "response ratio", "2.4"),
            ("pass (/10000000)", 25_000_000, "pass", "2.5"),
            ("requests under way over weight (2^-64)", 3 << 63, "requests under way over weight", "1.5"),
            ("requests under way over weight (2^-64)", i128::MAX, "requests under way over weight", "none"),
            ("position in the queue", -1, "position in the queue", "-"),
            ("minus the priority (greater is better)", -7, "priority (greater is better)", "7"),
            ("minus the response ratio (billionths)", -1_000_000_000, "response ratio", "1.0"),
            ("minus the response ratio (billionths)", -1_333_333_333, "response ratio", "1.333333333"),
        ] {
            let named = KeyName::new(key);
            assert_eq!((named.name, named.value(value).as_str()), (name, shown), "{key}");
        }
    }
}
