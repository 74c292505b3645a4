//! Reports: `--html` and `--charts` of the commands that run something, and `dispatchlab report` of results that were
//! written earlier.

use crate::args::{GlobalArgs, confidence};
use crate::commands::sweep;
use crate::failure::Failure;
use crate::output;
use crate::reading::{self, Rows};
use clap::Args;
use experiments::compare::DEFAULT_METRICS;
use experiments::metrics::{self, MetricName};
use experiments::stats::student;
use reports::chart::rows::counted_values;
use reports::chart::{Chart, Look, png, svg};
use reports::html::compare::{CompareExtras, compare_page};
use reports::html::plan::plan_page;
use reports::html::results::{self, Overloaded, PointRow, Results, Unserved, results_page};
use reports::html::run::{RunExtras, run_page};
use reports::html::{self, Page, page};
use reports::json::{COMPARE_SCHEMA, RUN_SCHEMA};
use reports::plan::{PLAN_SCHEMA, write_plan_rows};
use reports::read::{self, ResultRow};
use reports::rows::{ALL, RunDocument};
use reports::sheet::{CsvStyle, Form};
use scenarios::bounds::max_input;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{self, BufRead as _, BufReader, BufWriter, Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};

/// Points of a CSV that a page can show; each is kept until all are read.
const MOST_POINTS: usize = 100_000;
/// Metrics that are shown of a CSV where it has none of the usual ones.
const MOST_OTHERS: usize = 12;
/// CSV up to this length stands in the page.
const MOST_COPIED: u64 = 8 << 20;

/// Where reports go.
#[derive(Args, Default)]
pub struct ReportArgs {
    /// Write a report: one HTML page with charts, tables and the data, to be opened in a browser or printed
    #[arg(long, value_name = "FILE")]
    pub html: Option<String>,
    /// Write every chart into this folder, as SVG and as PNG (288 dots an inch)
    #[arg(long, value_name = "FOLDER")]
    pub charts: Option<String>,
}

/// Reports that are asked for, at checked places.
pub struct Report<'g> {
    html: Option<&'g String>,
    charts: Option<PathBuf>,
    global: &'g GlobalArgs,
}

/// What a report shows.
pub struct Shown {
    /// The page.
    pub page: Page,
    /// Its charts.
    pub charts: Vec<Chart>,
    /// Every number, as CSV.
    pub csv: Option<Vec<u8>>,
}

impl<'g> Report<'g> {
    /// Checks the places before anything is run.
    pub fn new(args: &'g ReportArgs, global: &'g GlobalArgs) -> Result<Report<'g>, Failure> {
        if args.html.as_deref() == Some("-") {
            return Err(Failure::Usage(
                "`--html -`: standard output has the result; name a file, or use `dispatchlab report`"
                    .to_owned(),
            ));
        }
        Report::checked(args, global)
    }

    /// The same where nothing else goes to standard output.
    fn checked(args: &'g ReportArgs, global: &'g GlobalArgs) -> Result<Report<'g>, Failure> {
        if let Some(file) = args.html.as_deref().filter(|file| *file != "-") {
            global.session.reserve(file)?;
        }
        let charts = args.charts.as_deref().map(checked_folder).transpose()?;
        Ok(Report { html: args.html.as_ref(), charts, global })
    }

    /// Whether anything is asked for.
    pub fn is_wanted(&self) -> bool {
        self.html.is_some() || self.charts.is_some()
    }

    /// Writes what is asked for; `shown` is worked out only then.
    pub fn write(&self, shown: impl FnOnce() -> io::Result<Shown>) -> Result<(), Failure> {
        if !self.is_wanted() {
            return Ok(());
        }
        let shown = shown().map_err(|error| Failure::writing("a report", &error))?;
        if let Some(file) = self.html {
            let manifest = self.global.session.manifest_within();
            let text = page(&shown.page.finished(&manifest, shown.csv, true));
            if file == "-" {
                output::stdout(|out| out.write_all(text.as_bytes()))?;
            } else {
                output::write_file(file, self.global, |out| out.write_all(text.as_bytes()))?;
            }
        }
        if let Some(folder) = &self.charts {
            self.write_charts(folder, &shown.charts)?;
        }
        Ok(())
    }

    fn write_charts(&self, folder: &Path, charts: &[Chart]) -> Result<(), Failure> {
        let mut taken = BTreeSet::new();
        for chart in charts {
            // Names that came out alike get numbers.
            let mut name = chart.name.clone();
            let mut number = 2;
            while !taken.insert(name.clone()) {
                name = format!("{}-{number}", chart.name);
                number += 1;
            }
            for (suffix, bytes) in
                [("svg", svg(chart, Look::default()).into_bytes()), ("png", png(chart, Look::default()))]
            {
                let file = folder.join(format!("{name}.{suffix}")).display().to_string();
                output::write_file(&file, self.global, |out| out.write_all(&bytes))?;
            }
        }
        Ok(())
    }
}

