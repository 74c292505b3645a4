//! Grading: a score, and mistakes by name.
//!
//! The kinds of mistakes follow GraySim (ASEE 2025): a task runs too long or too short, before it arrives, twice at a time,
//! is interrupted where the policy does not, or the whole is what another policy would do.

use super::agreement::{Agreement, Departure, Key, agreement};
use super::answer::{Answer, COLUMNS, Stretch, placed};
use super::problem::{MS, Problem, asks_more};
use super::replay::{Away, Lanes, Slip, TOLERANCE as TOLERANCE_NS, replay};
use policies::Layer;
use sim_core::trace::{JobRecord, SegmentKind};
use sim_core::units::Time;
use std::collections::{BTreeMap, BTreeSet};

/// How far a number may be off, in ms: books round to two decimals.
const TOLERANCE: f64 = TOLERANCE_NS as f64 * MS;

/// What kind of mistake it is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Mistake {
    /// A name that no task has.
    UnknownTask,
    /// A core that there is not.
    UnknownCore,
    /// Two tasks on one core, or one task on two, at one time.
    Overlap,
    /// A task runs before it arrives.
    BeforeArrival,
    /// A task runs while its I/O goes on.
    WhileBlocked,
    /// A task is chosen that does not wait for the core.
    NotReady,
    /// A task gets more or less than it needs.
    WrongLength,
    /// A task is interrupted though the policy lets it run to its end.
    Interrupted,
    /// A task changes its core while it goes on running.
    Migrated,
    /// A core is idle while a task waits.
    Idle,
    /// Keys were equal, and the tie rule says who goes first.
    TieRule,
    /// It is what another policy would do.
    OtherPolicy,
    /// Another task than the right one runs from here.
    WrongTask,
    /// A number is wrong.
    WrongNumber,
    /// A task or a number is missing.
    Missing,
}

impl Mistake {
    /// All of them, the plainest first.
    pub const ALL: [Mistake; 15] = [
        Mistake::UnknownTask,
        Mistake::UnknownCore,
        Mistake::Overlap,
        Mistake::BeforeArrival,
        Mistake::WhileBlocked,
        Mistake::NotReady,
        Mistake::WrongLength,
        Mistake::Interrupted,
        Mistake::Migrated,
        Mistake::Idle,
        Mistake::TieRule,
        Mistake::OtherPolicy,
        Mistake::WrongTask,
        Mistake::WrongNumber,
        Mistake::Missing,
    ];

    /// The name used in results.
    pub fn word(self) -> &'static str {
        match self {
            Mistake::UnknownTask => "unknown-task",
            Mistake::UnknownCore => "unknown-core",
            Mistake::Overlap => "overlap",
            Mistake::BeforeArrival => "before-arrival",
            Mistake::WhileBlocked => "while-blocked",
            Mistake::NotReady => "not-ready",
            Mistake::WrongLength => "wrong-length",
            Mistake::Interrupted => "interrupted",
            Mistake::Migrated => "migrated",
            Mistake::Idle => "idle",
            Mistake::TieRule => "tie-rule",
            Mistake::OtherPolicy => "other-policy",
            Mistake::WrongTask => "wrong-task",
            Mistake::WrongNumber => "wrong-number",
            Mistake::Missing => "missing",
        }
    }
}

/// A mistake.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Remark {
    /// Of which kind.
    pub mistake: Mistake,
    /// What is wrong, in one sentence.
    pub text: String,
}

/// What an answer is worth.
#[derive(Clone, PartialEq, Debug)]
pub struct Grade {
    /// Points: milliseconds of core time, or numbers, that are right.
    pub points: f64,
    /// Points that could be had.
    pub of: f64,
    /// The mistakes, the plainest first.
    pub remarks: Vec<Remark>,
    /// When the answer first departs from the right schedule, in ns.
    pub first_wrong_ns: Option<u64>,
}

impl Grade {
    /// The part that is right, 0 to 1.
    pub fn score(&self) -> f64 {
        if self.of > 0.0 { self.points / self.of } else { 0.0 }
    }
}

