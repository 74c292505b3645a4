//! What a link of a lesson does: `lab:open=tasks&policy=sjf&at=24ms&show=why`.

use crate::input::Input;
use crate::options::{Options, PolicyOption};
use crate::sweep_plan::OPTIONS;
use std::collections::BTreeMap;

/// What a target begins with.
pub(crate) const SCHEME: &str = "lab:";

/// Panes that a link may bring to the front.
pub const PANES: &[&str] = &[
    "lessons", "library", "controls", "tasks", "text", "network", "chart", "live", "why", "events",
    "metrics", "plots", "race", "batch", "exercise",
];

/// What can be turned besides the parameters of policies: costs of the only processor, and the demand of all sources.
pub const DIALS: &[&str] = &["context-switch", "dispatch-latency", "scale"];

/// Policies that race with the one in effect, at most.
const RACERS: usize = 3;

/// One thing that a link does.
#[derive(Clone, PartialEq, Debug)]
pub enum Step {
    /// Open an input as it is in its file; options that were set are gone.
    Open(String),
    /// Change what is run, before it is run: a policy, a key, an option.
    Set(Setting),
    /// Race what is open with these policies; none ends a race.
    Race(Vec<String>),
    /// Go to an instant, in nanoseconds.
    At(u64),
    /// See a part of time, in nanoseconds.
    See(u64, u64),
    /// Let time run from where it is.
    Play,
    /// Select the first job of a task.
    Select(String),
    /// Bring a pane of [`PANES`] to the front.
    Show(String),
    /// Run so many replications.
    Replications(u32),
    /// Go to another lesson.
    Lesson(String),
    /// No button but a control: a parameter of the policy in effect, or one of [`DIALS`].
    Dial(String),
}

/// One thing that goes over an input.
#[derive(Clone, PartialEq, Debug)]
pub enum Setting {
    /// A policy.
    Policy(PolicyOption),
    /// `--set PATH=VALUE`.
    Key(String, String),
    /// The seed.
    Seed(u64),
    /// Any other option by its name, without `--`.
    Option(String, String),
}

impl Setting {
    /// Puts it into options.
    pub fn apply(&self, options: &mut Options) {
        match self {
            Setting::Policy(policy) => {
                options.policies.retain(|other| {
                    !(other.station == policy.station || other.station.is_none() || policy.station.is_none())
                });
                options.policies.push(policy.clone());
            }
            Setting::Key(path, value) => {
                options.set.retain(|(other, _)| other != path);
                options.set.push((path.clone(), value.clone()));
            }
            Setting::Seed(seed) => options.seed = Some(*seed),
            Setting::Option(name, value) => {
                let known = OPTIONS.iter().find(|(known, _)| known.trim_start_matches('-') == name);
                if let Some((_, set)) = known {
                    set(options, value);
                }
            }
        }
    }
}

/// Words that begin a step and are no options.
const WORDS: &[&str] = &[
    "open",
    "policy",
    "set",
    "seed",
    "race",
    "at",
    "see",
    "play",
    "select",
    "show",
    "replications",
    "lesson",
    "dial",
];

/// A mistake in a target: which part, what, and what to do.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct BadLink {
    /// Bytes of the target.
    pub part: std::ops::Range<usize>,
    pub message: String,
    pub help: Option<String>,
}