/// Arguments of `report`.
#[derive(Args)]
pub struct ReportCommand {
    /// A result: CSV of `run`, `compare` or `sweep`, JSON of `run`, `compare` or `plan`, or a folder that `run` or `sweep` made
    pub input: String,
    /// Show these metrics of a CSV, such as response/p99; the usual ones by default
    #[arg(long, value_name = "METRIC")]
    pub metric: Vec<String>,
    /// Confidence level of intervals over the replications of a CSV, such as 0.95 or 95%
    #[arg(long, value_name = "LEVEL", default_value = "0.95", value_parser = confidence)]
    pub confidence: f64,
    #[command(flatten)]
    pub report: ReportArgs,
}

pub fn run(args: &ReportCommand, global: &GlobalArgs) -> Result<(), Failure> {
    if args.report.html.is_none() && args.report.charts.is_none() {
        return Err(Failure::Usage(
            "say where the report goes: --html FILE (`-` is standard output), --charts FOLDER, or both"
                .to_owned(),
        ));
    }
    let report = Report::checked(&args.report, global)?;
    let path = PathBuf::from(&args.input);
    let (path, file) = if sweep::is_sweep(&path) {
        let temporary = |error: &io::Error| Failure::writing("a temporary file", error);
        let mut out = BufWriter::new(tempfile::tempfile().map_err(|error| temporary(&error))?);
        sweep::long_form(&path, &mut out, global)?;
        let mut file = out.into_inner().map_err(|error| temporary(error.error()))?;
        file.rewind().map_err(|error| temporary(&error))?;
        (path, file)
    } else {
        let path = file_of(path)?;
        let file = opened(&path, global)?;
        (path, file)
    };
    let shown = shown(args, &path, file)?;
    report.write(|| Ok(shown))
}

/// A result that was written earlier, within bounds. What is read once, such as a pipe, is copied.
fn opened(path: &Path, global: &GlobalArgs) -> Result<File, Failure> {
    let name = path.display().to_string();
    let unread = |error: io::Error| Failure::Usage(format!("cannot read `{name}`: {error}"));
    let about = fs::metadata(path).map_err(unread)?;
    let mut file = File::open(path).map_err(unread)?;
    if about.is_file() {
        let most = max_input(reading::ROWS);
        if about.len() > most {
            return Err(Failure::Usage(reading::too_large(&name, most)));
        }
        global.session.read_files(&[path.to_owned()])?;
        return Ok(file);
    }
    let temporary = |error: io::Error| Failure::writing("a temporary file", &error);
    let mut copy = tempfile::tempfile().map_err(temporary)?;
    let mut reader = BufReader::new(&mut file);
    let begin = reader.fill_buf().map_err(unread)?;
    let is_document = begin.trim_ascii_start().first() == Some(&b'{');
    let mut source: Box<dyn io::Read> = if is_document {
        Box::new(reader.take(max_input(reading::DOCUMENT) + 1))
    } else {
        Box::new(Rows::new(reader, &name))
    };
    let mut hasher = blake3::Hasher::new();
    let (mut buffer, mut bytes) = (vec![0; 1 << 16], 0);
    loop {
        let length = source.read(&mut buffer).map_err(unread)?;
        if length == 0 {
            break;
        }
        hasher.update(&buffer[..length]);
        copy.write_all(&buffer[..length]).map_err(temporary)?;
        bytes += length as u64;
    }
    drop(source);
    global.session.read_stream(&name, bytes, hasher.finalize());
    copy.rewind().map_err(temporary)?;
    Ok(copy)
}

