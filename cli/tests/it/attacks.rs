//! Manifests, names and files by somebody who means no good (cases of `shared cases/attack`, and their kind).

use crate::{end, end_with_input, stdout};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};

/// A folder with a run of `stallings` and its manifest.
struct Case(tempfile::TempDir);

impl Case {
    fn new() -> Case {
        let case = Case(tempfile::tempdir().unwrap());
        stdout(&["run", "stallings", "-o", &case.at("out.csv")]);
        case
    }

    fn at(&self, name: &str) -> String {
        self.0.path().join(name).to_str().unwrap().to_owned()
    }

    fn write(&self, name: &str, text: &str) -> String {
        fs::write(self.0.path().join(name), text).unwrap();
        self.at(name)
    }

    /// The manifest with other arguments.
    fn manifest(&self, arguments: &[&str]) -> String {
        let text = fs::read_to_string(self.at("out.csv.manifest.json")).unwrap();
        let mut manifest: Value = serde_json::from_str(&text).unwrap();
        manifest["command"]["arguments"] = arguments.into();
        self.write("changed.json", &manifest.to_string())
    }

    fn names(&self) -> Vec<String> {
        names(self.0.path())
    }
}

/// What is in a folder.
fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut found: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
    found.sort();
    found
}

/// Characters that a terminal obeys, or that nobody sees.
fn unseen(text: &str) -> Option<char> {
    text.chars().find(|c| *c != '\n' && sim_core::shown::is_unseen(*c))
}

#[test]
fn nothing_is_written_to_the_places_of_a_manifest() {
    let case = Case::new();
    let victim = case.write("victim.csv", "precious");
    let new = case.at("new");
    let short = format!("-o{victim}");
    let cluster = format!("-qo{victim}");
    let spellings: [&[&str]; 10] = [
        &["run", &short, "--", "stallings"],
        &["run", &cluster, "stallings"],
        &["run", "-qo", &victim, "stallings"],
        &["run", "stallings", "--output", &victim],
        &["-q", "run", "stallings", "--format", "csv", "-o", &victim],
        &["run", "stallings", "--html", &victim],
        &["run", "stallings", "--charts", &new],
        &["run", "stallings", "--trace", &victim],
        &["run", "stallings", "--replications", "5", "--welch", &victim],
        &["run", "stallings", "--kept", "--from", &victim, "--check"],
    ];
    for arguments in spellings {
        let manifest = case.manifest(arguments);
        let before = case.names();
        for more in [&[][..], &["--check"][..]] {
            let ended = end(&[&["run", "--from", &manifest], more].concat());
            let expected = if more.is_empty() { 0 } else { 4 };
            assert!([0, expected].contains(&ended.code), "{arguments:?}: {}", ended.stderr);
            assert_eq!(fs::read_to_string(&victim).unwrap(), "precious", "{arguments:?}");
            assert_eq!(case.names(), before, "{arguments:?}");
        }
    }
}

#[test]
fn a_manifest_runs_no_other_command() {
    let case = Case::new();
    let place = case.at("new.toml");
    let others: [&[&str]; 7] = [
        &["new", "farm", "-o", &place],
        &["-q", "new", "farm", "-o", &place],
        &["sweep", "new", "servers", "--out", &place],
        &["sweep", "submit", "x", "--engine", "slurm"],
        &["man", "--out", &place],
        &["compare", "convoy", "--policy", "sjf", "-o", &place],
        &["--help"],
    ];
    for arguments in others {
        let manifest = case.manifest(arguments);
        let before = case.names();
        for more in [&[][..], &["--check"][..]] {
            let ended = end(&[&["run", "--from", &manifest], more].concat());
            assert_eq!((ended.code, ended.stdout.as_str()), (2, ""), "{arguments:?}");
            assert_eq!(case.names(), before, "{arguments:?}");
        }
    }
}

