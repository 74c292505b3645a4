//! `--html` and `--charts`: one page and pictures, the same every time.

use crate::{end, stdout};
use std::fs;
use std::path::Path;

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn a_page_is_the_same_for_any_threads_and_place() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).display().to_string();
    let (first, second) = (at("first.html"), at("second.html"));
    let shop = ["compare", "web-shop", "--set", "stop.after=\"12s\"", "--policy", "lb=random"];
    for (file, threads) in [(&first, "1"), (&second, "2")] {
        let asked = [&shop[..], &["--replications", "2", "--html", file, "--threads", threads]].concat();
        assert!(stdout(&asked).contains("web shop"), "the table is printed as ever");
    }
    let text = read(Path::new(&first));
    assert_eq!(text, read(Path::new(&second)));
    assert!(!text.contains(folder.path().to_str().unwrap()), "no path of this machine is in a page");
    for said in [
        "<h1>web shop: 2 policies compared</h1>",
        "dispatchlab compare",
        "download=\"results.csv\"",
        "&quot;blake3&quot;",
        "aria-label=",
    ] {
        assert!(text.contains(said), "{said}");
    }
}

#[test]
fn every_chart_of_a_run_is_written_twice() {
    let folder = tempfile::tempdir().unwrap();
    let charts = folder.path().join("charts");
    stdout(&["run", "stallings", "--charts", charts.to_str().unwrap()]);
    let mut names: Vec<String> = fs::read_dir(&charts)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    let expected = [
        "gantt.png",
        "gantt.svg",
        "jobs-in-system.png",
        "jobs-in-system.svg",
        "response-histogram.png",
        "response-histogram.svg",
        "response-tail.png",
        "response-tail.svg",
        "stations-queues.png",
        "stations-queues.svg",
        "stations-utilization.png",
        "stations-utilization.svg",
    ];
    names.retain(|name| !name.ends_with(".manifest.json"));
    assert_eq!(names, expected);
    assert!(read(&charts.join("gantt.svg")).contains("time (ms)"));
    assert_eq!(&fs::read(charts.join("gantt.png")).unwrap()[..8], b"\x89PNG\r\n\x1a\n");
}

#[test]
fn a_page_can_be_repeated_and_checked() {
    let folder = tempfile::tempdir().unwrap();
    let page = folder.path().join("page.html").display().to_string();
    stdout(&["run", "convoy", "--html", &page]);
    let manifest = format!("{page}.manifest.json");
    let checked = stdout(&["run", "--from", &manifest, "--check"]);
    assert!(checked.contains("1 file compared, 0 different"), "{checked}");
    let other = folder.path().join("other.html").display().to_string();
    stdout(&["run", "--from", &manifest, "--html", &other, "--no-manifest"]);
    assert_eq!(read(Path::new(&page)), read(Path::new(&other)));
}

#[test]
fn names_in_files_cannot_break_out_of_a_page() {
    let folder = tempfile::tempdir().unwrap();
    let page = folder.path().join("page.html").display().to_string();
    let tasks =
        "task,arrival,cpu\n<script>alert(1)</script>,0,3\n\"\"\"><img src=x onerror=alert(1)>\",1,2\n";
    let ended = crate::end_with_input(&["run", "-", "--html", &page], tasks);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let text = read(Path::new(&page));
    assert!(text.contains("&lt;script&gt;alert(1)"), "the name is shown");
    assert!(!text.contains("<script") && !text.contains("<img"), "and nothing but shown");
}

#[test]
fn wrong_places_are_told_before_anything_is_run() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    let at = |path: &Path| path.display().to_string();
    for (options, said) in [
        (["--html".to_owned(), "-".to_owned()], "standard output has the result"),
        (["--html".to_owned(), at(folder.path())], "it is a folder"),
        (["--html".to_owned(), at(&folder.path().join("no/page.html"))], "there is no folder"),
        (["--charts".to_owned(), at(&file)], "it is no folder"),
        (["--charts".to_owned(), at(&folder.path().join("no/charts"))], "there is no folder"),
    ] {
        let ended = end(&["run", "convoy", &options[0], &options[1]]);
        assert_eq!(ended.code, 2, "{options:?}");
        assert!(ended.stderr.contains(said) && ended.stdout.is_empty(), "{options:?}: {}", ended.stderr);
    }
}

