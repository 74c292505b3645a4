//! CSV in long form, of `run`, `compare` and sweeps, one row after the other: memory does not grow with the file.

use super::{UNITS, word};
use std::io::Read;

/// Columns that are no swept parameters.
const KNOWN: [&str; 17] = [
    "scenario",
    "policy",
    "replication",
    "metric",
    "statistic",
    "scope",
    "class",
    "value",
    "unit",
    "n",
    "ci_low",
    "ci_high",
    "mean",
    "half_width",
    "confidence",
    "method",
    "above",
];
/// Columns that a file must have.
const NEEDED: [&str; 7] = ["scenario", "policy", "metric", "statistic", "scope", "class", "unit"];

/// One row of a result file.
#[derive(Clone, PartialEq, Debug)]
pub struct ResultRow<'r> {
    /// The scenario.
    pub scenario: &'r str,
    /// The policy.
    pub policy: &'r str,
    /// The values of the swept parameters, in the order of their columns; empty: the scenario's own.
    pub values: Vec<&'r str>,
    /// The replication, 1-based; `None` in a summary over replications.
    pub replication: Option<u64>,
    /// What was measured.
    pub metric: &'r str,
    /// Which statistic of it.
    pub statistic: &'r str,
    /// Where.
    pub scope: &'r str,
    /// For which class.
    pub class: &'r str,
    /// The number; in a summary the mean.
    pub value: Option<f64>,
    /// Its unit.
    pub unit: &'static str,
    /// Replications behind it.
    pub n: u64,
    /// Lower end of the interval.
    pub low: Option<f64>,
    /// Upper end of the interval.
    pub high: Option<f64>,
    /// Of a percentile: how many values lie beyond its rank.
    pub above: Option<u64>,
}

/// Reads a result file and hands each row on; returns the names of the swept parameters.
///
/// # Errors
/// What is wrong with the file, with its line.
pub fn results(reader: impl Read, each: &mut dyn FnMut(&ResultRow<'_>)) -> Result<Vec<String>, String> {
    let mut csv = csv::ReaderBuilder::new().from_reader(reader);
    let header = csv.headers().map_err(|error| error.to_string())?.clone();
    // A mark of byte order in front of the first name is none of it.
    let names: Vec<&str> = header.iter().map(|name| name.trim_start_matches('\u{FEFF}')).collect();
    let find = |name: &str| names.iter().position(|known| *known == name);
    if let Some(missing) = NEEDED.iter().find(|name| find(name).is_none()) {
        return Err(format!("there is no column `{missing}`: this is no result of DispatchLab in long form"));
    }
    let Some(value) = find("value").or(find("mean")) else {
        return Err("there is no column `value` or `mean`".to_owned());
    };
    let parameters: Vec<usize> = (0..names.len()).filter(|at| !KNOWN.contains(&names[*at])).collect();
    let place = |name: &str| find(name).unwrap_or(usize::MAX);
    let [scenario, policy, metric, statistic, scope, class, unit] = NEEDED.map(place);
    let [replication, n, low, high, above] = ["replication", "n", "ci_low", "ci_high", "above"].map(place);
    let mut record = csv::StringRecord::new();
    loop {
        match csv.read_record(&mut record) {
            Ok(true) => {}
            Ok(false) => break,
            Err(error) => return Err(error.to_string()),
        }
        let line = record.position().map_or(0, csv::Position::line);
        let text = |at: usize| record.get(at).unwrap_or_default();
        let number = |at: usize| match text(at) {
            "" => Ok(None),
            other => match other.parse::<f64>() {
                Ok(value) if value.is_finite() => Ok(Some(value)),
                _ => Err(format!("line {line}: `{other}` is no number")),
            },
        };
        let whole = |at: usize| match text(at) {
            "" => Ok(None),
            other => {
                other.parse().map(Some).map_err(|_| format!("line {line}: `{other}` is no whole number"))
            }
        };
        each(&ResultRow {
            scenario: text(scenario),
            policy: text(policy),
            values: parameters.iter().map(|at| text(*at)).collect(),
            replication: whole(replication)?,
            metric: text(metric),
            statistic: text(statistic),
            scope: text(scope),
            class: text(class),
            value: number(value)?,
            unit: word(text(unit), &UNITS)
                .ok_or_else(|| format!("line {line}: `{}` is no unit of DispatchLab", text(unit)))?,
            n: whole(n)?.unwrap_or(1),
            low: number(low)?,
            high: number(high)?,
            above: whole(above)?,
        });
    }
    Ok(parameters.iter().map(|at| names[*at].to_owned()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<(Vec<String>, Vec<String>), String> {
        let mut rows = Vec::new();
        let names =
            results(text.as_bytes(), &mut |row| rows.push(format!("{:?} {:?}", row.values, row.value)))?;
        Ok((names, rows))
    }

    #[test]
    fn columns_that_are_not_known_are_parameters() {
        let text = "scenario,policy,web.count,replication,metric,statistic,scope,class,value,unit,n,ci_low,ci_high\n\
                    shop,fcfs,4,1,response,p99,all,all,1000,ns,1,,\nshop,fcfs,,2,response,p99,all,all,,ns,1,,\n";
        let (names, rows) = read(text).expect("it is one");
        assert_eq!(names, ["web.count"]);
        assert_eq!(rows, ["[\"4\"] Some(1000.0)", "[\"\"] None"]);
    }

    #[test]
    fn what_is_wrong_is_said_with_its_line() {
        let head = "scenario,policy,replication,metric,statistic,scope,class,value,unit\n";
        for (text, said) in [
            ("", "there is no column `scenario`"),
            ("a,b\n1,2\n", "there is no column `scenario`"),
            (&format!("{head}s,p,1,m,s,all,all,x,ns\n"), "line 2: `x` is no number"),
            (&format!("{head}s,p,1,m,s,all,all,inf,ns\n"), "line 2: `inf` is no number"),
            (&format!("{head}s,p,1.5,m,s,all,all,1,ns\n"), "line 2: `1.5` is no whole number"),
            (&format!("{head}s,p,1,m,s,all,all,1,parsec\n"), "line 2: `parsec` is no unit"),
            (&format!("{head}s,p,1\n"), "line: 2"),
        ] {
            let error = read(text).expect_err(said);
            assert!(error.contains(said), "{error}");
        }
    }
}
