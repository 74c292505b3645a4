//! Journals: one file for each shard, one line for each cell.
//!
//! A line is appended and handed to the system as soon as its cell is done, and forced to the disk every few seconds and
//! at the end, when the file gets its final name. Whatever ends the process, lines that are whole count and others do not:
//! each has a checksum ([`line`]). Cells are found by their lines, not by the name of the file, so that a sweep may be cut
//! into another number of shards at any time.

use experiments::sweep::line::{self, Line};
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, BufRead, BufReader, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Lines are forced to the disk this often.
const SYNC: Duration = Duration::from_secs(5);
/// Longer lines are damage.
const LINE_MAX: u64 = 64 << 20;
/// The first line of a journal, for people.
const HEADER: &str = "#dispatchlab.sweep/1 cell, shape, digest, values, checksum; see docs/sweeps.md";

/// A journal's file.
#[derive(Clone, Debug)]
pub struct Journal {
    /// Which shard, from 0.
    pub shard: u64,
    /// Of how many.
    pub shards: u64,
    /// Where.
    pub path: PathBuf,
}

/// All journals of a folder, in the order of their names.
pub fn list(folder: &Path) -> io::Result<Vec<Journal>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let suffix = path.extension().and_then(|suffix| suffix.to_str());
        let stem = path.file_stem().and_then(|stem| stem.to_str());
        let (Some("part" | "tsv"), Some(stem)) = (suffix, stem) else { continue };
        let Some((shard, shards)) = stem.split_once("-of-") else { continue };
        if let (Ok(shard), Ok(shards)) = (shard.parse(), shards.parse()) {
            found.push(Journal { shard, shards, path });
        }
    }
    found.sort_by(|a, b| (a.shards, a.shard, &a.path).cmp(&(b.shards, b.shard, &b.path)));
    Ok(found)
}

/// Whether there is any result.
pub fn any(folder: &Path) -> bool {
    list(folder).is_ok_and(|found| !found.is_empty())
}

/// Where a line stands in a file.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    /// First byte.
    pub offset: u64,
    /// Bytes, with the newline.
    pub length: u64,
}

/// Reads every line of a journal. Returns how many are damaged.
pub fn scan(path: &Path, key: u64, mut each: impl FnMut(Line, Place)) -> io::Result<u64> {
    let mut reader = BufReader::with_capacity(1 << 16, File::open(path)?);
    let (mut offset, mut damaged) = (0, 0);
    let mut bytes = Vec::new();
    loop {
        bytes.clear();
        let length = reader.by_ref().take(LINE_MAX).read_until(b'\n', &mut bytes)? as u64;
        if length == 0 {
            return Ok(damaged);
        }
        let place = Place { offset, length };
        offset += length;
        let whole = bytes.strip_suffix(b"\n");
        match whole.and_then(|line| line::decode(line, key)) {
            Some(line) => each(line, place),
            // A torn line is ended by whoever goes on.
            None if whole.is_some_and(|line| line.is_empty() || line == HEADER.as_bytes()) => {}
            None => damaged += 1,
        }
    }
}

/// Reads the line at a place again.
pub fn read_at(file: &mut BufReader<File>, place: Place, key: u64) -> io::Result<Line> {
    // Neighbors are near: what is buffered is kept where it can be.
    let here = file.stream_position()?;
    file.seek_relative(place.offset.cast_signed() - here.cast_signed())?;
    let mut bytes = vec![0; place.length as usize];
    file.read_exact(&mut bytes)?;
    let line = bytes.strip_suffix(b"\n").and_then(|line| line::decode(line, key));
    line.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "a line has changed while it was read"))
}

/// Why a shard cannot be worked on.
pub enum Refused {
    /// Another worker does, with what it says of itself.
    Busy(String),
    /// The system says no.
    Io(io::Error),
}

impl From<io::Error> for Refused {
    fn from(error: io::Error) -> Refused {
        Refused::Io(error)
    }
}

