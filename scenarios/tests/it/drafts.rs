//! Scenarios as trees: what names mean, and changes of every part of every scenario of the library.

use scenarios::draft::{self, Item, Part, Path, Value, edit};
use scenarios::{Input, InputKind, Options, library};

fn scenario_texts() -> impl Iterator<Item = (&'static str, &'static str)> {
    let scenarios = library::list().iter().filter(|entry| entry.kind == InputKind::Scenario);
    scenarios.map(|entry| (entry.name, entry.text))
}

fn paths(item: &Item, path: Path, out: &mut Vec<Path>) {
    match &item.value {
        Value::List(items) => {
            for (index, item) in items.iter().enumerate() {
                paths(item, draft::at(&path, index), out);
            }
        }
        Value::Table(fields) => {
            for (name, item) in fields {
                paths(item, draft::key(&path, name), out);
            }
        }
        _ => {}
    }
    if !path.is_empty() {
        out.push(path);
    }
}

fn every_path(text: &str) -> Vec<Path> {
    let mut found = Vec::new();
    paths(&draft::read(text), Vec::new(), &mut found);
    found
}

#[test]
fn every_name_in_the_library_means_something() {
    for (name, text) in scenario_texts() {
        let root = draft::read(text);
        let references = draft::references(&root);
        assert!(!references.is_empty(), "{name}");
        for (path, target) in references {
            let target = target.unwrap_or_else(|| panic!("{name}: {path:?} names nothing"));
            assert!(root.at(&target).is_some(), "{name}: {target:?}");
        }
    }
}

#[test]
fn every_part_can_be_changed_and_what_is_not_changed_stays() {
    for (name, text) in scenario_texts() {
        let before = draft::read(text);
        for path in every_path(text) {
            // The same value again, which may have been written otherwise: `1_000`.
            let item = before.at(&path).expect("it was found");
            let simple = !matches!(item.value, Value::List(_) | Value::Table(_));
            if simple {
                let same =
                    edit::set(text, &path, &item.toml()).unwrap_or_else(|e| panic!("{name} {path:?}: {e}"));
                assert_eq!(draft::read(&same).toml(), before.toml(), "{name} {path:?}");
            }
            let removed = edit::remove(text, &path).unwrap_or_else(|e| panic!("{name} {path:?}: {e}"));
            assert!(every_path(&removed).len() < every_path(text).len(), "{name} {path:?}");
            let comments = |text: &str| text.matches('#').count();
            let lost = comments(text) - comments(&removed);
            assert!(
                lost <= comments(&text[item.span.clone()]) + 2,
                "{name} {path:?}: {lost} comments are gone"
            );
            if matches!(path.last(), Some(Part::At(_))) {
                let (twice, copy) = edit::duplicate(text, &path).expect("copied");
                assert!(draft::read(&twice).at(&copy).is_some(), "{name} {path:?}");
            }
        }
    }
}

#[test]
fn a_renamed_station_leaves_the_model_as_it_was() {
    for (name, text) in scenario_texts() {
        let root = draft::read(text);
        for list in ["class", "processor", "pool", "server", "balancer", "region"] {
            for index in 0..root.get(list).map_or(0, |item| item.items().len()) {
                let path = draft::path(&format!("{list}.{index}"));
                let renamed = edit::rename(text, &path, "renamed").expect("renamed");
                let load = |text: &str| {
                    let input = Input::of("a.toml", text.as_bytes().to_vec(), None).expect("a scenario");
                    scenarios::load(&input, &Options::default()).map(|loaded| loaded.model.program)
                };
                assert_eq!(load(&renamed), load(text), "{name} {path:?}\n{renamed}");
            }
        }
    }
}

#[test]
fn broken_texts_are_read_as_far_as_they_go_and_not_changed() {
    let text = "name = \"a\"\n[[processor]]\nname = \"cpu\"\ncores = \n[[pool]]\nname = \"p\"\n";
    let root = draft::read(text);
    assert_eq!(root.at(&draft::path("processor.0")).and_then(|item| item.text_of("name")), Some("cpu"));
    assert!(edit::set(text, &draft::path("name"), "\"b\"").is_err());
    for text in [
        "",
        "[",
        "class = 3",
        "class = [1, 2]\nsource = \"x\"",
        "[class]\nsteps = {}",
        "[[class]]\nsteps = [[1]]",
    ] {
        let root = draft::read(text);
        draft::references(&root);
        for path in every_path(text) {
            let _ = (edit::remove(text, &path), edit::duplicate(text, &path), edit::unwrap(text, &path));
        }
    }
}
