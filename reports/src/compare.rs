//! Policies side by side.

use crate::conclusion::wrapped;
use crate::condition::{ConditionRow, condition_table};
use crate::grid::Grid;
use crate::number::{Sure, change, common_unit, estimate, json_number, with_unit};
use crate::rows::{ALL, FEW_ABOVE, FEW_MARK, FindingRow, exact_for_log, few_legend};
use crate::table::{findings_text, ties_text};
use serde::Serialize;
use sim_core::ties::Ties;
use std::fmt::Write as _;

pub use crate::conclusion::{Conclusion, CostRow, Selection, UnservedRow};

/// One number of one policy, with its difference from the reference.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct CompareRow {
    /// The policy, as in [`CompareDocument::policies`].
    pub policy: String,
    /// What was measured.
    pub metric: String,
    /// Which statistic of it.
    pub statistic: String,
    /// Where.
    pub scope: String,
    /// For which class.
    pub class: String,
    /// The number.
    #[serde(serialize_with = "json_number")]
    pub value: Option<f64>,
    /// Its unit.
    pub unit: &'static str,
    /// Replications behind it.
    pub n: u64,
    /// Lower end of the confidence interval.
    #[serde(serialize_with = "json_number")]
    pub ci_low: Option<f64>,
    /// Upper end of it.
    #[serde(serialize_with = "json_number")]
    pub ci_high: Option<f64>,
    /// Of a percentile: how many values lie beyond its rank, see [`crate::rows::SummaryRow::above`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub above: Option<u64>,
    /// Whether no other policy has a better value; all that share the best value are marked. Always false where neither
    /// direction is better.
    pub best: bool,
    /// Value minus the reference's value.
    #[serde(serialize_with = "json_number")]
    pub difference: Option<f64>,
    /// Lower end of the difference's paired interval, widened for the number of policies compared.
    #[serde(serialize_with = "json_number")]
    pub difference_low: Option<f64>,
    /// Upper end of it.
    #[serde(serialize_with = "json_number")]
    pub difference_high: Option<f64>,
    /// p value of the paired t test with Holm's correction over the policies.
    #[serde(serialize_with = "json_number")]
    pub p_holm: Option<f64>,
    /// `reference`, `better`, `worse`, `no difference shown`, `no practical difference`; `equal` where nothing is random; `None` where it
    /// cannot be told.
    pub verdict: Option<&'static str>,
}

impl CompareRow {
    /// Whether it is a percentile that is among the last of its sample.
    pub fn is_small_sample(&self) -> bool {
        self.value.is_some() && self.above.is_some_and(|above| above < FEW_ABOVE)
    }

    /// What stands behind its value, where it is among the last of its sample.
    pub fn mark(&self) -> &'static str {
        if self.is_small_sample() { FEW_MARK } else { "" }
    }
}

/// One side of a first difference.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct DecisionRow {
    /// When.
    pub at_ns: u64,
    /// `dispatch`, `preempt` or `balance`.
    pub kind: &'static str,
    /// The processor or balancer that decided.
    pub station: String,
    /// The core; `None` for balancers.
    pub core: Option<u32>,
    /// The job that was run or sent: `P1`, or `P1#2` for the second of several.
    pub job: String,
    /// The server that was chosen; `None` for schedulers.
    pub server: Option<String>,
    /// The decision in words, with candidates and keys.
    #[serde(skip)]
    pub explanation: String,
}

/// The first decision at which a policy parts with the reference.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct FirstDifferenceRow {
    /// The policy.
    pub policy: String,
    /// Number of the decision, 1-based; `None` where all decisions are the same.
    pub decision: Option<u64>,
    /// Whether the whole run was looked at; else its first 100 000 jobs were, or as many decisions as fit in memory.
    pub complete: bool,
    /// What the reference decided; `None` where it decided nothing more.
    pub reference_decision: Option<DecisionRow>,
    /// What the policy decided.
    pub policy_decision: Option<DecisionRow>,
}

