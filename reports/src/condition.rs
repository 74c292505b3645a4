//! Conditions on a result, with what was found of each.

use crate::conclusion::wrapped;
use crate::grid::Grid;
use crate::number::{Sure, common_unit, json_number};
use serde::Serialize;
use std::fmt::Write as _;

/// A condition that must not hold, and whether it does.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct ConditionRow {
    /// As it was written: `response/p99 > 250ms`.
    pub condition: String,
    /// Of which policy, in a comparison.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy: Option<String>,
    /// `true` where it holds for the whole interval, `false` where it holds nowhere in it, else `undecided`.
    pub outcome: &'static str,
    /// What was measured; of a comparison with the reference, the difference as a part of the reference's value, positive
    /// where it is worse.
    #[serde(serialize_with = "json_number")]
    pub value: Option<f64>,
    /// Its unit.
    pub unit: &'static str,
    /// Lower end of the interval that decided.
    #[serde(serialize_with = "json_number")]
    pub ci_low: Option<f64>,
    /// Upper end of it.
    #[serde(serialize_with = "json_number")]
    pub ci_high: Option<f64>,
    /// What the outcome rests on, where that is not plain: one replication, a small sample, unfinished jobs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remark: Option<String>,
}

/// Draws conditions with a mark in front; those of a comparison under one line for each condition.
pub fn condition_table(rows: &[ConditionRow]) -> String {
    let mut out = String::new();
    let together = |a: &ConditionRow, b: &ConditionRow| match (&a.policy, &b.policy) {
        (Some(_), Some(_)) => a.condition == b.condition,
        (a, b) => a == b,
    };
    for group in rows.chunk_by(together) {
        if group[0].policy.is_some() {
            let _ = writeln!(out, "fail if {}", group[0].condition);
        }
        // The first line of a grid is its header, which would say nothing here.
        let mut grid = Grid::new([""; 4]).flush_left(&[1, 3]);
        let mut remarks: Vec<&str> = Vec::new();
        for row in group {
            let mark = match row.outcome {
                "true" => "FAILED",
                "false" => "ok",
                _ => "undecided",
            };
            let (value, interval) = measured(row);
            let name = row.policy.clone().unwrap_or_else(|| format!("fail if {}", row.condition));
            grid.row([format!("  {mark:<9}"), name, value, interval]);
            remarks.extend(row.remark.as_deref().filter(|remark| !remarks.contains(remark)));
        }
        let mut text = String::new();
        grid.write_within(&mut text, 80);
        out.push_str(text.split_once('\n').map_or("", |(_, rows)| rows));
        for remark in remarks {
            for line in wrapped(remark, 66).lines() {
                let _ = writeln!(out, "             {line}");
            }
        }
    }
    out
}

fn measured(row: &ConditionRow) -> (String, String) {
    let Some(value) = row.value else { return ("nothing".to_owned(), String::new()) };
    // A part is shown as the condition has it.
    let percent = row.unit == "ratio" && row.condition.ends_with('%');
    let (unit, size) = if percent { ("%", 0.01) } else { common_unit(value, row.unit) };
    let sure = Sure::of(row.ci_low.zip(row.ci_high));
    let text = |value: f64| sure.bare(value, size);
    let unit = if percent || matches!(row.unit, "ns" | "1/s") { format!(" {unit}") } else { String::new() };
    let interval = row
        .ci_low
        .zip(row.ci_high)
        .map(|(low, high)| format!("[{}, {}]", text(low), text(high)))
        .or_else(|| row.ci_low.map(|low| format!("at least {}", text(low))))
        .unwrap_or_default();
    (format!("{}{unit}", text(value)), interval)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_condition_has_a_mark_and_its_value() {
        let row = ConditionRow {
            condition: "response/p99 > 250ms".to_owned(),
            policy: Some("fcfs".to_owned()),
            outcome: "true",
            value: Some(412e6),
            unit: "ns",
            ci_low: Some(405e6),
            ci_high: Some(419e6),
            remark: None,
        };
        let fine = ConditionRow { policy: Some("round-robin".to_owned()), outcome: "false", ..row.clone() };
        let nothing =
            ConditionRow { outcome: "undecided", value: None, ci_low: None, ci_high: None, ..row.clone() };
        let worse = ConditionRow {
            condition: "response/p99 worse by 5%".to_owned(),
            value: Some(0.212),
            unit: "ratio",
            ci_low: Some(0.2),
            ci_high: Some(0.224),
            ..row.clone()
        };
        let alone = ConditionRow { policy: None, ..row.clone() };
        assert_eq!(
            condition_table(&[row, fine, nothing, worse, alone]),
            "fail if response/p99 > 250ms\n  \
               FAILED     fcfs          412 ms  [405, 419]\n  \
               ok         round-robin   412 ms  [405, 419]\n  \
               undecided  fcfs         nothing\n\
             fail if response/p99 worse by 5%\n  \
               FAILED     fcfs  21.2 %  [20, 22.4]\n  \
               FAILED     fail if response/p99 > 250ms  412 ms  [405, 419]\n"
        );
    }
}
