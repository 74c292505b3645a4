//! Compressed text: gzip and Zstandard, told by their first bytes, with a limit on what comes out of them.

use std::io::{self, Read};

/// Why a text could not be unpacked.
#[derive(Debug)]
pub(crate) enum Packed {
    /// There is more in it than is read.
    TooLong,
    /// It is damaged.
    Broken(String),
}

/// The text itself, unpacked where it is packed; at most `most` bytes.
pub(crate) fn unpacked(bytes: Vec<u8>, most: u64) -> Result<Vec<u8>, Packed> {
    if bytes.starts_with(b"\x1f\x8b") {
        // Logs that were rotated and joined are several archives in a row.
        return limited(flate2::read::MultiGzDecoder::new(&bytes[..]), most);
    }
    if bytes.starts_with(b"\x28\xb5\x2f\xfd") {
        return frames(&bytes, most);
    }
    Ok(bytes)
}

/// Reads to the end, or to one byte more than is allowed.
fn limited(reader: impl Read, most: u64) -> Result<Vec<u8>, Packed> {
    let mut found = Vec::new();
    let read = reader.take(most + 1).read_to_end(&mut found);
    read.map_err(|error| Packed::Broken(words(&error)))?;
    if found.len() as u64 > most { Err(Packed::TooLong) } else { Ok(found) }
}

fn words(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => "the archive ends early".to_owned(),
        _ => error.to_string(),
    }
}

/// The frames of Zstandard, one after the other.
fn frames(bytes: &[u8], most: u64) -> Result<Vec<u8>, Packed> {
    let mut rest = bytes;
    let mut found = Vec::new();
    while !rest.is_empty() {
        // A frame that is to be skipped has its length behind its four bytes.
        if rest.len() >= 8 && rest[0] & 0xf0 == 0x50 && rest[1..4] == [0x2a, 0x4d, 0x18] {
            let length = u32::from_le_bytes([rest[4], rest[5], rest[6], rest[7]]) as usize;
            rest = rest.get(8 + length..).unwrap_or_default();
            continue;
        }
        let decoder = ruzstd::decoding::StreamingDecoder::new(&mut rest)
            .map_err(|error| Packed::Broken(error.to_string()))?;
        let part = limited(decoder, most - found.len() as u64)?;
        found.extend(part);
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write as _;

    fn gzip(text: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    fn zstd(text: &[u8]) -> Vec<u8> {
        ruzstd::encoding::compress_to_vec(text, ruzstd::encoding::CompressionLevel::Fastest)
    }

    #[test]
    fn archives_are_unpacked_to_a_limit() {
        assert_eq!(unpacked(b"plain".to_vec(), 9).unwrap(), b"plain");
        for pack in [gzip, zstd] {
            assert_eq!(unpacked(pack(b"one\n"), 4).unwrap(), b"one\n");
            let two = [pack(b"one\n"), pack(b"two\n")].concat();
            assert_eq!(unpacked(two, 8).unwrap(), b"one\ntwo\n");
            assert!(matches!(unpacked(pack(b"one\n"), 3), Err(Packed::TooLong)));
            assert!(matches!(unpacked(pack(&vec![b'a'; 1 << 20]), 1 << 19), Err(Packed::TooLong)));
            let mut cut = pack(b"one two three four five\n");
            cut.truncate(cut.len() - 6);
            assert!(matches!(unpacked(cut, 100), Err(Packed::Broken(_))));
        }
    }
}
