//! `decisions.csv`: every recorded decision, with what could have been chosen.

use crate::explain::{CandidateRow, Explainer, Vocabulary};
use crate::sheet::{Column, Form, Kind, Sheet};
use serde::Serialize;
use sim_core::model::Model;
use sim_core::trace::{Candidate, Decision, Trace};
use sim_core::units::Span;
use std::io::{self, Write};

/// The columns of `decisions.csv`.
pub const COLUMNS: &[Column] = &[
    Column::new("scenario", Kind::Text, "its name"),
    Column::new("policy", Kind::Text, "the policy that decided, with its parameters"),
    Column::new("replication", Kind::Integer, "1: the file is about the first replication"),
    Column::new("decision", Kind::Integer, "its number, from 1"),
    Column::new("at_ns", Kind::Integer, "when"),
    Column::new("kind", Kind::Text, "`dispatch`, `preempt` or `balance`"),
    Column::new("station", Kind::Text, "the processor or balancer"),
    Column::new("core", Kind::Integer, "the core that is given to a job; empty for balancers"),
    Column::new("job", Kind::Text, "the job that is dispatched or sent; `task#n` where its task has several"),
    Column::new("chosen", Kind::Text, "the candidate that was taken: a job, or a server"),
    Column::new("candidates_count", Kind::Integer, "how many there were"),
    Column::new(
        "candidates",
        Kind::Text,
        "`name=key`, parts of a key with `/` between, candidates with `;`; `*` after the name of a job that was running",
    ),
    Column::new(
        "key_names",
        Kind::Text,
        "what the parts of the keys are, with `/` between; the smallest key goes first",
    ),
    Column::new("rule", Kind::Text, "the policy's rule"),
    Column::new(
        "tie",
        Kind::Flag,
        "whether another candidate had the same key, so that the tie rule decided",
    ),
    Column::new("tie_rule", Kind::Text, "that rule, where it decided"),
    Column::new(
        "slice_ns",
        Kind::Integer,
        "the longest that the job may run before the next decision; empty where there is no limit",
    ),
    Column::new(
        "note",
        Kind::Text,
        "what else the policy says: the draw of a lottery, the servers that were sampled",
    ),
];

/// A decision in the document of a run, in the words of its explanation.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Decided {
    /// When.
    pub at_ns: u64,
    /// `dispatch`, `preempt` or `balance`.
    pub kind: &'static str,
    /// The processor or balancer.
    pub station: String,
    /// The core that is given to a job; `None` for balancers.
    pub core: Option<u32>,
    /// The job that is dispatched or sent.
    pub job: String,
    /// The candidate that was taken: a job, or a server.
    pub chosen: String,
    /// The policy that decided.
    pub policy: String,
    /// What the parts of the keys are, such as the level of a multilevel queue.
    pub keys: Vec<String>,
    /// What could have been chosen.
    pub candidates: Vec<DecidedAmong>,
    /// The policy's rule.
    pub rule: String,
    /// The tie rule, where it decided.
    pub tie_rule: Option<String>,
    /// The longest that the job may run before the next decision; `None` where there is no limit.
    pub slice_ns: Option<u64>,
    /// What else the policy says.
    pub note: Option<String>,
}

/// One of the candidates of a [`Decided`].
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct DecidedAmong {
    /// The job or server.
    pub name: String,
    /// Whether it was running.
    pub running: bool,
    /// The parts of its key as people read them, in the order of [`Decided::keys`].
    pub keys: Vec<String>,
}

/// Decisions for the document of a run.
pub fn decided(
    model: &Model,
    trace: &Trace,
    decisions: &[Decision],
    vocabulary: &Vocabulary,
) -> Vec<Decided> {
    let explainer = Explainer::new(model, trace, vocabulary);
    let row = |decision: &Decision| {
        let (kind, station, core, job) = explainer.place(decision);
        let (words, _) = explainer.words(decision.kind);
        let all = explainer.explain_all(decision);
        Decided {
            at_ns: decision.at.0,
            kind,
            station: station.to_owned(),
            core,
            job: explainer.job_name(job),
            chosen: explainer.candidate_name(decision.kind, decision.chosen),
            policy: all.policy,
            keys: all.keys,
            candidates: all
                .candidates
                .into_iter()
                .map(|row| DecidedAmong { name: row.name, running: row.running, keys: row.keys })
                .collect(),
            rule: words.rule.clone(),
            tie_rule: words.is_tie(decision.is_tie()).then(|| words.tie.clone()),
            slice_ns: decision.slice.filter(|slice| *slice != Span::FOREVER).map(|slice| slice.0),
            note: all.note,
        }
    };
    decisions.iter().map(row).collect()
}

