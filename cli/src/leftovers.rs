//! Temporary files and folders, and that none of them stays.
//!
//! Results are written under a temporary name and renamed. Whoever drops a temporary removes it; a signal does the same for
//! all of them ([`crate::signals`]). A process that is killed cannot: its temporaries stay, and the next command that
//! writes into the same folder removes them. It can tell them from those of commands that are at work, which hold a lock
//! of the operating system on each; such a lock ends with the process, however that ends.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// How names of temporaries begin, and how they end.
const PREFIX: &str = ".dispatchlab-";
const SUFFIX: &str = ".tmp";
const CLAIM: &str = ".lock";
/// A new temporary may be taken for a leftover before it is locked; then another is made, this often at most.
const TRIES: usize = 16;

/// What a signal has to remove, and which folders have been looked through.
static LIVE: Mutex<Live> = Mutex::new(Live { next: 0, paths: BTreeMap::new(), cleaned: BTreeSet::new() });

struct Live {
    next: u64,
    paths: BTreeMap<u64, PathBuf>,
    cleaned: BTreeSet<PathBuf>,
}

impl Live {
    fn add(&mut self, path: &Path) -> u64 {
        self.next += 1;
        self.paths.insert(self.next, path.to_owned());
        self.next
    }
}

fn live() -> MutexGuard<'static, Live> {
    LIVE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A file or folder under a temporary name: locked, known to the signals, removed when it is dropped.
pub struct Temporary {
    path: PathBuf,
    key: u64,
    /// Holds the lock. Where folders cannot be opened they have none, and no leftovers are removed.
    file: Option<File>,
    kept: bool,
}

impl Temporary {
    /// A new file in a folder.
    pub fn file(folder: &Path) -> io::Result<Temporary> {
        remove_leftovers(folder);
        Temporary::locked(|| {
            let made = builder(0o666).tempfile_in(folder).map_err(bare)?;
            let (file, path) = made.into_parts();
            Ok((path.keep()?, Some(file)))
        })
    }

    /// A new folder in a folder, with these rights but for what the process's mask takes away.
    pub fn folder(folder: &Path, mode: u32) -> io::Result<Temporary> {
        remove_leftovers(folder);
        Temporary::locked(|| {
            let path = builder(mode).tempdir_in(folder).map_err(bare)?.keep();
            let file = File::open(&path).ok();
            Ok((path, file))
        })
    }