/// Every form of a result can be shown later, from the file alone.
#[test]
fn results_that_were_written_earlier_are_shown() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).display().to_string();
    let shop = ["web-shop", "--set", "stop.after=\"12s\"", "--quiet"];
    stdout(&["run", "stallings", "-o", &at("run.json")]);
    stdout(
        &[&["compare", "--policy", "lb=random", "--replications", "2", "-o", &at("compare.json")], &shop[..]]
            .concat(),
    );
    stdout(
        &[&["compare", "--policy", "lb=random", "--replications", "3", "-o", &at("long.csv")], &shop[..]]
            .concat(),
    );
    stdout(&["sweep", "reference", "--out", &at("sweep"), "-o", &at("sweep.csv"), "--quiet"]);
    for (name, said) in [
        (
            "run.json",
            vec!["<h1>stallings: one run</h1>", "What each core did", "Jobs take 8.6 ms on average"],
        ),
        ("compare.json", vec!["<h1>web shop: 2 policies compared</h1>", "on response/mean", "worse"]),
        ("long.csv", vec!["<h1>long.csv</h1>", "lb=random", "replications</dt><dd>3</dd>", "95 % intervals"]),
        ("sweep.csv", vec!["<h1>sweep.csv</h1>", "response/p99 against store.count", "200/s"]),
        ("sweep.summary.csv", vec!["response/p99 against store.count"]),
        ("sweep", vec!["<h1>sweep</h1>", "response/p99 against store.count"]),
    ] {
        let page = stdout(&["report", &at(name), "--html", "-"]);
        for words in said {
            assert!(page.contains(words), "{name}: {words}");
        }
        assert_eq!(page, stdout(&["report", &at(name), "--html", "-"]), "{name}");
    }
    let charts = at("charts");
    stdout(&["report", &at("sweep.csv"), "--metric", "response/p99", "--charts", &charts]);
    assert!(Path::new(&charts).join("response-p99.png").is_file());
}

#[test]
fn what_is_no_result_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let head = "scenario,policy,replication,metric,statistic,scope,class,value,unit";
    for (path, said) in [
        (file("empty", ""), "there is no column `scenario`"),
        (file("a.json", "{}"), "no key `schema`"),
        (file("b.json", "{\"schema\":\"dispatchlab.run/9\"}"), "`dispatchlab.run/9` is not known here"),
        (file("c.json", "{\"schema\":\"dispatchlab.run/1\",\"summary\":3}"), "`summary` is no list"),
        (file("d.json", "{\"schema\":\"dispatchlab.plan/1\"}"), "`replications` is no list of two numbers"),
        (file("e.json", "{\"schema\""), "it is not JSON"),
        (file("a.csv", &format!("{head}\n")), "it has no rows"),
        (file("b.csv", &format!("{head}\ns,p,1,response,mean,all,all,x,ns\n")), "line 2: `x` is no number"),
        (folder.path().display().to_string(), "no folder of a sweep"),
        (folder.path().join("nothing").display().to_string(), "cannot read"),
    ] {
        let ended = end(&["report", &path, "--html", "-"]);
        assert_eq!((ended.code, ended.stdout.as_str()), (2, ""), "{path}: {}", ended.stderr);
        assert!(ended.stderr.contains(said), "{path}: {}", ended.stderr);
    }
    let ended = end(&["report", "x.csv"]);
    assert!(ended.code == 2 && ended.stderr.contains("say where the report goes"), "{}", ended.stderr);
    // Hostile, and a result all the same.
    let hostile =
        format!("{head},<b>\n<script>,\"\"\"><img>\",1,response,mean,all,all,1e300,ns,\"</script>\"\n");
    let page = stdout(&["report", &file("h.csv", &hostile), "--html", "-"]);
    assert!(!page.contains("<script") && !page.contains("<img") && !page.contains("<b>"));
}

/// A model without a policy has none between two commas.
#[test]
fn a_page_without_a_policy_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let (input, page) = (folder.path().join("pool.toml"), folder.path().join("pool.html"));
    let text = "name = \"a pool\"\nstop = { jobs = 200 }\n[[class]]\nname = \"q\"\nsteps = [{ hold = \"threads\", steps = \
                [{ delay = \"9ms\" }] }]\n[[source]]\nname = \"in\"\nclass = \"q\"\narrivals = { poisson = \"100/s\" }\n\
                [[pool]]\nname = \"threads\"\nsize = 2\n";
    fs::write(&input, text).unwrap();
    assert_eq!(end(&["run", input.to_str().unwrap(), "--html", page.to_str().unwrap()]).code, 0);
    let page = read(&page);
    assert!(page.contains("a pool, seed 1, replication 1") && !page.contains(", , "), "{page}");
    assert!(page.contains("<dt>policy</dt><dd>none</dd>"));
}
