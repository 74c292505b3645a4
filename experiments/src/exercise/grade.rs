//! Grading: a score, and mistakes by name.
//!
//! The kinds of mistakes follow GraySim (ASEE 2025): a task runs too long or too short, before it arrives, twice at a time,
//! is interrupted where the policy does not, or the whole is what another policy would do.

use super::answer::{Answer, COLUMNS, Stretch};
use super::problem::{MS, Problem, asks_more};
use policies::Layer;
use sim_core::trace::JobRecord;
use sim_core::units::Time;
use std::collections::{BTreeMap, BTreeSet};

/// How far a number may be off, in ms: books round to two decimals.
const TOLERANCE: f64 = 0.005;

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
    /// A task is chosen that does not wait for the core.
    NotReady,
    /// A task gets more or less than it needs.
    WrongLength,
    /// A task is interrupted though the policy lets it run to its end.
    Interrupted,
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
    pub const ALL: [Mistake; 13] = [
        Mistake::UnknownTask,
        Mistake::UnknownCore,
        Mistake::Overlap,
        Mistake::BeforeArrival,
        Mistake::NotReady,
        Mistake::WrongLength,
        Mistake::Interrupted,
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
            Mistake::NotReady => "not-ready",
            Mistake::WrongLength => "wrong-length",
            Mistake::Interrupted => "interrupted",
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

/// Who runs on a core just after a time.
fn at(stretches: &[Stretch], core: u32, time: f64) -> Option<&str> {
    let here = |stretch: &&Stretch| {
        stretch.core == core && stretch.start <= time + TOLERANCE && stretch.end > time + TOLERANCE
    };
    stretches.iter().find(here).map(|stretch| stretch.task.as_str())
}

/// Core time on which two schedules agree, of all until both have ended, and the first time at which they do not.
fn agreement(key: &[Stretch], given: &[Stretch], cores: u32) -> (f64, f64, Option<f64>) {
    let mut times: Vec<f64> =
        key.iter().chain(given).flat_map(|stretch| [stretch.start, stretch.end]).collect();
    times.push(0.0);
    times.sort_by(f64::total_cmp);
    times.dedup_by(|a, b| (*a - *b).abs() <= TOLERANCE);
    let (mut right, mut all, mut first) = (0.0, 0.0, None);
    for pair in times.windows(2) {
        for core in 0..cores {
            let span = pair[1] - pair[0];
            all += span;
            if at(key, core, pair[0]) == at(given, core, pair[0]) {
                right += span;
            } else {
                first.get_or_insert(pair[0]);
            }
        }
    }
    (right, all, first)
}

fn schedule(problem: &Problem<'_>, given: &[Stretch]) -> Grade {
    let cores = problem.cores;
    let key = problem.stretches(problem.trace);
    let (points, of, first) = agreement(&key, given, cores);
    let mut remarks = rules(problem, given);
    if let Some(time) = first {
        if let Some(other) = other_policy(problem, given) {
            remarks.push(Remark {
                mistake: Mistake::OtherPolicy,
                text: format!("this is what `{other}` does, not `{}`", problem.policy),
            });
        }
        for core in 0..cores {
            let (right, wrong) = (at(&key, core, time), at(given, core, time));
            if right != wrong {
                remarks.extend(equal_keys(problem, time, wrong));
                let who = |task: Option<&str>| task.map_or("nobody".to_owned(), |task| format!("`{task}`"));
                let place = if cores > 1 { format!(" on core {core}") } else { String::new() };
                let text = format!("from {} ms{place} {} runs, not {}", number(time), who(right), who(wrong));
                remarks.push(Remark { mistake: Mistake::WrongTask, text });
            }
        }
    }
    remarks.sort_by_key(|remark| remark.mistake);
    Grade { points, of, remarks, first_wrong_ns: first.map(|time| (time / MS).round() as u64) }
}

/// The tie rule, where a task that runs at a time could have been chosen then but for it.
fn equal_keys(problem: &Problem<'_>, time: f64, task: Option<&str>) -> Option<Remark> {
    let (task, at) = (task?, Time((time / MS).round() as u64));
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

/// What breaks the rules whatever the policy is, and the policy's plainest one.
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
        match tasks.get(stretch.task.as_str()).and_then(|jobs| jobs.first()) {
            None => say(Mistake::UnknownTask, format!("there is no task `{}`", stretch.task)),
            Some(job) if stretch.start + TOLERANCE < job.arrival.0 as f64 * MS => say(
                Mistake::BeforeArrival,
                format!(
                    "`{}` runs at {} ms, before it arrives at {} ms",
                    stretch.task,
                    number(stretch.start),
                    number(job.arrival.0 as f64 * MS)
                ),
            ),
            Some(_) => {}
        }
        if stretch.core >= problem.cores {
            say(Mistake::UnknownCore, format!("there is no core {}; cores count from 0", stretch.core));
        }
    }
    for (index, a) in given.iter().enumerate() {
        for b in &given[index + 1..] {
            if a.start + TOLERANCE < b.end && b.start + TOLERANCE < a.end {
                let time = number(a.start.max(b.start));
                if a.core == b.core {
                    say(Mistake::Overlap, format!("`{}` and `{}` run at once at {time} ms", a.task, b.task));
                } else if a.task == b.task && tasks.get(a.task.as_str()).is_some_and(|jobs| jobs.len() == 1) {
                    say(Mistake::Overlap, format!("`{}` runs on two cores at {time} ms", a.task));
                }
            }
        }
    }
    let trace = problem.trace;
    let runs_whole = trace.jobs.iter().all(|job| job.preemptions == 0) && is_whole(problem);
    for (task, jobs) in &tasks {
        let mine: Vec<&Stretch> = given.iter().filter(|stretch| stretch.task == **task).collect();
        let got: f64 = mine.iter().map(|stretch| stretch.end - stretch.start).sum();
        let needs = jobs.iter().map(|job| job.served.0).sum::<u64>() as f64 * MS;
        if mine.is_empty() {
            say(Mistake::Missing, format!("`{task}` never runs"));
        } else if (got - needs).abs() > TOLERANCE {
            let how = if got > needs { "too long" } else { "too short" };
            say(
                Mistake::WrongLength,
                format!("`{task}` runs {how}: {} ms, but it needs {} ms", number(got), number(needs)),
            );
        }
        let mut ends: Vec<(f64, f64)> = mine.iter().map(|stretch| (stretch.start, stretch.end)).collect();
        ends.sort_by(|a, b| a.0.total_cmp(&b.0));
        let broken = jobs.len() == 1 && ends.windows(2).any(|pair| pair[1].0 > pair[0].1 + TOLERANCE);
        if broken && runs_whole && !problem.def.traits.preemptive {
            let text =
                format!("`{task}` is interrupted, but under `{}` a task runs to its end", problem.policy);
            say(Mistake::Interrupted, text);
        }
    }
    // Where changing jobs takes time, a core that runs nobody is not idle.
    let free = trace.segments.iter().all(|segment| segment.kind == sim_core::trace::SegmentKind::Run);
    if problem.def.traits.work_conserving
        && free
        && let Some((time, task)) = idle_in_vain(problem, given)
    {
        say(Mistake::Idle, format!("a core is idle at {} ms while `{task}` waits", number(time)));
    }
    remarks
}

