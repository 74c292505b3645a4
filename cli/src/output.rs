//! Where results go: standard output, files or a new folder. All results of a command appear when it ends, whole, or none.

use crate::args::{Format, GlobalArgs, OutputArgs};
use crate::failure::Failure;
use crate::leftovers::{Temporary, bare};
use clap::ValueEnum as _;
use reports::cleaned::{Cleaned, Escapes};
use reports::csv::{LongForm, WideForm};
use reports::rows::SummaryRow;
use reports::sheet::{CsvStyle, Form};
use std::fs;
use std::io::{self, BufWriter, IsTerminal as _, Write};
use std::path::{Path, PathBuf};

/// A checked place for a result.
pub struct Output<'g> {
    /// Its form.
    pub format: Format,
    /// The file as it was named; `None`: standard output.
    file: Option<String>,
    style: CsvStyle,
    wide: bool,
    global: &'g GlobalArgs,
}

impl<'g> Output<'g> {
    /// Decides form and place before anything is run, so that a wrong one costs no time.
    pub fn new(args: &OutputArgs, global: &'g GlobalArgs) -> Result<Output<'g>, Failure> {
        let output = |format, file| Output { format, file, style: args.style(), wide: args.wide, global };
        let Some(file) = args.output.as_deref().filter(|file| *file != "-") else {
            let format = args.format.unwrap_or(Format::Table);
            if format == Format::Parquet && io::stdout().is_terminal() && !global.session.is_check() {
                return Err(Failure::Usage(
                    "Parquet is nothing for a terminal: name a file with -o".to_owned(),
                ));
            }
            return Ok(output(format, None));
        };
        global.session.reserve(file)?;
        let format = args.format.or_else(|| format_of(file)).ok_or_else(|| {
            Failure::Usage(format!(
                "the form of `{file}` cannot be told from its name: end it in .json, .csv, .jsonl, .parquet, .md or \
                 .txt, or give --format"
            ))
        })?;
        Ok(output(format, Some(file.to_owned())))
    }

    /// What sheets are told.
    pub fn form(&self) -> Form {
        OutputForm { format: self.format, style: self.style, global: self.global }.sheet()
    }

    /// Writes blocks of rows in long form, or one row a block under `--wide`: for the forms of rows.
    pub fn write_blocks(
        &self,
        blocks: &mut dyn Iterator<Item = Block<'_>>,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        let form = self.form();
        if !self.wide {
            return long_form(&form, blocks, out);
        }
        let mut blocks = blocks.peekable();
        let none = Vec::new();
        let first = blocks.peek().map_or(&none, |block| &block.rows);
        let about = |row: &SummaryRow| (row.name(), row.scope.clone(), row.class.clone());
        let columns: Vec<_> = first.iter().map(about).collect();
        let mut wide = WideForm::in_form(&form, first, out)?;
        for block in blocks {
            if !block.rows.iter().map(about).eq(columns.iter().cloned()) {
                let (scenario, policy) = (block.scenario, block.policy);
                return Err(io::Error::other(format!(
                    "`{scenario}` under {policy} has other rows: leave out --wide"
                )));
            }
            wide.row(block.scenario, block.policy, block.replication, &block.rows)?;
        }
        wide.finish()
    }

    /// Writes the result.
    pub fn write(&self, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), Failure> {
        match &self.file {
            None if self.global.session.is_check() => {
                write(&mut io::sink()).map_err(|error| Failure::writing("standard output", &error))
            }
            None => stdout(|out| self.cleaned(write, out)),
            Some(file) => write_file(file, self.global, |out| self.cleaned(write, out)),
        }
    }

    /// Forms for people have no character that a reader cannot see, whoever chose the names; JSON has its escapes.
    fn cleaned(
        &self,
        write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        let escapes = match self.format {
            Format::Table | Format::Md => Escapes::Text,
            Format::Json | Format::Jsonl => Escapes::Json,
            _ => return write(out),
        };
        let mut out = Cleaned::new(out, escapes);
        write(&mut out)?;
        out.finish()
    }
}

/// Writes blocks of rows in long form.
pub fn long_form(
    form: &Form,
    blocks: &mut dyn Iterator<Item = Block<'_>>,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut long = LongForm::in_form(form, out)?;
    for block in blocks {
        long.rows(block.scenario, block.policy, block.replication, &block.rows)?;
    }
    long.finish()
}

/// The rows of one replication (1-based).
pub struct Block<'a> {
    /// The scenario.
    pub scenario: &'a str,
    /// The policies in effect, or the alternative's name.
    pub policy: &'a str,
    /// Which replication, from 1.
    pub replication: u32,
    /// Its rows.
    pub rows: Vec<SummaryRow>,
}

