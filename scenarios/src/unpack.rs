//! Compressed text: gzip and Zstandard, told by their first bytes, with a limit on what comes out of them.

use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};
use std::io::{self, BufRead, Read};

/// Why a text could not be unpacked.
#[derive(Debug)]
pub(crate) enum Packed {
    /// There is more in it than is read.
    TooLong,
    /// It is damaged.
    Broken(String),
}

/// Whether text that begins so is packed.
pub(crate) fn is_packed(head: &[u8]) -> bool {
    head.starts_with(b"\x1f\x8b") || head.starts_with(b"\x28\xb5\x2f\xfd")
}

/// The text itself, unpacked where it is packed; at most `most` bytes.
pub(crate) fn unpacked(bytes: Vec<u8>, most: u64) -> Result<Vec<u8>, Packed> {
    if !is_packed(&bytes) {
        return Ok(bytes);
    }
    let mut found = Vec::new();
    let read = reader(&bytes, &bytes[..]).take(most + 1).read_to_end(&mut found);
    read.map_err(|error| Packed::Broken(words(&error)))?;
    if found.len() as u64 > most { Err(Packed::TooLong) } else { Ok(found) }
}

/// What is read of a text that begins with this head, unpacked where it is packed.
pub(crate) fn reader<'a>(head: &[u8], raw: impl BufRead + 'a) -> Box<dyn Read + 'a> {
    if head.starts_with(b"\x1f\x8b") {
        // Logs that were rotated and joined are several archives in a row.
        Box::new(flate2::bufread::MultiGzDecoder::new(raw))
    } else if head.starts_with(b"\x28\xb5\x2f\xfd") {
        Box::new(Frames { raw, frame: None })
    } else {
        Box::new(raw)
    }
}

pub(crate) fn words(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => "the archive ends early".to_owned(),
        _ => error.to_string(),
    }
}

/// The frames of Zstandard, one after the other.
struct Frames<R> {
    raw: R,
    /// The one that is being read.
    frame: Option<FrameDecoder>,
}

impl<R: BufRead> Read for Frames<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            if let Some(frame) = &mut self.frame {
                while frame.can_collect() == 0 && !frame.is_finished() {
                    frame
                        .decode_blocks(&mut self.raw, BlockDecodingStrategy::UptoBlocks(1))
                        .map_err(io::Error::other)?;
                }
                if frame.can_collect() > 0 || buffer.is_empty() {
                    return frame.read(buffer);
                }
                self.frame = None;
            }
            if self.raw.fill_buf()?.is_empty() {
                return Ok(0);
            }
            let mut next = FrameDecoder::new();
            match next.init(&mut self.raw) {
                Ok(()) => self.frame = Some(next),
                Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame {
                    length,
                    ..
                })) => {
                    io::copy(&mut (&mut self.raw).take(u64::from(length)), &mut io::sink())?;
                }
                Err(error) => return Err(io::Error::other(error)),
            }
        }
    }
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
