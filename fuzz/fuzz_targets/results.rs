//! Results that are read back: CSV, and JSON of every schema.
#![no_main]

use libfuzzer_sys::fuzz_target;
use reports::read;

fuzz_target!(|data: &[u8]| {
    let _ = read::results(data, &mut |_| {});
    let Ok(document) = read::document(data) else { return };
    let _ = read::schema_of(&document);
    if let Ok(rows) = read::summary_rows(&document) {
        let _ = read::run_document(&document, &rows);
    }
    let _ = read::compare_document(&document);
    let _ = read::plan_document(&document);
});
