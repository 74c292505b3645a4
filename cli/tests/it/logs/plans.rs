//! Plans of sweeps over logs: the options that a log takes stand in them, are checked, and show in what comes out.

use super::Folder;
use crate::{Ended, dispatchlab, end};

const LOG: &str = "192.0.2.1 - - [12/Mar/2026:10:00:10 +0000] \"GET /slow HTTP/1.1\" 200 10 \"-\" \"t\" 4.000\n\
                   192.0.2.2 - - [12/Mar/2026:10:00:12 +0000] \"GET /fast HTTP/1.1\" 200 10 \"-\" \"t\" 1.000\n\
                   192.0.2.3 - - [12/Mar/2026:10:00:14 +0000] \"GET /slow HTTP/1.1\" 404 10 \"-\" \"t\" 9.000\n";

fn plan(folder: &Folder, text: &str) -> String {
    folder.file("a.log", LOG);
    folder.file("plan.toml", text)
}

fn sweep(plan: &str) -> (Ended, String, String) {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("out");
    let rows = folder.path().join("rows.csv");
    let (out, rows) = (out.display().to_string(), rows.display().to_string());
    let output =
        dispatchlab(&["sweep", plan, "--out", &out, "-o", &rows]).output().expect("the command starts");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let ended = Ended {
        code: output.status.code().unwrap_or(-1),
        stdout: text(&output.stdout),
        stderr: text(&output.stderr),
    };
    let read = |name: &str| std::fs::read_to_string(name).unwrap_or_default();
    (ended, read(&rows), read(&format!("{rows}.manifest.json")))
}

/// With the stamps at the end the requests arrive at 10:00:06, :11 and :05; the 404 is left out. One server serves 4 s from :06
/// and 1 s from :11: responses of 4 and 1 s, mean 2.5. With the stamps at the start the same, from :10 to :14 and to :15:
/// responses of 4 and 3 s, mean 3.5.
#[test]
fn a_sweep_over_a_log_takes_its_options() {
    let folder = Folder::new();
    let text = "scenario = \"a.log\"\nmetrics = [\"response/mean\"]\npolicies = [\"round-robin\", \"random\"]\n\
                [set]\n\"--service\" = \"field\"\n\"--log-format\" = \"combined\"\n\"--within-second\" = \"keep\"\n\
                \"--class\" = [\"slow=/slow\", \"fast=/fast\"]\n\"--except\" = \"4xx\"\n\"--client\" = \"remote\"\n\
                \"--servers\" = 1\n\"--scale\" = \"1\"\n[grid]\n\"--stamp\" = [\"end\", \"start\"]\n\
                \"--only\" = [[\"/slow\", \"/fast\"]]\n";
    let plan = plan(&folder, text);
    let ended = end(&["validate", &plan]);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    assert!(
        ended.stdout.contains("valid (sweep of a.log, 2 policies, 2 points, 4 cells)"),
        "{}",
        ended.stdout
    );
    let (ended, rows, manifest) = sweep(&plan);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let value = |stamp: &str| {
        let found = rows
            .lines()
            .find(|row| row.contains(&format!("round-robin,{stamp},")) && row.contains(",mean,all,all,"));
        found.and_then(|row| row.split(",all,all,").nth(1)?.split(',').next()?.parse::<f64>().ok())
    };
    assert_eq!((value("end"), value("start")), (Some(2.5e9), Some(3.5e9)), "{rows}");
    assert!(rows.starts_with("scenario,policy,--stamp,--only,"), "{rows}");
    // What is the same in all cells is said, and stands in the manifest.
    for option in
        ["--service", "--log-format", "--within-second", "--class", "--except", "--client", "--servers"]
    {
        assert!(ended.stderr.contains(&format!("{option}=")), "{option}: {}", ended.stderr);
        assert!(manifest.contains(&format!("\"{option}\": ")), "{option}: {manifest}");
    }
}

#[test]
fn what_a_plan_over_a_log_cannot_have_is_named() {
    let folder = Folder::new();
    for (line, code, words) in [
        ("service = \"field\"", "S063", "the option is called \"--service\" here"),
        ("log_format = \"combined\"", "S063", "the option is called \"--log-format\" here"),
        ("\"web.count\" = 4", "S063", "has no key `web.count`"),
        ("\"--servce\" = \"field\"", "S063", "did you mean `--service`"),
        ("\"--stamp\" = [\"end\", \"start\"]", "S021", "it has one value"),
        ("\"--stamp\" = \"middle\"", "S022", "it is `start` or `end`"),
        ("\"--map\" = \"took\"", "S021", "arrival=COLUMN"),
        ("\"--log-format\" = \"comined\"", "S076", "did you mean `combined`?"),
    ] {
        let text = format!("scenario = \"a.log\"\n[set]\n{line}\n\"--servers\" = 1\n");
        let ended = end(&["validate", &plan(&folder, &text)]);
        assert_eq!(ended.code, 2, "{line}: {}", ended.stdout);
        assert!(ended.stderr.contains(code) && ended.stderr.contains(words), "{line}: {}", ended.stderr);
        assert!(!ended.stderr.contains("in scenario"), "{line}: {}", ended.stderr);
    }
}

/// A plan that comes with the program is checked like one of the user's.
#[test]
fn plans_are_validated_as_plans() {
    let folder = Folder::new();
    let text = "scenario = \"mm1\"\n[set]\n\"web.count\" = 4\n";
    let ended = end(&["validate", &plan(&folder, text)]);
    assert!(
        ended.code == 2 && ended.stderr.contains("S063") && !ended.stderr.contains("S010"),
        "{}",
        ended.stderr
    );
    let ended = end(&["validate", &plan(&folder, "scenario = \"mm1\"\nreplications = 3\n")]);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    assert!(ended.stdout.contains("valid (sweep of mm1, 1 policy, 1 point, 3 cells)"), "{}", ended.stdout);
}
