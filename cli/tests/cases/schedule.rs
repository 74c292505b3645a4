//! A task list run by the built command, and what it is expected to give.

use serde_json::Value;
use std::fmt::Write as _;
use std::process::Command;

/// Nanoseconds in the unit of the task lists here.
const MS: f64 = 1e6;

/// A result that must come out exactly.
#[derive(Clone, Default)]
pub struct Expected {
    pub jobs: Vec<Job>,
    /// `first_response`, `response`, `waiting`, `slowdown` and their exact means, in ms.
    pub means: Vec<(&'static str, f64)>,
    /// The same as printed somewhere, to two decimals.
    pub printed: Vec<(&'static str, f64)>,
    pub makespan: Option<f64>,
    pub utilization: Option<f64>,
    /// Jobs per ms.
    pub throughput: Option<f64>,
    /// Core-milliseconds without work before the last job ends.
    pub idle: Option<f64>,
    /// Core-milliseconds of work.
    pub busy: Option<f64>,
    pub misses: Option<u64>,
    /// The longest response of each task.
    pub worst_response: Vec<(String, f64)>,
    /// What each core ran; `CS` is a switch, time between rows is idle.
    pub gantt: Option<Vec<Vec<Row>>>,
}

/// What is known of one job, in ms; `None` where nothing is said, `Some(None)` where it did not happen.
#[derive(Clone, Default)]
pub struct Job {
    pub task: String,
    /// Which job of the task, from 1.
    pub nth: u64,
    pub times: Vec<(&'static str, Option<f64>)>,
    pub deadline: Deadline,
}

/// What is said of a job's deadline.
#[derive(Clone, Default)]
pub enum Deadline {
    #[default]
    NotSaid,
    /// Whether it was missed; `None` without one, or where the run ends before it.
    Missed(Option<bool>),
}

/// From, to, who.
pub type Row = (f64, f64, String);

/// A task list and the options it is run with.
#[derive(Clone)]
pub struct Schedule {
    pub name: String,
    pub csv: String,
    pub args: Vec<String>,
}

/// What came out.
pub struct Outcome {
    document: Value,
    /// Whether rows of charts name jobs (`T1_2`) and not tasks.
    by_job: bool,
}

impl Schedule {
    pub fn new(name: &str, csv: &[&str], args: &str) -> Schedule {
        Schedule {
            name: name.to_owned(),
            csv: csv.join("\n") + "\n",
            args: args.split_whitespace().map(str::to_owned).collect(),
        }
    }

    /// What repeats the run in a shell.
    fn replay(&self) -> String {
        let args: Vec<String> = self.args.iter().map(|arg| format!("'{arg}'")).collect();
        format!("printf '{}' | dispatchlab run - {}", self.csv.replace('\n', "\\n"), args.join(" "))
    }

    pub fn run(&self) -> Result<Outcome, String> {
        let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
        let list = folder.path().join("tasks.csv");
        std::fs::write(&list, &self.csv).map_err(|error| error.to_string())?;
        let output = Command::new(env!("CARGO_BIN_EXE_dispatchlab"))
            .arg("run")
            .arg(&list)
            .args(&self.args)
            .args(["--format", "json", "--color", "never"])
            .output()
            .map_err(|error| error.to_string())?;
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into_owned());
        }
        let document = serde_json::from_slice(&output.stdout).map_err(|error| error.to_string())?;
        let by_job = self.csv.lines().next().is_some_and(|header| header.split(',').any(|c| c == "period"));
        Ok(Outcome { document, by_job })
    }

    /// Everything that is not as expected, with both charts and the replay; `None` if nothing is.
    pub fn check(&self, expected: &Expected) -> Option<String> {
        let mut report = format!("\n==== {}\n{}\n", self.name, self.replay());
        let outcome = match self.run() {
            Ok(outcome) => outcome,
            Err(error) => return Some(report + &error),
        };
        let found = outcome.differences(expected);
        if found.is_empty() {
            return None;
        }
        for line in found {
            let _ = writeln!(report, "  {line}");
        }
        if let Some(gantt) = &expected.gantt {
            let _ = writeln!(report, "expected\n{}", chart(gantt));
        }
        let _ = writeln!(report, "found\n{}", chart(&outcome.gantt()));
        Some(report)
    }

    /// Fails with everything that is not as expected.
    pub fn must_give(&self, expected: &Expected) {
        if let Some(report) = self.check(expected) {
            panic!("{report}");
        }
    }
}

fn chart(cores: &[Vec<Row>]) -> String {
    let rows = |rows: &[Row]| {
        rows.iter().map(|(from, to, who)| format!("{who} {from}-{to}")).collect::<Vec<_>>().join(" | ")
    };
    cores
        .iter()
        .enumerate()
        .map(|(core, all)| format!("  core {core}: {}", rows(all)))
        .collect::<Vec<_>>()
        .join("\n")
}

/// Rows such as `A 0-2 | B 2-3.5`.
pub fn rows(text: &str) -> Vec<Row> {
    text.split('|')
        .map(|row| {
            let (who, times) = row.trim().split_once(' ').unwrap_or_else(|| panic!("`{row}` has no times"));
            let (from, to) = times.split_once('-').unwrap_or_else(|| panic!("`{row}` has no end"));
            let number = |text: &str| text.parse().unwrap_or_else(|_| panic!("`{text}` is no time"));
            (number(from), number(to), who.to_owned())
        })
        .collect()
}

/// Joins what touches and is the same.
pub fn merged(rows: impl IntoIterator<Item = Row>) -> Vec<Row> {
    let mut merged: Vec<Row> = Vec::new();
    for row in rows {
        match merged.last_mut() {
            Some(last) if last.1 == row.0 && last.2 == row.2 => last.1 = row.1,
            _ => merged.push(row),
        }
    }
    merged
}

/// Times are whole nanoseconds: a decimal fraction of a millisecond is the double nearest to it.
fn same(found: Option<f64>, expected: Option<f64>) -> bool {
    match (found, expected) {
        (Some(found), Some(expected)) => (found - expected).abs() < 1e-7,
        (None, None) => true,
        _ => false,
    }
}

impl Outcome {
    pub fn tasks(&self) -> &[Value] {
        self.document["tasks"].as_array().map_or(&[], Vec::as_slice)
    }

