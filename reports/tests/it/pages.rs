//! HTML reports: well-formed, self-contained, the same every time, and safe whatever the names. They are left as files in
//! the build's folder for temporary files, to be looked at.

use crate::row;
use reports::chart::rows::counted_values;
use reports::compare::{CompareDocument, CompareRow, Conclusion};
use reports::condition::ConditionRow;
use reports::html::compare::{CompareExtras, compare_page};
use reports::html::run::{RunExtras, run_page};
use reports::html::{Block, Embedded, Page, Row, Section, Table, page};
use reports::rows::{GanttRow, RunDocument, SummaryRow, TaskRow};
use sim_core::ties::Ties;

const HOSTILE: &str = "<script>alert('x')</script><img src=x onerror=alert(1)>\"&\u{1}--></style>";

fn task(task: &str, arrival: u64, finish: u64) -> TaskRow<'_> {
    TaskRow {
        task,
        job: 1,
        class: "task",
        status: "completed",
        arrival_ns: arrival,
        first_run_ns: Some(arrival),
        finish_ns: Some(finish),
        first_response_ns: Some(0),
        response_ns: Some(finish - arrival),
        waiting_ns: Some(0),
        ready_ns: 0,
        overhead_ns: 0,
        blocked_ns: 0,
        preemptions: 0,
        migrations: 0,
        deadline_ns: None,
        missed: None,
    }
}

fn run(names: [&str; 3]) -> Page {
    let [scenario, policy, name] = names;
    let gantt = |start_ns, end_ns| GanttRow {
        station: name,
        core: 0,
        task: Some(name),
        job: Some(1),
        start_ns,
        end_ns,
        kind: "run",
        share: None,
        level: None,
    };
    let part = |statistic: &str, value| SummaryRow {
        scope: name.to_owned(),
        ..row("response_part", statistic, Some(value), "ns")
    };
    let summary = [
        SummaryRow {
            ci_low: Some(3.1e6),
            ci_high: Some(3.9e6),
            n: 30,
            ..row("response", "mean", Some(3.5e6), "ns")
        },
        row("response", "p50", Some(3e6), "ns"),
        row("response", "p99", Some(4e6), "ns"),
        row("throughput", "rate", Some(400.0), "1/s"),
        row("utilization", "mean", Some(0.81), "ratio"),
        row("jobs", "lost", Some(3.0), "jobs"),
        row("tardiness", "max", None, "ns"),
        part("waiting", 1.5e6),
        part("service", 2e6),
        part("overhead", 0.0),
    ];
    let document = RunDocument {
        findings: vec![],
        exact: false,
        sample: None,
        notes: Vec::new(),
        scenario,
        policy,
        seed: 1,
        ties: Ties::default(),
        digest: Some(0xabc),
        tasks: vec![task(name, 0, 2_000_000), task("B", 1_000_000, 5_000_000)],
        gantt: vec![gantt(0, 2_000_000), gantt(2_000_000, 5_000_000)],
        summary: &summary,
        decisions: None,
        conditions: vec![condition(None, "true"), condition(None, "undecided")],
        theory: Vec::new(),
    };
    let extras = RunExtras {
        replications: 30,
        confidence: Some(0.95),
        responses: vec![("all".to_owned(), counted_values([2_000_000, 4_000_000, 4_000_000, 90_000_000]))],
        charts: Vec::new(),
    };
    let mut report = run_page(&document, &extras);
    report.files.push(Embedded {
        name: format!("{name}.csv"),
        media: "text/csv".to_owned(),
        about: "every metric of every replication".to_owned(),
        content: format!("scenario\n{scenario}\n").into_bytes(),
    });
    report.command = Some(format!("dispatchlab run '{scenario}'"));
    report.manifest = Some(format!("{{\"scenario\": {scenario:?}}}"));
    "dispatchlab 0.1.0".clone_into(&mut report.program);
    report
}

fn condition(policy: Option<&str>, outcome: &'static str) -> ConditionRow {
    ConditionRow {
        condition: "response/p99 > 250ms".to_owned(),
        policy: policy.map(str::to_owned),
        outcome,
        value: Some(412e6),
        unit: "ns",
        ci_low: Some(405e6),
        ci_high: Some(419e6),
        remark: None,
    }
}

fn compare(names: [&str; 2]) -> Page {
    let compared = |policy: &str, value: f64, verdict: Option<&'static str>| CompareRow {
        policy: policy.to_owned(),
        metric: "response".to_owned(),
        statistic: "p99".to_owned(),
        scope: "all".to_owned(),
        class: "all".to_owned(),
        value: Some(value),
        unit: "ns",
        n: 30,
        ci_low: Some(value * 0.97),
        ci_high: Some(value * 1.03),
        above: None,
        best: verdict == Some("better"),
        difference: Some(value - 146e6),
        difference_low: Some(value - 148e6),
        difference_high: Some(value - 144e6),
        p_holm: Some(0.001),
        verdict,
    };
    let document = CompareDocument {
        findings: vec![],
        exact: false,
        sample: None,
        notes: Vec::new(),
        scenario: names[0],
        seed: 1,
        replications: 30,
        confidence: 0.95,
        ties: Ties::default(),
        reference: names[1],
        policies: vec![names[1].to_owned(), "sjf".to_owned()],
        rows: vec![compared(names[1], 146e6, Some("reference")), compared("sjf", 128e6, Some("better"))],
        first_difference: None,
        noise: 0.01,
        conclusion: Some(Conclusion {
            metric: "response/p99".to_owned(),
            scope: "all".to_owned(),
            class: "all".to_owned(),
            unit: "ns",
            better: "lower",
            winner: "sjf".to_owned(),
            value: 128e6,
            against: names[1].to_owned(),
            reference: names[1].to_owned(),
            difference: -18e6,
            half_width: Some(2e6),
            relative_to: 146e6,
            confidence: Some(0.95),
            rivals: Vec::new(),
            no_practical_difference: Vec::new(),
            costs: Vec::new(),
            exact: false,
            sample: None,
            is_guess: false,
            overloaded: false,
            falls_behind: false,
            unserved: Vec::new(),
        }),
        conditions: vec![condition(Some(names[1]), "false")],
        selection: None,
    };
    let responses =
        [names[1], "sjf"].map(|name| (name.to_owned(), counted_values((1..2_000).map(|i| i * i * 40))));
    compare_page(&document, &CompareExtras { responses: responses.to_vec(), ..CompareExtras::default() })
}