/// Whether every job of the schedule runs in one piece.
fn is_whole(problem: &Problem<'_>) -> bool {
    let mut ends: BTreeMap<u64, u64> = BTreeMap::new();
    problem.runs(problem.trace).all(|segment| {
        let before = ends.insert(segment.job, segment.end.0);
        before.is_none_or(|end| end == segment.start.0)
    })
}

/// The first time at which a core has nothing while a task that has arrived and is not done runs nowhere.
fn idle_in_vain<'a>(problem: &Problem<'a>, given: &[Stretch]) -> Option<(f64, &'a str)> {
    let tasks = by_task(problem);
    let arrivals = problem.trace.jobs.iter().map(|job| job.arrival.0 as f64 * MS);
    let mut times: Vec<f64> = given.iter().map(|stretch| stretch.end).chain(arrivals).collect();
    times.sort_by(f64::total_cmp);
    for time in times {
        if (0..problem.cores).all(|core| at(given, core, time).is_some()) {
            continue;
        }
        let got = |task: &str| -> f64 {
            let mine = given.iter().filter(|stretch| stretch.task == task);
            mine.map(|stretch| (stretch.end.min(time) - stretch.start).max(0.0)).sum()
        };
        let waits = tasks.iter().find(|(task, jobs)| {
            let here = jobs.iter().filter(|job| job.arrival.0 as f64 * MS <= time + TOLERANCE);
            let wanted = here.map(|job| job.served.0).sum::<u64>() as f64 * MS;
            got(task) + TOLERANCE < wanted
                && (0..problem.cores).all(|core| at(given, core, time) != Some(task))
                && given.iter().any(|stretch| stretch.task == **task && stretch.end > time + TOLERANCE)
        });
        if let Some((task, _)) = waits {
            return Some((time, task));
        }
    }
    None
}

/// The first other policy of the catalog that does exactly this and asks for no more than the tasks have, with its default
/// parameters and with those of the problem.
fn other_policy(problem: &Problem<'_>, given: &[Stretch]) -> Option<String> {
    let quantum = problem.policy.split_once(':').map(|(_, params)| params);
    let columns = problem.columns();
    let others = policies::catalog().filter(|def| def.layer() == Layer::Scheduler && !def.traits.random);
    for def in others.filter(|def| !asks_more(def, &columns)) {
        let tried = [Some(def.id.to_owned()), quantum.map(|params| format!("{}:{params}", def.id))];
        for policy in tried.into_iter().flatten().filter(|policy| *policy != problem.policy) {
            let Some(trace) = problem.under(&policy) else { continue };
            let (_, _, first) = agreement(&problem.stretches(&trace), given, problem.cores);
            if first.is_none() {
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
