//! What policies, tie rules, metrics, columns and keys say of themselves, in the user's language.
//!
//! They say it once, in English, where they are defined; that is what is shown in English. Other languages have it in
//! `locales/catalog.LANGUAGE.ftl`: a message for each phrase, `say-` or, for titles of policies, `title-`, named by its English
//! words, so that a phrase that is changed lacks its translation and a test says so; and `definition-LAYER-ID` for the
//! definition of each policy.
//!
//! Mistakes, notes and remarks are sentences with names and numbers in them. Names stand in backquotes in all of them, so a
//! sentence is taken apart into its words, which name its message, `tell-` and the words, and what stands between them, which
//! the message has as `$a`, `$b` and so on. What has no message is shown in English, a mistake below the title of its code.

use crate::tr;
use crate::words;
use fluent_bundle::FluentValue;
use policies::PolicyDef;
use reports::explain::{Headline, Reason};
use scenarios::Diagnostic;

/// The name of a phrase's message.
fn key(kind: &str, english: &str) -> String {
    let mut key = kind.to_owned();
    let words = english.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    for word in words {
        key.push('-');
        key.push_str(&word.to_ascii_lowercase());
    }
    key
}

/// A phrase of a catalog in the language in use; as it is written where that has none.
pub fn said(english: &str) -> String {
    words::of_catalog(&key("say", english), &[]).unwrap_or_else(|| english.to_owned())
}

/// The title of a policy in the language in use.
pub fn title(def: &PolicyDef) -> String {
    words::of_catalog(&key("title", def.title), &[]).unwrap_or_else(|| def.title.to_owned())
}

/// The definition of a policy in the language in use.
pub fn definition(def: &PolicyDef) -> String {
    let key = format!("definition-{}-{}", def.layer().word(), def.id);
    words::of_catalog(&key, &[]).unwrap_or_else(|| def.definition.to_owned())
}

/// The words of a sentence as the name of its message, and its parts that are no words: what is quoted, numbers with their
/// units, and phrases of a catalog in parentheses. Parts with nothing but a comma between them are one: a list.
fn pattern(sentence: &str) -> (String, Vec<String>) {
    let mut words = String::new();
    let mut parts: Vec<String> = Vec::new();
    let (mut rest, mut between) = (sentence, String::from(" "));
    while let Some(first) = rest.chars().next() {
        let quoted = |mark: char| rest.strip_prefix(mark)?.find(mark).map(|end| end + 2);
        let number = || {
            let digits = rest.strip_prefix('-').unwrap_or(rest);
            let starts = digits.starts_with(|c: char| c.is_ascii_digit())
                && !between.ends_with(|c: char| c.is_ascii_alphanumeric());
            let inside = |c: char| c.is_ascii_alphanumeric() || "._%-".contains(c);
            let end = digits.find(|c| !inside(c)).unwrap_or(digits.len());
            let length = rest.len() - digits.len() + digits[..end].trim_end_matches(['.', '-']).len();
            starts.then_some(length)
        };
        let phrase = rest.strip_prefix('(').and_then(|rest| rest.split_once(')'));
        let phrase =
            phrase.and_then(|(phrase, rest)| Some((words::of_catalog(&key("say", phrase), &[])?, rest)));
        if let Some((phrase, after)) = phrase {
            parts.push(phrase);
            rest = after;
            words.push(' ');
            between.clear();
            continue;
        }
        if let Some(length) = quoted('`').or_else(|| quoted('"')).or_else(number) {
            let part = &rest[..length];
            match parts.last_mut() {
                Some(last) if between == ", " => *last = format!("{last}, {part}"),
                _ => parts.push(part.to_owned()),
            }
            rest = &rest[length..];
            words.push(' ');
            between.clear();
            continue;
        }
        words.push(first);
        between.push(first);
        rest = &rest[first.len_utf8()..];
    }
    (key("tell", &words), parts)
}

/// A sentence in the language in use, where that is another than English and has it: as a whole, or what stands before a
/// colon and what stands after it.
pub fn told_there(sentence: &str) -> Option<String> {
    whole(sentence).or_else(|| {
        let (before, after) = sentence.split_once(": ")?;
        Some(format!("{}: {}", whole(before)?, whole(after)?))
    })
}

