//! What `run` writes besides its result: a new folder of files, and a trace for a viewer of time lines.

use crate::args::{Format, GlobalArgs, OutputArgs};
use crate::failure::Failure;
use crate::load;
use crate::output::{self, OutputForm};
use crate::progress::Meter;
use clap::{Args, ValueEnum};
use experiments::{RunPlan, RunResult, servers, timeseries, vocabulary};
use reports::csv::{LongForm, write_summary};
use reports::rows::{SummaryRow, gantt_rows_with_levels};
use scenarios::Loaded;
use sim_core::quantity;
use sim_core::units::Span;
use std::io::{self, Write};

/// What goes into files of its own.
#[derive(Args, Default)]
pub struct FileArgs {
    /// Write a new folder with summary, runs, servers, timeseries and a manifest; as CSV, or in --format jsonl or parquet
    #[arg(long, value_name = "DIR")]
    pub out_dir: Option<String>,
    /// More files for the folder, of replication 1
    #[arg(long, value_enum, value_delimiter = ',', requires = "out_dir", value_name = "FILES")]
    pub with: Vec<Extra>,
    /// Length of the intervals of the time series; at most 200 of them by default
    #[arg(long, requires = "out_dir", value_name = "T")]
    pub interval: Option<String>,
    /// Write replication 1 for Perfetto (ui.perfetto.dev): cores, jobs, wakeups and queues on one time line, as JSON
    #[arg(long, value_name = "FILE")]
    pub trace: Option<String>,
}

/// Files that grow with the number of jobs.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum Extra {
    /// Every job.
    Requests,
    /// Every decision, with its candidates.
    Decisions,
    /// What every core did.
    Gantt,
    /// What happened in transaction regions, and the books of their processes.
    Region,
}

impl FileArgs {
    /// Checks the places before anything is run, and opens the folder.
    pub fn open(&self, time_unit: &str, global: &GlobalArgs) -> Result<(), Failure> {
        self.interval(time_unit)?;
        match self.trace.as_deref() {
            Some("-") => {
                return Err(Failure::Usage(
                    "`--trace -`: standard output has the result; name a file".to_owned(),
                ));
            }
            Some(file) => global.session.reserve(file)?,
            None => {}
        }
        match &self.out_dir {
            Some(folder) => global.session.open_folder(folder),
            None => Ok(()),
        }
    }

    /// Where the result itself goes: a folder takes over the forms of rows, and standard output keeps the table.
    pub fn result(&self, output: &OutputArgs) -> OutputArgs {
        let rows = matches!(output.format, Some(Format::Csv | Format::Jsonl | Format::Parquet));
        let format = output.format.filter(|_| self.out_dir.is_none() || output.output.is_some() || !rows);
        OutputArgs { format, ..output.clone() }
    }

    /// Whether replication 1 must be recorded, however many jobs it has.
    pub fn records(&self) -> bool {
        !self.with.is_empty() || self.trace.is_some()
    }

    /// Whether its decisions must be.
    pub fn decisions(&self) -> bool {
        self.with.contains(&Extra::Decisions)
    }

    fn interval(&self, time_unit: &str) -> Result<Option<Span>, Failure> {
        let Some(text) = &self.interval else { return Ok(None) };
        let unit = quantity::time_unit(time_unit).unwrap_or(1_000_000);
        let span = quantity::parse_span_in(text, unit)
            .map_err(|error| Failure::Usage(format!("`--interval {text}`: {error}")))?;
        if span == Span::ZERO {
            return Err(Failure::Usage(format!("`--interval {text}`: an interval has a length")));
        }
        Ok(Some(span))
    }

    /// Writes the files.
    pub fn write(
        &self,
        output: &OutputArgs,
        time_unit: &str,
        ran: &Ran<'_>,
        global: &GlobalArgs,
    ) -> Result<(), Failure> {
        if let Some(file) = &self.trace {
            write_trace(file, ran, global)?;
        }
        if self.out_dir.is_none() {
            return Ok(());
        }
        let format = match output.format {
            Some(format @ (Format::Jsonl | Format::Parquet)) => format,
            _ => Format::Csv,
        };
        let form = OutputForm { format, style: output.style(), global };
        let folder = Folder { form: &form, ran, global };
        folder.numbers()?;
        folder.timeseries(self.interval(time_unit)?)?;
        for extra in [Extra::Requests, Extra::Decisions, Extra::Gantt, Extra::Region] {
            if self.with.contains(&extra) {
                folder.extra(extra)?;
            }
        }
        Ok(())
    }
}

