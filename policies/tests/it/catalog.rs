//! Every policy is registered, documented and runnable.

use policies::{Build, Layer, PolicyDef, catalog, example_spec, parse, run_example};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// The `.rs` files of a folder, without `mod.rs`, as ids.
fn files(folder: &str) -> BTreeSet<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(folder);
    let entries = fs::read_dir(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let names =
        entries.map(|entry| entry.expect("a directory entry").file_name().into_string().expect("UTF-8"));
    let stems = names.filter_map(|name| name.strip_suffix(".rs").map(str::to_owned));
    stems.filter(|stem| stem != "mod").map(|stem| stem.replace('_', "-")).collect()
}

#[test]
fn every_file_is_registered_and_slices_are_sorted() {
    for (folder, slice) in [
        ("cpu", policies::cpu::POLICIES),
        ("realtime", policies::realtime::POLICIES),
        ("balancing", policies::balancing::POLICIES),
    ] {
        let ids: Vec<&str> = slice.iter().map(|def| def.id).collect();
        assert!(ids.is_sorted(), "{folder}: {ids:?}");
        assert_eq!(ids.iter().map(|id| (*id).to_owned()).collect::<BTreeSet<_>>(), files(folder), "{folder}");
    }
}

#[test]
fn ids_are_unique_within_their_layer_and_kebab_case() {
    let mut seen = BTreeSet::new();
    for def in catalog() {
        assert!(seen.insert((def.layer(), def.id)), "{def:?} twice");
        let kebab = def.id.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
        assert!(kebab && !def.id.starts_with('-') && !def.id.ends_with('-'), "{def:?}");
    }
}

#[test]
fn every_definition_is_complete() {
    for def in catalog() {
        let sentences = |text: &str| text.len() > 40 && text.ends_with(['.', ')']) && !text.contains("  ");
        assert!(sentences(def.definition), "{def:?}: definition");
        assert!(!def.title.is_empty() && !def.rule.is_empty() && !def.tie.is_empty(), "{def:?}");
        assert!((1..=2).contains(&def.keys.len()), "{def:?}: a key has one or two parts");
        assert!(!def.source.is_empty() && def.source.iter().all(|c| !c.work.is_empty()), "{def:?}: source");
        for text in [def.cost.arrive, def.cost.pick, def.cost.memory] {
            assert!(text.starts_with(['O', '-']), "{def:?}: cost `{text}`");
        }
        let mut names = BTreeSet::new();
        for param in def.params {
            assert!(names.insert(param.name), "{def:?}: `{}` twice", param.name);
            assert!(
                !param.help.is_empty() && !param.help.ends_with('.'),
                "{def:?}: help of `{}`",
                param.name
            );
            assert!(param.parse(param.default).is_ok(), "{def:?}: default of `{}`", param.name);
        }
        assert!(!def.example.timeline.is_empty(), "{def:?}: its example runs as {:?}", run_example(def));
    }
}

#[test]
fn every_policy_is_built_from_its_id_alone() {
    for def in catalog() {
        let spec = parse(def.layer(), def.id).unwrap_or_else(|error| panic!("{def:?}: {error}"));
        match def.build {
            Build::Scheduler(_) => drop((spec.scheduler().build)(&sim_core::ties::Ties::default())),
            Build::Balancer(_) => drop((spec.balancer().build)(&[1, 2, 0])),
        }
    }
}

#[test]
fn every_example_runs_as_written() {
    let mut failed = Vec::new();
    for def in catalog() {
        let outcome = run_example(def);
        if outcome.as_deref() != Ok(def.example.timeline) {
            failed.push(format!(
                "{}: {}\n  {}\n  {outcome:?}\n  written {}",
                def.layer().word(),
                example_spec(def),
                def.example.jobs,
                def.example.timeline
            ));
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

#[test]
fn one_name_can_mean_a_policy_of_each_layer() {
    let named = [Layer::Scheduler, Layer::Balancer]
        .map(|layer| policies::find(layer, "round-robin").map(PolicyDef::layer));
    assert_eq!(named, [Some(Layer::Scheduler), Some(Layer::Balancer)]);
}
