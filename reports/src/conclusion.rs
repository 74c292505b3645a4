//! A comparison in one sentence or three.

use crate::compare::title_of;
use crate::number::{change, estimate, fixed, with_unit};
use serde::ser::SerializeStruct as _;
use serde::{Serialize, Serializer};
use std::fmt::Write as _;

/// Who wins, by how much, how sure, and at what cost elsewhere.
#[derive(Clone, PartialEq, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each says a thing of its own about the same comparison")]
pub struct Conclusion {
    /// The metric that decides.
    pub metric: String,
    /// Where.
    pub scope: String,
    /// For which class.
    pub class: String,
    /// The metric's unit.
    pub unit: &'static str,
    /// `lower` or `higher`.
    pub better: &'static str,
    /// The best policy of those that are shown to beat the reference; the reference where none is. With one replication the
    /// policy with the best value.
    pub winner: String,
    /// Its value.
    pub value: f64,
    /// What the difference is taken from: the reference, or the next best where the reference wins.
    pub against: String,
    /// The reference.
    pub reference: String,
    /// The winner's value minus the other's.
    pub difference: f64,
    /// Half the length of the difference's interval; `None` of one replication.
    pub half_width: Option<f64>,
    /// The value that it is given in percent of.
    pub relative_to: f64,
    /// Confidence level; `None` of one replication.
    pub confidence: Option<f64>,
    /// Policies that are not shown to be worse than the winner.
    pub rivals: Vec<String>,
    /// Policies whose difference from the reference is too small to matter.
    pub no_practical_difference: Vec<String>,
    /// Where the winner is worse than `against`.
    pub costs: Vec<CostRow>,
    /// Nothing was drawn at random: the values are facts, and there is nothing to be sure of.
    pub exact: bool,
    /// The jobs behind the times, where these are exact for a log or a trace alone: a sample of its traffic.
    pub sample: Option<u64>,
    /// The metric is a percentile among the last of its sample, here or there.
    pub is_guess: bool,
    /// The metric is of jobs that were served, and the system does not keep up: nobody is called best.
    pub overloaded: bool,
    /// Some system does not keep up: in a longer run every mean is another.
    pub falls_behind: bool,
    /// What the winner and `against` leave unserved, in this order, then the others; empty where none leaves anything.
    pub unserved: Vec<UnservedRow>,
}

/// Jobs that a policy did not serve.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct UnservedRow {
    /// The policy.
    pub policy: String,
    /// Jobs released, a mean over the replications as all that follows.
    pub released: f64,
    /// Of them, still in the system at the end of the run.
    pub unfinished: f64,
    /// Turned away.
    pub lost: f64,
    /// Given up by their clients.
    pub timed_out: f64,
    /// What the deciding metric is at least, with unfinished jobs counted at their age; `None` where it is no mean or percentile of
    /// response times, or is what is shown.
    pub at_least: Option<f64>,
}

impl UnservedRow {
    /// All of them.
    pub fn total(&self) -> f64 {
        self.unfinished + self.lost + self.timed_out
    }

    /// Of those that were released.
    pub fn share(&self) -> f64 {
        if self.released > 0.0 { self.total() / self.released } else { 0.0 }
    }

    /// `lcfs leaves 3139 of 33140 jobs unserved (3139 unfinished)`.
    fn text(&self) -> String {
        // Means over replications are no whole numbers, and need not look as if they were known to a hundredth of a job.
        let count = |value: f64| if value >= 10.0 { fixed(value, 0) } else { estimate(value) };
        let kinds = [(self.unfinished, "unfinished"), (self.lost, "lost"), (self.timed_out, "timed out")];
        let kinds: Vec<String> = kinds
            .iter()
            .filter(|(value, _)| *value > 0.0)
            .map(|(value, what)| format!("{} {what}", count(*value)))
            .collect();
        if kinds.is_empty() {
            return format!("{} leaves none", self.policy);
        }
        format!(
            "{} leaves {} of {} jobs unserved ({})",
            self.policy,
            count(self.total()),
            count(self.released),
            kinds.join(", ")
        )
    }
}

/// A metric on which the winner is worse.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct CostRow {
    /// The metric.
    pub metric: String,
    /// Where.
    pub scope: String,
    /// For which class.
    pub class: String,
    /// Its unit.
    pub unit: &'static str,
    /// The winner's value minus the other's.
    pub difference: f64,
    /// Half the length of the difference's interval; `None` of one replication.
    pub half_width: Option<f64>,
    /// The value that it is given in percent of.
    pub relative_to: f64,
}

/// How the best of several policies was found.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Selection {
    /// The number that decides.
    pub metric: String,
    /// The policy that was selected.
    pub best: String,
    /// A lower bound on the probability that it is the best, or within the indifference.
    pub probability: f64,
    /// The probability that was asked for.
    pub confidence: f64,
    /// Replications over all policies.
    pub replications: u32,
    /// Replications that were not to be exceeded.
    pub budget: u32,
    /// Why it may not be the best all the same: what was left unserved. A sentence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub caveat: Option<String>,
}

