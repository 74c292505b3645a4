//! JSON, CSV and tables, byte for byte.

use crate::row;
use reports::compare::{CompareDocument, CompareRow, compare_table};
use reports::csv::LongForm;
use reports::json::{write_compare, write_run};
use reports::rows::{GanttRow, RunDocument, SummaryRow, TaskRow};
use reports::table::{TableOptions, run_table, ties_text};
use sim_core::ties::Ties;

fn task(task: &str, arrival: u64, finish: u64, work: u64) -> TaskRow<'_> {
    TaskRow {
        task,
        job: 1,
        class: "task",
        status: "completed",
        arrival_ns: arrival,
        first_run_ns: Some(finish - work),
        finish_ns: Some(finish),
        first_response_ns: Some(finish - work - arrival),
        response_ns: Some(finish - arrival),
        waiting_ns: Some(finish - work - arrival),
        ready_ns: finish - work - arrival,
        overhead_ns: 0,
        blocked_ns: 0,
        preemptions: 0,
        migrations: 0,
        deadline_ns: None,
        missed: None,
    }
}

fn document(summary: &[SummaryRow]) -> RunDocument<'_> {
    RunDocument {
        findings: vec![],
        exact: false,
        sample: None,
        notes: Vec::new(),
        scenario: "two",
        policy: "fcfs",
        seed: 1,
        ties: Ties::default(),
        digest: Some(0xabc),
        tasks: vec![task("A", 0, 2_000_000, 2_000_000), task("B", 1_000_000, 5_000_000, 3_000_000)],
        gantt: vec![GanttRow {
            station: "cpu",
            core: 0,
            task: None,
            job: None,
            start_ns: 0,
            end_ns: 7,
            kind: "idle",
            share: None,
            level: None,
        }],
        summary,
        decisions: None,
        conditions: Vec::new(),
        theory: Vec::new(),
    }
}

#[test]
fn a_run_is_one_object_with_one_line_a_row() {
    let summary = [row("response", "mean", Some(3e6), "ns"), row("response", "p99", None, "ns")];
    let mut out = Vec::new();
    write_run(&document(&summary), &mut out).unwrap();
    let expected = r#"{
"schema":"dispatchlab.run/1",
"scenario":"two",
"policy":"fcfs",
"seed":1,
"ties":{"quantum_end":"arrival-first","same_arrival":"list","equal_key":"running-stays","preempted_to":"tail","resume_quantum":"fresh","boost":"after-arrivals","io_return":"before-arrivals","expiry":"inclusive","idle_core":"lowest","first_switch":"charged"},
"digest":"0000000000000abc",
"tasks":[
{"task":"A","job":1,"class":"task","status":"completed","arrival_ns":0,"first_run_ns":0,"finish_ns":2000000,"first_response_ns":0,"response_ns":2000000,"waiting_ns":0,"ready_ns":0,"overhead_ns":0,"blocked_ns":0,"preemptions":0,"migrations":0,"deadline_ns":null,"missed":null},
{"task":"B","job":1,"class":"task","status":"completed","arrival_ns":1000000,"first_run_ns":2000000,"finish_ns":5000000,"first_response_ns":1000000,"response_ns":4000000,"waiting_ns":1000000,"ready_ns":1000000,"overhead_ns":0,"blocked_ns":0,"preemptions":0,"migrations":0,"deadline_ns":null,"missed":null}
],
"gantt":[
{"station":"cpu","core":0,"task":null,"job":null,"start_ns":0,"end_ns":7,"kind":"idle"}
],
"summary":[
{"metric":"response","statistic":"mean","scope":"all","class":"all","value":3000000,"unit":"ns","n":1,"ci_low":null,"ci_high":null},
{"metric":"response","statistic":"p99","scope":"all","class":"all","value":null,"unit":"ns","n":1,"ci_low":null,"ci_high":null}
]
}
"#;
    assert_eq!(String::from_utf8(out).unwrap(), expected);
}

#[test]
fn what_was_not_recorded_is_empty_or_null() {
    let empty = RunDocument { digest: None, tasks: vec![], gantt: vec![], ..document(&[]) };
    let mut out = Vec::new();
    write_run(&empty, &mut out).unwrap();
    let text = String::from_utf8(out).unwrap();
    assert!(text.ends_with("\"digest\":null,\n\"tasks\":[],\n\"gantt\":[],\n\"summary\":[]\n}\n"), "{text}");
}

