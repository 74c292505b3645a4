//! Access logs; the first line is the law of the service times.
#![no_main]

use libfuzzer_sys::fuzz_target;
use scenarios::Options;

fuzz_target!(|data: &[u8]| {
    let (law, log) = dispatchlab_fuzz::first_line(data);
    let options = Options { service: Some(law), servers: Some(2), ..Options::default() };
    dispatchlab_fuzz::load("in.log", log, &options);
});
