//! Sweep plans: a scenario, the policies and parameter points to run it with, and how often.
//!
//! ```toml
//! scenario = "web-shop"                       # a file beside the plan, a library scenario, or [scenario] with its keys
//! replications = 10
//! policies = ["lb=round-robin", "lb=least-connections"]
//! metrics = ["response/mean", "response/p99"]
//!
//! [grid]                                      # every combination
//! "web.count" = { from = 4, to = 12, step = 2 }
//! "visitors.arrivals.poisson" = ["1000/s", "1400/s"]
//!
//! [[point]]                                   # and single points besides
//! "web.count" = 40
//! ```
//!
//! A **point** sets some paths of the scenario, as `--set` does; a **cell** is one replication of one point under one
//! policy. Points of the grid come first, the last path changing fastest, then the single points in their order. Mistakes in
//! a point are shown where the plan has its value.

mod keys;
mod range;
mod read;

use crate::Loaded;
use crate::diagnostic::{Diagnostic, Place, Severity, Sink};
use crate::input::{Input, InputKind};
use crate::options::{Options, PolicyOption};
use crate::tree::Node;
use std::collections::BTreeSet;

#[cfg(feature = "files")]
pub use read::scenario_beside;
/// Whether a text is a plan: it names a scenario, which no scenario does.
pub fn is_plan(input: &Input) -> bool {
    input.kind == InputKind::Scenario
        && input.as_str().and_then(|text| text.parse::<toml::Table>().ok()).is_some_and(|table| {
            table.contains_key("scenario") && !["class", "source"].iter().any(|key| table.contains_key(*key))
        })
}

/// A plan that comes with the program, by its name: `sweeps/reference` or `reference`.
pub fn library(name: &str) -> Option<Input> {
    let (full, text) =
        LIBRARY.iter().find(|(full, _)| *full == name || full.strip_prefix("sweeps/") == Some(name))?;
    Some(Input::from_text(*full, InputKind::Scenario, *text))
}

/// The plans that come with the program.
pub static LIBRARY: &[(&str, &str)] =
    &[("sweeps/reference", include_str!("../../library/sweeps/reference.toml"))];

pub(crate) use keys::PLAN;
pub(crate) use range::RANGE;
pub(crate) use read::OPTIONS;
pub use read::{MetricCheck, ScenarioOf, read};

/// More cells than this are refused.
pub const CELLS_MAX: u64 = 10_000_000;
/// More models, policies times points, are refused: each is compiled before anything runs.
pub const MODELS_MAX: u64 = 1_000_000;
/// Most shards.
pub const SHARDS_MAX: u32 = 100_000;

/// A value of a path.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Value {
    /// As results show it: the text of a string, anything else as written.
    shown: String,
    /// The texts of a list.
    items: Option<Vec<String>>,
    /// As TOML.
    toml: String,
    /// Where it stands in the plan.
    place: Place,
    /// That place holds this value, not a range of them.
    exact: bool,
}

/// A path that the points set: a column of the results.
#[derive(Clone, Debug)]
struct Axis {
    /// `web.count`, or an option such as `--cores`.
    path: String,
    /// Where it stands first.
    place: Place,
}

/// One alternative of `policies`: one policy or several for different stations.
#[derive(Clone, Debug)]
struct Choice {
    label: String,
    policies: Vec<(PolicyOption, Place)>,
}

/// A path and its value in every cell.
#[derive(Clone, Debug)]
struct Constant {
    path: String,
    place: Place,
    value: Value,
}

/// A plan that has been read. Whether its points make models is only known when they are [loaded](SweepPlan::load).
#[derive(Clone, Debug)]
pub struct SweepPlan {
    input: Input,
    scenario: Input,
    /// Of a scenario file or of `[scenario]`.
    root: Option<Node>,
    inline: bool,
    scenario_text: String,
    policies: Vec<Choice>,
    axes: Vec<Axis>,
    /// The values of the first axes; empty: there is no grid.
    grid: Vec<Vec<Value>>,
    /// One value an axis, `None` where the scenario's own stays.
    points: Vec<Vec<Option<Value>>>,
    constants: Vec<Constant>,
    /// Root of the random streams of all cells; `None`: the scenario's.
    pub seed: Option<u64>,
    /// Replications of each policy and point, from 1.
    pub replications: u32,
    /// Into how many shards the cells are cut; `None`: not said.
    pub shards: Option<u32>,
    /// Metrics to keep, as written; empty: all.
    pub metrics: Vec<String>,
    /// Take a digest of the order of events of each cell.
    pub digest: bool,
    /// Confidence level of the intervals of the summary, in (0, 1).
    pub confidence: f64,
    /// A cell fails after this many events.
    pub max_events: Option<u64>,
    /// A cell fails when more jobs than this are in the system at once.
    pub max_jobs: Option<u64>,
}