#[test]
fn csv_quotes_and_leaves_missing_numbers_empty() {
    let mut with_comma = row("response", "mean", Some(0.1 + 0.2), "ns");
    with_comma.scope = "a \"b\", c".to_owned();
    let rows = [with_comma, row("response", "p99", None, "ns"), row("jobs", "completed", Some(3.0), "jobs")];
    let mut out = Vec::new();
    let mut csv = LongForm::new(&mut out).unwrap();
    csv.rows("two", "mlfq:quantum=1ms/2ms,boost=1s", 7, &rows).unwrap();
    csv.finish().unwrap();
    let policy = "\"mlfq:quantum=1ms/2ms,boost=1s\"";
    let expected = format!(
        "scenario,policy,replication,metric,statistic,scope,class,value,unit,n,ci_low,ci_high,above\n\
         two,{policy},7,response,mean,\"a \"\"b\"\", c\",all,0.3,ns,1,,,\n\
         two,{policy},7,response,p99,all,all,,ns,1,,,\n\
         two,{policy},7,jobs,completed,all,all,3,jobs,1,,,\n"
    );
    assert_eq!(String::from_utf8(out).unwrap(), expected);
}

#[test]
fn a_small_run_is_shown_job_by_job() {
    let summary = [
        row("response", "mean", Some(3e6), "ns"),
        row("jobs", "completed", Some(2.0), "jobs"),
        row("jobs", "lost", Some(0.0), "jobs"),
    ];
    let text = run_table(&document(&summary), &TableOptions::default());
    let expected = "two  policy fcfs  seed 1  ties textbook

jobs, times in ms
task  arrival  start  finish  1st resp  response  waiting
A           0      0       2         0         2        0
B           1      2       5         1         4        1
mean                              0.50      3.00     0.50

one column is 7ns, a number stands at the left edge of its column
ns    0   7
cpu   ....
.. idle

times of jobs in ms
            mean  p50  p90  p99  max
  response     3

jobs/completed  2
";
    assert_eq!(text, expected);
}

/// Every column that can appear, in 80 characters as long as the numbers are short.
#[test]
fn jobs_with_deadlines_fit_the_width() {
    let late = TaskRow {
        deadline_ns: Some(4_000_000),
        missed: Some(true),
        ..task("B", 1_000_000, 5_000_000, 3_000_000)
    };
    let lost = TaskRow {
        status: "unfinished",
        finish_ns: None,
        response_ns: None,
        preemptions: 2,
        ..task("C", 0, 9, 9)
    };
    let tasks = vec![task("A", 0, 2_000_000, 2_000_000), late, lost];
    let text = run_table(&RunDocument { tasks, gantt: vec![], ..document(&[]) }, &TableOptions::default());
    assert!(text.lines().all(|line| line.len() <= 80), "{text}");
    let row = |name: &str| text.lines().find(|line| line.starts_with(name)).unwrap_or("");
    assert!(row("B").ends_with(" late") && row("C").ends_with(" unfinished"), "{text}");
}

#[test]
fn large_runs_are_not_shown_job_by_job() {
    let text = run_table(&document(&[]), &TableOptions { max_jobs: 1, ..TableOptions::default() });
    assert_eq!(text, "two  policy fcfs  seed 1  ties textbook\n");
}

#[test]
fn a_digest_that_was_asked_for_is_shown() {
    let document = RunDocument { digest: Some(0xabc), ..document(&[]) };
    let options = TableOptions { max_jobs: 1, digest: true, ..TableOptions::default() };
    let text = run_table(&document, &options);
    assert_eq!(text, "two  policy fcfs  seed 1  ties textbook\n\ndigest  0000000000000abc\n");
}