/// The right to work on a shard, until it is dropped or the process ends, however it ends.
pub struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the lock of a shard.
    pub fn take(folder: &Path, shard: u64, shards: u64) -> Result<Lock, Refused> {
        let path = folder.join(format!("{shard}-of-{shards}.lock"));
        let mut file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path)?;
        match file.try_lock() {
            Ok(()) => {
                // For people only: a disk without room for it does no harm.
                let _ = file.set_len(0);
                let _ = file.write_all(whoami().as_bytes());
                Ok(Lock { _file: file })
            }
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                let _ = file.read_to_string(&mut holder);
                Err(Refused::Busy(holder.trim().to_owned()))
            }
            // File systems without locks: two workers would find the same and write whole lines.
            Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => {
                Ok(Lock { _file: file })
            }
            Err(TryLockError::Error(error)) => Err(Refused::Io(error)),
        }
    }
}

fn whoami() -> String {
    #[cfg(unix)]
    let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
    #[cfg(not(unix))]
    let host = std::env::var("COMPUTERNAME").unwrap_or_default();
    format!("{host}, process {}\n", std::process::id())
}

/// Appends to a journal.
pub struct Writer {
    file: File,
    path: PathBuf,
    done: PathBuf,
    /// The length of what is whole.
    good: u64,
    synced: Instant,
    _lock: Lock,
}

impl Writer {
    /// Opens the journal of a shard, an old one for going on.
    pub fn open(folder: &Path, shard: u64, shards: u64, lock: Lock) -> io::Result<Writer> {
        let path = folder.join(format!("{shard}-of-{shards}.part"));
        let done = folder.join(format!("{shard}-of-{shards}.tsv"));
        let mut file = if done.exists() {
            // A complete journal in which lines have been damaged since.
            if path.exists() {
                let mut part = OpenOptions::new().append(true).open(&path)?;
                part.write_all(b"\n")?;
                io::copy(&mut File::open(&done)?, &mut part)?;
                fs::remove_file(&done)?;
            } else {
                fs::rename(&done, &path)?;
            }
            OpenOptions::new().read(true).append(true).open(&path)?
        } else {
            OpenOptions::new().read(true).append(true).create(true).open(&path)?
        };
        let good = file.seek(SeekFrom::End(0))?;
        let mut writer = Writer { file, path, done, good, synced: Instant::now(), _lock: lock };
        if good == 0 {
            writer.write(format!("{HEADER}\n").as_bytes())?;
        } else {
            let mut last = [0];
            writer.file.seek(SeekFrom::End(-1))?;
            writer.file.read_exact(&mut last)?;
            if last != *b"\n" {
                writer.write(b"\n")?;
            }
        }
        Ok(writer)
    }

    /// Where it writes.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Appends a line. After an error the journal ends with the last whole line.
    pub fn append(&mut self, line: &str) -> io::Result<()> {
        self.write(line.as_bytes())?;
        if self.synced.elapsed() >= SYNC {
            self.file.sync_data()?;
            self.synced = Instant::now();
        }
        Ok(())
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        if let Err(error) = self.file.write_all(bytes) {
            // Half a line would be found and skipped; without it there is less to explain.
            let _ = self.file.set_len(self.good);
            return Err(error);
        }
        self.good += bytes.len() as u64;
        Ok(())
    }

    /// Forces everything to the disk.
    pub fn sync(&mut self) -> io::Result<()> {
        self.file.sync_all()
    }

    /// All cells of the shard are there: the journal gets its final name.
    pub fn finish(mut self) -> io::Result<()> {
        self.sync()?;
        fs::rename(&self.path, &self.done)?;
        // The new name itself; where folders cannot be opened the system has to do.
        if let Some(folder) = self.done.parent().and_then(|folder| File::open(folder).ok()) {
            let _ = folder.sync_all();
        }
        Ok(())
    }
}
