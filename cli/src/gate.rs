//! What a result is held to: a precision (`--precision`) and conditions that must not hold (`--fail-if`).

use crate::failure::Failure;
use clap::Args;
use experiments::condition::{ConditionError, Subject, parse_part};
use experiments::metrics::RowKey;
use experiments::precision::{LEAST_REPLICATIONS, MOST_REPLICATIONS, Precision};
use experiments::run::MAX_REPLICATIONS;
use reports::condition::ConditionRow;

/// How sure a result must be.
#[derive(Args)]
pub struct PrecisionArgs {
    /// As many replications as it takes to know the metric to this relative error, such as 2%; exit code 5 where
    /// --max-replications are too few
    #[arg(long, value_name = "PART", conflicts_with = "replications", value_parser = precision)]
    pub precision: Option<f64>,
    /// What --precision is about; may be repeated. `METRIC [STATION] [CLASS]`, response/mean by default
    #[arg(long, value_name = "METRIC", requires = "precision")]
    pub precision_metric: Vec<String>,
    /// Replications before the precision is first looked at; 10 by default
    #[arg(long, value_name = "R", requires = "precision",
          value_parser = clap::value_parser!(u32).range(2..=i64::from(MAX_REPLICATIONS)))]
    pub min_replications: Option<u32>,
    /// Replications at which it is given up; 200 by default
    #[arg(long, value_name = "R", requires = "precision",
          value_parser = clap::value_parser!(u32).range(2..=i64::from(MAX_REPLICATIONS)))]
    pub max_replications: Option<u32>,
}

fn precision(text: &str) -> Result<f64, String> {
    parse_part(text)
        .ok()
        .filter(|part| *part > 0.0)
        .ok_or_else(|| "a precision is a part above 0 and below 100%, such as 2% or 0.02".to_owned())
}

impl PrecisionArgs {
    /// The precision that is asked for. `usual` are the numbers it is about unless some are named.
    pub fn precision(&self, usual: Vec<Subject>) -> Result<Option<Precision>, Failure> {
        let Some(relative) = self.precision else {
            // clap does not insist where --replications rules --precision out.
            let given = [
                ("--precision-metric", !self.precision_metric.is_empty()),
                ("--min-replications", self.min_replications.is_some()),
                ("--max-replications", self.max_replications.is_some()),
            ];
            return match given.iter().find(|(_, given)| *given) {
                Some((name, _)) => Err(Failure::Usage(format!("{name} says nothing without --precision"))),
                None => Ok(None),
            };
        };
        let subjects =
            if self.precision_metric.is_empty() { usual } else { subjects(&self.precision_metric)? };
        let (asked_least, asked_most) = (self.min_replications, self.max_replications);
        let least = asked_least.unwrap_or(LEAST_REPLICATIONS.min(asked_most.unwrap_or(u32::MAX)));
        let most = asked_most.unwrap_or(MOST_REPLICATIONS.max(least));
        if least > most {
            return Err(Failure::Usage(format!(
                "--min-replications {least} is more than --max-replications {most}"
            )));
        }
        Ok(Some(Precision { relative, subjects, least, most }))
    }
}

/// Numbers of a result by name.
pub fn subjects(texts: &[String]) -> Result<Vec<Subject>, Failure> {
    let parsed = texts.iter().map(|text| Subject::parse(text));
    parsed.collect::<Result<_, _>>().map_err(|error| Failure::Usage(error.to_string()))
}

/// The number that a precision is about unless another is named.
pub fn usual_subject() -> Vec<Subject> {
    Subject::parse("response/mean").into_iter().collect()
}

/// Refuses what no model of the comparison measures, before anything is run.
pub fn check(subjects: &[&Subject], keys: &[RowKey]) -> Result<(), Failure> {
    for subject in subjects {
        subject.row(keys).map_err(|error| usage(&error))?;
    }
    Ok(())
}

/// The rows that numbers are about.
pub fn held(subjects: &[&Subject], keys: &[RowKey]) -> Vec<RowKey> {
    subjects.iter().filter_map(|subject| subject.row(keys).ok()).map(|row| keys[row].clone()).collect()
}

/// A condition that makes no sense.
pub fn usage(error: &ConditionError) -> Failure {
    Failure::Usage(error.to_string())
}

/// How the command ends after its result is written: conditions that hold weigh more than what is not sure.
/// `exact`: nothing is random, and further replications would be the same.
pub fn verdict(conditions: &[ConditionRow], shortfalls: &[String], exact: bool) -> Result<(), Failure> {
    let of = |outcome: &str| {
        let rows = conditions.iter().filter(|row| row.outcome == outcome);
        let texts = rows.map(|row| {
            let remark = row.remark.as_ref().map(|remark| format!(" ({remark})")).unwrap_or_default();
            match &row.policy {
                Some(policy) => format!("{policy}: {}{remark}", row.condition),
                None => format!("{}{remark}", row.condition),
            }
        });
        texts.collect::<Vec<_>>().join("; ")
    };
    let (failed, undecided) = (of("true"), of("undecided"));
    if !failed.is_empty() {
        return Err(Failure::Verdict(format!("true, but must not be: {failed}")));
    }
    if !undecided.is_empty() {
        let why = if exact {
            "the sample is too small, jobs are unfinished, or nothing was measured; further replications would be the same"
        } else {
            "the limit lies within the interval, the sample is too small, or nothing was measured: more replications may tell"
        };
        return Err(Failure::Precision(format!("{undecided}; {why}")));
    }
    if !shortfalls.is_empty() {
        return Err(Failure::Precision(shortfalls.join("; ")));
    }
    Ok(())
}
