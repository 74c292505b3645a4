//! `dispatchlab exercise` and `dispatchlab grade`: problem sheets with keys, and what an answer is worth.

use crate::args::{Format, GlobalArgs, OutputArgs};
use crate::commands::report::{Report, ReportArgs, Shown};
use crate::failure::Failure;
use crate::load;
use crate::output::{self, Output};
use clap::{Args, ValueEnum};
use experiments::exercise::{self, Exercise, IoDevice, Wish};
use experiments::vocabulary;
use reports::exercise::{GradeDocument, GradeRow, grade_text, sheet_csv, sheet_page, sheet_text};
use reports::explain::Explainer;
use sim_core::units::Time;

/// Which problem is meant.
#[derive(Args)]
pub struct WishArgs {
    /// The scheduler, such as round-robin or round-robin:quantum=2ms
    #[arg(long, value_name = "ID[:k=v,...]", default_value = "round-robin")]
    pub policy: String,
    /// Which problem it is; the same seed gives the same problem everywhere
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// How many tasks
    #[arg(long, value_name = "N", default_value_t = 4)]
    pub tasks: u32,
    /// How many cores
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub cores: u32,
    /// Tasks leave the processor for I/O
    #[arg(long)]
    pub io: bool,
    /// I/O: every task has its own device, or one serves all
    #[arg(long, value_enum, value_name = "KIND", default_value_t = Device::Parallel, requires = "io")]
    pub io_device: Device,
}

/// What tasks do their I/O with.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum Device {
    /// Every task has its own.
    Parallel,
    /// One serves all, first come, first served.
    Fcfs,
}

impl WishArgs {
    fn io(&self) -> Option<IoDevice> {
        self.io.then_some(match self.io_device {
            Device::Parallel => IoDevice::Parallel,
            Device::Fcfs => IoDevice::Fcfs,
        })
    }
}

/// Arguments of `exercise`.
#[derive(Args)]
pub struct ExerciseArgs {
    #[command(flatten)]
    pub wish: WishArgs,
    /// Print the key: schedule, table and means
    #[arg(long)]
    pub answers: bool,
    /// Write the sheet as one HTML page, to be printed
    #[arg(long, value_name = "FILE")]
    pub html: Option<String>,
    /// Write the task list as CSV, to be run; with --answers the schedule, as `grade` takes it
    #[arg(long, value_name = "FILE")]
    pub csv: Option<String>,
}

/// Arguments of `grade`.
#[derive(Args)]
pub struct GradeArgs {
    /// What was handed in, CSV in ms: `start,end,task` (and `core`), or `task` and some of start, finish, response, waiting,
    /// first_response; `-` is standard input
    pub answer: String,
    #[command(flatten)]
    pub wish: WishArgs,
    /// Form of the result
    #[arg(long, value_enum, value_name = "FORMAT")]
    pub format: Option<Format>,
    /// Write the result to a file; `-` is standard output
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<String>,
}

fn make(args: &WishArgs) -> Result<Exercise, Failure> {
    let wish = Wish {
        policy: args.policy.clone(),
        seed: args.seed,
        tasks: args.tasks,
        cores: args.cores,
        io: args.io(),
    };
    exercise::make(&wish).map_err(|error| Failure::Usage(error.to_string()))
}

/// `dispatchlab exercise`.
pub fn exercise(args: &ExerciseArgs, global: &GlobalArgs) -> Result<(), Failure> {
    let report_args = ReportArgs { html: args.html.clone(), ..ReportArgs::default() };
    let report = Report::new(&report_args, global)?;
    if let Some(file) = &args.csv {
        checked_csv(file, global)?;
    }
    let exercise = make(&args.wish)?;
    let sheet = exercise.sheet(args.answers);
    report.write(|| Ok(Shown { page: sheet_page(&sheet), charts: Vec::new(), csv: None }))?;
    if let Some(file) = &args.csv {
        output::write_file(file, global, |out| out.write_all(sheet_csv(&sheet).as_bytes()))?;
    }
    super::run::print(&sheet_text(&sheet))
}

/// Standard output has the sheet.
fn checked_csv(file: &str, global: &GlobalArgs) -> Result<(), Failure> {
    if file == "-" {
        return Err(Failure::Usage("`--csv -`: standard output has the sheet; name a file".to_owned()));
    }
    global.session.reserve(file)
}

/// `dispatchlab grade`.
pub fn grade(args: &GradeArgs, global: &GlobalArgs) -> Result<(), Failure> {
    let output = OutputArgs {
        format: args.format,
        output: args.output.clone(),
        wide: false,
        excel: false,
        crlf: false,
    };
    let target = Output::new(&output, global)?;
    if !matches!(target.format, Format::Table | Format::Json) {
        return Err(Failure::Usage("a grade is written as `table` or `json`".to_owned()));
    }
    let exercise = make(&args.wish)?;
    global.session.not_a_result(&args.answer)?;
    let text = load::text(&args.answer)?;
    let answer = exercise::read_answer(&text)
        .map_err(|error| Failure::Usage(format!("`{}`, {error}", args.answer)))?;
    let grade = exercise::grade(&exercise.problem(), &answer);
    let words = vocabulary(&exercise.model);
    let explainer = Explainer::new(&exercise.model, &exercise.trace, &words);
    let document = GradeDocument {
        schema: "dispatchlab.grade/1",
        policy: &exercise.policy,
        seed: args.wish.seed,
        points: grade.points,
        of: grade.of,
        score: grade.score(),
        mistakes: grade
            .remarks
            .iter()
            .map(|remark| GradeRow { kind: remark.mistake.word(), text: remark.text.clone() })
            .collect(),
        why: grade.first_wrong_ns.map(|at| explainer.at(Time(at))),
    };
    target.write(|out| {
        if target.format == Format::Json {
            serde_json::to_writer_pretty(&mut *out, &document)?;
            return writeln!(out);
        }
        out.write_all(grade_text(&document).as_bytes())
    })
}