/// A form of rows, and what goes with it.
pub struct OutputForm<'g> {
    /// CSV, JSON lines or Parquet; CSV in place of any other.
    pub format: Format,
    /// How CSV is written.
    pub style: CsvStyle,
    /// Knows the manifest that stands in Parquet files.
    pub global: &'g GlobalArgs,
}

impl OutputForm<'_> {
    /// What sheets are told.
    pub fn sheet(&self) -> Form {
        match self.format {
            Format::Jsonl => Form::JsonLines,
            #[cfg(feature = "parquet")]
            Format::Parquet => {
                let manifest = serde_json::to_string(&self.global.session.manifest_within());
                Form::Parquet(manifest.map(|text| ("manifest".to_owned(), text)).into_iter().collect())
            }
            _ => Form::Csv(self.style),
        }
    }
}

/// The form that the suffix of a name stands for.
pub fn format_of(file: &str) -> Option<Format> {
    let suffix = Path::new(file).extension()?.to_str()?;
    Format::value_variants().iter().copied().find(|format| format.suffix() == suffix)
}

/// Links that are followed before they are taken for a circle; Linux has the same number.
const LINKS_MAX: usize = 40;

/// A place that a result goes to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Place {
    /// A file that is replaced as a whole; links are followed, one that leads to nothing yet too.
    File(PathBuf),
    /// A pipe, a device, or what this process has open: written to as it is, and nothing stands beside it.
    Stream(PathBuf),
}

/// The place behind a name, checked before anything is run: its folder must exist, links are followed.
pub fn checked_place(file: &str) -> Result<Place, Failure> {
    place(file, false)
}

/// The same of a file that is about to be written, whose folder may be made with it.
pub fn checked_place_of_new(file: &str) -> Result<Place, Failure> {
    place(file, true)
}

