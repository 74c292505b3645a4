//! From arguments to a model, with all mistakes rendered.

use crate::args::{GlobalArgs, ModelArgs, PlanArgs};
use crate::failure::Failure;
use crate::progress::Meter;
use crate::reading;
use experiments::RunPlan;
use experiments::finding::Finding;
use scenarios::{Diagnostic, Input, Loaded, Options, PolicyOption};
use sim_core::shown::shown_lines;
use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::PathBuf;
use std::rc::Rc;

/// Width of diagnostics: source lines are cut to it.
const WIDTH: usize = 100;

/// Reads an input; a mistake in its name or kind is rendered. The manifest will name it, and under `--from` it must be
/// what it was.
pub fn read(name: &str, global: &GlobalArgs) -> Result<Input, Failure> {
    let meter = Meter::new(global);
    let watch = |bytes: u64| meter.say(&|| format!("{} MB looked through", bytes / 1_000_000));
    global.session.input(name, stream(name, &watch))
}

/// [`read_plain`], but the lines of a long log or trace are read as they are needed; `watch` is told how many bytes have
/// been looked through.
pub fn stream(name: &str, watch: &dyn Fn(u64)) -> Result<Input, Failure> {
    Input::stream(name, watch).map_err(|found| Failure::Diagnostics(rendered(&found, None)))
}

/// Reads an input of which no manifest is to know.
pub fn read_plain(name: &str) -> Result<Input, Failure> {
    Input::read(name).map_err(|found| Failure::Diagnostics(rendered(&found, None)))
}

/// The text of a file that is no input, or of standard input.
pub fn text(name: &str) -> Result<String, Failure> {
    let bytes = reading::bytes(name, reading::ANSWER)?;
    String::from_utf8(bytes).map_err(|_| Failure::Usage(format!("`{name}` is not UTF-8 text")))
}

/// Text that is at hand, as an input of this name.
pub fn of(name: &str, text: Vec<u8>, folder: PathBuf) -> Result<Input, Failure> {
    Input::of(name, text, Some(folder)).map_err(|found| Failure::Diagnostics(rendered(&found, None)))
}

/// Compiles an input under the arguments. Warnings and notes go to standard error.
pub fn load(
    input: &Input,
    policies: &[String],
    args: &ModelArgs,
    global: &GlobalArgs,
) -> Result<Loaded, Failure> {
    load_again(input, policies, args, global, &mut BTreeSet::new())
}

/// [`load`] for one of several models: what is in `said`, of an earlier one, is not said again.
pub fn load_again(
    input: &Input,
    policies: &[String],
    args: &ModelArgs,
    global: &GlobalArgs,
    said: &mut BTreeSet<String>,
) -> Result<Loaded, Failure> {
    load_with(input, &options(policies, args)?, global, said)
}

/// [`load_again`] under options that are at hand.
pub fn load_with(
    input: &Input,
    options: &Options,
    global: &GlobalArgs,
    said: &mut BTreeSet<String>,
) -> Result<Loaded, Failure> {
    let meter = Meter::new(global);
    let watch = move |lines: usize| meter.say(&|| format!("{:.1} million lines read", lines as f64 / 1e6));
    let loaded = scenarios::load_watched(input, options, Rc::new(watch))
        .map_err(|found| Failure::Diagnostics(rendered(&found, Some(input))))?;
    global.session.read_files(&loaded.files)?;
    global.session.describe_model(&loaded.model, &loaded.policy);
    if !loaded.warnings.is_empty() {
        let warnings = rendered(&loaded.warnings, Some(input));
        if !said.contains(&warnings) {
            let _ = write!(anstream::stderr(), "{warnings}");
        }
        said.insert(warnings);
    }
    let fresh: Vec<String> =
        loaded.notes.iter().filter(|note| said.insert((*note).clone())).cloned().collect();
    notes(&fresh, global);
    Ok(loaded)
}

/// Remarks that are no part of the result.
pub fn notes(notes: &[String], global: &GlobalArgs) {
    if !global.quiet {
        let style = anstyle::AnsiColor::Cyan.on_default().bold();
        let mut stderr = anstream::stderr();
        for note in notes {
            let _ = writeln!(stderr, "{style}note{style:#}: {}", shown_lines(note));
        }
    }
}

/// What must be known before any number is read, for forms of results that have rows alone.
pub fn findings(found: &[Finding], global: &GlobalArgs) {
    let texts: Vec<String> = found.iter().map(ToString::to_string).collect();
    notes(&texts, global);
}

/// Options of the form `a=b`.
fn pairs(texts: &[String], flag: &str, form: &str) -> Result<Vec<(String, String)>, Failure> {
    let pair = |text: &String| match text.split_once('=') {
        Some((path, value)) => Ok((path.trim().to_owned(), value.trim().to_owned())),
        None => Err(Failure::Usage(format!("`{flag} {text}` is not of the form {form}"))),
    };
    texts.iter().map(pair).collect()
}

/// The options of the command line as `scenarios` takes them.
pub fn options(policies: &[String], args: &ModelArgs) -> Result<Options, Failure> {
    let mut found = Vec::new();
    let mut parsed = Vec::new();
    for text in policies {
        match PolicyOption::parse_all(text) {
            Ok(policies) => parsed.extend(policies),
            Err(diagnostic) => found.push(diagnostic),
        }
    }
    if !found.is_empty() {
        return Err(Failure::Diagnostics(rendered(&found, None)));
    }
    let set = pairs(&args.set, "--set", "PATH=VALUE")?;
    Ok(Options {
        policies: parsed,
        cores: args.cores,
        context_switch: args.context_switch.clone(),
        dispatch_latency: args.dispatch_latency.clone(),
        interrupts: args.interrupts.clone(),
        time_unit: args.time_unit.clone(),
        ties: args.ties.clone(),
        until: args.until.clone(),
        warmup: args.warmup.clone(),
        set,
        vary: None,
        scale: args.scale.clone(),
        speedup: args.speedup.clone(),
        seed: args.seed,
        io_device: args.io_device.clone(),
        service: args.service.clone(),
        service_floor: args.service_floor.clone(),
        map: pairs(&args.map, "--map", "FOR=COLUMN")?,
        servers: args.servers,
        log_format: args.log_format.clone(),
        stamp: args.stamp.clone(),
        within_second: args.within_second.clone(),
        client: args.client.clone(),
        class: args.class.clone(),
        only: args.only.clone(),
        except: args.except.clone(),
    })
}

/// With color; where standard error has none it is stripped on the way.
pub fn rendered(found: &[Diagnostic], input: Option<&Input>) -> String {
    rendered_with(found, &input.map(Input::texts).unwrap_or_default())
}

/// Diagnostics with their places in these texts, by name.
pub fn rendered_with(found: &[Diagnostic], texts: &[(&str, &str)]) -> String {
    let mut text = scenarios::render(found, texts, true, WIDTH);
    if !text.ends_with('\n') {
        text.push('\n');
    }
    text
}

/// The plan that the arguments ask for.
pub fn plan(args: &PlanArgs, loaded: &Loaded) -> RunPlan {
    let usual = RunPlan::default();
    RunPlan {
        replications: args.replications,
        threads: args.threads.map_or(0, usize::from),
        max_events: args.max_events.unwrap_or(usual.max_events),
        max_jobs: args.max_jobs.unwrap_or(usual.max_jobs),
        confidence: args.confidence,
        warmup_auto: loaded.warmup_auto,
        ..usual
    }
}
