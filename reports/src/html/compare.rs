//! The report of a comparison.

use super::run::{assumed, conditions, replications, sentence, warnings};
use super::{Block, Page, Row, Section, Table};
use crate::chart::{Chart, rows};
use crate::compare::{CompareDocument, CompareRow, Conclusion, Selection};
use crate::number::{Sure, significant};
use crate::rows::{ALL, exact_for_log, few_legend};
use crate::table::ties_text;

/// What a report of a comparison needs beyond its document.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct CompareExtras {
    /// The closing words, where the document has none.
    pub said: Option<String>,
    /// Response times of replication 1 of each policy with how often each occurs, ascending; none where they are not
    /// known.
    pub responses: Vec<(String, Vec<(u64, u64)>)>,
    /// More charts.
    pub charts: Vec<Chart>,
}

/// The charts of a comparison.
pub fn charts(document: &CompareDocument<'_>, extras: &CompareExtras) -> Vec<Chart> {
    let subtitle = format!("{}, seed {}", document.scenario, document.seed);
    let series = extras.responses.iter().map(|(name, counts)| rows::tail(name, counts)).collect();
    let first = format!("{subtitle}, replication 1");
    let mut charts: Vec<Chart> =
        rows::tail_chart("How long do jobs take under each policy?", &first, "response", series)
            .into_iter()
            .collect();
    charts.extend(rows::comparison(&document.rows, &subtitle, document.confidence));
    charts.extend(extras.charts.iter().cloned());
    charts
}

/// The report of a comparison, without files, command and manifest.
pub fn compare_page(document: &CompareDocument<'_>, extras: &CompareExtras) -> Page {
    let (tails, others): (Vec<Chart>, Vec<Chart>) =
        charts(document, extras).into_iter().partition(|chart| chart.name.ends_with("-tail"));
    let mut held = Section::new("Conditions");
    held.blocks.extend(conditions(&document.conditions).map(Block::Table));
    let mut verdicts = Section::new("What is better");
    let exact = "All policies meet the same arrivals and sizes, and nothing is random: the values are exact, and so are \
                 their differences.";
    let once = "All policies meet the same arrivals and sizes. Of one replication there are no intervals: which differences \
                would be seen again is not known.";
    let single = document.selection.is_none() && document.replications == 1;
    if let Some(sample) = document.sample {
        verdicts.blocks.push(Block::Text(sentence(&exact_for_log(sample))));
    }
    verdicts.blocks.push(Block::Text(if document.exact { exact.to_owned() } else if single { once.to_owned() } else { format!(
        "All policies meet the same arrivals and sizes, so that differences are taken in pairs, replication by \
         replication. The reference is {}. A difference is called better or worse only where its interval, widened for \
         the number of policies, leaves out zero{}.",
        document.reference,
        if document.noise > 0.0 {
            format!(" and it is more than {} % of the reference's value", significant(document.noise * 100.0, 3))
        } else {
            String::new()
        }
    ) }));
    if document.rows.iter().any(|row| !row.mark().is_empty()) {
        verdicts.blocks.push(Block::Text(few_legend()));
    }
    verdicts.blocks.extend(others.into_iter().map(Block::Chart));
    let mut tail = Section::new("How long jobs take");
    tail.blocks.extend(tails.into_iter().map(Block::Chart));
    let mut numbers = Section::new("All numbers");
    numbers.blocks.push(Block::Folded(table(document)));
    let mut parting = Section::new("Where policies part");
    for row in document.first_difference.iter().flatten() {
        let text = match (row.decision, &row.policy_decision, &row.reference_decision) {
            (None, ..) => format!("{} decides as {} does.", row.policy, document.reference),
            (Some(number), policy, reference) => {
                let who = |decision: &Option<crate::compare::DecisionRow>| {
                    decision.as_ref().map_or_else(
                        || "nothing more".to_owned(),
                        |decision| {
                            let to = decision.server.as_ref().map(|server| format!(" to {server}"));
                            format!("{}{}", decision.job, to.unwrap_or_default())
                        },
                    )
                };
                format!(
                    "{} parts with {} at decision {number}: it chooses {}, the reference {}.",
                    row.policy,
                    document.reference,
                    who(policy),
                    who(reference)
                )
            }
        };
        parting.blocks.push(Block::Text(text));
    }
    Page {
        title: format!("{}: {} policies compared", document.scenario, document.policies.len()),
        answer: warnings(&document.findings)
            .chain(document.selection.iter().map(Selection::text))
            .chain(document.conclusion.as_ref().map(Conclusion::text).or(extras.said.clone()))
            .collect(),
        facts: vec![
            ("scenario".to_owned(), document.scenario.to_owned()),
            ("policies".to_owned(), document.policies.join(", ")),
            ("reference".to_owned(), document.reference.to_owned()),
            ("seed".to_owned(), document.seed.to_string()),
            ("ties".to_owned(), ties_text(&document.ties)),
            (
                "replications".to_owned(),
                match &document.selection {
                    Some(selection) => format!("{} in all, more where it was close", selection.replications),
                    None if document.exact => {
                        format!("{}, all the same: nothing is random", document.replications)
                    }
                    None => replications(document.replications, Some(document.confidence)),
                },
            ),
        ],
        sections: vec![held, verdicts, tail, parting, assumed(&document.notes), numbers],
        ..Page::default()
    }
}

fn table(document: &CompareDocument<'_>) -> Table {
    let titles = [
        "metric",
        "policy",
        "value",
        "interval",
        "difference",
        "interval of the difference",
        "p (Holm)",
        "verdict",
    ];
    let range = |low: Option<f64>, high: Option<f64>, unit: &str| {
        let sure = Sure::of(low.zip(high));
        let text = |(low, high)| format!("{} to {}", sure.with_unit(low, unit), sure.with_unit(high, unit));
        low.zip(high).map(text).unwrap_or_default()
    };
    let sure = |value: Option<f64>, low: Option<f64>, high: Option<f64>, unit: &str| {
        value.map(|value| Sure::of(low.zip(high)).with_unit(value, unit)).unwrap_or_default()
    };
    let row = |row: &CompareRow| {
        let mut metric = format!("{}/{}", row.metric, row.statistic);
        for part in [&row.scope, &row.class] {
            if part != ALL {
                metric.push(' ');
                metric.push_str(part);
            }
        }
        let cells = vec![
            metric,
            row.policy.clone(),
            sure(row.value, row.ci_low, row.ci_high, row.unit) + row.value.map_or("", |_| row.mark()),
            range(row.ci_low, row.ci_high, row.unit),
            sure(row.difference, row.difference_low, row.difference_high, row.unit),
            range(row.difference_low, row.difference_high, row.unit),
            row.p_holm.map(|p| significant(p, 2)).unwrap_or_default(),
            row.verdict.unwrap_or_default().to_owned(),
        ];
        Row { cells, strong: row.best }
    };
    Table {
        caption: "Every metric of every policy; the best of each is marked".to_owned(),
        columns: titles
            .iter()
            .map(|title| ((*title).to_owned(), !["metric", "policy", "verdict"].contains(title)))
            .collect(),
        rows: document.rows.iter().map(row).collect(),
    }
}