impl SweepPlan {
    /// The plan's file, as it was named.
    pub fn name(&self) -> &str {
        &self.input.name
    }

    /// The plan's text.
    pub fn text(&self) -> &str {
        self.input.as_str().unwrap_or_default()
    }

    /// The scenario; `None` where it stands in the plan itself.
    pub fn scenario(&self) -> Option<&Input> {
        (!self.inline).then_some(&self.scenario)
    }

    /// The scenario as the plan names it; empty where it stands in the plan itself.
    pub fn scenario_name(&self) -> &str {
        &self.scenario_text
    }

    /// The paths that points set, in the order of the results' columns.
    pub fn axes(&self) -> impl ExactSizeIterator<Item = &str> {
        self.axes.iter().map(|axis| axis.path.as_str())
    }

    /// The paths that have one value in all cells, with it, as results show it.
    pub fn constants(&self) -> impl Iterator<Item = (&str, &str)> {
        self.constants.iter().map(|constant| (constant.path.as_str(), constant.value.shown.as_str()))
    }

    /// Every value of a path, as results show it.
    pub fn values_of(&self, axis: usize) -> impl Iterator<Item = &str> + Clone {
        let grid = self.grid.get(axis).into_iter().flatten();
        let single = self.points.iter().filter_map(move |point| point[axis].as_ref());
        grid.chain(single).map(|value| value.shown.as_str())
    }

    /// How many policies there are; 1 where the plan leaves them to the scenario.
    pub fn policies(&self) -> u64 {
        self.policies.len().max(1) as u64
    }

    /// A policy as the plan writes it; `None` where it leaves them to the scenario.
    pub fn policy(&self, index: u64) -> Option<&str> {
        self.policies.get(index as usize).map(|choice| choice.label.as_str())
    }

    /// How many points there are; at least 1.
    pub fn points(&self) -> u64 {
        self.grid_points() + self.points.len() as u64
    }

    /// How many cells there are.
    pub fn cells(&self) -> u64 {
        self.policies() * self.points() * u64::from(self.replications)
    }

    /// The values of a point as results show them, one a path; `None` where the scenario's own stays.
    pub fn point(&self, index: u64) -> Vec<Option<&str>> {
        self.values(index).into_iter().map(|value| value.map(|value| value.shown.as_str())).collect()
    }

    /// A policy and a point in words: `lb=random web.count=4`.
    pub fn describe(&self, policy: u64, point: u64) -> String {
        let values = self.point(point);
        let parts =
            self.axes().zip(&values).filter_map(|(path, value)| Some(format!("{path}={}", (*value)?)));
        self.policy(policy).map(str::to_owned).into_iter().chain(parts).collect::<Vec<_>>().join(" ")
    }

    /// Points of the grid. A plan without grid and points has one point, which sets nothing.
    fn grid_points(&self) -> u64 {
        if self.grid.is_empty() {
            return u64::from(self.points.is_empty());
        }
        self.grid.iter().fold(1, |count: u64, values| count.saturating_mul(values.len() as u64))
    }

    fn values(&self, index: u64) -> Vec<Option<&Value>> {
        let grid = self.grid_points();
        if let Some(point) = index.checked_sub(grid) {
            return self.points[point as usize].iter().map(Option::as_ref).collect();
        }
        let mut values = vec![None; self.axes.len()];
        let mut rest = index;
        for (axis, all) in self.grid.iter().enumerate().rev() {
            values[axis] = Some(&all[(rest % all.len() as u64) as usize]);
            rest /= all.len() as u64;
        }
        values
    }

    /// The model of one policy and one point.
    ///
    /// # Errors
    /// Every mistake, those of values and policies in the text of the plan, the others in that of the scenario.
    pub fn load(&self, policy: u64, point: u64) -> Result<Loaded, Vec<Diagnostic>> {
        let (options, origins) = self.options(policy, point);
        match crate::load_tree(&self.scenario, self.root.as_ref(), &options) {
            Ok(loaded) => {
                let warnings = self.placed(loaded.warnings, &origins);
                Ok(Loaded { warnings, ..loaded })
            }
            Err(found) => Err(self.placed(found, &origins)),
        }
    }

