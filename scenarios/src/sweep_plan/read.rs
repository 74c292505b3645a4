//! Reading a plan: every key, with all mistakes at once.

use super::keys::PLAN;
use super::range;
use super::{Axis, CELLS_MAX, Choice, Constant, MODELS_MAX, SweepPlan, Value};
use crate::diagnostic::{Diagnostic, Place, Sink, WHOLE, did_you_mean_or_list};
use crate::input::{Input, InputKind};
#[cfg(feature = "files")]
use crate::library;
use crate::lower;
use crate::options::{Options, PolicyOption};
use crate::reader::{self, Fields};
use crate::tree::{self, Entry, Node};
use std::collections::BTreeMap;

/// Finds the scenario that a plan names.
pub type ScenarioOf<'f> = &'f dyn Fn(&str) -> Result<Input, Vec<Diagnostic>>;
/// Says what is wrong with the name of a metric.
pub type MetricCheck<'f> = &'f dyn Fn(&str) -> Result<(), String>;

/// Puts the text of a value into an option; false where it does not fit.
pub(crate) type SetOption = fn(&mut Options, &str) -> bool;

/// Options that a path can name instead of a key of the scenario, for inputs that are no scenarios.
pub(crate) const OPTIONS: &[(&str, SetOption)] = &[
    ("--scale", |options, text| put(&mut options.scale, text)),
    ("--speedup", |options, text| put(&mut options.speedup, text)),
    ("--cores", |options, text| put_number(&mut options.cores, text)),
    ("--servers", |options, text| put_number(&mut options.servers, text)),
    ("--context-switch", |options, text| put(&mut options.context_switch, text)),
    ("--dispatch-latency", |options, text| put(&mut options.dispatch_latency, text)),
    ("--interrupts", |options, text| put(&mut options.interrupts, text)),
    ("--service", |options, text| put(&mut options.service, text)),
    ("--service-floor", |options, text| put(&mut options.service_floor, text)),
    ("--log-format", |options, text| put(&mut options.log_format, text)),
    ("--stamp", |options, text| put(&mut options.stamp, text)),
    ("--within-second", |options, text| put(&mut options.within_second, text)),
    ("--client", |options, text| put(&mut options.client, text)),
    ("--class", |options, text| push(&mut options.class, text)),
    ("--only", |options, text| push(&mut options.only, text)),
    ("--except", |options, text| push(&mut options.except, text)),
    ("--map", |options, text| {
        let pairs: Option<Vec<(String, String)>> = text
            .split(',')
            .map(|pair| pair.split_once('=').map(|(role, column)| (role.trim().into(), column.trim().into())))
            .collect();
        options.map.extend(pairs.iter().flatten().cloned());
        pairs.is_some()
    }),
    ("--io-device", |options, text| put(&mut options.io_device, text)),
    ("--time-unit", |options, text| {
        text.clone_into(&mut options.time_unit);
        true
    }),
    ("--ties", |options, text| put(&mut options.ties, text)),
    ("--until", |options, text| put(&mut options.until, text)),
    ("--warmup", |options, text| put(&mut options.warmup, text)),
];

/// Options that may be there several times: a list of texts is one each.
const SEVERAL: [&str; 4] = ["--class", "--only", "--except", "--map"];

/// Puts a value into an option, all texts of a list where it takes several; false where it does not fit.
pub(super) fn put_value(name: &str, set: SetOption, options: &mut Options, value: &Value) -> bool {
    match &value.items {
        None => set(options, &value.shown),
        Some(items) => {
            SEVERAL.contains(&name) && !items.is_empty() && items.iter().all(|text| set(options, text))
        }
    }
}

fn put(option: &mut Option<String>, text: &str) -> bool {
    *option = Some(text.to_owned());
    true
}

fn push(option: &mut Vec<String>, text: &str) -> bool {
    option.push(text.to_owned());
    true
}

fn put_number(option: &mut Option<u32>, text: &str) -> bool {
    *option = text.parse().ok();
    option.is_some()
}

/// Reads a plan.
///
/// # Errors
/// Every mistake that can be told without compiling the points.
pub fn read(
    input: &Input,
    scenario: ScenarioOf<'_>,
    metric: MetricCheck<'_>,
) -> Result<SweepPlan, Vec<Diagnostic>> {
    let mut sink = Sink::new(&input.name);
    let plan = Reader { input, sink: &mut sink, has_keys: true }.plan(scenario, metric);
    let (errors, _) = sink.finish();
    match plan {
        Some(plan) if errors.is_empty() => Ok(plan),
        _ => Err(errors),
    }
}