    /// A value of the summary for the whole run, in its own unit.
    pub fn summary(&self, metric: &str, statistic: &str) -> Option<f64> {
        let rows = self.document["summary"].as_array()?;
        let row = rows.iter().find(|row| {
            row["metric"] == metric
                && row["statistic"] == statistic
                && row["scope"] == "all"
                && row["class"] == "all"
        })?;
        row["value"].as_f64()
    }

    /// What the cores of the station `cpu` did, idle time left out.
    pub fn gantt(&self) -> Vec<Vec<Row>> {
        let mut cores: Vec<Vec<Row>> = Vec::new();
        for row in self.document["gantt"].as_array().map_or(&[][..], Vec::as_slice) {
            let core = row["core"].as_u64().unwrap_or(0) as usize;
            cores.resize_with(cores.len().max(core + 1), Vec::new);
            if row["station"] != "cpu" || row["kind"] == "idle" {
                continue;
            }
            let time = |key: &str| row[key].as_u64().map_or(f64::NAN, |ns| ns as f64 / MS);
            let task = row["task"].as_str().unwrap_or("?");
            let who = match row["kind"].as_str() {
                Some("run") if self.by_job => format!("{task}_{}", row["job"]),
                Some("run") => task.to_owned(),
                _ => "CS".to_owned(),
            };
            cores[core].push((time("start_ns"), time("end_ns"), who));
        }
        cores.into_iter().map(merged).collect()
    }

    fn job(&self, task: &str, job: u64) -> Option<&Value> {
        self.tasks().iter().find(|row| row["task"] == task && row["job"] == job)
    }

