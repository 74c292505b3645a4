//! Manifests: what they say, and runs repeated from them.

use crate::{end, end_with_input, stdout};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};

/// A folder with a scenario and the results of two commands on it.
struct Case {
    folder: tempfile::TempDir,
}

impl Case {
    fn new() -> Case {
        let case = Case { folder: tempfile::tempdir().unwrap() };
        stdout(&["new", "farm", "-o", &case.at("farm.toml")]);
        case.run(&["run", &case.at("farm.toml"), "--set", "stop.jobs=200", "--set", "warmup=0s"], "out.csv");
        case
    }

    fn at(&self, name: &str) -> String {
        self.folder.path().join(name).to_str().unwrap().to_owned()
    }

    fn run(&self, arguments: &[&str], output: &str) {
        let output = self.at(output);
        stdout(&[arguments, &["-o", &output]].concat());
    }

    fn manifest(&self, name: &str) -> Value {
        read(&self.folder.path().join(name))
    }

    fn files(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.folder.path()).unwrap();
        entries.map(|entry| entry.unwrap().path()).collect()
    }
}

fn read(path: &Path) -> Value {
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

#[test]
fn a_manifest_says_what_was_run_and_what_came_out() {
    let case = Case::new();
    let manifest = case.manifest("out.csv.manifest.json");
    let text = fs::read_to_string(case.at("farm.toml")).unwrap();
    assert_eq!(manifest["schema"], "dispatchlab.manifest/1");
    assert_eq!(manifest["inputs"][0]["blake3"], blake3::hash(text.as_bytes()).to_hex().as_str());
    assert_eq!(manifest["inputs"][0]["text"], text);
    let result = fs::read(case.at("out.csv")).unwrap();
    assert_eq!(manifest["results"][0]["blake3"], blake3::hash(&result).to_hex().as_str());
    assert_eq!(manifest["results"][0]["bytes"], result.len());
    assert_eq!(manifest["run"]["policies"][0], "web.cpu=ps lb=round-robin");
    assert_eq!(manifest["run"]["options"]["ties"]["equal_key"], "running-stays");
    assert!(manifest["circumstances"]["wall_s"].as_f64().unwrap() > 0.0);
}

/// The same run again differs in its circumstances alone.
#[test]
fn time_and_host_stand_in_one_place() {
    let case = Case::new();
    let before = case.manifest("out.csv.manifest.json");
    case.run(&["run", &case.at("farm.toml"), "--set", "stop.jobs=200", "--set", "warmup=0s"], "out.csv");
    let mut after = case.manifest("out.csv.manifest.json");
    after["circumstances"] = before["circumstances"].clone();
    assert_eq!(before, after);
}

#[test]
fn a_run_is_repeated_and_checked() {
    let case = Case::new();
    let manifest = case.at("out.csv.manifest.json");
    let result = fs::read_to_string(case.at("out.csv")).unwrap();
    assert_eq!(stdout(&["run", "--from", &manifest]), result, "the form is that of the result");
    let checked = stdout(&["run", "--from", &manifest, "--check"]);
    assert!(checked.starts_with("same ") && checked.ends_with("1 file compared, 0 different\n"), "{checked}");
    assert_eq!(case.files().len(), 3, "a check writes nothing");
    stdout(&["run", "--from", &manifest, "-o", &case.at("again.csv")]);
    assert_eq!(fs::read_to_string(case.at("again.csv")).unwrap(), result);
}

#[test]
fn a_comparison_is_repeated_too() {
    let case = Case::new();
    case.run(&["compare", "convoy", "--policy", "fcfs", "--policy", "sjf"], "c.json");
    let manifest = case.at("c.json.manifest.json");
    assert!(stdout(&["compare", "--from", &manifest, "--check"]).starts_with("same "));
    let ended = end(&["run", "--from", &manifest]);
    assert!(
        ended.code == 2 && ended.stderr.contains("repeat it by `dispatchlab compare --from"),
        "{}",
        ended.stderr
    );
}

#[test]
fn another_result_is_told() {
    let case = Case::new();
    let manifest = case.at("out.csv.manifest.json");
    let text = fs::read_to_string(&manifest).unwrap();
    // As if the program had given something else then.
    let old = fs::read_to_string(case.at("out.csv")).unwrap().replace("farm,", "harm,");
    let hash = case.manifest("out.csv.manifest.json")["results"][0]["blake3"].as_str().unwrap().to_owned();
    fs::write(&manifest, text.replace(&hash, blake3::hash(old.as_bytes()).to_hex().as_str())).unwrap();
    fs::write(case.at("out.csv"), &old).unwrap();
    let ended = end(&["run", "--from", &manifest, "--check"]);
    assert_eq!(ended.code, 4);
    assert!(ended.stdout.contains("line 2 was `harm,"), "{}", ended.stdout);
    // The result itself was edited.
    fs::write(&manifest, text).unwrap();
    let ended = end(&["run", "--from", &manifest, "--check"]);
    assert!(ended.code == 4 && ended.stdout.contains("the file has been changed"), "{}", ended.stdout);
}

#[test]
fn a_changed_input_is_refused_and_the_kept_text_runs() {
    let case = Case::new();
    let manifest = case.at("out.csv.manifest.json");
    let text = fs::read_to_string(case.at("farm.toml")).unwrap();
    fs::write(case.at("farm.toml"), text.replace("600/s", "601/s")).unwrap();
    let ended = end(&["run", "--from", &manifest, "--check"]);
    assert_eq!(ended.code, 2);
    for part in ["has changed since", "line 19 was `arrivals = { poisson = \"600/s\" }`", "--kept"] {
        assert!(ended.stderr.contains(part), "{}", ended.stderr);
    }
    assert!(stdout(&["run", "--from", &manifest, "--check", "--kept"]).starts_with("same "));
    fs::remove_file(case.at("farm.toml")).unwrap();
    assert!(stdout(&["run", "--from", &manifest, "--check"]).starts_with("same "), "nothing else is there");
}

#[test]
fn a_changed_trace_of_a_scenario_is_refused() {
    let case = Case::new();
    let text = stdout(&["new", "farm"]);
    let text = text.replace("{ poisson = \"600/s\" }", "{ trace = \"t.csv\", unit = \"ms\" }");
    let text = text.replace("stop = { after = \"1min\" }", "");
    fs::write(case.at("traced.toml"), text.replace("warmup = \"5s\"", "warmup = \"0s\"")).unwrap();
    fs::write(case.at("t.csv"), "arrival,size\n0,1\n1,2\n").unwrap();
    // Of two requests p99 says nothing, and the run says so.
    case.run(&["run", &case.at("traced.toml"), "--quiet"], "traced.csv");
    let manifest = case.at("traced.csv.manifest.json");
    assert_eq!(case.manifest("traced.csv.manifest.json")["inputs"][1]["role"], "file");
    assert!(stdout(&["run", "--from", &manifest, "--check", "--quiet"]).starts_with("same "));
    fs::write(case.at("t.csv"), "arrival,size\n0,1\n1,3\n").unwrap();
    let ended = end(&["run", "--from", &manifest, "--check"]);
    assert!(ended.code == 2 && ended.stderr.contains("t.csv` has changed since"), "{}", ended.stderr);
}

#[test]
fn standard_input_is_kept() {
    let case = Case::new();
    let tasks = "task,arrival,cpu\na,0,4\nb,1,2\n";
    let output = case.at("piped.json");
    let ended = end_with_input(&["run", "-", "--policy", "sjf", "-o", &output], tasks);
    assert_eq!((ended.code, ended.stderr.as_str()), (0, ""));
    let manifest = case.at("piped.json.manifest.json");
    assert!(stdout(&["run", "--from", &manifest, "--check"]).starts_with("same "));
}

#[test]
fn what_cannot_be_repeated_says_why() {
    let case = Case::new();
    let manifest = case.at("out.csv.manifest.json");
    for (arguments, why) in [
        (&["run", "--from", &manifest, "--policy", "fcfs"][..], "`--policy` cannot go with --from"),
        (&["run", "--from", &manifest, "convoy"], "`convoy` cannot go with --from"),
        (&["run", "--from", &case.at("out.csv")], "is no manifest of DispatchLab: it is not JSON"),
        (&["run", "--from", &case.at("nothing")], "cannot read"),
        (&["run", "convoy", "--check"], "--from <MANIFEST>"),
        (&["run"], "<INPUT>"),
    ] {
        let ended = end(arguments);
        assert!(ended.code == 2 && ended.stderr.contains(why), "{arguments:?}\n{}", ended.stderr);
    }
    let text = fs::read_to_string(&manifest).unwrap().replace("--set=stop.jobs=200", "--sett=stop.jobs=200");
    fs::write(&manifest, text).unwrap();
    let ended = end(&["run", "--from", &manifest]);
    assert!(
        ended.code == 2 && ended.stderr.contains("cannot be repeated by this version"),
        "{}",
        ended.stderr
    );
}

#[test]
fn no_manifest_is_written_where_none_is_wanted() {
    let case = Case::new();
    stdout(&["run", "convoy", "-o", &case.at("bare.json"), "--no-manifest"]);
    assert!(!Path::new(&case.at("bare.json.manifest.json")).exists());
}
