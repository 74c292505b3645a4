//! `decisions.csv`: every recorded decision, with what could have been chosen.

use crate::explain::{Explainer, Vocabulary};
use crate::sheet::{Column, Form, Kind, Sheet};
use sim_core::model::Model;
use sim_core::trace::{Candidate, Trace};
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

/// Writes `decisions.csv`.
pub fn write(
    form: &Form,
    model: &Model,
    trace: &Trace,
    vocabulary: &Vocabulary,
    out: &mut dyn Write,
) -> io::Result<()> {
    let explainer = Explainer::new(model, trace, vocabulary);
    let mut sheet = Sheet::new(form, COLUMNS, out)?;
    for (index, decision) in trace.decisions.iter().enumerate() {
        let (words, _) = explainer.words(decision.kind);
        let (kind, station, core, job) = explainer.place(decision);
        let parts = words.keys.len().min(2);
        let candidate = |candidate: &Candidate| {
            let name = explainer.candidate_name(decision.kind, candidate.id);
            let key: Vec<String> = candidate.key.0.iter().take(parts).map(ToString::to_string).collect();
            let (mark, equals) = (if candidate.running { "*" } else { "" }, if parts > 0 { "=" } else { "" });
            format!("{name}{mark}{equals}{}", key.join("/"))
        };
        let grounds = decision.grounds.as_deref();
        let candidates: Vec<String> = decision.candidates().iter().map(candidate).collect();
        let slice = decision.slice.filter(|slice| *slice != sim_core::units::Span::FOREVER);
        sheet.row(&[
            model.name.as_str().into(),
            words.spec.as_str().into(),
            1u32.into(),
            (index as u64 + 1).into(),
            decision.at.0.into(),
            kind.into(),
            station.into(),
            core.into(),
            explainer.job_name(job).into(),
            explainer.candidate_name(decision.kind, decision.chosen).into(),
            grounds.map(|grounds| grounds.candidates.len() as u64).into(),
            candidates.join(";").into(),
            words.keys.join("/").into(),
            words.rule.as_str().into(),
            grounds.map(|grounds| grounds.tie).into(),
            grounds.filter(|grounds| grounds.tie).map(|_| words.tie.as_str()).into(),
            slice.map(|slice| slice.0).into(),
            grounds.and_then(|grounds| grounds.note.as_deref()).into(),
        ])?;
    }
    sheet.finish()
}