/// Everything a comparison says, see [`crate::json::write_compare`].
#[derive(Clone, PartialEq, Debug)]
pub struct CompareDocument<'a> {
    /// Nothing was drawn at random under any policy: the numbers are facts, not estimates.
    pub exact: bool,
    /// The jobs behind the times, where these are exact for a log or a trace alone: a sample of its traffic.
    pub sample: Option<u64>,
    /// What was assumed, and what else is to be known; a sentence each.
    pub notes: Vec<String>,
    /// What must be known before any number is read; empty where there is nothing.
    pub findings: Vec<FindingRow>,
    /// The scenario's name.
    pub scenario: &'a str,
    /// The seed: all policies meet the same arrivals and sizes.
    pub seed: u64,
    /// Replications of each policy.
    pub replications: u32,
    /// Confidence level of the intervals.
    pub confidence: f64,
    /// The tie rules in effect.
    pub ties: Ties,
    /// The policy that the others are compared with.
    pub reference: &'a str,
    /// The policies, in the order in which they were named.
    pub policies: Vec<String>,
    /// By metric, then policy.
    pub rows: Vec<CompareRow>,
    /// One a policy other than the reference; `None` where it was not asked for.
    pub first_difference: Option<Vec<FirstDifferenceRow>>,
    /// Differences within this part of the reference's value make no practical difference; 0 where every one counts.
    pub noise: f64,
    /// Who wins; `None` where nothing that was compared has a direction.
    pub conclusion: Option<Conclusion>,
    /// Conditions that must not hold; empty where there are none.
    pub conditions: Vec<ConditionRow>,
    /// How the best was found; `None` where it was not looked for.
    pub selection: Option<Selection>,
}

/// Characters a line.
const WIDTH: usize = 80;

/// What is known of a metric beyond its rows.
pub type Better = Option<&'static str>;

/// Draws a comparison. `direction` says for `metric/statistic` whether `lower` or `higher` is better.
pub fn compare_table(document: &CompareDocument<'_>, direction: &dyn Fn(&str, &str) -> Better) -> String {
    let mut out = findings_text(&document.findings);
    let _ = write!(out, "{}  seed {}  ties {}", document.scenario, document.seed, ties_text(&document.ties));
    let of_all = document.selection.as_ref().map(|selection| selection.replications);
    if document.replications > 1 {
        let in_all = if of_all.is_some() { " in all" } else { "" };
        let replications = of_all.unwrap_or(document.replications);
        let _ = write!(out, "  {replications} replications{in_all} (common random numbers)");
    }
    out.push('\n');
    if document.replications > 1 && !document.exact {
        blocks(&mut out, document, direction);
    } else {
        matrix(&mut out, document);
    }
    if document.rows.iter().any(|row| !row.mark().is_empty()) {
        let _ = writeln!(out, "\n{}", few_legend());
    }
    if let Some(conclusion) = &document.conclusion {
        let _ = write!(out, "\n{}", wrapped(&conclusion.text(), WIDTH));
    }
    if let Some(selection) = &document.selection {
        let _ = write!(out, "\n{}", wrapped(&selection.text(), WIDTH));
    }
    if !document.conditions.is_empty() {
        let _ = write!(out, "\n{}", condition_table(&document.conditions));
    }
    differences(&mut out, document);
    out
}

/// Rows of one metric follow each other, one a policy.
fn metrics<'a>(document: &'a CompareDocument<'_>) -> impl Iterator<Item = &'a [CompareRow]> {
    document.rows.chunks(document.policies.len().max(1))
}

/// The metric of a row, with its place and class where these are not everything.
pub fn title(row: &CompareRow) -> String {
    title_of(&format!("{}/{}", row.metric, row.statistic), &row.scope, &row.class)
}

/// A metric with its place and class, where these are not everything.
pub(crate) fn title_of(metric: &str, scope: &str, class: &str) -> String {
    let mut title = metric.to_owned();
    for part in [scope, class] {
        if part != ALL {
            let _ = write!(title, " {part}");
        }
    }
    title
}

/// One replication: metrics down, policies across, the best marked.
fn matrix(out: &mut String, document: &CompareDocument<'_>) {
    /// Policies side by side in 80 columns.
    const ACROSS: usize = 4;
    if let Some(sample) = document.sample {
        let _ = writeln!(out, "{}", exact_for_log(sample));
    } else if document.exact {
        out.push_str("nothing here is random: the values are exact\n");
    }
    out.push_str("the best of each line is marked with *\n");
    for (chunk, policies) in document.policies.chunks(ACROSS).enumerate() {
        out.push('\n');
        let first = chunk * ACROSS;
        let mut grid =
            Grid::new(std::iter::once(String::new()).chain(policies.iter().map(|p| format!("{p}  "))));
        for rows in metrics(document) {
            let cells = rows[first..first + policies.len()].iter().map(|row| {
                let value =
                    row.value.map_or_else(|| "-".to_owned(), |value| with_unit(value, row.unit) + row.mark());
                format!("{value} {}", if row.best { "*" } else { " " })
            });
            grid.row(std::iter::once(title(&rows[0])).chain(cells));
        }
        grid.write(out, 0);
    }
}