impl Selection {
    /// In words.
    pub fn text(&self) -> String {
        let Selection { metric, best, replications, budget, .. } = self;
        let asked = estimate(self.confidence);
        // Rounded down, so that what is shown was reached.
        let probability = (self.probability * 1e4).floor() / 1e4;
        let caveat = self.caveat.as_ref().map(|caveat| format!(" {caveat}")).unwrap_or_default();
        let said = if self.probability >= self.confidence {
            format!(
                "{best} is the best on {metric} with a probability of at least {probability} ({asked} was asked for), after \
                 {replications} of at most {budget} replications, spread by OCBA."
            )
        } else {
            format!(
                "{best} looks best on {metric}, but with a probability of {probability} and not {asked}, after {replications} of \
                 at most {budget} replications, spread by OCBA: raise --budget, or say with --noise what makes no difference."
            )
        };
        said + &caveat
    }
}

impl Serialize for Conclusion {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_struct("Conclusion", 17)?;
        fields.serialize_field("text", &self.text())?;
        fields.serialize_field("metric", &self.metric)?;
        fields.serialize_field("scope", &self.scope)?;
        fields.serialize_field("class", &self.class)?;
        fields.serialize_field("unit", self.unit)?;
        fields.serialize_field("winner", &self.winner)?;
        fields.serialize_field("value", &self.value)?;
        fields.serialize_field("against", &self.against)?;
        fields.serialize_field("difference", &self.difference)?;
        fields.serialize_field("half_width", &self.half_width)?;
        fields.serialize_field("relative_to", &self.relative_to)?;
        fields.serialize_field("rivals", &self.rivals)?;
        fields.serialize_field("costs", &self.costs)?;
        fields.serialize_field("exact", &self.exact)?;
        fields.serialize_field("overloaded", &self.overloaded)?;
        fields.serialize_field("falls_behind", &self.falls_behind)?;
        fields.serialize_field("unserved", &self.unserved)?;
        fields.end()
    }
}

impl Conclusion {
    /// In words.
    pub fn text(&self) -> String {
        let on = title_of(&self.metric, &self.scope, &self.class);
        if self.overloaded {
            return self.nobody(&on);
        }
        let mut text = self.said(&on);
        if self.falls_behind {
            text.push_str(" The system does not keep up: this is of a run of this length, and of a longer one it is another.");
        }
        text
    }

    fn said(&self, on: &str) -> String {
        let guess = if self.is_guess {
            " The percentile is among the last of its sample: a guess beyond these jobs."
        } else {
            ""
        };
        let by = change(self.difference, self.half_width, self.relative_to, self.unit);
        if self.exact {
            let why = match self.sample {
                Some(1) => "the values are exact for this log, a sample of 1 request".to_owned(),
                Some(sample) => format!("the values are exact for this log, a sample of {sample} requests"),
                None => "nothing is random here, and the values are exact".to_owned(),
            };
            return format!(
                "{} has the best {on} of this run: {by} against {}; {why}.{guess}{}{}",
                self.winner,
                self.against,
                self.left(),
                self.elsewhere("Nothing else that was looked at is worse.")
            );
        }
        let Some(confidence) = self.confidence else {
            return format!(
                "{} has the best {on} of this one replication: {by} against {}.{guess}{}{}",
                self.winner,
                self.against,
                self.left(),
                self.elsewhere("Nothing else that was looked at is worse.")
            );
        };
        let sure = format!("at {} % confidence", estimate(confidence * 100.0));
        let rivals = list(&self.rivals);
        if self.winner == self.reference && !self.rivals.is_empty() {
            let small = self.rivals.iter().all(|rival| self.no_practical_difference.contains(rival));
            return if small {
                format!(
                    "No policy beats {} on {on}: {rivals} make no practical difference, {sure}.",
                    self.winner
                )
            } else {
                format!(
                    "No policy is shown to beat {} on {on}: between it and {rivals} no difference is shown {sure}; more \
                     replications may tell.",
                    self.winner
                )
            };
        }
        let next = if self.winner == self.reference { ", the next best" } else { "" };
        let wins = if self.leaves_more() { "has the better" } else { "wins on" };
        let mut text =
            format!("{} {wins} {on}: {by} against {}{next}, {sure}.{guess}", self.winner, self.against);
        text.push_str(&self.left());
        if !self.rivals.is_empty() {
            let _ = write!(text, " Between it and {rivals} no difference is shown.");
        }
        text.push_str(&self.elsewhere("It is not shown to be worse on anything else that was looked at."));
        text
    }

    /// Nobody is called best: what is left unserved, and what the metric is at least.
    fn nobody(&self, on: &str) -> String {
        /// Policies that are named; all are in the JSON document.
        const NAMED: usize = 4;
        let named = &self.unserved[..self.unserved.len().min(NAMED)];
        let left: Vec<String> = named.iter().map(UnservedRow::text).collect();
        let mut text = format!(
            "No policy is called best on {on}, which is of served jobs alone: the system does not keep up, and {}.",
            list(&left)
        );
        let least: Option<Vec<String>> = named
            .iter()
            .map(|row| Some(format!("{} under {}", with_unit(row.at_least?, self.unit), row.policy)))
            .collect();
        if let Some(least) = least.filter(|least| !least.is_empty()) {
            let _ =
                write!(text, " With unfinished jobs counted at their age it is at least {}.", list(&least));
        }
        text
    }

