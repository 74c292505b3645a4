//! The result of a cell as one line of text, and back.
//!
//! ```text
//! 17 <tab> 9c0ffee1 <tab> 00af...c3 <tab> 13000000.0,-,0.5 <tab> 5f0a...77 <newline>
//! cell     shape          digest or -     values                checksum
//! 18 <tab> ! <tab> more than 1000 events <tab> 77b2...01 <newline>
//! ```
//!
//! Values have the fewest digits that read back as the same number; `-` is a value that does not exist. The checksum is the
//! XXH3 of what stands before it, keyed by the sweep: a damaged line, half a line, and a line of another sweep are not taken
//! for a result.

use super::Outcome;
use std::fmt::Write as _;
use xxhash_rust::xxh3::xxh3_64_with_seed;

/// A line that has been read.
#[derive(Clone, PartialEq, Debug)]
pub struct Line {
    /// The cell.
    pub cell: u64,
    /// See [`Columns::shape`](super::Columns); 0 for a failed cell.
    pub shape: u32,
    /// What the cell found.
    pub outcome: Outcome,
    /// The checksum: lines of one cell with the same one are equal.
    pub checksum: u64,
}

/// The line of a cell, with its newline. `key` belongs to the sweep.
pub fn encode(cell: u64, shape: u32, outcome: &Outcome, key: u64) -> String {
    let mut line = String::new();
    // Writing to a string cannot fail.
    let _ = match outcome {
        Outcome::Done { values, digest } => {
            let _ = match digest {
                Some(digest) => write!(line, "{cell}\t{shape:08x}\t{digest:016x}\t"),
                None => write!(line, "{cell}\t{shape:08x}\t-\t"),
            };
            for (index, value) in values.iter().enumerate() {
                if index > 0 {
                    line.push(',');
                }
                let _ = match value {
                    Some(value) => write!(line, "{value:?}"),
                    None => write!(line, "-"),
                };
            }
            Ok(())
        }
        Outcome::Failed(why) => {
            let why: String = why.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
            write!(line, "{cell}\t!\t{why}")
        }
    };
    let checksum = xxh3_64_with_seed(line.as_bytes(), key);
    let _ = writeln!(line, "\t{checksum:016x}");
    line
}

/// Reads a line, without its newline; `None` where it is damaged or of another sweep.
pub fn decode(line: &[u8], key: u64) -> Option<Line> {
    let text = std::str::from_utf8(line).ok()?;
    let (body, checksum) = text.rsplit_once('\t')?;
    let checksum = hex(checksum, 16)?;
    if xxh3_64_with_seed(body.as_bytes(), key) != checksum {
        return None;
    }
    let mut parts = body.splitn(3, '\t');
    let (cell, shape, rest) = (parts.next()?.parse().ok()?, parts.next()?, parts.next()?);
    if shape == "!" {
        return Some(Line { cell, shape: 0, outcome: Outcome::Failed(rest.to_owned()), checksum });
    }
    let (digest, values) = rest.split_once('\t')?;
    let digest = match digest {
        "-" => None,
        text => Some(hex(text, 16)?),
    };
    let value = |text: &str| match text {
        "-" => Some(None),
        text => text.parse().ok().map(Some),
    };
    let values = match values {
        "" => Vec::new(),
        values => values.split(',').map(value).collect::<Option<_>>()?,
    };
    Some(Line { cell, shape: hex(shape, 8)? as u32, outcome: Outcome::Done { values, digest }, checksum })
}

/// Exactly so many hexadecimal digits.
fn hex(text: &str, digits: usize) -> Option<u64> {
    (text.len() == digits).then(|| u64::from_str_radix(text, 16).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcomes() -> Vec<Outcome> {
        let values = [0.0, -0.0, 1.0 / 3.0, 1e300, 5e-324, f64::MAX, 13e6];
        vec![
            Outcome::Done { values: values.into_iter().map(Some).chain([None]).collect(), digest: Some(7) },
            Outcome::Done { values: vec![None], digest: None },
            Outcome::Done { values: Vec::new(), digest: None },
            Outcome::Failed("more than 7 events,\nat 1 s".to_owned()),
        ]
    }

    #[test]
    fn lines_keep_every_bit() {
        for outcome in outcomes() {
            let line = encode(17, 0xc0ff_ee01, &outcome, 3);
            let read = decode(line.trim_end_matches('\n').as_bytes(), 3).expect(&line);
            assert_eq!(read.cell, 17);
            match (&read.outcome, &outcome) {
                (Outcome::Done { values, digest }, Outcome::Done { values: old, digest: old_digest }) => {
                    let bits = |values: &[Option<f64>]| {
                        values.iter().map(|v| v.map(f64::to_bits)).collect::<Vec<_>>()
                    };
                    assert_eq!((bits(values), digest, read.shape), (bits(old), old_digest, 0xc0ff_ee01));
                }
                (Outcome::Failed(why), Outcome::Failed(_)) => assert_eq!(why, "more than 7 events, at 1 s"),
                _ => panic!("{line}"),
            }
        }
    }

    #[test]
    fn damage_is_seen() {
        for outcome in outcomes() {
            let line = encode(17, 1, &outcome, 3);
            let line = line.trim_end_matches('\n').as_bytes();
            assert!(decode(line, 4).is_none(), "of another sweep");
            for length in 0..line.len() {
                assert!(decode(&line[..length], 3).is_none(), "cut after {length}");
            }
            for at in 0..line.len() {
                let mut damaged = line.to_vec();
                damaged[at] ^= 1;
                assert!(decode(&damaged, 3).is_none(), "byte {at}");
            }
        }
    }
}
