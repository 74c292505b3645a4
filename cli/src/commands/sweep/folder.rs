//! The folder of a sweep: `plan.json`, copies of everything that the sweep is made from, and the journals.
//!
//! ```text
//! plan.json                what the sweep is, with hashes
//! plan.toml                the plan
//! inputs/                  the scenario and the files that it reads
//! cells/3-of-16.part       results of shard 3, being computed; 3-of-16.tsv once it is complete
//! cells/3-of-16.lock       held by the worker of shard 3
//! slurm/                   the script of `sweep submit`, the jobs that it started, their logs
//! ```
//!
//! The copies are what is run: a sweep goes on for days, on machines that do not see where the plan came from. The folder
//! appears whole, under a temporary name first.

use super::journal;
use crate::args::GlobalArgs;
use crate::failure::Failure;
use crate::leftovers::{Claim, rename_all};
use crate::manifest::hash_of;
use crate::output::{self, Folder as NewFolder, folder_of};
use crate::progress::Meter;
use crate::{load, reading};
use experiments::RunPlan;
use experiments::metrics::{self, MetricName};
use experiments::sweep::{Cells, Columns, Prepared};
use scenarios::sweep_plan::{self, SweepPlan};
use scenarios::{Diagnostic, Input, Loaded};
use serde_json::{Value, json};
use sim_core::shown::is_unseen;
use std::collections::BTreeSet;
use std::fs;
use std::io::Write as _;
use std::path::{Component, Path, PathBuf};

/// The version of `plan.json` and of the journals.
const SCHEMA: &str = "dispatchlab.sweep/1";

/// A path that may stand in scripts and in lines for people: control characters would be lines or commands of their own.
pub fn plain_path(path: &Path) -> Result<(), Failure> {
    let whole = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let text = whole.to_string_lossy();
    match text.chars().find(|c| is_unseen(*c)) {
        Some(bad) => Err(Failure::Usage(format!(
            "`{text}` cannot be the folder of a sweep: it has the control character `{}`, and paths of sweeps stand in \
             scripts; rename it",
            bad.escape_default()
        ))),
        None => Ok(()),
    }
}

/// A sweep that can be worked on.
pub struct Folder {
    /// Where it is.
    pub path: PathBuf,
    /// What it is.
    pub plan: SweepPlan,
    /// Its cells.
    pub cells: Cells,
    /// Into how many shards it is cut unless a command says otherwise.
    pub shards: u64,
    /// Keys the checksums of its journals.
    pub key: u64,
    /// The hash of everything that its results depend on.
    pub hash: String,
    /// The metrics that it keeps; empty: all.
    pub metrics: Vec<MetricName>,
    /// Originals that are not what they were when the copies were made, in words.
    pub changed: Vec<String>,
}

/// A plan that has been read, and everything that its results depend on.
struct Made {
    plan: SweepPlan,
    metrics: Vec<MetricName>,
    /// Files that models read, as found.
    files: Vec<PathBuf>,
}

impl Folder {
    /// Reads a plan, checks every model of it, and makes the folder. A folder that has the same sweep already is opened.
    /// One process makes it, however many are started at once; the claim is that on its name, while it is kept.
    pub fn make(plan: &str, folder: &str, global: &GlobalArgs) -> Result<(Folder, Option<Claim>), Failure> {
        let path = PathBuf::from(folder);
        plain_path(&path)?;
        let made = read_plan(plan, global)?;
        let failed = |error: &std::io::Error| Failure::writing(folder, error);
        let is_there = || path.join("plan.json").exists();
        if !is_there() && (path.file_name().is_none() || !folder_of(&path).is_dir()) {
            // Says what is wrong with the place.
            NewFolder::create(folder)?;
        }
        let claim = match Claim::take(&path) {
            Ok(Some(claim)) => Some(claim),
            Ok(None) => {
                return Err(Failure::Interrupted(format!(
                    "`{folder}` is being worked on by another process; the same command goes on when that has ended"
                )));
            }
            // A folder that is there needs no room beside it.
            Err(_) if is_there() => None,
            Err(error) => return Err(failed(&error)),
        };
        if is_there() {
            return Ok((same_sweep(&made, plan, &path)?, claim));
        }
        let checked = made.check(global)?;
        let new = NewFolder::create(folder)?;
        checked.copy_into(new.path(), plan).map_err(|error| failed(&error))?;
        rename_all(vec![new.into_parts()]).map_err(|(_, error)| failed(&error))?;
        Ok((Folder::open(&path)?, claim))
    }