/// A run that is over.
pub struct Ran<'a> {
    /// What was run.
    pub loaded: &'a Loaded,
    /// How.
    pub plan: &'a RunPlan,
    /// What came out.
    pub result: &'a RunResult,
}

struct Folder<'a> {
    form: &'a OutputForm<'a>,
    ran: &'a Ran<'a>,
    global: &'a GlobalArgs,
}

impl Folder<'_> {
    fn file(
        &self,
        name: &str,
        write: impl FnOnce(&reports::sheet::Form, &mut dyn Write) -> io::Result<()>,
    ) -> Result<(), Failure> {
        let form = self.form.sheet();
        let name = format!("{name}.{}", self.form.format.suffix());
        self.global.session.write_in_folder(&name, |out| write(&form, out))
    }

    fn numbers(&self) -> Result<(), Failure> {
        let Ran { loaded, plan, result } = self.ran;
        let (scenario, policy) = (loaded.model.name.as_str(), loaded.policy.as_str());
        self.file("summary", |form, out| {
            let method = if plan.batches.is_some() { "batch-means" } else { "t-replications" };
            write_summary(form, scenario, policy, (plan.confidence, method), &result.summary, out)
        })?;
        self.file("runs", |form, out| {
            let mut long = LongForm::in_form(form, out)?;
            for replication in 0..result.values.len() {
                let rows: Vec<SummaryRow> = result.replication_rows(replication).collect();
                long.rows(scenario, policy, replication as u32 + 1, &rows)?;
            }
            long.finish()
        })?;
        let whole = result.trace.as_ref().filter(|_| result.has_segments);
        let rows = servers(&loaded.model, &result.first, whole);
        self.file("servers", |form, out| reports::servers::write(form, scenario, policy, &rows, out))
    }

    fn timeseries(&self, interval: Option<Span>) -> Result<(), Failure> {
        let Ran { loaded, plan, result } = self.ran;
        let meter = Meter::new(self.global);
        let watch = |progress| {
            meter.update(0, 1, progress);
            true
        };
        let (rows, notes) = timeseries(&loaded.model, plan, result, interval, &watch)
            .map_err(|failure| Failure::Run(failure.to_string()))?;
        drop(meter);
        load::notes(&notes, self.global);
        let (scenario, policy) = (loaded.model.name.as_str(), loaded.policy.as_str());
        self.file("timeseries", |form, out| reports::timeseries::write(form, scenario, policy, &rows, out))
    }

    fn extra(&self, extra: Extra) -> Result<(), Failure> {
        let Ran { loaded, result, .. } = self.ran;
        let (model, policy) = (&loaded.model, loaded.policy.as_str());
        let trace = recorded(result)?;
        match extra {
            Extra::Requests => {
                self.file("requests", |form, out| reports::requests::write(form, model, policy, trace, out))
            }
            Extra::Decisions => {
                let words = vocabulary(model);
                self.file("decisions", |form, out| reports::decisions::write(form, model, trace, &words, out))
            }
            Extra::Region => {
                self.file("region", |form, out| reports::regions::write(form, model, policy, trace, out))?;
                self.file("instances", |form, out| {
                    reports::regions::write_books(form, model, policy, &result.first, out)
                })
            }
            Extra::Gantt => {
                let words = vocabulary(model);
                let rows = if result.has_segments {
                    gantt_rows_with_levels(model, trace, &words)
                } else {
                    Vec::new()
                };
                self.file("gantt", |form, out| {
                    reports::requests::write_gantt(form, &model.name, policy, &rows, out)
                })
            }
        }
    }
}

fn write_trace(file: &str, ran: &Ran<'_>, global: &GlobalArgs) -> Result<(), Failure> {
    let Ran { loaded, result, .. } = ran;
    if !result.has_segments {
        return Err(Failure::Run(format!(
            "cannot write `{file}`: there are too many stretches of time to keep; make the run shorter with --until or --set stop.jobs="
        )));
    }
    let trace = recorded(result)?;
    let mut notes = Vec::new();
    output::write_file(file, global, |out| {
        notes = reports::perfetto::write(&loaded.model, &loaded.policy, trace, out)?;
        Ok(())
    })?;
    load::notes(&notes, global);
    Ok(())
}

/// The trace of a run that had to be recorded.
fn recorded(result: &RunResult) -> Result<&sim_core::trace::Trace, Failure> {
    result.trace.as_ref().ok_or_else(|| Failure::Run("the run was not recorded".to_owned()))
}
