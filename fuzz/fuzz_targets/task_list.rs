//! Task lists are read and compiled.
#![no_main]

use libfuzzer_sys::fuzz_target;
use scenarios::Options;

fuzz_target!(|data: &[u8]| {
    dispatchlab_fuzz::load("in.csv", &[b"task,", data].concat(), &Options::default());
});