/// Pages are XML too, but for the first line.
fn checked<'t>(name: &str, text: &'t str) -> roxmltree::Document<'t> {
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("pages");
    std::fs::create_dir_all(&folder).expect("the build's folder can be written");
    std::fs::write(folder.join(format!("{name}.html")), text).expect("a file is written");
    let rest = text.strip_prefix("<!DOCTYPE html>").expect("it is HTML");
    roxmltree::Document::parse(rest).unwrap_or_else(|error| panic!("{name}: {error}"))
}

#[test]
fn pages_are_self_contained_and_well_formed() {
    for (name, report) in [
        ("run", run(["shop", "fcfs", "A"])),
        ("compare", compare(["shop", "fcfs"])),
        ("run-hostile", run([HOSTILE; 3])),
        ("compare-hostile", compare([HOSTILE; 2])),
        ("empty", Page::default()),
    ] {
        let text = page(&report);
        assert_eq!(text, page(&report), "{name} is written alike twice");
        let document = checked(name, &text);
        for node in document.descendants().filter(roxmltree::Node::is_element) {
            let tag = node.tag_name().name();
            assert!(!["script", "iframe", "object", "link", "img"].contains(&tag), "{name} has a <{tag}>");
            for attribute in node.attributes() {
                assert!(!attribute.name().starts_with("on"), "{name}: {attribute:?}");
                if ["href", "src"].contains(&attribute.name()) {
                    let place = attribute.value();
                    assert!(place.starts_with('#') || place.starts_with("data:text/csv"), "{name}: {place}");
                }
            }
        }
        assert!(!text.contains("NaN"), "{name}");
    }
}

/// Paper cannot be unfolded: what is short is printed, what is long stays folded and says where it is.
#[test]
fn long_tables_are_not_printed() {
    for (rows, printed) in [(40, true), (41, false)] {
        let row = |index: usize| Row { cells: vec![format!("metric_{index}/mean")], strong: false };
        let table = Table {
            caption: "Numbers".to_owned(),
            columns: vec![("metric".to_owned(), false)],
            rows: (0..rows).map(row).collect(),
        };
        let section = Section { heading: "All".to_owned(), blocks: vec![Block::Folded(table)] };
        let text = page(&Page { sections: vec![section], ..Page::default() });
        let document = checked("folded", &text);
        let details =
            document.descendants().find(|node| node.tag_name().name() == "details").expect("it is folded");
        assert_eq!(details.attribute("class"), (!printed).then_some("long"), "{rows}");
        assert_eq!(text.contains("not printed, it is in the page"), !printed, "{rows}");
    }
}

#[test]
fn every_chart_and_table_says_what_it_is() {
    let text = page(&run(["shop", "fcfs", "A"]));
    let document = checked("run", &text);
    let all = |tag: &str| {
        document.descendants().filter(move |node| node.tag_name().name() == tag).collect::<Vec<_>>()
    };
    let figures = all("figure");
    assert_eq!(figures.len(), 3, "distribution, histogram, Gantt chart");
    for figure in figures {
        let has = |tag: &str| figure.descendants().find(|node| node.tag_name().name() == tag);
        assert!(has("figcaption").is_some());
        let svg = has("svg").expect("a figure is a chart");
        assert!(svg.attribute("aria-label").is_some_and(|label| label.contains("shop")), "{svg:?}");
        assert!(has("title").is_some(), "there are tooltips");
    }
    assert_eq!(all("h1").len(), 1);
    let headings: Vec<_> = all("h2").iter().filter_map(roxmltree::Node::text).collect();
    let expected = [
        "Conditions",
        "What each core did",
        "How long jobs take",
        "Where the time goes",
        "All numbers",
        "Data and repeating",
    ];
    assert_eq!(headings, expected);
    for said in [
        "Jobs take 3.5 ms [3.1 ms, 3.9 ms] on average; 99 of 100 take 4 ms or less.",
        "400 jobs a second are completed, with processors in use 81 % of the time.",
        "3 jobs are turned away.",
        "0000000000000abc",
        "dispatchlab run &#39;shop&#39;",
    ] {
        assert!(text.contains(said) || text.contains(&said.replace("&#39;", "'")), "{said}");
    }
}

#[test]
fn the_answer_of_a_comparison_stands_first() {
    let text = page(&compare(["shop", "fcfs"]));
    let answer = "sjf wins on response/p99: -12.3 % +/- 1.4 against fcfs, at 95 % confidence.";
    assert!(text.contains(answer), "{text}");
    assert!(text.contains("✓ ok"), "{text}");
}
