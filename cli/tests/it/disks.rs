//! Places that cannot be written: a full disk, one that may only be read, what is no folder. Each kind of output says so, ends
//! with the right code, and leaves nothing half written.

#![cfg(target_os = "linux")]

use crate::end;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

/// Every kind of output that goes to a place; `@` stands for the place's folder.
const OUTPUTS: [&str; 18] = [
    "run mm1 --set stop.jobs=20000 --records -o @/a.json",
    "run mm1 --set stop.jobs=20000 --records -o @/a.csv",
    "run mm1 --set stop.jobs=20000 --records -o @/a.jsonl",
    "run mm1 --set stop.jobs=2000 -o @/a.parquet",
    "run mm1 --set stop.jobs=20000 --records -o @/a.md",
    "run mm1 --set stop.jobs=2000 -o @/a.txt",
    "run mm1 --set stop.jobs=2000 --html @/a.html",
    "run mm1 --set stop.jobs=2000 --charts @/charts",
    "run mm1 --set stop.jobs=2000 --trace @/trace.json",
    "run mm1 --set stop.jobs=2000 --out-dir @/folder",
    "compare stallings --policy fcfs --policy sjf -o @/b.csv",
    "compare stallings --policy fcfs --policy sjf --html @/b.html",
    "plan mm1 --set stop.jobs=500 --slo response/mean<50ms --vary cpu.cores=1..4 -o @/c.csv",
    "plan mm1 --set stop.jobs=500 --slo response/mean<50ms --vary cpu.cores=1..4 --html @/c.html",
    "exercise --html @/sheet.html",
    "exercise --csv @/sheet.csv",
    "sweep new reference --out @/sweep",
    "sweep reference --out @/sweep",
];

/// Runs a command beside a disk of 64 KiB that only it sees; `then` is done to the disk before. What is left on it is on standard
/// output. `None`: nothing may be mounted here.
fn beside_a_disk(then: &str, line: &str) -> Option<Output> {
    let folder = tempfile::tempdir().unwrap();
    let disk = folder.path().join("disk");
    fs::create_dir(&disk).unwrap();
    let script = format!(
        "mount -t tmpfs -o size=64k none \"$1\" || exit 99; {then}; disk=$1; shift; \"$@\" >/dev/null; code=$?; ls -A \"$disk\"; \
         exit $code"
    );
    let disk = disk.to_str().unwrap();
    // Whoever is not root is it in a namespace of his own, where that is allowed.
    let spaces = [&["--mount"][..], &["--mount", "--map-root-user"]];
    let space = spaces.into_iter().find(|space| {
        let probe = ["sh", "-c", "mount -t tmpfs -o size=64k none \"$1\"", "sh", disk];
        let tried = Command::new("unshare").args(*space).args(probe).output();
        tried.is_ok_and(|tried| tried.status.success())
    })?;
    let ended = Command::new("unshare")
        .args(space)
        .args(["sh", "-c", &script, "sh", disk, env!("CARGO_BIN_EXE_dispatchlab"), "--quiet"])
        .args(line.split(' ').map(|word| word.replace('@', disk)))
        .output();
    Some(ended.unwrap())
}

fn told(then: &str, codes: &[i32], says: &str, left: &str) {
    for line in OUTPUTS {
        let Some(ended) = beside_a_disk(then, line) else {
            eprintln!("not run: {line}: nothing may be mounted here");
            return;
        };
        let stderr = String::from_utf8_lossy(&ended.stderr);
        let code = ended.status.code().unwrap_or(-1);
        assert!(codes.contains(&code), "{line}: {code}: {stderr}");
        let last = stderr.lines().last().unwrap_or_default().to_lowercase();
        assert!(last.contains("cannot write `") && last.contains(says), "{line}: {stderr}");
        assert_eq!(String::from_utf8_lossy(&ended.stdout), left, "{line}: something is left");
    }
}

/// Sweeps go on later, and say so with their own code.
#[test]
fn a_full_disk_is_told_and_nothing_is_left() {
    told("head -c 65536 /dev/zero > \"$1/fill\" 2>/dev/null", &[1, 75], "no space left on device", "fill\n");
}

#[test]
fn a_disk_that_may_only_be_read_is_told() {
    told("mount -o remount,ro \"$1\"", &[1], "read-only file", "");
}

#[test]
fn what_is_no_place_is_refused_before_anything_is_run() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    fs::create_dir(at("folder")).unwrap();
    fs::write(at("file"), "mine").unwrap();
    let (missing, below, empty) = (at("none/x.csv"), at("file/x.csv"), String::new());
    let files = ["-o", "--html", "--trace"];
    let folders = ["--charts", "--out-dir"];
    let cases = files
        .iter()
        .map(|option| (*option, at("folder"), "it is a folder"))
        .chain([("--charts", at("file"), "it is no folder"), ("--out-dir", at("file"), "file")])
        .chain(files.iter().chain(&folders).map(|option| (*option, missing.clone(), "there is no folder")))
        .chain(files.iter().chain(&folders).map(|option| (*option, below.clone(), "there is no folder")))
        .chain(files.iter().map(|option| (*option, empty.clone(), "the name is empty")))
        .chain(folders.iter().map(|option| (*option, empty.clone(), "name a")));
    for (option, place, says) in cases {
        let ended = end(&["run", "convoy", "--format", "csv", option, &place]);
        assert_eq!((ended.code, ended.stdout.as_str()), (2, ""), "{option} {place}: {}", ended.stderr);
        assert!(ended.stderr.contains(says), "{option} {place}: {}", ended.stderr);
    }
    let names = |folder: &Path| fs::read_dir(folder).unwrap().count();
    assert_eq!((names(folder.path()), names(&folder.path().join("folder"))), (2, 0), "nothing is left");
    assert_eq!(fs::read_to_string(at("file")).unwrap(), "mine");
}