#[test]
fn nothing_is_read_that_a_manifest_has_no_hash_of() {
    let case = Case::new();
    let secret = case.write("secret.csv", "task,arrival,cpu\nhidden,0,1\n");
    let manifest = case.manifest(&["run", "--", &secret]);
    let ended = end(&["run", "--from", &manifest]);
    assert!(ended.code == 2 && ended.stderr.contains("has no hash of"), "{}", ended.stderr);
    assert!(!(ended.stdout + &ended.stderr).contains("hidden"));
}

#[test]
fn no_manifest_is_too_much() {
    let case = Case::new();
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    for (text, why) in [(deep.as_str(), "it is not JSON: recursion limit"), ("\u{1b}[31m", "it is not JSON")]
    {
        let ended = end(&["run", "--from", &case.write("bad.json", text)]);
        assert!(ended.code == 2 && ended.stderr.contains(why), "{}", ended.stderr);
    }
    // Texts of a manifest are shown as they are quoted.
    let manifest = case.manifest(&["run", "--\u{1b}[31mred", "stallings"]);
    let ended = end(&["run", "--from", &manifest]);
    assert_eq!((ended.code, unseen(&ended.stderr)), (2, None));
}

/// Names that would do something in a terminal, on a page, in a script.
const HOSTILE: [&str; 4] =
    ["a\u{1b}]0;owned\u{7}\u{1b}[31m", "a\nb", "a\tb\u{9b}31m", "a\u{202e}b\u{200b}c\u{2028}d\u{feff}"];

#[test]
fn names_with_unseen_characters_are_refused_and_shown_as_escapes() {
    let case = Case::new();
    let base = "name = NAME\nstop = { jobs = 2 }\n[[class]]\nname = CLASS\nsteps = [{ work = \"cpu\", demand = \"1ms\" }]\n\
                [[source]]\nname = SOURCE\nclass = CLASS\narrivals = { poisson = \"100/s\" }\n[[processor]]\nname = \"cpu\"\n";
    for hostile in HOSTILE {
        let quoted = serde_json::to_string(hostile).unwrap();
        for place in ["NAME", "CLASS", "SOURCE"] {
            let mut text = base.to_owned();
            for word in ["NAME", "CLASS", "SOURCE"] {
                text = text.replace(word, if word == place { &quoted } else { "\"k\"" });
            }
            let ended = end(&["run", &case.write("in.toml", &text)]);
            assert!(ended.code == 2 && ended.stderr.contains("error[S023]"), "{hostile:?}: {}", ended.stderr);
            assert_eq!((ended.stdout.as_str(), unseen(&ended.stderr)), ("", None), "{hostile:?} as {place}");
        }
        let list = format!("task,arrival,cpu\n\"{hostile}\",0,1\n");
        let ended = end(&["run", &case.write("in.csv", &list)]);
        // A line feed ends the row, in quotes too.
        let code = if hostile.contains('\n') { "error[S051]" } else { "error[S023]" };
        assert!(ended.code == 2 && ended.stderr.contains(code), "{hostile:?}: {}", ended.stderr);
        assert_eq!((ended.stdout.as_str(), unseen(&ended.stderr)), ("", None), "{hostile:?}");
    }
}

