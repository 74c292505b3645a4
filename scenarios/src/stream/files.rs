//! Files and standard input, held where they are short and read as they are needed where they are long logs.

use super::{BUFFER, Bytes, HEAD, Origin, STREAM_MAX, Whole};
use crate::bounds::{MORE_INPUT, bytes_text, max_input};
use crate::diagnostic::{Diagnostic, did_you_mean};
use crate::input::{BYTES_MAX, Input, InputKind, fail, has_task_column};
use crate::library;
use crate::unpack;
use std::fs::File;
use std::io::{self, Read, Write as _};
use std::path::{Path, PathBuf};

/// [`Input::read`], or [`Input::stream`].
pub(crate) fn input(source: &str, streamed: bool, watch: &dyn Fn(u64)) -> Result<Input, Vec<Diagnostic>> {
    if source == "-" {
        let folder = Some(PathBuf::from("."));
        let reader = io::stdin().lock();
        return Source { name: "<stdin>", folder, again: None, reader, watch }.input(streamed);
    }
    let path = Path::new(source);
    if !path.is_file()
        && let Some(input) = Input::library(source)
    {
        return Ok(input);
    }
    let opened = File::open(path).and_then(|file| {
        let about = file.metadata()?;
        if about.is_dir() {
            return Err(io::Error::from(io::ErrorKind::IsADirectory));
        }
        Ok((file, (about.is_file() && about.len() > 0).then_some(about.len())))
    });
    match opened {
        Ok((reader, length)) => {
            let folder = path.parent().map(Path::to_path_buf);
            let again = length.map(|length| (path, length));
            Source { name: source, folder, again, reader, watch }.input(streamed)
        }
        Err(error) => {
            let bare = !source.contains('.');
            let names = library::list().iter().flat_map(|e| [e.name, e.short()]);
            let help = did_you_mean(source, names).filter(|_| bare);
            let message = if bare && error.kind() == io::ErrorKind::NotFound {
                "there is no such file and no library scenario of this name".to_owned()
            } else {
                format!("cannot be read: {error}")
            };
            Err(fail(source, "S001", message, help))
        }
    }
}

/// What is read.
struct Source<'s, R> {
    name: &'s str,
    folder: Option<PathBuf>,
    /// Where it can be read again, and its length.
    again: Option<(&'s Path, u64)>,
    reader: R,
    /// Who is told how many bytes have been read.
    watch: &'s dyn Fn(u64),
}

impl<R: Read> Source<'_, R> {
    fn input(mut self, streamed: bool) -> Result<Input, Vec<Diagnostic>> {
        let mut begin = Vec::new();
        let most = max_input(BYTES_MAX);
        let first = if streamed { most.min(HEAD as u64) } else { most };
        self.read_to(&mut begin, first + 1)?;
        if !streamed || most <= first {
            return Input::of(self.name, begin, self.folder);
        }
        let ended = begin.len() <= HEAD;
        if !unpack::is_packed(&begin) && ended {
            return Input::of(self.name, begin, self.folder);
        }
        let mut text = Vec::new();
        // An archive that is cut here has a beginning all the same; one that is damaged says so when it is read.
        let read = unpack::reader(&begin, &begin[..]).take(HEAD as u64 + 1).read_to_end(&mut text);
        if text.len() <= HEAD && (ended || read.is_err() && text.is_empty()) {
            self.read_to(&mut begin, most + 1)?;
            return Input::of(self.name, begin, self.folder);
        }
        if let Some(last) = text.iter().rposition(|byte| *byte == b'\n') {
            text.truncate(last + 1);
        }
        let kind = Input::kind_of_text(self.name, &text)?;
        let lines = match kind {
            InputKind::AccessLog | InputKind::RequestTrace => true,
            // Options may say that it is a trace.
            InputKind::TaskList => !has_task_column(&text),
            InputKind::Scenario => false,
        };
        if !lines {
            self.read_to(&mut begin, most + 1)?;
            return Input::of(self.name, begin, self.folder);
        }
        let (name, folder) = (self.name.to_owned(), self.folder.clone());
        let whole = Some(std::sync::Arc::new(self.whole(begin)?));
        Ok(Input { name, kind, text, folder, origin: Origin { whole, ..Origin::default() } })
    }

    /// Reads on to so many bytes.
    fn read_to(&mut self, begin: &mut Vec<u8>, most: u64) -> Result<(), Vec<Diagnostic>> {
        let left = most.saturating_sub(begin.len() as u64);
        let read = self.reader.by_ref().take(left).read_to_end(begin);
        read.map(|_| ()).map_err(|error| cannot(self.name, &error))
    }

    /// Reads to the end, for the hash, and keeps what cannot be read again.
    fn whole(mut self, begin: Vec<u8>) -> Result<Whole, Vec<Diagnostic>> {
        let most = max_input(STREAM_MAX);
        let mut hasher = blake3::Hasher::new();
        hasher.update(&begin);
        let mut bytes = begin.len() as u64;
        let packed = unpack::is_packed(&begin);
        let mut keep = match self.again {
            Some(_) => Keep::Nothing,
            None if packed => Keep::Bytes(begin),
            None => {
                let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
                encoder.write_all(&begin).map_err(|error| cannot(self.name, &error))?;
                Keep::Packed(encoder)
            }
        };
        // Of a file that grows, what it was when it was opened.
        let end = self.again.map_or(most + 1, |(_, length)| length);
        let mut reader = self.reader.by_ref().take(end.saturating_sub(bytes));
        let mut buffer = vec![0; BUFFER];
        loop {
            let count = reader.read(&mut buffer).map_err(|error| cannot(self.name, &error))?;
            if count == 0 {
                break;
            }
            bytes += count as u64;
            hasher.update(&buffer[..count]);
            (self.watch)(bytes);
            let held = keep.take(&buffer[..count]).map_err(|error| cannot(self.name, &error))?;
            let over = [(bytes, most), (held as u64, max_input(BYTES_MAX))]
                .into_iter()
                .find(|(has, most)| has > most);
            if let Some((_, most)) = over {
                let message = format!("larger than {}", bytes_text(most));
                return Err(fail(self.name, "S003", message, Some(MORE_INPUT.to_owned())));
            }
        }
        let given = (bytes, hasher.finalize().to_hex().to_string());
        let bytes = match (self.again, keep) {
            (Some((path, _)), _) => Bytes::File(path.to_path_buf()),
            (None, Keep::Packed(encoder)) => {
                Bytes::Packed(encoder.finish().map_err(|error| cannot(self.name, &error))?)
            }
            (None, Keep::Bytes(bytes)) => Bytes::Packed(bytes),
            (None, Keep::Nothing) => Bytes::Packed(Vec::new()),
        };
        Ok(Whole { bytes, given })
    }
}

/// What is kept of a text that goes by.
enum Keep {
    Nothing,
    Bytes(Vec<u8>),
    Packed(flate2::write::GzEncoder<Vec<u8>>),
}

impl Keep {
    /// Takes more of it; how much is held now.
    fn take(&mut self, more: &[u8]) -> io::Result<usize> {
        match self {
            Keep::Nothing => Ok(0),
            Keep::Bytes(bytes) => {
                bytes.extend_from_slice(more);
                Ok(bytes.len())
            }
            Keep::Packed(encoder) => {
                encoder.write_all(more)?;
                Ok(encoder.get_ref().len())
            }
        }
    }
}

fn cannot(name: &str, error: &io::Error) -> Vec<Diagnostic> {
    fail(name, "S001", format!("cannot be read: {error}"), None)
}