/// The scenario that a plan in `folder` names: a file in that folder, else a library scenario.
///
/// # Errors
/// There is neither, or the file cannot be read.
#[cfg(feature = "files")]
pub fn scenario_beside(folder: Option<&std::path::Path>, name: &str) -> Result<Input, Vec<Diagnostic>> {
    let path = folder.unwrap_or(std::path::Path::new(".")).join(name);
    if !path.exists() {
        if let Some(input) = Input::library(name) {
            return Ok(input);
        }
        let mut sink = Sink::new(name);
        let known: Vec<&str> = library::list().iter().flat_map(|e| [e.name, e.short()]).collect();
        let message = format!("`{name}` is neither a file beside the plan nor a library scenario");
        sink.error("S001", WHOLE, message).help_if(|| crate::diagnostic::did_you_mean(name, known));
        return Err(sink.finish().0);
    }
    let path = path.to_string_lossy();
    Input::read(path.strip_prefix("./").unwrap_or(&path))
}

struct Reader<'a, 's> {
    input: &'a Input,
    sink: &'s mut Sink,
    /// Paths can be those of keys: the scenario is no log, trace or task list.
    has_keys: bool,
}

impl Reader<'_, '_> {
    fn plan(mut self, scenario: ScenarioOf<'_>, metric: MetricCheck<'_>) -> Option<SweepPlan> {
        let root = lower::parse(self.input, self.sink)?;
        let fields = reader::open(&root, &PLAN, self.sink)?;
        let found = self.scenario(&fields, scenario);
        self.has_keys = found.as_ref().is_none_or(|(input, ..)| input.kind == InputKind::Scenario);
        let policies = self.policies(&fields);
        let metrics = self.metrics(&fields, metric);
        let constants = self.constants(&fields);
        let mut axes = Vec::new();
        let grid = self.grid(&fields, &mut axes);
        let points = self.points(&fields, &mut axes);
        self.twice(&axes, &constants);
        let integer = |name: &str, sink: &mut Sink| fields.integer(name, sink);
        let seed = integer("seed", self.sink).map(|seed| seed as u64);
        let replications = integer("replications", self.sink).unwrap_or(1) as u32;
        let shards = integer("shards", self.sink).map(|shards| shards as u32);
        let max_events = integer("max_events", self.sink).map(|limit| limit as u64);
        let max_jobs = integer("max_jobs", self.sink).map(|limit| limit as u64);
        let digest = fields.boolean("digest", self.sink).unwrap_or(false);
        let confidence = fields.number("confidence", self.sink).unwrap_or(0.95);
        let (scenario, tree, inline, scenario_text) = found?;
        let plan = SweepPlan {
            input: self.input.clone(),
            scenario,
            root: tree,
            inline,
            scenario_text,
            policies,
            axes,
            grid,
            points,
            constants,
            seed,
            replications,
            shards,
            metrics,
            digest,
            confidence,
            max_events,
            max_jobs,
        };
        self.limits(&plan, &fields);
        Some(plan)
    }

    /// The scenario with its tree, whether it stands in the plan, and how the plan names it.
    fn scenario(
        &mut self,
        fields: &Fields<'_>,
        find: ScenarioOf<'_>,
    ) -> Option<(Input, Option<Node>, bool, String)> {
        let node = fields.get("scenario")?;
        match &node.value {
            tree::Value::Table(_) => {
                let input = Input { kind: InputKind::Scenario, ..self.input.clone() };
                Some((input, Some(node.clone()), true, String::new()))
            }
            tree::Value::Text(name) => match find(name) {
                Ok(input) if input.kind == InputKind::Scenario => {
                    let mut sink = Sink::new(&input.name);
                    let root = lower::parse(&input, &mut sink);
                    if root.is_none() {
                        let first = sink.finish().0.into_iter().next();
                        let what = first.map(|d| d.message).unwrap_or_default();
                        let cure = format!("`dispatchlab validate {}` shows where", input.name);
                        self.sink
                            .error("S004", node.place, format!("`{name}` cannot be read: {what}"))
                            .help(cure);
                    }
                    Some((input, Some(root?), false, name.clone()))
                }
                Ok(input) => Some((input, None, false, name.clone())),
                Err(found) => {
                    for diagnostic in found {
                        self.sink.error("S001", node.place, diagnostic.message).help_if(|| diagnostic.help);
                    }
                    None
                }
            },
            _ => {
                reader::wrong_type(node, "`scenario` is a name or a table", self.sink);
                None
            }
        }
    }