    /// Loads every model once and hands it out. All mistakes are returned, each once; `watch` sees how many of how many
    /// models are done.
    ///
    /// # Errors
    /// The mistakes of all models, with the policy and point they were first seen with where their place does not tell.
    pub fn check(
        &self,
        mut each: impl FnMut(u64, u64, Loaded),
        watch: &dyn Fn(u64, u64),
    ) -> Result<(), Vec<Diagnostic>> {
        let (mut found, mut seen) = (Vec::new(), BTreeSet::new());
        let models = self.policies() * self.points();
        for model in 0..models {
            let (policy, point) = (model / self.points(), model % self.points());
            match self.load(policy, point) {
                Ok(loaded) => each(policy, point, loaded),
                Err(mistakes) => {
                    for mut mistake in mistakes {
                        let key = (
                            mistake.file.clone(),
                            mistake.span.clone().map(|s| (s.start, s.end)),
                            mistake.code,
                        );
                        if !seen.insert(key) {
                            continue;
                        }
                        let context = self.describe(policy, point);
                        let told = self.tells(&mistake);
                        if !told && !context.is_empty() && models > 1 {
                            mistake.message = format!("{} (with {context})", mistake.message);
                        }
                        found.push(mistake);
                    }
                    // Each would be shown; what follows is more of the same.
                    if found.len() > 100 {
                        break;
                    }
                }
            }
            watch(model + 1, models);
        }
        if found.is_empty() { Ok(()) } else { Err(found) }
    }

    /// Whether the place of a mistake says which value it is about; of a range the message does.
    fn tells(&self, mistake: &Diagnostic) -> bool {
        let Some(span) = mistake.span.as_ref().filter(|_| mistake.file == self.input.name) else {
            return false;
        };
        let within = |place: &Place| place.source == 0 && span.start >= place.start && span.end <= place.end;
        !self.inline
            || self.grid.iter().flatten().any(|value| within(&value.place))
            || self.points.iter().flatten().flatten().any(|value| within(&value.place))
            || self.axes.iter().any(|axis| within(&axis.place))
            || self.policies.iter().flat_map(|choice| &choice.policies).any(|(_, place)| within(place))
            || self.constants.iter().any(|constant| within(&constant.value.place) || within(&constant.place))
    }

    /// The texts that diagnostics of this plan may point into, for [`render`](crate::render).
    pub fn texts(&self) -> Vec<(&str, &str)> {
        let mut texts = self.input.texts();
        texts.extend(self.scenario.texts());
        texts
    }

    fn options(&self, policy: u64, point: u64) -> (Options, Vec<Origin<'_>>) {
        let mut options = Options { seed: self.seed, ..Options::default() };
        let mut origins = Vec::new();
        for (policy, place) in self.policies.get(policy as usize).into_iter().flat_map(|c| &c.policies) {
            options.policies.push(policy.clone());
            origins.push(Origin { option: "--policy", path: None, place: *place, value: None });
        }
        let values = self.values(point);
        let constants = self.constants.iter().map(|c| (c.path.as_str(), c.place, &c.value));
        let swept = self.axes.iter().zip(values).filter_map(|(a, v)| Some((a.path.as_str(), a.place, v?)));
        for (path, place, value) in constants.chain(swept) {
            if let Some((name, set)) = OPTIONS.iter().find(|(name, _)| *name == path) {
                // What does not fit was refused when the plan was read.
                let _ = read::put_value(name, *set, &mut options, value);
                origins.push(Origin { option: name, path: None, place: value.place, value: Some(value) });
            } else {
                options.set.push((path.to_owned(), value.toml.clone()));
                origins.push(Origin { option: "--set", path: Some(path), place, value: Some(value) });
            }
        }
        (options, origins)
    }

