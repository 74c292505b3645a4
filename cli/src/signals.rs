//! SIGINT, SIGTERM and SIGHUP: nothing half-written stays behind, and a sweep can go on.
//!
//! A thread waits for them. Usually it removes the temporaries and lets the signal end the process as it would have, so
//! that a shell sees 128 plus its number. While a sweep computes cells the first signal only sets a flag; while one is made
//! or merged the process ends with 75, as the same command goes on. Signals that whoever started the process ignores, as
//! `nohup` does, stay ignored, but by sweeps, which lose nothing.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// What a signal does.
#[derive(Clone)]
pub enum Effect {
    /// Ends the process.
    Ends,
    /// Ends the process with 75.
    Resumable,
    /// Sets the flag; a second one ends the process with 75.
    Asks(Arc<AtomicBool>),
}

static EFFECT: Mutex<Effect> = Mutex::new(Effect::Ends);

/// Sets what a signal does from now on.
pub fn set(effect: Effect) {
    *EFFECT.lock().unwrap_or_else(PoisonError::into_inner) = effect;
}

/// Begins to wait. Where it cannot, signals end the process as ever.
#[cfg(unix)]
pub fn install() {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGXFSZ};
    // A limit on the size of files is an error of the write, as a full disk is.
    let _ = signal_hook::flag::register(SIGXFSZ, Arc::new(AtomicBool::new(false)));
    let ignored = ignored();
    let Ok(mut signals) = signal_hook::iterator::Signals::new([SIGINT, SIGTERM, SIGHUP]) else { return };
    let wait = move || {
        for signal in signals.forever() {
            let effect = EFFECT.lock().unwrap_or_else(PoisonError::into_inner).clone();
            match effect {
                Effect::Asks(flag) if !flag.swap(true, Ordering::Relaxed) => {}
                Effect::Asks(_) | Effect::Resumable => crate::leftovers::remove_all_then(|| {
                    use std::io::Write as _;
                    let _ = writeln!(std::io::stderr(), "stopped: by a signal; the same command goes on");
                    std::process::exit(75);
                }),
                Effect::Ends if ignored >> (signal - 1) & 1 == 1 => {}
                Effect::Ends => crate::leftovers::remove_all_then(|| {
                    let _ = signal_hook::low_level::emulate_default_handler(signal);
                }),
            }
        }
    };
    let _ = std::thread::Builder::new().name("signals".to_owned()).spawn(wait);
}

/// Other systems have Ctrl-C alone, which ends the process; what it leaves the next command removes.
#[cfg(not(unix))]
pub fn install() {}

/// One bit for each signal that is ignored, the lowest for signal 1; none where the system does not tell.
#[cfg(unix)]
fn ignored() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    line.and_then(|bits| u64::from_str_radix(bits.trim(), 16).ok()).unwrap_or(0)
}