/// Reads steps: `open=tasks&policy=sjf`, in front of which [`SCHEME`] may stand.
pub(crate) fn parse(target: &str) -> Result<Vec<Step>, BadLink> {
    let body = target.strip_prefix(SCHEME).unwrap_or(target);
    let mut at = target.len() - body.len();
    let mut steps: Vec<Step> = Vec::new();
    let mut racers: Option<Vec<String>> = None;
    for text in body.split('&') {
        let part = at..at + text.len();
        at = part.end + 1;
        let bad = |message: String, help: Option<String>| BadLink { part: part.clone(), message, help };
        let (word, value) = text.split_once('=').unwrap_or((text, ""));
        let (word, value) = (word.trim(), value.trim());
        if value.is_empty() && !matches!(word, "play" | "race") {
            let known = known_words();
            let help = if known.contains(&word) {
                Some(format!("`{word}=VALUE`"))
            } else {
                crate::diagnostic::did_you_mean_or_list(word, "known are", &known)
            };
            return Err(bad(format!("`{text}` says nothing to do"), help));
        }
        let step = match word {
            "open" => Step::Open(value.to_owned()),
            "policy" => match PolicyOption::parse(value) {
                Ok(policy) => Step::Set(Setting::Policy(policy)),
                Err(found) => return Err(bad(found.message, found.help)),
            },
            "set" => match value.split_once('=') {
                Some((path, value)) => {
                    Step::Set(Setting::Key(path.trim().to_owned(), value.trim().to_owned()))
                }
                None => return Err(bad(format!("`{text}` is not of the form set=PATH=VALUE"), None)),
            },
            "seed" => match value.parse() {
                Ok(seed) => Step::Set(Setting::Seed(seed)),
                Err(_) => {
                    return Err(bad(format!("`{value}` is no seed"), Some("a whole number".to_owned())));
                }
            },
            "race" => {
                let racers = racers.get_or_insert_with(Vec::new);
                if !value.is_empty() {
                    racers.push(value.to_owned());
                }
                if racers.len() > RACERS {
                    return Err(bad(format!("at most {RACERS} policies race with the one in effect"), None));
                }
                continue;
            }
            "at" => Step::At(span(value).map_err(|message| bad(message, None))?),
            "see" => {
                let both = value.split_once("..").map(|(from, to)| (span(from), span(to)));
                match both {
                    Some((Ok(from), Ok(to))) if from < to => Step::See(from, to),
                    _ => {
                        let help = Some("for instance `see=0ms..40ms`".to_owned());
                        return Err(bad(format!("`{value}` is no part of time"), help));
                    }
                }
            }
            "play" => Step::Play,
            "select" => Step::Select(value.to_owned()),
            "show" if PANES.contains(&value) => Step::Show(value.to_owned()),
            "show" => {
                let help = crate::diagnostic::did_you_mean_or_list(value, "there are", PANES);
                return Err(bad(format!("there is no pane `{value}`"), help));
            }
            "replications" => match value.parse() {
                Ok(count) if (2..=10_000).contains(&count) => Step::Replications(count),
                _ => {
                    return Err(bad(
                        format!("`{value}` is no number of replications, from 2 to 10000"),
                        None,
                    ));
                }
            },
            "lesson" => Step::Lesson(value.to_owned()),
            "dial" if body != text => return Err(bad("a dial stands alone in its link".to_owned(), None)),
            "dial" => {
                let params = policies::catalog().flat_map(|def| def.params.iter().map(|param| param.name));
                let known: Vec<&str> = params.chain(DIALS.iter().copied()).collect();
                if !known.contains(&value) {
                    let help = crate::diagnostic::did_you_mean(value, known);
                    return Err(bad(format!("there is no parameter `{value}` of any policy"), help));
                }
                Step::Dial(value.to_owned())
            }
            _ => match OPTIONS.iter().find(|(name, _)| name.trim_start_matches('-') == word) {
                Some((_, set)) if set(&mut Options::default(), value) => {
                    Step::Set(Setting::Option(word.to_owned(), value.to_owned()))
                }
                Some(_) => return Err(bad(format!("`{value}` is no value for `{word}`"), None)),
                None => {
                    let help = crate::diagnostic::did_you_mean_or_list(word, "known are", &known_words());
                    return Err(bad(format!("`{word}` is nothing that a link can do"), help));
                }
            },
        };
        steps.push(step);
    }
    if let Some(racers) = racers {
        // After what is opened and set, before what is looked at.
        let place = steps.iter().position(|step| !matches!(step, Step::Open(_) | Step::Set(_)));
        steps.insert(place.unwrap_or(steps.len()), Step::Race(racers));
    }
    let opens = steps.iter().filter(|step| matches!(step, Step::Open(_))).count();
    if opens > 1 || opens == 1 && !matches!(steps[0], Step::Open(_)) {
        let message = "`open` stands once, in front".to_owned();
        return Err(BadLink { part: 0..target.len(), message, help: None });
    }
    Ok(steps)
}

fn known_words() -> Vec<&'static str> {
    WORDS.iter().copied().chain(OPTIONS.iter().map(|(name, _)| name.trim_start_matches('-'))).collect()
}

fn span(text: &str) -> Result<u64, String> {
    sim_core::quantity::parse_span(text).map(|span| span.0).map_err(|error| error.to_string())
}