    fn differences(&self, expected: &Expected) -> Vec<String> {
        let mut found = Vec::new();
        for job in &expected.jobs {
            self.compare_job(job, &mut found);
        }
        let mean = |metric: &str| {
            let value = self.summary(metric, "mean");
            if metric == "slowdown" { value } else { value.map(|ns| ns / MS) }
        };
        for (metric, want) in &expected.means {
            // Given to six decimals where they do not end before.
            if mean(metric).is_none_or(|value| (value - want).abs() > 1e-6) {
                found.push(format!("mean {metric} is {:?}, expected {want}", mean(metric)));
            }
        }
        for (metric, want) in &expected.printed {
            if mean(metric).is_none_or(|value| (value - want).abs() > 0.005 + 1e-9) {
                found.push(format!("mean {metric} is {:?}, printed is {want}", mean(metric)));
            }
        }
        self.compare_whole(expected, &mut found);
        if let Some(gantt) = &expected.gantt
            && *gantt != self.gantt()
        {
            found.push("the charts differ".to_owned());
        }
        found
    }

    fn compare_job(&self, job: &Job, found: &mut Vec<String>) {
        let name = format!("{}_{}", job.task, job.nth);
        let Some(row) = self.job(&job.task, job.nth) else {
            found.push(format!("{name} is missing"));
            return;
        };
        let time = |key: &str| row[key].as_u64().map(|ns| ns as f64 / MS);
        for (key, want) in &job.times {
            let value = match *key {
                "slowdown" => time("response_ns")
                    .zip(time("waiting_ns"))
                    .map(|(response, waiting)| response / (response - waiting)),
                key => time(&format!("{key}_ns")),
            };
            let fits = if *key == "slowdown" {
                value.zip(*want).is_some_and(|(value, want)| (value - want).abs() < 1e-6)
            } else {
                same(value, *want)
            };
            if !fits {
                found.push(format!("{name}: {key} is {value:?}, expected {want:?}"));
            }
        }
        if let Deadline::Missed(want) = job.deadline
            && row["missed"].as_bool() != want
        {
            found.push(format!("{name}: missed is {}, expected {want:?}", row["missed"]));
        }
    }

    fn compare_whole(&self, expected: &Expected, found: &mut Vec<String>) {
        let gantt = self.gantt();
        let work = |who: &str| who != "CS";
        let busy: f64 =
            gantt.iter().flatten().filter(|row| work(&row.2)).map(|(from, to, _)| to - from).sum();
        let starts = self.tasks().iter().filter_map(|task| task["arrival_ns"].as_u64()).min();
        let ends = self.tasks().iter().filter_map(|task| task["finish_ns"].as_u64()).max();
        let makespan = starts.zip(ends).map(|(start, end)| (end - start) as f64 / MS);
        let mut compare = |what: &str, value: Option<f64>, want: Option<f64>, within: f64| {
            if let Some(want) = want
                && value.is_none_or(|value| (value - want).abs() > within)
            {
                found.push(format!("{what} is {value:?}, expected {want}"));
            }
        };
        compare("makespan", makespan, expected.makespan, 1e-7);
        // Six decimals.
        compare("utilization", self.summary("utilization", "mean"), expected.utilization, 1e-6);
        let rate = self.summary("throughput", "rate").map(|per_second| per_second / 1e3);
        compare("throughput", rate, expected.throughput, 1e-6);
        let cores = gantt.len() as f64;
        compare("idle time", ends.map(|end| end as f64 / MS * cores - busy), expected.idle, 1e-7);
        compare("busy time", Some(busy), expected.busy, 0.0051);
        let misses = self.summary("deadline_misses", "count");
        compare("misses", misses, expected.misses.map(|misses| misses as f64), 0.0);
        for (task, want) in &expected.worst_response {
            let of_task = self.tasks().iter().filter(|row| row["task"] == task.as_str());
            let worst = of_task.filter_map(|row| row["response_ns"].as_u64()).max();
            compare(task, worst.map(|ns| ns as f64 / MS), Some(*want), 1e-7);
        }
    }
}