/// What the report of a file shows; `path` is how it is called.
fn shown(args: &ReportCommand, path: &Path, mut file: File) -> Result<Shown, Failure> {
    let wrong = |why: String| Failure::Usage(format!("cannot show `{}`: {why}", path.display()));
    let unread = |error: io::Error| Failure::Usage(format!("cannot read `{}`: {error}", path.display()));
    let mut reader = BufReader::new(&file);
    let begin = reader.fill_buf().map_err(unread)?;
    if begin.trim_ascii_start().first() == Some(&b'{') {
        let most = max_input(reading::DOCUMENT);
        let mut text = Vec::new();
        reader.take(most + 1).read_to_end(&mut text).map_err(unread)?;
        if text.len() as u64 > most {
            return Err(Failure::Usage(reading::too_large(&path.display().to_string(), most)));
        }
        let document = read::document(&text).map_err(wrong)?;
        drop(text);
        return of_document(&document).map_err(wrong);
    }
    let results = of_csv(args, path, Rows::new(reader, &path.display().to_string()))?;
    let mut copy = None;
    if file.metadata().is_ok_and(|about| about.is_file() && about.len() <= MOST_COPIED) {
        let mut text = Vec::new();
        file.rewind().and_then(|()| file.take(MOST_COPIED).read_to_end(&mut text)).map_err(unread)?;
        copy = Some(text);
    }
    Ok(Shown { page: results_page(&results), charts: results::charts(&results), csv: copy })
}

/// The result in a folder, or the file itself.
fn file_of(path: PathBuf) -> Result<PathBuf, Failure> {
    if !path.is_dir() {
        return Ok(path);
    }
    let inside = ["results.csv", "runs.csv", "summary.csv"].map(|name| path.join(name));
    inside.into_iter().find(|file| file.is_file()).ok_or_else(|| {
        Failure::Usage(format!(
            "there is no `results.csv`, `runs.csv` or `summary.csv` in `{}`, and it is no folder of a sweep",
            path.display()
        ))
    })
}

fn of_document(document: &Value) -> Result<Shown, String> {
    match read::schema_of(document) {
        Some(RUN_SCHEMA) => {
            let summary = read::summary_rows(document)?;
            let document = read::run_document(document, &summary)?;
            let extras = RunExtras {
                replications: summary.iter().map(|row| row.n).max().unwrap_or(1) as u32,
                confidence: None,
                responses: recorded_responses(&document),
                charts: Vec::new(),
            };
            let charts = html::run::charts(&document, &extras);
            Ok(Shown { page: run_page(&document, &extras), charts, csv: None })
        }
        Some(COMPARE_SCHEMA) => {
            let said = read::said(document).map(str::to_owned);
            let document = read::compare_document(document)?;
            let extras = CompareExtras { said, ..CompareExtras::default() };
            let charts = html::compare::charts(&document, &extras);
            Ok(Shown { page: compare_page(&document, &extras), charts, csv: None })
        }
        Some(PLAN_SCHEMA) => {
            let document = read::plan_document(document)?;
            let mut csv = Vec::new();
            write_plan_rows(&document, &Form::Csv(CsvStyle::default()), &mut csv)
                .map_err(|error| error.to_string())?;
            Ok(Shown { page: plan_page(&document), charts: html::plan::charts(&document), csv: Some(csv) })
        }
        Some(other) => Err(format!("a report of `{other}` is not known here")),
        None => Err("it has no key `schema`: this is no result of DispatchLab".to_owned()),
    }
}

