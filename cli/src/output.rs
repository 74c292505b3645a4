//! Where results go: standard output, or a file that appears whole or not at all.

use crate::args::{Format, OutputArgs};
use crate::failure::Failure;
use std::fs;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

/// A checked place for a result.
pub struct Output {
    /// Its form.
    pub format: Format,
    place: Place,
}

enum Place {
    Stdout,
    File(PathBuf),
}

impl Output {
    /// Decides form and place before anything is run, so that a wrong one costs no time.
    pub fn new(args: &OutputArgs) -> Result<Output, Failure> {
        let Some(file) = args.output.as_deref().filter(|file| *file != "-") else {
            return Ok(Output { format: args.format.unwrap_or(Format::Table), place: Place::Stdout });
        };
        let place = Place::File(place(file)?);
        let suffix = Path::new(file).extension().and_then(|suffix| suffix.to_str());
        let format = match (args.format, suffix) {
            (Some(format), _) => format,
            (None, Some("json")) => Format::Json,
            (None, Some("csv")) => Format::Csv,
            (None, Some("txt")) => Format::Table,
            _ => {
                return Err(Failure::Usage(format!(
                    "the form of `{file}` cannot be told from its name: end it in .json, .csv or .txt, or give --format"
                )));
            }
        };
        Ok(Output { format, place })
    }

    /// Writes the result.
    pub fn write(&self, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), Failure> {
        match &self.place {
            Place::Stdout => stdout(write),
            Place::File(path) => {
                let name = path.display().to_string();
                to_file(path, write).map_err(|error| Failure::writing(&name, &error))
            }
        }
    }
}

/// The file behind a name: its folder must exist, links are followed.
fn place(file: &str) -> Result<PathBuf, Failure> {
    let path = PathBuf::from(file);
    let path = fs::canonicalize(&path).unwrap_or(path);
    if path.is_dir() {
        return Err(Failure::Usage(format!("cannot write `{file}`: it is a folder")));
    }
    let folder = folder(&path);
    if !folder.is_dir() {
        return Err(Failure::Usage(format!(
            "cannot write `{file}`: there is no folder `{}`",
            folder.display()
        )));
    }
    Ok(path)
}

fn folder(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Writes to standard output.
pub fn stdout(write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), Failure> {
    let mut out = BufWriter::new(io::stdout().lock());
    write(&mut out).and_then(|()| out.flush()).map_err(|error| Failure::writing("standard output", &error))
}

fn to_file(path: &Path, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    // A pipe or a device cannot be replaced by renaming.
    if fs::metadata(path).is_ok_and(|about| !about.is_file()) {
        let mut out = BufWriter::new(fs::OpenOptions::new().write(true).open(path)?);
        write(&mut out)?;
        return out.flush();
    }
    let mut builder = tempfile::Builder::new();
    builder.prefix(".dispatchlab-").suffix(".tmp");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        // As any new file: the process's mask takes its bits away.
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    let mut out = BufWriter::new(builder.tempfile_in(folder(path))?);
    write(&mut out)?;
    let file = out.into_inner().map_err(io::IntoInnerError::into_error)?;
    file.persist(path)?;
    Ok(())
}
