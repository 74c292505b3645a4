//! Text that is longer than is held: its beginning is at hand, and the whole is read anew, line by line.

#[cfg(feature = "files")]
pub(crate) mod files;

use crate::bounds::{MORE_INPUT, bytes_text, max_input};
use crate::diagnostic::{Sink, WHOLE};
use crate::import::Parsed;
use crate::options::Options;
use crate::unpack;
#[cfg(feature = "files")]
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
#[cfg(feature = "files")]
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

/// So much of the beginning is at hand: formats are told from it. A text that is no longer is held.
pub(crate) const HEAD: usize = 4 << 20;
/// The usual bound of logs and traces that are not held, unpacked.
pub(crate) const STREAM_MAX: u64 = 16 << 30;
/// A longer line is none of a log.
const LINE_MAX: usize = 64 << 20;
const BUFFER: usize = 1 << 17;

/// How a text was given, and what has been made of it. Copies of an input share it.
#[derive(Clone, Debug, Default)]
pub struct Origin {
    /// As it was given, where that is not the text itself: packed.
    pub(crate) packed: Option<Arc<Vec<u8>>>,
    /// The whole, where only its beginning is held.
    pub(crate) whole: Option<Arc<Whole>>,
    /// The requests of the log or trace, under the options that they were last read with.
    parsed: Arc<Mutex<Option<Known>>>,
}

/// Requests, and what they were read with.
type Known = (Key, Arc<Parsed>);

/// What the requests of a log depend on.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Key {
    options: Options,
    trace: bool,
    text: u64,
}

impl Key {
    fn new(text: &[u8], trace: bool, options: &Options) -> Key {
        let random = options.within_second.as_deref().is_some_and(|text| text.trim() == "random");
        // What machines there are and how they are run changes no request.
        let options = Options {
            policies: Vec::new(),
            cores: None,
            context_switch: None,
            dispatch_latency: None,
            interrupts: None,
            ties: None,
            until: None,
            warmup: None,
            set: Vec::new(),
            vary: None,
            scale: None,
            speedup: None,
            seed: options.seed.filter(|_| random),
            io_device: None,
            servers: None,
            ..options.clone()
        };
        Key { options, trace, text: xxhash_rust::xxh3::xxh3_64(text) }
    }
}

impl Origin {
    /// Of bytes that were given packed, or as they are.
    pub(crate) fn held(packed: Option<Vec<u8>>) -> Origin {
        Origin { packed: packed.map(Arc::new), ..Origin::default() }
    }

    /// The requests of this text as they were read before, or else as they are read now.
    pub(crate) fn parsed(
        &self,
        (text, trace): (&[u8], bool),
        options: &Options,
        read: impl FnOnce() -> Option<Parsed>,
    ) -> Option<Arc<Parsed>> {
        let key = Key::new(text, trace, options);
        let mut known = self.parsed.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((own, parsed)) = &*known
            && *own == key
        {
            return Some(Arc::clone(parsed));
        }
        // What was read under other options is not needed while this is read.
        *known = None;
        let parsed = Arc::new(read()?);
        *known = Some((key, Arc::clone(&parsed)));
        Some(parsed)
    }
}

/// A text that is not held.
#[derive(Debug)]
pub(crate) struct Whole {
    /// Where its bytes are, as they were given or packed here.
    pub bytes: Bytes,
    /// How many were given, and their hash.
    pub given: (u64, String),
}

/// Where the bytes of a text are.
#[derive(Debug)]
pub(crate) enum Bytes {
    /// In a file that can be read again.
    #[cfg(feature = "files")]
    File(PathBuf),
    /// What can be read only once, packed.
    #[cfg_attr(not(feature = "files"), expect(dead_code, reason = "a page is handed whole texts"))]
    Packed(Vec<u8>),
}

/// Why a text cannot be read to its end.
pub(crate) fn say(error: &io::Error, sink: &mut Sink) {
    if error.kind() == io::ErrorKind::FileTooLarge {
        let message = format!("larger than {}", bytes_text(max_input(STREAM_MAX)));
        sink.error("S003", WHOLE, message).help(MORE_INPUT);
    } else if error.get_ref().and_then(|inner| inner.downcast_ref::<Changed>()).is_some() {
        sink.error("S001", WHOLE, "it has changed while it was read");
    } else {
        sink.error("S007", WHOLE, format!("cannot be read to its end: {}", unpack::words(error)));
    }
}

/// The text from its beginning, unpacked.
pub(crate) fn open<'a>(text: &'a [u8], origin: &'a Origin) -> io::Result<Box<dyn BufRead + 'a>> {
    let Some(whole) = &origin.whole else { return Ok(Box::new(text)) };
    let most = max_input(STREAM_MAX);
    Ok(Box::new(BufReader::with_capacity(BUFFER, whole.open(most)?)))
}

impl Whole {
    #[cfg_attr(not(feature = "files"), expect(clippy::unnecessary_wraps, reason = "files can fail to open"))]
    fn open(&self, most: u64) -> io::Result<Box<dyn Read + '_>> {
        match &self.bytes {
            #[cfg(feature = "files")]
            Bytes::File(path) => {
                let (length, hash) = (self.given.0, self.given.1.clone());
                // What is appended meanwhile belongs to another reading.
                let file = File::open(path)?.take(length);
                let mut raw =
                    BufReader::with_capacity(BUFFER, Same { file, hasher: blake3::Hasher::new(), hash });
                let head = raw.fill_buf()?.get(..4).unwrap_or_default().to_vec();
                Ok(Box::new(Bounded { text: unpack::reader(&head, raw), left: most }))
            }
            Bytes::Packed(bytes) => {
                let text = unpack::reader(bytes.get(..4).unwrap_or_default(), &bytes[..]);
                Ok(Box::new(Bounded { text, left: most }))
            }
        }
    }
}

