//! Any file gives the result or a readable diagnostic.

use crate::support::{act, fresh, opened};
use dispatchlab_gui::app::action::Action;
use dispatchlab_gui::files::Export;

#[test]
fn rubbish_is_told_and_what_is_open_stays() {
    let deep = "[".repeat(20_000);
    let cases: Vec<(&str, Vec<u8>)> = vec![
        ("nothing", Vec::new()),
        ("nothing.csv", Vec::new()),
        ("nothing.toml", Vec::new()),
        ("zeros.bin", vec![0; 5_000]),
        ("bytes.csv", (0..=255).cycle().take(5_000).collect()),
        ("picture.png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec()),
        ("deep.toml", deep.into_bytes()),
        ("quote.csv", b"task,arrival,cpu\n\"P1,0,3\n".to_vec()),
        ("wrong.toml", b"name = 3\n[[class]]\nsteps = 7\n".to_vec()),
        ("latin.csv", b"task,arrival,cpu\nP\xfc,0,3\n".to_vec()),
        ("huge.csv", format!("task,arrival,cpu\nP1,0,{}\n", "9".repeat(400)).into_bytes()),
    ];
    let mut harness = opened("convoy");
    for (name, bytes) in cases {
        act(&mut harness, Action::Open("convoy".to_owned()));
        act(&mut harness, Action::OpenBytes { name: name.to_owned(), bytes, folder: None });
        harness.state_mut().wait();
        harness.run();
        let state = &harness.state().state;
        let setup = state.setup().expect("something stays open");
        if setup.input.name == name {
            assert!(!state.mistakes.is_empty() || state.failed.is_some(), "{name} is no input");
            assert!(state.mistakes.iter().all(|mistake| !mistake.message.is_empty()), "{name}");
        } else {
            assert_eq!(setup.input.name, "textbook/convoy", "{name}");
            assert!(state.snapshot.is_some(), "{name}");
        }
    }
}

#[test]
fn a_file_is_opened_by_name_changed_and_written() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("two.csv");
    std::fs::write(&path, "task,arrival,cpu\nA,0,2\nB,1,2\n").expect("written");
    let mut harness = fresh();
    let name = path.display().to_string();
    act(&mut harness, Action::Open(name.clone()));
    assert!(harness.state().state.snapshot.is_some());
    assert_eq!(harness.state().state.settings.recent, [name]);
    for (export, file, starts) in [
        (Export::Input, "copy.csv", "task,arrival,cpu".as_bytes()),
        (Export::Json, "run.json", b"{\"schema\":\"dispatchlab.run/1\""),
        (Export::Csv, "run.csv", b"scenario,policy,"),
        (Export::Table, "run.txt", b"two"),
        (Export::Png, "run.png", b"\x89PNG"),
        (Export::Svg, "run.svg", b"<"),
    ] {
        let path = folder.path().join(file);
        act(&mut harness, Action::Save(export, path.display().to_string()));
        let written = std::fs::read(&path).unwrap_or_else(|error| panic!("{file}: {error}"));
        let shown = String::from_utf8_lossy(&written[..written.len().min(60)]).into_owned();
        let plain: Vec<u8> = written.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
        let starts: Vec<u8> = starts.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
        assert!(plain.starts_with(&starts), "{file} begins with {shown}");
    }
    let missing = folder.path().join("no/such/folder/run.csv");
    act(&mut harness, Action::Save(Export::Csv, missing.display().to_string()));
    let left = std::fs::read_dir(folder.path()).expect("there").count();
    assert_eq!(left, 7, "nothing half written");
}

#[test]
fn a_dropped_file_is_opened() {
    #[derive(Debug)]
    struct Dropped;
    impl egui::DroppedFile for Dropped {
        fn path(&self) -> &std::path::Path {
            std::path::Path::new("/somewhere/dropped.csv")
        }
        fn bytes(&self) -> Result<Vec<u8>, String> {
            Ok(b"task,arrival,cpu\nA,0,2\n".to_vec())
        }
    }
    let mut harness = fresh();
    harness.input_mut().dropped_files.push(std::sync::Arc::new(Dropped));
    harness.run();
    let state = &harness.state().state;
    assert!(state.snapshot.is_some(), "{:?}", state.mistakes);
    assert!(state.setup().is_some_and(|setup| setup.short_name() == "dropped"));
}
