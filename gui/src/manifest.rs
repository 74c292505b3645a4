//! The manifest inside the report of replications: the one that the command line writes for the same run.

use crate::app::state::BatchResult;
use reports::html::run::run_page;
use reports::html::{Page, page};
use reports::manifest::{CommandLine, InputFile, MANIFEST_SCHEMA, Manifest, RunFacts, Tool};
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
    let page_of_run: Page = run_page(&document, &extras);
    Ok(page(&page_of_run.finished(&manifest(batch)?, Some(rows), batch.repeats)))
}

fn manifest(batch: &BatchResult) -> io::Result<Manifest> {
    let mut arguments = vec!["run".to_owned()];
    let options = batch.setup.options.arguments();
    // In the order of the command's help: policies and settings of the model, then the plan.
    arguments.extend(options);
    arguments.push(format!("--replications={}", batch.plan.replications));
    arguments.extend(["--".to_owned(), batch.opened.clone()]);
    let mut facts = RunFacts::default();
    facts.describe_model(&batch.loaded.model, &batch.loaded.policy);
    experiments::report::describe_plan(&mut facts, &batch.plan, 1);
    facts.replications = Some(batch.result.values.len() as u64);
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
        command: CommandLine { name: "run".to_owned(), arguments: arguments.clone(), line: None },
        inputs: inputs(batch)?,
        run: facts,
        results: Vec::new(),
        circumstances: None,
    };
    Ok(manifest.within(arguments))
}

fn inputs(batch: &BatchResult) -> io::Result<Vec<InputFile>> {
    let file = |name: &str, role: &str, bytes: &[u8]| InputFile {
        name: name.to_owned(),
        role: role.to_owned(),
        bytes: bytes.len() as u64,
        blake3: blake3::hash(bytes).to_hex().to_string(),
        text: None,
    };
    let mut found = vec![file(&batch.opened, "input", &batch.setup.input.text)];
    for path in &batch.loaded.files {
        found.push(file(&path.display().to_string(), "file", &std::fs::read(path)?));
    }
    Ok(found)
}
