//! A writer that lets no unseen character through, as [`sim_core::shown`] has it: the last place that text for people passes.

use sim_core::shown::{is_unseen, shown_lines};
use std::io::{self, Write};

/// How unseen characters are written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Escapes {
    /// `\u{1b}`; line feeds stay.
    Text,
    /// `\u001b`, which reads back as the same: such characters stand in strings alone.
    Json,
}

/// Writes to `inner` what is left. Bytes that are no UTF-8 become the replacement character.
pub struct Cleaned<'w> {
    inner: &'w mut dyn Write,
    escapes: Escapes,
    /// The beginning of a character whose end has not come.
    torn: Vec<u8>,
}

impl<'w> Cleaned<'w> {
    /// A writer in front of another.
    pub fn new(inner: &'w mut dyn Write, escapes: Escapes) -> Cleaned<'w> {
        Cleaned { inner, escapes, torn: Vec::new() }
    }

    /// Nothing more comes.
    pub fn finish(mut self) -> io::Result<()> {
        if !self.torn.is_empty() {
            self.torn.clear();
            self.inner.write_all("\u{fffd}".as_bytes())?;
        }
        self.inner.flush()
    }

    fn text(&mut self, text: &str) -> io::Result<()> {
        match self.escapes {
            Escapes::Text => self.inner.write_all(shown_lines(text).as_bytes()),
            Escapes::Json => self.inner.write_all(json_shown(text).as_bytes()),
        }
    }
}

impl Write for Cleaned<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // Most text is plain, and needs no copy.
        if self.torn.is_empty() && bytes.iter().all(|byte| matches!(byte, b' '..=b'~' | b'\n')) {
            self.inner.write_all(bytes)?;
            return Ok(bytes.len());
        }
        let mut whole = std::mem::take(&mut self.torn);
        whole.extend_from_slice(bytes);
        let mut rest = whole.as_slice();
        while !rest.is_empty() {
            match std::str::from_utf8(rest) {
                Ok(text) => {
                    self.text(text)?;
                    break;
                }
                Err(error) => {
                    let (good, bad) = rest.split_at(error.valid_up_to());
                    self.text(std::str::from_utf8(good).unwrap_or_default())?;
                    let Some(length) = error.error_len() else {
                        self.torn = bad.to_vec();
                        break;
                    };
                    self.inner.write_all("\u{fffd}".as_bytes())?;
                    rest = &bad[length..];
                }
            }
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

/// JSON without unseen characters but the spaces between its tokens.
fn json_shown(text: &str) -> String {
    use std::fmt::Write as _;
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if is_unseen(c) && !matches!(c, '\n' | '\r' | '\t') {
            let mut units = [0; 2];
            for unit in c.encode_utf16(&mut units) {
                let _ = write!(out, "\\u{unit:04x}");
            }
        } else {
            out.push(c);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cleaned(parts: &[&[u8]], escapes: Escapes) -> String {
        let mut out = Vec::new();
        let mut writer = Cleaned::new(&mut out, escapes);
        for part in parts {
            writer.write_all(part).unwrap();
        }
        writer.finish().unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn nothing_unseen_gets_through() {
        let e = "é".as_bytes();
        for (parts, text) in [
            (&[b"a\x1b[1m\n".as_slice()][..], "a\\u{1b}[1m\n"),
            (&[&e[..1], &e[1..]], "é"),
            (&[b"\xff", b"b"], "\u{fffd}b"),
            (&[&e[..1]], "\u{fffd}"),
            ("\u{202e}".as_bytes().chunks(1).collect::<Vec<_>>().as_slice(), "\\u{202e}"),
        ] {
            assert_eq!(cleaned(parts, Escapes::Text), text);
        }
        let json = "\"\u{9b}\u{e0041}\u{202e}\"\n";
        let text = cleaned(&[json.as_bytes()], Escapes::Json);
        assert_eq!(text, "\"\\u009b\\udb40\\udc41\\u202e\"\n");
        assert_eq!(serde_json::from_str::<String>(&text).unwrap(), "\u{9b}\u{e0041}\u{202e}");
    }
}