    /// Opens a folder and holds it to its hashes.
    pub fn open(path: &Path) -> Result<Folder, Failure> {
        let shown = path.display();
        let refused = |what: String| Failure::Usage(format!("`{shown}` cannot be worked on: {what}"));
        let file = path.join("plan.json");
        if let Err(error) = fs::metadata(&file) {
            return Err(Failure::Usage(format!(
                "`{shown}` is no folder of a sweep: its plan.json cannot be read: {error}; \
                 `dispatchlab sweep new PLAN.toml --out {shown}` makes one"
            )));
        }
        let text = reading::bytes_of(&file, reading::MANIFEST)?;
        let about: Value = serde_json::from_slice(&text)
            .map_err(|error| refused(format!("plan.json is damaged: {error}; make the sweep anew")))?;
        let word = |pointer: &str| about.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
        if word("/schema") != SCHEMA {
            return Err(refused(format!(
                "its plan.json is of the schema `{}`, this program writes `{SCHEMA}`",
                word("/schema")
            )));
        }
        if word("/tool/version") != env!("CARGO_PKG_VERSION") {
            return Err(refused(format!(
                "it was made by version {}, this is {}, whose results may differ; use that version, or make the sweep anew",
                word("/tool/version"),
                env!("CARGO_PKG_VERSION")
            )));
        }
        let made = copies(path, &about).map_err(|failure| match failure {
            Failure::Usage(what) => refused(what),
            Failure::Diagnostics(text) => {
                refused(format!("its copies have been changed\n{}", text.trim_end()))
            }
            other => other,
        })?;
        let files = listed(&about);
        held(path, &about, &made, &files).map_err(refused)?;
        let hash = word("/hash").to_owned();
        let key = u64::from_str_radix(hash.get(..16).unwrap_or_default(), 16)
            .map_err(|_| refused("the hash in plan.json is damaged; make the sweep anew".to_owned()))?;
        let cells = Cells {
            policies: made.plan.policies(),
            points: made.plan.points(),
            replications: made.plan.replications,
        };
        let shards = about["shards"].as_u64().filter(|n| (1..=u64::from(sweep_plan::SHARDS_MAX)).contains(n));
        let shards =
            shards.ok_or_else(|| refused("plan.json does not say how many shards there are".to_owned()))?;
        let changed = originals(&about, &files);
        let Made { plan, metrics, .. } = made;
        Ok(Folder { path: path.to_owned(), plan, cells, shards, key, hash, metrics, changed })
    }

    /// Refuses to go on where an original has changed, unless that is wanted.
    pub fn refuse_changed(&self, as_made: bool) -> Result<(), Failure> {
        if as_made || self.changed.is_empty() {
            return Ok(());
        }
        let shown = self.path.display();
        Err(Failure::Usage(format!(
            "{} since `{shown}` was made: results of both would be mixed\n  \
             make a new sweep:        dispatchlab sweep new PLAN.toml --out ANOTHER\n  \
             or go on with the old:   give --as-made, which runs the copies in `{shown}`",
            self.changed.join(", and ")
        )))
    }

    /// Says that an original has changed, where the copies are what counts.
    pub fn note_changed(&self, global: &GlobalArgs) {
        if !self.changed.is_empty() {
            let what = self.changed.join(", and ");
            load::notes(
                &[format!("{what} since the sweep was made: its results are those of the copies")],
                global,
            );
        }
    }

    /// Cuts the sweep into another number of shards. Cells that are done stay done.
    pub fn set_shards(&mut self, shards: u64) -> Result<(), Failure> {
        let file = self.path.join("plan.json");
        let failed = |error: &std::io::Error| Failure::writing(&file.display().to_string(), error);
        let text = fs::read(&file).map_err(|error| failed(&error))?;
        let mut about: Value =
            serde_json::from_slice(&text).map_err(|error| Failure::Usage(format!("plan.json: {error}")))?;
        about["shards"] = shards.into();
        write_json(&file, &about).map_err(|error| failed(&error))?;
        self.shards = shards;
        Ok(())
    }

