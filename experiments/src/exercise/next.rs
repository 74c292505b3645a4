//! Which task next: the decisions of a run as questions, and what is wrong with an answer.
//!
//! A question is a recorded decision, or an instant at which a job came and nobody had to go. Answers are held against what
//! the run did; to say which other policy somebody has in mind, the waiting tasks are put before that policy as a task list
//! of their own.

use super::grade::{Mistake, Remark, tie_remark};
use super::make::ExerciseError;
use super::problem::{answer, asks_more, scheduler};
use policies::{Layer, PolicyDef};
use scenarios::{Input, InputKind, Options, PolicyOption};
use sim_core::model::{Attributes, Model};
use sim_core::trace::{Decision, DecisionKind, JobRecord, PlaceKind, SegmentKind, Trace};
use sim_core::units::Time;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

/// Runs of more jobs are not asked about.
pub const MAX_JOBS: usize = 2_000;

/// Which decisions are asked for; by default those with a choice, arrivals included.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Ask {
    /// Those with a single candidate too.
    pub single: bool,
    /// Instants too at which a job comes and nobody has to go.
    pub arrivals: bool,
}

impl Default for Ask {
    fn default() -> Ask {
        Ask { single: false, arrivals: true }
    }
}

/// One decision to be predicted.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Question {
    /// When.
    pub at: Time,
    /// Index into the model's processors.
    pub processor: u32,
    /// The core that is to be given to somebody, or kept.
    pub core: u32,
    /// Index into the trace's decisions; `None`: a job came, and who ran goes on.
    pub decision: Option<usize>,
    /// How many decisions of the trace were taken before.
    pub past: usize,
    /// Numbers of the jobs among which the choice is, in the order of the task list.
    pub candidates: Vec<u64>,
    /// Which of them are on cores when it is asked, and on which.
    pub running: BTreeMap<u64, u32>,
    /// The number of the job that runs next.
    pub right: u64,
}

/// An answer.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Pick {
    /// This job, by its number.
    Job(u64),
    /// The core stays idle.
    Nobody,
}

/// A candidate with what is known of it when it is asked. Times in ns.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Contender {
    /// The job's number.
    pub job: u64,
    /// The core that it is on.
    pub core: Option<u32>,
    /// Release.
    pub arrival: u64,
    /// Since when it has been ready; of a running job: since when it runs.
    pub since: u64,
    /// What it got of this visit to the processor.
    pub served: u64,
    /// What is left of it; `None` where the run ends before.
    pub left: Option<u64>,
    /// Its attributes.
    pub attributes: Attributes,
}

/// The decisions of a run, in order.
///
/// # Errors
/// [`ExerciseError`]: the run is too long, nobody decides, or chance does.
pub fn questions(model: &Model, trace: &Trace, ask: Ask) -> Result<Vec<Question>, ExerciseError> {
    if trace.jobs.len() > MAX_JOBS {
        let found = u32::try_from(trace.jobs.len()).unwrap_or(u32::MAX);
        return Err(ExerciseError::Range {
            what: "the number of jobs",
            least: 1,
            most: MAX_JOBS as u32,
            found,
        });
    }
    let mut asked = BTreeSet::new();
    let mut chance = None;
    for (index, processor) in model.processors.iter().enumerate().filter(|(_, processor)| !processor.device) {
        match scheduler(&processor.scheduler.spec) {
            Ok(_) => {
                asked.insert(index as u32);
            }
            Err(error) => chance = Some(error),
        }
    }
    let mut found: Vec<Question> = (0..trace.decisions.len())
        .filter_map(|index| recorded(trace, index))
        .filter(|question| asked.contains(&question.processor))
        .collect();
    if found.is_empty() {
        return Err(chance.unwrap_or(ExerciseError::NoDecisions));
    }
    if ask.arrivals {
        found.extend(stays(model, trace, &asked));
    }
    found.retain(|question| ask.single || question.candidates.len() > 1);
    found.sort_by_key(|question| (question.at, question.past, question.processor));
    if found.is_empty() { Err(ExerciseError::NoDecisions) } else { Ok(found) }
}

