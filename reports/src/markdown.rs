//! Markdown: tables to paste into an issue or a page.

use crate::compare::CompareDocument;
use crate::number::{Sure, significant};
use crate::plan::PlanDocument;
use crate::rows::{ALL, FindingRow, RunDocument, SummaryRow, exact_for_log, few_legend};
use sim_core::shown::shown;
use std::fmt::Write as _;

/// A run: its means with their intervals. Rows without a value are left out.
pub fn run(document: &RunDocument<'_>, replications: u32, confidence: f64) -> String {
    let mut text = findings(&document.findings);
    let _ = write!(
        text,
        "**{}**, policy {}, seed {}",
        cell(document.scenario),
        cell(document.policy),
        document.seed
    );
    let _ = writeln!(text, ", {}\n", count(replications, "replication"));
    let mut table = Table::new(&["metric", "where", "class", "value", &interval_name(confidence)], &[3, 4]);
    for row in document.summary {
        let Some(value) = row.value else { continue };
        table.row(&[
            row.name(),
            of_all(&row.scope),
            of_all(&row.class),
            Sure::of(row.ci_low.zip(row.ci_high)).with_unit(value, row.unit) + row.mark(),
            interval(row.ci_low, row.ci_high, row.unit),
        ]);
    }
    text.push_str(&table.text);
    exactly(&mut text, document.exact, document.sample);
    notes(&mut text, &document.notes);
    if document.summary.iter().any(SummaryRow::is_small_sample) {
        let _ = writeln!(text, "\n{}", few_legend());
    }
    text
}

/// A comparison.
pub fn compare(document: &CompareDocument<'_>) -> String {
    let mut text = findings(&document.findings);
    let _ = write!(text, "**{}**, seed {}", cell(document.scenario), document.seed);
    let _ = writeln!(text, ", {}\n", count(document.replications, "replication"));
    let name = interval_name(document.confidence);
    let against = format!("against {}", document.reference);
    let mut table =
        Table::new(&["metric", "where", "class", "policy", "value", &name, &against, "verdict"], &[4, 5, 6]);
    for row in &document.rows {
        let Some(value) = row.value else { continue };
        let difference = row.difference.map(|difference| {
            let sign = if difference > 0.0 { "+" } else { "" };
            let sure = Sure::of(row.difference_low.zip(row.difference_high));
            format!("{sign}{}", sure.with_unit(difference, row.unit))
        });
        table.row(&[
            format!("{}/{}", row.metric, row.statistic),
            of_all(&row.scope),
            of_all(&row.class),
            row.policy.clone(),
            Sure::of(row.ci_low.zip(row.ci_high)).with_unit(value, row.unit) + row.mark(),
            interval(row.ci_low, row.ci_high, row.unit),
            difference.unwrap_or_default(),
            row.verdict.unwrap_or_default().to_owned(),
        ]);
    }
    text.push_str(&table.text);
    exactly(&mut text, document.exact, document.sample);
    notes(&mut text, &document.notes);
    if document.rows.iter().any(|row| !row.mark().is_empty()) {
        let _ = writeln!(text, "\n{}", few_legend());
    }
    text
}

/// A capacity plan: the answers.
pub fn plan(document: &PlanDocument<'_>) -> String {
    const BUSIEST: usize = 6;
    let goals: Vec<String> = document.goals.iter().map(|goal| cell(&goal.goal)).collect();
    let mut text = format!(
        "**{}**, fewest {} for {}",
        cell(document.scenario),
        cell(document.vary),
        goals.join(" and ")
    );
    let _ = writeln!(
        text,
        ", {} % headroom, {} may be gone, seed {}\n",
        significant(document.headroom * 100.0, 5),
        document.spare,
        document.seed
    );
    if let Some(sample) = document.sample {
        let _ = writeln!(text, "{}\n", exact_for_log(sample));
    }
    // Only of logs, traces and rates that change.
    let varies = document.answers.iter().any(|answer| answer.utilization_busiest.is_some());
    let kept = |column: &usize| varies || *column != BUSIEST;
    let shown = |cells: &[String]| -> Vec<String> {
        (0..cells.len()).filter(kept).map(|column| cells[column].clone()).collect()
    };
    let titles = shown(
        &[
            "demand",
            "policy",
            document.vary,
            "with spare",
            "one that misses",
            "utilization",
            "its busiest 24th",
            "an hour",
            "a million",
            "status",
        ]
        .map(str::to_owned),
    );
    let titles: Vec<&str> = titles.iter().map(String::as_str).collect();
    let right: Vec<usize> = [0].into_iter().chain(2..titles.len() - 1).collect();
    let mut table = Table::new(&titles, &right);
    let whole = |count: Option<u64>| count.map(|count| count.to_string()).unwrap_or_default();
    let number = |value: Option<f64>| value.map(|value| significant(value, 4)).unwrap_or_default();
    for answer in &document.answers {
        table.row(&shown(&[
            format!("x{}", significant(answer.demand, 5)),
            answer.policy.clone(),
            whole(answer.count),
            whole(answer.count_with_spare),
            whole(answer.infeasible),
            number(answer.utilization),
            number(answer.utilization_busiest),
            number(answer.cost_per_hour),
            number(answer.cost_per_million),
            answer.status.to_owned(),
        ]));
    }
    text.push_str(&table.text);
    for answer in &document.answers {
        if let Some(why) = &answer.why {
            let _ = writeln!(text, "\nx{}: {}", significant(answer.demand, 5), cell(why));
        }
    }
    text
}