/// Response times of the recorded jobs that were released in the window: of all, then of each class.
fn recorded_responses(document: &RunDocument<'_>) -> Vec<(String, Vec<(u64, u64)>)> {
    let warmup = document.summary.iter().find(|row| row.name() == "warmup/time").and_then(|row| row.value);
    let from = warmup.unwrap_or(0.0) as u64;
    let mut classes: BTreeMap<&str, Vec<u64>> = BTreeMap::new();
    for task in document.tasks.iter().filter(|task| task.arrival_ns >= from) {
        classes.entry(task.class).or_default().extend(task.response_ns);
    }
    let all = counted_values(classes.values().flatten().copied());
    let classes = classes.into_iter().map(|(name, values)| (name.to_owned(), counted_values(values)));
    std::iter::once(("all jobs".to_owned(), all)).chain(classes).collect()
}

/// Everything that a point is known by, and its metric.
type Key = (String, String, Vec<String>, String);

/// One metric of one point, as it is gathered.
struct Gathered {
    row: PointRow,
    values: Vec<f64>,
    is_summary: bool,
}

fn of_csv(args: &ReportCommand, path: &Path, reader: impl io::Read) -> Result<Results, Failure> {
    let wanted: Vec<MetricName> = args
        .metric
        .iter()
        .map(|text| metrics::parse(text).map_err(|error| Failure::Usage(error.to_string())))
        .collect::<Result<_, _>>()?;
    let mut names: Vec<String> = match &wanted[..] {
        [] => DEFAULT_METRICS.iter().map(ToString::to_string).collect(),
        wanted => wanted.iter().map(ToString::to_string).collect(),
    };
    let usual = names.len();
    let mut places: BTreeMap<Key, usize> = BTreeMap::new();
    let mut points: Vec<Gathered> = Vec::new();
    let (mut any, mut too_many) = (false, false);
    let mut known = Known::default();
    let mut gather = |row: &ResultRow<'_>| {
        any = true;
        let name = format!("{}/{}", row.metric, row.statistic);
        let whole = row.scope == ALL && row.class == ALL;
        known.note(row, &name, whole);
        if !names.contains(&name) {
            // Of a file without any of the usual metrics the first others are shown.
            if !wanted.is_empty() || names.len() >= usual + MOST_OTHERS {
                return;
            }
            names.push(name.clone());
        }
        if points.len() >= MOST_POINTS {
            too_many = true;
            return;
        }
        if wanted.is_empty() && !whole {
            return;
        }
        let places_of = [row.scope, row.class].into_iter().filter(|part| *part != ALL);
        let metric = std::iter::once(name.as_str()).chain(places_of).collect::<Vec<_>>().join(" ");
        let values: Vec<String> = row.values.iter().map(|value| (*value).to_owned()).collect();
        let key = (row.scenario.to_owned(), row.policy.to_owned(), values, metric);
        let place = *places.entry(key).or_insert_with_key(|(scenario, policy, values, metric)| {
            points.push(Gathered {
                row: PointRow {
                    scenario: scenario.clone(),
                    policy: policy.clone(),
                    values: values.clone(),
                    metric: metric.clone(),
                    unit: row.unit,
                    value: None,
                    low: None,
                    high: None,
                    n: 0,
                    above: None,
                },
                values: Vec::new(),
                is_summary: row.replication.is_none(),
            });
            points.len() - 1
        });
        let point = &mut points[place];
        point.row.above = row.above.into_iter().chain(point.row.above).min();
        if point.is_summary {
            point.row =
                PointRow { value: row.value, low: row.low, high: row.high, n: row.n, ..point.row.clone() };
        } else {
            point.values.extend(row.value);
        }
    };
    let parameters = read::results(reader, &mut gather)
        .map_err(|why| Failure::Usage(format!("cannot show `{}`: {why}", path.display())))?;
    if too_many {
        return Err(Failure::Usage(format!(
            "cannot show `{}`: it has more than {MOST_POINTS} points; choose some with --metric",
            path.display()
        )));
    }
    if points.is_empty() {
        let why = if any { format!("it has no {}", names.join(", ")) } else { "it has no rows".to_owned() };
        return Err(Failure::Usage(format!("cannot show `{}`: {why}", path.display())));
    }
    let place_of =
        |metric: &str| names.iter().position(|name| metric.split(' ').next() == Some(name.as_str()));
    let mut rows: Vec<PointRow> = points.into_iter().map(|point| point.finished(args.confidence)).collect();
    let is_usual = |row: &PointRow| place_of(&row.metric).is_some_and(|place| place < usual);
    if rows.iter().any(is_usual) {
        rows.retain(is_usual);
    }
    rows.sort_by_key(|row| place_of(&row.metric));
    let title = path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    let (points, overloaded, unserved) = known.told();
    Ok(Results { title, parameters, rows, confidence: args.confidence, points, overloaded, unserved })
}