/// Grades an answer.
pub fn grade(problem: &Problem<'_>, answer: &Answer) -> Grade {
    match answer {
        Answer::Schedule(stretches) => schedule(problem, stretches),
        Answer::Table(rows) => table(problem, rows),
    }
}

/// Where the jobs of a drawing are while they are away from the processor, as follows from what is drawn.
pub fn away(problem: &Problem<'_>, given: &[Stretch]) -> Vec<Away> {
    replay(problem, &Lanes::new(given, problem.cores, &problem.times())).0
}

fn schedule(problem: &Problem<'_>, given: &[Stretch]) -> Grade {
    let given = &placed(given, problem.cores);
    let lanes = Lanes::new(given, problem.cores, &problem.times());
    let found = agreement(&Key::new(problem, problem.trace), &lanes);
    let mut remarks = rules(problem, given);
    remarks.extend(slips(problem, &lanes));
    remarks.extend(migrated(&found));
    if let Some(first) = &found.first {
        if let Some(other) = other_policy(problem, &lanes) {
            remarks.push(Remark {
                mistake: Mistake::OtherPolicy,
                text: format!("this is what `{other}` does, not `{}`", problem.policy),
            });
        }
        remarks.extend(departs(problem, first));
    }
    remarks.sort_by_key(|remark| remark.mistake);
    Grade {
        points: found.right as f64 * MS,
        of: found.all as f64 * MS,
        remarks,
        first_wrong_ns: found.first_wrong(),
    }
}

/// Tasks that change their core.
fn migrated(found: &Agreement<'_>) -> Vec<Remark> {
    let text = |moved: &super::agreement::Move<'_>| {
        let time = number(moved.at as f64 * MS);
        format!("`{}` goes on at {time} ms, but on core {}, not {}", moved.task, moved.to, moved.from)
    };
    let remark = |moved| Remark { mistake: Mistake::Migrated, text: text(moved) };
    found.moves.iter().map(remark).collect()
}

/// Who runs instead of whom where a drawing first departs from the right schedule.
fn departs(problem: &Problem<'_>, first: &Departure<'_>) -> Vec<Remark> {
    let mut remarks = Vec::new();
    for (index, (core, wrong)) in first.instead.iter().enumerate() {
        let right = first.missing.get(index).copied();
        remarks.extend(equal_keys(problem, first.at, *wrong));
        let who = |task: Option<&str>| task.map_or("nobody".to_owned(), |task| format!("`{task}`"));
        let place = if problem.cores > 1 { format!(" on core {core}") } else { String::new() };
        let time = number(first.at as f64 * MS);
        let text = format!("from {time} ms{place} {} runs, not {}", who(right), who(*wrong));
        remarks.push(Remark { mistake: Mistake::WrongTask, text });
    }
    remarks
}

/// The tie rule, where a task that runs at a time could have been chosen then but for it.
fn equal_keys(problem: &Problem<'_>, time: u64, task: Option<&str>) -> Option<Remark> {
    let (task, at) = (task?, Time(time));
    let mut here = problem.trace.decisions.iter().filter(|decision| decision.at == at);
    let jobs = &problem.trace.jobs;
    here.find_map(|decision| {
        let chosen = jobs.iter().find(|job| job.number == decision.chosen)?;
        let equal = |id: u64| super::next::is_tied(decision, id) && id != decision.chosen;
        let mut others = jobs.iter().filter(|job| equal(job.number));
        others.find(|job| problem.task(job) == task)?;
        Some(tie_remark(problem.def, task, problem.task(chosen)))
    })
}

/// Says that the tie rule decided.
pub(super) fn tie_remark(def: &policies::PolicyDef, wrong: &str, right: &str) -> Remark {
    let text = format!("the keys of `{wrong}` and `{right}` are equal; the tie rule decides: {}", def.tie);
    Remark { mistake: Mistake::TieRule, text }
}

/// The jobs of each task, in order of arrival.
fn by_task<'a>(problem: &Problem<'a>) -> BTreeMap<&'a str, Vec<&'a JobRecord>> {
    let mut tasks: BTreeMap<&str, Vec<&JobRecord>> = BTreeMap::new();
    for job in &problem.trace.jobs {
        tasks.entry(problem.task(job)).or_default().push(job);
    }
    tasks
}

