//! Plans of sweeps.
#![no_main]

use libfuzzer_sys::fuzz_target;
use scenarios::{Input, InputKind, sweep_plan};

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let input = Input::from_text("plan.toml", InputKind::Scenario, text);
    let scenario =
        |name: &str| Ok(Input::from_text(name, InputKind::Scenario, dispatchlab_fuzz::SMALL));
    let metric = |name: &str| experiments::metrics::parse(name).map(drop).map_err(|e| e.to_string());
    if let Ok(plan) = sweep_plan::read(&input, &scenario, &metric) {
        for point in 0..plan.points().min(4) {
            let _ = plan.load(0, point);
        }
    }
});
