//! Pages made from the code, and pages that must name all there is.

use crate::{files, is_fresh, read, root};
use assert_cmd::Command;
use experiments::metrics::{Better, METRICS};
use policies::{Layer, ParamKind, PolicyDef};
use reports::sheet::Kind;
use scenarios::{CODES, keys};
use serde_json::Value;
use sim_core::ties::{PRESETS, RULES, Ties};
use std::fmt::Write as _;

/// The first lines of every page made from the code.
fn head(title: &str, source: &str) -> String {
    format!(
        "# {title}\n\n<!-- Made from {source}; see CONTRIBUTING.md, \"Pages made from the code\". -->\n\n"
    )
}

/// `text` in the cell of a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

/// The page with `text` between its marks `<!-- begin NAME -->` and `<!-- end NAME -->`.
fn replaced(page: &str, name: &str, text: &str) -> String {
    let (begin, end) = (format!("<!-- begin {name} -->\n"), format!("<!-- end {name} -->"));
    let (before, rest) = page.split_once(&begin).unwrap_or_else(|| panic!("there is no mark `{name}`"));
    let (_, after) = rest.split_once(&end).unwrap_or_else(|| panic!("there is no end of `{name}`"));
    format!("{before}{begin}{text}{end}{after}")
}

#[test]
fn the_page_of_policies_is_the_catalog() {
    let mut text = head("Policies", "the catalog in `policies`");
    text.push_str(
        "Each policy is written `id` or `id:name=value,name=value`, in files and on the command line. \
         `dispatchlab policies show srtf` prints what stands here and runs the example on the spot.\n",
    );
    for (layer, title, what) in [
        (Layer::Scheduler, "Schedulers", "Which ready job runs next on a processor."),
        (Layer::Balancer, "Balancers", "Which server of a group gets a request."),
    ] {
        let defs: Vec<&PolicyDef> = policies::catalog().filter(|def| def.layer() == layer).collect();
        let _ = write!(
            text,
            "\n## {title}\n\n{what}\n\n| id | name | chooses | on equal keys |\n|---|---|---|---|\n"
        );
        for def in &defs {
            let _ =
                writeln!(text, "| `{}` | {} | {} | {} |", def.id, def.title, cell(def.rule), cell(def.tie));
        }
        for def in defs {
            policy(&mut text, def);
        }
    }
    is_fresh("docs/policies.md", &text);
}

fn policy(text: &mut String, def: &PolicyDef) {
    let _ =
        write!(text, "\n### {} (`{}`, {})\n\n{}\n\n", def.title, def.id, def.layer().word(), def.definition);
    let traits = def.traits;
    let mut words = vec![if traits.clairvoyant { "knows sizes" } else { "does not know sizes" }];
    if def.layer() == Layer::Scheduler {
        words.push(if traits.preemptive { "preemptive" } else { "not preemptive" });
        words.push(if traits.work_conserving { "work-conserving" } else { "may idle while jobs are ready" });
    }
    words.push(if traits.random { "draws random numbers" } else { "deterministic" });
    let _ = writeln!(text, "- Keys: {}.", def.keys.join(", "));
    let _ = writeln!(text, "- Properties: {}.", words.join(", "));
    let (arrive, pick, memory) = (def.cost.arrive, def.cost.pick, def.cost.memory);
    let _ = writeln!(text, "- Cost: arrival {arrive}, decision {pick}, memory {memory}.");
    for source in def.source {
        let comma = if source.place.is_empty() { "" } else { ", " };
        let _ = writeln!(text, "- Source: {}{comma}{}.", source.work, source.place.trim_end_matches('.'));
    }
    if !def.params.is_empty() {
        text.push_str("\n| parameter | default | takes | meaning |\n|---|---|---|---|\n");
        for param in def.params {
            let default =
                if param.default.is_empty() { "empty".to_owned() } else { format!("`{}`", param.default) };
            let _ = writeln!(
                text,
                "| `{}` | {default} | {} | {} |",
                param.name,
                takes(param.kind),
                cell(param.help)
            );
        }
    }
    let example = &def.example;
    let timeline = policies::run_example(def).unwrap_or_else(|error| panic!("{def:?}: {error}"));
    let _ = write!(
        text,
        "\nExample, in {}: `{}`\n\n```text\njobs      {}\ntimeline  {timeline}\n```\n",
        example.unit,
        policies::example_spec(def),
        example.jobs,
    );
}