    fn locked(make: impl Fn() -> io::Result<(PathBuf, Option<File>)>) -> io::Result<Temporary> {
        for _ in 0..TRIES {
            let mut live = live();
            let (path, file) = make()?;
            let key = live.add(&path);
            drop(live);
            // Where there are no locks, nobody takes this one for a leftover either.
            let _ = file.as_ref().map(File::try_lock);
            let made = Temporary { path, key, file, kept: false };
            if made.path.exists() {
                return Ok(made);
            }
        }
        Err(io::Error::other("temporary files are removed by somebody else"))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The open file, to be written to.
    pub fn writer(&self) -> io::Result<&File> {
        self.file.as_ref().ok_or_else(|| io::Error::other("no file"))
    }

    /// Gives it its name.
    pub fn rename(mut self, target: &Path) -> io::Result<()> {
        let mut live = live();
        fs::rename(&self.path, target)?;
        live.paths.remove(&self.key);
        self.kept = true;
        Ok(())
    }

    /// Gives it its name, unless something has that name already.
    pub fn rename_new(mut self, target: &Path) -> io::Result<()> {
        let path = tempfile::TempPath::try_from_path(&self.path)?;
        let mut live = live();
        path.persist_noclobber(target).map_err(|error| {
            // Not by its own drop: this one knows its lock.
            let tempfile::PathPersistError { error, path } = error;
            let _ = path.keep();
            error
        })?;
        live.paths.remove(&self.key);
        self.kept = true;
        Ok(())
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        if !self.kept {
            let mut live = live();
            remove(&self.path);
            live.paths.remove(&self.key);
        }
    }
}

/// Gives several files their names, all or, at a signal, none: a signal waits until this is over.
pub fn rename_all(files: Vec<(Temporary, PathBuf)>) -> Result<(), (PathBuf, io::Error)> {
    let mut live = live();
    for (mut temporary, target) in files {
        if temporary.path.is_dir() {
            // An empty folder may be there; where it has been filled meanwhile, this fails and so does the renaming.
            let _ = fs::remove_dir(&target);
        }
        let renamed = fs::create_dir_all(crate::output::folder_of(&target))
            .and_then(|()| fs::rename(&temporary.path, &target));
        live.paths.remove(&temporary.key);
        temporary.kept = true;
        if let Err(error) = renamed {
            remove(&temporary.path);
            // The rest is dropped without the lock that is held here.
            drop(live);
            return Err((target, error));
        }
    }
    Ok(())
}

/// Removes what this process has not finished. Called by the thread of the signals, which ends the process then: nobody
/// makes another temporary or finishes one while the lock is held.
pub fn remove_all_then(end: impl FnOnce()) {
    let live = live();
    live.paths.values().for_each(|path| remove(path));
    end();
    drop(live);
}

fn remove(path: &Path) {
    if path.is_dir() {
        let _ = fs::remove_dir_all(path);
    } else {
        let _ = fs::remove_file(path);
    }
}

/// Removes what processes that are gone have left in a folder, once a process.
fn remove_leftovers(folder: &Path) {
    if !live().cleaned.insert(folder.to_owned()) {
        return;
    }
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let is_ours = name.to_str().is_some_and(|name| {
            name.starts_with(PREFIX) && (name.ends_with(SUFFIX) || name.ends_with(CLAIM))
        });
        // A link of such a name leads somewhere else; a pipe would block.
        let is_plain = is_ours && entry.file_type().is_ok_and(|kind| kind.is_file() || kind.is_dir());
        if !is_plain {
            continue;
        }
        let path = entry.path();
        if let Ok(file) = File::open(&path)
            && file.try_lock().is_ok()
        {
            remove(&path);
        }
    }
}

/// Names and rights of temporaries.
fn builder(mode: u32) -> tempfile::Builder<'static, 'static> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(PREFIX).suffix(SUFFIX);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        // As any new file: the process's mask takes its bits away.
        builder.permissions(fs::Permissions::from_mode(mode));
    }
    #[cfg(not(unix))]
    let _ = mode;
    builder
}

/// The system's error without the name of the temporary file, of which nobody knows.
pub fn bare(error: io::Error) -> io::Error {
    let named = error.get_ref().is_some() && error.kind() != io::ErrorKind::Other;
    if named { io::Error::from(error.kind()) } else { error }
}

/// The right to make something of a name, until it is dropped or the process ends, however it ends.
pub struct Claim {
    path: PathBuf,
    key: u64,
    /// Holds the lock; there is none where the file system has none.
    _file: File,
}

impl Claim {
    /// Claims a name; `None`: another process has it.
    pub fn take(target: &Path) -> io::Result<Option<Claim>> {
        let name = target.file_name().unwrap_or_default().to_string_lossy().into_owned();
        // A long name would make this one too long.
        let name: String = name.chars().take(60).collect();
        let hash = blake3::hash(target.file_name().unwrap_or_default().as_encoded_bytes()).to_hex();
        let path = crate::output::folder_of(target).join(format!("{PREFIX}{name}-{}{CLAIM}", &hash[..8]));
        loop {
            let file =
                fs::OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path)?;
            match file.try_lock() {
                Ok(()) => {}
                Err(fs::TryLockError::WouldBlock) => return Ok(None),
                Err(fs::TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => {}
                Err(fs::TryLockError::Error(error)) => return Err(error),
            }
            // Whoever had it may have removed it between our opening and our locking.
            if is_at(&file, &path) {
                let key = live().add(&path);
                return Ok(Some(Claim { path, key, _file: file }));
            }
        }
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        let mut live = live();
        remove(&self.path);
        live.paths.remove(&self.key);
    }
}

/// Whether an open file is the one of this name.
fn is_at(file: &File, path: &Path) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        let about = |about: fs::Metadata| (about.dev(), about.ino());
        let there = fs::metadata(path).map(about).ok();
        there.is_some() && there == file.metadata().map(about).ok()
    }
    #[cfg(not(unix))]
    {
        let _ = file;
        path.exists()
    }
}