/// Whatever reaches an output by the command line, a file's name or an earlier result.
#[test]
fn no_output_has_an_unseen_character() {
    let case = Case::new();
    for hostile in HOSTILE {
        for arguments in [
            &["run", hostile][..],
            &["run", "convoy", "--policy", hostile],
            &["run", "convoy", "--set", &format!("{hostile}=1")],
            &["run", "convoy", "--fail-if", hostile],
            &["run", "convoy", "--ties", hostile],
            &["run", "convoy", "--metric", hostile],
            &["run", "convoy", "--format", hostile],
            &["run", "convoy", &format!("--{hostile}")],
            &["run", "convoy", "-o", &case.at(&format!("{hostile}/x.csv"))],
            &["compare", "convoy", "--policy", "sjf", "--reference", hostile],
            &["policies", "show", hostile],
            &["lessons", hostile],
            &["new", hostile],
            &["report", hostile, "--html", "-"],
            &["sweep", "run", hostile],
            &["sweep", "new", "servers", "--out", &case.at(hostile)],
            &["grade", hostile],
            &[hostile],
        ] {
            let ended = end(arguments);
            assert_eq!(ended.code, 2, "{arguments:?}: {}", ended.stderr);
            assert_eq!(unseen(&ended.stderr), None, "{arguments:?}");
            assert_eq!(unseen(&ended.stdout), None, "{arguments:?}");
        }
        // The name of the file is the name of the scenario.
        if hostile.contains('\n') {
            continue;
        }
        let text = stdout(&["new", "farm"]).replace("name = \"farm\"", "stop = { jobs = 20 }");
        let text: String = text
            .lines()
            .filter(|line| !line.starts_with("stop = { after"))
            .fold(String::new(), |all, line| all + line + "\n");
        let file = case.write(&format!("{hostile}.toml"), &text.replace("warmup = \"5s\"", ""));
        let html = case.at("page.html");
        let trace = case.at("trace.json");
        for format in ["table", "md", "json", "jsonl"] {
            let ended = end(&["run", &file, "--format", format]);
            assert_eq!(ended.code, 0, "{}", ended.stderr);
            assert_eq!(unseen(&ended.stdout), None, "{format} {hostile:?}");
        }
        let ended = end(&["run", &file, "--html", &html, "--trace", &trace, "--charts", &case.at("charts")]);
        assert_eq!((ended.code, unseen(&(ended.stdout + &ended.stderr))), (0, None));
        assert_eq!(unseen(&fs::read_to_string(&html).unwrap()), None, "{hostile:?}");
        let trace: Value = serde_json::from_str(&fs::read_to_string(&trace).unwrap()).unwrap();
        assert!(trace["traceEvents"].is_array());
        for chart in fs::read_dir(case.at("charts")).unwrap() {
            let path = chart.unwrap().path();
            if path.extension().is_some_and(|suffix| suffix == "svg") {
                assert_eq!(unseen(&fs::read_to_string(&path).unwrap()), None, "{}", path.display());
            }
        }
    }
}

/// Results of somebody else, shown again.
#[test]
fn an_earlier_result_is_shown_as_escapes() {
    let case = Case::new();
    let text = fs::read_to_string(case.at("out.csv")).unwrap();
    let csv = case.write("hostile.csv", &text.replace("stallings", "\"a\u{1b}[31m\u{202e}<script>\""));
    let json = stdout(&["run", "stallings", "--format", "json"]);
    let json = case.write("hostile.json", &json.replace("stallings", "a\\u001b[31m\\u202e<script>"));
    for input in [csv, json] {
        let page = stdout(&["report", &input, "--html", "-"]);
        assert_eq!(unseen(&page), None, "{input}");
        assert!(!page.contains("<script>"), "{input}");
    }
}

#[test]
fn markdown_is_escaped() {
    let case = Case::new();
    for (name, shown) in [
        ("<script>alert(1)</script>", "\\<script\\>"),
        ("[a](http://b)", "\\[a\\](http://b)"),
        ("a | b", "a \\| b"),
        ("`x`", "\\`x\\`"),
    ] {
        let text = format!(
            "name = {}\nstop = {{ jobs = 5 }}\n{}",
            serde_json::to_string(name).unwrap(),
            "[[class]]\nname = \"k\"\nsteps = [{ work = \"cpu\", demand = \"1ms\" }]\n[[source]]\nname = \"s\"\nclass = \"k\"\n\
             arrivals = { poisson = \"100/s\" }\n[[processor]]\nname = \"cpu\"\n"
        );
        let file = case.write("in.toml", &text);
        for arguments in [
            &["run", &file, "--format", "md"][..],
            &["compare", &file, "--policy", "fcfs", "--policy", "sjf", "--format", "md"],
        ] {
            let ended = end(arguments);
            assert!(ended.code == 0 && ended.stdout.contains(shown), "{arguments:?}\n{}", ended.stdout);
            assert!(!ended.stdout.contains("<script>"));
        }
    }
}