fn takes(kind: ParamKind) -> String {
    let range = |min: u64, max: u64| match max {
        u64::MAX => format!("from {min}"),
        _ => format!("from {min} to {max}"),
    };
    match kind {
        ParamKind::Span => "a duration".to_owned(),
        ParamKind::SpanOrOff => "a duration, or `off`".to_owned(),
        ParamKind::Spans => "durations separated by `/`".to_owned(),
        ParamKind::Integer { min, max } => format!("a whole number {}", range(min, max)),
        ParamKind::Integers { min, max } => format!("whole numbers {}, separated by `/`", range(min, max)),
        ParamKind::Decimal { min_milli, max_milli } => {
            format!("a number from {} to {}", min_milli as f64 / 1_000.0, max_milli as f64 / 1_000.0)
        }
        ParamKind::Boolean => "`true` or `false`".to_owned(),
        ParamKind::Choice(words) => {
            words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
        }
    }
}

#[test]
fn the_page_of_metrics_is_the_table() {
    let mut text = head("Metrics", "the table in `experiments/src/metrics.rs`");
    text.push_str(
        "A metric is named `metric/statistic` wherever one is asked for: `--metric response/p99`. Times are in \
         nanoseconds, rates per second; tables choose larger units.\n\nThe *window* begins with the end of the warm-up. It ends \
         with the run; where `stop.jobs` ends arrivals that would go on (Poisson, renewal, varying and closed sources, \
         periodic ones without a count), it ends with the last release, unless all jobs are released at one instant: \
         behind it the system only drains, which is no part of a time average, and completes the response times of \
         those who are still there. Task lists, traces, logs and periodic sources with a count are lists of jobs: they are \
         measured whole. *Of* says which jobs a number is of, or which time. A job that is unfinished has waited for its age less what it \
         had of cores and was blocked so far, where cores are shared too: gates count it so.\n\n\
         Besides the percentiles below any other one is asked for by its number (`response/p80`, `waiting/p99.95`), and the \
         share within any time by that (`response/within:250ms`).\n\n\
         | metric | unit | better | of | meaning |\n|---|---|---|---|---|\n",
    );
    for def in METRICS {
        let names: Vec<String> = def.statistics.iter().map(|word| format!("`{}/{word}`", def.name)).collect();
        let better = def.better.map_or("", Better::word);
        let _ = writeln!(
            text,
            "| {} | {} | {better} | {} | {} |",
            names.join(" "),
            def.unit,
            cell(def.of.words()),
            cell(def.help)
        );
    }
    is_fresh("docs/metrics.md", &text);
}

#[test]
fn the_page_of_diagnostics_is_the_table() {
    let mut text = head("Diagnostics", "`scenarios/src/codes.rs` and `scenarios/library/invalid`");
    text.push_str(
        "Every mistake in an input or an option has a code that never changes its meaning, a place and, where there is \
         one, a cure. All mistakes are shown at once; the exit code is 2.\n",
    );
    let examples: Vec<String> =
        files(&root().join("scenarios/library/invalid"), "stderr").iter().map(|file| read(file)).collect();
    for code in CODES {
        let _ = write!(text, "\n## {}: {}\n\n{}\n", code.code, code.title, code.explanation);
        let mark = format!("[{}]", code.code);
        let blocks = examples.iter().flat_map(|file| file.split_inclusive("\n\n"));
        // The shortest: it is about this mistake alone.
        let example = blocks.filter(|block| block.contains(&mark)).min_by_key(|block| block.len());
        if let Some(example) = example {
            let _ = write!(text, "\n```text\n{}\n```\n", example.trim_end());
        }
    }
    is_fresh("docs/diagnostics.md", &text);
}