    /// Whether the winner leaves so many more unserved that it cannot be said to win.
    fn leaves_more(&self) -> bool {
        /// Of the jobs.
        const SHARE: f64 = 0.01;
        matches!(self.unserved.as_slice(), [mine, other, ..] if mine.share() > other.share() + SHARE)
    }

    /// What is left unserved, where the winner leaves more.
    fn left(&self) -> String {
        match self.unserved.as_slice() {
            [mine, other, ..] if mine.total() > other.total() => {
                format!(" That is of served jobs: {}, {}.", mine.text(), other.text())
            }
            _ => String::new(),
        }
    }

    fn elsewhere(&self, nothing: &str) -> String {
        /// Costs named one by one; all are in the JSON document.
        const NAMED: usize = 4;
        if self.costs.is_empty() {
            return format!(" {nothing}");
        }
        let mut named: Vec<String> = self
            .costs
            .iter()
            .take(NAMED)
            .map(|cost| {
                let by = change(cost.difference, cost.half_width, cost.relative_to, cost.unit);
                format!("{} ({by})", title_of(&cost.metric, &cost.scope, &cost.class))
            })
            .collect();
        if self.costs.len() > NAMED {
            named.push(format!("{} more", self.costs.len() - NAMED));
        }
        format!(" It is worse on {}.", list(&named))
    }
}

/// `a`, `a and b`, `a, b and c`.
fn list(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// Breaks text into lines of at most `width` characters at spaces.
pub(crate) fn wrapped(text: &str, width: usize) -> String {
    let (mut out, mut column) = (String::new(), 0);
    for word in text.split(' ') {
        let length = word.chars().count();
        if column > 0 && column + 1 + length > width {
            out.push('\n');
            column = 0;
        } else if column > 0 {
            out.push(' ');
            column += 1;
        }
        out.push_str(word);
        column += length;
    }
    out.push('\n');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn conclusion() -> Conclusion {
        Conclusion {
            metric: "response/p99".into(),
            scope: "all".into(),
            class: "all".into(),
            unit: "ns",
            better: "lower",
            winner: "srpt".into(),
            value: 412e6,
            against: "fcfs".into(),
            reference: "fcfs".into(),
            difference: -254e6,
            half_width: Some(6e6),
            relative_to: 666e6,
            confidence: Some(0.95),
            rivals: Vec::new(),
            no_practical_difference: Vec::new(),
            exact: false,
            sample: None,
            is_guess: false,
            overloaded: false,
            falls_behind: false,
            unserved: Vec::new(),
            costs: vec![
                CostRow {
                    metric: "response/max".into(),
                    scope: "all".into(),
                    class: "all".into(),
                    unit: "ns",
                    difference: 2.12e9,
                    half_width: Some(4e8),
                    relative_to: 1e9,
                },
                CostRow {
                    metric: "jobs/lost".into(),
                    scope: "all".into(),
                    class: "page".into(),
                    unit: "jobs",
                    difference: 3.0,
                    half_width: Some(1.0),
                    relative_to: 0.0,
                },
            ],
        }
    }

    #[test]
    fn the_closing_words_say_who_and_by_how_much_and_at_what_cost() {
        let c = conclusion();
        assert_eq!(
            c.text(),
            "srpt wins on response/p99: -38.1 % +/- 0.9 against fcfs, at 95 % confidence. It is worse on response/max \
             (+212 % +/- 40) and jobs/lost page (+3 +/- 1)."
        );
        let rival = Conclusion { rivals: vec!["sjf".into()], costs: Vec::new(), ..c.clone() };
        assert_eq!(
            rival.text(),
            "srpt wins on response/p99: -38.1 % +/- 0.9 against fcfs, at 95 % confidence. Between it and sjf no difference \
             is shown. It is not shown to be worse on anything else that was looked at."
        );
        let open = Conclusion {
            winner: "fcfs".into(),
            against: "sjf".into(),
            rivals: vec!["sjf".into(), "las".into()],
            ..c.clone()
        };
        assert_eq!(
            open.text(),
            "No policy is shown to beat fcfs on response/p99: between it and sjf and las no difference is shown at 95 % \
             confidence; more replications may tell."
        );
        let small = Conclusion { no_practical_difference: open.rivals.clone(), ..open };
        assert_eq!(
            small.text(),
            "No policy beats fcfs on response/p99: sjf and las make no practical difference, at 95 % confidence."
        );
        let once = Conclusion { confidence: None, half_width: None, costs: Vec::new(), ..c };
        assert_eq!(
            once.text(),
            "srpt has the best response/p99 of this one replication: -38.1 % against fcfs. Nothing else that was looked at \
             is worse."
        );
    }

    #[test]
    fn lines_break_at_spaces() {
        assert_eq!(wrapped("aa bb cc", 5), "aa bb\ncc\n");
        assert_eq!(wrapped("aaaaaaa b", 5), "aaaaaaa\nb\n");
    }
}
