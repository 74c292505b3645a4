//! What the tests share.

use scenarios::{Diagnostic, Input, InputKind, Loaded, Options, PolicyOption, load, render};
use sim_core::measure::Measures;
use sim_core::record::Full;
use sim_core::trace::Trace;
use sim_core::{Limits, run};

/// Options with these policies.
pub fn policies(specs: &[&str]) -> Options {
    Options {
        policies: specs.iter().map(|spec| PolicyOption::parse(spec).unwrap()).collect(),
        ..Options::default()
    }
}

/// Diagnostics as the user reads them.
pub fn shown(diagnostics: &[Diagnostic], input: &Input) -> String {
    render(diagnostics, &input.texts(), false, 120)
}

/// The model of a text that must be right.
pub fn model_of(kind: InputKind, text: &str, options: &Options) -> Loaded {
    let input = Input::from_text("test", kind, text);
    load(&input, options).unwrap_or_else(|found| panic!("{}\n{text}", shown(&found, &input)))
}

/// Codes and messages of a text that must be wrong.
pub fn mistakes(kind: InputKind, text: &str, options: &Options) -> Vec<String> {
    let input = Input::from_text("test", kind, text);
    match load(&input, options) {
        Ok(_) => panic!("accepted:\n{text}"),
        Err(found) => found.iter().map(|d| format!("{} {}", d.code, d.message)).collect(),
    }
}

/// Runs a model recorded.
pub fn trace(loaded: &Loaded) -> (Measures, Trace) {
    loaded.model.check().unwrap();
    let (measures, full) = run(&loaded.model, 0, &Limits::default(), Full::new(false)).unwrap();
    (measures, full.trace)
}

/// `name job arrival-finish` in milliseconds for each job.
pub fn finishes(loaded: &Loaded) -> Vec<String> {
    let (_, trace) = trace(loaded);
    let ms = |nanos: u64| nanos as f64 / 1e6;
    let line = |job: &sim_core::trace::JobRecord| {
        let name = &loaded.model.tasks[job.task as usize];
        let finish = job.finish.map_or("-".to_owned(), |finish| ms(finish.0).to_string());
        format!("{name}{} {}-{finish}", job.job, ms(job.arrival.0))
    };
    trace.jobs.iter().map(line).collect()
}

/// One source with these arrivals before a processor and a delay.
pub fn with_arrivals(arrivals: &str) -> String {
    format!(
        r#"
stop = {{ after = "1s" }}
class = [{{ name = "c", steps = [{{ work = "cpu", demand = "10ms" }}, {{ delay = "1ms" }}] }}]
source = [{{ name = "s", class = "c", arrivals = {arrivals} }}]
processor = [{{ name = "cpu" }}]
"#
    )
}

/// Options that set keys.
pub fn set(pairs: &[(&str, &str)]) -> Options {
    let set = pairs.iter().map(|(path, value)| ((*path).to_owned(), (*value).to_owned())).collect();
    Options { set, ..Options::default() }
}
