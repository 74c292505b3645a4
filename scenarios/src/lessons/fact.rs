//! What a lesson states, to be checked by running it.
//!
//! ```toml
//! [[fact]]
//! name = "fcfs"                        # `{fcfs}` in the text is `17 ms`
//! run = "open=tasks&policy=fcfs"       # as in a link; default: what the lesson opens, as it is
//! metric = "waiting/mean"              # and scope, class; or job = "P2" with a metric of one job
//! is = "17ms"                          # exactly; or rounded = "8.67ms"; or:
//! # within = ["9ms", "11ms"]           # the whole confidence interval over ...
//! # replications = 20
//! # says = "10ms"                      # what the text says then
//! # twin = "open=tasks&policy=sjf"     # a run for which the same must be wrong
//! # over = "other"                     # the ratio to the number of another fact, replication by replication
//! ```

use super::folder::Folder;
use super::link::{self, Step};
use super::{UnitOf, amount};
use crate::diagnostic::{Diagnostic, Place, Sink, did_you_mean_or_list};
use crate::input::Input;
use crate::keys::{Key, Kind, Table};
use crate::options::Options;
use crate::reader::{self, Fields};
use crate::tree;
use std::collections::BTreeMap;

/// The file of facts.
pub(crate) const FILE: &str = "facts.toml";

/// Metrics of a single job, with their units; `missed` is 1 where it missed its deadline, else 0.
pub const JOB_METRICS: &[(&str, &str)] = &[
    ("first_run", "ns"),
    ("finish", "ns"),
    ("response", "ns"),
    ("waiting", "ns"),
    ("first_response", "ns"),
    ("overhead", "ns"),
    ("preemptions", ""),
    ("migrations", ""),
    ("missed", ""),
];

/// What is run for a fact: as if a link had opened it.
#[derive(Clone, Debug)]
pub struct Run {
    /// The input.
    pub input: Input,
    /// What goes over it.
    pub options: Options,
    /// As it was written: `open=tasks&policy=fcfs`; empty where it is what the lesson opens.
    pub text: String,
}

/// One job of a task list or source.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct JobOf {
    /// The name of the task.
    pub task: String,
    /// Which of its jobs, from 1.
    pub number: u64,
}

/// What is expected, in the unit of the metric.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Expect {
    /// Exactly this.
    Exactly(f64),
    /// This, rounded: at most `half` away.
    Rounded {
        /// What it rounds to.
        value: f64,
        /// Half of one in the last digit.
        half: f64,
    },
    /// The confidence interval of the mean over replications lies within these.
    Within {
        /// From.
        low: f64,
        /// To.
        high: f64,
    },
}

/// Something that a lesson states.
#[derive(Clone, Debug)]
pub struct Fact {
    /// Its name, as the text has it in braces.
    pub name: String,
    /// What is run.
    pub run: Run,
    /// `metric/statistic`, or one of [`JOB_METRICS`] where [`Fact::job`] is there.
    pub metric: String,
    /// The unit of the metric: `ns`, `1/s`, or something that needs none.
    pub unit: &'static str,
    /// The station that is meant; `None`: all.
    pub scope: Option<String>,
    /// The class that is meant; `None`: all.
    pub class: Option<String>,
    /// The job that is meant.
    pub job: Option<JobOf>,
    /// How often it is run.
    pub replications: u32,
    /// The fact whose number this one is divided by.
    pub over: Option<String>,
    /// What is expected.
    pub expect: Expect,
    /// What the text says, as written: `8.67ms`.
    pub says: String,
    /// A run for which the same expectation must fail.
    pub twin: Option<Run>,
}

const fn key(name: &'static str, kind: Kind, required: bool, help: &'static str) -> Key {
    Key { name, kind, required, help }
}

static ROOT: Table = Table {
    name: "a file of facts",
    keys: &[key("fact", Kind::Text, true, "what the lesson states: [[fact]]")],
    either: false,
};

static FACT: Table = Table {
    name: "a fact",
    keys: &[
        key("name", Kind::Text, true, "what the text calls it in braces"),
        key("run", Kind::Text, false, "what is run, as in a link: \"open=tasks&policy=fcfs\""),
        key("metric", Kind::Text, true, "metric/statistic, or with `job` one of a job"),
        key("scope", Kind::Text, false, "the station that is meant"),
        key("class", Kind::Text, false, "the class that is meant"),
        key("job", Kind::Text, false, "a task, or a task and the number of its job: \"P1 2\""),
        key("replications", Kind::Integer { min: 1, max: 10_000 }, false, "how often it is run; default 1"),
        key("is", Kind::Text, false, "exactly this"),
        key("rounded", Kind::Text, false, "this, rounded to its last digit"),
        key("within", Kind::Text, false, "the interval over replications lies between these two"),
        key("says", Kind::Text, false, "what the text says; needed with `within`"),
        key("over", Kind::Text, false, "a fact before it, whose number this one is divided by"),
        key("twin", Kind::Text, false, "a run for which the same must be wrong; needed with `within`"),
    ],
    either: false,
};