/// Writes `decisions.csv`.
pub fn write(
    form: &Form,
    model: &Model,
    trace: &Trace,
    vocabulary: &Vocabulary,
    out: &mut dyn Write,
) -> io::Result<()> {
    let explainer = Explainer::new(model, trace, vocabulary);
    sheet(form, model, (&explainer, &trace.decisions), None, out)
}

/// Writes decisions of a recorded run in the same columns for people: keys, and what they are called, as explanations have them.
pub fn write_explained(
    form: &Form,
    model: &Model,
    trace: &Trace,
    decisions: &[Decision],
    vocabulary: &Vocabulary,
    out: &mut dyn Write,
) -> io::Result<()> {
    let explainer = Explainer::new(model, trace, vocabulary);
    let place = |first: &Decision| trace.decisions.iter().position(|one| std::ptr::eq(one, first));
    let from = decisions.first().and_then(place).unwrap_or(0);
    sheet(form, model, (&explainer, decisions), Some(from), out)
}

fn sheet(
    form: &Form,
    model: &Model,
    (explainer, decisions): (&Explainer<'_>, &[Decision]),
    people_from: Option<usize>,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut sheet = Sheet::new(form, COLUMNS, out)?;
    let first = people_from.unwrap_or(0) as u64;
    for (index, decision) in decisions.iter().enumerate() {
        let (words, _) = explainer.words(decision.kind);
        let told = people_from.map(|_| explainer.explain_all(decision));
        let (kind, station, core, job) = explainer.place(decision);
        let parts = words.parts().count();
        let candidate = |candidate: &Candidate| {
            let name = explainer.candidate_name(decision.kind, candidate.id);
            let key: Vec<String> = candidate.key.0.iter().take(parts).map(ToString::to_string).collect();
            let (mark, equals) = (if candidate.running { "*" } else { "" }, if parts > 0 { "=" } else { "" });
            format!("{name}{mark}{equals}{}", key.join("/"))
        };
        let grounds = decision.grounds.as_deref();
        let read = |row: &CandidateRow| {
            let (mark, equals) =
                (if row.running { "*" } else { "" }, if row.keys.is_empty() { "" } else { "=" });
            format!("{}{mark}{equals}{}", row.name, row.keys.join("/"))
        };
        let candidates: Vec<String> = match &told {
            Some(told) => told.candidates.iter().map(read).collect(),
            None => decision.candidates().iter().map(candidate).collect(),
        };
        let names: Vec<&str> = match &told {
            Some(told) => told.keys.iter().map(String::as_str).collect(),
            None => words.parts().collect(),
        };
        let slice = decision.slice.filter(|slice| *slice != Span::FOREVER);
        sheet.row(&[
            model.name.as_str().into(),
            words.spec.as_str().into(),
            1u32.into(),
            (first + index as u64 + 1).into(),
            decision.at.0.into(),
            kind.into(),
            station.into(),
            core.into(),
            explainer.job_name(job).into(),
            explainer.candidate_name(decision.kind, decision.chosen).into(),
            grounds.map(|grounds| grounds.candidates.len() as u64).into(),
            candidates.join(";").into(),
            names.join("/").into(),
            words.rule.as_str().into(),
            grounds.map(|grounds| words.is_tie(grounds.tie)).into(),
            grounds.filter(|grounds| words.is_tie(grounds.tie)).map(|_| words.tie.as_str()).into(),
            slice.map(|slice| slice.0).into(),
            grounds.and_then(|grounds| grounds.note.as_deref()).into(),
        ])?;
    }
    sheet.finish()
}
