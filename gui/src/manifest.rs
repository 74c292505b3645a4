//! The manifest inside reports of replications: the one that the command line writes for the same runs.

use crate::app::state::{BatchResult, Compared};
use crate::model::setup::Setup;
use experiments::RunPlan;
use reports::compare::CompareDocument;
use reports::html::compare::compare_page;
use reports::html::page;
use reports::html::run::run_page;
use reports::manifest::{CommandLine, InputFile, MANIFEST_SCHEMA, Manifest, RunFacts, Tool};
use scenarios::{Loaded, Options};
use std::io;

/// The report of replications, as `dispatchlab run --html` writes it.
///
/// # Errors
/// What is wrong with a file that the input names.
pub fn report(batch: &BatchResult) -> io::Result<String> {
    let (loaded, plan, result) = (&batch.loaded, &batch.plan, &batch.result);
    let document = experiments::report::document(loaded, result, &[], batch.beside.clone());
    let extras = experiments::report::extras(loaded, plan, result, batch.course.clone());
    let rows = experiments::report::all_rows(loaded, plan, result);
    let made = Made {
        command: "run",
        arguments: batch.setup.options.arguments(),
        setup: &batch.setup,
        opened: &batch.opened,
        models: vec![loaded],
        plan,
        replications: result.values.len() as u64,
    };
    Ok(page(&run_page(&document, &extras).finished(&made.manifest()?, Some(rows), batch.repeats)))
}

/// The report of a comparison, as `dispatchlab compare --html` writes it.
///
/// # Errors
/// What is wrong with a file that the input names.
pub fn comparison(compared: &Compared, document: &CompareDocument<'_>) -> io::Result<String> {
    let Compared { named, comparison, options, .. } = compared;
    let extras = experiments::compare::report::extras(named, comparison);
    let rows = experiments::compare::report::all_rows(named, comparison, &options.metrics);
    let mut arguments: Vec<String> =
        compared.policies.iter().map(|policy| format!("--policy={policy}")).collect();
    arguments.extend(Options { policies: Vec::new(), ..compared.setup.options.clone() }.arguments());
    let made = Made {
        command: "compare",
        arguments,
        setup: &compared.setup,
        opened: &compared.opened,
        models: named.iter().map(|named| &named.loaded).collect(),
        plan: &compared.plan,
        replications: u64::from(document.replications),
    };
    Ok(page(&compare_page(document, &extras).finished(&made.manifest()?, Some(rows), compared.repeats)))
}

/// What a report was made from.
struct Made<'a> {
    /// The command that makes the same.
    command: &'a str,
    /// Its options about policies and settings of the model.
    arguments: Vec<String>,
    setup: &'a Setup,
    opened: &'a str,
    models: Vec<&'a Loaded>,
    plan: &'a RunPlan,
    /// As many as there are.
    replications: u64,
}

impl Made<'_> {
    fn manifest(&self) -> io::Result<Manifest> {
        let mut arguments = vec![self.command.to_owned()];
        // In the order of the command's help: policies and settings of the model, then the plan.
        arguments.extend(self.arguments.iter().cloned());
        arguments.push(format!("--replications={}", self.plan.replications));
        arguments.extend(["--".to_owned(), self.opened.to_owned()]);
        let mut facts = RunFacts::default();
        for loaded in &self.models {
            facts.describe_model(&loaded.model, &loaded.policy);
        }
        experiments::report::describe_plan(&mut facts, self.plan, self.models.len());
        facts.replications = Some(self.replications);
        let commit = option_env!("DISPATCHLAB_COMMIT");
        let manifest = Manifest {
            schema: MANIFEST_SCHEMA.to_owned(),
            tool: Tool {
                name: "dispatchlab".to_owned(),
                version: env!("CARGO_PKG_VERSION").to_owned(),
                commit: commit.map(|commit| commit.trim_end_matches("-dirty").to_owned()),
                dirty: commit.map(|commit| commit.ends_with("-dirty")),
                target: None,
            },
            command: CommandLine { name: self.command.to_owned(), arguments: arguments.clone(), line: None },
            inputs: self.inputs()?,
            run: facts,
            results: Vec::new(),
            circumstances: None,
        };
        Ok(manifest.within(arguments))
    }

    fn inputs(&self) -> io::Result<Vec<InputFile>> {
        let file = |name: &str, role: &str, bytes: &[u8]| InputFile {
            name: name.to_owned(),
            role: role.to_owned(),
            bytes: bytes.len() as u64,
            blake3: blake3::hash(bytes).to_hex().to_string(),
            text: None,
        };
        let mut found = vec![file(self.opened, "input", &self.setup.input.text)];
        for path in self.models.iter().flat_map(|loaded| &loaded.files) {
            let name = path.display().to_string();
            if found.iter().all(|known| known.name != name) {
                found.push(file(&name, "file", &std::fs::read(path)?));
            }
        }
        Ok(found)
    }
}
