//! Any file that is dropped on the window gives a run, a diagnostic or a word in the corner, and never ends it.

use crate::support::fresh;
use dispatchlab_gui::App;
use dispatchlab_gui::app::action::Action;
use dispatchlab_gui::app::panes::Pane;
use egui_kittest::Harness;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A file as the platform hands it over.
#[derive(Debug)]
struct Dropped {
    path: PathBuf,
    /// `None`: the platform cannot read it.
    bytes: Option<Vec<u8>>,
}

impl egui::DroppedFile for Dropped {
    fn path(&self) -> &Path {
        &self.path
    }

    fn bytes(&self) -> Result<Vec<u8>, String> {
        self.bytes.clone().ok_or_else(|| "cannot be read".to_owned())
    }
}

/// What came of a drop.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Outcome {
    Run,
    /// It has mistakes, which are shown.
    Mistakes,
    /// The input is right, and the run says why it stopped.
    Failed,
    /// Refused with a word in the corner; what was open stays.
    Told,
}

/// Drops a file and draws what comes of it. A run beside the window is waited for if `patient`, else cancelled.
fn drop_it(harness: &mut Harness<'_, App>, path: &Path, bytes: Option<Vec<u8>>, patient: bool) -> Outcome {
    let shown = path.display().to_string();
    harness.state_mut().state.said.clear();
    let before = harness.state().state.setup().cloned();
    harness.input_mut().dropped_files.push(Arc::new(Dropped { path: path.to_owned(), bytes }));
    harness.step();
    if patient {
        harness.state_mut().wait();
        harness.step();
    }
    let state = &harness.state().state;
    let outcome = if !state.said.is_empty() {
        assert!(state.said.contains(": "), "{shown}: `{}`", state.said);
        assert!(state.setup() == before.as_ref(), "{shown}: what was open is gone");
        Outcome::Told
    } else if state.running.is_some() {
        // As long as it takes, beside the window, until somebody stops it.
        harness.state_mut().apply(Action::Cancel);
        assert!(harness.state().state.failed.is_some(), "{shown}");
        Outcome::Run
    } else if !state.mistakes.is_empty() {
        assert!(state.mistakes.iter().all(|mistake| !mistake.message.is_empty()), "{shown}");
        Outcome::Mistakes
    } else if state.failed.is_some() {
        Outcome::Failed
    } else {
        assert!(state.snapshot.is_some(), "{shown}: neither a run nor a word");
        Outcome::Run
    };
    harness.step();
    outcome
}

/// Every file below a folder, in order.
fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    let mut entries: Vec<PathBuf> =
        std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("readable").path()).collect();
    entries.sort();
    for entry in entries {
        if entry.is_dir() { files(&entry, found) } else { found.push(entry) }
    }
}

/// A window on which all of an input is seen.
fn window() -> Harness<'static, App> {
    let mut harness = fresh();
    for pane in [Pane::Text, Pane::Chart, Pane::Live, Pane::Why] {
        harness.state_mut().apply(Action::Show(pane));
    }
    harness
}

#[test]
fn every_file_of_the_project_that_could_be_an_input() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut all = Vec::new();
    for folder in ["scenarios/library", "scenarios/tests/corpus", "gui/tests/snapshots", "docs"] {
        files(&root.join(folder), &mut all);
    }
    assert!(all.len() > 150, "{}", all.len());
    let mut harness = window();
    let mut runs = 0;
    for path in &all {
        let name = path.to_string_lossy();
        let wrong = name.contains("/invalid/") && name.ends_with(".toml");
        let outcome = drop_it(&mut harness, path, None, wrong);
        runs += usize::from(outcome == Outcome::Run);
        assert!(!wrong || outcome != Outcome::Run, "{name} is invalid and runs");
    }
    assert!(runs > 50, "{runs} of {} run", all.len());
}