    /// Where the journals are.
    pub fn journals(&self) -> PathBuf {
        self.path.join("cells")
    }

    /// The model of a cell, ready to run.
    pub fn prepare(&self, model: u64) -> Result<Prepared, Failure> {
        let loaded = self.load(model)?;
        let usual = RunPlan::default();
        let plan = RunPlan {
            replications: self.plan.replications,
            max_events: self.plan.max_events.unwrap_or(usual.max_events),
            max_jobs: self.plan.max_jobs.unwrap_or(usual.max_jobs),
            digest: self.plan.digest,
            warmup_auto: loaded.warmup_auto,
            ..usual
        };
        Ok(Prepared::new(loaded.model, plan, &self.metrics))
    }

    /// The model with this number.
    pub fn load(&self, model: u64) -> Result<Loaded, Failure> {
        let (policy, point) = (model / self.cells.points, model % self.cells.points);
        self.plan.load(policy, point).map_err(|found| shown(&found, Some(&self.plan), None))
    }

    /// A cell in words.
    pub fn describe(&self, index: u64) -> String {
        let cell = self.cells.cell(index);
        let what = self.plan.describe(cell.policy, cell.point);
        let replication = cell.replication + 1;
        if what.is_empty() {
            format!("replication {replication}")
        } else {
            format!("{what}, replication {replication}")
        }
    }
}

/// Diagnostics of a plan, rendered.
fn shown(found: &[Diagnostic], plan: Option<&SweepPlan>, input: Option<&Input>) -> Failure {
    let mut texts = plan.map(SweepPlan::texts).unwrap_or_default();
    texts.extend(input.map(Input::texts).unwrap_or_default());
    Failure::Diagnostics(load::rendered_with(found, &texts))
}

/// What is wrong with the name of a metric.
fn metric(name: &str) -> Result<(), String> {
    metrics::parse(name).map(|_| ()).map_err(|error| error.to_string())
}

fn wanted(plan: &SweepPlan) -> Vec<MetricName> {
    plan.metrics.iter().filter_map(|name| metrics::parse(name).ok()).collect()
}

/// Reads a plan from a file, standard input or the library.
fn read_plan(name: &str, global: &GlobalArgs) -> Result<Made, Failure> {
    let input = match sweep_plan::library(name).filter(|_| !Path::new(name).exists()) {
        Some(input) => Ok(input),
        None => load::read_plain(name),
    };
    plan_of(&global.session.input(name, input)?)
}

fn plan_of(input: &Input) -> Result<Made, Failure> {
    let scenario = |name: &str| sweep_plan::scenario_beside(input.folder.as_deref(), name);
    let plan =
        sweep_plan::read(input, &scenario, &metric).map_err(|found| shown(&found, None, Some(input)))?;
    let metrics = wanted(&plan);
    Ok(Made { plan, metrics, files: Vec::new() })
}

/// Checks a plan with every model of it, for `validate`; what it is, in words.
pub fn checked(name: &str, input: &Input, global: &GlobalArgs) -> Result<String, Failure> {
    let Made { plan, .. } = plan_of(input)?.check(global)?;
    let of = match plan.scenario_name() {
        "" => String::new(),
        scenario => format!(" of {scenario}"),
    };
    let count =
        |count: u64, one: &str, more: &str| format!("{count} {}", if count == 1 { one } else { more });
    Ok(format!(
        "{name}: valid (sweep{of}, {}, {}, {})",
        count(plan.policies(), "policy", "policies"),
        count(plan.points(), "point", "points"),
        count(plan.cells(), "cell", "cells")
    ))
}

