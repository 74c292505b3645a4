//! Mistakes as the user sees them.

use crate::support::shown;
use scenarios::{Diagnostic, Input, InputKind, Options, PolicyOption, load, render};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("library/invalid")
}

/// The invalid inputs, by name.
fn invalid() -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(folder()).unwrap().map(|file| file.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|suffix| suffix != "stderr"));
    files.sort();
    files
}

fn found_in(path: &Path) -> (Input, Vec<Diagnostic>) {
    let name = path.file_name().unwrap().to_str().unwrap();
    let input = Input::of(name, std::fs::read(path).unwrap(), None).unwrap();
    let found = load(&input, &Options::default()).err();
    (input, found.unwrap_or_else(|| panic!("{name} was accepted")))
}

/// Each invalid input beside what must be shown for it. `DISPATCHLAB_BLESS=1` writes what is shown now; read the
/// difference before it is committed.
#[test]
fn invalid_inputs_are_shown_with_place_and_cure() {
    let bless = std::env::var_os("DISPATCHLAB_BLESS").is_some();
    let mut wrong = Vec::new();
    for path in invalid() {
        let (input, found) = found_in(&path);
        let text = shown(&found, &input);
        let expected = path.with_extension("stderr");
        if bless {
            std::fs::write(&expected, &text).unwrap();
        } else if std::fs::read_to_string(&expected).unwrap_or_default() != text {
            wrong.push(format!("{} is not what is shown:\n{text}", expected.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn one_mistake_is_one_diagnostic() {
    for path in invalid() {
        let expected = match path.file_stem().unwrap().to_str().unwrap() {
            "five-mistakes" | "dirty-list" => 5,
            "region-limits-contradict" => 7,
            _ => 1,
        };
        let (input, found) = found_in(&path);
        assert_eq!(found.len(), expected, "{}\n{}", path.display(), shown(&found, &input));
        let places: Vec<Option<usize>> =
            found.iter().map(|d| d.span.as_ref().map(|span| span.start)).collect();
        assert!(places.is_sorted(), "{}: {places:?}", path.display());
    }
}

#[test]
fn messages_follow_the_house_style() {
    let mut codes = BTreeSet::new();
    for path in invalid() {
        for diagnostic in found_in(&path).1 {
            codes.insert(diagnostic.code);
            let message = &diagnostic.message;
            let first = message.chars().next().unwrap();
            assert!(!first.is_uppercase() || diagnostic.code == "S004", "{message}");
            assert!(!message.ends_with('.'), "{message}");
        }
    }
    assert!(codes.len() >= 20, "{codes:?}");
}

#[test]
fn mistakes_in_options_point_into_the_option() {
    let input = Input::library("bench/mm1").unwrap();
    let options = Options {
        policies: vec![PolicyOption::parse("cpu=round-robin:quantum=4").unwrap()],
        ties: Some("quantum_end=arrival-frist".to_owned()),
        set: vec![("stop.job".to_owned(), "5".to_owned())],
        ..Options::default()
    };
    let found = load(&input, &options).unwrap_err();
    let expected = "\
error[S063]: `job` is no key of `stop`
 --> --set:1:6
  |
1 | stop.job=5
  |      ^^^
  |
  = help: did you mean `jobs`?

error[S025]: the tie rule `quantum_end` cannot be `arrival-frist`
 --> --ties:1:13
  |
1 | quantum_end=arrival-frist
  |             ^^^^^^^^^^^^^
  |
  = help: did you mean `arrival-first`?

error[S061]: parameter `quantum` of `round-robin`: `4` has no unit
 --> --policy:1:25
  |
1 | cpu=round-robin:quantum=4
  |                         ^
  |
  = help: longest uninterrupted run; default `4ms`

";
    assert_eq!(shown(&found, &input), expected);
    let empty = PolicyOption::parse("cpu=").unwrap_err();
    assert_eq!((empty.code, empty.file.as_str()), ("S060", "--policy"));
}

#[test]
fn rendering_survives_any_span() {
    let diagnostic = Diagnostic {
        code: "S000",
        severity: scenarios::Severity::Warning,
        message: "odd \u{1b}[31m places".to_owned(),
        file: "t".to_owned(),
        option: None,
        span: Some(3..900),
        labels: vec![(std::ops::Range { start: 700, end: 2 }, "backwards".to_owned())],
        help: None,
    };
    for text in ["", "a", "äöü\nxyz\r\n", "\n\n\n"] {
        let shown = render(std::slice::from_ref(&diagnostic), &[("t", text)], false, 1);
        assert!(shown.contains("warning[S000]") && !shown.contains('\u{1b}'), "{shown}");
    }
    assert!(render(&[diagnostic], &[], true, 80).contains("t: odd"));
}

#[test]
fn kinds_are_known_by_name_and_content() {
    let kind = |name: &str, text: &str| Input::of(name, text.into(), None).map(|input| input.kind).ok();
    let line = "192.0.2.7 - - [17/May/2026:10:05:03 +0000] \"GET / HTTP/1.1\" 200 1\n";
    for (name, text, expected) in [
        ("a.toml", "", Some(InputKind::Scenario)),
        ("a.csv", "# why\ntask,arrival,cpu\n", Some(InputKind::TaskList)),
        ("a.csv", "\"task\",arrival\n", Some(InputKind::TaskList)),
        ("a.csv", "name,arrival\n", Some(InputKind::TaskList)),
        ("a.csv", "arrival,service\n", Some(InputKind::RequestTrace)),
        ("a.csv", "# why\nTIMESTAMP,tokens\n", Some(InputKind::RequestTrace)),
        ("a.csv", "task,arrival,service\n", Some(InputKind::TaskList)),
        ("<stdin>", "arrival,service\n", Some(InputKind::RequestTrace)),
        ("a.jsonl", "{\"timestamp\": 0, \"tokens\": 3}\n", Some(InputKind::RequestTrace)),
        ("a.jsonl", "{\"when\": 0, \"took\": 3}\n", Some(InputKind::RequestTrace)),
        ("a.json", "[{\"when\": 0, \"took\": 3}]\n", Some(InputKind::RequestTrace)),
        (
            "a.json",
            "{\"ts\":1773309600.8,\"request\":{\"uri\":\"/\"},\"duration\":1}\n",
            Some(InputKind::AccessLog),
        ),
        ("a.tsv", "arrival\tservice\n", Some(InputKind::RequestTrace)),
        ("a.csv", "\"arrival\";\"service\"\n", Some(InputKind::RequestTrace)),
        // No log is taken for a scenario.
        ("<stdin>", "level=info method=GET\n", Some(InputKind::AccessLog)),
        ("<stdin>", "name=a seed=1\n", Some(InputKind::AccessLog)),
        ("<stdin>", "[2026-03-12 10:00:00] a=b\n", Some(InputKind::AccessLog)),
        ("<stdin>", "name = \"a\"\n", Some(InputKind::Scenario)),
        ("access.log", line, Some(InputKind::AccessLog)),
        ("access.log.1", line, Some(InputKind::AccessLog)),
        ("<stdin>", line, Some(InputKind::AccessLog)),
        ("<stdin>", "task,arrival,cpu\n", Some(InputKind::TaskList)),
        ("<stdin>", "[[class]]\n", Some(InputKind::Scenario)),
        ("<stdin>", "hello\n", None),
        ("<stdin>", "hello world\n", Some(InputKind::AccessLog)),
        ("a.parquet", "PAR1", None),
        ("a", "", None),
    ] {
        assert_eq!(kind(name, text), expected, "{name} {text}");
    }
    let found = Input::read("no/such.toml").unwrap_err();
    assert_eq!(found[0].code, "S001");
    let found = Input::read("conovy").unwrap_err();
    assert_eq!(found[0].help.as_deref(), Some("did you mean `convoy`?"));
}

#[test]
fn long_lines_are_named_not_shown() {
    let steps: Vec<String> = (0..1000).map(|k| format!("{{ work = \"c{k}\", demand = 1 }}")).collect();
    let text =
        format!("stop = {{ jobs = 1 }}\nclass = [{{ name = \"a\", steps = [{}] }}]\n", steps.join(", "));
    let input = Input::from_text("long.toml", InputKind::Scenario, text);
    let found = load(&input, &Options::default()).unwrap_err();
    assert_eq!(found.len(), 201, "the rest is counted");
    let text = shown(&found, &input);
    assert!(text.len() < 60_000, "{}", text.len());
    assert!(text.contains("error[S030]: there is no processor `c0`\n--> long.toml:2:42"), "{}", &text[..500]);
    assert!(text.contains("error[S009]: long.toml: and at least "), "{}", &text[text.len() - 200..]);
}
