//! Files that are written.

use crate::{end, stdout};
use std::fs;

#[test]
fn results_appear_whole_and_replace_what_was_there() {
    let folder = tempfile::tempdir().unwrap();
    for (name, begins) in
        [("a.json", "{\n\"schema\""), ("a.csv", "scenario,policy,"), ("a.txt", "convoy  policy")]
    {
        let path = folder.path().join(name);
        fs::write(&path, "old").unwrap();
        let path = path.to_str().unwrap();
        assert_eq!(stdout(&["run", "convoy", "-o", path]), "");
        assert!(fs::read_to_string(path).unwrap().starts_with(begins), "{name}");
    }
    let path = folder.path().join("b.json");
    let ended = end(&["run", "convoy", "--max-events", "1", "-o", path.to_str().unwrap()]);
    assert!(ended.code == 1 && !path.exists(), "a failed run leaves nothing behind");
    let names: Vec<_> =
        fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names.len(), 6, "each has its manifest, and no temporary file is left: {names:?}");
}

#[test]
fn the_same_result_goes_to_a_file_and_to_standard_output() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("result");
    stdout(&["run", "convoy", "--format", "json", "-o", path.to_str().unwrap()]);
    assert_eq!(fs::read_to_string(&path).unwrap(), stdout(&["run", "convoy", "--format", "json", "-o", "-"]));
}

#[test]
fn every_template_is_valid_and_never_replaces_a_file() {
    let folder = tempfile::tempdir().unwrap();
    for (name, suffix, _) in scenarios::TEMPLATES {
        let path = folder.path().join(format!("{name}.{suffix}"));
        let path = path.to_str().unwrap();
        stdout(&["new", name, "-o", path]);
        assert!(stdout(&["validate", path]).contains(": valid ("), "{name}");
        let ended = end(&["new", name, "-o", path]);
        assert_eq!(ended.code, 2, "{name} is not written twice");
    }
}

#[test]
fn the_schema_is_json() {
    let schema: serde_json::Value = serde_json::from_str(&stdout(&["schema"])).unwrap();
    assert!(schema["properties"].is_object());
}

/// Whoever reads only the beginning (`| head`) gets no complaint.
#[test]
fn a_closed_pipe_is_no_failure() {
    let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_dispatchlab"))
        .args(["run", "mm1", "--set", "stop.jobs=100", "--replications", "200", "--format", "csv"])
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let ended = child.wait_with_output().unwrap();
    assert_eq!((ended.status.code(), String::from_utf8(ended.stderr).unwrap().as_str()), (Some(0), ""));
}

#[cfg(target_os = "linux")]
#[test]
fn devices_are_written_to_not_replaced() {
    assert_eq!(stdout(&["run", "convoy", "--format", "json", "-o", "/dev/null"]), "");
    let ended = end(&["run", "convoy", "--format", "json", "-o", "/dev/full"]);
    assert!(ended.code == 1 && ended.stderr.contains("cannot write `/dev/full`"), "{}", ended.stderr);
}

#[cfg(unix)]
#[test]
fn new_files_have_the_usual_rights_and_links_are_followed() {
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    let folder = tempfile::tempdir().unwrap();
    let (real, link) = (folder.path().join("real.json"), folder.path().join("link.json"));
    stdout(&["run", "convoy", "-o", real.to_str().unwrap()]);
    assert_ne!(fs::metadata(&real).unwrap().permissions().mode() & 0o044, 0, "others may read it");
    symlink(&real, &link).unwrap();
    stdout(&["run", "stallings", "-o", link.to_str().unwrap()]);
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert!(fs::read_to_string(&real).unwrap().contains("\"scenario\":\"stallings\""));
}