/// The order of an instant, from the documentation of the enum that defines it.
fn phases() -> String {
    let source = read(&root().join("sim-core/src/event.rs"));
    let body = source.split("pub enum Phase {\n").nth(1).and_then(|rest| rest.split("\n}").next());
    let mut text = "| place | what happens | to whom |\n|---|---|---|\n".to_owned();
    let mut help = String::new();
    for line in body.expect("there is an enum Phase").lines().map(str::trim) {
        if let Some(words) = line.strip_prefix("///") {
            help.push_str(words);
        } else if let Some((_, place)) = line.trim_end_matches(',').split_once(" = ") {
            let (what, whom) = help
                .trim()
                .split_once(" Entity: ")
                .or_else(|| help.trim().split_once("; entity: "))
                .expect("every phase names its entity");
            let (what, later) = what
                .strip_suffix(". By sequence")
                .map_or((what.trim_end_matches('.'), ""), |what| (what, ", after the sequence"));
            let _ = writeln!(text, "| {place} | {what} | {}{later} |", whom.trim_end_matches('.'));
            help.clear();
        }
    }
    text
}

fn ties() -> String {
    let mut text = "| rule | values, default first | what it decides |\n|---|---|---|\n".to_owned();
    for rule in RULES {
        let values: Vec<String> = rule.values.iter().map(|value| format!("`{value}`")).collect();
        let _ = writeln!(text, "| `{}` | {} | {} |", rule.key, values.join(", "), cell(rule.help));
    }
    text.push_str("\n| preset | what differs from the defaults |\n|---|---|\n");
    for name in PRESETS {
        let preset = Ties::preset(name).expect("presets exist").entries();
        let differs: Vec<String> = preset
            .iter()
            .zip(Ties::default().entries())
            .filter(|(rule, default)| **rule != *default)
            .map(|((key, value), _)| format!("`{key} = {value}`"))
            .collect();
        let differs = if differs.is_empty() { "nothing".to_owned() } else { differs.join(", ") };
        let _ = writeln!(text, "| `{name}` | {differs} |");
    }
    text
}

#[test]
fn the_tables_of_time_and_ties_are_the_code() {
    let path = "docs/time-and-ties.md";
    let page = replaced(&read(&root().join(path)), "phases", &phases());
    is_fresh(path, &replaced(&page, "ties", &ties()));
}

/// Every key of a table, those of tables inside it behind a dot.
fn rows_of_keys(table: &keys::Table, before: &str, text: &mut String) {
    for key in table.keys {
        let name = format!("{before}{}", key.name);
        let must = if key.required { " (required)" } else { "" };
        let _ = writeln!(text, "| `{name}`{must} | {} |", cell(key.help));
        match key.kind {
            keys::Kind::Table(inner) if inner.keys.len() > 1 => {
                rows_of_keys(inner, &format!("{name}."), text);
            }
            keys::Kind::Named(inner) => rows_of_keys(inner, &format!("{name}.CLASS."), text),
            keys::Kind::Plain(inner) => rows_of_keys(inner, &format!("{name}."), text),
            _ => {}
        }
    }
}

#[test]
fn the_keys_of_regions_are_the_tables() {
    let head = "| key | what it is |\n|---|---|\n";
    let mut text = format!("Of `[[region]]`:\n\n{head}");
    rows_of_keys(&keys::REGION, "", &mut text);
    let steps = ["request", "exec", "converse", "lock", "unlock", "start"];
    for form in keys::STEPS.iter().filter(|form| steps.contains(&form.keys[0].name)) {
        let _ = write!(text, "\nOf {}:\n\n{head}", form.name);
        rows_of_keys(form, "", &mut text);
    }
    let path = "docs/regions.md";
    is_fresh(path, &replaced(&read(&root().join(path)), "keys", &text));
}

fn json(args: &[&str]) -> Value {
    let output =
        Command::new(env!("CARGO_BIN_EXE_dispatchlab")).args(args).output().expect("the command starts");
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("the result is JSON")
}

/// Every key below `value`, but for the names of tie rules.
fn keys_below(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(object) => {
            for (key, value) in object {
                found.push(key.clone());
                if key != "ties" {
                    keys_below(value, found);
                }
            }
        }
        Value::Array(rows) => rows.iter().for_each(|row| keys_below(row, found)),
        _ => {}
    }
}

