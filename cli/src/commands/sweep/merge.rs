//! `dispatchlab sweep merge`: the results in the order of the cells, whoever computed them.

use super::folder::Folder;
use super::journal::{self, Journal, Place};
use super::status::{Count, shards_in_words};
use crate::args::{Format, GlobalArgs};
use crate::failure::Failure;
use crate::load;
use crate::output::{self, OutputForm};
use crate::progress::Meter;
use experiments::finding::{Finding, overload};
use experiments::run::fold_digests;
use experiments::sweep::{Columns, Outcome};
use reports::sheet::CsvStyle;
use reports::sweep::{Path as SweptPath, Point, SweepForm, SweepSummary};
use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, BufReader, Write};
use std::path::Path;

/// How intervals of the summary were found: Student's t over the values of independent replications.
const METHOD: &str = "t-replications";
/// Journals that are open at once.
const OPEN_MAX: usize = 100;
/// Of a line that is not there.
const NONE: u32 = u32::MAX;

/// Where the result of a cell is.
#[derive(Clone, Copy)]
struct Found {
    offset: u64,
    /// Which journal; [`NONE`]: nowhere.
    journal: u32,
    length: u32,
    /// Half of the line's checksum: two lines of one cell must be the same.
    check: u32,
    failed: bool,
}

/// Every result of a folder.
pub struct Index {
    journals: Vec<Journal>,
    cells: Vec<Found>,
}

impl Index {
    /// Reads all journals.
    pub fn read(folder: &Folder) -> Result<Index, Failure> {
        let shown = folder.journals().display().to_string();
        let failed = |error: &io::Error| Failure::Run(format!("cannot read `{shown}`: {error}"));
        let journals = journal::list(&folder.journals()).map_err(|error| failed(&error))?;
        let none = Found { offset: 0, journal: NONE, length: 0, check: 0, failed: false };
        let mut cells = vec![none; folder.cells.count() as usize];
        let mut disagree = None;
        for (number, journal) in journals.iter().enumerate() {
            journal::scan(&journal.path, folder.key, |line, place| {
                let Some(cell) = cells.get_mut(line.cell as usize) else { return };
                let check = line.checksum as u32;
                if cell.journal != NONE && cell.check != check {
                    disagree.get_or_insert((line.cell, cell.journal, number));
                }
                *cell = Found {
                    offset: place.offset,
                    journal: number as u32,
                    length: place.length as u32,
                    check,
                    failed: matches!(line.outcome, Outcome::Failed(_)),
                };
            })
            .map_err(|error| failed(&error))?;
        }
        if let Some((cell, one, other)) = disagree {
            let (one, other) = (&journals[one as usize].path, &journals[other].path);
            return Err(Failure::Run(format!(
                "cell {cell} ({}) has two different results, in `{}` and `{}`: they come from different programs; \
                 delete the wrong one",
                folder.describe(cell),
                one.display(),
                other.display()
            )));
        }
        Ok(Index { journals, cells })
    }

    /// Cells without a result.
    fn missing(&self) -> impl Iterator<Item = u64> + '_ {
        self.cells.iter().enumerate().filter(|(_, cell)| cell.journal == NONE).map(|(cell, _)| cell as u64)
    }

    /// Cells that could not be finished.
    fn failed(&self) -> impl Iterator<Item = u64> + '_ {
        self.cells.iter().enumerate().filter(|(_, cell)| cell.failed).map(|(cell, _)| cell as u64)
    }
}

/// What was written.
#[derive(Default)]
struct Written {
    rows: u64,
    digest: Option<u64>,
}

/// The name of the long form, that of the summary, and the form of both.
type Files<'a> = (&'a str, (String, Format));

/// The files of a merge, where it does not go to standard output.
fn files(output: &str) -> Result<Option<Files<'_>>, Failure> {
    match output {
        "-" => Ok(None),
        file => Ok(Some((file, summary_name(file)?))),
    }
}

/// Checks where results go, before anything is computed.
pub fn reserve(output: &str, global: &GlobalArgs) -> Result<(), Failure> {
    if let Some((file, (summary, _))) = files(output)? {
        global.session.reserve(file)?;
        global.session.reserve(&summary)?;
    }
    Ok(())
}