/// Reads the facts of a folder.
pub(super) fn read(
    folder: &Folder,
    opens: Option<&str>,
    inputs: &BTreeMap<String, Input>,
    unit_of: UnitOf<'_>,
    found: &mut Vec<Diagnostic>,
) -> Vec<Fact> {
    let Some(text) = folder.files.get(FILE) else {
        let help = "a lesson states facts, so that they can be checked";
        found.extend(super::whole(&folder.name(FILE), "S090", "there is no such file", help));
        return Vec::new();
    };
    let mut sink = Sink::new(&folder.name(FILE));
    let mut facts: Vec<Fact> = Vec::new();
    let (root, broken) = tree::parse(text, &mut sink);
    let root = (!broken).then(|| reader::open(&root, &ROOT, &mut sink)).flatten();
    // Without what the lesson opens nothing can be run; that is told already.
    if let (Some(root), Some(opens)) = (root, opens)
        && let Some(list) = root.get("fact").and_then(|node| reader::array(node, "fact", &mut sink))
    {
        for node in list {
            if let Some(fields) = reader::open(node, &FACT, &mut sink) {
                let mut reader = Reader { fields, opens, inputs, unit_of, sink: &mut sink };
                facts.extend(reader.fact(&facts));
            }
        }
    }
    found.extend(sink.finish().0);
    facts
}

struct Reader<'a, 's> {
    fields: Fields<'a>,
    opens: &'a str,
    inputs: &'a BTreeMap<String, Input>,
    unit_of: UnitOf<'a>,
    sink: &'s mut Sink,
}

impl Reader<'_, '_> {
    fn text(&mut self, name: &str) -> Option<String> {
        self.fields.text(name, self.sink).map(|text| text.trim().to_owned())
    }

    fn wrong<T>(&mut self, key: &str, message: impl Into<String>, help: &str) -> Option<T> {
        let place = self.fields.place(key);
        self.sink
            .error("S093", place, message)
            .help_if(|| Some(help.to_owned()).filter(|help| !help.is_empty()));
        None
    }

    fn fact(&mut self, before: &[Fact]) -> Option<Fact> {
        let name = self.text("name")?;
        let is_name = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if name.is_empty() || !name.chars().all(is_name) {
            return self.wrong("name", format!("`{name}` is no name"), "small letters, digits and `-`");
        }
        if before.iter().any(|fact| fact.name == name) {
            return self.wrong("name", format!("the fact `{name}` is there twice"), "");
        }
        let run = match self.text("run") {
            Some(text) => self.run("run", &text)?,
            None => self.run("run", "")?,
        };
        let job = self.job();
        let (metric, unit) = self.metric(job.is_some())?;
        let replications = self.fields.integer("replications", self.sink).unwrap_or(1) as u32;
        let over = self.text("over");
        if let Some(over) = &over {
            let of = before.iter().find(|fact| fact.name == *over);
            let names: Vec<&str> = before.iter().map(|fact| &*fact.name).collect();
            let Some(of) = of else {
                let help = did_you_mean_or_list(over, "before it are", &names).unwrap_or_default();
                return self.wrong("over", format!("there is no fact `{over}` before it"), &help);
            };
            if of.replications != replications || of.over.is_some() {
                let message = format!("`{over}` is not a number of as many replications");
                return self.wrong(
                    "over",
                    message,
                    "both have the same `replications`, and one `over` is enough",
                );
            }
        }
        let measured = if over.is_some() { "" } else { unit };
        let (expect, says) = self.expect(measured, replications)?;
        let twin = match self.text("twin") {
            Some(text) => Some(self.run("twin", &text)?),
            None if matches!(expect, Expect::Within { .. }) => {
                let message = format!("`{name}` has no `twin`: it is not known that it could fail");
                let help = "name a run, of another policy for instance, for which the same is wrong";
                return self.wrong("within", message, help);
            }
            None => None,
        };
        let (scope, class) = (self.text("scope"), self.text("class"));
        Some(Fact { name, run, metric, unit, scope, class, job, replications, over, expect, says, twin })
    }

