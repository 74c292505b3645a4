//! How much is read at most. Every reader has a usual bound; `--max-input` puts another in place of all of them.

use std::sync::atomic::{AtomicU64, Ordering};

/// 0: the usual bounds.
static ASKED: AtomicU64 = AtomicU64::new(0);

/// Sets the bound of all readers of this process, in bytes; 0 is the usual one of each.
pub fn set_max_input(bytes: u64) {
    ASKED.store(bytes, Ordering::Relaxed);
}

/// The bound of a reader that usually has this one.
pub fn max_input(usual: u64) -> u64 {
    match ASKED.load(Ordering::Relaxed) {
        0 => usual,
        asked => asked,
    }
}

/// A number of bytes in words: `1 GiB`, `1000 bytes`.
pub fn bytes_text(bytes: u64) -> String {
    let units = [(1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")];
    match units.into_iter().find(|(size, _)| bytes >= *size && bytes.is_multiple_of(*size)) {
        Some((size, unit)) => format!("{} {unit}", bytes / size),
        None => format!("{bytes} bytes"),
    }
}

/// What to do about an input that is larger.
pub const MORE_INPUT: &str = "--max-input SIZE raises the limit";