/// Writes the long form, and the summary beside it.
pub fn run(folder: &Folder, output: &str, partial: bool, global: &GlobalArgs) -> Result<(), Failure> {
    folder.note_changed(global);
    let files = files(output)?;
    let index = Index::read(folder)?;
    let (missing, failed) = (index.missing().count() as u64, index.failed().count() as u64);
    if missing + failed > 0 && !partial {
        return Err(incomplete(folder, &index, missing));
    }
    let format = files.as_ref().map_or(Format::Csv, |(_, (_, format))| *format);
    let merge = Merge { folder, index: &index, global, format };
    merge.describe(missing, failed);
    let full = merge.overloaded()?;
    let written = if let Some((file, (summary, _))) = &files {
        merge.files(file, summary)?
    } else {
        let mut inside = Ok(Written::default());
        output::stdout(|long| {
            inside = merge.write(("standard output", long), None);
            Ok(())
        })?;
        inside?
    };
    load::notes(&full, global);
    let digest = written.digest.map(|digest| format!("{digest:016x}"));
    global.session.describe(|facts| {
        facts.options.insert("digest".to_owned(), digest.clone().into());
    });
    if let Some((file, (summary, _))) = &files {
        let cells = folder.cells.count() - missing - failed;
        let left = if missing + failed > 0 { format!(" of {}", folder.cells.count()) } else { String::new() };
        let digest = digest.map(|digest| format!(", digest {digest}")).unwrap_or_default();
        load::notes(
            &[format!("{cells}{left} cells, {} rows in {file}, means in {summary}{digest}", written.rows)],
            global,
        );
    }
    Ok(())
}

/// Writes the long form of a whole sweep to somewhere that is no result of the command.
pub fn long_form(folder: &Folder, out: &mut dyn Write, global: &GlobalArgs) -> Result<(), Failure> {
    folder.note_changed(global);
    let index = Index::read(folder)?;
    let missing = index.missing().count() as u64;
    if missing + index.failed().count() as u64 > 0 {
        return Err(incomplete(folder, &index, missing));
    }
    let merge = Merge { folder, index: &index, global, format: Format::Csv };
    merge.write(("a temporary file", out), None).map(|_| ())
}

/// `results.summary.csv` for `results.csv`, and the form of both.
fn summary_name(file: &str) -> Result<(String, Format), Failure> {
    let format =
        output::format_of(file).filter(|format| !matches!(format, Format::Table | Format::Json | Format::Md));
    match (format, file.rsplit_once('.')) {
        (Some(format), Some((stem, suffix))) => Ok((format!("{stem}.summary.{suffix}"), format)),
        _ => Err(Failure::Usage(format!(
            "`{file}`: results of a sweep are rows: end the name in .csv, .jsonl or .parquet"
        ))),
    }
}

/// Cells are missing: which, and what to do.
fn incomplete(folder: &Folder, index: &Index, missing: u64) -> Failure {
    let shown = folder.path.display();
    let total = folder.cells.count();
    if missing == 0 {
        let failed: Vec<u64> = index.failed().collect();
        let more = if failed.len() > 1 { format!(" and {} more", failed.len() - 1) } else { String::new() };
        return Failure::Incomplete(format!(
            "cell {} ({}){more} failed and has no rows; `dispatchlab sweep status {shown}` says why, \
             --partial writes the others",
            failed[0],
            folder.describe(failed[0])
        ));
    }
    let mut count = Count::new(folder.shards);
    index.missing().for_each(|cell| count.add(cell));
    let first = index.missing().next().unwrap_or_default();
    Failure::Incomplete(format!(
        "{missing} of {total} cells are missing, in {}; the first is cell {first} ({})\n  \
         compute them:      dispatchlab sweep run {shown}\n  \
         or on a cluster:   dispatchlab sweep submit {shown} --engine slurm\n  \
         or do without:     --partial writes what is there",
        shards_in_words(&count.shards(), folder.shards),
        folder.describe(first)
    ))
}