/// What is exact of the numbers.
fn exactly(text: &mut String, exact: bool, sample: Option<u64>) {
    if let Some(sample) = sample {
        let _ = writeln!(text, "\n{}", exact_for_log(sample));
    } else if exact {
        text.push_str("\nexact: nothing here is random\n");
    }
}

/// What was assumed.
fn notes(text: &mut String, notes: &[String]) {
    for note in notes {
        let _ = writeln!(text, "\nnote: {}", note.replace('<', "\\<").replace('*', "\\*"));
    }
}

/// Findings stand in front, as a quotation.
fn findings(rows: &[FindingRow]) -> String {
    let mut text = String::new();
    for row in rows {
        let _ =
            writeln!(text, "> **{}**\n", row.text.replace('\n', " ").replace('<', "\\<").replace('*', "\\*"));
    }
    text
}

fn count(n: u32, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}

fn interval_name(confidence: f64) -> String {
    format!("{} % interval", crate::number::estimate(confidence * 100.0))
}

fn of_all(name: &str) -> String {
    if name == ALL { String::new() } else { name.to_owned() }
}

fn interval(low: Option<f64>, high: Option<f64>, unit: &str) -> String {
    let Some((low, high)) = low.zip(high) else { return String::new() };
    let sure = Sure::of(Some((low, high)));
    format!("{} to {}", sure.with_unit(low, unit), sure.with_unit(high, unit))
}

/// A table of pipes, some columns flush right.
struct Table {
    text: String,
}

impl Table {
    fn new(header: &[&str], right: &[usize]) -> Table {
        let mut table = Table { text: String::new() };
        table.row(&header.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>());
        for index in 0..header.len() {
            table.text.push_str(if right.contains(&index) { "|---:" } else { "|---" });
        }
        table.text.push_str("|\n");
        table
    }

    fn row(&mut self, cells: &[String]) {
        for text in cells {
            let _ = write!(self.text, "| {} ", cell(text));
        }
        self.text.push_str("|\n");
    }
}

/// Text that stays in its cell and is taken for nothing else: no column, code, emphasis, element, link, picture, entity.
fn cell(text: &str) -> String {
    let text = shown(text);
    let characters: Vec<char> = text.chars().collect();
    let mut out = String::with_capacity(text.len());
    for (index, c) in characters.iter().enumerate() {
        let near =
            |at: Option<usize>| at.and_then(|at| characters.get(at)).is_some_and(|c| c.is_alphanumeric());
        let is_mark = match c {
            '|' | '\\' | '`' | '*' | '<' | '>' | '[' | ']' | '~' | '&' | '$' => true,
            // Within a word it is a letter; so are the numbers of jobs.
            '_' => !(near(index.checked_sub(1)) && near(Some(index + 1))),
            '#' => index == 0,
            _ => false,
        };
        if is_mark {
            out.push('\\');
        }
        out.push(*c);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_keep_to_themselves() {
        let mut table = Table::new(&["a", "b"], &[1]);
        table.row(&["x|y".into(), "1\n2".into()]);
        assert_eq!(table.text, "| a | b |\n|---|---:|\n| x\\|y | 1\\\\n2 |\n");
    }

    #[test]
    fn nothing_in_a_cell_is_markdown() {
        for (text, shown) in [
            ("<script>alert(1)</script>", "\\<script\\>alert(1)\\</script\\>"),
            ("[a](http://b)", "\\[a\\](http://b)"),
            ("![p](q)", "!\\[p\\](q)"),
            ("`x` *y* _z_ a_b ~~s~~", "\\`x\\` \\*y\\* \\_z\\_ a_b \\~\\~s\\~\\~"),
            ("&lt;", "\\&lt;"),
            ("\u{1b}[31m", "\\\\u{1b}\\[31m"),
            ("queue_length/mean", "queue_length/mean"),
        ] {
            assert_eq!(cell(text), shown);
        }
    }
}