#[test]
fn parts_shown_add_up_to_the_whole_shown() {
    let mut summary = Vec::new();
    for (scope, parts) in [("web.cpu", [1_000_400.0, 2_000_400.0, 400.0]), ("delay", [0.0, 3_000_400.0, 0.0])]
    {
        for (statistic, value) in ["waiting", "service", "overhead"].into_iter().zip(parts) {
            summary.push(SummaryRow {
                scope: scope.to_owned(),
                ..row("response_part", statistic, Some(value), "ns")
            });
        }
    }
    let text = run_table(&RunDocument { tasks: vec![], ..document(&summary) }, &TableOptions::default());
    let mut lines = text.lines().skip_while(|line| !line.starts_with("  component"));
    let numbers = |line: Option<&str>| -> Vec<u64> {
        let cells = line.unwrap().split_whitespace().skip(1);
        cells.map(|cell| cell.replace('.', "").parse().unwrap()).collect()
    };
    lines.next();
    let (cpu, delay, all) = (numbers(lines.next()), numbers(lines.next()), numbers(lines.next()));
    for row in [&cpu, &delay, &all] {
        assert_eq!(row[..3].iter().sum::<u64>(), row[3], "{text}");
    }
    for column in 0..4 {
        assert_eq!(cpu[column] + delay[column], all[column], "{text}");
    }
    assert_eq!(all[3], 6_002, "{text}");
}

#[test]
fn ties_are_named_by_preset_and_difference() {
    let mut ties = Ties::preset("simso").unwrap();
    assert_eq!(ties_text(&Ties::default()), "textbook");
    assert_eq!(ties_text(&ties), "simso");
    assert!(ties.set("idle_core", "random"));
    assert_eq!(ties_text(&ties), "simso,idle_core=random");
}

fn compared(policy: &str, value: f64, n: u64) -> CompareRow {
    CompareRow {
        policy: policy.to_owned(),
        metric: "response".to_owned(),
        statistic: "mean".to_owned(),
        scope: "all".to_owned(),
        class: "all".to_owned(),
        value: Some(value),
        unit: "ns",
        n,
        ci_low: (n > 1).then_some(value - 1e5),
        ci_high: (n > 1).then_some(value + 1e5),
        above: None,
        best: policy == "b",
        difference: (policy == "b").then_some(-1e6),
        difference_low: (policy == "b" && n > 1).then_some(-1.5e6),
        difference_high: (policy == "b" && n > 1).then_some(-0.5e6),
        p_holm: (policy == "b" && n > 1).then_some(0.001),
        verdict: match policy {
            "a" => Some("reference"),
            _ => (n > 1).then_some("better"),
        },
    }
}

fn comparison(replications: u32) -> CompareDocument<'static> {
    CompareDocument {
        findings: vec![],
        exact: false,
        sample: None,
        notes: Vec::new(),
        scenario: "two",
        seed: 1,
        replications,
        confidence: 0.95,
        ties: Ties::default(),
        reference: "a",
        policies: vec!["a".to_owned(), "b".to_owned()],
        rows: vec![compared("a", 4e6, u64::from(replications)), compared("b", 3e6, u64::from(replications))],
        first_difference: None,
        noise: 0.0,
        conclusion: None,
        conditions: Vec::new(),
        selection: None,
    }
}

#[test]
fn comparisons_with_replications_have_intervals_and_verdicts() {
    let text = compare_table(&comparison(5), &|_, _| Some("lower"));
    let expected = "two  seed 1  ties textbook  5 replications (common random numbers)
95 % confidence, paired differences, the best is marked with *

response/mean in ms (lower is better)
policy  mean         CI            vs a  verdict
  a        4  [3.9, 4.1]                 reference
* b        3  [2.9, 3.1]  -25 % +/- 12  better
";
    // Column widths are the grid's business; words and their order are what counts here.
    let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(words(&text), words(expected), "{text}");
}

#[test]
fn what_was_not_measured_is_said() {
    let mut document = comparison(5);
    for row in &mut document.rows {
        row.value = None;
    }
    let text = compare_table(&document, &|_, _| Some("lower"));
    assert!(text.ends_with("\nresponse/mean: nothing was measured\n"), "{text}");
}

#[test]
fn comparisons_of_one_replication_are_a_matrix() {
    let text = compare_table(&comparison(1), &|_, _| Some("lower"));
    assert!(text.ends_with("response/mean  4 ms    3 ms *\n"), "{text}");
    let mut out = Vec::new();
    write_compare(&comparison(1), &mut out).unwrap();
    let json = String::from_utf8(out).unwrap();
    assert!(json.starts_with("{\n\"schema\":\"dispatchlab.compare/1\",\n\"scenario\":\"two\""), "{json}");
    assert!(json.contains("\"best\":true,\"difference\":-1000000,\"difference_low\":null"), "{json}");
}