impl Made {
    /// Compiles every model, with what progress there is.
    fn check(mut self, global: &GlobalArgs) -> Result<Made, Failure> {
        let mut unseen: BTreeSet<String> = self.metrics.iter().map(ToString::to_string).collect();
        let mut files = BTreeSet::new();
        let (mut notes, mut warned) = (BTreeSet::new(), BTreeSet::new());
        let plan = &self.plan;
        let result = {
            let meter = Meter::new(global);
            plan.check(
                |_, _, loaded| {
                    if !unseen.is_empty() {
                        for key in Columns::of(&loaded.model, &self.metrics).keys {
                            unseen.remove(&key.metric.to_string());
                        }
                    }
                    files.extend(loaded.files.iter().cloned());
                    notes.extend(loaded.notes);
                    if !loaded.warnings.is_empty() {
                        warned.insert(load::rendered_with(&loaded.warnings, &plan.texts()));
                    }
                },
                &|done, total| meter.count(done, total, 0, "models checked"),
            )
        };
        result.map_err(|found| shown(&found, Some(plan), None))?;
        for warning in warned {
            let _ = write!(anstream::stderr(), "{warning}");
        }
        let options = plan.constants().filter(|(path, _)| path.starts_with("--"));
        let set: Vec<String> = options.map(|(path, value)| format!("{path}={value}")).collect();
        let all = (!set.is_empty()).then(|| format!("every cell has {}", set.join(", ")));
        load::notes(&all.into_iter().chain(notes).collect::<Vec<_>>(), global);
        if let Some(metric) = unseen.first() {
            return Err(Failure::Usage(format!(
                "no model of the sweep has `{metric}`: leave it out of `metrics` in {}",
                self.plan.name()
            )));
        }
        self.files = files.into_iter().collect();
        Ok(self)
    }

    /// Writes `plan.json`, the copies and the folder of the journals.
    fn copy_into(&self, folder: &Path, plan_name: &str) -> std::io::Result<()> {
        fs::write(folder.join("plan.toml"), self.plan.text())?;
        fs::create_dir(folder.join("cells"))?;
        // Deep enough for files that the scenario names by `../`.
        let up = self.files.iter().map(|path| steps_up(&self.relative(path, plan_name))).max().unwrap_or(0);
        let base =
            std::iter::once("inputs").chain(std::iter::repeat_n("below", up)).collect::<Vec<_>>().join("/");
        fs::create_dir_all(folder.join(&base))?;
        let mut scenario = json!({ "name": self.plan.scenario_name(), "input": null, "copy": null, "blake3": null, "original": null });
        if let Some(input) = self.plan.scenario() {
            let file = input.name.rsplit(['/', '\\']).next().unwrap_or("scenario");
            let copy = format!("{base}/{file}");
            fs::write(folder.join(&copy), input.as_given())?;
            let original = input.folder.is_some().then(|| absolute(Path::new(&input.name))).flatten();
            scenario = json!({
                "name": self.plan.scenario_name(),
                "input": input.name,
                "copy": copy,
                "blake3": canonical(input),
                "original": original,
            });
        }
        let mut files = Vec::new();
        for path in &self.files {
            let relative = self.relative(path, plan_name);
            let copy = (!relative.is_absolute()).then(|| format!("{base}/{}", relative.to_string_lossy()));
            let (_, hash) = hash_of(path)?;
            if let Some(copy) = &copy {
                copy_file(path, folder, Path::new(copy))?;
            }
            files.push(json!({
                "copy": copy,
                "blake3": hash.to_hex().to_string(),
                "original": absolute(path),
            }));
        }
        let plan_original = Path::new(plan_name).exists().then(|| absolute(Path::new(plan_name))).flatten();
        let cells = self.plan.cells();
        let mut about = json!({
            "schema": SCHEMA,
            "tool": { "name": "dispatchlab", "version": env!("CARGO_PKG_VERSION"), "commit": option_env!("DISPATCHLAB_COMMIT") },
            "hash": null,
            "plan": { "name": self.plan.name(), "copy": "plan.toml", "blake3": plan_hash(&self.plan), "original": plan_original },
            "scenario": scenario,
            "files": files,
            "base": base,
            "seed": self.plan.seed,
            "policies": self.plan.policies(),
            "points": self.plan.points(),
            "replications": self.plan.replications,
            "cells": cells,
            "shards": u64::from(self.plan.shards.unwrap_or(1)),
        });
        about["hash"] = sweep_hash(&about).into();
        write_json(&folder.join("plan.json"), &about)
    }