    fn run(&mut self, key: &str, text: &str) -> Option<Run> {
        let place = self.fields.place(key);
        let inside = |part: std::ops::Range<usize>| {
            // Of a plain string the place is that of its quotes too.
            let plain = place.end - place.start == text.len() + 2;
            if plain { place.part(part.start + 1..part.end + 1) } else { place }
        };
        let steps = if text.is_empty() { Ok(Vec::new()) } else { link::parse(text) };
        let steps = match steps {
            Ok(steps) => steps,
            Err(bad) => {
                self.sink.error("S091", inside(bad.part), bad.message).help_if(|| bad.help);
                return None;
            }
        };
        if steps.iter().any(|step| !matches!(step, Step::Open(_) | Step::Set(_))) {
            let message = "only what is opened and set makes a difference to a fact";
            self.sink.error("S091", place, message).help("open, policy, set, seed and options such as cores");
            return None;
        }
        if let Err((message, help)) = link::check(&steps, self.inputs, self.opens, "") {
            self.sink.error("S091", place, message).help_if(|| help);
            return None;
        }
        let (input, options) = link::setting(&steps, self.inputs, self.opens).ok()?;
        Some(Run { input: input.into_owned(), options, text: text.to_owned() })
    }

    fn job(&mut self) -> Option<JobOf> {
        let text = self.text("job")?;
        let split = text.rsplit_once(' ').and_then(|(task, number)| Some((task, number.parse().ok()?)));
        let (task, number) = split.unwrap_or((&text, 1));
        Some(JobOf { task: task.to_owned(), number })
    }

    fn metric(&mut self, of_job: bool) -> Option<(String, &'static str)> {
        let text = self.text("metric")?;
        if of_job {
            let names: Vec<&str> = JOB_METRICS.iter().map(|(name, _)| *name).collect();
            let found = JOB_METRICS.iter().find(|(name, _)| *name == text);
            let Some((_, unit)) = found else {
                let help = did_you_mean_or_list(&text, "there are", &names).unwrap_or_default();
                return self.wrong("metric", format!("`{text}` is no metric of one job"), &help);
            };
            return Some((text, unit));
        }
        match (self.unit_of)(&text) {
            Ok(unit) => Some((text, unit)),
            Err(message) => {
                let place = self.fields.place("metric");
                self.sink.error("S083", place, message);
                None
            }
        }
    }

    fn expect(&mut self, unit: &str, replications: u32) -> Option<(Expect, String)> {
        let given: Vec<&str> =
            ["is", "rounded", "within"].into_iter().filter(|key| self.fields.get(key).is_some()).collect();
        let [key] = given.as_slice() else {
            let place = self.fields.node.place;
            self.sink.error("S093", place, "a fact has one of `is`, `rounded` and `within`");
            return None;
        };
        let key = *key;
        if key == "within" {
            return self.within(unit);
        }
        if replications > 1 {
            let help = "of replications the interval is known, which lies `within` two numbers";
            return self.wrong("replications", format!("`{key}` is for a single run"), help);
        }
        let text = self.text(key)?;
        let amount = self.amount(self.fields.place(key), &text, unit)?;
        let says = self.text("says").unwrap_or_else(|| text.clone());
        let expect = match key {
            "is" => Expect::Exactly(amount.value),
            // Half of the last digit, and what floats lose.
            _ => Expect::Rounded { value: amount.value, half: amount.step * 0.500_001 },
        };
        Some((expect, says))
    }

    fn within(&mut self, unit: &str) -> Option<(Expect, String)> {
        let node = self.fields.get("within")?;
        let items = reader::array(node, "within", self.sink)?;
        let texts: Vec<(&str, Place)> =
            items.iter().filter_map(|item| Some((item.as_text()?, item.place))).collect();
        let [(low, low_place), (high, high_place)] = texts.as_slice() else {
            return self.wrong("within", "`within` is two numbers", "within = [\"9ms\", \"11ms\"]");
        };
        let low = self.amount(*low_place, low, unit)?.value;
        let high = self.amount(*high_place, high, unit)?.value;
        let Some(says) = self.text("says") else {
            return self.wrong(
                "within",
                "with `within` the fact needs `says`",
                "the number that the text has",
            );
        };
        let said = self.amount(self.fields.place("says"), &says, unit)?.value;
        if !(low <= said && said <= high) {
            return self.wrong("says", format!("`{says}` is not within the two numbers"), "");
        }
        Some((Expect::Within { low, high }, says))
    }

    fn amount(&mut self, place: Place, text: &str, unit: &str) -> Option<amount::Amount> {
        match amount::parse(text, unit) {
            Ok(amount) => Some(amount),
            Err(message) => {
                self.sink.error("S093", place, message);
                None
            }
        }
    }
}