/// A decision as a question.
fn recorded(trace: &Trace, index: usize) -> Option<Question> {
    let decision = &trace.decisions[index];
    let (processor, core) = match decision.kind {
        DecisionKind::Dispatch { processor, core } | DecisionKind::Preempt { processor, core } => {
            (processor, core)
        }
        DecisionKind::Balance { .. } => return None,
    };
    let running = decision.candidates().iter().filter(|candidate| candidate.running);
    let on = |job: u64| {
        let here = trace.segments.iter().filter(|segment| segment.processor == processor);
        let mut before = here.filter(|s| s.job == job && s.start < decision.at && decision.at <= s.end);
        before.next().map(|segment| segment.core)
    };
    Some(Question {
        at: decision.at,
        processor,
        core,
        decision: Some(index),
        past: index,
        candidates: decision.candidates().iter().map(|candidate| candidate.id).collect(),
        running: running.map(|candidate| (candidate.id, on(candidate.id).unwrap_or(core))).collect(),
        right: decision.chosen,
    })
}

/// The instants at which a job came to a processor and who ran went on.
fn stays(model: &Model, trace: &Trace, asked: &BTreeSet<u32>) -> Vec<Question> {
    let mut came: BTreeSet<(Time, u32)> = BTreeSet::new();
    let ended: BTreeSet<(u64, u32, Time)> =
        trace.segments.iter().map(|segment| (segment.job, segment.processor, segment.end)).collect();
    for stay in trace.stays.iter().filter(|stay| stay.end > stay.start) {
        if let PlaceKind::Ready(processor) = stay.place
            && asked.contains(&processor)
            && !ended.contains(&(stay.job, processor, stay.start))
        {
            came.insert((stay.start, processor));
        }
    }
    let mut found = Vec::new();
    for (at, processor) in came {
        let after = trace.decisions.partition_point(|decision| decision.at <= at);
        let decided = trace.decisions[..after].iter().rev().take_while(|decision| decision.at == at);
        let of = |decision: &Decision| match decision.kind {
            DecisionKind::Dispatch { processor, .. } | DecisionKind::Preempt { processor, .. } => {
                Some(processor)
            }
            DecisionKind::Balance { .. } => None,
        };
        if decided.into_iter().any(|decision| of(decision) == Some(processor)) {
            continue;
        }
        let here = trace.segments.iter().filter(|segment| segment.processor == processor);
        let across = here.filter(|segment| segment.start < at && at < segment.end);
        let running: BTreeMap<u64, u32> = across.map(|segment| (segment.job, segment.core)).collect();
        let cores = model.processors[processor as usize].cores;
        if running.len() != cores as usize {
            continue;
        }
        let ready = trace
            .stays
            .iter()
            .filter(|stay| stay.place == PlaceKind::Ready(processor) && stay.start <= at && at < stay.end);
        let mut candidates: Vec<u64> = ready.map(|stay| stay.job).chain(running.keys().copied()).collect();
        candidates.sort_unstable();
        let core = (found.len() % cores as usize) as u32;
        let Some(right) = running.iter().find(|(_, on)| **on == core).map(|(job, _)| *job) else { continue };
        found.push(Question { at, processor, core, decision: None, past: after, candidates, running, right });
    }
    found
}

/// Whether the tie rule decided between a candidate and the chosen one.
pub(super) fn is_tied(decision: &Decision, job: u64) -> bool {
    let key = |id: u64| decision.candidates().iter().find(|candidate| candidate.id == id).map(|c| c.key);
    decision.is_tie() && key(job).is_some() && key(job) == key(decision.chosen)
}

/// What is known of each candidate.
pub fn contenders(model: &Model, trace: &Trace, question: &Question) -> Vec<Contender> {
    let known = |job: &u64| {
        let record = trace.jobs.get(*job as usize)?;
        let (begin, end) = visit(trace, question, *job);
        let runs = trace.segments.iter().filter(|segment| {
            segment.job == *job && segment.processor == question.processor && segment.kind == SegmentKind::Run
        });
        let (mut served, mut left) = (0, 0);
        for segment in runs.filter(|segment| begin <= segment.start && segment.start < end) {
            served += segment.end.min(question.at).0.saturating_sub(segment.start.0);
            left += segment.end.0.saturating_sub(segment.start.max(question.at).0);
        }
        let here = trace.segments.iter().filter(|s| s.job == *job && s.processor == question.processor);
        let dispatched = here.filter(|s| s.start < question.at && question.at <= s.end).map(|s| s.start.0);
        let queued = trace.stays.iter().filter(|stay| {
            stay.job == *job
                && stay.place == PlaceKind::Ready(question.processor)
                && stay.start <= question.at
                && question.at <= stay.end
        });
        let core = question.running.get(job).copied();
        let queued = queued.map(|stay| stay.start.0).max();
        let since = if core.is_some() { dispatched.max() } else { queued };
        let attributes = model.attributes.iter().find(|attributes| attributes.task == record.task);
        Some(Contender {
            job: *job,
            core,
            arrival: record.arrival.0,
            since: since.unwrap_or(question.at.0),
            served,
            left: (end.0 < trace.end.0 || record.finish.is_some()).then_some(left),
            attributes: attributes.cloned().unwrap_or_default(),
        })
    };
    question.candidates.iter().filter_map(known).collect()
}

