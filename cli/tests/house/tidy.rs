//! Lengths, citations, words that must not stay.

use crate::{files, read, root, shown};
use scenarios::CODES;

/// Lines of a source file.
const LONGEST: usize = 600;

#[test]
fn no_source_file_is_too_long() {
    let mut found = Vec::new();
    for package in ["sim-core", "policies", "scenarios", "experiments", "reports", "cli", "gui"] {
        for file in files(&root().join(package).join("src"), "rs") {
            let (name, lines) = (shown(&file), read(&file).lines().count());
            if lines > LONGEST {
                found.push(format!("{name}: {lines} lines, at most {LONGEST}"));
            }
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// Put together here, so that this file does not contain them.
#[test]
fn nothing_is_left_to_do_and_no_machine_is_named() {
    let words = [["TO", "DO"], ["FIX", "ME"], ["XX", "X"], ["/wo", "rk/"], ["/ro", "ot/"], ["/ho", "me/"]]
        .map(|p| p.concat());
    let mut found = Vec::new();
    for suffix in ["rs", "md", "toml", "csv", "sh", "log"] {
        for file in files(&root(), suffix) {
            for (number, line) in read(&file).lines().enumerate() {
                let word = words.iter().find(|word| line.contains(word.as_str()));
                found.extend(word.map(|word| format!("{}:{}: {word}", shown(&file), number + 1)));
            }
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn every_policy_says_where_it_comes_from() {
    for def in policies::catalog() {
        assert!(!def.source.is_empty(), "{def:?} cites nothing");
        for citation in def.source {
            assert!(citation.work.len() > 3, "{def:?} cites `{}`", citation.work);
        }
        for (what, text) in [("definition", def.definition), ("rule", def.rule), ("tie rule", def.tie)] {
            assert!(!text.is_empty(), "{def:?} has no {what}");
        }
        assert!(!def.keys.is_empty(), "{def:?} names no keys");
    }
}

/// Codes that no small file by itself can bring about, and why; the tests of `scenarios` do.
const NOT_IN_A_FILE: &[(&str, &str)] = &[
    ("S002", "it needs a suffix that is not known"),
    ("S006", "bytes that are no text, or a trace that is long"),
    ("S007", "bytes that are no text"),
    ("S003", "it needs more than 16 MiB of text"),
    ("S009", "it needs more than 200 mistakes"),
    ("S047", "a warning: the input is run"),
    ("S048", "a warning: the input is run"),
    ("S060", "a mistake in --policy"),
    ("S062", "a mistake in --policy"),
    ("S064", "an option for inputs with one processor"),
    ("S066", "an option of another kind of input"),
    ("S070", "an access log, which needs options too"),
    ("S071", "--service or --servers is missing"),
    ("S072", "a mistake in --service"),
    ("S073", "an access log, which needs options too"),
    ("S074", "a mistake in --map, or one is needed"),
    ("S075", "a log or trace, which needs options too"),
    ("S076", "a mistake in --log-format"),
    ("S077", "a mistake in --class, --only or --except"),
];

#[test]
fn every_diagnostic_has_an_example() {
    let folder = root().join("scenarios/library/invalid");
    let shown: String = files(&folder, "stderr").iter().map(|file| read(file)).collect();
    let mut missing = Vec::new();
    for code in CODES {
        let exempt = NOT_IN_A_FILE.iter().any(|(name, _)| *name == code.code);
        let has = shown.contains(&format!("[{}]", code.code));
        assert!(!(exempt && has), "{} has an example: take it off the list", code.code);
        if !exempt && !has {
            missing.push(format!("{} {}", code.code, code.title));
        }
    }
    assert!(missing.is_empty(), "no file in scenarios/library/invalid shows\n  {}", missing.join("\n  "));
}
