//! Text that comes from outside, as it may be shown.
//!
//! Names reach every output: terminals, which obey control characters; pages, whose text runs backwards after some others;
//! scripts, in which a line feed begins a command. What a reader cannot see is therefore written as an escape wherever
//! text is for people. Data (CSV, Parquet) keeps what it was given.

use std::borrow::Cow;

/// Whether a character does something instead of being seen: controls of terminals, line and paragraph ends, changes of
/// direction, characters without width, tags.
pub fn is_unseen(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}'
            | '\u{61c}'
            | '\u{180e}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}')
}

/// A name or a value, in one line: every unseen character is written as in a Rust string, `\n` or `\u{1b}`.
///
/// ```
/// assert_eq!(sim_core::shown::shown("a\u{1b}[31m\n"), "a\\u{1b}[31m\\n");
/// assert_eq!(sim_core::shown::shown("Böe 1"), "Böe 1");
/// ```
pub fn shown(text: &str) -> Cow<'_, str> {
    escaped(text, is_unseen)
}

/// The same for text of several lines, whose line feeds stay.
pub fn shown_lines(text: &str) -> Cow<'_, str> {
    escaped(text, |c| c != '\n' && is_unseen(c))
}

fn escaped(text: &str, is_bad: impl Fn(char) -> bool) -> Cow<'_, str> {
    if !text.contains(&is_bad) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if is_bad(c) {
            out.extend(escape(c));
        } else {
            out.push(c);
        }
    }
    Cow::Owned(out)
}

/// How an unseen character is written.
fn escape(c: char) -> impl Iterator<Item = char> {
    // `escape_default` has short forms of the usual ones, and hexadecimal digits for all others.
    c.escape_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_something_is_written_out() {
        for (text, line) in [
            ("plain", "plain"),
            ("Größe α 語", "Größe α 語"),
            ("\u{1b}]0;owned\u{7}", "\\u{1b}]0;owned\\u{7}"),
            ("a\tb\rc", "a\\tb\\rc"),
            ("\u{9b}31m", "\\u{9b}31m"),
            ("\u{202e}abc\u{2066}", "\\u{202e}abc\\u{2066}"),
            ("a\u{200b}\u{feff}b", "a\\u{200b}\\u{feff}b"),
            ("\u{e0041}", "\\u{e0041}"),
        ] {
            assert_eq!(shown(text), line);
            assert_eq!(shown_lines(text), line);
            assert!(!shown(text).contains(is_unseen));
        }
        assert_eq!((shown("a\nb"), shown_lines("a\nb")), ("a\\nb".into(), "a\nb".into()));
    }
}