/// What a point is known by.
type Place = (String, String, Vec<String>);

/// What a file says of each point whatever is shown of it: offered load, and jobs that were not served.
#[derive(Default)]
struct Known {
    places: BTreeMap<Place, usize>,
    /// Of each point the fullest station of each name, and jobs: released, and not served.
    points: Vec<(BTreeMap<String, f64>, [f64; 2])>,
}

impl Known {
    fn note(&mut self, row: &ResultRow<'_>, name: &str, whole: bool) {
        let Some(value) = row.value else { return };
        let jobs = match name {
            "offered_load/ratio" if row.class == ALL && row.scope != ALL => None,
            "jobs/released" if whole => Some(0),
            "jobs/unfinished" | "jobs/lost" | "jobs/timed-out" if whole => Some(1),
            _ => return,
        };
        let values: Vec<String> = row.values.iter().map(|value| (*value).to_owned()).collect();
        let next = self.places.len();
        let key = (row.scenario.to_owned(), row.policy.to_owned(), values);
        let place = *self.places.entry(key).or_insert(next);
        if place >= MOST_POINTS {
            return;
        }
        if place >= self.points.len() {
            self.points.resize_with(place + 1, Default::default);
        }
        let (stations, counts) = &mut self.points[place];
        if let Some(which) = jobs {
            // Over replications both grow alike.
            counts[which] += value;
        } else {
            let load = stations.entry(row.scope.to_owned()).or_insert(value);
            *load = load.max(value);
        }
    }

    fn told(self) -> (usize, Vec<Overloaded>, Unserved) {
        /// Stations that are named.
        const NAMED: usize = 3;
        /// A part of the jobs of which nothing is said: some are always on their way when a run ends.
        const FEW: f64 = 0.01;
        let mut found: BTreeMap<String, Overloaded> = BTreeMap::new();
        let mut unserved = Unserved::default();
        let points = self.points.len();
        for (stations, [released, left]) in self.points {
            for (station, load) in stations.into_iter().filter(|(_, load)| *load > 1.0) {
                let one = found.entry(station.clone()).or_insert(Overloaded { station, load, points: 0 });
                one.load = one.load.max(load);
                one.points += 1;
            }
            let part = if released > 0.0 { left / released } else { 0.0 };
            if part > FEW {
                unserved.points += 1;
                unserved.most = unserved.most.max(part);
            }
        }
        let mut overloaded: Vec<Overloaded> = found.into_values().collect();
        overloaded.sort_by(|a, b| b.load.total_cmp(&a.load));
        overloaded.truncate(NAMED);
        (points, overloaded, unserved)
    }
}

impl Gathered {
    /// With the mean over replications and its interval.
    fn finished(self, confidence: f64) -> PointRow {
        if self.is_summary {
            return self.row;
        }
        let interval = student::interval(&self.values, confidence);
        PointRow {
            value: interval.map(|found| found.mean).or(self.values.first().copied()),
            low: interval.map(|found| found.low()),
            high: interval.map(|found| found.high()),
            n: self.values.len() as u64,
            ..self.row
        }
    }
}

/// A folder that is there, or can be made within one that is.
fn checked_folder(name: &str) -> Result<PathBuf, Failure> {
    // It would be the folder one is in.
    if name.is_empty() {
        return Err(Failure::Usage("cannot write charts into ``: name a folder".to_owned()));
    }
    let path = PathBuf::from(name);
    if path.exists() && !path.is_dir() {
        return Err(Failure::Usage(format!("cannot write charts into `{name}`: it is no folder")));
    }
    let parent = output::folder_of(&path);
    if !path.is_dir() && !parent.is_dir() {
        return Err(Failure::Usage(format!(
            "cannot make the folder `{name}`: there is no folder `{}`",
            parent.display()
        )));
    }
    Ok(path)
}