    /// Mistakes in options, shown where the plan has what they were made from.
    fn placed(&self, mut found: Vec<Diagnostic>, origins: &[Origin<'_>]) -> Vec<Diagnostic> {
        for diagnostic in &mut found {
            let Some(text) = diagnostic.option.clone() else { continue };
            let Some(origin) = origins.iter().find(|origin| origin.is(&diagnostic.file, &text, self.text()))
            else {
                continue;
            };
            let span = diagnostic.span.clone().unwrap_or(0..text.len());
            let place = origin.place(span, self.text());
            diagnostic.labels.clear();
            diagnostic.span = Some(place.start..place.end);
            diagnostic.file.clone_from(&self.input.name);
            diagnostic.option = None;
            // Of several on one place only the value tells which one is meant.
            if diagnostic.severity == Severity::Error
                && let Some(value) = origin.value.filter(|value| !value.exact)
            {
                let path = origin.path.unwrap_or(origin.option);
                diagnostic.message = format!("{} (with {path}={})", diagnostic.message, value.shown);
            }
        }
        found
    }
}

/// Where an option of a model comes from.
struct Origin<'p> {
    option: &'static str,
    /// The path of `--set`.
    path: Option<&'p str>,
    /// Of the path, or of the whole option.
    place: Place,
    value: Option<&'p Value>,
}

impl Origin<'_> {
    /// Whether an option with this name and text was made from it.
    fn is(&self, option: &str, text: &str, plan: &str) -> bool {
        if option != self.option {
            return false;
        }
        match (self.path, self.value) {
            (Some(path), Some(value)) => {
                text.strip_prefix(path).and_then(|rest| rest.strip_prefix('=')) == Some(value.toml.as_str())
            }
            (None, Some(_)) => true,
            // A policy: the plan has its text.
            _ => plan.get(self.place.start..self.place.end).is_some_and(|raw| raw.contains(text)),
        }
    }

    /// The place in the plan of a part of the option.
    fn place(&self, span: std::ops::Range<usize>, plan: &str) -> Place {
        let raw = |place: Place| plan.get(place.start..place.end).unwrap_or_default();
        // Inside the quotes of a plain string or key.
        let inner = |place: Place, length: usize| match raw(place).len().checked_sub(length) {
            Some(0) => Some(place),
            Some(2) => Some(place.part(1..1 + length)),
            _ => None,
        };
        let Some(path) = self.path else {
            let length =
                self.value.map_or_else(|| raw(self.place).len().saturating_sub(2), |v| v.shown.len());
            return inner(self.place, length).map_or(self.place, |place| place.part(span));
        };
        if span.end <= path.len() {
            return inner(self.place, path.len()).map_or(self.place, |place| place.part(span));
        }
        let Some(value) = self.value.filter(|_| span.start > path.len()) else { return self.place };
        if raw(value.place) == value.toml {
            let start = path.len() + 1;
            return value.place.part(span.start - start..span.end - start);
        }
        value.place
    }
}

/// What a plan's hash is taken of: its tree in the order of the text, without comments, layout and the number of shards,
/// which no result depends on.
pub fn canonical_plan(plan: &SweepPlan) -> String {
    canonical_text(&plan.input).unwrap_or_default()
}

/// [`canonical_plan`] of a text that may not be a plan; `None` where it is not even TOML.
pub fn canonical_text(input: &Input) -> Option<String> {
    let mut sink = Sink::new("");
    let mut root = crate::lower::parse(input, &mut sink)?;
    if let crate::tree::Value::Table(entries) = &mut root.value {
        entries.retain(|entry| entry.key != "shards");
    }
    Some(canonical_tree(&root).to_string())
}

/// What a scenario's hash is taken of: its tree in the order of the text, which results may depend on, without comments and
/// layout; of other kinds of input the text with LF line ends.
pub fn canonical_input(input: &Input) -> Vec<u8> {
    if input.kind == InputKind::Scenario
        && let Some(text) = input.as_str()
    {
        let mut sink = Sink::new("");
        let (root, broken) = crate::tree::parse(text, &mut sink);
        if !broken {
            return canonical_tree(&root).to_string().into_bytes();
        }
    }
    let mut bytes = input.text.clone();
    bytes.retain(|byte| *byte != b'\r');
    bytes
}

fn canonical_tree(node: &Node) -> serde_json::Value {
    use crate::tree::Value as Tree;
    use serde_json::{Value as Json, json};
    match &node.value {
        Tree::Text(text) => json!(text),
        Tree::Integer(number) => json!(number),
        // As written: a number and a string of the same text must differ.
        Tree::Float(_, text) => json!({ "float": text }),
        Tree::Boolean(value) => json!(value),
        Tree::Date => json!({ "date": null }),
        Tree::Array(nodes) => Json::Array(nodes.iter().map(canonical_tree).collect()),
        Tree::Table(entries) => {
            json!({ "table": entries.iter().map(|e| json!([e.key, canonical_tree(&e.node)])).collect::<Vec<_>>() })
        }
    }
}