fn place(file: &str, makes_folder: bool) -> Result<Place, Failure> {
    let refused = |why: &str| Failure::Usage(format!("cannot write `{file}`: {why}"));
    if file.is_empty() {
        return Err(refused("the name is empty"));
    }
    if file.ends_with(std::path::is_separator) {
        return Err(refused("the name is that of a folder"));
    }
    let named = PathBuf::from(file);
    if named.is_dir() {
        return Err(refused("it is a folder"));
    }
    let mut path = named.clone();
    for _ in 0..LINKS_MAX {
        match fs::symlink_metadata(&path) {
            // What this process has open can be written to, not replaced.
            Ok(about) if about.is_symlink() && is_open_file(&path) => return Ok(Place::Stream(named)),
            Ok(about) if about.is_symlink() => {
                let target = fs::read_link(&path).map_err(|error| refused(&error.to_string()))?;
                path = folder_of(&path).join(target);
            }
            Ok(about) if about.is_file() => break,
            Ok(_) => return Ok(Place::Stream(named)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => break,
            Err(error) if error.kind() == io::ErrorKind::NotADirectory => break,
            Err(error) => return Err(refused(&error.to_string())),
        }
    }
    if path.is_symlink() {
        return Err(refused("its links lead in a circle"));
    }
    let (folder, Some(name)) = (folder_of(&path), path.file_name()) else {
        return Err(refused("the name is that of a folder"));
    };
    if !folder.is_dir() {
        if makes_folder && !folder.exists() {
            return Ok(Place::File(path));
        }
        return Err(refused(&format!("there is no folder `{}`", folder.display())));
    }
    // Two names of one file are the same place.
    let folder = fs::canonicalize(folder).map_err(|error| refused(&error.to_string()))?;
    Ok(Place::File(folder.join(name)))
}

/// Whether a link is one of those by which systems name what a process has open.
fn is_open_file(link: &Path) -> bool {
    let folder = fs::canonicalize(folder_of(link)).unwrap_or_default();
    let is_process = folder.starts_with("/proc") && folder.ends_with("fd");
    is_process || folder == Path::new("/dev/fd")
}

/// The folder that a file is in.
pub fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Writes to standard output.
pub fn stdout(write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), Failure> {
    let mut out = BufWriter::new(io::stdout().lock());
    write(&mut out).and_then(|()| out.flush()).map_err(|error| Failure::writing("standard output", &error))
}

/// Writes a result file. It gets its name when the command ends, with all others and their manifest, or never. Every
/// result of a command goes through here, or through the session's folder.
pub fn write_file(
    file: &str,
    global: &GlobalArgs,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<(), Failure> {
    let failed = |error: io::Error| Failure::writing(file, &error);
    match global.session.place(file)? {
        Place::Stream(path) => {
            // Behind what somebody else has written to the same open file.
            let out = fs::OpenOptions::new().append(true).open(&path).map_err(failed)?;
            let mut out = BufWriter::new(out);
            write(&mut out).and_then(|()| out.flush()).map_err(failed)
        }
        Place::File(path) => {
            let (temporary, written) = stage(&path, write).map_err(failed)?;
            global.session.wrote(file, path, temporary, written)
        }
    }
}

/// What was written to a file.
#[derive(Clone, Copy)]
pub struct Written {
    /// How much.
    pub bytes: u64,
    /// Its hash.
    pub hash: blake3::Hash,
}

/// Writes a file under a temporary name, in its folder or in the nearest one that there is.
pub fn stage(
    path: &Path,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<(Temporary, Written)> {
    let mut folder = folder_of(path);
    while !folder.is_dir() && folder != Path::new(".") {
        folder = folder_of(folder);
    }
    let temporary = Temporary::file(folder)?;
    let hashed = Hashed { inner: temporary.writer()?, hasher: blake3::Hasher::new(), bytes: 0 };
    let mut out = BufWriter::new(hashed);
    write(&mut out).map_err(bare)?;
    let hashed = out.into_inner().map_err(io::IntoInnerError::into_error).map_err(bare)?;
    let written = Written { bytes: hashed.bytes, hash: hashed.hasher.finalize() };
    Ok((temporary, written))
}

/// Writes a file under a temporary name and renames it.
pub fn replace(path: &Path, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<Written> {
    let (temporary, written) = stage(path, write)?;
    temporary.rename(path)?;
    Ok(written)
}

/// A writer that knows what went through it.
struct Hashed<W> {
    inner: W,
    hasher: blake3::Hasher,
    bytes: u64,
}

impl<W: Write> Write for Hashed<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = self.inner.write(bytes)?;
        self.hasher.update(&bytes[..taken]);
        self.bytes += taken as u64;
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

/// A new folder of results, under a temporary name until all of them are there.
pub struct Folder {
    target: PathBuf,
    temporary: Temporary,
}

impl Folder {
    /// Checks that the folder is new, or empty, and can be made.
    pub fn create(name: &str) -> Result<Folder, Failure> {
        let target = PathBuf::from(name);
        let refused = |why: &str| Err(Failure::Usage(format!("cannot make the folder `{name}`: {why}")));
        if target.file_name().is_none() {
            return refused("name a new one");
        }
        if let Ok(mut entries) = fs::read_dir(&target) {
            if entries.next().is_some() {
                return refused("it has files in it; name a new one");
            }
        } else if target.exists() || target.is_symlink() {
            return refused("there is a file of this name");
        }
        if !folder_of(&target).is_dir() {
            return refused(&format!("there is no folder `{}`", folder_of(&target).display()));
        }
        let temporary =
            Temporary::folder(folder_of(&target), 0o777).map_err(|error| Failure::writing(name, &error))?;
        Ok(Folder { target, temporary })
    }

    /// Where its files are written.
    pub fn path(&self) -> &Path {
        self.temporary.path()
    }

    /// Where it will be.
    pub fn target(&self) -> PathBuf {
        self.target.clone()
    }

    /// The folder, and the name that it will get.
    pub fn into_parts(self) -> (Temporary, PathBuf) {
        (self.temporary, self.target)
    }
}
