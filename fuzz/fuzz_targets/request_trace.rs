//! Request traces, CSV and JSON lines; the first line says which column is what, `arrival=TIMESTAMP,service=d`.
#![no_main]

use libfuzzer_sys::fuzz_target;
use scenarios::Options;

fuzz_target!(|data: &[u8]| {
    let (map, trace) = dispatchlab_fuzz::first_line(data);
    let pairs = map.split(',').filter_map(|pair| pair.split_once('='));
    let map = pairs.map(|(a, b)| (a.to_owned(), b.to_owned())).collect();
    let options = Options { map, servers: Some(2), ..Options::default() };
    for name in ["in.csv", "in.jsonl"] {
        dispatchlab_fuzz::load(name, trace, &options);
    }
});