/// What breaks the rules whatever the policy is: who there is, one task a core and one core a job, and how long each runs.
fn rules(problem: &Problem<'_>, given: &[Stretch]) -> Vec<Remark> {
    let mut remarks = Vec::new();
    let mut say = |mistake, text: String| {
        let remark = Remark { mistake, text };
        if !remarks.contains(&remark) {
            remarks.push(remark);
        }
    };
    let tasks = by_task(problem);
    for stretch in given {
        if !tasks.contains_key(stretch.task.as_str()) {
            say(Mistake::UnknownTask, format!("there is no task `{}`", stretch.task));
        }
        if let Some(core) = stretch.core.filter(|core| *core >= problem.cores) {
            say(Mistake::UnknownCore, format!("there is no core {core}; cores count from 0"));
        }
    }
    for (index, a) in given.iter().enumerate() {
        for b in &given[index + 1..] {
            if a.start + TOLERANCE < b.end && b.start + TOLERANCE < a.end {
                let time = a.start.max(b.start);
                if a.core == b.core {
                    let text = format!("`{}` and `{}` run at once at {} ms", a.task, b.task, number(time));
                    say(Mistake::Overlap, text);
                } else if a.task == b.task && !can_run_twice(problem, &tasks, &a.task, time) {
                    say(Mistake::Overlap, format!("`{}` runs on two cores at {} ms", a.task, number(time)));
                }
            }
        }
    }
    for (task, jobs) in &tasks {
        let mine = given.iter().filter(|stretch| stretch.task == **task);
        let got: f64 = mine.map(|stretch| stretch.end - stretch.start).sum();
        let needs = jobs.iter().map(|job| job.served.0).sum::<u64>() as f64 * MS;
        if got <= 0.0 {
            say(Mistake::Missing, format!("`{task}` never runs"));
        } else if (got - needs).abs() > TOLERANCE {
            let how = if got > needs { "too long" } else { "too short" };
            say(
                Mistake::WrongLength,
                format!("`{task}` runs {how}: {} ms, but it needs {} ms", number(got), number(needs)),
            );
        }
    }
    remarks
}

/// Whether two jobs of a task may be there at a time, each for a core of its own.
fn can_run_twice(
    problem: &Problem<'_>,
    tasks: &BTreeMap<&str, Vec<&JobRecord>>,
    task: &str,
    time: f64,
) -> bool {
    let jobs = tasks.get(task).map_or(&[][..], Vec::as_slice);
    let came = jobs.iter().filter(|job| job.arrival.0 as f64 * MS <= time + TOLERANCE).count();
    came > 1 && jobs.first().is_some_and(|job| !problem.is_thread(job.task))
}

/// What does not fit together when the drawing is taken at its word.
fn slips(problem: &Problem<'_>, lanes: &Lanes<'_>) -> Vec<Remark> {
    let trace = problem.trace;
    // Where changing jobs takes time, a core that runs nobody is not idle.
    let free = trace.segments.iter().all(|segment| segment.kind == SegmentKind::Run);
    let key = problem.stretches(trace);
    let key = Lanes::new(&key, problem.cores, &problem.times());
    let in_key = replay(problem, &key).1;
    let whole = !problem.def.traits.preemptive
        && trace.jobs.iter().all(|job| job.preemptions == 0)
        && !in_key.iter().any(|slip| matches!(slip, Slip::Interrupted(..)));
    let leaves = trace.jobs.iter().any(|job| job.blocked.0 > 0);
    let ms = |time: u64| number(time as f64 * MS);
    let mut told = BTreeSet::new();
    let mut remarks = Vec::new();
    for slip in replay(problem, lanes).1 {
        let (mistake, text) = match slip {
            Slip::Early(task, at, arrival, again) => {
                let who = if again { "its next job" } else { "it" };
                let text =
                    format!("`{task}` runs at {} ms, before {who} arrives at {} ms", ms(at), ms(arrival));
                (Mistake::BeforeArrival, text)
            }
            Slip::Blocked(task, at, until) => {
                let until = match until {
                    Some(until) => format!("its I/O goes on until {} ms", ms(until)),
                    None => "it waits for its I/O".to_owned(),
                };
                let text = format!("`{task}` runs at {} ms, but {until}", ms(at));
                (Mistake::WhileBlocked, text)
            }
            Slip::Interrupted(task, _) if whole => {
                let end = if leaves { "until it is done or leaves for I/O" } else { "to its end" };
                let text =
                    format!("`{task}` is interrupted, but under `{}` a task runs {end}", problem.policy);
                if !told.insert(text.clone()) {
                    continue;
                }
                (Mistake::Interrupted, text)
            }
            Slip::Idle(task, at)
                if problem.def.traits.work_conserving && free && told.insert("idle".to_owned()) =>
            {
                (Mistake::Idle, format!("a core is idle at {} ms while `{task}` waits", ms(at)))
            }
            Slip::Interrupted(..) | Slip::Idle(..) => continue,
        };
        remarks.push(Remark { mistake, text });
    }
    remarks
}

