//! Tells the program which source it was built from: manifests name it.
//!
//! Where there is no git, or no repository, the commit is simply not known; nothing else changes. Whoever builds from an
//! archive can set `DISPATCHLAB_COMMIT`.

use std::path::Path;
use std::process::Command;

/// What decides the program; tests change without changing it.
const SOURCES: [&str; 12] = [
    "build.rs",
    "Cargo.toml",
    "src",
    "../Cargo.toml",
    "../Cargo.lock",
    "../sim-core/src",
    "../policies/src",
    "../scenarios/src",
    "../scenarios/library",
    "../experiments/src",
    "../reports/src",
    "../reports/Cargo.toml",
];

fn main() {
    println!("cargo::rerun-if-env-changed=DISPATCHLAB_COMMIT");
    for path in SOURCES {
        if Path::new(path).exists() {
            println!("cargo::rerun-if-changed={path}");
        }
    }
    let target = std::env::var("TARGET").unwrap_or_default();
    println!("cargo::rustc-env=DISPATCHLAB_TARGET={target}");
    // A commit changes the log of the head, whichever branch it is on.
    if let Some(log) = git(&["rev-parse", "--git-path", "logs/HEAD"])
        && Path::new(&log).exists()
    {
        println!("cargo::rerun-if-changed={log}");
    }
    let given = std::env::var("DISPATCHLAB_COMMIT").ok().filter(|commit| !commit.is_empty());
    // `HASH` or `HASH-dirty`: files that git knows differ from the commit.
    let commit = given.or_else(|| git(&["describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"]));
    if let Some(commit) = commit {
        println!("cargo::rustc-env=DISPATCHLAB_COMMIT={commit}");
    }
}

/// What git answers, if it does.
fn git(arguments: &[&str]) -> Option<String> {
    let output = Command::new("git").args(arguments).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let line = text.trim();
    (output.status.success() && !line.is_empty()).then(|| line.to_owned())
}
