//! Walls between crates.

use crate::{files, read, root, shown};
use cargo_metadata::{DependencyKind, Metadata, MetadataCommand};
use std::collections::BTreeSet;

/// What each crate of the workspace may use of the others. Skipping a level downwards is fine, sideways or upwards is not.
const LAYERS: &[(&str, &[&str])] = &[
    ("sim-core", &[]),
    ("policies", &["sim-core"]),
    ("scenarios", &["sim-core", "policies"]),
    ("reports", &["sim-core"]),
    ("experiments", &["sim-core", "policies", "scenarios", "reports"]),
    ("dispatchlab", &["sim-core", "policies", "scenarios", "experiments", "reports"]),
    ("dispatchlab-gui", &["sim-core", "policies", "scenarios", "experiments", "reports"]),
];

/// External crates that stay in their place, tests aside.
const PLACES: &[(&str, &[&str])] = &[
    ("serde", &["reports", "dispatchlab-gui"]),
    ("serde_json", &["scenarios", "reports", "dispatchlab"]),
    ("csv", &["reports", "experiments", "dispatchlab-gui"]),
    ("parquet", &["reports"]),
    ("toml", &["scenarios"]),
    ("toml_edit", &["scenarios"]),
    ("annotate-snippets", &["scenarios"]),
    ("jiff", &["scenarios", "dispatchlab"]),
    ("pulldown-cmark", &["scenarios"]),
    ("rayon", &["experiments"]),
    ("plotters", &["reports"]),
    ("png", &["reports", "dispatchlab-gui"]),
    ("maud", &["reports"]),
    ("clap", &["dispatchlab", "dispatchlab-gui"]),
    ("clap_complete", &["dispatchlab"]),
    ("clap_mangen", &["dispatchlab"]),
    ("indicatif", &["dispatchlab"]),
    ("anstream", &["dispatchlab"]),
    ("anstyle", &["dispatchlab"]),
    ("tempfile", &["dispatchlab", "dispatchlab-gui"]),
    ("egui", &["dispatchlab-gui"]),
    ("eframe", &["dispatchlab-gui"]),
    ("rfd", &["dispatchlab-gui"]),
    ("fluent-bundle", &["dispatchlab-gui"]),
    ("blake3", &["scenarios", "dispatchlab", "dispatchlab-gui"]),
    ("rustix", &["dispatchlab"]),
];

/// What the engine and the policies may use at all.
const ENGINE_USES: &[(&str, &[&str])] = &[
    ("sim-core", &["libm", "rand", "rand_distr", "rand_xoshiro", "thiserror", "xxhash-rust"]),
    ("policies", &["rand", "strsim", "thiserror", "xxhash-rust"]),
];

/// Crates that must not be reached from the engine or the policies, over any number of steps: input and output, threads,
/// clocks, and randomness that no seed controls.
const NEVER_BELOW: &[&str] = &[
    "serde",
    "serde_json",
    "toml",
    "csv",
    "rayon",
    "clap",
    "jiff",
    "chrono",
    "time",
    "getrandom",
    "tokio",
    "tempfile",
];

/// Clocks, environment, other processes, the network: nothing below the command line.
const NOWHERE: &[&str] =
    &["std::time", "std::env", "std::process", "TcpStream", "TcpListener", "UdpSocket", "println!"];

/// What else must not stand in the code of a crate, tests aside.
const WORDS: &[(&str, &[&str])] = &[
    ("sim-core", &["std::fs", "std::io", "std::thread"]),
    ("policies", &["std::fs", "std::io", "std::thread"]),
    ("scenarios", &["std::thread"]),
    ("reports", &["std::fs", "std::thread"]),
    ("experiments", &["std::fs", "std::io"]),
    // A window has arguments and an exit code; threads and the network are not its own.
    ("gui", &["std::thread", "std::env", "SystemTime", "TcpStream", "TcpListener", "UdpSocket"]),
];

/// The workspace and all it needs on this machine: what was needed to build this test, so that nothing is fetched.
fn metadata() -> Metadata {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let version = std::process::Command::new(rustc).arg("-vV").output().expect("the compiler is there");
    let version = String::from_utf8(version.stdout).expect("the compiler speaks UTF-8");
    let host = version.lines().find_map(|line| line.strip_prefix("host: ")).expect("the compiler has a host");
    let mut command = MetadataCommand::new();
    command
        .manifest_path(root().join("Cargo.toml"))
        .other_options(["--locked", "--offline", "--filter-platform", host].map(str::to_owned));
    command.exec().unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn crates_of_the_workspace_depend_downwards() {
    let metadata = metadata();
    let names: BTreeSet<&str> =
        metadata.workspace_packages().iter().map(|package| package.name.as_str()).collect();
    let listed: BTreeSet<&str> = LAYERS.iter().map(|(name, _)| *name).collect();
    assert_eq!(names, listed, "a new crate gets a place in LAYERS");
    for package in metadata.workspace_packages() {
        let (_, allowed) =
            LAYERS.iter().find(|(name, _)| *name == package.name.as_str()).expect("listed above");
        for dependency in &package.dependencies {
            let name = dependency.name.as_str();
            // Tests are held to the same direction.
            assert!(!names.contains(name) || allowed.contains(&name), "{} must not use {name}", package.name);
        }
    }
}

#[test]
fn external_crates_stay_in_their_places() {
    for package in metadata().workspace_packages() {
        let engine = ENGINE_USES.iter().find(|(name, _)| *name == package.name.as_str());
        for dependency in package.dependencies.iter().filter(|found| found.kind == DependencyKind::Normal) {
            let name = dependency.name.as_str();
            if let Some((_, places)) = PLACES.iter().find(|(place, _)| *place == name) {
                assert!(places.contains(&package.name.as_str()), "{} must not use {name}", package.name);
            }
            if let Some((_, allowed)) = engine
                && dependency.path.is_none()
            {
                assert!(allowed.contains(&name), "{} must not use {name}", package.name);
            }
        }
    }
}

/// What a package is built with on this machine: names and features, one a line, as `name|feature,feature`.
///
/// `cargo tree` without tests, not `cargo metadata`: the latter adds the features that tests of other crates switch on.
fn built_with(package: &str) -> Vec<(String, String)> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let arguments =
        ["tree", "--locked", "--offline", "-e", "normal", "--prefix", "none", "-f", "{p}|{f}", "-p", package];
    let output = std::process::Command::new(cargo)
        .args(arguments)
        .current_dir(root())
        .output()
        .expect("cargo is there");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let lines = String::from_utf8(output.stdout).expect("cargo speaks UTF-8");
    let split = |line: &str| {
        let (name, features) = line.split_once('|').expect("as asked for");
        (name.split(' ').next().unwrap_or_default().to_owned(), features.replace(" (*)", ""))
    };
    lines.lines().filter(|line| !line.is_empty()).map(split).collect()
}