/// A file is not what it was when it was hashed.
#[derive(Debug, thiserror::Error)]
#[error("it has changed while it was read")]
struct Changed;

/// Holds what is read to be what was hashed.
#[cfg(feature = "files")]
struct Same<R> {
    file: R,
    hasher: blake3::Hasher,
    hash: String,
}

#[cfg(feature = "files")]
impl<R: Read> Read for Same<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.file.read(buffer)?;
        self.hasher.update(&buffer[..count]);
        if count == 0 && !buffer.is_empty() && self.hasher.finalize().to_hex().as_str() != self.hash {
            return Err(io::Error::other(Changed));
        }
        Ok(count)
    }
}

/// More than is allowed is a mistake, not an end.
struct Bounded<R> {
    text: R,
    left: u64,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.text.read(buffer)?;
        self.left = self
            .left
            .checked_sub(count as u64)
            .ok_or_else(|| io::Error::from(io::ErrorKind::FileTooLarge))?;
        Ok(count)
    }
}

/// The lines of a text.
pub(crate) struct Lines<'a> {
    reader: Box<dyn BufRead + 'a>,
    line: Vec<u8>,
    number: usize,
    again: bool,
}

impl<'a> Lines<'a> {
    pub fn new(reader: Box<dyn BufRead + 'a>) -> Lines<'a> {
        Lines { reader, line: Vec::new(), number: 0, again: false }
    }

    /// The next line with its number, from 1, without its line end, and without a byte order mark.
    pub fn next(&mut self) -> io::Result<Option<(usize, &[u8])>> {
        if std::mem::take(&mut self.again) {
            return Ok(Some((self.number, &self.line)));
        }
        self.line.clear();
        let count = (&mut self.reader).take(LINE_MAX as u64).read_until(b'\n', &mut self.line)?;
        if count == 0 {
            return Ok(None);
        }
        self.number += 1;
        if self.line.last() == Some(&b'\n') {
            self.line.pop();
        } else if count == LINE_MAX {
            self.reader.skip_until(b'\n')?;
            // What is left of it must not be taken for the whole.
            self.line = vec![0];
        }
        if self.number == 1 && self.line.starts_with(b"\xef\xbb\xbf") {
            self.line.drain(..3);
        }
        Ok(Some((self.number, &self.line)))
    }

    /// Gives the last line once more.
    pub fn back(&mut self) {
        self.again = true;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_have_numbers_and_no_ends() {
        let mut lines = Lines::new(Box::new(&b"\xef\xbb\xbfa\r\n\nb"[..]));
        assert_eq!(lines.next().unwrap(), Some((1, &b"a\r"[..])));
        lines.back();
        assert_eq!(lines.next().unwrap(), Some((1, &b"a\r"[..])));
        assert_eq!(lines.next().unwrap(), Some((2, &b""[..])));
        assert_eq!(lines.next().unwrap(), Some((3, &b"b"[..])));
        assert_eq!(lines.next().unwrap(), None);
        let text = [vec![b'a'; LINE_MAX + 5], b"\nb\n".to_vec()].concat();
        let mut lines = Lines::new(Box::new(&text[..]));
        assert_eq!(lines.next().unwrap(), Some((1, &b"\0"[..])));
        assert_eq!(lines.next().unwrap(), Some((2, &b"b"[..])));
    }

    #[test]
    fn a_log_is_parsed_once_for_all_machines() {
        let text = "192.0.2.1 - - [12/Mar/2026:10:00:10 +0000] \"GET / HTTP/1.1\" 200 10\n";
        let input = crate::Input::from_text("a.log", crate::InputKind::AccessLog, text);
        let trace = |servers: u32, service: &str| {
            let options =
                Options { servers: Some(servers), service: Some(service.to_owned()), ..Options::default() };
            let loaded = crate::load(&input, &options).unwrap();
            Arc::clone(loaded.model.sources[0].arrivals.trace().unwrap())
        };
        let first = trace(1, "5ms");
        assert!(Arc::ptr_eq(&first, &trace(7, "5ms")), "another number of servers");
        assert_eq!(trace(1, "6ms").values, [6_000_000], "another service time");
        let mut other = input.clone();
        other.text.extend(text.bytes());
        let options = Options { servers: Some(1), service: Some("6ms".to_owned()), ..Options::default() };
        let loaded = crate::load(&other, &options).unwrap();
        assert_eq!(loaded.model.sources[0].arrivals.trace().unwrap().rows.len(), 2, "another text");
    }

    #[test]
    fn more_than_is_allowed_is_a_mistake() {
        let mut text = Vec::new();
        assert!(Bounded { text: &b"four"[..], left: 4 }.read_to_end(&mut text).is_ok());
        let error = Bounded { text: &b"fives"[..], left: 4 }.read_to_end(&mut text).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::FileTooLarge);
    }
}