struct Merge<'a> {
    folder: &'a Folder,
    index: &'a Index,
    global: &'a GlobalArgs,
    format: Format,
}

impl Merge<'_> {
    /// Both files, each whole or not at all. The long form is finished first: the manifest is named after it.
    fn files(&self, file: &str, summary_file: &str) -> Result<Written, Failure> {
        let mut inside = Ok(Written::default());
        let stopped = || io::Error::other("the other file was not written");
        let outer = output::write_file(summary_file, self.global, |summary| {
            let result = output::write_file(file, self.global, |long| {
                inside = self.write((file, long), Some((summary_file, summary)));
                inside.as_ref().map(|_| ()).map_err(|_| stopped())
            });
            if let Err(failure) = result {
                // What went wrong inside comes first.
                if inside.is_ok() {
                    inside = Err(failure);
                }
                return Err(stopped());
            }
            Ok(())
        });
        let written = inside?;
        outer.map(|()| written)
    }

    /// Writes everything in the order of the cells. Memory is that of one point's replications.
    fn write(
        &self,
        (long_name, long): (&str, &mut dyn Write),
        summary: Option<(&str, &mut dyn Write)>,
    ) -> Result<Written, Failure> {
        let folder = self.folder;
        let form =
            OutputForm { format: self.format, style: CsvStyle::default(), global: self.global }.sheet();
        let axes = folder.plan.axes().enumerate();
        let paths: Vec<SweptPath> =
            axes.map(|(axis, name)| SweptPath::new(name, &folder.plan.values_of(axis))).collect();
        let failed = |name: &str, error: &io::Error| Failure::writing(name, error);
        let summary_name = summary.as_ref().map_or("", |(name, _)| *name);
        let mut long = SweepForm::new(&form, &paths, long).map_err(|error| failed(long_name, &error))?;
        let mut summary = match summary {
            Some((name, out)) => Some(
                SweepSummary::new(&form, &paths, folder.plan.confidence, out)
                    .map_err(|error| failed(name, &error))?,
            ),
            None => None,
        };
        let meter = Meter::new(self.global);
        let mut reader = Reader { index: self.index, open: VecDeque::new() };
        let (mut written, mut digests) = (Written::default(), folder.plan.digest.then_some(None));
        for model in 0..folder.cells.models() {
            let first = model * u64::from(folder.cells.replications);
            let cells = first..first + u64::from(folder.cells.replications);
            if cells.clone().all(|cell| !self.index.has_rows(cell)) {
                continue;
            }
            let loaded = folder.load(model)?;
            let columns = Columns::of(&loaded.model, &folder.metrics);
            let values = folder.plan.point(model % folder.cells.points);
            let policy = folder.plan.policy(model / folder.cells.points).unwrap_or(&loaded.policy);
            let point = Point { scenario: &loaded.model.name, policy, values: &values };
            let mut replications = Vec::new();
            for cell in cells.filter(|cell| self.index.has_rows(*cell)) {
                let (found, digest) = reader.values(cell, &columns, folder)?;
                if let Some(folded) = &mut digests {
                    *folded = fold_digests(folded.iter().copied().chain(digest));
                }
                let number = folder.cells.cell(cell).replication + 1;
                long.rows(&point, number, columns.rows(&found)).map_err(|error| failed(long_name, &error))?;
                written.rows += columns.shown as u64;
                if summary.is_some() {
                    replications.push(found);
                }
            }
            if let Some(summary) = &mut summary {
                let rows = columns.summary(&replications, folder.plan.confidence);
                summary.rows(&point, METHOD, rows).map_err(|error| failed(summary_name, &error))?;
            }
            meter.count(model + 1, folder.cells.models(), model + 1, "points merged");
        }
        long.finish().map_err(|error| failed(long_name, &error))?;
        if let Some(summary) = summary {
            summary.finish().map_err(|error| failed(summary_name, &error))?;
        }
        written.digest = digests.flatten();
        Ok(written)
    }

    /// Which points are offered more than they can serve, as their models say. Past so many points only how many.
    fn overloaded(&self) -> Result<Vec<String>, Failure> {
        /// Points named one by one.
        const NAMED: usize = 5;
        let (folder, mut said, mut more) = (self.folder, Vec::new(), 0u64);
        for model in 0..folder.cells.models() {
            let loaded = folder.load(model)?;
            let Some(found) = overload(&loaded.model) else { continue };
            if said.len() == NAMED {
                more += 1;
                continue;
            }
            let what = folder.plan.describe(model / folder.cells.points, model % folder.cells.points);
            let of = (!what.is_empty()).then_some(what);
            said.push(Finding { of, ..found }.to_string());
        }
        if more > 0 {
            said.push(format!(
                "{more} more points are overloaded: `offered_load/ratio` of their stations is above 1"
            ));
        }
        Ok(said)
    }

    /// What the manifest says of the sweep.
    fn describe(&self, missing: u64, failed: u64) {
        let folder = self.folder;
        let session = &self.global.session;
        session.read_bytes(folder.plan.name(), "input", folder.plan.text().as_bytes());
        if let Some(input) = folder.plan.scenario() {
            session.read_input(&input.name, input);
        }
        session.describe(|facts| {
            facts.policies = (0..folder.plan.policies())
                .filter_map(|index| Some(folder.plan.policy(index)?.to_owned()))
                .collect();
            facts.seed = folder.plan.seed;
            facts.replications = Some(u64::from(folder.cells.replications));
            facts.cells = Some(folder.cells.count());
            let options = &mut facts.options;
            options.insert("sweep".to_owned(), folder.hash.clone().into());
            options.insert("points".to_owned(), folder.cells.points.into());
            let set = folder.plan.constants().map(|(path, value)| (path.to_owned(), value.into()));
            options.insert("set".to_owned(), serde_json::Value::Object(set.collect()));
            options.insert("confidence".to_owned(), folder.plan.confidence.into());
            options.insert("partial".to_owned(), (missing + failed > 0).into());
            options.insert("cells_missing".to_owned(), missing.into());
            options.insert("cells_failed".to_owned(), failed.into());
        });
    }
}