fn whole(sentence: &str) -> Option<String> {
    const NAMES: [&str; 8] = ["a", "b", "c", "d", "e", "f", "g", "h"];
    if let Some(phrase) = words::of_catalog(&key("say", sentence), &[]) {
        return Some(phrase);
    }
    let (mut key, mut parts) = pattern(sentence);
    if let Some((opening, rest)) =
        OPENINGS.iter().find_map(|start| Some((start, sentence.strip_prefix(start)?)))
    {
        (key, parts) = (self::key("tell", opening), vec![said(rest)]);
    }
    let values: Vec<(&str, FluentValue<'_>)> =
        NAMES.into_iter().zip(parts.iter().map(|part| FluentValue::from(part.as_str()))).collect();
    words::of_catalog(&key, &values)
}

/// A sentence in the language in use, else in English.
pub fn told(sentence: &str) -> String {
    told_there(sentence).unwrap_or_else(|| sentence.to_owned())
}

/// Sentences that end in what a policy or a format of logs is called.
const OPENINGS: [&str; 2] = ["the rule is ", "the log is read as "];

/// What is wrong. Where only its code is known in the language in use, the title of that and the English words.
pub fn mistake(found: &Diagnostic) -> String {
    let english = &found.message;
    let (file, rest) = match english.strip_prefix(&found.file).and_then(|rest| rest.strip_prefix(": ")) {
        Some(rest) => (&english[..english.len() - rest.len()], rest),
        None => ("", english.as_str()),
    };
    if let Some(told) = told_there(rest) {
        return format!("{file}{told}");
    }
    let code = scenarios::CODES.iter().find(|code| code.code == found.code);
    match code.and_then(|code| words::of_catalog(&key("say", code.title), &[])) {
        Some(title) => format!("{title}: {english}"),
        None => english.clone(),
    }
}

/// What to do about it.
pub fn help(found: &Diagnostic) -> Option<String> {
    let english = found.help.as_deref()?;
    if let Some(told) = told_there(english) {
        return Some(told);
    }
    // What a parameter or key is, and its name or default.
    if let Some((what, default)) = english.rsplit_once("; default `") {
        return Some(format!("{}; {} `{default}", said(what), tr!("network-default")));
    }
    if let Some((name, what)) = english.split_once("`: ").filter(|(name, _)| name.starts_with('`')) {
        return Some(format!("{name}`: {}", said(what)));
    }
    Some(english.to_owned())
}

/// What is wrong, and what to do about it where that is known.
pub fn sentences(found: &Diagnostic) -> impl Iterator<Item = String> + use<> {
    std::iter::once(mistake(found)).chain(help(found))
}

/// What was decided.
pub fn headline(found: &Headline) -> String {
    match found {
        Headline::Runs { station, core, job, slice: Some(slice) } => {
            let (station, job, slice) = (station.as_str(), job.as_str(), slice.to_string());
            tr!("why-runs-at-most", station = station, core = core, job = job, slice = slice)
        }
        Headline::Runs { station, core, job, slice: None } => {
            tr!("why-runs", station = station.as_str(), core = core, job = job.as_str())
        }
        Headline::Taken { station, core, job } => {
            tr!("why-taken", station = station.as_str(), core = core, job = job.as_str())
        }
        Headline::Sent { balancer, job, server } => {
            tr!("why-sent", balancer = balancer.as_str(), job = job.as_str(), server = server.as_str())
        }
    }
}

/// What decided.
pub fn reason(found: &Reason) -> String {
    match found {
        Reason::OnlyServer => tr!("why-only-server"),
        Reason::OnlyJob => tr!("why-only-job"),
        Reason::Rule(rule) => said(rule),
        Reason::Tie { rule, tie } => tr!("why-tie", rule = said(rule), tie = said(tie)),
    }
}

#[cfg(test)]
mod tests {
    use super::key;
    use crate::model::snapshot::Snapshot;
    use crate::words::{self, Language};
    use experiments::exercise::{Ask, Pick, judge, questions};
    use policies::Layer;
    use scenarios::keys::{self, Kind, Table};
    use std::collections::{BTreeMap, BTreeSet};

    /// A table of keys and all that can stand in it.
    fn tables_of(table: &'static Table, out: &mut BTreeMap<(&str, &str), &'static Table>) {
        // Forms of one thing share its name; their first keys differ.
        if out.insert((table.name, table.keys[0].name), table).is_some() {
            return;
        }
        for key in table.keys {
            let forms: &[&'static Table] = match key.kind {
                Kind::Table(one) | Kind::List(one) | Kind::Plain(one) | Kind::Named(one) => &[one],
                Kind::Forms(forms) => forms,
                Kind::Rates => keys::RATES,
                Kind::Law | Kind::CountLaw => keys::LAWS,
                Kind::Steps | Kind::StepLists => keys::STEPS,
                _ => &[],
            };
            for form in forms {
                tables_of(form, out);
            }
        }
    }

    /// Keys of messages that are needed, with who says them.
    fn needed() -> BTreeMap<String, String> {
        let mut needed = BTreeMap::new();
        for def in policies::catalog() {
            let definition = format!("definition-{}-{}", def.layer().word(), def.id);
            needed.insert(definition, format!("{def:?}: {}", def.definition));
            needed.insert(key("title", def.title), format!("{def:?}: {}", def.title));
        }
        let mut say = |who: String, text: &str| {
            if !text.is_empty() {
                needed.entry(key("say", text)).or_insert_with(|| format!("{who}: {text}"));
            }
        };
        for def in policies::catalog() {
            let who = format!("{def:?}");
            for text in [def.rule, def.tie] {
                say(who.clone(), text);
            }
            for name in def.keys {
                say(who.clone(), reports::explain::key_name(name));
            }
            for param in def.params {
                say(format!("{who} {}", param.name), param.help);
            }
        }
        for rule in sim_core::ties::RULES {
            say(format!("tie rule {}", rule.key), rule.help);
        }
        for metric in experiments::metrics::METRICS {
            say(format!("metric {}", metric.name), metric.help);
            say(format!("metric {}", metric.name), metric.of.words());
        }
        for column in scenarios::COLUMNS {
            say(format!("column {}", column.name), column.help);
        }
        for code in scenarios::CODES {
            say(format!("code {}", code.code), code.title);
        }
        let [draw, ..] = reports::exercise::QUESTIONS;
        let draw_io = format!("{draw}{}", reports::exercise::DRAW_IO);
        let sheets = reports::exercise::QUESTIONS.into_iter().chain(reports::exercise::RULES);
        for text in sheets.chain([draw_io.as_str()]) {
            say("problem sheets".to_owned(), text);
        }
        // A log says nothing of itself.
        let shown = scenarios::library::list()
            .iter()
            .filter(|entry| !entry.is_of_lesson() && entry.text.starts_with('#'));
        for entry in shown {
            say(format!("library {}", entry.name), entry.title());
        }
        let mut tables = BTreeMap::new();
        tables_of(&keys::SCENARIO, &mut tables);
        for (name, table) in tables {
            for found in table.keys {
                say(format!("key {} of {}", found.name, name.0), found.help);
            }
        }
        needed
    }

    #[test]
    fn a_sentence_is_taken_apart_into_words_and_parts() {
        for (sentence, name, parts) in [
            ("drew 12, ticket 3 of 100", "tell-drew-ticket-of", &["12", "3", "100"][..]),
            ("drew servers 3, 1", "tell-drew-servers", &["3, 1"]),
            (
                "`cores` is 1e9; it must be from -1 to 2.5",
                "tell-is-it-must-be-from-to",
                &["`cores`", "1e9", "-1", "2.5"],
            ),
            ("classes: `a`, `b b`", "tell-classes", &["`a`, `b b`"]),
            ("ends at 10ms.", "tell-ends-at", &["10ms"]),
            ("p99 is a word, \"4 ms\" is quoted", "tell-p99-is-a-word-is-quoted", &["\"4 ms\""]),
            ("one ` alone and \u{fc}mlaut", "tell-one-alone-and-mlaut", &[]),
            ("", "tell", &[]),
        ] {
            let (key, found) = super::pattern(sentence);
            assert_eq!(
                (key.as_str(), found),
                (name, parts.iter().map(|part| (*part).to_owned()).collect()),
                "{sentence}"
            );
        }
    }

    /// Every mistake that has an example, by the name of its message, with the English words.
    fn examples() -> BTreeMap<String, String> {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios/library/invalid");
        let mut found = BTreeMap::new();
        for entry in std::fs::read_dir(folder).expect("it is there") {
            let path = entry.expect("an entry").path();
            let Some(name) = path.file_name().and_then(|name| name.to_str()).filter(|_| path.is_file())
            else {
                continue;
            };
            if name.ends_with(".stderr") {
                continue;
            }
            let bytes = std::fs::read(&path).expect("it can be read");
            let mistakes = match scenarios::Input::of(name, bytes, path.parent().map(Into::into)) {
                Ok(input) => {
                    scenarios::load(&input, &scenarios::Options::default()).err().unwrap_or_default()
                }
                Err(mistakes) => mistakes,
            };
            // What is wrong with TOML is said by those who read it.
            for mistake in mistakes.into_iter().filter(|mistake| mistake.code != "S004") {
                let message =
                    mistake.message.strip_prefix(&format!("{name}: ")).unwrap_or(&mistake.message).to_owned();
                found.entry(super::pattern(&message).0).or_insert(message);
                if let Some(help) = mistake.help {
                    found.entry(super::pattern(&help).0).or_insert(help);
                }
            }
        }
        found
    }

    #[test]
    fn every_language_tells_every_mistake_that_has_an_example() {
        words::set(Language::German);
        let mut missing = Vec::new();
        for (name, english) in examples() {
            // A help may be made of what a key or parameter says.
            let is_made = english.contains("; default `") || english.contains("`: ");
            match super::told_there(&english) {
                // A part that the words do not have stays as it is written.
                Some(told) => assert!(!told.contains("{$"), "{name}: {told}"),
                None if is_made => {}
                None => missing.push(format!("{name} =    # {english}")),
            }
        }
        words::set(Language::English);
        assert!(missing.is_empty(), "locales/catalog.de.ftl lacks\n{}", missing.join("\n"));
    }

    /// Notes of a policy's decisions in a run of an input of the library.
    fn notes(input: &str, station: &str, def: &policies::PolicyDef, until: &str) -> BTreeSet<String> {
        let input = scenarios::Input::library(input).expect("it is there");
        let mut setup = crate::model::setup::Setup::new(input).with_policy(Some(station), def.id);
        setup.options.until = Some(until.to_owned());
        setup.options.warmup = Some("0".to_owned());
        let run = Snapshot::compute(&setup, experiments::Decisions::Explained, None, &|_| true);
        let Ok(run) = run else { panic!("{def:?} does not run") };
        let grounds = run.trace().decisions.iter().filter_map(|decision| decision.grounds.as_ref());
        grounds.filter_map(|grounds| grounds.note.clone()).collect()
    }

    #[test]
    fn every_language_tells_the_notes_of_every_policy() {
        let mut of = BTreeSet::new();
        for def in policies::catalog() {
            let found = match def.layer() {
                Layer::Scheduler => notes("stallings", "cpu", def, "1s"),
                Layer::Balancer => notes("web-shop", "lb", def, "50ms"),
            };
            words::set(Language::German);
            for note in found {
                assert!(
                    super::told_there(&note).is_some(),
                    "{def:?} lacks {}: {note}",
                    super::pattern(&note).0
                );
                of.insert(def.id);
            }
            words::set(Language::English);
        }
        assert_eq!(of.into_iter().collect::<Vec<_>>(), ["lottery", "power-of-d"]);
    }

    #[test]
    fn every_language_tells_what_is_wrong_with_any_answer_to_a_decision() {
        let mut missing = BTreeSet::new();
        for def in policies::catalog().filter(|def| def.layer() == Layer::Scheduler && !def.traits.random) {
            for name in ["stallings", "io", "convoy"] {
                let input = scenarios::Input::library(name).expect("it is there");
                let setup = crate::model::setup::Setup::new(input).with_policy(None, def.id);
                let decisions = experiments::Decisions::Explained;
                let Ok(run) = Snapshot::compute(&setup, decisions, None, &|_| true) else { continue };
                let (model, trace) = (run.model(), run.trace());
                let picks = (0..=trace.jobs.len() as u64).map(Pick::Job).chain([Pick::Nobody]);
                let picks: Vec<Pick> = picks.collect();
                let asked = questions(model, trace, Ask { single: true, arrivals: true });
                for question in asked.unwrap_or_default() {
                    for pick in &picks {
                        let Some(remark) = judge(model, trace, &question, *pick) else { continue };
                        words::set(Language::German);
                        if super::told_there(&remark.text).is_none() {
                            missing.insert(format!(
                                "{} =    # {}",
                                super::pattern(&remark.text).0,
                                remark.text
                            ));
                        }
                        words::set(Language::English);
                    }
                }
            }
        }
        assert!(missing.is_empty(), "{missing:#?}");
    }

    #[test]
    fn every_language_says_all_that_the_catalogs_say_and_nothing_that_they_do_not() {
        let needed = needed();
        for language in Language::ALL.into_iter().filter(|language| *language != Language::English) {
            let there: BTreeSet<&str> = words::keys_of(language.catalog()).collect();
            let missing: Vec<String> = needed
                .iter()
                .filter(|(key, _)| !there.contains(key.as_str()))
                .map(|(key, who)| format!("{key} =    # {who}"))
                .collect();
            let extra: Vec<&&str> =
                there.iter().filter(|key| !needed.contains_key(**key) && !key.starts_with("tell-")).collect();
            assert!(
                missing.is_empty() && extra.is_empty(),
                "locales/catalog.{}.ftl lacks\n{}\nand has, for nothing, {extra:?}",
                language.code(),
                missing.join("\n")
            );
        }
    }
}