    fn policies(&mut self, fields: &Fields<'_>) -> Vec<Choice> {
        let mut choices: Vec<(Choice, Place)> = Vec::new();
        for node in self.list(fields, "policies") {
            let items = match &node.value {
                tree::Value::Array(items) if !items.is_empty() => items.as_slice(),
                _ => std::slice::from_ref(node),
            };
            let mut policies = Vec::new();
            for item in items {
                let Some(text) = item.as_text() else {
                    reader::wrong_type(item, "a policy is a string", self.sink)
                        .help("for instance \"round-robin:quantum=4ms\" or \"lb=random\"");
                    continue;
                };
                match PolicyOption::parse(text) {
                    Ok(policy) => policies.push((policy, item.place)),
                    Err(diagnostic) => {
                        self.sink
                            .error(diagnostic.code, item.place, diagnostic.message)
                            .help_if(|| diagnostic.help);
                    }
                }
            }
            let label = policies.iter().map(|(policy, _)| policy.text()).collect::<Vec<_>>().join(" ");
            if let Some((_, first)) = choices.iter().find(|(other, _)| other.label == label) {
                self.sink
                    .error("S082", node.place, format!("the policy `{label}` is there twice"))
                    .label(*first, "first here");
            }
            choices.push((Choice { label, policies }, node.place));
        }
        choices.into_iter().map(|(choice, _)| choice).collect()
    }

    fn metrics(&mut self, fields: &Fields<'_>, check: MetricCheck<'_>) -> Vec<String> {
        let mut metrics: Vec<(String, Place)> = Vec::new();
        for node in self.list(fields, "metrics") {
            let Some(text) = node.as_text() else {
                reader::wrong_type(node, "a metric is a string", self.sink)
                    .help("for instance \"response/p99\"");
                continue;
            };
            if let Err(message) = check(text) {
                self.sink.error("S083", node.place, message);
            }
            if let Some((_, first)) = metrics.iter().find(|(other, _)| other == text.trim()) {
                self.sink
                    .error("S082", node.place, format!("the metric `{text}` is there twice"))
                    .label(*first, "first here");
            }
            metrics.push((text.trim().to_owned(), node.place));
        }
        metrics.into_iter().map(|(metric, _)| metric).collect()
    }

