//! Format strings of access logs, and lines read by them; the first line is the format.
#![no_main]

use libfuzzer_sys::fuzz_target;
use scenarios::Options;

fuzz_target!(|data: &[u8]| {
    let (format, log) = dispatchlab_fuzz::first_line(data);
    // Once with the format's own service time, and once with every other choice that a reader of the log can make.
    let own = Options { log_format: Some(format), servers: Some(2), ..Options::default() };
    dispatchlab_fuzz::load("in.log", log, &own);
    let some = |text: &str| Some(text.to_owned());
    let others = Options {
        service: some("exp(5ms)"),
        stamp: some("start"),
        within_second: some("random"),
        client: some("forwarded-for"),
        class: vec!["checkout=POST /checkout*".to_owned()],
        ..own
    };
    dispatchlab_fuzz::load("in.log", log, &others);
});