#[test]
fn nothing_below_the_scenarios_reaches_the_outside_world() {
    for start in ["sim-core", "policies"] {
        let reached = built_with(start);
        assert!(reached.iter().any(|(name, _)| name == "libm"), "{start} is built with {reached:?}");
        for (name, _) in reached {
            assert!(!NEVER_BELOW.contains(&name.as_str()), "{start} reaches {name}");
        }
    }
}

/// Who takes `ln` and `exp` through `num-traits`, which are the platform's where any crate of the tree switches its feature
/// `std` on: results would differ between machines in their last bits. Nobody may whose floats reach a result or a picture.
#[test]
fn logarithms_are_the_same_on_every_machine() {
    let found = metadata();
    let users: BTreeSet<&str> = found
        .packages
        .iter()
        .filter(|package| {
            let normal = |kind| kind == DependencyKind::Normal;
            package.dependencies.iter().any(|used| used.name == "num-traits" && normal(used.kind))
        })
        .map(|package| package.name.as_str())
        .collect();
    let built: BTreeSet<String> = built_with("dispatchlab").into_iter().map(|(name, _)| name).collect();
    let built_users: Vec<&str> = users.into_iter().filter(|user| built.contains(*user)).collect();
    // Charts place everything themselves, with `libm`: of `plotters` they use the backends and the font.
    // Parquet reaches for whole numbers, half floats and dates, none of which a sheet has.
    let for_parquet = ["chrono", "half", "num-bigint", "num-integer", "parquet"];
    let built_users: Vec<&str> = built_users.into_iter().filter(|user| !for_parquet.contains(user)).collect();
    assert_eq!(built_users, ["plotters", "rand_distr"], "a new user of num-traits");
    for file in files(&root().join("reports/src/chart"), "rs") {
        for line in read(&file).lines().filter(|line| line.contains("plotters::")) {
            let known = ["plotters::backend::", "plotters::style::"].iter().any(|known| line.contains(known));
            assert!(known, "{}: `{}`", shown(&file), line.trim());
        }
    }
    for package in ["sim-core", "policies"] {
        for file in files(&root().join(package).join("src"), "rs") {
            for line in read(&file).lines().filter(|line| line.contains("rand_distr")) {
                assert!(line.contains("WeightedAliasIndex"), "{}: `{}`", shown(&file), line.trim());
            }
        }
    }
}

#[test]
fn crates_do_not_do_what_is_not_theirs() {
    let mut found = Vec::new();
    for (package, words) in WORDS {
        let nowhere = if *package == "gui" { &[] } else { NOWHERE };
        for file in files(&root().join(package).join("src"), "rs") {
            let text = read(&file);
            let code = text.split("#[cfg(test)]").next().unwrap_or_default();
            for (number, line) in code.lines().enumerate() {
                let line = line.split("//").next().unwrap_or_default();
                let word = words.iter().chain(nowhere).find(|word| line.contains(**word));
                found.extend(word.map(|word| format!("{}:{}: {word}", shown(&file), number + 1)));
            }
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn every_crate_takes_versions_and_lints_from_the_workspace() {
    for package in metadata().workspace_packages() {
        let manifest = read(package.manifest_path.as_std_path());
        assert!(manifest.contains("[lints]\nworkspace = true"), "{} has lints of its own", package.name);
        let dependencies = manifest.split("\n[").filter(|part| part.contains("dependencies]"));
        for line in dependencies.flat_map(str::lines).skip(1).filter(|line| line.contains('=')) {
            assert!(
                line.contains("workspace = true"),
                "{}: `{line}` is not named in the workspace",
                package.name
            );
        }
    }
}

#[test]
fn every_external_crate_says_why_it_is_here() {
    let manifest = read(&root().join("Cargo.toml"));
    let section =
        manifest.split("[workspace.dependencies]\n").nth(1).and_then(|rest| rest.split("\n[").next());
    let mut reason = false;
    for line in section.expect("the workspace has dependencies").lines() {
        match line.trim() {
            "" => reason = false,
            comment if comment.starts_with('#') => reason = true,
            dependency => assert!(reason || dependency.contains("path ="), "no comment above `{dependency}`"),
        }
    }
}
