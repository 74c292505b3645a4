//! Scenario files are read and compiled.
#![no_main]

use libfuzzer_sys::fuzz_target;
use scenarios::Options;

fuzz_target!(|data: &[u8]| {
    dispatchlab_fuzz::load("in.toml", data, &Options::default());
});
