//! No text panics, hangs or takes memory without limit: it becomes a model that holds its contract, or diagnostics.

use proptest::prelude::*;
use scenarios::{Input, InputKind, Options, library, load, render};
use std::path::Path;

const KINDS: [InputKind; 4] =
    [InputKind::Scenario, InputKind::TaskList, InputKind::AccessLog, InputKind::RequestTrace];

/// Loads a text as every kind, under options that fit each; checks whatever comes out.
fn survives(text: &[u8]) {
    for kind in KINDS {
        let mut options = Options::default();
        if kind == InputKind::AccessLog {
            options.service = Some("1ms + 1us/byte".to_owned());
        }
        if matches!(kind, InputKind::AccessLog | InputKind::RequestTrace) {
            options.servers = Some(3);
        }
        let input = Input::from_text("any", kind, text);
        match load(&input, &options) {
            Ok(loaded) => loaded.model.check().unwrap(),
            Err(found) => {
                assert!(!found.is_empty(), "refused without a reason");
                assert!(found.len() <= 201);
                render(&found, &input.texts(), false, 100);
            }
        }
    }
    let _ = Input::of("any", text.to_vec(), None);
}

#[test]
fn the_corpus_is_survived() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus");
    let mut seen = 0;
    for file in std::fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        println!("{}", path.display());
        survives(&std::fs::read(path).unwrap());
        seen += 1;
    }
    assert!(seen >= 15);
}

/// What numbers and words are replaced with.
const NASTY: &[&str] = &[
    "",
    "0",
    "-1",
    "nan",
    "inf",
    "1e308",
    "99999999999999999999",
    "\"1e18s\"",
    "\"-4ms\"",
    "\"\"",
    "{}",
    "[]",
    "true",
    "\"0.3ns\"",
    "\u{0}",
    "\"\u{1F600}\"",
    "1_000_000",
    "\"cpu\"",
    "\"lb\"",
    "\n",
    "\"",
    ",",
    "=",
    "1979-05-27",
];

fn mutated(text: &str, edits: &[(f64, usize, usize)]) -> Vec<u8> {
    let mut bytes = text.as_bytes().to_vec();
    for (place, length, nasty) in edits {
        let at = ((bytes.len() as f64) * place) as usize;
        let end = (at + length).min(bytes.len());
        bytes.splice(at..end, NASTY[nasty % NASTY.len()].bytes());
    }
    bytes
}

fn texts() -> Vec<&'static str> {
    let mut texts: Vec<&str> = library::list().iter().map(|entry| entry.text).collect();
    texts.extend(scenarios::TEMPLATES.iter().filter_map(|(name, _, _)| scenarios::template(name)));
    texts
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn changed_library_files_are_survived(
        which in any::<prop::sample::Index>(),
        edits in prop::collection::vec((0.0..1.0f64, 0usize..30, 0usize..100), 1..5),
    ) {
        let texts = texts();
        survives(&mutated(texts[which.index(texts.len())], &edits));
    }

    #[test]
    fn cut_library_files_are_survived(which in any::<prop::sample::Index>(), place in 0.0..1.0f64) {
        let texts = texts();
        let text = texts[which.index(texts.len())];
        survives(&text.as_bytes()[..((text.len() as f64) * place) as usize]);
    }

    #[test]
    fn random_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        survives(&bytes);
    }

    #[test]
    fn any_option_text_is_survived(text in "[ -~]{0,40}", value in "[ -~]{0,20}") {
        let input = Input::library("showcase/web-shop").unwrap();
        let options = Options {
            policies: scenarios::PolicyOption::parse(&text).into_iter().collect(),
            ties: Some(text.clone()),
            until: Some(value.clone()),
            warmup: Some(value.clone()),
            context_switch: Some(value.clone()),
            set: vec![(text.clone(), value.clone()), (format!("web.{text}"), value.clone())],
            ..Options::default()
        };
        if let Err(found) = load(&input, &options) {
            render(&found, &input.texts(), false, 80);
        }
        let log = Input::library("access-small").unwrap();
        let options = Options { service: Some(text), servers: Some(2), ..Options::default() };
        if let Err(found) = load(&log, &options) {
            render(&found, &log.texts(), false, 80);
        }
    }
}