/// When a job's visit to the processor began and ends.
fn visit(trace: &Trace, question: &Question, job: u64) -> (Time, Time) {
    let (mut begin, mut end) = (Time::ZERO, trace.end.max(Time(question.at.0 + 1)));
    let away = trace.stays.iter().filter(|stay| {
        stay.job == job && stay.place != PlaceKind::Ready(question.processor) && stay.end > stay.start
    });
    let away = away.map(|stay| (stay.start, stay.end));
    let elsewhere = trace.segments.iter().filter(|s| s.job == job && s.processor != question.processor);
    for (start, back) in away.chain(elsewhere.map(|segment| (segment.start, segment.end))) {
        if start >= question.at {
            end = end.min(start);
        } else {
            begin = begin.max(back);
        }
    }
    (begin, end)
}

/// What is wrong with an answer; `None`: nothing.
pub fn judge(model: &Model, trace: &Trace, question: &Question, pick: Pick) -> Option<Remark> {
    if pick == Pick::Job(question.right) {
        return None;
    }
    let processor = &model.processors[question.processor as usize];
    let def = scheduler(&processor.scheduler.spec).ok()?;
    let spec = &processor.scheduler.spec;
    let task = |job: u64| job_name(model, trace, job);
    let right = task(question.right);
    let remark = |mistake, text| Some(Remark { mistake, text });
    let Pick::Job(job) = pick else {
        let text = format!("core {} stays idle, but `{right}` is ready", question.core);
        return remark(if def.traits.work_conserving { Mistake::Idle } else { Mistake::WrongTask }, text);
    };
    let wrong = task(job);
    let Some(record) = trace.jobs.get(job as usize) else {
        return remark(Mistake::UnknownTask, format!("there is no job number {}", job + 1));
    };
    if record.arrival > question.at {
        let text = format!("`{wrong}` has not arrived yet at {}", question.at);
        return remark(Mistake::BeforeArrival, text);
    }
    if let Some(core) = question.running.get(&job).filter(|core| **core != question.core) {
        return remark(Mistake::Overlap, format!("`{wrong}` runs on core {core} already"));
    }
    if !question.candidates.contains(&job) {
        let text = format!("`{wrong}` is not in the ready queue: {}", whereabouts(trace, question, record));
        return remark(Mistake::NotReady, text);
    }
    if question.decision.is_none() && !def.traits.preemptive {
        let text = format!(
            "`{right}` would be interrupted, but under `{spec}` a newcomer does not take the core of who runs"
        );
        return remark(Mistake::Interrupted, text);
    }
    if question.decision.is_some_and(|index| is_tied(&trace.decisions[index], job)) {
        return Some(tie_remark(def, &wrong, &right));
    }
    match looks_like(model, trace, question, pick).first() {
        Some(other) => remark(
            Mistake::OtherPolicy,
            format!("`{}` ({}) would choose `{wrong}`, but the policy is `{spec}`", other.id, other.rule),
        ),
        None => remark(Mistake::WrongTask, format!("not `{wrong}`: the rule is {}", def.rule)),
    }
}

/// The task's name, with the number of its job where it has several.
fn job_name(model: &Model, trace: &Trace, job: u64) -> String {
    let Some(record) = trace.jobs.get(job as usize) else { return format!("job {}", job + 1) };
    let task = &model.tasks[record.task as usize];
    let several = trace.jobs.iter().any(|other| other.task == record.task && other.job > 1);
    if several { format!("{task}#{}", record.job) } else { task.clone() }
}