    /// A file that models read, as the scenario names it: relative to its folder, or absolute.
    fn relative(&self, path: &Path, plan_name: &str) -> PathBuf {
        let folder = match self.plan.scenario() {
            Some(input) => input.folder.clone().unwrap_or_default(),
            None => folder_of(Path::new(plan_name)).to_owned(),
        };
        path.strip_prefix(&folder).unwrap_or(path).to_owned()
    }
}

/// How many folders up a path leads at most.
fn steps_up(path: &Path) -> usize {
    let (mut depth, mut least) = (0isize, 0);
    for part in path.components() {
        depth += match part {
            Component::Normal(_) => 1,
            Component::ParentDir => -1,
            _ => 0,
        };
        least = least.min(depth);
    }
    least.unsigned_abs()
}

/// Copies a file to a path in which there may be steps up.
fn copy_file(from: &Path, folder: &Path, to: &Path) -> std::io::Result<()> {
    let mut parts: Vec<Component<'_>> = to.components().collect();
    let name = parts.pop();
    let mut path = folder.to_owned();
    for part in parts {
        path.push(part);
        fs::create_dir_all(&path)?;
    }
    path.extend(name);
    fs::copy(from, path).map(|_| ())
}

fn absolute(path: &Path) -> Option<String> {
    std::path::absolute(path).ok().map(|path| path.to_string_lossy().into_owned())
}

fn write_json(path: &Path, value: &Value) -> std::io::Result<()> {
    output::replace(path, |out| {
        serde_json::to_writer_pretty(&mut *out, value)?;
        out.write_all(b"\n")
    })
    .map(|_| ())
}

fn canonical(input: &Input) -> String {
    blake3::hash(&sweep_plan::canonical_input(input)).to_hex().to_string()
}

fn plan_hash(plan: &SweepPlan) -> String {
    blake3::hash(sweep_plan::canonical_plan(plan).as_bytes()).to_hex().to_string()
}

/// The hash of everything that results depend on: the plan, the scenario, the files, the version.
fn sweep_hash(about: &Value) -> String {
    let mut hasher = blake3::Hasher::new();
    let mut add = |value: Option<&Value>| {
        hasher.update(value.and_then(Value::as_str).unwrap_or_default().as_bytes());
        hasher.update(b"\n");
    };
    for pointer in ["/schema", "/tool/version", "/plan/blake3", "/scenario/blake3"] {
        add(about.pointer(pointer));
    }
    for file in about["files"].as_array().into_iter().flatten() {
        add(file.get("blake3"));
    }
    hasher.finalize().to_hex().to_string()
}

/// A file that models read: its hash, its copy, and where it came from.
struct Listed {
    hash: String,
    copy: Option<String>,
    original: Option<String>,
}

fn listed(about: &Value) -> Vec<Listed> {
    let word = |value: &Value, key: &str| value.get(key).and_then(Value::as_str).map(str::to_owned);
    let files = about["files"].as_array().into_iter().flatten();
    files
        .map(|file| Listed {
            hash: word(file, "blake3").unwrap_or_default(),
            copy: word(file, "copy"),
            original: word(file, "original"),
        })
        .collect()
}

/// The plan as the copies have it.
fn copies(path: &Path, about: &Value) -> Result<Made, Failure> {
    let word = |pointer: &str| about.pointer(pointer).and_then(Value::as_str);
    let name = word("/plan/name").unwrap_or("plan.toml");
    let text = reading::bytes_of(&path.join("plan.toml"), reading::MANIFEST)?;
    let inputs = path.join(word("/base").unwrap_or("inputs"));
    let plan = Input { name: name.to_owned(), ..load::of("plan.toml", text, inputs.clone())? };
    let scenario = |asked: &str| {
        let copy = path.join(word("/scenario/copy").unwrap_or_default());
        let text = reading::bytes_of(&copy, reading::ROWS).unwrap_or_default();
        let input = Input::of(word("/scenario/input").unwrap_or(asked), text, Some(inputs.clone()))?;
        Ok(input)
    };
    let plan =
        sweep_plan::read(&plan, &scenario, &metric).map_err(|found| shown(&found, None, Some(&plan)))?;
    let metrics = wanted(&plan);
    Ok(Made { plan, metrics, files: Vec::new() })
}

