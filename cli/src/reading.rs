//! Files that are read whole, and how much of them: whoever names a device that never ends gets a message.

use crate::failure::Failure;
use scenarios::bounds::{MORE_INPUT, bytes_text, max_input};
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// Far more than any manifest has, or the plan of a sweep.
pub const MANIFEST: u64 = 64 << 20;
/// Answers to problem sheets: longer ones are no answers.
pub const ANSWER: u64 = 1 << 20;
/// Results in JSON, which take several times as much memory as they are long.
pub const DOCUMENT: u64 = 256 << 20;
/// Results as rows, which are read one by one.
pub const ROWS: u64 = 1 << 30;
/// The longest line of rows.
pub const LINE: u64 = 16 << 20;

/// `--max-input`: bytes, or with a unit such as 500MB or 4GiB.
pub fn size(text: &str) -> Result<u64, String> {
    const UNITS: [(&str, u64); 8] = [
        ("", 1),
        ("B", 1),
        ("kB", 1_000),
        ("MB", 1_000_000),
        ("GB", 1_000_000_000),
        ("KiB", 1 << 10),
        ("MiB", 1 << 20),
        ("GiB", 1 << 30),
    ];
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic() || c == ' ');
    let unit = text[digits.len()..].trim();
    let size = UNITS.iter().find(|(name, _)| name.eq_ignore_ascii_case(unit)).map(|(_, size)| *size);
    size.zip(digits.parse::<u64>().ok())
        .and_then(|(size, number)| number.checked_mul(size))
        .filter(|bytes| (1..=1 << 40).contains(bytes))
        .ok_or_else(|| "a size is a whole number of bytes up to 1024 GiB, such as 500MB or 4GiB".to_owned())
}

/// The content of a file, or of standard input (`-`), within a bound.
pub fn bytes(name: &str, usual: u64) -> Result<Vec<u8>, Failure> {
    let most = max_input(usual);
    let cannot = |error: &io::Error| Failure::Usage(format!("cannot read `{name}`: {error}"));
    let mut bytes = Vec::new();
    if name == "-" {
        io::stdin().lock().take(most + 1).read_to_end(&mut bytes)
    } else {
        File::open(name).and_then(|file| file.take(most + 1).read_to_end(&mut bytes))
    }
    .map_err(|error| cannot(&error))?;
    if bytes.len() as u64 > most {
        return Err(Failure::Usage(too_large(name, most)));
    }
    Ok(bytes)
}

/// The message of a bound that is passed.
pub fn too_large(name: &str, most: u64) -> String {
    format!("`{name}` is larger than {}; {MORE_INPUT}", bytes_text(most))
}

/// The same of a file beside others.
pub fn bytes_of(path: &Path, usual: u64) -> Result<Vec<u8>, Failure> {
    bytes(&path.display().to_string(), usual)
}

/// Rows within bounds on the whole and on each line, so that no memory is taken for what has no end.
pub struct Rows<R> {
    inner: R,
    name: String,
    left: u64,
    most: u64,
    line: u64,
}

impl<R: Read> Rows<R> {
    /// A reader of rows; messages call it by this name.
    pub fn new(inner: R, name: &str) -> Rows<R> {
        let most = max_input(ROWS);
        Rows { inner, name: name.to_owned(), left: most, most, line: 0 }
    }
}

impl<R: Read> Read for Rows<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        let Some(left) = self.left.checked_sub(read as u64) else {
            return Err(io::Error::other(too_large(&self.name, self.most)));
        };
        self.left = left;
        match buffer[..read].iter().rposition(|byte| *byte == b'\n') {
            Some(at) => self.line = (read - at) as u64,
            None => self.line += read as u64,
        }
        if self.line > LINE {
            return Err(io::Error::other(format!(
                "`{}` has a line of more than {}: these are no rows",
                self.name,
                bytes_text(LINE)
            )));
        }
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_units() {
        for (text, bytes) in [
            ("1000", Some(1_000)),
            ("500MB", Some(500_000_000)),
            ("4GiB", Some(4 << 30)),
            ("64 KiB", Some(64 << 10)),
            ("1kb", Some(1_000)),
            ("0", None),
            ("-1", None),
            ("4TiB", None),
            ("1.5GiB", None),
            ("", None),
        ] {
            assert_eq!(size(text).ok(), bytes, "{text}");
        }
    }

    #[test]
    fn rows_have_an_end() {
        let mut rows = Rows::new(io::repeat(0), "zero");
        let error = io::copy(&mut rows, &mut io::sink()).unwrap_err();
        assert_eq!(error.to_string(), "`zero` has a line of more than 16 MiB: these are no rows");
        let mut rows = Rows::new(io::repeat(b'\n'), "lines");
        let error = io::copy(&mut rows, &mut io::sink()).unwrap_err();
        assert_eq!(error.to_string(), "`lines` is larger than 1 GiB; --max-input SIZE raises the limit");
    }
}