#[test]
fn inputs_that_break_off_anywhere() {
    let mut harness = window();
    for name in ["textbook/stallings", "textbook/io", "showcase/web-shop", "showcase/access-small"] {
        let input = scenarios::Input::library(name).expect("it is there");
        let suffix = match input.kind {
            scenarios::InputKind::Scenario => "toml",
            scenarios::InputKind::AccessLog => "log",
            _ => "csv",
        };
        let text = &input.text;
        for part in 0..24 {
            let length = text.len() * part / 24;
            let path = PathBuf::from(format!("cut.{suffix}"));
            drop_it(&mut harness, &path, Some(text[..length].to_vec()), false);
            // And with something in it that does not belong there.
            for wrong in [&b"\0"[..], b"\xff\xfe", b"\"", b"99999999999999999999999", b"[["] {
                if part % 6 == 3 {
                    let bytes = [&text[..length], wrong, &text[length..]].concat();
                    drop_it(&mut harness, &path, Some(bytes), false);
                }
            }
        }
    }
}

#[test]
fn rubbish_of_every_kind() {
    let line = |length: usize| vec![b'x'; length];
    let cases: Vec<(&str, Vec<u8>, Outcome)> = vec![
        ("empty", Vec::new(), Outcome::Told),
        ("empty.csv", Vec::new(), Outcome::Mistakes),
        ("empty.toml", Vec::new(), Outcome::Mistakes),
        ("zeros", vec![0; 1 << 16], Outcome::Told),
        ("zeros.toml", vec![0; 1 << 16], Outcome::Mistakes),
        ("one-line.csv", line(4 << 20), Outcome::Mistakes),
        ("one-line.toml", line(4 << 20), Outcome::Mistakes),
        ("one-line", line(4 << 20), Outcome::Told),
        (
            "one-name.csv",
            [b"task,arrival,cpu\n".to_vec(), line(1 << 20), b",0,3\n".to_vec()].concat(),
            Outcome::Mistakes,
        ),
        (
            "lines.csv",
            [b"task,arrival,cpu\n".to_vec(), b"?,?,?\n".repeat(100_000)].concat(),
            Outcome::Mistakes,
        ),
        ("latin.csv", b"task,arrival,cpu\nP\xfc,0,3\n".to_vec(), Outcome::Mistakes),
        ("quotes.csv", b"task,arrival,cpu\n\"P,0,3\n".to_vec(), Outcome::Mistakes),
        ("deep.toml", b"a = ".iter().copied().chain(b"[".repeat(100_000)).collect(), Outcome::Mistakes),
        ("deep.json", b"[".repeat(100_000), Outcome::Told),
        ("picture.png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec(), Outcome::Told),
        ("archive.zip", b"PK\x03\x04\x14\0\0\0".to_vec(), Outcome::Told),
        ("\u{202e}vsc.\u{1f4a3}", b"\xf0\x9f\x92\xa3".to_vec(), Outcome::Told),
    ];
    let mut harness = window();
    for (name, bytes, expected) in cases {
        let outcome = drop_it(&mut harness, Path::new(name), Some(bytes), true);
        assert_eq!(outcome, expected, "{name}: {}", harness.state().state.said);
    }
}

#[test]
fn what_is_no_file_at_all() {
    let folder = tempfile::tempdir().expect("a folder");
    let large = folder.path().join("large.csv");
    // A file with a hole: it takes no room, and is not read.
    let file = std::fs::File::create(&large).expect("created");
    file.set_len(1 << 40).or_else(|_| file.set_len(1 << 31)).expect("it may have a hole");
    let mut cases = vec![folder.path().to_owned(), folder.path().join("gone.csv"), large];
    let pipe = folder.path().join("pipe.csv");
    if std::process::Command::new("mkfifo").arg(&pipe).status().is_ok_and(|status| status.success()) {
        cases.push(pipe);
    } else {
        println!("DID NOT RUN: a pipe that is dropped: mkfifo is not here");
    }
    let mut harness = window();
    for path in cases {
        assert_eq!(drop_it(&mut harness, &path, None, true), Outcome::Told, "{path:?}");
    }
    // Several at once: the last one stays.
    for name in ["one.csv", "two.csv", "three.csv"] {
        let bytes = Some(b"task,arrival,cpu\nA,0,2\n".to_vec());
        harness.input_mut().dropped_files.push(Arc::new(Dropped { path: name.into(), bytes }));
    }
    harness.step();
    assert!(harness.state().state.setup().is_some_and(|setup| setup.short_name() == "three"));
}
