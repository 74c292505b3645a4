//! Where results go: standard output, a file or a new folder. A file or folder appears whole or not at all.

use crate::args::{Format, GlobalArgs, OutputArgs};
use crate::failure::Failure;
use clap::ValueEnum as _;
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
        checked_place(file)?;
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
            None => stdout(write),
            Some(file) => write_file(file, self.global, write),
        }
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

/// The file behind a name, checked before anything is run: its folder must exist, links are followed.
pub fn checked_place(file: &str) -> Result<PathBuf, Failure> {
    let path = PathBuf::from(file);
    let path = fs::canonicalize(&path).unwrap_or(path);
    if path.is_dir() {
        return Err(Failure::Usage(format!("cannot write `{file}`: it is a folder")));
    }
    let folder = folder_of(&path);
    if !folder.is_dir() {
        return Err(Failure::Usage(format!(
            "cannot write `{file}`: there is no folder `{}`",
            folder.display()
        )));
    }
    Ok(path)
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

/// Writes a result file: it appears whole or not at all, and its manifest beside it when the command ends. Every result
/// of a command goes through here, or through the session's folder.
pub fn write_file(
    file: &str,
    global: &GlobalArgs,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<(), Failure> {
    let path = global.session.place(file)?;
    let failed = |error: io::Error| Failure::writing(file, &error);
    // A pipe or a device cannot be replaced by renaming, and nothing stands beside it.
    if fs::metadata(&path).is_ok_and(|about| !about.is_file()) {
        let out = fs::OpenOptions::new().write(true).open(&path).map_err(failed)?;
        let mut out = BufWriter::new(out);
        return write(&mut out).and_then(|()| out.flush()).map_err(failed);
    }
    let written = replace(&path, write).map_err(failed)?;
    global.session.wrote(file, &path, written);
    Ok(())
}

/// What was written to a file.
#[derive(Clone, Copy)]
pub struct Written {
    /// How much.
    pub bytes: u64,
    /// Its hash.
    pub hash: blake3::Hash,
}

/// Writes a file under a temporary name and renames it.
pub fn replace(path: &Path, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<Written> {
    let temporary = temporary().tempfile_in(folder_of(path)).map_err(bare)?;
    let mut out = BufWriter::new(Hashed { inner: temporary, hasher: blake3::Hasher::new(), bytes: 0 });
    write(&mut out).map_err(bare)?;
    let hashed = out.into_inner().map_err(io::IntoInnerError::into_error).map_err(bare)?;
    hashed.inner.persist(path)?;
    Ok(Written { bytes: hashed.bytes, hash: hashed.hasher.finalize() })
}

/// The system's error without the name of the temporary file, of which nobody knows.
fn bare(error: io::Error) -> io::Error {
    let named = error.get_ref().is_some() && error.kind() != io::ErrorKind::Other;
    if named { io::Error::from(error.kind()) } else { error }
}

/// Names and rights of temporary files.
fn temporary() -> tempfile::Builder<'static, 'static> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".dispatchlab-").suffix(".tmp");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        // As any new file: the process's mask takes its bits away.
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    builder
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
    temporary: tempfile::TempDir,
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
        } else if target.exists() {
            return refused("there is a file of this name");
        }
        if !folder_of(&target).is_dir() {
            return refused(&format!("there is no folder `{}`", folder_of(&target).display()));
        }
        let mut builder = tempfile::Builder::new();
        builder.prefix(".dispatchlab-").suffix(".tmp");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            builder.permissions(fs::Permissions::from_mode(0o777));
        }
        let temporary =
            builder.tempdir_in(folder_of(&target)).map_err(|error| Failure::writing(name, &error))?;
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

    /// Gives it its name.
    pub fn commit(self) -> io::Result<()> {
        // An empty folder may be there; where it has been filled meanwhile, this fails and so does the renaming.
        let _ = fs::remove_dir(&self.target);
        let path = self.temporary.keep();
        fs::rename(&path, &self.target).inspect_err(|_| {
            let _ = fs::remove_dir_all(&path);
        })
    }
}