/// Several replications: one table a metric, with intervals and verdicts.
fn blocks(out: &mut String, document: &CompareDocument<'_>, direction: &dyn Fn(&str, &str) -> Better) {
    let level = estimate(document.confidence * 100.0);
    let _ = write!(out, "{level} % confidence, paired differences");
    let others = document.policies.len().saturating_sub(1);
    if others > 1 {
        let _ = write!(out, " (Holm over {others})");
    }
    out.push_str(", the best is marked with *\n");
    if document.noise > 0.0 {
        let _ = writeln!(
            out,
            "within {} % of {}: no practical difference",
            estimate(document.noise * 100.0),
            document.reference
        );
    }
    for rows in metrics(document) {
        let Some(first) = rows.iter().find(|row| row.value.is_some()) else {
            let _ = writeln!(out, "\n{}: nothing was measured", title(&rows[0]));
            continue;
        };
        let better = match direction(&first.metric, &first.statistic) {
            Some(better) => format!(" ({better} is better)"),
            None => String::new(),
        };
        let reference = rows.iter().find(|row| row.verdict == Some("reference")).and_then(|row| row.value);
        let (unit, size) = common_unit(reference.or(first.value).unwrap_or(0.0), first.unit);
        let unit =
            if size == 1.0 && unit != "/s" && unit != "ns" { String::new() } else { format!(" in {unit}") };
        let _ = writeln!(out, "\n{}{unit}{better}", title(first));
        let mut grid = Grid::new([
            "policy".to_owned(),
            "runs".to_owned(),
            "mean".to_owned(),
            "CI".to_owned(),
            format!("vs {}", document.reference),
            "verdict".to_owned(),
        ])
        .flush_left(&[5]);
        for row in rows {
            let Some(value) = row.value else { continue };
            let sure = Sure::of(row.ci_low.zip(row.ci_high));
            let text = |value: f64| sure.bare(value, size);
            let interval = match (row.ci_low, row.ci_high) {
                (Some(low), Some(high)) => format!("[{}, {}]", text(low), text(high)),
                _ => String::new(),
            };
            grid.row([
                format!("{} {}", if row.best { "*" } else { " " }, row.policy),
                if document.selection.is_some() { row.n.to_string() } else { String::new() },
                text(value) + row.mark(),
                interval,
                relative(row, reference),
                row.verdict.unwrap_or_default().to_owned(),
            ]);
        }
        grid.without_empty_columns().write_within(out, WIDTH);
    }
}

/// The difference in percent of the reference, with its half width.
fn relative(row: &CompareRow, reference: Option<f64>) -> String {
    let (Some(difference), Some(reference)) = (row.difference, reference) else { return String::new() };
    if row.verdict == Some("reference") {
        return String::new();
    }
    let half = row.difference_low.zip(row.difference_high).map(|(low, high)| (high - low) / 2.0);
    change(difference, half, reference, row.unit)
}

fn differences(out: &mut String, document: &CompareDocument<'_>) {
    for difference in document.first_difference.iter().flatten() {
        let _ = match difference.decision {
            None => writeln!(
                out,
                "\n{} takes the same decisions as {} {} (replication 1)",
                difference.policy,
                document.reference,
                if difference.complete { "from beginning to end" } else { "as far as they were recorded" }
            ),
            Some(number) => writeln!(
                out,
                "\n{} parts with {} at decision {number} (replication 1):",
                difference.policy, document.reference
            ),
        };
        if difference.decision.is_none() {
            continue;
        }
        let sides = [
            (document.reference, &difference.reference_decision),
            (&difference.policy, &difference.policy_decision),
        ];
        for (policy, decision) in sides {
            match decision {
                Some(decision) => out.push_str(&decision.explanation),
                None => {
                    let _ = writeln!(out, "{policy} decides nothing more");
                }
            }
        }
    }
}