/// The input and the options that steps begin with; where they open nothing, over `start`.
pub(crate) fn setting<'i>(
    steps: &[Step],
    inputs: &'i BTreeMap<String, Input>,
    start: &str,
) -> Result<(std::borrow::Cow<'i, Input>, Options), String> {
    use std::borrow::Cow;
    let name = match steps.first() {
        Some(Step::Open(name)) => name,
        _ => start,
    };
    let input = inputs.get(name).map(Cow::Borrowed).or_else(|| Input::library(name).map(Cow::Owned));
    let input = input.ok_or_else(|| format!("there is no input `{name}` in the folder or the library"))?;
    let mut options = Options::default();
    for step in steps {
        if let Step::Set(setting) = step {
            setting.apply(&mut options);
        }
    }
    Ok((input, options))
}

/// What keeps steps from being carried out: an input, policy, key or task that is not there.
pub(crate) fn check(
    steps: &[Step],
    inputs: &BTreeMap<String, Input>,
    start: &str,
    own: &str,
) -> Result<(), (String, Option<String>)> {
    let known = || -> Vec<&str> { inputs.keys().map(String::as_str).collect() };
    let (input, options) = setting(steps, inputs, start).map_err(|message| {
        (message, crate::diagnostic::did_you_mean_or_list("", "the folder has", &known()))
    })?;
    let load = |options: &Options| {
        crate::load(&input, options).map_err(|found| {
            let first = found.into_iter().next();
            first.map_or_else(|| (String::new(), None), |found| (found.message, found.help))
        })
    };
    let loaded = load(&options)?;
    for step in steps {
        match step {
            Step::Race(racers) => {
                for racer in racers {
                    let mut options = options.clone();
                    let policy = PolicyOption::parse(racer).map_err(|found| (found.message, found.help))?;
                    Setting::Policy(policy).apply(&mut options);
                    load(&options)?;
                }
            }
            Step::Select(task) if !loaded.model.tasks.iter().any(|name| name == task) => {
                let tasks: Vec<&str> = loaded.model.tasks.iter().map(String::as_str).collect();
                let help = crate::diagnostic::did_you_mean_or_list(task, "there are", &tasks);
                return Err((format!("there is no task or source `{task}`"), help));
            }
            Step::Lesson(id) if id != own => {
                let lessons: Vec<&str> = super::library().iter().map(|folder| &*folder.id).collect();
                if !lessons.contains(&&**id) {
                    let help = crate::diagnostic::did_you_mean_or_list(id, "there are", &lessons);
                    return Err((format!("there is no lesson `{id}`"), help));
                }
            }
            _ => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_read_in_order_with_races_after_what_is_set() {
        let steps = parse(
            "lab:open=tasks&policy=round-robin:quantum=1ms&cores=2&at=24ms&race=sjf&race=srtf&show=race",
        );
        let steps = steps.unwrap();
        assert_eq!(steps[0], Step::Open("tasks".to_owned()));
        assert!(
            matches!(&steps[1], Step::Set(Setting::Policy(policy)) if policy.spec == "round-robin:quantum=1ms")
        );
        assert_eq!(steps[2], Step::Set(Setting::Option("cores".to_owned(), "2".to_owned())));
        assert_eq!(steps[3], Step::Race(vec!["sjf".to_owned(), "srtf".to_owned()]));
        assert_eq!(steps[4..], [Step::At(24_000_000), Step::Show("race".to_owned())]);
    }

    #[test]
    fn what_cannot_be_done_is_named_with_its_place() {
        for (target, part, message) in [
            ("lab:opne=tasks", "opne=tasks", "`opne` is nothing that a link can do"),
            ("lab:at=24", "at=24", "`24` has no unit"),
            ("lab:open=a&open=b", "lab:open=a&open=b", "`open` stands once, in front"),
            ("lab:show=whi", "show=whi", "there is no pane `whi`"),
            ("lab:cores=many", "cores=many", "`many` is no value for `cores`"),
            ("lab:", "", "`` says nothing to do"),
            ("lab:see=4ms..2ms", "see=4ms..2ms", "`4ms..2ms` is no part of time"),
            ("lab:race=a&race=b&race=c&race=d", "race=d", "at most 3 policies race with the one in effect"),
        ] {
            let found = parse(target).unwrap_err();
            assert_eq!(&target[found.part.clone()], part, "{target}");
            assert!(found.message.starts_with(message), "{target}: {}", found.message);
        }
    }
}
