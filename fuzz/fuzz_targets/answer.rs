//! Answers to problem sheets, and what they are worth.
#![no_main]

use experiments::exercise::{self, Wish};
use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;

static EXERCISE: LazyLock<exercise::Exercise> = LazyLock::new(|| {
    let wish = Wish { policy: "round-robin".into(), seed: 1, tasks: 4, cores: 1, io: None };
    exercise::make(&wish).expect("the usual sheet")
});

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(answer) = exercise::read_answer(text) {
        let _ = exercise::grade(&EXERCISE.problem(), &answer);
    }
});
