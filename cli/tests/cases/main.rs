//! Known answers: schedules from textbooks and other simulators, closed forms of queueing theory, a real access log.
//!
//! | module | what it shows |
//! |---|---|
//! | [`known`] | published schedules, through the built command, exactly |
//! | [`by_hand`] | schedules worked by hand for the rules that the published ones do not tell apart |
//! | [`ticks`] | random MLFQ workloads against a simulator that goes tick by tick |
//! | [`oracles`] | stationary means with closed forms, inside honest intervals, each with a twin that must fail |
//! | [`access_log`] | a real trace against answers of independent programs |
//! | [`same_bytes`] | one digest whatever the threads, the build or the processor's features |

mod by_hand;
mod known;
mod schedule;
mod ticks;

use std::path::PathBuf;

/// A folder beside the project with material that is not ours to ship; `None`, said by name, where it is absent.
fn shared(name: &str, test: &str) -> Option<PathBuf> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared").join(name);
    if path.exists() {
        return Some(path);
    }
    eprintln!("DID NOT RUN: {test}: ../shared/{name} is not there");
    None
}