    /// The elements of a list that must have some.
    fn list<'n>(&mut self, fields: &Fields<'n>, name: &str) -> &'n [Node] {
        let Some(node) = fields.get(name) else { return &[] };
        let Some(items) = reader::array(node, name, self.sink) else { return &[] };
        if items.is_empty() {
            self.sink
                .error("S081", node.place, format!("`{name}` is empty"))
                .help("leave the key out, or fill it");
        }
        items
    }

    fn table<'n>(&mut self, node: &'n Node, what: &str) -> &'n [Entry] {
        if !matches!(node.value, tree::Value::Table(_)) {
            reader::wrong_type(node, &format!("{what} is a table"), self.sink)
                .help("its keys are paths, for instance \"web.count\"");
        }
        node.entries()
    }

    /// Paths with their values. A bare dotted key is a path too; a table below a quoted key is a value.
    fn paths<'n>(
        &mut self,
        node: &'n Node,
        what: &str,
        is_value: fn(&Node) -> bool,
    ) -> Vec<(String, Place, &'n Node)> {
        fn walk<'n>(
            entries: &'n [Entry],
            prefix: &str,
            text: &str,
            is_value: fn(&Node) -> bool,
            found: &mut Vec<(String, Place, &'n Node)>,
        ) {
            for entry in entries {
                let path =
                    if prefix.is_empty() { entry.key.clone() } else { format!("{prefix}.{}", entry.key) };
                let quoted = text[entry.key_place.start..].starts_with(['"', '\'']);
                let below = entry.node.entries();
                if below.is_empty() || quoted || is_value(&entry.node) {
                    found.push((path, entry.key_place, &entry.node));
                } else {
                    walk(below, &path, text, is_value, found);
                }
            }
        }
        let mut found = Vec::new();
        let text = self.input.as_str().unwrap_or_default();
        walk(self.table(node, what), "", text, is_value, &mut found);
        for (path, place, _) in &found {
            self.path(path, *place);
        }
        found
    }

    /// What no path can be. Whether the scenario has it is seen when a point is compiled.
    fn path(&mut self, path: &str, place: Place) {
        if path == "seed" || path == "--seed" {
            self.sink
                .error("S084", place, "the seed cannot be swept: all cells meet the same work")
                .help("write `seed` at the top of the plan, and `replications` for independent repetitions");
        } else if path.starts_with("--") && !OPTIONS.iter().any(|(name, _)| *name == path) {
            let known: Vec<&str> = OPTIONS.iter().map(|(name, _)| *name).collect();
            self.sink
                .error("S063", place, format!("the option `{path}` cannot be swept"))
                .help_if(|| did_you_mean_or_list(path, "options", &known));
        } else if !self.has_keys && !path.starts_with("--") {
            let option = format!("--{}", path.trim().replace('_', "-"));
            let known: Vec<&str> = OPTIONS.iter().map(|(name, _)| *name).collect();
            let message =
                format!("the scenario of this plan is a log, trace or task list, which has no key `{path}`");
            self.sink.error("S063", place, message).help_if(|| {
                if known.contains(&option.as_str()) {
                    Some(format!("the option is called \"{option}\" here"))
                } else {
                    did_you_mean_or_list(&option, "it has options", &known)
                }
            });
        } else if path.split('.').any(|part| part.trim().is_empty()) {
            self.sink.error("S063", place, format!("`{path}` is no path: a part of it is empty"));
        }
    }

    fn value(&mut self, path: &str, node: &Node) -> Value {
        let text = self.input.as_str().unwrap_or_default();
        let raw = text.get(node.place.start..node.place.end).unwrap_or_default();
        let shown = match &node.value {
            tree::Value::Text(text) => text.clone(),
            tree::Value::Integer(Some(number)) => number.to_string(),
            _ => raw.split_whitespace().collect::<Vec<_>>().join(" "),
        };
        let items = match &node.value {
            tree::Value::Array(items) => {
                Some(items.iter().filter_map(|item| item.as_text().map(str::to_owned)).collect::<Vec<_>>())
            }
            _ => None,
        };
        let value = Value { shown, items, toml: raw.to_owned(), place: node.place, exact: true };
        if let Some((name, set)) = OPTIONS.iter().find(|(name, _)| *name == path)
            && !put_value(name, *set, &mut Options::default(), &value)
        {
            let what = match (&value.items, *name) {
                (Some(_), name) if SEVERAL.contains(&name) => "a list has texts in it",
                (_, "--map") => "it is of the form `arrival=COLUMN`",
                (Some(_), _) => "it has one value",
                (None, _) => "it is a whole number",
            };
            self.sink.error("S021", node.place, format!("`{path}` cannot be `{}`; {what}", value.shown));
        }
        value
    }

    fn constants(&mut self, fields: &Fields<'_>) -> Vec<Constant> {
        let Some(node) = fields.get("set") else { return Vec::new() };
        let found = self.paths(node, "`set`", |_| false);
        let constant = |(path, place, node): (String, Place, &Node)| {
            let value = self.value(&path, node);
            Constant { path, place, value }
        };
        found.into_iter().map(constant).collect()
    }

    fn grid(&mut self, fields: &Fields<'_>, axes: &mut Vec<Axis>) -> Vec<Vec<Value>> {
        let Some(node) = fields.get("grid") else { return Vec::new() };
        let found = self.paths(node, "`grid`", range::is_range);
        if found.is_empty() && matches!(node.value, tree::Value::Table(_)) {
            self.sink
                .error("S081", node.place, "`grid` has no paths")
                .help("for instance \"web.count\" = { from = 1, to = 8 }, or leave it out");
        }
        let mut grid = Vec::new();
        for (path, place, node) in found {
            let values = match &node.value {
                tree::Value::Array(items) => {
                    if items.is_empty() {
                        self.sink
                            .error("S081", node.place, format!("`{path}` has no values"))
                            .help("a list with at least one value, or leave the path out");
                    }
                    items.iter().map(|item| self.value(&path, item)).collect()
                }
                tree::Value::Table(_) => {
                    let values = range::values(node, self.sink).unwrap_or_default();
                    if let Some((_, set)) = OPTIONS.iter().find(|(name, _)| *name == path)
                        && values.iter().any(|value| !set(&mut Options::default(), &value.shown))
                    {
                        self.sink.error("S021", node.place, format!("`{path}` must be whole numbers from 0"));
                    }
                    values
                }
                _ => {
                    let raw = self.value(&path, node).toml;
                    reader::wrong_type(node, &format!("`{path}` in a grid is a list or a range"), self.sink)
                        .help(format!("for one value write [{raw}], or put it into [set]"));
                    Vec::new()
                }
            };
            self.values_twice(&path, &values);
            grid.push(values);
            axes.push(Axis { path, place });
        }
        grid
    }

    fn values_twice(&mut self, path: &str, values: &[Value]) {
        let mut seen: BTreeMap<&str, Place> = BTreeMap::new();
        for value in values.iter().filter(|value| value.exact) {
            if let Some(first) = seen.insert(&value.shown, value.place) {
                self.sink
                    .error("S082", value.place, format!("`{path}` has the value `{}` twice", value.shown))
                    .label(first, "first here");
            }
        }
    }

    fn points(&mut self, fields: &Fields<'_>, axes: &mut Vec<Axis>) -> Vec<Vec<Option<Value>>> {
        let Some(node) = fields.get("point") else { return Vec::new() };
        let mut points: Vec<Vec<Option<Value>>> = Vec::new();
        let mut places: BTreeMap<Vec<Option<String>>, Place> = BTreeMap::new();
        if !matches!(node.value, tree::Value::Array(_)) {
            reader::wrong_type(node, "`point` is an array of tables", self.sink)
                .help("write [[point]], one for each");
            return points;
        }
        if node.elements().is_empty() {
            self.sink.error("S081", node.place, "`point` is empty").help("leave the key out, or fill it");
        }
        for item in node.elements() {
            let found = self.paths(item, "a point", |_| false);
            if found.is_empty() && matches!(item.value, tree::Value::Table(_)) {
                self.sink
                    .error("S081", item.place, "a point that sets nothing")
                    .help("for instance \"web.count\" = 8");
            }
            let mut point: Vec<Option<Value>> = vec![None; axes.len()];
            for (path, place, node) in found {
                let value = self.value(&path, node);
                if let Some(axis) = axes.iter().position(|axis| axis.path == path) {
                    if point[axis].is_some() {
                        self.sink.error("S082", place, format!("`{path}` is there twice"));
                    }
                    point[axis] = Some(value);
                } else {
                    axes.push(Axis { path, place });
                    point.push(Some(value));
                }
            }
            let mut key: Vec<Option<String>> =
                point.iter().map(|value| value.as_ref().map(|value| value.shown.clone())).collect();
            // Paths that only later points set do not count.
            while key.last().is_some_and(Option::is_none) {
                key.pop();
            }
            if let Some(first) = places.get(&key) {
                self.sink.error("S082", item.place, "this point is there twice").label(*first, "first here");
            }
            places.entry(key).or_insert(item.place);
            points.push(point);
        }
        for point in &mut points {
            point.resize(axes.len(), None);
        }
        points
    }

    /// Paths that are swept and set.
    fn twice(&mut self, axes: &[Axis], constants: &[Constant]) {
        for constant in constants {
            if let Some(axis) = axes.iter().find(|axis| axis.path == constant.path) {
                self.sink
                    .error("S082", constant.place, format!("`{}` is swept and set", constant.path))
                    .label(axis.place, "swept here");
            }
        }
    }

    fn limits(&mut self, plan: &SweepPlan, fields: &Fields<'_>) {
        let place =
            ["grid", "point"].iter().find_map(|name| fields.get(name)).map_or(WHOLE, |node| node.place);
        let models = plan.policies().saturating_mul(plan.points());
        let cells = models.saturating_mul(u64::from(plan.replications));
        if models > MODELS_MAX {
            let message = format!("{models} combinations of policy and point; at most {MODELS_MAX}");
            self.sink.error("S046", place, message).help("make a range coarser, or cut the plan in two");
        } else if cells > CELLS_MAX {
            let message = format!("{cells} cells; at most {CELLS_MAX}");
            self.sink.error("S046", place, message).help("cut the plan in two");
        }
        let in_grid = |point: &Vec<Option<Value>>| {
            !plan.grid.is_empty()
                && point.iter().enumerate().all(|(axis, value)| match (plan.grid.get(axis), value) {
                    (Some(values), Some(value)) => values.iter().any(|other| other.shown == value.shown),
                    (None, None) => true,
                    _ => false,
                })
        };
        if let Some(node) = fields.get("point") {
            for (point, item) in plan.points.iter().zip(node.elements()) {
                if in_grid(point) {
                    self.sink.error("S082", item.place, "the grid has this point already");
                }
            }
        }
    }
}
