//! Completions and manual pages.

use crate::{end, stdout};
use std::fs;
use std::process::Command;

/// Passes where the program is missing, and says so.
fn has(test: &str, program: &str) -> bool {
    let there = Command::new(program).arg("--version").output().is_ok();
    if !there {
        println!("DID NOT RUN: {test}: {program} is not installed");
    }
    there
}

#[test]
fn every_shell_gets_its_completions() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let text = stdout(&["completions", shell]);
        for word in ["compare", "out-dir", "replications"] {
            assert!(text.contains(word), "{shell} knows {word}");
        }
    }
    let ended = end(&["completions", "csh"]);
    assert!(ended.code == 2 && ended.stderr.contains("possible values: bash"), "{}", ended.stderr);
}

#[test]
fn completions_are_good_bash() {
    if !has("completions_are_good_bash", "bash") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("dispatchlab.bash");
    fs::write(&file, stdout(&["completions", "bash"])).unwrap();
    assert!(Command::new("bash").arg("-n").arg(&file).status().unwrap().success());
    // What a user would get for `dispatchlab comp`.
    let script = "source \"$1\"; COMP_WORDS=(dispatchlab comp); COMP_CWORD=1; _dispatchlab dispatchlab comp dispatchlab; \
                  echo \"${COMPREPLY[*]}\"";
    let output = Command::new("bash").args(["-c", script, "bash"]).arg(&file).output().unwrap();
    let words = String::from_utf8(output.stdout).unwrap();
    assert!(words.contains("compare") && words.contains("completions"), "{words}");
}

#[test]
fn every_command_has_a_manual_page() {
    let folder = tempfile::tempdir().unwrap();
    let pages = folder.path().join("man1");
    let out = pages.to_str().unwrap();
    stdout(&["man", "--out", out, "--quiet"]);
    let page =
        |name: &str| fs::read_to_string(pages.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
    assert!(page("dispatchlab.1").contains("dispatchlab\\-compare"), "the first page names the others");
    let run = page("dispatchlab-run.1");
    assert!(run.contains(".SH SYNOPSIS") && run.contains("out\\-dir"), "{run}");
    page("dispatchlab-sweep-run.1");
    let again = folder.path().join("again");
    stdout(&["man", "--out", again.to_str().unwrap(), "--quiet"]);
    for entry in fs::read_dir(&pages).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert_eq!(page(&name), fs::read_to_string(again.join(&name)).unwrap(), "no date is in it");
    }
    let ended = end(&["man", "--out", pages.join("dispatchlab.1").to_str().unwrap()]);
    assert!(ended.code == 2 && ended.stderr.contains("it is a file"), "{}", ended.stderr);
    if has("every_command_has_a_manual_page (man)", "man") {
        for entry in fs::read_dir(&pages).unwrap() {
            let output = Command::new("man")
                .args(["--warnings", "-E", "UTF-8", "-l"])
                .arg(entry.unwrap().path())
                .env("MANROFFSEQ", "")
                .env("LC_ALL", "C.UTF-8")
                .env("MANWIDTH", "80")
                .output()
                .unwrap();
            let complaints = String::from_utf8_lossy(&output.stderr).into_owned();
            assert!(output.status.success() && complaints.is_empty(), "{complaints}");
        }
    }
}