/// Where a job is that is not ready.
fn whereabouts(trace: &Trace, question: &Question, record: &JobRecord) -> String {
    if record.finish.is_some_and(|finish| finish <= question.at) {
        return format!("it is done since {}", record.finish.unwrap_or_default());
    }
    let mine = trace.segments.iter().filter(|segment| segment.job == record.number);
    let mut on = mine.filter(|segment| segment.start <= question.at && question.at < segment.end);
    match on.next() {
        Some(segment) if segment.processor == question.processor => {
            format!("it runs on core {}", segment.core)
        }
        _ => "it is elsewhere".to_owned(),
    }
}

/// Other policies that would choose so among the same tasks, the plainest first.
pub fn looks_like(model: &Model, trace: &Trace, question: &Question, pick: Pick) -> Vec<&'static PolicyDef> {
    let Pick::Job(job) = pick else { return Vec::new() };
    let spec = &model.processors[question.processor as usize].scheduler.spec;
    let Ok(own) = scheduler(spec) else { return Vec::new() };
    let all = contenders(model, trace, question);
    let taken = !question.running.contains_key(&job) && !question.running.is_empty();
    let (lists, columns) = lists(&all, question);
    let others = policies::catalog().filter(|def| {
        def.layer() == Layer::Scheduler && !def.traits.random && def.id != own.id && !asks_more(def, &columns)
    });
    let chooses = |def: &&PolicyDef| lists.iter().any(|list| choice(def, list) == Some(job));
    let mut found: Vec<&PolicyDef> = others.filter(chooses).collect();
    // A policy that fits how the core is taken, then the one with the fewest dials.
    found.sort_by_key(|def| (Reverse(def.traits.preemptive == taken), def.params.len()));
    found
}

/// The candidates as task lists, all there at once: in order of arrival and of queueing, with what is left and with all that
/// they needed; and the columns of these lists.
fn lists(all: &[Contender], question: &Question) -> (BTreeSet<String>, Vec<&'static str>) {
    let usual = Attributes::default();
    let mut columns = vec!["task", "arrival", "cpu"];
    let mut add = |name: &'static str, differs: &dyn Fn(&Attributes) -> bool| {
        if all.iter().any(|contender| differs(&contender.attributes)) {
            columns.push(name);
        }
    };
    add("priority", &|of| of.priority != usual.priority);
    add("nice", &|of| of.nice != usual.nice);
    add("tickets", &|of| of.tickets != usual.tickets);
    add("weight", &|of| of.weight != usual.weight);
    add("deadline", &|of| of.deadline.is_some());
    let mut here: Vec<&Contender> =
        all.iter().filter(|contender| contender.core.is_none_or(|core| core == question.core)).collect();
    let mut lists = BTreeSet::new();
    for by_arrival in [true, false] {
        here.sort_by_key(|contender| if by_arrival { contender.arrival } else { contender.since });
        for whole in [false, true] {
            let mut list = columns.join(",") + "\n";
            for contender in &here {
                let served = if whole { contender.served } else { 0 };
                let cpu = (contender.left.unwrap_or(0) + served).max(1);
                let _ = write!(list, "{},0,{cpu}", contender.job);
                let attributes = &contender.attributes;
                for column in &columns[3..] {
                    let _ = match *column {
                        "priority" => write!(list, ",{}", attributes.priority),
                        "nice" => write!(list, ",{}", attributes.nice),
                        "tickets" => write!(list, ",{}", attributes.tickets),
                        "weight" => write!(list, ",{}", attributes.weight),
                        _ => match attributes.deadline {
                            Some(deadline) => {
                                let due = contender.arrival + deadline.0;
                                write!(list, ",{}", due.saturating_sub(question.at.0).max(1))
                            }
                            None => write!(list, ","),
                        },
                    };
                }
                list.push('\n');
            }
            lists.insert(list);
        }
    }
    (lists, columns)
}

/// The job of a list that a policy runs first, where it is by its rule; where all are equal to it, the first in order.
fn choice(def: &PolicyDef, list: &str) -> Option<u64> {
    let input = Input::from_text("candidates.csv", InputKind::TaskList, list);
    let options = Options {
        cores: Some(1),
        time_unit: "ns".to_owned(),
        policies: vec![PolicyOption::parse(def.id).ok()?],
        ..Options::default()
    };
    let (model, trace) = answer(&input, &options).ok()?;
    let decision = trace.decisions.first()?;
    let chosen = trace.jobs.get(decision.chosen as usize)?;
    let indifferent = decision.candidates().windows(2).all(|pair| pair[0].key == pair[1].key);
    if decision.is_tie() && !indifferent {
        return None;
    }
    model.tasks[chosen.task as usize].parse().ok()
}
