//! Text in, model out: scenario files, task lists, access logs and request traces.
//!
//! ```text
//! file, standard input or library name --Input::read--> Input --load--> Loaded { model, .. }
//!                                                               \-----> all diagnostics at once
//! ```
//!
//! Four kinds of input are known ([`InputKind`]). Each has a front end that reads the text with the place of every
//! word kept, checks it and fills a [`sim_core::model::Model`]. A mistake never stops the reading: everything that is
//! wrong is collected, sorted by place and returned together. [`render`] shows it with line, column and caret.
//!
//! The format of scenario files is described in `scenarios/README.md`; the tables in [`keys`] are what it is checked
//! against, what "did you mean" searches and what [`schema`] is made from.

pub mod bounds;
mod codes;
mod demand;
mod diagnostic;
pub mod draft;
mod import;
mod input;
pub mod keys;
mod laws;
pub mod lessons;
pub mod library;
mod lower;
mod options;
mod order;
mod policy;
mod reader;
mod regions;
mod render;
mod run_options;
mod schema;
mod set;
mod steps;
mod stream;
pub mod sweep_plan;
mod task_list;
mod template;
mod traces;
mod tree;
mod unpack;

pub use codes::{CODES, Code};
pub use demand::{DemandError, demand_notes, parse_demand, scale_demand};
pub use diagnostic::{Diagnostic, LinesWatch, Severity};
pub use input::{Input, InputKind};
pub use options::{Options, PolicyOption};
pub use render::render;
pub use schema::{schema, sweep_schema};
pub use stream::Origin;
pub use sweep_plan::SweepPlan;
pub use task_list::{COLUMNS, Column};
pub use template::{TEMPLATES, template};

use diagnostic::Sink;
use sim_core::model::Model;

/// A model ready to run, and what is to be said about where it came from.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The model.
    pub model: Model,
    /// Remarks for the user, one sentence each: "2 of 2000 lines were not requests".
    pub notes: Vec<String>,
    /// Mistakes that do not keep the model from running.
    pub warnings: Vec<Diagnostic>,
    /// The policies in effect: `round-robin:quantum=4ms`, or `lb=random cpu=fcfs` where several stations have one.
    pub policy: String,
    /// The warm-up is to be found from the data; [`Model::warmup`] is zero then.
    pub warmup_auto: bool,
    /// What kind of input it was.
    pub kind: InputKind,
    /// Files that were read besides the input, in the order in which it names them.
    pub files: Vec<std::path::PathBuf>,
}

/// Compiles an input. On failure every mistake is returned, in the order of the text, mistakes in options first.
pub fn load(input: &Input, options: &Options) -> Result<Loaded, Vec<Diagnostic>> {
    load_tree(input, None, options)
}

/// [`load`], with somebody who is told now and then how many lines of a log or trace have been read.
pub fn load_watched(input: &Input, options: &Options, watch: LinesWatch) -> Result<Loaded, Vec<Diagnostic>> {
    load_into(Sink::new(&input.name).watched(Some(watch)), input, None, options)
}

/// [`load`] with the tree of a scenario that has been read before, or that is a part of the text.
pub(crate) fn load_tree(
    input: &Input,
    root: Option<&tree::Node>,
    options: &Options,
) -> Result<Loaded, Vec<Diagnostic>> {
    load_into(Sink::new(&input.name), input, root, options)
}

fn load_into(
    mut sink: Sink,
    input: &Input,
    root: Option<&tree::Node>,
    options: &Options,
) -> Result<Loaded, Vec<Diagnostic>> {
    // A table is taken for a task list where its header says nothing; options that only traces have say more.
    let trace = !options.map.is_empty() || options.service.is_some();
    let kind = match input.kind {
        InputKind::TaskList if trace && !input::has_task_column(&input.text) => InputKind::RequestTrace,
        // A format that is told, and columns of a table that is known by nothing else, say more than the content.
        InputKind::RequestTrace if options.log_format.is_some() => InputKind::AccessLog,
        InputKind::AccessLog
            if !options.map.is_empty()
                && options.log_format.is_none()
                && !import::access_log::is_log(&input.text) =>
        {
            InputKind::RequestTrace
        }
        kind => kind,
    };
    let mut loaded = match (kind, root) {
        (InputKind::Scenario, Some(root)) => lower::compile(root.clone(), input, options, &mut sink),
        (InputKind::Scenario, None) => lower::load(input, options, &mut sink),
        (InputKind::TaskList, _) => task_list::load(input, options, &mut sink),
        (InputKind::AccessLog, _) => import::access_log::load(input, options, &mut sink),
        (InputKind::RequestTrace, _) => import::request_trace::load(input, options, &mut sink),
    };
    if let Some(loaded) = loaded.as_mut().filter(|loaded| loaded.kind != InputKind::TaskList) {
        let notes = demand::apply(options, &mut loaded.model, &mut sink);
        loaded.notes.extend(notes);
    }
    if let Some(loaded) = &mut loaded {
        let notes = order::notes(loaded, input);
        loaded.notes.extend(notes);
    }
    let files = sink.take_files();
    let (errors, warnings) = sink.finish();
    match loaded {
        Some(loaded) if errors.is_empty() => Ok(Loaded { warnings, files, ..loaded }),
        _ => Err(errors),
    }
}