impl Index {
    /// Whether a cell was finished.
    fn has_rows(&self, cell: u64) -> bool {
        let found = self.cells[cell as usize];
        found.journal != NONE && !found.failed
    }
}

/// Reads lines where the index has them, with few files open.
struct Reader<'a> {
    index: &'a Index,
    /// The one used last is at the end.
    open: VecDeque<(u32, BufReader<File>)>,
}

impl Reader<'_> {
    /// The values of a cell and its digest.
    fn values(
        &mut self,
        cell: u64,
        columns: &Columns,
        folder: &Folder,
    ) -> Result<(Vec<Option<f64>>, Option<u64>), Failure> {
        let found = self.index.cells[cell as usize];
        let path = &self.index.journals[found.journal as usize].path;
        let place = Place { offset: found.offset, length: u64::from(found.length) };
        let line = self
            .file(found.journal, path)
            .and_then(|file| journal::read_at(file, place, folder.key))
            .map_err(|error| Failure::Run(format!("cannot read `{}`: {error}", path.display())))?;
        match line.outcome {
            Outcome::Done { values, digest }
                if line.shape == columns.shape && values.len() == columns.keys.len() =>
            {
                Ok((values, digest))
            }
            _ => Err(Failure::Usage(format!(
                "cell {cell} in `{}` has other rows than this program writes: it was computed by another build; \
                 use that one, or delete the file and run the sweep again",
                path.display()
            ))),
        }
    }

    fn file(&mut self, journal: u32, path: &Path) -> io::Result<&mut BufReader<File>> {
        let entry = match self.open.iter().position(|(number, _)| *number == journal) {
            Some(at) => self.open.remove(at),
            None => None,
        };
        let entry = match entry {
            Some(entry) => entry,
            None => (journal, BufReader::with_capacity(1 << 14, File::open(path)?)),
        };
        if self.open.len() >= OPEN_MAX {
            self.open.pop_front();
        }
        self.open.push_back(entry);
        let last = self.open.len() - 1;
        Ok(&mut self.open[last].1)
    }
}