#[cfg(unix)]
#[test]
fn a_folder_with_a_line_break_reaches_no_script() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("a\ntouch owned");
    let plan = place.path().join("plan.toml");
    fs::write(&plan, "scenario = \"mm1\"\n").unwrap();
    let plan = plan.to_str().unwrap();
    let ended = end(&["sweep", "new", plan, "--out", folder.to_str().unwrap()]);
    assert!(ended.code == 2 && ended.stderr.contains("has the control character `\\n`"), "{}", ended.stderr);
    assert!(!folder.exists());
    // One that was renamed so.
    let plain = place.path().join("plain");
    let made = end(&["sweep", "new", plan, "--out", plain.to_str().unwrap()]);
    assert_eq!(made.code, 0, "{}", made.stderr);
    fs::rename(&plain, &folder).unwrap();
    for engine in ["slurm", "k8s", "aws-batch", "parallel"] {
        let ended = end(&[
            "sweep",
            "submit",
            folder.to_str().unwrap(),
            "--engine",
            engine,
            "--dry-run",
            "--shards",
            "2",
        ]);
        assert_eq!((ended.code, ended.stdout.as_str()), (2, ""), "{engine}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn every_reader_has_a_limit() {
    let case = Case::new();
    for (arguments, why) in [
        (&["report", "/dev/zero", "--html", "-"][..], "a line of more than 16 MiB"),
        (&["grade", "/dev/zero"], "larger than 1 MiB; --max-input SIZE raises the limit"),
        (&["run", "--from", "/dev/zero"], "larger than 64 MiB; --max-input"),
        (&["run", "/dev/zero", "--max-input", "1MB"], "larger than 1000000 bytes"),
        (&["sweep", "new", "/dev/zero", "--out", "x", "--max-input", "64KiB"], "larger than 64 KiB"),
        (&["run", "convoy", "--max-input", "much"], "a size is a whole number of bytes"),
    ] {
        let ended = end(arguments);
        assert!(ended.code == 2 && ended.stderr.contains(why), "{arguments:?}: {}", ended.stderr);
    }
    // The limit of each goes down with the option too: all of them know it.
    let json = case.write("r.json", &stdout(&["run", "stallings", "--format", "json"]));
    for arguments in [
        &["report", &case.at("out.csv"), "--html", "-"][..],
        &["report", &json, "--html", "-"],
        &["run", "--from", &case.at("out.csv.manifest.json")],
    ] {
        assert_eq!(end(arguments).code, 0, "{arguments:?}");
        let ended = end(&[arguments, &["--max-input", "100"]].concat());
        assert!(ended.code == 2 && ended.stderr.contains("larger than 100 bytes"), "{}", ended.stderr);
    }
    let ended = end_with_input(&["run", "-", "--max-input", "10"], "task,arrival,cpu\na,0,1\n");
    assert!(ended.code == 2 && ended.stderr.contains("larger than 10 bytes"), "{}", ended.stderr);
}

/// Three gigabytes that are not there: refused by its length, and before any memory is taken.
#[cfg(target_os = "linux")]
#[test]
fn a_huge_result_is_refused() {
    let case = Case::new();
    let huge = case.at("huge.csv");
    fs::File::create(&huge).unwrap().set_len(3 << 30).unwrap();
    for (more, why) in
        [("", "larger than 1 GiB; --max-input"), ("--max-input=4GiB", "a line of more than 16 MiB")]
    {
        let program = env!("CARGO_BIN_EXE_dispatchlab");
        let line = format!("ulimit -v 1000000; exec '{program}' report '{huge}' --html - {more}");
        let ended = std::process::Command::new("sh").args(["-c", &line]).output().unwrap();
        let stderr = String::from_utf8_lossy(&ended.stderr);
        assert!(ended.status.code() == Some(2) && stderr.contains(why), "{stderr}");
    }
}

/// A pipe is read once.
#[cfg(unix)]
#[test]
fn a_pipe_is_reported() {
    let case = Case::new();
    for name in ["out.csv", "out.json"] {
        stdout(&["run", "stallings", "-o", &case.at(name), "--no-manifest"]);
        let program = env!("CARGO_BIN_EXE_dispatchlab");
        let line = format!("cat '{}' | '{program}' report /dev/stdin --html -", case.at(name));
        let ended = std::process::Command::new("sh").args(["-c", &line]).output().unwrap();
        assert_eq!(ended.status.code(), Some(0), "{}", String::from_utf8_lossy(&ended.stderr));
        assert!(String::from_utf8_lossy(&ended.stdout).contains("p99"));
    }
}

#[cfg(target_os = "linux")]
#[test]
fn what_cannot_be_written_to_standard_output_is_told() {
    for line in [
        "--help",
        "--version",
        "run --help",
        "help",
        "schema",
        "schema sweep",
        "completions bash",
        "policies",
        "policies show srtf",
        "new",
        "new farm",
        "lessons",
        "lessons convoy",
        "run convoy",
        "run convoy --format csv",
        "run convoy --format json",
        "run convoy --format md",
        "validate convoy",
        "exercise",
        "compare convoy --policy sjf",
        "report /dev/stdin --html -",
    ] {
        let program = env!("CARGO_BIN_EXE_dispatchlab");
        let result = stdout(&["run", "convoy", "--format", "csv"]);
        let case = Case::new();
        let input = case.write("in.csv", &result);
        let line_of = |to: &str| format!("'{program}' {line} < '{input}' {to}");
        let run = |line: &str| std::process::Command::new("sh").args(["-c", line]).output().unwrap();
        let full = run(&line_of("> /dev/full"));
        let stderr = String::from_utf8_lossy(&full.stderr);
        assert_eq!(full.status.code(), Some(1), "{line}: {stderr}");
        assert!(stderr.contains("cannot write `standard output`"), "{line}: {stderr}");
        // Whoever has gone is not missed.
        let gone = run(&format!("({}; echo $? >&2) | :", line_of("")));
        let stderr = String::from_utf8_lossy(&gone.stderr);
        assert!(stderr == "0\n", "{line}: {stderr}");
    }
}

#[cfg(unix)]
mod places {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn links_are_followed_or_refused() {
        let case = Case::new();
        let at = |name: &str| case.0.path().join(name);
        symlink("real.json", at("dangling.json")).unwrap();
        symlink("two.json", at("one.json")).unwrap();
        symlink("one.json", at("two.json")).unwrap();
        symlink("nowhere/x.json", at("lost.json")).unwrap();
        stdout(&["run", "convoy", "-o", &case.at("dangling.json")]);
        assert!(
            at("dangling.json").is_symlink() && at("real.json").is_file() && !at("real.json").is_symlink()
        );
        let before = case.names();
        for (name, why) in [
            ("one.json", "its links lead in a circle"),
            ("lost.json", "there is no folder"),
            (".", "it is a folder"),
            ("x.json/", "the name is that of a folder"),
            ("nothing/x.json", "there is no folder"),
        ] {
            let ended = end(&["run", "convoy", "-o", &case.at(name)]);
            assert!(ended.code == 2 && ended.stderr.contains(why), "{name}: {}", ended.stderr);
            assert_eq!(case.names(), before, "{name}");
        }
        let ended = end(&["run", "convoy", "-o", ""]);
        assert!(ended.code == 2 && ended.stderr.contains("the name is empty"), "{}", ended.stderr);
    }

    #[test]
    fn what_is_open_is_written_behind_what_is_there() {
        let case = Case::new();
        let file = case.write("all.txt", "before\n");
        let program = env!("CARGO_BIN_EXE_dispatchlab");
        let line = format!("'{program}' run convoy --format csv -o /dev/stdout >> '{file}'");
        let ended = std::process::Command::new("sh").args(["-c", &line]).output().unwrap();
        assert_eq!(ended.status.code(), Some(0), "{}", String::from_utf8_lossy(&ended.stderr));
        let text = fs::read_to_string(&file).unwrap();
        assert!(text.starts_with("before\nscenario,policy,"), "{text}");
    }

    #[test]
    fn a_result_replaces_neither_another_nor_its_input() {
        let case = Case::new();
        let (file, input) = (case.at("same.csv"), case.at("in.csv"));
        fs::write(&input, "task,arrival,cpu\na,0,1\n").unwrap();
        symlink("in.csv", case.0.path().join("link.csv")).unwrap();
        let before = case.names();
        for (arguments, why) in [
            (&["run", "convoy", "-o", &file, "--html", &file][..], "are the same file"),
            (&["run", "convoy", "-o", &file, "--trace", &file], "are the same file"),
            (&["run", &input, "-o", &input], "the result would replace it"),
            (&["run", &input, "-o", &case.at("link.csv")], "the result would replace it"),
            (&["report", &case.at("out.csv"), "--html", &case.at("out.csv")], "the result would replace it"),
            (&["compare", &input, "--policy", "sjf", "-o", &input], "the result would replace it"),
        ] {
            let ended = end(arguments);
            assert!(ended.code == 2 && ended.stderr.contains(why), "{arguments:?}: {}", ended.stderr);
            assert_eq!(case.names(), before, "{arguments:?}");
        }
        assert_eq!(fs::read_to_string(&input).unwrap(), "task,arrival,cpu\na,0,1\n");
    }

    #[test]
    fn a_template_replaces_nothing_and_is_whole() {
        let case = Case::new();
        let file = case.write("there.toml", "mine");
        assert_eq!(end(&["new", "farm", "-o", &file]).code, 2);
        assert_eq!(fs::read_to_string(&file).unwrap(), "mine");
        let program = env!("CARGO_BIN_EXE_dispatchlab");
        let before = case.names();
        let line = format!("ulimit -f 0; exec '{program}' new farm -o '{}'", case.at("full.toml"));
        let ended = std::process::Command::new("sh").args(["-c", &line]).output().unwrap();
        assert_eq!(ended.status.code(), Some(1), "{}", String::from_utf8_lossy(&ended.stderr));
        assert_eq!(case.names(), before);
    }
}

/// Found by `scripts/fuzz.sh`, case 3008956: each job that was ready was looked for on each core.
#[test]
fn decisions_of_very_many_cores_are_explained_in_time() {
    let case = Case::new();
    let rows: String = (0..400).fold("task,arrival,cpu\n".to_owned(), |all, n| format!("{all}t{n},{n},9\n"));
    let list = case.write("long.csv", &rows);
    let ended = crate::dispatchlab(&["run", &list, "--cores", "1000000", "--explain-at", "3ms"])
        .timeout(std::time::Duration::from_secs(40))
        .output()
        .unwrap();
    assert_eq!(ended.status.code(), Some(0), "{}", String::from_utf8_lossy(&ended.stderr));
}

/// The inputs themselves, where they are; the tests above carry their kinds.
#[test]
fn the_cases_that_were_found() {
    let shared = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/cases/attack");
    if !shared.is_dir() {
        println!("DID NOT RUN: the_cases_that_were_found: there are no shared cases");
        return;
    }
    let file = |name: &str| -> PathBuf { shared.join(name) };
    let place = tempfile::tempdir().unwrap();
    fs::create_dir(place.path().join("elsewhere")).unwrap();
    let run = |arguments: &[&str]| crate::dispatchlab(arguments).current_dir(place.path()).output().unwrap();
    let manifest = file("manifest-short-o.json");
    assert_eq!(run(&["run", "--from", manifest.to_str().unwrap()]).status.code(), Some(0));
    let manifest = file("manifest-other-command.json");
    assert_eq!(run(&["run", "--check", "--from", manifest.to_str().unwrap()]).status.code(), Some(2));
    assert_eq!(names(&place.path().join("elsewhere")), Vec::<String>::new());
    let ended = run(&["run", file("escape-in-name.toml").to_str().unwrap()]);
    assert_eq!(ended.status.code(), Some(2));
    assert_eq!(unseen(&String::from_utf8_lossy(&ended.stderr)), None);
}