#[test]
fn every_key_of_the_results_is_documented() {
    let page = read(&root().join("docs/results.md"));
    let mut found = Vec::new();
    let commands: [&[&str]; 3] = [
        &["run", "stallings", "--policy", "round-robin", "--format", "json"],
        &["run", "stallings", "--policy", "ps", "--format", "json"],
        &[
            "compare",
            "stallings",
            "--policy",
            "fcfs",
            "--policy",
            "srtf",
            "--first-difference",
            "--format",
            "json",
        ],
    ];
    for args in commands {
        keys_below(&json(args), &mut found);
    }
    found.extend(reports::csv::COLUMNS.iter().map(|column| column.name.to_string()));
    found.sort_unstable();
    found.dedup();
    found.retain(|key| !page.contains(&format!("`{key}`")));
    assert!(found.is_empty(), "docs/results.md does not name {}", found.join(", "));
}

#[test]
fn the_page_of_result_files_is_the_columns() {
    let mut text = head("Result files", "the columns in `reports`");
    text.push_str(
        "`run` with `--out-dir DIR` makes a new folder with `summary`, `runs`, `servers`, `timeseries` and a \
         [manifest](results.md#manifestjson); `--with requests,decisions,gantt,region` adds files that grow with the number of \
         jobs. They are CSV; with `--format jsonl` or `--format parquet` the same columns in that form. The first three \
         columns are the same everywhere, so that folders can be put together; files of the first replication say so.\n\n\
         CSV: quoting as in RFC 4180, UTF-8, lines end in LF (`--crlf`: CR LF), decimals have a point and the fewest digits \
         that read back as the same number, the header is always there. What does not exist is an empty field, in JSON \
         lines and Parquet null; there is no NaN. New columns are only ever added at the end. Names are written as they \
         are, so that they read back the same: a name such as `=1+1` is a formula to a spreadsheet, and `--excel` puts an \
         apostrophe before those that begin with `=`, `+`, `-` or `@`, besides the byte order mark and the line `sep=,` \
         that it likes. `--wide` turns the long form of `run` and `compare`: one row a replication, one column a metric, \
         named as in `response/p99@web-3.cpu:page [ns]`.\n",
    );
    for (file, what, columns) in [
        (
            "summary",
            "Means over replications with their intervals, one row a metric.",
            reports::csv::SUMMARY_COLUMNS,
        ),
        ("runs", "One row a replication and metric; what `--format csv` prints.", reports::csv::COLUMNS),
        (
            "servers",
            "Stations, groups and balancers. Groups stand before their members; all columns are over the window, after \
             the warm-up, but for the greatest queue length.",
            reports::servers::COLUMNS,
        ),
        (
            "timeseries",
            "One row an interval for the whole system, then one for each station. Intervals are a round length of which \
             the run has at most 200, or `--interval T`; where there would be more than 10 000, or more than a million \
             rows, they become wider, and a note says so. Where a run is too long to be recorded, its first replication \
             is run once more for this file, in memory that does not grow with the jobs. Ratios and means over time are \
             rounded to nine decimals.",
            reports::timeseries::COLUMNS,
        ),
        (
            "requests",
            "One row a job of the first replication, in order of arrival.",
            reports::requests::COLUMNS,
        ),
        ("decisions", "One row a decision of the first replication.", reports::decisions::COLUMNS),
        (
            "gantt",
            "What each core did in the first replication, by station, core and time; empty where there are more than four \
             million stretches of time, or 500 000 of jobs that share a processor.",
            reports::requests::GANTT_COLUMNS,
        ),
        (
            "region",
            "What happened in [transaction regions](regions.md) in the first replication, in order.",
            reports::regions::COLUMNS,
        ),
        (
            "instances",
            "The books of the processes of transaction regions: one row a process and state that it has been in.",
            reports::regions::BOOKS,
        ),
    ] {
        let _ = write!(text, "\n## `{file}.csv`\n\n{what}\n\n| column | holds | what |\n|---|---|---|\n");
        for column in columns {
            let kind = match column.kind {
                Kind::Text => "text",
                Kind::Integer => "whole number",
                Kind::Number => "number",
                Kind::Flag => "true, false",
            };
            let _ = writeln!(text, "| `{}` | {kind} | {} |", column.name, cell(&column.about));
        }
    }
    is_fresh("docs/files.md", &text);
}

#[test]
fn exit_codes_are_documented() {
    let page = read(&root().join("docs/exit-codes.md"));
    for code in ["`0`", "`1`", "`2`", "`4`", "`101`"] {
        assert!(page.contains(code), "exit code {code} is not documented");
    }
}