/// Holds the copies to the hashes; an error says what has changed.
fn held(path: &Path, about: &Value, made: &Made, files: &[Listed]) -> Result<(), String> {
    let word = |pointer: &str| about.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    let changed = |what: &str, then: &str, now: &str| {
        let short = |hash: &str| hash.get(..12).unwrap_or(hash).to_owned();
        Err(format!(
            "{what} has changed since the sweep was made (BLAKE3 {}... then, {}... now), \
             so that its results would not belong together; undo the change, or make a new sweep of it",
            short(then),
            short(now)
        ))
    };
    let now = plan_hash(&made.plan);
    if now != word("/plan/blake3") {
        return changed("its plan.toml", word("/plan/blake3"), &now);
    }
    if let Some(input) = made.plan.scenario() {
        let now = canonical(input);
        if now != word("/scenario/blake3") {
            return changed(
                &format!("its scenario {}", word("/scenario/copy")),
                word("/scenario/blake3"),
                &now,
            );
        }
    }
    for file in files {
        let place = match (&file.copy, &file.original) {
            (Some(copy), _) => path.join(copy),
            (None, Some(original)) => PathBuf::from(original),
            (None, None) => continue,
        };
        let (_, hash) =
            hash_of(&place).map_err(|error| format!("`{}` cannot be read: {error}", place.display()))?;
        if hash.to_hex().as_str() != file.hash {
            return changed(&format!("`{}`", place.display()), &file.hash, hash.to_hex().as_str());
        }
    }
    if sweep_hash(about) != word("/hash") {
        return Err("plan.json has been changed; undo the change, or make the sweep anew".to_owned());
    }
    Ok(())
}

/// Originals that are there and are not what they were.
fn originals(about: &Value, files: &[Listed]) -> Vec<String> {
    let word = |pointer: &str| about.pointer(pointer).and_then(Value::as_str);
    let mut changed = Vec::new();
    if let (Some(original), Some(hash)) = (word("/scenario/original"), word("/scenario/blake3"))
        && let Ok(input) = Input::read(original)
        && canonical(&input) != hash
    {
        changed.push(format!("the scenario `{original}` has changed"));
    }
    if let (Some(original), Some(hash)) = (word("/plan/original"), word("/plan/blake3"))
        && let Ok(input) = Input::read(original)
        && sweep_plan::canonical_text(&input)
            .is_none_or(|text| blake3::hash(text.as_bytes()).to_hex().as_str() != hash)
    {
        changed.push(format!("the plan `{original}` has changed"));
    }
    for file in files.iter().filter(|file| file.copy.is_some()) {
        if let Some(original) = &file.original
            && let Ok((_, hash)) = hash_of(Path::new(original))
            && hash.to_hex().as_str() != file.hash
        {
            changed.push(format!("the file `{original}` has changed"));
        }
    }
    changed
}

/// The folder has a sweep: the same one, or a refusal.
fn same_sweep(made: &Made, name: &str, path: &Path) -> Result<Folder, Failure> {
    let folder = Folder::open(path)?;
    let shown = path.display();
    let mut other = Vec::new();
    if sweep_plan::canonical_plan(&made.plan) != sweep_plan::canonical_plan(&folder.plan) {
        other.push(format!("the plan `{name}` is not the one in `{shown}`"));
    }
    if made.plan.scenario().map(canonical) != folder.plan.scenario().map(canonical) {
        other.push(format!("the scenario `{}` is not the one in `{shown}`", made.plan.scenario_name()));
    }
    if !other.is_empty() {
        let done = journal::any(&folder.journals());
        let kept = if done { ", or remove the old one with its results" } else { ", or remove the old one" };
        return Err(Failure::Usage(format!(
            "{}: results of both would be mixed; name another folder{kept}",
            other.join(", and ")
        )));
    }
    folder.refuse_changed(false)?;
    Ok(folder)
}