/// The first other policy of the catalog that does exactly this and asks for no more than the tasks have, with its default
/// parameters and with those of the problem.
fn other_policy(problem: &Problem<'_>, given: &Lanes<'_>) -> Option<String> {
    let quantum = problem.policy.split_once(':').map(|(_, params)| params);
    let columns = problem.columns();
    let others = policies::catalog().filter(|def| def.layer() == Layer::Scheduler && !def.traits.random);
    for def in others.filter(|def| !asks_more(def, &columns)) {
        let tried = [Some(def.id.to_owned()), quantum.map(|params| format!("{}:{params}", def.id))];
        for policy in tried.into_iter().flatten().filter(|policy| *policy != problem.policy) {
            let Some(trace) = problem.under(&policy) else { continue };
            if agreement(&Key::new(problem, &trace), given).first_wrong().is_none() {
                return Some(def.id.to_owned());
            }
        }
    }
    None
}

fn table(problem: &Problem<'_>, rows: &[(String, BTreeMap<String, f64>)]) -> Grade {
    let asked: BTreeSet<&str> = rows.iter().flat_map(|(_, row)| row.keys().map(String::as_str)).collect();
    let mut remarks = Vec::new();
    let (mut points, mut of) = (0.0, 0.0);
    for job in &problem.trace.jobs {
        let task = problem.task(job);
        let given = rows.iter().find(|(name, _)| name == task).map(|(_, row)| row);
        for column in COLUMNS.into_iter().filter(|column| asked.contains(column)) {
            let Some(right) = value(job, column) else { continue };
            of += 1.0;
            match given.and_then(|row| row.get(column)) {
                Some(value) if (value - right).abs() <= TOLERANCE => points += 1.0,
                Some(value) => remarks.push(Remark {
                    mistake: Mistake::WrongNumber,
                    text: format!("{column} of `{task}` is {} ms, not {}", number(right), number(*value)),
                }),
                None => remarks.push(Remark {
                    mistake: Mistake::Missing,
                    text: format!("{column} of `{task}` is missing"),
                }),
            }
        }
    }
    let known: BTreeSet<&str> = problem.trace.jobs.iter().map(|job| problem.task(job)).collect();
    for (task, _) in rows.iter().filter(|(task, _)| !known.contains(task.as_str())) {
        let text = format!("there is no task `{task}`");
        remarks.push(Remark { mistake: Mistake::UnknownTask, text });
    }
    remarks.sort_by_key(|remark| remark.mistake);
    Grade { points, of, remarks, first_wrong_ns: None }
}

/// A number of a job by its column, in ms.
fn value(job: &JobRecord, column: &str) -> Option<f64> {
    let nanos = match column {
        "start" => job.first_run.map(|time| time.0),
        "finish" => job.finish.map(|time| time.0),
        "response" => job.response().map(|span| span.0),
        "waiting" => job.waiting().map(|span| span.0),
        _ => job.first_response().map(|span| span.0),
    };
    nanos.map(|nanos| nanos as f64 * MS)
}

/// A number of ms with at most three decimals.
fn number(value: f64) -> String {
    let text = format!("{value:.3}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}
