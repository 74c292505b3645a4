//! The README's pictures: one task list under several schedulers, drawn from the program's own output, and a chart of a
//! comparison as the program draws it.

use crate::{is_fresh, root};
use assert_cmd::Command;
use serde_json::Value;
use std::fmt::Write as _;

/// The rows of the picture: a policy, and the mean turnaround that Stallings prints for it (tables 9.4 and 9.5).
const ROWS: [(&str, &str, f64); 5] = [
    ("First come, first served", "fcfs", 8.6),
    ("Round robin, 1 ms", "round-robin:quantum=1ms", 10.8),
    ("Shortest job first", "sjf", 7.6),
    ("Shortest remaining time", "srtf", 7.2),
    ("Highest response ratio", "hrrn", 8.0),
];

/// Colors of the tasks, told apart by people who see fewer of them too (Okabe and Ito), with that of the letter on top.
const COLORS: [(&str, &str, &str); 5] = [
    ("A", "#0072b2", "#fff"),
    ("B", "#e69f00", "#000"),
    ("C", "#009e73", "#000"),
    ("D", "#cc79a7", "#000"),
    ("E", "#56b4e9", "#000"),
];

const LEFT: u64 = 196;
/// Pixels a millisecond.
const SCALE: u64 = 25;
const TOP: u64 = 58;
const ROW: u64 = 40;
const MS: u64 = 1_000_000;

const STYLE: &str = "\
  <style>
    .card { fill: #ffffff; stroke: #d0d7de }
    .text { fill: #1f2328; font: 14px system-ui, sans-serif }
    .small { fill: #59636e; font: 12px system-ui, sans-serif }
    .grid { stroke: #d0d7de }
    .task { font: bold 13px system-ui, sans-serif; text-anchor: middle }
    .end { text-anchor: end }
    .middle { text-anchor: middle }
    @media (prefers-color-scheme: dark) {
      .card { fill: #0d1117; stroke: #3d444d }
      .text { fill: #f0f6fc }
      .small { fill: #9198a1 }
      .grid { stroke: #3d444d }
    }
  </style>
";

fn run(policy: &str) -> Value {
    let output = Command::new(env!("CARGO_BIN_EXE_dispatchlab"))
        .args(["run", "stallings", "--policy", policy, "--format", "json"])
        .output()
        .expect("the command starts");
    assert!(output.status.success(), "{policy}: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("the result is JSON")
}

/// One row of bars, and the mean turnaround in milliseconds.
fn row(svg: &mut String, y: u64, title: &str, policy: &str) -> f64 {
    let result = run(policy);
    let _ = writeln!(svg, "  <text class=\"text\" x=\"16\" y=\"{}\">{title}</text>", y + 18);
    for bar in result["gantt"].as_array().expect("gantt is a list") {
        let time = |key: &str| bar[key].as_u64().expect("times are whole numbers") / (MS / SCALE);
        let Some(task) = bar["task"].as_str() else { continue };
        let (_, fill, ink) = COLORS.iter().find(|color| color.0 == task).expect("every task has a color");
        let (x, width) = (LEFT + time("start_ns"), time("end_ns") - time("start_ns"));
        let _ = writeln!(
            svg,
            "  <rect x=\"{x}\" y=\"{y}\" width=\"{}\" height=\"26\" rx=\"3\" fill=\"{fill}\"/>\
             <text class=\"task\" x=\"{}\" y=\"{}\" fill=\"{ink}\">{task}</text>",
            width - 1,
            x + width / 2,
            y + 18,
        );
    }
    let summary = result["summary"].as_array().expect("summary is a list");
    let mean = summary.iter().find(|row| row["metric"] == "response" && row["statistic"] == "mean");
    mean.and_then(|row| row["value"].as_f64()).expect("there is a mean response") / MS as f64
}

#[test]
fn the_picture_is_what_the_program_prints() {
    let (chart, rows) = (20 * SCALE, ROWS.len() as u64 * ROW);
    let (width, height) = (LEFT + chart + 118, TOP + rows + 40);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" \
         height=\"{height}\" role=\"img\">\n  <title>Five processes under five schedulers, with the mean turnaround of \
         each</title>\n{STYLE}  <rect class=\"card\" x=\"0.5\" y=\"0.5\" width=\"{}\" height=\"{}\" rx=\"8\"/>\n",
        width - 1,
        height - 1,
    );
    let _ = writeln!(svg, "  <text class=\"small\" x=\"16\" y=\"38\">scheduler</text>");
    let right = width - 16;
    let _ = writeln!(svg, "  <text class=\"small end\" x=\"{right}\" y=\"38\">mean turnaround</text>");
    // Arrivals: where each process comes in.
    for (task, at) in [("A", 0), ("B", 2), ("C", 4), ("D", 6), ("E", 8)] {
        let x = LEFT + at * SCALE;
        let _ = writeln!(svg, "  <text class=\"small middle\" x=\"{x}\" y=\"38\">{task} \u{2193}</text>");
    }
    for tick in (0..=20).step_by(5) {
        let (x, bottom) = (LEFT + tick * SCALE, TOP + rows);
        let _ = writeln!(
            svg,
            "  <line class=\"grid\" x1=\"{x}\" y1=\"{}\" x2=\"{x}\" y2=\"{bottom}\"/>",
            TOP - 12
        );
        let _ =
            writeln!(svg, "  <text class=\"small middle\" x=\"{x}\" y=\"{}\">{tick} ms</text>", bottom + 18);
    }
    for (index, (title, policy, published)) in ROWS.into_iter().enumerate() {
        let y = TOP + index as u64 * ROW;
        let mean = row(&mut svg, y, title, policy);
        assert!((mean - published).abs() < 1e-9, "{policy}: {mean}, the book says {published}");
        let _ =
            writeln!(svg, "  <text class=\"text end\" x=\"{right}\" y=\"{}\">{mean:.1} ms</text>", y + 18);
    }
    svg.push_str("</svg>\n");
    assert!(root().join("docs").is_dir());
    is_fresh("docs/schedules.svg", &svg);
}

/// The chart of the comparison in the README.
#[test]
fn the_chart_is_what_the_program_draws() {
    let folder = tempfile::tempdir().expect("there is room for temporary files");
    let output = Command::new(env!("CARGO_BIN_EXE_dispatchlab"))
        .args(["compare", "web-shop", "--policy", "lb=round-robin", "--policy", "lb=random"])
        .args(["--policy", "lb=least-connections", "--replications", "10", "--metric", "response/p99"])
        .args(["--set", "stop.after=\"20s\"", "--quiet", "--charts"])
        .arg(folder.path())
        .output()
        .expect("the command starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let chart = std::fs::read_to_string(folder.path().join("compare-response-p99.svg"));
    is_fresh("docs/balancers.svg", &chart.expect("the chart is written"));
}
